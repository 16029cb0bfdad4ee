//! `yoman log import`: make a log of exported lines.

use std::{path::PathBuf, process::ExitCode};

use yoman::{
    app::upkeep::{self, Lines},
    config::Config,
};

use super::{FAILED, show, with_progress};
use crate::cli::{complain, plain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Lines of JSON or CloudEvents, as `yoman log export` writes them; a journal, too
    file: PathBuf,
    /// The data directory to make, instead of the one that is set; it must not have a log
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// The lines are as they are stored, from `export --sealed` or a journal: they stay sealed, and their keys are needed beside
    #[arg(long)]
    sealed: bool,
    /// The lines are as they were said, though some look sealed
    #[arg(long, conflicts_with = "sealed")]
    opened: bool,
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let into = args.into.as_ref().unwrap_or(&config.data_dir);
    let what = match (args.sealed, args.opened) {
        (true, _) => Lines::Sealed,
        (_, true) => Lines::Opened,
        _ => Lines::Unknown,
    };
    let import = |progress: &_| upkeep::import_file(config, &args.file, into, what, progress);
    let Some((imported, made)) = with_progress(import) else { return FAILED };
    for (line, why) in &imported.skipped {
        complain(format_args!("yoman: line {line} is left out: {}", plain(why)));
    }
    if imported.more_skipped > 0 {
        complain(format_args!("yoman: and {} more lines are left out", imported.more_skipped));
    }
    say(format_args!("{} has {} commits up to position {}", into.display(), made.commits, made.position));
    let well = show::verification(&made.verification);
    if well && imported.skipped.is_empty() { ExitCode::SUCCESS } else { FAILED }
}
