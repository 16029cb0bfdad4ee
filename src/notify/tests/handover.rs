//! A bot's part of the outbox: put down and taken up, here and from one process to another.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use proptest::prelude::*;
use tempfile::tempdir;
use yoman_chat::{Bot, BotName, Outbound, RoomId, Stop};

use super::super::{
    Answer, Delivery, Gate, Hold, Intent, Outbox, OutboxSettings,
    fake::{FakeBot, Items, quick, until},
    key,
    scene::{DANA, KIM},
};
use crate::{
    domain::{Identity, ItemRef},
    log::Position,
};

fn fake() -> BotName {
    BotName::new("fake")
}

fn plain(text: &str) -> Vec<Answer> {
    vec![Answer::new(Outbound::text(text))]
}

fn open(dir: &std::path::Path) -> Outbox {
    Outbox::open(&dir.join("bots"), OutboxSettings::default()).unwrap()
}

struct Speaking {
    delivery: Delivery,
    stop: Stop,
}

fn speak(bot: &Arc<FakeBot>, outbox: &Outbox, gate: Gate) -> Speaking {
    let (stop, render) = (Stop::new(), Arc::new(Items::default()));
    let bot = Arc::clone(bot) as Arc<dyn Bot>;
    Speaking { delivery: Delivery::start_through(gate, bot, outbox.clone(), render, quick(), stop.clone()), stop }
}

impl Speaking {
    async fn stops(self) {
        self.stop.cancel();
        self.delivery.ended().await;
    }
}

async fn copy(from: &Outbox, to: &Outbox, bot: &BotName) {
    from.sync().await.unwrap();
    let mut rows = Vec::new();
    from.each_row_of(bot, |key, value| rows.push((key, value)));
    to.replace_rows(bot, rows).await.unwrap();
    to.take_up(bot).await;
}

#[tokio::test]
async fn nothing_is_shown_through_a_closed_gate_and_all_of_it_later() {
    let dir = tempdir().unwrap();
    let (bot, outbox) = (FakeBot::new(), open(dir.path()));
    let is_open = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_open);
    let speaking = speak(&bot, &outbox, Gate::asking(move || asked.load(Ordering::SeqCst)));
    for n in 0..5 {
        outbox.answer(&format!("fake/1/{n}"), &RoomId::new("fake/1"), plain(&n.to_string())).await.unwrap();
    }
    let failed = || outbox.stats(&fake()).counters.failures;
    until("an attempt at the gate", || failed() > 1).await;
    assert!(bot.shown().is_empty());
    assert!(bot.platform.lock().unwrap().attempts.is_empty());
    is_open.store(true, Ordering::SeqCst);
    until("all of it", || bot.sent("fake/1").len() == 5).await;
    assert_eq!(bot.sent("fake/1"), ["0", "1", "2", "3", "4"], "none is marked as a possible repeat");
    speaking.stops().await;
}

#[tokio::test]
async fn a_bot_is_stopped_and_started_any_number_of_times() {
    let dir = tempdir().unwrap();
    let (bot, outbox) = (FakeBot::new(), open(dir.path()));
    let mut expected = Vec::new();
    for n in 0..6 {
        if n % 2 == 0 {
            outbox.put_down(&fake()).await;
        }
        let text = format!("while nobody spoke {n}");
        outbox.answer(&format!("fake/1/{n}"), &RoomId::new("fake/1"), plain(&text)).await.unwrap();
        outbox.take_up(&fake()).await;
        assert_eq!(outbox.stats(&fake()).queued, 1, "what waits is found, once");
        expected.push(text);
        let speaking = speak(&bot, &outbox, Gate::open());
        until("shown", || bot.sent("fake/1").len() == expected.len()).await;
        speaking.stops().await;
    }
    assert_eq!(bot.sent("fake/1"), expected);
}

#[tokio::test]
async fn whoever_takes_over_goes_on_where_the_other_was() {
    let home = tempdir().unwrap();
    let (first, second) = (open(&home.path().join("1")), open(&home.path().join("2")));
    let (bot, room, item) = (FakeBot::new(), RoomId::new("fake/1"), "T1".parse::<ItemRef>().unwrap());
    let speaking = speak(&bot, &first, Gate::open());
    let card = vec![Answer { card: Some((item, 1)), ..Answer::new(Outbound::text("T1")) }];
    first.answer("fake/1/1", &room, card).await.unwrap();
    until("the card", || first.card(&room, item).is_some()).await;
    speaking.stops().await;
    // Not shown yet when the first one ends.
    first.answer("fake/1/2", &room, plain(&"long ".repeat(9000))).await.unwrap();
    let hold = Hold { since: Position(3), at: chrono::Utc::now(), due: None, all: true };
    let notice = Intent::Refresh { room: room.clone(), item };
    first.saved(&fake(), Position(7), vec![notice], vec![(RoomId::new("fake/2"), Some(hold))]).await.unwrap();
    first.met(&room, DANA, &Identity("fake/dana".into()), Some("ko"), Position(1));
    first.remember(&fake(), "offset", "41").await.unwrap();
    // What the second one thought so far is not true any more, and what belongs to others stays.
    second.answer("fake/1/0", &room, plain("never to be shown")).await.unwrap();
    second.met(&room, KIM, &Identity("fake/kim".into()), None, Position(0));
    second.answer("other/1/0", &RoomId::new("other/1"), plain("stays")).await.unwrap();
    copy(&first, &second, &fake()).await;

    assert!(second.answered("fake/1/1") && second.answered("fake/1/2") && !second.answered("fake/1/0"));
    assert_eq!((second.cursor(&fake()), second.memo(&fake(), "offset").as_deref()), (Some(Position(7)), Some("41")));
    assert_eq!(second.card(&room, item), first.card(&room, item));
    assert_eq!(second.holds(&fake()), first.holds(&fake()));
    assert_eq!(second.heard_in(&room).map(|heard| heard.person), Some(DANA));
    let queued = |outbox: &Outbox, bot: &str| outbox.stats(&BotName::new(bot)).queued;
    assert_eq!((queued(&second, "fake"), queued(&second, "other")), (2, 1));
    let speaking = speak(&bot, &second, Gate::open());
    until("the rest", || queued(&second, "fake") == 0).await;
    assert!(bot.sent("fake/1").len() > 5 && !bot.sent("fake/1").contains(&"never to be shown".to_owned()));
    speaking.stops().await;
}

#[tokio::test]
async fn rows_of_one_bot_touch_no_other() {
    let home = tempdir().unwrap();
    let outbox = open(home.path());
    let alien = (b"pother".to_vec(), b"\x019".to_vec());
    outbox.replace_rows(&fake(), vec![alien.clone()]).await.unwrap_err();
    outbox.apply_rows(&fake(), vec![(alien.0, Some(alien.1))]).await.unwrap_err();
    assert_eq!(outbox.cursor(&BotName::new("other")), None);
}

proptest! {
    /// Every row there can be belongs to the bot it is about.
    #[test]
    fn every_row_has_its_owner(name in "[a-z][a-z0-9-]{0,8}", rest in "[a-z0-9:/]{1,12}", item in 1u32..999, seq in any::<u64>()) {
        let (bot, room) = (BotName::new(name.clone()), RoomId::new(format!("{name}/{rest}")));
        let (item, seq) = (format!("T{item}").parse::<ItemRef>().unwrap(), key::Seq { seq, part: 3 });
        let message = yoman_chat::MessageRef { room: room.clone(), id: rest.clone() };
        let mut keys = vec![
            key::entry(&room, seq), key::tries(&room, seq), key::order(&room, seq), key::card(&room, item),
            key::message(&message), key::refusing(&room), key::held(&room), key::direct(&room), key::board(&room),
            key::cursor(&bot), key::memo(&bot, &rest), key::aside(&bot, seq.seq), key::aside_count(&bot),
            key::unsure_count(&bot), key::answered(&bot, &rest), key::answered(&bot, &format!("{name}/{rest}")),
        ];
        let mut ops = super::Ops::default();
        ops.put(key::entry(&room, seq), &"x".repeat(40_000));
        keys.extend(ops.rows().iter().map(|(key, _)| key.clone()));
        for key in keys {
            prop_assert_eq!(key::owner(&key), Some(bot.clone()), "{:?}", String::from_utf8_lossy(&key));
        }
    }
}
