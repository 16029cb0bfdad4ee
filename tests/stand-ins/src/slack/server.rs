//! Purpose: sockets, the token check, faults, and which method goes where.
//!
//! The loop is hyper's own rather than `axum::serve`, because a fault must be able to close a socket without an answer.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use http_body_util::{BodyExt, Limited};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, futures::Notified},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    control, files, messages,
    methods::{self, Token},
    model::{Call, FaultKind},
    params::{Failure, Params},
    queue, socket,
    world::World,
};

/// No body taken here is larger.
const BODY_BYTES_MAX: usize = 60 * 1024 * 1024;

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Told after every change, for whoever waits to see something.
    pub(crate) changed: Notify,
    /// Told when there may be something to deliver.
    pub(crate) deliver: Notify,
    /// The same for HTTP mode.
    pub(crate) post: Notify,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self { world: Mutex::new(world), changed: Notify::new(), deliver: Notify::new(), post: Notify::new() }
    }

    /// The state. Never held over an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, delivers what is due and tells whoever waits.
    pub(crate) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let out = {
            let mut world = self.world();
            let out = act(&mut world);
            queue::pump(&mut world);
            out
        };
        self.changed.notify_waiters();
        self.deliver.notify_one();
        self.post.notify_one();
        out
    }

    pub(crate) fn next_change(&self) -> Notified<'_> {
        self.changed.notified()
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
        let (socket, _) = tokio::select! {
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
            let ends = down.clone();
            let service = service_fn(|request| answer(Arc::clone(&shared), control.clone(), request, ends.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .with_upgrades();
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
    request: Request<Incoming>,
    down: CancellationToken,
) -> Result<Response<Body>, Dropped> {
    let path = request.uri().path().to_owned();
    if path.starts_with("/control") {
        return match control.oneshot(request.map(Body::new)).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        };
    }
    if path.starts_with("/link") {
        return Ok(socket::upgrade(shared, request, down));
    }
    let query = request.uri().query().map(str::to_owned);
    let headers = request.headers().clone();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let Ok(body) = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await else {
        return Ok(failure(&Failure::new("request_entity_too_large")));
    };
    let body = body.to_bytes();
    if let Some(id) = path.strip_prefix("/upload/v1/") {
        let put = shared.act(|world| files::put(world, id, &body));
        let status = if put { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        return Ok(plain(status, if put { "OK" } else { "failed" }));
    }
    if let Some(id) = path.strip_prefix("/actions/").and_then(|rest| rest.split('/').nth(1)) {
        return respond(&shared, id, content_type.as_deref(), &body).await;
    }
    let Some(method) = path.strip_prefix("/api/").or_else(|| path.strip_prefix("//api/")) else {
        return Ok(plain(StatusCode::NOT_FOUND, "not found"));
    };
    let params = match Params::read(method, query.as_deref(), content_type.as_deref(), &body) {
        Ok(params) => params,
        Err(wrong) => return Ok(refused(&shared, &wrong)),
    };
    let token = match token(&shared, &headers, &params) {
        Ok(token) => token,
        Err(wrong) => return Ok(refused(&shared, &wrong)),
    };
    call(&shared, method, params, token).await
}

fn token(shared: &Shared, headers: &HeaderMap, params: &Params) -> Result<Token, Failure> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = bearer.and_then(|v| v.strip_prefix("Bearer "));
    let shown = bearer.or(params.str("token")).ok_or_else(|| Failure::new("not_authed"))?;
    let world = shared.world();
    if shown == world.app.bot_token {
        Ok(Token::Bot)
    } else if shown == world.app.app_token {
        Ok(Token::App)
    } else {
        Err(Failure::new("invalid_auth"))
    }
}

async fn respond(
    shared: &Arc<Shared>,
    id: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Response<Body>, Dropped> {
    // A response URL reads JSON like a method that does.
    let params = match Params::read("chat.postMessage", None, content_type, body) {
        Ok(params) => params,
        Err(wrong) => return Ok(refused(shared, &wrong)),
    };
    let fault = {
        let mut world = shared.world();
        count(&mut world, "response_url", &params);
        take_fault(&mut world, "response_url", &params)
    };
    if let Some(answer) = before(shared, fault.as_ref()).await? {
        return Ok(answer);
    }
    let outcome = shared.act(|world| messages::respond(world, id, &params));
    after(fault.as_ref()).await?;
    Ok(match outcome {
        Ok(()) => plain(StatusCode::OK, "ok"),
        Err(wrong) => {
            let mut response = plain(StatusCode::NOT_FOUND, wrong.error);
            if wrong.retry_after.is_some() {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            }
            response
        }
    })
}

async fn call(shared: &Arc<Shared>, method: &str, mut params: Params, token: Token) -> Result<Response<Body>, Dropped> {
    params.0.remove("token");
    let fault = {
        let mut world = shared.world();
        count(&mut world, method, &params);
        take_fault(&mut world, method, &params)
    };
    shared.changed.notify_waiters();
    if let Some(answer) = before(shared, fault.as_ref()).await? {
        return Ok(answer);
    }
    let outcome = shared.act(|world| methods::run(world, method, &params, token));
    after(fault.as_ref()).await?;
    let mut response = match outcome {
        Ok(Value::Object(mut body)) => {
            body.insert("ok".into(), true.into());
            reply(StatusCode::OK, &Value::Object(body))
        }
        Ok(_) => reply(StatusCode::OK, &json!({ "ok": true })),
        Err(wrong) => refused(shared, &wrong),
    };
    let scopes = match token {
        Token::Bot => shared.world().app.scopes.join(","),
        Token::App => "connections:write".to_owned(),
    };
    if let Ok(scopes) = scopes.parse() {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    Ok(response)
}

async fn before(shared: &Shared, fault: Option<&FaultKind>) -> Result<Option<Response<Body>>, Dropped> {
    match fault {
        Some(FaultKind::Status { code, error, retry_after }) => Ok(Some(scripted(shared, *code, error, *retry_after))),
        Some(FaultKind::DropBefore) => Err(Dropped),
        Some(FaultKind::HangBefore) => std::future::pending().await,
        Some(FaultKind::Slow(ms)) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            Ok(None)
        }
        Some(FaultKind::DropAfter | FaultKind::HangAfter) | None => Ok(None),
    }
}

async fn after(fault: Option<&FaultKind>) -> Result<(), Dropped> {
    match fault {
        Some(FaultKind::DropAfter) => Err(Dropped),
        Some(FaultKind::HangAfter) => std::future::pending().await,
        _ => Ok(()),
    }
}

fn count(world: &mut World, method: &str, params: &Params) {
    let now = world.now_us();
    *world.counters.calls.entry(method.to_owned()).or_default() += 1;
    if world.calls_max > 0 {
        if world.calls.len() >= world.calls_max {
            world.calls.pop_front();
        }
        world.calls.push_back(Call { method: method.to_owned(), params: params.0.clone(), at_us: now });
    }
}

fn take_fault(world: &mut World, method: &str, params: &Params) -> Option<FaultKind> {
    let channel = params.str("channel");
    let at = world.faults.iter().position(|fault| {
        (fault.method == "*" || fault.method == method)
            && (fault.channel.is_none() || fault.channel.as_deref() == channel)
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

fn scripted(shared: &Shared, code: u16, error: &str, retry_after: Option<u64>) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if code >= 500 {
        *shared.world().counters.errors.entry(code.to_string()).or_default() += 1;
        let mut response = plain(status, format!("<html><body><h1>{code} Server Error</h1></body></html>"));
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
        return response;
    }
    let error = if error.is_empty() { "fatal_error" } else { error };
    let mut response = refused(shared, &Failure { retry_after, ..Failure::new(error) });
    *response.status_mut() = status;
    response
}

fn refused(shared: &Shared, wrong: &Failure) -> Response<Body> {
    *shared.world().counters.errors.entry(wrong.error.clone()).or_default() += 1;
    failure(wrong)
}

/// An answer that says no: 200 with `ok: false`, or 429.
fn failure(wrong: &Failure) -> Response<Body> {
    let mut body = json!({ "ok": false, "error": wrong.error });
    if let Some(fields) = body.as_object_mut() {
        fields.extend(wrong.more.clone());
    }
    let status = if wrong.retry_after.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let mut response = reply(status, &body);
    if let Some(seconds) = wrong.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn reply(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = plain(status, body.to_string());
    let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

pub(crate) fn plain(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}
