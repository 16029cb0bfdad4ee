//! What is taken back counts as if it had never been: the rule against a model that knows nothing of how it is done, for any
//! acts and any undo of them; and what rests on what.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{super::properties, *};
use crate::domain::{
    Due,
    item::{self, Act, Bucket, Draft, create, decide},
    spec::{nothing_else, r, tag},
    stored,
    undo::Value,
};

/// Something that is said to an item.
#[derive(Clone, Debug)]
enum Said {
    Act(Box<Act>),
    Undo(Option<u64>, Vec<Part>),
}

fn part() -> impl Strategy<Value = Part> {
    let words = select(vec![
        Part::State,
        Part::Title,
        Part::Body,
        Part::Tags,
        Part::Prio,
        Part::Due,
        Part::People,
        Part::Project,
        Part::Links,
        Part::Needs,
        Part::Criteria,
        Part::Notes,
        Part::Findings,
        Part::Refinements,
        Part::Files,
    ]);
    let one = prop_oneof![
        select(vec!["auth", "app"]).prop_map(|it| Part::Tag(tag(it))),
        (1..4_u32).prop_map(|it| Part::Person(PersonId(it))),
        (1..4_u32).prop_map(|it| Part::Need(ItemRef::new(Bucket::Todo, it))),
        (1..4_u32).prop_map(|it| Part::Link(ItemRef::new(Bucket::Todo, it))),
    ];
    prop_oneof![2 => words, 1 => one]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => properties::act().prop_map(|act| Said::Act(Box::new(act))),
        3 => (option::of(1..30_u64), vec(part(), 0..2)).prop_map(|(version, parts)| Said::Undo(version, parts)),
        2 => option::of(1..30_u64).prop_map(|version| Said::Undo(version, Vec::new())),
    ]
}

fn name(event: &Event) -> String {
    stored::encode(&crate::domain::Event::Item(event.clone())).name.to_string()
}

/// Whether an event counts: no later reversal that counts names it.
fn counts(events: &[Event], version: u64) -> bool {
    !(version + 1..=events.len() as u64).any(|later| {
        matches!(&events[later as usize - 1], Event::Reversed(it) if it.takes.contains(&version))
            && counts(events, later)
    })
}

/// The fold of what counts and of the beginning.
fn model(reference: ItemRef, events: &[Event]) -> Option<Item> {
    let counting = (1..)
        .zip(events)
        .filter(|(version, event)| !matches!(event, Event::Reversed(_)) && (*version == 1 || counts(events, *version)));
    let item = counting.fold(None, |item, (version, event)| evolve(item, reference, version, event))?;
    Some(Item { version: events.len() as u64, ..item })
}

fn undo(history: &History, version: Option<u64>, parts: Vec<Part>) -> Result<Reversed, Irreversible> {
    let item = history.reference();
    let step = match version {
        Some(version) => history.step(version).ok_or(Irreversible::NoSuchVersion { item, version })?,
        None => history.newest(&parts).ok_or_else(|| Irreversible::Nothing { item, part: parts.first().cloned() })?,
    };
    let takes = history.takes(step, &parts)?;
    assert!(!takes.is_empty() && takes.iter().all(|it| history.counts(*it)));
    history.reverse(step.first, takes, parts, name)
}

/// A history in which all that could happen happened.
fn told(reference: ItemRef, first: &Draft, said: Vec<Said>) -> Option<(Vec<Event>, History, Item)> {
    let given = nothing_else();
    let mut events = Vec::new();
    let mut history = History::new(reference, Vec::new());
    let mut item = None;
    let mut step = |new: Vec<Event>, history: &mut History, item: &mut Option<Item>| {
        let first = history.version() + 1;
        let numbered: Vec<_> = (first..).zip(new.iter().cloned()).collect();
        for (version, event) in &numbered {
            *item = evolve(item.take(), reference, *version, event);
        }
        history.push(Step { first, last: first + new.len() as u64 - 1, events: numbered });
        events.extend(new);
    };
    step(create(reference, first, &given).ok()?, &mut history, &mut item);
    for said in said {
        let new = match said {
            Said::Act(act) => decide(item.as_ref()?, &act, &given).ok(),
            Said::Undo(version, parts) => {
                undo(&history, version, parts).ok().map(|reversed| vec![Event::Reversed(reversed)])
            }
        };
        if let Some(new) = new {
            step(new, &mut history, &mut item);
        }
    }
    item.map(|item| (events, history, item))
}

proptest! {
    #[test]
    fn what_is_taken_back_counts_as_if_it_had_never_been(
        reference in properties::reference(),
        first in properties::draft(),
        said in vec(said(), 0..24),
    ) {
        let first = Draft { title: "Fix login".into(), ..first };
        let Some((events, history, item)) = told(reference, &first, said) else { return Ok(()) };
        let mut expected = model(reference, &events).unwrap_or_else(|| panic!("{events:?}"));
        prop_assert_eq!(item.withdrawn.is_some(), !counts(&events, 1));
        expected.withdrawn = item.withdrawn;
        prop_assert_eq!(&item, &expected);
        prop_assert_eq!(history.item(), Some(item));
        for event in events {
            let stored = crate::domain::Event::Item(event);
            prop_assert_eq!(stored::decode(&stored::encode(&stored)), Ok(stored));
        }
    }

    #[test]
    fn an_undo_and_its_undo_leave_all_as_it_was(
        reference in properties::reference(),
        first in properties::draft(),
        said in vec(said(), 0..12),
        version in option::of(1..20_u64),
        parts in vec(part(), 0..2),
    ) {
        let first = Draft { title: "Fix login".into(), ..first };
        let Some((_, mut history, before)) = told(reference, &first, said) else { return Ok(()) };
        let next = history.version() + 1;
        let push = |history: &mut History, reversed: Reversed| {
            let version = history.version() + 1;
            history.push(Step { first: version, last: version, events: vec![(version, Event::Reversed(reversed))] });
        };
        let Ok(reversed) = undo(&history, version, parts) else { return Ok(()) };
        push(&mut history, reversed);
        let again = undo(&history, Some(next), Vec::new());
        prop_assert!(again.is_ok(), "{:?}", again);
        push(&mut history, again.unwrap());
        let after = history.item().map(|item| Item { version: before.version, withdrawn: before.withdrawn, ..item });
        prop_assert_eq!(after, Some(before));
    }

    #[test]
    fn any_reversal_can_be_folded(
        reference in properties::reference(),
        events in vec(properties::event(), 1..12),
        takes in vec(any::<u64>(), 0..6),
        gone in vec(any::<usize>(), 0..3),
    ) {
        let mut item = item::replay(reference, &events);
        let list = crate::domain::undo::ListChange { gone, back: vec![(usize::MAX, 7)] };
        let after = After { findings: list, withdrawn: Some(Value::Is(1)), ..After::default() };
        let (version, what, also) = (takes.first().copied().unwrap_or(0), Vec::new(), Vec::new());
        let reversed = Reversed { version, takes, back: Vec::new(), parts: Vec::new(), what, after: Box::new(after), also };
        item = evolve(item, reference, events.len() as u64 + 1, &reversed.into());
        if let Some(item) = item {
            prop_assert!(item.is_closed());
        }
    }
}

/// A todo, and what happened to it, one act after the other.
fn todo(acts: &[&[Event]]) -> History {
    let created = todo::Event::Created { title: "Fix login".into(), body: String::new(), from: None };
    let mut history = History::new(r("T7"), Vec::new());
    let first: &[Event] = &[created.into(), Fact::Tagged { tag: tag("auth") }.into()];
    for events in std::iter::once(&first).chain(acts) {
        let first = history.version() + 1;
        let numbered: Vec<_> = (first..).zip(events.iter().cloned()).collect();
        history.push(Step { first, last: first + events.len() as u64 - 1, events: numbered });
    }
    history
}

fn due(day: u32) -> Event {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    Fact::DueSet { due: Some(Due::Day(day)) }.into()
}

fn started() -> Event {
    todo::Event::Started.into()
}

fn completed() -> Event {
    todo::Event::Completed { despite: vec![] }.into()
}

fn noted(text: &str, corrects: Option<u64>) -> Event {
    Fact::Noted { text: text.into(), corrects }.into()
}

#[track_caller]
fn resting(history: &History, version: u64, parts: &[Part], expected: &[u64]) {
    let step = history.step(version).unwrap();
    let takes = history.takes(step, parts).unwrap();
    assert_eq!(history.resting(&takes), expected);
}

#[test]
fn what_is_about_the_same_rests_on_what_was_before() {
    let history = todo(&[&[due(1)], &[started()], &[due(2), noted("soon", None)], &[completed()]]);
    resting(&history, 3, &[], &[5]);
    resting(&history, 4, &[], &[7]);
    resting(&history, 5, &[], &[]);
    resting(&history, 7, &[], &[]);
    // All rests on the beginning, but not on a part of it.
    resting(&history, 1, &[], &[3, 4, 5, 7]);
    resting(&history, 2, &[Part::Tag(tag("auth"))], &[]);
}

#[test]
fn a_text_put_right_rests_on_the_text() {
    let history = todo(&[&[noted("Andriod", None)], &[noted("iOS", None)], &[noted("Android", Some(3))]]);
    resting(&history, 3, &[], &[5]);
    resting(&history, 4, &[], &[]);
}

#[test]
fn what_only_an_open_item_takes_rests_on_its_being_opened_again() {
    let reopened: Event = todo::Event::Reopened { reason: String::new() }.into();
    let criterion: Event = todo::Event::CriterionAdded { text: "reads".into() }.into();
    let history = todo(&[&[completed()], &[reopened], &[criterion], &[noted("x", None)]]);
    resting(&history, 4, &[], &[5]);
}

#[test]
fn what_was_taken_back_holds_nothing_up() {
    let mut history = todo(&[&[due(1)], &[due(2)]]);
    let step =
        |reversed: Reversed, at: u64| Step { first: at, last: at, events: vec![(at, Event::Reversed(reversed))] };
    let reversed = undo(&history, None, Vec::new()).unwrap();
    assert_eq!((reversed.version, reversed.what.as_slice()), (4, ["due_set".to_owned()].as_slice()));
    history.push(step(reversed, 5));
    resting(&history, 3, &[], &[]);
    // What was taken back would come back before something that came since.
    history.push(Step { first: 6, last: 6, events: vec![(6, due(3))] });
    resting(&history, 5, &[], &[6]);
}

#[test]
fn what_cannot_be_taken_back_says_why() {
    let mut history = todo(&[&[due(1), noted("x", None)]]);
    let error = |history: &History, version, parts: &[Part]| undo(history, version, parts.to_vec()).unwrap_err();
    let said = |why: Irreversible| (why.to_string(), why.hints());
    assert_eq!(said(error(&history, Some(9), &[])), ("T7 has no version 9".into(), vec!["/history T7".into()]));
    assert_eq!(
        said(error(&history, Some(3), &[Part::Title])).0,
        "that act did nothing to the title of T7 that could be taken back"
    );
    assert_eq!(
        said(error(&history, None, &[Part::Title])).0,
        "nothing that was done to the title of T7 is left to be taken back"
    );
    let push = |history: &mut History, reversed: Reversed| {
        let at = history.version() + 1;
        history.push(Step { first: at, last: at, events: vec![(at, Event::Reversed(reversed))] });
    };
    let partly = undo(&history, Some(3), vec![Part::Due]).unwrap();
    assert_eq!(partly.takes, [3]);
    push(&mut history, partly);
    assert_eq!(said(error(&history, Some(5), &[Part::Due])).0, "an undo is taken back as a whole");
    let rest = undo(&history, Some(4), vec![]).unwrap();
    assert_eq!((rest.version, rest.takes.as_slice()), (3, [4].as_slice()));
    push(&mut history, rest);
    assert_eq!(said(error(&history, Some(4), &[])), ("that is taken back already".into(), vec!["/undo T7@5".into()]));
    let all = undo(&history, Some(1), vec![]).unwrap();
    assert_eq!((all.takes.as_slice(), &all.after.withdrawn), ([1].as_slice(), &Some(Value::Is(7))));
    push(&mut history, all);
    assert_eq!(said(error(&history, Some(2), &[])), ("T7 is taken back already".into(), vec!["/undo T7@7".into()]));
    let item = history.item().unwrap();
    let refused = decide(&item, &Act::Doing, &nothing_else()).unwrap_err();
    assert_eq!((refused.to_string(), refused.hints(None)), ("T7 was taken back".into(), vec!["/undo T7@7".into()]));
    assert!(item.tags.contains(&tag("auth")));
    let back = undo(&history, Some(7), vec![]).unwrap();
    assert_eq!(back.back, [1]);
    assert_eq!(back.after.withdrawn, Some(Value::Nothing));
}
