//! Purpose: interactions as Discord posts them: signed, and answered in the answer itself. Nothing is confirmed before it
//! is kept, and what a crash cuts off fails in the person's sight.
//! Source: <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint>.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpListener, sync::oneshot};
use yoman_chat::{BotError, BotName};

use crate::{intake::Intake, interactions};

const SIGNATURE: &str = "x-signature-ed25519";
const TIMESTAMP: &str = "x-signature-timestamp";
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The service waits 3 s.
const PATIENCE: Duration = Duration::from_millis(2_900);
/// A signature of long ago may have been overheard.
const AGE_S_MAX: i64 = 300;
const STOP_PATIENCE: Duration = Duration::from_millis(1_500);
const PING: u8 = 1;

/// Where Discord posts interactions to, instead of giving them to the gateway.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where to listen; a proxy that ends TLS stands before it.
    pub listen: SocketAddr,
    /// The path at which they arrive here, with the leading `/`.
    pub path: String,
    /// The application's public key, as the developer portal shows it.
    pub public_key: PublicKey,
}

/// The key that interactions are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = unhex(text.trim())?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    /// The key as the portal shows it.
    pub fn to_hex(&self) -> String {
        self.0.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the service signed this.
    fn signed(&self, timestamp: &str, body: &[u8], signature: &str) -> bool {
        let signature = unhex(signature).and_then(|bytes| Signature::from_slice(&bytes).ok());
        let message = [timestamp.as_bytes(), body].concat();
        signature.is_some_and(|signature| self.0.verify_strict(&message, &signature).is_ok())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Whether `path` can be a route, which the router would otherwise settle with a panic.
pub(crate) fn is_route(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b':' | b'*' | b'?' | b'#'))
}

#[derive(Clone)]
struct Door {
    intake: Intake,
    key: PublicKey,
}

/// Takes the address.
///
/// # Errors
/// When it cannot be had.
pub(crate) async fn listen(bot: &BotName, endpoint: &Endpoint) -> Result<TcpListener, BotError> {
    TcpListener::bind(endpoint.listen).await.map_err(|error| {
        BotError::Setting(format!(
            "cannot listen on {} for the interactions of the bot \"{bot}\" ({error}): is something else there? Choose another \
             address",
            endpoint.listen
        ))
    })
}

/// Serves until stopped.
pub(crate) async fn serve(intake: Intake, endpoint: &Endpoint, listener: TcpListener) -> Result<(), BotError> {
    let stop = intake.stop.clone();
    let door = Door { intake, key: endpoint.public_key.clone() };
    let app =
        Router::new().route(&endpoint.path, post(arrive)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(door);
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        served = served.into_future() => {
            served.map_err(|error| BotError::Failed(format!("the listener for interactions failed: {error}")))
        }
        () = async { stop.cancelled().await; tokio::time::sleep(STOP_PATIENCE).await } => Ok(()),
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: u8,
}

async fn arrive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let timestamp = header(TIMESTAMP);
    let age_s = timestamp
        .parse::<i64>()
        .map_or(i64::MAX, |at| (chrono::Utc::now().timestamp().saturating_sub(at)).saturating_abs());
    if age_s > AGE_S_MAX || !door.key.signed(timestamp, &body, header(SIGNATURE)) {
        tracing::warn!(bot = %door.intake.us.bot, "an interaction without Discord's signature is refused");
        return (StatusCode::UNAUTHORIZED, "invalid request signature").into_response();
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    if serde_json::from_str::<Kind>(&text).is_ok_and(|it| it.kind == PING) {
        return Json(json!({ "type": PING })).into_response();
    }
    let (answer, answered) = oneshot::channel();
    interactions::arrive(&door.intake, &text, None, Some(answer));
    match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        // Nothing was kept that could be confirmed: the person sees that it failed.
        Ok(Err(_)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    #[test]
    fn only_what_the_service_signed_is_taken() {
        let key = SigningKey::from_bytes(&[9; 32]);
        let hex: String = key.verifying_key().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let public = PublicKey::parse(&hex).unwrap();
        assert_eq!(public.to_hex(), hex);
        let signature: String = key.sign(b"12{}").to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(public.signed("12", b"{}", &signature));
        assert!(!public.signed("13", b"{}", &signature));
        assert!(!public.signed("12", b"{ }", &signature));
        for wrong in ["", "zz", "00", &"00".repeat(64), "é"] {
            assert!(!public.signed("12", b"{}", wrong), "{wrong}");
        }
        assert_eq!(PublicKey::parse("abc"), None);
        assert_eq!(PublicKey::parse(&"é".repeat(32)), None);
    }
}
