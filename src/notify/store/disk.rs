//! sled and its files: opening them, putting them aside when they are damaged, writing to them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{Base, Ops};
use crate::log::{owned, sled::guard};

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory could not be made or read.
    #[error("{dir}: {source}", dir = dir.display())]
    Dir {
        /// Which.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process (or an earlier opening in this one) has it.
    #[error("{dir} is in use by another process", dir = dir.display())]
    Busy {
        /// Which.
        dir: PathBuf,
    },
    /// sled could not open it for another reason than damage.
    #[error("{dir}: {why}", dir = dir.display())]
    Engine {
        /// Which.
        dir: PathBuf,
        /// Why.
        why: String,
    },
}

/// sled never makes a blob file (which it would never sync) of a value that is below segment size / 4 / 17.
const SEGMENT_BYTES: usize = 1 << 20;
/// Measured after 20,000 entries came and went: 15 MB resident with 8 MB, 10 MB with 1 MB.
const CACHE_BYTES: u64 = 2 << 20;
/// How long another opening's lock is waited for: it can outlive the drop for a moment.
const LOCK_WAIT: Duration = Duration::from_secs(3);

pub(in crate::notify) enum Trouble {
    Open(OpenError),
    Damaged(String),
}

pub(in crate::notify) fn open_db(dir: &Path) -> Result<sled::Db, Trouble> {
    let of_dir = |source| Trouble::Open(OpenError::Dir { dir: dir.to_owned(), source });
    owned::create_dir(dir).map_err(of_dir)?;
    // Left by a crash or a full disk while a snapshot was written; sled would refuse to open.
    for file in fs::read_dir(dir).map_err(of_dir)? {
        let file = file.map_err(of_dir)?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(file.path()).map_err(of_dir)?;
        }
    }
    let config = sled::Config::new()
        .path(dir)
        .mode(sled::Mode::LowSpace)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None);
    let until = Instant::now() + LOCK_WAIT;
    loop {
        match guard::caught(|| config.open()) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
                if Instant::now() >= until {
                    return Err(Trouble::Open(OpenError::Busy { dir: dir.to_owned() }));
                }
                thread::sleep(Duration::from_millis(20));
            }
            Ok(Err(sled::Error::Io(error))) if may_pass(error.kind()) => {
                return Err(Trouble::Open(OpenError::Engine { dir: dir.to_owned(), why: error.to_string() }));
            }
            Ok(Err(error)) => return Err(Trouble::Damaged(error.to_string())),
            Err(why) if guard::wants_memory(&why) => {
                let why = format!("there is not enough memory ({why})");
                return Err(Trouble::Open(OpenError::Engine { dir: dir.to_owned(), why }));
            }
            Err(why) => return Err(Trouble::Damaged(why)),
        }
    }
}

/// Trouble of the machine, not of the data: starting anew would throw something good away.
fn may_pass(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::PermissionDenied | Kind::StorageFull | Kind::ReadOnlyFilesystem | Kind::QuotaExceeded | Kind::OutOfMemory
    )
}

pub(super) fn put_aside(dir: &Path) -> io::Result<PathBuf> {
    let name = dir.file_name().map_or_else(|| "bots".into(), |name| name.to_string_lossy());
    let stem = format!("{name}.damaged-{}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"));
    let mut aside = dir.with_file_name(&stem);
    for n in 2.. {
        if !aside.exists() {
            break;
        }
        aside = dir.with_file_name(format!("{stem}-{n}"));
    }
    fs::rename(dir, &aside)?;
    Ok(aside)
}

/// sled's files.
pub(super) struct Files {
    pub(super) db: sled::Db,
    pub(super) dir: PathBuf,
}

impl Base for Files {
    fn apply(&self, ops: Vec<Ops>) -> Result<(), String> {
        let mut batch = sled::Batch::default();
        for ops in ops {
            ops.into_batch(&mut batch);
        }
        let written = guard::caught(|| {
            self.db.apply_batch(batch)?;
            self.db.flush()
        });
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(why) => Err(why),
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        free_bytes(&self.dir)
    }
}

#[cfg(unix)]
fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_dir: &Path) -> Option<u64> {
    None
}
