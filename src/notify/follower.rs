//! The cursor of one bot: every commit is asked for what it means to the bot's rooms, and the answer is saved together with
//! the cursor.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::time::Instant;
use tracing::{error, info, warn};
use yoman_chat::{Bot, BotName, Outbound, RoomId, Stop};

use super::{
    boards,
    direct::Heard,
    hold::{Hold, comes, holds_until, silent_until},
    intent::Intent,
    outbox::Outbox,
    reminding,
    roster::Roster,
    routing::{BotRooms, Read, Told, Why, Wording, refreshes, told, with_card},
};
use crate::{
    clock::Clock,
    domain::{Event, ItemRef, reminder::Defaults, room, stored},
    lang::Lang,
    log::{Commit, Entry, EventLog, Position, StreamId},
    machine,
    projection::{Then, World},
    subscription::{SharedWorld, Subscription},
};

/// How many commits are looked at before what they mean is saved.
const BATCH: usize = 256;
/// And how many intents: what is not saved yet is in memory.
const INTENTS_MAX: usize = 4096;
/// Further behind than this, rooms are told what they missed instead of everything.
const FAR_BEHIND: u64 = 1000;
/// How long a cursor that moved over nothing of interest stays unsaved.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// The pause after history could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether what waits for a room was shown.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The same of a room that is to be told what it missed as soon as somebody there is answered.
const LOOK_SOON: Duration = Duration::from_millis(10);
/// How long a room is not told for that; many may talk there all the time.
const ANSWERED_WITHIN: TimeDelta = TimeDelta::seconds(2);
/// How much later what could not be read is tried again.
const PUT_OFF: TimeDelta = TimeDelta::seconds(60);

/// The cursor of one bot.
pub struct Follower {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) world: Arc<SharedWorld>,
    pub(super) outbox: Outbox,
    pub(super) bot: Arc<dyn Bot>,
    titles: Arc<HashMap<String, String>>,
    lang: Lang,
    time_zone: Tz,
    far_behind: u64,
    clock: Clock,
    reminders: Defaults,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("bot", self.bot.name()).finish_non_exhaustive()
    }
}

/// Where a cursor stands, besides its position: all of it can be had again from the log and the outbox.
pub(super) struct Course {
    /// The rooms as they were set there.
    pub(super) roster: Roster,
    /// What is held for which room.
    holds: BTreeMap<RoomId, Hold>,
    /// When the next of it comes.
    due: BTreeSet<(DateTime<Utc>, RoomId)>,
    /// What is to be saved with the cursor.
    pub(super) intents: Vec<Intent>,
    changed: BTreeMap<RoomId, Option<Hold>>,
    /// How many more messages each room takes before the next look at its queue.
    free: HashMap<RoomId, usize>,
    /// Up to here everything is held.
    far_to: Position,
}

impl Course {
    fn new(roster: Roster, holds: Vec<(RoomId, Hold)>) -> Self {
        let mut course = Self {
            roster,
            holds: BTreeMap::new(),
            due: BTreeSet::new(),
            intents: Vec::new(),
            changed: BTreeMap::new(),
            free: HashMap::new(),
            far_to: Position::START,
        };
        for (room, hold) in holds {
            course.set(room, Some(hold));
        }
        course.changed.clear();
        course
    }

    fn set(&mut self, room: RoomId, hold: Option<Hold>) {
        if let Some(due) = self.holds.remove(&room).and_then(|before| before.due) {
            self.due.remove(&(due, room.clone()));
        }
        if let Some(hold) = hold {
            self.due.extend(hold.due.map(|due| (due, room.clone())));
            self.holds.insert(room.clone(), hold);
        }
        self.changed.insert(room, hold);
    }

    /// What is held for a room.
    pub(super) fn hold(&self, room: &RoomId) -> Option<Hold> {
        self.holds.get(room).copied()
    }

    /// Nothing is held for a room any more.
    pub(super) fn let_go(&mut self, room: RoomId) {
        self.set(room, None);
    }

    /// Rooms are tried again a little later.
    pub(super) fn put_off<'a>(&mut self, rooms: impl Iterator<Item = &'a RoomId>, now: DateTime<Utc>) {
        for room in rooms {
            if let Some(hold) = self.hold(room) {
                self.set(room.clone(), Some(Hold { due: Some(now + PUT_OFF), ..hold }));
            }
        }
    }

    /// The rooms that get what they missed by then.
    fn due_by(&self, now: DateTime<Utc>) -> Vec<RoomId> {
        self.due.iter().take_while(|(due, _)| *due <= now).map(|(_, room)| room.clone()).collect()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The rooms that get what they missed once what waits for them is shown.
    fn behind(&self) -> impl Iterator<Item = &RoomId> {
        self.holds.iter().filter(|(_, hold)| hold.due.is_none()).map(|(room, _)| room)
    }
}

impl Follower {
    /// The cursor of `bot`.
    pub fn new(log: Arc<dyn EventLog>, world: Arc<SharedWorld>, outbox: Outbox, bot: Arc<dyn Bot>) -> Self {
        let titles = Arc::new(HashMap::from([(bot.name().to_string(), bot.capabilities().title.to_owned())]));
        Self {
            log,
            world,
            outbox,
            bot,
            titles,
            lang: Lang::English,
            time_zone: Tz::UTC,
            far_behind: FAR_BEHIND,
            clock: Clock::default(),
            reminders: Defaults::default(),
        }
    }

    /// What people call the platform of each bot, for "by kim (Telegram)".
    #[must_use]
    pub fn titles(mut self, titles: Arc<HashMap<String, String>>) -> Self {
        self.titles = titles;
        self
    }

    /// The language of rooms that did not set one, and whose platform hints at none; English unless said.
    #[must_use]
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// The time zone of rooms that did not set one; UTC unless said.
    #[must_use]
    pub fn time_zone(mut self, time_zone: Tz) -> Self {
        self.time_zone = time_zone;
        self
    }

    /// Whose time counts; the machine's unless said.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// When rooms are reminded that said nothing about it.
    #[must_use]
    pub fn reminders(mut self, reminders: Defaults) -> Self {
        self.reminders = reminders;
        self
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    pub(super) fn bot_name(&self) -> &BotName {
        self.bot.name()
    }

    /// Runs until `stop`, or until the log is closed.
    pub async fn run(self, stop: Stop) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.follow() => {}
            () = self.keep_boards() => {}
        }
    }

    /// May be dropped anywhere: what was not saved is derived again.
    async fn follow(&self) {
        let start = self.start().await;
        let mut course = self.course(start).await;
        let mut subscription = Subscription::new(Arc::clone(&self.log), start);
        let mut unsaved: Option<(Instant, Position)> = None;
        let mut boards = boards::Changes::default();
        loop {
            let (head, at) = (self.log.head().position, subscription.position());
            if head.0 > at.0.saturating_add(self.far_behind) && course.far_to < head {
                info!(bot = %self.bot.name(), from = %at, to = %head, "far behind; rooms are told what they missed");
                course.far_to = head;
            }
            if at >= head && self.release_at_head(&mut course, at).await {
                unsaved = None;
            }
            let save_at = unsaved.map(|(since, _)| since + SAVE_EVERY);
            let due = course.next_due().filter(|due| *due > self.clock.now());
            // What is due already waits for the cursor to be at the head, or for an answer, what is behind for the platform.
            let waits = due.is_none() && course.next_due().is_some();
            let look =
                (course.behind().next().is_some() || waits).then_some(if waits { LOOK_SOON } else { LOOK_EVERY });
            let entries = tokio::select! {
                biased;
                entries = subscription.next(BATCH) => entries,
                () = tokio::time::sleep_until(save_at.unwrap_or_else(Instant::now)), if save_at.is_some() => {
                    if let Some((_, position)) = unsaved.take() {
                        self.save(&mut course, position).await;
                    }
                    continue;
                }
                () = self.clock.reaches(due.unwrap_or_default()), if due.is_some() => continue,
                () = tokio::time::sleep(look.unwrap_or_default()), if look.is_some() => continue,
            };
            let Some(entries) = self.readable(entries).await else { return };
            let position = subscription.position();
            self.world.at_least(position).await;
            let mut before = at;
            for commit in self.commits(&entries) {
                self.step(&mut course, commit, before).await;
                if commit.position > course.far_to {
                    let now = self.clock.now();
                    course.intents.extend(self.with_rooms(|world, rooms| boards.route(commit, world, rooms, now)));
                }
                before = commit.position;
            }
            if at < course.far_to && position >= course.far_to {
                course.intents.extend(self.with_rooms(boards::all));
            }
            if course.intents.is_empty()
                && course.changed.is_empty()
                && unsaved.is_none_or(|(since, _)| since.elapsed() < SAVE_EVERY)
            {
                // Nothing is lost when this is forgotten, so it need not be in the way of an answer.
                unsaved = Some((unsaved.map_or_else(Instant::now, |(since, _)| since), position));
            } else {
                unsaved = None;
                self.save(&mut course, position).await;
            }
            self.outbox.saw(self.bot.name(), position);
        }
    }

    /// Where to begin. A bot that was never here begins now: nobody wants the whole past as notifications.
    async fn start(&self) -> Position {
        let (bot, head) = (self.bot.name(), self.log.head().position);
        let cursor = self.outbox.cursor(bot);
        match cursor {
            Some(cursor) if cursor <= head => return cursor,
            Some(cursor) => {
                warn!(%bot, %cursor, %head, "the bot's cursor is ahead of the log (was the log restored?); going on from its head");
            }
            None => {}
        }
        // What was held is about positions that may be something else by now.
        let nothing = self.outbox.holds(bot).into_iter().map(|(room, _)| (room, None)).collect();
        self.kept(self.outbox.saved(bot, head, Vec::new(), nothing).await);
        head
    }

    /// What belongs to a cursor that stands at `at`.
    async fn course(&self, at: Position) -> Course {
        let holds = self.outbox.holds(self.bot.name());
        let from = holds.iter().map(|(_, hold)| hold.since).min().map_or(at, |since| since.min(at));
        loop {
            self.world.at_least(at).await;
            let (roster, now) = self.world.read(|world| (Roster::of(world), world.position));
            if now == at && from == at {
                return Course::new(roster, holds);
            }
            let log = Arc::clone(&self.log);
            let back = machine::blocking(move || roster.back(&*log, from, at, now)).await;
            match back.map_err(|error| error.to_string()).and_then(|back| back.map_err(|error| error.to_string())) {
                Ok(roster) => return Course::new(roster, holds),
                Err(error) => {
                    error!(bot = %self.bot.name(), error, "history cannot be read; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// What one commit means. `before` is where the cursor stood before it.
    async fn step(&self, course: &mut Course, commit: &Commit, before: Position) {
        let at = commit.meta.recorded_at;
        // What was to come before this happened comes before it, however late it is now.
        let due = course.due_by(at);
        if !due.is_empty() {
            self.save(course, before).await;
            self.release(course, due, before).await;
        }
        if let Some(id) = course.roster.apply(commit) {
            let room = RoomId::new(id);
            if let Some(hold) = course.hold(&room) {
                let due = self.due_after(course.roster.room(id), commit, hold);
                course.set(room, Some(Hold { due, ..hold }));
            }
            return;
        }
        let far = commit.position <= course.far_to;
        if let Some(what) = self.read(commit) {
            // Locked for one commit at a time: whoever feeds the world waits for no more than that.
            self.with_rooms(|world, bot| {
                let refreshes = refreshes(&what, world, bot);
                course.intents.extend(refreshes.into_iter().map(|(room, item)| Intent::Refresh { room, item }));
                let mut told = told(&what, &course.roster, world, bot);
                if told.is_empty() {
                    return;
                }
                let cards = with_card(&what, bot);
                told.retain(|one| !(one.detail && cards.contains(&one.room)));
                let (mut wording, now) = (Wording::of(&what), self.clock.now());
                let about = (what.item, commit.last_version(), what.is_urgent(world));
                self.tell(course, commit, told, far, about, |one| wording.told(one, world, bot, now));
            });
        }
        for given in reminding::read(commit) {
            self.with_rooms(|world, bot| {
                let (told, now) = (given.told(&course.roster, world, bot), self.clock.now());
                let about = (given.item, given.version(world), given.is_urgent(world));
                self.tell(course, commit, told, far, about, |one| given.message(one, world, bot, now));
            });
        }
        if course.intents.len() >= INTENTS_MAX {
            self.save(course, commit.position).await;
        }
    }

    /// Tells rooms of an item at a version, or holds it for those that are told nothing for now.
    fn tell(
        &self,
        course: &mut Course,
        commit: &Commit,
        told: Vec<Told>,
        far: bool,
        (item, version, urgent): (ItemRef, u64, bool),
        mut message: impl FnMut(&Told) -> Option<Outbound>,
    ) {
        let (position, at) = (commit.position, commit.meta.recorded_at);
        for one in told {
            let room = course.roster.room(one.room.as_str());
            let zone = room.time_zone.unwrap_or(self.time_zone);
            // What somebody asked for comes when they asked for it.
            let passes = one.why == Why::Asked || (urgent && room.urgent && !far);
            if !passes {
                if let Some(hold) = course.hold(&one.room) {
                    if far && urgent && room.urgent && !hold.all {
                        // It is not told at once, so it has to be among what is held.
                        course.set(one.room, Some(Hold { all: true, ..hold }));
                    }
                    continue;
                }
                let until = holds_until(room, zone, at);
                if until.is_some() || far || self.is_full(&mut course.free, &one.room) {
                    let hold = Hold { since: Position(position.0 - 1), at, due: until, all: far };
                    course.set(one.room, Some(hold));
                    continue;
                }
            }
            let Some(message) = message(&one) else { continue };
            if let Some(free) = course.free.get_mut(&one.room) {
                *free = free.saturating_sub(1);
            }
            course.intents.push(Intent::Notice { room: one.room, item, version, position, message });
        }
    }

    /// Whether as much waits for a room as it is told at once.
    fn is_full(&self, free: &mut HashMap<RoomId, usize>, room: &RoomId) -> bool {
        let free = free.entry(room.clone()).or_insert_with(|| self.outbox.free_for(room));
        *free == 0
    }

    /// When what is held for a room comes, after something about the room was changed.
    fn due_after(&self, room: &room::Room, commit: &Commit, hold: Hold) -> Option<DateTime<Utc>> {
        let (at, zone) = (commit.meta.recorded_at, room.time_zone.unwrap_or(self.time_zone));
        let asked = |event| matches!(stored::decode(event), Ok(Event::Room(room::Event::DigestAsked)));
        if commit.events.iter().any(asked) {
            return Some(at);
        }
        let comes = comes(room, zone, at);
        if hold.due.is_none() && comes == at { None } else { Some(comes) }
    }

    /// With the whole log seen: tells rooms whose time has come, and those for which nothing waits any more. Whether there
    /// were any.
    async fn release_at_head(&self, course: &mut Course, at: Position) -> bool {
        let now = self.clock.now();
        let mut rooms = course.due_by(now);
        // Whoever asked for it, or took back what it was held for, is answered first.
        let just =
            |room: &RoomId| course.hold(room).and_then(|hold| hold.due).is_some_and(|due| due > now - ANSWERED_WITHIN);
        rooms.retain(|room| !(just(room) && self.outbox.is_talking_in(room)));
        let shown: Vec<_> = course.behind().filter(|room| self.outbox.waiting(room) == 0).cloned().collect();
        for room in shown {
            let state = course.roster.room(room.as_str());
            let silent = silent_until(state, state.time_zone.unwrap_or(self.time_zone), now);
            match course.hold(&room).filter(|_| silent > now) {
                Some(hold) => course.set(room, Some(Hold { due: Some(silent), ..hold })),
                None => rooms.push(room),
            }
        }
        if rooms.is_empty() {
            return false;
        }
        self.release(course, rooms, at).await;
        true
    }

    /// A commit on an item, with the item as it was then.
    pub(super) fn read<'a>(&self, commit: &'a Commit) -> Option<Read<'a>> {
        let item = ItemRef::of_stream(commit.stream.as_str())?;
        let newer = |world: &World| world.item(item).is_none_or(|seen| seen.item.version > commit.last_version());
        let then = if self.world.read(newer) { self.then(&commit.stream, commit.position) } else { None };
        Read::of(commit, then)
    }

    /// An item as it was after a commit.
    fn then(&self, stream: &StreamId, at: Position) -> Option<Then> {
        let mut commits = Vec::new();
        let read = self.log.read_stream(stream, 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                if commit.position > at {
                    return ControlFlow::Break(());
                }
                commits.push(commit);
            }
            ControlFlow::Continue(())
        });
        if let Err(error) = read {
            warn!(bot = %self.bot.name(), %stream, %error, "an item cannot be read as it was; it is taken as it is");
            return None;
        }
        self.world.read(|world| world.then(&commits))
    }

    /// `None` when the log is closed; after a failure nothing, and a pause.
    async fn readable<E: std::fmt::Display>(&self, entries: Result<Option<Vec<Entry>>, E>) -> Option<Vec<Entry>> {
        match entries {
            Ok(entries) => entries,
            Err(error) => {
                error!(bot = %self.bot.name(), %error, "history cannot be read; trying again");
                tokio::time::sleep(PAUSE).await;
                Some(Vec::new())
            }
        }
    }

    pub(super) fn commits<'a>(&self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Commit> + use<'a> {
        let bot = self.bot.name().clone();
        entries.iter().filter_map(move |entry| match entry {
            Entry::Commit(commit) => Some(&**commit),
            Entry::Damaged { position, why } => {
                warn!(%bot, %position, why, "a damaged record is passed over: nobody is told what it held");
                None
            }
        })
    }

    pub(super) fn with_rooms<R>(&self, ask: impl FnOnce(&World, &BotRooms<'_>) -> R) -> R {
        let name = self.bot.name();
        self.world.read(|world| {
            // Whose an account is by now, not whose it was when it was heard.
            let whose = |heard: &Heard| heard.whose(world);
            let rooms = BotRooms {
                name,
                capabilities: &self.bot.capabilities(),
                titles: &self.titles,
                lang_in: &|room| self.outbox.hinted(room).unwrap_or(self.lang),
                time_zone: self.time_zone,
                cards: &|item| self.outbox.rooms_with_card(name, item),
                refuses: &|room| self.outbox.refuses(room),
                person_in: &|room| self.outbox.heard_in(room).and_then(|heard| whose(&heard)),
                direct_rooms: &|person| self.outbox.direct_rooms(|heard| whose(heard) == Some(person)),
                home: &|rooms, position| self.outbox.home(rooms, position),
                reminders: &self.reminders,
            };
            ask(world, &rooms)
        })
    }

    /// Saves how far the bot has seen, with what it has to do because of it.
    pub(super) async fn save(&self, course: &mut Course, position: Position) {
        let intents = std::mem::take(&mut course.intents);
        let holds = std::mem::take(&mut course.changed).into_iter().collect();
        // What waits for a room is looked at again.
        course.free.clear();
        self.kept(self.outbox.saved(self.bot.name(), position, intents, holds).await);
    }

    fn kept<E: std::fmt::Display>(&self, saved: Result<(), E>) {
        if let Err(error) = saved {
            warn!(bot = %self.bot.name(), %error, "what the bot has seen is not kept; after a restart it may tell it again");
        }
    }
}

#[cfg(test)]
#[path = "tests/follower.rs"]
mod tests;

#[cfg(test)]
#[path = "tests/model.rs"]
mod model;
