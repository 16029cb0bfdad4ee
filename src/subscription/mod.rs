//! Who has seen WHAT: a cursor over the log, caught up and then live, without a gap or a repeat.
//!
//! # Layout
//!
//! * `runner.rs` [`Subscription`]: catch up from a position, then live
//! * `shared.rs` [`SharedWorld`]: the one world everybody looks at, kept up to date

mod runner;
mod shared;

pub use runner::Subscription;
pub use shared::SharedWorld;
