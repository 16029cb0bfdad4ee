//! Opening: what is looked at before the log is trusted.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc};

use super::{
    SledLog, Threads,
    fences::Fences,
    files,
    index::Index,
    journal::Journal,
    keeper::Keeper,
    lock::OwnerLock,
    shared::{Scanned, Shared, key_of},
    space::FreeSpace,
    store::{Store, Tuning},
    watermark::{Mark, Watermark},
    writer::Writer,
};
use crate::log::{
    Commit, Head, Position,
    record::{self, Hash},
};

/// The largest value is 60 KB: 17 of them fit into a quarter of this.
pub(super) const SEGMENT_BYTES: usize = 8 << 20;
const INDEX_SEGMENT_BYTES: usize = 1 << 20;
/// Groups the keeper may be behind before it reads them from the log again.
const KEEPER_GROUPS: usize = 64;
/// Commits in memory while the index catches up.
const CATCH_UP_COMMITS: usize = 1024;
/// An index that could not be saved is tried again after this.
const INDEX_RETRY: Duration = Duration::from_secs(5);

/// Where the log is and how it behaves. [`Options::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// The truth.
    pub log_dir: PathBuf,
    /// What is derived: only `index/` below it is the log's. May be deleted.
    pub state_dir: PathBuf,
    /// The same as JSON lines.
    pub journal_dir: PathBuf,
    /// Whether a journal is kept.
    pub journal: bool,
    /// Writes are refused when less than this is free, in 10^6 bytes.
    pub free_space_floor_mb: u64,
    /// sled's page cache for the log, in 10^6 bytes.
    pub cache_mb: u64,
    /// sled's page cache for the index, in 10^6 bytes.
    pub index_cache_mb: u64,
    /// The index of so many commits stays in memory before it is written; after a crash as many are read again.
    pub index_newest_commits: usize,
    /// Commits in a group at most.
    pub group_commits_max: usize,
    /// Appends that may wait; who comes then waits to be let in.
    pub queue_commits_max: usize,
    /// A live receiver that is further behind gets `Lagged`.
    pub live_commits_max: usize,
    /// How long a lock that another holds is tried, in milliseconds.
    pub lock_wait_ms: u64,
}

impl Options {
    /// `log/`, `state/` and `journal/` in a data directory, and the defaults.
    pub fn new(data_dir: impl AsRef<Path>) -> Self {
        let data_dir = data_dir.as_ref();
        Self {
            log_dir: data_dir.join("log"),
            state_dir: data_dir.join("state"),
            journal_dir: data_dir.join("journal"),
            journal: true,
            free_space_floor_mb: 64,
            cache_mb: 64,
            index_cache_mb: 8,
            index_newest_commits: 16_384,
            group_commits_max: 1024,
            queue_commits_max: 4096,
            live_commits_max: 4096,
            lock_wait_ms: 2000,
        }
    }
}

/// Why the log cannot be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by {}: stop that one first, or ask it", dir.display(), owner(*pid, command))]
    Locked {
        /// The log's directory.
        dir: PathBuf,
        /// The other's process id, if it could be read.
        pid: Option<u32>,
        /// Its command line; empty if it could not be read.
        command: String,
    },
    /// Commits that were there are gone.
    #[error(
        "{} ends at commit {found}, but it had reached {expected}: commits are lost, and going on would hide it. \
         Restore log/ from a backup, or rebuild it from journal/", dir.display()
    )]
    BehindWatermark {
        /// The log's directory.
        dir: PathBuf,
        /// Where the log ends.
        found: Position,
        /// Where it had been.
        expected: Position,
    },
    /// The journal has commits that the log lacks.
    #[error(
        "{} ends at commit {found}, but the journal has commits up to {expected}. Rebuild the log from journal/; or, \
         to go on without those commits, move journal/ aside", dir.display()
    )]
    BehindJournal {
        /// The log's directory.
        dir: PathBuf,
        /// Where the log ends.
        found: Position,
        /// Where the journal ends.
        expected: Position,
    },
    /// The files cannot be used.
    #[error("{} is damaged ({why}). Keep a copy of it, then restore log/ from a backup, or rebuild it from journal/", dir.display())]
    Corrupt {
        /// The log's directory.
        dir: PathBuf,
        /// What was found.
        why: String,
    },
    /// A file or directory could not be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

fn owner(pid: Option<u32>, command: &str) -> String {
    match pid {
        Some(pid) => format!("process {pid} ({command})"),
        None => "another process".to_owned(),
    }
}

impl OpenError {
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::Io { path: path.clone(), error }
    }
}

pub(super) fn open(options: Options) -> Result<SledLog, OpenError> {
    let dir = options.log_dir.as_path();
    for dir in [dir, &options.state_dir] {
        files::create_dir(dir).map_err(OpenError::io(dir))?;
    }
    let lock = OwnerLock::take(dir, Duration::from_millis(options.lock_wait_ms))?;
    let corrupt = |why: String| OpenError::Corrupt { dir: dir.to_owned(), why };
    let watermark = Watermark::open(dir).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => corrupt(error.to_string()),
        _ => OpenError::io(dir)(error),
    })?;
    let mark = watermark.last();
    let tuning = Tuning { cache_mb: options.cache_mb, segment_bytes: SEGMENT_BYTES };
    let reaches = |store: &Store| find_end(store).is_ok_and(|end| end.head.position >= mark.position);
    let store = Store::open_repaired(&dir.join("sled"), tuning, reaches).map_err(corrupt)?;
    let end = find_end(&store).map_err(corrupt)?;
    check_mark(&store, &end, mark, dir)?;

    let (live, _) = broadcast::channel(options.live_commits_max.max(1));
    let index = open_index(&options, &store, &end)?;
    let shared = Arc::new(Shared::new(store, index, end.head.clone(), live));
    catch_up_index(&shared).map_err(corrupt)?;

    let journal = match options.journal {
        true => Some(Journal::open(&options.journal_dir).map_err(OpenError::io(&options.journal_dir))?),
        false => None,
    };
    if let Some(journal) = &journal
        && journal.last() > end.head.position
    {
        let expected = journal.last();
        return Err(OpenError::BehindJournal { dir: dir.to_owned(), found: end.head.position, expected });
    }
    let mut keeper = Keeper { shared: Arc::clone(&shared), journal, watermark, unpressed_bytes: 0 };
    // What a crash kept from the journal. A full disk is no reason not to open: it is tried again.
    let _ = keeper.save();
    start(options, shared, keeper, end.next, lock)
}

/// Starts the threads.
fn start(
    options: Options,
    shared: Arc<Shared>,
    keeper: Keeper,
    next: u64,
    lock: OwnerLock,
) -> Result<SledLog, OpenError> {
    let (requests, waiting) = mpsc::channel(options.queue_commits_max.max(1));
    let (to_keeper, groups) = sync_channel(KEEPER_GROUPS);
    let (to_indexer, wakes) = sync_channel(1);
    let writer = Writer {
        shared: Arc::clone(&shared),
        requests: waiting,
        keeper: to_keeper,
        indexer: to_indexer,
        space: FreeSpace::new(&options.log_dir, options.free_space_floor_mb),
        next,
        group_commits_max: options.group_commits_max.max(1),
        fences: Fences::new(),
    };
    let indexed = Arc::clone(&shared);
    let named = |name: &str| thread::Builder::new().name(name.into());
    let failed = OpenError::io(&options.log_dir);
    let threads = Threads {
        keeper: named("yoman-log-keeper").spawn(move || keeper.run(groups)).map_err(&failed)?,
        indexer: named("yoman-log-index").spawn(move || save_index(&indexed, &wakes)).map_err(&failed)?,
        writer: named("yoman-log-writer").spawn(move || writer.run()).map_err(&failed)?,
        shared: Arc::clone(&shared),
    };
    Ok(SledLog { shared, requests: Some(requests).into(), threads: Some(threads).into(), options, _lock: lock })
}

/// Where the log ends.
#[derive(Debug)]
struct End {
    head: Head,
    /// The position of the next commit.
    next: u64,
}

fn find_end(store: &Store) -> Result<End, String> {
    let mut next = None;
    let mut pair = store.last()?;
    while let Some((key, group)) = pair {
        let key = key_of(&key);
        if key == 0 {
            return Err("there are keys in it that are not the log's".into());
        }
        let mut last = None;
        let mut fault = 0;
        for record in record::walk(&group) {
            match record {
                Ok(record) => (last, fault) = (Some(record), 0),
                Err(_) => fault = 1,
            }
        }
        // A damaged record at the very end keeps its position: it shows as a gap.
        let next = *next.get_or_insert_with(|| fault + last.map_or(key, |record| record.position().0 + 1));
        if let Some(record) = last {
            let head = Head {
                position: record.position(),
                hash: record.hash(),
                recorded_at: Some(record.recorded_at().map_err(|error| error.to_string())?),
            };
            return Ok(End { head, next });
        }
        pair = store.at_or_before(&(key - 1).to_be_bytes())?;
    }
    let head = Head { position: Position::START, hash: [0; 32], recorded_at: None };
    Ok(End { head, next: next.unwrap_or(1) })
}

/// The log must hold what the watermark says. sled opens without a word when its tail, or all of it, is gone.
fn check_mark(store: &Store, end: &End, mark: Mark, dir: &Path) -> Result<(), OpenError> {
    if end.head.position < mark.position {
        let (found, expected) = (end.head.position, mark.position);
        return Err(OpenError::BehindWatermark { dir: dir.to_owned(), found, expected });
    }
    match hash_at(store, mark.position) {
        Some(hash) if hash != mark.hash => Err(OpenError::Corrupt {
            dir: dir.to_owned(),
            why: format!("commit {} is not the one that was written there", mark.position),
        }),
        _ => Ok(()),
    }
}

/// The hash of the record at a position, if it can be read.
fn hash_at(store: &Store, position: Position) -> Option<Hash> {
    let (_, group) = store.at_or_before(&position.0.to_be_bytes()).ok()??;
    Some(record::find(&group, position)?.hash())
}

/// Opens the index when it belongs to this log; otherwise begins a new one.
fn open_index(options: &Options, store: &Store, end: &End) -> Result<Index, OpenError> {
    let dir = options.state_dir.join("index");
    let tuning = Tuning { cache_mb: options.index_cache_mb, segment_bytes: INDEX_SEGMENT_BYTES };
    let newest = options.index_newest_commits.max(1);
    match Index::open(&dir, tuning, newest) {
        Ok(index) => {
            let (through, hash) = index.saved();
            let belongs =
                through <= end.head.position && (through == Position::START || hash_at(store, through) == Some(hash));
            if belongs {
                return Ok(index);
            }
            tracing::warn!("the index belongs to another log; it is rebuilt");
        }
        Err(error) => tracing::warn!(%error, "the index cannot be used; it is rebuilt"),
    }
    Index::recreate(&dir, tuning, newest).map_err(|error| OpenError::io(&dir)(io::Error::other(error)))
}

/// Reads what the index lacks, in bounded memory: full parts are written on the way.
fn catch_up_index(shared: &Shared) -> Result<(), String> {
    let mut commits: Vec<(Commit, u64)> = Vec::with_capacity(CATCH_UP_COMMITS);
    let mut hash = [0; 32];
    let mut outcome = Ok(());
    let add = |commits: &mut Vec<(Commit, u64)>, hash| {
        let full = shared.index.add(commits.iter().map(|(commit, group)| (commit, *group)), hash);
        commits.clear();
        if full { shared.index.save() } else { Ok(()) }
    };
    let read = shared.scan(shared.index.saved().0, &mut |scanned| {
        if let Scanned::Commit(record, commit, group) = scanned {
            commits.push((commit, group));
            if commits.len() >= CATCH_UP_COMMITS {
                outcome = add(&mut commits, record.hash());
            } else if record.position() == shared.head().position {
                hash = record.hash();
            }
        }
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map_err(|error| error.to_string())?;
    outcome?;
    if commits.is_empty() { Ok(()) } else { add(&mut commits, hash) }
}

/// The thread that saves the index when a part is full, and all of it at the end.
fn save_index(shared: &Shared, wakes: &Receiver<()>) -> Result<(), String> {
    loop {
        let ended = match wakes.recv_timeout(INDEX_RETRY) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        if ended {
            shared.index.freeze();
        }
        let outcome = shared.index.save();
        shared.note_index(&outcome);
        if ended {
            return outcome;
        }
    }
}
