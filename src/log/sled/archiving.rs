//! Moves the oldest part of the log into compressed segments. Nothing is dropped before it was read back from there.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    SledLog,
    shared::{Raw, Shared, key_of},
};
use crate::log::{
    Position, ReadError, owned,
    progress::Progress,
    record::Hash,
    segment::{Segment, SegmentWriter},
};

/// A segment is closed at the end of a group once its records have so many bytes.
const SEGMENT_RAW_BYTES: u64 = super::backup::SEGMENT_RAW_BYTES;
/// Rows that are taken out of sled at a time.
const ROWS: usize = 512;

/// Up to where the log is archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// What stands before this position.
    Position(Position),
    /// What was recorded before this instant.
    Instant(DateTime<Utc>),
}

/// What was archived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Everything up to here is archived now.
    pub through: Position,
    /// Commits that were moved now.
    pub commits: u64,
    /// Files that were made.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why it was not archived, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Only what is whole is moved.
    #[error(
        "position {position} {why}: only what is whole is archived. See yoman log verify and yoman log salvage; nothing was taken away"
    )]
    Damaged {
        /// Where.
        position: Position,
        /// What is wrong there.
        why: String,
    },
    /// A file could not be written or read back.
    #[error("archive/: {0}. What was not archived yet is where it was")]
    Failed(String),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Another one is under way.
    #[error("the log is being archived already")]
    Busy,
    /// Somebody asked it to stop; what was archived before is whole.
    #[error("it was stopped")]
    Stopped,
}

impl SledLog {
    /// Moves whole groups that stand before a position or an instant into segments, oldest first. The newest group stays.
    /// Blocking; the log is read and written meanwhile. Whatever interrupts it, nothing is lost and nothing is read twice.
    ///
    /// # Errors
    /// [`ArchiveError`]; what was moved before stays moved.
    pub fn archive(&self, before: Before, progress: &Progress) -> Result<Archived, ArchiveError> {
        let Ok(_one) = self.archiving.try_lock() else { return Err(ArchiveError::Busy) };
        let shared = &*self.shared;
        let mut done = Archived { through: Position(shared.archive.through()), ..Archived::default() };
        // What a crash left in both places.
        remove_rows(shared, done.through.0 + 1).map_err(ArchiveError::Failed)?;
        let limit = match before {
            Before::Position(position) => position.0,
            Before::Instant(instant) => first_at(shared, instant)?,
        };
        let failed = |error: String| ArchiveError::Failed(error);
        let newest = shared.store.last().map_err(failed)?.map_or(0, |(key, _)| key_of(&key));
        let limit = limit.min(newest);
        let end = match shared.store.at_or_before(&limit.to_be_bytes()).map_err(failed)? {
            Some((key, _)) => key_of(&key),
            None => return Ok(done),
        };
        if end <= done.through.0 + 1 {
            return Ok(done);
        }
        owned::create_dir(shared.archive.dir()).map_err(|error| failed(error.to_string()))?;
        progress.begin("archiving", end - 1);
        let previous = match done.through {
            Position::START => [0; 32],
            through => self.hash_at(through)?.unwrap_or_default(),
        };
        let mut moving =
            Moving { shared, done: &mut done, hash: previous, last: shared.archive.through(), group: 0, writer: None };
        let mut outcome = Ok(());
        shared.scan_raw(Position(moving.last), &mut |raw| {
            let at = match &raw {
                Raw::Record(record, _) => record.position().0,
                Raw::Damaged { from, .. } => *from,
            };
            if at >= end {
                return ControlFlow::Break(());
            }
            progress.at(at);
            outcome = if progress.stopped() { Err(ArchiveError::Stopped) } else { moving.take(raw) };
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome?;
        moving.end_segment(end - 1)?;
        Ok(done)
    }
}

/// The first position recorded at or after an instant.
fn first_at(shared: &Shared, instant: DateTime<Utc>) -> Result<u64, ArchiveError> {
    let (mut low, mut high) = (shared.archive.through() + 1, shared.head().position.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut at = None;
        shared.scan_raw(Position(middle - 1), &mut |raw| match raw {
            Raw::Record(record, _) => {
                at = record.recorded_at().ok();
                ControlFlow::Break(())
            }
            Raw::Damaged { .. } => ControlFlow::Continue(()),
        })?;
        if at.is_some_and(|at| at < instant) { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// Takes the rows out of sled that stand before a position. Only for what is archived.
fn remove_rows(shared: &Shared, before: u64) -> Result<(), String> {
    loop {
        let keys = shared.store.keys_before(&before.to_be_bytes(), ROWS)?;
        if keys.is_empty() {
            return Ok(());
        }
        shared.store.remove(&keys)?;
        shared.store.sync()?;
    }
}

/// An archiving on its way.
struct Moving<'a> {
    shared: &'a Shared,
    done: &'a mut Archived,
    /// Of the newest record.
    hash: Hash,
    /// The newest position that was looked at.
    last: u64,
    /// The key of its group.
    group: u64,
    writer: Option<SegmentWriter>,
}

impl Moving<'_> {
    fn take(&mut self, raw: Raw<'_>) -> Result<(), ArchiveError> {
        let (record, group) = match raw {
            Raw::Record(record, group) => (record, group),
            Raw::Damaged { from, through, .. } if self.shared.why_lost(from, through).is_some() => {
                self.last = through;
                return Ok(());
            }
            Raw::Damaged { from, why, .. } => {
                return Err(ArchiveError::Damaged { position: Position(from), why: format!("cannot be read ({why})") });
            }
        };
        let position = record.position();
        if group != self.group && self.writer.as_ref().is_some_and(|writer| writer.raw_bytes() >= SEGMENT_RAW_BYTES) {
            self.end_segment(position.0 - 1)?;
        }
        if position.0 == self.last + 1 && record.previous() != self.hash {
            return Err(ArchiveError::Damaged { position, why: "breaks the chain".to_owned() });
        }
        if let Err(error) = record.outline() {
            return Err(ArchiveError::Damaged { position, why: format!("cannot be read ({error})") });
        }
        let failed = |error: std::io::Error| ArchiveError::Failed(error.to_string());
        let writer = match &mut self.writer {
            Some(writer) => writer,
            closed => {
                let from = Position(self.done.through.0 + 1);
                closed.insert(SegmentWriter::create(self.shared.archive.dir(), from, self.hash).map_err(failed)?)
            }
        };
        (self.hash, self.last, self.group) = (record.hash(), position.0, group);
        writer.push(record, self.hash).map_err(failed)
    }

    /// Written, read back, named, and only then taken out of sled.
    fn end_segment(&mut self, through: u64) -> Result<(), ArchiveError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let info = writer.finish(Position(through)).map_err(|error| ArchiveError::Failed(error.to_string()))?;
        let path = self.shared.archive.dir().join(&info.file);
        let segment = Segment::open(&path).map_err(ArchiveError::Failed)?;
        segment.verify(&mut |_| ControlFlow::Continue(())).map_err(ArchiveError::Failed)?;
        self.shared.archive.add(&info).map_err(ArchiveError::Failed)?;
        self.done.through = info.to;
        self.done.commits += info.commits;
        self.done.segments += 1;
        self.done.bytes += info.bytes;
        remove_rows(self.shared, through + 1).map_err(ArchiveError::Failed)
    }
}
