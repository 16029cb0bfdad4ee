//! Keys that several nodes share: a bucket on NATS, and a copy of each in a directory here, so that what is sealed can be read
//! with NATS away.
//!
//! A key is in the bucket before it is used, and of two nodes that make one for the same person at once one wins: the other
//! gets that one. Who was forgotten has a mark in the place of the key, which no new key can take; the key itself is overwritten on the
//! servers' disks.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    time::Duration,
};

use async_nats::{
    HeaderMap,
    header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
    jetstream::{
        context::GetStreamErrorKind,
        stream::{Config, DiscardPolicy, LastRawMessageErrorKind, StorageType, Stream},
    },
};
use tokio::{
    runtime::{Handle, Runtime, RuntimeFlavor},
    sync::OnceCell,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    VaultError,
    key::PersonKey,
    store::{Directory, KeyStore},
};
use crate::{
    domain::PersonId,
    log::{
        jetstream::{Connection, NatsSettings},
        owned,
    },
};

/// One question to the bucket takes no longer.
const ASK_TIME_MAX: Duration = Duration::from_secs(5);
/// A start waits so long for NATS; then it goes on with what is here.
const START_TIME_MAX: Duration = Duration::from_secs(3);
/// No key is longer.
const KEY_BYTES_MAX: i32 = 4096;
/// How often a key that could not be destroyed yet is tried again.
const OWED_EVERY: Duration = Duration::from_secs(2);

/// Somebody, and their key; `None`: they were forgotten.
pub(super) type Entry = (PersonId, Option<Zeroizing<String>>);

/// The bucket, and the copies.
pub(super) struct Bucket {
    copies: Directory,
    shared: Arc<Shared>,
    /// The connection lives on threads of its own: whoever waits for a key must not hold up what brings it.
    runtime: Option<Runtime>,
}

struct Shared {
    connection: Connection,
    name: String,
    stream: OnceCell<Stream>,
    /// Whose keys are still to be destroyed in the bucket.
    owed: Mutex<BTreeSet<PersonId>>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

/// What is kept for a person.
enum Kept {
    /// Their key, as it is written.
    Key(Zeroizing<String>),
    /// They were forgotten.
    Forgotten,
}

/// What stands in the place of a forgotten person's key.
fn mark(person: PersonId) -> String {
    format!("yoman key 1\nperson {}\nforgotten\n", person.0)
}

fn away(why: impl ToString) -> VaultError {
    VaultError::Away(why.to_string())
}

impl Bucket {
    /// The keys in the bucket of this NATS, copied into `dir`. With NATS away the copies are all there is, for as long.
    /// Blocking.
    pub(super) fn open(dir: PathBuf, settings: NatsSettings) -> Result<Self, VaultError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("yoman-keys")
            .enable_all()
            .build()
            .map_err(away)?;
        let name = format!("{}-keys", settings.prefix);
        let (tell, told) = sync_channel(1);
        runtime.spawn(async move {
            let opened = Connection::open(settings).await.map_err(|error| error.to_string());
            if let Ok(connection) = &opened {
                // Whether it is reached shows when it is asked.
                let _ = connection.up_within(START_TIME_MAX).await;
            }
            let _ = tell.send(opened);
        });
        let connection = waiting(|| told.recv()).map_err(away)?.map_err(away)?;
        let shared = Shared { connection, name, stream: OnceCell::new(), owed: Mutex::default() };
        let bucket = Self { copies: Directory::new(dir), shared: Arc::new(shared), runtime: Some(runtime) };
        match bucket.copy_all() {
            Ok(()) => {}
            Err(VaultError::Away(why)) => {
                tracing::warn!(why, "the shared keys cannot be reached: what is sealed is read with the copies here");
            }
            Err(error) => return Err(error),
        }
        Ok(bucket)
    }

    /// Brings the copies up to date.
    fn copy_all(&self) -> Result<(), VaultError> {
        let shared = Arc::clone(&self.shared);
        for person in self.ask(async move { shared.people().await })? {
            if self.copies.may_be_there(person) {
                self.check_copy(person)?;
            } else {
                self.read(person)?;
            }
        }
        Ok(())
    }

    /// A copy must be of the key in the bucket.
    fn check_copy(&self, person: PersonId) -> Result<(), VaultError> {
        let path = self.copies.place(person);
        match self.fetch(person)? {
            // Forgotten while this node was down.
            Some(Kept::Forgotten) => self.copies.destroy(person),
            Some(Kept::Key(text)) => match PersonKey::read_text(&path) {
                Ok(copy) if *copy == *text => Ok(()),
                Ok(copy) if PersonKey::parse(&copy, person).is_some() => Err(VaultError::file(
                    &path,
                    "it is another key than the one on NATS: these are the keys of another log, move keys/ aside",
                )),
                // Damaged here, and whole there.
                _ => self.copy(person, &text),
            },
            None => Ok(()),
        }
    }

    fn copy(&self, person: PersonId, text: &str) -> Result<(), VaultError> {
        let path = self.copies.place(person);
        owned::replace(&path, text.as_bytes()).map_err(|error| VaultError::file(&path, error))
    }

    fn fetch(&self, person: PersonId) -> Result<Option<Kept>, VaultError> {
        let shared = Arc::clone(&self.shared);
        self.ask(async move { shared.get(person).await })
    }

    /// Puts a key that was made before there was a bucket into it; `None`: the person was forgotten.
    pub(super) fn put(&self, person: PersonId, key: Option<&str>) -> Result<(), VaultError> {
        let Some(text) = key else { return self.destroy_there(person) };
        let (shared, written) = (Arc::clone(&self.shared), Zeroizing::new(text.to_owned()));
        match self.ask(async move { shared.create(person, &written).await })? {
            Kept::Key(there) if *there == *text => Ok(()),
            Kept::Key(_) => Err(VaultError::file(
                &self.copies.place(person),
                "NATS has another key for this person: it has the keys of another log",
            )),
            Kept::Forgotten => Err(VaultError::Forgotten(person)),
        }
    }

    /// All keys there are, and who was forgotten.
    pub(super) fn all(&self) -> Result<Vec<Entry>, VaultError> {
        let shared = Arc::clone(&self.shared);
        let people = self.ask(async move { shared.people().await })?;
        let mut all = Vec::new();
        for person in people {
            match self.fetch(person)? {
                Some(Kept::Key(text)) => all.push((person, Some(text))),
                Some(Kept::Forgotten) => all.push((person, None)),
                None => {}
            }
        }
        Ok(all)
    }

    fn destroy_there(&self, person: PersonId) -> Result<(), VaultError> {
        let shared = Arc::clone(&self.shared);
        self.ask(async move { shared.destroy(person).await })
    }

    /// Goes on trying to destroy what could not be.
    fn owe(&self, person: PersonId) {
        let mut owed = self.shared.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let first = owed.is_empty();
        owed.insert(person);
        if let Some(runtime) = self.runtime.as_ref().filter(|_| first) {
            let shared = Arc::clone(&self.shared);
            runtime.spawn(async move { shared.pay().await });
        }
    }

    /// Waits for an answer, at most [`ASK_TIME_MAX`].
    fn ask<T: Send + 'static>(
        &self,
        what: impl Future<Output = Result<T, VaultError>> + Send + 'static,
    ) -> Result<T, VaultError> {
        // Not a second of waiting for what is known to be away.
        if let Some(why) = self.shared.connection.why_down() {
            return Err(VaultError::Away(why));
        }
        let Some(runtime) = &self.runtime else { return Err(away("it was closed")) };
        let (tell, told) = sync_channel(1);
        runtime.spawn(async move {
            let outcome = timeout(ASK_TIME_MAX, what).await.unwrap_or_else(|_| Err(away("no answer came")));
            let _ = tell.send(outcome);
        });
        waiting(|| told.recv_timeout(ASK_TIME_MAX + ASK_TIME_MAX)).unwrap_or_else(|error| {
            Err(away(match error {
                RecvTimeoutError::Timeout => "no answer came",
                RecvTimeoutError::Disconnected => "it was closed",
            }))
        })
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped where nothing may wait.
            runtime.shutdown_background();
        }
    }
}

/// Waits without holding up what else this thread would do.
fn waiting<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

impl Shared {
    fn subject(&self, person: PersonId) -> String {
        format!("$KV.{}.person-{}", self.name, person.0)
    }

    /// The bucket; the first node makes it.
    async fn stream(&self) -> Result<&Stream, VaultError> {
        let found = self.stream.get_or_try_init(|| async {
            let (jetstream, name) = (self.connection.jetstream(), format!("KV_{}", self.name));
            match jetstream.get_stream(&name).await {
                Ok(stream) => Ok(stream),
                Err(error) if is_missing(&error.kind()) => {
                    jetstream.create_stream(self.config(name)).await.map_err(away)
                }
                Err(error) => Err(away(error)),
            }
        });
        found.await
    }

    fn config(&self, name: String) -> Config {
        Config {
            name,
            description: Some("yoman: the keys by person; keep copies of it apart from those of the log".to_owned()),
            subjects: vec![format!("$KV.{}.>", self.name)],
            // The key, and for a moment the mark that takes its place.
            max_messages_per_subject: 2,
            max_message_size: KEY_BYTES_MAX,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            num_replicas: self.connection.settings().replicas.max(1),
            // Reads are the leader's: another may not have a key yet that was made a moment ago.
            allow_direct: false,
            ..Config::default()
        }
    }

    /// Everybody who has something in it.
    async fn people(&self) -> Result<Vec<PersonId>, VaultError> {
        use futures_util::TryStreamExt as _;
        let subjects = self.stream().await?.info_with_subjects(format!("$KV.{}.>", self.name)).await.map_err(away)?;
        let subjects: Vec<(String, usize)> = subjects.try_collect().await.map_err(away)?;
        let person = |subject: &str| subject.rsplit_once(".person-")?.1.parse().ok().map(PersonId);
        Ok(subjects.iter().filter_map(|(subject, _)| person(subject)).collect())
    }

    async fn get(&self, person: PersonId) -> Result<Option<Kept>, VaultError> {
        match self.stream().await?.get_last_raw_message_by_subject(&self.subject(person)).await {
            Ok(message) if message.payload == mark(person).as_bytes() => Ok(Some(Kept::Forgotten)),
            Ok(message) => {
                let text = Zeroizing::new(String::from_utf8_lossy(&message.payload).into_owned());
                match PersonKey::parse(&text, person) {
                    Some(_) => Ok(Some(Kept::Key(text))),
                    None => Err(VaultError::Damaged { place: self.subject(person), person }),
                }
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    /// Puts a key there unless something is; what is there then.
    async fn create(&self, person: PersonId, text: &Zeroizing<String>) -> Result<Kept, VaultError> {
        let put = self.put(person, text.as_bytes(), 0).await;
        // Also when it was not there, and no answer came: it may be there now.
        match (self.get(person).await?, put) {
            (Some(kept), _) => Ok(kept),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(away("a key that was kept is gone")),
        }
    }

    /// `after`: the sequence of the newest message for this person.
    async fn put(&self, person: PersonId, bytes: &[u8], after: u64) -> Result<(), VaultError> {
        self.stream().await?;
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, after.to_string().as_str());
        let sent =
            self.connection.jetstream().publish_with_headers(self.subject(person), headers, bytes.to_vec().into());
        sent.await.map_err(away)?.await.map_err(away)?;
        Ok(())
    }

    /// The mark first, so that no new key gets into its place; then everything before it is overwritten on the disks.
    async fn destroy(&self, person: PersonId) -> Result<(), VaultError> {
        let (stream, subject, mark) = (self.stream().await?, self.subject(person), mark(person));
        loop {
            let (marked, newest) = match stream.get_last_raw_message_by_subject(&subject).await {
                Ok(message) => (message.payload == mark.as_bytes(), message.sequence),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => (false, 0),
                Err(error) => return Err(away(error)),
            };
            if !marked {
                // Somebody may have been faster: looked at again.
                let put = self.put(person, mark.as_bytes(), newest).await;
                match self.get(person).await? {
                    Some(Kept::Forgotten) => {}
                    _ => put?,
                }
                continue;
            }
            let first = stream.get_first_raw_message_by_subject(&subject, 1).await.map_err(away)?;
            if first.sequence >= newest {
                return Ok(());
            }
            stream.delete_message(first.sequence).await.map_err(away)?;
        }
    }

    /// Destroys what is owed, until nothing is.
    async fn pay(&self) {
        loop {
            let next = self.owed.lock().unwrap_or_else(PoisonError::into_inner).first().copied();
            let Some(person) = next else { return };
            let why = match timeout(ASK_TIME_MAX, self.destroy(person)).await {
                Ok(Ok(())) => {
                    self.owed.lock().unwrap_or_else(PoisonError::into_inner).remove(&person);
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer came".to_owned(),
            };
            tracing::debug!(person = person.0, why, "the key of a forgotten person is still to be destroyed on NATS");
            tokio::time::sleep(OWED_EVERY).await;
        }
    }
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == async_nats::jetstream::ErrorCode::STREAM_NOT_FOUND)
}

impl KeyStore for Bucket {
    fn read(&self, person: PersonId) -> Result<Option<PersonKey>, VaultError> {
        if let Some(key) = self.copies.read(person)? {
            return Ok(Some(key));
        }
        match self.fetch(person)? {
            Some(Kept::Key(text)) => {
                // Used once it is here, so that it can be read with NATS away, too.
                self.copy(person, &text)?;
                self.copies.read(person)
            }
            Some(Kept::Forgotten) | None => Ok(None),
        }
    }

    fn create(&self, person: PersonId) -> Result<PersonKey, VaultError> {
        let (_, text) = PersonKey::fresh(person);
        let shared = Arc::clone(&self.shared);
        let kept = self.ask(async move { shared.create(person, &text).await })?;
        let Kept::Key(text) = kept else { return Err(VaultError::Forgotten(person)) };
        self.copy(person, &text)?;
        PersonKey::parse(&text, person).ok_or_else(|| away("a key that was kept is damaged"))
    }

    fn destroy(&self, person: PersonId) -> Result<(), VaultError> {
        // Here in any case.
        let here = self.copies.destroy(person);
        self.destroy_there(person).inspect_err(|_| self.owe(person)).and(here)
    }

    fn may_be_there(&self, person: PersonId) -> bool {
        self.copies.may_be_there(person)
    }

    fn place(&self, person: PersonId) -> PathBuf {
        self.copies.place(person)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn owes(&self, person: PersonId) -> bool {
        self.shared.owed.lock().unwrap_or_else(PoisonError::into_inner).contains(&person)
            || self.copies.may_be_there(person)
    }
}

#[cfg(test)]
mod tests;
