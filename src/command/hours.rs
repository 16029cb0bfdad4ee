//! The verbs about when a room is told: digests and quiet hours. What they mean is in `domain/hours.rs`.

use chrono::Weekday;

use super::{Command, Fault, Look, args::Args};
use crate::domain::{
    Handle,
    hours::{Digest, Hour, Quiet},
    room::{Command as RoomCommand, Setting},
};

/// When a digest comes if nobody says.
const MORNING: &str = "9:00";

fn room(command: RoomCommand<Handle>) -> Result<Command, Fault> {
    Ok(Command::Room(command))
}

/// `/digest [daily 9:00|weekly mon 9:00|9:00|now|off]`
pub(super) fn digest(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else {
        return Ok(Command::Look(Look::Hours));
    };
    let set = |digest| room(RoomCommand::Set(Setting::Digest(digest)));
    let said = word.raw.to_lowercase();
    match said.as_str() {
        "off" | "none" => {
            args.finish()?;
            set(None)
        }
        "now" => {
            args.finish()?;
            room(RoomCommand::DigestNow)
        }
        "daily" | "day" => {
            let at = hour(args)?;
            set(Some(Digest { day: None, at }))
        }
        "weekly" | "week" => {
            let day = args.next().ok_or_else(|| args.missing("On which day?"))?;
            let weekday = day.raw.parse::<Weekday>();
            let weekday = weekday.map_err(|_| args.at(&day, "A day is mon, tue, wed, thu, fri, sat or sun."))?;
            let at = hour(args)?;
            set(Some(Digest { day: Some(weekday), at }))
        }
        said => match (said.parse(), said.parse()) {
            (Ok(at), _) => {
                args.finish()?;
                set(Some(Digest { day: None, at }))
            }
            (_, Ok(weekday)) => {
                let at = hour(args)?;
                set(Some(Digest { day: Some(weekday), at }))
            }
            _ => Err(args.at(&word, format!("I don't know what to do with this. It is  {}", args.verb.usage))),
        },
    }
}

/// The time of day that is left to be read; the morning when nothing is.
fn hour(args: &mut Args<'_>) -> Result<Hour, Fault> {
    let mut word = args.next();
    if word.as_ref().is_some_and(|word| word.raw.eq_ignore_ascii_case("at")) {
        word = args.next();
    }
    let read = match &word {
        Some(word) => word.raw.parse().map_err(|()| args.at(word, "A time of day is written 9:00.")),
        None => MORNING.parse().map_err(|()| args.missing("At what time?")),
    }?;
    args.finish()?;
    Ok(read)
}

/// `/quiet [22:00-7:00 [urgent]|urgent on|urgent off|off]`
pub(super) fn quiet(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(first) = args.words().next() else {
        return Ok(Command::Look(Look::Hours));
    };
    if ["off", "none"].iter().any(|off| first.raw.eq_ignore_ascii_case(off)) {
        args.next();
        args.finish()?;
        return room(RoomCommand::Set(Setting::Quiet(None)));
    }
    if first.raw.eq_ignore_ascii_case("urgent") {
        args.next();
        let word = args.next().ok_or_else(|| args.missing("On or off?"))?;
        let passes = match word.raw.to_ascii_lowercase().as_str() {
            "on" | "yes" => true,
            "off" | "no" => false,
            _ => return Err(args.at(&word, "It is on or off.")),
        };
        args.finish()?;
        return room(RoomCommand::Set(Setting::Urgent(passes)));
    }
    let at = first.at.start..args.rest.end;
    let mut urgent = false;
    let mut hours = Vec::new();
    while let Some(word) = args.next() {
        if word.raw.eq_ignore_ascii_case("urgent") && !urgent {
            urgent = true;
            continue;
        }
        for part in word.raw.split(['-', '–', '—']).filter(|part| !part.is_empty()) {
            if ["from", "to", "until"].iter().any(|known| known.eq_ignore_ascii_case(part)) {
                continue;
            }
            let hour: Hour = part.parse().map_err(|()| args.at(&word, "A time of day is written 22:00."))?;
            hours.push(hour);
        }
    }
    match hours.as_slice() {
        &[from, to] => room(RoomCommand::Quiet { hours: Quiet { from, to }, urgent }),
        [_] => Err(args.missing("Until when?")),
        _ => Err(args.fault(at, format!("Quiet hours have a beginning and an end. It is  {}", args.verb.usage))),
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
