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
