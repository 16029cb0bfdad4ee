//! Purpose: which method needs what, and the reading ones.

use serde_json::{Value, json};

use super::{
    files, messages,
    model::ChannelKind,
    params::{Failure, Params},
    people::{history_scope, message_object},
    pins,
    text::ts_us,
    views,
    world::World,
};

/// Which token a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Bot,
    App,
}

/// Runs a method for the holder of `token`.
pub(crate) fn run(world: &mut World, method: &str, params: &Params, token: Token) -> Result<Value, Failure> {
    let wanted = if method == "apps.connections.open" { Token::App } else { Token::Bot };
    if token != wanted && method != "auth.test" && method != "api.test" {
        return Err(Failure::new("not_allowed_token_type"));
    }
    match method {
        "api.test" => Ok(json!({ "args": params.0 })),
        "auth.test" => Ok(auth_test(world, token)),
        "apps.connections.open" => open_connection(world),
        "users.info" => users_info(world, params),
        "users.conversations" => users_conversations(world, params),
        "conversations.info" => conversations_info(world, params),
        "conversations.open" => conversations_open(world, params),
        "conversations.history" => history(world, params, None),
        "conversations.replies" => {
            let ts = params.need("ts")?.to_owned();
            history(world, params, Some(&ts))
        }
        "chat.postMessage" => messages::post(world, params),
        "chat.postEphemeral" => messages::post_ephemeral(world, params),
        "chat.update" => messages::update(world, params),
        "chat.delete" => messages::delete(world, params),
        "chat.unfurl" => messages::unfurl(world, params),
        "pins.add" => pins::add(world, params),
        "pins.remove" => pins::remove(world, params),
        "views.open" => views::open(world, params),
        "views.update" => views::update(world, params),
        "views.publish" => views::publish(world, params),
        "files.getUploadURLExternal" => files::get_url(world, params),
        "files.completeUploadExternal" => files::complete(world, params),
        _ => Err(Failure::new("unknown_method")),
    }
}

/// The token must carry this.
pub(crate) fn scope(world: &World, needed: &str) -> Result<(), Failure> {
    if world.app.scopes.iter().any(|scope| scope == needed) {
        return Ok(());
    }
    let mut wrong = Failure::new("missing_scope");
    wrong.more.insert("needed".into(), needed.into());
    wrong.more.insert("provided".into(), world.app.scopes.join(",").into());
    Err(wrong)
}

fn auth_test(world: &World, token: Token) -> Value {
    let app = &world.app;
    match token {
        Token::Bot => json!({ "url": "https://standin.slack.com/", "team": "Stand-in", "user": app.name,
            "team_id": app.team_id, "user_id": app.bot_user, "bot_id": app.bot_id, "is_enterprise_install": false }),
        Token::App => json!({ "app_name": app.name, "app_id": app.app_id }),
    }
}

fn open_connection(world: &mut World) -> Result<Value, Failure> {
    if !world.app.socket_mode {
        return Err(Failure::new("forbidden_team"));
    }
    if world.sockets.len() >= 10 {
        return Err(Failure::new("too_many_websockets"));
    }
    let ticket = world.new_id("ticket-");
    world.tickets.insert(ticket.clone(), std::time::Instant::now());
    let host = world.base.trim_start_matches("http://");
    Ok(json!({ "url": format!("ws://{host}/link/?ticket={ticket}&app_id={}", world.app.app_id) }))
}

fn users_info(world: &World, params: &Params) -> Result<Value, Failure> {
    scope(world, "users:read")?;
    let mut user = world.user_object(params.need("user")?).ok_or_else(|| Failure::new("user_not_found"))?;
    if !params.flag("include_locale")
        && let Some(fields) = user.as_object_mut()
    {
        fields.remove("locale");
    }
    Ok(json!({ "user": user }))
}

fn read_scope(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Channel => "channels:read",
        ChannelKind::Group => "groups:read",
        ChannelKind::Im => "im:read",
        ChannelKind::Mpim => "mpim:read",
    }
}

fn channel_object(world: &World, id: &str) -> Option<Value> {
    let channel = world.channels.get(id)?;
    let is = |kind| channel.kind == kind;
    let mut out = json!({
        "id": id, "is_channel": is(ChannelKind::Channel), "is_group": is(ChannelKind::Group), "is_im": is(ChannelKind::Im),
        "is_mpim": is(ChannelKind::Mpim), "is_private": !is(ChannelKind::Channel), "is_archived": channel.archived,
        "is_member": channel.bot_in,
    });
    if is(ChannelKind::Im) {
        out["user"] = channel.members.first().cloned().into();
    } else {
        out["name"] = channel.name.clone().into();
        out["name_normalized"] = channel.name.clone().into();
    }
    Some(out)
}

fn users_conversations(world: &World, params: &Params) -> Result<Value, Failure> {
    let kinds: Vec<ChannelKind> = params
        .str("types")
        .unwrap_or("public_channel")
        .split(',')
        .map(|kind| match kind.trim() {
            "public_channel" => Ok(ChannelKind::Channel),
            "private_channel" => Ok(ChannelKind::Group),
            "im" => Ok(ChannelKind::Im),
            "mpim" => Ok(ChannelKind::Mpim),
            _ => Err(Failure::new("invalid_types")),
        })
        .collect::<Result<_, _>>()?;
    for kind in &kinds {
        scope(world, read_scope(*kind))?;
    }
    let all: Vec<&str> = world
        .channels
        .values()
        .filter(|c| c.bot_in && kinds.contains(&c.kind) && !(params.flag("exclude_archived") && c.archived))
        .map(|c| c.id.as_str())
        .collect();
    let limit = usize::try_from(params.int("limit").unwrap_or(100)).unwrap_or(100).clamp(1, 1000);
    let from = cursor(params)?;
    let page: Vec<Value> = all.iter().skip(from).take(limit).filter_map(|id| channel_object(world, id)).collect();
    let next = if from + limit < all.len() { make_cursor(from + limit) } else { String::new() };
    Ok(json!({ "channels": page, "response_metadata": { "next_cursor": next } }))
}

fn conversations_info(world: &World, params: &Params) -> Result<Value, Failure> {
    let id = params.need("channel")?;
    let channel = world.channels.get(id).ok_or_else(|| Failure::new("channel_not_found"))?;
    if !channel.bot_in && channel.kind != ChannelKind::Channel {
        return Err(Failure::new("channel_not_found"));
    }
    scope(world, read_scope(channel.kind))?;
    Ok(json!({ "channel": channel_object(world, id) }))
}

fn conversations_open(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "im:write")?;
    let user = params.need("users")?.to_owned();
    let id = world.im(&user).ok_or_else(|| Failure::new("user_not_found"))?;
    Ok(json!({ "channel": { "id": id } }))
}

fn make_cursor(at: usize) -> String {
    format!("next:{at}")
}

fn cursor(params: &Params) -> Result<usize, Failure> {
    match params.str("cursor") {
        None => Ok(0),
        Some(cursor) => {
            let at = cursor.strip_prefix("next:").and_then(|at| at.parse().ok());
            at.ok_or_else(|| Failure::new("invalid_cursor"))
        }
    }
}

/// `conversations.history`, newest first; with a root `conversations.replies`, oldest first.
fn history(world: &World, params: &Params, root: Option<&str>) -> Result<Value, Failure> {
    let id = params.need("channel")?;
    let channel = world.channels.get(id).ok_or_else(|| Failure::new("channel_not_found"))?;
    scope(world, history_scope(channel.kind))?;
    if !channel.bot_in {
        let public = channel.kind == ChannelKind::Channel;
        return Err(Failure::new(if public { "not_in_channel" } else { "channel_not_found" }));
    }
    let bound =
        |name: &str, error: &str| params.str(name).map(|ts| ts_us(ts).ok_or_else(|| Failure::new(error))).transpose();
    let (oldest, latest) = (bound("oldest", "invalid_ts_oldest")?, bound("latest", "invalid_ts_latest")?);
    let inclusive = params.flag("inclusive");
    let limit = params.int("limit").unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(Failure::new("invalid_limit"));
    }
    if let Some(root) = root
        && !channel.messages.iter().any(|m| m.ts == root && !m.deleted)
    {
        return Err(Failure::new("thread_not_found"));
    }
    let within = |ts: &str| {
        let at = ts_us(ts).unwrap_or(0);
        let after = oldest.is_none_or(|oldest| at > oldest || (inclusive && at == oldest));
        after && latest.is_none_or(|latest| at < latest || (inclusive && at == latest))
    };
    let mut found: Vec<_> = channel
        .messages
        .iter()
        .filter(|m| !m.deleted && m.only_for.is_none())
        .filter(|m| match root {
            Some(root) => m.ts == root || (m.thread_ts.as_deref() == Some(root) && within(&m.ts)),
            None => (m.thread_ts.is_none() || m.broadcast) && within(&m.ts),
        })
        .collect();
    if root.is_none() {
        found.reverse();
    }
    let from = cursor(params)?;
    let limit = usize::try_from(limit).unwrap_or(100);
    let with_metadata = params.flag("include_all_metadata");
    let page: Vec<Value> = found
        .iter()
        .skip(from)
        .take(limit)
        .map(|m| {
            let mut object = message_object(world, m);
            if let Some(metadata) = m.metadata.as_ref().filter(|_| with_metadata) {
                object["metadata"] = metadata.clone();
            }
            object
        })
        .collect();
    let more = from + limit < found.len();
    let mut out = json!({ "messages": page, "has_more": more });
    if more {
        out["response_metadata"] = json!({ "next_cursor": make_cursor(from + limit) });
    }
    Ok(out)
}
