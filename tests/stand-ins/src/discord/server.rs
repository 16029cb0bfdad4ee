//! Purpose: sockets, the token check, faults and rate limits.
//!
//! The loop is hyper's own rather than `axum::serve`, because a fault must be able to close a socket without an answer.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    control,
    form::Fault as Refusal,
    model::{Call, FaultKind},
    rest,
    world::World,
};

const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;
const CALLS_MAX: usize = 20_000;

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Told after every change, for whoever waits to see something.
    pub(crate) changed: Notify,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Mutex::new(world), changed: Notify::new() }
    }

    /// The state. Never held over an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells whoever waits.
    pub(crate) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let out = act(&mut self.world());
        self.changed.notify_waiters();
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
        let accepted = tokio::select! {
            biased;
            () = down.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // Out of file handles: the next one may be free soon.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let _ = socket.set_nodelay(true);
        let (shared, control, down) = (Arc::clone(&shared), control.clone(), down.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), control.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            tokio::select! {
                biased;
                () = down.cancelled() => {}
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

async fn answer(shared: Arc<Shared>, control: Router, request: Request<Incoming>) -> Result<Response<Body>, Dropped> {
    if request.uri().path().starts_with("/control") {
        return match control.oneshot(request.map(Body::new)).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        };
    }
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let whole = parts.uri.path();
    let path = ["/api/v10", "/api/v9", "/api"].iter().find_map(|base| whole.strip_prefix(base)).map(str::to_owned);
    let Some(path) = path.filter(|path| path.starts_with('/')) else {
        return Ok(refuse(&Refusal::status(404, 0, "404: Not Found")));
    };
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(refuse(&Refusal::status(413, 40005, "Request entity too large")));
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let (body, files) = match read_body(&parts.headers, body.to_bytes()).await {
        Ok(read) => read,
        Err(wrong) => return Ok(refuse(&wrong)),
    };
    let route = format!("{method} {path}");
    let fault = take_fault(&shared, &route);
    match fault {
        Some(FaultKind::TooMany { retry_after_ms, global }) => {
            log(&shared, &method, &path, &body, 429);
            return Ok(too_many(Duration::from_millis(retry_after_ms), global));
        }
        Some(FaultKind::Status(code)) => {
            log(&shared, &method, &path, &body, code);
            return Ok(broken(code));
        }
        Some(FaultKind::DropBefore) => return Err(Dropped),
        Some(FaultKind::Hang) => std::future::pending::<()>().await,
        Some(FaultKind::Slow(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(FaultKind::DropAfter | FaultKind::HangAfter) | None => {}
    }
    let outcome = admit(&shared, &parts.headers, &path)
        .and_then(|()| shared.act(|world| rest::run(world, &method, &path, &query, &body, &files)));
    let mut response = match (limit(&shared, &method, &path), outcome) {
        (Err((wait, global)), _) => too_many(wait, global),
        (Ok(headers), Ok(value)) => {
            let mut response = if value.is_null() {
                plain(StatusCode::NO_CONTENT, "")
            } else {
                json_body(StatusCode::OK, value.to_string())
            };
            response.headers_mut().extend(headers);
            response
        }
        (Ok(headers), Err(wrong)) => {
            let mut response = refuse(&wrong);
            response.headers_mut().extend(headers);
            response
        }
    };
    log(&shared, &method, &path, &body, response.status().as_u16());
    response.headers_mut().insert("x-stand-in", HeaderValue::from_static("discord"));
    match fault {
        Some(FaultKind::DropAfter) => return Err(Dropped),
        Some(FaultKind::HangAfter) => std::future::pending::<()>().await,
        _ => {}
    }
    Ok(response)
}

fn log(shared: &Shared, method: &str, path: &str, body: &Value, status: u16) {
    shared.act(|world| {
        if world.calls.len() >= CALLS_MAX {
            world.calls.pop_front();
        }
        world.calls.push_back(Call { method: method.into(), path: path.into(), body: body.clone(), status });
    });
}

/// Who may come in: the bot with its token; with no token only who has an interaction's.
fn admit(shared: &Shared, headers: &HeaderMap, path: &str) -> Result<(), Refusal> {
    if headers.get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
        return Err(Refusal::status(403, 40333, "internal network error"));
    }
    if path.starts_with("/interactions/") || path.starts_with("/webhooks/") || path == "/gateway" {
        return Ok(());
    }
    let wanted = format!("Bot {}", shared.world().bot.token);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given == wanted { Ok(()) } else { Err(Refusal::status(401, 0, "401: Unauthorized")) }
}

fn take_fault(shared: &Shared, route: &str) -> Option<FaultKind> {
    let mut world = shared.world();
    let at = world.faults.iter().position(|fault| route.contains(&fault.route))?;
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

/// Counts the request against its route and against all.
fn limit(shared: &Shared, method: &str, path: &str) -> Result<HeaderMap, (Duration, bool)> {
    let mut world = shared.world();
    let Some(limits) = world.limits.clone() else { return Ok(HeaderMap::new()) };
    if path.starts_with("/interactions/") || path.starts_with("/webhooks/") {
        return Ok(HeaderMap::new());
    }
    let all = world.windows.entry("global".into()).or_default();
    all.take(limits.global_per_s, Duration::from_secs(1)).map_err(|wait| (wait, true))?;
    // A route with its first id (the channel or guild), as the service counts.
    let route: Vec<&str> = path.split('/').take(4).collect();
    let route = format!("{method} {}", route.join("/"));
    let window = Duration::from_millis(limits.window_ms);
    let own = world.windows.entry(route.clone()).or_default();
    let (left, reset) = own.take(limits.per_route, window).map_err(|wait| (wait, false))?;
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-ratelimit-limit", limits.per_route.to_string());
    put("x-ratelimit-remaining", left.to_string());
    put("x-ratelimit-reset-after", format!("{:.3}", reset.as_secs_f64()));
    put("x-ratelimit-bucket", format!("{:x}", route.len() * 7919));
    Ok(headers)
}

fn too_many(wait: Duration, global: bool) -> Response<Body> {
    let seconds = wait.as_secs_f64();
    let body = json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": global });
    let mut response = json_body(StatusCode::TOO_MANY_REQUESTS, body.to_string());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&seconds.ceil().to_string()) {
        headers.insert(header::RETRY_AFTER, value);
    }
    headers.insert("x-ratelimit-scope", HeaderValue::from_static(if global { "global" } else { "user" }));
    if global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    response
}

fn broken(code: u16) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    if code == 500 {
        return json_body(status, json!({ "message": "500: Internal Server Error", "code": 0 }).to_string());
    }
    let name = status.canonical_reason().unwrap_or("Error");
    let page = format!("<html><head><title>{code} {name}</title></head><body>cloudflare</body></html>");
    let mut response = plain(status, page);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn refuse(wrong: &Refusal) -> Response<Body> {
    json_body(StatusCode::from_u16(wrong.status).unwrap_or(StatusCode::BAD_REQUEST), wrong.body.to_string())
}

fn json_body(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = plain(status, body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}

/// The JSON of a body and the names of the files beside it.
async fn read_body(headers: &HeaderMap, body: Bytes) -> Result<(Value, Vec<String>), Refusal> {
    let invalid = || Refusal::coded(50109, "The request body contains invalid JSON.");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Ok(boundary) = multer::parse_boundary(kind) {
        let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        let (mut json, mut files) = (Value::Null, Vec::new());
        while let Ok(Some(field)) = parts.next_field().await {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|_| invalid())?;
            if name == "payload_json" {
                json = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
            } else if name.starts_with("files[") {
                files.push(file.unwrap_or_default());
            }
        }
        return Ok((json, files));
    }
    if body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    Ok((serde_json::from_slice(&body).map_err(|_| invalid())?, Vec::new()))
}
