//! The way in: what a bot may ask of the process it runs in.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{BotName, Inbound};

/// What became of something submitted. Only after a receipt other than [`Receipt::NotKept`] may a bot let its platform
/// forget the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Handled, and the answer is kept: both survive a crash now. `toast` is a short line for whoever pressed a button.
    Kept {
        /// At most 200 characters.
        toast: Option<String>,
    },
    /// It could not be kept (stopping, or storage failed). The platform must deliver it again: do not confirm it.
    NotKept {
        /// Why, for the log.
        why: String,
    },
}

impl Receipt {
    /// Kept, with nothing to say.
    pub const KEPT: Self = Self::Kept { toast: None };

    /// Whether the platform may forget the delivery.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept { .. })
    }
}

/// A delivery that was not understood: kept aside as it came, counted, never blocking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The platform's id of the delivery.
    pub id: String,
    /// The delivery as it came, cut at 64 KiB.
    pub raw: String,
    /// Why it was not understood.
    pub why: String,
}

/// What stands behind an [`Inbox`]. Implemented by the process, and by tests.
#[async_trait]
pub trait Accept: Send + Sync + 'static {
    /// Handles one inbound; resolves when it and its answer are durable.
    async fn accept(&self, bot: &BotName, inbound: Inbound) -> Receipt;

    /// Keeps a delivery that was not understood.
    async fn keep_aside(&self, bot: &BotName, aside: Aside) -> Receipt;

    /// A small value the bot remembered under `key` (the hash of its registered commands, the last message seen).
    async fn recall(&self, bot: &BotName, key: &str) -> Option<String>;

    /// Remembers a small value; it may be lost with the state directory, never with a mere crash.
    async fn remember(&self, bot: &BotName, key: &str, value: &str);
}

/// The way in for one bot. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    bot: BotName,
    behind: Arc<dyn Accept>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("bot", &self.bot).finish_non_exhaustive()
    }
}

impl Inbox {
    /// An inbox for `bot`.
    pub fn new(bot: BotName, behind: Arc<dyn Accept>) -> Self {
        Self { bot, behind }
    }

    /// Hands over one inbound. Submissions of one room are handled in the order in which these calls are first polled;
    /// rooms do not wait for each other, so a bot should submit a batch concurrently.
    pub async fn submit(&self, inbound: Inbound) -> Receipt {
        self.behind.accept(&self.bot, inbound).await
    }

    /// Keeps a delivery that was not understood.
    pub async fn keep_aside(&self, aside: Aside) -> Receipt {
        self.behind.keep_aside(&self.bot, aside).await
    }

    /// See [`Accept::recall`].
    pub async fn recall(&self, key: &str) -> Option<String> {
        self.behind.recall(&self.bot, key).await
    }

    /// See [`Accept::remember`].
    pub async fn remember(&self, key: &str, value: &str) {
        self.behind.remember(&self.bot, key, value).await;
    }
}
