//! One person on several platforms: known on one more, two who turn out to be one, known on one less.

use super::{Error, Event, Given, IDENTITIES_MAX, Person, Unchanged};
use crate::domain::Identity;

/// Known by an account more, which they confirmed from both sides. Whoever has it can do all that they may, which is theirs
/// to share as much as the account they have already.
pub(super) fn join(person: &Person, identity: &Identity, given: &Given) -> Result<Vec<Event>, Error> {
    let handle = person.handle.clone();
    if person.role.is_none() {
        return Err(Error::Revoked { handle });
    }
    if person.identities.contains(identity) {
        return Err(Error::NothingChanges { handle, what: Unchanged::Identity(identity.clone()) });
    }
    // Nobody else's word makes an account somebody's: that is for who may let people in, and is another command.
    if given.actor.is_none_or(|(actor, _)| actor != person.id) {
        return super::link(person, identity, given);
    }
    if person.identities.len() >= IDENTITIES_MAX {
        return Err(Error::TooManyIdentities { handle });
    }
    Ok(vec![Event::IdentityLinked { identity: identity.clone() }])
}

/// Two who are one. The one who remains keeps their role; whoever may do more must be that one, so that nobody loses a role
/// by a code they typed. Who may do nothing any more does not come back this way.
pub(super) fn merge(person: &Person, into: &Person, given: &Given) -> Result<Vec<Event>, Error> {
    let (handle, other) = (person.handle.clone(), into.handle.clone());
    if person.id == into.id || into.merged.is_some() {
        return Err(Error::Merged { handle });
    }
    let (Some(role), Some(less)) = (person.role, into.role) else {
        return Err(Error::Revoked { handle: if person.role.is_none() { handle } else { other } });
    };
    if role > less {
        return Err(Error::Outranks { handle, role, other, less });
    }
    if person.identities.len() + into.identities.len() > IDENTITIES_MAX {
        return Err(Error::TooManyIdentities { handle: other });
    }
    // It is a grant of the role to who has the accounts, made by its owner.
    if given.actor.is_none_or(|(actor, _)| actor != into.id) {
        super::allow(given, super::Deed::Link(less), less)?;
    }
    Ok(vec![Event::Merged { into: into.id }])
}

/// Known by an account less, but by one at least.
pub(super) fn unlink(person: &Person, identity: &Identity) -> Result<Vec<Event>, Error> {
    let handle = person.handle.clone();
    if !person.identities.contains(identity) {
        return Err(Error::NotKnownThere { handle, identity: identity.clone() });
    }
    if person.identities.len() == 1 {
        return Err(Error::LastIdentity { handle });
    }
    Ok(vec![Event::IdentityUnlinked { identity: identity.clone() }])
}

/// Two who are one are forgotten as one: what happens to who they were once, when who they are by now was forgotten.
pub fn forget_too(person: &Person, into: &Person) -> Option<Event> {
    (person.merged.is_some() && !person.forgotten && into.forgotten).then_some(Event::Forgotten)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Command, decide, evolve},
        *,
    };
    use crate::domain::{Handle, PersonId, Role};

    fn identity(on: &str) -> Identity {
        Identity(format!("{on}/4711"))
    }

    /// Number, name, role; known on one platform that is called like them.
    fn somebody(id: u32, name: &str, role: Option<Role>) -> Person {
        Person {
            id: PersonId(id),
            version: 1,
            name: name.into(),
            handle: Handle::new(name).unwrap(),
            identities: vec![identity(name)],
            role,
            forgotten: false,
            merged: None,
            prefers: None,
        }
    }

    fn kim(role: Role) -> Person {
        somebody(1, "kim", Some(role))
    }

    fn dana(role: Role) -> Person {
        somebody(2, "dana", Some(role))
    }

    fn by(person: &Person) -> Given {
        Given { actor: person.role.map(|role| (person.id, role)), owners: 1 }
    }

    fn told(person: &Person, command: &Command, given: &Given) -> Result<Vec<Event>, String> {
        decide(Some(person), person.id, command, given).map_err(|error| error.to_string())
    }

    #[test]
    fn everybody_may_join_an_account_of_their_own_and_of_nobody_else() {
        let join = Command::Join { identity: identity("b") };
        for &role in Role::ALL {
            let kim = kim(role);
            assert_eq!(told(&kim, &join, &by(&kim)), Ok(vec![Event::IdentityLinked { identity: identity("b") }]));
        }
        let (kim, dana) = (kim(Role::Owner), dana(Role::Member));
        let said = "only an owner can link an account to an owner; you are a member";
        assert_eq!(told(&kim, &join, &by(&dana)), Err(said.into()));
        let again = Command::Join { identity: identity("kim") };
        assert_eq!(told(&kim, &again, &by(&kim)), Err("@kim is known as kim/4711 already".into()));
        let gone = somebody(3, "gus", None);
        let said = "@gus may do nothing any more: grant a role first";
        assert_eq!(told(&gone, &join, &by(&kim)), Err(said.into()));
    }

    #[test]
    fn two_become_one_with_the_role_of_the_one_who_remains() {
        for &stays in Role::ALL {
            for &goes in Role::ALL {
                let (kim, dana) = (kim(stays), dana(goes));
                let merge = Command::Merge { into: Box::new(kim.clone()) };
                let decided = told(&dana, &merge, &by(&kim));
                if goes > stays {
                    assert!(decided.is_err(), "{goes} into {stays}");
                    continue;
                }
                assert_eq!(decided, Ok(vec![Event::Merged { into: kim.id }]));
                let dana = evolve(Some(dana), PersonId(2), 2, &Event::Merged { into: kim.id }).unwrap();
                assert_eq!((dana.merged, dana.role, dana.identities.len()), (Some(kim.id), None, 0));
                // Nothing more can be done about them.
                for command in [Command::Grant { role: Role::Owner }, Command::Revoke, merge] {
                    assert_eq!(told(&dana, &command, &by(&kim)), Err("@dana is somebody else by now".into()));
                }
            }
        }
    }

    #[test]
    fn a_merge_takes_nothing_from_anybody_and_brings_nobody_back() {
        let (kim, owner) = (kim(Role::Member), dana(Role::Owner));
        let merge = Command::Merge { into: Box::new(kim.clone()) };
        assert_eq!(told(&owner, &merge, &by(&kim)), Err("@dana is an owner, and @kim is a member".into()));
        let gone = somebody(3, "gus", None);
        assert!(told(&gone, &merge, &by(&kim)).is_err());
        let member = dana(Role::Member);
        let into_gone = Command::Merge { into: Box::new(gone.clone()) };
        assert!(told(&member, &into_gone, &by(&member)).is_err());
        let itself = Command::Merge { into: Box::new(member.clone()) };
        assert!(told(&member, &itself, &by(&member)).is_err());
        // A third person's word is not enough, unless they may let people in.
        let guest = somebody(4, "gus", Some(Role::Guest));
        assert!(told(&member, &merge, &by(&guest)).is_err());
        let many = Person { identities: (0..IDENTITIES_MAX).map(|n| identity(&n.to_string())).collect(), ..member };
        assert!(told(&many, &merge, &by(&kim)).is_err());
    }

    #[test]
    fn who_somebody_was_is_forgotten_with_them_and_not_before() {
        let (kim, dana) = (kim(Role::Owner), dana(Role::Member));
        let gone = |person: &Person| evolve(Some(person.clone()), person.id, 9, &Event::Forgotten).unwrap();
        let merged = evolve(Some(dana.clone()), dana.id, 2, &Event::Merged { into: kim.id }).unwrap();
        assert_eq!(forget_too(&merged, &kim), None);
        assert_eq!(forget_too(&dana, &gone(&kim)), None, "somebody else");
        assert_eq!(forget_too(&merged, &gone(&kim)), Some(Event::Forgotten));
        assert_eq!(forget_too(&gone(&merged), &gone(&kim)), None, "once");
        let alone = told(&merged, &Command::Forget, &Given { actor: Some((kim.id, Role::Owner)), owners: 2 });
        assert_eq!(alone, Err("@dana is somebody else by now".into()));
    }

    #[test]
    fn an_account_is_taken_away_but_not_the_last() {
        let mut kim = kim(Role::Member);
        let unlink = |on| Command::Unlink { identity: identity(on) };
        let said = "@kim is known by nothing else: nobody could be @kim any more";
        assert_eq!(told(&kim, &unlink("kim"), &by(&kim)), Err(said.into()));
        assert_eq!(told(&kim, &unlink("b"), &by(&kim)), Err("@kim is not known as b/4711".into()));
        kim.identities.push(identity("b"));
        let event = Event::IdentityUnlinked { identity: identity("kim") };
        assert_eq!(told(&kim, &unlink("kim"), &by(&kim)), Ok(vec![event.clone()]));
        let kim = evolve(Some(kim), PersonId(1), 2, &event).unwrap();
        assert_eq!(kim.identities, [identity("b")]);
    }
}
