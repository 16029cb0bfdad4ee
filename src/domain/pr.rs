//! A pr: open, reviewed, then merged or closed. What people say to it is parsed in `command/pr.rs`.

use serde::{Deserialize, Serialize};

use super::ItemRef;

/// What a reviewer thinks, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good as it is.
    Approve,
    /// Not like this.
    Changes,
    /// Just saying.
    Comment,
}

/// What happens to a pr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was opened.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// Somebody looked at it.
    Reviewed {
        /// In a word.
        verdict: Verdict,
        /// In words; may be empty.
        text: String,
    },
    /// It went in.
    Merged,
    /// It will not go in.
    Closed {
        /// Why; may be empty.
        reason: String,
    },
    /// It is open again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a pr stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// To be looked at.
    #[default]
    Open,
    /// Somebody looked at it.
    Reviewed,
    /// It went in.
    Merged,
    /// It did not.
    Closed,
}

/// What a pr alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// The newest review's verdict and words.
    pub review: Option<(Verdict, String)>,
    /// How many reviews it had.
    pub reviews: u32,
}
