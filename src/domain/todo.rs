//! A todo: open, doing, done; blocked while a prerequisite is open. What people say to it is parsed in `command/todo.rs`.

use super::{Bucket, ItemRef, PersonId, item::Carry};

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

/// What can be done to a todo alone. Needs and criteria are counted and compared with what is there, like tags, in
/// `item/decide.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Begin.
    Start,
    /// Finish it.
    Complete {
        /// The prerequisites that are not done, with their titles.
        waits_for: &'a [(ItemRef, String)],
        /// Although it waits for them.
        anyway: bool,
    },
    /// Make a pr of it.
    Promote {
        /// What the pr has besides what it inherits.
        carry: &'a Carry,
    },
    /// To be done again.
    Reopen {
        /// Why; may be empty.
        reason: &'a str,
    },
    /// Wait for another item.
    Need {
        /// Which.
        needs: ItemRef,
    },
    /// Add an acceptance criterion.
    Criterion {
        /// Which.
        text: &'a str,
    },
}

/// Why something cannot be done to a todo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is done.
    #[error("{item} is done already")]
    Done {
        /// Which.
        item: ItemRef,
    },
    /// Somebody began before.
    #[error("{item} is being done already")]
    Doing {
        /// Which.
        item: ItemRef,
    },
    /// It is not done: there is nothing to reopen.
    #[error("{item} is not done, so there is nothing to reopen")]
    NotDone {
        /// Which.
        item: ItemRef,
    },
    /// Something must be done before it.
    #[error("{item} still waits for {}", list(on))]
    Waiting {
        /// Which.
        item: ItemRef,
        /// For what, with the titles; at least one.
        on: Vec<(ItemRef, String)>,
    },
}

impl Error {
    /// Whole commands that would help. `item` as in [`super::item::Error::hints`].
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        let mut hints = Vec::new();
        match self {
            Self::Done { .. } => hints.extend(item.map(|item| format!("/reopen {item}"))),
            Self::Doing { .. } | Self::NotDone { .. } => hints.extend(item.map(|item| format!("/done {item}"))),
            Self::Waiting { on, .. } => {
                hints.extend(on.iter().take(WAITING_HINTS_MAX).map(|(item, _)| match item.bucket {
                    Bucket::Research | Bucket::Todo => format!("/done {item}"),
                    Bucket::Idea => format!("/promote {item}"),
                    Bucket::Pr => format!("/merge {item}"),
                }));
                hints.extend(item.map(|item| format!("/done {item} anyway")));
            }
        }
        hints
    }
}

/// The most prerequisites an error offers to finish: more buttons than that are not read.
const WAITING_HINTS_MAX: usize = 3;

fn list(on: &[(ItemRef, String)]) -> String {
    on.iter().map(|(item, title)| format!("{item} ({title})")).collect::<Vec<_>>().join(", ")
}

/// What follows from a command, or why nothing does.
///
/// # Errors
/// [`Error`], when where it stands does not allow it.
pub fn decide(item: ItemRef, state: &State, command: Command<'_>) -> Result<Vec<Event>, Error> {
    match (state.status, command) {
        (Status::Done, Command::Reopen { .. }) => {}
        (Status::Done, _) => return Err(Error::Done { item }),
        (Status::Open | Status::Doing, Command::Reopen { .. }) => return Err(Error::NotDone { item }),
        (Status::Doing, Command::Start) => return Err(Error::Doing { item }),
        (Status::Open | Status::Doing, _) => {}
    }
    Ok(vec![match command {
        Command::Start => Event::Started,
        Command::Complete { waits_for, anyway } => {
            if !waits_for.is_empty() && !anyway {
                return Err(Error::Waiting { item, on: waits_for.to_vec() });
            }
            Event::Completed { despite: waits_for.iter().map(|&(item, _)| item).collect() }
        }
        Command::Promote { carry } => Event::Promoted { carry: carry.clone() },
        Command::Reopen { reason } => Event::Reopened { reason: reason.to_owned() },
        Command::Need { needs } => Event::PrerequisiteAdded { needs },
        Command::Criterion { text } => Event::CriterionAdded { text: text.to_owned() },
    }])
}

/// The state after one more event. Who is to do it is part of every item, not of this state.
pub fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Created { .. } | Event::Assigned { .. } => state,
        Event::CriterionAdded { text } => {
            state.criteria.push(text.clone());
            state
        }
        Event::PrerequisiteAdded { needs } => {
            if !state.needs.contains(needs) {
                state.needs.push(*needs);
            }
            state
        }
        Event::PrerequisiteRemoved { needs } => {
            state.needs.retain(|it| it != needs);
            state
        }
        Event::Started => State { status: Status::Doing, ..state },
        Event::Completed { .. } => State { status: Status::Done, ..state },
        Event::Promoted { .. } if state.status == Status::Open => State { status: Status::Doing, ..state },
        Event::Promoted { .. } => state,
        Event::Reopened { .. } => State { status: Status::Open, ..state },
    }
}
