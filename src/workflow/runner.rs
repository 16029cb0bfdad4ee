//! The cursor that finishes what a crash cut short: every commit is looked at once more, and what it should have
//! caused is caused, under the same command id, so it never happens twice.

use std::{sync::Arc, time::Duration};

use yoman_chat::{BotName, Stop};

use super::promotion::NAME;
use crate::{
    intake::Intake,
    log::{Entry, EventLog, Position},
    notify::Outbox,
    subscription::{SharedWorld, Subscription},
};

/// The cursor is saved after so many commits: a later start looks at no more than these again.
const SAVE_EVERY: u64 = 1024;
/// The events that cause something.
const CAUSES: [&str; 5] = ["idea_promoted", "research_done", "todo_promoted", "reversed", "person_forgotten"];
/// The pause after something could not be done.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until `stop`.
pub async fn run(log: Arc<dyn EventLog>, world: Arc<SharedWorld>, intake: Arc<Intake>, outbox: Outbox, stop: Stop) {
    let name = BotName::new(NAME);
    let saved = outbox.memo(&name, "cursor").and_then(|saved| saved.parse().ok()).map_or(Position::START, Position);
    let mut subscription = Subscription::new(Arc::clone(&log), saved);
    let mut unsaved = saved;
    loop {
        let entries = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            entries = subscription.next(256) => entries,
        };
        let entries = match entries {
            Ok(Some(entries)) => entries,
            Ok(None) => break,
            Err(error) => {
                tracing::error!(%error, "the workflow's cursor could not read on; it tries again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        for entry in entries {
            let Entry::Commit(commit) = entry else { continue };
            let causes = commit.events.iter().any(|event| CAUSES.contains(&&*event.name));
            if !causes {
                continue;
            }
            world.at_least(commit.position).await;
            while log.away().is_some() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
            while let Err(why) = intake.finish(&commit).await {
                tracing::warn!(position = %commit.position, why, "what a commit causes could not be done yet");
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
        if subscription.position().0 >= unsaved.0 + SAVE_EVERY {
            unsaved = subscription.position();
            save(&outbox, &name, unsaved).await;
        }
    }
    save(&outbox, &name, subscription.position()).await;
}

async fn save(outbox: &Outbox, name: &BotName, position: Position) {
    if let Err(error) = outbox.remember(name, "cursor", &position.to_string()).await {
        tracing::warn!(%error, "the workflow's cursor could not be saved; it will look at some commits again");
    }
}
