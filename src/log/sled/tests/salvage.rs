//! What can be read of a damaged log is brought out, and what cannot is named.

use std::panic;

use super::{damage::Random, *};

fn salvaged(from: &Path, to: &Path) -> (Salvaged, SledLog) {
    let found = super::super::salvage(&options(from), &to.join("log"), &Progress::default()).unwrap();
    (found, open(to))
}

fn positions(missing: &[LostRange]) -> Vec<(u64, u64)> {
    missing.iter().map(|range| (range.from.0, range.to.0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_log_comes_out_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 500).await;
    let log = open(dir.path());
    log.archive(Before::Position(Position(150)), &Progress::default()).unwrap();
    let head = log.head();
    drop(log);
    let (found, new) = salvaged(dir.path(), &dir.path().join("new"));
    assert_eq!((found.commits, found.from_journal, &found.missing[..]), (500, 0, &[][..]));
    assert_eq!(found.chained_anew, None);
    assert_eq!((all(&new, Position::START), new.head()), (commits, head));
    verified(&new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_where_the_lock_belongs_holds_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let commits = filled(dir.path(), 20).await;
    let lock = dir.path().join("log/lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let refused = SledLog::open(options(dir.path())).unwrap_err().to_string();
    assert!(refused.contains("move it aside"), "{refused}");
    let (found, new) = salvaged(dir.path(), &dir.path().join("new"));
    assert_eq!((found.commits, all(&new, Position::START)), (20, commits));
    assert!(found.notes.iter().any(|note| note.contains("lock")), "{:?}", found.notes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_has_what_the_other_lost() {
    let dir = tempfile::tempdir().unwrap();
    damage::one_by_one(dir.path(), 200).await;
    let commits = all(&open(dir.path()), Position::START);
    let head = open(dir.path()).head();
    // The journal lost 1 to 40, 100 and 150; the log, on the disk itself, lost 60, 61, 100 and its end.
    let month = journal::months(&dir.path().join("journal")).unwrap().remove(0);
    let lines: Vec<_> = fs::read_to_string(&month).unwrap().lines().map(str::to_owned).collect();
    let kept = |position: usize| position > 40 && position != 100;
    let text: String = lines
        .iter()
        .zip(1..)
        .filter(|(_, position)| kept(*position))
        .map(
            |(line, position)| if position == 150 { format!("{}\r\n", &line[..50]) } else { format!("{line}\r\n\r\n") },
        )
        .collect();
    fs::write(&month, format!("\u{feff}{text}")).unwrap();
    wipe(dir.path(), &[60, 61, 100, 199, 200]);
    let (found, new) = salvaged(dir.path(), &dir.path().join("new"));
    assert_eq!(positions(&found.missing), [(100, 100)]);
    assert_eq!((found.commits, found.from_journal, found.from_journal_proven), (199, 4, 4));
    assert_eq!((found.chained_anew, found.skipped.len()), (None, 1));
    let seen = entries(|visit| new.read_all(Position::START, visit).unwrap());
    assert_eq!(seen.iter().filter(|entry| entry.is_err()).collect::<Vec<_>>(), [&Err(100)]);
    for commit in &commits {
        let expected = (commit.position.0 != 100).then_some(commit);
        assert_eq!(new.read_at(commit.position).unwrap().as_ref(), expected);
    }
    assert_eq!(new.head(), head, "the same records, so the same hash");
    let verification = verified(&new);
    assert!(verification.notes[0].contains("position 100 was given up"), "{:?}", verification.notes);
    new.append(append("todo/1", 200, "more")).await.unwrap();
    drop(new);
    // Salvaged again, what was given up is still missing, for the same reason.
    let (again, _) = salvaged(&dir.path().join("new"), &dir.path().join("again"));
    assert_eq!(again.missing, found.missing);
}

/// Makes the records of these positions unreadable wherever sled has a copy of them.
fn wipe(dir: &Path, positions: &[u64]) {
    let path = dir.join("log/sled/db");
    let mut bytes = fs::read(&path).unwrap();
    for position in positions {
        let mut found = 0;
        for at in 0..bytes.len().saturating_sub(60) {
            if bytes[at] == 1
                && crate::log::record::Checked::first(&bytes[at..]).is_ok_and(|it| it.position().0 == *position)
            {
                bytes[at + 20] ^= 0xff;
                found += 1;
            }
        }
        assert!(found > 0, "{position}");
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_end_is_named_and_its_positions_are_not_used_again() {
    let dir = tempfile::tempdir().unwrap();
    damage::one_by_one(dir.path(), 50).await;
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    wipe(dir.path(), &[48, 49, 50]);
    let (found, new) = salvaged(dir.path(), &dir.path().join("new"));
    assert_eq!((positions(&found.missing), found.position), (vec![(48, 50)], Position(47)));
    assert_eq!(new.append(append("todo/2", 0, "x")).await.unwrap().commit.position, Position(51));
    verified(&new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_was_changed_is_not_taken_for_proven() {
    let dir = tempfile::tempdir().unwrap();
    damage::one_by_one(dir.path(), 20).await;
    let month = journal::months(&dir.path().join("journal")).unwrap().remove(0);
    let text = fs::read_to_string(&month).unwrap();
    // A position that flips, and a text that was changed by hand.
    let text = text.replacen("{\"position\":5,", "{\"position\":70000,", 1).replacen("\"c/9\"", "\"C/9\"", 1);
    fs::write(&month, text).unwrap();
    wipe(dir.path(), &[10, 15]);
    let (found, new) = salvaged(dir.path(), &dir.path().join("new"));
    assert_eq!((found.commits, found.from_journal, found.from_journal_proven), (20, 2, 0));
    assert_eq!(found.chained_anew, Some(Position(11)));
    assert_eq!(found.skipped.len(), 1, "{:?}", found.skipped);
    verified(&new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_damage_loses_only_what_both_sides_lost() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let commits = filled(&whole, 400).await;
    let log = open(&whole);
    log.archive(Before::Position(Position(120)), &Progress::default()).unwrap();
    drop(log);
    let first = std::env::var("YOMAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    for seed in first..first + 25u64 {
        println!("YOMAN_TEST_SEED={seed}");
        let (copied, new) = (dir.path().join("damaged"), dir.path().join("new"));
        copy(&whole, &copied);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..=random.below(4) {
            damage::damage(&copied, &mut random);
        }
        let outcome = panic::catch_unwind(|| {
            let (found, log) = salvaged(&copied, &new);
            let seen = entries(|visit| log.read_all(Position::START, visit).unwrap());
            let missing: u64 = found.missing.iter().map(|range| range.to.0 - range.from.0 + 1).sum();
            assert!(found.commits + missing >= 400 || found.position < Position(400), "{found:?}");
            assert_eq!(seen.iter().filter(|entry| entry.is_ok()).count() as u64, found.commits);
            // What no journal line stands for alone is exactly what was written.
            if found.from_journal == found.from_journal_proven && found.chained_anew.is_none() {
                for commit in all_readable(&log) {
                    assert_eq!(commit, commits[commit.position.0 as usize - 1]);
                }
            }
            verified(&log);
            found
        });
        let found = outcome.unwrap_or_else(|_| panic!("YOMAN_TEST_SEED={seed}"));
        assert!(found.commits > 300, "seed {seed}: two sides lose little together: {found:?}");
        fs::remove_dir_all(copied).unwrap();
        fs::remove_dir_all(new).unwrap();
    }
}

fn all_readable(log: &SledLog) -> Vec<Arc<Commit>> {
    let mut commits = Vec::new();
    log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            commits.push(commit);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    commits
}
