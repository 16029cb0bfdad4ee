//! Words that are put together before it is known who reads them: a key with what goes into it, said in a language later.
//! Reasons and refusals are made of these; logs say them in English.

use std::{borrow::Cow, fmt};

use yoman_chat::{Style, Text};

use super::{Arg, Lang};
use crate::domain::{Due, ItemRef};

/// Something to be said in whatever language the reader turns out to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A key, and what goes into its words.
    Said { key: &'static str, args: Vec<(&'static str, Part)> },
    /// As it is, in every language.
    Text(Text),
    /// What is no sentence and written by nobody but a table: a command as it is said in each language.
    Each { english: Cow<'static, str>, korean: Cow<'static, str> },
}

/// Something that goes into the words of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words as they are; also what a choice in a text is made by.
    Words(Cow<'static, str>),
    /// A number, written in groups of three.
    Number(i64),
    /// Spans that keep their look.
    Styled(Text),
    /// A day or an instant, as the reader would write it.
    When(Due),
    /// Words in the same language.
    Wording(Wording),
}

impl Wording {
    /// The words of a key: `wording!("key", n = 3)`.
    pub fn new(key: &'static str, args: impl IntoIterator<Item = (&'static str, Part)>) -> Self {
        Self(vec![Piece::Said { key, args: args.into_iter().collect() }])
    }

    /// A command, as it is said in each language.
    pub fn each(english: impl Into<Cow<'static, str>>, korean: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![Piece::Each { english: english.into(), korean: korean.into() }])
    }

    /// This, then that.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// This, then words that are the same in every language: blanks, commands.
    #[must_use]
    pub fn plain(self, words: impl AsRef<str>) -> Self {
        self.styled(Style::Plain, words)
    }

    /// This, then words with a look.
    #[must_use]
    pub fn styled(self, style: Style, words: impl AsRef<str>) -> Self {
        let mut text = Text::new();
        text.push(style, words);
        self.then(text)
    }

    /// In a language, without looks; dates as in a log.
    pub fn say(&self, lang: Lang) -> String {
        self.text(lang, &plainly).to_plain()
    }

    /// In a language, with dates as `when` writes them.
    pub fn text(&self, lang: Lang, when: &dyn Fn(Due) -> String) -> Text {
        let mut out = Text::new();
        for piece in &self.0 {
            let text = match piece {
                Piece::Text(text) => Cow::Borrowed(text),
                Piece::Each { english, korean } => Cow::Owned(Text::from(match lang {
                    Lang::English => &**english,
                    Lang::Korean => &**korean,
                })),
                Piece::Said { key, args } => {
                    let args: Vec<_> = args.iter().map(|(name, part)| (*name, part.arg(lang, when))).collect();
                    Cow::Owned(lang.text(key, &args))
                }
            };
            for span in &text.spans {
                out.push(span.style.clone(), &span.text);
            }
        }
        out
    }
}

/// A date where nobody is known whose time zone it could be in.
fn plainly(due: Due) -> String {
    match due {
        Due::Day(day) => day.to_string(),
        Due::At(at) => at.format("%F %R UTC").to_string(),
    }
}

impl Part {
    fn arg<'a>(&'a self, lang: Lang, when: &dyn Fn(Due) -> String) -> Arg<'a> {
        match self {
            Self::Words(words) => Arg::Words(Cow::Borrowed(words)),
            Self::Number(number) => Arg::Number(*number),
            Self::Styled(text) => Arg::from(text),
            Self::When(due) => Arg::from(when(*due)),
            Self::Wording(wording) => Arg::from(wording.text(lang, when)),
        }
    }
}

/// In English: what a log says.
impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::English))
    }
}

impl From<Text> for Wording {
    fn from(text: Text) -> Self {
        Self(vec![Piece::Text(text)])
    }
}

impl From<&str> for Wording {
    fn from(words: &str) -> Self {
        Text::from(words).into()
    }
}

impl From<String> for Wording {
    fn from(words: String) -> Self {
        Text::from(words).into()
    }
}

impl From<&'static str> for Part {
    fn from(words: &'static str) -> Self {
        Self::Words(Cow::Borrowed(words))
    }
}

impl From<String> for Part {
    fn from(words: String) -> Self {
        Self::Words(Cow::Owned(words))
    }
}

impl From<&String> for Part {
    fn from(words: &String) -> Self {
        words.clone().into()
    }
}

impl From<Text> for Part {
    fn from(text: Text) -> Self {
        Self::Styled(text)
    }
}

impl From<Wording> for Part {
    fn from(wording: Wording) -> Self {
        Self::Wording(wording)
    }
}

impl From<Due> for Part {
    fn from(due: Due) -> Self {
        Self::When(due)
    }
}

/// In a sentence a reference is a word like others.
impl From<ItemRef> for Part {
    fn from(reference: ItemRef) -> Self {
        reference.to_string().into()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Part {
            fn from(number: $number) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers!(i32, i64, u8, u16, u32, u64, usize);

/// `wording!("key", item, n = 3)`: [`Wording::new`] with named parts; a name alone is the variable of that name.
macro_rules! wording {
    ($key:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::lang::Wording::new($key, [$((stringify!($name), $crate::lang::part!($name $(= $value)?))),*])
    };
}

/// One named part of the macro above.
macro_rules! part {
    ($name:ident) => {
        $crate::lang::Part::from($name)
    };
    ($name:ident = $value:expr) => {
        $crate::lang::Part::from($value)
    };
}

/// An error whose words are a [`Wording`]: `Display` says them in English.
macro_rules! worded {
    ($($error:ty),* $(,)?) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.wording(), f)
            }
        }

        impl std::error::Error for $error {}

        impl $error {
            /// The same in a language.
            pub fn say(&self, lang: $crate::lang::Lang) -> String {
                self.wording().say(lang)
            }
        }
    )*};
}

pub(crate) use {part, worded, wording};
