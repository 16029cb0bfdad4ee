//! Purpose: long polling. An update is confirmed, which makes Telegram forget it, only after it was kept; until then
//! every request asks for it again. Source: <https://core.telegram.org/bots/api#getupdates>.
//!
//! A batch goes in at once: one task a chat, the order kept within it. What is kept is remembered until it can be
//! confirmed, so an update that cannot be kept holds back neither the others nor their confirmation for long: it is
//! fetched again and again, together with what came after it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use serde::Serialize;
use serde_json::value::RawValue;
use teloxide::requests::Payload;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use yoman_chat::{BotError, Stop};

use crate::{
    api::{self, CallError},
    intake::{ALLOWED_UPDATES, Intake, Item},
    registration::delete_webhook,
};

/// How many updates one request brings: the most the service gives.
const BATCH: usize = 100;
/// How much longer than the poll itself a request may take.
const GRACE: Duration = Duration::from_secs(10);
/// The first pause after a failure, doubled up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(100);
/// Together with the jitter below 2 s: that is how soon we are back.
const PAUSE_MAX: Duration = Duration::from_millis(1_500);
/// The longest pause before what was not kept is fetched again; new messages wait for it too, so it is short.
const RETRY_MAX: Duration = Duration::from_millis(500);
/// How long a batch may take before the next request goes out beside it.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause between requests that bring nothing but what is still being handled.
const BUSY: Duration = Duration::from_millis(200);
/// How long an update waits for our username before it is fetched again; less than [`PATIENCE`], so that what comes
/// later in its chat does not overtake it.
const NAME_PATIENCE: Duration = Duration::from_millis(1_500);
/// After a quiet week the numbers begin anew anywhere, perhaps below our offset; long before that we drop it.
const QUIET: Duration = Duration::from_secs(24 * 3600);
/// How long what is under way may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_200);
/// How long the last confirmation may take when we stop.
const LAST_WORD: Duration = Duration::from_millis(400);

#[derive(Serialize)]
struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    limit: usize,
    timeout: u64,
    allowed_updates: [&'static str; 4],
}

impl Payload for GetUpdates {
    /// Each update stays raw, so that one that cannot be parsed spoils no other.
    type Output = Vec<Box<RawValue>>;
    const NAME: &'static str = "getUpdates";
}

/// Where an update that was fetched stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Busy,
    Kept,
    Failed,
}

/// The updates between what is confirmed and what was fetched.
#[derive(Debug, Default)]
struct Ledger {
    updates: BTreeMap<i64, State>,
    /// One above the highest number fetched.
    next: Option<i64>,
    /// The offset of the last request that was answered.
    confirmed: Option<i64>,
}

impl Ledger {
    /// Everything below it is kept.
    fn offset(&self) -> Option<i64> {
        let first_open = self.updates.iter().find(|(_, state)| **state != State::Kept).map(|(number, _)| *number);
        first_open.or(self.next)
    }

    /// Takes note of a fetched update; `false` when it is being handled or was kept.
    fn fetch(&mut self, number: i64) -> bool {
        self.next = Some(self.next.map_or(number + 1, |next| next.max(number + 1)));
        match self.updates.get(&number) {
            Some(State::Busy | State::Kept) => false,
            Some(State::Failed) | None => {
                self.updates.insert(number, State::Busy);
                true
            }
        }
    }

    fn settle(&mut self, number: i64, kept: bool) {
        self.updates.insert(number, if kept { State::Kept } else { State::Failed });
    }

    /// The service has forgotten everything below `offset`.
    fn confirm(&mut self, offset: Option<i64>) {
        let Some(offset) = offset else { return };
        self.confirmed = Some(offset);
        self.updates = self.updates.split_off(&offset);
    }

    /// Asks without an offset again, if everything fetched is kept and confirmed: then it brings nothing old.
    fn start_over(&mut self) {
        if self.updates.is_empty() && self.next == self.confirmed {
            *self = Self::default();
        }
    }

    fn busy(&self) -> bool {
        self.updates.values().any(|state| *state == State::Busy)
    }

    fn is_busy(&self, number: i64) -> bool {
        self.updates.get(&number) == Some(&State::Busy)
    }

    fn failed(&self) -> bool {
        self.updates.values().any(|state| *state == State::Failed)
    }
}

/// A pause that grows, with jitter so that many processes do not come back at once.
#[derive(Debug, Default)]
struct Backoff {
    failures: u32,
}

impl Backoff {
    fn next(&mut self, max: Duration) -> Duration {
        let pause = (PAUSE * 2_u32.pow(self.failures.min(8))).min(max);
        self.failures += 1;
        pause.mul_f64(0.75 + fastrand::f64() * 0.5)
    }
}

type Report = (i64, bool);

/// Tells the outcome of an update even when handling it ends in a panic: then it was not kept.
struct Pending {
    number: Option<i64>,
    reports: mpsc::UnboundedSender<Report>,
    kept: bool,
}

impl Pending {
    fn settle(mut self, kept: bool) {
        self.kept = kept;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // The receiver is gone only when the bot is.
            let _ = self.reports.send((number, self.kept));
        }
    }
}

/// The loop.
pub(crate) struct Poller {
    intake: Intake,
    poll_timeout: Duration,
    ledger: Ledger,
    reports: mpsc::UnboundedReceiver<Report>,
    reporter: mpsc::UnboundedSender<Report>,
    errors: Backoff,
    retries: Backoff,
    /// When an update last came.
    last: Instant,
}

impl Poller {
    pub(crate) fn new(intake: Intake, poll_timeout: Duration) -> Self {
        let (reporter, reports) = mpsc::unbounded_channel();
        Self {
            intake,
            poll_timeout,
            ledger: Ledger::default(),
            reports,
            reporter,
            errors: Backoff::default(),
            retries: Backoff::default(),
            last: Instant::now(),
        }
    }

    /// Polls until `stop`, or until the token turns out to be wrong.
    pub(crate) async fn run(mut self, stop: Stop) -> Result<(), BotError> {
        loop {
            if self.last.elapsed() > QUIET {
                self.ledger.start_over();
            }
            let offset = self.ledger.offset();
            let ask = GetUpdates {
                offset,
                limit: BATCH,
                // After a failure the first answer comes at once, so that it is known soon that there are answers again.
                timeout: if self.errors.failures > 0 { 0 } else { self.poll_timeout.as_secs() },
                allowed_updates: ALLOWED_UPDATES,
            };
            let answer = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                answer = self.intake.api.call_within(&ask, self.poll_timeout + GRACE) => answer,
            };
            while let Ok((number, kept)) = self.reports.try_recv() {
                self.ledger.settle(number, kept);
            }
            let pause = match answer {
                Ok(batch) => {
                    self.intake.pulse.up();
                    if self.errors.failures > 0 {
                        tracing::info!(bot = %self.intake.bot, "getUpdates works again");
                        self.errors = Backoff::default();
                    }
                    self.ledger.confirm(offset);
                    self.batch(batch, &stop).await
                }
                Err(error) => tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    pause = self.failed(&error) => Some(pause?),
                },
            };
            if let Some(pause) = pause {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    () = sleep(pause) => {}
                }
            }
        }
        self.finish().await;
        Ok(())
    }

    /// Hands a batch in and waits for it; gives the pause to make before the next request, if any.
    async fn batch(&mut self, batch: Vec<Box<RawValue>>, stop: &Stop) -> Option<Duration> {
        if batch.is_empty() {
            return None;
        }
        self.last = Instant::now();
        let mut chats: Vec<Vec<Item>> = Vec::new();
        let mut places: HashMap<i64, usize> = HashMap::new();
        let mut fresh = HashSet::new();
        for raw in &batch {
            let item = self.intake.open(raw.get());
            if let Some(number) = item.number {
                if !self.ledger.fetch(number) {
                    continue;
                }
                fresh.insert(number);
            }
            let place = *places.entry(item.chat).or_insert_with(|| {
                chats.push(Vec::new());
                chats.len() - 1
            });
            chats[place].push(item);
        }
        for items in chats {
            let (intake, reports) = (self.intake.clone(), self.reporter.clone());
            tokio::spawn(chat(intake, items, reports));
        }
        let until = Instant::now() + PATIENCE;
        fresh.retain(|number| self.ledger.is_busy(*number));
        while !fresh.is_empty() {
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                Some((number, kept)) = self.reports.recv() => {
                    self.ledger.settle(number, kept);
                    fresh.remove(&number);
                }
                () = tokio::time::sleep_until(until) => break,
            }
        }
        if self.ledger.failed() {
            return Some(self.retries.next(RETRY_MAX));
        }
        self.retries = Backoff::default();
        // Without progress the next request would bring the same at once.
        (self.ledger.offset() == self.ledger.confirmed || self.ledger.busy()).then_some(BUSY)
    }

    /// What to do about a failed request; gives the pause to make.
    async fn failed(&mut self, error: &CallError) -> Result<Duration, BotError> {
        let bot = &self.intake.bot;
        if let Some(wrong) = api::bad_token(bot, error) {
            return Err(wrong);
        }
        self.intake.pulse.down(error.to_string());
        let first = self.errors.failures == 0;
        // Said at once, and then about twice a minute.
        let loud = self.errors.failures.is_multiple_of(20);
        let pause = self.errors.next(PAUSE_MAX);
        if let CallError::Answer(refusal) = error {
            if refusal.code == 409 && refusal.description.to_ascii_lowercase().contains("webhook") {
                tracing::warn!(%bot, "a webhook is set for this bot, so polling brings nothing: it is taken away (waiting updates stay)");
                return Ok(match delete_webhook(&self.intake.api).await {
                    Ok(()) if first => Duration::ZERO,
                    Ok(()) => pause,
                    Err(error) => {
                        tracing::warn!(%bot, %error, "the webhook could not be taken away");
                        pause
                    }
                });
            }
            if refusal.code == 409 {
                if loud {
                    tracing::warn!(
                        %bot,
                        "another program polls with the same bot token (a second copy of this one, perhaps on another machine or not yet stopped): each takes updates from the other; stop one, or give each its own bot"
                    );
                }
                return Ok(pause.max(Duration::from_millis(500)));
            }
            if let Some(wait) = refusal.retry_after {
                tracing::warn!(%bot, wait_s = wait.as_secs(), "Telegram asks to wait before the next getUpdates");
                return Ok(wait);
            }
        }
        if loud {
            tracing::warn!(%bot, %error, "getUpdates failed; trying again until it works");
        } else {
            tracing::debug!(%bot, %error, "getUpdates failed again");
        }
        Ok(pause)
    }

    /// Lets what is under way finish, and confirms what is kept, so that the next start does not see it again.
    async fn finish(mut self) {
        let until = Instant::now() + STOP_PATIENCE;
        while self.ledger.busy() {
            match tokio::time::timeout_at(until, self.reports.recv()).await {
                Ok(Some((number, kept))) => self.ledger.settle(number, kept),
                Ok(None) | Err(_) => break,
            }
        }
        let offset = self.ledger.offset();
        if offset == self.ledger.confirmed {
            return;
        }
        let ask = GetUpdates { offset, limit: 1, timeout: 0, allowed_updates: ALLOWED_UPDATES };
        // What it brings is not confirmed and comes again; should it fail, all the more.
        let _ = self.intake.api.call_within(&ask, LAST_WORD).await;
    }
}

/// Hands in the updates of one chat, in their order, without waiting for one before the next is handed in.
async fn chat(intake: Intake, items: Vec<Item>, reports: mpsc::UnboundedSender<Report>) {
    let unnamed = items.iter().position(Item::needs_name);
    let mut able = items.len();
    if let Some(first) = unnamed
        && !intake.named(NAME_PATIENCE).await
    {
        tracing::warn!(bot = %intake.bot, "getMe has not told our username yet; messages that may name us wait for it");
        // Those behind it wait too, or they would overtake it.
        able = first;
    }
    let intake = &intake;
    let mut all: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let pending = Pending { number: item.number, reports: reports.clone(), kept: false };
        if place >= able {
            continue;
        }
        all.push(Box::pin(async move {
            // By method, so that the whole guard moves in here and not just one field of it.
            let kept = intake.take(intake.reopen(item)).await;
            pending.settle(kept);
        }));
    }
    in_order(all).await;
}

/// Polls every future once in order, which is what the inbox takes their order from, then all as they wake.
async fn in_order(mut futures: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>>) {
    poll_fn(|cx| {
        futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    let mut rest: FuturesUnordered<_> = futures.into_iter().collect();
    while rest.next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_kept_is_confirmed() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.offset(), None);
        assert!(ledger.fetch(10) && ledger.fetch(11) && ledger.fetch(12));
        assert_eq!(ledger.offset(), Some(10));
        ledger.settle(10, true);
        ledger.settle(12, true);
        assert_eq!(ledger.offset(), Some(11), "11 is not kept");
        ledger.settle(11, false);
        assert_eq!(ledger.offset(), Some(11));
        ledger.confirm(Some(11));
        assert!(ledger.fetch(11), "a failed one is handled again");
        assert!(!ledger.fetch(12), "a kept one is not");
        ledger.settle(11, true);
        assert_eq!(ledger.offset(), Some(13));
        ledger.confirm(Some(13));
        assert!(ledger.updates.is_empty());
    }

    #[test]
    fn pauses_grow_and_stay_below_two_seconds() {
        let mut backoff = Backoff::default();
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.next(PAUSE_MAX)).collect();
        assert!(pauses[0] <= Duration::from_millis(125));
        assert!(pauses.iter().all(|pause| *pause < Duration::from_secs(2)));
    }
}
