//! Purpose: what people do in the workspace, and what the app is told of it.

use serde_json::{Map, Value, json};

use super::{
    blocks::{self, Surface},
    model::{ChannelKind, Press, Say, Shown, ShownButton, Slash, Submit},
    queue, shown, text,
    world::World,
};

fn kind_word(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Channel => "channel",
        ChannelKind::Group => "group",
        ChannelKind::Im => "im",
        ChannelKind::Mpim => "mpim",
    }
}

/// The scope that lets the app see messages of such a channel.
pub(crate) fn history_scope(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Channel => "channels:history",
        ChannelKind::Group => "groups:history",
        ChannelKind::Im => "im:history",
        ChannelKind::Mpim => "mpim:history",
    }
}

/// A message as the API writes it.
pub(crate) fn message_object(world: &World, m: &Shown) -> Value {
    let mut out =
        json!({ "type": "message", "user": m.user, "ts": m.ts, "text": m.fallback, "team": world.app.team_id });
    if m.by_bot {
        out["bot_id"] = world.app.bot_id.clone().into();
        out["app_id"] = world.app.app_id.clone().into();
    }
    for (name, list) in [("blocks", &m.blocks), ("attachments", &m.attachments), ("files", &m.files)] {
        if !list.is_empty() {
            out[name] = Value::Array(list.clone());
        }
    }
    if let Some(thread) = &m.thread_ts {
        out["thread_ts"] = thread.clone().into();
    }
    if m.broadcast {
        out["subtype"] = "thread_broadcast".into();
    }
    if let Some(edited) = &m.edited {
        out["edited"] = json!({ "user": m.user, "ts": edited });
    }
    let replies: Vec<&Shown> = world
        .channels
        .get(&m.channel)
        .into_iter()
        .flat_map(|c| &c.messages)
        .filter(|r| r.thread_ts.as_deref() == Some(&m.ts) && r.ts != m.ts && !r.deleted && r.only_for.is_none())
        .collect();
    if let Some(last) = replies.last() {
        out["thread_ts"] = m.ts.clone().into();
        out["reply_count"] = replies.len().into();
        out["latest_reply"] = last.ts.clone().into();
    }
    if m.thread_ts.is_some()
        && let Some(root) = world
            .channels
            .get(&m.channel)
            .and_then(|c| c.messages.iter().find(|root| Some(&root.ts) == m.thread_ts.as_ref()))
    {
        out["parent_user_id"] = root.user.clone().into();
    }
    if let Some(fields) = out.as_object_mut() {
        fields.extend(m.extra.clone());
    }
    out
}

fn event_of(world: &World, channel: &str, mut message: Value) -> Option<Value> {
    let channel = world.channels.get(channel)?;
    let sees = channel.bot_in && world.app.scopes.iter().any(|s| s == history_scope(channel.kind));
    message["channel"] = channel.id.clone().into();
    message["channel_type"] = kind_word(channel.kind).into();
    message["event_ts"] = message["ts"].clone();
    sees.then_some(message)
}

impl World {
    /// A person writes; gives the timestamp.
    pub(crate) fn say(&mut self, say: Say) -> Result<String, String> {
        if !self.people.contains_key(&say.user) {
            return Err("no such person".into());
        }
        if !self.channels.contains_key(&say.channel) {
            return Err("no such channel".into());
        }
        let ts = self.new_ts();
        let raw = if say.raw { say.text.clone() } else { text::escape(&say.text) };
        let message = Shown {
            ts: ts.clone(),
            channel: say.channel.clone(),
            thread_ts: say.thread_ts,
            user: say.user,
            text: text::unescape(&raw),
            fallback: raw.clone(),
            files: say.files.clone(),
            at_us: self.now_us(),
            extra: say.extra,
            ..Shown::default()
        };
        let mut object = message_object(self, &message);
        if !say.files.is_empty() {
            object["subtype"] = "file_share".into();
        }
        let Some(channel) = self.channels.get_mut(&say.channel) else { return Err("no such channel".into()) };
        channel.messages.push(message);
        let (kind, bot_in) = (channel.kind, channel.bot_in);
        let event = event_of(self, &say.channel, object.clone());
        if let Some(event) = event {
            queue::push_event(self, event);
        }
        let mention = format!("<@{}", self.app.bot_user);
        let may = |scope: &str| self.app.scopes.iter().any(|s| s == scope);
        if bot_in && kind != ChannelKind::Im && raw.contains(&mention) && may("app_mentions:read") {
            object["type"] = "app_mention".into();
            object["channel"] = say.channel.clone().into();
            object["event_ts"] = ts.clone().into();
            queue::push_event(self, object);
        }
        self.share_links(&say.channel, &ts, &raw);
        Ok(ts)
    }

    /// Links to the app's domains are told to it.
    fn share_links(&mut self, channel: &str, ts: &str, raw: &str) {
        if !self.app.scopes.iter().any(|s| s == "links:read") {
            return;
        }
        let domains = self.app.unfurl_domains.clone();
        let urls = raw.split(['<', '>', '|', ' ', '\n']).filter(|word| word.starts_with("http"));
        let links: Vec<Value> = urls
            .filter_map(|url| {
                let host = url.split("://").nth(1)?.split(['/', ':']).next()?;
                let domain = domains.iter().find(|d| host == d.as_str() || host.ends_with(&format!(".{d}")))?;
                Some(json!({ "url": url, "domain": domain }))
            })
            .collect();
        if links.is_empty() {
            return;
        }
        let user = self.message(channel, ts).map(|m| m.user.clone()).unwrap_or_default();
        let bot_in = self.channels.get(channel).is_some_and(|c| c.bot_in);
        let event = json!({
            "type": "link_shared", "channel": channel, "is_bot_user_member": bot_in, "user": user, "message_ts": ts,
            "unfurl_id": format!("{channel}.{ts}.standin"), "source": "conversations_history", "links": links, "event_ts": ts,
        });
        queue::push_event(self, event);
    }

    /// A person changes what they wrote.
    pub(crate) fn change(&mut self, channel: &str, ts: &str, new: &str, raw: bool) -> Result<(), String> {
        let now = self.new_ts();
        let edited = format!("{}.000000", now.split('.').next().unwrap_or_default());
        let Some(at) = self.message(channel, ts) else { return Err("no such message".into()) };
        if at.by_bot {
            return Err("the bot wrote it".into());
        }
        let before = at.clone();
        let new = if raw { new.to_owned() } else { text::escape(new) };
        at.versions.push(std::mem::replace(&mut at.text, text::unescape(&new)));
        at.fallback = new;
        at.edited = Some(edited);
        let after = at.clone();
        let (before, after) = (message_object(self, &before), message_object(self, &after));
        self.changed(channel, &now, after, before);
        Ok(())
    }

    /// Slack itself changes a message: a preview was added. The text stays.
    pub(crate) fn preview(&mut self, channel: &str, ts: &str) -> Result<(), String> {
        let now = self.new_ts();
        let Some(at) = self.message(channel, ts) else { return Err("no such message".into()) };
        let before = at.clone();
        at.attachments.push(json!({ "from_url": "https://example.org", "title": "A preview", "id": 1 }));
        let after = at.clone();
        let (before, after) = (message_object(self, &before), message_object(self, &after));
        self.changed(channel, &now, after, before);
        Ok(())
    }

    fn changed(&mut self, channel: &str, now: &str, after: Value, before: Value) {
        let change = json!({ "type": "message", "subtype": "message_changed", "hidden": true, "ts": now,
            "message": after, "previous_message": before });
        if let Some(event) = event_of(self, channel, change) {
            queue::push_event(self, event);
        }
    }

    /// A message disappears.
    pub(crate) fn delete(&mut self, channel: &str, ts: &str) -> Result<(), String> {
        let now = self.new_ts();
        let Some(at) = self.message(channel, ts) else { return Err("no such message".into()) };
        at.deleted = true;
        let before = at.clone();
        let before = message_object(self, &before);
        let gone = json!({ "type": "message", "subtype": "message_deleted", "hidden": true, "ts": now,
            "deleted_ts": ts, "previous_message": before });
        if let Some(event) = event_of(self, channel, gone) {
            queue::push_event(self, event);
        }
        Ok(())
    }

    /// A person puts a reaction to a message, or takes it away; reactions have names here.
    pub(crate) fn react(&mut self, channel: &str, user: &str, ts: &str, name: &str, added: bool) -> Result<(), String> {
        if !self.people.contains_key(user) {
            return Err("no such person".into());
        }
        let writer = self.message(channel, ts).ok_or("no such message")?.user.clone();
        let told = self.channels.get(channel).is_some_and(|channel| channel.bot_in);
        if told && self.app.scopes.iter().any(|scope| scope == "reactions:read") {
            let event = json!({
                "type": if added { "reaction_added" } else { "reaction_removed" }, "user": user, "reaction": name,
                "item_user": writer, "item": { "type": "message", "channel": channel, "ts": ts },
                "event_ts": self.new_ts(),
            });
            queue::push_event(self, event);
        }
        Ok(())
    }

    fn user_of(&self, user: &str) -> Result<Value, String> {
        let person = self.people.get(user).ok_or("no such person")?;
        Ok(json!({ "id": user, "username": person.name, "name": person.name, "team_id": self.app.team_id }))
    }

    fn interaction(&mut self, kind: &str, user: &str) -> Result<Value, String> {
        let trigger = self.new_trigger(user);
        Ok(json!({
            "type": kind, "user": self.user_of(user)?, "api_app_id": self.app.app_id, "token": "legacy",
            "trigger_id": trigger, "team": { "id": self.app.team_id, "domain": "standin" }, "enterprise": null,
            "is_enterprise_install": false, "action_ts": self.new_ts(),
        }))
    }

    /// A person presses a button; gives the envelope's id.
    pub(crate) fn press(&mut self, press: &Press) -> Result<String, String> {
        let home = press.ts.is_empty();
        let (blocks, message) = if home {
            let view = self.homes.get(&press.user).ok_or("no home was published")?;
            (view.view["blocks"].as_array().cloned().unwrap_or_default(), Value::Null)
        } else {
            let m = self.message(&press.channel, &press.ts).ok_or("no such message")?.clone();
            (m.blocks.clone(), message_object(self, &m))
        };
        let is = |b: &&ShownButton| b.value == press.button || b.text == press.button || b.action_id == press.button;
        let buttons = shown::buttons(&blocks);
        let button = buttons.iter().flatten().find(is).ok_or("no such button")?.clone();
        let mut payload = self.interaction("block_actions", &press.user)?;
        let mut action = json!({ "action_id": button.action_id, "block_id": button.block_id,
            "action_ts": payload["action_ts"] });
        let text = json!({ "type": "plain_text", "text": button.text });
        if button.overflow {
            action["type"] = "overflow".into();
            action["selected_option"] = json!({ "text": text, "value": button.value });
        } else {
            action["type"] = "button".into();
            action["text"] = text;
            action["value"] = button.value.clone().into();
        }
        payload["actions"] = json!([action]);
        if home {
            let view = self.homes.get(&press.user).ok_or("no home was published")?;
            payload["container"] = json!({ "type": "view", "view_id": view.id });
            let mut object = view.view.clone();
            object["id"] = view.id.clone().into();
            object["hash"] = view.hash.clone().into();
            payload["view"] = object;
        } else {
            let channel = self.channels.get(&press.channel).ok_or("no such channel")?;
            payload["channel"] = json!({ "id": channel.id, "name": channel_name(channel.kind, &channel.name) });
            payload["container"] = json!({ "type": "message", "message_ts": press.ts, "channel_id": press.channel,
                "is_ephemeral": message["is_ephemeral"].as_bool().unwrap_or(false) });
            if let Some(thread) = message.get("thread_ts").filter(|t| t.as_str() != Some(&press.ts)) {
                payload["container"]["thread_ts"] = thread.clone();
            }
            payload["message"] = message;
            payload["response_url"] = self.new_response(&press.channel, &press.user).into();
        }
        Ok(queue::push(self, "interactive", payload))
    }

    /// A person sends a form off.
    pub(crate) fn submit(&mut self, submit: &Submit) -> Result<String, String> {
        let view = self.views.get_mut(&submit.view_id).filter(|v| v.open).ok_or("no such form is open")?;
        view.open = false;
        let view = view.clone();
        let input = view.view["blocks"].as_array().into_iter().flatten().find(|b| b["type"] == "input");
        let input = input.ok_or("the form has no input")?;
        let most = input["element"]["max_length"].as_u64().unwrap_or(3000);
        if submit.text.chars().count() as u64 > most {
            return Err(format!("the form takes {most} characters"));
        }
        let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut values = Map::new();
        let mut actions = Map::new();
        actions
            .insert(words(&input["element"]["action_id"]), json!({ "type": "plain_text_input", "value": submit.text }));
        values.insert(words(&input["block_id"]), Value::Object(actions));
        let mut payload = self.interaction("view_submission", &view.user)?;
        let mut object = view.view.clone();
        object["id"] = view.id.clone().into();
        object["hash"] = view.hash.clone().into();
        object["state"] = json!({ "values": values });
        payload["view"] = object;
        payload["response_urls"] = json!([]);
        Ok(queue::push(self, "interactive", payload))
    }

    /// A person uses a slash command.
    pub(crate) fn slash(&mut self, slash: &Slash) -> Result<String, String> {
        let person = self.people.get(&slash.user).ok_or("no such person")?.clone();
        let channel = self.channels.get(&slash.channel).ok_or("no such channel")?;
        if !self.app.scopes.iter().any(|s| s == "commands") {
            return Err("the app has no commands".into());
        }
        let name = match channel.kind {
            ChannelKind::Im => "directmessage".to_owned(),
            kind => channel_name(kind, &channel.name),
        };
        let response_url = self.new_response(&slash.channel, &slash.user);
        let payload = json!({
            "token": "legacy", "team_id": self.app.team_id, "team_domain": "standin", "channel_id": slash.channel,
            "channel_name": name, "user_id": slash.user, "user_name": person.name, "command": slash.command,
            "text": slash.text, "api_app_id": self.app.app_id, "is_enterprise_install": "false",
            "response_url": response_url, "trigger_id": self.new_trigger(&slash.user),
        });
        Ok(queue::push(self, "slash_commands", payload))
    }

    /// A person uses a shortcut: on a message, or, without one, anywhere.
    pub(crate) fn shortcut(
        &mut self,
        callback_id: &str,
        user: &str,
        message: Option<(&str, &str)>,
    ) -> Result<String, String> {
        let Some((channel, ts)) = message else {
            let mut payload = self.interaction("shortcut", user)?;
            payload["callback_id"] = callback_id.into();
            return Ok(queue::push(self, "interactive", payload));
        };
        let m = self.message(channel, ts).ok_or("no such message")?.clone();
        let object = message_object(self, &m);
        let mut payload = self.interaction("message_action", user)?;
        let place = self.channels.get(channel).ok_or("no such channel")?;
        payload["channel"] = json!({ "id": channel, "name": channel_name(place.kind, &place.name) });
        payload["callback_id"] = callback_id.into();
        payload["message_ts"] = ts.into();
        payload["message"] = object;
        payload["response_url"] = self.new_response(channel, user).into();
        Ok(queue::push(self, "interactive", payload))
    }

    /// A person opens the app's home.
    pub(crate) fn open_home(&mut self, user: &str) -> Result<String, String> {
        let channel = self.im(user).ok_or("no such person")?;
        let ts = self.new_ts();
        let mut event =
            json!({ "type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": ts });
        if let Some(home) = self.homes.get(user) {
            let mut view = home.view.clone();
            view["id"] = home.id.clone().into();
            view["hash"] = home.hash.clone().into();
            event["view"] = view;
        }
        Ok(queue::push_event(self, event))
    }

    /// What is wrong with blocks a driver wants to see checked.
    pub(crate) fn wrong_blocks(blocks: &Value) -> Vec<String> {
        blocks::check(blocks, Surface::Message)
    }
}

fn channel_name(kind: ChannelKind, name: &str) -> String {
    match kind {
        ChannelKind::Im => "directmessage".to_owned(),
        ChannelKind::Group => "privategroup".to_owned(),
        ChannelKind::Channel | ChannelKind::Mpim => name.to_owned(),
    }
}
