//! From the phone, a friend at a desk on another platform: what one does, the other sees.

use insta::assert_snapshot;

use crate::stage::{Ground, Seat, Stage};

/// A group at the desk, enabled, in which dana is.
async fn with_app_room(stage: &mut Stage, kim: &Seat) -> Seat {
    let desk = stage.direct("discord", "kim");
    let code = stage.code_for(&desk).await;
    stage.say(kim, &format!("/pair {code} as @kim")).await;
    stage.quiet(&desk.bot).await;
    let room = stage.group("discord", "app", "kim");
    stage.say(&room, "/enable").await;
    stage.group("discord", "app", "dana")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idea_becomes_a_todo_that_somebody_else_begins() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Disk).await;
    let app = with_app_room(&mut stage, &kim).await;
    stage.forget();
    stage.say(&app, "/follow #app").await;
    stage.say(&kim, "Offline mode for the app #app").await;
    stage.sees(&app, "captured").await;
    stage.press(&kim, "Research").await;
    stage.sees(&app, "R1").await;
    let card = stage.card(&kim, "R1 running");
    stage.reply(&kim, &card, "sled survives a kill, but only with fdatasync").await;
    stage.sees(&app, "sled survives").await;
    stage.say(&kim, "/promote R1 @dana !high").await;
    stage.sees(&app, "assigned to dana").await;
    stage.press(&app, "Start").await;
    // The card in the phone changes in place.
    stage.sees(&kim, "started by dana").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_what_they_did_themselves() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/follow #app").await;
    stage.say(&dana, "/follow #app").await;
    stage.say(&kim, "/todo Fix login #app").await;
    stage.sees(&dana, "Fix login").await;
    stage.say(&dana, "/done T1").await;
    stage.sees(&kim, "completed by dana").await;
    stage.say(&dana, "/unfollow #app").await;
    stage.say(&kim, "/todo Ship it #app").await;
    // Something both rooms see in order, so that what is not there will not come.
    stage.say(&dana, "/follow all").await;
    stage.say(&kim, "/todo The last one").await;
    stage.sees(&dana, "The last one").await;
    for (seat, notice) in [(&kim, "T2 Ship it"), (&kim, "T3 The"), (&dana, "completed"), (&dana, "T2 Ship it")] {
        assert!(!stage.came(seat).iter().any(|text| text.contains(notice)), "{notice}: {:?}", stage.came(seat));
    }
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_muted_room_is_told_nothing_and_goes_on_showing_the_truth() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/follow all").await;
    stage.say(&dana, "/todo Fix login").await;
    stage.say(&dana, "/mute until 2031-05-02").await;
    stage.say(&kim, "/done T1\n/todo Another").await;
    stage.sees(&dana, "T1 done").await;
    stage.say(&dana, "/unmute").await;
    stage.say(&kim, "/doing T2").await;
    stage.sees(&dana, "Another").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_assigned_is_told() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/follow @me").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/assign T1 @dana").await;
    stage.sees(&dana, "Fix login").await;
    stage.press(&dana, "Start").await;
    stage.sees(&kim, "started by dana").await;
    // Her older card too, before the next change: both would be one edit otherwise.
    stage.sees(&dana, "started by dana").await;
    stage.say(&kim, "/unassign T1 @dana").await;
    stage.sees(&dana, "assigned").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_while_the_house_restarts_is_told_once() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&dana, "/follow all").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.sees(&dana, "Fix login").await;
    stage.restart().await;
    stage.say(&kim, "/done T1").await;
    stage.sees(&dana, "T1").await;
    stage.restart().await;
    stage.say(&kim, "/todo The last one").await;
    stage.sees(&dana, "The last one").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_disabled_is_told_nothing() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    let dana = with_app_room(&mut stage, &kim).await;
    let owner = stage.group("discord", "app", "kim");
    stage.say(&dana, "/follow all").await;
    stage.confirm(&owner, "/disable").await;
    stage.say(&kim, "/todo Nobody is told").await;
    stage.say(&owner, "/enable").await;
    stage.say(&kim, "/todo Everybody is told").await;
    stage.sees(&dana, "Everybody is told").await;
    assert!(!stage.came(&dana).iter().any(|text| text.contains("Nobody")), "{:?}", stage.came(&dana));
}
