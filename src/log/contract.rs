//! One suite, every engine. An engine passes it in two lines:
//!
//! ```text
//! contract::run(async || MemoryLog::new()).await;
//! contract::run_durable(async |name| SledLog::open(Options::new(dir.join(name))).expect("opens")).await;
//! ```
//!
//! It panics where an engine breaks the contract.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a suite reports by panicking")]

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use tokio::sync::broadcast::error::RecvError;

use super::{
    Append, AppendError, Appended, COMMIT_BYTES_MAX, CommandId, Commit, Entry, EventLog, Expected, Meta, Origin,
    Position, StoredEvent, StreamId, Version, record,
};

/// Everything that holds for an engine while it is open. `make` gives an empty one each time.
pub async fn run<E: EventLog>(make: impl AsyncFn() -> E) {
    run_behind(&make).await;
    records_are_chained(&make().await).await;
}

/// What holds for a log that keeps its commits in another form than it hands out (sealed), too: all but that the chain can
/// be told from what it hands out.
pub async fn run_behind<E: EventLog>(make: impl AsyncFn() -> E) {
    an_empty_log(&make().await).await;
    commits_come_back_as_they_were(&make().await).await;
    expectations_are_checked(&make().await).await;
    a_command_is_accepted_once(&make().await).await;
    what_breaks_the_rules_is_refused(&make().await).await;
    reading_from_and_until(&make().await).await;
    time_never_runs_backwards(&make().await).await;
    one_winner_among_racing_writers(Arc::new(make().await)).await;
    one_commit_for_a_command_sent_many_times_at_once(Arc::new(make().await)).await;
    catch_up_then_live_without_a_gap(Arc::new(make().await)).await;
    reading_while_writing(Arc::new(make().await)).await;
    nothing_is_taken_after_close(&make().await).await;
}

/// What holds for an engine that keeps what it acknowledged, besides [`run`]. `open` opens the log with a name, and makes
/// it when it is not there; the suite closes and drops one before it opens it again.
pub async fn run_durable<E: EventLog>(open: impl AsyncFn(&str) -> E) {
    all_is_there_after_reopening(&open).await;
    a_command_is_accepted_once_for_ever(&open).await;
    streams_go_on_after_reopening(&open).await;
}

/// A request as tests need it: one event with a payload of its own.
pub fn append(stream: &str, expected: Version, command: &str) -> Append {
    let data = format!(r#"{{"by":"{command}","text":"fix login"}}"#);
    Append {
        stream: StreamId::new(stream),
        expected: Expected::of(expected),
        events: vec![event("noted", &data)],
        meta: Meta {
            command: CommandId::new(command),
            text: "/todo fix login".into(),
            actor: "person/1".into(),
            origin: Origin { bot: "console".into(), room: "room".into(), message: command.into() },
            correlation: CommandId::new(command),
            causation: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        },
    }
}

/// An event with a payload in JSON.
pub fn event(name: &str, json: &str) -> StoredEvent {
    let data = serde_json::value::RawValue::from_string(json.to_owned()).expect("JSON");
    StoredEvent { name: name.into(), schema: 1, data }
}

/// All commits of a log; panics on damage.
pub fn all(log: &dyn EventLog, after: Position) -> Vec<Arc<Commit>> {
    collect(|visit| log.read_all(after, visit).unwrap())
}

/// The commits of a stream; panics on damage.
pub fn stream(log: &dyn EventLog, stream: &str, from: Version) -> Vec<Arc<Commit>> {
    collect(|visit| log.read_stream(&StreamId::new(stream), from, visit).unwrap())
}

fn collect(read: impl FnOnce(super::Visit<'_>)) -> Vec<Arc<Commit>> {
    let mut commits = Vec::new();
    read(&mut |entry| {
        match entry {
            Entry::Commit(commit) => commits.push(commit),
            Entry::Damaged { position, why } => panic!("damaged at {position}: {why}"),
        }
        ControlFlow::Continue(())
    });
    commits
}

async fn put(log: &dyn EventLog, stream: &str, expected: Version, command: &str) -> Arc<Commit> {
    let Appended { commit, repeat } = log.append(append(stream, expected, command)).await.unwrap();
    assert!(!repeat);
    commit
}

fn positions(commits: &[Arc<Commit>]) -> Vec<u64> {
    commits.iter().map(|commit| commit.position.0).collect()
}

async fn an_empty_log(log: &dyn EventLog) {
    assert_eq!(log.head().position, Position::START);
    assert_eq!(log.head().hash, [0; 32]);
    assert_eq!(log.head().recorded_at, None);
    assert!(all(log, Position::START).is_empty());
    assert!(stream(log, "todo/1", 1).is_empty());
    assert_eq!(log.version(&StreamId::new("todo/1")), Ok(0));
    assert_eq!(log.find_command(&CommandId::new("c")).unwrap(), None);
    assert_eq!(log.read_at(Position(1)).unwrap(), None);
    assert_eq!(log.health().damaged, []);
    assert!(!log.health().engine.is_empty());
}

async fn commits_come_back_as_they_were(log: &dyn EventLog) {
    let mut request = append("todo/1", 0, "c/1");
    request.events = vec![event("a", r#"{"x" : 1.50, "ä":"\u00e4"}"#), event("b", "null"), event("a", "[]")];
    request.meta.correlation = CommandId::new("c/0");
    request.meta.causation = Some(Position(17));
    request.meta.origin.message = String::new();
    let first = log.append(request.clone()).await.unwrap().commit;
    let second = put(log, "person/1", 0, "c/2").await;
    let third = put(log, "todo/1", 3, "c/3").await;
    assert!(Position::START < first.position && first.position < second.position && second.position < third.position);
    assert_eq!((first.first_version, first.last_version()), (1, 3));
    assert_eq!((third.first_version, third.last_version()), (4, 4));
    assert_eq!(first.events, request.events);
    assert_eq!(first.stream, request.stream);
    let meta = Meta { recorded_at: first.meta.recorded_at, ..request.meta };
    assert_eq!(first.meta, meta);
    let now = chrono::Utc::now();
    assert!((now - first.meta.recorded_at).num_seconds().abs() < 60, "the engine sets the time");

    assert_eq!(all(log, Position::START), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(all(log, first.position), [second.clone(), third.clone()]);
    assert!(all(log, third.position).is_empty());
    assert_eq!(stream(log, "todo/1", 1), [first.clone(), third.clone()]);
    for commit in [&first, &second, &third] {
        assert_eq!(log.read_at(commit.position).unwrap().as_ref(), Some(commit));
        assert_eq!(log.find_command(&commit.meta.command).unwrap().as_ref(), Some(commit));
    }
    assert_eq!(log.version(&StreamId::new("todo/1")), Ok(4));
    let head = log.head();
    assert_eq!((head.position, head.recorded_at), (third.position, Some(third.meta.recorded_at)));
}

async fn expectations_are_checked(log: &dyn EventLog) {
    put(log, "todo/1", 0, "c/1").await;
    put(log, "todo/1", 1, "c/2").await;
    for (number, expected) in [0, 1, 3, u64::MAX].into_iter().enumerate() {
        let refused = log.append(append("todo/1", expected, &format!("no/{number}"))).await.unwrap_err();
        let conflict =
            AppendError::Conflict { stream: StreamId::new("todo/1"), expected: Expected::of(expected), actual: 2 };
        assert_eq!(refused, conflict);
    }
    let refused = log.append(append("todo/2", 1, "no")).await.unwrap_err();
    assert!(matches!(refused, AppendError::Conflict { actual: 0, .. }));
    assert_eq!(positions(&all(log, Position::START)).len(), 2, "what is refused leaves nothing");
    assert_eq!(log.find_command(&CommandId::new("no")).unwrap(), None);
    // A command that was refused may be tried again.
    put(log, "todo/2", 0, "no").await;
}

async fn a_command_is_accepted_once(log: &dyn EventLog) {
    let first = put(log, "todo/1", 0, "c/1").await;
    put(log, "todo/1", 1, "c/2").await;
    for (name, expected) in [("todo/1", 0), ("todo/1", 2), ("todo/1", 9), ("todo/9", 0)] {
        let again = log.append(append(name, expected, "c/1")).await.unwrap();
        assert!(again.repeat);
        assert_eq!(again.commit, first);
    }
    assert_eq!(all(log, Position::START).len(), 2);
}

async fn what_breaks_the_rules_is_refused(log: &dyn EventLog) {
    let good = || append("todo/1", 0, "c");
    let long = |length: usize| format!("\"{}\"", "x".repeat(length));
    let bad = [
        Append { events: vec![], ..good() },
        Append { events: vec![event("big", &long(COMMIT_BYTES_MAX))], ..good() },
        Append { events: vec![event("", "1")], ..good() },
        append("", 0, "c"),
        append("todo/\n", 0, "c"),
        append(&"x".repeat(201), 0, "c"),
        append("todo/1", 0, ""),
        append("todo/1", 0, &"x".repeat(301)),
    ];
    for (number, request) in bad.into_iter().enumerate() {
        let refused = log.append(request).await.unwrap_err();
        assert!(matches!(refused, AppendError::Unacceptable(_)), "{number}: {refused:?}");
    }
    assert_eq!(log.head().position, Position::START);
    // What is just inside the rules is taken.
    let largest = Append { events: vec![event("big", &long(COMMIT_BYTES_MAX - 1000))], ..good() };
    let commit = log.append(largest).await.unwrap().commit;
    let name = "ä".repeat(100);
    put(log, &name, 0, &"x".repeat(300)).await;
    assert_eq!(all(log, Position::START).len(), 2);
    assert_eq!(stream(log, "todo/1", 1), [commit]);
}

async fn reading_from_and_until(log: &dyn EventLog) {
    for number in 0..10 {
        let mut request = append("todo/1", number * 3, &format!("c/{number}"));
        request.events = vec![event("a", "1"), event("b", "2"), event("c", "3")];
        log.append(request).await.unwrap();
        put(log, "todo/2", number, &format!("d/{number}")).await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for from in 0..=31 {
        let versions: Vec<_> = stream(log, "todo/1", from).iter().map(|commit| commit.first_version).collect();
        let expected: Vec<_> = (0..10).map(|number| number * 3 + 1).filter(|first| first + 2 >= from).collect();
        assert_eq!(versions, expected, "from {from}");
    }
    let commits = stream(log, "todo/1", 1);
    for commit in &commits {
        let until = |instant| collect(|visit| log.read_until(&commit.stream, instant, visit).unwrap());
        let at = commit.meta.recorded_at;
        assert_eq!(until(at).last(), Some(commit));
        let before = until(at - chrono::TimeDelta::microseconds(1));
        assert_eq!(before.len(), commits.iter().filter(|other| other.meta.recorded_at < at).count());
    }
    let mut seen = 0;
    let mut three = |_| {
        seen += 1;
        if seen % 3 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    log.read_all(Position::START, &mut three).unwrap();
    log.read_stream(&StreamId::new("todo/1"), 1, &mut three).unwrap();
    assert_eq!(seen, 6, "a reader can stop early");
}

async fn time_never_runs_backwards(log: &dyn EventLog) {
    for number in 0..50 {
        let mut request = append(&format!("todo/{}", number % 7), number / 7, &format!("c/{number}"));
        request.meta.recorded_at =
            chrono::DateTime::from_timestamp_micros(9_000_000_000_000_000 - number as i64).unwrap();
        log.append(request).await.unwrap();
    }
    let commits = all(log, Position::START);
    assert_eq!(commits.len(), 50);
    assert!(commits.is_sorted_by_key(|commit| commit.meta.recorded_at));
    let fine = commits.iter().any(|commit| commit.meta.recorded_at.timestamp_subsec_micros() % 1000 != 0);
    assert!(fine, "microseconds");
    assert!(commits.iter().all(|commit| commit.meta.recorded_at.timestamp_subsec_nanos() % 1000 == 0));
}

async fn records_are_chained(log: &dyn EventLog) {
    let mut hash = [0; 32];
    for number in 0..5 {
        let commit = put(log, "todo/1", number, &format!("c/{number}")).await;
        hash = record::encode(&commit, &hash, &mut Vec::new()).unwrap();
        assert_eq!(log.head().hash, hash);
    }
}

async fn one_winner_among_racing_writers(log: Arc<dyn EventLog>) {
    const ROUNDS: u64 = 20;
    for round in 0..ROUNDS {
        race(std::slice::from_ref(&log), "todo/1", round).await;
    }
    let versions: Vec<_> = stream(&*log, "todo/1", 1).iter().map(|commit| commit.first_version).collect();
    assert_eq!(versions, (1..=ROUNDS).collect::<Vec<_>>());
}

/// Eight writers append to a stream at version `round`, each through one of the logs: exactly one of them may.
pub async fn race<E: EventLog + ?Sized>(logs: &[Arc<E>], stream: &str, round: u64) {
    let writers: Vec<_> = (0..8)
        .map(|writer: usize| {
            let log = Arc::clone(&logs[writer % logs.len()]);
            let request = append(stream, round, &format!("c/{round}/{writer}"));
            tokio::spawn(async move { log.append(request).await })
        })
        .collect();
    let mut winners = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(appended) => {
                assert_eq!((appended.repeat, appended.commit.first_version), (false, round + 1));
                winners += 1;
            }
            Err(error) => assert!(matches!(error, AppendError::Conflict { .. }), "round {round}: {error}"),
        }
    }
    assert_eq!(winners, 1, "round {round}");
}

async fn one_commit_for_a_command_sent_many_times_at_once(log: Arc<dyn EventLog>) {
    for round in 0..20 {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let log = Arc::clone(&log);
                tokio::spawn(async move { log.append(append("todo/1", round, &format!("c/{round}"))).await.unwrap() })
            })
            .collect();
        let mut first = None;
        let mut new = 0;
        for task in tasks {
            let appended = task.await.unwrap();
            new += usize::from(!appended.repeat);
            assert_eq!(appended.commit, *first.get_or_insert_with(|| Arc::clone(&appended.commit)));
        }
        assert_eq!(new, 1);
    }
    assert_eq!(all(&*log, Position::START).len(), 20);
}

/// Some writers, each with a stream of its own; gives the number of commits.
fn write_together(log: &Arc<dyn EventLog>, writers: u64, each: u64) -> Vec<tokio::task::JoinHandle<()>> {
    (0..writers)
        .map(|writer| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                for number in 0..each {
                    put(&*log, &format!("todo/{writer}"), number, &format!("c/{writer}/{number}")).await;
                }
            })
        })
        .collect()
}

async fn catch_up_then_live_without_a_gap(log: Arc<dyn EventLog>) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 40;
    let writers = write_together(&log, WRITERS, EACH);
    let followers: Vec<_> = (0..4)
        .map(|follower| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(3 * follower)).await;
                follow(&*log, (WRITERS * EACH) as usize).await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let everything = all(&*log, Position::START);
    assert_eq!(everything.len() as u64, WRITERS * EACH);
    for follower in followers {
        assert_eq!(follower.await.unwrap(), everything);
    }
}

/// Subscribe live first, then read history, then hand over by position; whoever lags goes back to history.
async fn follow(log: &dyn EventLog, count: usize) -> Vec<Arc<Commit>> {
    let mut live = log.live();
    let mut seen = all(log, Position::START);
    while seen.len() < count {
        let last = seen.last().map_or(Position::START, |commit| commit.position);
        match live.recv().await {
            Ok(commit) if commit.position > last => seen.push(commit),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => seen.extend(all(log, last)),
            Err(RecvError::Closed) => panic!("the log is gone"),
        }
    }
    seen
}

async fn reading_while_writing(log: Arc<dyn EventLog>) {
    let writers = write_together(&log, 8, 40);
    loop {
        let done = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let head = log.head().position;
        let commits = all(&*log, Position::START);
        assert!(
            commits.last().map_or(Position::START, |commit| commit.position) >= head,
            "a read sees what is durable"
        );
        assert!(commits.is_sorted_by(|a, b| a.position < b.position));
        let mut versions: HashMap<&StreamId, Version> = HashMap::new();
        for commit in &commits {
            let version = versions.entry(&commit.stream).or_default();
            assert_eq!(commit.first_version, *version + 1);
            *version = commit.last_version();
        }
        for (name, &version) in &versions {
            let own = stream(&*log, name.as_str(), 1);
            assert!(own.len() as u64 >= version);
            assert!(log.version(name).unwrap() >= version);
        }
        if done {
            assert_eq!(commits.len(), 320);
            break;
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn nothing_is_taken_after_close(log: &dyn EventLog) {
    put(log, "todo/1", 0, "c/1").await;
    log.close().await.unwrap();
    assert_eq!(log.append(append("todo/1", 1, "c/2")).await.unwrap_err(), AppendError::Closed);
    assert_eq!(log.append(append("todo/1", 1, "c/1")).await.unwrap_err(), AppendError::Closed);
    log.close().await.unwrap();
    assert_eq!(all(log, Position::START).len(), 1, "reads go on");
}

async fn all_is_there_after_reopening<E: EventLog>(open: &impl AsyncFn(&str) -> E) {
    let mut before = Vec::new();
    for round in 0..4u64 {
        let log: Arc<dyn EventLog> = Arc::new(open("reopened").await);
        assert_eq!(all(&*log, Position::START), before);
        let head = log.head();
        assert_eq!(head.position, before.last().map_or(Position::START, |commit: &Arc<Commit>| commit.position));
        let tasks: Vec<_> = (0..10u64)
            .map(|writer| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    for number in 0..4 {
                        let command = format!("c/{writer}/{round}/{number}");
                        put(&*log, &format!("todo/{writer}"), round * 4 + number, &command).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        before = all(&*log, Position::START);
        let hash = log.head().hash;
        // With and without a close.
        if round % 2 == 0 {
            log.close().await.unwrap();
        }
        drop(log);
        let log = open("reopened").await;
        assert_eq!(log.head().hash, hash);
        assert_eq!(log.head().recorded_at, before.last().map(|commit| commit.meta.recorded_at));
        let unique: HashSet<_> = before.iter().map(|commit| &commit.meta.command).collect();
        assert_eq!(unique.len() as u64, (round + 1) * 40);
    }
}

async fn a_command_is_accepted_once_for_ever<E: EventLog>(open: &impl AsyncFn(&str) -> E) {
    let mut firsts = Vec::new();
    for round in 0..3u64 {
        let log = open("commands").await;
        for number in 0..20 {
            firsts.push(put(&log, "todo/1", round * 20 + number, &format!("c/{round}/{number}")).await);
        }
        log.close().await.unwrap();
        drop(log);
        let log = open("commands").await;
        for first in &firsts {
            let again = log.append(append("todo/2", 77, first.meta.command.as_str())).await.unwrap();
            assert!(again.repeat);
            assert_eq!(again.commit, *first);
            assert_eq!(log.find_command(&first.meta.command).unwrap().as_ref(), Some(first));
        }
        assert_eq!(log.find_command(&CommandId::new("c/0")).unwrap(), None);
        assert_eq!(all(&log, Position::START).len(), firsts.len());
    }
}

async fn streams_go_on_after_reopening<E: EventLog>(open: &impl AsyncFn(&str) -> E) {
    for version in 0..5 {
        let log = open("streams").await;
        assert_eq!(log.version(&StreamId::new("todo/1")), Ok(version));
        let refused = log.append(append("todo/1", version + 1, &format!("no/{version}"))).await.unwrap_err();
        assert!(matches!(refused, AppendError::Conflict { actual, .. } if actual == version));
        let commit = put(&log, "todo/1", version, &format!("c/{version}")).await;
        assert_eq!(commit.first_version, version + 1);
        assert_eq!(stream(&log, "todo/1", 1).len() as u64, version + 1);
        assert_eq!(stream(&log, "todo/1", version + 1), [commit]);
        assert_eq!(log.version(&StreamId::new("todo/1")), Ok(version + 1));
    }
}
