//! Purpose: the whole state of the stand-in, and what people do in it. Everything here is synchronous and short, under
//! one std mutex that is never held over an await.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{
    json::{attachment, chat_json, message_json, user_json},
    limits::Buckets,
    model::{BotIdentity, Call, CallbackAnswer, ChatKind, Counters, Done, Fault, NewChat, Press, Say, Shown, User},
    text,
};

/// Why a waiting getUpdates wakes.
#[derive(Debug)]
pub(crate) enum Wake {
    Updates,
    OtherPoller,
    Webhook,
}

pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    pub(crate) username: Option<String>,
    pub(crate) is_forum: bool,
    pub(crate) bot_is_admin: bool,
    /// The bot was blocked here or kicked out.
    pub(crate) shut: bool,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) topics: HashSet<i64>,
    pub(crate) messages: Vec<Shown>,
    /// Where a message id stands in `messages`.
    pub(crate) index: HashMap<i64, usize>,
    next_message: i64,
    pub(crate) buckets: Buckets,
}

pub(crate) struct Waiting {
    pub(crate) id: i64,
    pub(crate) chat: i64,
    pub(crate) delivered: u32,
    pub(crate) body: Arc<str>,
}

#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    pub(crate) connections: usize,
    pub(crate) last_error: Option<(i64, String)>,
}

pub(crate) struct World {
    pub(crate) started: Instant,
    pub(crate) bot: BotIdentity,
    pub(crate) bot_id: i64,
    pub(crate) users: HashMap<i64, User>,
    pub(crate) chats: HashMap<i64, Chat>,
    next_user: i64,
    next_group: i64,
    /// Private chats and basic groups share one row of message numbers, supergroups have their own.
    next_message: i64,
    pub(crate) waiting: VecDeque<Waiting>,
    next_update: i64,
    pub(crate) allowed: Option<HashSet<String>>,
    pub(crate) poller: Option<(u64, oneshot::Sender<Wake>)>,
    pub(crate) next_poller: u64,
    pub(crate) hook: Option<Hook>,
    pub(crate) callbacks: HashMap<String, Option<CallbackAnswer>>,
    /// What people have put to messages, by chat, message and person.
    reactions: HashMap<(i64, i64, i64), Vec<String>>,
    pub(crate) commands: BTreeMap<(String, String), Vec<Value>>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) limits: Option<super::model::Limits>,
    pub(crate) buckets: Buckets,
    pub(crate) counters: Counters,
    pub(crate) calls: VecDeque<Call>,
    /// How many calls are remembered with their parameters; 0 for benches.
    pub(crate) calls_max: usize,
}

/// What everybody may react with: <https://core.telegram.org/bots/api#reactiontypeemoji>.
const REACTIONS: [&str; 73] = [
    "❤",
    "👍",
    "👎",
    "🔥",
    "🥰",
    "👏",
    "😁",
    "🤔",
    "🤯",
    "😱",
    "🤬",
    "😢",
    "🎉",
    "🤩",
    "🤮",
    "💩",
    "🙏",
    "👌",
    "🕊",
    "🤡",
    "🥱",
    "🥴",
    "😍",
    "🐳",
    "❤‍🔥",
    "🌚",
    "🌭",
    "💯",
    "🤣",
    "⚡",
    "🍌",
    "🏆",
    "💔",
    "🤨",
    "😐",
    "🍓",
    "🍾",
    "💋",
    "🖕",
    "😈",
    "😴",
    "😭",
    "🤓",
    "👻",
    "👨‍💻",
    "👀",
    "🎃",
    "🙈",
    "😇",
    "😨",
    "🤝",
    "✍",
    "🤗",
    "🫡",
    "🎅",
    "🎄",
    "☃",
    "💅",
    "🤪",
    "🗿",
    "🆒",
    "💘",
    "🙉",
    "🦄",
    "😘",
    "💊",
    "🙊",
    "😎",
    "👾",
    "🤷‍♂",
    "🤷",
    "🤷‍♀",
    "😡",
];

/// Kinds that are delivered only when asked for: <https://core.telegram.org/bots/api#getupdates>.
const ONLY_WHEN_ASKED: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

impl World {
    pub(crate) fn new(bot: BotIdentity) -> Self {
        let bot_id = bot.token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(4242);
        Self {
            started: Instant::now(),
            bot,
            bot_id,
            users: HashMap::new(),
            chats: HashMap::new(),
            next_user: 1001,
            next_group: 5001,
            next_message: 1,
            waiting: VecDeque::new(),
            next_update: 700_000_001,
            allowed: None,
            poller: None,
            next_poller: 1,
            hook: None,
            callbacks: HashMap::new(),
            reactions: HashMap::new(),
            commands: BTreeMap::new(),
            faults: Vec::new(),
            limits: None,
            buckets: Buckets::default(),
            counters: Counters::default(),
            calls: VecDeque::new(),
            calls_max: 2_000,
        }
    }

    pub(crate) fn now_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    pub(crate) fn me(&self) -> Value {
        json!({ "id": self.bot_id, "is_bot": true, "first_name": self.bot.first_name, "username": self.bot.username })
    }

    pub(crate) fn add_user(&mut self, mut user: User) -> User {
        if user.id == 0 {
            user.id = self.next_user;
            self.next_user += 1;
        }
        if user.first_name.is_empty() {
            user.first_name = format!("user{}", user.id);
        }
        if !user.not_started {
            self.open_private(&user);
        }
        self.users.insert(user.id, user.clone());
        user
    }

    fn open_private(&mut self, user: &User) {
        let name = match &user.last_name {
            Some(last) => format!("{} {last}", user.first_name),
            None => user.first_name.clone(),
        };
        let chat =
            NewChat { kind: ChatKind::Private, title: name, username: user.username.clone(), ..NewChat::default() };
        self.insert_chat(user.id, chat);
    }

    pub(crate) fn add_chat(&mut self, chat: NewChat) -> i64 {
        let number = self.next_group;
        self.next_group += 1;
        let id = match chat.kind {
            ChatKind::Supergroup | ChatKind::Channel => -1_000_000_000_000 - number,
            ChatKind::Group | ChatKind::Private => -number,
        };
        self.insert_chat(id, chat);
        id
    }

    fn insert_chat(&mut self, id: i64, chat: NewChat) {
        self.chats.entry(id).or_insert(Chat {
            id,
            kind: chat.kind,
            title: chat.title,
            username: chat.username,
            is_forum: chat.is_forum,
            bot_is_admin: chat.bot_is_admin,
            shut: false,
            migrated_to: None,
            topics: HashSet::new(),
            messages: Vec::new(),
            index: HashMap::new(),
            next_message: 1,
            buckets: Buckets::default(),
        });
    }

    /// The next message number of a chat.
    pub(crate) fn message_number(&mut self, chat: i64) -> i64 {
        let counter = match self.chats.get_mut(&chat) {
            Some(chat) if matches!(chat.kind, ChatKind::Supergroup | ChatKind::Channel) => &mut chat.next_message,
            _ => &mut self.next_message,
        };
        *counter += 1;
        *counter - 1
    }

    pub(crate) fn put(&mut self, chat: i64, message: Shown) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.index.insert(message.message_id, chat.messages.len());
            chat.messages.push(message);
        }
    }

    /// Adds a topic to a forum; its id is that of the service message that opens it.
    pub(crate) fn add_topic(&mut self, chat: i64, name: &str) -> Option<i64> {
        let id = self.message_number(chat);
        let mut message = self.blank(id, self.bot_id, self.me());
        message.thread = Some(id);
        message.extra.insert("forum_topic_created".into(), json!({ "name": name, "icon_color": 7_322_096 }));
        self.chats.get_mut(&chat)?.topics.insert(id);
        self.put(chat, message);
        Some(id)
    }

    pub(crate) fn blank(&self, message_id: i64, from: i64, author: Value) -> Shown {
        Shown {
            message_id,
            by_bot: from == self.bot_id,
            from,
            thread: None,
            text: String::new(),
            entities: Vec::new(),
            buttons: Vec::new(),
            reply_to: None,
            silent: false,
            date: chrono::Utc::now().timestamp(),
            at_us: self.now_us(),
            edited_at_us: None,
            edit_date: None,
            versions: Vec::new(),
            deleted: false,
            pinned: false,
            extra: Map::new(),
            markup: None,
            author,
        }
    }

    /// A message of the bot, not yet put anywhere.
    pub(crate) fn draft(&self, message_id: i64) -> Shown {
        self.blank(message_id, self.bot_id, self.me())
    }

    /// A person writes.
    pub(crate) fn say(&mut self, say: Say) -> Result<Done, String> {
        let user = self.users.get(&say.user_id).ok_or("no such user")?.clone();
        let chat = self.chats.get(&say.chat_id).ok_or("no such chat")?;
        if say.thread.is_some_and(|thread| !chat.topics.contains(&thread)) {
            return Err("no such topic".into());
        }
        let (kind, chat_json) = (chat.kind, chat_json(chat));
        let id = self.message_number(say.chat_id);
        let (from, author) = if say.anonymous {
            (
                1_087_968_824,
                json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot" }),
            )
        } else {
            (user.id, user_json(&user))
        };
        let mut message = self.blank(id, from, author);
        message.thread = say.thread;
        message.reply_to = say.reply_to;
        message.entities = text::found(&say.text);
        message.entities.extend(say.entities);
        message.entities.sort_by_key(|e| e["offset"].as_u64());
        message.text = say.text;
        message.extra = say.extra;
        if say.anonymous {
            message.extra.insert("sender_chat".into(), chat_json);
        }
        if let Some(attach) = say.attach {
            let (name, file) = attachment(&attach, id);
            message.extra.insert(name, file);
        }
        self.put(say.chat_id, message);
        let update = match kind {
            ChatKind::Channel => "channel_post",
            _ => "message",
        };
        let update_id = self.announce(update, say.chat_id, id);
        Ok(Done { message_id: id, update_id })
    }

    /// A person changes what they wrote.
    pub(crate) fn change(&mut self, chat_id: i64, message_id: i64, new: &str) -> Result<Done, String> {
        let at = self.now_us();
        let chat = self.chats.get_mut(&chat_id).ok_or("no such chat")?;
        let message = chat.index.get(&message_id).and_then(|at| chat.messages.get_mut(*at)).ok_or("no such message")?;
        if message.by_bot {
            return Err("people cannot change the bot's messages".into());
        }
        let before = std::mem::replace(&mut message.text, new.to_owned());
        message.versions.push(before);
        message.entities = text::found(new);
        let now = chrono::Utc::now().timestamp();
        // Two edits in one second still have dates that differ, or the second could not be told from the first.
        message.edit_date = Some(message.edit_date.map_or(now, |last| now.max(last + 1)));
        message.edited_at_us = Some(at);
        let update_id = self.announce("edited_message", chat_id, message_id);
        Ok(Done { message_id, update_id })
    }

    /// A person presses a button; gives the id of the callback query.
    pub(crate) fn press(&mut self, press: &Press) -> Result<String, String> {
        let user = self.users.get(&press.user_id).ok_or("no such user")?.clone();
        let chat = self.chats.get(&press.chat_id).ok_or("no such chat")?;
        let message = find(chat, press.message_id).ok_or("no such message")?;
        let data = message
            .buttons
            .iter()
            .flatten()
            .find(|b| b.data.as_deref() == Some(&press.button) || b.text == press.button)
            .and_then(|b| b.data.clone())
            .ok_or("no such button")?;
        let id = format!("{}{:06}", user.id, self.callbacks.len() + 1);
        let query = json!({
            "id": id,
            "from": user_json(&user),
            "message": message_json(chat, message, true),
            "chat_instance": format!("{}", press.chat_id.unsigned_abs() * 7919),
            "data": data,
        });
        self.callbacks.insert(id.clone(), None);
        self.push("callback_query", press.chat_id, &query);
        Ok(id)
    }

    /// A person changes their reactions to a message: `now` are all they have then. A name between colons is the number of
    /// an emoji of somebody's own. In groups only an administrator is told.
    pub(crate) fn react(&mut self, chat_id: i64, user_id: i64, message_id: i64, now: &[String]) -> Result<(), String> {
        let user = self.users.get(&user_id).ok_or("no such user")?.clone();
        let chat = self.chats.get(&chat_id).ok_or("no such chat")?;
        find(chat, message_id).ok_or("no such message")?;
        let own = |emoji: &str| emoji.strip_prefix(':').and_then(|emoji| emoji.strip_suffix(':')).map(str::to_owned);
        if let Some(wrong) = now.iter().find(|emoji| own(emoji).is_none() && !REACTIONS.contains(&emoji.as_str())) {
            return Err(format!("REACTION_INVALID: {wrong}"));
        }
        let told = !chat.shut && (chat.kind == ChatKind::Private || chat.bot_is_admin);
        let object = |emoji: &String| match own(emoji) {
            Some(id) => json!({ "type": "custom_emoji", "custom_emoji_id": id }),
            None => json!({ "type": "emoji", "emoji": emoji }),
        };
        let mut body = json!({
            "chat": chat_json(chat), "message_id": message_id, "user": user_json(&user),
            "date": chrono::Utc::now().timestamp(), "new_reaction": now.iter().map(object).collect::<Vec<_>>(),
        });
        let old = self.reactions.insert((chat_id, message_id, user_id), now.to_vec()).unwrap_or_default();
        body["old_reaction"] = old.iter().map(object).collect::<Vec<_>>().into();
        if told {
            self.push("message_reaction", chat_id, &body);
        }
        Ok(())
    }

    /// Puts a message before the bot, if the bot may see it.
    pub(crate) fn announce(&mut self, kind: &str, chat_id: i64, message_id: i64) -> Option<i64> {
        let chat = self.chats.get(&chat_id)?;
        let message = find(chat, message_id)?;
        if chat.shut || !self.visible(chat, message) {
            return None;
        }
        let body = message_json(chat, message, true);
        self.push(kind, chat_id, &body)
    }

    /// Privacy mode: <https://core.telegram.org/bots/features#privacy-mode>.
    fn visible(&self, chat: &Chat, message: &Shown) -> bool {
        let group = matches!(chat.kind, ChatKind::Group | ChatKind::Supergroup);
        if !group || self.bot.can_read_all_group_messages || chat.bot_is_admin {
            return true;
        }
        let ours = format!("@{}", self.bot.username.to_lowercase());
        let answers_us = message.reply_to.and_then(|id| find(chat, id)).is_some_and(|m| m.by_bot);
        let lower = message.text.to_lowercase();
        let first = lower.split_whitespace().next().unwrap_or_default();
        let command = first.starts_with('/') && first.split_once('@').is_none_or(|(_, to)| ours[1..] == *to);
        answers_us || command || lower.contains(&ours)
    }

    /// Queues an update of `kind`; `None` when the bot did not ask for that kind.
    pub(crate) fn push(&mut self, kind: &str, chat: i64, body: &Value) -> Option<i64> {
        let wanted = match &self.allowed {
            Some(allowed) => allowed.contains(kind),
            None => !ONLY_WHEN_ASKED.contains(&kind),
        };
        if !wanted {
            return None;
        }
        let body = format!("{{\"update_id\":{},{}:{body}}}", self.next_update, Value::from(kind));
        Some(self.push_raw(chat, body))
    }

    /// Queues an update as it is. `body` must carry the id that [`Self::next_update_id`] gave.
    pub(crate) fn push_raw(&mut self, chat: i64, body: String) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        self.counters.updates_made += 1;
        self.waiting.push_back(Waiting { id, chat, delivered: 0, body: body.into() });
        self.wake(Wake::Updates);
        id
    }

    pub(crate) fn next_update_id(&self) -> i64 {
        self.next_update
    }

    pub(crate) fn wake(&mut self, why: Wake) {
        if let Some((_, poller)) = self.poller.take() {
            // A poller that has hung up meanwhile is no loss: the update waits for the next one.
            let _ = poller.send(why);
        }
    }

    /// The group becomes a supergroup with a new id, as it does when it grows or gets a public name.
    pub(crate) fn migrate(&mut self, chat_id: i64) -> Result<i64, String> {
        let chat = self.chats.get(&chat_id).ok_or("no such chat")?;
        let new = NewChat { kind: ChatKind::Supergroup, title: chat.title.clone(), ..NewChat::default() };
        let admin = self.me();
        let new_id = self.add_chat(new);
        let notes = [(chat_id, "migrate_to_chat_id", new_id), (new_id, "migrate_from_chat_id", chat_id)];
        for (place, field, value) in notes {
            let id = self.message_number(place);
            let mut note = self.blank(id, self.bot_id, admin.clone());
            note.extra.insert(field.into(), value.into());
            self.put(place, note);
            self.announce("message", place, id);
        }
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.migrated_to = Some(new_id);
        }
        Ok(new_id)
    }
}

pub(crate) fn find(chat: &Chat, message_id: i64) -> Option<&Shown> {
    chat.index.get(&message_id).and_then(|at| chat.messages.get(*at)).filter(|m| !m.deleted)
}
