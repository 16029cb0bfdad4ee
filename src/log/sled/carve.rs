//! Finds records in a file whatever it is: sled keeps values as they are, so what its own bookkeeping has lost is still there,
//! and every record says for itself where it belongs and whether it is whole.

use std::{
    fs::{self, File},
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::log::{
    COMMIT_BYTES_MAX, Position,
    progress::Progress,
    record::{Checked, FORMAT, RecordError},
    segment::Segment,
};

/// A file is read in pieces of this size.
const PIECE_BYTES: usize = 4 << 20;
/// A record is not longer.
const RECORD_BYTES_MAX: usize = COMMIT_BYTES_MAX + 64;
/// More formats there will hardly be: what begins with a larger byte is no record.
const FORMATS_MAX: u8 = 15;
/// The same record is written again whenever sled moves its page: they are thinned out when there are so many.
const THIN_OUT: usize = 1 << 20;

/// Where a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    position: u64,
    /// Tells two records of one position apart.
    crc: u32,
    source: u32,
    /// The block of an archived segment.
    block: u32,
    at: u64,
    bytes: u32,
}

/// The records that were found, by position.
#[derive(Debug, Default)]
pub(super) struct Carved {
    places: Vec<Place>,
    sources: Vec<Source>,
    thinned: usize,
    /// The last block of a segment that was read: neighbours are in it.
    block: Option<KeptBlock>,
    /// What a record of a newer format says of itself, when there is one.
    pub(super) newer: Option<String>,
}

/// Source, number in there, records.
type KeptBlock = ((u32, u32), Arc<Vec<u8>>);

#[derive(Debug)]
enum Source {
    File(File),
    Segment(Box<Segment>),
}

impl Carved {
    /// Takes every whole record in a file.
    pub(super) fn file(&mut self, path: &Path, progress: &Progress) -> io::Result<()> {
        let mut file = File::open(path)?;
        let source = self.sources.len() as u32;
        progress.begin("looking for records", file.metadata()?.len());
        let mut piece = Vec::with_capacity(PIECE_BYTES + RECORD_BYTES_MAX);
        let mut begins = 0u64;
        loop {
            let read = file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
            let last = read == 0;
            // What may go on in the next piece is looked at with it.
            let until = if last { piece.len() } else { piece.len().saturating_sub(RECORD_BYTES_MAX) };
            let mut at = 0;
            while at < until {
                if piece[at] == 0 {
                    at += 1;
                    continue;
                }
                match self.record(&piece[at..], source, 0, begins + at as u64) {
                    Some(bytes) => at += bytes,
                    None => at += 1,
                }
            }
            if last || progress.stopped() {
                break;
            }
            begins += at as u64;
            piece.drain(..at);
            progress.at(begins);
        }
        file.seek(SeekFrom::Start(0))?;
        self.sources.push(Source::File(file));
        Ok(())
    }

    /// Takes every whole record of an archived segment; blocks that cannot be read are passed over.
    pub(super) fn segment(&mut self, segment: Segment) {
        let source = self.sources.len() as u32;
        for number in 0..segment.blocks() {
            let Ok(block) = segment.block(number) else { continue };
            let mut at = 0;
            while at < block.len() {
                at += self.record(&block[at..], source, number as u32, at as u64).unwrap_or(1);
            }
        }
        self.sources.push(Source::Segment(Box::new(segment)));
    }

    /// Takes the record that begins here, if one does, and gives its length.
    fn record(&mut self, bytes: &[u8], source: u32, block: u32, at: u64) -> Option<usize> {
        // Most bytes are told from a beginning by the first, and most of the rest by what a body begins with.
        if bytes[0] != FORMAT {
            if bytes[0] > FORMAT
                && bytes[0] <= FORMATS_MAX
                && let Err(error @ RecordError::Newer(_)) = Checked::first(bytes)
            {
                self.newer.get_or_insert_with(|| error.to_string());
            }
            return None;
        }
        let position = u64::from_le_bytes(*bytes.get(9..)?.first_chunk()?);
        if position == 0 || position >= 1 << 48 || *bytes.get(57)? > 31 {
            return None;
        }
        let record = Checked::first(bytes).ok()?;
        let crc = u32::from_le_bytes(*bytes.get(5..)?.first_chunk()?);
        let length = record.bytes().len();
        self.places.push(Place { position, crc, source, block, at, bytes: length as u32 });
        if self.places.len() >= (self.thinned * 2).max(THIN_OUT) {
            self.thin_out();
        }
        Some(length)
    }

    fn thin_out(&mut self) {
        self.places.sort_unstable();
        self.places.dedup_by_key(|place| (place.position, place.crc));
        self.thinned = self.places.len();
    }

    /// Puts them in order; they are read from now on.
    pub(super) fn finish(&mut self) {
        self.thin_out();
    }

    /// The highest position that was found; 0: none.
    pub(super) fn last(&self) -> u64 {
        self.places.last().map_or(0, |place| place.position)
    }

    /// The first position after one, and the records there: usually one.
    pub(super) fn after(&mut self, position: u64) -> Option<(u64, Vec<Vec<u8>>)> {
        let from = self.places.partition_point(|place| place.position <= position);
        let next = self.places.get(from)?.position;
        let until = self.places[from..].partition_point(|place| place.position == next) + from;
        let places: Vec<_> = self.places[from..until].to_vec();
        let records = places.into_iter().filter_map(|place| self.read(place)).collect();
        Some((next, records))
    }

    /// Whether a record of this position carries this hash of the one before.
    pub(super) fn continues(&mut self, position: u64, hash: &[u8; 32]) -> bool {
        match self.after(position - 1) {
            Some((found, records)) if found == position => {
                records.iter().any(|bytes| Checked::first(bytes).is_ok_and(|record| record.previous() == *hash))
            }
            _ => false,
        }
    }

    fn read(&mut self, place: Place) -> Option<Vec<u8>> {
        let (at, bytes) = (place.at as usize, place.bytes as usize);
        match &mut self.sources[place.source as usize] {
            Source::File(file) => {
                let mut record = vec![0; bytes];
                file.seek(SeekFrom::Start(place.at)).ok()?;
                file.read_exact(&mut record).ok()?;
                // A disk that fails may read otherwise the second time.
                Checked::first(&record)
                    .is_ok_and(|found| found.position() == Position(place.position))
                    .then_some(record)
            }
            Source::Segment(segment) => {
                let key = (place.source, place.block);
                let block = match &self.block {
                    Some((held, block)) if *held == key => Arc::clone(block),
                    _ => Arc::new(segment.block(place.block as usize).ok()?),
                };
                let record = block.get(at..at + bytes)?.to_vec();
                self.block = Some((key, block));
                Some(record)
            }
        }
    }
}

/// The files in which sled keeps values: its own file, as it is and as repairs have left it, and what it put aside.
pub(super) fn files_of(log_dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let dirs = fs::read_dir(log_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut dirs: Vec<_> =
        dirs.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sled"))).collect();
    dirs.sort();
    for dir in dirs {
        files.push(dir.join("db"));
        let blobs = fs::read_dir(dir.join("blobs")).into_iter().flatten().flatten();
        files.extend(blobs.map(|entry| entry.path()));
    }
    files.retain(|path| path.is_file());
    files
}
