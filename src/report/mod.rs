//! What anyone WANTS TO KNOW: a report is a small script that is run over the whole history, in a closed room.
//!
//! # A report
//!
//! Three functions in [Rhai](https://rhai.rs): `init()` gives the state to begin with (or `init(args)`: the words behind the
//! name), `apply(state, event)` is called with each event in order and changes the state or returns a new one, `show(state)` gives
//! a text, or rows for a table. The first line, a comment, says what it tells. `config/reports/` has three.
//!
//! A script sees what every member sees: the events of items and of people, without who they are on their platforms. It
//! has no files, no clock, no network and no other script; its time, its steps and its memory are limited.
//!
//! # Layout
//!
//! * `mod.rs`     what may go wrong, the limits
//! * `engine.rs`  a script in its closed room: compiled, called, stopped
//! * `guard.rs`   when a script has to stop: time, steps, memory
//! * `event.rs`   an event as a script sees it
//! * `clock.rs`   instants and lengths of time in the words of the room's zone
//! * `run.rs`     the history, event by event
//! * `table.rs`   what `show` gives, as text
//! * `library.rs` the reports there are: shipped, from a directory, sent by an owner
//! * `desk.rs`    one report at a time

mod clock;
mod desk;
mod engine;
mod event;
mod guard;
mod library;
mod run;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use yoman_chat::{Style, Text};

pub use self::{
    desk::{Busy, Desk, Ticket},
    engine::Script,
    event::{People, Seen},
    library::{Known, Library, Source, saved, saved_names, state},
    run::{Job, Outcome, Progress, check, replay, run},
    table::{Cut, Shown},
};
use crate::{
    lang::{Wording, worded, wording},
    log::{Position, ReadError},
};

/// The longest script, in bytes: it is stored as one event.
pub use crate::domain::report::SCRIPT_BYTES_MAX;

/// How far a script may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time for everything.
    pub time: Duration,
    /// Steps in one call of a function of the script.
    pub steps_per_event: u64,
    /// Steps in all.
    pub steps: u64,
    /// How much the process may grow meanwhile, in bytes, where the system tells.
    pub memory_bytes: u64,
    /// What one value may hold in all, deep: texts in bytes, and places of arrays and maps.
    pub text_bytes: usize,
    /// Places of arrays, and of maps, that one value may hold in all.
    pub places: usize,
}

impl Limits {
    /// The usual limits, and this much time.
    pub fn within(time: Duration) -> Self {
        Self {
            time,
            steps_per_event: 2_000_000,
            steps: 20_000_000_000,
            memory_bytes: 256 << 20,
            text_bytes: 16 << 20,
            places: 500_000,
        }
    }
}

/// A place in a script, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Character in the line; 0: not known.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            0 => write!(f, "line {}", self.line),
            column => write!(f, "line {}, column {column}", self.line),
        }
    }
}

/// Why there is no report. Nothing was changed by it: a report only reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportError {
    /// The script cannot be read.
    Unreadable {
        /// Where.
        place: Option<Place>,
        /// What is wrong.
        what: String,
    },
    /// A function is not there.
    Missing(&'static str),
    /// The script failed.
    Failed {
        /// `init`, `apply`, `show`.
        function: &'static str,
        /// Where.
        place: Option<Place>,
        /// What is wrong.
        what: String,
        /// The event it was at.
        event: Option<Box<Seen>>,
    },
    /// It needs longer than it may.
    TooSlow {
        /// The limit.
        after: Duration,
        /// How far it was.
        position: Position,
        /// How far there is.
        head: Position,
        /// It copies its state with every event.
        copies: bool,
    },
    /// The history could not be read.
    Log(ReadError),
    /// The process is being stopped.
    Stopped,
}

/// What may hold anything: what a script said, what an event holds.
fn outside(words: impl AsRef<str>) -> Text {
    let mut text = Text::new();
    text.push(Style::Quote, words);
    text
}

impl Place {
    /// As people read it.
    fn wording(self) -> Wording {
        match self.column {
            0 => wording!("report-line", line = self.line.to_string()),
            column => wording!("report-line-column", line = self.line.to_string(), column = column.to_string()),
        }
    }
}

worded!(ReportError);

impl From<ReadError> for ReportError {
    fn from(error: ReadError) -> Self {
        Self::Log(error)
    }
}

impl ReportError {
    /// Why there is none.
    pub fn wording(&self) -> Wording {
        let at = |place: &Option<Place>| place.map_or_else(Wording::default, |place| place.wording().plain(": "));
        match self {
            Self::Unreadable { place, what } => at(place).then(outside(what)),
            Self::Missing(function) => wording!("report-missing", function = *function),
            Self::Failed { function, place, what, event } => {
                let what = at(place).then(wording!("report-in", function = *function, what = outside(what)));
                match event {
                    Some(event) => what.plain("\n").then(wording!("report-event", event = outside(event.to_string()))),
                    None => what,
                }
            }
            Self::TooSlow { after, position, head, copies } => wording!(
                "report-slow",
                after = after.as_secs().to_string(),
                position = position.to_string(),
                head = head.to_string(),
                advice = advice(*copies)
            ),
            Self::Log(error) => Wording::from(error.to_string()),
            Self::Stopped => wording!("report-stopped"),
        }
    }
}

/// What would make a script faster.
pub(crate) fn advice(copies: bool) -> Wording {
    if copies { Wording::from(" ").then(wording!("report-advice")) } else { Wording::default() }
}
