//! The verbs about a room. What they mean is in `domain/room.rs`.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::{
    Command, Fault, Look, Rebuild,
    args::Args,
    fault::nearest,
    filter,
    korean::{self, english},
    when::{self, Direction},
};
use crate::{
    domain::{
        Bucket, Filter,
        room::{Command as RoomCommand, Emoji, ReactionVerb, Setting},
    },
    lang::{Lang, wording},
};

fn room(command: RoomCommand<crate::domain::Handle>) -> Result<Command, Fault> {
    Ok(Command::Room(command))
}

/// `/enable`
pub(super) fn enable(args: &mut Args<'_>) -> Result<Command, Fault> {
    args.finish()?;
    room(RoomCommand::Enable { title: String::new() })
}

/// `/disable`
pub(super) fn disable(args: &mut Args<'_>) -> Result<Command, Fault> {
    args.finish()?;
    room(RoomCommand::Disable)
}

/// `/follow [filter|all]`
pub(super) fn follow(args: &mut Args<'_>) -> Result<Command, Fault> {
    if args.words().next().is_none() {
        return Ok(Command::Look(Look::Follows));
    }
    let filter = filter::read_alone(args)?;
    room(RoomCommand::Follow { filter })
}

/// `/unfollow [filter|all]`; `*` is the filter that lets everything through, `all` is all filters.
pub(super) fn unfollow(args: &mut Args<'_>) -> Result<Command, Fault> {
    let mut words = args.words();
    let filter = match (words.next().map(|word| word.raw), words.next()) {
        (None, _) => None,
        (Some(all), None) if korean::is(all, "all") => None,
        (Some("*"), None) => Some(Filter::default()),
        _ => Some(filter::read_alone(args)?),
    };
    room(RoomCommand::Unfollow { filter })
}

/// `/mute 2h`, `3 days`, `until mon 9:00`, `off`
pub(super) fn mute(args: &mut Args<'_>) -> Result<Command, Fault> {
    let left = args.input.get(args.rest.clone()).unwrap_or_default();
    let text = left.trim();
    if text.is_empty() {
        return Err(args.missing(wording!("fault-how-long")));
    }
    if korean::is(text, "off") {
        return room(RoomCommand::Mute { until: None });
    }
    let start = args.rest.start + (left.len() - left.trim_start().len());
    let at = start..start + text.len();
    // `3일` is a length here, and no day of the month.
    let length = || when::instant(&format!("{text} 동안"), args.context, Direction::Future);
    let until = when::instant(text, args.context, Direction::Future)
        .or_else(|wrong| if korean::composed(text).ends_with('일') { length().map_err(|_| wrong) } else { Err(wrong) })
        .map_err(|wrong| args.fault(at.clone(), wrong.advice("", args.context)))?;
    if until <= args.context.now {
        return Err(args.fault(at, wording!("fault-mute-over")));
    }
    room(RoomCommand::Mute { until: Some(until) })
}

/// `/unmute`
pub(super) fn unmute(args: &mut Args<'_>) -> Result<Command, Fault> {
    args.finish()?;
    room(RoomCommand::Mute { until: None })
}

/// `/react`, `/react ✅ done`, `/react ✅ off`, `/react off`
pub(super) fn react(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else { return Ok(Command::Look(Look::Reactions)) };
    let is_off = |word: &str| word.eq_ignore_ascii_case("off");
    if is_off(word.raw) && args.rest_is_empty() {
        return room(RoomCommand::ReactOff);
    }
    let emoji = Emoji::read(word.raw).ok_or_else(|| args.at(&word, wording!("fault-emoji")))?;
    let words: Vec<_> = ReactionVerb::ALL.iter().map(|verb| verb.word()).collect();
    let all = words.join(", ");
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-reaction-missing", verbs = all.clone())))?;
    let verb = ReactionVerb::of_word(word.raw);
    if verb.is_none() && !is_off(word.raw) {
        let meant = nearest(word.raw, words).into_iter().map(|verb| format!("/react {emoji} {verb}")).collect();
        return Err(args.at(&word, wording!("fault-reaction", verbs = all)).meaning(meant));
    }
    args.finish()?;
    room(RoomCommand::React { emoji, verb })
}

/// `/lang ko`, `/lang off`; alone it says which it is.
pub(super) fn lang(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else { return Ok(Command::Look(Look::Language)) };
    let said = english(word.raw, korean::LANGUAGES);
    let named = |lang: &Lang| lang.name().eq_ignore_ascii_case(said) || lang.english().eq_ignore_ascii_case(said);
    let language = match Lang::ALL.into_iter().find(named).or_else(|| Lang::parse(said)) {
        Some(lang) => lang.code(),
        None if english(said, korean::WORDS).eq_ignore_ascii_case("off") => "",
        None => return Err(args.at(&word, wording!("fault-language"))),
    };
    args.finish()?;
    room(RoomCommand::Set(Setting::Language(language.to_owned())))
}

/// `/tz Asia/Seoul`, `/tz seoul`
pub(super) fn tz(args: &mut Args<'_>) -> Result<Command, Fault> {
    let left = args.input.get(args.rest.clone()).unwrap_or_default();
    let text = left.trim();
    if text.is_empty() {
        return Err(args.missing(wording!("fault-which-zone")));
    }
    let start = args.rest.start + (left.len() - left.trim_start().len());
    let name = english(text, korean::CITIES).split_whitespace().collect::<Vec<_>>().join("_");
    match zones(&name).as_slice() {
        [one] => room(RoomCommand::Set(Setting::TimeZone(*one))),
        several => {
            let meant: Vec<String> = if several.is_empty() {
                similar(&name)
            } else {
                several.iter().map(|zone| zone.name().to_owned()).collect()
            };
            let meant = meant.into_iter().take(3).map(|zone| format!("/tz {zone}")).collect();
            let what = wording!("fault-zone");
            Err(args.fault(start..start + text.len(), what).meaning(meant))
        }
    }
}

/// The last part of a zone's name.
fn city(zone: &str) -> &str {
    zone.rsplit('/').next().unwrap_or(zone)
}

/// The zones that have this name or this city, in any case.
fn zones(name: &str) -> Vec<Tz> {
    if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)) {
        return vec![*zone];
    }
    TZ_VARIANTS.iter().copied().filter(|zone| city(zone.name()).eq_ignore_ascii_case(name)).collect()
}

fn similar(name: &str) -> Vec<String> {
    let all: Vec<(String, &str)> = TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|zone| zone.contains('/'))
        .map(|zone| (city(zone).to_ascii_lowercase(), zone))
        .collect();
    let near = nearest(city(name), all.iter().map(|(city, _)| city.as_str()));
    near.into_iter()
        .filter_map(|near| all.iter().find(|(city, _)| city == near))
        .map(|&(_, zone)| zone.to_owned())
        .collect()
}

/// `/rebuild here [filter]`, `/rebuild here from room`, `/rebuild yes CODE`
pub(super) fn rebuild(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-rebuild-where")))?;
    if korean::is(word.raw, "yes") {
        let code = args.next().ok_or_else(|| args.missing(wording!("fault-which-code")))?;
        args.finish()?;
        return Ok(Command::Rebuild(Rebuild::Yes { code: code.raw.to_uppercase() }));
    }
    if !korean::is(word.raw, "here") {
        return Err(args.at(&word, wording!("fault-rebuild-here")));
    }
    if args.words().next().is_some_and(|word| korean::is(word.raw, "from")) {
        args.next();
        let room = args.input.get(args.rest.clone()).unwrap_or_default();
        let room = room.split_whitespace().collect::<Vec<_>>().join(" ");
        if room.is_empty() {
            return Err(args.missing(wording!("fault-rebuild-from")));
        }
        args.rest.start = args.rest.end;
        return Ok(Command::Rebuild(Rebuild::From { room }));
    }
    let filter = filter::read_alone(args)?;
    Ok(Command::Rebuild(Rebuild::Here { filter }))
}

/// `/default todo`
pub(super) fn default(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-which-bucket")))?;
    let bucket =
        Bucket::of_word(english(word.raw, korean::BUCKETS)).ok_or_else(|| args.at(&word, wording!("fault-bucket")))?;
    args.finish()?;
    room(RoomCommand::Set(Setting::DefaultBucket(bucket)))
}
