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

    /// Returns when it has come.
    pub(super) async fn comes(self, telegram: &TelegramStandIn, random: &mut StdRng) {
        let skip = random.random_range(0..4);
        let mut pause = |most_us: u64| tokio::time::sleep(Duration::from_micros(random.random_range(0..most_us)));
        if let Self::Any = self {
            return pause(400_000).await;
        }
        pause(150_000).await;
        match self {
            Self::Any => {}
            Self::Delivered => {
                let before = telegram.counters().updates_delivered;
                let more = |it: &TelegramStandIn| (it.counters().updates_delivered > before).then_some(());
                // Nothing may come in time; then this is a kill like any other.
                let _ = telegram.wait(PATIENCE, more).await;
                pause(8_000).await;
            }
            Self::Accepted => {
                let before = telegram.counters().messages_sent + u64::from(skip);
                telegram.fault(Fault { skip, ..Fault::new("sendMessage", 1, FaultKind::HangAfter) });
                let more = |it: &TelegramStandIn| (it.counters().messages_sent > before).then_some(());
                let _ = telegram.wait(PATIENCE, more).await;
                pause(3_000).await;
            }
        }
    }
}
