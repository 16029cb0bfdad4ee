//! An event as a script sees it. Nothing is built before the script asks for it: most reports touch a few kinds of events
//! and pass over the rest.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString};

use crate::{
    domain::{ItemRef, PersonId},
    log::{Commit, Position, StoredEvent},
};

/// What of an event is shown beside an error, in characters.
const DATA_CHARS_MAX: usize = 160;
/// What did it when nobody did.
const PROCESS: &str = "yoman";
/// Events that something follows from by itself.
const CAUSES: [&str; 3] = ["idea_promoted", "research_done", "todo_promoted"];

/// The people met so far: scripts name people as people do.
#[derive(Clone, Debug, Default)]
pub struct People(Arc<RwLock<Met>>);

#[derive(Debug, Default)]
struct Met {
    handles: HashMap<PersonId, ImmutableString>,
    /// Who did what something may follow from by itself.
    promoted: HashMap<Position, PersonId>,
}

impl People {
    /// Takes note of somebody who was let in.
    fn meet(&self, person: PersonId, event: &StoredEvent) {
        if &*event.name != "person_paired" {
            return;
        }
        let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap_or_default();
        if let Some(handle) = data.get("handle").and_then(serde_json::Value::as_str) {
            let mut met = self.0.write().unwrap_or_else(PoisonError::into_inner);
            met.handles.insert(person, format!("@{handle}").into());
        }
    }

    /// `@dana`; `person 7` for somebody who was not met.
    fn handle(&self, person: PersonId) -> ImmutableString {
        let met = self.0.read().unwrap_or_else(PoisonError::into_inner);
        met.handles.get(&person).cloned().unwrap_or_else(|| format!("person {}", person.0).into())
    }

    /// Takes note of who did what something may follow from.
    fn saw(&self, commit: &Commit) {
        if commit.events.iter().any(|event| CAUSES.contains(&&*event.name))
            && let Some(person) = PersonId::of_stream(&commit.meta.actor)
        {
            let mut met = self.0.write().unwrap_or_else(PoisonError::into_inner);
            met.promoted.insert(commit.position, person);
        }
    }

    /// Who is behind a commit: its actor; for what followed by itself, whoever did what it follows from.
    fn behind(&self, commit: &Commit) -> Option<PersonId> {
        PersonId::of_stream(&commit.meta.actor).or_else(|| {
            let met = self.0.read().unwrap_or_else(PoisonError::into_inner);
            met.promoted.get(&commit.meta.causation?).copied()
        })
    }
}

/// What an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Item(ItemRef),
    Person(PersonId),
}

/// One event with the commit it is part of.
#[derive(Clone, Debug)]
pub struct Event {
    commit: Arc<Commit>,
    at: usize,
    subject: Subject,
    people: People,
    /// Parsed at the first look.
    data: Option<Dynamic>,
}

impl Event {
    fn stored(&self) -> &StoredEvent {
        &self.commit.events[self.at]
    }

    /// For telling where a script failed.
    pub(super) fn seen(&self) -> Seen {
        let stored = self.stored();
        let mut data: String = self.payload().chars().take(DATA_CHARS_MAX + 1).collect();
        if data.chars().count() > DATA_CHARS_MAX {
            data.pop();
            data.push('…');
        }
        Seen {
            position: self.commit.position,
            kind: stored.name.to_string(),
            of: match self.subject {
                Subject::Item(item) => item.to_string(),
                Subject::Person(person) => self.people.handle(person).to_string(),
            },
            recorded_at: self.commit.meta.recorded_at,
            data,
        }
    }

    /// Who somebody is on a platform is theirs, and not for reports.
    fn payload(&self) -> std::borrow::Cow<'_, str> {
        let text = self.stored().data.get();
        match self.subject {
            Subject::Item(_) => text.into(),
            Subject::Person(_) => {
                let mut data: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
                if let Some(fields) = data.as_object_mut() {
                    fields.remove("identity");
                }
                data.to_string().into()
            }
        }
    }

    fn data(&mut self) -> Result<Dynamic, Box<EvalAltResult>> {
        if self.data.is_none() {
            let data = serde_json::from_str(&self.payload())
                .map_err(|error| format!("the payload of {} cannot be read: {error}", self.stored().name))?;
            self.data = Some(data);
        }
        Ok(self.data.clone().unwrap_or(Dynamic::UNIT))
    }

    /// The versions an event takes back; none for one that takes nothing back.
    fn takes(&self) -> rhai::Array {
        if !self.stored().name.ends_with("reversed") {
            return rhai::Array::new();
        }
        let data: serde_json::Value = serde_json::from_str(self.stored().data.get()).unwrap_or_default();
        let versions = ["takes", "versions"].iter().find_map(|key| data.get(key)?.as_array());
        let versions = versions
            .map_or_else(|| data.get("version").into_iter().collect(), |versions| versions.iter().collect::<Vec<_>>());
        versions.into_iter().filter_map(serde_json::Value::as_i64).map(Dynamic::from_int).collect()
    }

    fn actor(&self) -> ImmutableString {
        match self.people.behind(&self.commit) {
            Some(person) => self.people.handle(person),
            None => PROCESS.into(),
        }
    }
}

/// The events of a commit that scripts may see, in order; those of rooms and of reports are not among them.
pub(super) fn events<'a>(commit: &'a Arc<Commit>, people: &'a People) -> impl Iterator<Item = Event> + 'a {
    let stream = commit.stream.as_str();
    let subject = match ItemRef::of_stream(stream) {
        Some(item) => Some(Subject::Item(item)),
        None => PersonId::of_stream(stream).map(Subject::Person),
    };
    match subject {
        Some(Subject::Person(person)) => commit.events.iter().for_each(|event| people.meet(person, event)),
        Some(Subject::Item(_)) => people.saw(commit),
        None => {}
    }
    let count = if subject.is_some() { commit.events.len() } else { 0 };
    (0..count).filter_map(move |at| {
        Some(Event { commit: Arc::clone(commit), at, subject: subject?, people: people.clone(), data: None })
    })
}

/// The event a script was at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Of its commit.
    pub position: Position,
    /// Its stored name.
    pub kind: String,
    /// The item, or the person.
    pub of: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Its payload, cut.
    pub data: String,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}: {} of {} {}", self.position, self.kind, self.of, self.data)
    }
}

/// Teaches an engine what an event has. What is not there is an error that names it.
pub(super) fn register(engine: &mut Engine, people: &People) {
    engine
        .register_type_with_name::<Event>("Event")
        .register_get("kind", |event: &mut Event| ImmutableString::from(&*event.stored().name))
        .register_get("item", |event: &mut Event| match event.subject {
            Subject::Item(item) => ImmutableString::from(item.to_string()).into(),
            Subject::Person(_) => Dynamic::UNIT,
        })
        .register_get("bucket", |event: &mut Event| match event.subject {
            Subject::Item(item) => ImmutableString::from(item.bucket.word()).into(),
            Subject::Person(_) => Dynamic::UNIT,
        })
        .register_get("person", |event: &mut Event| match event.subject {
            Subject::Item(_) => Dynamic::UNIT,
            Subject::Person(person) => event.people.handle(person).into(),
        })
        .register_get("version", |event: &mut Event| (event.commit.first_version + event.at as u64) as i64)
        .register_get("position", |event: &mut Event| event.commit.position.0 as i64)
        .register_get("first", |event: &mut Event| event.at == 0)
        .register_get("at", |event: &mut Event| event.commit.meta.recorded_at.timestamp())
        .register_get("actor", |event: &mut Event| event.actor())
        .register_get("bot", |event: &mut Event| ImmutableString::from(event.commit.meta.origin.bot.as_str()))
        .register_get("text", |event: &mut Event| match event.subject {
            Subject::Item(_) => ImmutableString::from(event.commit.meta.text.as_str()),
            // It may hold a code.
            Subject::Person(_) => ImmutableString::new(),
        })
        .register_get("cause", |event: &mut Event| match event.commit.meta.causation {
            Some(cause) => Dynamic::from_int(cause.0 as i64),
            None => Dynamic::UNIT,
        })
        .register_get("data", |event: &mut Event| event.data())
        .register_get("takes", |event: &mut Event| event.takes());
    let people = people.clone();
    engine.register_fn("person", move |number: i64| people.handle(PersonId(u32::try_from(number).unwrap_or(u32::MAX))));
}
