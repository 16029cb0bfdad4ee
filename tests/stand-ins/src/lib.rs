//! Strict loopback stand-ins for the platforms, for tests and benches. They follow the platforms' public
//! documentation rather than our own client, so that other people's clients work against them too.
//!
//! # Layout
//!
//! * [`discord`]  the Discord API: REST, gateway, signed interactions
//! * [`nats`]     real NATS servers, which are no stand-ins
//! * [`telegram`] the Telegram Bot API
//! * [`slack`] Slack: Web API, Socket Mode, HTTP mode

pub mod discord;
#[cfg(unix)]
pub mod nats;
pub mod slack;
pub mod telegram;
