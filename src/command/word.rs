//! Words and quotes: where a word begins and ends, whatever it means.

use std::{borrow::Cow, ops::Range};

/// What may quote a value with spaces. Phones turn straight quotes into curly ones as one types.
pub(super) const QUOTES: [char; 4] = ['"', '“', '”', '„'];

/// The longest quoted value, in characters. The closing quote is searched no further, so that reading stays linear.
pub(super) const QUOTED_CHARS_MAX: usize = 500;

/// What ends a sentence and is no part of a value that stands at its end: `#auth,`.
const PUNCTUATION: [char; 7] = ['.', ',', ';', ':', '!', '?', ')'];

/// A word as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Its bytes in the whole text.
    pub(super) at: Range<usize>,
    /// As written: with quotes and backslashes.
    pub(super) raw: &'a str,
}

/// The words of a piece of a text.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    how: How,
}

/// What may go on over spaces besides a quoted value behind `#`, `@` or `word:`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Nothing: in a sentence, a quote is a quote.
    Prose,
    /// What stands in backquotes.
    Code,
    /// What stands in quotes.
    Quotes,
}

/// The words of `text[at]`. A value may be quoted: `due:"in 2 weeks"`.
pub(super) fn words(text: &str, at: Range<usize>) -> Words<'_> {
    Words { text, at: at.start, end: at.end, how: How::Prose }
}

/// The same, where what stands in backquotes is one word as well.
pub(super) fn words_and_code(text: &str, at: Range<usize>) -> Words<'_> {
    Words { how: How::Code, ..words(text, at) }
}

/// The same, where what stands in quotes is one word as well.
pub(super) fn words_and_quotes(text: &str, at: Range<usize>) -> Words<'_> {
    Words { how: How::Quotes, ..words(text, at) }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let left = self.text.get(self.at..self.end)?;
        let start = self.at + (left.len() - left.trim_start().len());
        let left = self.text.get(start..self.end)?;
        if left.is_empty() {
            self.at = self.end;
            return None;
        }
        let length = length(left, self.how);
        self.at = start + length;
        Some(Word { at: start..self.at, raw: &left[..length] })
    }
}

/// The bytes of the word that `text` begins with.
fn length(text: &str, how: How) -> usize {
    let protected = match how {
        How::Code if text.starts_with('`') => {
            let close = text[1..].find(['`', '\n']).map(|at| at + 1);
            close.filter(|&at| text[at..].starts_with('`')).map(|at| at + 1)
        }
        // A backslash says that the word is nothing but a word.
        How::Quotes if text.starts_with('\\') => None,
        _ => {
            let bare = text.trim_start_matches('\\');
            let open = quote_after_prefix(bare).filter(|&open| open > 0 || how == How::Quotes);
            let end = open.and_then(|open| closing(&bare[open..]).map(|close| open + close));
            end.map(|end| text.len() - bare.len() + end)
        }
    };
    let from = protected.unwrap_or(0);
    from + text[from..].find(char::is_whitespace).unwrap_or(text.len() - from)
}

/// Where the quote stands that opens a value: at the beginning, behind `#` or `@`, or behind `word:`.
fn quote_after_prefix(word: &str) -> Option<usize> {
    let sigil = word.strip_prefix(['#', '@']).map(|_| 1);
    let letters = word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len());
    let key = (letters > 0 && word[letters..].starts_with(':')).then_some(letters + 1);
    let prefix = sigil.or(key).unwrap_or(0);
    word[prefix..].starts_with(QUOTES).then_some(prefix)
}

/// The bytes up to and with the quote that closes the one `text` begins with, on the same line.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1).take(QUOTED_CHARS_MAX) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            quote if QUOTES.contains(&quote) => return Some(at + quote.len_utf8()),
            _ => {}
        }
    }
    None
}

/// The value that `raw` says: what stands between its quotes, or without the punctuation that ends a sentence.
pub(super) fn value(raw: &str) -> Cow<'_, str> {
    match quoted(raw) {
        Some(value) => Cow::Owned(value),
        None => Cow::Borrowed(raw.trim_end_matches(PUNCTUATION)),
    }
}

/// What stands between the quotes, if `raw` is quoted and nothing but punctuation follows.
pub(super) fn quoted(raw: &str) -> Option<String> {
    let open = raw.chars().next().filter(|quote| QUOTES.contains(quote))?;
    let close = closing(raw)?;
    if !raw[close..].trim_end_matches(PUNCTUATION).is_empty() {
        return None;
    }
    let last = raw[..close].chars().next_back()?;
    let inner = raw.get(open.len_utf8()..close - last.len_utf8())?;
    let mut value = String::with_capacity(inner.len());
    let mut escaped = false;
    for character in inner.chars() {
        if character == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            value.push(character);
        }
    }
    Some(value)
}

/// `value` in quotes.
pub(super) fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        if character == '\\' || QUOTES.contains(&character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// Whether `value` without quotes means itself: it loses nothing to [`value`].
pub(super) fn plain(value: &str) -> bool {
    !value.is_empty()
        && !value.ends_with(PUNCTUATION)
        && !value.contains(char::is_whitespace)
        && !value.contains(QUOTES)
}
