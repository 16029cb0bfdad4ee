//! The embedded engine: sled, made durable.
//!
//! # Layout
//!
//! * `mod.rs`       [`SledLog`]: open, append, read, close
//! * `open.rs`      what is looked at before the log is trusted
//! * `store.rs`     a sled database: guarded, synced, repaired · `guard.rs` no panic gets out
//! * `writer.rs`    the one thread that writes, a group at a time · `fences.rs` so that sled writes each group once
//! * `replica.rs`   commits that were decided elsewhere, as they are
//! * `index/`       streams and command ids: newest part in memory, the rest in `state/index`
//! * `keeper.rs`    the follower: `journal.rs` (JSON lines) and `watermark.rs` (how far the log had come)
//! * `shared.rs`    what these share, and how the log is read
//! * `lock.rs`      one owner · `space.rs` the free-space floor
//! * `archive.rs`   the oldest part, once it was moved into compressed segments · `lost.rs` what was given up
//! * `archiving.rs` moves it there · `backup.rs` the log as segments elsewhere, and back · `copying.rs` as it is
//! * `salvage.rs`   everything readable of a damaged log · `carve.rs` records in whatever file
//! * `verify.rs`    is the log what was written? · `restore.rs` a new log from commits that are known
//!
//! # On disk
//!
//! `log/archived.json` which segments there are in `archive/`; `log/lost.json` which positions were given up; `log/sled/` groups of records, keyed by the first position (u64, big-endian), an empty value is a fence; `log/head.a`, `log/head.b` the
//! watermark; `log/lock` who owns it; `journal/2026-11.jsonl` the same as JSON lines; `state/index/` may be deleted.

mod archive;
mod archiving;
mod backup;
mod carve;
mod copying;
mod fences;
pub(crate) mod guard;
mod index;
mod journal;
mod keeper;
mod lock;
mod lost;
mod open;
mod replica;
mod restore;
mod salvage;
mod shared;
pub(crate) mod space;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod watermark;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

pub(in crate::log) use self::copying::Piece;
pub(crate) use self::replica::Batch;
pub use self::{
    archiving::{ArchiveError, Archived, Before},
    backup::{BackedUp, BackupError, MANIFEST, Manifest, restore_backup},
    copying::CopyError,
    lost::LostRange,
    open::{OpenError, Options},
    restore::Restorer,
    salvage::{Salvaged, salvage},
    verify::{FAULTS_MAX, Fault, Verification},
};
use self::{
    lock::OwnerLock,
    shared::Shared,
    writer::{Request, Work},
};
use super::{
    Append, AppendError, Appended, CommandId, Commit, EventLog, Head, Health, Live, Position, ReadError, StreamId,
    Version, Visit, owned,
};

/// The log in a directory of this machine. `Ok` from an append means that it outlives a power cut.
///
/// Reads go on after [`EventLog::close`] and after a failure; the directory is free for another once this is dropped.
#[derive(Debug)]
pub struct SledLog {
    // In the order of dropping: the databases are closed before the lock goes.
    shared: Arc<Shared>,
    /// `None` once it is being closed. A std lock: nothing is awaited under it.
    requests: RwLock<Option<mpsc::Sender<Work>>>,
    threads: Mutex<Option<Threads>>,
    /// Held by whoever archives.
    archiving: Mutex<()>,
    options: Options,
    _lock: OwnerLock,
}

/// What runs besides the callers.
#[derive(Debug)]
struct Threads {
    writer: JoinHandle<()>,
    keeper: JoinHandle<Result<(), String>>,
    indexer: JoinHandle<Result<(), String>>,
    shared: Arc<Shared>,
}

impl Threads {
    /// Waits until everything is written. The writer ends when nobody holds a sender, the others when it has ended.
    fn finish(self) -> Result<(), String> {
        let stopped = |_| "a thread of the log panicked".to_owned();
        let writer = self.writer.join().map_err(stopped);
        let keeper = self.keeper.join().map_err(stopped).and_then(|outcome| outcome);
        let indexer = self.indexer.join().map_err(stopped).and_then(|outcome| outcome);
        let synced = self.shared.store.sync();
        let failed = self.shared.failed().map_or(Ok(()), |why| Err(why.clone()));
        failed.and(writer).and(keeper).and(indexer).and(synced)
    }
}

impl SledLog {
    /// Opens the log, or makes a new one. Blocking: milliseconds after a clean stop, below a second after a crash, longer
    /// when the index has to be rebuilt or the journal to be completed.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        open::open(options)
    }

    fn take_threads(&self) -> Option<Threads> {
        // Without a sender the writer ends, after it has answered everybody who still waits.
        drop(self.requests.write().unwrap_or_else(PoisonError::into_inner).take());
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for SledLog {
    fn drop(&mut self) {
        if let Some(threads) = self.take_threads()
            && let Err(error) = threads.finish()
        {
            tracing::error!(%error, "the log did not stop cleanly; what was acknowledged is safe");
        }
    }
}

#[async_trait]
impl EventLog for SledLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let sender = self.requests.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return Err(AppendError::Closed) };
        let (reply, answer) = oneshot::channel();
        let stopped = || AppendError::Failed("the writer has stopped".into());
        sender.send(Work::Append(Request { append, reply })).await.map_err(|_| stopped())?;
        drop(sender);
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.shared.read_stream(stream, from, visit)
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.shared.read_all(after, visit)
    }

    fn read_at(&self, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
        self.shared.read_at(position)
    }

    fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        self.shared.hash_at(position)
    }

    fn broken(&self) -> Option<String> {
        self.shared.failed().cloned()
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.shared.version(stream)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        self.shared.find_command(command)
    }

    fn head(&self) -> Head {
        self.shared.head()
    }

    fn live(&self) -> Live {
        self.shared.live.subscribe().into()
    }

    fn health(&self) -> Health {
        Health {
            engine: "sled",
            damaged: self.shared.damaged().iter().map(|(&position, why)| (position, why.clone())).collect(),
            refusing: self.shared.failed().cloned().or_else(|| self.shared.trouble("space")),
            warnings: self.shared.warnings(),
            disk_bytes: owned::disk_bytes(&self.options.log_dir)
                + owned::disk_bytes(&self.options.archive_dir)
                + owned::disk_bytes(self.shared.index.dir()),
            journal_bytes: owned::disk_bytes(&self.options.journal_dir),
            verified: self.shared.verified.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    async fn close(&self) -> Result<(), AppendError> {
        let Some(threads) = self.take_threads() else { return Ok(()) };
        let (done, wait) = oneshot::channel();
        // A thread of its own: joining would block the caller's runtime.
        let finisher = thread::Builder::new().name("yoman-log-close".into()).spawn(move || {
            let _ = done.send(threads.finish());
        });
        match finisher {
            Ok(_) => wait.await.unwrap_or_else(|_| Err("closing panicked".into())).map_err(AppendError::Failed),
            Err(error) => Err(AppendError::Failed(error.to_string())),
        }
    }
}

/// How far a log in a directory had come, as far as its watermark tells; nobody needs to hold it.
pub fn reached(log_dir: &Path) -> Position {
    watermark::peek(log_dir).map_or(Position::START, |mark| mark.position)
}

impl SledLog {
    /// Where the log keeps its files.
    pub fn log_dir(&self) -> &PathBuf {
        &self.options.log_dir
    }
}
