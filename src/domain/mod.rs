//! What it MEANS: pure, synchronous, no input or output. One file per aggregate, each with its events, its state,
//! `decide` (state and command to events, or why not) and `evolve` (state and event to state).
//!
//! # Layout
//!
//! * `item.rs`, `item/`   what every item has: reference, facts, acts, the dispatch to its bucket
//! * `idea.rs`, `research.rs`, `todo.rs`, `pr.rs`   the four buckets
//! * `person.rs`, `room.rs`   people and rooms are streams too
//! * `report.rs` the reports owners send, too; `reminder.rs` what is reminded of, and when
//! * `filter.rs` which items somebody means; `kind.rs` what happened to them, in a few words
//! * `hours.rs`  when a room is told: digests and quiet hours
//! * `name.rs`   tags, projects, handles, people, identities, priorities, due dates
//! * `undo.rs`   which act is taken back, and what of a history counts
//! * `stored.rs` stable stored names, schema versions, bytes
//! * `spec.rs`   given / when / then for the tests

pub mod filter;
pub mod hours;
pub mod idea;
pub mod item;
pub mod kind;
pub mod name;
pub mod person;
pub mod pr;
#[cfg(test)]
#[path = "tests/reasons.rs"]
mod reasons;
pub mod reminder;
pub mod report;
pub mod research;
pub mod room;
#[cfg(test)]
mod spec;
pub mod stored;
pub mod todo;
pub mod undo;

pub use filter::Filter;
pub use item::{Bucket, ItemRef};
pub use kind::Kind;
pub use name::{Due, Handle, Identity, PersonId, Priority, Project, Role, Tag};

/// Any event of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Of an item's stream (`idea/3`, `research/2`, `todo/7`, `pr/4`).
    Item(item::Event),
    /// Of a person's stream (`person/1`).
    Person(person::Event),
    /// Of a room's stream (`room/<room id>`).
    Room(room::Event),
    /// Of a report's stream (`report/<name>`).
    Report(report::Event),
    /// Of the stream of an item's reminders (`reminder/T7`).
    Reminder(reminder::Event),
}
