//! The world as of any moment: the nearest world that is known before it (in memory, or a snapshot), folded forward.
//!
//! Bounded: so many are folded at a time, and so many items are kept of those that were looked at last. Worlds share what
//! they hold, so that a further day of a board costs what changed that day.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tracing::debug;

use super::{
    SharedWorld, Snapshots,
    fold::{self, FoldError, Rate},
};
use crate::{
    domain::ItemRef,
    log::{Commit, Entry, EventLog, Position, ReadError},
    projection::{Stretch, World},
};

/// How many are folded at the same time: each may hold a whole world and keep a processor busy.
const AT_ONCE_MAX: usize = 2;
/// How many worlds are kept, and how many items they may hold together.
const KEPT_MAX: usize = 6;
const KEPT_ITEMS_MAX: usize = 60_000;

/// Why there is no such world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was being stopped.
    #[error("stopping")]
    Stopped,
}

/// Why [`Past::renew`] is not done.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The log could not be read.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A snapshot is still there.
    #[error("a snapshot could not be removed: {0}")]
    Snapshot(#[from] std::io::Error),
}

impl From<FoldError> for PastError {
    fn from(error: FoldError) -> Self {
        match error {
            FoldError::Read(error) => Self::Read(error),
            FoldError::Stopped => Self::Stopped,
        }
    }
}

/// A world that is kept.
#[derive(Clone, Debug)]
struct Kept {
    world: Arc<World>,
    whole: bool,
}

/// The worlds of the past. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Past {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    log: Arc<dyn EventLog>,
    live: Arc<SharedWorld>,
    snapshots: Option<Arc<Snapshots>>,
    rate: Arc<Rate>,
    at_once: Arc<Semaphore>,
    // A std mutex: nothing is awaited under it.
    kept: Mutex<VecDeque<Kept>>,
    /// How often everything was forgotten.
    forgotten: AtomicU64,
}

impl Past {
    /// The past of a log, whose present is `live`.
    pub fn new(
        log: Arc<dyn EventLog>,
        live: Arc<SharedWorld>,
        snapshots: Option<Arc<Snapshots>>,
        rate: Arc<Rate>,
    ) -> Self {
        let shared = Shared {
            log,
            live,
            snapshots,
            rate,
            at_once: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            kept: Mutex::default(),
            forgotten: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Does something that blocks, when its turn has come.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, PastError> + Send + 'static,
    ) -> Result<T, PastError> {
        let permit = Arc::clone(&self.shared.at_once).acquire_owned().await.map_err(|_| PastError::Stopped)?;
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work(&shared);
            // Held until the work is over, whether or not anybody still waits for it.
            drop(permit);
            outcome
        });
        done.await.map_err(|error| PastError::Read(ReadError::Failed(error.to_string())))?
    }

    /// The newest position recorded at or before an instant; [`Position::START`] when there is none.
    ///
    /// # Errors
    /// [`PastError`] when the log could not be read.
    pub async fn position_at(&self, instant: DateTime<Utc>) -> Result<Position, PastError> {
        self.blocking(move |shared| Ok(position_at(&*shared.log, instant)?)).await
    }

    /// When the first commit was recorded; `None` when the log is empty.
    ///
    /// # Errors
    /// [`PastError`] when the log could not be read.
    pub async fn first(&self) -> Result<Option<Arc<Commit>>, PastError> {
        self.blocking(|shared| Ok(at_or_after(&*shared.log, Position(1))?)).await
    }

    /// The commit at a position, or the first readable one behind it.
    ///
    /// # Errors
    /// [`PastError`] when the log could not be read.
    pub async fn commit_at(&self, position: Position) -> Result<Option<Arc<Commit>>, PastError> {
        self.blocking(move |shared| Ok(at_or_after(&*shared.log, position)?)).await
    }

    /// The world as of a position. Without `whole`, closed items may not be in it.
    ///
    /// # Errors
    /// [`PastError`] when the log could not be read.
    pub async fn at(&self, position: Position, whole: bool) -> Result<Arc<World>, PastError> {
        self.blocking(move |shared| shared.at(position, whole)).await
    }

    /// What the log moved from one position to another, and the world at the second, which holds every item that was moved
    /// or was open at the first.
    ///
    /// # Errors
    /// [`PastError`] when the log could not be read.
    pub async fn between(&self, from: Position, to: Position) -> Result<(Stretch, World), PastError> {
        self.blocking(move |shared| shared.between(from, to)).await
    }

    /// Folds the present anew, then forgets every world that was kept, on disk too: for when the log tells less of the past
    /// than it did. Gives the items that look different now. In this order, so that nothing can be kept of the present as it was. Blocking.
    ///
    /// # Errors
    /// When the log could not be read, or a snapshot not removed.
    pub fn renew(&self) -> Result<Vec<ItemRef>, RenewError> {
        let changed = self.shared.live.refold(&*self.shared.log)?;
        self.shared.forgotten.fetch_add(1, Ordering::SeqCst);
        self.shared.kept().clear();
        self.shared.snapshots.as_ref().map_or(Ok(()), |snapshots| snapshots.clear())?;
        Ok(changed)
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, position: Position, whole: bool) -> Result<Arc<World>, PastError> {
        if position == self.live.position() {
            let live = self.live.read(World::clone);
            if live.position == position && !live.is_ahead() {
                return Ok(Arc::new(live));
            }
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let generation = self.snapshots.as_ref().map(|snapshots| snapshots.generation());
        let started = Instant::now();
        let (mut world, folded) = match self.folded(position, whole)? {
            Some(found) => found,
            // More was missed than is remembered: with all closed items nothing is.
            None => self.folded(position, true)?.unwrap_or_default(),
        };
        let took = started.elapsed();
        debug!(%position, folded, took_ms = took.as_millis() as u64, "looked into the past");
        let is_whole = world.left_out() == 0;
        self.keep_on_disk(&world, folded, generation);
        if is_whole && !whole {
            world.leave_closed_out();
        }
        let world = Arc::new(world);
        self.keep(&world, whole, forgotten);
        Ok(world)
    }

    /// The world as of a position, and how many commits had to be folded for it; `None` when it missed too much.
    fn folded(&self, position: Position, whole: bool) -> Result<Option<(World, u64)>, PastError> {
        let near = {
            let mut kept = self.kept();
            let fits = |it: &Kept| it.world.position <= position && (it.whole || !whole);
            let at = (0..kept.len()).filter(|&at| fits(&kept[at])).max_by_key(|&at| kept[at].world.position);
            // What was looked at last goes last.
            at.and_then(|at| kept.remove(at)).inspect(|it| kept.push_back(it.clone()))
        };
        let before = near.as_ref().map_or(Position::START, |it| it.world.position);
        let rung = self.snapshots.as_ref().filter(|snapshots| {
            let rungs = snapshots.rungs();
            rungs.iter().any(|rung| rung.position <= position && rung.position > before && (rung.whole || !whole))
        });
        let loaded = rung.and_then(|snapshots| snapshots.load(&*self.log, position, whole));
        let mut world = match (loaded, near) {
            (Some(loaded), _) if loaded.position > before => loaded,
            (_, Some(near)) => Arc::unwrap_or_clone(near.world),
            (loaded, None) => loaded.unwrap_or_default(),
        };
        let folded = fold::forward(&*self.log, &mut world, position, &self.rate, &|| true)?;
        if world.left_out() > 0 && !fold::recall_missed(&*self.log, &mut world)? {
            return Ok(None);
        }
        Ok(Some((world, folded)))
    }

    fn between(&self, from: Position, to: Position) -> Result<(Stretch, World), PastError> {
        let mut world = Arc::unwrap_or_clone(self.at(from, false)?);
        let mut stretch = Stretch::default();
        let mut failed = None;
        self.log.read_all(from, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            if commit.position > to {
                return ControlFlow::Break(());
            }
            if let Some(item) = world.lacks(&commit)
                && let Err(error) = fold::recall(&*self.log, &mut world, item, Position(commit.position.0 - 1))
            {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            world.step(&commit, &mut stretch);
            if commit.position == to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok((stretch, world)), |error| Err(error.into()))
    }

    fn keep(&self, world: &Arc<World>, whole: bool, forgotten: u64) {
        let mut kept = self.kept();
        if self.forgotten.load(Ordering::SeqCst) != forgotten || world.items() > KEPT_ITEMS_MAX {
            return;
        }
        kept.retain(|it| it.world.position != world.position || it.whole != whole);
        kept.push_back(Kept { world: Arc::clone(world), whole });
        while kept.len() > KEPT_MAX || kept.iter().map(|it| it.world.items()).sum::<usize>() > KEPT_ITEMS_MAX {
            kept.pop_front();
        }
    }

    /// A moment that took long to reach gets a snapshot, so that it and those after it do not again.
    fn keep_on_disk(&self, world: &World, folded: u64, generation: Option<u64>) {
        let (Some(snapshots), Some(generation)) = (&self.snapshots, generation) else { return };
        let long = Duration::from_millis(snapshots.settings().load_ms_max);
        if self.rate.of(folded).is_none_or(|took| took < long) {
            return;
        }
        if let Err(error) = snapshots.save(&*self.log, world, false, generation) {
            debug!(%error, "a moment of the past could not be kept");
        }
    }
}

/// The first commit at or after a position that can be read.
fn at_or_after(log: &dyn EventLog, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
    let mut found = None;
    log.read_all(Position(position.0.saturating_sub(1)), &mut |entry| match entry {
        Entry::Commit(commit) => {
            found = Some(commit);
            ControlFlow::Break(())
        }
        Entry::Damaged { .. } => ControlFlow::Continue(()),
    })?;
    Ok(found)
}

/// The newest position recorded at or before an instant. Times never run backwards along positions, so halving finds it.
fn position_at(log: &dyn EventLog, instant: DateTime<Utc>) -> Result<Position, ReadError> {
    let (mut low, mut high) = (0, log.head().position.0);
    // Everything at or before `low` was recorded by then, everything after `high` later.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        match at_or_after(log, Position(middle))? {
            Some(commit) if commit.meta.recorded_at <= instant => low = commit.position.0.clamp(middle, high),
            _ => high = middle - 1,
        }
    }
    Ok(Position(low))
}
