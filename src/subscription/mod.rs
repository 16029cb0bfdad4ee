//! Who has seen WHAT: a cursor over the log, caught up and then live, without a gap or a repeat.
//!
//! # Layout
//!
//! * `runner.rs` [`Subscription`]: catch up from a position, then live

mod runner;

pub use runner::Subscription;
