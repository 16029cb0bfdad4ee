//! What a room is told, and where somebody is: filters, mutes, mentions, preferences.

use chrono::{DateTime, TimeDelta, Utc};

use crate::stage::Stage;

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
    stage.until(friday() + TimeDelta::hours(2));
    stage.say(&kim, "/todo Fix logout #app").await;
    stage.quiet(&dana.bot).await;
    let told = stage.came(&dana);
    assert!(told.iter().any(|text| text.contains("T2 Fix logout")), "{told:?}");
    assert!(!told.iter().any(|text| text.contains("T1 ")), "{told:?}");
}
