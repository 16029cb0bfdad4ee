//! What holds for every history and every act, whatever people think of.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::domain::{
    Event as AnyEvent,
    spec::{nothing_else, now, tag},
    stored,
};

fn text() -> impl Strategy<Value = String> {
    select(vec!["", " ", "a", "b", "- [ ] c", "a\nb"]).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "- [ ] c", "d\n- [ ] e"]).prop_map(str::to_owned)
}

fn bucket() -> impl Strategy<Value = Bucket> {
    select(Bucket::ALL.to_vec())
}

pub(super) fn reference() -> impl Strategy<Value = ItemRef> {
    (bucket(), 1..4_u32).prop_map(|(bucket, number)| ItemRef::new(bucket, number))
}

fn person() -> impl Strategy<Value = PersonId> {
    (1..4_u32).prop_map(PersonId)
}

fn a_tag() -> impl Strategy<Value = Tag> {
    select(vec!["auth", "app", "web"]).prop_map(tag)
}

fn project() -> impl Strategy<Value = Option<Project>> {
    select(vec!["", "app", "web"]).prop_map(|it| Project::new(it).ok())
}

fn due() -> impl Strategy<Value = Option<Due>> {
    select(vec![None, Some(Due::At(now())), Some(Due::Day(now().date_naive()))])
}

fn priority() -> impl Strategy<Value = Priority> {
    select(Priority::ALL)
}

fn target() -> impl Strategy<Value = LinkTarget> {
    prop_oneof![reference().prop_map(LinkTarget::Item), Just(LinkTarget::Url("https://example.org".into()))]
}

fn relation() -> impl Strategy<Value = Relation> {
    select(vec![Relation::For, Relation::Related])
}

fn attachment() -> impl Strategy<Value = Attachment> {
    select(vec!["f1", "f2"]).prop_map(|id| Attachment {
        bot: "b".into(),
        kind: "photo".into(),
        file_id: id.into(),
        name: None,
        bytes: None,
    })
}

fn verdict() -> impl Strategy<Value = pr::Verdict> {
    select(vec![pr::Verdict::Approve, pr::Verdict::Changes, pr::Verdict::Comment])
}

prop_compose! {
    fn carry()(
        tags in vec(a_tag(), 0..3),
        people in vec(person(), 0..3),
        priority in option::of(priority()),
        project in project(),
        due in due(),
        needs in vec(reference(), 0..2),
        serves in vec(reference(), 0..2),
    ) -> Carry {
        Carry { tags, people, priority, project, due, needs, serves }
    }
}

prop_compose! {
    pub(super) fn draft()(
        title in text(),
        body in text(),
        criteria in vec(words(), 0..3),
        carry in carry(),
        from in option::of(reference()),
        attachments in vec(attachment(), 0..2),
    ) -> Draft {
        Draft { title, body, criteria, carry, from, attachments }
    }
}

/// Any event, whether it makes sense or not.
pub(super) fn event() -> impl Strategy<Value = Event> {
    let born = || (text(), text(), option::of(reference()));
    let idea = prop_oneof![
        born().prop_map(|(title, body, from)| idea::Event::Created { title, body, from }),
        text().prop_map(|text| idea::Event::Refined { text }),
        text().prop_map(|reason| idea::Event::Rejected { reason }),
        (bucket(), carry()).prop_map(|(to, carry)| idea::Event::Promoted { to, carry }),
        text().prop_map(|reason| idea::Event::Reopened { reason }),
    ];
    let research = prop_oneof![
        born().prop_map(|(title, body, from)| research::Event::Started { title, body, from }),
        (text(), option::of(0..9_u64)).prop_map(|(text, corrects)| research::Event::FindingAdded { text, corrects }),
        (text(), option::of(bucket()), carry()).prop_map(|(conclusion, to, carry)| research::Event::Done {
            conclusion,
            to,
            carry
        }),
        text().prop_map(|reason| research::Event::Reopened { reason }),
    ];
    let todo = prop_oneof![
        born().prop_map(|(title, body, from)| todo::Event::Created { title, body, from }),
        text().prop_map(|text| todo::Event::CriterionAdded { text }),
        person().prop_map(|person| todo::Event::Assigned { person }),
        reference().prop_map(|needs| todo::Event::PrerequisiteAdded { needs }),
        reference().prop_map(|needs| todo::Event::PrerequisiteRemoved { needs }),
        Just(todo::Event::Started),
        vec(reference(), 0..2).prop_map(|despite| todo::Event::Completed { despite }),
        carry().prop_map(|carry| todo::Event::Promoted { carry }),
        text().prop_map(|reason| todo::Event::Reopened { reason }),
    ];
    let pr = prop_oneof![
        born().prop_map(|(title, body, from)| pr::Event::Created { title, body, from }),
        (verdict(), text()).prop_map(|(verdict, text)| pr::Event::Reviewed { verdict, text }),
        Just(pr::Event::Merged),
        text().prop_map(|reason| pr::Event::Closed { reason }),
        text().prop_map(|reason| pr::Event::Reopened { reason }),
    ];
    let fact = prop_oneof![
        text().prop_map(|title| Fact::Retitled { title }),
        text().prop_map(|body| Fact::Described { body }),
        (text(), option::of(0..9_u64)).prop_map(|(text, corrects)| Fact::Noted { text, corrects }),
        a_tag().prop_map(|tag| Fact::Tagged { tag }),
        a_tag().prop_map(|tag| Fact::Untagged { tag }),
        priority().prop_map(|priority| Fact::Prioritised { priority }),
        due().prop_map(|due| Fact::DueSet { due }),
        person().prop_map(|person| Fact::Assigned { person }),
        person().prop_map(|person| Fact::Unassigned { person }),
        project().prop_map(|project| Fact::MovedToProject { project }),
        (relation(), target()).prop_map(|(relation, to)| Fact::Linked { relation, to }),
        attachment().prop_map(|attachment| Fact::Attached { attachment }),
    ];
    prop_oneof![
        idea.prop_map(Event::Idea),
        research.prop_map(Event::Research),
        todo.prop_map(Event::Todo),
        pr.prop_map(Event::Pr),
        fact.prop_map(Event::Fact),
    ]
}

/// Any act, whether the item has it or not.
pub(super) fn act() -> impl Strategy<Value = Act> {
    let life = prop_oneof![
        text().prop_map(|text| Act::Refine { text }),
        text().prop_map(|reason| Act::Reject { reason }),
        (option::of(bucket()), carry()).prop_map(|(to, carry)| Act::Promote { to, carry }),
        text().prop_map(|text| Act::Finding { text }),
        Just(Act::Doing),
        (any::<bool>(), text()).prop_map(|(anyway, text)| Act::Done { anyway, text }),
        text().prop_map(|reason| Act::Reopen { reason }),
        vec(reference(), 0..3).prop_map(|items| Act::Need { items }),
        vec(reference(), 0..3).prop_map(|items| Act::Unneed { items }),
        text().prop_map(|text| Act::Criterion { text }),
        (verdict(), text()).prop_map(|(verdict, text)| Act::Review { verdict, text }),
        Just(Act::Merge),
        text().prop_map(|reason| Act::Close { reason }),
    ];
    let fact = prop_oneof![
        vec(person(), 0..3).prop_map(|people| Act::Assign { people }),
        vec(person(), 0..3).prop_map(|people| Act::Unassign { people }),
        text().prop_map(|text| Act::Note { text }),
        text().prop_map(|title| Act::Title { title }),
        vec(a_tag(), 0..3).prop_map(|tags| Act::Tag { tags }),
        vec(a_tag(), 0..3).prop_map(|tags| Act::Untag { tags }),
        priority().prop_map(|priority| Act::Prio { priority }),
        due().prop_map(|due| Act::Due { due }),
        project().prop_map(|project| Act::Project { project }),
        (relation(), target()).prop_map(|(relation, to)| Act::Link { relation, to }),
        (vec(attachment(), 0..2), text()).prop_map(|(attachments, text)| Act::Attach { attachments, text }),
        (draft(), draft()).prop_map(|(draft, before)| Act::Correct { draft, before }),
        (0..9_u64, text()).prop_map(|(version, text)| Act::CorrectText { version, text }),
    ];
    prop_oneof![life, fact]
}

/// Whether the same act, at once again, can only say that it holds already.
fn is_idempotent(act: &Act, bucket: Bucket) -> bool {
    match act {
        // Said twice is said twice; a pr more of the same todo is one more.
        Act::Refine { .. }
        | Act::Finding { .. }
        | Act::Review { .. }
        | Act::Note { .. }
        | Act::Attach { .. }
        | Act::CorrectText { .. } => false,
        Act::Promote { .. } => bucket != Bucket::Todo,
        // Files are counted, not kept: the state cannot tell that one came with the edit before.
        Act::Correct { draft, .. } => draft.attachments.is_empty(),
        _ => true,
    }
}

proptest! {
    #[test]
    fn any_sequence_of_events_folds(reference in reference(), events in vec(event(), 0..40)) {
        let mut item = None;
        for (version, event) in (1..).zip(&events) {
            item = evolve(item, reference, version, event);
            if let Some(item) = &item {
                prop_assert_eq!((item.reference, item.version), (reference, version));
                prop_assert!(item.needs().is_empty() || reference.bucket == Bucket::Todo);
                let _ = promoted(item, event);
            }
        }
        prop_assert_eq!(item, replay(reference, &events));
    }

    #[test]
    fn whatever_is_decided_can_be_stored_folded_and_followed_up(
        reference in reference(),
        first in draft(),
        acts in vec(act(), 0..20),
    ) {
        let given = nothing_else();
        let first = Draft { title: "Fix login".into(), ..first };
        let Ok(events) = create(reference, &first, &given) else { return Ok(()) };
        let Some(mut item) = replay(reference, &events) else { panic!("{events:?} create nothing") };
        for act in &acts {
            let Ok(events) = decide(&item, act, &given) else { continue };
            prop_assert!(!events.is_empty(), "{:?} was accepted and nothing happened", act);
            for event in events {
                let stored = AnyEvent::Item(event.clone());
                prop_assert_eq!(stored::decode(&stored::encode(&stored)), Ok(stored));
                if let Some((to, draft)) = promoted(&item, &event) {
                    prop_assert!(create(ItemRef::new(to, 99), &draft, &given).is_ok());
                }
                let version = item.version + 1;
                item = evolve(Some(item), reference, version, &event).unwrap_or_else(|| panic!("the item is gone"));
            }
            if is_idempotent(act, reference.bucket) {
                prop_assert!(decide(&item, act, &given).is_err(), "{:?} is accepted twice", act);
            }
        }
    }
}
