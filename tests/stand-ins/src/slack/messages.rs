//! Purpose: chat.*: posting, changing, deleting, unfurling; and what a response URL takes.

use serde_json::{Value, json};

use super::{
    blocks::{self, Surface},
    methods::scope,
    model::{ChannelKind, Shown, Unfurl},
    params::{Failure, Params},
    people::message_object,
    shown, text,
    world::World,
};

/// "truncate messages containing more than 40,000 characters"; refused here, so that nothing is cut unseen.
const TEXT_CHARS_MAX: usize = 40_000;
/// Beyond about this the real service answers `msg_blocks_too_long`.
const BLOCKS_CHARS_MAX: usize = 13_200;

/// What a message is made of, checked.
struct Content {
    fallback: String,
    blocks: Vec<Value>,
    attachments: Vec<Value>,
}

impl Content {
    fn shown(&self) -> String {
        let of_blocks = shown::text(&self.blocks);
        if self.blocks.is_empty() { text::unescape(&self.fallback) } else { of_blocks }
    }
}

fn content(world: &World, params: &Params) -> Result<Content, Failure> {
    let list = |name: &str, error: &str| match params.json(name)? {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Failure::new(error)),
    };
    let blocks = list("blocks", "invalid_blocks_format")?;
    let attachments = list("attachments", "invalid_attachments")?;
    let fallback = params.str("text").unwrap_or_default().to_owned();
    let wrong = blocks::check(&Value::Array(blocks.clone()), Surface::Message);
    if !wrong.is_empty() {
        return Err(Failure::because("invalid_blocks", &wrong));
    }
    let files = blocks.iter().filter(|block| block["type"] == "image").filter_map(|b| b["slack_file"]["id"].as_str());
    if files.into_iter().any(|id| !world.uploads.get(id).is_some_and(|upload| upload.complete)) {
        return Err(Failure::because("invalid_blocks", &["invalid slack file".to_owned()]));
    }
    if attachments.len() > 100 {
        return Err(Failure::new("too_many_attachments"));
    }
    for attachment in &attachments {
        let wrong = attachment.get("blocks").map(|b| blocks::check(b, Surface::Message)).unwrap_or_default();
        if !wrong.is_empty() {
            return Err(Failure::because("invalid_blocks", &wrong));
        }
    }
    if fallback.trim().is_empty() && blocks.is_empty() && attachments.is_empty() {
        return Err(Failure::new("no_text"));
    }
    if fallback.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::new("msg_too_long"));
    }
    if shown::text(&blocks).chars().count() > BLOCKS_CHARS_MAX {
        return Err(Failure::new("msg_blocks_too_long"));
    }
    Ok(Content { fallback, blocks, attachments })
}

/// Where something is posted, if it may be.
fn place(world: &mut World, params: &Params) -> Result<String, Failure> {
    let mut id = params.need("channel")?.to_owned();
    if world.people.contains_key(&id) {
        id = world.im(&id).ok_or_else(|| Failure::new("channel_not_found"))?;
    }
    let channel = world.channels.get(&id).ok_or_else(|| Failure::new("channel_not_found"))?;
    if !channel.bot_in {
        let public = channel.kind == ChannelKind::Channel;
        return Err(Failure::new(if public { "not_in_channel" } else { "channel_not_found" }));
    }
    if channel.archived {
        return Err(Failure::new("is_archived"));
    }
    world.take_turn(&id).map_err(|wait| Failure { retry_after: Some(wait), ..Failure::new("ratelimited") })?;
    Ok(id)
}

fn metadata(params: &Params) -> Result<Option<Value>, Failure> {
    let Some(metadata) = params.json("metadata")? else { return Ok(None) };
    if metadata["event_type"].as_str().is_none_or(str::is_empty) || !metadata["event_payload"].is_object() {
        return Err(Failure::new("invalid_metadata_format"));
    }
    Ok(Some(metadata))
}

fn add(world: &mut World, channel: &str, content: Content, change: impl FnOnce(&mut Shown)) -> Shown {
    let mut message = Shown {
        ts: world.new_ts(),
        channel: channel.to_owned(),
        by_bot: true,
        user: world.app.bot_user.clone(),
        text: content.shown(),
        buttons: shown::buttons(&content.blocks),
        fallback: content.fallback,
        blocks: with_ids(content.blocks),
        attachments: content.attachments,
        at_us: world.now_us(),
        ..Shown::default()
    };
    change(&mut message);
    message.buttons = shown::buttons(&message.blocks);
    world.counters.messages_sent += 1;
    if let Some(channel) = world.channels.get_mut(channel) {
        channel.messages.push(message.clone());
    }
    message
}

/// Blocks without an id are given one.
fn with_ids(mut blocks: Vec<Value>) -> Vec<Value> {
    for (n, block) in blocks.iter_mut().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = format!("b{n}").into();
        }
    }
    blocks
}

pub(crate) fn post(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "chat:write")?;
    let channel = place(world, params)?;
    let content = content(world, params)?;
    let metadata = metadata(params)?;
    let thread_ts = match params.str("thread_ts") {
        None => None,
        Some(ts) if text::ts_us(ts).is_none() => return Err(Failure::new("invalid_thread_ts")),
        Some(ts) => {
            // A reply's own timestamp starts a thread nobody finds: only roots are taken.
            let root = world.message(&channel, ts).ok_or_else(|| Failure::new("thread_not_found"))?;
            if root.thread_ts.as_deref().is_some_and(|own| own != ts) {
                return Err(Failure::new("cannot_reply_to_message"));
            }
            Some(ts.to_owned())
        }
    };
    let broadcast = params.flag("reply_broadcast") && thread_ts.is_some();
    let message = add(world, &channel, content, |message| {
        message.thread_ts = thread_ts;
        message.broadcast = broadcast;
        message.metadata = metadata;
    });
    Ok(json!({ "channel": channel, "ts": message.ts, "message": message_object(world, &message) }))
}

pub(crate) fn post_ephemeral(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "chat:write")?;
    let channel = place(world, params)?;
    let user = params.need("user")?.to_owned();
    if !world.channels.get(&channel).is_some_and(|c| c.members.contains(&user)) {
        return Err(Failure::new("user_not_in_channel"));
    }
    let content = content(world, params)?;
    let thread_ts = params.str("thread_ts").map(str::to_owned);
    let message = add(world, &channel, content, |message| {
        message.only_for = Some(user);
        message.thread_ts = thread_ts;
    });
    Ok(json!({ "message_ts": message.ts }))
}

pub(crate) fn update(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "chat:write")?;
    let channel = params.need("channel")?.to_owned();
    if !world.channels.contains_key(&channel) {
        return Err(Failure::new("channel_not_found"));
    }
    let ts = params.need("ts")?.to_owned();
    let mut content = content(world, params)?;
    // "If you don't include `attachments`, the earlier ones stay"; blocks likewise.
    let (keep_blocks, keep_attachments) = (!params.0.contains_key("blocks"), !params.0.contains_key("attachments"));
    let edited = world.new_ts();
    let now_us = world.now_us();
    let message = world
        .message(&channel, &ts)
        .filter(|m| m.only_for.is_none())
        .ok_or_else(|| Failure::new("message_not_found"))?;
    if !message.by_bot {
        return Err(Failure::new("cant_update_message"));
    }
    if keep_blocks && content.fallback.is_empty() {
        content.blocks.clone_from(&message.blocks);
    }
    if !keep_attachments {
        message.attachments.clone_from(&content.attachments);
    }
    let new = content.shown();
    let same = new == message.text && message.blocks == with_ids(content.blocks.clone());
    if !same {
        message.versions.push(std::mem::replace(&mut message.text, new.clone()));
        message.edited = Some(edited);
        message.edited_at_us = Some(now_us);
    }
    message.fallback = content.fallback;
    message.blocks = with_ids(content.blocks);
    message.buttons = shown::buttons(&message.blocks);
    let message = message.clone();
    world.counters.messages_edited += 1;
    Ok(json!({ "channel": channel, "ts": ts, "text": new, "message": message_object(world, &message) }))
}

pub(crate) fn delete(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "chat:write")?;
    let (channel, ts) = (params.need("channel")?.to_owned(), params.need("ts")?.to_owned());
    let message = world.message(&channel, &ts).ok_or_else(|| Failure::new("message_not_found"))?;
    if !message.by_bot {
        return Err(Failure::new("cant_delete_message"));
    }
    message.deleted = true;
    Ok(json!({ "channel": channel, "ts": ts }))
}

pub(crate) fn unfurl(world: &mut World, params: &Params) -> Result<Value, Failure> {
    scope(world, "links:write")?;
    let (channel, ts) = match (params.str("channel"), params.str("ts"), params.str("unfurl_id")) {
        (Some(channel), Some(ts), None) => (channel.to_owned(), ts.to_owned()),
        (None, None, Some(id)) if params.str("source").is_some() => {
            let mut parts = id.splitn(2, '.');
            let channel = parts.next().unwrap_or_default().to_owned();
            (channel, parts.next().unwrap_or_default().trim_end_matches(".standin").to_owned())
        }
        _ => return Err(Failure::new("cannot_unfurl_url")),
    };
    let unfurls = params.json("unfurls")?.ok_or_else(|| Failure::new("missing_unfurls"))?;
    let Some(by_url) = unfurls.as_object() else { return Err(Failure::new("cannot_parse_attachment")) };
    let shared = world.message(&channel, &ts).map(|m| m.fallback.clone());
    let shared = shared.ok_or_else(|| Failure::new("cannot_find_message"))?;
    for (url, preview) in by_url {
        if !shared.contains(url.as_str()) {
            return Err(Failure::new("cannot_unfurl_url"));
        }
        let wrong = preview.get("blocks").map(|b| blocks::check(b, Surface::Message)).unwrap_or_default();
        if !wrong.is_empty() {
            return Err(Failure::because("invalid_blocks", &wrong));
        }
    }
    world.unfurls.push(Unfurl { channel, ts, unfurls });
    Ok(json!({}))
}

/// What is posted to a response URL.
pub(crate) fn respond(world: &mut World, id: &str, params: &Params) -> Result<(), Failure> {
    let url = world.use_response(id).map_err(Failure::new)?;
    if params.flag("delete_original") {
        return Ok(());
    }
    let content = content(world, params)?;
    let in_channel = params.str("response_type") == Some("in_channel");
    add(world, &url.channel, content, |message| {
        message.only_for = (!in_channel).then(|| url.user.clone());
    });
    Ok(())
}
