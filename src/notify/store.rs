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
//! * `store.rs`        the promises, the writer and what syncs
//! * `store/disk.rs`   sled and its files
//! * `store/memory.rs` for simulations: a disk in memory, and tasks instead of threads

mod disk;
mod memory;

use std::{
    any::Any,
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
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
use super::{
    key::{Ops, value_of},
    mirror::{Handing, Mirror, Place, Told},
};
use crate::log::owned;

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

/// At most so many jobs in one batch.
const GROUP_MAX: usize = 1024;
/// How long a group nobody waits for waits for company.
const LINGER: Duration = Duration::from_millis(2);
/// The longest that something flushed waits to be synced when nobody waits for it.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How often the free space is looked at.
const SPACE_EVERY: Duration = Duration::from_millis(500);
/// What could not be written for want of space and must not be forgotten, in rows.
const OWED_MAX: usize = 8192;

/// Called on the writer's thread, or the mirror's; must be short and must not panic.
pub(super) type Flushed = Told;

pub(super) struct Job {
    pub(super) ops: Ops,
    /// Write it later when there is no space now.
    owed: bool,
    /// Another node wrote it first: the mirror has it.
    pub(super) copy: bool,
    flushed: Option<Told>,
    durable: Option<Told>,
    /// It had nothing to write.
    empty: bool,
    /// The bots of which it wrote something that the mirror gets.
    mirrored: Vec<BotName>,
}

enum ToSync {
    Group(Vec<Told>),
    Close(Told),
}

/// What the rows stand in.
trait Base {
    /// Applies all of it, or nothing; from then on it survives the process.
    fn apply(&self, ops: Vec<Ops>) -> Result<(), String>;

    /// The space that is left, where that is known.
    fn free_bytes(&self) -> Option<u64>;
}

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
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => fail(&self.states.failed, error.to_string()),
            Err(panic) => fail(&self.states.failed, said(&*panic)),
        }
    }
}

fn fail<T>(failed: &OnceLock<String>, why: String) -> Option<T> {
    if failed.set(why.clone()).is_ok() {
        error!(why, "the bots' state failed: answers are delivered from memory until yoman is started again");
    }
    None
}

fn said(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
        .unwrap_or_else(|| "panic".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer<B> {
    base: B,
    free_floor_bytes: u64,
    states: States,
    owed: Ops,
    space: Option<(Instant, Result<(), StoreError>)>,
    space_every: Duration,
}

impl<B: Base> Writer<B> {
    fn new(base: B, free_floor_bytes: u64, space_every: Duration, states: &States) -> Self {
        Self { base, free_floor_bytes, states: states.clone(), owed: Ops::default(), space: None, space_every }
    }

    /// Runs until every sender is gone.
    fn run(mut self, jobs: &Receiver<Job>, syncs: &Sender<ToSync>) {
        while let Ok(first) = jobs.recv() {
            let mut group = vec![first];
            self.gather(&mut group, jobs);
            if let Some(durable) = self.turn(group) {
                // Fails only when the other thread is gone; its waiters then see a closed channel.
                let _ = syncs.send(ToSync::Group(durable));
            }
        }
    }

    /// Writes a group, hands it to the mirror and tells who waits for that; gives who waits for the sync, when there is
    /// something to sync.
    fn turn(&mut self, mut group: Vec<Job>) -> Option<Vec<Told>> {
        let mirror = self.states.mirror.get().cloned();
        let mut handing = mirror.as_ref().map(|mirror| Handing::new(&**mirror));
        if let Some(handing) = &mut handing {
            group.retain_mut(|job| handing.may_write(job));
        }
        if let Err(why) = self.write(&mut group, handing.as_mut()) {
            group.into_iter().for_each(|job| job.answer(&Err(why.clone())));
            return None;
        }
        let mut durable = Vec::new();
        for job in group {
            job.written(handing.as_mut(), &mut durable);
        }
        if let Some(handing) = handing {
            handing.hand_over();
        }
        Some(durable)
    }

    /// All that waits; when nobody waits for any of it, a moment more.
    fn gather(&self, group: &mut Vec<Job>, jobs: &Receiver<Job>) {
        let waited_for = |job: &Job| job.flushed.is_some() || job.durable.is_some();
        let mut urgent = group.iter().any(waited_for);
        let until = Instant::now() + LINGER;
        while group.len() < GROUP_MAX {
            let job = match jobs.try_recv() {
                Ok(job) => job,
                Err(_) if urgent => return,
                Err(_) => match jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
                },
            };
            urgent |= waited_for(&job);
            group.push(job);
        }
    }

    fn write(&mut self, group: &mut [Job], mut handing: Option<&mut Handing<'_>>) -> Result<(), StoreError> {
        if let Some(why) = self.states.failed.get() {
            return Err(StoreError::Failed(why.clone()));
        }
        if group.iter().all(|job| job.ops.is_empty()) && self.owed.is_empty() {
            return Ok(());
        }
        if let Err(full) = self.space() {
            for job in group.iter_mut().filter(|job| job.owed) {
                if self.owed.len() < OWED_MAX {
                    self.owed.append(std::mem::take(&mut job.ops));
                } else if self.states.given_up.fetch_add(job.ops.len() as u64, Ordering::Relaxed) == 0 {
                    warn!(
                        "more has happened than can be remembered until there is space: what was shown may be shown again after a restart"
                    );
                }
            }
            return Err(full);
        }
        let mut owed = std::mem::take(&mut self.owed);
        if let Some(handing) = &mut handing {
            handing.leave_out(&mut owed);
            handing.rows_of(&owed);
        }
        let mut ops = vec![owed];
        for job in group {
            if let Some(handing) = handing.as_mut().filter(|_| !job.copy) {
                job.mirrored = handing.rows_of(&job.ops);
            }
            ops.push(std::mem::take(&mut job.ops));
        }
        self.base.apply(ops).map_err(|why| {
            let _ = fail::<()>(&self.states.failed, why.clone());
            StoreError::Failed(why)
        })
    }

    fn space(&mut self) -> Result<(), StoreError> {
        if let Some((at, result)) = &self.space
            && at.elapsed() < self.space_every
        {
            return result.clone();
        }
        let result = match self.base.free_bytes() {
            Some(free) if free < self.free_floor_bytes => {
                Err(StoreError::Full { free_mb: free / 1_000_000, floor_mb: self.free_floor_bytes / 1_000_000 })
            }
            _ => Ok(()),
        };
        let mut refusing = lock(&self.states.refusing);
        if refusing.is_none()
            && let Err(full) = &result
        {
            warn!(%full, "the bots' state is not written: answers are delivered from memory");
        }
        *refusing = result.clone().err();
        drop(refusing);
        self.space = Some((Instant::now(), result.clone()));
        result
    }
}

impl Job {
    fn of(ops: Ops) -> Self {
        let empty = ops.is_empty();
        Self { ops, owed: false, copy: false, flushed: None, durable: None, empty, mirrored: Vec::new() }
    }

    /// What becomes of it is known.
    fn answer(mut self, result: &Result<(), StoreError>) {
        self.tell(result);
    }

    /// It is not written.
    pub(super) fn refuse(&mut self, why: &StoreError) {
        self.tell(&Err(why.clone()));
    }

    fn tell(&mut self, result: &Result<(), StoreError>) {
        for told in self.flushed.take().into_iter().chain(self.durable.take()) {
            told(result.clone());
        }
    }

    /// It is in the store here; whoever waits for more than that is told when that has come about, too.
    fn written(self, handing: Option<&mut Handing<'_>>, durable: &mut Vec<Told>) {
        let Self { flushed, durable: synced, mut mirrored, empty, .. } = self;
        let Some(handing) = handing else {
            flushed.into_iter().for_each(|told| told(Ok(())));
            durable.extend(synced);
            return;
        };
        // What writes nothing waits for what was written before it, whatever became of that.
        if empty {
            mirrored = handing.mirrored();
        }
        if let Some(told) = flushed {
            handing.tell(&mirrored, empty, told, None);
        }
        if let Some(told) = synced {
            handing.tell(&mirrored, empty, told, Some(durable));
        }
    }
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
