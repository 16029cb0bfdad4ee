//! How far something long is, for whoever waits for it, and their wish to stop it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Shared between who works and who shows. The numbers are for people: nothing is decided from them.
#[derive(Debug, Default)]
pub struct Progress {
    // A std mutex: a name is taken or given under it.
    stage: Mutex<&'static str>,
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    /// Begins a stage (`reading the log`) of `total` steps.
    pub fn begin(&self, stage: &'static str, total: u64) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many steps of the stage are done.
    pub fn at(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Stage, steps done, steps in all.
    pub fn look(&self) -> (&'static str, u64, u64) {
        let stage = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        (stage, self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Asks whoever works to stop; what they made so far is left in order.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether they were asked to.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
