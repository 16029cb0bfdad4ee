//! Text to [`Said`]: a message, an answer to a card, several commands in one message.
//!
//! # What is a command
//!
//! In a message: `/verb …`, `/T7` and `T7` alone (show it), `/T7 done`, and without `/` what names its item and cannot be
//! a sentence: `T7 done`, `done T7`. Where `bare_verbs` holds also any line that begins with a verb. `/word` with an unknown word is a fault, unless the word cannot be a verb at all: a path
//! (`/usr/bin`), a number, a slash alone.
//!
//! An answer to a card is mostly an ordinary sentence, and many begin with a verb ("Note that …", "close to finished").
//! Without `/` it is a command only when ALL of it is one:
//!
//! * verbs without arguments stand alone: `done`, `done anyway`, `doing`, `reopen`, `merge`, `reject`, `close`, `promote to todo`
//! * arguments have their sigil or are complete: `due fri`, `prio high`, `tag #auth`, `assign @dana`, `project in:app`, `needs T3`
//! * words follow a colon: `note: …`, `finding: …`, `done: …`, `reject: …`
//!
//! The same holds for what names an item without `/`: `T7 done` and `done T7` are commands, `T7 done right would be nice`
//! and `done T7 right` sentences.

use super::{
    Command, Context, Fault, Look, Moment, RemindCommand, Said, Target,
    args::{Args, target_and_colon},
    fault::nearest,
    korean, moment,
    verb::{self, Verb},
};
use crate::lang::wording;

/// What one text says: a command, or bare words.
///
/// # Errors
/// A [`Fault`] when it is a command that cannot be read.
pub fn parse(text: &str, context: &Context) -> Result<Said, Fault> {
    short_enough(text)?;
    let head = Head::of(text);
    if head.slash {
        if let Some(verb) = verb::find(head.word) {
            return run(text, verb, &head, context, None, false).map(Said::Command);
        }
        if let Some((target, _)) = target_and_colon(head.word) {
            return about(text, target, &head, context);
        }
        if could_be_verb(head.word) {
            return Err(unknown(text, &head, context));
        }
    } else if let Some((target, false)) = target_and_colon(head.word) {
        return about(text, target, &head, context);
    } else if let Some(verb) = verb::find(head.word) {
        if context.bare_verbs {
            return run(text, verb, &head, context, None, false).map(Said::Command);
        }
        let behind = Head::of(&text[head.rest..]);
        if verb.item
            && !head.colon
            && target_and_colon(behind.word).is_some()
            && let Ok(command) = run(text, verb, &head, context, None, true)
        {
            return Ok(Said::Command(command));
        }
    }
    Ok(Said::Words(text.trim().to_owned()))
}

/// What an answer to the card of `target` says: a command (about that item if no other is named), or bare words for the
/// caller to note.
///
/// # Errors
/// A [`Fault`] when it begins with `/` and cannot be read.
pub fn parse_reply(text: &str, target: Target, context: &Context) -> Result<Said, Fault> {
    short_enough(text)?;
    let head = Head::of(text);
    if head.slash || target_and_colon(head.word).is_some() {
        return Ok(match parse(text, context)? {
            Said::Command(command) => Said::Command(fill(command, target)),
            words @ Said::Words(_) => words,
        });
    }
    // "done." and "Done!" are said like that.
    let alone = head.rest_is_empty(text);
    let word = if alone { head.word.trim_end_matches(['.', '!']) } else { head.word };
    match verb::find(word) {
        Some(verb) if verb.item => {
            if let Ok(command) = run(text, verb, &head, context, Some(target), true) {
                return Ok(Said::Command(command));
            }
        }
        Some(_) if context.bare_verbs => return parse(text, context),
        _ => {}
    }
    Ok(Said::Words(text.trim().to_owned()))
}

/// The commands of a message. A line that begins with `/` and a verb, an item, or a word that is nearly a verb begins
/// one; other lines belong to the one before, so that a path at the beginning of a line stays text. `\/` begins none.
pub fn split<'t>(text: &'t str, _context: &Context) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins_command(line) && at > begin {
            parts.push(&text[begin..at]);
            begin = at;
        }
        at += line.len();
    }
    parts.push(&text[begin..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Whether this line begins a command of its own in a message of several.
pub(super) fn begins_command(line: &str) -> bool {
    let head = Head::of(line);
    line.starts_with('/')
        && could_be_verb(head.word)
        && (verb::find(head.word).is_some()
            || target_and_colon(head.word).is_some()
            || !nearest(head.word, verb::words()).is_empty())
}

/// The longest text that is read, in bytes: more than a body and a title of the greatest length.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A text that is too long is refused before it costs anything.
pub(super) fn short_enough(text: &str) -> Result<(), Fault> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let begin: String = text.chars().take(80).collect();
    Err(Fault::new(&begin, 0..0, wording!("fault-text-long", most = TEXT_BYTES_MAX / 1024)))
}

/// The beginning of a text.
struct Head<'t> {
    /// It begins with `/`.
    slash: bool,
    /// The first word without `/` and without a colon behind it; two words for `할 일`.
    word: &'t str,
    /// Where the text begins, `/` included.
    start: usize,
    /// Where the rest begins, behind the colon if there is one.
    rest: usize,
    /// A colon stands behind the word.
    colon: bool,
}

impl<'t> Head<'t> {
    fn of(text: &'t str) -> Self {
        let trimmed = text.trim_start();
        let start = text.len() - trimmed.len();
        let (slash, behind) = match trimmed.strip_prefix('/') {
            Some(behind) => (true, behind),
            None => (false, trimmed),
        };
        let begin = start + usize::from(slash);
        let word = behind.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(behind.len());
        let length = korean::spaced(behind).unwrap_or(word);
        let colon = behind[length..].starts_with(':');
        Self { slash, word: &behind[..length], start, rest: begin + length + usize::from(colon), colon }
    }

    fn rest_is_empty(&self, text: &str) -> bool {
        text[self.rest..].trim().is_empty()
    }
}

/// Letters, digits, `_`; a path or a number is no verb.
fn could_be_verb(word: &str) -> bool {
    word.starts_with(char::is_alphabetic)
        && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '@' || c == ' ')
}

fn run(
    text: &str,
    verb: &'static Verb,
    head: &Head<'_>,
    context: &Context,
    given: Option<Target>,
    strict: bool,
) -> Result<Command, Fault> {
    let mut args = Args { input: text, context, verb, rest: head.rest..text.len(), colon: head.colon, given, strict };
    (verb.read)(&mut args)
}

/// A text that begins with an item: `T7`, `/T7`, `T7 done`.
fn about(text: &str, target: Target, head: &Head<'_>, context: &Context) -> Result<Said, Fault> {
    if head.rest_is_empty(text) {
        return Ok(Said::Command(Command::Look(Look::Show { target: Some(target), at: None })));
    }
    let sure = head.slash || context.bare_verbs;
    let words = || Ok(Said::Words(text.trim().to_owned()));
    if let Some(at) = moment_behind(&text[head.rest..], context) {
        return Ok(Said::Command(Command::Look(Look::Show { target: Some(target), at: Some(at) })));
    }
    let behind = Head::of(&text[head.rest..]);
    let behind = Head { start: head.rest + behind.start, rest: head.rest + behind.rest, ..behind };
    match verb::find(behind.word) {
        Some(verb) if verb.item && !head.colon => match run(text, verb, &behind, context, Some(target), !sure) {
            Err(_) if !head.slash => words(),
            command => command.map(Said::Command),
        },
        _ if head.slash => {
            let item = target.item;
            let verbs = verb::verbs().iter().filter(|verb| verb.item);
            let words = verbs.flat_map(|verb| std::iter::once(verb.word).chain(verb.korean().iter().copied()));
            let meant = nearest(behind.word, words);
            let rest = &text[behind.rest..];
            let meant: Vec<String> = meant
                .into_iter()
                .map(|verb| format!("/{verb} {item}{rest}"))
                .filter(|meant| is_command(meant, context))
                .collect();
            let what = match meant.is_empty() {
                true => wording!("fault-item-and-what-like", item),
                false => wording!("fault-item-and-what", item),
            };
            Err(Fault::new(text, behind.start..behind.rest, what).meaning(meant))
        }
        _ => words(),
    }
}

/// The moment of `at friday`, or of `금요일 기준`, when that is all there is.
fn moment_behind(text: &str, context: &Context) -> Option<Moment> {
    if let Some(when) = text.trim().strip_suffix(korean::AS_OF) {
        return moment::moment(when, context).ok();
    }
    let (at, when) = text.trim().split_once(char::is_whitespace)?;
    at.eq_ignore_ascii_case("at").then(|| moment::moment(when, context).ok()).flatten()
}

fn unknown(text: &str, head: &Head<'_>, context: &Context) -> Fault {
    let shown: String = head.word.chars().take(32).collect();
    let rest = &text[head.start + 1 + head.word.len()..];
    let meant: Vec<String> = nearest(head.word, verb::words())
        .into_iter()
        .map(|word| format!("/{word}{rest}").trim_end().to_owned())
        .filter(|meant| is_command(meant, context))
        .collect();
    let what = match meant.is_empty() {
        true => wording!("fault-unknown-verb-see", verb = shown),
        false => wording!("fault-unknown-verb", verb = shown),
    };
    Fault::new(text, head.start..head.start + 1 + head.word.len(), what).meaning(meant)
}

fn is_command(text: &str, context: &Context) -> bool {
    matches!(parse(text, context), Ok(Said::Command(_)))
}

/// The same command, about `target` if it names no item.
fn fill(mut command: Command, about: Target) -> Command {
    match &mut command {
        Command::Item { target, .. }
        | Command::Look(Look::Show { target, .. } | Look::History { target, .. } | Look::Why { target, .. }) => {
            target.get_or_insert(about);
        }
        Command::Undo { acts } => super::undo::fill(acts, about),
        Command::Remind(RemindCommand::Ask { target, .. }) => drop(target.get_or_insert(about)),
        Command::Create { .. }
        | Command::Look(_)
        | Command::Room(_)
        | Command::Rebuild(_)
        | Command::Person(_)
        | Command::Report(_)
        | Command::Confirm { .. }
        | Command::Remind(RemindCommand::Drop { .. }) => {}
    }
    command
}
