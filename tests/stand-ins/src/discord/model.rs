//! Purpose: what the control side speaks in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The bot the stand-in knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct BotIdentity {
    /// What `Authorization: Bot …` must carry.
    pub token: String,
    /// Its user id, which is also its application's.
    pub id: u64,
    /// Its username.
    pub username: String,
    /// Whether the privileged intent for message content is switched on.
    pub message_content: bool,
}

impl Default for BotIdentity {
    fn default() -> Self {
        Self {
            token: "NDI0Mg.stand-in.discord-token".into(),
            id: 4242,
            username: "yoman".into(),
            message_content: false,
        }
    }
}

/// A person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// 0: a new one.
    pub id: u64,
    /// Lower-case handle; empty: made from the name.
    pub username: String,
    /// The name that is shown.
    pub name: String,
    /// The direct chat with the bot.
    pub dm: u64,
}

/// A channel of a guild, or a thread.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewChannel {
    /// The guild; 0: a new one.
    pub guild_id: u64,
    /// Its name.
    pub name: String,
    /// The channel (and message, if any) a thread belongs to; 0: it is no thread.
    pub parent_id: u64,
    /// The message a thread is opened on.
    pub message_id: u64,
    /// Who opens the thread; 0: anybody.
    pub owner_id: u64,
}

/// Somebody writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Say {
    /// Where.
    pub channel_id: u64,
    /// Who.
    pub user_id: u64,
    /// What, as Discord's own source text: `<@1>` is a mention.
    pub text: String,
    /// The message it answers; 0: none.
    pub reply_to: u64,
    /// Files, as `{filename, size, content_type}`.
    pub attachments: Vec<Value>,
}

/// Somebody uses a command, a button, a menu or a form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Invoke {
    /// Where.
    pub channel_id: u64,
    /// Who.
    pub user_id: u64,
    /// The command's name: `todo`, `yoman capture todo`, or a message command's.
    pub command: String,
    /// The values of its options.
    pub options: BTreeMap<String, Value>,
    /// For a message command: on which message.
    pub target_id: u64,
    /// The option that is being typed: asks for suggestions.
    pub focused: String,
}

/// Somebody fills in a form they were shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ask {
    /// The interaction that was answered with the form.
    pub interaction_id: u64,
    /// What is written into its fields, in order.
    pub values: Vec<String>,
}

/// What became of an interaction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answered {
    /// Which.
    pub interaction_id: u64,
    /// The type of the first answer; `None` so far.
    pub kind: Option<u64>,
    /// How long it took.
    pub after_us: u64,
    /// The `data` of the first answer.
    pub data: Value,
    /// What it and its follow-ups show now.
    pub messages: Vec<Shown>,
}

/// A message as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Its id.
    pub id: u64,
    /// Where.
    pub channel_id: u64,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// The text with its formatting gone: content, then the descriptions of embeds.
    pub text: String,
    /// The content as it was sent.
    pub content: String,
    /// The embeds as they were sent.
    pub embeds: Value,
    /// Its buttons, row after row; the options of menus too.
    pub buttons: Vec<Vec<ShownButton>>,
    /// The message it answers.
    pub reply_to: Option<u64>,
    /// The one person who sees it.
    pub only_for: Option<u64>,
    /// Whom it called: mentions that were not switched off.
    pub pings: Vec<String>,
    /// Its flags.
    pub flags: u64,
    /// Names of its files.
    pub files: Vec<String>,
    /// How often it was changed.
    pub edits: u32,
    /// It stands pinned.
    pub pinned: bool,
    /// The earlier texts, oldest first.
    pub versions: Vec<String>,
    /// When it arrived here, in microseconds since the server was built.
    pub at_us: u64,
}

/// A button as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownButton {
    /// What it says.
    pub label: String,
    /// What it carries.
    pub custom_id: String,
    /// The menu it stands in; empty: it is a button.
    pub menu: String,
}

/// A failure to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What must stand in `METHOD /path` of the request; empty: any.
    pub route: String,
    /// Let so many such requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it meets.
    pub times: u32,
    /// What happens.
    pub kind: FaultKind,
}

/// What happens to a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with these many milliseconds.
    TooMany {
        /// How long to wait.
        retry_after_ms: u64,
        /// For everything, not for the route alone.
        global: bool,
    },
    /// An answer of a server in trouble.
    Status(u16),
    /// The socket closes; nothing is done.
    DropBefore,
    /// It takes effect and the socket closes before the answer.
    DropAfter,
    /// The answer takes these many milliseconds.
    Slow(u64),
    /// Nothing is done and no answer ever comes.
    Hang,
    /// It takes effect and no answer ever comes.
    HangAfter,
}

impl Fault {
    /// A fault for `times` requests whose `METHOD /path` holds `route`.
    pub fn new(route: &str, times: u32, kind: FaultKind) -> Self {
        Self { route: route.into(), skip: 0, times, kind }
    }
}

/// Rates of the service; off by default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Requests in [`Self::window_ms`] per route and channel.
    pub per_route: u32,
    /// The window of a route.
    pub window_ms: u64,
    /// Requests a second in all, interactions not counted.
    pub global_per_s: u32,
    /// One identify in five seconds.
    pub identify: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_route: 5, window_ms: 5_000, global_per_s: 50, identify: true }
    }
}

/// A request that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// `GET`, `POST`, ..
    pub method: String,
    /// The path behind `/api/v10`.
    pub path: String,
    /// The JSON body, if any.
    pub body: Value,
    /// The status that was answered.
    pub status: u16,
}

/// What was counted since the server was built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Messages the bot has sent, answers to interactions among them.
    pub messages_sent: u64,
    /// Messages written and interactions made, as far as a session was connected to hear of them.
    pub delivered: u64,
    /// Sessions begun and taken up again.
    pub starts: u64,
    /// Now, in microseconds since the server was built.
    pub now_us: u64,
}
