//! The words people see, in every language there is: a key and what goes into it become text, in the word order of the
//! language. Outside text is only ever data here.
//!
//! # Layout
//!
//! * `mod.rs`     [`Lang`]; the macros `say!`, `text!` and `text_in!`
//! * `rooms.rs`   the list of the files with words: `en/<room>.ftl` and `ko/<room>.ftl`
//! * `bundle.rs`  the files as Fluent bundles; from a key to characters
//! * `arg.rs`     what goes into a text: words, numbers, spans with a style
//! * `josa.rs`    Korean particles, chosen by the sound before them
//! * `dates.rs`   the names of days and months
//! * `wording.rs` words for a reader who is not known yet: reasons and refusals; the macro `wording!`

mod arg;
mod bundle;
mod dates;
mod josa;
mod rooms;
#[cfg(test)]
mod tests;
mod wording;

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use yoman_chat::{Style, Text};

pub(crate) use self::wording::{part, worded, wording};
pub use self::{
    arg::{Arg, bold, code, dim, item, link, plain, quote, styled},
    bundle::grouped,
    wording::{Part, Wording},
};

/// A language people are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Korean.
    #[serde(rename = "ko")]
    Korean,
}

impl Lang {
    /// Every language there is.
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    /// Its code (BCP 47): `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Korean => "한국어",
        }
    }

    /// What it is called in English.
    pub fn english(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Korean => "Korean",
        }
    }

    /// The language a code means, whatever its region: `ko-KR`, `en_GB`. `None`: one that is not spoken here.
    pub fn parse(code: &str) -> Option<Self> {
        let language = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| lang.code().eq_ignore_ascii_case(language))
    }

    /// The language of a room: the one that was set there, else the one its platform hints at, else `default`. A code of
    /// a language that is not spoken here counts as none.
    pub fn choose(set: Option<&str>, hint: Option<Self>, default: Self) -> Self {
        set.and_then(Self::parse).or(hint).unwrap_or(default)
    }

    /// The words of a key, with what goes into them; styles are dropped. A key that is missing is said in English, then
    /// by its own name.
    pub fn say(self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        bundle::characters(self, key, &mut args.iter().map(|(name, arg)| (*name, arg.unstyled())))
    }

    /// As [`Lang::say`], as a text in which what goes in keeps its own look.
    pub fn text(self, key: &str, args: &[(&str, Arg<'_>)]) -> Text {
        self.text_in(Style::Plain, key, args)
    }

    /// As [`Lang::text`], with the words themselves in a style.
    pub fn text_in(self, style: Style, key: &str, args: &[(&str, Arg<'_>)]) -> Text {
        let mut placed: Vec<Cow<'_, Text>> = Vec::new();
        let mut place = |text| {
            placed.push(text);
            placed.len() - 1
        };
        let mut values = args.iter().map(|(name, arg)| (*name, arg.placed(&mut place)));
        let said = bundle::characters(self, key, &mut values);
        let mut out = Text::new();
        let mut from = 0;
        for (at, c) in said.char_indices() {
            if let Some(text) = arg::place_of(c).and_then(|place| placed.get(place)) {
                out.push(style.clone(), said.get(from..at).unwrap_or_default());
                for span in &text.spans {
                    out.push(span.style.clone(), &span.text);
                }
                from = at + c.len_utf8();
            }
        }
        out.push(style, said.get(from..).unwrap_or_default());
        out
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// `say!(lang, "key", n = 3, title)`: [`Lang::say`] with named arguments; a name alone is the variable of that name.
macro_rules! say {
    ($lang:expr, $key:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::lang::Lang::say($lang, $key, &[$((stringify!($name), $crate::lang::named!($name $(= $value)?))),*])
    };
}

/// `text!(lang, "key", item = it.reference, n = 3)`: [`Lang::text`] with named arguments.
macro_rules! text {
    ($lang:expr, $key:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::lang::Lang::text($lang, $key, &[$((stringify!($name), $crate::lang::named!($name $(= $value)?))),*])
    };
}

/// `text_in!(lang, Style::Dim, "key", n = 3)`: [`Lang::text_in`] with named arguments.
macro_rules! text_in {
    ($lang:expr, $style:expr, $key:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::lang::Lang::text_in(
            $lang,
            $style,
            $key,
            &[$((stringify!($name), $crate::lang::named!($name $(= $value)?))),*],
        )
    };
}

/// One named argument of the macros above.
macro_rules! named {
    ($name:ident) => {
        $crate::lang::Arg::from($name)
    };
    ($name:ident = $value:expr) => {
        $crate::lang::Arg::from($value)
    };
}

pub(crate) use {named, say, text, text_in};
