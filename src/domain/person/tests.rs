//! A person, as somebody tells what happens to them.

use super::*;

const KIM: PersonId = PersonId(1);
const DANA: PersonId = PersonId(2);

fn handle() -> Handle {
    Handle::new("dana").unwrap_or_else(|fault| panic!("{fault}"))
}

fn identity(on: &str) -> Identity {
    Identity(format!("{on}/4711"))
}

fn pair(role: Role) -> Command {
    Command::Pair { name: "Dana".into(), handle: handle(), identity: identity("a"), role }
}

fn paired(role: Role) -> Event {
    Event::Paired { name: "Dana".into(), handle: handle(), identity: identity("a"), role }
}

/// Kim acts, with this role; there are two owners.
fn by(role: Role) -> Given {
    Given { actor: Some((KIM, role)), owners: 2 }
}

fn by_nobody() -> Given {
    Given { actor: None, owners: 0 }
}

/// Dana, after these events.
fn dana(events: &[Event]) -> Option<Person> {
    (1..).zip(events).fold(None, |person, (version, event)| evolve(person, DANA, version, event))
}

fn a(role: Role) -> Option<Person> {
    dana(&[paired(role)])
}

#[track_caller]
fn refused(person: Option<Person>, command: Command, given: &Given, said: &str) {
    let Err(error) = decide(person.as_ref(), DANA, &command, given) else { panic!("not refused") };
    assert_eq!(error.to_string(), said);
}

#[track_caller]
fn accepted(person: Option<Person>, command: Command, given: &Given, event: Event) {
    assert_eq!(decide(person.as_ref(), DANA, &command, given), Ok(vec![event]));
}

#[test]
fn the_process_itself_lets_the_first_owner_in() {
    accepted(None, pair(Role::Owner), &by_nobody(), paired(Role::Owner));
    let dana = a(Role::Owner);
    assert_eq!(dana.as_ref().map(|it| (it.id, it.version, it.role)), Some((DANA, 1, Some(Role::Owner))));
    refused(dana, pair(Role::Owner), &by_nobody(), "@dana is paired already");
}

#[test]
fn a_maintainer_lets_in_whom_they_outrank_and_an_owner_anybody() {
    for role in [Role::Guest, Role::Member] {
        accepted(None, pair(role), &by(Role::Maintainer), paired(role));
    }
    for &role in Role::ALL {
        accepted(None, pair(role), &by(Role::Owner), paired(role));
    }
    let said = "only an owner can let somebody in as a maintainer; you are a maintainer";
    refused(None, pair(Role::Maintainer), &by(Role::Maintainer), said);
    let said = "only a maintainer can let somebody in as a guest; you are a member";
    refused(None, pair(Role::Guest), &by(Role::Member), said);
}

#[test]
fn roles_change_within_what_who_acts_may() {
    let grant = |role| Command::Grant { role };
    let granted = |role| Event::RoleGranted { role };
    accepted(a(Role::Guest), grant(Role::Member), &by(Role::Maintainer), granted(Role::Member));
    accepted(a(Role::Member), grant(Role::Owner), &by(Role::Owner), granted(Role::Owner));
    let said = "only an owner can make a member a maintainer; you are a maintainer";
    refused(a(Role::Member), grant(Role::Maintainer), &by(Role::Maintainer), said);
    // To take a role is as much as to give it.
    let said = "only an owner can make a maintainer a guest; you are a maintainer";
    refused(a(Role::Maintainer), grant(Role::Guest), &by(Role::Maintainer), said);
    refused(a(Role::Member), grant(Role::Member), &by(Role::Owner), "@dana is a member already");
    refused(None, grant(Role::Member), &by(Role::Owner), "there is no person/2");
}

#[test]
fn revoking_and_letting_in_again() {
    accepted(a(Role::Member), Command::Revoke, &by(Role::Maintainer), Event::RoleRevoked);
    let said = "only an owner can take the role of maintainer away; you are a maintainer";
    refused(a(Role::Maintainer), Command::Revoke, &by(Role::Maintainer), said);

    let gone = || dana(&[paired(Role::Member), Event::RoleRevoked]);
    assert_eq!(gone().and_then(|it| it.role), None);
    refused(gone(), Command::Revoke, &by(Role::Owner), "@dana may do nothing already");
    let link = Command::LinkIdentity { identity: identity("b") };
    refused(gone(), link, &by(Role::Owner), "@dana may do nothing any more: grant a role first");

    let grant = Command::Grant { role: Role::Member };
    accepted(gone(), grant, &by(Role::Maintainer), Event::RoleGranted { role: Role::Member });
    let back = dana(&[paired(Role::Member), Event::RoleRevoked, Event::RoleGranted { role: Role::Guest }]);
    assert_eq!(back.and_then(|it| it.role), Some(Role::Guest));
}

#[test]
fn there_is_always_an_owner() {
    let said = "@dana is the only owner: make somebody else owner first";
    for actor in [None, Some((DANA, Role::Owner))] {
        let given = Given { actor, owners: 1 };
        refused(a(Role::Owner), Command::Revoke, &given, said);
        refused(a(Role::Owner), Command::Grant { role: Role::Member }, &given, said);
        let two = Given { owners: 2, ..given };
        accepted(a(Role::Owner), Command::Revoke, &two, Event::RoleRevoked);
    }
}

#[test]
fn an_owner_forgets_somebody_for_ever() {
    accepted(a(Role::Member), Command::Forget, &by(Role::Owner), Event::Forgotten);
    let said = "only an owner can forget somebody; you are a maintainer";
    refused(a(Role::Guest), Command::Forget, &by(Role::Maintainer), said);
    let last = Given { owners: 1, ..by(Role::Owner) };
    refused(a(Role::Owner), Command::Forget, &last, "@dana is the only owner: make somebody else owner first");
    accepted(a(Role::Owner), Command::Forget, &by(Role::Owner), Event::Forgotten);

    let gone = || dana(&[paired(Role::Owner), Event::Forgotten]);
    let Some(person) = gone() else { panic!("nobody") };
    assert_eq!((person.name.as_str(), person.handle.to_string()), ("forgotten", "@forgotten-2".into()));
    assert_eq!((person.identities, person.role, person.forgotten), (vec![], None, true));
    let said = "who @forgotten-2 was is forgotten, for ever";
    let link = Command::LinkIdentity { identity: identity("b") };
    for command in [Command::Forget, Command::Grant { role: Role::Member }, Command::Revoke, link] {
        refused(gone(), command, &by(Role::Owner), said);
    }
    // Nothing brings them back, not even a log made by hand.
    let after = dana(&[paired(Role::Owner), Event::Forgotten, Event::RoleGranted { role: Role::Owner }]);
    assert_eq!(after.map(|it| (it.version, it.role)), Some((3, None)));
}

#[test]
fn an_account_more_is_a_grant_of_the_role() {
    let link = |on| Command::LinkIdentity { identity: identity(on) };
    let linked = |on| Event::IdentityLinked { identity: identity(on) };
    accepted(a(Role::Member), link("b"), &by(Role::Maintainer), linked("b"));
    let said = "only an owner can link an account to an owner; you are a maintainer";
    refused(a(Role::Owner), link("b"), &by(Role::Maintainer), said);
    let themselves = Given { actor: Some((DANA, Role::Maintainer)), owners: 1 };
    accepted(a(Role::Maintainer), link("b"), &themselves, linked("b"));
    let themselves = Given { actor: Some((DANA, Role::Member)), owners: 1 };
    let said = "only a maintainer can link an account to a member; you are a member";
    refused(a(Role::Member), link("b"), &themselves, said);

    refused(a(Role::Member), link("a"), &by(Role::Owner), "@dana is known as a/4711 already");
    let mut events = vec![paired(Role::Member)];
    events.extend((1..IDENTITIES_MAX).map(|n| Event::IdentityLinked { identity: identity(&n.to_string()) }));
    let said = "@dana is known by 20 accounts already, and more do not fit";
    refused(dana(&events), link("b"), &by(Role::Owner), said);
}

#[test]
fn a_name_the_platform_made_too_long_is_cut() {
    let command =
        Command::Pair { name: "é".repeat(500), handle: handle(), identity: identity("a"), role: Role::Guest };
    let Ok(events) = decide(None, DANA, &command, &by(Role::Owner)) else { panic!("refused") };
    let [Event::Paired { name, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(name.chars().count(), NAME_CHARS_MAX);
}

#[test]
fn what_makes_no_sense_changes_the_version_only() {
    assert_eq!(dana(&[Event::RoleRevoked, Event::RoleGranted { role: Role::Owner }]), None);
    let twice = dana(&[paired(Role::Member), paired(Role::Owner)]);
    assert_eq!(twice.map(|it| (it.version, it.role)), Some((2, Some(Role::Member))));
}
