//! What people want of items: the draft of a new one, the acts on one that exists, and what deciding may know besides.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Attachment, Bucket, ItemRef, LinkTarget, Relation};
use crate::domain::{Due, PersonId, Priority, Project, Tag, pr};

/// What is wanted of a new item. `P` is a person: a handle as said, a [`PersonId`] once looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft<P = PersonId> {
    /// One line, at most [`TITLE_CHARS_MAX`].
    pub title: String,
    /// Further lines; may be empty.
    pub body: String,
    /// Acceptance criteria (todos; elsewhere they are part of the body).
    pub criteria: Vec<String>,
    /// The rest.
    pub carry: Carry<P>,
    /// The item it was promoted from. Not part of what is typed.
    pub from: Option<ItemRef>,
    /// Files that came with it. Not part of what is typed.
    pub attachments: Vec<Attachment>,
}

/// What the tokens among the words say of an item: `#tag @person !high in:project due:fri needs:T3 for:T7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry<P = PersonId> {
    /// `#tag`
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// `@person`
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<P>,
    /// `!high`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// `in:project`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Project>,
    /// `due:fri`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// `needs:T3`
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<ItemRef>,
    /// `for:T7`
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<ItemRef>,
}

/// The longest title, in characters. The rest of a longer first line becomes part of the body.
pub const TITLE_CHARS_MAX: usize = 200;
/// The longest body, note, finding or reason, in characters (a Telegram message has at most 4096).
pub const TEXT_CHARS_MAX: usize = 8_000;
/// The most tags, assignees, prerequisites, links, criteria or attachments an item can have, each.
pub const MANY_MAX: usize = 100;

/// What can be done to an item that exists. `P` as in [`Draft`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act<P = PersonId> {
    /// An idea: say it better.
    Refine {
        /// How.
        text: String,
    },
    /// An idea: not this one.
    Reject {
        /// Why; may be empty.
        reason: String,
    },
    /// Onwards: idea to research or todo (or pr), research to todo or pr, todo to pr.
    Promote {
        /// Where to; the next bucket when not said (an idea: research).
        to: Option<Bucket>,
        /// What the new item shall have besides what it inherits (tags, priority, project, due, people).
        carry: Carry<P>,
    },
    /// A research: something was found out.
    Finding {
        /// What.
        text: String,
    },
    /// Somebody shall do it.
    Assign {
        /// Who; at least one.
        people: Vec<P>,
    },
    /// Somebody shall not.
    Unassign {
        /// Who; at least one.
        people: Vec<P>,
    },
    /// A todo: begin.
    Doing,
    /// A todo or a research: finished.
    Done {
        /// Although it waits for something.
        anyway: bool,
        /// A research: what came of it; a todo: a note. May be empty.
        text: String,
    },
    /// Open again, whatever ended it.
    Reopen {
        /// Why; may be empty.
        reason: String,
    },
    /// A todo: it waits for other items.
    Need {
        /// Which; at least one.
        items: Vec<ItemRef>,
    },
    /// A todo: it does not wait for them any more.
    Unneed {
        /// Which; at least one.
        items: Vec<ItemRef>,
    },
    /// A todo: when is it done?
    Criterion {
        /// One acceptance criterion.
        text: String,
    },
    /// A pr: what somebody thinks of it.
    Review {
        /// In a word.
        verdict: pr::Verdict,
        /// In words; may be empty.
        text: String,
    },
    /// A pr: merged.
    Merge,
    /// A pr: closed without merging.
    Close {
        /// Why; may be empty.
        reason: String,
    },
    /// Say something on it.
    Note {
        /// What.
        text: String,
    },
    /// Another title.
    Title {
        /// Which.
        title: String,
    },
    /// More tags.
    Tag {
        /// Which; at least one.
        tags: Vec<Tag>,
    },
    /// Fewer tags.
    Untag {
        /// Which; at least one.
        tags: Vec<Tag>,
    },
    /// Another priority.
    Prio {
        /// Which.
        priority: Priority,
    },
    /// Another due date, or none.
    Due {
        /// Which.
        due: Option<Due>,
    },
    /// Another project, or none.
    Project {
        /// Which.
        project: Option<Project>,
    },
    /// A link.
    Link {
        /// How they stand.
        relation: Relation,
        /// To what.
        to: LinkTarget,
    },
    /// Files were sent in answer to its card. Not typed.
    Attach {
        /// Which; at least one.
        attachments: Vec<Attachment>,
        /// What was said with them; may be empty.
        text: String,
    },
    /// The message that created it was edited: bring title, body and tokens in line with it. Not typed.
    Correct {
        /// What the message says now.
        draft: Draft<P>,
        /// What it said before: only what differs between the two is changed.
        before: Draft<P>,
    },
    /// The message of a note or finding was edited. Not typed.
    CorrectText {
        /// The version of the event that the message made.
        version: u64,
        /// What it says now.
        text: String,
    },
}

/// What `decide` may know besides the state.
#[derive(Clone, Debug)]
pub struct Given {
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// Who acts.
    pub actor: PersonId,
    /// The prerequisites of this item that are not done, with their titles.
    pub waits_for: Vec<(ItemRef, String)>,
    /// For `Need` and for `needs:`: those of the wanted prerequisites that wait, over any number of steps, for this very item.
    pub circular: Vec<ItemRef>,
}

impl<P> Default for Carry<P> {
    fn default() -> Self {
        Self {
            tags: Vec::new(),
            people: Vec::new(),
            priority: None,
            project: None,
            due: None,
            needs: Vec::new(),
            serves: Vec::new(),
        }
    }
}

impl<P> Default for Draft<P> {
    fn default() -> Self {
        Self {
            title: String::new(),
            body: String::new(),
            criteria: Vec::new(),
            carry: Carry::default(),
            from: None,
            attachments: Vec::new(),
        }
    }
}

fn all<P, Q, E>(people: Vec<P>, look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Vec<Q>, E> {
    people.into_iter().map(look_up).collect()
}

impl<P> Carry<P> {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
            && self.people.is_empty()
            && self.priority.is_none()
            && self.project.is_none()
            && self.due.is_none()
            && self.needs.is_empty()
            && self.serves.is_empty()
    }

    /// The same with every person looked up.
    ///
    /// # Errors
    /// The first error of `look_up`.
    pub fn try_map_people<Q, E>(self, look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Carry<Q>, E> {
        Ok(Carry {
            people: all(self.people, look_up)?,
            tags: self.tags,
            priority: self.priority,
            project: self.project,
            due: self.due,
            needs: self.needs,
            serves: self.serves,
        })
    }
}

impl<P> Draft<P> {
    /// The same with every person looked up.
    ///
    /// # Errors
    /// The first error of `look_up`.
    pub fn try_map_people<Q, E>(self, look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Draft<Q>, E> {
        Ok(Draft {
            title: self.title,
            body: self.body,
            criteria: self.criteria,
            carry: self.carry.try_map_people(look_up)?,
            from: self.from,
            attachments: self.attachments,
        })
    }
}

impl<P> Act<P> {
    /// The same with every person looked up, in the order they were said.
    ///
    /// # Errors
    /// The first error of `look_up`.
    pub fn try_map_people<Q, E>(self, mut look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Act<Q>, E> {
        Ok(match self {
            Self::Promote { to, carry } => Act::Promote { to, carry: carry.try_map_people(look_up)? },
            Self::Assign { people } => Act::Assign { people: all(people, look_up)? },
            Self::Unassign { people } => Act::Unassign { people: all(people, look_up)? },
            Self::Correct { draft, before } => {
                Act::Correct { draft: draft.try_map_people(&mut look_up)?, before: before.try_map_people(look_up)? }
            }
            Self::Refine { text } => Act::Refine { text },
            Self::Reject { reason } => Act::Reject { reason },
            Self::Finding { text } => Act::Finding { text },
            Self::Doing => Act::Doing,
            Self::Done { anyway, text } => Act::Done { anyway, text },
            Self::Reopen { reason } => Act::Reopen { reason },
            Self::Need { items } => Act::Need { items },
            Self::Unneed { items } => Act::Unneed { items },
            Self::Criterion { text } => Act::Criterion { text },
            Self::Review { verdict, text } => Act::Review { verdict, text },
            Self::Merge => Act::Merge,
            Self::Close { reason } => Act::Close { reason },
            Self::Note { text } => Act::Note { text },
            Self::Title { title } => Act::Title { title },
            Self::Tag { tags } => Act::Tag { tags },
            Self::Untag { tags } => Act::Untag { tags },
            Self::Prio { priority } => Act::Prio { priority },
            Self::Due { due } => Act::Due { due },
            Self::Project { project } => Act::Project { project },
            Self::Link { relation, to } => Act::Link { relation, to },
            Self::Attach { attachments, text } => Act::Attach { attachments, text },
            Self::CorrectText { version, text } => Act::CorrectText { version, text },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Handle;

    fn carry() -> Carry<Handle> {
        Carry { people: ["dana", "kim"].iter().filter_map(|it| Handle::new(it).ok()).collect(), ..Carry::default() }
    }

    fn length(handle: Handle) -> Result<PersonId, Handle> {
        if handle.as_str() == "kim" { Err(handle) } else { Ok(PersonId(handle.as_str().len() as u32)) }
    }

    #[test]
    fn people_are_looked_up_wherever_they_are_said() {
        let look_up = |handle: Handle| Ok::<_, Handle>(PersonId(handle.as_str().len() as u32));
        let found = vec![PersonId(4), PersonId(3)];
        let draft = Draft { carry: carry(), ..Draft::default() };
        let looked_up = Draft { carry: Carry { people: found.clone(), ..Carry::default() }, ..Draft::default() };
        let act = Act::Correct { draft: draft.clone(), before: draft };
        let expected = Act::Correct { draft: looked_up.clone(), before: looked_up };
        assert_eq!(act.try_map_people(look_up), Ok(expected));
        let act = Act::Assign { people: carry().people };
        assert_eq!(act.try_map_people(look_up), Ok(Act::Assign { people: found }));
    }

    #[test]
    fn somebody_unknown_is_the_error() {
        let act = Act::Promote { to: None, carry: carry() };
        assert_eq!(act.try_map_people(length).map_err(|handle| handle.to_string()), Err("@kim".to_owned()));
        assert_eq!(Act::Merge.try_map_people(length), Ok(Act::Merge));
    }
}
