//! `yoman log`: look after the log, whether a process runs on it or not. One file per subcommand.
//!
//! # Layout
//!
//! * `mod.rs`     the flags; a task is told to the running process, or done here when nobody runs
//! * `show.rs`    how far it is, on standard error; faults and sizes for people
//! * the others   one subcommand each

mod archive;
mod backup;
mod export;
mod import;
mod moving;
mod rebuild;
mod restore;
mod salvage;
mod show;
mod verify;

use std::{io, path::Path, process::ExitCode, sync::Arc};

use yoman::{
    app::upkeep::{Upkeep, UpkeepError},
    config::Config,
    control::{self, ControlError, LogDone, LogTask, Request, Response},
    log::progress::Progress,
};

use self::show::Shown;
use super::{FAILED, complain, plain};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Compare everything with everything: checksums, chain, streams, index, journal, watermark, and what is shown
    Verify(verify::Args),
    /// Add what is new to a backup in a directory, or begin one; while yoman runs, too
    Backup(backup::Args),
    /// Make a log of a backup, in a data directory that has none
    Restore(restore::Args),
    /// Write the log down as lines of JSON or CloudEvents
    Export(export::Args),
    /// Make a log of exported lines, in a data directory that has none
    Import(import::Args),
    /// Bring everything readable out of a damaged log, into another data directory
    Salvage(salvage::Args),
    /// Move the oldest part of the log into compressed files, from which it is read as before
    Archive(archive::Args),
    /// Take the log to NATS JetStream for several machines, or back to this one; yoman must not be running
    Move(moving::Args),
    /// Make the index again from the log; yoman must not be running
    Rebuild(rebuild::Args),
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    match args {
        Args::Verify(args) => verify::main(&args, config).await,
        Args::Backup(args) => backup::main(&args, config).await,
        Args::Restore(args) => restore::main(args, config).await,
        Args::Export(args) => export::main(args, config).await,
        Args::Import(args) => import::main(args, config).await,
        Args::Salvage(args) => salvage::main(args, config).await,
        Args::Archive(args) => archive::main(&args, config).await,
        Args::Move(args) => moving::main(&args, config).await,
        Args::Rebuild(args) => rebuild::main(&args, config).await,
    }
}

/// What a task gives while it is done.
type Data<'a> = &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + Send);

/// Tells a task to the process that runs, or does it here when none does. What it is refused with is said here.
async fn carry_out(config: &Config, task: LogTask, data: Data<'_>) -> Option<LogDone> {
    let progress = Arc::new(Progress::default());
    let shown = Shown::begin(Arc::clone(&progress));
    let outcome = tell(config, &task, &progress, data).await;
    shown.end();
    outcome.inspect_err(|what| complain(format_args!("yoman: {}", plain(what)))).ok()
}

async fn tell(config: &Config, task: &LogTask, progress: &Arc<Progress>, data: Data<'_>) -> Result<LogDone, String> {
    let request = Request::Log { task: task.clone() };
    let mut told = |stage: &str, done, total| {
        progress.begin(show::stage(stage), total);
        progress.at(done);
    };
    match control::ask_telling(&config.control_socket(), &request, &mut told, data).await {
        Ok(Response::Log { done }) => Ok(done),
        Ok(Response::Refused { what }) => Err(what),
        Ok(other) => {
            Err(format!("the running process answered something else, it may be of another version: {other:?}"))
        }
        Err(ControlError::NotRunning(_) | ControlError::PathTooLong { .. } | ControlError::Unsupported) => {
            // Nobody else is at work here: this thread may as well do it.
            here(config, task, progress, data).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn here(config: &Config, task: &LogTask, progress: &Progress, data: Data<'_>) -> Result<LogDone, UpkeepError> {
    let upkeep = Upkeep::open(config)?;
    Ok(match task {
        LogTask::Verify => LogDone::Verified(upkeep.verify(progress)?),
        LogTask::Backup { to } => LogDone::BackedUp(upkeep.backup(to, progress)?),
        LogTask::Export { format, sealed } => LogDone::Exported(upkeep.export(*format, *sealed, progress, data)?),
        LogTask::Archive { before } => LogDone::Archived(upkeep.archive(*before, progress)?),
    })
}

/// Does something here, with its progress shown; what is wrong is said.
fn with_progress<T>(work: impl FnOnce(&Progress) -> Result<T, UpkeepError>) -> Option<T> {
    let progress = Arc::new(Progress::default());
    let shown = Shown::begin(Arc::clone(&progress));
    let outcome = work(&progress);
    shown.end();
    outcome.inspect_err(|error| complain(format_args!("yoman: {}", plain(&error.to_string())))).ok()
}

/// A path as the running process understands it, wherever that was started.
fn absolute(path: &Path) -> Option<std::path::PathBuf> {
    std::path::absolute(path).inspect_err(|error| complain(format_args!("yoman: {}: {error}", path.display()))).ok()
}

/// An answer to another task.
fn unexpected(done: &LogDone) -> ExitCode {
    complain(format_args!("yoman: the running process did something else: {done:?}"));
    FAILED
}
