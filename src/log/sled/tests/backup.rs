//! Backups: consistent while the log is written, added to, proven, and brought back.

use super::*;

fn back_up(log: &SledLog, to: &Path) -> BackedUp {
    log.backup(to, &Progress::default()).unwrap()
}

fn restored(backup: &Path, to: &Path) -> SledLog {
    restore_backup(backup, &to.join("log"), &Progress::default()).unwrap();
    open(to)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_in_full_traffic_is_a_prefix_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    let log = Arc::new(open(&data));
    let traffic = tokio::spawn({
        let log = Arc::clone(&log);
        async move { fill(&log, "a", 2000).await }
    });
    let mut before = 0;
    // There is no backup of nothing.
    while log.head().position == Position::START {
        tokio::task::yield_now().await;
    }
    for round in 0..5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (copied, to) = (Arc::clone(&log), backup.clone());
        let done = tokio::task::spawn_blocking(move || back_up(&copied, &to)).await.unwrap();
        assert_eq!(done.commits, done.position.0 - before, "only what is new");
        before = done.position.0;
        let to = dir.path().join(format!("restored{round}"));
        let again = restored(&backup, &to);
        assert_eq!(again.head().position, done.position);
        assert_eq!(all(&again, Position::START), all(&*log, Position::START)[..before as usize]);
        verified(&again);
    }
    traffic.await.unwrap();
    back_up(&log, &backup);
    let again = restored(&backup, &dir.path().join("last"));
    assert_eq!(again.head(), log.head());
    assert_eq!(journal_positions(&dir.path().join("last")).len(), 2000);
    again.append(append("todo/new", 0, "new")).await.unwrap();
    // Nothing new is nothing to do.
    assert_eq!(back_up(&log, &backup).segments, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_backup_that_was_cut_off_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    let commits = filled(&data, 50).await;
    let log = open(&data);
    back_up(&log, &backup);
    // Killed just before the manifest had its name, and before the segment had.
    fs::rename(backup.join("manifest.json"), backup.join("manifest.new")).unwrap();
    fs::write(backup.join("segment-000000000051.new"), b"half").unwrap();
    assert_eq!(back_up(&log, &backup).commits, 50);
    assert_eq!(all(&restored(&backup, &dir.path().join("new")), Position::START), commits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_backup_of_this_log_is_added_to() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    filled(&data, 50).await;
    back_up(&open(&data), &backup);
    let refused = |log: &SledLog, said: &str| {
        let error = log.backup(&backup, &Progress::default()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    let other = dir.path().join("other");
    filled(&other, 60).await;
    refused(&open(&other), "of another log");
    let short = dir.path().join("short");
    filled(&short, 20).await;
    refused(&open(&short), "this log ends at 20");
    // Not over anything else.
    fs::create_dir(dir.path().join("full")).unwrap();
    fs::write(dir.path().join("full/letter"), "dear").unwrap();
    let error = open(&data).backup(&dir.path().join("full"), &Progress::default()).unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    // A file of it that changed is noticed.
    let manifest = Manifest::read(&backup).unwrap().unwrap();
    let path = backup.join(&manifest.segments[0].file);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    refused(&open(&data), "is damaged");
    let mut flipped = bytes;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&path, flipped).unwrap();
    let error = restore_backup(&backup, &dir.path().join("new/log"), &Progress::default()).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    assert!(matches!(
        restore_backup(dir.path(), &dir.path().join("x"), &Progress::default()),
        Err(BackupError::None(_))
    ));
    let newer = fs::read_to_string(backup.join(MANIFEST)).unwrap().replace("\"format\": 1", "\"format\": 2");
    fs::write(backup.join(MANIFEST), newer).unwrap();
    refused(&open(&data), "written by a newer yoman, so update");
}

#[tokio::test]
async fn what_cannot_be_read_is_named_in_the_backup_and_given_up_in_what_comes_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    damage::one_by_one(&data, 60).await;
    damage::change_group(&data, 30, |group| group[70] ^= 1);
    let log = open(&data);
    log.archive(Before::Position(Position(20)), &Progress::default()).unwrap();
    let done = back_up(&log, &backup);
    assert_eq!((done.commits, done.missing.len()), (59, 1));
    assert_eq!((done.missing[0].from, done.missing[0].to), (Position(30), Position(30)));
    let again = restored(&backup, &dir.path().join("new"));
    let found = verified(&again);
    assert!(found.notes[0].contains("position 30 was given up"), "{:?}", found.notes);
    assert_eq!(again.health().damaged, []);
}

/// The manifest of format 1, for ever.
#[test]
fn the_manifest_stays_as_it_is() {
    let golden = include_str!("../../golden/backup-1.json");
    let manifest: Manifest = serde_json::from_str(golden).unwrap();
    assert_eq!(serde_json::to_string_pretty(&manifest).unwrap(), golden.trim_end());
    assert_eq!((manifest.position, manifest.segments.len(), manifest.missing.len()), (Position(5), 2, 1));
}
