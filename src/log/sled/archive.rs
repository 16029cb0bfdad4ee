//! The oldest part of the log, when it was moved into compressed segments: found, read block by block, never changed.
//!
//! `log/archived.json` says which segments there must be: one that is missing is known by that. A segment is in it only after
//! it was read back whole, and only then are its rows taken out of sled: whatever happens in between, everything is there once
//! at least, and what is there twice is read here.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};

use crate::log::{
    Commit, Position, owned,
    record::{self, Hash},
    segment::{self, Segment, SegmentInfo},
};

/// Blocks that stay in memory: readers of a stream come back to the same ones.
const BLOCKS_KEPT: usize = 8;
const CATALOGUE: &str = "archived.json";
const CATALOGUE_FORMAT: u32 = 1;

/// The archived part.
#[derive(Debug)]
pub(super) struct Archive {
    dir: PathBuf,
    catalogue: PathBuf,
    segments: RwLock<Vec<Arc<Held>>>,
    /// Newest first, by segment and block.
    // A std mutex: a block is looked up under it, never read.
    blocks: Mutex<VecDeque<KeptBlock>>,
}

/// First position of its segment, number in there, records.
type KeptBlock = ((u64, usize), Arc<Vec<u8>>);

/// A segment, or why it cannot be read.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) segment: Result<Segment, String>,
}

#[derive(Serialize, Deserialize)]
struct Catalogue {
    format: u32,
    segments: Vec<SegmentInfo>,
}

impl Archive {
    /// Opens what is archived. An error means that a newer version wrote the catalogue, or that it cannot be read.
    pub(super) fn open(log_dir: &Path, dir: &Path) -> io::Result<Self> {
        let catalogue = log_dir.join(CATALOGUE);
        let archive = Self { dir: dir.to_owned(), segments: RwLock::default(), blocks: Mutex::default(), catalogue };
        let held = match archive.listed()? {
            Some(infos) => infos.iter().map(|info| archive.hold(info)).collect(),
            // Lost with the rest of log/: the files say what they are.
            None if dir.exists() => segment::in_dir(dir)?
                .into_iter()
                .map(|(from, to, path)| Arc::new(Held { from: from.0, to: to.0, segment: Segment::open(&path) }))
                .collect(),
            None => Vec::new(),
        };
        *archive.segments.write().unwrap_or_else(PoisonError::into_inner) = held;
        Ok(archive)
    }

    /// What the catalogue names; `None` when there is none, or none that can be read.
    fn listed(&self) -> io::Result<Option<Vec<SegmentInfo>>> {
        let bytes = match fs::read(&self.catalogue) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        if let Ok(Format { format }) = serde_json::from_slice(&bytes)
            && format > CATALOGUE_FORMAT
        {
            let text = format!("log/{CATALOGUE} has format {format}: it was written by a newer yoman, so update");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        match serde_json::from_slice::<Catalogue>(&bytes) {
            Ok(catalogue) => Ok(Some(catalogue.segments)),
            Err(error) => {
                tracing::warn!(%error, "log/{CATALOGUE} cannot be read: the segments in archive/ are taken as they are");
                Ok(None)
            }
        }
    }

    fn hold(&self, info: &SegmentInfo) -> Arc<Held> {
        let path = self.dir.join(&info.file);
        let segment = match Segment::open(&path) {
            Ok(segment) if segment.end.is_some_and(|(_, hash)| hash != info.hash) => {
                Err(format!("archive/{} is another one than the one that was archived", info.file))
            }
            Ok(segment) => Ok(segment),
            Err(error) => Err(format!("archive/{}: {error}", info.file)),
        };
        Arc::new(Held { from: info.from.0, to: info.to.0, segment })
    }

    /// Everything up to this position is here; 0: nothing is archived.
    pub(super) fn through(&self) -> u64 {
        self.segments().last().map_or(0, |held| held.to)
    }

    /// The segments, oldest first.
    pub(super) fn all(&self) -> Vec<Arc<Held>> {
        self.segments().clone()
    }

    fn segments(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Held>>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where segments are kept.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Takes a segment that was read back whole: durable when this returns, and read from then on.
    pub(super) fn add(&self, info: &SegmentInfo) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let mut infos = match self.listed().map_err(text)? {
            Some(infos) => infos,
            None => self.infos(),
        };
        infos.push(info.clone());
        let catalogue = Catalogue { format: CATALOGUE_FORMAT, segments: infos };
        let bytes = serde_json::to_vec_pretty(&catalogue).map_err(|error| error.to_string())?;
        owned::replace(&self.catalogue, &bytes).map_err(text)?;
        let held = self.hold(info);
        self.segments.write().unwrap_or_else(PoisonError::into_inner).push(held);
        Ok(())
    }

    /// What can be said about segments that no catalogue names.
    fn infos(&self) -> Vec<SegmentInfo> {
        let known = self.all();
        let infos = known.iter().filter_map(|held| {
            let segment = held.segment.as_ref().ok()?;
            let (commits, hash) = segment.end?;
            let file = segment::file_name(Position(held.from), Position(held.to));
            let bytes = fs::metadata(self.dir.join(&file)).map_or(0, |metadata| metadata.len());
            let (from, to) = (Position(held.from), Position(held.to));
            Some(SegmentInfo { file, from, to, commits, bytes, previous: segment.previous, hash })
        });
        infos.collect()
    }

    /// The segment a position is in.
    fn held(&self, position: u64) -> Option<Arc<Held>> {
        let segments = self.segments();
        let at = segments.partition_point(|held| held.to < position);
        segments.get(at).filter(|held| held.from <= position).cloned()
    }

    /// One block, from memory when it is there.
    fn block(&self, held: &Held, segment: &Segment, number: usize) -> Result<Arc<Vec<u8>>, String> {
        let key = (held.from, number);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = blocks.iter().position(|(of, _)| *of == key)
            && let Some(found) = blocks.remove(at)
        {
            let block = Arc::clone(&found.1);
            blocks.push_front(found);
            return Ok(block);
        }
        drop(blocks);
        let block = Arc::new(segment.block(number)?);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push_front((key, Arc::clone(&block)));
        blocks.truncate(BLOCKS_KEPT);
        Ok(block)
    }

    /// The commit at an archived position, or why it cannot be read.
    pub(super) fn commit(&self, position: u64) -> Result<Commit, String> {
        self.with(position, |record| record.commit().map_err(|error| error.to_string()))?
    }

    /// The hash of the record at an archived position.
    pub(super) fn hash(&self, position: u64) -> Option<Hash> {
        self.with(position, |record| record.hash()).ok()
    }

    fn with<T>(&self, position: u64, look: impl FnOnce(record::Checked<'_>) -> T) -> Result<T, String> {
        let held = self.held(position).ok_or("it is in no archived segment")?;
        let segment = held.segment.as_ref().map_err(Clone::clone)?;
        if segment.blocks() == 0 {
            return Err("the archived segment has no blocks".to_owned());
        }
        let block = self.block(&held, segment, segment.block_of(Position(position)))?;
        let record = record::find(&block, Position(position)).ok_or("the record is missing in its archived segment")?;
        Ok(look(record))
    }
}
