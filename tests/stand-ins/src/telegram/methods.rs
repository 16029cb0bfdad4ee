//! Purpose: every method but getUpdates, and the small ones themselves.
//! Source: <https://core.telegram.org/bots/api#available-methods>.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    json::chat_json,
    media, messages,
    model::{CallbackAnswer, ChatKind},
    params::{Failure, Params},
    pins,
    server::{Shared, TRUE},
    updates,
    world::World,
};

/// The most commands one scope takes.
const COMMANDS_MAX: usize = 100;

/// Runs one method. Names are matched in any case, as the real service does.
pub(crate) fn run(shared: &Arc<Shared>, method: &str, params: &Params) -> Result<Value, Failure> {
    match method.to_ascii_lowercase().as_str() {
        "getme" => Ok(get_me(&shared.world())),
        "setwebhook" => updates::set_webhook(shared, params),
        "deletewebhook" => Ok(updates::delete_webhook(shared, params)),
        "getwebhookinfo" => Ok(updates::webhook_info(shared)),
        "sendmessage" => shared.act(|world| messages::send(world, params)),
        "sendphoto" => shared.act(|world| media::send_photo(world, params)),
        "senddocument" => shared.act(|world| media::send_document(world, params)),
        "editmessagecaption" => shared.act(|world| media::edit_caption(world, params)),
        "editmessagetext" => shared.act(|world| messages::edit_text(world, params)),
        "editmessagereplymarkup" => shared.act(|world| messages::edit_markup(world, params)),
        "pinchatmessage" => shared.act(|world| pins::pin(world, params)),
        "unpinchatmessage" => shared.act(|world| pins::unpin(world, params)),
        "deletemessage" => shared.act(|world| messages::delete(world, params)),
        "answercallbackquery" => shared.act(|world| answer_callback(world, params)),
        "setmycommands" => shared.act(|world| set_commands(world, params)),
        "getmycommands" => get_commands(&shared.world(), params),
        "deletemycommands" => shared.act(|world| delete_commands(world, params)),
        "getchat" => get_chat(&shared.world(), params),
        "getfile" => get_file(params),
        "sendchataction" => {
            let mut world = shared.world();
            messages::room(&mut world, params)?;
            params
                .text("action")
                .filter(|a| !a.is_empty())
                .ok_or_else(|| Failure::bad("wrong parameter action in request"))?;
            Ok(TRUE)
        }
        "logout" | "close" => Ok(TRUE),
        _ => Err(Failure::new(404, "Not Found")),
    }
}

fn get_me(world: &World) -> Value {
    let mut me = world.me();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(world.bot.can_read_all_group_messages);
    me["supports_inline_queries"] = json!(false);
    me["can_connect_to_business"] = json!(false);
    me["has_main_web_app"] = json!(false);
    me
}

fn answer_callback(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let id = params.text("callback_query_id").unwrap_or_default().into_owned();
    let text = params.text("text").map(|text| text.into_owned()).filter(|text| !text.is_empty());
    let at_us = world.now_us();
    let too_old = || Failure::bad("query is too old and response timeout expired or query ID is invalid");
    let place = world.callbacks.get_mut(&id).ok_or_else(too_old)?;
    if place.is_some() {
        return Err(too_old());
    }
    if text.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(Failure::bad("MESSAGE_TOO_LONG"));
    }
    *place = Some(CallbackAnswer { id, text, show_alert: params.flag("show_alert"), at_us });
    Ok(TRUE)
}

/// A scope and a language as one key: <https://core.telegram.org/bots/api#botcommandscope>.
fn commands_key(world: &World, params: &Params) -> Result<(String, String), Failure> {
    let scope = params.json::<Value>("scope", "BotCommandScope")?.unwrap_or_else(|| json!({ "type": "default" }));
    let kind = scope["type"].as_str().unwrap_or_default();
    let scope = match kind {
        "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => kind.to_owned(),
        "chat" | "chat_administrators" | "chat_member" => {
            let chat = scope["chat_id"].as_i64().filter(|id| world.chats.contains_key(id));
            let chat = chat.ok_or_else(|| Failure::bad("chat not found"))?;
            let member = if kind == "chat_member" {
                let user = scope["user_id"].as_i64().ok_or_else(|| Failure::bad("user not found"))?;
                format!("/{user}")
            } else {
                String::new()
            };
            format!("{kind}/{chat}{member}")
        }
        _ => {
            return Err(Failure::bad("can't parse BotCommandScope: Unsupported type specified"));
        }
    };
    let language = params.text("language_code").unwrap_or_default().into_owned();
    if !(language.is_empty() || (language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase()))) {
        return Err(Failure::bad("invalid language code specified"));
    }
    Ok((scope, language))
}

fn set_commands(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let key = commands_key(world, params)?;
    let commands: Vec<Value> = params
        .json("commands", "commands")?
        .ok_or_else(|| Failure::bad("can't parse list of bot commands JSON object"))?;
    if commands.len() > COMMANDS_MAX {
        return Err(Failure::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in &commands {
        let name = command["command"].as_str().unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let legal = (1..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !legal {
            return Err(Failure::bad("BOT_COMMAND_INVALID"));
        }
        let length = command["description"].as_str().unwrap_or_default().chars().count();
        if !(1..=256).contains(&length) {
            return Err(Failure::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    if commands.is_empty() {
        world.commands.remove(&key);
    } else {
        world.commands.insert(key, commands);
    }
    Ok(TRUE)
}

fn get_commands(world: &World, params: &Params) -> Result<Value, Failure> {
    let key = commands_key(world, params)?;
    Ok(world.commands.get(&key).map_or_else(|| json!([]), |commands| json!(commands)))
}

fn delete_commands(world: &mut World, params: &Params) -> Result<Value, Failure> {
    let key = commands_key(world, params)?;
    world.commands.remove(&key);
    Ok(TRUE)
}

fn get_chat(world: &World, params: &Params) -> Result<Value, Failure> {
    let id = messages::chat_id(world, params)?;
    let chat = world.chats.get(&id).ok_or_else(|| Failure::bad("chat not found"))?;
    let mut out = chat_json(chat);
    out["accent_color_id"] = json!(0);
    out["max_reaction_count"] = json!(11);
    out["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
        "premium_subscription": false, "gifts_from_channels": false,
    });
    if chat.kind != ChatKind::Private {
        out["permissions"] = json!({ "can_send_messages": true });
    }
    Ok(out)
}

fn get_file(params: &Params) -> Result<Value, Failure> {
    let id = params.text("file_id").filter(|id| id.starts_with("FILE-"));
    let id = id.ok_or_else(|| Failure::bad("invalid file_id"))?;
    Ok(
        json!({ "file_id": id, "file_unique_id": format!("U-{id}"), "file_size": 7, "file_path": format!("documents/{id}") }),
    )
}
