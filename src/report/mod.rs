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

pub use self::{
    desk::{Busy, Desk, Ticket},
    engine::Script,
    event::{People, Seen},
    library::{Known, Library, Source, saved, saved_names, state},
    run::{Job, Outcome, Progress, check, replay, run},
    table::{Cut, Shown},
};
use crate::log::{Position, ReadError};

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The script cannot be read.
    #[error("{}{what}", at(*.place))]
    Unreadable {
        /// Where.
        place: Option<Place>,
        /// What is wrong.
        what: String,
    },
    /// A function is not there.
    #[error("the script has no `{0}`: it needs  fn init()  fn apply(state, event)  fn show(state)")]
    Missing(&'static str),
    /// The script failed.
    #[error("{}in `{function}`: {what}{}", at(*.place), event.as_ref().map(|event| format!("\nat {event}")).unwrap_or_default())]
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
    #[error("it takes too long: {} s were over at position {position} of {head}{}", .after.as_secs(), advice(*.copies))]
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
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The process is being stopped.
    #[error("it was stopped before it was done")]
    Stopped,
}

/// What would make a script faster.
pub(crate) fn advice(copies: bool) -> &'static str {
    if copies {
        " (`apply` returns the state, which copies it at every event: change it in place and end with `;`)"
    } else {
        ""
    }
}

fn at(place: Option<Place>) -> String {
    place.map(|place| format!("{place}: ")).unwrap_or_default()
}
