//! Where a bot's rows are kept besides this disk, so that another node can go on where this one ends. The writer of the store
//! splits each atomic write by bot and hands it over; what waits for a write waits until it is there as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use yoman_chat::BotName;

use super::{
    handover::BotRow,
    key::{self, Ops},
    store::{Job, StoreError},
};

/// Told once what became of something; must be short and must not panic.
pub type Told = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Where what a bot keeps is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this disk alone.
    Here,
    /// On this disk and in the mirror: this node speaks for the bot.
    Mirrored,
    /// Another node speaks for the bot, or nobody: nothing is written of it here but what is copied from there.
    Elsewhere,
}

/// Where rows are kept besides this disk.
pub trait Mirror: Send + Sync + 'static {
    /// Where what this bot keeps is kept. Asked for every write: cheap.
    fn place(&self, bot: &BotName) -> Place;

    /// The bots that are mirrored now.
    fn mirrored(&self) -> Vec<BotName>;

    /// Whether what comes in through a bot now may have to be answered by another node, should the shared log not come back.
    fn may_pass_on(&self, _bot: &BotName) -> bool {
        false
    }

    /// Takes one write of a bot, which is atomic: all of its rows are there, or none. Writes of a bot are there in the order
    /// of these calls. `told` says when it is as durable there as it ever will be, or that this node does not speak for the
    /// bot any more: then nothing of it was written, and nothing ever will be. Without rows it only waits for those before.
    fn hand(&self, bot: &BotName, rows: Vec<BotRow>, told: Told);

    /// Somebody was forgotten: what the rows were before shall not be there for long either.
    fn forget_past(&self) {}
}

/// One promise, kept once all its parts are; broken once any of them is.
pub(super) fn parts(told: Told, count: usize) -> Vec<Told> {
    struct Whole {
        left: usize,
        result: Result<(), StoreError>,
        told: Option<Told>,
    }

    let whole = Arc::new(Mutex::new(Whole { left: count, result: Ok(()), told: Some(told) }));
    (0..count)
        .map(|_| {
            let whole = Arc::clone(&whole);
            Box::new(move |result: Result<(), StoreError>| {
                // A std mutex: what is called under it would be called late; so nothing is.
                let mut inner = whole.lock().unwrap_or_else(PoisonError::into_inner);
                inner.left -= 1;
                if inner.result.is_ok() {
                    inner.result = result;
                }
                let done =
                    if inner.left == 0 { inner.told.take().map(|told| (told, inner.result.clone())) } else { None };
                drop(inner);
                if let Some((told, result)) = done {
                    told(result);
                }
            }) as Told
        })
        .collect()
}

/// One group of the writer on its way to the mirror.
pub(super) struct Handing<'a> {
    mirror: &'a dyn Mirror,
    places: BTreeMap<BotName, Place>,
    rows: BTreeMap<BotName, Vec<BotRow>>,
    told: BTreeMap<BotName, Vec<Told>>,
}

impl<'a> Handing<'a> {
    pub(super) fn new(mirror: &'a dyn Mirror) -> Self {
        Self { mirror, places: BTreeMap::new(), rows: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// One answer for the whole group, whatever changes meanwhile.
    fn place(&mut self, bot: &BotName) -> Place {
        let mirror = self.mirror;
        *self.places.entry(bot.clone()).or_insert_with(|| mirror.place(bot))
    }

    /// Whether anything of a job may be written; otherwise it is told so. What it would write of other nodes' bots is left out.
    pub(super) fn may_write(&mut self, job: &mut Job) -> bool {
        if job.copy || !self.leave_out(&mut job.ops) || !job.ops.is_empty() {
            return true;
        }
        job.refuse(&StoreError::Elsewhere);
        false
    }

    /// Leaves out the rows of bots another node speaks for. Whether there were any.
    pub(super) fn leave_out(&mut self, ops: &mut Ops) -> bool {
        let before = ops.len();
        ops.retain(|key| key::owner(key).is_none_or(|bot| self.place(&bot) != Place::Elsewhere));
        ops.len() < before
    }

    /// Takes the rows the mirror gets, and says whose they are.
    pub(super) fn rows_of(&mut self, ops: &Ops) -> Vec<BotName> {
        let mut bots = BTreeSet::new();
        for (key, value) in ops.rows() {
            let Some(bot) = key::owner(key) else { continue };
            if self.place(&bot) == Place::Mirrored {
                self.rows.entry(bot.clone()).or_default().push((key.clone(), value.clone()));
                bots.insert(bot);
            }
        }
        bots.into_iter().collect()
    }

    pub(super) fn mirrored(&self) -> Vec<BotName> {
        self.mirror.mirrored()
    }

    /// Tells it once all of these bots' rows are there and, when it goes to the disk as well, once those are synced.
    pub(super) fn tell(&mut self, bots: &[BotName], whatever: bool, told: Told, synced: Option<&mut Vec<Told>>) {
        let count = bots.len() + usize::from(synced.is_some());
        if count == 0 {
            told(Ok(()));
            return;
        }
        let mut parts = parts(told, count);
        if let Some(synced) = synced {
            synced.extend(parts.pop());
        }
        for (bot, part) in bots.iter().zip(parts) {
            let part: Told = if whatever { Box::new(move |_| part(Ok(()))) } else { part };
            self.told.entry(bot.clone()).or_default().push(part);
        }
    }

    /// Hands everything over.
    pub(super) fn hand_over(mut self) {
        let bots: BTreeSet<_> = self.rows.keys().chain(self.told.keys()).cloned().collect();
        for bot in bots {
            let told = self.told.remove(&bot).unwrap_or_default();
            let all: Told = Box::new(move |result| told.into_iter().for_each(|told| told(result.clone())));
            self.mirror.hand(&bot, self.rows.remove(&bot).unwrap_or_default(), all);
        }
    }
}

#[cfg(test)]
#[path = "tests/mirror.rs"]
mod tests;
