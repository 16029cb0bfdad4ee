//! The small words of the language: tags, projects, handles, people, identities, roles, priorities, due dates.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Why a word cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Too long.
    #[error("it is longer than {NAME_CHARS_MAX} characters")]
    TooLong,
    /// A character that cannot be part of a name.
    #[error("{0:?} cannot be part of it (letters, digits, - _ . only)")]
    Character(char),
}

/// The longest tag, project or handle, in characters.
pub const NAME_CHARS_MAX: usize = 64;

fn name(text: &str) -> Result<String, NameFault> {
    let name: String = text.nfc().flat_map(char::to_lowercase).collect();
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(NameFault::TooLong);
    }
    let fits = |c: char| {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '.') || unicode_normalization::char::is_combining_mark(c)
    };
    match name.chars().find(|&c| !fits(c)) {
        Some(c) => Err(NameFault::Character(c)),
        None => Ok(name),
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident $sigil:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Box<str>);

        impl $type {
            /// Takes a word without its sigil: lower case, NFC, letters of any script, digits and `- _ .`, at most
            /// [`NAME_CHARS_MAX`] characters.
            ///
            /// # Errors
            /// [`NameFault`] says what is wrong with the word.
            pub fn new(text: &str) -> Result<Self, NameFault> {
                name(text).map(|name| Self(name.into_boxed_str()))
            }

            /// The word without its sigil.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($sigil, "{}"), self.0)
            }
        }
    )*};
}

names! {
    /// A tag; shown as `#auth`.
    Tag "#";
    /// A project; shown as `in:app`.
    Project "in:";
    /// A person as they are written in a chat; shown as `@dana`. `@me` is whoever says it.
    Handle "@";
}

/// A person: the number in `person/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub u32);

impl PersonId {
    /// The stream of this person.
    pub fn stream(self) -> String {
        format!("person/{}", self.0)
    }

    /// The person whose stream this is.
    pub fn of_stream(stream: &str) -> Option<Self> {
        stream.strip_prefix("person/")?.parse().ok().map(Self)
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person/{}", self.0)
    }
}

/// Somebody on one platform: `telegram/4711`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(pub String);

/// What a person may do. Each role may do all that the one below may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks only.
    Guest,
    /// Changes items.
    Member,
    /// Pairs people, enables rooms.
    Maintainer,
    /// Everything.
    Owner,
}

/// How pressing something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is nothing else.
    Low,
    /// Unless said otherwise.
    #[default]
    Normal,
    /// Before the normal ones.
    High,
    /// Now.
    Urgent,
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// By the end of that day, in whatever time zone the reader is.
    Day(NaiveDate),
    /// At an instant.
    At(DateTime<Utc>),
}

macro_rules! words {
    ($type:ident { $($variant:ident $word:literal),* $(,)? }) => {
        impl $type {
            /// All of them, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The one with this word (any case).
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.word().eq_ignore_ascii_case(word))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(Role { Guest "guest", Member "member", Maintainer "maintainer", Owner "owner" });
words!(Priority { Low "low", Normal "normal", High "high", Urgent "urgent" });
