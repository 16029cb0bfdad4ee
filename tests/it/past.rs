//! Looking into the past: any look at a moment, what changed between two, how much was done; and that what is shown says
//! of when it is and acts on nothing.

use std::sync::Arc;

use chrono::{TimeZone as _, Utc};
use insta::assert_snapshot;
use yoman::log::{EventLog, memory::MemoryLog};

use crate::stage::{Ground, Seat, Stage};

/// Ten days of work, long ago, in Seoul: nine hours before midnight there it is the day before elsewhere.
async fn ten_days() -> (Stage, Seat) {
    let log = Arc::new(MemoryLog::new());
    let on = |day: u32, hour: u32| Utc.with_ymd_and_hms(2020, 1, day, hour, 0, 0).unwrap();
    log.set_time(on(6, 1));
    let mut stage = Stage::on(Arc::clone(&log) as Arc<dyn EventLog>).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    let story: [(u32, u32, &[&str]); 6] = [
        (
            6,
            2,
            &["/todo Fix login #auth !high", "/todo Ship 2.0 needs:T1", "/idea Offline mode #app", "/research Stores"],
        ),
        (7, 0, &["/doing T1", "/note T1 it loops", "/assign T2 @me"]),
        (8, 3, &["/done T1", "/pr Retry the upload for:T2"]),
        (10, 1, &["/reject I1 too early", "/doing T2", "/review P1 approve looks good"]),
        (13, 1, &["/merge P1", "/todo Write the notes #docs"]),
        (15, 4, &["/done T2", "/reopen T1 it came back", "/title T1 Fix the login"]),
    ];
    for (day, hour, said) in story {
        log.set_time(on(day, hour));
        for text in said {
            stage.say(&kim, text).await;
        }
    }
    stage.forget();
    (stage, kim)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_look_at_a_moment() {
    let (mut stage, kim) = ten_days().await;
    for text in [
        "/board",
        "/board at 2020-01-08",
        "/board #auth at 2020-01-09 9:00",
        "/list at 2020-01-10",
        "/list closed at 2020-01-11",
        "/list idea at 2020-01-11",
        "/find login at 2020-01-07",
        "/mine at 2020-01-08",
        "/next at 2020-01-08",
        "/show T1 at 2020-01-08",
        "T1 at 2020-01-09",
        "/history T1 at 2020-01-08",
        "/why T2 at 2020-01-12",
        "/show T1@4",
        "/board at #5",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_moment_gets_a_clear_answer() {
    let (mut stage, kim) = ten_days().await;
    for text in [
        "/board at 2019-12-31",
        "/board at 2020-01-06 9:00",
        "/board at 2199-01-01",
        "/board at #9999",
        "/board at #0",
        "/board at lst friday",
        "/show T3 at 2020-01-08",
        "/show T99 at 2020-01-08",
        "/history T99 at 2020-01-08",
        "/show T1@99",
        "/show T1@0",
        "/diff",
        "/diff 2199-01-01",
        "/diff 2020-01-07 T99",
        "/stats 2020-01-07..soon",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_and_how_much_was_done() {
    let (mut stage, kim) = ten_days().await;
    for text in [
        "/diff 2020-01-07",
        "/diff 2020-01-07 2020-01-11",
        "/diff 2020-01-11..2020-01-07",
        "/diff 2020-01-08 #auth",
        "/diff 2020-01-08 T1",
        "/diff 2020-01-11 2020-01-12",
        "/stats 2020-01-06 10:00..2020-01-16",
        "/stats 2020-01-06..2020-01-16",
        "/stats #1..2020-01-16 todo",
        "/stats #1..2020-01-16 #nothing",
        "/diff 2020-01-11 2099-12-31",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
    let until_then = stage.say(&kim, "/stats 2020-01-06..2099-12-31").await.concat();
    assert!(until_then.starts_with("Since Mon 6 Jan 2020"), "days to come are no fault: {until_then}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_is_turned_day_by_day_in_its_place() {
    let (mut stage, kim) = ten_days().await;
    stage.say(&kim, "/board at 2020-01-14").await;
    let messages = kim.bot.shown(&kim.room).len();
    for label in ["◀ day", "◀ day", "day ▶", "now", "◀ day"] {
        stage.press(&kim, label).await;
        stage.sees(&kim, "Board").await;
    }
    assert_eq!(kim.bot.shown(&kim.room).len(), messages, "no message was added");
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_is_gone_is_sent_anew() {
    let (mut stage, kim) = ten_days().await;
    stage.say(&kim, "/board at 2020-01-14").await;
    let board = stage.card(&kim, "Board as of");
    let (card, data) = stage.button(&kim, "◀ day");
    kim.bot.delete(&board.at);
    let new = stage.press_data(&kim, &card, &data, "◀ day").await.concat();
    assert!(new.contains("Board as of Mon 13 Jan 2020"), "{new}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_changes_nothing_gets_a_new_board() {
    let (mut stage, kim) = ten_days().await;
    let console = stage.direct("console", "dana");
    stage.let_in(&kim, &console, "guest").await;
    stage.forget();
    stage.say(&console, "board at 2020-01-14").await;
    stage.say(&console, "list all at 2020-01-08").await;
    assert_snapshot!(stage.transcript());
}

/// Nothing that acts stands under what is past.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_cannot_be_acted_on() {
    let (mut stage, kim) = ten_days().await;
    let before = stage.head();
    for look in ["/board", "/list", "/list closed", "/next", "/mine", "/show T1", "/show T2", "/why T1", "/history T1"]
    {
        let new = stage.say(&kim, &format!("{look} at 2020-01-09")).await.concat();
        assert!(new.contains("s of Thu 9 Jan 2020, 00:00 (Asia/Seoul), position "), "{new}");
        let shown = kim.bot.shown(&kim.room);
        for button in shown.last().unwrap().now.buttons.iter().flatten() {
            assert!(button.data.contains(" at "), "{}", button.data);
            assert!(button.data.len() <= 64);
        }
    }
    assert_eq!(stage.head(), before);
}

/// What is looked at is the same from memory, from snapshots and from the log alone, and after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_does_not_change_the_past() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    for text in ["/todo One", "/todo Two needs:T1", "/done T1"] {
        stage.say(&kim, text).await;
    }
    let looks = ["/board at #3", "/show T1 at #3", "/list closed at #4"];
    let mut seen = Vec::new();
    for look in looks {
        seen.push(stage.say(&kim, look).await);
    }
    stage.restart().await;
    for (look, seen) in looks.iter().zip(&seen) {
        assert_eq!(&stage.say(&kim, look).await, seen, "{look}");
    }
}
