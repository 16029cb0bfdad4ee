//! Purpose: what the bot tells Telegram about itself, beside the traffic: getMe, the webhook.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use teloxide::{payloads::DeleteWebhook, requests::Payload};
use tokio::sync::watch;
use yoman_chat::{BotError, BotName};

use crate::{
    Webhook,
    api::{self, Api, CallError},
    intake::{ALLOWED_UPDATES, Intake},
    menu::fingerprint,
};

/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// `getMe`, as far as it is used: whatever else a server says or leaves out does not matter.
#[derive(Serialize)]
struct GetMe {}

#[derive(Deserialize)]
struct Me {
    username: Option<String>,
}

impl Payload for GetMe {
    type Output = Me;
    const NAME: &'static str = "getMe";
}

/// `setWebhook`
#[derive(Serialize)]
struct SetWebhook<'a> {
    url: &'a str,
    secret_token: &'a str,
    allowed_updates: [&'static str; 4],
}

impl Payload for SetWebhook<'_> {
    type Output = bool;
    const NAME: &'static str = "setWebhook";
}

/// `getWebhookInfo`
#[derive(Serialize)]
struct GetWebhookInfo {}

#[derive(Deserialize)]
struct WebhookInfo {
    #[serde(default)]
    url: String,
}

impl Payload for GetWebhookInfo {
    type Output = WebhookInfo;
    const NAME: &'static str = "getWebhookInfo";
}

/// Takes the webhook away and leaves what waits.
pub(crate) async fn delete_webhook(api: &Api) -> Result<(), CallError> {
    api.call(&DeleteWebhook { drop_pending_updates: None }).await.map(drop)
}

/// Asks once who we are: the username, for a check of the token.
pub(crate) async fn who(api: &Api) -> Result<String, CallError> {
    api.call(&GetMe {}).await.map(|me| me.username.unwrap_or_default())
}

/// Learns our username, trying until it is known.
///
/// # Errors
/// When the token is not known there.
pub(crate) async fn learn_name(
    bot: &BotName,
    api: &Api,
    into: &watch::Sender<Option<Arc<str>>>,
) -> Result<(), BotError> {
    let me = until_answered(bot, "getMe", || api.call(&GetMe {})).await?;
    // A bot always has a username; a server that says none must not make messages wait for it.
    let name = me.username.unwrap_or_default();
    tracing::info!(%bot, username = %name, "connected to Telegram");
    into.send_replace(Some(name.into()));
    Ok(())
}

/// Registers the webhook unless it stands as it should.
///
/// # Errors
/// When the token is not known there.
pub(crate) async fn register_webhook(intake: &Intake, hook: &Webhook) -> Result<(), BotError> {
    let (bot, api) = (&intake.bot, &intake.api);
    let url = hook.public_url.as_str();
    // The service does not tell which secret it holds: the fingerprint stands in for it.
    let wanted = fingerprint(&[url, hook.secret_token.expose(), &ALLOWED_UPDATES.join(","), &intake.id.to_string()]);
    let info = until_answered(bot, "getWebhookInfo", || api.call(&GetWebhookInfo {})).await?;
    if info.url == url && intake.inbox.recall("webhook").await.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    let ask = SetWebhook { url, secret_token: hook.secret_token.expose(), allowed_updates: ALLOWED_UPDATES };
    until_answered(bot, "setWebhook", || api.call(&ask)).await?;
    intake.inbox.remember("webhook", &wanted).await;
    tracing::info!(%bot, "the webhook is registered");
    Ok(())
}

async fn until_answered<T, F>(bot: &BotName, what: &str, mut call: impl FnMut() -> F) -> Result<T, BotError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if let Some(wrong) = api::bad_token(bot, &error) {
            return Err(wrong);
        }
        let mut wait = pause.mul_f64(0.75 + fastrand::f64() * 0.5);
        if let CallError::Answer(refusal) = &error {
            wait = refusal.retry_after.unwrap_or(wait);
        }
        tracing::warn!(%bot, %error, "{what} failed; trying again");
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
