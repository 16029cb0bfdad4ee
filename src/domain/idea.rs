//! An idea: open, then promoted or rejected. What people say to it is parsed in `command/idea.rs`.

use super::{Bucket, ItemRef, item::Carry};

/// What happens to an idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was had.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// It was said better.
    Refined {
        /// How.
        text: String,
    },
    /// It will not be followed.
    Rejected {
        /// Why; may be empty.
        reason: String,
    },
    /// It became something else; that item's creation is caused by this event.
    Promoted {
        /// What.
        to: Bucket,
        /// What the new item has besides what it inherits.
        carry: Carry,
    },
    /// It is open again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where an idea stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// To be thought about.
    #[default]
    Open,
    /// It became something else.
    Promoted,
    /// Not this one.
    Rejected,
}

/// What an idea alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// The newest refinement, if there is one.
    pub refined: Option<String>,
    /// How often it was refined.
    pub refinements: u32,
    /// Why it was rejected, if it is.
    pub reason: String,
}
