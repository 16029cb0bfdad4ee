//! A person: paired once, known on one or more platforms, with a role.

mod join;
mod reverse;

pub use self::{
    join::forget_too,
    reverse::{After, Reversed, reverse},
};
use super::{Handle, Identity, PersonId, Role};

/// What happens to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// They were let in.
    Paired {
        /// The name their platform shows.
        name: String,
        /// How they are written: unique among people.
        handle: Handle,
        /// Who they are on the platform they came from.
        identity: Identity,
        /// What they may do.
        role: Role,
    },
    /// They are known on another platform too.
    IdentityLinked {
        /// Who they are there.
        identity: Identity,
    },
    /// They are not known there any more.
    IdentityUnlinked {
        /// Who they were there.
        identity: Identity,
    },
    /// They turned out to be somebody who is known already: who they are on their platforms, what is theirs and what they did
    /// is that person's from now on.
    Merged {
        /// Who they are.
        into: PersonId,
    },
    /// They may do more, or less.
    RoleGranted {
        /// What they may do now.
        role: Role,
    },
    /// They may do nothing any more.
    RoleRevoked,
    /// Nobody knows them any more: no name, no account, no role, and never again.
    Forgotten,
    /// Something that happened to them was taken back.
    Reversed(Reversed),
}

/// What can be done about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Let somebody in.
    Pair {
        /// The name their platform shows.
        name: String,
        /// How they are to be written; made unique by whoever builds the command.
        handle: Handle,
        /// Who they are on the platform.
        identity: Identity,
        /// What they may do.
        role: Role,
    },
    /// Known on another platform too.
    LinkIdentity {
        /// Who they are there.
        identity: Identity,
    },
    /// The same, confirmed by themselves from both sides.
    Join {
        /// Who they are there.
        identity: Identity,
    },
    /// They are somebody else who is known already, confirmed from both sides.
    Merge {
        /// Who they are; looked up by whoever builds the command.
        into: Box<Person>,
    },
    /// Not known there any more.
    Unlink {
        /// Who they were there.
        identity: Identity,
    },
    /// Another role.
    Grant {
        /// Which.
        role: Role,
    },
    /// No role.
    Revoke,
    /// Nobody knows them any more.
    Forget,
}

/// What `decide` may know besides the state.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who acts and what they may do; `None` for the process itself (claim code, console).
    pub actor: Option<(PersonId, Role)>,
    /// How many owners there are now.
    pub owners: usize,
}

/// The state of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub id: PersonId,
    /// The version of the newest event.
    pub version: u64,
    /// The name their platform showed when they were paired.
    pub name: String,
    /// How they are written.
    pub handle: Handle,
    /// Who they are on their platforms.
    pub identities: Vec<Identity>,
    /// What they may do; `None`: nothing.
    pub role: Option<Role>,
    /// They were forgotten: the rest says nothing about them any more.
    pub forgotten: bool,
    /// Who they turned out to be; there is nothing more to be done about them then.
    pub merged: Option<PersonId>,
}

/// What stands for the name of somebody who was forgotten.
pub const FORGOTTEN: &str = "forgotten";

/// The longest name of a person, in characters. A longer one, which its platform chose, is cut.
pub const NAME_CHARS_MAX: usize = 200;
/// The most platforms one person can be known on.
pub const IDENTITIES_MAX: usize = 20;

/// Why something cannot be done about a person. People are named by their handle, for the process knows no other way to
/// write them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They were let in before.
    #[error("{handle} is paired already")]
    Paired {
        /// Who.
        handle: Handle,
    },
    /// Nobody has that number.
    #[error("there is no {id}")]
    NotPaired {
        /// Which.
        id: PersonId,
    },
    /// It is like that already.
    #[error("{handle} {what}")]
    NothingChanges {
        /// Who.
        handle: Handle,
        /// What holds already.
        what: Unchanged,
    },
    /// They may do nothing any more, so they cannot be known elsewhere either.
    #[error("{handle} may do nothing any more: grant a role first")]
    Revoked {
        /// Who.
        handle: Handle,
    },
    /// Somebody must be able to let people in.
    #[error("{handle} is the only owner: make somebody else owner first")]
    LastOwner {
        /// Who.
        handle: Handle,
    },
    /// Who acts may not do that.
    #[error("only {} can {what}; you are {}", one(*needed), one(*actor))]
    NotAllowed {
        /// What was wanted, as it stands behind "can".
        what: Deed,
        /// The role of who acts.
        actor: Role,
        /// The lowest role that may.
        needed: Role,
    },
    /// There is nobody any more whom that could be done about.
    #[error("who {handle} was is forgotten, for ever")]
    Forgotten {
        /// What is written in their place.
        handle: Handle,
    },
    /// They turned out to be somebody else.
    #[error("{handle} is somebody else by now")]
    Merged {
        /// Who.
        handle: Handle,
    },
    /// Whoever may do more keeps it, so the one who may do less is to be taken over.
    #[error("{handle} is {}, and {other} is {}", one(*role), one(*less))]
    Outranks {
        /// Who may do more.
        handle: Handle,
        /// What.
        role: Role,
        /// Who would remain.
        other: Handle,
        /// What they may do.
        less: Role,
    },
    /// Nobody is known by that account.
    #[error("{handle} is not known as {}", .identity.0)]
    NotKnownThere {
        /// Who.
        handle: Handle,
        /// As whom.
        identity: Identity,
    },
    /// They would not be known anywhere.
    #[error("{handle} is known by nothing else: nobody could be {handle} any more")]
    LastIdentity {
        /// Who.
        handle: Handle,
    },
    /// Known on too many platforms.
    #[error("{handle} is known by {IDENTITIES_MAX} accounts already, and more do not fit")]
    TooManyIdentities {
        /// Who.
        handle: Handle,
    },
}

/// What holds already of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unchanged {
    /// They have that role.
    #[error("is {} already", one(*.0))]
    Role(Role),
    /// They have none.
    #[error("may do nothing already")]
    NoRole,
    /// They are known there.
    #[error("is known as {} already", .0.0)]
    Identity(Identity),
}

/// A role with its article.
fn one(role: Role) -> &'static str {
    match role {
        Role::Guest => "a guest",
        Role::Member => "a member",
        Role::Maintainer => "a maintainer",
        Role::Owner => "an owner",
    }
}

/// What needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Deed {
    /// Letting somebody in, or back in.
    #[error("let somebody in as {}", one(*.0))]
    Admit(Role),
    /// Changing what somebody may do from one role to another.
    #[error("make {} {}", one(*.0), one(*.1))]
    Change(Role, Role),
    /// Taking a role away.
    #[error("take the role of {0} away")]
    Take(Role),
    /// Knowing somebody with that role on another platform.
    #[error("link an account to {}", one(*.0))]
    Link(Role),
    /// Forgetting somebody.
    #[error("forget somebody")]
    Forget,
}

impl Error {
    /// Whole commands that would help, most likely first.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Revoked { handle } => vec![format!("/grant {handle} {}", Role::Member)],
            Self::Paired { .. } | Self::NotPaired { .. } | Self::LastOwner { .. } => vec!["/people".to_owned()],
            Self::NothingChanges { .. }
            | Self::NotAllowed { .. }
            | Self::Forgotten { .. }
            | Self::Outranks { .. }
            | Self::TooManyIdentities { .. } => Vec::new(),
            Self::Merged { .. } | Self::NotKnownThere { .. } | Self::LastIdentity { .. } => vec!["/people".to_owned()],
        }
    }
}

/// What follows from a command about the person `id`, or why nothing does.
///
/// That a handle or an identity belongs to one person only is for the caller to see to: it takes all people to know.
///
/// # Errors
/// [`Error`], when who acts may not do that, nobody would be owner any more, or nothing would change.
pub fn decide(person: Option<&Person>, id: PersonId, command: &Command, given: &Given) -> Result<Vec<Event>, Error> {
    let known = || match person {
        None => Err(Error::NotPaired { id }),
        Some(person) if person.forgotten => Err(Error::Forgotten { handle: person.handle.clone() }),
        Some(person) if person.merged.is_some() => Err(Error::Merged { handle: person.handle.clone() }),
        Some(person) => Ok(person),
    };
    match command {
        Command::Pair { name, handle, identity, role } => {
            if let Some(person) = person {
                return Err(Error::Paired { handle: person.handle.clone() });
            }
            allow(given, Deed::Admit(*role), *role)?;
            let name = name.chars().take(NAME_CHARS_MAX).collect();
            Ok(vec![Event::Paired { name, handle: handle.clone(), identity: identity.clone(), role: *role }])
        }
        Command::LinkIdentity { identity } => link(known()?, identity, given),
        Command::Join { identity } => join::join(known()?, identity, given),
        Command::Merge { into } => join::merge(known()?, into, given),
        Command::Unlink { identity } => join::unlink(known()?, identity),
        Command::Grant { role } => grant(known()?, *role, given),
        Command::Revoke => revoke(known()?, given),
        Command::Forget => {
            let person = known()?;
            allow(given, Deed::Forget, Role::Owner)?;
            keep_an_owner(person, given)?;
            Ok(vec![Event::Forgotten])
        }
    }
}

fn link(person: &Person, identity: &Identity, given: &Given) -> Result<Vec<Event>, Error> {
    let handle = person.handle.clone();
    let Some(role) = person.role else {
        return Err(Error::Revoked { handle });
    };
    if person.identities.contains(identity) {
        return Err(Error::NothingChanges { handle, what: Unchanged::Identity(identity.clone()) });
    }
    // Whoever holds the new account will be able to do all that this person may: it is a grant of their role. Somebody
    // who may let people in gains nothing by an account more of their own.
    let own = given.actor.is_some_and(|(actor, role)| actor == person.id && role >= Role::Maintainer);
    if !own {
        allow(given, Deed::Link(role), role)?;
    }
    if person.identities.len() >= IDENTITIES_MAX {
        return Err(Error::TooManyIdentities { handle });
    }
    Ok(vec![Event::IdentityLinked { identity: identity.clone() }])
}

fn grant(person: &Person, role: Role, given: &Given) -> Result<Vec<Event>, Error> {
    let handle = person.handle.clone();
    match person.role {
        Some(held) if held == role => {
            return Err(Error::NothingChanges { handle, what: Unchanged::Role(role) });
        }
        Some(held) => allow(given, Deed::Change(held, role), held.max(role))?,
        None => allow(given, Deed::Admit(role), role)?,
    }
    keep_an_owner(person, given)?;
    Ok(vec![Event::RoleGranted { role }])
}

fn revoke(person: &Person, given: &Given) -> Result<Vec<Event>, Error> {
    let Some(held) = person.role else {
        return Err(Error::NothingChanges { handle: person.handle.clone(), what: Unchanged::NoRole });
    };
    allow(given, Deed::Take(held), held)?;
    keep_an_owner(person, given)?;
    Ok(vec![Event::RoleRevoked])
}

/// Refuses to take the role of the last owner.
fn keep_an_owner(person: &Person, given: &Given) -> Result<(), Error> {
    if person.role == Some(Role::Owner) && given.owners <= 1 {
        return Err(Error::LastOwner { handle: person.handle.clone() });
    }
    Ok(())
}

/// Whether who acts may give, take or pass on `role`: an owner every role, a maintainer those below their own, the process
/// itself all.
fn allow(given: &Given, what: Deed, role: Role) -> Result<(), Error> {
    let needed = if role >= Role::Maintainer { Role::Owner } else { Role::Maintainer };
    match given.actor {
        Some((_, actor)) if actor < needed => Err(Error::NotAllowed { what, actor, needed }),
        Some(_) | None => Ok(()),
    }
}

/// The state after one more event, which has this version. `None` as long as nobody was paired. Total: what makes no sense
/// where it stands changes nothing but the version.
pub fn evolve(person: Option<Person>, id: PersonId, version: u64, event: &Event) -> Option<Person> {
    let Some(mut person) = person else {
        return match event {
            Event::Paired { name, handle, identity, role } => Some(Person {
                id,
                version,
                name: name.clone(),
                handle: handle.clone(),
                identities: vec![identity.clone()],
                role: Some(*role),
                forgotten: false,
                merged: None,
            }),
            Event::IdentityLinked { .. } | Event::IdentityUnlinked { .. } | Event::Merged { .. } => None,
            Event::RoleGranted { .. } | Event::RoleRevoked | Event::Forgotten | Event::Reversed(_) => None,
        };
    };
    person.version = version;
    if person.forgotten {
        return Some(person);
    }
    match event {
        Event::Paired { .. } => {}
        Event::IdentityLinked { identity } => {
            if !person.identities.contains(identity) {
                person.identities.push(identity.clone());
            }
        }
        Event::IdentityUnlinked { identity } => person.identities.retain(|known| known != identity),
        Event::Merged { into } if *into != id => {
            person.merged = Some(*into);
            person.role = None;
            person.identities.clear();
        }
        Event::Merged { .. } => {}
        Event::RoleGranted { role } => person.role = Some(*role),
        Event::RoleRevoked => person.role = None,
        Event::Forgotten => {
            FORGOTTEN.clone_into(&mut person.name);
            // Unique among people, and a handle by its letters.
            if let Ok(handle) = Handle::new(&format!("{FORGOTTEN}-{}", id.0)) {
                person.handle = handle;
            }
            person.identities.clear();
            person.role = None;
            person.forgotten = true;
        }
        Event::Reversed(reversed) => reversed.after.apply(&mut person),
    }
    Some(person)
}

#[cfg(test)]
mod tests {
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
}
