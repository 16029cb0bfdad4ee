//! Purpose: the stand-in as tests hold it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    model::{
        BotIdentity, Call, CallbackAnswer, Counters, Done, Fault, Limits, NewChat, Press, Say, Shown, User,
        WaitingUpdate,
    },
    server::{self, Shared},
    updates,
    world::World,
};

/// A Telegram Bot API server on loopback. Dropping it takes it down.
pub struct TelegramStandIn {
    shared: Arc<Shared>,
    addr: SocketAddr,
    down: CancellationToken,
    end: CancellationToken,
}

impl Drop for TelegramStandIn {
    fn drop(&mut self) {
        self.down.cancel();
        self.end.cancel();
    }
}

impl TelegramStandIn {
    /// Listens on a free port of 127.0.0.1, for the usual bot.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_with(BotIdentity::default(), SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens on `addr` for `bot`.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start_with(bot: BotIdentity, addr: SocketAddr) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(World::new(bot)));
        let listener = server::listen(addr).await?;
        let addr = listener.local_addr()?;
        let (down, end) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(server::serve(Arc::clone(&shared), listener, down.clone()));
        tokio::spawn(updates::deliver(Arc::clone(&shared), end.clone()));
        Ok(Self { shared, addr, down, end })
    }

    /// The base a client is given instead of `https://api.telegram.org`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The token it knows.
    pub fn token(&self) -> String {
        self.shared.world().bot.token.clone()
    }

    /// Gives the bot another token: the old one is answered with 401 from now on.
    pub fn revoke_token(&self, new: &str) {
        self.shared.act(|world| world.bot.token = new.to_owned());
    }

    /// Stops listening and closes every connection; the state stays.
    pub fn go_down(&self) {
        self.down.cancel();
    }

    /// Listens again, on the same port.
    ///
    /// # Errors
    /// When somebody else has taken the port.
    pub async fn come_up(&mut self) -> std::io::Result<()> {
        self.down.cancel();
        let listener = server::listen(self.addr).await?;
        self.down = CancellationToken::new();
        tokio::spawn(server::serve(Arc::clone(&self.shared), listener, self.down.clone()));
        Ok(())
    }

    /// Adds a person; the id of their private chat is their own.
    pub fn add_user(&self, user: User) -> User {
        self.shared.act(|world| world.add_user(user))
    }

    /// Adds a person by first name.
    pub fn person(&self, name: &str) -> i64 {
        self.add_user(User { first_name: name.into(), username: Some(name.to_lowercase()), ..User::default() }).id
    }

    /// Adds a group and gives its id.
    pub fn add_chat(&self, chat: NewChat) -> i64 {
        self.shared.act(|world| world.add_chat(chat))
    }

    /// Opens a topic in a forum; `None` when there is no such chat.
    pub fn add_topic(&self, chat: i64, name: &str) -> Option<i64> {
        self.shared.act(|world| world.add_topic(chat, name))
    }

    /// A person writes.
    ///
    /// # Errors
    /// In words, when the chat, the person or the topic is unknown.
    pub fn say(&self, say: Say) -> Result<Done, String> {
        self.shared.act(|world| world.say(say))
    }

    /// A person writes in their own chat with the bot.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn write(&self, user: i64, text: &str) -> Result<Done, String> {
        self.say(Say { chat_id: user, user_id: user, text: text.into(), ..Say::default() })
    }

    /// Several messages, all there before the bot sees the first.
    ///
    /// # Errors
    /// As [`Self::say`]; those before the wrong one stay.
    pub fn say_all(&self, all: Vec<Say>) -> Result<Vec<Done>, String> {
        self.shared.act(|world| all.into_iter().map(|say| world.say(say)).collect())
    }

    /// A person changes what they wrote.
    ///
    /// # Errors
    /// In words, when there is no such message or the bot wrote it.
    pub fn change(&self, chat: i64, message: i64, text: &str) -> Result<Done, String> {
        self.shared.act(|world| world.change(chat, message, text))
    }

    /// A person presses the button that carries or says `button`; gives the callback query's id.
    ///
    /// # Errors
    /// In words, when there is no such button.
    pub fn press(&self, press: &Press) -> Result<String, String> {
        self.shared.act(|world| world.press(press))
    }

    /// A person changes their reactions to a message: `now` are all they have then; `:5368:` is the number of an own emoji.
    ///
    /// # Errors
    /// In words, when there is no such message, or not everybody may react with that.
    pub fn react(&self, chat: i64, user: i64, message: i64, now: &[&str]) -> Result<(), String> {
        let now: Vec<String> = now.iter().map(|&emoji| emoji.to_owned()).collect();
        self.shared.act(|world| world.react(chat, user, message, &now))
    }

    /// An update as it is, under the next id, of the chat `chat` (0: of none).
    pub fn raw_update(&self, chat: i64, update: Value) -> i64 {
        raw_update(&self.shared, chat, update)
    }

    /// An update as text, which may be any JSON; `{id}` in it becomes the next update id, which is given back.
    pub fn raw_text(&self, chat: i64, update: &str) -> i64 {
        self.shared.act(|world| {
            let body = update.replace("{id}", &world.next_update_id().to_string());
            world.push_raw(chat, body)
        })
    }

    /// The bot is blocked or kicked in `chat`, or let in again.
    pub fn shut(&self, chat: i64, shut: bool) {
        self.shared.act(|world| {
            if let Some(chat) = world.chats.get_mut(&chat) {
                chat.shut = shut;
            }
        });
    }

    /// The group becomes a supergroup; gives its new id.
    ///
    /// # Errors
    /// In words, when there is no such chat.
    pub fn migrate(&self, chat: i64) -> Result<i64, String> {
        self.shared.act(|world| world.migrate(chat))
    }

    /// A message disappears; false when there is none.
    pub fn delete(&self, chat: i64, message: i64) -> bool {
        delete(&self.shared, chat, message)
    }

    /// Adds a fault behind those there are.
    pub fn fault(&self, fault: Fault) {
        self.shared.act(|world| world.faults.push(fault));
    }

    /// Takes all faults away.
    pub fn no_faults(&self) {
        self.shared.act(|world| world.faults.clear());
    }

    /// Switches the rates on or off.
    pub fn limits(&self, limits: Option<Limits>) {
        self.shared.act(|world| world.limits = limits);
    }

    /// How many calls are remembered with their parameters; 0 for benches.
    pub fn remember_calls(&self, max: usize) {
        self.shared.act(|world| {
            world.calls_max = max;
            world.calls.clear();
        });
    }

    /// Everything in a chat, oldest first, deleted messages included.
    pub fn transcript(&self, chat: i64) -> Vec<Shown> {
        self.shared.world().chats.get(&chat).map(|chat| chat.messages.clone()).unwrap_or_default()
    }

    /// What is in a chat behind its first `seen` messages, deleted ones included.
    pub fn since(&self, chat: i64, seen: usize) -> Vec<Shown> {
        let world = self.shared.world();
        world.chats.get(&chat).and_then(|chat| chat.messages.get(seen..)).map(<[Shown]>::to_vec).unwrap_or_default()
    }

    /// What the bot wrote in a chat and what stands there still.
    pub fn shown(&self, chat: i64) -> Vec<Shown> {
        let stands = |m: &Shown| {
            m.by_bot && !m.deleted && m.extra.keys().all(|key| matches!(key.as_str(), "photo" | "document"))
        };
        self.transcript(chat).into_iter().filter(stands).collect()
    }

    /// What the answered button presses showed.
    pub fn callbacks(&self) -> Vec<CallbackAnswer> {
        self.shared.world().callbacks.values().flatten().cloned().collect()
    }

    /// The registered commands of a scope (`default`, `all_private_chats`, ..) and language, as `BotCommand` objects.
    pub fn commands(&self, scope: &str, language: &str) -> Vec<Value> {
        let key = (scope.to_owned(), language.to_owned());
        self.shared.world().commands.get(&key).cloned().unwrap_or_default()
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        counters(&self.shared)
    }

    /// The calls of one method, or all, as far as they are remembered.
    pub fn calls(&self, method: Option<&str>) -> Vec<Call> {
        calls(&self.shared, method)
    }

    /// The updates the bot has not confirmed.
    pub fn waiting(&self) -> Vec<WaitingUpdate> {
        waiting(&self.shared)
    }

    /// Waits until `look` gives something, at most `patience`.
    pub async fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        wait_changes(&self.shared, patience, || look(self)).await
    }

    /// Waits until the bot has `count` messages standing in `chat`; gives what there is, even when it is fewer.
    pub async fn wait_shown(&self, chat: i64, count: usize, patience: Duration) -> Vec<Shown> {
        let _ = self.wait(patience, |me| (me.shown(chat).len() >= count).then_some(())).await;
        self.shown(chat)
    }

    /// Waits until every update is confirmed; false when it takes longer than `patience`.
    pub async fn wait_confirmed(&self, patience: Duration) -> bool {
        wait(&self.shared, patience, |world| world.waiting.is_empty().then_some(())).await.is_some()
    }
}

pub(crate) fn raw_update(shared: &Shared, chat: i64, mut update: Value) -> i64 {
    shared.act(|world| {
        if let Some(fields) = update.as_object_mut() {
            fields.insert("update_id".into(), world.next_update_id().into());
        }
        world.push_raw(chat, update.to_string())
    })
}

pub(crate) fn delete(shared: &Shared, chat: i64, message: i64) -> bool {
    shared.act(|world| {
        let Some(chat) = world.chats.get_mut(&chat) else {
            return false;
        };
        let Some(at) = chat.index.get(&message) else {
            return false;
        };
        chat.messages.get_mut(*at).map(|message| message.deleted = true).is_some()
    })
}

pub(crate) fn counters(shared: &Shared) -> Counters {
    let world = shared.world();
    Counters { now_us: world.now_us(), ..world.counters.clone() }
}

pub(crate) fn calls(shared: &Shared, method: Option<&str>) -> Vec<Call> {
    let world = shared.world();
    world.calls.iter().filter(|call| method.is_none_or(|m| call.method.eq_ignore_ascii_case(m))).cloned().collect()
}

pub(crate) fn waiting(shared: &Shared) -> Vec<WaitingUpdate> {
    let world = shared.world();
    let read = |body: &str| serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    world
        .waiting
        .iter()
        .map(|w| WaitingUpdate { update_id: w.id, delivered: w.delivered, update: read(&w.body) })
        .collect()
}

/// Waits until `look` finds something in the state.
pub(crate) async fn wait<T>(shared: &Shared, patience: Duration, look: impl Fn(&World) -> Option<T>) -> Option<T> {
    wait_changes(shared, patience, || look(&shared.world())).await
}

async fn wait_changes<T>(shared: &Shared, patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = tokio::time::Instant::now() + patience;
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        // Listening before looking: a change in between is not missed.
        changed.as_mut().enable();
        if let Some(found) = look() {
            return Some(found);
        }
        if tokio::time::timeout_at(until, changed).await.is_err() {
            return look();
        }
    }
}
