//! Purpose: how each delivery can be answered: at its response URL, in its thread. Kept in memory for as long as Slack
//! takes such answers; afterwards, and after a restart, answers go to the channel.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A response URL lives so long: <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>.
const LIFE: Duration = Duration::from_secs(29 * 60);
/// And takes so many answers.
const USES_MAX: u32 = 5;
/// How many deliveries are remembered.
const WAYS_MAX: usize = 2_000;

/// A way to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// Where Slack takes an answer to an interaction, even in channels we are not in.
    pub(crate) response_url: Option<String>,
    /// The thread it was said in.
    pub(crate) root: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    ways: HashMap<String, (Instant, u32, Way)>,
    order: VecDeque<String>,
}

/// The ways by inbound id.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<State>);

impl Answers {
    /// Remembers a way; before the inbound is submitted, since the answer may come before the receipt.
    pub(crate) fn put(&self, inbound: &str, way: Way) {
        if way == Way::default() {
            return;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ways.insert(inbound.to_owned(), (Instant::now(), 0, way)).is_none() {
            state.order.push_back(inbound.to_owned());
        }
        if state.order.len() > WAYS_MAX
            && let Some(oldest) = state.order.pop_front()
        {
            state.ways.remove(&oldest);
        }
    }

    /// The thread an inbound was said in.
    pub(crate) fn root(&self, inbound: &str) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.ways.get(inbound).and_then(|(_, _, way)| way.root.clone())
    }

    /// The response URL of an inbound, if it takes one more answer.
    pub(crate) fn take_url(&self, inbound: &str) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, uses, way) = state.ways.get_mut(inbound)?;
        let url = way.response_url.clone()?;
        if at.elapsed() > LIFE || *uses >= USES_MAX {
            return None;
        }
        *uses += 1;
        Some(url)
    }
}
