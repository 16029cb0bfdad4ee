//! Which reaction to a card means which verb in a room.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Bucket, PersonId,
    filter::StateWord,
    item::{Act, Carry, Item},
    pr,
};

/// The most reactions that mean something in a room.
pub const REACTIONS_MAX: usize = 50;
/// The longest name of a picture that is a server's or a workspace's own, in characters.
const NAME_CHARS_MAX: usize = 64;

/// An emoji as it is compared: without the variation selector and without a skin tone; the name of a server's or a
/// workspace's own picture between colons, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

impl Emoji {
    /// Reads `✅`, `✔️`, `👍🏽`, `:white_check_mark:`, `:shipit:`, `<:shipit:12345>`; `None` for what is no emoji.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        // As one platform writes a server's own: `<a:name:12345>`.
        let named = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).and_then(|text| {
            let (name, id) = text.trim_start_matches('a').strip_prefix(':')?.split_once(':')?;
            (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
        });
        let named = named.or_else(|| text.strip_prefix(':')?.strip_suffix(':'));
        let Some(name) = named else {
            let plain = plain(text);
            let known = emojis::get(text).or_else(|| emojis::get(&plain)).is_some();
            return (known && !plain.is_empty()).then_some(Self(plain));
        };
        // `:+1::skin-tone-4:`
        let name = name.split_once("::").map_or(name, |(name, _)| name).to_ascii_lowercase();
        if let Some(known) = emojis::get_by_shortcode(&name) {
            return Some(Self(plain(known.as_str())));
        }
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'');
        let count = name.chars().count();
        ((1..=NAME_CHARS_MAX).contains(&count) && name.chars().all(fits)).then(|| Self(format!(":{name}:")))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without what only says how it is drawn.
fn plain(emoji: &str) -> String {
    emoji.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')).collect()
}

/// What a reaction can mean: a verb that needs no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionVerb {
    /// Finish it.
    Done,
    /// Begin it.
    Doing,
    /// Open it again.
    Reopen,
    /// Take it to the next stage.
    Promote,
    /// Drop it.
    Reject,
    /// Approve the change.
    Approve,
    /// It went in.
    Merge,
    /// It will not go in.
    Close,
    /// Whoever reacts does it.
    Take,
}

impl ReactionVerb {
    /// All of them, the likeliest first.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Doing,
        Self::Take,
        Self::Reopen,
        Self::Promote,
        Self::Reject,
        Self::Approve,
        Self::Merge,
        Self::Close,
    ];

    /// How it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Doing => "start",
            Self::Reopen => "reopen",
            Self::Promote => "promote",
            Self::Reject => "reject",
            Self::Approve => "approve",
            Self::Merge => "merge",
            Self::Close => "close",
            Self::Take => "take",
        }
    }

    /// The verb of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.trim_start_matches('/').to_ascii_lowercase();
        match word.as_str() {
            "finish" => Some(Self::Done),
            "doing" | "begin" => Some(Self::Doing),
            "assign" => Some(Self::Take),
            "review" => Some(Self::Approve),
            _ => Self::ALL.into_iter().find(|verb| verb.word() == word),
        }
    }

    /// What `me` does with it.
    pub fn act<P>(self, me: P) -> Act<P> {
        let no = String::new;
        match self {
            Self::Done => Act::Done { anyway: false, text: no() },
            Self::Doing => Act::Doing,
            Self::Reopen => Act::Reopen { reason: no() },
            Self::Promote => Act::Promote { to: None, carry: Carry::default() },
            Self::Reject => Act::Reject { reason: no() },
            Self::Approve => Act::Review { verdict: pr::Verdict::Approve, text: no() },
            Self::Merge => Act::Merge,
            Self::Close => Act::Close { reason: no() },
            Self::Take => Act::Assign { people: vec![me] },
        }
    }

    /// Whether an item is already what the verb would make of it: then a reaction is mere agreement.
    pub fn is_so(self, item: &Item, me: PersonId) -> bool {
        let state = item.state_word();
        match self {
            Self::Done => matches!(state, StateWord::Done | StateWord::Merged),
            Self::Doing => matches!(state, StateWord::Doing | StateWord::Running),
            Self::Reopen => !item.is_closed(),
            Self::Promote => {
                state == StateWord::Promoted || (item.reference.bucket == Bucket::Research && state == StateWord::Done)
            }
            Self::Reject => state == StateWord::Rejected,
            Self::Approve => matches!(state, StateWord::Reviewed | StateWord::Merged),
            Self::Merge => state == StateWord::Merged,
            Self::Close => state == StateWord::Closed,
            Self::Take => item.people.contains(&me),
        }
    }
}

/// What a reaction means in one room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// The reaction.
    pub emoji: Emoji,
    /// What it means; `None`: nothing, though it usually would.
    #[serde(default)]
    pub verb: Option<ReactionVerb>,
}

/// What reactions mean in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactions {
    /// What was said of single ones, in the order in which it was.
    #[serde(default)]
    pub mapped: Vec<Mapped>,
    /// Everything was switched off once: the usual ones mean nothing either.
    #[serde(default)]
    pub cleared: bool,
}

/// What reactions mean in somebody's own room unless something else is said. Not every platform offers the first.
pub const USUAL: [(&str, ReactionVerb); 3] =
    [("✅", ReactionVerb::Done), ("💯", ReactionVerb::Done), ("👀", ReactionVerb::Doing)];

impl Reactions {
    /// What is in force, in the order to show it. `direct`: in somebody's own room the usual ones are on from the beginning.
    pub fn in_force(&self, direct: bool) -> Vec<(Emoji, ReactionVerb)> {
        let usual = USUAL.iter().filter(|_| direct && !self.cleared);
        let usual = usual.map(|(emoji, verb)| (Emoji((*emoji).to_owned()), *verb));
        let unsaid = usual.filter(|(emoji, _)| self.said(emoji).is_none());
        unsaid.chain(self.mapped.iter().filter_map(|it| Some((it.emoji.clone(), it.verb?)))).collect()
    }

    /// What one means.
    pub fn verb(&self, emoji: &Emoji, direct: bool) -> Option<ReactionVerb> {
        match self.said(emoji) {
            Some(mapped) => mapped.verb,
            None if direct && !self.cleared => {
                USUAL.iter().find(|(usual, _)| *usual == emoji.as_str()).map(|(_, verb)| *verb)
            }
            None => None,
        }
    }

    /// Nothing was ever said of any.
    pub fn is_unsaid(&self) -> bool {
        self.mapped.is_empty() && !self.cleared
    }

    pub(super) fn said(&self, emoji: &Emoji) -> Option<&Mapped> {
        self.mapped.iter().find(|it| it.emoji == *emoji)
    }

    /// Says what one means from now on.
    pub(super) fn map(&mut self, emoji: &Emoji, verb: Option<ReactionVerb>) {
        match self.mapped.iter_mut().find(|it| it.emoji == *emoji) {
            Some(mapped) => mapped.verb = verb,
            None => self.mapped.push(Mapped { emoji: emoji.clone(), verb }),
        }
    }

    /// None means anything any more.
    pub(super) fn clear(&mut self) {
        *self = Self { mapped: Vec::new(), cleared: true };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Emoji::read(text).map(|emoji| emoji.0)
    }

    #[test]
    fn one_emoji_is_one_however_it_is_written() {
        for (all, plain) in [
            (&["✅", ":white_check_mark:", "✅\u{fe0f}"][..], "✅"),
            (&["✔", "✔\u{fe0f}", ":heavy_check_mark:"], "✔"),
            (&["👍", "👍🏽", ":+1:", ":thumbsup:", ":+1::skin-tone-4:"], "👍"),
            (&["👀", ":eyes:", ":EYES:"], "👀"),
            (&["❤", "❤\u{fe0f}", ":heart:"], "❤"),
            (&[":shipit2:", "<:shipit2:12345>", "<a:Shipit2:9>"], ":shipit2:"),
        ] {
            for one in all {
                assert_eq!(read(one).as_deref(), Some(plain), "{one}");
            }
        }
        for wrong in
            ["", "a", "done", "::", ":", ":a b:", "✅✅", "<:x:>", "<x>", "\u{fe0f}", "#tag", "7", &":x".repeat(99)]
        {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_verb_is_read_as_it_is_written() {
        for verb in ReactionVerb::ALL {
            assert_eq!(ReactionVerb::of_word(verb.word()), Some(verb));
            assert_eq!(ReactionVerb::of_word(&verb.word().to_uppercase()), Some(verb));
        }
        assert_eq!(ReactionVerb::of_word("note"), None, "it needs words");
    }

    #[test]
    fn the_usual_ones_hold_in_a_room_of_ones_own_until_something_else_is_said() {
        let emoji = |text| Emoji::read(text).unwrap();
        let mut reactions = Reactions::default();
        assert_eq!(reactions.in_force(false), []);
        assert_eq!(reactions.in_force(true).len(), 3);
        assert_eq!(reactions.verb(&emoji("✅"), true), Some(ReactionVerb::Done));
        assert_eq!(reactions.verb(&emoji("✅"), false), None);
        reactions.map(&emoji("✅"), Some(ReactionVerb::Merge));
        reactions.map(&emoji("👀"), None);
        assert_eq!(reactions.verb(&emoji("✅"), false), Some(ReactionVerb::Merge));
        assert_eq!(reactions.verb(&emoji("👀"), true), None);
        assert_eq!(reactions.in_force(true), [(emoji("💯"), ReactionVerb::Done), (emoji("✅"), ReactionVerb::Merge)]);
        reactions.clear();
        assert_eq!(reactions.in_force(true), []);
        reactions.map(&emoji("🔥"), Some(ReactionVerb::Done));
        assert_eq!(reactions.in_force(true), [(emoji("🔥"), ReactionVerb::Done)]);
    }
}
