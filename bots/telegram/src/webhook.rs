//! Purpose: updates as Telegram posts them. A delivery is answered 200 only after it was kept; 503 makes Telegram post
//! it again. Telegram itself keeps the order within a chat here. Source: <https://core.telegram.org/bots/api#setwebhook>.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    routing::post,
    serve::ListenerExt,
};
use reqwest::Url;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use yoman_chat::{BotError, Secret, Stop};

use crate::intake::Intake;

/// The header that proves the sender.
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// No update is larger.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Telegram gives up on a delivery after about a minute; we say so before.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long open requests may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_500);

/// How Telegram reaches us.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where to listen; a proxy that ends TLS stands before it.
    pub listen: SocketAddr,
    /// The address Telegram posts to.
    pub public_url: Url,
    /// The path at which it arrives here, with the leading `/`.
    pub path: String,
    /// 1..256 of `A-Za-z0-9_-`; what does not carry it is refused.
    pub secret_token: Secret,
}

#[derive(Clone)]
struct Door {
    intake: Intake,
    secret: Secret,
}

/// Listens, then serves until `stop`.
pub(crate) async fn run(intake: Intake, hook: &Webhook, stop: Stop) -> Result<(), BotError> {
    let listener = TcpListener::bind(hook.listen).await.map_err(|error| {
        BotError::Setting(format!(
            "cannot listen on {} for Telegram's webhook ({error}): is something else there? Choose another address",
            hook.listen
        ))
    })?;
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let door = Door { intake, secret: hook.secret_token.clone() };
    let app =
        Router::new().route(&hook.path, post(arrive)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(door);
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        served = served.into_future() => {
            served.map_err(|error| BotError::Failed(format!("the webhook's listener failed: {error}")))
        }
        () = async { stop.cancelled().await; tokio::time::sleep(STOP_PATIENCE).await } => Ok(()),
    }
}

/// Whether `path` can be a route, which the router would otherwise settle with a panic.
pub(crate) fn is_route(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b':' | b'*' | b'?' | b'#'))
}

/// Whether Telegram takes this as a secret.
pub(crate) fn is_secret(secret: &Secret) -> bool {
    let secret = secret.expose();
    (1..=256).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

async fn arrive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let shown = headers.get(SECRET_HEADER).map_or(&b""[..], |value| value.as_bytes());
    // In constant time: the answer's delay must not tell how much of a guess was right.
    if !bool::from(shown.ct_eq(door.secret.expose().as_bytes())) {
        tracing::warn!(bot = %door.intake.bot, "a webhook request without the secret is refused");
        return StatusCode::UNAUTHORIZED;
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    // In a task of its own: a client that hangs up must not stop it half way.
    let handled = tokio::spawn(async move {
        let intake = &door.intake;
        let mut item = intake.open(&text);
        if item.needs_name() && intake.named(PATIENCE).await {
            item = intake.reopen(item);
        }
        intake.take(item).await
    });
    match tokio::time::timeout(PATIENCE, handled).await {
        Ok(Ok(true)) => StatusCode::OK,
        Ok(Ok(false) | Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
