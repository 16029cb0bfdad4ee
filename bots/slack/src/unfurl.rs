//! Purpose: a reference shows what it refers to. A link to an item (`link_prefix` + `T7`) gets the item as its preview,
//! which Slack shows to everybody who sees the link: <https://docs.slack.dev/messaging/unfurling-links-in-messages>.
//!
//! A bare `T7` is no link, so Slack has no preview for it. Whoever wrote it without speaking to us is shown the card alone,
//! each item once an hour: nobody else is disturbed, and asking for it (`@yoman T7`) shows it to all.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use yoman_chat::{Glance, Room, SenderId};

use crate::{
    api::Nothing,
    intake::Intake,
    outbound,
    place::{channel_of, kind_of, room_id, sender_id, user_of},
};

/// The most items shown for one message.
const REFS_MAX: usize = 3;
/// An item is shown again to the same person in the same channel only after this.
const QUIET: Duration = Duration::from_secs(3600);
/// How many showings are remembered.
const SHOWN_MAX: usize = 2_000;
/// The most characters of a preview.
const PREVIEW_CHARS_MAX: usize = 2_000;

/// What was shown to whom, and when.
#[derive(Debug, Default)]
pub(crate) struct Unfurls(Mutex<HashMap<String, Instant>>);

impl Unfurls {
    /// Whether it is time to show this.
    fn may(&self, key: &str) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.get(key).is_some_and(|at| at.elapsed() < QUIET) {
            return false;
        }
        if shown.len() >= SHOWN_MAX {
            shown.retain(|_, at| at.elapsed() < QUIET);
        }
        if shown.len() >= SHOWN_MAX {
            shown.clear();
        }
        shown.insert(key.to_owned(), Instant::now());
        true
    }
}

impl Intake {
    /// Previews for links to items.
    pub(crate) async fn unfurl_links(&self, event: &Value) {
        let core = &self.core;
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        if core.link_prefix.is_empty() {
            return;
        }
        let channel = text("channel");
        // What is still being written has no channel yet; its writer's direct room then decides what may be seen.
        let composing = text("source") == "composer" || channel_of(&room_id(&core.name, channel)).is_none();
        let room_channel =
            if composing { core.direct_channel(text("user")).await.unwrap_or_default() } else { channel.to_owned() };
        let room = Room { id: room_id(&core.name, &room_channel), kind: kind_of(&room_channel), title: None };
        let mut unfurls = Map::new();
        for link in event["links"].as_array().into_iter().flatten().take(REFS_MAX) {
            let url = link["url"].as_str().unwrap_or_default();
            let Some(item) = item_of(url, &core.link_prefix) else { continue };
            let glance = Glance { room: room.clone(), sender: sender_id(text("user")), text: format!("/show {item}") };
            let Some(mut seen) = self.inbox.glance(glance).await else { continue };
            seen.text = outbound::head(&seen.text, PREVIEW_CHARS_MAX);
            // A preview is looked at: its buttons would act in a room that is not theirs.
            seen.buttons.clear();
            unfurls.insert(url.to_owned(), json!({ "blocks": outbound::blocks(&seen, &core.link_prefix, "unfurl") }));
        }
        if unfurls.is_empty() {
            return;
        }
        let ask = if composing {
            json!({ "unfurl_id": text("unfurl_id"), "source": text("source"), "unfurls": unfurls })
        } else {
            json!({ "channel": channel, "ts": text("message_ts"), "unfurls": unfurls })
        };
        if let Err(error) = core.api.post::<Nothing>("chat.unfurl", &ask).await {
            tracing::warn!(bot = %core.name, channel, %error, "a link could not be given a preview");
        }
    }

    /// Items named in a group without a word to us, for whoever named them.
    pub(crate) async fn show_refs(&self, room: Room, sender: SenderId, text: &str) {
        let core = &self.core;
        let (Some(channel), Some(user)) = (channel_of(&room.id), user_of(&sender)) else { return };
        for item in refs(text) {
            let glance = Glance { room: room.clone(), sender: sender.clone(), text: format!("/show {item}") };
            let Some(mut seen) = self.inbox.glance(glance).await else { continue };
            if !core.unfurls.may(&format!("{channel}/{user}/{item}")) {
                continue;
            }
            seen.text = outbound::head(&seen.text, PREVIEW_CHARS_MAX);
            let ask = json!({
                "channel": channel, "user": user, "text": outbound::fallback(&seen.text),
                "blocks": outbound::blocks(&seen, &core.link_prefix, "ref"),
            });
            if let Err(error) = core.api.post::<Nothing>("chat.postEphemeral", &ask).await {
                tracing::debug!(bot = %core.name, channel, %error, "an item could not be shown");
                return;
            }
        }
    }
}

/// The items named in a text, as words of their own in capitals: `T7`.
fn refs(text: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@' | '#' | '.'))) {
        let word = word.trim_end_matches('.');
        let upper = word.starts_with(|c: char| c.is_ascii_uppercase());
        if upper && crate::interactivity::is_item(word) && !out.contains(&word) {
            out.push(word);
        }
    }
    out.truncate(REFS_MAX);
    out
}

/// The item a link is to.
fn item_of<'a>(url: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = url.strip_prefix(prefix)?;
    let item = rest.split(['?', '#', '/']).next()?;
    crate::interactivity::is_item(item).then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_words_in_capitals() {
        assert_eq!(refs("see T7, (R2) and T7."), ["T7", "R2"]);
        assert!(refs("the t7 of HTTP2 and a@T7 x-T7 T7b https://x/T7 1T7").is_empty());
        assert_eq!(refs("I1 I2 I3 I4").len(), REFS_MAX);
    }

    #[test]
    fn links_name_items() {
        let prefix = "https://y.example/i/";
        assert_eq!(item_of("https://y.example/i/T7", prefix), Some("T7"));
        assert_eq!(item_of("https://y.example/i/T7?x=1", prefix), Some("T7"));
        assert_eq!(item_of("https://y.example/i/other", prefix), None);
        assert_eq!(item_of("https://evil.example/T7", prefix), None);
    }
}
