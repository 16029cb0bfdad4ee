//! `yoman log export`: write the log down.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use yoman::{
    config::Config,
    control::{LogDone, LogTask},
    log::export::Format,
};

use super::{FAILED, carry_out, unexpected};
use crate::cli::{complain, plain};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Into this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// One commit a line, as in the journal; or CloudEvents 1.0, one event a line
    #[arg(long, default_value = "jsonl")]
    format: Written,
    /// As it is stored: what is sealed stays sealed
    #[arg(long)]
    sealed: bool,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Written {
    Jsonl,
    Cloudevents,
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let format = match args.format {
        Written::Jsonl => Format::Jsonl,
        Written::Cloudevents => Format::CloudEvents,
    };
    let task = LogTask::Export { format, sealed: args.sealed };
    let done = match &args.output {
        None => {
            let mut write = |piece: &[u8]| match io::stdout().lock().write_all(piece) {
                // Whoever closed it does not want the rest, nor to be told so.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
                outcome => outcome,
            };
            carry_out(config, task, &mut write).await
        }
        Some(path) => match into_file(path, args.force, config, task).await {
            Ok(done) => done,
            Err(error) => {
                complain(format_args!("yoman: {}: {error}", path.display()));
                return FAILED;
            }
        },
    };
    let exported = match done {
        None => return FAILED,
        Some(LogDone::Exported(exported)) => exported,
        Some(other) => return unexpected(&other),
    };
    for (position, why) in &exported.damaged {
        complain(format_args!("yoman: position {position} cannot be read and is not in it: {}", plain(why)));
    }
    if args.output.is_some() {
        complain(format_args!("yoman: {} commits up to position {}", exported.commits, exported.position));
    }
    if exported.damaged.is_empty() { ExitCode::SUCCESS } else { FAILED }
}

/// Written beside its place, and put there when it is whole.
async fn into_file(path: &Path, force: bool, config: &Config, task: LogTask) -> io::Result<Option<LogDone>> {
    if !force && path.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already; --force replaces it"));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside)?;
    let done = carry_out(config, task, &mut |piece| file.write_all(piece)).await;
    if done.is_none() {
        drop(file);
        fs::remove_file(&beside)?;
        return Ok(None);
    }
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(done)
}
