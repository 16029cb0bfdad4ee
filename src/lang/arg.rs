//! What goes into a text: words, numbers, spans with a style. Styled spans are formatted as one character each from a
//! private area, which is exchanged for the spans afterwards: the word order stays the translator's.

use std::{borrow::Cow, fmt};

use fluent_bundle::{FluentValue, types::FluentType};
use yoman_chat::{Style, Text};

use crate::domain::ItemRef;

/// The first of the characters that stand for spans; in a plane nobody has assigned.
const PLACES: u32 = 0xf_0000;
/// How many there are: more than a text has arguments.
const PLACES_MAX: u32 = 0x100;

/// Something that goes into a text. Words are data: nothing in them is ever read as a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Words as they are; also what a choice in a text is made by.
    Words(Cow<'a, str>),
    /// A number: written in groups of three, and what plural forms are chosen by.
    Number(i64),
    /// Spans that keep their look.
    Styled(Cow<'a, Text>),
}

impl<'a> Arg<'a> {
    /// For characters without a look.
    pub(super) fn unstyled<'b>(&'b self) -> FluentValue<'b>
    where
        'a: 'b,
    {
        match self {
            Self::Words(words) => FluentValue::String(Cow::Borrowed(words)),
            Self::Number(number) => FluentValue::from(*number),
            Self::Styled(text) => FluentValue::String(text.to_plain().into()),
        }
    }

    /// For a text: what has a look is put in its place by `place`, which says where that is.
    pub(super) fn placed<'b>(&'b self, place: &mut impl FnMut(Cow<'b, Text>) -> usize) -> FluentValue<'b>
    where
        'a: 'b,
    {
        let text = match self {
            Self::Words(words) if words.chars().any(|c| place_of(c).is_some()) => Cow::Owned(Text::from(&**words)),
            Self::Words(words) => return FluentValue::String(Cow::Borrowed(words)),
            Self::Number(number) => return FluentValue::from(*number),
            Self::Styled(text) => Cow::Borrowed(text.as_ref()),
        };
        let characters = text.to_plain();
        let placed = Placed { at: place(text), characters };
        FluentValue::Custom(Box::new(placed))
    }
}

/// Where a character stands for spans; `None` for a character that stands for itself.
pub(super) fn place_of(c: char) -> Option<usize> {
    u32::from(c).checked_sub(PLACES).filter(|place| *place < PLACES_MAX).and_then(|place| usize::try_from(place).ok())
}

/// Spans in a text that is being formatted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    at: usize,
    /// What they say: particles depend on it.
    pub(super) characters: String,
}

impl FluentType for Placed {
    fn duplicate(&self) -> Box<dyn FluentType + Send> {
        Box::new(self.clone())
    }

    fn as_string(&self, _: &intl_memoizer::IntlLangMemoizer) -> Cow<'static, str> {
        self.stand_in()
    }

    fn as_string_threadsafe(&self, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Cow<'static, str> {
        self.stand_in()
    }
}

impl Placed {
    fn stand_in(&self) -> Cow<'static, str> {
        let c = u32::try_from(self.at).ok().filter(|at| *at < PLACES_MAX).and_then(|at| char::from_u32(PLACES + at));
        // More arguments than there are places: they lose their look and nothing else.
        c.map_or_else(|| self.characters.clone().into(), |c| c.to_string().into())
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(words.into())
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(words: &'a String) -> Self {
        Self::Words(words.into())
    }
}

impl From<String> for Arg<'_> {
    fn from(words: String) -> Self {
        Self::Words(words.into())
    }
}

impl<'a> From<Cow<'a, str>> for Arg<'a> {
    fn from(words: Cow<'a, str>) -> Self {
        Self::Words(words)
    }
}

impl From<Text> for Arg<'_> {
    fn from(text: Text) -> Self {
        Self::Styled(Cow::Owned(text))
    }
}

impl<'a> From<&'a Text> for Arg<'a> {
    fn from(text: &'a Text) -> Self {
        Self::Styled(Cow::Borrowed(text))
    }
}

impl From<ItemRef> for Arg<'_> {
    fn from(reference: ItemRef) -> Self {
        item(reference)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Arg<'_> {
            fn from(number: $number) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers!(i32, i64, u8, u16, u32, u64, usize);

/// A span in a style.
pub fn styled<'a>(style: Style, words: impl AsRef<str>) -> Arg<'a> {
    let mut text = Text::new();
    text.push(style, words);
    text.into()
}

/// A reference to an item.
pub fn item<'a>(reference: impl fmt::Display) -> Arg<'a> {
    styled(Style::Item, reference.to_string())
}

/// Outside text.
pub fn quote<'a>(words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Quote, words)
}

/// Bold words.
pub fn bold<'a>(words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Bold, words)
}

/// Secondary words.
pub fn dim<'a>(words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Dim, words)
}

/// Something to be typed as it is.
pub fn code<'a>(words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Code, words)
}

/// A link.
pub fn link<'a>(url: impl Into<String>, words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Link(url.into()), words)
}

/// Words that stay plain inside words that have a style ([`super::Lang::text_in`]).
pub fn plain<'a>(words: impl AsRef<str>) -> Arg<'a> {
    styled(Style::Plain, words)
}
