//! A commit as a message of the stream: everything but its place, which only the order of the messages gives it, and an
//! anchor, by which every reader sees whether it reads the log that the writer saw.
//!
//! # Format
//!
//! | bytes | what |
//! | --- | --- |
//! | 2 | `ym` |
//! | 1 | what it is: `c` a commit, `l` a position that was given up, `g` whether the log is here (see `gate.rs`) |
//! | .. | `c`: a record (see `record.rs`), in which position and hash of the record before are those of the anchor: of the newest commit the writer knew |
//! | .. | `l`, `g`: the frame of a record (format 1, length, CRC32C), and in it why, or what, as text |
//!
//! Length and checksum are those of the record. Whatever comes later keeps that frame, so that a message of a newer yoman is
//! known for what it is, and not taken for damage.

use crate::log::{
    Commit, Head, Position,
    record::{self, Checked, Hash, RecordError},
};

const MAGIC: &[u8; 2] = b"ym";
const COMMIT: u8 = b'c';
const LOST: u8 = b'l';
const GATE: u8 = b'g';
/// What stands before the record.
const HEAD_BYTES: usize = 3;
/// Format, length, CRC32C.
const FRAME_BYTES: usize = 9;
/// Why a position was given up is cut off after this.
const WHY_BYTES_MAX: usize = 1000;

/// What the writer had seen of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The newest commit it knew.
    pub(crate) position: Position,
    /// The hash of that one's record.
    pub(crate) hash: Hash,
}

impl From<&Head> for Anchor {
    fn from(head: &Head) -> Self {
        Self { position: head.position, hash: head.hash }
    }
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// A commit: the record with the anchor in the places of its position and of the hash before.
    Commit(Checked<'a>),
    /// A position that was given up before the log came here.
    Lost(&'a str),
    /// Whether the log is here.
    Gate(&'a str),
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A newer version wrote it: nothing is wrong with it.
    Newer(String),
    /// Nothing of ours, or not whole.
    Damaged(String),
}

/// The message of a commit; its position is of no meaning.
///
/// # Errors
/// [`RecordError::TooLarge`].
pub(crate) fn encode(commit: &mut Commit, anchor: Anchor) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(MAGIC);
    bytes.push(COMMIT);
    commit.position = anchor.position;
    record::encode(commit, &anchor.hash, &mut bytes)?;
    Ok(bytes)
}

/// The message of a commit that is in another log, byte for byte.
///
/// # Errors
/// [`RecordError`] when its time is none.
pub(crate) fn encode_record(record: &Checked<'_>, anchor: Anchor) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + record.bytes().len());
    bytes.extend_from_slice(MAGIC);
    bytes.push(COMMIT);
    record.placed(anchor.position, &anchor.hash, record.recorded_at()?, &mut bytes);
    Ok(bytes)
}

/// The message of a position that was given up.
pub(crate) fn encode_lost(why: &str) -> Vec<u8> {
    encode_text(LOST, why)
}

/// The message that says whether the log is here.
pub(crate) fn encode_gate(what: &str) -> Vec<u8> {
    encode_text(GATE, what)
}

fn encode_text(kind: u8, why: &str) -> Vec<u8> {
    let mut end = why.len().min(WHY_BYTES_MAX);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    let why = &why.as_bytes()[..end];
    let mut bytes = Vec::from(*MAGIC);
    bytes.push(kind);
    bytes.push(record::FORMAT);
    bytes.extend_from_slice(&(end as u32).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[HEAD_BYTES..]), why);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(why);
    bytes
}

impl<'a> Message<'a> {
    /// Reads a message.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let damaged = |why: String| Unreadable::Damaged(why);
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it is no message of yoman".into()))?;
        let (&kind, rest) = rest.split_first().ok_or_else(|| damaged("it is cut short".into()))?;
        match kind {
            COMMIT => match Checked::first(rest) {
                Ok(record) if record.bytes().len() < rest.len() => {
                    Err(damaged("something stands behind its record".into()))
                }
                Ok(record) => Ok(Self::Commit(record)),
                Err(error @ RecordError::Newer(_)) => Err(Unreadable::Newer(error.to_string())),
                Err(error) => Err(damaged(error.to_string())),
            },
            kind => match frame(rest) {
                None => Err(damaged("it is no whole message of yoman".into())),
                Some((record::FORMAT, text)) if kind == LOST || kind == GATE => {
                    let text = std::str::from_utf8(text).map_err(|_| damaged("its text is none".into()))?;
                    Ok(if kind == LOST { Self::Lost(text) } else { Self::Gate(text) })
                }
                Some(_) => Err(Unreadable::Newer(format!(
                    "it is a message of kind {:?}, which this version does not know",
                    char::from(kind)
                ))),
            },
        }
    }
}

/// Format and body of a whole frame, whatever its format.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let length = u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(bytes.get(5..FRAME_BYTES)?.try_into().ok()?);
    let body = &bytes[FRAME_BYTES..];
    let whole = body.len() == length && crc == crc32c::crc32c_append(crc32c::crc32c(&bytes[..5]), body);
    whole.then_some((bytes[0], body))
}

/// The anchor of a commit's record.
pub(crate) fn anchor(record: &Checked<'_>) -> Anchor {
    Anchor { position: record.position(), hash: record.previous() }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::log::contract;

    fn commit() -> Commit {
        let append = contract::append("todo/7", 2, "telegram/1/2");
        let mut meta = append.meta;
        meta.recorded_at = DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap();
        Commit { position: Position(0), stream: append.stream, first_version: 3, events: append.events, meta }
    }

    const ANCHOR: Anchor = Anchor { position: Position(258), hash: [7; 32] };

    /// The bytes of format 1, for ever.
    #[test]
    fn messages_stay_as_they_are() {
        let golden = include_bytes!("../golden/message-1.bin");
        let lost = include_bytes!("../golden/message-lost-1.bin");
        assert_eq!(encode(&mut commit(), ANCHOR).unwrap(), golden);
        assert_eq!(encode_lost("the record's checksum is wrong"), lost);
        let Ok(Message::Commit(record)) = Message::read(golden) else { panic!("it is a commit") };
        assert_eq!(anchor(&record), ANCHOR);
        assert_eq!(record.commit().unwrap(), Commit { position: ANCHOR.position, ..commit() });
        assert_eq!(Message::read(lost), Ok(Message::Lost("the record's checksum is wrong")));
        let gate = include_bytes!("../golden/message-gate-1.bin");
        assert_eq!(encode_gate("left /data/log on house"), gate);
        assert_eq!(Message::read(gate), Ok(Message::Gate("left /data/log on house")));
    }

    #[test]
    fn a_newer_message_is_no_damage() {
        let mut newer = encode(&mut commit(), ANCHOR).unwrap();
        newer[3] = 2;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&newer[3..8]), &newer[12..]);
        newer[8..12].copy_from_slice(&crc.to_le_bytes());
        assert!(matches!(Message::read(&newer), Err(Unreadable::Newer(why)) if why.contains("newer yoman, so update")));
        let mut other = encode_lost("why");
        other[2] = b'x';
        assert!(matches!(Message::read(&other), Err(Unreadable::Newer(_))));
        for garbage in [&b""[..], b"y", b"ym", b"ymc", b"ymx", b"hello", b"ymlhello, world"] {
            assert!(matches!(Message::read(garbage), Err(Unreadable::Damaged(_))), "{garbage:?}");
        }
        let mut longer = encode(&mut commit(), ANCHOR).unwrap();
        longer.push(0);
        assert!(matches!(Message::read(&longer), Err(Unreadable::Damaged(_))));
    }

    #[test]
    fn a_record_at_another_place_is_the_one_that_would_have_been_written_there() {
        let mut commit = commit();
        let bytes = encode(&mut commit, ANCHOR).unwrap();
        let Ok(Message::Commit(record)) = Message::read(&bytes) else { panic!("it is a commit") };
        commit.position = Position(300);
        commit.meta.recorded_at += chrono::TimeDelta::seconds(1);
        let (mut expected, mut placed) = (Vec::new(), vec![1, 2, 3]);
        let hash = record::encode(&commit, &[9; 32], &mut expected).unwrap();
        assert_eq!(record.placed(commit.position, &[9; 32], commit.meta.recorded_at, &mut placed), hash);
        assert_eq!(placed[3..], expected);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..300, to: u8) {
            let _ = Message::read(&bytes);
            let mut whole = encode(&mut commit(), ANCHOR).unwrap();
            let at = at % whole.len();
            if whole[at] != to {
                whole[at] = to;
                let told = Message::read(&whole);
                prop_assert!(told.is_err(), "{told:?}");
            }
        }
    }
}
