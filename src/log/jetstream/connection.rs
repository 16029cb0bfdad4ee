//! The connection to NATS: who we are, to whom, and whether it is up. It comes back by itself, for ever.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, ServerAddr, connection::State, jetstream};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// How long one attempt to reach one server may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(2);
/// The longest pause between attempts: a server that is back is noticed within it.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A connection that is silent for so long is asked whether it is there; twice without an answer, and it counts as gone.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long a request of ours waits for its answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);
/// Commands that may wait for the socket.
const SENDER_CAPACITY: usize = 4096;
/// Messages of one subscription that may wait for us.
const SUBSCRIPTION_CAPACITY: usize = 65_536;

/// A secret: not in `Debug`, and wiped when it is dropped.
#[derive(Clone)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Takes the value without the white space around it.
    pub fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.trim().to_owned()))
    }

    fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// Where NATS is, and who we are there.
#[derive(Clone, Debug, Default)]
pub struct NatsSettings {
    /// Addresses like `nats://127.0.0.1:4222`; any of one cluster. Without names or passwords in them.
    pub servers: Vec<String>,
    /// What the names of everything of ours begin with.
    pub prefix: String,
    /// On how many servers each message is kept.
    pub replicas: usize,
    /// For user and password.
    pub user: String,
    /// The user's password.
    pub password: Option<Hidden>,
    /// A token instead.
    pub token: Option<Hidden>,
    /// The seed of an nkey instead.
    pub nkey_seed: Option<Hidden>,
    /// A `.creds` file (JWT and nkey) instead.
    pub creds_file: Option<PathBuf>,
    /// The CA that signed the servers' certificates; those of the system when there is none.
    pub tls_ca_file: Option<PathBuf>,
    /// Our own certificate, for servers that ask for one.
    pub tls_cert_file: Option<PathBuf>,
    /// Its key.
    pub tls_key_file: Option<PathBuf>,
}

/// Why a connection cannot even be tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectionError(String);

impl ConnectionError {
    fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self(format!("{} cannot be used: {error}", path.display()))
    }
}

/// Whether NATS is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is.
    Up,
    /// It is not, and why as far as that is known.
    Down(String),
}

impl Link {
    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        *self == Self::Up
    }
}

/// A connection that comes back by itself. Cheap to clone.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    context: jetstream::Context,
    link: watch::Receiver<Link>,
    settings: Arc<NatsSettings>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("servers", &self.settings.servers)
            .field("link", &*self.link.borrow())
            .finish_non_exhaustive()
    }
}

/// Whether an address is one, in words that never repeat what may be a password.
///
/// # Errors
/// What is wrong with it.
pub fn check_server(address: &str) -> Result<(), String> {
    if address.contains('@') {
        return Err("holds a name or a password: set user, and NATS_PASSWORD in the environment".to_owned());
    }
    let scheme = address.split_once("://").map(|(scheme, _)| scheme);
    let known = matches!(scheme, None | Some("nats" | "tls"));
    match address.parse::<ServerAddr>() {
        Ok(server) if known && !server.host().is_empty() => Ok(()),
        _ => Err(format!("\"{}\" is no address like nats://127.0.0.1:4222", address.escape_debug())),
    }
}

impl Connection {
    /// Begins to connect, and goes on with it in the background: with NATS away this returns all the same.
    ///
    /// # Errors
    /// [`ConnectionError`] when the settings cannot be used whatever the servers say: a file that cannot be read, a seed that
    /// is none.
    pub async fn open(settings: NatsSettings) -> Result<Self, ConnectionError> {
        let mut servers = Vec::new();
        for address in &settings.servers {
            check_server(address).map_err(ConnectionError)?;
            servers.push(address.parse::<ServerAddr>().map_err(|_| ConnectionError("a server has no address".into()))?);
        }
        if servers.is_empty() {
            return Err(ConnectionError("no NATS server is set: [nats] servers".into()));
        }
        let (tell, link) = watch::channel(Link::Down("not connected yet".into()));
        let tell = Arc::new(tell);
        let options = options(&settings)?.event_callback(move |event| {
            let tell = Arc::clone(&tell);
            async move { note(&tell, &event) }
        });
        let client = options.connect(servers).await.map_err(|error| ConnectionError(error.to_string()))?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(REQUEST_TIME_MAX);
        Ok(Self { client, context, link, settings: Arc::new(settings) })
    }

    /// Requests to JetStream.
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.context
    }

    /// The client itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What it was opened with.
    pub fn settings(&self) -> &NatsSettings {
        &self.settings
    }

    /// Whether NATS is reached at this moment.
    pub fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Why it is not reached, when it is not.
    pub fn why_down(&self) -> Option<String> {
        if self.is_up() {
            return None;
        }
        Some(match &*self.link.borrow() {
            Link::Down(why) => why.clone(),
            Link::Up => "the connection was lost".to_owned(),
        })
    }

    /// Up and down, as it changes.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Waits until it is up.
    ///
    /// # Errors
    /// Why it was not within that time.
    pub async fn up_within(&self, time: Duration) -> Result<(), String> {
        let mut link = self.link.clone();
        let up = tokio::time::timeout(time, link.wait_for(Link::is_up)).await;
        match up {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("the connection has ended".to_owned()),
            Err(_) => Err(self.why_down().unwrap_or_else(|| "it took too long".to_owned())),
        }
    }
}

/// Remembers what the client tells.
fn note(tell: &watch::Sender<Link>, event: &Event) {
    let link = match event {
        Event::Connected => Link::Up,
        Event::Disconnected => Link::Down("the connection was lost".to_owned()),
        Event::Closed => Link::Down("the connection was closed".to_owned()),
        // The reason while it is down: a wrong password, nobody listening.
        Event::ClientError(error) if !tell.borrow().is_up() => Link::Down(error.to_string()),
        Event::ServerError(error) if !tell.borrow().is_up() => Link::Down(error.to_string()),
        _ => {
            tracing::debug!(%event, "NATS");
            return;
        }
    };
    tell.send_if_modified(|held| {
        let other = *held != link;
        if other {
            match &link {
                Link::Up => tracing::info!("NATS is reached"),
                Link::Down(why) => tracing::warn!(why, "NATS is not reached"),
            }
            *held = link;
        }
        other
    });
}

fn options(settings: &NatsSettings) -> Result<ConnectOptions, ConnectionError> {
    let mut options = ConnectOptions::new()
        .name("yoman")
        .retry_on_initial_connect()
        .connection_timeout(CONNECT_TIME_MAX)
        .request_timeout(Some(REQUEST_TIME_MAX))
        .ping_interval(PING_EVERY)
        .client_capacity(SENDER_CAPACITY)
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .read_buffer_capacity(u16::MAX)
        .reconnect_delay_callback(pause);
    if let Some(creds) = &settings.creds_file {
        let text = read(creds).map_err(|error| ConnectionError::file(creds, error))?;
        // Its error could repeat a line of the file.
        options = options.credentials(&text).map_err(|_| ConnectionError::file(creds, "it holds no JWT and seed"))?;
    } else if let Some(seed) = &settings.nkey_seed {
        if nkeys::KeyPair::from_seed(seed.expose()).is_err() {
            return Err(ConnectionError("the nkey seed is none: one line that begins with SU".into()));
        }
        options = options.nkey(seed.expose().to_owned());
    } else if let Some(token) = &settings.token {
        options = options.token(token.expose().to_owned());
    } else if !settings.user.is_empty() {
        let password = settings.password.as_ref().map(|password| password.expose().to_owned()).unwrap_or_default();
        options = options.user_and_password(settings.user.clone(), password);
    }
    for path in [&settings.tls_ca_file, &settings.tls_cert_file, &settings.tls_key_file].into_iter().flatten() {
        read(path).map_err(|error| ConnectionError::file(path, error))?;
    }
    if let Some(ca) = &settings.tls_ca_file {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    match (&settings.tls_cert_file, &settings.tls_key_file) {
        (Some(cert), Some(key)) => {
            options = options.add_client_certificate(cert.clone(), key.clone()).require_tls(true)
        }
        (None, None) => {}
        _ => return Err(ConnectionError("tls_cert_file and tls_key_file belong together: set both or neither".into())),
    }
    Ok(options)
}

/// Short at first, so that the loss of one server of a cluster is hardly noticed.
fn pause(attempt: usize) -> Duration {
    match attempt {
        0 | 1 => Duration::ZERO,
        more => Duration::from_millis(10 << more.min(10)).min(PAUSE_MAX),
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    fs::read_to_string(path).map(Zeroizing::new)
}

#[cfg(test)]
mod tests;
