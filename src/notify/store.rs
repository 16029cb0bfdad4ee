//! The bots' derived state on disk: one sled tree, one writer, two kinds of promise.
//!
//! The writer takes everything that waits, applies it as one atomic batch and flushes: from then on it survives `kill -9`
//! (*flushed*). A second thread syncs the file: from then on it survives a power cut (*durable*). They are two threads so
//! that a slow disk's sync holds up nobody who only needs the first promise: a message goes out as soon as it is flushed.
//!
//! One tree with a letter before each key, rather than a tree per kind, because a batch is atomic within one tree only.
//!
//! Nothing here is the truth. A store that cannot be read is put aside and begun anew: that costs repeated notifications.
//!
//! # Layout
//!
//! * `store.rs`        the promises, and what syncs
//! * `store/writer.rs` the one writer
//! * `store/disk.rs`   sled and its files
//! * `store/memory.rs` for simulations: a disk in memory, and tasks instead of threads

mod disk;
mod memory;
mod writer;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use tracing::{error, warn};
use yoman_chat::BotName;

pub use self::disk::OpenError;
use self::disk::{Files, put_aside};
pub(super) use self::disk::{Trouble, open_db};
pub use self::memory::MemoryDisk;
use self::writer::{Base, ToSync, Writer};
pub(super) use self::writer::{Flushed, Job};
use super::{
    key::{Ops, value_of},
    mirror::{Mirror, Place, Told},
};
use crate::log::{owned, sled::guard};

/// Why something could not be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too little space is left; it is tried again with the next write.
    #[error("only {free_mb} MB are left on the disk of the bots' state, {floor_mb} MB are kept free")]
    Full {
        /// What is free, in 10^6 bytes.
        free_mb: u64,
        /// The floor, in 10^6 bytes.
        floor_mb: u64,
    },
    /// The engine failed; nothing more is stored until it was opened again.
    #[error("the bots' state failed: {0}")]
    Failed(String),
    /// It is closed.
    #[error("the bots' state is closed")]
    Closed,
    /// Another node speaks for the bot: what is kept of it is kept there.
    #[error("another node speaks for this bot")]
    Elsewhere,
}

/// The longest that something flushed waits to be synced when nobody waits for it.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How often the free space is looked at.
const SPACE_EVERY: Duration = Duration::from_millis(500);

/// Where the rows stand, and who writes them.
enum Kept {
    Disk { db: sled::Db, jobs: Sender<Job>, syncs: Sender<ToSync> },
    Memory(memory::Handle),
}

/// The store. One per directory; shared by reference.
pub(super) struct Store {
    kept: Kept,
    states: States,
}

/// What the store and its writer tell each other.
#[derive(Clone, Default)]
struct States {
    /// Set once, when the engine failed: then nothing touches it any more.
    failed: Arc<OnceLock<String>>,
    /// The newest reason why writes are refused. A std mutex: nothing is awaited under it.
    refusing: Arc<Mutex<Option<StoreError>>>,
    /// Where else it is kept; set at the start, if at all.
    mirror: Arc<OnceLock<Arc<dyn Mirror>>>,
    /// Rows that were owed and given up, because more were than are remembered.
    given_up: Arc<AtomicU64>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("failed", &self.states.failed.get()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens or makes the store in `dir`; one that is damaged is put aside.
    pub(super) fn open(dir: &Path, free_floor_bytes: u64) -> Result<Self, OpenError> {
        let db = match open_db(dir) {
            Ok(db) => db,
            Err(Trouble::Open(error)) => return Err(error),
            Err(Trouble::Damaged(why)) => {
                let aside = put_aside(dir).map_err(|source| OpenError::Dir { dir: dir.to_owned(), source })?;
                warn!(
                    dir = %dir.display(), aside = %aside.display(), why,
                    "THE BOTS' STATE WAS DAMAGED and is begun anew: nothing of the log is lost, but notifications may be \
                     repeated, cards sent before are no longer changed in place, and answers not sent yet are gone"
                );
                match open_db(dir) {
                    Ok(db) => db,
                    Err(Trouble::Open(error)) => return Err(error),
                    Err(Trouble::Damaged(why)) => return Err(OpenError::Engine { dir: dir.to_owned(), why }),
                }
            }
        };
        let of_dir = |source| OpenError::Dir { dir: dir.to_owned(), source };
        let file = File::options().read(true).write(true).open(dir.join("db")).map_err(of_dir)?;
        // The names of the files must survive too, once.
        file.sync_all().map_err(of_dir)?;
        owned::sync_dir(dir).and_then(|()| owned::sync_name(dir)).map_err(of_dir)?;

        let states = States::default();
        let (jobs, jobs_in) = mpsc::channel();
        let (syncs, syncs_in) = mpsc::channel();
        let base = Files { db: db.clone(), dir: dir.to_owned() };
        let writer = Writer::new(base, free_floor_bytes, SPACE_EVERY, &states);
        let to_sync = syncs.clone();
        let engine = |error: io::Error| OpenError::Engine { dir: dir.to_owned(), why: error.to_string() };
        thread::Builder::new()
            .name("bots-write".into())
            .spawn(move || writer.run(&jobs_in, &to_sync))
            .map_err(engine)?;
        let fails = Arc::clone(&states.failed);
        thread::Builder::new()
            .name("bots-sync".into())
            .spawn(move || sync_loop(&syncs_in, &file, &fails))
            .map_err(engine)?;
        Ok(Self { kept: Kept::Disk { db, jobs, syncs }, states })
    }

    /// On a disk in memory, written by tasks of this runtime.
    pub(super) fn in_memory(disk: &MemoryDisk, free_floor_bytes: u64) -> Self {
        let states = States::default();
        let writer = Writer::new(disk.clone(), free_floor_bytes, Duration::ZERO, &states);
        Self { kept: Kept::Memory(memory::Handle::start(disk, writer)), states }
    }

    /// From now on a bot's rows are kept where the mirror says, too. Once, before anything is written.
    pub(super) fn mirror_to(&self, mirror: Arc<dyn Mirror>) {
        if self.states.mirror.set(mirror).is_err() {
            error!("the bots' state has a mirror already; the second one is left out");
        }
    }

    /// Somebody was forgotten: see [`Mirror::forget_past`].
    pub(super) fn forget_past(&self) {
        if let Some(mirror) = self.states.mirror.get() {
            mirror.forget_past();
        }
    }

    /// Whether another node speaks for a bot.
    pub(super) fn is_elsewhere(&self, bot: &BotName) -> bool {
        self.states.mirror.get().is_some_and(|mirror| mirror.place(bot) == Place::Elsewhere)
    }

    /// See [`Mirror::may_pass_on`].
    pub(super) fn may_pass_on(&self, bot: &BotName) -> bool {
        self.states.mirror.get().is_some_and(|mirror| mirror.may_pass_on(bot))
    }

    /// Hands `ops` to the writer. Jobs are applied in the order of these calls. `flushed` is always called, also on failure.
    pub(super) fn submit(&self, ops: Ops, flushed: Option<Flushed>) {
        self.hand(Job { flushed, ..Job::of(ops) });
    }

    /// As [`Store::submit`], for what has happened already: when there is no space it is written once there is.
    pub(super) fn submit_owed(&self, ops: Ops, flushed: Option<Flushed>) {
        self.hand(Job { owed: true, flushed, ..Job::of(ops) });
    }

    /// As [`Store::submit`], for rows that another node wrote first.
    pub(super) fn submit_copy(&self, ops: Ops, flushed: Flushed) {
        self.hand(Job { copy: true, flushed: Some(flushed), ..Job::of(ops) });
    }

    /// Hands `ops` to the writer and says when they survive a power cut.
    pub(super) fn submit_durable(
        &self,
        ops: Ops,
        flushed: Option<Flushed>,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let (durable, receiver) = oneshot::channel();
        let durable: Told = Box::new(move |result| drop(durable.send(result)));
        self.hand(Job { flushed, durable: Some(durable), ..Job::of(ops) });
        receiver
    }

    fn hand(&self, job: Job) {
        match &self.kept {
            Kept::Disk { jobs, .. } => {
                if let Err(mpsc::SendError(job)) = jobs.send(job) {
                    // The writer is gone. Whoever hands something over may hold a lock that the callback takes.
                    thread::spawn(move || job.answer(&Err(StoreError::Closed)));
                }
            }
            Kept::Memory(handle) => handle.write(job),
        }
    }

    /// Everything submitted before is durable when this returns.
    pub(super) async fn sync(&self) -> Result<(), StoreError> {
        self.submit_durable(Ops::default(), None).await.unwrap_or(Err(StoreError::Closed))?;
        // Nothing waits now, but the newest unwaited group may still be unsynced.
        let (done, wait) = oneshot::channel();
        let done: Told = Box::new(move |result| drop(done.send(result)));
        match &self.kept {
            Kept::Disk { syncs, .. } => syncs.send(ToSync::Close(done)).map_err(|_| StoreError::Closed)?,
            Kept::Memory(handle) => handle.sync(done),
        }
        wait.await.unwrap_or(Err(StoreError::Closed))
    }

    /// The value under `key`.
    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let db = match &self.kept {
            Kept::Disk { db, .. } => db,
            Kept::Memory(handle) => return handle.disk.get(key),
        };
        self.guarded(|| {
            let Some(head) = db.get(key)? else { return Ok(None) };
            value_of(key, &head, |chunk| db.get(chunk).map(|row| row.map(|it| it.to_vec())))
        })
        .flatten()
    }

    /// The rows whose keys begin with `prefix`, in order and after `after`, until `visit` says no.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        mut visit: impl FnMut(&[u8], Option<Vec<u8>>) -> bool,
    ) {
        let from = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        let db = match &self.kept {
            Kept::Disk { db, .. } => db,
            Kept::Memory(handle) => return handle.disk.scan(prefix, &from, visit),
        };
        self.guarded(|| {
            for row in db.range(from..) {
                let (key, head) = row?;
                if !key.starts_with(prefix) {
                    break;
                }
                let value = value_of(&key, &head, |chunk| db.get(chunk).map(|row| row.map(|it| it.to_vec())))?;
                if !visit(&key, value) {
                    break;
                }
            }
            Ok(())
        });
    }

    /// All rows as they stand there, further rows of long values among them.
    pub(super) fn scan_raw(&self, mut visit: impl FnMut(&[u8], &[u8])) {
        let db = match &self.kept {
            Kept::Disk { db, .. } => db,
            Kept::Memory(handle) => return handle.disk.scan_raw(visit),
        };
        self.guarded(|| {
            for row in db.iter() {
                let (key, value) = row?;
                visit(&key, &value);
            }
            Ok(())
        });
    }

    /// Why writes are refused at the moment, if they are.
    pub(super) fn refusing(&self) -> Option<StoreError> {
        match self.states.failed.get() {
            Some(why) => Some(StoreError::Failed(why.clone())),
            None => lock(&self.states.refusing).clone(),
        }
    }

    /// How many rows were given up while there was no space, since the start.
    pub(super) fn given_up(&self) -> u64 {
        self.states.given_up.load(Ordering::Relaxed)
    }

    /// Bytes on disk.
    pub(super) fn disk_bytes(&self) -> u64 {
        match &self.kept {
            Kept::Disk { db, .. } => self.guarded(|| db.size_on_disk()).unwrap_or(0),
            Kept::Memory(handle) => handle.disk.bytes(),
        }
    }

    /// sled panics rather than errs on damage: no panic of it gets past here, and after one it is not touched again.
    fn guarded<T>(&self, read: impl FnOnce() -> sled::Result<T>) -> Option<T> {
        if self.states.failed.get().is_some() {
            return None;
        }
        match guard::caught(read) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => fail(&self.states.failed, error.to_string()),
            Err(why) => fail(&self.states.failed, why),
        }
    }
}

fn fail<T>(failed: &OnceLock<String>, why: String) -> Option<T> {
    if failed.set(why.clone()).is_ok() {
        error!(why, "the bots' state failed: answers are delivered from memory until yoman is started again");
    }
    None
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Syncs the file after every group that somebody waits for, and at the latest [`SYNC_EVERY`] after one nobody does.
/// sled's own flush is no fsync.
fn sync_loop(syncs: &Receiver<ToSync>, file: &File, failed: &OnceLock<String>) {
    while let Ok(first) = syncs.recv() {
        let mut waiters = Vec::new();
        let mut take = |sync| match sync {
            ToSync::Group(group) => {
                let any = !group.is_empty();
                waiters.extend(group);
                any
            }
            ToSync::Close(waiter) => {
                waiters.push(waiter);
                true
            }
        };
        let mut waited_for = take(first);
        let until = Instant::now() + SYNC_EVERY;
        loop {
            let next = match syncs.try_recv() {
                Ok(next) => next,
                Err(_) if waited_for => break,
                Err(_) => match syncs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            waited_for |= take(next);
        }
        let result = match file.sync_data() {
            Ok(()) => Ok(()),
            Err(error) => {
                // What a failed fsync left unwritten is not known: nothing may be promised from here on.
                let _ = fail::<()>(failed, format!("sync: {error}"));
                Err(StoreError::Failed(error.to_string()))
            }
        };
        for waiter in waiters {
            waiter(result.clone());
        }
    }
}

#[cfg(test)]
#[path = "tests/store.rs"]
mod tests;
