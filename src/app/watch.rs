//! Looks at the bots: whether they run, reach their platforms and get their messages through. When one has been down for so
//! long that somebody has to know, its owners are told where they can still be reached: on another bot.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use yoman_chat::{Bot, BotName, Health, Outbound, RoomId, Stop};

use super::seats::Seats;
use crate::{
    clock::Clock,
    domain::{PersonId, Role},
    lang::Lang,
    notify::{
        Answer, Heard, Outbox,
        outage::{Look, News, Outage, Patience, Vitals},
    },
    projection::words,
    subscription::SharedWorld,
};

/// The longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest.
const LOOK_SOONEST: Duration = Duration::from_millis(20);
/// A bot that failed and was started again runs once it did for so long.
const RUNS_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Under which name an outage is remembered.
const MEMO: &str = "outage";

/// Whether the bots' tasks run.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(Arc<Mutex<HashMap<String, Run>>>);

#[derive(Clone, Debug)]
struct Run {
    /// Why it ended the last time.
    why: String,
    /// When it was started again since.
    again: Option<Instant>,
    /// It is not started again.
    ended: bool,
}

impl Runs {
    // A std mutex: nothing is awaited under it.
    fn all(&self) -> MutexGuard<'_, HashMap<String, Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is started, perhaps again.
    pub(super) fn started(&self, bot: &str) {
        if let Some(run) = self.all().get_mut(bot) {
            run.again = Some(Instant::now());
        }
    }

    /// It failed, and is started again after a pause.
    pub(super) fn failed(&self, bot: &str, why: &str) {
        self.all().insert(bot.to_owned(), Run { why: why.to_owned(), again: None, ended: false });
    }

    /// It ended because a setting is wrong.
    pub(super) fn ended(&self, bot: &str, why: &str) {
        self.all().insert(bot.to_owned(), Run { why: why.to_owned(), again: None, ended: true });
    }

    fn trouble(&self, bot: &str) -> Option<(String, bool)> {
        let mut all = self.all();
        let run = all.get(bot)?;
        if run.again.is_some_and(|again| again.elapsed() >= RUNS_AGAIN_AFTER) {
            all.remove(bot);
            return None;
        }
        Some((run.why.clone(), run.ended))
    }
}

/// What looks at the bots.
pub(super) struct Watch {
    pub(super) bots: Vec<Arc<dyn Bot>>,
    pub(super) seats: Arc<Seats>,
    pub(super) runs: Runs,
    pub(super) outbox: Outbox,
    pub(super) world: Arc<SharedWorld>,
    pub(super) titles: Arc<HashMap<String, String>>,
    pub(super) lang: Lang,
    pub(super) clock: Clock,
    pub(super) vitals: Vitals,
    pub(super) down_after: Duration,
}

impl Watch {
    /// Runs until `stop`.
    pub(super) async fn run(self, stop: Stop) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.watch() => {}
        }
    }

    /// May be dropped anywhere: what was not remembered is found again.
    async fn watch(&self) {
        let patience = Patience::new(TimeDelta::from_std(self.down_after).unwrap_or(TimeDelta::MAX));
        let every = (self.down_after / 20).clamp(LOOK_SOONEST, LOOK_EVERY);
        let mut outages: HashMap<BotName, Outage> = HashMap::new();
        let mut timer = tokio::time::interval(every);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            timer.tick().await;
            let now = self.clock.now();
            // Whoever speaks for the others looks at them.
            let here: Vec<_> = self.bots.iter().filter(|bot| self.seats.is_taken(bot.name())).collect();
            outages.retain(|name, _| here.iter().any(|bot| bot.name() == name));
            let looks: HashMap<&BotName, Look> = here.iter().map(|bot| (bot.name(), self.look(&***bot))).collect();
            for bot in here {
                let name = bot.name();
                outages.entry(name.clone()).or_insert_with(|| self.recalled(name));
                let (Some(look), Some(outage)) = (looks.get(name), outages.get_mut(name)) else { continue };
                self.vitals.note(name.as_str(), look, now);
                let before = outage.clone();
                let news = outage.look(look, now, patience);
                let up = |bot: &str| looks.get(&BotName::new(bot)) == Some(&Look::Up);
                match news {
                    Some(News::Down(_)) => {
                        tracing::error!(bot = %name, why = outage.why, "the bot is down");
                        // Remembered first, and told under an id made of it: a crash in between neither doubles nor loses it.
                        self.remember(name, outage).await;
                        self.tell_down(name, outage, now, &up).await;
                    }
                    Some(news @ News::Back { since, .. }) => {
                        tracing::info!(bot = %name, %since, "the bot is back");
                        let id = format!("outage/{name}/{}/back", since.timestamp_millis());
                        self.tell(name, &news, &id, now, &up).await;
                        self.remember(name, outage).await;
                    }
                    // It was not told before the last process ended, or there was nowhere to tell it.
                    None if outage.told && !outage.done => self.tell_down(name, outage, now, &up).await,
                    None if before.told != outage.told => self.remember(name, outage).await,
                    None => {}
                }
            }
        }
    }

    /// What is known of a bot from before it was spoken for here.
    fn recalled(&self, bot: &BotName) -> Outage {
        let kept = self.outbox.memo(bot, MEMO).and_then(|kept| serde_json::from_str::<Outage>(&kept).ok());
        kept.unwrap_or_default().recalled()
    }

    /// What is seen of a bot now. Whatever is wrong first comes first: it does not run, it is not connected, nothing gets
    /// through.
    fn look(&self, bot: &dyn Bot) -> Look {
        if let Some((why, ended)) = self.runs.trouble(bot.name().as_str()) {
            return Look::Down { why, ended };
        }
        if let Health::Down { why, .. } = bot.health() {
            return Look::Down { why, ended: false };
        }
        match self.outbox.stats(bot.name()).counters.unreachable {
            Some((why, _)) => Look::Down { why, ended: false },
            None => Look::Up,
        }
    }

    async fn tell_down(
        &self,
        bot: &BotName,
        outage: &mut Outage,
        now: DateTime<Utc>,
        up: &(dyn Fn(&str) -> bool + Sync),
    ) {
        let since = outage.since.unwrap_or(now);
        let id = format!("outage/{bot}/{}/down", since.timestamp_millis());
        if self.tell(bot, &News::Down(outage.clone()), &id, now, up).await {
            outage.done = true;
            self.remember(bot, outage).await;
        }
    }

    /// Tells every owner, each in the direct room on another bot that works and where they were heard last. Whether
    /// anybody was: who can be reached nowhere now is told once they can.
    async fn tell(
        &self,
        bot: &BotName,
        news: &News,
        id: &str,
        now: DateTime<Utc>,
        up: &(dyn Fn(&str) -> bool + Sync),
    ) -> bool {
        let waiting = self.outbox.stats(bot).queued;
        let title = words::title_of(bot.as_str(), &self.titles);
        let owners: Vec<PersonId> = self.world.read(|world| {
            let owners = world.people().filter(|person| person.role == Some(Role::Owner));
            owners.map(|person| person.id).collect()
        });
        let mut told = false;
        for owner in owners {
            let rooms = self.rooms_of(owner);
            let can = |room: &RoomId| room.bot() != bot.as_str() && up(room.bot()) && !self.outbox.refuses(room);
            let Some(room) = rooms.into_iter().find(can) else { continue };
            let text = news.words(&title, waiting, now, self.lang_in(&room));
            let answer = Answer::new(Outbound::text(text));
            match self.outbox.answer(&format!("{id}/{}", owner.0), &room, vec![answer]).await {
                Ok(_) => told = true,
                Err(error) => tracing::warn!(%room, %error, "an owner may be told of an outage twice"),
            }
        }
        told
    }

    /// The direct rooms of a person, the one they were heard in last first.
    fn rooms_of(&self, person: PersonId) -> Vec<RoomId> {
        self.world.read(|world| {
            let whose = |heard: &Heard| match &heard.identity {
                Some(identity) => world.by_identity(identity).map(|person| person.id),
                None => Some(world.resolved(heard.person)),
            };
            self.outbox.direct_rooms(|heard| whose(heard) == Some(person))
        })
    }

    fn lang_in(&self, room: &RoomId) -> Lang {
        let hint = self.outbox.hinted(room);
        self.world.read(|world| Lang::choose(world.room(room.as_str()).language.as_deref(), hint, self.lang))
    }

    async fn remember(&self, bot: &BotName, outage: &Outage) {
        let kept = serde_json::to_string(outage).unwrap_or_default();
        if let Err(error) = self.outbox.remember(bot, MEMO, &kept).await {
            tracing::warn!(%bot, %error, "an outage could not be remembered: its owners may be told again after a restart");
        }
    }
}
