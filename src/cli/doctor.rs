//! `yoman doctor`: is everything well, and if not, how is it mended? Looks only; changes nothing.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use yoman::{
    app,
    config::{Config, ConfigError},
    control::{self, ControlError, Finding, Level, Request, Response},
};

use super::{FAILED, plain, say, wrong_settings};

/// Newer than this the clock must be: nothing of yoman was written before it.
const FIRST_RELEASE_UNIX_S: u64 = 1_767_225_600;
/// Clocks of one machine and its disks may differ by so much.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn main(args: Args, config: Result<Config, ConfigError>) -> ExitCode {
    let (findings, wrong) = match config {
        Ok(config) => (look(&config).await, false),
        Err(error) => {
            let findings = error.problems.iter();
            let findings = findings.map(|problem| {
                Finding::fail(
                    "settings",
                    problem.to_string(),
                    "correct it there; config/yoman.toml lists every setting",
                )
            });
            (findings.collect(), true)
        }
    };
    show(&findings, args.json);
    match findings.iter().map(|finding| finding.level).max() {
        _ if wrong => wrong_settings(),
        Some(Level::Fail) => FAILED,
        _ => ExitCode::SUCCESS,
    }
}

async fn look(config: &Config) -> Vec<Finding> {
    let mut findings = settings(config);
    findings.extend(access(config));
    findings.push(keys(config));
    findings.push(disk(config));
    findings.push(clock(config));
    findings.extend(app::check_bots(config).await);
    findings.extend(app::check_nats(config).await);
    findings.extend(log(config).await);
    findings
}

fn settings(config: &Config) -> Vec<Finding> {
    let from = config.file.as_ref().map_or("built-in defaults".to_owned(), |file| file.display().to_string());
    let on: Vec<&str> = config.bots.iter().filter(|(_, bot)| bot.on).map(|(name, _)| name.as_str()).collect();
    let on = if on.is_empty() { "none".to_owned() } else { on.join(", ") };
    let mut findings = vec![Finding::ok("settings", format!("{from}; bots that run: {on}"))];
    let warnings = config.warnings.iter();
    findings.extend(warnings.map(|warning| Finding::warn("settings", warning, "")));
    findings
}

/// Only the owner may read what people write to each other, and the tokens.
#[cfg(unix)]
fn access(config: &Config) -> Vec<Finding> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let dir = &config.data_dir;
    let mut findings = Vec::new();
    match std::fs::metadata(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.push(Finding::ok("data", format!("{} is created at the first start", dir.display())));
        }
        Err(error) => findings.push(Finding::fail(
            "data",
            format!("{} cannot be looked at: {error}", dir.display()),
            "run as the user yoman runs as",
        )),
        Ok(metadata) if !metadata.is_dir() => {
            let what = format!("{} is no directory", dir.display());
            findings.push(Finding::fail("data", what, "choose another data_dir"));
        }
        Ok(metadata) => {
            let own = rustix::process::geteuid().as_raw();
            if metadata.uid() != own {
                findings.push(Finding::warn(
                    "data",
                    format!("{} belongs to user {}, you are {own}", dir.display(), metadata.uid()),
                    "run as the user yoman runs as",
                ));
            }
            let mut open = Vec::new();
            let inside = ["", "log", "journal", "archive", "replica", "spool", "state", "keys", "control.sock"];
            let keys = std::fs::read_dir(dir.join("keys")).into_iter().flatten();
            let keys = keys.filter_map(|key| Some(key.ok()?.path()));
            for path in
                inside.map(|name| if name.is_empty() { dir.clone() } else { dir.join(name) }).into_iter().chain(keys)
            {
                if let Ok(metadata) = std::fs::metadata(&path)
                    && metadata.permissions().mode() & 0o077 != 0
                {
                    open.push(path.display().to_string());
                }
            }
            findings.push(if open.is_empty() {
                Finding::ok("data", format!("{} is closed to other users", dir.display()))
            } else {
                let open = open.join(" ");
                Finding::warn("data", format!("open to other users: {open}"), format!("chmod -R go= {}", dir.display()))
            });
        }
    }
    if let Ok(metadata) = std::fs::metadata(".env")
        && metadata.permissions().mode() & 0o077 != 0
    {
        findings.push(Finding::warn("secrets", ".env is open to other users", "chmod 600 .env"));
    }
    findings
}

#[cfg(not(unix))]
fn access(_: &Config) -> Vec<Finding> {
    Vec::new()
}

/// The nearest directory above that is there: where a new data directory will be.
fn existing(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    absolute.ancestors().find(|path| path.exists()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

#[cfg(unix)]
fn disk(config: &Config) -> Finding {
    let dir = existing(&config.data_dir);
    let floor_mb = config.log.free_space_floor_mb;
    let free_mb = match rustix::fs::statvfs(&dir) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000,
        Err(error) => return Finding::warn("disk", format!("{} cannot be measured: {error}", dir.display()), ""),
    };
    let what = format!("{free_mb} MB are free, writes stop below {floor_mb} MB");
    if free_mb < floor_mb {
        Finding::fail("disk", what, "free some space: writes go on by themselves then")
    } else if free_mb < floor_mb.saturating_mul(4) {
        Finding::warn("disk", what, "free some space before it is needed")
    } else {
        Finding::ok("disk", what)
    }
}

#[cfg(not(unix))]
fn disk(_: &Config) -> Finding {
    Finding::warn("disk", "free space is not measured on this system", "")
}

/// What people write is sealed under keys that no copy of the log holds.
fn keys(config: &Config) -> Finding {
    let dir = config.in_data_dir("keys");
    if !config.privacy.seal {
        let what = "what people write is kept in plain: [privacy] seal is false";
        return Finding::warn("keys", what, "set it to true; what is in the log already stays as it is");
    }
    let files = std::fs::read_dir(&dir).into_iter().flatten().filter_map(|file| Some(file.ok()?.path()));
    let count = files.filter(|path| path.extension().is_some_and(|it| it == "key")).count();
    if count == 0 && config.log_root().join("log").is_dir() {
        let what = format!("there is a log, and no key in {}", dir.display());
        return Finding::warn("keys", what, "put them back from your copy: without its key nothing sealed can be read");
    }
    if count == 0 {
        return Finding::ok("keys", format!("none yet in {}: the first is made for the first person", dir.display()));
    }
    let keys = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
    Finding::ok("keys", format!("{keys} in {}: keep a copy of it, apart from backups of the log", dir.display()))
}

/// What is on the disk must not be from the future: a clock that was wrong once leaves its traces there.
fn clock(config: &Config) -> Finding {
    const MEND: &str = "set the clock (timedatectl set-ntp true); what is in the log keeps its order either way";

    let now = SystemTime::now();
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    if since_1970 < FIRST_RELEASE_UNIX_S {
        return Finding::fail("clock", "the clock stands before the first release of yoman", MEND);
    }
    let files = ["log", "journal"].into_iter().filter_map(|dir| std::fs::read_dir(config.log_root().join(dir)).ok());
    let written = files.flatten().filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok()).max();
    match written {
        Some(written) if written > now + CLOCK_TOLERANCE => {
            let ahead = written.duration_since(now).unwrap_or_default().as_secs();
            Finding::warn("clock", format!("the log was written {ahead} s in the future"), MEND)
        }
        _ => Finding::ok("clock", chrono::Utc::now().format("%Y-%m-%d %H:%M:%S UTC").to_string()),
    }
}

/// Only one process can hold the log: while one does, it is asked.
async fn log(config: &Config) -> Vec<Finding> {
    match control::ask(&config.control_socket(), &Request::Health).await {
        Ok(Response::Health { findings }) => findings,
        Ok(other) => vec![Finding::warn(
            "process",
            format!("the running yoman answered something else: {other:?}"),
            "stop it and start this version",
        )],
        Err(ControlError::NotRunning(_) | ControlError::PathTooLong { .. } | ControlError::Unsupported) => {
            let mut findings = app::check_log(config).await;
            findings.extend(app::check_spool(config).await);
            findings
        }
        Err(error) => {
            vec![Finding::fail("process", error.to_string(), "see what it says on standard error; restart it")]
        }
    }
}

fn show(findings: &[Finding], json: bool) {
    if json {
        say(serde_json::json!({ "findings": findings }));
        return;
    }
    for Finding { level, subject, what, mend } in findings {
        let level = match level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        say(format_args!("{level}  {:<10} {}", plain(subject), plain(what)));
        if !mend.is_empty() {
            say(format_args!("      {:<10} -> {}", "", plain(mend)));
        }
    }
}
