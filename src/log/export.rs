//! The log as lines of JSON, and lines of JSON as a log: one commit a line as in the journal, or CloudEvents.

use std::{io, io::BufRead, ops::ControlFlow};

use serde::{Deserialize, Serialize};

use super::{
    Commit, Entry, EventLog, Position, ReadError, cloud_events,
    cloud_events::Partial,
    lines::{LineError, Lines},
    progress::Progress,
};

/// Written in pieces of about this size.
const PIECE_BYTES: usize = 64 << 10;
/// What could not be used is told one by one up to this many.
const TOLD_MAX: usize = 200;

/// How a log is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One commit a line, as in the journal.
    #[default]
    Jsonl,
    /// CloudEvents 1.0, one event a line.
    CloudEvents,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Everything up to this position.
    pub position: Position,
    /// Commits.
    pub commits: u64,
    /// What could not be read, and is not there.
    pub damaged: Vec<(Position, String)>,
}

/// Why not all of it was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It could not be written.
    #[error("it could not be written: {0}")]
    Write(#[from] io::Error),
    /// Somebody asked it to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Line breaks between the tokens of a payload become spaces: there they are the same, and nowhere else can they be.
pub(in crate::log) fn one_line(bytes: &mut [u8]) {
    for byte in bytes {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// Writes everything up to the head as it is now, in pieces. Blocking.
///
/// # Errors
/// [`ExportError`]. A damaged record is none: it is left out and named.
pub fn export(
    log: &dyn EventLog,
    format: Format,
    progress: &Progress,
    write: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
) -> Result<Exported, ExportError> {
    let head = log.head().position;
    progress.begin("exporting", head.0);
    let mut exported = Exported { position: head, ..Exported::default() };
    let mut piece = Vec::with_capacity(2 * PIECE_BYTES);
    let mut outcome = Ok(());
    log.read_all(Position::START, &mut |entry| {
        let commit = match entry {
            Entry::Commit(commit) if commit.position > head => return ControlFlow::Break(()),
            Entry::Commit(commit) => commit,
            Entry::Damaged { position, .. } if position > head => return ControlFlow::Break(()),
            Entry::Damaged { position, why } => {
                exported.damaged.push((position, why));
                return ControlFlow::Continue(());
            }
        };
        outcome = match format {
            Format::Jsonl => line_of(&commit, &mut piece),
            Format::CloudEvents => cloud_events::write(&commit, &mut piece),
        };
        exported.commits += 1;
        progress.at(commit.position.0);
        if outcome.is_ok() && piece.len() >= PIECE_BYTES {
            outcome = write(&piece);
            piece.clear();
        }
        if outcome.is_ok() && !progress.stopped() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome?;
    if progress.stopped() {
        return Err(ExportError::Stopped);
    }
    write(&piece)?;
    Ok(exported)
}

fn line_of(commit: &Commit, out: &mut Vec<u8>) -> io::Result<()> {
    let start = out.len();
    serde_json::to_writer(&mut *out, commit)?;
    one_line(&mut out[start..]);
    out.push(b'\n');
    Ok(())
}

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Lines that were read.
    pub lines: u64,
    /// Commits that were taken.
    pub commits: u64,
    /// Lines that could not be used: number from 1, why.
    pub skipped: Vec<(u64, String)>,
    /// How many more there were than are in `skipped`.
    pub more_skipped: u64,
}

impl Imported {
    fn skip(&mut self, line: u64, why: impl Into<String>) {
        if self.skipped.len() < TOLD_MAX {
            self.skipped.push((line, why.into()));
        } else {
            self.more_skipped += 1;
        }
    }
}

/// Why nothing came in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E> {
    /// The source could not be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// Whoever takes the commits refused one, and the rest with it.
    #[error("line {line}: {why}")]
    Refused {
        /// The line, from 1.
        line: u64,
        /// Why.
        why: E,
    },
}

/// What becomes of a commit that was read.
#[derive(Debug)]
pub enum Taken<E> {
    /// It was taken.
    Yes,
    /// It was left out, for this reason; what follows is read.
    No(String),
    /// Nothing of all this is to come in.
    Refused(E),
}

/// Reads commits from lines of either kind, in the order they stand there, each with its line. A line that cannot be used is
/// named and passed over.
///
/// # Errors
/// [`ImportError`].
pub fn import<E>(
    source: impl BufRead,
    take: &mut dyn FnMut(u64, Commit) -> Taken<E>,
) -> Result<Imported, ImportError<E>> {
    let mut imported = Imported::default();
    let mut lines = Lines::new(source);
    let mut partial: Option<(u64, Partial)> = None;
    while let Some((number, text)) = lines.next()? {
        imported.lines += 1;
        let text = match text {
            Ok(text) => text,
            Err(error @ (LineError::TooLong(_) | LineError::NotText(_))) => {
                imported.skip(number, error.to_string());
                continue;
            }
        };
        let whole = if cloud_events::is_one(text) {
            let next = match partial.take() {
                None => Partial::begin(text).map(|begun| (number, begun)),
                Some((line, mut begun)) => match begun.push(text) {
                    Ok(()) => Ok((line, begun)),
                    Err(_) => {
                        let what = format!("the events of commit {} are not all there", begun.commit.position);
                        imported.skip(line, what);
                        Partial::begin(text).map(|begun| (number, begun))
                    }
                },
            };
            match next {
                Ok((line, begun)) if begun.is_whole() => Ok((line, begun.commit)),
                Ok(begun) => {
                    partial = Some(begun);
                    continue;
                }
                Err(why) => Err(why),
            }
        } else {
            serde_json::from_str::<Commit>(text).map(|commit| (number, commit)).map_err(|error| error.to_string())
        };
        match whole {
            Ok((line, commit)) if commit.is_sound() => match take(line, commit) {
                Taken::Yes => imported.commits += 1,
                Taken::No(why) => imported.skip(line, why),
                Taken::Refused(why) => return Err(ImportError::Refused { line, why }),
            },
            Ok((line, _)) => imported.skip(line, "no log can hold such a commit"),
            Err(why) => imported.skip(number, why),
        }
    }
    if let Some((line, begun)) = partial {
        imported.skip(line, format!("the events of commit {} are not all there", begun.commit.position));
    }
    Ok(imported)
}

#[cfg(test)]
mod tests;
