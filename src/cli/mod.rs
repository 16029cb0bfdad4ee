//! Flags and subcommands. Exit codes: 0 done, 1 failed, 2 the command line or the settings are wrong.
//!
//! # Layout
//!
//! * `run.rs`    `yoman`, `yoman run`: the process itself
//! * `doctor.rs` `yoman doctor`: is everything well?
//! * `log/`      `yoman log`: verify, back up, export, archive, salvage
//! * `pair.rs`   `yoman pair`: who may speak to it
//! * `report.rs` `yoman report`: a script over the whole history
//! * `slack.rs`  `yoman slack manifest`: the app to create
//! * `status.rs` `yoman status`: what runs, and how far it is

mod doctor;
mod log;
mod pair;
mod report;
mod run;
mod slack;
mod status;

use std::{
    fmt,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use yoman::{
    config::{Config, ConfigError, Environment, Flags, TracingFormat},
    control::{self, ControlError, Request, Response},
};

/// It was not done.
const FAILED: ExitCode = ExitCode::FAILURE;

/// The command line or the settings are wrong.
fn wrong_settings() -> ExitCode {
    ExitCode::from(2)
}

const AFTER_HELP: &str = "\
Without a command it runs. Without any setting it talks to you right here; with the token of a bot set, in the environment or
in .env (config/example.env names them), it talks there. Every other setting stands in config/yoman.toml, with its reason.

Exit codes: 0 done, 1 failed, 2 the command line or the settings are wrong.";

/// Run your projects from the chat on your phone: messages become commands, commands become events in a log you own.
#[derive(Debug, Parser)]
#[command(name = "yoman", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Args)]
struct Global {
    /// The file with the settings [env: YOMAN_CONFIG] [default: config/yoman.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept [env: YOMAN_DATA_DIR] [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// What the process tells about itself on standard error: for reading, or one JSON object a line
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<TracingFormat>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run until stopped (Ctrl-C, SIGTERM) or, with only a console, until its input ends
    Run,
    /// Look at settings, disk, clock, tokens and the log, and say how to mend what is wrong
    Doctor(doctor::Args),
    /// Decide who may speak to the yoman that is running
    #[command(subcommand)]
    Pair(pair::Args),
    /// Describe the Slack app to create
    #[command(subcommand)]
    Slack(slack::Args),
    /// Show what runs, and how far it is
    Status(status::Args),
    /// Run a report over the whole history, or list those there are
    Report(report::Args),
    /// Look after the log: verify, back up, restore, export, import, salvage, archive, move
    #[command(subcommand)]
    Log(log::Args),
}

/// Does what the command line says.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that cannot be shown has nobody to read it.
            let _ = error.print();
            return if error.use_stderr() { wrong_settings() } else { ExitCode::SUCCESS };
        }
    };
    let environment = Environment::of_process();
    let Global { config: file, data_dir, log_format } = cli.global;
    let config = Config::load(&Flags { file, data_dir, log_format }, &environment);
    match (cli.command.unwrap_or(Command::Run), config) {
        (Command::Doctor(args), config) => block_on(doctor::main(args, config)),
        (_, Err(error)) => {
            complain(format_args!("yoman: {}", explain(&error)));
            wrong_settings()
        }
        (Command::Run, Ok(config)) => run::main(config, &environment),
        (Command::Pair(args), Ok(config)) => block_on(pair::main(args, &config)),
        (Command::Report(args), Ok(config)) => block_on(report::main(args, &config)),
        (Command::Slack(args), Ok(config)) => slack::main(&args, &config),
        (Command::Status(args), Ok(config)) => block_on(status::main(&args, &config)),
        (Command::Log(args), Ok(config)) => block_on(log::main(args, &config)),
    }
}

fn explain(error: &ConfigError) -> String {
    let many = if error.problems.len() == 1 { "a setting is wrong" } else { "some settings are wrong" };
    format!("{many}, nothing was started\n  {}", error.to_string().replace('\n', "\n  "))
}

/// For the commands that only ask: no threads.
fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            complain(format_args!("yoman: the system gives no resources: {error}"));
            FAILED
        }
    }
}

/// A line on standard output. Whoever closed it does not want the rest.
fn say(what: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{what}");
}

/// A line on standard error.
fn complain(what: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

/// Text that came from outside, for a terminal: nothing in it is obeyed.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Asks the running process; what it refuses is said here and `None` comes back.
async fn ask(config: &Config, request: &Request) -> Option<Response> {
    match control::ask(&config.control_socket(), request).await {
        Ok(Response::Refused { what }) => {
            complain(format_args!("yoman: {}", plain(&what)));
            None
        }
        Ok(response) => Some(response),
        Err(error @ ControlError::NotRunning(_)) => {
            complain(format_args!("yoman: {error}: start it with `yoman`, or name its directory with --data-dir"));
            None
        }
        Err(error) => {
            complain(format_args!("yoman: {error}"));
            None
        }
    }
}

/// An answer to another question: the two sides are of different versions.
fn unexpected(response: &Response) -> ExitCode {
    complain(format_args!(
        "yoman: the running process answered something else, it may be of another version: {response:?}"
    ));
    FAILED
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_can_be_written() {
        for line in [
            "yoman",
            "yoman run --data-dir d",
            "yoman --config c.toml --log-format json doctor --json",
            "yoman pair approve abcd --role maintainer --as kim",
            "yoman pair list",
            "yoman pair claim --data-dir d",
            "yoman status --json",
            "yoman report",
            "yoman report removed-soon 30 --at yesterday",
            "yoman report --file mine.rhai",
            "yoman log verify --json",
            "yoman log backup /b --keys /k",
            "yoman log restore /b --into d",
            "yoman log export --format cloudevents -o f --force",
            "yoman log import f --into d",
            "yoman log salvage --into d",
            "yoman log archive --before 2026-01-31",
            "yoman log rebuild",
            "yoman log move --to jetstream",
            "yoman log move --to sled --without-nats",
            "yoman slack manifest",
            "yoman slack manifest --bot slack-work",
        ] {
            Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        for line in [
            "yoman log",
            "yoman log archive",
            "yoman log move",
            "yoman log move --to memory",
            "yoman log salvage",
            "yoman log export --force",
            "yoman fly",
            "yoman pair",
            "yoman pair approve",
            "yoman pair approve x --role king",
            "yoman report x --file y",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
