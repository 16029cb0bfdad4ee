//! The whole log once more somewhere else, record by record as it is: the same positions, the same hashes.

use std::{ops::ControlFlow, path::Path};

use super::{
    LostRange, OpenError, Restorer, SledLog,
    shared::{Raw, Shared},
};
use crate::log::{Head, Position, ReadError, progress::Progress, record::Checked};

/// The progress is told every so many commits.
const TELL_EVERY: u64 = 256;

/// Why a log was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something in it cannot be read, and nobody gave it up.
    #[error("position {position} cannot be read ({why}): bring out what can be read first (yoman log salvage)")]
    Damaged {
        /// Where.
        position: Position,
        /// How it is damaged.
        why: String,
    },
    /// The copy cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Somebody asked it to stop.
    #[error("it was stopped")]
    Stopped,
}

/// What stands at a position.
pub(in crate::log) enum Piece<'a> {
    /// A record.
    Record(Checked<'a>),
    /// Nothing: it was given up, and why.
    Lost(Position, &'a str),
}

impl SledLog {
    /// Copies all of it into a directory that is empty or not there. Blocking.
    ///
    /// # Errors
    /// [`CopyError`]; what was written does not count then.
    pub fn copy(&self, log_dir: &Path, progress: &Progress) -> Result<Head, CopyError> {
        let mut restorer = Restorer::create(log_dir)?;
        progress.begin("copying the log", self.shared.head().position.0);
        self.pieces(Position::START, &mut |piece| {
            let Piece::Record(record) = piece else { return Ok(()) };
            let position = record.position();
            if position.0 % TELL_EVERY == 0 {
                progress.at(position.0);
            }
            if progress.stopped() {
                return Err(CopyError::Stopped);
            }
            restorer.push_record(record, record.hash())?.map_err(|why| CopyError::Damaged { position, why })
        })?;
        Ok(restorer.finish(self.lost())?)
    }

    /// The positions that were given up.
    pub fn lost(&self) -> Vec<LostRange> {
        self.shared.lost_ranges()
    }

    /// The newest position that is used, by a commit or by what was given up.
    pub(crate) fn end(&self) -> Position {
        Position(self.next().0.saturating_sub(1))
    }

    /// Every position after one, in order, without a gap: each record follows the one before, or is given up.
    pub(in crate::log) fn pieces(
        &self,
        after: Position,
        visit: &mut dyn FnMut(Piece<'_>) -> Result<(), CopyError>,
    ) -> Result<(), CopyError> {
        let shared = &*self.shared;
        let mut previous = newest_hash(shared, after)?;
        let mut through = after;
        let mut outcome = Ok(());
        shared.scan_raw(after, &mut |raw| {
            outcome = match raw {
                Raw::Record(record, _) if previous == record.previous() => {
                    (previous, through) = (record.hash(), record.position());
                    visit(Piece::Record(record))
                }
                Raw::Record(record, _) => {
                    let why = "it does not follow the one before".to_owned();
                    Err(CopyError::Damaged { position: record.position(), why })
                }
                Raw::Damaged { from, through: to, why } => {
                    through = Position(to);
                    give_up(shared, from, to, &why, visit)
                }
            };
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome?;
        // What was given up behind the newest commit keeps its positions, too.
        let end = self.end();
        if through < end { give_up(shared, through.0 + 1, end.0, "it is missing", visit) } else { Ok(()) }
    }
}

fn give_up(
    shared: &Shared,
    from: u64,
    to: u64,
    why: &str,
    visit: &mut dyn FnMut(Piece<'_>) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    let Some(given_up) = shared.why_lost(from, to) else {
        return Err(CopyError::Damaged { position: Position(from), why: why.to_owned() });
    };
    (from..=to).try_for_each(|position| visit(Piece::Lost(Position(position), &given_up)))
}

/// The hash of the newest record up to a position.
fn newest_hash(shared: &Shared, through: Position) -> Result<[u8; 32], ReadError> {
    for position in (1..=through.0).rev() {
        if let Some(hash) = shared.hash_at(Position(position))? {
            return Ok(hash);
        }
    }
    Ok([0; 32])
}
