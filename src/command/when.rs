//! Dates as people write them, in the room's time zone.
//!
//! `interim` reads lengths of time and days with the name of a month. It is given nothing else, because it
//! takes any word for the month or the unit it begins like (`decide` for December), guesses what 03/04 is, and resolves
//! local times with the offset of another instant. What it leaves open is decided here:
//!
//! * A weekday alone is never today: `fri` said on a Friday is the next one (or, looking back, the last one).
//!   `this fri` and `next fri` are the Fridays of this and of the next week; weeks begin on Monday.
//! * A day without a year, and a time without a day, is the next one; looking back, the last one.
//! * `in 2 weeks` is a day, `in 2 hours` is an instant. Instants are whole minutes, never sooner than said.
//! * A local time that a clock change skips is read as if the clock had not been changed (02:30 becomes 03:30); one that
//!   happens twice is the first. The second can be written with its offset: `2026-11-01 01:30-05:00`.
//!
//! Korean dates become English ones first, in `when_korean.rs`.

use chrono::{
    DateTime, Datelike, Days, Duration, FixedOffset, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime,
    TimeZone, Timelike, Utc, Weekday,
};
use chrono_tz::Tz;
use interim::{Dialect, Interval};
use unicode_normalization::UnicodeNormalization as _;

use super::{Context, korean::is_hangul, when_korean};
use crate::domain::Due;
use crate::lang::{Wording, worded, wording};

/// The years that can be written.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;
/// A longer text is no date, in bytes.
const TEXT_MAX: usize = 64;

/// Which of several possible days is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The last one: looks.
    Past,
    /// The next one: due dates, mutes.
    Future,
}

/// Why a text is no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhenFault {
    /// Nothing known.
    Unreadable(String),
    /// `03/04/2026`
    Ambiguous {
        /// As typed.
        text: String,
        /// What can be written instead; nothing when it cannot be told.
        write: Vec<String>,
    },
    /// `2026-02-30`
    NoSuchDay(String),
    /// Too far away.
    TooFar(String),
}

worded!(WhenFault);

impl WhenFault {
    /// What is wrong.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Unreadable(text) => wording!("when-unreadable", text),
            Self::Ambiguous { text, write } => match write.split_last() {
                None => wording!("when-ambiguous-day", text),
                Some((last, [])) => wording!("when-ambiguous", text, write = last),
                Some((last, init)) => wording!("when-ambiguous-two", text, one = init.join(", "), other = last),
            },
            Self::NoSuchDay(day) => wording!("when-no-such-day", day),
            Self::TooFar(text) => wording!("when-too-far", text),
        }
    }

    /// What is wrong and what can be written instead, each example behind `prefix`: `due:`.
    pub fn advice(&self, prefix: &'static str, context: &Context) -> Wording {
        let fault = self.wording();
        if matches!(self, Self::Ambiguous { .. }) {
            return fault;
        }
        let today = today(context);
        let month = today.checked_add_months(Months::new(1)).and_then(|day| day.with_day(1)).unwrap_or(today);
        let day = month.to_string();
        match prefix {
            "due:" => wording!("when-advice-due", fault, day),
            _ => wording!("when-advice", fault, day),
        }
    }
}

impl WhenFault {
    /// The same for the past.
    pub fn advice_past(&self, prefix: &'static str, context: &Context) -> Wording {
        let fault = self.wording();
        if matches!(self, Self::Ambiguous { .. }) {
            return fault;
        }
        let today = today(context);
        let month = today.checked_sub_months(Months::new(1)).and_then(|day| day.with_day(1)).unwrap_or(today);
        let day = month.to_string();
        match prefix {
            "at " => wording!("when-advice-at", fault, day),
            // A shell would take it for three words.
            prefix if prefix.starts_with('-') => wording!("when-advice-flag", fault, day, prefix),
            prefix => wording!("when-advice-past", fault, day, prefix),
        }
    }
}

/// When something is due: a day, or an instant when a time of day (or hours, minutes) was said.
///
/// # Errors
/// [`WhenFault`] says why the text is no date.
pub fn due(text: &str, context: &Context) -> Result<Due, WhenFault> {
    Ok(match read(text, context, Direction::Future)? {
        When::Day(day) | When::Shifted { day, .. } => Due::Day(day),
        When::At(at) => Due::At(at),
    })
}

/// An instant. A day is its beginning; the rest of today is its end when looking ahead (`/mute today`).
///
/// # Errors
/// [`WhenFault`] says why the text is no date.
pub fn instant(text: &str, context: &Context, direction: Direction) -> Result<DateTime<Utc>, WhenFault> {
    let too_far = || WhenFault::TooFar(text.trim().to_owned());
    match read(text, context, direction)? {
        When::At(at) => Ok(at),
        When::Shifted { at, .. } => Ok(at),
        When::Day(day) => {
            let ends = direction == Direction::Future && day == today(context);
            let day = if ends { day.checked_add_days(Days::new(1)).ok_or_else(too_far)? } else { day };
            resolve(day.and_time(NaiveTime::MIN), context.time_zone).ok_or_else(too_far)
        }
    }
}

/// The canonical text of an instant, to the minute, without spaces: the local time, or UTC where that is not the only
/// instant with this local time.
pub(super) fn print(at: DateTime<Utc>, time_zone: Tz) -> String {
    let local = at.with_timezone(&time_zone).naive_local();
    let minute = local.with_second(0).and_then(|local| local.with_nanosecond(0)).unwrap_or(local);
    if resolve(minute, time_zone).is_some_and(|again| floor(again) == floor(at)) {
        format!("{}", minute.format("%Y-%m-%dT%H:%M"))
    } else {
        format!("{}", at.format("%Y-%m-%dT%H:%MZ"))
    }
}

/// What a text says.
enum When {
    Day(NaiveDate),
    At(DateTime<Utc>),
    /// Days or months from now: a day, and this time of day on it.
    Shifted {
        day: NaiveDate,
        at: DateTime<Utc>,
    },
}

fn today(context: &Context) -> NaiveDate {
    context.now.with_timezone(&context.time_zone).date_naive()
}

/// The instant at which the clocks of this zone show `local`: the first of two; as if not changed when they skip it.
fn resolve(local: NaiveDateTime, time_zone: Tz) -> Option<DateTime<Utc>> {
    match time_zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Some(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(one, other) => Some(one.min(other).with_timezone(&Utc)),
        // The longest gap is a whole day (Samoa left out 30 December 2011), so the offset of 25 hours before is the old one.
        LocalResult::None => {
            let before = local.checked_sub_signed(Duration::hours(25))?;
            let old = *time_zone.from_local_datetime(&before).earliest()?.offset();
            let old = chrono::Offset::fix(&old).local_minus_utc();
            Some(local.checked_sub_signed(Duration::seconds(old.into()))?.and_utc())
        }
    }
}

fn floor(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(at)
}

fn ceiling(at: DateTime<Utc>) -> DateTime<Utc> {
    let minute = floor(at);
    if minute == at { at } else { minute.checked_add_signed(Duration::minutes(1)).unwrap_or(at) }
}

fn read(text: &str, context: &Context, direction: Direction) -> Result<When, WhenFault> {
    let text = text.trim();
    let shown = || text.chars().take(TEXT_MAX / 2).collect::<String>();
    if text.len() > TEXT_MAX {
        return Err(WhenFault::Unreadable(format!("{}…", shown())));
    }
    let unreadable = || WhenFault::Unreadable(shown());
    let mut lower = text.to_lowercase().replace(',', " ");
    let korean = text.chars().any(is_hangul);
    if korean {
        lower = lower.nfc().collect();
        lower = when_korean::english(&lower, today(context), direction)?.ok_or_else(unreadable)?;
    }
    let mut words: Vec<&str> = lower.split_whitespace().collect();
    if words.len() > 1 && ["in", "on", "by", "at", "until", "till", "for"].contains(&words[0]) {
        words.remove(0);
    }
    // 2026-12-01T09:00
    if let [one] = words[..]
        && let Some((day, time)) = one.split_once('t')
        && day.len() == 10
        && day.starts_with(|c: char| c.is_ascii_digit())
    {
        words = vec![day, time];
    }
    if let [date] = words[..]
        && let Some(fault) = ambiguous(date)
    {
        return Err(fault);
    }
    let time = take_time(&mut words);
    let when = match (words.as_slice(), time) {
        ([], None) => return Err(unreadable()),
        ([], Some((time, offset))) => at_time_alone(time, offset, context, direction).ok_or_else(unreadable)?,
        (["now"], None) => {
            When::At(if direction == Direction::Future { ceiling(context.now) } else { floor(context.now) })
        }
        (words, time) => {
            // What is not there is named as it was typed.
            let named = |fault| match fault {
                WhenFault::NoSuchDay(_) if korean => WhenFault::NoSuchDay(text.to_owned()),
                fault => fault,
            };
            let day = match day(words, context, direction).map_err(named)? {
                Some(day) => Some(day),
                None => match shift(words, context, direction).ok_or_else(unreadable)? {
                    when @ When::At(_) if time.is_none() => return in_reach(when, context, text),
                    When::Shifted { day, .. } if time.is_some() => Some(day),
                    when @ When::Shifted { .. } => return in_reach(when, context, text),
                    _ => None,
                },
            };
            let day = day.ok_or_else(unreadable)?;
            match time {
                None => When::Day(day),
                Some((time, offset)) => at(day.and_time(time), offset, context).map(When::At).ok_or_else(unreadable)?,
            }
        }
    };
    in_reach(when, context, text)
}

fn in_reach(when: When, context: &Context, text: &str) -> Result<When, WhenFault> {
    let day = match &when {
        When::Day(day) | When::Shifted { day, .. } => *day,
        When::At(at) => at.with_timezone(&context.time_zone).date_naive(),
    };
    if YEARS.contains(&day.year()) { Ok(when) } else { Err(WhenFault::TooFar(text.to_owned())) }
}

fn at(local: NaiveDateTime, offset: Option<FixedOffset>, context: &Context) -> Option<DateTime<Utc>> {
    match offset {
        Some(offset) => offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc)),
        None => resolve(local, context.time_zone),
    }
}

fn at_time_alone(
    time: NaiveTime,
    offset: Option<FixedOffset>,
    context: &Context,
    direction: Direction,
) -> Option<When> {
    // With an offset of its own, the time may belong to the day before or after the one here.
    let today = today(context);
    let mut days = [today.pred_opt()?, today, today.succ_opt()?].map(|day| at(day.and_time(time), offset, context));
    let found = match direction {
        Direction::Future => days.into_iter().flatten().find(|at| *at > context.now),
        Direction::Past => {
            days.reverse();
            days.into_iter().flatten().find(|at| *at <= context.now)
        }
    };
    found.map(When::At)
}

/// Takes the time of day off the end of `words`: `9:00`, `9am`, `5:30 pm`, `noon`, `09:00Z`, `09:00+09:00`.
fn take_time(words: &mut Vec<&str>) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let mut last = (*words.last()?).to_owned();
    let mut taken = 1;
    if (last == "am" || last == "pm") && words.len() > 1 {
        last = format!("{}{last}", words[words.len() - 2]);
        taken = 2;
    }
    let time = time(&last)?;
    words.truncate(words.len() - taken);
    if words.last() == Some(&"at") {
        words.pop();
    }
    Some(time)
}

fn time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    if text == "noon" {
        return NaiveTime::from_hms_opt(12, 0, 0).map(|noon| (noon, None));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(half) = text.strip_suffix("am").or_else(|| text.strip_suffix("pm")) {
        let clock = if half.contains([':', '.']) { half.replace('.', ":") } else { format!("{half}:00") };
        let suffix = &text[half.len()..];
        return NaiveTime::parse_from_str(&format!("{clock}{suffix}"), "%I:%M%P").ok().map(|time| (time, None));
    }
    let (clock, offset) = match text.find(['z', '+', '-']) {
        Some(at) if &text[at..] == "z" => (&text[..at], FixedOffset::east_opt(0)),
        Some(at) => {
            let date = format!("2000-01-01 {}", text);
            let offset = DateTime::parse_from_str(&date, "%Y-%m-%d %H:%M%z").ok()?;
            (&text[..at], Some(*offset.offset()))
        }
        None => (text, None),
    };
    (clock.len() >= 4 && clock.contains(':'))
        .then(|| NaiveTime::parse_from_str(clock, "%H:%M").ok())
        .flatten()
        .map(|time| (time, offset))
}

/// A day that is named; `None` when the words name none.
fn day(words: &[&str], context: &Context, direction: Direction) -> Result<Option<NaiveDate>, WhenFault> {
    let today = today(context);
    let named = match words {
        ["today" | "eod"] => Some(today),
        ["tomorrow" | "tmr" | "tmrw"] => today.succ_opt(),
        ["yesterday"] => today.pred_opt(),
        [weekday] => weekday_named(weekday).and_then(|weekday| near(weekday, today, direction)),
        ["last", weekday] => weekday_named(weekday).and_then(|weekday| near(weekday, today, Direction::Past)),
        ["this", weekday] => weekday_named(weekday).and_then(|weekday| of_week(weekday, today, 0)),
        ["next", weekday] => weekday_named(weekday).and_then(|weekday| of_week(weekday, today, 7)),
        _ => None,
    };
    if named.is_some() {
        return Ok(named);
    }
    if let [iso] = words
        && iso.len() == 10
        && iso.bytes().enumerate().all(
            |(at, byte)| {
                if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
            },
        )
    {
        return NaiveDate::parse_from_str(iso, "%Y-%m-%d")
            .map(Some)
            .map_err(|_| WhenFault::NoSuchDay((*iso).to_owned()));
    }
    month_day(words, today, direction)
}

fn weekday_named(word: &str) -> Option<Weekday> {
    match word {
        "tues" => Some(Weekday::Tue),
        "thur" | "thurs" => Some(Weekday::Thu),
        _ => word.parse().ok(),
    }
}

/// The nearest such weekday that is not today.
fn near(weekday: Weekday, today: NaiveDate, direction: Direction) -> Option<NaiveDate> {
    let or_week = |days: u32| Days::new(if days == 0 { 7 } else { days.into() });
    match direction {
        Direction::Future => today.checked_add_days(or_week(weekday.days_since(today.weekday()))),
        Direction::Past => today.checked_sub_days(or_week(today.weekday().days_since(weekday))),
    }
}

fn of_week(weekday: Weekday, today: NaiveDate, days_later: u64) -> Option<NaiveDate> {
    today
        .week(Weekday::Mon)
        .checked_first_day()?
        .checked_add_days(Days::new(u64::from(weekday.num_days_from_monday()) + days_later))
}

/// `27 nov`, `nov 27`, `27 november 2026`, `27th nov`.
fn month_day(words: &[&str], today: NaiveDate, direction: Direction) -> Result<Option<NaiveDate>, WhenFault> {
    let (day, month, year) = match *words {
        [one, other] if month_named(other) => (one, other, None),
        [one, other] if month_named(one) => (other, one, None),
        [one, other, year] if month_named(other) => (one, other, Some(year)),
        [one, other, year] if month_named(one) => (other, one, Some(year)),
        _ => return Ok(None),
    };
    let number = ["st", "nd", "rd", "th"].into_iter().find_map(|suffix| day.strip_suffix(suffix)).unwrap_or(day);
    let digits = |text: &str, most: usize| {
        text.len() <= most && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(number, 2) || year.is_some_and(|year| year.len() != 4 || !digits(year, 4)) {
        return Ok(None);
    }
    let base = today.and_time(NaiveTime::MIN).and_utc();
    let in_year = |year: i32| {
        let text = format!("{number} {month} {year}");
        interim::parse_date_string(&text, base, Dialect::Uk).ok().map(|day| day.date_naive())
    };
    let found = match year {
        Some(year) => year.parse().ok().and_then(in_year),
        // A leap day may be up to eight years away.
        None => (0..=8)
            .filter_map(|years| {
                in_year(if direction == Direction::Future { today.year() + years } else { today.year() - years })
            })
            .find(|&day| if direction == Direction::Future { day >= today } else { day <= today }),
    };
    found.map(Some).ok_or_else(|| WhenFault::NoSuchDay(words.join(" ")))
}

/// `interim` takes any word that begins like a month for it, so the word is checked by chrono first.
fn month_named(word: &str) -> bool {
    word == "sept" || word.parse::<chrono::Month>().is_ok()
}

/// `2 weeks`, `2h`, `3 months ago`, `a week`, `next month`, `last year`.
fn shift(words: &[&str], context: &Context, direction: Direction) -> Option<When> {
    let (words, ago) = match words {
        [words @ .., "ago"] => (words, true),
        words => (words, false),
    };
    let (text, turned) = match *words {
        // Not left to `interim`: its "next month" is a Monday.
        [which @ ("next" | "last"), unit @ ("week" | "month" | "year")] if !ago => {
            (format!("1 {unit}"), which == "last")
        }
        ["a" | "an" | "one", unit] if is_unit(unit) => (format!("1 {unit}"), ago || direction == Direction::Past),
        [count, unit] if is_count(count) && is_unit(unit) => {
            (format!("{count} {unit}"), ago || direction == Direction::Past)
        }
        [both] => {
            let digits = both.bytes().take_while(u8::is_ascii_digit).count();
            let (count, unit) = both.split_at(digits);
            if !is_count(count) || !is_unit(unit) {
                return None;
            }
            (format!("{count} {unit}"), ago || direction == Direction::Past)
        }
        _ => return None,
    };
    let length = interim::parse_duration(&text).ok()?;
    let signed = |many: i32| i64::from(if turned { -many } else { many });
    let now = context.now;
    let (days, months) = match length {
        Interval::Seconds(seconds) => {
            let at = now.checked_add_signed(Duration::seconds(signed(seconds)))?;
            return Some(When::At(if at > now { ceiling(at) } else { floor(at) }));
        }
        Interval::Days(days) => (signed(days), 0),
        Interval::Months(months) => (0, signed(months)),
    };
    let local = now.with_timezone(&context.time_zone).naive_local();
    let shifted = local.checked_add_signed(Duration::days(days))?;
    let step = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let shifted = if months < 0 { shifted.checked_sub_months(step)? } else { shifted.checked_add_months(step)? };
    let at = resolve(shifted, context.time_zone)?;
    Some(When::Shifted { day: shifted.date(), at: if at > now { ceiling(at) } else { floor(at) } })
}

fn is_count(word: &str) -> bool {
    (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_unit(word: &str) -> bool {
    const UNITS: [&str; 22] = [
        "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hour", "hours", "d",
        "day", "days", "w", "week", "weeks", "month", "months", "y",
    ];
    UNITS.contains(&word) || ["year", "years"].contains(&word)
}

/// `03/04/2026`: day and month stand differently in different countries.
fn ambiguous(text: &str) -> Option<WhenFault> {
    let parts: Vec<&str> = text.split(['/', '.']).filter(|part| !part.is_empty()).collect();
    let digits = parts.iter().all(|part| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !digits || !(2..=3).contains(&parts.len()) || !text.contains(['/', '.']) {
        return None;
    }
    let numbers: Vec<i32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let candidates: Vec<(i32, i32, i32)> = match (numbers.as_slice(), parts[0].len()) {
        ([year, month, day], 4) => vec![(*year, *month, *day)],
        ([one, other, year], _) => {
            let year = if *year < 100 { 2000 + year } else { *year };
            vec![(year, *other, *one), (year, *one, *other)]
        }
        _ => Vec::new(),
    };
    let mut days: Vec<String> = candidates
        .into_iter()
        .filter_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month.try_into().ok()?, day.try_into().ok()?))
        .map(|day| day.to_string())
        .collect();
    days.dedup();
    Some(WhenFault::Ambiguous { text: text.to_owned(), write: days })
}
