//! Load, validate, explain: every setting with its default and its unit, from the file, the environment and the flags.
//!
//! # Layout
//!
//! * `config.rs`   [`Config`]: plain structs, and [`Config::load`]
//! * `settings.rs` the table of settings: key, limits, place in [`Config`]; the only list of them there is
//! * `value.rs`    a written value -> a setting, or what was expected instead
//! * `file.rs`     the TOML file, with line and column
//! * `env.rs`      the environment and `.env`
//! * `bots.rs`     which bots run, and with which token
//! * `discord.rs`  the settings of a Discord bot
//! * `slack.rs`    what a Slack bot needs to be reached
//! * `nats.rs`      where NATS is, for a log on several machines
//! * `nodes.rs`     how this node behaves beside others
//! * `problem.rs`  what is wrong, where, and the nearest thing meant

mod bots;
mod discord;
mod env;
mod file;
mod nats;
mod nodes;
mod problem;
mod settings;
mod slack;
#[cfg(test)]
mod tests;
mod value;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono_tz::Tz;

pub use yoman_chat::Secret;

pub use self::{
    bots::{BotConfig, ConsoleBot, Enabled, Platform, TelegramBot, Webhook},
    discord::DiscordBot,
    env::Environment,
    nats::NatsConfig,
    nodes::NodesConfig,
    problem::{ConfigError, Problem},
    slack::{SlackBot, SlackWay},
};
use crate::{
    domain::{
        Bucket,
        reminder::{self, DAY_MIN},
    },
    lang::Lang,
};

/// Where the file is looked for when nobody says otherwise. It need not be there.
pub const FILE_DEFAULT: &str = "config/yoman.toml";

/// All settings. The fields carry the names they have in the file.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file they were read from, if there was one.
    pub file: Option<PathBuf>,
    /// Everything yoman keeps; created for its owner only.
    pub data_dir: PathBuf,
    /// The log.
    pub log: LogConfig,
    /// Where NATS is, when the log is there.
    pub nats: NatsConfig,
    /// How this node behaves beside others.
    pub nodes: NodesConfig,
    /// What is said while a shared log cannot be reached.
    pub spool: SpoolConfig,
    /// Who can still read what.
    pub privacy: PrivacyConfig,
    /// What rooms start with.
    pub rooms: RoomsConfig,
    /// How people are told.
    pub notify: NotifyConfig,
    /// Reports.
    pub reports: ReportsConfig,
    /// Reminders.
    pub reminders: RemindersConfig,
    /// What is kept so that the log need not be read whole.
    pub snapshots: SnapshotsConfig,
    /// What the process tells about itself, on standard error.
    pub tracing: TracingConfig,
    /// The process.
    pub runtime: RuntimeConfig,
    /// How it ends.
    pub stop: StopConfig,
    /// The bots by name, those that are off too.
    pub bots: BTreeMap<String, BotConfig>,
    /// What is allowed but should be looked at, as full sentences.
    pub warnings: Vec<String>,
}

/// Where a node keeps its replica of a shared log, in the data directory: a log that was here before it is left as it was.
pub const REPLICA: &str = "replica";

/// Where the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// On this machine.
    #[default]
    Sled,
    /// On NATS JetStream, for several machines; a replica of it on this one.
    JetStream,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Where the log is.
    pub engine: Engine,
    /// Writes are refused while less than this is free on the disk; 10^6 bytes.
    pub free_space_floor_mb: u64,
    /// Keep the log as JSON lines too.
    pub journal: bool,
    /// Memory for the pages of the store; 10^6 bytes.
    pub cache_mb: u64,
    /// How long to wait for another process to let go of the log.
    pub lock_wait_ms: u64,
}

/// `[spool]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolConfig {
    /// So many commands may wait.
    pub max: u64,
}

/// `[privacy]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyConfig {
    /// Seal what people write under a key of their own.
    pub seal: bool,
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomsConfig {
    /// The language of a room that set none, and whose platform hints at none.
    pub language: Lang,
    /// The time zone of a room that set none; `None`: the machine's.
    pub time_zone: Option<Tz>,
    /// Where a bare sentence goes in a room that set nothing else.
    pub default_bucket: Bucket,
}

impl RoomsConfig {
    /// The time zone to use: the one set, else `TZ`, else the machine's, else UTC.
    pub fn zone(&self) -> Tz {
        let named = |name: String| name.trim_start_matches(':').parse().ok();
        self.time_zone
            .or_else(|| std::env::var("TZ").ok().and_then(named))
            .or_else(|| iana_time_zone::get_timezone().ok().and_then(named))
            .unwrap_or(Tz::UTC)
    }
}

/// `[notify]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// So many messages may wait for one room; what more it would be told is held and comes as one message.
    pub queue_per_room_max: u64,
    /// The first pause after a failed send.
    pub backoff_min_ms: u64,
    /// The longest pause between attempts.
    pub backoff_max_ms: u64,
    /// Changes to one card within this time become one edit.
    pub coalesce_ms: u64,
    /// So long a bot is down before its owners are told on another.
    pub down_after_s: u64,
    /// A room's pinned board is changed at most this often.
    pub board_every_ms: u64,
}

/// `[reports]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportsConfig {
    /// Where further reports are; need not be there.
    pub dir: PathBuf,
    /// How long one may take that is asked for in a chat.
    pub time_s_max: u64,
}

/// `[reminders]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemindersConfig {
    /// So long before something is due, besides the time itself.
    pub due: Leads,
    /// After so many days without a change of what somebody is at; 0: never.
    pub stale_days: u64,
    /// After so many days of waiting for another item; 0: never.
    pub blocked_days: u64,
    /// What is due on a day is reminded of at this hour.
    pub day_hour: u64,
}

impl RemindersConfig {
    /// When rooms are reminded that said nothing about it.
    pub fn defaults(&self) -> reminder::Defaults {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        reminder::Defaults {
            due_min: self.due.0.clone(),
            stale_days: small(self.stale_days),
            blocked_days: small(self.blocked_days),
            day_hour: small(self.day_hour),
        }
    }
}

/// Lengths of time, in minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leads(pub Vec<u32>);

/// `[snapshots]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotsConfig {
    /// One is taken when loading without it would take longer, as measured.
    pub load_ms_max: u64,
    /// So much is kept of them; 10^6 bytes, 0: none.
    pub disk_mb_max: u64,
}

/// How the process writes about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TracingFormat {
    /// For reading.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// `[tracing]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracingConfig {
    /// For people or for machines.
    pub format: TracingFormat,
    /// What is told: `info`, or per part `yoman=debug,info`. `RUST_LOG` goes before it.
    pub filter: String,
}

/// `[runtime]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// Threads that run tasks.
    pub worker_threads: u64,
}

/// `[stop]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopConfig {
    /// How long to wait for what is under way.
    pub grace_s: u64,
}

impl Default for Config {
    /// What a machine with no file, no environment and no flags runs with.
    fn default() -> Self {
        Self {
            file: None,
            data_dir: PathBuf::from("data"),
            log: LogConfig {
                engine: Engine::Sled,
                free_space_floor_mb: 64,
                journal: true,
                cache_mb: 64,
                lock_wait_ms: 3_000,
            },
            nats: NatsConfig::default(),
            nodes: NodesConfig::default(),
            spool: SpoolConfig { max: 100_000 },
            privacy: PrivacyConfig { seal: true },
            rooms: RoomsConfig { language: Lang::English, time_zone: None, default_bucket: Bucket::Idea },
            notify: NotifyConfig {
                queue_per_room_max: 50,
                backoff_min_ms: 500,
                backoff_max_ms: 60_000,
                coalesce_ms: 300,
                down_after_s: 300,
                board_every_ms: 3_000,
            },
            reports: ReportsConfig { dir: PathBuf::from("config/reports"), time_s_max: 10 },
            reminders: RemindersConfig { due: Leads(vec![DAY_MIN]), stale_days: 14, blocked_days: 3, day_hour: 9 },
            snapshots: SnapshotsConfig { load_ms_max: 200, disk_mb_max: 256 },
            tracing: TracingConfig { format: TracingFormat::Human, filter: "info".to_owned() },
            runtime: RuntimeConfig { worker_threads: 2 },
            stop: StopConfig { grace_s: 5 },
            bots: bots::defaults(),
            warnings: Vec::new(),
        }
    }
}

/// What the command line says; goes before everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--log-format`
    pub log_format: Option<TracingFormat>,
}

impl Config {
    /// The settings of this process: defaults, then the file, then the environment (with `.env` behind it), then flags.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong, not only the first of it.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let mut problems = environment.problems().to_vec();
        let mut config = Self::default();

        // An explicit file must be there; the default one need not.
        let asked = flags.file.clone().or_else(|| environment.get("YOMAN_CONFIG").map(PathBuf::from));
        let path = asked.clone().unwrap_or_else(|| PathBuf::from(FILE_DEFAULT));
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                config.file = Some(path.clone());
                file::apply(&mut config, &path, &text, &mut problems);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked.is_none() => {}
            Err(error) => problems.push(Problem::new(path.display(), format!("cannot be read: {error}"))),
        }

        env::apply(&mut config, environment, &mut problems);
        if let Some(data_dir) = &flags.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        if let Some(format) = flags.log_format {
            config.tracing.format = format;
        }

        settings::check(&config, &mut problems);
        bots::finish(&mut config, environment, &mut problems);
        nats::find_secrets(&mut config, environment, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    /// The socket of the running process.
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }

    /// A path inside the data directory.
    pub fn in_data_dir(&self, name: impl AsRef<Path>) -> PathBuf {
        self.data_dir.join(name)
    }

    /// The directory with `log/` and `journal/` of the log that is gone on with: on NATS, the replica here.
    pub fn log_root(&self) -> PathBuf {
        match self.log.engine {
            Engine::Sled => self.data_dir.clone(),
            Engine::JetStream => self.in_data_dir(REPLICA),
        }
    }
}
