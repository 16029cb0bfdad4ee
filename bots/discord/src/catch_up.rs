//! Purpose: what was said in a channel while nothing was heard of it, read in order from the last message handled. A change
//! stands where it was made, not where the message was.
//!
//! What is read tells what was written, not what was changed before it: how far changes are known has a mark of its own
//! ([`crate::seen`]), which goes on only with what was heard and what was looked for.
//!
//! What cannot be read afterwards: deletions, changes of messages further back than a page, and interactions.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};

use crate::{
    api::CallError,
    channels::Known,
    inbound,
    lanes::Worker,
    seen::Mark,
    wire::{self, made_at},
};

const PAGE: usize = 100;
/// What is read of one channel at a time.
const PAGES_MAX: usize = 100;
/// How many messages before the mark are looked at for changes.
const LOOK_BACK: usize = PAGE;
/// A channel that was quiet for longer is not looked at for changes.
const LOOK_BACK_FOR: chrono::TimeDelta = chrono::TimeDelta::days(7);
/// So far our clock may be from Discord's.
const CLOCKS_APART: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
/// How long a channel that cannot be read holds up its own live messages.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What became of it.
pub(crate) enum Outcome {
    Done,
    /// There is more, or the service could not be asked.
    Later,
    /// The process stops; the next one reads on.
    Stopped,
}

/// Reads one room on.
pub(crate) async fn run(worker: &mut Worker) -> Outcome {
    let (intake, channel) = (worker.intake.clone(), worker.channel);
    let Some(mark) = intake.seen.mark(channel) else { return Outcome::Done };
    let Some(known) = mark.known() else { return Outcome::Done };
    tokio::select! {
        biased;
        () = intake.stop.cancelled() => return Outcome::Stopped,
        () = intake.established() => {}
    }
    // Few at a time: all rooms read on at once after an outage.
    let Ok(_turn) = intake.reading.acquire().await else { return Outcome::Stopped };
    let mut edits = Edits::default();
    let mut looked_at = Utc::now() - CLOCKS_APART;
    if let Err(outcome) = changed(worker, &mark, &known, None, &mut edits).await {
        return outcome;
    }
    let mut after = mark.last;
    let mut outcome = Outcome::Done;
    for page_number in 0..PAGES_MAX {
        if intake.stop.is_cancelled() {
            return Outcome::Stopped;
        }
        let path = format!("channels/{channel}/messages?after={after}&limit={PAGE}");
        let page = match read(worker, &path, &known).await {
            Read::Page(page) => page,
            Read::None(outcome) => return outcome,
        };
        // Written since the look: what was changed between the two stands before it, and should the session have ended
        // meanwhile, nobody tells us of it.
        if let Some(newest) = page.last().filter(|newest| made_at(newest.id) > looked_at) {
            looked_at = Utc::now() - CLOCKS_APART;
            if let Err(outcome) = changed(worker, &mark, &known, Some(newest.id), &mut edits).await {
                return outcome;
            }
        }
        let full = page.len() >= PAGE;
        for message in page {
            after = after.max(message.id);
            for edited in edits.before(Some(made_at(message.id))) {
                worker.found_edit(edited).await;
            }
            // Behind the mark some may be kept that were changed since: then it is the change that is new. To one that is
            // not, the change says nothing new.
            edits.put(message.clone());
            worker.found(message).await;
        }
        if !full {
            break;
        }
        if page_number + 1 == PAGES_MAX {
            outcome = Outcome::Later;
        }
    }
    for edited in edits.before(None) {
        worker.found_edit(edited).await;
    }
    if intake.stop.is_cancelled() {
        return Outcome::Stopped;
    }
    // Not up to what was read just now: between the look and that page something may have been changed.
    worker.looked_for_changes(mark.last);
    outcome
}

/// Looks among the messages before the mark for changes that were not heard of; those until a message was written, or all.
async fn changed(
    worker: &Worker,
    mark: &Mark,
    known: &Known,
    until: Option<u64>,
    edits: &mut Edits,
) -> Result<(), Outcome> {
    if Utc::now() - made_at(mark.last) >= LOOK_BACK_FOR {
        return Ok(());
    }
    let path = format!("channels/{}/messages?before={}&limit={LOOK_BACK}", worker.channel, mark.last.saturating_add(1));
    let before = match read(worker, &path, known).await {
        Read::Page(before) => before,
        // The mark must not go beyond changes that were not looked for.
        Read::None(outcome) => return Err(outcome),
    };
    let (since, until) = (made_at(mark.changes()), until.map(made_at));
    for message in before {
        if inbound::edited_at(&message).is_some_and(|at| at >= since && until.is_none_or(|until| at < until)) {
            edits.put(message);
        }
    }
    Ok(())
}

/// Messages that were changed, by when.
#[derive(Default)]
struct Edits(BTreeMap<(DateTime<Utc>, u64), wire::Message>);

impl Edits {
    fn put(&mut self, message: wire::Message) {
        if let Some(at) = inbound::edited_at(&message) {
            self.0.insert((at, message.id), message);
        }
    }

    /// Those that were changed before a moment, in order; `None`: all.
    fn before(&mut self, moment: Option<DateTime<Utc>>) -> impl Iterator<Item = wire::Message> + use<> {
        let later = moment.map_or_else(BTreeMap::new, |moment| self.0.split_off(&(moment, 0)));
        std::mem::replace(&mut self.0, later).into_values()
    }
}

enum Read {
    /// Oldest first.
    Page(Vec<wire::Message>),
    /// What becomes of the reading.
    None(Outcome),
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
                return Read::None(Outcome::Done);
            }
            CallError::Answer(refusal) if matches!(refusal.status, 400 | 401 | 403) => {
                tracing::warn!(
                    bot = %intake.us.bot, channel = worker.channel, %error,
                    "what was said here meanwhile cannot be read: give the bot View Channel and Read Message History"
                );
                return Read::None(Outcome::Done);
            }
            _ => {}
        }
        if Instant::now() >= until {
            tracing::warn!(bot = %intake.us.bot, channel = worker.channel, %error, "a channel cannot be read on; later again");
            return Read::None(Outcome::Later);
        }
        let wait = error.wait().unwrap_or(pause).max(Duration::from_millis(20));
        tokio::select! {
            biased;
            () = intake.stop.cancelled() => return Read::None(Outcome::Stopped),
            () = sleep(wait) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
