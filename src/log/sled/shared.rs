//! What the writer, the followers and the readers share: the database, the index, the head, and what is wrong.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use tokio::sync::broadcast;

use super::{
    index::{Index, Place},
    store::Store,
};
use crate::log::{
    Commit, Entry, Head, Position, ReadError, StreamId, Version, Visit,
    record::{self, Checked},
};

/// Damaged records remembered for the health report.
const DAMAGED_MAX: usize = 1000;

/// See the file.
#[derive(Debug)]
pub(super) struct Shared {
    // The index is closed before the log.
    pub(super) index: Index,
    pub(super) store: Store,
    pub(super) live: broadcast::Sender<Arc<Commit>>,
    head: RwLock<Head>,
    damaged: Mutex<BTreeMap<Position, String>>,
    /// By what has it: a sentence for the health report.
    troubles: Mutex<BTreeMap<&'static str, String>>,
    /// Set once: no more writes until the log is opened again.
    failed: OnceLock<String>,
}

/// What a scan meets.
pub(super) enum Scanned<'a> {
    /// A record, its commit, and the key of its group.
    Commit(Checked<'a>, Commit, u64),
    /// Nothing readable from this position to the next record.
    Damaged(Position, String),
}

impl Shared {
    pub(super) fn new(store: Store, index: Index, head: Head, live: broadcast::Sender<Arc<Commit>>) -> Self {
        Self {
            index,
            store,
            live,
            head: RwLock::new(head),
            damaged: Mutex::default(),
            troubles: Mutex::default(),
            failed: OnceLock::new(),
        }
    }

    /// The newest durable commit.
    pub(super) fn head(&self) -> Head {
        self.head.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_head(&self, head: Head) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = head;
    }

    /// Every record after a position up to the head, group by group.
    pub(super) fn scan(
        &self,
        after: Position,
        visit: &mut dyn FnMut(Scanned<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let Some(mut next) = after.0.checked_add(1) else { return Ok(()) };
        if next > self.head().position.0 {
            return Ok(());
        }
        let mut fault: Option<String> = None;
        let mut from = match self.store.at_or_before(&next.to_be_bytes()) {
            Ok(Some((key, _))) => key.to_vec(),
            Ok(None) => next.to_be_bytes().to_vec(),
            Err(error) => {
                fault = Some(error);
                next.to_be_bytes().to_vec()
            }
        };
        'readable: loop {
            for pair in self.store.from(&from) {
                let (key, group) = match pair {
                    Ok(pair) => pair,
                    Err(error) => {
                        // A whole page of the database is unreadable: go on behind it.
                        let Some(on) = self.readable_after(next) else {
                            return Err(ReadError::Failed(error));
                        };
                        fault = Some(error);
                        from = on.to_be_bytes().to_vec();
                        continue 'readable;
                    }
                };
                // Asked for every group: the log grows while it is read, and what is not durable yet must not be seen.
                let head = self.head().position.0;
                let group_key = key_of(&key);
                for record in record::walk(&group) {
                    let record = match record {
                        Ok(record) => record,
                        Err(error) => {
                            fault = Some(error.to_string());
                            continue;
                        }
                    };
                    let position = record.position().0;
                    if position > head {
                        return Ok(());
                    }
                    let before = fault.take();
                    if position < next {
                        continue;
                    }
                    if position > next {
                        let why = before.unwrap_or_else(|| match position - next {
                            1 => "the record is missing".to_owned(),
                            missing => format!("{missing} records are missing"),
                        });
                        self.note_damaged(Position(next), &why);
                        if visit(Scanned::Damaged(Position(next), why)).is_break() {
                            return Ok(());
                        }
                    }
                    next = position + 1;
                    let scanned = match record.commit() {
                        Ok(commit) => Scanned::Commit(record, commit, group_key),
                        Err(error) => {
                            self.note_damaged(Position(position), &error.to_string());
                            Scanned::Damaged(Position(position), error.to_string())
                        }
                    };
                    if visit(scanned).is_break() {
                        return Ok(());
                    }
                }
                self.store.press(&key, group.len());
            }
            return Ok(());
        }
    }

    /// The least position from which the database can be read on, when the page that holds `position` cannot.
    fn readable_after(&self, position: u64) -> Option<u64> {
        let head = self.head().position.0;
        let readable = |at: u64| matches!(self.store.at_or_after(&at.to_be_bytes()), Ok(Some(_)));
        let mut step = 1;
        let mut bad = position;
        let mut good = loop {
            let at = bad.checked_add(step).filter(|&at| at <= head)?;
            if readable(at) {
                break at;
            }
            bad = at;
            step *= 2;
        };
        while bad + 1 < good {
            let middle = bad + (good - bad) / 2;
            if readable(middle) { good = middle } else { bad = middle }
        }
        Some(good)
    }

    /// [`crate::log::EventLog::read_all`].
    pub(super) fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.scan(after, &mut |scanned| {
            visit(match scanned {
                Scanned::Commit(_, commit, _) => Entry::Commit(Arc::new(commit)),
                Scanned::Damaged(position, why) => Entry::Damaged { position, why },
            })
        })
    }

    /// [`crate::log::EventLog::read_stream`].
    pub(super) fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        let mut reader = Reader { shared: self, group: None };
        let mut failed = None;
        let mut before: Option<(Version, Position)> = None;
        let outcome = self.index.places(stream, from, &mut |place| {
            let flow = match reader.commit(place) {
                Ok(Ok(commit)) if commit.stream != *stream => ControlFlow::Continue(()),
                Ok(Ok(commit)) => {
                    let gap = before.filter(|&(version, _)| version + 1 < commit.first_version);
                    before = Some((commit.last_version(), commit.position));
                    let told = gap.map_or(ControlFlow::Continue(()), |(version, after)| {
                        visit(self.gap_entry(version + 1, commit.first_version - 1, after, commit.position))
                    });
                    if told.is_break() { told } else { visit(Entry::Commit(commit)) }
                }
                Ok(Err(why)) => {
                    before = None;
                    visit(Entry::Damaged { position: Position(place.position), why })
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            };
            flow.is_continue()
        });
        match failed {
            Some(error) => Err(ReadError::Failed(error)),
            None => outcome.map_err(|error| self.index_error(error)),
        }
    }

    /// Commits of a stream that the index never saw, because they could not be read when it was built.
    fn gap_entry(&self, first: Version, last: Version, after: Position, before: Position) -> Entry {
        let damaged = self.damaged();
        let known = damaged.range(Position(after.0 + 1)..before).next();
        let position = known.map_or(Position(after.0 + 1), |(&position, _)| position);
        Entry::Damaged { position, why: format!("versions {first} to {last} of the stream are missing") }
    }

    /// The commit at a position.
    pub(super) fn read_at(&self, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
        if position > self.head().position {
            return Ok(None);
        }
        let pair = self.store.at_or_before(&position.0.to_be_bytes()).map_err(ReadError::Failed)?;
        let Some((_, group)) = pair else { return Ok(None) };
        match record::find(&group, position).map(|record| record.commit()) {
            Some(Ok(commit)) => Ok(Some(Arc::new(commit))),
            Some(Err(error)) => {
                self.note_damaged(position, &error.to_string());
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// The hash of the record at a position.
    pub(super) fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        if position > self.head().position {
            return Ok(None);
        }
        let pair = self.store.at_or_before(&position.0.to_be_bytes()).map_err(ReadError::Failed)?;
        Ok(pair.and_then(|(_, group)| record::find(&group, position).map(|record| record.hash())))
    }

    /// The newest version of a stream.
    pub(super) fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let mut reader = Reader { shared: self, group: None };
        let version = self.index.newest_version(stream, &mut |place| Ok(reader.commit(place)?.ok()));
        version.map_err(|error| self.index_error(error))
    }

    /// The commit of a command.
    pub(super) fn find_command(&self, command: &crate::log::CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        let mut reader = Reader { shared: self, group: None };
        let commit = self.index.command(command, &mut |place| Ok(reader.commit(place)?.ok()));
        commit.map_err(|error| self.index_error(error))
    }

    fn index_error(&self, error: String) -> ReadError {
        self.note("index", &Err(format!("the index cannot be read ({error}): stop yoman, delete state/index, and start it again; it is rebuilt from the log")));
        ReadError::Failed(error)
    }

    /// The first failure stays: no more writes.
    pub(super) fn fail(&self, why: &str) {
        tracing::error!(why, "THE LOG FAILED: nothing is written any more until it is opened again; reads go on");
        let _ = self.failed.set(why.to_owned());
    }

    pub(super) fn failed(&self) -> Option<&String> {
        self.failed.get()
    }

    fn note_damaged(&self, position: Position, why: &str) {
        let mut damaged = self.damaged();
        if damaged.len() < DAMAGED_MAX && damaged.insert(position, why.to_owned()).is_none() {
            tracing::error!(%position, why, "a record of the log is damaged; it is stepped over");
        }
    }

    /// Damaged records met so far.
    pub(super) fn damaged(&self) -> MutexGuard<'_, BTreeMap<Position, String>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what is wrong with a part, or that it is well again.
    pub(super) fn note(&self, part: &'static str, outcome: &Result<(), String>) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => {
                if troubles.remove(part).is_some() {
                    tracing::info!(part, "well again");
                }
            }
            Err(trouble) => {
                if troubles.insert(part, trouble.clone()).is_none() {
                    tracing::warn!(part, "{trouble}");
                }
            }
        }
    }

    pub(super) fn note_journal(&self, outcome: &Result<(), String>) {
        let told = outcome.clone().map_err(|error| {
            format!(
                "the journal is behind and is tried again every second: {error}. Look at the disk that holds journal/"
            )
        });
        self.note("journal", &told);
    }

    pub(super) fn note_watermark(&self, outcome: &Result<(), String>) {
        let told = outcome.clone().map_err(|error| {
            format!("the watermark cannot be written: {error}. Look at head.a and head.b in log/ and their permissions")
        });
        self.note("watermark", &told);
    }

    pub(super) fn note_index(&self, outcome: &Result<(), String>) {
        let told = outcome.clone().map_err(|error| {
            format!("the index cannot be saved and grows in memory: {error}. Look at the disk that holds state/")
        });
        self.note("index saving", &told);
    }

    /// What is wrong now.
    pub(super) fn trouble(&self, part: &'static str) -> Option<String> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).get(part).cloned()
    }

    /// Everything that is wrong now, but why writes are refused.
    pub(super) fn warnings(&self) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut warnings: Vec<_> =
            troubles.iter().filter(|(part, _)| **part != "space").map(|(_, trouble)| trouble.clone()).collect();
        if self.store.has_blobs() {
            warnings.push(
                "sled has put records into log/sled/blobs, which it never syncs: they would be lost with the power. \
                 Close yoman, keep a copy of journal/, and report this"
                    .into(),
            );
        }
        warnings
    }
}

/// Reads commits at places, and keeps the last group: neighbours are often in one.
struct Reader<'a> {
    shared: &'a Shared,
    group: Option<(u64, sled::IVec)>,
}

impl Reader<'_> {
    /// The commit at a place, or how it is damaged.
    fn commit(&mut self, place: Place) -> Result<Result<Arc<Commit>, String>, String> {
        let position = Position(place.position);
        let why = match self.group(place.group) {
            Err(error) => error,
            Ok(None) => "its group is missing".to_owned(),
            Ok(Some(group)) => match record::find(group, position).map(|record| record.commit()) {
                Some(Ok(commit)) => return Ok(Ok(Arc::new(commit))),
                Some(Err(error)) => error.to_string(),
                None => {
                    let fault = record::walk(group).find_map(Result::err);
                    fault.map_or_else(|| "the record is missing".to_owned(), |fault| fault.to_string())
                }
            },
        };
        self.shared.note_damaged(position, &why);
        Ok(Err(why))
    }

    fn group(&mut self, key: u64) -> Result<Option<&[u8]>, String> {
        if self.group.as_ref().is_none_or(|(held, _)| *held != key) {
            self.group = self.shared.store.get(&key.to_be_bytes())?.map(|group| (key, group));
        }
        Ok(self.group.as_ref().map(|(_, group)| &**group))
    }
}

/// The first position of a group; 0 for a key that is not ours.
pub(super) fn key_of(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}
