//! yoman on Telegram in figures, beside what somebody would write with teloxide and SQLite (`teloxide_peer`), in one run
//! and in turn, so that whatever else the machine does hits both.
//!
//! `cargo build --release -p yoman -p yoman-benches && target/release/telegram`
//! `[--rounds N] [--seconds S] [--kills N] [--events N] [--seed N] [--only NAME,..] [--yoman PATH] [--dir DIR]`
//! where NAME is steady, backlog, start, memory, outage, send or kills.
//!
//! The platform is the stand-in, in this process; the bots are child processes, each alone while it is measured. They
//! share the machine with the stand-in, which costs both the same. Latency and order are read from the stand-in's
//! clock, processor time and memory of the bots alone from `/proc`.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

mod kills;
mod random;
mod report;
mod trouble;

use std::path::PathBuf;

use yoman_benches::telegram::{
    Outcome,
    prepare::Prepared,
    subject::{Programs, Subject},
};

/// What was asked for.
pub(crate) struct Args {
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) kills: usize,
    pub(crate) events: u64,
    pub(crate) seed: u64,
    only: Vec<String>,
}

impl Args {
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| it == name)
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, default: u64| value(name).map_or(Ok(default), |text| text.parse::<u64>());
    let args = Args {
        rounds: number("--rounds", 3)? as usize,
        seconds: number("--seconds", 20)?,
        kills: number("--kills", 60)? as usize,
        events: number("--events", 1_000_000)?,
        seed: number("--seed", std::process::id().into())?,
        only: value("--only").map(|names| names.split(',').map(str::to_owned).collect()).unwrap_or_default(),
    };
    let here = std::env::current_exe()?;
    let beside = here.parent().ok_or("no directory")?;
    let yoman = value("--yoman").map_or_else(|| beside.join("yoman"), PathBuf::from);
    let programs = Programs::default().with(Subject::Teloxide, beside.join("teloxide_peer"), Vec::new()).with(
        Subject::Yoman,
        yoman,
        Vec::new(),
    );
    let root = value("--dir").map_or_else(|| beside.to_owned(), PathBuf::from);
    // On the disk the build is on: a directory in memory would make every fsync free.
    let root = tempfile::Builder::new().prefix("bench-telegram-").tempdir_in(root)?;
    let prepared = Prepared::new(root.path(), &programs).await?;
    println!("{} rounds, in turn; medians of rounds; ratio: yoman to peer", args.rounds);
    let done = report::all(&args, &programs, &prepared).await;
    if done.is_err() {
        println!("what the bots said is in {}", root.keep().display());
    }
    done
}
