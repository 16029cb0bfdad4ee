//! Purpose: one update from its text to a receipt, whichever way it came in.

use std::{collections::HashMap, sync::Arc, sync::Mutex, sync::PoisonError};

use serde::Serialize;
use teloxide::requests::Payload;
use tokio::sync::watch;
use yoman_chat::{Aside, BotName, Inbox, Receipt};

use crate::{
    api::Api,
    inbound::{self, Mapped, Us},
    outbound::Place,
};

/// The kinds of updates that are asked for.
/// Reactions are told only when they are asked for, and in groups only to an administrator.
pub(crate) const ALLOWED_UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "message_reaction"];
/// What is kept of an update that was not understood.
const ASIDE_BYTES_MAX: usize = 64 * 1024;
/// What a toast may hold: <https://core.telegram.org/bots/api#answercallbackquery>.
const TOAST_CHARS_MAX: usize = 200;

/// Groups that have become supergroups, old id to new.
#[derive(Debug, Default)]
pub(crate) struct Moves(Mutex<HashMap<i64, i64>>);

impl Moves {
    /// Where a chat is now.
    pub(crate) fn now(&self, chat: i64) -> i64 {
        // A std mutex: nothing is awaited under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&chat).copied().unwrap_or(chat)
    }

    /// A chat has moved.
    pub(crate) fn moved(&self, from: i64, to: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(from, to);
    }
}

/// `answerCallbackQuery`
#[derive(Serialize)]
struct AnswerPress<'a> {
    callback_query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Payload for AnswerPress<'_> {
    type Output = bool;
    const NAME: &'static str = "answerCallbackQuery";
}

/// An update that is understood as far as it can be.
pub(crate) struct Item {
    /// Its number, if it could be read.
    pub(crate) number: Option<i64>,
    /// The chat it belongs to (0: none): the order within one chat is kept.
    pub(crate) chat: i64,
    mapped: Mapped,
    raw: String,
}

impl Item {
    /// Whether it must wait for our username.
    pub(crate) fn needs_name(&self) -> bool {
        matches!(self.mapped, Mapped::NeedsName(_))
    }
}

/// What takes updates in for one bot. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) bot: BotName,
    pub(crate) api: Api,
    pub(crate) inbox: Inbox,
    pub(crate) id: i64,
    pub(crate) username: watch::Receiver<Option<Arc<str>>>,
    pub(crate) moves: Arc<Moves>,
}

impl Intake {
    /// Understands an update.
    pub(crate) fn open(&self, raw: &str) -> Item {
        let us = Us { id: self.id, username: self.username.borrow().clone() };
        let (number, mapped) = inbound::map(&self.bot, &us, raw);
        let chat = match &mapped {
            Mapped::Inbound(inbound) | Mapped::Press(inbound, _) => {
                Place::parse(inbound.room.id.local()).map_or(0, |place| place.chat)
            }
            Mapped::Reactions(chat, _) => *chat,
            Mapped::Moved(chat, _) | Mapped::NeedsName(chat) => *chat,
            Mapped::Skip(_) | Mapped::Aside(_) => 0,
        };
        let raw = if matches!(mapped, Mapped::Aside(_) | Mapped::Moved(..) | Mapped::NeedsName(_)) {
            raw.to_owned()
        } else {
            String::new()
        };
        Item { number, chat, mapped, raw }
    }

    /// Understands an update anew, once our username is known.
    pub(crate) fn reopen(&self, item: Item) -> Item {
        if item.needs_name() { self.open(&item.raw) } else { item }
    }

    /// Waits until our username is known, at most `patience`.
    pub(crate) async fn named(&self, patience: std::time::Duration) -> bool {
        let mut username = self.username.clone();
        matches!(tokio::time::timeout(patience, username.wait_for(Option::is_some)).await, Ok(Ok(_)))
    }

    /// Hands an update over; `true` when the platform may forget it.
    pub(crate) async fn take(&self, item: Item) -> bool {
        match item.mapped {
            Mapped::Inbound(inbound) => self.kept(&self.inbox.submit(*inbound).await, item.number),
            Mapped::Press(inbound, query) => {
                let receipt = self.inbox.submit(*inbound).await;
                if let Receipt::Kept { toast } = &receipt {
                    self.answer_press(query, toast.clone());
                }
                self.kept(&receipt, item.number)
            }
            Mapped::Reactions(_, reactions) => {
                // One after the other; when one is not kept all come again, and those that were kept are known.
                for reaction in reactions {
                    if !self.kept(&self.inbox.submit(reaction).await, item.number) {
                        return false;
                    }
                }
                true
            }
            Mapped::Skip(what) => {
                tracing::debug!(bot = %self.bot, update = item.number, what, "nothing for us");
                true
            }
            Mapped::Aside(why) => self.aside(item.number, &item.raw, why).await,
            Mapped::Moved(from, to) => {
                self.moves.moved(from, to);
                tracing::warn!(bot = %self.bot, from, to, "a group became a supergroup and has a new id");
                self.aside(item.number, &item.raw, format!("the group {from} is now {to}")).await
            }
            Mapped::NeedsName(_) => false,
        }
    }

    async fn aside(&self, number: Option<i64>, raw: &str, why: String) -> bool {
        let id = match number {
            Some(number) => format!("{}/update/{number}", self.bot),
            None => format!("{}/update/unnumbered", self.bot),
        };
        tracing::warn!(bot = %self.bot, update = number, why, "an update is kept aside");
        let raw = cut(raw, ASIDE_BYTES_MAX).to_owned();
        let receipt = self.inbox.keep_aside(Aside { id, raw, why }).await;
        self.kept(&receipt, number)
    }

    fn kept(&self, receipt: &Receipt, number: Option<i64>) -> bool {
        if let Receipt::NotKept { why } = receipt {
            tracing::warn!(bot = %self.bot, update = number, why, "an update was not kept; Telegram will be asked for it again");
        }
        receipt.is_kept()
    }

    /// The wheel on the button stops turning. Beside the way in: nothing waits for it, and nothing is lost when it fails.
    fn answer_press(&self, query: String, toast: Option<String>) {
        let (api, bot) = (self.api.clone(), self.bot.clone());
        tokio::spawn(async move {
            let text = toast.map(|toast| toast.chars().take(TOAST_CHARS_MAX).collect());
            if let Err(error) = api.call(&AnswerPress { callback_query_id: &query, text }).await {
                tracing::debug!(%bot, %error, "a button press was not answered");
            }
        });
    }
}

/// The last character boundary at or before `max` bytes.
fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
