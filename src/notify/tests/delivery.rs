//! What people see, whatever the platform does.

use std::time::Duration;

use tempfile::tempdir;
use yoman_chat::{BotName, Outbound, RoomId, SendError, Text};

use super::super::{
    Answer, Answered, Intent, OutboxSettings,
    fake::{FakeBot, Rig, Step, quick, until},
};
use crate::{
    domain::{Bucket, ItemRef},
    log::Position,
};

const ROOM: &str = "fake/1";

fn room(name: &str) -> RoomId {
    RoomId::new(name)
}

fn todo(number: u32) -> ItemRef {
    ItemRef::new(Bucket::Todo, number)
}

fn plain(text: &str) -> Vec<Answer> {
    vec![Answer::new(Outbound::text(text))]
}

fn card(text: &str, item: ItemRef, version: u64) -> Vec<Answer> {
    vec![Answer { card: Some((item, version)), ..Answer::new(Outbound::text(text)) }]
}

fn refresh(room_name: &str, item: ItemRef) -> Intent {
    Intent::Refresh { room: room(room_name), item }
}

async fn derive(rig: &Rig, position: u64, intents: Vec<Intent>) {
    rig.outbox.derived(&BotName::new("fake"), Position(position), intents).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_arrive_in_order_and_once() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    for n in 0..50 {
        let answers = vec![Answer::new(Outbound::text(format!("{n}a"))), Answer::new(Outbound::text(format!("{n}b")))];
        let id = format!("fake/1/{n}");
        assert_eq!(rig.outbox.answer(&id, &room(ROOM), answers.clone()).await.unwrap(), Answered::Registered);
        assert_eq!(rig.outbox.answer(&id, &room(ROOM), answers).await.unwrap(), Answered::Already);
        assert!(rig.outbox.answered(&id));
    }
    until("100 messages", || rig.bot.sent(ROOM).len() == 100).await;
    let expected: Vec<_> = (0..50).flat_map(|n| [format!("{n}a"), format!("{n}b")]).collect();
    assert_eq!(rig.bot.sent(ROOM), expected);
    // What came of a send is counted a moment after the platform shows it.
    let counters = || rig.outbox.stats(&BotName::new("fake")).counters;
    until("100 counted", || counters().sent == 100).await;
    assert_eq!(counters().failures, 0);
    let (outbox, _) = rig.stop().await;
    assert_eq!(outbox.stats(&BotName::new("fake")).queued, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_room_waits_exactly_and_alone() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    // Long enough for a busy machine to serve the free room in the meantime.
    let after = Duration::from_millis(500);
    rig.bot.script("fake/slow", [Step::Fail(SendError::RetryAfter { after, whole_bot: false })]);
    rig.bot.script("fake/hangs", [Step::After(Duration::from_millis(280))]);
    for name in ["fake/slow", "fake/hangs", ROOM] {
        for n in 0..3 {
            rig.outbox.answer(&format!("{name}/{n}"), &room(name), plain(&n.to_string())).await.unwrap();
        }
    }
    until("the free room", || rig.bot.sent(ROOM).len() == 3).await;
    assert!(rig.bot.sent("fake/slow").is_empty() && rig.bot.sent("fake/hangs").is_empty());
    until("six left", || rig.outbox.stats(&BotName::new("fake")).queued == 6).await;
    let stats = rig.outbox.stats(&BotName::new("fake"));
    assert_eq!(stats.rooms.len(), 1);
    assert!(stats.rooms[0].limited && stats.rooms[0].queued == 3 && stats.rooms[0].room == room("fake/slow"));
    assert!(stats.oldest.is_some() && stats.queued == 6);
    until("the limited room", || rig.bot.sent("fake/slow") == ["0", "1", "2"]).await;
    until("the slow room", || rig.bot.sent("fake/hangs") == ["0", "1", "2"]).await;
    let platform = rig.bot.platform.lock().unwrap();
    let at: Vec<_> = platform.attempts.iter().filter(|(it, _)| it.as_str() == "fake/slow").map(|(_, at)| *at).collect();
    assert!(at[1] - at[0] >= after, "asked again after {:?}", at[1] - at[0]);
    assert!(at[1] - at[0] < after + Duration::from_secs(1), "asked again after {:?}", at[1] - at[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_the_whole_bot_holds_every_room() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let after = Duration::from_millis(150);
    rig.bot.script("fake/a", [Step::Fail(SendError::RetryAfter { after, whole_bot: true })]);
    rig.outbox.answer("a", &room("fake/a"), plain("a")).await.unwrap();
    until("the limit", || rig.outbox.stats(&BotName::new("fake")).paused.is_some()).await;
    let limited_at = tokio::time::Instant::now();
    for n in 0..40 {
        rig.outbox.answer(&format!("b{n}"), &room(&format!("fake/{n}")), plain("b")).await.unwrap();
    }
    until("all of them", || rig.bot.shown().len() == 41).await;
    let early = rig.bot.shown().iter().filter(|it| it.at < limited_at + after - Duration::from_millis(20)).count();
    assert_eq!(early, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_is_tried_until_it_is_and_keeps_its_place() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.script(ROOM, (0..6).map(|n| Step::Fail(SendError::NotSent(format!("503 for the {n}th time")))));
    rig.bot.script(ROOM, [Step::Panic, Step::Hang]);
    for n in 0..3 {
        rig.outbox.answer(&n.to_string(), &room(ROOM), plain(&n.to_string())).await.unwrap();
    }
    until("three messages", || rig.bot.sent(ROOM).len() == 3).await;
    let sent = rig.bot.sent(ROOM);
    assert!(sent[0].starts_with("0\n(possibly a repeat"), "{sent:?}");
    assert_eq!(sent[1..], ["1", "2"]);
    until("three counted", || rig.outbox.stats(&BotName::new("fake")).counters.sent == 3).await;
    let counters = rig.outbox.stats(&BotName::new("fake")).counters;
    assert_eq!((counters.failures, counters.possibly_delivered), (8, 1));
    assert!(counters.last_error.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_marked_and_has_the_same_nonce() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.script(ROOM, [Step::Lost]);
    rig.outbox.answer("1", &room(ROOM), plain("done")).await.unwrap();
    rig.outbox.answer("2", &room(ROOM), plain("next")).await.unwrap();
    until("both and the repeat", || rig.bot.sent(ROOM).len() == 3).await;
    let shown = rig.bot.shown();
    assert_eq!(shown[0].text, "done");
    assert_eq!(shown[1].text, "done\n(possibly a repeat: there was no answer to the first attempt)");
    assert_eq!(shown[2].text, "next");
    assert!(shown[0].message.nonce.is_some());
    assert_eq!(shown[0].message.nonce, shown[1].message.nonce);
    assert_ne!(shown[0].message.nonce, shown[2].message.nonce);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_blocks_nothing_and_a_lost_room_gets_no_notices() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let refused = || Step::Fail(SendError::Refused("blocked by the user".into()));
    rig.bot.script(ROOM, [refused()]);
    rig.outbox.answer("1", &room(ROOM), plain("malformed")).await.unwrap();
    rig.outbox.answer("2", &room(ROOM), plain("fine")).await.unwrap();
    until("the other one", || rig.bot.sent(ROOM) == ["fine"]).await;
    assert!(!rig.outbox.refuses(&room(ROOM)));

    rig.bot.script(ROOM, [refused(), refused(), refused()]);
    let notices = |from: u32| {
        (from..from + 9).map(|n| Intent::Plain { room: room(ROOM), message: Outbound::text(n.to_string()) }).collect()
    };
    derive(&rig, 1, notices(0)).await;
    until("the room is lost", || rig.outbox.refuses(&room(ROOM))).await;
    until("nothing waits", || rig.outbox.stats(&BotName::new("fake")).queued == 0).await;
    derive(&rig, 2, notices(20)).await;
    let stats = rig.outbox.stats(&BotName::new("fake"));
    assert_eq!((stats.counters.refused, stats.counters.dropped), (4, 6 + 9));
    assert_eq!(stats.refusing, [room(ROOM)]);

    let (outbox, _) = rig.stop().await;
    drop(outbox);
    let rig = Rig::new(dir.path());
    assert!(rig.outbox.refuses(&room(ROOM)), "known after a restart");
    rig.outbox.answer("3", &room(ROOM), plain("you are back")).await.unwrap();
    derive(&rig, 3, notices(40)).await;
    until("it gets them again", || rig.bot.sent(ROOM).len() == 10).await;
    assert!(!rig.outbox.refuses(&room(ROOM)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_given_up_after_its_time() {
    let dir = tempdir().unwrap();
    let settings = super::DeliverySettings { give_up_after: Duration::from_millis(50), ..quick() };
    let rig = Rig::with(dir.path(), FakeBot::new(), OutboxSettings::default(), settings);
    rig.bot.script(ROOM, (0..20).map(|_| Step::Fail(SendError::NotSent("down".into()))));
    rig.outbox.answer("1", &room(ROOM), plain("lost")).await.unwrap();
    until("given up", || rig.outbox.stats(&BotName::new("fake")).counters.given_up == 1).await;
    rig.bot.platform.lock().unwrap().script.clear();
    rig.outbox.answer("2", &room(ROOM), plain("next")).await.unwrap();
    until("the next one", || rig.bot.sent(ROOM) == ["next"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_room_missed_is_not_given_up_however_long_the_platform_is_away() {
    let dir = tempdir().unwrap();
    let settings = super::DeliverySettings { give_up_after: Duration::from_millis(50), ..quick() };
    let rig = Rig::with(dir.path(), FakeBot::new(), OutboxSettings::default(), settings);
    rig.bot.script(ROOM, (0..10).map(|_| Step::Fail(SendError::NotSent("down".into()))));
    derive(&rig, 1, vec![Intent::Digest { room: room(ROOM), message: Outbound::text("missed") }]).await;
    until("it is shown", || rig.bot.sent(ROOM) == ["missed"]).await;
    assert_eq!(rig.outbox.stats(&BotName::new("fake")).counters.given_up, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_changed_in_place_once_for_many_changes() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let (bot, item) = (BotName::new("fake"), todo(7));
    rig.items.set(item, "T7 open", 1);
    rig.outbox.answer("1", &room(ROOM), card("T7 created", item, 1)).await.unwrap();
    until("the answer", || rig.outbox.card(&room(ROOM), item).is_some()).await;
    let shown = rig.outbox.card(&room(ROOM), item).unwrap();
    assert_eq!((shown.version, rig.outbox.rooms_with_card(&bot, item)), (1, vec![room(ROOM)]));
    until("a reply knows what it is about", || rig.outbox.item_of(&shown.message) == Some(item)).await;

    derive(&rig, 1, vec![refresh(ROOM, item)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(rig.bot.edits(ROOM).is_empty(), "an answer is not turned into a card by its own commit");

    for n in 2..30 {
        rig.items.set(item, &format!("T7 changed {n}"), n);
        derive(&rig, n, vec![refresh(ROOM, item), refresh("fake/elsewhere", item)]).await;
    }
    until("the newest state", || rig.bot.edits(ROOM).last().is_some_and(|(_, text)| text == "T7 changed 29")).await;
    let edits = rig.bot.edits(ROOM);
    assert!(edits.len() <= 4, "{edits:?}");
    assert!(edits.iter().all(|(id, _)| *id == shown.message.id));
    assert_eq!(rig.outbox.card(&room(ROOM), item).unwrap().version, 29);
    assert_eq!(rig.bot.sent("fake/elsewhere").len() + rig.bot.edits("fake/elsewhere").len(), 0);

    rig.bot.platform.lock().unwrap().gone.insert(shown.message.id.clone());
    rig.items.set(item, "T7 done", 30);
    derive(&rig, 30, vec![refresh(ROOM, item)]).await;
    until("the card is forgotten", || rig.outbox.card(&room(ROOM), item).is_none()).await;
    assert_eq!(rig.bot.sent(ROOM), ["T7 created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_card_brings_the_older_one_up_to_date_once() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let item = todo(1);
    rig.items.set(item, "T1 open", 1);
    rig.outbox.answer("1", &room(ROOM), card("T1 created", item, 1)).await.unwrap();
    until("the first", || rig.bot.sent(ROOM).len() == 1).await;
    rig.items.set(item, "T1 done", 2);
    rig.outbox.answer("2", &room(ROOM), card("T1 done, T2 waits no longer", item, 2)).await.unwrap();
    until("the second", || rig.bot.sent(ROOM).len() == 2).await;
    derive(&rig, 2, vec![refresh(ROOM, item)]).await;
    until("the older card", || rig.bot.edits(ROOM) == [("1".to_owned(), "T1 done".to_owned())]).await;
    rig.items.set(item, "T1 open again", 3);
    derive(&rig, 3, vec![refresh(ROOM, item)]).await;
    until("the newer card", || rig.bot.edits(ROOM).len() == 2).await;
    assert_eq!(rig.bot.edits(ROOM)[1], ("2".to_owned(), "T1 open again".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_during_the_send_is_not_missed() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let item = todo(1);
    rig.items.set(item, "T1 open", 1);
    rig.bot.script(ROOM, [Step::After(Duration::from_millis(100))]);
    // Not waited for: on a slow disk the send can be over before the answer is durable.
    let outbox = rig.outbox.clone();
    tokio::spawn(async move { outbox.answer("1", &room(ROOM), card("T1 created", item, 1)).await.map(drop) });
    until("the send is under way", || rig.bot.platform.lock().unwrap().attempts.len() == 1).await;
    // The router sees no card here: it would derive nothing.
    rig.items.set(item, "T1 doing", 2);
    until("the card", || rig.bot.edits(ROOM) == [("1".to_owned(), "T1 doing".to_owned())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_notice_takes_the_place_of_one_that_waits() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.script(ROOM, [Step::After(Duration::from_millis(60))]);
    let notice = |number, version, text: &str| Intent::Notice {
        room: room(ROOM),
        item: todo(number),
        version,
        position: Position(version),
        message: Outbound::text(text),
    };
    derive(&rig, 1, vec![Intent::Plain { room: room(ROOM), message: Outbound::text("first") }]).await;
    derive(&rig, 2, vec![notice(1, 1, "T1 created"), notice(2, 1, "T2 created")]).await;
    derive(&rig, 3, vec![notice(1, 2, "T1 started")]).await;
    until("three", || rig.bot.sent(ROOM).len() == 3).await;
    assert_eq!(rig.bot.sent(ROOM), ["first", "T1 started", "T2 created"]);
    assert_eq!(rig.outbox.card(&room(ROOM), todo(1)).map(|card| card.version), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_stays_on_disk_and_survives_a_restart_in_order() {
    let dir = tempdir().unwrap();
    let kept = OutboxSettings { queue_room_max: 4, ..OutboxSettings::default() };
    let stuck = (0..1000).map(|_| Step::Fail(SendError::NotSent("down".into())));
    let slow =
        super::DeliverySettings { backoff_min: Duration::from_secs(5), backoff_max: Duration::from_secs(5), ..quick() };
    let rig = Rig::with(dir.path(), FakeBot::new(), kept.clone(), slow);
    rig.bot.script(ROOM, stuck);
    for n in 0..10 {
        rig.outbox.answer(&n.to_string(), &room(ROOM), plain(&n.to_string())).await.unwrap();
    }
    derive(
        &rig,
        9,
        (10..100).map(|n| Intent::Plain { room: room(ROOM), message: Outbound::text(n.to_string()) }).collect(),
    )
    .await;
    assert_eq!(rig.outbox.stats(&BotName::new("fake")).queued, 100);
    let (outbox, _) = rig.stop().await;
    drop(outbox);

    let rig = Rig::with(dir.path(), FakeBot::new(), kept, quick());
    rig.bot.script(ROOM, [Step::Fail(SendError::NotSent("still down".into()))]);
    assert_eq!(rig.outbox.cursor(&BotName::new("fake")), Some(Position(9)));
    assert_eq!(rig.outbox.answer("3", &room(ROOM), plain("3")).await.unwrap(), Answered::Already);
    rig.outbox.answer("last", &room(ROOM), plain("100")).await.unwrap();
    until("all of them", || rig.bot.sent(ROOM).len() == 101).await;
    assert_eq!(rig.bot.sent(ROOM), (0..101).map(|n| n.to_string()).collect::<Vec<_>>());
    until("nothing is left", || rig.outbox.stats(&BotName::new("fake")).queued == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_breaks_off_what_hangs_and_marks_it_at_the_next_start() {
    let dir = tempdir().unwrap();
    let rig = Rig::with(
        dir.path(),
        FakeBot::new(),
        OutboxSettings::default(),
        super::DeliverySettings { attempt_max: Duration::from_secs(60), in_flight_max: 1, ..quick() },
    );
    rig.bot.script(ROOM, [Step::Hang]);
    rig.outbox.answer("1", &room(ROOM), plain("hung")).await.unwrap();
    until("it hangs", || rig.bot.platform.lock().unwrap().attempts.len() == 1).await;
    rig.outbox.answer("2", &room("fake/2"), plain("never tried")).await.unwrap();
    let (outbox, _) = rig.stop().await;
    // Kept although nothing is delivered any more.
    outbox.answer("3", &room("fake/3"), plain("after the stop")).await.unwrap();
    drop(outbox);
    let rig = Rig::new(dir.path());
    until("all three", || rig.bot.shown().len() == 3).await;
    assert_eq!(rig.bot.sent("fake/2"), ["never tried"]);
    assert_eq!(rig.bot.sent("fake/3"), ["after the stop"]);
    assert!(rig.bot.sent(ROOM)[0].starts_with("hung\n(possibly a repeat"), "{:?}", rig.bot.sent(ROOM));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_more_than_so_many_at_the_same_time() {
    let dir = tempdir().unwrap();
    let settings = super::DeliverySettings { in_flight_max: 5, ..quick() };
    let rig = Rig::with(dir.path(), FakeBot::new(), OutboxSettings::default(), settings);
    for n in 0..40 {
        let name = format!("fake/{n}");
        rig.bot.script(&name, [Step::After(Duration::from_millis(5))]);
        let (outbox, name) = (rig.outbox.clone(), name);
        tokio::spawn(async move { outbox.answer(&name, &room(&name), plain("x")).await.map(drop) });
    }
    until("all of them", || rig.bot.shown().len() == 40).await;
    assert_eq!(rig.bot.platform.lock().unwrap().at_once_max, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_can_be_kept_answers_are_shown_all_the_same() {
    let dir = tempdir().unwrap();
    let full = OutboxSettings { free_floor_bytes: u64::MAX, queue_room_max: 2, ..OutboxSettings::default() };
    let rig = Rig::with(dir.path(), FakeBot::new(), full, quick());
    for n in 0..5 {
        let answered = rig.outbox.answer(&n.to_string(), &room(ROOM), plain(&n.to_string())).await;
        assert!(answered.unwrap_err().to_string().starts_with("shown, but not kept: only"));
        rig.outbox.answer(&n.to_string(), &room(ROOM), plain(&n.to_string())).await.unwrap_err();
    }
    until("five answers", || rig.bot.sent(ROOM).len() == 5).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(rig.bot.sent(ROOM), ["0", "1", "2", "3", "4"]);
    assert!(rig.outbox.refusing().is_some());
    rig.outbox
        .keep_aside(&BotName::new("fake"), yoman_chat::Aside { id: "1".into(), raw: "{".into(), why: "?".into() })
        .await
        .unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_and_its_mark_fit_the_platform() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    let mut text = Text::new();
    text.plain("word ".repeat(9000));
    rig.bot.script(ROOM, [Step::Lost]);
    rig.outbox
        .answer("1", &room(ROOM), vec![Answer { card: Some((todo(1), 1)), ..Answer::new(Outbound::text(text)) }])
        .await
        .unwrap();
    until("it is there", || rig.outbox.card(&room(ROOM), todo(1)).is_some()).await;
    let shown = rig.bot.shown();
    assert!(shown[1].text.contains("possibly a repeat"));
    // Whatever the parts are, the card is the last of them.
    assert_eq!(rig.outbox.card(&room(ROOM), todo(1)).map(|card| card.message.id), shown.last().map(|it| it.id.clone()));
}
