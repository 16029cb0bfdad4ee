//! Telegram as a bot: long polling or a webhook in, messages with entities and inline keyboards out.
//!
//! # Layout
//!
//! * `lib.rs`          [`TelegramConfig`], [`Telegram`]: connect, run
//! * `api.rs`          one call, one attempt, an error that says whether it took effect
//! * `wire.rs`         the pieces of an update that are read
//! * `inbound.rs`      native -> [`yoman_chat::Inbound`]; `address.rs` whether a text is for us
//! * `intake.rs`       one update from its text to a receipt
//! * `polling.rs`      getUpdates, confirmed only after it was kept
//! * `webhook.rs`      the other way in
//! * `outbound.rs`     [`Outbound`] -> native; `photo.rs` with a picture; `pin.rs` pinned
//! * `menu.rs`         the list of commands; `registration.rs` getMe and the webhook

mod address;
mod api;
mod inbound;
mod intake;
mod menu;
mod outbound;
mod photo;
mod pin;
mod polling;
mod registration;
mod webhook;
mod wire;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Health, Inbox, LengthUnit, MessageRef, Outbound, Pulse, RoomId, SendError,
    Stop,
};

pub use menu::{MenuEntry, MenuScope};
pub use reqwest::Url;
pub use webhook::Webhook;
pub use yoman_chat::Secret;

use crate::{
    api::{Api, CallError},
    inbound::room_id,
    intake::{Intake, Moves},
    outbound::{EditText, Place, SendText},
    pin::{PinMessage, UnpinMessage},
};

/// One Telegram bot.
#[derive(Clone, Debug)]
pub struct TelegramConfig {
    /// Its name in this process; begins every room id.
    pub name: BotName,
    /// The token @BotFather gave.
    pub token: Secret,
    /// The base of a Bot API server of one's own; `None`: `https://api.telegram.org`.
    pub api_url: Option<Url>,
    /// How Telegram reaches us; `None`: long polling, which needs no public address.
    pub webhook: Option<Webhook>,
    /// How long one getUpdates waits for something to come, in whole seconds, 1 to 50.
    pub poll_timeout: Duration,
    /// How long any other call may take.
    pub request_timeout: Duration,
    /// The lists of commands; empty: none is registered.
    pub menu: Vec<MenuEntry>,
}

impl TelegramConfig {
    /// The usual settings: long polling for 30 s, calls within 15 s, no list of commands.
    pub fn new(name: BotName, token: impl Into<Secret>) -> Self {
        Self {
            name,
            token: token.into(),
            api_url: None,
            webhook: None,
            poll_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(15),
            menu: Vec::new(),
        }
    }
}

/// A connection to Telegram for one bot. Any number of them can be in one process.
pub struct Telegram {
    name: BotName,
    id: i64,
    api: Api,
    webhook: Option<Webhook>,
    poll_timeout: Duration,
    menu: Vec<MenuEntry>,
    username: watch::Sender<Option<Arc<str>>>,
    moves: Arc<Moves>,
    pulse: Pulse,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").field("name", &self.name).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Telegram {
    /// Checks the settings; no network.
    ///
    /// # Errors
    /// [`BotError::Setting`] when a setting cannot be right.
    pub fn new(config: TelegramConfig) -> Result<Self, BotError> {
        let id = api::bot_id(&config.token).ok_or_else(|| {
            BotError::Setting(format!(
                "the token of the bot \"{}\" is not a Telegram token: it looks like 123456789:AAE... and comes from @BotFather",
                config.name
            ))
        })?;
        if let Some(hook) = &config.webhook {
            if !webhook::is_route(&hook.path) {
                return Err(BotError::Setting("the webhook's path must begin with / and hold no wildcard".into()));
            }
            if !webhook::is_secret(&hook.secret_token) {
                return Err(BotError::Setting("the webhook's secret must be 1 to 256 letters, digits, _ or -".into()));
            }
        }
        Ok(Self {
            id,
            api: Api::new(&config)?,
            name: config.name,
            webhook: config.webhook,
            // Without a wait the loop would never rest; longer than this the service does not wait.
            poll_timeout: config.poll_timeout.clamp(Duration::from_secs(1), Duration::from_secs(50)),
            menu: config.menu,
            username: watch::channel(None).0,
            moves: Arc::default(),
            pulse: Pulse::default(),
        })
    }

    /// Asks Telegram once whether the token works; gives the bot's username.
    ///
    /// # Errors
    /// What Telegram, or the network, said; never holds the token.
    pub async fn check(&self) -> Result<String, BotError> {
        registration::who(&self.api).await.map_err(|error| BotError::Failed(error.to_string()))
    }

    fn intake(&self, inbox: Inbox) -> Intake {
        Intake {
            bot: self.name.clone(),
            api: self.api.clone(),
            inbox,
            id: self.id,
            username: self.username.subscribe(),
            moves: Arc::clone(&self.moves),
            pulse: self.pulse.clone(),
        }
    }

    /// Pins a message, or takes that back.
    async fn pin(&self, chat: i64, message: i64, pinned: Option<bool>) -> Result<(), SendError> {
        let call = async |chat| match pinned {
            Some(true) => self.api.call(&PinMessage::new(chat, message)).await.map(drop),
            Some(false) => self.api.call(&UnpinMessage::new(chat, message)).await.map(drop),
            None => Ok(()),
        };
        let mut done = call(chat).await;
        if let Err(error) = &done
            && let Some(new) = self.follow(chat, error)
        {
            done = call(new).await;
        }
        match done {
            Err(error) if !pin::is_unchanged(&error) => Err(outbound::send_error(error, true)),
            _ => Ok(()),
        }
    }

    fn place(&self, room: &RoomId) -> Result<Place, SendError> {
        let mut place = Place::parse(room.local())
            .ok_or_else(|| SendError::Refused(format!("{room} is not a room of Telegram")))?;
        place.chat = self.moves.now(place.chat);
        Ok(place)
    }

    /// Where to try once more when the group has a new id.
    fn follow(&self, chat: i64, error: &CallError) -> Option<i64> {
        let new = outbound::moved_to(error)?;
        tracing::warn!(bot = %self.name, from = chat, to = new, "a group became a supergroup and has a new id");
        self.moves.moved(chat, new);
        Some(new)
    }

    /// One attempt at a message with a picture; the chat it went to.
    async fn send_photo(
        &self,
        place: Place,
        message: &Outbound,
        picture: &yoman_chat::Picture,
    ) -> Result<(i64, outbound::Sent), CallError> {
        let form = photo::form(place.chat, place, message, picture)?;
        match self.api.call_with_file(photo::METHOD, form).await {
            Ok(sent) => Ok((place.chat, sent)),
            Err(error) => {
                let Some(new) = self.follow(place.chat, &error) else { return Err(error) };
                let form = photo::form(new, place, message, picture)?;
                Ok((new, self.api.call_with_file(photo::METHOD, form).await?))
            }
        }
    }

    /// Where a message stands that was asked to be in `room`: after a move, in another one.
    fn stands(&self, room: &RoomId, there: Place, sent: &outbound::Sent) -> MessageRef {
        let stayed = Place::parse(room.local()) == Some(there);
        let room = if stayed { room.clone() } else { room_id(&self.name, there.chat, there.topic) };
        MessageRef { room, id: sent.message_id.to_string() }
    }

    /// What runs beside the traffic and never holds it up. Comes back only with a setting that is wrong.
    async fn beside(&self, intake: &Intake) -> BotError {
        let work = async {
            registration::learn_name(&self.name, &self.api, &self.username).await?;
            // The first request for updates may be answered only when somebody writes.
            self.pulse.up();
            if let Some(hook) = &self.webhook {
                registration::register_webhook(intake, hook).await?;
                self.pulse.up();
            }
            menu::register(intake, &self.menu).await;
            Ok(())
        };
        match work.await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    }
}

#[async_trait]
impl Bot for Telegram {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            title: "Telegram",
            edits: true,
            buttons: true,
            button_data_bytes_max: outbound::BUTTON_DATA_BYTES_MAX,
            buttons_per_row_max: outbound::BUTTONS_PER_ROW_MAX,
            text_length_max: outbound::TEXT_UTF16_MAX,
            length_unit: LengthUnit::Utf16,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pictures: true,
            pins: true,
            reactions: true,
        }
    }

    fn link(&self, message: &MessageRef) -> Option<String> {
        address::link(message)
    }

    fn health(&self) -> Health {
        self.pulse.health()
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        let intake = self.intake(inbox);
        let traffic = async {
            match &self.webhook {
                Some(hook) => webhook::run(intake.clone(), hook, stop).await,
                None => polling::Poller::new(intake.clone(), self.poll_timeout).run(stop).await,
            }
        };
        // The traffic is polled first: getUpdates goes out before anything else.
        tokio::select! {
            biased;
            done = traffic => done,
            error = self.beside(&intake) => Err(error),
        }
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let place = self.place(room)?;
        let plain;
        let message = match photo::picture_of(message) {
            None => message,
            Some(picture) => match self.send_photo(place, message, picture).await {
                Ok((chat, sent)) => return Ok(self.stands(room, Place { chat, ..place }, &sent)),
                // It was certainly not sent: the words are worth more than nothing.
                Err(error) if photo::is_not_taken(&error) => {
                    plain = photo::without(message);
                    &plain
                }
                Err(error) => return Err(outbound::send_error(error, false)),
            },
        };
        let mut ask = SendText::new(place, message);
        let mut sent = self.api.call(&ask).await;
        if let Err(error) = &sent
            && let Some(new) = self.follow(place.chat, error)
        {
            // It was certainly not sent, so this is still the first attempt.
            ask.chat_id = new;
            sent = self.api.call(&ask).await;
        }
        let sent = sent.map_err(|error| outbound::send_error(error, false))?;
        Ok(self.stands(room, Place { chat: ask.chat_id, ..place }, &sent))
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let place = self.place(&message.room)?;
        let id =
            message.id.parse().map_err(|_| SendError::Gone(format!("\"{}\" is no message of Telegram", message.id)))?;
        if to.only_pins() {
            return self.pin(place.chat, id, to.pin).await;
        }
        let mut ask = EditText::new(place.chat, id, to);
        let mut done = self.api.call(&ask).await;
        if let Err(error) = &done
            && let Some(new) = self.follow(place.chat, error)
        {
            ask.chat_id = new;
            done = self.api.call(&ask).await;
        }
        if done.as_ref().is_err_and(photo::is_picture) {
            done = self.api.call(&photo::EditCaption::new(ask.chat_id, id, to)).await;
        }
        match done {
            Ok(_) => self.pin(place.chat, id, to.pin).await,
            Err(error) if outbound::is_unchanged(&error) => self.pin(place.chat, id, to.pin).await,
            Err(error) => Err(outbound::send_error(error, true)),
        }
    }
}
