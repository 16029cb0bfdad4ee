//! A disk in memory for the bots' state, for simulations: what was flushed survives the process, what was synced a power cut,
//! and everything is done by tasks of the runtime it was opened on.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::mpsc;

use super::{Base, Job, Ops, StoreError, ToSync, Told, Writer, lock, value_of};
use crate::machine;

/// A row before a write: what stood there.
type Before = (Vec<u8>, Option<Vec<u8>>);

#[derive(Debug, Default)]
struct Held {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Of each write since the last sync what was there before, oldest first.
    unsynced: Vec<Vec<Before>>,
    full: bool,
    broken: bool,
    /// Of every write ever made.
    digest: u64,
}

/// A disk in memory, for simulations. A clone is the same disk; it outlives whoever writes to it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Held>>);

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.0)
    }

    /// How many writes a power cut could take back.
    pub fn unsynced(&self) -> usize {
        self.held().unsynced.len()
    }

    /// The power is cut: of the writes that were not synced only the first `kept` are left.
    pub fn lose_power(&self, kept: usize) {
        let mut held = self.held();
        let kept = kept.min(held.unsynced.len());
        for write in held.unsynced.split_off(kept).into_iter().rev() {
            for (key, before) in write.into_iter().rev() {
                match before {
                    Some(row) => drop(held.rows.insert(key, row)),
                    None => drop(held.rows.remove(&key)),
                }
            }
        }
        held.unsynced.clear();
    }

    /// It has no space left, or has some again.
    pub fn fill(&self, full: bool) {
        self.held().full = full;
    }

    /// Its next writes fail, or work again.
    pub fn be_broken(&self, broken: bool) {
        self.held().broken = broken;
    }

    /// The same after the same writes in the same order.
    pub fn digest(&self) -> u64 {
        self.held().digest
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        value(&self.held(), key)
    }

    pub(super) fn scan(&self, prefix: &[u8], from: &[u8], mut visit: impl FnMut(&[u8], Option<Vec<u8>>) -> bool) {
        // Not under the lock: whoever visits may look at other rows.
        let found: Vec<_> = {
            let held = self.held();
            let rows = held.rows.range(from.to_vec()..).map(|(key, _)| key);
            rows.take_while(|key| key.starts_with(prefix)).map(|key| (key.clone(), value(&held, key))).collect()
        };
        for (key, value) in found {
            if !visit(&key, value) {
                break;
            }
        }
    }

    pub(super) fn scan_raw(&self, mut visit: impl FnMut(&[u8], &[u8])) {
        let rows = self.held().rows.clone();
        rows.iter().for_each(|(key, row)| visit(key, row));
    }

    pub(super) fn bytes(&self) -> u64 {
        self.held().rows.iter().map(|(key, row)| (key.len() + row.len()) as u64).sum()
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.broken {
            return Err(StoreError::Failed("the disk failed".into()));
        }
        held.unsynced.clear();
        Ok(())
    }
}

fn value(held: &Held, key: &[u8]) -> Option<Vec<u8>> {
    let row = |key: &[u8]| Ok::<_, Infallible>(held.rows.get(key).cloned());
    value_of(key, held.rows.get(key)?, row).unwrap_or_default()
}

impl Base for MemoryDisk {
    fn apply(&self, ops: Vec<Ops>) -> Result<(), String> {
        let mut held = self.held();
        if held.broken {
            return Err("the disk failed".into());
        }
        let mut write = Vec::new();
        let mut hasher = DefaultHasher::new();
        held.digest.hash(&mut hasher);
        for (key, row) in ops.into_iter().flat_map(Ops::into_rows) {
            (&key, &row).hash(&mut hasher);
            let before = match row {
                Some(row) => held.rows.insert(key.clone(), row),
                None => held.rows.remove(&key),
            };
            write.push((key, before));
        }
        held.digest = hasher.finish();
        held.unsynced.push(write);
        Ok(())
    }

    fn free_bytes(&self) -> Option<u64> {
        Some(if self.held().full { 0 } else { u64::MAX })
    }
}

/// What hands things over to the two tasks. They end with it, or with their runtime.
pub(super) struct Handle {
    pub(super) disk: MemoryDisk,
    jobs: mpsc::UnboundedSender<Job>,
    syncs: mpsc::UnboundedSender<ToSync>,
}

impl Handle {
    pub(super) fn start(disk: &MemoryDisk, mut writer: Writer<MemoryDisk>) -> Self {
        let (jobs, mut jobs_in) = mpsc::unbounded_channel();
        let (syncs, mut syncs_in) = mpsc::unbounded_channel();
        let to_sync = syncs.clone();
        machine::spawn(async move {
            while let Some(group) = all_that_waits(&mut jobs_in).await {
                if let Some(durable) = writer.turn(group) {
                    // Fails only when the runtime ends.
                    let _ = to_sync.send(ToSync::Group(durable));
                }
            }
        });
        let synced = disk.clone();
        machine::spawn(async move {
            while let Some(group) = all_that_waits(&mut syncs_in).await {
                let waiters = group.into_iter().flat_map(|sync| match sync {
                    ToSync::Group(waiters) => waiters,
                    ToSync::Close(waiter) => vec![waiter],
                });
                let waiters: Vec<_> = waiters.collect();
                if waiters.is_empty() {
                    // What nobody waits for may be lost for longer than on a real disk.
                    continue;
                }
                let result = synced.sync();
                for waiter in waiters {
                    waiter(result.clone());
                }
            }
        });
        Self { disk: disk.clone(), jobs, syncs }
    }

    /// Where nobody writes any more the runtime has ended, and whoever waits with it.
    pub(super) fn write(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    pub(super) fn sync(&self, done: Told) {
        let _ = self.syncs.send(ToSync::Close(done));
    }
}

async fn all_that_waits<T>(waiting: &mut mpsc::UnboundedReceiver<T>) -> Option<Vec<T>> {
    let mut all = vec![waiting.recv().await?];
    while let Ok(next) = waiting.try_recv() {
        all.push(next);
    }
    Some(all)
}
