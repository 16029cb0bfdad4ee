//! A log that seals what is appended and opens what is read; the engine under it never sees a person's words.

use std::{
    collections::{BTreeMap, btree_map::Entry as Slot},
    ops::ControlFlow,
    sync::Arc,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Closed, Vault, VaultError,
    authors::Authors,
    json,
    key::{KeyId, PersonKey},
    seal::{self, PREFIX, Place, Written},
};
use crate::{
    domain::PersonId,
    log::{
        Append, AppendError, Appended, CommandId, Commit, Entry, EventLog, Head, Health, Live, Meta, Position,
        ReadError, StoredEvent, StreamId, Version, Visit,
    },
};

/// The event that forgets.
pub(super) const FORGOTTEN: &str = "person_forgotten";
/// The event that says who somebody is by now.
const MERGED: &str = "person_merged";
/// So many numbers without a person end the search for people.
const GAP_MAX: u32 = 16;

/// A log over another. Reads give the words as they were said, or what stands for words that stay closed.
#[derive(Clone, Debug)]
pub struct SealedLog {
    beneath: Arc<dyn EventLog>,
    vault: Arc<Vault>,
    seal: bool,
}

/// Whose keys each text of an append is sealed under.
#[derive(Default)]
pub(super) struct Whose {
    /// Who acts.
    pub(super) actor: Option<PersonId>,
    /// Whose stream it is.
    pub(super) own: Option<PersonId>,
    /// Whose words it carries when no person acts.
    pub(super) authors: Authors,
    /// Who wrote on the stream it goes to, when it says again what was written there.
    pub(super) here: Authors,
}

impl Whose {
    pub(super) fn text(&self, vault: &Vault, event: &str, text: &str) -> Vec<PersonId> {
        match (self.own, self.actor) {
            (Some(own), _) if seal::is_about_themselves(event) => vec![own],
            _ if seal::says_again(event) => self.here.wrote_all_of(vault, text),
            (_, Some(actor)) => vec![actor],
            (_, None) => self.authors.wrote(vault, text),
        }
    }
}

/// Two who are one are forgotten as one, also when the process died in between. `merged`: who turned out to be whom.
pub(super) fn forget_as_one(vault: &Vault, merged: &BTreeMap<PersonId, PersonId>) {
    for &once in merged.keys() {
        let mut at = once;
        // No longer than all of them, though a log made by hand leads in a circle.
        for _ in 0..merged.len() {
            let Some(&into) = merged.get(&at) else { break };
            at = into;
        }
        if vault.is_forgotten(at) {
            vault.forget(once, false);
        }
    }
}

/// Who somebody turned out to be, if an event says so.
pub(super) fn merged_into(event: &StoredEvent) -> Option<PersonId> {
    (&*event.name == MERGED).then(|| serde_json::from_str::<Merged>(event.data.get()).ok())?.map(|it| it.into)
}

/// What is found on a person's stream.
struct Found {
    /// Anything: there is such a person.
    any: bool,
    /// Who they turned out to be.
    merged: Option<PersonId>,
}

/// The payload of [`MERGED`].
#[derive(serde::Deserialize)]
struct Merged {
    into: PersonId,
}

pub(super) type Keys = BTreeMap<PersonId, Arc<PersonKey>>;

impl SealedLog {
    /// Seals over `beneath` with the keys of `vault`; with `seal` off, only what is sealed already is opened. Reads the
    /// streams of all people: whoever was forgotten, and has a key all the same, has none from then on. Blocking.
    ///
    /// # Errors
    /// [`ReadError`], when it cannot be known who was forgotten.
    pub fn open(beneath: Arc<dyn EventLog>, vault: Arc<Vault>, seal: bool) -> Result<Self, ReadError> {
        let log = Self { beneath, vault, seal };
        let (mut number, mut gap) = (1, 0);
        let mut merged = BTreeMap::new();
        while gap < GAP_MAX {
            let person = PersonId(number);
            let found = log.look_at(person)?;
            gap = if found.any { 0 } else { gap + 1 };
            merged.extend(found.merged.map(|into| (person, into)));
            number += 1;
        }
        forget_as_one(&log.vault, &merged);
        Ok(log)
    }

    /// Looks whether a person was forgotten and whether their key is there.
    fn look_at(&self, person: PersonId) -> Result<Found, ReadError> {
        let mut named = Vec::new();
        let (mut any, mut forgotten, mut merged) = (false, false, None);
        self.beneath.read_stream(&StreamId::new(person.stream()), 1, &mut |entry| {
            any = true;
            if let Entry::Commit(commit) = entry {
                for event in &commit.events {
                    forgotten |= &*event.name == FORGOTTEN;
                    merged = merged_into(event).or(merged);
                    for (_, text) in json::texts(&event.data, seal::fields(&event.name)) {
                        if let Written::Sealed { keys, .. } | Written::Inside { keys, .. } = seal::read(&text) {
                            named.extend(keys);
                        }
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        if forgotten {
            self.vault.forget(person, false);
        }
        for (person, id) in named {
            // What is missing is told at once, not when somebody looks.
            let _ = self.vault.to_open(person, id);
        }
        Ok(Found { any, merged })
    }

    /// The log under it, sealed as it is.
    pub fn beneath(&self) -> &Arc<dyn EventLog> {
        &self.beneath
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The commit as it was said; `None`: nothing in it is sealed.
    pub(super) fn open_commit(&self, commit: &Commit) -> Option<Commit> {
        open_commit(&self.vault, commit)
    }

    fn opened(&self, commit: Arc<Commit>) -> Arc<Commit> {
        self.open_commit(&commit).map_or(commit, Arc::new)
    }

    fn entry(&self, entry: Entry) -> Entry {
        match entry {
            Entry::Commit(commit) => Entry::Commit(self.opened(commit)),
            damaged @ Entry::Damaged { .. } => damaged,
        }
    }

    /// Whose keys an append needs.
    fn whose(&self, append: &Append) -> Result<Whose, AppendError> {
        let actor = PersonId::of_stream(&append.meta.actor);
        let authors = match (actor, append.meta.causation) {
            (None, Some(cause)) => Authors::of(self, cause).map_err(|error| AppendError::Failed(error.to_string()))?,
            _ => Authors::default(),
        };
        let here = if append.events.iter().any(|event| seal::says_again(&event.name)) {
            Authors::on(self, &append.stream, actor).map_err(|error| AppendError::Failed(error.to_string()))?
        } else {
            Authors::default()
        };
        Ok(Whose { actor, own: PersonId::of_stream(append.stream.as_str()), authors, here })
    }

    /// The keys of all whose words are in an append.
    async fn keys(&self, append: &Append, whose: &Whose) -> Result<Keys, AppendError> {
        let mut people = Vec::new();
        if !append.meta.text.is_empty() {
            people.extend(whose.text(&self.vault, "", &append.meta.text));
        }
        for event in &append.events {
            for (_, text) in json::texts(&event.data, seal::fields(&event.name)) {
                if &*event.name == seal::REVERSED && whose.here.is_lost(&text) {
                    let why = "somebody was forgotten while this was decided: say it again";
                    return Err(AppendError::Failed(why.into()));
                }
                people.extend(whose.text(&self.vault, &event.name, &text));
            }
        }
        let mut keys = Keys::new();
        for person in people {
            if let Slot::Vacant(slot) = keys.entry(person) {
                slot.insert(self.key(person).await?);
            }
        }
        Ok(keys)
    }

    /// A person's key; their first words make it, and it is durable before those are.
    async fn key(&self, person: PersonId) -> Result<Arc<PersonKey>, AppendError> {
        let refused = |error: VaultError| match error {
            VaultError::Away(why) => AppendError::Away(why),
            _ => AppendError::Unacceptable(error.to_string()),
        };
        if let Some(key) = self.vault.to_seal(person).map_err(refused)? {
            return Ok(key);
        }
        let log = self.clone();
        let made = tokio::task::spawn_blocking(move || {
            // Sealed words of theirs without their key: a new one must not take its place.
            log.look_at(person).map_err(|error| AppendError::Failed(error.to_string()))?;
            log.vault.make(person).map_err(refused)
        });
        made.await.map_err(|error| AppendError::Failed(error.to_string()))?
    }
}

/// What keeps a text from being kept.
const NOT_SEALED: &str = "a text could not be sealed";

/// The texts of a commit as they are kept; `who`: whose an event's text is, or what was typed, and they have keys.
pub(super) fn seal_texts(
    stream: &StreamId,
    events: &mut [StoredEvent],
    meta: &mut Meta,
    keys: &Keys,
    who: impl Fn(&str, &str) -> Vec<PersonId>,
) -> Result<(), &'static str> {
    let held = |people: &[PersonId]| -> Vec<(PersonId, Arc<PersonKey>)> {
        people.iter().filter_map(|it| Some((*it, Arc::clone(keys.get(it)?)))).collect()
    };
    let typed_by = if meta.text.is_empty() { Vec::new() } else { who("", &meta.text) };
    let mut pointers = Vec::new();
    let mut failed = false;
    for (n, event) in events.iter_mut().enumerate() {
        let name = &*event.name;
        let data = json::exchange(&event.data, seal::fields(name), |field, text| {
            let people = if text.is_empty() { Vec::new() } else { who(name, text) };
            if people.is_empty() {
                return seal::plain(text);
            }
            let (place, keys) = (place(stream, &meta.command, Some((n, name)), field), held(&people));
            let typed = Some(&*meta.text).filter(|_| people == typed_by);
            if let Some(pointer) = typed.and_then(|typed| seal::point(text, typed, &keys)) {
                place.point(&pointer, &mut pointers);
                return Some(pointer);
            }
            let sealed = seal::seal(text, &place, &keys, &[]);
            failed |= sealed.is_none();
            sealed
        });
        if let Some(data) = data {
            event.data = data;
        }
    }
    let text = if typed_by.is_empty() {
        seal::plain(&meta.text)
    } else {
        let sealed = seal::seal(&meta.text, &place(stream, &meta.command, None, "text"), &held(&typed_by), &pointers);
        failed |= sealed.is_none();
        sealed
    };
    // A text is never kept in plain because it could not be sealed.
    if failed {
        return Err(NOT_SEALED);
    }
    if let Some(text) = text {
        meta.text = text;
    }
    Ok(())
}

/// Where a text of a commit stands.
fn place<'a>(
    stream: &'a StreamId,
    command: &'a CommandId,
    event: Option<(usize, &'a str)>,
    field: &'a str,
) -> Place<'a> {
    Place { stream: stream.as_str(), command: command.as_str(), event, field }
}

/// The commit as it was said; `None`: nothing in it is sealed.
fn open_commit(vault: &Vault, commit: &Commit) -> Option<Commit> {
    let sealed = |event: &StoredEvent| event.data.get().contains(PREFIX);
    if !commit.meta.text.starts_with(PREFIX) && !commit.events.iter().any(sealed) {
        return None;
    }
    let (stream, command) = (&commit.stream, &commit.meta.command);
    let mut opened = commit.clone();
    let typed = open_typed(vault, commit);
    match &typed {
        Typed::Plain(text) => opened.meta.text.clone_from(text),
        Typed::Sealed(text) => {
            opened.meta.text = text.clone().unwrap_or_else(|(why, person)| seal::instead(None, "text", why, person));
        }
    }
    for (n, event) in commit.events.iter().enumerate().filter(|(_, event)| sealed(event)) {
        let data = json::exchange(&event.data, seal::fields(&event.name), |field, text| {
            if !text.starts_with(PREFIX) {
                return None;
            }
            let place = place(stream, command, Some((n, &event.name)), field);
            let text = match seal::read(text) {
                Written::Plain(text) => Ok(text.to_owned()),
                Written::Sealed { keys, bytes } => seal::open(vault, &keys, bytes, &place, &[]),
                Written::Inside { keys, at, length } => match &typed {
                    Typed::Sealed(Err(closed)) => Err(*closed),
                    Typed::Sealed(Ok(typed)) => at
                        .checked_add(length)
                        .and_then(|end| typed.get(at..end))
                        .map(str::to_owned)
                        .ok_or((Closed::Damaged, first(&keys))),
                    Typed::Plain(_) => Err((Closed::Damaged, first(&keys))),
                },
            };
            Some(text.unwrap_or_else(|(why, person)| {
                if why == Closed::Damaged {
                    vault.found_damaged();
                }
                seal::instead(Some(&event.name), field, why, person)
            }))
        });
        if let Some(data) = data {
            opened.events[n].data = data;
        }
    }
    Some(opened)
}

fn first(keys: &[(PersonId, KeyId)]) -> PersonId {
    keys.first().map_or(PersonId(0), |(person, _)| *person)
}

/// The message as typed.
enum Typed {
    /// It was never sealed: nothing points into it.
    Plain(String),
    /// It was.
    Sealed(Result<String, (Closed, PersonId)>),
}

fn open_typed(vault: &Vault, commit: &Commit) -> Typed {
    let (keys, bytes) = match seal::read(&commit.meta.text) {
        Written::Plain(text) => return Typed::Plain(text.to_owned()),
        Written::Inside { keys, .. } => return Typed::Sealed(Err((Closed::Damaged, first(&keys)))),
        Written::Sealed { keys, bytes } => (keys, bytes),
    };
    let (stream, command) = (&commit.stream, &commit.meta.command);
    let mut pointers = Vec::new();
    for (n, event) in commit.events.iter().enumerate() {
        for (field, text) in json::texts(&event.data, seal::fields(&event.name)) {
            if text.starts_with(PREFIX) && matches!(seal::read(&text), Written::Inside { .. }) {
                place(stream, command, Some((n, &event.name)), &field).point(&text, &mut pointers);
            }
        }
    }
    let opened = seal::open(vault, &keys, bytes, &place(stream, command, None, "text"), &pointers);
    if let Err((Closed::Damaged, _)) = opened {
        vault.found_damaged();
    }
    Typed::Sealed(opened)
}

#[async_trait]
impl EventLog for SealedLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut kept = append.clone();
        let (whose, keys) = if self.seal {
            let whose = self.whose(&append)?;
            let keys = self.keys(&append, &whose).await?;
            (whose, keys)
        } else {
            (Whose::default(), Keys::new())
        };
        let who = |event: &str, text: &str| if self.seal { whose.text(&self.vault, event, text) } else { Vec::new() };
        let Append { stream, events, meta, .. } = &mut kept;
        seal_texts(stream, events, meta, &keys, who).map_err(|why| AppendError::Failed(why.into()))?;
        let appended = self.beneath.append(kept).await?;
        if append.events.iter().any(|event| &*event.name == FORGOTTEN)
            && let Some(person) = PersonId::of_stream(append.stream.as_str())
        {
            // It stands in the log, so nothing can bring the key back; whoever dies here destroys it at the next start.
            let vault = Arc::clone(&self.vault);
            if let Err(error) = tokio::task::spawn_blocking(move || vault.forget(person, true)).await {
                tracing::error!(%error, "a key is destroyed at the next start only");
            }
        }
        if appended.repeat {
            return Ok(Appended { commit: self.opened(appended.commit), repeat: true });
        }
        let Commit { position, stream, first_version, meta, .. } = &*appended.commit;
        let meta = Meta { recorded_at: meta.recorded_at, ..append.meta };
        let (position, stream, first_version) = (*position, stream.clone(), *first_version);
        let commit = Commit { position, stream, first_version, events: append.events, meta };
        Ok(Appended { commit: Arc::new(commit), repeat: false })
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.beneath.read_stream(stream, from, &mut |entry| visit(self.entry(entry)))
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.beneath.read_all(after, &mut |entry| visit(self.entry(entry)))
    }

    fn read_until(&self, stream: &StreamId, instant: DateTime<Utc>, visit: Visit<'_>) -> Result<(), ReadError> {
        self.beneath.read_until(stream, instant, &mut |entry| visit(self.entry(entry)))
    }

    fn read_at(&self, position: Position) -> Result<Option<Arc<Commit>>, ReadError> {
        Ok(self.beneath.read_at(position)?.map(|commit| self.opened(commit)))
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.beneath.version(stream)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        Ok(self.beneath.find_command(command)?.map(|commit| self.opened(commit)))
    }

    fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        self.beneath.hash_at(position)
    }

    fn broken(&self) -> Option<String> {
        self.beneath.broken()
    }

    fn head(&self) -> Head {
        self.beneath.head()
    }

    fn live(&self) -> Live {
        let vault = Arc::clone(&self.vault);
        self.beneath.live().map(move |commit| open_commit(&vault, &commit).map_or(commit, Arc::new))
    }

    fn health(&self) -> Health {
        let mut health = self.beneath.health();
        health.warnings.extend(self.vault.warnings());
        health
    }

    fn away(&self) -> Option<String> {
        self.beneath.away()
    }

    async fn close(&self) -> Result<(), AppendError> {
        self.beneath.close().await
    }
}
