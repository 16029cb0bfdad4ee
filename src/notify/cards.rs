//! Which message shows which item: what a change edits, and what a reply is about.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use yoman_chat::{BotName, MessageRef, Outbound, RoomId};

use super::{
    entry::What,
    key::{self, Ops, Seq},
    outbox::Outbox,
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
    /// There are buttons under it.
    #[serde(default)]
    pub(super) buttons: bool,
    /// The messages that were the card before and do not show the same, or have buttons: changed once more, without
    /// buttons, then left alone.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub(super) older: Vec<String>,
}

/// The most messages that wait to be changed once more because a newer one took their place.
const OLDER_MAX: usize = 8;

/// A row of an earlier version names one message at most.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Either::deserialize(from)? {
        Either::One(id) => vec![id],
        Either::Many(ids) => ids,
    })
}

/// What is stored of a message of ours.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum MessageRow {
    /// The item; a row of an earlier version.
    About(ItemRef),
    /// The item, and the version it showed when it was sent, or when a newer message took its place.
    Shows { item: ItemRef, version: u64 },
}

impl MessageRow {
    fn item(self) -> ItemRef {
        match self {
            Self::About(item) | Self::Shows { item, .. } => item,
        }
    }
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

    /// What is in memory of a bot's rooms is forgotten: the store is read.
    pub(super) fn read_again(&self, bot: &BotName) {
        lock(&self.fresh).retain(|key, _| key::owner(key).as_ref() != Some(bot));
        lock(&self.recorded).retain(|room, _| room.bot() != bot.as_str());
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

    fn message(&self, message: &MessageRef) -> Option<MessageRow> {
        let key = key::message(message);
        key::decode(&key, Some(self.store.get(&key)?))
    }

    pub(super) fn item_of(&self, message: &MessageRef) -> Option<ItemRef> {
        self.message(message).map(MessageRow::item)
    }

    /// The item a message is about and the version it shows, if that is known. It may be named without its thread: then
    /// what is found is the message as it was sent.
    pub(super) fn at(&self, message: &MessageRef) -> Option<(MessageRef, ItemRef, Option<u64>)> {
        let (message, row) = match self.message(message) {
            Some(row) => (message.clone(), row),
            None => self.in_a_thread(message)?,
        };
        let card = self.row(&message.room, row.item()).filter(|card| card.id == message.id);
        let version = match (card, row) {
            (Some(card), _) => Some(card.version),
            (None, MessageRow::Shows { version, .. }) => Some(version),
            (None, MessageRow::About(_)) => None,
        };
        Some((message, row.item(), version))
    }

    /// Looks for a message in the threads of its room: their own rooms, or a part of its id before a slash.
    fn in_a_thread(&self, message: &MessageRef) -> Option<(MessageRef, MessageRow)> {
        let prefix = key::messages_within(&message.room);
        let mut found = None;
        self.store.scan(&prefix, None, |key, value| {
            // Another room whose name only begins like this one.
            if !matches!(key.get(prefix.len()), Some(0 | b'/')) {
                return true;
            }
            let Some(at) = key::message_of(key) else { return true };
            if at.id.rsplit('/').next() == Some(message.id.as_str()) {
                found = key::decode(key, value).map(|row| (at, row));
            }
            found.is_none()
        });
        found
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

    /// `message` is now the room's card of `item`. Also says whether buttons stand under the one that was it before.
    pub(super) fn sent(
        &self,
        message: &MessageRef,
        item: ItemRef,
        (version, hash, buttons): (u64, u64, bool),
        at: Seq,
        ops: &mut Ops,
    ) -> (Landed, bool) {
        let before = self.row(&message.room, item).filter(|row| row.id != message.id);
        // An answer of a line leaves its buttons to the message before it.
        let pressable = before.as_ref().is_some_and(|row| row.buttons || !row.older.is_empty());
        let mut older = Vec::new();
        if let Some(before) = before {
            let was = MessageRef { room: message.room.clone(), id: before.id };
            if self.item_of(&was).is_some() {
                ops.put(key::message(&was), &MessageRow::Shows { item, version: before.version });
            }
            older = before.older;
            if pressable || before.hash != hash || hash == 0 {
                older.push(was.id);
            }
            let beyond = older.len().saturating_sub(OLDER_MAX);
            older.drain(..beyond);
        }
        ops.put(key::message(message), &MessageRow::Shows { item, version });
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
        let row = CardRow { id: message.id.clone(), hash, version, buttons, older };
        (self.write(&message.room, item, Some(row), ops, at.seq), pressable)
    }

    /// The card was changed in place.
    pub(super) fn edited(&self, room: &RoomId, item: ItemRef, row: CardRow, at: Seq, ops: &mut Ops) -> Landed {
        self.write(room, item, Some(row), ops, at.seq)
    }

    /// Messages that were the card once were brought up to this version, for the last time.
    pub(super) fn older_edited(&self, room: &RoomId, item: ItemRef, (version, ids): (u64, Vec<String>), ops: &mut Ops) {
        for id in ids {
            let message = MessageRef { room: room.clone(), id };
            if self.item_of(&message).is_some() {
                ops.put(key::message(&message), &MessageRow::Shows { item, version });
            }
        }
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

impl Outbox {
    /// Brings a bot's cards of some items up to date.
    pub fn refresh(&self, bot: &BotName, items: &[ItemRef]) {
        let queue = self.queue(bot);
        for &item in items {
            for room in self.rooms_with_card(bot, item) {
                let mut inner = queue.inner();
                let mut change = queue.change();
                queue.admit(&mut inner, &room, What::Refresh { item }, &mut change);
                queue.submit(inner, change);
            }
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
