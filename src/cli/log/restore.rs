//! `yoman log restore`: make a log of a backup.

use std::{path::PathBuf, process::ExitCode};

use yoman::{app::upkeep, config::Config};

use super::{FAILED, show, with_progress};
use crate::cli::{complain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The backup
    backup: PathBuf,
    /// The data directory to make; it must not have a log
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let Some(made) = with_progress(|progress| upkeep::restore(config, &args.backup, &args.into, progress)) else {
        return FAILED;
    };
    say(format_args!("{} has {} commits up to position {}", args.into.display(), made.commits, made.position));
    if !args.into.join("keys").is_dir() {
        complain(
            "yoman: a backup holds no keys: if personal data was sealed, copy keys/ there as well before you start it",
        );
    }
    if show::verification(&made.verification) { ExitCode::SUCCESS } else { FAILED }
}
