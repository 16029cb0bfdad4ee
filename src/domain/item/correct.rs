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

#[cfg(test)]
mod tests {
    use super::super::Act;
    use crate::domain::{
        Due, PersonId, Priority, Project,
        item::{Draft, Event, Fact, LinkTarget, Relation},
        spec::{draft, given, now, r, tag},
        todo,
    };

    fn edit(before: &Draft, draft: &Draft) -> Act {
        Act::Correct { draft: draft.clone(), before: before.clone() }
    }

    #[test]
    fn only_what_differs_between_the_two_messages_is_changed() {
        let before = draft("Fix login");
        let mut after = before.clone();
        after.title = "Fix logout".into();
        given("T7").when(edit(&before, &after)).then([Fact::Retitled { title: "Fix logout".into() }]);

        after.body = "It loops.".into();
        after.criteria = vec!["no loop".into()];
        after.carry.tags = vec![tag("auth")];
        after.carry.priority = Some(Priority::High);
        after.carry.due = Some(Due::At(now()));
        after.carry.people = vec![PersonId(2)];
        after.carry.project = Project::new("app").ok();
        after.carry.needs = vec![r("T1")];
        after.carry.serves = vec![r("T3")];
        let edited = given("T7").when(edit(&before, &after)).then([
            Event::from(Fact::Retitled { title: "Fix logout".into() }),
            Fact::Described { body: "It loops.".into() }.into(),
            todo::Event::CriterionAdded { text: "no loop".into() }.into(),
            todo::Event::PrerequisiteAdded { needs: r("T1") }.into(),
            Fact::Tagged { tag: tag("auth") }.into(),
            Fact::Prioritised { priority: Priority::High }.into(),
            Fact::DueSet { due: after.carry.due }.into(),
            todo::Event::Assigned { person: PersonId(2) }.into(),
            Fact::MovedToProject { project: after.carry.project.clone() }.into(),
            Fact::Linked { relation: Relation::For, to: LinkTarget::Item(r("T3")) }.into(),
        ]);
        edited.clone().when(edit(&before, &after)).then_error("T7 is in line with the edited message already", &[]);

        // And back again: what has no event that takes it away stays.
        edited.when(edit(&after, &before)).then([
            Event::from(Fact::Retitled { title: "Fix login".into() }),
            Fact::Described { body: String::new() }.into(),
            todo::Event::PrerequisiteRemoved { needs: r("T1") }.into(),
            Fact::Untagged { tag: tag("auth") }.into(),
            Fact::Prioritised { priority: Priority::Normal }.into(),
            Fact::DueSet { due: None }.into(),
            Fact::Unassigned { person: PersonId(2) }.into(),
            Fact::MovedToProject { project: None }.into(),
        ]);
    }

    #[test]
    fn what_somebody_else_changed_since_stays() {
        let mut before = draft("Fix login");
        before.carry.tags = vec![tag("auth")];
        before.carry.priority = Some(Priority::High);
        let mut after = before.clone();
        after.body = "It loops.".into();
        // The tag was removed, the title and the priority changed; the edit is about none of them.
        given("T7")
            .after(Fact::Retitled { title: "Fix the login".into() })
            .after(Fact::Prioritised { priority: Priority::Low })
            .when(edit(&before, &after))
            .then([Fact::Described { body: "It loops.".into() }]);
        // The edit removes a tag that is gone already, and adds one that is there already.
        after = before.clone();
        after.carry.tags = vec![tag("app")];
        given("T7")
            .after(Fact::Tagged { tag: tag("app") })
            .when(edit(&before, &after))
            .then_error("T7 is in line with the edited message already", &[]);
    }

    #[test]
    fn criteria_in_the_message_of_an_idea_are_part_of_its_body() {
        let before = draft("Fix login");
        let after = Draft { criteria: vec!["no loop".into()], ..before.clone() };
        given("I3").when(edit(&before, &after)).then([Fact::Described { body: "- [ ] no loop".into() }]);
    }

    #[test]
    fn an_edit_keeps_the_limits_of_a_new_item() {
        let before = draft("Fix login");
        given("I3").when(edit(&before, &draft(""))).then_error("the title is empty", &[]);
        let mut after = before.clone();
        after.carry.needs = vec![r("T7")];
        given("T7").when(edit(&before, &after)).then_error("T7 cannot wait for itself", &[]);
        given("I3").when(edit(&before, &after)).then_error("only todos wait for other items, and this is an idea", &[]);
        after.carry.needs.clear();
        after.carry.serves = vec![r("T7")];
        given("T7").when(edit(&before, &after)).then_error("T7 cannot be linked to itself", &[]);
    }
}
