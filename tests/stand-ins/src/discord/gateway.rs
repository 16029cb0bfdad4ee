//! Purpose: the WebSocket: hello, identify, resume, heartbeats, and the close codes for who does it wrong.
//! Source: <https://discord.com/developers/docs/events/gateway>.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message as WsMessage,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use tokio_util::sync::CancellationToken;

use super::{
    json,
    json::MESSAGE_CONTENT,
    server::Shared,
    world::{Frame, Session, World},
};

/// What a client may send in one frame.
const PAYLOAD_BYTES_MAX: usize = 4_096;
/// What a client may send in a minute.
const PER_MINUTE: usize = 120;
const PRIVILEGED: u64 = (1 << 1) | (1 << 8) | MESSAGE_CONTENT;
const INTENTS: u64 = 0x03ff_ffff;

type Socket = WebSocketStream<TcpStream>;

pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, down: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = down.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else { continue };
        let _ = socket.set_nodelay(true);
        let (shared, down) = (Arc::clone(&shared), down.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = down.cancelled() => {}
                () = connection(shared, socket) => {}
            }
        });
    }
}

async fn connection(shared: Arc<Shared>, socket: TcpStream) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(socket).await else { return };
    let heartbeat_ms = shared.world().heartbeat_ms;
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": heartbeat_ms, "_trace": [] } });
    if socket.send(WsMessage::text(hello.to_string())).await.is_err() {
        return;
    }
    let (to_us, mut frames) = mpsc::unbounded_channel();
    let mut mine: Option<String> = None;
    let mut heard = Instant::now();
    let mut came = std::collections::VecDeque::new();
    loop {
        let patience = Duration::from_millis(heartbeat_ms) * 2;
        let closed = tokio::select! {
            frame = frames.recv() => match frame {
                Some(Frame::Send(text)) => socket.send(WsMessage::text(text)).await.is_err(),
                Some(Frame::Close(code, why)) => {
                    close(&mut socket, code, &why).await;
                    true
                }
                Some(Frame::Drop) | None => true,
            },
            message = socket.next() => match message {
                Some(Ok(WsMessage::Text(text))) => {
                    came.push_back(Instant::now());
                    while came.front().is_some_and(|at| at.elapsed() > Duration::from_secs(60)) {
                        came.pop_front();
                    }
                    if came.len() > PER_MINUTE {
                        close(&mut socket, 4008, "You are being rate limited.").await;
                        true
                    } else if text.len() > PAYLOAD_BYTES_MAX {
                        close(&mut socket, 4002, "Error while decoding payload.").await;
                        true
                    } else {
                        heard = Instant::now();
                        match receive(&shared, &text, &to_us, &mut mine) {
                            Ok(()) => false,
                            Err((code, why)) => {
                                close(&mut socket, code, why).await;
                                true
                            }
                        }
                    }
                }
                Some(Ok(WsMessage::Close(frame))) => {
                    // A client that says goodbye in the normal way gives its session up.
                    if frame.is_some_and(|frame| matches!(u16::from(frame.code), 1000 | 1001)) {
                        let mine = mine.take();
                        shared.act(|world| world.sessions.retain(|session| Some(&session.id) != mine.as_ref()));
                    }
                    true
                }
                Some(Ok(_)) => false,
                Some(Err(_)) | None => true,
            },
            () = tokio::time::sleep_until(heard + patience) => {
                close(&mut socket, 4009, "Session timed out").await;
                true
            }
        };
        if closed {
            break;
        }
    }
    shared.act(|world| {
        let session = mine.and_then(|id| world.sessions.iter_mut().find(|session| session.id == id));
        if let Some(session) = session.filter(|s| s.socket.as_ref().is_some_and(|own| own.same_channel(&to_us))) {
            session.socket = None;
        }
    });
}

async fn close(socket: &mut Socket, code: u16, why: &str) {
    let frame = CloseFrame { code: CloseCode::from(code), reason: why.to_owned().into() };
    let _ = socket.close(Some(frame)).await;
}

type Wrong = (u16, &'static str);

fn receive(
    shared: &Shared,
    text: &str,
    to_us: &mpsc::UnboundedSender<Frame>,
    mine: &mut Option<String>,
) -> Result<(), Wrong> {
    let payload: Value = serde_json::from_str(text).map_err(|_| (4002, "Error while decoding payload."))?;
    let data = &payload["d"];
    match payload["op"].as_u64() {
        Some(1) => {
            if !shared.world().mute_heartbeats {
                let _ = to_us.send(Frame::Send(json!({ "op": 11 }).to_string()));
            }
            Ok(())
        }
        Some(2) if mine.is_some() => Err((4005, "Already authenticated.")),
        Some(2) => shared.act(|world| identify(world, data, to_us, mine)),
        Some(6) => shared.act(|world| resume(world, data, to_us, mine)),
        Some(3 | 4 | 8 | 31) if mine.is_some() => Ok(()),
        Some(3 | 4 | 8 | 31) => Err((4003, "Not authenticated.")),
        _ => Err((4001, "Unknown opcode.")),
    }
}

fn invalid(to_us: &mpsc::UnboundedSender<Frame>, resumable: bool) {
    let _ = to_us.send(Frame::Send(json!({ "op": 9, "d": resumable }).to_string()));
}

fn identify(
    world: &mut World,
    data: &Value,
    to_us: &mpsc::UnboundedSender<Frame>,
    mine: &mut Option<String>,
) -> Result<(), Wrong> {
    if data["token"] != world.bot.token.as_str() {
        return Err((4004, "Authentication failed."));
    }
    let Some(intents) = data["intents"].as_u64().filter(|intents| intents & !INTENTS == 0) else {
        return Err((4013, "Invalid intent(s)."));
    };
    let allowed = if world.bot.message_content { MESSAGE_CONTENT } else { 0 };
    if intents & PRIVILEGED & !allowed != 0 {
        return Err((4014, "Disallowed intent(s)."));
    }
    let properties = &data["properties"];
    if properties["os"].as_str().is_none() || properties["browser"].as_str().is_none() {
        return Err((4002, "Error while decoding payload."));
    }
    if data["shard"].as_array().is_some_and(|shard| shard.len() != 2 || shard[0].as_u64() >= shard[1].as_u64()) {
        return Err((4010, "Invalid shard."));
    }
    if world.session_starts_left == 0 {
        return Err((4004, "Session start limit reached."));
    }
    let limited = world.limits.as_ref().is_some_and(|limits| limits.identify);
    if limited && world.identified.is_some_and(|at| at.elapsed() < Duration::from_secs(5)) {
        invalid(to_us, false);
        return Ok(());
    }
    world.identified = Some(std::time::Instant::now());
    world.session_starts_left -= 1;
    world.identifies += 1;
    world.counters.starts += 1;
    let id = format!("session-{}", world.snowflake());
    let mut session = Session {
        id: id.clone(),
        seq: 0,
        intents,
        replay: std::collections::VecDeque::new(),
        socket: Some(to_us.clone()),
    };
    let guilds: Vec<u64> = world.guilds.values().filter(|guild| guild.member).map(|guild| guild.id).collect();
    session.push(
        "READY",
        &json!({
            "v": 10,
            "user": json::user(world, world.bot.id),
            "guilds": guilds.iter().map(|id| json!({ "id": id.to_string(), "unavailable": true })).collect::<Vec<_>>(),
            "session_id": id,
            "resume_gateway_url": world.gateway_url,
            "application": { "id": world.bot.id.to_string(), "flags": 0 },
            "private_channels": [],
        }),
    );
    if intents & 1 != 0 {
        for guild in guilds {
            session.push("GUILD_CREATE", &guild_create(world, guild));
        }
    }
    for (name, data) in std::mem::take(&mut world.waiting) {
        session.push(&name, &data);
    }
    *mine = Some(id);
    world.sessions.push(session);
    Ok(())
}

fn guild_create(world: &World, guild: u64) -> Value {
    let of = |thread: bool| -> Vec<Value> {
        let here = world.channels.values().filter(|it| it.guild == Some(guild) && (it.kind == 11) == thread);
        here.map(|it| json::channel(world, it)).collect()
    };
    let name = world.guilds.get(&guild).map_or("", |guild| guild.name.as_str());
    json!({ "id": guild.to_string(), "name": name, "channels": of(false), "threads": of(true), "members": [],
        "roles": [], "emojis": [], "unavailable": false, "member_count": world.people.len() + 1 })
}

fn resume(
    world: &mut World,
    data: &Value,
    to_us: &mpsc::UnboundedSender<Frame>,
    mine: &mut Option<String>,
) -> Result<(), Wrong> {
    if data["token"] != world.bot.token.as_str() {
        return Err((4004, "Authentication failed."));
    }
    let seq = data["seq"].as_u64().unwrap_or(0);
    let Some(session) = world.sessions.iter_mut().find(|session| data["session_id"] == session.id.as_str()) else {
        invalid(to_us, false);
        return Ok(());
    };
    if seq > session.seq {
        return Err((4007, "Invalid seq."));
    }
    if session.replay.front().is_some_and(|(first, _)| *first > seq + 1) {
        invalid(to_us, false);
        return Ok(());
    }
    if let Some(before) = session.socket.replace(to_us.clone()) {
        let _ = before.send(Frame::Drop);
    }
    for (_, frame) in session.replay.iter().filter(|(number, _)| *number > seq) {
        let _ = to_us.send(Frame::Send(frame.clone()));
    }
    *mine = Some(session.id.clone());
    session.push("RESUMED", &json!({ "_trace": [] }));
    world.resumes += 1;
    world.counters.starts += 1;
    let waiting = std::mem::take(&mut world.waiting);
    for (name, data) in waiting {
        world.raw_event(&name, data);
    }
    Ok(())
}
