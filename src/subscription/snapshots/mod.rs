//! Snapshots of the world on disk: the newest whole, older ones without their closed items, spread so that any moment has
//! one not far before it. Never needed: what is missing, damaged, of another schema or of another log is passed over and
//! dropped, and the log is folded instead.
//!
//! # Layout
//!
//! * `mod.rs`    [`Snapshots`]: which there are, which to use, which to drop
//! * `file.rs`   one of them as a file
//! * `keeper.rs` when one is taken

mod file;
mod keeper;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{debug, warn};

use self::file::FileError;
pub use self::keeper::keep;
use crate::{
    log::{EventLog, Position, owned},
    projection::{ITEMS_MAX, World},
};

/// What snapshots are bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSettings {
    /// A snapshot is taken when folding what came since the last one would take longer, by what was measured.
    pub load_ms_max: u64,
    /// So many are kept.
    pub count_max: usize,
    /// So many bytes are kept; the newest one is, whatever its size.
    pub bytes_max: u64,
}

impl Default for SnapshotSettings {
    fn default() -> Self {
        Self { load_ms_max: 200, count_max: 48, bytes_max: 256_000_000 }
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The position it is of.
    pub position: Position,
    /// The closed items are in it.
    pub whole: bool,
    path: PathBuf,
    bytes: u64,
}

const WHOLE: &str = "whole";
const OPEN: &str = "open";
const EXTENSION: &str = "snapshot";

/// The snapshots in one directory.
#[derive(Debug)]
pub struct Snapshots {
    dir: PathBuf,
    settings: SnapshotSettings,
    /// Held while files come or go. A std mutex: nothing is awaited under it.
    files: Mutex<()>,
    /// How often everything was dropped: what was folded before may not be written after.
    cleared: AtomicU64,
}

impl Snapshots {
    /// The snapshots in `dir`, which is made for its owner only. Blocking.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(dir: impl Into<PathBuf>, settings: SnapshotSettings) -> io::Result<Self> {
        let dir = dir.into();
        owned::create_dir(&dir)?;
        let snapshots = Self { dir, settings, files: Mutex::new(()), cleared: AtomicU64::new(0) };
        for entry in fs::read_dir(&snapshots.dir)?.flatten() {
            // Left by a process that died while it wrote.
            if entry.path().extension().is_some_and(|extension| extension == owned::BESIDE) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(snapshots)
    }

    /// What they are bounded by.
    pub fn settings(&self) -> SnapshotSettings {
        self.settings
    }

    fn files(&self) -> MutexGuard<'_, ()> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files there are, by position. Blocking.
    pub fn rungs(&self) -> Vec<Rung> {
        let mut rungs: Vec<_> = fs::read_dir(&self.dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let (position, kind) = path.file_stem()?.to_str()?.split_once('-')?;
                let whole = kind == WHOLE;
                if !(whole || kind == OPEN) || path.extension()? != EXTENSION {
                    return None;
                }
                Some(Rung {
                    position: Position(position.parse().ok()?),
                    whole,
                    bytes: entry.metadata().ok()?.len(),
                    path: path.clone(),
                })
            })
            .collect();
        rungs.sort_by_key(|rung| (rung.position, rung.whole));
        rungs
    }

    /// The position of the newest whole one at or before another; [`Position::START`] when there is none. Blocking.
    pub fn newest_whole(&self, until: Position) -> Position {
        let rungs = self.rungs();
        let newest = rungs.iter().rev().find(|rung| rung.whole && rung.position <= until);
        newest.map_or(Position::START, |rung| rung.position)
    }

    /// The world of the newest snapshot at or before a position that can be used; with `whole`, one with its closed items.
    /// What cannot be used is dropped. Blocking.
    pub fn load(&self, log: &dyn EventLog, until: Position, whole: bool) -> Option<World> {
        let rungs = self.rungs();
        for rung in rungs.iter().rev().filter(|rung| rung.position <= until && (rung.whole || !whole)) {
            match Self::world_of(log, rung, whole) {
                Ok(world) => return Some(world),
                // The log is not to blame the file for.
                Err(FileError::Io(error)) => debug!(path = %rung.path.display(), %error, "a snapshot cannot be read"),
                Err(error) => {
                    warn!(path = %rung.path.display(), %error, "a snapshot is dropped; the log is read instead");
                    let _files = self.files();
                    let _ = fs::remove_file(&rung.path);
                }
            }
        }
        None
    }

    fn world_of(log: &dyn EventLog, rung: &Rung, whole: bool) -> Result<World, FileError> {
        let opened = file::open(&rung.path)?;
        if opened.header.position != rung.position {
            return Err(FileError::Damaged("it is of another position than its name".into()));
        }
        let hash = log.hash_at(rung.position).map_err(io::Error::other)?;
        if hash != Some(opened.header.hash) {
            return Err(FileError::OtherLog);
        }
        opened.world(whole, ITEMS_MAX)
    }

    /// A number to be taken before a world is folded or copied, and given to [`Snapshots::save`].
    pub fn generation(&self) -> u64 {
        self.cleared.load(Ordering::SeqCst)
    }

    /// Keeps a world; with `whole`, with its closed items. Nothing is kept when everything was dropped since `generation`,
    /// or when the log cannot tell its position from another log's. Blocking; whether it is kept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, log: &dyn EventLog, world: &World, whole: bool, generation: u64) -> io::Result<bool> {
        if whole && world.left_out() > 0 {
            return Ok(false);
        }
        let Some(hash) = log.hash_at(world.position).map_err(io::Error::other)? else { return Ok(false) };
        let bytes = file::encode(world, &hash, whole).map_err(io::Error::other)?;
        let _files = self.files();
        if self.generation() != generation {
            return Ok(false);
        }
        owned::replace(&self.path(world.position, whole), &bytes)?;
        self.thin(log)?;
        Ok(true)
    }

    fn path(&self, position: Position, whole: bool) -> PathBuf {
        self.dir.join(format!("{:020}-{}.{EXTENSION}", position.0, if whole { WHOLE } else { OPEN }))
    }

    /// Drops all of them, durably, and those that are being made. For when something must not be there any more. Blocking.
    ///
    /// # Errors
    /// When a file cannot be removed; the others are.
    pub fn clear(&self) -> io::Result<()> {
        let _files = self.files();
        self.cleared.fetch_add(1, Ordering::SeqCst);
        let mut failed = None;
        for entry in fs::read_dir(&self.dir)?.flatten() {
            if let Err(error) = fs::remove_file(entry.path()) {
                failed = Some(error);
            }
        }
        owned::sync_dir(&self.dir)?;
        failed.map_or(Ok(()), Err)
    }

    /// Makes whole ones but the newest smaller, and drops those that are missed least; the caller holds the files.
    fn thin(&self, log: &dyn EventLog) -> io::Result<()> {
        let mut rungs = self.rungs();
        // Of a log that went on further than this one.
        let head = log.head().position;
        for rung in rungs.extract_if(.., |rung| rung.position > head) {
            fs::remove_file(&rung.path)?;
        }
        let newest = rungs.iter().rev().find(|rung| rung.whole).map(|rung| rung.position);
        let open: Vec<_> = rungs.iter().filter(|rung| !rung.whole).map(|rung| rung.position).collect();
        for rung in rungs.iter().filter(|rung| rung.whole && Some(rung.position) != newest) {
            if !open.contains(&rung.position) && !self.narrow(log, rung) {
                continue;
            }
            fs::remove_file(&rung.path)?;
        }
        rungs = self.rungs();
        while rungs.len() > 1
            && (rungs.len() > self.settings.count_max
                || rungs.iter().map(|rung| rung.bytes).sum::<u64>() > self.settings.bytes_max)
        {
            let Some(at) = missed_least(&rungs) else { break };
            let rung = rungs.remove(at);
            fs::remove_file(&rung.path)?;
        }
        Ok(())
    }

    /// Writes a whole one without its closed items beside it; whether that worked.
    fn narrow(&self, log: &dyn EventLog, rung: &Rung) -> bool {
        let narrowed = || -> Result<(), FileError> {
            let hash = log.hash_at(rung.position).map_err(io::Error::other)?;
            let hash = hash.ok_or(FileError::OtherLog)?;
            let bytes = file::open(&rung.path)?.narrowed(&hash)?;
            Ok(owned::replace(&self.path(rung.position, false), &bytes)?)
        };
        match narrowed() {
            Ok(()) => true,
            Err(FileError::Io(error)) => {
                debug!(path = %rung.path.display(), %error, "an older snapshot stays as large as it is");
                false
            }
            // It is removed.
            Err(_) => true,
        }
    }
}

/// The one whose absence leaves the smallest gap for its age; never the newest.
fn missed_least(rungs: &[Rung]) -> Option<usize> {
    let newest = rungs.last()?.position.0;
    let gap = |at: usize| {
        let before = if at == 0 { 0 } else { rungs[at - 1].position.0 };
        let after = rungs[at + 1].position.0;
        // How far back one would have to begin, against how old it is.
        (after - before) as f64 / (newest - before + 1) as f64
    };
    (0..rungs.len() - 1).min_by(|&one, &other| gap(one).total_cmp(&gap(other)))
}

/// Where the snapshots of a data directory are.
pub fn dir(data: &Path) -> PathBuf {
    data.join("state").join("snapshots")
}
