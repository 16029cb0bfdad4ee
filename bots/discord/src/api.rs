//! Purpose: one call to the REST API, tried once, with an error that says whether it may have taken effect.
//!
//! The bodies are made with serenity's builders; the request is ours. serenity's own client ignores another address
//! while it keeps the rates, loses `retry_after` while it does not, and brings an older TLS stack.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{Method, Url, header, multipart};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use yoman_chat::{BotError, BotName, Secret, SendError};

use crate::{DiscordConfig, rates::Rates};

/// Where the service is.
pub(crate) const API_URL: &str = "https://discord.com/api/v10";
/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The service refuses requests without one of this form.
const USER_AGENT: &str = concat!("DiscordBot (https://discord.com, ", env!("CARGO_PKG_VERSION"), ")");

/// A file beside a body.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
}

/// The way to one bot's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base: Url,
    token: Secret,
    timeout: Duration,
    rates: Arc<Rates>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("host", &self.base.host_str()).finish_non_exhaustive()
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

/// The service's own words: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u64,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) global: bool,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(refusal) if refusal.code != 0 => {
                write!(f, "{} {} (code {})", refusal.status, refusal.message, refusal.code)
            }
            Self::Answer(refusal) => write!(f, "{} {}", refusal.status, refusal.message),
            Self::Unsent(why) | Self::Lost(why) => f.write_str(why),
        }
    }
}

impl CallError {
    /// The service's code, if it answered with one.
    pub(crate) fn code(&self) -> u64 {
        match self {
            Self::Answer(refusal) => refusal.code,
            Self::Unsent(_) | Self::Lost(_) => 0,
        }
    }

    /// The HTTP status, if there was an answer.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Answer(refusal) => refusal.status,
            Self::Unsent(_) | Self::Lost(_) => 0,
        }
    }

    /// How long to wait before it may work, if the service says so.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Answer(refusal) => refusal.retry_after,
            Self::Unsent(_) | Self::Lost(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: u64,
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
    #[serde(default)]
    errors: Value,
}

impl Api {
    /// Builds the client; no network.
    pub(crate) fn new(config: &DiscordConfig) -> Result<Self, BotError> {
        let wrong =
            |url: &dyn fmt::Display| BotError::Setting(format!("the address {url} of Discord's API is no web address"));
        let base = match &config.api_url {
            Some(url) => url.clone(),
            None => Url::parse(API_URL).map_err(|_| wrong(&API_URL))?,
        };
        if base.cannot_be_a_base() {
            return Err(wrong(&base));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(90))
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // A server without TLS: nobody's roots are needed.
            builder = builder.tls_built_in_root_certs(false);
        }
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| BotError::Failed(format!("no HTTP client: {}", chain(&error.without_url()))))?;
        let (token, timeout) = (config.token.clone(), config.request_timeout);
        Ok(Self { client, base, token, timeout, rates: Arc::default() })
    }

    /// The token, for the gateway's own greeting.
    pub(crate) fn token(&self) -> &Secret {
        &self.token
    }

    /// `GET`, read as `T`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        let value = self.call(Method::GET, path, None, None).await?;
        serde_json::from_value(value)
            .map_err(|error| CallError::Lost(format!("an answer that cannot be read: {error}")))
    }

    /// One call within the usual time.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        file: Option<File>,
    ) -> Result<Value, CallError> {
        let route = route(&method, path);
        // The token of an interaction stands for the bot's, and no rate of the bot's is counted for it.
        let by_interaction = path.starts_with("interactions/") || path.starts_with("webhooks/");
        if !by_interaction && let Err(wait) = self.rates.admit(&route) {
            return Err(CallError::Answer(Refusal {
                status: 429,
                message: "held back, to stay within the rates".into(),
                retry_after: Some(wait.after),
                global: wait.global,
                code: 0,
            }));
        }
        let mut request = self.client.request(method, self.url(path)?).timeout(self.timeout);
        if !by_interaction {
            let mut value = header::HeaderValue::from_str(&format!("Bot {}", self.token.expose()))
                .map_err(|_| CallError::Unsent("the token cannot stand in a header".into()))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request = match (body, file) {
            (Some(body), Some(file)) => request.multipart(form(body, file)),
            (Some(body), None) => request.json(body),
            (None, _) => request,
        };
        let response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status().as_u16();
        self.rates.answered(&route, status, response.headers());
        let retry_header =
            response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse::<f64>().ok());
        let bytes = response.bytes().await.map_err(|error| self.failed(error))?;
        let outcome = read(status, &bytes, retry_header);
        if let Err(CallError::Answer(Refusal { global: true, retry_after: Some(after), .. })) = &outcome {
            self.rates.hold(*after);
        }
        outcome
    }

    fn url(&self, path: &str) -> Result<Url, CallError> {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| CallError::Unsent("the API's address is no base".into()))?
            .pop_if_empty()
            .extend(path.split('/'));
        url.set_query(query);
        Ok(url)
    }

    fn failed(&self, error: reqwest::Error) -> CallError {
        let before = error.is_connect() || error.is_builder();
        let timeout = error.is_timeout();
        // The address may hold an interaction's token.
        let mut why = chain(&error.without_url());
        if why.contains(self.token.expose()) {
            why = why.replace(self.token.expose(), "..");
        }
        if timeout {
            why = format!("no answer in time: {why}");
        }
        if before { CallError::Unsent(why) } else { CallError::Lost(why) }
    }
}

fn form(body: &Value, file: File) -> multipart::Form {
    let part = multipart::Part::bytes(file.bytes.to_vec()).file_name(file.name);
    multipart::Form::new().text("payload_json", body.to_string()).part("files[0]", part)
}

/// What the service counts together: the method, the path, and of its ids the first.
fn route(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut out = method.as_str().to_owned();
    for (n, part) in path.split('/').enumerate() {
        out.push('/');
        let id = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        out.push_str(if id && n > 1 { "*" } else { part });
    }
    out
}

fn read(status: u16, body: &[u8], retry_header: Option<f64>) -> Result<Value, CallError> {
    if (200..300).contains(&status) {
        if body.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_slice(body)
            .map_err(|error| CallError::Lost(format!("an answer that cannot be read: {error}")));
    }
    let seconds = |value: f64| Duration::from_secs_f64(value.clamp(0.0, 86_400.0));
    let retry_after = (status == 429).then(|| seconds(retry_header.unwrap_or(1.0)));
    Err(CallError::Answer(match serde_json::from_slice::<ErrorBody>(body) {
        Ok(error) => {
            let mut message = error.message;
            if let Some(first) = first_error(&error.errors, &mut String::new()) {
                message = format!("{message}: {first}");
            }
            let retry_after = retry_after.map(|after| error.retry_after.map_or(after, seconds));
            Refusal { status, code: error.code, message, retry_after, global: error.global }
        }
        // A front that answers for the service writes a web page.
        Err(_) => {
            let message = format!("an answer that is not the API's ({} bytes)", body.len());
            Refusal { status, message, retry_after, ..Refusal::default() }
        }
    }))
}

/// The first of the nested errors of a form, with where it stands.
fn first_error(errors: &Value, at: &mut String) -> Option<String> {
    let fields = errors.as_object()?;
    for (name, inner) in fields {
        if name == "_errors" {
            let message = inner.get(0)?.get("message")?.as_str()?;
            return Some(format!("{}: {message}", at.trim_start_matches('.')));
        }
        let length = at.len();
        at.push('.');
        at.push_str(name);
        if let Some(found) = first_error(inner, at) {
            return Some(found);
        }
        at.truncate(length);
    }
    None
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
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
pub(crate) fn bad_token(bot: &BotName, error: &CallError) -> Option<BotError> {
    (error.status() == 401).then(|| bad_token_error(bot))
}

/// See [`bad_token`].
pub(crate) fn bad_token_error(bot: &BotName) -> BotError {
    BotError::Setting(format!(
        "Discord does not know the token of the bot \"{bot}\": in the developer portal open your application, Bot, Reset \
         Token, set the new one, and start again"
    ))
}

/// What a failed call says about the message.
pub(crate) fn send_error(error: CallError, editing: bool) -> SendError {
    let text = error.to_string();
    let refusal = match error {
        CallError::Unsent(why) => return SendError::NotSent(why),
        CallError::Lost(why) => return SendError::Unknown(why),
        CallError::Answer(refusal) => refusal,
    };
    match (refusal.status, refusal.code) {
        (429, _) => SendError::RetryAfter {
            after: refusal.retry_after.unwrap_or(Duration::from_secs(1)),
            whole_bot: refusal.global,
        },
        // 10008 unknown message, 10003 unknown channel, 10015 unknown webhook, 50005 another's message, 50027 a token
        // that is over.
        (_, 10003 | 10008 | 10015 | 50005 | 50027) if editing => SendError::Gone(text),
        (400 | 403 | 404 | 405 | 413, _) => SendError::Refused(text),
        // 401: the token, which a person may mend; 5xx: the service, which time may.
        _ => SendError::NotSent(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read() {
        let wait = br#"{"message":"You are being rate limited.","retry_after":0.65,"global":true}"#;
        let CallError::Answer(wait) = read(429, wait, Some(1.0)).unwrap_err() else { panic!() };
        assert_eq!((wait.retry_after, wait.global), (Some(Duration::from_millis(650)), true));
        let form = br#"{"message":"Invalid Form Body","code":50035,"errors":{"embeds":{"0":{"description":{"_errors":[{"code":"X","message":"too long"}]}}}}}"#;
        let error = read(400, form, None).unwrap_err();
        assert_eq!(error.to_string(), "400 Invalid Form Body: embeds.0.description: too long (code 50035)");
        assert!(matches!(read(502, b"<html>", None).unwrap_err(), CallError::Answer(Refusal { status: 502, .. })));
        assert!(matches!(read(200, b"<html>", None).unwrap_err(), CallError::Lost(_)));
        assert_eq!(read(204, b"", None).unwrap(), Value::Null);
    }

    #[test]
    fn failures_say_whether_it_may_have_been_sent() {
        let answer =
            |status, code| CallError::Answer(Refusal { status, code, message: String::new(), ..Refusal::default() });
        assert!(matches!(send_error(answer(403, 50007), false), SendError::Refused(_)));
        assert!(matches!(send_error(answer(404, 10008), true), SendError::Gone(_)));
        assert!(matches!(send_error(answer(404, 10003), false), SendError::Refused(_)));
        assert!(matches!(send_error(answer(500, 0), false), SendError::NotSent(_)));
        assert!(matches!(send_error(answer(401, 0), false), SendError::NotSent(_)));
        assert!(matches!(send_error(answer(429, 0), false), SendError::RetryAfter { .. }));
        assert!(matches!(send_error(CallError::Lost("x".into()), false), SendError::Unknown(_)));
    }

    #[test]
    fn routes_are_counted_by_their_first_id() {
        assert_eq!(route(&Method::PATCH, "channels/1/messages/2"), "PATCH/channels/1/messages/*");
        assert_eq!(route(&Method::GET, "channels/1/messages?after=3"), "GET/channels/1/messages");
    }
}
