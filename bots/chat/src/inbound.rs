//! What people do in a chat, in no platform's words.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A room as the platform addresses it: `<bot name>/<chat>[/<thread>]`, for example `telegram/-100123/45`.
/// The part before the first `/` is always the name of the bot that owns the room.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(String);

impl RoomId {
    /// Takes the id as its bot wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the bot that owns this room.
    pub fn bot(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// What stands behind the bot's name: the platform's own address.
    pub fn local(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who is speaking, as the platform knows them: `<platform>/<user id>`, for example `telegram/4711`.
/// Two bots of one platform give the same person the same id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SenderId(String);

impl SenderId {
    /// Takes the id as its bot wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The platform: what stands before the first `/`.
    pub fn platform(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message on its platform: enough to edit it or to answer it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageRef {
    /// The room it stands in.
    pub room: RoomId,
    /// The platform's id of the message inside the room.
    pub id: String,
}

/// Whether a room is one person's own or shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// One person and the bot.
    Direct,
    /// Several people; silent until a maintainer enables it.
    Group,
}

/// The room something was said in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Direct or group.
    pub kind: RoomKind,
    /// The platform's title of a group, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The person who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The platform's id of the person.
    pub id: SenderId,
    /// The name the platform shows.
    pub name: String,
    /// The handle without `@`, if the platform has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The language hint of the platform (BCP 47), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Somebody named inside a text, resolved by the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The piece of the text that names them, exactly as it stands in the text.
    pub written: String,
    /// Who it is.
    pub sender: SenderId,
}

/// What kind of file was attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Photo,
    /// A file.
    Document,
    /// A voice message.
    Voice,
    /// A sound file.
    Audio,
    /// A film, an animation or a video note.
    Video,
    /// Anything else the platform can hold a file of.
    Other,
}

/// A file that stays on the platform and is kept by reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// The platform's id of the file.
    pub file_id: String,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its size in bytes, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// The message that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// Which message.
    pub message: MessageRef,
    /// Whether this bot wrote it.
    pub ours: bool,
    /// Its text as the platform repeats it, if it does: names the item when nothing else is known of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What was done. Its written form is kept on disk: a name in it is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    /// A message was written.
    Message {
        /// The text, or the caption of what was attached. Plain: formatting is dropped by the adapter.
        text: String,
        /// The message itself.
        message: MessageRef,
        /// The message it answers, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<ReplyTo>,
        /// Files that came with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// People named in the text, where the platform resolves them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
        /// In a group: whether the bot was spoken to (mentioned, or its own command syntax used).
        /// Always true in a direct room.
        addressed: bool,
    },
    /// A message written earlier was changed by its writer.
    Edited {
        /// The text as it now stands.
        text: String,
        /// The message that was changed.
        message: MessageRef,
        /// People named in the text, where the platform resolves them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
        /// As in `Message`.
        addressed: bool,
    },
    /// A button under one of our messages was pressed.
    Pressed {
        /// What the button carries ([`crate::Button::data`]).
        data: String,
        /// The message the button stands under.
        card: MessageRef,
        /// What was written into the form the button opened ([`crate::Button::ask`]); they stand behind `data`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<String>,
    },
    /// Somebody put a reaction to a message, or took it away again. Its writer may be anybody: an adapter leaves out only
    /// what it knows not to be ours.
    Reacted {
        /// Which message. Where reactions do not say in which thread it stands, its room and id are those without one.
        message: MessageRef,
        /// The emoji itself, or the name of a server's or a workspace's own between colons: `✅`, `:shipit:`.
        emoji: String,
        /// Put there, or taken away.
        added: bool,
    },
    /// A message written earlier was deleted by its writer.
    Deleted {
        /// The message that is gone.
        message: MessageRef,
    },
}

/// One thing that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// `<bot name>/<chat>/<message>` and, for edits and presses, what tells them apart. The same delivery has the
    /// same id however often it comes: it becomes the command id, so it is what makes redelivery harmless.
    pub id: String,
    /// Where.
    pub room: Room,
    /// Who.
    pub sender: Sender,
    /// What.
    pub said: Said,
    /// When, by the platform's clock.
    pub sent_at: DateTime<Utc>,
}
