//! yoman, Your Operation MANager: a message becomes a command, a command becomes events in an append-only log that
//! the user owns, and everything anyone sees is a cursor over that log.

pub mod app;
pub mod command;
pub mod config;
pub mod control;
pub mod domain;
pub mod log;
pub mod projection;
pub mod subscription;
pub mod notify;
pub mod workflow;
pub mod bots;
pub mod intake;
