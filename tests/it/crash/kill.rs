//! The instants at which yoman is killed.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};

use super::wire::{Wire, until};

/// The longest a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A kind of instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// Whenever, its start included.
    Any,
    /// When something was just handed out: somewhere between its arrival and its confirmation.
    Delivered,
    /// When the platform has taken an answer and yoman cannot know it yet.
    Accepted,
}

impl Moment {
    pub(super) fn random(random: &mut StdRng) -> Self {
        [Self::Any, Self::Delivered, Self::Accepted][random.random_range(0..3)]
    }

    /// Returns when it has come for a yoman that was started when so much was [at work](super::wire::Counted::at_work).
    pub(super) async fn comes(self, wire: &dyn Wire, before: u64, random: &mut StdRng) {
        let skip = random.random_range(0..4);
        // Some die before they are at work at all; the others get to it, however slow the machine is.
        let early = matches!(self, Self::Any) && random.random_bool(0.3);
        let mut pause = |most_us: u64| tokio::time::sleep(Duration::from_micros(random.random_range(0..most_us)));
        if early {
            return pause(100_000).await;
        }
        at_work(wire, before).await;
        match self {
            Self::Any => pause(300_000).await,
            Self::Delivered => {
                pause(150_000).await;
                let before = wire.counted().delivered;
                // Nothing may come in time; then this is a kill like any other.
                until(PATIENCE, || wire.counted().delivered > before).await;
                pause(8_000).await;
            }
            Self::Accepted => {
                pause(150_000).await;
                let before = wire.counted().sent + u64::from(skip);
                wire.hang(skip);
                until(PATIENCE, || wire.counted().sent > before).await;
                pause(3_000).await;
            }
        }
    }
}

/// Waits until more is at work than `before`: whoever was started since then is.
pub(super) async fn at_work(wire: &dyn Wire, before: u64) {
    assert!(until(5 * PATIENCE, || wire.counted().at_work > before).await, "yoman asked for nothing");
}
