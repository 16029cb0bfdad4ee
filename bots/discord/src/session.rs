//! Purpose: how far the gateway's session is dealt with, so that a new process can take it up where the old one stood.
//!
//! The gateway knows no acknowledgement of one event. But it gives a session its events again from a number one names: so
//! the number remembered is that below which everything is kept, and what a crash cut off comes again, interactions too.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use yoman_chat::Inbox;

const KEY: &str = "session";

/// A session that may be taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) session: String,
    pub(crate) url: String,
    /// Everything up to here is kept.
    pub(crate) seq: u64,
    /// What was said before the session began is still being read: whoever takes it up has to read on, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) behind: bool,
}

#[derive(Debug, Default)]
struct State {
    session: Option<(String, String)>,
    /// The last event received.
    last: u64,
    /// Events under way.
    open: BTreeSet<u64>,
    /// Channels that are still being read on.
    behind: BTreeSet<u64>,
    saved: Option<Point>,
}

/// The session of one bot. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session(Arc<Mutex<State>>);

/// An event under way. Dropped without [`Ticket::settle`] it stays open: then it comes again in the next process.
#[derive(Debug)]
pub(crate) struct Ticket {
    session: Session,
    name: String,
    seq: u64,
}

impl Ticket {
    /// What names the event for ever: its session, and its number in there. The same when it is handed over again.
    pub(crate) fn place(&self) -> String {
        format!("{}.{}", self.name, self.seq)
    }

    /// It is kept, or needs no keeping.
    pub(crate) fn settle(self) {
        let mut state = self.session.state();
        // Of a session that is over nothing is counted.
        if state.session.as_ref().is_some_and(|(name, _)| *name == self.name) {
            state.open.remove(&self.seq);
        }
    }
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was remembered.
    pub(crate) async fn load(&self, inbox: &Inbox) {
        let point = inbox.recall(KEY).await.and_then(|text| serde_json::from_str::<Point>(&text).ok());
        if let Some(point) = point {
            let mut state = self.state();
            state.session = Some((point.session.clone(), point.url.clone()));
            state.last = point.seq;
            state.saved = Some(point);
        }
    }

    /// Writes how far it is, if that has changed.
    pub(crate) async fn save(&self, inbox: &Inbox) {
        let point = {
            let mut state = self.state();
            let point = state.point();
            if point == state.saved {
                return;
            }
            state.saved.clone_from(&point);
            point
        };
        let text = point.and_then(|point| serde_json::to_string(&point).ok()).unwrap_or_default();
        inbox.remember(KEY, &text).await;
    }

    /// A new one has begun.
    pub(crate) fn begin(&self, session: &str, url: &str) {
        let mut state = self.state();
        state.session = Some((session.to_owned(), url.to_owned()));
        state.open.clear();
    }

    /// It is over: nothing can be taken up.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        let saved = state.saved.take();
        *state = State { saved, ..State::default() };
    }

    /// An event came. `None` when it came before: after a resume they may.
    pub(crate) fn receive(&self, seq: u64) -> Option<Ticket> {
        let mut state = self.state();
        if seq <= state.last && state.session.is_some() {
            return None;
        }
        state.last = seq;
        state.open.insert(seq);
        let name = state.session.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
        Some(Ticket { session: self.clone(), name, seq })
    }

    /// These channels are read on from the last message handled.
    pub(crate) fn read_on(&self, channels: impl IntoIterator<Item = u64>) {
        self.state().behind.extend(channels);
    }

    /// The session there is now.
    pub(crate) fn name(&self) -> Option<String> {
        self.state().session.as_ref().map(|(name, _)| name.clone())
    }

    /// A channel was read on to its end, begun in this session. What a later one missed is not in it.
    pub(crate) fn caught_up(&self, channel: u64, begun_in: Option<&str>) {
        let mut state = self.state();
        if state.session.as_ref().map(|(name, _)| name.as_str()) == begun_in {
            state.behind.remove(&channel);
        }
    }

    /// Whether the process before this one was still reading on.
    pub(crate) fn was_behind(&self) -> bool {
        self.state().saved.as_ref().is_some_and(|point| point.behind)
    }

    /// The last event received, for heartbeats.
    pub(crate) fn last(&self) -> Option<u64> {
        let last = self.state().last;
        (last > 0).then_some(last)
    }

    /// Where to go on: within this process from the last event received, since those before are in hand.
    pub(crate) fn resume(&self) -> Option<Point> {
        let state = self.state();
        let (session, url) = state.session.clone()?;
        (state.last > 0).then_some(Point { session, url, seq: state.last, behind: false })
    }
}

impl State {
    fn point(&self) -> Option<Point> {
        let (session, url) = self.session.clone()?;
        let seq = self.open.first().map_or(self.last, |first| first - 1);
        (seq > 0).then_some(Point { session, url, seq, behind: !self.behind.is_empty() })
    }
}

#[cfg(test)]
mod tests {
    use yoman_chat::{BotName, fake::Recorder};

    use super::*;

    #[tokio::test]
    async fn only_what_is_kept_is_behind_us() {
        let recorder = Recorder::new();
        let inbox = recorder.inbox(&BotName::new("d"));
        let session = Session::default();
        session.receive(1).unwrap();
        session.begin("s", "ws://x");
        session.receive(2).unwrap().settle();
        let open = session.receive(3).unwrap();
        session.receive(4).unwrap().settle();
        session.save(&inbox).await;
        let again = Session::default();
        again.load(&inbox).await;
        assert_eq!(again.resume().map(|point| point.seq), Some(2), "3 is not kept");
        assert_eq!(session.resume().map(|point| point.seq), Some(4), "this process has it in hand");
        open.settle();
        session.save(&inbox).await;
        let again = Session::default();
        again.load(&inbox).await;
        assert_eq!(again.resume().map(|point| point.seq), Some(4));
        assert!(again.receive(4).is_none() && again.receive(5).is_some());
    }

    #[tokio::test]
    async fn who_dies_reading_on_reads_on_in_the_next_life() {
        let recorder = Recorder::new();
        let inbox = recorder.inbox(&BotName::new("d"));
        let session = Session::default();
        let ready = session.receive(1).unwrap();
        session.begin("s", "ws://x");
        session.read_on([7, 8]);
        ready.settle();
        session.caught_up(7, Some("s"));
        session.caught_up(8, Some("the one before"));
        session.save(&inbox).await;
        let again = Session::default();
        again.load(&inbox).await;
        assert!(again.was_behind() && again.resume().is_some());
        session.caught_up(8, session.name().as_deref());
        session.save(&inbox).await;
        let again = Session::default();
        again.load(&inbox).await;
        assert!(!again.was_behind());
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_not_taken_up() {
        let recorder = Recorder::new();
        let inbox = recorder.inbox(&BotName::new("d"));
        let session = Session::default();
        session.receive(1).unwrap();
        session.begin("s", "ws://x");
        let old = session.receive(2).unwrap();
        session.save(&inbox).await;
        session.end();
        assert_eq!(session.resume(), None);
        session.save(&inbox).await;
        session.receive(1).unwrap();
        session.begin("t", "ws://x");
        let new = session.receive(2).unwrap();
        old.settle();
        session.save(&inbox).await;
        let again = Session::default();
        again.load(&inbox).await;
        assert_eq!(again.resume().map(|point| (point.session, point.seq)), Some(("t".into(), 1)));
        new.settle();
    }
}
