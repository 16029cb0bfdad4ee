//! `/remind`: when a room is reminded of what, and a person's own reminder of an item. What it means is in
//! `domain/reminder.rs` and `domain/room/remind.rs`.

use chrono_tz::Tz;

use super::{
    Command, Fault, Look, RemindCommand, Target,
    args::{Args, print_text},
    korean, when,
};
use crate::{
    domain::{
        reminder::{DAY_MIN, DAYS_MAX, LEAD_MIN_MAX, LEADS_MAX},
        room::{Command as RoomCommand, RemindChange, Setting},
    },
    lang::wording,
};

/// The most words a time is said in.
const WHEN_WORDS_MAX: usize = 6;
const HOUR_MIN: u32 = 60;
const WEEK_MIN: u32 = 7 * DAY_MIN;

/// `/remind`, `/remind on|off`, `/remind due 1d 1h|off`, `/remind stale 14d|off`, `/remind blocked 3d|off`,
/// `/remind T7 when [words]`, `/remind T7 off`
pub(super) fn remind(args: &mut Args<'_>) -> Result<Command, Fault> {
    if let Some(target) = args.target() {
        let given = args.given.is_some();
        if !given && is_off(args) {
            return Ok(Command::Remind(RemindCommand::Drop { target }));
        }
        return ask(Some(target), args);
    }
    let Some(word) = args.words().next() else { return Ok(Command::Look(Look::Reminders)) };
    let change = match korean::english(word.raw, korean::REMIND).to_lowercase().as_str() {
        "off" => RemindChange::Off,
        "on" => RemindChange::On,
        "due" => {
            args.next();
            return due(args).and_then(|change| set(args, change));
        }
        "stale" => {
            args.next();
            return days(args).and_then(|days| set(args, RemindChange::StaleDays(days)));
        }
        "blocked" => {
            args.next();
            return days(args).and_then(|days| set(args, RemindChange::BlockedDays(days)));
        }
        _ => return ask(None, args),
    };
    args.next();
    set(args, change)
}

fn set(args: &Args<'_>, change: RemindChange) -> Result<Command, Fault> {
    args.finish()?;
    Ok(Command::Room(RoomCommand::Set(Setting::Remind(change))))
}

fn is_off(args: &Args<'_>) -> bool {
    let mut words = args.words();
    words.next().is_some_and(|word| korean::is(word.raw, "off")) && words.next().is_none()
}

/// When, as far as the words can be read as that; the rest is what to be reminded of.
fn ask(target: Option<Target>, args: &mut Args<'_>) -> Result<Command, Fault> {
    let words: Vec<_> = args.words().take(WHEN_WORDS_MAX).collect();
    let Some(first) = words.first() else { return Err(args.missing(wording!("fault-when"))) };
    let most = if is_exact(first.raw) { 1 } else { words.len() };
    let found = words[..most].iter().rev().find_map(|last| {
        let text = args.input.get(first.at.start..last.at.end)?;
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        when::reminder(text, args.context).ok().map(|at| (at, last.at.end))
    });
    let Some((at, end)) = found else {
        return Err(match when::reminder(first.raw, args.context) {
            Err(wrong) => args.at(first, wrong.advice("", args.context)),
            Ok(_) => args.missing(wording!("fault-when")),
        });
    };
    if at <= args.context.now {
        return Err(args.fault(first.at.start..end, wording!("remind-fault-over")));
    }
    args.rest.start = end;
    let words = args.text()?;
    Ok(Command::Remind(RemindCommand::Ask { target, at, words }))
}

/// Whether a word is an instant as it is printed: then the words behind it are no part of it.
fn is_exact(word: &str) -> bool {
    let word = word.strip_suffix(['Z', 'z']).unwrap_or(word);
    word.len() == 16 && word.is_ascii() && matches!(word.as_bytes()[10], b'T' | b't')
}

fn due(args: &mut Args<'_>) -> Result<RemindChange, Fault> {
    if is_off(args) {
        args.next();
        return Ok(RemindChange::DueOff);
    }
    let mut leads = Vec::new();
    while let Some(lead) = length(args)? {
        leads.push(lead);
    }
    if leads.is_empty() {
        return Err(args.missing(wording!("remind-fault-lead")));
    }
    // At the time itself there is one anyway.
    leads.retain(|lead| *lead > 0);
    leads.sort_unstable_by_key(|lead| std::cmp::Reverse(*lead));
    leads.dedup();
    if leads.len() > LEADS_MAX || leads.iter().any(|lead| *lead > LEAD_MIN_MAX) {
        let end = args.rest.end;
        return Err(args.fault(end..end, wording!("remind-fault-leads", n = LEADS_MAX)));
    }
    Ok(RemindChange::DueMin(leads))
}

fn days(args: &mut Args<'_>) -> Result<u32, Fault> {
    if is_off(args) {
        args.next();
        return Ok(0);
    }
    let Some(word) = args.words().next() else { return Err(args.missing(wording!("remind-fault-days"))) };
    if let Ok(days) = word.raw.parse::<u32>()
        && args.words().nth(1).is_none()
        && (1..=DAYS_MAX).contains(&days)
    {
        args.next();
        return Ok(days);
    }
    match length(args)? {
        Some(minutes) if minutes >= DAY_MIN && minutes.is_multiple_of(DAY_MIN) && minutes / DAY_MIN <= DAYS_MAX => {
            Ok(minutes / DAY_MIN)
        }
        _ => Err(args.at(&word, wording!("remind-fault-whole-days"))),
    }
}

/// Takes `1d`, `1 h` or `30 minutes` off the front, in minutes.
fn length(args: &mut Args<'_>) -> Result<Option<u32>, Fault> {
    let Some(word) = args.next() else { return Ok(None) };
    let raw = korean::composed(word.raw);
    let digits = raw.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = raw.split_at(digits);
    let unit = if unit.is_empty() { args.next().map_or("", |unit| unit.raw) } else { unit };
    match minutes(number, unit) {
        Some(minutes) => Ok(Some(minutes)),
        None => Err(args.at(&word, wording!("remind-fault-length"))),
    }
}

/// Lengths of time in minutes, out of a text like `1d 1h`; `None`: it is none.
pub(crate) fn leads(text: &str) -> Option<Vec<u32>> {
    let mut leads: Vec<u32> = text.split_whitespace().map(lead_of).collect::<Option<_>>()?;
    leads.retain(|lead| *lead > 0);
    leads.sort_unstable_by_key(|lead| std::cmp::Reverse(*lead));
    leads.dedup();
    (leads.len() <= LEADS_MAX && leads.iter().all(|lead| *lead <= LEAD_MIN_MAX)).then_some(leads)
}

/// `1d`
fn lead_of(word: &str) -> Option<u32> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    minutes(number, unit)
}

fn minutes(number: &str, unit: &str) -> Option<u32> {
    let unit = match unit.to_lowercase().as_str() {
        "m" | "min" | "mins" | "minute" | "minutes" | "분" => 1,
        "h" | "hour" | "hours" | "시간" => HOUR_MIN,
        "d" | "day" | "days" | "일" => DAY_MIN,
        "w" | "week" | "weeks" | "주" => WEEK_MIN,
        _ => return None,
    };
    let number: u32 = number.parse().ok().filter(|_| number.len() <= 6)?;
    number.checked_mul(unit).filter(|minutes| *minutes <= DAYS_MAX * DAY_MIN)
}

/// So many minutes as they are said: `1d`, `90m`.
fn print_lead(minutes: u32) -> String {
    match minutes {
        minutes if minutes > 0 && minutes.is_multiple_of(DAY_MIN) => format!("{}d", minutes / DAY_MIN),
        minutes if minutes > 0 && minutes.is_multiple_of(HOUR_MIN) => format!("{}h", minutes / HOUR_MIN),
        minutes => format!("{minutes}m"),
    }
}

/// The canonical text.
pub(super) fn print(command: &RemindCommand, time_zone: Tz) -> String {
    match command {
        RemindCommand::Drop { target } => format!("/remind {} off", target.to_text()),
        RemindCommand::Ask { target, at, words } => {
            let target = target.map_or_else(String::new, |target| format!("{} ", target.to_text()));
            format!("/remind {target}{} {}", when::print(*at, time_zone), print_text(words)).trim_end().to_owned()
        }
    }
}

/// The canonical text of what a room changes.
pub(super) fn print_change(change: &RemindChange) -> String {
    let days = |word: &str, days: u32| {
        if days == 0 { format!("/remind {word} off") } else { format!("/remind {word} {days}d") }
    };
    match change {
        RemindChange::On => "/remind on".to_owned(),
        RemindChange::Off => "/remind off".to_owned(),
        RemindChange::DueOff => "/remind due off".to_owned(),
        RemindChange::DueMin(leads) if leads.is_empty() => "/remind due 0m".to_owned(),
        RemindChange::DueMin(leads) => {
            let leads: Vec<_> = leads.iter().map(|&lead| print_lead(lead)).collect();
            format!("/remind due {}", leads.join(" "))
        }
        RemindChange::StaleDays(number) => days("stale", *number),
        RemindChange::BlockedDays(number) => days("blocked", *number),
    }
}
