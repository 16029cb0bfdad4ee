//! Purpose: what the service has said about its rates, so that a request it would refuse is not made: refused ones count
//! towards a ban. Source: <https://discord.com/developers/docs/topics/rate-limits>.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use reqwest::header::HeaderMap;

/// How many routes are remembered.
const ROUTES_MAX: usize = 4_096;
/// Requests a second in all; the service takes 50.
const PER_SECOND: usize = 45;
/// Refused requests in ten minutes after which nothing is sent for a while; the service bans at 10,000.
const REFUSED_MAX: usize = 5_000;
const REFUSED_WINDOW: Duration = Duration::from_secs(600);

/// A request that is not to be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) after: Duration,
    pub(crate) global: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Routes with nothing left, until when.
    spent: HashMap<String, Instant>,
    /// Everything waits until then.
    held: Option<Instant>,
    made: VecDeque<Instant>,
    refused: VecDeque<Instant>,
}

/// The rates of one bot.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<State>);

impl Rates {
    fn state(&self) -> MutexGuard<'_, State> {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request in, or says how long to wait.
    pub(crate) fn admit(&self, route: &str) -> Result<(), Wait> {
        let now = Instant::now();
        let mut state = self.state();
        if let Some(until) = state.held.filter(|until| *until > now) {
            return Err(Wait { after: until - now, global: true });
        }
        state.held = None;
        while state.refused.front().is_some_and(|at| now.duration_since(*at) > REFUSED_WINDOW) {
            state.refused.pop_front();
        }
        if state.refused.len() >= REFUSED_MAX {
            return Err(Wait { after: Duration::from_secs(30), global: true });
        }
        if let Some(until) = state.spent.get(route).copied() {
            if until > now {
                return Err(Wait { after: until - now, global: false });
            }
            state.spent.remove(route);
        }
        while state.made.front().is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(1)) {
            state.made.pop_front();
        }
        if state.made.len() >= PER_SECOND
            && let Some(first) = state.made.front()
        {
            let after = (*first + Duration::from_secs(1)).saturating_duration_since(now);
            return Err(Wait { after: after.max(Duration::from_millis(1)), global: true });
        }
        state.made.push_back(now);
        Ok(())
    }

    /// Takes note of what an answer says.
    pub(crate) fn answered(&self, route: &str, status: u16, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<f64>().ok();
        if let (Some(left), Some(reset_s)) = (number("x-ratelimit-remaining"), number("x-ratelimit-reset-after"))
            && left < 1.0
            && status != 429
        {
            let mut state = self.state();
            if state.spent.len() >= ROUTES_MAX {
                let now = Instant::now();
                state.spent.retain(|_, until| *until > now);
            }
            if state.spent.len() < ROUTES_MAX {
                let reset = Duration::from_secs_f64(reset_s.clamp(0.0, 3_600.0));
                state.spent.insert(route.to_owned(), Instant::now() + reset);
            }
        }
        if matches!(status, 401 | 403 | 429) {
            let mut state = self.state();
            state.refused.push_back(Instant::now());
            if state.refused.len() > REFUSED_MAX {
                state.refused.pop_front();
            }
        }
    }

    /// Nothing at all is to be sent for so long.
    pub(crate) fn hold(&self, after: Duration) {
        self.state().held = Some(Instant::now() + after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_route_waits_and_no_other() {
        let rates = Rates::default();
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        headers.insert("x-ratelimit-reset-after", "2.5".parse().unwrap());
        rates.answered("POST /channels/1/messages", 200, &headers);
        let wait = rates.admit("POST /channels/1/messages").unwrap_err();
        assert!(!wait.global && wait.after > Duration::from_secs(2));
        assert_eq!(rates.admit("POST /channels/2/messages"), Ok(()));
    }

    #[test]
    fn no_second_takes_more_than_the_service_does() {
        let rates = Rates::default();
        let made = (0..100).filter(|n| rates.admit(&n.to_string()).is_ok()).count();
        assert!(made <= PER_SECOND, "{made}");
        rates.hold(Duration::from_secs(9));
        assert!(rates.admit("x").unwrap_err().global);
    }

    #[test]
    fn many_refusals_end_it_before_a_ban() {
        let rates = Rates::default();
        for _ in 0..REFUSED_MAX {
            rates.answered("x", 403, &HeaderMap::new());
        }
        assert!(rates.admit("y").is_err());
    }
}
