//! `yoman log backup`: add what is new to a backup, or begin one.

use std::{path::PathBuf, process::ExitCode};

use yoman::{
    app::upkeep,
    config::Config,
    control::{LogDone, LogTask},
};

use super::{FAILED, absolute, carry_out, show, unexpected};
use crate::cli::{complain, plain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Where the backup is, or is to be; best on another disk
    dir: PathBuf,
    /// Copy the keys of personal data to this directory: not into the backup, whoever has both can read everything
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: &Args, config: &Config) -> ExitCode {
    let Some(to) = absolute(&args.dir) else { return FAILED };
    if let Some(keys) = &args.keys {
        let Some(keys) = absolute(keys) else { return FAILED };
        if keys.starts_with(&to) || to.starts_with(&keys) {
            complain("yoman: the keys must not be inside the backup: whoever has both can read everything");
            return FAILED;
        }
    }
    let done = match carry_out(config, LogTask::Backup { to: to.clone() }, &mut |_| Ok(())).await {
        None => return FAILED,
        Some(LogDone::BackedUp(done)) => done,
        Some(other) => return unexpected(&other),
    };
    if args.json {
        say(serde_json::json!({ "backup": done }));
    } else {
        let added = match done.commits {
            0 => "nothing new".to_owned(),
            commits => format!("{commits} commits in {} files, {}", done.segments, show::bytes(done.bytes)),
        };
        say(format_args!("{} holds everything up to position {}: {added}", to.display(), done.position));
    }
    for lost in &done.missing {
        complain(format_args!("yoman: not in it: position {} to {}: {}", lost.from, lost.to, plain(&lost.why)));
    }
    keys(args, config)
}

/// A backup holds what is sealed as it is sealed: without its keys it stays so.
fn keys(args: &Args, config: &Config) -> ExitCode {
    let own = config.in_data_dir("keys");
    match &args.keys {
        Some(to) => match upkeep::copy_keys(&own, to) {
            Ok(true) => {
                complain(format_args!("yoman: the keys are in {}: keep them apart from the backup", to.display()));
                for name in upkeep::keys_left(&own, to) {
                    complain(format_args!(
                        "yoman: {} is not in {} any more: if it belongs to somebody who was forgotten, delete it there too",
                        plain(&name),
                        own.display()
                    ));
                }
            }
            Ok(false) => complain(format_args!("yoman: there are no keys in {}: nothing is sealed", own.display())),
            Err(error) => {
                complain(format_args!("yoman: the keys could not be copied: {error}"));
                return FAILED;
            }
        },
        None if own.is_dir() => complain(format_args!(
            "yoman: the keys are not in it, and without them personal data in it cannot be read: keep a copy of {} in \
             another place (--keys DIR makes one)",
            own.display()
        )),
        None => {}
    }
    ExitCode::SUCCESS
}
