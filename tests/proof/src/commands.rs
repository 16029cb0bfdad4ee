//! The subcommands: one for each promise, a share of each, a little of each.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use yoman_proof::{
    damage, fuzz,
    kills::{self, Length},
    limits, long, people, platforms, power,
    program::Program,
    run::{self, Ended, Found, Setting},
    simulation,
    wire::Platform,
};

#[derive(Debug, Parser)]
#[command(about, version)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// Repeat the choices of another run; `short` makes the same ones each time unless another seed is given
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
        /// On a file system of its own on a loop device, where root may mount one
        #[arg(long = "loop")]
        on_loop: bool,
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
    /// 429, 5xx, slow and silent platforms, everything again, payloads nobody meant
    HostilePlatforms {
        /// How long each trouble lasts
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// One platform alone
        #[arg(long, value_enum)]
        platform: Option<Platform>,
    },
    /// The whole core on a seeded schedule with virtual time and injected faults
    Simulation {
        /// How long, world after world
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// How many worlds, however long it takes
        #[arg(long)]
        worlds: Option<usize>,
    },
    /// Many commands over twenty rooms: memory, files and latency stay flat
    Long {
        /// How many
        #[arg(long, default_value_t = 1_000_000)]
        commands: usize,
    },
    /// A share of each, for so long in all
    All {
        /// How long about
        #[arg(long, default_value_t = 30)]
        minutes: u64,
    },
    /// A little of each: under five minutes in all
    Short,
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

/// With which `short` begins: it is part of the tests, and those are to be the same each time.
const SHORT_SEED: u64 = 2026;

/// Does what the command line says.
#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    let cli = Cli::parse();
    let program = match Program::find(cli.program.as_deref()) {
        Ok(program) => program,
        Err(error) => {
            println!("yoman-proof: {error}");
            return ExitCode::FAILURE;
        }
    };
    let seed = match cli.what {
        What::Short => SHORT_SEED,
        _ => Setting::any_seed(),
    };
    let setting = Setting { program, seed: cli.seed.unwrap_or(seed), plant: cli.plant };
    let ended = tried(&setting, cli.what).await;
    if ended.iter().all(Ended::well) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn tried(setting: &Setting, what: What) -> Vec<Ended> {
    let mut ended = Vec::new();
    match what {
        What::All { minutes } => {
            // Measured in a debug build on two busy cores: about so many of each a minute.
            let (minutes, seconds) = (usize::try_from(minutes).unwrap_or(1).max(1), minutes.max(1) * 5);
            let kills = |platform| What::Kills { count: 3 * minutes, platform: Some(platform) };
            let share = [
                kills(Platform::Telegram),
                kills(Platform::Discord),
                kills(Platform::Slack),
                What::Power { count: 6 * minutes, on_loop: false },
                What::Power { count: 2 * minutes, on_loop: true },
                What::Damage { count: 6 * minutes },
                What::HostilePeople { strangers: 3 * minutes + 20 },
                What::Limits { rounds: minutes / 20 + 1 },
                What::HostilePlatforms { seconds: seconds / 25 + 2, platform: None },
                What::Fuzz { seconds },
                What::Simulation { seconds, worlds: None },
                What::Long { commands: 4_000 * minutes },
            ];
            for what in share {
                ended.extend(Box::pin(tried(setting, what)).await);
            }
            table(&ended);
        }
        What::Short => {
            let kills = |platform: Platform| async move {
                let run = kills::kills(setting, platform, 8, Length::Short);
                named(setting, &format!("kills --count 8 --platform {platform:?}"), run).await
            };
            let [a, b, c] = Platform::ALL;
            let (a, b, c) = tokio::join!(kills(a), kills(b), kills(c));
            ended.extend([a, b, c]);
            let share = [
                What::Power { count: 10, on_loop: false },
                What::Damage { count: 8 },
                What::HostilePeople { strangers: 12 },
                What::Limits { rounds: 1 },
                What::HostilePlatforms { seconds: 1, platform: None },
                What::Simulation { seconds: 0, worlds: Some(30) },
                What::Fuzz { seconds: 10 },
            ];
            // Two beside each other: much of it is waiting.
            let mut share = share.into_iter();
            while let Some(one) = share.next() {
                let other = async {
                    match share.next() {
                        Some(other) => Box::pin(tried(setting, other)).await,
                        None => Vec::new(),
                    }
                };
                let (one, other) = tokio::join!(Box::pin(tried(setting, one)), other);
                ended.extend(one.into_iter().chain(other));
            }
            // Alone: it looks at the memory of this process.
            ended.extend(Box::pin(tried(setting, What::Long { commands: 2_000 })).await);
            table(&ended);
        }
        What::Kills { count, platform } => {
            for platform in platform.map_or(Platform::ALL.to_vec(), |one| vec![one]) {
                let run = kills::kills(setting, platform, count, Length::Long);
                ended.push(named(setting, &format!("kills --count {count} --platform {platform:?}"), run).await);
            }
        }
        What::Power { count, on_loop } => {
            let (on, name) = if on_loop { (power::On::Loop, " --loop") } else { (power::On::Layer, "") };
            let run = power::power(setting, count, on);
            ended.push(named(setting, &format!("power --count {count}{name}"), run).await);
        }
        What::Damage { count } => {
            ended.push(named(setting, &format!("damage --count {count}"), damage::damage(setting, count)).await);
        }
        What::HostilePeople { strangers } => {
            let run = people::people(setting, strangers);
            ended.push(named(setting, &format!("hostile-people --strangers {strangers}"), run).await);
        }
        What::Limits { rounds } => {
            ended.push(named(setting, &format!("limits --rounds {rounds}"), limits::limits(setting, rounds)).await);
        }
        What::HostilePlatforms { seconds, platform } => {
            let run = platforms::platforms(setting, platform, Duration::from_secs(seconds));
            let only = platform.map_or(String::new(), |one| format!(" --platform {one:?}"));
            ended.push(named(setting, &format!("hostile-platforms --seconds {seconds}{only}"), run).await);
        }
        What::Fuzz { seconds } => {
            let run = fuzz::fuzz(setting, Duration::from_secs(seconds));
            ended.push(named(setting, &format!("fuzz --seconds {seconds}"), run).await);
        }
        What::Simulation { seconds, worlds } => {
            let run = simulation::simulation(setting, Duration::from_secs(seconds), worlds);
            let size = worlds.map_or(format!("--seconds {seconds}"), |worlds| format!("--worlds {worlds}"));
            ended.push(named(setting, &format!("simulation {size}"), run).await);
        }
        What::Long { commands } => {
            ended.push(named(setting, &format!("long --commands {commands}"), long::long(setting, commands)).await);
        }
    }
    ended
}

async fn named(setting: &Setting, name: &str, run: impl Future<Output = Found>) -> Ended {
    run::end(&name.to_lowercase(), setting, run).await
}

/// Everything at the end once more, a line each.
fn table(ended: &[Ended]) {
    println!("\n{:<7} {:>7}  {:<42} size", "", "took", "run (--seed)");
    for one in ended {
        let size = one.found.as_ref().map_or("", |outcome| outcome.size.as_str());
        let verdict = if one.well() { "HELD" } else { "BROKEN" };
        let took = one.took.as_secs_f64();
        println!("{verdict:<7} {took:>5.0} s  {:<42} {size}", format!("{} ({})", one.name, one.seed));
    }
}
