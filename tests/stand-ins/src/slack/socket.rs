//! Purpose: Socket Mode: <https://docs.slack.dev/apis/events-api/using-socket-mode>.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use futures_util::{SinkExt, StreamExt};
use hyper::{Request, Response, StatusCode, body::Incoming, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};
use tokio_util::sync::CancellationToken;

use super::{
    queue::{self, Frame, Socket},
    server::{Shared, plain},
};

/// A ticket works once, and not for long.
const TICKET_LIFE: Duration = Duration::from_secs(30);

/// Takes a WebSocket in, if its ticket is good.
pub(crate) fn upgrade(shared: Arc<Shared>, request: Request<Incoming>, down: CancellationToken) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let ticket = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ticket");
    let ticket = ticket.map(|(_, ticket)| ticket.into_owned()).unwrap_or_default();
    let good = shared.world().tickets.remove(&ticket).is_some_and(|born| born.elapsed() < TICKET_LIFE);
    if !good {
        return plain(StatusCode::FORBIDDEN, "invalid ticket");
    }
    let headers = request.headers();
    let asks = headers.get(header::UPGRADE).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let version = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|v| v == "13");
    let (true, Some(accept), true) = (asks, key, version) else {
        return plain(StatusCode::BAD_REQUEST, "no websocket handshake");
    };
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        run(shared, socket, down).await;
    });
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS, Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = accept.parse() {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

type Stream = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

async fn run(shared: Arc<Shared>, mut socket: Stream, down: CancellationToken) {
    let (frames, mut told) = mpsc::unbounded_channel();
    let (id, hello, ping) = {
        let mut world = shared.world();
        world.counters.sockets_opened += 1;
        let id = world.counters.sockets_opened;
        let open = world.sockets.len() + 1;
        let hello = json!({ "type": "hello", "num_connections": open, "connection_info": { "app_id": world.app.app_id },
            "debug_info": { "host": "applink-standin", "build_number": 1, "approximate_connection_time": 18060 } });
        (id, hello, Duration::from_millis(world.delivery.ping_ms))
    };
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    shared.act(|world| {
        world.sockets.insert(id, Socket { frames, retiring: false, silent: false });
        world.counters.sockets_open = world.sockets.len() as u64;
    });
    let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + ping, ping);
    loop {
        tokio::select! {
            biased;
            () = down.cancelled() => break,
            frame = told.recv() => match frame {
                Some(Frame::Text(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(Frame::Close) => {
                    let _ = socket.close(None).await;
                    break;
                }
                Some(Frame::Silence) => silence(&shared, id, &mut told, &down).await,
                Some(Frame::Drop) | None => break,
            },
            _ = pings.tick() => {
                let now = format!("Ping from applink-standin {:?}", Instant::now());
                if socket.send(Message::Ping(now.into_bytes().into())).await.is_err() {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => heard(&shared, &text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                    shared.act(|world| world.counters.bad_frames.push("a binary frame".into()));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
        if !shared.world().sockets.contains_key(&id) {
            break;
        }
    }
    shared.act(|world| queue::closed(world, id));
}

/// Open and dead, until it is dropped.
async fn silence(shared: &Shared, id: u64, told: &mut mpsc::UnboundedReceiver<Frame>, down: &CancellationToken) {
    shared.act(|world| {
        if let Some(socket) = world.sockets.get_mut(&id) {
            socket.silent = true;
        }
    });
    loop {
        tokio::select! {
            () = down.cancelled() => return,
            frame = told.recv() => if matches!(frame, Some(Frame::Drop | Frame::Close) | None) { break },
            // The real service notices after a while that nobody reads; so do we.
            () = tokio::time::sleep(Duration::from_secs(60)) => break,
        }
    }
    shared.act(|world| queue::closed(world, id));
}

fn heard(shared: &Shared, text: &str) {
    let answer: Option<Value> = serde_json::from_str(text).ok();
    let id = answer.as_ref().and_then(|a| a["envelope_id"].as_str()).map(str::to_owned);
    shared.act(|world| match id {
        Some(id) => queue::acknowledge(world, &id),
        None => world.counters.bad_frames.push(text.chars().take(200).collect()),
    });
}
