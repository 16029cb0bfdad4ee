//! The reports there are: those that ship, those in the configured directory, those an owner sent.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::SCRIPT_BYTES_MAX;
use crate::{
    domain::{
        self,
        report::{self, ReportName, about},
        stored,
    },
    log::{Commit, Entry, EventLog, Position, ReadError, StreamId},
};

/// The reports that ship.
const SHIPPED: &[(&str, &str)] = &[
    ("lead-time-by-tag", include_str!("../../config/reports/lead-time-by-tag.rhai")),
    ("removed-soon", include_str!("../../config/reports/removed-soon.rhai")),
    ("who-unblocked-whom", include_str!("../../config/reports/who-unblocked-whom.rhai")),
];
/// What a script is called in the directory.
const ENDING: &str = "rhai";
/// The most files of the directory that are looked at.
const FILES_MAX: usize = 500;

/// Where a report comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It ships.
    Shipped,
    /// A file in the directory.
    Directory,
    /// An owner sent it.
    Sent,
}

/// A report in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: ReportName,
    /// Where it comes from.
    pub source: Source,
    /// What it tells: the first comment.
    pub about: String,
}

/// The reports that are not in the log.
#[derive(Clone, Debug, Default)]
pub struct Library {
    directory: Option<PathBuf>,
}

impl Library {
    /// Those that ship, and those in this directory, which need not be there. A file goes before what ships under its name.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// The script with this name, if it ships or is in the directory. Blocking.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn find(&self, name: &ReportName) -> Result<Option<Arc<str>>, String> {
        if let Some(directory) = &self.directory {
            let path = directory.join(format!("{name}.{ENDING}"));
            match read(&path) {
                Ok(script) => return Ok(Some(script.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
            }
        }
        let shipped = SHIPPED.iter().find(|(known, _)| *known == name.as_str());
        Ok(shipped.map(|&(_, script)| script.into()))
    }

    /// All of them by name; those in `sent` too. Blocking.
    pub fn list<'a>(&self, sent: impl Iterator<Item = (&'a ReportName, &'a str)>) -> Vec<Known> {
        let mut known = BTreeMap::new();
        let mut add =
            |name: ReportName, source, about: String| known.insert(name.clone(), Known { name, source, about });
        for (name, script) in SHIPPED {
            if let Ok(name) = ReportName::new(name) {
                add(name, Source::Shipped, about(script));
            }
        }
        let files = self.directory.as_ref().and_then(|directory| std::fs::read_dir(directory).ok());
        for path in files.into_iter().flatten().flatten().take(FILES_MAX).map(|file| file.path()) {
            let name = path.file_stem().and_then(|stem| ReportName::new(stem.to_str()?).ok());
            if let Some(name) = name.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) {
                let about = read(&path).map_or_else(|error| format!("(cannot be read: {error})"), |text| about(&text));
                add(name, Source::Directory, about);
            }
        }
        for (name, about) in sent {
            add(name.clone(), Source::Sent, about.to_owned());
        }
        known.into_values().collect()
    }
}

/// A file of the directory, bounded.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(SCRIPT_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    if text.len() > SCRIPT_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("longer than {SCRIPT_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// The script an owner sent under this name, as it stands now. Blocking.
///
/// # Errors
/// [`ReadError`] when the log fails.
pub fn saved(log: &dyn EventLog, name: &ReportName) -> Result<Option<Arc<str>>, ReadError> {
    state(log, name).map(|report| report.script)
}

/// A report as it stands now. Blocking.
///
/// # Errors
/// [`ReadError`] when the log fails.
pub fn state(log: &dyn EventLog, name: &ReportName) -> Result<report::Report, ReadError> {
    let mut state = report::Report::default();
    log.read_stream(&StreamId::new(name.stream()), 1, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            fold(&mut state, &commit);
        }
        ControlFlow::Continue(())
    })?;
    Ok(state)
}

/// The names owners sent, with what each says of itself, for a log nobody has folded. Blocking: goes through all of it.
///
/// # Errors
/// [`ReadError`] when the log fails.
pub fn saved_names(log: &dyn EventLog) -> Result<Vec<(ReportName, String)>, ReadError> {
    let mut found = BTreeMap::<ReportName, report::Report>::new();
    log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry
            && let Some(name) = ReportName::of_stream(commit.stream.as_str())
        {
            fold(found.entry(name).or_default(), &commit);
        }
        ControlFlow::Continue(())
    })?;
    let there = found.into_iter().filter_map(|(name, report)| Some((name, about(&report.script?))));
    Ok(there.collect())
}

/// Takes a commit of its stream in.
fn fold(report: &mut report::Report, commit: &Commit) {
    for (version, event) in commit.versioned() {
        if let Ok(domain::Event::Report(event)) = stored::decode(event) {
            report.evolve(version, &event);
        }
    }
}
