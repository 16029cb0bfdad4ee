//! Purpose: sending, changing and deleting messages, refused for the reasons and in the words of the real service.
//! Source: <https://core.telegram.org/bots/api#sendmessage>, <https://core.telegram.org/bots/api#inlinekeyboardbutton>.

use serde_json::{Value, json};

use super::{
    json::message_json,
    limits, markup,
    model::{ChatKind, Shown, ShownButton},
    params::{Failure, Params},
    server::TRUE,
    text,
    world::{Chat, World, find},
};

/// The chat a call names, by id or public name.
pub(crate) fn chat_id(world: &World, params: &Params) -> Result<i64, Failure> {
    let written = params.text("chat_id").filter(|text| !text.is_empty());
    let written = written.ok_or_else(|| Failure::bad("chat_id is empty"))?;
    if let Ok(id) = written.parse() {
        return Ok(id);
    }
    let name = written.strip_prefix('@').unwrap_or(&written);
    let named = world.chats.values().find(|c| c.username.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(name)));
    named.map(|chat| chat.id).ok_or_else(|| Failure::bad("chat not found"))
}

/// The chat a call names, if the bot may write there.
pub(crate) fn room<'w>(world: &'w mut World, params: &Params) -> Result<&'w mut Chat, Failure> {
    let id = chat_id(world, params)?;
    if world.users.get(&id).is_some_and(|user| user.not_started) {
        return Err(Failure::forbidden("bot can't initiate conversation with a user"));
    }
    let chat = world.chats.get_mut(&id).ok_or_else(|| Failure::bad("chat not found"))?;
    if let Some(new) = chat.migrated_to {
        return Err(Failure { migrate_to: Some(new), ..Failure::bad("group chat was upgraded to a supergroup chat") });
    }
    if chat.shut {
        return Err(Failure::forbidden(match chat.kind {
            ChatKind::Private => "bot was blocked by the user",
            ChatKind::Group => "bot was kicked from the group chat",
            ChatKind::Supergroup => "bot was kicked from the supergroup chat",
            ChatKind::Channel => "bot was kicked from the channel chat",
        }));
    }
    Ok(chat)
}

/// The text of a call with its entities, from `entities` or `parse_mode`.
fn formatted(params: &Params) -> Result<(String, Vec<Value>), Failure> {
    let raw = params.text("text").unwrap_or_default();
    match params.text("parse_mode").filter(|mode| !mode.is_empty()) {
        Some(mode) => {
            let (plain, entities) = markup::parse(&raw, &mode)?;
            text::outgoing(&plain, entities)
        }
        None => text::outgoing(&raw, params.json("entities", "entities")?.unwrap_or_default()),
    }
}

pub(crate) fn send(world: &mut World, params: &Params) -> Result<Value, Failure> {
    room(world, params)?;
    let content = formatted(params)?;
    put(world, params, content, serde_json::Map::new())
}

/// A text with its entities, checked.
pub(super) type Content = (String, Vec<Value>);

/// Puts a new message of the bot into the chat a call names.
pub(super) fn put(
    world: &mut World,
    params: &Params,
    (text, entities): Content,
    extra: serde_json::Map<String, Value>,
) -> Result<Value, Failure> {
    let chat = room(world, params)?.id;
    let (keyboard, buttons) = keyboard(params, false)?;
    let room = room(world, params)?;
    let thread = params.int("message_thread_id");
    // The General topic has no id of its own to send to: <https://core.telegram.org/bots/api#sendmessage>.
    if thread.is_some_and(|thread| !room.topics.contains(&thread)) {
        return Err(Failure::bad("message thread not found"));
    }
    let reply_to = reply(room, params)?;
    limits::take(world, chat)?;
    let id = world.message_number(chat);
    let mut message = world.draft(id);
    message.text = text;
    message.entities = entities;
    message.thread = thread;
    message.reply_to = reply_to;
    message.silent = params.flag("disable_notification");
    message.markup = keyboard;
    message.buttons = buttons;
    message.extra = extra;
    world.counters.messages_sent += 1;
    let Some(room) = world.chats.get(&chat) else {
        return Err(Failure::bad("chat not found"));
    };
    let shown = message_json(room, &message, true);
    world.put(chat, message);
    Ok(shown)
}

fn reply(room: &Chat, params: &Params) -> Result<Option<i64>, Failure> {
    let parameters: Option<Value> = params.json("reply_parameters", "reply parameters")?;
    let (wanted, without) = match &parameters {
        Some(parameters) => {
            (parameters["message_id"].as_i64(), parameters["allow_sending_without_reply"].as_bool().unwrap_or(false))
        }
        // The older pair of parameters is still taken.
        None => (params.int("reply_to_message_id"), params.flag("allow_sending_without_reply")),
    };
    match wanted {
        Some(id) if find(room, id).is_some() => Ok(Some(id)),
        Some(_) if !without => Err(Failure::bad("message to be replied not found")),
        _ => Ok(None),
    }
}

/// The inline keyboard of a call: as it came, and as people see it.
type Keyboard = (Option<Value>, Vec<Vec<ShownButton>>);

fn keyboard(params: &Params, inline_only: bool) -> Result<Keyboard, Failure> {
    let Some(markup) = params.json::<Value>("reply_markup", "reply keyboard markup")? else {
        return Ok((None, Vec::new()));
    };
    let Some(rows) = markup.get("inline_keyboard") else {
        let other = ["keyboard", "remove_keyboard", "force_reply"].iter().any(|kind| markup.get(kind).is_some());
        return if inline_only {
            Err(Failure::bad("inline keyboard expected"))
        } else if other || markup.as_object().is_some_and(serde_json::Map::is_empty) {
            Ok((None, Vec::new()))
        } else {
            Err(Failure::bad("object expected as reply markup"))
        };
    };
    let broken = |why: &str| Failure::bad(format!("can't parse inline keyboard button: {why}"));
    let rows = rows.as_array().ok_or_else(|| broken("Field \"inline_keyboard\" must be of type Array"))?;
    let mut shown = Vec::new();
    let mut count = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| broken("InlineKeyboardMarkup rows must be arrays"))?;
        let mut line = Vec::with_capacity(row.len());
        for button in row {
            line.push(check_button(button)?);
            count += 1;
        }
        if !line.is_empty() {
            shown.push(line);
        }
    }
    if count > 100 {
        return Err(Failure::bad("REPLY_MARKUP_TOO_LONG"));
    }
    if count == 0 {
        return Ok((None, Vec::new()));
    }
    Ok((Some(json!({ "inline_keyboard": rows })), shown))
}

/// What a button may do; exactly one of them.
const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

fn check_button(button: &Value) -> Result<ShownButton, Failure> {
    let text = button["text"].as_str();
    let text = text.ok_or_else(|| Failure::bad("can't parse inline keyboard button: Can't find field \"text\""))?;
    if text.trim().is_empty() {
        return Err(Failure::bad("inline keyboard button text must be non-empty"));
    }
    let actions = ACTIONS.iter().filter(|action| button.get(**action).is_some()).count();
    if actions != 1 {
        return Err(Failure::bad("text buttons are unallowed in the inline keyboard"));
    }
    if let Some(style) = button.get("style") {
        let known = style.as_str().is_some_and(|s| matches!(s, "danger" | "success" | "primary"));
        if !known {
            return Err(Failure::bad("can't parse inline keyboard button: invalid button style specified"));
        }
    }
    let data = button.get("callback_data").map(|data| data.as_str().unwrap_or_default());
    if data.is_some_and(|data| !(1..=64).contains(&data.len())) {
        return Err(Failure::bad("BUTTON_DATA_INVALID"));
    }
    if let Some(url) = button.get("url").and_then(Value::as_str)
        && !["http://", "https://", "tg://"].iter().any(|scheme| url.starts_with(scheme))
    {
        return Err(Failure::bad(format!("inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")));
    }
    Ok(ShownButton {
        text: text.to_owned(),
        data: data.map(str::to_owned),
        style: button["style"].as_str().map(str::to_owned),
    })
}

/// The bot's own message a call names.
pub(super) fn own<'w>(world: &'w mut World, params: &Params, verb: &str) -> Result<&'w mut Shown, Failure> {
    if params.0.contains_key("inline_message_id") {
        return Err(Failure::bad("MESSAGE_ID_INVALID"));
    }
    let missing = || Failure::bad("message identifier is not specified");
    let chat = room(world, params)?;
    let id = params.int("message_id").filter(|id| *id > 0).ok_or_else(missing)?;
    let gone = || Failure::bad(format!("message to {verb} not found"));
    let message = chat.index.get(&id).and_then(|at| chat.messages.get_mut(*at)).filter(|m| !m.deleted);
    message.ok_or_else(gone)
}

pub(crate) fn edit_text(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let at = world.now_us();
    if !own(world, params, "edit")?.by_bot {
        return Err(Failure::bad("message can't be edited"));
    }
    if !own(world, params, "edit")?.extra.is_empty() {
        return Err(Failure::bad("there is no text in the message to edit"));
    }
    let content = formatted(params)?;
    change(world, params, content, at)
}

/// Changes what the bot's own message says.
pub(super) fn change(world: &mut World, params: &Params, (text, entities): Content, at: u64) -> Result<Value, Failure> {
    let (keyboard, buttons) = keyboard(params, true)?;
    let message = own(world, params, "edit")?;
    if message.text == text && message.entities == entities && message.markup == keyboard {
        return Err(not_modified());
    }
    let before = std::mem::replace(&mut message.text, text);
    message.versions.push(before);
    message.entities = entities;
    message.markup = keyboard;
    message.buttons = buttons;
    changed(world, params, at)
}

pub(crate) fn edit_markup(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let at = world.now_us();
    let (keyboard, buttons) = keyboard(params, true)?;
    let message = own(world, params, "edit")?;
    if !message.by_bot {
        return Err(Failure::bad("message can't be edited"));
    }
    if message.markup == keyboard {
        return Err(not_modified());
    }
    message.markup = keyboard;
    message.buttons = buttons;
    changed(world, params, at)
}

fn not_modified() -> Failure {
    Failure::bad(
        "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
    )
}

fn changed(world: &mut World, params: &Params, at: u64) -> Result<Value, Failure> {
    let message = own(world, params, "edit")?;
    message.edit_date = Some(chrono::Utc::now().timestamp());
    message.edited_at_us = Some(at);
    let id = message.message_id;
    world.counters.messages_edited += 1;
    let chat = room(world, params)?;
    find(chat, id).map(|message| message_json(chat, message, true)).ok_or_else(not_modified)
}

pub(crate) fn delete(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let admin = room(world, params)?.bot_is_admin;
    let private = room(world, params)?.kind == ChatKind::Private;
    let message = own(world, params, "delete")?;
    if !(message.by_bot || admin || private) {
        return Err(Failure::bad("message can't be deleted"));
    }
    message.deleted = true;
    Ok(TRUE)
}
