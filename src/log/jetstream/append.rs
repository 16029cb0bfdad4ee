//! One append: publish behind the newest message of the stream, then see what the fold made of it.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use chrono::{DurationRound as _, TimeDelta, Utc};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};

use super::{
    JetStreamLog,
    feed::stream,
    message::{self, Anchor},
    publish::{Answer, message_id, publish},
    replica::{Input, Outcome, Own},
    standing::subject_of,
    subject,
};
use crate::log::{Append, AppendError, Appended, CommandId, Commit, EventLog, Expected, ReadError, Version};

/// How long it is tried before it counts as away: a server that dies is replaced by another within some seconds.
const TIME_MAX: Duration = Duration::from_secs(5);
/// How long one attempt waits for its acknowledgement.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(3);
/// After an attempt that nobody took.
const PAUSE: Duration = Duration::from_millis(50);
/// After one that came upon another that is on its way.
const PAUSE_ON_ITS_WAY: Duration = Duration::from_millis(2);
/// How long an acknowledged message may take into the replica.
const FOLD_TIME_MAX: Duration = Duration::from_secs(15);
/// How often it is looked up meanwhile whether it can still come.
const LOOK_UP_EVERY: Duration = Duration::from_millis(200);
/// So often the server may say that another message is the newest, and have none.
const ODD_ANSWERS_MAX: usize = 50;

impl JetStreamLog {
    /// See [`EventLog::append`].
    pub(super) async fn append_one(&self, append: Append) -> Result<Appended, AppendError> {
        if self.inputs().is_none() {
            return Err(AppendError::Closed);
        }
        if let Some(repeat) = self.repeat(&append.meta.command)? {
            return Ok(repeat);
        }
        append.check()?;
        if let Some(why) = self.standing.refusing().or_else(|| self.standing.gate().refuses()) {
            return Err(AppendError::Failed(why));
        }
        if let Some((free_mb, floor_mb)) = self.replica.too_full() {
            return Err(AppendError::DiskFull { free_mb, floor_mb });
        }
        let mut attempt = Attempt::new(self, append);
        loop {
            if let Some(outcome) = attempt.run().await? {
                return Ok(outcome);
            }
        }
    }

    /// The commit of a command that was accepted before.
    fn repeat(&self, command: &CommandId) -> Result<Option<Appended>, AppendError> {
        let found = self.replica.find_command(command).map_err(unreadable)?;
        Ok(found.map(|commit| Appended { commit, repeat: true }))
    }
}

fn unreadable(ReadError::Failed(why): ReadError) -> AppendError {
    AppendError::Failed(why)
}

/// One append, over as many attempts as it takes.
struct Attempt<'a> {
    log: &'a JetStreamLog,
    expected: Expected,
    /// Without position and time.
    commit: Commit,
    token: Box<str>,
    subject: String,
    id: String,
    until: Instant,
    /// An attempt went out of which nothing is known.
    unknown: bool,
    odd: usize,
}

impl<'a> Attempt<'a> {
    fn new(log: &'a JetStreamLog, append: Append) -> Self {
        let Append { stream, expected, events, meta } = append;
        let prefix = &log.connection.settings().prefix;
        Self {
            log,
            expected,
            token: subject::token(&stream).into(),
            subject: subject_of(prefix, &stream),
            id: message_id(&meta.command),
            // One past the largest version there is would not be one.
            commit: Commit {
                position: crate::log::Position::START,
                stream,
                first_version: expected.version().saturating_add(1),
                events,
                meta,
            },
            until: Instant::now() + TIME_MAX,
            unknown: false,
            odd: 0,
        }
    }

    /// `None`: once more.
    async fn run(&mut self) -> Result<Option<Appended>, AppendError> {
        let newest = self.log.replica.newest(&self.commit.stream).map_err(unreadable)?;
        let actual = newest.map_or(0, |(version, _)| version);
        if actual != self.expected.version() || self.expected == Expected::Version(0) {
            return self.not_as_expected(actual).await;
        }
        let behind = self.log.standing.newest_message(&self.token, newest);
        let payload = self.payload()?;
        if let Some(why) = self.log.away() {
            return Err(AppendError::Away(why));
        }
        let time = ATTEMPT_TIME_MAX.min(self.until.saturating_duration_since(Instant::now()).max(PAUSE));
        let connection = &self.log.connection;
        match publish(connection, self.subject.clone(), &self.id, behind, payload.clone(), time).await {
            Answer::Kept(sequence) => self.kept(sequence, payload).await.map(Some),
            Answer::Known(sequence) => {
                self.folded_through(sequence).await?;
                let found = self.found()?.map(|found| self.marked(found));
                found.map(Some).ok_or_else(|| {
                    AppendError::Failed(format!(
                        "message {sequence} of the shared log has this command's id and is not its commit: it was put there by hand"
                    ))
                })
            }
            Answer::OnItsWay => {
                self.wait(PAUSE_ON_ITS_WAY, "another message with this id is on its way").await?;
                Ok(None)
            }
            Answer::NotNext(newest) => self.not_next(newest, behind).await,
            Answer::Away(why) => {
                self.unknown = true;
                self.wait(PAUSE, &why).await?;
                Ok(None)
            }
            Answer::Refused(why) => Err(AppendError::Failed(format!("the shared log refused it: {why}"))),
        }
    }

    /// The message as it is sent now: with what this node has seen of the log, and its time.
    fn payload(&mut self) -> Result<Bytes, AppendError> {
        let now = Utc::now();
        self.commit.meta.recorded_at = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        let anchor = Anchor::from(&self.log.replica.head());
        let bytes = message::encode(&mut self.commit, anchor);
        bytes.map(Bytes::from).map_err(|error| AppendError::Unacceptable(error.to_string()))
    }

    /// The stream is not as expected, as far as this node has seen it.
    async fn not_as_expected(&mut self, actual: Version) -> Result<Option<Appended>, AppendError> {
        // The size is checked before: what is too large is never accepted, whatever the stream looks like.
        self.payload()?;
        // It may have come there by this very command, sent by another.
        if let Some(commit) = self.found()? {
            return Ok(Some(self.marked(commit)));
        }
        let (stream, expected) = (self.commit.stream.clone(), self.expected);
        let conflict = |actual| Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        if actual >= self.expected.version() {
            return conflict(actual);
        }
        // Who expects more than we have seen may have seen it on another node. A stream never gets there when all of it is here.
        let Some(newest) = self.ask_newest().await? else { return conflict(actual) };
        if newest <= self.log.standing.through() {
            return match self.found()? {
                Some(commit) => Ok(Some(self.marked(commit))),
                None => {
                    let newest = self.log.replica.newest(&self.commit.stream).map_err(unreadable)?;
                    let actual = newest.map_or(0, |(version, _)| version);
                    if actual == self.expected.version() { Ok(None) } else { conflict(actual) }
                }
            };
        }
        self.folded_through(newest).await?;
        Ok(self.found()?.map(|commit| self.marked(commit)))
    }

    /// It is in the stream; what is it in the log?
    async fn kept(&mut self, sequence: u64, payload: Bytes) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        let own = Own { sequence, token: self.token.clone(), payload, reply };
        let late = || AppendError::Away("it is kept there, and this node has not read up to it yet".into());
        // Not held while it is waited for: the thread that folds ends when nobody can send any more.
        let inputs = self.log.inputs().ok_or_else(late)?;
        inputs.send(Input::Own(own)).await.map_err(|_| late())?;
        drop(inputs);
        let answer = tokio::time::timeout(FOLD_TIME_MAX, answer).await.map_err(|_| late())?;
        match answer.unwrap_or_else(|_| Err(late()))? {
            Outcome::Made(commit) => Ok(Appended { commit, repeat: false }),
            Outcome::LookItUp => match self.found()? {
                // It was delivered before the acknowledgement, or another node was faster with the same command.
                Some(commit) => {
                    let marks = self.log.standing.marks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let repeat = marks.sequence_of(commit.position) != sequence;
                    Ok(Appended { commit, repeat })
                }
                None => {
                    Err(AppendError::Failed("its message is in the shared log, and no commit: see the warnings".into()))
                }
            },
        }
    }

    /// Another message is the newest of the stream.
    async fn not_next(&mut self, newest: Option<u64>, behind: u64) -> Result<Option<Appended>, AppendError> {
        let newest = match newest {
            Some(newest) => newest,
            None => self.ask_newest().await?.unwrap_or(0),
        };
        if newest > behind {
            self.folded_through(newest).await?;
        } else {
            // One that is on its way, and of which nothing can be known yet.
            self.odd += 1;
            if self.odd > ODD_ANSWERS_MAX {
                return Err(AppendError::Failed(format!(
                    "the newest message of {} is {newest} at the server and {behind} here: messages were deleted by hand",
                    self.commit.stream
                )));
            }
            let pause = PAUSE_ON_ITS_WAY * u32::try_from(self.odd).unwrap_or(u32::MAX);
            self.wait(pause, "another message of the stream is on its way").await?;
        }
        let found = self.found()?;
        Ok(found.map(|commit| self.marked(commit)))
    }

    /// The commit of this command, if there is one by now.
    fn found(&self) -> Result<Option<Arc<Commit>>, AppendError> {
        self.log.replica.find_command(&self.commit.meta.command).map_err(unreadable)
    }

    /// A commit that is there by now is ours when we sent it and did not hear of it.
    fn marked(&self, commit: Arc<Commit>) -> Appended {
        let ours = self.unknown
            && commit.stream == self.commit.stream
            && commit.first_version == self.commit.first_version
            && commit.events == self.commit.events;
        Appended { commit, repeat: !ours }
    }

    /// The newest message of the stream, as the server has it that says what is next.
    async fn ask_newest(&mut self) -> Result<Option<u64>, AppendError> {
        if let Some(why) = self.log.away() {
            return Err(AppendError::Away(why));
        }
        let stream = stream(&self.log.connection).await.map_err(AppendError::Away)?;
        loop {
            let asked = timeout_at(self.until, stream.get_last_raw_message_by_subject(&self.subject)).await;
            let why = match asked {
                Ok(Ok(message)) => return Ok(Some(message.sequence)),
                Ok(Err(error)) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            self.wait(PAUSE, &why).await?;
        }
    }

    async fn folded_through(&self, sequence: u64) -> Result<(), AppendError> {
        let mut through = self.log.standing.through.subscribe();
        let until = Instant::now() + FOLD_TIME_MAX;
        loop {
            let look = (Instant::now() + LOOK_UP_EVERY).min(until);
            if matches!(timeout_at(look, through.wait_for(|&through| through >= sequence)).await, Ok(Ok(_))) {
                return Ok(());
            }
            if let Some(why) = self.log.standing.refusing() {
                return Err(AppendError::Failed(why));
            }
            if self.log.inputs().is_none() || Instant::now() >= until {
                return Err(AppendError::Away("this node has not read up to the newest message yet".into()));
            }
        }
    }

    /// Waits a little before the next attempt, while there is time for one.
    async fn wait(&self, pause: Duration, why: &str) -> Result<(), AppendError> {
        if self.log.inputs().is_none() {
            return Err(AppendError::Closed);
        }
        if Instant::now() + pause >= self.until {
            self.log.standing.note_away(Some(why.to_owned()));
            return Err(AppendError::Away(why.to_owned()));
        }
        sleep(pause).await;
        Ok(())
    }
}
