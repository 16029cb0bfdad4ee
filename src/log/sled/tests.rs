//! Tests of the sled engine: the contract, and what only an engine on disk can get wrong.

mod archive;
mod backup;
mod damage;
mod golden;
mod salvage;

use std::{
    cell::Cell,
    fs,
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use super::*;
use crate::log::{
    COMMIT_BYTES_MAX, Entry,
    contract::{self, all, append, event, stream},
    progress::Progress,
};

/// Small parts of the index, so that runs and merges come soon.
fn options(dir: &Path) -> Options {
    Options { index_newest_commits: 64, cache_mb: 8, lock_wait_ms: 2000, ..Options::new(dir) }
}

fn open(dir: &Path) -> SledLog {
    SledLog::open(options(dir)).unwrap()
}

/// Commits from some tasks at once: streams `todo/0` to `todo/9`, commands `c/{name}/{number}`.
async fn fill(log: &Arc<SledLog>, name: &str, count: u64) {
    let tasks: Vec<_> = (0..10)
        .map(|task| {
            let (log, name) = (Arc::clone(log), name.to_owned());
            tokio::spawn(async move {
                for number in (task..count).step_by(10) {
                    let stream = format!("todo/{task}");
                    let version = log.version(&StreamId::new(&*stream)).unwrap();
                    log.append(append(&stream, version, &format!("c/{name}/{number}"))).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_it_is_read_is_read_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(open(dir.path()));
    for number in 0..8 {
        log.append(append("todo/1", number, &format!("c/before/{number}"))).await.unwrap();
    }
    let handle = tokio::runtime::Handle::current();
    let reading = {
        let log = Arc::clone(&log);
        tokio::task::spawn_blocking(move || {
            let mut version = 8;
            let met = entries(|visit| {
                log.read_all(Position::START, &mut |entry| {
                    // Faster than it is read, so that the leaf being read is split under the reader.
                    for _ in 0..if version < 900 { 3 } else { 0 } {
                        let one = append("todo/1", version, &format!("c/while/{version}"));
                        handle.block_on(log.append(one)).unwrap();
                        version += 1;
                    }
                    visit(entry)
                })
                .unwrap();
            });
            (met, version)
        })
    };
    let (met, version) = reading.await.unwrap();
    assert!(met.len() as u64 <= version);
    let wrong = met.iter().zip(1..).find(|(met, wanted)| **met != Ok(*wanted));
    assert_eq!(wrong, None, "the first that was not what comes next");
    assert_eq!(log.health().damaged, []);
}

/// A closed log with some commits, and what is in it.
async fn filled(dir: &Path, count: u64) -> Vec<Arc<Commit>> {
    let log = Arc::new(open(dir));
    fill(&log, "a", count).await;
    log.close().await.unwrap();
    all(&*log, Position::START)
}

fn copy(from: &Path, to: &Path) {
    owned::copy_dir(from, to).unwrap();
}

/// Nothing is wrong with it.
fn verified(log: &SledLog) -> Verification {
    let found = log.verify(&Progress::default()).unwrap();
    assert_eq!((&found.faults[..], found.more_faults), (&[][..], 0));
    assert_eq!(found.position, log.head().position);
    found
}

/// What a reader meets: positions, and for damage the first that is missing.
fn entries(read: impl FnOnce(Visit<'_>)) -> Vec<Result<u64, u64>> {
    let mut entries = Vec::new();
    read(&mut |entry| {
        entries.push(match entry {
            Entry::Commit(commit) => Ok(commit.position.0),
            Entry::Damaged { position, .. } => Err(position.0),
        });
        ControlFlow::Continue(())
    });
    entries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let dir = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    contract::run(async || {
        number.set(number.get() + 1);
        open(&dir.path().join(number.get().to_string()))
    })
    .await;
    contract::run_durable(async |name| open(&dir.path().join(name))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_knows_everything_through_runs_merges_and_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let check = |log: &SledLog| {
        let everything = all(log, Position::START);
        for name in 0..10 {
            let name = format!("todo/{name}");
            let own: Vec<_> = everything.iter().filter(|commit| commit.stream.as_str() == name).cloned().collect();
            assert_eq!(log.version(&StreamId::new(&*name)).unwrap(), own.len() as u64);
            for from in [0, 1, 2, own.len() / 2, own.len(), own.len() + 1] {
                assert_eq!(stream(log, &name, from as u64), own[from.saturating_sub(1).min(own.len())..]);
            }
        }
        for commit in everything.iter().step_by(7) {
            assert_eq!(log.find_command(&commit.meta.command).unwrap().as_ref(), Some(commit));
        }
        for number in 0..200 {
            assert_eq!(log.find_command(&CommandId::new(format!("c/none/{number}"))).unwrap(), None);
            assert_eq!(log.version(&StreamId::new(format!("none/{number}"))).unwrap(), 0);
        }
        everything
    };
    let log = Arc::new(open(dir.path()));
    fill(&log, "a", 1000).await;
    let before = check(&log);
    drop(log);
    for name in ["b", "c", "d"] {
        let log = Arc::new(open(dir.path()));
        assert_eq!(check(&log)[..before.len()], before);
        fill(&log, name, 30).await;
        check(&log);
        log.close().await.unwrap();
    }
    let before = check(&open(dir.path()));
    // All of it comes back when state/ is deleted, or cut, or belongs to another log.
    fs::remove_dir_all(dir.path().join("state")).unwrap();
    assert_eq!(check(&open(dir.path())), before);
    fs::write(dir.path().join("state/index/db"), b"not a database").unwrap();
    assert_eq!(check(&open(dir.path())), before);
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), 1090).await;
    fs::remove_dir_all(dir.path().join("state")).unwrap();
    copy(&other.path().join("state"), &dir.path().join("state"));
    assert_eq!(check(&open(dir.path())), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_in_a_copy_made_without_closing() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(open(&dir.path().join("log")));
    for round in 0..5 {
        fill(&log, &round.to_string(), 100).await;
        let crashed = dir.path().join(format!("copy{round}"));
        copy(&dir.path().join("log"), &crashed);
        assert_eq!(all(&open(&crashed), Position::START), all(&*log, Position::START));
        let reopened = Arc::new(open(&crashed));
        fill(&reopened, "more", 20).await;
        verified(&reopened);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_in_full_traffic_opens_whole_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(open(&dir.path().join("log")));
    let traffic = {
        let log = Arc::clone(&log);
        tokio::spawn(async move { fill(&log, "a", 3000).await })
    };
    let mut copies = Vec::new();
    while !traffic.is_finished() && copies.len() < 10 {
        let to = dir.path().join(format!("copy{}", copies.len()));
        let head = log.head().position;
        let from = dir.path().join("log");
        copy(&from, &to);
        copies.push((to, head));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    traffic.await.unwrap();
    let everything = all(&*log, Position::START);
    for (copy, head) in copies {
        // A file that is copied while it is written is worse than a crash: it may be refused, but never be wrong.
        if let Ok(log) = SledLog::open(options(&copy)) {
            let found = log.head().position;
            let readable = entries(|visit| log.read_all(Position::START, visit).unwrap());
            if readable.iter().all(Result::is_ok) {
                assert!(found >= head);
                assert_eq!(all(&log, Position::START), everything[..found.0 as usize]);
            }
        }
    }
}

/// Not a test by itself: what the next test kills. It prints each position once it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let Ok(dir) = std::env::var("YOMAN_TEST_LOG_CHILD") else { return };
    let log = Arc::new(open(Path::new(&dir)));
    let mut live = log.live();
    let writing = {
        let log = Arc::clone(&log);
        let name = std::process::id();
        tokio::spawn(async move { fill(&log, &name.to_string(), 1_000_000).await })
    };
    use std::io::Write;
    while let Ok(commit) = live.recv().await {
        writeln!(std::io::stderr(), "acknowledged {}", commit.position).unwrap();
    }
    writing.await.unwrap();
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "log::sled::tests::child_that_is_killed", "--nocapture"])
            .env("YOMAN_TEST_LOG_CHILD", dir.path())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut acknowledged = 0;
        let mut seen = 0;
        while seen < 300 + 150 * round {
            let line = lines.next().unwrap();
            if let Some(position) = line.strip_prefix("acknowledged ").and_then(|position| position.parse().ok()) {
                acknowledged = position;
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still had said.
        acknowledged =
            lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok()).last().unwrap_or(acknowledged);
        let log = open(dir.path());
        let commits = all(&log, Position::START);
        assert!(commits.len() as u64 >= acknowledged, "{} of {acknowledged}", commits.len());
        verified(&log);
        assert_eq!(log.health().damaged, []);
        for commit in commits.iter().rev().take(100) {
            assert!(log.find_command(&commit.meta.command).unwrap().is_some());
        }
        assert_eq!(journal_positions(dir.path()), (1..=commits.len() as u64).collect::<Vec<_>>());
    }
}

fn journal_positions(dir: &Path) -> Vec<u64> {
    let files = journal::months(&dir.join("journal")).unwrap();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str::<Commit>(line).unwrap().position.0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_completed_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 100).await;
    let whole: Vec<u64> = (1..=100).collect();
    assert_eq!(journal_positions(dir.path()), whole);
    let path = journal::months(&dir.path().join("journal")).unwrap().remove(0);
    let text = fs::read(&path).unwrap();
    for keep in [text.len() - 1, text.len() - 700, text.len() / 2, 10, 0] {
        fs::write(&path, &text[..keep]).unwrap();
        drop(open(dir.path()));
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    drop(open(dir.path()));
    assert_eq!(fs::read(&path).unwrap(), text);
    // Kept off for a while, then on again.
    let off = SledLog::open(Options { journal: false, ..options(dir.path()) }).unwrap();
    off.append(append("todo/x", 0, "off")).await.unwrap();
    drop(off);
    assert_eq!(journal_positions(dir.path()), whole);
    let log = open(dir.path());
    assert_eq!(journal_positions(dir.path()).len(), 101);
    log.close().await.unwrap();
    drop(log);

    // And the log is rebuilt from it.
    let head = open(dir.path()).head();
    let new = dir.path().join("new");
    let without_log = Options { log_dir: dir.path().join("none"), ..options(dir.path()) };
    let salvaged = super::salvage(&without_log, &new.join("log"), &Progress::default()).unwrap();
    assert_eq!((salvaged.commits, salvaged.position, &salvaged.skipped[..]), (101, Position(101), &[][..]));
    let log = open(&new);
    assert_eq!(log.head(), head);
    assert_eq!(all(&log, Position::START)[..100], commits);
    verified(&log);
    let error = super::salvage(&without_log, &new.join("log"), &Progress::default()).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_does_not_run_backwards_when_the_clock_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 1).await;
    let path = journal::months(&dir.path().join("journal")).unwrap().remove(0);
    let mut line: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let future = 32_503_680_000_000_000i64;
    line["meta"]["recorded_at"] = future.into();
    fs::write(dir.path().join("journal/3000-01.jsonl"), format!("{line}\n")).unwrap();
    fs::remove_file(path).unwrap();
    let new = dir.path().join("new");
    let without_log = Options { log_dir: dir.path().join("none"), ..options(dir.path()) };
    super::salvage(&without_log, &new.join("log"), &Progress::default()).unwrap();
    let commit = open(&new).append(append("todo/x", 0, "x")).await.unwrap().commit;
    assert_eq!(commit.meta.recorded_at.timestamp_micros(), future);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_behind_its_watermark_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 20).await;
    let older = dir.path().join("older");
    copy(&dir.path().join("log"), &older);
    drop({
        let log = Arc::new(open(dir.path()));
        fill(&log, "b", 20).await;
        log
    });
    let newer = dir.path().join("newer");
    copy(&dir.path().join("log"), &newer);
    let refused = |what: &str| {
        let error = SledLog::open(options(dir.path())).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.to_string().contains("from journal/"), "{error}");
        error
    };

    // sled opens empty without a word.
    fs::remove_dir_all(dir.path().join("log/sled")).unwrap();
    let error = refused("ends at commit 0, but it had reached 40");
    assert!(matches!(error, OpenError::BehindWatermark { .. }));
    // sled lost its tail.
    fs::remove_dir_all(dir.path().join("log/sled")).unwrap();
    copy(&older.join("sled"), &dir.path().join("log/sled"));
    refused("ends at commit 20, but it had reached 40");
    // All of log/ is from an older backup: the journal knows.
    fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy(&older, &dir.path().join("log"));
    assert!(matches!(refused("the journal has commits up to 40"), OpenError::BehindJournal { .. }));
    // Another history of the same length.
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), 40).await;
    fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy(&newer, &dir.path().join("log"));
    fs::remove_dir_all(dir.path().join("log/sled")).unwrap();
    copy(&other.path().join("log/sled"), &dir.path().join("log/sled"));
    assert!(matches!(refused("is not the one that was written there"), OpenError::Corrupt { .. }));
    // And restored it opens.
    fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy(&newer, &dir.path().join("log"));
    assert_eq!(open(dir.path()).head().position, Position(40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watermark_follows_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(open(dir.path()));
    fill(&log, "a", 10).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let copied = dir.path().join("copied");
    fs::create_dir(&copied).unwrap();
    for name in ["head.a", "head.b"] {
        fs::copy(dir.path().join("log").join(name), copied.join(name)).unwrap();
    }
    let mark = watermark::Watermark::open(&copied).unwrap().last();
    assert_eq!((mark.position, mark.hash), (Position(10), log.head().hash));
}

#[tokio::test]
async fn the_second_owner_learns_who_is_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let error = SledLog::open(Options { lock_wait_ms: 50, ..options(dir.path()) }).unwrap_err();
    let OpenError::Locked { pid, command, .. } = &error else { panic!("{error}") };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(command.contains("yoman"), "{command}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    // It is tried for a while.
    let later = std::thread::spawn({
        let dir = dir.path().to_owned();
        move || open(&dir)
    });
    std::thread::sleep(Duration::from_millis(300));
    drop(log);
    later.join().unwrap().append(append("todo/1", 0, "c")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_commits_make_no_blobs() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(open(dir.path()));
    let data = format!("\"{}\"", "x".repeat(COMMIT_BYTES_MAX - 400));
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let log = Arc::clone(&log);
            let request = Append {
                events: vec![event("big", &data)],
                ..append(&format!("todo/{number}"), 0, &format!("c/{number}"))
            };
            tokio::spawn(async move { log.append(request).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let blobs = dir.path().join("log/sled/blobs");
    assert_eq!(fs::read_dir(&blobs).map_or(0, Iterator::count), 0);
    assert_eq!(log.health().warnings, Vec::<String>::new());
    drop(log);
    let log = open(dir.path());
    assert_eq!(all(&log, Position::START).len(), 200);
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join("1"), b"x").unwrap();
    assert!(log.health().warnings.iter().any(|warning| warning.contains("blobs")));
}

#[tokio::test]
async fn too_little_space_refuses_writes_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 10).await;
    let log = SledLog::open(Options { free_space_floor_mb: u64::MAX, ..options(dir.path()) }).unwrap();
    if space::free_mb(dir.path()) == u64::MAX {
        return;
    }
    let refused = log.append(append("todo/x", 0, "x")).await.unwrap_err();
    assert!(matches!(refused, AppendError::DiskFull { floor_mb: u64::MAX, .. }), "{refused}");
    assert!(log.health().refusing.unwrap().contains("are kept free"));
    assert_eq!(all(&log, Position::START), commits);
    let first = &commits[0];
    let again = log.append(append("todo/x", 0, first.meta.command.as_str())).await.unwrap();
    assert!(again.repeat);
    let conflict = log.append(append("todo/1", 77, "y")).await.unwrap_err();
    assert!(matches!(conflict, AppendError::Conflict { .. }));
    log.close().await.unwrap();
    drop(log);
    let log = open(dir.path());
    log.append(append("todo/x", 0, "x")).await.unwrap();
    assert_eq!(log.health().refusing, None);
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    fn check(dir: &Path) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            if path.is_dir() {
                check(&path);
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 100).await;
    check(dir.path());
}

#[tokio::test]
async fn dropping_without_closing_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..5 {
        let log = open(dir.path());
        log.append(append("todo/1", number, &format!("c/{number}"))).await.unwrap();
    }
    assert_eq!(stream(&open(dir.path()), "todo/1", 1).len(), 5);
    assert_eq!(journal_positions(dir.path()), [1, 2, 3, 4, 5]);
}
