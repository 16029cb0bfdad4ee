//! Items with what a card shows of them; who waits for whom; what came of what.
//!
//! Memory is bounded: beyond a number of items those closed longest ago are dropped. An item that is not closed is never
//! dropped, because the answers to "what is there to do" and "what waits for what" must stay whole.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    Seen,
    pairs::{self, Pairs},
    phrase, words,
};
use crate::{
    domain::{
        Bucket, Event, ItemRef, PersonId, Priority,
        filter::StateWord,
        idea,
        item::{self, Fact, Item, Stage},
        pr, research, stored, todo,
    },
    log::{Commit, Position},
};

/// Of notes, findings, refinements, reviews, criteria and conclusions, so many bytes an item are kept for the search.
const SAID_BYTES_MAX: usize = 2_048;
/// The most commits who did them is remembered of, for telling on whose behalf something reacted.
const RECENT_MAX: usize = 256;

/// What was said stands behind its version, between two signs that nobody types: what was taken back is found no more, and
/// found again when it counts again.
const COUNTS: char = '\u{e000}';
const GONE: char = '\u{e001}';
const SAID: char = '\u{e002}';

/// The most dropped items that are remembered to have changed since.
const MISSED_MAX: usize = 10_000;

/// An item and what no card shows.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) seen: Seen,
    /// What was said on it besides title and body, folded for the search; the newest [`SAID_BYTES_MAX`] bytes.
    pub(super) said: Box<str>,
    /// The newest change in words: `started`.
    pub(super) how: Arc<str>,
    /// For a change made by what reacted: the person who caused it, and through which bot.
    pub(super) behalf: Option<Box<Doer>>,
    /// The commit that closed it; [`Position::START`] when it is not closed.
    pub(super) closed_at: Position,
    /// When somebody began on it, for a todo; `None` as long as nobody did since it was last opened.
    pub(super) begun_at: Option<DateTime<Utc>>,
}

/// Who did something, and through which bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doer {
    pub(super) actor: Arc<str>,
    pub(super) bot: Arc<str>,
}

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

impl Entry {
    /// The entry that the first commit of a stream makes, and how many of its events could not be read.
    fn create(reference: ItemRef, commit: &Commit, names: &mut HashSet<Arc<str>>) -> (Option<Self>, u64) {
        if commit.first_version > 1 {
            // The events are read all the same, so that what cannot be read is counted whatever is in memory.
            return (None, commit.events.iter().filter(|event| stored::decode(event).is_err()).count() as u64);
        }
        let mut item = None;
        let folded = fold(&mut item, reference, commit);
        let entry = item.map(|mut item: Item| {
            // Most items stay as they were created: what they grew by is given back.
            item.tags.shrink_to_fit();
            item.people.shrink_to_fit();
            item.links.shrink_to_fit();
            let seen = Seen {
                item,
                created_at: commit.meta.recorded_at,
                changed_at: commit.meta.recorded_at,
                changed_by: shared(names, &commit.meta.actor),
                changed_on: shared(names, &commit.meta.origin.bot),
                changed_how: shared(names, folded.name),
                position: commit.position,
            };
            let said = folded.said.into_boxed_str();
            let how = shared(names, folded.how);
            Self { seen, said, how, behalf: None, closed_at: Position::START, begun_at: None }
        });
        (entry, folded.unreadable)
    }

    fn fold(&mut self, commit: &Commit, names: &mut HashSet<Arc<str>>) -> u64 {
        let reference = self.seen.item.reference;
        let mut item = Some(std::mem::replace(&mut self.seen.item, vacant(reference)));
        let folded = fold(&mut item, reference, commit);
        if let Some(item) = item {
            self.seen.item = item;
        }
        if !folded.said.is_empty() {
            self.hear(&folded.said);
        }
        for reversed in &folded.reversed {
            self.forget(&reversed.takes, (COUNTS, GONE));
            self.forget(&reversed.back, (GONE, COUNTS));
        }
        if !folded.name.is_empty() {
            self.seen.changed_how = shared(names, folded.name);
            self.how = shared(names, folded.how);
        }
        folded.unreadable
    }

    fn hear(&mut self, said: &str) {
        let mut all = std::mem::take(&mut self.said).into_string();
        all.push_str(said);
        if let Some(over) = all.len().checked_sub(SAID_BYTES_MAX) {
            let cut = (over..=all.len()).find(|&at| all.is_char_boundary(at)).unwrap_or_default();
            all.drain(..cut);
        }
        self.said = all.into_boxed_str();
    }

    /// Marks what was said in these versions.
    fn forget(&mut self, versions: &[u64], (was, is): (char, char)) {
        for version in versions {
            let (was, is) = (sign(was, *version), sign(is, *version));
            if self.said.contains(&was) {
                self.said = self.said.replace(&was, &is).into_boxed_str();
            }
        }
    }

    /// Appends what is searched of it besides its title, folded: tags, project, body and what was said on it.
    pub(super) fn searched_into(&self, out: &mut String) {
        let item = &self.seen.item;
        for more in item.tags.iter().map(|tag| tag.as_str()).chain(item.project.iter().map(|project| project.as_str()))
        {
            out.push('\n');
            out.push_str(more);
        }
        out.push('\n');
        words::fold_into(out, &item.body);
        out.push('\n');
        out.push_str(&self.heard());
    }

    fn pairs(&self) -> Pairs {
        let item = &self.seen.item;
        let mut text = String::with_capacity(item.title.len() + item.body.len() + self.said.len() + 32);
        words::fold_into(&mut text, &item.title);
        self.searched_into(&mut text);
        Pairs::of(&text)
    }

    /// What was said on it and counts, for the search.
    pub(super) fn heard(&self) -> Cow<'_, str> {
        if !self.said.contains(GONE) {
            return Cow::Borrowed(&self.said);
        }
        let begins = |(at, c): (usize, char)| (c == COUNTS || c == GONE).then_some(at);
        let begins: Vec<_> = self.said.char_indices().filter_map(begins).chain([self.said.len()]).collect();
        let mut heard = self.said[..begins.first().copied().unwrap_or_default()].to_owned();
        for pair in begins.windows(2) {
            let said = &self.said[pair[0]..pair[1]];
            if !said.starts_with(GONE) {
                heard.push_str(said);
            }
        }
        Cow::Owned(heard)
    }

    /// Takes over who, when and how of a commit that was folded in.
    fn changed(&mut self, commit: &Commit, doer: &Doer, names: &mut HashSet<Arc<str>>) {
        let seen = &mut self.seen;
        seen.item.version = seen.item.version.max(commit.last_version());
        seen.changed_at = commit.meta.recorded_at;
        seen.changed_by = shared(names, &commit.meta.actor);
        seen.changed_on = shared(names, &commit.meta.origin.bot);
        seen.position = commit.position;
        self.begun_at = match (seen.item.state_word(), self.begun_at) {
            (StateWord::Doing, None) => Some(commit.meta.recorded_at),
            (StateWord::Open, _) => None,
            (_, at) => at,
        };
        self.behalf = (*doer.actor != *commit.meta.actor).then(|| Box::new(doer.clone()));
        self.closed_at = match (seen.item.is_closed(), self.closed_at) {
            (false, _) => Position::START,
            (true, Position::START) => commit.position,
            (true, at) => at,
        };
    }

    /// The entry after all commits of its stream.
    pub(super) fn replay(
        reference: ItemRef,
        commits: &[Arc<Commit>],
        merges: &[(Position, PersonId, PersonId)],
        names: &mut HashSet<Arc<str>>,
    ) -> Option<Self> {
        let mut commits = commits.iter().filter(|commit| ItemRef::of_stream(commit.stream.as_str()) == Some(reference));
        let first = commits.next()?;
        let mut entry = Self::create(reference, first, names).0?;
        let doer = |commit: &Commit, names: &mut HashSet<Arc<str>>| Doer {
            actor: shared(names, &commit.meta.actor),
            bot: shared(names, &commit.meta.origin.bot),
        };
        let by = doer(first, names);
        entry.changed(first, &by, names);
        let mut merges = merges.iter().peekable();
        for commit in commits {
            while let Some((_, from, into)) = merges.next_if(|(at, ..)| *at < commit.position) {
                entry.seen.item.merge_people(*from, *into);
            }
            entry.fold(commit, names);
            let by = doer(commit, names);
            entry.changed(commit, &by, names);
        }
        Some(entry)
    }
}

/// What folding the events of a commit tells besides the item's state.
#[derive(Default)]
struct Folded<'a> {
    /// What was said in them, folded for the search.
    said: String,
    /// The stored name of the event that says most about the commit: what moves the item before what describes it.
    name: &'a str,
    /// That event in words.
    how: &'static str,
    /// What it takes back.
    reversed: Vec<item::Reversed>,
    unreadable: u64,
}

/// What stands before what was said in a version.
fn sign(sign: char, version: u64) -> String {
    // Its digits in signs nobody types either: who looks for a number finds what was said.
    let digits = version
        .to_string()
        .bytes()
        .filter_map(|digit| char::from_u32(0xe010 + u32::from(digit - b'0')))
        .collect::<String>();
    format!("{sign}{digits}{SAID}")
}

/// Folds the events of a commit into an item.
fn fold<'a>(item: &mut Option<Item>, reference: ItemRef, commit: &'a Commit) -> Folded<'a> {
    let mut folded = Folded::default();
    let mut moves = false;
    for (version, stored) in commit.versioned() {
        match stored::decode(stored) {
            Ok(Event::Item(event)) => {
                if let Some(text) = text_of(&event) {
                    folded.said.push_str(&sign(COUNTS, version));
                    words::fold_into(&mut folded.said, &words::shorten(text, SAID_BYTES_MAX));
                    folded.said.push('\n');
                }
                let is_move = !matches!(event, item::Event::Fact(_));
                if folded.name.is_empty() || (is_move && !moves) {
                    (folded.name, folded.how, moves) = (&stored.name, phrase::done(&event), is_move);
                }
                *item = item::evolve(item.take(), reference, version, &event);
                if let item::Event::Reversed(reversed) = event {
                    folded.reversed.push(reversed);
                }
            }
            Ok(Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_)) | Err(_) => {
                folded.unreadable += 1
            }
        }
    }
    folded
}

/// What an event says that is not kept whole in the state.
fn text_of(event: &item::Event) -> Option<&str> {
    let text = match event {
        item::Event::Idea(idea::Event::Refined { text } | idea::Event::Rejected { reason: text }) => text,
        item::Event::Research(
            research::Event::FindingAdded { text, .. } | research::Event::Done { conclusion: text, .. },
        ) => text,
        item::Event::Todo(todo::Event::CriterionAdded { text }) => text,
        item::Event::Pr(pr::Event::Reviewed { text, .. } | pr::Event::Closed { reason: text }) => text,
        item::Event::Fact(Fact::Noted { text, .. }) => text,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// An item to stand in the place of one that is being folded; costs no allocation.
fn vacant(reference: ItemRef) -> Item {
    Item {
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
        stage: Stage::Idea(idea::State::default()),
    }
}

fn shared(names: &mut HashSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(name) = names.get(name) {
        return Arc::clone(name);
    }
    let name: Arc<str> = name.into();
    names.insert(Arc::clone(&name));
    name
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
