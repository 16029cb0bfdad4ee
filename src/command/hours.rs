//! The verbs about when a room is told: digests and quiet hours. What they mean is in `domain/hours.rs`.

use chrono::Weekday;

use super::{
    Command, Fault, Look,
    args::Args,
    korean::{self, english},
    word::Word,
};
use crate::{
    domain::{
        Handle,
        hours::{Digest, Hour, Quiet},
        room::{Command as RoomCommand, Setting},
    },
    lang::wording,
};

/// When a digest comes if nobody says.
const MORNING: &str = "9:00";

/// The days of the week as they are said in Korean, in order.
const KOREAN_DAYS: [char; 7] = ['월', '화', '수', '목', '금', '토', '일'];

fn room(command: RoomCommand<Handle>) -> Result<Command, Fault> {
    Ok(Command::Room(command))
}

/// `mon`, `Monday`, `월`, `월요일`
fn weekday(word: &str) -> Option<Weekday> {
    let composed = korean::composed(word);
    let mut letters = composed.trim_end_matches("요일").chars();
    if let (Some(day), None) = (letters.next(), letters.next()) {
        let at = KOREAN_DAYS.iter().position(|known| *known == day)?;
        return Weekday::try_from(u8::try_from(at).ok()?).ok();
    }
    word.parse().ok()
}

/// `9:00`, `9am`, `9시`, `9시30분`
fn time(word: &str) -> Option<Hour> {
    let composed = korean::composed(word);
    let written = match composed.split_once('시') {
        Some((hour, "")) => hour.to_owned(),
        Some((hour, minute)) => format!("{hour}:{:0>2}", minute.trim_end_matches('분')),
        None => composed,
    };
    written.parse().ok()
}

/// `/digest [daily 9:00|weekly mon 9:00|9:00|now|off]`
pub(super) fn digest(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else {
        return Ok(Command::Look(Look::Hours));
    };
    let set = |digest| room(RoomCommand::Set(Setting::Digest(digest)));
    match english(word.raw, korean::WORDS).to_lowercase().as_str() {
        "off" | "none" => {
            args.finish()?;
            set(None)
        }
        "now" => {
            args.finish()?;
            room(RoomCommand::DigestNow)
        }
        "daily" | "day" => set(Some(Digest { day: None, at: hour(args)? })),
        "weekly" | "week" => {
            let day = args.next().ok_or_else(|| args.missing(wording!("fault-which-day")))?;
            let day = weekday(day.raw).ok_or_else(|| args.at(&day, wording!("fault-day")))?;
            set(Some(Digest { day: Some(day), at: hour(args)? }))
        }
        said => {
            if let Some(at) = time(said) {
                args.finish()?;
                return set(Some(Digest { day: None, at }));
            }
            let day = weekday(said).ok_or_else(|| args.useless(word.at.clone()))?;
            set(Some(Digest { day: Some(day), at: hour(args)? }))
        }
    }
}

/// The time of day that is left to be read; the morning when nothing is.
fn hour(args: &mut Args<'_>) -> Result<Hour, Fault> {
    let mut word = args.next();
    if word.as_ref().is_some_and(|word| word.raw.eq_ignore_ascii_case("at")) {
        word = args.next();
    }
    let read = match &word {
        Some(word) => a_time(args, word, word.raw)?,
        None => time(MORNING).ok_or_else(|| args.missing(wording!("fault-hour")))?,
    };
    args.finish()?;
    Ok(read)
}

fn a_time(args: &Args<'_>, word: &Word<'_>, text: &str) -> Result<Hour, Fault> {
    time(text).ok_or_else(|| args.at(word, wording!("fault-hour")))
}

/// `/quiet [22:00-7:00 [urgent]|urgent on|urgent off|off]`
pub(super) fn quiet(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(first) = args.words().next() else {
        return Ok(Command::Look(Look::Hours));
    };
    if ["off", "none"].iter().any(|off| korean::is(first.raw, off)) {
        args.next();
        args.finish()?;
        return room(RoomCommand::Set(Setting::Quiet(None)));
    }
    let is_urgent = |word: &str| english(word, korean::PRIORITIES).eq_ignore_ascii_case("urgent");
    if is_urgent(first.raw) {
        args.next();
        let word = args.next().ok_or_else(|| args.missing(wording!("fault-on-or-off")))?;
        let passes = match english(word.raw, korean::WORDS).to_ascii_lowercase().as_str() {
            "on" | "yes" => true,
            "off" | "no" => false,
            _ => return Err(args.at(&word, wording!("fault-on-or-off"))),
        };
        args.finish()?;
        return room(RoomCommand::Set(Setting::Urgent(passes)));
    }
    let at = first.at.start..args.rest.end;
    let mut urgent = false;
    let mut hours = Vec::new();
    while let Some(word) = args.next() {
        if is_urgent(word.raw) && !urgent {
            urgent = true;
            continue;
        }
        for part in word.raw.split(['-', '–', '—', '~']).filter(|part| !part.is_empty()) {
            if ["from", "to", "until"].iter().any(|known| known.eq_ignore_ascii_case(part)) {
                continue;
            }
            // `22시부터 7시까지`
            let part = part.trim_end_matches("부터").trim_end_matches("까지");
            hours.push(a_time(args, &word, part)?);
        }
    }
    match hours.as_slice() {
        &[from, to] => room(RoomCommand::Quiet { hours: Quiet { from, to }, urgent }),
        [_] => Err(args.missing(wording!("fault-until-when"))),
        _ => Err(args.useless(at)),
    }
}

/// `/digest weekly mon 9:00`
pub(super) fn print_digest(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "/digest off".to_owned(), |digest| format!("/digest {digest}"))
}

/// `/quiet 22:00-7:00 urgent`
pub(super) fn print_quiet(hours: Option<&Quiet>, urgent: bool) -> String {
    let urgent = if urgent { " urgent" } else { "" };
    hours.map_or_else(|| "/quiet off".to_owned(), |hours| format!("/quiet {hours}{urgent}"))
}
