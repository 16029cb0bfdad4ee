//! A sled database as we use it: guarded against panics, really synced, repaired before it is opened.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sled::{Batch, Db, IVec, Mode};

use super::{
    guard::{self, guarded},
    space,
};
use crate::log::owned;

/// sled's own lock can outlive the drop of the database by what its threads still do.
const SLED_LOCK_WAIT: Duration = Duration::from_secs(2);

/// What may be read again at the next open without a snapshot of it.
const SNAPSHOT_BYTES: u64 = 64 << 20;
/// One more look for so many bytes read.
const PRESS_BYTES: usize = 2048;

/// An open database. Every call is guarded; every error is a text.
pub(super) struct Store {
    // Taken out on drop only, so that the drop is guarded too.
    db: Option<Db>,
    file: File,
    /// The length of the file when it was opened.
    bytes_at_open: u64,
    config: sled::Config,
    dir: PathBuf,
}

/// Without what is in it: that is nobody's business who looks at a program.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// sled's page cache in 10^6 bytes.
    pub(super) cache_mb: u64,
    /// 17 of the largest values must fit into a quarter of this, or sled makes files of values that it never syncs.
    pub(super) segment_bytes: usize,
}

impl Store {
    /// Opens what is there or makes a new database, without repair.
    pub(super) fn open(dir: &Path, tuning: Tuning) -> Result<Self, String> {
        owned::create_dir(dir).map_err(|error| error.to_string())?;
        remove_half_snapshots(dir).map_err(|error| error.to_string())?;
        let config = sled::Config::new()
            .path(dir)
            .mode(Mode::LowSpace)
            .segment_size(tuning.segment_bytes)
            .cache_capacity(tuning.cache_mb.saturating_mul(1_000_000).max(1_000_000))
            .flush_every_ms(None)
            .use_compression(false);
        let db = open_unlocked(&config)?;
        let opened = || -> io::Result<File> {
            owned::narrow_all(dir)?;
            let file = File::open(dir.join("db"))?;
            file.sync_all()?;
            owned::sync_dir(dir)?;
            Ok(file)
        };
        match opened() {
            Ok(file) => {
                let bytes_at_open = file.metadata().map_or(0, |metadata| metadata.len());
                Ok(Self { db: Some(db), file, bytes_at_open, config, dir: dir.to_owned() })
            }
            Err(error) => {
                drop_guarded(db);
                Err(error.to_string())
            }
        }
    }

    /// Opens; when that fails and sled's snapshot may be at fault, tries without it on a copy, and puts the copy in
    /// place if that opens. `accept` says whether what was opened is all that must be there.
    pub(super) fn open_repaired(dir: &Path, tuning: Tuning, accept: impl Fn(&Self) -> bool) -> Result<Self, String> {
        let error = match Self::open(dir, tuning) {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let has_snapshot =
            fs::read_dir(dir).is_ok_and(|entries| entries.flatten().any(|entry| is_snapshot(&entry.path())));
        let too_little_space = owned::disk_bytes(dir) / 1_000_000 + 64 > space::free_mb(dir);
        let not_its_files = error.contains("could not acquire lock") || guard::wants_memory(&error);
        if !has_snapshot || not_its_files || too_little_space {
            return Err(error);
        }
        match Self::without_snapshot(dir, tuning, accept) {
            Ok(store) => {
                tracing::warn!(%error, "the log opened only without its snapshot; the files as they were are kept beside it");
                Ok(store)
            }
            Err(_) => Err(error),
        }
    }

    fn without_snapshot(dir: &Path, tuning: Tuning, accept: impl Fn(&Self) -> bool) -> Result<Self, String> {
        let text = |error: io::Error| error.to_string();
        let copy = dir.with_extension("retry");
        if copy.exists() {
            fs::remove_dir_all(&copy).map_err(text)?;
        }
        owned::copy_dir(dir, &copy).map_err(text)?;
        for entry in fs::read_dir(&copy).map_err(text)?.flatten().filter(|entry| is_snapshot(&entry.path())) {
            fs::remove_file(entry.path()).map_err(text)?;
        }
        let good = Self::open(&copy, tuning).is_ok_and(|store| accept(&store));
        if !good {
            fs::remove_dir_all(&copy).map_err(text)?;
            return Err("no better without the snapshot".into());
        }
        let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        fs::rename(dir, dir.with_extension(format!("damaged-{seconds}"))).map_err(text)?;
        fs::rename(&copy, dir).map_err(text)?;
        Self::open(dir, tuning)
    }

    fn db(&self) -> Result<&Db, String> {
        self.db.as_ref().ok_or_else(|| "the database is closed".to_owned())
    }

    fn call<T>(&self, call: impl FnOnce(&Db) -> sled::Result<T>) -> Result<T, String> {
        let db = self.db()?;
        guarded(|| call(db))
    }

    /// Puts values in, all or none of them. Durable only after [`Store::sync`].
    pub(super) fn insert(&self, values: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), String> {
        self.call(|db| {
            // One value needs no batch, which costs a record of its own.
            if let [(key, value)] = values.as_slice() {
                return db.insert(key, value.as_slice()).map(drop);
            }
            let mut batch = Batch::default();
            for (key, value) in values {
                batch.insert(key, value);
            }
            db.apply_batch(batch)
        })
    }

    /// Puts values in one by one, in their order (a batch of sled's has none, and splits leaves at random).
    pub(super) fn insert_in_order(&self, values: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), String> {
        self.call(|db| values.into_iter().try_for_each(|(key, value)| db.insert(key, value).map(drop)))
    }

    /// Takes values out.
    pub(super) fn remove(&self, keys: &[Vec<u8>]) -> Result<(), String> {
        self.call(|db| keys.iter().try_for_each(|key| db.remove(key).map(drop)))
    }

    /// Makes everything so far durable. sled's flush alone is no fsync on Linux: it is followed by one of our own.
    pub(super) fn sync(&self) -> Result<(), String> {
        self.call(|db| db.flush().map(drop))?;
        self.file.sync_data().map_err(|error| error.to_string())
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, String> {
        self.call(|db| db.get(key))
    }

    /// The last key with a value that is not empty, and that value.
    pub(super) fn last(&self) -> Result<Option<(IVec, IVec)>, String> {
        self.call(|db| db.iter().rev().find(has_value).transpose())
    }

    /// The last key that is at most `key` and has a value that is not empty, and that value.
    pub(super) fn at_or_before(&self, key: &[u8]) -> Result<Option<(IVec, IVec)>, String> {
        self.call(|db| db.range(..=key).rev().find(has_value).transpose())
    }

    /// The first key that is at least `key`, and its value.
    pub(super) fn at_or_after(&self, key: &[u8]) -> Result<Option<(IVec, IVec)>, String> {
        self.call(|db| db.range(key..).next().transpose())
    }

    /// The first keys before `key`, those of empty values too.
    pub(super) fn keys_before(&self, key: &[u8], keys_max: usize) -> Result<Vec<Vec<u8>>, String> {
        self.call(|db| db.range(..key).keys().take(keys_max).map(|key| key.map(|key| key.to_vec())).collect())
    }

    /// Keys and values from `key` on, but for empty values. After an error it must not be asked again.
    pub(super) fn from(&self, key: &[u8]) -> impl Iterator<Item = Result<(IVec, IVec), String>> + use<> {
        let range = self.call(|db| Ok(db.range(key..)));
        let (mut range, mut failed) = match range {
            Ok(range) => (Some(range), None),
            Err(error) => (None, Some(error)),
        };
        std::iter::from_fn(move || match (&mut range, failed.take()) {
            (_, Some(error)) => Some(Err(error)),
            (Some(range), None) => guarded(|| range.find(has_value).transpose()).transpose(),
            (None, None) => None,
        })
    }

    /// Keeps sled's cache in its bounds during a long read. It looks at them only after 64 looks at the pages of a shard, and
    /// pages with large values are looked at too rarely for that: without this a full scan leaves all of them in memory.
    pub(super) fn press(&self, key: &[u8], value_bytes: usize) {
        // An error shows at the next read.
        let _ = self.call(|db| (0..value_bytes / PRESS_BYTES).try_for_each(|_| db.contains_key(key).map(drop)));
    }

    /// Whether sled has put a value into a file of its own, which it never syncs.
    pub(super) fn has_blobs(&self) -> bool {
        fs::read_dir(self.dir.join("blobs")).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            drop_guarded(db);
            // sled writes its snapshot only while it opens, and reads again all that came since: after much came, that is
            // done now rather than when somebody waits for the next start.
            let grown = self.file.metadata().map_or(0, |metadata| metadata.len()).saturating_sub(self.bytes_at_open);
            if grown > SNAPSHOT_BYTES
                && !thread::panicking()
                && let Ok(db) = open_unlocked(&self.config)
            {
                drop_guarded(db);
            }
        }
        // Best effort: a file left by sled with wider permissions is inside an owner-only directory all the same.
        let _ = self.file.sync_data();
        let _ = owned::narrow_all(&self.dir);
    }
}

/// Fences have none; errors are for the caller.
fn has_value(pair: &sled::Result<(IVec, IVec)>) -> bool {
    !matches!(pair, Ok((_, value)) if value.is_empty())
}

/// Opens once sled's own lock is free.
pub(super) fn open_unlocked(config: &sled::Config) -> Result<Db, String> {
    let end = Instant::now() + SLED_LOCK_WAIT;
    loop {
        match guarded(|| config.open()) {
            Err(error) if error.contains("could not acquire lock") && Instant::now() < end => {
                thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}

fn drop_guarded(db: Db) {
    if let Err(error) = guarded(|| {
        drop(db);
        Ok::<_, String>(())
    }) {
        tracing::error!(%error, "closing the database failed");
    }
}

fn is_snapshot(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."))
}

/// A crash or a full disk leaves a half-written snapshot behind, which keeps sled from opening.
fn remove_half_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if is_snapshot(&path) && path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
