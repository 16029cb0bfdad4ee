//! What is taken back: `/undo`, `/undo T7`, `/undo T7@5 due #auth`, `/undo T9@5 T14@3`, `/undo room`, `/undo @dana`.
//!
//! Parts stand behind the act they are of. What it means is in `domain/undo.rs`.

use super::{
    Command, Fault, Target,
    args::{Args, target},
    korean::{self, english},
    token::{self, Token, print_person, print_tag, token},
    word::{Word, value},
};
use crate::domain::{
    Handle,
    undo::{Back, Of, Part},
};
use crate::lang::wording;

/// The most acts that are taken back together.
const ACTS_MAX: usize = 50;
/// What the room it is said in is called.
const ROOM: &str = "room";

/// The words for parts; the first of several for one is how it is printed.
const PARTS: &[(&str, Part<Handle>)] = &[
    ("state", Part::State),
    ("status", Part::State),
    ("title", Part::Title),
    ("body", Part::Body),
    ("tags", Part::Tags),
    ("tag", Part::Tags),
    ("prio", Part::Prio),
    ("priority", Part::Prio),
    ("due", Part::Due),
    ("people", Part::People),
    ("assignees", Part::People),
    ("project", Part::Project),
    ("links", Part::Links),
    ("link", Part::Links),
    ("needs", Part::Needs),
    ("need", Part::Needs),
    ("criteria", Part::Criteria),
    ("criterion", Part::Criteria),
    ("notes", Part::Notes),
    ("note", Part::Notes),
    ("findings", Part::Findings),
    ("finding", Part::Findings),
    ("refinements", Part::Refinements),
    ("refinement", Part::Refinements),
    ("files", Part::Files),
    ("file", Part::Files),
];

/// `/undo [T7[@version] [parts]]…`
pub(super) fn undo(args: &mut Args<'_>) -> Result<Command, Fault> {
    let mut acts: Vec<Back<Handle>> = Vec::new();
    let first = args.words().next();
    if let Some(given) = args.given
        && !first.is_some_and(|word| of(word.raw, true).is_some_and(|of| !matches!(of, Of::Person { .. })))
    {
        acts.push(Back { of: of_item(given), parts: Vec::new() });
    }
    while let Some(word) = args.next() {
        let about_item = acts.last().is_some_and(|act| matches!(act.of, Of::Item { .. } | Of::LastHere));
        if let Some(of) = of(word.raw, acts.is_empty()) {
            let same = |act: &Back<Handle>| act.of == of;
            if acts.iter().any(same) {
                return Err(args.at(&word, wording!("fault-twice")));
            }
            let alone = matches!(of, Of::Room { .. } | Of::Person { .. });
            if (alone && !acts.is_empty()) || acts.iter().any(|act| !matches!(act.of, Of::Item { .. })) {
                return Err(args.at(&word, wording!("fault-undo-together")));
            }
            if acts.len() == ACTS_MAX {
                return Err(args.at(&word, wording!("fault-undo-many", most = ACTS_MAX)));
            }
            acts.push(Back { of, parts: Vec::new() });
            continue;
        }
        let part = part(args, &word)?.ok_or_else(|| args.at(&word, wording!("fault-undo-part")))?;
        if !acts.is_empty() && !about_item {
            return Err(args.at(&word, wording!("fault-undo-whole")));
        }
        if acts.is_empty() {
            acts.push(Back { of: Of::LastHere, parts: Vec::new() });
        }
        if let Some(act) = acts.last_mut() {
            token::add(&mut act.parts, part).map_err(|what| args.at(&word, what))?;
        }
    }
    if acts.is_empty() {
        acts.push(Back { of: Of::LastHere, parts: Vec::new() });
    }
    Ok(Command::Undo { acts })
}

fn of_item(Target { item, version }: Target) -> Of<Handle> {
    Of::Item { item, version }
}

/// The act a word names. A person at the beginning only: behind an item, they are a part of it.
fn of(word: &str, first: bool) -> Option<Of<Handle>> {
    if let Some(target) = target(word) {
        return Some(of_item(target));
    }
    let (name, version) = match word.rsplit_once('@') {
        Some((name, digits)) if !name.is_empty() => {
            let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            (name, Some(is_version.then(|| digits.parse().ok()).flatten()?))
        }
        _ => (word, None),
    };
    if english(name, korean::PARTS).eq_ignore_ascii_case(ROOM) {
        return Some(Of::Room { version });
    }
    let person = name.strip_prefix('@').filter(|_| first)?;
    token::handle(&value(person)).ok().map(|person| Of::Person { person, version })
}

fn part(args: &Args<'_>, word: &Word<'_>) -> Result<Option<Part<Handle>>, Fault> {
    let said = english(word.raw, korean::PARTS);
    if let Some((_, part)) = PARTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(said)) {
        return Ok(Some(part.clone()));
    }
    let one = |items: Vec<_>, part: fn(_) -> Part<Handle>| match items.as_slice() {
        [item] => Ok(Some(part(*item))),
        _ => Err(args.at(word, wording!("fault-undo-one"))),
    };
    match token(args.input, word, args.context)? {
        Some(Token::Tag(tag)) => Ok(Some(Part::Tag(tag))),
        Some(Token::Person(person)) => Ok(Some(Part::Person(person))),
        Some(Token::Needs(items)) => one(items, Part::Need),
        Some(Token::For(items)) => one(items, Part::Link),
        _ => Ok(None),
    }
}

/// An act that is not named is the newest on the item that is answered.
pub(super) fn fill(acts: &mut [Back<Handle>], about: Target) {
    for act in acts {
        if act.of == Of::LastHere {
            act.of = of_item(about);
        }
    }
}

/// The canonical text.
pub(super) fn print(acts: &[Back<Handle>]) -> String {
    let mut text = String::from("/undo");
    let mut push = |word: String| {
        text.push(' ');
        text.push_str(&word);
    };
    let at = |version: &Option<u64>| version.map_or(String::new(), |version| format!("@{version}"));
    for Back { of, parts } in acts {
        match of {
            Of::LastHere => {}
            Of::Item { item, version } => push(format!("{item}{}", at(version))),
            Of::Room { version } => push(format!("{ROOM}{}", at(version))),
            Of::Person { person, version } => push(format!("{}{}", print_person(person), at(version))),
        }
        for part in parts {
            push(match part {
                Part::Tag(tag) => print_tag(tag),
                Part::Person(person) => print_person(person),
                Part::Need(item) => format!("needs:{item}"),
                Part::Link(item) => format!("for:{item}"),
                part => part.word().to_owned(),
            });
        }
    }
    text
}
