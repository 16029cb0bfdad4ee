//! An act on an item that exists becomes events, or the reason why it does not.

use super::{
    Act, Bucket, Error, Event, Fact, Given, Item, LinkTarget, Many, Stage, Unchanged,
    correct::correct,
    create::{assigned, no_circle, once},
    limits::{self, grow},
    promote,
};
use crate::domain::{idea, pr, research, todo};

/// What follows from an act, or why nothing does. Where part of what is wanted holds already, only the rest becomes events.
///
/// # Errors
/// [`Error`], when the bucket does not have that act, where the item stands does not allow it, something exceeds a limit,
/// or nothing would change.
pub fn decide(item: &Item, act: &Act, given: &Given) -> Result<Vec<Event>, Error> {
    limits::act(act)?;
    if let Some(by) = item.withdrawn {
        return Err(Error::Withdrawn { item: item.reference, by });
    }
    let bucket = item.reference.bucket;
    let unchanged = |what| Error::NothingChanges { item: item.reference, what };
    let unless = |holds: bool, what: Unchanged, fact: Fact| {
        if holds { Err(unchanged(what)) } else { Ok(vec![Event::Fact(fact)]) }
    };
    match act {
        Act::Note { text } => Ok(vec![note(text)]),
        Act::Title { title } => unless(*title == item.title, Unchanged::Title, Fact::Retitled { title: title.clone() }),
        Act::Prio { priority } => unless(
            *priority == item.priority,
            Unchanged::Priority(*priority),
            Fact::Prioritised { priority: *priority },
        ),
        Act::Due { due } => unless(*due == item.due, Unchanged::Due(*due), Fact::DueSet { due: *due }),
        Act::Project { project } => unless(
            *project == item.project,
            Unchanged::Project(project.clone()),
            Fact::MovedToProject { project: project.clone() },
        ),
        Act::Tag { tags } => {
            let new = missing(tags, &item.tags).ok_or_else(|| unchanged(Unchanged::Tagged(tags.clone())))?;
            grow(Many::Tags, item.tags.len(), new.len())?;
            Ok(new.into_iter().map(|tag| Fact::Tagged { tag }.into()).collect())
        }
        Act::Untag { tags } => {
            let old = present(tags, &item.tags).ok_or_else(|| unchanged(Unchanged::NotTagged(tags.clone())))?;
            Ok(old.into_iter().map(|tag| Fact::Untagged { tag }.into()).collect())
        }
        Act::Assign { people } => {
            let new = missing(people, &item.people).ok_or_else(|| unchanged(Unchanged::Assigned))?;
            grow(Many::People, item.people.len(), new.len())?;
            Ok(new.into_iter().map(|person| assigned(bucket, person)).collect())
        }
        Act::Unassign { people } => {
            let old = present(people, &item.people).ok_or_else(|| unchanged(Unchanged::NotAssigned))?;
            Ok(old.into_iter().map(|person| Fact::Unassigned { person }.into()).collect())
        }
        Act::Link { relation, to } => {
            if *to == LinkTarget::Item(item.reference) {
                return Err(Error::LinkedToItself { item: item.reference });
            }
            if item.links.contains(&(*relation, to.clone())) {
                return Err(unchanged(Unchanged::Linked(to.clone())));
            }
            grow(Many::Links, item.links.len(), 1)?;
            Ok(vec![Fact::Linked { relation: *relation, to: to.clone() }.into()])
        }
        Act::Attach { attachments, text } => {
            grow(Many::Attachments, item.attachments as usize, attachments.len())?;
            let mut events: Vec<Event> =
                attachments.iter().map(|it| Fact::Attached { attachment: it.clone() }.into()).collect();
            events.extend(noted(text));
            Ok(events)
        }
        Act::Correct { draft, before } => correct(item, draft, before, given),
        Act::CorrectText { version, text } => correct_text(item, *version, text),
        _ => in_bucket(item, act, given),
    }
}

/// What only one bucket has, or more than one has in its own way.
fn in_bucket(item: &Item, act: &Act, given: &Given) -> Result<Vec<Event>, Error> {
    let id = item.reference;
    match (&item.stage, act) {
        (Stage::Idea(state), Act::Refine { text }) => own(idea::decide(id, state, idea::Command::Refine { text })),
        (Stage::Idea(state), Act::Reject { reason }) => own(idea::decide(id, state, idea::Command::Reject { reason })),
        (Stage::Idea(state), Act::Reopen { reason }) => own(idea::decide(id, state, idea::Command::Reopen { reason })),
        (Stage::Idea(state), Act::Promote { to, carry }) => {
            let to = promote::destination(item, *to)?;
            promotion(item, own(idea::decide(id, state, idea::Command::Promote { to, carry }))?)
        }

        (Stage::Research(state), Act::Finding { text }) => {
            own(research::decide(id, state, research::Command::Finding { text, corrects: None }))
        }
        (Stage::Research(state), Act::Done { anyway: _, text }) => {
            own(research::decide(id, state, research::Command::Done { conclusion: text }))
        }
        (Stage::Research(state), Act::Reopen { reason }) => {
            own(research::decide(id, state, research::Command::Reopen { reason }))
        }
        (Stage::Research(state), Act::Promote { to, carry }) => {
            let to = promote::destination(item, *to)?;
            promotion(item, own(research::decide(id, state, research::Command::Promote { to, carry }))?)
        }

        (Stage::Todo(state), Act::Doing) => own(todo::decide(id, state, todo::Command::Start)),
        (Stage::Todo(state), Act::Done { anyway, text }) => {
            let command = todo::Command::Complete { waits_for: &given.waits_for, anyway: *anyway };
            let mut events = own(todo::decide(id, state, command))?;
            events.extend(noted(text));
            Ok(events)
        }
        (Stage::Todo(state), Act::Reopen { reason }) => own(todo::decide(id, state, todo::Command::Reopen { reason })),
        (Stage::Todo(state), Act::Promote { to, carry }) => {
            promote::destination(item, *to)?;
            promotion(item, own(todo::decide(id, state, todo::Command::Promote { carry }))?)
        }
        (Stage::Todo(state), Act::Need { items }) => {
            let new = missing(items, &state.needs)
                .ok_or_else(|| Error::NothingChanges { item: id, what: Unchanged::Needs(items.clone()) })?;
            no_circle(id, &new, given)?;
            grow(Many::Prerequisites, state.needs.len(), new.len())?;
            let mut events = Vec::with_capacity(new.len());
            for needs in new {
                events.extend(own(todo::decide(id, state, todo::Command::Need { needs }))?);
            }
            Ok(events)
        }
        (Stage::Todo(state), Act::Unneed { items }) => {
            let old = present(items, &state.needs)
                .ok_or_else(|| Error::NothingChanges { item: id, what: Unchanged::DoesNotNeed(items.clone()) })?;
            Ok(old.into_iter().map(|needs| todo::Event::PrerequisiteRemoved { needs }.into()).collect())
        }
        (Stage::Todo(state), Act::Criterion { text }) => {
            if state.criteria.contains(text) {
                return Err(Error::NothingChanges { item: id, what: Unchanged::Criterion });
            }
            grow(Many::Criteria, state.criteria.len(), 1)?;
            own(todo::decide(id, state, todo::Command::Criterion { text }))
        }

        (Stage::Pr(state), Act::Review { verdict, text }) => {
            own(pr::decide(id, state, pr::Command::Review { verdict: *verdict, text }))
        }
        (Stage::Pr(state), Act::Merge) => own(pr::decide(id, state, pr::Command::Merge)),
        (Stage::Pr(state), Act::Close { reason }) => own(pr::decide(id, state, pr::Command::Close { reason })),
        (Stage::Pr(state), Act::Reopen { reason }) => own(pr::decide(id, state, pr::Command::Reopen { reason })),

        _ => Err(elsewhere(item, act)),
    }
}

/// The refusal of an act that this bucket does not have: who has it, and what comes nearest to it here.
fn elsewhere(item: &Item, act: &Act) -> Error {
    use Bucket::{Idea, Pr, Research, Todo};
    let (what, only): (_, &[Bucket]) = match act {
        Act::Refine { .. } => ("refine", &[Idea]),
        Act::Reject { .. } => ("reject", &[Idea]),
        Act::Promote { .. } => ("promote", &[Idea, Research, Todo]),
        Act::Finding { .. } => ("finding", &[Research]),
        Act::Doing => ("doing", &[Todo]),
        Act::Done { .. } => ("done", &[Research, Todo]),
        Act::Need { .. } | Act::Unneed { .. } => ("need", &[Todo]),
        Act::Criterion { .. } => ("criterion", &[Todo]),
        Act::Review { .. } => ("review", &[Pr]),
        Act::Merge => ("merge", &[Pr]),
        Act::Close { .. } => ("close", &[Pr]),
        // The rest every bucket has; should one of them ever come here, the sentence is still true.
        _ => ("that", &Bucket::ALL),
    };
    let verbs: &[&str] = match (act, item.reference.bucket) {
        (Act::Reject { .. } | Act::Close { .. } | Act::Merge, Research | Todo) => &["done"],
        (Act::Reject { .. }, Pr) => &["close"],
        (Act::Close { .. }, Idea) => &["reject"],
        (Act::Done { .. }, Idea) => &["promote", "reject"],
        (Act::Done { .. }, Pr) => &["merge", "close"],
        (Act::Promote { .. }, Pr) => &["merge"],
        (Act::Doing | Act::Merge, Idea) => &["promote"],
        _ => &[],
    };
    let instead = verbs.iter().map(|verb| format!("/{verb} {}", item.reference)).collect();
    Error::WrongBucket { item: item.reference, what, only, instead }
}

fn correct_text(item: &Item, version: u64, text: &str) -> Result<Vec<Event>, Error> {
    if version == 0 || version > item.version {
        return Err(Error::NoSuchVersion { item: item.reference, version });
    }
    let corrects = Some(version);
    match &item.stage {
        Stage::Research(state) if state.finding_versions.contains(&version) => {
            own(research::decide(item.reference, state, research::Command::Finding { text, corrects }))
        }
        _ => Ok(vec![Fact::Noted { text: text.to_owned(), corrects }.into()]),
    }
}

fn promotion(item: &Item, events: Vec<Event>) -> Result<Vec<Event>, Error> {
    events.iter().try_for_each(|event| promote::check(item, event))?;
    Ok(events)
}

fn own<A: Into<Event>, B: Into<Error>>(decided: Result<Vec<A>, B>) -> Result<Vec<Event>, Error> {
    decided.map(|events| events.into_iter().map(Into::into).collect()).map_err(Into::into)
}

fn note(text: &str) -> Event {
    Fact::Noted { text: text.to_owned(), corrects: None }.into()
}

fn noted(text: &str) -> Option<Event> {
    (!text.trim().is_empty()).then(|| note(text))
}

/// Those of `wanted` that are not there, once each; `None` when all are.
fn missing<T: Clone + PartialEq>(wanted: &[T], there: &[T]) -> Option<Vec<T>> {
    some_of(wanted, |it| !there.contains(it))
}

/// Those of `wanted` that are there, once each; `None` when none is.
fn present<T: Clone + PartialEq>(wanted: &[T], there: &[T]) -> Option<Vec<T>> {
    some_of(wanted, |it| there.contains(it))
}

fn some_of<T: Clone + PartialEq>(wanted: &[T], keep: impl Fn(&T) -> bool) -> Option<Vec<T>> {
    let mut some: Vec<T> = wanted.iter().filter(|it| keep(it)).cloned().collect();
    once(&mut some);
    (!some.is_empty()).then_some(some)
}

#[cfg(test)]
mod tests {
    use super::super::{Attachment, MANY_MAX, Relation};
    use super::*;
    use crate::domain::{
        Due, PersonId, Priority, Project, Tag,
        spec::{given, now, r, tag},
    };

    fn title(title: &str) -> Act {
        Act::Title { title: title.into() }
    }

    fn tags(tags: &[&str]) -> Vec<Tag> {
        tags.iter().map(|it| tag(it)).collect()
    }

    fn url(url: &str) -> Act {
        Act::Link { relation: Relation::Related, to: LinkTarget::Url(url.into()) }
    }

    #[test]
    fn a_title_changes_when_it_is_another() {
        let item = given("I3").when(title("Fix logout")).then([Fact::Retitled { title: "Fix logout".into() }]);
        item.clone().when(title("Fix logout")).then_error("I3 is called that already", &[]);
        item.clone().when(title("  ")).then_error("the title is empty", &[]);
        item.when(title(&"x".repeat(500))).then_error("the title has 500 characters, and at most 200 fit", &[]);
    }

    #[test]
    fn only_new_tags_are_added_and_only_old_ones_removed() {
        let item = given("R2").after(Fact::Tagged { tag: tag("auth") });
        let item = item.when(Act::Tag { tags: tags(&["auth", "app", "app"]) }).then([Fact::Tagged { tag: tag("app") }]);
        item.clone().when(Act::Tag { tags: tags(&["auth", "app"]) }).then_error("R2 has #auth, #app already", &[]);
        let item = item.when(Act::Untag { tags: tags(&["auth", "web"]) }).then([Fact::Untagged { tag: tag("auth") }]);
        item.clone().when(Act::Untag { tags: tags(&["web"]) }).then_error("R2 does not have #web", &[]);
        item.when(Act::Tag { tags: vec![] }).then_error("no tags are named", &[]);
    }

    #[test]
    fn an_item_has_at_most_a_hundred_tags() {
        let many = (0..MANY_MAX).map(|n| tag(&format!("t{n}"))).collect();
        let item = given("T7").when(Act::Tag { tags: many }).then_accepted();
        item.clone()
            .when(Act::Tag { tags: tags(&["more"]) })
            .then_error("that would be 101 tags, and an item has at most 100", &[]);
        item.when(Act::Tag { tags: tags(&["t1"]) }).then_error("T7 has #t1 already", &[]);
    }

    #[test]
    fn priority_due_date_and_project_change_when_they_are_others() {
        let due = Some(Due::At(now()));
        let project = Project::new("app").ok();
        let item = given("P4")
            .when(Act::Prio { priority: Priority::High })
            .then([Fact::Prioritised { priority: Priority::High }])
            .when(Act::Due { due })
            .then([Fact::DueSet { due }])
            .when(Act::Project { project: project.clone() })
            .then([Fact::MovedToProject { project: project.clone() }]);
        item.clone().when(Act::Prio { priority: Priority::High }).then_error("P4 has priority high already", &[]);
        item.clone().when(Act::Due { due }).then_error("P4 is due 2026-11-20 09:00 UTC already", &[]);
        item.clone().when(Act::Project { project }).then_error("P4 is in:app already", &[]);
        let item = item
            .when(Act::Due { due: None })
            .then([Fact::DueSet { due: None }])
            .when(Act::Project { project: None })
            .then([Fact::MovedToProject { project: None }]);
        item.clone().when(Act::Due { due: None }).then_error("P4 has no due date", &[]);
        item.when(Act::Project { project: None }).then_error("P4 is in no project", &[]);
    }

    #[test]
    fn people_are_assigned_and_unassigned_once() {
        let assign = |people: &[u32]| Act::Assign { people: people.iter().copied().map(PersonId).collect() };
        let unassign = |people: &[u32]| Act::Unassign { people: people.iter().copied().map(PersonId).collect() };
        let item = given("I3").when(assign(&[1, 2])).then([1, 2].map(|n| Fact::Assigned { person: PersonId(n) }));
        let item = item.when(assign(&[2, 3])).then([Fact::Assigned { person: PersonId(3) }]);
        item.clone().when(assign(&[3])).then_error("I3 is assigned like that already", &[]);
        let item = item.when(unassign(&[1, 9])).then([Fact::Unassigned { person: PersonId(1) }]);
        item.when(unassign(&[9])).then_error("I3 is not assigned like that", &[]);
    }

    #[test]
    fn links_lead_to_the_web_or_to_another_item() {
        let item = given("T7").when(url("HTTPS://example.org/a")).then_accepted();
        item.clone()
            .when(url("HTTPS://example.org/a"))
            .then_error("T7 is linked to HTTPS://example.org/a already", &[]);
        let to = |item: &str| Act::Link { relation: Relation::For, to: LinkTarget::Item(r(item)) };
        let item = item.when(to("T1")).then_accepted();
        item.clone().when(to("T1")).then_error("T7 is linked to T1 already", &[]);
        item.when(to("T7")).then_error("T7 cannot be linked to itself", &[]);
        for bad in ["javascript:alert(1)", "https://", "http://a b", "example.org", "höttps://a"] {
            given("T7").when(url(bad)).then_error(
                &format!("{bad:?} is no address: a link begins with http:// or https://, or is an item such as T7"),
                &[],
            );
        }
    }

    #[test]
    fn files_come_with_words_or_without() {
        let file = Attachment { bot: "b".into(), kind: "photo".into(), file_id: "f".into(), name: None, bytes: None };
        let attach = |text: &str| Act::Attach { attachments: vec![file.clone()], text: text.into() };
        let attached = Event::from(Fact::Attached { attachment: file.clone() });
        let item =
            given("I3").when(attach("")).then([attached.clone()]).when(attach("look")).then([attached, note("look")]);
        assert_eq!((item.item().attachments, item.item().notes), (2, 1));
    }

    #[test]
    fn a_note_is_corrected_by_its_version() {
        let item = given("I3").when(Act::Note { text: "teh".into() }).then([note("teh")]);
        let item = item
            .when(Act::CorrectText { version: 2, text: "the".into() })
            .then([Fact::Noted { text: "the".into(), corrects: Some(2) }]);
        assert_eq!(item.item().notes, 1);
        item.clone()
            .when(Act::CorrectText { version: 9, text: "the".into() })
            .then_error("I3 has no version 9 whose text could be corrected", &[]);
        item.when(Act::Note { text: "x".repeat(8_001) })
            .then_error("the text has 8001 characters, and at most 8000 fit", &[]);
    }

    #[test]
    fn an_act_of_another_bucket_says_whose_it_is_and_what_comes_nearest() {
        let reason = String::new;
        let done = || Act::Done { anyway: false, text: String::new() };
        let review = || Act::Review { verdict: pr::Verdict::Approve, text: String::new() };
        let cases: [(&str, Act, &str, &[&str]); 14] = [
            ("T7", Act::Reject { reason: reason() }, "only an idea can be rejected; T7 is a todo", &["/done T7"]),
            ("P4", Act::Reject { reason: reason() }, "only an idea can be rejected; P4 is a pr", &["/close P4"]),
            ("T7", Act::Refine { text: "x".into() }, "only an idea can be refined; T7 is a todo", &[]),
            ("T7", Act::Close { reason: reason() }, "only a pr can be closed; T7 is a todo", &["/done T7"]),
            ("I3", Act::Close { reason: reason() }, "only a pr can be closed; I3 is an idea", &["/reject I3"]),
            ("R2", Act::Merge, "only a pr can be merged; R2 is a research", &["/done R2"]),
            ("I3", review(), "only a pr can be reviewed; I3 is an idea", &[]),
            ("I3", done(), "only a research or a todo can be done; I3 is an idea", &["/promote I3", "/reject I3"]),
            ("P4", done(), "only a research or a todo can be done; P4 is a pr", &["/merge P4", "/close P4"]),
            ("I3", Act::Doing, "only a todo can be started; I3 is an idea", &["/promote I3"]),
            ("T7", Act::Finding { text: "x".into() }, "only a research can have findings; T7 is a todo", &[]),
            ("R2", Act::Need { items: vec![r("T1")] }, "only a todo can wait for other items; R2 is a research", &[]),
            ("P4", Act::Unneed { items: vec![r("T1")] }, "only a todo can wait for other items; P4 is a pr", &[]),
            ("I3", Act::Criterion { text: "x".into() }, "only a todo can have acceptance criteria; I3 is an idea", &[]),
        ];
        for (item, act, said, offered) in cases {
            given(item).when(act).then_error(said, offered);
        }
    }
}
