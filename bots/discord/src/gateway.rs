//! Purpose: the WebSocket: hello, identify or resume, heartbeats, and coming back whatever happens to it.
//! Source: <https://discord.com/developers/docs/events/gateway>.
//!
//! The loop is ours, with serenity's intents: serenity runs every event in a task of its own, so their order is lost; it
//! keeps no session over a restart; and its socket brings an older TLS stack.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use serenity::all::GatewayIntents;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use yoman_chat::BotError;

use crate::{
    api::{self, CallError},
    intake::Intake,
    session::Point,
    wire,
};

/// What asks for no privilege: content comes with mentions and direct messages alone.
const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::GUILD_MESSAGE_REACTIONS)
    .union(GatewayIntents::DIRECT_MESSAGES)
    .union(GatewayIntents::DIRECT_MESSAGE_REACTIONS);
/// A large server's description comes in one frame.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the first word may take.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// How often what was remembered is written.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// A socket closed with this keeps its session, other than 1000.
const KEEP_SESSION: u16 = 4_900;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Of `GET /gateway/bot`.
#[derive(Deserialize)]
struct Gateway {
    url: String,
    session_start_limit: Option<StartLimit>,
}

#[derive(Deserialize)]
struct StartLimit {
    remaining: u64,
    reset_after: u64,
}

/// One frame, opened only as far as its envelope.
#[derive(Deserialize)]
struct Frame<'a> {
    op: u64,
    #[serde(default)]
    s: Option<u64>,
    #[serde(default)]
    t: Option<String>,
    #[serde(default, borrow)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Hello {
    heartbeat_interval: u64,
}

/// Why a connection ended.
enum End {
    /// To be taken up where it stood.
    Resume(String),
    /// To be begun anew.
    Fresh(String),
    /// A person has to change something.
    Setting(BotError),
    Stopped,
}

/// Runs until stopped, or until the token or the intents turn out to be wrong.
pub(crate) async fn run(intake: &Intake) -> Result<(), BotError> {
    let stop = intake.stop.clone();
    let mut pause = PAUSE;
    loop {
        let began = Instant::now();
        let end = tokio::select! {
            biased;
            () = stop.cancelled() => End::Stopped,
            end = connected(intake) => end,
        };
        if began.elapsed() > Duration::from_secs(30) {
            pause = PAUSE;
        }
        match end {
            End::Stopped => return Ok(()),
            End::Setting(error) => return Err(error),
            End::Fresh(why) => {
                tracing::info!(bot = %intake.us.bot, why, "Discord begins a new session");
                intake.session.end();
            }
            End::Resume(why) => {
                tracing::info!(bot = %intake.us.bot, why, "the connection to Discord is taken up again")
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause.mul_f64(0.75 + fastrand::f64() * 0.5)) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Writes what is remembered from time to time, until stopped.
pub(crate) async fn save_now_and_then(intake: &Intake) {
    loop {
        tokio::select! {
            biased;
            () = intake.stop.cancelled() => return,
            () = sleep(SAVE_EVERY) => {}
        }
        save(intake).await;
    }
}

/// Writes what is remembered. Marks first: a session ahead of them would leave a gap, the other way round nothing is lost.
pub(crate) async fn save(intake: &Intake) {
    intake.seen.save(&intake.inbox).await;
    intake.session.save(&intake.inbox).await;
}

async fn connected(intake: &Intake) -> End {
    let point = intake.session.resume();
    let url = match &point {
        Some(point) => point.url.clone(),
        None => match find(intake).await {
            Ok(url) => url,
            Err(end) => return end,
        },
    };
    let mut socket = match connect(&url).await {
        Ok(socket) => socket,
        Err(why) => {
            // The place to resume at may be gone while the service is not.
            let gone = point.is_some() && intake.api.get::<serde_json::Value>("gateway").await.is_ok();
            return if gone { End::Fresh(why) } else { End::Resume(why) };
        }
    };
    let heartbeat = match timeout(HELLO_TIMEOUT, hello(&mut socket)).await {
        Ok(Ok(interval)) => interval,
        Ok(Err(why)) => return End::Resume(why),
        Err(_) => return End::Resume("no greeting came".into()),
    };
    let greeting = match &point {
        Some(point) => resume(intake, point),
        None => {
            intake.session.end();
            identify(intake)
        }
    };
    if let Err(error) = socket.send(Message::text(greeting)).await {
        return End::Resume(error.to_string());
    }
    serve(intake, socket, heartbeat).await
}

/// Where the gateway is; waits when no more sessions may be started.
async fn find(intake: &Intake) -> Result<String, End> {
    let found = match intake.api.get::<Gateway>("gateway/bot").await {
        Ok(found) => found,
        Err(error) => {
            if let Some(wrong) = api::bad_token(&intake.us.bot, &error) {
                return Err(End::Setting(wrong));
            }
            if let Some(wait) = error.wait() {
                sleep(wait).await;
            }
            return Err(End::Resume(format!("the gateway is not known: {error}")));
        }
    };
    if let Some(limit) = found.session_start_limit.filter(|limit| limit.remaining == 0) {
        tracing::warn!(
            bot = %intake.us.bot, wait_s = limit.reset_after / 1_000,
            "Discord lets this bot start no more sessions today; something has started it very often"
        );
        sleep(Duration::from_millis(limit.reset_after.clamp(1_000, 86_400_000))).await;
        return Err(End::Resume("the sessions of a day were used up".into()));
    }
    Ok(found.url)
}

async fn connect(url: &str) -> Result<Socket, String> {
    let url = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
    let config =
        WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX)).max_frame_size(Some(FRAME_BYTES_MAX));
    let connecting = tokio_tungstenite::connect_async_with_config(&url, Some(config), true);
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(api::chain(&error)),
        Err(_) => Err("no connection in time".into()),
    }
}

async fn hello(socket: &mut Socket) -> Result<Duration, String> {
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message.map_err(|error| error.to_string())? {
            let frame: Frame<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let hello = frame.d.filter(|_| frame.op == 10).and_then(|d| serde_json::from_str::<Hello>(d.get()).ok());
            let interval = hello.ok_or("the first word is no greeting")?.heartbeat_interval;
            return Ok(Duration::from_millis(interval.clamp(50, 600_000)));
        }
    }
    Err("closed before the greeting".into())
}

fn identify(intake: &Intake) -> String {
    json!({
        "op": 2,
        "d": {
            "token": intake.api.token().expose(),
            "intents": INTENTS.bits(),
            "properties": { "os": std::env::consts::OS, "browser": "serenity", "device": "serenity" },
            "large_threshold": 50,
            "shard": [0, 1],
        }
    })
    .to_string()
}

fn resume(intake: &Intake, point: &Point) -> String {
    json!({ "op": 6, "d": { "token": intake.api.token().expose(), "session_id": point.session, "seq": point.seq } })
        .to_string()
}

async fn serve(intake: &Intake, mut socket: Socket, heartbeat: Duration) -> End {
    // The first one at a random moment, so that many clients do not beat together.
    let mut next_beat = Instant::now() + heartbeat.mul_f64(fastrand::f64());
    let mut answered = true;
    loop {
        let message = tokio::select! {
            biased;
            () = intake.stop.cancelled() => {
                close(&mut socket).await;
                return End::Stopped;
            }
            () = tokio::time::sleep_until(next_beat) => {
                if !answered {
                    close(&mut socket).await;
                    return End::Resume("a heartbeat was not answered".into());
                }
                answered = false;
                next_beat = Instant::now() + heartbeat;
                if let Err(error) = beat(intake, &mut socket).await {
                    return End::Resume(error);
                }
                continue;
            }
            message = socket.next() => message,
        };
        let text = match message {
            None => return End::Resume("the connection ended".into()),
            Some(Err(error)) => return End::Resume(error.to_string()),
            Some(Ok(Message::Close(frame))) => return closed(intake, frame.as_ref()),
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
        };
        let frame: Frame<'_> = match serde_json::from_str(&text) {
            Ok(frame) => frame,
            Err(error) => {
                intake.aside("frame", &text, &format!("a frame that cannot be read: {error}"), None);
                continue;
            }
        };
        match frame.op {
            0 => dispatch(intake, &frame),
            1 => {
                if let Err(error) = beat(intake, &mut socket).await {
                    return End::Resume(error);
                }
            }
            7 => {
                close(&mut socket).await;
                return End::Resume("Discord asks to connect anew".into());
            }
            9 => {
                let resumable = frame.d.is_some_and(|d| d.get() == "true");
                close(&mut socket).await;
                // Asked for by the documentation: between one and five seconds.
                let pause = Duration::from_millis(1_000 + u64::from(fastrand::u16(0..1_500)));
                tokio::select! {
                    () = intake.stop.cancelled() => return End::Stopped,
                    () = sleep(pause) => {}
                }
                let why = "the session is invalid".to_owned();
                return if resumable { End::Resume(why) } else { End::Fresh(why) };
            }
            11 => answered = true,
            10 => {}
            op => intake.aside(&format!("op{op}"), &text, "a frame of an unknown kind", None),
        }
    }
}

async fn beat(intake: &Intake, socket: &mut Socket) -> Result<(), String> {
    let beat = json!({ "op": 1, "d": intake.session.last() }).to_string();
    socket.send(Message::text(beat)).await.map_err(|error| error.to_string())
}

/// Closes so that the session can be taken up again.
async fn close(socket: &mut Socket) {
    let frame = CloseFrame { code: CloseCode::from(KEEP_SESSION), reason: "".into() };
    let _ = timeout(Duration::from_millis(200), socket.close(Some(frame))).await;
}

fn dispatch(intake: &Intake, frame: &Frame<'_>) {
    let (Some(seq), Some(name), Some(data)) = (frame.s, frame.t.as_deref(), frame.d) else { return };
    let Some(ticket) = intake.session.receive(seq) else { return };
    if name == "READY" {
        match serde_json::from_str::<wire::Ready>(data.get()) {
            Ok(ready) => {
                intake.session.begin(&ready.session_id, &ready.resume_gateway_url);
                tracing::info!(bot = %intake.us.bot, "connected to Discord");
            }
            Err(error) => tracing::warn!(bot = %intake.us.bot, %error, "the session cannot be taken up later"),
        }
    }
    intake.event(name, data, ticket);
    if name == "READY" {
        // At once: until a session is remembered, what a crash cuts off cannot be had again.
        let saved = intake.clone();
        intake.spawn(async move { save(&saved).await });
    }
}

/// What a close code says: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>.
fn closed(intake: &Intake, frame: Option<&CloseFrame>) -> End {
    let bot = &intake.us.bot;
    let code = frame.map_or(0, |frame| u16::from(frame.code));
    let why = format!("closed with {code} {}", frame.map_or("", |frame| frame.reason.as_str()));
    let setting = |text: String| End::Setting(BotError::Setting(text));
    match code {
        4004 => End::Setting(api::bad_token_error(bot)),
        4010 | 4011 => setting(format!(
            "Discord says the bot \"{bot}\" is in too many servers for one connection: it serves up to 2,500; remove it from some"
        )),
        4012 => setting(
            "Discord no longer takes version 10 of its gateway: a newer version of this program is needed".into(),
        ),
        4013 | 4014 => setting(format!(
            "Discord does not give the bot \"{bot}\" the intents Guilds, Guild Messages and Direct Messages ({code}): they \
             need no switch, so look in the developer portal under Bot whether the application is verified or restricted"
        )),
        // The sequence is not theirs, or the session timed out.
        4007 | 4009 => End::Fresh(why),
        1000 | 1001 => End::Fresh(why),
        _ => End::Resume(why),
    }
}

/// Asks until it is answered, for what must be known before anything else.
///
/// # Errors
/// When the token is not known there.
pub(crate) async fn until_answered<T: serde::de::DeserializeOwned>(
    bot: &yoman_chat::BotName,
    api: &api::Api,
    path: &str,
) -> Result<T, BotError> {
    let mut pause = PAUSE;
    loop {
        let error: CallError = match api.get(path).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if let Some(wrong) = api::bad_token(bot, &error) {
            return Err(wrong);
        }
        tracing::warn!(%bot, %error, path, "Discord does not answer as it should; trying again");
        sleep(error.wait().unwrap_or(pause)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
