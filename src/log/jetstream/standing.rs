//! What the parts of the engine share: how far the replica is, which messages are no commits, and what is wrong.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
};

use tokio::sync::watch;

use super::{Gate, marks::Marks};
use crate::log::{Position, StreamId, Version};

/// See the file.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) marks: RwLock<Marks>,
    /// Whether the log is here.
    gate: Mutex<Gate>,
    /// The newest message that the replica can be asked about.
    pub(super) through: watch::Sender<u64>,
    /// Why writes are refused, by what found it.
    refusing: Mutex<BTreeMap<&'static str, String>>,
    /// Full sentences, by what found them.
    warnings: Mutex<BTreeMap<&'static str, String>>,
    /// Why JetStream cannot be reached though NATS may be.
    away: Mutex<Option<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Standing {
    pub(super) fn new(marks: Marks, through: u64) -> Self {
        Self {
            gate: Mutex::new(marks.gate()),
            marks: RwLock::new(marks),
            through: watch::Sender::new(through),
            refusing: Mutex::default(),
            warnings: Mutex::default(),
            away: Mutex::default(),
        }
    }

    /// Whether the log is here.
    pub(super) fn gate(&self) -> Gate {
        lock(&self.gate).clone()
    }

    pub(super) fn set_gate(&self, gate: Gate) {
        *lock(&self.gate) = gate;
    }

    /// The newest message that the replica can be asked about.
    pub(super) fn through(&self) -> u64 {
        *self.through.borrow()
    }

    /// The newest message of a stream, of which the replica has the newest commit at a position.
    pub(super) fn newest_message(&self, token: &str, newest: Option<(Version, Position)>) -> u64 {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let commit = newest.map_or(0, |(_, position)| marks.sequence_of(position));
        commit.max(marks.newest_on(token))
    }

    /// Sets or takes back a reason to refuse writes.
    pub(super) fn refuse(&self, part: &'static str, why: Option<String>) {
        let mut refusing = lock(&self.refusing);
        match why {
            Some(why) => {
                if refusing.get(part) != Some(&why) {
                    tracing::error!(part, why, "nothing is written to the shared log");
                    refusing.insert(part, why);
                }
            }
            None => {
                if refusing.remove(part).is_some() {
                    tracing::info!(part, "the shared log is written to again");
                }
            }
        }
    }

    /// Why writes are refused.
    pub(super) fn refusing(&self) -> Option<String> {
        lock(&self.refusing).values().next().cloned()
    }

    /// Sets or takes back a warning.
    pub(super) fn warn(&self, part: &'static str, what: Option<String>) {
        let mut warnings = lock(&self.warnings);
        match what {
            Some(what) => {
                if warnings.get(part) != Some(&what) {
                    tracing::warn!(part, "{what}");
                    warnings.insert(part, what);
                }
            }
            None => drop(warnings.remove(part)),
        }
    }

    /// What a person should look at.
    pub(super) fn warnings(&self) -> Vec<String> {
        lock(&self.warnings).values().cloned().collect()
    }

    /// JetStream did not answer, or does again.
    pub(super) fn note_away(&self, why: Option<String>) {
        let mut away = lock(&self.away);
        if *away != why {
            match &why {
                Some(why) => tracing::warn!(why, "the shared log cannot be reached"),
                None => tracing::info!("the shared log is reached again"),
            }
            *away = why;
        }
    }

    /// Why JetStream does not answer.
    pub(super) fn away(&self) -> Option<String> {
        lock(&self.away).clone()
    }
}

/// The name of the stream that holds a log.
pub(crate) fn stream_name(prefix: &str) -> String {
    format!("{prefix}-log")
}

/// The subject of one stream of the log.
pub(crate) fn subject_of(prefix: &str, stream: &StreamId) -> String {
    format!("{prefix}.log.{}", super::subject::token(stream))
}
