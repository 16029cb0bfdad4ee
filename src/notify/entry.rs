//! One entry of the outbox: what is to be shown in a room, and how far that got.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use yoman_chat::{Capabilities, LengthUnit, Outbound, Style, split};

use super::{board_rows::Anew, key::Seq, queue::now_ms};
use crate::{
    domain::ItemRef,
    lang::{Lang, say},
};

/// Why something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Somebody asked. Never dropped for want of room.
    Answer,
    /// The room follows it. A newer one on the same item takes the place of one that waits.
    Notice,
    /// What the room missed while it was told nothing. Shown however late.
    Digest,
    /// The process says it by itself.
    Plain,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// Show a new message.
    Message {
        kind: Kind,
        message: Outbound,
        /// The item it is the card of then, with the version it shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<(ItemRef, u64)>,
        /// The message of the room that becomes this one, by the platform's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<String>,
    },
    /// Bring the room's card of the item up to date.
    Refresh { item: ItemRef },
    /// Bring the room's board up to date.
    Board {
        #[serde(default, skip_serializing_if = "Anew::is_no")]
        anew: Anew,
    },
}

/// As stored under `o`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    /// When it was registered, in milliseconds.
    pub(super) at: i64,
    pub(super) what: What,
    /// The first attempt was recorded together with the entry. A row under `t` knows better.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) tried: bool,
    /// It is one part, or known to need no parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) fits: bool,
}

/// Why a message may already have been delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unsure {
    /// The process ended between the attempt and its outcome.
    Stopped,
    /// The platform gave no answer.
    NoAnswer,
}

/// As stored under `t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tries {
    /// How many attempts were made.
    pub(super) count: u32,
    /// The newest attempt has no outcome yet.
    pub(super) open: bool,
    /// An attempt may have worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unsure: Option<Unsure>,
}

/// An entry in memory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) seq: Seq,
    pub(super) row: Row,
    /// How long its stored value is.
    pub(super) bytes: usize,
    pub(super) tries: Tries,
}

/// The longest text that stands under a picture, in UTF-16 units, with room for a mark: platforms take less text there.
const CAPTION_UTF16_MAX: usize = 900;

/// Takes the picture off the last of some messages when its text is too long to stand under one: it follows by itself.
fn picture_apart(parts: &mut [Outbound]) -> Option<Outbound> {
    let last = parts.last_mut()?;
    if LengthUnit::Utf16.of(&last.text.to_plain()) <= CAPTION_UTF16_MAX {
        return None;
    }
    let picture = last.picture.take()?;
    Some(Outbound {
        text: picture.alt.as_str().into(),
        picture: Some(picture),
        silent: true,
        only_for: last.only_for.clone(),
        answers: last.answers.clone(),
        ..Outbound::default()
    })
}

/// How much of a platform's length limit is left free for [`Entry::shown`]'s mark.
const MARK_ROOM: usize = 80;

impl Entry {
    pub(super) fn is_answer(&self) -> bool {
        matches!(self.row.what, What::Message { kind: Kind::Answer, .. })
    }

    /// Nobody asked for it. A refresh is never stale: it shows what is true when it is sent.
    pub(super) fn is_unsolicited(&self) -> bool {
        matches!(self.row.what, What::Message { kind: Kind::Notice | Kind::Digest | Kind::Plain, .. })
    }

    /// What it tells is nowhere else told, so that it is never too old.
    pub(super) fn is_digest(&self) -> bool {
        matches!(self.row.what, What::Message { kind: Kind::Digest, .. })
    }

    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        u128::try_from(now_ms().saturating_sub(self.row.at)).is_ok_and(|it| it > age.as_millis())
    }

    /// What to send: marked when an earlier attempt may have worked.
    pub(super) fn shown(&self, message: &Outbound, lang: Lang) -> Outbound {
        let mut message = message.clone();
        message.nonce = Some(self.seq.to_string());
        message.lang = lang.code().to_owned();
        message.repeat = self.tries.unsure.is_some();
        let mark = match self.tries.unsure {
            None => return message,
            Some(Unsure::Stopped) => say!(lang, "repeat-stopped"),
            Some(Unsure::NoAnswer) => say!(lang, "repeat-no-answer"),
        };
        message.text.push(Style::Dim, format!("\n({mark})"));
        message
    }

    /// Cuts a message into parts the platform takes: itself becomes the first, the others are returned in order. The card
    /// goes with the last.
    pub(super) fn cut(&mut self, capabilities: &Capabilities) -> Vec<Self> {
        let (at, tries) = (self.row.at, self.tries);
        let What::Message { kind, message, card, .. } = &mut self.row.what else { return Vec::new() };
        if self.row.fits {
            return Vec::new();
        }
        self.row.fits = true;
        let kind = *kind;
        let mut limits = capabilities.clone();
        if limits.text_length_max > 4 * MARK_ROOM {
            limits.text_length_max -= MARK_ROOM;
        }
        let mut parts = split(std::mem::take(message), &limits);
        let apart = picture_apart(&mut parts);
        parts.extend(apart);
        let mut parts = parts.into_iter();
        *message = parts.next().unwrap_or_default();
        let mut rest: Vec<_> = (1..)
            .zip(parts)
            .map(|(part, message)| Self {
                seq: Seq { seq: self.seq.seq, part },
                row: Row {
                    at,
                    what: What::Message { kind, message, card: None, over: None },
                    tried: false,
                    fits: true,
                },
                bytes: 0,
                tries: Tries { count: 0, open: false, ..tries },
            })
            .collect();
        if let Some(last) = rest.last_mut()
            && let What::Message { card: last, .. } = &mut last.row.what
        {
            *last = card.take();
        }
        rest
    }
}
