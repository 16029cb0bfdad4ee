//! Opening: the replica, the connection, the stream, and catching up with it.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, RwLock},
    thread,
    time::Duration,
};

use async_nats::jetstream::{
    self, ErrorCode,
    context::{CreateStreamErrorKind, GetStreamErrorKind},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Connection, ConnectionError, JetStreamLog, NatsSettings, check, examine,
    feed::{Feed, Looked, stream},
    fold::Fold,
    identity,
    marks::Marks,
    replica::Folder,
    standing::{Standing, stream_name},
};
use crate::log::{
    EventLog, Position,
    sled::{self, SledLog},
};

/// Messages on their way to the thread that folds.
const INPUTS_WAITING: usize = 2048;
/// How long NATS may take to be there at the start, when there is a replica to go on with.
const REACH_TIME_MAX: Duration = Duration::from_secs(5);
/// When there is none.
const REACH_TIME_MAX_EMPTY: Duration = Duration::from_secs(15);
/// How long the stream may be away in the middle of catching up.
const CATCH_UP_SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often it is told how far catching up has come.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// The server knows a message's id for so long; ours are known for ever.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// Where the shared log is, and its replica here.
#[derive(Clone, Debug)]
pub struct Options {
    /// The replica.
    pub replica: sled::Options,
    /// NATS.
    pub nats: NatsSettings,
    /// How long the server knows a message's id, in a stream that is made now.
    pub duplicate_window: Duration,
    /// Whether a stream that is not there is made.
    pub create: bool,
}

impl Options {
    /// A replica of the log at `nats`, which is made when it is not there.
    pub fn new(mut replica: sled::Options, nats: NatsSettings) -> Self {
        replica.replica = true;
        Self { replica, nats, duplicate_window: DUPLICATE_WINDOW, create: true }
    }
}

/// Why the shared log cannot be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The replica.
    #[error(transparent)]
    Replica(#[from] sled::OpenError),
    /// The settings.
    #[error("the connection to NATS cannot be set up: {0}")]
    Connection(#[from] ConnectionError),
    /// NATS is away, and there is no replica to go on with.
    #[error(
        "NATS cannot be reached ({why}), and there is no replica of the shared log here yet to go on with: see [nats] servers"
    )]
    Away {
        /// Why.
        why: String,
    },
    /// The directory holds a log of its own.
    #[error(
        "{} is a log of its own, not a replica of a shared one: move it there (yoman log move --to jetstream), or set data_dir to \
         another directory", dir.display()
    )]
    OwnLog {
        /// The log's directory.
        dir: PathBuf,
    },
    /// The directory holds a replica of another log.
    #[error("{} is a replica of the stream {found}, not of {expected}: see [nats] prefix", dir.display())]
    OtherStream {
        /// The log's directory.
        dir: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The stream or the servers are not as they must be.
    #[error("{0}")]
    Stream(String),
    /// A file could not be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Something else than an answer.
fn failed(error: impl fmt::Display) -> OpenError {
    OpenError::Stream(error.to_string())
}

/// What is found on this machine.
pub(super) struct Found {
    replica: SledLog,
    marks: Marks,
    identity: Option<super::feed::Identity>,
}

/// Blocking.
pub(super) fn open_replica(options: sled::Options, expected: &str) -> Result<Found, OpenError> {
    let dir = options.log_dir.clone();
    let at = |error| OpenError::Io { path: dir.clone(), error };
    let identity = identity::read(&dir).map_err(at)?;
    if let Some(found) = identity.as_ref().map(|identity| identity.stream.clone())
        && found != expected
    {
        return Err(OpenError::OtherStream { dir, found, expected: expected.to_owned() });
    }
    let replica = SledLog::open(options)?;
    if identity.is_none() && replica.next() > Position(1) {
        return Err(OpenError::OwnLog { dir });
    }
    let marks = Marks::open(&dir).map_err(at)?;
    Ok(Found { replica, marks, identity })
}

pub(super) async fn open(options: Options) -> Result<JetStreamLog, OpenError> {
    let Options { replica, nats, duplicate_window, create } = options;
    let expected = stream_name(&nats.prefix);
    let (replicas, prefix) = (nats.replicas, nats.prefix.clone());
    let found = tokio::task::spawn_blocking(move || open_replica(replica, &expected)).await.map_err(failed)??;
    let connection = Connection::open(nats).await?;
    let empty = found.identity.is_none();
    let reached = connection.up_within(if empty { REACH_TIME_MAX_EMPTY } else { REACH_TIME_MAX }).await;
    let log = start(found, connection)?;
    if let Err(why) = reached {
        if empty {
            return Err(OpenError::Away { why });
        }
        tracing::warn!(why, "NATS is away: going on with what is here until it is back");
        log.follow();
        return Ok(log);
    }
    let version = log.connection.client().server_info().version;
    if let Some(why) = check::server_problem(&version) {
        return Err(OpenError::Stream(why));
    }
    if create && empty {
        make(&log.connection, check::config(&prefix, replicas, duplicate_window)).await?;
    }
    match look(&log, empty).await? {
        Some(looked) if looked.stop && empty => {
            return Err(OpenError::Stream(log.standing.refusing().unwrap_or_default()));
        }
        Some(looked) => {
            log.follow();
            catch_up(&log, &looked).await;
            tell_of_syncing(&log);
        }
        None => log.follow(),
    }
    Ok(log)
}

/// The thread that folds; what follows the stream begins later.
pub(super) fn start(found: Found, connection: Connection) -> Result<JetStreamLog, OpenError> {
    let Found { replica, marks, identity } = found;
    let through = marks.through(replica.next());
    let fold = Fold::new(replica.head(), replica.next().0, through).knowing(marks.gate(), marks.given_up());
    let standing = Arc::new(Standing::new(marks, through));
    {
        let marks = standing.marks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        standing.warn("marks", check::told(&marks));
    }
    let (sender, receiver) = mpsc::channel(INPUTS_WAITING);
    let replica = Arc::new(replica);
    let path = replica.log_dir().clone();
    let folder = Folder::new(receiver, Arc::clone(&replica), Arc::clone(&standing), fold);
    let thread = thread::Builder::new()
        .name("yoman-log-fold".into())
        .spawn(move || folder.run())
        .map_err(|error| OpenError::Io { path, error })?;
    let feed = Feed {
        connection: connection.clone(),
        standing: Arc::clone(&standing),
        inputs: sender.clone(),
        replica: Arc::downgrade(&replica),
        identity: Arc::new(Mutex::new(identity)),
        fed: through,
    };
    Ok(JetStreamLog {
        replica,
        connection,
        standing,
        inputs: RwLock::new(Some(sender)),
        feed: Mutex::new(Some(feed)),
        following: Mutex::new(None),
        folder: Mutex::new(Some(thread)),
    })
}

/// Makes the stream when it is not there. Two nodes may do it together.
async fn make(connection: &Connection, config: jetstream::stream::Config) -> Result<(), OpenError> {
    let name = config.name.clone();
    let replicas = config.num_replicas;
    let end = Instant::now() + REACH_TIME_MAX_EMPTY;
    loop {
        match connection.jetstream().get_stream(&name).await {
            Ok(_) => return Ok(()),
            Err(error) => tracing::debug!(%error, "the stream is not there"),
        }
        let error = match connection.jetstream().create_stream(&config).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if let CreateStreamErrorKind::JetStream(fault) = error.kind() {
            let code = fault.error_code();
            let what = fault.to_string();
            if code == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED {
                return Err(OpenError::Stream(format!(
                    "NATS is one server, and [nats] replicas = {replicas}: add servers to its cluster, or set replicas = 1 to try it out"
                )));
            }
            if code == ErrorCode::JETSTREAM_NOT_ENABLED || code == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT {
                return Err(OpenError::Stream(format!(
                    "JetStream is off there: jetstream {{ }} in nats.conf ({what})"
                )));
            }
            // Another node made it, with other settings.
            if code == ErrorCode::STREAM_NAME_EXIST {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(OpenError::Stream(format!("the stream {name} cannot be made: {what}")));
            }
        } else if Instant::now() > end {
            return Err(OpenError::Stream(format!("the stream {name} cannot be made: {error}")));
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// A first look at the stream; `None` when it does not answer and there is a replica to go on with.
async fn look(log: &JetStreamLog, empty: bool) -> Result<Option<Looked>, OpenError> {
    let stream = stream(&log.connection).await.map_err(OpenError::Stream)?;
    let end = Instant::now() + REACH_TIME_MAX;
    loop {
        let looked = log.look(&stream).await;
        let why = match looked {
            Ok(looked) => return Ok(Some(looked)),
            Err(why) => why,
        };
        let name = stream_name(&log.connection.settings().prefix);
        let gone = log.connection.jetstream().get_stream(&name).await.is_err_and(|error| {
            matches!(error.kind(), GetStreamErrorKind::JetStream(fault) if fault.error_code() == ErrorCode::STREAM_NOT_FOUND)
        });
        if gone {
            return Err(OpenError::Stream(format!(
                "the stream {name} is not there any more: put it back from a backup (nats stream restore), or make a log of this replica \
                 (yoman log move --to sled)"
            )));
        }
        if Instant::now() > end {
            if empty {
                return Err(OpenError::Away { why });
            }
            log.standing.note_away(Some(why));
            return Ok(None);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Beside everything else: it is to be looked at, and nothing waits for it.
fn tell_of_syncing(log: &JetStreamLog) {
    let (connection, standing) = (log.connection.clone(), Arc::downgrade(&log.standing));
    tokio::spawn(async move {
        let syncs = examine::syncs(&connection).await;
        let told = syncs.examined();
        match (&syncs, standing.upgrade()) {
            (examine::Syncs::Not(_), Some(standing)) => {
                standing.warn("sync", Some(format!("{}: {}", told.what, told.mend)))
            }
            (examine::Syncs::Unknown, Some(_)) => tracing::warn!("{}: {}", told.what, told.mend),
            _ => {}
        }
    });
}

/// Reads up to what was the newest message when it was looked. With the stream away in between it goes on with what is here.
async fn catch_up(log: &JetStreamLog, looked: &Looked) {
    let mut through = log.standing.through.subscribe();
    let first = *through.borrow();
    let (mut told, mut moved, mut at) = (Instant::now(), Instant::now(), first);
    while at < looked.last && log.standing.refusing().is_none() {
        let _ = timeout(Duration::from_millis(200), through.changed()).await;
        let now = *through.borrow_and_update();
        if now > at {
            (at, moved) = (now, Instant::now());
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tracing::info!(read = at - first, of = looked.last - first, "reading the shared log");
        }
        if moved.elapsed() >= CATCH_UP_SILENCE_MAX {
            tracing::warn!(
                at,
                of = looked.last,
                "the shared log could not be read to its end yet; it is read on meanwhile"
            );
            return;
        }
    }
}
