//! Everything between the bots and the log, started and stopped as one: tests start the same thing with other bots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::task::{JoinHandle, JoinSet};
use yoman_chat::{Accept, Bot, BotError, Inbox, Outbound, RoomId, Stop};

use super::watch::{Runs, Watch};
use crate::{
    domain::ItemRef,
    intake::{self, Intake},
    lang::Lang,
    log::{EventLog, Position},
    notify::{Card, Delivery, DeliverySettings, Follower, Outbox, Render, outage::Vitals},
    projection::{Permalinks, Viewer, World, for_looks_alone},
    spool::Spool,
    subscription::{Past, Rate, SharedWorld, Snapshots, snapshots},
    workflow,
};

/// The first pause before a bot that failed is started again; doubled up to [`RESTART_MAX`].
const RESTART_MIN: Duration = Duration::from_millis(500);
/// The longest pause before a bot that failed is started again.
const RESTART_MAX: Duration = Duration::from_secs(30);

/// Everything between the bots and the log, running.
#[derive(Debug)]
pub struct House {
    /// The way in.
    pub intake: Arc<Intake>,
    /// The fold everyone reads.
    pub world: Arc<SharedWorld>,
    /// What goes out.
    pub outbox: Outbox,
    /// The truth.
    pub log: Arc<dyn EventLog>,
    bots: JoinSet<(String, Result<(), BotError>)>,
    deliveries: Vec<Delivery>,
    tasks: Vec<JoinHandle<()>>,
    /// Stops the bots first: nothing new comes in.
    bots_stop: Stop,
    /// Stops the rest once nothing comes in any more.
    rest_stop: Stop,
}

/// Draws cards for the outbox at the moment of sending.
#[derive(Debug)]
struct Cards {
    world: Arc<SharedWorld>,
    outbox: Outbox,
    settings: intake::Settings,
    titles: Arc<HashMap<String, String>>,
}

impl Cards {
    /// Whoever looks into a room.
    fn viewer(&self, room: &RoomId, world: &World) -> Option<Viewer> {
        let state = world.room(room.as_str());
        Some(Viewer {
            room: room.as_str().to_owned(),
            person: None,
            lang: Lang::choose(state.language.as_deref(), self.outbox.hinted(room), self.settings.lang),
            time_zone: state.time_zone.unwrap_or(self.settings.time_zone),
            now: self.settings.clock.now(),
            capabilities: self.settings.bots.get(room.bot())?.clone(),
            titles: Arc::clone(&self.titles),
            permalinks: Permalinks::default(),
        })
    }
}

impl Render for Cards {
    fn lang(&self, room: &RoomId) -> Lang {
        let hint = self.outbox.hinted(room);
        let set = self.world.read(|world| world.room(room.as_str()).language.clone());
        Lang::choose(set.as_deref(), hint, self.settings.lang)
    }

    fn card(&self, room: &RoomId, item: ItemRef) -> Option<Card> {
        let heard = self.outbox.heard_in(room);
        self.world.read(|world| {
            let viewer = self.viewer(room, world)?;
            let message = world.card(item, &viewer)?;
            let whose = heard.and_then(|heard| heard.whose(world));
            let looks = whose.is_some_and(|person| world.only_looks(person));
            let message = if looks { for_looks_alone(message) } else { message };
            Some(Card { message, version: world.item(item)?.item.version })
        })
    }

    fn board(&self, room: &RoomId) -> Option<Outbound> {
        self.world.read(|world| world.live_board(&self.viewer(room, world)?))
    }

    fn board_before(&self, room: &RoomId, moved: bool) -> Outbound {
        let worded = |world: &World| Some(world.live_board_before(moved, &self.viewer(room, world)?));
        self.world.read(worded).unwrap_or_default()
    }

    fn not_pinned(&self, room: &RoomId, why: &str) -> Outbound {
        let worded = |world: &World| Some(world.live_board_not_pinned(why, &self.viewer(room, world)?));
        self.world.read(worded).unwrap_or_default()
    }
}

impl House {
    /// Starts everything. Bots are asked to run at once: what they bring waits until the world has caught up with the log.
    pub fn start(
        log: Arc<dyn EventLog>,
        outbox: Outbox,
        bots: Vec<Arc<dyn Bot>>,
        settings: intake::Settings,
        delivery: &DeliverySettings,
    ) -> Self {
        Self::start_with(log, outbox, bots, settings, delivery, None)
    }

    /// The same with snapshots of the world, so that neither a start nor a look at the past reads the whole log.
    pub fn start_with(
        log: Arc<dyn EventLog>,
        outbox: Outbox,
        bots: Vec<Arc<dyn Bot>>,
        settings: intake::Settings,
        delivery: &DeliverySettings,
        snapshots: Option<Arc<Snapshots>>,
    ) -> Self {
        Self::start_spooling(log, outbox, bots, settings, delivery, snapshots, None)
    }

    /// The same with a place for what is said while the shared log cannot be reached.
    pub fn start_spooling(
        log: Arc<dyn EventLog>,
        outbox: Outbox,
        bots: Vec<Arc<dyn Bot>>,
        settings: intake::Settings,
        delivery: &DeliverySettings,
        snapshots: Option<Arc<Snapshots>>,
        spool: Option<Arc<Spool>>,
    ) -> Self {
        let (bots_stop, rest_stop) = (Stop::new(), Stop::new());
        let world = Arc::new(SharedWorld::new(World::default()));
        let titles: Arc<HashMap<_, _>> =
            Arc::new(settings.bots.iter().map(|(bot, can)| (bot.clone(), can.title.to_owned())).collect());
        let (lang, time_zone, clock) = (settings.lang, settings.time_zone, settings.clock.clone());
        let (reminders, down_after) = (settings.reminders.clone(), settings.down_after);
        let cards = Arc::new(Cards {
            world: Arc::clone(&world),
            outbox: outbox.clone(),
            settings: settings.clone(),
            titles: Arc::clone(&titles),
        });
        let rate = Arc::new(Rate::default());
        let past = Past::new(Arc::clone(&log), Arc::clone(&world), snapshots.clone(), Arc::clone(&rate));
        let intake = Intake::new(Arc::clone(&log), Arc::clone(&world), outbox.clone(), settings);
        let vitals = Vitals::default();
        let intake = intake.with_past(past).with_permalinks(permalinks(&bots)).with_vitals(vitals.clone()).with_spool(spool);
        let intake = Arc::new(intake);
        let runs = Runs::default();
        let mut running = JoinSet::new();
        for bot in &bots {
            let inbox = Inbox::new(bot.name().clone(), Arc::clone(&intake) as Arc<dyn Accept>);
            running.spawn(keep_running(Arc::clone(bot), inbox, runs.clone(), bots_stop.clone()));
        }
        let feed = Arc::clone(&world);
        let feed = feed.keep_from(Arc::clone(&log), snapshots.clone(), Arc::clone(&rate), rest_stop.clone());
        let mut tasks = vec![tokio::spawn(feed)];
        // What waits comes in like anything else: it stops with the bots.
        let (waiting, stop) = (Arc::clone(&intake), bots_stop.clone());
        tasks.push(tokio::spawn(async move { waiting.decide_what_waits(stop).await }));
        if let Some(snapshots) = snapshots {
            let (world, log) = (Arc::clone(&world), Arc::clone(&log));
            tasks.push(tokio::spawn(snapshots::keep(snapshots, world, log, rate, rest_stop.clone())));
        }
        let mut deliveries = Vec::new();
        for bot in &bots {
            deliveries.push(Delivery::start(
                Arc::clone(bot),
                outbox.clone(),
                Arc::clone(&cards) as Arc<dyn Render>,
                delivery.clone(),
                rest_stop.clone(),
            ));
            let follower = Follower::new(Arc::clone(&log), Arc::clone(&world), outbox.clone(), Arc::clone(bot));
            let follower = follower.titles(Arc::clone(&titles)).lang(lang).time_zone(time_zone).clock(clock.clone());
            let follower = follower.reminders(reminders.clone());
            tasks.push(tokio::spawn(follower.run(rest_stop.clone())));
        }
        tasks.push(tokio::spawn(workflow::runner::run(
            Arc::clone(&log),
            Arc::clone(&world),
            Arc::clone(&intake),
            outbox.clone(),
            rest_stop.clone(),
        )));
        let watch = Watch {
            bots,
            runs,
            outbox: outbox.clone(),
            world: Arc::clone(&world),
            titles,
            lang,
            clock: clock.clone(),
            vitals,
            down_after,
        };
        tasks.push(tokio::spawn(watch.run(rest_stop.clone())));
        let timer = workflow::reminder::Timer {
            log: Arc::clone(&log),
            world: Arc::clone(&world),
            intake: Arc::clone(&intake),
            clock,
            defaults: reminders,
            time_zone,
        };
        tasks.push(tokio::spawn(timer.run(rest_stop.clone())));
        Self { intake, world, outbox, log, bots: running, deliveries, tasks, bots_stop, rest_stop }
    }

    /// The next bot that stopped for good: its name and why. `None` when none is left.
    pub async fn bot_ended(&mut self) -> Option<(String, Result<(), BotError>)> {
        loop {
            match self.bots.join_next().await? {
                Ok(ended) => return Some(ended),
                Err(error) => tracing::error!(%error, "a bot's task ended"),
            }
        }
    }

    /// Stops in the order that loses nothing: first what comes in, then what goes out, then the log.
    pub async fn stop(mut self, grace: Duration) {
        let rest_stop = self.rest_stop.clone();
        let stopped = tokio::time::timeout(grace, async {
            self.bots_stop.cancel();
            // It only reads: whoever asked asks again.
            self.intake.desk().stop();
            while self.bots.join_next().await.is_some() {}
            // Whatever was accepted is seen, and routed, before the rest stops.
            self.world.at_least(self.log.head().position).await;
            self.rest_stop.cancel();
            for delivery in self.deliveries {
                delivery.ended().await;
            }
            for task in self.tasks {
                if let Err(error) = task.await {
                    tracing::error!(%error, "a task ended badly");
                }
            }
        });
        if stopped.await.is_err() {
            // Whatever is still reading the log reads no further.
            rest_stop.cancel();
            tracing::warn!(
                "not everything stopped in time; what was accepted is safe, what was being sent is sent at the next start"
            );
        }
        if let Some(spool) = self.intake.spool()
            && let Err(error) = spool.sync().await
        {
            tracing::error!(%error, "the spool could not be closed; what waits in it is safe");
        }
        if let Err(error) = self.outbox.sync().await {
            tracing::error!(%error, "the outbox could not be closed");
        }
        if let Err(error) = self.log.close().await {
            tracing::error!(%error, "the log could not be closed");
        }
    }

    /// Waits until everything in the log is folded into the world.
    pub async fn caught_up(&self) -> Position {
        let head = self.log.head().position;
        self.world.at_least(head).await;
        head
    }
}

/// The way back to messages, through the bots they came through.
fn permalinks(bots: &[Arc<dyn Bot>]) -> Permalinks {
    let bots: HashMap<String, Arc<dyn Bot>> =
        bots.iter().map(|bot| (bot.name().to_string(), Arc::clone(bot))).collect();
    Permalinks::new(move |message| bots.get(message.room.bot())?.link(message))
}

/// Runs a bot, again after a pause when it fails; a wrong setting needs a person and ends it.
async fn keep_running(bot: Arc<dyn Bot>, inbox: Inbox, runs: Runs, stop: Stop) -> (String, Result<(), BotError>) {
    let name = bot.name().to_string();
    let mut pause = RESTART_MIN;
    loop {
        let started = std::time::Instant::now();
        runs.started(&name);
        match bot.run(inbox.clone(), stop.clone()).await {
            Err(BotError::Failed(why)) if !stop.is_cancelled() => {
                runs.failed(&name, &why);
                if started.elapsed() > RESTART_MAX {
                    pause = RESTART_MIN;
                }
                tracing::error!(
                    bot = name,
                    why,
                    pause_ms = pause.as_millis() as u64,
                    "the bot failed and is started again"
                );
                tokio::select! {
                    () = stop.cancelled() => return (name, Ok(())),
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(RESTART_MAX);
            }
            ended => {
                if let Err(BotError::Setting(why)) = &ended {
                    runs.ended(&name, why);
                }
                return (name, ended);
            }
        }
    }
}
