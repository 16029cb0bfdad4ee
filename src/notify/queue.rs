//! The queues of one bot's rooms: strict order inside a room, no room waits for another. What is here in memory is bounded;
//! the rest of a long queue stays in the store and is read when its turn comes.
//!
//! Life of an entry: registered -> *claimed* (the attempt is on record) -> attempted -> settled (sent, to be tried again, or
//! dropped). At most one entry of a room is claimed at a time. A claim is handed out only after its record is flushed, so
//! that whatever was sent before a crash is known to have been tried.

mod waiting;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, oneshot},
    time::Instant,
};
use tracing::warn;
use yoman_chat::{BotName, Capabilities, RoomId};

use super::{
    board_rows::{Anew, Boards},
    cards::{Cards, Landed},
    entry::{Entry, Kind, Row, Tries, What},
    key::{self, Ops, Seq},
    outbox::OutboxSettings,
    stats::Counters,
    store::{Flushed, Store, StoreError},
    watched::Watched,
};
use crate::{domain::ItemRef, machine};

/// What a room is doing.
#[derive(Clone, Debug, Default)]
pub(super) enum State {
    /// The next entry can be claimed.
    #[default]
    Idle,
    /// An entry is claimed.
    Busy,
    /// Nothing is claimed before `until`. `limited`: the platform asked for it; otherwise an attempt failed.
    Waiting { until: Instant, limited: bool, why: String },
}

/// One room's queue.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The next ones, in order.
    pub(super) queue: VecDeque<Entry>,
    /// How many come after them in the store.
    stored: usize,
    /// How many of those are on their way into the store.
    spilling: usize,
    /// Everything up to here is in `queue` or settled.
    newest: Option<Seq>,
    pub(super) state: State,
    /// When the claimed entry, and the oldest one that is only in the store, was registered.
    claimed_at: Option<i64>,
    stored_at: Option<i64>,
    /// Attempts that failed since one worked.
    pub(super) failures: u32,
    /// Refusals since a message was taken.
    pub(super) refusals: u32,
    /// Entries that wait, by item: another refresh adds nothing, another notice takes the place.
    refreshes: BTreeMap<ItemRef, Seq>,
    notices: BTreeMap<ItemRef, Seq>,
    /// The same of the board.
    board: Option<Seq>,
    /// When the board was changed last.
    pub(super) board_at: Option<Instant>,
    /// When a card was changed last.
    pub(super) edited: BTreeMap<ItemRef, Instant>,
}

impl Room {
    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.stored + self.spilling + usize::from(self.claimed_at.is_some())
    }

    pub(super) fn oldest(&self) -> Option<i64> {
        [self.claimed_at, self.queue.front().map(|entry| entry.row.at), self.stored_at].into_iter().flatten().min()
    }

    fn is_forgettable(&self, now: Instant, Running { coalesce, board_every, .. }: &Running) -> bool {
        self.waiting() == 0
            && matches!(self.state, State::Idle)
            && self.failures == 0
            && self.refusals == 0
            && self.edited.values().all(|at| now >= *at + *coalesce)
            && self.board_at.is_none_or(|at| now >= at + *board_every)
    }
}

/// An entry whose attempt is on record.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) room: RoomId,
    pub(super) entry: Entry,
}

/// What delivery needs besides what the platform can do.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) capabilities: Capabilities,
    pub(super) coalesce: Duration,
    pub(super) board_every: Duration,
    pub(super) give_up_after: Duration,
    pub(super) refusals_max: u32,
    pub(super) backoff_min: Duration,
    pub(super) backoff_max: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) rooms: BTreeMap<RoomId, Room>,
    /// Set while a delivery takes claims.
    pub(super) running: Option<Arc<Running>>,
    /// The whole bot waits.
    pub(super) paused: Option<Instant>,
    /// Entries in the queues of all rooms.
    in_memory: usize,
    /// When to look at a room again.
    timers: BTreeSet<(Instant, RoomId)>,
    /// Rooms the platform refuses everything for, with the time in milliseconds.
    pub(super) refusing: BTreeMap<RoomId, i64>,
    pub(super) counters: Counters,
}

/// The queues of one bot.
#[derive(Debug)]
pub(super) struct Queue {
    bot: BotName,
    pub(super) store: Arc<Store>,
    pub(super) cards: Arc<Cards>,
    pub(super) boards: Arc<Boards>,
    seqs: Arc<AtomicU64>,
    settings: OutboxSettings,
    // Std mutexes: nothing is awaited under them.
    inner: Mutex<Inner>,
    ready: Mutex<VecDeque<Claim>>,
    /// As many permits as there are claims in `ready`.
    pub(super) wake: Semaphore,
    /// An earlier timer was set.
    pub(super) timer: Notify,
    /// Who wants to know which message has a button that carries this.
    pub(super) watched: Watched,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn now_ms() -> i64 {
    machine::now().timestamp_millis()
}

/// What goes to the store in one write, and what happens after that.
#[derive(Default)]
pub(super) struct Change {
    pub(super) ops: Ops,
    /// The first seq of this change: rows from here on are in `ops`.
    since: u64,
    claims: Vec<Claim>,
    spilled: Vec<(RoomId, Entry)>,
    pub(super) landed: Vec<Landed>,
    /// Called when the change is in the store, or will never be.
    pub(super) after: Option<Flushed>,
}

impl Queue {
    pub(super) fn new(
        bot: BotName,
        store: Arc<Store>,
        cards: Arc<Cards>,
        boards: Arc<Boards>,
        seqs: Arc<AtomicU64>,
        settings: OutboxSettings,
    ) -> Self {
        let key = key::unsure_count(&bot);
        let ever = store.get(&key).and_then(|value| key::decode(&key, Some(value))).unwrap_or_default();
        let counters = Counters { possibly_delivered_ever: ever, ..Counters::default() };
        Self {
            bot,
            store,
            cards,
            boards,
            seqs,
            settings,
            inner: Mutex::new(Inner { counters, ..Inner::default() }),
            ready: Mutex::default(),
            wake: Semaphore::new(0),
            timer: Notify::new(),
            watched: Watched::default(),
        }
    }

    /// Whose queues they are.
    pub(super) fn bot(&self) -> &BotName {
        &self.bot
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(super) fn change(&self) -> Change {
        Change { since: self.seqs.load(Ordering::Relaxed), ..Change::default() }
    }

    /// Registers something for a room and claims it if the room is free.
    pub(super) fn admit(&self, inner: &mut Inner, id: &RoomId, what: What, change: &mut Change) {
        let answer = matches!(what, What::Message { kind: Kind::Answer, .. });
        if answer {
            // Something arrived from there: the platform works, and lets us speak there.
            if inner.refusing.remove(id).is_some() {
                change.ops.remove(key::refusing(id), 0);
            }
        } else if inner.refusing.contains_key(id) {
            inner.counters.dropped += 1;
            return;
        }
        if !inner.rooms.contains_key(id) {
            inner.rooms.insert(id.clone(), Room::default());
        }
        let Some(room) = inner.rooms.get_mut(id) else { return };
        if answer && matches!(room.state, State::Waiting { limited: false, .. }) {
            room.state = State::Idle;
        }
        match &what {
            What::Refresh { item } if room.refreshes.contains_key(item) => return,
            What::Board { anew } => {
                if let Some(seq) = room.board {
                    self.raise(room, id, seq, *anew, &mut change.ops);
                    // Asked for, it does not wait for its distance from the one before.
                    self.claim(inner, id, change);
                    return;
                }
            }
            What::Message { kind: Kind::Notice, card: Some((item, _)), .. } => {
                if let Some(&seq) = room.notices.get(item) {
                    self.replace(room, id, seq, what, &mut change.ops);
                    return;
                }
            }
            _ => {}
        }
        // What a room follows is held before it comes to this; cards are brought up to date however much waits.
        let bounded = matches!(what, What::Message { kind: Kind::Plain, .. });
        if bounded && room.waiting() >= 2 * self.settings.waiting_room_max {
            inner.counters.dropped += 1;
            warn!(room = %id, "a notice is dropped: too many wait for this room");
            return;
        }
        let seq = Seq { seq: self.seqs.fetch_add(1, Ordering::Relaxed), part: 0 };
        match &what {
            What::Refresh { item } => drop(room.refreshes.insert(*item, seq)),
            What::Board { .. } => room.board = Some(seq),
            What::Message { kind: Kind::Notice, card: Some((item, _)), .. } => drop(room.notices.insert(*item, seq)),
            What::Message { .. } => {}
        }
        let mut entry = Entry {
            seq,
            row: Row { at: now_ms(), what, tried: false, fits: false },
            bytes: 0,
            tries: Tries::default(),
        };
        entry.bytes = change.ops.put(key::entry(id, seq), &entry.row);
        let behind_stored = room.stored > 0 || room.spilling > 0;
        if behind_stored
            || room.queue.len() >= self.settings.queue_room_max
            || inner.in_memory >= self.settings.queue_max
        {
            room.spilling += 1;
            room.stored_at.get_or_insert(entry.row.at);
            change.spilled.push((id.clone(), entry));
        } else {
            room.newest = Some(seq);
            room.queue.push_back(entry);
            inner.in_memory += 1;
        }
        self.claim(inner, id, change);
    }

    /// A newer notice takes the place of one that waits.
    fn replace(&self, room: &mut Room, id: &RoomId, seq: Seq, what: What, ops: &mut Ops) {
        let row = Row { at: now_ms(), what, tried: false, fits: false };
        let key = key::entry(id, seq);
        ops.remove(key::tries(id, seq), 0);
        if let Some(entry) = room.queue.iter_mut().find(|entry| entry.seq == seq) {
            ops.remove(key.clone(), entry.bytes);
            let bytes = ops.put(key, &row);
            *entry = Entry { seq, row, bytes, tries: Tries::default() };
        } else {
            let before = self.store.get(&key).map_or(0, |value| value.len());
            ops.remove(key.clone(), before);
            ops.put(key, &row);
        }
    }

    /// Claims the next entry of a room that is free.
    pub(super) fn claim(&self, inner: &mut Inner, id: &RoomId, change: &mut Change) {
        let Some(running) = inner.running.clone() else { return };
        let refusing = inner.refusing.contains_key(id);
        let now = Instant::now();
        loop {
            let Some(room) = inner.rooms.get_mut(id) else { return };
            if !matches!(room.state, State::Idle) {
                return;
            }
            let mut later: Option<Instant> = None;
            let next = room.queue.iter().position(|entry| {
                // Changes of one card are kept apart, so that a burst of them becomes one. Others need not wait for that.
                let due = match &entry.row.what {
                    What::Refresh { item } => room.edited.get(item).map(|at| *at + running.coalesce),
                    What::Board { anew: Anew::No } => room.board_at.map(|at| at + running.board_every),
                    What::Board { .. } | What::Message { .. } => None,
                };
                match due.filter(|due| *due > now) {
                    None => true,
                    Some(due) => {
                        later = Some(later.map_or(due, |it| it.min(due)));
                        false
                    }
                }
            });
            let Some(mut entry) = next.and_then(|at| room.queue.remove(at)) else {
                if room.stored > 0 && self.load(inner, id) {
                    continue;
                }
                match (later, inner.rooms.get(id)) {
                    (Some(due), _) => self.set_timer(inner, due, id),
                    (None, Some(room)) if room.is_forgettable(now, &running) => drop(inner.rooms.remove(id)),
                    (None, _) => {}
                }
                return;
            };
            inner.in_memory -= 1;
            match &entry.row.what {
                What::Refresh { item } => drop(room.refreshes.remove(item)),
                What::Board { .. } => room.board = None,
                What::Message { kind: Kind::Notice, card: Some((item, _)), .. } => {
                    if room.notices.get(item) == Some(&entry.seq) {
                        room.notices.remove(item);
                    }
                }
                What::Message { .. } => {}
            }
            let late = !entry.is_digest() && entry.is_older_than(running.give_up_after);
            if entry.is_unsolicited() && (refusing || late) {
                // Yesterday's news from before a long stop, or for a room that is lost.
                forget(id, &entry, &mut change.ops);
                inner.counters.dropped += 1;
                continue;
            }
            let rest = entry.cut(&running.capabilities);
            let was_cut = !rest.is_empty();
            for mut part in rest.into_iter().rev() {
                part.bytes = change.ops.put(key::entry(id, part.seq), &part.row);
                room.newest = room.newest.max(Some(part.seq));
                room.queue.push_front(part);
                inner.in_memory += 1;
            }
            let sends = match entry.row.what {
                What::Message { .. } => true,
                What::Board { anew } => self.boards.sends(id, anew),
                What::Refresh { .. } => false,
            };
            if sends {
                self.record_attempt(id, &mut entry, was_cut, change);
            }
            room.state = State::Busy;
            room.claimed_at = Some(entry.row.at);
            change.claims.push(Claim { room: id.clone(), entry });
            return;
        }
    }

    fn record_attempt(&self, id: &RoomId, entry: &mut Entry, was_cut: bool, change: &mut Change) {
        entry.tries.count += 1;
        entry.tries.open = true;
        let key = key::entry(id, entry.seq);
        if was_cut {
            change.ops.remove(key.clone(), entry.bytes);
        }
        // The first attempt stands in the entry itself when that is written anyway.
        let inline = entry.tries.count == 1 && entry.tries.unsure.is_none();
        if inline && (was_cut || entry.seq.seq >= change.since) {
            entry.row.tried = true;
            entry.bytes = change.ops.put(key, &entry.row);
            return;
        }
        if was_cut {
            entry.bytes = change.ops.put(key, &entry.row);
        }
        change.ops.put(key::tries(id, entry.seq), &entry.tries);
    }

    /// Puts a claimed entry back in its place.
    pub(super) fn put_back(&self, inner: &mut Inner, id: &RoomId, mut entry: Entry, ops: &mut Ops) {
        let Some(room) = inner.rooms.get_mut(id) else { return };
        match &entry.row.what {
            What::Refresh { item } if room.refreshes.contains_key(item) => {
                // Another one waits already and will show the same.
                forget(id, &entry, ops);
                return;
            }
            What::Refresh { item } => drop(room.refreshes.insert(*item, entry.seq)),
            What::Board { anew } => {
                if let Some(seq) = room.board.replace(entry.seq)
                    && let Some(at) = room.queue.iter().position(|it| it.seq == seq)
                    && let Some(other) = room.queue.remove(at)
                {
                    // One is enough, and what is known of this one's attempts must not be lost.
                    inner.in_memory -= 1;
                    forget(id, &other, ops);
                    if let What::Board { anew: asked } = other.row.what {
                        entry.row.what = What::Board { anew: asked.max(*anew) };
                    }
                }
                ops.put(key::tries(id, entry.seq), &entry.tries);
                entry.bytes = ops.put(key::entry(id, entry.seq), &entry.row);
            }
            What::Message { kind: Kind::Notice, card: Some((item, _)), .. } if entry.seq.part == 0 => {
                room.notices.entry(*item).or_insert(entry.seq);
                ops.put(key::tries(id, entry.seq), &entry.tries);
            }
            What::Message { .. } => drop(ops.put(key::tries(id, entry.seq), &entry.tries)),
        }
        room.queue.push_front(entry);
        inner.in_memory += 1;
    }

    pub(super) fn set_timer(&self, inner: &mut Inner, due: Instant, id: &RoomId) {
        inner.timers.insert((due, id.clone()));
        if inner.timers.first().is_some_and(|(first, _)| *first == due) {
            self.timer.notify_one();
        }
    }

    /// When the next timer is due.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.inner().timers.first().map(|(due, _)| *due)
    }

    /// Looks again at the rooms whose time has come.
    pub(super) fn fire(self: &Arc<Self>, now: Instant) {
        let mut inner = self.inner();
        let mut change = self.change();
        while let Some((due, _)) = inner.timers.first()
            && *due <= now
        {
            let Some((_, id)) = inner.timers.pop_first() else { break };
            let Some(room) = inner.rooms.get_mut(&id) else { continue };
            if matches!(room.state, State::Waiting { until, .. } if until <= now) {
                room.state = State::Idle;
            }
            self.claim(&mut inner, &id, &mut change);
        }
        self.submit(inner, change);
    }

    /// Looks at every room, when delivery starts.
    pub(super) fn start(self: &Arc<Self>, running: Running) {
        let mut inner = self.inner();
        inner.running = Some(Arc::new(running));
        let mut change = self.change();
        let ids: Vec<_> = inner.rooms.keys().cloned().collect();
        for id in ids {
            self.claim(&mut inner, &id, &mut change);
        }
        self.submit(inner, change);
    }

    /// Writes what has happened; hands the claims out afterwards. Takes the lock, so that the order of the writes is the
    /// order of the changes.
    pub(super) fn submit(self: &Arc<Self>, inner: MutexGuard<'_, Inner>, mut change: Change) {
        let ops = std::mem::take(&mut change.ops);
        let quiet =
            change.claims.is_empty() && change.spilled.is_empty() && change.landed.is_empty() && change.after.is_none();
        if ops.is_empty() {
            drop(inner);
            self.flushed(change, Ok(()));
        } else if quiet {
            self.store.submit_owed(ops, None);
        } else {
            let queue = Arc::clone(self);
            self.store.submit_owed(ops, Some(Box::new(move |result| queue.flushed(change, result))));
        }
    }

    /// As [`Queue::submit`]; the receiver says when it is durable.
    pub(super) fn submit_durable(
        self: &Arc<Self>,
        inner: MutexGuard<'_, Inner>,
        mut change: Change,
    ) -> oneshot::Receiver<Result<(), StoreError>> {
        let ops = std::mem::take(&mut change.ops);
        let queue = Arc::clone(self);
        let receiver = self.store.submit_durable(ops, Some(Box::new(move |result| queue.flushed(change, result))));
        drop(inner);
        receiver
    }

    /// A change is in the store, or never will be: then it goes on from memory, because an answer that can be given is given.
    fn flushed(self: &Arc<Self>, change: Change, result: Result<(), StoreError>) {
        let stored = result.is_ok();
        for landed in change.landed {
            landed.landed(stored);
        }
        if !change.spilled.is_empty() {
            let mut inner = self.inner();
            let mut next = self.change();
            for (id, entry) in change.spilled {
                let Some(room) = inner.rooms.get_mut(&id) else { continue };
                room.spilling -= 1;
                if stored {
                    room.stored += 1;
                } else if entry.is_answer() && room.queue.len() < 4 * self.settings.queue_room_max {
                    room.queue.push_back(entry);
                    inner.in_memory += 1;
                } else {
                    inner.counters.dropped += 1;
                    warn!(room = %id, "something is dropped: the store cannot be written and too much waits");
                }
                self.claim(&mut inner, &id, &mut next);
            }
            self.submit(inner, next);
        }
        if let Some(after) = change.after {
            after(result);
        }
        if !change.claims.is_empty() {
            let count = change.claims.len();
            lock(&self.ready).extend(change.claims);
            self.wake.add_permits(count);
        }
    }

    /// Takes a claim; there is one for every permit of `wake`.
    pub(super) fn pop(&self) -> Option<Claim> {
        lock(&self.ready).pop_front()
    }

    /// Nothing more is handed out.
    pub(super) fn halt(&self) {
        self.inner().running = None;
    }

    /// Takes back the claims nobody came for: they were never tried.
    pub(super) fn release(self: &Arc<Self>) {
        let claims = std::mem::take(&mut *lock(&self.ready));
        let mut inner = self.inner();
        let mut change = self.change();
        for Claim { room: id, mut entry } in claims {
            entry.tries.count -= entry.tries.count.min(1);
            entry.tries.open = false;
            entry.row.tried = false;
            if let Some(room) = inner.rooms.get_mut(&id) {
                room.state = State::Idle;
                room.claimed_at = None;
            }
            self.put_back(&mut inner, &id, entry, &mut change.ops);
        }
        // Permits without claims would only wake workers of a later delivery for nothing.
        self.wake.forget_permits(usize::MAX >> 4);
        self.submit(inner, change);
    }

    /// The claimed entry of a room is out of the way.
    pub(super) fn free(&self, inner: &mut Inner, id: &RoomId, state: State) {
        let Some(room) = inner.rooms.get_mut(id) else { return };
        room.claimed_at = None;
        if let State::Waiting { until, .. } = state {
            room.state = state;
            self.set_timer(inner, until, id);
        } else {
            room.state = state;
        }
    }
}

/// Removes an entry from the store.
pub(super) fn forget(id: &RoomId, entry: &Entry, ops: &mut Ops) {
    ops.remove(key::entry(id, entry.seq), entry.bytes);
    let inline = entry.row.tried && entry.tries == Tries { count: 1, open: true, unsure: None };
    if !inline && !matches!(entry.row.what, What::Refresh { .. }) {
        ops.remove(key::tries(id, entry.seq), 0);
    }
}
