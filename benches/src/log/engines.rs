//! Our log and what it is compared with. All the others share one group commit, which is that of the log: a thread takes
//! all that waits, writes it as one, makes it durable, answers each.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};
use yoman::log::{
    Append, Commit, EventLog, Position, record,
    sled::{Options, SledLog},
};

/// Takes appends and answers when they are durable.
#[async_trait::async_trait]
pub trait Engine: Send + Sync {
    /// Ends the process when the engine fails: there is nothing to measure then.
    async fn append(&self, append: Append);
}

#[async_trait::async_trait]
impl Engine for SledLog {
    async fn append(&self, append: Append) {
        let appended = EventLog::append(self, append).await.expect("an append");
        assert!(!appended.repeat);
    }
}

/// The names of what is compared, the limit first.
pub const NAMES: [&str; 5] = ["raw file", "yoman", "yoman, no journal", "SQLite", "fjall"];

/// Opens an engine by its name.
pub fn open(name: &str, dir: &Path) -> Arc<dyn Engine> {
    match name {
        "raw file" => Grouped::start(RawFile::open(dir)),
        "SQLite" => Grouped::start(Sqlite::open(dir)),
        "fjall" => Grouped::start(Fjall::open(dir)),
        "yoman, no journal" => {
            Arc::new(SledLog::open(Options { journal: false, ..Options::new(dir) }).expect("the log opens"))
        }
        _ => Arc::new(SledLog::open(Options::new(dir)).expect("the log opens")),
    }
}

/// Which SQLite this is.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Makes a group durable.
pub trait Sink: Send + 'static {
    /// Returns when all of it is.
    fn commit(&mut self, group: Vec<Append>);
}

const GROUP_MAX: usize = 1024;

/// Gives many clients one group commit.
pub struct Grouped {
    requests: mpsc::Sender<(Append, oneshot::Sender<()>)>,
}

impl Grouped {
    /// Starts the thread that takes what waits.
    pub fn start(mut sink: impl Sink) -> Arc<dyn Engine> {
        let (requests, mut waiting) = mpsc::channel::<(Append, oneshot::Sender<()>)>(4096);
        thread::spawn(move || {
            let mut taken = Vec::with_capacity(GROUP_MAX);
            let mut usual = 1;
            while waiting.blocking_recv_many(&mut taken, GROUP_MAX) > 0 {
                // The same patience as the log's writer has.
                let end = Instant::now() + Duration::from_micros(5 * usual as u64).min(Duration::from_micros(100));
                while usual > 1 && taken.len() < usual.min(GROUP_MAX) {
                    match waiting.try_recv() {
                        Ok(request) => taken.push(request),
                        Err(_) if Instant::now() >= end => break,
                        Err(_) => thread::yield_now(),
                    }
                }
                usual = taken.len();
                let (group, replies): (Vec<_>, Vec<_>) = taken.drain(..).unzip();
                sink.commit(group);
                for reply in replies {
                    let _ = reply.send(());
                }
            }
        });
        Arc::new(Self { requests })
    }
}

#[async_trait::async_trait]
impl Engine for Grouped {
    async fn append(&self, append: Append) {
        let (reply, answer) = oneshot::channel();
        self.requests.send((append, reply)).await.expect("a writer");
        answer.await.expect("an answer");
    }
}

/// The record of an append, as the log would write it, but for what only the log knows.
pub fn record_of(append: Append, position: u64, out: &mut Vec<u8>) {
    let commit = Commit {
        position: Position(position),
        stream: append.stream,
        first_version: append.expected.version() + 1,
        events: append.events,
        meta: append.meta,
    };
    record::encode(&commit, &[0; 32], out).expect("a record");
}

/// The limit: the records in a file, fdatasync, nothing else.
struct RawFile {
    file: File,
    position: u64,
}

impl RawFile {
    fn open(dir: &Path) -> Self {
        Self { file: File::create(dir.join("raw")).expect("a file"), position: 0 }
    }
}

impl Sink for RawFile {
    fn commit(&mut self, group: Vec<Append>) {
        let mut bytes = Vec::new();
        for append in group {
            self.position += 1;
            record_of(append, self.position, &mut bytes);
        }
        self.file.write_all(&bytes).expect("a write");
        self.file.sync_data().expect("a sync");
    }
}

/// A row a commit; the unique indexes are what checks versions and command ids.
struct Sqlite {
    db: rusqlite::Connection,
    position: u64,
}

impl Sqlite {
    fn open(dir: &Path) -> Self {
        let db = rusqlite::Connection::open(dir.join("log.sqlite")).expect("SQLite opens");
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS commits
                (position INTEGER PRIMARY KEY, stream TEXT, version INTEGER, command TEXT, record BLOB);
             CREATE UNIQUE INDEX IF NOT EXISTS streams ON commits (stream, version);
             CREATE UNIQUE INDEX IF NOT EXISTS commands ON commits (command);",
        )
        .expect("a schema");
        let newest = "SELECT coalesce(max(position), 0) FROM commits";
        let position: i64 = db.query_row(newest, [], |row| row.get(0)).expect("the newest position");
        Self { db, position: position as u64 }
    }
}

impl Sink for Sqlite {
    fn commit(&mut self, group: Vec<Append>) {
        let transaction = self.db.transaction().expect("a transaction");
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO commits VALUES (?1, ?2, ?3, ?4, ?5)").expect("a statement");
            for append in group {
                self.position += 1;
                let (stream, command) = (append.stream.clone(), append.meta.command.clone());
                let version = append.expected.version() as i64 + 1;
                let mut bytes = Vec::new();
                record_of(append, self.position, &mut bytes);
                insert
                    .execute((self.position as i64, stream.as_str(), version, command.as_str(), bytes))
                    .expect("an insert");
            }
        }
        transaction.commit().expect("a commit");
    }
}

/// A record, a stream row and a command row a commit, in one batch; the rows are looked at before.
struct Fjall {
    db: fjall::Database,
    log: fjall::Keyspace,
    streams: fjall::Keyspace,
    commands: fjall::Keyspace,
    position: u64,
}

impl Fjall {
    fn open(dir: &Path) -> Self {
        let db = fjall::Database::builder(dir).open().expect("fjall opens");
        let keyspace = |name| db.keyspace(name, fjall::KeyspaceCreateOptions::default).expect("a keyspace");
        let (log, streams, commands) = (keyspace("log"), keyspace("streams"), keyspace("commands"));
        let newest = log.last_key_value().map(|it| it.key().expect("the newest position"));
        let position = newest.map_or(0, |it| u64::from_be_bytes(it.as_ref().try_into().expect("eight bytes")));
        Self { db, log, streams, commands, position }
    }
}

impl Sink for Fjall {
    fn commit(&mut self, group: Vec<Append>) {
        let mut batch = self.db.batch().durability(Some(fjall::PersistMode::SyncData));
        for append in group {
            self.position += 1;
            let position = self.position.to_be_bytes();
            let command = append.meta.command.as_str();
            assert!(!self.commands.contains_key(command).expect("a look"));
            let key = |version: u64| [append.stream.as_str().as_bytes(), &[0], &version.to_be_bytes()].concat();
            let version = append.expected.version();
            if version == 0 {
                assert!(!self.streams.contains_key(key(1)).expect("a look"));
            } else {
                assert!(self.streams.contains_key(key(version)).expect("a look"));
            }
            batch.insert(&self.streams, key(version + 1), position);
            batch.insert(&self.commands, command, position);
            let mut bytes = Vec::new();
            record_of(append, self.position, &mut bytes);
            batch.insert(&self.log, position, bytes);
        }
        batch.commit().expect("a commit");
    }
}
