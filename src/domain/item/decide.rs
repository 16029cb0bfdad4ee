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
        Act::Refine { .. } => ("be refined", &[Idea]),
        Act::Reject { .. } => ("be rejected", &[Idea]),
        Act::Promote { .. } => ("be promoted", &[Idea, Research, Todo]),
        Act::Finding { .. } => ("have findings", &[Research]),
        Act::Doing => ("be started", &[Todo]),
        Act::Done { .. } => ("be done", &[Research, Todo]),
        Act::Need { .. } | Act::Unneed { .. } => ("wait for other items", &[Todo]),
        Act::Criterion { .. } => ("have acceptance criteria", &[Todo]),
        Act::Review { .. } => ("be reviewed", &[Pr]),
        Act::Merge => ("be merged", &[Pr]),
        Act::Close { .. } => ("be closed", &[Pr]),
        // The rest every bucket has; should one of them ever come here, the sentence is still true.
        _ => ("do that", &Bucket::ALL),
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
