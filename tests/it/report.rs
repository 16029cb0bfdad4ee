//! Reports from the chat: run one, as of a day, send one, and what happens when it is wrong.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::stage::{Ground, PATIENCE, Stage};

const COUNTS: &str = "/report save per-kind
// How many events of each kind there are.
fn init() { #{} }
fn apply(state, event) {
    if state[event.kind] == () { state[event.kind] = 0; }
    state[event.kind] += 1;
}
fn show(state) { state }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_listed_run_sent_and_removed() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&dana, "/todo Ship it #app needs:T9").await;
    stage.say(&kim, "/todo Fix login #auth").await;
    stage.say(&dana, "/todo Ship it #app needs:T1").await;
    stage.say(&dana, "/untag T2 #app").await;
    stage.say(&kim, "/done T1").await;
    stage.forget();
    stage.say(&dana, "/report").await;
    stage.say(&dana, "/report who-unblocked-whom").await;
    stage.say(&dana, "/report removed-sooon").await;
    stage.say(&dana, "/report lead-time-by-tag at 2020-01-01").await;
    stage.say(&dana, "/report lead-time-by-tag at someday").await;
    stage.say(&dana, COUNTS).await;
    stage.say(&kim, COUNTS).await;
    stage.say(&kim, "/report per-kind").await;
    stage.restart().await;
    stage.say(&kim, "/report").await;
    stage.say(&kim, "/report remove per-kind").await;
    stage.say(&kim, "/report per-kind").await;
    stage.say(&kim, "/undo").await;
    let transcript = stage
        .transcript()
        .replace(&chrono::Utc::now().with_timezone(&chrono_tz::Asia::Seoul).format("%Y-%m-%d").to_string(), "TODAY");
    insta::assert_snapshot!(transcript);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_is_wrong_gets_a_clear_answer() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.forget();
    let before = stage.head();
    for script in [
        "",
        "\nfn init() { 0 }\nfn apply(state, event) { state + }\nfn show(state) { state }",
        "\nfn init() { 0 }\nfn show(state) { state }",
        "\nfn init() { 0 }\nfn apply(state, event) {\n    if event.kind == \"todo_created\" { loop {} }\n}\nfn show(state) { state }",
        "\nfn init() { 0 }\nfn apply(state, event) {\n    event.colour\n}\nfn show(state) { state }",
    ] {
        stage.say(&kim, &format!("/report save mine{script}")).await;
    }
    stage.say(&kim, "/report save removed-soon\nfn init() { 0 }\nfn apply(s, e) {}\nfn show(s) { s }").await;
    assert_eq!(stage.head(), before, "nothing was kept");
    insta::assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_runs_no_reports_and_only_an_owner_sends_them() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let guest = stage.direct("discord", "gus");
    stage.let_in(&kim, &guest, "guest").await;
    stage.forget();
    stage.say(&guest, "/report removed-soon").await;
    stage.say(&guest, COUNTS).await;
    insta::assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_takes_longer_comes_later_and_the_room_goes_on() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login #auth").await;
    stage.reports.patience = Duration::ZERO;
    stage.restart().await;
    let said = stage.say(&kim, "/report removed-soon").await;
    assert!(said[0].starts_with("removed-soon goes on ("), "{said:?}");
    let comes = |bot: &yoman_chat::fake::FakeBot| {
        let texts = bot.texts(&kim.room);
        texts.into_iter().find(|text| text.starts_with("removed-soon   0 within 5 min"))
    };
    let told = kim.bot.wait(PATIENCE, comes).await.unwrap();
    assert!(told.ends_with("up to position 2."), "{told}");
    // One that never comes to an end says so, and the room was free meanwhile.
    stage.reports.time_max = Duration::from_millis(1);
    stage.restart().await;
    let endless = stage
        .say(
            &kim,
            "/report save endless\nfn init() { 0 }\nfn apply(s, e) { for n in 0..1000 {} }\nfn show(s) { loop {} }",
        )
        .await;
    // By its steps or, on a busy machine, by the time it took.
    // The report of before may be sent once more, by a restart that came before it was noted down as sent.
    assert!(endless.iter().any(|it| it.starts_with("Not saved: ")), "what has no end is not saved: {endless:?}");
    // Longer than it may take now, and far from what it may take to be saved, however busy the machine is.
    let words =
        "/report save slow\nfn init() { 0 }\nfn apply(s, e) { for n in 0..20000 { s += 1; } }\nfn show(s) { s }";
    let saved = stage.say(&kim, words).await;
    assert_eq!(stage.head(), 3, "{saved:?}");
    stage.say(&kim, "/report slow").await;
    let said = stage.say(&kim, "/todo Another").await;
    assert!(said.iter().any(|text| text.starts_with("T2 created")), "{said:?}");
    let comes = |bot: &yoman_chat::fake::FakeBot| {
        bot.texts(&kim.room).into_iter().find(|text| text.starts_with("slow takes too long"))
    };
    let told = kim.bot.wait(PATIENCE, comes).await.unwrap();
    assert!(told.contains(" of 3. Ask on the machine") && told.ends_with("yoman report slow"), "{told}");
}

/// The program in a directory of its own.
fn start(dir: &Path, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_yoman"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("TZ", "Asia/Seoul")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Its exit code, and what it said on both ways out.
fn ran(dir: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = start(dir, args);
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn the_command_line_asks_the_process_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = start(dir.path(), &["run"]);
    let mut typed = running.stdin.take().unwrap();
    typed.write_all(b"todo Fix login #auth\nuntag T1 #auth\n").unwrap();
    let until = Instant::now() + PATIENCE;
    let out = loop {
        let (code, out, err) = ran(dir.path(), &["report", "removed-soon"], "");
        if code == Some(0) && out.contains("#auth") {
            break out;
        }
        assert!(Instant::now() < until, "{code:?} {out} {err}");
    };
    assert!(out.starts_with("1 within 5 min of being added\nItem  What"), "{out}");
    std::fs::write(
        dir.path().join("mine.rhai"),
        "fn init() { 0 }\nfn apply(s, e) { s + 1 }\nfn show(s) { `${s} events` }",
    )
    .unwrap();
    let (code, out, err) = ran(dir.path(), &["report", "--file", "mine.rhai"], "");
    assert!(code == Some(0) && out.ends_with(" events\n") && err.contains("up to position"), "{out} {err}");
    let (code, _, err) = ran(dir.path(), &["report", "removed-sooner"], "");
    assert!(code == Some(1) && err.contains("There is no report removed-sooner"), "{err}");
    let (code, out, _) = ran(dir.path(), &["report"], "");
    assert!(code == Some(0) && out.contains("who-unblocked-whom"), "{out}");
    drop(typed);
    assert!(running.wait().unwrap().success());
}

#[test]
fn the_command_line_runs_them_on_a_stopped_log() {
    let dir = tempfile::tempdir().unwrap();
    let yoman = |args: &[&str], input: &str| ran(dir.path(), args, input);
    let (code, out, _) = yoman(&["report"], "");
    assert!(code == Some(0) && out.contains("removed-soon         What was removed"), "{out}");
    let (code, _, err) = yoman(&["report", "removed-soon"], "");
    assert!(code == Some(1) && err.contains("there is no log"), "{err}");
    yoman(&["run"], "todo Fix login #auth\nuntag T1 #auth\ndone T1\n");
    let (code, out, err) = yoman(&["report", "removed-soon"], "");
    assert!(code == Some(0) && out.contains("1 within 5 min") && out.contains("#auth"), "{out} {err}");
    assert!(err.contains("events up to position"), "{err}");
    let (code, out, _) = yoman(&["report", "lead-time-by-tag", "--at", "2020-01-01"], "");
    assert!(code == Some(0) && out == "(nothing to show)\n", "{out}");
    let (code, _, err) = yoman(&["report", "lead-time-by-tag", "--at", "someday"], "");
    assert!(code == Some(2) && err.contains("someday"), "{err}");
    std::fs::write(dir.path().join("bad.rhai"), "fn init() { 0 }\nfn apply(s, e) { throw \"no\" }\nfn show(s) { s }")
        .unwrap();
    let (code, _, err) = yoman(&["report", "--file", "bad.rhai"], "");
    assert!(code == Some(1) && err.contains("line 2") && err.contains("position 1: person_paired"), "{err}");
    std::fs::create_dir_all(dir.path().join("config/reports")).unwrap();
    std::fs::write(
        dir.path().join("config/reports/mine.rhai"),
        "// Mine.\nfn init() { 0 }\nfn apply(s, e) { s + 1 }\nfn show(s) { `${s} events` }",
    )
    .unwrap();
    let (_, out, _) = yoman(&["report"], "");
    assert!(out.contains("Mine.   (file)"), "{out}");
    let (_, out, _) = yoman(&["report", "mine"], "");
    assert!(out.ends_with(" events\n"), "{out}");
}
