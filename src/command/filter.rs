//! The words of a list, a board, a follow: `todo open #auth @me in:app !high due:fri T7 words "two words" page:2`.
//!
//! Buckets, states, items and tokens mean what they say; of a follow, `on:done,merged` says what has to happen to an item; any other word is looked for in the texts. A word in quotes is
//! always looked for, also when it is `"open"`. `all` or `*` alone is everything. Filters are kept in one order
//! without repetitions, so that the same filter said differently is the same filter. In Korean: `할일 열림 #인증 @나 쪽:2`.

use chrono_tz::Tz;

use super::{
    Fault, Moment,
    args::Args,
    fault::nearest,
    korean::{self, english},
    moment::{self, At, Behind, Span},
    token::{Token, is_token, print_due, print_items, print_person, print_project, print_tag, token},
    word::{QUOTES, Word, quote, quoted},
};
use crate::domain::{Bucket, Filter, Handle, ItemRef, Kind, filter::StateWord};
use crate::lang::wording;

/// The longest word to look for, in characters.
const WORD_CHARS_MAX: usize = 200;

/// The states with their words.
const STATES: [(&str, StateWord); 11] = [
    ("open", StateWord::Open),
    ("running", StateWord::Running),
    ("doing", StateWord::Doing),
    ("blocked", StateWord::Blocked),
    ("reviewed", StateWord::Reviewed),
    ("done", StateWord::Done),
    ("promoted", StateWord::Promoted),
    ("rejected", StateWord::Rejected),
    ("merged", StateWord::Merged),
    ("withdrawn", StateWord::Withdrawn),
    ("closed", StateWord::Closed),
];

fn state(word: &str) -> Option<StateWord> {
    let word = english(word, korean::STATES);
    STATES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|&(_, state)| state)
}

/// The words of all states.
#[cfg(test)]
pub(super) fn state_words() -> impl Iterator<Item = &'static str> {
    STATES.iter().map(|(word, _)| *word)
}

fn state_word(state: StateWord) -> &'static str {
    STATES.iter().find(|&&(_, known)| known == state).map_or("", |&(word, _)| word)
}

fn bucket(word: &str) -> Option<Bucket> {
    let word = english(word, korean::BUCKETS);
    Bucket::of_word(word).or_else(|| match word.to_ascii_lowercase().as_str() {
        "ideas" => Some(Bucket::Idea),
        "researches" => Some(Bucket::Research),
        "todos" => Some(Bucket::Todo),
        "prs" => Some(Bucket::Pr),
        _ => None,
    })
}

/// Everything.
pub(super) fn is_all(word: &str) -> bool {
    word == "*" || korean::is(word, "all")
}

/// What stands behind `page:`.
pub(super) fn page(word: &str) -> Option<&str> {
    let (key, number) = word.split_once(':')?;
    (english(key, korean::KEYS).eq_ignore_ascii_case("page") && !number.is_empty()).then_some(number)
}

/// What stands behind `on:`.
fn on(word: &str) -> Option<&str> {
    word.get(..3).filter(|key| key.eq_ignore_ascii_case("on:")).map(|_| &word[3..]).filter(|kinds| !kinds.is_empty())
}

fn unknown_kind(args: &Args<'_>, word: &Word<'_>, kind: &str) -> Fault {
    let kinds = Kind::ALL.map(Kind::word);
    let meant = nearest(&kind.to_lowercase(), kinds);
    let what = wording!("fault-kind", kinds = kinds.join(", "));
    let meant = meant.into_iter().take(3).map(|kind| format!("/{} on:{kind}", args.verb.word)).collect();
    args.at(word, what).meaning(meant)
}

/// Pages are numbered from 1.
pub(super) fn page_number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|&number| number > 0)
}

/// What may stand among the words of a filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Also {
    /// `page:2`
    pub(super) pages: bool,
    /// `at <when>`
    pub(super) at: At,
    /// `from..to`, or a moment: from then on.
    pub(super) span: bool,
    /// `on:created,done`
    pub(super) on: bool,
}

/// The words behind a verb, read.
#[derive(Clone, Debug)]
pub(super) struct Filtered {
    pub(super) filter: Filter<Handle>,
    pub(super) page: u32,
    pub(super) at: Option<Moment>,
    pub(super) span: Span,
}

/// A filter for what happens, and nothing else.
pub(super) fn read_alone(args: &mut Args<'_>) -> Result<Filter<Handle>, Fault> {
    read(args, Also { pages: false, at: At::Never, span: false, on: true }).map(|read| read.filter)
}

/// Reads all words, and what else may stand among them.
pub(super) fn read(args: &mut Args<'_>, also: Also) -> Result<Filtered, Fault> {
    let mut filter = Filter::<Handle>::default();
    let mut at_page = None;
    let mut at = None;
    let mut span: Span = (None, None);
    let mut said_span = false;
    if args.words().next().is_some_and(|word| is_all(word.raw)) {
        let before = args.rest.clone();
        args.next();
        let alone = args.words().next().is_none_or(|word| {
            word.raw.eq_ignore_ascii_case("at")
                || page(word.raw).is_some()
                || moment::as_of(&mut args.clone()).is_some()
        });
        if !alone {
            args.rest = before;
        }
    }
    loop {
        let before = args.rest.clone();
        if let Some(moment) = moment::as_of(args) {
            if also.at == At::Never {
                return Err(args.fault(before.start..args.rest.start, wording!("fault-no-past")));
            }
            at = moment;
            continue;
        }
        if also.span
            && !said_span
            && span.0.is_none()
            && let Some(read) = moment::span(args)
        {
            span = read?;
            said_span = true;
            continue;
        }
        let before = args.rest.clone();
        let Some(word) = args.next() else { break };
        let second = args.words().next();
        let joined = second.as_ref().and_then(|second| korean::pair(word.raw, second.raw));
        if joined.is_some() {
            args.next();
        }
        let known = joined.as_deref().unwrap_or(word.raw);
        if let Some(text) = quoted(word.raw) {
            if !text.trim().is_empty() {
                filter.words.push(search(args, &word, text.trim().to_owned())?);
            }
        } else if let Some(kinds) = on(word.raw).filter(|_| also.on) {
            let (mut word, mut kinds) = (word, kinds);
            loop {
                for kind in kinds.split(',').filter(|kind| !kind.is_empty()) {
                    filter.on.push(kind.parse().map_err(|()| unknown_kind(args, &word, kind))?);
                }
                // A space behind the comma is how people write.
                let Some(next) = args.words().next().filter(|_| kinds.ends_with(',')) else { break };
                args.rest.start = next.at.end;
                (kinds, word) = (next.raw, next);
            }
        } else if let Some(bucket) = bucket(known) {
            filter.buckets.push(bucket);
        } else if let Some(state) = state(known) {
            filter.states.push(state);
        } else if let Ok(item) = word.raw.parse() {
            filter.items.push(item);
        } else if let Some(number) = page(word.raw) {
            let number = page_number(number).filter(|_| also.pages);
            let number = number.ok_or_else(|| {
                args.at(&word, if also.pages { wording!("fault-pages") } else { wording!("fault-no-pages") })
            })?;
            at_page = Some(number);
        } else if let Some(token) = token(args.input, &word, args.context)? {
            match token {
                Token::Tag(tag) => filter.tags.push(tag),
                Token::Person(person) => filter.people.push(person),
                Token::Priority(priority) => filter.priorities.push(priority),
                Token::Project(project) => filter.projects.push(project),
                Token::Due(due) if filter.due.is_none_or(|old| old == due) => filter.due = Some(due),
                Token::Due(_) => return Err(args.at(&word, wording!("fault-due-twice"))),
                Token::Needs(_) | Token::For(_) => {
                    return Err(args.at(&word, wording!("fault-not-a-filter")));
                }
            }
        } else {
            if word.raw.eq_ignore_ascii_case("at") && (also.at == At::Past || !args.rest_is_empty()) {
                if args.rest_is_empty() {
                    return Err(args.missing(wording!("fault-when")));
                }
                match moment::behind_at(args, &word, also.at)? {
                    Behind::Moment(moment) => {
                        at = moment;
                        continue;
                    }
                    Behind::Words => {}
                }
            }
            if also.span && !said_span && span.1.is_none() {
                args.rest = before;
                if let Some(moment) = moment::longest(args) {
                    span = if span.0.is_none() { (Some(moment), None) } else { (span.0, Some(moment)) };
                    continue;
                }
                args.next();
            }
            if word.raw == korean::AS_OF && also.at == At::Past {
                return Err(args.at(&word, wording!("fault-as-of")));
            }
            let bare = word.raw.strip_prefix('\\').unwrap_or(word.raw);
            if !bare.is_empty() {
                filter.words.push(search(args, &word, bare.to_owned())?);
            }
        }
    }
    Ok(Filtered { filter: in_order(filter), page: at_page.unwrap_or(1), at, span })
}

/// A word to look for.
fn search(args: &Args<'_>, word: &Word<'_>, text: String) -> Result<String, Fault> {
    if text.chars().count() > WORD_CHARS_MAX {
        return Err(args.at(word, wording!("fault-word-long", most = WORD_CHARS_MAX)));
    }
    Ok(text)
}

/// The same filter in the one order, without repetitions.
pub(super) fn in_order(mut filter: Filter<Handle>) -> Filter<Handle> {
    fn sort<T: Ord>(values: &mut Vec<T>) {
        values.sort();
        values.dedup();
    }
    sort(&mut filter.buckets);
    sort(&mut filter.states);
    sort(&mut filter.tags);
    sort(&mut filter.people);
    sort(&mut filter.projects);
    sort(&mut filter.priorities);
    sort(&mut filter.items);
    sort(&mut filter.words);
    sort(&mut filter.on);
    filter
}

/// Whether a word without quotes is looked for as it is.
fn is_word(word: &str) -> bool {
    let means = bucket(word).is_some()
        || state(word).is_some()
        || word.parse::<ItemRef>().is_ok()
        || page(word).is_some()
        || on(word).is_some()
        || is_token(word)
        || is_all(word)
        || word.eq_ignore_ascii_case("at")
        || word.ends_with(korean::AS_OF)
        || korean::SECONDS.contains(&word);
    !means && !word.starts_with('\\') && !word.contains(char::is_whitespace) && !word.contains(QUOTES)
}

/// The words that read as this filter, each behind a space.
pub(super) fn print(filter: &Filter<Handle>, time_zone: Tz) -> String {
    print_words(filter, time_zone, is_word)
}

/// The same where a moment may stand among the words: each is quoted, so that none is taken for one.
pub(super) fn print_quoted(filter: &Filter<Handle>, time_zone: Tz) -> String {
    let text = print_words(filter, time_zone, |_| false);
    if !filter.tags.iter().any(|tag| tag.as_str().contains("..")) {
        return text;
    }
    // `#12..40` would be from one position to another.
    filter.tags.iter().fold(text, |text, tag| {
        let plain = format!(" {}", print_tag(tag));
        let quoted = format!(" #{}", quote(tag.as_str()));
        if tag.as_str().contains("..") { text.replacen(&plain, &quoted, 1) } else { text }
    })
}

fn print_words(filter: &Filter<Handle>, time_zone: Tz, is_word: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let mut push = |word: String| {
        text.push(' ');
        text.push_str(&word);
    };
    filter.buckets.iter().for_each(|bucket| push(bucket.word().to_owned()));
    filter.states.iter().for_each(|&state| push(state_word(state).to_owned()));
    filter.items.iter().for_each(|&item| push(print_items(&[item])));
    filter.tags.iter().for_each(|tag| push(print_tag(tag)));
    filter.people.iter().for_each(|person| push(print_person(person)));
    filter.projects.iter().for_each(|project| push(print_project(project)));
    filter.priorities.iter().for_each(|priority| push(format!("!{priority}")));
    filter.due.iter().for_each(|&due| push(format!("due:{}", print_due(due, time_zone))));
    if !filter.on.is_empty() {
        push(format!("on:{}", filter.on.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(",")));
    }
    filter.words.iter().for_each(|word| push(if is_word(word) { word.clone() } else { quote(word) }));
    text
}
