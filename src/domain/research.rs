//! A research: running, then done. What people say to it is parsed in `command/research.rs`.

use super::{Bucket, ItemRef, item::Carry};

/// What happens to a research.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It began.
    Started {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// Something was found out.
    FindingAdded {
        /// What.
        text: String,
        /// The version of the finding this one corrects, when its message was edited.
        corrects: Option<u64>,
    },
    /// It is finished; if it leads to something, that item's creation is caused by this event.
    Done {
        /// What came of it; may be empty.
        conclusion: String,
        /// What it became, if it was promoted.
        to: Option<Bucket>,
        /// What the new item has besides what it inherits.
        carry: Carry,
    },
    /// It runs again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a research stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Being looked into.
    #[default]
    Running,
    /// Finished.
    Done,
}

/// What a research alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// How many findings were added (corrections not counted).
    pub findings: u32,
    /// The newest finding.
    pub newest: Option<String>,
    /// What came of it; may be empty.
    pub conclusion: String,
}
