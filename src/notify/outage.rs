//! Whether a bot has been down for so long that its owners have to know, and when it is back: once for each outage, however
//! often the process is started meanwhile and however often the connection comes and goes. Pure: whoever looks says what it
//! sees and what time it is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    lang::{Lang, say},
    projection::{Trouble, short, span_since},
};

/// No platform keeps what people wrote for longer than this while nobody asks for it.
const KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// What is seen of a bot at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It reaches its platform.
    Up,
    /// It does not.
    Down {
        /// Why, in words.
        why: String,
        /// It does not come back by itself: a setting is wrong. There is nothing to wait for.
        ended: bool,
    },
}

/// How long things have to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So long it has to be down before its owners are told.
    pub down_after: TimeDelta,
    /// So long it has to be up before it counts as back: a connection that comes and goes is one outage.
    pub up_after: TimeDelta,
}

impl Patience {
    /// Down for so long; back after as long, two minutes at most.
    pub fn new(down_after: TimeDelta) -> Self {
        Self { down_after, up_after: down_after.min(TimeDelta::minutes(2)) }
    }
}

/// An outage, or none. As it is remembered over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outage {
    /// Since when it is down.
    pub since: Option<DateTime<Utc>>,
    /// Why it was when its owners were to be told.
    pub why: String,
    /// It does not come back by itself.
    pub ended: bool,
    /// Its owners are to be told, or were.
    pub told: bool,
    /// They were: that is done with.
    pub done: bool,
    /// Since when it is up again.
    #[serde(skip)]
    up_since: Option<DateTime<Utc>>,
}

/// What owners are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is down.
    Down(Outage),
    /// It is back.
    Back {
        /// Since when it had been down.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
}

impl News {
    /// What an owner reads: about the bot of this title, to which so many messages are to be sent.
    pub fn words(&self, title: &str, waiting: usize, now: DateTime<Utc>, lang: Lang) -> String {
        match self {
            Self::Down(outage) => {
                // A sentence of ours goes on behind it.
                let why = short(&outage.why).trim_end_matches('.').to_owned();
                if outage.ended {
                    return say!(lang, "outage-ended", bot = title, why, n = waiting);
                }
                let span = span_since(outage.since.unwrap_or(now), now, lang);
                say!(lang, "outage-down", bot = title, span, why, n = waiting)
            }
            Self::Back { since, until } => {
                let span = span_since(*since, *until, lang);
                if *until - *since > KEPT_FOR {
                    say!(lang, "outage-back-late", bot = title, span)
                } else {
                    say!(lang, "outage-back", bot = title, span, n = waiting)
                }
            }
        }
    }
}

impl Outage {
    /// What was remembered, at the start of a process. That it was down for a moment when the last one ended says nothing
    /// about the time in between.
    #[must_use]
    pub fn recalled(self) -> Self {
        if self.told { self } else { Self::default() }
    }

    /// Takes in what is seen; what has to be told because of it.
    pub fn look(&mut self, look: &Look, now: DateTime<Utc>, patience: Patience) -> Option<News> {
        match look {
            Look::Up => {
                let since = self.since?;
                let until = *self.up_since.get_or_insert(now);
                if now - until < patience.up_after {
                    return None;
                }
                let told = self.told;
                *self = Self::default();
                told.then_some(News::Back { since, until })
            }
            Look::Down { why, ended } => {
                self.up_since = None;
                let since = *self.since.get_or_insert(now);
                if self.told || (!ended && now - since < patience.down_after) {
                    return None;
                }
                (self.told, self.ended) = (true, *ended);
                self.why.clone_from(why);
                Some(News::Down(self.clone()))
            }
        }
    }
}

/// How each bot is now, for whoever asks: `None` in the map is well.
#[derive(Clone, Debug, Default)]
pub struct Vitals(Arc<Mutex<HashMap<String, Trouble>>>);

impl Vitals {
    // A std mutex: nothing is awaited under it.
    fn all(&self) -> MutexGuard<'_, HashMap<String, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a bot is.
    pub fn note(&self, bot: &str, look: &Look, now: DateTime<Utc>) {
        let mut all = self.all();
        match look {
            Look::Up => drop(all.remove(bot)),
            Look::Down { why, ended } => {
                let since = all.get(bot).map_or(now, |trouble| trouble.since);
                all.insert(bot.to_owned(), Trouble { why: why.clone(), since, ended: *ended });
            }
        }
    }

    /// What is wrong with a bot.
    pub fn of(&self, bot: &str) -> Option<Trouble> {
        self.all().get(bot).cloned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn patience() -> Patience {
        Patience::new(TimeDelta::seconds(300))
    }

    fn down() -> Look {
        Look::Down { why: "refused".into(), ended: false }
    }

    #[test]
    fn it_is_told_once_and_once_that_it_is_over() {
        let mut outage = Outage::default();
        assert_eq!(outage.look(&down(), at(0), patience()), None);
        assert_eq!(outage.look(&down(), at(299), patience()), None);
        assert!(matches!(outage.look(&down(), at(300), patience()), Some(News::Down(_))));
        assert_eq!(outage.look(&down(), at(3_000), patience()), None);
        // It comes and goes: that is the same outage.
        assert_eq!(outage.look(&Look::Up, at(3_010), patience()), None);
        assert_eq!(outage.look(&down(), at(3_100), patience()), None);
        assert_eq!(outage.look(&Look::Up, at(3_600), patience()), None);
        let back = News::Back { since: at(0), until: at(3_600) };
        assert_eq!(outage.look(&Look::Up, at(3_720), patience()), Some(back));
        assert_eq!(outage, Outage::default());
    }

    #[test]
    fn a_wrong_setting_is_told_at_once_and_not_again_after_a_restart() {
        let mut outage = Outage::default();
        let ended = Look::Down { why: "the token is wrong".into(), ended: true };
        assert!(matches!(outage.look(&ended, at(0), patience()), Some(News::Down(_))));
        let kept = serde_json::to_string(&outage).unwrap();
        let mut outage = serde_json::from_str::<Outage>(&kept).unwrap().recalled();
        assert_eq!(outage.look(&ended, at(60), patience()), None);
    }

    #[test]
    fn a_moment_before_a_stop_says_nothing_about_the_time_after() {
        let mut outage = Outage::default();
        assert_eq!(outage.look(&down(), at(0), patience()), None);
        assert_eq!(outage.recalled(), Outage::default());
    }

    proptest! {
        /// Whatever comes and goes, and whenever it is restarted: who is told that it is down is told that it is back before
        /// they are told again, and never of what lasted less than it has to.
        #[test]
        fn down_and_back_take_turns(steps in vec((1..200_i64, any::<bool>(), 0..10_u8), 1..80)) {
            let mut outage = Outage::default();
            let (mut now, mut told, mut down_since) = (0, false, None);
            for (seconds, is_up, restart) in steps {
                now += seconds;
                if restart == 0 {
                    let kept = serde_json::to_string(&outage).unwrap();
                    outage = serde_json::from_str::<Outage>(&kept).unwrap().recalled();
                    if !outage.told {
                        down_since = None;
                    }
                }
                let look = if is_up { Look::Up } else { down() };
                if !is_up {
                    down_since.get_or_insert(now);
                }
                match outage.look(&look, at(now), patience()) {
                    Some(News::Down(_)) => {
                        prop_assert!(!told && !is_up);
                        prop_assert!(down_since.is_some_and(|since| now - since >= 300));
                        told = true;
                    }
                    Some(News::Back { since, until }) => {
                        prop_assert!(told && is_up && since < until && at(now) - until >= TimeDelta::seconds(120));
                        (told, down_since) = (false, None);
                    }
                    None if outage == Outage::default() => down_since = None,
                    None => {}
                }
            }
        }
    }
}
