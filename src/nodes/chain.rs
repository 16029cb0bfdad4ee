//! A bot's rows as messages, and what reading them gives. Every message is the next one after a message its writer knows, so
//! the messages of one bot are a single chain however many nodes have written it.
//!
//! A message: two letters, a version, a checksum, and the body in postcard. A write larger than one message is cut; only with
//! its last piece it is done, so that it stays atomic. A snapshot is a beginning, pieces and an end, with writes between
//! them: what was written after its beginning counts more than what is in its pieces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notify::BotRow;

const LETTERS: [u8; 2] = *b"yb";
const VERSION: u8 = 1;
/// Rows in one message, in bytes: well below what a server takes (1 MB).
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// What one message is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    /// From here on this node writes.
    Claim { node: String },
    /// Rows written together; `done`: these were the last of them.
    Rows { rows: Vec<BotRow>, done: bool },
    /// A snapshot begins. `anew`: what was before it is not all there is.
    Begin { anew: bool },
    /// Rows of a snapshot.
    Piece { rows: Vec<(Vec<u8>, Vec<u8>)> },
    /// A snapshot is whole.
    End,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The writer's token.
    pub(super) token: u64,
    /// Counts the writer's messages: with the token it names this one.
    pub(super) number: u64,
    pub(super) what: What,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("written by a newer yoman: update")]
    Newer,
    #[error("it is damaged")]
    Damaged,
}

impl Message {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![LETTERS[0], LETTERS[1], VERSION, 0, 0, 0, 0];
        // Into memory, and nothing in it that cannot be written: it does not fail.
        if let Ok(body) = postcard::to_allocvec(self) {
            bytes.extend_from_slice(&body);
        }
        let sum = crc32c::crc32c(&bytes[7..]);
        bytes[3..7].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let Some(([first, second, version, sum @ ..], body)) = bytes.split_first_chunk::<7>() else {
            return Err(Unreadable::Damaged);
        };
        if [*first, *second] != LETTERS {
            return Err(Unreadable::Damaged);
        }
        if *version > VERSION {
            return Err(Unreadable::Newer);
        }
        if u32::from_be_bytes(*sum) != crc32c::crc32c(body) {
            return Err(Unreadable::Damaged);
        }
        postcard::from_bytes(body).map_err(|_| Unreadable::Damaged)
    }
}

/// Cuts rows so that each part fits into a message.
pub(super) fn cut<T>(rows: Vec<T>, bytes_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let more = bytes_of(&row) + 8;
        if bytes + more > PIECE_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += more;
        part.push(row);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// What is to be done to the rows here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// These are written.
    Apply(Vec<BotRow>),
    /// These are all there are.
    Replace(Vec<(Vec<u8>, Vec<u8>)>),
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Touched = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

#[derive(Debug, Default)]
struct Snapshot {
    rows: Rows,
    /// Written since it began.
    touched: Touched,
    anew: bool,
}

/// Reads a chain from its beginning. At first it gathers; once it is told that it has read what there was, it says what to do
/// with each message that follows.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// Read so far, and not handed out.
    gathered: Option<Gathered>,
    snapshot: Option<Snapshot>,
    /// Pieces of a write that is not done.
    pieces: Vec<BotRow>,
    token: u64,
    /// A snapshot was read: then what is gathered is all there is.
    pub(super) based: bool,
}

#[derive(Debug, Default)]
struct Gathered {
    rows: Touched,
}

impl Fold {
    pub(super) fn new() -> Self {
        Self { gathered: Some(Gathered::default()), ..Self::default() }
    }

    /// The next message.
    pub(super) fn read(&mut self, message: Message) -> Step {
        if message.token < self.token {
            // Cannot be: every message is the next one after one its writer knows.
            tracing::warn!(token = message.token, newest = self.token, "a message of an earlier holder is passed over");
            return Step::Nothing;
        }
        if message.token > self.token {
            // What the holder before began is never ended.
            self.pieces.clear();
            self.snapshot = None;
            self.token = message.token;
        }
        match message.what {
            What::Claim { .. } => {
                self.pieces.clear();
                self.snapshot = None;
                Step::Nothing
            }
            What::Rows { mut rows, done } => {
                self.pieces.append(&mut rows);
                if done { self.written() } else { Step::Nothing }
            }
            What::Begin { anew } => {
                self.snapshot = Some(Snapshot { anew, ..Snapshot::default() });
                Step::Nothing
            }
            What::Piece { rows } => {
                if let Some(snapshot) = &mut self.snapshot {
                    snapshot.rows.extend(rows);
                }
                Step::Nothing
            }
            What::End => self.whole(),
        }
    }

    fn written(&mut self) -> Step {
        let rows = std::mem::take(&mut self.pieces);
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.touched.extend(rows.iter().cloned());
        }
        match &mut self.gathered {
            Some(gathered) => {
                gathered.rows.extend(rows);
                Step::Nothing
            }
            None => Step::Apply(rows),
        }
    }

    fn whole(&mut self) -> Step {
        let Some(Snapshot { mut rows, touched, anew }) = self.snapshot.take() else { return Step::Nothing };
        for (key, value) in touched {
            match value {
                Some(value) => drop(rows.insert(key, value)),
                None => drop(rows.remove(&key)),
            }
        }
        match &mut self.gathered {
            Some(gathered) => {
                gathered.rows = rows.into_iter().map(|(key, value)| (key, Some(value))).collect();
                self.based = true;
                Step::Nothing
            }
            // What was followed so far is the same already.
            None if !anew && self.based => Step::Nothing,
            None => {
                self.based = true;
                Step::Replace(rows.into_iter().collect())
            }
        }
    }

    /// Everything there was has been read.
    pub(super) fn caught_up(&mut self) -> Step {
        let Some(Gathered { rows }) = self.gathered.take() else { return Step::Nothing };
        if self.based {
            return Step::Replace(rows.into_iter().filter_map(|(key, value)| Some((key, value?))).collect());
        }
        // The chain was never whole: what is here was there before it.
        if rows.is_empty() { Step::Nothing } else { Step::Apply(rows.into_iter().collect()) }
    }
}

#[cfg(test)]
#[path = "tests/chain.rs"]
mod tests;
