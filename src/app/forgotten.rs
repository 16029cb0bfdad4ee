//! What was derived from words that nobody can read any more goes at the next start, whatever cut it short before.

use std::{io, path::Path};

use crate::{notify::Outbox, vault::Vault};

/// Makes anew what is derived, when somebody was forgotten since that was done last: world
/// snapshots, the bots' state, and the lines the console remembers. `data` is the data directory. What cannot be done now is tried again at
/// the next start.
pub fn finish_forgetting(vault: &Vault, data: &Path) {
    if !vault.purge_is_due() {
        return;
    }
    let state = data.join("state");
    let (snapshots, typed) = (state.join("snapshots"), data.join("console-history"));
    for (path, removed) in [(&snapshots, std::fs::remove_dir_all(&snapshots)), (&typed, std::fs::remove_file(&typed))] {
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!(path = %path.display(), %error, "it may hold words of a forgotten person: delete it");
            return;
        }
    }
    let done = Outbox::renew(&state.join("bots")).and_then(|()| vault.purged().map_err(|error| error.to_string()));
    if let Err(why) = done {
        tracing::error!(why, "the bots' state may hold words of a forgotten person: it is made anew at the next start");
    }
}
