//! The rows on disk: a sled database that only one thread touches. It is made for the first row and removed after the last,
//! so that nothing of what people wrote is left behind.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use chrono::Utc;
use tokio::sync::oneshot;

use super::{
    Index, SpoolError, lock,
    row::{self, Carved, Place, Saved},
};
use crate::log::{
    owned,
    sled::{guard::guarded, space::free_mb},
};

/// A part is far below a quarter of it divided by 17: see [`row::PART_BYTES`].
const SEGMENT_BYTES: usize = 4 << 20;
const CACHE_BYTES: u64 = 2 << 20;
/// At most so many jobs in one batch.
const GROUP_MAX: usize = 1024;
/// An empty database is kept for so long: more may come.
const LINGER: Duration = Duration::from_secs(1);
/// How long another opening's lock is waited for: it can outlive the drop for a moment.
const LOCK_TRIES: u32 = 150;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Rows that wait.
const WAITING: u8 = b'w';
/// Rows that cannot be read, put aside as they are.
const ASIDE: u8 = b'x';
/// Rows that are done with: kept until the database goes, because sled is not the only one that reads its file.
const DONE: u8 = b'd';

/// What a database directory is called, with a number that is never used again; and one that is to be removed, or could not
/// be opened.
const DATABASE: &str = "rows.";
const GONE: &str = "gone.";
const DAMAGED: &str = "damaged.";

pub(super) type Done = oneshot::Sender<Result<(), SpoolError>>;

/// What the thread is asked for, in order.
pub(super) enum Job {
    /// Keeps a row; durable when it is answered, and in the index by then.
    Keep { saved: Box<Saved>, json: Vec<u8>, done: Done },
    /// Rows that are done with.
    Remove(Place),
    /// Puts rows aside that cannot be read.
    PutAside(Place),
    /// Reads rows.
    Read { places: Vec<Place>, done: oneshot::Sender<Vec<(Place, Result<Saved, String>)>> },
    /// Everything before is durable when it is answered.
    Sync(Done),
}

/// What was found at the start.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<(Place, Saved)>,
    /// Places of rows that cannot be read, and why.
    pub(super) damaged: Vec<(Place, String)>,
    /// Rows that are done with.
    done: BTreeSet<Place>,
    /// How many were put aside before.
    pub(super) aside: usize,
    /// The whole database could not be opened; what could be read of it is in `rows`.
    pub(super) carved: Option<String>,
    /// So many rows sled had lost without a word: they were still in its file.
    pub(super) brought_back: usize,
}

struct Open {
    db: sled::Db,
    file: File,
    at: PathBuf,
}

/// The database, owned by its thread.
pub(super) struct Rows {
    dir: PathBuf,
    floor_mb: u64,
    open: Option<Open>,
    /// Set once: nothing touches it after that.
    failed: Option<String>,
    index: Arc<Mutex<Index>>,
}

fn failed(why: impl ToString) -> SpoolError {
    SpoolError::Failed(why.to_string())
}

impl Rows {
    /// Opens what is there; nothing is made.
    pub(super) fn find(dir: &Path, floor_mb: u64, index: Arc<Mutex<Index>>) -> Result<(Self, Found), SpoolError> {
        let mut rows = Self { dir: dir.to_owned(), floor_mb, open: None, failed: None, index };
        let mut found = Found::default();
        if !dir.is_dir() {
            return Ok((rows, found));
        }
        for gone in named(dir, GONE).map_err(failed)? {
            owned::remove_dir(&gone).map_err(failed)?;
        }
        let Some(at) = named(dir, DATABASE).map_err(failed)?.pop() else {
            rows.tidy();
            return Ok((rows, found));
        };
        // Read before sled does: what it takes for the end of its log it writes over.
        let bytes = fs::read(at.join("db")).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(failed(error)),
        })?;
        let carved = row::carve(&bytes);
        drop(bytes);
        let damage = match open(&at) {
            Ok(open) => {
                rows.open = Some(open);
                // It opened, and may not be read through.
                rows.scan(&mut found).err()
            }
            Err(Trouble::Machine(why)) => return Err(SpoolError::Failed(why)),
            Err(Trouble::Damaged(why)) => Some(why),
        };
        match damage {
            None => rows.bring_back(carved, &mut found)?,
            Some(why) => {
                rows.open = None;
                found = Found { carved: Some(why), ..Found::default() };
                rows.begin_anew(&at, carved, &mut found)?;
            }
        }
        Ok((rows, found))
    }

    /// Reads all rows.
    fn scan(&self, found: &mut Found) -> Result<(), String> {
        let Some(open) = &self.open else { return Ok(()) };
        guarded(|| -> sled::Result<()> {
            for row in open.db.iter() {
                let (key, value) = row?;
                match row::of_key(&key) {
                    Some((WAITING, place, 0)) => match self.read_one(&open.db, place, &value)? {
                        Ok(saved) => found.rows.push((place, saved)),
                        Err(why) => found.damaged.push((place, why)),
                    },
                    Some((ASIDE, _, 0)) => found.aside += 1,
                    Some((DONE, place, 0)) => drop(found.done.insert(place)),
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The row whose first part this is.
    fn read_one(&self, db: &sled::Db, place: Place, first: &[u8]) -> sled::Result<Result<Saved, String>> {
        let count = match row::count(first) {
            Ok(count) => count,
            Err(why) => return Ok(Err(why)),
        };
        let mut parts = vec![first.to_vec()];
        for part in 1..count {
            match db.get(row::key(WAITING, place, part))? {
                Some(bytes) => parts.push(bytes.to_vec()),
                None => return Ok(Err("a part of it is missing".into())),
            }
        }
        Ok(row::join(place, parts.iter().map(Vec::as_slice)))
    }

    /// Compares what sled has with what its file has: it takes a damaged record for the end of its log, and says nothing of
    /// what stood behind it.
    fn bring_back(&mut self, carved: Carved, found: &mut Found) -> Result<(), SpoolError> {
        // The same end of the log is the end of what was taken out: that is found in the file as well.
        let again: Vec<Place> =
            found.rows.iter().map(|(place, _)| *place).filter(|place| carved.done.contains(place)).collect();
        found.rows.retain(|(place, _)| !carved.done.contains(place));
        self.remove(&again)?;
        found.done.extend(carved.done);
        let mut known: BTreeSet<Place> = found.rows.iter().map(|(place, _)| *place).collect();
        known.extend(found.damaged.iter().map(|(place, _)| *place));
        known.extend(&found.done);
        let lost: Vec<_> = carved.rows.into_iter().filter(|(place, _)| !known.contains(place)).collect();
        found.brought_back = lost.len();
        self.put(&lost)?;
        found.rows.extend(lost);
        found.rows.sort_by_key(|(place, _)| *place);
        found.damaged.extend(carved.broken.into_iter().filter(|(place, _)| !known.contains(place)));
        Ok(())
    }

    /// Begins a new database with what is still in the file of one that cannot be opened, which is put aside.
    fn begin_anew(&mut self, at: &Path, carved: Carved, found: &mut Found) -> Result<(), SpoolError> {
        found.rows.extend(carved.rows);
        // Only then is it out of the way: whoever dies here finds it again, or both, and takes the newer.
        if !found.rows.is_empty() {
            self.begin()?;
            self.put(&found.rows)?;
        }
        let stamp = Utc::now().format("%Y%m%dT%H%M%S%6fZ");
        fs::rename(at, self.dir.join(format!("{DAMAGED}{stamp}"))).map_err(failed)?;
        owned::sync_dir(&self.dir).map_err(failed)
    }

    fn remove(&mut self, places: &[Place]) -> Result<(), SpoolError> {
        if places.is_empty() {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        for place in places {
            self.rest_of(*place, |_, key| batch.remove(&key));
            batch.insert(&row::key(DONE, *place, 0), row::done(*place));
        }
        self.apply(batch)
    }

    /// Writes rows where they stood.
    fn put(&mut self, rows: &[(Place, Saved)]) -> Result<(), SpoolError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        for (place, saved) in rows {
            let json = row::encode(saved).map_err(SpoolError::Failed)?;
            for (part, bytes) in (0_u16..).zip(row::parts(*place, &json)) {
                batch.insert(&row::key(WAITING, *place, part), bytes);
            }
        }
        self.apply(batch)?;
        self.sync()
    }

    /// Runs until nobody asks any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let first = match jobs.recv_timeout(LINGER) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => {
                    self.leave_nothing();
                    // Until there is something again, nothing is to be done.
                    let Ok(job) = jobs.recv() else { break };
                    job
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut group = vec![first];
            while group.len() < GROUP_MAX
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
            self.work(group);
        }
        self.leave_nothing();
    }

    fn work(&mut self, group: Vec<Job>) {
        let mut batch = sled::Batch::default();
        let (mut keeps, mut syncs, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut changed = false;
        for job in group {
            match job {
                Job::Keep { saved, json, done } => {
                    if let Err(error) = self.ready() {
                        self.refuse(&saved, done, error);
                        continue;
                    }
                    let place = lock(&self.index).next_place();
                    for (part, bytes) in (0_u16..).zip(row::parts(place, &json)) {
                        batch.insert(&row::key(WAITING, place, part), bytes);
                    }
                    keeps.push((place, saved, done));
                }
                Job::Remove(place) => {
                    self.rest_of(place, |_, key| batch.remove(&key));
                    batch.insert(&row::key(DONE, place, 0), row::done(place));
                    changed = true;
                }
                Job::PutAside(place) => {
                    // Of what sled has lost nothing is there but that it was.
                    batch.insert(&row::key(ASIDE, place, 0), &[]);
                    self.rest_of(place, |bytes, key| {
                        let mut aside = key;
                        aside[0] = ASIDE;
                        batch.insert(&aside, bytes);
                        batch.remove(&key);
                    });
                    batch.insert(&row::key(DONE, place, 0), row::done(place));
                    changed = true;
                }
                Job::Read { places, done } => reads.push((places, done)),
                Job::Sync(done) => syncs.push(done),
            }
        }
        let written = if changed || !keeps.is_empty() { self.apply(batch) } else { Ok(()) };
        // What is only removed need not be durable: it is found to be done with when it comes again.
        let must_sync = !keeps.is_empty() || !syncs.is_empty();
        let result = written.and_then(|()| if must_sync { self.sync() } else { Ok(()) });
        for (place, saved, done) in keeps {
            match &result {
                Ok(()) => {
                    // Before whoever waits hears of it, or is gone: it is there either way.
                    lock(&self.index).kept(place, &saved);
                    let _ = done.send(Ok(()));
                }
                Err(error) => self.refuse(&saved, done, error.clone()),
            }
        }
        for done in syncs {
            let _ = done.send(result.clone());
        }
        for (places, done) in reads {
            let _ = done.send(self.read(&places));
        }
    }

    fn refuse(&self, saved: &Saved, done: Done, error: SpoolError) {
        lock(&self.index).not_kept(saved);
        let _ = done.send(Err(error));
    }

    /// Whether a row can be kept now; makes the database if it is not there.
    fn ready(&mut self) -> Result<(), SpoolError> {
        if let Some(why) = &self.failed {
            return Err(SpoolError::Failed(why.clone()));
        }
        // Asked of what is there: the directory itself may have to be made.
        let there = self.dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
        let free_mb = free_mb(there);
        if free_mb < self.floor_mb {
            return Err(SpoolError::NoSpace { free_mb, floor_mb: self.floor_mb });
        }
        if self.open.is_none() {
            self.begin()?;
        }
        Ok(())
    }

    /// Makes a database under a number that was never used.
    fn begin(&mut self) -> Result<(), SpoolError> {
        owned::create_dir(&self.dir).map_err(failed)?;
        let mut number = u64::try_from(Utc::now().timestamp_micros()).unwrap_or_default();
        if let Some(newest) = named(&self.dir, DATABASE).map_err(failed)?.iter().filter_map(|at| number_of(at)).max() {
            number = number.max(newest + 1);
        }
        let at = self.dir.join(format!("{DATABASE}{number:020}"));
        let open = open(&at).map_err(|trouble| match trouble {
            Trouble::Machine(why) | Trouble::Damaged(why) => SpoolError::Failed(why),
        })?;
        // The names of the files must survive too, once.
        open.file.sync_all().map_err(failed)?;
        owned::sync_dir(&at)
            .and_then(|()| owned::sync_dir(&self.dir))
            .and_then(|()| owned::sync_name(&self.dir))
            .map_err(failed)?;
        self.open = Some(open);
        Ok(())
    }

    fn apply(&mut self, batch: sled::Batch) -> Result<(), SpoolError> {
        if let Some(why) = &self.failed {
            return Err(SpoolError::Failed(why.clone()));
        }
        let Some(open) = &self.open else { return Ok(()) };
        let written = guarded(|| {
            open.db.apply_batch(batch)?;
            open.db.flush()
        });
        written.map(drop).map_err(|why| self.fail(why))
    }

    fn sync(&mut self) -> Result<(), SpoolError> {
        let Some(open) = &self.open else { return Ok(()) };
        // sled's own flush is no fsync. What a failed one left unwritten is not known: nothing is promised from then on.
        open.file.sync_data().map_err(|error| self.fail(format!("sync: {error}")))
    }

    fn fail(&mut self, why: String) -> SpoolError {
        tracing::error!(
            why,
            "the spool failed: what is said while the shared log is away is not kept until yoman is started again"
        );
        self.failed = Some(why.clone());
        lock(&self.index).failed = Some(why.clone());
        SpoolError::Failed(why)
    }

    /// Every part of a row that is there, whatever it holds.
    fn rest_of(&self, place: Place, mut each: impl FnMut(Vec<u8>, [u8; 11])) {
        let Some(open) = self.open.as_ref().filter(|_| self.failed.is_none()) else { return };
        let found = guarded(|| -> sled::Result<Vec<(Vec<u8>, u16)>> {
            let mut parts = Vec::new();
            for row in open.db.range(row::key(WAITING, place, 0)..=row::key(WAITING, place, u16::MAX)) {
                let (key, value) = row?;
                parts.extend(row::of_key(&key).map(|(_, _, part)| (value.to_vec(), part)));
            }
            Ok(parts)
        });
        for (bytes, part) in found.unwrap_or_default() {
            each(bytes, row::key(WAITING, place, part));
        }
    }

    fn read(&self, places: &[Place]) -> Vec<(Place, Result<Saved, String>)> {
        let mut read = Vec::new();
        let Some(open) = self.open.as_ref().filter(|_| self.failed.is_none()) else { return read };
        let _ = places.iter().try_for_each(|&place| {
            let row = guarded(|| -> sled::Result<Option<Result<Saved, String>>> {
                let Some(first) = open.db.get(row::key(WAITING, place, 0))? else { return Ok(None) };
                self.read_one(&open.db, place, &first).map(Some)
            });
            match row {
                Ok(Some(row)) => read.push((place, row)),
                Ok(None) => read.push((place, Err("it is gone".into()))),
                // The engine, not the row: nothing is put aside because of it.
                Err(why) => {
                    tracing::error!(why, "the spool cannot be read");
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        read
    }

    /// With nothing in it, nothing is left on disk.
    fn leave_nothing(&mut self) {
        let Some(open) = self.open.take_if(|_| self.failed.is_none()) else { return };
        let left = guarded(|| -> sled::Result<bool> {
            let mut left = open.db.scan_prefix([WAITING]).chain(open.db.scan_prefix([ASIDE]));
            left.next().transpose().map(|row| row.is_some())
        });
        if left != Ok(false) {
            self.open = Some(open);
            return;
        }
        let gone = open.at.file_name().map(|name| name.to_string_lossy().replace(DATABASE, GONE)).unwrap_or_default();
        let (at, gone) = (open.at.clone(), self.dir.join(gone));
        drop(open);
        // Renamed first: half of a database must never look like one.
        let removed =
            fs::rename(&at, &gone).and_then(|()| owned::sync_dir(&self.dir)).and_then(|()| owned::remove_dir(&gone));
        if let Err(error) = removed {
            tracing::warn!(%error, "an empty spool could not be removed; it is at the next start");
        }
        self.tidy();
    }

    /// The directory too goes when there is nothing in it.
    fn tidy(&self) {
        if fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_none()) {
            let _ = fs::remove_dir(&self.dir).and_then(|()| owned::sync_name(&self.dir));
        }
    }
}

enum Trouble {
    /// Not the data's fault.
    Machine(String),
    Damaged(String),
}

/// The directories of one kind, by number.
fn named(dir: &Path, kind: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(kind) {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn number_of(at: &Path) -> Option<u64> {
    at.file_name()?.to_str()?.strip_prefix(DATABASE)?.parse().ok()
}

/// How many databases could not be opened and lie there.
pub(super) fn damaged(dir: &Path) -> usize {
    named(dir, DAMAGED).map_or(0, |found| found.len())
}

/// How what lies there is, without taking it over.
pub(super) fn peek(dir: &Path) -> Result<Option<super::Waits>, String> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let mut waits = super::Waits { damaged: damaged(dir), ..super::Waits::default() };
    if let Some(at) = named(dir, DATABASE).map_err(|error| error.to_string())?.pop() {
        let open = open(&at).map_err(|trouble| match trouble {
            Trouble::Machine(why) | Trouble::Damaged(why) => why,
        })?;
        let rows = Rows { dir: dir.to_owned(), floor_mb: 0, open: Some(open), failed: None, index: Arc::default() };
        let mut found = Found::default();
        rows.scan(&mut found)?;
        waits.waiting = found.rows.len();
        waits.since = found.rows.first().map(|(_, saved)| saved.at);
        waits.aside = found.aside + found.damaged.len();
    }
    Ok(Some(waits))
}

fn open(at: &Path) -> Result<Open, Trouble> {
    let machine = |error: io::Error| Trouble::Machine(format!("{}: {error}", at.display()));
    owned::create_dir(at).map_err(machine)?;
    // Left by a crash or a full disk while a snapshot was written; sled would refuse to open.
    for entry in fs::read_dir(at).map_err(machine)? {
        let path = entry.map_err(machine)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(machine)?;
        }
    }
    let config = sled::Config::new()
        .path(at)
        .mode(sled::Mode::LowSpace)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None);
    let mut tries = 0;
    let db = loop {
        match guarded(|| config.open()) {
            Ok(db) => break db,
            Err(why) if why.contains("could not acquire lock") => {
                tries += 1;
                if tries == LOCK_TRIES {
                    return Err(Trouble::Machine(format!("{} is in use by another process", at.display())));
                }
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(why) if of_the_machine(at) => return Err(Trouble::Machine(why)),
            Err(why) => return Err(Trouble::Damaged(why)),
        }
    };
    let file = File::options().read(true).write(true).open(at.join("db")).map_err(machine)?;
    Ok(Open { db, file, at: at.to_owned() })
}

/// Whether the file cannot be used at all, whatever is in it.
fn of_the_machine(at: &Path) -> bool {
    let opened = File::options().read(true).write(true).open(at.join("db"));
    opened.is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
}
