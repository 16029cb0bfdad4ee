//! Segments: they give back what went in, or say what is damaged.

use proptest::prelude::*;

use super::*;
use crate::log::{CommandId, Commit, Meta, Origin, StoredEvent, StreamId};

fn commit(position: u64) -> Commit {
    let text = format!(r#"{{"text":"{} of {position}"}}"#, "again and ".repeat(position as usize % 40));
    Commit {
        position: Position(position),
        stream: StreamId::new("todo/1"),
        first_version: position,
        events: vec![StoredEvent {
            name: "noted".into(),
            schema: 1,
            data: serde_json::value::RawValue::from_string(text).unwrap(),
        }],
        meta: Meta {
            command: CommandId::new(format!("c/{position}")),
            text: String::new(),
            actor: "person/1".into(),
            origin: Origin::default(),
            correlation: CommandId::new(format!("c/{position}")),
            causation: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        },
    }
}

/// A segment of these positions, each but the first chained to the one before.
fn write(dir: &Path, positions: impl Iterator<Item = u64>, to: u64) -> (SegmentInfo, Vec<Vec<u8>>) {
    let mut positions = positions.peekable();
    let from = *positions.peek().unwrap();
    let mut writer = SegmentWriter::create(dir, Position(from), [9; 32]).unwrap();
    let mut hash = [9; 32];
    let mut records = Vec::new();
    for position in positions {
        let mut bytes = Vec::new();
        hash = record::encode(&commit(position), &hash, &mut bytes).unwrap();
        writer.push(Checked::first(&bytes).unwrap(), hash).unwrap();
        records.push(bytes);
    }
    (writer.finish(Position(to)).unwrap(), records)
}

fn read(segment: &Segment) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for number in 0..segment.blocks() {
        if let Ok(block) = segment.block(number) {
            records.extend(record::walk(&block).flatten().map(|record| record.bytes().to_vec()));
        }
    }
    records
}

#[test]
fn what_goes_in_comes_out_and_is_proven() {
    let dir = tempfile::tempdir().unwrap();
    let (info, records) = write(dir.path(), 5..=2000, 2000);
    assert_eq!((info.from, info.to, info.commits), (Position(5), Position(2000), 1996));
    assert_eq!(in_dir(dir.path()).unwrap(), [(info.from, info.to, dir.path().join(&info.file))]);
    let path = dir.path().join(&info.file);
    assert_eq!(fs::metadata(&path).unwrap().len(), info.bytes);
    let raw: usize = records.iter().map(Vec::len).sum();
    assert!(info.bytes < raw as u64 / 2, "{} of {raw}", info.bytes);
    let segment = Segment::open(&path).unwrap();
    assert!(segment.blocks() > 2);
    assert_eq!(read(&segment), records);
    segment.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    for position in [5, 6, 700, 1999, 2000] {
        let block = segment.block(segment.block_of(Position(position))).unwrap();
        assert_eq!(record::find(&block, Position(position)).unwrap().commit().unwrap(), commit(position));
    }
    let back: SegmentInfo = serde_json::from_str(&serde_json::to_string(&info).unwrap()).unwrap();
    assert_eq!(back, info);
}

#[test]
fn a_lost_position_is_no_broken_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (info, _) = write(dir.path(), (1..=30).filter(|position| *position != 12), 31);
    assert_eq!((info.commits, info.to), (29, Position(31)));
    let segment = Segment::open(&dir.path().join(&info.file)).unwrap();
    segment.verify(&mut |_| ControlFlow::Continue(())).unwrap();
}

#[test]
fn without_its_table_it_is_read_from_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let (info, records) = write(dir.path(), 1..=2000, 2000);
    let path = dir.path().join(&info.file);
    let bytes = fs::read(&path).unwrap();
    for cut in [1, 8, 60, 72, 90] {
        fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
        let segment = Segment::open(&path).unwrap();
        assert_eq!(read(&segment), records, "{cut}");
        assert_eq!((segment.from, segment.to), (Position(1), Position(2000)));
        assert!(segment.verify(&mut |_| ControlFlow::Continue(())).unwrap_err().contains("table"));
    }
}

#[test]
fn what_is_no_segment_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file_name(Position(1), Position(2)));
    for (bytes, said) in [
        (&b""[..], "cut short"),
        (&[b'x'; 100], "no segment"),
        (&[&b"yomseg2\n"[..], &[0; 100]].concat(), "written by a newer yoman, so update"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = Segment::open(&path).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(range_of("segment-000000000007-000000000009.yseg"), Some((Position(7), Position(9))));
    for name in ["segment-7.yseg", "segment-9-7.yseg", "segment-0-7.yseg", "segment-7-9.new", "manifest.json"] {
        assert_eq!(range_of(name), None, "{name}");
    }
}

/// The bytes of format 1, for ever: LZ4 may pack them otherwise in another version, and must read these.
#[test]
fn format_1_stays_readable() {
    let golden = include_bytes!("../golden/segment-1.yseg");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file_name(Position(1), Position(3)));
    fs::write(&path, golden).unwrap();
    let segment = Segment::open(&path).unwrap();
    segment.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    let found: Vec<_> = read(&segment).iter().map(|bytes| record::decode(bytes).unwrap()).collect();
    assert_eq!(found, [commit(1), commit(2), commit(3)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damage_is_noticed_and_never_a_wrong_record(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4), cut in 0..3usize, end in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (info, records) = write(dir.path(), 1..=900, 900);
        let path = dir.path().join(&info.file);
        let mut bytes = fs::read(&path).unwrap();
        for (at, flip) in &flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        if cut == 0 {
            bytes.truncate(end.index(bytes.len()));
        }
        let changed = bytes != fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        if let Ok(segment) = Segment::open(&path) {
            for record in read(&segment) {
                prop_assert!(records.contains(&record));
            }
            prop_assert!(!changed || segment.verify(&mut |_| ControlFlow::Continue(())).is_err());
        }
    }
}
