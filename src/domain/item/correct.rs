//! The message that created an item was edited: what differs in it becomes events.

use super::{
    Bucket, Carry, Draft, Error, Event, Fact, Given, Item, LinkTarget, Many, Relation, Stage, Unchanged,
    create::{assigned, no_circle, serving, settle},
    limits::{self, grow},
};
use crate::domain::todo;

/// Brings the item in line with what its message says now, as far as that differs from what the message said before: what
/// somebody else has changed since stays, unless the edit is about the same.
///
/// Criteria and links that are gone from the message stay on the item: there is no event that takes them away.
pub(super) fn correct(item: &Item, draft: &Draft, before: &Draft, given: &Given) -> Result<Vec<Event>, Error> {
    let bucket = item.reference.bucket;
    let draft = settle(bucket, draft.clone());
    let before = settle(bucket, before.clone());
    limits::draft(bucket, &draft)?;

    let mut events = Vec::new();
    if draft.title != before.title && draft.title != item.title {
        events.push(Fact::Retitled { title: draft.title.clone() }.into());
    }
    if draft.body != before.body && draft.body != item.body {
        events.push(Fact::Described { body: draft.body.clone() }.into());
    }
    if let Stage::Todo(state) = &item.stage {
        let criteria = Changes::of(&before.criteria, &draft.criteria, &state.criteria);
        grow(Many::Criteria, state.criteria.len(), criteria.new.len())?;
        events.extend(criteria.new.into_iter().map(|text| todo::Event::CriterionAdded { text }.into()));

        let needs = Changes::of(&before.carry.needs, &draft.carry.needs, &state.needs);
        no_circle(item.reference, &needs.new, given)?;
        grow(Many::Prerequisites, state.needs.len(), needs.new.len())?;
        events.extend(needs.new.into_iter().map(|needs| todo::Event::PrerequisiteAdded { needs }.into()));
        events.extend(needs.gone.into_iter().map(|needs| todo::Event::PrerequisiteRemoved { needs }.into()));
    }
    tokens(item, bucket, &draft.carry, &before.carry, &mut events)?;

    let attachments = Changes::of(&before.attachments, &draft.attachments, &[]).new;
    grow(Many::Attachments, item.attachments as usize, attachments.len())?;
    events.extend(attachments.into_iter().map(|attachment| Fact::Attached { attachment }.into()));

    if events.is_empty() {
        return Err(Error::NothingChanges { item: item.reference, what: Unchanged::Edited });
    }
    Ok(events)
}

fn tokens(item: &Item, bucket: Bucket, draft: &Carry, before: &Carry, events: &mut Vec<Event>) -> Result<(), Error> {
    let tags = Changes::of(&before.tags, &draft.tags, &item.tags);
    grow(Many::Tags, item.tags.len(), tags.new.len())?;
    events.extend(tags.new.into_iter().map(|tag| Fact::Tagged { tag }.into()));
    events.extend(tags.gone.into_iter().map(|tag| Fact::Untagged { tag }.into()));

    let priority = draft.priority.unwrap_or_default();
    if priority != before.priority.unwrap_or_default() && priority != item.priority {
        events.push(Fact::Prioritised { priority }.into());
    }
    if draft.due != before.due && draft.due != item.due {
        events.push(Fact::DueSet { due: draft.due }.into());
    }

    let people = Changes::of(&before.people, &draft.people, &item.people);
    grow(Many::People, item.people.len(), people.new.len())?;
    events.extend(people.new.into_iter().map(|person| assigned(bucket, person)));
    events.extend(people.gone.into_iter().map(|person| Fact::Unassigned { person }.into()));

    if draft.project != before.project && draft.project != item.project {
        events.push(Fact::MovedToProject { project: draft.project.clone() }.into());
    }

    let served: Vec<_> = item
        .links
        .iter()
        .filter_map(|link| match link {
            (Relation::For, LinkTarget::Item(item)) => Some(*item),
            _ => None,
        })
        .collect();
    let serves = Changes::of(&before.serves, &draft.serves, &served).new;
    if serves.contains(&item.reference) {
        return Err(Error::LinkedToItself { item: item.reference });
    }
    grow(Many::Links, item.links.len(), serves.len())?;
    events.extend(serves.into_iter().map(serving));
    Ok(())
}

/// What an edit adds and takes away, as far as the item does not have it, or has it, already.
struct Changes<T> {
    new: Vec<T>,
    gone: Vec<T>,
}

impl<T: Clone + PartialEq> Changes<T> {
    fn of(before: &[T], now: &[T], have: &[T]) -> Self {
        let without =
            |these: &[T], those: &[T]| these.iter().filter(|it| !those.contains(it)).cloned().collect::<Vec<_>>();
        let mut new = without(now, before);
        new.retain(|it| !have.contains(it));
        let mut gone = without(before, now);
        gone.retain(|it| have.contains(it));
        Self { new, gone }
    }
}
