//! The log goes to another engine, and back. On sled it is in `log/`; on JetStream a replica of it is in `replica/`, so that the
//! one that is left stays as it was. Whichever is not gone on with carries a mark (`moved.json`), and yoman does not start on it.
//!
//! The order holds whatever kills this in between: first the new one is whole and verified, then the old one is marked, and only
//! then the new one may be started on. Said once more, a move goes on where it was.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::options_at;
pub use super::upkeep::UpkeepError;
use crate::{
    config::{Config, Engine, REPLICA},
    log::{
        EventLog, Head, Position,
        jetstream::{self, Gate, JetStreamLog},
        moved::{Compared, Moved, compare},
        owned,
        progress::Progress,
        sled::{Options, SledLog, reached},
    },
    vault::Vault,
};

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

/// Whether the log may be gone on with where the settings say.
///
/// # Errors
/// Why not, and what to do.
pub fn may_start(config: &Config) -> Result<(), String> {
    match config.log.engine {
        Engine::Sled => may_start_on_sled(&config.data_dir),
        Engine::JetStream => may_start_on_jetstream(&config.data_dir),
    }
}

/// Whether a log may be gone on with on sled, in `data_dir`.
///
/// # Errors
/// Why not, and what to do.
fn may_start_on_sled(data_dir: &Path) -> Result<(), String> {
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
    if !log.exists() && reached(&replica) > Position::START {
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
fn may_start_on_jetstream(data_dir: &Path) -> Result<(), String> {
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

/// Brings the log of this machine to NATS, with its keys.
///
/// # Errors
/// [`UpkeepError`]: the same again goes on from where it was.
pub async fn to_jetstream(config: &Config, progress: &Arc<Progress>) -> Result<Moving, UpkeepError> {
    let log_dir = config.in_data_dir("log");
    if !log_dir.exists() {
        return Err(UpkeepError::NoLog(config.data_dir.display().to_string()));
    }
    let source = Arc::new(open(options_at(config, &config.data_dir)).await?);
    let head = source.head();
    if head.position == Position::START {
        return refuse("there is nothing in it yet: set log.engine = \"jetstream\" and start");
    }
    whole(&source, progress).await?;
    let shared = shared(config, true, progress).await?;
    let held = beginning(shared.replica(), &source).await?;
    if held < source.end() || shared.gate() != Gate::Open {
        bring_keys(config, &source).await?;
        shared.fill(&source, progress).await.map_err(|error| UpkeepError::Moving(error.to_string()))?;
    }
    if differs(shared.replica(), &source).await? {
        return refuse("what was read back from NATS is not the log that was brought there: nothing was changed here");
    }
    // From here on nobody goes on with the old one; only then with the new one.
    let place = format!("the stream {}-log on NATS", config.nats.prefix);
    let marked = Moved::new("jetstream", place, &*source, Utc::now()).write(&log_dir);
    marked.map_err(file(&log_dir))?;
    shared.open_gate().await.map_err(UpkeepError::Moving)?;
    let replica = shared.replica().log_dir().clone();
    Moved::remove(&replica).map_err(file(&replica))?;
    shared.close().await.map_err(|error| UpkeepError::Moving(error.to_string()))?;
    Ok(Moving { position: head.position, brought: head.position.0.saturating_sub(held.0) })
}

/// How much of the log is on NATS. What is there must be its beginning.
async fn beginning(replica: &Arc<SledLog>, source: &Arc<SledLog>) -> Result<Position, UpkeepError> {
    let (there, here) = (Arc::clone(replica), Arc::clone(source));
    match blocking(move || Ok(compare(&*there, &*here)?)).await? {
        Compared::Same | Compared::Begins => Ok(replica.end()),
        Compared::Continues => refuse(format!(
            "the log on NATS goes on to position {}, and the one here ends at {}: it was gone on with there, so set log.engine = \
             \"jetstream\", or bring it here (yoman log move --to sled)",
            replica.head().position,
            source.head().position
        )),
        Compared::Differs(position) => refuse(format!(
            "there is another log on NATS, from position {position} on: set another nats.prefix to bring this one there as well"
        )),
    }
}

async fn differs(replica: &Arc<SledLog>, source: &Arc<SledLog>) -> Result<bool, UpkeepError> {
    let (there, here) = (Arc::clone(replica), Arc::clone(source));
    blocking(move || Ok(compare(&*there, &*here)? != Compared::Same || there.end() != here.end())).await
}

/// Brings the log of NATS to this machine, with its keys.
///
/// # Errors
/// [`UpkeepError`]: the same again goes on from where it was.
pub async fn to_sled(config: &Config, progress: &Arc<Progress>) -> Result<Moving, UpkeepError> {
    let place = place_here(config);
    let shared = shared(config, false, progress).await?;
    let left = match shared.gate() {
        Gate::Open => false,
        Gate::Left(elsewhere) if elsewhere == place => true,
        gate => return refuse(gate.refuses().unwrap_or_default()),
    };
    let (keys, nats) = (config.in_data_dir("keys"), config.nats.settings());
    blocking(move || Vault::copy_shared(keys, nats).map_err(|error| UpkeepError::Keys(error.to_string()))).await?;
    // Nothing may come behind what was read here: the server takes the mark only if this is still the newest message.
    let (connection, newest) = (shared.connection().clone(), shared.through());
    shared.close().await.map_err(|error| UpkeepError::Moving(error.to_string()))?;
    drop(shared);
    let handle = tokio::runtime::Handle::current();
    let (config, progress) = (config.clone(), Arc::clone(progress));
    blocking(move || {
        bring(&config, &progress, |_| {
            if left {
                return Ok(());
            }
            let said = handle.block_on(jetstream::say(&connection, &Gate::Left(place), newest));
            said.map(drop).map_err(|why| UpkeepError::Moving(format!("{why}. Stop all nodes, and say the same again")))
        })
    })
    .await
}

/// Brings the replica's log to sled as it is, for when NATS is lost.
///
/// # Errors
/// [`UpkeepError`]: the same again goes on from where it was.
pub async fn to_sled_alone(config: &Config, progress: &Arc<Progress>) -> Result<Moving, UpkeepError> {
    let (config, progress) = (config.clone(), Arc::clone(progress));
    blocking(move || bring(&config, &progress, |_| Ok(()))).await
}

fn bring(
    config: &Config,
    progress: &Progress,
    leave: impl FnOnce(&Moved) -> Result<(), UpkeepError>,
) -> Result<Moving, UpkeepError> {
    let root = config.in_data_dir(REPLICA);
    if !root.join("log").exists() {
        return refuse(format!("there is no replica of a log on NATS in {}", config.data_dir.display()));
    }
    let replica = SledLog::open(options_at(config, &root))?;
    bring_to_sled(&replica, &options_at(config, &config.data_dir), Utc::now(), progress, leave)
}

/// The log on NATS, with a replica here that has all of it.
async fn shared(config: &Config, create: bool, progress: &Arc<Progress>) -> Result<JetStreamLog, UpkeepError> {
    let replica = options_at(config, &config.in_data_dir(REPLICA));
    let options = jetstream::Options { create, ..jetstream::Options::new(replica, config.nats.settings()) };
    let failed = |error: &dyn std::fmt::Display| UpkeepError::Moving(error.to_string());
    progress.begin("reading the log on NATS", 0);
    let shared = JetStreamLog::open(options).await.map_err(|error| failed(&error))?;
    shared.read_to_the_end().await.map_err(|error| failed(&error))?;
    Ok(shared)
}

/// Where the log is here, so that it is known when it is this machine that asks again.
fn place_here(config: &Config) -> String {
    let dir = config.in_data_dir("log");
    let dir = std::path::absolute(&dir).unwrap_or(dir);
    format!("{} on {}", dir.display(), rustix::system::uname().nodename().to_string_lossy())
}

/// A log that is brought elsewhere must be what was written.
async fn whole(source: &Arc<SledLog>, progress: &Arc<Progress>) -> Result<(), UpkeepError> {
    let (log, progress) = (Arc::clone(source), Arc::clone(progress));
    let found = blocking(move || Ok(log.verify(&progress)?)).await?;
    match found.faults.first() {
        None => Ok(()),
        Some(fault) => refuse(format!(
            "the log is not what was written ({}): yoman log verify says all that is wrong, yoman log salvage brings out what can be read",
            fault.what
        )),
    }
}

/// Every key is in the bucket before anything that is sealed under it, and nobody who was forgotten has one.
async fn bring_keys(config: &Config, source: &Arc<SledLog>) -> Result<(), UpkeepError> {
    let (keys, nats) = (config.in_data_dir("keys"), config.nats.settings());
    let source = Arc::clone(source) as Arc<dyn EventLog>;
    blocking(move || Vault::share(keys, nats, source).map_err(|error| UpkeepError::Keys(error.to_string()))).await
}

async fn open(options: Options) -> Result<SledLog, UpkeepError> {
    blocking(move || Ok(SledLog::open(options)?)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UpkeepError> + Send + 'static,
) -> Result<T, UpkeepError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| refuse(format!("{error}; the same again goes on from where it was")))
}

#[cfg(test)]
mod tests;
