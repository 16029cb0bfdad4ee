//! What was derived from words that nobody can read any more goes at the next start, whatever cut it short before.

use std::{io, path::Path};

use crate::{notify::Outbox, vault::Vault};

/// Makes anew what is derived, when somebody was forgotten since that was done last. What cannot be done now is tried again at
/// the next start.
pub(super) fn finish(vault: &Vault, state: &Path) {
    if !vault.purge_is_due() {
        return;
    }
    let snapshots = state.join("snapshots");
    if let Err(error) = std::fs::remove_dir_all(&snapshots)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(path = %snapshots.display(), %error, "it may hold words of a forgotten person: delete it");
        return;
    }
    let done = Outbox::renew(&state.join("bots")).and_then(|()| vault.purged().map_err(|error| error.to_string()));
    if let Err(why) = done {
        tracing::error!(why, "the bots' state may hold words of a forgotten person: it is made anew at the next start");
    }
}
