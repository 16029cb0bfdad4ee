//! What stands behind a verb: the item it is about, words, free text.

use std::ops::Range;

use super::{
    Context, Fault, Target,
    draft::lines,
    parse::begins_command,
    verb::Verb,
    word::{Word, Words, words_and_quotes},
};
use crate::domain::{ItemRef, item::TEXT_CHARS_MAX};
use crate::lang::{Lang, Wording, wording};

/// What stands behind a verb and has not been read yet.
#[derive(Clone)]
pub(super) struct Args<'a> {
    /// The whole text.
    pub(super) input: &'a str,
    /// What parsing may know.
    pub(super) context: &'a Context,
    /// The verb.
    pub(super) verb: &'static Verb,
    /// What is still to be read, in bytes of `input`.
    pub(super) rest: Range<usize>,
    /// A colon behind the verb or the item: what follows is text, whatever it looks like.
    pub(super) colon: bool,
    /// The item, when it stood before the verb or comes from the card that is answered.
    pub(super) given: Option<Target>,
    /// The verb had no `/` and may be the beginning of an ordinary sentence: read nothing but a complete command.
    pub(super) strict: bool,
}

/// `T7` or `T7@5`
pub(super) fn target(word: &str) -> Option<Target> {
    match word.split_once('@') {
        None => word.parse().ok().map(|item| Target { item, version: None }),
        Some((item, version)) => {
            let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
            let version = digits.then(|| version.parse().ok()).flatten()?;
            item.parse().ok().map(|item| Target { item, version: Some(version) })
        }
    }
}

/// The target a word is, and whether a colon follows it.
pub(super) fn target_and_colon(word: &str) -> Option<(Target, bool)> {
    match word.strip_suffix(':') {
        Some(word) => target(word).map(|target| (target, true)),
        None => target(word).map(|target| (target, false)),
    }
}

impl<'a> Args<'a> {
    /// The words still to be read.
    pub(super) fn words(&self) -> Words<'a> {
        words_and_quotes(self.input, self.rest.clone())
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words().next()?;
        self.rest.start = word.at.end;
        Some(word)
    }

    /// Whether nothing is left.
    pub(super) fn rest_is_empty(&self) -> bool {
        self.words().next().is_none()
    }

    /// Takes `at <when>` off the end, where nothing else may follow but a page.
    pub(super) fn at_moment(&mut self) -> Result<Option<super::Moment>, Fault> {
        use super::moment::{At, Behind, as_of, behind_at};
        if let Some(at) = as_of(self) {
            return Ok(at);
        }
        let Some(word) = self.words().next().filter(|word| word.raw.eq_ignore_ascii_case("at")) else {
            return Ok(None);
        };
        self.rest.start = word.at.end;
        if self.rest_is_empty() {
            return Err(self.missing(wording!("fault-when")));
        }
        match behind_at(self, &word, At::Past)? {
            Behind::Moment(at) => Ok(at),
            Behind::Words => Ok(None),
        }
    }

    /// Takes the item off the front, if one stands there or was given.
    pub(super) fn target(&mut self) -> Option<Target> {
        if self.colon || self.given.is_some() {
            return self.given;
        }
        let word = self.words().next()?;
        let (target, colon) = target_and_colon(word.raw)?;
        self.colon = colon;
        self.rest.start = word.at.end;
        Some(target)
    }

    /// The same for a verb whose arguments are no prose: the item may also stand behind them (`/assign @dana T7`).
    pub(super) fn target_or_last(&mut self) -> Option<Target> {
        let first = self.target();
        if first.is_some() || self.colon {
            return first;
        }
        let last = self.words().last()?;
        let target = target(last.raw)?;
        self.rest.end = last.at.start;
        Some(target)
    }

    /// The same for a verb whose arguments are items: the first of several is what it is about, a single one is not.
    pub(super) fn target_of_items(&mut self) -> Option<Target> {
        if self.words().nth(1).is_some() { self.target() } else { self.given }
    }

    /// A fault at these bytes.
    pub(super) fn fault(&self, at: Range<usize>, what: impl Into<Wording>) -> Fault {
        Fault::new(self.input, at, what)
    }

    /// A fault at this word.
    pub(super) fn at(&self, word: &Word<'_>, what: impl Into<Wording>) -> Fault {
        self.fault(word.at.clone(), what)
    }

    /// Something is missing at the end.
    pub(super) fn missing(&self, what: impl Into<Wording>) -> Fault {
        let end = self.input.trim_end().len();
        let what: Wording = what.into();
        self.fault(
            end..end,
            wording!(
                "fault-missing",
                what,
                example = Wording::each(self.verb.example_in(Lang::English), self.verb.example_in(Lang::Korean))
            ),
        )
    }

    /// There is no use for this.
    pub(super) fn useless(&self, at: Range<usize>) -> Fault {
        self.fault(
            at,
            wording!(
                "fault-useless",
                usage = Wording::each(self.verb.usage_in(Lang::English), self.verb.usage_in(Lang::Korean))
            ),
        )
    }

    /// Nothing may follow.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        let mut left = self.words();
        let Some(first) = left.next() else {
            return Ok(());
        };
        Err(self.useless(first.at.start..self.rest.end))
    }

    /// All that is left, as it was written: free text has no tokens. May be empty.
    pub(super) fn text(&mut self) -> Result<String, Fault> {
        let rest = self.rest.clone();
        self.rest.start = self.rest.end;
        let mut text = String::new();
        for (index, (_, line)) in lines(self.input, rest.clone()).enumerate() {
            if index > 0 {
                text.push('\n');
            }
            // A backslash keeps a line from being the next command of the message.
            let escaped = index > 0 && line.starts_with('\\') && line.trim_start_matches('\\').starts_with('/');
            text.push_str(if escaped { &line[1..] } else { line });
        }
        let text = text.trim().replace('\r', "\n");
        if self.strict && !self.colon && !text.is_empty() {
            return Err(self.fault(rest, wording!("fault-sentence")));
        }
        if text.chars().nth(TEXT_CHARS_MAX).is_some() {
            return Err(self.fault(rest.end..rest.end, wording!("fault-long", most = TEXT_CHARS_MAX.to_string())));
        }
        Ok(text)
    }

    /// The same behind a verb that can stand alone: nothing but items, or numbers, is no reason but a mistake.
    pub(super) fn reason(&mut self) -> Result<String, Fault> {
        let at = self.words().next().map_or(self.rest.clone(), |word| word.at.start..self.rest.end);
        let colon = self.colon;
        let text = self.text()?;
        if !colon && only_items(&text) {
            let short = |example: &str| example.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let example =
                Wording::each(short(self.verb.example_in(Lang::English)), short(self.verb.example_in(Lang::Korean)));
            return Err(self.fault(at, wording!("fault-one-at-a-time", example)));
        }
        Ok(text)
    }

    /// The same, where there has to be some.
    pub(super) fn some_text(&mut self, missing: Wording) -> Result<String, Fault> {
        let text = self.text()?;
        if text.is_empty() { Err(self.missing(missing)) } else { Ok(text) }
    }

    /// All that is left, as items; at least one.
    pub(super) fn items(&mut self) -> Result<Vec<ItemRef>, Fault> {
        let mut items = Vec::new();
        while let Some(word) = self.next() {
            for item in super::token::items(word.raw).map_err(|what| self.at(&word, what))? {
                super::token::add(&mut items, item).map_err(|what| self.at(&word, what))?;
            }
        }
        if items.is_empty() { Err(self.missing(wording!("fault-which-item"))) } else { Ok(items) }
    }
}

/// Whether a text is nothing but items or numbers: `T7, T8`, `7`, `#7`.
pub(super) fn only_items(text: &str) -> bool {
    let mut parts = text.split([' ', ',', '\n']).filter(|part| !part.is_empty()).peekable();
    let number = |part: &str| part.strip_prefix('#').unwrap_or(part).bytes().all(|byte| byte.is_ascii_digit());
    parts.peek().is_some() && parts.all(|part| target(part).is_some() || number(part))
}

/// Free text as it has to be printed behind a verb, so that [`Args::text`] reads it again.
pub(super) fn print_text(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            printed.push('\n');
            let escaped = line.starts_with('\\') && line.trim_start_matches('\\').starts_with('/');
            if escaped || begins_command(line) {
                printed.push('\\');
            }
        }
        printed.push_str(line);
    }
    printed
}
