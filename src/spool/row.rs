//! One saved inbound as bytes: JSON, cut into parts that each say for themselves where they belong and whether they are
//! whole, so that they are found again in a file that cannot be opened any more.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use yoman_chat::{BotName, Inbound};

/// What was said, with what has to be known to hear it later as it would have been heard then. Its written form is kept on
/// disk: fields are only ever added, each with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// When it was saved.
    pub at: DateTime<Utc>,
    /// The bot it came through.
    pub bot: BotName,
    /// What was said.
    pub inbound: Inbound,
    /// The command a button had asked words for: these may be the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The version its card showed, for a reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// Whoever said it was told that it is saved.
    #[serde(default)]
    pub told: bool,
}

/// Where a part begins.
const MAGIC: &[u8; 4] = b"yspl";
/// Of the header, and of the JSON in it.
const FORMAT: u8 = 1;
/// Magic, format, place, part, parts, length, checksum.
const HEADER_BYTES: usize = 4 + 1 + 8 + 2 + 2 + 4 + 4;
/// The longest part: 17 of them stay below a quarter of a segment of sled's, so that it makes no blob file, which it never
/// syncs.
pub(super) const PART_BYTES: usize = 32 << 10;
/// The longest row. No command is as long.
pub(super) const ROW_BYTES_MAX: usize = 1 << 20;

/// Where a row stands: strictly increasing, across starts too.
pub(super) type Place = u64;

/// The key of a part.
pub(super) fn key(letter: u8, place: Place, part: u16) -> [u8; 11] {
    let mut key = [0; 11];
    key[0] = letter;
    key[1..9].copy_from_slice(&place.to_be_bytes());
    key[9..].copy_from_slice(&part.to_be_bytes());
    key
}

/// Letter, place and part of a key.
pub(super) fn of_key(key: &[u8]) -> Option<(u8, Place, u16)> {
    let (&letter, rest) = key.split_first()?;
    let (place, part) = rest.split_first_chunk::<8>()?;
    Some((letter, u64::from_be_bytes(*place), u16::from_be_bytes(part.try_into().ok()?)))
}

/// A row as JSON.
pub(super) fn encode(saved: &Saved) -> Result<Vec<u8>, String> {
    serde_json::to_vec(saved).map_err(|error| error.to_string())
}

/// The parts of a row.
pub(super) fn parts(place: Place, json: &[u8]) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = json.chunks(PART_BYTES).collect();
    let count = u16::try_from(pieces.len()).unwrap_or(u16::MAX);
    (0..count).zip(pieces).map(|(part, piece)| frame(place, (part, count), piece)).collect()
}

fn frame(place: Place, (part, parts): (u16, u16), piece: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES + piece.len());
    frame.extend_from_slice(MAGIC);
    frame.push(FORMAT);
    frame.extend_from_slice(&place.to_be_bytes());
    frame.extend_from_slice(&part.to_be_bytes());
    frame.extend_from_slice(&parts.to_be_bytes());
    frame.extend_from_slice(&u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(&checksum(&frame, piece).to_be_bytes());
    frame.extend_from_slice(piece);
    frame
}

fn checksum(header: &[u8], piece: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(header), piece)
}

/// A part that is whole.
struct Part<'a> {
    place: Place,
    part: u16,
    parts: u16,
    piece: &'a [u8],
}

/// The part that begins here; `Err` says what is wrong with it.
fn read(bytes: &[u8]) -> Result<Part<'_>, String> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Err("it is cut off".into()) };
    if !header.starts_with(MAGIC) {
        return Err("it does not begin as it should".into());
    }
    if header[4] != FORMAT {
        return Err(format!("it is of format {}, written by a newer yoman", header[4]));
    }
    let number = |from: usize, to: usize| header[from..to].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let length = usize::try_from(number(17, 21)).unwrap_or(usize::MAX);
    let piece = rest.get(..length).filter(|_| length <= PART_BYTES).ok_or("it is cut off")?;
    if u64::from(checksum(&header[..21], piece)) != number(21, 25) {
        return Err("its checksum is wrong".into());
    }
    let small = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    Ok(Part { place: number(5, 13), part: small(number(13, 15)), parts: small(number(15, 17)), piece })
}

/// How many parts a row has, by its first.
pub(super) fn count(first: &[u8]) -> Result<u16, String> {
    read(first).map(|part| part.parts)
}

/// The row of these parts.
pub(super) fn join<'a>(place: Place, parts: impl IntoIterator<Item = &'a [u8]>) -> Result<Saved, String> {
    let mut json = Vec::new();
    let (mut next, mut count) = (0, 0);
    for bytes in parts {
        let part = read(bytes)?;
        if (part.place, part.part) != (place, next) {
            return Err("a part of it stands elsewhere".into());
        }
        json.extend_from_slice(part.piece);
        (next, count) = (next + 1, part.parts);
    }
    if count == 0 || next != count {
        return Err("a part of it is missing".into());
    }
    serde_json::from_slice(&json).map_err(|error| format!("it is not understood: {error}"))
}

/// What says that a row is done with: found in a file as rows are.
pub(super) fn done(place: Place) -> Vec<u8> {
    frame(place, (0, 0), &[])
}

/// What is found in a file.
#[derive(Debug, Default)]
pub(super) struct Carved {
    /// Rows that are whole and not done with.
    pub(super) rows: BTreeMap<Place, Saved>,
    /// Rows that are done with.
    pub(super) done: BTreeSet<Place>,
    /// Rows of which something is left, and not enough.
    pub(super) broken: BTreeMap<Place, String>,
}

/// What is found in a file, whatever it is.
pub(super) fn carve(file: &[u8]) -> Carved {
    let mut parts: BTreeMap<Place, BTreeMap<u16, &[u8]>> = BTreeMap::new();
    let mut carved = Carved::default();
    let mut from = 0;
    while let Some(at) = file.get(from..).and_then(|rest| find(rest, MAGIC)).map(|at| from + at) {
        from = at + 1;
        match read(&file[at..]) {
            Ok(part) => {
                let end = at + HEADER_BYTES + part.piece.len();
                from = end;
                if part.parts == 0 {
                    carved.done.insert(part.place);
                } else {
                    parts.entry(part.place).or_default().insert(part.part, &file[at..end]);
                }
            }
            Err(why) => {
                if let Some(place) = file.get(at + 5..at + 13).and_then(|place| place.try_into().ok()) {
                    carved.broken.insert(u64::from_be_bytes(place), why);
                }
            }
        }
    }
    for (place, parts) in parts {
        if carved.done.contains(&place) {
            continue;
        }
        match join(place, parts.into_values()) {
            Ok(saved) => drop(carved.rows.insert(place, saved)),
            Err(why) => drop(carved.broken.insert(place, why)),
        }
    }
    let Carved { rows, done, broken } = &mut carved;
    broken.retain(|place, _| !rows.contains_key(place) && !done.contains(place));
    carved
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
#[path = "tests/row.rs"]
pub(super) mod tests;
