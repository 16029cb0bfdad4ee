//! The log shared by several machines: the truth is a stream of NATS JetStream, one message a commit, and every node keeps a
//! replica of it, a plain log of the embedded engine. All reads are the replica's.
//!
//! A commit's position is its place among the valid messages, counted from 1, so every node gives every commit the same
//! position, and the chain of hashes is the same on all of them. A message carries what its writer had seen of the log; a node
//! that has seen something else there says so, and takes nothing more.
//!
//! `Ok` from an append means that the stream's servers have it (with three replicas and `sync_interval: always`: on the disks
//! of two of them at least) and that it can be read here. The replica is synced once in a while only: what a power cut takes
//! from its end is fetched again.
//!
//! # Layout
//!
//! * `mod.rs`        [`JetStreamLog`]: the log; reads, health, close
//! * `connection.rs` the connection to NATS: [`Connection`], [`NatsSettings`]
//! * `open.rs`       what is looked at before the log is trusted; catching up
//! * `append.rs`     one append · `publish.rs` one message, and what its answer means
//! * `message.rs`    a commit as a message · `subject.rs` a stream as part of a subject
//! * `feed.rs`       follows the stream · `check.rs` is the stream what it must be? · `examine.rs` for whoever asks
//! * `fold.rs`       from messages to commits, pure · `replica.rs` the thread that does it
//! * `marks.rs`      messages that are no commits · `identity.rs` whose replica it is
//! * `gate.rs`       whether the log is here at all · `fill.rs` it is brought here · `cursors.rs` how far each bot is
//! * `standing.rs`   what these share
//!
//! # On disk
//!
//! Beside what the embedded engine keeps: `log/stream.json` which stream it is a replica of; `log/marks.jsonl` which messages
//! are no commits.

mod append;
mod check;
mod connection;
pub mod cursors;
mod examine;
mod feed;
mod fill;
mod fold;
mod gate;
mod identity;
mod marks;
pub(crate) mod message;
mod open;
mod publish;
mod replica;
mod standing;
pub(crate) mod subject;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    thread::JoinHandle,
};

use async_nats::jetstream::stream::Stream;
use async_trait::async_trait;
use tokio::{sync::mpsc, task::AbortHandle};

pub use self::{
    check::server_problem,
    connection::{Connection, ConnectionError, Hidden, Link, NatsSettings, check_server},
    examine::{Examined, Grade, examine},
    fill::{FillError, say},
    gate::Gate,
    identity::replica_of,
    open::{OpenError, Options},
};
use self::{
    feed::{Feed, Looked},
    replica::Input,
    standing::Standing,
};
use super::{
    Append, AppendError, Appended, CommandId, Commit, EventLog, Head, Health, Live, Position, ReadError, StreamId,
    Version, Visit, sled::SledLog,
};

/// A node's view of the shared log.
#[derive(Debug)]
pub struct JetStreamLog {
    replica: Arc<SledLog>,
    connection: Connection,
    standing: Arc<Standing>,
    /// `None` once it is being closed. A std lock: nothing is awaited under it.
    inputs: RwLock<Option<mpsc::Sender<Input>>>,
    /// Until it follows.
    feed: Mutex<Option<Feed>>,
    following: Mutex<Option<AbortHandle>>,
    folder: Mutex<Option<JoinHandle<()>>>,
}

impl JetStreamLog {
    /// Opens the replica and the connection, makes the stream when there is none, and reads what is new. With NATS away it
    /// opens all the same once there is a replica: reads work, appends are [`AppendError::Away`] until it is back.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        open::open(options).await
    }

    /// The replica: what looks at files, verifies, exports and backs up works on it.
    pub fn replica(&self) -> &Arc<SledLog> {
        &self.replica
    }

    /// The connection, for whatever else is kept there.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether the log is here, or was brought elsewhere.
    pub fn gate(&self) -> Gate {
        self.standing.gate()
    }

    /// The newest message of the stream that is in the replica.
    pub fn through(&self) -> u64 {
        self.standing.through()
    }

    fn inputs(&self) -> Option<mpsc::Sender<Input>> {
        self.inputs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to follow the stream.
    fn follow(&self) {
        if let Some(feed) = self.feed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let task = tokio::spawn(feed.run()).abort_handle();
            *self.following.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        }
    }

    /// Looks at the stream before it is followed.
    async fn look(&self, stream: &Stream<()>) -> Result<Looked, String> {
        let feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(feed) = feed else { return Err("it is followed already".to_owned()) };
        let looked = feed.look(stream).await;
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = Some(feed);
        looked
    }

    /// No more messages; gives the thread that has to end.
    fn end(&self) -> Option<JoinHandle<()>> {
        if let Some(task) = self.following.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        drop(self.feed.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.inputs.write().unwrap_or_else(PoisonError::into_inner).take());
        self.folder.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for JetStreamLog {
    fn drop(&mut self) {
        // It ends once the aborted task has let go of its end of the channel, which needs this thread when the runtime has no
        // other: it is not waited for.
        drop(self.end());
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.append_one(append).await
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.replica.read_stream(stream, from, visit)
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.replica.read_all(after, visit)
    }

    fn read_at(&self, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
        self.replica.read_at(position)
    }

    fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        self.replica.hash_at(position)
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.replica.version(stream)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        self.replica.find_command(command)
    }

    fn head(&self) -> Head {
        self.replica.head()
    }

    fn live(&self) -> Live {
        self.replica.live()
    }

    fn health(&self) -> Health {
        let mut health = self.replica.health();
        health.engine = "jetstream";
        health.refusing = self.standing.refusing().or_else(|| self.gate().refuses()).or(health.refusing);
        health.warnings.extend(self.standing.warnings());
        if let Some(why) = self.away() {
            health.warnings.push(format!(
                "the shared log cannot be reached ({why}): what is shown is as of position {}, and nothing can be added. Look at NATS and the \
                 network",
                self.head().position
            ));
        }
        health
    }

    fn away(&self) -> Option<String> {
        self.connection.why_down().or_else(|| self.standing.away())
    }

    async fn close(&self) -> Result<(), AppendError> {
        if let Some(thread) = self.end() {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                return Err(AppendError::Failed("the thread that folds the shared log panicked".into()));
            }
        }
        self.replica.close().await
    }
}
