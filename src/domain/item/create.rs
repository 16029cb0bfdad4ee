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

#[cfg(test)]
mod tests {
    use super::super::{Attachment, Carry, MANY_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};
    use super::*;
    use crate::domain::{
        Due, Project, Tag,
        spec::{draft, nothing_else, now, r, tag},
    };

    fn created(reference: &str, draft: &Draft) -> Vec<Event> {
        create(r(reference), draft, &nothing_else()).unwrap_or_else(|error| panic!("refused: {error}"))
    }

    #[track_caller]
    fn refused(reference: &str, draft: &Draft, said: &str) {
        let Err(error) = create(r(reference), draft, &nothing_else()) else { panic!("not refused") };
        assert_eq!(error.to_string(), said);
        assert_eq!(error.hints(None), Vec::<String>::new());
    }

    fn whole() -> Draft {
        let file = Attachment { bot: "b".into(), kind: "photo".into(), file_id: "f".into(), name: None, bytes: None };
        Draft {
            title: "Fix login".into(),
            body: "It loops.".into(),
            criteria: vec!["no loop".into(), "no loop".into()],
            carry: Carry {
                tags: vec![tag("auth"), tag("auth"), tag("app")],
                people: vec![PersonId(2), PersonId(2)],
                priority: Some(Priority::High),
                project: Project::new("app").ok(),
                due: Some(Due::At(now())),
                needs: vec![r("T1"), r("T1")],
                serves: vec![r("T3")],
            },
            from: Some(r("I1")),
            attachments: vec![file],
        }
    }

    #[test]
    fn everything_said_becomes_an_event_once() {
        let Draft { title, body, carry, from, attachments, .. } = whole();
        assert_eq!(
            created("T7", &whole()),
            [
                todo::Event::Created { title, body, from }.into(),
                todo::Event::CriterionAdded { text: "no loop".into() }.into(),
                todo::Event::PrerequisiteAdded { needs: r("T1") }.into(),
                Fact::Tagged { tag: tag("auth") }.into(),
                Fact::Tagged { tag: tag("app") }.into(),
                Fact::Prioritised { priority: Priority::High }.into(),
                Fact::DueSet { due: carry.due }.into(),
                todo::Event::Assigned { person: PersonId(2) }.into(),
                Fact::MovedToProject { project: carry.project }.into(),
                Fact::Linked { relation: Relation::For, to: LinkTarget::Item(r("T3")) }.into(),
                Event::from(Fact::Attached { attachment: attachments[0].clone() }),
            ]
        );
    }

    #[test]
    fn what_is_not_said_is_no_event() {
        let mut draft = draft("Fix login");
        draft.carry.priority = Some(Priority::Normal);
        for reference in ["I1", "R1", "T1", "P1"] {
            assert_eq!(created(reference, &draft).len(), 1);
        }
    }

    #[test]
    fn criteria_of_what_is_no_todo_are_part_of_its_body() {
        let mut draft = draft("Offline mode");
        draft.criteria = vec!["reads".into(), "writes".into()];
        draft.carry.people = vec![PersonId(2)];
        let (title, from) = (draft.title.clone(), None);
        assert_eq!(
            created("I1", &draft),
            [
                idea::Event::Created { title, body: "- [ ] reads\n- [ ] writes".into(), from }.into(),
                Event::from(Fact::Assigned { person: PersonId(2) }),
            ]
        );
        draft.body = "For the app.".into();
        let Event::Pr(pr::Event::Created { body, .. }) = &created("P1", &draft)[0] else { panic!() };
        assert_eq!(body, "For the app.\n- [ ] reads\n- [ ] writes");
    }

    #[test]
    fn only_todos_wait() {
        let mut draft = draft("Offline mode");
        draft.carry.needs = vec![r("T1")];
        refused("I1", &draft, "only todos wait for other items, and this is an idea");
        refused("P1", &draft, "only todos wait for other items, and this is a pr");
        refused("T1", &draft, "T1 cannot wait for itself");
        let Err(error) = create(r("T7"), &draft, &Given { circular: vec![r("T1")], ..nothing_else() }) else {
            panic!()
        };
        assert_eq!(error.to_string(), "T7 cannot wait for T1: the circle T7 -> T1 -> T7 would never be done");
    }

    #[test]
    fn nothing_is_for_itself() {
        let mut draft = draft("Fix login");
        draft.carry.serves = vec![r("P4")];
        refused("P4", &draft, "P4 cannot be linked to itself");
    }

    #[test]
    fn a_title_is_one_line_of_some_length() {
        refused("T1", &draft(" "), "the title is empty");
        refused("T1", &draft("a\nb"), "the title has more than one line");
        // Characters count, not bytes.
        created("T1", &draft(&"é".repeat(TITLE_CHARS_MAX)));
        refused("T1", &draft(&"é".repeat(201)), "the title has 201 characters, and at most 200 fit");
    }

    #[test]
    fn body_and_criteria_fit_together() {
        let mut draft = Draft { body: "x".repeat(TEXT_CHARS_MAX), ..draft("Fix login") };
        created("T1", &draft);
        draft.criteria = vec!["y".into()];
        refused("T1", &draft, "the body has 8001 characters, and at most 8000 fit");
        refused("I1", &draft, "the body has 8008 characters, and at most 8000 fit");
    }

    #[test]
    fn there_are_not_too_many_of_anything() {
        let mut draft = draft("Fix login");
        draft.carry.tags = (0..=MANY_MAX).filter_map(|n| Tag::new(&format!("t{n}")).ok()).collect();
        refused("T1", &draft, "that would be 101 tags, and an item has at most 100");
        draft.carry.tags.pop();
        created("T1", &draft);
    }
}
