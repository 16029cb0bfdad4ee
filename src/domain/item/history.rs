//! What happened to an item, and what of it counts: what taking an act back takes back, and what rests on it.
//!
//! The creation of an item is taken back by its first version alone: the item is withdrawn, and all else that was said of
//! it stays as it was, for the day it is brought back.

use std::collections::BTreeSet;

use super::{
    Event, Fact, Item, ItemRef, LinkTarget, evolve,
    reverse::{After, Reversed},
};
use crate::domain::{
    PersonId, Tag, idea, pr, research, todo,
    undo::{Part, taken_back},
};
use crate::lang::{Wording, worded, wording};

/// What one command did to an item: a commit of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its first version.
    pub first: u64,
    /// Its last version.
    pub last: u64,
    /// Its events with their versions; those that cannot be read are left out.
    pub events: Vec<(u64, Event)>,
}

/// Why an act on an item cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Irreversible {
    /// There is no such version.
    NoSuchVersion {
        /// Which item.
        item: ItemRef,
        /// The version that was named.
        version: u64,
    },
    /// All of it is taken back.
    TakenBack {
        /// Which item.
        item: ItemRef,
        /// The version of the reversal that did it.
        by: u64,
    },
    /// The act did nothing to that part.
    NoSuchPart {
        /// Which item.
        item: ItemRef,
        /// The first one that is not there.
        part: Part,
    },
    /// No act on it did anything to that part.
    Nothing {
        /// Which item.
        item: ItemRef,
        /// The first part that was named.
        part: Option<Part>,
    },
    /// A reversal is taken back as a whole.
    Whole,
    /// Its creation is taken back.
    Withdrawn {
        /// Which item.
        item: ItemRef,
        /// The version of the reversal that did it.
        by: u64,
    },
}

worded!(Irreversible);

impl Irreversible {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::NoSuchVersion { item, version } => {
                wording!("reason-no-version", item = *item, version = version.to_string())
            }
            Self::TakenBack { .. } => wording!("reason-undo-taken-back"),
            Self::NoSuchPart { item, part } => wording!("reason-undo-no-part", part = part.wording(), item = *item),
            Self::Nothing { item, part: None } => wording!("reason-undo-nothing", item = *item),
            Self::Nothing { item, part: Some(part) } => {
                wording!("reason-undo-nothing-of", part = part.wording(), item = *item)
            }
            Self::Whole => wording!("reason-undo-whole"),
            Self::Withdrawn { item, .. } => wording!("reason-undo-withdrawn", item = *item),
        }
    }

    /// Whole commands that would help.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoSuchVersion { item, .. } | Self::NoSuchPart { item, .. } | Self::Nothing { item, .. } => {
                vec![format!("/history {item}")]
            }
            Self::TakenBack { item, by } | Self::Withdrawn { item, by } => vec![format!("/undo {item}@{by}")],
            Self::Whole => Vec::new(),
        }
    }
}

/// Events with their versions.
type Versioned<'a> = Vec<&'a (u64, Event)>;

/// All that happened to an item, and what of it counts.
#[derive(Clone, Debug)]
pub struct History {
    reference: ItemRef,
    steps: Vec<Step>,
    gone: BTreeSet<u64>,
}

impl History {
    /// `steps` are all of the item's, in order.
    pub fn new(reference: ItemRef, steps: Vec<Step>) -> Self {
        let gone = gone(&steps, None);
        Self { reference, steps, gone }
    }

    /// Which item.
    pub fn reference(&self) -> ItemRef {
        self.reference
    }

    /// All acts, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether an event counts.
    pub fn counts(&self, version: u64) -> bool {
        !self.gone.contains(&version)
    }

    /// Whether anything an act did counts.
    pub fn any_counts(&self, step: &Step) -> bool {
        step.events.iter().any(|(version, _)| self.counts(*version))
    }

    /// The act a version belongs to.
    pub fn step(&self, version: u64) -> Option<&Step> {
        let at = self.steps.partition_point(|step| step.first <= version).checked_sub(1)?;
        self.steps.get(at).filter(|step| version <= step.last)
    }

    /// The newest act that is no reversal, counts, and did something to one of the parts (no parts: to anything).
    pub fn newest(&self, parts: &[Part]) -> Option<&Step> {
        let fits = |version: u64, event: &Event| {
            self.counts(version)
                && !matches!(event, Event::Reversed(_))
                && (parts.is_empty() || parts.iter().any(|part| concerns(part, event)))
        };
        self.steps.iter().rev().find(|step| step.events.iter().any(|(version, event)| fits(*version, event)))
    }

    /// The reversal that counts and takes a version back.
    pub fn taken_by(&self, version: u64) -> Option<u64> {
        let reversals = self.steps.iter().rev().flat_map(|step| step.events.iter().rev());
        reversals
            .filter(|(at, _)| self.counts(*at))
            .find(|(at, event)| matches!(event, Event::Reversed(it) if *at > version && it.takes.contains(&version)))
            .map(|(at, _)| *at)
    }

    /// The versions that taking back an act takes back: all of it that counts, or what it did to the parts.
    ///
    /// # Errors
    /// [`Irreversible`], when nothing of it can be.
    pub fn takes(&self, step: &Step, parts: &[Part]) -> Result<Vec<u64>, Irreversible> {
        let item = self.reference;
        let reversal = step.events.iter().any(|(_, event)| matches!(event, Event::Reversed(_)));
        let left: Vec<_> = step.events.iter().filter(|(version, _)| self.counts(*version)).collect();
        if let Some(by) = self.taken_by(1) {
            let takes: Vec<u64> = left.iter().map(|(version, _)| *version).collect();
            let brings_back = reversal && !gone(&self.steps, Some((self.version() + 1, &takes))).contains(&1);
            if !brings_back {
                return Err(Irreversible::Withdrawn { item, by });
            }
        }
        if left.is_empty() {
            let by = step.events.first().and_then(|(version, _)| self.taken_by(*version)).unwrap_or(step.first);
            return Err(Irreversible::TakenBack { item, by });
        }
        if parts.is_empty() {
            // With its beginning all the rest goes, and comes back with it.
            return Ok(if step.first == 1 { vec![1] } else { left.iter().map(|(version, _)| *version).collect() });
        }
        if reversal {
            return Err(Irreversible::Whole);
        }
        for part in parts {
            if !left.iter().any(|(_, event)| concerns(part, event)) {
                return Err(Irreversible::NoSuchPart { item, part: part.clone() });
            }
        }
        let part = |event: &Event| parts.iter().any(|part| concerns(part, event));
        Ok(left.iter().filter(|(_, event)| part(event)).map(|(version, _)| *version).collect())
    }

    /// The state when these do not count besides; `None` when the beginning of the item cannot be read.
    pub fn without(&self, takes: &[u64]) -> Option<Item> {
        let next = self.version() + 1;
        state(self.reference, &self.steps, &gone(&self.steps, Some((next, takes))), Some((next, takes)))
    }

    /// The state: the fold of what counts.
    pub fn item(&self) -> Option<Item> {
        state(self.reference, &self.steps, &self.gone, None)
    }

    /// The version of the newest event.
    pub fn version(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.last)
    }

    /// What counts no longer when these are taken back, and what counts again.
    fn effects(&self, takes: &[u64]) -> (Versioned<'_>, Versioned<'_>) {
        let after = gone(&self.steps, Some((self.version() + 1, takes)));
        let (mut lost, mut back) = (Vec::new(), Vec::new());
        for event in self.steps.iter().flat_map(|step| &step.events) {
            match (self.gone.contains(&event.0), after.contains(&event.0)) {
                (false, true) => lost.push(event),
                (true, false) => back.push(event),
                _ => {}
            }
        }
        (lost, back)
    }

    /// The later acts on the same item that rest on these versions: their first versions, in order. An act rests on an
    /// earlier one when it is about the same thing: where the item stands, the same tag, the same text put right. All acts
    /// rest on the beginning.
    pub fn resting(&self, takes: &[u64]) -> Vec<u64> {
        let Some(&first) = takes.first() else { return Vec::new() };
        let (lost, back) = self.effects(takes);
        let begins = takes.contains(&1);
        let reopens = lost.iter().any(|(_, event)| reopens(event));
        let touched: Vec<_> = lost.iter().chain(&back).filter_map(|(_, event)| aspect(event)).collect();
        let rests = |version: u64, event: &Event| {
            if !self.counts(version) || takes.contains(&version) || matches!(event, Event::Reversed(_)) {
                return false;
            }
            begins
                || aspect(event).is_some_and(|aspect| touched.contains(&aspect))
                || corrects(event).is_some_and(|corrected| takes.contains(&corrected))
                || (reopens && only_while_open(event))
        };
        let own = self.step(first).map_or(first, |step| step.first);
        let later = self.steps.iter().filter(|step| step.first > own);
        later
            .filter(|step| step.events.iter().any(|(version, event)| rests(*version, event)))
            .map(|step| step.first)
            .collect()
    }

    /// The reversal of the act that begins with `version`, as the next event of the stream. `takes` as from
    /// [`History::takes`]; `name` is what an event is stored as.
    ///
    /// # Errors
    /// [`Irreversible::Nothing`], when the beginning of the item cannot be read.
    pub fn reverse(
        &self,
        version: u64,
        takes: Vec<u64>,
        parts: Vec<Part>,
        name: impl Fn(&Event) -> String,
    ) -> Result<Reversed, Irreversible> {
        let nothing = Irreversible::Nothing { item: self.reference, part: None };
        let was = self.item().ok_or_else(|| nothing.clone())?;
        let now = self.without(&takes).ok_or(nothing)?;
        let back = self.effects(&takes).1.iter().map(|(version, _)| *version).collect();
        let events = self.steps.iter().flat_map(|step| &step.events);
        let mut what: Vec<String> = Vec::new();
        for (_, event) in events.filter(|(version, _)| takes.contains(version)) {
            let name = name(event);
            if !what.contains(&name) {
                what.push(name);
            }
        }
        let after = Box::new(After::between(&was, &now));
        Ok(Reversed { version, takes, back, parts, what, after, also: Vec::new() })
    }

    /// Takes one more act in, as it will stand in the log.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
        self.gone = gone(&self.steps, None);
    }
}

/// The versions that do not count, with one reversal more if one is given.
fn gone(steps: &[Step], more: Option<(u64, &[u64])>) -> BTreeSet<u64> {
    let all = steps.iter().flat_map(|step| &step.events).map(|(version, event)| match event {
        Event::Reversed(reversed) => (*version, Some(reversed.takes.as_slice())),
        _ => (*version, None),
    });
    taken_back(all.chain(more.map(|(version, takes)| (version, Some(takes)))))
}

/// The fold of what counts, the beginning of the item always.
fn state(reference: ItemRef, steps: &[Step], gone: &BTreeSet<u64>, more: Option<(u64, &[u64])>) -> Option<Item> {
    let mut item = None;
    let newest = more.map_or(steps.last().map_or(0, |step| step.last), |(version, _)| version);
    let mut withdrawn = None;
    for (version, event) in steps.iter().flat_map(|step| &step.events) {
        if gone.contains(version) && *version != 1 {
            continue;
        }
        match event {
            Event::Reversed(reversed) if reversed.takes.contains(&1) => withdrawn = Some(*version),
            Event::Reversed(_) => {}
            event => item = evolve(item, reference, *version, event),
        }
    }
    let mut item: Item = item?;
    item.version = newest;
    if let Some((version, _)) = more.filter(|(_, takes)| takes.contains(&1)) {
        withdrawn = Some(version);
    }
    item.withdrawn = withdrawn.filter(|_| gone.contains(&1));
    Some(item)
}

/// Whether an event is about a part.
fn concerns(part: &Part, event: &Event) -> bool {
    match (part, event) {
        (Part::State, event) => aspect(event) == Some(Aspect::State),
        (Part::Title, Event::Fact(Fact::Retitled { .. }))
        | (Part::Body, Event::Fact(Fact::Described { .. }))
        | (Part::Tags, Event::Fact(Fact::Tagged { .. } | Fact::Untagged { .. }))
        | (Part::Prio, Event::Fact(Fact::Prioritised { .. }))
        | (Part::Due, Event::Fact(Fact::DueSet { .. }))
        | (Part::People, Event::Fact(Fact::Assigned { .. } | Fact::Unassigned { .. }))
        | (Part::People, Event::Todo(todo::Event::Assigned { .. }))
        | (Part::Project, Event::Fact(Fact::MovedToProject { .. }))
        | (Part::Links, Event::Fact(Fact::Linked { .. }))
        | (Part::Needs, Event::Todo(todo::Event::PrerequisiteAdded { .. } | todo::Event::PrerequisiteRemoved { .. }))
        | (Part::Criteria, Event::Todo(todo::Event::CriterionAdded { .. }))
        | (Part::Notes, Event::Fact(Fact::Noted { .. }))
        | (Part::Findings, Event::Research(research::Event::FindingAdded { .. }))
        | (Part::Refinements, Event::Idea(idea::Event::Refined { .. }))
        | (Part::Files, Event::Fact(Fact::Attached { .. })) => true,
        (Part::Tag(tag), event) => aspect(event) == Some(Aspect::Tag(tag)),
        (Part::Person(person), event) => aspect(event) == Some(Aspect::Person(*person)),
        (Part::Need(item), event) => aspect(event) == Some(Aspect::Need(*item)),
        (Part::Link(item), Event::Fact(Fact::Linked { to: LinkTarget::Item(to), .. })) => to == item,
        _ => false,
    }
}

/// What an event is about, when a later event about the same would not be what it is without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aspect<'a> {
    State,
    Title,
    Body,
    Tag(&'a Tag),
    Prio,
    Due,
    Person(PersonId),
    Project,
    Need(ItemRef),
}

fn aspect(event: &Event) -> Option<Aspect<'_>> {
    match event {
        Event::Idea(idea::Event::Created { .. } | idea::Event::Refined { .. })
        | Event::Research(research::Event::Started { .. } | research::Event::FindingAdded { .. })
        | Event::Todo(todo::Event::Created { .. } | todo::Event::CriterionAdded { .. })
        | Event::Pr(pr::Event::Created { .. })
        | Event::Fact(Fact::Noted { .. } | Fact::Linked { .. } | Fact::Attached { .. })
        | Event::Reversed(_) => None,
        Event::Todo(todo::Event::Assigned { person })
        | Event::Fact(Fact::Assigned { person } | Fact::Unassigned { person }) => Some(Aspect::Person(*person)),
        Event::Todo(todo::Event::PrerequisiteAdded { needs } | todo::Event::PrerequisiteRemoved { needs }) => {
            Some(Aspect::Need(*needs))
        }
        Event::Idea(_) | Event::Research(_) | Event::Todo(_) | Event::Pr(_) => Some(Aspect::State),
        Event::Fact(Fact::Retitled { .. }) => Some(Aspect::Title),
        Event::Fact(Fact::Described { .. }) => Some(Aspect::Body),
        Event::Fact(Fact::Tagged { tag } | Fact::Untagged { tag }) => Some(Aspect::Tag(tag)),
        Event::Fact(Fact::Prioritised { .. }) => Some(Aspect::Prio),
        Event::Fact(Fact::DueSet { .. }) => Some(Aspect::Due),
        Event::Fact(Fact::MovedToProject { .. }) => Some(Aspect::Project),
    }
}

/// The version of the text an event puts right.
fn corrects(event: &Event) -> Option<u64> {
    match event {
        Event::Fact(Fact::Noted { corrects, .. }) | Event::Research(research::Event::FindingAdded { corrects, .. }) => {
            *corrects
        }
        _ => None,
    }
}

fn reopens(event: &Event) -> bool {
    matches!(
        event,
        Event::Idea(idea::Event::Reopened { .. })
            | Event::Research(research::Event::Reopened { .. })
            | Event::Todo(todo::Event::Reopened { .. })
            | Event::Pr(pr::Event::Reopened { .. })
    )
}

/// What can be done only to an item that is open.
fn only_while_open(event: &Event) -> bool {
    matches!(
        event,
        Event::Idea(idea::Event::Refined { .. })
            | Event::Research(research::Event::FindingAdded { corrects: None, .. })
            | Event::Todo(todo::Event::CriterionAdded { .. } | todo::Event::PrerequisiteAdded { .. })
    )
}

/// The event that made something of the item: what it made is on another item.
pub fn promotes(event: &Event) -> bool {
    matches!(
        event,
        Event::Idea(idea::Event::Promoted { .. })
            | Event::Research(research::Event::Done { to: Some(_), .. })
            | Event::Todo(todo::Event::Promoted { .. })
    )
}

/// Whether an event says that somebody works on a todo, or finished it: where it waited for something, that was done.
pub fn goes_on(event: &Event) -> bool {
    matches!(event, Event::Todo(todo::Event::Started | todo::Event::Completed { .. } | todo::Event::Promoted { .. }))
}

#[cfg(test)]
#[path = "tests/history.rs"]
mod tests;
