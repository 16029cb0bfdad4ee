//! What is owed is owed until it is published.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    log::jetstream::{Connection, NatsSettings},
    nodes::{clock, line::Pen},
    notify::OutboxSettings,
};

#[tokio::test]
async fn a_snapshot_that_is_broken_off_is_owed_still() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
    // Nobody listens there: it begins and does not get on.
    let settings = NatsSettings { servers: vec!["nats://127.0.0.1:1".to_owned()], ..NatsSettings::default() };
    let stores = Arc::new(Stores::new(Connection::open(settings).await.unwrap()));
    let (bot, hold) = (BotName::new("fake"), Hold::new(clock::now() + Duration::from_secs(3600), Box::new(|_| false)));
    let lines = Lines::new([bot.clone()]);
    let pen =
        Pen { stores: Arc::clone(&stores), bot: bot.clone(), hold: Arc::clone(&hold), token: 1, number: 1, last: 1 };
    let writing = lines.open(&bot, pen);
    for (anew, owed) in [(false, false), (true, true)] {
        hold.owed.store(owed, Ordering::SeqCst);
        let all = publish((&stores, &lines, &outbox), &bot, &hold, anew);
        assert!(tokio::time::timeout(Duration::from_millis(50), all).await.is_err(), "it goes on");
        assert_eq!(hold.owed.load(Ordering::SeqCst), owed);
    }
    // One that failed, too.
    hold.lose("somebody else speaks");
    publish((&stores, &lines, &outbox), &bot, &hold, true).await.unwrap_err();
    assert!(hold.owed.load(Ordering::SeqCst));
    writing.abort();
}
