//! Purpose: the pieces of Discord's objects that are used here, read leniently: a field that is not used cannot make a
//! message unreadable. Source: <https://discord.com/developers/docs/reference>.
//!
//! serenity's own types are not used for reading: one value newer than the crate makes a whole event `Unknown` there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The first millisecond of Discord's ids.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// When the thing with this id was made.
pub(crate) fn made_at(id: u64) -> DateTime<Utc> {
    let ms = (id >> 22) + EPOCH_MS;
    i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_else(Utc::now)
}

/// An id: written as a text, since it does not fit a number everywhere.
pub(crate) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    match Either::deserialize(from)? {
        Either::Number(id) => Ok(id),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

fn maybe_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())))
}

/// A list of which what cannot be read is left out.
fn readable<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let all = Option::<Vec<Value>>::deserialize(from)?.unwrap_or_default();
    Ok(all.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}

fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) username: String,
    #[serde(default)]
    pub(crate) global_name: Option<String>,
    #[serde(default)]
    pub(crate) bot: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct File {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) filename: Option<String>,
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) size: Option<u64>,
    /// Of a voice message only.
    #[serde(default)]
    pub(crate) waveform: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Embed {
    #[serde(default)]
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reference {
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) message_id: Option<u64>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) channel_id: Option<u64>,
    /// 1: forwarded, not answered.
    #[serde(default, rename = "type")]
    pub(crate) kind: u8,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(deserialize_with = "id")]
    pub(crate) channel_id: u64,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) guild_id: Option<u64>,
    #[serde(default)]
    pub(crate) author: Option<User>,
    #[serde(default, rename = "type")]
    pub(crate) kind: u8,
    #[serde(default)]
    pub(crate) content: String,
    #[serde(default)]
    pub(crate) edited_timestamp: Option<String>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) mentions: Vec<User>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) attachments: Vec<File>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) embeds: Vec<Embed>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) webhook_id: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message_reference: Option<Reference>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) referenced_message: Option<Box<Message>>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) components: Vec<Component>,
}

impl Message {
    /// Its words: what was written, or what stands in its first embed.
    pub(crate) fn words(&self) -> Option<String> {
        let embedded = || self.embeds.iter().find_map(|embed| embed.description.clone());
        Some(self.content.clone()).filter(|text| !text.is_empty()).or_else(embedded)
    }

    /// Whether a person wrote it: no bot, no webhook, no notice of the service's own.
    pub(crate) fn is_by_person(&self) -> bool {
        // 0 a message, 19 one that answers another.
        let written = matches!(self.kind, 0 | 19);
        written && self.webhook_id.is_none() && self.author.as_ref().is_some_and(|author| !author.bot)
    }
}

/// Somebody put a reaction to a message, or took it away.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "id")]
    pub(crate) user_id: u64,
    #[serde(deserialize_with = "id")]
    pub(crate) channel_id: u64,
    #[serde(deserialize_with = "id")]
    pub(crate) message_id: u64,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) guild_id: Option<u64>,
    /// Who wrote the message: said of those that are put there, and not of those that are taken away.
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) message_author_id: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) member: Option<Member>,
    pub(crate) emoji: Emoji,
}

/// An emoji; with an id it is a server's own.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Emoji {
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) id: Option<u64>,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl Reaction {
    /// Whether it may be a person's, to a message of ours.
    pub(crate) fn is_for(&self, us: u64) -> bool {
        let bot = self.member.as_ref().and_then(|member| member.user.as_ref()).is_some_and(|user| user.bot);
        self.user_id != us && !bot && self.message_author_id.is_none_or(|author| author == us)
    }

    /// The emoji itself, or the name of a server's own as people write it; `None` for one that is deleted.
    pub(crate) fn name(&self) -> Option<String> {
        let name = self.emoji.name.clone().filter(|name| !name.is_empty())?;
        Some(if self.emoji.id.is_some() { format!(":{name}:") } else { name })
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Gone {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(deserialize_with = "id")]
    pub(crate) channel_id: u64,
}

/// A channel, a thread or a direct chat.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Channel {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(default, rename = "type")]
    pub(crate) kind: u8,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) guild_id: Option<u64>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) parent_id: Option<u64>,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Guild {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) channels: Vec<Channel>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) threads: Vec<Channel>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) session_id: String,
    pub(crate) resume_gateway_url: String,
}

/// Something somebody did with a command, a button or a form.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Interaction {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    #[serde(deserialize_with = "id")]
    pub(crate) application_id: u64,
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    pub(crate) token: String,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) guild_id: Option<u64>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) channel_id: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) channel: Option<Channel>,
    #[serde(default)]
    pub(crate) member: Option<Member>,
    #[serde(default)]
    pub(crate) user: Option<User>,
    #[serde(default)]
    pub(crate) locale: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: Option<Message>,
    #[serde(default)]
    pub(crate) data: Option<Data>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Member {
    #[serde(default)]
    pub(crate) user: Option<User>,
}

/// What was chosen; which of it is there depends on the kind.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Data {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: u8,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) options: Vec<Option_>,
    #[serde(default)]
    pub(crate) custom_id: String,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) components: Vec<Component>,
    #[serde(default, deserialize_with = "maybe_id")]
    pub(crate) target_id: Option<u64>,
    #[serde(default)]
    pub(crate) resolved: Option<Resolved>,
}

/// A value of a command's option, or a command below it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "Option")]
pub(crate) struct Option_ {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: Value,
    #[serde(default)]
    pub(crate) focused: bool,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) options: Vec<Option_>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Resolved {
    #[serde(default)]
    pub(crate) messages: std::collections::HashMap<String, Message>,
    #[serde(default)]
    pub(crate) users: std::collections::HashMap<String, User>,
}

/// A row, a button, a field of a form; which of it is there depends on the kind.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Component {
    #[serde(default)]
    pub(crate) custom_id: Option<String>,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) components: Vec<Component>,
    /// A field inside a label, as newer forms have it.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) component: Option<Box<Component>>,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) options: Vec<Choice>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// Every component, however deep.
pub(crate) fn each<'a>(components: &'a [Component], see: &mut dyn FnMut(&'a Component)) {
    for component in components {
        see(component);
        each(&component.components, see);
        if let Some(inner) = component.component.as_deref() {
            each(std::slice::from_ref(inner), see);
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Synced {
    #[serde(deserialize_with = "id")]
    pub(crate) guild_id: u64,
    #[serde(default, deserialize_with = "readable")]
    pub(crate) threads: Vec<Channel>,
}
