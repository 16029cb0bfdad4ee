//! A new log from commits that are known already: from a backup, an export, or what was salvaged.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    OpenError,
    lock::OwnerLock,
    lost::{Lost, LostRange},
    open::SEGMENT_BYTES,
    store::{Store, Tuning},
    watermark::{Mark, Watermark},
    writer::GROUP_BYTES_MAX,
};
use crate::log::{
    Commit, Head, Position, owned,
    record::{self, Checked, Hash},
};

/// Values are made durable in batches of this many.
const BATCH_VALUES: usize = 64;

/// Writes a log into an empty directory, at the positions the commits had. It counts only once it is finished: make it beside
/// its place and rename it.
#[derive(Debug)]
pub struct Restorer {
    // In the order of dropping: the database is closed before the lock goes.
    store: Store,
    watermark: Watermark,
    dir: PathBuf,
    head: Head,
    commits: u64,
    values: Vec<(Vec<u8>, Vec<u8>)>,
    record: Vec<u8>,
    _lock: OwnerLock,
}

impl Restorer {
    /// Begins in a directory that is empty or not there.
    ///
    /// # Errors
    /// [`OpenError::Io`] when it is neither, or cannot be written.
    pub fn create(log_dir: &Path) -> Result<Self, OpenError> {
        let at = OpenError::io(log_dir);
        owned::create_dir(log_dir).map_err(&at)?;
        if fs::read_dir(log_dir).map_err(&at)?.next().is_some() {
            return Err(at(io::Error::new(io::ErrorKind::AlreadyExists, "the directory for the new log is not empty")));
        }
        let lock = OwnerLock::take(log_dir, Duration::ZERO)?;
        let watermark = Watermark::open(log_dir).map_err(&at)?;
        let tuning = Tuning { cache_mb: 64, segment_bytes: SEGMENT_BYTES };
        let store = Store::open(&log_dir.join("sled"), tuning).map_err(|error| at(io::Error::other(error)))?;
        Ok(Self {
            store,
            watermark,
            dir: log_dir.to_owned(),
            head: Head { position: Position::START, hash: [0; 32], recorded_at: None },
            commits: 0,
            values: Vec::new(),
            record: Vec::new(),
            _lock: lock,
        })
    }

    /// The newest commit so far.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many commits it has so far.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Takes the next commit; it is chained to the one before.
    ///
    /// # Errors
    /// When it does not come after the one before or is too large (`Ok(Err(..))`: it is left out), or cannot be written.
    pub fn push(&mut self, commit: &Commit) -> Result<Result<(), String>, OpenError> {
        if commit.position <= self.head.position {
            return Ok(Err(format!("commit {} stands behind {}", commit.position, self.head.position)));
        }
        let mut bytes = std::mem::take(&mut self.record);
        bytes.clear();
        let written = match record::encode(commit, &self.head.hash, &mut bytes) {
            Ok(hash) => {
                self.head = Head { position: commit.position, hash, recorded_at: Some(commit.meta.recorded_at) };
                self.write(commit.position, &bytes).map(Ok)
            }
            Err(error) => Ok(Err(error.to_string())),
        };
        self.record = bytes;
        written
    }

    /// Takes the next record as it is; `hash` is its own. The caller has looked at its chain.
    ///
    /// # Errors
    /// As for [`Restorer::push`].
    pub fn push_record(&mut self, record: Checked<'_>, hash: Hash) -> Result<Result<(), String>, OpenError> {
        let position = record.position();
        if position <= self.head.position {
            return Ok(Err(format!("commit {position} stands behind {}", self.head.position)));
        }
        let recorded_at = match record.recorded_at() {
            Ok(at) => Some(at),
            Err(error) => return Ok(Err(error.to_string())),
        };
        self.head = Head { position, hash, recorded_at };
        self.write(position, record.bytes()).map(Ok)
    }

    fn write(&mut self, position: Position, record: &[u8]) -> Result<(), OpenError> {
        self.commits += 1;
        match self.values.last_mut() {
            Some((_, value)) if value.len() + record.len() <= GROUP_BYTES_MAX => value.extend_from_slice(record),
            _ => {
                if self.values.len() >= BATCH_VALUES {
                    self.flush()?;
                }
                self.values.push((position.0.to_be_bytes().to_vec(), record.to_vec()));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), OpenError> {
        if self.values.is_empty() {
            return Ok(());
        }
        // Pressed as it grows: a long restore must not fill the memory with sled's cache.
        let (key, bytes) = (self.values[0].0.clone(), self.values.iter().map(|(_, value)| value.len()).sum());
        self.store.insert(std::mem::take(&mut self.values)).map_err(|error| self.other(error))?;
        self.store.press(&key, bytes);
        Ok(())
    }

    fn other(&self, error: String) -> OpenError {
        OpenError::Io { path: self.dir.clone(), error: io::Error::other(error) }
    }

    /// Makes it durable. `lost` are positions that are known to be missing; the newest position it had reached counts too.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, lost: Vec<LostRange>) -> Result<Head, OpenError> {
        self.flush()?;
        self.store.sync().map_err(|error| self.other(error))?;
        let at = OpenError::io(&self.dir);
        if !lost.is_empty() {
            Lost::write(&self.dir, lost).map_err(&at)?;
        }
        if self.commits > 0 {
            self.watermark.write(Mark { position: self.head.position, hash: self.head.hash }).map_err(&at)?;
        }
        Ok(self.head.clone())
    }
}
