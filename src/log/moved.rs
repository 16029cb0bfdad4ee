//! A log that went elsewhere: marked, so that nobody goes on with the old one by mistake; and whether two are the same.

use std::{fs, io, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{EventLog, Position, ReadError, owned, record};

const NAME: &str = "moved.json";
const FORMAT: u32 = 1;

/// Where a log went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    format: u32,
    /// The engine that has it now: `jetstream`, `sled`.
    pub to: String,
    /// Where that is, for people: the stream, or the directory.
    pub place: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Its newest commit then.
    pub position: Position,
    /// And the hash of that.
    #[serde(with = "record::hex")]
    pub hash: record::Hash,
}

impl Moved {
    /// Up to a log's newest commit.
    pub fn new(to: &str, place: impl Into<String>, log: &dyn EventLog, at: DateTime<Utc>) -> Self {
        let head = log.head();
        Self { format: FORMAT, to: to.to_owned(), place: place.into(), at, position: head.position, hash: head.hash }
    }

    /// The mark of a log; `None`: it did not move.
    ///
    /// # Errors
    /// When it cannot be read: the log is not to be gone on with then.
    pub fn read(log_dir: &Path) -> io::Result<Option<Self>> {
        let bytes = match fs::read(log_dir.join(NAME)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(moved) if moved.format == FORMAT => Ok(Some(moved)),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "moved.json was written by a newer yoman: update")),
            Err(error) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, format!("moved.json cannot be read: {error}")))
            }
        }
    }

    /// Marks a log. Durable when it returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, log_dir: &Path) -> io::Result<()> {
        owned::replace(&log_dir.join(NAME), &serde_json::to_vec_pretty(self)?)
    }

    /// Takes the mark away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(log_dir: &Path) -> io::Result<()> {
        let path = log_dir.join(NAME);
        owned::remove(&path).and_then(|()| owned::sync_name(&path))
    }
}

/// How one log stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Commit for commit.
    Same,
    /// It is the beginning of the other.
    Begins,
    /// The other is its beginning.
    Continues,
    /// They differ from here on.
    Differs(Position),
}

/// Compares two logs by the hashes of their records, each of which stands for all before it.
///
/// # Errors
/// [`ReadError`], when one cannot be read.
pub fn compare(one: &dyn EventLog, other: &dyn EventLog) -> Result<Compared, ReadError> {
    let heads = (one.head().position, other.head().position);
    let common = heads.0.min(heads.1).0;
    if let Some(differs) = first_difference(common, &|at| one.hash_at(at), &|at| other.hash_at(at))? {
        return Ok(Compared::Differs(differs));
    }
    Ok(match heads.0.cmp(&heads.1) {
        std::cmp::Ordering::Equal => Compared::Same,
        std::cmp::Ordering::Less => Compared::Begins,
        std::cmp::Ordering::Greater => Compared::Continues,
    })
}

type Hashes<'a> = &'a dyn Fn(Position) -> Result<Option<record::Hash>, ReadError>;

/// The first position up to `until` at which two chains are not the same. Given-up positions have no hash in either.
fn first_difference(until: u64, one: Hashes<'_>, other: Hashes<'_>) -> Result<Option<Position>, ReadError> {
    // The newest position that has a hash says it for all before; where neither has one, the one before is asked.
    let same_up_to = |position: u64| -> Result<bool, ReadError> {
        let mut at = position;
        while at > 0 {
            match (one(Position(at))?, other(Position(at))?) {
                (None, None) => at -= 1,
                (one, other) => return Ok(one == other),
            }
        }
        Ok(true)
    };
    if same_up_to(until)? {
        return Ok(None);
    }
    let (mut same, mut differs) = (0, until);
    while same + 1 < differs {
        let middle = same + (differs - same) / 2;
        if same_up_to(middle)? {
            same = middle;
        } else {
            differs = middle;
        }
    }
    Ok(Some(Position(differs)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::{contract::append, memory::MemoryLog};

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Moved::read(dir.path()).unwrap(), None);
        let moved = Moved::new("jetstream", "the stream yoman-log", &MemoryLog::new(), DateTime::UNIX_EPOCH);
        moved.write(dir.path()).unwrap();
        assert_eq!(Moved::read(dir.path()).unwrap(), Some(moved));
        for (text, why) in [
            ("{", "cannot be read"),
            (r#"{"format":2,"to":"x","place":"","at":"2026-11-20T00:00:00Z","position":1,"hash":"HASH"}"#, "newer"),
        ] {
            fs::write(dir.path().join(NAME), text.replace("HASH", &"00".repeat(32))).unwrap();
            assert!(Moved::read(dir.path()).unwrap_err().to_string().contains(why));
        }
        Moved::remove(dir.path()).unwrap();
        Moved::remove(dir.path()).unwrap();
        assert_eq!(Moved::read(dir.path()).unwrap(), None);
    }

    #[tokio::test]
    async fn logs_are_told_apart() {
        let of = async |commands: &[&str]| {
            let log = MemoryLog::new();
            for (n, command) in commands.iter().enumerate() {
                let mut append = append("todo/1", n as u64, command);
                append.meta.text = (*command).to_owned();
                log.append(append).await.unwrap();
            }
            log
        };
        let (none, one, two, other) = (of(&[]).await, of(&["a"]).await, of(&["a", "b"]).await, of(&["c"]).await);
        assert_eq!(compare(&none, &none).unwrap(), Compared::Same);
        assert_eq!(compare(&none, &one).unwrap(), Compared::Begins);
        assert_eq!(compare(&two, &none).unwrap(), Compared::Continues);
        assert_eq!(compare(&other, &two).unwrap(), Compared::Differs(Position(1)));
    }

    proptest! {
        #[test]
        fn the_first_difference_is_found(
            given_up in proptest::collection::vec(any::<bool>(), 1..60),
            differs in 0..80_u64,
        ) {
            let until = given_up.len() as u64;
            let hash = |at: Position, other: bool| {
                let hash = |n: u64| Some([u8::try_from(n % 251).unwrap(); 32]);
                if given_up[usize::try_from(at.0).unwrap() - 1] { return None; }
                hash(at.0 + if other && differs > 0 && at.0 >= differs { 100 } else { 0 })
            };
            let found = first_difference(until, &|at| Ok(hash(at, false)), &|at| Ok(hash(at, true))).unwrap();
            // It shows at the first position from there on that has a hash.
            let shows = (differs.max(1)..=until).find(|&at| differs > 0 && hash(Position(at), false).is_some());
            prop_assert_eq!(found, shows.map(Position));
        }
    }
}
