//! Which message shows which item: what a change edits, and what a reply is about.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use yoman_chat::{BotName, MessageRef, Outbound, RoomId};

use super::{
    key::{self, Ops, Seq},
    store::Store,
};
use crate::domain::ItemRef;

/// The message that is a room's card of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRef {
    /// Where it stands.
    pub message: MessageRef,
    /// What it shows: [`hash`] of the rendered card; 0 when that is not known.
    pub hash: u64,
    /// The version of the item it shows.
    pub version: u64,
}

/// What a card shows, in 8 bytes that mean the same in every process. Never 0.
pub fn hash(card: &Outbound) -> u64 {
    let bytes = serde_json::to_vec(&(&card.text, &card.buttons, &card.accent)).unwrap_or_default();
    let digest = Sha256::digest(bytes);
    let short = digest.first_chunk::<8>().map_or(1, |bytes| u64::from_be_bytes(*bytes));
    short.max(1)
}

/// A card as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CardRow {
    /// The platform's id of the message.
    pub(super) id: String,
    pub(super) hash: u64,
    pub(super) version: u64,
    /// The message that was the card before, when it does not show the same: changed once more, then left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) older: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OrderRow {
    id: String,
    item: ItemRef,
}

/// Rows that are on their way to the store: read before it.
type Fresh = BTreeMap<Vec<u8>, (u64, Option<CardRow>)>;

/// The cards of all rooms.
#[derive(Debug)]
pub(super) struct Cards {
    store: Arc<Store>,
    per_room_max: usize,
    fresh: Arc<Mutex<Fresh>>,
    /// Messages recorded in a room since its oldest ones were forgotten.
    recorded: Mutex<HashMap<RoomId, usize>>,
}

/// How many messages of a room are recorded before its oldest are looked for.
const FORGET_EVERY: usize = 64;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cards {
    pub(super) fn new(store: Arc<Store>, per_room_max: usize) -> Self {
        Self { store, per_room_max, fresh: Arc::default(), recorded: Mutex::default() }
    }

    fn read(&self, key: &[u8]) -> Option<CardRow> {
        if let Some((_, row)) = lock(&self.fresh).get(key) {
            return row.clone();
        }
        key::decode(key, Some(self.store.get(key)?))
    }

    pub(super) fn row(&self, room: &RoomId, item: ItemRef) -> Option<CardRow> {
        self.read(&key::card(room, item))
    }

    pub(super) fn get(&self, room: &RoomId, item: ItemRef) -> Option<CardRef> {
        let row = self.row(room, item)?;
        let message = MessageRef { room: room.clone(), id: row.id };
        Some(CardRef { message, hash: row.hash, version: row.version })
    }

    /// The rooms of a bot that have a card of an item.
    pub(super) fn rooms(&self, item: ItemRef, bot: &BotName) -> Vec<RoomId> {
        let prefix = key::cards_of(item, bot);
        let mut keys = Vec::new();
        self.store.scan(&prefix, None, |key, _| {
            keys.push(key.to_vec());
            true
        });
        for (key, (_, row)) in lock(&self.fresh).range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix))
        {
            keys.retain(|it| it != key);
            if row.is_some() {
                keys.push(key.clone());
            }
        }
        keys.iter().filter_map(|key| key::room_of_card(key)).collect()
    }

    pub(super) fn item_of(&self, message: &MessageRef) -> Option<ItemRef> {
        let key = key::message(message);
        key::decode(&key, Some(self.store.get(&key)?))
    }

    /// Writes a row and remembers it until it is in the store.
    fn write(&self, room: &RoomId, item: ItemRef, row: Option<CardRow>, ops: &mut Ops, seq: u64) -> Landed {
        let key = key::card(room, item);
        match &row {
            Some(row) => drop(ops.put(key.clone(), row)),
            None => ops.remove(key.clone(), 0),
        }
        lock(&self.fresh).insert(key.clone(), (seq, row));
        Landed { key, seq, fresh: Arc::clone(&self.fresh) }
    }

    /// `message` is now the room's card of `item`.
    pub(super) fn sent(
        &self,
        message: &MessageRef,
        item: ItemRef,
        (version, hash): (u64, u64),
        at: Seq,
        ops: &mut Ops,
    ) -> Landed {
        let before = self.row(&message.room, item);
        let older = before.filter(|row| row.id != message.id && (row.hash != hash || hash == 0)).map(|row| row.id);
        ops.put(key::message(message), &item);
        ops.put(key::order(&message.room, at), &OrderRow { id: message.id.clone(), item });
        let mut recorded = lock(&self.recorded);
        let count = recorded.entry(message.room.clone()).or_default();
        *count += 1;
        let due = *count >= FORGET_EVERY;
        if due {
            recorded.remove(&message.room);
        }
        drop(recorded);
        if due {
            self.forget_oldest(&message.room, ops);
        }
        let row = CardRow { id: message.id.clone(), hash, version, older };
        self.write(&message.room, item, Some(row), ops, at.seq)
    }

    /// The card was changed in place.
    pub(super) fn edited(&self, room: &RoomId, item: ItemRef, row: CardRow, at: Seq, ops: &mut Ops) -> Landed {
        self.write(room, item, Some(row), ops, at.seq)
    }

    /// The card is not there any more.
    pub(super) fn gone(&self, room: &RoomId, item: ItemRef, at: Seq, ops: &mut Ops) -> Landed {
        self.write(room, item, None, ops, at.seq)
    }

    /// Forgets the oldest messages of a room beyond the most that are kept.
    pub(super) fn forget_oldest(&self, room: &RoomId, ops: &mut Ops) {
        let prefix = key::order_of(room);
        let mut rows = Vec::new();
        self.store.scan(&prefix, None, |key, value| {
            if key.len() == prefix.len() + 10 {
                rows.push((key.to_vec(), value));
            }
            true
        });
        let beyond = rows.len().saturating_sub(self.per_room_max);
        for (key, value) in rows.into_iter().take(beyond) {
            ops.remove(key.clone(), 0);
            let Some(OrderRow { id, item }) = key::decode(&key, value) else { continue };
            if self.row(room, item).is_some_and(|row| row.id == id) {
                ops.remove(key::card(room, item), 0);
            }
            ops.remove(key::message(&MessageRef { room: room.clone(), id }), 0);
        }
    }
}

/// To be called when the rows written with it are in the store (or will never be).
#[must_use]
pub(super) struct Landed {
    key: Vec<u8>,
    seq: u64,
    fresh: Arc<Mutex<Fresh>>,
}

impl Landed {
    /// The store is read again for this card. Kept in memory when it could not be stored.
    pub(super) fn landed(self, stored: bool) {
        let mut fresh = lock(&self.fresh);
        let same = fresh.get(&self.key).is_some_and(|(seq, _)| *seq == self.seq);
        if same && (stored || fresh.len() > FRESH_MAX) {
            fresh.remove(&self.key);
        }
    }
}

/// The most cards kept in memory while the store cannot be written.
const FRESH_MAX: usize = 4096;
