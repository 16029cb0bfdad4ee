//! The instants at which yoman is killed.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};
use yoman_stand_ins::telegram::{Fault, FaultKind, TelegramStandIn};

/// The longest a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A kind of instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// Whenever, its start included.
    Any,
    /// When updates were just handed out: somewhere between their arrival and their confirmation.
    Delivered,
    /// When the platform has taken an answer and yoman cannot know it yet.
    Accepted,
}

impl Moment {
    pub(super) fn random(random: &mut StdRng) -> Self {
        [Self::Any, Self::Delivered, Self::Accepted][random.random_range(0..3)]
    }

    /// Returns when it has come for a yoman that was started at `since_us`.
    pub(super) async fn comes(self, telegram: &TelegramStandIn, since_us: u64, random: &mut StdRng) {
        let skip = random.random_range(0..4);
        // Some die before they are at work at all; the others get to it, however slow the machine is.
        let early = matches!(self, Self::Any) && random.random_bool(0.3);
        let mut pause = |most_us: u64| tokio::time::sleep(Duration::from_micros(random.random_range(0..most_us)));
        if early {
            return pause(100_000).await;
        }
        polled(telegram, since_us).await;
        match self {
            Self::Any => pause(300_000).await,
            Self::Delivered => {
                pause(150_000).await;
                let before = telegram.counters().updates_delivered;
                let more = |it: &TelegramStandIn| (it.counters().updates_delivered > before).then_some(());
                // Nothing may come in time; then this is a kill like any other.
                let _ = telegram.wait(PATIENCE, more).await;
                pause(8_000).await;
            }
            Self::Accepted => {
                pause(150_000).await;
                let before = telegram.counters().messages_sent + u64::from(skip);
                telegram.fault(Fault { skip, ..Fault::new("sendMessage", 1, FaultKind::HangAfter) });
                let more = |it: &TelegramStandIn| (it.counters().messages_sent > before).then_some(());
                let _ = telegram.wait(PATIENCE, more).await;
                pause(3_000).await;
            }
        }
    }
}

/// Waits for a getUpdates later than `since_us`: whoever was started then is at work.
pub(super) async fn polled(telegram: &TelegramStandIn, since_us: u64) {
    let until = tokio::time::Instant::now() + 5 * PATIENCE;
    while telegram.counters().last_get_updates_us.is_none_or(|at| at <= since_us) {
        assert!(tokio::time::Instant::now() < until, "yoman asked for no updates");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
