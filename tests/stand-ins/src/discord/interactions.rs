//! Purpose: the first answer to an interaction and what follows it, with their deadlines.
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding>.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    form::{self, Fault},
    json, messages,
    world::{Interaction, Message, THINKING, World},
};

/// How long the first answer may take.
const FIRST_ANSWER: Duration = Duration::from_secs(3);
/// How long the token is good for.
const TOKEN: Duration = Duration::from_secs(15 * 60);

const EPHEMERAL: u64 = 1 << 6;

fn unknown() -> Fault {
    Fault::status(404, 10062, "Unknown interaction")
}

/// The first answer, however it comes. Gives the message it shows, if it is one.
pub(crate) fn answer(world: &mut World, id: u64, token: &str, body: &Value, files: &[String]) -> Result<Value, Fault> {
    let it = world.interactions.get(&id).filter(|it| it.token == token).ok_or_else(unknown)?;
    if it.answered.is_some() {
        return Err(Fault::coded(40060, "Interaction has already been acknowledged."));
    }
    if it.age() > FIRST_ANSWER {
        return Err(unknown());
    }
    let (kind, channel, user, source, after) = (it.kind, it.channel, it.user, it.source, it.age());
    let answer = body["type"].as_u64().unwrap_or(0);
    let allowed: &[u64] = match kind {
        2 => &[4, 5, 9],
        3 => &[4, 5, 6, 7, 9],
        4 => &[8],
        _ if source.is_some() => &[4, 5, 6, 7],
        _ => &[4, 5],
    };
    if !allowed.contains(&answer) {
        let why = format!("Value must be one of {allowed:?}.");
        return Err(Fault::form("type", "BASE_TYPE_CHOICES", &why));
    }
    let data = &body["data"];
    let mut shown = None;
    match answer {
        4 => shown = Some(place(world, channel, user, messages::build(data, files)?)),
        5 => {
            let flags = (data["flags"].as_u64().unwrap_or(0) & EPHEMERAL) | THINKING;
            shown = Some(place(world, channel, user, Message { flags, ..Message::default() }));
        }
        7 => {
            let id = source.ok_or_else(unknown)?;
            let message = world.message_mut(id).ok_or_else(messages::unknown_message)?;
            messages::apply(message, data, files)?;
            tell_change(world, id);
        }
        8 => form::choices(data)?,
        9 => form::modal(data)?,
        _ => {}
    }
    if let Some(it) = world.interactions.get_mut(&id) {
        it.answered = Some(answer);
        it.after_us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        it.data = data.clone();
        it.original = shown.or(if matches!(answer, 6 | 7) { source } else { None });
        it.messages.extend(shown);
    }
    Ok(shown.and_then(|id| world.message(id)).map_or(Value::Null, |message| json::message(world, message)))
}

/// The body of a callback's answer, when it was asked for.
pub(crate) fn callback_response(id: u64, kind: u8, answer: u64, message: &Value) -> Value {
    let mut out = json!({ "interaction": { "id": id.to_string(), "type": kind }, "resource": { "type": answer } });
    if !message.is_null() {
        out["interaction"]["response_message_id"] = message["id"].clone();
        out["resource"]["message"] = message.clone();
    }
    out
}

fn place(world: &mut World, channel: u64, user: u64, mut message: Message) -> u64 {
    message.id = world.snowflake();
    message.channel = channel;
    message.author = world.bot.id;
    if message.kind == 0 {
        message.kind = 20;
    }
    let id = message.id;
    if message.flags & EPHEMERAL != 0 {
        message.only_for = Some(user);
        message.at_us = world.now_us();
        world.counters.messages_sent += 1;
        if let Some(room) = world.channels.get_mut(&channel) {
            room.messages.insert(id, message);
        }
    } else {
        world.place(message);
    }
    id
}

fn tell_change(world: &mut World, id: u64) {
    if let Some(message) = world.message(id).cloned().filter(|it| it.only_for.is_none()) {
        let event = json::message_event(world, &message);
        world.dispatch("MESSAGE_UPDATE", &event);
    }
}

/// The interaction behind a webhook token.
fn open<'a>(world: &'a World, token: &str) -> Result<&'a Interaction, Fault> {
    let it = world.interaction_by_token(token).ok_or_else(|| Fault::status(404, 10015, "Unknown Webhook"))?;
    if it.age() > TOKEN {
        return Err(Fault::status(401, 50027, "Invalid Webhook Token"));
    }
    if it.answered.is_none() {
        return Err(Fault::status(404, 10015, "Unknown Webhook"));
    }
    Ok(it)
}

/// Another message behind the first.
pub(crate) fn follow_up(world: &mut World, token: &str, body: &Value, files: &[String]) -> Result<Value, Fault> {
    let it = open(world, token)?;
    let (id, channel, user, original) = (it.id, it.channel, it.user, it.original);
    let built = messages::build(body, files)?;
    let waits = original.and_then(|id| world.message(id)).filter(|message| message.flags & THINKING != 0).map(|m| m.id);
    // The first one after "thinking" takes its place, and stays as visible as that was.
    let shown = match waits {
        Some(waits) => {
            settle(world, waits, built);
            waits
        }
        None => place(world, channel, user, built),
    };
    if let Some(it) = world.interactions.get_mut(&id).filter(|it| !it.messages.contains(&shown)) {
        it.messages.push(shown);
    }
    let message = world.message(shown).ok_or_else(messages::unknown_message)?;
    Ok(json::message(world, message))
}

fn settle(world: &mut World, waits: u64, built: Message) {
    let now = world.now_us();
    if let Some(message) = world.message_mut(waits) {
        message.at_us = now;
        message.content = built.content;
        message.embeds = built.embeds;
        message.components = built.components;
        message.attachments = built.attachments;
        message.pings = built.pings;
        message.flags &= !THINKING;
    }
    tell_change(world, waits);
}

/// `@original` or an id, as a message of this interaction.
fn target(world: &World, token: &str, which: &str) -> Result<u64, Fault> {
    let it = open(world, token)?;
    let id = if which == "@original" { it.original } else { which.parse().ok() };
    id.filter(|id| Some(*id) == it.original || it.messages.contains(id))
        .filter(|id| world.message(*id).is_some())
        .ok_or_else(messages::unknown_message)
}

pub(crate) fn get(world: &World, token: &str, which: &str) -> Result<Value, Fault> {
    let id = target(world, token, which)?;
    world.message(id).map(|message| json::message(world, message)).ok_or_else(messages::unknown_message)
}

pub(crate) fn edit(
    world: &mut World,
    token: &str,
    which: &str,
    body: &Value,
    files: &[String],
) -> Result<Value, Fault> {
    let id = target(world, token, which)?;
    let now = world.now_us();
    let message = world.message_mut(id).ok_or_else(messages::unknown_message)?;
    messages::apply(message, body, files)?;
    if message.flags & THINKING != 0 {
        message.flags &= !THINKING;
        message.at_us = now;
    }
    tell_change(world, id);
    get(world, token, which)
}

pub(crate) fn delete(world: &mut World, token: &str, which: &str) -> Result<Value, Fault> {
    let id = target(world, token, which)?;
    world.delete(id).map_err(|_| messages::unknown_message())?;
    Ok(Value::Null)
}
