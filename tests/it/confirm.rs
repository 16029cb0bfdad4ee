//! Questions before what cannot simply be taken back: bound to who asked, where and for what; for ten minutes, and once.

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;

use crate::stage::{Ground, Seat, Stage};

/// Friday, 20 November 2026, 18:00 in Seoul, where the stage stands.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// Kim owns and dana maintains, both on the phone and in a group there.
async fn scene() -> (Stage, Seat, Seat, Seat) {
    let mut stage = Stage::at(friday()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("telegram", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "maintainer").await;
    let team = stage.group("telegram", "team", "kim");
    stage.say(&team, "/enable").await;
    stage.forget();
    (stage, kim, dana, team)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_shuts_somebody_out_asks_first_and_the_question_becomes_the_answer() {
    let (mut stage, kim, dana, team) = scene().await;
    let head = stage.head();
    // What would be refused is refused at once.
    stage.say(&dana, "/revoke @kim").await;
    stage.say(&kim, "/revoke @kim").await;
    stage.say(&kim, "/revoke @dana").await;
    stage.press(&kim, "No").await;
    stage.say(&team, "/disable").await;
    assert_eq!(stage.head(), head, "asking changes nothing");
    // Not by somebody else in the room, whatever they may.
    let dana_there = stage.group("telegram", "team", "dana");
    let (card, data, label) = stage.question(&team);
    stage.press_data(&dana_there, &card, &data, &label).await;
    assert_eq!(stage.head(), head);
    stage.press_data(&team, &card, &data, &label).await;
    stage.say(&team, "/list").await;
    assert_eq!(stage.head(), head + 1);
    stage.say(&team, "/enable").await;
    // Once.
    stage.press_data(&team, &card, &data, "once more").await;
    stage.confirm(&kim, "/revoke @dana").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_lapses_and_says_so() {
    let (mut stage, kim, dana, team) = scene().await;
    stage.say(&kim, "/revoke @dana").await;
    let (card, data, label) = stage.question(&kim);
    stage.until(friday() + TimeDelta::minutes(10)).await;
    // Its message changes by itself: nothing is left to press.
    stage.sees(&kim, "nobody confirmed this").await;
    // A press that was on its way.
    stage.press_data(&kim, &card, &data, &label).await;
    stage.press(&kim, "revoke @dana").await;
    let (card, data, label) = stage.question(&kim);
    // What it is about changes.
    stage.say(&kim, "/grant @dana owner").await;
    stage.press_data(&kim, &card, &data, &label).await;
    // Asked anew, the older one is void.
    stage.say(&team, "/disable").await;
    let (card, data, label) = stage.question(&team);
    stage.say(&team, "/disable").await;
    stage.press_data(&team, &card, &data, &label).await;
    drop(dana);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_does_not_outlive_the_process_and_offers_to_ask_again() {
    let mut stage = Stage::new(Ground::Disk).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("telegram", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "maintainer").await;
    stage.forget();
    stage.say(&kim, "/revoke @dana").await;
    let (card, data, label) = stage.question(&kim);
    stage.restart().await;
    let head = stage.head();
    stage.press_data(&kim, &card, &data, &label).await;
    assert_eq!(stage.head(), head);
    stage.press(&kim, "revoke @dana").await;
    let (card, data, label) = stage.question(&kim);
    let press = kim.inbound(
        format!("{}/{}/p", card.room, card.id),
        yoman_chat::Said::Pressed { data, card: card.clone(), words: None },
    );
    stage.send(&kim, press.clone(), &format!("[{label}]")).await;
    assert_eq!(stage.head(), head + 1);
    // Delivered again, by a platform that never learned it was kept: the same answer, nothing done.
    stage.restart().await;
    stage.house().caught_up().await;
    let phone = yoman_chat::BotName::new("telegram");
    let again = stage.house().intake.handle(&phone, &press).await.unwrap();
    assert!(again[0].message.text.to_plain().contains("dana"), "{again:?}");
    assert!(!again[0].message.text.to_plain().contains("Not done"), "{again:?}");
    assert_eq!(stage.head(), head + 1);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_back_many_acts_asks_and_taking_back_few_does_not() {
    let (mut stage, kim, ..) = scene().await;
    for n in 1..=4 {
        stage.say(&kim, &format!("/todo Number {n}")).await;
    }
    stage.forget();
    let head = stage.head();
    stage.say(&kim, "/undo T1 T2 T3 T4").await;
    assert_eq!(stage.head(), head);
    stage.say(&kim, "/note T2 in between").await;
    let (card, data, label) = stage.question(&kim);
    stage.press_data(&kim, &card, &data, &label).await;
    assert_eq!(stage.head(), head + 1, "one of them was changed meanwhile");
    stage.say(&kim, "/undo T2").await;
    stage.confirm(&kim, "/undo T1 T2 T3 T4").await;
    stage.say(&kim, "/lang ko").await;
    stage.say(&kim, "/undo T1 T2 T3 T4").await;
    assert_snapshot!(stage.transcript());
}
