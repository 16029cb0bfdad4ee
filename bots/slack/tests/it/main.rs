//! The Slack bot against the stand-in.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

mod by_hand;
mod catch_up;
mod http;
mod inbound;
mod outbound;
mod pins;
mod setup;
mod shown;
mod socket;
