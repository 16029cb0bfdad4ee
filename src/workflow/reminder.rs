//! Reminders: what is due now becomes an event, once, under a command id derived from what it reminds of.
//!
//! The timer sleeps until the next moment there is, and looks again when something happened that may bring one nearer, but
//! never longer than a minute: the machine's clock can be set. What became due while nobody ran is due at the start, and of
//! everything that was missed on one item and subject there is one reminder.

use std::{sync::Arc, time::Duration};

use chrono_tz::Tz;
use yoman_chat::Stop;

use crate::{
    clock::Clock,
    domain::reminder::{self, Defaults, Event},
    intake::Intake,
    log::{CommandId, EventLog},
    projection::{Agenda, Reminder},
    subscription::SharedWorld,
};

/// The actor of what this process manager causes.
pub const NAME: &str = "workflow/reminder";
/// The longest time without a look.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After something happened, so long until the next look: many things happen at once.
const LOOK_SOON: Duration = Duration::from_secs(1);
/// The pause after something could not be done.
const PAUSE: Duration = Duration::from_secs(1);

/// The command that gives a reminder: the same reminder, the same id.
pub fn command(of: &Reminder) -> CommandId {
    let at = reminder::instant(of.at);
    CommandId::new(format!("reminder/{}/{}/{at}", of.item, of.subject.to_text()))
}

/// The event that gives a reminder.
pub fn event(of: &Reminder) -> Event {
    Event::Reminded { subject: of.subject, after: of.after, at: of.at }
}

/// What the timer goes by.
#[derive(Clone, Debug)]
pub struct Timer {
    /// The log, to see that something happened.
    pub log: Arc<dyn EventLog>,
    /// The world it looks at.
    pub world: Arc<SharedWorld>,
    /// The way in.
    pub intake: Arc<Intake>,
    /// What time it is.
    pub clock: Clock,
    /// When rooms are reminded that said nothing.
    pub defaults: Defaults,
    /// The time zone of rooms that set none.
    pub time_zone: Tz,
}

impl Timer {
    /// Runs until `stop`.
    pub async fn run(self, stop: Stop) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.remind() => {}
        }
    }

    /// May be dropped anywhere: what was not appended is due again.
    async fn remind(&self) {
        loop {
            // What is due may be done with by what waits; and of what was missed meanwhile there is one reminder.
            while self.intake.is_behind() {
                tokio::time::sleep(PAUSE).await;
            }
            let head = self.log.head().position;
            self.world.at_least(head).await;
            let now = self.clock.now();
            let Agenda { due, next } = self.world.read(|world| world.agenda(&self.defaults, self.time_zone, now));
            let given = due.len();
            for reminder in due {
                if let Err(why) = self.intake.remind(&reminder).await {
                    tracing::warn!(item = %reminder.item, why, "a reminder could not be given yet");
                    tokio::time::sleep(PAUSE).await;
                    break;
                }
            }
            if given > 0 {
                // What was appended has to be seen before the next look.
                continue;
            }
            let soon = async {
                self.world.after(head).await;
                tokio::time::sleep(LOOK_SOON).await;
            };
            let moment = async {
                match next {
                    Some(next) => self.clock.reaches(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = moment => {}
                () = soon => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/reminder.rs"]
mod tests;
