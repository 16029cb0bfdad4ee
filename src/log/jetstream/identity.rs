//! Which stream a log in a directory is a replica of: `log/stream.json`. A log without it is one of its own.

use std::{fs, io, path::Path};

use super::feed::Identity;
use crate::log::owned;

const NAME: &str = "stream.json";
const FORMAT: u32 = 1;

/// What is kept; `None`: the log there, if any, is no replica.
pub(super) fn read(log_dir: &Path) -> io::Result<Option<Identity>> {
    let bytes = match fs::read(log_dir.join(NAME)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    match serde_json::from_slice::<Identity>(&bytes) {
        Ok(identity) if identity.format == FORMAT => Ok(Some(identity)),
        Ok(_) => Err(invalid(format!("log/{NAME} was written by a newer yoman: update"))),
        Err(error) => Err(invalid(format!("log/{NAME} cannot be read: {error}"))),
    }
}

/// Durable when it returns.
pub(super) fn write(log_dir: &Path, identity: &Identity) -> io::Result<()> {
    owned::replace(&log_dir.join(NAME), &serde_json::to_vec_pretty(identity)?)
}

/// The name of the stream that the log in a directory is a replica of, if it is one.
///
/// # Errors
/// When that cannot be told.
pub fn replica_of(log_dir: &Path) -> io::Result<Option<String>> {
    Ok(read(log_dir)?.map(|identity| identity.stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file of format 1, for ever.
    #[test]
    fn whose_replica_it_is_is_kept_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(replica_of(dir.path()).unwrap(), None);
        let golden = include_bytes!("../golden/stream-1.json");
        fs::write(dir.path().join(NAME), golden).unwrap();
        let identity = read(dir.path()).unwrap().unwrap();
        assert_eq!(
            (identity.stream.as_str(), identity.created.as_str()),
            ("yoman-log", "2026-11-20 10:00:00.0 +00:00:00")
        );
        write(dir.path(), &identity).unwrap();
        assert_eq!(fs::read(dir.path().join(NAME)).unwrap(), golden);
        for bad in ["", "{}", r#"{"format":2,"stream":"a","created":"b"}"#] {
            fs::write(dir.path().join(NAME), bad).unwrap();
            assert!(replica_of(dir.path()).is_err(), "{bad}");
        }
    }
}
