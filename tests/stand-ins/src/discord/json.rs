//! Purpose: people, channels, messages as the API's objects, and what is left out for want of an intent.

use serde_json::{Value, json};

use super::{
    markdown,
    world::{Channel, Message, World},
};

const GUILDS: u64 = 1;
const GUILD_MESSAGES: u64 = 1 << 9;
const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
const DIRECT_MESSAGES: u64 = 1 << 12;
const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
pub(crate) const MESSAGE_CONTENT: u64 = 1 << 15;

pub(crate) fn user(world: &World, id: u64) -> Value {
    if id == world.bot.id {
        return json!({ "id": id.to_string(), "username": world.bot.username, "discriminator": "0", "bot": true,
            "global_name": null, "avatar": null });
    }
    let person = world.people.get(&id);
    json!({
        "id": id.to_string(),
        "username": person.map_or("gone", |p| p.username.as_str()),
        "global_name": person.map(|p| p.name.as_str()),
        "discriminator": "0",
        "avatar": null,
    })
}

pub(crate) fn channel(world: &World, channel: &Channel) -> Value {
    let mut out = json!({ "id": channel.id.to_string(), "type": channel.kind });
    if let Some(guild) = channel.guild {
        out["guild_id"] = json!(guild.to_string());
        out["name"] = json!(channel.name);
        out["permission_overwrites"] = if channel.denied == 0 {
            json!([])
        } else {
            json!([{ "id": world.bot.id.to_string(), "type": 1, "allow": "0", "deny": channel.denied.to_string() }])
        };
    }
    if let Some(parent) = channel.parent {
        out["parent_id"] = json!(parent.to_string());
        out["owner_id"] = json!(channel.owner.to_string());
        out["thread_metadata"] = json!({ "archived": false, "locked": false, "auto_archive_duration": 4320,
            "archive_timestamp": "2026-01-01T00:00:00+00:00" });
    }
    if let Some(recipient) = channel.recipient {
        out["recipients"] = json!([user(world, recipient)]);
    }
    if let Some((id, _)) = channel.messages.last_key_value() {
        out["last_message_id"] = json!(id.to_string());
    }
    out
}

/// Whom a text names as users.
pub(crate) fn mentioned(content: &str) -> Vec<u64> {
    let names = markdown::read(content).mentions;
    let mut ids: Vec<u64> =
        names.iter().filter_map(|name| name.strip_prefix("user:").and_then(|id| id.parse().ok())).collect();
    ids.dedup();
    ids
}

pub(crate) fn message(world: &World, message: &Message) -> Value {
    let snowflake_ms = (message.id >> 22) as i64 + 1_420_070_400_000;
    let sent = chrono::DateTime::from_timestamp_millis(snowflake_ms).unwrap_or_default();
    let mut mentions = mentioned(&message.content);
    let answered = message.reference.and_then(|id| world.message(id));
    if let Some(answered) = answered.filter(|it| message.author != world.bot.id && !mentions.contains(&it.author)) {
        // Answering somebody calls them, unless one switches it off.
        mentions.push(answered.author);
    }
    let mut out = json!({
        "id": message.id.to_string(),
        "channel_id": message.channel.to_string(),
        "author": user(world, message.author),
        "type": message.kind,
        "content": message.content,
        "timestamp": sent.to_rfc3339(),
        "edited_timestamp": message.edited.map(|at| at.to_rfc3339()),
        "tts": false,
        "mention_everyone": false,
        "mentions": mentions.iter().map(|id| user(world, *id)).collect::<Vec<_>>(),
        "mention_roles": [],
        "attachments": message.attachments,
        "embeds": if message.embeds.is_null() { json!([]) } else { message.embeds.clone() },
        "components": if message.components.is_null() { json!([]) } else { message.components.clone() },
        "pinned": false,
        "flags": message.flags,
    });
    if let Some(nonce) = &message.nonce {
        out["nonce"] = nonce.clone();
    }
    if let Some(id) = message.reference {
        out["message_reference"] = json!({ "type": 0, "message_id": id.to_string(),
            "channel_id": message.channel.to_string() });
        out["referenced_message"] = match answered {
            Some(answered) => {
                let mut bare = answered.clone();
                bare.reference = None;
                self::message(world, &bare)
            }
            None => Value::Null,
        };
    }
    if let Some(thread) = message.thread.and_then(|id| world.channel(id)) {
        out["thread"] = channel(world, thread);
    }
    out
}

/// What a session with these intents is given of an event; `None`: nothing.
pub(crate) fn as_session_sees(world: &World, name: &str, data: &Value, intents: u64) -> Option<Value> {
    let in_guild = data.get("guild_id").is_some_and(|id| !id.is_null());
    let needed = match name {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" if in_guild => GUILD_MESSAGES,
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" => DIRECT_MESSAGES,
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" if in_guild => GUILD_MESSAGE_REACTIONS,
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" => DIRECT_MESSAGE_REACTIONS,
        "GUILD_CREATE" | "CHANNEL_CREATE" | "THREAD_CREATE" => GUILDS,
        _ => 0,
    };
    if intents & needed != needed {
        return None;
    }
    let mut seen = data.clone();
    if matches!(name, "MESSAGE_CREATE" | "MESSAGE_UPDATE") {
        blank(world, &mut seen, intents & MESSAGE_CONTENT != 0);
    }
    Some(seen)
}

/// Takes the content away where the bot may not see it.
pub(crate) fn blank(world: &World, message: &mut Value, content: bool) {
    let us = world.bot.id.to_string();
    let channel = message["channel_id"].as_str().and_then(|id| id.parse().ok()).and_then(|id| world.channel(id));
    let direct = channel.is_some_and(|channel| channel.kind == 1);
    let ours = message["author"]["id"] == us.as_str();
    let named = message["mentions"].as_array().is_some_and(|all| all.iter().any(|user| user["id"] == us.as_str()));
    if content || direct || ours || named {
        return;
    }
    message["content"] = json!("");
    for field in ["embeds", "attachments", "components"] {
        message[field] = json!([]);
    }
}

/// An event about a message: with the guild it is in.
pub(crate) fn message_event(world: &World, of: &Message) -> Value {
    let mut out = message(world, of);
    if let Some(guild) = world.channel(of.channel).and_then(|channel| channel.guild) {
        out["guild_id"] = json!(guild.to_string());
        out["member"] = json!({ "nick": null, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00" });
    }
    out
}
