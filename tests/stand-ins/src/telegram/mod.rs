//! A Telegram Bot API server on loopback, strict on purpose: it keeps the limits of the real one, answers in its words,
//! and can be made to fail in the ways networks do.
//!
//! It knows one bot ([`BotIdentity`]). A test holds it as [`TelegramStandIn`]; a driver in another process uses the
//! same over HTTP under `/control` (see `control.rs` for the routes).
//!
//! # Layout
//!
//! * `handle.rs`   [`TelegramStandIn`], what tests hold
//! * `model.rs`    what the control side speaks in
//! * `control.rs`  the same over HTTP
//! * `server.rs`   sockets, token, faults, dispatch
//! * `params.rs`   JSON, form, multipart and query into parameters
//! * `world.rs`    the state and what people do in it
//! * `updates.rs`  getUpdates, webhooks
//! * `methods.rs`  the small methods
//! * `messages.rs` sending, changing, deleting; `media.rs` the same with a picture or a file
//! * `json.rs`     people, chats, messages as objects
//! * `text.rs`     entities; `markup.rs` parse modes
//! * `limits.rs`   rates

mod control;
mod handle;
mod json;
mod limits;
mod markup;
mod media;
mod messages;
mod methods;
mod model;
mod params;
mod pins;
mod server;
mod text;
mod updates;
mod world;

pub use handle::TelegramStandIn;
pub use model::{
    BotIdentity, Call, CallbackAnswer, ChatKind, Counters, Done, Fault, FaultKind, Limits, NewChat, Press, Say, Shown,
    ShownButton, User, WaitingUpdate,
};
