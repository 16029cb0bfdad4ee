//! The log in figures: durable appends beside a raw file and peers, then replay, size, opening and memory.
//!
//! `cargo run --release -p yoman-benches --bin log -- [--events N] [--rounds N] [--seconds S] [--dir DIR] [--only NAME]`

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that prints figures, and has nothing to save when one fails"
)]

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use yoman::log::{
    Entry, EventLog, Position,
    sled::{Options, SledLog},
};
use yoman_benches::{
    Table,
    log::{engines, load, load::Until},
    median, short,
};

const CLIENTS: [u64; 4] = [1, 16, 64, 256];

struct Args {
    events: u64,
    rounds: usize,
    seconds: f64,
    dir: PathBuf,
    only: Option<String>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if let [flag, what, dir] = words.as_slice()
        && flag == "--child"
    {
        return runtime.block_on(child(what, Path::new(dir)));
    }
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, default: f64| value(name).map_or(default, |text| text.parse().expect("a number"));
    let args = Args {
        events: number("--events", 1e6) as u64,
        rounds: number("--rounds", 5.0) as usize,
        seconds: number("--seconds", 1.0),
        dir: value("--dir").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from),
        only: value("--only").cloned(),
    };
    runtime.block_on(appends(&args));
    if args.events > 0 {
        runtime.block_on(large(&args));
    }
}

fn temp(args: &Args) -> tempfile::TempDir {
    tempfile::Builder::new().prefix("bench-log-").tempdir_in(&args.dir).expect("a directory for the log")
}

/// Durable appends a second, interleaved so that a slow minute of the machine falls on all alike.
async fn appends(args: &Args) {
    let names: Vec<_> =
        engines::NAMES.into_iter().filter(|name| args.only.as_ref().is_none_or(|only| only == name)).collect();
    let mut rounds = vec![vec![Vec::new(); names.len()]; CLIENTS.len()];
    for _ in 0..args.rounds {
        for (clients, rounds) in CLIENTS.iter().zip(&mut rounds) {
            for (name, rounds) in names.iter().zip(rounds) {
                let dir = temp(args);
                let engine = engines::open(name, dir.path());
                load::clients(Arc::clone(&engine), "warm", *clients, Until::Time(Duration::from_millis(200))).await;
                rounds.push(
                    load::clients(engine, "c", *clients, Until::Time(Duration::from_secs_f64(args.seconds))).await,
                );
            }
        }
    }
    println!("\nDurable appends a second, median (and best) of {} interleaved rounds\n", args.rounds);
    let headings = ["clients", "engine", "appends/s", "of raw", "p50 ms", "p99 ms", "best", "of raw"];
    let mut table = Table::new(headings);
    for (clients, rounds) in CLIENTS.iter().zip(&rounds) {
        let figure = |of: &dyn Fn(&load::Round) -> f64, rounds: &[load::Round]| median(rounds.iter().map(of).collect());
        let best = |rounds: &[load::Round]| rounds.iter().map(|round| round.rate).fold(0.0, f64::max);
        let raw = figure(&|round| round.rate, &rounds[0]);
        let raw_best = best(&rounds[0]);
        for (name, rounds) in names.iter().zip(rounds) {
            let rate = figure(&|round| round.rate, rounds);
            let ms = |of: &dyn Fn(&load::Round) -> Duration| {
                format!("{:.2}", figure(&|round| of(round).as_secs_f64() * 1e3, rounds))
            };
            let cells = [clients.to_string(), (*name).to_owned(), short(rate), format!("{:.2}", rate / raw)];
            let best = best(rounds);
            let last = [ms(&|round| round.p50), ms(&|round| round.p99), short(best), format!("{:.2}", best / raw_best)];
            table.row(cells.into_iter().chain(last));
        }
    }
    println!("{table}");
}

/// What a log with many events costs.
async fn large(args: &Args) {
    let dir = temp(args);
    println!("\nA log with {} events\n", short(args.events as f64));
    let mut table = Table::new(["what", "figure"]);
    let mut row = |what: &str, figure: String| table.row([what.to_owned(), figure]);

    let log = Arc::new(SledLog::open(Options::new(dir.path())).expect("the log opens"));
    let engine: Arc<dyn engines::Engine> = Arc::<SledLog>::clone(&log);
    let fill = load::clients(engine, "fill", 64, Until::Count(args.events)).await;
    row("filled by 64 clients, appends/s", short(fill.rate));
    row("memory after filling, MB", short(resident_mb()));
    log.close().await.expect("the log closes");
    let health = log.health();
    row("bytes an event on disk, log and index", short(health.disk_bytes as f64 / args.events as f64));
    let index = std::fs::metadata(dir.path().join("state/index/db")).map_or(0, |file| file.len());
    row("of these in the index", short(index as f64 / args.events as f64));
    row("bytes an event in the journal", short(health.journal_bytes as f64 / args.events as f64));
    let warnings = health.warnings;
    drop(log);

    for (name, value) in run_child("open", dir.path()) {
        row(&format!("after a clean stop: {name}"), value);
    }
    for (name, value) in run_child("replay", dir.path()) {
        row(&name, value);
    }
    kill_while_writing(dir.path());
    for (name, value) in run_child("open", dir.path()) {
        row(&format!("after SIGKILL: {name}"), value);
    }
    std::fs::remove_dir_all(dir.path().join("state")).expect("state is removed");
    for (name, value) in run_child("open", dir.path()) {
        row(&format!("without state/: {name}"), value);
    }

    let small = temp(args);
    let log = Arc::new(SledLog::open(Options::new(small.path())).expect("the log opens"));
    let engine: Arc<dyn engines::Engine> = Arc::<SledLog>::clone(&log);
    let count = (args.events / 20).max(1000);
    load::clients(engine, "one", 1, Until::Count(count)).await;
    log.close().await.expect("the log closes");
    row("bytes an event on disk when one client filled it", short(log.health().disk_bytes as f64 / count as f64));
    let index = std::fs::metadata(small.path().join("state/index/db")).map_or(0, |file| file.len());
    row("of these in the index", short(index as f64 / count as f64));
    println!("{table}");
    for warning in warnings {
        println!("WARNING: {warning}");
    }
}

/// Runs this program again, so that memory and opening are those of a fresh process; it prints `name: value` lines.
fn run_child(what: &str, dir: &Path) -> Vec<(String, String)> {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--child", what])
        .arg(dir)
        .stderr(Stdio::inherit())
        .output()
        .expect("a child");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn kill_while_writing(dir: &Path) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--child", "write"])
        .arg(dir)
        .spawn()
        .expect("a child");
    std::thread::sleep(Duration::from_secs(3));
    child.kill().expect("the child is killed");
    child.wait().expect("the child ends");
}

async fn child(what: &str, dir: &Path) {
    let begin = Instant::now();
    let log = SledLog::open(Options::new(dir)).expect("the log opens");
    let opened = begin.elapsed();
    match what {
        "open" => {
            let first = begin.elapsed();
            let mut requests = load::Requests::new(format!("open{}", std::process::id()));
            engines::Engine::append(&log, requests.next_append()).await;
            println!("open, ms: {:.0}", opened.as_secs_f64() * 1e3);
            println!("open and one append, ms: {:.0}", (begin.elapsed() - first + opened).as_secs_f64() * 1e3);
            println!("memory, MB: {:.0}", resident_mb());
        }
        "replay" => {
            let (mut events, mut bytes) = (0, 0);
            let begin = Instant::now();
            log.read_all(Position::START, &mut |entry| {
                if let Entry::Commit(commit) = entry {
                    events += commit.events.len();
                    bytes += commit.events.iter().map(|event| event.data.get().len()).sum::<usize>();
                }
                ControlFlow::Continue(())
            })
            .expect("a read");
            let seconds = begin.elapsed().as_secs_f64();
            println!("replay, events/s: {}", short(events as f64 / seconds));
            println!("replay, payload MB/s: {}", short(bytes as f64 / seconds / 1e6));
            println!("memory after a full replay, MB: {:.0}", resident_mb());
        }
        _ => {
            let engine: Arc<dyn engines::Engine> = Arc::new(log);
            load::clients(engine, &format!("kill{}-", std::process::id()), 64, Until::Time(Duration::from_secs(60)))
                .await;
        }
    }
}

/// Resident memory in 10^6 bytes, where the system tells it.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.trim().split(' ').next());
    kb.and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() * 1024.0 / 1e6
}
