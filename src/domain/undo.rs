//! Taking back: which act somebody means, which parts of it, and what of a history still counts. What a reversal of an
//! item, a room or a person changes is in `item/reverse.rs`, `room/reverse.rs` and `person/reverse.rs`.
//!
//! Nothing is deleted. A reversal is an event that names the versions it takes back; it can be taken back itself. What
//! counts is found from the newest event to the oldest: one does not count when a reversal that counts names it. The state
//! after any history is the fold of the events that count. Since a fold never looks back, a reversal also says what is
//! different after it; that is computed once, from the whole history, when it is decided.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{ItemRef, PersonId, Tag};
use crate::lang::{Wording, worded, wording};

/// Which act. `P` is a person: a handle as said, a [`PersonId`] once looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of<P = PersonId> {
    /// The newest one of whoever says it, in the room it is said in.
    LastHere,
    /// One on an item: the one this version belongs to, or the newest.
    Item {
        /// Which.
        item: ItemRef,
        /// A version of that act.
        version: Option<u64>,
    },
    /// One about the room it is said in.
    Room {
        /// A version of that act.
        version: Option<u64>,
    },
    /// One about a person.
    Person {
        /// Who.
        person: P,
        /// A version of that act.
        version: Option<u64>,
    },
}

/// An act that is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back<P = PersonId> {
    /// Which.
    pub of: Of<P>,
    /// Only what it did to these; empty: all of it.
    pub parts: Vec<Part<P>>,
}

/// A part of an item that an act is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<P = PersonId> {
    /// Where it stands.
    State,
    /// Its title.
    Title,
    /// Its body.
    Body,
    /// All its tags.
    Tags,
    /// One tag.
    Tag(Tag),
    /// Its priority.
    Prio,
    /// Its due date.
    Due,
    /// Everybody who is to do it.
    People,
    /// One of them.
    Person(P),
    /// Its project.
    Project,
    /// All its links.
    Links,
    /// The links to one item.
    Link(ItemRef),
    /// All it waits for.
    Needs,
    /// One of them.
    Need(ItemRef),
    /// Its acceptance criteria.
    Criteria,
    /// What was noted on it.
    Notes,
    /// What was found out.
    Findings,
    /// How it was said better.
    Refinements,
    /// Files.
    Files,
}

impl<P> Part<P> {
    /// The same with the person looked up.
    ///
    /// # Errors
    /// The error of `look_up`.
    pub fn try_map_person<Q, E>(self, look_up: impl FnOnce(P) -> Result<Q, E>) -> Result<Part<Q>, E> {
        Ok(match self {
            Self::Person(person) => Part::Person(look_up(person)?),
            Self::State => Part::State,
            Self::Title => Part::Title,
            Self::Body => Part::Body,
            Self::Tags => Part::Tags,
            Self::Tag(tag) => Part::Tag(tag),
            Self::Prio => Part::Prio,
            Self::Due => Part::Due,
            Self::People => Part::People,
            Self::Project => Part::Project,
            Self::Links => Part::Links,
            Self::Link(item) => Part::Link(item),
            Self::Needs => Part::Needs,
            Self::Need(item) => Part::Need(item),
            Self::Criteria => Part::Criteria,
            Self::Notes => Part::Notes,
            Self::Findings => Part::Findings,
            Self::Refinements => Part::Refinements,
            Self::Files => Part::Files,
        })
    }

    /// Whether it is spoken of as several.
    pub fn is_plural(&self) -> bool {
        use Part::{Criteria, Files, Findings, Links, Notes, Refinements, Tags};
        matches!(self, Tags | Links | Criteria | Notes | Findings | Refinements | Files)
    }

    /// Its word; empty for what is written otherwise (`#tag`, `@person`, `needs:T3`, `for:T7`).
    pub fn word(&self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Title => "title",
            Self::Body => "body",
            Self::Tags => "tags",
            Self::Prio => "prio",
            Self::Due => "due",
            Self::People => "people",
            Self::Project => "project",
            Self::Links => "links",
            Self::Needs => "needs",
            Self::Criteria => "criteria",
            Self::Notes => "notes",
            Self::Findings => "findings",
            Self::Refinements => "refinements",
            Self::Files => "files",
            Self::Tag(_) | Self::Person(_) | Self::Link(_) | Self::Need(_) => "",
        }
    }
}

impl<P> Part<P> {
    /// What people call it in a sentence.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Tag(tag) => Wording::from(tag.to_string()),
            Self::Person(_) | Self::People => wording!("part-people"),
            Self::Link(item) => wording!("part-the-link", item = *item),
            Self::Need(item) => wording!("part-the-need", item = *item),
            Self::State => wording!("part-state"),
            Self::Prio => wording!("part-prio"),
            Self::Due => wording!("part-due"),
            Self::Needs => wording!("part-needs"),
            Self::Title => wording!("part-title"),
            Self::Body => wording!("part-body"),
            Self::Tags => wording!("part-tags"),
            Self::Project => wording!("part-project"),
            Self::Links => wording!("part-links"),
            Self::Criteria => wording!("part-criteria"),
            Self::Notes => wording!("part-notes"),
            Self::Findings => wording!("part-findings"),
            Self::Refinements => wording!("part-refinements"),
            Self::Files => wording!("part-files"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wording().fmt(f)
    }
}

/// The versions that do not count: those that a reversal which counts takes back. `events` are all of a stream in order,
/// each with what it takes back if it is a reversal.
pub fn taken_back<'a>(events: impl DoubleEndedIterator<Item = (u64, Option<&'a [u64]>)>) -> BTreeSet<u64> {
    let mut gone = BTreeSet::new();
    for (version, takes) in events.rev() {
        if let Some(takes) = takes
            && !gone.contains(&version)
        {
            // A reversal takes back what was before it; a log made by hand may say otherwise.
            gone.extend(takes.iter().copied().filter(|&taken| taken < version));
        }
    }
    gone
}

/// An event of a stream whose acts are taken back as a whole: a room's, a person's.
pub trait Happening {
    /// What it takes back, if it is a reversal.
    fn takes(&self) -> Option<&[u64]>;

    /// Whether it is about the same as another one.
    fn is_about_the_same(&self, other: &Self) -> bool;
}

/// Why an act about a room or a person cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Irreversible {
    /// There is no such version.
    NoSuchVersion {
        /// The version that was named.
        version: u64,
    },
    /// All of it is taken back.
    TakenBack {
        /// The version of the reversal that did it.
        by: u64,
    },
    /// There is no act left.
    Nothing,
    /// A later act is about the same.
    Resting {
        /// The version of that act.
        by: u64,
    },
}

worded!(Irreversible);

impl Irreversible {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::NoSuchVersion { version } => wording!("reason-undo-no-version-there", version = version.to_string()),
            Self::TakenBack { .. } => wording!("reason-undo-taken-back"),
            Self::Nothing => wording!("reason-undo-nothing-left"),
            Self::Resting { .. } => wording!("reason-undo-resting"),
        }
    }
}

/// What an undo of an act about a room or a person takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The first version of the act.
    pub version: u64,
    /// The versions that do not count any more.
    pub takes: Vec<u64>,
    /// All versions that do not count after it.
    pub gone: BTreeSet<u64>,
}

/// One act: its first and last version, and its events with theirs.
pub type Act<E> = (u64, u64, Vec<(u64, E)>);

/// What taking back an act comes to: the one a version belongs to, or the newest that is no reversal and counts. `acts` are
/// all of the stream, in order.
///
/// # Errors
/// [`Irreversible`], when there is none, or a later act that counts is about the same.
pub fn take_back<E: Happening>(acts: &[Act<E>], version: Option<u64>) -> Result<Taken, Irreversible> {
    let events = || acts.iter().flat_map(|(_, _, events)| events);
    let all = || events().map(|(version, event)| (*version, event.takes()));
    let gone = taken_back(all());
    let counts = |version: &u64| !gone.contains(version);
    let (first, _, own) = match version {
        Some(version) => acts
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&version))
            .ok_or(Irreversible::NoSuchVersion { version })?,
        None => acts
            .iter()
            .rev()
            .find(|(_, _, own)| own.iter().any(|(version, event)| counts(version) && event.takes().is_none()))
            .ok_or(Irreversible::Nothing)?,
    };
    let takes: Vec<u64> = own.iter().map(|(version, _)| *version).filter(|version| counts(version)).collect();
    if takes.is_empty() {
        let by = events().rev().find(|(at, event)| {
            counts(at) && event.takes().is_some_and(|takes| takes.iter().any(|it| own.iter().any(|(at, _)| at == it)))
        });
        return Err(Irreversible::TakenBack { by: by.map_or(*first, |(at, _)| *at) });
    }
    let last = acts.last().map_or(0, |(_, last, _)| *last);
    let after = taken_back(all().chain([(last + 1, Some(takes.as_slice()))]));
    let touched: Vec<&E> = events()
        .filter(|(version, event)| gone.contains(version) != after.contains(version) && event.takes().is_none())
        .map(|(_, event)| event)
        .collect();
    let resting = events().find(|(version, event)| {
        version > first
            && counts(version)
            && !takes.contains(version)
            && event.takes().is_none()
            && touched.iter().any(|it| it.is_about_the_same(event))
    });
    match resting {
        Some((by, _)) => Err(Irreversible::Resting { by: *by }),
        None => Ok(Taken { version: *first, takes, gone: after }),
    }
}

/// A value that may be nothing, as it is after a reversal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value<T> {
    /// There is none.
    Nothing,
    /// This.
    Is(T),
}

impl<T: Clone + PartialEq> Value<T> {
    /// What it is now, if that is not what it was.
    pub(super) fn changed(was: &Option<T>, now: &Option<T>) -> Option<Self> {
        (was != now).then(|| now.clone().map_or(Self::Nothing, Self::Is))
    }

    /// As it is kept in a state.
    pub(crate) fn get(&self) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Is(value) => Some(value.clone()),
        }
    }
}

/// What it is now, if that is not what it was.
pub(super) fn changed<T: Clone + PartialEq>(was: &T, now: &T) -> Option<T> {
    (was != now).then(|| now.clone())
}

/// How a list is different after a reversal. What stays is not said again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChange<T> {
    /// What goes, by its place in the list as it was; ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<usize>,
    /// What comes, with its place in the list as it is then; ascending.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<(usize, T)>,
}

impl<T> Default for ListChange<T> {
    fn default() -> Self {
        Self { gone: Vec::new(), back: Vec::new() }
    }
}

impl<T: Clone + PartialEq> ListChange<T> {
    /// From one list to another.
    pub(super) fn of(was: &[T], now: &[T]) -> Self {
        let mut change = Self::default();
        let mut at = 0;
        for (place, old) in was.iter().enumerate() {
            match now[at..].iter().position(|new| new == old) {
                Some(0) => at += 1,
                // What keeps its order stays; for the rest it does not matter which of them move.
                Some(ahead) if !was[place + 1..].iter().any(|later| now[at..at + ahead].contains(later)) => {
                    change.back.extend((at..at + ahead).map(|place| (place, now[place].clone())));
                    at += ahead + 1;
                }
                _ => change.gone.push(place),
            }
        }
        change.back.extend((at..now.len()).map(|place| (place, now[place].clone())));
        change
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.back.is_empty()
    }

    /// Makes it so. Total: a place that is not there is passed over, or is the end.
    pub(super) fn apply(&self, list: &mut Vec<T>) {
        if self.is_empty() {
            return;
        }
        let mut place = 0;
        list.retain(|_| {
            place += 1;
            !self.gone.contains(&(place - 1))
        });
        for (place, thing) in &self.back {
            list.insert((*place).min(list.len()), thing.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn a_change_leads_from_one_list_to_the_other(was in vec(0..8_u8, 0..9), now in vec(0..8_u8, 0..9)) {
            let change = ListChange::of(&was, &now);
            let mut list = was.clone();
            change.apply(&mut list);
            prop_assert_eq!(&list, &now);
            prop_assert_eq!(change.is_empty(), was == now);
        }

        #[test]
        fn any_change_can_be_applied(gone in vec(any::<usize>(), 0..4), back in vec((any::<usize>(), 0..8_u8), 0..4)) {
            let mut list = vec![1, 2, 3];
            ListChange { gone, back }.apply(&mut list);
        }
    }

    #[test]
    fn a_reversal_that_is_taken_back_takes_nothing_back() {
        let takes: [&[u64]; 3] = [&[2], &[4], &[5]];
        let events = |reversals: usize| {
            let mut events: Vec<(u64, Option<&[u64]>)> = vec![(1, None), (2, None), (3, None)];
            events.extend((4..).zip(takes).take(reversals).map(|(version, takes)| (version, Some(takes))));
            taken_back(events.into_iter()).into_iter().collect::<Vec<_>>()
        };
        assert!(events(0).is_empty());
        assert_eq!(events(1), [2]);
        assert_eq!(events(2), [4]);
        assert_eq!(events(3), [2, 5]);
    }

    #[test]
    fn nothing_takes_back_what_comes_later() {
        let events: Vec<(u64, Option<&[u64]>)> = vec![(1, Some(&[1, 2])), (2, None)];
        assert!(taken_back(events.into_iter()).is_empty());
    }
}
