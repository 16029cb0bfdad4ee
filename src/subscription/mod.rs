//! Who has seen WHAT: a cursor over the log, caught up and then live, without a gap or a repeat.
//!
//! # Layout
//!
//! * `runner.rs` [`Subscription`]: catch up from a position, then live
//! * `shared.rs` [`SharedWorld`]: the one world everybody looks at, kept up to date
//! * `fold.rs`   a world brought forward by reading the log, and what that takes
//! * `snapshots/` [`Snapshots`]: worlds on disk, so that neither a start nor a look at the past reads everything
//! * `past.rs`   [`Past`]: the world as of any moment

mod fold;
mod past;
mod runner;
mod shared;
pub mod snapshots;

pub use fold::{FoldError, Rate, forward};
pub use past::{Past, PastError, RenewError};
pub use runner::Subscription;
pub use shared::SharedWorld;
pub use snapshots::{SnapshotSettings, Snapshots};
