//! Purpose: pinning: <https://docs.slack.dev/reference/methods/pins.add>.

use serde_json::{Value, json};

use super::{
    methods::scope,
    model::ChannelKind,
    params::{Failure, Params},
    queue,
    world::World,
};

/// The channel and the message a call names.
fn place(world: &mut World, params: &Params) -> Result<(String, String), Failure> {
    scope(world, "pins:write")?;
    let channel = params.need("channel")?.to_owned();
    let room = world.channels.get(&channel).ok_or_else(|| Failure::new("channel_not_found"))?;
    if !room.bot_in {
        let public = room.kind == ChannelKind::Channel;
        return Err(Failure::new(if public { "not_in_channel" } else { "channel_not_found" }));
    }
    if room.archived {
        return Err(Failure::new("is_archived"));
    }
    let ts = params.str("timestamp").ok_or_else(|| Failure::new("no_item_specified"))?.to_owned();
    let there = world.message(&channel, &ts).is_some_and(|message| message.only_for.is_none());
    if there { Ok((channel, ts)) } else { Err(Failure::new("message_not_found")) }
}

pub(crate) fn add(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let (channel, ts) = place(world, params)?;
    let pinned = world.message(&channel, &ts).map(|message| std::mem::replace(&mut message.pinned, true));
    if pinned == Some(true) {
        return Err(Failure::new("already_pinned"));
    }
    let note = world.new_ts();
    let user = world.app.bot_user.clone();
    let event = json!({ "type": "message", "subtype": "pinned_item", "item_type": "C", "user": user, "ts": note,
        "text": "pinned a message to this channel.", "channel": channel, "channel_type": "channel", "event_ts": note,
        "item": { "type": "message", "ts": ts } });
    queue::push_event(world, event);
    Ok(json!({}))
}

pub(crate) fn remove(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let (channel, ts) = place(world, params)?;
    let pinned = world.message(&channel, &ts).map(|message| std::mem::take(&mut message.pinned));
    if pinned == Some(true) { Ok(json!({})) } else { Err(Failure::new("no_pin")) }
}
