//! The engine for tests: the whole contract, nothing kept.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tokio::sync::broadcast;

use super::{
    Append, AppendError, Appended, CommandId, Commit, Entry, EventLog, Expected, Head, Health, Live, Position,
    ReadError, StreamId, Version, Visit,
    record::{self, Hash},
};

#[derive(Debug, Default)]
struct Inner {
    commits: Vec<Arc<Commit>>,
    streams: HashMap<StreamId, Vec<usize>>,
    commands: HashMap<CommandId, usize>,
    hash: Hash,
    closed: bool,
    /// What the clock shows, when a test says so.
    now: Option<DateTime<Utc>>,
}

/// A log in memory. Not durable: `Ok` means only that it is in this process.
#[derive(Debug)]
pub struct MemoryLog {
    // A std mutex: nothing is awaited under it.
    inner: Mutex<Inner>,
    live: broadcast::Sender<Arc<Commit>>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self { inner: Mutex::default(), live: broadcast::channel(1024).0 }
    }
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is appended from now on is recorded at this time, or later when something later was recorded before.
    pub fn set_time(&self, now: DateTime<Utc>) {
        self.inner().now = Some(now);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut inner = self.inner();
        if inner.closed {
            return Err(AppendError::Closed);
        }
        if let Some(&at) = inner.commands.get(&append.meta.command) {
            return Ok(Appended { commit: Arc::clone(&inner.commits[at]), repeat: true });
        }
        append.check()?;
        let actual = inner
            .streams
            .get(&append.stream)
            .and_then(|at| at.last())
            .map_or(0, |&at| inner.commits[at].last_version());
        if actual != append.expected.version() || append.expected == Expected::Version(0) {
            return Err(AppendError::Conflict { stream: append.stream, expected: append.expected, actual });
        }
        let mut meta = append.meta;
        let now = inner.now.unwrap_or_else(Utc::now);
        let now = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        meta.recorded_at = inner.commits.last().map_or(now, |last| last.meta.recorded_at.max(now));
        let at = inner.commits.len();
        let commit = Arc::new(Commit {
            position: Position(at as u64 + 1),
            stream: append.stream,
            first_version: actual + 1,
            events: append.events,
            meta,
        });
        // Only for the hash and the limit: nothing is kept as bytes.
        inner.hash = record::encode(&commit, &inner.hash, &mut Vec::new())
            .map_err(|error| AppendError::Unacceptable(error.to_string()))?;
        inner.commands.insert(commit.meta.command.clone(), at);
        inner.streams.entry(commit.stream.clone()).or_default().push(at);
        inner.commits.push(Arc::clone(&commit));
        // Sent under the lock, so that receivers see positions in order. No receiver is not an error.
        let _ = self.live.send(Arc::clone(&commit));
        Ok(Appended { commit, repeat: false })
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        let commits: Vec<_> = {
            let inner = self.inner();
            inner.streams.get(stream).into_iter().flatten().map(|&at| Arc::clone(&inner.commits[at])).collect()
        };
        for commit in commits {
            if commit.last_version() >= from && visit(Entry::Commit(commit)) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        let mut at = after.0 as usize;
        loop {
            let Some(commit) = self.inner().commits.get(at).cloned() else { return Ok(()) };
            if visit(Entry::Commit(commit)) == ControlFlow::Break(()) {
                return Ok(());
            }
            at += 1;
        }
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let inner = self.inner();
        Ok(inner.streams.get(stream).and_then(|at| at.last()).map_or(0, |&at| inner.commits[at].last_version()))
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        let inner = self.inner();
        Ok(inner.commands.get(command).map(|&at| Arc::clone(&inner.commits[at])))
    }

    fn head(&self) -> Head {
        let inner = self.inner();
        let last = inner.commits.last();
        Head {
            position: last.map_or(Position::START, |commit| commit.position),
            hash: inner.hash,
            recorded_at: last.map(|commit| commit.meta.recorded_at),
        }
    }

    fn live(&self) -> Live {
        self.live.subscribe().into()
    }

    fn health(&self) -> Health {
        Health {
            engine: "memory",
            warnings: vec!["the log is in memory: nothing outlives this process".into()],
            ..Health::default()
        }
    }

    async fn close(&self) -> Result<(), AppendError> {
        self.inner().closed = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::contract;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_contract_holds() {
        contract::run(async || MemoryLog::new()).await;
    }
}
