//! Who may still READ: what a person wrote lies in the log sealed under that person's key, and the keys lie apart from it.
//! Destroying a key forgets the person: in every look, every export and every backup that holds no key.
//!
//! # Layout
//!
//! * `mod.rs`   [`Vault`]: the keys by person; made, read, destroyed
//! * `key.rs`   one key and its file
//! * `store.rs` where keys are kept: a directory, or a bucket that several nodes share (`bucket.rs`)
//! * `seal.rs`  which fields of which event are a person's own; the sealed form and back
//! * `json.rs`  texts inside a payload, exchanged without touching a byte beside them
//! * `log.rs`   [`SealedLog`]: seals what is appended to a log and opens what is read from it
//! * `authors.rs` whose words something carries that nobody said there
//! * `sharing.rs` keys on their way from one machine to several, and back
//! * `anew.rs`  sealing a log that is made anew from lines
//!
//! # What is sealed, and what is not
//!
//! Sealed, under the key of whoever wrote it: titles, bodies, criteria, notes, findings, reasons, conclusions, reviews,
//! addresses of links, ids and names of files, scripts of reports, and the message as typed. Of a person themselves, under their own key: name,
//! handle, identity. What a promotion carries over, an undo brings back or a second promotion says again is sealed under the
//! keys of all who wrote it, so it is readable for as long as none of them is forgotten, whoever promoted or took back.
//!
//! Two who turned out to be one keep their keys, and are forgotten together: each stream gets its `person_forgotten`, and
//! each key is destroyed; what a crash leaves out is done at the next start.
//!
//! # Copies of a log
//!
//! A backup, the journal and `export --sealed` hold what lies in the log, and need its keys to be read; whoever was forgotten
//! is forgotten in them as soon as no copy of their key is left. `export` holds the words as they can be read. `import` makes
//! new keys for them; the words that stand for somebody who was forgotten are then what they say. `salvage` takes the keys
//! along.
//!
//! Not sealed: what everybody shares (kinds of events, references, numbers, tags, projects, dates, priorities, roles, who is
//! assigned), settings and titles of rooms, and the platform's ids of rooms and messages (`telegram/4711/m12`, part of
//! command ids, which must be found without a key). In a direct room such an id leads a platform's operator to the person.
//!
//! Not covered by forgetting: what others wrote about the person (it is theirs), what was shown in a chat before and is kept
//! by its platform, and copies of `keys/` somebody made.

mod anew;
mod authors;
mod bucket;
mod json;
mod key;
mod log;
mod seal;
mod sharing;
mod store;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

pub use self::{
    anew::{Anew, Seen, in_plain, looks_sealed},
    log::SealedLog,
};
use self::{
    bucket::Bucket,
    key::{KeyId, PersonKey},
    store::{Directory, KeyStore},
};
use crate::{
    domain::PersonId,
    log::{jetstream::NatsSettings, owned},
};

/// Why a key could not be read, made or destroyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The file or the directory could not be used.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// There are texts under a key that is not there. A new one must not take its place.
    #[error(
        "{path} is missing, and what person {} wrote is sealed under it: put it back from your copy of keys/",
        person.0
    )]
    Missing {
        /// Where it should be.
        path: String,
        /// Whose.
        person: PersonId,
    },
    /// A forgotten person never gets a key again.
    #[error("person {} was forgotten", .0.0)]
    Forgotten(PersonId),
    /// What several nodes share cannot be reached.
    #[error("the shared keys cannot be reached: {0}")]
    Away(String),
    /// What is kept for a person on NATS is no key of theirs.
    #[error("{place} on NATS is damaged: put the key of person {} back from your copy of the keys", person.0)]
    Damaged {
        /// Where it is.
        place: String,
        /// Whose.
        person: PersonId,
    },
}

impl VaultError {
    fn file(path: &Path, why: impl ToString) -> Self {
        Self::File { path: path.display().to_string(), why: why.to_string() }
    }
}

/// Why a text stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its person was forgotten.
    Forgotten,
    /// The key is not there, and nobody was forgotten.
    Missing,
    /// It is not what was sealed under that key in this place.
    Damaged,
}

/// What is known of a person's key.
#[derive(Clone, Debug)]
enum Held {
    Key(Arc<PersonKey>),
    Nothing,
}

/// The keys. One for the process; shared behind an `Arc`.
#[derive(Debug)]
pub struct Vault {
    /// Where this process remembers what it still has to do.
    dir: PathBuf,
    store: Box<dyn KeyStore>,
    /// Nothing is made and nothing destroyed.
    only_looking: bool,
    // Std locks: nothing is awaited under them.
    held: RwLock<HashMap<PersonId, Held>>,
    forgotten: RwLock<BTreeSet<PersonId>>,
    /// Held while a key is made, so that nobody gets two.
    making: Mutex<()>,
    /// Keys that texts name and that are not there, with how often they were asked for.
    missing: Mutex<BTreeMap<PersonId, u64>>,
    /// Keys that had to be destroyed and are still there, with why.
    undestroyed: Mutex<BTreeMap<PersonId, String>>,
    damaged: AtomicU64,
}

/// What stands in `keys/` as long as something of a forgotten person may be left in what is derived.
const PURGE: &str = "purge";

impl Vault {
    /// The keys in `dir`, which is made, for its owner only, when it is not there. Blocking.
    ///
    /// # Errors
    /// [`VaultError::File`].
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, VaultError> {
        let dir = dir.into();
        Directory::make(&dir)?;
        Ok(Self { only_looking: false, ..Self::looking(dir) })
    }

    /// The keys in `dir`, to read with: nothing is made, and nothing destroyed.
    pub fn looking(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        Self::over(Box::new(Directory::new(dir.clone())), dir, true)
    }

    /// The keys that all nodes of a shared log have on NATS, with copies in `dir`. With NATS away the copies are all there is,
    /// until it is back. Blocking.
    ///
    /// # Errors
    /// [`VaultError`]; not for NATS being away.
    pub fn open_shared(dir: impl Into<PathBuf>, nats: NatsSettings) -> Result<Self, VaultError> {
        let dir = dir.into();
        Directory::make(&dir)?;
        Ok(Self::over(Box::new(Bucket::open(dir.clone(), nats)?), dir, false))
    }

    fn over(store: Box<dyn KeyStore>, dir: PathBuf, only_looking: bool) -> Self {
        Self {
            store,
            dir,
            only_looking,
            held: RwLock::default(),
            forgotten: RwLock::default(),
            making: Mutex::default(),
            missing: Mutex::default(),
            undestroyed: Mutex::default(),
            damaged: AtomicU64::new(0),
        }
    }

    /// Where a person's key is.
    pub fn path(&self, person: PersonId) -> PathBuf {
        self.store.place(person)
    }

    /// Whether other nodes make keys, and destroy them, too.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Whether something of a forgotten person may be left in what is derived from the log: it is to be made anew.
    pub fn purge_is_due(&self) -> bool {
        self.dir.join(PURGE).exists()
    }

    /// What is derived was made anew.
    ///
    /// # Errors
    /// [`VaultError::File`]: it will be made anew once more.
    pub fn purged(&self) -> Result<(), VaultError> {
        let path = self.dir.join(PURGE);
        owned::remove(&path).and_then(|()| owned::sync_name(&path)).map_err(|error| VaultError::file(&path, error))
    }

    /// A person's key, if it is there.
    fn held(&self, person: PersonId) -> Result<Option<Arc<PersonKey>>, VaultError> {
        if let Some(held) = self.held.read().unwrap_or_else(PoisonError::into_inner).get(&person) {
            return Ok(match held {
                Held::Key(key) => Some(Arc::clone(key)),
                Held::Nothing => None,
            });
        }
        let key = self.store.read(person)?.map(Arc::new);
        let held = key.clone().map_or(Held::Nothing, Held::Key);
        self.held.write().unwrap_or_else(PoisonError::into_inner).entry(person).or_insert(held);
        Ok(key)
    }

    /// Whether a person was forgotten.
    pub fn is_forgotten(&self, person: PersonId) -> bool {
        self.forgotten.read().unwrap_or_else(PoisonError::into_inner).contains(&person)
    }

    /// The key a text names.
    fn to_open(&self, person: PersonId, id: KeyId) -> Result<Arc<PersonKey>, Closed> {
        if self.is_forgotten(person) {
            return Err(Closed::Forgotten);
        }
        match self.held(person) {
            Ok(Some(key)) if key.id() == id => Ok(key),
            other => {
                let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                let asked = missing.entry(person).or_default();
                if *asked == 0 {
                    let why = match other {
                        Ok(None) => "it is missing".to_owned(),
                        Ok(Some(_)) => "it is another key".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    tracing::warn!(path = %self.path(person).display(), why, "what was sealed under this key cannot be read: put it back from your copy of keys/");
                }
                *asked += 1;
                Err(Closed::Missing)
            }
        }
    }

    /// The key to seal a person's texts under, if there is one.
    fn to_seal(&self, person: PersonId) -> Result<Option<Arc<PersonKey>>, VaultError> {
        if self.is_forgotten(person) {
            return Err(VaultError::Forgotten(person));
        }
        self.held(person)
    }

    /// A key for somebody who has none. Blocking; durable when it returns.
    fn make(&self, person: PersonId) -> Result<Arc<PersonKey>, VaultError> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_forgotten(person) {
            return Err(VaultError::Forgotten(person));
        }
        let path = self.path(person);
        if self.only_looking {
            return Err(VaultError::file(&path, "these keys are only looked at"));
        }
        if self.missing.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&person) {
            return Err(VaultError::Missing { path: path.display().to_string(), person });
        }
        if let Some(Held::Key(key)) = self.held.read().unwrap_or_else(PoisonError::into_inner).get(&person) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.store.create(person)?);
        let held = Held::Key(Arc::clone(&key));
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(person, held);
        Ok(key)
    }

    /// Somebody was forgotten on another node: their key goes here, too. Blocking.
    pub fn forgotten_elsewhere(&self, person: PersonId) {
        self.forget(person, true);
    }

    /// Forgets a person: from now on nothing opens under their key, and its file is destroyed. Blocking. That they were
    /// forgotten stands in the log; what cannot be destroyed now is destroyed at the next start. `now`: it was said just now,
    /// not found in the log.
    fn forget(&self, person: PersonId, now: bool) {
        self.forgotten.write().unwrap_or_else(PoisonError::into_inner).insert(person);
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(person, Held::Nothing);
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).remove(&person);
        let path = self.path(person);
        let there = self.store.may_be_there(person);
        let destroyed = if self.only_looking {
            if there { Err("it is destroyed when yoman starts".to_owned()) } else { Ok(()) }
        } else {
            // The mark first: what is derived goes at the next start, even if this process dies before it did that itself.
            let mark = self.dir.join(PURGE);
            let marked = if there || now { key::mark(&mark) } else { Ok(()) };
            // And the key in any case: on a full disk nothing can be marked.
            let destroyed = self.store.destroy(person).map_err(|error| error.to_string());
            destroyed.and(marked.map_err(|error| VaultError::file(&mark, error).to_string()))
        };
        let mut undestroyed = self.undestroyed.lock().unwrap_or_else(PoisonError::into_inner);
        match destroyed {
            Ok(()) => drop(undestroyed.remove(&person)),
            Err(why) if self.only_looking => drop(undestroyed.insert(person, why)),
            Err(why) => {
                tracing::error!(path = %path.display(), why, "THE KEY OF A FORGOTTEN PERSON COULD NOT BE DESTROYED");
                undestroyed.insert(person, why);
            }
        }
    }

    /// What cannot be read because its key is missing; empty: nothing.
    pub fn missing(&self) -> Vec<PathBuf> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.keys().map(|person| self.path(*person)).collect()
    }

    /// How many sealed texts did not open with their key.
    pub fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    fn found_damaged(&self) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
    }

    /// What somebody should look at, as full sentences that say what to do.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for person in self.missing.lock().unwrap_or_else(PoisonError::into_inner).keys() {
            warnings.push(format!(
                "keys/person-{0}.key is missing or not the right one: what person {0} wrote, and their name, cannot be read; put it back \
                 from your copy of keys/ and start again.",
                person.0
            ));
        }
        let undestroyed = self.undestroyed.lock().unwrap_or_else(PoisonError::into_inner);
        // Some places go on trying by themselves.
        for (person, why) in undestroyed.iter().filter(|(person, _)| self.store.owes(**person)) {
            warnings.push(format!(
                "keys/person-{}.key belongs to somebody who was forgotten and could not be destroyed ({why}): delete it.",
                person.0
            ));
        }
        match self.damaged.load(Ordering::Relaxed) {
            0 => {}
            n => warnings.push(format!(
                "{n} sealed texts do not open with their key: the log was changed, or the key was; compare both with your backup."
            )),
        }
        warnings
    }
}

#[cfg(test)]
mod tests;
