//! A log with people, rooms and items in it, made event by event.

use std::sync::Arc;

use chrono::Utc;
use yoman_chat::RoomId;

use crate::{
    domain::{
        Bucket, Event, Filter, Handle, Identity, ItemRef, PersonId, Role, Tag,
        item::{self, Carry},
        person, room, stored, todo,
    },
    log::{Append, CommandId, Commit, EventLog, Expected, Meta, Origin, StreamId, memory::MemoryLog},
};

pub(crate) const KIM: PersonId = PersonId(1);
pub(crate) const DANA: PersonId = PersonId(2);

#[derive(Debug, Default)]
pub(crate) struct Scene {
    pub(crate) log: Arc<MemoryLog>,
}

pub(crate) fn created(title: &str) -> Event {
    Event::Item(item::Event::Todo(todo::Event::Created { title: title.into(), body: String::new(), from: None }))
}

pub(crate) fn todo_event(event: todo::Event) -> Event {
    Event::Item(item::Event::Todo(event))
}

pub(crate) fn fact(fact: item::Fact) -> Event {
    Event::Item(item::Event::Fact(fact))
}

pub(crate) fn tagged(tag: &str) -> Event {
    fact(item::Fact::Tagged { tag: Tag::new(tag).unwrap() })
}

pub(crate) fn nothing_carried() -> Carry {
    Carry {
        tags: Vec::new(),
        people: Vec::new(),
        priority: None,
        project: None,
        due: None,
        needs: Vec::new(),
        serves: Vec::new(),
    }
}

pub(crate) fn todo(number: u32) -> ItemRef {
    ItemRef::new(Bucket::Todo, number)
}

impl Scene {
    /// Kim and Dana are there.
    pub(crate) async fn new() -> Self {
        let scene = Self::default();
        for (id, handle) in [(KIM, "kim"), (DANA, "dana")] {
            let event = person::Event::Paired {
                name: handle.into(),
                handle: Handle::new(handle).unwrap(),
                identity: Identity(format!("fake/{handle}")),
                role: Role::Owner,
            };
            scene.happens(&id.stream(), KIM, "", vec![Event::Person(event)]).await;
        }
        scene
    }

    /// `actor` does something in `room`.
    pub(crate) async fn happens(&self, stream: &str, actor: PersonId, room: &str, events: Vec<Event>) -> Arc<Commit> {
        let stream = StreamId::new(stream);
        let version = self.log.version(&stream).unwrap();
        let command = CommandId::new(format!("test/{}", self.log.head().position.0 + 1));
        let meta = Meta {
            command: command.clone(),
            text: String::new(),
            actor: actor.stream(),
            origin: Origin { bot: RoomId::new(room).bot().to_owned(), room: room.into(), message: String::new() },
            correlation: command,
            causation: None,
            recorded_at: Utc::now(),
        };
        let events = events.iter().map(stored::encode).collect();
        let append = Append { stream, expected: Expected::of(version), events, meta };
        self.log.append(append).await.unwrap().commit
    }

    /// A room follows a tag; `enabled` says it is a group where the bot speaks.
    pub(crate) async fn follows(&self, name: &str, tag: &str, enabled: bool) {
        let filter = Filter { tags: vec![Tag::new(tag).unwrap()], ..Filter::default() };
        let mut events = vec![Event::Room(room::Event::Followed { filter })];
        if enabled {
            events.insert(0, Event::Room(room::Event::Enabled { title: "room".into() }));
        }
        self.happens(&room::stream(name), KIM, "", events).await;
    }
}
