//! Purpose: what was kept already: inbound ids, so that a delivery that comes twice is submitted once, and how far each
//! channel was read, so that what was said during an outage can be fetched.
//!
//! Both only save work: the process behind the inbox knows for ever what it has answered.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::place::micros;

/// How many inbound ids are remembered.
const IDS_MAX: usize = 8192;
/// How many channels are followed.
const CHANNELS_MAX: usize = 500;

/// Ids in the order in which they came; the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct Bounded {
    order: VecDeque<String>,
    ids: HashSet<String>,
}

impl Bounded {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// False when it was there already.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    pub(crate) fn remove(&mut self, id: &str) {
        if self.ids.remove(id) {
            self.order.retain(|known| known != id);
        }
    }
}

/// How far a channel was read.
#[derive(Debug, Default)]
struct Channel {
    /// Everything up to there was kept.
    kept: i64,
    /// The newest that was kept, beyond something that was not.
    newest: i64,
    /// What was not kept.
    failed: BTreeSet<i64>,
}

/// The form in which it is remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The last moment at which messages came in as they were written, in microseconds; 0: never.
    pub(crate) alive: i64,
    /// Per channel, up to where everything was kept, in microseconds.
    pub(crate) read: BTreeMap<String, i64>,
}

#[derive(Debug, Default)]
struct State {
    ids: Bounded,
    channels: HashMap<String, Channel>,
    changed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<State>);

impl Kept {
    fn state(&self) -> MutexGuard<'_, State> {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this inbound was kept.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.state().ids.contains(id)
    }

    /// This inbound was kept.
    pub(crate) fn keep(&self, id: &str) {
        self.state().ids.insert(id);
    }

    /// A message of a channel was kept, or was not.
    pub(crate) fn message(&self, channel: &str, ts: &str, kept: bool) {
        let Some(at) = micros(ts) else { return };
        let mut state = self.state();
        state.changed = true;
        let channel = state.channels.entry(channel.to_owned()).or_default();
        if kept {
            channel.failed.remove(&at);
            channel.newest = channel.newest.max(at);
        } else {
            channel.failed.insert(at);
        }
        if channel.failed.is_empty() {
            channel.kept = channel.newest;
        } else if channel.kept == 0
            && let Some(first) = channel.failed.first()
        {
            // The first thing ever said here: reading begins just before it.
            channel.kept = first - 1;
        }
    }

    /// What of a channel was not kept.
    pub(crate) fn failed(&self, channel: &str) -> Vec<i64> {
        self.state().channels.get(channel).map(|c| c.failed.iter().copied().collect()).unwrap_or_default()
    }

    /// What was not kept and is no longer there is not waited for.
    pub(crate) fn give_up(&self, channel: &str, failed: &[i64]) {
        let mut state = self.state();
        state.changed = true;
        if let Some(channel) = state.channels.get_mut(channel) {
            channel.failed.retain(|at| !failed.contains(at));
            if channel.failed.is_empty() {
                channel.kept = channel.newest.max(channel.kept);
            }
        }
    }

    /// The channels with messages that were not kept.
    pub(crate) fn behind(&self) -> Vec<String> {
        let state = self.state();
        state.channels.iter().filter(|(_, c)| !c.failed.is_empty()).map(|(id, _)| id.clone()).collect()
    }

    /// Up to where everything in a channel was kept.
    pub(crate) fn read_up_to(&self, channel: &str) -> Option<i64> {
        self.state().channels.get(channel).map(|c| c.kept).filter(|at| *at > 0)
    }

    /// The channels that were read before.
    pub(crate) fn marked(&self) -> Vec<String> {
        let state = self.state();
        state.channels.iter().filter(|(_, c)| c.kept > 0).map(|(id, _)| id.clone()).collect()
    }

    /// Takes over what was remembered.
    pub(crate) fn load(&self, marks: &Marks) {
        let mut state = self.state();
        for (channel, at) in &marks.read {
            let channel = state.channels.entry(channel.clone()).or_default();
            channel.kept = channel.kept.max(*at);
            channel.newest = channel.newest.max(*at);
        }
    }

    /// What is to be remembered, if it changed since the last time.
    pub(crate) fn marks(&self, alive: i64) -> Option<Marks> {
        let mut state = self.state();
        if !std::mem::take(&mut state.changed) {
            return None;
        }
        let mut newest: Vec<(&String, i64)> =
            state.channels.iter().filter(|(_, c)| c.kept > 0).map(|(id, c)| (id, c.kept)).collect();
        newest.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        newest.truncate(CHANNELS_MAX);
        Some(Marks { alive, read: newest.into_iter().map(|(id, at)| (id.clone(), at)).collect() })
    }

    /// The next marks are to be remembered, whatever changed.
    pub(crate) fn touch(&self) {
        self.state().changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_goes_on_before_what_was_not_kept() {
        let kept = Kept::default();
        kept.message("C1", "5.000000", true);
        kept.message("C1", "6.000000", false);
        kept.message("C1", "7.000000", true);
        assert_eq!(kept.read_up_to("C1"), Some(5_000_000));
        assert_eq!(kept.behind(), ["C1"]);
        kept.message("C1", "6.000000", true);
        assert_eq!(kept.read_up_to("C1"), Some(7_000_000));
        kept.message("C2", "6.000000", false);
        assert_eq!(kept.read_up_to("C2"), Some(5_999_999));
        let marks = kept.marks(1).unwrap();
        assert_eq!(marks.read.len(), 2);
        assert!(kept.marks(1).is_none());
        let again = Kept::default();
        again.load(&marks);
        assert_eq!(again.read_up_to("C1"), Some(7_000_000));
    }

    #[test]
    fn ids_are_bounded() {
        let mut ids = Bounded::default();
        for n in 0..=IDS_MAX {
            assert!(ids.insert(&n.to_string()));
        }
        assert!(!ids.contains("0") && ids.contains("1") && !ids.insert("1"));
    }
}
