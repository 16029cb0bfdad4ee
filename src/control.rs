//! The door for the person at the machine: a socket in the data directory through which `yoman pair`, `yoman status` and
//! `yoman doctor` ask the process that holds the log, and `yoman log` tells it what to do. One JSON request on a line, one
//! JSON answer on a line; before the answer to something long there are lines that tell how far it is, and data.
//!
//! Only the owner of the data directory can reach it: the directory and the socket are closed to everybody else.
//!
//! # Layout
//!
//! * `protocol.rs` requests and responses
//! * `task.rs`     what can be done with the log; `telling.rs` the lines before the answer to something long

mod protocol;
mod task;
mod telling;

use std::{io, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use self::{
    protocol::{
        BotStatus, CursorStatus, Finding, LastError, Level, PausedRoom, ReportAsked, ReportTold, Request, Response,
        SpoolStatus, Status, WaitingPerson,
    },
    task::{LogDone, LogTask, Told},
    telling::ask_telling,
};
use crate::log::owned;

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
        let approve = Request::PairApprove { code: "X".into(), role: Some(crate::domain::Role::Guest), known_as: None };
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
