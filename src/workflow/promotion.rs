//! Promotion, idea -> research -> todo -> pr: the event on the old item causes the new item.

use crate::{
    domain::{
        Event, ItemRef,
        item::{self, Item},
        stored,
    },
    log::{CommandId, Commit, Entry, EventLog, ReadError, StreamId},
    workflow::Reaction,
};

/// The actor of what this process manager causes.
pub const NAME: &str = "workflow/promotion";

/// What a commit causes. `before` is the state of its item before it; `None` reads it from the log when it is needed.
///
/// # Errors
/// [`ReadError`] when the item had to be read and could not be.
pub fn react(log: &dyn EventLog, commit: &Commit, before: Option<&Item>) -> Result<Option<Reaction>, ReadError> {
    let Some(reference) = ItemRef::of_stream(commit.stream.as_str()) else { return Ok(None) };
    for (version, event) in commit.versioned() {
        if !matches!(&*event.name, "idea_promoted" | "research_done" | "todo_promoted") {
            continue;
        }
        let event = match stored::decode(event) {
            Ok(Event::Item(event)) => event,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(position = %commit.position, %error, "what a promotion causes cannot be told from its event");
                continue;
            }
        };
        let read;
        let before = match before {
            Some(item) if version == commit.first_version => item,
            _ => match replay(log, reference, version - 1)? {
                Some(item) => {
                    read = item;
                    &read
                }
                None => continue,
            },
        };
        if let Some((bucket, draft)) = item::promoted(before, &event) {
            let command = CommandId::new(format!("promotion/{}@{version}", commit.stream));
            return Ok(Some(Reaction { command, by: NAME, bucket, draft }));
        }
    }
    Ok(None)
}

/// An item as it was at a version.
fn replay(log: &dyn EventLog, reference: ItemRef, until: u64) -> Result<Option<Item>, ReadError> {
    let mut item = None;
    log.read_stream(&StreamId::new(reference.stream()), 1, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            for (version, event) in commit.versioned() {
                if version > until {
                    return std::ops::ControlFlow::Break(());
                }
                if let Ok(Event::Item(event)) = stored::decode(event) {
                    item = item::evolve(item.take(), reference, version, &event);
                }
            }
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(item)
}
