//! The text of a new item.
//!
//! The first line with words is the title. Tokens are taken out of it, wherever they stand, and out of any other line
//! that consists of nothing else; a sentence in the body keeps its `@dana` and its `#3`, and does nothing.
//! `- [ ] …` lines are criteria, all other lines the body, as they were written.
//!
//! What is no token although it looks like one is written with a backslash before it (`\#notatag`) or in backquotes,
//! which stay. At the beginning of a line a backslash also keeps a criterion or a command from being one (`\- [ ]`,
//! `\/todo`). A backslash anywhere else is a backslash.

use std::ops::Range;

use chrono_tz::Tz;

use super::{
    Context, Fault,
    parse::{begins_command, short_enough},
    token::{is_token, no_carry, print_carry, put, token},
    word::{words, words_and_code},
};
use crate::domain::{
    Handle,
    item::{Carry, Draft, TEXT_CHARS_MAX, TITLE_CHARS_MAX},
};
use crate::lang::wording;

/// What a bare sentence says: an item to be created in the room's default bucket.
///
/// # Errors
/// A [`Fault`] when a token cannot be read or nothing is left for a title.
pub fn draft(text: &str, context: &Context) -> Result<Draft<Handle>, Fault> {
    short_enough(text)?;
    read(text, 0..text.len(), context)
}

/// The lines of `text[at]` with their bytes in the whole text; without their line ends.
pub(super) fn lines(text: &str, at: Range<usize>) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut start = at.start;
    text.get(at).unwrap_or_default().split('\n').map(move |line| {
        let here = start;
        start += line.len() + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        (here..here + line.len(), line)
    })
}

/// The draft that `input[at]` describes.
pub(super) fn read(input: &str, at: Range<usize>, context: &Context) -> Result<Draft<Handle>, Fault> {
    let end = at.end;
    let mut title = String::new();
    let mut body: Vec<&str> = Vec::new();
    let mut criteria = Vec::new();
    let mut carry = no_carry();
    for (at, line) in lines(input, at) {
        if title.is_empty() {
            title = read_title(input, at, context, &mut carry)?;
        } else if only_tokens(line) {
            for word in words(input, at) {
                take(input, &word, context, &mut carry)?;
            }
        } else if let Some(criterion) = criterion(line) {
            criteria.push(criterion.to_owned());
        } else {
            body.push(line);
        }
    }
    if title.is_empty() {
        return Err(Fault::new(input, end..end, wording!("fault-no-title")));
    }
    let overflow = cut(&mut title);
    let mut text = overflow.unwrap_or_default();
    for line in body {
        if !(text.is_empty() && line.trim().is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            let (indent, backslash, rest) = unescaped(line);
            text.push_str(indent);
            text.push_str(if backslash { &rest[1..] } else { rest });
        }
    }
    text.truncate(text.trim_end().len());
    let text = text.replace('\r', "\n");
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(Fault::new(input, end..end, wording!("fault-long", most = TEXT_CHARS_MAX.to_string())));
    }
    Ok(Draft { title, body: text, criteria, carry, from: None, attachments: Vec::new() })
}

/// Reads the word as a token into `carry`; whether it was one.
fn take(
    input: &str,
    word: &super::word::Word<'_>,
    context: &Context,
    carry: &mut Carry<Handle>,
) -> Result<bool, Fault> {
    match token(input, word, context)? {
        Some(token) => put(carry, token).map(|()| true).map_err(|what| Fault::new(input, word.at.clone(), what)),
        None => Ok(false),
    }
}

/// The words of a line that are no tokens, with one space between them.
fn read_title(input: &str, at: Range<usize>, context: &Context, carry: &mut Carry<Handle>) -> Result<String, Fault> {
    let mut title = String::new();
    for word in words_and_code(input, at) {
        if take(input, &word, context, carry)? {
            continue;
        }
        let escaped = word.raw.starts_with('\\') && special_word(word.raw.trim_start_matches('\\'), title.is_empty());
        let said = if escaped { &word.raw[1..] } else { word.raw };
        for part in said.split_whitespace() {
            if !title.is_empty() {
                title.push(' ');
            }
            title.push_str(part);
        }
    }
    Ok(title)
}

/// Whether a backslash before this word means that it is none of this.
fn special_word(word: &str, first: bool) -> bool {
    is_token(word) || (first && word.starts_with('/'))
}

/// Cuts a title that is too long, between two words if possible; what is left over.
fn cut(title: &mut String) -> Option<String> {
    let (limit, _) = title.char_indices().nth(TITLE_CHARS_MAX)?;
    let (at, _) = title
        .char_indices()
        .take_while(|&(at, _)| at <= limit)
        .filter(|(_, character)| *character == ' ')
        .last()
        .unwrap_or((limit, ' '));
    let rest = title[at..].trim_start().to_owned();
    title.truncate(at);
    Some(rest)
}

fn only_tokens(line: &str) -> bool {
    let mut any = false;
    words(line, 0..line.len()).all(|word| {
        any = true;
        is_token(word.raw)
    }) && any
}

/// What `- [ ] what` says.
fn criterion(line: &str) -> Option<&str> {
    let line = line.trim().strip_prefix(['-', '*', '•', '–'])?.trim_start();
    let text = line.strip_prefix('[')?.trim_start().strip_prefix(']')?.trim();
    (!text.is_empty()).then_some(text)
}

/// A line of the body: its indent, whether a backslash has to be taken off, and what follows the indent.
fn unescaped(line: &str) -> (&str, bool, &str) {
    let rest = line.trim_start();
    let bare = rest.trim_start_matches('\\');
    (&line[..line.len() - rest.len()], bare.len() < rest.len() && special_line(bare), rest)
}

fn special_line(line: &str) -> bool {
    line.starts_with('/')
        || criterion(line).is_some()
        || words(line, 0..line.len()).next().is_some_and(|word| is_token(word.raw))
}

/// The text that reads as this draft.
pub(super) fn print(draft: &Draft<Handle>, time_zone: Tz) -> String {
    let title = print_title(&draft.title);
    let carry = print_carry(&draft.carry, time_zone);
    // A quote that the title leaves open must not be closed by one of a token.
    let mut text = if carry.contains('"') { format!("{} {title}", carry.trim_start()) } else { title + carry.as_str() };
    if !draft.body.is_empty() {
        for line in draft.body.split('\n') {
            text.push('\n');
            let (indent, escaped, rest) = unescaped(line);
            let needs = escaped || begins_command(line) || criterion(line).is_some() || only_tokens(line);
            text.push_str(indent);
            text.push_str(if needs { "\\" } else { "" });
            text.push_str(rest);
        }
    }
    for criterion in &draft.criteria {
        text.push_str("\n- [ ] ");
        text.push_str(criterion);
    }
    text
}

fn print_title(title: &str) -> String {
    let mut text = String::with_capacity(title.len());
    for word in words_and_code(title, 0..title.len()) {
        let first = text.is_empty();
        if !first {
            text.push(' ');
        }
        let bare = word.raw.trim_start_matches('\\');
        let escaped = bare.len() < word.raw.len();
        if is_token(word.raw) || (escaped && special_word(bare, first)) {
            text.push('\\');
        }
        text.push_str(word.raw);
    }
    text
}
