//! Bots over the Telegram wire protocol: the stand-in with people on it, the bots as child processes, what they are put through.
//!
//! # Layout
//!
//! * `stage.rs`   the platform with its people, what they say and what they are answered
//! * `subject.rs` the bots that are compared, started, killed and looked at from outside
//! * `prepare.rs` what a bot finds in its data directory
//! * `load.rs`    how fast it is while everything works

pub mod load;
pub mod prepare;
pub mod stage;
pub mod subject;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a bench comes to: nothing can be saved when one fails, so the first fault ends it.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Nothing that panics holds one of these for long.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
