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
    vec![Answer { message: Outbound::text(text), card: Some((item, version)) }]
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
    let stats = rig.outbox.stats(&BotName::new("fake"));
    assert_eq!((stats.counters.sent, stats.counters.failures), (100, 0));
    let (outbox, _) = rig.stop().await;
    assert_eq!(outbox.stats(&BotName::new("fake")).queued, 0);
}
