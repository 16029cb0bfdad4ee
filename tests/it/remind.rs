//! Reminders: of what is due, of what nobody moves, of what somebody asked for; each once, whatever happens in between.

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use yoman::log::{Entry, Position};

use crate::stage::{Ground, Stage};

/// Friday, 20 November 2026, 18:00 in Seoul, where the stage stands.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

/// How many reminders were given.
fn given(stage: &Stage) -> usize {
    let mut given = 0;
    let read = stage.log().read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            given += commit.events.iter().filter(|event| &*event.name == "reminded").count();
        }
        std::ops::ControlFlow::Continue(())
    });
    read.unwrap();
    given
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_said_before_and_then_and_the_card_is_not_stale_by_it() {
    let mut stage = Stage::at(friday()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    let app = stage.group("telegram", "app", "kim");
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.say(&app, "/enable").await;
    stage.say(&app, "/follow #app").await;
    stage.say(&app, "/remind due 1h").await;
    stage.forget();
    stage.say(&kim, "/todo Fix login #app @dana due:\"sat 21:00\"").await;
    stage.sees(&dana, "T1").await;
    let start = stage.button(&dana, "Start");
    // A day before, where nobody said otherwise.
    stage.until(friday() + hours(3)).await;
    stage.sees(&dana, "due in 24 h").await;
    stage.until(friday() + hours(26)).await;
    stage.sees(&app, "due in 1 h").await;
    // What the card showed still holds: to be reminded is no change.
    stage.press_data(&dana, &start.0, &start.1, "Start").await;
    stage.until(friday() + hours(27)).await;
    stage.sees(&dana, "due now").await;
    stage.sees(&app, "due now").await;
    stage.press(&dana, "Due +1 day").await;
    stage.say(&dana, "/history T1").await;
    stage.say(&dana, "/why T1").await;
    assert_eq!(given(&stage), 3);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_asks_for_one_and_puts_it_off() {
    let mut stage = Stage::at(friday()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.forget();
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/remind T1 tomorrow 9:00 call the hoster").await;
    stage.say(&kim, "/remind T1 yesterday").await;
    stage.say(&kim, "/remind T9 tomorrow").await;
    stage.say(&kim, "/remind").await;
    stage.until(friday() + hours(15)).await;
    stage.sees(&kim, "call the hoster").await;
    stage.press(&kim, "Remind me tomorrow").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/remind T1 off").await;
    stage.say(&kim, "/remind T1 off").await;
    stage.say(&kim, "/done T1").await;
    stage.say(&kim, "/remind T1 tomorrow").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_moves_is_called_to_mind_and_a_room_says_when() {
    let mut stage = Stage::at(friday()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.forget();
    stage.say(&kim, "/follow all").await;
    stage.say(&kim, "/remind stale 7d").await;
    stage.say(&kim, "/remind blocked 2d").await;
    stage.say(&kim, "/remind due off").await;
    stage.say(&kim, "/todo Fix login due:mon").await;
    stage.say(&kim, "/todo Ship it needs:T1").await;
    stage.say(&kim, "/doing T1").await;
    stage.until(friday() + hours(48)).await;
    stage.sees(&kim, "has waited").await;
    stage.until(friday() + hours(7 * 24)).await;
    stage.sees(&kim, "nothing has happened").await;
    stage.say(&kim, "/lang ko").await;
    stage.say(&kim, "/remind").await;
    stage.say(&kim, "/remind off").await;
    stage.say(&kim, "/remind").await;
    stage.say(&kim, "/undo").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_given_once_on_any_number_of_starts_and_what_was_missed_is_one() {
    let now = Utc::now();
    let mut stage = Stage::on_disk_at(now).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.say(&kim, "/todo Fix login @me").await;
    stage.say(&kim, &format!("/due T1 {}", (now + hours(48)).format("%Y-%m-%dT%H:%MZ"))).await;
    stage.until(now + hours(25)).await;
    stage.sees(&kim, "due in 23 h").await;
    stage.restart().await;
    stage.restart().await;
    stage.stop().await;
    // The time it was due passes while nobody is there.
    stage.until(now + hours(100)).await;
    stage.start().await;
    stage.sees(&kim, "was due").await;
    stage.restart().await;
    // Another item's is the sign that the timer has looked.
    stage.say(&kim, "/todo Fix logout @me").await;
    stage.say(&kim, &format!("/remind T2 {}", (now + hours(101)).format("%Y-%m-%dT%H:%MZ"))).await;
    stage.until(now + hours(102)).await;
    stage.sees(&kim, "you wanted to be reminded").await;
    assert_eq!(given(&stage), 3);
    let told =
        stage.came(&kim).iter().filter(|text| text.contains("T1 Fix login   due") || text.contains("was due")).count();
    assert_eq!(told, 2, "{:?}", stage.came(&kim));
    assert_eq!(Ground::Disk, stage.ground());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_with_rooms_on_two_bots_is_told_in_one() {
    let mut stage = Stage::at(friday()).await;
    let kim = stage.direct("telegram", "kim");
    let desk = stage.direct("discord", "kim2");
    stage.own(&kim).await;
    let code = stage.code_for(&desk).await;
    stage.say(&kim, &format!("/pair {code} as @kim")).await;
    stage.quiet(&desk.bot).await;
    for seat in [&kim, &desk] {
        stage.say(seat, "/follow all").await;
    }
    stage.say(&desk, "/todo Fix login @me due:\"sat 18:00\"").await;
    stage.until(friday() + hours(24)).await;
    stage.sees(&desk, "due now").await;
    stage.quiet(&kim.bot).await;
    let elsewhere = stage.came(&kim).iter().filter(|text| text.contains("due now")).count();
    let here = stage.came(&desk).iter().filter(|text| text.contains("due now")).count();
    assert_eq!((here, elsewhere), (1, 0));
}
