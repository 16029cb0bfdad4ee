//! Rooms and their settings.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::{Deserialize, Serialize};

use crate::domain::room::{self, Room};

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

    pub(super) fn get(&self, id: &str) -> &Room {
        static SILENT: OnceLock<Room> = OnceLock::new();
        self.rooms.get(id).unwrap_or_else(|| SILENT.get_or_init(Room::default))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Room)> {
        self.rooms.iter().map(|(id, room)| (id.as_str(), room))
    }
}
