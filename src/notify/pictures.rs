//! Pictures of messages that are on their way: files named after what is in them, beside the database, so that its rows
//! stay small. Written before the row that needs them, read when it is sent, removed some time after nothing needs them.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use yoman_chat::{Outbound, Picture, Style};

use super::{
    entry::{Row, What},
    intent::Answer,
    key,
    store::Store,
};
use crate::{
    lang::{Lang, say},
    log::owned,
    machine,
};

/// Who reads a path on a terminal has so long to open it.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// The largest file that is read again, in bytes.
const PICTURE_BYTES_MAX: u64 = 10_000_000;

/// The files. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Pictures {
    dir: Arc<Path>,
}

impl Pictures {
    /// Those that belong to the outbox in `outbox`; the directory is made when the first one comes.
    pub(super) fn beside(outbox: &Path) -> Self {
        Self { dir: outbox.with_file_name("pictures").into() }
    }

    fn path(&self, sha256: &str) -> Option<PathBuf> {
        let named = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        named.then(|| self.dir.join(format!("{sha256}.png")))
    }

    /// Keeps the pictures of some answers, durably; what is kept need not stay in memory. One that cannot be kept is shown
    /// from memory, for as long as this process runs.
    pub(super) async fn keep(&self, answers: &mut [Answer]) {
        for answer in answers {
            let Some(picture) = answer.message.picture.as_mut().filter(|picture| !picture.png.is_empty()) else {
                continue;
            };
            let (files, of) = (self.clone(), picture.clone());
            match machine::blocking(move || files.write(&of)).await {
                Ok(Ok(())) => picture.png = Arc::default(),
                Ok(Err(error)) => {
                    tracing::warn!(%error, dir = %self.dir.display(), "a picture could not be kept and is shown from memory");
                }
                Err(error) => tracing::warn!(%error, "a picture could not be kept and is shown from memory"),
            }
        }
    }

    fn write(&self, picture: &Picture) -> io::Result<()> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "the picture is not named after what is in it");
        let path = self.path(&picture.sha256).ok_or_else(wrong)?;
        if path.exists() && self.read(&picture.sha256).is_some() {
            // Its time begins anew.
            return fs::File::options().append(true).open(&path)?.set_modified(SystemTime::now());
        }
        owned::create_dir(&self.dir)?;
        owned::replace(&path, &picture.png)
    }

    /// The picture as it was kept; `None` when it is gone or damaged.
    fn read(&self, sha256: &str) -> Option<Arc<[u8]>> {
        let path = self.path(sha256)?;
        if fs::metadata(&path).ok()?.len() > PICTURE_BYTES_MAX {
            return None;
        }
        let png = fs::read(path).ok()?;
        (format!("{:x}", Sha256::digest(&png)) == sha256).then(|| png.into())
    }

    /// The same message with its picture in memory; without it, and saying so, when that is gone.
    pub(super) async fn fetch(&self, mut message: Outbound, lang: Lang) -> Outbound {
        let Some(picture) = message.picture.as_mut().filter(|picture| picture.png.is_empty()) else { return message };
        let (files, sha256) = (self.clone(), picture.sha256.clone());
        if let Ok(Some(png)) = machine::blocking(move || files.read(&sha256)).await {
            picture.png = png;
        } else {
            message.picture = None;
            message.text.push(Style::Dim, format!("\n{}", say!(lang, "picture-gone")));
        }
        message
    }

    /// Removes what no message needs any more. Blocking.
    pub(super) fn tidy(&self, store: &Store) {
        let Ok(files) = fs::read_dir(&self.dir) else { return };
        let mut needed = HashSet::new();
        store.scan(key::ENTRIES, None, |key, value| {
            if let Some(Row { what: What::Message { message, .. }, .. }) = key::decode(key, value)
                && let Some(picture) = message.picture
            {
                needed.insert(picture.sha256);
            }
            true
        });
        for file in files.flatten() {
            let path = file.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let modified = file.metadata().and_then(|file| file.modified());
            // A file is written before its row: a young one may have none yet.
            let old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > KEPT_FOR));
            if old
                && !needed.contains(&name)
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!(%error, path = %path.display(), "an old picture could not be removed");
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/pictures.rs"]
mod tests;
