//! A board that is kept up to date, whatever the platform and the people do.

use std::time::Duration;

use tempfile::tempdir;
use yoman_chat::{BotName, MessageRef, RoomId, SendError};

use super::super::{
    Anew, Answer, DeliverySettings, Intent, OutboxSettings,
    fake::{FakeBot, Rig, Step, quick, until},
};
use crate::log::Position;

const ROOM: &str = "fake/1";

fn room() -> RoomId {
    RoomId::new(ROOM)
}

fn bot() -> BotName {
    BotName::new("fake")
}

fn settings() -> DeliverySettings {
    DeliverySettings { board_every: Duration::from_millis(80), ..quick() }
}

fn rig(dir: &std::path::Path) -> Rig {
    Rig::with(dir, FakeBot::new(), OutboxSettings::default(), settings())
}

async fn wanted(rig: &Rig, anew: Anew) {
    let position = Position(rig.outbox.cursor(&bot()).map_or(1, |at| at.0 + 1));
    rig.outbox.derived(&bot(), position, vec![Intent::Board { room: room(), anew }]).await.unwrap();
}

async fn quiet(rig: &Rig) {
    until("nothing waits", || rig.outbox.stats(&bot()).queued == 0).await;
}

/// What was done to messages: `1=text` for a change, `1+` for a pin, `1-` for the end of one.
fn done(rig: &Rig) -> Vec<String> {
    let shown = rig.bot.shown().into_iter().filter(|it| it.edit);
    shown
        .map(|it| match it.message.pin {
            None => format!("{}={}", it.id, it.text),
            Some(true) => format!("{}+", it.id),
            Some(false) => format!("{}-", it.id),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_sent_once_pinned_once_and_then_changed() {
    let dir = tempdir().unwrap();
    let rig = rig(dir.path());
    rig.items.set_board(Some("a"));
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    assert_eq!((rig.bot.sent(ROOM), done(&rig)), (vec!["a".to_owned()], vec!["1+".to_owned()]));
    assert!(rig.bot.shown()[0].message.silent);
    assert!(rig.outbox.is_board(&MessageRef { room: room(), id: "1".into() }));
    // Many changes at once are one, and what shows the same is left alone.
    rig.items.set_board(Some("b"));
    for _ in 0..20 {
        wanted(&rig, Anew::No).await;
    }
    quiet(&rig).await;
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    assert_eq!(done(&rig), ["1+", "1=b"]);
    let shown = rig.bot.shown();
    rig.items.set_board(Some("c"));
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    let apart = rig.bot.shown().last().unwrap().at - shown.last().unwrap().at;
    assert!(apart >= Duration::from_millis(80), "{apart:?}");
    // Whoever asks for it once more gets it pinned once more; nothing else happens.
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    assert_eq!(done(&rig), ["1+", "1=b", "1=c", "1+"]);
    // It ends.
    rig.items.set_board(None);
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    assert_eq!(done(&rig)[4..], ["1=over", "1-"]);
    assert!(rig.outbox.rooms_with_board(&bot()).is_empty());
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    assert_eq!(done(&rig).len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_it_comes_again_once_and_then_only_when_asked_for() {
    let dir = tempdir().unwrap();
    let rig = rig(dir.path());
    rig.items.set_board(Some("a"));
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    let delete = |id: &str| assert!(rig.bot.platform.lock().unwrap().gone.insert(id.to_owned()));
    delete("1");
    rig.items.set_board(Some("b"));
    wanted(&rig, Anew::No).await;
    until("the second", || rig.bot.sent(ROOM) == ["a", "b"]).await;
    quiet(&rig).await;
    assert_eq!(done(&rig), ["1+", "2+"]);
    // It was changed since: this is another time.
    rig.items.set_board(Some("c"));
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    delete("2");
    rig.items.set_board(Some("d"));
    wanted(&rig, Anew::No).await;
    until("the third", || rig.bot.sent(ROOM) == ["a", "b", "d"]).await;
    quiet(&rig).await;
    // It was not.
    delete("3");
    for text in ["e", "f"] {
        rig.items.set_board(Some(text));
        wanted(&rig, Anew::No).await;
        quiet(&rig).await;
    }
    assert_eq!(rig.bot.sent(ROOM).len(), 3);
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    assert_eq!(rig.bot.sent(ROOM), ["a", "b", "d", "f"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sent_anew_the_one_before_is_put_away() {
    let dir = tempdir().unwrap();
    let rig = rig(dir.path());
    rig.items.set_board(Some("a"));
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    rig.outbox.answer("fake/1/5", &room(), vec![Answer::board(Anew::Send)]).await.unwrap();
    rig.outbox.answer("fake/1/5", &room(), vec![Answer::board(Anew::Send)]).await.unwrap();
    until("the second", || rig.bot.sent(ROOM).len() == 2).await;
    quiet(&rig).await;
    assert_eq!(done(&rig), ["1+", "2+", "1=moved", "1-"]);
    assert!(rig.outbox.is_board(&MessageRef { room: room(), id: "2".into() }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_pin_is_told_once_and_the_board_goes_on() {
    let dir = tempdir().unwrap();
    let rig = rig(dir.path());
    rig.items.set_board(Some("a"));
    rig.bot.script(ROOM, [Step::After(Duration::ZERO), Step::Fail(SendError::Refused("no right".into()))]);
    wanted(&rig, Anew::Pin).await;
    until("the word", || rig.bot.sent(ROOM) == ["a", "not pinned: no right"]).await;
    rig.items.set_board(Some("b"));
    wanted(&rig, Anew::No).await;
    quiet(&rig).await;
    assert_eq!((rig.bot.sent(ROOM).len(), done(&rig)), (2, vec!["1=b".to_owned()]));
    wanted(&rig, Anew::Pin).await;
    quiet(&rig).await;
    assert_eq!(done(&rig), ["1=b", "1+"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_is_tried_again_and_only_a_send_may_come_twice_marked() {
    let dir = tempdir().unwrap();
    let rig = rig(dir.path());
    rig.items.set_board(Some("a"));
    // The send takes effect and its answer is lost; then the pin fails for a while; then a change does.
    let slow = || Step::Fail(SendError::RetryAfter { after: Duration::from_millis(20), whole_bot: false });
    rig.bot.script(ROOM, [Step::Lost, Step::After(Duration::ZERO), Step::After(Duration::ZERO), slow(), Step::Hang]);
    wanted(&rig, Anew::Pin).await;
    until("the second", || rig.bot.sent(ROOM).len() == 2).await;
    until("the pin", || done(&rig).contains(&"2+".to_owned())).await;
    quiet(&rig).await;
    let sent = rig.bot.sent(ROOM);
    assert_eq!(sent[0], "a");
    assert!(sent[1].starts_with("a\n(possibly a repeat"), "{sent:?}");
    // The mark goes as soon as the message is known.
    assert_eq!(done(&rig)[0], "2=a");
    let counters = rig.outbox.stats(&bot()).counters;
    assert_eq!((counters.sent, counters.possibly_delivered), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_is_made_up_for() {
    let dir = tempdir().unwrap();
    let first = rig(dir.path());
    first.items.set_board(Some("a"));
    // It stands, and is not pinned when the process ends.
    first.bot.script(ROOM, [Step::After(Duration::ZERO), Step::Hang]);
    wanted(&first, Anew::Pin).await;
    until("the first", || first.bot.sent(ROOM) == ["a"]).await;
    // Only what has been handed to the store is there after the next start; the pin is tried behind that.
    until("the pin is tried", || first.bot.platform.lock().unwrap().script[&room()].is_empty()).await;
    let (outbox, bot_of_then) = first.stop().await;
    outbox.close().await.unwrap();
    drop(outbox);
    until("the store is free", || std::sync::Arc::strong_count(&bot_of_then) == 1).await;
    let again = Rig::with(dir.path(), bot_of_then, OutboxSettings::default(), settings());
    again.items.set_board(Some("b"));
    assert_eq!(again.outbox.rooms_with_board(&bot()), [room()]);
    again.outbox.refresh_boards(&bot(), [room()]);
    quiet(&again).await;
    assert_eq!(again.bot.sent(ROOM), ["a"]);
    assert_eq!(done(&again), ["1=b", "1+"]);
}
