//! A log and a bot that fail as the seed says.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::Notify;
use yoman::{
    log::{
        Append, AppendError, Appended, CommandId, Commit, EventLog, Head, Health, Live, Position, ReadError, StreamId,
        Version, Visit, memory::MemoryLog,
    },
    machine::Schedule as _,
};
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, MessageRef, Outbound, RoomId, SendError, Stop, fake::FakeBot,
};

use super::schedule::Seeded;

/// A log in memory that fails now and then.
#[derive(Debug)]
pub(super) struct FaultyLog {
    log: MemoryLog,
    faulty: AtomicBool,
    faults: AtomicUsize,
    seed: u64,
    /// How often each command was tried: what a try meets depends on the two alone, not on what else was tried in between.
    // A std mutex: nothing is awaited under it.
    tries: Mutex<HashMap<CommandId, u64>>,
    /// The planted defect: an append that is acknowledged and was never made.
    lies: bool,
    schedule: Arc<Seeded>,
}

impl FaultyLog {
    pub(super) fn new(log: MemoryLog, seed: u64, lies: bool, schedule: Arc<Seeded>) -> Self {
        let (faulty, faults) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { log, faulty, faults, seed, tries: Mutex::default(), lies, schedule }
    }

    async fn appended(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.set_time(self.schedule.now());
        let said = append.meta.text.clone();
        let outcome = self.log.append(append).await;
        let at = outcome.as_ref().map(|appended| (appended.commit.position.0, appended.repeat)).ok();
        self.schedule.note("append", &(said, at));
        outcome
    }

    pub(super) fn be_faulty(&self, faulty: bool) {
        self.faulty.store(faulty, Ordering::Relaxed);
    }

    pub(super) fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }

    pub(super) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if !self.faulty.load(Ordering::Relaxed) {
            return self.appended(append).await;
        }
        let (dice, pause) = {
            let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
            let number = tries.entry(append.meta.command.clone()).or_default();
            *number += 1;
            let mut hasher = DefaultHasher::new();
            (self.seed, append.meta.command.as_str(), *number).hash(&mut hasher);
            let mut dice = StdRng::seed_from_u64(hasher.finish());
            (dice.random_range(0..100), Duration::from_millis(dice.random_range(1..3_000)))
        };
        match dice {
            0..4 => {
                self.count_fault();
                Err(AppendError::Failed("it failed".into()))
            }
            4..8 => {
                // It is there, and nobody knows.
                self.count_fault();
                self.appended(append).await?;
                Err(AppendError::Failed("it failed, perhaps".into()))
            }
            8..10 => {
                self.count_fault();
                Err(AppendError::DiskFull { free_mb: 1, floor_mb: 64 })
            }
            10..16 => {
                self.count_fault();
                tokio::time::sleep(pause).await;
                self.appended(append).await
            }
            16..22 => {
                // There before whoever asked hears of it.
                self.count_fault();
                let outcome = self.appended(append).await;
                tokio::time::sleep(pause).await;
                outcome
            }
            22..32 if self.lies => {
                let elsewhere = MemoryLog::new();
                let expected = append.expected.version();
                match expected {
                    0 => elsewhere.append(append).await,
                    _ => self.appended(append).await,
                }
            }
            _ => self.appended(append).await,
        }
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.log.read_stream(stream, from, visit)
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.log.read_all(after, visit)
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.log.version(stream)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        self.log.find_command(command)
    }

    fn head(&self) -> Head {
        self.log.head()
    }

    fn live(&self) -> Live {
        self.log.live()
    }

    fn health(&self) -> Health {
        self.log.health()
    }

    async fn close(&self) -> Result<(), AppendError> {
        // The next life has the same one.
        Ok(())
    }
}

/// A bot whose running ends when it is told to crash.
pub(super) struct Crashing {
    bot: FakeBot,
    crash: Notify,
    schedule: Arc<Seeded>,
}

impl Crashing {
    pub(super) fn new(bot: FakeBot, schedule: Arc<Seeded>) -> Self {
        Self { bot, crash: Notify::new(), schedule }
    }

    pub(super) fn crash(&self) {
        self.crash.notify_waiters();
    }
}

#[async_trait]
impl Bot for Crashing {
    fn name(&self) -> &BotName {
        self.bot.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.bot.capabilities()
    }

    fn link(&self, message: &MessageRef) -> Option<String> {
        self.bot.link(message)
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        tokio::select! {
            ended = self.bot.run(inbox, stop) => ended,
            () = self.crash.notified() => Err(BotError::Failed("it crashed".into())),
        }
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let outcome = self.bot.send(room, message).await;
        let became = outcome.as_ref().map(|at| &*at.id).map_err(ToString::to_string);
        self.schedule.note("send", &(room.as_str(), message.text.to_plain(), became));
        outcome
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let outcome = self.bot.edit(message, to).await;
        let became = outcome.as_ref().map_err(ToString::to_string);
        self.schedule.note("edit", &(message.room.as_str(), &*message.id, to.text.to_plain(), became));
        outcome
    }
}
