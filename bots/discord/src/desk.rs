//! Purpose: interactions that wait for their answer: the first one within 3 s, others for 15 min by the same token.
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding>.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use yoman_chat::{Ask, MessageRef, Outbound, Phrases, RoomId, SendError};

use crate::{
    api::{Api, CallError, File, send_error},
    outbound::{self, Body},
};

/// When the first answer is due, counted from the arrival; the service's own limit is 3 s from its sending.
const FIRST_ANSWER: Duration = Duration::from_millis(2_800);
/// How long the token is used; the service takes it for 15 min.
const TOKEN: Duration = Duration::from_secs(14 * 60 + 30);
/// How many interactions are remembered.
const PENDING_MAX: usize = 10_000;
/// How many messages for one person alone can still be changed.
const WHISPERS_MAX: usize = 2_000;
/// How many forms are remembered behind their buttons.
const ASKS_MAX: usize = 2_000;

/// Types of first answers.
pub(crate) const MESSAGE: u64 = 4;
pub(crate) const THINKING: u64 = 5;
pub(crate) const NOTED: u64 = 6;
const UPDATE: u64 = 7;
pub(crate) const CHOICES: u64 = 8;
pub(crate) const FORM: u64 = 9;

const UNKNOWN_INTERACTION: u64 = 10062;
const ALREADY_ANSWERED: u64 = 40060;
const EPHEMERAL: u64 = 1 << 6;

/// How the first answer reaches the service.
#[derive(Debug)]
enum Way {
    /// By a call of ours.
    Callback,
    /// As the answer to its own request.
    Request(Mutex<Option<oneshot::Sender<Value>>>),
}

/// What has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Not,
    /// It went out and no answer came.
    Maybe,
    /// "Thinking", for one person alone or for all.
    Thinking {
        alone: bool,
    },
    Done,
    /// The service does not know it any more.
    Dead,
}

/// One interaction.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) id: u64,
    app: u64,
    token: String,
    /// A button or a menu was used, so there is a card to leave as it is.
    pub(crate) on_card: bool,
    pub(crate) card: Option<u64>,
    /// The language of whoever it is from.
    pub(crate) phrases: &'static Phrases,
    /// What it says concerns only who asked.
    pub(crate) private: bool,
    /// In a direct chat everything is between the two, and can stay.
    pub(crate) direct: bool,
    way: Way,
    born: Instant,
    first: tokio::sync::Mutex<First>,
    /// It is kept: whatever is to be shown for it is on its way.
    pub(crate) kept: AtomicBool,
    /// Something was shown for it.
    pub(crate) shown: AtomicBool,
}

impl Pending {
    pub(crate) fn new(
        interaction: &crate::wire::Interaction,
        card: Option<u64>,
        private: bool,
        request: Option<oneshot::Sender<Value>>,
    ) -> Self {
        let way = request.map_or(Way::Callback, |request| Way::Request(Mutex::new(Some(request))));
        Self {
            id: interaction.id,
            app: interaction.application_id,
            token: interaction.token.clone(),
            on_card: card.is_some(),
            card,
            phrases: Phrases::of(interaction.locale.as_deref().unwrap_or_default()),
            private,
            direct: interaction.guild_id.is_none(),
            way,
            born: Instant::now(),
            first: tokio::sync::Mutex::new(First::Not),
            kept: AtomicBool::new(false),
            shown: AtomicBool::new(false),
        }
    }

    fn path(&self, behind: &str) -> String {
        format!("webhooks/{}/{}{behind}", self.app, self.token)
    }

    /// The first answer; gives the message it made, if it made one.
    async fn respond(&self, api: &Api, kind: u64, data: Value, file: Option<File>) -> Result<Option<u64>, CallError> {
        let answer = json!({ "type": kind, "data": data });
        match &self.way {
            Way::Callback => {
                let path = format!("interactions/{}/{}/callback?with_response=true", self.id, self.token);
                let made = api.call(Method::POST, &path, Some(&answer), file).await?;
                Ok(message_id(&made["resource"]["message"]))
            }
            Way::Request(request) => {
                let request = request.lock().unwrap_or_else(PoisonError::into_inner).take();
                let late = || CallError::Lost("the service's request has ended".into());
                request.ok_or_else(late)?.send(answer).map_err(|_| late())?;
                if !matches!(kind, MESSAGE | THINKING) {
                    return Ok(None);
                }
                // The message is there when the service has read our answer.
                for pause_ms in [30, 100, 300, 800] {
                    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                    if let Ok(made) = api.get::<Value>(&self.path("/messages/@original")).await {
                        return Ok(message_id(&made));
                    }
                }
                Err(CallError::Lost("the answer went out, and its message was not found".into()))
            }
        }
    }

    /// Answers with something that is no message, once.
    pub(crate) async fn once(&self, api: &Api, kind: u64, data: Value) -> Result<(), CallError> {
        let mut first = self.first.lock().await;
        if *first != First::Not {
            return Ok(());
        }
        let alone = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
        *first = if kind == THINKING { First::Thinking { alone } } else { First::Done };
        let outcome = self.respond(api, kind, data, None).await;
        if let Err(error) = &outcome
            && matches!(error.code(), UNKNOWN_INTERACTION)
        {
            *first = First::Dead;
        }
        outcome.map(drop)
    }

    /// Shows a line to the one person, whatever was answered before.
    pub(crate) async fn whisper(&self, api: &Api, text: &str) {
        if let Err(error) = self.show(api, outbound::whisper(text)).await {
            tracing::debug!(%error, "a line for one person was not shown");
        }
    }

    /// Shows a message as the answer; `Ok(None)` when the interaction can no longer be answered.
    async fn show(&self, api: &Api, body: Body) -> Result<Option<u64>, CallError> {
        let mut first = self.first.lock().await;
        let alone = body.json["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
        if matches!(*first, First::Not | First::Maybe) && self.born.elapsed() > FIRST_ANSWER {
            *first = if *first == First::Maybe { First::Done } else { First::Dead };
        }
        let by_request = matches!(self.way, Way::Request(_));
        if *first == First::Not && by_request && body.file.is_some() {
            // A file cannot stand in the answer to a request.
            let flags = if alone { EPHEMERAL } else { 0 };
            self.respond(api, THINKING, json!({ "flags": flags }), None).await?;
            *first = First::Thinking { alone };
        }
        let shown = match *first {
            First::Dead => return Ok(None),
            First::Not => match self.respond(api, MESSAGE, body.json.clone(), body.file.clone()).await {
                Ok(id) => id,
                Err(error) if error.code() == UNKNOWN_INTERACTION => {
                    *first = First::Dead;
                    return Ok(None);
                }
                // Answered by an attempt before, perhaps of another process.
                Err(error) if error.code() == ALREADY_ANSWERED => self.change_original(api, &body).await?,
                Err(error) => {
                    if matches!(error, CallError::Lost(_)) {
                        *first = First::Maybe;
                    }
                    return Err(error);
                }
            },
            // Changing what may be there is harmless; if it is not there, it is made.
            First::Maybe => match self.change_original(api, &body).await {
                Ok(id) => id,
                Err(error) if error.status() == 404 => {
                    *first = First::Not;
                    self.respond(api, MESSAGE, body.json.clone(), body.file.clone()).await?
                }
                Err(error) => return Err(error),
            },
            First::Thinking { alone: before } if before == alone => self.change_original(api, &body).await?,
            First::Thinking { .. } => {
                // Whether one person or all see it is settled with "thinking": that one goes, another comes.
                api.call(Method::DELETE, &self.path("/messages/@original"), None, None).await?;
                *first = First::Done;
                self.follow_up(api, &body).await?
            }
            First::Done => self.follow_up(api, &body).await?,
        };
        *first = First::Done;
        self.shown.store(true, Ordering::Relaxed);
        Ok(Some(shown.unwrap_or(0)))
    }

    async fn change_original(&self, api: &Api, body: &Body) -> Result<Option<u64>, CallError> {
        let mut json = body.json.clone();
        strip_alone(&mut json);
        let made = api.call(Method::PATCH, &self.path("/messages/@original"), Some(&json), body.file.clone()).await?;
        Ok(message_id(&made))
    }

    async fn follow_up(&self, api: &Api, body: &Body) -> Result<Option<u64>, CallError> {
        let made = api.call(Method::POST, &self.path("?wait=true"), Some(&body.json), body.file.clone()).await?;
        Ok(message_id(&made))
    }

    /// Takes "thinking" away when nothing came of it; says why where nobody else sees it.
    pub(crate) async fn end_thinking(&self, api: &Api, why: Option<&str>) {
        let mut first = self.first.lock().await;
        let First::Thinking { alone } = *first else { return };
        *first = First::Done;
        let ended = match why.filter(|_| alone || self.direct) {
            Some(why) => self.change_original(api, &outbound::whisper(why)).await.map(drop),
            None => api.call(Method::DELETE, &self.path("/messages/@original"), None, None).await.map(drop),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "\"thinking\" was not ended");
        }
    }
}

/// That only one person sees it cannot be changed, nor be said again.
fn strip_alone(json: &mut Value) {
    if let Some(flags) = json["flags"].as_u64() {
        json["flags"] = json!(flags & !EPHEMERAL);
    }
}

fn message_id(message: &Value) -> Option<u64> {
    message["id"].as_str()?.parse().ok()
}

/// A message for one person alone, which only its token can change.
#[derive(Clone, Debug)]
struct Whisper {
    path: String,
    born: Instant,
}

#[derive(Debug, Default)]
struct State {
    pending: HashMap<String, Arc<Pending>>,
    whispers: HashMap<u64, Whisper>,
    asks: HashMap<String, Ask>,
}

/// The interactions of one bot.
#[derive(Debug, Default)]
pub(crate) struct Desk(Mutex<State>);

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an interaction; `false` when it is known.
    pub(crate) fn register(&self, inbound: &str, pending: &Arc<Pending>) -> bool {
        let mut state = self.state();
        if state.pending.contains_key(inbound) {
            return false;
        }
        if state.pending.len() >= PENDING_MAX {
            state.pending.retain(|_, it| it.born.elapsed() < TOKEN);
        }
        if state.pending.len() >= PENDING_MAX
            && let Some(oldest) = state.pending.iter().min_by_key(|(_, it)| it.born).map(|(id, _)| id.clone())
        {
            state.pending.remove(&oldest);
        }
        state.pending.insert(inbound.to_owned(), Arc::clone(pending));
        true
    }

    fn find(&self, inbound: &str) -> Option<Arc<Pending>> {
        self.state().pending.get(inbound).filter(|it| it.born.elapsed() < TOKEN).cloned()
    }

    /// Remembers the forms behind the buttons of a message.
    pub(crate) fn learn_asks(&self, message: &Outbound) {
        let asking =
            || message.buttons.iter().flatten().filter_map(|button| Some((&button.data, button.ask.as_ref()?)));
        if asking().next().is_none() {
            return;
        }
        let mut state = self.state();
        if state.asks.len() >= ASKS_MAX {
            // They only make a form's title better: without them it has the button's.
            state.asks.clear();
        }
        state.asks.extend(asking().map(|(data, ask)| (data.clone(), ask.clone())));
    }

    /// The form behind a button's data.
    pub(crate) fn ask(&self, data: &str) -> Option<Ask> {
        self.state().asks.get(data).cloned()
    }

    /// Shows a message as the answer to its interaction. `None`: it answers none, or none that can still be answered.
    pub(crate) async fn answer(
        &self,
        api: &Api,
        room: &RoomId,
        message: &Outbound,
    ) -> Option<Result<MessageRef, SendError>> {
        let pending = self.find(message.answers.as_deref()?)?;
        let mut body = outbound::body(message);
        let alone = !pending.direct && (message.only_for.is_some() || pending.private);
        if alone {
            body = outbound::for_one(body);
        }
        match pending.show(api, body).await {
            Ok(None) => None,
            Ok(Some(id)) => {
                if alone {
                    self.whispered(&pending, id);
                }
                Some(Ok(MessageRef { room: room.clone(), id: id.to_string() }))
            }
            // The token is over before its time, or the webhook is not known: the channel itself is left.
            Err(error) if matches!(error.code(), 50027 | 10015) => None,
            Err(error) => Some(Err(send_error(error, false))),
        }
    }

    fn whispered(&self, pending: &Pending, id: u64) {
        let mut state = self.state();
        if state.whispers.len() >= WHISPERS_MAX {
            state.whispers.retain(|_, it| it.born.elapsed() < TOKEN);
        }
        if state.whispers.len() < WHISPERS_MAX {
            let whisper = Whisper { path: pending.path(&format!("/messages/{id}")), born: pending.born };
            state.whispers.insert(id, whisper);
        }
    }

    /// Changes a message only one person sees; `None` when it is not such a one.
    pub(crate) async fn change_whisper(&self, api: &Api, id: u64, to: &Outbound) -> Option<Result<(), SendError>> {
        let whisper = self.state().whispers.get(&id).cloned()?;
        if whisper.born.elapsed() >= TOKEN {
            return Some(Err(SendError::Gone("only one person saw it, and it can no longer be changed".into())));
        }
        let body = outbound::body(to);
        let changed = api.call(Method::PATCH, &whisper.path, Some(&body.json), body.file).await;
        Some(changed.map(drop).map_err(|error| send_error(error, true)))
    }

    /// Changes a card by answering the press that waits under it: one request for both. `None` when none waits.
    pub(crate) async fn change_pressed(&self, api: &Api, card: u64, to: &Outbound) -> Option<()> {
        let under: Vec<Arc<Pending>> = {
            let state = self.state();
            let under = |it: &&Arc<Pending>| it.card == Some(card) && it.born.elapsed() < FIRST_ANSWER;
            state.pending.values().filter(under).cloned().collect()
        };
        let body = outbound::body(to);
        if body.file.is_some() {
            return None;
        }
        let waits = |it: &Arc<Pending>| it.first.try_lock().is_ok_and(|first| *first == First::Not);
        let pending = under.iter().find(|it| matches!(it.way, Way::Callback) && waits(it))?;
        let mut first = pending.first.try_lock().ok().filter(|first| **first == First::Not)?;
        // Whatever comes of it, the ordinary way is open for the change.
        match pending.respond(api, UPDATE, body.json, None).await {
            Ok(_) => {
                *first = First::Done;
                Some(())
            }
            Err(error) => {
                *first = match error {
                    CallError::Answer(_) if error.code() == ALREADY_ANSWERED => First::Done,
                    CallError::Answer(_) if error.code() == UNKNOWN_INTERACTION => First::Dead,
                    CallError::Lost(_) => First::Done,
                    _ => First::Not,
                };
                None
            }
        }
    }
}
