//! What goes out: routing (which room cares), outbox (intent, attempt, outcome), delivery (order, limits, coalescing).
//!
//! # Layout
//!
//! * `outbox.rs`   [`Outbox`]: answers and notices kept until they are shown; cursors, memos; `intent.rs` what is handed to it
//! * `delivery.rs` [`Delivery`]: shows them
//! * `routing.rs`  which rooms of a bot care about a commit; `follower.rs` [`Follower`]: asks that of every commit
//! * `reminding.rs` which of them get a reminder
//! * `gate.rs`    whether a bot may show anything now; `handover.rs` what belongs to one bot, put down and taken up
//! * `roster.rs`   the rooms as they were set at a position of the log
//! * `hold.rs`     rooms that are told nothing for now; `release.rs` what they missed, as one message each
//! * `queue.rs`    the queues of a bot's rooms; `settle.rs` what becomes of an attempt; `entry.rs` one entry
//! * `watched.rs`  which message a button stands under
//! * `boards.rs`   which boards a commit changes; `board_rows.rs` which message is a room's board; `showing.rs` one turn of it
//! * `cards.rs`    which message shows which item; `direct.rs` where to reach whom
//! * `forget.rs` leaving out what somebody who was forgotten may have said; `renew.rs` the store without its past
//! * `pictures.rs` the pictures of messages on their way
//! * `outage.rs`   whether a bot has been down for so long that its owners have to know
//! * `aside.rs`    deliveries nobody understood; `tidy.rs` forgetting what is old; `stats.rs` how it all is
//! * `store.rs`    the database under it, or for simulations a disk in memory; `key.rs` its keys and values; `mirror.rs` where it is kept besides

mod aside;
mod board_rows;
mod boards;
mod cards;
mod delivery;
mod direct;
mod entry;
#[cfg(test)]
#[path = "tests/bot.rs"]
mod fake;
mod follower;
mod forget;
mod gate;
mod handover;
mod hold;
mod intent;
mod key;
mod mirror;
pub mod outage;
mod outbox;
mod pictures;
mod queue;
mod release;
mod reminding;
mod renew;
mod roster;
mod routing;
#[cfg(test)]
#[path = "tests/scene.rs"]
mod scene;
mod settle;
mod showing;
mod stats;
mod store;
mod tidy;
mod watched;

pub use board_rows::Anew;
pub use cards::{CardRef, hash};
pub use delivery::{Card, Delivery, DeliverySettings, Render};
pub use direct::Heard;
pub use follower::Follower;
pub use gate::Gate;
pub use handover::BotRow;
pub use hold::Hold;
pub use intent::{Answer, Answered, Intent};
pub use mirror::{Mirror, Place, Told};
pub use outbox::{Outbox, OutboxError, OutboxSettings};
pub use stats::{BotStats, Counters, RoomPause};
pub use store::{MemoryDisk, OpenError, StoreError};
