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
use crate::log::{Commit, Entry};

/// Journal and watermark are synced this often while commits come in; the promise is once a second.
const SAVE_EVERY: Duration = Duration::from_millis(500);
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
            if saved.elapsed() >= SAVE_EVERY {
                // It is in the health report, and tried again.
                let _ = self.save();
                saved = Instant::now();
            }
        }
    }

    fn take(&mut self, group: &Group) {
        self.press(group);
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
        if let Some(journal) = &mut self.journal {
            outcome = complete(journal, &self.shared).and_then(|()| journal.sync().map_err(|error| error.to_string()));
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
fn complete(journal: &mut Journal, shared: &Shared) -> Result<(), String> {
    if journal.last() >= shared.head().position {
        return Ok(());
    }
    let mut commits = Vec::with_capacity(CATCH_UP_COMMITS);
    let mut outcome = Ok(());
    let after = journal.last();
    let read = shared.read_all(after, &mut |entry| {
        if let Entry::Commit(commit) = entry {
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
