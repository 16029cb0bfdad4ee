//! The looks. What they show is in `projection`.

use super::{
    Command, Fault, Look,
    args::Args,
    filter::{self, Also},
    korean,
    moment::{self, At},
    when,
};
use crate::domain::room::Command as RoomCommand;
use crate::lang::wording;

impl Look {
    /// Whether what it shows concerns nobody but who asks: in a group, others need not see it.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Mine { .. } | Self::People | Self::Rooms | Self::Follows | Self::Pending => true,
            Self::Hours | Self::Prefers | Self::Reminders | Self::Status { .. } | Self::Help { .. } => true,
            Self::Start { payload } => payload.is_none(),
            Self::Show { .. } | Self::List { .. } | Self::Board { .. } | Self::Next { .. } => false,
            Self::Find { .. } | Self::History { .. } | Self::Why { .. } => false,
            Self::Reports | Self::Report { .. } | Self::Diff { .. } | Self::Stats { .. } | Self::Reactions => false,
            Self::Language => false,
        }
    }
}

/// What `/board` may be followed by that is no word of a filter.
pub(super) const PIN: &str = "pin";
/// The same, for the end of it.
pub(super) const UNPIN: &str = "unpin";

fn look(look: Look) -> Result<Command, Fault> {
    Ok(Command::Look(look))
}

fn alone(args: &Args<'_>, it: Look) -> Result<Command, Fault> {
    args.finish()?;
    look(it)
}

const PAGED: Also = Also { pages: true, at: At::Past, span: false, on: false };
const WHOLE: Also = Also { pages: false, at: At::Past, span: false, on: false };

/// `/show [T7] [at when]`
pub(super) fn show(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let at = args.at_moment()?;
    alone(args, Look::Show { target, at })
}

/// `/list [filter] [page:2] [at when]`
pub(super) fn list(args: &mut Args<'_>) -> Result<Command, Fault> {
    let read = filter::read(args, PAGED)?;
    look(Look::List { filter: read.filter, page: read.page, at: read.at })
}

/// `/board [filter] [at when]`; `/board pin [filter]` and `/board unpin` are about the room.
pub(super) fn board(args: &mut Args<'_>) -> Result<Command, Fault> {
    match args.words().next() {
        Some(word) if korean::is(word.raw, PIN) => {
            args.next();
            let filter = filter::read_alone(args)?;
            return Ok(Command::Room(RoomCommand::PinBoard { filter }));
        }
        Some(word) if korean::is(word.raw, UNPIN) => {
            args.next();
            args.finish()?;
            return Ok(Command::Room(RoomCommand::UnpinBoard));
        }
        _ => {}
    }
    let read = filter::read(args, WHOLE)?;
    look(Look::Board { filter: read.filter, at: read.at })
}

/// `/mine [filter] [at when]`
pub(super) fn mine(args: &mut Args<'_>) -> Result<Command, Fault> {
    let read = filter::read(args, WHOLE)?;
    look(Look::Mine { filter: read.filter, at: read.at })
}

/// `/next [filter] [at when]`
pub(super) fn next(args: &mut Args<'_>) -> Result<Command, Fault> {
    let read = filter::read(args, WHOLE)?;
    look(Look::Next { filter: read.filter, at: read.at })
}

/// `/find words [filter] [page:2] [at when]`
pub(super) fn find(args: &mut Args<'_>) -> Result<Command, Fault> {
    let read = filter::read(args, Also { at: At::PastOrWord, ..PAGED })?;
    if read.filter.words.is_empty() {
        return Err(args.missing(wording!("fault-which-words")));
    }
    look(Look::Find { filter: read.filter, page: read.page, at: read.at })
}

/// `/history [T7] [page:2] [at when]`
pub(super) fn history(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let mut page = paged(args)?;
    let at = args.at_moment()?;
    if page.is_none() {
        page = paged(args)?;
    }
    alone(args, Look::History { target, page: page.unwrap_or(1), at })
}

/// Takes `page:2` off the front.
fn paged(args: &mut Args<'_>) -> Result<Option<u32>, Fault> {
    let Some(word) = args.words().next() else { return Ok(None) };
    let Some(number) = filter::page(word.raw) else { return Ok(None) };
    let page = filter::page_number(number).ok_or_else(|| args.at(&word, wording!("fault-pages")))?;
    args.next();
    Ok(Some(page))
}

/// `/why [T7] [picture] [at when]`
pub(super) fn why(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let picture = picture(args);
    let at = args.at_moment()?;
    alone(args, Look::Why { target, at, picture })
}

/// Takes the word that asks for a picture: the first, or the last.
fn picture(args: &mut Args<'_>) -> bool {
    let is = |word: &str| korean::is(word, "picture");
    if args.words().next().is_some_and(|word| is(word.raw)) {
        args.next();
        return true;
    }
    let last = args.words().last().filter(|word| is(word.raw)).map(|word| word.at.start);
    if let Some(start) = last {
        args.rest.end = start;
    }
    last.is_some()
}

/// `/diff when [when] [T7|filter]`, or `/diff from..to [filter]`
pub(super) fn diff(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(first) = args.words().next() else { return Err(args.missing(wording!("fault-since"))) };
    let (from, to) = match moment::span(args) {
        Some(read) => read?,
        None => {
            let from = moment::longest(args);
            if args.words().next().is_some_and(|word| ["to", "until", "till"].contains(&word.raw)) {
                args.next();
            }
            (from, from.and_then(|_| moment::longest(args)))
        }
    };
    let Some(from) = from else {
        let shown: String = first.raw.chars().take(32).collect();
        let wrong = when::WhenFault::Unreadable(shown);
        return Err(args.at(&first, wrong.advice_past("/diff ", args.context)));
    };
    let filter = filter::read_alone(args)?;
    look(Look::Diff { from, to, filter })
}

/// `/stats [picture] [from..to] [filter] [at when]`
pub(super) fn stats(args: &mut Args<'_>) -> Result<Command, Fault> {
    let picture = picture(args);
    let read = filter::read(args, Also { pages: false, at: At::Past, span: true, on: false })?;
    let (from, to) = read.span;
    look(Look::Stats { filter: read.filter, from, to: to.or(read.at), picture })
}

/// `/people`
pub(super) fn people(args: &mut Args<'_>) -> Result<Command, Fault> {
    alone(args, Look::People)
}

/// `/rooms`
pub(super) fn rooms(args: &mut Args<'_>) -> Result<Command, Fault> {
    alone(args, Look::Rooms)
}

/// `/status [all]`
pub(super) fn status(args: &mut Args<'_>) -> Result<Command, Fault> {
    let all = args.words().next().is_some_and(|word| word.raw.eq_ignore_ascii_case("all"));
    if all {
        args.next();
    }
    alone(args, Look::Status { all })
}

/// `/help [verb]`; what else follows is a sentence for somebody else.
pub(super) fn help(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().map(|word| word.raw.trim_start_matches('/').to_owned());
    look(Look::Help { verb: word.filter(|word| !word.is_empty()) })
}

/// `/start [payload]`
pub(super) fn start(args: &mut Args<'_>) -> Result<Command, Fault> {
    let payload = args.next().map(|word| word.raw.to_owned());
    look(Look::Start { payload })
}
