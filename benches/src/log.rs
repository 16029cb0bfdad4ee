//! The log and what it is compared with, under closed-loop clients.
//!
//! # Layout
//!
//! * `engines.rs` the log, a raw file, and what others would keep events in
//! * `load.rs`    what is appended, and who appends

#![expect(clippy::expect_used, reason = "a bench has nothing to save when one fails")]

pub mod engines;
pub mod load;
