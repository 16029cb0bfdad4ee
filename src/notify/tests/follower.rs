//! From the log to what people see.

use std::{sync::Arc, time::Duration};

use tempfile::tempdir;
use yoman_chat::{BotName, Outbound, RoomId, Stop};

use super::super::{
    fake::{FakeBot, Rig, quick, until},
    intent::Answer,
    outbox::OutboxSettings,
    scene::{KIM, Scene, created, fact, tagged, todo, todo_event},
};
use super::Follower;
use crate::{
    clock::Clock,
    domain::{
        Event, Priority,
        hours::{Digest, Hour},
        item::Fact,
        room::{self, Setting},
        todo as todos,
    },
    log::EventLog,
    projection::World,
    subscription::SharedWorld,
};

struct Running {
    rig: Rig,
    stop: Stop,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

fn start(dir: &std::path::Path, scene: &Scene, bot: Arc<FakeBot>) -> Running {
    start_at(Clock::default(), dir, scene, bot)
}

fn start_at(clock: Clock, dir: &std::path::Path, scene: &Scene, bot: Arc<FakeBot>) -> Running {
    let rig = Rig::with(dir, bot, OutboxSettings::default(), quick());
    let log = Arc::clone(&scene.log) as Arc<dyn EventLog>;
    let world = Arc::new(SharedWorld::new(World::default()));
    let stop = Stop::new();
    let follower = Follower::new(Arc::clone(&log), Arc::clone(&world), rig.outbox.clone(), Arc::clone(&rig.bot) as _);
    let follower = Follower { far_behind: 20, clock, ..follower };
    let tasks = vec![tokio::spawn(world.keep(log, stop.clone())), tokio::spawn(follower.run(stop.clone()))];
    Running { rig, stop, tasks }
}

impl Running {
    async fn stop(self) -> Arc<FakeBot> {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.rig.stop().await.1
    }

    fn cursor(&self) -> Option<u64> {
        self.rig.outbox.cursor(&BotName::new("fake")).map(|position| position.0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_begins_now_goes_on_where_it_was_and_does_not_flood() {
    let dir = tempdir().unwrap();
    let scene = Scene::new().await;
    scene.follows("fake/1", "app", true).await;
    scene.happens("todo/1", KIM, "", vec![created("Long ago"), tagged("app")]).await;
    let running = start(dir.path(), &scene, FakeBot::new());
    until("the cursor", || running.cursor() == Some(4)).await;
    assert!(running.rig.bot.shown().is_empty(), "nobody wants the past");

    scene.happens("todo/2", KIM, "", vec![created("Now"), tagged("app")]).await;
    until("the notice", || running.rig.bot.sent("fake/1").len() == 1).await;
    assert!(running.rig.bot.sent("fake/1")[0].contains("Now"), "{:?}", running.rig.bot.sent("fake/1"));
    until("the cursor", || running.cursor() == Some(5)).await;
    let bot = running.stop().await;

    // While it is off: what comes is told at the next start, once.
    scene.happens("todo/2", KIM, "", vec![todo_event(todos::Event::Started)]).await;
    let running = start(dir.path(), &scene, Arc::clone(&bot));
    until("what was missed", || bot.sent("fake/1").len() == 2).await;
    running.rig.items.set(todo(2), "T2 as it is now", 99);
    running.stop().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(bot.sent("fake/1").len(), 2);

    // Far too much while it is off: told in one line, and the card is brought up to date.
    for n in 10..40 {
        scene.happens(&format!("todo/{n}"), KIM, "", vec![created("One of many"), tagged("app")]).await;
    }
    scene.happens("todo/2", KIM, "", vec![todo_event(todos::Event::Completed { despite: Vec::new() })]).await;
    let running = start(dir.path(), &scene, Arc::clone(&bot));
    running.rig.items.set(todo(2), "T2 done", 100);
    until("the summary", || bot.sent("fake/1").len() == 3).await;
    let digest = bot.sent("fake/1")[2].clone();
    assert!(digest.starts_with("31 changes since ") && digest.contains(", 31 items"), "{digest}");
    assert!(digest.contains("and 19 more: /diff #6.. #app\nthis room follows #app"), "{digest}");
    until("the card", || bot.edits("fake/1").last().is_some_and(|(_, text)| text == "T2 done")).await;
    assert_eq!(running.cursor(), Some(37));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_ahead_of_the_log_goes_back_to_its_head() {
    let dir = tempdir().unwrap();
    let scene = Scene::new().await;
    scene.follows("fake/1", "app", true).await;
    {
        let outbox = super::Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
        outbox.derived(&BotName::new("fake"), crate::log::Position(1_000_000), Vec::new()).await.unwrap();
    }
    let running = start(dir.path(), &scene, FakeBot::new());
    until("the cursor", || running.cursor() == Some(3)).await;
    scene.happens("todo/1", KIM, "", vec![created("Now"), tagged("app")]).await;
    until("the notice", || running.rig.bot.sent("fake/1").len() == 1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_comes_after_the_answer_to_whoever_asked_for_it() {
    let dir = tempdir().unwrap();
    let (scene, now) = (Scene::new().await, chrono::Utc::now());
    scene.log.set_time(now);
    let running = start_at(Clock::standing(now), dir.path(), &scene, FakeBot::new());
    until("the cursor", || running.cursor().is_some()).await;
    let (room, outbox) = (RoomId::new("fake/1"), &running.rig.outbox);
    let to_room = async |event| scene.happens(&room::stream("fake/1"), KIM, "", vec![Event::Room(event)]).await;
    scene.follows("fake/1", "app", true).await;
    let digest = Digest { day: None, at: "9:00".parse().unwrap() };
    to_room(room::Event::SettingChanged(Setting::Digest(Some(digest)))).await;
    scene.happens("todo/1", KIM, "", vec![created("Now"), tagged("app")]).await;
    until("it is held", || outbox.hold(&room).is_some()).await;
    // The act is kept before its answer is.
    let talking = outbox.talks_in(&room);
    to_room(room::Event::DigestAsked).await;
    let head = scene.log.head().position;
    until("it is read", || outbox.seen(&BotName::new("fake")) == Some(head)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(outbox.hold(&room).is_some() && running.rig.bot.sent("fake/1").is_empty());
    outbox.answer("asked", &room, vec![Answer::new(Outbound::text("It comes now."))]).await.unwrap();
    drop(talking);
    until("both", || running.rig.bot.sent("fake/1").len() == 2).await;
    assert_eq!(running.rig.bot.sent("fake/1")[0], "It comes now.");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_urgent_is_held_with_the_rest_while_the_bot_is_far_behind() {
    let dir = tempdir().unwrap();
    let scene = Scene::new().await;
    scene.follows("fake/1", "app", true).await;
    let in_the_room = async |event| scene.happens(&room::stream("fake/1"), KIM, "", vec![Event::Room(event)]).await;
    let midnight = Digest { day: None, at: Hour::new(0, 0).unwrap() };
    in_the_room(room::Event::SettingChanged(Setting::Digest(Some(midnight)))).await;
    in_the_room(room::Event::SettingChanged(Setting::Urgent(true))).await;
    let running = start(dir.path(), &scene, FakeBot::new());
    until("the cursor", || running.cursor() == Some(5)).await;
    scene.happens("todo/1", KIM, "", vec![created("Not urgent"), tagged("app")]).await;
    until("it is held", || running.rig.outbox.hold(&yoman_chat::RoomId::new("fake/1")).is_some()).await;
    let bot = running.stop().await;

    for n in 10..40 {
        scene.happens(&format!("todo/{n}"), KIM, "", vec![created("One of many"), tagged("app")]).await;
    }
    let urgent = vec![created("On fire"), tagged("app"), fact(Fact::Prioritised { priority: Priority::Urgent })];
    scene.happens("todo/40", KIM, "", urgent).await;
    let running = start(dir.path(), &scene, Arc::clone(&bot));
    until("everything is seen", || running.cursor() == Some(37)).await;
    in_the_room(room::Event::DigestAsked).await;
    until("the digest", || bot.sent("fake/1").iter().any(|text| text.contains(" changes since "))).await;
    let sent = bot.sent("fake/1");
    assert!(sent.len() == 1 && sent[0].starts_with("32 changes since ") && sent[0].contains("On fire"), "{sent:?}");
    running.stop().await;
}
