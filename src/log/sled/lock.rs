//! One process owns a log. Another learns which one holds it.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::OpenError;
use crate::log::owned;

/// How often a lock that is held is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// Held as long as this lives; the system gives it back when the process dies.
#[derive(Debug)]
pub(super) struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    /// Takes `log_dir/lock`. A lock can outlive its holder's drop for a moment, so it is tried for `wait`.
    pub(super) fn take(log_dir: &Path, wait: Duration) -> Result<Self, OpenError> {
        let path = log_dir.join("lock");
        let mut file = owned::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(
            |error| match path.is_dir() {
                true => OpenError::io(&path)(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "a directory stands where the log's lock belongs: move it aside",
                )),
                false => OpenError::io(&path)(error),
            },
        )?;
        let end = Instant::now() + wait;
        while !try_lock(&file).map_err(OpenError::io(&path))? {
            if Instant::now() >= end {
                let (pid, command) = read_owner(&mut file);
                return Err(OpenError::Locked { dir: log_dir.to_owned(), pid, command });
            }
            thread::sleep(RETRY);
        }
        write_owner(&mut file).map_err(OpenError::io(&path))?;
        Ok(Self { _file: file })
    }
}

fn write_owner(file: &mut File) -> io::Result<()> {
    let command: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {}", std::process::id(), command.join(" "))
}

fn read_owner(file: &mut File) -> (Option<u32>, String) {
    let mut text = String::new();
    // Only for the message: what cannot be read stays unknown.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let (pid, command) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    (pid.parse().ok(), command.to_owned())
}

#[cfg(unix)]
fn try_lock(file: &File) -> io::Result<bool> {
    use rustix::{fs, io::Errno};
    match fs::flock(file, fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// sled's own lock on its file is all there is elsewhere.
#[cfg(not(unix))]
fn try_lock(_file: &File) -> io::Result<bool> {
    Ok(true)
}
