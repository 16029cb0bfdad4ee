//! A scripted process, for tests of bots.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::wait;
use crate::{Accept, Aside, BotName, Inbound, Inbox, Receipt, Said};

/// A process for tests of bots: remembers what it is given, and keeps or refuses as told.
#[derive(Debug, Default)]
pub struct Recorder {
    // A std mutex: nothing is awaited under it.
    inner: Mutex<Recorded>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Recorded {
    tried: Vec<Inbound>,
    kept: Vec<Inbound>,
    asides: Vec<Aside>,
    memory: HashMap<String, String>,
    refuse: usize,
    refuse_texts: HashSet<String>,
    toast: Option<String>,
    delay: Duration,
}

impl Recorder {
    /// One that keeps everything.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn inner(&self) -> MutexGuard<'_, Recorded> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The inbox of a bot.
    pub fn inbox(self: &Arc<Self>, bot: &BotName) -> Inbox {
        Inbox::new(bot.clone(), Arc::clone(self) as Arc<dyn Accept>)
    }

    /// The next `times` submissions are not kept.
    pub fn refuse_next(&self, times: usize) {
        self.inner().refuse = times;
    }

    /// Submissions with this text are not kept, until [`Self::relent`].
    pub fn refuse_text(&self, text: &str) {
        self.inner().refuse_texts.insert(text.to_owned());
    }

    /// Keeps everything again.
    pub fn relent(&self) {
        let mut inner = self.inner();
        inner.refuse = 0;
        inner.refuse_texts.clear();
    }

    /// What receipts say from now on.
    pub fn toast(&self, toast: &str) {
        self.inner().toast = Some(toast.to_owned());
    }

    /// How long keeping takes from now on.
    pub fn delay(&self, delay: Duration) {
        self.inner().delay = delay;
    }

    /// Everything submitted, in the order of arrival, refused ones included.
    pub fn tried(&self) -> Vec<Inbound> {
        self.inner().tried.clone()
    }

    /// Everything kept, in the order of arrival.
    pub fn kept(&self) -> Vec<Inbound> {
        self.inner().kept.clone()
    }

    /// The texts of what was kept; a press is its data.
    pub fn texts(&self) -> Vec<String> {
        self.inner().kept.iter().map(text_of).collect()
    }

    /// Everything kept aside.
    pub fn asides(&self) -> Vec<Aside> {
        self.inner().asides.clone()
    }

    /// What a bot remembered.
    pub fn memory(&self, key: &str) -> Option<String> {
        self.inner().memory.get(key).cloned()
    }

    /// Waits until `look` gives something, at most `patience`.
    pub async fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        wait(&self.changed, patience, || look(self)).await
    }

    /// Waits until `count` were kept; gives them, even when they are fewer.
    pub async fn wait_kept(&self, count: usize, patience: Duration) -> Vec<Inbound> {
        let _ = self.wait(patience, |me| (me.inner().kept.len() >= count).then_some(())).await;
        self.kept()
    }
}

fn text_of(inbound: &Inbound) -> String {
    match &inbound.said {
        Said::Message { text, .. } | Said::Edited { text, .. } => text.clone(),
        Said::Pressed { data, .. } => data.clone(),
        Said::Reacted { emoji, .. } => emoji.clone(),
        Said::Deleted { .. } => String::new(),
    }
}

#[async_trait]
impl Accept for Recorder {
    async fn accept(&self, _bot: &BotName, inbound: Inbound) -> Receipt {
        let (receipt, delay) = {
            let mut inner = self.inner();
            inner.tried.push(inbound.clone());
            let refused = inner.refuse > 0 || inner.refuse_texts.contains(&text_of(&inbound));
            inner.refuse = inner.refuse.saturating_sub(1);
            let receipt = if refused {
                Receipt::NotKept { why: "told to".into() }
            } else {
                inner.kept.push(inbound);
                Receipt::Kept { toast: inner.toast.clone() }
            };
            (receipt, inner.delay)
        };
        self.changed.notify_waiters();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.changed.notify_waiters();
        receipt
    }

    async fn keep_aside(&self, _bot: &BotName, aside: Aside) -> Receipt {
        self.inner().asides.push(aside);
        self.changed.notify_waiters();
        Receipt::KEPT
    }

    async fn recall(&self, bot: &BotName, key: &str) -> Option<String> {
        self.inner().memory.get(&format!("{bot}/{key}")).cloned()
    }

    async fn remember(&self, bot: &BotName, key: &str, value: &str) {
        self.inner().memory.insert(format!("{bot}/{key}"), value.to_owned());
        self.changed.notify_waiters();
    }
}
