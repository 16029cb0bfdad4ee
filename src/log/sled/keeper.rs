//! What follows the log at its heels, on a thread of its own: the journal, and the watermark. Both are subscribers of the
//! log: what they missed, after a crash or while their disk was full, they read from it again.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use super::{
    journal::Journal,
    shared::Shared,
    watermark::{Mark, Watermark},
};
use crate::log::{Commit, Entry, Position};

/// Journal and watermark are synced this often while commits come in; the promise is once a second.
const SAVE_EVERY: Duration = Duration::from_millis(500);
/// A replica syncs after so many commits at the latest: they are in memory until then.
const UNSYNCED_COMMITS_MAX: usize = 4096;
/// sled's cache is pressed after so many bytes: about one leaf of the tree holds as much.
const PRESS_EVERY_BYTES: usize = 64 * 1024;
/// What a commit takes besides the data of its events, about.
const COMMIT_BYTES: usize = 300;
/// Commits in memory while the journal catches up.
const CATCH_UP_COMMITS: usize = 256;

/// The commits of one group, in order.
pub(super) type Group = Arc<[Arc<Commit>]>;

/// The follower.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Option<Journal>,
    pub(super) watermark: Watermark,
    /// Bytes written since sled's cache was last pressed into its bounds.
    pub(super) unpressed_bytes: usize,
    /// Of a replica: what the log holds and has not synced, as far as it came here in order.
    pub(super) unsynced: Option<Vec<Arc<Commit>>>,
}

impl Keeper {
    /// Follows until the writer is gone, then saves everything.
    pub(super) fn run(mut self, groups: Receiver<Group>) -> Result<(), String> {
        let mut saved = Instant::now();
        loop {
            match groups.recv_timeout(SAVE_EVERY) {
                Ok(group) => self.take(&group),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.save(),
            }
            let many = self.unsynced.as_ref().is_some_and(|commits| commits.len() >= UNSYNCED_COMMITS_MAX);
            if many || saved.elapsed() >= SAVE_EVERY {
                // It is in the health report, and tried again.
                let _ = self.save();
                saved = Instant::now();
            }
        }
    }

    fn take(&mut self, group: &Group) {
        self.press(group);
        if let Some(unsynced) = &mut self.unsynced {
            // With the log first: after a power cut the journal must not have more than the log.
            let last = unsynced.last().map(|commit| commit.position).or(self.journal.as_ref().map(Journal::last));
            if group.first().is_some_and(|first| last.is_some_and(|last| first.position.0 <= last.0 + 1)) {
                unsynced.extend(group.iter().cloned());
            }
            return;
        }
        let Some(journal) = &mut self.journal else { return };
        // When groups are missing before this one, all is read from the log at the next save.
        if group.first().is_some_and(|first| first.position.0 <= journal.last().0 + 1) {
            let outcome = journal.append(group).map_err(|error| error.to_string());
            self.shared.journaled.store(journal.last().0, Ordering::Release);
            self.shared.note_journal(&outcome);
        }
    }

    /// Keeps sled's cache in its bounds while much is written, away from whoever waits for an answer.
    fn press(&mut self, group: &Group) {
        let bytes = |commit: &Arc<Commit>| {
            COMMIT_BYTES + commit.events.iter().map(|event| event.data.get().len()).sum::<usize>()
        };
        self.unpressed_bytes += group.iter().map(bytes).sum::<usize>();
        if self.unpressed_bytes >= PRESS_EVERY_BYTES
            && let Some(first) = group.first()
        {
            self.shared.store.press(&first.position.0.to_be_bytes(), self.unpressed_bytes);
            self.unpressed_bytes = 0;
        }
    }

    /// Completes the journal and makes it and the watermark durable.
    pub(super) fn save(&mut self) -> Result<(), String> {
        let head = self.shared.head();
        let mut outcome = Ok(());
        if let Some(unsynced) = &mut self.unsynced {
            let mut commits = std::mem::take(unsynced);
            if self.watermark.last().position < head.position {
                self.shared.store.sync()?;
            }
            // What came while it was synced is not: it is the next time's.
            let known = commits.partition_point(|commit| commit.position <= head.position);
            *unsynced = commits.split_off(known);
            if let Some(journal) = &mut self.journal {
                outcome = journal.append(&commits).map_err(|error| error.to_string());
            }
        }
        if let Some(journal) = &mut self.journal {
            outcome = outcome
                .and_then(|()| complete(journal, &self.shared, head.position))
                .and_then(|()| journal.sync().map_err(|error| error.to_string()));
            self.shared.journaled.store(journal.last().0, Ordering::Release);
            self.shared.note_journal(&outcome);
        }
        if head.position > self.watermark.last().position {
            let mark = Mark { position: head.position, hash: head.hash };
            let marked = self.watermark.write(mark).map_err(|error| error.to_string());
            self.shared.note_watermark(&marked);
            outcome = outcome.and(marked);
        }
        outcome
    }
}

/// Appends what the journal lacks.
fn complete(journal: &mut Journal, shared: &Shared, through: Position) -> Result<(), String> {
    if journal.last() >= through {
        return Ok(());
    }
    let mut commits = Vec::with_capacity(CATCH_UP_COMMITS);
    let mut outcome = Ok(());
    let after = journal.last();
    let read = shared.read_all(after, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            if commit.position > through {
                return ControlFlow::Break(());
            }
            commits.push(commit);
        }
        if commits.len() >= CATCH_UP_COMMITS {
            outcome = journal.append(&commits);
            commits.clear();
        }
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map_err(|error| error.to_string())?;
    outcome.and_then(|()| journal.append(&commits)).map_err(|error| error.to_string())
}
