//! The cursor of one bot: every commit is asked for what it means to the bot's rooms, and the answer is saved together with
//! the cursor.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono_tz::Tz;
use tokio::time::Instant;
use tracing::{error, info, warn};
use yoman_chat::{Bot, Outbound, RoomId, Stop};

use super::{
    boards,
    direct::Heard,
    outbox::{Intent, Outbox},
    routing::{BotRooms, lang_of, route, route_far_behind},
};
use crate::{
    clock::Clock,
    domain::{ItemRef, reminder::Defaults},
    lang::{Lang, say},
    log::{Commit, Entry, EventLog, Position},
    projection::World,
    subscription::{SharedWorld, Subscription},
};

/// How many commits are looked at before what they mean is saved.
const BATCH: usize = 256;
/// Further behind than this, a room is told how much it missed instead of everything.
const FAR_BEHIND: u64 = 1000;
/// How long a cursor that moved over nothing of interest stays unsaved.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// The pause after history could not be read.
const PAUSE: Duration = Duration::from_secs(1);

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
        let mut subscription = Subscription::new(Arc::clone(&self.log), self.start().await);
        let mut unsaved: Option<(Instant, Position)> = None;
        let mut boards = boards::Changes::default();
        loop {
            let head = self.log.head().position;
            if head.0 > subscription.position().0.saturating_add(self.far_behind) {
                self.catch_up(&mut subscription, head).await;
                unsaved = None;
            }
            let save_at = unsaved.map(|(since, _)| since + SAVE_EVERY);
            let entries = tokio::select! {
                entries = subscription.next(BATCH) => entries,
                () = tokio::time::sleep_until(save_at.unwrap_or_else(Instant::now)), if save_at.is_some() => {
                    if let Some((_, position)) = unsaved.take() {
                        self.save(position, Vec::new()).await;
                    }
                    continue;
                }
            };
            let Some(entries) = self.readable(entries).await else { return };
            let position = subscription.position();
            self.world.at_least(position).await;
            let mut intents = Vec::new();
            for commit in self.commits(&entries) {
                // Locked for one commit at a time: whoever feeds the world waits for no more than that.
                intents.extend(self.with_rooms(|world, rooms| route(commit, world, rooms, self.clock.now())));
                intents.extend(self.with_rooms(|world, rooms| boards.route(commit, world, rooms, self.clock.now())));
            }
            if intents.is_empty() && unsaved.is_none_or(|(since, _)| since.elapsed() < SAVE_EVERY) {
                // Nothing is lost when this is forgotten, so it need not be in the way of an answer.
                unsaved = Some((unsaved.map_or_else(Instant::now, |(since, _)| since), position));
            } else {
                unsaved = None;
                self.save(position, intents).await;
            }
            self.outbox.saw(self.bot.name(), position);
        }
    }

    /// Where to begin. A bot that was never here begins now: nobody wants the whole past as notifications.
    async fn start(&self) -> Position {
        let (bot, head) = (self.bot.name(), self.log.head().position);
        match self.outbox.cursor(bot) {
            Some(cursor) if cursor <= head => cursor,
            Some(cursor) => {
                warn!(%bot, %cursor, %head, "the bot's cursor is ahead of the log (was the log restored?); going on from its head");
                self.save(head, Vec::new()).await;
                head
            }
            None => {
                self.save(head, Vec::new()).await;
                head
            }
        }
    }

    /// Reads on to `head`, then does in one write: cards brought up to date, and one message for each room that missed
    /// something.
    async fn catch_up(&self, subscription: &mut Subscription, head: Position) {
        info!(bot = %self.bot.name(), from = %subscription.position(), to = %head, "far behind; telling rooms only how much they missed");
        let mut cards: BTreeSet<(RoomId, ItemRef)> = BTreeSet::new();
        let mut missed: BTreeMap<RoomId, u64> = BTreeMap::new();
        while subscription.position() < head {
            let entries = subscription.next(BATCH).await;
            let Some(entries) = self.readable(entries).await else { return };
            self.world.at_least(subscription.position()).await;
            for commit in self.commits(&entries) {
                let (refresh, told) =
                    self.with_rooms(|world, rooms| route_far_behind(commit, world, rooms, self.clock.now()));
                cards.extend(refresh);
                for room in told {
                    *missed.entry(room).or_default() += 1;
                }
            }
        }
        let refreshes = cards.into_iter().map(|(room, item)| Intent::Refresh { room, item });
        let summaries = missed.into_iter().map(|(room, count)| {
            let lang = self.with_rooms(|world, rooms| lang_of(&room, world, rooms));
            Intent::Plain { room, message: Outbound::text(say!(lang, "far-behind", n = count)) }
        });
        let boards = self.with_rooms(boards::all);
        self.save(subscription.position(), refreshes.chain(summaries).chain(boards).collect()).await;
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

    fn commits<'a>(&self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Commit> {
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
                direct_room: &|person| self.outbox.direct_room(|heard| whose(heard) == Some(person)),
                told_in: &|person, position, rooms| self.outbox.told_in(person, position, rooms),
                reminders: &self.reminders,
            };
            ask(world, &rooms)
        })
    }

    async fn save(&self, position: Position, intents: Vec<Intent>) {
        if let Err(error) = self.outbox.derived(self.bot.name(), position, intents).await {
            warn!(bot = %self.bot.name(), %error, "what the bot has seen is not kept; after a restart it may tell it again");
        }
    }
}

#[cfg(test)]
#[path = "tests/follower.rs"]
mod tests;
