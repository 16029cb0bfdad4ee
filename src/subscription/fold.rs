//! A world brought forward by reading the log: on a thread of its own when there is much of it, so that reading and folding
//! go on side by side. What that costs is measured.

use std::{
    ops::ControlFlow,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use crate::{
    domain::ItemRef,
    log::{Entry, EventLog, Position, ReadError, StreamId},
    projection::World,
};

/// From so many commits on, a second thread is worth starting.
const THREAD_FROM: u64 = 4_096;
/// How many entries change hands at a time, and how many such lots may wait: bounds the memory between the threads.
const LOT: usize = 512;
const LOTS_MAX: usize = 8;
/// Fewer commits than this tell nothing about how long one takes.
const MEASURED_FROM: u64 = 1_000;

/// How long folding takes, as it was measured last. Nothing before the first measurement.
#[derive(Debug, Default)]
pub struct Rate {
    nanos_per_commit: AtomicU64,
}

impl Rate {
    /// How long so many commits take to fold; `None` before anything was measured.
    pub fn of(&self, commits: u64) -> Option<Duration> {
        match self.nanos_per_commit.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos.saturating_mul(commits))),
        }
    }

    /// Takes a measurement in: half of what is known is what was known before.
    pub(super) fn measured(&self, commits: u64, took: Duration) {
        if commits < MEASURED_FROM {
            return;
        }
        let nanos = u64::try_from(took.as_nanos() / u128::from(commits)).unwrap_or(u64::MAX).max(1);
        let known = self.nanos_per_commit.load(Ordering::Relaxed);
        let both = if known == 0 { nanos } else { known / 2 + nanos / 2 };
        self.nanos_per_commit.store(both.max(1), Ordering::Relaxed);
    }
}

/// Why a world was not brought forward.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// Folds everything up to `until` in that the world has not seen; damaged records are passed over. How many commits there
/// were. Blocking. `go_on` is asked now and then.
///
/// # Errors
/// [`FoldError`]; the world is somewhere between then.
pub fn forward(
    log: &dyn EventLog,
    world: &mut World,
    until: Position,
    rate: &Rate,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<u64, FoldError> {
    let ahead = until.0.saturating_sub(world.position.0);
    if ahead == 0 {
        return Ok(0);
    }
    let started = Instant::now();
    let after = world.position;
    let mut folded = 0;
    if ahead < THREAD_FROM {
        let mut stopped = false;
        read(log, after, until, LOT, &mut |lot| {
            folded += apply(world, &lot);
            stopped = !go_on();
            !stopped
        })?;
        if stopped {
            return Err(FoldError::Stopped);
        }
    } else {
        folded = side_by_side(log, world, (after, until), go_on)?;
    }
    rate.measured(folded, started.elapsed());
    Ok(folded)
}

/// Reads on one thread and folds on this one.
fn side_by_side(
    log: &dyn EventLog,
    world: &mut World,
    (after, until): (Position, Position),
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<u64, FoldError> {
    let (lots, waiting) = mpsc::sync_channel::<Vec<Entry>>(LOTS_MAX);
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name("yoman-fold-read".into()).spawn_scoped(scope, move || {
            // A send fails when the other side has stopped.
            read(log, after, until, LOT, &mut |lot| lots.send(lot).is_ok())
        });
        let reader = reader.map_err(|error| ReadError::Failed(format!("no thread to read with: {error}")))?;
        let mut folded = 0;
        let mut stopped = false;
        for lot in &waiting {
            folded += apply(world, &lot);
            if !go_on() {
                stopped = true;
                break;
            }
        }
        drop(waiting);
        match reader.join() {
            _ if stopped => Err(FoldError::Stopped),
            Ok(read) => read.map(|()| folded).map_err(FoldError::Read),
            Err(_) => Err(ReadError::Failed("reading panicked".into()).into()),
        }
    })
}

fn apply(world: &mut World, lot: &[Entry]) -> u64 {
    let mut folded = 0;
    for entry in lot {
        if let Entry::Commit(commit) = entry {
            world.apply(commit);
            folded += 1;
        }
    }
    folded
}

/// Reads what lies between two positions, the second included, in lots; ends early when `take` gives false.
fn read(
    log: &dyn EventLog,
    after: Position,
    until: Position,
    size: usize,
    take: &mut (dyn FnMut(Vec<Entry>) -> bool + Send),
) -> Result<(), ReadError> {
    let mut lot = Vec::with_capacity(size);
    let mut more = true;
    log.read_all(after, &mut |entry| {
        let at = match &entry {
            Entry::Commit(commit) => commit.position,
            Entry::Damaged { position, .. } => *position,
        };
        if at > until {
            return ControlFlow::Break(());
        }
        lot.push(entry);
        if lot.len() == size {
            more = take(std::mem::replace(&mut lot, Vec::with_capacity(size)));
        }
        if more && at < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if more && !lot.is_empty() {
        take(lot);
    }
    Ok(())
}

/// Brings back what a world without its closed items missed: items that something happened to after they were closed.
/// `false` when there are more than are remembered, so that the world must be folded with all of them.
///
/// # Errors
/// [`ReadError`] when a stream could not be read.
pub(super) fn recall_missed(log: &dyn EventLog, world: &mut World) -> Result<bool, ReadError> {
    if world.missed_too_many() {
        return Ok(false);
    }
    let until = world.position;
    for item in world.missed() {
        recall(log, world, item, until)?;
    }
    Ok(true)
}

/// Brings one item back, as it was at a position.
pub(super) fn recall(log: &dyn EventLog, world: &mut World, item: ItemRef, until: Position) -> Result<(), ReadError> {
    let mut commits = Vec::new();
    log.read_stream(&StreamId::new(item.stream()), 1, &mut |entry| match entry {
        Entry::Commit(commit) if commit.position > until => ControlFlow::Break(()),
        Entry::Commit(commit) => {
            commits.push(commit);
            ControlFlow::Continue(())
        }
        Entry::Damaged { .. } => ControlFlow::Continue(()),
    })?;
    world.restore(&commits);
    Ok(())
}

/// Measures how long folding takes on the newest commits of a log, when nothing else has yet.
///
/// # Errors
/// [`ReadError`] when the log could not be read.
pub(super) fn measure(log: &dyn EventLog, rate: &Rate) -> Result<(), ReadError> {
    const SAMPLE: u64 = 2 * MEASURED_FROM;
    let head = log.head().position;
    let mut world = World::default();
    let after = Position(head.0.saturating_sub(SAMPLE));
    let started = Instant::now();
    let mut folded = 0;
    read(log, after, head, LOT, &mut |lot| {
        folded += apply(&mut world, &lot);
        true
    })?;
    rate.measured(folded, started.elapsed());
    Ok(())
}
