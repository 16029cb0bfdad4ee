//! The composition root: opens what is kept, builds the bots, starts the house, stops it.

mod banner;
mod ear;
mod forgotten;
pub mod house;
mod lag;
pub mod memory;
pub mod moving;
mod nodes;
pub mod reports;
pub mod seats;
mod shared;
pub mod upkeep;
mod watch;

use std::{path::Path, sync::Arc, time::Duration};

use yoman_chat::{Bot, BotError, BotName, Stop};

use self::upkeep::Upkeep;
pub use self::{
    forgotten::finish_forgetting,
    house::{House, Kept, Seating},
    shared::check_nats,
};
use crate::{
    bots::{self, Complete},
    clock::Clock,
    command,
    config::{Config, Engine},
    control::{self, Finding},
    domain::ItemRef,
    intake,
    log::{
        EventLog, Position,
        jetstream::{self, Connection, JetStreamLog},
        owned,
        sled::{OpenError, Options, SledLog},
    },
    nodes::Nodes,
    notify::{DeliverySettings, Mirror, Outbox, OutboxSettings},
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
    moving::may_start(&config).map_err(AppError::Failed)?;
    let new = !config.log_root().join("log").exists();
    let completer = Arc::new(Completer::default());
    let bots = bots::build(&config, Arc::clone(&completer) as Arc<dyn Complete>).map_err(AppError::Failed)?;
    if bots.is_empty() {
        return Err(AppError::Failed(
            "no bot is on: set a token (config/example.env), or switch the console on in config/yoman.toml".into(),
        ));
    }
    let Opened { stored, log, vault, looked_through, outbox, snapshots, spool, connection } = open(&config).await?;
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
    let leased = leased(&bots);
    // The first lines come before a bot can say anything.
    banner::print(&config, &bots, new);
    let delivery = DeliverySettings {
        backoff_min: Duration::from_millis(config.notify.backoff_min_ms),
        backoff_max: Duration::from_millis(config.notify.backoff_max_ms),
        coalesce: Duration::from_millis(config.notify.coalesce_ms),
        board_every: Duration::from_millis(config.notify.board_every_ms),
        ..DeliverySettings::default()
    };
    // On a log that others share, who speaks for which bot is found out with them.
    let shared = connection.clone().map(|connection| (connection, Nodes::lines(leased.clone())));
    let seating = if shared.is_some() { Seating::Later } else { Seating::All };
    if let Some((_, lines)) = &shared {
        outbox.mirror_to(Arc::clone(lines) as Arc<dyn Mirror>);
    }
    let mut house = House::start_keeping(log, outbox, bots, settings, &delivery, Kept { snapshots, seating, spool });
    let nodes = shared.map(|(connection, lines)| {
        Nodes::start(&connection, &config.nodes.settings(), &lines, &house.outbox, &house.log, &house.seats)
    });
    if let Some(nodes) = &nodes {
        house.intake.know_nodes(nodes.view());
    }
    completer.know(Arc::clone(&house.world));
    let (world, head) = (Arc::clone(&house.world), house.log.head().position);
    tokio::spawn(async move {
        world.at_least(head).await;
        // Beside the async threads; nobody waits for it.
        drop(tokio::task::spawn_blocking(memory::trim));
    });
    let stop = Stop::new();
    if let Some(connection) = connection {
        let (log, vault, intake) = (Arc::clone(&house.log), Arc::clone(&vault), Arc::clone(&house.intake));
        tokio::spawn(forgotten::follow(log, looked_through, vault, intake, stop.clone()));
        let (log, outbox, seats) = (Arc::clone(&house.log), house.outbox.clone(), Arc::clone(&house.seats));
        tokio::spawn(lag::show(connection, log, outbox, seats, leased, stop.clone()));
    }
    let ear = tokio::spawn(listen(config.control_socket(), ear::Ear::new(&house, stored, vault), stop.clone()));
    if remote {
        // Whether there is an owner is known only once the log was read; the bots are at work already.
        let stopped = tokio::select! {
            _ = house.caught_up() => false,
            () = signals.next() => true,
        };
        if stopped {
            stop.cancel();
            end(house, nodes, Duration::from_secs(config.stop.grace_s)).await;
            return Ok(());
        }
        if let Some(code) = house.intake.claim_code() {
            banner::print_claim(&code);
        }
    }
    let ended = wait(&mut house, &mut signals).await;
    stop.cancel();
    end(house, nodes, Duration::from_secs(config.stop.grace_s)).await;
    if let Err(error) = ear.await {
        tracing::error!(%error, "the control socket's task ended badly");
    }
    ended
}

/// Hands the bots over, then stops.
async fn end(house: House, nodes: Option<Nodes>, grace: Duration) {
    if let Some(nodes) = nodes
        && tokio::time::timeout(grace, nodes.stop()).await.is_err()
    {
        tracing::warn!("not every bot could be handed over in time: their leases run out");
    }
    house.stop(grace).await;
}

/// How often it is looked whether the log can still be written, and how long whoever spoke is told of it before the end.
const BROKEN_EVERY: Duration = Duration::from_millis(500);
const BROKEN_TOLD: Duration = Duration::from_secs(2);

/// Returns when nothing is saved any more, and why.
async fn broken(log: Arc<dyn EventLog>) -> String {
    loop {
        if let Some(why) = log.broken() {
            tokio::time::sleep(BROKEN_TOLD).await;
            return why;
        }
        tokio::time::sleep(BROKEN_EVERY).await;
    }
}

/// Until a signal comes, no bot is left, or nothing is saved any more: then a supervisor starts it again.
async fn wait(house: &mut House, signals: &mut Signals) -> Result<(), AppError> {
    let mut wrong = None;
    let broken = broken(Arc::clone(&house.log));
    tokio::pin!(broken);
    loop {
        tokio::select! {
            () = signals.next() => return Ok(()),
            why = &mut broken => return Err(AppError::Failed(format!(
                "the log failed, and nothing is saved any more: {why}. Look at its disk, then start yoman again: what was said meanwhile is taken in then"
            ))),
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

/// The bots that one node at a time may speak for: those that are not on this machine alone.
fn leased(bots: &[Arc<dyn Bot>]) -> Vec<BotName> {
    bots.iter().filter(|bot| !bot.capabilities().local).map(|bot| bot.name().clone()).collect()
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
    /// Up to here it is known who was forgotten.
    looked_through: Position,
    outbox: Outbox,
    /// Snapshots of the world, when there may be any.
    snapshots: Option<Arc<Snapshots>>,
    /// What waits for a shared log.
    spool: Option<Arc<Spool>>,
    /// To what the log is shared through, if it is.
    connection: Option<Connection>,
}

/// Opens what is kept, beside the async threads: all of it reads from disk.
async fn open(config: &Config) -> Result<Opened, AppError> {
    let options = log_options(config);
    let (state, keys, seal) = (config.in_data_dir("state"), config.in_data_dir("keys"), config.privacy.seal);
    let shared = (config.log.engine == Engine::JetStream).then(|| config.nats.settings());
    let on_nats = match shared.clone() {
        Some(nats) => {
            let opened = JetStreamLog::open(jetstream::Options::new(options.clone(), nats)).await;
            Some(opened.map_err(|error| match error {
                jetstream::OpenError::Replica(error) => AppError::Failed(locked(&error)),
                other => AppError::Failed(other.to_string()),
            })?)
        }
        None => None,
    };
    if let Some(why) = on_nats.as_ref().and_then(|log| log.gate().refuses()) {
        return Err(AppError::Failed(why));
    }
    let connection = on_nats.as_ref().map(|log| log.connection().clone());
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
        let (stored, beneath) = match on_nats {
            Some(log) => (Arc::clone(log.replica()), Arc::new(log) as Arc<dyn EventLog>),
            None => {
                let log = Arc::new(SledLog::open(options).map_err(|error| AppError::Failed(locked(&error)))?);
                (Arc::clone(&log), log as Arc<dyn EventLog>)
            }
        };
        let vault = match shared {
            Some(nats) => Vault::open_shared(keys, nats),
            None => Vault::open(keys),
        };
        let vault = Arc::new(vault.map_err(|error| failed(&error))?);
        let looked_through = stored.head().position;
        let log = SealedLog::open(beneath, Arc::clone(&vault), seal).map_err(|error| failed(&error))?;
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
        Ok(Opened { stored, log, vault, looked_through, outbox, snapshots, spool, connection })
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
    options_at(config, &config.log_root())
}

/// For a log below a directory, whichever it is.
fn options_at(config: &Config, root: &Path) -> Options {
    Options {
        journal: config.log.journal,
        free_space_floor_mb: config.log.free_space_floor_mb,
        cache_mb: config.log.cache_mb,
        lock_wait_ms: config.log.lock_wait_ms,
        ..Options::new(root)
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
    if let Err(why) = moving::may_start(config) {
        return vec![Finding::fail("log", why, "")];
    }
    if !config.log_root().join("log").exists() {
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
        let start = before.len() - before.rsplit(char::is_whitespace).next().map_or(0, str::len);
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
