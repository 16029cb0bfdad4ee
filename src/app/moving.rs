//! The log goes to another engine, and back. On sled it is in `log/`; on JetStream a replica of it is in `replica/`, so that the
//! one that is left stays as it was. Whichever is not gone on with carries a mark (`moved.json`), and yoman does not start on it.
//!
//! The order holds whatever kills this in between: first the new one is whole and verified, then the old one is marked, and only
//! then the new one may be started on. Said once more, a move goes on where it was.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::upkeep::UpkeepError;
use crate::log::{
    EventLog, Head, Position,
    moved::{Compared, Moved, compare},
    owned,
    progress::Progress,
    sled::{Options, SledLog, reached},
};

/// Where a node's replica of a shared log is, in the data directory.
pub const REPLICA: &str = "replica";

/// What moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Up to here it is in the new place.
    pub position: Position,
    /// Commits that were brought there now.
    pub brought: u64,
}

fn refuse<T>(why: impl Into<String>) -> Result<T, UpkeepError> {
    Err(UpkeepError::Moving(why.into()))
}

/// Whether a log may be gone on with on sled, in `data_dir`.
///
/// # Errors
/// Why not, and what to do.
pub fn may_start_on_sled(data_dir: &Path) -> Result<(), String> {
    let log = data_dir.join("log");
    if let Some(moved) = mark(&log)? {
        return Err(format!(
            "{} went to {} ({}) on {}, at position {}, and is as it was then. Set log.engine = \"{1}\" to go on there, or bring it \
             back: yoman log move --to sled",
            log.display(),
            moved.to,
            moved.place,
            day(moved.at),
            moved.position,
        ));
    }
    let replica = data_dir.join(REPLICA).join("log");
    if !log.exists() && replica.exists() {
        return Err(format!(
            "there is no {}, but a replica of a log on NATS in {}: set log.engine = \"jetstream\" to go on there, or bring it here: \
             yoman log move --to sled",
            log.display(),
            replica.display()
        ));
    }
    Ok(())
}

/// Whether a log may be gone on with on JetStream, with a replica in `data_dir`.
///
/// # Errors
/// Why not, and what to do.
pub fn may_start_on_jetstream(data_dir: &Path) -> Result<(), String> {
    let replica = data_dir.join(REPLICA).join("log");
    if let Some(moved) = mark(&replica)? {
        return Err(format!(
            "the log on NATS was brought to {} on {}, at position {}, and goes on there: set log.engine = \"sled\", or bring it to NATS \
             again: yoman log move --to jetstream",
            moved.place,
            day(moved.at),
            moved.position,
        ));
    }
    let log = data_dir.join("log");
    let position = reached(&log);
    if mark(&log)?.is_none() && position > Position::START {
        return Err(format!(
            "{} has a log of {position} commits that never went to NATS: bring it there (yoman log move --to jetstream), or move log/ \
             and journal/ aside to go on without it",
            log.display(),
        ));
    }
    Ok(())
}

fn mark(log_dir: &Path) -> Result<Option<Moved>, String> {
    Moved::read(log_dir).map_err(|error| format!("{}: {error}", log_dir.display()))
}

fn day(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

fn file(path: &Path) -> impl Fn(io::Error) -> UpkeepError + use<> {
    let path = path.display().to_string();
    move |error| UpkeepError::Io { path: path.clone(), error }
}

/// Brings the log of a replica to sled. `leave` marks the shared log, once everything is here and before anybody may go on
/// with it here. Blocking.
///
/// # Errors
/// [`UpkeepError`]: the same again goes on from where it was.
pub fn bring_to_sled(
    replica: &SledLog,
    target: &Options,
    now: DateTime<Utc>,
    progress: &Progress,
    leave: impl FnOnce(&Moved) -> Result<(), UpkeepError>,
) -> Result<Moving, UpkeepError> {
    let log_dir = target.log_dir.as_path();
    let moved = Moved::new("sled", log_dir.display().to_string(), replica, now);
    let beside = log_dir.with_extension("new");
    let Head { position, hash, .. } = replica.head();
    let held = held(replica, target)?;
    let whole = held == Some(position) && position > Position::START;
    if !whole {
        // An earlier attempt that was cut off: nothing of it counts.
        owned::remove_dir(&beside).map_err(file(&beside))?;
        let copied = replica.copy(&beside, progress)?;
        if (copied.position, copied.hash) != (position, hash) {
            return refuse("the copy is not the log that was copied: nothing was changed");
        }
    }
    leave(&moved)?;
    moved.write(replica.log_dir()).map_err(file(replica.log_dir()))?;
    if whole {
        Moved::remove(log_dir).map_err(file(log_dir))?;
    } else {
        // The new one keeps its commits in other groups, which an index names.
        let index = target.state_dir.join("index");
        owned::remove_dir(&index).map_err(file(&index))?;
        put(&beside, log_dir)?;
    }
    // All of it is in the new one.
    for gone in [beside, before(log_dir)].into_iter().chain((!whole).then(|| target.archive_dir.clone())) {
        owned::remove_dir(&gone).map_err(file(&gone))?;
    }
    let log = SledLog::open(target.clone())?;
    if compare(&log, replica)? != Compared::Same {
        return refuse(format!("{} is not the log that was brought here", log_dir.display()));
    }
    let held = held.map_or(0, |held| held.0);
    Ok(Moving { position, brought: position.0 - held })
}

/// How much of the log is there from before; `None`: there is nothing. What is there must be its beginning.
fn held(replica: &SledLog, target: &Options) -> Result<Option<Position>, UpkeepError> {
    let log_dir = target.log_dir.as_path();
    // Cut off between two renames.
    let before = before(log_dir);
    if !log_dir.exists() && before.exists() {
        fs::rename(&before, log_dir).and_then(|()| owned::sync_name(log_dir)).map_err(file(log_dir))?;
    }
    if !log_dir.exists() {
        return Ok(None);
    }
    let there = SledLog::open(target.clone())?;
    match compare(&there, replica)? {
        Compared::Same | Compared::Begins => Ok(Some(there.head().position)),
        Compared::Continues => refuse(format!(
            "{} goes on to position {}, and the log on NATS ends at {}: it was gone on with here; move it aside to bring the other one",
            log_dir.display(),
            there.head().position,
            replica.head().position
        )),
        Compared::Differs(position) => refuse(format!(
            "{} has another log, from position {position} on: move log/, journal/ and archive/ aside to bring this one",
            log_dir.display()
        )),
    }
}

fn before(log_dir: &Path) -> PathBuf {
    log_dir.with_extension("before")
}

/// Puts the new log in the place of the one that is its beginning.
fn put(beside: &Path, log_dir: &Path) -> Result<(), UpkeepError> {
    let before = before(log_dir);
    if log_dir.exists() {
        owned::remove_dir(&before).map_err(file(&before))?;
        fs::rename(log_dir, &before).map_err(file(log_dir))?;
    }
    fs::rename(beside, log_dir).and_then(|()| owned::sync_name(log_dir)).map_err(file(log_dir))
}

#[cfg(test)]
mod tests;
