//! Whether a bot reaches its platform: what it says of itself, for whoever has to be told when it does not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

/// Whether a bot reaches its platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It does; or it has no way to know, and then sending tells.
    #[default]
    Up,
    /// It does not.
    Down {
        /// Since when.
        since: DateTime<Utc>,
        /// Why, in words; never holds a secret.
        why: String,
    },
}

/// Where a bot keeps whether it is connected. Cheap to clone; clones share it. It begins as not connected.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Mutex<Health>>);

impl Default for Pulse {
    fn default() -> Self {
        let begun = Health::Down { since: Utc::now(), why: "not connected yet".to_owned() };
        Self(Arc::new(Mutex::new(begun)))
    }
}

impl Pulse {
    // A std mutex: nothing is awaited under it.
    fn state(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is connected.
    pub fn up(&self) {
        *self.state() = Health::Up;
    }

    /// It is not; since when is kept from the first of several in a row.
    pub fn down(&self, why: impl Into<String>) {
        let mut state = self.state();
        let since = if let Health::Down { since, .. } = &*state { *since } else { Utc::now() };
        *state = Health::Down { since, why: why.into() };
    }

    /// How it is.
    pub fn health(&self) -> Health {
        self.state().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_with_its_first_failure() {
        let pulse = Pulse::default();
        assert!(matches!(pulse.health(), Health::Down { why, .. } if why == "not connected yet"));
        pulse.up();
        assert_eq!(pulse.health(), Health::Up);
        pulse.down("refused");
        let Health::Down { since: first, .. } = pulse.health() else { panic!("it is down") };
        pulse.clone().down("timed out");
        assert_eq!(pulse.health(), Health::Down { since: first, why: "timed out".into() });
    }
}
