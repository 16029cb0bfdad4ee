//! `yoman report`: a script over the whole history, through the process that runs or on a log that no process holds.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use chrono::Utc;
use yoman::{
    app::reports,
    command::{self, when},
    config::Config,
    control::{self, ControlError, ReportAsked, ReportTold, Request, Response},
    report::{Progress, SCRIPT_BYTES_MAX},
};

use super::{FAILED, complain, plain, say, unexpected, wrong_settings};

/// How often progress is shown.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// How long the running process may take: a little more than it gives itself.
const ANSWER_WAIT: Duration = Duration::from_secs(630);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which; without one, those there are
    name: Option<String>,
    /// What the script is given
    #[arg(requires = "name")]
    words: Vec<String>,
    /// Only what had happened by then: 2026-08-01, "3 months ago", "yesterday 9:00"
    #[arg(long, value_name = "WHEN")]
    at: Option<String>,
    /// A script of your own, not kept anywhere
    #[arg(long, value_name = "SCRIPT.rhai", conflicts_with = "name")]
    file: Option<PathBuf>,
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let asked = match asked(args, config) {
        Ok(asked) => asked,
        Err(what) => {
            complain(format_args!("yoman: {}", plain(&what)));
            return wrong_settings();
        }
    };
    let socket = config.control_socket();
    let request = Request::Report(asked.clone());
    let mut asking = std::pin::pin!(control::ask_patiently(&socket, &request, ANSWER_WAIT));
    let mut line = ProgressLine::default();
    let answer = loop {
        tokio::select! {
            answer = &mut asking => break answer,
            () = tokio::time::sleep(PROGRESS_EVERY) => {
                if let Ok(Response::ReportProgress { position, head }) = control::ask(&socket, &Request::ReportProgress).await {
                    line.show(position, head);
                }
            }
        }
    };
    let told = match answer {
        Ok(Response::Report(told)) => Ok(told),
        Ok(Response::Refused { what }) => Err(what),
        Ok(other) => return unexpected(&other),
        Err(ControlError::NotRunning(_) | ControlError::PathTooLong { .. } | ControlError::Unsupported) => {
            on_a_stopped_log(config, asked, &mut line).await
        }
        Err(error) => Err(error.to_string()),
    };
    line.clear();
    match told {
        Ok(ReportTold { text, note }) => {
            say(lines(&text));
            if !note.is_empty() {
                complain(lines(&note));
            }
            ExitCode::SUCCESS
        }
        Err(what) => {
            complain(format_args!("yoman: no report: {}", lines(&what)));
            FAILED
        }
    }
}

fn asked(args: Args, config: &Config) -> Result<ReportAsked, String> {
    let zone = config.rooms.zone();
    let context = command::Context { now: Utc::now(), time_zone: zone, bare_verbs: false };
    let until = match &args.at {
        None => None,
        Some(at) => Some(
            when::instant(at, &context, when::Direction::Past)
                .map_err(|fault| fault.advice_past("--at ", &context).to_string())?,
        ),
    };
    let script = args.file.as_deref().map(read).transpose()?;
    Ok(ReportAsked { name: args.name, script, until, words: args.words, time_zone: zone.name().to_owned() })
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    file.take(SCRIPT_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if text.len() > SCRIPT_BYTES_MAX {
        return Err(format!("{} is longer than {SCRIPT_BYTES_MAX} bytes", path.display()));
    }
    Ok(text)
}

async fn on_a_stopped_log(config: &Config, asked: ReportAsked, line: &mut ProgressLine) -> Result<ReportTold, String> {
    let progress = Progress::default();
    let (config, seen) = (config.clone(), progress.clone());
    let mut work = tokio::task::spawn_blocking(move || reports::on_a_stopped_log(&config, &asked, &progress));
    loop {
        tokio::select! {
            told = &mut work => return told.unwrap_or_else(|error| Err(error.to_string())),
            () = tokio::time::sleep(PROGRESS_EVERY) => {
                let (position, head) = seen.now();
                line.show(position.0, head.0);
            }
        }
    }
}

/// One line on standard error that is written over, if somebody sees it.
#[derive(Default)]
struct ProgressLine {
    shown: bool,
}

impl ProgressLine {
    fn show(&mut self, position: u64, head: u64) {
        if head == 0 || !io::stderr().is_terminal() {
            return;
        }
        self.shown = true;
        let share = (position * 100).checked_div(head).unwrap_or(0);
        // Whoever closed it does not want the rest.
        let _ = write!(io::stderr(), "\r{share:>3} %   position {position} of {head}\x1b[K");
        let _ = io::stderr().flush();
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Several lines from outside.
fn lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}
