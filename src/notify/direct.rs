//! Where to reach whom: the direct rooms people were heard in.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize};
use yoman_chat::{BotName, RoomId};

use super::{
    key::{self, Ops},
    queue::now_ms,
    store::Store,
};
use crate::{
    domain::{Identity, PersonId},
    lang::Lang,
    log::Position,
};

/// How stale the time in the store may be, in milliseconds: it only decides which of a person's rooms is the newest.
const STALE_MS: i64 = 3_600_000;

/// So many turns of a room are remembered: more than there are while a digest of a week is held.
const TURNS_MAX: usize = 256;

/// Who was heard in a direct room, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Heard {
    /// Who it was then: they may be known as somebody else by now.
    pub person: PersonId,
    /// Who they are on the platform: says whose room it is by now. Older rows do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The language their platform says they speak, if it is one that is spoken here.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "spoken")]
    pub language: Option<Lang>,
    at: i64,
    /// From which positions of the log on this was the room they were heard in last, and when; the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    turns: Vec<(Position, i64)>,
}

impl Heard {
    /// Whose room it is by now.
    pub fn whose(&self, world: &crate::projection::World) -> Option<PersonId> {
        match &self.identity {
            Some(identity) => world.by_identity(identity).map(|person| person.id),
            None => Some(world.resolved(self.person)),
        }
    }
}

/// A language that is not spoken here (any more) is none.
fn spoken<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lang>, D::Error> {
    let code = Option::<String>::deserialize(deserializer)?;
    Ok(code.as_deref().and_then(Lang::parse))
}

#[derive(Debug)]
pub(super) struct Direct {
    store: Arc<Store>,
    // A std mutex: nothing is awaited under it. One row for each direct room there is.
    rooms: Mutex<BTreeMap<RoomId, Heard>>,
}

impl Direct {
    pub(super) fn new(store: Arc<Store>) -> Self {
        let direct = Self { store, rooms: Mutex::default() };
        direct.read_back(key::DIRECT);
        direct
    }

    /// Takes from the store what rows with this beginning say.
    fn read_back(&self, prefix: &[u8]) {
        let mut found = BTreeMap::new();
        self.store.scan(prefix, None, |key, value| {
            if let (Some(room), Some(heard)) = (key::room_alone(key), key::decode(key, value)) {
                found.insert(room, heard);
            }
            true
        });
        self.rooms().extend(found);
    }

    /// Forgets what is in memory of the rooms of a bot and takes it from the store.
    pub(super) fn read_again(&self, bot: &BotName) {
        self.rooms().retain(|room, _| room.bot() != bot.as_str());
        self.read_back(&key::of_rooms(key::DIRECT, bot));
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<RoomId, Heard>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn met(
        &self,
        room: &RoomId,
        person: PersonId,
        identity: &Identity,
        language: Option<Lang>,
        head: Position,
    ) {
        let now = now_ms();
        let mut rooms = self.rooms();
        let is_them = |heard: &Heard| heard.person == person && heard.identity.as_ref() == Some(identity);
        // Not everything they do says it: it stays until something says otherwise.
        let language =
            language.or_else(|| rooms.get(room).filter(|heard| is_them(heard)).and_then(|heard| heard.language));
        let same = |heard: &Heard| is_them(heard) && heard.language == language;
        let known = rooms.get(room).is_some_and(|heard| same(heard) && heard.at > now - STALE_MS);
        let stays = newest(&rooms, |heard| heard.person == person) == Some(room);
        if known && stays {
            return;
        }
        let before = rooms.get(room).filter(|heard| heard.person == person);
        let mut turns = before.map(|heard| heard.turns.clone()).unwrap_or_default();
        // Never earlier than what was heard elsewhere, wherever the clock was set to.
        let latest = rooms.values().filter(|heard| heard.person == person).map(|heard| heard.at).max();
        let at = latest.map_or(now, |latest| now.max(latest + 1));
        if !stays {
            if turns.len() == TURNS_MAX {
                turns.remove(0);
            }
            turns.push((head, at));
        }
        let heard = Heard { person, identity: Some(identity.clone()), language, at, turns };
        rooms.insert(room.clone(), heard.clone());
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

    pub(super) fn heard_in(&self, room: &RoomId) -> Option<Heard> {
        self.rooms().get(room).cloned()
    }

    pub(super) fn all_of(&self, is_them: impl Fn(&Heard) -> bool) -> Vec<RoomId> {
        let rooms = self.rooms();
        let mut theirs: Vec<_> = rooms.iter().filter(|(_, heard)| is_them(heard)).collect();
        theirs.sort_by(|(a, x), (b, y)| (y.at, b).cmp(&(x.at, a)));
        theirs.into_iter().map(|(room, _)| room.clone()).collect()
    }

    /// Of these rooms the one somebody was heard in last before the commit at a position.
    pub(super) fn home<'a>(&self, rooms: &'a [RoomId], position: Position) -> Option<&'a RoomId> {
        let heard = self.rooms();
        rooms.iter().max_by_key(|room| {
            let heard = heard.get(*room);
            let turn = heard.and_then(|heard| heard.turns.iter().rev().find(|(turn, _)| *turn < position));
            // Where that is forgotten, or was never written down: the room that was used last of all.
            (turn, heard.map(|heard| heard.at), *room)
        })
    }
}

fn newest(rooms: &BTreeMap<RoomId, Heard>, is_them: impl Fn(&Heard) -> bool) -> Option<&RoomId> {
    let of_person = rooms.iter().filter(|(_, heard)| is_them(heard));
    of_person.max_by(|(a, x), (b, y)| (x.at, a).cmp(&(y.at, b))).map(|(room, _)| room)
}
