//! Scripts that do what they should, and scripts that do not: each gets a clear answer.

use std::{sync::Arc, time::Duration};

use chrono_tz::Tz;
use serde_json::{json, value::to_raw_value};

use super::*;
use crate::log::{Append, CommandId, EventLog, Expected, Meta, Origin, StoredEvent, StreamId, memory::MemoryLog};

/// An event: its stored name and its payload.
type Happened = (&'static str, serde_json::Value);

/// A log with these commits: stream, actor, events.
async fn log(commits: &[(&str, &str, &[Happened])]) -> MemoryLog {
    let log = MemoryLog::new();
    for (n, (stream, actor, events)) in commits.iter().enumerate() {
        let stream = StreamId::new(*stream);
        let expected = Expected::of(log.version(&stream).unwrap());
        let events = events
            .iter()
            .map(|(name, data)| StoredEvent { name: (*name).into(), schema: 1, data: to_raw_value(data).unwrap() })
            .collect();
        let meta = Meta {
            command: CommandId::new(format!("c{n}")),
            text: format!("said {n}"),
            actor: (*actor).into(),
            origin: Origin { bot: "console".into(), ..Origin::default() },
            correlation: CommandId::new(format!("c{n}")),
            // What follows by itself follows from the commit before it.
            causation: (*actor == "workflow/promotion").then_some(Position(n as u64)),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        log.append(Append { stream, expected, events, meta }).await.unwrap();
    }
    log
}

async fn some_todos(count: usize) -> MemoryLog {
    let streams: Vec<String> = (1..=count).map(|n| format!("todo/{n}")).collect();
    let created = [("todo_created", json!({"title": "x"}))];
    let commits: Vec<_> = streams.iter().map(|stream| (stream.as_str(), "person/1", &created[..])).collect();
    log(&commits).await
}

fn job(script: &str) -> Job {
    let limits = Limits { steps_per_event: 50_000, ..Limits::within(Duration::from_secs(300)) };
    Job { script: script.into(), until: None, words: Vec::new(), zone: Tz::UTC, limits }
}

fn text(outcome: &Outcome) -> String {
    outcome.shown.lines(Cut::CHAT)
}

/// A script whose `apply` is this.
fn applying(apply: &str) -> String {
    format!(
        "fn init() {{ #{{ n: 0, all: [], seen: #{{}} }} }}\nfn apply(state, event) {{ {apply} }}\nfn show(state) {{ state.n }}"
    )
}

fn fails(log: &MemoryLog, script: &str) -> String {
    match run(log, &job(script), &Progress::default()) {
        Ok(outcome) => panic!("it runs: {outcome:?}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_state_is_changed_in_place_or_returned() {
    let log = some_todos(5).await;
    for apply in [
        "state.n += 1;",
        "state.n += 1; state",
        "state.n += 1; return;",
        "#{ n: state.n + 1 }",
        "let next = state; next.n += 1; next",
        "if event.kind == \"todo_created\" { state.n += 1; }",
        "state.seen[event.item] = event.version; state.n = state.seen.len();",
    ] {
        let outcome =
            run(&log, &job(&applying(apply)), &Progress::default()).unwrap_or_else(|error| panic!("{apply}: {error}"));
        assert_eq!((text(&outcome).as_str(), outcome.events, outcome.position.0), ("5", 5, 5), "{apply}");
    }
    let counts = "fn init() { 0 } fn apply(n, event) { n + 1 } fn show(n) { n }";
    assert_eq!(text(&run(&log, &job(counts), &Progress::default()).unwrap()), "5");
    let error = fails(&log, &applying("state.n += 1; \"done\""));
    assert!(error.contains("returns a text where the state is a map") && error.contains("position 1"), "{error}");
}

#[tokio::test]
async fn what_an_event_has() {
    let log = log(&[
        (
            "person/1",
            "yoman",
            &[("person_paired", json!({"name": "Kim", "handle": "kim", "identity": "telegram/1", "role": "owner"}))],
        ),
        ("todo/7", "person/1", &[("todo_created", json!({"title": "Fix"})), ("tagged", json!({"tag": "auth"}))]),
        ("room/telegram/1", "person/1", &[("room_enabled", json!({}))]),
        ("todo/7", "workflow/promotion", &[("reversed", json!({"version": 2, "takes": [2]}))]),
        ("idea/1", "person/1", &[("idea_promoted", json!({"to": "todo"}))]),
        ("todo/8", "workflow/promotion", &[("todo_created", json!({"title": "y"}))]),
    ])
    .await;
    let script = r#"
        fn init(words) { #{ rows: [], words: words } }
        fn apply(state, event) {
            state.rows.push([event.kind, event.item, event.bucket, event.person, event.version, event.position, event.first,
                event.actor, event.bot, event.text, event.data.tag, event.data.identity, event.cause, event.takes.len()]);
        }
        fn show(state) { print(person(1)); print(person(9)); state.rows.map(|row| row.reduce(|all, it| `${all}|${it}`, "")) }
    "#;
    let mut job = job(script);
    job.words = vec!["a".into()];
    let outcome = run(&log, &job, &Progress::default()).unwrap();
    assert_eq!(
        text(&outcome).lines().collect::<Vec<_>>().concat().matches("todo_created").count(),
        2,
        "{}",
        text(&outcome)
    );
    let Shown::Table(table) = &outcome.shown else { panic!("{outcome:?}") };
    let rows: Vec<&str> = table.rows.iter().map(|row| row[0].text.as_str()).collect();
    assert_eq!(
        rows,
        [
            "|person_paired|||@kim|1|1|true|yoman|console|||||0",
            "|todo_created|T7|todo||1|2|true|@kim|console|said 1||||0",
            "|tagged|T7|todo||2|2|false|@kim|console|said 1|auth|||0",
            "|reversed|T7|todo||3|4|true|yoman|console|said 3|||3|1",
            "|idea_promoted|I1|idea||1|5|true|@kim|console|said 4||||0",
            "|todo_created|T8|todo||1|6|true|@kim|console|said 5|||5|0",
        ]
    );
    assert_eq!(outcome.printed, ["@kim", "person 9"]);
    let error = fails(&log, &applying("state.n += event.nothing;"));
    assert!(error.contains("nothing"), "{error}");
}

#[tokio::test]
async fn a_script_that_never_ends_is_stopped() {
    let log = some_todos(3).await;
    let error = fails(&log, &applying("\n loop { state.n += 1; }"));
    assert!(error.contains("50000 steps") && error.contains("position 1: todo_created of T1"), "{error}");
    assert!(fails(&log, "fn init() { loop {} } fn apply(s, e) {} fn show(s) {}").contains("in `init`"));
    assert!(fails(&log, "fn init() {} fn apply(s, e) {} fn show(s) { while true {} }").contains("in `show`"));
    assert!(fails(&log, "loop {} fn init() {} fn apply(s, e) {} fn show(s) {}").contains("50000 steps"));

    let mut slow = job(&applying("for i in 0..1000000 { state.n += 1; }"));
    slow.limits = Limits { steps_per_event: 0, ..Limits::within(Duration::from_millis(50)) };
    let error = run(&log, &slow, &Progress::default()).unwrap_err();
    assert_eq!(
        error,
        ReportError::TooSlow {
            after: Duration::from_millis(50),
            position: Position(1),
            head: Position(3),
            copies: false
        }
    );
    // Nor is it a way out to catch it.
    let mut slow = job(&applying("loop { try { loop {} } catch { } }"));
    slow.limits = Limits { steps_per_event: 0, ..Limits::within(Duration::from_millis(50)) };
    assert!(matches!(run(&log, &slow, &Progress::default()), Err(ReportError::TooSlow { .. })));
    // One that copies its state is told how not to.
    let mut slow = job(&applying("if event.position > 1 { loop {} } state"));
    slow.limits = Limits { steps_per_event: 0, ..Limits::within(Duration::from_millis(50)) };
    let error = run(&log, &slow, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("position 2 of 3 (`apply` returns the state"), "{error}");
    // Many events with few steps each come to an end, too.
    let mut many = job(&applying("state.n += 1;"));
    many.limits.steps = 4;
    let error = run(&some_todos(600).await, &many, &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("too many steps in all"), "{error}");
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let log = some_todos(1).await;
    let mut endless = job(&applying("loop { state.n += 1; }"));
    endless.limits.steps_per_event = 0;
    let progress = Progress::default();
    let seen = progress.clone();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&log, &endless, &progress));
        while !running.is_finished() {
            seen.stop();
            std::thread::yield_now();
        }
        assert_eq!(running.join().unwrap(), Err(ReportError::Stopped));
    });
}

#[tokio::test]
async fn nothing_grows_without_an_end() {
    let log = some_todos(2).await;
    let mut deep = applying("deeper(0)");
    deep.push_str("\nfn deeper(n) { deeper(n + 1) }");
    assert!(fails(&log, &deep).contains("more than 32 deep"));
    for apply in [
        "let text = \"x\"; loop { text += text; }",
        "let all = [1]; loop { all += all; }",
        "loop { state.all.push(state.all); }",
        "let all = []; all.pad(1000000000, 1);",
        "let text = \"x\"; text.pad(1000000000, 'y');",
        "let text = \"a\"; loop { text.replace(\"a\", \"aaaaaaaaaa\"); }",
        "let all = blob(1000000000, 1);",
    ] {
        let mut job = job(&applying(apply));
        job.limits = Limits { places: 10_000, text_bytes: 100_000, steps_per_event: 10_000_000, ..job.limits };
        let error = run(&log, &job, &Progress::default()).map(|it| text(&it)).unwrap_err().to_string();
        assert!(error.contains("grows too large"), "{apply}: {error}");
    }
    let nested = format!("fn init() {{ {}1{} }}", "(".repeat(5_000), ")".repeat(5_000));
    let error = fails(&log, &nested);
    assert!(error.contains("line 1"), "{error}");
    // Deep in both ways at once: the stack bears it.
    let mut both = applying("state.n = deeper(0);");
    both.push_str(&format!(
        "\nfn deeper(n) {{ if n > 25 {{ return 1; }} {}deeper(n + 1){} }}",
        "1 + (".repeat(6),
        ")".repeat(6)
    ));
    run(&log, &job(&both), &Progress::default()).unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn the_memory_is_watched_where_the_system_tells() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let log = some_todos(1).await;
    let mut job =
        job(&applying("let keep = []; for n in 0..400 { let t = \"\"; t.pad(900000, 'x'); state.all.push(t); }"));
    job.limits = Limits { memory_bytes: 32 << 20, text_bytes: 1 << 30, steps_per_event: 0, ..job.limits };
    let error = run(&log, &job, &Progress::default()).map(|it| text(&it)).unwrap_err().to_string();
    assert!(error.contains("too much memory"), "{error}");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place() {
    let log = some_todos(9).await;
    for (script, said) in [
        ("fn init( { }", "line 1, column 10"),
        ("fn init() {}\nfn apply(s, e) { s. }\nfn show(s) {}", "line 2"),
        ("fn init() {}\nfn show(s) {}", "no `apply(state, event)`"),
        ("fn init() {} fn apply(s) {} fn show(s) {}", "no `apply(state, event)`"),
        ("", "no `init()`"),
        ("fn init() { “x” } fn apply(s, e) {} fn show(s) {}", "curly quotes"),
        ("import \"x\" as x; fn init() {} fn apply(s, e) {} fn show(s) {}", "import"),
        ("fn init() { eval(\"1\") } fn apply(s, e) {} fn show(s) {}", "eval"),
        ("fn init() { open(\"/etc/passwd\") } fn apply(s, e) {} fn show(s) {}", "there is no function  open"),
        ("fn init() { timestamp() } fn apply(s, e) {} fn show(s) {}", "there is no function  timestamp"),
        ("fn init() { nothing } fn apply(s, e) {} fn show(s) {}", "nothing"),
        ("fn init() { throw \"no words\" } fn apply(s, e) {} fn show(s) {}", "in `init`: no words"),
    ] {
        let error = fails(&log, script);
        assert!(error.contains(said), "{script}\n{error}");
    }
    let error = fails(&log, &applying("state.n += 1;\nif event.item == \"T7\" { let x = [1]; x[5] }"));
    assert!(
        error.starts_with("line 3") && error.contains("position 7: todo_created of T7 {\"title\":\"x\"}"),
        "{error}"
    );
}

#[tokio::test]
async fn only_what_had_happened_by_then() {
    let log = some_todos(3).await;
    let mut second = None;
    log.read_all(Position(1), &mut |entry| {
        if let crate::log::Entry::Commit(commit) = entry {
            second = Some(commit.meta.recorded_at);
        }
        std::ops::ControlFlow::Break(())
    })
    .unwrap();
    let mut job = job(&applying("state.n += 1;"));
    job.until = second.map(|at| at - chrono::TimeDelta::microseconds(1));
    let before = run(&log, &job, &Progress::default()).unwrap();
    job.until = second;
    let then = run(&log, &job, &Progress::default()).unwrap();
    assert!(before.events < 2 && then.events >= 2 && before.events < then.events, "{before:?} {then:?}");
}

#[test]
fn tables_stand_in_columns_and_are_cut() {
    let engine = rhai::Engine::new();
    let shown = |script: &str| Shown::of(engine.eval(script).unwrap());
    let table =
        shown(r##"[["Tag", "Done"], ["#로그인", 3], ["#auth", 12], ["a very long tag that goes on and on", 2.50]]"##);
    assert_eq!(
        table.lines(Cut { rows: 9, cell: 12, chars: 1000 }),
        "Tag           Done\n────────────  ────\n#로그인          3\n#auth           12\na very long…   2.5"
    );
    assert_eq!(
        table.lines(Cut { rows: 1, cell: 12, chars: 1000 }),
        "Tag      Done\n───────  ────\n#로그인     3\n… and 2 more"
    );
    assert_eq!(shown("#{ b: 1, a: \"x\" }").lines(Cut::CHAT), "a  x\nb  1");
    assert_eq!(shown("[#{ b: 1, a: \"x\" }, #{ a: \"y\" }]").lines(Cut::CHAT), "a  b\n─  ─\nx  1\ny");
    let titled = shown("#{ title: \"T\\u001b[2J\", columns: [\"b\"], rows: [#{ b: 1, a: 2 }] }");
    assert_eq!((titled.title(), titled.lines(Cut::CHAT).as_str()), (Some("T [2J"), "b\n─\n1"));
    assert_eq!(shown("\"just words\"").lines(Cut::CHAT), "just words");
    assert!(shown("()").is_empty() && shown("[]").is_empty());
}

#[test]
fn lengths_of_time() {
    for (seconds, words) in [
        (0, "0 s"),
        (12, "12 s"),
        (300, "5 min"),
        (3_725, "1 h 2 min"),
        (-60, "-1 min"),
        (i64::MIN, "-106751991167300 d 15 h"),
    ] {
        assert_eq!(clock::span(seconds).as_str(), words);
    }
}

#[tokio::test]
async fn the_desk_takes_a_few_at_a_time() {
    let desk = Desk::default();
    let mut tickets = Vec::new();
    while let Ok(ticket) = desk.queue() {
        tickets.push(ticket);
    }
    assert_eq!(tickets.len(), 5);
    let log: Arc<dyn EventLog> = Arc::new(some_todos(2).await);
    let ticket = tickets.pop().unwrap();
    let outcome = desk.run(ticket, Arc::clone(&log), job(&applying("state.n += 1;"))).await.unwrap();
    assert_eq!(text(&outcome), "2");
    assert!(desk.queue().is_ok() && tickets.len() == 4);
}

mod shipped {
    use super::*;

    fn script(name: &str) -> Arc<str> {
        let name = crate::domain::report::ReportName::new(name).unwrap();
        Library::default().find(&name).unwrap().unwrap()
    }

    async fn rows(name: &str, commits: &[(&str, &str, &[Happened])]) -> Vec<String> {
        let log = log(commits).await;
        let mut job = job("");
        job.script = script(name);
        let outcome = run(&log, &job, &Progress::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Shown::Table(table) = outcome.shown else { panic!("{outcome:?}") };
        table.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("|")).collect()
    }

    fn paired(handle: &str) -> [(&'static str, serde_json::Value); 1] {
        [("person_paired", json!({"name": handle, "handle": handle, "identity": "x/1", "role": "member"}))]
    }

    #[test]
    fn each_says_what_it_tells() {
        for known in Library::default().list(std::iter::empty()) {
            assert!(known.about.len() > 30 && known.source == Source::Shipped, "{known:?}");
        }
        assert_eq!(Library::default().list(std::iter::empty()).len(), 3);
    }

    #[tokio::test]
    async fn removed_soon() {
        let (kim, dana) = (paired("kim"), paired("dana"));
        let found = rows(
            "removed-soon",
            &[
                ("person/1", "yoman", &kim),
                ("person/2", "yoman", &dana),
                ("todo/1", "person/1", &[("todo_created", json!({"title": "a"})), ("tagged", json!({"tag": "auth"}))]),
                ("todo/1", "person/2", &[("untagged", json!({"tag": "auth"}))]),
                ("todo/1", "person/1", &[("assigned", json!({"person": 2}))]),
                ("todo/1", "person/1", &[("prerequisite_added", json!({"needs": "I1"}))]),
                ("todo/1", "person/1", &[("reversed", json!({"version": 5, "takes": [5]}))]),
                ("todo/1", "person/2", &[("unassigned", json!({"person": 2}))]),
                ("todo/1", "person/2", &[("unassigned", json!({"person": 2}))]),
                ("idea/2", "person/1", &[("idea_created", json!({"title": "b"}))]),
                ("idea/2", "person/1", &[("idea_rejected", json!({}))]),
            ],
        )
        .await;
        let found: Vec<String> = found.iter().map(|row| row.replace("|0 s|", "|now|")).collect();
        assert_eq!(
            found,
            [
                "T1|#auth|@kim|now|@dana|removed",
                "T1|needs I1|@kim|now|@kim|taken back",
                "T1|@dana|@kim|now|@dana|removed",
                "I2|the item|@kim|now|@kim|dropped",
            ]
        );
    }

    #[tokio::test]
    async fn lead_time_by_tag() {
        let created = [("todo_created", json!({"title": "a"})), ("tagged", json!({"tag": "auth"}))];
        let done = [("todo_completed", json!({}))];
        let found = rows(
            "lead-time-by-tag",
            &[
                ("todo/1", "person/1", &created),
                ("todo/2", "person/1", &created),
                ("todo/3", "person/1", &created),
                ("todo/4", "person/1", &created),
                ("idea/1", "person/1", &[("idea_created", json!({"title": "b"})), ("tagged", json!({"tag": "auth"}))]),
                ("todo/1", "person/1", &done),
                ("todo/2", "person/1", &[("untagged", json!({"tag": "auth"}))]),
                ("todo/2", "person/1", &done),
                ("todo/3", "person/1", &done),
                ("todo/3", "person/1", &[("todo_reopened", json!({}))]),
                ("todo/4", "person/1", &done),
                ("todo/4", "person/1", &[("reversed", json!({"version": 3, "takes": [3]}))]),
            ],
        )
        .await;
        assert_eq!(found, ["#auth|1|0 s|0 s", "(no tag)|1|0 s|0 s"]);
    }

    #[tokio::test]
    async fn who_unblocked_whom() {
        let (kim, dana) = (paired("kim"), paired("dana"));
        let created = [("todo_created", json!({"title": "a"}))];
        let done = [("todo_completed", json!({}))];
        let today = chrono::Utc::now().format("%Y-%m-%d");
        let found = rows(
            "who-unblocked-whom",
            &[
                ("person/1", "yoman", &kim),
                ("person/2", "yoman", &dana),
                ("todo/1", "person/1", &created),
                ("todo/2", "person/1", &created),
                (
                    "todo/3",
                    "person/2",
                    &[
                        ("todo_created", json!({"title": "c"})),
                        ("prerequisite_added", json!({"needs": "T1"})),
                        ("prerequisite_added", json!({"needs": "T2"})),
                    ],
                ),
                (
                    "todo/4",
                    "person/1",
                    &[
                        ("todo_created", json!({"title": "d"})),
                        ("prerequisite_added", json!({"needs": "T1"})),
                        ("assigned", json!({"person": 2})),
                    ],
                ),
                // T4 is free, T3 still waits for T2; then that is taken back, and done again.
                ("todo/1", "person/1", &done),
                ("todo/1", "person/1", &[("reversed", json!({"version": 2, "takes": [2]}))]),
                ("todo/1", "person/1", &done),
                ("todo/2", "person/1", &done),
            ],
        )
        .await;
        assert_eq!(found, [format!("@kim|@dana|2|T3 with T2 on {today}")]);
    }
}
