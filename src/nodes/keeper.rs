//! One lease: waits for it, takes the seat, renews it, and leaves the seat when it is lost or given back.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chrono::Utc;
use futures_util::StreamExt;
use yoman_chat::{BotName, Stop};

use super::{
    Board, HeldBot, NodeSettings, WhenAway, clock,
    lease::{Found, Holding, Lease, Verdict, Waiting},
    line::{Hold, Lines, Mode, Others, Pen},
    reader::Reader,
    registry::Registry,
    snapshot,
    stores::{Stores, Trouble},
};
use crate::{
    app::seats::{Seats, WORKFLOW},
    log::{EventLog, Position},
    notify::Outbox,
};

/// How long the log here may be behind a bot's cursor when it is taken over.
const LOG_BEHIND_MAX: Duration = Duration::from_secs(30);
/// How long it may take to read what a bot keeps.
const READ_MAX: Duration = Duration::from_secs(60);
/// How often it is looked whether it still is, and whether a snapshot is due.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const SNAPSHOT_LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Keeper {
    pub(super) bot: BotName,
    pub(super) settings: NodeSettings,
    pub(super) stores: Arc<Stores>,
    pub(super) registry: Arc<Registry>,
    pub(super) board: Arc<Board>,
    pub(super) lines: Arc<Lines>,
    pub(super) outbox: Outbox,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) seats: Arc<Seats>,
    pub(super) stop: Stop,
}

/// A lease that was just taken.
struct Taken {
    lease: Lease,
    holding: Holding,
}

impl Keeper {
    /// Runs until the node is stopped; the lease is given back by then.
    pub(super) async fn run(self) {
        let keeper = Arc::new(self);
        while !keeper.stop.is_cancelled() {
            keeper.turn().await;
        }
    }

    /// Waits for the lease and holds it until it is gone.
    async fn turn(self: &Arc<Self>) {
        let rows = self.bot.as_str() != WORKFLOW;
        let reader = rows.then(|| Reader::start(Arc::clone(&self.stores), self.bot.clone(), self.outbox.clone()));
        let taken = tokio::select! {
            () = self.stop.cancelled() => return,
            taken = self.wait(reader.as_ref()) => taken,
        };
        let token = taken.lease.token;
        tracing::info!(bot = %self.bot, token, "this node takes over");
        let hold = Hold::new(taken.holding.good_until(), self.others());
        let until = Stop::new();
        let renewing = Arc::clone(self).renew(taken.lease, taken.holding, Arc::clone(&hold), until.clone());
        let renewing = tokio::spawn(renewing);
        let mut failed = false;
        let gone = tokio::select! {
            () = self.stop.cancelled() => None,
            why = hold.lost() => Some(why),
            why = self.work(token, &hold, reader) => {
                failed = true;
                Some(why)
            }
        };
        let gone = match gone {
            None => {
                // As long as it takes, the lease is renewed; when it is lost meanwhile, whatever waits for NATS ends.
                self.seats.leave(&self.bot).await;
                if hold.owed.load(Ordering::SeqCst)
                    && hold.mode() == Mode::Shared
                    && let Err(why) = self.snapshot(&hold, true).await
                {
                    tracing::warn!(bot = %self.bot, why, "what was kept while NATS was away is kept here alone");
                }
                match hold.mode() {
                    Mode::Lost(why) => Some(why),
                    Mode::Shared | Mode::Alone => None,
                }
            }
            Some(why) => {
                // Closed before anything else: from here on nothing is sent.
                hold.lose(why.clone());
                self.lines.close(&self.bot);
                self.seats.leave_at_once(&self.bot).await;
                Some(why)
            }
        };
        self.outbox.settled().await;
        self.lines.close(&self.bot);
        self.outbox.put_down(&self.bot).await;
        until.cancel();
        let last = renewing.await.ok().flatten();
        match (gone, last) {
            (Some(why), _) => {
                tracing::warn!(bot = %self.bot, token, why, "this node does not speak for the bot any more")
            }
            (None, Some((mut lease, revision))) => {
                lease.given_back = true;
                match self.stores.put_lease(&self.bot, &lease, Some(revision), self.settings.lease_ttl).await {
                    Ok(_) => tracing::info!(bot = %self.bot, token, "the bot's lease is given back"),
                    Err(error) => {
                        tracing::warn!(bot = %self.bot, token, %error, "the bot's lease could not be given back: it runs out");
                    }
                }
            }
            (None, None) => {}
        }
        if failed {
            // Whoever can read what it keeps shall have the time to take it.
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(self.settings.lease_ttl * 2) => {}
            }
        }
    }

    /// Until the lease is ours.
    async fn wait(&self, reader: Option<&Reader>) -> Taken {
        let ttl = self.settings.lease_ttl;
        let mut waiting = Waiting::new(self.registry.process(), ttl);
        let mut changes = None;
        loop {
            if changes.is_none() {
                changes = self.stores.connection().client().subscribe(self.stores.lease_subject(&self.bot)).await.ok();
            }
            match self.stores.lease(&self.bot, ttl).await {
                Ok(found) => {
                    let verdict = waiting.look(clock::now(), found.as_ref());
                    self.show(found.as_ref(), reader.and_then(Reader::trouble));
                    if let Verdict::Take { over, token } = verdict
                        && let Some(taken) = self.take(over, token).await
                    {
                        return taken;
                    }
                }
                Err(error) => self.show(None, Some(error.to_string())),
            }
            let changed = async {
                match &mut changes {
                    Some(changes) => changes.next().await.is_some(),
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                heard = changed => Some(heard),
                () = tokio::time::sleep(ttl / 8) => None,
            };
            if heard == Some(false) {
                changes = None;
                tokio::time::sleep(ttl / 8).await;
            }
        }
    }

    async fn take(&self, over: Option<u64>, mut token: u64) -> Option<Taken> {
        if over.is_none() {
            // The first ever, or the bucket was emptied by hand: tokens grow all the same.
            let newest = self.stores.last(&self.bot).await.ok()?.and_then(|last| last.message.ok());
            token = token.max(newest.map_or(0, |message| message.token + 1));
        }
        let lease = Lease {
            node: self.settings.name.clone(),
            process: self.registry.process().to_owned(),
            token,
            since: Utc::now(),
            given_back: false,
        };
        let asked_at = clock::now();
        match self.stores.put_lease(&self.bot, &lease, over, self.settings.lease_ttl / 2).await {
            Ok(revision) => {
                self.show(Some(&Found { revision, lease: lease.clone() }), None);
                Some(Taken { lease, holding: Holding::new(self.settings.lease_ttl, revision, asked_at) })
            }
            Err(error) => {
                tracing::debug!(bot = %self.bot, %error, "the bot's lease was not taken");
                None
            }
        }
    }

    /// Tells the people who ask.
    fn show(&self, found: Option<&Found>, trouble: Option<String>) {
        let lease = found.map(|found| &found.lease).filter(|lease| !lease.given_back);
        self.board.put(
            &self.bot,
            HeldBot {
                bot: self.bot.to_string(),
                node: lease.map(|lease| lease.node.clone()),
                since: lease.map(|lease| lease.since),
                here: lease.is_some_and(|lease| lease.process == self.registry.process()),
                alone: false,
                trouble,
            },
        );
    }

    /// Renews the lease until it is lost or `until`; then the newest lease and its revision, if it is still ours.
    async fn renew(
        self: Arc<Self>,
        lease: Lease,
        mut holding: Holding,
        hold: Arc<Hold>,
        until: Stop,
    ) -> Option<(Lease, u64)> {
        // Since when answers are missing.
        let mut unanswered: Option<Duration> = None;
        let mut pause = holding.every();
        loop {
            tokio::select! {
                biased;
                () = until.cancelled() => return Some((lease, holding.revision)),
                _ = hold.lost() => return None,
                () = tokio::time::sleep(pause) => {}
            }
            let asked_at = clock::now();
            let time = holding.every();
            match self.stores.put_lease(&self.bot, &lease, Some(holding.revision), time).await {
                Ok(revision) => {
                    holding.renewed(revision, asked_at);
                    unanswered = None;
                    if hold.mode() == Mode::Alone {
                        tracing::info!(bot = %self.bot, "NATS is back, and nobody else speaks for the bot");
                    }
                    hold.renew(holding.good_until());
                    self.show(Some(&Found { revision, lease: lease.clone() }), None);
                    pause = holding.every();
                    continue;
                }
                Err(Trouble::Conflict) => match self.stores.lease(&self.bot, time).await {
                    // It was our own request, of which the answer was lost.
                    Ok(Some(found)) if found.lease.process == lease.process && found.lease.token == lease.token => {
                        if found.revision > holding.revision {
                            holding.renewed(found.revision, unanswered.unwrap_or(Duration::ZERO));
                        }
                    }
                    Ok(Some(found)) => hold.lose(format!("{} has taken over", found.lease.node)),
                    Ok(None) => hold.lose("the lease was removed"),
                    Err(_) => {}
                },
                Err(Trouble::Away(why)) => {
                    unanswered.get_or_insert(asked_at);
                    tracing::debug!(bot = %self.bot, why, "the bot's lease could not be renewed");
                    if !holding.is_good(clock::now()) && hold.mode() == Mode::Shared {
                        self.away(&hold, &why);
                    }
                }
            }
            pause = holding.every() / 3;
        }
    }

    /// Whether another node may take over when a lease that was good until a moment is not renewed any more.
    fn others(&self) -> Box<Others> {
        let (registry, settings) = (Arc::clone(&self.registry), self.settings.clone());
        Box::new(move |good_until| match settings.when_away {
            WhenAway::GoOn => false,
            WhenAway::Stop => true,
            WhenAway::Auto => registry.others_at(good_until.saturating_sub(settings.lease_ttl * 3 / 4)),
        })
    }

    /// NATS has been away for as long as the lease holds.
    fn away(&self, hold: &Hold, why: &str) {
        if hold.others_may_take_over() {
            hold.lose(format!("NATS is away ({why}), and another node may have taken over"));
            return;
        }
        tracing::warn!(bot = %self.bot, why, "NATS is away; this node goes on alone");
        hold.go_on_alone();
        self.board.put(
            &self.bot,
            HeldBot {
                bot: self.bot.to_string(),
                node: Some(self.settings.name.clone()),
                since: None,
                here: true,
                alone: true,
                trouble: Some(why.to_owned()),
            },
        );
    }

    /// Takes the seat and looks after what it keeps; returns only when that is not possible any more: why.
    async fn work(&self, token: u64, hold: &Arc<Hold>, reader: Option<Reader>) -> String {
        if let Some(reader) = reader {
            let stores = Arc::clone(&self.stores);
            let mut pen = Pen { stores, bot: self.bot.clone(), hold: Arc::clone(hold), token, number: 0, last: 0 };
            if let Err(why) = pen.claim(&self.settings.name).await {
                return why;
            }
            let whole = match tokio::time::timeout(READ_MAX, reader.reached(pen.last)).await {
                Ok(whole) => whole,
                Err(_) => return "what the bot keeps could not be read".to_owned(),
            };
            self.log_is_as_far().await;
            self.outbox.take_up(&self.bot).await;
            drop(self.lines.open(&self.bot, pen));
            // Nobody could go on from a chain that never was whole: what is here is what there is.
            if !whole && let Err(why) = self.snapshot(hold, true).await {
                return why;
            }
        }
        self.seats.take(&self.bot, hold.gate());
        let mut forgotten = self.lines.forgotten();
        loop {
            tokio::time::sleep(SNAPSHOT_LOOK_EVERY).await;
            let owed = hold.owed.load(Ordering::SeqCst);
            let now_forgotten = self.lines.forgotten();
            let due = owed
                || now_forgotten != forgotten
                || hold.messages.load(Ordering::SeqCst) >= self.settings.snapshot_every;
            if !due || hold.mode() != Mode::Shared {
                continue;
            }
            match self.snapshot(hold, owed).await {
                Ok(()) => forgotten = now_forgotten,
                Err(why) => {
                    tracing::debug!(bot = %self.bot, why, "what the bot keeps could not be published as a whole");
                }
            }
        }
    }

    async fn snapshot(&self, hold: &Hold, anew: bool) -> Result<(), String> {
        snapshot::publish((&self.stores, &self.lines, &self.outbox), &self.bot, hold, anew).await
    }

    /// Waits until the log here is as far as the holder before had read it: else it would look as if it had lost its end.
    async fn log_is_as_far(&self) {
        let end = clock::now() + LOG_BEHIND_MAX;
        let cursor = self.outbox.cursor(&self.bot).unwrap_or(Position::START);
        while self.log.head().position < cursor {
            if clock::now() > end {
                tracing::warn!(bot = %self.bot, %cursor, "the log here is still behind what the bot has read");
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
