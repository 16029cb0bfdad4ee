//! Whatever happens, whatever rooms are set to, and however often the process dies: what each room has been shown is what a
//! simple replay of the log says. The replay knows nothing of cursors, positions and queues.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use proptest::{collection::vec, option, prelude::*, sample::select};
use tempfile::TempDir;
use yoman_chat::{Bot, RoomId, Stop};

use super::super::{
    Delivery, Outbox, OutboxSettings,
    fake::{FakeBot, Items, quick, until},
    scene::{DANA, KIM, Scene, created, fact, tagged, todo_event},
};
use super::Follower;
use crate::{
    clock::Clock,
    domain::{
        Event, Filter, Handle, Identity, Kind, Priority, Role, Tag,
        hours::{Digest, Hour, Quiet},
        item, person,
        room::{self, Setting},
        todo as todos,
    },
    log::{EventLog, Position},
    projection::World,
    subscription::SharedWorld,
};

/// A group, and the direct rooms of dana on two bots.
const ROOMS: [&str; 3] = ["fake/group", "fake/dana", "other/dana"];
const BOTS: [&str; 2] = ["fake", "other"];
/// What waits longer is given up after a day: that a busy machine gets to it late is no reason for that.
const UNSENT_MAX_MIN: i64 = 12 * 60;

/// What is done, so many minutes after what was done before.
#[derive(Clone, Debug)]
enum Step {
    Create { tag: usize, urgent: bool, assigned: bool },
    Note { item: usize, mentions: bool, tag: Option<usize> },
    Follow { room: usize, tag: Option<usize>, on: Option<Kind> },
    Unfollow { room: usize },
    Mute { room: usize, minutes: Option<i64> },
    Digest { room: usize, hour: Option<u16> },
    Quiet { room: usize, hours: Option<(u16, u16)> },
    Urgent { room: usize, passes: bool },
    Now { room: usize },
    Prefer { bot: Option<usize> },
    Heard { room: usize },
    Kill,
}

fn a_step() -> impl Strategy<Value = (i64, Step)> {
    let room = || 0..ROOMS.len();
    let tag = || 0..2_usize;
    let step = prop_oneof![
        6 => (tag(), any::<bool>(), any::<bool>())
            .prop_map(|(tag, urgent, assigned)| Step::Create { tag, urgent, assigned }),
        9 => (0..8_usize, any::<bool>(), option::of(tag()))
            .prop_map(|(item, mentions, tag)| Step::Note { item, mentions, tag }),
        3 => (room(), option::of(tag()), option::of(select(vec![Kind::Created, Kind::Noted])))
            .prop_map(|(room, tag, on)| Step::Follow { room, tag, on }),
        1 => room().prop_map(|room| Step::Unfollow { room }),
        1 => (room(), option::of(1..600_i64)).prop_map(|(room, minutes)| Step::Mute { room, minutes }),
        2 => (room(), option::of(0..24_u16)).prop_map(|(room, hour)| Step::Digest { room, hour }),
        2 => (room(), option::of((0..24_u16, 1..23_u16))).prop_map(|(room, hours)| {
            Step::Quiet { room, hours: hours.map(|(from, long)| (from, (from + long) % 24)) }
        }),
        1 => (room(), any::<bool>()).prop_map(|(room, passes)| Step::Urgent { room, passes }),
        1 => room().prop_map(|room| Step::Now { room }),
        1 => option::of(0..BOTS.len()).prop_map(|bot| Step::Prefer { bot }),
        1 => (1..3_usize).prop_map(|room| Step::Heard { room }),
        2 => Just(Step::Kill),
    ];
    (prop_oneof![2 => Just(0), 3 => 1..30_i64, 2 => 30..900_i64], step)
}

/// What a room was shown: a notice by what its commit said, or a digest by its items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Notice { item: u32, said: String },
    Digest(BTreeSet<u32>),
}

/// A room as the replay knows it.
#[derive(Clone, Debug, Default)]
struct Model {
    follows: Vec<(Option<usize>, Option<Kind>)>,
    muted: Option<DateTime<Utc>>,
    digest: Option<u16>,
    quiet: Option<(u16, u16)>,
    urgent: bool,
    held: Option<(BTreeSet<u32>, DateTime<Utc>)>,
    shown: Vec<Shown>,
}

impl Model {
    fn is_quiet(&self, at: DateTime<Utc>) -> bool {
        let hour = u16::try_from(at.hour()).unwrap();
        self.quiet
            .is_some_and(|(from, to)| if from < to { from <= hour && hour < to } else { hour >= from || hour < to })
    }

    fn is_muted(&self, at: DateTime<Utc>) -> bool {
        self.muted.is_some_and(|until| until > at)
    }

    /// Minute by minute: the next digest, then the first moment it may be shown.
    fn comes(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut at = now;
        if let Some(hour) = self.digest {
            at += TimeDelta::minutes(1);
            while (at.hour(), at.minute()) != (u32::from(hour), 0) {
                at += TimeDelta::minutes(1);
            }
        }
        while self.is_quiet(at) || self.is_muted(at) {
            at += TimeDelta::minutes(1);
        }
        at
    }

    fn time_passes(&mut self, now: DateTime<Utc>) {
        if let Some((items, _)) = self.held.take_if(|(_, due)| *due <= now) {
            self.shown.push(Shown::Digest(items));
        }
    }

    fn follows(&self, tags: &BTreeSet<usize>, kind: Kind) -> bool {
        let passes = |(tag, on): &(Option<usize>, Option<Kind>)| {
            tag.is_none_or(|tag| tags.contains(&tag)) && on.is_none_or(|on| on == kind)
        };
        self.follows.iter().any(passes)
    }

    fn told(&mut self, item: u32, said: &str, urgent: bool, at: DateTime<Utc>) {
        if urgent && self.urgent {
            self.shown.push(Shown::Notice { item, said: said.to_owned() });
        } else if let Some((items, _)) = &mut self.held {
            items.insert(item);
        } else if self.digest.is_some() || self.is_quiet(at) {
            self.held = Some((BTreeSet::from([item]), self.comes(at)));
        } else {
            self.shown.push(Shown::Notice { item, said: said.to_owned() });
        }
    }

    fn was_set(&mut self, at: DateTime<Utc>) {
        let comes = self.comes(at);
        if let Some((_, due)) = &mut self.held {
            *due = comes;
        }
    }
}

/// The process as far as it tells rooms something.
struct Process {
    outbox: Outbox,
    stop: Stop,
    deliveries: Vec<Delivery>,
    followers: Vec<tokio::task::JoinHandle<()>>,
}

struct House {
    dir: TempDir,
    scene: Scene,
    clock: Clock,
    world: Arc<SharedWorld>,
    bots: Vec<Arc<FakeBot>>,
}

impl House {
    fn start(&self) -> Process {
        let outbox = Outbox::open(self.dir.path(), OutboxSettings::default()).unwrap();
        let stop = Stop::new();
        let mut process = Process { outbox, stop, deliveries: Vec::new(), followers: Vec::new() };
        for bot in &self.bots {
            let (outbox, stop) = (process.outbox.clone(), process.stop.clone());
            let bot = Arc::clone(bot) as Arc<dyn Bot>;
            let render = Arc::new(Items::default());
            process.deliveries.push(Delivery::start(Arc::clone(&bot), outbox.clone(), render, quick(), stop.clone()));
            let log = Arc::clone(&self.scene.log) as Arc<dyn EventLog>;
            let follower = Follower::new(log, Arc::clone(&self.world), outbox, bot).clock(self.clock.clone());
            process.followers.push(tokio::spawn(follower.run(stop)));
        }
        process
    }

    /// The followers die where they stand; what was sent is known, what waits waits in the store.
    async fn kill(&self, process: Process) -> Process {
        for follower in &process.followers {
            follower.abort();
        }
        for follower in process.followers {
            let _ = follower.await;
        }
        process.stop.cancel();
        for delivery in process.deliveries {
            delivery.ended().await;
        }
        drop(process.outbox);
        self.start()
    }

    /// Everything there is so far is seen, and nothing of it waits to be sent.
    async fn sent(&self, process: &Process) {
        let head = self.scene.log.head().position;
        for bot in &self.bots {
            until("everything is seen", || process.outbox.seen(bot.name()) >= Some(head)).await;
            until("nothing waits", || process.outbox.stats(bot.name()).queued == 0).await;
        }
    }

    async fn happens(&self, stream: &str, events: Vec<Event>) {
        self.scene.happens(stream, KIM, "", events).await;
    }

    async fn room(&self, room: usize, event: room::Event) {
        self.happens(&room::stream(ROOMS[room]), vec![Event::Room(event)]).await;
    }

    /// What a room was shown; an earlier notice of the same item that waited when the next one came is not.
    fn shown(&self, room: &str) -> Vec<Shown> {
        let bot = self.bots.iter().find(|bot| room.starts_with(&format!("{}/", bot.name()))).unwrap();
        let mut shown: Vec<Shown> = Vec::new();
        for text in bot.sent(room) {
            let what = read(&text);
            // A repeat is none of what was broken off before it was shown.
            if !(text.contains("possibly a repeat") && shown.contains(&what)) {
                shown.push(what);
            }
        }
        shown
    }
}

/// A message as it was shown.
fn read(text: &str) -> Shown {
    let item = |line: &str| line.trim().strip_prefix('T')?.split(' ').next()?.parse::<u32>().ok();
    if text.contains(" since ") {
        return Shown::Digest(text.lines().skip(1).filter_map(item).collect());
    }
    let said = text.split([' ', '\n']).rfind(|word| word.starts_with("said-")).unwrap_or_default();
    Shown::Notice { item: item(text).unwrap_or_default(), said: said.to_owned() }
}

/// Plays the steps in the house and in the model.
async fn play(steps: Vec<(i64, Step)>) -> Result<(), TestCaseError> {
    let start: DateTime<Utc> = "2026-11-20T09:00:00Z".parse().unwrap();
    let scene = Scene::default();
    scene.log.set_time(start);
    let house = House {
        dir: tempfile::tempdir().unwrap(),
        scene,
        clock: Clock::standing(start),
        world: Arc::new(SharedWorld::new(World::default())),
        bots: BOTS.iter().map(|name| FakeBot::named(name)).collect(),
    };
    let feed_stop = Stop::new();
    let feed = Arc::clone(&house.world).keep(Arc::clone(&house.scene.log) as Arc<dyn EventLog>, feed_stop.clone());
    let feed = tokio::spawn(feed);
    for (id, handle) in [(KIM, "kim"), (DANA, "dana")] {
        let identity = Identity(format!("fake/{handle}-account"));
        let (name, handle, role) = (handle.to_owned(), Handle::new(handle).unwrap(), Role::Owner);
        house.happens(&id.stream(), vec![Event::Person(person::Event::Paired { name, handle, identity, role })]).await;
    }
    let elsewhere = person::Event::IdentityLinked { identity: Identity("other/dana-account".into()) };
    house.happens(&DANA.stream(), vec![Event::Person(elsewhere)]).await;
    house.room(0, room::Event::Enabled { title: "Group".into() }).await;
    house.world.at_least(house.scene.log.head().position).await;
    let mut process = house.start();
    let heard = |process: &Process, room: usize| {
        let identity = Identity(format!("{}-account", ROOMS[room]));
        let head = house.scene.log.head().position;
        process.outbox.met(&RoomId::new(ROOMS[room]), DANA, &identity, None, head);
    };
    let seen = |process: &Process, bot: &FakeBot, at: Position| process.outbox.cursor(bot.name()) >= Some(at);
    for bot in &house.bots {
        let head = house.scene.log.head().position;
        until("every bot begins", || seen(&process, bot, head)).await;
    }
    heard(&process, 1);
    heard(&process, 2);

    let mut rooms: [Model; 3] = Default::default();
    let (mut last, mut prefers, mut now) = (2_usize, None::<usize>, start);
    let mut items: Vec<(BTreeSet<usize>, bool)> = Vec::new();
    let tags = ["a", "b"];
    let mut said = 0;
    let mut passed = 0;
    for (minutes, step) in steps {
        passed += minutes;
        if passed > UNSENT_MAX_MIN {
            house.sent(&process).await;
            passed = 0;
        }
        now += TimeDelta::minutes(minutes);
        house.scene.log.set_time(now);
        house.clock.set(now);
        rooms.iter_mut().for_each(|room| room.time_passes(now));
        let mut about = None;
        match step {
            Step::Create { tag, urgent, assigned } if items.len() < 8 => {
                items.push((BTreeSet::from([tag]), urgent));
                said += 1;
                let number = u32::try_from(items.len()).unwrap();
                let mut events = vec![created(&format!("said-{said}")), tagged(tags[tag])];
                if urgent {
                    events.push(fact(item::Fact::Prioritised { priority: Priority::Urgent }));
                }
                if assigned {
                    events.push(todo_event(todos::Event::Assigned { person: DANA }));
                }
                house.happens(&format!("todo/{number}"), events).await;
                about = Some((number, Kind::Created, assigned));
            }
            Step::Note { item, mentions, tag } if !items.is_empty() => {
                let at = item % items.len();
                said += 1;
                let to = if mentions { " @dana," } else { "" };
                let mut events =
                    vec![fact(item::Fact::Noted { text: format!("hear{to} said-{said}"), corrects: None })];
                if let Some(tag) = tag.filter(|tag| items[at].0.insert(*tag)) {
                    events.push(tagged(tags[tag]));
                }
                let number = u32::try_from(at + 1).unwrap();
                house.happens(&format!("todo/{number}"), events).await;
                about = Some((number, Kind::Noted, mentions));
            }
            Step::Create { .. } | Step::Note { .. } => {}
            Step::Follow { room, tag, on } => {
                let tag_of = |tag: usize| Tag::new(tags[tag]).unwrap();
                let filter = Filter {
                    tags: tag.map(tag_of).into_iter().collect(),
                    on: on.into_iter().collect(),
                    ..Filter::default()
                };
                house.room(room, room::Event::Followed { filter }).await;
                rooms[room].follows.push((tag, on));
                rooms[room].was_set(now);
            }
            Step::Unfollow { room } => {
                house.room(room, room::Event::Unfollowed { filter: None }).await;
                rooms[room].follows.clear();
                rooms[room].was_set(now);
            }
            Step::Mute { room, minutes } => {
                let until = minutes.map(|minutes| now + TimeDelta::minutes(minutes));
                house.room(room, room::Event::Muted { until }).await;
                rooms[room].muted = until;
                rooms[room].was_set(now);
            }
            Step::Digest { room, hour } => {
                let digest = hour.map(|hour| Digest { day: None, at: Hour::new(hour, 0).unwrap() });
                house.room(room, room::Event::SettingChanged(Setting::Digest(digest))).await;
                rooms[room].digest = hour;
                rooms[room].was_set(now);
            }
            Step::Quiet { room, hours } => {
                let hour = |hour| Hour::new(hour, 0).unwrap();
                let quiet = hours.map(|(from, to)| Quiet { from: hour(from), to: hour(to) });
                house.room(room, room::Event::SettingChanged(Setting::Quiet(quiet))).await;
                rooms[room].quiet = hours;
                rooms[room].was_set(now);
            }
            Step::Urgent { room, passes } => {
                house.room(room, room::Event::SettingChanged(Setting::Urgent(passes))).await;
                rooms[room].urgent = passes;
                rooms[room].was_set(now);
            }
            Step::Now { room } => {
                house.room(room, room::Event::DigestAsked).await;
                if let Some((_, due)) = &mut rooms[room].held {
                    *due = now;
                }
            }
            Step::Prefer { bot } => {
                let bot_name = bot.map(|bot| BOTS[bot].to_owned());
                let event = person::Event::Preferred { bot: bot_name };
                house.happens(&DANA.stream(), vec![Event::Person(event)]).await;
                prefers = bot;
            }
            Step::Heard { room } => {
                heard(&process, room);
                last = room;
            }
            Step::Kill => process = house.kill(process).await,
        }
        rooms.iter_mut().for_each(|room| room.time_passes(now));
        let Some((number, kind, concerned)) = about else { continue };
        let (tags, urgent) = &items[number as usize - 1];
        let said = format!("said-{said}");
        let follows = |room: usize| rooms[room].follows(tags, kind) && !rooms[room].is_muted(now);
        let mut told: Vec<usize> = (0..1).filter(|room| follows(*room)).collect();
        let following: Vec<usize> = (1..3).filter(|room| follows(*room)).collect();
        let preferred = prefers.map(|bot| bot + 1);
        let among = |rooms: &[usize]| match rooms {
            [] => None,
            rooms if preferred.is_some_and(|it| rooms.contains(&it)) => preferred,
            [one] => Some(*one),
            _ => Some(last),
        };
        let direct = match concerned {
            true => preferred.or_else(|| among(&following)).or(Some(last)),
            false => among(&following),
        };
        told.extend(direct.filter(|room| !rooms[*room].is_muted(now)));
        for room in told {
            rooms[room].told(number, &said, *urgent, now);
        }
    }

    house.sent(&process).await;
    // Long enough for everything that is held.
    let end = now + TimeDelta::days(3);
    house.clock.set(end);
    rooms.iter_mut().for_each(|room| room.time_passes(end));
    for bot in &house.bots {
        let head = house.scene.log.head().position;
        until("everything is seen", || process.outbox.seen(bot.name()) >= Some(head)).await;
        until("nothing is held", || process.outbox.holds(bot.name()).is_empty()).await;
        until("nothing waits", || process.outbox.stats(bot.name()).queued == 0).await;
    }
    process.stop.cancel();
    for follower in process.followers {
        let _ = follower.await;
    }
    for delivery in process.deliveries {
        delivery.ended().await;
    }
    feed_stop.cancel();
    let _ = feed.await;
    for (name, model) in ROOMS.iter().zip(&rooms) {
        let (shown, due) = (house.shown(name), &model.shown);
        let mut counts: BTreeMap<&Shown, i32> = BTreeMap::new();
        shown.iter().for_each(|it| *counts.entry(it).or_default() += 1);
        due.iter().for_each(|it| *counts.entry(it).or_default() -= 1);
        for (what, count) in counts {
            prop_assert!(count <= 0, "{name} was shown {what:?} and should not: {shown:?} instead of {due:?}");
            // A notice that waited while a later one of the same item came has become that one.
            let Shown::Notice { item, .. } = what else {
                prop_assert_eq!(count, 0, "{} was not shown {:?}: {:?} instead of {:?}", name, what, shown, due);
                continue;
            };
            let behind = due.iter().skip_while(|it| *it != what).skip(1);
            let later = |it: &&Shown| matches!(it, Shown::Notice { item: of, .. } if of == item);
            prop_assert!(
                count == 0 || behind.filter(later).any(|it| shown.contains(it)),
                "{name} was not shown {what:?}: {shown:?} instead of {due:?}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rooms_are_shown_what_the_model_says(steps in vec(a_step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(steps))?;
    }
}
