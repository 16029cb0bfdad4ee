//! The thread that folds messages into the replica: what is delivered, and what we sent ourselves as soon as it is known to be
//! next. One batch after the other; some may be on their way into sled while the next is folded.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, mpsc as std_mpsc},
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{
    Gate,
    fold::{Fold, Folded, Known, Stop},
    marks::{Mark, What},
    standing::Standing,
};
use crate::log::{
    AppendError, CommandId, Commit, EventLog, Position, ReadError, StreamId, Version,
    record::Hash,
    sled::{Batch, LostRange, SledLog},
};

/// Messages folded before they are handed on.
const BATCH_MESSAGES: usize = 1024;
/// A batch is handed on when its records are more than this.
const BATCH_BYTES: usize = 2 << 20;
/// Batches that may be on their way into sled.
const BATCHES_WAITING: usize = 4;

/// What the thread is given, in the order of the stream but for [`Input::Own`].
#[derive(Debug)]
pub(super) enum Input {
    /// A message as it was delivered.
    Delivered { sequence: u64, token: Box<str>, payload: Bytes },
    /// A message of ours, as it was acknowledged.
    Own(Own),
    /// These are not in the stream any more.
    Missing { from: u64, to: u64 },
}

/// A message of ours.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) sequence: u64,
    pub(super) token: Box<str>,
    pub(super) payload: Bytes,
    pub(super) reply: oneshot::Sender<Result<Outcome, AppendError>>,
}

/// What became of a message of ours. It can be read when this is told.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// A commit.
    Made(Arc<Commit>),
    /// It was delivered before we had the acknowledgement; or it is no commit, because its command had one.
    LookItUp,
}

/// Somebody who is told once the batch can be read.
type Reply = (oneshot::Sender<Result<Outcome, AppendError>>, Outcome);

/// The thread.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) inputs: mpsc::Receiver<Input>,
    pub(super) replica: Arc<SledLog>,
    pub(super) standing: Arc<Standing>,
    pub(super) fold: Fold,
    /// Ours that are not next yet.
    ahead: BTreeMap<u64, Own>,
    /// Set once: the fold does not go on.
    stopped: Option<String>,
    tokens: (std_mpsc::SyncSender<()>, std_mpsc::Receiver<()>),
}

/// A batch that is being put together.
#[derive(Default)]
struct Draft {
    commits: Vec<(Arc<Commit>, usize)>,
    records: Vec<u8>,
    lost: Vec<LostRange>,
    replies: Vec<Reply>,
    /// How many messages it dealt with.
    messages: usize,
}

/// One of the places for batches on their way; given back when it is dropped.
struct Token(std_mpsc::SyncSender<()>);

impl Drop for Token {
    fn drop(&mut self) {
        // There are as many places as tokens.
        let _ = self.0.try_send(());
    }
}

impl Known for SledLog {
    fn version(&self, stream: &StreamId) -> Result<Version, String> {
        EventLog::version(self, stream).map_err(text)
    }

    fn command(&self, command: &CommandId) -> Result<Option<Position>, String> {
        self.command_position(command).map_err(text)
    }

    fn hash(&self, position: Position) -> Result<Option<Hash>, String> {
        self.hash_at(position).map_err(text)
    }
}

fn text(ReadError::Failed(why): ReadError) -> String {
    why
}

impl Folder {
    pub(super) fn new(
        inputs: mpsc::Receiver<Input>,
        replica: Arc<SledLog>,
        standing: Arc<Standing>,
        fold: Fold,
    ) -> Self {
        let tokens = std_mpsc::sync_channel(BATCHES_WAITING);
        for _ in 0..BATCHES_WAITING {
            let _ = tokens.0.try_send(());
        }
        Self { inputs, replica, standing, fold, ahead: BTreeMap::new(), stopped: None, tokens }
    }

    /// Folds until nobody can send any more.
    pub(super) fn run(mut self) {
        let mut inputs = Vec::with_capacity(BATCH_MESSAGES);
        while self.inputs.blocking_recv_many(&mut inputs, BATCH_MESSAGES) > 0 {
            let mut draft = Draft::default();
            for input in inputs.drain(..) {
                self.input(input, &mut draft);
                if draft.records.len() >= BATCH_BYTES {
                    self.hand_on(std::mem::take(&mut draft));
                }
            }
            self.hand_on(draft);
        }
        // All that is on its way is in before the log is closed.
        for _ in 0..BATCHES_WAITING {
            let _ = self.tokens.1.recv();
        }
    }

    fn input(&mut self, input: Input, draft: &mut Draft) {
        match input {
            Input::Delivered { sequence, token, payload } => {
                let own = self.ahead.remove(&sequence);
                if sequence <= self.fold.sequence() || self.stopped.is_some() {
                    return;
                }
                if sequence != self.fold.sequence() + 1 {
                    self.stop(Stop::Failed(format!(
                        "message {sequence} came when {} was next",
                        self.fold.sequence() + 1
                    )));
                    return;
                }
                self.message(&token, &payload, own.map(|own| own.reply), draft);
            }
            Input::Own(own) => match &self.stopped {
                Some(why) => drop(own.reply.send(Err(AppendError::Failed(why.clone())))),
                None if own.sequence <= self.fold.sequence() => draft.replies.push((own.reply, Outcome::LookItUp)),
                None => drop(self.ahead.insert(own.sequence, own)),
            },
            Input::Missing { from, to } => {
                for sequence in from.max(self.fold.sequence() + 1)..=to {
                    if self.stopped.is_some() {
                        return;
                    }
                    let why = "the message was deleted by hand";
                    let mark = Mark {
                        from: sequence,
                        to: sequence,
                        what: What::Missing,
                        subject: String::new(),
                        why: why.into(),
                    };
                    if self.mark(mark) {
                        draft.lost.push(self.lost(why));
                        self.fold.missing();
                        draft.messages += 1;
                    }
                }
            }
        }
        while self.stopped.is_none()
            && let Some(own) = self.ahead.remove(&(self.fold.sequence() + 1))
        {
            self.message(&own.token, &own.payload, Some(own.reply), draft);
        }
    }

    /// The position that is given up next.
    fn lost(&self, why: &str) -> LostRange {
        let position = Position(self.fold.next());
        LostRange { from: position, to: position, why: why.to_owned() }
    }

    /// The next message.
    fn message(
        &mut self,
        token: &str,
        payload: &Bytes,
        reply: Option<oneshot::Sender<Result<Outcome, AppendError>>>,
        draft: &mut Draft,
    ) {
        let sequence = self.fold.sequence() + 1;
        let position = self.fold.next();
        let folded = match self.fold.message(&*self.replica, token, payload, &mut draft.records) {
            Ok(folded) => folded,
            Err(stop) => {
                self.stop(stop);
                if let (Some(reply), Some(why)) = (reply, &self.stopped) {
                    let _ = reply.send(Err(AppendError::Failed(why.clone())));
                }
                return;
            }
        };
        draft.messages += 1;
        let mark = |what, why: String| Mark { from: sequence, to: sequence, what, subject: token.to_owned(), why };
        let outcome = match folded {
            Folded::Commit(commit) => {
                let commit = Arc::new(commit);
                draft.commits.push((Arc::clone(&commit), draft.records.len()));
                Outcome::Made(commit)
            }
            Folded::Void(what, why, _) => {
                self.mark(mark(what, why));
                Outcome::LookItUp
            }
            Folded::GivenUp(what, why) => {
                let position = Position(position);
                draft.lost.push(LostRange { from: position, to: position, why: format!("message {sequence}: {why}") });
                self.mark(mark(what, why));
                Outcome::LookItUp
            }
        };
        if let Some(reply) = reply {
            draft.replies.push((reply, outcome));
        }
    }

    /// Remembers a message that is no commit, before anything behind it is kept.
    fn mark(&mut self, mark: Mark) -> bool {
        match mark.what {
            What::Repeat => tracing::debug!(sequence = mark.from, why = mark.why, "a message was sent twice"),
            What::Gate => tracing::info!(sequence = mark.from, says = mark.why, "whether the shared log is here"),
            what => {
                tracing::error!(sequence = mark.from, ?what, why = mark.why, "a message of the shared log is no commit")
            }
        }
        let told = mark.what;
        let gate = (told == What::Gate).then(|| mark.why.clone());
        let kept = self.standing.marks.write().unwrap_or_else(PoisonError::into_inner).add(mark);
        self.warn_of(told);
        if let Some(gate) = gate.and_then(|text| Gate::read(&text)) {
            self.standing.set_gate(gate);
        }
        match kept {
            Ok(()) => true,
            Err(error) => {
                self.stop(Stop::Failed(format!("log/marks.jsonl cannot be written: {error}")));
                false
            }
        }
    }

    fn warn_of(&self, what: What) {
        if !what.is_usual() {
            let marks = self.standing.marks.read().unwrap_or_else(PoisonError::into_inner);
            self.standing.warn("marks", super::check::told(&marks));
        }
    }

    fn stop(&mut self, stop: Stop) {
        let why = match stop {
            Stop::Newer(why) => format!(
                "{why}: written by a newer yoman, so update; until then this node does not follow the shared log"
            ),
            Stop::Changed(why) => format!(
                "{why}. Nothing more is taken over from it. If the stream was put back from a backup or mended, begin with a new \
                 replica: stop yoman, move replica/ aside, start it"
            ),
            Stop::Failed(why) => format!("the replica cannot go on: {why}"),
        };
        self.standing.refuse("fold", Some(why.clone()));
        for (_, own) in std::mem::take(&mut self.ahead) {
            let _ = own.reply.send(Err(AppendError::Failed(why.clone())));
        }
        self.stopped = Some(why);
    }

    fn hand_on(&mut self, draft: Draft) {
        if draft.messages == 0 && draft.replies.is_empty() {
            return;
        }
        // A token is always given back: the threads that hold them end before this one.
        let _ = self.tokens.1.recv();
        let token = Token(self.tokens.0.clone());
        let (sequence, standing) = (self.fold.sequence(), Arc::clone(&self.standing));
        let replies = draft.replies;
        let then = move |taken: Result<(), String>| {
            let _token = token;
            match taken {
                Ok(()) => {
                    standing.through.send_replace(sequence);
                    for (reply, outcome) in replies {
                        // Nobody listens any more when the asker was dropped: that is no error.
                        let _ = reply.send(Ok(outcome));
                    }
                }
                Err(why) => {
                    standing.refuse("replica", Some(format!("the replica cannot be written: {why}")));
                    for (reply, _) in replies {
                        let _ = reply.send(Err(AppendError::Failed(why.clone())));
                    }
                }
            }
        };
        let batch = Batch {
            commits: draft.commits,
            records: draft.records,
            lost: draft.lost,
            head: self.fold.head().clone(),
            next: self.fold.next(),
            then: Box::new(then),
        };
        self.fold.cut();
        self.fold.known_through(self.replica.head().position);
        if self.replica.take(batch).is_err() {
            self.stopped = Some("the log is closed".to_owned());
        }
    }
}
