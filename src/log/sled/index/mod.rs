//! Which commits a stream has, and which commit a command id was accepted with. A subscriber of the log: the newest part
//! is in memory, the rest is written to sled in `state/` in the background, as sorted runs. All of it can be deleted and
//! comes back at the next open.
//!
//! Runs are merged four by four, so there are few of them however long the log is, and an entry is rewritten only once
//! for every time the log grows fourfold. A look for what is not there costs a filter in memory for each run.

pub(super) mod audit;
mod part;
mod run;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::{
    part::Part,
    run::{Builder, Entry, Run, RunInfo},
};
use super::store::{Store, Tuning};
use crate::log::{CommandId, Commit, Position, StreamId, Version, record::Hash};

/// So many runs of one size become one.
const MERGE_RUNS: usize = 4;
/// Where the manifest is kept.
const MANIFEST_KEY: &[u8] = b"manifest";
const MANIFEST_FORMAT: u32 = 1;

/// Where a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its position.
    pub(super) position: u64,
    /// The key of its group: the group's first position.
    pub(super) group: u64,
}

/// Reads the commit at a place; `None` when it is damaged.
pub(super) type Fetch<'a> = &'a mut dyn FnMut(Place) -> Result<Option<Arc<Commit>>, String>;

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    store: Store,
    state: RwLock<State>,
    saving: Mutex<Saving>,
    newest_commits_max: usize,
}

#[derive(Debug, Default)]
struct State {
    /// What takes the newest commits.
    active: Part,
    /// Full parts that wait to be written, oldest first.
    frozen: Vec<Arc<Part>>,
    /// What is written, oldest first.
    runs: Vec<Arc<Run>>,
}

/// Belongs to whoever saves.
#[derive(Debug)]
struct Saving {
    next_id: u64,
    saved: (Position, Hash),
    /// Merged runs that a reader may still hold.
    graveyard: Vec<Arc<Run>>,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    next_id: u64,
    through: Position,
    hash: Hash,
    runs: Vec<RunInfo>,
}

impl Index {
    /// Opens what was saved; an error means that it cannot be used and must be made anew.
    pub(super) fn open(dir: &Path, tuning: Tuning, newest_commits_max: usize) -> Result<Self, String> {
        let store = Store::open(dir, tuning)?;
        let manifest = match store.get(MANIFEST_KEY)? {
            None => {
                Manifest { format: MANIFEST_FORMAT, next_id: 1, through: Position::START, hash: [0; 32], runs: vec![] }
            }
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string())?,
        };
        if manifest.format != MANIFEST_FORMAT {
            return Err(format!("the index has format {}", manifest.format));
        }
        let runs = manifest.runs.iter().map(|&info| Run::load(&store, info).map(Arc::new)).collect::<Result<_, _>>()?;
        remove_orphans(&store, &manifest.runs)?;
        Ok(Self {
            store,
            state: RwLock::new(State { runs, ..State::default() }),
            saving: Mutex::new(Saving {
                next_id: manifest.next_id,
                saved: (manifest.through, manifest.hash),
                graveyard: Vec::new(),
            }),
            newest_commits_max,
        })
    }

    /// Opens an empty index in place of what is there.
    pub(super) fn recreate(dir: &Path, tuning: Tuning, newest_commits_max: usize) -> Result<Self, String> {
        if dir.exists() {
            fs::remove_dir_all(dir).map_err(|error| error.to_string())?;
        }
        Self::open(dir, tuning, newest_commits_max)
    }

    /// The last commit that is saved, and its hash.
    pub(super) fn saved(&self) -> (Position, Hash) {
        self.saving().saved
    }

    /// Takes the next commits with the keys of their groups; `hash` is that of the last one's record. True when a part
    /// became full and should be saved.
    pub(super) fn add<'a>(&self, commits: impl Iterator<Item = (&'a Commit, u64)>, hash: Hash) -> bool {
        let mut state = self.write_state();
        for (commit, group) in commits {
            state.active.add(commit, group);
        }
        state.active.hash = hash;
        let full = state.active.commits >= self.newest_commits_max;
        if full {
            state.freeze();
        }
        full
    }

    /// Full parts that wait to be written.
    pub(super) fn waiting(&self) -> usize {
        self.read_state().frozen.len()
    }

    /// The newest version of a stream, and where the commit is that has it.
    pub(super) fn newest(&self, stream: &StreamId, fetch: Fetch<'_>) -> Result<Option<(Version, Place)>, String> {
        let runs = {
            let state = self.read_state();
            let in_memory = state.parts_back().find_map(|part| part.newest(stream));
            match in_memory {
                Some(newest) => return Ok(Some(newest)),
                None => state.runs.clone(),
            }
        };
        let hash = stream_hash(stream);
        for run in runs.iter().rev().filter(|run| run.may_have(hash)) {
            let mut newest = None;
            let mut failed = None;
            run.entries_back(&self.store, hash, &mut |entry| {
                match fetch(place_of(entry)) {
                    // Two names with one hash: the next entry may be ours.
                    Ok(Some(commit)) if commit.stream != *stream => return true,
                    // A damaged commit still counts: the index knows its version.
                    Ok(_) => newest = Some((entry.version, place_of(entry))),
                    Err(error) => failed = Some(error),
                }
                false
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            if newest.is_some() {
                return Ok(newest);
            }
        }
        Ok(None)
    }

    /// Where the commit of a command is, when it is one of the newest.
    pub(super) fn command_in_memory(&self, command: &CommandId) -> Option<Place> {
        self.read_state().parts_back().find_map(|part| part.commands.get(command).copied())
    }

    /// The commit a command id was accepted with.
    pub(super) fn command(&self, command: &CommandId, fetch: Fetch<'_>) -> Result<Option<Arc<Commit>>, String> {
        let (in_memory, runs) = {
            let state = self.read_state();
            let place = state.parts_back().find_map(|part| part.commands.get(command).copied());
            let runs = if place.is_none() { state.runs.clone() } else { Vec::new() };
            (place, runs)
        };
        if let Some(place) = in_memory {
            return fetch(place);
        }
        let hash = command_hash(command);
        for run in runs.iter().rev().filter(|run| run.may_have(hash)) {
            let mut found = Ok(None);
            run.entries(&self.store, hash, 0, &mut |entry| {
                found = fetch(place_of(entry)).map(|commit| commit.filter(|commit| commit.meta.command == *command));
                matches!(found, Ok(None))
            })?;
            if !matches!(found, Ok(None)) {
                return found;
            }
        }
        Ok(None)
    }

    /// The places a command id stands for, or one with the same hash. Visiting ends when `visit` gives false.
    fn command_places(&self, command: &CommandId, visit: &mut dyn FnMut(Place) -> bool) -> Result<(), String> {
        let (in_memory, runs) = {
            let state = self.read_state();
            let places: Vec<_> = state.parts_back().filter_map(|part| part.commands.get(command).copied()).collect();
            (places, state.runs.clone())
        };
        if !in_memory.into_iter().all(&mut *visit) {
            return Ok(());
        }
        let hash = command_hash(command);
        for run in runs.iter().filter(|run| run.may_have(hash)) {
            let mut more = true;
            run.entries(&self.store, hash, 0, &mut |entry| {
                more = visit(place_of(entry));
                more
            })?;
            if !more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The places of a stream's commits that end with `from` or later, in order. Two names with one hash are possible:
    /// the caller looks at the commit's stream. Visiting ends when `visit` gives false.
    pub(super) fn places(
        &self,
        stream: &StreamId,
        from: Version,
        visit: &mut dyn FnMut(Place) -> bool,
    ) -> Result<(), String> {
        // The memory's share is copied under the lock, the runs are immutable: nothing is held while the caller reads.
        let (newest, runs) = {
            let state = self.read_state();
            let mut newest = Vec::new();
            for part in state.frozen.iter().map(|part| &**part).chain([&state.active]) {
                newest.extend(part.places(stream, from));
            }
            (newest, state.runs.clone())
        };
        let hash = stream_hash(stream);
        let mut more = true;
        for run in runs.iter().filter(|run| run.may_have(hash)) {
            run.entries(&self.store, hash, from, &mut |entry| {
                more = visit(place_of(entry));
                more
            })?;
            if !more {
                return Ok(());
            }
        }
        for place in newest {
            if !visit(place) {
                break;
            }
        }
        Ok(())
    }

    /// Freezes what is in memory, full or not, so that [`Index::save`] writes all of it.
    pub(super) fn freeze(&self) {
        self.write_state().freeze();
    }

    /// Writes what is frozen and merges runs. What was written before an error stays written.
    pub(super) fn save(&self) -> Result<(), String> {
        let mut saving = self.saving();
        loop {
            let Some(part) = self.read_state().frozen.first().cloned() else { break };
            let entries = part.entries(stream_hash, command_hash);
            let info = RunInfo { id: saving.next_id, entries: entries.len() as u64, commits: part.commits as u64 };
            saving.next_id += 1;
            let mut builder = Builder::new(&self.store, info);
            entries.into_iter().try_for_each(|entry| builder.push(entry))?;
            let run = Arc::new(builder.finish()?);
            let mut runs = self.read_state().runs.clone();
            runs.push(run);
            self.publish(&mut saving, runs, (Position(part.through), part.hash), true)?;
            self.merge(&mut saving)?;
        }
        self.bury(&mut saving)
    }

    /// Makes a set of runs the index, durably, then visibly.
    fn publish(
        &self,
        saving: &mut Saving,
        runs: Vec<Arc<Run>>,
        saved: (Position, Hash),
        of_part: bool,
    ) -> Result<(), String> {
        let infos = runs.iter().map(|run| run.info).collect();
        let manifest =
            Manifest { format: MANIFEST_FORMAT, next_id: saving.next_id, through: saved.0, hash: saved.1, runs: infos };
        let manifest = serde_json::to_vec(&manifest).map_err(|error| error.to_string())?;
        // The runs must be there before the manifest names them.
        self.store.sync()?;
        self.store.insert(vec![(MANIFEST_KEY.to_vec(), manifest)])?;
        self.store.sync()?;
        saving.saved = saved;
        let mut state = self.write_state();
        state.runs = runs;
        if of_part {
            state.frozen.remove(0);
        }
        Ok(())
    }

    /// While the newest runs are many of one size, makes one of them.
    fn merge(&self, saving: &mut Saving) -> Result<(), String> {
        loop {
            let mut runs = self.read_state().runs.clone();
            let Some(start) = runs.len().checked_sub(MERGE_RUNS) else { return Ok(()) };
            let size = |run: &Run| (run.info.commits.max(1) / self.newest_commits_max.max(1) as u64).checked_ilog(4);
            if runs[start..].iter().any(|run| size(run) != size(&runs[start])) {
                return Ok(());
            }
            let old = runs.split_off(start);
            let info = RunInfo {
                id: saving.next_id,
                entries: old.iter().map(|run| run.info.entries).sum(),
                commits: old.iter().map(|run| run.info.commits).sum(),
            };
            saving.next_id += 1;
            let mut builder = Builder::new(&self.store, info);
            self.merged(&old, &mut |entry| builder.push(entry))?;
            runs.push(Arc::new(builder.finish()?));
            self.publish(saving, runs, saving.saved, false)?;
            saving.graveyard.extend(old);
            self.bury(saving)?;
        }
    }

    /// The entries of some runs in their order, a page of each in memory.
    fn merged(&self, runs: &[Arc<Run>], push: &mut dyn FnMut(Entry) -> Result<(), String>) -> Result<(), String> {
        let mut cursors = Vec::with_capacity(runs.len());
        for run in runs {
            let first = if run.pages() > 0 { run.page(&self.store, 0)? } else { Vec::new() };
            cursors.push((run, 0, first.into_iter()));
        }
        loop {
            let next = cursors
                .iter()
                .enumerate()
                .filter_map(|(at, (_, _, page))| page.as_slice().first().map(|&entry| (entry, at)))
                .min();
            let Some((entry, at)) = next else { return Ok(()) };
            push(entry)?;
            let (run, number, page) = &mut cursors[at];
            page.next();
            if page.len() == 0 && *number + 1 < run.pages() {
                *number += 1;
                *page = run.page(&self.store, *number)?.into_iter();
            }
        }
    }

    /// Removes merged runs that nobody reads any more.
    fn bury(&self, saving: &mut Saving) -> Result<(), String> {
        let (dead, held) = saving.graveyard.drain(..).partition::<Vec<_>, _>(|run| Arc::strong_count(run) == 1);
        saving.graveyard = held;
        for run in dead {
            let keys: Vec<_> = run.keys().collect();
            self.store.remove(&keys)?;
        }
        Ok(())
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Path {
        self.store.dir()
    }

    // A panic under these locks leaves nothing half done that a reader could see.
    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn saving(&self) -> std::sync::MutexGuard<'_, Saving> {
        self.saving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn freeze(&mut self) {
        if self.active.commits > 0 {
            self.frozen.push(Arc::new(std::mem::take(&mut self.active)));
        }
    }

    /// What is in memory, newest first.
    fn parts_back(&self) -> impl Iterator<Item = &Part> {
        [&self.active].into_iter().chain(self.frozen.iter().rev().map(|part| &**part))
    }
}

/// Removes the pages of runs that no manifest names: a crash came before it was written, or before they were buried.
fn remove_orphans(store: &Store, runs: &[RunInfo]) -> Result<(), String> {
    for kind in run::KINDS {
        let mut id = 0u64;
        while let Some((key, _)) = store.at_or_after(&run::key(kind, id, 0))? {
            let Some(bytes) = key.strip_prefix(&[kind]).and_then(|rest| rest.first_chunk::<8>()) else { break };
            id = u64::from_be_bytes(*bytes);
            if !runs.iter().any(|run| run.id == id) {
                let mut keys = Vec::new();
                for pair in store.from(&run::key(kind, id, 0)) {
                    let (key, _) = pair?;
                    if key.get(1..9) != Some(&bytes[..]) {
                        break;
                    }
                    keys.push(key.to_vec());
                }
                store.remove(&keys)?;
            }
            id += 1;
        }
    }
    Ok(())
}

fn place_of(entry: Entry) -> Place {
    Place { position: entry.position, group: entry.position - u64::from(entry.offset).min(entry.position) }
}

fn stream_hash(stream: &StreamId) -> u64 {
    hash_of(b's', stream.as_str())
}

fn command_hash(command: &CommandId) -> u64 {
    hash_of(b'c', command.as_str())
}

/// Even over all its bits, and nobody can choose names that meet.
fn hash_of(kind: u8, text: &str) -> u64 {
    let digest: Hash = Sha256::new().chain_update([kind]).chain_update(text).finalize().into();
    digest.iter().take(8).fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}
