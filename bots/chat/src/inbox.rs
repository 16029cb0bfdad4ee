//! The way in: what a bot may ask of the process it runs in.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{ArgKind, BotName, Inbound, Outbound, Room, SenderId};

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

/// Somebody is typing an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Where.
    pub room: Room,
    /// Who.
    pub sender: SenderId,
    /// What is being typed.
    pub kind: ArgKind,
    /// The verb it is typed for.
    pub verb: String,
    /// What stands there so far; may be empty.
    pub text: String,
    /// At most so many suggestions.
    pub most: usize,
}

/// What could stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is shown: `T7 Fix login`. At most 100 characters.
    pub label: String,
    /// What is meant: `T7`. At most 100 characters.
    pub value: String,
}

/// A look outside of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Where it will be seen.
    pub room: Room,
    /// Who asks.
    pub sender: SenderId,
    /// The look as text: `/mine`.
    pub text: String,
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

    /// What could stand where somebody is typing, best first, at most `most`. From memory: fast enough for every key.
    /// Nothing for who may not look.
    async fn suggest(&self, _bot: &BotName, _typing: Typing) -> Vec<Suggestion> {
        Vec::new()
    }

    /// What a look would show, without being an answer to a message: for places that show by themselves (a home page, the
    /// preview of a reference). `None` for who may not look, and for a text that is not a look.
    async fn glance(&self, _bot: &BotName, _glance: Glance) -> Option<Outbound> {
        None
    }
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

    /// See [`Accept::suggest`].
    pub async fn suggest(&self, typing: Typing) -> Vec<Suggestion> {
        self.behind.suggest(&self.bot, typing).await
    }

    /// See [`Accept::glance`].
    pub async fn glance(&self, glance: Glance) -> Option<Outbound> {
        self.behind.glance(&self.bot, glance).await
    }
}
