//! The door for the person at the machine: a socket in the data directory through which `yoman pair`, `yoman status` and
//! `yoman doctor` ask the process that holds the log, and `yoman log` tells it what to do. One JSON request on a line, one
//! JSON answer on a line; before the answer to something long there are lines that tell how far it is, and data.
//!
//! Only the owner of the data directory can reach it: the directory and the socket are closed to everybody else.

mod task;
mod telling;

use std::{io, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use self::{
    task::{LogDone, LogTask, Told},
    telling::ask_telling,
};
use crate::{domain::Role, log::owned};

/// The longest request in bytes: one with a script, as JSON.
const REQUEST_BYTES_MAX: u64 = 128 * 1024;
/// The longest answer in bytes.
const RESPONSE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// So many are served at a time; others wait.
const CONNECTIONS_MAX: usize = 16;
/// How long either side waits for the other's line.
const LINE_WAIT: Duration = Duration::from_secs(10);
/// What fits into the address of a unix socket.
const PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Who waits to be let in?
    PairList,
    /// Let somebody in.
    PairApprove {
        /// The code they were given, in any case.
        code: String,
        /// What they may do; member when not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// The handle of the person this is, if we know them already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_as: Option<String>,
    },
    /// The code with which the first owner claims this log.
    ClaimCode,
    /// What runs, and how far it is.
    Status,
    /// Is everything well?
    Health,
    /// A report, or which there are.
    Report(ReportAsked),
    /// How far is the report that runs?
    ReportProgress,
    /// Something to be done with the log.
    Log {
        /// What.
        task: LogTask,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// To `PairList`.
    Waiting {
        /// Who waits, the oldest first.
        people: Vec<WaitingPerson>,
    },
    /// It was done.
    Done {
        /// What, as a sentence.
        what: String,
    },
    /// To `ClaimCode`.
    Claim {
        /// The code; `None`: there is an owner already.
        code: Option<String>,
    },
    /// To `Status`.
    Status(Status),
    /// To `Health`.
    Health {
        /// Good and bad.
        findings: Vec<Finding>,
    },
    /// To `Report`.
    Report(ReportTold),
    /// To `ReportProgress`; zeroes when none runs.
    ReportProgress {
        /// Where it is.
        position: u64,
        /// Where it ends.
        head: u64,
    },
    /// To `Log`.
    Log {
        /// What came of it.
        done: LogDone,
    },
    /// Before the answer to something long: how far it is.
    Progress {
        /// What is being done.
        stage: String,
        /// Steps that are done.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// Before the answer: so many bytes follow on this line's end.
    Data {
        /// How many.
        bytes: u32,
    },
    /// It was not done.
    Refused {
        /// What is wrong and what to do.
        what: String,
    },
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAsked {
    /// Which; with no script either: which are there?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A script instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Only what had happened by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<chrono::DateTime<chrono::Utc>>,
    /// What the script is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The time zone days begin in.
    pub time_zone: String,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportTold {
    /// What it shows.
    pub text: String,
    /// About the run: how much, how long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingPerson {
    /// The code to approve.
    pub code: String,
    /// The name their platform shows.
    pub name: String,
    /// Where they came from, for people: `Telegram`.
    pub platform: String,
    /// How long the code is good for.
    pub expires_in_s: u64,
}

/// What runs, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Of yoman.
    pub version: String,
    /// Of the process.
    pub pid: u32,
    /// Since it was started.
    pub uptime_s: u64,
    /// The newest commit.
    pub position: u64,
    /// How far the log was last verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<crate::log::Verified>,
    /// The bots that are on.
    pub bots: Vec<BotStatus>,
    /// Who has seen what.
    pub cursors: Vec<CursorStatus>,
}

/// One bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotStatus {
    /// Its name.
    pub name: String,
    /// How it is, as a short sentence.
    pub state: String,
    /// It reaches its platform, and its messages get through.
    pub up: bool,
    /// Since when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_since: Option<DateTime<Utc>>,
    /// The newest commit it has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// So many commits it has still to read.
    pub behind: u64,
    /// So long the first of them is there already.
    pub behind_s: u64,
    /// Messages that wait to be sent.
    pub waiting: u64,
    /// Rooms that get what they miss later, as one message.
    pub held: u64,
    /// New messages shown since the start.
    pub sent: u64,
    /// Messages changed in place since the start.
    pub edited: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Messages that may have been delivered twice, since the start.
    pub possibly_delivered: u64,
    /// The same, ever.
    pub possibly_delivered_ever: u64,
    /// Messages the platform will never take, since the start.
    pub refused: u64,
    /// Messages that could not be sent for too long, since the start.
    pub given_up: u64,
    /// Notices that were dropped, since the start.
    pub dropped: u64,
    /// Deliveries kept aside, ever.
    pub aside: u64,
    /// The newest failure of a send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// Rooms nothing is sent to for the moment.
    pub paused: Vec<PausedRoom>,
    /// Rooms the platform refuses everything for.
    pub refusing: Vec<String>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub why: String,
}

/// A room nothing is sent to for the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedRoom {
    /// Which.
    pub room: String,
    /// For so long still.
    pub remaining_s: u64,
    /// Why.
    pub why: String,
}

/// One cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorStatus {
    /// Whose.
    pub name: String,
    /// The newest commit it has seen.
    pub position: u64,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Well.
    Ok,
    /// Works, and should be looked at.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in a word or two: `log`, `clock`, `bot telegram`.
    pub subject: String,
    /// What was found.
    pub what: String,
    /// How to mend it; empty when there is nothing to mend.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

impl Finding {
    /// All is well.
    pub fn ok(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, subject: subject.into(), what: what.into(), mend: String::new() }
    }

    /// It should be looked at.
    pub fn warn(subject: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Warn, subject: subject.into(), what: what.into(), mend: mend.into() }
    }

    /// It does not work.
    pub fn fail(subject: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Fail, subject: subject.into(), what: what.into(), mend: mend.into() }
    }
}

/// Who answers: the running process.
#[async_trait]
pub trait Control: Send + Sync + 'static {
    /// Answers one request.
    async fn answer(&self, request: Request) -> Response;

    /// Answers one request that may take its time.
    async fn answer_telling(&self, request: Request, _told: Told) -> Response {
        self.answer(request).await
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No process listens there.
    #[error("no yoman is running on this data directory ({0})")]
    NotRunning(String),
    /// Another process listens there already.
    #[error("another process answers at {0} already")]
    Taken(String),
    /// The system cannot have a socket there.
    #[error(
        "{path} is {bytes} bytes long and a socket's path at most {PATH_BYTES_MAX}: choose a shorter data directory, or a relative one"
    )]
    PathTooLong {
        /// Where.
        path: String,
        /// How long.
        bytes: usize,
    },
    /// There are no unix sockets on this system.
    #[error("this needs unix domain sockets, which this system does not have")]
    Unsupported,
    /// The other side speaks something else, or too much of it.
    #[error("the answer could not be understood: {0}")]
    Garbled(String),
    /// Anything else.
    #[error("the running yoman could not be asked: {0}")]
    Io(#[from] io::Error),
}

/// Answers at `path` until `stop`, then removes the socket. To be called only by the process that holds the log: a socket
/// that a dead process left behind is replaced.
///
/// # Errors
/// [`ControlError`] when there can be no socket; once it stands, a bad request is answered and never ends this.
#[cfg(unix)]
pub async fn serve(path: &Path, control: Arc<dyn Control>, stop: CancellationToken) -> Result<(), ControlError> {
    use tokio::{net::UnixStream, sync::Semaphore};

    let listener = bind(path).await?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream: UnixStream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Usually too many open files: it passes, and must not become a busy loop.
                tracing::warn!(%error, "the control socket could not take a caller");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            if let Err(error) = serve_one(stream, &*control).await {
                tracing::debug!(%error, "a caller at the control socket left");
            }
            drop(place);
        });
    }
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, "the control socket was gone already");
    }
    Ok(())
}

/// Bound beside its place, closed to others, then put there: nobody ever meets it open, and what a dead process left is
/// replaced in the same step.
#[cfg(unix)]
async fn bind(path: &Path) -> Result<tokio::net::UnixListener, ControlError> {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::net::{UnixListener, UnixStream};

    let beside = path.with_extension("new");
    check_length(path)?;
    check_length(&beside)?;
    if UnixStream::connect(path).await.is_ok() {
        return Err(ControlError::Taken(path.display().to_string()));
    }
    owned::remove(&beside)?;
    let listener = UnixListener::bind(&beside)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&beside, path)?;
    Ok(listener)
}

#[cfg(unix)]
fn check_length(path: &Path) -> Result<(), ControlError> {
    let bytes = path.as_os_str().len();
    if bytes > PATH_BYTES_MAX {
        return Err(ControlError::PathTooLong { path: path.display().to_string(), bytes });
    }
    Ok(())
}

#[cfg(unix)]
async fn serve_one(mut stream: tokio::net::UnixStream, control: &dyn Control) -> io::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (mut reader, mut writer) = stream.split();
    let response = match tokio::time::timeout(LINE_WAIT, read_line(&mut reader, REQUEST_BYTES_MAX)).await {
        Err(_) => Response::Refused { what: "no request came in time".to_owned() },
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Response::Refused { what: error.to_string() },
        Ok(Err(error)) => return Err(error),
        Ok(Ok(line)) => match serde_json::from_slice::<Request>(&line) {
            Ok(request) => telling::answer(control, request, &mut writer).await?,
            Err(error) => Response::Refused { what: format!("this is no request: {error}") },
        },
    };
    let mut line = serde_json::to_vec(&response)?;
    line.push(b'\n');
    tokio::time::timeout(LINE_WAIT, writer.write_all(&line)).await??;
    writer.shutdown().await?;
    // Closing on unread bytes would take the answer away from the caller again.
    let mut rest = reader.take(64 * REQUEST_BYTES_MAX);
    let _ = tokio::time::timeout(Duration::from_secs(1), tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    Ok(())
}

/// One line without its end, at most `bytes_max` long.
#[cfg(unix)]
async fn read_line(reader: impl tokio::io::AsyncRead + Unpin, bytes_max: u64) -> io::Result<Vec<u8>> {
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

    let mut line = Vec::new();
    BufReader::new(reader.take(bytes_max + 1)).read_until(b'\n', &mut line).await?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("longer than {bytes_max} bytes")));
    }
    Ok(line)
}

/// Asks the process that answers at `path`.
///
/// # Errors
/// [`ControlError::NotRunning`] when nobody listens there; [`ControlError`] otherwise when there is no answer.
pub async fn ask(path: &Path, request: &Request) -> Result<Response, ControlError> {
    ask_patiently(path, request, LINE_WAIT).await
}

/// The same, for what may take the process some time.
///
/// # Errors
/// As for [`ask`].
#[cfg(unix)]
pub async fn ask_patiently(path: &Path, request: &Request, wait: Duration) -> Result<Response, ControlError> {
    use tokio::io::AsyncWriteExt as _;

    let mut stream = connect(path).await?;
    let (reader, mut writer) = stream.split();
    let mut line = serde_json::to_vec(request).map_err(io::Error::from)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    let answer = tokio::time::timeout(wait, read_line(reader, RESPONSE_BYTES_MAX)).await;
    let answer = answer.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))??;
    serde_json::from_slice(&answer).map_err(|error| ControlError::Garbled(error.to_string()))
}

#[cfg(unix)]
async fn connect(path: &Path) -> Result<tokio::net::UnixStream, ControlError> {
    check_length(path)?;
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(stream),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
            ) =>
        {
            Err(ControlError::NotRunning(path.display().to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// There is nothing to answer at here.
///
/// # Errors
/// Always [`ControlError::Unsupported`].
#[cfg(not(unix))]
pub async fn serve(_: &Path, _: Arc<dyn Control>, _: CancellationToken) -> Result<(), ControlError> {
    Err(ControlError::Unsupported)
}

/// There is nobody to ask here.
///
/// # Errors
/// Always [`ControlError::Unsupported`].
#[cfg(not(unix))]
pub async fn ask_patiently(_: &Path, _: &Request, _: Duration) -> Result<Response, ControlError> {
    Err(ControlError::Unsupported)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixStream,
        task::JoinHandle,
    };

    use super::*;

    struct Answers;

    #[async_trait]
    impl Control for Answers {
        async fn answer(&self, request: Request) -> Response {
            match request {
                Request::ClaimCode => Response::Claim { code: Some("ABCD".into()) },
                other => Response::Done { what: format!("{other:?}") },
            }
        }
    }

    async fn start(path: &Path) -> (CancellationToken, JoinHandle<Result<(), ControlError>>) {
        let stop = CancellationToken::new();
        let (at, until) = (path.to_owned(), stop.clone());
        let serving = tokio::spawn(async move { serve(&at, Arc::new(Answers), until).await });
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (stop, serving)
    }

    #[tokio::test]
    async fn it_answers_until_it_is_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        assert!(matches!(ask(&path, &Request::Status).await, Err(ControlError::NotRunning(_))));

        let (stop, serving) = start(&path).await;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let claim = ask(&path, &Request::ClaimCode).await.unwrap();
        assert_eq!(claim, Response::Claim { code: Some("ABCD".into()) });
        let approve = Request::PairApprove { code: "X".into(), role: Some(Role::Guest), known_as: None };
        assert!(matches!(ask(&path, &approve).await.unwrap(), Response::Done { what } if what.contains("Guest")));
        let second = serve(&path, Arc::new(Answers), CancellationToken::new()).await;
        assert!(matches!(second, Err(ControlError::Taken(_))), "a living socket is not taken over");

        stop.cancel();
        serving.await.unwrap().unwrap();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(matches!(ask(&path, &Request::Status).await, Err(ControlError::NotRunning(_))));
        let stop = CancellationToken::new();
        let until = stop.clone();
        let serving = {
            let path = path.clone();
            tokio::spawn(async move { serve(&path, Arc::new(Answers), until).await })
        };
        while ask(&path, &Request::Status).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn bad_requests_are_answered_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let (stop, serving) = start(&path).await;
        let huge = vec![b'x'; REQUEST_BYTES_MAX as usize + 10];
        for (sent, said) in
            [(&b"nonsense\n"[..], "no request"), (b"{\"ask\":\"fly\"}\n", "fly"), (&huge, "longer than")]
        {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            stream.write_all(sent).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.contains("refused") && answer.contains(said), "{answer}");
        }
        assert!(ask(&path, &Request::Status).await.is_ok());
        stop.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_explained() {
        let path = Path::new("/tmp").join("x".repeat(120)).join("control.sock");
        let stop = CancellationToken::new();
        for error in
            [ask(&path, &Request::Status).await.unwrap_err(), serve(&path, Arc::new(Answers), stop).await.unwrap_err()]
        {
            assert!(matches!(error, ControlError::PathTooLong { bytes: 138, .. }), "{error}");
        }
    }
}
