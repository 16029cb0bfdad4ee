//! What the core asks of the machine it runs on: tasks, a thread for what blocks, the time it writes down, chance.
//!
//! A simulation takes all four into its own hands for the thread it runs on, so that everything that happens there follows
//! from a seed: [`simulated`]. By a thread-local rather than a parameter: that would go through every signature, for something
//! no product run ever uses. Where no schedule is set, each of these is what it is called in tokio.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use chrono::{DateTime, Utc};
use rand::RngExt as _;
use tokio::{
    sync::Notify,
    task::{JoinError, JoinHandle, JoinSet},
};

/// Whoever has a machine in hand.
pub trait Schedule: Send + Sync {
    /// Whether a task that could go on does, or lets others go first. Tasks are numbered as they come.
    fn goes_on(&self, task: u64) -> bool;

    /// What time it is.
    fn now(&self) -> DateTime<Utc>;

    /// A number from 0 up to and without 1.
    fn chance(&self) -> f64;
}

thread_local! {
    static SCHEDULE: RefCell<Option<Arc<dyn Schedule>>> = const { RefCell::new(None) };
    static TASKS: Cell<u64> = const { Cell::new(0) };
}

/// Runs something whose tasks all run on this thread, on a machine that is in the hands of `schedule`.
pub fn simulated<R>(schedule: Arc<dyn Schedule>, run: impl FnOnce() -> R) -> R {
    /// A panic must not leave the next one on this thread simulated.
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            SCHEDULE.set(None);
        }
    }
    let _ends = Ends;
    TASKS.set(0);
    SCHEDULE.set(Some(schedule));
    run()
}

fn schedule() -> Option<Arc<dyn Schedule>> {
    SCHEDULE.with_borrow(Clone::clone)
}

/// A task that goes on when it is its turn.
struct Scheduled<T> {
    task: u64,
    schedule: Arc<dyn Schedule>,
    future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Scheduled<T> {
    fn new(schedule: Arc<dyn Schedule>, future: impl Future<Output = T> + Send + 'static) -> Self {
        let task = TASKS.get();
        TASKS.set(task + 1);
        Self { task, schedule, future: Box::pin(future) }
    }
}

impl<T> Future for Scheduled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.schedule.goes_on(self.task) {
            return self.future.as_mut().poll(context);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Starts a task.
pub(crate) fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    match schedule() {
        None => tokio::spawn(future),
        Some(schedule) => tokio::spawn(Scheduled::new(schedule, future)),
    }
}

/// Starts a task in a set.
pub(crate) fn spawn_in<T: Send + 'static>(set: &mut JoinSet<T>, future: impl Future<Output = T> + Send + 'static) {
    match schedule() {
        None => drop(set.spawn(future)),
        Some(schedule) => drop(set.spawn(Scheduled::new(schedule, future))),
    }
}

/// Does what blocks beside the tasks.
///
/// # Errors
/// It panicked.
pub(crate) async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, JoinError> {
    if schedule().is_none() {
        return tokio::task::spawn_blocking(work).await;
    }
    // Others may go first here, as they may beside a thread.
    tokio::task::yield_now().await;
    Ok(work())
}

/// What time it is, for what is written down. Whatever decides by the time of day asks a [`crate::clock::Clock`].
pub(crate) fn now() -> DateTime<Utc> {
    schedule().map_or_else(Utc::now, |schedule| schedule.now())
}

/// A number from 0 up to and without 1, from the operating system's random numbers.
pub(crate) fn chance() -> f64 {
    schedule().map_or_else(rand::random, |schedule| schedule.chance())
}

/// A number below `count`, from the operating system's random numbers: good for a secret.
pub(crate) fn below(count: usize) -> usize {
    match schedule() {
        None => rand::rng().random_range(0..count),
        Some(schedule) => (schedule.chance() * count as f64) as usize,
    }
}

/// A value that changes, and that others wait for. As tokio's watch channel, which wakes those who wait in an order of
/// chance: here they are woken in the order they came.
#[derive(Debug)]
pub(crate) struct Level<T> {
    // A std mutex: nothing is awaited under it.
    value: Mutex<T>,
    changed: Notify,
}

impl<T: Copy> Level<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Notify::new() }
    }

    pub(crate) fn get(&self) -> T {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it; `change` says whether there is anything to wake for.
    pub(crate) fn change(&self, change: impl FnOnce(&mut T) -> bool) {
        if change(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.changed.notify_waiters();
        }
    }

    /// Waits until it is as wanted.
    pub(crate) async fn reaches(&self, wanted: impl Fn(T) -> bool) {
        loop {
            let change = self.changed.notified();
            tokio::pin!(change);
            // Listening before looking: a change in between is not missed.
            change.as_mut().enable();
            if wanted(self.get()) {
                return;
            }
            change.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets every task wait twice; writes down who went on.
    #[derive(Default)]
    struct Slow {
        asked: Mutex<Vec<u64>>,
        went: Mutex<Vec<u64>>,
    }

    impl Schedule for Slow {
        fn goes_on(&self, task: u64) -> bool {
            let mut asked = self.asked.lock().unwrap();
            asked.push(task);
            let goes = asked.iter().filter(|it| **it == task).count() > 2;
            if goes {
                self.went.lock().unwrap().push(task);
            }
            goes
        }

        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn chance(&self) -> f64 {
            0.25
        }
    }

    #[test]
    fn everything_on_a_simulated_machine_is_in_the_hands_of_its_schedule() {
        let schedule = Arc::new(Slow::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let thread = std::thread::current().id();
        simulated(Arc::clone(&schedule) as Arc<dyn Schedule>, || {
            runtime.block_on(async {
                let one = spawn(async { chance() });
                let mut set = JoinSet::new();
                spawn_in(&mut set, blocking(|| std::thread::current().id()));
                assert!((one.await.unwrap() - 0.25).abs() < f64::EPSILON);
                assert_eq!(set.join_next().await.unwrap().unwrap().unwrap(), thread, "on this thread");
                assert_eq!(now(), DateTime::UNIX_EPOCH);
            });
        });
        assert_eq!(*schedule.went.lock().unwrap(), [0, 1, 1], "the second one waits once by itself");
        assert!(now() > DateTime::UNIX_EPOCH, "it ends with what was simulated");
    }
}
