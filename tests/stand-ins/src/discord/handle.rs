//! Purpose: [`DiscordStandIn`], what tests hold.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ed25519_dalek::Signer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    gateway, interactions,
    model::{
        Answered, Ask, BotIdentity, Call, Counters, Fault, Invoke, Limits, NewChannel, Person, Say, Shown, ShownButton,
    },
    permissions, server,
    server::Shared,
    world::{Frame, Message, World},
};

/// A server that runs until it is dropped.
pub struct DiscordStandIn {
    shared: Arc<Shared>,
    addr: SocketAddr,
    down: CancellationToken,
}

impl Drop for DiscordStandIn {
    fn drop(&mut self) {
        self.down.cancel();
    }
}

impl DiscordStandIn {
    /// On a free port, with the usual bot.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(BotIdentity::default(), ([127, 0, 0, 1], 0).into()).await
    }

    /// With a bot and an address of one's own. The gateway listens on a port beside it.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start_with(bot: BotIdentity, addr: SocketAddr) -> io::Result<Self> {
        let listener = server::listen(addr).await?;
        let addr = listener.local_addr()?;
        let sockets = TcpListener::bind((addr.ip(), 0)).await?;
        let mut world = World::new(bot);
        world.gateway_url = format!("ws://{}", sockets.local_addr()?);
        let (shared, down) = (Arc::new(Shared::new(world)), CancellationToken::new());
        tokio::spawn(server::serve(Arc::clone(&shared), listener, down.clone()));
        tokio::spawn(gateway::serve(Arc::clone(&shared), sockets, down.clone()));
        Ok(Self { shared, addr, down })
    }

    /// The base of the API.
    pub fn url(&self) -> String {
        format!("http://{}/api/v10", self.addr)
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.shared.world().bot.token.clone()
    }

    /// The bot's id.
    pub fn bot_id(&self) -> u64 {
        self.shared.world().bot.id
    }

    /// The key with which interactions are signed, as the portal shows it.
    pub fn public_key(&self) -> String {
        self.shared.world().key.verifying_key().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A new person with a direct chat.
    pub fn person(&self, name: &str) -> Person {
        self.shared.act(|world| world.add_person(Person { name: name.into(), ..Person::default() }))
    }

    /// A channel, or a thread.
    ///
    /// # Errors
    /// When what it belongs to is not there.
    pub fn add_channel(&self, channel: NewChannel) -> Result<u64, String> {
        self.shared.act(|world| world.add_channel(channel))
    }

    /// The guild of a channel.
    pub fn guild_of(&self, channel: u64) -> Option<u64> {
        self.shared.world().channel(channel).and_then(|channel| channel.guild)
    }

    /// Somebody writes; gives the message's id.
    ///
    /// # Errors
    /// When the channel or the person is not there.
    pub fn say(&self, say: Say) -> Result<u64, String> {
        self.shared.act(|world| world.say(say))
    }

    /// The person of a direct chat writes.
    ///
    /// # Errors
    /// When the chat is not there.
    pub fn write(&self, dm: u64, text: &str) -> Result<u64, String> {
        self.say(Say { channel_id: dm, text: text.into(), ..Say::default() })
    }

    /// A message is changed by its writer.
    ///
    /// # Errors
    /// When it is not there.
    pub fn change(&self, message: u64, text: &str) -> Result<(), String> {
        self.shared.act(|world| world.change(message, text))
    }

    /// A message is deleted.
    ///
    /// # Errors
    /// When it is not there.
    pub fn delete(&self, message: u64) -> Result<(), String> {
        self.shared.act(|world| world.delete(message))
    }

    /// Somebody uses a command, or types one of its options; gives the interaction's id.
    ///
    /// # Errors
    /// When there is no such command, or it cannot be used so.
    pub fn invoke(&self, invoke: &Invoke) -> Result<u64, String> {
        let (id, event) = self.shared.act(|world| world.invoke(invoke))?;
        self.post(id, event);
        Ok(id)
    }

    /// Somebody presses a button; 0 stands for the person of the direct chat.
    ///
    /// # Errors
    /// When no button carries that.
    pub fn press(&self, message: u64, user: u64, custom_id: &str) -> Result<u64, String> {
        let (id, event) = self.shared.act(|world| world.press(message, user, custom_id))?;
        self.post(id, event);
        Ok(id)
    }

    /// Somebody puts a reaction to a message, or takes it away; 0 stands for the person of the direct chat. `name:id` is an
    /// emoji of a server's own.
    ///
    /// # Errors
    /// When the message or the person is not there, or the reaction is so already.
    pub fn react(&self, message: u64, user: u64, emoji: &str, added: bool) -> Result<(), String> {
        self.shared.act(|world| world.react(message, user, emoji, added))
    }

    /// Somebody fills in the form an interaction was answered with.
    ///
    /// # Errors
    /// When it was not answered with one.
    pub fn fill(&self, ask: &Ask) -> Result<u64, String> {
        let (id, event) = self.shared.act(|world| world.fill(ask))?;
        self.post(id, event);
        Ok(id)
    }

    /// An interaction goes to the endpoint, if there is one.
    fn post(&self, id: u64, event: Value) {
        let Some(url) = self.shared.world().endpoint.clone() else { return };
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let token = event["token"].as_str().unwrap_or_default().to_owned();
            let signed = sign(&shared, &event.to_string());
            let answer = tokio::time::timeout(Duration::from_secs(3), deliver(&url, &signed)).await;
            if let Ok(Ok((200, body))) = answer {
                // Refused like a callback: the person sees that the interaction failed.
                let _ = shared.act(|world| interactions::answer(world, id, &token, &body, &[]));
            }
        });
    }

    /// Interactions go to this address from now on; `None`: to the gateway. As the portal does, it is tried before.
    ///
    /// # Errors
    /// When the endpoint does not answer as it must.
    pub async fn set_endpoint(&self, url: Option<&str>) -> Result<(), String> {
        if let Some(url) = url {
            let ping = json!({ "id": "1", "application_id": "1", "type": 1, "token": "x", "version": 1 }).to_string();
            let mut forged = sign(&self.shared, &ping);
            forged.signature = "00".repeat(64);
            let (status, _) = deliver(url, &forged).await?;
            if status != 401 {
                return Err(format!("a forged signature was answered {status}, not 401"));
            }
            let (status, body) = deliver(url, &sign(&self.shared, &ping)).await?;
            if status != 200 || body["type"] != 1 {
                return Err(format!("a ping was answered {status} {body}"));
            }
        }
        self.shared.act(|world| world.endpoint = url.map(str::to_owned));
        Ok(())
    }

    /// What became of an interaction.
    pub fn answered(&self, interaction: u64) -> Option<Answered> {
        let world = self.shared.world();
        let it = world.interactions.get(&interaction)?;
        Some(Answered {
            interaction_id: it.id,
            kind: it.answered,
            after_us: it.after_us,
            data: it.data.clone(),
            messages: it.messages.iter().filter_map(|id| world.message(*id)).map(|m| shown(&world, m)).collect(),
        })
    }

    /// Makes an interaction older, so that its deadlines pass.
    pub fn age(&self, interaction: u64, by: Duration) {
        self.shared.act(|world| {
            if let Some(it) = world.interactions.get_mut(&interaction) {
                it.aged += by;
            }
        });
    }

    /// What stands in a channel, oldest first.
    pub fn shown(&self, channel: u64) -> Vec<Shown> {
        let world = self.shared.world();
        world.channel(channel).map_or(Vec::new(), |it| it.messages.values().map(|m| shown(&world, m)).collect())
    }

    /// What the bot has standing in a channel, oldest first.
    pub fn by_bot(&self, channel: u64) -> Vec<Shown> {
        self.shown(channel).into_iter().filter(|message| message.by_bot).collect()
    }

    /// The commands that are registered; guild 0: globally.
    pub fn commands(&self, guild: u64) -> Vec<Value> {
        self.shared.world().commands.get(&guild).cloned().unwrap_or_default()
    }

    /// An event of any shape.
    pub fn raw_event(&self, name: &str, data: Value) {
        self.shared.act(|world| world.raw_event(name, data));
    }

    /// The bot is shut out of a direct chat, or let in again.
    pub fn shut(&self, channel: u64, shut: bool) {
        self.shared.act(|world| {
            if let Some(channel) = world.channels.get_mut(&channel) {
                channel.shut = shut;
            }
        });
    }

    /// People pin as many messages in a channel as it can have.
    pub fn fill_pins(&self, channel: u64) {
        self.shared.act(|world| super::pins::fill(world, channel));
    }

    /// The bot may not do this in a channel any more: `SEND_MESSAGES`.
    pub fn deny(&self, channel: u64, permission: &str) {
        let bit = permissions::by_name(permission).unwrap_or(0);
        self.shared.act(|world| {
            if let Some(channel) = world.channels.get_mut(&channel) {
                channel.denied |= bit;
            }
        });
    }

    /// What the bot's roles allow in a guild.
    pub fn set_permissions(&self, guild: u64, permissions: u64) {
        self.shared.act(|world| {
            if let Some(guild) = world.guilds.get_mut(&guild) {
                guild.permissions = permissions;
            }
        });
    }

    /// What a bot that was invited as it should be may do.
    pub fn invited() -> u64 {
        super::rest::invited()
    }

    /// A failure to come.
    pub fn fault(&self, fault: Fault) {
        self.shared.act(|world| world.faults.push(fault));
    }

    /// No failures any more.
    pub fn no_faults(&self) {
        self.shared.act(|world| world.faults.clear());
    }

    /// Rates on or off.
    pub fn limits(&self, limits: Option<Limits>) {
        self.shared.act(|world| world.limits = limits);
    }

    /// The heartbeat interval of connections to come, and whether heartbeats are answered.
    pub fn heartbeats(&self, interval_ms: u64, answered: bool) {
        self.shared.act(|world| {
            world.heartbeat_ms = interval_ms;
            world.mute_heartbeats = !answered;
        });
    }

    /// How many sessions may still be started.
    pub fn session_starts(&self, left: u32) {
        self.shared.act(|world| world.session_starts_left = left);
    }

    fn each_socket(&self, frame: impl Fn() -> Frame) {
        self.shared.act(|world| {
            for session in &world.sessions {
                if let Some(socket) = &session.socket {
                    let _ = socket.send(frame());
                }
            }
        });
    }

    /// Asks the bot to connect anew (op 7).
    pub fn ask_reconnect(&self) {
        self.each_socket(|| Frame::Send(json!({ "op": 7, "d": null }).to_string()));
    }

    /// Tells the bot that its session is invalid (op 9), and forgets it unless it may be resumed.
    pub fn invalidate(&self, resumable: bool) {
        self.each_socket(|| Frame::Send(json!({ "op": 9, "d": resumable }).to_string()));
        if !resumable {
            self.shared.act(|world| {
                world.sessions.clear();
                world.identified = None;
            });
        }
    }

    /// Closes the gateway's sockets with a code; 0: without a word.
    pub fn close(&self, code: u16) {
        self.each_socket(|| if code == 0 { Frame::Drop } else { Frame::Close(code, "closed".into()) });
    }

    /// Forgets all sessions, as after a long outage: nothing can be resumed.
    pub fn forget_sessions(&self) {
        self.close(0);
        self.shared.act(|world| world.sessions.clear());
    }

    /// Whether a session is connected.
    pub fn connected(&self) -> bool {
        self.shared.world().sessions.iter().any(|session| session.socket.is_some())
    }

    /// How often the bot has identified and resumed.
    pub fn starts(&self) -> (u32, u32) {
        let world = self.shared.world();
        (world.identifies, world.resumes)
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        let world = self.shared.world();
        Counters { now_us: world.now_us(), ..world.counters.clone() }
    }

    /// The requests whose `METHOD /path` holds `route`.
    pub fn calls(&self, route: &str) -> Vec<Call> {
        let world = self.shared.world();
        world.calls.iter().filter(|call| format!("{} {}", call.method, call.path).contains(route)).cloned().collect()
    }

    /// Waits until `look` gives something, at most `patience`.
    pub async fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            let change = self.shared.changed.notified();
            tokio::pin!(change);
            change.as_mut().enable();
            if let Some(found) = look(self) {
                return Some(found);
            }
            if tokio::time::timeout_at(until, change).await.is_err() {
                return look(self);
            }
        }
    }

    pub(crate) fn over(shared: Arc<Shared>, addr: SocketAddr) -> Self {
        Self { shared, addr, down: CancellationToken::new() }
    }
}

/// A body with its signature.
struct Signed {
    body: String,
    timestamp: String,
    signature: String,
}

fn sign(shared: &Shared, body: &str) -> Signed {
    let timestamp = chrono::Utc::now().timestamp().to_string();
    let signature = shared.world().key.sign(format!("{timestamp}{body}").as_bytes());
    let signature = signature.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Signed { body: body.to_owned(), timestamp, signature }
}

async fn deliver(url: &str, signed: &Signed) -> Result<(u16, Value), String> {
    use http_body_util::BodyExt;

    let request = hyper::Request::post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Discord-Interactions/1.0 (+https://discord.com)")
        .header("x-signature-ed25519", &signed.signature)
        .header("x-signature-timestamp", &signed.timestamp)
        .body(axum::body::Body::from(signed.body.clone()))
        .map_err(|error| error.to_string())?;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let response = client.request(request).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn shown(world: &World, message: &Message) -> Shown {
    let rows = message.components.as_array().cloned().unwrap_or_default();
    Shown {
        id: message.id,
        channel_id: message.channel,
        by_bot: message.author == world.bot.id,
        text: message.text(),
        content: message.content.clone(),
        embeds: message.embeds.clone(),
        buttons: rows
            .iter()
            .map(|row| row["components"].as_array().into_iter().flatten().flat_map(buttons).collect())
            .collect(),
        reply_to: message.reference,
        only_for: message.only_for,
        pings: message.pings.clone(),
        flags: message.flags,
        files: message.attachments.iter().filter_map(|it| it["filename"].as_str().map(str::to_owned)).collect(),
        edits: message.edits,
        pinned: message.pinned,
        versions: message.versions.clone(),
        at_us: message.at_us,
    }
}

fn buttons(component: &Value) -> Vec<ShownButton> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if component["type"] == 2 {
        let (label, custom_id) = (text(&component["label"]), text(&component["custom_id"]));
        return vec![ShownButton { label, custom_id, menu: String::new() }];
    }
    let options = component["options"].as_array().cloned().unwrap_or_default();
    let menu = text(&component["custom_id"]);
    let one = |option: &Value| ShownButton {
        label: text(&option["label"]),
        custom_id: text(&option["value"]),
        menu: menu.clone(),
    };
    options.iter().map(one).collect()
}
