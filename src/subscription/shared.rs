//! One [`World`] for everybody who looks at it: fed from the log by a single task, in order, read by many.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use super::{
    Snapshots, Subscription,
    fold::{self, FoldError, Rate},
};
use crate::{
    domain::{Bucket, ItemRef},
    log::{Entry, EventLog, Position},
    machine::{self, Level},
    projection::World,
};

/// How many commits are folded in under one lock: bounds how long a reader waits during catch-up.
const BATCH: usize = 256;
/// How long to wait before history is read again after it could not be.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The world, shared. Cheap to clone through an [`Arc`].
#[derive(Debug)]
pub struct SharedWorld {
    // A std lock: nothing is awaited under it, and what is done under it is short.
    world: RwLock<World>,
    /// The newest position folded in or passed over as damaged.
    position: Level<Position>,
}

impl SharedWorld {
    /// Shares a world that has seen everything up to its own position.
    pub fn new(world: World) -> Self {
        let position = Level::new(world.position);
        Self { world: RwLock::new(world), position }
    }

    /// Folds in what comes next. Only for whoever feeds it ([`SharedWorld::keep`]): entries must come in the order of the
    /// log and without a gap; what was seen already is passed over.
    pub fn apply(&self, entries: &[Entry]) {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let mut newest = self.position.get();
        for entry in entries {
            match entry {
                Entry::Commit(commit) if commit.position > newest => {
                    world.apply(commit);
                    newest = commit.position;
                }
                Entry::Commit(_) => {}
                Entry::Damaged { position, why } => {
                    warn!(%position, why, "a damaged record is passed over");
                    newest = newest.max(*position);
                }
            }
        }
        self.position.change(|position| newest > std::mem::replace(position, newest.max(*position)));
    }

    /// The newest position folded in.
    pub fn position(&self) -> Position {
        self.position.get()
    }

    /// Waits until everything up to `position` is folded in.
    pub async fn at_least(&self, position: Position) {
        self.position.reaches(|at| at >= position).await;
    }

    /// Waits until something beyond `position` is folded in.
    pub async fn after(&self, position: Position) {
        self.position.reaches(|at| at > position).await;
    }

    /// Looks at the world. Must be short: whoever feeds it waits meanwhile.
    pub fn read<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings an item back that is in the log but no longer in memory; `commits` are all of its stream.
    pub fn restore(&self, commits: &[Arc<crate::log::Commit>]) -> bool {
        self.world.write().unwrap_or_else(PoisonError::into_inner).restore(commits)
    }

    /// Puts a world in the place of this one; it is given back when it has seen less than this one.
    ///
    /// # Errors
    /// The world that was not taken.
    #[expect(clippy::result_large_err, reason = "it is what was given, and it is given seldom")]
    pub fn replace(&self, with: World) -> Result<(), World> {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let newest = self.position.get();
        if with.position < newest {
            return Err(with);
        }
        let position = with.position;
        *world = with;
        self.position.change(|at| position > std::mem::replace(at, position.max(*at)));
        Ok(())
    }

    /// Folds the whole log anew and puts the outcome in the place of this world: for when what the log tells of the past
    /// has changed. Gives the items that look different. Blocking; looks go on meanwhile.
    ///
    /// # Errors
    /// [`FoldError`] when the log could not be read; nothing is replaced then.
    pub fn refold(&self, log: &dyn EventLog) -> Result<Vec<ItemRef>, FoldError> {
        let mut anew = World::default();
        loop {
            // What is damaged at the end is passed over by both, and is no reason to wait.
            let to = self.position();
            fold::forward(log, &mut anew, to, &Rate::default(), &|| true)?;
            anew.position = anew.position.max(to);
            let differing = self.read(|world| differing(world, &anew));
            match self.replace(anew) {
                Ok(()) => return Ok(differing),
                Err(again) => anew = again,
            }
        }
    }

    /// Takes over the newest snapshot and what the log has beyond it, up to the log's head of now. Blocking.
    fn begin(&self, log: &dyn EventLog, snapshots: Option<&Snapshots>, rate: &Rate, stop: &CancellationToken) {
        let head = log.head().position;
        let started = std::time::Instant::now();
        let loaded = snapshots.and_then(|snapshots| snapshots.load(log, head, true));
        let from = loaded.as_ref().map_or(Position::START, |world| world.position);
        let mut world = loaded.unwrap_or_default();
        match fold::forward(log, &mut world, head, rate, &|| !stop.is_cancelled()) {
            Ok(commits) => {
                let ms = started.elapsed().as_millis() as u64;
                debug!(snapshot = %from, commits, ms, "the world is loaded");
                // It is newer than what is there, which is nothing.
                let _ = self.replace(world);
            }
            Err(error) => warn!(%error, "the world could not be loaded at once; it is fed bit by bit"),
        }
    }

    /// As [`SharedWorld::keep`], from the newest snapshot that can be used.
    pub async fn keep_from(
        self: Arc<Self>,
        log: Arc<dyn EventLog>,
        snapshots: Option<Arc<Snapshots>>,
        rate: Arc<Rate>,
        stop: CancellationToken,
    ) {
        let (of, from, until) = (Arc::clone(&self), Arc::clone(&log), stop.clone());
        let begun = machine::blocking(move || of.begin(&*from, snapshots.as_deref(), &rate, &until)).await;
        if let Err(error) = begun {
            error!(%error, "loading the world ended badly; it is fed bit by bit");
        }
        self.keep(log, stop).await;
    }

    /// Feeds it from the log until `stop`, or until the log is closed.
    pub async fn keep(self: Arc<Self>, log: Arc<dyn EventLog>, stop: CancellationToken) {
        let mut subscription = Subscription::new(log, self.position());
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                next = subscription.next(BATCH) => next,
            };
            match next {
                Ok(Some(entries)) => self.apply(&entries),
                Ok(None) => return,
                Err(error) => {
                    error!(%error, "history cannot be read; trying again");
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(AGAIN_AFTER) => {}
                    }
                }
            }
            // A long catch-up must not keep everything else from running.
            tokio::task::yield_now().await;
        }
    }
}

/// The items that look different in two worlds.
fn differing(one: &World, other: &World) -> Vec<ItemRef> {
    let all = Bucket::ALL.into_iter().flat_map(|bucket| (1..=one.newest(bucket)).map(move |n| ItemRef::new(bucket, n)));
    let differs =
        |item: &ItemRef| one.item(*item).is_some_and(|old| other.item(*item).is_none_or(|new| old.item != new.item));
    all.filter(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Append, CommandId, Expected, Meta, Origin, StoredEvent, StreamId, memory::MemoryLog};

    async fn append(log: &dyn EventLog, n: u64) -> Position {
        let data = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
        let meta = Meta {
            command: CommandId::new(format!("test/{n}")),
            text: String::new(),
            actor: "person/1".into(),
            origin: Origin::default(),
            correlation: CommandId::new(format!("test/{n}")),
            causation: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        let events = vec![StoredEvent { name: "noted".into(), schema: 1, data }];
        let append = Append { stream: StreamId::new(format!("todo/{n}")), expected: Expected::NoStream, events, meta };
        log.append(append).await.unwrap().commit.position
    }

    #[tokio::test]
    async fn a_reader_sees_what_was_appended_before() {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        for n in 1..=600 {
            append(&*log, n).await;
        }
        let world = Arc::new(SharedWorld::new(World::default()));
        let stop = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&world).keep(Arc::clone(&log), stop.clone()));
        for n in 601..=700 {
            let position = append(&*log, n).await;
            world.at_least(position).await;
            assert!(world.position() >= position);
        }
        world.apply(&[Entry::Damaged { position: Position(701), why: "torn".into() }]);
        world.at_least(Position(701)).await;
        world.apply(&[Entry::Damaged { position: Position(5), why: "torn".into() }]);
        assert_eq!(world.position(), Position(701));
        stop.cancel();
        task.await.unwrap();
    }
}
