//! When things go wrong: what is said, and what is offered instead. Nothing is done then.

use insta::assert_snapshot;
use yoman_chat::Receipt;

use crate::stage::{Ground, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_points_at_the_fault_and_offers_the_nearest() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.forget();
    let before = stage.head();
    stage.say(&kim, "/todoo Fix logout").await;
    stage.say(&kim, "/done T99").await;
    stage.say(&kim, "/done R1").await;
    stage.say(&kim, "/todo fix due:someday").await;
    stage.say(&kim, "/done").await;
    stage.say(&kim, "/xyzzy").await;
    stage.say(&kim, "/todo").await;
    stage.say(&kim, "/prio T1 very").await;
    stage.say(&kim, "/due T1 whenever").await;
    stage.say(&kim, "/doing T1 T2").await;
    stage.say(&kim, "/merge T1").await;
    stage.say(&kim, "/undo T99").await;
    stage.say(&kim, "/undo T1 sideways").await;
    stage.say(&kim, "/assign T1 @nobody").await;
    stage.say(&kim, "/list #none").await;
    stage.say(&kim, "/find zebra").await;
    stage.say(&kim, "/help doen").await;
    stage.say(&kim, "/tz Soul").await;
    stage.say(&kim, "/lang klingon").await;
    stage.say(&kim, "/mute yesterday").await;
    stage.say(&kim, "/start nonsense").await;
    stage.say(&kim, "/T1 doen").await;
    assert_eq!(stage.head(), before);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_for_what_was_meant_does_it() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todoo Fix logout").await;
    stage.press(&kim, "todo Fix logout").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_button_tells_what_changed_does_nothing_and_offers_the_right_thing() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "T1").await;
    let (card, start) = stage.button(&kim, "Start");
    stage.say(&dana, "/prio T1 high").await;
    stage.say(&dana, "/done T1").await;
    let before = stage.head();
    stage.press_data(&kim, &card, &start, "Start").await;
    assert_eq!(stage.head(), before);
    stage.press(&kim, "reopen T1").await;
    stage.press_data(&kim, &card, &start, "Start").await;
    stage.press(&kim, "show T1").await;
    stage.press(&kim, "Start").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_now_is_refused_with_the_reason() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login\n/todo Ship 2.0 needs:T1\n/idea Offline\n/research Stores\n/pr Retry").await;
    stage.forget();
    let before = stage.head();
    stage.say(&kim, "/need T1 T2").await;
    stage.say(&kim, "/need T1 T1").await;
    stage.say(&kim, "/need T1 T9").await;
    stage.say(&kim, "/done T2").await;
    stage.say(&kim, "/done I1").await;
    stage.say(&kim, "/doing R1").await;
    stage.say(&kim, "/refine T1 better").await;
    stage.say(&kim, "/finding T1 something").await;
    stage.say(&kim, "/reopen T1").await;
    stage.say(&kim, "/promote P1").await;
    stage.say(&kim, "/promote T1 research").await;
    stage.say(&kim, "/untag T1 #none").await;
    stage.say(&kim, "/due T1 none").await;
    stage.say(&kim, "/title T1 Fix login").await;
    stage.say(&kim, "/prio T1 normal").await;
    stage.say(&kim, "/unassign T1 @me").await;
    stage.say(&kim, "/unneed T1 T2").await;
    stage.say(&kim, "/link T1 for:T1").await;
    stage.say(&kim, "/unfollow #x").await;
    stage.say(&kim, "/enable").await;
    assert_snapshot!(stage.transcript());
    assert_eq!(stage.head(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_is_refused_with_the_limit_and_a_long_title_goes_on_in_the_text() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, &format!("/todo {}", "long ".repeat(200))).await;
    let card = stage.say(&kim, "T1").await;
    let before = stage.head();
    let answers = [
        card,
        stage.say(&kim, &"word ".repeat(5_000)).await,
        stage.say(&kim, &format!("/todo x\n{}", "body ".repeat(20_000))).await,
        stage.say(&kim, &format!("/todo x #{}", "tag".repeat(100))).await,
        stage.say(&kim, &"/todo x\n".repeat(21)).await,
    ];
    assert_snapshot!(answers.concat().join("\n--\n"));
    assert_eq!(stage.head(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_pressed_twice_is_answered_twice_and_done_once() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "Offline mode").await;
    let (card, research) = stage.button(&kim, "Research");
    let before = stage.head();
    let first = stage.press_data(&kim, &card, &research, "Research").await;
    assert_eq!(stage.press_data(&kim, &card, &research, "Research").await, first);
    assert_eq!(stage.head(), before + 2);
    // Whoever pressed is told in a line, too.
    let toasts: Vec<_> = kim.bot.receipts().into_iter().rev().take(2).map(|(_, receipt)| receipt).collect();
    let toast = Receipt::Kept { toast: Some("I1 -> R1 running   Offline mode".into()) };
    assert_eq!(toasts, [toast.clone(), toast]);
    // Not when something happened in between.
    stage.say(&kim, "/reopen I1").await;
    stage.forget();
    stage.press_data(&kim, &card, &research, "Research").await;
    assert_eq!(stage.head(), before + 3);
    assert_snapshot!(stage.transcript());
}
