//! What arrives becomes a command, and a command becomes events or a refusal: Inbound -> known already? -> authorise ->
//! parse -> decide -> append -> answer kept -> Receipt. In order within a room, in parallel across rooms.
//!
//! # Layout
//!
//! * `mod.rs`       [`Intake`], the order within a room, what becomes of one inbound
//! * `admit.rs`     who may speak: people, strangers, silent groups
//! * `broken.rs`    a word to whoever speaks while nothing is saved any more
//! * `pairing.rs`   claim code and pairing codes
//! * `hear.rs`      what an admitted inbound comes to; `pieces.rs` a message, an edit or a press to pieces with their commands
//! * `spool.rs`     what waits while the shared log cannot be reached
//! * `carry_out.rs` a command to a commit
//! * `people.rs`    commands about people; `forget.rs` forgetting one of them
//! * `confirm.rs` questions before what cannot simply be taken back
//! * `correct.rs`   an edited message to what it changes
//! * `link.rs`      one person on several platforms: codes and their confirmation
//! * `look.rs`      looks, and glances: looks outside of a conversation; `look_back.rs` looks into the past
//! * `picture.rs`   looks that are shown as a picture too
//! * `suggest.rs`   what could stand where somebody is typing
//! * `react.rs`   reactions to cards
//! * `rebuild.rs`  a room's board and cards anew
//! * `remind.rs`    reminders: those that are due, those somebody asks for
//! * `report.rs`    reports: looks that may take long, and scripts to keep
//! * `undo.rs`      what is taken back; `deleted.rs` by deleting a message
//! * `hours.rs`     when a room is told, where somebody is
//! * `numbers.rs`   the next free number of a bucket
//! * `refusal.rs`   a no with its reason

mod admit;
mod broken;
mod carry_out;
mod confirm;
mod correct;
mod deleted;
mod forget;
mod hear;
mod hours;
mod link;
mod look;
mod look_back;
mod numbers;
mod pairing;
mod people;
mod picture;
mod pieces;
mod react;
mod rebuild;
mod refusal;
mod remind;
mod report;
mod spool;
mod suggest;
mod undo;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono_tz::Tz;
use yoman_chat::{
    Accept, Aside, BotName, Capabilities, Glance, Inbound, Outbound, Receipt, RoomId, RoomKind, Suggestion, Typing,
};

pub(crate) use self::{admit::Speaker, refusal::Failure, spool::findings as spool_findings};
use self::{confirm::Confirmations, link::Links, numbers::Numbers, pairing::Pairing, rebuild::Rebuilding};
pub use self::{
    forget::forgets,
    refusal::{Reader, Refusal},
    report::Reports,
};
use crate::{
    clock::Clock,
    command,
    domain::{Bucket, Identity, reminder::Defaults},
    lang::{Lang, wording},
    log::{EventLog, Position},
    nodes::NodesView,
    notify::{Answer, Outbox, outage::Vitals},
    projection::{Permalinks, Viewer},
    report::Desk,
    spool::Spool,
    subscription::{Past, SharedWorld},
};

/// How many rooms' lanes are kept before idle ones are let go.
const LANES_MAX: usize = 4096;

/// What intake needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The language of rooms that set none, where the platform hints at none.
    pub lang: Lang,
    /// The time zone of rooms that set none.
    pub time_zone: Tz,
    /// Where a bare sentence goes in rooms that did not say.
    pub default_bucket: Bucket,
    /// What each bot's platform can do, by the bot's name.
    pub bots: HashMap<String, Capabilities>,
    /// What people write is sealed.
    pub sealed: bool,
    /// Reports.
    pub reports: Reports,
    /// When rooms are reminded that said nothing about it.
    pub reminders: Defaults,
    /// So long a bot is down before its owners are told.
    pub down_after: Duration,
    /// What time it is.
    pub clock: Clock,
}

/// What a room's messages queue for: one at a time, first come first served.
#[derive(Debug, Default)]
struct Lane {
    /// The newest commit made from this room: looks and authorisation wait until it is seen.
    newest: Position,
    /// A button asked for words: the next bare sentence of this person completes the command.
    asked: Option<pieces::Asked>,
    /// The version a card showed when somebody reacted to it, for what is heard later than it was said.
    seen: Option<u64>,
    /// The room was told that nothing is saved any more.
    told_broken: bool,
}

/// The way in. One for the process; cheap to share behind an `Arc`.
pub struct Intake {
    log: Arc<dyn EventLog>,
    world: Arc<SharedWorld>,
    outbox: Outbox,
    settings: Settings,
    titles: Arc<HashMap<String, String>>,
    past: Past,
    permalinks: Permalinks,
    vitals: Vitals,
    /// The other nodes on this log, if there may be any.
    nodes: std::sync::OnceLock<NodesView>,
    pairing: Pairing,
    confirmations: Confirmations,
    rebuilding: Rebuilding,
    links: Links,
    numbers: Numbers,
    // A std mutex: only the map is under it, never an await.
    lanes: Mutex<HashMap<RoomId, Arc<tokio::sync::Mutex<Lane>>>>,
    /// Commands about people go one at a time: they read each other's outcome (unique handles, the last owner).
    people: tokio::sync::Mutex<()>,
    /// Reactions go one at a time: whoever made a commit and the workflow's cursor both carry out what it causes, and the
    /// slower one shall find it done instead of taking a number for it.
    reactions: tokio::sync::Mutex<()>,
    desk: Desk,
    /// Where waits what cannot be decided now; none where the log lies on this machine.
    spool: Option<Arc<Spool>>,
    started: Instant,
    /// How far the log was at the start: nobody is answered from before that.
    begun: Position,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("log", &self.log).finish_non_exhaustive()
    }
}

/// What one inbound comes to.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The messages to answer with; none: silence.
    answers: Vec<Answer>,
    /// A short line for whoever pressed a button.
    toast: Option<String>,
    /// Something was appended: the platform may only forget the delivery when the answer is kept too.
    changed: bool,
}

impl Reply {
    fn silence() -> Self {
        Self::default()
    }

    fn say(message: Outbound) -> Self {
        Self { answers: vec![Answer::new(message)], ..Self::default() }
    }
}

impl Intake {
    /// An intake over a log; `world` must be kept up to date by somebody else.
    pub fn new(log: Arc<dyn EventLog>, world: Arc<SharedWorld>, outbox: Outbox, settings: Settings) -> Self {
        let titles = settings.bots.iter().map(|(bot, can)| (bot.clone(), can.title.to_owned())).collect();
        let past = Past::new(Arc::clone(&log), Arc::clone(&world), None, Arc::default());
        Self {
            begun: log.head().position,
            past,
            permalinks: Permalinks::default(),
            vitals: Vitals::default(),
            nodes: std::sync::OnceLock::new(),
            log,
            world,
            outbox,
            settings,
            titles: Arc::new(titles),
            pairing: Pairing::default(),
            confirmations: Confirmations::default(),
            rebuilding: Rebuilding::default(),
            links: Links::default(),
            numbers: Numbers::default(),
            lanes: Mutex::default(),
            people: tokio::sync::Mutex::default(),
            reactions: tokio::sync::Mutex::default(),
            desk: Desk::default(),
            spool: None,
            started: Instant::now(),
        }
    }

    /// The same with a past that has snapshots.
    #[must_use]
    pub fn with_past(self, past: Past) -> Self {
        Self { past, ..self }
    }

    /// The same with a way back to messages.
    #[must_use]
    pub fn with_permalinks(self, permalinks: Permalinks) -> Self {
        Self { permalinks, ..self }
    }

    /// The same with a place for what is said while the shared log cannot be reached.
    #[must_use]
    pub fn with_spool(self, spool: Option<Arc<Spool>>) -> Self {
        Self { spool, ..self }
    }

    /// Tells of the nodes that share this log, once they are known.
    pub fn know_nodes(&self, view: NodesView) {
        // Set once, at the start; a second time would be the same nodes.
        let _ = self.nodes.set(view);
    }

    /// The same with somebody who looks at the bots.
    #[must_use]
    pub fn with_vitals(self, vitals: Vitals) -> Self {
        Self { vitals, ..self }
    }

    /// The worlds of the past.
    pub fn past(&self) -> &Past {
        &self.past
    }

    fn lane(&self, room: &RoomId) -> Arc<tokio::sync::Mutex<Lane>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= LANES_MAX {
            // A lane nobody else holds is idle. Its `newest` is not lost: what it made is seen long before this many rooms spoke.
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        Arc::clone(lanes.entry(room.clone()).or_default())
    }

    fn capabilities(&self, bot: &str) -> Option<&Capabilities> {
        self.settings.bots.get(bot)
    }

    /// The time zone of a room.
    fn time_zone(&self, room: &RoomId) -> Tz {
        self.world.read(|world| world.room(room.as_str()).time_zone).unwrap_or(self.settings.time_zone)
    }

    /// The language of a room: the one that was set there, else the one of whoever it is the direct room of, else the usual.
    fn lang_of(&self, room: &RoomId) -> Lang {
        let hint = self.outbox.hinted(room);
        self.world.read(|world| Lang::choose(world.room(room.as_str()).language.as_deref(), hint, self.settings.lang))
    }

    /// [`Intake::lang_of`] for many rooms, as they are now: to be asked where the world must not be locked.
    fn langs(&self) -> Box<dyn Fn(&RoomId) -> Lang + Send + '_> {
        let set: HashMap<String, Lang> = self.world.read(|world| {
            let set =
                world.rooms().filter_map(|(id, room)| Some((id.to_owned(), Lang::parse(room.language.as_deref()?)?)));
            set.collect()
        });
        Box::new(move |room| {
            set.get(room.as_str()).copied().or_else(|| self.outbox.hinted(room)).unwrap_or(self.settings.lang)
        })
    }

    /// The language somebody is answered in: as [`Intake::lang_of`], and a stranger's in a direct room is the one their
    /// platform hints at.
    fn lang(&self, inbound: &Inbound) -> Lang {
        let room = &inbound.room.id;
        let own = inbound.sender.language.as_deref().filter(|_| inbound.room.kind == RoomKind::Direct);
        let hint = own.and_then(Lang::parse).or_else(|| self.outbox.hinted(room));
        self.world.read(|world| Lang::choose(world.room(room.as_str()).language.as_deref(), hint, self.settings.lang))
    }

    /// Whoever reads what is answered to this.
    fn reader(&self, inbound: &Inbound) -> Reader {
        let lang = self.lang(inbound);
        Reader { lang, viewer: self.viewer(&inbound.room.id, None).map(|viewer| Viewer { lang, ..viewer }) }
    }

    /// What views may know about a room, and about a person when it is theirs alone.
    fn viewer(&self, room: &RoomId, person: Option<crate::domain::PersonId>) -> Option<Viewer> {
        Some(Viewer {
            room: room.as_str().to_owned(),
            person,
            lang: self.lang_of(room),
            time_zone: self.time_zone(room),
            now: self.settings.clock.now(),
            capabilities: self.capabilities(room.bot())?.clone(),
            titles: Arc::clone(&self.titles),
            permalinks: self.permalinks.clone(),
        })
    }

    /// "Tomorrow" is the day after it was said, however late it is heard.
    fn context(&self, bot: &str, inbound: &Inbound) -> command::Context {
        command::Context {
            now: inbound.sent_at.min(self.settings.clock.now()),
            time_zone: self.time_zone(&inbound.room.id),
            bare_verbs: self.capabilities(bot).is_some_and(|can| can.bare_verbs),
        }
    }

    /// Handles one inbound up to the point where its commands are durable and its answers are worded, and keeps no answer:
    /// what the command path costs by itself, for measuring.
    ///
    /// # Errors
    /// Why it could not be handled.
    pub async fn handle(&self, bot: &BotName, inbound: &Inbound) -> Result<Vec<Answer>, String> {
        let lane = self.lane(&inbound.room.id);
        let mut lane = lane.lock().await;
        match self.take(bot, inbound, &mut lane).await {
            Ok(reply) => Ok(reply.answers),
            Err(Failure::Refused(refusal)) => Err(refusal.line(&self.reader(inbound))),
            Err(Failure::Again(why) | Failure::Away(why)) => Err(why),
        }
    }

    /// What one inbound comes to; the caller holds the room's lane.
    async fn take(&self, bot: &BotName, inbound: &Inbound, lane: &mut Lane) -> Result<Reply, Failure> {
        self.world.at_least(lane.newest.max(self.begun)).await;
        let speaker = match self.admit(bot, inbound, lane).await? {
            admit::Admitted::Yes(speaker) => speaker,
            admit::Admitted::No(mut reply) => {
                reply.answers = reply.answers.into_iter().map(|answer| self.privately(answer, inbound)).collect();
                return Ok(reply);
            }
        };
        if inbound.room.kind == RoomKind::Direct {
            // Where somebody who is assigned something can be told.
            let identity = Identity(inbound.sender.id.as_str().to_owned());
            let language = inbound.sender.language.as_deref();
            self.outbox.met(&inbound.room.id, speaker.person, &identity, language, self.log.head().position);
        }
        self.hear(bot, inbound, &speaker, lane).await
    }
}

#[async_trait]
impl Accept for Intake {
    async fn accept(&self, bot: &BotName, inbound: Inbound) -> Receipt {
        let inbound = self.in_its_thread(inbound);
        // Taking the lane is the first await: tokio's mutex is first come first served, so this is the order of arrival.
        let lane = self.lane(&inbound.room.id);
        let mut lane = lane.lock().await;
        let _talking = self.outbox.talks_in(&inbound.room.id);
        if self.outbox.answered(&inbound.id) {
            // Registered, and durable once this returns: only then may the platform forget it.
            return match self.outbox.answer(&inbound.id, &inbound.room.id, Vec::new()).await {
                Ok(_) => Receipt::KEPT,
                Err(error) => Receipt::NotKept { why: error.to_string() },
            };
        }
        if let Some(receipt) = self.saved_before(&inbound).await {
            return receipt;
        }
        let asked = lane.asked.clone();
        let taken = match self.save_if_it_must_wait(bot, &inbound, &mut lane).await {
            Some(Ok(receipt)) => return receipt,
            Some(Err(refused)) => Err(refused),
            None => match self.take(bot, &inbound, &mut lane).await {
                Err(Failure::Away(why)) => {
                    lane.asked = asked;
                    match self.save_instead(why, bot, &inbound, &mut lane).await {
                        Some(Ok(receipt)) => return receipt,
                        Some(Err(refused)) => Err(refused),
                        // Nothing that strangers send is kept, their claims neither.
                        None if self.spool.is_some() => Err(Refusal::new(wording!("spool-not-now")).into()),
                        None => Err(Failure::Again("the shared log cannot be reached, and there is no spool".into())),
                    }
                }
                taken => taken,
            },
        };
        let reply = match self.worded(bot, &inbound, taken) {
            Ok(reply) => reply,
            Err(why) => {
                self.tell_broken(&inbound, &mut lane).await;
                return Receipt::NotKept { why };
            }
        };
        let (toast, changed) = (reply.toast, reply.changed);
        if reply.answers.is_empty() {
            return Receipt::Kept { toast };
        }
        match self.outbox.answer(&inbound.id, &inbound.room.id, reply.answers).await {
            Ok(_) => Receipt::Kept { toast },
            // A refusal or a look that was shown from memory: nothing is lost if it is forgotten now.
            Err(error) if !changed => {
                tracing::warn!(%error, "an answer could not be kept and was shown from memory");
                Receipt::Kept { toast }
            }
            Err(error) => Receipt::NotKept { why: error.to_string() },
        }
    }

    async fn keep_aside(&self, bot: &BotName, aside: Aside) -> Receipt {
        tracing::warn!(%bot, id = aside.id, why = aside.why, "kept aside a delivery that was not understood");
        match self.outbox.keep_aside(bot, aside).await {
            Ok(()) => Receipt::KEPT,
            Err(error) => Receipt::NotKept { why: error.to_string() },
        }
    }

    async fn suggest(&self, bot: &BotName, typing: Typing) -> Vec<Suggestion> {
        self.suggestions(bot, &typing)
    }

    async fn glance(&self, bot: &BotName, glance: Glance) -> Option<Outbound> {
        self.world.at_least(self.begun).await;
        self.seen_at_a_glance(bot, &glance).await
    }

    async fn recall(&self, bot: &BotName, key: &str) -> Option<String> {
        self.outbox.memo(bot, key)
    }

    async fn remember(&self, bot: &BotName, key: &str, value: &str) {
        if let Err(error) = self.outbox.remember(bot, key, value).await {
            tracing::warn!(%bot, key, %error, "a bot's memory could not be saved");
        }
    }
}
