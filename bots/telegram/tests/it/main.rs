//! How the bot behaves against a strict Bot API server on loopback.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

mod inbound;
mod menu;
mod other_clients;
mod outbound;
mod photo;
mod pins;
mod polling;
mod setup;
mod webhook;
