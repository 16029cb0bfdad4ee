//! Dates, counts and outside text as people say them. What depends on who looks takes a [`Viewer`].

use std::{borrow::Cow, collections::HashMap};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use unicode_normalization::char::is_combining_mark;

use super::Viewer;
pub use crate::lang::grouped;
use crate::{
    domain::{Bucket, Due, Priority, Project, Role},
    lang::{Lang, say},
};

/// Dates further away than this, in days, are written with their year.
const YEAR_LEFT_OUT_DAYS_MAX: u64 = 183;

/// How long ago: `just now`, `4 s ago`, `2 h ago`, `yesterday`, then the date. For texts that are read at once: a text
/// that stays in a chat says [`at`].
pub fn ago(then: DateTime<Utc>, viewer: &Viewer) -> String {
    recently(then, viewer).unwrap_or_else(|| say!(viewer.lang, "ago-on", date = date(day_of(then, viewer), viewer)))
}

/// As [`ago`], to be put behind a thing: `4 s ago`, `Fri 13 Nov`.
pub fn ago_of(then: DateTime<Utc>, viewer: &Viewer) -> String {
    recently(then, viewer).unwrap_or_else(|| date(day_of(then, viewer), viewer))
}

fn recently(then: DateTime<Utc>, viewer: &Viewer) -> Option<String> {
    let past = viewer.now.signed_duration_since(then);
    let lang = viewer.lang;
    if past < TimeDelta::seconds(2) {
        return Some(say!(lang, "ago-now"));
    }
    if past < TimeDelta::minutes(1) {
        return Some(say!(lang, "ago-seconds", n = past.num_seconds()));
    }
    if past < TimeDelta::hours(1) {
        return Some(say!(lang, "ago-minutes", n = past.num_minutes()));
    }
    let (day, today) = (day_of(then, viewer), today(viewer));
    if past < TimeDelta::hours(24) && (day == today || past < TimeDelta::hours(6)) {
        return Some(say!(lang, "ago-hours", n = past.num_hours()));
    }
    (Some(day) == today.pred_opt()).then(|| say!(lang, "ago-yesterday"))
}

/// A moment: `14:02` today, `Fri 13 Nov, 14:02` otherwise.
pub fn at(then: DateTime<Utc>, viewer: &Viewer) -> String {
    let local = then.with_timezone(&viewer.time_zone);
    let (day, today) = (local.date_naive(), today(viewer));
    let time = local.format("%H:%M").to_string();
    if day == today { time } else { say!(viewer.lang, "moment", date = date(day, viewer), time) }
}

/// A moment with its time zone, for what is read long after: `Fri 13 Nov, 00:00 (Asia/Seoul)`.
pub fn at_in_zone(then: DateTime<Utc>, viewer: &Viewer) -> String {
    let local = then.with_timezone(&viewer.time_zone);
    let time = local.format("%H:%M").to_string();
    let zone = viewer.time_zone.name();
    say!(viewer.lang, "moment-zone", date = date(local.date_naive(), viewer), time, zone)
}

/// A day: `Fri 27 Nov`, with the year when it is not within half a year of today.
pub fn date(day: NaiveDate, viewer: &Viewer) -> String {
    let lang = viewer.lang;
    let (weekday, of_month, month) = (lang.weekday(day), day.day().to_string(), lang.month(day));
    if day.signed_duration_since(today(viewer)).num_days().unsigned_abs() > YEAR_LEFT_OUT_DAYS_MAX {
        say!(lang, "date-year", weekday, day = of_month, month, year = day.year().to_string())
    } else {
        say!(lang, "date", weekday, day = of_month, month)
    }
}

/// A due date: `Fri 27 Nov` or `Fri 27 Nov, 14:00`.
pub fn due(due: Due, viewer: &Viewer) -> String {
    match due {
        Due::Day(day) => date(day, viewer),
        Due::At(instant) => {
            let local = instant.with_timezone(&viewer.time_zone);
            let time = local.format("%H:%M").to_string();
            say!(viewer.lang, "moment", date = date(local.date_naive(), viewer), time)
        }
    }
}

/// The last instant at which something due then is not late: a day lasts until its end where the viewer is.
pub fn due_until(due: Due, viewer: &Viewer) -> DateTime<Utc> {
    match due {
        Due::At(instant) => instant,
        Due::Day(day) => {
            let midnight = day.succ_opt().unwrap_or(day).and_hms_opt(0, 0, 0).unwrap_or_default();
            // A zone can skip its midnight (or have two): the first instant there is of the next day will do.
            let start = (0..=3)
                .find_map(|hours| (midnight + TimeDelta::hours(hours)).and_local_timezone(viewer.time_zone).earliest());
            start.map_or_else(|| midnight.and_utc(), |start| start.with_timezone(&Utc)) - TimeDelta::microseconds(1)
        }
    }
}

/// The day it is where the viewer is.
pub fn today(viewer: &Viewer) -> NaiveDate {
    day_of(viewer.now, viewer)
}

/// The day it was then where the viewer is.
pub fn day_of(then: DateTime<Utc>, viewer: &Viewer) -> NaiveDate {
    then.with_timezone(&viewer.time_zone).date_naive()
}

/// A priority when it is worth a word.
pub fn priority(priority: Priority, lang: Lang) -> Option<String> {
    (priority != Priority::Normal).then(|| say!(lang, "priority", priority = priority.word()))
}

/// What people call the platform of a bot, or a platform by its own name: the one a bot was named for
/// its work after, and the one in front of an account.
pub fn title_of(bot: &str, titles: &HashMap<String, String>) -> String {
    let by_title = || titles.values().find(|title| title.to_lowercase() == bot);
    if let Some(title) = titles.get(bot).or_else(by_title) {
        return title.clone();
    }
    let mut letters = one_line(bot).into_owned();
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

/// `1 item`, `2 items`, `no items`, `4,812 items`; `what` is one of those the key `count` knows.
pub fn count(n: impl TryInto<i64>, what: &str, lang: Lang) -> String {
    say!(lang, "count", n = n.try_into().unwrap_or(i64::MAX), what)
}

/// `a member`, `an owner`
pub fn a_role(role: Role, lang: Lang) -> String {
    say!(lang, "a-role", role = role.word())
}

/// `a todo`, `an idea`
pub fn a_bucket(bucket: Bucket, lang: Lang) -> String {
    say!(lang, "a-bucket", bucket = bucket.word())
}

/// `in:app`, as it is said.
pub fn project(project: &Project, lang: Lang) -> String {
    say!(lang, "project", name = project.as_str())
}

/// The word for several of a bucket.
pub fn many(bucket: Bucket, lang: Lang) -> String {
    say!(lang, "bucket-many", bucket = bucket.word())
}

/// `1 todo`, `2 todos`, `3 research`
pub fn count_of(n: usize, bucket: Bucket, lang: Lang) -> String {
    say!(lang, "buckets", n, bucket = bucket.word())
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(words: &[String], lang: Lang) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => say!(lang, "listed", init = init.join(", "), last),
    }
}

/// Outside text on one line: line breaks and control characters become spaces, what would turn the direction of the
/// words after it is taken out. Titles are checked when they come in, but a log may hold anything.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_unruly(c)) && !text.starts_with(' ') && !text.ends_with(' ') {
        return Cow::Borrowed(text);
    }
    let spaced: String = text.chars().filter(|&c| !turns(c)).map(|c| if is_unruly(c) { ' ' } else { c }).collect();
    Cow::Owned(spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Outside text on several lines: as [`one_line`], but line breaks stay.
pub fn lines(text: &str) -> String {
    text.lines().map(|line| one_line(line.trim_end()).into_owned()).collect::<Vec<_>>().join("\n")
}

fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns(c)
}

fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `chars_max` characters, the last one `…` when something is left out. Never cuts between a letter and its
/// marks or inside a joined emoji.
pub fn shorten(text: &str, chars_max: usize) -> Cow<'_, str> {
    let Some((mut end, mut next)) = text.char_indices().nth(chars_max.saturating_sub(1)) else {
        return Cow::Borrowed(text);
    };
    if text.chars().nth(chars_max).is_none() {
        return Cow::Borrowed(text);
    }
    while let Some((before, c)) = text[..end].char_indices().next_back() {
        if !clings(next) && c != '\u{200d}' {
            break;
        }
        (end, next) = (before, c);
    }
    Cow::Owned(format!("{}…", text[..end].trim_end()))
}

/// Whether a character belongs to the one before it.
fn clings(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
}

/// How many columns of a terminal (or of a block of code) a text takes: wide characters of East Asia and emoji take two.
pub fn columns(text: &str) -> usize {
    text.chars().map(|c| if clings(c) || c.is_control() { 0 } else { 1 + usize::from(is_wide(c)) }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{33ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}' | '\u{1f900}'..='\u{1f9ff}' | '\u{20000}'..='\u{3fffd}')
}

/// Text that is compared without regard to case, width or composition: compatibility-decomposed, composed, lower case.
/// Appends to `out`.
pub fn fold_into(out: &mut String, text: &str) {
    use unicode_normalization::UnicodeNormalization;
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        if let Some(tail) = out.get_mut(start..) {
            tail.make_ascii_lowercase();
        }
    } else if text.chars().all(is_composed) {
        text.chars().flat_map(char::to_lowercase).for_each(|c| if c == 'ß' { out.push_str("ss") } else { out.push(c) });
    } else {
        for c in text.nfkc().flat_map(char::to_lowercase) {
            match c {
                'ς' => out.push('σ'),
                'ß' => out.push_str("ss"),
                c => out.push(c),
            }
        }
    }
}

/// Whether a character among others like it is what normalisation would make of it. Most titles hold no other, and are
/// searched at every key.
pub(super) fn is_composed(c: char) -> bool {
    matches!(c,
        '\0'..='\u{7f}' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž' | 'А'..='ҁ'
        | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// As [`fold_into`], as a new text.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out
}
