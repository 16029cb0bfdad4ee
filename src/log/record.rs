//! A commit as bytes. A record says how long it is, carries a checksum, its position and the hash of the record before,
//! so that a damaged one is known, stepped over, and cannot be exchanged for another unnoticed.
//!
//! # Format 1
//!
//! Numbers are little-endian; a varint is LEB128; a text is a varint of its length in bytes, then UTF-8.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | the format: 1 |
//! | 4 | length of the body in bytes |
//! | 4 | CRC32C of the five bytes before and the body |
//! | 8 | body: position |
//! | 32 | SHA-256 of the whole record before, zeroes for the first |
//! | 8 | recorded_at, microseconds since 1970, signed |
//! | 1 | which optional fields follow: 1 text, 2 room, 4 message, 8 correlation (else it is the command), 16 causation |
//! | .. | first version (varint); stream, command, \[text\], actor, bot, \[room\], \[message\], \[correlation\] (texts); \[causation\] (varint) |
//! | .. | number of events (varint), each: name (text), schema (varint), data (text, one JSON value) |
//!
//! A new format gets a new number; every format ever released stays readable.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{COMMIT_BYTES_MAX, CommandId, Commit, Meta, Origin, Position, StoredEvent, StreamId};

/// The format that [`encode`] writes.
pub const FORMAT: u8 = 1;

/// SHA-256 over a whole record.
pub type Hash = [u8; 32];

/// What stands before the body.
const HEADER_BYTES: usize = 9;
/// Position, hash, time, flags and the least of the rest: what a body has at least.
const BODY_BYTES_MIN: usize = 8 + 32 + 8 + 1;
/// No body is larger: the limit for a commit leaves room for the header of its record.
const BODY_BYTES_MAX: usize = COMMIT_BYTES_MAX;

const HAS_TEXT: u8 = 1;
const HAS_ROOM: u8 = 2;
const HAS_MESSAGE: u8 = 4;
const HAS_CORRELATION: u8 = 8;
const HAS_CAUSATION: u8 = 16;
const FLAGS_ALL: u8 = HAS_TEXT | HAS_ROOM | HAS_MESSAGE | HAS_CORRELATION | HAS_CAUSATION;

/// Why bytes are not a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end inside the record.
    #[error("the record is cut short")]
    Short,
    /// The first byte is not a known format.
    #[error("the record has the unknown format {0}")]
    Format(u8),
    /// The checksum does not fit the bytes.
    #[error("the record's checksum is wrong")]
    Checksum,
    /// The checksum fits, but the body does not follow the format.
    #[error("the record's {0} cannot be read")]
    Field(&'static str),
    /// The commit is larger than [`COMMIT_BYTES_MAX`].
    #[error("the commit is {0} bytes, at most {COMMIT_BYTES_MAX} are allowed")]
    TooLarge(usize),
}

/// The SHA-256 of a whole record, as the next one carries it.
pub fn hash(record: &[u8]) -> Hash {
    Sha256::digest(record).into()
}

/// Appends the record of `commit` to `out` and gives its hash. On an error `out` is as it was.
///
/// # Errors
/// [`RecordError::TooLarge`].
pub fn encode(commit: &Commit, previous: &Hash, out: &mut Vec<u8>) -> Result<Hash, RecordError> {
    let start = out.len();
    let meta = &commit.meta;
    out.extend_from_slice(&[FORMAT, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&commit.position.0.to_le_bytes());
    out.extend_from_slice(previous);
    out.extend_from_slice(&meta.recorded_at.timestamp_micros().to_le_bytes());
    let flag = |present: bool, bit: u8| if present { bit } else { 0 };
    let correlation = meta.correlation != meta.command;
    out.push(
        flag(!meta.text.is_empty(), HAS_TEXT)
            | flag(!meta.origin.room.is_empty(), HAS_ROOM)
            | flag(!meta.origin.message.is_empty(), HAS_MESSAGE)
            | flag(correlation, HAS_CORRELATION)
            | flag(meta.causation.is_some(), HAS_CAUSATION),
    );
    put_varint(out, commit.first_version);
    put_text(out, commit.stream.as_str());
    put_text(out, meta.command.as_str());
    put_optional(out, &meta.text);
    put_text(out, &meta.actor);
    put_text(out, &meta.origin.bot);
    put_optional(out, &meta.origin.room);
    put_optional(out, &meta.origin.message);
    if correlation {
        put_text(out, meta.correlation.as_str());
    }
    if let Some(causation) = meta.causation {
        put_varint(out, causation.0);
    }
    put_varint(out, commit.events.len() as u64);
    for event in &commit.events {
        put_text(out, &event.name);
        put_varint(out, u64::from(event.schema));
        put_text(out, event.data.get());
    }
    let body = out.len() - start - HEADER_BYTES;
    if body > BODY_BYTES_MAX {
        out.truncate(start);
        return Err(RecordError::TooLarge(body));
    }
    let record = &mut out[start..];
    record[1..5].copy_from_slice(&(body as u32).to_le_bytes());
    let crc = checksum(record);
    record[5..9].copy_from_slice(&crc.to_le_bytes());
    Ok(hash(record))
}

/// A record whose length and checksum are right.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    bytes: &'a [u8],
}

impl<'a> Checked<'a> {
    /// The first record in `bytes`, which may go on behind it.
    ///
    /// # Errors
    /// All of [`RecordError`] but `TooLarge` and `Field`.
    pub fn first(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let bytes = &bytes[..length(bytes)?];
        if u32_at(bytes, 5) != checksum(bytes) {
            return Err(RecordError::Checksum);
        }
        Ok(Self { bytes })
    }

    /// The whole record.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its position.
    pub fn position(&self) -> Position {
        Position(u64_at(self.bytes, HEADER_BYTES))
    }

    /// The hash of the record before.
    pub fn previous(&self) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.bytes[17..49]);
        hash
    }

    /// Its time.
    ///
    /// # Errors
    /// [`RecordError::Field`] when it is no time.
    pub fn recorded_at(&self) -> Result<DateTime<Utc>, RecordError> {
        DateTime::from_timestamp_micros(u64_at(self.bytes, 49) as i64).ok_or(RecordError::Field("time"))
    }

    /// Its own hash.
    pub fn hash(&self) -> Hash {
        hash(self.bytes)
    }

    /// The commit.
    ///
    /// # Errors
    /// [`RecordError::Field`] when the body does not follow the format.
    pub fn commit(&self) -> Result<Commit, RecordError> {
        let recorded_at = self.recorded_at()?;
        let flags = self.bytes[57];
        if flags & !FLAGS_ALL != 0 {
            return Err(RecordError::Field("flags"));
        }
        let mut rest = Fields { bytes: &self.bytes[58..] };
        let first_version = rest.varint("version")?;
        let stream = StreamId::new(rest.text("stream")?);
        let command = CommandId::new(rest.text("command")?);
        let text = rest.optional(flags & HAS_TEXT != 0, "text")?;
        let actor = rest.text("actor")?.to_owned();
        let bot = rest.text("bot")?.to_owned();
        let room = rest.optional(flags & HAS_ROOM != 0, "room")?;
        let message = rest.optional(flags & HAS_MESSAGE != 0, "message")?;
        let correlation = match flags & HAS_CORRELATION {
            0 => command.clone(),
            _ => CommandId::new(rest.text("correlation")?),
        };
        let causation = match flags & HAS_CAUSATION {
            0 => None,
            _ => Some(Position(rest.varint("causation")?)),
        };
        let count = rest.varint("number of events")?;
        // An event is three bytes at least: a count beyond that is damage, and must not become an allocation.
        if count == 0 || count > rest.bytes.len() as u64 / 3 || first_version == 0 {
            return Err(RecordError::Field("number of events"));
        }
        if first_version.checked_add(count).is_none() {
            return Err(RecordError::Field("version"));
        }
        let mut events = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let name = Arc::from(rest.text("event name")?);
            let schema = u16::try_from(rest.varint("schema")?).map_err(|_| RecordError::Field("schema"))?;
            let data = rest.text("payload")?.to_owned();
            let data = RawValue::from_string(data).map_err(|_| RecordError::Field("payload"))?;
            events.push(StoredEvent { name, schema, data });
        }
        if !rest.bytes.is_empty() {
            return Err(RecordError::Field("end"));
        }
        let origin = Origin { bot, room, message };
        let meta = Meta { command, text, actor, origin, correlation, causation, recorded_at };
        Ok(Commit { position: self.position(), stream, first_version, events, meta })
    }
}

/// The commit of the first record in `bytes`.
///
/// # Errors
/// [`RecordError`], whatever the bytes are.
pub fn decode(bytes: &[u8]) -> Result<Commit, RecordError> {
    Checked::first(bytes)?.commit()
}

/// The records of a group, one behind the other. A damaged one is an error in its place; the walk goes on with the next
/// place where a whole record stands.
pub fn walk(group: &[u8]) -> Walk<'_> {
    Walk { rest: group }
}

/// See [`walk`].
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Checked<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Checked::first(self.rest) {
            Ok(record) => {
                self.rest = &self.rest[record.bytes.len()..];
                Some(Ok(record))
            }
            Err(error) => {
                let next = (1..self.rest.len()).find(|&at| Checked::first(&self.rest[at..]).is_ok());
                self.rest = next.map_or(&[], |at| &self.rest[at..]);
                Some(Err(error))
            }
        }
    }
}

/// The record at a position inside a group, without checking those before it. `None` when it is not there or damaged:
/// [`walk`] tells which.
pub fn find(group: &[u8], position: Position) -> Option<Checked<'_>> {
    let mut rest = group;
    while let Ok(bytes) = length(rest) {
        if u64_at(rest, HEADER_BYTES) == position.0 {
            if let Ok(record) = Checked::first(rest) {
                return Some(record);
            }
            break;
        }
        rest = &rest[bytes..];
    }
    // The hops went astray, or the record itself is damaged: look at everything.
    walk(group).flatten().find(|record| record.position() == position)
}

/// The length of the first record in bytes, as its header says, when so many bytes are there.
fn length(bytes: &[u8]) -> Result<usize, RecordError> {
    match bytes.first() {
        None => return Err(RecordError::Short),
        Some(&FORMAT) => {}
        Some(&other) => return Err(RecordError::Format(other)),
    }
    if bytes.len() < HEADER_BYTES {
        return Err(RecordError::Short);
    }
    let body = u32_at(bytes, 1) as usize;
    if !(BODY_BYTES_MIN..=BODY_BYTES_MAX).contains(&body) || bytes.len() - HEADER_BYTES < body {
        return Err(RecordError::Short);
    }
    Ok(HEADER_BYTES + body)
}

fn checksum(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[..5]), &record[HEADER_BYTES..])
}

/// The caller has looked at the length.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// The caller has looked at the length.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_optional(out: &mut Vec<u8>, text: &str) {
    if !text.is_empty() {
        put_text(out, text);
    }
}

/// What is left of a body.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    fn varint(&mut self, field: &'static str) -> Result<u64, RecordError> {
        let mut number = 0u64;
        for (at, &byte) in self.bytes.iter().enumerate().take(10) {
            // The tenth byte has room for one bit only.
            if at == 9 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.bytes = &self.bytes[at + 1..];
                return Ok(number);
            }
        }
        Err(RecordError::Field(field))
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, RecordError> {
        let length = self.varint(field)?;
        if length > self.bytes.len() as u64 {
            return Err(RecordError::Field(field));
        }
        let (text, rest) = self.bytes.split_at(length as usize);
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| RecordError::Field(field))
    }

    fn optional(&mut self, present: bool, field: &'static str) -> Result<String, RecordError> {
        if present { self.text(field).map(str::to_owned) } else { Ok(String::new()) }
    }
}

#[cfg(test)]
mod tests {
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
    const GOLDEN: &str = "01b700000084bbaebd0201000000000000\
        0707070707070707070707070707070707070707070707070707070707070707\
        01401e18240a06001f0306746f646f2f370c74656c656772616d2f312f320f2f746f646f20666978206c6f67696e08706572736f6e2f31\
        0874656c656772616d042d31303001320c74656c656772616d2f312f31ac02020c746f646f5f6372656174656401157b227469746c65\
        223a22666978206c6f67696e227d0d746f646f5f61737369676e656402046e756c6c";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn format_1_stays_as_it_is() {
        let mut bytes = Vec::new();
        encode(&sample(), &[7; 32], &mut bytes).unwrap();
        assert_eq!(hex(&bytes), GOLDEN);
        assert_eq!(decode(&bytes).unwrap(), sample());
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
}
