//! A person: paired once, known on one or more platforms, with a role.

mod join;
mod reverse;

use serde::{Deserialize, Serialize};

pub use self::{
    join::forget_too,
    reverse::{After, Reversed, reverse},
};
use super::{Handle, Identity, PersonId, Role};
use crate::lang::{Wording, worded, wording};

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
    /// They are told of what is theirs on this bot, where they are known on several.
    Preferred {
        /// Which; `None`: where they were heard last.
        bot: Option<String>,
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
    /// Told on this bot, where they are known on several.
    Prefer {
        /// Which; `None`: where they were heard last.
        bot: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The bot they are told on, if they chose one.
    pub prefers: Option<String>,
}

/// What stands for the name of somebody who was forgotten.
pub const FORGOTTEN: &str = "forgotten";

/// The longest name of a person, in characters. A longer one, which its platform chose, is cut.
pub const NAME_CHARS_MAX: usize = 200;
/// The most platforms one person can be known on.
pub const IDENTITIES_MAX: usize = 20;

/// Why something cannot be done about a person. People are named by their handle, for the process knows no other way to
/// write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// They were let in before.
    Paired {
        /// Who.
        handle: Handle,
    },
    /// Nobody has that number.
    NotPaired {
        /// Which.
        id: PersonId,
    },
    /// It is like that already.
    NothingChanges {
        /// Who.
        handle: Handle,
        /// What holds already.
        what: Unchanged,
    },
    /// They may do nothing any more, so they cannot be known elsewhere either.
    Revoked {
        /// Who.
        handle: Handle,
    },
    /// Somebody must be able to let people in.
    LastOwner {
        /// Who.
        handle: Handle,
    },
    /// Who acts may not do that.
    NotAllowed {
        /// What was wanted, as it stands behind "can".
        what: Deed,
        /// The role of who acts.
        actor: Role,
        /// The lowest role that may.
        needed: Role,
    },
    /// There is nobody any more whom that could be done about.
    Forgotten {
        /// What is written in their place.
        handle: Handle,
    },
    /// They turned out to be somebody else.
    Merged {
        /// Who.
        handle: Handle,
    },
    /// Whoever may do more keeps it, so the one who may do less is to be taken over.
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
    NotKnownThere {
        /// Who.
        handle: Handle,
        /// As whom.
        identity: Identity,
    },
    /// They would not be known anywhere.
    LastIdentity {
        /// Who.
        handle: Handle,
    },
    /// Known on too many platforms.
    TooManyIdentities {
        /// Who.
        handle: Handle,
    },
}

/// What holds already of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchanged {
    /// They have that role.
    Role(Role),
    /// They have none.
    NoRole,
    /// They are known there.
    Identity(Identity),
    /// They are told there.
    Told(String),
    /// They did not choose.
    ToldAnywhere,
}

/// What needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Letting somebody in, or back in.
    Admit(Role),
    /// Changing what somebody may do from one role to another.
    Change(Role, Role),
    /// Taking a role away.
    Take(Role),
    /// Knowing somebody with that role on another platform.
    Link(Role),
    /// Choosing where somebody else is told.
    Prefer,
    /// Forgetting somebody.
    Forget,
}

worded!(Error, Unchanged, Deed);

impl Deed {
    /// As it stands behind "can".
    pub fn wording(&self) -> Wording {
        match self {
            Self::Admit(role) => wording!("deed-admit", role = role.word()),
            Self::Change(from, to) => wording!("deed-change", from = from.word(), to = to.word()),
            Self::Take(role) => wording!("deed-take", role = role.word()),
            Self::Link(role) => wording!("deed-link", role = role.word()),
            Self::Prefer => wording!("deed-prefer"),
            Self::Forget => wording!("deed-forget"),
        }
    }
}

impl Unchanged {
    /// As it stands behind the name.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Role(role) => wording!("person-has-role", role = role.word()),
            Self::NoRole => wording!("person-has-no-role"),
            Self::Identity(identity) => wording!("person-has-account", account = &identity.0),
            Self::Told(bot) => wording!("person-told-there", bot),
            Self::ToldAnywhere => wording!("person-told-anywhere"),
        }
    }
}

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Paired { handle } => wording!("reason-person-paired", handle = handle.to_string()),
            Self::NotPaired { id } => wording!("reason-person-not-paired", id = id.to_string()),
            Self::NothingChanges { handle, what } => {
                wording!("reason-person-unchanged", handle = handle.to_string(), what = what.wording())
            }
            Self::Revoked { handle } => wording!("reason-person-revoked", handle = handle.to_string()),
            Self::LastOwner { handle } => wording!("reason-person-last-owner", handle = handle.to_string()),
            Self::NotAllowed { what, actor, needed } => wording!(
                "reason-person-not-allowed",
                what = what.wording(),
                needed = needed.word(),
                actor = actor.word()
            ),
            Self::Forgotten { handle } => wording!("reason-person-forgotten", handle = handle.to_string()),
            Self::Merged { handle } => wording!("reason-person-merged", handle = handle.to_string()),
            Self::Outranks { handle, role, other, less } => wording!(
                "reason-person-outranks",
                handle = handle.to_string(),
                role = role.word(),
                other = other.to_string(),
                less = less.word()
            ),
            Self::NotKnownThere { handle, identity } => {
                wording!("reason-person-not-known-there", handle = handle.to_string(), account = &identity.0)
            }
            Self::LastIdentity { handle } => wording!("reason-person-last-identity", handle = handle.to_string()),
            Self::TooManyIdentities { handle } => {
                wording!("reason-person-many-identities", handle = handle.to_string(), most = IDENTITIES_MAX)
            }
        }
    }

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
        Command::Prefer { bot } => prefer(known()?, bot.as_deref(), given),
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

fn prefer(person: &Person, bot: Option<&str>, given: &Given) -> Result<Vec<Event>, Error> {
    if given.actor.is_some_and(|(actor, _)| actor != person.id) {
        allow(given, Deed::Prefer, person.role.unwrap_or(Role::Guest))?;
    }
    if person.prefers.as_deref() == bot {
        let what = bot.map_or(Unchanged::ToldAnywhere, |bot| Unchanged::Told(bot.to_owned()));
        return Err(Error::NothingChanges { handle: person.handle.clone(), what });
    }
    Ok(vec![Event::Preferred { bot: bot.map(str::to_owned) }])
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
                prefers: None,
            }),
            Event::Preferred { .. } => None,
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
        Event::Preferred { bot } => person.prefers.clone_from(bot),
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
            person.prefers = None;
            person.forgotten = true;
        }
        Event::Reversed(reversed) => reversed.after.apply(&mut person),
    }
    Some(person)
}

#[cfg(test)]
mod tests;
