//! `yoman log verify`: compare everything with everything.

use std::process::ExitCode;

use yoman::{
    config::Config,
    control::{LogDone, LogTask},
};

use super::{FAILED, carry_out, show, unexpected};
use crate::cli::{complain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: &Args, config: &Config) -> ExitCode {
    let found = match carry_out(config, LogTask::Verify, &mut |_| Ok(())).await {
        None => return FAILED,
        Some(LogDone::Verified(found)) => found,
        Some(other) => return unexpected(&other),
    };
    let well = if args.json {
        say(serde_json::json!({ "verification": found }));
        found.fault_count() == 0
    } else {
        let well = show::verification(&found);
        if !well {
            complain("yoman: `yoman log rebuild` mends an index, `yoman log salvage` brings out all that can be read");
        }
        well
    };
    if well { ExitCode::SUCCESS } else { FAILED }
}
