//! A node with a runtime of its own: killed, nothing of it runs any more, whatever it was doing.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use yoman::{
    app::{House, Seating},
    clock::Clock,
    domain::{Bucket, reminder::Defaults},
    intake,
    log::{
        EventLog,
        jetstream::{Connection, NatsSettings},
        memory::MemoryLog,
    },
    nodes::{NodeSettings, Nodes, NodesView, WhenAway},
    notify::{DeliverySettings, Outbox, OutboxSettings},
};
use yoman_chat::{Bot as _, BotName, fake::FakeBot};
use yoman_stand_ins::nats::Server;

/// What the nodes share: the log, the platform, and NATS.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) server: Server,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) bot: FakeBot,
    pub(crate) ttl: Duration,
    pub(crate) when_away: WhenAway,
    pub(crate) snapshot_every: u64,
}

impl Site {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            server: Server::start(&dir.path().join("nats")).unwrap(),
            dir,
            log: Arc::new(MemoryLog::new()),
            bot: FakeBot::new("fake"),
            ttl: Duration::from_millis(2000),
            when_away: WhenAway::Auto,
            snapshot_every: 4096,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The titles of all errands in the log, in the order they were accepted.
    pub(crate) fn titles(&self) -> Vec<String> {
        let mut titles = Vec::new();
        let visit = &mut |entry| {
            if let yoman::log::Entry::Commit(commit) = entry
                && let Some((_, title)) = commit.meta.text.split_once("/todo ")
                && commit.events.iter().any(|event| &*event.name == "todo_created")
            {
                titles.push(title.to_owned());
            }
            std::ops::ControlFlow::Continue(())
        };
        self.log.read_all(yoman::log::Position::START, visit).unwrap();
        titles
    }

    /// The first message that is still there of what is kept of the bot.
    pub(crate) fn first_sequence(&self) -> u64 {
        let answer = self.server.ask("/jsz?streams=true&accounts=true").unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let told: serde_json::Value = serde_json::from_str(body).unwrap();
        let streams = told.pointer("/account_details/0/stream_detail").and_then(|it| it.as_array()).unwrap();
        let bots = streams.iter().find(|stream| stream["name"] == "yoman-bots").unwrap();
        bots["state"]["first_seq"].as_u64().unwrap()
    }
}

struct Running {
    house: House,
    nodes: Nodes,
}

pub(crate) struct Node {
    runtime: Runtime,
    running: Running,
    view: NodesView,
    bot: BotName,
    name: String,
}

impl Node {
    pub(crate) fn start(site: &Site, name: &str, url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // A node that was killed may still have its old store open for a moment.
        let dir = site.dir.path().join(format!("{name}-{:?}", Instant::now()).replace([' ', '{', '}', ':'], ""));
        let running = runtime.block_on(start(site, name, url, &dir));
        Self { view: running.nodes.view(), runtime, running, bot: site.bot.name().clone(), name: name.to_owned() }
    }

    /// Makes kim the owner, once this node speaks.
    pub(crate) fn claims(&self, site: &Site) {
        super::until("the first node speaks", || self.speaks());
        self.runtime.block_on(self.running.house.caught_up());
        let code = self.running.house.intake.claim_code().unwrap();
        site.bot.write("kim", &format!("/claim {code}"));
        super::until("kim is the owner", || !site.bot.shown(&site.bot.room("kim")).is_empty());
    }

    pub(crate) fn speaks(&self) -> bool {
        self.running.house.seats.is_taken(&self.bot)
    }

    /// Who holds the bot, as far as this node knows.
    pub(crate) fn holder(&self) -> Option<String> {
        let state = self.view.state().unwrap();
        state.bots.into_iter().find(|bot| bot.bot == self.bot.as_str())?.node
    }

    /// It speaks, and NATS is there.
    pub(crate) fn is_shared(&self) -> bool {
        let state = self.view.state().unwrap();
        let bot = state.bots.iter().find(|bot| bot.bot == self.bot.as_str());
        bot.is_some_and(|bot| bot.here && !bot.alone && bot.node.as_ref() == Some(&self.name)) && state.away.is_none()
    }

    /// How many nodes there are, as far as it knows.
    pub(crate) fn sees(&self) -> usize {
        self.view.state().unwrap().nodes.len()
    }

    /// Of how many todos there is a card in kim's room.
    pub(crate) fn cards(&self) -> usize {
        let (outbox, room) = (&self.running.house.outbox, yoman_chat::RoomId::new("fake/kim"));
        let item = |n| yoman::domain::ItemRef::new(Bucket::Todo, n);
        (1..=100).filter(|n| outbox.card(&room, item(*n)).is_some()).count()
    }

    /// As `kill -9`: nothing of it goes on.
    pub(crate) fn kill(self) {
        self.runtime.shutdown_background();
    }

    pub(crate) fn stop(self) {
        // The house's own stop would close the log, which is everybody's here.
        self.runtime.block_on(self.running.nodes.stop());
        self.runtime.shutdown_background();
    }
}

async fn start(site: &Site, name: &str, url: &str, dir: &std::path::Path) -> Running {
    let settings = NatsSettings {
        servers: vec![url.to_owned()],
        prefix: "yoman".to_owned(),
        replicas: 1,
        ..NatsSettings::default()
    };
    let connection = Connection::open(settings).await.unwrap();
    let outbox = Outbox::open(&dir.join("bots"), OutboxSettings { free_floor_bytes: 1, ..OutboxSettings::default() });
    let outbox = outbox.unwrap();
    let lines = Nodes::lines([site.bot.name().clone()]);
    outbox.mirror_to(lines.clone());
    let settings = intake::Settings {
        lang: yoman::lang::Lang::English,
        time_zone: chrono_tz::Asia::Seoul,
        default_bucket: Bucket::Idea,
        bots: [(site.bot.name().to_string(), site.bot.capabilities())].into(),
        sealed: false,
        reports: intake::Reports::default(),
        reminders: Defaults::default(),
        down_after: Duration::from_secs(300),
        clock: Clock::default(),
    };
    let delivery = DeliverySettings {
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
        coalesce: Duration::ZERO,
        ..DeliverySettings::default()
    };
    let bots = vec![Arc::new(site.bot.clone()) as Arc<dyn yoman_chat::Bot>];
    let log = Arc::clone(&site.log);
    let house = House::start_with(log, outbox, bots, settings, &delivery, None, Seating::Later);
    let settings = NodeSettings {
        name: name.to_owned(),
        lease_ttl: site.ttl,
        when_away: site.when_away,
        snapshot_every: site.snapshot_every,
    };
    let nodes = Nodes::start(&connection, &settings, &lines, &house.outbox, &house.log, &house.seats);
    Running { house, nodes }
}
