//! yoman beside what a user would pick instead, in one run on one machine: `benches/peers/run`.
//!
//! # Layout
//!
//! * `logs.rs`     durable appends, opening, memory and disk of the log beside SQLite, redb, fjall, PostgreSQL, JetStream
//! * `embedded.rs` and `servers.rs`  those of them that `yoman-benches` does not know yet
//! * `fronts.rs`   message to answer, start and memory beside Errbot, Hubot, python-telegram-bot and teloxide
//! * `sheet.rs`    the table: figures as multiples of yoman's, and who is ahead
//! * `machine.rs`  where and with what versions it was measured

mod embedded;
mod fronts;
mod logs;
mod machine;
mod servers;
mod sheet;

use std::path::{Path, PathBuf};

use sheet::Sheet;

/// What a bench comes to: nothing can be saved when one fails.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What was asked for, and where things are.
pub(crate) struct Args {
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
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
    /// Who could not be installed, and why.
    without: Vec<(String, String)>,
}

impl Args {
    fn read() -> Outcome<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
        let number = |name: &str, default: f64| value(name).map_or(Ok(default), |text| text.parse::<f64>());
        let path =
            |name: &str| value(name).map(PathBuf::from).ok_or(format!("{name} is missing: benches/peers/run knows"));
        let without = words.iter().zip(words.iter().skip(1)).filter(|(flag, _)| *flag == "--without");
        Ok(Self {
            rounds: number("--rounds", 5.0)? as usize,
            seconds: number("--seconds", 2.0)?,
            events: number("--events", 100_000.0)? as u64,
            installed: path("--installed")?,
            built: path("--built")?,
            nats: path("--nats")?,
            postgres: path("--postgres")?,
            dir: path("--dir")?,
            only: value("--only").map(|names| names.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            without: without
                .filter_map(|(_, it)| it.split_once('='))
                .map(|(name, why)| (name.to_owned(), why.to_owned()))
                .collect(),
        })
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| it == name)
    }

    /// Why somebody cannot be measured, when that is known before.
    pub(crate) fn without(&self, name: &str) -> Option<&str> {
        self.without.iter().find(|(it, _)| it == name).map(|(_, why)| why.as_str())
    }

    pub(crate) fn temp(&self, name: &str) -> Outcome<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix(&format!("peers-{name}-")).tempdir_in(&self.dir)?)
    }
}

/// Prints a table, what yoman loses in it, and who is not in it.
pub(crate) fn print(heading: &str, sheet: &Sheet, absent: &[(String, String)]) {
    println!("\n{heading}\n\n{sheet}");
    for loss in sheet.losses() {
        println!("lost: {loss}");
    }
    for (name, why) in absent {
        println!("NOT MEASURED: {name}: {why}");
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, what, engine, dir, rest @ ..] = words.as_slice()
        && flag == "--child"
    {
        return logs::child(what, engine, Path::new(dir), rest).await;
    }
    let args = Args::read()?;
    println!("{}", machine::machine(&args));
    println!(
        "Medians of {} rounds in which everybody takes turns; in brackets the figure as a multiple of yoman's (1.00), bold \
         where it is better than yoman's in four of five rounds.",
        args.rounds
    );
    if args.wants("logs") {
        logs::run(&args).await?;
    }
    if args.wants("fronts") {
        fronts::run(&args).await?;
    }
    println!("load {} at the end", machine::load());
    Ok(())
}
