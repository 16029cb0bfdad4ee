//! Brings everything readable out of a damaged log, from whatever of it is left: records in sled's file and in archived
//! segments, lines of the journal. What is damaged is read, never changed.

use std::{io, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    LostRange, OpenError, Options, Restorer,
    carve::{self, Carved},
    journal::{self, Line},
    lock::OwnerLock,
    lost::Lost,
    watermark,
};
use crate::log::{
    Commit, Position,
    progress::Progress,
    record::Checked,
    segment::{self, Segment},
};

/// Lines that could not be used and are told one by one.
const SKIPPED_MAX: usize = 200;

/// What was brought out, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salvaged {
    /// The newest commit.
    pub position: Position,
    /// Commits that were brought out.
    pub commits: u64,
    /// Those that only the journal had.
    pub from_journal: u64,
    /// Those of them that the chain proves to be what was written: a line carries no checksum of its own.
    pub from_journal_proven: u64,
    /// From here on the records carry new hashes, because one before them was damaged and came from the journal otherwise.
    pub chained_anew: Option<Position>,
    /// What is in neither.
    pub missing: Vec<LostRange>,
    /// Lines of the journal that could not be used: file, line, why.
    pub skipped: Vec<(String, u64, String)>,
    /// Files that could not be read at all, as sentences.
    pub notes: Vec<String>,
}

/// Writes a new log into `new_log_dir` (empty or not there) with everything that can be read of a damaged one. Blocking.
///
/// # Errors
/// [`OpenError`] when another process has the log, or the new one cannot be written. Damage is no error.
pub fn salvage(options: &Options, new_log_dir: &Path, progress: &Progress) -> Result<Salvaged, OpenError> {
    let log_dir = &options.log_dir;
    let mut salvaged = Salvaged::default();
    let _lock = match log_dir.is_dir().then(|| OwnerLock::take(log_dir, Duration::from_millis(options.lock_wait_ms))) {
        Some(Err(OpenError::Io { path, error })) if error.kind() == io::ErrorKind::IsADirectory => {
            // Nobody can hold it, and what is read is never changed.
            salvaged.notes.push(format!("{}: {error}", path.display()));
            None
        }
        Some(lock) => Some(lock?),
        None => None,
    };
    let mut carved = Carved::default();
    for path in carve::files_of(log_dir) {
        if let Err(error) = carved.file(&path, progress) {
            salvaged.notes.push(format!("{} cannot be read: {error}", path.display()));
        }
    }
    if options.archive_dir.is_dir() {
        for (.., path) in segment::in_dir(&options.archive_dir).map_err(OpenError::io(&options.archive_dir))? {
            match Segment::open(&path) {
                Ok(segment) => carved.segment(segment),
                Err(why) => salvaged.notes.push(format!("{} cannot be read: {why}", path.display())),
            }
        }
    }
    carved.finish();
    if let Some(what) = carved.newer.take() {
        return Err(OpenError::Newer { dir: log_dir.clone(), what });
    }
    let mark = watermark::peek(log_dir).unwrap_or_default();
    let known_last = carved.last().max(mark.position.0);
    let journal = match journal::Reader::open(&options.journal_dir) {
        Ok(reader) => Some(reader),
        Err(error) => {
            salvaged.notes.push(format!("{} cannot be read: {error}", options.journal_dir.display()));
            None
        }
    };
    let mut lines = JournalCommits { journal, ahead: None, given: 0, known_last, skipped: Vec::new(), more_skipped: 0 };
    let given_up = Lost::read(log_dir);
    progress.begin("bringing out", known_last);
    let mut merge = Merge { restorer: Restorer::create(new_log_dir)?, salvaged, unproven: 0, given_up };
    let mut journal = lines.next();
    loop {
        let last = merge.restorer.head().position.0;
        let records = carved.after(last.max(merge.passed()));
        let next = match (&records, &journal) {
            (Some((position, _)), Some(commit)) => (*position).min(commit.position.0),
            (Some((position, _)), None) => *position,
            (None, Some(commit)) => commit.position.0,
            (None, None) => break,
        };
        if progress.stopped() {
            return Err(OpenError::io(new_log_dir)(io::Error::other("it was stopped")));
        }
        if next.is_multiple_of(256) {
            progress.at(next);
        }
        let records = records.filter(|(position, _)| *position == next).map(|(_, records)| records).unwrap_or_default();
        let line = journal.take_if(|commit| commit.position.0 == next);
        merge.take(next, &records, line.as_ref(), &mut carved)?;
        if line.is_some() {
            journal = lines.next();
        }
    }
    merge.finish(lines, mark)
}

/// The two sides coming together.
struct Merge {
    restorer: Restorer,
    salvaged: Salvaged,
    /// Commits from the journal since the last record that fits.
    unproven: u64,
    given_up: Lost,
}

impl Merge {
    /// The newest position that was looked at.
    fn passed(&self) -> u64 {
        self.salvaged.missing.last().map_or(0, |range| range.to.0)
    }

    fn missing(&mut self, from: u64, through: u64, why: &str) {
        let why = self.given_up.why(from, through).unwrap_or(why).to_owned();
        match self.salvaged.missing.last_mut() {
            Some(range) if range.to.0 + 1 == from && range.why == why => range.to = Position(through),
            _ => self.salvaged.missing.push(LostRange { from: Position(from), to: Position(through), why }),
        }
    }

    /// Chooses what stands at a position: the record that fits, else any record, else the line.
    fn take(
        &mut self,
        position: u64,
        records: &[Vec<u8>],
        line: Option<&Commit>,
        carved: &mut Carved,
    ) -> Result<(), OpenError> {
        let done = self.restorer.head().position.0.max(self.passed());
        if position > done + 1 {
            self.missing(done + 1, position - 1, "neither the log nor the journal has it");
        }
        let follows = position == self.restorer.head().position.0 + 1;
        let hash = self.restorer.head().hash;
        let mut whole: Vec<_> = records
            .iter()
            .filter_map(|bytes| Checked::first(bytes).ok())
            .filter_map(|record| Some((record, record.commit().ok()?)))
            .collect();
        // More than one is there when a group was written, not acknowledged, and its positions were used again: the one
        // that fits before, and behind, and the journal, is the one that counts.
        whole.sort_by_key(|(record, commit)| {
            let fits = !follows || record.previous() == hash;
            let goes_on = carved.continues(position + 1, &record.hash());
            (fits, goes_on, line == Some(commit), commit.meta.recorded_at)
        });
        let written = match (whole.pop(), line) {
            (Some((record, commit)), _) => {
                if !follows || record.previous() == hash {
                    if follows {
                        self.salvaged.from_journal_proven += self.unproven;
                    }
                    self.unproven = 0;
                    self.restorer.push_record(record, record.hash())?
                } else {
                    self.salvaged.chained_anew.get_or_insert(Position(position));
                    self.restorer.push(&commit)?
                }
            }
            (None, Some(commit)) => {
                let written = self.restorer.push(commit)?;
                if written.is_ok() {
                    self.salvaged.from_journal += 1;
                    self.unproven += 1;
                }
                written
            }
            (None, None) => Err("its record is damaged, and the journal has no line for it".to_owned()),
        };
        if let Err(why) = written {
            self.missing(position, position, &why);
        }
        Ok(())
    }

    fn finish(mut self, lines: JournalCommits, mark: watermark::Mark) -> Result<Salvaged, OpenError> {
        let head = self.restorer.head().clone();
        if head.position == mark.position && head.hash == mark.hash {
            self.salvaged.from_journal_proven += self.unproven;
        }
        let done = head.position.0.max(self.passed());
        // What was given up before keeps its positions, though nothing is left of it.
        let ends = self.given_up.ranges().last().map_or(0, |range| range.to.0).max(mark.position.0);
        if ends > done {
            self.missing(done + 1, ends, "neither the log nor the journal has it");
        }
        self.salvaged.position = head.position;
        self.salvaged.commits = self.restorer.commits();
        self.salvaged.skipped = lines.skipped;
        if lines.more_skipped > 0 {
            let more = lines.more_skipped;
            self.salvaged.notes.push(format!("{more} more lines of the journal could not be used"));
        }
        self.restorer.finish(self.salvaged.missing.clone())?;
        Ok(self.salvaged)
    }
}

/// The commits of the journal in the order of their positions.
struct JournalCommits {
    journal: Option<journal::Reader>,
    ahead: Option<(String, u64, Commit)>,
    /// The last position that was given out.
    given: u64,
    /// The highest position anything else knows of.
    known_last: u64,
    skipped: Vec<(String, u64, String)>,
    more_skipped: u64,
}

impl JournalCommits {
    /// The next one. A line has no checksum: one whose position does not fit between its neighbours is damaged.
    fn next(&mut self) -> Option<Commit> {
        loop {
            let (file, number, commit) = match self.ahead.take() {
                Some(ahead) => ahead,
                None => self.read()?,
            };
            let position = commit.position.0;
            if position <= self.given {
                self.skip(file, number, format!("commit {position} stands behind {}", self.given));
                continue;
            }
            if position != self.given + 1 {
                self.ahead = self.read();
                let sound = match &self.ahead {
                    Some((.., next)) => next.position.0 > position,
                    // Nothing behind it speaks for it.
                    None => position <= self.known_last,
                };
                if !sound {
                    self.skip(file, number, format!("commit {position} does not fit between its neighbours"));
                    continue;
                }
            }
            self.given = position;
            return Some(commit);
        }
    }

    fn read(&mut self) -> Option<(String, u64, Commit)> {
        loop {
            let (file, number, why) = match self.journal.as_mut()?.next() {
                Ok(Some(Line { file, number, text })) => match text {
                    Ok(text) => match serde_json::from_str::<Commit>(text) {
                        Ok(commit) if commit.is_sound() => return Some((file.to_owned(), number, commit)),
                        Ok(_) => (file.to_owned(), number, "it is no commit".to_owned()),
                        Err(error) => (file.to_owned(), number, error.to_string()),
                    },
                    Err(error) => (file.to_owned(), number, error.to_string()),
                },
                Ok(None) => return None,
                Err(error) => {
                    self.skip("journal".to_owned(), 0, error.to_string());
                    self.journal = None;
                    return None;
                }
            };
            self.skip(file, number, why);
        }
    }

    fn skip(&mut self, file: String, number: u64, why: String) {
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push((file, number, why));
        } else {
            self.more_skipped += 1;
        }
    }
}
