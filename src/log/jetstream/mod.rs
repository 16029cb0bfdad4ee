//! The log shared by several machines: the truth is a stream of NATS JetStream, and every node keeps a replica of it.
//!
//! # Layout
//!
//! * `mod.rs`        what is offered
//! * `connection.rs` the connection to NATS: [`Connection`], [`NatsSettings`]

mod connection;

pub use self::connection::{Connection, ConnectionError, Hidden, Link, NatsSettings, check_server};
