//! Onwards: what the item is like that a promotion causes. The process manager `workflow` creates it.

use super::{
    Bucket, Carry, Draft, Error, Event, Item, MANY_MAX, Stage, TEXT_CHARS_MAX,
    create::{CRITERION, append_criteria, once, settle},
    error::onwards,
    limits,
};
use crate::domain::{idea, research, todo};

/// The bucket and the draft of the item that this event causes, if it causes one. `item_before` is the item as it was
/// before the event.
///
/// Of what was said with the promotion, single values replace and several are added to what is inherited: tags, people,
/// priority, project and due date. A body that grows past [`TEXT_CHARS_MAX`] by what is appended to it is cut there; the
/// whole text stays on the old item, which the draft names in `from`.
pub fn promoted(item_before: &Item, event: &Event) -> Option<(Bucket, Draft)> {
    let mut body = item_before.body.clone();
    let (to, carry) = match (&item_before.stage, event) {
        (Stage::Idea(state), Event::Idea(idea::Event::Promoted { to, carry })) => {
            append(&mut body, state.refined.as_deref().unwrap_or_default());
            (*to, carry)
        }
        (Stage::Research(state), Event::Research(research::Event::Done { conclusion, to: Some(to), carry })) => {
            let result = if conclusion.is_empty() { state.newest.as_deref().unwrap_or_default() } else { conclusion };
            append(&mut body, result);
            (*to, carry)
        }
        (Stage::Todo(state), Event::Todo(todo::Event::Promoted { carry })) => {
            if !body.is_empty() && !state.criteria.is_empty() {
                body.push('\n');
            }
            append_criteria(&mut body, &state.criteria);
            (Bucket::Pr, carry)
        }
        _ => return None,
    };
    let criteria = if to == Bucket::Todo { take_criteria(&mut body) } else { Vec::new() };
    cut(&mut body, &criteria);
    let mut carry = merge(item_before, carry);
    if item_before.reference.bucket == Bucket::Todo {
        carry.serves.insert(0, item_before.reference);
        once(&mut carry.serves);
    }
    let title = item_before.title.clone();
    Some((to, Draft { title, body, criteria, carry, from: Some(item_before.reference), attachments: Vec::new() }))
}

/// Where a promotion leads: what was said, or the next bucket.
pub(super) fn destination(item: &Item, to: Option<Bucket>) -> Result<Bucket, Error> {
    let onwards = onwards(item.reference.bucket);
    match to {
        None => onwards.first().copied().ok_or(Error::NotOnwards { item: item.reference, to: item.reference.bucket }),
        Some(to) if onwards.contains(&to) => Ok(to),
        Some(to) => Err(Error::NotOnwards { item: item.reference, to }),
    }
}

/// Refuses a promotion whose item could not be created: once it is in the log it is too late to say so.
pub(super) fn check(item: &Item, event: &Event) -> Result<(), Error> {
    match promoted(item, event) {
        Some((to, draft)) => limits::draft(to, &settle(to, draft)),
        None => Ok(()),
    }
}

fn merge(item: &Item, said: &Carry) -> Carry {
    let mut carry = Carry {
        tags: item.tags.iter().chain(&said.tags).cloned().collect(),
        people: item.people.iter().chain(&said.people).copied().collect(),
        priority: said.priority.or(Some(item.priority)),
        project: said.project.clone().or_else(|| item.project.clone()),
        due: said.due.or(item.due),
        needs: said.needs.clone(),
        serves: said.serves.clone(),
    };
    once(&mut carry.tags);
    once(&mut carry.people);
    carry
}

fn append(body: &mut String, text: &str) {
    if text.is_empty() {
        return;
    }
    if !body.is_empty() {
        body.push_str("\n\n");
    }
    body.push_str(text);
}

/// The criteria that an item had in its body because it was no todo; the body keeps what is more than a todo can have.
fn take_criteria(body: &mut String) -> Vec<String> {
    let mut criteria = Vec::new();
    let mut rest = Vec::new();
    for line in body.lines() {
        match line.strip_prefix(CRITERION) {
            Some(criterion) if criteria.len() < MANY_MAX && !criterion.trim().is_empty() => {
                criteria.push(criterion.to_owned());
            }
            _ => rest.push(line),
        }
    }
    if !criteria.is_empty() {
        *body = rest.join("\n").trim_end().to_owned();
    }
    criteria
}

/// Ends a body with `…` where it, together with the criteria, becomes longer than an item may begin with.
fn cut(body: &mut String, criteria: &[String]) {
    let room = criteria.iter().fold(TEXT_CHARS_MAX, |room, it| room.saturating_sub(it.chars().count()));
    if body.chars().count() > room {
        let end = body.char_indices().nth(room.saturating_sub(1)).map_or(0, |(at, _)| at);
        body.truncate(end);
        if room > 0 {
            body.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Due, PersonId, Priority, Project,
        item::{Act, Fact, create},
        spec::{Spec, given, nothing_else, now, r, tag},
    };

    fn onto(to: Bucket, carry: Carry) -> Act {
        Act::Promote { to: Some(to), carry }
    }

    /// The draft that follows, which can always be created.
    #[track_caller]
    fn draft(before: &Spec, act: Act) -> (Bucket, Draft) {
        let events = before.clone().when(act).then_accepted();
        let Some(event) = events.last() else { panic!("no event") };
        let Some((to, draft)) = promoted(&before.item(), event) else { panic!("{event:?} causes nothing") };
        let created = create(crate::domain::ItemRef::new(to, 99), &draft, &nothing_else());
        assert!(created.is_ok(), "{created:?}");
        (to, draft)
    }

    #[test]
    fn the_new_item_inherits_and_what_is_said_comes_on_top() {
        let idea = given("I3")
            .after(Fact::Described { body: "For the app.".into() })
            .after(Fact::Tagged { tag: tag("app") })
            .after(Fact::Assigned { person: PersonId(1) })
            .after(Fact::Prioritised { priority: Priority::Low })
            .after(Fact::DueSet { due: Some(Due::At(now())) })
            .after(Fact::MovedToProject { project: Project::new("app").ok() })
            .after(idea::Event::Refined { text: "first".into() })
            .after(idea::Event::Refined { text: "Read only.".into() });
        let inherited = Carry {
            tags: vec![tag("app")],
            people: vec![PersonId(1)],
            priority: Some(Priority::Low),
            project: Project::new("app").ok(),
            due: Some(Due::At(now())),
            needs: vec![],
            serves: vec![],
        };
        let (to, new) = draft(&idea, onto(Bucket::Research, Carry::default()));
        let expected = Draft {
            title: "Fix login".into(),
            body: "For the app.\n\nRead only.".into(),
            carry: inherited.clone(),
            from: Some(r("I3")),
            ..Draft::default()
        };
        assert_eq!((to, new), (Bucket::Research, expected));

        let said = Carry {
            tags: vec![tag("app"), tag("web")],
            people: vec![PersonId(2)],
            priority: Some(Priority::Urgent),
            project: Project::new("web").ok(),
            due: None,
            needs: vec![r("T1")],
            serves: vec![r("T5")],
        };
        let (_, new) = draft(&idea, onto(Bucket::Todo, said.clone()));
        let people = vec![PersonId(1), PersonId(2)];
        let expected = Carry { tags: vec![tag("app"), tag("web")], people, due: inherited.due, ..said };
        assert_eq!(new.carry, expected);
    }

    #[test]
    fn a_research_hands_on_what_came_of_it() {
        let found = research::Event::FindingAdded { text: "It is fast.".into(), corrects: None };
        let research = given("R2").after(found);
        assert_eq!(draft(&research, onto(Bucket::Todo, Carry::default())).1.body, "It is fast.");
        let concluded = research
            .when(Act::Done { anyway: false, text: "Use it.".into() })
            .then_accepted()
            .when(Act::Reopen { reason: String::new() })
            .then_accepted();
        assert_eq!(draft(&concluded, onto(Bucket::Pr, Carry::default())).1.body, "Use it.");
        // Done without leading anywhere.
        let done = research::Event::Done { conclusion: "x".into(), to: None, carry: Carry::default() };
        assert_eq!(promoted(&concluded.item(), &done.into()), None);
    }

    #[test]
    fn a_pr_is_for_its_todo_and_shows_what_must_hold() {
        let todo = given("T7").after(todo::Event::CriterionAdded { text: "no loop".into() });
        let (to, pr) = draft(&todo, onto(Bucket::Pr, Carry { serves: vec![r("T7"), r("T8")], ..Carry::default() }));
        assert_eq!((to, pr.carry.serves), (Bucket::Pr, vec![r("T7"), r("T8")]));
        assert_eq!((pr.body.as_str(), pr.criteria.len()), ("- [ ] no loop", 0));
    }

    #[test]
    fn criteria_that_waited_in_a_body_become_criteria_of_the_todo() {
        let body = "For the app.\n- [ ] reads\n- [ ] writes\nSoon.".to_owned();
        let idea = given("I3").after(Fact::Described { body });
        let (_, todo) = draft(&idea, onto(Bucket::Todo, Carry::default()));
        assert_eq!(todo.criteria, ["reads", "writes"]);
        assert_eq!(todo.body, "For the app.\nSoon.");
    }

    #[test]
    fn a_body_that_becomes_too_long_is_cut() {
        let idea = given("I3")
            .after(Fact::Described { body: "é".repeat(TEXT_CHARS_MAX) })
            .after(idea::Event::Refined { text: "x".repeat(TEXT_CHARS_MAX) });
        let (_, research) = draft(&idea, onto(Bucket::Research, Carry::default()));
        assert_eq!(research.body.chars().count(), TEXT_CHARS_MAX);
        assert!(research.body.ends_with("é…"));
    }

    #[test]
    fn what_could_not_be_created_is_refused_before_it_is_promised() {
        let needs = Carry { needs: vec![r("T1")], ..Carry::default() };
        given("I3")
            .when(onto(Bucket::Research, needs.clone()))
            .then_error("only todos wait for other items, and this is a research", &[]);
        given("T7").when(onto(Bucket::Pr, needs)).then_error("only todos wait for other items, and this is a pr", &[]);
        let tags = (0..=MANY_MAX).map(|n| tag(&format!("t{n}"))).collect();
        given("I3")
            .when(onto(Bucket::Todo, Carry { tags, ..Carry::default() }))
            .then_error("that would be 101 tags, and an item has at most 100", &[]);
    }

    #[test]
    fn other_events_cause_nothing() {
        let idea = given("I3").item();
        assert_eq!(promoted(&idea, &idea::Event::Rejected { reason: String::new() }.into()), None);
        assert_eq!(promoted(&idea, &todo::Event::Promoted { carry: Carry::default() }.into()), None);
    }
}
