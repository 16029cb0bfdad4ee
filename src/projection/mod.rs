//! What anyone SEES: a pure fold over commits, and views of it. Nothing here writes anything.
//!
//! # Layout
//!
//! * `mod.rs`     [`World`]: the fold
//! * `items.rs`   items with what a card shows of them; who waits for whom
//! * `people.rs`  people by number, identity and handle
//! * `rooms.rs`   rooms and their settings
//! * `select.rs`  filters applied: list, mine, next, find
//! * `card.rs`    an item as a message with its buttons
//! * `answer.rs`  what an accepted command is answered with
//! * `notice.rs`  what those who follow are told
//! * `list.rs`, `board.rs`   many items as a message
//! * `timeline.rs` history: the commits of one item in words
//! * `cause.rs`   why: the chain across items, messages and people
//! * `words.rs`   dates, names and counts as people say them

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use yoman_chat::{Capabilities, Outbound};

use crate::{
    domain::{Filter, Handle, Identity, ItemRef, PersonId, item::Item, person::Person, room::Room},
    log::{Commit, Position},
};

/// An item with what a card shows besides its state.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The state.
    pub item: Item,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The newest change: when.
    pub changed_at: DateTime<Utc>,
    /// The newest change: who (`person/1`, `workflow/promotion`).
    pub changed_by: String,
    /// The newest change: through which bot.
    pub changed_on: String,
    /// The newest change, in a stored name (`todo_started`).
    pub changed_how: std::sync::Arc<str>,
    /// The position of the newest change.
    pub position: Position,
}

/// What a view may know about whoever it is for.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The room it is for.
    pub room: String,
    /// The person it is for, when it is for one: shown as "you".
    pub person: Option<PersonId>,
    /// The room's time zone.
    pub time_zone: Tz,
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// What the room's platform can do.
    pub capabilities: Capabilities,
}

/// The state of everything, folded from the log up to a position.
#[derive(Debug, Default)]
pub struct World {
    /// The newest commit folded in.
    pub position: Position,
}

impl World {
    /// Folds one commit in; commits at or before [`World::position`] are passed over.
    pub fn apply(&mut self, _commit: &Commit) {}

    /// An item.
    pub fn item(&self, _item: ItemRef) -> Option<&Seen> {
        None
    }

    /// The highest number in use in a bucket; 0: none.
    pub fn newest(&self, _bucket: crate::domain::Bucket) -> u32 {
        0
    }

    /// The prerequisites of an item that are still open, with their titles.
    pub fn waits_for(&self, _item: ItemRef) -> Vec<(ItemRef, String)> {
        Vec::new()
    }

    /// The open items that wait for this one.
    pub fn waited_for_by(&self, _item: ItemRef) -> Vec<ItemRef> {
        Vec::new()
    }

    /// Those of `needs` that wait, over any number of steps, for `item`.
    pub fn circular(&self, _item: ItemRef, _needs: &[ItemRef]) -> Vec<ItemRef> {
        Vec::new()
    }

    /// A person by number.
    pub fn person(&self, _person: PersonId) -> Option<&Person> {
        None
    }

    /// A person by who they are on a platform.
    pub fn by_identity(&self, _identity: &Identity) -> Option<&Person> {
        None
    }

    /// A person as they are written. Case and the `@` are gone already.
    pub fn by_handle(&self, _handle: &Handle) -> Option<&Person> {
        None
    }

    /// All people, by number.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        [].into_iter()
    }

    /// A room's state; the default for one that never said anything.
    pub fn room(&self, _room: &str) -> &Room {
        static DEFAULT: std::sync::OnceLock<Room> = std::sync::OnceLock::new();
        DEFAULT.get_or_init(Room::default)
    }

    /// All rooms that have a state, by id.
    pub fn rooms(&self) -> impl Iterator<Item = (&str, &Room)> {
        [].into_iter()
    }

    /// Whether an item passes a filter (`words` excepted when the text is not kept in memory).
    pub fn passes(&self, _item: ItemRef, _filter: &Filter, _viewer: &Viewer) -> bool {
        false
    }

    /// An item as a message: text and the buttons that make sense now, each with the item's version.
    pub fn card(&self, _item: ItemRef, _viewer: &Viewer) -> Option<Outbound> {
        None
    }

    /// What somebody who follows an item is told about a commit; `None` when there is nothing worth telling.
    pub fn notice(&self, _commit: &Commit, _viewer: &Viewer) -> Option<Outbound> {
        None
    }
}
