//! Forgetting: what people write lies sealed, and `/forget` destroys one person's key; what that does and does not reach.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use insta::assert_snapshot;
use yoman::{
    domain::{Event, person, stored},
    log::{
        Append, CommandId, EventLog, Expected, Meta, Origin, Position, StreamId,
        sled::{Options, SledLog},
    },
};

use crate::stage::{Ground, Seat, Stage};

/// What dana says, and who she is: none of it is found in a file.
const HERS: [&str; 8] = [
    "Dana Doe",
    "danadoe",
    "Buy tulips",
    "red ones",
    "for my mother",
    "because of the rain",
    "tulips.jpg",
    "FILE-4711",
];

/// Kim owns; dana is a member whose platform knows her by a number.
async fn scene(ground: Ground) -> (Stage, Seat, Seat) {
    let mut stage = Stage::new(ground).await;
    let kim = stage.direct("telegram", "1001").called("kim");
    stage.own(&kim).await;
    let dana = stage.direct("discord", "4711").called("Dana Doe").written("danadoe");
    stage.let_in(&kim, &dana, "member").await;
    stage.forget();
    (stage, kim, dana)
}

async fn dana_works(stage: &mut Stage, kim: &Seat, dana: &Seat) {
    stage.say(dana, "/todo Buy tulips #garden\nred ones").await;
    stage.say(dana, "/note T1 for my mother").await;
    let photo = stage.with_file(dana, "/note T1 see", "tulips.jpg", "FILE-4711");
    stage.send(dana, photo, "/note T1 see (tulips.jpg)").await;
    stage.say(dana, "/idea Buy tulips again").await;
    stage.say(dana, "/reject I1 because of the rain").await;
    stage.say(kim, "/todo Water the garden needs:T1").await;
    stage.say(kim, "/note T1 I think danadoe is right").await;
    stage.say(kim, "/show T1").await;
}

/// Which of these words stand in some file below a directory.
fn found(dir: &Path, words: &[&'static str]) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let holds = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
            found.extend(words.iter().filter(holds));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_forgotten() {
    let (mut stage, kim, dana) = scene(Ground::Disk).await;
    dana_works(&mut stage, &kim, &dana).await;
    stage.forget();
    let before = stage.head();
    stage.say(&kim, "/forget @danadoe").await;
    assert_eq!(stage.head(), before, "asking changes nothing");
    stage.press(&kim, "Forget @danadoe").await;
    // Cards that stand in the chats change in place.
    stage.quiet(&kim.bot).await;
    stage.quiet(&dana.bot).await;
    for seat in [&kim, &dana] {
        let card = stage.house().outbox.card(&seat.room, "T1".parse().unwrap()).unwrap();
        let shown = seat.bot.shown(&seat.room).into_iter().find(|it| it.at == card.message).unwrap();
        let text = shown.now.text.to_plain();
        assert!(text.contains("forgotten") && !text.contains("tulips"), "{text}");
    }
    for look in ["/show T1", "/history T1", "/why T1", "/show I1", "/history I1", "/people", "/board", "/list"] {
        stage.say(&kim, look).await;
    }
    stage.say(&kim, "/find tulips").await;
    stage.say(&kim, "/grant @forgotten-2 owner").await;
    stage.say(&kim, "/forget @forgotten-2").await;
    // Whoever it was is a stranger now.
    stage.say(&dana, "/todo Buy tulips").await;
    assert_snapshot!(stage.transcript());
    // The same from the log alone.
    stage.restart().await;
    let transcript = {
        stage.forget();
        for look in ["/show T1", "/history T1", "/people"] {
            stage.say(&kim, look).await;
        }
        stage.transcript()
    };
    assert!(transcript.contains("forgotten") && !transcript.contains("tulips"), "{transcript}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_but_the_bots_holds_a_word_and_after_the_next_start_none_does() {
    let (mut stage, kim, dana) = scene(Ground::Disk).await;
    dana_works(&mut stage, &kim, &dana).await;
    let dir = stage.dir.path().to_owned();
    let kept = ["log", "journal", "keys"];
    for _ in 0..2 {
        for part in kept {
            assert_eq!(found(&dir.join(part), &HERS), Vec::<&str>::new(), "in {part}/");
        }
        // And all of it once the log was closed, and written out, too.
        stage.restart().await;
    }
    let key = dir.join("keys/person-2.key");
    let secret = std::fs::read_to_string(&key).unwrap();
    stage.say(&kim, "/forget @danadoe").await;
    stage.press(&kim, "Forget @danadoe").await;
    assert!(!key.exists());
    stage.restart().await;
    let secret: &'static str = secret.lines().find_map(|line| line.strip_prefix("key ")).unwrap().to_owned().leak();
    assert_eq!(found(&dir, &[secret]), Vec::<&str>::new(), "the key is nowhere");
    // The question named her, and the bots keep a message until it is shown; kim's own words about her stay kim's.
    let left = found(&dir, &HERS);
    assert_eq!(left, Vec::<&str>::new());
    stage.stop().await;
    let log = SledLog::open(Options { free_space_floor_mb: 1, ..Options::new(&dir) }).unwrap();
    assert_eq!(log.verify(&yoman::log::progress::Progress::default()).unwrap().faults, [], "the chain holds");
    assert!(log.health().damaged.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_who_asked_confirms_it_and_only_what_was_asked() {
    let (mut stage, kim, dana) = scene(Ground::Memory).await;
    let sam = stage.direct("telegram", "1003").called("sam");
    stage.let_in(&kim, &sam, "owner").await;
    let kim_there = stage.group("telegram", "team", "1001").called("kim");
    let sam_there = stage.group("telegram", "team", "1003").called("sam");
    stage.say(&kim_there, "/enable").await;
    stage.forget();
    // Members and maintainers cannot.
    stage.say(&dana, "/forget @kim").await;
    stage.say(&kim_there, "/forget @danadoe").await;
    let (card, data) = stage.button(&kim_there, "Forget @danadoe");
    // Another owner, the same button; the right one, in another room.
    stage.press_data(&sam_there, &card, &data, "Forget @danadoe").await;
    stage.press_data(&kim, &card, &data, "the same, elsewhere").await;
    // She changes meanwhile.
    stage.say(&kim, "/grant @danadoe guest").await;
    stage.press_data(&kim_there, &card, &data, "Forget @danadoe").await;
    // Asked again, it holds once.
    stage.say(&kim_there, "/forget @danadoe").await;
    let (new_card, new) = stage.button(&kim_there, "Forget @danadoe");
    stage.press_data(&kim_there, &card, &data, "the old one").await;
    stage.press_data(&kim_there, &new_card, &new, "Forget @danadoe").await;
    stage.press_data(&kim_there, &new_card, &new, "once more").await;
    // Owners, too, as long as one is left; a restart forgets the question.
    stage.say(&sam, "/forget @kim").await;
    stage.press(&sam, "Forget @kim").await;
    stage.say(&sam, "/forget @sam").await;
    assert_snapshot!(stage.transcript());
}

/// The event that forgets, alone.
pub(crate) async fn forget_in(log: &dyn EventLog, stream: &str) {
    let id = CommandId::new("killed");
    let meta = Meta {
        command: id.clone(),
        text: String::new(),
        actor: "person/1".into(),
        origin: Origin::default(),
        correlation: id,
        causation: None,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    let stream = StreamId::new(stream);
    let expected = Expected::Version(log.version(&stream).unwrap());
    let events = vec![stored::encode(&Event::Person(person::Event::Forgotten))];
    log.append(Append { stream, expected, events, meta }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_event_and_key_is_finished_at_the_next_start() {
    let (mut stage, kim, dana) = scene(Ground::Disk).await;
    dana_works(&mut stage, &kim, &dana).await;
    stage.stop().await;
    let key = stage.dir.path().join("keys/person-2.key");
    // The event is durable; then the process dies.
    let log = stage.beneath();
    forget_in(&*log, "person/2").await;
    log.close().await.unwrap();
    drop(log);
    assert!(key.exists());
    stage.start().await;
    stage.house().caught_up().await;
    assert!(!key.exists());
    let shown = stage.say(&kim, "/show T1").await.concat();
    assert!(shown.contains("T1") && shown.contains("forgotten") && !shown.contains("tulips"), "{shown}");
    assert_eq!(found(&stage.dir.path().join("state"), &HERS), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_key_is_told_and_nothing_is_written_over_it() {
    let (mut stage, kim, dana) = scene(Ground::Disk).await;
    dana_works(&mut stage, &kim, &dana).await;
    stage.stop().await;
    let key = stage.dir.path().join("keys/person-2.key");
    let bytes = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    stage.start().await;
    stage.house().caught_up().await;
    let shown = stage.say(&kim, "/show T1").await.concat();
    assert!(shown.contains("(sealed: key missing)"), "{shown}");
    let status = stage.say(&kim, "/status").await.concat();
    assert!(status.contains("keys/person-2.key is missing"), "{status}");
    // Nobody can be taken for her meanwhile, she herself neither.
    let stranger = stage.say(&dana, "/todo mine").await.concat();
    assert!(stranger.contains("I do not know you yet"), "{stranger}");
    assert!(!key.exists());
    stage.stop().await;
    std::fs::write(&key, bytes).unwrap();
    stage.start().await;
    stage.house().caught_up().await;
    let shown = stage.say(&dana, "/show T1").await.concat();
    assert!(shown.contains("Buy tulips"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_took_onwards_is_still_its_authors() {
    let (mut stage, kim, dana) = scene(Ground::Memory).await;
    stage.say(&dana, "/idea Buy tulips\nred ones").await;
    stage.say(&kim, "/promote I1").await;
    stage.say(&kim, "/finding R1 They bloom in May").await;
    stage.say(&kim, "/promote R1").await;
    stage.say(&kim, "/forget @danadoe").await;
    stage.press(&kim, "Forget @danadoe").await;
    let mut words = String::new();
    let log: &Arc<dyn EventLog> = stage.log();
    log.read_all(Position::START, &mut |entry| {
        words.push_str(&format!("{entry:?}"));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!words.contains("tulips") && !words.contains("red ones"), "{words}");
    let shown = stage.say(&kim, "/show T1").await.concat();
    assert!(shown.contains("T1") && shown.contains("forgotten") && !shown.contains("tulips"), "{shown}");
    assert!(stage.say(&kim, "/history R1").await.concat().contains("They bloom in May"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_undo_brought_back_is_still_its_authors() {
    for forgotten in ["danadoe", "sam"] {
        let (mut stage, kim, dana) = scene(Ground::Disk).await;
        let sam = stage.direct("telegram", "1003").called("sam");
        stage.let_in(&kim, &sam, "member").await;
        stage.say(&dana, "/todo Buy tulips").await;
        stage.say(&sam, "/title T1 Buy roses").await;
        stage.say(&sam, "/undo T1").await;
        let shown = stage.say(&kim, "/show T1").await.concat();
        assert!(shown.contains("Buy tulips"), "{shown}");
        stage.say(&kim, &format!("/forget @{forgotten}")).await;
        stage.press(&kim, &format!("Forget @{forgotten}")).await;
        for _ in 0..2 {
            let said = [stage.say(&kim, "/show T1").await, stage.say(&kim, "/history T1").await].concat().concat();
            assert_eq!(said.contains("Buy tulips"), forgotten == "sam", "{said}");
            assert_eq!(said.contains("Buy roses"), forgotten == "danadoe", "{said}");
            stage.restart().await;
        }
        let (gone, whole) = if forgotten == "sam" { ("Buy roses", "Buy tulips") } else { ("Buy tulips", "Buy roses") };
        assert_eq!(found(stage.dir.path(), &[gone]), Vec::<&str>::new());
        for part in ["log", "journal"] {
            assert_eq!(found(&stage.dir.path().join(part), &[whole]), Vec::<&str>::new());
        }
    }
}
