//! Purpose: what people do.

use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};

use super::{
    commands, json,
    model::{Ask, Invoke, NewChannel, Say},
    world::{Channel, Interaction, Message, World},
};

type Done<T> = Result<T, String>;

impl World {
    pub(crate) fn say(&mut self, say: Say) -> Done<u64> {
        let channel = self.channel(say.channel_id).ok_or("no such channel")?;
        let user = if say.user_id == 0 { channel.recipient.unwrap_or(0) } else { say.user_id };
        if !self.people.contains_key(&user) {
            return Err("no such person".into());
        }
        let id = self.snowflake();
        let attachments = say.attachments.into_iter().map(|mut file| {
            file["id"] = json!(id.to_string());
            file["url"] = json!("https://cdn.discordapp.com/x");
            file
        });
        let message = Message {
            id,
            channel: say.channel_id,
            author: user,
            kind: if say.reply_to == 0 { 0 } else { 19 },
            content: say.text,
            attachments: attachments.collect(),
            reference: (say.reply_to != 0).then_some(say.reply_to),
            ..Message::default()
        };
        self.place(message);
        Ok(id)
    }

    /// Puts a message where it belongs and tells the sessions.
    pub(crate) fn place(&mut self, mut message: Message) {
        message.at_us = self.now_us();
        self.counters.messages_sent += u64::from(message.author == self.bot.id);
        let event = json::message_event(self, &message);
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.messages.insert(message.id, message);
        }
        self.dispatch("MESSAGE_CREATE", &event);
    }

    pub(crate) fn change(&mut self, id: u64, text: &str) -> Done<()> {
        let message = self.message_mut(id).ok_or("no such message")?;
        message.turn();
        text.clone_into(&mut message.content);
        message.edited = Some(Utc::now());
        message.edits += 1;
        let message = message.clone();
        let event = json::message_event(self, &message);
        self.dispatch("MESSAGE_UPDATE", &event);
        Ok(())
    }

    pub(crate) fn delete(&mut self, id: u64) -> Done<()> {
        let channel = self.channels.values_mut().find(|it| it.messages.contains_key(&id)).ok_or("no such message")?;
        channel.messages.remove(&id);
        let mut event = json!({ "id": id.to_string(), "channel_id": channel.id.to_string() });
        if let Some(guild) = channel.guild {
            event["guild_id"] = json!(guild.to_string());
        }
        self.dispatch("MESSAGE_DELETE", &event);
        Ok(())
    }

    /// Somebody puts a reaction to a message, or takes it away; 0 stands for the person of the direct chat. `name:id` is an
    /// emoji of a server's own.
    pub(crate) fn react(&mut self, id: u64, user: u64, emoji: &str, added: bool) -> Done<()> {
        let message = self.message(id).ok_or("no such message")?.clone();
        let channel = self.channel(message.channel).ok_or("no such channel")?;
        let guild = channel.guild;
        let user = match user {
            0 => self.people.values().find(|it| it.dm == message.channel).map(|it| it.id).ok_or("whose chat is it?")?,
            user => user,
        };
        if !self.people.contains_key(&user) {
            return Err("no such person".into());
        }
        let one = (id, user, emoji.to_owned());
        if added != self.reactions.insert(one.clone()) {
            return Err("the reaction is as it was".into());
        }
        if !added {
            self.reactions.remove(&one);
        }
        let emoji = match emoji.split_once(':') {
            Some((name, id)) => json!({ "id": id, "name": name, "animated": false }),
            None => json!({ "id": null, "name": emoji }),
        };
        let mut event = json!({
            "user_id": user.to_string(), "channel_id": message.channel.to_string(), "message_id": id.to_string(),
            "emoji": emoji, "burst": false, "type": 0,
        });
        if let Some(guild) = guild {
            event["guild_id"] = json!(guild.to_string());
        }
        if added {
            event["message_author_id"] = json!(message.author.to_string());
            if guild.is_some() {
                event["member"] = json!({ "user": json::user(self, user), "roles": [] });
            }
        }
        self.dispatch(if added { "MESSAGE_REACTION_ADD" } else { "MESSAGE_REACTION_REMOVE" }, &event);
        Ok(())
    }

    pub(crate) fn add_channel(&mut self, new: NewChannel) -> Done<u64> {
        let thread = new.parent_id != 0;
        let guild = match (thread, new.guild_id) {
            (true, _) => self.channel(new.parent_id).and_then(|it| it.guild).ok_or("no such channel to part from")?,
            (false, 0) => self.add_guild("Guild"),
            (false, id) => id,
        };
        // A thread on a message has the message's id.
        let id = if new.message_id == 0 { self.snowflake() } else { new.message_id };
        if self.channels.contains_key(&id) {
            return Err("a thread has already been created for this message".into());
        }
        let channel = Channel {
            id,
            kind: if thread { 11 } else { 0 },
            guild: Some(guild),
            parent: thread.then_some(new.parent_id),
            name: new.name,
            owner: new.owner_id,
            ..Channel::default()
        };
        let event = json::channel(self, &channel);
        self.channels.insert(id, channel);
        if new.message_id != 0
            && let Some(message) = self.message_mut(new.message_id)
        {
            message.thread = Some(id);
        }
        self.dispatch(if thread { "THREAD_CREATE" } else { "CHANNEL_CREATE" }, &event);
        Ok(id)
    }

    /// A command, a message command, or suggestions for an option.
    pub(crate) fn invoke(&mut self, invoke: &Invoke) -> Done<(u64, Value)> {
        let channel = self.channel(invoke.channel_id).ok_or("no such channel")?;
        let guild = channel.guild;
        let command = commands::find(self, guild, &invoke.command, invoke.target_id != 0)?;
        let mut data = json!({ "id": command["id"], "name": command["name"], "type": command["type"] });
        if let Some(guild) = command["guild_id"].as_str() {
            data["guild_id"] = json!(guild);
        }
        if invoke.target_id != 0 {
            let message = self.message(invoke.target_id).ok_or("no such message")?;
            data["target_id"] = json!(invoke.target_id.to_string());
            // A message that a command is used on comes with its content, intent or not.
            data["resolved"] = json!({ "messages": { invoke.target_id.to_string(): json::message(self, message) } });
        } else {
            data["options"] = commands::options(&command, invoke)?;
        }
        let kind = if invoke.focused.is_empty() { 2 } else { 4 };
        let user = self.who(invoke.user_id, invoke.channel_id)?;
        self.interact(kind, invoke.channel_id, user, None, data)
    }

    /// A button is pressed, or a choice of a menu taken: the one that carries `custom_id`.
    pub(crate) fn press(&mut self, message: u64, user: u64, custom_id: &str) -> Done<(u64, Value)> {
        let card = self.message(message).ok_or("no such message")?;
        let channel = card.channel;
        let rows = card.components.as_array().cloned().unwrap_or_default();
        let all: Vec<Value> =
            rows.iter().flat_map(|row| row["components"].as_array().cloned().unwrap_or_default()).collect();
        let data =
            all.iter()
                .find_map(|component| {
                    if component["type"] == 2 && component["custom_id"] == custom_id {
                        return Some(json!({ "component_type": 2, "custom_id": custom_id }));
                    }
                    let options = component["options"].as_array()?;
                    options.iter().any(|option| option["value"] == custom_id).then(
                        || json!({ "component_type": 3, "custom_id": component["custom_id"], "values": [custom_id] }),
                    )
                })
                .ok_or_else(|| format!("no button carries {custom_id:?}; there are {rows:?}"))?;
        let user = self.who(user, channel)?;
        self.interact(3, channel, user, Some(message), data)
    }

    /// A form is filled in.
    pub(crate) fn fill(&mut self, ask: &Ask) -> Done<(u64, Value)> {
        let asked = self.interactions.get(&ask.interaction_id).ok_or("no such interaction")?;
        if asked.answered != Some(9) {
            return Err("it was not answered with a form".into());
        }
        let rows = asked.data["components"].as_array().cloned().unwrap_or_default();
        let (channel, user, source) = (asked.channel, asked.user, asked.source);
        let fields: Vec<Value> = rows
            .iter()
            .zip(&ask.values)
            .map(|(row, value)| {
                json!({ "type": 1, "components": [{ "type": 4, "custom_id": row["components"][0]["custom_id"], "value": value }] })
            })
            .collect();
        let data = json!({ "custom_id": asked.data["custom_id"], "components": fields });
        self.interact(5, channel, user, source, data)
    }

    fn who(&self, user: u64, channel: u64) -> Done<u64> {
        let user = if user == 0 { self.channel(channel).and_then(|it| it.recipient).unwrap_or(0) } else { user };
        if self.people.contains_key(&user) { Ok(user) } else { Err("no such person".into()) }
    }

    fn interact(&mut self, kind: u8, channel: u64, user: u64, source: Option<u64>, data: Value) -> Done<(u64, Value)> {
        let id = self.snowflake();
        let token = format!("aW50ZXJhY3Rpb246{id}");
        let room = self.channel(channel).ok_or("no such channel")?;
        let mut event = json!({
            "id": id.to_string(),
            "application_id": self.bot.id.to_string(),
            "type": kind,
            "token": token,
            "version": 1,
            "channel_id": channel.to_string(),
            "channel": json::channel(self, room),
            "locale": "en-GB",
            "data": data,
            "entitlements": [],
            "authorizing_integration_owners": {},
        });
        let who = json::user(self, user);
        match room.guild {
            Some(guild) => {
                event["guild_id"] = json!(guild.to_string());
                event["member"] = json!({ "user": who, "nick": null, "roles": [], "permissions": "0" });
                event["app_permissions"] = json!(super::permissions::of_bot(self, room).to_string());
                event["context"] = json!(0);
            }
            None => {
                event["user"] = who;
                event["context"] = json!(1);
            }
        }
        if let Some(message) = source.and_then(|id| self.message(id)) {
            event["message"] = json::message(self, message);
        }
        let interaction = Interaction {
            id,
            token,
            kind,
            at: Instant::now(),
            channel,
            user,
            source,
            answered: None,
            after_us: 0,
            data: Value::Null,
            original: None,
            messages: Vec::new(),
            aged: Duration::ZERO,
        };
        self.interactions.insert(id, interaction);
        if self.endpoint.is_none() {
            self.dispatch("INTERACTION_CREATE", &event);
        }
        Ok((id, event))
    }
}
