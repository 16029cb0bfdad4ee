//! Purpose: a message is pinned, or not any more. In a group that takes a right the bot may not have.

use serde::{Serialize, de::IgnoredAny};
use teloxide::requests::Payload;

use crate::api::CallError;

/// `pinChatMessage`: <https://core.telegram.org/bots/api#pinchatmessage>.
#[derive(Serialize)]
pub(crate) struct PinMessage {
    pub(crate) chat_id: i64,
    message_id: i64,
    disable_notification: bool,
}

impl Payload for PinMessage {
    type Output = IgnoredAny;
    const NAME: &'static str = "pinChatMessage";
}

/// `unpinChatMessage`: <https://core.telegram.org/bots/api#unpinchatmessage>.
#[derive(Serialize)]
pub(crate) struct UnpinMessage {
    pub(crate) chat_id: i64,
    message_id: i64,
}

impl Payload for UnpinMessage {
    type Output = IgnoredAny;
    const NAME: &'static str = "unpinChatMessage";
}

impl PinMessage {
    pub(crate) fn new(chat_id: i64, message_id: i64) -> Self {
        Self { chat_id, message_id, disable_notification: true }
    }
}

impl UnpinMessage {
    pub(crate) fn new(chat_id: i64, message_id: i64) -> Self {
        Self { chat_id, message_id }
    }
}

/// Whether it stood that way already.
pub(crate) fn is_unchanged(error: &CallError) -> bool {
    matches!(error, CallError::Answer(refusal) if refusal.code == 400 && refusal.description.contains("CHAT_NOT_MODIFIED"))
}
