//! A new item: a draft becomes its first events, in one commit.

use super::{Bucket, Draft, Error, Event, Fact, Given, ItemRef, LinkTarget, Relation, limits};
use crate::domain::{PersonId, Priority, idea, pr, research, todo};

/// The first events of an item.
///
/// What is said twice counts once. `given.waits_for` is not looked at: a new item may wait for anything.
///
/// # Errors
/// [`Error`], when the draft is empty, exceeds a limit, waits for other items without being a todo, or waits for itself.
pub fn create(reference: ItemRef, draft: &Draft, given: &Given) -> Result<Vec<Event>, Error> {
    let draft = settle(reference.bucket, draft.clone());
    limits::draft(reference.bucket, &draft)?;
    no_circle(reference, &draft.carry.needs, given)?;
    if draft.carry.serves.contains(&reference) {
        return Err(Error::LinkedToItself { item: reference });
    }

    let Draft { title, body, criteria, carry, from, attachments } = draft;
    let mut events = vec![match reference.bucket {
        Bucket::Idea => Event::Idea(idea::Event::Created { title, body, from }),
        Bucket::Research => Event::Research(research::Event::Started { title, body, from }),
        Bucket::Todo => Event::Todo(todo::Event::Created { title, body, from }),
        Bucket::Pr => Event::Pr(pr::Event::Created { title, body, from }),
    }];
    events.extend(criteria.into_iter().map(|text| todo::Event::CriterionAdded { text }.into()));
    events.extend(carry.needs.into_iter().map(|needs| todo::Event::PrerequisiteAdded { needs }.into()));
    events.extend(carry.tags.into_iter().map(|tag| Fact::Tagged { tag }.into()));
    if let Some(priority) = carry.priority
        && priority != Priority::default()
    {
        events.push(Fact::Prioritised { priority }.into());
    }
    events.extend(carry.due.map(|due| Fact::DueSet { due: Some(due) }.into()));
    events.extend(carry.people.into_iter().map(|person| assigned(reference.bucket, person)));
    events.extend(carry.project.map(|project| Fact::MovedToProject { project: Some(project) }.into()));
    events.extend(carry.serves.into_iter().map(serving));
    events.extend(attachments.into_iter().map(|attachment| Fact::Attached { attachment }.into()));
    Ok(events)
}

/// The draft as an item of this bucket has it: nothing twice, and criteria as part of the body of what is not a todo.
pub(super) fn settle(bucket: Bucket, mut draft: Draft) -> Draft {
    once(&mut draft.criteria);
    once(&mut draft.carry.tags);
    once(&mut draft.carry.people);
    once(&mut draft.carry.needs);
    once(&mut draft.carry.serves);
    if bucket != Bucket::Todo {
        append_criteria(&mut draft.body, &draft.criteria);
        draft.criteria.clear();
    }
    draft
}

/// Writes criteria below a body, as people write them.
pub(super) fn append_criteria(body: &mut String, criteria: &[String]) {
    for criterion in criteria {
        if !body.is_empty() {
            body.push('\n');
        }
        body.push_str(CRITERION);
        body.push_str(criterion);
    }
}

/// What a criterion in a text begins with.
pub(super) const CRITERION: &str = "- [ ] ";

/// Leaves the first of equal things, in their order.
pub(super) fn once<T: PartialEq>(things: &mut Vec<T>) {
    let mut at = 0;
    while at < things.len() {
        if things[..at].contains(&things[at]) {
            things.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Refuses prerequisites that could never be done first.
pub(super) fn no_circle(item: ItemRef, needs: &[ItemRef], given: &Given) -> Result<(), Error> {
    if needs.contains(&item) {
        return Err(Error::WaitsForItself { item });
    }
    let on: Vec<_> = given.circular.iter().copied().filter(|it| needs.contains(it)).collect();
    if on.is_empty() { Ok(()) } else { Err(Error::Circular { item, on }) }
}

/// A todo has an event of its own for it.
pub(super) fn assigned(bucket: Bucket, person: PersonId) -> Event {
    match bucket {
        Bucket::Todo => todo::Event::Assigned { person }.into(),
        Bucket::Idea | Bucket::Research | Bucket::Pr => Fact::Assigned { person }.into(),
    }
}

/// `for:T7`
pub(super) fn serving(item: ItemRef) -> Event {
    Fact::Linked { relation: Relation::For, to: LinkTarget::Item(item) }.into()
}
