//! What is KEPT: commits at positions. The log stores bytes; it does not know what they mean, and nothing in it
//! imports any other room of ours.
//!
//! # Layout
//!
//! * `mod.rs`      the vocabulary and the contract: [`EventLog`], [`Commit`], [`Append`]
//! * `export.rs`   the log as lines of JSON, and back; `cloud_events.rs` one of the two ways to write them
//! * `lines.rs`    lines of JSON that somebody else may have written
//! * `progress.rs` how far something long is
//! * `owned.rs`    files only their owner can read
//! * `moved.rs`    the mark of a log that went elsewhere; whether two logs are the same
//! * `segment.rs`  a stretch of the log in one compressed file: archives, backups
//! * `record.rs`   a commit as bytes: length, CRC32C, position, hash of the commit before
//! * `memory.rs`   the engine for tests; `fickle.rs` a log that can be switched away
//! * `sled/`       the embedded engine
//! * `jetstream/`  the engine of several machines
//! * `live.rs`     what comes, as a receiver: [`Live`]
//! * `contract.rs` one suite every engine must pass

pub mod cloud_events;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod export;
pub mod fickle;
pub mod jetstream;
pub mod lines;
mod live;
pub mod memory;
pub mod moved;
pub(crate) mod owned;
pub mod progress;
pub mod record;
pub mod segment;
pub mod sled;

use std::{fmt, ops::ControlFlow, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::live::Live;

/// Where a commit stands in the whole log: from 1, strictly increasing; 0 is "before everything".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first commit.
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the events inside one stream from 1; 0 is a stream with no events.
pub type Version = u64;

/// The name of a stream, for example `todo/7`: at most 200 bytes of UTF-8, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// Takes the name as it is; [`EventLog::append`] refuses one that breaks the rule above.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one command for ever: the same id again appends nothing. At most 300 bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(Arc<str>);

impl CommandId {
    /// Takes the id as it is.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the stream must look like for an append to be accepted. There is no default and no "any".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no events.
    NoStream,
    /// The stream's newest event has exactly this version (at least 1).
    Version(Version),
}

impl Expected {
    /// The version this stands for: 0 for no stream.
    pub fn version(self) -> Version {
        match self {
            Self::NoStream => 0,
            Self::Version(version) => version,
        }
    }

    /// `NoStream` for 0, `Version` otherwise.
    pub fn of(version: Version) -> Self {
        if version == 0 { Self::NoStream } else { Self::Version(version) }
    }
}

/// One event as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEvent {
    /// The stable stored name, for example `todo_created`. Never a Rust type name.
    #[serde(rename = "type")]
    pub name: Arc<str>,
    /// The schema version of `data`, from 1.
    pub schema: u16,
    /// The payload: a JSON value in text form.
    pub data: Box<serde_json::value::RawValue>,
}

impl PartialEq for StoredEvent {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.schema == other.schema && self.data.get() == other.data.get()
    }
}

impl Eq for StoredEvent {}

/// Where a command came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The bot's name; `yoman` for what the process does itself.
    pub bot: String,
    /// The room.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// The platform's id of the message inside the room.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// What is known about a commit besides its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// The command that was accepted.
    pub command: CommandId,
    /// Its text as typed; empty for what nobody typed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Who did it: the stream name of a person (`person/1`), or the name of what reacted (`workflow/promotion`).
    pub actor: String,
    /// Where it came from.
    pub origin: Origin,
    /// Ties together everything that began with the same message: the command id of that message.
    pub correlation: CommandId,
    /// The commit that caused this one, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Position>,
    /// When the log took it. Never runs backwards along positions, whatever the wall clock does. Microseconds.
    /// Set by the engine; what the caller puts here is ignored.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub recorded_at: DateTime<Utc>,
}

/// What one accepted command appended, atomically, to one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Its place in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The version of its first event.
    pub first_version: Version,
    /// At least one.
    pub events: Vec<StoredEvent>,
    /// Who, when, why.
    pub meta: Meta,
}

impl Commit {
    /// The version of its last event.
    pub fn last_version(&self) -> Version {
        self.first_version + self.events.len() as u64 - 1
    }

    /// Whether a commit that came from outside could stand in a log.
    pub fn is_sound(&self) -> bool {
        let names = [self.stream.as_str(), self.meta.command.as_str(), self.meta.correlation.as_str()];
        let last = self.first_version.checked_add(self.events.len() as u64);
        (1..1 << 48).contains(&self.position.0)
            && self.first_version > 0
            && !self.events.is_empty()
            && last.is_some_and(|version| version < 1 << 48)
            && self.events.iter().all(|event| !event.name.is_empty() && event.schema > 0)
            && names.iter().all(|name| !name.is_empty())
            && record::encode(self, &[0; 32], &mut Vec::new()).is_ok()
    }

    /// The events with their versions.
    pub fn versioned(&self) -> impl Iterator<Item = (Version, &StoredEvent)> {
        (self.first_version..).zip(&self.events)
    }
}

/// A request to append.
#[derive(Clone, Debug)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// What it must look like.
    pub expected: Expected,
    /// At least one event; the encoded commit is at most [`COMMIT_BYTES_MAX`].
    pub events: Vec<StoredEvent>,
    /// Who, why; `recorded_at` is set by the engine.
    pub meta: Meta,
}

impl Append {
    /// Whether it keeps the rules that hold for every stream and engine; its encoded size is the engine's to check.
    ///
    /// # Errors
    /// [`AppendError::Unacceptable`].
    pub fn check(&self) -> Result<(), AppendError> {
        let refuse = |why: String| Err(AppendError::Unacceptable(why));
        let stream = self.stream.as_str();
        if self.events.is_empty() {
            return refuse("a commit needs at least one event".into());
        }
        if stream.is_empty() || stream.len() > STREAM_BYTES_MAX || stream.chars().any(char::is_control) {
            return refuse(format!("a stream's name is 1 to {STREAM_BYTES_MAX} bytes without control characters"));
        }
        for id in [&self.meta.command, &self.meta.correlation] {
            if id.as_str().is_empty() || id.as_str().len() > COMMAND_BYTES_MAX {
                return refuse(format!("a command id is 1 to {COMMAND_BYTES_MAX} bytes"));
            }
        }
        if self.events.iter().any(|event| event.name.is_empty() || event.schema == 0) {
            return refuse("an event needs a name and a schema version from 1".into());
        }
        Ok(())
    }
}

/// The longest name of a stream in bytes.
pub const STREAM_BYTES_MAX: usize = 200;

/// The longest command id in bytes.
pub const COMMAND_BYTES_MAX: usize = 300;

/// The largest commit in bytes, encoded. Keeps group values small enough that sled never makes a blob file of one.
pub const COMMIT_BYTES_MAX: usize = 56 * 1024;

/// An append that is durable.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The commit as it stands in the log.
    pub commit: Arc<Commit>,
    /// The command id had been accepted before; nothing was appended now.
    pub repeat: bool,
}

/// Why nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream was not as expected.
    #[error("stream {stream} is at version {actual}, not {}", expected.version())]
    Conflict {
        /// Which stream.
        stream: StreamId,
        /// What was expected.
        expected: Expected,
        /// Its version now.
        actual: Version,
    },
    /// The request breaks a rule of the log (no events, names or sizes over the limit); it will never be accepted.
    #[error("{0}")]
    Unacceptable(String),
    /// Too little space is left: nothing is written, reads go on, and writes are accepted again by themselves once there is space.
    #[error("only {free_mb} MB are left on the disk of the log, {floor_mb} MB are kept free")]
    DiskFull {
        /// What is free, in 10^6 bytes.
        free_mb: u64,
        /// The floor, in 10^6 bytes.
        floor_mb: u64,
    },
    /// The engine failed; whether the commit is in the log is known only after the log was opened again.
    #[error("the log failed: {0}")]
    Failed(String),
    /// The shared log cannot be reached; whether the commit is in it is not known. Trying again with the same command id is safe.
    #[error("the shared log cannot be reached: {0}")]
    Away(String),
    /// The log is being closed.
    #[error("the log is closed")]
    Closed,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The engine failed.
    #[error("the log could not be read: {0}")]
    Failed(String),
}

/// The newest commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its position; [`Position::START`] when the log is empty.
    pub position: Position,
    /// Its hash (SHA-256 over the record, which holds the hash of the commit before); zeroes when the log is empty.
    pub hash: [u8; 32],
    /// Its time.
    pub recorded_at: Option<DateTime<Utc>>,
}

/// What a reader meets along the way.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A commit.
    Commit(Arc<Commit>),
    /// A record that cannot be read any more. Everything else stays readable.
    Damaged {
        /// Where it stood (the first position that is missing).
        position: Position,
        /// How it is damaged.
        why: String,
    },
}

/// What [`EventLog::health`] tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The engine's name: `sled`, `memory`.
    pub engine: &'static str,
    /// Damaged records met so far: position and how.
    pub damaged: Vec<(Position, String)>,
    /// Why writes are refused at the moment, if they are.
    pub refusing: Option<String>,
    /// Things a person should look at, as full sentences that say what to do.
    pub warnings: Vec<String>,
    /// Bytes on disk (log and index; the journal apart).
    pub disk_bytes: u64,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// How far it was last verified, if it ever was.
    pub verified: Option<Verified>,
}

/// A log that was read from its beginning to a position, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The newest commit that was looked at.
    pub position: Position,
    /// Its hash.
    #[serde(with = "record::hex")]
    pub hash: record::Hash,
    /// When.
    pub at: DateTime<Utc>,
    /// How much was wrong; 0: nothing.
    pub faults: u64,
}

/// Called with each entry in order; `Break` ends the read early.
pub type Visit<'a> = &'a mut (dyn FnMut(Entry) -> ControlFlow<()> + Send);

/// The log. Reads stream: an implementation holds a bounded number of commits in memory at a time, whatever the length of the log.
///
/// A read sees every commit whose append had returned before the read began.
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug + 'static {
    /// Appends one commit. `Ok` means durable.
    ///
    /// A command id that was accepted before gives the first commit again, marked [`Appended::repeat`], whatever the
    /// expectation says and however long ago.
    ///
    /// # Errors
    /// [`AppendError`]; nothing was appended then, except that after `Failed` and `Away` it is not known.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// The commits of one stream that hold an event of version `from` or later, in order. Blocking, bounded memory:
    /// short streams may be read from an async task, long ones belong in `spawn_blocking`.
    ///
    /// # Errors
    /// [`ReadError`] when the engine fails; a damaged record is an [`Entry`], not an error.
    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError>;

    /// All commits after `after`, in order. Blocking; belongs in `spawn_blocking`.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError>;

    /// The commits of one stream recorded at or before `instant`, in order.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn read_until(&self, stream: &StreamId, instant: DateTime<Utc>, visit: Visit<'_>) -> Result<(), ReadError> {
        self.read_stream(stream, 1, &mut |entry| match entry {
            Entry::Commit(commit) if commit.meta.recorded_at > instant => ControlFlow::Break(()),
            other => visit(other),
        })
    }

    /// The commit at a position, if there is one.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn read_at(&self, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
        let mut found = None;
        self.read_all(Position(position.0.saturating_sub(1)), &mut |entry| {
            if let Entry::Commit(commit) = entry
                && commit.position == position
            {
                found = Some(commit);
            }
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// Why nothing is written any more until the log was opened again, once that is so.
    fn broken(&self) -> Option<String> {
        None
    }

    /// A hash by which the commit at a position is told from any other that could stand there; `None` when it cannot be
    /// read. An engine whose records hold the hash of the one before gives that of the record, which stands for the whole
    /// log up to there; this one stands for the commit alone.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        let commit = self.read_at(position)?;
        Ok(commit.and_then(|commit| record::encode(&commit, &[0; 32], &mut Vec::new()).ok()))
    }

    /// The newest version of a stream; 0 when it has no events.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn version(&self, stream: &StreamId) -> Result<Version, ReadError>;

    /// The commit a command id was accepted with, if it was.
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError>;

    /// The newest durable commit.
    fn head(&self) -> Head;

    /// Every commit from now on, in order, after it is durable. A receiver that falls behind gets `Lagged` and goes back to
    /// [`EventLog::read_all`]; `subscription::runner` does the hand-over.
    fn live(&self) -> Live;

    /// How it is.
    fn health(&self) -> Health;

    /// Why the shared log cannot be reached at the moment, as far as that is known without trying; an engine whose log lies on
    /// this machine is never away. Cheap: asked before every command. Reads go on meanwhile, from what was seen of it.
    fn away(&self) -> Option<String> {
        None
    }

    /// Makes everything durable, writes what makes the next open fast, and takes no more appends.
    ///
    /// # Errors
    /// [`AppendError::Failed`] when that could not be done; what was acknowledged is safe all the same.
    async fn close(&self) -> Result<(), AppendError>;
}
