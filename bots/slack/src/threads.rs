//! Purpose: a thread is about an item. Under a card of ours that is the card; under a message of a person it is the one
//! card we answered it with, if there is exactly one: with several nobody could say which is meant.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use yoman_chat::{ReplyTo, RoomId};

use crate::{api::Api, intake::Us, place::message_ref};

/// How many threads are remembered.
const THREADS_MAX: usize = 2_000;
/// How long a message waits for its thread: it must be acknowledged within 3 s.
const PATIENCE: Duration = Duration::from_millis(1_200);
/// How far into a thread is looked for our card.
const LOOK: &str = "15";

/// What a thread is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    /// The message of ours; `None`: the thread is about nothing of ours.
    card: Option<String>,
    text: Option<String>,
}

/// A message in a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) room: &'a RoomId,
    pub(crate) channel: &'a str,
    pub(crate) root: &'a str,
    /// Who wrote the root, if the message says so.
    pub(crate) parent: Option<&'a str>,
    /// It is for us, so it is worth a look into the thread.
    pub(crate) spoken: bool,
}

/// The threads that were looked into, by `<channel>/<root>`.
#[derive(Debug, Default)]
pub(crate) struct Threads(Mutex<HashMap<String, About>>);

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    user: Option<String>,
    bot_id: Option<String>,
    ts: String,
    text: Option<String>,
}

impl Threads {
    /// A message of ours was sent to the channel itself: its thread will be about it.
    pub(crate) fn ours(&self, channel: &str, ts: &str) {
        self.put(channel, ts, About { card: Some(ts.to_owned()), text: None });
    }

    fn put(&self, channel: &str, root: &str, about: About) {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.len() >= THREADS_MAX {
            threads.clear();
        }
        threads.insert(format!("{channel}/{root}"), about);
    }

    fn get(&self, channel: &str, root: &str) -> Option<About> {
        let threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.get(&format!("{channel}/{root}")).cloned()
    }

    /// What a message in a thread answers.
    pub(crate) async fn about(&self, api: &Api, us: &Us, reply: Reply<'_>) -> ReplyTo {
        let Reply { room, channel, root, parent, spoken } = reply;
        let known = match self.get(channel, root) {
            Some(known) => Some(known),
            None if parent == Some(us.user.as_str()) => Some(About { card: Some(root.to_owned()), text: None }),
            // People among themselves: it costs a call only when we are spoken to.
            None if parent.is_some() && !spoken => None,
            None => self.look(api, us, channel, root).await,
        };
        let about = known.unwrap_or(About { card: None, text: None });
        // Under a message of a person we are part of the thread, not its subject: unasked we do not listen in.
        let card = about.card.filter(|card| spoken || card == root);
        match card {
            Some(card) => ReplyTo { message: message_ref(room, &card, Some(root)), ours: true, text: about.text },
            None => ReplyTo { message: message_ref(room, root, None), ours: false, text: None },
        }
    }

    async fn look(&self, api: &Api, us: &Us, channel: &str, root: &str) -> Option<About> {
        let arguments = [("channel", channel), ("ts", root), ("limit", LOOK)];
        let asked = api.get::<Answer>("conversations.replies", &arguments);
        let answer = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(channel, %error, "a thread could not be read");
                return None;
            }
            Err(_) => return None,
        };
        let about = about(&answer.messages, us, root);
        // Nothing yet can become something with our next message.
        if about.card.is_some() {
            self.put(channel, root, about.clone());
        }
        Some(about)
    }
}

fn about(messages: &[Message], us: &Us, root: &str) -> About {
    let ours = |m: &Message| m.user.as_deref() == Some(&us.user) || (m.bot_id.is_some() && m.bot_id == us.bot_id);
    let of = |m: &Message| About { card: Some(m.ts.clone()), text: m.text.clone() };
    if let Some(first) = messages.iter().find(|m| m.ts == root)
        && ours(first)
    {
        return of(first);
    }
    let answers: Vec<&Message> = messages.iter().filter(|m| m.ts != root).take_while(|m| ours(m)).collect();
    match answers.as_slice() {
        [card] => of(card),
        _ => About { card: None, text: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(user: &str, ts: &str) -> Message {
        Message { user: Some(user.into()), bot_id: None, ts: ts.into(), text: Some(ts.into()) }
    }

    #[test]
    fn one_card_is_what_a_thread_is_about() {
        let us = Us { user: "U0".into(), bot_id: None, workspace: None };
        let card = |messages: &[Message]| about(messages, &us, "1").card;
        assert_eq!(card(&[message("U0", "1"), message("U7", "2")]).as_deref(), Some("1"));
        assert_eq!(card(&[message("U7", "1"), message("U0", "2"), message("U7", "3")]).as_deref(), Some("2"));
        assert_eq!(card(&[message("U7", "1"), message("U0", "2"), message("U0", "3")]), None);
        assert_eq!(card(&[message("U7", "1"), message("U8", "2"), message("U0", "3")]), None);
        assert_eq!(card(&[]), None);
    }
}
