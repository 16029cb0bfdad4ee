//! Discord on loopback, strict on purpose: REST, gateway and signed interactions with the limits, deadlines and error
//! bodies of the real service, which can be made to fail in the ways networks do.
//!
//! It knows one bot ([`BotIdentity`]). A test holds it as [`DiscordStandIn`]; a driver in another process uses the same
//! over HTTP under `/control` (see `control.rs` for the routes). Source: <https://discord.com/developers/docs>.
//!
//! # Layout
//!
//! * `handle.rs`       [`DiscordStandIn`], what tests hold
//! * `model.rs`        what the control side speaks in
//! * `control.rs`      the same over HTTP
//! * `server.rs`       sockets, token, faults, rate limits
//! * `rest.rs`         which request goes where
//! * `world.rs`        the state; `people.rs` what people do in it; `json.rs` it as objects
//! * `messages.rs`     sending, changing, reading; `form.rs` what a message may hold
//! * `interactions.rs` callbacks and follow-ups, with their deadlines
//! * `commands.rs`     what may be registered
//! * `gateway.rs`      the WebSocket: identify, resume, heartbeats
//! * `permissions.rs`  who may do what where
//! * `markdown.rs`     what a text shows

mod commands;
mod control;
mod form;
mod gateway;
mod handle;
mod interactions;
mod json;
mod markdown;
mod messages;
mod model;
mod people;
mod permissions;
mod pins;
mod rest;
mod server;
mod world;

pub use handle::DiscordStandIn;
pub use model::{
    Answered, Ask, BotIdentity, Call, Counters, Fault, FaultKind, Invoke, Limits, NewChannel, Person, Say, Shown,
    ShownButton,
};
