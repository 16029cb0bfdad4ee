//! The trait every platform implements. It stays narrow: what differs between platforms is data.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{Inbox, MessageRef, Outbound, RoomId};

/// Cancelled when the process stops. A bot then takes nothing new and returns within 2 s.
pub type Stop = CancellationToken;

/// The name of one bot in this process, for example `telegram` or `telegram-work`: lower case letters, digits and `-`.
/// It begins every [`RoomId`] of that bot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BotName(String);

impl BotName {
    /// Takes the name as configured.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a length limit of a platform counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// UTF-16 code units.
    Utf16,
    /// Unicode scalar values.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
}

impl LengthUnit {
    /// The length of `text` in this unit.
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Chars => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// What a platform can do. Core code asks this, never which platform it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The platform's name as people know it, for "dana (Discord)".
    pub title: &'static str,
    /// A message that was sent can be changed in place.
    pub edits: bool,
    /// Buttons can stand under a message.
    pub buttons: bool,
    /// At most so many bytes of data in a button.
    pub button_data_bytes_max: usize,
    /// At most so many buttons in a row.
    pub buttons_per_row_max: usize,
    /// At most this length of text in a message; 0: no limit.
    pub text_length_max: usize,
    /// What `text_length_max` counts.
    pub length_unit: LengthUnit,
    /// A line that begins with a known verb is a command even without `/`.
    pub bare_verbs: bool,
    /// The people here are on the machine itself: the first one at a new log is its owner.
    pub local: bool,
    /// A button can open a form for the words it needs ([`crate::Button::ask`]); otherwise the words are asked for in the chat.
    pub forms: bool,
    /// An answer can be shown to one person alone ([`Outbound::only_for`]).
    pub private_answers: bool,
    /// A picture can be shown ([`Outbound::picture`]).
    pub pictures: bool,
    /// A message can be pinned ([`Outbound::pin`]).
    pub pins: bool,
    /// We are told when somebody reacts to a message of ours ([`crate::Said::Reacted`]).
    pub reactions: bool,
}

impl Capabilities {
    /// A command as people write it here: without `/` where that never leaves the platform's apps, or is not needed.
    pub fn written<'a>(&self, command: &'a str) -> &'a str {
        if self.bare_verbs { command.trim_start_matches('/') } else { command }
    }

    /// Text without limits and nothing else: what a new platform begins with.
    pub const fn text_only(title: &'static str) -> Self {
        Self {
            title,
            edits: false,
            buttons: false,
            button_data_bytes_max: 0,
            buttons_per_row_max: 0,
            text_length_max: 0,
            length_unit: LengthUnit::Chars,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pictures: false,
            pins: false,
            reactions: false,
        }
    }
}

/// Why a message was not sent, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The platform asks to wait. Nothing was sent. `whole_bot`: the limit is not of this room alone.
    #[error("the platform asks to wait {} ms", after.as_millis())]
    RetryAfter {
        /// How long.
        after: Duration,
        /// All rooms of this bot must wait.
        whole_bot: bool,
    },
    /// It was certainly not sent; it may work later (connection refused, 5xx with an answer).
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request went out and no answer came: it may have been sent.
    #[error("may have been sent: {0}")]
    Unknown(String),
    /// The message to be edited is not there any more, or can no longer be edited.
    #[error("the message is gone: {0}")]
    Gone(String),
    /// The platform will never take this (blocked by the person, kicked from the group, malformed): trying again is useless.
    #[error("refused by the platform: {0}")]
    Refused(String),
}

/// Why a bot stopped running.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The setting is wrong (a revoked token, a missing scope): it needs a person. Says what to do; never holds a secret.
    #[error("{0}")]
    Setting(String),
    /// Anything else; the bot is started again after a pause.
    #[error("{0}")]
    Failed(String),
}

/// One bot on one platform.
#[async_trait]
pub trait Bot: Send + Sync + 'static {
    /// Its name in this process.
    fn name(&self) -> &BotName;

    /// What its platform can do.
    fn capabilities(&self) -> Capabilities;

    /// Where a message can be opened by whoever may see its room: an https address; `None` where there is none. No network.
    fn link(&self, _message: &MessageRef) -> Option<String> {
        None
    }

    /// Takes what arrives and submits it, in the order of arrival within a room, until `stop`. Returns `Ok` when there is
    /// nothing more to come (end of input) or when stopped.
    ///
    /// # Errors
    /// [`BotError`] when it cannot go on; transient trouble of the platform is waited out inside.
    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError>;

    /// Shows a new message. One attempt: repeating is the caller's.
    ///
    /// # Errors
    /// [`SendError`] says whether it may have been sent, and whether trying again makes sense.
    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError>;

    /// Changes a message in place; a change to what it already shows, or pinning what is pinned, is `Ok`. One attempt;
    /// repeating it is harmless.
    ///
    /// # Errors
    /// As for [`Bot::send`]; [`SendError::Gone`] when there is nothing to change any more.
    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError>;
}
