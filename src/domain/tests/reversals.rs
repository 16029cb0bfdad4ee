//! Samples of every kind of reversal, for the golden lines.

use crate::domain::{
    Due, Event, Filter, Identity, PersonId, Priority, Role,
    filter::StateWord,
    item::{self, After, Also, LinkTarget, Relation, Reversed},
    person, pr, room,
    spec::{now, r, tag},
    undo::{ListChange, Part, Value},
};

/// Every kind of reversal, with all it can say and with nothing.
pub(super) fn reversals(whole_filter: Filter) -> Vec<Event> {
    let list = |gone: &[usize]| gone.to_vec();
    let after = After {
        withdrawn: Some(Value::Is(5)),
        status: Some(StateWord::Reviewed),
        title: Some("Fix \"login\" – schnell".into()),
        body: Some("It loops.\nAlways.".into()),
        tags: ListChange { gone: list(&[0]), back: vec![(1, tag("größe"))] },
        priority: Some(Priority::Low),
        due: Some(Value::Is(Due::Day(now().date_naive()))),
        people: ListChange { gone: vec![], back: vec![(0, PersonId(2))] },
        project: Some(Value::Nothing),
        links: ListChange { gone: vec![], back: vec![(0, (Relation::For, LinkTarget::Item(r("T7"))))] },
        attachments: Some(1),
        notes: Some(2),
        text: Some(Value::Is("because".into())),
        verdict: Some(pr::Verdict::Changes),
        count: Some(3),
        findings: ListChange { gone: list(&[1, 2]), back: vec![(0, 7)] },
        reason: Some("too early".into()),
        criteria: ListChange { gone: vec![], back: vec![(0, "reads".into())] },
        needs: ListChange { gone: list(&[0]), back: vec![(0, r("T1"))] },
    };
    let parts = vec![
        Part::State,
        Part::Title,
        Part::Body,
        Part::Tags,
        Part::Tag(tag("auth")),
        Part::Prio,
        Part::Due,
        Part::People,
        Part::Person(PersonId(2)),
        Part::Project,
        Part::Links,
        Part::Link(r("T1")),
        Part::Needs,
        Part::Need(r("T1")),
        Part::Criteria,
        Part::Notes,
        Part::Findings,
        Part::Refinements,
        Part::Files,
    ];
    let also = vec![
        Also { item: r("R1"), version: 1, parts: vec![] },
        Also { item: r("T2"), version: 3, parts: vec![Part::Need(r("T1"))] },
    ];
    let what = |name: &str| vec![name.to_owned()];
    let item = |it: Reversed| Event::Item(item::Event::Reversed(it));
    let followed = ListChange { gone: list(&[0]), back: vec![(0, whole_filter)] };
    let of_room = room::After {
        enabled: Some(true),
        title: Some("Team".into()),
        follows: followed,
        muted_until: Some(Value::Is(now())),
        language: Some(Value::Is("ko".into())),
        time_zone: Some(Value::Is(chrono_tz::Asia::Seoul)),
        default_bucket: Some(Value::Nothing),
        ..room::After::default()
    };
    let of_person = person::After {
        role: Some(Value::Is(Role::Member)),
        identities: ListChange { gone: list(&[1]), back: vec![(1, Identity("console/4711".into()))] },
        prefers: None,
    };
    let none = Reversed {
        version: 4,
        takes: vec![4],
        back: vec![],
        parts: vec![],
        what: vec![],
        after: Box::default(),
        also: vec![],
    };
    let (version, takes) = (2, vec![2, 3]);
    let room = |what, after| room::Reversed { version, takes: takes.clone(), what, after };
    let person = |what, after| person::Reversed { version, takes: takes.clone(), what, after };
    let withdrawn = Filter { states: vec![StateWord::Withdrawn], ..Filter::default() };
    let takes_back = Reversed {
        version,
        takes: takes.clone(),
        back: vec![],
        parts,
        what: what("due_set"),
        after: Box::new(after),
        also,
    };
    vec![
        item(takes_back.clone()),
        item(Reversed { back: vec![1], ..takes_back }),
        item(none),
        Event::Person(person::Event::Reversed(person(what("role_granted"), Box::new(of_person)))),
        Event::Person(person::Event::Reversed(person(vec![], Box::default()))),
        Event::Room(room::Event::Reversed(room(what("room_muted"), Box::new(of_room)))),
        Event::Room(room::Event::Reversed(room(vec![], Box::default()))),
        Event::Room(room::Event::Followed { filter: withdrawn }),
    ]
}
