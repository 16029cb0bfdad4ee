//! Discord over its stand-in.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

mod check;
mod commands;
mod endpoint;
mod gateway;
mod inbound;
mod interactions;
mod outbound;
mod pins;
mod setup;
