//! The matrix of stored formats: a file for each that was ever written, and each is read for ever. Files are added, never
//! changed; what cannot be read any more is no yoman log.

use super::*;
use crate::log::{Verified, segment::Segment};

/// Every format with its files. A new one gets a line here, a file in `src/log/golden`, and a reader that is tested with it.
const MATRIX: [&str; 14] = [
    "archived-1.json",     // here
    "backup-1.json",       // backup.rs
    "cloudevents-1.jsonl", // export/tests.rs
    "commit-1.jsonl",      // export/tests.rs, and here as a journal
    "lost-1.json",         // here
    "marks-1.jsonl",       // ../../jetstream/marks.rs
    "message-1.bin",       // ../../jetstream/message.rs
    "message-gate-1.bin",  // ../../jetstream/message.rs
    "message-lost-1.bin",  // ../../jetstream/message.rs
    "record-1.hex",        // record/tests.rs
    "segment-1.yseg",      // segment/tests.rs, and here as an archive
    "stream-1.json",       // ../../jetstream/identity.rs
    "verified-1.json",     // here
    "watermark-1.head",    // watermark.rs
];

fn golden(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/log/golden").join(name)).unwrap()
}

#[test]
fn every_format_ever_written_has_its_file() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/log/golden");
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, MATRIX);
}

#[test]
fn an_archive_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, archive_dir) = (dir.path().join("log"), dir.path().join("archive"));
    fs::create_dir_all(&log_dir).unwrap();
    fs::create_dir_all(&archive_dir).unwrap();
    fs::write(archive_dir.join("segment-000000000001-000000000003.yseg"), golden("segment-1.yseg")).unwrap();
    fs::write(log_dir.join("archived.json"), golden("archived-1.json")).unwrap();
    let archive = super::super::archive::Archive::open(&log_dir, &archive_dir).unwrap();
    assert_eq!(archive.through(), 3);
    assert_eq!(archive.commit(2).unwrap().meta.command.as_str(), "c/2");
    let segment = Segment::open(&archive_dir.join("segment-000000000001-000000000003.yseg")).unwrap();
    assert_eq!(archive.hash(3), segment.end.map(|(_, hash)| hash));
}

#[test]
fn what_was_given_up_and_verified_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("lost.json"), golden("lost-1.json")).unwrap();
    let lost = super::super::lost::Lost::read(dir.path());
    assert_eq!(lost.ranges().iter().map(|range| (range.from.0, range.to.0)).collect::<Vec<_>>(), [(3, 5)]);
    fs::write(dir.path().join("verified.json"), golden("verified-1.json")).unwrap();
    let verified = verify::last(dir.path()).unwrap();
    let at = "2026-11-20T09:00:00Z".parse().unwrap();
    assert_eq!(verified, Verified { position: Position(258), hash: [7; 32], at, faults: 0 });
    assert_eq!(
        serde_json::to_string(&verified).unwrap(),
        String::from_utf8(golden("verified-1.json")).unwrap().trim_end()
    );
}

#[test]
fn a_line_of_the_journal_stays_as_it_is() {
    let text = String::from_utf8(golden("commit-1.jsonl")).unwrap();
    let commit: Commit = serde_json::from_str(&text).unwrap();
    let mut line = Vec::new();
    journal::write_line(&commit, &mut line).unwrap();
    assert_eq!(String::from_utf8(line).unwrap(), text.trim_end());
    assert_eq!(journal::position_of(&text), Some(Position(258)));
}
