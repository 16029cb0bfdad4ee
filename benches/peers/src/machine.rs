//! Where and with what versions it was measured.

use std::{fs, path::Path, process::Command};

use crate::Args;

/// The crates that are peers, as this program was built with them.
const LOCK: &str = include_str!("../Cargo.lock");

fn said(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    let output = Command::new(program.as_ref()).args(arguments).output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "?".into() } else { text }
}

fn locked(name: &str) -> String {
    let package = format!("name = \"{name}\"\nversion = \"");
    let version = LOCK.split_once(&package).and_then(|(_, rest)| rest.split_once('"'));
    version.map_or_else(|| "?".into(), |(version, _)| version.to_owned())
}

fn line_of(file: &str, begin: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|it| it.starts_with(begin)).and_then(|it| it.split_once(':'));
    line.map_or_else(|| "?".into(), |(_, value)| value.trim().to_owned())
}

/// The load of the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

/// The machine and the day, in a line.
pub(crate) fn machine(args: &Args) -> String {
    let memory = line_of("/proc/meminfo", "MemTotal");
    let memory: f64 = memory.trim_end_matches("kB").trim().parse().unwrap_or_default();
    let dir = args.dir.to_string_lossy();
    let disk = said("df", &["--output=fstype", &dir]);
    format!(
        "{}: {} cores of {}, {:.0} GB, Linux {}, {}; load {} at the start",
        said("date", &["-u", "+%F %H:%M UTC"]),
        std::thread::available_parallelism().map_or(0, usize::from),
        line_of("/proc/cpuinfo", "model name"),
        memory * 1024.0 / 1e9,
        said("uname", &["-r"]),
        disk.lines().last().unwrap_or("?"),
        load(),
    )
}

/// What each is, in a line.
pub(crate) fn logs(args: &Args) -> String {
    let sqlite = yoman_benches::log::engines::sqlite_version();
    let postgres = said(args.postgres.join("postgres"), &["--version"]);
    let postgres = postgres.split_whitespace().nth(2).unwrap_or("?");
    let nats = said(&args.nats, &["--version"]);
    let nats = nats.split_whitespace().last().unwrap_or("?");
    format!(
        "SQLite {sqlite}, redb {}, fjall {}, PostgreSQL {postgres}, nats-server {nats} (async-nats {})",
        locked("redb"),
        locked("fjall"),
        locked("async-nats"),
    )
}

/// What each is, in a line.
pub(crate) fn fronts(args: &Args) -> String {
    let python = |venv: &str, package: &str| {
        let ask =
            "import sys, importlib.metadata as m; print(m.version(sys.argv[1]), 'on Python', sys.version.split()[0])";
        said(args.installed.join(venv).join("bin/python"), &["-c", ask, package])
    };
    let node = |package: &str| {
        let file = args.installed.join("hubot/node_modules").join(package).join("package.json");
        let text = fs::read_to_string(file).unwrap_or_default();
        let version = text.split_once("\"version\": \"").and_then(|(_, rest)| rest.split_once('"'));
        version.map_or_else(|| "?".into(), |(version, _)| version.to_owned())
    };
    format!(
        "{}, teloxide {}, python-telegram-bot {}, Errbot {} with its Telegram backend (python-telegram-bot {}), \
         Hubot {} with hubot-telegram {} and better-sqlite3 {} on Node {}",
        said(args.built.join("yoman"), &["--version"]),
        locked("teloxide"),
        python("ptb", "python-telegram-bot"),
        python("errbot", "errbot"),
        python("errbot", "python-telegram-bot").split(' ').next().unwrap_or("?"),
        node("hubot"),
        node("hubot-telegram"),
        node("better-sqlite3"),
        said("node", &["--version"]),
    )
}
