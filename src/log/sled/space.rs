//! How much is free on the disk of the log: writes stop early, with the reason, while reads go on.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// An answer is good for so long.
const FRESH: Duration = Duration::from_millis(250);

/// Asks at most four times a second.
#[derive(Debug)]
pub(super) struct FreeSpace {
    dir: PathBuf,
    floor_mb: u64,
    asked: Option<(Instant, u64)>,
}

impl FreeSpace {
    pub(super) fn new(dir: &Path, floor_mb: u64) -> Self {
        Self { dir: dir.to_owned(), floor_mb, asked: None }
    }

    /// The free space in 10^6 bytes when it is below the floor.
    pub(super) fn below_floor(&mut self) -> Option<u64> {
        let now = Instant::now();
        let free_mb = match self.asked {
            Some((at, free_mb)) if now.duration_since(at) < FRESH => free_mb,
            _ => free_mb(&self.dir),
        };
        if self.asked.is_none_or(|(at, _)| now.duration_since(at) >= FRESH) {
            self.asked = Some((now, free_mb));
        }
        (free_mb < self.floor_mb).then_some(free_mb)
    }

    pub(super) fn floor_mb(&self) -> u64 {
        self.floor_mb
    }
}

/// What an unprivileged process may still write, in 10^6 bytes. What cannot be asked is taken as enough: the write itself will tell.
#[cfg(unix)]
pub(crate) fn free_mb(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize) / 1_000_000)
}

#[cfg(not(unix))]
pub(crate) fn free_mb(_dir: &Path) -> u64 {
    u64::MAX
}
