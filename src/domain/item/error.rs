//! Why something cannot be done to an item, as a sentence, and which commands would help.

use std::fmt;

use super::{Bucket, ItemRef, LinkTarget, MANY_MAX};
use crate::domain::{Due, Priority, Project, Tag, idea, pr, research, todo};

/// A piece of text that has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// The one line an item is known by.
    Title,
    /// The lines below it, with the acceptance criteria of what is not a todo.
    Body,
    /// An acceptance criterion.
    Criterion,
    /// The address of a link.
    Address,
    /// What was said otherwise: a note, a finding, a refinement, a reason.
    Words,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Title => "the title",
            Self::Body => "the body",
            Self::Criterion => "the criterion",
            Self::Address => "the address",
            Self::Words => "the text",
        })
    }
}

/// What an item can have several of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Many {
    /// `#tag`
    Tags,
    /// `@person`
    People,
    /// `needs:T3`
    Prerequisites,
    /// `for:T7` and links.
    Links,
    /// `- [ ] ..`
    Criteria,
    /// Files.
    Attachments,
}

impl fmt::Display for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tags => "tags",
            Self::People => "people",
            Self::Prerequisites => "prerequisites",
            Self::Links => "links",
            Self::Criteria => "acceptance criteria",
            Self::Attachments => "attachments",
        })
    }
}

/// What holds already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchanged {
    /// It has that title.
    Title,
    /// It has these tags.
    Tagged(Vec<Tag>),
    /// It has none of these tags.
    NotTagged(Vec<Tag>),
    /// It is as pressing.
    Priority(Priority),
    /// It is due then, or not at all.
    Due(Option<Due>),
    /// It belongs there, or nowhere.
    Project(Option<Project>),
    /// All of them are to do it.
    Assigned,
    /// None of them is to do it.
    NotAssigned,
    /// It waits for these.
    Needs(Vec<ItemRef>),
    /// It waits for none of these.
    DoesNotNeed(Vec<ItemRef>),
    /// It has that acceptance criterion.
    Criterion,
    /// It leads there.
    Linked(LinkTarget),
    /// The message was edited, but nothing of what it says of the item.
    Edited,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title => f.write_str("is called that already"),
            Self::Tagged(tags) => write!(f, "has {} already", list(tags)),
            Self::NotTagged(tags) => write!(f, "does not have {}", list(tags)),
            Self::Priority(priority) => write!(f, "has priority {priority} already"),
            Self::Due(Some(Due::Day(day))) => write!(f, "is due {day} already"),
            Self::Due(Some(Due::At(instant))) => write!(f, "is due {} already", instant.format("%F %R UTC")),
            Self::Due(None) => f.write_str("has no due date"),
            Self::Project(Some(project)) => write!(f, "is {project} already"),
            Self::Project(None) => f.write_str("is in no project"),
            Self::Assigned => f.write_str("is assigned like that already"),
            Self::NotAssigned => f.write_str("is not assigned like that"),
            Self::Needs(items) => write!(f, "waits for {} already", list(items)),
            Self::DoesNotNeed(items) => write!(f, "does not wait for {}", list(items)),
            Self::Criterion => f.write_str("has that criterion already"),
            Self::Linked(LinkTarget::Item(item)) => write!(f, "is linked to {item} already"),
            Self::Linked(LinkTarget::Url(url)) => write!(f, "is linked to {url} already"),
            Self::Edited => f.write_str("is in line with the edited message already"),
        }
    }
}

/// Why something cannot be done to an item, or why there cannot be such an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its creation was taken back.
    #[error("{item} was taken back")]
    Withdrawn {
        /// Which.
        item: ItemRef,
        /// The version of the reversal that did it.
        by: u64,
    },
    /// Where an idea stands does not allow it.
    #[error(transparent)]
    Idea(#[from] idea::Error),
    /// Where a research stands does not allow it.
    #[error(transparent)]
    Research(#[from] research::Error),
    /// Where a todo stands does not allow it.
    #[error(transparent)]
    Todo(#[from] todo::Error),
    /// Where a pr stands does not allow it.
    #[error(transparent)]
    Pr(#[from] pr::Error),
    /// Other buckets have that, this one has not.
    #[error("only {} can {what}; {item} is {}", alternatives(only), item.bucket.one())]
    WrongBucket {
        /// Which.
        item: ItemRef,
        /// What was wanted, as it stands behind "can": `be rejected`.
        what: &'static str,
        /// Where that can be done.
        only: &'static [Bucket],
        /// Whole commands that come nearest to it for this item.
        instead: Vec<String>,
    },
    /// A promotion leads onwards only.
    #[error(
        "{item} is {} and can be promoted to {} only, not to {}",
        item.bucket.one(),
        alternatives(onwards(item.bucket)),
        to.one()
    )]
    NotOnwards {
        /// Which.
        item: ItemRef,
        /// Where it was to go.
        to: Bucket,
    },
    /// `needs:` on something that does not wait.
    #[error("only todos wait for other items, and this is {}", bucket.one())]
    OnlyTodosWait {
        /// What it is, or would become.
        bucket: Bucket,
    },
    /// It would wait for itself.
    #[error("{item} cannot wait for itself")]
    WaitsForItself {
        /// Which.
        item: ItemRef,
    },
    /// It would wait for what waits for it.
    #[error("{item} cannot wait for {}: the circle {item} -> {} -> {item} would never be done", list(on), list(on))]
    Circular {
        /// Which.
        item: ItemRef,
        /// Those of the wanted prerequisites that wait for it, over any number of steps; at least one.
        on: Vec<ItemRef>,
    },
    /// It would lead to itself.
    #[error("{item} cannot be linked to itself")]
    LinkedToItself {
        /// Which.
        item: ItemRef,
    },
    /// It is like that already.
    #[error("{item} {what}")]
    NothingChanges {
        /// Which.
        item: ItemRef,
        /// What holds already.
        what: Unchanged,
    },
    /// Nothing was said where something is needed.
    #[error("{what} is empty")]
    Empty {
        /// Where.
        what: Text,
    },
    /// A list without entries where at least one is needed.
    #[error("no {what} are named")]
    NoneNamed {
        /// Of what.
        what: Many,
    },
    /// A title is one line.
    #[error("the title has more than one line")]
    TitleOfLines,
    /// Too much was said.
    #[error("{what} has {actual} characters, and at most {limit} fit")]
    TooLong {
        /// Where.
        what: Text,
        /// The most characters.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// Too many of something.
    #[error("that would be {actual} {what}, and an item has at most {MANY_MAX}")]
    TooMany {
        /// Of what.
        what: Many,
        /// How many it would be.
        actual: usize,
    },
    /// A link leads to the web or to an item.
    #[error("{url:?} is no address: a link begins with http:// or https://, or is an item such as T7")]
    NoAddress {
        /// What was given.
        url: String,
    },
    /// The text that was to be corrected is not there.
    #[error("{item} has no version {version} whose text could be corrected")]
    NoSuchVersion {
        /// Which.
        item: ItemRef,
        /// The version that was to be corrected.
        version: u64,
    },
}

impl Error {
    /// Whole commands that would help, most likely first, to be offered as buttons. `item` is the item to name in them;
    /// `None` when there is none (it could not be created), and then nothing is offered that would need it.
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        match self {
            Self::Withdrawn { item, by } => vec![format!("/undo {item}@{by}")],
            Self::Idea(error) => error.hints(item),
            Self::Research(error) => error.hints(item),
            Self::Todo(error) => error.hints(item),
            Self::Pr(error) => error.hints(item),
            Self::WrongBucket { instead, .. } => instead.clone(),
            Self::NotOnwards { .. } => item.map(|item| format!("/promote {item}")).into_iter().collect(),
            Self::Circular { on, .. } => on.iter().map(|item| format!("/why {item}")).collect(),
            Self::OnlyTodosWait { .. }
            | Self::WaitsForItself { .. }
            | Self::LinkedToItself { .. }
            | Self::NothingChanges { .. }
            | Self::Empty { .. }
            | Self::NoneNamed { .. }
            | Self::TitleOfLines
            | Self::TooLong { .. }
            | Self::TooMany { .. }
            | Self::NoAddress { .. }
            | Self::NoSuchVersion { .. } => Vec::new(),
        }
    }
}

/// ` ("too early")`, or nothing when no reason was given.
pub(in crate::domain) fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" (\"{reason}\")") }
}

/// The buckets an item of this one can be promoted to; the first is where it goes when nothing is said.
pub(super) fn onwards(bucket: Bucket) -> &'static [Bucket] {
    match bucket {
        Bucket::Idea => &[Bucket::Research, Bucket::Todo, Bucket::Pr],
        Bucket::Research => &[Bucket::Todo, Bucket::Pr],
        Bucket::Todo => &[Bucket::Pr],
        Bucket::Pr => &[],
    }
}

fn alternatives(buckets: &[Bucket]) -> String {
    match buckets {
        [] => "nothing".to_owned(),
        [one] => one.one().to_owned(),
        [firsts @ .., last] => {
            let firsts: Vec<_> = firsts.iter().map(|bucket| bucket.one()).collect();
            format!("{} or {}", firsts.join(", "), last.one())
        }
    }
}

fn list(things: &[impl fmt::Display]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
