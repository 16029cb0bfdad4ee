//! When a room is told: the hour of its digest and its quiet hours, in its own time zone.
//!
//! A local time that a clock change skips is the first instant after the gap; one that happens twice is the first of the
//! two. So a digest comes once on every day there is, and quiet hours begin and end once a night.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A time of day, to the minute: `09:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour {
    /// Since midnight.
    minutes: u16,
}

impl Hour {
    /// `None` when there is no such time.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { minutes: hour * 60 + minute })
    }

    fn time(self) -> NaiveTime {
        NaiveTime::from_num_seconds_from_midnight_opt(u32::from(self.minutes) * 60, 0).unwrap_or(NaiveTime::MIN)
    }
}

impl fmt::Display for Hour {
    /// `9:00`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl FromStr for Hour {
    type Err = ();

    /// `9`, `9:00`, `09:00`, `9.00`, `21h`, `9am`, `9:30pm`
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().to_ascii_lowercase();
        let (text, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
            (Some(text), _) => (text, Some(0)),
            (_, Some(text)) => (text, Some(12)),
            _ => (text.strip_suffix('h').unwrap_or(&text), None),
        };
        let (hour, minute) = text.trim_end().split_once([':', '.']).unwrap_or((text.trim_end(), "00"));
        let number = |digits: &str, most: usize| {
            let fits = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            if fits { digits.parse::<u16>().map_err(drop) } else { Err(()) }
        };
        if minute.len() != 2 {
            return Err(());
        }
        let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
        let hour = match half {
            Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
            Some(_) => return Err(()),
            None => hour,
        };
        Self::new(hour, minute).ok_or(())
    }
}

impl Serialize for Hour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", self.minutes / 60, self.minutes % 60))
    }
}

impl<'de> Deserialize<'de> for Hour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom(format_args!("{text:?} is no time of day")))
    }
}

/// How often a digest comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// On this day of the week alone; every day when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "weekday")]
    pub day: Option<Weekday>,
    /// When.
    pub at: Hour,
}

impl fmt::Display for Digest {
    /// As it is said: `daily 9:00`, `weekly mon 9:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            Some(day) => write!(f, "weekly {} {}", day.to_string().to_lowercase(), self.at),
            None => write!(f, "daily {}", self.at),
        }
    }
}

/// Hours without messages, every night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// From then on.
    pub from: Hour,
    /// Until then; the next day when that is not later.
    pub to: Hour,
}

impl fmt::Display for Quiet {
    /// As it is said: `22:00-7:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// The instant of a local time; the first instant after a gap, the first of two.
pub fn instant(day: NaiveDate, at: Hour, zone: Tz) -> Option<DateTime<Utc>> {
    let mut local = day.and_time(at.time());
    // No gap there ever was is longer than a day (a zone that changed sides of the date line).
    for _ in 0..=25 * 60 {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return Some(at.with_timezone(&Utc)),
            LocalResult::None => local = local.checked_add_signed(TimeDelta::minutes(1))?,
        }
    }
    None
}

impl Digest {
    /// When the first digest after an instant comes.
    pub fn after(&self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = now.with_timezone(&zone).date_naive();
        let days = (0..=15).filter_map(|days| today.checked_add_days(Days::new(days)));
        days.filter(|day| self.day.is_none_or(|only| day.weekday() == only))
            .filter_map(|day| instant(day, self.at, zone))
            .find(|at| *at > now)
            // Out of the calendar: nobody gets there.
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl Quiet {
    /// When the quiet hours end in which an instant falls; `None` when it falls in none.
    pub fn ends(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = now.with_timezone(&zone).date_naive();
        // They began today or yesterday; a day more, because a clock change moves both ends.
        let begins = [today.checked_sub_days(Days::new(2)), today.checked_sub_days(Days::new(1)), Some(today)];
        begins.into_iter().flatten().find_map(|day| {
            let last = if self.to > self.from { day } else { day.checked_add_days(Days::new(1))? };
            let (from, to) = (instant(day, self.from, zone)?, instant(last, self.to, zone)?);
            (from <= now && now < to).then_some(to)
        })
    }
}

/// A day of the week as it is stored: `mon`, whatever a library calls it.
mod weekday {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Weekday};

    const DAYS: [(Weekday, &str); 7] = [
        (Weekday::Mon, "mon"),
        (Weekday::Tue, "tue"),
        (Weekday::Wed, "wed"),
        (Weekday::Thu, "thu"),
        (Weekday::Fri, "fri"),
        (Weekday::Sat, "sat"),
        (Weekday::Sun, "sun"),
    ];

    pub(super) fn serialize<S: Serializer>(day: &Option<Weekday>, serializer: S) -> Result<S::Ok, S::Error> {
        DAYS.iter().find(|(known, _)| Some(*known) == *day).map(|(_, word)| *word).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Weekday>, D::Error> {
        let Some(word) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let day = DAYS.iter().find(|(_, known)| *known == word).map(|(day, _)| *day);
        day.map(Some).ok_or_else(|| serde::de::Error::custom(format_args!("{word:?} is no day of the week")))
    }
}

#[cfg(test)]
mod tests;
