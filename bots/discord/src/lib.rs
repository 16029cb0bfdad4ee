//! Discord as a bot.
//!
//! # Layout
//!
//! - [`Discord`] connects, runs, sends
//! - `gateway`       the WebSocket: identify, resume, heartbeats; `session` how far it is dealt with
//! - `intake`        one event to where it belongs; `lanes` a room's deliveries one after another
//! - `catch_up`      what was missed, read from the channels; `seen` from which message on
//! - `inbound`       a message to an [`yoman_chat::Inbound`]; `wire` the objects it is read from
//! - `interactions`  commands, buttons, menus, forms; `desk` their answers in time
//! - `http_endpoint` interactions over HTTP, signed
//! - `commands`      the menu as slash commands
//! - `outbound`      an [`Outbound`] to a body; `markdown` its text
//! - `channels`      which room a channel is
//! - `api`           one REST call; `rates` what may be called; `permissions` what is missing
//! - `check`         what `doctor` finds

mod api;
mod catch_up;
mod channels;
mod check;
mod commands;
mod desk;
mod gateway;
mod http_endpoint;
mod inbound;
mod intake;
mod interactions;
mod lanes;
mod markdown;
mod outbound;
mod permissions;
mod rates;
mod seen;
mod session;
mod wire;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
pub use check::{Finding, Level};
pub use commands::Commands;
pub use http_endpoint::{Endpoint, PublicKey};
use reqwest::Method;
pub use reqwest::Url;
use serde_json::Value;
pub use yoman_chat::Secret;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, LengthUnit, Menu, MessageRef, Outbound, RoomId, SendError, Stop,
};

use crate::{
    api::{Api, CallError, send_error},
    channels::{Channels, Place},
    desk::Desk,
    inbound::Us,
    intake::Intake,
    seen::Seen,
};

/// How long what is under way may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_400);
/// How long the last save may take.
const LAST_WORD: Duration = Duration::from_millis(300);
/// The service's own words for a message that may not answer another.
const NO_HISTORY: u64 = 160_002;
/// The channel has as many pins as it can have.
const TOO_MANY_PINS: u64 = 30_003;

/// What a Discord bot needs to know.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    /// Its name in this process; begins every room id.
    pub name: BotName,
    /// From the developer portal.
    pub token: Secret,
    /// Where the API is, for example a stand-in's `http://127.0.0.1:8080/api/v10`; `None`: Discord's.
    pub api_url: Option<Url>,
    /// Register commands for this server alone, where they are seen at once; `None`: everywhere.
    pub guild: Option<u64>,
    /// Which commands.
    pub commands: Commands,
    /// The command under which every verb stands: 1..32 of `a-z0-9_-`.
    pub under: String,
    /// What can be said.
    pub menu: Menu,
    /// Take interactions over HTTP instead of the gateway.
    pub endpoint: Option<Endpoint>,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// When a command's answer is put off ("thinking"); Discord waits 3 s.
    pub think_after: Duration,
}

impl DiscordConfig {
    /// The usual settings: Discord's own address, commands everywhere, no endpoint.
    pub fn new(name: BotName, token: impl Into<Secret>) -> Self {
        Self {
            name,
            token: token.into(),
            api_url: None,
            guild: None,
            commands: Commands::default(),
            under: "do".to_owned(),
            menu: Menu::default(),
            endpoint: None,
            request_timeout: Duration::from_secs(15),
            think_after: Duration::from_millis(1_800),
        }
    }
}

/// One Discord bot.
pub struct Discord {
    config: DiscordConfig,
    api: Api,
    channels: Arc<Channels>,
    seen: Arc<Seen>,
    desk: Arc<Desk>,
    /// Who we are, once known.
    us: AtomicU64,
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").field("name", &self.config.name).finish_non_exhaustive()
    }
}

impl Discord {
    /// Builds the bot. No network is touched.
    ///
    /// # Errors
    /// [`BotError::Setting`] for a setting that cannot be right.
    pub fn new(config: DiscordConfig) -> Result<Self, BotError> {
        let token = config.token.expose();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BotError::Setting(format!(
                "the token of the bot \"{}\" is none: one line as the developer portal gave it, under Bot, Reset Token",
                config.name
            )));
        }
        if let Some(endpoint) = &config.endpoint
            && !http_endpoint::is_route(&endpoint.path)
        {
            return Err(BotError::Setting(format!(
                "the path \"{}\" for interactions is none: write /discord",
                endpoint.path
            )));
        }
        let api = Api::new(&config)?;
        let (channels, seen, desk) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { config, api, channels, seen, desk, us: AtomicU64::new(0) })
    }

    /// What there is to say about token, intents, servers, permissions and commands.
    pub async fn check(&self) -> Vec<Finding> {
        check::run(self).await
    }

    async fn intake(&self, inbox: Inbox, stop: Stop) -> Result<Intake, BotError> {
        let name = &self.config.name;
        let me: wire::User = gateway::until_answered(name, &self.api, "users/@me").await?;
        let app: Value = gateway::until_answered(name, &self.api, "applications/@me").await?;
        let app = app["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(me.id);
        self.us.store(me.id, Ordering::Relaxed);
        let us = Us { bot: name.clone(), id: me.id };
        let intake = Intake::new(
            self.api.clone(),
            inbox,
            us,
            app,
            Arc::new(self.config.menu.clone()),
            &self.config.under,
            Arc::clone(&self.channels),
            Arc::clone(&self.seen),
            Arc::clone(&self.desk),
            self.config.think_after,
            stop,
        );
        intake.seen.load(&intake.inbox).await;
        intake.session.load(&intake.inbox).await;
        if intake.session.was_behind() {
            intake.read_all_on();
        }
        Ok(intake)
    }

    /// Registers the commands, trying until the service has said yes or no.
    async fn register(&self, intake: &Intake) {
        let (bot, guild) = (&self.config.name, self.config.guild);
        let declared = commands::declared(&self.config.menu, self.config.commands, &self.config.under, guild);
        let mut pause = Duration::from_secs(1);
        loop {
            match commands::register(&self.api, &intake.inbox, intake.app, guild, &declared).await {
                Ok(true) => tracing::info!(%bot, commands = declared.len(), "the commands are registered"),
                Ok(false) => {}
                Err(error) => {
                    let passing = error.status() == 429 || error.status() >= 500 || error.status() == 0;
                    tracing::warn!(%bot, %error, again = passing, "the commands are not registered");
                    if passing {
                        tokio::time::sleep(error.wait().unwrap_or(pause)).await;
                        pause = (pause * 2).min(Duration::from_secs(60));
                        continue;
                    }
                }
            }
            return;
        }
    }

    /// Pins a message, or takes that back; again is no error here. The address of 2025: the one before it is going away.
    async fn pin(&self, place: Place, message: u64, pinned: Option<bool>) -> Result<(), SendError> {
        let Some(pinned) = pinned else { return Ok(()) };
        let method = if pinned { Method::PUT } else { Method::DELETE };
        let path = format!("channels/{}/messages/pins/{message}", place.target());
        match self.api.call(method, &path, None, None).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == TOO_MANY_PINS => Err(SendError::Refused(format!(
                "{error}: this channel has as many pins as it can have; somebody has to take one off"
            ))),
            Err(error) => Err(self.refused(place, error, true).await),
        }
    }

    async fn refused(&self, place: Place, error: CallError, editing: bool) -> SendError {
        let us = self.us.load(Ordering::Relaxed);
        match permissions::explain(&self.api, us, place, &error).await {
            Some(why) => SendError::Refused(format!("{error}: {why}")),
            None => send_error(error, editing),
        }
    }
}

#[async_trait]
impl Bot for Discord {
    fn name(&self) -> &BotName {
        &self.config.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            title: "Discord",
            edits: true,
            buttons: true,
            button_data_bytes_max: outbound::BUTTON_DATA_BYTES_MAX,
            buttons_per_row_max: outbound::BUTTONS_PER_ROW_MAX,
            text_length_max: outbound::TEXT_CHARS_MAX,
            length_unit: LengthUnit::Utf16,
            // A `/` opens the apps' own list of commands: what is written to us begins without.
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
        self.channels.link(message)
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        // Our own: what belongs to this run ends with it, whatever ends it.
        let stop = stop.child_token();
        let listener = match &self.config.endpoint {
            Some(endpoint) => Some(http_endpoint::listen(&self.config.name, endpoint).await?),
            None => None,
        };
        let intake = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            intake = self.intake(inbox, stop.clone()) => intake?,
        };
        let endpoint = async {
            match (&self.config.endpoint, listener) {
                (Some(endpoint), Some(listener)) => http_endpoint::serve(intake.clone(), endpoint, listener).await,
                _ => std::future::pending().await,
            }
        };
        let beside = async {
            tokio::join!(self.register(&intake), gateway::save_now_and_then(&intake));
            std::future::pending().await
        };
        let ended = tokio::select! {
            ended = gateway::run(&intake) => ended,
            ended = endpoint => ended,
            ended = beside => ended,
        };
        intake.tasks.close();
        intake.stop.cancel();
        let _ = tokio::time::timeout(STOP_PATIENCE, intake.tasks.wait()).await;
        let _ = tokio::time::timeout(LAST_WORD, gateway::save(&intake)).await;
        ended
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let place = place(room)?;
        self.desk.learn_asks(message);
        if let Some(answered) = self.desk.answer(&self.api, room, message).await {
            return answered;
        }
        let target = place.target();
        let reply_to = message
            .reply_to
            .as_ref()
            .filter(|to| Place::parse(to.room.local()).is_some_and(|there| there.target() == target))
            .and_then(|to| to.id.parse().ok());
        let path = format!("channels/{target}/messages");
        let mut body = outbound::new_message(message, reply_to);
        let mut sent = self.api.call(Method::POST, &path, Some(&body.json), body.file.clone()).await;
        if sent.as_ref().is_err_and(|error| error.code() == NO_HISTORY) {
            // Without the history it cannot be said what is answered; that it is answered can.
            body = outbound::new_message(message, None);
            sent = self.api.call(Method::POST, &path, Some(&body.json), body.file).await;
        }
        match sent {
            Ok(made) => {
                let id = made["id"].as_str().and_then(|id| id.parse::<u64>().ok());
                let id = id.ok_or_else(|| SendError::Unknown("an answer without an id".into()))?;
                if let Some(known) = self.channels.get(target) {
                    self.seen.follow(target, &known, id);
                }
                Ok(MessageRef { room: room.clone(), id: id.to_string() })
            }
            Err(error) => Err(self.refused(place, error, false).await),
        }
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let place = place(&message.room)?;
        let id: u64 =
            message.id.parse().map_err(|_| SendError::Gone(format!("no message has the id {}", message.id)))?;
        if to.only_pins() {
            return self.pin(place, id, to.pin).await;
        }
        self.desk.learn_asks(to);
        if let Some(changed) = self.desk.change_whisper(&self.api, id, to).await {
            return changed;
        }
        if self.desk.change_pressed(&self.api, id, to).await.is_some() {
            return self.pin(place, id, to.pin).await;
        }
        let body = outbound::body(to);
        let path = format!("channels/{}/messages/{id}", place.target());
        match self.api.call(Method::PATCH, &path, Some(&body.json), body.file).await {
            Ok(_) => self.pin(place, id, to.pin).await,
            Err(error) => Err(self.refused(place, error, true).await),
        }
    }
}

fn place(room: &RoomId) -> Result<Place, SendError> {
    Place::parse(room.local()).ok_or_else(|| SendError::Refused(format!("{room} is no room of Discord's")))
}
