//! Publishes what the holder of a bot keeps: one message at a time, each only if it is the next one after the last of ours.
//! What comes meanwhile goes together into the next. The first message that is not the next one says that somebody else
//! speaks for the bot: nothing more is sent and nothing more is kept.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};
use yoman_chat::BotName;

use super::{
    chain::{Message, PIECE_BYTES, What, cut},
    clock,
    stores::{Stores, Trouble},
};
use crate::notify::{BotRow, Gate, Mirror, Place, StoreError, Told};

/// The pause after a message that could not be published.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether another node may take over should nothing be heard of NATS from a moment on.
pub(super) type Others = dyn Fn(Duration) -> bool + Send + Sync;

/// What one holding of a lease allows now. Shared by who renews it, who publishes and who sends.
pub(super) struct Hold {
    /// Until when something may be sent, in nanoseconds of [`clock::now`].
    until: AtomicU64,
    mode: watch::Sender<Mode>,
    /// Something was kept here and not published.
    pub(super) owed: AtomicBool,
    /// Published since the last snapshot began.
    pub(super) messages: AtomicU64,
    others: Box<Others>,
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("mode", &*self.mode.borrow()).finish_non_exhaustive()
    }
}

/// What a holder may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything is published.
    Shared,
    /// NATS is away, and this node goes on by itself.
    Alone,
    /// Nothing: somebody else speaks, or may speak, for the bot. Why.
    Lost(String),
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Hold {
    pub(super) fn new(until: Duration, others: Box<Others>) -> Arc<Self> {
        let (mode, _) = watch::channel(Mode::Shared);
        let (owed, messages) = (AtomicBool::new(false), AtomicU64::new(0));
        Arc::new(Self { until: AtomicU64::new(nanos(until)), mode, owed, messages, others })
    }

    /// Whether another node speaks for the bot when NATS stays away for as long as the lease holds.
    pub(super) fn others_may_take_over(&self) -> bool {
        (self.others)(Duration::from_nanos(self.until.load(Ordering::SeqCst)))
    }

    /// Whether what comes now may have to be answered by another node.
    fn may_pass_on(&self) -> bool {
        match &*self.mode.borrow() {
            Mode::Shared => self.others_may_take_over(),
            Mode::Alone => false,
            Mode::Lost(_) => true,
        }
    }

    pub(super) fn renew(&self, until: Duration) {
        self.until.store(nanos(until), Ordering::SeqCst);
        // What is lost stays lost.
        self.mode.send_if_modified(|mode| {
            let back = *mode == Mode::Alone;
            if back {
                *mode = Mode::Shared;
            }
            back
        });
    }

    pub(super) fn go_on_alone(&self) {
        self.mode.send_if_modified(|mode| {
            let alone = *mode == Mode::Shared;
            if alone {
                *mode = Mode::Alone;
            }
            alone
        });
    }

    pub(super) fn lose(&self, why: impl Into<String>) {
        self.until.store(0, Ordering::SeqCst);
        self.mode.send_if_modified(|mode| {
            let first = !matches!(mode, Mode::Lost(_));
            if first {
                *mode = Mode::Lost(why.into());
            }
            first
        });
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode.borrow().clone()
    }

    pub(super) fn modes(&self) -> watch::Receiver<Mode> {
        self.mode.subscribe()
    }

    /// Why it was lost, once it is.
    pub(super) async fn lost(&self) -> String {
        let mut modes = self.modes();
        match modes.wait_for(|mode| matches!(mode, Mode::Lost(_))).await.as_deref() {
            Ok(Mode::Lost(why)) => why.clone(),
            _ => String::new(),
        }
    }

    fn may_send(&self) -> bool {
        match &*self.mode.borrow() {
            Mode::Shared => nanos(clock::now()) < self.until.load(Ordering::SeqCst),
            Mode::Alone => true,
            Mode::Lost(_) => false,
        }
    }

    /// Open while the bot may send.
    pub(super) fn gate(self: &Arc<Self>) -> Gate {
        let hold = Arc::clone(self);
        Gate::asking(move || hold.may_send())
    }
}

enum Item {
    Rows(Vec<BotRow>, Told),
    Say(What, oneshot::Sender<Result<u64, String>>),
}

/// What this node speaks for.
#[derive(Debug)]
struct Line {
    items: mpsc::UnboundedSender<Item>,
    hold: Arc<Hold>,
}

/// Where the rows of the bots under leases go; the mirror of the outbox.
#[derive(Debug)]
pub struct Lines {
    // Std mutexes: nothing is awaited under them. `None`: another node speaks for it, or nobody.
    lines: BTreeMap<BotName, Mutex<Option<Line>>>,
    /// How often somebody was forgotten.
    forgotten: AtomicU64,
}

impl Lines {
    pub(super) fn new(bots: impl IntoIterator<Item = BotName>) -> Self {
        let lines = bots.into_iter().map(|bot| (bot, Mutex::default())).collect();
        Self { lines, forgotten: AtomicU64::new(0) }
    }

    pub(super) fn bots(&self) -> Vec<BotName> {
        self.lines.keys().cloned().collect()
    }

    fn line(&self, bot: &BotName) -> Option<MutexGuard<'_, Option<Line>>> {
        Some(self.lines.get(bot)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often somebody was forgotten since the start: what is on the stream of before shall go then.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    /// From now on what is kept of a bot is published with this pen.
    pub(super) fn open(&self, bot: &BotName, pen: Pen) -> tokio::task::JoinHandle<()> {
        let (items, to_write) = mpsc::unbounded_channel();
        if let Some(mut line) = self.line(bot) {
            *line = Some(Line { items, hold: Arc::clone(&pen.hold) });
        }
        tokio::spawn(pen.write(to_write))
    }

    /// Nothing more is kept of a bot. What was handed over before is still published, unless it is lost.
    pub(super) fn close(&self, bot: &BotName) {
        if let Some(mut line) = self.line(bot) {
            *line = None;
        }
    }

    /// Publishes something that is no rows; where it stands then.
    pub(super) async fn say(&self, bot: &BotName, what: What) -> Result<u64, String> {
        let (told, answer) = oneshot::channel();
        let handed = self
            .line(bot)
            .is_some_and(|line| line.as_ref().is_some_and(|line| line.items.send(Item::Say(what, told)).is_ok()));
        if !handed {
            return Err("another node speaks for this bot".to_owned());
        }
        answer.await.unwrap_or_else(|_| Err("another node speaks for this bot".to_owned()))
    }
}

impl Mirror for Lines {
    fn place(&self, bot: &BotName) -> Place {
        match self.line(bot) {
            None => Place::Here,
            Some(line) if line.is_some() => Place::Mirrored,
            Some(_) => Place::Elsewhere,
        }
    }

    fn mirrored(&self) -> Vec<BotName> {
        self.lines.keys().filter(|bot| self.place(bot) == Place::Mirrored).cloned().collect()
    }

    fn hand(&self, bot: &BotName, rows: Vec<BotRow>, told: Told) {
        let refused = match self.line(bot).as_deref() {
            Some(Some(line)) => match line.items.send(Item::Rows(rows, told)) {
                Err(mpsc::error::SendError(Item::Rows(_, told))) => Some(told),
                _ => None,
            },
            _ => Some(told),
        };
        if let Some(told) = refused {
            told(Err(StoreError::Elsewhere));
        }
    }

    fn may_pass_on(&self, bot: &BotName) -> bool {
        self.line(bot).is_some_and(|line| line.as_ref().is_none_or(|line| line.hold.may_pass_on()))
    }

    fn forget_past(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes one bot's chain, as one holder.
#[derive(Debug)]
pub(super) struct Pen {
    pub(super) stores: Arc<Stores>,
    pub(super) bot: BotName,
    pub(super) hold: Arc<Hold>,
    pub(super) token: u64,
    /// The last number given.
    pub(super) number: u64,
    /// Where the last message stands.
    pub(super) last: u64,
}

/// It may not, or need not, be published.
enum Not {
    Alone,
    Lost,
}

impl Pen {
    /// Makes this holder the writer of the chain; waits while NATS is away, for as long as the lease is held.
    pub(super) async fn claim(&mut self, node: &str) -> Result<(), String> {
        loop {
            if let Mode::Lost(why) = self.hold.mode() {
                return Err(why);
            }
            let newest = match self.stores.last(&self.bot).await {
                Ok(newest) => newest,
                Err(error) => {
                    tracing::debug!(bot = %self.bot, %error, "the newest message of a bot could not be read");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if let Some(Ok(message)) = newest.as_ref().map(|last| &last.message)
                && message.token > self.token
            {
                return Err("another node has written since".to_owned());
            }
            self.last = newest.map_or(0, |last| last.sequence);
            let message = Message { token: self.token, number: 1, what: What::Claim { node: node.to_owned() } };
            match self.stores.publish(&self.bot, &message, self.last).await {
                Ok(sequence) => {
                    (self.last, self.number) = (sequence, 1);
                    return Ok(());
                }
                // The holder before was writing; or the answer to an earlier try was lost: one more does no harm.
                Err(Trouble::Conflict) => {}
                Err(Trouble::Away(error)) => {
                    tracing::debug!(bot = %self.bot, error, "a bot's chain could not be claimed yet");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn write(mut self, mut items: mpsc::UnboundedReceiver<Item>) {
        let mut next = None;
        loop {
            let item = match next.take() {
                Some(item) => item,
                None => match items.recv().await {
                    Some(item) => item,
                    None => return,
                },
            };
            match item {
                Item::Say(what, told) => {
                    let said = self.publish(what).await.map_err(|not| match not {
                        Not::Alone => "NATS is away".to_owned(),
                        Not::Lost => "another node speaks for this bot".to_owned(),
                    });
                    let _ = told.send(said);
                }
                Item::Rows(mut rows, told) => {
                    let (mut waiting, mut bytes) = (vec![told], bytes_of(&rows));
                    while bytes < PIECE_BYTES {
                        match items.try_recv() {
                            Ok(Item::Rows(more, told)) => {
                                bytes += bytes_of(&more);
                                rows.extend(more);
                                waiting.push(told);
                            }
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    let result = match self.rows(rows).await {
                        Ok(()) => Ok(()),
                        Err(Not::Alone) => {
                            self.hold.owed.store(true, Ordering::SeqCst);
                            Ok(())
                        }
                        Err(Not::Lost) => Err(StoreError::Elsewhere),
                    };
                    waiting.into_iter().for_each(|told| told(result.clone()));
                }
            }
        }
    }

    async fn rows(&mut self, rows: Vec<BotRow>) -> Result<(), Not> {
        let parts = cut(rows, |(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        let last = parts.len();
        for (n, rows) in (1..).zip(parts) {
            self.publish(What::Rows { rows, done: n == last }).await?;
        }
        Ok(())
    }

    /// Publishes the next message; goes on trying while the lease is held.
    async fn publish(&mut self, what: What) -> Result<u64, Not> {
        let message = Message { token: self.token, number: self.number + 1, what };
        let mut modes = self.hold.modes();
        loop {
            match &*modes.borrow_and_update() {
                Mode::Shared => {}
                Mode::Alone => return Err(Not::Alone),
                Mode::Lost(_) => return Err(Not::Lost),
            }
            let tried = tokio::select! {
                biased;
                tried = self.stores.publish(&self.bot, &message, self.last) => tried,
                // Whether it arrived is not known then; whoever comes back asks.
                _ = modes.changed() => continue,
            };
            match tried {
                Ok(sequence) => return Ok(self.published(&message, sequence)),
                Err(Trouble::Conflict) => match self.stores.last(&self.bot).await {
                    Ok(Some(last)) => match last.message {
                        // The answer to an earlier try was lost.
                        Ok(found) if found.token == message.token && found.number == message.number => {
                            return Ok(self.published(&message, last.sequence));
                        }
                        // The last one we know of was one before the last.
                        Ok(found) if found.token == message.token && found.number == self.number => {
                            self.last = last.sequence;
                        }
                        _ => {
                            // Before anybody is told: nothing is sent any more.
                            self.hold.lose("another node has taken over");
                            return Err(Not::Lost);
                        }
                    },
                    Ok(None) => {
                        tracing::error!(bot = %self.bot, "the stream of the bots' state was emptied by hand; it is written anew");
                        self.last = 0;
                        self.hold.owed.store(true, Ordering::SeqCst);
                    }
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                Err(Trouble::Away(error)) => {
                    tracing::debug!(bot = %self.bot, error, "what a bot keeps could not be published yet");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn published(&mut self, message: &Message, sequence: u64) -> u64 {
        (self.last, self.number) = (sequence, message.number);
        self.hold.messages.fetch_add(1, Ordering::Relaxed);
        sequence
    }
}

fn bytes_of(rows: &[BotRow]) -> usize {
    rows.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len) + 8).sum()
}
