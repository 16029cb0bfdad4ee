//! The journal: one line of JSON a commit, a file a month (`2026-11.jsonl`). It needs no yoman to be read, and the log can
//! be salvaged from it when sled's files cannot be opened any more.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::Datelike;

use crate::log::{
    Commit, Position, export,
    lines::{LineError, Lines},
    owned,
};

/// The end of the newest file that is looked at: some lines of the largest kind.
const TAIL_BYTES: u64 = 4 << 20;
/// Lines are written in pieces of about this size.
const WRITE_BYTES: usize = 256 << 10;
/// Lines are read in pieces of this size.
const READ_BYTES: usize = 256 << 10;

/// The journal, at its end.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    last: Position,
    open: Option<Month>,
    lines: Vec<u8>,
    /// The newest file has zeroes between its lines.
    holed: Option<PathBuf>,
}

#[derive(Debug)]
struct Month {
    year_month: (i32, u32),
    file: File,
    /// What is known to be whole lines.
    bytes: u64,
    unsynced: bool,
}

impl Journal {
    /// Finds the end, and cuts off a last line that is not whole.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        owned::create_dir(dir)?;
        let (mut last, mut holed) = (Position::START, None);
        for path in months(dir)?.into_iter().rev() {
            if let Some(end) = mend(&path)? {
                last = end.position;
                holed = end.holed.then_some(path);
                break;
            }
        }
        Ok(Self { dir: dir.to_owned(), last, open: None, lines: Vec::new(), holed })
    }

    /// Cuts the newest file off where a power cut left a hole: of what was not synced yet a page in the middle can be lost and
    /// one behind it not, and what is lost reads as zeroes, of which a line has none. The log then says it again, so this is
    /// done only when it has every commit from there on; what was cut off is kept aside.
    pub(super) fn cut_off_at_hole(&mut self, has: &dyn Fn(Position) -> bool) -> io::Result<()> {
        let Some(path) = self.holed.take() else { return Ok(()) };
        let bytes = fs::read(&path)?;
        // Before this, holes are damage of another kind, and long since synced.
        let from = bytes.len().saturating_sub(usize::try_from(TAIL_BYTES).unwrap_or(usize::MAX));
        let Some(hole) = bytes[from..].iter().position(|&byte| byte == 0).map(|at| from + at) else { return Ok(()) };
        let start = bytes[..hole].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let before = std::str::from_utf8(&bytes[..start]).unwrap_or_default().lines().next_back().and_then(position_of);
        let first = before.map_or(self.first_of(&path)?, |position| position.0 + 1);
        if !(first..=self.last.0).all(|position| has(Position(position))) {
            return Ok(());
        }
        set_aside(&path, start as u64, &bytes[start..])?;
        let file = owned::options().write(true).open(&path)?;
        file.set_len(start as u64)?;
        file.sync_data()?;
        self.last = Position(first - 1);
        Ok(())
    }

    /// The position that comes first in a file: after the last one of the file before.
    fn first_of(&self, path: &Path) -> io::Result<u64> {
        for earlier in months(&self.dir)?.into_iter().rev().filter(|month| month.as_path() < path) {
            if let Some(end) = mend(&earlier)? {
                return Ok(end.position.0 + 1);
            }
        }
        Ok(1)
    }

    /// The position of the last line.
    pub(super) fn last(&self) -> Position {
        self.last
    }

    /// Appends a line for each commit after the last one. After an error, what was not written can be appended again.
    pub(super) fn append(&mut self, commits: &[Arc<Commit>]) -> io::Result<()> {
        let mut written = self.last;
        for commit in commits {
            if commit.position <= written {
                continue;
            }
            let at = commit.meta.recorded_at;
            let year_month = (at.year(), at.month());
            if self.open.as_ref().is_none_or(|month| month.year_month != year_month) {
                self.write(written)?;
                self.sync()?;
                self.open = Some(Month::open(&self.dir, year_month)?);
            }
            write_line(commit, &mut self.lines)?;
            self.lines.push(b'\n');
            written = commit.position;
            if self.lines.len() >= WRITE_BYTES {
                self.write(written)?;
            }
        }
        self.write(written)
    }

    /// Writes the lines that end with the commit at `through`.
    fn write(&mut self, through: Position) -> io::Result<()> {
        let Some(month) = &mut self.open else { return Ok(()) };
        let outcome = month.file.write_all(&self.lines);
        let bytes = self.lines.len() as u64;
        self.lines.clear();
        match outcome {
            Ok(()) => {
                month.unsynced |= bytes > 0;
                month.bytes += bytes;
                self.last = through;
                Ok(())
            }
            Err(error) => {
                // Half a line must not stay; if even that fails, the next open cuts it off.
                let _ = month.file.set_len(month.bytes);
                self.open = None;
                Err(error)
            }
        }
    }

    /// Makes what was appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if let Some(month) = &mut self.open
            && month.unsynced
        {
            month.file.sync_data()?;
            month.unsynced = false;
        }
        Ok(())
    }
}

impl Month {
    fn open(dir: &Path, year_month: (i32, u32)) -> io::Result<Self> {
        let path = dir.join(format!("{:04}-{:02}.jsonl", year_month.0, year_month.1));
        let file = owned::options().append(true).create(true).open(path)?;
        owned::sync_dir(dir)?;
        let bytes = file.metadata()?.len();
        Ok(Self { year_month, file, bytes, unsynced: false })
    }
}

/// The journal's files, oldest first.
pub(super) fn months(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut months = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_month = path.extension().is_some_and(|extension| extension == "jsonl")
            && path.file_stem().is_some_and(|stem| {
                let stem = stem.as_encoded_bytes();
                stem.len() == 7
                    && stem
                        .iter()
                        .enumerate()
                        .all(|(at, byte)| if at == 4 { *byte == b'-' } else { byte.is_ascii_digit() })
            });
        if is_month {
            months.push(path);
        }
    }
    months.sort();
    Ok(months)
}

/// A whole line that names its position and more than a commit has here was written by a newer version: it is not cut off.
fn refuse_newer(path: &Path, line: &[u8], error: &serde_json::Error) -> io::Result<()> {
    #[derive(serde::Deserialize)]
    struct Placed {
        #[expect(dead_code, reason = "only whether it is there matters")]
        position: u64,
    }
    if !error.to_string().contains("unknown field") || serde_json::from_slice::<Placed>(line).is_err() {
        return Ok(());
    }
    let text = format!("{} ends with a line ({error}) that was written by a newer yoman, so update", path.display());
    Err(io::Error::new(io::ErrorKind::InvalidData, text))
}

/// How a file ends.
struct End {
    /// The last line is of this position.
    position: Position,
    /// There are zeroes before it.
    holed: bool,
}

/// Keeps what is cut off a file.
fn set_aside(path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension(format!("cut-at-{at}"));
    owned::options().write(true).create(true).truncate(true).open(aside)?.write_all(bytes)
}

/// Cuts off what stands behind the last whole line; `None` for a file without one.
fn mend(path: &Path) -> io::Result<Option<End>> {
    let mut file = owned::options().read(true).write(true).open(path)?;
    owned::narrow(path, 0o600)?;
    let bytes = file.metadata()?.len();
    let start = bytes.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let mut end = tail.len();
    let mut found = None;
    while let Some(line_end) = tail[..end].iter().rposition(|&byte| byte == b'\n') {
        let line_start = tail[..line_end].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        match serde_json::from_slice::<Commit>(&tail[line_start..line_end]) {
            Ok(commit) => {
                found = Some((commit.position, line_end + 1));
                break;
            }
            Err(error) => refuse_newer(path, &tail[line_start..line_end], &error)?,
        }
        end = line_end;
    }
    let keep = match found {
        Some((_, keep)) => keep,
        None if start > 0 => {
            let text = format!("{} has no readable line near its end: move it aside", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        None => 0,
    };
    if keep < tail.len() {
        // Half a line is what a crash leaves. Whole lines that cannot be read are worth a look by somebody.
        if tail[keep..].contains(&b'\n') {
            set_aside(path, start + keep as u64, &tail[keep..])?;
        }
        file.set_len(start + keep as u64)?;
        file.sync_data()?;
    }
    Ok(found.map(|(position, _)| End { position, holed: tail[..keep].contains(&0) }))
}

/// The position of a line of ours, found without reading all of it.
pub(super) fn position_of(line: &str) -> Option<Position> {
    let rest = line.strip_prefix("{\"position\":")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..digits].parse().ok().map(Position)
}

/// Writes the line of a commit as it stands in the journal, without its end.
pub(super) fn write_line(commit: &Commit, line: &mut Vec<u8>) -> io::Result<()> {
    let start = line.len();
    serde_json::to_writer(&mut *line, commit)?;
    export::one_line(&mut line[start..]);
    Ok(())
}

/// Reads the journal from its beginning, line by line.
#[derive(Debug)]
pub(super) struct Reader {
    months: std::vec::IntoIter<PathBuf>,
    open: Option<(String, Lines<BufReader<File>>)>,
    /// A commit that was read and not asked for yet.
    ahead: Option<Commit>,
}

/// One line of the journal, readable or not.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The name of its file.
    pub(super) file: &'a str,
    /// Its number there, from 1.
    pub(super) number: u64,
    pub(super) text: Result<&'a str, LineError>,
}

impl Reader {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let months = if dir.exists() { months(dir)? } else { Vec::new() };
        Ok(Self { months: months.into_iter(), open: None, ahead: None })
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        while !self.open.as_mut().map_or(Ok(false), |(_, lines)| lines.step())? {
            let Some(path) = self.months.next() else { return Ok(None) };
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            self.open = Some((name, Lines::new(BufReader::with_capacity(READ_BYTES, File::open(&path)?))));
        }
        Ok(self.open.as_ref().map(|(file, lines)| {
            let (number, text) = lines.line();
            Line { file, number, text }
        }))
    }

    /// The commits of a range that stand further on. What cannot be read is passed over.
    pub(super) fn range(&mut self, from: u64, through: u64, take: &mut dyn FnMut(Commit)) {
        loop {
            let commit = match self.ahead.take() {
                Some(commit) => commit,
                None => match self.next() {
                    Ok(Some(Line { text: Ok(text), .. })) => {
                        if position_of(text).is_some_and(|position| position.0 < from) {
                            continue;
                        }
                        let Ok(commit) = serde_json::from_str::<Commit>(text) else { continue };
                        commit
                    }
                    Ok(Some(_)) => continue,
                    Ok(None) | Err(_) => return,
                },
            };
            if commit.position.0 > through {
                self.ahead = Some(commit);
                return;
            }
            if commit.position.0 >= from {
                take(commit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::value::RawValue;

    use super::*;
    use crate::log::{CommandId, Meta, Origin, StoredEvent, StreamId};

    fn commit(position: u64, at: &str) -> Arc<Commit> {
        Arc::new(Commit {
            position: Position(position),
            stream: StreamId::new("todo/1"),
            first_version: position,
            events: vec![StoredEvent {
                name: "noted".into(),
                schema: 1,
                data: RawValue::from_string("{\n \"a\": 1 }".into()).unwrap(),
            }],
            meta: Meta {
                command: CommandId::new(format!("c/{position}")),
                text: "a\nb".into(),
                actor: "person/1".into(),
                origin: Origin::default(),
                correlation: CommandId::new("c"),
                causation: None,
                recorded_at: at.parse::<DateTime<Utc>>().unwrap(),
            },
        })
    }

    #[test]
    fn a_line_a_commit_and_a_file_a_month() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        let commits =
            [commit(1, "2026-01-31T23:59:59Z"), commit(2, "2026-02-01T00:00:00Z"), commit(3, "2026-02-01T00:00:00Z")];
        journal.append(&commits[..2]).unwrap();
        journal.append(&commits).unwrap();
        journal.sync().unwrap();
        let january = fs::read_to_string(dir.path().join("2026-01.jsonl")).unwrap();
        let february = fs::read_to_string(dir.path().join("2026-02.jsonl")).unwrap();
        assert_eq!((january.lines().count(), february.lines().count()), (1, 2));
        let back: Commit = serde_json::from_str(&january).unwrap();
        assert_eq!((back.position, &*back.meta.text), (Position(1), "a\nb"));
        assert_eq!(back.events[0].data.get(), "{  \"a\": 1 }");
    }

    #[test]
    fn a_half_line_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        journal.append(&[commit(1, "2026-01-01T00:00:00Z"), commit(2, "2026-01-01T00:00:00Z")]).unwrap();
        let path = dir.path().join("2026-01.jsonl");
        let whole = fs::read(&path).unwrap();
        let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        for length in first..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let mut journal = Journal::open(dir.path()).unwrap();
            assert_eq!(journal.last(), Position(1));
            journal.append(&[commit(2, "2026-01-01T00:00:00Z")]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        fs::write(&path, [&whole[..], b"\0\0\0\n\0"].concat()).unwrap();
        assert_eq!(Journal::open(dir.path()).unwrap().last(), Position(2));
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn a_hole_that_a_power_cut_left_is_filled_from_the_log_if_that_has_everything() {
        let dir = tempfile::tempdir().unwrap();
        let commits: Vec<_> =
            (1..=9).map(|n| commit(n, if n < 3 { "2026-01-01T00:00:00Z" } else { "2026-02-01T00:00:00Z" })).collect();
        Journal::open(dir.path()).unwrap().append(&commits).unwrap();
        let path = dir.path().join("2026-02.jsonl");
        let whole = fs::read(&path).unwrap();
        let line = whole.len() / 7;
        for (hole, kept) in [(line * 2 + 20..line * 4, 4), (0..50, 2), (line..line + 1, 3), (line * 6..line * 6 + 1, 8)]
        {
            let mut bytes = whole.clone();
            bytes[hole].fill(0);
            fs::write(&path, &bytes).unwrap();
            // What the log has not is not thrown away.
            let mut journal = Journal::open(dir.path()).unwrap();
            let last = journal.last();
            journal.cut_off_at_hole(&|position| position != last).unwrap();
            assert!(kept == 8 || fs::read(&path).unwrap() == bytes);
            let mut journal = Journal::open(dir.path()).unwrap();
            journal.cut_off_at_hole(&|_| true).unwrap();
            assert_eq!(journal.last(), Position(kept));
            journal.append(&commits).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
            let mut journal = Journal::open(dir.path()).unwrap();
            journal.cut_off_at_hole(&|_| panic!("there is no hole any more")).unwrap();
        }
    }
}
