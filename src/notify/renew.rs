//! A store without its past: sled only ever appends, so the bytes of what was removed stay in its files for a while. What
//! is there now is copied into a new one, which takes the place of the old.

use std::{fs, io, path::Path};

use super::store::{OpenError, Trouble, open_db};
use crate::log::{owned, sled::guard};

/// How many rows are copied in one batch.
const ROWS: usize = 256;

/// Makes the store in `dir` anew. Nothing is lost when the process dies in here and this is called again.
pub(super) fn renew(dir: &Path) -> Result<(), String> {
    let (fresh, old) = (dir.with_extension("fresh"), dir.with_extension("old"));
    let failed = |error: io::Error| format!("{}: {error}", dir.display());
    if !dir.exists() {
        if !old.exists() {
            return Ok(());
        }
        // It died between the two renames: the copy was complete by then.
        fs::rename(&fresh, dir).map_err(failed)?;
    }
    for left in [&fresh, &old] {
        owned::remove_dir(left).map_err(failed)?;
    }
    // sled panics rather than errs on damage; then the store's own opening puts it aside.
    guard::caught(|| copy(dir, &fresh)).unwrap_or_else(|_| Err("its files are damaged".into()))?;
    fs::File::open(fresh.join("db")).and_then(|file| file.sync_all()).map_err(failed)?;
    owned::sync_dir(&fresh).map_err(failed)?;
    fs::rename(dir, &old).map_err(failed)?;
    fs::rename(&fresh, dir).map_err(failed)?;
    owned::sync_name(dir).map_err(failed)?;
    fs::remove_dir_all(&old).map_err(failed)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let why = |trouble: Trouble| match trouble {
        Trouble::Open(error) => error.to_string(),
        Trouble::Damaged(why) => OpenError::Engine { dir: from.to_owned(), why }.to_string(),
    };
    let engine = |error: sled::Error| OpenError::Engine { dir: from.to_owned(), why: error.to_string() }.to_string();
    let old = open_db(from).map_err(why)?;
    let new = open_db(to).map_err(why)?;
    let mut batch = (sled::Batch::default(), 0);
    for row in old.iter() {
        let (key, value) = row.map_err(engine)?;
        batch.0.insert(key, value);
        batch.1 += 1;
        if batch.1 == ROWS {
            new.apply_batch(std::mem::take(&mut batch.0)).map_err(engine)?;
            batch.1 = 0;
        }
    }
    new.apply_batch(batch.0).map_err(engine)?;
    new.flush().map_err(engine)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether any file below holds these bytes.
    fn holds(dir: &Path, bytes: &[u8]) -> bool {
        fs::read_dir(dir).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                holds(&path, bytes)
            } else {
                fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
            }
        })
    }

    #[test]
    fn what_was_removed_is_in_no_file_any_more() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("bots");
        renew(&dir).unwrap();
        assert!(!dir.exists(), "nothing to do for what is not there");
        let db = open_db(&dir).map_err(|_| ()).unwrap();
        for n in 0..600u32 {
            db.insert(n.to_be_bytes(), format!("kept {n}").as_bytes()).unwrap();
        }
        db.insert("secret", "Dana's words").unwrap();
        db.flush().unwrap();
        db.remove("secret").unwrap();
        db.flush().unwrap();
        drop(db);
        assert!(holds(parent.path(), b"Dana's words"));
        renew(&dir).unwrap();
        assert!(!holds(parent.path(), b"Dana's words"));
        // It died between the renames.
        fs::rename(&dir, dir.with_extension("fresh")).unwrap();
        fs::create_dir(dir.with_extension("old")).unwrap();
        renew(&dir).unwrap();
        let db = open_db(&dir).map_err(|_| ()).unwrap();
        assert_eq!((db.len(), db.get(7u32.to_be_bytes()).unwrap()), (600, Some("kept 7".into())));
        drop(db);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
