//! What belongs to one bot, put down and taken up again: by this process when its bot is stopped and started, and by another
//! node when that speaks for the bot from now on. What is in memory is always what the store says, or nothing.

use std::sync::{Arc, atomic::Ordering};

use yoman_chat::BotName;

use super::{
    entry::Row,
    key::{self, Ops},
    mirror::Mirror,
    outbox::{Outbox, OutboxError, lock},
    store::StoreError,
};

/// A row of a bot as it stands in the store; `None` in place of a value: it was removed.
pub type BotRow = (Vec<u8>, Option<Vec<u8>>);

impl Outbox {
    /// Finds what was not done when the process ended, of one bot or of all.
    pub(super) fn read_back(&self, bot: Option<&BotName>) {
        let shared = &self.shared;
        let of = |kind: &[u8]| bot.map_or_else(|| kind.to_vec(), |bot| key::of_rooms(kind, bot));
        let mut newest = 0;
        shared.store.scan(&of(key::ENTRIES), None, |key, value| {
            if let Some((room, seq)) = key::room_seq(key)
                && let Some(row) = key::decode::<Row>(key, value)
            {
                newest = newest.max(seq.seq);
                self.queue(&BotName::new(room.bot())).found(room, seq, &row);
            }
            true
        });
        shared.seqs.fetch_max(newest + 1, Ordering::Relaxed);
        shared.store.scan(&of(key::HELD), None, |key, value| {
            if let (Some(room), Some(hold)) = (key::room_alone(key), key::decode(key, value)) {
                lock(&shared.holds).insert(room, hold);
            }
            true
        });
        shared.store.scan(&of(key::REFUSING), None, |key, value| {
            if let Some(room) = key::room_alone(key)
                && let Some(since) = key::decode(key, value)
            {
                self.queue(&BotName::new(room.bot())).inner().refusing.insert(room, since);
            }
            true
        });
    }

    /// From now on each bot's rows are kept where the mirror says. Once, before any bot is spoken for.
    pub fn mirror_to(&self, mirror: Arc<dyn Mirror>) {
        self.shared.store.mirror_to(mirror);
    }

    /// Whether another node speaks for a bot: nobody can be answered through it from here.
    pub fn is_elsewhere(&self, bot: &BotName) -> bool {
        self.shared.store.is_elsewhere(bot)
    }

    /// Whether what comes in through a bot now may have to be answered by another node, should the shared log not come back.
    pub fn may_pass_on(&self, bot: &BotName) -> bool {
        self.shared.store.may_pass_on(bot)
    }

    /// Forgets what is in memory of a bot that nobody here speaks for any more: its delivery and its follower have ended.
    /// What others ask of it (where to reach whom, which boards stand where) is what the store says.
    pub async fn put_down(&self, bot: &BotName) {
        self.settled().await;
        self.forget_memory(bot);
    }

    /// Makes what is in memory of a bot what the store says, before its delivery and its follower start.
    pub async fn take_up(&self, bot: &BotName) {
        self.settled().await;
        self.forget_memory(bot);
        self.read_back(Some(bot));
    }

    fn forget_memory(&self, bot: &BotName) {
        let shared = &self.shared;
        let in_its_rooms = |room: &yoman_chat::RoomId| room.bot() == bot.as_str();
        // What somebody was answered from memory only was not answered here: whoever speaks next does.
        let of_bot = |inbound: &String| inbound.strip_prefix(bot.as_str()).is_some_and(|rest| rest.starts_with('/'));
        lock(&shared.answering).unkept.retain(|inbound| !of_bot(inbound));
        lock(&shared.queues).remove(bot);
        lock(&shared.holds).retain(|room, _| !in_its_rooms(room));
        lock(&shared.seen).remove(bot);
        shared.cards.read_again(bot);
        shared.boards.read_again(&shared.store, bot);
        shared.direct.read_again(bot);
        shared.asides.read_again(bot);
    }

    /// Everything handed to the store before is in it, and in the mirror, or never will be.
    pub async fn settled(&self) {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.shared.store.submit(Ops::default(), Some(Box::new(move |result| drop(done.send(result)))));
        // A store that is gone has nothing more to write.
        let _ = wait.await;
    }

    /// All rows of a bot, each handed to `visit` as it stands in the store. Blocking; what is written meanwhile may be among
    /// them or not.
    pub fn each_row_of(&self, bot: &BotName, mut visit: impl FnMut(Vec<u8>, Vec<u8>)) {
        self.shared.store.scan_raw(|key, value| {
            if key::owner(key).as_ref() == Some(bot) {
                visit(key.to_vec(), value.to_vec());
            }
        });
    }

    /// Replaces all rows of a bot by these, in one write. Blocking while it looks for what was there.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: they are as they were.
    pub async fn replace_rows(&self, bot: &BotName, rows: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), OutboxError> {
        let (outbox, of) = (self.clone(), bot.clone());
        let removed = crate::machine::blocking(move || {
            let mut removed = Ops::default();
            outbox.each_row_of(&of, |key, _| removed.raw(key, None));
            removed
        });
        let mut ops = removed.await.map_err(|error| OutboxError::NotKept(StoreError::Failed(error.to_string())))?;
        for (key, value) in rows {
            ops.raw(key, Some(value));
        }
        self.write_rows(bot, ops).await
    }

    /// Writes rows of a bot that another node wrote before.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: they are as they were.
    pub async fn apply_rows(&self, bot: &BotName, rows: Vec<BotRow>) -> Result<(), OutboxError> {
        let mut ops = Ops::default();
        for (key, value) in rows {
            ops.raw(key, value);
        }
        self.write_rows(bot, ops).await
    }

    async fn write_rows(&self, bot: &BotName, ops: Ops) -> Result<(), OutboxError> {
        let shared = &self.shared;
        // Nothing that belongs to another bot is touched, whatever was sent.
        let alien = ops.rows().iter().any(|(key, _)| key::owner(key).as_ref() != Some(bot));
        if alien {
            let why = format!("what is said to belong to {bot} belongs to another bot");
            return Err(OutboxError::NotKept(StoreError::Failed(why)));
        }
        let begins = |letter: &[u8]| ops.rows().iter().any(|(key, _)| key.starts_with(letter));
        let (direct, boards) = (begins(key::DIRECT), begins(key::BOARDS));
        let (done, wait) = tokio::sync::oneshot::channel();
        shared.store.submit_copy(ops, Box::new(move |result| drop(done.send(result))));
        wait.await.unwrap_or(Err(StoreError::Closed)).map_err(OutboxError::NotKept)?;
        if direct {
            shared.direct.read_again(bot);
        }
        if boards {
            shared.boards.read_again(&shared.store, bot);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests/handover.rs"]
mod tests;
