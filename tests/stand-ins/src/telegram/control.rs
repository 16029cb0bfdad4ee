//! Purpose: the control side over HTTP, for drivers in another process. Every route takes and gives JSON; a fault of the
//! caller is 400 with `{"error": "..."}`.
//!
//! | route | body or query | answer |
//! | --- | --- | --- |
//! | `POST /control/users` | [`User`] | [`User`] with its id, which is also the id of the private chat |
//! | `POST /control/users/started` | `{user_id}` | the person opens the bot: the private chat is there now |
//! | `POST /control/chats` | [`NewChat`] | `{"chat_id": ..}` |
//! | `POST /control/topics` | `{chat_id, name}` | `{"thread": ..}` |
//! | `POST /control/say` | [`Say`] | [`Done`] |
//! | `POST /control/say_all` | list of [`Say`] | list of [`Done`], made before the bot sees the first |
//! | `POST /control/edit` | `{chat_id, message_id, text}` | [`Done`] |
//! | `POST /control/press` | [`Press`] | `{"callback_query_id": ".."}` |
//! | `POST /control/react` | `{chat_id, user_id, message_id, reactions: [..]}` | all the person has there then; `:5368:` is an own emoji |
//! | `POST /control/update` | `{chat_id?, update: {..}}` | `{"update_id": ..}`; the update goes out as it is, under the next id |
//! | `POST /control/shut` | `{chat_id, shut}` | the bot is blocked or kicked there, or let in again |
//! | `POST /control/migrate` | `{chat_id}` | `{"chat_id": ..}` of the supergroup |
//! | `POST /control/delete` | `{chat_id, message_id}` | a message disappears |
//! | `POST /control/faults` | [`Fault`] or a list | added behind those there are |
//! | `DELETE /control/faults` | | all gone |
//! | `POST /control/limits` | [`Limits`] or `null` | rates on or off |
//! | `POST /control/calls_max` | number | how many calls are remembered; 0 for benches |
//! | `POST /control/bot` | any of `username`, `first_name`, `token`, `can_read_all_group_messages` | changed |
//! | `GET /control/chats` | | list of `{chat_id, type, title, messages}` |
//! | `GET /control/chats/{id}` | `?bot_messages=n&wait_ms=m`: wait until the bot has n there; `?from=i`: skip i | list of [`Shown`] |
//! | `GET /control/callbacks` | | list of [`super::model::CallbackAnswer`] |
//! | `GET /control/commands` | | list of `{scope, language, commands}` |
//! | `GET /control/counters` | | [`super::model::Counters`] |
//! | `GET /control/calls` | `?method=..` | list of [`super::model::Call`] |
//! | `GET /control/waiting` | | list of [`super::model::WaitingUpdate`] |

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    handle,
    model::{Done, Fault, Limits, NewChat, Press, Say, Shown, User},
    server::Shared,
};

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;
type World = State<Arc<Shared>>;

fn wrong(why: impl ToString) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.to_string() })))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, (StatusCode, Json<Value>)> {
    serde_json::from_value(body).map_err(wrong)
}

fn int(body: &Value, name: &str) -> Result<i64, (StatusCode, Json<Value>)> {
    body[name].as_i64().ok_or_else(|| wrong(format!("{name} is missing")))
}

fn ok() -> Answer {
    Ok(Json(json!({})))
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/control/users", post(users))
        .route("/control/users/started", post(started))
        .route("/control/chats", post(add_chat).get(chats))
        .route("/control/chats/{id}", get(transcript))
        .route("/control/topics", post(topics))
        .route("/control/say", post(say))
        .route("/control/say_all", post(say_all))
        .route("/control/edit", post(edit))
        .route("/control/press", post(press))
        .route("/control/react", post(react))
        .route("/control/update", post(update))
        .route("/control/shut", post(shut))
        .route("/control/migrate", post(migrate))
        .route("/control/delete", post(delete))
        .route("/control/faults", post(faults).delete(no_faults))
        .route("/control/limits", post(limits))
        .route("/control/calls_max", post(calls_max))
        .route("/control/bot", post(bot))
        .route("/control/callbacks", get(callbacks))
        .route("/control/commands", get(commands))
        .route("/control/counters", get(counters))
        .route("/control/calls", get(calls))
        .route("/control/waiting", get(waiting))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(shared)
}

async fn users(State(shared): World, Json(body): Json<Value>) -> Answer {
    let user: User = read(body)?;
    Ok(Json(json!(shared.act(|world| world.add_user(user)))))
}

async fn started(State(shared): World, Json(body): Json<Value>) -> Answer {
    let id = int(&body, "user_id")?;
    shared
        .act(|world| {
            let mut user = world.users.get(&id).cloned().ok_or("no such user")?;
            user.not_started = false;
            world.add_user(user);
            Ok::<_, &str>(())
        })
        .map_err(wrong)?;
    ok()
}

async fn add_chat(State(shared): World, Json(body): Json<Value>) -> Answer {
    let chat: NewChat = read(body)?;
    Ok(Json(json!({ "chat_id": shared.act(|world| world.add_chat(chat)) })))
}

async fn topics(State(shared): World, Json(body): Json<Value>) -> Answer {
    let chat = int(&body, "chat_id")?;
    let name = body["name"].as_str().unwrap_or("topic").to_owned();
    let thread = shared.act(|world| world.add_topic(chat, &name)).ok_or_else(|| wrong("no such chat"))?;
    Ok(Json(json!({ "thread": thread })))
}

async fn say(State(shared): World, Json(body): Json<Value>) -> Answer {
    let say: Say = read(body)?;
    Ok(Json(json!(shared.act(|world| world.say(say)).map_err(wrong)?)))
}

async fn say_all(State(shared): World, Json(body): Json<Value>) -> Answer {
    let all: Vec<Say> = read(body)?;
    let done: Result<Vec<Done>, String> = shared.act(|world| all.into_iter().map(|say| world.say(say)).collect());
    Ok(Json(json!(done.map_err(wrong)?)))
}

async fn edit(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (chat, message) = (int(&body, "chat_id")?, int(&body, "message_id")?);
    let text = body["text"].as_str().ok_or_else(|| wrong("text is missing"))?;
    Ok(Json(json!(shared.act(|world| world.change(chat, message, text)).map_err(wrong)?)))
}

async fn press(State(shared): World, Json(body): Json<Value>) -> Answer {
    let press: Press = read(body)?;
    let id = shared.act(|world| world.press(&press)).map_err(wrong)?;
    Ok(Json(json!({ "callback_query_id": id })))
}

async fn react(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (chat, user, message) = (int(&body, "chat_id")?, int(&body, "user_id")?, int(&body, "message_id")?);
    let now: Vec<String> = read(body["reactions"].clone())?;
    shared.act(|world| world.react(chat, user, message, &now)).map_err(wrong)?;
    ok()
}

async fn update(State(shared): World, Json(body): Json<Value>) -> Answer {
    let chat = body["chat_id"].as_i64().unwrap_or(0);
    let raw = body.get("update").cloned().unwrap_or(Value::Null);
    Ok(Json(json!({ "update_id": handle::raw_update(&shared, chat, raw) })))
}

async fn shut(State(shared): World, Json(body): Json<Value>) -> Answer {
    let id = int(&body, "chat_id")?;
    let shut = body["shut"].as_bool().unwrap_or(true);
    let known = shared.act(|world| world.chats.get_mut(&id).map(|chat| chat.shut = shut));
    known.ok_or_else(|| wrong("no such chat"))?;
    ok()
}

async fn migrate(State(shared): World, Json(body): Json<Value>) -> Answer {
    let id = int(&body, "chat_id")?;
    Ok(Json(json!({ "chat_id": shared.act(|world| world.migrate(id)).map_err(wrong)? })))
}

async fn delete(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (chat, message) = (int(&body, "chat_id")?, int(&body, "message_id")?);
    if !handle::delete(&shared, chat, message) {
        return Err(wrong("no such message"));
    }
    ok()
}

async fn faults(State(shared): World, Json(body): Json<Value>) -> Answer {
    let faults: Vec<Fault> = if body.is_array() { read(body)? } else { vec![read(body)?] };
    shared.act(|world| world.faults.extend(faults));
    ok()
}

async fn no_faults(State(shared): World) -> Answer {
    shared.act(|world| world.faults.clear());
    ok()
}

async fn limits(State(shared): World, Json(body): Json<Value>) -> Answer {
    let limits: Option<Limits> = read(body)?;
    shared.act(|world| world.limits = limits);
    ok()
}

async fn calls_max(State(shared): World, Json(max): Json<usize>) -> Answer {
    shared.act(|world| {
        world.calls_max = max;
        world.calls.clear();
    });
    ok()
}

async fn bot(State(shared): World, Json(body): Json<Value>) -> Answer {
    shared
        .act(|world| {
            let mut bot = json!(world.bot);
            if let (Some(into), Some(from)) = (bot.as_object_mut(), body.as_object()) {
                into.extend(from.clone());
            }
            serde_json::from_value(bot).map(|bot| world.bot = bot)
        })
        .map_err(wrong)?;
    ok()
}

async fn chats(State(shared): World) -> Answer {
    let world = shared.world();
    let list: Vec<Value> = world
        .chats
        .values()
        .map(|c| json!({ "chat_id": c.id, "type": c.kind, "title": c.title, "messages": c.messages.len() }))
        .collect();
    Ok(Json(json!(list)))
}

async fn transcript(State(shared): World, Path(id): Path<i64>, Query(query): Query<HashMap<String, String>>) -> Answer {
    let number = |name: &str| query.get(name).and_then(|v| v.parse::<u64>().ok());
    if let Some(wanted) = number("bot_messages") {
        let patience = Duration::from_millis(number("wait_ms").unwrap_or(5_000));
        let seen = |shown: &[Shown]| shown.iter().filter(|m| m.by_bot).count() as u64 >= wanted;
        // Too late is no error: the caller sees what there is.
        let _ = handle::wait(&shared, patience, |world| {
            world.chats.get(&id).is_some_and(|chat| seen(&chat.messages)).then_some(())
        })
        .await;
    }
    let from = number("from").unwrap_or(0) as usize;
    let world = shared.world();
    let chat = world.chats.get(&id).ok_or_else(|| wrong("no such chat"))?;
    Ok(Json(json!(chat.messages.iter().skip(from).collect::<Vec<_>>())))
}

async fn callbacks(State(shared): World) -> Answer {
    let world = shared.world();
    Ok(Json(json!(world.callbacks.values().flatten().collect::<Vec<_>>())))
}

async fn commands(State(shared): World) -> Answer {
    let world = shared.world();
    let list: Vec<Value> = world
        .commands
        .iter()
        .map(|((scope, language), commands)| json!({ "scope": scope, "language": language, "commands": commands }))
        .collect();
    Ok(Json(json!(list)))
}

async fn counters(State(shared): World) -> Answer {
    Ok(Json(json!(handle::counters(&shared))))
}

async fn calls(State(shared): World, Query(query): Query<HashMap<String, String>>) -> Answer {
    let method = query.get("method").map(String::as_str);
    Ok(Json(json!(handle::calls(&shared, method))))
}

async fn waiting(State(shared): World) -> Answer {
    Ok(Json(json!(handle::waiting(&shared))))
}
