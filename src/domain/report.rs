//! A report an owner sent: a stream of its own (`report/<name>`), so that who changed it, when and how stays known. What
//! a script does is in `crate::report`.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::lang::{Wording, worded, wording};

/// The longest script, in bytes: one event, well inside the largest commit.
pub const SCRIPT_BYTES_MAX: usize = 24 * 1024;
/// The most reports owners can send.
pub const REPORTS_MAX: usize = 50;
/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// The longest first comment that is shown, in characters.
const LINE_CHARS_MAX: usize = 80;
/// What begins the name of a stream.
const STREAM: &str = "report/";

/// The name of a report: lower-case letters, digits and `-`, a letter first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportName(Arc<str>);

impl ReportName {
    /// Takes a name in any case.
    ///
    /// # Errors
    /// [`Error::BadName`].
    pub fn new(name: &str) -> Result<Self, Error> {
        let name = name.to_ascii_lowercase();
        let fits = name.len() <= NAME_BYTES_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !matches!(&*name, "save" | "remove");
        if fits { Ok(Self(name.into())) } else { Err(Error::BadName) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its stream.
    pub fn stream(&self) -> String {
        format!("{STREAM}{}", self.0)
    }

    /// The report a stream is of.
    pub fn of_stream(stream: &str) -> Option<Self> {
        stream.strip_prefix(STREAM).and_then(|name| Self::new(name).ok())
    }
}

impl fmt::Display for ReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be done with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Keep this script under the name.
    Save {
        /// The script.
        script: Arc<str>,
    },
    /// Keep none under it.
    Remove,
}

/// What happened to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A script was kept.
    Saved {
        /// The script.
        script: Arc<str>,
    },
    /// It is not there any more.
    Removed,
}

/// A report as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Of its stream.
    pub version: u64,
    /// The script, if there is one.
    pub script: Option<Arc<str>>,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No name.
    BadName,
    /// No script.
    Empty,
    /// Too long.
    TooLong(usize),
    /// Too many.
    TooMany,
    /// It is what it is.
    Same,
    /// There is none.
    Unknown,
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::BadName => wording!("reason-report-name", most = NAME_BYTES_MAX),
            Self::Empty => wording!("reason-report-empty"),
            Self::TooLong(bytes) => {
                wording!("reason-report-long", bytes = bytes.to_string(), most = SCRIPT_BYTES_MAX.to_string())
            }
            Self::TooMany => wording!("reason-report-many", most = REPORTS_MAX),
            Self::Same => wording!("reason-report-same"),
            Self::Unknown => wording!("reason-report-unknown"),
        }
    }
}

/// What a script says of itself: its first comment.
pub fn about(script: &str) -> String {
    let line = script.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let comment = line.strip_prefix("//").map(|comment| comment.trim_start_matches(['/', '!', ' ']));
    let mut about: String = comment.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if let Some((cut, _)) = about.char_indices().nth(LINE_CHARS_MAX) {
        about.truncate(cut);
        about.push('…');
    }
    about
}

impl Report {
    /// What follows from a command; `others` is how many other reports there are.
    ///
    /// # Errors
    /// [`Error`] says why nothing does.
    pub fn decide(&self, command: &Command, others: usize) -> Result<Vec<Event>, Error> {
        match command {
            Command::Save { script } if script.trim().is_empty() => Err(Error::Empty),
            Command::Save { script } if script.len() > SCRIPT_BYTES_MAX => Err(Error::TooLong(script.len())),
            Command::Save { script } if self.script.as_ref() == Some(script) => Err(Error::Same),
            Command::Save { .. } if self.script.is_none() && others >= REPORTS_MAX => Err(Error::TooMany),
            Command::Save { script } => Ok(vec![Event::Saved { script: Arc::clone(script) }]),
            Command::Remove if self.script.is_none() => Err(Error::Unknown),
            Command::Remove => Ok(vec![Event::Removed]),
        }
    }

    /// The report after an event.
    pub fn evolve(&mut self, version: u64, event: &Event) {
        self.version = version;
        self.script = match event {
            Event::Saved { script } => Some(Arc::clone(script)),
            Event::Removed => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(script: &str) -> Command {
        Command::Save { script: script.into() }
    }

    #[test]
    fn the_life_of_a_report() {
        let mut report = Report::default();
        assert_eq!(report.decide(&Command::Remove, 0), Err(Error::Unknown));
        assert_eq!(report.decide(&save(" \n"), 0), Err(Error::Empty));
        assert_eq!(report.decide(&save("fn a() {}"), REPORTS_MAX), Err(Error::TooMany));
        for (version, command) in [(1, save("fn a() {}")), (2, save("fn b() {}")), (3, Command::Remove)] {
            let events = report.decide(&command, 0).unwrap();
            events.iter().for_each(|event| report.evolve(version, event));
        }
        assert_eq!(report, Report { version: 3, script: None });
        report.evolve(4, &Event::Saved { script: "x".into() });
        assert_eq!(report.decide(&save("x"), 0), Err(Error::Same));
        assert_eq!(
            report.decide(&save("y"), REPORTS_MAX),
            Ok(vec![Event::Saved { script: "y".into() }]),
            "it is one of them"
        );
        assert!(matches!(report.decide(&save(&"x".repeat(SCRIPT_BYTES_MAX + 1)), 0), Err(Error::TooLong(_))));
    }

    #[test]
    fn names() {
        for name in ["a", "removed-soon", "Lead-Time-2"] {
            let name = ReportName::new(name).unwrap();
            assert_eq!(ReportName::of_stream(&name.stream()), Some(name));
        }
        for name in ["", "2x", "-a", "save", "Remove", "a b", "a/b", "..", "größe", &"a".repeat(41)] {
            assert_eq!(ReportName::new(name), Err(Error::BadName), "{name}");
        }
        assert_eq!(ReportName::of_stream("todo/7"), None);
    }
}
