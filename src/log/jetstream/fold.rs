//! From messages in their order to commits at their positions. Every node does the same with the same messages, so every node
//! has the same log, commit for commit and hash for hash: nothing in here depends on when or where it happens.

use std::collections::{HashMap, VecDeque};

use super::{
    Gate,
    marks::What,
    message::{self, Anchor, Message, Unreadable},
    subject,
};
use crate::log::{
    COMMAND_BYTES_MAX, CommandId, Commit, Head, Position, STREAM_BYTES_MAX, StreamId, Version,
    record::{Checked, Hash},
};

/// Hashes kept for the anchors of messages that were on their way.
const HASHES_MAX: usize = 8192;

/// What is known of the log up to where it was handed on.
pub(super) trait Known {
    /// The newest version of a stream.
    fn version(&self, stream: &StreamId) -> Result<Version, String>;
    /// The position a command was accepted at.
    fn command(&self, command: &CommandId) -> Result<Option<Position>, String>;
    /// The hash of the commit at a position; `None` when it cannot be told.
    fn hash(&self, position: Position) -> Result<Option<Hash>, String>;
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Folded {
    /// A commit; its record was appended to the bytes.
    Commit(Commit),
    /// It takes no position; with the position its command was accepted at, if it was.
    Void(What, String, Option<Position>),
    /// Its position is given up.
    GivenUp(What, String),
}

/// Why the fold cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A newer version wrote the message.
    Newer(String),
    /// It is not the log the writer saw.
    Changed(String),
    /// The replica cannot be read.
    Failed(String),
}

/// What was folded since a point and may not be in what is known yet.
#[derive(Debug, Default)]
struct Recent {
    /// Through this position.
    through: u64,
    versions: HashMap<StreamId, Version>,
    commands: HashMap<CommandId, Position>,
}

/// The fold.
#[derive(Debug)]
pub(super) struct Fold {
    head: Head,
    /// The next position.
    next: u64,
    /// The newest sequence that was dealt with.
    sequence: u64,
    /// Hashes of the newest positions, zeroes where one was given up; the last is that of `next - 1`.
    hashes: VecDeque<Hash>,
    /// Oldest first; never empty.
    recent: VecDeque<Recent>,
    /// Whether the log is here.
    gate: Gate,
    /// Some position was given up: a stream may go on behind a commit that is not there.
    given_up: bool,
}

impl Fold {
    /// Goes on behind a head; `next` is the next position, `sequence` the newest message that was dealt with.
    pub(super) fn new(head: Head, next: u64, sequence: u64) -> Self {
        let recent = VecDeque::from([Recent::default()]);
        Self { head, next, sequence, hashes: VecDeque::new(), recent, gate: Gate::Open, given_up: false }
    }

    /// What earlier messages said.
    pub(super) fn knowing(mut self, gate: Gate, given_up: bool) -> Self {
        (self.gate, self.given_up) = (gate, given_up);
        self
    }

    /// The newest sequence that was dealt with.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The next position.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The hash of the newest commit.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// What was folded so far is on its way to what is known: it is remembered apart from what comes.
    pub(super) fn cut(&mut self) {
        self.recent.push_back(Recent::default());
    }

    /// What is known goes through a position.
    pub(super) fn known_through(&mut self, position: Position) {
        while self.recent.len() > 1 && self.recent.front().is_some_and(|recent| recent.through <= position.0) {
            self.recent.pop_front();
        }
    }

    /// The next message. The record of a commit is appended to `records`.
    pub(super) fn message(
        &mut self,
        known: &impl Known,
        token: &str,
        bytes: &[u8],
        records: &mut Vec<u8>,
    ) -> Result<Folded, Stop> {
        let folded = match Message::read(bytes) {
            Ok(Message::Gate(text)) => match Gate::read(text) {
                Some(gate) => {
                    self.gate = gate;
                    Folded::Void(What::Gate, text.to_owned(), None)
                }
                None => return Err(Stop::Newer(format!("it says \"{}\" of all that follows", text.escape_debug()))),
            },
            Ok(_) | Err(Unreadable::Damaged(_)) if matches!(self.gate, Gate::Left(_)) => {
                Folded::Void(What::Stray, "it came after the log was brought elsewhere".to_owned(), None)
            }
            Ok(Message::Commit(record)) => self.commit(known, token, record, records)?,
            Ok(Message::Lost(why)) => Folded::GivenUp(What::Lost, why.to_owned()),
            Err(Unreadable::Damaged(why)) => Folded::GivenUp(What::Unreadable, why),
            Err(Unreadable::Newer(why)) => return Err(Stop::Newer(why)),
        };
        self.sequence += 1;
        if matches!(folded, Folded::GivenUp(..)) {
            self.give_up();
        }
        Ok(folded)
    }

    /// The next message is not there: it was deleted by hand.
    pub(super) fn missing(&mut self) {
        self.sequence += 1;
        self.give_up();
    }

    fn give_up(&mut self) {
        self.given_up = true;
        self.push_hash([0; 32]);
        self.next += 1;
    }

    fn push_hash(&mut self, hash: Hash) {
        if self.hashes.len() == HASHES_MAX {
            self.hashes.pop_front();
        }
        self.hashes.push_back(hash);
    }

    fn commit(
        &mut self,
        known: &impl Known,
        token: &str,
        record: Checked<'_>,
        records: &mut Vec<u8>,
    ) -> Result<Folded, Stop> {
        let unreadable = |why: String| Ok(Folded::GivenUp(What::Unreadable, why));
        let mut commit = match record.commit() {
            Ok(commit) => commit,
            Err(error) => return unreadable(error.to_string()),
        };
        if !subject::is_of(token, &commit.stream) {
            return unreadable(format!("it is of the stream {} and stands on another subject", commit.stream));
        }
        if !is_sound(&commit) {
            return unreadable("it breaks the rules for a commit".to_owned());
        }
        self.check_anchor(known, message::anchor(&record))?;
        if let Some(first) = self.command(known, &commit.meta.command)? {
            let why = format!("its command was accepted at position {first}");
            return Ok(Folded::Void(What::Repeat, why, Some(first)));
        }
        let version = self.version(known, &commit.stream)?;
        // Behind a commit of the stream that was given up.
        let behind_a_gap = self.given_up && commit.first_version > version;
        if commit.first_version != version + 1 && !behind_a_gap {
            let why = format!("it begins at version {}, and the stream is at {version}", commit.first_version);
            return Ok(Folded::Void(What::Misplaced, why, None));
        }
        commit.position = Position(self.next);
        commit.meta.recorded_at =
            self.head.recorded_at.map_or(commit.meta.recorded_at, |last| last.max(commit.meta.recorded_at));
        let hash = record.placed(commit.position, &self.head.hash, commit.meta.recorded_at, records);
        self.head = Head { position: commit.position, hash, recorded_at: Some(commit.meta.recorded_at) };
        self.push_hash(hash);
        self.next += 1;
        if let Some(recent) = self.recent.back_mut() {
            recent.through = commit.position.0;
            recent.versions.insert(commit.stream.clone(), commit.last_version());
            recent.commands.insert(commit.meta.command.clone(), commit.position);
        }
        Ok(Folded::Commit(commit))
    }

    /// What the writer had seen must be what we have.
    fn check_anchor(&self, known: &impl Known, anchor: Anchor) -> Result<(), Stop> {
        let Anchor { position, hash } = anchor;
        let changed = |what: String| {
            Err(Stop::Changed(format!("message {} {what}: the log was changed by hand", self.sequence + 1)))
        };
        if position.0 >= self.next {
            return changed(format!("was written by a node that had seen position {position}, which is not there yet"));
        }
        if position == Position::START {
            return if hash == [0; 32] { Ok(()) } else { changed("has an anchor that no writer makes".to_owned()) };
        }
        let back = (self.next - 1 - position.0) as usize;
        let ours = match self.hashes.len().checked_sub(back + 1) {
            Some(at) => Some(self.hashes[at]),
            None => known.hash(position).map_err(Stop::Failed)?,
        };
        match ours {
            Some(ours) if ours != hash => {
                changed(format!("was written by a node that had seen another commit at position {position}"))
            }
            // A record of the replica that cannot be read any more is told elsewhere.
            _ => Ok(()),
        }
    }

    fn command(&self, known: &impl Known, command: &CommandId) -> Result<Option<Position>, Stop> {
        let recent = self.recent.iter().rev().find_map(|recent| recent.commands.get(command).copied());
        if recent.is_some() { Ok(recent) } else { known.command(command).map_err(Stop::Failed) }
    }

    fn version(&self, known: &impl Known, stream: &StreamId) -> Result<Version, Stop> {
        let recent = self.recent.iter().rev().find_map(|recent| recent.versions.get(stream).copied());
        recent.map_or_else(|| known.version(stream).map_err(Stop::Failed), Ok)
    }
}

/// What no writer of ours makes, and a hand could.
fn is_sound(commit: &Commit) -> bool {
    let stream = commit.stream.as_str();
    let ids = [commit.meta.command.as_str(), commit.meta.correlation.as_str()];
    (1..=STREAM_BYTES_MAX).contains(&stream.len())
        && !stream.chars().any(char::is_control)
        && ids.iter().all(|id| (1..=COMMAND_BYTES_MAX).contains(&id.len()))
        && commit.first_version > 0
        && commit.first_version < 1 << 48
        && commit.events.iter().all(|event| !event.name.is_empty() && event.schema > 0)
}

#[cfg(test)]
mod tests;
