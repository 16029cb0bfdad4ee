//! Purpose: what was said while nobody listened. After an outage each channel is read on from the last message that was
//! kept, threads and corrections included, in order and under the ids a live delivery has:
//! <https://docs.slack.dev/reference/methods/conversations.history>.
//!
//! While a channel is read, what comes in live for it waits, but not for longer than an acknowledgement can.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use serde::Deserialize;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::{
    api::CallError,
    events::Message,
    intake::{Intake, Mapped, Turn},
    kept::Marks,
    place::micros,
};

/// The key under which it is remembered how far was read.
const MARKS: &str = "seen";
/// So long live messages of a channel wait for what came before them.
const HOLD: Duration = Duration::from_millis(1_500);
/// How many channels are read at once.
const AT_ONCE: usize = 4;
/// The most pages of a channel; 200 messages each.
const PAGES_MAX: usize = 25;
const PAGE: &str = "200";
/// How far back corrections and threads of older messages are looked for.
#[derive(Clone, Copy, Debug)]
struct Depth {
    us: i64,
    /// Of 200 messages each.
    pages: usize,
}

impl Depth {
    /// What Slack could not hand over once is handed over again at once, after a minute and after five minutes:
    /// <https://docs.slack.dev/apis/events-api/#retries>. Only the order is ours to find.
    const BRIEF: Self = Self { us: 24 * 3600 * 1_000_000, pages: 1 };
    /// Slack has given up: what is not found is lost.
    const LONG: Self = Self { us: 14 * 24 * 3600 * 1_000_000, pages: 5 };
    /// An outage is brief for so long.
    const BRIEF_US: i64 = 60 * 1_000_000;

    /// After an outage since then. Whoever has just started cannot know that it was brief.
    fn after(since: i64, now: i64, first: bool) -> Self {
        if first || now - since > Self::BRIEF_US { Self::LONG } else { Self::BRIEF }
    }
}

/// The most threads read in one channel, those written in last.
const THREADS_MAX: usize = 50;
/// The most channels read that were never heard of before the outage.
const NEW_CHANNELS_MAX: usize = 200;
/// How often a wait that is asked for is waited out.
const WAITS_MAX: usize = 5;
/// How often it is remembered how far was read, and how often that we listen.
const REMEMBER_EVERY: Duration = Duration::from_secs(1);
const ALIVE_EVERY_TICKS: u32 = 30;
/// The pauses before what was not kept is fetched again.
const AGAIN_MIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<serde_json::Value>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Conversations {
    #[serde(default)]
    channels: Vec<Conversation>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
}

fn next(metadata: Option<Next>) -> Option<String> {
    metadata?.next_cursor.filter(|cursor| !cursor.is_empty())
}

fn stamp(us: i64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

fn at(message: &Message) -> i64 {
    micros(&message.ts).unwrap_or(0)
}

impl Intake {
    /// Takes over how far the process before this one has read.
    pub(crate) async fn recall_marks(&self) {
        let marks = self.inbox.recall(MARKS).await;
        let marks: Marks = marks.and_then(|marks| serde_json::from_str(&marks).ok()).unwrap_or_default();
        self.core.kept.load(&marks);
        self.core.was_alive(marks.alive);
    }

    /// Remembers how far was read.
    pub(crate) async fn remember_marks(&self) {
        if let Some(marks) = self.core.kept.marks(self.core.alive())
            && let Ok(marks) = serde_json::to_string(&marks)
        {
            self.inbox.remember(MARKS, &marks).await;
        }
    }

    /// Remembers from time to time how far was read. Never ends.
    pub(crate) async fn keep_remembering(&self) {
        let mut ticks = 0_u32;
        loop {
            sleep(REMEMBER_EVERY).await;
            ticks = ticks.wrapping_add(1);
            if ticks.is_multiple_of(ALIVE_EVERY_TICKS) {
                self.core.kept.touch();
            }
            self.remember_marks().await;
        }
    }

    /// Reads every channel on, beside the traffic. `since`: the last moment anything was heard, for channels never heard of.
    pub(crate) fn catch_up_all(&self, since: i64) {
        let known = self.core.kept.marked();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let first = !self.core.has_caught_up.swap(true, Ordering::Relaxed);
        let depth = Depth::after(since, chrono::Utc::now().timestamp_micros(), first);
        for channel in known.clone() {
            // The place in the order is taken now: what comes in live from here on stands behind it.
            let turn = self.lanes.turn(&channel);
            let (me, at_once) = (self.clone(), Arc::clone(&at_once));
            tokio::spawn(async move { me.catch_up_in_turn(channel, (since, depth), turn, &at_once).await });
        }
        if since > 0 {
            let me = self.clone();
            tokio::spawn(async move {
                for channel in me.unknown_channels(&known).await {
                    let turn = me.lanes.turn(&channel);
                    me.catch_up_in_turn(channel, (since, depth), turn, &at_once).await;
                }
            });
        }
    }

    async fn catch_up_in_turn(&self, channel: String, how: (i64, Depth), mut turn: Turn, at_once: &Semaphore) {
        tokio::select! {
            () = self.stop.cancelled() => return,
            () = turn.come() => {}
        }
        let mut turn = Some(turn);
        let work = async {
            let _permit = at_once.acquire().await;
            self.catch_up(&channel, how).await
        };
        tokio::pin!(work);
        let hold = sleep(HOLD);
        tokio::pin!(hold);
        let done = loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                done = &mut work => break done,
                // Live messages wait no longer; this goes on beside them.
                () = &mut hold, if turn.is_some() => turn = None,
            }
        };
        if !done {
            self.fall_behind();
        }
    }

    /// Something was not kept: it is fetched again until it is, even if Slack should never deliver it again.
    pub(crate) fn fall_behind(&self) {
        if self.core.catching_up.swap(true, Ordering::AcqRel) {
            return;
        }
        let me = self.clone();
        tokio::spawn(async move {
            let mut pause = AGAIN_MIN;
            loop {
                tokio::select! {
                    () = me.stop.cancelled() => break,
                    () = sleep(pause) => {}
                }
                let behind = me.core.kept.behind();
                if behind.is_empty() {
                    break;
                }
                let mut done = true;
                for channel in behind {
                    let mut turn = me.lanes.turn(&channel);
                    turn.come().await;
                    // Live messages of the channel wait, and are taken in behind what came before them.
                    done &= timeout(HOLD, me.catch_up(&channel, (0, Depth::BRIEF))).await.unwrap_or(false);
                }
                pause = if done { AGAIN_MIN } else { (pause * 2).min(AGAIN_MAX) };
            }
            me.core.catching_up.store(false, Ordering::Release);
        });
    }

    /// The channels we are in and have not heard of.
    async fn unknown_channels(&self, known: &[String]) -> Vec<String> {
        let mut out = Vec::new();
        let mut cursor = String::new();
        loop {
            let arguments = [
                ("types", "im,mpim,private_channel,public_channel"),
                ("exclude_archived", "true"),
                ("limit", PAGE),
                ("cursor", cursor.as_str()),
            ];
            let asked = if cursor.is_empty() { &arguments[..3] } else { &arguments[..] };
            let page: Conversations = match self.core.api.get("users.conversations", asked).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(bot = %self.core.name, %error, "the list of channels could not be read");
                    return out;
                }
            };
            out.extend(page.channels.into_iter().map(|c| c.id).filter(|id| !known.contains(id)));
            if out.len() >= NEW_CHANNELS_MAX {
                out.truncate(NEW_CHANNELS_MAX);
                return out;
            }
            match next(page.response_metadata) {
                Some(next) => cursor = next,
                None => return out,
            }
        }
    }

    /// Reads a channel on; `false` when something was not kept or could not be read.
    async fn catch_up(&self, channel: &str, (since, depth): (i64, Depth)) -> bool {
        let Some(us) = self.core.us.borrow().clone() else { return false };
        let Some(from) = self.core.kept.read_up_to(channel).or(Some(since)).filter(|from| *from > 0) else {
            return true;
        };
        // What fails from here on is not among what is read.
        let failed = self.core.kept.failed(channel);
        let messages = match self.missed(channel, from, depth).await {
            Ok(messages) => messages,
            Err(error) if error.is(&["channel_not_found", "not_in_channel", "is_archived", "missing_scope"]) => {
                tracing::info!(bot = %self.core.name, channel, %error, "a channel can no longer be read");
                self.core.kept.give_up(channel, &failed);
                return true;
            }
            Err(error) => {
                tracing::warn!(bot = %self.core.name, channel, %error, "a channel could not be read on");
                return false;
            }
        };
        let count = messages.len();
        for missed in in_order(messages, from) {
            let mapped = match missed {
                Missed::Message(message) => self.core.message(&us, channel, message).await,
                Missed::Edit(message, at) => self.core.said(&us, channel, message, Some(at)).await,
            };
            if let Mapped::Inbound(inbound, place) = mapped
                && !self.submit(*inbound, place, false).await
            {
                return false;
            }
        }
        // What was not kept and is not there any more was deleted.
        self.core.kept.give_up(channel, &failed);
        if count > 0 {
            tracing::info!(bot = %self.core.name, channel, count, "read on after an outage");
        }
        true
    }

    /// What was said in a channel after `from`, oldest first, with the corrections and the threads of older messages.
    async fn missed(&self, channel: &str, from: i64, depth: Depth) -> Result<Vec<Message>, CallError> {
        let oldest = stamp(from);
        let arguments = [("channel", channel), ("oldest", oldest.as_str()), ("limit", PAGE)];
        let mut found = self.pages("conversations.history", &arguments).await?;
        let latest_reply = |message: &Message| message.latest_reply.as_deref().and_then(micros);
        let root = |message: &Message| Some((latest_reply(message)?, message.ts.clone()));
        let mut roots: Vec<_> = found.iter().filter_map(root).collect();
        let (before, latest) = (stamp((from - depth.us).max(0)), stamp(from));
        let arguments = [
            ("channel", channel),
            ("oldest", before.as_str()),
            ("latest", latest.as_str()),
            ("inclusive", "true"),
            ("limit", PAGE),
        ];
        let (earlier, _) = self.some_pages("conversations.history", &arguments, depth.pages).await?;
        for message in earlier {
            roots.extend(root(&message).filter(|(reply, _)| *reply > from));
            // Slack counts corrections in seconds.
            let edited = message.edited.as_ref().and_then(|edited| micros(&edited.ts));
            if edited.is_some_and(|edited| edited + 1_000_000 > from) {
                found.push(message);
            }
        }
        roots.sort_unstable_by(|a, b| b.cmp(a));
        roots.truncate(THREADS_MAX);
        let newest = found.iter().map(at).max().unwrap_or(from).max(from);
        for (_, root) in &roots {
            let arguments = [("channel", channel), ("ts", root.as_str()), ("oldest", oldest.as_str()), ("limit", PAGE)];
            let replies = self.pages("conversations.replies", &arguments).await?;
            found.extend(replies.into_iter().filter(|m| m.ts != *root && at(m) > from));
        }
        let last = found.iter().map(at).max().unwrap_or(newest);
        if last > newest {
            // Written while the threads were read, perhaps: then what stands before it was not there yet a moment ago.
            let oldest = stamp(newest);
            let arguments = [("channel", channel), ("oldest", oldest.as_str()), ("limit", PAGE)];
            let since = self.pages("conversations.history", &arguments).await?;
            found.extend(since.into_iter().filter(|m| at(m) < last));
        }
        found.sort_by_key(at);
        found.dedup_by(|a, b| a.ts == b.ts);
        Ok(found)
    }

    async fn pages(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Vec<Message>, CallError> {
        let (found, all) = self.some_pages(method, arguments, PAGES_MAX).await?;
        if !all {
            tracing::warn!(bot = %self.core.name, method, "more was said during the outage than is read: the oldest of it is left out");
        }
        Ok(found)
    }

    /// At most so many pages, and whether these are all.
    async fn some_pages(
        &self,
        method: &str,
        arguments: &[(&str, &str)],
        most: usize,
    ) -> Result<(Vec<Message>, bool), CallError> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..most {
            let mut arguments = arguments.to_vec();
            if let Some(cursor) = &cursor {
                arguments.push(("cursor", cursor));
            }
            let page: Page = self.asking(method, &arguments).await?;
            found.extend(page.messages.into_iter().filter_map(understood));
            cursor = next(page.response_metadata);
            if cursor.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// One page, waiting when that is asked for.
    async fn asking<T: serde::de::DeserializeOwned + Send>(
        &self,
        method: &str,
        arguments: &[(&str, &str)],
    ) -> Result<T, CallError> {
        for _ in 0..WAITS_MAX {
            match self.core.api.get(method, arguments).await {
                Err(CallError::Wait(after)) => sleep(after.min(Duration::from_secs(60))).await,
                other => return other,
            }
        }
        self.core.api.get(method, arguments).await
    }
}

/// What is to be taken in.
enum Missed {
    Message(Message),
    /// It says something else since then.
    Edit(Message, String),
}

/// Messages, and corrections where they were made rather than where the message is. Of a message read for the first time
/// nobody knows whether it was kept as it first stood: so it comes as it stands now, and its correction, which then says
/// nothing new to whoever has not heard the first.
fn in_order(messages: Vec<Message>, from: i64) -> Vec<Missed> {
    let mut missed = Vec::with_capacity(messages.len());
    for message in messages {
        if let Some(edited) = message.edited.as_ref().map(|edited| edited.ts.clone()) {
            // Slack counts corrections in seconds: it came at the end of that one, as far as can be known.
            let when = micros(&edited).unwrap_or(0) + 999_999;
            missed.push((when.max(at(&message) + 1), Missed::Edit(message.clone(), edited)));
        }
        if at(&message) > from {
            missed.push((at(&message), Missed::Message(message)));
        }
    }
    missed.sort_by_key(|(when, _)| *when);
    missed.into_iter().map(|(_, missed)| missed).collect()
}

/// A message of a shape nobody knows spoils no other.
fn understood(message: serde_json::Value) -> Option<Message> {
    serde_json::from_value::<Message>(message).ok().filter(|message| micros(&message.ts).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_long_outage_and_at_the_start_it_is_looked_further_back() {
        let minute = Depth::BRIEF_US;
        let pages = |since, first| Depth::after(since, 10 * minute, first).pages;
        assert_eq!((pages(9 * minute, false), pages(8 * minute, false), pages(9 * minute, true)), (1, 5, 5));
    }
    use crate::events::Edited;

    #[test]
    fn a_correction_stands_where_it_was_made() {
        let message = |ts: &str, edited: Option<&str>| Message {
            ts: ts.into(),
            edited: edited.map(|ts| Edited { ts: ts.into() }),
            ..Message::default()
        };
        // 3 was kept before; 5 may have been, and 8 comes after both were changed.
        let all = vec![message("3.0", Some("7.000000")), message("5.0", Some("6.000000")), message("8.0", None)];
        let told: Vec<String> = in_order(all, 4_000_000)
            .into_iter()
            .map(|missed| match missed {
                Missed::Message(message) => message.ts,
                Missed::Edit(message, at) => format!("{} at {at}", message.ts),
            })
            .collect();
        assert_eq!(told, ["5.0", "5.0 at 6.000000", "3.0 at 7.000000", "8.0"]);
    }
}
