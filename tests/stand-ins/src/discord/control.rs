//! Purpose: the control side over HTTP, for drivers in another process. Every route takes and gives JSON; a fault of the
//! caller is 400 with `{"error": "..."}`. Ids are numbers here.
//!
//! | route | body or query | answer |
//! | --- | --- | --- |
//! | `POST /control/people` | `{name}` | [`super::Person`] with `dm`, the channel of the direct chat |
//! | `POST /control/channels` | [`NewChannel`] | `{channel_id, guild_id}` |
//! | `POST /control/say` | [`Say`] | `{message_id}` |
//! | `POST /control/change` | `{message_id, text}` | |
//! | `POST /control/delete` | `{message_id}` | |
//! | `POST /control/invoke` | [`Invoke`] | `{interaction_id}` |
//! | `POST /control/press` | `{message_id, user_id, custom_id}` | `{interaction_id}` |
//! | `POST /control/react` | `{message_id, user_id, emoji, added}` | `name:id` is a server's own emoji |
//! | `POST /control/fill` | [`Ask`] | `{interaction_id}` |
//! | `POST /control/age` | `{interaction_id, by_ms}` | the interaction is older now |
//! | `POST /control/endpoint` | `{url}` or `{url: null}` | interactions go there, signed |
//! | `POST /control/event` | `{name, data}` | an event of any shape |
//! | `POST /control/shut` | `{channel_id, shut}` | the person takes no messages |
//! | `POST /control/deny` | `{channel_id, permission}` | taken from the bot in that channel |
//! | `POST /control/faults` | [`Fault`] | added behind those there are |
//! | `DELETE /control/faults` | | all gone |
//! | `POST /control/limits` | [`Limits`] or `null` | rates on or off |
//! | `POST /control/heartbeats` | `{interval_ms, answered}` | |
//! | `POST /control/session_starts` | `{left}` | |
//! | `POST /control/gateway` | `{do: reconnect, invalidate, close, drop or forget; code, resumable}` | |
//! | `GET /control/answered/{id}` | `?wait_ms=m`: wait for the first answer | [`super::Answered`] |
//! | `GET /control/channels/{id}` | `?bot_messages=n&wait_ms=m`: wait until the bot has n there | list of [`super::Shown`] |
//! | `GET /control/commands/{guild}` | guild 0: global | the registered commands |
//! | `GET /control/calls` | `?route=..` | list of [`super::Call`] |
//! | `GET /control/state` | | `{connected, identifies, resumes, public_key, token, bot_id}` |

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    handle::DiscordStandIn,
    model::{Ask, Fault, Invoke, Limits, NewChannel, Say},
    server::Shared,
};

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;
type Server = State<Arc<DiscordStandIn>>;

fn wrong(why: impl ToString) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.to_string() })))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, (StatusCode, Json<Value>)> {
    serde_json::from_value(body).map_err(wrong)
}

fn number(body: &Value, name: &str) -> Result<u64, (StatusCode, Json<Value>)> {
    let value = &body[name];
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_u64().or(text).ok_or_else(|| wrong(format!("{name} is missing")))
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn ok() -> Answer {
    Ok(Json(json!({})))
}

/// The routes; the server behind them is the same that tests hold.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let server = Arc::new(DiscordStandIn::over(shared, SocketAddr::from(([127, 0, 0, 1], 0))));
    Router::new()
        .route("/control/people", post(people))
        .route("/control/channels", post(channels))
        .route("/control/channels/{id}", get(transcript))
        .route("/control/say", post(say))
        .route("/control/endpoint", post(endpoint))
        .route("/control/faults", post(faults).delete(no_faults))
        .route("/control/limits", post(limits))
        .route("/control/answered/{id}", get(answered))
        .route("/control/commands/{guild}", get(commands))
        .route("/control/calls", get(calls))
        .route("/control/state", get(state))
        .route("/control/invoke", post(invoke))
        .route("/control/press", post(press))
        .route("/control/react", post(react))
        .route("/control/fill", post(fill))
        .route("/control/{act}", post(act))
        .with_state(server)
}

async fn people(State(server): Server, Json(body): Json<Value>) -> Answer {
    Ok(Json(json!(server.person(text(&body, "name")))))
}

async fn channels(State(server): Server, Json(body): Json<Value>) -> Answer {
    let new: NewChannel = read(body)?;
    let id = server.add_channel(new).map_err(wrong)?;
    Ok(Json(json!({ "channel_id": id, "guild_id": server.guild_of(id) })))
}

async fn say(State(server): Server, Json(body): Json<Value>) -> Answer {
    let say: Say = read(body)?;
    Ok(Json(json!({ "message_id": server.say(say).map_err(wrong)? })))
}

async fn invoke(State(server): Server, Json(body): Json<Value>) -> Answer {
    let invoke: Invoke = read(body)?;
    Ok(Json(json!({ "interaction_id": server.invoke(&invoke).map_err(wrong)? })))
}

async fn press(State(server): Server, Json(body): Json<Value>) -> Answer {
    let user = number(&body, "user_id").unwrap_or(0);
    let id = server.press(number(&body, "message_id")?, user, text(&body, "custom_id")).map_err(wrong)?;
    Ok(Json(json!({ "interaction_id": id })))
}

async fn react(State(server): Server, Json(body): Json<Value>) -> Answer {
    let (user, added) = (number(&body, "user_id").unwrap_or(0), body["added"].as_bool().unwrap_or(true));
    server.react(number(&body, "message_id")?, user, text(&body, "emoji"), added).map_err(wrong)?;
    Ok(Json(json!({})))
}

async fn fill(State(server): Server, Json(body): Json<Value>) -> Answer {
    let ask: Ask = read(body)?;
    Ok(Json(json!({ "interaction_id": server.fill(&ask).map_err(wrong)? })))
}

async fn endpoint(State(server): Server, Json(body): Json<Value>) -> Answer {
    server.set_endpoint(body["url"].as_str()).await.map_err(wrong)?;
    ok()
}

async fn faults(State(server): Server, Json(body): Json<Value>) -> Answer {
    let fault: Fault = read(body)?;
    server.fault(fault);
    ok()
}

async fn no_faults(State(server): Server) -> Answer {
    server.no_faults();
    ok()
}

async fn limits(State(server): Server, Json(body): Json<Value>) -> Answer {
    let limits: Option<Limits> = read(body)?;
    server.limits(limits);
    ok()
}

async fn act(State(server): Server, Path(act): Path<String>, Json(body): Json<Value>) -> Answer {
    match act.as_str() {
        "change" => server.change(number(&body, "message_id")?, text(&body, "text")).map_err(wrong)?,
        "delete" => server.delete(number(&body, "message_id")?).map_err(wrong)?,
        "age" => server.age(number(&body, "interaction_id")?, Duration::from_millis(number(&body, "by_ms")?)),
        "event" => server.raw_event(text(&body, "name"), body["data"].clone()),
        "shut" => server.shut(number(&body, "channel_id")?, body["shut"].as_bool().unwrap_or(true)),
        "deny" => server.deny(number(&body, "channel_id")?, text(&body, "permission")),
        "heartbeats" => server.heartbeats(number(&body, "interval_ms")?, body["answered"].as_bool().unwrap_or(true)),
        "session_starts" => server.session_starts(u32::try_from(number(&body, "left")?).map_err(wrong)?),
        "gateway" => match text(&body, "do") {
            "reconnect" => server.ask_reconnect(),
            "invalidate" => server.invalidate(body["resumable"].as_bool().unwrap_or(false)),
            "close" => server.close(u16::try_from(number(&body, "code")?).map_err(wrong)?),
            "drop" => server.close(0),
            "forget" => server.forget_sessions(),
            other => return Err(wrong(format!("the gateway cannot {other:?}"))),
        },
        other => return Err(wrong(format!("nothing is called {other:?}"))),
    }
    ok()
}

async fn answered(State(server): Server, Path(id): Path<u64>, Query(query): Query<HashMap<String, u64>>) -> Answer {
    let patience = Duration::from_millis(query.get("wait_ms").copied().unwrap_or(0));
    let _ = server.wait(patience, |s| s.answered(id).filter(|it| it.kind.is_some())).await;
    Ok(Json(json!(server.answered(id).ok_or_else(|| wrong("no such interaction"))?)))
}

async fn transcript(State(server): Server, Path(id): Path<u64>, Query(query): Query<HashMap<String, u64>>) -> Answer {
    if let Some(wanted) = query.get("bot_messages") {
        let patience = Duration::from_millis(query.get("wait_ms").copied().unwrap_or(5_000));
        // Too late is no error: the caller sees what there is.
        let _ = server.wait(patience, |s| (s.by_bot(id).len() as u64 >= *wanted).then_some(())).await;
    }
    Ok(Json(json!(server.shown(id))))
}

async fn commands(State(server): Server, Path(guild): Path<u64>) -> Answer {
    Ok(Json(json!(server.commands(guild))))
}

async fn calls(State(server): Server, Query(query): Query<HashMap<String, String>>) -> Answer {
    Ok(Json(json!(server.calls(query.get("route").map_or("", String::as_str)))))
}

async fn state(State(server): Server) -> Answer {
    let (identifies, resumes) = server.starts();
    Ok(Json(json!({ "connected": server.connected(), "identifies": identifies, "resumes": resumes,
        "public_key": server.public_key(), "token": server.token(), "bot_id": server.bot_id() })))
}
