//! What REACTS: process managers. Events in, commands out: a reaction is computed without side effects and carried
//! out by `intake` under a command id derived from the event that caused it, so it happens once, however often it is tried.
//!
//! # Layout
//!
//! * `promotion.rs` an item that was promoted causes the next one
//! * `reminder.rs`  what is due, stale or blocked too long is reminded of
//! * `runner.rs`    the cursor that finishes what a crash cut short

pub mod promotion;
pub mod reminder;
pub mod runner;

use crate::{
    domain::{Bucket, item::Draft},
    log::CommandId,
};

/// A command that follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Derived from the event: the same event gives the same id.
    pub command: CommandId,
    /// The name of the process manager, for the actor of the commit.
    pub by: &'static str,
    /// Where the new item goes.
    pub bucket: Bucket,
    /// What it shall be.
    pub draft: Draft,
}
