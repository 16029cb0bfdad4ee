//! A Slack on loopback, strict on purpose: the Web API with its scopes, limits and errors, Socket Mode with its
//! envelopes, deadlines and disconnects, HTTP mode with its signature; and it can be made to fail in the ways networks do.
//!
//! It knows one workspace with one app in it ([`AppIdentity`]). A test holds it as [`SlackStandIn`]; a driver in another
//! process uses the same over HTTP under `/control` (see `control.rs` for the routes).
//!
//! # Layout
//!
//! * `handle.rs`    [`SlackStandIn`], what tests hold
//! * `model.rs`     what the control side speaks in
//! * `control.rs`   the same over HTTP
//! * `server.rs`    sockets, tokens, faults, dispatch; `params.rs` JSON, form and query into parameters
//! * `world.rs`     the state; `people.rs` what people do in it
//! * `queue.rs`     what waits for the app, and what becomes of it
//! * `socket.rs`    Socket Mode; `request_url.rs` HTTP mode
//! * `methods.rs`   reading methods; `messages.rs` chat.*; `views.rs` modals and the home; `files.rs` uploads
//! * `blocks.rs`    what Block Kit allows; `shown.rs` what it looks like
//! * `text.rs`      escaping, timestamps

mod blocks;
mod control;
mod files;
mod handle;
mod messages;
mod methods;
mod model;
mod params;
mod people;
mod pins;
mod queue;
mod request_url;
mod server;
mod shown;
mod socket;
mod text;
mod views;
mod world;

pub use handle::SlackStandIn;
pub use model::{
    AppIdentity, Call, ChannelKind, Counters, Delivery, Fault, FaultKind, Limits, NewChannel, Person, Press, Say,
    Shown, ShownButton, Slash, Submit, Unfurl, View, Waiting,
};
