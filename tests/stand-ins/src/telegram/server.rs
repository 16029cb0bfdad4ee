//! Purpose: sockets, the token check, faults, and which method goes where.
//!
//! The loop is hyper's own rather than `axum::serve`, because a fault must be able to close a socket without an answer.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    control,
    model::{Call, FaultKind},
    params::{Failure, Params},
    updates,
    world::World,
};

/// No body the Bot API takes here is larger.
const BODY_BYTES_MAX: usize = 60 * 1024 * 1024;

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Told after every change, for whoever waits to see something.
    pub(crate) changed: Notify,
    /// Told when there may be something to deliver to a webhook.
    pub(crate) deliver: Notify,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Mutex::new(world), changed: Notify::new(), deliver: Notify::new() }
    }

    /// The state. Never held over an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells whoever waits.
    pub(crate) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let out = act(&mut self.world());
        self.changed.notify_waiters();
        self.deliver.notify_one();
        out
    }
}

/// The socket is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the socket is dropped on purpose")]
pub(crate) struct Dropped;

/// Accepts until `down`; then every connection is closed at once, as when the machine on the other side dies.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, down: CancellationToken) {
    let control = control::router(Arc::clone(&shared));
    loop {
        let (socket, peer) = tokio::select! {
            biased;
            () = down.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of file handles: the next one may be free soon.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            },
        };
        // An answer is one small write: waiting to fill a packet would only add latency.
        let _ = socket.set_nodelay(true);
        let (shared, control, down) = (Arc::clone(&shared), control.clone(), down.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), control.clone(), peer.ip(), request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            tokio::select! {
                biased;
                () = down.cancelled() => {}
                // A client that hangs up, and a socket dropped on purpose, both end here: neither is news.
                _ = connection => {}
            }
        });
    }
}

/// Listens on `addr`, waiting a little for a port that was just given up.
pub(crate) async fn listen(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(addr).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && tries < 50 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            bound => return bound,
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    control: Router,
    from: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let path = request.uri().path();
    if path.starts_with("/control") {
        return match control.oneshot(request.map(Body::new)).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        };
    }
    if let Some(rest) = path.strip_prefix("/file/bot") {
        let known = rest.split_once('/').is_some_and(|(token, _)| token == shared.world().bot.token);
        return Ok(if known { plain(StatusCode::OK, "a file\n") } else { failure(&Failure::new(404, "Not Found")) });
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return Ok(failure(&Failure::new(404, "Not Found")));
    };
    let token = percent_colon(token);
    if token != shared.world().bot.token {
        // A token that has not even the shape of one is no such page; one that has it is not authorised.
        let shaped =
            token.split_once(':').is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
        return Ok(failure(&if shaped { Failure::new(401, "Unauthorized") } else { Failure::new(404, "Not Found") }));
    }
    let method = method.to_owned();
    let query = request.uri().query().map(str::to_owned);
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let Ok(body) = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await else {
        return Ok(failure(&Failure::new(413, "Request Entity Too Large")));
    };
    let params = match Params::read(query.as_deref(), content_type.as_deref(), body.to_bytes()).await {
        Ok(params) => params,
        Err(wrong) => return Ok(refused(&shared, &wrong)),
    };
    call(&shared, from, &method, &params).await
}

/// Some clients escape the colon of the token in the path.
fn percent_colon(token: &str) -> std::borrow::Cow<'_, str> {
    if token.contains('%') { token.replace("%3A", ":").replace("%3a", ":").into() } else { token.into() }
}

async fn call(shared: &Arc<Shared>, from: IpAddr, method: &str, params: &Params) -> Result<Response<Body>, Dropped> {
    let fault = {
        let mut world = shared.world();
        count(&mut world, from, method, params);
        take_fault(&mut world, method, params)
    };
    shared.changed.notify_waiters();
    match fault {
        Some(FaultKind::Status { code, description, retry_after }) => {
            return Ok(scripted(shared, code, description, retry_after));
        }
        Some(FaultKind::DropBefore) => return Err(Dropped),
        Some(FaultKind::HangBefore) => std::future::pending::<()>().await,
        Some(FaultKind::Slow(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(FaultKind::DropAfter | FaultKind::HangAfter) | None => {}
    }
    let outcome = run(shared, method, params).await;
    match fault {
        Some(FaultKind::DropAfter) => return Err(Dropped),
        Some(FaultKind::HangAfter) => std::future::pending::<()>().await,
        _ => {}
    }
    Ok(match outcome {
        Ok(body) => json(StatusCode::OK, body),
        Err(wrong) => refused(shared, &wrong),
    })
}

async fn run(shared: &Arc<Shared>, method: &str, params: &Params) -> Result<Bytes, Failure> {
    if method.eq_ignore_ascii_case("getUpdates") {
        return updates::get_updates(shared, params).await;
    }
    let result = super::methods::run(shared, method, params)?;
    let mut body = Vec::with_capacity(256);
    body.extend_from_slice(b"{\"ok\":true,\"result\":");
    // Writing a `Value` into a `Vec` cannot fail.
    let _ = serde_json::to_writer(&mut body, &result);
    body.push(b'}');
    Ok(body.into())
}

fn count(world: &mut World, from: IpAddr, method: &str, params: &Params) {
    let now = world.now_us();
    match world.counters.calls.get_mut(method) {
        Some(count) => *count += 1,
        None => {
            world.counters.calls.insert(method.to_owned(), 1);
        }
    }
    world.counters.last_call_us = Some(now);
    if method.eq_ignore_ascii_case("getUpdates") {
        if world.counters.first_get_updates_us.is_none() {
            world.counters.first_get_updates_us = Some(now);
            world.counters.first_get_updates_unix_us = Some(chrono::Utc::now().timestamp_micros());
        }
        world.counters.last_get_updates_us = Some(now);
    }
    if world.calls_max > 0 {
        if world.calls.len() >= world.calls_max {
            world.calls.pop_front();
        }
        world.calls.push_back(Call { method: method.to_owned(), params: params.0.clone(), at_us: now, from });
    }
}

fn take_fault(world: &mut World, method: &str, params: &Params) -> Option<FaultKind> {
    if world.faults.is_empty() {
        return None;
    }
    let chat = params.int("chat_id");
    let at = world.faults.iter().position(|fault| {
        (fault.method == "*" || fault.method.eq_ignore_ascii_case(method))
            && (fault.chat_id.is_none() || fault.chat_id == chat)
    })?;
    let fault = &mut world.faults[at];
    if fault.skip > 0 {
        fault.skip -= 1;
        return None;
    }
    let kind = fault.kind.clone();
    fault.times = fault.times.saturating_sub(1);
    if fault.times == 0 {
        world.faults.remove(at);
    }
    Some(kind)
}

fn scripted(shared: &Shared, code: u16, description: String, retry_after: Option<u64>) -> Response<Body> {
    *shared.world().counters.errors.entry(code).or_default() += 1;
    let description = if !description.is_empty() {
        description
    } else if let Some(seconds) = retry_after {
        format!("Too Many Requests: retry after {seconds}")
    } else {
        StatusCode::from_u16(code).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error").to_owned()
    };
    if matches!(code, 502..=504) {
        let page = format!(
            "<html><head><title>{code} {description}</title></head><body><center><h1>{code} {description}</h1></center><hr><center>nginx</center></body></html>"
        );
        let mut response = plain(StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY), page);
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
        return response;
    }
    failure(&Failure { retry_after, ..Failure::new(code, description) })
}

fn refused(shared: &Shared, wrong: &Failure) -> Response<Body> {
    *shared.world().counters.errors.entry(wrong.code).or_default() += 1;
    failure(wrong)
}

fn failure(wrong: &Failure) -> Response<Body> {
    let status = StatusCode::from_u16(wrong.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, wrong.body())
}

pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}

/// `true`, the result of every method that has nothing more to say.
pub(crate) const TRUE: Value = Value::Bool(true);
