//! `yoman log archive`: move the oldest part of the log into compressed files.

use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _, Utc};
use yoman::{
    config::Config,
    control::{LogDone, LogTask},
    log::{Position, sled::Before},
};

use super::{FAILED, carry_out, show, unexpected};
use crate::cli::{complain, say, wrong_settings};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What stands before this: a position (12000), a day (2026-01-31) or an instant (2026-01-31T00:00:00Z)
    #[arg(long, value_name = "WHEN")]
    before: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: &Args, config: &Config) -> ExitCode {
    let Some(before) = parse(&args.before, config) else {
        complain(format_args!(
            "yoman: --before {:?} is no position (12000), day (2026-01-31) or instant (2026-01-31T00:00:00Z)",
            args.before
        ));
        return wrong_settings();
    };
    let done = match carry_out(config, LogTask::Archive { before }, &mut |_| Ok(())).await {
        None => return FAILED,
        Some(LogDone::Archived(done)) => done,
        Some(other) => return unexpected(&other),
    };
    if args.json {
        say(serde_json::json!({ "archive": done }));
    } else if done.commits == 0 {
        say(format_args!("nothing to move: the archive holds everything up to position {}", done.through));
    } else {
        say(format_args!(
            "moved {} commits into {} files of archive/, {}; it holds everything up to position {}",
            done.commits,
            done.segments,
            show::bytes(done.bytes),
            done.through
        ));
    }
    ExitCode::SUCCESS
}

fn parse(text: &str, config: &Config) -> Option<Before> {
    if let Ok(position) = text.parse() {
        return Some(Before::Position(Position(position)));
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(Before::Instant(instant.with_timezone(&Utc)));
    }
    let midnight = text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN);
    // A day whose midnight is skipped or comes twice begins at the first moment it has.
    let local = config.rooms.zone().from_local_datetime(&midnight).earliest();
    let instant = local.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc));
    Some(Before::Instant(instant))
}
