//! `yoman-proof`: tries to break what yoman promises, one promise a subcommand.
#![expect(clippy::print_stdout, reason = "what it found is for whoever runs it")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use yoman_proof::{
    damage, fuzz,
    kills::{self, Length},
    limits, people, power,
    program::Program,
    run::{self, Ended, Setting},
    wire::Platform,
};

#[derive(Debug, Parser)]
#[command(about, version)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// Repeat the choices of another run
    #[arg(long, global = true)]
    seed: Option<u64>,
    /// Plant a defect of the kind the run is there to find: it has failed when it finds nothing
    #[arg(long, global = true)]
    plant: bool,
    /// The program that is tried, instead of the one beside this
    #[arg(long, global = true, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// kill -9 at any instant, under traffic through the real wire protocols
    Kills {
        /// How often, on each platform
        #[arg(long, default_value_t = 100)]
        count: usize,
        /// One platform alone
        #[arg(long, value_enum)]
        platform: Option<Platform>,
    },
    /// Power cuts: what was written and not synced is gone, or some of it
    Power {
        /// How often
        #[arg(long, default_value_t = 100)]
        count: usize,
    },
    /// Strangers, a guest, forged presses and calls, tricks in titles, secrets that must be nowhere
    HostilePeople {
        /// How many strangers
        #[arg(long, default_value_t = 60)]
        strangers: usize,
    },
    /// A full, read-only or failing disk, no file handles, little memory, clocks that are wrong
    Limits {
        /// How often each
        #[arg(long, default_value_t = 1)]
        rounds: usize,
    },
    /// Bytes nobody meant: the grammar, records, segments, imports, settings, and what platforms hand over
    Fuzz {
        /// How long
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Flips, cuts, missing and swapped files of the data directory
    Damage {
        /// How many copies of a log
        #[arg(long, default_value_t = 100)]
        count: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let program = match Program::find(cli.program.as_deref()) {
        Ok(program) => program,
        Err(error) => {
            println!("yoman-proof: {error}");
            return ExitCode::FAILURE;
        }
    };
    let setting = Setting { program, seed: cli.seed.unwrap_or_else(Setting::any_seed), plant: cli.plant };
    let ended = tried(&setting, cli.what).await;
    if ended.iter().all(Ended::well) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn tried(setting: &Setting, what: What) -> Vec<Ended> {
    let mut ended = Vec::new();
    match what {
        What::Kills { count, platform } => {
            for platform in platform.map_or(Platform::ALL.to_vec(), |one| vec![one]) {
                let run = kills::kills(setting, platform, count, Length::Long);
                ended.push(
                    run::end(&format!("kills --count {count} --platform {platform:?}").to_lowercase(), setting, run)
                        .await,
                );
            }
        }
        What::Power { count } => {
            ended.push(run::end(&format!("power --count {count}"), setting, power::power(setting, count)).await);
        }
        What::HostilePeople { strangers } => {
            let name = format!("hostile-people --strangers {strangers}");
            ended.push(run::end(&name, setting, people::people(setting, strangers)).await);
        }
        What::Limits { rounds } => {
            ended.push(run::end(&format!("limits --rounds {rounds}"), setting, limits::limits(setting, rounds)).await);
        }
        What::Fuzz { seconds } => {
            let time = Duration::from_secs(seconds);
            ended.push(run::end(&format!("fuzz --seconds {seconds}"), setting, fuzz::fuzz(setting, time)).await);
        }
        What::Damage { count } => {
            ended.push(run::end(&format!("damage --count {count}"), setting, damage::damage(setting, count)).await);
        }
    }
    ended
}
