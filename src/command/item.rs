//! The verbs of any item. What they mean is in `domain/item.rs`.

use super::{
    Command, Fault, Target,
    args::Args,
    korean::{self, english},
    person,
    token::{self, Token, add, token},
    when,
    word::{Word, value},
};
use crate::domain::{
    Handle, Priority, Tag,
    item::{Act, LinkTarget, Relation, TITLE_CHARS_MAX},
};
use crate::lang::{Wording, wording};

/// What takes a value away.
const NONE: [&str; 2] = ["none", "-"];

fn is_none(text: &str) -> bool {
    NONE.iter().any(|none| korean::is(text, none))
}

fn item(target: Option<Target>, act: Act<Handle>) -> Result<Command, Fault> {
    Ok(Command::Item { target, act })
}

/// `/reopen [T7] [why]`
pub(super) fn reopen(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let reason = args.reason()?;
    item(target, Act::Reopen { reason })
}

/// `/note [T7] text`
pub(super) fn note(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let text = args.some_text(wording!("fault-note"))?;
    item(target, Act::Note { text })
}

/// `/title [T7] text`
pub(super) fn title(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let end = args.rest.end;
    let title = args.some_text(wording!("fault-which-title"))?.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.chars().nth(TITLE_CHARS_MAX).is_some() {
        return Err(args.fault(end..end, wording!("fault-title-long", most = TITLE_CHARS_MAX.to_string())));
    }
    item(target, Act::Title { title })
}

/// Reads all words, each as one value or as several with commas between them.
fn values<T: PartialEq>(
    args: &mut Args<'_>,
    missing: Wording,
    sigil: char,
    read: fn(&str) -> Result<T, Wording>,
) -> Result<Vec<T>, Fault> {
    let mut values = Vec::new();
    while let Some(word) = args.next() {
        for part in word.raw.split(',').filter(|part| !part.is_empty()) {
            let bare = part.strip_prefix(sigil);
            if args.strict && bare.is_none() {
                return Err(args.at(&word, wording!("fault-sentence")));
            }
            let read = read(&value(bare.unwrap_or(part)));
            read.and_then(|value| add(&mut values, value)).map_err(|what| args.at(&word, what))?;
        }
    }
    if values.is_empty() { Err(args.missing(missing)) } else { Ok(values) }
}

fn people(args: &mut Args<'_>) -> Result<Vec<Handle>, Fault> {
    values(args, wording!("fault-who"), '@', token::handle)
}

fn tags(args: &mut Args<'_>) -> Result<Vec<Tag>, Fault> {
    values(args, wording!("fault-which-tag"), '#', token::tag)
}

/// `/assign [T7] @person …`
pub(super) fn assign(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let people = people(args)?;
    item(target, Act::Assign { people })
}

/// `/unassign [T7] @person …`
pub(super) fn unassign(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let people = people(args)?;
    item(target, Act::Unassign { people })
}

/// `/tag [T7] #tag …`
pub(super) fn tag(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let tags = tags(args)?;
    item(target, Act::Tag { tags })
}

/// `/untag [T7] #tag …`
pub(super) fn untag(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let tags = tags(args)?;
    item(target, Act::Untag { tags })
}

/// `/prio [T7] high` or `!high`
pub(super) fn prio(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let missing = wording!("fault-how-pressing");
    let word = args.next().ok_or_else(|| args.missing(missing))?;
    let priority: Priority =
        token::priority(&value(word.raw.strip_prefix('!').unwrap_or(word.raw))).map_err(|what| args.at(&word, what))?;
    args.finish()?;
    item(target, Act::Prio { priority })
}

/// What is left as one piece of text, without the quotes around it, and where it stands.
fn piece(args: &mut Args<'_>) -> (String, std::ops::Range<usize>) {
    let left = args.input.get(args.rest.clone()).unwrap_or_default();
    let start = args.rest.start + (left.len() - left.trim_start().len());
    let end = (args.rest.start + left.trim_end().len()).max(start);
    args.rest.start = args.rest.end;
    (value(left.trim()).into_owned(), start..end)
}

/// `/due [T7] when|none`, also with `due:` before it
pub(super) fn due(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let mut words = args.words();
    if let (Some(word), None) = (words.next(), words.next())
        && let Ok(Some(Token::Due(due))) = token(args.input, &word, args.context)
    {
        return item(target, Act::Due { due: Some(due) });
    }
    let (text, at) = piece(args);
    if text.is_empty() && at.is_empty() {
        return Err(args.missing(wording!("fault-when-or-none")));
    }
    if is_none(&text) {
        return item(target, Act::Due { due: None });
    }
    let due = when::due(&text, args.context).map_err(|wrong| args.fault(at, wrong.advice("", args.context)))?;
    item(target, Act::Due { due: Some(due) })
}

/// `/project [T7] name|none`, also with `in:` before it
pub(super) fn project(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target_or_last();
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-project-or-none")))?;
    let project = project_said(args, &word)?;
    args.finish()?;
    item(target, Act::Project { project })
}

fn project_said(args: &Args<'_>, word: &Word<'_>) -> Result<Option<crate::domain::Project>, Fault> {
    if is_none(word.raw) {
        return Ok(None);
    }
    if let Some(Token::Project(project)) = token(args.input, word, args.context)? {
        return Ok(Some(project));
    }
    if args.strict {
        return Err(args.at(word, wording!("fault-sentence")));
    }
    token::project(&value(word.raw)).map(Some).map_err(|what| args.at(word, what))
}

/// `/link [T7] T9`, `for:T9`, an address, `for:` and an address; what is about people instead is in `person.rs`
pub(super) fn link(args: &mut Args<'_>) -> Result<Command, Fault> {
    if let Some(command) = person::link(args) {
        return Ok(command);
    }
    let target = args.target_of_items();
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-link-to")))?;
    let is_for = |key: &str| english(key, korean::KEYS).eq_ignore_ascii_case("for");
    let behind = word.raw.split_once(':').filter(|(key, _)| is_for(key)).map(|(_, behind)| behind);
    let (relation, said) = behind.map_or((Relation::Related, word.raw), |behind| (Relation::For, behind));
    let to = match said.parse() {
        Ok(item) => LinkTarget::Item(item),
        Err(_) if is_address(said) => LinkTarget::Url(said.to_owned()),
        Err(_) => {
            return Err(args.at(&word, wording!("fault-link")));
        }
    };
    args.finish()?;
    item(target, Act::Link { relation, to })
}

fn is_address(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
            && text[scheme.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '[')
    })
}
