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
