//! Messages of the stream that are no commits: which sequences those are, so that it can be told which message a commit was,
//! and which is the newest of its stream. `log/marks.jsonl` beside the replica, a line each; there are few.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Gate;
use crate::log::{Position, owned};

const NAME: &str = "marks.jsonl";

/// What a message is that is no commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// Its command had been accepted before; takes no position.
    Repeat,
    /// It does not follow the newest commit of its stream, which no writer of ours makes; takes no position.
    Misplaced,
    /// It cannot be read; its position is given up.
    Unreadable,
    /// It was deleted by hand; its position is given up.
    Missing,
    /// Its position was given up before the log came here.
    Lost,
    /// It says whether the log is here; takes no position.
    Gate,
    /// It came after the log was brought elsewhere; takes no position.
    Stray,
}

impl What {
    /// Whether it takes no position.
    pub(super) fn is_void(self) -> bool {
        matches!(self, Self::Repeat | Self::Misplaced | Self::Gate | Self::Stray)
    }

    /// Whether it is no trace of a hand.
    pub(super) fn is_usual(self) -> bool {
        matches!(self, Self::Repeat | Self::Lost | Self::Gate | Self::Stray)
    }
}

/// Some sequences that follow each other; of all but [`What::Missing`] it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The first.
    pub(super) from: u64,
    /// The last.
    pub(super) to: u64,
    /// What.
    pub(super) what: What,
    /// The part of the subject that is the stream; empty for what is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) subject: String,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) why: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// `None`: nothing is kept.
    file: Option<(PathBuf, File)>,
    marks: Vec<Mark>,
    /// The sequences that take no position, in order.
    voids: Vec<u64>,
    /// The newest on each subject.
    newest: HashMap<String, u64>,
}

impl Marks {
    /// Reads what is kept. A line that was not written to its end counts as not written: its message is read again.
    pub(super) fn open(log_dir: &Path) -> io::Result<Self> {
        let path = log_dir.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut marks = Self::default();
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        for line in text[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let mark = serde_json::from_slice(line).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} cannot be read: {error}", path.display()))
            })?;
            marks.take(mark);
        }
        let file = owned::options().append(true).create(true).open(&path)?;
        if whole < text.len() {
            file.set_len(whole as u64)?;
        }
        file.sync_data()?;
        owned::sync_dir(log_dir)?;
        marks.file = Some((path, file));
        Ok(marks)
    }

    /// Adds one, durably; nothing when it is known.
    pub(super) fn add(&mut self, mark: Mark) -> io::Result<()> {
        if self.marks.iter().rev().any(|known| known.from <= mark.from && mark.to <= known.to) {
            return Ok(());
        }
        if let Some((_, file)) = &mut self.file {
            let mut line = serde_json::to_vec(&mark)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()?;
        }
        self.take(mark);
        Ok(())
    }

    fn take(&mut self, mark: Mark) {
        if mark.what.is_void() {
            // They come in order, but for what is read again after a crash, and that is known.
            let at = self.voids.partition_point(|&void| void < mark.from);
            self.voids.insert(at, mark.from);
        }
        if mark.what != What::Missing {
            let newest = self.newest.entry(mark.subject.clone()).or_default();
            *newest = mark.to.max(*newest);
        }
        self.marks.push(mark);
    }

    /// All of them, in the order they were found.
    pub(super) fn all(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether the log is here, as the newest message that says so says.
    pub(super) fn gate(&self) -> Gate {
        let newest = self.marks.iter().filter(|mark| mark.what == What::Gate).max_by_key(|mark| mark.from);
        newest.and_then(|mark| Gate::read(&mark.why)).unwrap_or_default()
    }

    /// Whether some position was given up.
    pub(super) fn given_up(&self) -> bool {
        self.marks.iter().any(|mark| !mark.what.is_void())
    }

    /// The sequence of the message that has a position.
    pub(super) fn sequence_of(&self, position: Position) -> u64 {
        let before = |at: usize| self.voids[at] - 1 - at as u64;
        let (mut low, mut high) = (0, self.voids.len());
        while low < high {
            let middle = (low + high) / 2;
            if before(middle) < position.0 { low = middle + 1 } else { high = middle }
        }
        position.0 + low as u64
    }

    /// The newest sequence that is dealt with, when everything before the position `next` is: what takes no position and
    /// follows at once counts too.
    pub(super) fn through(&self, next: Position) -> u64 {
        let mut through = if next.0 <= 1 { 0 } else { self.sequence_of(Position(next.0 - 1)) };
        let from = self.voids.partition_point(|&void| void <= through);
        for &void in &self.voids[from..] {
            if void != through + 1 {
                break;
            }
            through = void;
        }
        through
    }

    /// The newest message on a subject that is no commit.
    pub(super) fn newest_on(&self, subject: &str) -> u64 {
        self.newest.get(subject).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark(sequence: u64, what: What) -> Mark {
        Mark { from: sequence, to: sequence, what, subject: "todo/1".into(), why: "why".into() }
    }

    #[test]
    fn they_are_there_after_reopening_but_for_half_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::open(dir.path()).unwrap();
        marks.add(mark(3, What::Repeat)).unwrap();
        marks.add(mark(5, What::Unreadable)).unwrap();
        marks.add(mark(3, What::Repeat)).unwrap();
        let path = dir.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        // The lines of format 1, for ever.
        assert_eq!(text, include_str!("../golden/marks-1.jsonl"));
        fs::write(&path, format!("{text}{{\"from\":7")).unwrap();
        let marks = Marks::open(dir.path()).unwrap();
        assert_eq!(marks.all(), [mark(3, What::Repeat), mark(5, What::Unreadable)]);
        assert_eq!((marks.newest_on("todo/1"), marks.newest_on("todo/2")), (5, 0));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::write(&path, "nonsense\n").unwrap();
        assert_eq!(Marks::open(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    proptest! {
        /// As counting them one by one tells.
        #[test]
        fn positions_and_sequences_belong_together(voids in proptest::collection::btree_set(1u64..60, 0..30)) {
            let mut marks = Marks::default();
            for &void in &voids {
                marks.add(mark(void, What::Repeat)).unwrap();
            }
            let mut position = 0;
            let mut last = 0;
            for sequence in 1..=80u64 {
                if !voids.contains(&sequence) {
                    prop_assert_eq!(marks.through(Position(position + 1)), sequence - 1);
                    position += 1;
                    prop_assert_eq!(marks.sequence_of(Position(position)), sequence);
                    last = sequence;
                }
            }
            prop_assert_eq!(marks.through(Position(position + 1)), last.max(voids.last().copied().unwrap_or(0).min(80)));
        }
    }
}
