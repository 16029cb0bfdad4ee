//! Purpose: what the control side of the stand-in speaks in, from Rust and as JSON over HTTP.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The bot this server knows. Another token is answered with 401.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct BotIdentity {
    /// `<id>:<secret>`; the id before the colon is the bot's user id.
    pub token: String,
    /// Its username without `@`.
    pub username: String,
    /// Its name.
    pub first_name: String,
    /// False: privacy mode is on, and in a group it sees only what is meant for it.
    pub can_read_all_group_messages: bool,
}

impl Default for BotIdentity {
    fn default() -> Self {
        Self {
            token: "4242:stand-in-token".into(),
            username: "yoman_bot".into(),
            first_name: "yoman".into(),
            can_read_all_group_messages: true,
        }
    }
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// 0 when adding: the server chooses.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Username without `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF language tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// Has never opened the bot: there is no private chat, and a bot cannot begin one.
    pub not_started: bool,
}

/// The kinds of chats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the bot; its id is the person's.
    Private,
    /// A basic group: negative id.
    Group,
    /// A supergroup: id below -1000000000000, its own message numbers.
    #[default]
    Supergroup,
    /// A channel.
    Channel,
}

impl ChatKind {
    /// As the Bot API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

/// A group to be added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewChat {
    /// Group, supergroup or channel.
    #[serde(rename = "type")]
    pub kind: ChatKind,
    /// Its title.
    pub title: String,
    /// Its public name without `@`.
    pub username: Option<String>,
    /// Whether it has topics (supergroups only).
    pub is_forum: bool,
    /// The bot is an admin here: privacy mode does not apply, and it may pin.
    pub bot_is_admin: bool,
}

/// Something a person writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Say {
    /// Where.
    pub chat_id: i64,
    /// Who.
    pub user_id: i64,
    /// What; with a file it is the caption.
    pub text: String,
    /// Entities beyond those the server finds by itself (a `text_mention` for example).
    pub entities: Vec<Value>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The topic.
    pub thread: Option<i64>,
    /// A file: `photo`, `document`, `voice`, `audio`, `video`, `animation`, `video_note`, `sticker`.
    pub attach: Option<String>,
    /// Speak as the chat itself: an anonymous admin.
    pub anonymous: bool,
    /// Further fields of the message, as they are.
    pub extra: Map<String, Value>,
}

/// What became of something a person did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The message written or changed.
    pub message_id: i64,
    /// The update the bot will see; `None` where it sees nothing (privacy mode, kicked, not among `allowed_updates`).
    pub update_id: Option<i64>,
}

/// A button press.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Press {
    /// Where.
    pub chat_id: i64,
    /// Who.
    pub user_id: i64,
    /// The message the button stands under.
    pub message_id: i64,
    /// What the button carries, or what it says.
    pub button: String,
}

/// A button as it stands under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownButton {
    /// What it says.
    pub text: String,
    /// What it carries.
    pub data: Option<String>,
    /// Its colour: `danger`, `success` or `primary`.
    pub style: Option<String>,
}

/// A message as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Its id in its chat.
    pub message_id: i64,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// Who wrote it.
    pub from: i64,
    /// The topic it stands in.
    pub thread: Option<i64>,
    /// The text as it stands now.
    pub text: String,
    /// Its entities.
    pub entities: Vec<Value>,
    /// The rows of buttons under it.
    pub buttons: Vec<Vec<ShownButton>>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// Sent without a sound.
    pub silent: bool,
    /// Unix time in seconds.
    pub date: i64,
    /// When it arrived here, in microseconds since the server was built.
    pub at_us: u64,
    /// When it was last changed, in the same clock.
    pub edited_at_us: Option<u64>,
    /// Unix time of the last change.
    pub edit_date: Option<i64>,
    /// The earlier texts, oldest first.
    pub versions: Vec<String>,
    /// It is gone.
    pub deleted: bool,
    /// It stands pinned.
    pub pinned: bool,
    /// Fields of the message that are none of the above (`photo` and the like).
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
    /// The inline keyboard as it was sent.
    #[serde(skip)]
    pub(crate) markup: Option<Value>,
    /// Who wrote it, as a `User` object.
    #[serde(skip)]
    pub(crate) author: Value,
}

/// What an answered button press showed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallbackAnswer {
    /// The query.
    pub id: String,
    /// The short line, if any.
    pub text: Option<String>,
    /// Shown as an alert.
    pub show_alert: bool,
    /// When, in microseconds since the server was built.
    pub at_us: u64,
}

/// One fault, for the next calls of a method.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// The method, or `*` for every one.
    pub method: String,
    /// Only for calls that name this chat.
    pub chat_id: Option<i64>,
    /// Let so many matching calls pass first.
    pub skip: u32,
    /// How many calls it hits.
    pub times: u32,
    /// What happens.
    pub kind: FaultKind,
}

/// What happens to a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Answered with this code and nothing done. 502, 503 and 504 answer a web page, as the real front does.
    Status {
        /// HTTP and `error_code`.
        code: u16,
        /// `description`; empty: a usual one.
        description: String,
        /// `parameters.retry_after`, in seconds.
        retry_after: Option<u64>,
    },
    /// The socket closes before anything is done.
    #[default]
    DropBefore,
    /// It is done, and the socket closes before the answer.
    DropAfter,
    /// Nothing is done and no answer ever comes.
    HangBefore,
    /// It is done and no answer ever comes.
    HangAfter,
    /// Done and answered after so many milliseconds.
    Slow(u64),
}

impl Fault {
    /// The next `times` calls of `method` meet `kind`.
    pub fn new(method: &str, times: u32, kind: FaultKind) -> Self {
        Self { method: method.into(), times, kind, ..Self::default() }
    }

    /// The next `times` calls of `method` are answered with `code`.
    pub fn status(method: &str, times: u32, code: u16) -> Self {
        Self::new(method, times, FaultKind::Status { code, description: String::new(), retry_after: None })
    }

    /// The next `times` calls of `method` are answered with 429 and this `retry_after` in seconds.
    pub fn too_many(method: &str, times: u32, retry_after: u64) -> Self {
        let kind = FaultKind::Status { code: 429, description: String::new(), retry_after: Some(retry_after) };
        Self::new(method, times, kind)
    }

    /// The next `times` calls of `method` are answered with `code` and `description`.
    pub fn refusal(method: &str, times: u32, code: u16, description: &str) -> Self {
        let kind = FaultKind::Status { code, description: description.into(), retry_after: None };
        Self::new(method, times, kind)
    }
}

/// The rates the service keeps; off unless set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Messages a second in one chat.
    pub chat_per_s: u32,
    /// Messages a chat may take at once before the rate holds.
    pub chat_burst: u32,
    /// Messages a minute in one group.
    pub group_per_min: u32,
    /// Messages a second in all.
    pub all_per_s: u32,
}

impl Default for Limits {
    /// The public figures: <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.
    fn default() -> Self {
        Self { chat_per_s: 1, chat_burst: 3, group_per_min: 20, all_per_s: 30 }
    }
}

/// One call the bot made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The method as written in the path.
    pub method: String,
    /// Its parameters; the token is not among them.
    pub params: Map<String, Value>,
    /// When it arrived, in microseconds since the server was built.
    pub at_us: u64,
    /// The address it came from.
    pub from: std::net::IpAddr,
}

/// What was counted since the server was built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Calls by method.
    pub calls: std::collections::BTreeMap<String, u64>,
    /// Calls answered with an error, by code.
    pub errors: std::collections::BTreeMap<u16, u64>,
    /// When the first getUpdates arrived, in microseconds since the server was built.
    pub first_get_updates_us: Option<u64>,
    /// The same as Unix time in microseconds, to compare with another process.
    pub first_get_updates_unix_us: Option<i64>,
    /// When the last getUpdates arrived.
    pub last_get_updates_us: Option<u64>,
    /// When the last call arrived, whichever method.
    pub last_call_us: Option<u64>,
    /// Updates made for the bot.
    pub updates_made: u64,
    /// Updates the bot has confirmed: forgotten here.
    pub updates_confirmed: u64,
    /// Updates handed out, repeats included.
    pub updates_delivered: u64,
    /// Messages the bot has sent.
    pub messages_sent: u64,
    /// Messages the bot has changed.
    pub messages_edited: u64,
    /// Webhook deliveries tried.
    pub webhook_tries: u64,
    /// Now, in microseconds since the server was built.
    pub now_us: u64,
}

/// Where an update stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WaitingUpdate {
    /// Its id.
    pub update_id: i64,
    /// How often it was handed out.
    pub delivered: u32,
    /// The update itself.
    pub update: Value,
}
