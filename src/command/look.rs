//! The looks. What they show is in `projection`.

use super::{Command, Fault, Look, args::Args, filter};

fn look(look: Look) -> Result<Command, Fault> {
    Ok(Command::Look(look))
}

fn alone(args: &Args<'_>, it: Look) -> Result<Command, Fault> {
    args.finish()?;
    look(it)
}

/// `/show [T7]`
pub(super) fn show(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    alone(args, Look::Show { target })
}

/// `/list [filter] [page:2]`
pub(super) fn list(args: &mut Args<'_>) -> Result<Command, Fault> {
    let (filter, page) = filter::read(args, true)?;
    look(Look::List { filter, page })
}

/// `/board [filter]`
pub(super) fn board(args: &mut Args<'_>) -> Result<Command, Fault> {
    let (filter, _) = filter::read(args, false)?;
    look(Look::Board { filter })
}

/// `/mine [filter]`
pub(super) fn mine(args: &mut Args<'_>) -> Result<Command, Fault> {
    let (filter, _) = filter::read(args, false)?;
    look(Look::Mine { filter })
}

/// `/next [filter]`
pub(super) fn next(args: &mut Args<'_>) -> Result<Command, Fault> {
    let (filter, _) = filter::read(args, false)?;
    look(Look::Next { filter })
}

/// `/find words [filter] [page:2]`
pub(super) fn find(args: &mut Args<'_>) -> Result<Command, Fault> {
    let (filter, page) = filter::read(args, true)?;
    if filter.words.is_empty() {
        return Err(args.missing("Which words? (Put words that mean something else in quotes.)"));
    }
    look(Look::Find { filter, page })
}

/// `/history [T7] [page:2]`
pub(super) fn history(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let mut page = 1;
    let next = args.words().next();
    if let Some(word) = next
        && let Some(number) = filter::page(word.raw)
    {
        page = filter::page_number(number).ok_or_else(|| args.at(&word, "Pages are numbered from 1: page:2"))?;
        args.next();
    }
    alone(args, Look::History { target, page })
}

/// `/why [T7] [picture]`
pub(super) fn why(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let picture = picture(args);
    alone(args, Look::Why { target, picture })
}

/// Takes the word that asks for a picture.
fn picture(args: &mut Args<'_>) -> bool {
    let asked = args.words().next().is_some_and(|word| word.raw.eq_ignore_ascii_case("picture"));
    if asked {
        args.next();
    }
    asked
}

/// `/people`
pub(super) fn people(args: &mut Args<'_>) -> Result<Command, Fault> {
    alone(args, Look::People)
}

/// `/rooms`
pub(super) fn rooms(args: &mut Args<'_>) -> Result<Command, Fault> {
    alone(args, Look::Rooms)
}

/// `/status`
pub(super) fn status(args: &mut Args<'_>) -> Result<Command, Fault> {
    alone(args, Look::Status)
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
