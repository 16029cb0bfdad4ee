//! yoman, Your Operation MANager: a message becomes a command, a command becomes events in an append-only log that
//! the user owns, and everything anyone sees is a cursor over that log.

pub mod app;
pub mod bots;
pub mod clock;
pub mod command;
pub mod config;
pub mod control;
pub mod domain;
pub mod intake;
pub mod lang;
pub mod log;
pub mod machine;
pub mod nodes;
pub mod notify;
pub mod picture;
pub mod projection;
pub mod report;
pub mod spool;
pub mod subscription;
pub mod vault;
pub mod workflow;
