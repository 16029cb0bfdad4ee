//! `yoman slack manifest`: the app to create, to be pasted at <https://api.slack.com/apps> ("From a manifest").

use std::process::ExitCode;

use clap::Subcommand;
use yoman::{bots, config::Config};

use super::{FAILED, complain, say};

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// Print the manifest of the app, for "Create New App, From a manifest" at https://api.slack.com/apps
    Manifest {
        /// For which bot of the settings
        #[arg(long, value_name = "NAME", default_value = "slack")]
        bot: String,
    },
}

pub(super) fn main(args: &Args, config: &Config) -> ExitCode {
    let Args::Manifest { bot } = args;
    match bots::slack_manifest(config, bot) {
        Ok(manifest) => {
            say(manifest);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(format_args!("yoman: {error}"));
            FAILED
        }
    }
}
