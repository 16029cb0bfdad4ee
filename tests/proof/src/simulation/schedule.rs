//! Whose turn it is, as a seed says, and the trace of everything that happens.

use std::{
    collections::HashMap,
    env,
    fmt::Debug,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher as _},
    io::{BufWriter, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use yoman::{clock::Clock, machine::Schedule};

/// The file to write the trace of a world to, line by line.
const TRACE: &str = "YOMAN_PROOF_TRACE";

/// A machine whose tasks go on as a seed says.
#[derive(Debug)]
pub(super) struct Seeded {
    clock: Clock,
    // A std mutex: nothing is awaited under it.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    random: StdRng,
    /// How often, out of sixteen times, a task of this life lets others go first.
    lazy: HashMap<u64, u8>,
    steps: usize,
    trace: DefaultHasher,
    /// Where the trace is written down, line by line, if somebody wants to read it.
    told: Option<BufWriter<File>>,
}

impl Seeded {
    pub(super) fn new(seed: u64, clock: Clock) -> Self {
        let random = StdRng::seed_from_u64(seed);
        let told = env::var_os(TRACE).and_then(|path| File::create(path).ok()).map(BufWriter::new);
        let inner = Inner { random, lazy: HashMap::new(), steps: 0, trace: DefaultHasher::new(), told };
        Self { clock, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A life begins: its tasks are others.
    pub(super) fn begins(&self) {
        self.inner().lazy.clear();
        self.note("life", &());
    }

    /// Something happened that has to happen again with the same seed.
    pub(super) fn note(&self, kind: &str, what: &(impl Hash + Debug)) {
        let now = self.clock.now();
        let mut inner = self.inner();
        (kind, now, what).hash(&mut inner.trace);
        inner.tell(|| format!("{now} {kind} {what:?}"));
    }

    /// How often a task went on.
    pub(super) fn steps(&self) -> usize {
        self.inner().steps
    }

    /// The same after the same has happened in the same order.
    pub(super) fn trace(&self) -> u64 {
        self.inner().trace.finish()
    }
}

impl Inner {
    fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            // A trace that cannot be written changes nothing of what is traced.
            let _ = writeln!(told, "{}", line());
        }
    }
}

impl Schedule for Seeded {
    fn goes_on(&self, task: u64) -> bool {
        let mut inner = self.inner();
        let Inner { random, lazy, steps, trace, .. } = &mut *inner;
        // Some tasks are slow for a whole life: what comes of that is seldom seen where all are alike.
        let lazy = *lazy.entry(task).or_insert_with(|| [0, 0, 1, 4, 8, 14][random.random_range(0..6)]);
        let goes = lazy == 0 || random.random_range(0..16) >= lazy;
        *steps += usize::from(goes);
        (task, goes).hash(trace);
        inner.tell(|| format!("{task} {}", if goes { "goes on" } else { "waits" }));
        goes
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn chance(&self) -> f64 {
        self.inner().random.random()
    }
}
