//! The shared log comes and goes, answers of it are lost, and the process dies at any moment: of what was said nothing is
//! lost, nothing is done twice, and every room keeps its order. `YOMAN_AWAY_SEED` repeats a world, `YOMAN_AWAY_WORLDS` says
//! how many.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use yoman::{
    app::{House, Kept, Seating},
    clock::Clock,
    domain::{Bucket, reminder::Defaults},
    intake,
    lang::Lang,
    log::{
        CommandId, Entry, EventLog, Position,
        fickle::{Fickle, Reach},
        memory::MemoryLog,
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    spool::{Spool, SpoolSettings},
};
use yoman_chat::{Bot, Inbound, MessageRef, Room, RoomId, RoomKind, Said, Sender, SenderId, fake::FakeBot};

/// Lives of a process in one world, besides the first and the last.
const LIVES: usize = 8;
/// So long the last may take until everything is done.
const PATIENCE: Duration = Duration::from_secs(60);

/// What outlives a process.
struct World {
    shared: Arc<MemoryLog>,
    bot: FakeBot,
    rooms: Vec<RoomId>,
    dir: tempfile::TempDir,
    said: Vec<Saying>,
}

/// Something that was said.
#[derive(Clone, Debug)]
struct Saying {
    id: String,
    room: RoomId,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Makes a todo with this title.
    Todo(String),
    /// Changes what an earlier message of the room says, to this.
    Edit(String),
    /// Done only once, whoever is first.
    Done,
}

struct Life {
    house: House,
    log: Arc<Fickle>,
    spool: Arc<Spool>,
    outbox: Outbox,
}

impl World {
    fn new() -> Self {
        let bot = FakeBot::new("telegram");
        let rooms = ["kim", "one", "two"].map(|room| bot.room(room)).into();
        let dir = tempfile::tempdir().unwrap();
        Self { shared: Arc::new(MemoryLog::new()), bot, rooms, dir, said: Vec::new() }
    }

    fn begin(&self) -> Life {
        let log = Arc::new(Fickle::new(self.shared.clone()));
        let state: &Path = self.dir.path();
        let settings = OutboxSettings { free_floor_bytes: 1_000_000, ..OutboxSettings::default() };
        let outbox = Outbox::open(&state.join("bots"), settings).unwrap();
        let settings = SpoolSettings { free_space_floor_mb: 1, ..SpoolSettings::default() };
        let spool = Arc::new(Spool::open(&state.join("spool"), settings).unwrap());
        let settings = intake::Settings {
            lang: Lang::English,
            time_zone: chrono_tz::UTC,
            default_bucket: Bucket::Todo,
            bots: HashMap::from([("telegram".to_owned(), self.bot.capabilities().clone())]),
            sealed: false,
            reports: intake::Reports::default(),
            reminders: Defaults { due_min: Vec::new(), stale_days: 0, blocked_days: 0, ..Defaults::default() },
            down_after: Duration::from_secs(300),
            clock: Clock::default(),
        };
        let bots = vec![Arc::new(self.bot.clone()) as Arc<dyn Bot>];
        let delivery =
            DeliverySettings { coalesce: Duration::ZERO, board_every: Duration::ZERO, ..DeliverySettings::default() };
        let kept = Kept { snapshots: None, seating: Seating::All, spool: Some(Arc::clone(&spool)) };
        let house = House::start_keeping(log.clone(), outbox.clone(), bots, settings, &delivery, kept);
        Life { house, log, spool, outbox }
    }

    fn inbound(&self, id: String, room: &RoomId, said: Said) -> Inbound {
        let kind = if room.local() == "kim" { RoomKind::Direct } else { RoomKind::Group };
        Inbound {
            id,
            room: Room { id: room.clone(), kind, title: (kind == RoomKind::Group).then(|| "Group".to_owned()) },
            sender: Sender { id: SenderId::new("telegram/kim"), name: "kim".into(), handle: None, language: None },
            said,
            sent_at: chrono::Utc::now(),
        }
    }

    fn message(&self, room: &RoomId, id: &str, text: &str) -> Inbound {
        let said = Said::Message {
            text: text.to_owned(),
            message: MessageRef { room: room.clone(), id: id.to_owned() },
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        };
        self.inbound(format!("{room}/{id}"), room, said)
    }

    /// Somebody says something.
    fn say(&mut self, dice: &mut StdRng) {
        let room = self.rooms[dice.random_range(0..self.rooms.len())].clone();
        let n = self.said.len();
        let written = |it: &&Saying| it.room == room && matches!(it.kind, Kind::Todo(_));
        let before: Vec<Saying> = self.said.iter().filter(written).cloned().collect();
        let (inbound, kind) = match dice.random_range(0..10) {
            0 => (self.message(&room, &format!("m{n}"), "/done T1"), Kind::Done),
            1..3 if !before.is_empty() => {
                let original = &before[dice.random_range(0..before.len())];
                let title = format!("changed {n} end");
                let message = MessageRef { room: room.clone(), id: original.id.rsplit('/').next().unwrap().to_owned() };
                let text = format!("/todo {title}");
                let said = Said::Edited { text, message, mentions: Vec::new(), addressed: true };
                (self.inbound(format!("{}/e{n}", original.id), &room, said), Kind::Edit(title))
            }
            _ => {
                let title = format!("title {n} end");
                (self.message(&room, &format!("m{n}"), &format!("/todo {title}")), Kind::Todo(title))
            }
        };
        self.said.push(Saying { id: inbound.id.clone(), room, kind });
        self.bot.push(inbound);
    }

    /// What has to be true in the end.
    fn check(&self) {
        let mut commits: HashMap<CommandId, Vec<Position>> = HashMap::new();
        let mut completed = 0;
        self.shared
            .read_all(Position::START, &mut |entry| {
                if let Entry::Commit(commit) = entry {
                    commits.entry(commit.meta.command.clone()).or_default().push(commit.position);
                    completed += commit.events.iter().filter(|event| &*event.name == "todo_completed").count();
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        for (command, positions) in &commits {
            assert_eq!(positions.len(), 1, "{command} is in the log {} times", positions.len());
        }
        let done = self.said.iter().any(|it| it.kind == Kind::Done);
        assert_eq!(completed, usize::from(done), "T1 is done once");
        for room in &self.rooms {
            let own = || self.said.iter().filter(|it| it.room == *room);
            let stands = |it: &Saying| commits.get(&CommandId::new(format!("{}#0", it.id))).map(|at| at[0].0);
            let order: Vec<_> = own().map(|it| (it.id.as_str(), stands(it))).collect();
            let mut last = Position::START;
            for saying in own().filter(|it| it.kind != Kind::Done) {
                let found = commits.get(&CommandId::new(format!("{}#0", saying.id)));
                let position = found.unwrap_or_else(|| panic!("{saying:?} is lost"))[0];
                assert!(position > last, "{saying:?} stands before what was said before it: {order:?}");
                last = position;
            }
            // Answered, in order. After a kill something may be shown once more.
            let shown: Vec<String> = self
                .bot
                .shown(room)
                .iter()
                .map(|message| message.before.first().unwrap_or(&message.now).text.to_plain())
                .collect();
            let mut from = 0;
            for saying in own() {
                let (Kind::Todo(words) | Kind::Edit(words)) = &saying.kind else { continue };
                let at = shown.iter().position(|text| text.contains(words.as_str()));
                let at = at.unwrap_or_else(|| panic!("{saying:?} is not answered in {room}:\n{}", shown.join("\n")));
                assert!(at >= from, "{saying:?} is answered before what was said before it:\n{}", shown.join("\n"));
                from = at;
            }
            let dones = own().filter(|it| it.kind == Kind::Done).count();
            let answered = shown.iter().filter(|text| text.contains("T1") && text.contains("done")).count();
            assert!(answered >= dones, "{dones} times done, {answered} answers in {room}:\n{}", shown.join("\n"));
        }
        let ids: HashSet<&str> = self.said.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids.len(), self.said.len());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Waits until everything is decided, answered and shown.
async fn quiet(world: &World, life: &Life) {
    let since = Instant::now();
    loop {
        let name = world.bot.name();
        let head = life.log.head().position;
        let busy = world.bot.waiting() > 0
            || !life.spool.is_empty()
            || life.outbox.stats(name).queued > 0
            || life.outbox.seen(name) < Some(head);
        if !busy && life.log.head().position == head {
            return;
        }
        let stats = (world.bot.waiting(), life.spool.waits(), life.outbox.stats(name).queued);
        assert!(since.elapsed() < PATIENCE, "it does not become quiet: {stats:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn one(seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut world = World::new();
    let first = runtime();
    first.block_on(async {
        let life = world.begin();
        life.house.caught_up().await;
        let code = life.house.intake.claim_code().unwrap();
        let kim = world.rooms[0].clone();
        world.bot.push(world.message(&kim, "claim", &format!("/claim {code}")));
        quiet(&world, &life).await;
        for room in &world.rooms[1..] {
            world.bot.push(world.message(room, "enable", "/enable"));
        }
        world.bot.push(world.message(&kim, "first", "/todo The first"));
        quiet(&world, &life).await;
        life.house.stop(Duration::from_secs(5)).await;
    });
    first.shutdown_timeout(Duration::from_secs(5));
    for life_number in 0..LIVES {
        let runtime = runtime();
        let life = runtime.block_on(async {
            let life = world.begin();
            let tries: Mutex<HashMap<CommandId, u64>> = Mutex::default();
            life.log.fate(move |command| {
                // By what it is and how often it was tried: not by when.
                let mut tries = tries.lock().unwrap();
                let number = tries.entry(command.clone()).or_default();
                *number += 1;
                let mut hasher = DefaultHasher::new();
                (seed, life_number, command.as_str(), *number).hash(&mut hasher);
                match hasher.finish() % 10 {
                    0 => Reach::AnswersLost,
                    1 => Reach::AwayUnsaid,
                    _ => Reach::Here,
                }
            });
            let until = Instant::now() + Duration::from_millis(dice.random_range(5..250));
            while Instant::now() < until {
                match dice.random_range(0..12) {
                    0 => life.log.be(Reach::Away),
                    1 => life.log.be(Reach::AwayUnsaid),
                    2 => life.log.be(Reach::AnswersLost),
                    3 | 4 => life.log.be(Reach::Here),
                    5..9 => world.say(&mut dice),
                    _ => tokio::time::sleep(Duration::from_millis(dice.random_range(0..20))).await,
                }
            }
            life
        });
        // Every task ends where it stands.
        runtime.shutdown_timeout(Duration::from_secs(5));
        drop(life);
    }
    let last = runtime();
    last.block_on(async {
        let life = world.begin();
        quiet(&world, &life).await;
        life.house.stop(Duration::from_secs(5)).await;
    });
    last.shutdown_timeout(Duration::from_secs(5));
    world.check();
}

#[test]
fn nothing_is_lost_doubled_or_reordered_whenever_it_dies() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let worlds = number("YOMAN_AWAY_WORLDS").unwrap_or(3);
    let first = number("YOMAN_AWAY_SEED").unwrap_or_else(|| rand::rng().random());
    for seed in (0..worlds).map(|n| first.wrapping_add(n)) {
        let outcome = std::panic::catch_unwind(|| one(seed));
        assert!(outcome.is_ok(), "repeat it: YOMAN_AWAY_WORLDS=1 YOMAN_AWAY_SEED={seed}");
    }
}
