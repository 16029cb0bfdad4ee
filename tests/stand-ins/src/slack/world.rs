//! Purpose: the state of the workspace.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    model::{
        AppIdentity, Call, ChannelKind, Counters, Delivery, Fault, Limits, NewChannel, Person, Shown, Unfurl, View,
    },
    queue::{Envelope, Socket},
    text,
};

/// How long a trigger opens a form: <https://docs.slack.dev/interactivity/handling-user-interaction>.
const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// How long and how often a response URL answers.
const RESPONSE_LIFE: Duration = Duration::from_secs(30 * 60);
const RESPONSE_USES: u32 = 5;

/// A channel with what stands in it.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) bot_in: bool,
    pub(crate) archived: bool,
    /// Oldest first, by timestamp.
    pub(crate) messages: Vec<Shown>,
}

/// A file on its way up.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) alt: String,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) complete: bool,
}

/// Where an interaction may be answered.
#[derive(Clone, Debug)]
pub(crate) struct ResponseUrl {
    pub(crate) channel: String,
    pub(crate) user: String,
    born: Instant,
    uses: u32,
}

pub(crate) struct World {
    pub(crate) app: AppIdentity,
    /// `http://127.0.0.1:port`
    pub(crate) base: String,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) queue: VecDeque<Envelope>,
    /// What people did by hand and the app acknowledged.
    pub(crate) acked_by_hand: HashSet<String>,
    pub(crate) sockets: BTreeMap<u64, Socket>,
    pub(crate) tickets: HashMap<String, Instant>,
    pub(crate) request_url: Option<String>,
    pub(crate) views: BTreeMap<String, View>,
    pub(crate) homes: BTreeMap<String, View>,
    pub(crate) home_publishes: u64,
    pub(crate) unfurls: Vec<Unfurl>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    triggers: HashMap<String, (Instant, String)>,
    responses: HashMap<String, ResponseUrl>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) limits: Option<Limits>,
    pub(crate) buckets: HashMap<String, (Instant, f64)>,
    pub(crate) delivery: Delivery,
    pub(crate) calls: VecDeque<Call>,
    pub(crate) calls_max: usize,
    pub(crate) counters: Counters,
    born: Instant,
    last_us: i64,
    next: u64,
}

impl World {
    pub(crate) fn new(app: AppIdentity) -> Self {
        Self {
            app,
            base: String::new(),
            people: BTreeMap::new(),
            channels: BTreeMap::new(),
            queue: VecDeque::new(),
            acked_by_hand: HashSet::new(),
            sockets: BTreeMap::new(),
            tickets: HashMap::new(),
            request_url: None,
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            home_publishes: 0,
            unfurls: Vec::new(),
            uploads: BTreeMap::new(),
            triggers: HashMap::new(),
            responses: HashMap::new(),
            faults: Vec::new(),
            limits: None,
            buckets: HashMap::new(),
            delivery: Delivery::default(),
            calls: VecDeque::new(),
            calls_max: 10_000,
            counters: Counters::default(),
            born: Instant::now(),
            last_us: 0,
            next: 0,
        }
    }

    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A timestamp nothing else has.
    pub(crate) fn new_ts(&mut self) -> String {
        self.last_us = chrono::Utc::now().timestamp_micros().max(self.last_us + 1);
        text::ts(self.last_us)
    }

    /// An id nothing else has: `Ev0000000A`.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:08X}", self.next)
    }

    pub(crate) fn add_person(&mut self, mut person: Person) -> Person {
        if person.id.is_empty() {
            person.id = self.new_id("U");
        }
        if person.name.is_empty() {
            person.name = person.real_name.to_lowercase().replace(' ', ".");
        }
        if person.locale.is_empty() {
            person.locale = "en-US".into();
        }
        self.people.insert(person.id.clone(), person.clone());
        person
    }

    pub(crate) fn add_channel(&mut self, new: NewChannel, members: Vec<String>) -> String {
        let id = self.new_id(match new.kind {
            ChannelKind::Im => "D",
            ChannelKind::Channel => "C",
            ChannelKind::Group | ChannelKind::Mpim => "G",
        });
        let channel = Channel {
            id: id.clone(),
            kind: new.kind,
            name: new.name,
            members,
            bot_in: !new.without_bot,
            archived: false,
            messages: Vec::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// The direct channel of a person with the bot.
    pub(crate) fn im(&mut self, user: &str) -> Option<String> {
        self.people.get(user)?;
        let known = self.channels.values().find(|c| c.kind == ChannelKind::Im && c.bot_in && c.members == [user]);
        Some(match known {
            Some(channel) => channel.id.clone(),
            None => self.add_channel(NewChannel { kind: ChannelKind::Im, ..NewChannel::default() }, vec![user.into()]),
        })
    }

    pub(crate) fn message(&mut self, channel: &str, ts: &str) -> Option<&mut Shown> {
        let messages = &mut self.channels.get_mut(channel)?.messages;
        messages.iter_mut().rev().find(|m| m.ts == ts && !m.deleted)
    }

    /// Lets `user` be shown a form for a while.
    pub(crate) fn new_trigger(&mut self, user: &str) -> String {
        self.triggers.retain(|_, (born, _)| born.elapsed() < TRIGGER_LIFE * 4);
        let id = format!("{}.{}.standin", self.new_id("1"), self.app.team_id);
        self.triggers.insert(id.clone(), (Instant::now(), user.to_owned()));
        id
    }

    /// Who is shown a form by this trigger; it works once.
    pub(crate) fn take_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        match self.triggers.remove(id) {
            None => Err("invalid_trigger_id"),
            Some((born, _)) if born.elapsed() > TRIGGER_LIFE => Err("expired_trigger_id"),
            Some((_, user)) => Ok(user),
        }
    }

    /// A new response URL.
    pub(crate) fn new_response(&mut self, channel: &str, user: &str) -> String {
        let id = self.new_id("R");
        let url = ResponseUrl { channel: channel.into(), user: user.into(), born: Instant::now(), uses: 0 };
        self.responses.insert(id.clone(), url);
        format!("{}/actions/{}/{id}/standin", self.base, self.app.team_id)
    }

    /// One use of a response URL.
    pub(crate) fn use_response(&mut self, id: &str) -> Result<ResponseUrl, &'static str> {
        let url = self.responses.get_mut(id).ok_or("expired_url")?;
        url.uses += 1;
        if url.uses > RESPONSE_USES || url.born.elapsed() > RESPONSE_LIFE {
            return Err("used_url");
        }
        Ok(url.clone())
    }

    /// Whether the channel takes one more message now; the seconds to wait otherwise.
    pub(crate) fn take_turn(&mut self, channel: &str) -> Result<(), u64> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let (rate, burst) = (f64::from(limits.channel_per_s.max(1)), f64::from(limits.channel_burst.max(1)));
        let (at, tokens) = self.buckets.entry(channel.to_owned()).or_insert_with(|| (Instant::now(), burst));
        *tokens = (*tokens + at.elapsed().as_secs_f64() * rate).min(burst);
        *at = Instant::now();
        if *tokens < 1.0 {
            return Err(1);
        }
        *tokens -= 1.0;
        Ok(())
    }

    /// The person as `users.info` tells.
    pub(crate) fn user_object(&self, id: &str) -> Option<Value> {
        if id == self.app.bot_user {
            let name = &self.app.name;
            return Some(
                json!({ "id": id, "team_id": self.app.team_id, "name": name, "real_name": name, "is_bot": true,
                "profile": { "display_name": name, "real_name": name, "bot_id": self.app.bot_id } }),
            );
        }
        let person = self.people.get(id)?;
        Some(json!({
            "id": id, "team_id": self.app.team_id, "name": person.name, "deleted": false, "real_name": person.real_name,
            "tz": "Europe/Vienna", "is_bot": person.is_bot, "is_app_user": false, "updated": 1, "locale": person.locale,
            "profile": { "display_name": person.name, "real_name": person.real_name }
        }))
    }
}
