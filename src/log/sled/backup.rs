//! Backups: the log as verified segments in a directory, each new one going on where the last one ended; and back again.

use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LostRange, OpenError, Restorer, SledLog, shared::Raw};
use crate::log::{
    Head, Position, ReadError, owned,
    progress::Progress,
    record::{Hash, hex},
    segment::{Segment, SegmentInfo, SegmentWriter},
};

/// What the manifest is called.
pub const MANIFEST: &str = "manifest.json";
const MANIFEST_FORMAT: u32 = 1;
/// A segment is closed once its records have so many bytes.
pub(super) const SEGMENT_RAW_BYTES: u64 = 64 << 20;
/// The progress is told every so many commits.
const TELL_EVERY: u64 = 256;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this file: 1.
    pub format: u32,
    /// When it was last added to.
    pub created_at: DateTime<Utc>,
    /// It holds everything up to this position.
    pub position: Position,
    /// The hash of the record there.
    #[serde(with = "hex")]
    pub hash: Hash,
    /// Its files, oldest first.
    pub segments: Vec<SegmentInfo>,
    /// What could not be read when it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<LostRange>,
}

impl Manifest {
    /// The manifest of a backup; `None` when there is none in that directory.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn read(dir: &Path) -> Result<Option<Self>, BackupError> {
        let path = dir.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BackupError::io(&path)(error)),
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = |error: serde_json::Error| BackupError::Damaged { path: path.clone(), why: error.to_string() };
        let Format { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format > MANIFEST_FORMAT {
            return Err(BackupError::Newer { path, format });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }
}

/// What a backup did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// It holds everything up to this position now.
    pub position: Position,
    /// The hash of the record there.
    pub hash: String,
    /// Commits that were added.
    pub commits: u64,
    /// Files that were added.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What could not be read in what was added.
    pub missing: Vec<LostRange>,
}

/// Why there is no backup, or none that can be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The directory holds something else.
    #[error("{}: {why}. Choose another directory", dir.display())]
    Foreign {
        /// Which.
        dir: PathBuf,
        /// What is there.
        why: String,
    },
    /// What is there cannot be used.
    #[error("{} is damaged ({why}). While the log itself is there, begin a new backup in another directory and keep this one until that is done; else take another copy of it, or what the journal holds (yoman log import)", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How.
        why: String,
    },
    /// A newer version wrote it.
    #[error("{} has format {format}: it was written by a newer yoman, so update", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// There is no backup there.
    #[error("{} is no backup: there is no manifest.json in it", .0.display())]
    None(PathBuf),
    /// A file could not be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new log could not be written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Somebody asked it to stop; what was written before is whole.
    #[error("it was stopped")]
    Stopped,
}

impl BackupError {
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::Io { path: path.clone(), error }
    }
}

impl SledLog {
    /// Writes everything up to the head as it is now into a directory, beside what an earlier backup left there. Blocking;
    /// appends go on meanwhile. A segment counts only after it was read back.
    ///
    /// # Errors
    /// [`BackupError`]; what was there before is as it was.
    pub fn backup(&self, dir: &Path, progress: &Progress) -> Result<BackedUp, BackupError> {
        let at_dir = BackupError::io(dir);
        owned::create_dir(dir).map_err(&at_dir)?;
        let head = self.shared.head();
        let before = match Manifest::read(dir)? {
            Some(manifest) => {
                self.follows(dir, &manifest, &head)?;
                manifest
            }
            None => {
                let other = fs::read_dir(dir).map_err(&at_dir)?.flatten().map(|entry| entry.file_name());
                // What a first backup leaves that was cut off before it was named.
                let begun = Path::new(MANIFEST).with_extension(owned::BESIDE);
                let mut other = other
                    .filter(|name| !name.to_string_lossy().starts_with("segment-") && **name != *begun.as_os_str());
                if let Some(name) = other.next() {
                    let why = format!("it is not empty, and no backup ({})", name.to_string_lossy());
                    return Err(BackupError::Foreign { dir: dir.to_owned(), why });
                }
                Manifest {
                    format: MANIFEST_FORMAT,
                    created_at: Utc::now(),
                    position: Position::START,
                    hash: [0; 32],
                    segments: Vec::new(),
                    missing: Vec::new(),
                }
            }
        };
        progress.begin("writing the backup", head.position.0);
        let mut making = Making { dir, manifest: before, done: BackedUp::nothing(&head), writer: None };
        let mut outcome = Ok(());
        self.shared.scan_raw(making.manifest.position, &mut |raw| {
            let at = match &raw {
                Raw::Record(record, _) => record.position(),
                Raw::Damaged { from, .. } => Position(*from),
            };
            if at > head.position {
                return ControlFlow::Break(());
            }
            if at.0.is_multiple_of(TELL_EVERY) {
                progress.at(at.0);
            }
            outcome = if progress.stopped() { Err(BackupError::Stopped) } else { making.take(raw, &head) };
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome?;
        making.end_segment()?;
        making.done.position = making.manifest.position;
        making.done.hash = hex::text(&making.manifest.hash);
        Ok(making.done)
    }

    /// Whether a backup is one of this log, so that it can go on.
    fn follows(&self, dir: &Path, manifest: &Manifest, head: &Head) -> Result<(), BackupError> {
        let foreign = |why: String| BackupError::Foreign { dir: dir.to_owned(), why };
        if manifest.position > head.position {
            let (has, is) = (manifest.position, head.position);
            return Err(foreign(format!("it holds commits up to {has}, and this log ends at {is}")));
        }
        if manifest.position > Position::START {
            match self.hash_at(manifest.position)? {
                Some(hash) if hash != manifest.hash => {
                    return Err(foreign(format!(
                        "it is a backup of another log, or of this one before it was changed: commit {} is not the same",
                        manifest.position
                    )));
                }
                _ => {}
            }
        }
        for info in &manifest.segments {
            let path = dir.join(&info.file);
            let bytes = fs::metadata(&path).map_err(BackupError::io(&path))?.len();
            if bytes != info.bytes {
                let why = format!("it has {bytes} bytes and had {}", info.bytes);
                return Err(BackupError::Damaged { path, why });
            }
        }
        Ok(())
    }

    /// The hash of the record at a position; of one that is damaged, as the next one knows it.
    pub(super) fn hash_at(&self, position: Position) -> Result<Option<Hash>, ReadError> {
        let mut hash = None;
        self.shared.scan_raw(Position(position.0.saturating_sub(1)), &mut |raw| match raw {
            Raw::Record(record, _) => {
                if record.position() == position {
                    hash = Some(record.hash());
                } else if record.position().0 == position.0 + 1 {
                    hash = Some(record.previous());
                }
                ControlFlow::Break(())
            }
            Raw::Damaged { through, .. } if through == position.0 => ControlFlow::Continue(()),
            Raw::Damaged { .. } => ControlFlow::Break(()),
        })?;
        Ok(hash)
    }
}

impl BackedUp {
    fn nothing(head: &Head) -> Self {
        let hash = hex::text(&head.hash);
        Self { position: head.position, hash, commits: 0, segments: 0, bytes: 0, missing: Vec::new() }
    }
}

/// A backup on its way.
struct Making<'a> {
    dir: &'a Path,
    manifest: Manifest,
    done: BackedUp,
    /// The open segment, with the position it covers so far and the newest hash.
    writer: Option<(SegmentWriter, Position, Hash)>,
}

impl Making<'_> {
    fn take(&mut self, raw: Raw<'_>, head: &Head) -> Result<(), BackupError> {
        let at = BackupError::io(self.dir);
        let (writer, through, newest) = match &mut self.writer {
            Some(open) => open,
            closed => {
                let from = Position(self.manifest.position.0 + 1);
                let writer = SegmentWriter::create(self.dir, from, self.manifest.hash).map_err(&at)?;
                closed.insert((writer, self.manifest.position, self.manifest.hash))
            }
        };
        match raw {
            Raw::Record(record, _) => {
                *newest = record.hash();
                *through = record.position();
                writer.push(record, *newest).map_err(&at)?;
                self.done.commits += 1;
            }
            Raw::Damaged { from, through: to, why } => {
                *through = Position(to).min(head.position);
                let lost = LostRange { from: Position(from), to: *through, why };
                self.done.missing.push(lost.clone());
                self.manifest.missing.push(lost);
            }
        }
        if writer.raw_bytes() >= SEGMENT_RAW_BYTES { self.end_segment() } else { Ok(()) }
    }

    /// Reads the segment back, and only then names it in the manifest.
    fn end_segment(&mut self) -> Result<(), BackupError> {
        let Some((writer, through, newest)) = self.writer.take() else { return Ok(()) };
        let info = writer.finish(through).map_err(BackupError::io(self.dir))?;
        let path = self.dir.join(&info.file);
        let damaged = |why| BackupError::Damaged { path: path.clone(), why };
        Segment::open(&path).map_err(damaged)?.verify(&mut |_| ControlFlow::Continue(())).map_err(damaged)?;
        self.done.segments += 1;
        self.done.bytes += info.bytes;
        self.manifest.position = through;
        self.manifest.hash = newest;
        self.manifest.created_at = Utc::now();
        self.manifest.segments.push(info);
        let path = self.dir.join(MANIFEST);
        let bytes = serde_json::to_vec_pretty(&self.manifest).map_err(|error| BackupError::io(&path)(error.into()))?;
        owned::replace(&path, &bytes).map_err(BackupError::io(&path))
    }
}

/// Writes a new log into `log_dir` (empty or not there) from a backup: every record is proven by its checksum and the chain
/// while it is written. Blocking.
///
/// # Errors
/// [`BackupError`], with the file and what is wrong with it; the new directory is of no use then.
pub fn restore_backup(dir: &Path, log_dir: &Path, progress: &Progress) -> Result<Head, BackupError> {
    let manifest = Manifest::read(dir)?.ok_or_else(|| BackupError::None(dir.to_owned()))?;
    progress.begin("restoring", manifest.position.0);
    let mut restorer = Restorer::create(log_dir)?;
    let mut covered = Position::START;
    for info in &manifest.segments {
        let path = dir.join(&info.file);
        let damaged = |why| BackupError::Damaged { path: path.clone(), why };
        let segment = Segment::open(&path).map_err(damaged)?;
        if segment.previous != restorer.head().hash || segment.from.0 != covered.0 + 1 {
            return Err(damaged(format!("it does not follow the segment before, which ends at {covered}")));
        }
        covered = segment.to;
        let mut outcome = Ok(Ok(()));
        let read = segment.verify(&mut |record| {
            let position = record.position().0;
            if position.is_multiple_of(TELL_EVERY) {
                progress.at(position);
            }
            outcome = restorer.push_record(record, record.hash());
            if matches!(outcome, Ok(Ok(()))) && !progress.stopped() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        outcome?.map_err(damaged)?;
        if progress.stopped() {
            return Err(BackupError::Stopped);
        }
        read.map_err(damaged)?;
    }
    if restorer.head().hash != manifest.hash {
        let why = "its last record is not the one the manifest names".to_owned();
        return Err(BackupError::Damaged { path: dir.join(MANIFEST), why });
    }
    Ok(restorer.finish(manifest.missing)?)
}
