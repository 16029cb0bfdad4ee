//! Which items somebody means: for lists, boards and follows alike.

use serde::{Deserialize, Serialize};

use super::{Bucket, Due, ItemRef, Kind, PersonId, Priority, Project, Tag};

/// The state of an item in one word, over all buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    /// An idea, a todo or a pr that is open (a reviewed pr and a blocked todo are open too).
    Open,
    /// A research that is running.
    Running,
    /// A todo that was started.
    Doing,
    /// A todo that waits for another item.
    Blocked,
    /// A pr with a review.
    Reviewed,
    /// A todo or a research that is done.
    Done,
    /// An idea that became something else.
    Promoted,
    /// An idea that was rejected.
    Rejected,
    /// A pr that was merged.
    Merged,
    /// An item whose creation was taken back.
    Withdrawn,
    /// Any item that needs nothing more: done, promoted, rejected, merged or a closed pr.
    Closed,
}

/// A filter. Values of one kind are alternatives, kinds are all required; nothing at all means everything.
/// `P` is a person: [`super::Handle`] as said, [`PersonId`] as stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter<P = PersonId> {
    /// In one of these buckets.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
    /// In one of these states.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateWord>,
    /// With one of these tags.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Assigned to one of these.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<P>,
    /// In one of these projects.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<Project>,
    /// With one of these priorities.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<Priority>,
    /// One of these very items.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemRef>,
    /// Due by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// With these words in title, body or notes; all of them.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Something of one of these kinds happened to it: of a follow, which is about what happens.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Kind>,
}

impl<P> Default for Filter<P> {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            states: Vec::new(),
            tags: Vec::new(),
            people: Vec::new(),
            projects: Vec::new(),
            priorities: Vec::new(),
            items: Vec::new(),
            due: None,
            words: Vec::new(),
            on: Vec::new(),
        }
    }
}

impl<P> Filter<P> {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
            && self.states.is_empty()
            && self.tags.is_empty()
            && self.people.is_empty()
            && self.projects.is_empty()
            && self.priorities.is_empty()
            && self.items.is_empty()
            && self.due.is_none()
            && self.words.is_empty()
            && self.on.is_empty()
    }

    /// The same filter with every person looked up.
    ///
    /// # Errors
    /// The first error of `look_up`.
    pub fn try_map_people<Q, E>(self, look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Filter<Q>, E> {
        Ok(Filter {
            people: self.people.into_iter().map(look_up).collect::<Result<_, _>>()?,
            buckets: self.buckets,
            states: self.states,
            tags: self.tags,
            projects: self.projects,
            priorities: self.priorities,
            items: self.items,
            due: self.due,
            words: self.words,
            on: self.on,
        })
    }
}
