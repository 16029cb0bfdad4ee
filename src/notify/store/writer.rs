//! The one writer: takes everything that waits, writes it as one, hands it to the mirror, and tells whoever waits.

use std::{
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use tracing::warn;
use yoman_chat::BotName;

use super::{States, StoreError, fail, lock};
use crate::notify::{
    key::Ops,
    mirror::{Handing, Told},
};

/// At most so many jobs in one batch.
const GROUP_MAX: usize = 1024;
/// How long a group nobody waits for waits for company.
const LINGER: Duration = Duration::from_millis(2);
/// What could not be written for want of space and must not be forgotten, in rows.
const OWED_MAX: usize = 8192;

/// Called on the writer's thread, or the mirror's; must be short and must not panic.
pub(in crate::notify) type Flushed = Told;

pub(in crate::notify) struct Job {
    pub(in crate::notify) ops: Ops,
    /// Write it later when there is no space now.
    pub(super) owed: bool,
    /// Another node wrote it first: the mirror has it.
    pub(in crate::notify) copy: bool,
    pub(super) flushed: Option<Told>,
    pub(super) durable: Option<Told>,
    /// It had nothing to write.
    pub(super) empty: bool,
    /// The bots of which it wrote something that the mirror gets.
    pub(super) mirrored: Vec<BotName>,
}

pub(super) enum ToSync {
    Group(Vec<Told>),
    Close(Told),
}

/// What the rows stand in.
pub(super) trait Base {
    /// Applies all of it, or nothing; from then on it survives the process.
    fn apply(&self, ops: Vec<Ops>) -> Result<(), String>;

    /// The space that is left, where that is known.
    fn free_bytes(&self) -> Option<u64>;
}

pub(super) struct Writer<B> {
    base: B,
    free_floor_bytes: u64,
    states: States,
    owed: Ops,
    space: Option<(Instant, Result<(), StoreError>)>,
    space_every: Duration,
}

impl<B: Base> Writer<B> {
    pub(super) fn new(base: B, free_floor_bytes: u64, space_every: Duration, states: &States) -> Self {
        Self { base, free_floor_bytes, states: states.clone(), owed: Ops::default(), space: None, space_every }
    }

    /// Runs until every sender is gone.
    pub(super) fn run(mut self, jobs: &Receiver<Job>, syncs: &Sender<ToSync>) {
        while let Ok(first) = jobs.recv() {
            let mut group = vec![first];
            self.gather(&mut group, jobs);
            if let Some(durable) = self.turn(group) {
                // Fails only when the other thread is gone; its waiters then see a closed channel.
                let _ = syncs.send(ToSync::Group(durable));
            }
        }
    }

    /// Writes a group, hands it to the mirror and tells who waits for that; gives who waits for the sync, when there is
    /// something to sync.
    pub(super) fn turn(&mut self, mut group: Vec<Job>) -> Option<Vec<Told>> {
        let mirror = self.states.mirror.get().cloned();
        let mut handing = mirror.as_ref().map(|mirror| Handing::new(&**mirror));
        if let Some(handing) = &mut handing {
            group.retain_mut(|job| handing.may_write(job));
        }
        if let Err(why) = self.write(&mut group, handing.as_mut()) {
            group.into_iter().for_each(|job| job.answer(&Err(why.clone())));
            return None;
        }
        let mut durable = Vec::new();
        for job in group {
            job.written(handing.as_mut(), &mut durable);
        }
        if let Some(handing) = handing {
            handing.hand_over();
        }
        Some(durable)
    }

    /// All that waits; when nobody waits for any of it, a moment more.
    pub(super) fn gather(&self, group: &mut Vec<Job>, jobs: &Receiver<Job>) {
        let waited_for = |job: &Job| job.flushed.is_some() || job.durable.is_some();
        let mut urgent = group.iter().any(waited_for);
        let until = Instant::now() + LINGER;
        while group.len() < GROUP_MAX {
            let job = match jobs.try_recv() {
                Ok(job) => job,
                Err(_) if urgent => return,
                Err(_) => match jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
                },
            };
            urgent |= waited_for(&job);
            group.push(job);
        }
    }

    fn write(&mut self, group: &mut [Job], mut handing: Option<&mut Handing<'_>>) -> Result<(), StoreError> {
        if let Some(why) = self.states.failed.get() {
            return Err(StoreError::Failed(why.clone()));
        }
        if group.iter().all(|job| job.ops.is_empty()) && self.owed.is_empty() {
            return Ok(());
        }
        if let Err(full) = self.space() {
            for job in group.iter_mut().filter(|job| job.owed) {
                if self.owed.len() < OWED_MAX {
                    self.owed.append(std::mem::take(&mut job.ops));
                } else if self.states.given_up.fetch_add(job.ops.len() as u64, Ordering::Relaxed) == 0 {
                    warn!(
                        "more has happened than can be remembered until there is space: what was shown may be shown again after a restart"
                    );
                }
            }
            return Err(full);
        }
        let mut owed = std::mem::take(&mut self.owed);
        if let Some(handing) = &mut handing {
            handing.leave_out(&mut owed);
            handing.rows_of(&owed);
        }
        let mut ops = vec![owed];
        for job in group {
            if let Some(handing) = handing.as_mut().filter(|_| !job.copy) {
                job.mirrored = handing.rows_of(&job.ops);
            }
            ops.push(std::mem::take(&mut job.ops));
        }
        self.base.apply(ops).map_err(|why| {
            let _ = fail::<()>(&self.states.failed, why.clone());
            StoreError::Failed(why)
        })
    }

    fn space(&mut self) -> Result<(), StoreError> {
        if let Some((at, result)) = &self.space
            && at.elapsed() < self.space_every
        {
            return result.clone();
        }
        let result = match self.base.free_bytes() {
            Some(free) if free < self.free_floor_bytes => {
                Err(StoreError::Full { free_mb: free / 1_000_000, floor_mb: self.free_floor_bytes / 1_000_000 })
            }
            _ => Ok(()),
        };
        let mut refusing = lock(&self.states.refusing);
        if refusing.is_none()
            && let Err(full) = &result
        {
            warn!(%full, "the bots' state is not written: answers are delivered from memory");
        }
        *refusing = result.clone().err();
        drop(refusing);
        self.space = Some((Instant::now(), result.clone()));
        result
    }
}

impl Job {
    pub(super) fn of(ops: Ops) -> Self {
        let empty = ops.is_empty();
        Self { ops, owed: false, copy: false, flushed: None, durable: None, empty, mirrored: Vec::new() }
    }

    /// What becomes of it is known.
    pub(super) fn answer(mut self, result: &Result<(), StoreError>) {
        self.tell(result);
    }

    /// It is not written.
    pub(in crate::notify) fn refuse(&mut self, why: &StoreError) {
        self.tell(&Err(why.clone()));
    }

    fn tell(&mut self, result: &Result<(), StoreError>) {
        for told in self.flushed.take().into_iter().chain(self.durable.take()) {
            told(result.clone());
        }
    }

    /// It is in the store here; whoever waits for more than that is told when that has come about, too.
    pub(super) fn written(self, handing: Option<&mut Handing<'_>>, durable: &mut Vec<Told>) {
        let Self { flushed, durable: synced, mut mirrored, empty, .. } = self;
        let Some(handing) = handing else {
            flushed.into_iter().for_each(|told| told(Ok(())));
            durable.extend(synced);
            return;
        };
        // What writes nothing waits for what was written before it, whatever became of that.
        if empty {
            mirrored = handing.mirrored();
        }
        if let Some(told) = flushed {
            handing.tell(&mirrored, empty, told, None);
        }
        if let Some(told) = synced {
            handing.tell(&mirrored, empty, told, Some(durable));
        }
    }
}
