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
//! * `board.rs`, `list.rs`   many items as a message
//! * `timeline.rs` history: the commits of one item in words
//! * `cause.rs`   why: the chain across items, messages and people
//! * `words.rs`   dates, names and counts as people say them

use crate::log::Position;

/// The state of everything, folded from the log up to a position.
#[derive(Debug, Default)]
pub struct World {
    /// The newest commit folded in.
    pub position: Position,
}
