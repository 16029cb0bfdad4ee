//! The thread that reads, and what waits for an answer.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc as blocking,
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::inbound::{Line, Source};

/// A message of several lines may be several commands, each answered: after one answer so long is waited for a further one.
const FURTHER_WAIT: Duration = Duration::from_millis(20);

/// Lines on request. Nothing is read ahead: at a terminal the prompt appears when the line before is dealt with.
///
/// A thread of its own, not one of the runtime's: a read cannot be cancelled, and the runtime would wait for it at the end.
pub(crate) struct Feed {
    ask: blocking::Sender<bool>,
    lines: mpsc::UnboundedReceiver<Line>,
    asked: bool,
    taken: u64,
}

impl Feed {
    /// Starts the thread.
    pub(crate) fn new(mut source: Box<dyn Source>) -> Self {
        let (ask, asked) = blocking::channel();
        // Unbounded in type only: there is at most one request, so at most one line.
        let (give, lines) = mpsc::unbounded_channel();
        let reading = move || {
            while let Ok(continued) = asked.recv() {
                if give.send(source.next(continued)).is_err() {
                    break;
                }
            }
        };
        if let Err(error) = thread::Builder::new().name("console".to_owned()).spawn(reading) {
            tracing::error!(%error, "no thread for the console: it takes no input");
        }
        Self { ask, lines, asked: false, taken: 0 }
    }

    /// The next line. May be dropped while it waits: the line is then the next call's.
    pub(crate) async fn next(&mut self, continued: bool) -> Line {
        if !self.asked {
            if self.ask.send(continued).is_err() {
                return Line::End;
            }
            self.asked = true;
        }
        let line = self.lines.recv().await.unwrap_or(Line::End);
        self.asked = false;
        if matches!(line, Line::Text(_) | Line::Refused { .. }) {
            self.taken += 1;
        }
        line
    }

    /// How many lines were taken.
    pub(crate) fn lines(&self) -> u64 {
        self.taken
    }
}

/// What was shown so far, and for which message an answer is awaited.
#[derive(Debug)]
pub(crate) struct Answers {
    awaited: Mutex<Option<String>>,
    shown: watch::Sender<u64>,
    next: AtomicU64,
    closed: CancellationToken,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            awaited: Mutex::default(),
            shown: watch::Sender::new(0),
            next: AtomicU64::new(1),
            closed: CancellationToken::new(),
        }
    }
}

impl Answers {
    /// From now on everything shown counts that answers `message`, or does not say what it answers.
    pub(crate) fn expect(&self, message: String) -> Waiting {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
        let mut shown = self.shown.subscribe();
        shown.mark_unchanged();
        Waiting { shown, closed: self.closed.clone() }
    }

    /// A number for the next message of ours.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Something was shown, or could not be and will not.
    pub(crate) fn sent(&self, answers: Option<&str>) {
        let awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.is_none() || answers == awaited.as_deref() {
            self.shown.send_modify(|count| *count += 1);
        }
    }

    /// Nobody reads any more.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Resolves when nobody reads any more.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

/// What was shown since a message was submitted.
pub(crate) struct Waiting {
    shown: watch::Receiver<u64>,
    closed: CancellationToken,
}

impl Waiting {
    /// Waits for the answer, at most `wait_max`; for `several` until no further one follows. False: none came.
    pub(crate) async fn answered(mut self, wait_max: Duration, several: bool) -> bool {
        let closed = self.closed.clone();
        let all = async {
            let mut any = false;
            loop {
                let wait = if any { FURTHER_WAIT } else { wait_max };
                match tokio::time::timeout(wait, self.shown.changed()).await {
                    Ok(Ok(())) => any = true,
                    Ok(Err(_)) | Err(_) => return any,
                }
                if !several {
                    return true;
                }
            }
        };
        tokio::select! {
            answered = tokio::time::timeout(wait_max, all) => answered.unwrap_or(false),
            () = closed.cancelled() => false,
        }
    }
}
