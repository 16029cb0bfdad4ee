//! Is the log what was written? Every record's checksum and the chain, every stream's versions, the index, the journal and the
//! watermark, each compared with the others, at the speed of reading and while the log goes on being written.

use std::{collections::HashMap, fs, ops::ControlFlow, path::Path, sync::atomic::Ordering, thread};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    SledLog,
    index::audit::{Digest, Snapshot},
    journal::{self, Line},
    shared::{Raw, Scanned, Shared},
    watermark,
};
use crate::log::{Commit, Head, Position, ReadError, Verified, owned, progress::Progress, record::hex};

/// So many faults are told one by one.
pub const FAULTS_MAX: usize = 200;
/// Where the last outcome is kept in `state/`.
const LAST: &str = "verified.json";
/// The progress is told every so many commits.
const TELL_EVERY: u64 = 256;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The newest commit that was looked at.
    pub position: Position,
    /// Its hash.
    pub hash: String,
    /// Commits that could be read.
    pub commits: u64,
    /// Their events.
    pub events: u64,
    /// The streams they belong to.
    pub streams: u64,
    /// Up to here the log is archived.
    pub archived: Position,
    /// Lines of the journal that say the same as the log.
    pub journal_lines: u64,
    /// What is wrong, by position.
    pub faults: Vec<Fault>,
    /// How much more is wrong than is told in `faults`.
    pub more_faults: u64,
    /// What is as it should be and worth a word.
    pub notes: Vec<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// Where, when it is at one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The stream it belongs to, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// What, as a sentence without an end.
    pub what: String,
}

impl Verification {
    /// Takes a fault, or counts it when there are too many.
    pub fn fault(&mut self, position: Option<Position>, stream: Option<&str>, what: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { position, stream: stream.map(str::to_owned), what: what.into() });
        } else {
            self.more_faults += 1;
        }
    }

    /// How much is wrong.
    pub fn fault_count(&self) -> u64 {
        self.faults.len() as u64 + self.more_faults
    }

    fn take(&mut self, other: Self) {
        for Fault { position, stream, what } in other.faults {
            self.fault(position, stream.as_deref(), what);
        }
        self.more_faults += other.more_faults;
        self.notes.extend(other.notes);
        self.journal_lines += other.journal_lines;
    }
}

impl SledLog {
    /// Walks the whole log up to its head as it is now, and compares it with its index, journal and watermark. Blocking, reads
    /// everything; memory grows with the number of streams.
    ///
    /// # Errors
    /// [`ReadError`] when the engine fails, or it was asked to stop. What is damaged is no error, but what this is for.
    pub fn verify(&self, progress: &Progress) -> Result<Verification, ReadError> {
        let shared = &*self.shared;
        // In this order: what comes in meanwhile is after the head, and passed over.
        let mark = watermark::peek(&self.options.log_dir);
        let head = shared.head();
        let snapshot = shared.index.snapshot();
        progress.begin("reading the log", head.position.0);
        let (records, journal) = thread::scope(|scope| {
            let journal = scope.spawn(|| match self.options.journal {
                true => compare_journal(shared, &self.options.journal_dir, head.position, progress),
                false => Ok(Verification {
                    notes: vec!["no journal is kept: it is switched off".to_owned()],
                    ..Verification::default()
                }),
            });
            let records = Records::walk(shared, &head, progress);
            (records, journal.join())
        });
        let journal =
            journal.unwrap_or_else(|_| Err(ReadError::Failed("comparing the journal panicked".to_owned())))?;
        let mut records = records?;
        if progress.stopped() {
            return Err(ReadError::Failed("it was stopped".to_owned()));
        }
        if let Some(mark) = mark
            && mark.position <= head.position
            && records.mark != Some(mark.hash)
            && !records.is_damaged(mark.position.0)
        {
            let hash = shared.read_at(mark.position)?.and_then(|_| records.hash_of(shared, mark.position));
            if hash.is_some_and(|hash| hash != mark.hash) {
                records.found.fault(Some(mark.position), None, "the watermark has another hash for it than the log");
            }
        }
        progress.begin("comparing the index", records.digest.entries);
        records.compare_index(shared, snapshot, &head)?;
        let mut found = records.found;
        found.take(journal);
        found.faults.sort();
        if progress.stopped() {
            return Err(ReadError::Failed("it was stopped".to_owned()));
        }
        Ok(found)
    }

    /// Keeps the outcome of a verification, for the health report.
    ///
    /// # Errors
    /// When it cannot be written; the outcome holds all the same.
    pub fn keep_verified(&self, found: &Verification, at: DateTime<Utc>) -> Result<(), ReadError> {
        let hash = hex::parse(&found.hash).unwrap_or_default();
        let verified = Verified { position: found.position, hash, at, faults: found.fault_count() };
        let failed = |error: std::io::Error| ReadError::Failed(error.to_string());
        let bytes = serde_json::to_vec(&verified).map_err(|error| failed(error.into()))?;
        owned::replace(&self.options.state_dir.join(LAST), &bytes).map_err(failed)?;
        *self.shared.verified.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(verified);
        Ok(())
    }
}

/// The last outcome that was kept.
pub(super) fn last(state_dir: &Path) -> Option<Verified> {
    serde_json::from_slice(&fs::read(state_dir.join(LAST)).ok()?).ok()
}

/// What is known after the records were walked.
struct Records {
    found: Verification,
    digest: Digest,
    /// Ranges that could not be read, in order.
    damaged: Vec<(u64, u64)>,
    /// The hash at the head.
    mark: Option<[u8; 32]>,
    /// By name: newest version and its position.
    streams: HashMap<Box<str>, (u64, u64)>,
    before: (Position, [u8; 32]),
    recorded_at: Option<DateTime<Utc>>,
    archived: u64,
}

impl Records {
    fn walk(shared: &Shared, head: &Head, progress: &Progress) -> Result<Self, ReadError> {
        let archived = shared.archive.through();
        let mut records = Self {
            found: Verification {
                position: head.position,
                hash: hex::text(&head.hash),
                archived: Position(archived),
                ..Verification::default()
            },
            digest: Digest::default(),
            damaged: Vec::new(),
            mark: None,
            streams: HashMap::new(),
            before: (Position::START, [0; 32]),
            recorded_at: None,
            archived,
        };
        shared.scan_raw(Position::START, &mut |raw| {
            let at = match &raw {
                Raw::Record(record, _) => record.position().0,
                Raw::Damaged { from, .. } => *from,
            };
            if at > head.position.0 || progress.stopped() {
                return ControlFlow::Break(());
            }
            if at.is_multiple_of(TELL_EVERY) {
                progress.at(at);
            }
            match raw {
                Raw::Record(record, group) => records.record(record, group),
                Raw::Damaged { from, through, why } => records.gap(shared, from, through.min(head.position.0), &why),
            }
            ControlFlow::Continue(())
        })?;
        records.found.streams = records.streams.len() as u64;
        let (position, hash) = records.before;
        if position == head.position && hash != head.hash {
            records.found.fault(Some(position), None, "the newest record is not the one that was written");
        }
        records.mark = (position == head.position).then_some(hash);
        Ok(records)
    }

    fn record(&mut self, record: crate::log::record::Checked<'_>, group: u64) {
        let position = record.position();
        let hash = record.hash();
        let found = &mut self.found;
        if self.before.0.0 + 1 == position.0 && record.previous() != self.before.1 {
            found.fault(
                Some(position),
                None,
                "the chain is broken here: it does not carry the hash of the record before",
            );
        }
        self.before = (position, hash);
        let outline = match record.outline() {
            Ok(outline) => outline,
            Err(error) => {
                found.fault(Some(position), None, error.to_string());
                self.damaged.push((position.0, position.0));
                return;
            }
        };
        if let Ok(at) = record.recorded_at() {
            if self.recorded_at.is_some_and(|before| at < before) {
                found.fault(Some(position), Some(outline.stream), "its time is before that of the record before");
            }
            self.recorded_at = Some(at);
        }
        found.commits += 1;
        found.events += outline.events;
        let (version, since) = self.streams.get(outline.stream).copied().unwrap_or((0, 0));
        if outline.first_version != version + 1 {
            // What is missing may be in what cannot be read, which is told already.
            let explained = outline.first_version > version + 1 && self.damaged.iter().rev().any(|&(_, to)| to > since);
            if !explained {
                let what = format!("the stream goes on with version {} after {version}", outline.first_version);
                found.fault(Some(position), Some(outline.stream), what);
            }
        }
        let newest = (outline.last_version(), position.0);
        match self.streams.get_mut(outline.stream) {
            Some(known) => *known = newest,
            None => drop(self.streams.insert(outline.stream.into(), newest)),
        }
        let group = if position.0 <= self.archived { position.0 } else { group };
        self.digest.add(outline.stream, outline.command, outline.last_version(), position.0, group);
    }

    fn gap(&mut self, shared: &Shared, from: u64, through: u64, why: &str) {
        self.damaged.push((from, through));
        let range = if from == through { String::new() } else { format!("up to position {through} ") };
        if let Some(why) = shared.why_lost(from, through) {
            self.found.notes.push(format!("position {from} {range}was given up when this log was made: {why}"));
        } else {
            self.found.fault(Some(Position(from)), None, format!("{range}cannot be read: {why}"));
        }
    }

    fn is_damaged(&self, position: u64) -> bool {
        self.damaged.iter().any(|&(from, to)| from <= position && position <= to)
    }

    /// The hash of the record at a position.
    fn hash_of(&self, shared: &Shared, position: Position) -> Option<[u8; 32]> {
        let mut hash = None;
        let read = shared.scan_raw(Position(position.0 - 1), &mut |raw| {
            if let Raw::Record(record, _) = raw
                && record.position() == position
            {
                hash = Some(record.hash());
            }
            ControlFlow::Break(())
        });
        read.ok().and(hash)
    }

    /// The index must have the same entries as the log, and no command id twice.
    fn compare_index(&mut self, shared: &Shared, snapshot: Snapshot, head: &Head) -> Result<(), ReadError> {
        const MEND: &str = "stop yoman and run yoman log rebuild";
        let audited = match shared.index.audit(snapshot, head.position.0, self.archived, &self.damaged) {
            Ok(audited) => audited,
            Err(error) => {
                self.found.fault(None, None, format!("the index cannot be read ({error}): {MEND}"));
                return Ok(());
            }
        };
        for (first, second) in audited.twice {
            let command = |position| Ok(shared.read_at(Position(position))?.map(|commit| commit.meta.command.clone()));
            if let (Some(one), Some(other)) = (command(first)?, command(second)?)
                && one == other
            {
                let what =
                    format!("the command {other:?} was accepted at position {first} already", other = other.as_str());
                self.found.fault(Some(Position(second)), None, what);
            }
        }
        if audited.digest == self.digest {
            return Ok(());
        }
        // They differ: now it matters where.
        let before = self.found.fault_count();
        shared.scan_raw(Position::START, &mut |raw| {
            let Raw::Record(record, _) = raw else { return ControlFlow::Continue(()) };
            if record.position() > head.position || self.found.more_faults > 0 {
                return ControlFlow::Break(());
            }
            let Ok(outline) = record.outline() else { return ControlFlow::Continue(()) };
            let position = record.position();
            let has = shared.index.has(outline.stream, outline.command, outline.last_version(), position.0);
            if !matches!(has, Ok(true)) {
                let what = format!("it is not in the index: {MEND}");
                self.found.fault(Some(position), Some(outline.stream), what);
            }
            ControlFlow::Continue(())
        })?;
        if self.found.fault_count() == before {
            let what = format!("the index has entries that the log has not: {MEND}");
            self.found.fault(None, None, what);
        }
        Ok(())
    }
}

/// Every commit must stand in the journal as it stands in the log.
fn compare_journal(
    shared: &Shared,
    journal_dir: &Path,
    head: Position,
    progress: &Progress,
) -> Result<Verification, ReadError> {
    let failed = |error: std::io::Error| ReadError::Failed(format!("the journal: {error}"));
    let mut found = Verification::default();
    let mut reader = journal::Reader::open(journal_dir).map_err(failed)?;
    // What is newer is on its way there.
    let until = Position(shared.journaled.load(Ordering::Acquire)).min(head);
    let mut line = Vec::new();
    let mut missing: Option<(u64, u64)> = None;
    let mut outcome = Ok(());
    // A line that is ahead of the log: its position and text.
    let mut ahead: Option<(u64, String, String)> = None;
    shared.scan(Position::START, &mut |scanned| {
        let commit = match scanned {
            Scanned::Commit(record, _) if record.position() > until => return ControlFlow::Break(()),
            Scanned::Commit(_, commit) => commit,
            Scanned::Damaged(..) => return ControlFlow::Continue(()),
        };
        if progress.stopped() {
            return ControlFlow::Break(());
        }
        loop {
            if let Some((position, place, text)) = &ahead {
                if *position > commit.position.0 {
                    break;
                }
                if *position == commit.position.0 {
                    same_line(&commit, place, text, &mut line, &mut found);
                    ahead = None;
                    return ControlFlow::Continue(());
                }
                ahead = None;
            }
            let Line { file, number, text } = match reader.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    outcome = Err(failed(error));
                    return ControlFlow::Break(());
                }
            };
            let text = match text {
                Ok(text) => text,
                Err(error) => {
                    found.fault(None, None, format!("line {number} of journal/{file} cannot be read: {error}"));
                    continue;
                }
            };
            // The usual way takes no copy: the line is the next commit's.
            if journal::position_of(text) == Some(commit.position) {
                line.clear();
                if journal::write_line(&commit, &mut line).is_ok() && line == text.as_bytes() {
                    found.journal_lines += 1;
                } else {
                    let place = format!("line {number} of journal/{file}");
                    let text = text.to_owned();
                    same_line(&commit, &place, &text, &mut line, &mut found);
                }
                return ControlFlow::Continue(());
            }
            match serde_json::from_str::<Commit>(text) {
                Ok(other) => {
                    let place = format!("line {number} of journal/{file}");
                    ahead = Some((other.position.0, place, text.to_owned()));
                }
                Err(error) => {
                    found.fault(None, None, format!("line {number} of journal/{file} cannot be read: {error}"));
                }
            }
        }
        // The log has it and the journal has not.
        missing = match missing {
            Some((from, through)) if through + 1 == commit.position.0 => Some((from, commit.position.0)),
            other => {
                tell_missing(other, &mut found);
                Some((commit.position.0, commit.position.0))
            }
        };
        ControlFlow::Continue(())
    })?;
    outcome?;
    tell_missing(missing, &mut found);
    Ok(found)
}

fn tell_missing(missing: Option<(u64, u64)>, found: &mut Verification) {
    match missing {
        None => {}
        Some((from, through)) if from == through => {
            found.fault(Some(Position(from)), None, "the journal has no line for it");
        }
        Some((from, through)) => {
            found.fault(Some(Position(from)), None, format!("up to position {through} the journal has no lines"));
        }
    }
}

/// Whether a line says the same as a commit, however it is written.
fn same_line(commit: &Commit, place: &str, text: &str, line: &mut Vec<u8>, found: &mut Verification) {
    line.clear();
    let (position, stream) = (Some(commit.position), Some(commit.stream.as_str()));
    if journal::write_line(commit, line).is_ok() && line == text.as_bytes() {
        found.journal_lines += 1;
        return;
    }
    match (serde_json::from_str::<Commit>(text), serde_json::from_slice::<Commit>(line)) {
        (Ok(other), Ok(own)) if other == own => found.journal_lines += 1,
        (Ok(_), _) => found.fault(position, stream, format!("{place} says something else than the log")),
        (Err(error), _) => found.fault(position, stream, format!("{place} cannot be read: {error}")),
    }
}
