//! Items with what a card shows of them; who waits for whom; what came of what.
//!
//! Memory is bounded: beyond a number of items those closed longest ago are dropped. An item that is not closed is never
//! dropped, because the answers to "what is there to do" and "what waits for what" must stay whole.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use super::{
    entry::{Doer, Entry, shared},
    pairs::{self, Pairs},
};
use crate::{
    domain::{Bucket, ItemRef, PersonId, item::Item},
    log::{Commit, Position},
};

/// The most commits who did them is remembered of, for telling on whose behalf something reacted.
const RECENT_MAX: usize = 256;

/// The most dropped items that are remembered to have changed since.
const MISSED_MAX: usize = 10_000;

/// All items.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// Behind an `Arc`, so that a copy of the world costs no copy of what it holds.
    buckets: [BTreeMap<u32, Arc<Entry>>; 4],
    /// Of what is searched of them.
    pairs: pairs::Index,
    pub(super) newest: [u32; 4],
    /// Who waits for the key, whether or not either is closed.
    pub(super) waiting: HashMap<ItemRef, Vec<ItemRef>>,
    /// What was promoted to what.
    pub(super) children: BTreeSet<(ItemRef, ItemRef)>,
    /// The closed ones, those closed longest ago first.
    closed: BTreeSet<(Position, ItemRef)>,
    items_max: usize,
    pub(super) dropped: usize,
    /// Dropped ones something happened to since: the newest such commit.
    pub(super) missed: BTreeMap<ItemRef, Position>,
    /// Names that many items share, kept once.
    pub(super) names: HashSet<Arc<str>>,
    pub(super) recent: VecDeque<(Position, Doer)>,
}

impl Items {
    pub(super) fn new(items_max: usize) -> Self {
        Self {
            buckets: Default::default(),
            pairs: pairs::Index::default(),
            newest: [0; 4],
            waiting: HashMap::new(),
            children: BTreeSet::new(),
            closed: BTreeSet::new(),
            items_max,
            dropped: 0,
            missed: BTreeMap::new(),
            names: HashSet::new(),
            recent: VecDeque::with_capacity(RECENT_MAX),
        }
    }

    /// Folds the events of one commit on an item's stream in; returns how many of them could not be read.
    pub(super) fn apply(&mut self, reference: ItemRef, commit: &Commit) -> u64 {
        let newest = &mut self.newest[reference.bucket as usize];
        *newest = (*newest).max(reference.number);
        let doer = self.doer(commit);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((commit.position, doer.clone()));

        let slot = self.buckets[reference.bucket as usize].get_mut(&reference.number);
        let (closed_at, unreadable) = match slot {
            // It was restored from commits that were not folded in yet.
            Some(entry) if commit.position <= entry.seen.position => return 0,
            Some(entry) => {
                // Copied only while somebody else holds the same world: a snapshot being written, a look at the past.
                let entry = Arc::make_mut(entry);
                let needed = entry.seen.item.needs().to_vec();
                let unreadable = entry.fold(commit, &mut self.names);
                let closed_before = entry.closed_at;
                entry.changed(commit, &doer, &mut self.names);
                if closed_before != entry.closed_at {
                    self.closed.remove(&(closed_before, reference));
                }
                self.pairs.set(reference, entry.pairs());
                rewire(&mut self.waiting, reference, &needed, entry.seen.item.needs());
                (entry.closed_at, unreadable)
            }
            None => {
                let (entry, unreadable) = Entry::create(reference, commit, &mut self.names);
                let Some(mut entry) = entry else {
                    // Dropped before, or its beginning cannot be read: only the log knows it.
                    if commit.first_version > 1 && self.missed.len() < MISSED_MAX {
                        self.missed.insert(reference, commit.position);
                    }
                    return unreadable;
                };
                entry.changed(commit, &doer, &mut self.names);
                rewire(&mut self.waiting, reference, &[], entry.seen.item.needs());
                if let Some(from) = entry.seen.item.from {
                    self.children.insert((from, reference));
                }
                let closed_at = entry.closed_at;
                self.put(entry);
                (closed_at, unreadable)
            }
        };
        if closed_at != Position::START {
            self.closed.insert((closed_at, reference));
        }
        self.shrink();
        unreadable
    }

    /// Puts an item back that was dropped, from the commits of its stream. It counts as closed `now`, so that whoever asked
    /// for it finds it there. Commits that were read before the newest one was missed are refused.
    pub(super) fn restore(
        &mut self,
        reference: ItemRef,
        commits: &[Arc<Commit>],
        merges: &[(Position, PersonId, PersonId)],
        now: Position,
    ) -> bool {
        if self.get(reference).is_some() {
            return true;
        }
        let Some(mut entry) = Entry::replay(reference, commits, merges, &mut self.names) else { return false };
        if self.missed.get(&reference).is_some_and(|missed| *missed > entry.seen.position) {
            return false;
        }
        self.missed.remove(&reference);
        // Before it is there again and not after: it must not be the one that goes.
        self.shrink();
        rewire(&mut self.waiting, reference, &[], entry.seen.item.needs());
        if let Some(from) = entry.seen.item.from {
            self.children.insert((from, reference));
        }
        if entry.closed_at != Position::START {
            entry.closed_at = now.max(entry.closed_at);
            self.closed.insert((entry.closed_at, reference));
        }
        let newest = &mut self.newest[reference.bucket as usize];
        *newest = (*newest).max(reference.number);
        self.put(entry);
        self.dropped = self.dropped.saturating_sub(1);
        true
    }

    /// One person turned out to be another: what was the one's is the other's.
    pub(super) fn merge_people(&mut self, from: PersonId, into: PersonId) {
        let entries = self.buckets.iter_mut().flat_map(BTreeMap::values_mut);
        entries.filter(|entry| entry.seen.item.people.contains(&from)).for_each(|entry| {
            Arc::make_mut(entry).seen.item.merge_people(from, into);
        });
    }

    /// The same for one item.
    pub(super) fn merge_people_of(&mut self, item: ItemRef, from: PersonId, into: PersonId) {
        if let Some(entry) = self.buckets[item.bucket as usize].get_mut(&item.number)
            && entry.seen.item.people.contains(&from)
        {
            Arc::make_mut(entry).seen.item.merge_people(from, into);
        }
    }

    /// Drops those closed longest ago until the limit holds.
    fn shrink(&mut self) {
        while self.len() > self.items_max {
            let Some((_, reference)) = self.closed.pop_first() else { return };
            if let Some(entry) = self.take(reference) {
                rewire(&mut self.waiting, reference, entry.seen.item.needs(), &[]);
                if let Some(from) = entry.seen.item.from {
                    self.children.remove(&(from, reference));
                }
                self.dropped += 1;
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let reference = entry.seen.item.reference;
        self.pairs.set(reference, entry.pairs());
        self.buckets[reference.bucket as usize].insert(reference.number, Arc::new(entry));
    }

    fn take(&mut self, reference: ItemRef) -> Option<Arc<Entry>> {
        self.pairs.set(reference, Pairs::default());
        self.buckets[reference.bucket as usize].remove(&reference.number)
    }

    /// Puts an entry in as it is.
    pub(super) fn add(&mut self, entry: Entry) {
        let reference = entry.seen.item.reference;
        if entry.closed_at != Position::START {
            self.closed.insert((entry.closed_at, reference));
        }
        self.put(entry);
    }

    /// Lets go of the closed ones; returns how many. What was promoted to what stays known.
    pub(super) fn leave_closed_out(&mut self) -> usize {
        let closed = std::mem::take(&mut self.closed);
        for (_, reference) in &closed {
            self.take(*reference);
        }
        closed.len()
    }

    /// All of them, by bucket and number.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.buckets.iter().flat_map(|bucket| bucket.values().map(|entry| &**entry))
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.iter().map(BTreeMap::len).sum()
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(super) fn missed(&self) -> impl Iterator<Item = ItemRef> {
        self.missed.keys().copied()
    }

    /// Whether more items were missed than are remembered.
    pub(super) fn missed_too_many(&self) -> bool {
        self.missed.len() >= MISSED_MAX
    }

    pub(super) fn newest(&self, bucket: Bucket) -> u32 {
        self.newest[bucket as usize]
    }

    pub(super) fn get(&self, item: ItemRef) -> Option<&Entry> {
        self.buckets[item.bucket as usize].get(&item.number).map(|entry| &**entry)
    }

    /// All of a bucket by number.
    pub(super) fn of(&self, bucket: Bucket) -> impl DoubleEndedIterator<Item = &Entry> {
        self.buckets[bucket as usize].values().map(|entry| &**entry)
    }

    /// Those of a bucket by number that may hold words with these pairs of letters.
    pub(super) fn that_may_hold(&self, bucket: Bucket, pairs: Pairs) -> Box<dyn Iterator<Item = &Entry> + '_> {
        if pairs == Pairs::default() {
            return Box::new(self.of(bucket));
        }
        let numbers = self.pairs.that_hold(bucket, pairs);
        Box::new(numbers.filter_map(move |number| self.get(ItemRef { bucket, number })))
    }

    /// Whether an item is still to be finished. One that was dropped was closed; one that never was cannot be waited for.
    pub(super) fn is_open(&self, item: ItemRef) -> bool {
        self.get(item).is_some_and(|entry| !entry.seen.item.is_closed())
    }

    /// Whether an open item waits for another open one.
    pub(super) fn is_blocked(&self, item: &Item) -> bool {
        !item.is_closed() && item.needs().iter().any(|&needed| self.is_open(needed))
    }

    /// Those that have `item` as a prerequisite, closed or not.
    pub(super) fn waiting(&self, item: ItemRef) -> &[ItemRef] {
        self.waiting.get(&item).map_or(&[], Vec::as_slice)
    }

    /// What `item` was promoted to, as far as that was not taken back.
    pub(super) fn children(&self, item: ItemRef) -> impl Iterator<Item = ItemRef> {
        let first = ItemRef { bucket: Bucket::Idea, number: 0 };
        self.children
            .range((Bound::Included((item, first)), Bound::Unbounded))
            .take_while(move |(from, _)| *from == item)
            .map(|&(_, to)| to)
            .filter(|to| self.get(*to).is_none_or(|entry| entry.seen.item.withdrawn.is_none()))
    }

    /// Those of `needs` that wait for `item` over any number of steps, and `item` itself. Closed ones count: they can be
    /// opened again, and would then wait for each other.
    pub(super) fn circular(&self, item: ItemRef, needs: &[ItemRef]) -> Vec<ItemRef> {
        let mut reached = HashSet::from([item]);
        let mut ahead = vec![item];
        while let Some(next) = ahead.pop() {
            ahead.extend(self.waiting(next).iter().filter(|&&it| reached.insert(it)));
        }
        needs.iter().copied().filter(|it| reached.contains(it)).collect()
    }

    /// The person behind a commit: its actor, or for what reacted, whoever did what it reacted to (as far as that is remembered).
    pub(super) fn doer(&mut self, commit: &Commit) -> Doer {
        match self.remembered(commit) {
            Some(doer) => doer.clone(),
            None => Doer {
                actor: shared(&mut self.names, &commit.meta.actor),
                bot: shared(&mut self.names, &commit.meta.origin.bot),
            },
        }
    }

    /// Who did what a commit reacts to; `None` when it reacts to nothing that is remembered.
    pub(super) fn remembered(&self, commit: &Commit) -> Option<&Doer> {
        let causation = commit.meta.causation?;
        if commit.meta.actor.starts_with("person/") {
            return None;
        }
        let at = self.recent.binary_search_by_key(&causation, |(position, _)| *position).ok()?;
        self.recent.get(at).map(|(_, doer)| doer)
    }
}

fn rewire(waiting: &mut HashMap<ItemRef, Vec<ItemRef>>, item: ItemRef, before: &[ItemRef], after: &[ItemRef]) {
    for needed in before.iter().filter(|needed| !after.contains(needed)) {
        if let Some(list) = waiting.get_mut(needed) {
            list.retain(|it| *it != item);
            if list.is_empty() {
                waiting.remove(needed);
            }
        }
    }
    for needed in after.iter().filter(|needed| !before.contains(needed)) {
        let those = waiting.entry(*needed).or_default();
        // One that was left out and comes back is known already.
        if !those.contains(&item) {
            those.push(item);
        }
    }
}
