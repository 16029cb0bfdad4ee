//! The whole log once more in another directory, record by record as it is: the same positions, the same hashes.

use std::{ops::ControlFlow, path::Path};

use super::{
    LostRange, OpenError, Restorer, SledLog,
    shared::{Raw, Shared},
};
use crate::log::{Head, Position, ReadError, progress::Progress};

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

impl SledLog {
    /// Copies all of it into a directory that is empty or not there. Blocking.
    ///
    /// # Errors
    /// [`CopyError`]; what was written does not count then.
    pub fn copy(&self, log_dir: &Path, progress: &Progress) -> Result<Head, CopyError> {
        let mut restorer = Restorer::create(log_dir)?;
        progress.begin("copying the log", self.shared.head().position.0);
        copy_into(&self.shared, &mut restorer, progress)?;
        Ok(restorer.finish(self.lost())?)
    }

    /// The positions that were given up.
    pub fn lost(&self) -> Vec<LostRange> {
        self.shared.lost.ranges().to_vec()
    }
}

fn copy_into(shared: &Shared, restorer: &mut Restorer, progress: &Progress) -> Result<(), CopyError> {
    let mut outcome = Ok(());
    shared.scan_raw(Position::START, &mut |raw| {
        outcome = match raw {
            Raw::Record(record, _) => {
                let position = record.position();
                if position.0 % TELL_EVERY == 0 {
                    progress.at(position.0);
                }
                let damaged = |why: String| CopyError::Damaged { position, why };
                if record.previous() == restorer.head().hash {
                    match restorer.push_record(record, record.hash()) {
                        Ok(taken) => taken.map_err(damaged),
                        Err(error) => Err(error.into()),
                    }
                } else {
                    Err(damaged("it does not follow the one before".to_owned()))
                }
            }
            Raw::Damaged { from, through, .. } if shared.lost.why(from, through).is_some() => Ok(()),
            Raw::Damaged { from, why, .. } => Err(CopyError::Damaged { position: Position(from), why }),
        };
        if outcome.is_ok() && progress.stopped() {
            outcome = Err(CopyError::Stopped);
        }
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome
}
