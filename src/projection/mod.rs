//! What anyone SEES: a pure fold over commits, and views of it. Nothing here writes anything.
//!
//! # Layout
//!
//! * `mod.rs`     [`World`]: the fold
//! * `entry.rs`   an item with what a card shows of it; `items.rs` all of them, who waits for whom; `pairs.rs` by what a search
//!   passes over most of them
//! * `people.rs`  people by number, identity and handle
//! * `rooms.rs`   rooms and their settings
//! * `reactions.rs` what reactions mean in a room
//! * `reports.rs` the names of the reports owners sent; `reminders.rs` what is to be reminded of, and its words
//! * `select.rs`  filters applied: which items, in which order
//! * `like.rs`    what somebody may mean who has typed a part of it
//! * `line.rs`    an item in a line: reference, state, title, people, dates
//! * `card.rs`    an item as a message with its buttons
//! * `answer.rs`  what an accepted command is answered with
//! * `undone.rs`  what was taken back, what is not because something rests on it
//! * `acts.rs`    who did what last, where
//! * `notice.rs`  what those who follow are told; what changed since a card
//! * `list.rs`, `board.rs`   many items as a message; `live_board.rs` the board of a room that is kept up to date
//! * `rebuild.rs` which cards belong into a room
//! * `house.rs`   people, rooms and what a room follows as a message
//! * `hours.rs`   when a room is told, and where somebody is
//! * `digest.rs`  what a room missed, as one message
//! * `permalinks.rs` where the message behind a commit can be opened
//! * `timeline.rs` history: the commits of one item in words
//! * `differ.rs`  two worlds compared
//! * `cause.rs`   why: the chain across items, messages and people; `cause_graph.rs` the same for a picture
//! * `phrase.rs`  an event in words
//! * `unread.rs`  what could not be read, stream by stream
//! * `snapshot.rs` a world as bytes and back
//! * `past.rs`    what a world of the past says of itself
//! * `moves.rs`   what a stretch of the log moved: items before and after each commit
//! * `diff.rs`    what changed between two moments
//! * `stats.rs`   throughput, lead and cycle time, work in progress, burn-up
//! * `verbs.rs`   buttons beside those of an item's state
//! * `status.rs`  how the bots are
//! * `words.rs`   dates, names and counts as people say them

mod acts;
mod answer;
mod board;
mod card;
mod cause;
mod cause_graph;
mod diff;
mod differ;
mod digest;
mod entry;
mod hours;
mod house;
mod items;
mod like;
mod line;
mod list;
mod live_board;
mod moves;
mod notice;
mod pairs;
mod past;
mod people;
mod permalinks;
mod phrase;
mod reactions;
mod rebuild;
mod reminders;
mod reports;
mod rooms;
mod select;
mod snapshot;
#[cfg(test)]
mod spec;
mod stats;
mod status;
#[cfg(test)]
mod tests;
mod timeline;
mod undone;
mod unread;
mod verbs;
pub mod words;

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use yoman_chat::Capabilities;

use self::{
    acts::Acts, items::Items, people::People, reminders::Reminders, reports::Reports, rooms::Rooms, unread::Unread,
};
pub use self::{
    card::ask,
    cause::{COMMITS_MAX, Commits},
    digest::{Missed, MissedItem},
    hours::{Held, concerned},
    house::{Waiting, language},
    like::First,
    list::PAGE_ITEMS,
    moves::{Moved, Step, Stretch},
    past::AsOf,
    permalinks::Permalinks,
    reminders::{Agenda, Reminder},
    select::Then,
    snapshot::{Closed, Names, SCHEMA, Sections, SnapshotError},
    stats::{Day, Spread, Stats},
    status::{BotState, Status, Trouble},
    undone::{Rests, TakenBack, Why},
    verbs::for_looks_alone,
};
pub(crate) use self::{
    notice::is_correction,
    status::{short, span_since},
};
use crate::{
    domain::{
        Bucket, Event, Handle, Identity, ItemRef, PersonId,
        item::{Item, LinkTarget},
        person::{self, Person},
        reminder,
        report::ReportName,
        room::{self, Room},
        stored,
    },
    lang::Lang,
    log::{Commit, Position, StreamId},
};

/// An item with what a card shows besides its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The state.
    pub item: Item,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The newest change: when.
    pub changed_at: DateTime<Utc>,
    /// The newest change: who (`person/1`, `workflow/promotion`).
    pub changed_by: Arc<str>,
    /// The newest change: through which bot.
    pub changed_on: Arc<str>,
    /// The newest change, in a stored name (`todo_started`).
    pub changed_how: Arc<str>,
    /// The position of the newest change.
    pub position: Position,
}

/// What a view may know about whoever it is for.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The room it is for: `<bot>/<chat>`.
    pub room: String,
    /// The person it is for, when it is for one: shown as "you".
    pub person: Option<PersonId>,
    /// The language it is written in.
    pub lang: Lang,
    /// The room's time zone.
    pub time_zone: Tz,
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// What the room's platform can do.
    pub capabilities: Capabilities,
    /// What people call the platform of each bot, by the bot's name; a bot that is not there is called by its name.
    pub titles: Arc<HashMap<String, String>>,
    /// The way back to messages.
    pub permalinks: Permalinks,
}

/// How many items are kept in memory unless said otherwise.
pub const ITEMS_MAX: usize = 200_000;
/// The most edges from cause to effect that are kept; the oldest go first.
const CAUSES_MAX: usize = 500_000;

/// The state of everything, folded from the log up to a position.
#[derive(Clone, Debug)]
pub struct World {
    /// The newest commit folded in.
    pub position: Position,
    items: Items,
    people: People,
    rooms: Rooms,
    reports: Reports,
    reminders: Reminders,
    /// Which commit caused which.
    causes: BTreeSet<(Position, Position)>,
    acts: Acts,
    /// Who turned out to be whom, and by which commit; in order.
    merges: Vec<(Position, PersonId, PersonId)>,
    unread: Unread,
    /// When the first commit was recorded.
    began_at: Option<DateTime<Utc>>,
    /// When the newest commit was recorded.
    recorded_at: Option<DateTime<Utc>>,
    /// Closed items that are not here although they were not dropped.
    left_out: usize,
    /// It is shown as something past.
    as_of: Option<AsOf>,
}

impl Default for World {
    fn default() -> Self {
        Self::with_limits(ITEMS_MAX)
    }
}

impl World {
    /// An empty world that keeps at most so many items in memory. Beyond that, those closed longest ago are dropped; items
    /// that are not closed never are.
    pub fn with_limits(items_max: usize) -> Self {
        Self {
            position: Position::START,
            items: Items::new(items_max),
            people: People::default(),
            rooms: Rooms::default(),
            reports: Reports::default(),
            reminders: Reminders::default(),
            causes: BTreeSet::new(),
            acts: Acts::default(),
            merges: Vec::new(),
            unread: Unread::default(),
            began_at: None,
            recorded_at: None,
            left_out: 0,
            as_of: None,
        }
    }

    /// Folds one commit in; commits at or before [`World::position`] are passed over.
    pub fn apply(&mut self, commit: &Commit) {
        if commit.position <= self.position {
            return;
        }
        self.position = commit.position;
        self.began_at.get_or_insert(commit.meta.recorded_at);
        self.recorded_at = Some(commit.meta.recorded_at);
        if let Some(cause) = commit.meta.causation {
            self.causes.insert((cause, commit.position));
            if self.causes.len() > CAUSES_MAX {
                self.causes.pop_first();
            }
        }
        self.acts.apply(commit);
        let stream = commit.stream.as_str();
        let missed = if let Some(item) = ItemRef::of_stream(stream) {
            let missed = self.items.apply(item, commit);
            // What was decided before two turned out to be one, and recorded after.
            for &(_, from, into) in &self.merges {
                self.items.merge_people_of(item, from, into);
            }
            self.watch(item, commit.meta.recorded_at);
            missed
        } else if let Some(person) = PersonId::of_stream(stream) {
            let people = &mut self.people;
            let mut merged = false;
            let missed = each(commit, |version, event| match event {
                Event::Person(event) => {
                    merged |= matches!(event, person::Event::Merged { .. });
                    people.apply(person, version, event);
                    true
                }
                _ => false,
            });
            if merged && self.resolved(person) != person {
                let into = self.resolved(person);
                self.items.merge_people(person, into);
                self.rooms.merge_people(person, into);
                self.reminders.merge_people(person, into);
                self.merges.push((commit.position, person, into));
            }
            missed
        } else if let Some(room) = room::of_stream(stream) {
            let rooms = &mut self.rooms;
            each(commit, |version, event| match event {
                Event::Room(event) => {
                    rooms.apply(room, version, event);
                    true
                }
                _ => false,
            })
        } else if let Some(name) = ReportName::of_stream(stream) {
            let reports = &mut self.reports;
            each(commit, |_, event| match event {
                Event::Report(event) => {
                    reports.apply(&name, event);
                    true
                }
                _ => false,
            })
        } else if let Some(item) = reminder::of_stream(stream) {
            let at = commit.meta.recorded_at;
            let open = self.items.is_open(item);
            let reminders = &mut self.reminders;
            each(commit, |version, event| match event {
                Event::Reminder(event) => {
                    if open {
                        reminders.apply(item, version, event, at);
                    }
                    true
                }
                _ => false,
            })
        } else {
            commit.events.len() as u64
        };
        self.unread.note(commit, missed);
    }

    /// Looks at what may have to be reminded of on an item, and on those that wait for it.
    fn watch(&mut self, item: ItemRef, at: DateTime<Utc>) {
        let Self { items, reminders, .. } = self;
        for &item in std::iter::once(&item).chain(items.waiting(item)) {
            let seen = items.get(item).map(|entry| &entry.seen.item);
            let blocked = seen.is_some_and(|seen| items.is_blocked(seen));
            reminders.see(item, seen, blocked, at);
        }
    }

    /// When the first commit was recorded; `None` before there is one.
    pub fn began_at(&self) -> Option<DateTime<Utc>> {
        self.began_at
    }

    /// When the newest commit was recorded; `None` before there is one.
    pub fn recorded_at(&self) -> Option<DateTime<Utc>> {
        self.recorded_at
    }

    /// How many events could not be read, or stood where they do not belong. They are passed over, and nothing is decided
    /// about what they are of.
    pub fn unreadable(&self) -> u64 {
        self.unread.total()
    }

    /// How many of them were written by a newer version.
    pub fn unreadable_newer(&self) -> u64 {
        self.unread.newer()
    }

    /// How many items have events that could not be read.
    pub fn unreadable_items(&self) -> usize {
        self.unread.items()
    }

    /// How many events of an item could not be read: what is known of it is not its state then.
    pub fn unreadable_of(&self, item: ItemRef) -> u64 {
        self.unread.of_item(item)
    }

    /// How many events of a person could not be read.
    pub fn unreadable_of_person(&self, person: PersonId) -> u64 {
        self.unread.of_person(person)
    }

    /// How many events of a room could not be read.
    pub fn unreadable_of_room(&self, room: &str) -> u64 {
        self.unread.of_room(room)
    }

    /// Why the first event that cannot be read among some commits cannot be read.
    pub fn first_fault<'a>(commits: impl IntoIterator<Item = &'a Commit>) -> Option<String> {
        unread::first_fault(commits)
    }

    /// How many items are in memory.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// How many items were dropped from memory: the log still has them, see [`World::replay_item`].
    pub fn dropped(&self) -> usize {
        self.items.dropped()
    }

    /// Items that were dropped from memory and that something happened to since: to be read from the log and given to
    /// [`World::restore`].
    pub fn missed(&self) -> Vec<ItemRef> {
        self.items.missed().collect()
    }

    /// Whether more items were missed than [`World::missed`] can name.
    pub fn missed_too_many(&self) -> bool {
        self.items.missed_too_many()
    }

    /// Whether it holds an item as it is after its own position: one that was read from the log by itself.
    pub fn is_ahead(&self) -> bool {
        self.items.all().any(|entry| entry.seen.position > self.position)
    }

    /// An item as the commits of its stream tell it, for one that is not in memory. All commits, in order.
    pub fn replay_item(commits: &[Arc<Commit>]) -> Option<Seen> {
        let item = ItemRef::of_stream(commits.first()?.stream.as_str())?;
        entry::Entry::replay(item, commits, &[], &mut std::collections::HashSet::new()).map(|entry| entry.seen)
    }

    /// Takes an item into memory again from the commits of its stream (all of them, in order; they may be ahead of what was
    /// folded in); whether it is there now. It is refused when something was folded in that `commits` do not have yet.
    pub fn restore(&mut self, commits: &[Arc<Commit>]) -> bool {
        let item = commits.first().and_then(|commit| ItemRef::of_stream(commit.stream.as_str()));
        let restored = item.is_some_and(|item| self.items.restore(item, commits, &self.merges, self.position));
        if let Some(item) = item.filter(|_| restored) {
            for &(_, from, into) in &self.merges {
                self.items.merge_people_of(item, from, into);
            }
        }
        if let (Some(item), Some(last)) = (item.filter(|_| restored), commits.last()) {
            self.watch(item, last.meta.recorded_at);
        }
        self.left_out -= usize::from(restored && self.left_out > 0);
        restored
    }

    /// An item; `None` when there is none, or when it was dropped from memory.
    pub fn item(&self, item: ItemRef) -> Option<&Seen> {
        self.items.get(item).map(|entry| &entry.seen)
    }

    /// The highest number in use in a bucket; 0: none.
    pub fn newest(&self, bucket: Bucket) -> u32 {
        self.items.newest(bucket)
    }

    /// The prerequisites of an item that are still open, with their titles.
    pub fn waits_for(&self, item: ItemRef) -> Vec<(ItemRef, String)> {
        let Some(seen) = self.item(item) else { return Vec::new() };
        let needed = seen.item.needs().iter().filter_map(|&needed| self.item(needed));
        needed
            .filter(|needed| !needed.item.is_closed())
            .map(|needed| (needed.item.reference, words::one_line(&needed.item.title).into_owned()))
            .collect()
    }

    /// The open items that have this one as a prerequisite. They wait for it as long as it is open itself.
    pub fn waited_for_by(&self, item: ItemRef) -> Vec<ItemRef> {
        self.items.waiting(item).iter().copied().filter(|&waiting| self.items.is_open(waiting)).collect()
    }

    /// Those of `needs` that wait, over any number of steps, for `item`; and `item` itself. Closed items count, since they
    /// can be opened again.
    pub fn circular(&self, item: ItemRef, needs: &[ItemRef]) -> Vec<ItemRef> {
        self.items.circular(item, needs)
    }

    /// The newest acts of somebody in a room, the newest first: the stream and the first version of each. Reversals are not
    /// among them; what was taken back is.
    pub fn last_acts(&self, room: &str, actor: &str) -> Vec<(StreamId, u64)> {
        self.acts.newest(room, actor)
    }

    /// The items that link to one, with how; one that was taken back links to nothing.
    pub fn linking_to(&self, item: ItemRef) -> Vec<ItemRef> {
        let to = LinkTarget::Item(item);
        let all = Bucket::ALL.into_iter().flat_map(|bucket| self.items.of(bucket)).map(|entry| &entry.seen.item);
        let links = all.filter(|it| it.withdrawn.is_none() && it.links.iter().any(|(_, target)| *target == to));
        links.map(|it| it.reference).collect()
    }

    /// The items that have one as a prerequisite, closed or not; one that was taken back has none.
    pub fn needing(&self, item: ItemRef) -> Vec<ItemRef> {
        let there = |it: &ItemRef| self.item(*it).is_some_and(|seen| seen.item.withdrawn.is_none());
        self.items.waiting(item).iter().copied().filter(there).collect()
    }

    /// The commits a commit caused.
    pub fn caused_by(&self, cause: Position) -> Vec<Position> {
        let range = (Bound::Included((cause, Position::START)), Bound::Included((cause, Position(u64::MAX))));
        self.causes.range(range).map(|&(_, effect)| effect).collect()
    }

    /// What an item was promoted to.
    pub fn promoted_to(&self, item: ItemRef) -> Vec<ItemRef> {
        self.items.children(item).collect()
    }

    /// Who is behind a commit, as a stream name, and through which bot: its actor; for what reacted to something, whoever
    /// did that something, as far as it is remembered.
    pub fn behind<'a>(&'a self, commit: &'a Commit) -> (&'a str, &'a str) {
        match self.items.remembered(commit) {
            Some(doer) => (&doer.actor, &doer.bot),
            None => (&commit.meta.actor, &commit.meta.origin.bot),
        }
    }

    /// Who somebody is by now: themselves, or who they turned out to be.
    pub fn resolved(&self, person: PersonId) -> PersonId {
        self.people.resolved(person)
    }

    /// The person whose stream this is, as they are known by now.
    pub fn person_of(&self, stream: &str) -> Option<PersonId> {
        PersonId::of_stream(stream).map(|person| self.resolved(person))
    }

    /// A person by number.
    pub fn person(&self, person: PersonId) -> Option<&Person> {
        self.people.get(person)
    }

    /// A person by who they are on a platform.
    pub fn by_identity(&self, identity: &Identity) -> Option<&Person> {
        self.people.by_identity(identity)
    }

    /// A person as they are written. Case and the `@` are gone already.
    pub fn by_handle(&self, handle: &Handle) -> Option<&Person> {
        self.people.by_handle(handle)
    }

    /// Those who turned out to be this person, as they were.
    pub fn once(&self, person: PersonId) -> impl Iterator<Item = &Person> {
        self.people.once(person)
    }

    /// All people, by number.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.all()
    }

    /// The highest number of a person; 0: nobody.
    pub fn newest_person(&self) -> u32 {
        self.people.newest()
    }

    /// How many owners there are.
    pub fn owners(&self) -> usize {
        self.people.owners()
    }

    /// A handle nobody has: what is wanted as far as it can be a handle, else with a number behind it.
    pub fn free_handle(&self, wanted: &str) -> Handle {
        self.people.free_handle(wanted)
    }

    /// A room's state; the default for one that never said anything.
    pub fn room(&self, room: &str) -> &Room {
        self.rooms.get(room)
    }

    /// The reports owners sent: by name, with what each says of itself.
    pub fn reports(&self) -> impl Iterator<Item = (&ReportName, &str)> {
        self.reports.all()
    }

    /// Whether the bot speaks in a room: a thread is part of the room it was opened in.
    pub fn listens(&self, room: &str) -> bool {
        self.room(room).enabled || room::around(room).is_some_and(|around| self.room(around).enabled)
    }

    /// All rooms that have a state, by id.
    pub fn rooms(&self) -> impl Iterator<Item = (&str, &Room)> {
        self.rooms.all()
    }
}

/// Hands every event of a commit to `fold`; returns how many could not be read or were not taken.
fn each(commit: &Commit, mut fold: impl FnMut(u64, &Event) -> bool) -> u64 {
    let mut missed = 0;
    for (version, event) in commit.versioned() {
        let taken = stored::decode(event).is_ok_and(|event| fold(version, &event));
        missed += u64::from(!taken);
    }
    missed
}
