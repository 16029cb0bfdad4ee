//! Several processes on one log: each bot is spoken for by exactly one of them, and another goes on when that one dies.
//!
//! A *lease* says which node speaks for a bot. It is renewed all the time; whoever sees it unchanged for its whole time takes
//! it. The holder counts its time from before it asked, and stops sending well before that: so two never speak at once. What
//! the holder keeps of a bot (cursor, outbox, cards) goes to a stream as well as to its disk, each message only if it is the
//! next one: the first message of a new holder makes every later one of the old holder fail, and the old one knows.
//!
//! # Layout
//!
//! * `lease.rs`    when a lease may be taken, and how long it holds: pure
//! * `chain.rs`    a bot's rows as messages, and what reading them gives: pure
//! * `keeper.rs`   one lease: waits for it, holds it, loses it or gives it back; takes and leaves the seat
//! * `line.rs`     publishes what the holder keeps: [`Lines`], the mirror of the outbox
//! * `snapshot.rs` all rows of a bot at once, so that what came before need not be kept
//! * `reader.rs`   follows what the holder of a bot keeps
//! * `registry.rs` which nodes there are
//! * `stores.rs`   the buckets and the stream all of it is in
//! * `clock.rs`    a clock that nobody sets and that goes on while the machine sleeps

mod chain;
mod clock;
mod keeper;
mod lease;
mod line;
mod reader;
mod registry;
mod snapshot;
mod stores;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use yoman_chat::{BotName, Stop};

pub use self::line::Lines;
use self::{keeper::Keeper, registry::Registry, stores::Stores};
use crate::{
    app::seats::{Seats, WORKFLOW},
    log::{EventLog, jetstream::Connection},
    notify::Outbox,
};

/// What a node does with its bots while NATS is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenAway {
    /// It goes on when no other node was there, and stops otherwise.
    #[default]
    Auto,
    /// It goes on: another node that still reaches NATS takes over as well, and both speak until this one is back.
    GoOn,
    /// It stops until NATS is back.
    Stop,
}

/// How a node behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSettings {
    /// Its name, for people; two nodes should not have the same.
    pub name: String,
    /// How long a lease holds without being renewed.
    pub lease_ttl: Duration,
    /// What it does while NATS is away.
    pub when_away: WhenAway,
    /// How many messages of a bot there are between two snapshots of its rows.
    pub snapshot_every: u64,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            name: "node".to_owned(),
            lease_ttl: Duration::from_millis(3000),
            when_away: WhenAway::Auto,
            snapshot_every: 4096,
        }
    }
}

/// Who speaks for a bot, as far as this node knows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HeldBot {
    /// The bot.
    pub bot: String,
    /// The node that holds it; `None`: nobody does at the moment.
    pub node: Option<String>,
    /// Since when, by that node's clock.
    pub since: Option<DateTime<Utc>>,
    /// It is this node.
    pub here: bool,
    /// This node speaks for it although NATS is away.
    pub alone: bool,
    /// Why this node cannot take it, if it cannot.
    pub trouble: Option<String>,
}

/// A node, as far as this one knows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SeenNode {
    /// Its name.
    pub name: String,
    /// Its version of yoman.
    pub version: String,
    /// Since when it runs, by its clock.
    pub since: DateTime<Utc>,
    /// It is this one.
    pub here: bool,
    /// How long nothing was heard of it.
    pub silent_ms: u64,
}

/// What a node knows of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NodesState {
    /// The nodes, by name.
    pub nodes: Vec<SeenNode>,
    /// The bots, by name.
    pub bots: Vec<HeldBot>,
    /// Why NATS is not reached, if it is not.
    pub away: Option<String>,
    /// This node does not hear the others, nor itself.
    #[serde(default)]
    pub deaf: bool,
}

/// Asks for what is known of the nodes. Cheap to clone.
#[derive(Clone, Default)]
pub struct NodesView(Option<Arc<Shown>>);

struct Shown {
    connection: Connection,
    registry: Arc<Registry>,
    bots: Arc<Board>,
}

impl std::fmt::Debug for NodesView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NodesView").field(&self.state()).finish()
    }
}

impl NodesView {
    /// What is known now; `None` on one machine.
    pub fn state(&self) -> Option<NodesState> {
        let shown = self.0.as_ref()?;
        Some(NodesState {
            nodes: shown.registry.seen(),
            bots: shown.bots.all(),
            away: shown.connection.why_down(),
            deaf: shown.registry.is_deaf(),
        })
    }
}

/// What the keepers tell of their leases.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<std::collections::BTreeMap<BotName, HeldBot>>);

impl Board {
    fn put(&self, bot: &BotName, held: HeldBot) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(bot.clone(), held);
    }

    fn all(&self) -> Vec<HeldBot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// A node at work: it holds what leases it can get and gives them back when it is stopped.
#[derive(Debug)]
pub struct Nodes {
    stop: Stop,
    tasks: Vec<JoinHandle<()>>,
    view: NodesView,
}

impl Nodes {
    /// The mirror the outbox needs before any bot is spoken for: for these bots, and what reacts.
    pub fn lines(bots: impl IntoIterator<Item = BotName>) -> Arc<Lines> {
        Arc::new(Lines::new(bots.into_iter().chain([BotName::new(WORKFLOW)])))
    }

    /// Starts to wait for the leases of all bots of `lines`.
    pub fn start(
        connection: &Connection,
        settings: &NodeSettings,
        lines: &Arc<Lines>,
        outbox: &Outbox,
        log: &Arc<dyn EventLog>,
        seats: &Arc<Seats>,
    ) -> Self {
        let stop = Stop::new();
        let stores = Arc::new(Stores::new(connection.clone()));
        let registry = Arc::new(Registry::new(settings));
        let board = Arc::new(Board::default());
        let mut tasks = vec![tokio::spawn(Arc::clone(&registry).run(Arc::clone(&stores), stop.clone()))];
        for bot in lines.bots() {
            let keeper = Keeper {
                bot,
                settings: settings.clone(),
                stores: Arc::clone(&stores),
                registry: Arc::clone(&registry),
                board: Arc::clone(&board),
                lines: Arc::clone(lines),
                outbox: outbox.clone(),
                log: Arc::clone(log),
                seats: Arc::clone(seats),
                stop: stop.clone(),
            };
            tasks.push(tokio::spawn(keeper.run()));
        }
        let view = NodesView(Some(Arc::new(Shown { connection: connection.clone(), registry, bots: board })));
        Self { stop, tasks, view }
    }

    /// What is known of all nodes.
    pub fn view(&self) -> NodesView {
        self.view.clone()
    }

    /// Leaves every seat as a stop does and gives its lease back, so that another node goes on at once.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a lease's task ended badly");
            }
        }
    }
}
