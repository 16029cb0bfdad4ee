//! Slack as a bot: Socket Mode or signed HTTP in, Block Kit out.
//!
//! # Layout
//!
//! * `lib.rs`           [`SlackConfig`], [`Slack`]: connect, run
//! * `api.rs`           one call, one attempt, an error that says whether it took effect
//! * `socket.rs`        Socket Mode; `http_mode.rs` the other way in
//! * `intake.rs`        one delivery from its JSON to a receipt
//! * `events.rs`        events -> [`yoman_chat::Inbound`]; `interactivity.rs` commands, presses, forms, shortcuts
//! * `reading.rs`       Slack's markup into what people read; `names.rs` what people and channels are called
//! * `threads.rs`       what a thread is about; `answers.rs` how a delivery can be answered
//! * `kept.rs`          what was kept already; `catch_up.rs` what was said while nobody listened
//! * `outbound.rs`      [`Outbound`] -> Block Kit; `sending.rs` out it goes; `forms.rs` modals
//! * `home.rs`          the app's home; `unfurl.rs` previews of references
//! * `place.rs`         rooms, messages, people by their ids
//! * `manifest.rs`      the app described; `check.rs` whether it is set up so

mod answers;
mod api;
mod catch_up;
mod check;
mod events;
mod forms;
mod home;
mod http_mode;
mod intake;
mod interactivity;
mod kept;
mod manifest;
mod names;
mod outbound;
mod place;
mod reading;
mod sending;
mod socket;
mod threads;
mod unfurl;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, LengthUnit, Menu, MessageRef, Outbound, RoomId, SendError, Stop,
};

pub use check::Check;
pub use manifest::{ManifestFor, manifest};
pub use reqwest::Url;
pub use socket::Timing;
pub use yoman_chat::Secret;

use crate::{
    api::{Api, CallError},
    intake::{Core, Intake, Lanes, Us},
    sending::Unsure,
};

/// Where the Web API is.
pub const API_URL: &str = "https://slack.com/api/";
/// The longest text handed to us: what does not fit a message goes along as a file.
const TEXT_CHARS_MAX: usize = 100_000;
/// The longest pause between two tries to learn who we are.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long the last note of how far was read may take when we stop.
const LAST_WORD: Duration = Duration::from_millis(300);

/// How Slack reaches us.
#[derive(Clone, Debug)]
pub enum Mode {
    /// We open a socket: no public address is needed.
    Socket,
    /// Slack posts to us, behind a proxy that ends TLS.
    Http {
        /// Where to listen.
        listen: SocketAddr,
        /// What each request is signed with.
        signing_secret: Secret,
    },
}

/// One Slack app in one workspace.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// Its name in this process; begins every room id.
    pub name: BotName,
    /// `xoxb-…`
    pub bot_token: Secret,
    /// `xapp-…`; needed for Socket Mode.
    pub app_token: Option<Secret>,
    /// How Slack reaches us.
    pub mode: Mode,
    /// Where the Web API is; `None`: [`API_URL`].
    pub api_url: Option<Url>,
    /// How long a call may take.
    pub request_timeout: Duration,
    /// What can be said: tells commands from sentences behind the slash command.
    pub menu: Menu,
    /// The slash command that takes every verb, without `/`.
    pub command: String,
    /// What a link to an item begins with; empty: there are no such links.
    pub link_prefix: String,
    /// Items named in a group without a word to us are shown to whoever named them.
    pub show_refs: bool,
    /// How long a socket may be silent.
    pub timing: Timing,
}

impl SlackConfig {
    /// The usual settings: Socket Mode, calls within 10 s.
    pub fn new(name: BotName, bot_token: impl Into<Secret>, app_token: Option<Secret>) -> Self {
        Self {
            name,
            bot_token: bot_token.into(),
            app_token,
            mode: Mode::Socket,
            api_url: None,
            request_timeout: Duration::from_secs(10),
            menu: Menu::default(),
            command: "yoman".into(),
            link_prefix: String::new(),
            show_refs: true,
            timing: Timing::default(),
        }
    }
}

/// A connection to Slack for one app. Any number of them can be in one process.
pub struct Slack {
    core: Arc<Core>,
    mode: Mode,
    timing: Timing,
    unsure: Unsure,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack").field("name", &self.core.name).finish_non_exhaustive()
    }
}

impl Slack {
    /// Checks the settings; no network.
    ///
    /// # Errors
    /// [`BotError::Setting`] when a setting cannot be right.
    pub fn new(config: SlackConfig) -> Result<Self, BotError> {
        let plain = |secret: &Secret| {
            let text = secret.expose();
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let token = |secret: &Secret, prefix: &str, what: &str| {
            if plain(secret) && secret.expose().starts_with(prefix) {
                return Ok(());
            }
            Err(BotError::Setting(format!(
                "the {what} of the bot \"{}\" is none: it begins with {prefix} and comes from https://api.slack.com/apps",
                config.name
            )))
        };
        token(&config.bot_token, "xoxb-", "bot token")?;
        match (&config.mode, &config.app_token) {
            (Mode::Socket, None) => {
                return Err(BotError::Setting(format!(
                    "the bot \"{}\" has no app-level token for Socket Mode: it begins with xapp- and comes from Basic Information, App-Level Tokens",
                    config.name
                )));
            }
            (Mode::Socket, Some(secret)) => token(secret, "xapp-", "app-level token")?,
            (Mode::Http { signing_secret, .. }, _) if !plain(signing_secret) => {
                return Err(BotError::Setting(format!(
                    "the bot \"{}\" has no signing secret for HTTP mode: it stands under Basic Information, App Credentials",
                    config.name
                )));
            }
            (Mode::Http { .. }, _) => {}
        }
        let base = match &config.api_url {
            Some(url) => url.clone(),
            None => Url::parse(API_URL).map_err(|error| BotError::Setting(error.to_string()))?,
        };
        let api = Api::new(&base, config.request_timeout, &config.bot_token, config.app_token.as_ref())?;
        let core = Arc::new(Core::new(config.name.clone(), api, &config));
        Ok(Self { core, mode: config.mode, timing: config.timing, unsure: Unsure::default() })
    }

    /// Learns who we are, trying until it is known.
    async fn learn(&self) -> BotError {
        let mut pause = Duration::from_millis(100);
        loop {
            let error = match who(&self.core.api).await {
                Ok((us, name, team)) => {
                    tracing::info!(bot = %self.core.name, name, team, "known to Slack");
                    self.core.us.send_replace(Some(us));
                    return std::future::pending().await;
                }
                Err(error) => error,
            };
            if let Some(wrong) = error.setting("the bot token (SLACK_BOT_TOKEN)") {
                return wrong;
            }
            let wait = match &error {
                CallError::Wait(after) => *after,
                _ => pause.mul_f64(0.75 + fastrand::f64() * 0.5),
            };
            tracing::warn!(bot = %self.core.name, %error, "auth.test failed; trying again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Comes back only when Slack has taken the app out.
    async fn over(&self) -> BotError {
        let mut over = self.core.over.subscribe();
        let why = over.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        BotError::Setting(why.unwrap_or_default())
    }

    async fn traffic(&self, intake: Intake) -> Result<(), BotError> {
        match &self.mode {
            Mode::Socket => {
                let mut us = self.core.us.subscribe();
                let known = tokio::select! {
                    () = intake.stop.cancelled() => return Ok(()),
                    known = us.wait_for(Option::is_some) => known.is_ok(),
                };
                if known { socket::run(intake, self.timing).await } else { Ok(()) }
            }
            Mode::Http { listen, signing_secret } => {
                let since = self.core.alive();
                let caught_up = async {
                    let mut us = self.core.us.subscribe();
                    if us.wait_for(Option::is_some).await.is_ok() {
                        intake.catch_up_all(since);
                    }
                    loop {
                        self.core.is_alive();
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                };
                tokio::select! {
                    done = http_mode::run(intake.clone(), *listen, signing_secret) => done,
                    () = caught_up => Ok(()),
                }
            }
        }
    }
}

/// `auth.test`: who we are, our name and that of the workspace.
async fn who(api: &Api) -> Result<(Us, String, String), CallError> {
    #[derive(Deserialize)]
    struct Answer {
        user_id: Option<String>,
        bot_id: Option<String>,
        user: Option<String>,
        team: Option<String>,
        url: Option<String>,
    }
    let answer: Answer = api.post("auth.test", &serde_json::Map::new()).await?;
    let us = Us { user: answer.user_id.unwrap_or_default(), bot_id: answer.bot_id, workspace: answer.url };
    Ok((us, answer.user.unwrap_or_default(), answer.team.unwrap_or_default()))
}

#[async_trait]
impl Bot for Slack {
    fn name(&self) -> &BotName {
        &self.core.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            title: "Slack",
            edits: true,
            buttons: true,
            button_data_bytes_max: outbound::BUTTON_DATA_BYTES_MAX,
            buttons_per_row_max: outbound::BUTTONS_PER_ROW_MAX,
            text_length_max: TEXT_CHARS_MAX,
            length_unit: LengthUnit::Chars,
            // A message that begins with `/` never leaves Slack's apps: `todo Fix login` is what can be written.
            bare_verbs: true,
            local: false,
            forms: true,
            private_answers: true,
            pictures: true,
            pins: true,
            reactions: true,
        }
    }

    fn link(&self, message: &MessageRef) -> Option<String> {
        let us = self.core.us.borrow();
        place::link(us.as_ref()?.workspace.as_deref()?, message)
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        let intake = Intake { core: Arc::clone(&self.core), inbox, lanes: Arc::<Lanes>::default(), stop };
        intake.recall_marks().await;
        let outcome = tokio::select! {
            biased;
            done = self.traffic(intake.clone()) => done,
            error = self.learn() => Err(error),
            error = self.over() => Err(error),
            () = intake.keep_remembering() => Ok(()),
        };
        self.core.kept.touch();
        let _ = tokio::time::timeout(LAST_WORD, intake.remember_marks()).await;
        outcome
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        self.core.send(&self.unsure, room, message).await
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        self.core.edit(message, to).await
    }
}
