//! Purpose: what the control side speaks in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The app as the workspace knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppIdentity {
    /// `xoxb-…`
    pub bot_token: String,
    /// `xapp-…`, for Socket Mode.
    pub app_token: String,
    /// What HTTP mode signs with.
    pub signing_secret: String,
    /// The workspace.
    pub team_id: String,
    /// The app.
    pub app_id: String,
    /// The user the bot is.
    pub bot_user: String,
    /// The bot behind that user.
    pub bot_id: String,
    /// Its name.
    pub name: String,
    /// The scopes of the bot token.
    pub scopes: Vec<String>,
    /// Socket Mode is switched on.
    pub socket_mode: bool,
    /// Links to these domains are told to the app.
    pub unfurl_domains: Vec<String>,
}

impl Default for AppIdentity {
    fn default() -> Self {
        let scopes = [
            "app_mentions:read",
            "channels:history",
            "channels:read",
            "chat:write",
            "commands",
            "files:write",
            "groups:history",
            "groups:read",
            "im:history",
            "im:read",
            "im:write",
            "links:read",
            "links:write",
            "mpim:history",
            "mpim:read",
            "pins:write",
            "reactions:read",
            "users:read",
        ];
        Self {
            bot_token: "xoxb-1111-2222-standinbottoken".into(),
            app_token: "xapp-1-A0STANDIN-3333-standinapptoken".into(),
            signing_secret: "5tand1n5igning5ecret0123456789ab".into(),
            team_id: "T0STANDIN".into(),
            app_id: "A0STANDIN".into(),
            bot_user: "U0YOMAN".into(),
            bot_id: "B0YOMAN".into(),
            name: "yoman".into(),
            scopes: scopes.map(str::to_owned).to_vec(),
            socket_mode: true,
            unfurl_domains: Vec::new(),
        }
    }
}

/// A person in the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Empty: chosen.
    pub id: String,
    /// The handle.
    pub name: String,
    /// The name shown.
    pub real_name: String,
    /// For example `en-US`.
    pub locale: String,
    /// Another bot.
    pub is_bot: bool,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// A public channel.
    #[default]
    Channel,
    /// A private one.
    Group,
    /// A person with the bot, or with another person.
    Im,
    /// Several people.
    Mpim,
}

/// A channel to be added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewChannel {
    /// What it is.
    pub kind: ChannelKind,
    /// Its name.
    pub name: String,
    /// The bot is no member.
    pub without_bot: bool,
}

/// Something a person writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Say {
    /// Where.
    pub channel: String,
    /// Who.
    pub user: String,
    /// What, as it is read.
    pub text: String,
    /// `text` is as Slack writes it (`<@U1>`, `&amp;`) already.
    pub raw: bool,
    /// The thread it is written in.
    pub thread_ts: Option<String>,
    /// Files that come with it, as `file` objects.
    pub files: Vec<Value>,
    /// Further fields of the message, as they are.
    pub extra: Map<String, Value>,
}

/// A press of a button or a choice in an overflow menu.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Press {
    /// Where.
    pub channel: String,
    /// Who.
    pub user: String,
    /// The message it stands under; empty: the person's home.
    pub ts: String,
    /// What it carries, its label or its action id.
    pub button: String,
}

/// A slash command.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Slash {
    /// Where.
    pub channel: String,
    /// Who.
    pub user: String,
    /// `/yoman`
    pub command: String,
    /// What stands behind it.
    pub text: String,
}

/// A form that is sent off.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Submit {
    /// Which.
    pub view_id: String,
    /// Written into its first input.
    pub text: String,
}

/// A button as it stands under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownButton {
    /// What it says.
    pub text: String,
    /// What it carries.
    pub value: String,
    /// Its action id; that of the menu for a choice in an overflow menu.
    pub action_id: String,
    /// The block it stands in.
    pub block_id: String,
    /// `primary` or `danger`.
    pub style: Option<String>,
    /// It is a choice in an overflow menu.
    pub overflow: bool,
}

/// A message as people see it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Its id in its channel.
    pub ts: String,
    /// The channel.
    pub channel: String,
    /// The thread it stands in.
    pub thread_ts: Option<String>,
    /// A thread's message that stands in the channel too.
    pub broadcast: bool,
    /// Whether the bot wrote it.
    pub by_bot: bool,
    /// Who wrote it.
    pub user: String,
    /// What is read: the blocks' text, else the text.
    pub text: String,
    /// The text parameter as it came: the fallback where there are blocks.
    pub fallback: String,
    /// Its blocks as they stand.
    pub blocks: Vec<Value>,
    /// Its attachments as they stand.
    pub attachments: Vec<Value>,
    /// The rows of buttons.
    pub buttons: Vec<Vec<ShownButton>>,
    /// Its metadata.
    pub metadata: Option<Value>,
    /// Only this person sees it.
    pub only_for: Option<String>,
    /// Files that came with it.
    pub files: Vec<Value>,
    /// When it was last changed, as a timestamp of Slack.
    pub edited: Option<String>,
    /// The earlier texts, oldest first.
    pub versions: Vec<String>,
    /// It is gone.
    pub deleted: bool,
    /// It stands pinned.
    pub pinned: bool,
    /// When it arrived here, in microseconds since the server was built.
    pub at_us: u64,
    /// When it was last changed, in the same clock.
    pub edited_at_us: Option<u64>,
    /// Further fields.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A modal that is open, or a home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Who sees it.
    pub user: String,
    /// As it was sent.
    pub view: Value,
    /// Changes with every change.
    pub hash: String,
    /// It is open (a modal that was sent off or closed is not).
    pub open: bool,
}

/// An unfurled link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfurl {
    /// Where.
    pub channel: String,
    /// Under which message.
    pub ts: String,
    /// By URL.
    pub unfurls: Value,
}

/// One fault, for the next calls of a method.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// The method, or `*` for every one.
    pub method: String,
    /// Only for calls that name this channel.
    pub channel: Option<String>,
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
    /// Answered with this status and nothing done; 5xx answer a web page.
    Status {
        /// HTTP.
        code: u16,
        /// The `error` in the answer.
        error: String,
        /// The `Retry-After` header, in seconds.
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
        Self::new(method, times, FaultKind::Status { code, error: String::new(), retry_after: None })
    }

    /// The next `times` calls of `method` are answered 200 with `ok: false` and this error.
    pub fn refusal(method: &str, times: u32, error: &str) -> Self {
        Self::new(method, times, FaultKind::Status { code: 200, error: error.into(), retry_after: None })
    }

    /// The next `times` calls of `method` are answered with 429 and this `Retry-After` in seconds.
    pub fn too_many(method: &str, times: u32, retry_after: u64) -> Self {
        let kind = FaultKind::Status { code: 429, error: "ratelimited".into(), retry_after: Some(retry_after) };
        Self::new(method, times, kind)
    }
}

/// The rates the service keeps; off unless set.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Messages a second in one channel.
    pub channel_per_s: u32,
    /// Messages a channel may take at once before the rate holds.
    pub channel_burst: u32,
}

impl Default for Limits {
    /// "1 message per second per channel; short bursts are allowed": <https://docs.slack.dev/apis/web-api/rate-limits>.
    fn default() -> Self {
        Self { channel_per_s: 1, channel_burst: 3 }
    }
}

/// How deliveries go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// So long the app has to acknowledge.
    pub ack_deadline_ms: u64,
    /// The pauses before events come again; after the last they are lost. What people do (commands, presses, forms) never comes again.
    pub retry_pauses_ms: Vec<u64>,
    /// What happens while no socket is open is lost, instead of being held for the next one.
    pub lose_when_away: bool,
    /// What people do by hand goes to the socket that is open there and then, or to none: they are told it failed.
    pub hand_once: bool,
    /// Every envelope is sent twice.
    pub twice: bool,
    /// The pause between pings to the app.
    pub ping_ms: u64,
}

impl Default for Delivery {
    /// "3 seconds", and "nearly immediately, after 1 minute, after 5 minutes": <https://docs.slack.dev/apis/events-api>.
    fn default() -> Self {
        Self {
            ack_deadline_ms: 3_000,
            retry_pauses_ms: vec![0, 60_000, 300_000],
            lose_when_away: false,
            hand_once: false,
            twice: false,
            ping_ms: 5_000,
        }
    }
}

/// One call the app made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The method.
    pub method: String,
    /// Its parameters; the token is not among them.
    pub params: Map<String, Value>,
    /// When it arrived, in microseconds since the server was built.
    pub at_us: u64,
}

/// Something that waits for the app's acknowledgement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The envelope.
    pub envelope_id: String,
    /// `events_api`, `slash_commands`, `interactive` or another.
    pub kind: String,
    /// How often it was sent.
    pub tries: u32,
    /// What is in it.
    pub payload: Value,
}

/// What was counted since the server was built.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Calls by method.
    pub calls: std::collections::BTreeMap<String, u64>,
    /// Calls answered with an error, by error.
    pub errors: std::collections::BTreeMap<String, u64>,
    /// Sockets opened.
    pub sockets_opened: u64,
    /// Sockets open now.
    pub sockets_open: u64,
    /// Envelopes made.
    pub envelopes_made: u64,
    /// Envelopes sent, repeats included.
    pub envelopes_sent: u64,
    /// Envelopes acknowledged in time.
    pub envelopes_acked: u64,
    /// Acknowledgements that came for nothing that waits: too late, or twice.
    pub acks_late: u64,
    /// Envelopes given up.
    pub envelopes_lost: u64,
    /// How long acknowledgements took, in microseconds: the last 10,000.
    pub ack_us: Vec<u64>,
    /// Messages the bot has sent.
    pub messages_sent: u64,
    /// Messages the bot has changed.
    pub messages_edited: u64,
    /// Frames of the app that make no sense, in words.
    pub bad_frames: Vec<String>,
    /// Now, in microseconds since the server was built.
    pub now_us: u64,
}
