//! Purpose: sending, changing, reading and deleting messages.

use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};

use super::{
    form::{self, Fault},
    json,
    model::NewChannel,
    permissions::{
        ATTACH_FILES, CREATE_PUBLIC_THREADS, EMBED_LINKS, READ_MESSAGE_HISTORY, SEND_MESSAGES,
        SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL, of_bot,
    },
    world::{Message, World},
};

/// How long the service remembers a nonce.
const NONCE_FOR: Duration = Duration::from_secs(300);

pub(crate) fn unknown_channel() -> Fault {
    Fault::status(404, 10003, "Unknown Channel")
}

pub(crate) fn unknown_message() -> Fault {
    Fault::status(404, 10008, "Unknown Message")
}

fn no_access() -> Fault {
    Fault::status(403, 50001, "Missing Access")
}

pub(crate) fn no_permission() -> Fault {
    Fault::status(403, 50013, "Missing Permissions")
}

/// What may be done in a channel; an error when it may not even be seen.
pub(crate) fn seen(world: &World, channel: u64) -> Result<u64, Fault> {
    let channel = world.channel(channel).ok_or_else(unknown_channel)?;
    let may = of_bot(world, channel);
    if may & VIEW_CHANNEL == 0 { Err(no_access()) } else { Ok(may) }
}

/// A body as a message, checked; who may see it and where it stands are the caller's.
pub(crate) fn build(body: &Value, files: &[String]) -> Result<Message, Fault> {
    form::check(body)?;
    let content = body["content"].as_str().unwrap_or_default().to_owned();
    let empty = |field: &str| body[field].as_array().is_none_or(Vec::is_empty);
    if content.trim().is_empty() && empty("embeds") && files.is_empty() && empty("sticker_ids") && empty("components") {
        return Err(Fault::coded(50006, "Cannot send an empty message"));
    }
    Ok(Message {
        content,
        embeds: body["embeds"].clone(),
        components: body["components"].clone(),
        attachments: files.iter().enumerate().map(|(n, name)| attachment(n, name)).collect(),
        flags: body["flags"].as_u64().unwrap_or(0),
        pings: form::pings(body),
        ..Message::default()
    })
}

fn attachment(n: usize, name: &str) -> Value {
    json!({ "id": n.to_string(), "filename": name, "size": 1, "url": "https://cdn.discordapp.com/x" })
}

pub(crate) fn send(world: &mut World, channel: u64, body: &Value, files: &[String]) -> Result<Value, Fault> {
    let may = seen(world, channel)?;
    let room = world.channel(channel).ok_or_else(unknown_channel)?;
    if room.shut {
        return Err(Fault::status(403, 50007, "Cannot send messages to this user"));
    }
    let needed = if room.kind == 11 { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
    if may & needed == 0 {
        return Err(no_permission());
    }
    let mut message = build(body, files)?;
    if message.flags & !(4 | 4096) != 0 {
        return Err(Fault::form("flags", "BASE_TYPE_BAD", "These flags cannot be set."));
    }
    if body["embeds"].as_array().is_some_and(|all| !all.is_empty()) && may & EMBED_LINKS == 0 {
        return Err(no_permission());
    }
    if !files.is_empty() && may & ATTACH_FILES == 0 {
        return Err(no_permission());
    }
    if let Some(to) = body["message_reference"]["message_id"].as_str() {
        if may & READ_MESSAGE_HISTORY == 0 {
            return Err(Fault::coded(160_002, "Cannot reply without permission to read message history"));
        }
        let to: u64 = to.parse().unwrap_or(0);
        if room.messages.contains_key(&to) {
            message.reference = Some(to);
            message.kind = 19;
        } else if body["message_reference"]["fail_if_not_exists"] != false {
            return Err(Fault::form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"));
        }
    }
    let nonce = match &body["nonce"] {
        Value::Null => None,
        Value::String(text) if text.chars().count() <= 25 => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => return Err(Fault::form("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")),
    };
    if let Some(nonce) = nonce.as_ref().filter(|_| body["enforce_nonce"] == true) {
        let known = world.nonces.get(&(channel, nonce.clone())).filter(|(at, _)| at.elapsed() < NONCE_FOR);
        if let Some(before) = known.and_then(|(_, id)| world.message(*id)) {
            return Ok(json::message(world, before));
        }
    }
    message.id = world.snowflake();
    message.channel = channel;
    message.author = world.bot.id;
    message.nonce = nonce.clone().map(Value::String);
    if let Some(nonce) = nonce {
        world.nonces.insert((channel, nonce), (Instant::now(), message.id));
    }
    let out = json::message(world, &message);
    world.place(message);
    Ok(out)
}

pub(crate) fn edit(world: &mut World, channel: u64, id: u64, body: &Value, files: &[String]) -> Result<Value, Fault> {
    seen(world, channel)?;
    let us = world.bot.id;
    let room = world.channels.get_mut(&channel).ok_or_else(unknown_channel)?;
    // What only one person sees can be reached by the interaction's token alone.
    let message = room.messages.get_mut(&id).filter(|it| it.only_for.is_none()).ok_or_else(unknown_message)?;
    if message.author != us {
        return Err(Fault::status(403, 50005, "Cannot edit a message authored by another user"));
    }
    apply(message, body, files)?;
    let message = message.clone();
    let event = json::message_event(world, &message);
    world.dispatch("MESSAGE_UPDATE", &event);
    Ok(json::message(world, &message))
}

/// Changes what the body names and leaves the rest.
pub(crate) fn apply(message: &mut Message, body: &Value, files: &[String]) -> Result<(), Fault> {
    form::check(body)?;
    let mut next = message.clone();
    if let Some(content) = body.get("content") {
        next.content = content.as_str().unwrap_or_default().to_owned();
        next.pings = form::pings(body);
    }
    if let Some(embeds) = body.get("embeds") {
        next.embeds = embeds.clone();
    }
    if let Some(components) = body.get("components") {
        next.components = components.clone();
    }
    if body.get("attachments").is_some() {
        next.attachments.clear();
    }
    next.attachments.extend(files.iter().enumerate().map(|(n, name)| attachment(n, name)));
    let embeds = next.embeds.as_array().is_none_or(Vec::is_empty);
    if next.content.trim().is_empty() && embeds && next.attachments.is_empty() {
        return Err(Fault::coded(50006, "Cannot send an empty message"));
    }
    message.turn();
    next.versions = std::mem::take(&mut message.versions);
    next.edited = Some(Utc::now());
    next.edits += 1;
    *message = next;
    Ok(())
}

/// `after`, `before`, `around` and `limit` as the service takes them: newest first.
pub(crate) fn list(world: &World, channel: u64, query: &dyn Fn(&str) -> Option<u64>) -> Result<Value, Fault> {
    let may = seen(world, channel)?;
    let room = world.channel(channel).ok_or_else(unknown_channel)?;
    let limit = query("limit").unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Fault::form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100."));
    }
    if may & READ_MESSAGE_HISTORY == 0 {
        return Ok(json!([]));
    }
    let all = room.messages.values().filter(|it| it.only_for.is_none());
    let limit = usize::try_from(limit).unwrap_or(100);
    let mut found: Vec<&Message> = if let Some(after) = query("after") {
        all.filter(|it| it.id > after).take(limit).collect()
    } else {
        let before = query("before").unwrap_or(u64::MAX);
        let mut newest: Vec<&Message> = all.filter(|it| it.id < before).collect();
        newest.split_off(newest.len().saturating_sub(limit))
    };
    found.reverse();
    let content = world.bot.message_content;
    Ok(found
        .into_iter()
        .map(|it| {
            let mut out = json::message(world, it);
            json::blank(world, &mut out, content);
            out
        })
        .collect())
}

pub(crate) fn get(world: &World, channel: u64, id: u64) -> Result<Value, Fault> {
    let may = seen(world, channel)?;
    if may & READ_MESSAGE_HISTORY == 0 {
        return Err(no_permission());
    }
    let room = world.channel(channel).ok_or_else(unknown_channel)?;
    let message = room.messages.get(&id).ok_or_else(unknown_message)?;
    let mut out = json::message(world, message);
    json::blank(world, &mut out, world.bot.message_content);
    Ok(out)
}

pub(crate) fn delete(world: &mut World, channel: u64, id: u64) -> Result<Value, Fault> {
    seen(world, channel)?;
    let us = world.bot.id;
    let room = world.channels.get(&channel).ok_or_else(unknown_channel)?;
    let message = room.messages.get(&id).ok_or_else(unknown_message)?;
    if message.author != us {
        return Err(no_permission());
    }
    world.delete(id).map_err(|_| unknown_message())?;
    Ok(Value::Null)
}

pub(crate) fn open_thread(world: &mut World, channel: u64, id: u64, body: &Value) -> Result<Value, Fault> {
    let may = seen(world, channel)?;
    if may & CREATE_PUBLIC_THREADS == 0 {
        return Err(no_permission());
    }
    let room = world.channel(channel).ok_or_else(unknown_channel)?;
    if room.guild.is_none() {
        return Err(Fault::coded(50024, "Cannot execute action on this channel type"));
    }
    if !room.messages.contains_key(&id) {
        return Err(unknown_message());
    }
    let name = body["name"].as_str().unwrap_or_default();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Fault::form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."));
    }
    let owner_id = world.bot.id;
    let new = NewChannel { name: name.into(), parent_id: channel, message_id: id, owner_id, guild_id: 0 };
    let thread = world
        .add_channel(new)
        .map_err(|_| Fault::coded(160_004, "A thread has already been created for this message"))?;
    let thread = world.channel(thread).ok_or_else(unknown_channel)?;
    Ok(json::channel(world, thread))
}
