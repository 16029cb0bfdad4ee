//! Who is told what, and who is left alone.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
    sync::Arc,
};

use chrono::Utc;
use chrono_tz::Tz;
use yoman_chat::{BotName, Capabilities, RoomId};

use super::super::{
    fake::capabilities,
    roster::Roster,
    routing::{BotRooms, Read, Wording, refreshes, told, with_card},
    scene::{DANA, KIM, Scene, created, fact, nothing_carried, tagged, todo, todo_event},
};
use crate::{
    domain::{Bucket, Event, ItemRef, PersonId, idea, item, room, todo as todos},
    log::{Commit, Entry, EventLog, Position},
    projection::World,
};

/// What a bot has to do: `edit fake/1 T7`, `tell fake/1 T7: words`.
fn routed(scene: &Scene, commit: &Commit, cards: &[(&str, ItemRef)]) -> Vec<String> {
    routed_on(scene, commit, cards, &capabilities())
}

fn routed_on(scene: &Scene, commit: &Commit, cards: &[(&str, ItemRef)], capabilities: &Capabilities) -> Vec<String> {
    let mut world = World::default();
    let read = scene.log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            world.apply(&commit);
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    let direct = BTreeMap::from([("fake/kims", KIM), ("fake/danas", DANA)]);
    let titles = Arc::new(HashMap::from([("fake".to_owned(), "Fake".to_owned())]));
    let rooms = BotRooms {
        name: &BotName::new("fake"),
        capabilities,
        titles: &titles,
        lang_in: &|_| crate::lang::Lang::English,
        time_zone: Tz::UTC,
        cards: &|item| cards.iter().filter(|(_, it)| *it == item).map(|(room, _)| RoomId::new(*room)).collect(),
        refuses: &|room| room.as_str() == "fake/lost",
        person_in: &|room| direct.get(room.as_str()).copied(),
        direct_rooms: &|person: PersonId| {
            direct.iter().filter(|(_, it)| **it == person).map(|(room, _)| RoomId::new(*room)).collect()
        },
        home: &|rooms, _| rooms.first().cloned(),
        reminders: &Default::default(),
    };
    let what = Read::of(commit, None).unwrap();
    let edits = refreshes(&what, &world, &rooms).into_iter().map(|(room, item)| format!("edit {room} {item}"));
    let (mut wording, cards) = (Wording::of(&what), with_card(&what, &rooms));
    let told = told(&what, &Roster::of(&world), &world, &rooms);
    let told = told.into_iter().filter(|one| !(one.detail && cards.contains(&one.room)));
    let told = told.map(|one| {
        let message = wording.told(&one, &world, &rooms, Utc::now()).unwrap();
        let why = message.text.to_plain().lines().last().unwrap_or_default().to_owned();
        format!("tell {} {}: {why}", one.room, what.item)
    });
    edits.chain(told).collect()
}

const GROUP: &str = "fake/group";

async fn scene() -> (Scene, Arc<Commit>) {
    let scene = Scene::new().await;
    scene.follows(GROUP, "app", true).await;
    let commit = scene.happens("todo/1", KIM, "fake/kims", vec![created("Fix login"), tagged("app")]).await;
    (scene, commit)
}

#[tokio::test]
async fn who_follows_is_told_with_the_reason() {
    let (scene, commit) = scene().await;
    assert_eq!(routed(&scene, &commit, &[]), ["tell fake/group T1: this room follows #app"]);
    let other = scene.happens("todo/2", KIM, "fake/kims", vec![created("Unrelated")]).await;
    assert!(routed(&scene, &other, &[]).is_empty());
}

#[tokio::test]
async fn nobody_is_told_what_they_just_did() {
    let (scene, _) = scene().await;
    let in_the_group = scene.happens("todo/1", KIM, GROUP, vec![todo_event(todos::Event::Started)]).await;
    assert!(routed(&scene, &in_the_group, &[]).is_empty());
    assert_eq!(routed(&scene, &in_the_group, &[(GROUP, todo(1))]), ["edit fake/group T1"], "but its card changes");

    scene.follows("fake/kims", "app", false).await;
    scene.follows("fake/danas", "app", false).await;
    let elsewhere =
        scene.happens("todo/1", KIM, "other/1", vec![todo_event(todos::Event::Completed { despite: vec![] })]).await;
    assert_eq!(
        routed(&scene, &elsewhere, &[]),
        ["tell fake/danas T1: you follow #app", "tell fake/group T1: this room follows #app"]
    );
}

#[tokio::test]
async fn silent_muted_refusing_and_other_rooms_hear_nothing() {
    let (scene, _) = scene().await;
    scene.follows("fake/silent", "app", false).await;
    scene.follows("fake/lost", "app", true).await;
    scene.follows("other/group", "app", true).await;
    scene.follows("fake/muted", "app", true).await;
    let until = Some(Utc::now() + chrono::TimeDelta::hours(1));
    scene.happens(&room::stream("fake/muted"), KIM, "", vec![Event::Room(room::Event::Muted { until })]).await;
    let commit = scene.happens("todo/1", DANA, "fake/danas", vec![todo_event(todos::Event::Started)]).await;
    assert_eq!(routed(&scene, &commit, &[("fake/lost", todo(1))]), ["tell fake/group T1: this room follows #app"]);
}

#[tokio::test]
async fn a_detail_only_changes_the_card_where_there_is_one() {
    let (scene, _) = scene().await;
    let detail = scene.happens("todo/1", DANA, "", vec![tagged("urgent")]).await;
    assert_eq!(routed(&scene, &detail, &[(GROUP, todo(1))]), ["edit fake/group T1"]);
    assert_eq!(routed(&scene, &detail, &[]), ["tell fake/group T1: this room follows #app"]);
    let note = fact(item::Fact::Noted { text: "look here".into(), corrects: None });
    let note = scene.happens("todo/1", DANA, "", vec![note]).await;
    assert_eq!(
        routed(&scene, &note, &[(GROUP, todo(1))]),
        ["edit fake/group T1", "tell fake/group T1: this room follows #app"]
    );
    let no_edits = Capabilities { edits: false, ..capabilities() };
    assert_eq!(
        routed_on(&scene, &note, &[(GROUP, todo(1))], &no_edits),
        ["tell fake/group T1: this room follows #app"]
    );
}

#[tokio::test]
async fn whoever_is_given_something_to_do_is_told_once() {
    let (scene, _) = scene().await;
    let give = |person| vec![todo_event(todos::Event::Assigned { person })];
    let to_dana = scene.happens("todo/1", KIM, GROUP, give(DANA)).await;
    assert_eq!(routed(&scene, &to_dana, &[]), ["tell fake/danas T1: it is assigned to you"]);
    let to_self = scene.happens("todo/1", KIM, GROUP, give(KIM)).await;
    assert!(routed(&scene, &to_self, &[]).is_empty());
    scene.follows("fake/danas", "app", false).await;
    assert_eq!(routed(&scene, &to_dana, &[]), ["tell fake/danas T1: it is assigned to you"], "once");
}

#[tokio::test]
async fn cards_of_others_change_with_what_they_wait_for_and_come_from() {
    let (scene, _) = scene().await;
    let waits = vec![created("Ship 2.0"), todo_event(todos::Event::PrerequisiteAdded { needs: todo(1) })];
    scene.happens("todo/2", KIM, "fake/kims", waits).await;
    let done = scene.happens("todo/1", KIM, GROUP, vec![todo_event(todos::Event::Completed { despite: vec![] })]).await;
    let cards = [("fake/kims", todo(2)), ("fake/kims", todo(1))];
    assert_eq!(routed(&scene, &done, &cards), ["edit fake/kims T1", "edit fake/kims T2"]);
    let tag = scene.happens("todo/1", KIM, GROUP, vec![tagged("later")]).await;
    assert_eq!(routed(&scene, &tag, &cards), ["edit fake/kims T1"]);
}

#[tokio::test]
async fn a_promotion_is_told_as_the_new_item() {
    let (scene, _) = scene().await;
    let idea_1 = ItemRef::new(Bucket::Idea, 1);
    let had = item::Event::Idea(idea::Event::Created { title: "Offline".into(), body: String::new(), from: None });
    scene.happens("idea/1", KIM, "fake/kims", vec![Event::Item(had), tagged("app")]).await;
    let promoted = item::Event::Idea(idea::Event::Promoted { to: Bucket::Todo, carry: nothing_carried() });
    let promoted = scene.happens("idea/1", KIM, "fake/kims", vec![Event::Item(promoted)]).await;
    let new = todos::Event::Created { title: "Offline".into(), body: String::new(), from: Some(idea_1) };
    let new = scene.happens("todo/2", KIM, "fake/kims", vec![todo_event(new), tagged("app")]).await;
    assert_eq!(routed(&scene, &promoted, &[(GROUP, idea_1)]), ["edit fake/group I1"]);
    assert_eq!(
        routed(&scene, &new, &[(GROUP, idea_1)]),
        ["edit fake/group I1", "tell fake/group T2: this room follows #app"]
    );
}
