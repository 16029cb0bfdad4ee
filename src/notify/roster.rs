//! The rooms as they were set at a position of the log, and which of them may care about an item.
//!
//! The shared world can be ahead of a bot's cursor. What a room was told must not depend on how far: so a cursor folds the
//! settings by itself as it goes, and starts from the world with whatever changed since read back.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
};

use crate::{
    domain::{
        Bucket, Event, Filter, ItemRef, PersonId, Project, Tag,
        item::Item,
        person,
        room::{self, Room},
        stored,
    },
    log::{Commit, Entry, EventLog, Position, ReadError, StreamId},
    projection::World,
};

/// What a filter is found by: the narrowest thing it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Item(ItemRef),
    Tag(Tag),
    Project(Project),
    Person(PersonId),
    Bucket(Bucket),
    Anything,
}

fn keys(filter: &Filter) -> Vec<Key> {
    if !filter.items.is_empty() {
        return filter.items.iter().copied().map(Key::Item).collect();
    }
    if !filter.tags.is_empty() {
        return filter.tags.iter().cloned().map(Key::Tag).collect();
    }
    if !filter.projects.is_empty() {
        return filter.projects.iter().cloned().map(Key::Project).collect();
    }
    if !filter.people.is_empty() {
        return filter.people.iter().copied().map(Key::Person).collect();
    }
    if !filter.buckets.is_empty() {
        return filter.buckets.iter().copied().map(Key::Bucket).collect();
    }
    vec![Key::Anything]
}

/// The rooms at a position.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    ids: Vec<String>,
    rooms: Vec<Room>,
    slots: HashMap<String, u32>,
    /// The rooms that have a filter found by a key.
    index: HashMap<Key, Vec<u32>>,
    /// The bots people chose to be told on.
    prefers: HashMap<PersonId, String>,
    /// The newest change of a room's or person's stream, as far as there was one behind [`Roster::knows_from`].
    changed: HashMap<StreamId, Position>,
    knows_from: Position,
    /// A room that never said anything.
    silent: Room,
}

/// Whether a stream is one that is folded here.
fn is_ours(stream: &StreamId) -> bool {
    room::of_stream(stream.as_str()).is_some() || PersonId::of_stream(stream.as_str()).is_some()
}

impl Roster {
    /// The rooms as they are in a world.
    pub(super) fn of(world: &World) -> Self {
        let mut roster = Self { knows_from: world.position, ..Self::default() };
        for (id, room) in world.rooms() {
            roster.put(id, room.clone());
        }
        for person in world.people() {
            if let Some(bot) = &person.prefers {
                roster.prefers.insert(person.id, bot.clone());
            }
        }
        roster
    }

    /// The rooms as they were at `at`; it knows of every change behind `from`, so that it can be asked how they were there.
    /// `roster` is how they are at `now`, a later position. Blocking: reads the log from `from` to `now`.
    pub(super) fn back(
        mut self,
        log: &dyn EventLog,
        from: Position,
        at: Position,
        now: Position,
    ) -> Result<Self, ReadError> {
        let mut later: BTreeSet<StreamId> = BTreeSet::new();
        self.knows_from = from;
        let changed = &mut self.changed;
        log.read_all(from, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            if commit.position > now {
                return ControlFlow::Break(());
            }
            if is_ours(&commit.stream) {
                if commit.position <= at {
                    changed.insert(commit.stream.clone(), commit.position);
                } else {
                    later.insert(commit.stream.clone());
                }
            }
            ControlFlow::Continue(())
        })?;
        for stream in later {
            self.reread(log, &stream, at)?;
        }
        Ok(self)
    }

    /// The rooms as they were at an earlier position, which must not be before what it knows of. Blocking.
    pub(super) fn as_of(&self, log: &dyn EventLog, at: Position) -> Result<Self, ReadError> {
        let mut then = self.clone();
        let later: Vec<StreamId> =
            self.changed.iter().filter(|(_, position)| **position > at).map(|(stream, _)| stream.clone()).collect();
        for stream in later {
            then.reread(log, &stream, at)?;
        }
        then.changed.retain(|_, position| *position <= at);
        Ok(then)
    }

    fn reread(&mut self, log: &dyn EventLog, stream: &StreamId, at: Position) -> Result<(), ReadError> {
        let mut state = Room::default();
        let mut prefers = None;
        log.read_stream(stream, 1, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            if commit.position > at {
                return ControlFlow::Break(());
            }
            for (version, event) in commit.versioned() {
                match stored::decode(event) {
                    Ok(Event::Room(event)) => state = room::evolve(std::mem::take(&mut state), version, &event),
                    Ok(Event::Person(event)) => choose(&mut prefers, &event),
                    _ => {}
                }
            }
            ControlFlow::Continue(())
        })?;
        if let Some(id) = room::of_stream(stream.as_str()) {
            self.put(id, state);
        } else if let Some(person) = PersonId::of_stream(stream.as_str()) {
            match prefers {
                Some(bot) => drop(self.prefers.insert(person, bot)),
                None => drop(self.prefers.remove(&person)),
            }
        }
        Ok(())
    }

    /// Folds a commit in; the id of the room it is about, when it is about one.
    pub(super) fn apply<'a>(&mut self, commit: &'a Commit) -> Option<&'a str> {
        let stream = commit.stream.as_str();
        if let Some(id) = room::of_stream(stream) {
            let mut state = self.room(id).clone();
            for (version, event) in commit.versioned() {
                if let Ok(Event::Room(event)) = stored::decode(event) {
                    state = room::evolve(state, version, &event);
                }
            }
            self.put(id, state);
            self.changed.insert(commit.stream.clone(), commit.position);
            return Some(id);
        }
        if let Some(person) = PersonId::of_stream(stream) {
            let mut prefers = self.prefers.remove(&person);
            for event in &commit.events {
                if let Ok(Event::Person(event)) = stored::decode(event) {
                    choose(&mut prefers, &event);
                }
            }
            self.prefers.extend(prefers.map(|bot| (person, bot)));
            self.changed.insert(commit.stream.clone(), commit.position);
        }
        None
    }

    fn put(&mut self, id: &str, room: Room) {
        let slot = match self.slots.get(id) {
            Some(slot) => *slot,
            None => {
                let slot = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
                self.slots.insert(id.to_owned(), slot);
                self.ids.push(id.to_owned());
                self.rooms.push(Room::default());
                slot
            }
        };
        let Some(before) = self.rooms.get_mut(slot as usize) else { return };
        let before = std::mem::replace(before, room);
        if before.follows == self.rooms[slot as usize].follows {
            return;
        }
        for key in before.follows.iter().flat_map(keys) {
            if let Some(slots) = self.index.get_mut(&key) {
                slots.retain(|it| *it != slot);
            }
        }
        for key in self.rooms[slot as usize].follows.iter().flat_map(keys) {
            let slots = self.index.entry(key).or_default();
            if slots.last() != Some(&slot) {
                slots.push(slot);
            }
        }
    }

    /// A room's settings.
    pub(super) fn room(&self, id: &str) -> &Room {
        self.slots.get(id).and_then(|slot| self.rooms.get(*slot as usize)).unwrap_or(&self.silent)
    }

    /// Whether the bot speaks in a room: a thread is part of the room it was opened in.
    pub(super) fn listens(&self, id: &str, room: &Room) -> bool {
        room.enabled || room::around(id).is_some_and(|around| self.room(around).enabled)
    }

    /// The bot somebody chose to be told on.
    pub(super) fn prefers(&self, person: PersonId) -> Option<&str> {
        self.prefers.get(&person).map(String::as_str)
    }

    /// The rooms that may follow an item, each once: no other has a filter that lets it through. `once` are those who turned
    /// out to be somebody.
    pub(super) fn candidates(&self, item: &Item, once: impl Fn(PersonId) -> Vec<PersonId>) -> Vec<(&str, &Room)> {
        let mut slots: Vec<u32> = Vec::new();
        let mut take = |key: &Key| slots.extend(self.index.get(key).into_iter().flatten());
        take(&Key::Anything);
        take(&Key::Bucket(item.reference.bucket));
        take(&Key::Item(item.reference));
        item.tags.iter().for_each(|tag| take(&Key::Tag(tag.clone())));
        item.project.iter().for_each(|project| take(&Key::Project(project.clone())));
        // A filter names somebody as they were known then.
        for person in &item.people {
            take(&Key::Person(*person));
            once(*person).into_iter().for_each(|person| take(&Key::Person(person)));
        }
        slots.sort_unstable();
        slots.dedup();
        let rooms = slots.into_iter().map(|slot| slot as usize);
        rooms.filter_map(|slot| Some((self.ids.get(slot)?.as_str(), self.rooms.get(slot)?))).collect()
    }
}

/// The bot somebody chose, after one more event.
fn choose(prefers: &mut Option<String>, event: &person::Event) {
    match event {
        person::Event::Preferred { bot } => prefers.clone_from(bot),
        person::Event::Reversed(reversed) => {
            if let Some(value) = &reversed.after.prefers {
                *prefers = value.get();
            }
        }
        person::Event::Forgotten | person::Event::Merged { .. } => *prefers = None,
        _ => {}
    }
}
