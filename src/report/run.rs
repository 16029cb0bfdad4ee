//! The history, event by event, through a script.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Limits, ReportError, Script, Shown,
    engine::stopped,
    event::{self, Event, People},
    guard::Guard,
};
use crate::log::{Commit, Entry, EventLog, Position, ReadError};

/// Scripts nest: a stack of their own, of which only what is used is ever taken.
const STACK_BYTES: usize = 64 << 20;
/// Progress is told, and the clock looked at, after so many commits.
const COMMITS_BETWEEN_LOOKS: u64 = 256;
/// The events a script is tried on before it is kept.
const TRIED_EVENTS_MAX: u64 = 200;
/// What a trial may take.
const TRIAL: Duration = Duration::from_secs(2);

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The script.
    pub script: Arc<str>,
    /// Only what was recorded up to here; `None`: everything.
    pub until: Option<DateTime<Utc>>,
    /// The words behind the name.
    pub words: Vec<String>,
    /// The time zone days begin in.
    pub zone: Tz,
    /// How far it may go.
    pub limits: Limits,
}

/// How far a run is; cheap to share.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    position: AtomicU64,
    head: AtomicU64,
    /// Of the run that is going on.
    guard: Mutex<Weak<Guard>>,
}

impl Progress {
    /// The position it is at, and the one it runs to; zeroes before it runs.
    pub fn now(&self) -> (Position, Position) {
        (Position(self.0.position.load(Ordering::Relaxed)), Position(self.0.head.load(Ordering::Relaxed)))
    }

    /// Stops what is running, soon.
    pub fn stop(&self) {
        if let Some(guard) = self.0.guard.lock().unwrap_or_else(PoisonError::into_inner).upgrade() {
            guard.stop();
        }
    }

    fn begin(&self, head: Position, guard: &Arc<Guard>) {
        self.0.position.store(0, Ordering::Relaxed);
        self.0.head.store(head.0, Ordering::Relaxed);
        *self.0.guard.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(guard);
    }

    fn at(&self, position: Position) {
        self.0.position.store(position.0, Ordering::Relaxed);
    }
}

/// What a run gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What there is to show.
    pub shown: Shown,
    /// The events it was given.
    pub events: u64,
    /// The newest commit it was given.
    pub position: Position,
    /// Records that could not be read and were passed over.
    pub damaged: u64,
    /// What `print` said, the first lines.
    pub printed: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Runs a report. Blocking, with a thread of its own.
///
/// # Errors
/// [`ReportError`] says what is wrong with the script and where, or that it takes too long.
pub fn run(log: &dyn EventLog, job: &Job, progress: &Progress) -> Result<Outcome, ReportError> {
    apart(|| run_here(log, job, progress, u64::MAX))
}

/// Tries a script on the first events there are, before it is kept.
///
/// # Errors
/// As for [`run`].
pub fn check(log: &dyn EventLog, script: &str, zone: Tz) -> Result<(), ReportError> {
    let limits = Limits::within(TRIAL);
    let job = Job { script: script.into(), until: None, words: Vec::new(), zone, limits };
    apart(|| run_here(log, &job, &Progress::default(), TRIED_EVENTS_MAX)).map(drop)
}

/// On a large stack, where a fault of the interpreter stays.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, ReportError> + Send) -> Result<T, ReportError> {
    let broke = |what: String| ReportError::Failed { function: "the script", place: None, what, event: None };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("report".into()).stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, work) {
            Ok(thread) => {
                thread.join().unwrap_or_else(|_| Err(broke("it does something the interpreter cannot bear".into())))
            }
            Err(error) => Err(broke(format!("the system gives no thread: {error}"))),
        }
    })
}

fn run_here(log: &dyn EventLog, job: &Job, progress: &Progress, events_max: u64) -> Result<Outcome, ReportError> {
    let began = Instant::now();
    let head = log.head().position;
    let guard = Arc::new(Guard::new(&job.limits));
    progress.begin(head, &guard);
    let mut position = Position::START;
    let mut run = || -> Result<Outcome, ReportError> {
        let people = People::default();
        let mut script = Script::compile(&job.script, job.zone, &people, &job.limits, &guard)?;
        let mut state = script.init(&job.words)?;
        let (mut events, mut commits, mut failed) = (0, 0_u64, None);
        let damaged = replay(log, job.until, &people, |commit, each| {
            position = commit.position;
            commits += 1;
            if commits.is_multiple_of(COMMITS_BETWEEN_LOOKS) {
                progress.at(position);
                // A script that only passes over takes no steps.
                failed = guard.look().map(|why| stopped("apply", why));
            }
            for event in each {
                if failed.is_some() || events == events_max {
                    break;
                }
                events += 1;
                failed = script.apply(&mut state, event).err();
            }
            if failed.is_some() || events == events_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        let shown = Shown::of(script.show(state)?);
        Ok(Outcome { shown, events, position, damaged, printed: script.printed(), took: began.elapsed() })
    };
    let outcome = run();
    outcome.map_err(|error| match error {
        ReportError::TooSlow { .. } => {
            ReportError::TooSlow { after: job.limits.time, position, head, copies: guard.copies() }
        }
        other => other,
    })
}

/// Goes through the history as reports see it, up to an instant: each commit that has something to see, with its events.
/// Returns how many records could not be read.
///
/// # Errors
/// [`ReadError`] when the log fails.
pub fn replay(
    log: &dyn EventLog,
    until: Option<DateTime<Utc>>,
    people: &People,
    mut visit: impl FnMut(&Commit, &mut dyn Iterator<Item = Event>) -> ControlFlow<()> + Send,
) -> Result<u64, ReadError> {
    let mut damaged = 0;
    log.read_all(Position::START, &mut |entry| match entry {
        Entry::Commit(commit) if until.is_some_and(|until| commit.meta.recorded_at > until) => ControlFlow::Break(()),
        Entry::Commit(commit) => visit(&commit, &mut event::events(&commit, people)),
        Entry::Damaged { .. } => {
            damaged += 1;
            ControlFlow::Continue(())
        }
    })?;
    Ok(damaged)
}
