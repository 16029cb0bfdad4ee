//! `yoman log rebuild`: make the index again from the log.

use std::process::ExitCode;

use yoman::{app::upkeep, config::Config};

use super::{FAILED, show, with_progress};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {}

pub(super) async fn main(_: &Args, config: &Config) -> ExitCode {
    let Some(found) = with_progress(|progress| upkeep::rebuild_index(config, progress)) else { return FAILED };
    if show::verification(&found) { ExitCode::SUCCESS } else { FAILED }
}
