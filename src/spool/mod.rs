//! What was said while the shared log could not be reached: kept on this machine, in order, durable before anybody is told,
//! until it is decided there. It is truth, not something derived: whoever deletes it loses what people said.
//!
//! Each row is one inbound as it came. It is taken out only when what it came to is kept; a crash in between finds it
//! answered already. The spool knows nothing of what is said: `intake` decides what has to wait, and decides it later.
//!
//! # Layout
//!
//! * `mod.rs`  [`Spool`]: what waits, where, since when
//! * `row.rs`  one inbound as bytes
//! * `file.rs` the rows on disk

mod file;
mod row;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, oneshot};
use yoman_chat::RoomId;

pub use self::row::Saved;
use self::{
    file::{Found, Job, Rows},
    row::{Place, ROW_BYTES_MAX},
};

/// What the spool is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolSettings {
    /// Rows that may wait.
    pub waiting_max: usize,
    /// Free space below which nothing is written; 10^6 bytes.
    pub free_space_floor_mb: u64,
}

impl Default for SpoolSettings {
    fn default() -> Self {
        Self { waiting_max: 100_000, free_space_floor_mb: 64 }
    }
}

/// Why something could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpoolError {
    /// So many wait already.
    #[error("{0} wait already")]
    Full(usize),
    /// Too little space is left; it is tried again with the next one.
    #[error("only {free_mb} MB are left on the disk of the spool, {floor_mb} MB are kept free")]
    NoSpace {
        /// What is free, in 10^6 bytes.
        free_mb: u64,
        /// The floor, in 10^6 bytes.
        floor_mb: u64,
    },
    /// It is longer than anything that could be accepted.
    #[error("it is {0} bytes long")]
    TooLong(usize),
    /// The store failed; nothing more is kept until it was opened again.
    #[error("the spool failed: {0}")]
    Failed(String),
}

/// Since when the shared log cannot be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// As far as this process knows.
    pub since: DateTime<Utc>,
    /// In words.
    pub why: String,
}

/// How a spool is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many commands wait.
    pub waiting: usize,
    /// Since when the first of them does.
    pub since: Option<DateTime<Utc>>,
    /// The shared log cannot be reached.
    pub away: Option<Away>,
    /// Rows that could not be read and were put aside.
    pub aside: usize,
    /// Databases that could not be opened and lie beside it; what could be read of them was taken over.
    pub damaged: usize,
    /// Why nothing more can be kept.
    pub failed: Option<String>,
}

/// A row that waits, without what was said.
#[derive(Debug)]
struct Entry {
    id: Arc<str>,
    room: RoomId,
    at: DateTime<Utc>,
}

/// What is known of the rows without reading them. Under a std mutex: nothing is awaited under it.
#[derive(Debug, Default)]
struct Index {
    rows: BTreeMap<Place, Entry>,
    ids: HashMap<Arc<str>, Place>,
    /// How many wait in each room, those among them that are being written.
    rooms: HashMap<RoomId, usize>,
    last: Place,
    away: Option<Away>,
    aside: usize,
    damaged: usize,
    failed: Option<String>,
    /// Rows put aside since the start, to be told of.
    lost: Vec<(Place, String)>,
    changed: Arc<Notify>,
}

impl Index {
    /// A place behind all others, those of earlier processes too.
    fn next_place(&mut self) -> Place {
        let clock = u64::try_from(Utc::now().timestamp_micros()).unwrap_or_default();
        self.last = clock.max(self.last + 1);
        self.last
    }

    /// A row is on disk; its room counts it already.
    fn kept(&mut self, place: Place, saved: &Saved) {
        let id: Arc<str> = saved.inbound.id.as_str().into();
        self.ids.insert(Arc::clone(&id), place);
        self.rows.insert(place, Entry { id, room: saved.inbound.room.id.clone(), at: saved.at });
        self.changed.notify_waiters();
    }

    fn comes(&mut self, room: &RoomId) {
        *self.rooms.entry(room.clone()).or_default() += 1;
    }

    fn not_kept(&mut self, saved: &Saved) {
        self.leaves(&saved.inbound.room.id);
    }

    fn leaves(&mut self, room: &RoomId) {
        if let Some(count) = self.rooms.get_mut(room) {
            *count -= 1;
            if *count == 0 {
                self.rooms.remove(room);
            }
        }
    }

    fn remove(&mut self, place: Place) {
        let Some(entry) = self.rows.remove(&place) else { return };
        // The same inbound cannot stand there twice, unless rows were brought out of a damaged file.
        if self.ids.get(&entry.id) == Some(&place) {
            self.ids.remove(&entry.id);
        }
        self.leaves(&entry.room);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A row to be decided.
#[derive(Debug)]
pub struct Next {
    place: Place,
    /// What was said.
    pub saved: Saved,
}

/// The spool. One per data directory.
pub struct Spool {
    dir: PathBuf,
    settings: SpoolSettings,
    index: Arc<Mutex<Index>>,
    changed: Arc<Notify>,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Spool {
    /// Whoever opens the directory next finds everything done that was asked for, and the file let go.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the spool's thread ended badly");
        }
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Spool {
    /// The spool in `dir`, with what is left there. Nothing is made on disk before something has to be kept. A database that
    /// cannot be opened is put aside, and what can be read of it goes on. Blocking.
    ///
    /// # Errors
    /// [`SpoolError::Failed`] when the directory cannot be used.
    pub fn open(dir: &Path, settings: SpoolSettings) -> Result<Self, SpoolError> {
        let changed = Arc::new(Notify::new());
        let index = Arc::new(Mutex::new(Index { changed: Arc::clone(&changed), ..Index::default() }));
        let (rows, found) = Rows::find(dir, settings.free_space_floor_mb, Arc::clone(&index))?;
        let (jobs, asked) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("spool".into())
            .spawn(move || rows.run(&asked))
            .map_err(|error| SpoolError::Failed(error.to_string()))?;
        let spool = Self { dir: dir.to_owned(), settings, index, changed, jobs: Some(jobs), thread: Some(thread) };
        spool.take_in(found);
        Ok(spool)
    }

    fn take_in(&self, found: Found) {
        let mut index = lock(&self.index);
        if let Some(why) = &found.carved {
            tracing::error!(
                dir = %self.dir.display(), why, rows = found.rows.len(),
                "THE SPOOL WAS DAMAGED and put aside; what could be read of it goes on, what could not is lost"
            );
            index.lost.push((0, why.clone()));
        }
        if found.brought_back > 0 {
            tracing::error!(
                dir = %self.dir.display(), rows = found.brought_back,
                "THE SPOOL WAS DAMAGED: rows its database had lost were still in its file, and go on"
            );
        }
        index.damaged = file::damaged(&self.dir);
        index.aside = found.aside;
        for (place, saved) in &found.rows {
            index.last = index.last.max(*place);
            index.comes(&saved.inbound.room.id);
            index.kept(*place, saved);
        }
        drop(index);
        for (place, why) in found.damaged {
            self.put_aside(place, why);
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        lock(&self.index)
    }

    fn ask(&self, job: Job) {
        // The thread ends only with this.
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    /// Keeps something; durable when this returns, even when nobody waits for that any more.
    ///
    /// # Errors
    /// [`SpoolError`]: it is not kept.
    pub async fn keep(&self, saved: Saved) -> Result<(), SpoolError> {
        let json = row::encode(&saved).map_err(SpoolError::Failed)?;
        if json.len() > ROW_BYTES_MAX {
            return Err(SpoolError::TooLong(json.len()));
        }
        {
            let mut index = self.index();
            if index.rows.len() >= self.settings.waiting_max {
                return Err(SpoolError::Full(index.rows.len()));
            }
            index.comes(&saved.inbound.room.id);
        }
        let (done, kept) = oneshot::channel();
        self.ask(Job::Keep { saved: Box::new(saved), json, done });
        kept.await.unwrap_or_else(|_| Err(SpoolError::Failed("it has ended".into())))
    }

    /// Whether this inbound waits here.
    pub fn holds(&self, inbound: &str) -> bool {
        self.index().ids.contains_key(inbound)
    }

    /// How much waits in a room.
    pub fn waiting_in(&self, room: &RoomId) -> usize {
        self.index().rooms.get(room).copied().unwrap_or(0)
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.index().rooms.is_empty()
    }

    /// Whether something waits in one of those rooms that `may`.
    pub fn any(&self, may: impl Fn(&RoomId) -> bool) -> bool {
        self.index().rooms.keys().any(may)
    }

    /// How it is.
    pub fn waits(&self) -> Waits {
        let index = self.index();
        Waits {
            waiting: index.rows.len(),
            since: index.rows.values().next().map(|entry| entry.at),
            away: index.away.clone(),
            aside: index.aside,
            damaged: index.damaged,
            failed: index.failed.clone(),
        }
    }

    /// The first rows in order, at most `most`, of those whose room and inbound's id `may`; what cannot be read is put aside on
    /// the way.
    pub async fn first(&self, most: usize, may: impl Fn(&RoomId, &str) -> bool) -> Vec<Next> {
        let places: Vec<Place> = {
            let index = self.index();
            let rows = index.rows.iter().filter(|(_, entry)| may(&entry.room, &entry.id));
            rows.map(|(place, _)| *place).take(most).collect()
        };
        if places.is_empty() {
            return Vec::new();
        }
        let (done, read) = oneshot::channel();
        self.ask(Job::Read { places, done });
        let mut next = Vec::new();
        for (place, row) in read.await.unwrap_or_default() {
            match row {
                Ok(saved) => next.push(Next { place, saved }),
                Err(why) => self.put_aside(place, why),
            }
        }
        next
    }

    /// What it came to is kept: it is taken out.
    pub fn done(&self, next: &Next) {
        self.index().remove(next.place);
        self.ask(Job::Remove(next.place));
        self.changed.notify_waiters();
    }

    fn put_aside(&self, place: Place, why: String) {
        tracing::error!(
            place,
            why,
            "something that was saved cannot be read; it is put aside, everything else goes on"
        );
        let mut index = self.index();
        index.remove(place);
        index.aside += 1;
        index.lost.push((place, why));
        drop(index);
        self.ask(Job::PutAside(place));
    }

    /// What could not be read since the start and was not told yet: what it names, and why.
    pub fn lost(&self) -> Vec<(String, String)> {
        let lost = std::mem::take(&mut self.index().lost);
        lost.into_iter().map(|(place, why)| (format!("{place}"), why)).collect()
    }

    /// Waits until something waits here.
    pub async fn arrives(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listening before looking: a change in between is not missed.
            changed.as_mut().enable();
            if !self.index().rows.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// The shared log cannot be reached; since when is remembered. `None`: it can.
    pub fn note(&self, away: Option<String>, now: DateTime<Utc>) {
        let mut index = self.index();
        match (away, &mut index.away) {
            (None, known) => *known = None,
            (Some(why), Some(known)) => known.why = why,
            (Some(why), None) => {
                // What waits from before this process says so, too.
                let since = index.rows.values().next().map_or(now, |first| first.at.min(now));
                index.away = Some(Away { since, why });
            }
        }
    }

    /// Since when the shared log cannot be reached, as far as that was noted.
    pub fn away(&self) -> Option<Away> {
        self.index().away.clone()
    }

    /// Everything that was taken out is so durably when this returns.
    ///
    /// # Errors
    /// [`SpoolError::Failed`].
    pub async fn sync(&self) -> Result<(), SpoolError> {
        let (done, synced) = oneshot::channel();
        self.ask(Job::Sync(done));
        synced.await.unwrap_or_else(|_| Err(SpoolError::Failed("it has ended".into())))
    }
}

/// How a spool that no process holds is, for `yoman doctor`; `None`: nothing waits. Blocking.
///
/// # Errors
/// Why it cannot be looked at.
pub fn peek(dir: &Path) -> Result<Option<Waits>, String> {
    file::peek(dir)
}

#[cfg(test)]
mod tests;
