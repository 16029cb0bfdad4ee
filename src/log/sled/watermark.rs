//! How far the log had come, kept apart from sled: a cut tail or an empty open says nothing by itself.
//!
//! Two slots, `head.a` and `head.b`, written in turn, so that one is whole whatever happens. A slot is 56 bytes: the text
//! `yomhead1`, the position (u64 LE), the hash of that commit (32), four zeroes, CRC32C of all before (u32 LE). A new log has
//! both from the beginning, at position 0: a slot that is missing or unreadable was damaged, and may have been the newer one.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::log::{Position, owned, record::Hash};

const MAGIC: &[u8; 8] = b"yomhead1";
const SLOT_BYTES: usize = 56;
const SLOTS: [&str; 2] = ["head.a", "head.b"];

/// A point the log has certainly reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) position: Position,
    pub(super) hash: Hash,
}

/// The two slots.
#[derive(Debug)]
pub(super) struct Watermark {
    slots: [File; 2],
    next: usize,
    last: Mark,
    /// One of the two cannot be read: it may have been the newer one.
    doubtful: bool,
}

impl Watermark {
    /// Opens both slots, making those that are missing. An error of kind `InvalidData` means that neither can be read.
    pub(super) fn open(log_dir: &Path) -> io::Result<Self> {
        let open = |name| owned::options().read(true).write(true).create(true).truncate(false).open(log_dir.join(name));
        let mut slots = [open(SLOTS[0])?, open(SLOTS[1])?];
        let mut marks = [None, None];
        let mut written = false;
        for (slot, mark) in slots.iter_mut().zip(&mut marks) {
            let mut bytes = Vec::new();
            slot.read_to_end(&mut bytes)?;
            written |= !bytes.is_empty();
            refuse_newer(&bytes)?;
            *mark = parse(&bytes);
        }
        owned::sync_dir(log_dir)?;
        let newer = usize::from(marks[1].map(|mark| mark.position) > marks[0].map(|mark| mark.position));
        match marks[newer] {
            Some(last) => Ok(Self { slots, next: 1 - newer, last, doubtful: marks.contains(&None) }),
            None if written => Err(io::Error::new(io::ErrorKind::InvalidData, "neither head.a nor head.b can be read")),
            None => {
                let mut new = Self { slots, next: 0, last: Mark::default(), doubtful: false };
                new.write(Mark::default())?;
                new.write(Mark::default())?;
                Ok(new)
            }
        }
    }

    /// Whether the log may have come further than [`Self::last`] says.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Writes the mark into the slot that cannot be read: it was found out otherwise that the log holds all of it.
    pub(super) fn mend(&mut self) -> io::Result<()> {
        self.write(self.last)?;
        self.doubtful = false;
        Ok(())
    }

    /// The newest mark that was written.
    pub(super) fn last(&self) -> Mark {
        self.last
    }

    /// Writes a mark into the older slot, durably.
    pub(super) fn write(&mut self, mark: Mark) -> io::Result<()> {
        let slot = &mut self.slots[self.next];
        slot.seek(SeekFrom::Start(0))?;
        slot.write_all(&bytes_of(mark))?;
        slot.sync_data()?;
        self.next = 1 - self.next;
        self.last = mark;
        Ok(())
    }
}

/// What the slots say at this moment, for whoever only looks: the newer of those that are whole.
pub(super) fn peek(log_dir: &Path) -> Option<Mark> {
    let read = |name| parse(&std::fs::read(log_dir.join(name)).ok()?);
    SLOTS.into_iter().filter_map(read).max_by_key(|mark| mark.position)
}

/// A slot of a later format says so in its first bytes: it is no damage.
fn refuse_newer(bytes: &[u8]) -> io::Result<()> {
    match bytes.strip_prefix(b"yomhead") {
        Some([format @ b'2'..=b'9', ..]) => {
            let text = format!(
                "the watermark has format {}, and this version knows up to 1: it was written by a newer yoman, so update",
                char::from(*format)
            );
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        }
        _ => Ok(()),
    }
}

fn bytes_of(mark: Mark) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..16].copy_from_slice(&mark.position.0.to_le_bytes());
    bytes[16..48].copy_from_slice(&mark.hash);
    let crc = crc32c::crc32c(&bytes[..52]);
    bytes[52..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn parse(bytes: &[u8]) -> Option<Mark> {
    let position = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    let hash = bytes.get(16..48)?.try_into().ok()?;
    let mark = Mark { position: Position(position), hash };
    (bytes == bytes_of(mark)).then_some(mark)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The bytes of format 1, for ever.
    #[test]
    fn format_1_stays_as_it_is() {
        let golden = include_bytes!("../golden/watermark-1.head");
        let mark = Mark { position: Position(258), hash: [7; 32] };
        assert_eq!(bytes_of(mark), *golden);
        assert_eq!(parse(golden), Some(mark));
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("head.b"), [&b"yomhead2"[..], &[0; 80]].concat()).unwrap();
        let error = Watermark::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("written by a newer yoman, so update"), "{error}");
    }

    #[test]
    fn the_newer_slot_wins_and_a_torn_one_falls_back() {
        let dir = tempfile::tempdir().unwrap();
        let mark = |position| Mark { position: Position(position), hash: [position as u8; 32] };
        let mut watermark = Watermark::open(dir.path()).unwrap();
        assert_eq!(watermark.last(), Mark::default());
        let sizes = ["head.a", "head.b"].map(|name| fs::metadata(dir.path().join(name)).unwrap().len());
        assert_eq!(sizes, [56; 2], "one that is missing later was damaged");
        for position in 1..=5 {
            watermark.write(mark(position)).unwrap();
        }
        assert_eq!(Watermark::open(dir.path()).unwrap().last(), mark(5));
        assert!(!Watermark::open(dir.path()).unwrap().is_doubtful());
        // The fifth went into the first slot.
        fs::write(dir.path().join("head.a"), b"yomhead1 torn").unwrap();
        let mut watermark = Watermark::open(dir.path()).unwrap();
        assert_eq!((watermark.last(), watermark.is_doubtful()), (mark(4), true));
        watermark.mend().unwrap();
        let mut watermark = Watermark::open(dir.path()).unwrap();
        assert_eq!((watermark.last(), watermark.is_doubtful()), (mark(4), false));
        watermark.write(mark(6)).unwrap();
        assert_eq!(Watermark::open(dir.path()).unwrap().last(), mark(6));
        fs::remove_file(dir.path().join("head.b")).unwrap();
        assert!(Watermark::open(dir.path()).unwrap().is_doubtful());
        fs::write(dir.path().join("head.a"), b"x").unwrap();
        fs::write(dir.path().join("head.b"), b"").unwrap();
        assert_eq!(Watermark::open(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
