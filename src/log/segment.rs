//! A segment: a stretch of the log in one compressed file, for archives and backups. It is never changed once written.
//!
//! # Format 1
//!
//! Numbers are little-endian. The file is called `segment-<from>-<to>.yseg`.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `yomseg1` and a line feed |
//! | 8 | from: the first position it covers |
//! | 32 | the hash of the record before that |
//! | 4 | CRC32C of all before |
//! | .. | blocks: packed length (4), raw length (4), first position (8), CRC32C of those 16 bytes and the packed ones (4), packed bytes |
//! | .. | the table: first position (8) and place in the file (8) of each block |
//! | 64 | from, to, commits (8 each), the last record's hash (32), number of blocks (4), CRC32C of the table and these (4) |
//! | 8 | `yomend1` and a line feed |
//!
//! A packed block is records, one behind the other, in the block format of LZ4. Each says how long it is, so that a segment
//! that lost its table is still read from its beginning.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    COMMIT_BYTES_MAX, Position, owned,
    record::{self, Checked, Hash, hex, u32_at, u64_at},
};

const BEGIN: &[u8; 8] = b"yomseg1\n";
const END: &[u8; 8] = b"yomend1\n";
const HEAD_BYTES: u64 = 8 + 8 + 32 + 4;
const BLOCK_HEAD_BYTES: usize = 4 + 4 + 8 + 4;
const TAIL_BYTES: u64 = 3 * 8 + 32 + 4 + 4 + 8;
/// A block is closed once it has so many bytes: small enough that one commit is not dear to read.
const BLOCK_RAW_BYTES: usize = 128 << 10;
/// No block is larger.
const BLOCK_RAW_BYTES_MAX: usize = BLOCK_RAW_BYTES + COMMIT_BYTES_MAX + 64;

/// What is known of a segment without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentInfo {
    /// The name of its file.
    pub file: String,
    /// The first position it covers.
    pub from: Position,
    /// The last one.
    pub to: Position,
    /// How many commits it has.
    pub commits: u64,
    /// How long the file is.
    pub bytes: u64,
    /// The hash of the record before it.
    #[serde(with = "hex")]
    pub previous: Hash,
    /// The hash of its last record.
    #[serde(with = "hex")]
    pub hash: Hash,
}

/// Writes a segment beside its place, and puts it there when it is whole.
#[derive(Debug)]
pub struct SegmentWriter {
    dir: PathBuf,
    beside: PathBuf,
    file: BufWriter<File>,
    from: Position,
    previous: Hash,
    hash: Hash,
    commits: u64,
    at: u64,
    /// The open block.
    raw: Vec<u8>,
    raw_first: u64,
    raw_total: u64,
    packed: Vec<u8>,
    table: Vec<(u64, u64)>,
}

impl SegmentWriter {
    /// Begins a segment that follows a record with the hash `previous`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(dir: &Path, from: Position, previous: Hash) -> io::Result<Self> {
        let beside = dir.join(format!("segment-{:012}.new", from.0));
        let mut file = BufWriter::new(owned::options().write(true).create(true).truncate(true).open(&beside)?);
        let mut head = Vec::with_capacity(HEAD_BYTES as usize);
        head.extend_from_slice(BEGIN);
        head.extend_from_slice(&from.0.to_le_bytes());
        head.extend_from_slice(&previous);
        head.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
        file.write_all(&head)?;
        Ok(Self {
            dir: dir.to_owned(),
            beside,
            file,
            from,
            previous,
            hash: previous,
            commits: 0,
            at: HEAD_BYTES,
            raw: Vec::with_capacity(BLOCK_RAW_BYTES_MAX),
            raw_first: 0,
            raw_total: 0,
            packed: vec![0; lz4_flex::block::get_maximum_output_size(BLOCK_RAW_BYTES_MAX)],
            table: Vec::new(),
        })
    }

    /// Takes the next record; `hash` is its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn push(&mut self, record: Checked<'_>, hash: Hash) -> io::Result<()> {
        if self.raw.is_empty() {
            self.raw_first = record.position().0;
        }
        self.raw.extend_from_slice(record.bytes());
        self.raw_total += record.bytes().len() as u64;
        self.hash = hash;
        self.commits += 1;
        if self.raw.len() >= BLOCK_RAW_BYTES { self.end_block() } else { Ok(()) }
    }

    /// The bytes of its records so far, before compression.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_total
    }

    /// How many commits it has so far.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        let packed = lz4_flex::block::compress_into(&self.raw, &mut self.packed).map_err(io::Error::other)?;
        let packed = &self.packed[..packed];
        let mut head = Vec::with_capacity(BLOCK_HEAD_BYTES);
        head.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        head.extend_from_slice(&(self.raw.len() as u32).to_le_bytes());
        head.extend_from_slice(&self.raw_first.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head), packed);
        head.extend_from_slice(&crc.to_le_bytes());
        self.file.write_all(&head)?;
        self.file.write_all(packed)?;
        self.table.push((self.raw_first, self.at));
        self.at += (head.len() + packed.len()) as u64;
        self.raw.clear();
        Ok(())
    }

    /// Writes the rest; durable and in its place when this returns. It covers everything up to `to`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, to: Position) -> io::Result<SegmentInfo> {
        self.end_block()?;
        let mut tail = Vec::with_capacity(self.table.len() * 16 + TAIL_BYTES as usize);
        for (first, at) in &self.table {
            tail.extend_from_slice(&first.to_le_bytes());
            tail.extend_from_slice(&at.to_le_bytes());
        }
        for number in [self.from.0, to.0, self.commits] {
            tail.extend_from_slice(&number.to_le_bytes());
        }
        tail.extend_from_slice(&self.hash);
        tail.extend_from_slice(&(self.table.len() as u32).to_le_bytes());
        tail.extend_from_slice(&crc32c::crc32c(&tail).to_le_bytes());
        tail.extend_from_slice(END);
        self.file.write_all(&tail)?;
        let file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        let name = file_name(self.from, to);
        fs::rename(&self.beside, self.dir.join(&name))?;
        owned::sync_dir(&self.dir)?;
        Ok(SegmentInfo {
            file: name,
            from: self.from,
            to,
            commits: self.commits,
            bytes: self.at + tail.len() as u64,
            previous: self.previous,
            hash: self.hash,
        })
    }
}

/// What the file of a segment is called.
pub fn file_name(from: Position, to: Position) -> String {
    format!("segment-{:012}-{:012}.yseg", from.0, to.0)
}

/// The range in the name of a segment's file.
pub fn range_of(name: &str) -> Option<(Position, Position)> {
    let (from, to) = name.strip_prefix("segment-")?.strip_suffix(".yseg")?.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (0 < from && from <= to).then_some((Position(from), Position(to)))
}

/// The segments in a directory, in the order of their positions.
///
/// # Errors
/// When the directory cannot be read.
pub fn in_dir(dir: &Path) -> io::Result<Vec<(Position, Position, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if let Some((from, to)) = path.file_name().and_then(|name| range_of(&name.to_string_lossy())) {
            found.push((from, to, path));
        }
    }
    found.sort();
    Ok(found)
}

/// A segment that is open for reading.
#[derive(Debug)]
pub struct Segment {
    /// The first position it covers.
    pub from: Position,
    /// The last one.
    pub to: Position,
    /// The hash of the record before it.
    pub previous: Hash,
    /// How many commits it has, and the last one's hash; `None` when the table was lost.
    pub end: Option<(u64, Hash)>,
    /// Whether its beginning is as it was written.
    whole_head: bool,
    /// First position and place of each block.
    table: Vec<(u64, u64)>,
    // A std mutex: a block is read under it.
    file: Mutex<File>,
}

impl Segment {
    /// Opens a segment; what is in its blocks is looked at when they are read.
    ///
    /// # Errors
    /// When it cannot be read, or is none, as a sentence.
    pub fn open(path: &Path) -> Result<Self, String> {
        let text = |error: io::Error| error.to_string();
        let mut file = File::open(path).map_err(text)?;
        let bytes = file.metadata().map_err(text)?.len();
        let mut head = [0; HEAD_BYTES as usize];
        file.read_exact(&mut head).map_err(|_| "it is cut short".to_owned())?;
        if &head[..8] != BEGIN {
            let newer = head.starts_with(b"yomseg") && head[7] == b'\n' && head[6] > b'1' && head[6] <= b'9';
            return Err(if newer {
                format!("it has format {}: it was written by a newer yoman, so update", char::from(head[6]))
            } else {
                "it is no segment of a log".to_owned()
            });
        }
        let whole_head = crc32c::crc32c(&head[..48]).to_le_bytes() == head[48..];
        let named = path.file_name().and_then(|name| range_of(&name.to_string_lossy()));
        let from = if whole_head { Some(Position(u64_at(&head, 8))) } else { named.map(|named| named.0) };
        let mut previous = [0; 32];
        previous.copy_from_slice(&head[16..48]);
        let Some(from) = from else { return Err("its beginning is damaged".to_owned()) };
        let mut segment =
            Self { from, to: from, previous, end: None, whole_head, table: Vec::new(), file: Mutex::new(file) };
        if !segment.read_tail(bytes).map_err(text)? {
            // The blocks say how long they are: it is read from its beginning.
            segment.walk_blocks(bytes).map_err(text)?;
            segment.to = named.map_or(segment.to, |named| named.1);
        }
        Ok(segment)
    }

    /// Reads table and tail; false when they are damaged.
    fn read_tail(&mut self, bytes: u64) -> io::Result<bool> {
        let Some(at) = bytes.checked_sub(TAIL_BYTES).filter(|at| *at >= HEAD_BYTES) else { return Ok(false) };
        let mut file = self.file();
        let mut tail = vec![0; TAIL_BYTES as usize];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut tail)?;
        let blocks = u64::from(u32_at(&tail, 56));
        let table = at.checked_sub(blocks * 16).filter(|table| *table >= HEAD_BYTES);
        let (Some(table), true) = (table, &tail[64..] == END) else { return Ok(false) };
        let mut all = vec![0; (blocks * 16) as usize];
        file.seek(SeekFrom::Start(table))?;
        file.read_exact(&mut all)?;
        drop(file);
        if crc32c::crc32c_append(crc32c::crc32c(&all), &tail[..60]).to_le_bytes() != tail[60..64] {
            return Ok(false);
        }
        self.table = all.chunks_exact(16).map(|entry| (u64_at(entry, 0), u64_at(entry, 8))).collect();
        let mut hash = [0; 32];
        hash.copy_from_slice(&tail[24..56]);
        self.from = Position(u64_at(&tail, 0));
        self.to = Position(u64_at(&tail, 8));
        self.end = Some((u64_at(&tail, 16), hash));
        Ok(true)
    }

    /// Finds the blocks one behind the other, as far as they say how long they are.
    fn walk_blocks(&mut self, bytes: u64) -> io::Result<()> {
        let mut table = Vec::new();
        let mut to = self.from;
        {
            let mut file = self.file();
            let mut reader = BufReader::new(&mut *file);
            reader.seek(SeekFrom::Start(HEAD_BYTES))?;
            let mut at = HEAD_BYTES;
            let mut head = [0; BLOCK_HEAD_BYTES];
            let mut packed = Vec::new();
            while at + BLOCK_HEAD_BYTES as u64 <= bytes {
                reader.read_exact(&mut head)?;
                let length = u32_at(&head, 0) as usize;
                if length > packed_max() || at + (BLOCK_HEAD_BYTES + length) as u64 > bytes {
                    break;
                }
                packed.resize(length, 0);
                reader.read_exact(&mut packed)?;
                // A damaged length ends the walk; a block that is damaged inside is found out when it is read.
                let first = u64_at(&head, 8);
                if first < self.from.0 || table.last().is_some_and(|&(before, _)| first <= before) {
                    break;
                }
                table.push((first, at));
                to = Position(first);
                at += (BLOCK_HEAD_BYTES + length) as u64;
            }
        }
        self.table = table;
        self.to = to;
        Ok(())
    }

    fn file(&self) -> std::sync::MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many blocks it has.
    pub fn blocks(&self) -> usize {
        self.table.len()
    }

    /// The block a position would be in.
    pub fn block_of(&self, position: Position) -> usize {
        self.table.partition_point(|&(first, _)| first <= position.0).saturating_sub(1)
    }

    /// The records of one block, one behind the other.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn block(&self, number: usize) -> Result<Vec<u8>, String> {
        let damaged = || "its block in the archived segment is damaged".to_owned();
        let &(first, at) = self.table.get(number).ok_or_else(damaged)?;
        let mut head = [0; BLOCK_HEAD_BYTES];
        let mut file = self.file();
        file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        file.read_exact(&mut head).map_err(|_| damaged())?;
        let (packed, raw) = (u32_at(&head, 0) as usize, u32_at(&head, 4) as usize);
        if packed > packed_max() || raw > BLOCK_RAW_BYTES_MAX || u64_at(&head, 8) != first {
            return Err(damaged());
        }
        let mut bytes = vec![0; packed];
        file.read_exact(&mut bytes).map_err(|_| damaged())?;
        drop(file);
        if crc32c::crc32c_append(crc32c::crc32c(&head[..16]), &bytes).to_le_bytes() != head[16..] {
            return Err(damaged());
        }
        let mut records = vec![0; raw];
        let length = lz4_flex::block::decompress_into(&bytes, &mut records).map_err(|_| damaged())?;
        if length == raw { Ok(records) } else { Err(damaged()) }
    }

    /// Reads all of it back: every block, every record's checksum, the chain, the count, the end.
    ///
    /// # Errors
    /// What is wrong and at which position.
    pub fn verify(&self, visit: &mut dyn FnMut(Checked<'_>) -> ControlFlow<()>) -> Result<(), String> {
        let Some((commits, end)) = self.end else { return Err("its table is damaged".to_owned()) };
        if !self.whole_head {
            return Err("its beginning is damaged".to_owned());
        }
        let (mut hash, mut last, mut seen) = (self.previous, Position(self.from.0.saturating_sub(1)), 0);
        for number in 0..self.blocks() {
            let block = self.block(number).map_err(|error| format!("{error}, after position {last}"))?;
            for record in record::walk(&block) {
                let record = record.map_err(|error| format!("{error}, after position {last}"))?;
                let position = record.position();
                if position <= last || position > self.to {
                    return Err(format!("position {position} stands behind {last}"));
                }
                // Over positions that were lost there is no chain.
                if position.0 == last.0 + 1 && record.previous() != hash {
                    return Err(format!("the chain is broken at position {position}"));
                }
                (hash, last, seen) = (record.hash(), position, seen + 1);
                if visit(record).is_break() {
                    return Err("it was stopped".to_owned());
                }
            }
        }
        match (seen == commits, hash == end) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("{seen} of its {commits} commits are there")),
            (true, false) => Err("it does not end with the record it should".to_owned()),
        }
    }
}

fn packed_max() -> usize {
    lz4_flex::block::get_maximum_output_size(BLOCK_RAW_BYTES_MAX)
}

#[cfg(test)]
mod tests;
