//! `yoman status`: what runs, and how far it is.

use std::process::ExitCode;

use yoman::{
    config::Config,
    control::{Request, Response, SpoolStatus},
};

use super::{FAILED, ask, plain, say, unexpected};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: &Args, config: &Config) -> ExitCode {
    let status = match ask(config, &Request::Status).await {
        None => return FAILED,
        Some(Response::Status(status)) => status,
        Some(other) => return unexpected(&other),
    };
    if args.json {
        match serde_json::to_string_pretty(&status) {
            Ok(json) => say(json),
            Err(_) => return FAILED,
        }
        return ExitCode::SUCCESS;
    }
    say(format_args!(
        "yoman {}   process {}   up {}   log {} at position {}",
        plain(&status.version),
        status.pid,
        duration(status.uptime_s),
        config.data_dir.display(),
        status.position
    ));
    match &status.verified {
        None => say("  log                      never verified: yoman log verify"),
        Some(verified) => {
            let at = verified.at.format("%Y-%m-%d %H:%M UTC");
            let found = match verified.faults {
                0 => String::new(),
                faults => format!(", {faults} FAULTS: yoman log verify says what and where"),
            };
            let hash: String = verified.hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            say(format_args!(
                "  log                      verified up to position {} ({hash}) on {at}{found}",
                verified.position
            ));
        }
    }
    if let Some(spool) = &status.spool {
        say_spool(spool);
    }
    for bot in &status.bots {
        say(format_args!("  bot {:<20} {}", plain(&bot.name), plain(&bot.state)));
        let more = |what: std::fmt::Arguments<'_>| say(format_args!("  {:<24} {what}", ""));
        if bot.behind > 0 {
            more(format_args!("{} commits behind, the first of them for {}", bot.behind, duration(bot.behind_s)));
        }
        if bot.possibly_delivered_ever > 0 {
            more(format_args!("{} possibly delivered twice in all", bot.possibly_delivered_ever));
        }
        if let Some(error) = &bot.last_error {
            more(format_args!("last error at {}: {}", error.at.format("%Y-%m-%d %H:%M:%S UTC"), plain(&error.why)));
        }
        for paused in &bot.paused {
            let left = duration(paused.remaining_s);
            more(format_args!("{} waits {left}: {}", plain(&paused.room), plain(&paused.why)));
        }
        for room in &bot.refusing {
            more(format_args!("{} refuses everything", plain(room)));
        }
    }
    if let Some(nodes) = &status.nodes {
        for node in &nodes.nodes {
            let here = if node.here { "this one".to_owned() } else { heard(node.silent_ms) };
            let since = node.since.format("%Y-%m-%d %H:%M:%S UTC");
            say(format_args!("  node {:<19} {here}, yoman {}, since {since}", plain(&node.name), plain(&node.version)));
        }
        for held in &nodes.bots {
            let bot = plain(held.bot.trim_start_matches('_'));
            let node = held.node.as_deref().map_or_else(|| "nobody".into(), plain);
            let alone = if held.alone { ", alone while NATS is away" } else { "" };
            let why = held.trouble.as_deref().map_or_else(String::new, |why| format!(": {}", plain(why)));
            say(format_args!("  lease {bot:<18} {node}{alone}{why}"));
        }
        if let Some(why) = &nodes.away {
            say(format_args!("  nats                     not reached: {}", plain(why)));
        }
    }
    for cursor in &status.cursors {
        let behind = match status.position.saturating_sub(cursor.position) {
            0 => "up to date".to_owned(),
            lag => format!("{lag} behind"),
        };
        say(format_args!("  cursor {:<17} {behind}", plain(&cursor.name)));
    }
    ExitCode::SUCCESS
}

/// What waits for the shared log; nothing is said of what is as it should be.
fn say_spool(spool: &SpoolStatus) {
    let since = |at: &chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    if let (Some(why), Some(at)) = (&spool.away, &spool.away_since) {
        say(format_args!("  shared log               CANNOT BE REACHED since {}: {}", since(at), plain(why)));
    }
    if let (1.., Some(at)) = (spool.waiting, &spool.since) {
        let commands = if spool.waiting == 1 { "command waits" } else { "commands wait" };
        say(format_args!("  spool                    {} {commands} for it since {}", spool.waiting, since(at)));
    }
    if spool.unreadable > 0 {
        say(format_args!(
            "  spool                    {} saved and unreadable: yoman doctor says more",
            spool.unreadable
        ));
    }
    if let Some(why) = &spool.failed {
        say(format_args!("  spool                    NOTHING MORE CAN BE SAVED: {}", plain(why)));
    }
}

/// Whether a node is heard.
fn heard(silent_ms: u64) -> String {
    match silent_ms / 1000 {
        0..5 => "heard".to_owned(),
        silent => format!("NOT HEARD for {}", duration(silent)),
    }
}

/// `3 d 4 h`, `2 h 5 min`, `12 s`: the two largest units.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_for_people() {
        for (seconds, words) in
            [(0, "0 s"), (12, "12 s"), (60, "1 min"), (3_725, "1 h 2 min"), (86_400 * 3 + 59, "3 d")]
        {
            assert_eq!(duration(seconds), words);
        }
    }
}
