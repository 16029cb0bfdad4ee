//! Rooms and their settings.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::{Deserialize, Serialize};

use crate::domain::{
    Filter, PersonId,
    room::{self, Room},
};

/// All rooms that said anything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Rooms {
    rooms: BTreeMap<String, Room>,
}

impl Rooms {
    pub(super) fn apply(&mut self, id: &str, version: u64, event: &room::Event) {
        let room = match self.rooms.get_mut(id) {
            Some(room) => room,
            None => self.rooms.entry(id.to_owned()).or_default(),
        };
        *room = room::evolve(std::mem::take(room), version, event);
    }

    /// One person turned out to be another: who follows the one follows the other.
    pub(super) fn merge_people(&mut self, from: PersonId, into: PersonId) {
        for room in self.rooms.values_mut() {
            for filter in room.follows.iter_mut().chain(&mut room.board).filter(|filter| filter.people.contains(&from))
            {
                filter.people.retain(|person| *person != from);
                if !filter.people.contains(&into) {
                    filter.people.push(into);
                    filter.people.sort_unstable();
                }
            }
            let mut known: Vec<Filter> = Vec::with_capacity(room.follows.len());
            room.follows.retain(|filter| {
                let new = !known.contains(filter);
                if new {
                    known.push(filter.clone());
                }
                new
            });
        }
    }

    pub(super) fn get(&self, id: &str) -> &Room {
        static SILENT: OnceLock<Room> = OnceLock::new();
        self.rooms.get(id).unwrap_or_else(|| SILENT.get_or_init(Room::default))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Room)> {
        self.rooms.iter().map(|(id, room)| (id.as_str(), room))
    }
}
