//! Takes what the outbox has and shows it: rooms independent of each other, a bounded number of sends at a time.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tracing::{error, warn};
use yoman_chat::{Bot, MessageRef, Outbound, RoomId, SendError, Stop, split};

use super::{
    cards::{self, CardRow},
    entry::What,
    gate::Gate,
    outbox::Outbox,
    pictures::Pictures,
    queue::{Claim, Queue, Running},
    settle::Outcome,
};
use crate::{domain::ItemRef, lang::Lang, machine};

/// How delivery behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySettings {
    /// Sends of one bot at the same time.
    pub in_flight_max: usize,
    /// How long one attempt may take before its outcome counts as unknown.
    pub attempt_max: Duration,
    /// How long a message is tried again.
    pub give_up_after: Duration,
    /// The wait after a first failure; doubled with each further one.
    pub backoff_min: Duration,
    /// The longest wait after a failure.
    pub backoff_max: Duration,
    /// The shortest time between two changes of one card.
    pub coalesce: Duration,
    /// The shortest time between two changes of a room's board.
    pub board_every: Duration,
    /// Refusals in a row after which a room counts as lost.
    pub refusals_max: u32,
    /// How long a stop waits for sends that are under way.
    pub stop_wait: Duration,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            in_flight_max: 32,
            attempt_max: Duration::from_secs(60),
            give_up_after: Duration::from_secs(24 * 3600),
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(60),
            coalesce: Duration::from_millis(500),
            board_every: Duration::from_secs(3),
            refusals_max: 3,
            stop_wait: Duration::from_secs(2),
        }
    }
}

/// An item as a room is to see it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The message.
    pub message: Outbound,
    /// The version of the item it shows.
    pub version: u64,
}

/// Shows items. Called at the time of sending, from many tasks; must not block.
pub trait Render: Send + Sync + 'static {
    /// The card of an item for a room; `None` when there is no such item.
    fn card(&self, room: &RoomId, item: ItemRef) -> Option<Card>;

    /// The language of a room, for what is put under a message on its way.
    fn lang(&self, _room: &RoomId) -> Lang {
        Lang::English
    }

    /// The board of a room, within what its platform takes in one message; `None` when it has none.
    fn board(&self, _room: &RoomId) -> Option<Outbound> {
        None
    }

    /// What a message becomes that was a room's board. `moved`: another message is.
    fn board_before(&self, _room: &RoomId, _moved: bool) -> Outbound {
        Outbound::default()
    }

    /// What a room is told when its board may not be pinned.
    fn not_pinned(&self, _room: &RoomId, _why: &str) -> Outbound {
        Outbound::default()
    }
}

/// How often old rows are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// When they are forgotten for the first time.
const TIDY_FIRST: Duration = Duration::from_secs(60);

/// A running delivery.
#[derive(Debug)]
pub struct Delivery {
    task: tokio::task::JoinHandle<()>,
    at_once: Stop,
}

impl Delivery {
    /// Starts showing what the outbox has for `bot`, what was left from before first. Ends after `stop`: nothing new is
    /// begun, what is under way gets [`DeliverySettings::stop_wait`], and what came of it is recorded.
    ///
    /// One delivery at a time for each bot.
    pub fn start(
        bot: Arc<dyn Bot>,
        outbox: Outbox,
        render: Arc<dyn Render>,
        settings: DeliverySettings,
        stop: Stop,
    ) -> Self {
        Self::start_through(Gate::open(), bot, outbox, render, settings, stop)
    }

    /// The same through a gate: while it is closed nothing is sent, and nothing of what is tried counts as sent.
    pub fn start_through(
        gate: Gate,
        bot: Arc<dyn Bot>,
        outbox: Outbox,
        render: Arc<dyn Render>,
        settings: DeliverySettings,
        stop: Stop,
    ) -> Self {
        let queue = outbox.queue(bot.name());
        let pictures = outbox.pictures().clone();
        let courier = Courier { queue, bot, render, pictures, attempt_max: settings.attempt_max, gate, stop };
        let at_once = Stop::new();
        Self { task: machine::spawn(courier.run(outbox, settings, at_once.clone())), at_once }
    }

    /// After its `stop`: what is under way is not waited for.
    pub fn break_off(&self) {
        self.at_once.cancel();
    }

    /// Waits until it has ended; call after cancelling its `stop`.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            error!(%error, "delivery ended in a panic");
        }
    }
}

#[derive(Clone)]
pub(super) struct Courier {
    pub(super) queue: Arc<Queue>,
    pub(super) bot: Arc<dyn Bot>,
    pub(super) render: Arc<dyn Render>,
    pictures: Pictures,
    attempt_max: Duration,
    gate: Gate,
    stop: Stop,
}

/// A claim under way. Dropped (aborted, or the bot panicked), the outcome is unknown.
struct UnderWay<'a> {
    queue: &'a Arc<Queue>,
    claim: Option<Claim>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            let error = SendError::Unknown("the attempt was broken off".into());
            self.queue.settle(claim, Outcome::Failed { error, row: None });
        }
    }
}

impl Courier {
    async fn run(self, outbox: Outbox, settings: DeliverySettings, at_once: Stop) {
        let mut workers = JoinSet::new();
        for _ in 0..settings.in_flight_max.max(1) {
            machine::spawn_in(&mut workers, self.clone().work());
        }
        let mut rest = JoinSet::new();
        machine::spawn_in(&mut rest, keep_time(Arc::clone(&self.queue)));
        machine::spawn_in(&mut rest, keep_tidy(outbox.clone()));
        self.queue.start(Running {
            capabilities: self.bot.capabilities(),
            coalesce: settings.coalesce,
            board_every: settings.board_every,
            give_up_after: settings.give_up_after,
            refusals_max: settings.refusals_max,
            backoff_min: settings.backoff_min,
            backoff_max: settings.backoff_max,
        });
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(ended) = workers.join_next() => {
                    if let Err(error) = ended {
                        error!(%error, bot = %self.bot.name(), "sending panicked; going on");
                    }
                    if !self.stop.is_cancelled() {
                        machine::spawn_in(&mut workers, self.clone().work());
                    }
                }
            }
        }
        self.queue.halt();
        rest.shutdown().await;
        let ended = async { while workers.join_next().await.is_some() {} };
        let in_time = tokio::select! {
            biased;
            ended = tokio::time::timeout(settings.stop_wait, ended) => ended.is_ok(),
            () = at_once.cancelled() => false,
        };
        if !in_time {
            warn!(bot = %self.bot.name(), "some sends were still under way at the stop: they may be shown twice, marked");
            workers.shutdown().await;
        }
        // What was recorded as tried but never was would be marked as a possible repeat at the next start.
        let _ = outbox.sync().await;
        self.queue.release();
        if let Err(error) = outbox.sync().await {
            warn!(%error, "the outbox could not be synced at the stop");
        }
    }

    async fn work(self) {
        while let Some(claim) = self.next().await {
            let mut under_way = UnderWay { queue: &self.queue, claim: Some(claim) };
            let outcome = match &under_way.claim {
                Some(claim) => self.attempt(claim).await,
                None => return,
            };
            if let Some(claim) = under_way.claim.take() {
                self.queue.settle(claim, outcome);
            }
        }
    }

    /// The next claim, once the bot may send; `None` when stopping.
    async fn next(&self) -> Option<Claim> {
        loop {
            let permit = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                permit = self.queue.wake.acquire() => permit.ok()?,
            };
            // Nothing is taken while the whole bot waits, so that order and places stay as they are.
            loop {
                let Some(until) = self.queue.inner().paused.filter(|until| *until > Instant::now()) else { break };
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return None,
                    () = tokio::time::sleep_until(until) => {}
                }
            }
            permit.forget();
            if let Some(claim) = self.queue.pop() {
                return Some(claim);
            }
        }
    }

    async fn attempt(&self, claim: &Claim) -> Outcome {
        let Claim { room, entry } = claim;
        match &entry.row.what {
            What::Message { message, over: Some(id), card: None, .. } if self.bot.capabilities().edits => {
                // Changed twice it is the same, so that a repeat needs no mark; one that is sent instead does.
                match self.edit(room, id, message).await {
                    Ok(()) => Outcome::Edited { row: None, edits: 1, older: Vec::new() },
                    Err(SendError::Gone(_) | SendError::Refused(_)) => {
                        let sent = self.send(room, &entry.shown(message, self.render.lang(room)), None).await;
                        sent.unwrap_or_else(|error| Outcome::Failed { error, row: None })
                    }
                    Err(error) => Outcome::Failed { error, row: None },
                }
            }
            What::Message { message, card, .. } => {
                let lang = self.render.lang(room);
                let shown = self.pictures.fetch(entry.shown(message, lang), lang).await;
                let sent = self.send(room, &shown, *card).await;
                sent.unwrap_or_else(|error| Outcome::Failed { error, row: None })
            }
            What::Refresh { item } => self.refresh(room, *item).await,
            What::Board { anew } => Outcome::Board(self.turn(room, entry, *anew).await),
        }
    }

    async fn send(&self, room: &RoomId, shown: &Outbound, card: Option<(ItemRef, u64)>) -> Result<Outcome, SendError> {
        let Some((item, version)) = card else {
            let message = self.timed(self.bot.send(room, shown)).await?;
            return Ok(Outcome::Sent { message, hash: 0, again: false });
        };
        // An answer is worded for the moment ("T1 done, T2 is no longer waiting") and need not look like the card. So what
        // counts as shown is the card of the same version; only when that changes is the message changed into the card.
        let before = self.render.card(room, item);
        let message = self.timed(self.bot.send(room, shown)).await?;
        let after = self.render.card(room, item);
        let hash_at =
            |card: Option<&Card>| card.filter(|card| card.version == version).map(|card| cards::hash(&card.message));
        let hash = hash_at(before.as_ref()).or_else(|| hash_at(after.as_ref())).unwrap_or(0);
        // A change during the send found no card to refresh.
        let again =
            after.is_some_and(|card| card.version > version || (hash != 0 && cards::hash(&card.message) != hash));
        Ok(Outcome::Sent { message, hash, again })
    }

    async fn refresh(&self, room: &RoomId, item: ItemRef) -> Outcome {
        const NOTHING: Outcome = Outcome::Edited { row: None, edits: 0, older: Vec::new() };
        let Some(mut row) = self.queue.cards.row(room, item) else { return NOTHING };
        let Some(card) = self.render.card(room, item) else { return NOTHING };
        let hash = cards::hash(&card.message);
        let same = row.hash == hash || (row.hash == 0 && card.version == row.version);
        if card.version < row.version {
            return NOTHING;
        }
        if same && row.hash != 0 && row.older.is_empty() {
            // It shows what is true of the newer version, too: a reaction to it is to that one.
            let newer = card.version > row.version;
            let row = newer.then_some(CardRow { version: card.version, ..row });
            return Outcome::Edited { row, edits: 0, older: Vec::new() };
        }
        let mut parts = split(card.message, &self.bot.capabilities()).into_iter();
        let Some(mut to) = parts.next() else { return NOTHING };
        if let Some(last) = parts.next_back() {
            to.buttons = last.buttons;
        }
        let mut edits = 0;
        if !same {
            match self.edit(room, &row.id, &to).await {
                Ok(()) => edits += 1,
                Err(SendError::Gone(why)) => {
                    tracing::debug!(%room, %item, why, "a card is gone");
                    return Outcome::Gone;
                }
                Err(error) => return Outcome::Failed { error, row: None },
            }
            row.buttons = !to.buttons.is_empty();
        }
        row.hash = hash;
        row.version = card.version;
        // Where several messages show an item, one can be pressed: the newest that has buttons. An answer of a line has none,
        // and the card before it stays the one to press until the item changes.
        let mut brought = Vec::new();
        let pressable = !row.buttons && !to.buttons.is_empty();
        let mut kept = row.older.last().filter(|_| pressable).cloned();
        let bare = Outbound { buttons: Vec::new(), ..to.clone() };
        while let Some(older) = row.older.pop() {
            let shown = if kept.as_ref() == Some(&older) { &to } else { &bare };
            match self.edit(room, &older, shown).await {
                Ok(()) => {
                    edits += 1;
                    brought.push(older);
                }
                // It was never more than a courtesy.
                Err(SendError::Gone(_) | SendError::Refused(_)) => kept = kept.filter(|it| *it != older),
                Err(error) => {
                    row.older.push(older);
                    return Outcome::Failed { error, row: Some(row) };
                }
            }
        }
        row.older.extend(kept);
        Outcome::Edited { row: Some(row), edits, older: brought }
    }

    pub(super) async fn edit(&self, room: &RoomId, id: &str, to: &Outbound) -> Result<(), SendError> {
        let message = MessageRef { room: room.clone(), id: id.to_owned() };
        let to = Outbound { lang: self.render.lang(room).code().to_owned(), ..to.clone() };
        self.timed(self.bot.edit(&message, &to)).await
    }

    /// Every call of the platform goes through here.
    pub(super) async fn timed<T>(&self, attempt: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
        // The last thing before it: whatever was waited for may have taken long.
        if !self.gate.may_send() {
            return Err(SendError::NotSent("another node may be speaking for this bot by now".into()));
        }
        tokio::time::timeout(self.attempt_max, attempt)
            .await
            .unwrap_or_else(|_| Err(SendError::Unknown(format!("no answer within {} s", self.attempt_max.as_secs()))))
    }
}

/// Looks at rooms again when their time has come.
async fn keep_time(queue: Arc<Queue>) {
    loop {
        let changed = queue.timer.notified();
        match queue.next_timer() {
            Some(due) => tokio::select! {
                biased;
                () = tokio::time::sleep_until(due) => queue.fire(Instant::now()),
                () = changed => {}
            },
            None => changed.await,
        }
    }
}

/// Forgets what is old, now and then.
async fn keep_tidy(outbox: Outbox) {
    let mut wait = TIDY_FIRST;
    loop {
        tokio::time::sleep(wait).await;
        wait = TIDY_EVERY;
        let outbox = outbox.clone();
        // Its panics are caught inside; a failure to run is not worth more than the next try.
        let _ = machine::blocking(move || outbox.tidy()).await;
    }
}

#[cfg(test)]
#[path = "tests/delivery.rs"]
mod tests;

#[cfg(test)]
#[path = "tests/turning.rs"]
mod turning;
