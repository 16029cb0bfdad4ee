//! Opening: what is looked at before the log is trusted.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc};

use super::{
    SledLog, Threads,
    archive::Archive,
    fences::Fences,
    guard,
    index::Index,
    journal::{self, Journal},
    keeper::Keeper,
    lock::OwnerLock,
    lost::Lost,
    shared::{Raw, Shared, key_of},
    space::FreeSpace,
    store::{Store, Tuning},
    verify,
    watermark::{Mark, Watermark},
    writer::Writer,
};
use crate::log::{
    Commit, Head, Position, owned,
    record::{self, Hash, RecordError},
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
    /// The oldest part, once it was moved there in compressed segments.
    pub archive_dir: PathBuf,
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
    /// It is a replica of a log that is durable elsewhere: it is synced once in a while, not before each answer, and what a
    /// power cut takes from its end is fetched again. Nothing is appended to it but what is durable there.
    pub replica: bool,
}

impl Options {
    /// `log/`, `state/`, `journal/` and `archive/` in a data directory, and the defaults.
    pub fn new(data_dir: impl AsRef<Path>) -> Self {
        let data_dir = data_dir.as_ref();
        Self {
            log_dir: data_dir.join("log"),
            state_dir: data_dir.join("state"),
            journal_dir: data_dir.join("journal"),
            archive_dir: data_dir.join("archive"),
            journal: true,
            free_space_floor_mb: 64,
            cache_mb: 64,
            index_cache_mb: 8,
            index_newest_commits: 16_384,
            group_commits_max: 1024,
            queue_commits_max: 4096,
            live_commits_max: 4096,
            lock_wait_ms: 2000,
            replica: false,
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
         Restore log/ from a backup (yoman log restore), or bring out what can be read, also from journal/ (yoman log salvage)", dir.display()
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
        "{} ends at commit {found}, but the journal has commits up to {expected}. Bring all of them out, also those from \
         journal/ (yoman log salvage); or, to go on without those commits, move journal/ aside", dir.display()
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
    #[error("{} is damaged ({why}). Restore log/ from a backup (yoman log restore), or bring out what can be read, also from journal/ (yoman log salvage)", dir.display())]
    Corrupt {
        /// The log's directory.
        dir: PathBuf,
        /// What was found.
        why: String,
    },
    /// A newer version wrote it: nothing is wrong with it, and this version would not see all of it.
    #[error("{}: {what}", dir.display())]
    Newer {
        /// The log's directory.
        dir: PathBuf,
        /// What was found, and that an update is needed.
        what: String,
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

/// So many threads sled and we may start while a log is opened.
const THREADS: usize = 8;

/// Whether the system gives us that many threads at once: sled waits for ever for one that it does not get.
fn threads_are_to_be_had() -> io::Result<()> {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
    let spawn = |_| {
        let gate = Arc::clone(&gate);
        thread::Builder::new().spawn(move || drop(gate.lock()))
    };
    let started: Vec<_> = (0..THREADS).map(spawn).collect();
    drop(closed);
    let mut refused = None;
    for thread in started {
        match thread {
            // It does nothing that could fail.
            Ok(thread) => drop(thread.join()),
            Err(error) => refused = Some(error),
        }
    }
    refused.map_or(Ok(()), |error| {
        let why =
            format!("the system gives no more threads ({error}): raise its limits (ulimit -u, ulimit -v, memory)");
        Err(io::Error::new(error.kind(), why))
    })
}

pub(super) fn open(options: Options) -> Result<SledLog, OpenError> {
    let dir = options.log_dir.as_path();
    threads_are_to_be_had().map_err(OpenError::io(dir))?;
    for dir in [dir, &options.state_dir] {
        owned::create_dir(dir).map_err(OpenError::io(dir))?;
    }
    let lock = OwnerLock::take(dir, Duration::from_millis(options.lock_wait_ms))?;
    let corrupt = |why: String| match guard::wants_memory(&why) {
        true => OpenError::io(dir)(io::Error::new(
            io::ErrorKind::OutOfMemory,
            format!("there is not enough memory ({why})"),
        )),
        false => OpenError::Corrupt { dir: dir.to_owned(), why },
    };
    let wrong = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData if error.to_string().contains("newer yoman") => {
            OpenError::Newer { dir: dir.to_owned(), what: error.to_string() }
        }
        io::ErrorKind::InvalidData => corrupt(error.to_string()),
        _ => OpenError::io(dir)(error),
    };
    let mut watermark = Watermark::open(dir).map_err(wrong)?;
    let mark = watermark.last();
    let archive = Archive::open(dir, &options.archive_dir).map_err(wrong)?;
    let lost = Lost::read(dir);
    let tuning = Tuning { cache_mb: options.cache_mb, segment_bytes: SEGMENT_BYTES };
    let reaches = |store: &Store| find_end(store, &archive).is_ok_and(|end| end.head.position >= mark.position);
    let store = Store::open_repaired(&dir.join("sled"), tuning, reaches).map_err(corrupt)?;
    let mut end = find_end(&store, &archive).map_err(|error| match error {
        EndError::Newer(what) => OpenError::Newer { dir: dir.to_owned(), what },
        EndError::Failed(why) => corrupt(why),
    })?;
    check_mark(&store, &archive, &mut end, mark, dir)?;
    // What was given up at the end keeps its positions.
    end.next = end.next.max(lost.ranges().iter().map(|range| range.to.0 + 1).max().unwrap_or(1));
    let mut journal = match options.journal {
        true => Some(Journal::open(&options.journal_dir).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData if error.to_string().contains("newer yoman") => wrong(error),
            _ => OpenError::io(&options.journal_dir)(error),
        })?),
        false => None,
    };
    if let Some(journal) = &journal
        && !end.reaches(journal.last())
    {
        let expected = journal.last();
        return Err(OpenError::BehindJournal { dir: dir.to_owned(), found: end.head.position, expected });
    }
    if watermark.is_doubtful() {
        // The journal is synced before the mark: one that is as far as the log shows that nothing came after it.
        let journaled = journal.as_ref().map(Journal::last);
        if journaled.is_none_or(|last| last < end.head.position) {
            let journal =
                journaled.map_or("there is no journal".to_owned(), |last| format!("the journal ends at commit {last}"));
            return Err(corrupt(format!(
                "of head.a and head.b one cannot be read, and {journal}: how far the log had come cannot be told. It ends at \
                 commit {}; to go on with that, move both aside",
                end.head.position
            )));
        }
        // It is written anew with the next commits in any case.
        let _ = watermark.mend();
    }

    let (live, _) = broadcast::channel(options.live_commits_max.max(1));
    let index = open_index(&options, &store, &archive, &end)?;
    let shared = Arc::new(Shared::new((store, archive, lost), index, end.head.clone(), live));
    let after = end.head.position.0 + 1;
    if end.next > after && shared.why_lost(after, end.next - 1).is_none() {
        shared.note_damaged(Position(end.head.position.0 + 1), "the newest record is damaged");
    }
    catch_up_index(&shared, end.next, &options.journal_dir).map_err(corrupt)?;
    if let Some(journal) = &mut journal {
        let has = |position| shared.read_at(position).is_ok_and(|commit| commit.is_some());
        // Salvage passes a hole over; a hole that cannot be mended now is no reason not to open.
        if let Err(error) = journal.cut_off_at_hole(&has) {
            tracing::warn!(%error, "the journal has a hole, and could not be mended");
        }
    }
    *shared.verified.lock().unwrap_or_else(PoisonError::into_inner) = verify::last(&options.state_dir);
    let mut keeper = Keeper {
        shared: Arc::clone(&shared),
        journal,
        watermark,
        unpressed_bytes: 0,
        unsynced: options.replica.then(Vec::new),
    };
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
        log_dir: options.log_dir.clone(),
        replica: options.replica,
        next,
        group_commits_max: options.group_commits_max.max(1),
        fences: Fences::new(),
    };
    let (indexed, replica) = (Arc::clone(&shared), options.replica);
    shared.next.store(next, Ordering::Release);
    let named = |name: &str| thread::Builder::new().name(name.into());
    let failed = OpenError::io(&options.log_dir);
    let threads = Threads {
        keeper: named("yoman-log-keeper").spawn(move || keeper.run(groups)).map_err(&failed)?,
        indexer: named("yoman-log-index").spawn(move || save_index(&indexed, &wakes, replica)).map_err(&failed)?,
        writer: named("yoman-log-writer").spawn(move || writer.run()).map_err(&failed)?,
        shared: Arc::clone(&shared),
    };
    Ok(SledLog {
        shared,
        requests: Some(requests).into(),
        threads: Some(threads).into(),
        archiving: std::sync::Mutex::default(),
        options,
        _lock: lock,
    })
}

/// Where the log ends.
#[derive(Debug)]
struct End {
    head: Head,
    /// The position of the next commit.
    next: u64,
    /// Records that can be in the damaged end of the last group, at most: they keep their positions.
    damaged_max: u64,
}

impl End {
    /// Whether a position had been reached for all that can be told: what is damaged at the very end counts, and keeps its
    /// position. False when commits are gone.
    fn reaches(&mut self, position: Position) -> bool {
        if position.0 < self.next {
            return true;
        }
        let damaged = position.0 < self.next.saturating_sub(1) + self.damaged_max;
        if damaged {
            self.next = position.0 + 1;
            self.damaged_max = 1;
        }
        damaged
    }
}

/// Why the end was not found.
#[derive(Debug)]
enum EndError {
    Newer(String),
    Failed(String),
}

impl From<String> for EndError {
    fn from(error: String) -> Self {
        Self::Failed(error)
    }
}

/// No record is shorter.
const RECORD_BYTES_MIN: u64 = 64;

fn find_end(store: &Store, archive: &Archive) -> Result<End, EndError> {
    let mut last_group = None;
    let mut pair = store.last()?;
    while let Some((key, group)) = pair {
        let key = key_of(&key);
        if key == 0 {
            return Err("there are keys in it that are not the log's".to_owned().into());
        }
        let mut last = None;
        let mut read = 0;
        for record in record::walk(&group) {
            match record {
                Ok(record) => {
                    read = record.bytes().as_ptr() as usize - group.as_ptr() as usize + record.bytes().len();
                    last = Some(record);
                }
                Err(error @ RecordError::Newer(_)) => return Err(EndError::Newer(error.to_string())),
                Err(_) => {}
            }
        }
        // A damaged record at the very end keeps its position: it shows as a gap.
        let (next, damaged_max) = *last_group.get_or_insert_with(|| {
            let next = last.map_or(key, |record| record.position().0 + 1);
            let bytes = (group.len() - read) as u64;
            if bytes == 0 { (next, 0) } else { (next + 1, (bytes / RECORD_BYTES_MIN).max(1)) }
        });
        if let Some(record) = last {
            let head = Head {
                position: record.position(),
                hash: record.hash(),
                recorded_at: Some(record.recorded_at().map_err(|error| error.to_string())?),
            };
            return Ok(End { head, next, damaged_max });
        }
        pair = store.at_or_before(&(key - 1).to_be_bytes())?;
    }
    let mut head = Head { position: Position::START, hash: [0; 32], recorded_at: None };
    // All rows are archived, or gone.
    for held in archive.all().iter().rev() {
        let Ok(segment) = &held.segment else { continue };
        for number in (0..segment.blocks()).rev() {
            let Ok(block) = segment.block(number) else { continue };
            if let Some(record) = record::walk(&block).flatten().last() {
                let recorded_at = Some(record.recorded_at().map_err(|error| error.to_string())?);
                head = Head { position: record.position(), hash: record.hash(), recorded_at };
                break;
            }
        }
        if head.position != Position::START {
            break;
        }
    }
    let (next, damaged_max) = last_group.unwrap_or((1, 0));
    Ok(End { next: next.max(archive.through() + 1).max(head.position.0 + 1), head, damaged_max })
}

/// The log must hold what the watermark says. sled opens without a word when its tail, or all of it, is gone.
fn check_mark(store: &Store, archive: &Archive, end: &mut End, mark: Mark, dir: &Path) -> Result<(), OpenError> {
    if !end.reaches(mark.position) {
        let (found, expected) = (end.head.position, mark.position);
        return Err(OpenError::BehindWatermark { dir: dir.to_owned(), found, expected });
    }
    match hash_at(store, archive, mark.position) {
        Some(hash) if hash != mark.hash => Err(OpenError::Corrupt {
            dir: dir.to_owned(),
            why: format!("commit {} is not the one that was written there", mark.position),
        }),
        _ => Ok(()),
    }
}

/// The hash of the record at a position, if it can be read.
fn hash_at(store: &Store, archive: &Archive, position: Position) -> Option<Hash> {
    if position.0 <= archive.through() {
        return archive.hash(position.0);
    }
    let (_, group) = store.at_or_before(&position.0.to_be_bytes()).ok()??;
    Some(record::find(&group, position)?.hash())
}

/// The hash that the record at a position carries of the one before, if it can be read.
fn previous_at(store: &Store, position: Position) -> Option<Hash> {
    let (_, group) = store.at_or_before(&position.0.to_be_bytes()).ok()??;
    Some(record::find(&group, position)?.previous())
}

/// Opens the index when it belongs to this log; otherwise begins a new one.
fn open_index(options: &Options, store: &Store, archive: &Archive, end: &End) -> Result<Index, OpenError> {
    let dir = options.state_dir.join("index");
    let tuning = Tuning { cache_mb: options.index_cache_mb, segment_bytes: INDEX_SEGMENT_BYTES };
    let newest = options.index_newest_commits.max(1);
    match Index::open(&dir, tuning, newest) {
        Ok(index) => {
            let (through, hash) = index.saved();
            // When that very record is damaged, the next one knows. An index is not given up for a damaged record: it may be
            // all that remembers which stream that was of.
            let belongs = through.0 < end.next
                && match hash_at(store, archive, through) {
                    _ if through == Position::START => true,
                    Some(found) => found == hash,
                    None => previous_at(store, Position(through.0 + 1)).is_none_or(|previous| previous == hash),
                };
            if belongs {
                return Ok(index);
            }
            tracing::warn!("the index belongs to another log; it is rebuilt");
        }
        Err(error) => tracing::warn!(%error, "the index cannot be used; it is rebuilt"),
    }
    Index::recreate(&dir, tuning, newest).map_err(|error| OpenError::io(&dir)(io::Error::other(error)))
}

/// What is read on the way to an index that knows everything.
struct CatchUp<'a> {
    shared: &'a Shared,
    /// With the keys of their groups.
    commits: Vec<(Commit, u64)>,
    hash: Hash,
    /// Opened at the first damage.
    journal: Option<journal::Reader>,
    journal_dir: &'a Path,
}

impl CatchUp<'_> {
    fn push(&mut self, commit: Commit, group: u64, hash: Hash) -> Result<(), String> {
        self.commits.push((commit, group));
        self.hash = hash;
        if self.commits.len() < CATCH_UP_COMMITS { Ok(()) } else { self.save() }
    }

    fn save(&mut self) -> Result<(), String> {
        if self.commits.is_empty() {
            return Ok(());
        }
        let full = self.shared.index.add(self.commits.iter().map(|(commit, group)| (commit, *group)), self.hash);
        self.commits.clear();
        if full { self.shared.index.save() } else { Ok(()) }
    }

    /// What the journal knows of damaged records: their versions and commands were used, and are not given out again.
    fn damaged(&mut self, from: u64, through: u64) -> Result<(), String> {
        if self.journal.is_none() {
            self.journal = journal::Reader::open(self.journal_dir).ok();
        }
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let mut found = Vec::new();
        journal.range(from, through, &mut |commit| found.push(commit));
        self.journal = Some(journal);
        for commit in found {
            let hash = record::encode(&commit, &self.hash, &mut Vec::new()).map_err(|error| error.to_string())?;
            let position = commit.position.0;
            self.push(commit, position, hash)?;
        }
        Ok(())
    }
}

/// Reads what the index lacks up to before `next`, in bounded memory: full parts are written on the way.
fn catch_up_index(shared: &Shared, next: u64, journal_dir: &Path) -> Result<(), String> {
    let (saved, hash) = shared.index.saved();
    let commits = Vec::with_capacity(CATCH_UP_COMMITS);
    let mut catch_up = CatchUp { shared, commits, hash, journal: None, journal_dir };
    let mut outcome = Ok(());
    let read = shared.scan_raw(saved, &mut |raw| {
        outcome = match raw {
            Raw::Record(record, group) => match record.commit() {
                Ok(commit) => catch_up.push(commit, group, record.hash()),
                Err(_) => catch_up.damaged(record.position().0, record.position().0),
            },
            Raw::Damaged { from, through, .. } => catch_up.damaged(from, through),
        };
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map_err(|error| error.to_string())?;
    outcome?;
    let head = shared.head().position.max(saved).0;
    if head + 1 < next {
        catch_up.damaged(head + 1, next - 1)?;
    }
    catch_up.save()
}

/// The thread that saves the index when a part is full, and all of it at the end.
fn save_index(shared: &Shared, wakes: &Receiver<()>, replica: bool) -> Result<(), String> {
    loop {
        let ended = match wakes.recv_timeout(INDEX_RETRY) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        if ended {
            shared.index.freeze();
        }
        // The index must not know more than the log after a power cut.
        let synced = if replica && shared.index.waiting() > 0 { shared.store.sync() } else { Ok(()) };
        let outcome = synced.and_then(|()| shared.index.save());
        shared.note_index(&outcome);
        if ended {
            return outcome;
        }
    }
}
