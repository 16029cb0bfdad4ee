//! The composition root: opens what is kept, builds the bots, starts the house, stops it.

mod banner;
mod ear;
mod forgotten;
pub mod house;
pub mod memory;
pub mod moving;
pub mod reports;
pub mod seats;
pub mod upkeep;
mod watch;

use std::{path::Path, sync::Arc, time::Duration};

use yoman_chat::{BotError, Stop};

use self::upkeep::Upkeep;
pub use self::{
    forgotten::finish_forgetting,
    house::{House, Kept, Seating},
};
use crate::{
    bots::{self, Complete},
    clock::Clock,
    command,
    config::Config,
    control::{self, Finding},
    domain::ItemRef,
    intake,
    log::{
        EventLog, owned,
        sled::{OpenError, Options, SledLog},
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    report::Library,
    spool::{self, Spool, SpoolSettings},
    subscription::{SharedWorld, SnapshotSettings, Snapshots, snapshots},
    vault::{SealedLog, Vault},
};

/// Why the process ended.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It could not start, or go on; says what to do.
    #[error("{0}")]
    Failed(String),
}

/// Runs until the process is told to stop or there is nothing more to come.
///
/// # Errors
/// [`AppError`] when it cannot start or go on.
pub async fn run(config: Config) -> Result<(), AppError> {
    let mut signals = Signals::listen();
    make_dir(&config.data_dir)?;
    let new = !config.in_data_dir("log").exists();
    let completer = Arc::new(Completer::default());
    let bots = bots::build(&config, Arc::clone(&completer) as Arc<dyn Complete>).map_err(AppError::Failed)?;
    if bots.is_empty() {
        return Err(AppError::Failed(
            "no bot is on: set a token (config/example.env), or switch the console on in config/yoman.toml".into(),
        ));
    }
    let Opened { stored, log, vault, outbox, snapshots, spool } = open(&config).await?;
    let settings = intake::Settings {
        lang: config.rooms.language,
        time_zone: config.rooms.zone(),
        default_bucket: config.rooms.default_bucket,
        bots: bots::capabilities(&bots),
        sealed: config.privacy.seal,
        reports: reports(&config),
        reminders: config.reminders.defaults(),
        down_after: Duration::from_secs(config.notify.down_after_s),
        clock: Clock::default(),
    };
    let remote = settings.bots.values().any(|can| !can.local);
    // The first lines come before a bot can say anything.
    banner::print(&config, &bots, new);
    let delivery = DeliverySettings {
        backoff_min: Duration::from_millis(config.notify.backoff_min_ms),
        backoff_max: Duration::from_millis(config.notify.backoff_max_ms),
        coalesce: Duration::from_millis(config.notify.coalesce_ms),
        board_every: Duration::from_millis(config.notify.board_every_ms),
        ..DeliverySettings::default()
    };
    let kept = Kept { snapshots, seating: Seating::All, spool };
    let mut house = House::start_keeping(log, outbox, bots, settings, &delivery, kept);
    completer.know(Arc::clone(&house.world));
    let (world, head) = (Arc::clone(&house.world), house.log.head().position);
    tokio::spawn(async move {
        world.at_least(head).await;
        // Beside the async threads; nobody waits for it.
        drop(tokio::task::spawn_blocking(memory::trim));
    });
    let stop = Stop::new();
    let ear = tokio::spawn(listen(config.control_socket(), ear::Ear::new(&house, stored, vault), stop.clone()));
    if remote {
        // Whether there is an owner is known only once the log was read; the bots are at work already.
        let stopped = tokio::select! {
            _ = house.caught_up() => false,
            () = signals.next() => true,
        };
        if stopped {
            stop.cancel();
            house.stop(Duration::from_secs(config.stop.grace_s)).await;
            return Ok(());
        }
        if let Some(code) = house.intake.claim_code() {
            banner::print_claim(&code);
        }
    }
    let ended = wait(&mut house, &mut signals).await;
    stop.cancel();
    house.stop(Duration::from_secs(config.stop.grace_s)).await;
    if let Err(error) = ear.await {
        tracing::error!(%error, "the control socket's task ended badly");
    }
    ended
}

/// Until a signal comes, or no bot is left.
async fn wait(house: &mut House, signals: &mut Signals) -> Result<(), AppError> {
    let mut wrong = None;
    loop {
        tokio::select! {
            () = signals.next() => return Ok(()),
            ended = house.bot_ended() => match ended {
                Some((bot, Err(BotError::Setting(why)))) => {
                    tracing::error!(bot, why, "the bot stays off until its setting is mended and yoman is started again");
                    wrong = Some(AppError::Failed(format!("{bot}: {why}")));
                }
                Some((bot, Err(error))) => wrong = Some(AppError::Failed(format!("{bot}: {error}"))),
                Some((bot, Ok(()))) => tracing::debug!(bot, "nothing more to come"),
                None => return wrong.map_or(Ok(()), Err),
            }
        }
    }
}

/// SIGINT or SIGTERM, heard from the moment this exists: a stop during the start is a stop, not a death.
#[derive(Debug)]
struct Signals {
    #[cfg(unix)]
    streams: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let streams = signal(SignalKind::interrupt()).and_then(|it| Ok((it, signal(SignalKind::terminate())?)));
            Self { streams: streams.inspect_err(|error| tracing::warn!(%error, "signals cannot be heard")).ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some((interrupt, terminate)) = &mut self.streams {
            tokio::select! {
                _ = interrupt.recv() => tracing::info!("stopping: interrupted"),
                _ = terminate.recv() => tracing::info!("stopping: told to"),
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn listen(path: std::path::PathBuf, ear: ear::Ear, stop: Stop) {
    if let Err(error) = control::serve(&path, Arc::new(ear), stop).await {
        tracing::warn!(%error, "yoman pair, status and doctor cannot ask this process");
    }
}

fn reports(config: &Config) -> intake::Reports {
    intake::Reports {
        library: Library::new(Some(config.reports.dir.clone())),
        time_max: Duration::from_secs(config.reports.time_s_max),
        ..intake::Reports::default()
    }
}

/// What is kept on disk.
struct Opened {
    /// The log as it is stored.
    stored: Arc<SledLog>,
    /// The log as everybody reads it.
    log: Arc<dyn EventLog>,
    /// The keys it is read with.
    vault: Arc<Vault>,
    outbox: Outbox,
    /// Snapshots of the world, when there may be any.
    snapshots: Option<Arc<Snapshots>>,
    /// What waits for a shared log.
    spool: Option<Arc<Spool>>,
}

/// Opens what is kept, beside the async threads: all of it reads from disk.
async fn open(config: &Config) -> Result<Opened, AppError> {
    let options = log_options(config);
    let (state, keys, seal) = (config.in_data_dir("state"), config.in_data_dir("keys"), config.privacy.seal);
    let data = config.data_dir.clone();
    let settings = OutboxSettings {
        waiting_room_max: usize::try_from(config.notify.queue_per_room_max).unwrap_or(usize::MAX),
        ..OutboxSettings::default()
    };
    let dir = snapshots::dir(&config.data_dir);
    let kept = (config.snapshots.disk_mb_max > 0).then(|| SnapshotSettings {
        load_ms_max: config.snapshots.load_ms_max,
        bytes_max: config.snapshots.disk_mb_max.saturating_mul(1_000_000),
        ..SnapshotSettings::default()
    });
    let spool = config.in_data_dir("spool");
    let spool_settings = SpoolSettings {
        waiting_max: usize::try_from(config.spool.max).unwrap_or(usize::MAX),
        free_space_floor_mb: config.log.free_space_floor_mb,
    };
    let opened = tokio::task::spawn_blocking(move || {
        let failed = |error: &dyn std::fmt::Display| AppError::Failed(error.to_string());
        let stored = Arc::new(SledLog::open(options).map_err(|error| AppError::Failed(locked(&error)))?);
        let vault = Arc::new(Vault::open(keys).map_err(|error| failed(&error))?);
        let log = SealedLog::open(Arc::clone(&stored) as Arc<dyn EventLog>, Arc::clone(&vault), seal)
            .map_err(|error| failed(&error))?;
        let log = Arc::new(log) as Arc<dyn EventLog>;
        make_dir(&state)?;
        finish_forgetting(&vault, &data);
        let outbox =
            Outbox::open(&state.join("bots"), settings).map_err(|error| AppError::Failed(error.to_string()))?;
        // They only save time: without them everything is as it was, only slower.
        let snapshots = kept.and_then(|kept| {
            Snapshots::open(&dir, kept)
                .inspect_err(|error| tracing::warn!(dir = %dir.display(), %error, "no snapshots are kept"))
                .ok()
        });
        // It is on disk only while something waits in it: what was left there when the log was moved here is decided, too.
        let spool = Spool::open(&spool, spool_settings).map_err(|error| failed(&error))?;
        let (snapshots, spool) = (snapshots.map(Arc::new), Some(Arc::new(spool)));
        Ok(Opened { stored, log, vault, outbox, snapshots, spool })
    });
    opened.await.map_err(|error| AppError::Failed(error.to_string()))?
}

fn locked(error: &OpenError) -> String {
    match error {
        OpenError::Locked { .. } => format!("{error} (yoman status, pair, doctor and log do)"),
        other => other.to_string(),
    }
}

fn log_options(config: &Config) -> Options {
    Options {
        journal: config.log.journal,
        free_space_floor_mb: config.log.free_space_floor_mb,
        cache_mb: config.log.cache_mb,
        lock_wait_ms: config.log.lock_wait_ms,
        ..Options::new(&config.data_dir)
    }
}

/// Makes a directory for its owner only.
fn make_dir(path: &Path) -> Result<(), AppError> {
    owned::create_dir(path).map_err(|error| AppError::Failed(format!("{} cannot be used: {error}", path.display())))
}

/// What `yoman doctor` finds about the bots that are on: do their tokens work?
pub async fn check_bots(config: &Config) -> Vec<Finding> {
    bots::check(config).await
}

/// What `yoman doctor` finds about what waits for a shared log, when no process holds it.
pub async fn check_spool(config: &Config) -> Vec<Finding> {
    let dir = config.in_data_dir("spool");
    let found = tokio::task::spawn_blocking(move || match spool::peek(&dir) {
        Ok(waits) => waits.map(|waits| intake::spool_findings(&waits)).unwrap_or_default(),
        Err(why) => vec![Finding::warn(
            "spool",
            format!("what waits in {} cannot be looked at: {why}", dir.display()),
            "start yoman: what can be read of it is decided, the rest is put aside",
        )],
    });
    found.await.unwrap_or_else(|error| vec![Finding::fail("spool", error.to_string(), "")])
}

/// What `yoman doctor` finds about a log that no process holds: opens it and changes nothing.
pub async fn check_log(config: &Config) -> Vec<Finding> {
    if !config.in_data_dir("log").exists() {
        return vec![Finding::ok("log", format!("{} is new: there is no log yet", config.data_dir.display()))];
    }
    let (options, keys, seal) = (log_options(config), config.in_data_dir("keys"), config.privacy.seal);
    let found = tokio::task::spawn_blocking(move || match SledLog::open(options) {
        Ok(log) => match SealedLog::open(Arc::new(log), Arc::new(Vault::looking(keys)), seal) {
            Ok(log) => {
                let mut findings = ear::health(&log);
                findings.extend(unreadable(&log));
                findings
            }
            Err(error) => {
                vec![Finding::fail("log", error.to_string(), "the log itself can be opened; its people cannot be read")]
            }
        },
        Err(error @ OpenError::Locked { .. }) => {
            vec![Finding::warn(
                "log",
                error.to_string(),
                "stop that process, or run doctor with the same data directory",
            )]
        }
        Err(error) => vec![Finding::fail("log", error.to_string(), "see the sentence above; nothing was changed")],
    });
    found.await.unwrap_or_else(|error| vec![Finding::fail("log", error.to_string(), "")])
}

/// What doctor says of events that cannot be read.
fn unreadable(log: &dyn EventLog) -> Vec<Finding> {
    let [(newer, first_newer), (damaged, first_damaged)] = match Upkeep::unreadable(log) {
        Ok(counts) => counts,
        Err(error) => return vec![Finding::fail("log", error.to_string(), "")],
    };
    let mut findings = Vec::new();
    let at = |first: Option<crate::log::Position>| first.unwrap_or_default();
    if newer > 0 {
        let what = format!("{newer} events, the first at position {}, were written by a newer yoman", at(first_newer));
        findings.push(Finding::warn(
            "log",
            what,
            "update; until then what they are of can be looked at and not changed",
        ));
    }
    if damaged > 0 {
        let what = format!("{damaged} events, the first at position {}, cannot be read", at(first_damaged));
        findings.push(Finding::warn("log", what, "yoman log verify says where"));
    }
    findings
}

/// Completes verbs, and references once the world is known.
#[derive(Debug, Default)]
struct Completer {
    world: std::sync::OnceLock<Arc<SharedWorld>>,
}

impl Completer {
    fn know(&self, world: Arc<SharedWorld>) {
        // Set once, here; a second time would be the same world.
        let _ = self.world.set(world);
    }
}

/// The most completions that are offered.
const COMPLETIONS_MAX: usize = 25;

impl Complete for Completer {
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let Some(before) = line.get(..cursor) else { return (cursor, Vec::new()) };
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = before[start..].to_lowercase();
        if start == 0 {
            let (slash, bare) = word.strip_prefix('/').map_or(("", word.as_str()), |bare| ("/", bare));
            let verbs = command::verbs().iter();
            // Korean words once one is begun, each in the language it is begun in.
            let words = verbs.flat_map(|verb| {
                let korean = if bare.is_ascii() { &[] } else { verb.korean() };
                std::iter::once(verb.word).chain(korean.iter().copied())
            });
            return (
                0,
                words.filter(|word| command::begins(word, bare)).map(|word| format!("{slash}{word}")).collect(),
            );
        }
        let Some(world) = self.world.get() else { return (start, Vec::new()) };
        let mut found: Vec<String> = world.read(|world| {
            if let Some(handle) = word.strip_prefix('@') {
                return world
                    .people()
                    .filter(|it| !it.forgotten)
                    .map(|it| it.handle.to_string())
                    .filter(|it| it[1..].starts_with(handle))
                    .collect();
            }
            let Some(bucket) = word.chars().next().and_then(|first| {
                crate::domain::Bucket::ALL.into_iter().find(|bucket| bucket.letter().eq_ignore_ascii_case(&first))
            }) else {
                return Vec::new();
            };
            let newest = world.newest(bucket);
            (1..=newest)
                .rev()
                .map(|number| ItemRef::new(bucket, number))
                .filter(|item| item.to_string().to_lowercase().starts_with(&word))
                .filter(|item| world.item(*item).is_some_and(|seen| !seen.item.is_closed()))
                .take(COMPLETIONS_MAX)
                .map(|item| item.to_string())
                .collect()
        });
        found.truncate(COMPLETIONS_MAX);
        (start, found)
    }
}
