//! The verbs of a todo; /done finishes a research too. What they mean is in `domain/todo.rs`.

use super::{Command, Fault, args::Args, idea::create_in, korean};
use crate::domain::{Bucket, item::Act};
use crate::lang::wording;

/// `/todo text`
pub(super) fn create(args: &mut Args<'_>) -> Result<Command, Fault> {
    create_in(args, Bucket::Todo)
}

/// `/doing [T7]`
pub(super) fn doing(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    args.finish()?;
    Ok(Command::Item { target, act: Act::Doing })
}

/// `/done [T7] [anyway] [text]`
pub(super) fn done(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let anyway = !args.colon && args.words().next().is_some_and(|word| is_anyway(word.raw));
    if anyway {
        args.next();
    }
    let text = if anyway { args.text()? } else { args.reason()? };
    Ok(Command::Item { target, act: Act::Done { anyway, text } })
}

/// Whether this word is the `anyway` of /done.
pub(super) fn is_anyway(word: &str) -> bool {
    korean::is(word.trim_end_matches([':', ',']), "anyway")
}

/// `/need [T7] T3 …`
pub(super) fn need(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_of_items();
    let items = args.items()?;
    Ok(Command::Item { target, act: Act::Need { items } })
}

/// `/unneed [T7] T3 …`
pub(super) fn unneed(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_of_items();
    let items = args.items()?;
    Ok(Command::Item { target, act: Act::Unneed { items } })
}

/// `/criterion [T7] text`
pub(super) fn criterion(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let text = args.some_text(wording!("fault-criterion"))?;
    Ok(Command::Item { target, act: Act::Criterion { text } })
}
