//! Purpose: one delivery from its JSON to a receipt, whichever way it came in. Durable first, then acknowledged, then
//! answered: whoever carries the delivery acknowledges it only when [`Intake::take`] says it was kept.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use yoman_chat::{Aside, BotName, Inbound, Inbox, Menu, Pulse, Receipt, RoomKind, Said, Stop};

use crate::{
    answers::Answers,
    api::{Api, Nothing},
    forms::Form,
    home::Homes,
    kept::Kept,
    names::Names,
    threads::Threads,
    unfurl::Unfurls,
};

/// What is kept of a delivery that was not understood.
const ASIDE_BYTES_MAX: usize = 64 * 1024;
/// What people do by hand is not delivered again, so keeping it is tried for as long as an acknowledgement may take.
const HAND_PATIENCE: Duration = Duration::from_millis(2_300);
const HAND_PAUSE: Duration = Duration::from_millis(150);
/// How long opening a form may take: its trigger lives 3 s.
const FORM_PATIENCE: Duration = Duration::from_millis(2_000);
/// How many channels keep an order before those that are done are swept.
const LANES_SWEEP: usize = 256;

/// Who we are, as `auth.test` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Us {
    pub(crate) user: String,
    pub(crate) bot_id: Option<String>,
    /// The address of the workspace, with a `/` at the end.
    pub(crate) workspace: Option<String>,
}

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Event,
    Interactive,
    Slash,
    Unknown,
}

impl Kind {
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "events_api" => Self::Event,
            "interactive" => Self::Interactive,
            "slash_commands" => Self::Slash,
            _ => Self::Unknown,
        }
    }
}

/// Work that is no answer to anybody and needs no receipt.
#[derive(Clone, Debug)]
pub(crate) enum Beside {
    /// A home was opened.
    Home { user: String, channel: String, hash: Option<String> },
    /// Links to us were shared.
    Links(Value),
}

/// What a delivery comes to.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// For the inbox; with the channel and the timestamp when it is a message.
    Inbound(Box<Inbound>, Option<(String, String)>),
    /// A form is to be opened; what is handed in when that fails.
    Form { trigger: String, form: Form, otherwise: Option<Box<Inbound>> },
    /// Work beside.
    Beside(Beside),
    /// Known, and nothing for us.
    Skip(&'static str),
    /// Not understood, and why.
    Aside(String),
    /// It cannot be understood right now: it must come again.
    Again(&'static str),
}

/// What the bot is made of, shared by all its parts.
pub(crate) struct Core {
    pub(crate) name: BotName,
    pub(crate) api: Api,
    pub(crate) names: Names,
    pub(crate) threads: Threads,
    pub(crate) answers: Answers,
    pub(crate) kept: Kept,
    pub(crate) homes: Homes,
    pub(crate) unfurls: Unfurls,
    pub(crate) menu: Menu,
    /// The slash command that takes every verb, without `/`.
    pub(crate) command: String,
    /// What a link to an item begins with; empty: there are no such links.
    pub(crate) link_prefix: String,
    /// Items named in a group without a word to us are shown to whoever named them.
    pub(crate) show_refs: bool,
    pub(crate) us: watch::Sender<Option<Us>>,
    /// Why the bot cannot go on, once that is so.
    pub(crate) over: watch::Sender<Option<String>>,
    directs: Mutex<HashMap<String, String>>,
    /// The last moment at which messages came in as they were written, in microseconds.
    alive: AtomicI64,
    /// What fetches messages that were not kept is at work.
    pub(crate) catching_up: AtomicBool,
    /// The channels were read on once since the start.
    pub(crate) has_caught_up: AtomicBool,
    /// Whether Slack is reached.
    pub(crate) pulse: Pulse,
}

impl Core {
    /// The last moment at which messages came in as they were written, in microseconds; 0: never.
    pub(crate) fn alive(&self) -> i64 {
        self.alive.load(Ordering::Relaxed)
    }

    /// Messages come in as they are written.
    pub(crate) fn is_alive(&self) {
        self.was_alive(Utc::now().timestamp_micros());
    }

    /// They did, at that moment.
    pub(crate) fn was_alive(&self, at: i64) {
        self.alive.fetch_max(at, Ordering::Relaxed);
    }

    pub(crate) fn new(name: BotName, api: Api, settings: &crate::SlackConfig) -> Self {
        Self {
            name,
            names: Names::new(api.clone()),
            api,
            threads: Threads::default(),
            answers: Answers::default(),
            kept: Kept::default(),
            homes: Homes::default(),
            unfurls: Unfurls::default(),
            menu: settings.menu.clone(),
            command: settings.command.clone(),
            link_prefix: settings.link_prefix.clone(),
            show_refs: settings.show_refs,
            us: watch::channel(None).0,
            over: watch::channel(None).0,
            directs: Mutex::default(),
            alive: AtomicI64::new(0),
            pulse: Pulse::default(),
            catching_up: AtomicBool::new(false),
            has_caught_up: AtomicBool::new(false),
        }
    }

    /// The bot cannot go on, until a person does something.
    pub(crate) fn over(&self, why: &str) {
        self.over.send_replace(Some(why.to_owned()));
    }

    /// The direct channel of a person with us.
    pub(crate) async fn direct_channel(&self, user: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: String,
        }
        if let Some(known) = self.directs.lock().unwrap_or_else(PoisonError::into_inner).get(user) {
            return Some(known.clone());
        }
        match self.api.post::<Answer>("conversations.open", &serde_json::json!({ "users": user })).await {
            Ok(answer) => {
                let mut directs = self.directs.lock().unwrap_or_else(PoisonError::into_inner);
                directs.insert(user.to_owned(), answer.channel.id.clone());
                Some(answer.channel.id)
            }
            Err(error) => {
                tracing::warn!(bot = %self.name, user, %error, "a direct channel cannot be opened");
                None
            }
        }
    }
}

/// The order within each channel: who takes a turn waits for the one before.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<HashMap<String, oneshot::Receiver<()>>>);

/// A place in a channel's order; it ends with the value.
pub(crate) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _after: oneshot::Sender<()>,
}

impl Turn {
    /// Waits for those before.
    pub(crate) async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // The one before is done, or dead: it is our turn either way.
            let _ = before.await;
        }
    }
}

impl Lanes {
    /// The next place in a channel's order. Given out in the order of arrival, so never across an await.
    pub(crate) fn turn(&self, lane: &str) -> Turn {
        let (after, next) = oneshot::channel();
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() > LANES_SWEEP {
            lanes.retain(|_, tail| matches!(tail.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        Turn { before: lanes.insert(lane.to_owned(), next), _after: after }
    }
}

/// What takes deliveries in for one bot. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) core: Arc<Core>,
    pub(crate) inbox: Inbox,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) stop: Stop,
}

/// The channel a delivery belongs to: the order is kept within it.
pub(crate) fn lane(kind: Kind, payload: &Value) -> String {
    let paths: &[&str] = match kind {
        Kind::Event => &["/event/channel", "/event/item/channel", "/event/user", "/event/channel/id"],
        Kind::Interactive => &["/channel/id", "/container/channel_id", "/user/id"],
        Kind::Slash => &["/channel_id"],
        Kind::Unknown => &[],
    };
    let found = paths.iter().find_map(|path| payload.pointer(path).and_then(Value::as_str).filter(|id| !id.is_empty()));
    found.unwrap_or_default().to_owned()
}

impl Intake {
    /// Who we are; waits until it is known, for as long as an acknowledgement can wait.
    async fn us(&self) -> Option<Us> {
        let mut us = self.core.us.subscribe();
        let known = tokio::time::timeout(Duration::from_secs(2), us.wait_for(Option::is_some)).await;
        known.ok()?.ok()?.clone()
    }

    /// Hands a delivery over; `true` when Slack may forget it.
    pub(crate) async fn take(&self, kind: Kind, id: &str, payload: &Value, mut turn: Turn) -> bool {
        turn.come().await;
        let Some(us) = self.us().await else { return false };
        let mapped = match kind {
            Kind::Event if payload["type"] == "event_callback" => self.core.event(&us, payload).await,
            Kind::Event if payload["type"] == "app_rate_limited" => {
                tracing::warn!(bot = %self.core.name, "Slack holds events back: too many came within an hour");
                Mapped::Skip("events are held back")
            }
            Kind::Interactive => self.core.interactive(&us, payload).await,
            Kind::Slash => self.core.slash(&us, payload).await,
            Kind::Event | Kind::Unknown => Mapped::Aside("a delivery of a shape nobody knows".into()),
        };
        let by_hand = matches!(kind, Kind::Interactive | Kind::Slash);
        self.settle(id, mapped, payload, by_hand).await
    }

    /// Carries out what a delivery comes to; `true` when it was kept.
    async fn settle(&self, id: &str, mapped: Mapped, payload: &Value, by_hand: bool) -> bool {
        let bot = &self.core.name;
        match mapped {
            Mapped::Inbound(inbound, place) => self.submit(*inbound, place, by_hand).await,
            Mapped::Form { trigger, form, otherwise } => self.open_form(&trigger, &form, otherwise).await,
            Mapped::Beside(work) => {
                let me = self.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = me.stop.cancelled() => {}
                        () = me.beside(work) => {}
                    }
                });
                true
            }
            Mapped::Skip(what) => {
                tracing::debug!(%bot, id, what, "nothing for us");
                true
            }
            Mapped::Aside(why) => {
                tracing::warn!(%bot, id, why, "a delivery is kept aside");
                let named = payload["event_id"].as_str().unwrap_or(id);
                let raw = payload.to_string();
                let aside =
                    Aside { id: format!("{bot}/event/{named}"), raw: cut(&raw, ASIDE_BYTES_MAX).to_owned(), why };
                self.inbox.keep_aside(aside).await.is_kept()
            }
            Mapped::Again(why) => {
                tracing::warn!(%bot, id, why, "a delivery must come again");
                false
            }
        }
    }

    async fn beside(&self, work: Beside) {
        match work {
            Beside::Home { user, channel, hash } => self.show_home(&user, &channel, hash.as_deref()).await,
            Beside::Links(event) => self.unfurl_links(&event).await,
        }
    }

    /// Submits an inbound once; what was kept before is kept.
    pub(crate) async fn submit(&self, inbound: Inbound, place: Option<(String, String)>, by_hand: bool) -> bool {
        let core = &self.core;
        let id = inbound.id.clone();
        let mut kept = core.kept.has(&id);
        if !kept {
            let after = self.after(&inbound);
            let began = tokio::time::Instant::now();
            loop {
                let receipt = self.inbox.submit(inbound.clone()).await;
                kept = receipt.is_kept();
                if let Receipt::NotKept { why } = &receipt {
                    tracing::warn!(bot = %core.name, id, why, "a delivery was not kept");
                }
                if kept || !by_hand || began.elapsed() > HAND_PATIENCE || self.stop.is_cancelled() {
                    break;
                }
                tokio::time::sleep(HAND_PAUSE).await;
            }
            if kept {
                core.kept.keep(&id);
                after.into_iter().for_each(|work| {
                    tokio::spawn(work);
                });
            }
        }
        if let Some((channel, ts)) = place {
            core.kept.message(&channel, &ts, kept);
        }
        kept
    }

    /// What follows once an inbound was kept: items named in a group without a word to us are shown to whoever named them.
    fn after(&self, inbound: &Inbound) -> Option<impl Future<Output = ()> + Send + use<>> {
        let Said::Message { text, addressed: false, reply_to, .. } = &inbound.said else { return None };
        let to_us = reply_to.as_ref().is_some_and(|reply| reply.ours);
        if inbound.room.kind != RoomKind::Group || to_us || !self.core.show_refs {
            return None;
        }
        let (me, room, sender, text) = (self.clone(), inbound.room.clone(), inbound.sender.id.clone(), text.clone());
        Some(async move { me.show_refs(room, sender, &text).await })
    }

    /// Opens a form before its trigger ends. When that fails the press is handed in as it is, and the words are asked for in the chat.
    async fn open_form(&self, trigger: &str, form: &Form, otherwise: Option<Box<Inbound>>) -> bool {
        let ask = serde_json::json!({ "trigger_id": trigger, "view": form.view });
        let opened = tokio::time::timeout(FORM_PATIENCE, self.core.api.post::<Nothing>("views.open", &ask)).await;
        let why = match opened {
            Ok(Ok(_)) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(bot = %self.core.name, why, "a form could not be opened");
        match otherwise {
            Some(inbound) => self.submit(*inbound, None, true).await,
            None => true,
        }
    }
}

/// The last character boundary at or before `max` bytes.
fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
