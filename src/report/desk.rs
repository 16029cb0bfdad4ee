//! One report at a time: a script takes a whole processor, and the rooms need the other.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use super::{Job, Outcome, Progress, ReportError, run};
use crate::{
    lang::{Wording, worded, wording},
    log::EventLog,
};

/// So many may wait for the one that runs.
const WAITING_MAX: usize = 4;

/// Where reports are run. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    place: Arc<Semaphore>,
    /// Those that run or wait.
    taken: Arc<AtomicUsize>,
    progress: Progress,
}

impl Default for Desk {
    fn default() -> Self {
        Self { place: Arc::new(Semaphore::new(1)), taken: Arc::default(), progress: Progress::default() }
    }
}

/// Too many reports wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

worded!(Busy);

impl Busy {
    /// Why it is not run now.
    pub fn wording(&self) -> Wording {
        wording!("report-busy", n = WAITING_MAX)
    }
}

/// A place in the queue; given back when dropped.
#[derive(Debug)]
pub struct Ticket(Arc<AtomicUsize>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Desk {
    /// Takes a place in the queue.
    ///
    /// # Errors
    /// [`Busy`] when it is full.
    pub fn queue(&self) -> Result<Ticket, Busy> {
        let taken = self
            .taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken <= WAITING_MAX).then_some(taken + 1));
        taken.map(|_| Ticket(Arc::clone(&self.taken))).map_err(|_| Busy)
    }

    /// How far the one that runs is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Runs it when its turn has come. Not waited for any more, it goes on until its time is over.
    ///
    /// # Errors
    /// As for [`run`].
    pub async fn run(&self, ticket: Ticket, log: Arc<dyn EventLog>, job: Job) -> Result<Outcome, ReportError> {
        let Ok(place) = Arc::clone(&self.place).acquire_owned().await else { return Err(ReportError::Stopped) };
        let progress = self.progress.clone();
        let work = tokio::task::spawn_blocking(move || {
            let outcome = run(&*log, &job, &progress);
            drop((place, ticket));
            outcome
        });
        work.await.unwrap_or(Err(ReportError::Stopped))
    }

    /// Stops the one that runs.
    pub fn stop(&self) {
        self.progress.stop();
    }
}
