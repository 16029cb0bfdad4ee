//! What a room is told, and where somebody is: filters, mutes, mentions, preferences.

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;

use crate::stage::{Seat, Stage};

/// Friday, 20 November 2026, 18:00 in Seoul, where the stage stands.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mute_ends_by_the_clock_and_leaves_nothing_behind() {
    let mut stage = Stage::at(friday()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.say(&dana, "/follow #app").await;
    stage.say(&dana, "/mute 2h").await;
    stage.say(&kim, "/todo Fix login #app").await;
    stage.quiet(&dana.bot).await;
    stage.until(friday() + TimeDelta::hours(2)).await;
    stage.say(&kim, "/todo Fix logout #app").await;
    stage.quiet(&dana.bot).await;
    let told = stage.came(&dana);
    assert!(told.iter().any(|text| text.contains("T2 Fix logout")), "{told:?}");
    assert!(!told.iter().any(|text| text.contains("T1 ")), "{told:?}");
}

/// Kim on the phone, dana on the phone and at the desk.
async fn with_dana_twice(stage: &mut Stage) -> (Seat, Seat, Seat) {
    let kim = stage.direct("telegram", "kim");
    let (desk, phone) = (stage.direct("discord", "dana"), stage.direct("telegram", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &desk, "member").await;
    let code = stage.code_for(&phone).await;
    stage.say(&kim, &format!("/pair {code} as @dana")).await;
    stage.quiet(&phone.bot).await;
    stage.forget();
    (kim, desk, phone)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_meant_is_told_once_where_they_want_to_be() {
    let mut stage = Stage::at(friday()).await;
    let (kim, desk, phone) = with_dana_twice(&mut stage).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&desk, "/follow #app").await;
    stage.say(&phone, "/prefer console").await;
    stage.say(&desk, "/prefer Telegram").await;
    stage.say(&kim, "/note T1 It loops, says @dana. Not mail@dana").await;
    stage.sees(&phone, "It loops").await;
    stage.say(&kim, "/assign T1 @dana").await;
    stage.sees(&phone, "assigned").await;
    // Mentioned, and followed in another room: once, where they want to be.
    stage.say(&kim, "/todo Ask @dana about it #app: for her").await;
    stage.quiet(&phone.bot).await;
    stage.quiet(&desk.bot).await;
    stage.say(&phone, "/prefer").await;
    stage.say(&phone, "/undo").await;
    stage.say(&kim, "/note T1 Once more, @dana").await;
    stage.sees(&phone, "Once more").await;
    let told = stage.came(&desk);
    assert!(!told.iter().any(|text| text.contains("T1") || text.contains("T2")), "{told:?}");
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_follows_what_happens_and_not_everything() {
    let mut stage = Stage::at(friday()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.forget();
    stage.say(&dana, "/follow todo #app on:done,due").await;
    stage.say(&dana, "/follow on:fineshed").await;
    stage.say(&dana, "/follow").await;
    stage.say(&kim, "/todo Fix login #app").await;
    stage.say(&kim, "/doing T1").await;
    stage.say(&kim, "/note T1 nearly there").await;
    stage.say(&kim, "/due T1 2026-11-27").await;
    stage.sees(&dana, "due").await;
    stage.say(&kim, "/due T1 2026-11-28").await;
    stage.sees(&dana, "28").await;
    stage.say(&kim, "/done T1").await;
    stage.sees(&dana, "completed").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_follows_and_is_muted_by_itself() {
    let mut stage = Stage::at(friday()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    let (group, thread) = (stage.group("discord", "app", "kim"), stage.group("discord", "app/7", "kim"));
    let code = stage.code_for(&stage.direct("discord", "kim")).await;
    stage.say(&kim, &format!("/pair {code} as @kim")).await;
    stage.say(&group, "/enable").await;
    stage.forget();
    stage.say(&thread, "/follow #web").await;
    stage.say(&group, "/follow #app").await;
    stage.say(&kim, "/todo Both #app #web").await;
    stage.sees(&thread, "T1").await;
    stage.sees(&group, "T1").await;
    stage.say(&thread, "/mute 2h").await;
    stage.say(&kim, "/todo Both again #app #web").await;
    stage.sees(&group, "T2").await;
    stage.say(&thread, "/unmute").await;
    stage.say(&group, "/unfollow all").await;
    stage.say(&kim, "/todo Once more #app #web").await;
    stage.sees(&thread, "T3").await;
    stage.quiet(&group.bot).await;
    let came = |seat: &Seat, item: &str| stage.came(seat).iter().any(|text| text.starts_with(item));
    assert!(!came(&thread, "T2 ") && !came(&group, "T3 "), "each for itself");
    assert_snapshot!(stage.transcript());
}
