//! What is damaged is stepped over or refused, never given out as if it were right.

use std::panic;

use super::*;

/// Changes a group of a closed log behind its back.
pub(super) fn change_group(dir: &Path, position: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let config = ::sled::Config::new()
        .path(dir.join("log/sled"))
        .mode(::sled::Mode::LowSpace)
        .segment_size(open::SEGMENT_BYTES)
        .flush_every_ms(None);
    // Its lock can outlive whoever had it for a moment.
    let db = store::open_unlocked(&config).unwrap();
    let (key, value) =
        db.range(..=position.to_be_bytes()).rev().map(Result::unwrap).find(|(_, value)| !value.is_empty()).unwrap();
    let mut value = value.to_vec();
    change(&mut value);
    if value.is_empty() {
        db.remove(key).unwrap()
    } else {
        db.insert(key, value).unwrap()
    };
    db.flush().unwrap();
}

/// Where the record of a position is in its group.
fn record_range(group: &[u8], position: u64) -> std::ops::Range<usize> {
    let record = crate::log::record::find(group, Position(position)).unwrap();
    let start = record.bytes().as_ptr() as usize - group.as_ptr() as usize;
    start..start + record.bytes().len()
}

/// One commit a group, all in one stream.
pub(super) async fn one_by_one(dir: &Path, count: u64) {
    let log = open(dir);
    for number in 0..count {
        log.append(append("todo/1", number, &format!("c/{number}"))).await.unwrap();
    }
    log.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_record_is_stepped_over_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    one_by_one(dir.path(), 200).await;
    change_group(dir.path(), 50, |group| {
        let range = record_range(group, 50);
        group[range.start + 60] ^= 1;
    });
    change_group(dir.path(), 70, Vec::clear);
    change_group(dir.path(), 71, Vec::clear);
    change_group(dir.path(), 90, |group| group.truncate(20));
    let expected: Vec<_> = (1..=200)
        .filter(|&position| position != 71)
        .map(|position| if [50, 70, 90].contains(&position) { Err(position) } else { Ok(position) })
        .collect();

    // With the index as it was, and with one that was built from the damaged log.
    for rebuilt in [false, true] {
        let copied = dir.path().join(format!("rebuilt-{rebuilt}"));
        for name in ["log", "state", "journal"] {
            copy(&dir.path().join(name), &copied.join(name));
        }
        if rebuilt {
            fs::remove_dir_all(copied.join("state")).unwrap();
        }
        let log = open(&copied);
        assert_eq!(entries(|visit| log.read_all(Position::START, visit).unwrap()), expected);
        let own = entries(|visit| log.read_stream(&StreamId::new("todo/1"), 1, visit).unwrap());
        assert_eq!(own.iter().filter(|entry| entry.is_ok()).count(), 196);
        assert!([50, 70, 90].iter().all(|&position| own.contains(&Err(position))), "{own:?}");
        assert_eq!(log.version(&StreamId::new("todo/1")), Ok(200));
        let damaged: Vec<_> = log.health().damaged.iter().map(|(position, _)| position.0).collect();
        assert!([50, 70, 90].iter().all(|position| damaged.contains(position)), "{damaged:?}");
        assert_eq!(log.read_at(Position(50)).unwrap(), None);
        assert_eq!(log.read_at(Position(51)).unwrap().unwrap().position, Position(51));
        assert_eq!(entries(|visit| log.read_all(Position(69), visit).unwrap())[..2], [Err(70), Ok(72)]);
        assert_eq!(entries(|visit| log.read_all(Position(70), visit).unwrap())[..2], [Err(71), Ok(72)]);
        log.append(append("todo/1", 200, "more")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_record_inside_a_group_leaves_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 300).await;
    for at in [40, 120, 121, 260] {
        change_group(dir.path(), at, |group| {
            let range = record_range(group, at);
            group[range.start + range.len() / 2] ^= 0xff;
        });
    }
    let log = open(dir.path());
    let expected: Vec<_> = (1..=300)
        .filter(|&position| position != 121)
        .map(|position| if [40, 120, 260].contains(&position) { Err(position) } else { Ok(position) })
        .collect();
    assert_eq!(entries(|visit| log.read_all(Position::START, visit).unwrap()), expected);
    for commit in commits.iter().filter(|commit| ![40, 120, 121, 260].contains(&commit.position.0)) {
        assert_eq!(log.read_at(commit.position).unwrap().as_ref(), Some(commit));
        assert_eq!(log.find_command(&commit.meta.command).unwrap().as_ref(), Some(commit));
    }
}

#[tokio::test]
async fn a_damaged_end_keeps_its_position() {
    let dir = tempfile::tempdir().unwrap();
    one_by_one(dir.path(), 10).await;
    change_group(dir.path(), 10, |group| group[100] ^= 1);
    // The watermark had seen it: it is damaged, and not gone. Its version stays used, whether the index still knows that or
    // has to ask the journal.
    for rebuilt in [false, true] {
        let copied = dir.path().join(format!("rebuilt-{rebuilt}"));
        for name in ["log", "state", "journal"] {
            copy(&dir.path().join(name), &copied.join(name));
        }
        if rebuilt {
            fs::remove_dir_all(copied.join("state")).unwrap();
        }
        let log = open(&copied);
        let damaged: Vec<_> = log.health().damaged.iter().map(|(position, _)| position.0).collect();
        assert_eq!((damaged, log.head().position), (vec![10], Position(9)));
        assert_eq!(log.version(&StreamId::new("todo/1")), Ok(10));
        let refused = log.append(append("todo/1", 9, "again")).await.unwrap_err();
        assert!(matches!(refused, AppendError::Conflict { actual: 10, .. }), "{refused}");
        let commit = log.append(append("todo/1", 10, "on")).await.unwrap().commit;
        assert_eq!((commit.position, commit.first_version), (Position(11), 11));
        let found = log.verify(&Progress::default()).unwrap();
        assert_eq!(found.faults.iter().map(|fault| fault.position).collect::<Vec<_>>(), [Some(Position(10))]);
    }
    // Rows that are gone are another thing.
    change_group(dir.path(), 10, Vec::clear);
    let error = SledLog::open(options(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::BehindWatermark { found: Position(9), expected: Position(10), .. }), "{error}");
    // A crash before the watermark and the journal had seen it.
    fs::remove_file(dir.path().join("log/head.a")).unwrap();
    fs::remove_file(dir.path().join("log/head.b")).unwrap();
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    change_group(dir.path(), 9, |group| group.extend_from_slice(&[1; 100]));
    let log = open(dir.path());
    assert_eq!(log.append(append("todo/2", 0, "x")).await.unwrap().commit.position, Position(11));
    let seen = entries(|visit| log.read_all(Position(8), visit).unwrap());
    assert_eq!(seen, [Ok(9), Err(10), Ok(11)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_written_snapshot_does_not_keep_it_from_opening() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 100).await;
    fs::write(dir.path().join("log/sled/snap.0000000000001000.generating"), b"half").unwrap();
    assert_eq!(all(&open(dir.path()), Position::START), commits);
    // A damaged snapshot is done without, on a copy.
    let snapshots = || {
        let files = fs::read_dir(dir.path().join("log/sled")).unwrap();
        files
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().contains("snap."))
            .collect::<Vec<_>>()
    };
    for path in snapshots() {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(&path, bytes).unwrap();
    }
    match SledLog::open(options(dir.path())) {
        Ok(log) => assert_eq!(all(&log, Position::START), commits),
        Err(error) => panic!("{error}"),
    }
}

/// A small generator, so that a failure can be repeated from its seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_damage_is_never_a_panic_nor_a_wrong_value() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let commits = filled(&whole, 600).await;
    let (mut opened, mut refused) = (0, 0);
    let first = std::env::var("YOMAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    for seed in first..first + 40u64 {
        let copied = dir.path().join("damaged");
        copy(&whole, &copied);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..=random.below(3) {
            damage(&copied, &mut random);
        }
        let outcome = panic::catch_unwind(|| look(&copied, &commits));
        match outcome {
            Ok(true) => opened += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("seed {seed}"),
        }
        fs::remove_dir_all(copied).unwrap();
    }
    // A flip in what is not used any more is no damage at all: some must open, and some must be noticed.
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} refused");
}

/// Flips a few bytes of a file, or cuts it, or writes zeroes.
pub(super) fn damage(dir: &Path, random: &mut Random) {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { dirs.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    // The log's own file most of the time.
    let own = dir.join("log/sled/db");
    let path = if random.below(2) == 0 { &own } else { &files[random.below(files.len() as u64) as usize] };
    let mut bytes = fs::read(path).unwrap();
    // Where something is written: most of a segment is empty.
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1) as u64;
    match random.below(4) {
        0 => bytes.truncate(random.below(used) as usize),
        1 => {
            let at = random.below(used) as usize;
            let end = (at + 1 + random.below(4096) as usize).min(bytes.len());
            bytes[at..end].fill(0);
        }
        _ => {
            for _ in 0..=random.below(8) {
                if let Some(byte) = bytes.get_mut(random.below(used) as usize) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    fs::write(path, bytes).unwrap();
}

/// Whether it opened; what it gives out must be what was written.
fn look(dir: &Path, commits: &[Arc<Commit>]) -> bool {
    let log = match SledLog::open(options(dir)) {
        Ok(log) => log,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let check = |entry: Entry| {
        if let Entry::Commit(commit) = entry {
            assert_eq!(commit, commits[commit.position.0 as usize - 1]);
        }
        ControlFlow::Continue(())
    };
    assert_eq!(log.head().position, commits.last().unwrap().position, "a shorter log must be refused");
    let _ = log.read_all(Position::START, &mut |entry| check(entry));
    for name in 0..10 {
        let _ = log.read_stream(&StreamId::new(format!("todo/{name}")), 1, &mut |entry| check(entry));
    }
    for commit in commits.iter().step_by(20) {
        if let Ok(Some(found)) = log.find_command(&commit.meta.command) {
            assert_eq!(found, *commit);
        }
    }
    let _ = log.health();
    true
}

/// A mark that cannot be read may have been the newer one: only a journal that is as far as the log shows that it was not.
#[tokio::test]
async fn a_watermark_that_is_half_gone_is_believed_when_the_journal_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    one_by_one(&whole, 10).await;
    let marked = watermark::peek(&whole.join("log")).unwrap().position;
    assert_eq!(marked, Position(10));
    for (name, harm) in [("head.a", Some(&b"noise"[..])), ("head.b", Some(&[][..])), ("head.a", None), ("head.b", None)]
    {
        let copied = dir.path().join("copied");
        let _ = fs::remove_dir_all(&copied);
        copy(&whole, &copied);
        let slot = copied.join("log").join(name);
        match harm {
            Some(bytes) => fs::write(&slot, bytes).unwrap(),
            None => fs::remove_file(&slot).unwrap(),
        }
        drop(open(&copied));
        let slots = ["head.a", "head.b"].map(|name| fs::metadata(copied.join("log").join(name)).unwrap().len());
        assert_eq!(slots, [56; 2], "it is mended");
        // Without what the journal says, the end of the log may be gone unseen.
        match harm {
            Some(bytes) => fs::write(&slot, bytes).unwrap(),
            None => fs::remove_file(&slot).unwrap(),
        }
        for path in journal::months(&copied.join("journal")).unwrap() {
            fs::write(path, "").unwrap();
        }
        let error = SledLog::open(options(&copied)).unwrap_err().to_string();
        assert!(error.contains("how far the log had come cannot be told") && error.contains("salvage"), "{error}");
        for name in ["head.a", "head.b"] {
            let _ = fs::remove_file(copied.join("log").join(name));
        }
        assert_eq!(open(&copied).head().position, Position(10), "as it says");
    }
}

/// What a newer version wrote is no damage, and nothing to go on beside.
#[tokio::test]
async fn what_a_newer_version_wrote_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    one_by_one(&whole, 10).await;
    let refused = |what: &str, change: &dyn Fn(&Path)| {
        let copied = dir.path().join(what);
        copy(&whole, &copied);
        change(&copied);
        let error = SledLog::open(options(&copied)).unwrap_err();
        assert!(matches!(error, OpenError::Newer { .. }), "{what}: {error}");
        assert!(error.to_string().contains("written by a newer yoman, so update"), "{what}: {error}");
    };
    refused("record", &|dir| {
        change_group(dir, 10, |group| {
            // The frame of a record is the same in every format: format, length, checksum, body.
            let mut newer = vec![2, 4, 0, 0, 0, 0, 0, 0, 0, b'b', b'o', b'd', b'y'];
            let crc = crc32c::crc32c_append(crc32c::crc32c(&newer[..5]), &newer[9..]);
            newer[5..9].copy_from_slice(&crc.to_le_bytes());
            group.extend_from_slice(&newer);
        });
        // Nor is it left out of what is brought out.
        let error = super::super::salvage(&options(dir), &dir.join("new"), &Progress::default()).unwrap_err();
        assert!(matches!(error, OpenError::Newer { .. }), "{error}");
    });
    refused("watermark", &|dir| {
        let mut slot = fs::read(dir.join("log/head.a")).unwrap();
        slot[7] = b'2';
        fs::write(dir.join("log/head.a"), slot).unwrap();
    });
    refused("journal", &|dir| {
        let path = journal::months(&dir.join("journal")).unwrap().remove(0);
        let text = fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap();
        let newer =
            last.replace("\"position\":10", "\"position\":11").replace("\"events\":", "\"weather\":7,\"events\":");
        fs::write(&path, format!("{text}{newer}\n")).unwrap();
    });
    assert_eq!(open(&whole).head().position, Position(10));
}
