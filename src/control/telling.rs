//! Something long, asked and answered: lines that tell how far it is, and data, come before the answer.

use std::{io, path::Path, sync::Arc, time::Duration};

#[cfg(unix)]
use super::{Control, RESPONSE_BYTES_MAX, connect, task::StopWhenLeft};
use super::{ControlError, Request, Response, Told};
use crate::log::progress::Progress;

/// How often the caller is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How long either side of something long waits for the other: whoever reads an export may stop to look at it.
const DATA_WAIT: Duration = Duration::from_secs(600);
/// The answer of something that may take its time; tells the caller on the way.
#[cfg(unix)]
pub(super) async fn answer(
    control: &dyn Control,
    request: Request,
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> io::Result<Response> {
    use tokio::io::AsyncWriteExt as _;

    let (data, mut pieces) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
    let progress = Arc::new(Progress::default());
    let _stop = StopWhenLeft(Arc::clone(&progress));
    let answer = control.answer_telling(request, Told { progress: Arc::clone(&progress), data });
    tokio::pin!(answer);
    let mut tell = tokio::time::interval(TELL_EVERY);
    let mut done = None;
    loop {
        let (line, piece) = tokio::select! {
            biased;
            Some(piece) = pieces.recv() => (Response::Data { bytes: piece.len() as u32 }, piece),
            response = &mut answer, if done.is_none() => {
                // What was given to us before the answer goes out before it.
                done = Some(response);
                continue;
            }
            () = std::future::ready(()), if done.is_some() => match done.take() {
                Some(response) => return Ok(response),
                None => continue,
            },
            _ = tell.tick() => match progress.look() {
                ("", ..) => continue,
                (stage, done, total) => (Response::Progress { stage: stage.to_owned(), done, total }, Vec::new()),
            },
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&piece);
        tokio::time::timeout(DATA_WAIT, writer.write_all(&bytes)).await??;
    }
}

/// Asks for something that may take its time. `told` gets how far it is; `data` gets what comes before the answer.
///
/// # Errors
/// As for [`super::ask`]; also when `data` fails.
#[cfg(unix)]
pub async fn ask_telling(
    path: &Path,
    request: &Request,
    told: &mut (dyn FnMut(&str, u64, u64) + Send),
    data: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
) -> Result<Response, ControlError> {
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

    let mut stream = connect(path).await?;
    let (reader, mut writer) = stream.split();
    let mut line = serde_json::to_vec(request).map_err(io::Error::from)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    let mut reader = BufReader::new(reader);
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(RESPONSE_BYTES_MAX);
        let read = bounded.read_until(b'\n', &mut line);
        let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "it says nothing any more");
        if tokio::time::timeout(DATA_WAIT, read).await.map_err(silent)?? == 0 {
            return Err(ControlError::Garbled("it went away before it was done".to_owned()));
        }
        match serde_json::from_slice(&line).map_err(|error| ControlError::Garbled(error.to_string()))? {
            Response::Progress { stage, done, total } => told(&stage, done, total),
            Response::Data { bytes } => {
                let mut piece = vec![0; bytes.min(RESPONSE_BYTES_MAX as u32) as usize];
                reader.read_exact(&mut piece).await?;
                data(&piece)?;
            }
            response => return Ok(response),
        }
    }
}

/// There is nobody to ask here.
///
/// # Errors
/// Always [`ControlError::Unsupported`].
#[cfg(not(unix))]
pub async fn ask_telling(
    _: &Path,
    _: &Request,
    _: &mut (dyn FnMut(&str, u64, u64) + Send),
    _: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
) -> Result<Response, ControlError> {
    Err(ControlError::Unsupported)
}
