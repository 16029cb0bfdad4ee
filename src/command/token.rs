//! What stands among the words: `#tag @person !high in:project due:fri needs:T3,T4 for:T7`.
//!
//! A token begins where a word begins. What only looks like one stays a word (`#`, `c#`, `5!high`, `@`, `in:`, `#c++`,
//! `!important`, `a@b.c`, `for://x`); what can only be a token gone wrong is a fault (`due:someday`, `needs:tests`, `!hihg`).
//! Punctuation behind a token ends the sentence and is no part of it; a value with spaces, or with punctuation at its
//! end, stands in quotes: `due:"in 2 weeks"`, `#"v1."`. In Korean: `!높음 프로젝트:앱 마감:금요일 필요:T3 위해:T7`.

use std::{borrow::Cow, fmt::Write as _};

use super::{
    Context, Fault,
    fault::nearest,
    korean::{self, english},
    when,
    word::{Word, plain, quote, value},
};
use crate::domain::{
    Due, Handle, ItemRef, Priority, Project, Tag,
    item::{Carry, MANY_MAX},
    name::{NAME_CHARS_MAX, NameFault},
};
use crate::lang::{Wording, wording};

/// A token, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Tag(Tag),
    Person(Handle),
    Priority(Priority),
    Project(Project),
    Due(Due),
    Needs(Vec<ItemRef>),
    For(Vec<ItemRef>),
}

/// What a word looks like, whatever its value is worth.
enum Shape<'a> {
    Tag(Cow<'a, str>),
    Person(Cow<'a, str>),
    Priority(Cow<'a, str>),
    In(Cow<'a, str>),
    Due(Cow<'a, str>),
    Needs(Cow<'a, str>),
    For(Cow<'a, str>),
}

fn shape(raw: &str) -> Option<Shape<'_>> {
    let mut characters = raw.chars();
    let sigil = characters.next()?;
    let behind = characters.as_str();
    // A name that is too long is still a name: only a character that no name has makes it a word.
    let fits = |fault: Option<NameFault>| !matches!(fault, Some(NameFault::Empty | NameFault::Character(_)));
    match sigil {
        '#' => Some(value(behind)).filter(|value| fits(Tag::new(value).err())).map(Shape::Tag),
        '@' => Some(value(behind)).filter(|value| fits(Handle::new(value).err())).map(Shape::Person),
        '!' => {
            let value = value(behind);
            (priority_of(&value).is_some() || priority_meant(&value).is_some()).then_some(Shape::Priority(value))
        }
        _ => {
            let (key, behind) = raw.split_once(':')?;
            let said = value(behind);
            if said.is_empty() || behind.starts_with("//") {
                return None;
            }
            let key = english(key, korean::KEYS);
            let is = |word: &str| key.eq_ignore_ascii_case(word);
            if is("in") {
                Some(Shape::In(said))
            } else if is("due") {
                Some(Shape::Due(said))
            } else if is("needs") {
                Some(Shape::Needs(said))
            } else if is("for") {
                Some(Shape::For(said))
            } else {
                None
            }
        }
    }
}

fn priority_of(word: &str) -> Option<Priority> {
    Priority::of_word(english(word, korean::PRIORITIES))
}

fn priority_meant(word: &str) -> Option<&'static str> {
    let korean = korean::PRIORITIES.iter().flat_map(|(_, korean)| korean.iter().copied());
    let first = |word: &str| korean::letters(word).chars().next();
    nearest(word, Priority::ALL.iter().map(|it| it.word()).chain(korean))
        .into_iter()
        .find(|meant| first(meant) == first(&word.to_lowercase()))
}

/// Whether this word is read as a token, well or badly.
pub(super) fn is_token(raw: &str) -> bool {
    shape(raw).is_some()
}

/// The token that this word is; `None` for a mere word.
pub(super) fn token(input: &str, word: &Word<'_>, context: &Context) -> Result<Option<Token>, Fault> {
    let Some(shape) = shape(word.raw) else {
        return Ok(None);
    };
    let fault = |what: Wording| Fault::new(input, word.at.clone(), what);
    let token = match shape {
        Shape::Tag(name) => Token::Tag(tag(&name).map_err(fault)?),
        Shape::Person(name) => Token::Person(handle(&name).map_err(fault)?),
        Shape::Priority(word) => Token::Priority(priority(&word).map_err(fault)?),
        Shape::In(name) => Token::Project(project(&name).map_err(fault)?),
        Shape::Due(text) => {
            Token::Due(when::due(&text, context).map_err(|wrong| fault(wrong.advice("due:", context)))?)
        }
        Shape::Needs(list) => Token::Needs(items(&list).map_err(fault)?),
        Shape::For(list) => Token::For(items(&list).map_err(fault)?),
    };
    Ok(Some(token))
}

fn name_fault(fault: &NameFault, what: &'static str, example: &'static str) -> Wording {
    match fault {
        NameFault::Empty => wording!("fault-name-missing", what, example),
        NameFault::TooLong => wording!("fault-name-long", what, most = NAME_CHARS_MAX),
        NameFault::Character(character) => {
            wording!("fault-name-character", what, example, character = format!("{character:?}"))
        }
    }
}

// Each name is read twice: lower case can leave a letter and its accent apart that the canonical form has in one, so
// that only the second reading is sure to be the same when it is printed and read again.

/// A tag without its sigil.
pub(super) fn tag(text: &str) -> Result<Tag, Wording> {
    Tag::new(text).and_then(|once| Tag::new(once.as_str())).map_err(|fault| name_fault(&fault, "tag", "#auth"))
}

/// A person without the sigil.
pub(super) fn handle(text: &str) -> Result<Handle, Wording> {
    Handle::new(text).and_then(|once| Handle::new(once.as_str())).map_err(|fault| name_fault(&fault, "person", "@dana"))
}

/// A project without its key.
pub(super) fn project(text: &str) -> Result<Project, Wording> {
    Project::new(text)
        .and_then(|once| Project::new(once.as_str()))
        .map_err(|fault| name_fault(&fault, "project", "in:app"))
}

/// A priority without its sigil.
pub(super) fn priority(word: &str) -> Result<Priority, Wording> {
    priority_of(word).ok_or_else(|| match priority_meant(word) {
        Some(meant) => wording!("fault-priority-meant", meant),
        None => wording!("fault-priority-words"),
    })
}

/// `T3` or `T3,T4`
pub(super) fn items(list: &str) -> Result<Vec<ItemRef>, Wording> {
    let mut items = Vec::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let item = part.parse().map_err(|_| wording!("fault-items-are-written"))?;
        add(&mut items, item)?;
    }
    if items.is_empty() { Err(wording!("fault-which-item-like")) } else { Ok(items) }
}

/// Adds what is not there yet; the fault says that it is too much.
pub(super) fn add<T: PartialEq>(to: &mut Vec<T>, new: T) -> Result<(), Wording> {
    if to.contains(&new) {
        return Ok(());
    }
    if to.len() >= MANY_MAX {
        return Err(wording!("fault-too-many", most = MANY_MAX));
    }
    to.push(new);
    Ok(())
}

/// Nothing at all.
pub(super) fn no_carry() -> Carry<Handle> {
    Carry {
        tags: Vec::new(),
        people: Vec::new(),
        priority: None,
        project: None,
        due: None,
        needs: Vec::new(),
        serves: Vec::new(),
    }
}

/// Puts a token where it belongs; the fault says what is already there.
pub(super) fn put(carry: &mut Carry<Handle>, token: Token) -> Result<(), Wording> {
    fn once<T: PartialEq>(place: &mut Option<T>, new: T, what: &'static str) -> Result<(), Wording> {
        match place {
            Some(old) if *old != new => Err(wording!("fault-once", what)),
            _ => {
                *place = Some(new);
                Ok(())
            }
        }
    }
    match token {
        Token::Tag(tag) => add(&mut carry.tags, tag),
        Token::Person(person) => add(&mut carry.people, person),
        Token::Priority(priority) => once(&mut carry.priority, priority, "priority"),
        Token::Project(project) => once(&mut carry.project, project, "project"),
        Token::Due(due) => once(&mut carry.due, due, "due"),
        Token::Needs(items) => items.into_iter().try_for_each(|item| add(&mut carry.needs, item)),
        Token::For(items) => items.into_iter().try_for_each(|item| add(&mut carry.serves, item)),
    }
}

fn named(sigil: &str, name: &str) -> String {
    if plain(name) { format!("{sigil}{name}") } else { format!("{sigil}{}", quote(name)) }
}

/// `#auth`
pub(super) fn print_tag(tag: &Tag) -> String {
    named("#", tag.as_str())
}

/// `@dana`
pub(super) fn print_person(person: &Handle) -> String {
    named("@", person.as_str())
}

/// `in:app`
pub(super) fn print_project(project: &Project) -> String {
    named("in:", project.as_str())
}

/// `2026-11-27` or `2026-11-27T17:00`
pub(super) fn print_due(due: Due, time_zone: chrono_tz::Tz) -> String {
    match due {
        Due::Day(day) => day.to_string(),
        Due::At(at) => when::print(at, time_zone),
    }
}

/// `T3,T4`
pub(super) fn print_items(items: &[ItemRef]) -> String {
    items.iter().map(ItemRef::to_string).collect::<Vec<_>>().join(",")
}

/// All of it, each token behind a space.
pub(super) fn print_carry(carry: &Carry<Handle>, time_zone: chrono_tz::Tz) -> String {
    let mut text = String::new();
    let mut push = |token: String| {
        text.push(' ');
        text.push_str(&token);
    };
    carry.tags.iter().for_each(|tag| push(print_tag(tag)));
    carry.people.iter().for_each(|person| push(print_person(person)));
    carry.priority.iter().for_each(|priority| push(format!("!{priority}")));
    carry.project.iter().for_each(|project| push(print_project(project)));
    carry.due.iter().for_each(|&due| push(format!("due:{}", print_due(due, time_zone))));
    if !carry.needs.is_empty() {
        let _ = write!(text, " needs:{}", print_items(&carry.needs));
    }
    if !carry.serves.is_empty() {
        let _ = write!(text, " for:{}", print_items(&carry.serves));
    }
    text
}
