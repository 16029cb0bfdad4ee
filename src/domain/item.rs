//! What every item has, whatever its bucket; the dispatch of `decide` and `evolve` to the bucket's own file.
//!
//! # Layout
//!
//! * `item.rs`         buckets, references, facts, events, the state
//! * `item/act.rs`     what people want: [`Draft`], [`Act`], [`Given`]
//! * `item/create.rs`  a draft to the first events
//! * `item/decide.rs`  an act to events; `item/correct.rs` when the act is an edited message
//! * `item/evolve.rs`  events to the state
//! * `item/history.rs` what of all that happened counts; what rests on what
//! * `item/reverse.rs` what was taken back, and what is different after it
//! * `item/promote.rs` what the item is like that a promotion causes
//! * `item/limits.rs`  what can grow, and how far
//! * `item/error.rs`   why not, and what would help

mod act;
mod correct;
mod create;
mod decide;
mod error;
mod evolve;
mod history;
mod limits;
mod promote;
#[cfg(test)]
mod properties;
mod reverse;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub(super) use self::error::because;
pub use self::{
    act::{Act, Carry, Draft, Given, MANY_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX},
    create::create,
    decide::decide,
    error::{Error, Many, Text, Unchanged},
    evolve::{evolve, replay},
    history::{History, Irreversible, Step, goes_on, promotes},
    promote::promoted,
    reverse::{After, Also, Reversed},
};
use super::{Due, PersonId, Priority, Project, Tag, filter::StateWord, idea, pr, research, todo};

/// One of the four buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// A thought.
    Idea,
    /// Finding out.
    Research,
    /// Work to be done.
    Todo,
    /// A change to be looked at.
    Pr,
}

impl Bucket {
    /// All of them, in the order an item passes through them.
    pub const ALL: [Self; 4] = [Self::Idea, Self::Research, Self::Todo, Self::Pr];

    /// Its word: also the verb that creates, and the beginning of its streams' names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idea => "idea",
            Self::Research => "research",
            Self::Todo => "todo",
            Self::Pr => "pr",
        }
    }

    /// The bucket with this word (any case).
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.word().eq_ignore_ascii_case(word))
    }

    /// Its word with the article: `an idea`.
    pub fn one(self) -> &'static str {
        match self {
            Self::Idea => "an idea",
            Self::Research => "a research",
            Self::Todo => "a todo",
            Self::Pr => "a pr",
        }
    }

    /// The letter of its references.
    pub fn letter(self) -> char {
        match self {
            Self::Idea => 'I',
            Self::Research => 'R',
            Self::Todo => 'T',
            Self::Pr => 'P',
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An item as people write it: `T7`, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemRef {
    /// Which bucket.
    pub bucket: Bucket,
    /// Which number in it, from 1.
    pub number: u32,
}

impl ItemRef {
    /// The item `number` of `bucket`.
    pub fn new(bucket: Bucket, number: u32) -> Self {
        Self { bucket, number }
    }

    /// The name of its stream: `todo/7`.
    pub fn stream(self) -> String {
        format!("{}/{}", self.bucket.word(), self.number)
    }

    /// The item whose stream this is.
    pub fn of_stream(stream: &str) -> Option<Self> {
        let (bucket, number) = stream.split_once('/')?;
        let bucket = Bucket::ALL.into_iter().find(|it| it.word() == bucket)?;
        number.parse().ok().filter(|&number| number > 0).map(|number| Self { bucket, number })
    }
}

impl fmt::Display for ItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.bucket.letter(), self.number)
    }
}

/// The text is not a reference to an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an item: items are written I3, R2, T7, P4")]
pub struct NotAnItem;

impl FromStr for ItemRef {
    type Err = NotAnItem;

    fn from_str(text: &str) -> Result<Self, NotAnItem> {
        let mut characters = text.chars();
        let letter = characters.next().ok_or(NotAnItem)?.to_ascii_uppercase();
        let bucket = Bucket::ALL.into_iter().find(|bucket| bucket.letter() == letter).ok_or(NotAnItem)?;
        let digits = characters.as_str();
        if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnItem);
        }
        digits.parse().map(|number| Self { bucket, number }).map_err(|_| NotAnItem)
    }
}

impl Serialize for ItemRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        // Snapshots hold hundreds of thousands of them.
        (self.bucket, self.number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ItemRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <(Bucket, u32)>::deserialize(deserializer).map(|(bucket, number)| Self { bucket, number });
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How one item stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It is for the other (a pr for a todo).
    For,
    /// They belong together.
    Related,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTarget {
    /// Another item.
    Item(ItemRef),
    /// An address: `http` or `https`.
    Url(String),
}

/// A file that stays on its platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The bot that can fetch it.
    pub bot: String,
    /// `photo`, `document`, `voice`, `audio`, `video`, `other`.
    pub kind: String,
    /// The platform's id of the file.
    pub file_id: String,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its size, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What can happen to any item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// It has another title.
    Retitled {
        /// The new one.
        title: String,
    },
    /// It has another body.
    Described {
        /// The new one; may be empty.
        body: String,
    },
    /// Something was noted on it.
    Noted {
        /// What.
        text: String,
        /// The version of the note this one corrects, when its message was edited.
        corrects: Option<u64>,
    },
    /// It got a tag.
    Tagged {
        /// Which.
        tag: Tag,
    },
    /// It lost a tag.
    Untagged {
        /// Which.
        tag: Tag,
    },
    /// It has another priority.
    Prioritised {
        /// Which.
        priority: Priority,
    },
    /// It has another due date, or none.
    DueSet {
        /// Which.
        due: Option<Due>,
    },
    /// Somebody is to do it (todos have [`todo::Event::Assigned`]).
    Assigned {
        /// Who.
        person: PersonId,
    },
    /// Somebody is no longer to do it.
    Unassigned {
        /// Who.
        person: PersonId,
    },
    /// It belongs to another project, or to none.
    MovedToProject {
        /// Which.
        project: Option<Project>,
    },
    /// It leads to something.
    Linked {
        /// How.
        relation: Relation,
        /// To what.
        to: LinkTarget,
    },
    /// A file came with it.
    Attached {
        /// Which.
        attachment: Attachment,
    },
}

/// An event on an item's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Of an idea.
    Idea(idea::Event),
    /// Of a research.
    Research(research::Event),
    /// Of a todo.
    Todo(todo::Event),
    /// Of a pr.
    Pr(pr::Event),
    /// Of any item.
    Fact(Fact),
    /// Something that happened to it was taken back.
    Reversed(Reversed),
}

macro_rules! events {
    ($($variant:ident($type:ty);)*) => {$(
        impl From<$type> for Event {
            fn from(event: $type) -> Self {
                Self::$variant(event)
            }
        }
    )*};
}

events! {
    Idea(idea::Event);
    Research(research::Event);
    Todo(todo::Event);
    Pr(pr::Event);
    Fact(Fact);
    Reversed(Reversed);
}

/// The part of an item that its bucket alone has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Of an idea.
    Idea(idea::State),
    /// Of a research.
    Research(research::State),
    /// Of a todo.
    Todo(todo::State),
    /// Of a pr.
    Pr(pr::State),
}

/// The state of an item: the left fold of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// How it is written.
    pub reference: ItemRef,
    /// The version of its newest event.
    pub version: u64,
    /// Its title.
    pub title: String,
    /// Its body; may be empty.
    pub body: String,
    /// In the order they came.
    pub tags: Vec<Tag>,
    /// How pressing.
    pub priority: Priority,
    /// When due.
    pub due: Option<Due>,
    /// Who is to do it, in the order they came.
    pub people: Vec<PersonId>,
    /// Its project.
    pub project: Option<Project>,
    /// What it leads to.
    pub links: Vec<(Relation, LinkTarget)>,
    /// How many files came with it.
    pub attachments: u32,
    /// How many notes were made on it.
    pub notes: u32,
    /// What it was promoted from.
    pub from: Option<ItemRef>,
    /// The version of the reversal that took its creation back, while that holds.
    pub withdrawn: Option<u64>,
    /// What its bucket alone has.
    pub stage: Stage,
}

impl Item {
    /// One of which nothing is known but what it is; costs no allocation.
    pub(crate) fn blank(reference: ItemRef, stage: Stage) -> Self {
        Self {
            reference,
            version: 0,
            title: String::new(),
            body: String::new(),
            tags: Vec::new(),
            priority: Priority::default(),
            due: None,
            people: Vec::new(),
            project: None,
            links: Vec::new(),
            attachments: 0,
            notes: 0,
            from: None,
            withdrawn: None,
            stage,
        }
    }

    /// One person turned out to be another: what was the one's is the other's.
    pub fn merge_people(&mut self, from: PersonId, into: PersonId) {
        let Some(at) = self.people.iter().position(|person| *person == from) else { return };
        if self.people.contains(&into) {
            self.people.remove(at);
        } else {
            self.people[at] = into;
        }
    }

    /// Whether it needs nothing more: done, promoted, rejected, merged, a closed pr, or taken back.
    pub fn is_closed(&self) -> bool {
        !matches!(self.state_word(), StateWord::Open | StateWord::Running | StateWord::Doing | StateWord::Reviewed)
    }

    /// Where it stands, in a word. Never [`StateWord::Blocked`]: that depends on other items.
    pub fn state_word(&self) -> StateWord {
        if self.withdrawn.is_some() { StateWord::Withdrawn } else { reverse::standing(&self.stage) }
    }

    /// What it waits for, done or not; nothing but a todo waits.
    pub fn needs(&self) -> &[ItemRef] {
        match &self.stage {
            Stage::Todo(state) => &state.needs,
            Stage::Idea(_) | Stage::Research(_) | Stage::Pr(_) => &[],
        }
    }
}
