//! A run: the index of a range of positions, sorted by hash, in pages, never changed once written. 22 bytes an entry, a
//! filter in memory that knows most of what is not in it.

use std::cmp::Ordering;

use super::super::store::Store;

/// Entries in a page.
const PAGE_ENTRIES: usize = 128;
const ENTRY_BYTES: usize = 22;
/// Pages written to the database at once.
const BATCH_PAGES: usize = 64;
/// The filter and the fences are kept in pieces of this size.
const PIECE_BYTES: usize = 2048;
const PAGE_KIND: u8 = b'p';
const FENCE_KIND: u8 = b'f';
const FILTER_KIND: u8 = b'b';
/// What keys of runs begin with.
pub(super) const KINDS: [u8; 3] = [FILTER_KIND, FENCE_KIND, PAGE_KIND];

/// One line of the index. The order is that of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Of a stream or a command id.
    pub(super) hash: u64,
    /// The last version of the commit for a stream, 0 for a command; below 2^48.
    pub(super) version: u64,
    /// Of the commit; below 2^48.
    pub(super) position: u64,
    /// How far before it its group begins.
    pub(super) offset: u16,
}

/// What the manifest says about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RunInfo {
    pub(super) id: u64,
    pub(super) entries: u64,
    pub(super) commits: u64,
}

/// A run as it is in memory.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) info: RunInfo,
    /// Hash and version of the first entry of each page.
    fences: Vec<(u64, u64)>,
    filter: Filter,
}

/// Hash and version that come after all of a hash.
const VERSION_END: u64 = u64::MAX;

impl Run {
    /// Reads fences and filter.
    pub(super) fn load(store: &Store, info: RunInfo) -> Result<Self, String> {
        let pages = (info.entries as usize).div_ceil(PAGE_ENTRIES);
        let fences = read_pieces(store, FENCE_KIND, info.id, pages * 16)?
            .chunks_exact(16)
            .map(|fence| (number(&fence[..8]), number(&fence[8..])))
            .collect();
        let mut filter = Filter::new(info.entries);
        let bytes = read_pieces(store, FILTER_KIND, info.id, filter.words.len() * 8)?;
        for (word, bytes) in filter.words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = number(bytes);
        }
        Ok(Self { info, fences, filter })
    }

    /// Whether there can be an entry for a hash.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.filter.may_have(hash)
    }

    /// The entries of a hash from a version on, in order.
    pub(super) fn entries(
        &self,
        store: &Store,
        hash: u64,
        version: u64,
        visit: &mut dyn FnMut(Entry) -> bool,
    ) -> Result<(), String> {
        let first = self.fences.partition_point(|&fence| fence < (hash, version)).saturating_sub(1);
        for page in first..self.fences.len() {
            for entry in self.page(store, page)? {
                if entry.hash > hash {
                    return Ok(());
                }
                if entry.hash == hash && entry.version >= version && !visit(entry) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The entries of a hash, newest first.
    pub(super) fn entries_back(
        &self,
        store: &Store,
        hash: u64,
        visit: &mut dyn FnMut(Entry) -> bool,
    ) -> Result<(), String> {
        let end = self.fences.partition_point(|&fence| fence < (hash, VERSION_END));
        for page in (0..end).rev() {
            for entry in self.page(store, page)?.into_iter().rev() {
                match entry.hash.cmp(&hash) {
                    Ordering::Greater => {}
                    Ordering::Less => return Ok(()),
                    Ordering::Equal if !visit(entry) => return Ok(()),
                    Ordering::Equal => {}
                }
            }
        }
        Ok(())
    }

    /// How many pages there are.
    pub(super) fn pages(&self) -> usize {
        self.fences.len()
    }

    /// The entries of one page.
    pub(super) fn page(&self, store: &Store, page: usize) -> Result<Vec<Entry>, String> {
        let bytes = read_piece(store, PAGE_KIND, self.info.id, page)?;
        Ok(bytes.chunks_exact(ENTRY_BYTES).map(entry_of).collect())
    }

    /// The keys of everything a run keeps.
    pub(super) fn keys(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let pieces = |bytes: usize| bytes.div_ceil(PIECE_BYTES);
        let of = move |kind, count| (0..count).map(move |at| key(kind, self.info.id, at));
        of(PAGE_KIND, self.fences.len())
            .chain(of(FENCE_KIND, pieces(self.fences.len() * 16)))
            .chain(of(FILTER_KIND, pieces(self.filter.words.len() * 8)))
    }
}

/// Writes a run, entry by entry in their order.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    store: &'a Store,
    run: Run,
    page: Vec<u8>,
    batch: Vec<(Vec<u8>, Vec<u8>)>,
    last_hash: Option<u64>,
}

impl<'a> Builder<'a> {
    /// `info.entries` entries will follow.
    pub(super) fn new(store: &'a Store, info: RunInfo) -> Self {
        let run = Run { info, fences: Vec::new(), filter: Filter::new(info.entries) };
        Self { store, run, page: Vec::new(), batch: Vec::new(), last_hash: None }
    }

    /// The next entry.
    pub(super) fn push(&mut self, entry: Entry) -> Result<(), String> {
        if self.page.is_empty() {
            self.run.fences.push((entry.hash, entry.version));
        }
        if self.last_hash.replace(entry.hash) != Some(entry.hash) {
            self.run.filter.add(entry.hash);
        }
        self.page.extend_from_slice(&entry.hash.to_le_bytes());
        self.page.extend_from_slice(&entry.version.to_le_bytes()[..6]);
        self.page.extend_from_slice(&entry.position.to_le_bytes()[..6]);
        self.page.extend_from_slice(&entry.offset.to_le_bytes());
        if self.page.len() >= PAGE_ENTRIES * ENTRY_BYTES { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> Result<(), String> {
        if self.page.is_empty() {
            return Ok(());
        }
        let page = std::mem::take(&mut self.page);
        self.put(PAGE_KIND, self.run.fences.len() - 1, &page)
    }

    fn put(&mut self, kind: u8, at: usize, bytes: &[u8]) -> Result<(), String> {
        let mut value = Vec::with_capacity(bytes.len() + 4);
        value.extend_from_slice(bytes);
        value.extend_from_slice(&crc32c::crc32c(bytes).to_le_bytes());
        self.batch.push((key(kind, self.run.info.id, at), value));
        if self.batch.len() >= BATCH_PAGES {
            self.store.insert_in_order(std::mem::take(&mut self.batch))
        } else {
            Ok(())
        }
    }

    /// Writes the rest. The run counts once it is in the manifest.
    pub(super) fn finish(mut self) -> Result<Run, String> {
        self.end_page()?;
        let fences: Vec<u8> = self
            .run
            .fences
            .iter()
            .flat_map(|&(hash, version)| [hash.to_le_bytes(), version.to_le_bytes()])
            .flatten()
            .collect();
        let filter: Vec<u8> = self.run.filter.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for (kind, bytes) in [(FENCE_KIND, fences), (FILTER_KIND, filter)] {
            for (at, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
                self.put(kind, at, piece)?;
            }
        }
        if !self.batch.is_empty() {
            self.store.insert_in_order(std::mem::take(&mut self.batch))?;
        }
        Ok(self.run)
    }
}

/// Where a piece of a run is kept: kind, run, number.
pub(super) fn key(kind: u8, run: u64, at: usize) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(&run.to_be_bytes());
    key.extend_from_slice(&(at as u32).to_be_bytes());
    key
}

fn read_piece(store: &Store, kind: u8, run: u64, at: usize) -> Result<sled::IVec, String> {
    let value = store.get(&key(kind, run, at))?.ok_or("a page of the index is missing")?;
    let bytes = value.len().checked_sub(4).ok_or("a page of the index is damaged")?;
    if value[bytes..] != crc32c::crc32c(&value[..bytes]).to_le_bytes() {
        return Err("a page of the index is damaged".into());
    }
    Ok(value.subslice(0, bytes))
}

fn read_pieces(store: &Store, kind: u8, run: u64, bytes: usize) -> Result<Vec<u8>, String> {
    let mut all = Vec::with_capacity(bytes);
    for at in 0..bytes.div_ceil(PIECE_BYTES) {
        all.extend_from_slice(&read_piece(store, kind, run, at)?);
    }
    if all.len() == bytes { Ok(all) } else { Err("a page of the index is damaged".into()) }
}

fn entry_of(bytes: &[u8]) -> Entry {
    Entry {
        hash: number(&bytes[..8]),
        version: number(&bytes[8..14]),
        position: number(&bytes[14..20]),
        offset: number(&bytes[20..22]) as u16,
    }
}

/// At most eight little-endian bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// A Bloom filter in blocks of eight words: one look at the memory, ten bits an entry, about one wrong "maybe" in a hundred.
#[derive(Debug)]
struct Filter {
    words: Vec<u64>,
}

const BLOCK_WORDS: usize = 8;
const FILTER_BITS: u64 = 10;
const PROBES: u32 = 6;

impl Filter {
    fn new(entries: u64) -> Self {
        let blocks = (entries * FILTER_BITS).div_ceil(64 * BLOCK_WORDS as u64).max(1);
        Self { words: vec![0; blocks as usize * BLOCK_WORDS] }
    }

    /// The block a hash belongs to, and the bits in it.
    fn probes(&self, hash: u64) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        let blocks = (self.words.len() / BLOCK_WORDS) as u64;
        // The upper half chooses the block (the hash is even over all its bits), the lower half the bits.
        let block = ((hash >> 32) * blocks) >> 32;
        let mut bits = (hash & 0xffff_ffff).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let probes = (0..PROBES).map(move |_| {
            bits = bits.rotate_left(9);
            ((bits >> 6) as usize % BLOCK_WORDS, 1 << (bits & 63))
        });
        (block as usize * BLOCK_WORDS, probes)
    }

    fn add(&mut self, hash: u64) {
        let (block, probes) = self.probes(hash);
        for (word, bit) in probes {
            self.words[block + word] |= bit;
        }
    }

    fn may_have(&self, hash: u64) -> bool {
        let (block, mut probes) = self.probes(hash);
        probes.all(|(word, bit)| self.words[block + word] & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::store::{Store, Tuning},
        *,
    };

    fn spread(number: u64) -> u64 {
        let number = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (number ^ number >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    #[test]
    fn a_filter_knows_what_is_in_and_most_of_what_is_not() {
        let mut filter = Filter::new(20_000);
        (0..20_000).for_each(|number| filter.add(spread(number)));
        assert!((0..20_000).all(|number| filter.may_have(spread(number))));
        let wrong = (20_000..40_000).filter(|&number| filter.may_have(spread(number))).count();
        assert!(wrong < 600, "{wrong} of 20000");
    }

    #[test]
    fn a_run_gives_back_what_went_in() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Tuning { cache_mb: 4, segment_bytes: 1 << 20 }).unwrap();
        let mut entries: Vec<_> = (0..1000)
            .map(|number| Entry { hash: spread(number), version: 0, position: number + 1, offset: 3 })
            .chain((1..1000).map(|version| Entry { hash: 1 << 63, version, position: version, offset: 0 }))
            .collect();
        entries.sort();
        let info = RunInfo { id: 5, entries: entries.len() as u64, commits: 1000 };
        let mut builder = Builder::new(&store, info);
        entries.iter().for_each(|&entry| builder.push(entry).unwrap());
        builder.finish().unwrap();
        let run = Run::load(&store, info).unwrap();
        let all: Vec<_> = (0..run.pages()).flat_map(|page| run.page(&store, page).unwrap()).collect();
        assert_eq!(all, entries);
        let from = |hash, version| {
            let mut found = Vec::new();
            run.entries(&store, hash, version, &mut |entry| {
                found.push(entry.version);
                true
            })
            .unwrap();
            found
        };
        for version in [0, 1, 2, 127, 128, 129, 500, 998, 999] {
            assert_eq!(from(1 << 63, version), (version.max(1)..1000).collect::<Vec<_>>());
        }
        assert!(from(1 << 63, 1000).is_empty());
        assert!(from(0, 0).is_empty());
        assert!(from(u64::MAX, 0).is_empty());
        let mut back = Vec::new();
        run.entries_back(&store, 1 << 63, &mut |entry| {
            back.push(entry.version);
            back.len() < 300
        })
        .unwrap();
        assert_eq!(back, (700..1000).rev().collect::<Vec<_>>());
        assert_eq!(from(spread(7), 0), [0]);
        assert_eq!(run.keys().count(), store.from(&[]).filter(|pair| pair.as_ref().unwrap().0.len() == 13).count());
    }
}
