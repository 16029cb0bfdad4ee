//! Purpose: one call to the Web API, tried once, with an error that says whether it may have taken effect.
//!
//! The client is slack-morphism's, over a connector of our own: reqwest, which the Telegram bot uses too. The library's
//! hyper connector has no deadline for a call, gives no headers (the granted scopes are one), and brings a second set of
//! TLS roots; its errors repeat the whole answer.

use std::{
    error::Error as _,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use reqwest::{RequestBuilder, StatusCode, Url, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use slack_morphism::{
    ClientResult, SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector,
    SlackClientId, SlackClientSecret,
    errors::{
        SlackClientApiError, SlackClientError, SlackClientHttpError, SlackClientHttpProtocolError, SlackRateLimitError,
    },
    multipart_form::FileMultipartData,
};
use yoman_chat::{BotError, Secret};

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer read here is larger.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What to wait for when the service says only that there were too many.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(1);

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The service answered no, with its word for why, and what more it said (the scope that is needed, what is wrong in a block).
    Answer { error: String, more: Vec<String> },
    /// The service asks to wait; nothing was done.
    Wait(Duration),
    /// The service failed, with an answer.
    Server(u16),
    /// The request never went out.
    Unsent(String),
    /// The request went out and no answer came, or none that can be read.
    Lost(String),
}

impl CallError {
    /// Whether the service answered with one of these errors.
    pub(crate) fn is(&self, errors: &[&str]) -> bool {
        matches!(self, Self::Answer { error, .. } if errors.contains(&error.as_str()))
    }

    /// Whether no token will be let in by this: what a person must do; `None` for every other error.
    pub(crate) fn setting(&self, which: &str) -> Option<BotError> {
        let Self::Answer { error, more } = self else { return None };
        let what = match error.as_str() {
            "invalid_auth" | "not_authed" => format!(
                "Slack does not know {which} ({error}): copy it again from https://api.slack.com/apps (OAuth & Permissions: xoxb-…; Basic Information, App-Level Tokens: xapp-…)"
            ),
            "token_revoked" | "token_expired" | "account_inactive" | "app_uninstalled" => format!(
                "Slack has taken {which} back ({error}): install the app to the workspace again, and set the new token"
            ),
            "not_allowed_token_type" => format!(
                "Slack takes another kind of token here ({error}): the bot token begins with xoxb-, the app-level token with xapp-"
            ),
            "missing_scope" | "no_permission" => {
                format!("{which} may not do that: {}", needed(more))
            }
            "forbidden_team" => {
                "Socket Mode is not switched on for this app: switch it on under Settings, Socket Mode at https://api.slack.com/apps, or use HTTP mode"
                    .to_owned()
            }
            _ => return None,
        };
        Some(BotError::Setting(what))
    }
}

fn needed(more: &[String]) -> String {
    match more.iter().find_map(|line| line.strip_prefix("needed: ")) {
        Some(scope) => format!(
            "add the scope {scope} under OAuth & Permissions (or paste the manifest of `yoman slack manifest` again) and reinstall the app"
        ),
        None => "paste the manifest of `yoman slack manifest` again and reinstall the app".to_owned(),
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { error, more } if error == "missing_scope" => write!(f, "{error}: {}", needed(more)),
            Self::Answer { error, more } if more.is_empty() => f.write_str(error),
            Self::Answer { error, more } => write!(f, "{error} ({})", more.join("; ")),
            Self::Wait(after) => write!(f, "too many requests: wait {} s", after.as_secs()),
            Self::Server(status) => write!(f, "the service failed ({status})"),
            Self::Unsent(why) | Self::Lost(why) => f.write_str(why),
        }
    }
}

/// How far a request came before it failed; travels inside the library's error.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
struct Cut {
    sent: bool,
    why: String,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    ok: bool,
    error: Option<String>,
    needed: Option<String>,
    response_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    messages: Vec<String>,
}

/// The library's way to bring an HTTP client of one's own.
#[derive(Clone)]
struct Connector {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    /// The scopes of the bot token, as the last answer told them.
    scopes: Arc<Mutex<Option<String>>>,
}

impl Connector {
    fn send<'a, RS>(
        &'a self,
        request: RequestBuilder,
        token: Option<&'a SlackApiToken>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        async move {
            let mut request = request.timeout(self.timeout);
            if let Some(token) = token {
                request = request.bearer_auth(&token.token_value.0);
            }
            let answer = request.send().await.map_err(failed)?;
            let status = answer.status();
            let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
            if let Some(scopes) = answer.headers().get("x-oauth-scopes").and_then(|v| v.to_str().ok())
                && token.is_some_and(|token| token.token_value.0.starts_with("xoxb-"))
            {
                *self.scopes.lock().unwrap_or_else(PoisonError::into_inner) = Some(scopes.to_owned());
            }
            if answer.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX as u64) {
                return Err(lost("an answer larger than any of Slack's".into()));
            }
            let body = answer.bytes().await.map_err(failed)?;
            read(status, retry_after, &body)
        }
        .boxed()
    }
}

fn lost(why: String) -> SlackClientError {
    protocol(Cut { sent: true, why })
}

fn protocol(cut: Cut) -> SlackClientError {
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError::new().with_cause(Box::new(cut)))
}

fn failed(error: reqwest::Error) -> SlackClientError {
    let sent = !(error.is_connect() || error.is_builder());
    let timeout = error.is_timeout();
    // A URL can be as good as a token: an upload's, a socket's, an answer's.
    let mut why = chain(&error.without_url());
    if timeout {
        why = format!("no answer in time: {why}");
    }
    protocol(Cut { sent, why })
}

fn read<RS: for<'de> Deserialize<'de>>(status: StatusCode, retry_after: Option<u64>, body: &[u8]) -> ClientResult<RS> {
    if status == StatusCode::TOO_MANY_REQUESTS {
        let after = retry_after.map_or(RETRY_AFTER_DEFAULT, Duration::from_secs);
        return Err(SlackClientError::RateLimitError(SlackRateLimitError::new().with_retry_after(after)));
    }
    let text = String::from_utf8_lossy(body);
    let envelope: Option<Envelope> = serde_json::from_str(&text).ok();
    match envelope {
        Some(envelope) if envelope.ok => {
            serde_json::from_str(&text).map_err(|error| lost(format!("an answer that cannot be read: {error}")))
        }
        Some(Envelope { error: Some(error), .. }) if error == "ratelimited" => {
            let after = retry_after.map_or(RETRY_AFTER_DEFAULT, Duration::from_secs);
            Err(SlackClientError::RateLimitError(SlackRateLimitError::new().with_retry_after(after)))
        }
        Some(envelope) if envelope.error.is_some() && status.as_u16() < 500 => {
            let mut more: Vec<String> = envelope.needed.map(|scope| format!("needed: {scope}")).into_iter().collect();
            more.extend(envelope.response_metadata.into_iter().flat_map(|it| it.messages).take(5));
            let error = envelope.error.unwrap_or_default();
            Err(SlackClientError::ApiError(SlackClientApiError::new(error).with_errors(more)))
        }
        // What takes answers to interactions, and files, says so in plain text.
        _ if status.is_success() && !text.trim_start().starts_with('{') => {
            serde_json::from_str("{}").map_err(|_| lost("an answer that is not Slack's".into()))
        }
        _ if status.is_success() => Err(lost("an answer that is not Slack's".into())),
        _ => Err(SlackClientError::HttpError(SlackClientHttpError::new(status))),
    }
}

/// An error with its causes, in one line.
fn chain(error: &reqwest::Error) -> String {
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

impl SlackClientHttpConnector for Connector {
    fn http_get_uri<'a, RS>(
        &'a self,
        full_uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        self.send(self.http.get(full_uri), context.token)
    }

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        full_uri: Url,
        client_id: &'a SlackClientId,
        client_secret: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        self.send(self.http.get(full_uri).basic_auth(&client_id.0, Some(&client_secret.0)), None)
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        full_uri: Url,
        request_body: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: Serialize + Send + Sync,
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        match serde_json::to_vec(request_body) {
            Ok(body) => {
                let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
                self.send(self.http.post(full_uri).header(header::CONTENT_TYPE, kind).body(body), context.token)
            }
            Err(error) => std::future::ready(Err(protocol(Cut { sent: false, why: error.to_string() }))).boxed(),
        }
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _full_uri: Url,
        _file: Option<FileMultipartData<'p>>,
        _params: &'p PT,
        _context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
        PT: IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        // Only the first way to send files used it, which the service has given up.
        let why = "files go up by a URL of their own".to_owned();
        std::future::ready(Err(protocol(Cut { sent: false, why }))).boxed()
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        full_uri: Url,
        content_type: String,
        data: &'a [u8],
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        let request = self.http.post(full_uri).header(header::CONTENT_TYPE, content_type).body(data.to_vec());
        self.send(request, context.token)
    }

    fn create_method_uri_path(&self, method_relative_uri: &str) -> ClientResult<Url> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(method_relative_uri);
        }
        Ok(url)
    }
}

/// The way to one app's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    client: Arc<SlackClient<Connector>>,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
    connector: Connector,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The library's tokens print themselves: they are left out.
        f.debug_struct("Api").field("url", &self.connector.base.host_str()).finish_non_exhaustive()
    }
}

impl Api {
    /// Builds the client; no network.
    pub(crate) fn new(base: &Url, timeout: Duration, bot: &Secret, app: Option<&Secret>) -> Result<Self, BotError> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A socket is opened by an upgrade, which only HTTP/1.1 has.
            .http1_only()
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(90))
            // The API never redirects; following one would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // A local server without TLS: nobody's roots are needed.
            builder = builder.tls_built_in_root_certs(false);
        }
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| BotError::Failed(format!("no HTTP client: {}", chain(&error))))?;
        if base.cannot_be_a_base() {
            return Err(BotError::Setting("the address of Slack's Web API is no base of a web address".into()));
        }
        let token = |secret: &Secret| SlackApiToken::new(SlackApiTokenValue(secret.expose().to_owned()));
        let connector = Connector { http, base: base.clone(), timeout, scopes: Arc::default() };
        Ok(Self {
            client: Arc::new(SlackClient::new(connector.clone())),
            bot: token(bot),
            app: app.map(token),
            connector,
        })
    }

    /// A method that takes JSON.
    pub(crate) async fn post<T>(&self, method: &str, body: &(impl Serialize + Send + Sync)) -> Result<T, CallError>
    where
        T: DeserializeOwned + Send,
    {
        let session = self.client.open_session(&self.bot);
        session.http_session_api.http_post(method, body, None).await.map_err(call_error)
    }

    /// A method that reads its arguments from the query: those that only read, and those for files.
    pub(crate) async fn get<T>(&self, method: &str, arguments: &[(&str, &str)]) -> Result<T, CallError>
    where
        T: DeserializeOwned + Send,
    {
        let arguments: Vec<(&str, Option<&str>)> =
            arguments.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let session = self.client.open_session(&self.bot);
        session.http_session_api.http_get(method, &arguments, None).await.map_err(call_error)
    }

    /// `apps.connections.open`, the only method for the app-level token.
    pub(crate) async fn open_connection(&self) -> Result<Url, CallError> {
        #[derive(Deserialize)]
        struct Opened {
            url: String,
        }
        let Some(token) = &self.app else {
            return Err(CallError::Unsent("there is no app-level token".into()));
        };
        let session = self.client.open_session(token);
        let empty = serde_json::Map::new();
        let opened: Opened =
            session.http_session_api.http_post("apps.connections.open", &empty, None).await.map_err(call_error)?;
        Url::parse(&opened.url).map_err(|_| CallError::Lost("the address of the socket cannot be read".into()))
    }

    /// Answers an interaction at the URL that came with it.
    pub(crate) async fn respond(&self, url: &str, body: &(impl Serialize + Send + Sync)) -> Result<(), CallError> {
        let url = Url::parse(url).map_err(|_| CallError::Unsent("the URL to answer at cannot be read".into()))?;
        let body = serde_json::to_vec(body).map_err(|error| CallError::Unsent(error.to_string()))?;
        let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
        let request = self.connector.http.post(url).header(header::CONTENT_TYPE, kind).body(body);
        let _: Nothing = self.connector.send(request, None).await.map_err(call_error)?;
        Ok(())
    }

    /// The bytes of a file, to the URL the service gave for them.
    pub(crate) async fn upload(&self, url: &str, bytes: &[u8]) -> Result<(), CallError> {
        let url = Url::parse(url).map_err(|_| CallError::Unsent("the URL to upload to cannot be read".into()))?;
        let request = self.connector.http.post(url).body(bytes.to_vec());
        let _: Nothing = self.connector.send(request, None).await.map_err(call_error)?;
        Ok(())
    }

    /// The HTTP client, for what is no call: the socket.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.connector.http
    }

    /// The scopes of the bot token, once a call was answered.
    pub(crate) fn scopes(&self) -> Option<Vec<String>> {
        let scopes = self.connector.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        Some(
            scopes
                .as_ref()?
                .split(',')
                .map(|scope| scope.trim().to_owned())
                .filter(|scope| !scope.is_empty())
                .collect(),
        )
    }
}

/// Of many answers only that they came is needed.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

fn call_error(error: SlackClientError) -> CallError {
    match error {
        SlackClientError::ApiError(error) => {
            CallError::Answer { error: error.code, more: error.errors.unwrap_or_default() }
        }
        SlackClientError::RateLimitError(error) => CallError::Wait(error.retry_after.unwrap_or(RETRY_AFTER_DEFAULT)),
        SlackClientError::HttpError(error) => match error.status_code.as_u16() {
            status if status >= 500 => CallError::Server(status),
            status => CallError::Answer { error: format!("http_{status}"), more: Vec::new() },
        },
        SlackClientError::HttpProtocolError(error) => {
            match error.cause.as_ref().and_then(|cause| cause.downcast_ref::<Cut>()) {
                Some(Cut { sent: false, why }) => CallError::Unsent(why.clone()),
                Some(Cut { why, .. }) => CallError::Lost(why.clone()),
                None => CallError::Lost("no answer".into()),
            }
        }
        // Their words may hold the whole answer, or the whole URL.
        _ => CallError::Lost("an answer that cannot be read".into()),
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u64>, body: &str) -> CallError {
        let status = StatusCode::from_u16(status).unwrap();
        call_error(read::<Nothing>(status, retry_after, body.as_bytes()).err().unwrap())
    }

    #[test]
    fn answers_are_told_apart() {
        assert!(read::<Nothing>(StatusCode::OK, None, br#"{"ok":true}"#).is_ok());
        assert!(read::<Nothing>(StatusCode::OK, None, b"ok").is_ok());
        let no = answer(200, None, r#"{"ok":false,"error":"missing_scope","needed":"im:write","provided":"x"}"#);
        assert!(no.is(&["missing_scope"]) && no.to_string().contains("im:write"), "{no}");
        assert!(matches!(no.setting("the bot token"), Some(BotError::Setting(why)) if why.contains("im:write")));
        assert_eq!(answer(429, Some(7), ""), CallError::Wait(Duration::from_secs(7)));
        assert_eq!(answer(200, None, r#"{"ok":false,"error":"ratelimited"}"#), CallError::Wait(RETRY_AFTER_DEFAULT));
        assert_eq!(answer(502, None, "<html>"), CallError::Server(502));
        assert!(matches!(answer(200, None, "{\"what\":1}"), CallError::Lost(_)));
        assert!(answer(404, None, "used_url").is(&["http_404"]));
    }
}
