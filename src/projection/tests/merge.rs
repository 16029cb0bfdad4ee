//! Two people who turned out to be one, in everything that names a person.

use super::super::{spec::*, *};
use crate::domain::{Role, item::Fact, room, todo};

fn paired(name: &str) -> Event {
    Event::Person(person::Event::Paired {
        name: name.into(),
        handle: Handle::new(name).unwrap(),
        identity: Identity(format!("console/{name}")),
        role: Role::Member,
    })
}

fn merged(into: u32) -> Event {
    Event::Person(person::Event::Merged { into: PersonId(into) })
}

fn assigned(person: u32) -> Event {
    Event::Item(Fact::Assigned { person: PersonId(person) }.into())
}

fn unassigned(person: u32) -> Event {
    Event::Item(Fact::Unassigned { person: PersonId(person) }.into())
}

fn created(title: &str) -> Event {
    Event::Item(todo::Event::Created { title: title.into(), body: String::new(), from: None }.into())
}

/// Commits one after the other.
fn world(commits: &[(&str, Vec<Event>)]) -> (World, Vec<Arc<Commit>>) {
    let mut story = Story::new();
    for (stream, events) in commits {
        story.commit(stream, "", None, events.clone());
    }
    (story.world, story.commits)
}

fn people_of(world: &World, item: &str) -> Vec<u32> {
    world.item(item.parse().unwrap()).unwrap().item.people.iter().map(|person| person.0).collect()
}

#[test]
fn what_was_the_ones_is_the_others() {
    let follows = room::Event::Followed {
        filter: crate::domain::Filter { people: vec![PersonId(3), PersonId(4)], ..crate::domain::Filter::default() },
    };
    let (world, commits) = world(&[
        ("person/3", vec![paired("lee")]),
        ("person/4", vec![paired("lee-work")]),
        ("todo/1", vec![created("Both"), assigned(3), assigned(4)]),
        ("todo/2", vec![created("One"), assigned(4), assigned(1)]),
        ("room/fake/1", vec![Event::Room(follows)]),
        ("person/4", vec![merged(3)]),
        // Decided before, recorded after.
        ("todo/3", vec![created("Late"), assigned(4)]),
        ("todo/2", vec![unassigned(3)]),
    ]);
    assert_eq!(people_of(&world, "T1"), [3]);
    assert_eq!(people_of(&world, "T2"), [1]);
    assert_eq!(people_of(&world, "T3"), [3]);
    assert_eq!(world.room("fake/1").follows[0].people, [PersonId(3)]);
    for (handle, id) in [("lee", 3), ("lee-work", 3)] {
        assert_eq!(world.by_handle(&Handle::new(handle).unwrap()).unwrap().id, PersonId(id));
        let identity = Identity(format!("console/{handle}"));
        assert_eq!(world.by_identity(&identity).unwrap().id, PersonId(id));
    }
    assert_eq!(world.person(PersonId(4)).unwrap().identities.len(), 2);
    assert!(world.people().all(|person| person.id != PersonId(4)));
    assert_eq!(world.newest_person(), 4, "a number is never given twice");
    assert_eq!(world.free_handle("lee-work").as_str(), "lee-work-2");
    assert_eq!(world.person_of("person/4"), Some(PersonId(3)));
    // An item that is read from the log again says the same.
    let of = |item: &str| -> Vec<_> { commits.iter().filter(|it| it.stream.as_str() == item).cloned().collect() };
    for (stream, item) in [("todo/1", "T1"), ("todo/2", "T2"), ("todo/3", "T3")] {
        let mut again = World { items: Items::new(10), ..world.clone() };
        assert!(again.restore(&of(stream)));
        assert_eq!(people_of(&again, item), people_of(&world, item), "{item}");
    }
}

#[test]
fn one_after_the_other() {
    let (world, _) = world(&[
        ("person/3", vec![paired("a")]),
        ("person/4", vec![paired("b")]),
        ("todo/1", vec![created("x"), assigned(4)]),
        ("person/4", vec![merged(3)]),
        ("person/3", vec![merged(1)]),
    ]);
    assert_eq!(people_of(&world, "T1"), [1]);
    assert_eq!(world.by_handle(&Handle::new("b").unwrap()).unwrap().id, PersonId(1));
    assert_eq!(world.person(PersonId(4)).unwrap().identities.len(), 3);
    let list = world.people_list(&viewer(Some(1))).to_plain();
    assert!(list.contains("also @a, @b"), "{list}");
}

#[test]
fn a_log_made_by_hand_makes_nobody_nobody() {
    for merges in [
        vec![("person/3", merged(3))],
        vec![("person/3", merged(99))],
        vec![("person/3", merged(4)), ("person/4", merged(3))],
        vec![("person/3", merged(4)), ("person/4", merged(1)), ("person/1", merged(3))],
        vec![("person/99", merged(1))],
    ] {
        let mut commits = vec![("person/3", vec![paired("a")]), ("person/4", vec![paired("b")])];
        commits.extend(merges.iter().cloned().map(|(stream, event)| (stream, vec![event])));
        let (world, _) = world(&commits);
        for name in ["a", "b", "kim"] {
            let person = world.by_handle(&Handle::new(name).unwrap()).unwrap();
            assert!(person.merged.is_none() && person.role.is_some(), "{merges:?}");
        }
        for id in 1..=4 {
            assert!(world.person(PersonId(id)).unwrap().merged.is_none(), "{merges:?}");
        }
        assert!(world.by_identity(&Identity("console/a".into())).unwrap().role.is_some());
    }
}

#[test]
fn an_account_that_was_taken_away_is_nobodys() {
    let linked = |of: &str| Event::Person(person::Event::IdentityLinked { identity: Identity(of.into()) });
    let unlinked = |of: &str| Event::Person(person::Event::IdentityUnlinked { identity: Identity(of.into()) });
    let (world, _) = world(&[
        ("person/3", vec![paired("a")]),
        ("person/4", vec![paired("b")]),
        ("person/3", vec![linked("chat/1")]),
        ("person/4", vec![merged(3)]),
        // Once one's own, and once the other's.
        ("person/3", vec![unlinked("chat/1"), unlinked("console/b")]),
        // Not theirs at all.
        ("person/3", vec![unlinked("telegram/1")]),
    ]);
    assert!(world.by_identity(&Identity("chat/1".into())).is_none());
    assert!(world.by_identity(&Identity("console/b".into())).is_none());
    assert_eq!(world.by_identity(&Identity("console/a".into())).unwrap().id, PersonId(3));
    assert_eq!(world.person(PersonId(3)).unwrap().identities, [Identity("console/a".into())]);
}
