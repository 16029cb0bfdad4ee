//! What a stretch of the log moved: for each item it touched, where the item stood before and where it went. Everything is
//! read from what items were before and after each commit, so that what takes something back comes out right by itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::World;
use crate::{
    domain::{ItemRef, filter::StateWord},
    log::Commit,
};

/// The stored name of the event that takes others back.
const TAKES_BACK: &str = "reversed";

/// An item that came to stand elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// Where it stood from then on.
    pub to: StateWord,
    /// Since when somebody was at it.
    pub begun_at: Option<DateTime<Utc>>,
    /// Something was taken back: what it came to before counts as if it had never been.
    pub taken_back: bool,
}

/// What became of one item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Where it stood before; `None`: it was not there.
    pub before: Option<StateWord>,
    /// Where it went, in order.
    pub steps: Vec<Step>,
    /// How many commits there were.
    pub commits: u32,
    /// How many of them took something back.
    pub taken_back: u32,
}

/// A stretch of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Every item something happened to.
    pub items: BTreeMap<ItemRef, Moved>,
}

/// Whether something in this state needs nothing more.
pub(super) fn is_over(state: StateWord) -> bool {
    is_finished(state) || is_dropped(state)
}

/// Whether it came to a good end.
pub(super) fn is_finished(state: StateWord) -> bool {
    matches!(state, StateWord::Done | StateWord::Merged | StateWord::Promoted)
}

/// Whether it will not be done.
pub(super) fn is_dropped(state: StateWord) -> bool {
    matches!(state, StateWord::Rejected | StateWord::Closed | StateWord::Withdrawn)
}

/// Whether somebody is at it.
pub(super) fn is_under_way(state: StateWord) -> bool {
    matches!(state, StateWord::Doing | StateWord::Running | StateWord::Reviewed)
}

impl World {
    /// The item that a commit is about and that this world does not hold although it was there: it has to be brought back
    /// before the commit is taken with [`World::step`].
    pub fn lacks(&self, commit: &Commit) -> Option<ItemRef> {
        let item = ItemRef::of_stream(commit.stream.as_str())?;
        (commit.first_version > 1 && self.item(item).is_none()).then_some(item)
    }

    /// Folds one commit in, and notes what it moved.
    pub fn step(&mut self, commit: &Commit, stretch: &mut Stretch) {
        let Some(item) = ItemRef::of_stream(commit.stream.as_str()) else { return self.apply(commit) };
        let before = self.item(item).map(|seen| seen.item.state_word());
        self.apply(commit);
        let Some(entry) = self.items.get(item) else { return };
        let to = entry.seen.item.state_word();
        let moved = stretch.items.entry(item).or_insert_with(|| Moved { before, ..Moved::default() });
        moved.commits = moved.commits.saturating_add(1);
        let taken_back = commit.events.iter().any(|event| &*event.name == TAKES_BACK);
        moved.taken_back += u32::from(taken_back);
        if before != Some(to) {
            moved.steps.push(Step { at: commit.meta.recorded_at, to, begun_at: entry.begun_at, taken_back });
        }
    }
}
