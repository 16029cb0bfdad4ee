//! yoman beside what a user would pick instead, in one run on one machine: `benches/peers/run`.
//!
//! * `logs.rs`    durable appends, opening, memory and disk of the log beside SQLite, redb, fjall, PostgreSQL, JetStream
//! * `embedded.rs` and `servers.rs`  those of them that `yoman-benches` does not know yet
//! * `fronts.rs`  message to answer, start and memory beside Errbot, Hubot, python-telegram-bot and teloxide
//!
//! Everything is a ratio to yoman: above 1 means that yoman has more of it, whether that is good or not.

mod embedded;
mod fronts;
mod logs;
mod servers;

use std::path::{Path, PathBuf};

/// What a bench comes to: nothing can be saved when one fails, so the first fault ends it.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What was asked for, and where things are.
pub(crate) struct Args {
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) events: u64,
    /// Where the other front ends were installed.
    pub(crate) installed: PathBuf,
    /// yoman and the teloxide bot.
    pub(crate) built: PathBuf,
    pub(crate) nats: PathBuf,
    pub(crate) postgres: PathBuf,
    /// On a real disk: in memory every fsync is free.
    pub(crate) dir: PathBuf,
    only: Vec<String>,
}

impl Args {
    fn read() -> Outcome<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
        let number = |name: &str, default: u64| value(name).map_or(Ok(default), |text| text.parse::<u64>());
        let path = |name: &str| value(name).map(PathBuf::from).ok_or(format!("{name} is missing: benches/peers/run knows"));
        Ok(Self {
            rounds: number("--rounds", 3)? as usize,
            seconds: number("--seconds", 10)?,
            events: number("--events", 200_000)?,
            installed: path("--installed")?,
            built: path("--built")?,
            nats: path("--nats")?,
            postgres: path("--postgres")?,
            dir: path("--dir")?,
            only: value("--only").map(|names| names.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        })
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| it == name)
    }

    pub(crate) fn temp(&self, name: &str) -> Outcome<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix(&format!("peers-{name}-")).tempdir_in(&self.dir)?)
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, engine, dir] = words.as_slice()
        && flag == "--child"
    {
        return logs::child(engine, Path::new(dir)).await;
    }
    let args = Args::read()?;
    println!("medians of {} interleaved rounds; in brackets: yoman's figure as a multiple of this one", args.rounds);
    if args.wants("logs") {
        logs::run(&args).await?;
    }
    if args.wants("fronts") {
        fronts::run(&args).await?;
    }
    Ok(())
}
