//! Purpose: what people and channels are called. Events carry ids only; the names are asked for once and kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;
use yoman_chat::Sender;

use crate::{api::Api, place::sender_id};

/// A name may be this old.
const FRESH: Duration = Duration::from_secs(3600);
/// A name that could not be had is asked for again after this.
const UNKNOWN: Duration = Duration::from_secs(60);
/// How long a message waits for a name: it must be acknowledged within 3 s.
const PATIENCE: Duration = Duration::from_millis(1_200);
/// How many names are kept of each kind.
const NAMES_MAX: usize = 2_000;

/// A person as Slack knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// As shown.
    pub(crate) name: String,
    /// Without `@`.
    pub(crate) handle: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) is_bot: bool,
}

#[derive(Debug)]
struct Cache<T>(Mutex<HashMap<String, (Instant, Duration, T)>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Cache<T> {
    fn get(&self, id: &str) -> Option<T> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, fresh, name) = names.get(id)?;
        (at.elapsed() < *fresh).then(|| name.clone())
    }

    fn put(&self, id: &str, name: T, fresh: Duration) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.retain(|_, (at, fresh, _)| at.elapsed() < *fresh);
        }
        if names.len() >= NAMES_MAX {
            // All of them fresh: any may go, it is asked for again.
            names.clear();
        }
        names.insert(id.to_owned(), (Instant::now(), fresh, name));
    }
}

/// The names of one workspace. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Names {
    api: Api,
    people: Arc<Cache<Person>>,
    channels: Arc<Cache<Option<String>>>,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: Option<String>,
    real_name: Option<String>,
    #[serde(default)]
    is_bot: bool,
    locale: Option<String>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

#[derive(Deserialize)]
struct ChannelAnswer {
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    name: Option<String>,
}

impl Names {
    pub(crate) fn new(api: Api) -> Self {
        Self { api, people: Arc::default(), channels: Arc::default() }
    }

    /// A person; by id where nothing better can be had.
    pub(crate) async fn person(&self, id: &str) -> Person {
        if let Some(known) = self.people.get(id) {
            return known;
        }
        let arguments = [("user", id), ("include_locale", "true")];
        let asked = self.api.get::<UserAnswer>("users.info", &arguments);
        let (person, fresh) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => (person(id, answer.user), FRESH),
            Ok(Err(error)) => {
                tracing::debug!(user = id, %error, "a name could not be had");
                (Person { name: id.to_owned(), handle: None, language: None, is_bot: false }, UNKNOWN)
            }
            Err(_) => (Person { name: id.to_owned(), handle: None, language: None, is_bot: false }, UNKNOWN),
        };
        self.people.put(id, person.clone(), fresh);
        person
    }

    /// A person as a sender.
    pub(crate) async fn sender(&self, id: &str) -> Sender {
        let Person { name, handle, language, .. } = self.person(id).await;
        Sender { id: sender_id(id), name, handle, language }
    }

    /// The name of a channel, if it has one and it can be seen.
    pub(crate) async fn channel(&self, id: &str) -> Option<String> {
        if let Some(known) = self.channels.get(id) {
            return known;
        }
        let arguments = [("channel", id)];
        let asked = self.api.get::<ChannelAnswer>("conversations.info", &arguments);
        let (name, fresh) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => (answer.channel.name.filter(|name| !name.is_empty()), FRESH),
            Ok(Err(_)) | Err(_) => (None, UNKNOWN),
        };
        self.channels.put(id, name.clone(), fresh);
        name
    }

    /// A channel has another name now.
    pub(crate) fn renamed(&self, id: &str, name: &str) {
        self.channels.put(id, Some(name.to_owned()), FRESH);
    }
}

fn person(id: &str, user: User) -> Person {
    let filled = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
    let (display, real) = user.profile.map_or((None, None), |it| (filled(it.display_name), filled(it.real_name)));
    let handle = filled(user.name);
    Person {
        name: real.or(filled(user.real_name)).or(display).or_else(|| handle.clone()).unwrap_or_else(|| id.to_owned()),
        handle,
        language: user.locale,
        is_bot: user.is_bot,
    }
}
