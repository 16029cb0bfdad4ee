//! When a lease may be taken, and how long it holds. Pure: the time is given, from a clock of this machine's own; no two
//! machines' clocks are ever compared.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What stands under a bot's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// The name of the node, for people.
    pub(super) node: String,
    /// The process: two may have been given one name.
    pub(super) process: String,
    /// Grows with every holder: who has the larger one came later.
    pub(super) token: u64,
    /// Since when, by the holder's clock: for people.
    pub(super) since: chrono::DateTime<chrono::Utc>,
    /// It is not held any more: whoever wants it takes it at once. It stays there instead of being deleted, so that the
    /// token goes on growing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) given_back: bool,
}

/// A lease with the revision it was found at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) revision: u64,
    pub(super) lease: Lease,
}

/// What is to be done by who has not got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is held: look again.
    Wait,
    /// Take it, if it still stands at this revision (`None`: if there is none), with this token.
    Take { over: Option<u64>, token: u64 },
}

/// Waits for a lease.
#[derive(Debug)]
pub(super) struct Waiting {
    process: String,
    ttl: Duration,
    /// The revision seen last, and since when it is that one.
    seen: Option<(u64, Duration)>,
}

impl Waiting {
    pub(super) fn new(process: &str, ttl: Duration) -> Self {
        Self { process: process.to_owned(), ttl, seen: None }
    }

    /// Looks at what stands there now. `now` is when the answer came: later than it was true.
    pub(super) fn look(&mut self, now: Duration, found: Option<&Found>) -> Verdict {
        let Some(Found { revision, lease }) = found else {
            self.seen = None;
            return Verdict::Take { over: None, token: 1 };
        };
        let take = Verdict::Take { over: Some(*revision), token: lease.token + 1 };
        // Our own one, of which the answer was lost, or that ran out.
        if lease.given_back || lease.process == self.process {
            return take;
        }
        match self.seen {
            Some((seen, since)) if seen == *revision => {
                if now.saturating_sub(since) >= self.ttl {
                    take
                } else {
                    Verdict::Wait
                }
            }
            _ => {
                self.seen = Some((*revision, now));
                Verdict::Wait
            }
        }
    }
}

/// Holds a lease.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    ttl: Duration,
    pub(super) revision: u64,
    /// When the request was sent that renewed it last.
    asked_at: Duration,
}

impl Holding {
    /// `asked_at`: just before it was asked for.
    pub(super) fn new(ttl: Duration, revision: u64, asked_at: Duration) -> Self {
        Self { ttl, revision, asked_at }
    }

    /// It was renewed by a request sent at `asked_at`.
    pub(super) fn renewed(&mut self, revision: u64, asked_at: Duration) {
        (self.revision, self.asked_at) = (revision, self.asked_at.max(asked_at));
    }

    /// Until when something may be sent. Others wait for the whole time, counted from later than we do: what is between is for
    /// clocks that do not run alike, and for what is on its way to a platform.
    pub(super) fn good_until(&self) -> Duration {
        self.asked_at + self.ttl * 3 / 4
    }

    pub(super) fn is_good(&self, now: Duration) -> bool {
        now < self.good_until()
    }

    /// How often it is renewed.
    pub(super) fn every(&self) -> Duration {
        self.ttl / 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TTL: Duration = Duration::from_millis(3000);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn found(revision: u64, process: &str, token: u64) -> Found {
        let since = chrono::DateTime::UNIX_EPOCH;
        let (node, process) = ("n".to_owned(), process.to_owned());
        Found { revision, lease: Lease { node, process, token, since, given_back: false } }
    }

    #[test]
    fn it_is_taken_when_there_is_none_when_it_is_given_back_and_when_it_stands_still() {
        let mut waiting = Waiting::new("me", TTL);
        assert_eq!(waiting.look(ms(0), None), Verdict::Take { over: None, token: 1 });
        let held = found(7, "other", 4);
        assert_eq!(waiting.look(ms(10), Some(&held)), Verdict::Wait);
        assert_eq!(waiting.look(ms(3009), Some(&held)), Verdict::Wait);
        assert_eq!(waiting.look(ms(3010), Some(&held)), Verdict::Take { over: Some(7), token: 5 });
        // Renewed meanwhile: the whole time again.
        let renewed = found(8, "other", 4);
        assert_eq!(waiting.look(ms(3020), Some(&renewed)), Verdict::Wait);
        assert_eq!(waiting.look(ms(6019), Some(&renewed)), Verdict::Wait);
        let mut given = renewed;
        given.lease.given_back = true;
        assert_eq!(waiting.look(ms(6020), Some(&given)), Verdict::Take { over: Some(8), token: 5 });
        assert_eq!(Waiting::new("other", TTL).look(ms(0), Some(&held)), Verdict::Take { over: Some(7), token: 5 });
    }

    proptest! {
        /// Whatever takes how long, and whatever gets lost: when somebody else takes it, the holder has stopped already. Both
        /// clocks run alike up to one part in ten.
        #[test]
        fn two_never_hold_it(
            renewals in proptest::collection::vec((0u64..900, 0u64..2000, any::<bool>()), 1..30),
            looks in proptest::collection::vec(1u64..900, 1..80), drift in 90u64..=110,
        ) {
            // True time. The holder renews: it sends at `sent`, the server writes at `written`, the answer may be lost.
            let mut holding = Holding::new(TTL, 1, ms(0));
            let mut writes = vec![(0u64, 1u64)];
            let (mut at, mut revision, mut stopped) = (0, 1, None);
            for (pause, takes, answered) in renewals {
                at += pause;
                if !holding.is_good(ms(at)) {
                    break;
                }
                revision += 1;
                writes.push((at + takes / 2, revision));
                if answered {
                    holding.renewed(revision, ms(at));
                }
                at += takes;
            }
            stopped.get_or_insert(u64::try_from(holding.good_until().as_millis()).unwrap());
            // Somebody else looks, by a clock of its own that began elsewhere and drifts.
            let (mut waiting, mut now) = (Waiting::new("other", TTL), 0);
            for pause in looks {
                now += pause;
                let there = writes.iter().rev().find(|(written, _)| *written <= now).unwrap().1;
                let theirs = ms(1_000_000 + now * drift / 100);
                if waiting.look(theirs, Some(&found(there, "holder", 1))) != Verdict::Wait {
                    prop_assert!(now >= stopped.unwrap_or(u64::MAX), "taken at {now}, held until {stopped:?}");
                    break;
                }
            }
        }
    }
}
