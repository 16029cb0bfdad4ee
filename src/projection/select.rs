//! Filters applied: which items somebody means, and in which order they are shown.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{Viewer, World, entry::Entry, items::Items, pairs::Pairs, words};
use crate::{
    command::{Command, Look},
    domain::{Bucket, Filter, Handle, ItemRef, PersonId, Priority, filter::StateWord, item::Item},
    lang::say,
    log::Commit,
};

/// A filter made ready for many items.
struct Sieve<'a> {
    filter: &'a Filter,
    due: Option<DateTime<Utc>>,
    words: Vec<String>,
    /// Of all the words: who has not these holds not all of them.
    pairs: Pairs,
    viewer: &'a Viewer,
    /// What is searched in; kept from item to item.
    text: String,
}

impl<'a> Sieve<'a> {
    fn new(filter: &'a Filter, viewer: &'a Viewer) -> Self {
        let words: Vec<_> = filter.words.iter().map(|word| words::folded(word.trim())).collect();
        let mut pairs = Pairs::default();
        words.iter().for_each(|word| pairs.add(word));
        let due = filter.due.map(|due| words::due_until(due, viewer));
        Self { filter, due, words, pairs, viewer, text: String::new() }
    }

    fn passes(&mut self, items: &Items, entry: &Entry) -> bool {
        let (filter, item) = (self.filter, &entry.seen.item);
        one_of(&filter.buckets, |bucket| *bucket == item.reference.bucket)
            && one_of(&filter.items, |reference| *reference == item.reference)
            && one_of(&filter.priorities, |priority| *priority == item.priority)
            && one_of(&filter.projects, |project| item.project.as_ref() == Some(project))
            && one_of(&filter.tags, |tag| item.tags.contains(tag))
            && one_of(&filter.people, |person| item.people.contains(person))
            && one_of(&filter.states, |state| is_in(*state, item, items))
            && self.due.is_none_or(|until| item.due.is_some_and(|due| words::due_until(due, self.viewer) <= until))
            && self.says(entry)
    }

    /// Whether all words are somewhere in title, body, tags, project, or what was said on it.
    fn says(&mut self, entry: &Entry) -> bool {
        if self.words.is_empty() {
            return true;
        }
        self.text.clear();
        words::fold_into(&mut self.text, &entry.seen.item.title);
        if self.words.iter().all(|word| self.text.contains(word.as_str())) {
            return true;
        }
        entry.searched_into(&mut self.text);
        self.words.iter().all(|word| self.text.contains(word.as_str()))
    }
}

/// No values at all let everything through, several are alternatives.
fn one_of<T>(values: &[T], fits: impl Fn(&T) -> bool) -> bool {
    values.is_empty() || values.iter().any(fits)
}

fn is_in(state: StateWord, item: &Item, items: &Items) -> bool {
    let is = item.state_word();
    match state {
        StateWord::Open => matches!(is, StateWord::Open | StateWord::Reviewed),
        StateWord::Blocked => items.is_blocked(item),
        StateWord::Closed => item.is_closed(),
        state => is == state,
    }
}

/// Where an item stands in an order; the smallest is shown first.
type Key = (Reverse<Priority>, bool, DateTime<Utc>, Reverse<u64>, ItemRef);

/// In which order items are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// What presses most first, then what changed last.
    Pressing,
    /// What presses most first, what was begun before what was not, then the oldest.
    Next,
}

impl Order {
    fn key(self, entry: &Entry, viewer: &Viewer) -> Key {
        let item = &entry.seen.item;
        let due = item.due.map_or(DateTime::<Utc>::MAX_UTC, |due| words::due_until(due, viewer));
        match self {
            Self::Pressing => (Reverse(item.priority), false, due, Reverse(entry.seen.position.0), item.reference),
            Self::Next => {
                let begun = item.state_word() == StateWord::Doing;
                let age = Reverse(u64::MAX - entry.seen.created_at.timestamp_micros().unsigned_abs());
                (Reverse(item.priority), !begun, due, age, item.reference)
            }
        }
    }
}

/// An item as it was after a commit.
#[derive(Clone, Debug)]
pub struct Then(Entry);

impl Then {
    /// Its state then.
    pub fn item(&self) -> &Item {
        &self.0.seen.item
    }
}

impl World {
    /// An item as it was after the last of these commits, which are those of its stream from the first.
    pub fn then(&self, commits: &[Arc<Commit>]) -> Option<Then> {
        let reference = ItemRef::of_stream(commits.first()?.stream.as_str())?;
        let mut entry = Entry::replay(reference, commits, &self.merges, &mut HashSet::new())?;
        // Whoever they turned out to be since.
        for &(_, from, into) in &self.merges {
            entry.seen.item.merge_people(from, into);
        }
        Some(Then(entry))
    }

    /// Whether an item passed a filter then. Whether it waited is told by what it waits for as that is now.
    pub fn passed(&self, then: &Then, filter: &Filter, viewer: &Viewer) -> bool {
        Sieve::new(filter, viewer).passes(&self.items, &then.0)
    }

    /// Whether an item passes a filter. Of what was said on an item besides title and body, the newest 2 KB are searched.
    pub fn passes(&self, item: ItemRef, filter: &Filter, viewer: &Viewer) -> bool {
        self.items.get(item).is_some_and(|entry| Sieve::new(filter, viewer).passes(&self.items, entry))
    }

    /// The items that pass a filter and `also`, at most `shown` of them behind the first `skipped`, in order; and how many
    /// pass in all.
    pub(super) fn selected(
        &self,
        filter: &Filter,
        also: impl Fn(&Item) -> bool,
        (order, skipped, shown): (Order, usize, usize),
        viewer: &Viewer,
    ) -> (Vec<ItemRef>, usize) {
        let mut keys = Vec::new();
        self.sift(filter, viewer, |entry| {
            if also(&entry.seen.item) {
                keys.push(order.key(entry, viewer));
            }
        });
        let all = keys.len();
        // Only what is shown has to be in order, and the rest can be hundreds of thousands.
        let end = skipped.saturating_add(shown).min(all);
        if end < all {
            keys.select_nth_unstable(end);
            keys.truncate(end);
        }
        keys.sort_unstable();
        (keys.into_iter().skip(skipped).map(|key| key.4).collect(), all)
    }

    /// How many items pass a filter, by where they stand.
    pub(super) fn tally(&self, filter: &Filter, viewer: &Viewer) -> BTreeMap<StateWord, usize> {
        let mut tally = BTreeMap::new();
        self.sift(filter, viewer, |entry| *tally.entry(self.state(&entry.seen.item)).or_default() += 1);
        tally
    }

    /// The items that pass a filter, closed ones too.
    pub(super) fn passing(&self, filter: &Filter, viewer: &Viewer) -> Vec<ItemRef> {
        let mut found = Vec::new();
        self.sift(filter, viewer, |entry| found.push(entry.seen.item.reference));
        found
    }

    /// Whether anything that is not closed passes a filter.
    pub fn has_open(&self, filter: &Filter, viewer: &Viewer) -> bool {
        let mut found = false;
        self.sift(filter, viewer, |entry| found |= !entry.seen.item.is_closed());
        found
    }

    /// Hands every item that passes a filter to `take`.
    pub(super) fn sift(&self, filter: &Filter, viewer: &Viewer, mut take: impl FnMut(&Entry)) {
        let mut sieve = Sieve::new(filter, viewer);
        let pairs = sieve.pairs;
        // What was taken back is shown to whoever asks for just that.
        let withdrawn_too = filter.states.contains(&StateWord::Withdrawn);
        let mut sift = |entry: &Entry| {
            if (withdrawn_too || entry.seen.item.withdrawn.is_none()) && sieve.passes(&self.items, entry) {
                take(entry);
            }
        };
        if filter.items.is_empty() {
            let buckets = Bucket::ALL.into_iter().filter(|bucket| one_of(&filter.buckets, |it| it == bucket));
            buckets.flat_map(|bucket| self.items.that_may_hold(bucket, pairs)).for_each(&mut sift);
        } else {
            let mut named = filter.items.clone();
            named.sort_unstable();
            named.dedup();
            named.iter().filter_map(|&item| self.items.get(item)).for_each(&mut sift);
        }
    }

    /// A filter with people as they are written; those who are not known are left out.
    pub(super) fn handles(&self, filter: &Filter) -> Filter<Handle> {
        let known = filter.people.iter().filter_map(|&person| Some(self.person(person)?.handle.clone())).collect();
        Filter {
            people: known,
            buckets: filter.buckets.clone(),
            states: filter.states.clone(),
            tags: filter.tags.clone(),
            projects: filter.projects.clone(),
            priorities: filter.priorities.clone(),
            items: filter.items.clone(),
            due: filter.due,
            words: filter.words.clone(),
            on: filter.on.clone(),
        }
    }

    /// A filter in the words that say it: `todo open #auth @dana due:2026-12-01`; empty for everything.
    pub fn filter_text(&self, filter: &Filter, viewer: &Viewer) -> String {
        let list =
            Command::Look(Look::List { filter: self.handles(filter), page: 1, at: None }).to_text(viewer.time_zone);
        list.trim_start_matches("/list").trim_start().to_owned()
    }

    /// A filter in words, for a sentence: as it is said, or `everything`.
    pub(super) fn filter_words(&self, filter: &Filter, viewer: &Viewer) -> String {
        let text = self.filter_text(filter, viewer);
        if text.is_empty() { say!(viewer.lang, "everything") } else { text }
    }

    /// The filter for what somebody has to do.
    pub(super) fn of_person(filter: &Filter, person: PersonId) -> Filter {
        Filter { people: vec![person], ..filter.clone() }
    }
}
