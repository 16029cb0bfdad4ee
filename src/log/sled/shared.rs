//! What the writer, the followers and the readers share: the database, the index, the head, and what is wrong.

use std::{
    collections::BTreeMap,
    io,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, atomic::AtomicU64},
};

use tokio::sync::broadcast;

use super::{
    archive::Archive,
    index::{Index, Place},
    lost::{Lost, LostRange},
    store::Store,
};
use crate::log::{
    Commit, Entry, Head, Position, ReadError, StreamId, Verified, Version, Visit,
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
    pub(super) archive: Archive,
    /// Positions that were given up.
    lost: RwLock<Lost>,
    pub(super) live: broadcast::Sender<Arc<Commit>>,
    head: RwLock<Head>,
    damaged: Mutex<BTreeMap<Position, String>>,
    /// By what has it: a sentence for the health report.
    troubles: Mutex<BTreeMap<&'static str, String>>,
    /// The next position, which is not that behind the head when the newest ones were given up.
    pub(super) next: AtomicU64,
    /// How far the journal is written.
    pub(super) journaled: AtomicU64,
    pub(super) verified: Mutex<Option<Verified>>,
    /// Set once: no more writes until the log is opened again.
    failed: OnceLock<String>,
}

/// What a scan of the bytes meets.
pub(super) enum Raw<'a> {
    /// A record, and the key of its group (of one that is archived: its own position).
    Record(Checked<'a>, u64),
    /// Nothing readable from the one position through the other.
    Damaged { from: u64, through: u64, why: String },
}

/// What a scan meets.
pub(super) enum Scanned<'a> {
    /// A record and its commit.
    Commit(Checked<'a>, Commit),
    /// Nothing readable from this position to the next record.
    Damaged(Position, String),
}

impl Shared {
    pub(super) fn new(
        (store, archive, lost): (Store, Archive, Lost),
        index: Index,
        head: Head,
        live: broadcast::Sender<Arc<Commit>>,
    ) -> Self {
        Self {
            index,
            store,
            archive,
            lost: RwLock::new(lost),
            live,
            head: RwLock::new(head),
            damaged: Mutex::default(),
            troubles: Mutex::default(),
            next: AtomicU64::new(1),
            journaled: AtomicU64::new(0),
            verified: Mutex::default(),
            failed: OnceLock::new(),
        }
    }

    /// Why a range was given up, when all of it was.
    pub(super) fn why_lost(&self, from: u64, through: u64) -> Option<String> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).why(from, through).map(str::to_owned)
    }

    /// All that was given up.
    pub(super) fn lost_ranges(&self) -> Vec<LostRange> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).ranges().to_vec()
    }

    /// Gives up more positions, durably.
    pub(super) fn give_up(&self, log_dir: &Path, ranges: &[LostRange]) -> io::Result<()> {
        let mut lost = self.lost.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = lost.ranges().to_vec();
        all.extend(ranges.iter().filter(|range| lost.why(range.from.0, range.to.0).is_none()).cloned());
        *lost = Lost::write(log_dir, all)?;
        Ok(())
    }

    /// The newest durable commit.
    pub(super) fn head(&self) -> Head {
        self.head.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_head(&self, head: Head) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = head;
    }

    /// Every commit after a position up to the head, in order.
    pub(super) fn scan(
        &self,
        after: Position,
        visit: &mut dyn FnMut(Scanned<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        self.scan_raw(after, &mut |raw| {
            let record = match raw {
                Raw::Damaged { from, why, .. } => return visit(Scanned::Damaged(Position(from), why)),
                Raw::Record(record, _) => record,
            };
            match record.commit() {
                Ok(commit) => visit(Scanned::Commit(record, commit)),
                Err(error) => {
                    self.note_damaged(record.position(), &error.to_string());
                    visit(Scanned::Damaged(record.position(), error.to_string()))
                }
            }
        })
    }

    /// Every record after a position up to the head, in order: from the archive as far as that goes, then from sled.
    pub(super) fn scan_raw(
        &self,
        after: Position,
        visit: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let Some(next) = after.0.checked_add(1) else { return Ok(()) };
        let mut walk = Walk { shared: self, next, fault: None };
        // What comes later may be read too; up to here nothing may be left out.
        let head = self.head().position.0;
        while walk.next <= self.head().position.0 {
            if walk.next <= self.archive.through() {
                if walk.archive(visit).is_break() {
                    return Ok(());
                }
                continue;
            }
            if walk.rows(visit)?.is_break() {
                return Ok(());
            }
            // Rows that were not there any more may have been archived meanwhile.
            if walk.next > self.archive.through() {
                if walk.next <= head {
                    // The end of the log was there, and cannot be read any more.
                    let _ = walk.gap(head, visit);
                }
                return Ok(());
            }
        }
        Ok(())
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
                Scanned::Commit(_, commit) => Entry::Commit(Arc::new(commit)),
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
        if position.0 > self.archive.through() {
            let pair = self.store.at_or_before(&position.0.to_be_bytes()).map_err(ReadError::Failed)?;
            match pair.and_then(|(_, group)| record::find(&group, position).map(|record| record.commit())) {
                Some(Ok(commit)) => return Ok(Some(Arc::new(commit))),
                Some(Err(error)) => {
                    self.note_damaged(position, &error.to_string());
                    return Ok(None);
                }
                // It may have been archived at this very moment.
                None if position.0 > self.archive.through() => return Ok(None),
                None => {}
            }
        }
        match self.archive.commit(position.0) {
            Ok(commit) => Ok(Some(Arc::new(commit))),
            Err(why) => {
                if position != Position::START && self.why_lost(position.0, position.0).is_none() {
                    self.note_damaged(position, &why);
                }
                Ok(None)
            }
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
        let newest = self.index.newest(stream, &mut |place| Ok(reader.commit(place)?.ok()));
        newest.map(|newest| newest.map_or(0, |(version, _)| version)).map_err(|error| self.index_error(error))
    }

    /// The newest version of a stream, and the position of the commit it came with.
    pub(super) fn newest(&self, stream: &StreamId) -> Result<Option<(Version, Position)>, ReadError> {
        let mut reader = Reader { shared: self, group: None };
        let newest = self.index.newest(stream, &mut |place| Ok(reader.commit(place)?.ok()));
        newest
            .map(|newest| newest.map(|(version, place)| (version, Position(place.position))))
            .map_err(|error| self.index_error(error))
    }

    /// The position of the commit of a command.
    pub(super) fn command_position(&self, command: &crate::log::CommandId) -> Result<Option<Position>, ReadError> {
        if let Some(place) = self.index.command_in_memory(command) {
            return Ok(Some(Position(place.position)));
        }
        Ok(self.find_command(command)?.map(|commit| commit.position))
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

    pub(super) fn note_damaged(&self, position: Position, why: &str) {
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
        for held in self.archive.all() {
            if let Err(why) = &held.segment {
                warnings.push(format!(
                    "positions {} to {} are archived and cannot be read: {why}. Put the file back from a backup of archive/, \
                     or bring out what else has them (yoman log salvage)",
                    held.from, held.to
                ));
            }
        }
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

/// A scan on its way.
struct Walk<'a> {
    shared: &'a Shared,
    /// The next position that has not been told about.
    next: u64,
    /// Damage met since the last record.
    fault: Option<String>,
}

impl Walk<'_> {
    /// Nothing readable from `next` through a position.
    fn gap(&mut self, through: u64, visit: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let from = self.next;
        let fault = self.fault.take();
        let lost = self.shared.why_lost(from, through);
        let given_up = lost.is_some();
        let why = fault.or(lost).unwrap_or_else(|| match through - from {
            0 => "the record is missing".to_owned(),
            more => format!("{} records are missing", more + 1),
        });
        if !given_up {
            self.shared.note_damaged(Position(from), &why);
        }
        self.next = through + 1;
        visit(Raw::Damaged { from, through, why })
    }

    /// The records of one group or block.
    fn group(
        &mut self,
        group: &[u8],
        key: Option<u64>,
        visit: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<Ended> {
        // Asked for every group: the log grows while it is read, and what is not durable yet must not be seen.
        let head = self.shared.head().position.0;
        for record in record::walk(group) {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.fault = Some(error.to_string());
                    continue;
                }
            };
            let position = record.position().0;
            if position > head {
                return ControlFlow::Break(Ended::Head);
            }
            if position < self.next {
                self.fault = None;
                continue;
            }
            if position > self.next {
                if key.is_some() && self.next <= self.shared.archive.through() {
                    self.fault = None;
                    return ControlFlow::Break(Ended::Archived);
                }
                if key.is_some() && self.fault.is_none() && self.is_there(self.next) {
                    return ControlFlow::Break(Ended::Stale);
                }
                if self.gap(position - 1, visit).is_break() {
                    return ControlFlow::Break(Ended::ByVisitor);
                }
            }
            self.fault = None;
            self.next = position + 1;
            if visit(Raw::Record(record, key.unwrap_or(position))).is_break() {
                return ControlFlow::Break(Ended::ByVisitor);
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether a row holds the record at a position after all. sled's iterator keeps the leaf it is in as that was when it came
    /// to it: rows put into that leaf since are passed over, while those of the next leaf are seen.
    fn is_there(&self, position: u64) -> bool {
        let row = self.shared.store.at_or_before(&position.to_be_bytes());
        row.is_ok_and(|row| row.is_some_and(|(_, group)| record::find(&group, Position(position)).is_some()))
    }

    /// On through the archived segments.
    fn archive(&mut self, visit: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        for held in self.shared.archive.all() {
            if held.to < self.next {
                continue;
            }
            match &held.segment {
                Err(why) => self.fault = Some(why.clone()),
                Ok(segment) => {
                    for number in segment.block_of(Position(self.next))..segment.blocks() {
                        match segment.block(number) {
                            Err(why) => self.fault = Some(why),
                            Ok(block) => {
                                if self.group(&block, None, visit).is_break() {
                                    return ControlFlow::Break(());
                                }
                            }
                        }
                    }
                }
            }
            if self.next <= held.to && self.gap(held.to, visit).is_break() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// The key to read on from.
    fn row_of_next(&mut self) -> Vec<u8> {
        match self.shared.store.at_or_before(&self.next.to_be_bytes()) {
            Ok(Some((key, _))) => key.to_vec(),
            Ok(None) => self.next.to_be_bytes().to_vec(),
            Err(error) => {
                self.fault = Some(error);
                self.next.to_be_bytes().to_vec()
            }
        }
    }

    /// On through the rows of sled, to their end.
    fn rows(&mut self, visit: &mut dyn FnMut(Raw<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>, ReadError> {
        let store = &self.shared.store;
        let mut from = self.row_of_next();
        'readable: loop {
            for pair in store.from(&from) {
                let (key, group) = match pair {
                    Ok(pair) => pair,
                    Err(error) => {
                        // A whole page of the database is unreadable: go on behind it.
                        let Some(on) = self.shared.readable_after(self.next) else {
                            return Err(ReadError::Failed(error));
                        };
                        self.fault = Some(error);
                        from = on.to_be_bytes().to_vec();
                        continue 'readable;
                    }
                };
                match self.group(&group, Some(key_of(&key)), visit) {
                    ControlFlow::Continue(()) => {}
                    ControlFlow::Break(Ended::Archived) => return Ok(ControlFlow::Continue(())),
                    ControlFlow::Break(Ended::Stale) => {
                        from = self.row_of_next();
                        continue 'readable;
                    }
                    ControlFlow::Break(Ended::Head | Ended::ByVisitor) => return Ok(ControlFlow::Break(())),
                }
                store.press(&key, group.len());
            }
            return Ok(ControlFlow::Continue(()));
        }
    }
}

/// Why a group was not read to its end.
enum Ended {
    /// What follows is not durable yet.
    Head,
    /// What is missing was moved into the archive meanwhile.
    Archived,
    /// What is missing was put in behind the iterator's back.
    Stale,
    ByVisitor,
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
        if position.0 <= self.shared.archive.through() {
            return Ok(archived(self.shared, position));
        }
        let shared = self.shared;
        let why = match self.group(place.group) {
            Err(error) => error,
            // It may have been archived at this very moment.
            Ok(None) if position.0 <= shared.archive.through() => return Ok(archived(shared, position)),
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

fn archived(shared: &Shared, position: Position) -> Result<Arc<Commit>, String> {
    let commit = shared.archive.commit(position.0).map(Arc::new);
    commit.inspect_err(|why| shared.note_damaged(position, why))
}

/// The first position of a group; 0 for a key that is not ours.
pub(super) fn key_of(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}
