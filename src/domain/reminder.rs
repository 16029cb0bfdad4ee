//! Reminders of an item: a stream of its own (`reminder/T7`), so that to be reminded of an item is no change of it: no card
//! is stale because of it, and nobody's button refused. When something is to be reminded of is worked out here; who does it
//! is `workflow::reminder`.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Due, ItemRef, PersonId, room::Remind};

/// The most reminders one person can have asked for on one item.
pub const ASKED_MAX: usize = 20;
/// The longest words of one, in characters.
pub const WORDS_CHARS_MAX: usize = 500;
/// The longest time before something is due, in minutes: a year.
pub const LEAD_MIN_MAX: u32 = 366 * DAY_MIN;
/// The most times before something is due.
pub const LEADS_MAX: usize = 10;
/// The most days after which something is stale, or blocked too long.
pub const DAYS_MAX: u32 = 3_650;
/// A day, in minutes.
pub const DAY_MIN: u32 = 24 * 60;
/// What begins the name of a stream.
const STREAM: &str = "reminder/";

/// The stream of an item's reminders.
pub fn stream(item: ItemRef) -> String {
    format!("{STREAM}{item}")
}

/// The item whose reminders a stream is of.
pub fn of_stream(stream: &str) -> Option<ItemRef> {
    stream.strip_prefix(STREAM)?.parse().ok()
}

/// What somebody is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// It is due then.
    Due(Due),
    /// Somebody is at it, and nothing has happened to it since then.
    Stale(DateTime<Utc>),
    /// It has waited for another item since then.
    Blocked(DateTime<Utc>),
    /// Somebody asked for it, in this version of the stream.
    Asked(u64),
}

impl Subject {
    /// As part of a command id: the same subject gives the same text.
    pub fn to_text(self) -> String {
        match self {
            Self::Due(Due::Day(day)) => format!("due/{day}"),
            Self::Due(Due::At(at)) => format!("due/{}", instant(at)),
            Self::Stale(since) => format!("stale/{}", instant(since)),
            Self::Blocked(since) => format!("blocked/{}", instant(since)),
            Self::Asked(version) => format!("asked/{version}"),
        }
    }

    fn kind(self) -> u8 {
        match self {
            Self::Due(_) => 0,
            Self::Stale(_) => 1,
            Self::Blocked(_) => 2,
            Self::Asked(_) => 3,
        }
    }
}

/// An instant as part of a command id.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// What happens to an item's reminders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person asked to be reminded.
    Asked {
        /// Who.
        person: PersonId,
        /// When.
        at: DateTime<Utc>,
        /// Of what; may be empty.
        words: String,
    },
    /// A person wants none of those they asked for.
    Dropped {
        /// Who.
        person: PersonId,
    },
    /// Whoever is to be reminded was.
    Reminded {
        /// Of what.
        subject: Subject,
        /// All that lies behind this instant, up to and with `at`, is done with it: a room whose moment is in between is told.
        after: DateTime<Utc>,
        /// The newest moment it is for.
        at: DateTime<Utc>,
    },
}

/// What a person can do about the reminders of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask for one.
    Ask {
        /// When.
        at: DateTime<Utc>,
        /// Of what; may be empty.
        words: String,
    },
    /// None of those asked for any more.
    Drop,
}

/// A reminder somebody asked for and did not get yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its version in the stream.
    pub version: u64,
    /// Who.
    pub person: PersonId,
    /// When it was asked for.
    pub since: DateTime<Utc>,
    /// When they are to be reminded.
    pub at: DateTime<Utc>,
    /// Of what; may be empty.
    pub words: String,
    /// They were.
    pub done: bool,
}

/// The reminders of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminders {
    /// Of its stream.
    pub version: u64,
    /// Those asked for. One that was given stays until the next of the same person is asked for, for whoever words it late.
    pub asked: Vec<Asked>,
    /// Of each kind, what was reminded of last and up to when.
    pub reminded: Vec<(Subject, DateTime<Utc>)>,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A time that is over.
    #[error("{} UTC is over", at.format("%F %R"))]
    Over {
        /// Which.
        at: DateTime<Utc>,
    },
    /// It is asked for.
    #[error("you are reminded of it then already")]
    Same,
    /// Too many.
    #[error("you are reminded of it {ASKED_MAX} times already: drop them first")]
    TooMany,
    /// Too long.
    #[error("that is {0} characters, and at most {WORDS_CHARS_MAX} fit in a reminder")]
    TooLong(usize),
    /// None.
    #[error("you asked for no reminder of it")]
    NothingAsked,
}

impl Reminders {
    /// What follows from what `person` wants.
    ///
    /// # Errors
    /// [`Error`] says why nothing does.
    pub fn decide(&self, person: PersonId, command: &Command, now: DateTime<Utc>) -> Result<Event, Error> {
        let theirs = || self.asked.iter().filter(|it| it.person == person && !it.done && it.at > now);
        match command {
            Command::Ask { at, .. } if *at <= now => Err(Error::Over { at: *at }),
            Command::Ask { words, .. } if words.chars().count() > WORDS_CHARS_MAX => {
                Err(Error::TooLong(words.chars().count()))
            }
            Command::Ask { at, words } if theirs().any(|it| it.at == *at && it.words == *words) => Err(Error::Same),
            Command::Ask { .. } if theirs().count() >= ASKED_MAX => Err(Error::TooMany),
            Command::Ask { at, words } => Ok(Event::Asked { person, at: *at, words: words.clone() }),
            Command::Drop if theirs().next().is_none() => Err(Error::NothingAsked),
            Command::Drop => Ok(Event::Dropped { person }),
        }
    }

    /// The reminders after an event that was recorded `then`.
    pub fn evolve(&mut self, version: u64, event: &Event, then: DateTime<Utc>) {
        self.version = version;
        match event {
            Event::Asked { person, at, words } => {
                self.asked.retain(|it| !(it.done && it.person == *person));
                let (since, words) = (then, words.clone());
                self.asked.push(Asked { version, person: *person, since, at: *at, words, done: false });
            }
            Event::Dropped { person } => self.asked.retain(|it| it.person != *person),
            Event::Reminded { subject: Subject::Asked(of), .. } => {
                self.asked.iter_mut().filter(|it| it.version == *of).for_each(|it| it.done = true);
            }
            Event::Reminded { subject, at, .. } => {
                self.reminded.retain(|(known, _)| known.kind() != subject.kind());
                self.reminded.push((*subject, *at));
            }
        }
    }

    /// Up to when a subject was reminded of.
    pub fn until(&self, subject: Subject) -> Option<DateTime<Utc>> {
        self.reminded.iter().find(|(known, _)| *known == subject).map(|(_, at)| *at)
    }
}

/// When rooms are reminded of what, unless they say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// So many minutes before something is due, besides the time itself.
    pub due_min: Vec<u32>,
    /// After so many days without a change of what somebody is at; 0: never.
    pub stale_days: u32,
    /// After so many days of waiting for another item; 0: never.
    pub blocked_days: u32,
    /// What is due on a day is reminded of at this hour.
    pub day_hour: u32,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { due_min: vec![DAY_MIN], stale_days: 14, blocked_days: 3, day_hour: 9 }
    }
}

impl Defaults {
    /// What holds in a room with these settings, in this time zone; `None`: it is reminded of nothing.
    pub fn rules(&self, of: &Remind, time_zone: Tz) -> Option<Rules> {
        if of.off {
            return None;
        }
        let due_min = (!of.due_off).then(|| {
            let mut leads = of.due_min.clone().unwrap_or_else(|| self.due_min.clone());
            leads.push(0);
            leads.sort_unstable_by_key(|lead| std::cmp::Reverse(*lead));
            leads.dedup();
            leads
        });
        Some(Rules {
            due_min,
            stale_days: of.stale_days.unwrap_or(self.stale_days),
            blocked_days: of.blocked_days.unwrap_or(self.blocked_days),
            day_hour: self.day_hour,
            time_zone,
        })
    }
}

/// When a room is reminded of what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// So many minutes before something is due, the longest first and 0 last; `None`: never.
    pub due_min: Option<Vec<u32>>,
    /// After so many days without a change; 0: never.
    pub stale_days: u32,
    /// After so many days of waiting; 0: never.
    pub blocked_days: u32,
    /// The hour for what is due on a day.
    pub day_hour: u32,
    /// Of the room.
    pub time_zone: Tz,
}

impl Rules {
    /// The moments at which a subject is reminded of, in order. What somebody asked for is not a matter of rules.
    pub fn moments(&self, subject: Subject) -> Vec<DateTime<Utc>> {
        let mut moments: Vec<_> = match subject {
            Subject::Due(due) => {
                let leads = self.due_min.iter().flatten();
                leads.filter_map(|&lead| self.before(due, lead)).collect()
            }
            Subject::Stale(since) => later(since, self.stale_days),
            Subject::Blocked(since) => later(since, self.blocked_days),
            Subject::Asked(_) => Vec::new(),
        };
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// So long before it is due. What is due on a day is reminded of in its morning, and whole days before in theirs; hours
    /// before a day mean nothing.
    fn before(&self, due: Due, lead_min: u32) -> Option<DateTime<Utc>> {
        match due {
            Due::At(at) => at.checked_sub_signed(TimeDelta::minutes(lead_min.into())),
            Due::Day(_) if !lead_min.is_multiple_of(DAY_MIN) => None,
            Due::Day(day) => {
                let day = day.checked_sub_days(Days::new(u64::from(lead_min / DAY_MIN)))?;
                at_hour(day.and_time(NaiveTime::from_hms_opt(self.day_hour, 0, 0)?), self.time_zone)
            }
        }
    }
}

fn later(since: DateTime<Utc>, days: u32) -> Vec<DateTime<Utc>> {
    if days == 0 { Vec::new() } else { since.checked_add_signed(TimeDelta::days(days.into())).into_iter().collect() }
}

/// The instant at which the clocks of a zone show a time; where they skip it, the first one after.
fn at_hour(local: NaiveDateTime, time_zone: Tz) -> Option<DateTime<Utc>> {
    // The longest gap there ever was is a day.
    (0..=24)
        .find_map(|hours| time_zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(hours))?).earliest())
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spec::{now, r};

    fn rules(of: &Remind) -> Rules {
        Defaults::default().rules(of, chrono_tz::Europe::Berlin).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn streams() {
        assert_eq!(of_stream(&stream(r("T7"))), Some(r("T7")));
        assert_eq!(of_stream("todo/7"), None);
    }

    #[test]
    fn a_day_is_reminded_of_in_the_morning_and_hours_before_it_mean_nothing() {
        let day = Subject::Due(Due::Day("2026-10-25".parse().unwrap()));
        let of = Remind { due_min: Some(vec![60, DAY_MIN, 2 * DAY_MIN]), ..Remind::default() };
        // Berlin's clocks go back on the 25th.
        let expected = [at("2026-10-23T07:00:00Z"), at("2026-10-24T07:00:00Z"), at("2026-10-25T08:00:00Z")];
        assert_eq!(rules(&of).moments(day), expected);
        let instant = Subject::Due(Due::At(at("2026-11-20T12:00:00Z")));
        let expected = [at("2026-11-18T12:00:00Z"), at("2026-11-19T12:00:00Z"), at("2026-11-20T11:00:00Z")];
        assert_eq!(rules(&of).moments(instant)[..3], expected);
        assert_eq!(rules(&of).moments(instant)[3], at("2026-11-20T12:00:00Z"));
    }

    #[test]
    fn what_is_off_has_no_moments() {
        let due = Subject::Due(Due::At(now()));
        assert_eq!(Defaults::default().rules(&Remind { off: true, ..Remind::default() }, Tz::UTC), None);
        assert!(rules(&Remind { due_off: true, ..Remind::default() }).moments(due).is_empty());
        assert!(rules(&Remind { stale_days: Some(0), ..Remind::default() }).moments(Subject::Stale(now())).is_empty());
        assert_eq!(rules(&Remind::default()).moments(Subject::Blocked(now())), [now() + TimeDelta::days(3)]);
    }

    #[test]
    fn a_reminder_is_asked_for_given_and_dropped() {
        let (kim, dana) = (PersonId(1), PersonId(2));
        let mut reminders = Reminders::default();
        let ask = |hours| Command::Ask { at: now() + TimeDelta::hours(hours), words: "call".into() };
        assert_eq!(reminders.decide(kim, &ask(0), now()), Err(Error::Over { at: now() }));
        assert_eq!(reminders.decide(kim, &Command::Drop, now()), Err(Error::NothingAsked));
        let asked = reminders.decide(kim, &ask(1), now()).unwrap();
        reminders.evolve(1, &asked, now());
        assert_eq!(reminders.decide(kim, &ask(1), now()), Err(Error::Same));
        assert!(reminders.decide(dana, &ask(1), now()).is_ok());
        let given = Event::Reminded { subject: Subject::Asked(1), after: now(), at: now() + TimeDelta::hours(1) };
        reminders.evolve(2, &given, now());
        assert!(reminders.asked[0].done);
        assert_eq!(reminders.decide(kim, &Command::Drop, now()), Err(Error::NothingAsked));
        let long = Command::Ask { at: now() + TimeDelta::hours(1), words: "x".repeat(501) };
        assert_eq!(reminders.decide(kim, &long, now()), Err(Error::TooLong(501)));
    }
}
