//! Where to reach whom: the direct rooms people were heard in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use yoman_chat::RoomId;

use super::{
    key::{self, Ops},
    queue::now_ms,
    store::Store,
};
use crate::domain::PersonId;

/// How stale the time in the store may be, in milliseconds: it only decides which of a person's rooms is the newest.
const STALE_MS: i64 = 3_600_000;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Heard {
    person: PersonId,
    at: i64,
}

#[derive(Debug)]
pub(super) struct Direct {
    store: Arc<Store>,
    // A std mutex: nothing is awaited under it. One row for each direct room there is.
    rooms: Mutex<HashMap<RoomId, Heard>>,
}

impl Direct {
    pub(super) fn new(store: Arc<Store>) -> Self {
        let mut rooms = HashMap::new();
        store.scan(key::DIRECT, None, |key, value| {
            if let (Some(room), Some(heard)) = (key::room_alone(key), key::decode(key, value)) {
                rooms.insert(room, heard);
            }
            true
        });
        Self { store, rooms: Mutex::new(rooms) }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Heard>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn met(&self, room: &RoomId, person: PersonId) {
        let now = now_ms();
        let mut rooms = self.rooms();
        let known = rooms.get(room).is_some_and(|heard| heard.person == person && heard.at > now - STALE_MS);
        if known && newest(&rooms, person) == Some(room) {
            return;
        }
        let heard = Heard { person, at: now };
        rooms.insert(room.clone(), heard);
        let mut ops = Ops::default();
        ops.put(key::direct(room), &heard);
        self.store.submit_owed(ops, None);
    }

    /// A person is to be found nowhere any more.
    pub(super) fn forget(&self, person: PersonId) {
        let mut rooms = self.rooms();
        let mut ops = Ops::default();
        rooms.retain(|room, heard| {
            if heard.person == person {
                ops.remove(key::direct(room), 0);
            }
            heard.person != person
        });
        if !ops.is_empty() {
            self.store.submit_owed(ops, None);
        }
    }

    pub(super) fn person_in(&self, room: &RoomId) -> Option<PersonId> {
        self.rooms().get(room).map(|heard| heard.person)
    }

    pub(super) fn room_of(&self, person: PersonId) -> Option<RoomId> {
        newest(&self.rooms(), person).cloned()
    }
}

fn newest(rooms: &HashMap<RoomId, Heard>, person: PersonId) -> Option<&RoomId> {
    let of_person = rooms.iter().filter(|(_, heard)| heard.person == person);
    of_person.max_by(|(a, x), (b, y)| (x.at, a).cmp(&(y.at, b))).map(|(room, _)| room)
}
