//! Purpose: the stand-in as tests hold it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    model::{
        AppIdentity, Call, Counters, Delivery, Fault, Limits, NewChannel, Person, Press, Say, Shown, Slash, Submit,
        Unfurl, View, Waiting,
    },
    queue::{self, Frame},
    request_url,
    server::{self, Shared},
    world::World,
};

/// A Slack on loopback. Dropping it takes it down.
pub struct SlackStandIn {
    shared: Arc<Shared>,
    addr: SocketAddr,
    down: CancellationToken,
    end: CancellationToken,
}

impl Drop for SlackStandIn {
    fn drop(&mut self) {
        self.down.cancel();
        self.end.cancel();
    }
}

impl SlackStandIn {
    /// Listens on a free port of 127.0.0.1, for the usual app.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_with(AppIdentity::default(), SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens on `addr` for `app`.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start_with(app: AppIdentity, addr: SocketAddr) -> std::io::Result<Self> {
        let listener = server::listen(addr).await?;
        let addr = listener.local_addr()?;
        let mut world = World::new(app);
        world.base = format!("http://{addr}");
        let shared = Arc::new(Shared::new(world));
        let (down, end) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(server::serve(Arc::clone(&shared), listener, down.clone()));
        tokio::spawn(queue::watch(Arc::clone(&shared), end.clone()));
        tokio::spawn(request_url::deliver(Arc::clone(&shared), end.clone()));
        Ok(Self { shared, addr, down, end })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where the Web API is, with a `/` at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}/api/", self.addr)
    }

    /// The app as the workspace knows it.
    pub fn app(&self) -> AppIdentity {
        self.shared.world().app.clone()
    }

    /// Changes the app: its scopes, its tokens, Socket Mode.
    pub fn change_app(&self, change: impl FnOnce(&mut AppIdentity)) {
        self.shared.act(|world| change(&mut world.app));
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

    /// Adds a person.
    pub fn add_person(&self, person: Person) -> Person {
        self.shared.act(|world| world.add_person(person))
    }

    /// Adds a person by name; gives their id.
    pub fn person(&self, name: &str) -> String {
        self.add_person(Person { real_name: name.into(), ..Person::default() }).id
    }

    /// The direct channel of a person with the bot.
    pub fn im(&self, user: &str) -> String {
        self.shared.act(|world| world.im(user)).unwrap_or_default()
    }

    /// Adds a channel with these people; gives its id.
    pub fn add_channel(&self, channel: NewChannel, members: &[&str]) -> String {
        let members = members.iter().map(|&m| m.to_owned()).collect();
        self.shared.act(|world| world.add_channel(channel, members))
    }

    /// A person writes; gives the timestamp.
    ///
    /// # Errors
    /// In words, when the channel or the person is unknown.
    pub fn say(&self, say: Say) -> Result<String, String> {
        self.shared.act(|world| world.say(say))
    }

    /// A person writes in a channel.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub fn write(&self, channel: &str, user: &str, text: &str) -> Result<String, String> {
        self.say(Say { channel: channel.into(), user: user.into(), text: text.into(), ..Say::default() })
    }

    /// A person changes what they wrote.
    ///
    /// # Errors
    /// In words, when there is no such message or the bot wrote it.
    pub fn change(&self, channel: &str, ts: &str, text: &str) -> Result<(), String> {
        self.shared.act(|world| world.change(channel, ts, text, false))
    }

    /// The same, with the text as Slack writes it (`<@U1>`, `&amp;`) already.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn change_raw(&self, channel: &str, ts: &str, text: &str) -> Result<(), String> {
        self.shared.act(|world| world.change(channel, ts, text, true))
    }

    /// Slack adds a preview to a message; the text stays.
    ///
    /// # Errors
    /// In words, when there is no such message.
    pub fn preview(&self, channel: &str, ts: &str) -> Result<(), String> {
        self.shared.act(|world| world.preview(channel, ts))
    }

    /// A message disappears.
    ///
    /// # Errors
    /// In words, when there is none.
    pub fn delete(&self, channel: &str, ts: &str) -> Result<(), String> {
        self.shared.act(|world| world.delete(channel, ts))
    }

    /// A person presses a button; gives the envelope's id.
    ///
    /// # Errors
    /// In words, when there is no such button.
    pub fn press(&self, press: &Press) -> Result<String, String> {
        self.shared.act(|world| world.press(press))
    }

    /// A person puts a reaction to a message, or takes it away; reactions have names here: `eyes`.
    ///
    /// # Errors
    /// In words, when there is no such message or person.
    pub fn react(&self, channel: &str, user: &str, ts: &str, name: &str, added: bool) -> Result<(), String> {
        self.shared.act(|world| world.react(channel, user, ts, name, added))
    }

    /// A person sends a form off.
    ///
    /// # Errors
    /// In words, when it is not open or takes no such text.
    pub fn submit(&self, submit: &Submit) -> Result<String, String> {
        self.shared.act(|world| world.submit(submit))
    }

    /// A person uses a slash command.
    ///
    /// # Errors
    /// In words, when the channel or the person is unknown.
    pub fn slash(&self, slash: &Slash) -> Result<String, String> {
        self.shared.act(|world| world.slash(slash))
    }

    /// A person uses a shortcut: on a message (channel, timestamp), or anywhere.
    ///
    /// # Errors
    /// In words, when there is no such person or message.
    pub fn shortcut(&self, callback_id: &str, user: &str, message: Option<(&str, &str)>) -> Result<String, String> {
        self.shared.act(|world| world.shortcut(callback_id, user, message))
    }

    /// A person opens the app's home.
    ///
    /// # Errors
    /// In words, when there is no such person.
    pub fn open_home(&self, user: &str) -> Result<String, String> {
        self.shared.act(|world| world.open_home(user))
    }

    /// An event as it is, in an `event_callback`.
    pub fn raw_event(&self, event: Value) -> String {
        self.shared.act(|world| queue::push_event(world, event))
    }

    /// An envelope as it is.
    pub fn raw_envelope(&self, kind: &str, payload: Value) -> String {
        self.shared.act(|world| queue::push(world, kind, payload))
    }

    /// The bot is thrown out of a channel, or let in again.
    pub fn shut(&self, channel: &str, shut: bool) {
        self.shared.act(|world| {
            if let Some(channel) = world.channels.get_mut(channel) {
                channel.bot_in = !shut;
            }
        });
    }

    /// A channel is archived.
    pub fn archive(&self, channel: &str) {
        self.shared.act(|world| {
            if let Some(channel) = world.channels.get_mut(channel) {
                channel.archived = true;
            }
        });
    }

    /// Every open socket is told to go: `warning`, `refresh_requested` or `link_disabled`. With a warning it stays open.
    pub fn disconnect(&self, reason: &str) {
        disconnect(&self.shared, reason);
    }

    /// Every open socket ends without a word.
    pub fn drop_sockets(&self) {
        each_socket(&self.shared, &Frame::Drop);
    }

    /// Every open socket stays open and says nothing any more.
    pub fn silence_sockets(&self) {
        each_socket(&self.shared, &Frame::Silence);
    }

    /// How deliveries go.
    pub fn delivery(&self, delivery: Delivery) {
        self.shared.act(|world| world.delivery = delivery);
    }

    /// HTTP mode: the URL is proved, then everything goes there. False when the app does not answer the challenge.
    pub async fn set_request_url(&self, url: &str) -> bool {
        let good = request_url::verify(&self.shared, url).await;
        if good {
            self.shared.act(|world| world.request_url = Some(url.to_owned()));
        }
        good
    }

    /// HTTP mode without the proof: what is for the app goes to this URL, whether somebody listens there yet or not.
    pub fn request_url(&self, url: &str) {
        self.shared.act(|world| world.request_url = Some(url.to_owned()));
    }

    /// `v0=…` as the service signs.
    pub fn signature(&self, timestamp: &str, body: &str) -> String {
        request_url::signature(&self.shared.world().app.signing_secret, timestamp, body)
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

    /// Everything in a channel, oldest first, deleted messages included.
    pub fn transcript(&self, channel: &str) -> Vec<Shown> {
        self.shared.world().channels.get(channel).map(|c| c.messages.clone()).unwrap_or_default()
    }

    /// What the bot wrote in a channel and what stands there still.
    pub fn shown(&self, channel: &str) -> Vec<Shown> {
        self.transcript(channel).into_iter().filter(|m| m.by_bot && !m.deleted).collect()
    }

    /// The modals, in the order in which they were opened.
    pub fn views(&self) -> Vec<View> {
        self.shared.world().views.values().cloned().collect()
    }

    /// A person's home, with how often homes were published.
    pub fn home(&self, user: &str) -> (Option<View>, u64) {
        let world = self.shared.world();
        (world.homes.get(user).cloned(), world.home_publishes)
    }

    /// The unfurled links.
    pub fn unfurls(&self) -> Vec<Unfurl> {
        self.shared.world().unfurls.clone()
    }

    /// The files that are up: name and bytes.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let world = self.shared.world();
        let whole = world.uploads.values().filter(|upload| upload.complete);
        whole.filter_map(|upload| Some((upload.name.clone(), upload.bytes.clone()?))).collect()
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        let world = self.shared.world();
        Counters { now_us: world.now_us(), ..world.counters.clone() }
    }

    /// The calls of one method, or all, as far as they are remembered.
    pub fn calls(&self, method: Option<&str>) -> Vec<Call> {
        calls(&self.shared, method)
    }

    /// Whether the app has acknowledged something that was done by hand, by the envelope's id.
    pub fn acknowledged(&self, envelope: &str) -> bool {
        self.shared.world().acked_by_hand.contains(envelope)
    }

    /// What the app has not acknowledged.
    pub fn waiting(&self) -> Vec<Waiting> {
        queue::waiting(&self.shared.world())
    }

    /// What is wrong with blocks; empty: nothing.
    pub fn wrong_blocks(blocks: &Value) -> Vec<String> {
        World::wrong_blocks(blocks)
    }

    /// Waits until `look` gives something, at most `patience`.
    pub async fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        wait_changes(&self.shared, patience, || look(self)).await
    }

    /// Waits until the bot has `count` messages standing in `channel`; gives what there is, even when it is fewer.
    pub async fn wait_shown(&self, channel: &str, count: usize, patience: Duration) -> Vec<Shown> {
        let _ = self.wait(patience, |me| (me.shown(channel).len() >= count).then_some(())).await;
        self.shown(channel)
    }

    /// Waits until everything is acknowledged; false when it takes longer than `patience`.
    pub async fn wait_acknowledged(&self, patience: Duration) -> bool {
        self.wait(patience, |me| me.waiting().is_empty().then_some(())).await.is_some()
    }

    /// Waits until `count` sockets have been opened in all.
    pub async fn wait_sockets(&self, count: u64, patience: Duration) -> bool {
        self.wait(patience, |me| (me.counters().sockets_opened >= count).then_some(())).await.is_some()
    }
}

pub(crate) fn calls(shared: &Shared, method: Option<&str>) -> Vec<Call> {
    let world = shared.world();
    world.calls.iter().filter(|call| method.is_none_or(|m| call.method == m)).cloned().collect()
}

pub(crate) fn disconnect(shared: &Shared, reason: &str) {
    let frame =
        serde_json::json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-standin" } });
    shared.act(|world| {
        for socket in world.sockets.values_mut() {
            let _ = socket.frames.send(Frame::Text(frame.to_string()));
            socket.retiring = true;
            if reason != "warning" {
                let _ = socket.frames.send(Frame::Close);
            }
        }
    });
}

pub(crate) fn each_socket(shared: &Shared, frame: &Frame) {
    shared.act(|world| {
        for socket in world.sockets.values() {
            let _ = socket.frames.send(frame.clone());
        }
    });
}

pub(crate) async fn wait_changes<T>(
    shared: &Shared,
    patience: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let until = tokio::time::Instant::now() + patience;
    loop {
        let changed = shared.next_change();
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
