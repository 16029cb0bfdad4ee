//! The whole house, from what somebody types to what everybody sees: one binary, one module for each promise.

#![expect(clippy::unwrap_used, reason = "what the tests share fails like a test: with a place and a reason")]

mod stage;

mod again;
mod anything;
mod away;
mod away_faults;
mod boards;
mod confirm;
mod digest;
mod down;
mod first_minute;
mod follow;
mod forget;
mod forms;
mod korean;
mod korean_words;
mod link;
mod log_tools;
mod looks;
mod moving;
mod newer;
mod nodes;
#[cfg(unix)]
mod on_nats;
mod order;
mod past;
mod phone;
mod picture;
mod plain;
mod quiet_reminders;
mod react;
mod refusing;
mod remind;
mod report;
mod said;
mod sealed_tools;
mod slack;
mod three_platforms;
mod three_platforms_wire;
mod typing;
mod undo;
mod wrong;
