//! Purpose: slash commands, presses, forms and shortcuts become an [`Inbound`], or open a form.

use chrono::Utc;
use serde_json::Value;
use yoman_chat::{Inbound, MessageRef, Room, RoomKind, Said};

use crate::{
    answers::Way,
    events::Message,
    forms::{self, Form},
    intake::{Core, Mapped, Us},
    outbound::Carried,
    place::{At, kind_of, message_ref, moment, room_id},
    reading,
};

/// The message shortcut: capture this.
pub(crate) const CAPTURE: &str = "capture";
/// The global shortcut: capture something new.
pub(crate) const CAPTURE_NEW: &str = "capture_new";

/// A text at a path, empty when it is not there.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

impl Core {
    /// What a slash command says.
    pub(crate) async fn slash(&self, us: &Us, payload: &Value) -> Mapped {
        let (channel, user) = (text(payload, "/channel_id"), text(payload, "/user_id"));
        let trigger = text(payload, "/trigger_id");
        if channel.is_empty() || user.is_empty() || trigger.is_empty() {
            return Mapped::Aside("a command without a channel, a person or a trigger".into());
        }
        let read = reading::read(text(payload, "/text"), &us.user, &self.names).await;
        let said = self.said_by_command(text(payload, "/command"), &read.text);
        let room = room_id(&self.name, channel);
        let id = format!("{}/{channel}/s{trigger}", self.name);
        let response_url = Some(text(payload, "/response_url").to_owned()).filter(|url| !url.is_empty());
        self.answers.put(&id, Way { response_url, root: None });
        let kind = kind_of(channel);
        let title = match text(payload, "/channel_name") {
            "" | "directmessage" | "privategroup" => None,
            name => Some(name.to_owned()),
        };
        let inbound = Inbound {
            said: Said::Message {
                text: said,
                // A command is no message: there is nothing to thread under or to correct.
                message: MessageRef { room: room.clone(), id: format!("s{trigger}") },
                reply_to: None,
                attachments: Vec::new(),
                mentions: read.mentions,
                addressed: true,
            },
            id,
            room: Room { id: room, kind, title: title.filter(|_| kind == RoomKind::Group) },
            sender: self.names.sender(user).await,
            sent_at: Utc::now(),
        };
        Mapped::Inbound(Box::new(inbound), None)
    }

    /// `/yoman todo Fix` and `/todo Fix` are both `/todo Fix`; `/yoman Fix login` is a bare sentence.
    fn said_by_command(&self, command: &str, behind: &str) -> String {
        let behind = behind.trim();
        let verb = command.trim_start_matches('/');
        if self.command != verb && self.menu.verb(verb).is_some() {
            return format!("/{verb} {behind}").trim_end().to_owned();
        }
        let first = behind.split_whitespace().next().unwrap_or_default();
        if behind.is_empty() {
            "/help".to_owned()
        } else if first.starts_with('/') {
            behind.to_owned()
        } else if self.is_verb(first) || is_item(first) || self.menu.verbs.is_empty() {
            format!("/{behind}")
        } else {
            behind.to_owned()
        }
    }

    fn is_verb(&self, word: &str) -> bool {
        self.menu.verb(&word.to_lowercase()).is_some()
    }

    /// Words to be captured as they are: nothing in them is taken for a command.
    fn captured(&self, words: &str) -> String {
        let first = words.split_whitespace().next().unwrap_or_default().trim_start_matches('/');
        let words: Vec<String> = words
            .lines()
            .map(|line| if line.starts_with('/') { format!(" {line}") } else { line.to_owned() })
            .collect();
        let words = words.join("\n");
        let words = words.trim();
        let taken = self.menu.verbs.is_empty() || self.is_verb(first) || is_item(first);
        if taken { format!("/idea {words}") } else { words.to_owned() }
    }

    /// What an interactive payload is.
    pub(crate) async fn interactive(&self, us: &Us, payload: &Value) -> Mapped {
        match text(payload, "/type") {
            "block_actions" => self.pressed(payload).await,
            "view_submission" => self.submitted(payload).await,
            "message_action" if text(payload, "/callback_id") == CAPTURE => self.capture(us, payload).await,
            "shortcut" if text(payload, "/callback_id") == CAPTURE_NEW => {
                let form = Form::capture();
                Mapped::Form { trigger: text(payload, "/trigger_id").to_owned(), form, otherwise: None }
            }
            "view_closed" => Mapped::Skip("a form was closed"),
            "message_action" | "shortcut" => Mapped::Skip("a shortcut that is not ours"),
            "" => Mapped::Aside("an interaction without a type".into()),
            other => Mapped::Aside(format!("an interaction of the unknown type \"{other}\"")),
        }
    }

    async fn pressed(&self, payload: &Value) -> Mapped {
        let action = &payload["actions"][0];
        let value = match text(action, "/type") {
            "overflow" | "static_select" => text(action, "/selected_option/value"),
            _ => text(action, "/value"),
        };
        let user = text(payload, "/user/id");
        if user.is_empty() {
            return Mapped::Aside("a press without a person".into());
        }
        let Some(carried) = Carried::read(text(action, "/action_id"), value) else {
            return Mapped::Skip("a press on what carries nothing");
        };
        let at_home = text(payload, "/container/type") == "view";
        let channel = if at_home {
            match self.direct_channel(user).await {
                Some(channel) => channel,
                None => return Mapped::Again("the person's direct channel cannot be opened"),
            }
        } else {
            let named = text(payload, "/channel/id");
            if named.is_empty() { text(payload, "/container/channel_id") } else { named }.to_owned()
        };
        let ts = text(payload, "/container/message_ts");
        if channel.is_empty() || (ts.is_empty() && !at_home) {
            return Mapped::Aside("a press under no message".into());
        }
        let room = room_id(&self.name, &channel);
        let thread = match text(payload, "/container/thread_ts") {
            "" => text(payload, "/message/thread_ts"),
            thread => thread,
        };
        let card = if at_home {
            MessageRef { room: room.clone(), id: format!("home/{}", text(payload, "/container/view_id")) }
        } else if payload["container"]["is_ephemeral"] == true {
            MessageRef { room: room.clone(), id: format!("e/{ts}") }
        } else {
            message_ref(&room, ts, Some(thread).filter(|thread| !thread.is_empty()))
        };
        let action_ts = match text(action, "/action_ts") {
            "" => text(payload, "/trigger_id"),
            at => at,
        };
        let id = format!("{}/{channel}/{}/p{action_ts}-{user}", self.name, card.id);
        let kind = kind_of(&channel);
        let response_url = Some(text(payload, "/response_url").to_owned()).filter(|url| !url.is_empty());
        // In a group what comes of a press stands in the card's thread.
        let root = At::parse(&card.id).filter(|at| kind == RoomKind::Group || at.root != at.ts);
        self.answers.put(&id, Way { response_url, root: root.map(|at| at.root.to_owned()) });
        let name =
            Some(text(payload, "/channel/name")).filter(|name| !matches!(*name, "" | "directmessage" | "privategroup"));
        let said = Said::Pressed { data: carried.data.clone(), card: card.clone(), words: None };
        let inbound = Box::new(Inbound {
            id,
            room: Room { id: room, kind, title: name.filter(|_| kind == RoomKind::Group).map(str::to_owned) },
            sender: self.names.sender(user).await,
            said,
            sent_at: moment(action_ts),
        });
        match carried.ask {
            Some(ask) => Mapped::Form {
                trigger: text(payload, "/trigger_id").to_owned(),
                form: Form::ask(&ask, &carried.data, &card),
                otherwise: Some(inbound),
            },
            None => Mapped::Inbound(inbound, None),
        }
    }

    async fn submitted(&self, payload: &Value) -> Mapped {
        let view = &payload["view"];
        let (user, view_id) = (text(payload, "/user/id"), text(view, "/id"));
        if user.is_empty() || view_id.is_empty() {
            return Mapped::Aside("a form without a person or an id".into());
        }
        let Some(meant) = forms::meant(view) else {
            return Mapped::Skip("a form that is not ours");
        };
        let words = forms::words(view);
        let channel = match meant.channel {
            Some(channel) => channel,
            None => match self.direct_channel(user).await {
                Some(channel) => channel,
                None => return Mapped::Again("the person's direct channel cannot be opened"),
            },
        };
        let room = room_id(&self.name, &channel);
        let kind = kind_of(&channel);
        let id = format!("{}/{channel}/{}/v{view_id}", self.name, meant.message);
        let said = match meant.data {
            Some(data) => {
                let card = MessageRef { room: room.clone(), id: meant.message };
                let root = At::parse(&card.id).filter(|at| kind == RoomKind::Group || at.root != at.ts);
                self.answers.put(&id, Way { response_url: None, root: root.map(|at| at.root.to_owned()) });
                Said::Pressed { data, card, words: Some(words) }
            }
            None => Said::Message {
                text: self.captured(&words),
                message: MessageRef { room: room.clone(), id: format!("v{view_id}") },
                reply_to: None,
                attachments: Vec::new(),
                mentions: Vec::new(),
                addressed: true,
            },
        };
        let inbound = Inbound {
            id,
            room: Room { id: room, kind, title: None },
            sender: self.names.sender(user).await,
            said,
            sent_at: Utc::now(),
        };
        Mapped::Inbound(Box::new(inbound), None)
    }

    /// "Capture this" on a message, whoever wrote it.
    async fn capture(&self, us: &Us, payload: &Value) -> Mapped {
        let (channel, user) = (text(payload, "/channel/id"), text(payload, "/user/id"));
        let Ok(message) = serde_json::from_value::<Message>(payload["message"].clone()) else {
            return Mapped::Aside("a shortcut on a message that cannot be read".into());
        };
        let ts = match text(payload, "/message_ts") {
            "" => message.ts.as_str(),
            ts => ts,
        };
        if channel.is_empty() || user.is_empty() || ts.is_empty() {
            return Mapped::Aside("a shortcut without a channel, a person or a message".into());
        }
        let read = reading::read(message.text.as_deref().unwrap_or_default(), &us.user, &self.names).await;
        let words = if read.text.trim().is_empty() { "a message without text" } else { read.text.trim() };
        let action = match text(payload, "/action_ts") {
            "" => text(payload, "/trigger_id"),
            at => at,
        };
        let room = room_id(&self.name, channel);
        let id = format!("{}/{channel}/{ts}/c{action}-{user}", self.name);
        let response_url = Some(text(payload, "/response_url").to_owned()).filter(|url| !url.is_empty());
        let here = message_ref(&room, ts, message.thread_ts.as_deref());
        let root = At::parse(&here.id).map(|at| at.root.to_owned());
        self.answers.put(&id, Way { response_url, root });
        let kind = kind_of(channel);
        let inbound = Inbound {
            id,
            said: Said::Message {
                text: self.captured(words),
                message: here,
                reply_to: None,
                attachments: Vec::new(),
                mentions: read.mentions,
                addressed: true,
            },
            room: Room { id: room, kind, title: None },
            sender: self.names.sender(user).await,
            sent_at: Utc::now(),
        };
        Mapped::Inbound(Box::new(inbound), None)
    }
}

/// `T7`, `R12`: how items are written, as far as this side needs to know.
pub(crate) fn is_item(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && {
        let digits = chars.as_str();
        (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Whether a button's JSON is one of ours; for tests of what goes out.
#[cfg(test)]
pub(crate) fn carried(action_id: &str, value: &str) -> Option<Carried> {
    Carried::read(action_id, value)
}
