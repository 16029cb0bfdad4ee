//! Purpose: how updates reach the bot: getUpdates with its offset, and deliveries to a webhook.
//! Source: <https://core.telegram.org/bots/api#getting-updates>.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    params::{Failure, Params},
    server::{Shared, TRUE},
    world::{Hook, Wake, World},
};

const HOOK_ACTIVE: &str =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_POLLER: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/// A getUpdates that waits; when its client hangs up it stops being the poller.
struct Waiter<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut world = self.shared.world();
        if world.poller.as_ref().is_some_and(|(id, _)| *id == self.id) {
            world.poller = None;
        }
    }
}

/// getUpdates: confirms everything below `offset`, then answers with what waits, or waits for it.
pub(crate) async fn get_updates(shared: &Shared, params: &Params) -> Result<Bytes, Failure> {
    let offset = params.int("offset").unwrap_or(0);
    // Out of range the real service takes the most it has.
    let limit = params.int("limit").filter(|limit| (1..=100).contains(limit)).unwrap_or(100) as usize;
    let timeout = params.int("timeout").unwrap_or(0).clamp(0, 50) as u64;
    let allowed = allowed(params)?;
    let until = Instant::now() + Duration::from_secs(timeout);
    let mut first = true;
    let mut mine = None;
    loop {
        let (id, woken) = {
            let mut world = shared.world();
            if world.hook.is_some() {
                return Err(Failure::new(409, HOOK_ACTIVE));
            }
            if first {
                if let Some(allowed) = &allowed {
                    world.allowed = if allowed.is_empty() { None } else { Some(allowed.clone()) };
                }
                confirm(&mut world, offset);
                // Whoever polled before is told to go, even when this call has its answer at once.
                world.wake(Wake::OtherPoller);
                first = false;
                // Whoever waits for the confirmation must not wait for the answer too: that may take the whole poll.
                shared.changed.notify_waiters();
            }
            let batch = gather(&mut world, limit);
            if batch.is_some() || Instant::now() >= until {
                drop(world);
                shared.changed.notify_waiters();
                return Ok(batch.unwrap_or_else(|| Bytes::from_static(b"{\"ok\":true,\"result\":[]}")));
            }
            let (wake, woken) = oneshot::channel();
            let id = *mine.get_or_insert(world.next_poller);
            world.next_poller = world.next_poller.max(id + 1);
            world.poller = Some((id, wake));
            (id, woken)
        };
        let _waiter = Waiter { shared, id };
        match tokio::time::timeout_at(until, woken).await {
            Ok(Ok(Wake::OtherPoller)) => return Err(Failure::new(409, OTHER_POLLER)),
            Ok(Ok(Wake::Webhook)) => return Err(Failure::new(409, HOOK_ACTIVE)),
            Ok(Ok(Wake::Updates) | Err(_)) | Err(_) => {}
        }
    }
}

fn allowed(params: &Params) -> Result<Option<HashSet<String>>, Failure> {
    Ok(params.json::<Vec<String>>("allowed_updates", "allowed_updates")?.map(|kinds| kinds.into_iter().collect()))
}

fn confirm(world: &mut World, offset: i64) {
    let before = world.waiting.len();
    if offset < 0 {
        // A negative offset counts from the end and forgets everything before.
        let keep = offset.unsigned_abs() as usize;
        while world.waiting.len() > keep {
            world.waiting.pop_front();
        }
    } else {
        while world.waiting.front().is_some_and(|update| update.id < offset) {
            world.waiting.pop_front();
        }
    }
    world.counters.updates_confirmed += (before - world.waiting.len()) as u64;
}

fn gather(world: &mut World, limit: usize) -> Option<Bytes> {
    if world.waiting.is_empty() {
        return None;
    }
    let mut body = String::from("{\"ok\":true,\"result\":[");
    let mut count = 0;
    for update in world.waiting.iter_mut().take(limit) {
        if count > 0 {
            body.push(',');
        }
        body.push_str(&update.body);
        update.delivered += 1;
        count += 1;
    }
    body.push_str("]}");
    world.counters.updates_delivered += count;
    Some(body.into())
}

pub(crate) fn set_webhook(shared: &Arc<Shared>, params: &Params) -> Result<Value, Failure> {
    let url = params.text("url").unwrap_or_default().into_owned();
    let allowed = allowed(params)?;
    let drop_waiting = params.flag("drop_pending_updates");
    let mut world = shared.world();
    if drop_waiting {
        confirm(&mut world, i64::MAX);
    }
    if url.is_empty() {
        world.hook = None;
        return Ok(TRUE);
    }
    // As a local Bot API server does, plain http is taken too.
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Failure::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    let secret = params.text("secret_token").map(|s| s.into_owned()).filter(|s| !s.is_empty());
    if let Some(secret) = &secret {
        let legal =
            secret.len() <= 256 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !legal {
            return Err(Failure::bad("secret token contains unallowed characters"));
        }
    }
    if let Some(allowed) = allowed {
        world.allowed = if allowed.is_empty() { None } else { Some(allowed) };
    }
    let connections = params.int("max_connections").unwrap_or(40).clamp(1, 100) as usize;
    world.hook = Some(Hook { url, secret, connections, last_error: None });
    world.wake(Wake::Webhook);
    drop(world);
    shared.deliver.notify_one();
    Ok(TRUE)
}

pub(crate) fn delete_webhook(shared: &Shared, params: &Params) -> Value {
    let mut world = shared.world();
    if params.flag("drop_pending_updates") {
        confirm(&mut world, i64::MAX);
    }
    world.hook = None;
    TRUE
}

pub(crate) fn webhook_info(shared: &Shared) -> Value {
    let world = shared.world();
    let mut out = json!({
        "url": world.hook.as_ref().map_or("", |hook| &hook.url),
        "has_custom_certificate": false,
        "pending_update_count": world.waiting.len(),
    });
    if let Some(hook) = &world.hook {
        out["max_connections"] = json!(hook.connections);
        if let Some((date, message)) = &hook.last_error {
            out["last_error_date"] = json!(date);
            out["last_error_message"] = json!(message);
        }
    }
    if let Some(allowed) = &world.allowed {
        out["allowed_updates"] = json!(allowed);
    }
    out
}

/// Delivers to the webhook while there is one: one chat in order, several chats at once, again until it is taken.
pub(crate) async fn deliver(shared: Arc<Shared>, down: CancellationToken) {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut busy: HashSet<i64> = HashSet::new();
    let mut pauses: std::collections::HashMap<i64, (Instant, u32)> = std::collections::HashMap::new();
    let mut running = tokio::task::JoinSet::new();
    loop {
        let (next, wake) = choose(&shared, &busy, &pauses);
        if let Some((hook, id, chat, body)) = next {
            busy.insert(chat);
            let client = client.clone();
            running.spawn(async move { (id, chat, post(&client, &hook, body).await) });
            continue;
        }
        tokio::select! {
            biased;
            () = down.cancelled() => return,
            Some(done) = running.join_next() => {
                let Ok((id, chat, outcome)) = done else { continue };
                busy.remove(&chat);
                settle(&shared, &mut pauses, id, outcome);
            }
            () = shared.deliver.notified() => {}
            () = sleep_until(wake) => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

type Delivery = (Hook, i64, i64, Arc<str>);

/// The oldest update of a chat that has none under way, or when to look again.
fn choose(
    shared: &Shared,
    busy: &HashSet<i64>,
    pauses: &std::collections::HashMap<i64, (Instant, u32)>,
) -> (Option<Delivery>, Option<Instant>) {
    let mut world = shared.world();
    let Some(hook) = world.hook.clone() else {
        return (None, None);
    };
    if busy.len() >= hook.connections {
        return (None, None);
    }
    let now = Instant::now();
    let mut wake: Option<Instant> = None;
    let mut seen = busy.clone();
    let mut tries = 0;
    let mut chosen = None;
    for update in &mut world.waiting {
        if !seen.insert(update.chat) {
            continue;
        }
        if let Some((until, _)) = pauses.get(&update.id).filter(|(until, _)| *until > now) {
            wake = Some(wake.map_or(*until, |at| at.min(*until)));
            continue;
        }
        update.delivered += 1;
        tries = 1;
        chosen = Some((hook, update.id, update.chat, Arc::clone(&update.body)));
        break;
    }
    world.counters.webhook_tries += tries;
    (chosen, wake)
}

async fn post(
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    hook: &Hook,
    body: Arc<str>,
) -> Result<(), String> {
    let mut request = hyper::Request::post(&hook.url).header("content-type", "application/json");
    if let Some(secret) = &hook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).map_err(|e| e.to_string())?;
    let answer = tokio::time::timeout(Duration::from_secs(60), client.request(request))
        .await
        .map_err(|_| "Read timeout expired".to_owned())?
        .map_err(|_| "Connection refused".to_owned())?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("Wrong response from the webhook: {}", answer.status()))
    }
}

fn settle(
    shared: &Shared,
    pauses: &mut std::collections::HashMap<i64, (Instant, u32)>,
    id: i64,
    outcome: Result<(), String>,
) {
    let mut world = shared.world();
    match outcome {
        Ok(()) => {
            pauses.remove(&id);
            world.waiting.retain(|update| update.id != id);
            world.counters.updates_confirmed += 1;
        }
        Err(message) => {
            let tries = pauses.get(&id).map_or(0, |(_, tries)| *tries) + 1;
            let pause = Duration::from_millis(50 << tries.min(5));
            pauses.insert(id, (Instant::now() + pause, tries));
            if let Some(hook) = &mut world.hook {
                hook.last_error = Some((chrono::Utc::now().timestamp(), message));
            }
        }
    }
    drop(world);
    shared.changed.notify_waiters();
}
