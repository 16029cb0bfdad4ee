//! Catch up from a position, then live. Live is subscribed to first, then history is read, then positions decide:
//! what was read already is passed over, and a receiver that fell behind goes back to history. Never by time.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::{
    log::{Commit, Entry, EventLog, Live, Position, ReadError},
    machine,
};

/// How many commits are read from history at a time: bounds the memory of a subscriber that is behind.
const PAGE: usize = 1024;

/// A cursor that waits for what comes.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<dyn EventLog>,
    live: Live,
    /// The newest position handed out (or known to be damaged).
    after: Position,
    /// Read from history, not handed out yet.
    page: VecDeque<Entry>,
    /// Whether history has to be read before the live channel can be trusted.
    behind: bool,
}

impl Subscription {
    /// A cursor that has seen everything up to `after`.
    pub fn new(log: Arc<dyn EventLog>, after: Position) -> Self {
        let live = log.live();
        Self { log, live, after, page: VecDeque::new(), behind: true }
    }

    /// The newest position handed out.
    pub fn position(&self) -> Position {
        self.after
    }

    /// The next entries in order, at least one and at most `max`; waits until there is one. `None` when the log is closed.
    ///
    /// Dropping the future loses nothing: what was not handed out is handed out by the next call.
    ///
    /// # Errors
    /// [`ReadError`] when history could not be read; the next call tries again.
    pub async fn next(&mut self, max: usize) -> Result<Option<Vec<Entry>>, ReadError> {
        loop {
            if !self.page.is_empty() {
                let count = self.page.len().min(max.max(1));
                let out: Vec<_> = self.page.drain(..count).collect();
                for entry in &out {
                    self.after = self.after.max(position(entry));
                }
                return Ok(Some(out));
            }
            if self.behind {
                self.read_history().await?;
                continue;
            }
            match self.live.recv().await {
                Ok(commit) => self.take(commit),
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
            while self.page.len() < max && !self.behind {
                match self.live.try_recv() {
                    Ok(commit) => self.take(commit),
                    Err(TryRecvError::Lagged(_)) => self.behind = true,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
        }
    }

    /// Queues a live commit unless history had it already.
    fn take(&mut self, commit: Arc<Commit>) {
        let newest = self.page.back().map_or(self.after, position);
        if commit.position > newest {
            self.page.push_back(Entry::Commit(commit));
        }
    }

    async fn read_history(&mut self) -> Result<(), ReadError> {
        let (log, after) = (Arc::clone(&self.log), self.after);
        let read = machine::blocking(move || {
            let mut page = VecDeque::new();
            let mut full = false;
            log.read_all(after, &mut |entry| {
                page.push_back(entry);
                full = page.len() >= PAGE;
                if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            Ok((page, full))
        });
        let (page, full) = read.await.map_err(|error| ReadError::Failed(error.to_string()))??;
        self.page = page;
        // A page that is not full ended at the head; everything after it is in the live channel, which was subscribed to before.
        self.behind = full;
        Ok(())
    }
}

fn position(entry: &Entry) -> Position {
    match entry {
        Entry::Commit(commit) => commit.position,
        Entry::Damaged { position, .. } => *position,
    }
}
