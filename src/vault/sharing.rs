//! Keys that go from the directory of one machine into the bucket that several nodes share, and back.

use std::{fs, io, path::Path, sync::Arc};

use super::{
    Bucket, SealedLog, Vault, VaultError,
    key::PersonKey,
    store::{Directory, KeyStore as _},
};
use crate::{
    domain::PersonId,
    log::{EventLog, jetstream::NatsSettings},
};

impl Vault {
    /// Puts every key in `dir` into the bucket, but for those of people who were forgotten in `log`: in the place of each of
    /// these stands that they were. Blocking; the same again does what is left.
    ///
    /// # Errors
    /// [`VaultError`], also when the bucket has another key for one of them.
    pub fn share(dir: impl AsRef<Path>, nats: NatsSettings, log: Arc<dyn EventLog>) -> Result<(), VaultError> {
        let dir = dir.as_ref();
        let keys = Arc::new(Self::looking(dir));
        // It reads who was forgotten.
        SealedLog::open(log, Arc::clone(&keys), false).map_err(|error| VaultError::file(dir, error))?;
        Directory::make(dir)?;
        let bucket = Bucket::open(dir.to_owned(), nats)?;
        for person in people_in(dir).map_err(|error| VaultError::file(dir, error))? {
            if keys.is_forgotten(person) {
                continue;
            }
            let path = keys.path(person);
            let text = PersonKey::read_text(&path).map_err(|error| VaultError::file(&path, error))?;
            if PersonKey::parse(&text, person).is_none() {
                return Err(VaultError::file(&path, "it is damaged: put it back from your copy of keys/"));
            }
            bucket.put(person, Some(&text))?;
        }
        let forgotten = keys.forgotten.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        forgotten.into_iter().try_for_each(|person| bucket.put(person, None))
    }

    /// Copies every key in the bucket into `dir`. Blocking.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn copy_shared(dir: impl AsRef<Path>, nats: NatsSettings) -> Result<(), VaultError> {
        let dir = dir.as_ref();
        Directory::make(dir)?;
        let bucket = Bucket::open(dir.to_owned(), nats)?;
        for (person, key) in bucket.all()? {
            if key.is_some() && bucket.read(person)?.is_none() {
                return Err(VaultError::Missing { path: bucket.place(person).display().to_string(), person });
            }
        }
        Ok(())
    }
}

/// Who has a key in a directory.
fn people_in(dir: &Path) -> io::Result<Vec<PersonId>> {
    let mut people = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("person-")?.strip_suffix(".key")?.parse().ok());
        people.extend(number.map(PersonId));
    }
    Ok(people)
}
