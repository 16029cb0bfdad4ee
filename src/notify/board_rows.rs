//! Which message is the board of a room.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use yoman_chat::{BotName, MessageRef, Outbound, RoomId};

use super::{
    entry::What,
    intent::Answer,
    key::{self, Ops},
    outbox::Outbox,
    store::Store,
};

/// Whether a message stands pinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pinned {
    /// Not yet.
    #[default]
    No,
    /// It was pinned. Whoever unpins it by hand wants it so.
    Yes,
    /// The platform refuses it, and the room was told.
    Refused,
}

/// How a board is brought up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anew {
    /// In its place.
    #[default]
    No,
    /// In its place, and pinned once more: somebody asked for it.
    Pin,
    /// As a new message.
    Send,
}

impl Anew {
    pub(super) fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// The board of a room as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BoardRow {
    /// The platform's id of the message; `None`: it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// What it shows: [`super::hash`] of the board.
    pub(super) hash: u64,
    #[serde(default)]
    pub(super) pinned: Pinned,
    /// The message that was the board before: to be taken down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) older: Option<String>,
    /// How often somebody deleted it since it was last changed in its place. It is sent again after the first time;
    /// whoever does it twice does not want it.
    #[serde(default)]
    pub(super) deleted: u8,
}

/// Deleted so often it stays away until somebody asks for it.
const DELETED_MAX: u8 = 2;

impl BoardRow {
    /// Whether bringing it up to date takes a new message.
    fn sends(row: Option<&Self>, anew: Anew) -> bool {
        match row {
            None => true,
            Some(Self { id: Some(_), .. }) => anew == Anew::Send,
            Some(Self { id: None, deleted, .. }) => *deleted < DELETED_MAX || !anew.is_no(),
        }
    }
}

/// The boards of all rooms: one row for each room that has one.
#[derive(Debug)]
pub(super) struct Boards {
    // A std mutex: nothing is awaited under it.
    rows: Mutex<BTreeMap<RoomId, BoardRow>>,
}

impl Boards {
    pub(super) fn new(store: &Arc<Store>) -> Self {
        let boards = Self { rows: Mutex::default() };
        boards.read_back(store, key::BOARDS);
        boards
    }

    /// Takes from the store what rows with this beginning say.
    fn read_back(&self, store: &Store, prefix: &[u8]) {
        let mut found = BTreeMap::new();
        store.scan(prefix, None, |key, value| {
            if let (Some(room), Some(row)) = (key::room_alone(key), key::decode(key, value)) {
                found.insert(room, row);
            }
            true
        });
        self.rows().extend(found);
    }

    /// Forgets what is in memory of the rooms of a bot and takes it from the store.
    pub(super) fn read_again(&self, store: &Store, bot: &BotName) {
        self.rows().retain(|room, _| room.bot() != bot.as_str());
        self.read_back(store, &key::of_rooms(key::BOARDS, bot));
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<RoomId, BoardRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn row(&self, room: &RoomId) -> Option<BoardRow> {
        self.rows().get(room).cloned()
    }

    /// Whether bringing the room's board up to date takes a new message: such an attempt is on record before it is made.
    pub(super) fn sends(&self, room: &RoomId, anew: Anew) -> bool {
        BoardRow::sends(self.rows().get(room), anew)
    }

    /// Whether a message is a board that is kept up to date.
    pub(super) fn is_board(&self, message: &MessageRef) -> bool {
        self.rows().get(&message.room).is_some_and(|row| row.id.as_ref() == Some(&message.id))
    }

    /// The rooms of a bot that have one.
    pub(super) fn of(&self, bot: &BotName) -> Vec<RoomId> {
        self.rows().keys().filter(|room| room.bot() == bot.as_str()).cloned().collect()
    }

    /// Remembers, or forgets, which message it is.
    pub(super) fn write(&self, room: &RoomId, row: Option<BoardRow>, ops: &mut Ops) {
        match row {
            Some(row) => {
                ops.put(key::board(room), &row);
                self.rows().insert(room.clone(), row);
            }
            None => {
                ops.remove(key::board(room), 0);
                self.rows().remove(room);
            }
        }
    }
}

impl Outbox {
    /// Whether one of our messages is a board that is kept up to date.
    pub fn is_board(&self, message: &MessageRef) -> bool {
        self.queue(&BotName::new(message.room.bot())).boards.is_board(message)
    }

    /// The rooms of a bot in which a board stands.
    pub fn rooms_with_board(&self, bot: &BotName) -> Vec<RoomId> {
        self.queue(bot).boards.of(bot)
    }

    /// Brings the boards of some rooms of a bot up to date.
    pub fn refresh_boards(&self, bot: &BotName, rooms: impl IntoIterator<Item = RoomId>) {
        let queue = self.queue(bot);
        for room in rooms {
            let mut inner = queue.inner();
            let mut change = queue.change();
            queue.admit(&mut inner, &room, What::Board { anew: Anew::No }, &mut change);
            queue.submit(inner, change);
        }
    }
}

impl Answer {
    /// The room's board.
    pub fn board(anew: Anew) -> Self {
        Self { board: Some(anew), ..Self::new(Outbound::default()) }
    }
}
