//! A board that is kept up to date in a room, and a room made anew: what somebody sees of it, whatever happens to either.

use std::time::Duration;

use insta::assert_snapshot;
use yoman_chat::{
    Bot as _, SendError,
    fake::{Asked, FakeMessage},
};

use crate::stage::{Ground, Seat, Stage};

/// The board that stands in somebody's room.
#[track_caller]
fn board(seat: &Seat) -> FakeMessage {
    let mut pinned = seat.bot.pinned(&seat.room);
    assert_eq!(pinned.len(), 1, "{:?}", seat.bot.texts(&seat.room));
    pinned.remove(0)
}

fn text(message: &FakeMessage) -> String {
    message.now.text.to_plain()
}

/// How often the messages of a room were changed, pins left out.
fn edits(seat: &Seat) -> usize {
    let edit = |asked: &Asked| matches!(asked, Asked::Edit { message, to, outcome: Ok(()) } if message.room == seat.room && !to.only_pins());
    seat.bot.asked().iter().filter(|asked| edit(asked)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_is_pinned_changed_in_its_place_and_taken_down() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login #auth !high").await;
    stage.say(&kim, "/idea Offline mode in:app").await;
    stage.forget();
    stage.say(&kim, "/board pin").await;
    stage.say(&dana, "/doing T1").await;
    stage.sees(&kim, "doing").await;
    // The same message, another board.
    stage.say(&kim, "/board pin in:app").await;
    stage.sees(&kim, "in:app").await;
    stage.say(&dana, "/todo Ship it in:app").await;
    stage.sees(&kim, "Ship it").await;
    // A view of it stands beside it, and the board stays what it is.
    stage.press(&kim, "Everything").await;
    assert!(text(&board(&kim)).contains("in:app"));
    stage.say(&kim, "/undo").await;
    stage.sees(&kim, "T1 doing").await;
    stage.say(&kim, "/board unpin").await;
    stage.sees(&kim, "not kept up to date any more").await;
    assert!(kim.bot.pinned(&kim.room).is_empty());
    stage.say(&dana, "/done T2").await;
    stage.say(&kim, "/board unpin").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_together_are_one_edit_and_others_are_none() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/todo One #app\n/todo Two #app\n/todo Three #app").await;
    stage.say(&kim, "/board pin #app").await;
    let before = edits(&kim);
    // The platform asks for a pause; meanwhile three things change.
    let wait = SendError::RetryAfter { after: Duration::from_secs(1), whole_bot: false };
    kim.bot.fail(Some(&kim.room), wait, 1);
    stage.say(&dana, "/done T1\n/doing T2\n/prio T3 urgent").await;
    stage.sees(&kim, "TODOS 2").await;
    assert_eq!(edits(&kim), before + 1);
    // What no board shows changes none: another tag, a note.
    stage.say(&dana, "/todo Four #web\n/note T4 Seen\n/note T2 Seen too").await;
    stage.quiet(&kim.bot).await;
    assert_eq!(edits(&kim), before + 1);
    // What leaves it changes it.
    stage.say(&dana, "/untag T2 #app").await;
    stage.sees(&kim, "TODOS 1").await;
    assert_eq!(edits(&kim), before + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_survives_a_restart_and_the_loss_of_everything_derived() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/board pin").await;
    let first = board(&kim);
    stage.restart().await;
    stage.say(&dana, "/todo Ship it").await;
    stage.sees(&kim, "TODOS 2").await;
    assert_eq!(board(&kim).at, first.at);
    stage.stop().await;
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    // Which message it was is known no more; that there is to be one is.
    kim.bot.wait(crate::stage::PATIENCE, |bot| (bot.pinned(&kim.room).len() == 2).then_some(())).await.unwrap();
    stage.say(&dana, "/done T1").await;
    stage.sees(&kim, "TODOS 1").await;
    let boards = kim.bot.pinned(&kim.room);
    assert_eq!(boards[0].at, first.at);
    assert!(text(&boards[0]).contains("TODOS 2") && text(&boards[1]).contains("TODOS 1"), "{boards:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_by_hand_it_comes_again_and_unpinned_by_hand_it_stays_so() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/board pin").await;
    let first = board(&kim);
    kim.bot.unpin(&first.at);
    stage.say(&dana, "/doing T1").await;
    stage.sees(&kim, "T1 doing").await;
    assert!(kim.bot.pinned(&kim.room).is_empty());
    kim.bot.delete(&first.at);
    stage.forget();
    stage.say(&dana, "/todo Ship it").await;
    stage.sees(&kim, "TODOS 2").await;
    let second = board(&kim);
    assert_ne!(second.at, first.at);
    stage.say(&dana, "/done T2").await;
    stage.sees(&kim, "TODOS 1").await;
    assert_eq!(board(&kim).at, second.at);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_to_pin_it_is_kept_up_to_date_and_that_is_told_once() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    let app = stage.group("telegram", "app", "kim");
    stage.say(&app, "/enable").await;
    stage.forget();
    app.bot.forbid_pins(&app.room, Some("400 Bad Request: not enough rights to manage pinned messages in the chat"));
    stage.say(&app, "/board pin").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.sees(&app, "Fix login").await;
    app.bot.forbid_pins(&app.room, None);
    stage.say(&app, "/board pin").await;
    assert!(text(&board(&app)).contains("Fix login"));
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_changed_no_board_is_pinned() {
    let mut stage = Stage::new(Ground::Memory).await;
    let me = stage.direct("console", "me");
    stage.say(&me, "todo Fix login").await;
    stage.forget();
    stage.say(&me, "board pin").await;
    stage.say(&me, "board unpin").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_less_rather_than_break_off() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    let long = "어려운 일 🦀 ".repeat(12);
    for bucket in ["todo", "idea", "pr", "research"] {
        let all: Vec<_> = (0..20).map(|n| format!("/{bucket} {n} {long} #app")).collect();
        stage.say(&kim, &all.join("\n")).await;
    }
    stage.say(&dana, "/board pin").await;
    let shown = board(&dana);
    let plain = text(&shown);
    assert!(plain.encode_utf16().count() <= dana.bot.capabilities().text_length_max, "{plain}");
    assert!(
        plain.contains("more: /list todo") && plain.contains("TODOS 20") && plain.contains("RESEARCH 20"),
        "{plain}"
    );
    assert_eq!(dana.bot.shown(&dana.room).iter().filter(|it| text(it).contains("TODOS 20")).count(), 1);
}

/// What a room is set to, as the world has it.
fn set_to(stage: &Stage, seat: &Seat) -> yoman::domain::room::Room {
    let state = stage.house().world.read(|world| world.room(seat.room.as_str()).clone());
    yoman::domain::room::Room { version: 0, enabled: false, title: String::new(), ..state }
}

/// The cards of open items as a room shows them now: the newest message of each.
fn cards(stage: &Stage, seat: &Seat) -> Vec<String> {
    let items = (1..=9).flat_map(|n| ["T", "I", "R", "P"].map(|letter| format!("{letter}{n}")));
    let card = |item: String| {
        let card = stage.house().outbox.card(&seat.room, item.parse().unwrap())?;
        let shown = seat.bot.shown(&seat.room).into_iter().find(|message| message.at == card.message)?;
        Some(format!(
            "{}\n{:?}",
            text(&shown),
            shown.now.buttons.iter().flatten().map(|it| &it.data).collect::<Vec<_>>()
        ))
    };
    items.filter_map(card).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_from_one_platform_to_another_loses_nothing() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    // A house with one platform, in use.
    let old = stage.group("telegram", "app", "kim");
    stage.say(&old, "/enable").await;
    for said in ["/follow #app", "/follow in:web !high", "/tz Europe/Berlin", "/default todo", "/board pin #app"] {
        stage.say(&old, said).await;
    }
    stage
        .say(
            &kim,
            "/todo Fix login #app !high due:2031-05-02\n/todo Ship 2.0 #app needs:T1\n/idea Offline in:web !urgent",
        )
        .await;
    stage.say(&kim, "/pr Retry the upload #app\n/todo Nobody's business\n/todo Long done #app\n/done T4").await;
    stage.sees(&old, "Long done").await;
    stage.say(&kim, "/doing T1\n/note T1 Seen on Android too").await;
    stage.sees(&old, "T1 doing").await;
    // Notices become cards there.
    stage.say(&old, "/rebuild here").await;
    // The other platform.
    let desk = stage.direct("discord", "kim");
    let code = stage.code_for(&desk).await;
    stage.say(&kim, &format!("/pair {code} as @kim")).await;
    stage.quiet(&desk.bot).await;
    let new = stage.group("discord", "app2", "kim");
    stage.forget();
    stage.say(&new, "/rebuild here from telegram/app").await;
    stage.say(&new, "/enable").await;
    stage.say(&new, "/rebuild here from Somewhere").await;
    let head = stage.head();
    let ask = stage.message(&new, "/rebuild here from telegram/app");
    stage.send(&new, ask.clone(), "/rebuild here from telegram/app").await;
    assert_eq!(set_to(&stage, &new), set_to(&stage, &old));
    assert_eq!(stage.head(), head + 1);
    assert_eq!(text(&board(&new)), text(&board(&old)));
    // In the old room stands the card of what was done since, too.
    let mut were = cards(&stage, &old);
    were.retain(|card| !card.starts_with("T4"));
    // Where a change came from is said where that is another platform.
    let here = |cards: Vec<String>| cards.iter().map(|card| card.replace(" (Telegram)", "")).collect::<Vec<_>>();
    assert_eq!(here(cards(&stage, &new)), here(were));
    // A start that reads what was done before this room followed it tells it nothing of that, nor anybody else.
    let rooms = [&new, &old, &kim, &desk];
    let came = |stage: &Stage| rooms.map(|seat| stage.came(seat));
    let before = came(&stage);
    stage.restart().await;
    stage.all_quiet().await;
    assert_eq!(came(&stage), before);
    // From then on they are this room's cards.
    stage.say(&kim, "/done T1").await;
    stage.sees(&new, "T1 done").await;
    // Delivered again, nothing happens again; also after a restart.
    let head = stage.head() - 1;
    let before = came(&stage);
    stage.submit(ask.clone()).await;
    stage.restart().await;
    stage.submit(ask).await;
    stage.all_quiet().await;
    assert_eq!((came(&stage), stage.head()), (before, head + 1));
    stage.say(&new, "/undo").await;
    assert_ne!(set_to(&stage, &new), set_to(&stage, &old));
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_own_chat_is_made_anew_with_what_is_theirs() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/rebuild here").await;
    stage.say(&kim, "/todo Fix login @dana\n/todo Ship it\n/idea Kims own").await;
    stage.say(&dana, "Danas own thought").await;
    stage.say(&dana, "/promote I2 research").await;
    stage.say(&dana, "/board pin @me").await;
    stage.forget();
    stage.say(&dana, "/rebuild here").await;
    stage.sees(&dana, "further below").await;
    stage.say(&kim, "/done T1").await;
    stage.sees(&dana, "T1 done").await;
    stage.say(&dana, "/rebuild here todo").await;
    stage.say(&dana, "/rebuild there").await;
    stage.say(&dana, "/rebuild here from telegram/kim").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_are_sent_only_once_that_is_confirmed() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    for from in [0, 20, 40, 60, 80, 100] {
        let all: Vec<_> = (from..from + 20).map(|n| format!("/todo Number {n} #app")).collect();
        stage.say(&kim, &all.join("\n")).await;
    }
    stage.forget();
    let before = dana.bot.shown(&dana.room).len();
    stage.say(&dana, "/rebuild here #app").await;
    let (asked, data) = stage.button(&dana, "Send them");
    // Somebody else has no use for it.
    stage.press_data(&kim, &asked, &data, "Send them").await;
    assert_eq!(dana.bot.shown(&dana.room).len(), before + 1);
    assert_snapshot!(stage.transcript());
    stage.press(&dana, "Send them").await;
    let shown = dana.bot.shown(&dana.room);
    assert_eq!(shown.len(), before + 102);
    assert!(text(shown.last().unwrap()).contains("Number 119"), "what changed last comes last");
    assert!(text(&shown[before + 1]).contains("there are 20 more: /list #app"), "{}", text(&shown[before + 1]));
    stage.press_data(&dana, &asked, &data, "Send them").await;
    assert_eq!(dana.bot.shown(&dana.room).len(), before + 103);
}
