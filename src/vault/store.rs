//! Where the keys are kept: a directory of this machine, or a place that several nodes share.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use super::{
    VaultError,
    key::{self, PersonKey},
};
use crate::{domain::PersonId, log::owned};

/// The keys by person. Blocking.
pub(super) trait KeyStore: Send + Sync + fmt::Debug {
    /// A person's key; `None`: there is none.
    fn read(&self, person: PersonId) -> Result<Option<PersonKey>, VaultError>;

    /// Makes a key for somebody who has none; when it returns it outlives a power cut. Who makes one at the same time
    /// elsewhere gets the same.
    fn create(&self, person: PersonId) -> Result<PersonKey, VaultError>;

    /// Destroys a key, wherever it is kept; it may be gone already.
    fn destroy(&self, person: PersonId) -> Result<(), VaultError>;

    /// Whether a key may be there.
    fn may_be_there(&self, person: PersonId) -> bool;

    /// Where a person's key is, for messages.
    fn place(&self, person: PersonId) -> PathBuf;

    /// Whether others make and destroy keys there, too.
    fn is_shared(&self) -> bool;

    /// Whether a key that could not be destroyed is still to be.
    fn owes(&self, person: PersonId) -> bool;
}

/// One file a person, in a directory.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    dir: PathBuf,
}

impl Directory {
    /// Keys in `dir`, which may be missing: nothing is in it then.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Makes the directory, for its owner only.
    pub(super) fn make(dir: &Path) -> Result<(), VaultError> {
        let made = owned::create_dir(dir).and_then(|()| owned::sync_dir(dir)).and_then(|()| owned::sync_name(dir));
        made.map_err(|error| VaultError::file(dir, error))
    }
}

impl KeyStore for Directory {
    fn read(&self, person: PersonId) -> Result<Option<PersonKey>, VaultError> {
        let path = self.place(person);
        match PersonKey::read(&path, person) {
            Ok(key) => Ok(Some(key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(VaultError::file(&path, error)),
        }
    }

    fn create(&self, person: PersonId) -> Result<PersonKey, VaultError> {
        let path = self.place(person);
        PersonKey::create(&path, person).map_err(|error| VaultError::file(&path, error))
    }

    fn destroy(&self, person: PersonId) -> Result<(), VaultError> {
        let path = self.place(person);
        key::destroy(&path).map_err(|error| VaultError::file(&path, error))
    }

    fn may_be_there(&self, person: PersonId) -> bool {
        !matches!(self.place(person).try_exists(), Ok(false))
    }

    fn place(&self, person: PersonId) -> PathBuf {
        self.dir.join(format!("person-{}.key", person.0))
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn owes(&self, person: PersonId) -> bool {
        self.may_be_there(person)
    }
}
