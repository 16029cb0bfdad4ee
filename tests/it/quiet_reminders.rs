//! Reminders in hours without messages: they wait like everything else, unless somebody asked for this very hour.

use chrono::{DateTime, Utc};
use insta::assert_snapshot;

use crate::stage::Stage;

/// A time of day in Seoul, where the stage stands; 20 November 2026 is a Friday.
fn seoul(day: u32, time: &str) -> DateTime<Utc> {
    format!("2026-11-{day:02}T{time}:00+09:00").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_falls_due_at_night_comes_in_the_morning_and_what_was_asked_for_comes() {
    let mut stage = Stage::at(seoul(20, "18:00")).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.say(&dana, "/quiet 22:00-7:00").await;
    stage.say(&dana, "/remind due off").await;
    stage.say(&dana, "/remind due 1h").await;
    stage.forget();
    stage.say(&kim, "/todo Renew the certificate @dana due:\"sat 2:00\"").await;
    stage.sees(&dana, "Renew the certificate").await;
    stage.say(&dana, "/remind T1 sat 3:00 is it done?").await;
    // An hour before, and when it is due: nothing comes.
    stage.until(seoul(21, "01:00")).await;
    stage.quiet(&dana.bot).await;
    stage.until(seoul(21, "02:00")).await;
    stage.quiet(&dana.bot).await;
    stage.until(seoul(21, "03:00")).await;
    stage.sees(&dana, "is it done?").await;
    stage.until(seoul(21, "07:00")).await;
    stage.sees(&dana, "overdue").await;
    stage.quiet(&dana.bot).await;
    assert_snapshot!(stage.transcript());
}
