//! Quiet hours and digests: nothing comes meanwhile, everything comes afterwards, once, with what is to be decided on top.

use chrono::{DateTime, Utc};
use insta::assert_snapshot;

use crate::stage::{Seat, Stage};

/// A time of day in Seoul, where the stage stands; 20 November 2026 is a Friday.
fn seoul(day: u32, time: &str) -> DateTime<Utc> {
    format!("2026-11-{day:02}T{time}:00+09:00").parse().unwrap()
}

/// On Friday at six, kim on the phone and dana at the desk, who follows everything of the app.
async fn friday() -> (Stage, Seat, Seat) {
    let mut stage = Stage::at(seoul(20, "18:00")).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.say(&dana, "/follow #app").await;
    stage.forget();
    (stage, kim, dana)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_night_lets_what_is_urgent_through_and_the_rest_comes_in_the_morning() {
    let (mut stage, kim, dana) = friday().await;
    stage.say(&dana, "/quiet 22:00-7:00 urgent").await;
    stage.until(seoul(20, "23:00")).await;
    stage.say(&kim, "/idea Offline mode #app").await;
    stage.say(&kim, "/todo Fix login #app").await;
    stage.say(&kim, "/done T1").await;
    stage.say(&kim, "/pr Retry the upload #app").await;
    stage.say(&kim, "/todo The server is down #app !urgent").await;
    stage.sees(&dana, "The server is down").await;
    stage.say(&dana, "/quiet").await;
    stage.until(seoul(21, "06:59")).await;
    stage.quiet(&dana.bot).await;
    stage.until(seoul(21, "07:00")).await;
    stage.sees(&dana, "3 items").await;
    // What happens afterwards comes at once again.
    stage.say(&kim, "/todo Write it down #app").await;
    stage.sees(&dana, "Write it down").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_comes_at_its_hour_once_and_not_when_there_is_nothing() {
    let (mut stage, kim, dana) = friday().await;
    stage.say(&dana, "/digest daily 9:00").await;
    stage.say(&kim, "/todo Fix login #app @dana due:2026-11-20").await;
    stage.say(&kim, "/note T1 It loops, says @dana").await;
    stage.quiet(&dana.bot).await;
    stage.say(&dana, "/digest").await;
    let before = stage.came(&dana).len();
    stage.until(seoul(21, "09:00")).await;
    stage.sees(&dana, "T1").await;
    assert_eq!(stage.came(&dana).len(), before + 1, "one message");
    stage.until(seoul(22, "09:30")).await;
    stage.say(&kim, "/todo Unrelated").await;
    stage.quiet(&dana.bot).await;
    assert_eq!(stage.came(&dana).len(), before + 1, "nothing happened");
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_can_be_asked_for_and_comes_when_the_hours_are_taken_back() {
    let (mut stage, kim, dana) = friday().await;
    stage.say(&dana, "/digest now").await;
    stage.say(&dana, "/digest weekly mon 9:00").await;
    stage.say(&kim, "/todo Fix login #app").await;
    stage.quiet(&dana.bot).await;
    let said = stage.say(&dana, "/digest now").await;
    assert!(said.iter().any(|text| text.contains("1 item")), "{said:?}");
    stage.say(&kim, "/todo Fix logout #app").await;
    stage.quiet(&dana.bot).await;
    let said = stage.say(&dana, "/undo").await;
    assert!(said.iter().any(|text| text.contains("Fix logout")), "{said:?}");
    stage.say(&dana, "/digest 25:00").await;
    stage.say(&dana, "/quiet 22:00-22:00").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_said_in_korean_too() {
    let (mut stage, kim, dana) = friday().await;
    stage.say(&dana, "/lang ko").await;
    stage.say(&dana, "/요약 매주 월 9시").await;
    stage.say(&dana, "/방해금지 22시부터 7시까지 긴급").await;
    stage.say(&dana, "/요약").await;
    stage.say(&kim, "/idea Offline mode #app").await;
    stage.say(&kim, "/todo Fix login #app @dana").await;
    stage.say(&kim, "/doing T1").await;
    stage.quiet(&dana.bot).await;
    let said = stage.say(&dana, "/요약 지금").await;
    assert!(said.iter().any(|text| text.contains("T1 ")), "{said:?}");
    stage.say(&dana, "/알림받기").await;
    assert_snapshot!(stage.transcript());
}
