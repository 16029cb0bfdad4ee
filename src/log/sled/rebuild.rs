//! A log from a journal: what is left to do when sled's files cannot be opened any more.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
};

use super::{
    OpenError, files, journal,
    lock::OwnerLock,
    open::SEGMENT_BYTES,
    store::{Store, Tuning},
    watermark::{Mark, Watermark},
    writer::GROUP_BYTES_MAX,
};
use crate::log::{Commit, Position, record};

/// Values are made durable in batches of this many.
const BATCH_VALUES: usize = 64;

/// What [`rebuild_from_journal`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Commits written.
    pub commits: u64,
    /// The last one.
    pub head: Position,
    /// Lines that could not be used: file name, line number from 1, why.
    pub skipped: Vec<(String, u64, String)>,
}

/// Writes a new log with the commits of a journal, at the positions they had. Blocking.
///
/// # Errors
/// [`OpenError::Io`] when the journal cannot be read, or `new_log_dir` is not empty or cannot be written.
pub fn rebuild_from_journal(journal_dir: &Path, new_log_dir: &Path) -> Result<Rebuilt, OpenError> {
    let at_new = OpenError::io(new_log_dir);
    files::create_dir(new_log_dir).map_err(&at_new)?;
    if fs::read_dir(new_log_dir).map_err(&at_new)?.next().is_some() {
        return Err(at_new(io::Error::new(io::ErrorKind::AlreadyExists, "the directory for the new log is not empty")));
    }
    let _lock = OwnerLock::take(new_log_dir, std::time::Duration::ZERO)?;
    let mut watermark = Watermark::open(new_log_dir).map_err(&at_new)?;
    let other = |error: String| at_new(io::Error::other(error));
    let store =
        Store::open(&new_log_dir.join("sled"), Tuning { cache_mb: 64, segment_bytes: SEGMENT_BYTES }).map_err(other)?;

    let mut rebuilt = Rebuilt::default();
    let mut hash = [0; 32];
    let mut values: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for path in journal::months(journal_dir).map_err(OpenError::io(journal_dir))? {
        let at_path = OpenError::io(&path);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let lines = BufReader::new(File::open(&path).map_err(&at_path)?).split(b'\n');
        for (number, line) in (1..).zip(lines) {
            let line = line.map_err(&at_path)?;
            let mut skip = |why: String| rebuilt.skipped.push((name.clone(), number, why));
            let commit = match serde_json::from_slice::<Commit>(&line) {
                Ok(commit) => commit,
                Err(error) => {
                    skip(error.to_string());
                    continue;
                }
            };
            if commit.position <= rebuilt.head {
                skip(format!("commit {} stands behind {}", commit.position, rebuilt.head));
                continue;
            }
            let mut record = Vec::new();
            match record::encode(&commit, &hash, &mut record) {
                Ok(new) => hash = new,
                Err(error) => {
                    skip(error.to_string());
                    continue;
                }
            }
            match values.last_mut() {
                Some((_, value)) if value.len() + record.len() <= GROUP_BYTES_MAX => value.append(&mut record),
                _ => {
                    if values.len() >= BATCH_VALUES {
                        store.insert(std::mem::take(&mut values)).map_err(other)?;
                    }
                    values.push((commit.position.0.to_be_bytes().to_vec(), record));
                }
            }
            rebuilt.head = commit.position;
            rebuilt.commits += 1;
        }
    }
    if !values.is_empty() {
        store.insert(values).map_err(other)?;
    }
    store.sync().map_err(other)?;
    if rebuilt.commits > 0 {
        watermark.write(Mark { position: rebuilt.head, hash }).map_err(&at_new)?;
    }
    Ok(rebuilt)
}
