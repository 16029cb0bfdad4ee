//! What was derived from words that nobody can read any more goes at the next start, whatever cut it short before; and when
//! another node forgets somebody, as soon as that is heard of here.

use std::{path::Path, sync::Arc, time::Duration};

use yoman_chat::Stop;

use crate::{
    domain::PersonId,
    intake::{self, Intake},
    log::{Entry, EventLog, Position, owned},
    notify::Outbox,
    subscription::Subscription,
    vault::Vault,
};

/// Commits that are looked at between two looks at the stop.
const PAGE: usize = 256;
/// A log that cannot be read is tried again after this.
const RETRY: Duration = Duration::from_secs(1);

/// Forgets here whoever another node forgets, from a position on: the key goes, and what was derived from their words.
pub(super) async fn follow(
    log: Arc<dyn EventLog>,
    after: Position,
    vault: Arc<Vault>,
    intake: Arc<Intake>,
    stop: Stop,
) {
    let mut commits = Subscription::new(log, after);
    loop {
        let next = tokio::select! {
            next = commits.next(PAGE) => next,
            () = stop.cancelled() => return,
        };
        let entries = match next {
            Ok(Some(entries)) => entries,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "who was forgotten elsewhere cannot be read");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        for entry in entries {
            let Entry::Commit(commit) = entry else { continue };
            let person = PersonId::of_stream(commit.stream.as_str()).filter(|_| intake::forgets(&commit));
            let Some(person) = person.filter(|person| !vault.is_forgotten(*person)) else { continue };
            let keys = Arc::clone(&vault);
            if let Err(error) = tokio::task::spawn_blocking(move || keys.forgotten_elsewhere(person)).await {
                tracing::error!(%error, "a key is destroyed at the next start only");
            }
            intake.forgotten_elsewhere(person, commit.position).await;
        }
    }
}

/// Makes anew what is derived, when somebody was forgotten since that was done last: snapshots of the world, the bots'
/// state, and the lines the console remembers. `data` is the data directory. What cannot be done now is tried again at the
/// next start.
pub fn finish_forgetting(vault: &Vault, data: &Path) {
    if !vault.purge_is_due() {
        return;
    }
    let state = data.join("state");
    let snapshots = state.join("snapshots");
    let mut removed = vec![(snapshots.clone(), owned::remove_dir(&snapshots))];
    let typed = data.join("console-history");
    removed.push((typed.clone(), owned::remove(&typed)));
    // What was put aside because it was damaged holds whatever it held before.
    for aside in std::fs::read_dir(&state).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        if aside.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bots.damaged-")) {
            let gone = owned::remove_dir(&aside);
            removed.push((aside, gone));
        }
    }
    for (path, gone) in removed {
        if let Err(error) = gone {
            tracing::error!(path = %path.display(), %error, "it may hold words of a forgotten person: delete it");
            return;
        }
    }
    let done = Outbox::renew(&state.join("bots")).and_then(|()| vault.purged().map_err(|error| error.to_string()));
    if let Err(why) = done {
        tracing::error!(why, "the bots' state may hold words of a forgotten person: it is made anew at the next start");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_goes_once() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let vault = Vault::open(data.join("keys")).unwrap();
        let derived = ["state/snapshots/1.world", "console-history", "state/bots.damaged-20261120T104000Z/db"];
        let write = || {
            for path in derived {
                std::fs::create_dir_all(data.join(path).parent().unwrap()).unwrap();
                std::fs::write(data.join(path), "Dana's words").unwrap();
            }
        };
        write();
        finish_forgetting(&vault, data);
        assert!(derived.iter().all(|path| data.join(path).exists()), "nobody was forgotten");
        std::fs::write(data.join("keys/purge"), "").unwrap();
        finish_forgetting(&vault, data);
        assert!(derived.iter().all(|path| !data.join(path).exists()) && !vault.purge_is_due());
        write();
        finish_forgetting(&vault, data);
        assert!(derived.iter().all(|path| data.join(path).exists()), "once is enough");
    }
}
