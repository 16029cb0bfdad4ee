//! How the outbox of a bot is, for `/status`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use yoman_chat::{BotName, RoomId};

use super::{
    key::{self, Ops},
    queue::{Inner, State},
};

/// Counted since the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// New messages shown.
    pub sent: u64,
    /// Messages changed in place.
    pub edits: u64,
    /// Attempts that failed and were, or will be, repeated.
    pub failures: u64,
    /// Messages that an earlier attempt may have delivered already; they are sent again, marked.
    pub possibly_delivered: u64,
    /// The same since the bot's first start, in all processes.
    pub possibly_delivered_ever: u64,
    /// Messages the platform will never take.
    pub refused: u64,
    /// Messages given up after having failed for too long.
    pub given_up: u64,
    /// Notices dropped because the room refuses everything or too much waits for it.
    pub dropped: u64,
    /// The newest failure and when it was.
    pub last_error: Option<(String, DateTime<Utc>)>,
    /// Since when no attempt has got an answer at all, and why; `None`: the newest one did.
    pub unreachable: Option<(String, DateTime<Utc>)>,
}

impl Counters {
    /// One more message that may be there already.
    pub(super) fn unsure(&mut self, bot: &BotName, ops: &mut Ops) {
        self.possibly_delivered += 1;
        self.possibly_delivered_ever += 1;
        ops.put(key::unsure_count(bot), &self.possibly_delivered_ever);
    }
}

/// A room nothing is sent to for the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomPause {
    /// Which.
    pub room: RoomId,
    /// For how long still.
    pub remaining: Duration,
    /// The platform asked for it; otherwise an attempt failed.
    pub limited: bool,
    /// In words.
    pub why: String,
    /// How many entries wait.
    pub queued: usize,
}

/// The state of one bot's outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BotStats {
    /// What was counted.
    pub counters: Counters,
    /// Entries that are not done yet.
    pub queued: usize,
    /// When the oldest of them was registered.
    pub oldest: Option<DateTime<Utc>>,
    /// How long the whole bot still waits, because the platform asked for it.
    pub paused: Option<Duration>,
    /// Rooms nothing is sent to for the moment, by name.
    pub rooms: Vec<RoomPause>,
    /// Rooms the platform refuses everything for, by name.
    pub refusing: Vec<RoomId>,
    /// Deliveries kept aside, ever.
    pub aside: u64,
}

impl BotStats {
    pub(super) fn of(inner: &Inner, aside: u64) -> Self {
        let now = tokio::time::Instant::now();
        let mut rooms: Vec<_> = inner
            .rooms
            .iter()
            .filter_map(|(id, room)| match &room.state {
                State::Waiting { until, limited, why } if *until > now => Some(RoomPause {
                    room: id.clone(),
                    remaining: *until - now,
                    limited: *limited,
                    why: why.clone(),
                    queued: room.waiting(),
                }),
                _ => None,
            })
            .collect();
        rooms.sort_by(|a, b| a.room.cmp(&b.room));
        let mut refusing: Vec<_> = inner.refusing.keys().cloned().collect();
        refusing.sort();
        Self {
            counters: inner.counters.clone(),
            queued: inner.rooms.values().map(super::queue::Room::waiting).sum(),
            oldest: inner
                .rooms
                .values()
                .filter_map(super::queue::Room::oldest)
                .min()
                .and_then(DateTime::from_timestamp_millis),
            paused: inner.paused.filter(|until| *until > now).map(|until| until - now),
            rooms,
            refusing,
            aside,
        }
    }
}
