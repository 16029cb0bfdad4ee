//! The oldest part of the log in segments: read as if it had never been moved, whatever interrupted the moving.

use super::*;

fn archive(log: &SledLog, before: u64) -> Archived {
    log.archive(Before::Position(Position(before)), &Progress::default()).unwrap()
}

/// Everything a reader can ask gives the same.
fn same(log: &SledLog, commits: &[Arc<Commit>]) {
    assert_eq!(all(log, Position::START), commits);
    for after in [0, 1, 7, commits.len() as u64 / 2, commits.len() as u64] {
        assert_eq!(all(log, Position(after)), commits[after as usize..]);
    }
    for commit in commits.iter().step_by(3) {
        assert_eq!(log.read_at(commit.position).unwrap().as_ref(), Some(commit));
        assert_eq!(log.find_command(&commit.meta.command).unwrap().as_ref(), Some(commit));
    }
    for name in 0..10 {
        let name = format!("todo/{name}");
        let own: Vec<_> = commits.iter().filter(|commit| commit.stream.as_str() == name).cloned().collect();
        assert_eq!(stream(log, &name, 1), own);
        assert_eq!(stream(log, &name, own.len() as u64), own[own.len().saturating_sub(1)..]);
        assert_eq!(log.version(&StreamId::new(&*name)).unwrap(), own.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_on_an_archived_log() {
    let dir = tempfile::tempdir().unwrap();
    // At every opening half of what is there is moved first.
    contract::run_durable(async |name| {
        let log = open(&dir.path().join(name));
        archive(&log, log.head().position.0 / 2);
        log
    })
    .await;
    let archived = fs::read_dir(dir.path().join("reopened/archive")).unwrap().count();
    assert!(archived > 1, "{archived}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_archived_is_read_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut commits = filled(dir.path(), 600).await;
    for before in [1, 200, 201, 450, 10_000] {
        let log = Arc::new(open(dir.path()));
        let done = archive(&log, before);
        assert!(done.through.0 < before.min(commits.len() as u64), "{done:?}");
        same(&log, &commits);
        let found = verified(&log);
        assert_eq!((found.archived, found.commits), (done.through, commits.len() as u64));
        fill(&log, &format!("b{before}"), 20).await;
        log.close().await.unwrap();
        commits = all(&*log, Position::START);
        drop(log);
        // With the index as it was, and with one that is built from both.
        same(&open(dir.path()), &commits);
        fs::remove_dir_all(dir.path().join("state")).unwrap();
        let log = open(dir.path());
        same(&log, &commits);
        verified(&log);
    }
    // The newest group stays where it is: a log never has an end that is only archived.
    let left = fs::read_dir(dir.path().join("archive")).unwrap().count();
    assert!(left >= 3, "{left}");
    let instant = commits[500].meta.recorded_at;
    let log = open(dir.path());
    let done = log.archive(Before::Instant(instant), &Progress::default()).unwrap();
    assert!(done.through.0 <= 500 || done.commits == 0, "{done:?}");
    same(&log, &commits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_writers_go_on_while_it_is_moved() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 1500).await;
    let log = Arc::new(open(dir.path()));
    let writing = tokio::spawn({
        let log = Arc::clone(&log);
        async move { fill(&log, "b", 300).await }
    });
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::task::spawn_blocking(move || {
                for _ in 0..15 {
                    let seen = entries(|visit| log.read_all(Position::START, visit).unwrap());
                    let gapless = (1..=seen.len() as u64).map(Ok).collect::<Vec<_>>();
                    assert_eq!(seen, gapless);
                    let version = log.version(&StreamId::new("todo/3")).unwrap();
                    assert!(stream(&*log, "todo/3", 1).len() as u64 >= version);
                }
            })
        })
        .collect();
    for before in (100..1500).step_by(100) {
        let log = Arc::clone(&log);
        tokio::task::spawn_blocking(move || archive(&log, before)).await.unwrap();
    }
    writing.await.unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(log.health().damaged, []);
    verified(&log);
}

/// Every instant at which it could have been cut: the segment is there and not named, or named and the rows are still there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_between_leaves_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 300).await;
    let before = dir.path().join("before");
    for name in ["log", "state", "journal"] {
        copy(&dir.path().join(name), &before.join(name));
    }
    let log = open(dir.path());
    archive(&log, 200);
    log.close().await.unwrap();
    drop(log);
    // Written, not named: as if it were not there; the next time it is made again.
    copy(&dir.path().join("archive"), &before.join("archive"));
    fs::write(before.join("archive/segment-000000000001.new"), b"half").unwrap();
    same(&open(&before), &commits);
    // Named, and the rows are still there.
    fs::copy(dir.path().join("log/archived.json"), before.join("log/archived.json")).unwrap();
    let log = open(&before);
    same(&log, &commits);
    verified(&log);
    archive(&log, 250);
    same(&log, &commits);
    verified(&log);
    drop(log);
    // The catalogue is lost: the files say what they are.
    fs::remove_file(before.join("log/archived.json")).unwrap();
    same(&open(&before), &commits);
    fs::write(before.join("log/archived.json"), b"{\"format\":2,\"segments\":[]}").unwrap();
    let error = SledLog::open(options(&before)).unwrap_err();
    assert!(matches!(error, OpenError::Newer { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_or_damaged_segment_is_told_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 600).await;
    let log = open(dir.path());
    let first = archive(&log, 200).through.0;
    let second = archive(&log, 400).through.0;
    drop(log);
    let segments = crate::log::segment::in_dir(&dir.path().join("archive")).unwrap();
    let path = &segments[1].2;
    let whole = fs::read(path).unwrap();
    for damage in ["missing", "damaged"] {
        match damage {
            "missing" => fs::remove_file(path).unwrap(),
            _ => {
                let mut bytes = whole.clone();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(path, bytes).unwrap();
            }
        }
        let log = open(dir.path());
        let warned = log.health().warnings.iter().any(|warning| warning.contains("are archived and cannot be read"));
        assert_eq!(warned, damage == "missing", "a block is looked at when it is read");
        let seen = entries(|visit| log.read_all(Position::START, visit).unwrap());
        let damaged: Vec<_> = seen.iter().filter_map(|entry| entry.err()).collect();
        assert_eq!(damaged.len(), 1);
        assert!(first < damaged[0] && damaged[0] <= second, "{damaged:?}");
        let readable: Vec<_> = seen.iter().filter_map(|entry| entry.ok()).collect();
        assert!((1..=first).chain(second + 1..=600).all(|position| readable.contains(&position)));
        for &position in &readable {
            assert_eq!(log.read_at(Position(position)).unwrap().as_ref(), Some(&commits[position as usize - 1]));
        }
        let found = log.verify(&Progress::default()).unwrap();
        let fault = &found.faults[0];
        assert_eq!(fault.position, Some(Position(damaged[0])), "{found:?}");
        assert!(fault.what.contains(if damage == "missing" { "archive/segment" } else { "block" }), "{fault:?}");
        // Versions and commands of what cannot be read stay used.
        assert_eq!(log.version(&StreamId::new("todo/1")).unwrap(), 60);
        let refused = log.archive(Before::Position(Position(550)), &Progress::default());
        assert!(refused.is_ok(), "what comes after is whole: {refused:?}");
    }
}

#[tokio::test]
async fn what_is_damaged_is_not_moved() {
    let dir = tempfile::tempdir().unwrap();
    damage::one_by_one(dir.path(), 100).await;
    damage::change_group(dir.path(), 50, |group| group[70] ^= 1);
    let log = open(dir.path());
    let error = log.archive(Before::Position(Position(80)), &Progress::default()).unwrap_err();
    assert!(matches!(error, ArchiveError::Damaged { position: Position(50), .. }), "{error}");
    assert!(error.to_string().contains("nothing was taken away"), "{error}");
    assert_eq!(entries(|visit| log.read_all(Position::START, visit).unwrap()).len(), 100);
    assert_eq!(archive(&log, 50).commits, 49);
}
