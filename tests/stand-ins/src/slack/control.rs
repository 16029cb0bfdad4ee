//! Purpose: the control side over HTTP, for drivers in another process. Every route takes and gives JSON; a fault of the
//! caller is 400 with `{"error": "..."}`.
//!
//! | route | body or query | answer |
//! | --- | --- | --- |
//! | `POST /control/users` | [`Person`] | [`Person`] with its id and `im`, the direct channel |
//! | `POST /control/channels` | [`NewChannel`] with `members` | `{"channel": ..}` |
//! | `POST /control/say` | [`Say`] | `{"ts": ..}` |
//! | `POST /control/edit` | `{channel, ts, text, raw?}` | changed by its writer |
//! | `POST /control/preview` | `{channel, ts}` | Slack adds a preview |
//! | `POST /control/delete` | `{channel, ts}` | deleted by its writer |
//! | `POST /control/press` | [`Press`] | `{"envelope_id": ..}` |
//! | `POST /control/react` | `{channel, user, ts, name, added}` | |
//! | `POST /control/submit` | [`Submit`] | `{"envelope_id": ..}` |
//! | `POST /control/slash` | [`Slash`] | `{"envelope_id": ..}` |
//! | `POST /control/shortcut` | `{callback_id, user, channel?, ts?}` | `{"envelope_id": ..}` |
//! | `POST /control/home` | `{user}` | the person opens the home |
//! | `POST /control/event` | an event | in an `event_callback`, as it is |
//! | `POST /control/envelope` | `{type, payload}` | an envelope as it is |
//! | `POST /control/shut` | `{channel, shut}` | the bot is thrown out, or let in again |
//! | `POST /control/archive` | `{channel}` | archived |
//! | `POST /control/disconnect` | `{reason}` | `warning`, `refresh_requested`, `link_disabled` |
//! | `POST /control/sockets` | `{act}`: `drop` or `silence` | every open socket |
//! | `POST /control/delivery` | [`Delivery`] | deadlines, retries |
//! | `POST /control/request_url` | `{url}` | `{"verified": ..}`: HTTP mode |
//! | `POST /control/app` | any field of the app | changed |
//! | `POST /control/faults` | [`Fault`] or a list | added behind those there are |
//! | `DELETE /control/faults` | | all gone |
//! | `POST /control/limits` | [`Limits`] or `null` | rates on or off |
//! | `POST /control/calls_max` | number | how many calls are remembered; 0 for benches |
//! | `GET /control/channels` | | list of `{channel, kind, name, messages}` |
//! | `GET /control/channels/{id}` | `?bot_messages=n&wait_ms=m`: wait until the bot has n there | list of [`super::model::Shown`] |
//! | `GET /control/views`, `/control/homes`, `/control/unfurls` | | lists |
//! | `GET /control/counters` | | [`super::model::Counters`] |
//! | `GET /control/calls` | `?method=..` | list of [`super::model::Call`] |
//! | `GET /control/waiting` | | list of [`super::model::Waiting`] |

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
    model::{Counters, Delivery, Fault, Limits, NewChannel, Person, Press, Say, Slash, Submit},
    queue::{self, Frame},
    request_url,
    server::Shared,
};

type Wrong = (StatusCode, Json<Value>);
type Answer = Result<Json<Value>, Wrong>;
type World = State<Arc<Shared>>;

fn wrong(why: impl ToString) -> Wrong {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why.to_string() })))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Wrong> {
    serde_json::from_value(body).map_err(wrong)
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Wrong> {
    body[name].as_str().ok_or_else(|| wrong(format!("{name} is missing")))
}

fn ok() -> Answer {
    Ok(Json(json!({})))
}

fn envelope(id: Result<String, String>) -> Answer {
    Ok(Json(json!({ "envelope_id": id.map_err(wrong)? })))
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/control/users", post(users))
        .route("/control/channels", post(add_channel).get(channels))
        .route("/control/channels/{id}", get(transcript))
        .route("/control/say", post(say))
        .route("/control/edit", post(edit))
        .route("/control/preview", post(preview))
        .route("/control/delete", post(delete))
        .route("/control/press", post(press))
        .route("/control/react", post(react))
        .route("/control/submit", post(submit))
        .route("/control/slash", post(slash))
        .route("/control/shortcut", post(shortcut))
        .route("/control/home", post(home))
        .route("/control/event", post(event))
        .route("/control/envelope", post(raw_envelope))
        .route("/control/shut", post(shut))
        .route("/control/archive", post(archive))
        .route("/control/disconnect", post(disconnect))
        .route("/control/sockets", post(sockets))
        .route("/control/delivery", post(delivery))
        .route("/control/request_url", post(set_request_url))
        .route("/control/app", post(app))
        .route("/control/faults", post(faults).delete(no_faults))
        .route("/control/limits", post(limits))
        .route("/control/calls_max", post(calls_max))
        .route("/control/views", get(views))
        .route("/control/homes", get(homes))
        .route("/control/unfurls", get(unfurls))
        .route("/control/counters", get(counters))
        .route("/control/calls", get(calls))
        .route("/control/waiting", get(waiting))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(shared)
}

async fn users(State(shared): World, Json(body): Json<Value>) -> Answer {
    let person: Person = read(body)?;
    let (person, im) = shared.act(|world| {
        let person = world.add_person(person);
        let im = world.im(&person.id);
        (person, im)
    });
    let mut out = json!(person);
    out["im"] = im.into();
    Ok(Json(out))
}

async fn add_channel(State(shared): World, Json(body): Json<Value>) -> Answer {
    let members = body["members"].as_array().into_iter().flatten();
    let members = members.filter_map(|m| m.as_str().map(str::to_owned)).collect();
    let channel: NewChannel = read(body)?;
    Ok(Json(json!({ "channel": shared.act(|world| world.add_channel(channel, members)) })))
}

async fn say(State(shared): World, Json(body): Json<Value>) -> Answer {
    let say: Say = read(body)?;
    Ok(Json(json!({ "ts": shared.act(|world| world.say(say)).map_err(wrong)? })))
}

async fn edit(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (channel, ts, new) = (text(&body, "channel")?, text(&body, "ts")?, text(&body, "text")?);
    let raw = body["raw"].as_bool().unwrap_or(false);
    shared.act(|world| world.change(channel, ts, new, raw)).map_err(wrong)?;
    ok()
}

async fn preview(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (channel, ts) = (text(&body, "channel")?, text(&body, "ts")?);
    shared.act(|world| world.preview(channel, ts)).map_err(wrong)?;
    ok()
}

async fn delete(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (channel, ts) = (text(&body, "channel")?, text(&body, "ts")?);
    shared.act(|world| world.delete(channel, ts)).map_err(wrong)?;
    ok()
}

async fn press(State(shared): World, Json(body): Json<Value>) -> Answer {
    let press: Press = read(body)?;
    envelope(shared.act(|world| world.press(&press)))
}

async fn react(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (channel, user) = (text(&body, "channel")?, text(&body, "user")?);
    let (ts, name, added) = (text(&body, "ts")?, text(&body, "name")?, body["added"].as_bool().unwrap_or(true));
    shared.act(|world| world.react(channel, user, ts, name, added)).map_err(wrong)?;
    ok()
}

async fn submit(State(shared): World, Json(body): Json<Value>) -> Answer {
    let submit: Submit = read(body)?;
    envelope(shared.act(|world| world.submit(&submit)))
}

async fn slash(State(shared): World, Json(body): Json<Value>) -> Answer {
    let slash: Slash = read(body)?;
    envelope(shared.act(|world| world.slash(&slash)))
}

async fn shortcut(State(shared): World, Json(body): Json<Value>) -> Answer {
    let (callback, user) = (text(&body, "callback_id")?, text(&body, "user")?);
    let message = body["channel"].as_str().zip(body["ts"].as_str());
    envelope(shared.act(|world| world.shortcut(callback, user, message)))
}

async fn home(State(shared): World, Json(body): Json<Value>) -> Answer {
    let user = text(&body, "user")?;
    envelope(shared.act(|world| world.open_home(user)))
}

async fn event(State(shared): World, Json(body): Json<Value>) -> Answer {
    envelope(Ok(shared.act(|world| queue::push_event(world, body))))
}

async fn raw_envelope(State(shared): World, Json(body): Json<Value>) -> Answer {
    let kind = text(&body, "type")?.to_owned();
    let payload = body["payload"].clone();
    envelope(Ok(shared.act(|world| queue::push(world, &kind, payload))))
}

async fn shut(State(shared): World, Json(body): Json<Value>) -> Answer {
    let channel = text(&body, "channel")?;
    let shut = body["shut"].as_bool().unwrap_or(true);
    let known = shared.act(|world| world.channels.get_mut(channel).map(|c| c.bot_in = !shut));
    known.ok_or_else(|| wrong("no such channel"))?;
    ok()
}

async fn archive(State(shared): World, Json(body): Json<Value>) -> Answer {
    let channel = text(&body, "channel")?;
    let known = shared.act(|world| world.channels.get_mut(channel).map(|c| c.archived = true));
    known.ok_or_else(|| wrong("no such channel"))?;
    ok()
}

async fn disconnect(State(shared): World, Json(body): Json<Value>) -> Answer {
    handle::disconnect(&shared, text(&body, "reason")?);
    ok()
}

async fn sockets(State(shared): World, Json(body): Json<Value>) -> Answer {
    let frame = match text(&body, "act")? {
        "drop" => Frame::Drop,
        "silence" => Frame::Silence,
        _ => return Err(wrong("act is drop or silence")),
    };
    handle::each_socket(&shared, &frame);
    ok()
}

async fn delivery(State(shared): World, Json(body): Json<Value>) -> Answer {
    let delivery: Delivery = read(body)?;
    shared.act(|world| world.delivery = delivery);
    ok()
}

async fn set_request_url(State(shared): World, Json(body): Json<Value>) -> Answer {
    let url = text(&body, "url")?;
    let verified = request_url::verify(&shared, url).await;
    if verified {
        shared.act(|world| world.request_url = Some(url.to_owned()));
    }
    Ok(Json(json!({ "verified": verified })))
}

async fn app(State(shared): World, Json(body): Json<Value>) -> Answer {
    shared
        .act(|world| {
            let mut app = json!(world.app);
            if let (Some(into), Some(from)) = (app.as_object_mut(), body.as_object()) {
                into.extend(from.clone());
            }
            serde_json::from_value(app).map(|app| world.app = app)
        })
        .map_err(wrong)?;
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

async fn channels(State(shared): World) -> Answer {
    let world = shared.world();
    let of = world.channels.values();
    let list: Vec<Value> = of
        .map(|c| json!({ "channel": c.id, "kind": c.kind, "name": c.name, "members": c.members, "messages": c.messages.len() }))
        .collect();
    Ok(Json(json!(list)))
}

async fn transcript(
    State(shared): World,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let number = |name: &str| query.get(name).and_then(|v| v.parse::<u64>().ok());
    if let Some(wanted) = number("bot_messages") {
        let patience = Duration::from_millis(number("wait_ms").unwrap_or(5_000));
        // Too late is no error: the caller sees what there is.
        let _ = handle::wait_changes(&shared, patience, || {
            let world = shared.world();
            let messages = &world.channels.get(&id)?.messages;
            (messages.iter().filter(|m| m.by_bot).count() as u64 >= wanted).then_some(())
        })
        .await;
    }
    let world = shared.world();
    let channel = world.channels.get(&id).ok_or_else(|| wrong("no such channel"))?;
    Ok(Json(json!(channel.messages)))
}

async fn views(State(shared): World) -> Answer {
    Ok(Json(json!(shared.world().views.values().collect::<Vec<_>>())))
}

async fn homes(State(shared): World) -> Answer {
    Ok(Json(json!(shared.world().homes.values().collect::<Vec<_>>())))
}

async fn unfurls(State(shared): World) -> Answer {
    Ok(Json(json!(shared.world().unfurls)))
}

async fn counters(State(shared): World) -> Answer {
    let world = shared.world();
    Ok(Json(json!(Counters { now_us: world.now_us(), ..world.counters.clone() })))
}

async fn calls(State(shared): World, Query(query): Query<HashMap<String, String>>) -> Answer {
    Ok(Json(json!(handle::calls(&shared, query.get("method").map(String::as_str)))))
}

async fn waiting(State(shared): World) -> Answer {
    Ok(Json(json!(queue::waiting(&shared.world()))))
}
