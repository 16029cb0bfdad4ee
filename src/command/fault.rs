//! A [`Fault`] as people see it: the place, what is wrong there, what to do; and the nearest word to one that is unknown.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::{Fault, korean::letters};
use crate::lang::{Wording, worded, wording};

/// How much of the place is shown, in characters.
const SHOWN_CHARS_MAX: usize = 60;
/// How far the place is moved to the right, in columns, to stand under what was typed.
const INDENT_MAX: usize = 40;
/// A longer word is never taken for a misspelt one, in bytes.
const MISSPELT_MAX: usize = 24;

impl Fault {
    /// A fault in `input` at these bytes.
    pub(super) fn new(input: &str, at: Range<usize>, what: impl Into<Wording>) -> Self {
        Self { input: input.to_owned(), at, what: what.into(), meant: Vec::new() }
    }

    /// The same, with what may have been meant instead.
    pub(super) fn meaning(mut self, meant: Vec<String>) -> Self {
        self.meant = meant;
        self
    }

    /// The place as it is shown and its column; `None` where the sentence says it all: it is about the first word.
    fn place(&self) -> Option<(usize, String)> {
        let before = self.input.get(..self.at.start)?;
        if before.trim().is_empty() {
            return None;
        }
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        // Nothing stands there yet: show what stands before it.
        let (from, to) = if self.at.is_empty() { (line, self.at.start) } else { (self.at.start, self.at.end) };
        let place = self.input.get(from..to)?.lines().next().unwrap_or_default().trim_end();
        let mut shown: String = place.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < place.len() {
            shown.push('…');
        }
        let column = self.input.get(line..from)?.width();
        Some((if column > INDENT_MAX { 0 } else { column }, shown))
    }
}

impl Fault {
    /// The place, what is wrong there, and what may have been meant.
    pub fn wording(&self) -> Wording {
        let what = self.what_and_where();
        match self.meant.split_first() {
            None => what,
            Some((first, others)) => {
                let what = wording!("fault-meant", what, meant = first);
                others.iter().fold(what, |what, other| wording!("fault-or", what, other))
            }
        }
    }

    /// The same without what may have been meant.
    pub fn what_and_where(&self) -> Wording {
        match self.place() {
            Some((column, place)) => Wording::from(format!("{:column$}{place}   <- ", "")).then(self.what.clone()),
            None => self.what.clone(),
        }
    }
}

worded!(Fault);

/// Those of `known` that `word` may be a misspelling of, the nearest first, at most three. A short word has to be
/// nearer than a long one: `/etc` is no misspelt verb. Korean is compared letter by letter: a syllable has two or three.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    if word.len() > MISSPELT_MAX {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    let word = letters(&lower);
    let (length, short) = (word.chars().count(), if word.len() > lower.len() { 6 } else { 4 });
    if length < 2 {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|known| {
            let letters = letters(known);
            let allowed = if length.min(letters.chars().count()) <= short { 1 } else { 2 };
            let distance = strsim::osa_distance(&word, &letters);
            (distance <= allowed).then_some((distance, known))
        })
        .collect();
    near.sort_by_key(|&(distance, _)| distance);
    near.dedup_by_key(|&mut (_, known)| known);
    near.into_iter().take(3).map(|(_, known)| known).collect()
}
