//! Purpose: pinning, with the right it takes in groups and the message that tells of it.
//! Source: <https://core.telegram.org/bots/api#pinchatmessage>.

use serde_json::Value;

use super::{
    json::message_json,
    messages::{self, own},
    model::{ChatKind, Shown},
    params::{Failure, Params},
    server::TRUE,
    world::{World, find},
};

/// The bot's right to pin in the chat a call names.
fn may_pin(world: &mut World, params: &Params) -> Result<i64, Failure> {
    let chat = messages::room(world, params)?;
    if chat.kind != ChatKind::Private && !chat.bot_is_admin {
        return Err(Failure::bad("not enough rights to manage pinned messages in the chat"));
    }
    Ok(chat.id)
}

pub(crate) fn pin(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let chat = may_pin(world, params)?;
    let message = own(world, params, "pin")?;
    if message.pinned {
        return Err(Failure::bad("CHAT_NOT_MODIFIED"));
    }
    message.pinned = true;
    let pinned = message.message_id;
    let told = world.chats.get(&chat).and_then(|chat| Some(message_json(chat, find(chat, pinned)?, false)));
    let (id, me) = (world.message_number(chat), world.me());
    let mut note: Shown = world.blank(id, world.bot_id, me);
    note.silent = params.flag("disable_notification");
    note.extra.insert("pinned_message".into(), told.unwrap_or_default());
    world.put(chat, note);
    world.announce("message", chat, id);
    Ok(TRUE)
}

pub(crate) fn unpin(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let chat = may_pin(world, params)?;
    let pinned = if params.int("message_id").is_some() {
        Some(own(world, params, "unpin")?.message_id)
    } else {
        // Without a message the newest pin goes.
        world.chats.get(&chat).and_then(|chat| chat.messages.iter().rev().find(|it| it.pinned)).map(|it| it.message_id)
    };
    let chat = world.chats.get_mut(&chat).ok_or_else(|| Failure::bad("chat not found"))?;
    let at = pinned.and_then(|id| chat.index.get(&id).copied());
    let message = at.and_then(|at| chat.messages.get_mut(at)).filter(|message| message.pinned);
    message.ok_or_else(|| Failure::bad("CHAT_NOT_MODIFIED"))?.pinned = false;
    Ok(TRUE)
}
