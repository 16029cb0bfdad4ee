//! Records: bytes that stay as they are, and damage that is known for what it is.

use proptest::prelude::*;

use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn sample() -> Commit {
    Commit {
        position: Position(258),
        stream: StreamId::new("todo/7"),
        first_version: 3,
        events: vec![
            StoredEvent { name: "todo_created".into(), schema: 1, data: raw(r#"{"title":"fix login"}"#) },
            StoredEvent { name: "todo_assigned".into(), schema: 2, data: raw("null") },
        ],
        meta: Meta {
            command: CommandId::new("telegram/1/2"),
            text: "/todo fix login".into(),
            actor: "person/1".into(),
            origin: Origin { bot: "telegram".into(), room: "-100".into(), message: "2".into() },
            correlation: CommandId::new("telegram/1/1"),
            causation: Some(Position(300)),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
        },
    }
}

/// The bytes of format 1, for ever. A change here means a new format, not a new text below.
const GOLDEN: &str = include_str!("../golden/record-1.hex");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn format_1_stays_as_it_is() {
    let mut bytes = Vec::new();
    encode(&sample(), &[7; 32], &mut bytes).unwrap();
    assert_eq!(hex(&bytes), GOLDEN.trim_end());
    assert_eq!(decode(&bytes).unwrap(), sample());
}

#[test]
fn a_record_of_a_newer_format_is_no_damage() {
    let mut group = Vec::new();
    encode(&sample(), &[7; 32], &mut group).unwrap();
    let first = group.len();
    group.extend_from_slice(&[2, 5, 0, 0, 0, 0, 0, 0, 0, b'n', b'e', b'w', b'e', b'r']);
    let crc = checksum(&group[first..]).to_le_bytes();
    group[first + 5..first + 9].copy_from_slice(&crc);
    encode(&sample(), &[7; 32], &mut group).unwrap();
    let found: Vec<_> = walk(&group).map(|record| record.map(|record| record.position().0)).collect();
    assert_eq!(found, [Ok(258), Err(RecordError::Newer(2)), Ok(258)]);
    let said = RecordError::Newer(2).to_string();
    assert!(said.contains("written by a newer yoman, so update"), "{said}");
    // The same first byte without the right checksum is damage.
    group[first + 9] ^= 1;
    assert_eq!(walk(&group).nth(1), Some(Err(RecordError::Format(2))));
}

#[test]
fn optional_fields_cost_nothing_when_absent() {
    let mut commit = sample();
    commit.meta = Meta {
        command: CommandId::new("c"),
        text: String::new(),
        actor: "a".into(),
        origin: Origin { bot: "b".into(), room: String::new(), message: String::new() },
        correlation: CommandId::new("c"),
        causation: None,
        recorded_at: commit.meta.recorded_at,
    };
    let mut bytes = Vec::new();
    encode(&commit, &[0; 32], &mut bytes).unwrap();
    assert_eq!(decode(&bytes).unwrap(), commit);
    assert_eq!(bytes.len(), 9 + 49 + 1 + 7 + 2 + 2 + 2 + 1 + (13 + 1 + 22) + (14 + 1 + 5));
}

#[test]
fn a_commit_over_the_limit_is_refused_and_leaves_nothing_behind() {
    let mut commit = sample();
    commit.events[0].data = raw(&format!("\"{}\"", "x".repeat(COMMIT_BYTES_MAX)));
    let mut bytes = vec![1, 2, 3];
    assert!(matches!(encode(&commit, &[0; 32], &mut bytes), Err(RecordError::TooLarge(_))));
    assert_eq!(bytes, [1, 2, 3]);
}

#[test]
fn a_damaged_record_in_a_group_is_stepped_over() {
    let mut group = Vec::new();
    let mut ends = Vec::new();
    for position in 1..=5 {
        let commit = Commit { position: Position(position), ..sample() };
        encode(&commit, &[0; 32], &mut group).unwrap();
        ends.push(group.len());
    }
    for at in ends[1]..ends[2] {
        let mut damaged = group.clone();
        damaged[at] ^= 0x55;
        let found: Vec<_> = walk(&damaged).flatten().map(|record| record.position().0).collect();
        assert_eq!(found, [1, 2, 4, 5], "byte {at}");
        assert_eq!(walk(&damaged).filter(Result::is_err).count(), 1, "byte {at}");
        assert!(find(&damaged, Position(3)).is_none());
        assert_eq!(find(&damaged, Position(4)).unwrap().position(), Position(4));
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z/0-9]{1,12}", "\\PC{0,40}"]
}

prop_compose! {
    fn commits()(
        position in any::<u64>(),
        first_version in 1..u64::MAX / 2,
        texts in proptest::collection::vec(text(), 8),
        causation in proptest::option::of(any::<u64>()),
        micros in 0..4_000_000_000_000_000i64,
        events in proptest::collection::vec((text(), any::<u16>(), text()), 1..5),
    ) -> Commit {
        Commit {
            position: Position(position),
            stream: StreamId::new(&*texts[0]),
            first_version,
            events: events
                .iter()
                .map(|(name, schema, data)| StoredEvent {
                    name: name.as_str().into(),
                    schema: *schema,
                    data: serde_json::value::to_raw_value(data).unwrap(),
                })
                .collect(),
            meta: Meta {
                command: CommandId::new(&*texts[1]),
                text: texts[2].clone(),
                actor: texts[3].clone(),
                origin: Origin { bot: texts[4].clone(), room: texts[5].clone(), message: texts[6].clone() },
                correlation: CommandId::new(&*texts[7]),
                causation: causation.map(Position),
                recorded_at: DateTime::from_timestamp_micros(micros).unwrap(),
            },
        }
    }
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(commit in commits()) {
        let mut bytes = Vec::new();
        let hash = encode(&commit, &[9; 32], &mut bytes).unwrap();
        let record = Checked::first(&bytes).unwrap();
        let outline = record.outline().unwrap();
        prop_assert_eq!((outline.stream, outline.command), (commit.stream.as_str(), commit.meta.command.as_str()));
        prop_assert_eq!((outline.first_version, outline.last_version()), (commit.first_version, commit.last_version()));
        prop_assert_eq!(record.commit().unwrap(), commit);
        prop_assert_eq!(record.previous(), [9; 32]);
        prop_assert_eq!(record.hash(), hash);
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
        let _ = walk(&bytes).count();
    }

    /// A body that is damaged and carries the right checksum all the same (a fault of ours, not of the disk).
    #[test]
    fn a_wrong_body_with_a_right_checksum_never_panics(
        commit in commits(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        encode(&commit, &[9; 32], &mut bytes).unwrap();
        let at = HEADER_BYTES + at.index(bytes.len() - HEADER_BYTES);
        bytes[at] = byte;
        bytes.truncate(HEADER_BYTES + cut.index(bytes.len() - HEADER_BYTES + 1));
        let body = (bytes.len() - HEADER_BYTES) as u32;
        bytes[1..5].copy_from_slice(&body.to_le_bytes());
        let crc = checksum(&bytes);
        bytes[5..9].copy_from_slice(&crc.to_le_bytes());
        let outlined = Checked::first(&bytes).and_then(|record| record.outline().map(drop));
        prop_assert_eq!(outlined.is_ok(), decode(&bytes).is_ok());
        if let Ok(commit) = decode(&bytes) {
            prop_assert!(!commit.events.is_empty());
            commit.last_version();
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed(commit in commits(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = Vec::new();
        encode(&commit, &[9; 32], &mut bytes).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode(&bytes).is_err());
    }
}
