//! The index compared with the log: both are sums over the same entries, so one pass over each is enough, in any order.

use std::{collections::BinaryHeap, sync::Arc};

use super::{Index, Part, run::Entry, run::Run};
use crate::log::{CommandId, StreamId};

/// A sum over entries in which the order plays no part. Two that are equal are sums over the same entries, but for an
/// accident of one in 2^128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::log::sled) struct Digest {
    sum: u128,
    pub(in crate::log::sled) entries: u64,
}

impl Digest {
    /// A commit as the index has it: its stream with its last version, and its command. The key of its group counts too,
    /// unless it is archived.
    pub(in crate::log::sled) fn add(&mut self, stream: &str, command: &str, version: u64, position: u64, group: u64) {
        let offset = (position - group) as u16;
        self.entry(Entry { hash: super::hash_of(b's', stream), version, position, offset });
        self.entry(Entry { hash: super::hash_of(b'c', command), version: 0, position, offset });
    }

    fn entry(&mut self, entry: Entry) {
        let half = |seed: u64| {
            let mut mixed = seed;
            for word in [entry.hash, entry.version, entry.position, u64::from(entry.offset)] {
                mixed = (mixed ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^= mixed >> 32;
            }
            mixed
        };
        let mixed = u128::from(half(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(half(0x2545_f491_4f6c_dd1d));
        self.sum = self.sum.wrapping_add(mixed);
        self.entries += 1;
    }
}

/// What the index holds at one moment; it goes on growing meanwhile.
#[derive(Debug)]
pub(in crate::log::sled) struct Snapshot {
    runs: Vec<Arc<Run>>,
    /// The entries in memory, sorted.
    newest: Vec<Entry>,
}

/// What an audit finds.
#[derive(Debug, Default)]
pub(in crate::log::sled) struct Audited {
    pub(in crate::log::sled) digest: Digest,
    /// Pairs of positions whose command ids have one hash: the same id twice, or an accident.
    pub(in crate::log::sled) twice: Vec<(u64, u64)>,
}

/// So many pairs are remembered.
const TWICE_MAX: usize = 1000;

impl Index {
    /// Everything it holds now.
    pub(in crate::log::sled) fn snapshot(&self) -> Snapshot {
        let state = self.read_state();
        let entries = |part: &Part| part.entries(super::stream_hash, super::command_hash);
        let mut newest = entries(&state.active);
        for part in &state.frozen {
            newest.extend(entries(part));
        }
        newest.sort_unstable();
        Snapshot { runs: state.runs.clone(), newest }
    }

    /// Sums up the entries up to a position, but for those at `damaged` positions (ranges, in order), and finds command ids
    /// that are there twice. The keys of groups up to `archived` do not count.
    pub(in crate::log::sled) fn audit(
        &self,
        snapshot: Snapshot,
        through: u64,
        archived: u64,
        damaged: &[(u64, u64)],
    ) -> Result<Audited, String> {
        let mut audited = Audited::default();
        let mut before: Option<Entry> = None;
        let newest = snapshot.newest.into_iter();
        self.in_order(&snapshot.runs, newest, &mut |mut entry| {
            let at = damaged.partition_point(|&(_, to)| to < entry.position);
            let is_damaged = damaged.get(at).is_some_and(|&(from, _)| from <= entry.position);
            if entry.position > through || is_damaged {
                return;
            }
            if entry.version == 0
                && let Some(before) = before.filter(|before| (before.hash, before.version) == (entry.hash, 0))
                && audited.twice.len() < TWICE_MAX
            {
                audited.twice.push((before.position, entry.position));
            }
            before = Some(entry);
            if entry.position <= archived {
                entry.offset = 0;
            }
            audited.digest.entry(entry);
        })?;
        Ok(audited)
    }

    /// The entries of runs and of a sorted list in their order, a page of each run in memory.
    fn in_order(
        &self,
        runs: &[Arc<Run>],
        list: std::vec::IntoIter<Entry>,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<(), String> {
        let mut sources = vec![(None, 0, list)];
        for run in runs {
            let first = if run.pages() > 0 { run.page(&self.store, 0)? } else { Vec::new() };
            sources.push((Some(run), 0, first.into_iter()));
        }
        let mut heap: BinaryHeap<_> = sources
            .iter_mut()
            .enumerate()
            .filter_map(|(at, (_, _, page))| Some(std::cmp::Reverse((page.next()?, at))))
            .collect();
        while let Some(std::cmp::Reverse((entry, at))) = heap.pop() {
            visit(entry);
            let (run, number, page) = &mut sources[at];
            if page.len() == 0
                && let Some(run) = run
                && *number + 1 < run.pages()
            {
                *number += 1;
                *page = run.page(&self.store, *number)?.into_iter();
            }
            heap.extend(page.next().map(|entry| std::cmp::Reverse((entry, at))));
        }
        Ok(())
    }

    /// Whether the index has a commit as a stream's version and under its command.
    pub(in crate::log::sled) fn has(
        &self,
        stream: &str,
        command: &str,
        version: u64,
        position: u64,
    ) -> Result<bool, String> {
        let mut found = false;
        self.places(&StreamId::new(stream), version, &mut |place| {
            found = place.position == position;
            false
        })?;
        // Two streams with one hash would be an accident in 2^64; a further look is cheaper than to rule it out.
        if !found {
            self.places(&StreamId::new(stream), version, &mut |place| {
                found |= place.position == position;
                !found && place.position < position
            })?;
        }
        let mut named = false;
        self.command_places(&CommandId::new(command), &mut |place| {
            named |= place.position == position;
            !named
        })?;
        Ok(found && named)
    }
}
