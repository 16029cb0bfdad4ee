//! What is to be shown and was not shown yet, kept so that a crash loses none of it: answers under the id of what they
//! answer, notices together with the cursor of the bot they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tracing::warn;
use yoman_chat::{BotName, MessageRef, RoomId};

use super::{
    aside::Asides,
    board_rows::Boards,
    cards::{CardRef, Cards},
    direct::{Direct, Heard},
    entry::{Kind, What},
    hold::Hold,
    intent::{Answer, Answered, Intent},
    key::{self, Ops},
    pictures::Pictures,
    queue::{Queue, now_ms},
    stats::BotStats,
    store::{MemoryDisk, OpenError, Store, StoreError},
};
use crate::{
    domain::{Identity, ItemRef, PersonId},
    lang::Lang,
    log::Position,
    machine,
};

/// What the outbox is bounded by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxSettings {
    /// Messages of a room whose item is remembered; the oldest are forgotten and no longer changed in place.
    pub cards_per_room_max: usize,
    /// Entries of one room held in memory; the rest stays on disk until its turn comes.
    pub queue_room_max: usize,
    /// Entries of one bot held in memory.
    pub queue_max: usize,
    /// Entries that wait for one room; beyond that, what it would be told is held and comes as one message. Answers never
    /// are.
    pub waiting_room_max: usize,
    /// How long it is known that an inbound was answered: longer than any platform delivers again.
    pub answered_keep: Duration,
    /// Answered inbounds remembered at most.
    pub answered_max: usize,
    /// Deliveries kept aside for each bot at most; the oldest are dropped.
    pub aside_max: usize,
    /// Free space in bytes below which nothing is written.
    pub free_floor_bytes: u64,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            cards_per_room_max: 500,
            queue_room_max: 64,
            queue_max: 2048,
            waiting_room_max: 50,
            answered_keep: Duration::from_secs(48 * 3600),
            answered_max: 200_000,
            aside_max: 1000,
            free_floor_bytes: 32_000_000,
        }
    }
}

/// Why the outbox could not do it.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nothing was stored. What was to be shown is shown all the same, from memory, for as long as this process runs.
    #[error("shown, but not kept: {0}")]
    NotKept(StoreError),
}

impl OutboxError {
    /// Nothing is kept, and what was to be shown is shown all the same.
    pub fn delivered_directly(&self) -> bool {
        matches!(self, Self::NotKept(_))
    }
}

/// The outbox of all bots. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    settings: OutboxSettings,
    pub(super) store: Arc<Store>,
    pub(super) cards: Arc<Cards>,
    pub(super) boards: Arc<Boards>,
    pictures: Pictures,
    pub(super) asides: Asides,
    pub(super) direct: Direct,
    /// What is held for which room.
    pub(super) holds: Mutex<BTreeMap<RoomId, Hold>>,
    /// How far each bot has read the log.
    pub(super) seen: Mutex<BTreeMap<BotName, Position>>,
    pub(super) seqs: Arc<AtomicU64>,
    // Std mutexes: nothing is awaited under them.
    pub(super) queues: Mutex<BTreeMap<BotName, Arc<Queue>>>,
    /// Inbounds being answered, and those answered from memory because they could not be kept.
    pub(super) answering: Mutex<Answering>,
    /// Rooms in which somebody is about to be answered, each as often.
    talking: Mutex<BTreeMap<RoomId, usize>>,
}

/// Somebody is about to be answered in a room, until this is dropped.
pub(crate) struct Talking {
    shared: Arc<Shared>,
    room: RoomId,
}

impl Drop for Talking {
    fn drop(&mut self) {
        let mut talking = lock(&self.shared.talking);
        if let Some(count) = talking.get_mut(&self.room) {
            *count -= 1;
            if *count == 0 {
                talking.remove(&self.room);
            }
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Answering {
    now: BTreeSet<String>,
    pub(super) unkept: BTreeSet<String>,
}

/// Says when something is durable.
type Kept = tokio::sync::oneshot::Receiver<Result<(), StoreError>>;

/// Inbounds answered from memory that are remembered at most.
const UNKEPT_MAX: usize = 10_000;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outbox {
    /// Opens the outbox in `dir`, or makes it. One that is damaged is put aside and begun anew. Blocking.
    ///
    /// # Errors
    /// [`OutboxError::Open`] when the directory cannot be used; never because of what is in it.
    pub fn open(dir: &Path, settings: OutboxSettings) -> Result<Self, OutboxError> {
        let store = Store::open(dir, settings.free_floor_bytes)?;
        Ok(Self::on(store, Pictures::beside(dir), settings))
    }

    /// The outbox on a disk in memory, written by two tasks of this runtime; its pictures would be in `dir`. For simulations:
    /// one dies with the runtime and is opened again on what the disk kept.
    pub fn in_memory(disk: &MemoryDisk, dir: &Path, settings: OutboxSettings) -> Self {
        Self::on(Store::in_memory(disk, settings.free_floor_bytes), Pictures::beside(dir), settings)
    }

    fn on(store: Store, pictures: Pictures, settings: OutboxSettings) -> Self {
        let store = Arc::new(store);
        let cards = Arc::new(Cards::new(Arc::clone(&store), settings.cards_per_room_max));
        // By the clock, so that a place (and the nonce made of it) is not used again after everything before is done.
        let clock = u64::try_from(machine::now().timestamp_micros()).unwrap_or_default();
        let shared = Shared {
            asides: Asides::new(Arc::clone(&store), settings.aside_max),
            direct: Direct::new(Arc::clone(&store)),
            holds: Mutex::default(),
            seen: Mutex::default(),
            pictures,
            settings,
            boards: Arc::new(Boards::new(&store)),
            cards,
            store,
            seqs: Arc::new(AtomicU64::new(clock)),
            queues: Mutex::default(),
            answering: Mutex::default(),
            talking: Mutex::default(),
        };
        let outbox = Self { shared: Arc::new(shared) };
        outbox.read_back(None);
        outbox
    }

    /// The same, not kept open: the outbox, as long as somebody else needs it.
    pub(crate) fn weakly(&self) -> impl Fn() -> Option<Self> + Send + use<> {
        let shared = Arc::downgrade(&self.shared);
        move || shared.upgrade().map(|shared| Self { shared })
    }

    /// Tells which message of a room has a button that carries `code`, once it stands there.
    pub(crate) fn watch(&self, room: &RoomId, code: &str) -> tokio::sync::oneshot::Receiver<MessageRef> {
        self.queue(&BotName::new(room.bot())).watched.watch(code)
    }

    /// The pictures of messages on their way.
    pub(super) fn pictures(&self) -> &Pictures {
        &self.shared.pictures
    }

    /// The queues of a bot.
    pub(super) fn queue(&self, bot: &BotName) -> Arc<Queue> {
        let shared = &self.shared;
        let mut queues = lock(&shared.queues);
        if let Some(queue) = queues.get(bot) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue::new(
            bot.clone(),
            Arc::clone(&shared.store),
            Arc::clone(&shared.cards),
            Arc::clone(&shared.boards),
            Arc::clone(&shared.seqs),
            shared.settings.clone(),
        ));
        queues.insert(bot.clone(), Arc::clone(&queue));
        queue
    }

    /// Registers the answers to one inbound, in order, and returns when they are durable; they are on their way before that,
    /// as soon as they survive a crash of the process. An inbound is answered once: again, nothing is added.
    ///
    /// With no answers it only registers that the inbound was dealt with.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: the answers are shown (once), but not kept, so the platform must not be told to forget the
    /// inbound if it changed anything.
    pub async fn answer(
        &self,
        inbound: &str,
        room: &RoomId,
        mut answers: Vec<Answer>,
    ) -> Result<Answered, OutboxError> {
        self.shared.pictures.keep(&mut answers).await;
        let (durable, fresh) = self.register(inbound, room, answers);
        let result = durable.await.unwrap_or(Err(StoreError::Closed));
        if fresh {
            return result.map(|()| Answered::Registered).map_err(OutboxError::NotKept);
        }
        result.map_err(OutboxError::NotKept)?;
        if lock(&self.shared.answering).unkept.contains(inbound) {
            let why = self.shared.store.refusing().unwrap_or(StoreError::Closed);
            return Err(OutboxError::NotKept(why));
        }
        Ok(Answered::Already)
    }

    /// Hands the answers to the store unless the inbound is known. The receiver says when whatever is known is durable.
    fn register(&self, inbound: &str, room: &RoomId, answers: Vec<Answer>) -> (Kept, bool) {
        let shared = &self.shared;
        let bot = BotName::new(room.bot());
        if shared.store.is_elsewhere(&bot) {
            // It would stay in memory, and nobody here would show it.
            let (told, durable) = tokio::sync::oneshot::channel();
            let _ = told.send(Err(StoreError::Elsewhere));
            return (durable, true);
        }
        let key = key::answered(&bot, inbound);
        // Held until everything is handed over: who comes second is then behind the first in the store's order, too.
        let mut answering = lock(&shared.answering);
        if answering.now.contains(inbound) || self.is_answered(&bot, inbound) {
            return (shared.store.submit_durable(Ops::default(), None), false);
        }
        let unkept = answering.unkept.contains(inbound);
        answering.now.insert(inbound.to_owned());
        let queue = self.queue(&bot);
        let mut inner = queue.inner();
        let mut change = queue.change();
        change.ops.put(key, &now_ms());
        if !unkept {
            for Answer { message, card, over, board } in answers {
                let over = over.filter(|over| over.room == *room).map(|over| over.id);
                let said = What::Message { kind: Kind::Answer, message, card, over };
                let what = board.map_or(said, |anew| What::Board { anew });
                queue.admit(&mut inner, room, what, &mut change);
            }
        }
        let (after, inbound) = (Arc::clone(shared), inbound.to_owned());
        change.after = Some(Box::new(move |result| {
            let mut answering = lock(&after.answering);
            answering.now.remove(&inbound);
            if result.is_ok() {
                answering.unkept.remove(&inbound);
            } else if answering.unkept.len() < UNKEPT_MAX {
                answering.unkept.insert(inbound);
            }
        }));
        (queue.submit_durable(inner, change), !unkept)
    }

    /// Somebody is about to be answered in a room: what it missed comes after that.
    pub(crate) fn talks_in(&self, room: &RoomId) -> Talking {
        *lock(&self.shared.talking).entry(room.clone()).or_default() += 1;
        Talking { shared: Arc::clone(&self.shared), room: room.clone() }
    }

    /// Whether somebody is about to be answered in a room.
    pub(super) fn is_talking_in(&self, room: &RoomId) -> bool {
        lock(&self.shared.talking).contains_key(room)
    }

    /// Whether an inbound was answered: then its answers are kept, shown or on their way.
    pub fn answered(&self, inbound: &str) -> bool {
        // Whoever registered them may be gone before they are in the store: they come all the same.
        let bot = BotName::new(inbound.split('/').next().unwrap_or_default());
        lock(&self.shared.answering).now.contains(inbound) || self.is_answered(&bot, inbound)
    }

    fn is_answered(&self, bot: &BotName, inbound: &str) -> bool {
        let (key, alone) = (key::answered(bot, inbound), key::answered_alone(inbound));
        self.shared.store.get(&key).is_some() || (key != alone && self.shared.store.get(&alone).is_some())
    }

    /// Saves that `bot` has seen everything up to `position`, together with what it has to do because of it. Returns when
    /// both survive a crash of the process.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: it is done all the same, but after a restart it will be derived, and done, again.
    pub async fn derived(&self, bot: &BotName, position: Position, intents: Vec<Intent>) -> Result<(), OutboxError> {
        self.saved(bot, position, intents, Vec::new()).await
    }

    /// As [`Outbox::derived`], together with what is held for which room from now on; `None`: nothing any more.
    ///
    /// # Errors
    /// As [`Outbox::derived`].
    pub async fn saved(
        &self,
        bot: &BotName,
        position: Position,
        intents: Vec<Intent>,
        holds: Vec<(RoomId, Option<Hold>)>,
    ) -> Result<(), OutboxError> {
        let queue = self.queue(bot);
        let (waiter, flushed) = tokio::sync::oneshot::channel();
        {
            let mut inner = queue.inner();
            let mut change = queue.change();
            change.ops.put(key::cursor(bot), &position);
            for (room, hold) in holds {
                let mut held = lock(&self.shared.holds);
                match hold {
                    Some(hold) => {
                        change.ops.put(key::held(&room), &hold);
                        held.insert(room, hold);
                    }
                    None => {
                        change.ops.remove(key::held(&room), 0);
                        held.remove(&room);
                    }
                }
            }
            change.after = Some(Box::new(move |result| drop(waiter.send(result))));
            for intent in intents {
                let (room, what) = intent.split();
                if room.bot() == bot.as_str() {
                    queue.admit(&mut inner, &room, what, &mut change);
                } else {
                    warn!(%room, %bot, "an intent for a room of another bot; passed over");
                }
            }
            queue.submit(inner, change);
        }
        flushed.await.unwrap_or(Err(StoreError::Closed)).map_err(OutboxError::NotKept)
    }

    /// What is held for a room.
    pub fn hold(&self, room: &RoomId) -> Option<Hold> {
        lock(&self.shared.holds).get(room).copied()
    }

    /// What is held for the rooms of a bot.
    pub fn holds(&self, bot: &BotName) -> Vec<(RoomId, Hold)> {
        let holds = lock(&self.shared.holds);
        holds.iter().filter(|(room, _)| room.bot() == bot.as_str()).map(|(room, hold)| (room.clone(), *hold)).collect()
    }

    /// How many more messages may wait for a room before what it would be told is held.
    pub(super) fn free_for(&self, room: &RoomId) -> usize {
        self.shared.settings.waiting_room_max.saturating_sub(self.waiting(room))
    }

    /// How many messages wait for a room.
    pub(super) fn waiting(&self, room: &RoomId) -> usize {
        let queue = self.queue(&BotName::new(room.bot()));
        queue.inner().rooms.get(room).map_or(0, |room| room.waiting())
    }

    /// How far `bot` has seen the log; `None` for one that never saved a cursor.
    pub fn cursor(&self, bot: &BotName) -> Option<Position> {
        let key = key::cursor(bot);
        key::decode(&key, Some(self.shared.store.get(&key)?))
    }

    /// How far `bot` has read the log by now, saved or not.
    pub fn seen(&self, bot: &BotName) -> Option<Position> {
        let seen = lock(&self.shared.seen).get(bot).copied();
        seen.max(self.cursor(bot))
    }

    /// `bot` has read so far. Not kept: after a restart it reads on from its cursor.
    pub(super) fn saw(&self, bot: &BotName, position: Position) {
        lock(&self.shared.seen).insert(bot.clone(), position);
    }

    /// The room's card of an item.
    pub fn card(&self, room: &RoomId, item: ItemRef) -> Option<CardRef> {
        self.shared.cards.get(room, item)
    }

    /// The rooms of a bot that have a card of an item.
    pub fn rooms_with_card(&self, bot: &BotName, item: ItemRef) -> Vec<RoomId> {
        self.shared.cards.rooms(item, bot)
    }

    /// The item one of our messages is about.
    pub fn item_of(&self, message: &MessageRef) -> Option<ItemRef> {
        self.shared.cards.item_of(message)
    }

    /// The item a message of ours is a card of, with the version it shows as far as that is known. The message is found
    /// without its thread, too: then it is named as it was sent.
    pub fn card_at(&self, message: &MessageRef) -> Option<(MessageRef, ItemRef, Option<u64>)> {
        self.shared.cards.at(message)
    }

    /// Whether the platform refuses everything for a room; nothing is derived for it until something arrives from there.
    pub fn refuses(&self, room: &RoomId) -> bool {
        self.queue(&BotName::new(room.bot())).inner().refusing.contains_key(room)
    }

    /// What a bot remembered under `name`.
    pub fn memo(&self, bot: &BotName, name: &str) -> Option<String> {
        let key = key::memo(bot, name);
        key::decode(&key, Some(self.shared.store.get(&key)?))
    }

    /// Remembers a small value (at most 64 KiB) for a bot; returns when it survives a crash of the process.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: it is not remembered.
    pub async fn remember(&self, bot: &BotName, name: &str, value: &str) -> Result<(), OutboxError> {
        const VALUE_BYTES_MAX: usize = 64 << 10;
        if value.len() > VALUE_BYTES_MAX {
            let why = format!("a value of {} bytes is more than a bot may remember", value.len());
            return Err(OutboxError::NotKept(StoreError::Failed(why)));
        }
        let mut ops = Ops::default();
        let key = key::memo(bot, name);
        ops.remove(key.clone(), self.shared.store.get(&key).map_or(0, |before| before.len()));
        ops.put(key, &value);
        let (waiter, flushed) = tokio::sync::oneshot::channel();
        let done = Box::new(move |result| drop(waiter.send(result)));
        self.shared.store.submit(ops, Some(done));
        flushed.await.unwrap_or(Err(StoreError::Closed)).map_err(OutboxError::NotKept)
    }

    /// Keeps a delivery that was not understood; returns when it is durable. The newest are kept, each cut at 64 KiB.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`]: the platform must deliver it again.
    pub async fn keep_aside(&self, bot: &BotName, aside: yoman_chat::Aside) -> Result<(), OutboxError> {
        let seq = self.shared.seqs.fetch_add(1, Ordering::Relaxed);
        self.shared.asides.keep(bot, seq, aside).await.map_err(OutboxError::NotKept)
    }

    /// The newest `count` deliveries of a bot that were kept aside, newest first, with when.
    pub fn asides(&self, bot: &BotName, count: usize) -> Vec<(chrono::DateTime<chrono::Utc>, yoman_chat::Aside)> {
        self.shared.asides.newest(bot, count)
    }

    /// How the outbox of a bot is.
    pub fn stats(&self, bot: &BotName) -> BotStats {
        let aside = self.shared.asides.count(bot);
        BotStats::of(&self.queue(bot).inner(), aside)
    }

    /// Why nothing is stored at the moment, if so: a sentence for `/status`.
    pub fn refusing(&self) -> Option<String> {
        self.shared.store.refusing().map(|why| why.to_string())
    }

    /// How many changes were given up while there was no space, since the start: what they say was shown may be shown again.
    pub fn given_up(&self) -> u64 {
        self.shared.store.given_up()
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.shared.store.disk_bytes()
    }

    /// Everything that has happened so far survives a power cut when this returns.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`] when that could not be done.
    pub async fn sync(&self) -> Result<(), OutboxError> {
        self.shared.store.sync().await.map_err(OutboxError::NotKept)
    }

    /// To be called last: everything that has happened survives a power cut when this returns. What is handed over later is
    /// still kept, only not waited for.
    ///
    /// # Errors
    /// [`OutboxError::NotKept`] when that could not be done.
    pub async fn close(&self) -> Result<(), OutboxError> {
        self.sync().await
    }

    /// Somebody spoke in a direct room: that is where to reach them, and whose room it is. `language` is the one their
    /// platform hints at (BCP 47), if it does; `head` is where the log ends. Cheap when it is known already.
    pub fn met(&self, room: &RoomId, person: PersonId, identity: &Identity, language: Option<&str>, head: Position) {
        self.shared.direct.met(room, person, identity, language.and_then(Lang::parse), head);
    }

    /// The language whoever has this direct room speaks, as far as their platform told; `None` for other rooms.
    pub fn hinted(&self, room: &RoomId) -> Option<Lang> {
        self.shared.direct.heard_in(room)?.language
    }

    /// Who was heard in this direct room.
    pub fn heard_in(&self, room: &RoomId) -> Option<Heard> {
        self.shared.direct.heard_in(room)
    }

    /// The direct rooms somebody was heard in, the newest first, over all bots.
    pub fn direct_rooms(&self, is_them: impl Fn(&Heard) -> bool) -> Vec<RoomId> {
        self.shared.direct.all_of(is_them)
    }

    /// Of some direct rooms of somebody the one they were heard in last, as it was at a position of the log. The answer for
    /// a position does not change any more, so that all bots and any later start agree on it.
    pub fn home(&self, rooms: &[RoomId], position: Position) -> Option<RoomId> {
        self.shared.direct.home(rooms, position).cloned()
    }

    /// Leaves out of everything that waits what a person who was forgotten may have said, and no longer knows where to
    /// reach them; that is said in the `lang` of each room. What the files keep of it goes with [`Outbox::renew`] at the next start.
    pub fn forget(&self, person: PersonId, lang: &dyn Fn(&RoomId) -> Lang) {
        let shared = &*self.shared;
        shared.direct.forget(person);
        shared.asides.forget_all();
        let queues: Vec<_> = lock(&shared.queues).iter().map(|(bot, queue)| (bot.clone(), Arc::clone(queue))).collect();
        for (bot, queue) in queues {
            queue.blank(&bot, lang);
        }
        shared.store.forget_past();
    }

    /// Makes the outbox in `dir` anew with what it holds now: a store keeps bytes of what was removed for a while. To be
    /// called before [`Outbox::open`]; a crash in between loses nothing, when it is called again. Blocking.
    ///
    /// # Errors
    /// Why it is as it was.
    pub fn renew(dir: &Path) -> Result<(), String> {
        super::renew::renew(dir)
    }

    /// Forgets what is old enough: answered inbounds and deliveries kept aside. Blocking for as long as it takes to read
    /// them; delivery calls it once an hour.
    pub fn tidy(&self) {
        let shared = &*self.shared;
        super::tidy::answered(&shared.store, shared.settings.answered_keep, shared.settings.answered_max);
        shared.asides.tidy();
        shared.pictures.tidy(&shared.store);
    }
}

#[cfg(test)]
#[path = "tests/outbox.rs"]
mod tests;
