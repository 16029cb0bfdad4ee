//! Fills the stream with a log that exists: a message for each position, in order, so that every node folds them to the same
//! log, commit for commit and hash for hash. Many are on their way at once; the server takes each only behind the one before,
//! so that whatever goes wrong in between, what is there is the beginning of the log, and the same again goes on from its end.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap,
    header::NATS_EXPECTED_LAST_SEQUENCE,
    jetstream::context::{PublishAckFuture, PublishError},
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Connection, Gate, JetStreamLog,
    message::{self, Anchor},
    standing::{stream_name, subject_of},
};
use crate::log::{
    EventLog as _, Position, StreamId,
    progress::Progress,
    sled::{CopyError, Piece, SledLog},
};

/// Messages on their way at once.
const IN_FLIGHT: usize = 512;
/// Messages that were read and wait to be sent.
const READ_AHEAD: usize = 1024;
/// So often in a row nothing is taken before it is given up.
const TRIES_MAX: u32 = 20;
/// The pause after a failure; the servers may be choosing another leader.
const PAUSE: Duration = Duration::from_millis(500);
/// While messages are read back: nothing new for so long.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// On these subjects stands what belongs to no stream.
const GIVEN_UP: &str = "given-up";
const GATE: &str = "gate";

/// Why a stream was not filled; what is there is the beginning of the log.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The log cannot be read.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// NATS does not take it.
    #[error("NATS does not take the log: {0}")]
    Refused(String),
}

/// One position as a message.
struct Filling {
    position: Position,
    subject: String,
    bytes: Vec<u8>,
}

impl JetStreamLog {
    /// Adds what `source` has and the stream has not, and reads it back. The stream must hold the beginning of it; until
    /// [`JetStreamLog::open_gate`] nobody else may add anything.
    ///
    /// # Errors
    /// [`FillError`]; the same again goes on from where it was.
    pub async fn fill(&self, source: &Arc<SledLog>, progress: &Arc<Progress>) -> Result<(), FillError> {
        self.read_to_the_end().await.map_err(FillError::Refused)?;
        let (after, mut sequence) = (self.replica.end(), self.through());
        if self.gate() != Gate::Filling {
            sequence = say(&self.connection, &Gate::Filling, sequence).await.map_err(FillError::Refused)?;
        }
        let sequence = fill(&self.connection, source, after, sequence, progress).await?;
        progress.begin("reading it back", 0);
        self.read_through(sequence).await.map_err(FillError::Refused)
    }

    /// From here on it may be added to.
    ///
    /// # Errors
    /// Why that could not be said.
    pub async fn open_gate(&self) -> Result<(), String> {
        if self.gate() != Gate::Open {
            let sequence = say(&self.connection, &Gate::Open, self.through()).await?;
            self.read_through(sequence).await?;
        }
        Ok(())
    }

    /// Waits until all that is in the stream now is in the replica.
    ///
    /// # Errors
    /// Why it does not get there.
    pub async fn read_to_the_end(&self) -> Result<(), String> {
        self.read_through(newest(&self.connection).await?).await
    }

    async fn read_through(&self, sequence: u64) -> Result<(), String> {
        let mut through = self.standing.through.subscribe();
        while *through.borrow_and_update() < sequence {
            if let Some(why) = self.standing.refusing() {
                return Err(why);
            }
            if !matches!(tokio::time::timeout(SILENCE_MAX, through.changed()).await, Ok(Ok(()))) {
                return Err(self.away().unwrap_or_else(|| "what is there cannot be read".to_owned()));
            }
        }
        Ok(())
    }
}

/// Says to all nodes whether the log is here, behind the message `newest`; the sequence it has there.
///
/// # Errors
/// When another message came first, or it is not known whether it did.
pub async fn say(connection: &Connection, gate: &Gate, newest: u64) -> Result<u64, String> {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SEQUENCE, newest.to_string().as_str());
    let subject = subject_of(&connection.settings().prefix, &StreamId::new(GATE));
    let sent = async {
        let answer = connection.jetstream().publish_with_headers(subject, headers, gate.message().into()).await?;
        answer.await
    };
    match sent.await {
        Ok(answer) => Ok(answer.sequence),
        Err(error) => {
            // The answer may have been lost on its way.
            let name = stream_name(&connection.settings().prefix);
            let stream = connection.jetstream().get_stream(name).await.map_err(|error| error.to_string())?;
            let there = stream.get_raw_message(newest + 1).await;
            let said = there.is_ok_and(|message| message.payload == gate.message());
            if said { Ok(newest + 1) } else { Err(format!("NATS did not take it: {error}")) }
        }
    }
}

/// Where the filling is.
struct At {
    /// The newest position that is in the stream.
    position: Position,
    /// The stream's newest sequence.
    sequence: u64,
}

/// Adds what `source` has after `after` to the stream, which ends at the message `sequence`: that of `after`. Its newest
/// sequence then.
///
/// # Errors
/// [`FillError`].
async fn fill(
    connection: &Connection,
    source: &Arc<SledLog>,
    after: Position,
    sequence: u64,
    progress: &Arc<Progress>,
) -> Result<u64, FillError> {
    let end = source.end();
    progress.begin("bringing the log to NATS", end.0);
    let mut at = At { position: after, sequence };
    let (mut tries, mut why) = (0, String::new());
    while at.position < end {
        if tries == TRIES_MAX {
            return Err(FillError::Refused(why));
        }
        if tries > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        tries += 1;
        let before = at.position;
        match stretch(connection, source, &mut at, progress).await {
            Ok(()) => {}
            Err(FillError::Refused(error)) => why = error,
            Err(error) => return Err(error),
        }
        // An answer that was lost on its way: what is there counts. Nobody else writes, so each message is a position.
        match newest(connection).await {
            Ok(newest) if newest >= sequence && newest - sequence <= end.0 - after.0 => {
                at = At { position: Position(after.0 + (newest - sequence)), sequence: newest };
            }
            Ok(newest) => {
                let why =
                    format!("it has {newest} messages, and only {sequence} are known: somebody else writes to it");
                return Err(FillError::Refused(why));
            }
            Err(error) => why = error,
        }
        if at.position > before {
            tries = 0;
        }
    }
    Ok(at.sequence)
}

/// The stream's newest sequence.
async fn newest(connection: &Connection) -> Result<u64, String> {
    let name = stream_name(&connection.settings().prefix);
    let stream = connection.jetstream().get_stream(name).await.map_err(|error| error.to_string())?;
    Ok(stream.cached_info().state.last_sequence)
}

/// Until the end, or until one is not taken.
async fn stretch(
    connection: &Connection,
    source: &Arc<SledLog>,
    at: &mut At,
    progress: &Arc<Progress>,
) -> Result<(), FillError> {
    let (mut waiting, reader) = read(source, &connection.settings().prefix, at.position, progress)?;
    let mut under_way: VecDeque<(Position, PublishAckFuture)> = VecDeque::new();
    let mut sequence = at.sequence;
    let refused = |error: PublishError| FillError::Refused(error.to_string());
    let outcome = loop {
        let Some(filling) = waiting.recv().await else { break Ok(()) };
        if under_way.len() >= IN_FLIGHT
            && let Err(error) = taken(&mut under_way, at, progress).await
        {
            break Err(error);
        }
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, sequence.to_string().as_str());
        match connection.jetstream().publish_with_headers(filling.subject, headers, filling.bytes.into()).await {
            Ok(answer) => under_way.push_back((filling.position, answer)),
            Err(error) => break Err(refused(error)),
        }
        sequence += 1;
    };
    drop(waiting);
    let mut outcome = outcome;
    while outcome.is_ok() && !under_way.is_empty() {
        outcome = taken(&mut under_way, at, progress).await;
    }
    match reader.await {
        // It ends early when nobody waits any more.
        Ok(Err(error)) if outcome.is_ok() => Err(error.into()),
        Err(error) if outcome.is_ok() => Err(FillError::Refused(error.to_string())),
        _ => outcome,
    }
}

/// The oldest that is on its way has arrived.
async fn taken(
    under_way: &mut VecDeque<(Position, PublishAckFuture)>,
    at: &mut At,
    progress: &Progress,
) -> Result<(), FillError> {
    let Some((position, answer)) = under_way.pop_front() else { return Ok(()) };
    let answer = answer.await.map_err(|error| FillError::Refused(error.to_string()))?;
    if answer.sequence != at.sequence + 1 {
        return Err(FillError::Refused(format!("message {} became {}", at.sequence + 1, answer.sequence)));
    }
    *at = At { position, sequence: answer.sequence };
    progress.at(position.0);
    Ok(())
}

type Reading = (mpsc::Receiver<Filling>, JoinHandle<Result<(), CopyError>>);

/// Reads the log beside the async threads.
fn read(source: &Arc<SledLog>, prefix: &str, after: Position, progress: &Arc<Progress>) -> Result<Reading, FillError> {
    let (tell, waiting) = mpsc::channel(READ_AHEAD);
    let mut anchor = anchor_at(source, after)?;
    let (source, progress, prefix) = (Arc::clone(source), Arc::clone(progress), prefix.to_owned());
    let reader = tokio::task::spawn_blocking(move || {
        source.pieces(after, &mut |piece| {
            let filling = match piece {
                Piece::Record(record) => {
                    let damaged = |why: String| CopyError::Damaged { position: record.position(), why };
                    let outline = record.outline().map_err(|error| damaged(error.to_string()))?;
                    let subject = subject_of(&prefix, &StreamId::new(outline.stream));
                    let bytes = message::encode_record(&record, anchor).map_err(|error| damaged(error.to_string()))?;
                    anchor = Anchor { position: record.position(), hash: record.hash() };
                    Filling { position: record.position(), subject, bytes }
                }
                Piece::Lost(position, why) => {
                    let subject = subject_of(&prefix, &StreamId::new(GIVEN_UP));
                    Filling { position, subject, bytes: message::encode_lost(why) }
                }
            };
            if progress.stopped() || tell.blocking_send(filling).is_err() {
                return Err(CopyError::Stopped);
            }
            Ok(())
        })
    });
    Ok((waiting, reader))
}

/// What a writer at that position has seen.
fn anchor_at(source: &SledLog, through: Position) -> Result<Anchor, FillError> {
    for position in (1..=through.0).rev() {
        if let Some(hash) = source.hash_at(Position(position)).map_err(CopyError::Read)? {
            return Ok(Anchor { position: Position(position), hash });
        }
    }
    Ok(Anchor::default())
}

#[cfg(test)]
mod tests;
