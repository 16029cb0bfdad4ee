//! A todo: open, doing, done; blocked while a prerequisite is open. What people say to it is parsed in `command/todo.rs`.

use super::{ItemRef, PersonId, item::Carry};

/// What happens to a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was put on the list.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// It is done only when this holds.
    CriterionAdded {
        /// What must hold.
        text: String,
    },
    /// Somebody is to do it.
    Assigned {
        /// Who.
        person: PersonId,
    },
    /// It waits for another item.
    PrerequisiteAdded {
        /// Which.
        needs: ItemRef,
    },
    /// It does not wait for that item any more.
    PrerequisiteRemoved {
        /// Which.
        needs: ItemRef,
    },
    /// Somebody began.
    Started,
    /// It is done.
    Completed {
        /// The prerequisites that were still open and were passed over.
        despite: Vec<ItemRef>,
    },
    /// A pr was made of it: that pr's creation is caused by this event. An open todo is started by it.
    Promoted {
        /// What the pr has besides what it inherits.
        carry: Carry,
    },
    /// It is to be done again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a todo stands. Blocked is not a status: it follows from the prerequisites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// To be done.
    #[default]
    Open,
    /// Being done.
    Doing,
    /// Done.
    Done,
}

/// What a todo alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// Acceptance criteria.
    pub criteria: Vec<String>,
    /// What it waits for.
    pub needs: Vec<ItemRef>,
}
