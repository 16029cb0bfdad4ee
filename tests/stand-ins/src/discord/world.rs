//! Purpose: the state: people, guilds, channels, messages, sessions, interactions.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    markdown,
    model::{BotIdentity, Call, Counters, Fault, Limits, Person},
    permissions::INVITED,
};

/// The first millisecond of Discord's ids.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// How many events a session can be given again.
const REPLAY_MAX: usize = 20_000;
/// The flag of a message that stands for one to come.
pub(crate) const THINKING: u64 = 1 << 7;

pub(crate) struct Guild {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// What the bot's roles allow.
    pub(crate) permissions: u64,
    /// Whether the bot is in it.
    pub(crate) member: bool,
}

#[derive(Default)]
pub(crate) struct Channel {
    pub(crate) id: u64,
    /// 0 text, 1 direct, 11 thread.
    pub(crate) kind: u8,
    pub(crate) guild: Option<u64>,
    pub(crate) parent: Option<u64>,
    pub(crate) name: String,
    /// Of a direct chat.
    pub(crate) recipient: Option<u64>,
    /// Of a thread.
    pub(crate) owner: u64,
    /// What is taken from the bot here.
    pub(crate) denied: u64,
    /// The person takes no messages of the bot.
    pub(crate) shut: bool,
    pub(crate) messages: BTreeMap<u64, Message>,
}

#[derive(Clone, Default)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) author: u64,
    pub(crate) kind: u8,
    pub(crate) content: String,
    pub(crate) embeds: Value,
    pub(crate) components: Value,
    pub(crate) attachments: Vec<Value>,
    pub(crate) flags: u64,
    pub(crate) nonce: Option<Value>,
    pub(crate) reference: Option<u64>,
    pub(crate) edited: Option<DateTime<Utc>>,
    pub(crate) edits: u32,
    pub(crate) pinned: bool,
    pub(crate) only_for: Option<u64>,
    pub(crate) pings: Vec<String>,
    pub(crate) thread: Option<u64>,
    /// What it said before, oldest first.
    pub(crate) versions: Vec<String>,
    pub(crate) at_us: u64,
}

impl Message {
    /// The text with its formatting gone: content, then the descriptions of embeds.
    pub(crate) fn text(&self) -> String {
        let embeds = self.embeds.as_array().into_iter().flatten();
        let texts = std::iter::once(self.content.as_str()).chain(embeds.filter_map(|it| it["description"].as_str()));
        let texts = texts.filter(|text| !text.is_empty()).map(|text| markdown::read(text).plain);
        texts.collect::<Vec<_>>().join("\n")
    }

    /// It is about to say something else; "thinking" says nothing.
    pub(crate) fn turn(&mut self) {
        if self.flags & THINKING == 0 {
            let text = self.text();
            self.versions.push(text);
        }
    }
}

pub(crate) struct Interaction {
    pub(crate) id: u64,
    pub(crate) token: String,
    /// 2 command, 3 component, 4 suggestions, 5 form.
    pub(crate) kind: u8,
    pub(crate) at: Instant,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    /// The message whose component was used, or whose form it is.
    pub(crate) source: Option<u64>,
    /// The type of the first answer.
    pub(crate) answered: Option<u64>,
    pub(crate) after_us: u64,
    pub(crate) data: Value,
    pub(crate) original: Option<u64>,
    /// Ids of what it and its follow-ups made.
    pub(crate) messages: Vec<u64>,
    /// Told, so that its deadlines can be made to pass.
    pub(crate) aged: Duration,
}

impl Interaction {
    pub(crate) fn age(&self) -> Duration {
        self.at.elapsed() + self.aged
    }
}

/// What a session's socket is told to do.
pub(crate) enum Frame {
    Send(String),
    Close(u16, String),
    Drop,
}

pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) intents: u64,
    pub(crate) replay: VecDeque<(u64, String)>,
    pub(crate) socket: Option<mpsc::UnboundedSender<Frame>>,
}

/// When requests came lately.
#[derive(Default)]
pub(crate) struct Window(VecDeque<Instant>);

impl Window {
    /// Counts one; or tells how long until one fits. With what is left and when the window is over.
    pub(crate) fn take(&mut self, max: u32, window: Duration) -> Result<(u32, Duration), Duration> {
        let now = Instant::now();
        while self.0.front().is_some_and(|at| now.duration_since(*at) >= window) {
            self.0.pop_front();
        }
        let reset = self.0.front().map_or(window, |at| window.saturating_sub(now.duration_since(*at)));
        if self.0.len() >= max as usize {
            return Err(reset);
        }
        self.0.push_back(now);
        Ok((max - self.0.len() as u32, reset))
    }
}

pub(crate) struct World {
    pub(crate) bot: BotIdentity,
    pub(crate) key: SigningKey,
    /// By message, person and emoji.
    pub(crate) reactions: std::collections::BTreeSet<(u64, u64, String)>,
    pub(crate) endpoint: Option<String>,
    pub(crate) people: BTreeMap<u64, Person>,
    pub(crate) guilds: BTreeMap<u64, Guild>,
    pub(crate) channels: BTreeMap<u64, Channel>,
    pub(crate) interactions: BTreeMap<u64, Interaction>,
    pub(crate) commands: BTreeMap<u64, Vec<Value>>,
    pub(crate) sessions: Vec<Session>,
    /// Events for whoever identifies next.
    pub(crate) waiting: Vec<(String, Value)>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) limits: Option<Limits>,
    pub(crate) windows: HashMap<String, Window>,
    pub(crate) identified: Option<Instant>,
    pub(crate) identifies: u32,
    pub(crate) resumes: u32,
    pub(crate) session_starts_left: u32,
    pub(crate) heartbeat_ms: u64,
    pub(crate) mute_heartbeats: bool,
    pub(crate) nonces: HashMap<(u64, String), (Instant, u64)>,
    pub(crate) calls: VecDeque<Call>,
    pub(crate) gateway_url: String,
    pub(crate) counters: Counters,
    born: Instant,
    next: u64,
}

impl World {
    pub(crate) fn new(bot: BotIdentity) -> Self {
        Self {
            bot,
            key: SigningKey::from_bytes(&[7; 32]),
            reactions: std::collections::BTreeSet::new(),
            endpoint: None,
            people: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: BTreeMap::new(),
            sessions: Vec::new(),
            waiting: Vec::new(),
            faults: Vec::new(),
            limits: None,
            windows: HashMap::new(),
            identified: None,
            identifies: 0,
            resumes: 0,
            session_starts_left: 1_000,
            heartbeat_ms: 41_250,
            mute_heartbeats: false,
            nonces: HashMap::new(),
            calls: VecDeque::new(),
            gateway_url: String::new(),
            counters: Counters::default(),
            born: Instant::now(),
            next: 0,
        }
    }

    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A new id, above every other.
    pub(crate) fn snowflake(&mut self) -> u64 {
        let now = (Utc::now().timestamp_millis() - EPOCH_MS).unsigned_abs() << 22;
        self.next = now.max(self.next + 1);
        self.next
    }

    pub(crate) fn add_person(&mut self, mut person: Person) -> Person {
        if person.id == 0 {
            person.id = self.snowflake();
        }
        if person.username.is_empty() {
            person.username = person.name.to_lowercase().replace(' ', "_");
        }
        person.dm = self.snowflake();
        let dm = Channel { id: person.dm, kind: 1, recipient: Some(person.id), ..Channel::default() };
        self.channels.insert(person.dm, dm);
        self.people.insert(person.id, person.clone());
        person
    }

    pub(crate) fn add_guild(&mut self, name: &str) -> u64 {
        let id = self.snowflake();
        self.guilds.insert(id, Guild { id, name: name.into(), permissions: INVITED, member: true });
        id
    }

    pub(crate) fn channel(&self, id: u64) -> Option<&Channel> {
        self.channels.get(&id)
    }

    pub(crate) fn message(&self, id: u64) -> Option<&Message> {
        self.channels.values().find_map(|channel| channel.messages.get(&id))
    }

    pub(crate) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.channels.values_mut().find_map(|channel| channel.messages.get_mut(&id))
    }

    pub(crate) fn interaction_by_token(&self, token: &str) -> Option<&Interaction> {
        self.interactions.values().find(|it| it.token == token)
    }

    /// An event for every session, as each may see it.
    pub(crate) fn dispatch(&mut self, name: &str, data: &Value) {
        let by_hand = name == "INTERACTION_CREATE" || (name == "MESSAGE_CREATE" && data["author"]["bot"] != true);
        if by_hand && self.sessions.iter().any(|session| session.socket.is_some()) {
            self.counters.delivered += 1;
        }
        let mut sessions = std::mem::take(&mut self.sessions);
        for session in &mut sessions {
            let seen = super::json::as_session_sees(self, name, data, session.intents);
            if let Some(seen) = seen {
                session.push(name, &seen);
            }
        }
        self.sessions = sessions;
    }

    /// An event of any shape: to the sessions there are, or to the next.
    pub(crate) fn raw_event(&mut self, name: &str, data: Value) {
        if self.sessions.iter().any(|session| session.socket.is_some()) {
            for session in &mut self.sessions {
                session.push(name, &data);
            }
        } else {
            self.waiting.push((name.to_owned(), data));
        }
    }
}

impl Session {
    pub(crate) fn push(&mut self, name: &str, data: &Value) {
        self.seq += 1;
        let frame = serde_json::json!({ "op": 0, "s": self.seq, "t": name, "d": data }).to_string();
        if let Some(socket) = &self.socket {
            let _ = socket.send(Frame::Send(frame.clone()));
        }
        self.replay.push_back((self.seq, frame));
        if self.replay.len() > REPLAY_MAX {
            self.replay.pop_front();
        }
    }
}
