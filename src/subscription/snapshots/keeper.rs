//! When a snapshot is taken: when loading without it would take longer than is allowed, as measured on this machine.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Snapshots;
use crate::{
    log::{EventLog, Position},
    projection::World,
    subscription::{
        SharedWorld,
        fold::{self, Rate},
    },
};

/// How often it is asked whether one is due.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long nothing is tried after one could not be written.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// So few commits take no time to load anywhere.
const COMMITS_MIN: u64 = 2_000;

/// Takes snapshots of the shared world until `stop`.
pub async fn keep(
    snapshots: Arc<Snapshots>,
    world: Arc<SharedWorld>,
    log: Arc<dyn EventLog>,
    rate: Arc<Rate>,
    stop: CancellationToken,
) {
    let mut wait = ASK_EVERY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = ASK_EVERY;
        let (of, at) = (Arc::clone(&snapshots), world.position());
        if at.0 < COMMITS_MIN {
            continue;
        }
        // Asked anew each time: files may have been dropped, or be of another log.
        let newest = tokio::task::spawn_blocking(move || of.newest_whole(at)).await.unwrap_or_default();
        let ahead = at.0.saturating_sub(newest.0);
        if ahead < COMMITS_MIN {
            continue;
        }
        let takes = match rate.of(ahead) {
            Some(takes) => takes,
            None => {
                let (log, rate) = (Arc::clone(&log), Arc::clone(&rate));
                let _ = tokio::task::spawn_blocking(move || fold::measure(&*log, &rate)).await;
                continue;
            }
        };
        if takes.as_millis() < u128::from(snapshots.settings().load_ms_max) {
            continue;
        }
        let (to, of, log) = (Arc::clone(&snapshots), Arc::clone(&world), Arc::clone(&log));
        match tokio::task::spawn_blocking(move || take(&to, &of, &*log)).await {
            Ok(Ok(Some(position))) => {
                debug!(%position, commits = ahead, would_take_ms = takes.as_millis() as u64, "took a snapshot");
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                warn!(%error, "no snapshot could be written: the next start takes longer");
                wait = AGAIN_AFTER;
            }
            Err(error) => {
                warn!(%error, "taking a snapshot ended badly");
                wait = AGAIN_AFTER;
            }
        }
    }
}

/// Takes one now; the position it is of. `None` when the world cannot be kept at this moment.
pub(super) fn take(
    snapshots: &Snapshots,
    world: &SharedWorld,
    log: &dyn EventLog,
) -> std::io::Result<Option<Position>> {
    let generation = snapshots.generation();
    // A copy shares what it holds with the original, so that whoever feeds the world waits for milliseconds only.
    let copy = world.read(World::clone);
    if copy.is_ahead() {
        return Ok(None);
    }
    Ok(snapshots.save(log, &copy, true, generation)?.then_some(copy.position))
}
