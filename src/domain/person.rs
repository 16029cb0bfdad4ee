//! A person: paired once, known on one or more platforms, with a role.

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
    /// They may do more, or less.
    RoleGranted {
        /// What they may do now.
        role: Role,
    },
    /// They may do nothing any more.
    RoleRevoked,
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
    /// Another role.
    Grant {
        /// Which.
        role: Role,
    },
    /// No role.
    Revoke,
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
}

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
}

impl Error {
    /// Whole commands that would help, most likely first.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Revoked { handle } => vec![format!("/grant {handle} {}", Role::Member)],
            Self::Paired { .. } | Self::NotPaired { .. } | Self::LastOwner { .. } => vec!["/people".to_owned()],
            Self::NothingChanges { .. } | Self::NotAllowed { .. } | Self::TooManyIdentities { .. } => Vec::new(),
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
    let known = || person.ok_or(Error::NotPaired { id });
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
        Command::Grant { role } => grant(known()?, *role, given),
        Command::Revoke => revoke(known()?, given),
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
            }),
            Event::IdentityLinked { .. } | Event::RoleGranted { .. } | Event::RoleRevoked => None,
        };
    };
    person.version = version;
    match event {
        Event::Paired { .. } => {}
        Event::IdentityLinked { identity } => {
            if !person.identities.contains(identity) {
                person.identities.push(identity.clone());
            }
        }
        Event::RoleGranted { role } => person.role = Some(*role),
        Event::RoleRevoked => person.role = None,
    }
    Some(person)
}
