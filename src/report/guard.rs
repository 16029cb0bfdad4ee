//! When a script has to stop: its time is over, it took too many steps, or the process grew too much. Asked at every step.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::Limits;

/// The clock is looked at every so many steps: one step can at most copy one value of the greatest size.
const STEPS_BETWEEN_LOOKS: u64 = 8;
/// The memory is looked at so often.
const MEMORY_EVERY: Duration = Duration::from_millis(2);

/// Why a script was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Time,
    Steps,
    Memory,
    Asked,
}

/// Watches one run.
#[derive(Debug)]
pub(super) struct Guard {
    limits: Limits,
    began: Instant,
    /// Steps of the calls that are over.
    steps_before: AtomicU64,
    /// Steps of the call that is going on.
    steps_now: AtomicU64,
    /// When the memory was last looked at, in microseconds since it began.
    looked_us: AtomicU64,
    memory: Memory,
    why: OnceLock<Why>,
    asked: AtomicBool,
    copies: AtomicBool,
}

impl Guard {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            began: Instant::now(),
            steps_before: AtomicU64::new(0),
            steps_now: AtomicU64::new(0),
            looked_us: AtomicU64::new(0),
            memory: Memory::now(),
            why: OnceLock::new(),
            asked: AtomicBool::new(false),
            copies: AtomicBool::new(false),
        }
    }

    /// Called at every step with the number of steps in this call; whether to stop.
    pub(super) fn step(&self, steps: u64) -> Option<Why> {
        // One thread runs the script: the order of these does not matter.
        self.steps_now.store(steps, Ordering::Relaxed);
        if !steps.is_multiple_of(STEPS_BETWEEN_LOOKS) {
            return None;
        }
        self.look()
    }

    /// Whether to stop, looked at now.
    pub(super) fn look(&self) -> Option<Why> {
        let why = self.reason()?;
        // The first reason is the reason.
        let _ = self.why.set(why);
        self.why.get().copied()
    }

    fn reason(&self) -> Option<Why> {
        if self.asked.load(Ordering::Relaxed) {
            return Some(Why::Asked);
        }
        let elapsed = self.began.elapsed();
        if elapsed > self.limits.time {
            return Some(Why::Time);
        }
        if self.steps_before.load(Ordering::Relaxed) + self.steps_now.load(Ordering::Relaxed) > self.limits.steps {
            return Some(Why::Steps);
        }
        let now_us = elapsed.as_micros() as u64;
        if now_us >= self.looked_us.load(Ordering::Relaxed) + MEMORY_EVERY.as_micros() as u64 {
            self.looked_us.store(now_us, Ordering::Relaxed);
            if self.memory.grown_bytes() > self.limits.memory_bytes {
                return Some(Why::Memory);
            }
        }
        None
    }

    /// A call is over.
    pub(super) fn called(&self) {
        let steps = self.steps_now.swap(0, Ordering::Relaxed);
        self.steps_before.fetch_add(steps, Ordering::Relaxed);
    }

    /// The state was given back as a copy.
    pub(super) fn copied(&self) {
        self.copies.store(true, Ordering::Relaxed);
    }

    /// Whether that happened.
    pub(super) fn copies(&self) -> bool {
        self.copies.load(Ordering::Relaxed)
    }

    /// Why it was stopped, if it was.
    pub(super) fn why(&self) -> Option<Why> {
        self.why.get().copied()
    }

    /// Stops it at the next look.
    pub(super) fn stop(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }
}

/// How much memory the process has, where the system tells it in a file.
#[derive(Debug)]
struct Memory {
    #[cfg(target_os = "linux")]
    statm: Option<std::fs::File>,
    before_bytes: u64,
}

#[cfg(target_os = "linux")]
impl Memory {
    fn now() -> Self {
        let mut memory = Self { statm: std::fs::File::open("/proc/self/statm").ok(), before_bytes: 0 };
        memory.before_bytes = memory.bytes();
        memory
    }

    fn bytes(&self) -> u64 {
        use std::os::unix::fs::FileExt as _;
        let mut text = [0; 128];
        let read = self.statm.as_ref().and_then(|statm| statm.read_at(&mut text, 0).ok()).unwrap_or(0);
        let resident = std::str::from_utf8(&text[..read]).ok().and_then(|text| text.split(' ').nth(1)?.parse().ok());
        resident.unwrap_or(0) * rustix::param::page_size() as u64
    }

    fn grown_bytes(&self) -> u64 {
        self.bytes().saturating_sub(self.before_bytes)
    }
}

/// Elsewhere the sizes of values are the only limit.
#[cfg(not(target_os = "linux"))]
impl Memory {
    fn now() -> Self {
        Self { before_bytes: 0 }
    }

    fn grown_bytes(&self) -> u64 {
        self.before_bytes
    }
}
