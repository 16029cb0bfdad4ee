//! Which boards a commit changes: whatever a board showed before or shows after it, and little else.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use chrono::Utc;
use chrono_tz::Tz;
use proptest::{collection::vec, prelude::*, sample::select};
use yoman_chat::BotName;

use super::*;
use crate::{
    domain::{Bucket, PersonId, Priority, Project, Tag, filter::StateWord, item::Fact, todo},
    log::{Entry, EventLog, Position},
    notify::scene::{DANA, KIM, Scene, created, fact, todo as t, todo_event},
    projection::Viewer,
};

const ROOM: &str = "fake/app";

/// Asks with a bot whose people are unknown.
fn asked<R>(ask: impl FnOnce(&BotRooms<'_>) -> R) -> R {
    let (name, titles) = (BotName::new("fake"), Arc::new(HashMap::new()));
    let capabilities = super::super::fake::capabilities();
    ask(&BotRooms {
        name: &name,
        capabilities: &capabilities,
        titles: &titles,
        lang_in: &|_| crate::lang::Lang::English,
        time_zone: Tz::UTC,
        cards: &|_| Vec::new(),
        refuses: &|_| false,
        person_in: &|_| None,
        direct_rooms: &|_| Vec::new(),
        home: &|_, _| None,
        reminders: &Default::default(),
    })
}

fn world_of(scene: &Scene) -> World {
    let mut world = World::default();
    let read = scene.log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            world.apply(&commit);
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    world
}

fn onlooker() -> Viewer {
    let world = World::default();
    asked(|bot| viewer(&RoomId::new(ROOM), &world, bot, Utc::now()))
}

fn enabled() -> Event {
    Event::Room(room::Event::Enabled { title: "App".into() })
}

fn pinned(filter: Filter) -> Event {
    Event::Room(room::Event::BoardPinned { filter })
}

fn event() -> impl Strategy<Value = Event> {
    let tag = || select(vec!["app", "web"]).prop_map(|it| Tag::new(it).unwrap());
    let project = || select(vec!["one", "two"]).prop_map(|it| Project::new(it).unwrap());
    let person = || select(vec![KIM, DANA]);
    prop_oneof![
        tag().prop_map(|tag| fact(Fact::Tagged { tag })),
        tag().prop_map(|tag| fact(Fact::Untagged { tag })),
        proptest::option::of(project()).prop_map(|project| fact(Fact::MovedToProject { project })),
        person().prop_map(|person| fact(Fact::Assigned { person })),
        person().prop_map(|person| fact(Fact::Unassigned { person })),
        select(Priority::ALL).prop_map(|priority| fact(Fact::Prioritised { priority })),
        Just(todo_event(todo::Event::Started)),
        Just(todo_event(todo::Event::Completed { despite: vec![] })),
        Just(todo_event(todo::Event::Reopened { reason: String::new() })),
        (1..4_u32).prop_map(|n| todo_event(todo::Event::PrerequisiteAdded { needs: t(n) })),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let one = |it: &str| Filter { tags: vec![Tag::new(it).unwrap()], ..Filter::default() };
    let of = |state| Filter { states: vec![state], ..Filter::default() };
    let project = Filter { projects: vec![Project::new("one").unwrap()], ..Filter::default() };
    let mut both = project.clone();
    both.tags.push(Tag::new("app").unwrap());
    both.priorities.push(Priority::High);
    select(vec![
        Filter::default(),
        one("app"),
        of(StateWord::Blocked),
        of(StateWord::Doing),
        project,
        both,
        Filter { people: vec![PersonId(1)], ..Filter::default() },
        Filter { buckets: vec![Bucket::Idea], ..Filter::default() },
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However far the world is ahead of the follower: when it has seen all, every board that is another one was asked for.
    #[test]
    fn a_board_that_changed_was_asked_for(
        filter in filter(),
        events in vec((1..4_u32, event()), 1..12),
        ahead in 0..12_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new().await;
            let stream = room::stream(ROOM);
            scene.happens(&stream, KIM, ROOM, vec![enabled(), pinned(filter)]).await;
            for n in 1..4 {
                scene.happens(&t(n).stream(), KIM, ROOM, vec![created("a todo")]).await;
            }
            let mut world = world_of(&scene);
            let drawn = |world: &World| {
                let board = world.live_board(&Viewer { room: ROOM.to_owned(), ..onlooker() });
                crate::notify::hash(&board.unwrap())
            };
            let mut commits = Vec::new();
            for (n, event) in events {
                commits.push(scene.happens(&t(n).stream(), KIM, ROOM, vec![event]).await);
            }
            let (mut changes, mut shown) = (Changes::default(), drawn(&world));
            let mut seen = 0;
            let mut stale = false;
            for (at, commit) in commits.iter().enumerate() {
                while seen < commits.len().min(at + 1 + ahead) {
                    world.apply(&commits[seen]);
                    seen += 1;
                }
                stale |= drawn(&world) != shown;
                if !asked(|bot| changes.route(commit, &world, bot, Utc::now())).is_empty() {
                    shown = drawn(&world);
                    stale = false;
                }
            }
            assert!(!stale || drawn(&world) == shown, "the board is stale and nobody was asked to draw it");
        });
    }
}

#[tokio::test]
async fn what_has_nothing_to_do_with_a_board_leaves_it_alone() {
    let scene = Scene::new().await;
    let ideas = Filter { buckets: vec![Bucket::Idea], ..Filter::default() };
    let pin = scene.happens(&room::stream(ROOM), KIM, "fake/elsewhere", vec![enabled(), pinned(ideas)]).await;
    let todo = scene.happens(&t(1).stream(), KIM, ROOM, vec![created("a todo")]).await;
    let silent = scene.happens(&room::stream("fake/x"), KIM, "fake/x", vec![pinned(Filter::default())]).await;
    let world = world_of(&scene);
    let board = |anew| vec![Intent::Board { room: RoomId::new(ROOM), anew }];
    let mut changes = Changes::default();
    assert_eq!(asked(|bot| changes.route(&pin, &world, bot, Utc::now())), board(Anew::Pin));
    assert_eq!(asked(|bot| changes.route(&todo, &world, bot, Utc::now())), []);
    // It is not enabled, and nobody's own.
    assert_eq!(asked(|bot| changes.route(&silent, &world, bot, Utc::now())), []);
    assert_eq!(asked(|bot| all(&world, bot)), board(Anew::No));
    let over = scene.happens(&room::stream(ROOM), KIM, ROOM, vec![Event::Room(room::Event::BoardUnpinned)]).await;
    let follows = Event::Room(room::Event::Followed { filter: Filter::default() });
    let other = scene.happens(&room::stream(ROOM), KIM, ROOM, vec![follows]).await;
    let world = world_of(&scene);
    assert_eq!(asked(|bot| changes.route(&over, &world, bot, Utc::now())), board(Anew::No));
    assert_eq!(asked(|bot| changes.route(&other, &world, bot, Utc::now())), []);
}
