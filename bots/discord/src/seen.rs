//! Purpose: which channels are followed and the last message handled in each, kept so that after an outage they are read on
//! from there.
//!
//! They are remembered in a fixed number of small values, each holding the marks of some channels: a mark moves with every
//! message, and one value for all would be written whole each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use yoman_chat::{Inbox, RoomKind};

use crate::channels::{Known, Place};

const BUCKETS: u64 = 32;
/// How many channels are followed; those longest without a message are given up first.
const FOLLOWED_MAX: usize = 4_096;

/// The mark of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The last message that was handled.
    pub(crate) last: u64,
    /// Changes up to when this message was written are handled, too. Behind `last` while messages were read and not
    /// heard: what was changed meanwhile is known only once somebody has looked.
    #[serde(default)]
    changes: u64,
    /// `<channel>[/<thread>]`
    pub(crate) at: String,
    /// The guild; none for a direct chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) guild: Option<u64>,
}

impl Mark {
    /// Which room it is.
    pub(crate) fn known(&self) -> Option<Known> {
        let kind = if self.guild.is_some() { RoomKind::Group } else { RoomKind::Direct };
        Some(Known { place: Place::parse(&self.at)?, kind, name: None, guild: self.guild })
    }

    /// The message up to whose writing changes are handled.
    pub(crate) fn changes(&self) -> u64 {
        // Those that were written down before there was a place of its own for it.
        if self.changes == 0 { self.last } else { self.changes }
    }
}

#[derive(Debug, Default)]
struct State {
    marks: BTreeMap<u64, Mark>,
    dirty: BTreeSet<u64>,
}

/// The followed channels of one bot.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<State>);

fn key(bucket: u64) -> String {
    format!("seen/{bucket}")
}

/// Ids of one moment differ in their lowest bits.
fn bucket(channel: u64) -> u64 {
    (channel ^ (channel >> 22)) % BUCKETS
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was remembered.
    pub(crate) async fn load(&self, inbox: &Inbox) {
        for bucket in 0..BUCKETS {
            let Some(text) = inbox.recall(&key(bucket)).await else { continue };
            match serde_json::from_str::<BTreeMap<u64, Mark>>(&text) {
                Ok(marks) => {
                    let mut state = self.state();
                    for (channel, mark) in marks {
                        // Marks only go forward, wherever they were written.
                        let known = state.marks.entry(channel).or_insert_with(|| mark.clone());
                        known.changes = known.changes().max(mark.changes());
                        known.last = known.last.max(mark.last);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the last messages seen on Discord cannot be read; they begin anew")
                }
            }
        }
    }

    /// Writes what has changed.
    pub(crate) async fn save(&self, inbox: &Inbox) {
        let dirty = std::mem::take(&mut self.state().dirty);
        for number in dirty {
            let text = {
                let state = self.state();
                let marks: BTreeMap<&u64, &Mark> =
                    state.marks.iter().filter(|(id, _)| bucket(**id) == number).collect();
                serde_json::to_string(&marks)
            };
            if let Ok(text) = text {
                inbox.remember(&key(number), &text).await;
            }
        }
    }

    /// Follows a channel; where it is followed already nothing changes.
    pub(crate) fn follow(&self, channel: u64, known: &Known, last: u64) {
        let mut state = self.state();
        if state.marks.contains_key(&channel) {
            return;
        }
        if state.marks.len() >= FOLLOWED_MAX
            && let Some(oldest) = state.marks.iter().min_by_key(|(_, mark)| mark.last).map(|(id, _)| *id)
        {
            state.marks.remove(&oldest);
            state.dirty.insert(bucket(oldest));
        }
        state.marks.insert(channel, Mark { last, changes: last, at: known.place.local(), guild: known.guild });
        state.dirty.insert(bucket(channel));
    }

    /// Everything up to this message is handled.
    pub(crate) fn advance(&self, channel: u64, last: u64) {
        let mut state = self.state();
        if let Some(mark) = state.marks.get_mut(&channel)
            && mark.last < last
        {
            mark.changes = mark.changes();
            mark.last = last;
            state.dirty.insert(bucket(channel));
        }
    }

    /// Every change made before this message was written is handled.
    pub(crate) fn advance_changes(&self, channel: u64, to: u64) {
        let mut state = self.state();
        if let Some(mark) = state.marks.get_mut(&channel)
            && mark.changes() < to
        {
            mark.changes = to;
            state.dirty.insert(bucket(channel));
        }
    }

    /// A channel is no more.
    pub(crate) fn forget(&self, channel: u64) {
        let mut state = self.state();
        if state.marks.remove(&channel).is_some() {
            state.dirty.insert(bucket(channel));
        }
    }

    /// The mark of a channel, if it is followed.
    pub(crate) fn mark(&self, channel: u64) -> Option<Mark> {
        self.state().marks.get(&channel).cloned()
    }

    /// All that are followed.
    pub(crate) fn all(&self) -> Vec<(u64, Mark)> {
        self.state().marks.iter().map(|(id, mark)| (*id, mark.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use yoman_chat::{BotName, fake::Recorder};

    use super::*;

    fn known(channel: u64) -> Known {
        Known { place: Place { channel, thread: None }, kind: RoomKind::Direct, name: None, guild: None }
    }

    #[tokio::test]
    async fn marks_survive_and_only_go_forward() {
        let recorder = Recorder::new();
        let inbox = recorder.inbox(&BotName::new("d"));
        let seen = Seen::default();
        for channel in 1..200 {
            seen.follow(channel, &known(channel), 10);
        }
        seen.advance(7, 50);
        seen.advance(7, 40);
        seen.advance(999, 1);
        seen.save(&inbox).await;
        let again = Seen::default();
        again.load(&inbox).await;
        assert_eq!(again.all().len(), 199);
        assert_eq!(again.mark(7).map(|mark| (mark.last, mark.changes())), Some((50, 10)));
        again.advance_changes(7, 50);
        assert_eq!(again.mark(7).map(|mark| mark.changes()), Some(50));
        let old: Mark = serde_json::from_str(r#"{"last":9,"at":"7"}"#).unwrap();
        assert_eq!(old.changes(), 9);
        assert_eq!(again.mark(999), None);
    }

    #[test]
    fn what_is_followed_has_an_end() {
        let seen = Seen::default();
        for channel in 0..5_000 {
            seen.follow(channel, &known(channel), channel + 1);
        }
        assert_eq!(seen.all().len(), FOLLOWED_MAX);
        assert!(seen.mark(0).is_none() && seen.mark(4_999).is_some());
    }
}
