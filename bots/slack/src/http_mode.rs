//! Purpose: deliveries as Slack posts them. Each is signed: its signature is checked in constant time over the body as it
//! came, and it may be five minutes old: <https://docs.slack.dev/authentication/verifying-requests-from-slack>.
//! It is answered 200 only after it was kept; 503 makes Slack post an event again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use serde_json::{Map, Value};
use slack_morphism::{SlackSigningSecret, signature_verifier::SlackEventSignatureVerifier};
use tokio::net::TcpListener;
use yoman_chat::{BotError, Secret};

use crate::intake::{Intake, Kind, lane};

/// Where Slack posts, and anything below it: one URL serves events, commands and interactions alike.
pub(crate) const PATH: &str = "/slack";
/// No delivery is larger.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Slack gives up after 3 s; we say so before.
const PATIENCE: Duration = Duration::from_millis(2_800);
/// How long open requests may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_500);

#[derive(Clone)]
struct Door {
    intake: Intake,
    verifier: Arc<SlackEventSignatureVerifier>,
}

/// Listens, then serves until stopped.
pub(crate) async fn run(intake: Intake, listen: SocketAddr, secret: &Secret) -> Result<(), BotError> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        BotError::Setting(format!(
            "cannot listen on {listen} for Slack ({error}): is something else there? Choose another http_listen"
        ))
    })?;
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let stop = intake.stop.clone();
    let verifier = SlackEventSignatureVerifier::new(&SlackSigningSecret(secret.expose().to_owned()));
    let door = Door { intake, verifier: Arc::new(verifier) };
    let app = Router::new()
        .route(PATH, post(arrive))
        .route(&format!("{PATH}/{{*rest}}"), post(arrive))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(door);
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        served = served.into_future() => {
            served.map_err(|error| BotError::Failed(format!("the listener for Slack failed: {error}")))
        }
        () = async { stop.cancelled().await; tokio::time::sleep(STOP_PATIENCE).await } => Ok(()),
    }
}

async fn arrive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    let shown = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The signature is over the bytes; Slack writes nothing but UTF-8.
    let Ok(text) = std::str::from_utf8(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let (hash, time) = (
        shown(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER),
        shown(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP),
    );
    if door.verifier.verify(hash, text, time).is_err() {
        tracing::warn!(bot = %door.intake.core.name, "a request without Slack's signature, or an old one, is refused");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some((kind, payload)) = read(shown(header::CONTENT_TYPE.as_str()), text) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if payload["type"] == "url_verification" {
        return payload["challenge"].as_str().unwrap_or_default().to_owned().into_response();
    }
    // Slack checks from time to time that the address answers.
    if kind == Kind::Slash && payload["ssl_check"] == "1" {
        return StatusCode::OK.into_response();
    }
    let turn = door.intake.lanes.turn(&lane(kind, &payload));
    // In a task of its own: a client that hangs up must not stop it half way.
    let handled = tokio::spawn(async move {
        let id = payload["event_id"].as_str().unwrap_or("unnumbered").to_owned();
        door.intake.take(kind, &id, &payload, turn).await
    });
    match tokio::time::timeout(PATIENCE, handled).await {
        Ok(Ok(true)) => StatusCode::OK.into_response(),
        Ok(Ok(false) | Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Events are JSON; interactions a form with JSON in `payload`; commands a form.
fn read(content_type: &str, body: &str) -> Option<(Kind, Value)> {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let form: Map<String, Value> = form_urlencoded::parse(body.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        return match form.get("payload").and_then(Value::as_str) {
            Some(payload) => Some((Kind::Interactive, serde_json::from_str(payload).ok()?)),
            None => Some((Kind::Slash, Value::Object(form))),
        };
    }
    let payload = serde_json::from_str(body).ok()?;
    Some((Kind::Event, payload))
}
