//! The whole core in one thread and virtual time: intake, log, world, subscriptions, outbox, delivery, workflows, scripted bots,
//! on a schedule made from a seed. Whenever a task of the core could go on, the seed says whether it does or lets others go
//! first. Faults come at the seams: an append that fails, one that fails and is there all the same, a full disk, a slow one;
//! sends that fail, are unknown, must wait; bots that crash; things delivered twice; the whole process gone between any two
//! steps, or the machine: then of what the outbox had written and not synced only some is left.
//!
//! tokio's own paused clock rather than turmoil or madsim: there is no network in here to simulate (that is what the other
//! runs use real sockets for), and madsim would need every dependency to be built against it. What is not tokio's to decide
//! (tasks, what blocks, chance, the time) the core asks of `yoman::machine`, which is in this schedule's hands; the outbox is
//! on a disk in memory. So the same seed gives the same schedule, step for step: a test compares the traces.
//!
//! A step is one poll of one of the core's tasks. What people do and what fails is counted apart.
//!
//! # Layout
//!
//! * `schedule.rs` whose turn it is, and the trace of it
//! * `faulty.rs`   a log and a bot that fail as the seed says
//! * `check.rs`    what has to be true in the end

mod check;
mod faulty;
mod schedule;

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use yoman::{
    app::House,
    clock::Clock,
    domain::{Bucket, reminder::Defaults},
    intake,
    lang::Lang,
    log::{EventLog, memory::MemoryLog},
    machine::{self, Schedule},
    notify::{DeliverySettings, MemoryDisk, Outbox, OutboxSettings},
};
use yoman_chat::{Bot, Inbound, MessageRef, Room, RoomId, RoomKind, Said, SendError, Sender, SenderId, fake::FakeBot};

use self::{
    faulty::{Crashing, FaultyLog},
    schedule::Seeded,
};
use crate::run::{Found, Outcome, Setting};

/// So much virtual time and so many steps until everything must be quiet once no faults come any more.
const QUIET_STEPS: usize = 4_000;

/// Simulates so long, or so many worlds, seed after seed from the first on.
///
/// # Errors
/// The seed that failed and what was wrong.
pub async fn simulation(setting: &Setting, time: Duration, worlds: Option<usize>) -> Found {
    let setting = setting.clone();
    let run = move || {
        let began = Instant::now();
        let mut sum = Sum::default();
        let mut seed = setting.seed;
        while worlds.map_or(began.elapsed() < time || sum.worlds == 0, |worlds| sum.worlds < worlds) {
            one(seed, setting.plant, &mut sum).map_err(|why| {
                format!("seed {seed}: {why}\nrepeat it: yoman-proof simulation --worlds 1 --seed {seed}")
            })?;
            seed = seed.wrapping_add(1);
        }
        let took = began.elapsed().as_secs_f64();
        let Sum { worlds, steps, deeds, lives, cuts, said, commits, faults, .. } = sum;
        let mut outcome = Outcome::new(
            format!("{worlds} worlds from seed {}", setting.seed),
            format!(
                "{steps} steps ({:.0} a minute) through {lives} lives, {cuts} of them ended by a power cut: {deeds} deeds, {said} \
                 things said, {commits} commits, {faults} faults; everything done once, answered in order, followed up once",
                steps as f64 / took * 60.0
            ),
        );
        outcome.seen.push(format!("trace of the last world: {:016x}", sum.trace));
        Ok(outcome)
    };
    // A runtime inside: not on a thread of this one's.
    tokio::task::spawn_blocking(run).await.map_err(|error| error.to_string())?
}

/// The seeds that failed once: each must hold now.
///
/// # Errors
/// The first that does not, or a file that cannot be read.
pub fn regressions(dir: &Path) -> Result<usize, String> {
    let mut count = 0;
    for entry in fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "seed") {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            let word = text.split_whitespace().next().unwrap_or_default();
            let seed = word.parse().map_err(|_| format!("{}: begins with no seed", path.display()))?;
            one(seed, false, &mut Sum::default()).map_err(|why| format!("{}: {why}", path.display()))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Simulates one world and gives its trace: the same for the same seed.
///
/// # Errors
/// What was wrong in the end.
pub fn trace(seed: u64) -> Result<u64, String> {
    let mut sum = Sum::default();
    one(seed, false, &mut sum)?;
    Ok(sum.trace)
}

#[derive(Default)]
struct Sum {
    worlds: usize,
    /// Polls of the core's tasks.
    steps: usize,
    /// What people did, what failed, what time passed.
    deeds: usize,
    lives: usize,
    cuts: usize,
    said: usize,
    commits: u64,
    faults: usize,
    /// Of the last world.
    trace: u64,
}

/// Something somebody said.
struct Word {
    /// The inbound's id.
    id: String,
    room: RoomId,
    word: String,
    /// The event that has to come of it, unless it is refused; empty: none.
    event: &'static str,
}

/// A whole world: what outlives a process.
struct World {
    log: Arc<FaultyLog>,
    /// The outbox's.
    disk: MemoryDisk,
    schedule: Arc<Seeded>,
    /// Something of the outbox was lost that it does not promise to keep: what was shown may be shown again without a mark.
    forgetful: bool,
    bots: [FakeBot; 2],
    /// What time it is to whoever asks.
    clock: Clock,
    words: Vec<Word>,
    /// Everything that was delivered, to be delivered again.
    delivered: Vec<(usize, Inbound)>,
    next: u64,
}

/// One life of the process.
struct Life {
    house: House,
    outbox: Outbox,
    crashing: Vec<Arc<Crashing>>,
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    Kill,
    PowerCut,
}

fn one(seed: u64, plant: bool, sum: &mut Sum) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    // Somebody at the console owns it at once; the other platform has a room that follows.
    let bots = [FakeBot::with("a", |can| can.local = true), FakeBot::with("b", |can| can.text_length_max = 2000)];
    let noon = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    let clock = Clock::standing(noon);
    let schedule = Arc::new(Seeded::new(random.random(), clock.clone()));
    let log = FaultyLog::new(MemoryLog::new(), random.random(), plant, Arc::clone(&schedule));
    let mut world = World {
        log: Arc::new(log),
        disk: MemoryDisk::new(),
        schedule,
        forgetful: false,
        bots,
        clock,
        words: Vec::new(),
        delivered: Vec::new(),
        next: 0,
    };
    life(&mut world, sum, async |world, life, sum| begin(world, life, sum).await)?;
    let lives = random.random_range(1..4);
    for _ in 0..lives {
        let deeds = random.random_range(20..500);
        let mut dice = StdRng::seed_from_u64(random.random());
        world.log.be_faulty(true);
        let mut end = End::Stop;
        life(&mut world, sum, async |world, life, sum| {
            for _ in 0..deeds {
                deed(world, life, &mut dice, sum).await;
            }
            end = match dice.random_range(0..10) {
                0..3 => End::Stop,
                3..7 => End::Kill,
                _ => End::PowerCut,
            };
            Ok(end)
        })?;
        if end == End::PowerCut {
            sum.cuts += 1;
            world.forgetful = true;
            world.disk.lose_power(random.random_range(0..=world.disk.unsynced()));
        }
    }
    world.log.be_faulty(false);
    life(&mut world, sum, async |world, life, sum| {
        quiet(world, life, sum).await?;
        Ok(End::Stop)
    })?;
    check::all(&world)?;
    sum.worlds += 1;
    sum.steps += world.schedule.steps();
    sum.said += world.words.len();
    sum.commits += world.log.head().position.0;
    sum.faults += world.log.faults();
    world.schedule.note("disk", &world.disk.digest());
    sum.trace = world.schedule.trace();
    Ok(())
}

/// One life on a runtime of its own; `live` says how it ends.
fn life(
    world: &mut World,
    sum: &mut Sum,
    live: impl AsyncFnOnce(&mut World, &mut Life, &mut Sum) -> Result<End, String>,
) -> Result<(), String> {
    sum.lives += 1;
    world.schedule.begins();
    let schedule = Arc::clone(&world.schedule) as Arc<dyn Schedule>;
    machine::simulated(schedule, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let mut life = Life::start(world);
            let end = live(world, &mut life, sum).await?;
            if end == End::Stop {
                life.house.stop(Duration::from_secs(5)).await;
            }
            Ok(())
        })
        // Whatever was under way ends where it waits, with the runtime.
    })
}

impl Life {
    fn start(world: &World) -> Self {
        let settings = OutboxSettings { free_floor_bytes: 1_000_000, ..OutboxSettings::default() };
        // Nobody asks for a picture in here.
        let outbox = Outbox::in_memory(&world.disk, Path::new("no-pictures"), settings);
        let capabilities: HashMap<_, _> =
            world.bots.iter().map(|bot| (bot.name().to_string(), bot.capabilities())).collect();
        let settings = intake::Settings {
            time_zone: chrono_tz::UTC,
            default_bucket: Bucket::Idea,
            bots: capabilities.into_iter().collect(),
            sealed: false,
            reports: intake::Reports::default(),
            lang: Lang::English,
            reminders: Defaults::default(),
            down_after: Duration::from_secs(300),
            clock: world.clock.clone(),
        };
        let crashing: Vec<_> =
            world.bots.iter().map(|bot| Arc::new(Crashing::new(bot.clone(), Arc::clone(&world.schedule)))).collect();
        let bots = crashing.iter().map(|bot| Arc::clone(bot) as Arc<dyn Bot>).collect();
        let log = Arc::clone(&world.log) as Arc<dyn EventLog>;
        let house = House::start(log, outbox.clone(), bots, settings, &DeliverySettings::default());
        Self { house, outbox, crashing }
    }

    /// Lets everybody run so often.
    async fn run(&self, turns: usize) {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until everything that was handed to the store is synced, and lets everybody run on.
    async fn settle(&self) {
        self.run(20).await;
        let _ = self.outbox.sync().await;
        self.run(20).await;
    }
}

impl World {
    fn inbound(&mut self, bot: usize, room: &str, kind: RoomKind, who: &str, text: &str) -> Inbound {
        self.next += 1;
        let room = self.bots[bot].room(room);
        let message = MessageRef { room: room.clone(), id: format!("m{}", self.next) };
        let name = self.bots[bot].name().to_string();
        let title = (kind == RoomKind::Group).then(|| "Office".to_owned());
        Inbound {
            id: format!("{room}/{}", message.id),
            room: Room { id: room, kind, title },
            sender: Sender {
                id: SenderId::new(format!("{name}/{who}")),
                name: who.to_owned(),
                handle: Some(who.to_owned()),
                language: None,
            },
            said: Said::Message {
                text: text.to_owned(),
                message,
                reply_to: None,
                attachments: Vec::new(),
                mentions: Vec::new(),
                addressed: true,
            },
            sent_at: self.clock.now(),
        }
    }

    /// Lets time pass.
    async fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now() + time);
        tokio::time::advance(time).await;
    }

    fn deliver(&mut self, bot: usize, inbound: Inbound) {
        self.delivered.push((bot, inbound.clone()));
        self.bots[bot].push(inbound);
    }
}

/// The owner, a second person on the other platform, and a room there that follows everything. Nothing fails yet.
async fn begin(world: &mut World, life: &mut Life, sum: &mut Sum) -> Result<End, String> {
    let hello = world.inbound(0, "kim", RoomKind::Direct, "kim", "/status");
    world.bots[0].push(hello);
    quiet(world, life, sum).await?;
    let stranger = world.inbound(1, "dana", RoomKind::Direct, "dana", "hello");
    let asked = stranger.room.id.clone();
    world.bots[1].push(stranger);
    quiet(world, life, sum).await?;
    let answer = world.bots[1].texts(&asked).concat();
    let code = answer.split("pair ").nth(1).and_then(|rest| rest.split_whitespace().next()).ok_or("no code")?;
    let pair =
        world.inbound(0, "kim", RoomKind::Direct, "kim", &format!("/pair {} maintainer", code.trim_end_matches('.')));
    world.bots[0].push(pair);
    quiet(world, life, sum).await?;
    for text in ["/enable", "/follow all"] {
        let said = world.inbound(1, "office", RoomKind::Group, "dana", text);
        world.bots[1].push(said);
        quiet(world, life, sum).await?;
    }
    Ok(End::Stop)
}

/// Somebody does something, something fails, time passes.
async fn deed(world: &mut World, life: &mut Life, random: &mut StdRng, sum: &mut Sum) {
    sum.deeds += 1;
    match random.random_range(0..100) {
        0..45 => say(world, random),
        45..52 => {
            let again = random.random_range(0..world.delivered.len().max(1));
            if let Some((bot, inbound)) = world.delivered.get(again).cloned() {
                world.bots[bot].push(inbound);
            }
        }
        52..64 => {
            let bot = &world.bots[random.random_range(0..2)];
            let times = random.random_range(1..4);
            world.log.count_fault();
            match random.random_range(0..4) {
                0 => bot.fail(None, SendError::NotSent("503".into()), times),
                1 => bot.fail(None, SendError::RetryAfter { after: Duration::from_secs(2), whole_bot: true }, times),
                2 => bot.fail(None, SendError::Unknown("reset".into()), times),
                _ => bot.fail_after_doing(None, SendError::Unknown("reset".into()), times),
            }
        }
        64..67 => {
            world.log.count_fault();
            life.crashing[random.random_range(0..2)].crash();
        }
        67..85 => {
            let by = [1, 10, 100, 1_000, 10_000][random.random_range(0..5)];
            world.pass(Duration::from_millis(by)).await;
        }
        _ => life.settle().await,
    }
    life.run(random.random_range(0..25)).await;
}

fn say(world: &mut World, random: &mut StdRng) {
    let word = format!("k{}", world.words.len());
    let (bot, room, kind, who) = match random.random_range(0..4) {
        0 | 1 => (0, "kim", RoomKind::Direct, "kim"),
        2 => (1, "dana", RoomKind::Direct, "dana"),
        _ => (1, "office", RoomKind::Group, "dana"),
    };
    let (text, event) = match random.random_range(0..10) {
        0..5 => (format!("/todo {word} paint"), "todo_created"),
        5..8 => (format!("/idea {word} fly"), "idea_created"),
        8 => (format!("/promote I{} @{who}", random.random_range(1..8)), ""),
        _ => (format!("/find {word}zz"), ""),
    };
    let inbound = world.inbound(bot, room, kind, who, &text);
    world.words.push(Word { id: inbound.id.clone(), room: inbound.room.id.clone(), word, event });
    world.deliver(bot, inbound);
}

/// Until nothing is left to be done; fails nothing meanwhile.
async fn quiet(world: &World, life: &Life, sum: &mut Sum) -> Result<(), String> {
    for turn in 0..QUIET_STEPS {
        sum.deeds += 1;
        life.settle().await;
        let head = life.house.log.head().position;
        let done = |bot: &FakeBot| {
            // What is held for a room waits for nothing to wait there: the follower looks for that only now and then. It is
            // queued before it is no longer held.
            bot.waiting() == 0
                && life.outbox.seen(bot.name()) >= Some(head)
                && life.outbox.holds(bot.name()).is_empty()
                && life.outbox.stats(bot.name()).queued == 0
        };
        if turn > 3 && world.bots.iter().all(done) {
            return Ok(());
        }
        world.pass(Duration::from_millis(if turn < 50 { 20 } else { 2_000 })).await;
    }
    let head = life.house.log.head().position;
    let stats: Vec<_> = world
        .bots
        .iter()
        .map(|bot| {
            format!(
                "{}: {} not kept, seen {:?}, held {:?}, {:?}",
                bot.name(),
                bot.waiting(),
                life.outbox.seen(bot.name()),
                life.outbox.holds(bot.name()),
                life.outbox.stats(bot.name())
            )
        })
        .collect();
    Err(format!("it is never quiet: the log is at {head}, {}", stats.join("; ")))
}
