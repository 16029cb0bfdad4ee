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
//! A new format gets a new number; every format ever released stays readable. The first nine bytes, and what the checksum is
//! over, are the same in all of them: so a record of a newer format is known for what it is, and not taken for damage.

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
    /// A whole record of a format that this version does not know.
    #[error(
        "the record has format {0}, and this version knows up to {FORMAT}: it was written by a newer yoman, so update"
    )]
    Newer(u8),
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

/// A hash for people and for JSON: 64 hexadecimal digits.
pub mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Hash;

    /// As text.
    pub fn text(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// From text.
    pub fn parse(text: &str) -> Option<Hash> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(hash)
    }

    /// For `#[serde(with = "hex")]`.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(hash))
    }

    /// For `#[serde(with = "hex")]`.
    ///
    /// # Errors
    /// When it is no hash.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits"))
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Where it belongs, without making a commit of it. Everything in it is looked at all the same: what has an outline has a
    /// commit.
    ///
    /// # Errors
    /// [`RecordError::Field`] when the body does not follow the format.
    pub fn outline(&self) -> Result<Outline<'a>, RecordError> {
        self.recorded_at()?;
        let flags = self.bytes[57];
        if flags & !FLAGS_ALL != 0 {
            return Err(RecordError::Field("flags"));
        }
        let mut rest = Fields { bytes: &self.bytes[58..] };
        let first_version = rest.varint("version")?;
        let stream = rest.text("stream")?;
        let command = rest.text("command")?;
        let optional = [(true, "actor"), (true, "bot"), (flags & HAS_ROOM != 0, "room")];
        if flags & HAS_TEXT != 0 {
            rest.text("text")?;
        }
        for (present, field) in optional {
            if present {
                rest.text(field)?;
            }
        }
        if flags & HAS_MESSAGE != 0 {
            rest.text("message")?;
        }
        if flags & HAS_CORRELATION != 0 {
            rest.text("correlation")?;
        }
        if flags & HAS_CAUSATION != 0 {
            rest.varint("causation")?;
        }
        let events = rest.varint("number of events")?;
        if events == 0 || events > rest.bytes.len() as u64 / 3 || first_version == 0 {
            return Err(RecordError::Field("number of events"));
        }
        first_version.checked_add(events).ok_or(RecordError::Field("version"))?;
        for _ in 0..events {
            rest.text("event name")?;
            u16::try_from(rest.varint("schema")?).map_err(|_| RecordError::Field("schema"))?;
            let data = rest.text("payload")?;
            serde_json::from_str::<&RawValue>(data).map_err(|_| RecordError::Field("payload"))?;
        }
        if !rest.bytes.is_empty() {
            return Err(RecordError::Field("end"));
        }
        Ok(Outline { stream, command, first_version, events })
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

    /// The same commit as a record at another place: appends it to `out` and gives its hash.
    pub fn placed(&self, position: Position, previous: &Hash, recorded_at: DateTime<Utc>, out: &mut Vec<u8>) -> Hash {
        let start = out.len();
        out.extend_from_slice(self.bytes);
        let record = &mut out[start..];
        record[HEADER_BYTES..17].copy_from_slice(&position.0.to_le_bytes());
        record[17..49].copy_from_slice(previous);
        record[49..57].copy_from_slice(&recorded_at.timestamp_micros().to_le_bytes());
        let crc = checksum(record);
        record[5..9].copy_from_slice(&crc.to_le_bytes());
        hash(record)
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

/// What a record says of itself, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline<'a> {
    /// The stream's name.
    pub stream: &'a str,
    /// The command id.
    pub command: &'a str,
    /// The version of its first event.
    pub first_version: u64,
    /// How many events it has.
    pub events: u64,
}

impl Outline<'_> {
    /// The version of its last event.
    pub fn last_version(&self) -> u64 {
        self.first_version + self.events - 1
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
            Err(RecordError::Newer(format)) => {
                let bytes = frame(self.rest).unwrap_or(self.rest.len());
                self.rest = &self.rest[bytes..];
                Some(Err(RecordError::Newer(format)))
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
        Some(&other) => {
            return Err(match frame(bytes) {
                Some(whole) if other > FORMAT && u32_at(bytes, 5) == checksum(&bytes[..whole]) => {
                    RecordError::Newer(other)
                }
                _ => RecordError::Format(other),
            });
        }
    }
    let whole = frame(bytes).ok_or(RecordError::Short)?;
    if whole < HEADER_BYTES + BODY_BYTES_MIN { Err(RecordError::Short) } else { Ok(whole) }
}

/// How long the first record is, in whatever format, when so many bytes are there and no record is longer.
fn frame(bytes: &[u8]) -> Option<usize> {
    let body = if bytes.len() < HEADER_BYTES { return None } else { u32_at(bytes, 1) as usize };
    (body <= BODY_BYTES_MAX && bytes.len() - HEADER_BYTES >= body).then_some(HEADER_BYTES + body)
}

fn checksum(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[..5]), &record[HEADER_BYTES..])
}

/// The caller has looked at the length.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// The caller has looked at the length.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
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
mod tests;
