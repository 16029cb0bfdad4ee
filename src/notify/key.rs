//! Keys and values as they stand in the store. A key is a letter and names parted by zero bytes; a value is a schema byte
//! and JSON. What is longer than [`CHUNK_BYTES`] is cut into rows, because sled makes a blob file, which it never syncs,
//! of a node with large values.
//!
//! | key | value |
//! | --- | --- |
//! | `o` room 0 seq part | an entry of the outbox |
//! | `t` room 0 seq part | how often it was tried, and whether an attempt has no outcome |
//! | `c` item 0 room | the room's card of the item |
//! | `b` room | the message that is the room's board |
//! | `m` room 0 message | the item a message is about, with the version it shows as long as it is not the room's card |
//! | `r` room 0 seq part | the messages of a room in order, to forget the oldest |
//! | `d` bot / inbound id | when it was answered; the id of a platform's message begins with the bot itself |
//! | `f` room | since when the platform refuses everything for this room |
//! | `h` room | what is held for the room: from where on it was told nothing, and when it gets that |
//! | `q` room | whose direct room it is, and when they were heard there |
//! | `p` bot | the bot's cursor |
//! | `k` bot 0 name | what the bot remembers |
//! | `x` bot 0 seq | a delivery kept aside |
//! | `y` bot | how many were kept aside, ever |
//! | `w` bot | how many messages may have been delivered twice, ever |
//! | `z` key chunk | the second and further rows of a long value |

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tracing::warn;
use yoman_chat::{BotName, MessageRef, RoomId};

use crate::domain::ItemRef;

/// The longest row. 17 of them stay below a quarter of a segment.
pub(super) const CHUNK_BYTES: usize = 12 << 10;
/// The value stands in one row.
const WHOLE: u8 = 1;
/// The value stands in several rows: how many (2 bytes), then the first of them.
const CHUNKED: u8 = 2;

/// The place of an entry: strictly increasing within the process and, by the clock, across starts, so that a nonce made of
/// it is never used for two messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Seq {
    /// Of the whole message.
    pub(super) seq: u64,
    /// Which part of it.
    pub(super) part: u16,
}

impl Seq {
    pub(super) fn bytes(self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.seq.to_be_bytes());
        bytes[8..].copy_from_slice(&self.part.to_be_bytes());
        bytes
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let (seq, part) = bytes.split_first_chunk::<8>()?;
        Some(Self { seq: u64::from_be_bytes(*seq), part: u16::from_be_bytes(part.try_into().ok()?) })
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}.{}", self.seq, self.part)
    }
}

fn join(letter: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len() + 1).sum::<usize>());
    key.push(letter);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            key.push(0);
        }
        key.extend_from_slice(part);
    }
    key
}

/// All entries of all rooms.
pub(super) const ENTRIES: &[u8] = b"o";
/// All that was answered.
pub(super) const ANSWERED: &[u8] = b"d";
/// All rooms that refuse.
pub(super) const REFUSING: &[u8] = b"f";
/// All rooms something is held for.
pub(super) const HELD: &[u8] = b"h";
/// All direct rooms.
pub(super) const DIRECT: &[u8] = b"q";
/// All boards.
pub(super) const BOARDS: &[u8] = b"b";
/// Everything kept aside.
pub(super) const ASIDE: &[u8] = b"x";

pub(super) fn entry(room: &RoomId, seq: Seq) -> Vec<u8> {
    join(b'o', &[room.as_str().as_bytes(), &seq.bytes()])
}

pub(super) fn entries_of(room: &RoomId) -> Vec<u8> {
    join(b'o', &[room.as_str().as_bytes(), b""])
}

pub(super) fn tries(room: &RoomId, seq: Seq) -> Vec<u8> {
    join(b't', &[room.as_str().as_bytes(), &seq.bytes()])
}

pub(super) fn order(room: &RoomId, seq: Seq) -> Vec<u8> {
    join(b'r', &[room.as_str().as_bytes(), &seq.bytes()])
}

pub(super) fn order_of(room: &RoomId) -> Vec<u8> {
    join(b'r', &[room.as_str().as_bytes(), b""])
}

/// Room and place of a key made by [`entry`] or [`order`].
pub(super) fn room_seq(key: &[u8]) -> Option<(RoomId, Seq)> {
    let (rest, seq) = key.get(1..)?.split_last_chunk::<10>()?;
    let (zero, room) = rest.split_last()?;
    let room = std::str::from_utf8(room).ok().filter(|_| *zero == 0)?;
    Some((RoomId::new(room), Seq::of(seq)?))
}

pub(super) fn card(room: &RoomId, item: ItemRef) -> Vec<u8> {
    join(b'c', &[item.to_string().as_bytes(), room.as_str().as_bytes()])
}

/// The cards of an item in the rooms of a bot.
pub(super) fn cards_of(item: ItemRef, bot: &BotName) -> Vec<u8> {
    join(b'c', &[item.to_string().as_bytes(), format!("{bot}/").as_bytes()])
}

/// The room of a key made by [`card`].
pub(super) fn room_of_card(key: &[u8]) -> Option<RoomId> {
    let at = key.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&key[at + 1..]).ok().map(RoomId::new)
}

pub(super) fn message(message: &MessageRef) -> Vec<u8> {
    join(b'm', &[message.room.as_str().as_bytes(), message.id.as_bytes()])
}

/// What the messages of a room, and those of the threads opened in it, have in common.
pub(super) fn messages_within(room: &RoomId) -> Vec<u8> {
    join(b'm', &[room.as_str().as_bytes()])
}

/// The room and the message of a key made by [`message`].
pub(super) fn message_of(key: &[u8]) -> Option<MessageRef> {
    let at = key.iter().position(|&byte| byte == 0)?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some(MessageRef { room: RoomId::new(text(key.get(1..at)?)?), id: text(key.get(at + 1..)?)?.to_owned() })
}

/// Under its bot's name, also for what is no message of a platform: then the name is put before it.
pub(super) fn answered(bot: &BotName, inbound: &str) -> Vec<u8> {
    match inbound.strip_prefix(bot.as_str()) {
        Some(rest) if rest.starts_with('/') => answered_alone(inbound),
        _ => join(b'd', &[format!("{bot}/{inbound}").as_bytes()]),
    }
}

/// As an earlier version kept it, and as every message of a platform is kept.
pub(super) fn answered_alone(inbound: &str) -> Vec<u8> {
    join(b'd', &[inbound.as_bytes()])
}

pub(super) fn refusing(room: &RoomId) -> Vec<u8> {
    join(b'f', &[room.as_str().as_bytes()])
}

pub(super) fn held(room: &RoomId) -> Vec<u8> {
    join(b'h', &[room.as_str().as_bytes()])
}

pub(super) fn direct(room: &RoomId) -> Vec<u8> {
    join(b'q', &[room.as_str().as_bytes()])
}

pub(super) fn board(room: &RoomId) -> Vec<u8> {
    join(b'b', &[room.as_str().as_bytes()])
}

/// The room of a key made by [`refusing`], [`held`], [`direct`] or [`board`].
pub(super) fn room_alone(key: &[u8]) -> Option<RoomId> {
    std::str::from_utf8(key.get(1..)?).ok().map(RoomId::new)
}

pub(super) fn cursor(bot: &BotName) -> Vec<u8> {
    join(b'p', &[bot.as_str().as_bytes()])
}

pub(super) fn memo(bot: &BotName, name: &str) -> Vec<u8> {
    join(b'k', &[bot.as_str().as_bytes(), name.as_bytes()])
}

pub(super) fn aside(bot: &BotName, seq: u64) -> Vec<u8> {
    join(b'x', &[bot.as_str().as_bytes(), &seq.to_be_bytes()])
}

pub(super) fn asides_of(bot: &BotName) -> Vec<u8> {
    join(b'x', &[bot.as_str().as_bytes(), b""])
}

pub(super) fn aside_count(bot: &BotName) -> Vec<u8> {
    join(b'y', &[bot.as_str().as_bytes()])
}

pub(super) fn unsure_count(bot: &BotName) -> Vec<u8> {
    join(b'w', &[bot.as_str().as_bytes()])
}

/// The bot a row belongs to. Every row belongs to one.
pub(super) fn owner(key: &[u8]) -> Option<BotName> {
    let (letter, rest) = key.split_first()?;
    let name = |bytes: &[u8], ends: &[u8]| {
        let end = bytes.iter().position(|byte| ends.contains(byte)).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..end]).ok().filter(|name| !name.is_empty()).map(BotName::new)
    };
    match letter {
        b'o' | b't' | b'b' | b'm' | b'r' | b'd' | b'f' | b'h' | b'q' => name(rest, b"/\0"),
        b'c' => name(&rest[rest.iter().position(|&byte| byte == 0)? + 1..], b"/"),
        b'p' | b'k' | b'x' | b'y' | b'w' => name(rest, b"\0"),
        b'z' => owner(rest.get(..rest.len().checked_sub(2)?)?),
        _ => None,
    }
}

/// What the rows of a kind that belong to the rooms of a bot begin with. `kind` is one of those that begin with a room.
pub(super) fn of_rooms(kind: &[u8], bot: &BotName) -> Vec<u8> {
    [kind, bot.as_str().as_bytes(), b"/"].concat()
}

fn chunk(key: &[u8], n: u16) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(key.len() + 3);
    chunk.push(b'z');
    chunk.extend_from_slice(key);
    chunk.extend_from_slice(&n.to_be_bytes());
    chunk
}

/// The value that begins in row `head`; `None` when a row of it is missing.
pub(super) fn value_of<E>(
    key: &[u8],
    head: &[u8],
    mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Vec<u8>>, E> {
    match head {
        [WHOLE, value @ ..] => Ok(Some(value.to_vec())),
        [CHUNKED, high, low, first @ ..] => {
            let mut value = first.to_vec();
            for n in 1..u16::from_be_bytes([*high, *low]) {
                match get(&chunk(key, n))? {
                    Some(row) => value.extend_from_slice(&row),
                    None => return Ok(None),
                }
            }
            Ok(Some(value))
        }
        _ => Ok(None),
    }
}

/// Reads a value; what cannot be read is passed over with a warning.
pub(super) fn decode<T: DeserializeOwned>(key: &[u8], value: Option<Vec<u8>>) -> Option<T> {
    let key = || String::from_utf8_lossy(key).replace('\0', " ");
    let Some(value) = value else {
        warn!(key = key(), "a row of the bots' state is incomplete or from a newer yoman; passed over");
        return None;
    };
    match serde_json::from_slice(&value) {
        Ok(value) => Some(value),
        Err(error) => {
            warn!(key = key(), %error, "a row of the bots' state cannot be read; passed over");
            None
        }
    }
}

/// How many rows besides the first a value of `bytes` takes.
pub(super) fn further_rows(bytes: usize) -> u16 {
    u16::try_from(bytes.saturating_sub(1) / CHUNK_BYTES).unwrap_or(u16::MAX)
}

/// Rows to be written or removed together. The last word on a key counts.
#[derive(Debug, Default)]
pub(super) struct Ops(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Ops {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Writes `value` and says how many bytes it takes.
    pub(super) fn put(&mut self, key: Vec<u8>, value: &impl Serialize) -> usize {
        let mut row = vec![WHOLE];
        if let Err(error) = serde_json::to_writer(&mut row, value) {
            // Only a map with keys that are no strings could fail, and there is none.
            warn!(%error, "a row of the bots' state cannot be written; left out");
            return 0;
        }
        let bytes = row.len() - 1;
        let further = further_rows(bytes);
        if further == 0 {
            self.0.push((key, Some(row)));
            return bytes;
        }
        let [high, low] = further.saturating_add(1).to_be_bytes();
        let value = &row[1..];
        for (n, part) in (0..).zip(value.chunks(CHUNK_BYTES)) {
            if n == 0 {
                self.0.push((key.clone(), Some([&[CHUNKED, high, low], part].concat())));
            } else {
                self.0.push((chunk(&key, n), Some(part.to_vec())));
            }
        }
        bytes
    }

    /// Removes a value of `bytes`.
    pub(super) fn remove(&mut self, key: Vec<u8>, bytes: usize) {
        for n in 1..=further_rows(bytes) {
            self.0.push((chunk(&key, n), None));
        }
        self.0.push((key, None));
    }

    /// Keeps the rows whose keys `stays` wants.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&[u8]) -> bool) {
        self.0.retain(|(key, _)| stays(key));
    }

    /// A row as it stands in a store.
    pub(super) fn raw(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.0.push((key, value));
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> &[(Vec<u8>, Option<Vec<u8>>)] {
        &self.0
    }

    /// The rows as they are: a key, and what is to stand there.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        self.0.into_iter()
    }

    pub(super) fn into_batch(self, batch: &mut sled::Batch) {
        for (key, value) in self.0 {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
    }
}
