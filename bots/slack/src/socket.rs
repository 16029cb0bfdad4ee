//! Purpose: Socket Mode: deliveries over a WebSocket we open, each acknowledged only after it was kept:
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>.
//!
//! The library's own listener gives the raw envelope too, but awaits it in its reader: one slow room would hold up all the
//! others, and the acknowledgement is its return value, so nothing can be taken in beside it. It also connects without a
//! deadline, waits 30 s between tries, closes the old socket before the new one stands, and logs the address with its ticket.
//! So the loop is ours: framing by tungstenite, the connection itself by reqwest, whose TLS everything else uses.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use reqwest::{Upgraded, Url, header};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};
use yoman_chat::BotError;

use crate::{
    api::CallError,
    intake::{Intake, Kind, lane},
};

/// How long a connection may take, from asking for it to its greeting.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// A ping goes out when nothing came for this long.
const PING: Duration = Duration::from_secs(5);
/// A socket on which nothing comes for this long, not even an answer to a ping, is dead.
const DEAD: Duration = Duration::from_secs(15);
/// The first pause after a failure, doubled up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a socket that is to be closed is read on while the next one stands.
const RETIRING: Duration = Duration::from_secs(30);
/// How many deliveries are in hand at once; more wait in the socket.
const IN_HAND_MAX: usize = 512;
/// No frame is larger.
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long what is under way may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_200);

type Socket = WebSocketStream<Upgraded>;

/// How long things may take; shorter in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A ping goes out when nothing came for this long.
    pub ping: Duration,
    /// A socket on which nothing came for this long is given up.
    pub dead: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { ping: PING, dead: DEAD }
    }
}

/// What a socket's task tells.
#[derive(Debug)]
enum News {
    /// It stands. After an outage what was said meanwhile is fetched. Nothing is read from it before this is dropped: what
    /// comes with the greeting stands behind what was missed.
    Stands(u64, oneshot::Sender<()>),
    /// It is about to be closed: another is wanted beside it.
    Retiring(u64),
    /// It could not be opened.
    Failed(u64, CallError),
    /// It has ended.
    Ended(u64),
    /// Socket Mode was switched off.
    Disabled,
}

/// Keeps a socket open until stopped.
pub(crate) async fn run(intake: Intake, timing: Timing) -> Result<(), BotError> {
    let (news, mut heard) = mpsc::unbounded_channel();
    let mut sockets = JoinSet::new();
    let mut number = 0_u64;
    let mut failures = 0_u32;
    // Nothing was heard before the first socket stands, since the process before this one last did.
    let mut outage = true;
    let mut since = intake.core.alive();
    let mut open = |sockets: &mut JoinSet<()>, pause: Duration| {
        number += 1;
        sockets.spawn(socket(intake.clone(), number, pause, timing, news.clone()));
        number
    };
    let mut current = open(&mut sockets, Duration::ZERO);
    let outcome = loop {
        let heard = tokio::select! {
            biased;
            () = intake.stop.cancelled() => break Ok(()),
            heard = heard.recv() => heard,
        };
        match heard {
            Some(News::Stands(number, _read_on)) => {
                failures = 0;
                intake.core.pulse.up();
                if std::mem::take(&mut outage) {
                    tracing::info!(bot = %intake.core.name, "connected to Slack");
                    intake.catch_up_all(since);
                }
                tracing::debug!(bot = %intake.core.name, number, "a socket stands");
            }
            Some(News::Retiring(number)) if number == current => current = open(&mut sockets, Duration::ZERO),
            Some(News::Failed(number, error)) if number == current => {
                if let Some(wrong) = error.setting("the app-level token (SLACK_APP_TOKEN)") {
                    break Err(wrong);
                }
                let wait = if let CallError::Wait(after) = &error { *after } else { pause(failures) };
                failures += 1;
                if !std::mem::replace(&mut outage, true) {
                    since = intake.core.alive();
                }
                intake.core.pulse.down(error.to_string());
                tracing::warn!(bot = %intake.core.name, %error, "no socket; trying again");
                current = open(&mut sockets, wait);
            }
            Some(News::Ended(number)) if number == current => {
                intake.core.pulse.down("the connection ended");
                tracing::warn!(bot = %intake.core.name, "the socket has ended; opening another");
                if !std::mem::replace(&mut outage, true) {
                    since = intake.core.alive();
                }
                current = open(&mut sockets, pause(failures));
                failures += 1;
            }
            Some(News::Disabled) => {
                break Err(BotError::Setting(
                    "Socket Mode was switched off for this app: switch it on under Settings, Socket Mode at https://api.slack.com/apps, or use HTTP mode".into(),
                ));
            }
            // A socket that was to be closed anyway.
            Some(News::Retiring(_) | News::Failed(..) | News::Ended(_)) => while sockets.try_join_next().is_some() {},
            None => break Ok(()),
        }
    };
    if outcome.is_ok() {
        // Each ends by itself once stopped, when what it has in hand is done.
        let _ = timeout(STOP_PATIENCE, async { while sockets.join_next().await.is_some() {} }).await;
    }
    outcome
}

fn pause(failures: u32) -> Duration {
    let pause = (PAUSE * 2_u32.pow(failures.min(8))).min(PAUSE_MAX);
    // With jitter, so that many processes do not come back at once.
    pause.mul_f64(0.75 + fastrand::f64() * 0.5)
}

async fn socket(intake: Intake, number: u64, pause: Duration, timing: Timing, news: mpsc::UnboundedSender<News>) {
    let tell = |what: News| {
        // Who does not listen any more has stopped.
        let _ = news.send(what);
    };
    tokio::select! {
        () = intake.stop.cancelled() => return,
        () = sleep(pause) => {}
    }
    let connected = tokio::select! {
        () = intake.stop.cancelled() => return,
        connected = timeout(CONNECT_PATIENCE, connect(&intake)) => connected,
    };
    let socket = match connected {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return tell(News::Failed(number, error)),
        Err(_) => return tell(News::Failed(number, CallError::Unsent("no connection in time".into()))),
    };
    serve(&intake, socket, number, timing, &tell).await;
    tell(News::Ended(number));
}

/// Asks for an address and opens a WebSocket there.
async fn connect(intake: &Intake) -> Result<Socket, CallError> {
    let mut url = intake.core.api.open_connection().await?;
    let scheme = match url.scheme() {
        "wss" | "https" => "https",
        _ => "http",
    };
    // `Url` does not let a special scheme become another where it cannot: then the address is none of ours.
    set_scheme(&mut url, scheme)?;
    let key = generate_key();
    let asked = intake
        .core
        .api
        .http()
        .get(url)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &key)
        .send();
    // The address holds a ticket: it is in no error.
    let answer = asked.await.map_err(|error| CallError::Unsent(error.without_url().to_string()))?;
    let accept = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if answer.status() != reqwest::StatusCode::SWITCHING_PROTOCOLS || accept != derive_accept_key(key.as_bytes()) {
        return Err(CallError::Unsent(format!("the socket was refused ({})", answer.status().as_u16())));
    }
    let upgraded = answer.upgrade().await.map_err(|error| CallError::Unsent(error.without_url().to_string()))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX))
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0);
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

fn set_scheme(url: &mut Url, scheme: &str) -> Result<(), CallError> {
    url.set_scheme(scheme).map_err(|()| CallError::Unsent("the address of the socket is none".into()))
}

/// Reads one socket until it ends, is dead, or has been retiring for long enough.
async fn serve(intake: &Intake, socket: Socket, number: u64, timing: Timing, tell: &impl Fn(News)) {
    let (mut sink, mut stream) = socket.split();
    let (acks, mut to_ack) = mpsc::unbounded_channel::<String>();
    let mut in_hand = JoinSet::new();
    let mut last_heard = Instant::now();
    let mut last_ping = Instant::now();
    let mut retiring: Option<Instant> = None;
    let mut greeted = false;
    loop {
        let quiet_until = (last_heard.max(last_ping) + timing.ping).min(last_heard + timing.dead);
        let end = retiring.unwrap_or(quiet_until).min(quiet_until);
        tokio::select! {
            biased;
            () = intake.stop.cancelled() => break,
            Some(id) = to_ack.recv() => {
                if !acknowledge(&mut sink, &id, timing.dead).await {
                    break;
                }
            }
            Some(_) = in_hand.join_next() => {}
            message = stream.next(), if in_hand.len() < IN_HAND_MAX => {
                last_heard = Instant::now();
                if greeted {
                    intake.core.is_alive();
                }
                match message {
                    Some(Ok(Message::Text(text))) => match read(&text) {
                        Read::Hello if !greeted => {
                            greeted = true;
                            intake.core.is_alive();
                            let (read_on, heard) = oneshot::channel();
                            tell(News::Stands(number, read_on));
                            tokio::select! {
                                () = intake.stop.cancelled() => {}
                                _ = heard => {}
                            }
                        }
                        Read::Hello => {}
                        Read::Disconnect(reason) => {
                            tracing::debug!(bot = %intake.core.name, number, reason, "Slack will close the socket");
                            if reason == "link_disabled" {
                                tell(News::Disabled);
                                break;
                            }
                            if retiring.is_none() {
                                retiring = Some(Instant::now() + RETIRING);
                                tell(News::Retiring(number));
                            }
                        }
                        Read::Envelope { id, kind, payload } => {
                            let turn = intake.lanes.turn(&lane(kind, &payload));
                            let (intake, acks) = (intake.clone(), acks.clone());
                            in_hand.spawn(async move {
                                if intake.take(kind, &id, &payload, turn).await {
                                    let _ = acks.send(id);
                                } else {
                                    intake.fall_behind();
                                }
                            });
                        }
                        Read::Nonsense(why) => tracing::warn!(bot = %intake.core.name, why, "a frame that is no envelope"),
                    },
                    // What a ping is answered with goes out by itself, with the next frame at the latest.
                    Some(Ok(Message::Ping(_))) => {
                        let _ = timeout(timing.dead, sink.flush()).await;
                    }
                    Some(Ok(Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                }
            }
            () = tokio::time::sleep_until(end) => {
                if retiring.is_some_and(|at| at <= Instant::now()) {
                    break;
                }
                if in_hand.len() >= IN_HAND_MAX {
                    // We do not listen, so it is not the socket that is silent.
                    last_heard = Instant::now();
                }
                if last_heard.elapsed() >= timing.dead {
                    tracing::warn!(bot = %intake.core.name, number, "the socket is dead: nothing came for {} s", timing.dead.as_secs());
                    break;
                }
                last_ping = Instant::now();
                let ping = Message::Ping(Vec::new().into());
                if !matches!(timeout(timing.dead, sink.send(ping)).await, Ok(Ok(()))) {
                    break;
                }
            }
        }
    }
    drop(acks);
    if !intake.stop.is_cancelled() {
        // The socket is gone; what is in hand goes on, and is acknowledged when it comes again.
        in_hand.detach_all();
        return;
    }
    // What is in hand may still be kept and acknowledged.
    let rest = async {
        loop {
            tokio::select! {
                Some(_) = in_hand.join_next() => {}
                id = to_ack.recv() => match id {
                    Some(id) => if !acknowledge(&mut sink, &id, timing.dead).await { break },
                    None => break,
                },
            }
        }
        let _ = sink.close().await;
    };
    let _ = timeout(STOP_PATIENCE - Duration::from_millis(100), rest).await;
}

async fn acknowledge(sink: &mut SplitSink<Socket, Message>, id: &str, patience: Duration) -> bool {
    let ack = Message::text(json!({ "envelope_id": id }).to_string());
    matches!(timeout(patience, sink.send(ack)).await, Ok(Ok(())))
}

enum Read {
    Hello,
    Disconnect(String),
    Envelope { id: String, kind: Kind, payload: Value },
    Nonsense(&'static str),
}

/// All that is needed of a frame to acknowledge it; what else is in it is passed over, however it looks.
#[derive(serde::Deserialize)]
struct Addressed {
    envelope_id: String,
}

fn read(text: &str) -> Read {
    let Ok(mut frame) = serde_json::from_str::<Value>(text) else {
        // Nested deeper than is read, for one: it is kept aside and acknowledged, or it would come again and again.
        return match serde_json::from_str::<Addressed>(text) {
            Ok(Addressed { envelope_id: id }) => {
                Read::Envelope { id, kind: Kind::Unknown, payload: Value::String(text.to_owned()) }
            }
            Err(_) => Read::Nonsense("not JSON"),
        };
    };
    let word = frame["type"].as_str().unwrap_or_default().to_owned();
    match word.as_str() {
        "hello" => return Read::Hello,
        "disconnect" => return Read::Disconnect(frame["reason"].as_str().unwrap_or_default().to_owned()),
        _ => {}
    }
    // Whatever has an envelope can be acknowledged, known or not.
    let Some(id) = frame["envelope_id"].as_str().map(str::to_owned) else {
        return Read::Nonsense("no envelope");
    };
    let kind = Kind::of(&word);
    let payload = if kind == Kind::Unknown { frame } else { frame["payload"].take() };
    Read::Envelope { id, kind, payload }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_nests_too_deep_can_be_acknowledged() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let frame = format!(r#"{{"envelope_id":"e1","type":"events_api","payload":{{"event":{deep}}}}}"#);
        assert!(matches!(read(&frame), Read::Envelope { id, kind: Kind::Unknown, .. } if id == "e1"));
        assert!(matches!(read(&frame[..300]), Read::Nonsense("not JSON")));
        assert!(matches!(read(&deep), Read::Nonsense("not JSON")));
    }
}
