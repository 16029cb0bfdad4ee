//! Commits that were decided elsewhere and are durable there: taken as they are, synced once in a while.

use std::{fmt, io, sync::Arc, thread, time::Duration};

use super::{
    LostRange, SledLog,
    keeper::Group,
    writer::{GROUP_BYTES_MAX, Work, Writer},
};
use crate::log::{AppendError, CommandId, Commit, Head, Position, ReadError, StreamId, Version};

/// How often it is looked whether there is space again.
const SPACE_EVERY: Duration = Duration::from_millis(250);

/// What is done when a batch can be read, or could not be written.
type Then = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Commits that follow each other, with the records they are stored as.
pub(crate) struct Batch {
    /// Each with the end of its record in `records`.
    pub(crate) commits: Vec<(Arc<Commit>, usize)>,
    /// The records, one behind the other.
    pub(crate) records: Vec<u8>,
    /// Positions among them that are given up.
    pub(crate) lost: Vec<LostRange>,
    /// The newest commit there is then.
    pub(crate) head: Head,
    /// The next position then.
    pub(crate) next: u64,
    /// Called in the order of the batches.
    pub(crate) then: Then,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("commits", &self.commits.len()).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Batch {
    /// It will not be taken.
    pub(super) fn refuse(self, why: &str) {
        (self.then)(Err(why.to_owned()));
    }
}

impl SledLog {
    /// Hands over a batch; what comes of it is told to its `then`. Blocks while many wait.
    ///
    /// # Errors
    /// [`AppendError::Closed`].
    pub(crate) fn take(&self, batch: Batch) -> Result<(), AppendError> {
        let sender = self.requests.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let sender = sender.ok_or(AppendError::Closed)?;
        sender.blocking_send(Work::Take(batch)).map_err(|_| AppendError::Closed)
    }

    /// The newest version of a stream, and the position of the commit it came with.
    pub(crate) fn newest(&self, stream: &StreamId) -> Result<Option<(Version, Position)>, ReadError> {
        self.shared.newest(stream)
    }

    /// The position of the commit of a command.
    pub(crate) fn command_position(&self, command: &CommandId) -> Result<Option<Position>, ReadError> {
        self.shared.command_position(command)
    }

    /// The next position: behind the head, and behind what was given up.
    pub(crate) fn next(&self) -> Position {
        Position(self.shared.next.load(std::sync::atomic::Ordering::Acquire))
    }

    /// Why nothing may be added for want of space, in 10^6 bytes: what is free and what must stay so.
    pub(crate) fn too_full(&self) -> Option<(u64, u64)> {
        let floor_mb = self.options.free_space_floor_mb;
        let free_mb = super::space::free_mb(&self.options.log_dir);
        (free_mb < floor_mb).then_some((free_mb, floor_mb))
    }
}

impl Writer {
    /// Takes batches until nobody hands over any more.
    pub(super) fn take_batches(mut self) {
        while let Some(work) = self.requests.blocking_recv() {
            let batch = match work {
                Work::Take(batch) => batch,
                Work::Append(request) => {
                    let why = "this log is a replica: nothing is appended to it itself".to_owned();
                    let _ = request.reply.send(Err(AppendError::Failed(why)));
                    continue;
                }
            };
            if let Some(why) = self.shared.failed().cloned() {
                batch.refuse(&why);
                continue;
            }
            if !self.wait_for_space() {
                batch.refuse("there is too little space, and the log is being closed");
                continue;
            }
            match self.store(&batch) {
                Ok(values) => self.show(batch, values),
                Err(why) => {
                    self.shared.fail(&why);
                    batch.refuse(&why);
                }
            }
        }
    }

    /// What comes is durable elsewhere: it can wait until it has a place here. False when it must not any longer.
    fn wait_for_space(&mut self) -> bool {
        while let Some(free_mb) = self.space.below_floor() {
            let floor_mb = self.space.floor_mb();
            self.shared.note("space", &Err(AppendError::DiskFull { free_mb, floor_mb }.to_string()));
            if self.requests.is_closed() {
                return false;
            }
            thread::sleep(SPACE_EVERY);
        }
        self.shared.note("space", &Ok(()));
        true
    }

    /// Gives the number of values it became.
    fn store(&mut self, batch: &Batch) -> Result<Vec<u64>, String> {
        let mut values: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut keys = Vec::with_capacity(batch.commits.len());
        let mut start = 0;
        for (commit, end) in &batch.commits {
            let record = batch.records.get(start..*end).ok_or("a batch has no record for a commit")?;
            start = *end;
            match values.last_mut() {
                Some((_, value)) if value.len() + record.len() <= GROUP_BYTES_MAX => value.extend_from_slice(record),
                _ => {
                    let mut value = Vec::with_capacity(GROUP_BYTES_MAX.min(batch.records.len()));
                    value.extend_from_slice(record);
                    values.push((commit.position.0, value));
                }
            }
            keys.extend(values.last().map(|(key, _)| *key));
        }
        if !values.is_empty() {
            let values = values.into_iter().map(|(key, value)| (key.to_be_bytes().to_vec(), value)).collect();
            self.shared.store.insert_in_order(values)?;
        }
        if !batch.lost.is_empty() {
            // What is given up counts as reached at the next start: what is before it must be there.
            self.shared.store.sync()?;
            let kept = |error: io::Error| format!("what is given up cannot be written: {error}");
            self.shared.give_up(&self.log_dir, &batch.lost).map_err(kept)?;
        }
        Ok(keys)
    }

    /// To readers first, then to subscribers, then to those who wait.
    fn show(&mut self, batch: Batch, keys: Vec<u64>) {
        let Batch { commits, head, next, then, .. } = batch;
        self.next = next;
        let shared = &self.shared;
        shared.next.store(next, std::sync::atomic::Ordering::Release);
        let mut full = false;
        if !commits.is_empty() {
            let placed = commits.iter().zip(&keys).map(|((commit, _), &key)| (&**commit, key));
            full = shared.index.add(placed, head.hash);
            shared.set_head(head);
        }
        let count = commits.len() as u64;
        let commits: Group = commits.into_iter().map(|(commit, _)| commit).collect();
        for commit in &*commits {
            // No receiver is not an error.
            let _ = shared.live.send(Arc::clone(commit));
        }
        then(Ok(()));
        if count > 0 {
            // When it is behind it reads from the log what it missed.
            let _ = self.keeper.try_send(commits);
        }
        if full {
            let _ = self.indexer.try_send(());
            self.wait_for_index();
        }
        if count > 0 {
            let mut values = keys;
            values.dedup();
            self.fence(count, values.len() as u64);
        }
    }
}
