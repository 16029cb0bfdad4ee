//! Purpose: one event of the gateway to where it belongs. Called in the order of arrival, it never waits: what takes time
//! goes into the room's lane.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::value::RawValue;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;
use yoman_chat::{Aside, Inbox, Menu, Sender, Stop};

use crate::{
    api::Api,
    channels::Channels,
    desk::Desk,
    inbound::Us,
    interactions,
    lanes::{Job, Lanes},
    seen::Seen,
    session::{Session, Ticket},
    wire,
};

/// What is kept of an event that was not understood.
const ASIDE_BYTES_MAX: usize = 64 * 1024;
/// How long reading on waits for the session.
const SESSION_PATIENCE: Duration = Duration::from_secs(10);
/// Whose messages are remembered, for when they are deleted.
const WRITERS_MAX: usize = 2_048;
/// How many channels are read on at once.
const READING_MAX: usize = 4;

/// Events there are that say nothing to us.
const UNUSED: &[&str] = &[
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    "AUTO_MODERATION_ACTION_EXECUTION",
    "AUTO_MODERATION_RULE_CREATE",
    "AUTO_MODERATION_RULE_DELETE",
    "AUTO_MODERATION_RULE_UPDATE",
    "CHANNEL_INFO",
    "CHANNEL_PINS_UPDATE",
    "CHANNEL_TOPIC_UPDATE",
    "ENTITLEMENT_CREATE",
    "ENTITLEMENT_DELETE",
    "ENTITLEMENT_UPDATE",
    "GUILD_APPLICATION_COMMAND_INDEX_UPDATE",
    "GUILD_AUDIT_LOG_ENTRY_CREATE",
    "GUILD_BAN_ADD",
    "GUILD_BAN_REMOVE",
    "GUILD_DELETE",
    "GUILD_EMOJIS_UPDATE",
    "GUILD_INTEGRATIONS_UPDATE",
    "GUILD_JOIN_REQUEST_DELETE",
    "GUILD_JOIN_REQUEST_UPDATE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_DELETE",
    "GUILD_ROLE_UPDATE",
    "GUILD_SCHEDULED_EVENT_CREATE",
    "GUILD_SCHEDULED_EVENT_DELETE",
    "GUILD_SCHEDULED_EVENT_UPDATE",
    "GUILD_SCHEDULED_EVENT_USER_ADD",
    "GUILD_SCHEDULED_EVENT_USER_REMOVE",
    "GUILD_SOUNDBOARD_SOUND_CREATE",
    "GUILD_SOUNDBOARD_SOUND_DELETE",
    "GUILD_SOUNDBOARD_SOUND_UPDATE",
    "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
    "GUILD_STICKERS_UPDATE",
    "GUILD_UPDATE",
    "INTEGRATION_CREATE",
    "INTEGRATION_DELETE",
    "INTEGRATION_UPDATE",
    "INVITE_CREATE",
    "INVITE_DELETE",
    "MESSAGE_POLL_VOTE_ADD",
    "MESSAGE_POLL_VOTE_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "PRESENCE_UPDATE",
    "RATE_LIMITED",
    "SOUNDBOARD_SOUNDS",
    "STAGE_INSTANCE_CREATE",
    "STAGE_INSTANCE_DELETE",
    "STAGE_INSTANCE_UPDATE",
    "SUBSCRIPTION_CREATE",
    "SUBSCRIPTION_DELETE",
    "SUBSCRIPTION_UPDATE",
    "THREAD_MEMBER_UPDATE",
    "THREAD_MEMBERS_UPDATE",
    "TYPING_START",
    "USER_UPDATE",
    "VOICE_CHANNEL_EFFECT_SEND",
    "VOICE_CHANNEL_STATUS_UPDATE",
    "VOICE_SERVER_UPDATE",
    "VOICE_STATE_UPDATE",
    "WEBHOOKS_UPDATE",
];

/// Whose messages were kept lately.
#[derive(Debug, Default)]
struct Writers {
    by_message: HashMap<u64, Sender>,
    order: VecDeque<u64>,
}

/// What the parts of one bot share. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    pub(crate) api: Api,
    pub(crate) inbox: Inbox,
    pub(crate) us: Us,
    pub(crate) app: u64,
    pub(crate) menu: Arc<Menu>,
    pub(crate) under: Arc<str>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) think_after: Duration,
    pub(crate) session: Session,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) reading: Arc<Semaphore>,
    pub(crate) stop: Stop,
    pub(crate) tasks: TaskTracker,
    writers: Arc<Mutex<Writers>>,
    /// A session has begun or was taken up: what it had to hand over again has come.
    established: Arc<watch::Sender<bool>>,
}

impl Intake {
    /// What takes events in for one bot.
    #[expect(clippy::too_many_arguments, reason = "each is made elsewhere and none belongs to another")]
    pub(crate) fn new(
        api: Api,
        inbox: Inbox,
        us: Us,
        app: u64,
        menu: Arc<Menu>,
        under: &str,
        channels: Arc<Channels>,
        seen: Arc<Seen>,
        desk: Arc<Desk>,
        think_after: Duration,
        stop: Stop,
    ) -> Self {
        Self {
            api,
            inbox,
            us,
            app,
            menu,
            under: under.into(),
            channels,
            seen,
            desk,
            think_after,
            session: Session::default(),
            lanes: Arc::default(),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            stop,
            tasks: TaskTracker::new(),
            writers: Arc::default(),
            established: Arc::new(watch::channel(false).0),
        }
    }

    /// Waits for the session, so that what it hands over again is at hand, but not for long: it may be down.
    pub(crate) async fn established(&self) {
        let mut established = self.established.subscribe();
        let _ = tokio::time::timeout(SESSION_PATIENCE, established.wait_for(|it| *it)).await;
    }

    /// Does something beside, within this run.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.tasks.spawn(task));
    }

    /// One event.
    pub(crate) fn event(&self, name: &str, data: &RawValue, ticket: Ticket) {
        match name {
            "RESUMED" => {
                self.established.send_replace(true);
                ticket.settle();
            }
            "READY" => {
                self.established.send_replace(true);
                // A session that begins has missed what was said before it.
                self.read_all_on();
                ticket.settle();
            }
            "MESSAGE_CREATE" => self.message(data, ticket, Job::Message),
            "MESSAGE_UPDATE" => self.message(data, ticket, Job::Edit),
            "MESSAGE_DELETE" => match serde_json::from_str::<wire::Gone>(data.get()) {
                // Of what was never kept, nothing is to be taken back.
                Ok(gone) if self.seen.mark(gone.channel_id).is_none() => ticket.settle(),
                Ok(gone) => self.push(gone.channel_id, Job::Delete(gone), ticket),
                Err(error) => self.aside(name, data.get(), &error.to_string(), Some(ticket)),
            },
            "MESSAGE_REACTION_ADD" => self.reaction(data, ticket, true),
            "MESSAGE_REACTION_REMOVE" => self.reaction(data, ticket, false),
            "INTERACTION_CREATE" => interactions::arrive(self, data.get(), Some(ticket), None),
            "GUILD_CREATE" => {
                if let Ok(guild) = serde_json::from_str::<wire::Guild>(data.get()) {
                    for channel in guild.channels.iter().chain(&guild.threads) {
                        self.channels.learn(channel, Some(guild.id));
                    }
                }
                ticket.settle();
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                if let Ok(channel) = serde_json::from_str::<wire::Channel>(data.get()) {
                    self.channels.learn(&channel, None);
                }
                ticket.settle();
            }
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                if let Ok(channel) = serde_json::from_str::<wire::Channel>(data.get()) {
                    self.channels.forget(channel.id);
                    self.seen.forget(channel.id);
                }
                ticket.settle();
            }
            "THREAD_LIST_SYNC" => {
                if let Ok(guild) = serde_json::from_str::<wire::Synced>(data.get()) {
                    for channel in &guild.threads {
                        self.channels.learn(channel, Some(guild.guild_id));
                    }
                }
                ticket.settle();
            }
            // Many at once are deleted by a moderator or a bot, not by who wrote them.
            "MESSAGE_DELETE_BULK" => ticket.settle(),
            known if UNUSED.contains(&known) => ticket.settle(),
            _ => self.aside(name, data.get(), "an event of an unknown kind", Some(ticket)),
        }
    }

    fn message(&self, data: &RawValue, ticket: Ticket, job: fn(Box<wire::Message>) -> Job) {
        let message: wire::Message = match serde_json::from_str(data.get()) {
            Ok(message) => message,
            Err(error) => return self.aside("MESSAGE", data.get(), &error.to_string(), Some(ticket)),
        };
        // Most of what is said in a server is neither for us nor shown to us.
        let nothing = message.content.is_empty() && message.attachments.is_empty();
        let unheard = !message.is_by_person() || (message.guild_id.is_some() && nothing);
        if unheard && self.seen.mark(message.channel_id).is_none() {
            ticket.settle();
            return;
        }
        self.push(message.channel_id, job(Box::new(message)), ticket);
    }

    /// A reaction has no id and no time of its own: the event's place in the session names it.
    fn reaction(&self, data: &RawValue, ticket: Ticket, added: bool) {
        match serde_json::from_str::<wire::Reaction>(data.get()) {
            // Of what others wrote only the writer is told, and only when a reaction comes.
            Ok(reaction) if !reaction.is_for(self.us.id) => ticket.settle(),
            Ok(reaction) => {
                let (channel, place) = (reaction.channel_id, ticket.place());
                self.push(channel, Job::Reaction(Box::new(reaction), added, place), ticket);
            }
            Err(error) => self.aside("MESSAGE_REACTION", data.get(), &error.to_string(), Some(ticket)),
        }
    }

    fn push(&self, channel: u64, job: Job, ticket: Ticket) {
        // Only an interaction is ever given back, and those go their own way.
        let _ = self.lanes.push(self, channel, job, Some(ticket));
    }

    /// Every followed channel is read on before anything new of it.
    pub(crate) fn read_all_on(&self) {
        let followed = self.seen.all();
        self.session.read_on(followed.iter().map(|(channel, _)| *channel));
        for (channel, _) in followed {
            let _ = self.lanes.push(self, channel, Job::CatchUp, None);
        }
    }

    /// Keeps aside what was not understood; tried until it is kept.
    pub(crate) fn aside(&self, name: &str, raw: &str, why: &str, ticket: Option<Ticket>) {
        let mut end = raw.len().min(ASIDE_BYTES_MAX);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        let raw = &raw[..end];
        let id = format!("{}/event/{name}/{}", self.us.bot, crate::outbound::fingerprint(&[raw]));
        let aside = Aside { id, raw: raw.to_owned(), why: why.to_owned() };
        let (inbox, stop) = (self.inbox.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            while !inbox.keep_aside(aside.clone()).await.is_kept() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_millis(500)) => {}
                }
            }
            if let Some(ticket) = ticket {
                ticket.settle();
            }
        });
    }

    /// Somebody wrote a message that was kept.
    pub(crate) fn wrote(&self, message: u64, writer: Sender) {
        // A std mutex: nothing is awaited under it.
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        if writers.by_message.insert(message, writer).is_none() {
            writers.order.push_back(message);
        }
        if writers.order.len() > WRITERS_MAX
            && let Some(old) = writers.order.pop_front()
        {
            writers.by_message.remove(&old);
        }
    }

    /// Who wrote a message that was kept lately.
    pub(crate) fn writer(&self, message: u64) -> Option<Sender> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner).by_message.get(&message).cloned()
    }
}
