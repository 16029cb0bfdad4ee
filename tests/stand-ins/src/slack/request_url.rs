//! Purpose: HTTP mode: what is for the app is posted to its request URL, signed:
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use super::{
    queue::{self, Envelope, State},
    server::Shared,
};

/// `v0=…` of a body at a time.
pub(crate) fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

/// The body an envelope becomes, with its content type.
fn body(envelope: &Envelope) -> (&'static str, String) {
    const FORM: &str = "application/x-www-form-urlencoded";
    match envelope.kind.as_str() {
        "slash_commands" => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in envelope.payload.as_object().into_iter().flatten() {
                form.append_pair(name, value.as_str().unwrap_or_default());
            }
            (FORM, form.finish())
        }
        "interactive" => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("payload", &envelope.payload.to_string());
            (FORM, form.finish())
        }
        _ => ("application/json", envelope.payload.to_string()),
    }
}

/// Posts one body; the status and what came back.
pub(crate) async fn post(
    shared: &Shared,
    url: &str,
    kind: &str,
    body: String,
    retry: Option<u32>,
    patience: Duration,
) -> Option<(u16, Bytes)> {
    let secret = shared.world().app.signing_secret.clone();
    let timestamp = chrono::Utc::now().timestamp().to_string();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header("content-type", kind)
        .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("x-slack-signature", signature(&secret, &timestamp, &body))
        .header("x-slack-request-timestamp", timestamp);
    if let Some(retry) = retry {
        request = request.header("x-slack-retry-num", retry).header("x-slack-retry-reason", "http_timeout");
    }
    let request = request.body(Full::new(Bytes::from(body))).ok()?;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = tokio::time::timeout(patience, async {
        let answer = client.request(request).await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
    });
    answer.await.ok()?
}

/// Proves the request URL, as the app's settings do when one is entered.
pub(crate) async fn verify(shared: &Shared, url: &str) -> bool {
    let challenge = shared.world().new_id("challenge");
    let body = json!({ "token": "legacy", "challenge": challenge, "type": "url_verification" }).to_string();
    let answer = post(shared, url, "application/json", body, None, Duration::from_secs(3)).await;
    answer.is_some_and(|(status, body)| {
        let said = serde_json::from_slice::<Value>(&body).ok().and_then(|v| v["challenge"].as_str().map(str::to_owned));
        status == 200 && (said.as_deref() == Some(&challenge) || body == challenge.as_bytes())
    })
}

/// Posts what is due until `end`, each by itself.
pub(crate) async fn deliver(shared: Arc<Shared>, end: CancellationToken) {
    loop {
        let (url, due, next) = take_due(&shared);
        if let Some(url) = url {
            for envelope in due {
                let (shared, url) = (Arc::clone(&shared), url.clone());
                tokio::spawn(async move { send(&shared, &url, envelope).await });
            }
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = shared.post.notified() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
}

fn take_due(shared: &Shared) -> (Option<String>, Vec<Envelope>, Duration) {
    let mut world = shared.world();
    let now = Instant::now();
    let Some(url) = world.request_url.clone() else { return (None, Vec::new(), Duration::from_secs(3600)) };
    let patience = Duration::from_millis(world.delivery.ack_deadline_ms);
    let mut due = Vec::new();
    let mut next = Duration::from_secs(3600);
    // One at a time in a channel, which is what people's own pace comes to; what failed waits for its turn aside.
    let mut busy: HashSet<String> =
        world.queue.iter().filter(|e| matches!(e.state, State::Sent(..))).map(|e| channel(&e.payload)).collect();
    for envelope in &mut world.queue {
        match envelope.state {
            State::Due(at) if at <= now => {
                if !busy.insert(channel(&envelope.payload)) {
                    continue;
                }
                envelope.tries += 1;
                // A little beyond the request's own patience, so that its outcome comes first.
                envelope.state = State::Sent(0, now + patience + Duration::from_millis(200));
                envelope.sent_at = Some(now);
                due.push(envelope.clone());
            }
            State::Due(at) => next = next.min(at.saturating_duration_since(now)),
            State::Sent(..) => {}
        }
    }
    world.counters.envelopes_sent += due.len() as u64;
    (Some(url), due, next)
}

fn channel(payload: &Value) -> String {
    let places = ["/event/channel", "/channel/id", "/channel_id"];
    let found = places.iter().find_map(|place| payload.pointer(place).and_then(Value::as_str));
    found.or(payload["event_id"].as_str()).or(payload["trigger_id"].as_str()).unwrap_or_default().to_owned()
}

async fn send(shared: &Shared, url: &str, envelope: Envelope) {
    let (kind, body) = body(&envelope);
    let patience = Duration::from_millis(shared.world().delivery.ack_deadline_ms);
    let retry = envelope.tries.checked_sub(1).filter(|tries| *tries > 0);
    let answer = post(shared, url, kind, body, retry, patience).await;
    let taken = answer.is_some_and(|(status, _)| (200..300).contains(&status));
    shared.act(|world| {
        if taken {
            queue::acknowledge(world, &envelope.id);
        } else {
            queue::failed(world, &envelope.id);
        }
    });
}
