//! Why something cannot be done to an item, as a sentence, and which commands would help.

use std::fmt;

use super::{Bucket, ItemRef, LinkTarget, MANY_MAX};
use crate::{
    domain::{Due, Priority, Project, Tag, idea, pr, research, todo},
    lang::{Wording, worded, wording},
};

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

impl Text {
    /// What a sentence about it is chosen by.
    fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Criterion => "criterion",
            Self::Address => "address",
            Self::Words => "words",
        }
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

impl Many {
    /// What a sentence about them is chosen by.
    fn key(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::People => "people",
            Self::Prerequisites => "prerequisites",
            Self::Links => "links",
            Self::Criteria => "criteria",
            Self::Attachments => "attachments",
        }
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

impl Unchanged {
    fn wording(&self, item: ItemRef) -> Wording {
        match self {
            Self::Title => wording!("reason-same-title", item),
            Self::Tagged(tags) => wording!("reason-tagged", item, tags = list(tags)),
            Self::NotTagged(tags) => wording!("reason-not-tagged", item, tags = list(tags)),
            Self::Priority(priority) => wording!("reason-same-priority", item, priority = priority.word()),
            Self::Due(Some(due)) => wording!("reason-same-due", item, due = *due),
            Self::Due(None) => wording!("reason-no-due", item),
            Self::Project(Some(project)) => wording!("reason-same-project", item, project = project.to_string()),
            Self::Project(None) => wording!("reason-no-project", item),
            Self::Assigned => wording!("reason-assigned", item),
            Self::NotAssigned => wording!("reason-not-assigned", item),
            Self::Needs(items) => wording!("reason-needs", item, items = list(items)),
            Self::DoesNotNeed(items) => wording!("reason-does-not-need", item, items = list(items)),
            Self::Criterion => wording!("reason-same-criterion", item),
            Self::Linked(LinkTarget::Item(to)) => wording!("reason-linked", item, to = *to),
            Self::Linked(LinkTarget::Url(url)) => wording!("reason-linked", item, to = url),
            Self::Edited => wording!("reason-edited", item),
        }
    }
}

/// Why something cannot be done to an item, or why there cannot be such an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its creation was taken back.
    Withdrawn {
        /// Which.
        item: ItemRef,
        /// The version of the reversal that did it.
        by: u64,
    },
    /// Where an idea stands does not allow it.
    Idea(idea::Error),
    /// Where a research stands does not allow it.
    Research(research::Error),
    /// Where a todo stands does not allow it.
    Todo(todo::Error),
    /// Where a pr stands does not allow it.
    Pr(pr::Error),
    /// Other buckets have that, this one has not.
    WrongBucket {
        /// Which.
        item: ItemRef,
        /// What was wanted: `reject`.
        what: &'static str,
        /// Where that can be done.
        only: &'static [Bucket],
        /// Whole commands that come nearest to it for this item.
        instead: Vec<String>,
    },
    /// A promotion leads onwards only.
    NotOnwards {
        /// Which.
        item: ItemRef,
        /// Where it was to go.
        to: Bucket,
    },
    /// `needs:` on something that does not wait.
    OnlyTodosWait {
        /// What it is, or would become.
        bucket: Bucket,
    },
    /// It would wait for itself.
    WaitsForItself {
        /// Which.
        item: ItemRef,
    },
    /// It would wait for what waits for it.
    Circular {
        /// Which.
        item: ItemRef,
        /// Those of the wanted prerequisites that wait for it, over any number of steps; at least one.
        on: Vec<ItemRef>,
    },
    /// It would lead to itself.
    LinkedToItself {
        /// Which.
        item: ItemRef,
    },
    /// It is like that already.
    NothingChanges {
        /// Which.
        item: ItemRef,
        /// What holds already.
        what: Unchanged,
    },
    /// Nothing was said where something is needed.
    Empty {
        /// Where.
        what: Text,
    },
    /// A list without entries where at least one is needed.
    NoneNamed {
        /// Of what.
        what: Many,
    },
    /// A title is one line.
    TitleOfLines,
    /// Too much was said.
    TooLong {
        /// Where.
        what: Text,
        /// The most characters.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// Too many of something.
    TooMany {
        /// Of what.
        what: Many,
        /// How many it would be.
        actual: usize,
    },
    /// A link leads to the web or to an item.
    NoAddress {
        /// What was given.
        url: String,
    },
    /// The text that was to be corrected is not there.
    NoSuchVersion {
        /// Which.
        item: ItemRef,
        /// The version that was to be corrected.
        version: u64,
    },
}

worded!(Error);

macro_rules! of_a_bucket {
    ($($variant:ident $error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

of_a_bucket!(Idea idea::Error, Research research::Error, Todo todo::Error, Pr pr::Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Withdrawn { item, .. } => wording!("reason-withdrawn", item = *item),
            Self::Idea(error) => error.wording(),
            Self::Research(error) => error.wording(),
            Self::Todo(error) => error.wording(),
            Self::Pr(error) => error.wording(),
            Self::WrongBucket { item, what, only, .. } => wording!(
                "reason-wrong-bucket",
                item = *item,
                what = *what,
                only = alternatives(only),
                bucket = item.bucket.word()
            ),
            Self::NotOnwards { item, to } => wording!(
                "reason-not-onwards",
                item = *item,
                bucket = item.bucket.word(),
                only = alternatives(onwards(item.bucket)),
                to = to.word()
            ),
            Self::OnlyTodosWait { bucket } => wording!("reason-only-todos-wait", bucket = bucket.word()),
            Self::WaitsForItself { item } => wording!("reason-waits-for-itself", item = *item),
            Self::Circular { item, on } => wording!("reason-circular", item = *item, on = list(on)),
            Self::LinkedToItself { item } => wording!("reason-linked-to-itself", item = *item),
            Self::NothingChanges { item, what } => what.wording(*item),
            Self::Empty { what } => wording!("reason-empty", what = what.key()),
            Self::NoneNamed { what } => wording!("reason-none-named", what = what.key()),
            Self::TitleOfLines => wording!("reason-title-of-lines"),
            Self::TooLong { what, limit, actual } => {
                wording!("reason-too-long", what = what.key(), limit = limit.to_string(), actual = actual.to_string())
            }
            Self::TooMany { what, actual } => {
                wording!("reason-too-many", what = what.key(), actual = actual.to_string(), most = MANY_MAX)
            }
            Self::NoAddress { url } => wording!("reason-no-address", url = format!("{url:?}")),
            Self::NoSuchVersion { item, version } => {
                wording!("reason-no-text-version", item = *item, version = version.to_string())
            }
        }
    }

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

/// With ` ("too early")` behind it, unless no reason was given.
pub(in crate::domain) fn because(what: Wording, reason: &str) -> Wording {
    if reason.is_empty() { what } else { wording!("reason-because", what, reason = reason.to_owned()) }
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

fn alternatives(buckets: &[Bucket]) -> Wording {
    let one = |bucket: &Bucket| wording!("a-bucket", bucket = bucket.word());
    match buckets {
        [] => wording!("nothing"),
        [one_alone] => one(one_alone),
        [first, others @ .., last] => {
            let firsts =
                others.iter().fold(one(first), |before, next| wording!("reason-comma", before, next = one(next)));
            wording!("reason-or", before = firsts, last = one(last))
        }
    }
}

fn list(things: &[impl fmt::Display]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
