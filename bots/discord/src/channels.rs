//! Purpose: what channels are: which guild and, of a thread, which channel they belong to, and what they are called.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use yoman_chat::{BotName, MessageRef, RoomId, RoomKind};

use crate::{
    api::{Api, CallError},
    wire,
};

/// How many channels are remembered; others are asked for each time.
const CHANNELS_MAX: usize = 20_000;
/// How many beginnings of threads are remembered.
const STARTERS_MAX: usize = 2_000;

/// A room's address: the channel and, in a thread, the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) channel: u64,
    pub(crate) thread: Option<u64>,
}

impl Place {
    /// From what stands behind the bot's name in a room id.
    pub(crate) fn parse(local: &str) -> Option<Self> {
        let (channel, thread) = match local.split_once('/') {
            Some((channel, thread)) => (channel, Some(thread.parse().ok()?)),
            None => (local, None),
        };
        Some(Self { channel: channel.parse().ok()?, thread })
    }

    /// Where Discord has it: a thread is a channel of its own.
    pub(crate) fn target(self) -> u64 {
        self.thread.unwrap_or(self.channel)
    }

    /// `<channel>[/<thread>]`
    pub(crate) fn local(self) -> String {
        match self.thread {
            Some(thread) => format!("{}/{thread}", self.channel),
            None => self.channel.to_string(),
        }
    }

    /// `<bot>/<channel>[/<thread>]`
    pub(crate) fn room(self, bot: &BotName) -> RoomId {
        RoomId::new(format!("{bot}/{}", self.local()))
    }
}

/// What is known of a channel.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) place: Place,
    pub(crate) kind: RoomKind,
    pub(crate) name: Option<String>,
    pub(crate) guild: Option<u64>,
}

/// The message a thread was opened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Starter {
    /// Whether this bot wrote it.
    pub(crate) ours: bool,
    pub(crate) text: Option<String>,
}

/// The channels of one bot.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    known: Mutex<HashMap<u64, Known>>,
    starters: Mutex<HashMap<u64, Option<Starter>>>,
}

impl Channels {
    fn known(&self) -> MutexGuard<'_, HashMap<u64, Known>> {
        // A std mutex: nothing is awaited under it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a channel. `guild`: the one it came with, where the channel itself does not say.
    pub(crate) fn learn(&self, channel: &wire::Channel, guild: Option<u64>) -> Known {
        let known = known(channel, guild);
        let mut all = self.known();
        if all.len() < CHANNELS_MAX || all.contains_key(&channel.id) {
            all.insert(channel.id, known.clone());
        }
        known
    }

    /// A channel is no more.
    pub(crate) fn forget(&self, channel: u64) {
        self.known().remove(&channel);
    }

    /// What is known of a channel.
    pub(crate) fn get(&self, channel: u64) -> Option<Known> {
        self.known().get(&channel).cloned()
    }

    /// Where a message can be opened; `None` in a channel that was not heard of since the start.
    pub(crate) fn link(&self, message: &MessageRef) -> Option<String> {
        let place = Place::parse(message.room.local())?;
        let id: u64 = message.id.rsplit('/').next()?.parse().ok()?;
        let channel = place.target();
        let guild = match self.get(channel).or_else(|| self.get(place.channel)) {
            Some(Known { guild: Some(guild), .. }) => guild.to_string(),
            Some(Known { kind: RoomKind::Direct, .. }) => "@me".to_owned(),
            _ => return None,
        };
        Some(format!("https://discord.com/channels/{guild}/{channel}/{id}"))
    }

    /// Finds out what a channel is; `guild` as its message says.
    ///
    /// # Errors
    /// When the service could not be asked.
    pub(crate) async fn find(&self, api: &Api, channel: u64, guild: Option<u64>) -> Result<Known, CallError> {
        if guild.is_none() {
            // No guild, so a direct chat: they have no threads and are not announced.
            let place = Place { channel, thread: None };
            return Ok(Known { place, kind: RoomKind::Direct, name: None, guild: None });
        }
        if let Some(known) = self.get(channel) {
            return Ok(known);
        }
        match api.get::<wire::Channel>(&format!("channels/{channel}")).await {
            Ok(found) => Ok(self.learn(&found, guild)),
            // Not to be seen: then it is taken for what most channels are.
            Err(error) if matches!(error.status(), 403 | 404) => {
                let place = Place { channel, thread: None };
                Ok(Known { place, kind: RoomKind::Group, name: None, guild })
            }
            Err(error) => Err(error),
        }
    }

    /// The message a thread was opened on: it has the thread's id. `None` where there is none.
    pub(crate) async fn starter(&self, api: &Api, place: Place, us: u64) -> Option<Starter> {
        let thread = place.thread?;
        let remembered = self.starters.lock().unwrap_or_else(PoisonError::into_inner).get(&thread).cloned();
        if let Some(starter) = remembered {
            return starter;
        }
        let found = match api.get::<wire::Message>(&format!("channels/{}/messages/{thread}", place.channel)).await {
            Ok(message) => {
                let ours = message.author.as_ref().is_some_and(|author| author.id == us);
                Some(Starter { ours, text: message.words() })
            }
            Err(error) if matches!(error.status(), 400 | 403 | 404) => None,
            // Not remembered: it may be found next time.
            Err(_) => return None,
        };
        let mut starters = self.starters.lock().unwrap_or_else(PoisonError::into_inner);
        if starters.len() >= STARTERS_MAX {
            starters.clear();
        }
        starters.insert(thread, found.clone());
        found
    }

    /// A thread was opened on a message of ours.
    pub(crate) fn learn_starter(&self, thread: u64, text: Option<String>) {
        let mut starters = self.starters.lock().unwrap_or_else(PoisonError::into_inner);
        starters.insert(thread, Some(Starter { ours: true, text }));
    }
}

/// What a channel is.
pub(crate) fn known(channel: &wire::Channel, guild: Option<u64>) -> Known {
    // 10, 11, 12: threads of announcements, public and private ones. Posts of a forum are threads too.
    let thread = matches!(channel.kind, 10..=12);
    let place = match channel.parent_id.filter(|_| thread) {
        Some(parent) => Place { channel: parent, thread: Some(channel.id) },
        None => Place { channel: channel.id, thread: None },
    };
    let guild = channel.guild_id.or(guild);
    let kind = if guild.is_none() && matches!(channel.kind, 1) { RoomKind::Direct } else { RoomKind::Group };
    Known { place, kind, name: channel.name.clone(), guild }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_parsed() {
        assert_eq!(Place::parse("12"), Some(Place { channel: 12, thread: None }));
        assert_eq!(Place::parse("12/34").map(Place::target), Some(34));
        assert_eq!(Place::parse("12/34").map(Place::local).as_deref(), Some("12/34"));
        assert_eq!(Place::parse("x"), None);
        assert_eq!(Place::parse("12/x"), None);
    }
}
