//! What the outbox keeps: through restarts, and through being killed.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tempfile::tempdir;
use yoman_chat::{Aside, Bot, BotError, BotName, Capabilities, Inbox, MessageRef, Outbound, RoomId, SendError, Stop};

use super::super::{
    Answer, Answered, Delivery, Outbox, OutboxSettings,
    fake::{Items, capabilities, quick},
    queue::now_ms,
    scene::{DANA, KIM},
    tidy,
};
use super::{Ops, key};
use crate::{domain::Identity, log::Position};

fn bot() -> BotName {
    BotName::new("fake")
}

#[tokio::test]
async fn an_answer_on_its_way_to_the_store_is_given_though_nobody_waits_for_it() {
    let dir = tempdir().unwrap();
    let outbox = Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
    let room = RoomId::new("fake/1");
    for n in 0..50 {
        let (id, not_saved) = (format!("fake/1/{n}"), vec![Answer::new(Outbound::text("not saved"))]);
        // The bot that delivered it ends meanwhile, and it is delivered again: it must not be done now.
        tokio::select! {
            biased;
            _ = outbox.answer(&id, &room, not_saved) => {}
            () = std::future::ready(()) => {}
        }
        assert!(outbox.answered(&id));
        assert_eq!(outbox.answer(&id, &room, Vec::new()).await.unwrap(), Answered::Already);
    }
}

#[tokio::test]
async fn cursors_memos_direct_rooms_and_asides_survive_a_restart() {
    let dir = tempdir().unwrap();
    let kept = OutboxSettings { aside_max: 100, ..OutboxSettings::default() };
    {
        let outbox = Outbox::open(dir.path(), kept.clone()).unwrap();
        assert_eq!(outbox.cursor(&bot()), None);
        outbox.derived(&bot(), Position(7), Vec::new()).await.unwrap();
        outbox.remember(&bot(), "commands", &"x".repeat(30_000)).await.unwrap();
        outbox.remember(&bot(), "commands", "hash").await.unwrap();
        outbox.remember(&bot(), "huge", &"x".repeat(70_000)).await.unwrap_err();
        let identity = |of: &str| Identity(format!("fake/{of}"));
        outbox.met(&RoomId::new("fake/1"), KIM, &identity("kim"), Some("ko-KR"), Position(0));
        outbox.met(&RoomId::new("fake/2"), DANA, &identity("dana"), None, Position(0));
        tokio::time::sleep(Duration::from_millis(2)).await;
        outbox.met(&RoomId::new("fake/3"), KIM, &identity("kim"), Some("ko-KR"), Position(5));
        for n in 0..200 {
            let aside = Aside { id: n.to_string(), raw: "ß".repeat(40_000), why: "new kind of update".into() };
            outbox.keep_aside(&bot(), aside).await.unwrap();
        }
        outbox.close().await.unwrap();
    }
    let outbox = Outbox::open(dir.path(), kept).unwrap();
    assert_eq!(outbox.cursor(&bot()), Some(Position(7)));
    assert_eq!(outbox.memo(&bot(), "commands").as_deref(), Some("hash"));
    assert_eq!(outbox.memo(&bot(), "huge"), None);
    assert_eq!(outbox.direct_rooms(|heard| heard.person == KIM).first(), Some(&RoomId::new("fake/3")));
    let heard = outbox.heard_in(&RoomId::new("fake/1")).unwrap();
    assert_eq!((heard.person, heard.identity), (KIM, Some(Identity("fake/kim".into()))));
    let hinted = |n: usize| outbox.hinted(&RoomId::new(format!("fake/{n}")));
    assert_eq!((hinted(1), hinted(2), hinted(4)), (Some(crate::lang::Lang::Korean), None, None));
    // Decided once for all bots, whatever is said where later.
    let rooms = [RoomId::new("fake/1"), RoomId::new("fake/3")];
    let home = |position| outbox.home(&rooms, Position(position)).map(|room| room.as_str().to_owned());
    assert_eq!((home(3).as_deref(), home(9).as_deref()), (Some("fake/1"), Some("fake/3")));
    outbox.met(&rooms[0], KIM, &Identity("fake/other".into()), None, Position(9));
    assert_eq!((home(9).as_deref(), home(10).as_deref()), (Some("fake/3"), Some("fake/1")));
    outbox.tidy();
    outbox.sync().await.unwrap();
    let asides = outbox.asides(&bot(), 1000);
    assert_eq!((asides.len(), outbox.stats(&bot()).aside), (100, 200));
    assert_eq!((asides[0].1.id.as_str(), asides[0].1.raw.len()), ("199", 64 << 10));
    assert_eq!(outbox.asides(&bot(), 3).len(), 3);
}

#[tokio::test]
async fn what_was_answered_is_forgotten_after_its_time_only() {
    let dir = tempdir().unwrap();
    let outbox = Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
    let hour = 3_600_000;
    for age in 0..100 {
        let mut ops = Ops::default();
        ops.put(key::answered(&BotName::new("fake"), &format!("fake/1/{age}")), &(now_ms() - age * hour));
        outbox.shared.store.submit(ops, None);
    }
    outbox.sync().await.unwrap();
    outbox.tidy();
    outbox.sync().await.unwrap();
    let known = |age: i64| outbox.answered(&format!("fake/1/{age}"));
    assert!(known(0) && known(47) && !known(49) && !known(99));
    tidy::answered(&outbox.shared.store, Duration::from_secs(48 * 3600), 10);
    outbox.sync().await.unwrap();
    assert!(known(0) && known(5) && !known(20));
}

#[tokio::test]
async fn the_same_inbound_at_the_same_time_is_answered_once() {
    let dir = tempdir().unwrap();
    let outbox = Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let outbox = outbox.clone();
        tasks.spawn(async move {
            let answers = vec![Answer::new(Outbound::text("once"))];
            outbox.answer("fake/1/1", &RoomId::new("fake/1"), answers).await.unwrap()
        });
    }
    // One of them is given up before it is durable: that changes nothing.
    let room = RoomId::new("fake/1");
    let dropped = outbox.answer("fake/1/2", &room, vec![Answer::new(Outbound::text("dropped"))]);
    tokio::select! { biased; _ = dropped => {}, () = std::future::ready(()) => {} }
    let answered = tasks.join_all().await;
    assert_eq!(answered.iter().filter(|it| **it == Answered::Registered).count(), 1);
    let again = outbox.answer("fake/1/2", &RoomId::new("fake/1"), vec![Answer::new(Outbound::text("again"))]).await;
    assert_eq!(again.unwrap(), Answered::Already);
    assert_eq!(outbox.stats(&bot()).queued, 2);
}

/// Set in the process that is to be killed: its directory.
const VICTIM: &str = "YOMAN_TEST_OUTBOX_VICTIM";
const ROOMS: u64 = 5;
const ANSWERS: u64 = 3000;

/// A platform that people look at from outside the process.
struct Wall {
    name: BotName,
    file: File,
}

#[async_trait]
impl Bot for Wall {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    async fn run(&self, _inbox: Inbox, _stop: Stop) -> Result<(), BotError> {
        Ok(())
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let line = format!("{}\t{}\n", room, message.text.to_plain().replace('\n', " "));
        (&self.file).write_all(line.as_bytes()).map_err(|error| SendError::NotSent(error.to_string()))?;
        tokio::time::sleep(Duration::from_micros(300)).await;
        Ok(MessageRef { room: room.clone(), id: "1".into() })
    }

    async fn edit(&self, _message: &MessageRef, _to: &Outbound) -> Result<(), SendError> {
        Ok(())
    }
}

fn append_to(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

/// Answers what was not acknowledged yet, as a platform that delivers again would make it; acknowledges what is durable.
async fn live(dir: &Path, answers: u64) {
    let outbox =
        Outbox::open(&dir.join("bots"), OutboxSettings { queue_room_max: 8, ..OutboxSettings::default() }).unwrap();
    let wall = Arc::new(Wall { name: bot(), file: append_to(&dir.join("wall")) });
    let stop = Stop::new();
    let delivery = Delivery::start(wall, outbox.clone(), Arc::new(Items::default()), quick(), stop.clone());
    let acknowledged = fs::read_to_string(dir.join("acknowledged")).unwrap_or_default();
    let mut next: HashMap<u64, u64> = HashMap::new();
    for line in acknowledged.lines() {
        let Some((room, n)) = line.split_once(' ') else { continue };
        let (Ok(room), Ok(n)) = (room.parse(), n.parse::<u64>()) else { continue };
        next.insert(room, n + 1);
    }
    let mut rooms = tokio::task::JoinSet::new();
    for room in 0..ROOMS {
        let (outbox, mut file) = (outbox.clone(), append_to(&dir.join("acknowledged")));
        let from = next.get(&room).copied().unwrap_or(0);
        rooms.spawn(async move {
            let id = RoomId::new(format!("fake/{room}"));
            for n in from..answers {
                let answers = vec![Answer::new(Outbound::text(format!("{n}")))];
                outbox.answer(&format!("{id}/{n}"), &id, answers).await.unwrap();
                file.write_all(format!("{room} {n}\n").as_bytes()).unwrap();
            }
        });
    }
    while rooms.join_next().await.is_some() {}
    while outbox.stats(&bot()).queued > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    delivery.ended().await;
}

/// Not a test of its own: the process that [`killed_at_any_moment_nothing_is_lost_and_repeats_are_marked`] kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        live(Path::new(&dir), ANSWERS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_and_repeats_are_marked() {
    let dir = tempdir().unwrap();
    let mut seed = u64::try_from(now_ms()).unwrap() | 1;
    println!("seed {seed}");
    for _ in 0..8 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "notify::outbox::tests::victim"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Counted from its first sign of life, since a start takes longer than all the rest.
        let wall = dir.path().join("wall");
        let before = fs::metadata(&wall).map_or(0, |it| it.len());
        for _ in 0..2000 {
            if fs::metadata(&wall).map_or(0, |it| it.len()) > before || child.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(seed % 60_000)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let acknowledged = fs::read_to_string(dir.path().join("acknowledged")).unwrap();
    let most = acknowledged.lines().filter_map(|line| line.split_once(' ')?.1.parse::<u64>().ok()).max().unwrap();
    live(dir.path(), most + 3).await;

    let wall = fs::read_to_string(dir.path().join("wall")).unwrap();
    let mut marked = 0;
    for room in 0..ROOMS {
        let mut newest = None;
        let mut times: HashMap<u64, u32> = HashMap::new();
        for line in wall.lines().filter_map(|line| line.strip_prefix(&format!("fake/{room}\t"))) {
            let (number, mark) = line.split_once(' ').map_or((line, ""), |(number, mark)| (number, mark));
            let number: u64 = number.parse().unwrap();
            let times = times.entry(number).or_default();
            *times += 1;
            marked += u32::from(!mark.is_empty());
            assert!(*times == 1 || mark.starts_with("(possibly a repeat"), "{number} came again unmarked");
            // A repeat comes at its own place, before anything newer.
            assert!(newest.is_none_or(|newest| number >= newest), "{number} came after {newest:?}");
            newest = Some(number);
        }
        for number in 0..most + 3 {
            assert!(times.contains_key(&number), "{number} was lost in room {room}");
        }
    }
    println!("{most} answers a room, {marked} marked as possible repeats");
    assert!(marked <= 8 * u32::try_from(ROOMS).unwrap() * 2, "{marked} marks are more than the kills explain");
}
