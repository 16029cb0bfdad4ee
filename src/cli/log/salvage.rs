//! `yoman log salvage`: bring everything readable out of a damaged log.

use std::{path::PathBuf, process::ExitCode};

use yoman::{app::upkeep, config::Config};

use super::{FAILED, show, with_progress};
use crate::cli::{complain, plain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The data directory to make; it must not have a log. The damaged one is not changed
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let Some((salvaged, made)) = with_progress(|progress| upkeep::salvage_into(config, &args.into, progress)) else {
        return FAILED;
    };
    let whole = salvaged.missing.is_empty();
    if args.json {
        say(serde_json::json!({ "salvaged": salvaged, "verification": made.verification }));
        return if whole && made.verification.fault_count() == 0 { ExitCode::SUCCESS } else { FAILED };
    }
    for note in &salvaged.notes {
        complain(format_args!("yoman: {}", plain(note)));
    }
    for (file, line, why) in &salvaged.skipped {
        complain(format_args!("yoman: line {line} of journal/{} cannot be used: {}", plain(file), plain(why)));
    }
    let journal = match (salvaged.from_journal, salvaged.from_journal_proven) {
        (0, _) => String::new(),
        (all, proven) if all == proven => format!(", {all} of them from the journal, all proven by the chain"),
        (all, proven) => format!(", {all} of them from the journal, {proven} proven by the chain"),
    };
    say(format_args!(
        "brought out {} commits up to position {} into {}{journal}",
        salvaged.commits,
        salvaged.position,
        args.into.display()
    ));
    if let Some(position) = salvaged.chained_anew {
        say(format_args!(
            "from position {position} on the records carry new hashes: one before was not as it was written"
        ));
    }
    for lost in &salvaged.missing {
        let range = if lost.from == lost.to { lost.from.to_string() } else { format!("{} to {}", lost.from, lost.to) };
        say(format_args!("MISSING  position {range}: {}", plain(&lost.why)));
    }
    if show::verification(&made.verification) && whole { ExitCode::SUCCESS } else { FAILED }
}
