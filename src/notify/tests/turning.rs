//! An answer that takes the place of a message: once, whatever the platform does.

use tempfile::tempdir;
use yoman_chat::{BotName, MessageRef, Outbound, RoomId, SendError};

use super::super::{
    Answer, OutboxSettings,
    fake::{FakeBot, Rig, Step, quick, until},
};

const ROOM: &str = "fake/1";

fn over(id: &str, text: &str) -> Vec<Answer> {
    let over = MessageRef { room: RoomId::new(ROOM), id: id.to_owned() };
    vec![Answer { over: Some(over), ..Answer::new(Outbound::text(text)) }]
}

async fn answer(rig: &Rig, id: &str, answers: Vec<Answer>) {
    rig.outbox.answer(id, &RoomId::new(ROOM), answers).await.unwrap();
}

async fn done(rig: &Rig) {
    until("nothing waits", || rig.outbox.stats(&BotName::new("fake")).queued == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_is_changed_and_none_is_sent() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    answer(&rig, "a", vec![Answer::new(Outbound::text("page 1"))]).await;
    done(&rig).await;
    answer(&rig, "b", over("1", "page 2")).await;
    answer(&rig, "b", over("1", "page 2")).await;
    done(&rig).await;
    assert_eq!(rig.bot.sent(ROOM), ["page 1"]);
    assert_eq!(rig.bot.edits(ROOM), [("1".to_owned(), "page 2".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_gone_or_cannot_be_changed_a_new_one_is_sent() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.platform.lock().unwrap().gone.insert("7".into());
    answer(&rig, "a", over("7", "page 2")).await;
    done(&rig).await;
    assert_eq!(rig.bot.sent(ROOM), ["page 2"]);
    rig.bot.script(ROOM, [Step::Fail(SendError::Refused("too old to be changed".into()))]);
    answer(&rig, "b", over("8", "page 3")).await;
    done(&rig).await;
    assert_eq!(rig.bot.sent(ROOM), ["page 2", "page 3"]);
    assert_eq!(rig.bot.edits(ROOM), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_twice_it_carries_no_mark() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.script(ROOM, [Step::Lost, Step::Fail(SendError::NotSent("no network".into()))]);
    answer(&rig, "a", over("7", "page 2")).await;
    done(&rig).await;
    let page = || ("7".to_owned(), "page 2".to_owned());
    assert_eq!(rig.bot.edits(ROOM), [page(), page()]);
    assert_eq!(rig.bot.sent(ROOM), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_survives_a_restart() {
    let dir = tempdir().unwrap();
    let rig = Rig::new(dir.path());
    rig.bot.script(ROOM, [Step::Hang]);
    answer(&rig, "a", over("7", "page 2")).await;
    until("the attempt", || rig.bot.platform.lock().unwrap().attempts.len() == 1).await;
    let (outbox, _) = rig.stop().await;
    drop(outbox);
    let rig = Rig::with(dir.path(), FakeBot::new(), OutboxSettings::default(), quick());
    until("the change", || rig.bot.edits(ROOM).len() == 1).await;
    done(&rig).await;
    assert_eq!(rig.bot.edits(ROOM), [("7".to_owned(), "page 2".to_owned())]);
}
