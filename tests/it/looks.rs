//! Looks, help, and the settings of a room.

use insta::assert_snapshot;

use crate::stage::{Ground, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_boards_and_what_is_next() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/next").await;
    stage.say(&kim, "/list").await;
    stage.say(&kim, "/mine").await;
    stage.say(&kim, "/board").await;
    stage.say(&kim, "/todo Fix login #auth !high").await;
    stage.say(&kim, "/next").await;
    stage.say(&kim, "/todo Ship 2.0 needs:T1 @dana\n/idea Offline mode #app\n/research Stores\n/pr Retry for:T1\n/todo Old thing").await;
    stage.say(&kim, "/done T3").await;
    stage.forget();
    for text in [
        "/board",
        "/list",
        "/list todo",
        "/list done",
        "/list #auth",
        "/mine",
        "/next",
        "/find login",
        "/list blocked",
        "/list todo done",
    ] {
        stage.say(&kim, text).await;
    }
    stage.say(&dana, "/mine").await;
    stage.say(&dana, "/next").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_have_pages() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    for part in 0..3 {
        let todos: Vec<_> = (1..=8).map(|n| format!("/todo Thing {}", part * 8 + n)).collect();
        stage.say(&kim, &todos.join("\n")).await;
    }
    stage.forget();
    stage.say(&kim, "/list todo").await;
    stage.press(&kim, "page 2 ▶").await;
    stage.sees(&kim, "page 2").await;
    stage.say(&kim, "/list todo page:9").await;
    stage.say(&kim, "/board").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_a_room() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    for text in [
        "/follow",
        "/follow #app",
        "/follow in:app @me",
        "/follow #app",
        "/follow",
        "/unfollow #app",
        "/unfollow",
        "/tz Europe/Berlin",
        "/todo Call due:\"2031-05-02 14:00\"",
        "/tz Asia/Seoul",
        "T1",
        "/lang ko",
        "/default todo",
        "A bare sentence",
        "/mute until 2031-05-02",
        "/unmute",
        "/rooms",
        "/follow",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_welcome_and_health() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    for text in [
        "/start",
        "/start T1",
        "/start T9",
        "/help",
        "/help all",
        "/help past",
        "/help todo",
        "/help /due",
        "/help undo",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
    let status = stage.say(&kim, "/status all").await.concat();
    assert!(
        status.contains("1 todo") && status.contains("Telegram   runs") && status.contains("log memory"),
        "{status}"
    );
    let me = stage.direct("console", "sam");
    let help = stage.say(&me, "help").await;
    assert!(
        help[0].contains("I do not know you yet"),
        "the console is local, but somebody else owns this log: {help:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_script_is_shown_as_it_was_written() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo 로그인 고치기 #인증 !high").await;
    stage.say(&kim, "/todo תקן את הכניסה #אימות").await;
    stage.say(&kim, "/todo Ship it 👩‍👩‍👧‍👦🚀 now").await;
    stage.say(&kim, "/todo 絵文字 <b>bold</b> & *stars* _under_ `code` @everyone").await;
    stage.say(&kim, "/todo turned \u{202e}txet around\u{202c}").await;
    stage.say(&kim, "/todo e\u{301}tude and étude").await;
    stage.say(&kim, "/list").await;
    stage.say(&kim, "/find 로그인").await;
    stage.say(&kim, "/list #인증").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_come_whole_in_parts_the_platform_takes() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    let body: String = (1..=60).map(|n| format!("Line {n} says something about it.\n")).collect();
    stage.say(&kim, &format!("/todo Fix login\n{body}")).await;
    stage.say(&dana, "/help").await;
    for message in dana.bot.shown(&dana.room) {
        assert!(message.now.text.to_plain().encode_utf16().count() <= 2000);
    }
    let shown = stage.say(&kim, "T1").await.concat();
    assert!(shown.contains("Line 1 ") && shown.contains('…'), "{shown}");
}
