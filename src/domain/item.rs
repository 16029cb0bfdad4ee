//! What every item has, whatever its bucket; the dispatch of `decide` and `evolve` to the bucket's own file.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Due, PersonId, Priority, Project, Tag, idea, pr, research, todo};

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
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ItemRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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
}

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

/// The part of an item that its bucket alone has.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What its bucket alone has.
    pub stage: Stage,
}
