//! Purpose: one call to the Bot API, tried once, with an error that says whether it may have taken effect.
//!
//! The payloads are teloxide's or are made with its [`Payload`] trait; the request is ours. teloxide's own path sleeps
//! 10 s on every 5xx, and its typed updates lose what they cannot parse.

use std::{fmt, time::Duration};

use reqwest::{Url, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use teloxide::requests::Payload;
use yoman_chat::{BotError, Secret};

use crate::TelegramConfig;

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The way to one bot's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    bot: teloxide::Bot,
    timeout: Duration,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `teloxide::Bot` prints its token: it is left out.
        f.debug_struct("Api").field("url", &self.bot.api_url().host_str()).finish_non_exhaustive()
    }
}

/// Why a call has no result.
#[derive(Clone, Debug)]
pub(crate) enum CallError {
    /// The service answered no.
    Answer(Refusal),
    /// The request never went out.
    Unsent(String),
    /// The request went out and no answer came, or none that can be read.
    Lost(String),
}

/// The service's own words: <https://core.telegram.org/bots/api#making-requests>.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) migrate_to: Option<i64>,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(refusal) => write!(f, "{} {}", refusal.code, refusal.description),
            Self::Unsent(why) | Self::Lost(why) => f.write_str(why),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default)]
    ok: bool,
    result: Option<T>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Api {
    /// Builds the client; no network.
    pub(crate) fn new(config: &TelegramConfig) -> Result<Self, BotError> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(90))
            // The API never redirects; following one would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(url) = &config.api_url {
            if url.scheme() == "http" {
                // A local server without TLS: nobody's roots are needed.
                builder = builder.tls_built_in_root_certs(false);
            }
            if is_loopback(url) {
                builder = builder.no_proxy();
            }
        }
        let client = builder
            .build()
            .map_err(|error| BotError::Failed(format!("no HTTP client: {}", chain(&error.without_url()))))?;
        let mut bot = teloxide::Bot::with_client(config.token.expose(), client);
        if let Some(url) = &config.api_url {
            if url.cannot_be_a_base() {
                return Err(BotError::Setting(format!("the Bot API address {url} is no base of a web address")));
            }
            bot = bot.set_api_url(url.clone());
        }
        Ok(Self { bot, timeout: config.request_timeout })
    }

    /// One call within the usual time.
    pub(crate) async fn call<P>(&self, payload: &P) -> Result<P::Output, CallError>
    where
        P: Payload + Serialize,
        P::Output: DeserializeOwned,
    {
        self.call_within(payload, self.timeout).await
    }

    /// One call, given up after `timeout`.
    pub(crate) async fn call_within<P>(&self, payload: &P, timeout: Duration) -> Result<P::Output, CallError>
    where
        P: Payload + Serialize,
        P::Output: DeserializeOwned,
    {
        let body = serde_json::to_vec(payload).map_err(|e| CallError::Unsent(e.to_string()))?;
        let request = self
            .bot
            .client()
            .post(self.url(P::NAME))
            .header(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))
            .timeout(timeout)
            .body(body);
        self.answered(request).await
    }

    /// One call with a file among its parameters.
    pub(crate) async fn call_with_file<T: DeserializeOwned>(
        &self,
        method: &str,
        form: reqwest::multipart::Form,
    ) -> Result<T, CallError> {
        let request = self.bot.client().post(self.url(method)).timeout(self.timeout).multipart(form);
        self.answered(request).await
    }

    async fn answered<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, CallError> {
        let response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| self.failed(error))?;
        read(status, &body)
    }

    fn url(&self, method: &str) -> Url {
        let mut url = self.bot.api_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.bot.token())).push(method);
        }
        url
    }

    fn failed(&self, error: reqwest::Error) -> CallError {
        let before = error.is_connect() || error.is_builder();
        let timeout = error.is_timeout();
        let mut why = chain(&error.without_url());
        // Nothing below reqwest is known to print a path; should one ever, the token must still not get out.
        if why.contains(self.bot.token()) {
            why = why.replace(self.bot.token(), "..");
        }
        if timeout {
            why = format!("no answer in time: {why}");
        }
        if before { CallError::Unsent(why) } else { CallError::Lost(why) }
    }
}

fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, CallError> {
    // One broken byte in one person's name must not make a whole batch unreadable.
    let text = String::from_utf8_lossy(body);
    let envelope: Envelope<T> = match serde_json::from_str(&text) {
        Ok(envelope) => envelope,
        // A front that answers for the service writes a web page.
        Err(_) if status >= 300 => {
            let description = format!("an answer that is not the Bot API's ({} bytes)", body.len());
            return Err(CallError::Answer(Refusal { code: status, description, retry_after: None, migrate_to: None }));
        }
        Err(error) => {
            return Err(CallError::Lost(format!("an answer that cannot be read: {error}")));
        }
    };
    match envelope.result {
        Some(result) if envelope.ok => Ok(result),
        _ if envelope.ok => Err(CallError::Lost("an answer without a result".into())),
        _ => Err(CallError::Answer(Refusal {
            code: envelope.error_code.unwrap_or(status),
            description: envelope.description.unwrap_or_default(),
            retry_after: envelope.parameters.as_ref().and_then(|p| p.retry_after).map(Duration::from_secs),
            migrate_to: envelope.parameters.and_then(|p| p.migrate_to_chat_id),
        })),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !out.contains(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        cause = next.source();
    }
    out
}

/// What to do about a token the service does not take; `None` for every other error.
pub(crate) fn bad_token(bot: &yoman_chat::BotName, error: &CallError) -> Option<BotError> {
    match error {
        CallError::Answer(refusal) if matches!(refusal.code, 401 | 404) => Some(BotError::Setting(format!(
            "Telegram does not know the token of the bot \"{bot}\" ({} {}): ask @BotFather for a token (/token, or /newbot), \
             set it, and start again; with an own Bot API server, check its address too",
            refusal.code, refusal.description
        ))),
        _ => None,
    }
}

/// Whether the token looks like one: `<digits>:<secret>`. Gives the bot's user id.
pub(crate) fn bot_id(token: &Secret) -> Option<i64> {
    let (id, rest) = token.expose().split_once(':')?;
    if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return None;
    }
    id.parse().ok().filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_the_bots_id() {
        assert_eq!(bot_id(&"4242:ab_C-d".into()), Some(4242));
        for wrong in ["", "4242", "4242:", "x:y", "4242:a/b", "-1:ab"] {
            assert_eq!(bot_id(&wrong.into()), None, "{wrong}");
        }
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(read::<bool>(200, br#"{"ok":true,"result":true}"#).ok(), Some(true));
        let page = read::<bool>(502, b"<html>").unwrap_err();
        assert!(matches!(page, CallError::Answer(Refusal { code: 502, .. })));
        assert!(matches!(read::<bool>(200, b"<html>").unwrap_err(), CallError::Lost(_)));
        let wait = br#"{"ok":false,"error_code":429,"description":"Too Many","parameters":{"retry_after":7}}"#;
        let CallError::Answer(wait) = read::<bool>(429, wait).unwrap_err() else { panic!() };
        assert_eq!(wait.retry_after, Some(Duration::from_secs(7)));
    }
}
