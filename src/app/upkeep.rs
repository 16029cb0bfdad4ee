//! Looking after the log: what `yoman log` does, whether the running process is told to or nobody runs.

use std::{
    fs,
    fs::File,
    io,
    io::BufReader,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    config::Config,
    domain::stored,
    log::{
        Commit, Entry, EventLog, Head, Position, ReadError,
        export::{ExportError, Exported, Format, ImportError, Imported, Taken, export, import},
        owned,
        progress::Progress,
        sled::{
            ArchiveError, Archived, BackedUp, BackupError, Before, CopyError, LostRange, OpenError, Options, Restorer,
            Salvaged, SledLog, Verification, restore_backup, salvage,
        },
    },
    projection::World,
    subscription::SharedWorld,
    vault::{Anew, SealedLog, Seen, Vault, in_plain, looks_sealed},
};

/// The log for whoever looks after it.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// As it is stored.
    stored: Arc<SledLog>,
    /// As everybody reads it.
    opened: Arc<dyn EventLog>,
    /// The keys it is read with.
    vault: Arc<Vault>,
    /// What everybody looks at, while the house is running.
    world: Option<Arc<SharedWorld>>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// There is nothing to look after.
    #[error("there is no log in {0}: name its directory with --data-dir")]
    NoLog(String),
    /// It must not be overwritten.
    #[error("{what} has a log of its own already ({commits}): name a new directory with --into")]
    NotEmpty {
        /// The directory.
        what: String,
        /// How much is in it.
        commits: String,
    },
    /// The log cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be backed up or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It cannot be archived.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Lines that cannot come in.
    #[error("{path}: {why}")]
    Import {
        /// The file.
        path: String,
        /// What is wrong with it and what to do.
        why: String,
    },
    /// The keys of personal data are not as they have to be.
    #[error("{0}")]
    Keys(String),
    /// It cannot go to another engine as things are.
    #[error("{0}")]
    Moving(String),
    /// It cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file or directory could not be used.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl UpkeepError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |error| Self::Io { path: path.clone(), error }
    }
}

/// A log that was made anew, and what its verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its newest commit.
    pub position: Position,
    /// How many it has.
    pub commits: u64,
    /// What was found when all of it was read again.
    pub verification: Verification,
}

impl Upkeep {
    /// For a house that is running.
    pub(super) fn of_house(
        stored: Arc<SledLog>,
        opened: Arc<dyn EventLog>,
        vault: Arc<Vault>,
        world: Arc<SharedWorld>,
    ) -> Self {
        Self { stored, opened, vault, world: Some(world) }
    }

    /// Opens a log that no process holds. Blocking.
    ///
    /// # Errors
    /// [`UpkeepError`].
    pub fn open(config: &Config) -> Result<Self, UpkeepError> {
        if !config.log_root().join("log").exists() {
            return Err(UpkeepError::NoLog(config.data_dir.display().to_string()));
        }
        Self::open_at(super::log_options(config), &config.in_data_dir("keys"))
    }

    fn open_at(options: Options, keys: &Path) -> Result<Self, UpkeepError> {
        let stored = Arc::new(SledLog::open(options)?);
        // Nothing is appended: with what is sealed now it has nothing to do.
        let vault = Arc::new(Vault::looking(keys));
        let opened = SealedLog::open(Arc::clone(&stored) as Arc<dyn EventLog>, Arc::clone(&vault), false)?;
        Ok(Self { stored, opened: Arc::new(opened), vault, world: None })
    }

    /// The log as everybody reads it.
    pub fn opened(&self) -> &Arc<dyn EventLog> {
        &self.opened
    }

    /// Compares everything with everything, and keeps the outcome. Blocking, reads all of the log twice.
    ///
    /// # Errors
    /// [`UpkeepError::Read`].
    pub fn verify(&self, progress: &Progress) -> Result<Verification, UpkeepError> {
        let mut found = self.stored.verify(progress)?;
        self.compare_world(&mut found, progress)?;
        // All of it was read just now: what does not open is known.
        match self.vault.damaged() {
            0 => found.notes.extend(self.vault.warnings()),
            _ => self.vault.warnings().into_iter().for_each(|warning| found.fault(None, None, warning)),
        }
        if progress.stopped() {
            return Err(ReadError::Failed("it was stopped".to_owned()).into());
        }
        if let Err(error) = self.stored.keep_verified(&found, chrono::Utc::now()) {
            found.notes.push(format!("that it was verified could not be kept for /status: {error}"));
        }
        Ok(found)
    }

    /// The log must fold to what everybody looks at, and every event must be one that this version knows.
    fn compare_world(&self, found: &mut Verification, progress: &Progress) -> Result<(), UpkeepError> {
        let held = self.world.as_ref().map(|world| world.read(World::clone));
        let until = held.as_ref().map_or(found.position, |held| held.position);
        let mut folded = World::default();
        let mut newer: Option<Position> = None;
        progress.begin("folding the log", until.0);
        self.opened.read_all(Position::START, &mut |entry| {
            let commit = match entry {
                Entry::Commit(commit) if commit.position > until => return ControlFlow::Break(()),
                Entry::Commit(commit) => commit,
                Entry::Damaged { .. } => return ControlFlow::Continue(()),
            };
            let (unreadable, known) = (folded.unreadable(), folded.unreadable() - folded.unreadable_newer());
            folded.apply(&commit);
            if folded.unreadable() > unreadable {
                if folded.unreadable() - folded.unreadable_newer() > known {
                    let why = World::first_fault([&*commit])
                        .unwrap_or_else(|| "an event stands where it does not belong".to_owned());
                    found.fault(Some(commit.position), Some(commit.stream.as_str()), why);
                } else {
                    newer.get_or_insert(commit.position);
                }
            }
            progress.at(commit.position.0);
            if progress.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(first) = newer {
            let count = folded.unreadable_newer();
            found.notes.push(format!(
                "{count} events, the first at position {first}, were written by a newer yoman: update to see and change what they are of"
            ));
        }
        if let Some(held) = held
            && held.position == folded.position
        {
            for difference in folded.differences(&held) {
                found.fault(
                    None,
                    None,
                    format!("what is shown is not what the log says: {difference}. Start yoman again"),
                );
            }
            if found.fault_count() == 0 {
                found.notes.push(format!("what is shown is what the log says, up to position {until}"));
            }
        }
        Ok(())
    }

    /// Adds what is new to a backup, or begins one. Blocking.
    ///
    /// # Errors
    /// [`UpkeepError::Backup`].
    pub fn backup(&self, dir: &Path, progress: &Progress) -> Result<BackedUp, UpkeepError> {
        Ok(self.stored.backup(dir, progress)?)
    }

    /// Moves the oldest part of the log into compressed segments. Blocking.
    ///
    /// # Errors
    /// [`UpkeepError::Archive`].
    pub fn archive(&self, before: Before, progress: &Progress) -> Result<Archived, UpkeepError> {
        Ok(self.stored.archive(before, progress)?)
    }

    /// Writes the log down; `sealed`: as it is stored. Blocking.
    ///
    /// # Errors
    /// [`UpkeepError::Export`]; [`UpkeepError::Keys`], when it could not be read as it was said.
    pub fn export(
        &self,
        format: Format,
        sealed: bool,
        progress: &Progress,
        write: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    ) -> Result<Exported, UpkeepError> {
        let missing = || self.vault.missing();
        if !sealed && let Some(path) = missing().first() {
            return Err(UpkeepError::Keys(format!(
                "{} is missing, and what is sealed under it would be lost in the copy: put it back from your copy of keys/, \
                 or write the log down as it is stored (--sealed)",
                path.display()
            )));
        }
        let log: &dyn EventLog = if sealed { &*self.stored } else { &*self.opened };
        Ok(export(log, format, progress, write)?)
    }

    /// How many events a newer version wrote, and how many cannot be read for another reason, each with the first position.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn unreadable(log: &dyn EventLog) -> Result<[(u64, Option<Position>); 2], ReadError> {
        let mut counts = [(0, None), (0, None)];
        log.read_all(Position::START, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                for error in commit.events.iter().filter_map(|event| stored::decode(event).err()) {
                    let (count, first) = &mut counts[usize::from(!error.is_newer())];
                    *count += 1;
                    first.get_or_insert(commit.position);
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(counts)
    }
}

/// Where a new log goes: made beside its place, put there when it is whole.
struct NewLog {
    options: Options,
    beside: PathBuf,
    keys: PathBuf,
    /// Where its keys are made, if it gets keys of its own.
    keys_beside: Option<PathBuf>,
}

impl NewLog {
    fn begin(options: Options) -> Result<Self, UpkeepError> {
        let data_dir = options.log_dir.parent().unwrap_or(Path::new(".")).to_owned();
        owned::create_dir(&data_dir).map_err(UpkeepError::io(&data_dir))?;
        let full = |commits: String| UpkeepError::NotEmpty { what: data_dir.display().to_string(), commits };
        if options.log_dir.exists() {
            // One that never had a commit may be replaced: whoever started yoman once to look has one.
            let log = SledLog::open(options.clone())?;
            if log.head().position > Position::START {
                return Err(full(format!("up to position {}", log.head().position)));
            }
            drop(log);
            fs::remove_dir_all(&options.log_dir).map_err(UpkeepError::io(&options.log_dir))?;
        }
        for dir in [&options.journal_dir, &options.archive_dir] {
            if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(full(format!("{} is there", dir.display())));
            }
        }
        // What is derived from another log is of no use to this one.
        let state = options.state_dir.join("index");
        owned::remove_dir(&state).map_err(UpkeepError::io(&state))?;
        let beside = options.log_dir.with_extension("new");
        // An earlier attempt that was cut off: nothing of it counts.
        owned::remove_dir(&beside).map_err(UpkeepError::io(&beside))?;
        let keys = data_dir.join("keys");
        Ok(Self { options, beside, keys, keys_beside: None })
    }

    /// Begins keys of its own: those of another log must not be among them.
    fn fresh_keys(&mut self) -> Result<Vault, UpkeepError> {
        if fs::read_dir(&self.keys).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(UpkeepError::Keys(format!(
                "{} has keys already, and new ones must not get between them: move it away, or name a new directory with --into",
                self.keys.display()
            )));
        }
        if self.keys.exists() {
            fs::remove_dir(&self.keys).map_err(UpkeepError::io(&self.keys))?;
        }
        let beside = self.keys.with_extension("new");
        // An earlier attempt that was cut off.
        owned::remove_dir(&beside).map_err(UpkeepError::io(&beside))?;
        let vault = Vault::open(&beside).map_err(|error| UpkeepError::Keys(error.to_string()))?;
        self.keys_beside = Some(beside);
        Ok(vault)
    }

    /// Puts it in its place, reads all of it again, and writes the journal on the way.
    fn finish(self, progress: &Progress) -> Result<Made, UpkeepError> {
        if let Some(beside) = &self.keys_beside {
            // Before what is sealed under them.
            put(beside, &self.keys)?;
        }
        put(&self.beside, &self.options.log_dir)?;
        let upkeep = Upkeep::open_at(self.options.clone(), &self.keys)?;
        let verification = upkeep.verify(progress)?;
        let Head { position, .. } = upkeep.stored.head();
        Ok(Made { position, commits: verification.commits, verification })
    }
}

/// Puts a directory in its place, durably.
fn put(beside: &Path, place: &Path) -> Result<(), UpkeepError> {
    fs::rename(beside, place).and_then(|()| owned::sync_name(place)).map_err(UpkeepError::io(place))
}

/// What is left of a new log when it came to nothing.
impl Drop for NewLog {
    fn drop(&mut self) {
        for beside in [Some(&self.beside), self.keys_beside.as_ref()].into_iter().flatten() {
            if let Err(error) = owned::remove_dir(beside) {
                tracing::warn!(%error, "{} could not be removed: nothing of it counts", beside.display());
            }
        }
    }
}

fn options_in(config: &Config, dir: &Path) -> Options {
    super::options_at(config, dir)
}

/// Makes a log of a backup, in a data directory that has none. Blocking.
///
/// # Errors
/// [`UpkeepError`]; nothing is left behind then.
pub fn restore(config: &Config, backup: &Path, into: &Path, progress: &Progress) -> Result<Made, UpkeepError> {
    let new = NewLog::begin(options_in(config, into))?;
    restore_backup(backup, &new.beside, progress)?;
    new.finish(progress)
}

/// What exported lines are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// Nobody said: what looks sealed is asked about.
    #[default]
    Unknown,
    /// The words as they were said.
    Opened,
    /// As they are stored, by `export --sealed` or in a journal: they need the keys they were sealed under.
    Sealed,
}

/// Makes a log of exported lines, in a data directory that has none. Blocking. Words are sealed under new keys, if sealing is
/// on; what is sealed stays as it is.
///
/// # Errors
/// [`UpkeepError`]; nothing is left behind then. A line with an event that only a newer version knows refuses all of it before
/// anything is written.
pub fn import_file(
    config: &Config,
    file: &Path,
    into: &Path,
    what: Lines,
    progress: &Progress,
) -> Result<(Imported, Made), UpkeepError> {
    let at_file = UpkeepError::io(file);
    let metadata = fs::metadata(file).map_err(&at_file)?;
    let wrong = |why: String| UpkeepError::Import { path: file.display().to_string(), why };
    if !metadata.is_file() {
        return Err(wrong("it is read twice and must be a file: save what comes from a pipe first".to_owned()));
    }
    let lines = || Ok::<_, UpkeepError>(BufReader::with_capacity(256 << 10, File::open(file).map_err(&at_file)?));
    let mut seen = (what != Lines::Sealed && config.privacy.seal).then(Seen::default);
    // Everything is looked at before anything is written.
    progress.begin("looking at the lines", 0);
    let looked = import(lines()?, &mut |line, commit: Commit| {
        progress.at(line);
        if what == Lines::Unknown && looks_sealed(&commit) {
            return Taken::Refused(SEALED_OR_NOT.to_owned());
        }
        if let Some(seen) = &mut seen {
            seen.look_at(&commit);
        }
        match commit.events.iter().filter_map(|event| stored::decode(event).err()).find(stored::DecodeError::is_newer) {
            Some(error) => Taken::Refused(error.to_string()),
            None => Taken::Yes,
        }
    });
    let looked = looked.map_err(|error| import_error(error, &wrong))?;
    if looked.commits == 0 {
        let first = looked.skipped.first().map_or(String::new(), |(line, why)| format!(" (line {line}: {why})"));
        return Err(wrong(format!("there is no commit in it{first}")));
    }
    if let Some(seen) = seen.as_mut().filter(|seen| seen.must_look_again()) {
        progress.begin("looking who wrote what", looked.lines);
        let again = import::<String>(lines()?, &mut |line, commit: Commit| {
            progress.at(line);
            seen.look_again(&commit);
            Taken::Yes
        });
        again.map_err(|error| import_error(error, &wrong))?;
    }
    let mut new = NewLog::begin(options_in(config, into))?;
    let mut anew = match seen {
        Some(seen) => Some(Anew::new(new.fresh_keys()?, seen)),
        None => None,
    };
    let mut restorer = Restorer::create(&new.beside)?;
    progress.begin("importing", looked.lines);
    let mut lost: Vec<LostRange> = Vec::new();
    let imported = import(lines()?, &mut |line, commit: Commit| {
        progress.at(line);
        let before = restorer.head().position;
        let position = commit.position;
        let kept = match (&mut anew, what) {
            (Some(anew), _) => anew.seal(commit),
            (None, Lines::Sealed) => Ok(commit),
            (None, Lines::Unknown | Lines::Opened) => in_plain(commit),
        };
        match kept.map(|commit| restorer.push(&commit)) {
            Ok(Ok(Ok(()))) if position.0 > before.0 + 1 => {
                let why = "no line with it could be imported".to_owned();
                lost.push(LostRange { from: Position(before.0 + 1), to: Position(position.0 - 1), why });
                Taken::Yes
            }
            Ok(Ok(Ok(()))) => Taken::Yes,
            Ok(Ok(Err(why))) => Taken::No(why),
            Ok(Err(error)) => Taken::Refused(error.to_string()),
            Err(why) => Taken::Refused(why),
        }
    });
    let imported = imported.map_err(|error| import_error(error, &wrong))?;
    restorer.finish(lost)?;
    Ok((imported, new.finish(progress)?))
}

/// Only whoever has the file knows.
const SEALED_OR_NOT: &str = "it looks sealed. Say --sealed if these lines are a journal or come from `export --sealed` (their \
     keys are then needed beside them), and --opened if somebody only wrote that";

fn import_error(error: ImportError<String>, wrong: &dyn Fn(String) -> UpkeepError) -> UpkeepError {
    match error {
        ImportError::Refused { line, why } => wrong(format!("line {line}: {why}. Nothing was imported")),
        ImportError::Read(error) => wrong(format!("it cannot be read: {error}")),
    }
}

/// Makes a log of everything that can be read of this one, in another data directory. Blocking; this one is not changed.
///
/// # Errors
/// [`UpkeepError`]; nothing is left behind then.
pub fn salvage_into(config: &Config, into: &Path, progress: &Progress) -> Result<(Salvaged, Made), UpkeepError> {
    let from = super::log_options(config);
    if !from.log_dir.exists() && !from.journal_dir.exists() {
        return Err(UpkeepError::NoLog(config.data_dir.display().to_string()));
    }
    let new = NewLog::begin(options_in(config, into))?;
    let salvaged = salvage(&from, &new.beside, progress)?;
    // Without its keys a log that is sealed could not be read there.
    copy_keys(&config.in_data_dir("keys"), &into.join("keys"))?;
    Ok((salvaged, new.finish(progress)?))
}

/// Copies the keys of personal data, if there are any; whether there were.
///
/// # Errors
/// [`UpkeepError::Io`].
pub fn copy_keys(from: &Path, to: &Path) -> Result<bool, UpkeepError> {
    if !from.is_dir() {
        return Ok(false);
    }
    owned::copy_dir(from, to).and_then(|()| owned::narrow_all(to)).map_err(UpkeepError::io(to))?;
    Ok(true)
}

/// The keys in a copy that are not where they were copied from.
pub fn keys_left(from: &Path, copy: &Path) -> Vec<String> {
    let names = fs::read_dir(copy).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let keys = names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "key"));
    let mut left: Vec<_> =
        keys.filter(|name| !from.join(name).exists()).map(|name| name.to_string_lossy().into_owned()).collect();
    left.sort();
    left
}

/// Deletes the index, which is then made again from the log and read back. Blocking.
///
/// # Errors
/// [`UpkeepError`].
pub fn rebuild_index(config: &Config, progress: &Progress) -> Result<Verification, UpkeepError> {
    // Opened first: whoever holds the log must not lose its index.
    let upkeep = Upkeep::open(config)?;
    drop(upkeep);
    let index = super::log_options(config).state_dir.join("index");
    owned::remove_dir(&index).map_err(UpkeepError::io(&index))?;
    Upkeep::open(config)?.verify(progress)
}
