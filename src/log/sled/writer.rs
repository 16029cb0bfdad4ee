//! The one thread that writes. It takes all that waits, decides each, writes them as one group, makes it durable, and
//! answers each.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, atomic::Ordering, mpsc::SyncSender},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tokio::sync::{mpsc, oneshot};

use super::{fences::Fences, keeper::Group, replica::Batch, shared::Shared, space::FreeSpace};
use crate::log::{
    Append, AppendError, Appended, CommandId, Commit, Expected, Head, Position, ReadError, StreamId, Version,
    record::{self, Hash, RecordError},
};

/// sled keeps values in a node by count: 17 of this size must fit into a quarter of a segment.
pub(super) const GROUP_BYTES_MAX: usize = 60 * 1024;
/// Parts of the index that may wait in memory before the writer waits for them.
const INDEX_PARTS_WAITING_MAX: usize = 32;
/// How long it waits.
const INDEX_WAIT: Duration = Duration::from_secs(10);

/// Somebody waits for this.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) append: Append,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Work {
    /// To append.
    Append(Request),
    /// To take what is decided already.
    Take(Batch),
}

/// The writer.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: mpsc::Receiver<Work>,
    pub(super) keeper: SyncSender<Group>,
    pub(super) indexer: SyncSender<()>,
    pub(super) space: FreeSpace,
    pub(super) log_dir: PathBuf,
    /// Nothing is synced before it is answered.
    pub(super) replica: bool,
    /// The position of the next commit.
    pub(super) next: u64,
    pub(super) group_commits_max: usize,
    pub(super) fences: Fences,
}

/// A group that is being put together.
struct Draft {
    /// The values of the database, by their first position.
    values: Vec<(u64, Vec<u8>)>,
    /// With the key of the value each is in.
    commits: Vec<(Arc<Commit>, u64)>,
    waiting: Vec<Waiting>,
    versions: HashMap<StreamId, Version>,
    commands: HashMap<CommandId, usize>,
    next: u64,
    hash: Hash,
    recorded_at: DateTime<Utc>,
    /// Set when there is no space: repeats are still answered.
    full: Option<AppendError>,
}

/// Somebody whose answer is the commit with this number in the group, once that is durable.
struct Waiting {
    reply: oneshot::Sender<Result<Appended, AppendError>>,
    commit: usize,
    repeat: bool,
}

/// What a request comes to.
enum Decision {
    /// Already durable.
    Known(Arc<Commit>),
    /// In this group: its number, and whether it was there before.
    Drafted(usize, bool),
}

impl Writer {
    /// Writes until nobody can ask any more and everybody has an answer.
    pub(super) fn run(mut self) {
        if self.replica {
            return self.take_batches();
        }
        let mut requests = Vec::with_capacity(self.group_commits_max);
        let mut usual = 1;
        loop {
            let Some(first) = self.requests.blocking_recv() else { return };
            push(&mut requests, first);
            self.gather(&mut requests, usual);
            usual = requests.len();
            if let Some(why) = self.shared.failed() {
                for request in requests.drain(..) {
                    let _ = request.reply.send(Err(AppendError::Failed(why.clone())));
                }
            } else {
                self.commit(&mut requests);
            }
        }
    }

    /// Those who were answered with the group before come back together: without a moment's patience the first of them
    /// would have a group alone, and the others wait for two.
    fn gather(&mut self, requests: &mut Vec<Request>, usual: usize) {
        let usual = usual.min(self.group_commits_max);
        let patience = Duration::from_micros(5 * usual as u64).min(Duration::from_micros(100));
        let end = Instant::now() + patience;
        while requests.len() < usual {
            match self.requests.try_recv() {
                Ok(work) => push(requests, work),
                Err(_) if Instant::now() >= end => return,
                Err(_) => thread::yield_now(),
            }
        }
        while requests.len() < self.group_commits_max
            && let Ok(work) = self.requests.try_recv()
        {
            push(requests, work);
        }
    }

    fn commit(&mut self, requests: &mut Vec<Request>) {
        let mut draft = self.draft();
        for Request { append, reply } in requests.drain(..) {
            // Nobody listens to an answer any more when the asker was dropped: that is no error.
            match self.decide(&mut draft, append) {
                Ok(Decision::Known(commit)) => drop(reply.send(Ok(Appended { commit, repeat: true }))),
                Ok(Decision::Drafted(commit, repeat)) => draft.waiting.push(Waiting { reply, commit, repeat }),
                Err(error) => drop(reply.send(Err(error))),
            }
        }
        if draft.commits.is_empty() {
            return;
        }
        let (commits, values) = (draft.commits.len() as u64, draft.values.len() as u64);
        if let Err(why) = self.write(&mut draft) {
            self.shared.fail(&why);
            for waiting in draft.waiting {
                let _ = waiting.reply.send(Err(AppendError::Failed(why.clone())));
            }
            return;
        }
        self.publish(draft);
        self.fence(commits, values);
    }

    /// After the answers: nobody waits for these, and the next group makes them durable with itself.
    pub(super) fn fence(&mut self, commits: u64, values: u64) {
        let fences = self.fences.wanted(commits, values, self.next);
        if !fences.is_empty()
            && let Err(why) = self
                .shared
                .store
                .insert_in_order(fences.into_iter().map(|at| (at.to_be_bytes().to_vec(), Vec::new())).collect())
        {
            self.shared.fail(&why);
        }
    }

    fn draft(&mut self) -> Draft {
        let head = self.shared.head();
        let now = Utc::now();
        let now = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        let mut full = None;
        if let Some(free_mb) = self.space.below_floor() {
            full = Some(AppendError::DiskFull { free_mb, floor_mb: self.space.floor_mb() });
        }
        let told = full.as_ref().map_or(Ok(()), |full| Err(full.to_string()));
        self.shared.note("space", &told);
        Draft {
            values: Vec::new(),
            commits: Vec::new(),
            waiting: Vec::new(),
            versions: HashMap::new(),
            commands: HashMap::new(),
            next: self.next,
            hash: head.hash,
            // The wall clock may run backwards; the log's does not.
            recorded_at: head.recorded_at.map_or(now, |last| last.max(now)),
            full,
        }
    }

    fn decide(&self, draft: &mut Draft, append: Append) -> Result<Decision, AppendError> {
        let unreadable = |ReadError::Failed(why)| AppendError::Failed(why);
        if let Some(&commit) = draft.commands.get(&append.meta.command) {
            return Ok(Decision::Drafted(commit, true));
        }
        if let Some(commit) = self.shared.find_command(&append.meta.command).map_err(unreadable)? {
            return Ok(Decision::Known(commit));
        }
        append.check()?;
        let actual = match draft.versions.get(&append.stream) {
            Some(&version) => version,
            None => self.shared.version(&append.stream).map_err(unreadable)?,
        };
        let Append { stream, expected, events, mut meta } = append;
        if actual != expected.version() || expected == Expected::Version(0) {
            return Err(AppendError::Conflict { stream, expected, actual });
        }
        if let Some(full) = &draft.full {
            return Err(full.clone());
        }
        meta.recorded_at = draft.recorded_at;
        let commit = Commit { position: Position(draft.next), stream, first_version: actual + 1, events, meta };
        draft.push(commit).map_err(|error| AppendError::Unacceptable(error.to_string()))
    }

    /// Durable when it returns.
    fn write(&self, draft: &mut Draft) -> Result<(), String> {
        let values = draft.values.drain(..).map(|(key, value)| (key.to_be_bytes().to_vec(), value)).collect();
        self.shared.store.insert(values)?;
        self.shared.store.sync()
    }

    /// Shows what is durable: to readers first, then to subscribers, then to those who wait.
    fn publish(&mut self, draft: Draft) {
        let shared = &self.shared;
        self.next = draft.next;
        shared.next.store(draft.next, Ordering::Release);
        let full = shared.index.add(draft.commits.iter().map(|(commit, group)| (&**commit, *group)), draft.hash);
        shared.set_head(Head {
            position: Position(draft.next - 1),
            hash: draft.hash,
            recorded_at: Some(draft.recorded_at),
        });
        let commits: Group = draft.commits.into_iter().map(|(commit, _)| commit).collect();
        for commit in &*commits {
            // No receiver is not an error.
            let _ = shared.live.send(Arc::clone(commit));
        }
        for Waiting { reply, commit, repeat } in draft.waiting {
            let _ = reply.send(Ok(Appended { commit: Arc::clone(&commits[commit]), repeat }));
        }
        // When it is behind it reads from the log what it missed.
        let _ = self.keeper.try_send(commits);
        if full {
            let _ = self.indexer.try_send(());
            self.wait_for_index();
        }
    }

    /// The index must not grow in memory without end when commits come faster than it is written.
    pub(super) fn wait_for_index(&self) {
        let end = Instant::now() + INDEX_WAIT;
        while self.shared.index.waiting() >= INDEX_PARTS_WAITING_MAX && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Batches are for replicas alone.
fn push(requests: &mut Vec<Request>, work: Work) {
    match work {
        Work::Append(request) => requests.push(request),
        Work::Take(batch) => batch.refuse("this log is no replica"),
    }
}

impl Draft {
    fn push(&mut self, commit: Commit) -> Result<Decision, RecordError> {
        if self.values.is_empty() {
            self.values.push((self.next, Vec::with_capacity(4096)));
        }
        let Some((mut key, value)) = self.values.last_mut().map(|(key, value)| (*key, value)) else {
            return Err(RecordError::Short);
        };
        let start = value.len();
        let hash = record::encode(&commit, &self.hash, value)?;
        if value.len() > GROUP_BYTES_MAX && start > 0 {
            // It goes into a value of its own.
            let record = value.split_off(start);
            key = self.next;
            self.values.push((key, record));
        }
        self.hash = hash;
        self.next += 1;
        let number = self.commits.len();
        self.versions.insert(commit.stream.clone(), commit.last_version());
        self.commands.insert(commit.meta.command.clone(), number);
        self.commits.push((Arc::new(commit), key));
        Ok(Decision::Drafted(number, false))
    }
}
