//! What could not be read, stream by stream: what a newer yoman wrote, or what was damaged. A fold that passed over an event
//! is not the state any more, so nothing may be decided from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Event, ItemRef, PersonId, reminder,
        report::ReportName,
        room,
        stored::{self, DecodeError},
    },
    log::Commit,
};

/// The events that were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unread {
    items: BTreeMap<ItemRef, u64>,
    people: BTreeMap<PersonId, u64>,
    rooms: BTreeMap<String, u64>,
    /// On streams that this version has no name for.
    elsewhere: u64,
    total: u64,
    /// Those of them that a newer version wrote.
    newer: u64,
}

impl Unread {
    /// Takes a commit of which `missed` events were passed over.
    pub(super) fn note(&mut self, commit: &Commit, missed: u64) {
        if missed == 0 {
            return;
        }
        let stream = commit.stream.as_str();
        let streams = if let Some(item) = ItemRef::of_stream(stream) {
            self.items.entry(item).or_default()
        } else if let Some(person) = PersonId::of_stream(stream) {
            self.people.entry(person).or_default()
        } else if let Some(room) = room::of_stream(stream) {
            self.rooms.entry(room.to_owned()).or_default()
        } else {
            &mut self.elsewhere
        };
        *streams += missed;
        self.total += missed;
        let errors = commit.events.iter().filter_map(|event| stored::decode(event).err());
        self.newer += errors.filter(DecodeError::is_newer).count() as u64;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn newer(&self) -> u64 {
        self.newer
    }

    pub(super) fn of_item(&self, item: ItemRef) -> u64 {
        self.items.get(&item).copied().unwrap_or(0)
    }

    pub(super) fn of_person(&self, person: PersonId) -> u64 {
        self.people.get(&person).copied().unwrap_or(0)
    }

    pub(super) fn of_room(&self, room: &str) -> u64 {
        self.rooms.get(room).copied().unwrap_or(0)
    }

    pub(super) fn items(&self) -> usize {
        self.items.len()
    }
}

/// Why the first event of some commits that cannot be read cannot be read.
pub(super) fn first_fault<'a>(commits: impl IntoIterator<Item = &'a Commit>) -> Option<String> {
    let events = commits.into_iter().flat_map(|commit| commit.events.iter().map(move |event| (commit, event)));
    events.into_iter().find_map(|(commit, event)| match stored::decode(event) {
        Err(error) => Some(error.to_string()),
        Ok(read) if belongs(&read, commit.stream.as_str()) => None,
        Ok(_) => Some(format!("{} does not belong there", event.name)),
    })
}

fn belongs(event: &Event, stream: &str) -> bool {
    match event {
        Event::Item(_) => ItemRef::of_stream(stream).is_some(),
        Event::Person(_) => PersonId::of_stream(stream).is_some(),
        Event::Room(_) => room::of_stream(stream).is_some(),
        Event::Report(_) => ReportName::of_stream(stream).is_some(),
        Event::Reminder(_) => reminder::of_stream(stream).is_some(),
    }
}
