//! Purpose: the app's home: what is mine, and the board. Looked at by itself when it is opened, published only when it
//! changed: <https://docs.slack.dev/surfaces/app-home>.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use yoman_chat::{Glance, Outbound, Phrases, Room, RoomKind};

use crate::{
    api::Nothing,
    events::fingerprint,
    intake::Intake,
    outbound,
    place::{room_id, sender_id},
};

/// How many homes are remembered.
const HOMES_MAX: usize = 1_000;
/// The most characters of one look: a home holds what a message holds.
const LOOK_CHARS_MAX: usize = 5_500;

/// What each home shows, as a fingerprint.
#[derive(Debug, Default)]
pub(crate) struct Homes(Mutex<HashMap<String, u32>>);

impl Homes {
    fn shows(&self, user: &str) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user).copied()
    }

    fn put(&self, user: &str, shows: u32) {
        let mut homes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if homes.len() >= HOMES_MAX {
            homes.clear();
        }
        homes.insert(user.to_owned(), shows);
    }
}

impl Intake {
    /// Publishes the home of a person; `hash` is that of what stands there, if anything does.
    pub(crate) async fn show_home(&self, user: &str, channel: &str, hash: Option<&str>) {
        let core = &self.core;
        let channel = match channel {
            "" => core.direct_channel(user).await.unwrap_or_default(),
            channel => channel.to_owned(),
        };
        if user.is_empty() || channel.is_empty() {
            return;
        }
        let room = Room { id: room_id(&core.name, &channel), kind: RoomKind::Direct, title: None };
        let mut blocks = Vec::new();
        for look in ["/mine", "/board"] {
            let glance = Glance { room: room.clone(), sender: sender_id(user), text: look.to_owned() };
            if let Some(seen) = self.inbox.glance(glance).await {
                let say = Phrases::of(&seen.lang);
                let title = if look == "/mine" { say.mine } else { say.board };
                blocks
                    .push(json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } }));
                blocks.extend(part(&seen, &core.link_prefix, look));
            }
        }
        if blocks.is_empty() {
            let text = Phrases::of("").stranger;
            blocks.push(json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } }));
        }
        blocks.truncate(100);
        let view = json!({ "type": "home", "blocks": blocks });
        let shows = fingerprint(&view.to_string());
        if hash.is_some() && core.homes.shows(user) == Some(shows) {
            return;
        }
        let mut ask = json!({ "user_id": user, "view": view });
        if let Some(hash) = hash {
            ask["hash"] = hash.into();
        }
        match core.api.post::<Nothing>("views.publish", &ask).await {
            Ok(_) => core.homes.put(user, shows),
            // Somebody published in between: what they saw is at least as new.
            Err(error) if error.is(&["hash_conflict"]) => {}
            Err(error) => tracing::warn!(bot = %core.name, user, %error, "a home could not be published"),
        }
    }
}

/// One look as blocks, its action ids apart from those of the other.
fn part(seen: &Outbound, link_prefix: &str, look: &str) -> Vec<Value> {
    let mut seen = seen.clone();
    seen.text = outbound::head(&seen.text, LOOK_CHARS_MAX);
    outbound::blocks(&seen, link_prefix, look.trim_start_matches('/'))
}
