//! What time it is: the machine's clock, or one that a test sets. Whatever decides by the wall clock asks here.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::machine::Level;

/// The longest sleep before the clock is looked at again: it can be set meanwhile, or the machine was suspended.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A clock. Cheap to clone; clones of a clock that is set show the same.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// What it shows, when somebody sets it; the machine's otherwise.
    hands: Option<Arc<Level<DateTime<Utc>>>>,
}

impl Clock {
    /// A clock that stands still until [`Clock::set`] moves it.
    pub fn standing(at: DateTime<Utc>) -> Self {
        Self { hands: Some(Arc::new(Level::new(at))) }
    }

    /// What it shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.hands.as_ref().map_or_else(Utc::now, |hands| hands.get())
    }

    /// Sets a clock that stands still, forwards or backwards; the machine's is nobody's to set.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(hands) = &self.hands {
            hands.change(|shows| {
                *shows = at;
                true
            });
        }
    }

    /// Returns once it shows `at` or later, however the clock was moved meanwhile.
    pub async fn reaches(&self, at: DateTime<Utc>) {
        if let Some(hands) = &self.hands {
            hands.reaches(|now| now >= at).await;
            return;
        }
        while let Ok(left) = (at - Utc::now()).to_std() {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[tokio::test]
    async fn one_that_is_set_shows_what_it_was_set_to_and_wakes_who_waits() {
        let start = DateTime::UNIX_EPOCH;
        let clock = Clock::standing(start);
        let at = start + TimeDelta::hours(1);
        let waits = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.reaches(at).await;
                clock.now()
            }
        });
        clock.set(start - TimeDelta::hours(1));
        assert_eq!(clock.now(), start - TimeDelta::hours(1));
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        clock.set(at + TimeDelta::minutes(5));
        assert_eq!(waits.await.unwrap(), at + TimeDelta::minutes(5));
    }

    #[tokio::test]
    async fn the_machines_shows_the_time_and_is_not_set() {
        let clock = Clock::default();
        clock.set(DateTime::UNIX_EPOCH);
        assert!(clock.now() > DateTime::UNIX_EPOCH);
        clock.reaches(DateTime::UNIX_EPOCH).await;
    }
}
