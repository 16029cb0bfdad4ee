//! The state of an item: the left fold of its events.
//!
//! Total: an event that makes no sense where it stands (of another bucket, a second creation, a tag that is there) changes
//! nothing but the version. The log is the truth, and a fold that refused part of it would hide the rest.

use super::{Event, Fact, Item, ItemRef, Stage};
use crate::domain::{Bucket, idea, pr, research, todo};

/// The state after one more event, which has this version. `None` as long as nothing created the item.
pub fn evolve(item: Option<Item>, reference: ItemRef, version: u64, event: &Event) -> Option<Item> {
    let Some(mut item) = item else {
        return created(reference, version, event);
    };
    item.version = version;
    item.stage = match (item.stage, event) {
        (Stage::Idea(state), Event::Idea(event)) => Stage::Idea(idea::evolve(state, event)),
        (Stage::Research(state), Event::Research(event)) => Stage::Research(research::evolve(state, version, event)),
        (Stage::Todo(state), Event::Todo(event)) => {
            if let todo::Event::Assigned { person } = event {
                add(&mut item.people, *person);
            }
            Stage::Todo(todo::evolve(state, event))
        }
        (Stage::Pr(state), Event::Pr(event)) => Stage::Pr(pr::evolve(state, event)),
        (stage, _) => stage,
    };
    match event {
        Event::Fact(fact) => learn(&mut item, fact),
        Event::Reversed(reversed) => reversed.after.apply(&mut item),
        _ => {}
    }
    Some(item)
}

/// The state after all events of a stream, the first of which has version 1.
pub fn replay<'a>(reference: ItemRef, events: impl IntoIterator<Item = &'a Event>) -> Option<Item> {
    (1..).zip(events).fold(None, |item, (version, event)| evolve(item, reference, version, event))
}

fn created(reference: ItemRef, version: u64, event: &Event) -> Option<Item> {
    let (bucket, stage, title, body, from) = match event {
        Event::Idea(idea::Event::Created { title, body, from }) => {
            (Bucket::Idea, Stage::Idea(idea::State::default()), title, body, from)
        }
        Event::Research(research::Event::Started { title, body, from }) => {
            (Bucket::Research, Stage::Research(research::State::default()), title, body, from)
        }
        Event::Todo(todo::Event::Created { title, body, from }) => {
            (Bucket::Todo, Stage::Todo(todo::State::default()), title, body, from)
        }
        Event::Pr(pr::Event::Created { title, body, from }) => {
            (Bucket::Pr, Stage::Pr(pr::State::default()), title, body, from)
        }
        _ => return None,
    };
    (bucket == reference.bucket).then(|| Item {
        version,
        title: title.clone(),
        body: body.clone(),
        from: *from,
        ..Item::blank(reference, stage)
    })
}

fn learn(item: &mut Item, fact: &Fact) {
    match fact {
        Fact::Retitled { title } => item.title.clone_from(title),
        Fact::Described { body } => item.body.clone_from(body),
        Fact::Noted { text: _, corrects: None } => item.notes = item.notes.saturating_add(1),
        Fact::Noted { text: _, corrects: Some(_) } => {}
        Fact::Tagged { tag } => add(&mut item.tags, tag.clone()),
        Fact::Untagged { tag } => item.tags.retain(|it| it != tag),
        Fact::Prioritised { priority } => item.priority = *priority,
        Fact::DueSet { due } => item.due = *due,
        Fact::Assigned { person } => add(&mut item.people, *person),
        Fact::Unassigned { person } => item.people.retain(|it| it != person),
        Fact::MovedToProject { project } => item.project.clone_from(project),
        Fact::Linked { relation, to } => add(&mut item.links, (*relation, to.clone())),
        Fact::Attached { attachment: _ } => item.attachments = item.attachments.saturating_add(1),
    }
}

fn add<T: PartialEq>(things: &mut Vec<T>, thing: T) {
    if !things.contains(&thing) {
        things.push(thing);
    }
}
