//! One snapshot as a file: a header that says what it is of, then sections, each compressed and with its checksum.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `yomanwld` |
//! | 4 | length of the header, little-endian |
//! | 4 | CRC32C of the header |
//! | .. | the header: one line of JSON, so that a person can read what a file is |
//! | .. | the sections in their order, LZ4 |

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    log::{
        Position,
        record::{Hash, hex},
    },
    projection::{SCHEMA, SnapshotError, World},
};

const MAGIC: &[u8; 8] = b"yomanwld";
/// No header is longer, in bytes.
const HEADER_BYTES_MAX: u32 = 1 << 20;
/// LZ4 makes nothing smaller than by this.
const RATIO_MAX: u64 = 255;

/// Why a file is no snapshot that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is no snapshot")]
    NoSnapshot,
    #[error("it has the schema {0}, and this version makes {SCHEMA}")]
    Schema(u32),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it is of another log")]
    OtherLog,
}

impl From<SnapshotError> for FileError {
    fn from(error: SnapshotError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// One section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Section {
    /// Bytes in the file.
    stored: u64,
    /// Bytes once they are read.
    bytes: u64,
    crc: u32,
}

/// What a file is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) position: Position,
    /// The hash of the commit there: tells another log.
    #[serde(with = "hex")]
    pub(super) hash: Hash,
    /// The first is the core, the others hold closed items.
    sections: Vec<Section>,
}

/// A file whose header was read and is right.
pub(super) struct Opened {
    pub(super) header: Header,
    file: File,
}

/// A world as the bytes of a file; without its closed items unless `whole`.
pub(super) fn encode(world: &World, hash: &Hash, whole: bool) -> Result<Vec<u8>, FileError> {
    let mut packed = Packed::default();
    world.write_sections(whole, &mut |section| packed.add(&section))?;
    packed.file(world.position, hash)
}

/// Sections, compressed.
#[derive(Default)]
struct Packed {
    known: Vec<Section>,
    bodies: Vec<u8>,
}

impl Packed {
    fn add(&mut self, section: &[u8]) {
        let body = lz4_flex::block::compress(section);
        let crc = crc32c::crc32c(&body);
        self.known.push(Section { stored: body.len() as u64, bytes: section.len() as u64, crc });
        self.bodies.extend_from_slice(&body);
    }

    fn file(self, position: Position, hash: &Hash) -> Result<Vec<u8>, FileError> {
        let header = Header { schema: SCHEMA, position, hash: *hash, sections: self.known };
        let header = serde_json::to_vec(&header).map_err(io::Error::other)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        let mut out = Vec::with_capacity(16 + header.len() + self.bodies.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&self.bodies);
        Ok(out)
    }
}

fn word(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Opens a file and reads its header.
pub(super) fn open(path: &Path) -> Result<Opened, FileError> {
    let mut file = File::open(path)?;
    let mut magic = [0; 8];
    file.read_exact(&mut magic).map_err(|_| FileError::NoSnapshot)?;
    if magic != *MAGIC {
        return Err(FileError::NoSnapshot);
    }
    let cut = |error: io::Error| FileError::Damaged(error.to_string());
    let (length, crc) = (word(&mut file).map_err(cut)?, word(&mut file).map_err(cut)?);
    if length > HEADER_BYTES_MAX {
        return Err(FileError::NoSnapshot);
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(cut)?;
    if crc32c::crc32c(&header) != crc {
        return Err(FileError::Damaged("its header is not as it was written".into()));
    }
    // The schema first: what else there is depends on it.
    #[derive(Deserialize)]
    struct Which {
        schema: u32,
    }
    let Which { schema } = serde_json::from_slice(&header).map_err(|_| FileError::NoSnapshot)?;
    if schema != SCHEMA {
        return Err(FileError::Schema(schema));
    }
    let header: Header = serde_json::from_slice(&header).map_err(|error| FileError::Damaged(error.to_string()))?;
    let left = file.metadata()?.len().saturating_sub(16 + u64::from(length));
    let mut promised = 0u64;
    for section in &header.sections {
        promised = promised.saturating_add(section.stored);
        if section.bytes > section.stored.saturating_add(1).saturating_mul(RATIO_MAX) {
            return Err(FileError::Damaged("a section is longer than it can be".into()));
        }
    }
    if header.sections.is_empty() || promised != left {
        return Err(FileError::Damaged("its length is not what it says".into()));
    }
    Ok(Opened { header, file })
}

impl Opened {
    /// The bytes of the same file without closed items.
    pub(super) fn narrowed(mut self, hash: &Hash) -> Result<Vec<u8>, FileError> {
        let Some(first) = self.header.sections.first().copied() else { return Err(FileError::NoSnapshot) };
        let core = unpacked(&section(&mut self.file, &first)?, &first)?;
        let mut packed = Packed::default();
        packed.add(&core);
        packed.file(self.header.position, hash)
    }

    /// The world in it; without its closed items unless `whole`.
    pub(super) fn world(mut self, whole: bool, items_max: usize) -> Result<World, FileError> {
        let Some((first, closed)) = self.header.sections.split_first() else { return Err(FileError::NoSnapshot) };
        let stored = section(&mut self.file, first)?;
        let (mut world, names) = World::from_core(&unpacked(&stored, first)?, items_max)?;
        if world.position != self.header.position {
            return Err(FileError::Damaged("it is of another position than it says".into()));
        }
        if !whole {
            return Ok(world);
        }
        let mut packed = Vec::with_capacity(closed.len());
        for known in closed {
            packed.push((section(&mut self.file, known)?, known));
        }
        // Every second one on a thread of its own.
        let read = |odd: usize| {
            let lot = packed.iter().skip(odd).step_by(2);
            lot.map(|(stored, known)| Ok(names.closed(&unpacked(stored, known)?)?))
                .collect::<Result<Vec<_>, FileError>>()
        };
        let (even, odd) = if packed.len() < 2 {
            (read(0)?, Vec::new())
        } else {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| read(1));
                let even = read(0);
                let odd = other.join().unwrap_or_else(|_| Err(FileError::Damaged("reading it panicked".into())));
                Ok::<_, FileError>((even?, odd?))
            })?
        };
        even.into_iter().chain(odd).for_each(|closed| world.add_closed(closed));
        if world.left_out() > 0 {
            return Err(FileError::Damaged("closed items are missing".into()));
        }
        Ok(world)
    }
}

fn section(file: &mut File, known: &Section) -> Result<Vec<u8>, FileError> {
    // The length was compared with that of the file.
    let mut stored = vec![0; usize::try_from(known.stored).map_err(io::Error::other)?];
    file.read_exact(&mut stored).map_err(|error| FileError::Damaged(error.to_string()))?;
    if crc32c::crc32c(&stored) != known.crc {
        return Err(FileError::Damaged("a section is not as it was written".into()));
    }
    Ok(stored)
}

fn unpacked(stored: &[u8], known: &Section) -> Result<Vec<u8>, FileError> {
    let bytes = usize::try_from(known.bytes).map_err(io::Error::other)?;
    let section = lz4_flex::block::decompress(stored, bytes).map_err(|error| FileError::Damaged(error.to_string()))?;
    if section.len() == bytes { Ok(section) } else { Err(FileError::Damaged("a section is cut short".into())) }
}
