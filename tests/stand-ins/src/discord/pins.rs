//! Purpose: pinning. Source: <https://discord.com/developers/docs/resources/message#pin-message>.

use chrono::Utc;
use serde_json::{Value, json};

use super::{
    form::Fault,
    json,
    messages::{no_permission, seen, unknown_channel, unknown_message},
    permissions::{PIN_MESSAGES, READ_MESSAGE_HISTORY},
    world::{Message, World},
};

/// The most pins of a channel.
const PINS_MAX: usize = 250;
/// The notice that a message was pinned.
const PINNED_NOTICE: u8 = 6;

/// The right to pin in a channel, and that the message is there.
fn may_pin(world: &World, channel: u64, id: u64) -> Result<(), Fault> {
    let may = seen(world, channel)?;
    let room = world.channel(channel).ok_or_else(unknown_channel)?;
    if may & PIN_MESSAGES == 0 || may & READ_MESSAGE_HISTORY == 0 {
        return Err(no_permission());
    }
    let there = room.messages.get(&id).is_some_and(|message| message.only_for.is_none());
    if there { Ok(()) } else { Err(unknown_message()) }
}

pub(crate) fn pin(world: &mut World, channel: u64, id: u64) -> Result<Value, Fault> {
    may_pin(world, channel, id)?;
    let us = world.bot.id;
    let room = world.channels.get_mut(&channel).ok_or_else(unknown_channel)?;
    let pins = room.messages.values().filter(|message| message.pinned).count();
    let message = room.messages.get_mut(&id).ok_or_else(unknown_message)?;
    if message.pinned {
        return Ok(Value::Null);
    }
    if pins >= PINS_MAX {
        return Err(Fault::coded(30003, &format!("Maximum number of pins reached for the channel ({PINS_MAX})")));
    }
    message.pinned = true;
    changed(world, channel, id);
    let notice = Message {
        id: world.snowflake(),
        channel,
        author: us,
        kind: PINNED_NOTICE,
        reference: Some(id),
        ..Message::default()
    };
    world.place(notice);
    Ok(Value::Null)
}

pub(crate) fn unpin(world: &mut World, channel: u64, id: u64) -> Result<Value, Fault> {
    may_pin(world, channel, id)?;
    let room = world.channels.get_mut(&channel).ok_or_else(unknown_channel)?;
    let message = room.messages.get_mut(&id).ok_or_else(unknown_message)?;
    if std::mem::take(&mut message.pinned) {
        changed(world, channel, id);
    }
    Ok(Value::Null)
}

/// Everybody who looks is told.
fn changed(world: &mut World, channel: u64, id: u64) {
    let guild = world.channel(channel).and_then(|room| room.guild);
    let mut event = json!({ "channel_id": channel.to_string(), "last_pin_timestamp": Utc::now().to_rfc3339() });
    if let Some(guild) = guild {
        event["guild_id"] = guild.to_string().into();
    }
    world.dispatch("CHANNEL_PINS_UPDATE", &event);
    if let Some(message) = world.message(id).cloned() {
        let event = json::message_event(world, &message);
        world.dispatch("MESSAGE_UPDATE", &event);
    }
}

/// As many messages of people as a channel can have pins, all of them pinned.
pub(crate) fn fill(world: &mut World, channel: u64) {
    for _ in 0..PINS_MAX {
        let id = world.snowflake();
        let message = Message { id, channel, pinned: true, content: "pinned".into(), ..Message::default() };
        if let Some(room) = world.channels.get_mut(&channel) {
            room.messages.insert(id, message);
        }
    }
}
