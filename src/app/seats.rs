//! Who speaks for which bot here. A seat is what runs for one bot: what it brings, what it shows and the cursor that says what
//! it has to show; they are started and stopped as one, any number of times. On one machine all seats are taken at the start
//! and left at the end; where several nodes share a log, each is taken by the node that holds the bot's lease (`nodes`).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinHandle};
use yoman_chat::{Accept, Bot, BotError, BotName, Inbox, Stop};

use super::watch::Runs;
use crate::{
    clock::Clock,
    domain::reminder::Defaults,
    intake::Intake,
    lang::Lang,
    log::EventLog,
    machine,
    notify::{Delivery, DeliverySettings, Follower, Gate, Outbox, Render},
    subscription::SharedWorld,
    workflow,
};

/// The first pause before a bot that failed is started again; doubled up to [`RESTART_MAX`].
const RESTART_MIN: Duration = Duration::from_millis(500);
/// The longest pause before a bot that failed is started again.
const RESTART_MAX: Duration = Duration::from_secs(30);
/// How long a bot whose lease is gone may take to return; it is broken off then.
const LEAVE_MAX: Duration = Duration::from_millis(500);

/// The name of the seat of what reacts: promotions, reminders. No bot can have it: a bot's name holds no `_`.
pub const WORKFLOW: &str = "_workflow";

/// How a bot ended by itself, with its name.
pub(super) type Ended = (String, Result<(), BotError>);

/// What all seats are made of.
#[derive(Clone)]
pub(super) struct Furniture {
    pub(super) intake: Arc<Intake>,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) world: Arc<SharedWorld>,
    pub(super) outbox: Outbox,
    pub(super) render: Arc<dyn Render>,
    pub(super) delivery: DeliverySettings,
    pub(super) titles: Arc<HashMap<String, String>>,
    pub(super) lang: Lang,
    pub(super) time_zone: chrono_tz::Tz,
    pub(super) clock: Clock,
    pub(super) reminders: Defaults,
    pub(super) runs: Runs,
}

/// The seats of a house.
pub struct Seats {
    furniture: Furniture,
    bots: HashMap<BotName, Arc<dyn Bot>>,
    // A std mutex: nothing is awaited under it.
    taken: Mutex<BTreeMap<BotName, Seat>>,
    ended: mpsc::UnboundedSender<Ended>,
}

impl std::fmt::Debug for Seats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seats").field("taken", &self.lock().keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// One that is taken.
struct Seat {
    /// Stops what comes in.
    bot_stop: Stop,
    /// Stops the rest, once nothing comes in any more.
    rest_stop: Stop,
    run: Option<JoinHandle<()>>,
    delivery: Option<Delivery>,
    tasks: Vec<JoinHandle<()>>,
}

impl Seats {
    pub(super) fn new(furniture: Furniture, bots: &[Arc<dyn Bot>], ended: mpsc::UnboundedSender<Ended>) -> Self {
        let bots = bots.iter().map(|bot| (bot.name().clone(), Arc::clone(bot))).collect();
        Self { furniture, bots, taken: Mutex::default(), ended }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BotName, Seat>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a bot is spoken for here.
    pub fn is_taken(&self, bot: &BotName) -> bool {
        self.lock().contains_key(bot)
    }

    /// Starts a bot, through a gate that is asked before everything it shows. What its rows in the store say has to be in
    /// memory by now ([`Outbox::take_up`]). A seat that is taken stays as it is.
    pub fn take(&self, name: &BotName, gate: Gate) {
        let mut taken = self.lock();
        if taken.contains_key(name) {
            return;
        }
        let seat = match self.bots.get(name) {
            Some(bot) => self.bot_seat(bot, gate),
            None if name.as_str() == WORKFLOW => self.workflow_seat(),
            None => return,
        };
        taken.insert(name.clone(), seat);
    }

    fn bot_seat(&self, bot: &Arc<dyn Bot>, gate: Gate) -> Seat {
        let all = &self.furniture;
        let (bot_stop, rest_stop) = (Stop::new(), Stop::new());
        let inbox = Inbox::new(bot.name().clone(), Arc::clone(&all.intake) as Arc<dyn Accept>);
        let run = keep_running(Arc::clone(bot), inbox, all.runs.clone(), bot_stop.clone());
        let tells =
            TellsEnd { bot: bot.name().to_string(), end: None, ended: self.ended.clone(), stop: bot_stop.clone() };
        let run = machine::spawn(async move { tells.with(run.await) });
        let delivery = Delivery::start_through(
            gate,
            Arc::clone(bot),
            all.outbox.clone(),
            Arc::clone(&all.render),
            all.delivery.clone(),
            rest_stop.clone(),
        );
        let (log, world) = (Arc::clone(&all.log), Arc::clone(&all.world));
        let follower = Follower::new(log, world, all.outbox.clone(), Arc::clone(bot));
        let follower = follower.titles(Arc::clone(&all.titles)).lang(all.lang).time_zone(all.time_zone);
        let follower = follower.clock(all.clock.clone()).reminders(all.reminders.clone());
        let tasks = vec![machine::spawn(follower.run(rest_stop.clone()))];
        Seat { bot_stop, rest_stop, run: Some(run), delivery: Some(delivery), tasks }
    }

    fn workflow_seat(&self) -> Seat {
        let all = &self.furniture;
        let rest_stop = Stop::new();
        let (log, world, intake) = (Arc::clone(&all.log), Arc::clone(&all.world), Arc::clone(&all.intake));
        let runner = workflow::runner::run(log, world, intake, all.outbox.clone(), rest_stop.clone());
        let timer = workflow::reminder::Timer {
            log: Arc::clone(&all.log),
            world: Arc::clone(&all.world),
            intake: Arc::clone(&all.intake),
            clock: all.clock.clone(),
            defaults: all.reminders.clone(),
            time_zone: all.time_zone,
        };
        let tasks = vec![machine::spawn(runner), machine::spawn(timer.run(rest_stop.clone()))];
        Seat { bot_stop: Stop::new(), rest_stop, run: None, delivery: None, tasks }
    }

    /// Stops a bot as a stop of the house does: nothing new comes in, what was accepted is routed, what is under way is
    /// recorded. Returns when nothing of it runs any more.
    pub async fn leave(&self, name: &BotName) {
        let Some(mut seat) = self.lock().remove(name) else { return };
        seat.bot_stop.cancel();
        joined(name, seat.run.take()).await;
        self.furniture.world.at_least(self.furniture.log.head().position).await;
        seat.rest_stop.cancel();
        seat.ended(name).await;
    }

    /// Stops a bot that somebody else may be speaking for by now: whatever is under way is broken off. The gate is closed
    /// before this is called.
    pub async fn leave_at_once(&self, name: &BotName) {
        let Some(mut seat) = self.lock().remove(name) else { return };
        seat.bot_stop.cancel();
        seat.rest_stop.cancel();
        if let Some(delivery) = &seat.delivery {
            delivery.break_off();
        }
        if let Some(mut run) = seat.run.take()
            && tokio::time::timeout(LEAVE_MAX, &mut run).await.is_err()
        {
            run.abort();
            let _ = run.await;
        }
        for task in &seat.tasks {
            task.abort();
        }
        seat.ended(name).await;
    }

    /// Stops what comes in, everywhere.
    pub(super) async fn stop_bots(&self) {
        let runs: Vec<_> = {
            let mut taken = self.lock();
            let seats = taken.iter_mut();
            seats
                .map(|(name, seat)| {
                    seat.bot_stop.cancel();
                    (name.clone(), seat.run.take())
                })
                .collect()
        };
        for (name, run) in runs {
            joined(&name, run).await;
        }
    }

    /// Stops the rest of every seat, after [`Seats::stop_bots`].
    pub(super) async fn stop_rest(&self) {
        let seats = std::mem::take(&mut *self.lock());
        for seat in seats.values() {
            seat.rest_stop.cancel();
        }
        for (name, seat) in seats {
            seat.ended(&name).await;
        }
    }

    /// Tells whatever is still running to stop, without waiting for it.
    pub(super) fn cancel_all(&self) {
        for seat in self.lock().values() {
            seat.bot_stop.cancel();
            seat.rest_stop.cancel();
        }
    }
}

/// Tells that a bot ended by itself, also when it panicked.
struct TellsEnd {
    bot: String,
    end: Option<Result<(), BotError>>,
    ended: mpsc::UnboundedSender<Ended>,
    stop: Stop,
}

impl TellsEnd {
    fn with(mut self, end: Result<(), BotError>) {
        self.end = Some(end);
    }
}

impl Drop for TellsEnd {
    fn drop(&mut self) {
        // A seat that is left ends its bot; that is not the bot's end.
        if !self.stop.is_cancelled() {
            let end = self.end.take().unwrap_or_else(|| Err(BotError::Failed("it panicked".into())));
            // Nobody listens once the house is stopped.
            let _ = self.ended.send((std::mem::take(&mut self.bot), end));
        }
    }
}

impl Seat {
    async fn ended(self, name: &BotName) {
        if let Some(delivery) = self.delivery {
            delivery.ended().await;
        }
        for task in self.tasks {
            joined(name, Some(task)).await;
        }
    }
}

async fn joined(name: &BotName, task: Option<JoinHandle<()>>) {
    let Some(task) = task else { return };
    match task.await {
        Err(error) if !error.is_cancelled() => tracing::error!(%error, seat = %name, "a task ended badly"),
        _ => {}
    }
}

/// Runs a bot, again after a pause when it fails; a wrong setting needs a person and ends it.
async fn keep_running(bot: Arc<dyn Bot>, inbox: Inbox, runs: Runs, stop: Stop) -> Result<(), BotError> {
    let name = bot.name().to_string();
    let mut pause = RESTART_MIN;
    loop {
        let started = tokio::time::Instant::now();
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
                    biased;
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(RESTART_MAX);
            }
            ended => {
                if let Err(BotError::Setting(why)) = &ended {
                    runs.ended(&name, why);
                }
                return ended;
            }
        }
    }
}
