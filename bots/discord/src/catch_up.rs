//! Purpose: what was said in a channel while nothing was heard of it, read in order from the last message handled.
//!
//! What cannot be read afterwards: deletions, changes of messages further back than a page, and interactions.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    api::CallError,
    channels::Known,
    inbound,
    lanes::Worker,
    wire::{self, made_at},
};

const PAGE: usize = 100;
/// What is read of one channel at a time.
const PAGES_MAX: usize = 100;
/// How many messages before the mark are looked at for changes.
const LOOK_BACK: usize = 50;
/// A channel that was quiet for longer is not looked at for changes.
const LOOK_BACK_FOR: chrono::TimeDelta = chrono::TimeDelta::days(7);
/// How long a channel that cannot be read holds up its own live messages.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What became of it.
pub(crate) enum Outcome {
    Done,
    /// There is more, or the service could not be asked.
    Later,
}

/// Reads one room on.
pub(crate) async fn run(worker: &mut Worker) -> Outcome {
    let (intake, channel) = (worker.intake.clone(), worker.channel);
    let Some(mark) = intake.seen.mark(channel) else { return Outcome::Done };
    let Some(known) = mark.known() else { return Outcome::Done };
    // Few at a time: all rooms read on at once after an outage.
    let Ok(_turn) = intake.reading.acquire().await else { return Outcome::Done };
    let mut after = mark.last;
    if chrono::Utc::now() - made_at(mark.last) < LOOK_BACK_FOR {
        let path = format!("channels/{channel}/messages?before={}&limit={LOOK_BACK}", mark.last.saturating_add(1));
        if let Read::Page(before) = read(worker, &path, &known).await {
            let since = made_at(mark.last);
            for message in before.into_iter().filter(|it| inbound::edited_at(it).is_some_and(|at| at > since)) {
                worker.found_edit(message).await;
            }
        }
    }
    for _ in 0..PAGES_MAX {
        if intake.stop.is_cancelled() {
            return Outcome::Done;
        }
        let path = format!("channels/{channel}/messages?after={after}&limit={PAGE}");
        let page = match read(worker, &path, &known).await {
            Read::Page(page) => page,
            Read::Gone => return Outcome::Done,
            Read::Later => return Outcome::Later,
        };
        let full = page.len() >= PAGE;
        for message in page {
            after = after.max(message.id);
            worker.found(message).await;
        }
        if !full {
            return Outcome::Done;
        }
    }
    Outcome::Later
}

enum Read {
    /// Oldest first.
    Page(Vec<wire::Message>),
    Gone,
    Later,
}

async fn read(worker: &Worker, path: &str, known: &Known) -> Read {
    let intake = &worker.intake;
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match intake.api.get::<Vec<serde_json::Value>>(path).await {
            Ok(page) => {
                let mut messages: Vec<wire::Message> = page
                    .into_iter()
                    .filter_map(|value| match serde_json::from_value::<wire::Message>(value) {
                        // What is read does not say in which guild it stands.
                        Ok(message) => Some(wire::Message { guild_id: known.guild, ..message }),
                        Err(error) => {
                            tracing::warn!(bot = %intake.us.bot, %error, "a message that was missed cannot be read");
                            None
                        }
                    })
                    .collect();
                messages.sort_by_key(|message| message.id);
                return Read::Page(messages);
            }
            Err(error) => error,
        };
        match &error {
            CallError::Answer(refusal) if refusal.status == 404 => {
                intake.seen.forget(worker.channel);
                return Read::Gone;
            }
            CallError::Answer(refusal) if matches!(refusal.status, 400 | 401 | 403) => {
                tracing::warn!(
                    bot = %intake.us.bot, channel = worker.channel, %error,
                    "what was said here meanwhile cannot be read: give the bot View Channel and Read Message History"
                );
                return Read::Gone;
            }
            _ => {}
        }
        if Instant::now() >= until {
            tracing::warn!(bot = %intake.us.bot, channel = worker.channel, %error, "a channel cannot be read on; later again");
            return Read::Later;
        }
        let wait = error.wait().unwrap_or(pause).max(Duration::from_millis(20));
        tokio::select! {
            biased;
            () = intake.stop.cancelled() => return Read::Gone,
            () = sleep(wait) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
