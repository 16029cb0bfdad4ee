//! The shared log cannot be reached: what people say is saved here and decided when it is back, once, in order; looks go on
//! and say how old they are.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use yoman::{
    domain::{self, Bucket, ItemRef, item, room, stored, todo},
    log::{
        Append, CommandId, EventLog, Expected, Meta, Origin, StreamId,
        fickle::{Fickle, Reach},
        memory::MemoryLog,
    },
};
use yoman_chat::{Accept as _, Bot as _, BotName, Receipt, Said};

use crate::stage::{PATIENCE, Seat, Stage};

/// Friday, 20 November 2026, 18:00 in Seoul, where the stage stands.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// A house on a shared log, kim as its owner on the phone and dana at the desk.
struct Scene {
    stage: Stage,
    log: Arc<Fickle>,
    kim: Seat,
    dana: Seat,
}

impl Scene {
    async fn new() -> Self {
        let memory = Arc::new(MemoryLog::new());
        let log = Arc::new(Fickle::new(memory.clone()));
        let mut stage = Stage::on_at(log.clone(), memory, friday()).await;
        let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
        stage.own(&kim).await;
        stage.let_in(&kim, &dana, "member").await;
        stage.forget();
        Self { stage, log, kim, dana }
    }

    /// The shared log goes; a little later.
    async fn goes(&mut self, reach: Reach) {
        self.stage.all_quiet().await;
        self.log.be(reach);
    }

    /// It is back, and everything that waited is decided and answered.
    async fn is_back(&mut self) {
        self.log.be(Reach::Here);
        self.decided().await;
    }

    /// Nothing waits any more.
    async fn decided(&mut self) {
        let empty = async {
            while !self.stage.house().intake.spool().unwrap().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, empty).await.is_ok(), "something waits for ever");
        self.stage.all_quiet().await;
    }

    fn waiting(&self) -> usize {
        self.stage.house().intake.spool().unwrap().waits().waiting
    }

    /// Another node does something to an item.
    async fn elsewhere(&self, item: ItemRef, event: item::Event, command: &str) {
        let stream = StreamId::new(item.stream());
        let meta = Meta {
            command: CommandId::new(command),
            text: "/done T1".into(),
            actor: "person/2".into(),
            origin: Origin { bot: "discord".into(), room: "discord/dana".into(), message: command.into() },
            correlation: CommandId::new(command),
            causation: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        let log = self.log.beneath();
        let expected = Expected::of(log.version(&stream).unwrap());
        let events = vec![stored::encode(&domain::Event::Item(event))];
        log.append(Append { stream, expected, events, meta }).await.unwrap();
    }

    /// Waits until somebody sees something that came by itself, and writes it down.
    async fn sees(&mut self, seat: &Seat, text: &str) {
        let new = self.stage.sees(seat, "").await.join("\n");
        assert!(new.contains(text), "{} never saw {text:?}: {new}", seat.room);
    }
}

fn todo_done() -> item::Event {
    item::Event::Todo(todo::Event::Completed { despite: Vec::new() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_meanwhile_is_saved_and_answered_when_it_is_back() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    scene.stage.say(&kim, "/todo Fix login").await;
    scene.stage.say(&kim, "Offline mode for the app").await;
    scene.goes(Reach::Away).await;
    let head = scene.stage.head();
    scene.stage.press(&kim, "Research").await;
    scene.stage.say(&kim, "A second idea").await;
    scene.stage.say(&dana, "/todo Ship 2.0 needs:T1").await;
    // What is wrong with it is said at once; looks are answered.
    scene.stage.say(&kim, "/todoo Fix logout").await;
    scene.stage.say(&kim, "/board").await;
    scene.stage.say(&dana, "T1").await;
    scene.stage.say(&kim, "/status").await;
    assert_eq!((scene.stage.head(), scene.waiting()), (head, 3));
    scene.is_back().await;
    scene.sees(&kim, "captured").await;
    scene.sees(&dana, "created").await;
    scene.stage.say(&kim, "/board").await;
    // A promotion makes two.
    assert_eq!(scene.stage.head(), head + 4);
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_korean() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/lang ko").await;
    scene.stage.say(&kim, "/할일 로그인 고치기").await;
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/완료 T1").await;
    scene.stage.say(&kim, "/보드").await;
    scene.stage.say(&kim, "/상태").await;
    scene.is_back().await;
    scene.sees(&kim, "T1").await;
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_did_first_is_told_to_whoever_said_it() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/todo Fix login").await;
    scene.stage.say(&kim, "T1").await;
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/done T1").await;
    scene.stage.press(&kim, "Done").await;
    scene.elsewhere("T1".parse().unwrap(), todo_done(), "discord/dana/m99#0").await;
    let head = scene.log.beneath().head().position.0;
    let said = scene.stage.last.clone();
    scene.is_back().await;
    scene.sees(&kim, "Not done").await;
    assert_eq!(scene.stage.head(), head, "neither changed anything");
    let refusal = scene.stage.card(&kim, "Not done");
    assert_eq!(refusal.now.reply_to, said, "it says what it is about");
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_finds_it_out_and_its_answer_may_be_what_was_lost() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    scene.stage.say(&kim, "/todo Fix login").await;
    scene.goes(Reach::AnswersLost).await;
    // It is in the shared log, and nobody knows.
    let todo = scene.stage.message(&kim, "/todo Fix logout\n/done T2");
    scene.stage.send(&kim, todo.clone(), "/todo Fix logout").await;
    assert_eq!(scene.waiting(), 1);
    // What waits behind it arrives even more: it is tried once and again.
    scene.log.be(Reach::AwayUnsaid);
    scene.stage.say(&dana, "/done T1").await;
    scene.stage.say(&kim, "/undo").await;
    scene.is_back().await;
    scene.sees(&kim, "T2 created").await;
    scene.sees(&dana, "T1 done").await;
    for (n, times) in [(0, 1), (1, 1)] {
        let command = CommandId::new(format!("{}#{n}", todo.id));
        let mut found = 0;
        scene
            .log
            .read_all(yoman::log::Position::START, &mut |entry| {
                if let yoman::log::Entry::Commit(commit) = entry
                    && commit.meta.command == command
                {
                    found += 1;
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(found, times, "{command}");
    }
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delivered_again_it_is_saved_once_told_once_and_decided_once() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.goes(Reach::Away).await;
    let todo = scene.stage.message(&kim, "/todo Fix login");
    scene.stage.send(&kim, todo.clone(), "/todo Fix login").await;
    let shown = kim.bot.shown(&kim.room).len();
    for _ in 0..3 {
        assert_eq!(scene.stage.submit(todo.clone()).await, Receipt::KEPT);
    }
    scene.stage.restart_on(&scene.log).await;
    assert_eq!(scene.stage.submit(todo.clone()).await, Receipt::KEPT);
    scene.stage.all_quiet().await;
    assert_eq!((scene.waiting(), kim.bot.shown(&kim.room).len()), (1, shown));
    let head = scene.log.beneath().head().position.0;
    scene.is_back().await;
    assert_eq!(scene.stage.submit(todo).await, Receipt::KEPT);
    scene.stage.all_quiet().await;
    assert_eq!((scene.stage.head(), kim.bot.shown(&kim.room).len()), (head + 1, shown + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_outlives_a_restart_and_leaves_nothing_behind() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    let dir = scene.stage.dir.path().join("spool");
    assert!(!dir.exists(), "nothing is made before there is something");
    scene.goes(Reach::Away).await;
    for n in 1..=12 {
        scene.stage.say(&kim, &format!("/todo Number {n}")).await;
    }
    scene.stage.restart_on(&scene.log).await;
    assert_eq!(scene.waiting(), 12);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
    }
    scene.stage.forget();
    // While it is off it comes back.
    scene.stage.stop().await;
    scene.log.be(Reach::Here);
    scene.log.reopen();
    scene.stage.start().await;
    scene.decided().await;
    scene.sees(&kim, "Number 12").await;
    scene.stage.stop().await;
    // The thread that owns it ends a moment after the house.
    let gone = async {
        while dir.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("what people wrote is left on the disk");
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tomorrow_is_the_day_after_it_was_said() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/todo Pay the rent due:tomorrow").await;
    scene.stage.say(&kim, "/todo Call dana due:\"in 2 hours\"").await;
    scene.stage.until(friday() + TimeDelta::hours(30)).await;
    scene.stage.forget();
    scene.is_back().await;
    scene.sees(&kim, "Call dana").await;
    scene.stage.say(&kim, "/why T1").await;
    for (item, due) in [("T1", "21 Nov"), ("T2", "20 Nov, 20:00")] {
        let shown = scene.stage.say(&kim, item).await.concat();
        assert!(shown.contains(due), "{shown}");
    }
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_deletions_reactions_and_undo_wait_in_their_place() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/todo Fix login").await;
    let card = scene.stage.card(&kim, "Fix login");
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/todo Fix lgout").await;
    let written = scene.stage.last.clone().unwrap();
    scene.stage.edit(&kim, &written, "/todo Fix logout").await;
    scene.stage.edit(&kim, &written, "/todo Fix lgout").await;
    scene.stage.edit(&kim, &written, "/todo Fix logout").await;
    scene.stage.react(&kim, &card, "👀", true).await;
    scene.stage.say(&kim, "/todo A mistake").await;
    scene.stage.say(&kim, "/undo").await;
    scene.stage.say(&kim, "/todo Another").await;
    let written = scene.stage.last.clone().unwrap();
    let id = format!("{}/{}/deleted", written.room, written.id);
    let deleted = kim.inbound(id, Said::Deleted { message: written });
    scene.stage.send(&kim, deleted, "(deletes that)").await;
    scene.is_back().await;
    scene.sees(&kim, "Another").await;
    scene.stage.say(&kim, "/list").await;
    scene.stage.say(&kim, "/why T2").await;
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_never_acts_on_something_newer_than_its_card() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/todo Fix login").await;
    let card = scene.stage.card(&kim, "Fix login");
    scene.goes(Reach::Away).await;
    scene.stage.react(&kim, &card, "✅", true).await;
    let started = item::Event::Todo(todo::Event::Started);
    scene.elsewhere("T1".parse().unwrap(), started, "discord/dana/m99#0").await;
    let head = scene.log.beneath().head().position.0;
    scene.is_back().await;
    assert_eq!(scene.stage.head(), head);
    scene.sees(&kim, "changed since").await;
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_were_asked_for_and_an_answer_in_time_count_however_late_it_is_back() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    scene.stage.say(&kim, "/grant @dana maintainer").await;
    scene.stage.say(&kim, "Offline mode").await;
    scene.stage.say(&kim, "/revoke @dana").await;
    let (card, data, label) = scene.stage.question(&kim);
    scene.goes(Reach::Away).await;
    scene.stage.press_data(&kim, &card, &data, &label).await;
    scene.stage.press(&kim, "Refine").await;
    scene.stage.say(&kim, "Only reading, and the board").await;
    // What is asked for now is asked when it can be.
    scene.stage.say(&kim, "/forget @dana").await;
    scene.stage.until(friday() + TimeDelta::minutes(20)).await;
    scene.is_back().await;
    scene.sees(&kim, "Forget @dana").await;
    scene.stage.say(&kim, "I1").await;
    scene.stage.say(&dana, "/todo Am I still here?").await;
    assert_snapshot!(scene.stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_refused_with_the_reason() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.spool.waiting_max = 2;
    scene.stage.restart_on(&scene.log).await;
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/todo One").await;
    scene.stage.say(&kim, "/todo Two").await;
    scene.stage.say(&kim, "/todo Three").await;
    scene.stage.spool.free_space_floor_mb = u64::MAX / 2_000_000;
    scene.stage.spool.waiting_max = 100;
    scene.stage.restart_on(&scene.log).await;
    scene.stage.say(&kim, "/todo Four").await;
    scene.is_back().await;
    scene.sees(&kim, "T2 created").await;
    let transcript = scene.stage.transcript();
    let free = transcript.split("only ").nth(1).and_then(|rest| rest.split(" MB").next()).unwrap().to_owned();
    assert_snapshot!(transcript.replace(&free, "12"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_stranger_is_kept() {
    let mut scene = Scene::new().await;
    let stranger = scene.stage.direct("telegram", "mallory");
    let kim = scene.kim.clone();
    let team = scene.stage.group("telegram", "silent", "kim");
    scene.goes(Reach::Away).await;
    scene.stage.say(&stranger, "/todo Let me in").await;
    scene.stage.say(&stranger, "/claim ABCDEFGH").await;
    scene.stage.say(&team, "/todo Nobody listens here").await;
    assert_eq!(scene.waiting(), 0);
    // The one thing that is heard in a silent group.
    scene.stage.say(&team, "/enable").await;
    assert_eq!(scene.waiting(), 1);
    scene.is_back().await;
    scene.sees(&team, "I listen here now").await;
    scene.stage.say(&kim, "/rooms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_owns_a_house_whose_log_is_away() {
    let log = Arc::new(Fickle::new(Arc::new(MemoryLog::new())));
    let mut stage = Stage::on(log.clone()).await;
    let kim = stage.direct("telegram", "kim");
    let code = stage.house().intake.claim_code().unwrap();
    log.be(Reach::AwayUnsaid);
    let told = stage.say(&kim, &format!("/claim {code}")).await;
    assert_eq!(told, ["Not done: the shared log cannot be reached just now. Send it again later."]);
    log.be(Reach::Here);
    let told = stage.say(&kim, &format!("/claim {code}")).await.concat();
    assert!(told.starts_with("You own me now"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_is_put_aside_and_its_owner_told() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    scene.goes(Reach::Away).await;
    scene.stage.say(&dana, "/todo Before").await;
    scene.stage.say(&dana, "/todo The one that breaks").await;
    scene.stage.say(&dana, "/todo After").await;
    scene.stage.stop().await;
    let spool = scene.stage.dir.path().join("spool");
    let database = std::fs::read_dir(&spool).unwrap().next().unwrap().unwrap().path().join("db");
    let mut bytes = std::fs::read(&database).unwrap();
    let at: Vec<usize> = bytes.windows(8).enumerate().filter(|(_, it)| it == b"t breaks").map(|(at, _)| at).collect();
    assert!(!at.is_empty(), "sled keeps values as they are");
    at.into_iter().for_each(|at| bytes[at] ^= 1);
    std::fs::write(&database, bytes).unwrap();
    scene.stage.forget();
    scene.log.reopen();
    scene.stage.start().await;
    scene.is_back().await;
    scene.sees(&dana, "After").await;
    scene.sees(&kim, "cannot be read").await;
    let status = scene.stage.say(&kim, "/status").await.concat();
    assert!(status.contains("saved command"), "{status}");
    let all = scene.stage.say(&kim, "/list").await.concat();
    assert!(all.contains("Before") && all.contains("After") && !all.contains("breaks"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reminders_wait_for_what_may_make_them_pointless() {
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/todo Pay the rent").await;
    scene.stage.say(&kim, "/remind T1 in 1 hour").await;
    scene.goes(Reach::Away).await;
    scene.stage.say(&kim, "/done T1").await;
    let head = scene.log.beneath().head().position.0;
    scene.stage.clock.set(friday() + TimeDelta::hours(2));
    // The timer looks, and waits.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(scene.log.beneath().head().position.0, head);
    scene.is_back().await;
    scene.stage.all_quiet().await;
    let texts = scene.stage.came(&kim).join("\n");
    assert!(texts.contains("T1 done") && !texts.contains("reminder"), "{texts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_answered_any_more_waits_and_holds_up_nobody() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    scene.goes(Reach::Away).await;
    scene.stage.say(&dana, "/todo From the desk").await;
    scene.stage.say(&kim, "/todo From the phone").await;
    // The desk's bot is switched off before it is back.
    scene.stage.without("discord", &scene.log).await;
    scene.log.be(Reach::Here);
    scene.stage.sees(&kim, "T1 created").await;
    // What is shown is taken out a moment later.
    let one = async {
        while scene.waiting() > 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, one).await.unwrap();
    assert_eq!(scene.waiting(), 1);
    scene.stage.with(dana.bot.clone(), &scene.log).await;
    scene.decided().await;
    scene.sees(&dana, "T2 created").await;
}

/// Something said by a room whose settings changed while it waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_decided_by_what_is_the_case_when_it_is_back() {
    let mut scene = Scene::new().await;
    let (kim, dana) = (scene.kim.clone(), scene.dana.clone());
    let team = scene.stage.group("discord", "team", "dana");
    scene.stage.say(&kim, "/grant @dana maintainer").await;
    scene.stage.say(&team, "/enable").await;
    scene.stage.forget();
    scene.goes(Reach::Away).await;
    scene.stage.say(&team, "/todo Said in the group").await;
    scene.stage.say(&dana, "/todo Said directly").await;
    // Meanwhile, at another node, the group was silenced.
    let stream = StreamId::new(room::stream("discord/team"));
    let meta = Meta {
        command: CommandId::new("telegram/kim/m98#0"),
        text: "/disable".into(),
        actor: "person/1".into(),
        origin: Origin::default(),
        correlation: CommandId::new("telegram/kim/m98"),
        causation: None,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    let log = scene.log.beneath().clone();
    let expected = Expected::of(log.version(&stream).unwrap());
    let events = vec![stored::encode(&domain::Event::Room(room::Event::Disabled))];
    log.append(Append { stream, expected, events, meta }).await.unwrap();
    scene.is_back().await;
    scene.sees(&team, "Nothing came of this").await;
    scene.sees(&dana, "T1 created").await;
    assert_eq!(ItemRef::new(Bucket::Todo, 1).to_string(), "T1");
}

/// A thousand here, so that it is quick; `YOMAN_AWAY_COMMANDS=10000` for an hour's worth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_are_saved_and_decided_in_order_once() {
    let count = std::env::var("YOMAN_AWAY_COMMANDS").ok().and_then(|count| count.parse().ok()).unwrap_or(1000_u64);
    let mut scene = Scene::new().await;
    let kim = scene.kim.clone();
    scene.stage.say(&kim, "/pair").await;
    scene.goes(Reach::Away).await;
    let rooms: Vec<Seat> = (0..8).map(|n| scene.stage.group("telegram", &format!("room-{n}"), "kim")).collect();
    scene.log.be(Reach::Here);
    for room in &rooms {
        scene.stage.say(room, "/enable").await;
    }
    scene.goes(Reach::Away).await;
    let head = scene.log.beneath().head().position.0;
    let said: Vec<_> = (0..count)
        .map(|n| {
            let seat = &rooms[usize::try_from(n).unwrap() % rooms.len()];
            scene.stage.message(seat, &format!("/todo Number {n}"))
        })
        .collect();
    let intake = Arc::clone(&scene.stage.house().intake);
    let began = std::time::Instant::now();
    let mut saving = tokio::task::JoinSet::new();
    for seat in &rooms {
        let own: Vec<_> = said.iter().filter(|it| it.room.id == seat.room).cloned().collect();
        let (intake, bot) = (Arc::clone(&intake), BotName::new(seat.bot.name().as_str()));
        saving.spawn(async move {
            for inbound in own {
                assert!(intake.accept(&bot, inbound).await.is_kept());
            }
        });
    }
    while let Some(done) = saving.join_next().await {
        done.unwrap();
    }
    let saved = began.elapsed();
    assert_eq!(scene.waiting() as u64, count);
    drop(intake);
    scene.stage.restart_on(&scene.log).await;
    let began = std::time::Instant::now();
    scene.log.be(Reach::Here);
    let empty = async {
        while !scene.stage.house().intake.spool().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(600), empty).await.unwrap();
    let decided = began.elapsed();
    eprintln!("{count} commands: saved in {saved:.1?}, decided in {decided:.1?}");
    let mut texts: Vec<(String, String)> = Vec::new();
    let after = yoman::log::Position(head);
    scene
        .stage
        .log()
        .read_all(after, &mut |entry| {
            if let yoman::log::Entry::Commit(commit) = entry {
                texts.push((commit.meta.origin.room.clone(), commit.meta.text.clone()));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(texts.len() as u64, count);
    for seat in &rooms {
        let own: Vec<&str> =
            texts.iter().filter(|(room, _)| *room == seat.room.as_str()).map(|(_, text)| text.as_str()).collect();
        let expected: Vec<String> = (0..count)
            .filter(|n| rooms[usize::try_from(*n).unwrap() % rooms.len()].room == seat.room)
            .map(|n| format!("/todo Number {n}"))
            .collect();
        assert_eq!(own, expected, "{}", seat.room);
    }
}
