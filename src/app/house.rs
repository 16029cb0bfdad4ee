//! Everything between the bots and the log, started and stopped as one: tests start the same thing with other bots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinHandle};
use yoman_chat::{Bot, BotError, BotName, Outbound, RoomId, Stop};

use super::{
    seats::{Ended, Furniture, Seats, WORKFLOW},
    watch::{Runs, Watch},
};
use crate::{
    domain::ItemRef,
    intake::{self, Intake},
    lang::Lang,
    log::{EventLog, Position},
    machine,
    notify::{Card, DeliverySettings, Gate, Outbox, Render, outage::Vitals},
    projection::{Permalinks, Viewer, World, for_looks_alone},
    spool::Spool,
    subscription::{Past, Rate, SharedWorld, Snapshots, snapshots},
};

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
    /// Who speaks for which bot here.
    pub seats: Arc<Seats>,
    /// Bots that ended by themselves.
    ended: mpsc::UnboundedReceiver<Ended>,
    /// How many bots have not.
    left: usize,
    tasks: Vec<JoinHandle<()>>,
    /// Stops deciding what waits.
    waits_stop: Stop,
    /// Stops what belongs to no seat, once nothing comes in any more.
    rest_stop: Stop,
}

/// Who takes the seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seating {
    /// All of them are taken at the start: nobody else speaks for these bots.
    All,
    /// Only those of bots that are on this machine alone; whoever looks after the leases takes and leaves the others.
    Later,
}

/// What a house keeps besides the log and the outbox, and who takes its seats.
#[derive(Debug)]
pub struct Kept {
    /// Snapshots of the world, so that neither a start nor a look at the past reads the whole log.
    pub snapshots: Option<Arc<Snapshots>>,
    /// Who takes the seats.
    pub seating: Seating,
    /// A place for what is said while the shared log cannot be reached.
    pub spool: Option<Arc<Spool>>,
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
        Self::start_with(log, outbox, bots, settings, delivery, None, Seating::All)
    }

    /// The same with snapshots of the world, so that neither a start nor a look at the past reads the whole log, and with
    /// seats taken at once or by somebody else.
    pub fn start_with(
        log: Arc<dyn EventLog>,
        outbox: Outbox,
        bots: Vec<Arc<dyn Bot>>,
        settings: intake::Settings,
        delivery: &DeliverySettings,
        snapshots: Option<Arc<Snapshots>>,
        seating: Seating,
    ) -> Self {
        Self::start_keeping(log, outbox, bots, settings, delivery, Kept { snapshots, seating, spool: None })
    }

    /// The same with everything that may be kept besides the log.
    pub fn start_keeping(
        log: Arc<dyn EventLog>,
        outbox: Outbox,
        bots: Vec<Arc<dyn Bot>>,
        settings: intake::Settings,
        delivery: &DeliverySettings,
        kept: Kept,
    ) -> Self {
        let Kept { snapshots, seating, spool } = kept;
        let (waits_stop, rest_stop) = (Stop::new(), Stop::new());
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
        let intake = intake.with_past(past).with_permalinks(permalinks(&bots)).with_vitals(vitals.clone());
        let intake = intake.with_spool(spool);
        let intake = Arc::new(intake);
        let runs = Runs::default();
        let furniture = Furniture {
            intake: Arc::clone(&intake),
            log: Arc::clone(&log),
            world: Arc::clone(&world),
            outbox: outbox.clone(),
            render: cards as Arc<dyn Render>,
            delivery: delivery.clone(),
            titles: Arc::clone(&titles),
            lang,
            time_zone,
            clock: clock.clone(),
            reminders,
            runs: runs.clone(),
        };
        let (tell, ended) = mpsc::unbounded_channel();
        let seats = Arc::new(Seats::new(furniture, &bots, tell));
        let left = bots.len();
        for bot in bots.iter().filter(|bot| seating == Seating::All || bot.capabilities().local) {
            seats.take(bot.name(), Gate::open());
        }
        if seating == Seating::All {
            seats.take(&BotName::new(WORKFLOW), Gate::open());
        }
        let feed = Arc::clone(&world);
        let feed = feed.keep_from(Arc::clone(&log), snapshots.clone(), Arc::clone(&rate), rest_stop.clone());
        let mut tasks = vec![machine::spawn(feed)];
        // What waits comes in like anything else: it stops with the bots.
        let (waiting, stop) = (Arc::clone(&intake), waits_stop.clone());
        tasks.push(machine::spawn(async move { waiting.decide_what_waits(stop).await }));
        if let Some(snapshots) = snapshots {
            let (world, log) = (Arc::clone(&world), Arc::clone(&log));
            tasks.push(machine::spawn(snapshots::keep(snapshots, world, log, rate, rest_stop.clone())));
        }
        let watch = Watch {
            bots,
            seats: Arc::clone(&seats),
            runs,
            outbox: outbox.clone(),
            world: Arc::clone(&world),
            titles,
            lang,
            clock,
            vitals,
            down_after,
        };
        tasks.push(machine::spawn(watch.run(rest_stop.clone())));
        Self { intake, world, outbox, log, seats, ended, left, tasks, waits_stop, rest_stop }
    }

    /// The next bot that stopped for good: its name and why. `None` when none is left.
    pub async fn bot_ended(&mut self) -> Option<(String, Result<(), BotError>)> {
        if self.left == 0 {
            return None;
        }
        let ended = self.ended.recv().await?;
        self.left -= 1;
        Some(ended)
    }

    /// Stops in the order that loses nothing: first what comes in, then what goes out, then the log.
    pub async fn stop(self, grace: Duration) {
        let (rest_stop, seats) = (self.rest_stop.clone(), Arc::clone(&self.seats));
        let stopped = tokio::time::timeout(grace, async {
            // It only reads: whoever asked asks again.
            self.intake.desk().stop();
            self.waits_stop.cancel();
            self.seats.stop_bots().await;
            // Whatever was accepted is seen, and routed, before the rest stops.
            self.world.at_least(self.log.head().position).await;
            self.rest_stop.cancel();
            self.seats.stop_rest().await;
            for task in self.tasks {
                if let Err(error) = task.await {
                    tracing::error!(%error, "a task ended badly");
                }
            }
        });
        if stopped.await.is_err() {
            // Whatever is still reading the log reads no further.
            rest_stop.cancel();
            seats.cancel_all();
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
