//! How this process and its bots are, as a message: short for a phone, or all there is to say.

use std::time::Duration;

use chrono::{DateTime, Utc};
use yoman_chat::{Style, Text};

use super::{Viewer, World, house::span, line::INDENT, words};
use crate::{
    lang::{self, Lang, say, text_in},
    log::{Health, Position},
    nodes::{HeldBot, NodesState},
    spool::Waits,
};

/// The most rooms of a bot that are named.
const ROOMS_MAX: usize = 5;
/// The longest reason that is repeated, in characters.
const WHY_CHARS_MAX: usize = 160;
/// A node that was not heard for so long is said to be silent, in milliseconds.
const SILENT_MS: u64 = 5000;

/// What is wrong with a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Why, in words.
    pub why: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// It does not come back by itself.
    pub ended: bool,
}

/// How one bot is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BotState {
    /// Its name.
    pub bot: String,
    /// What is wrong with it; `None`: it runs.
    pub trouble: Option<Trouble>,
    /// How many messages wait to be delivered.
    pub waiting: usize,
    /// Rooms that get what they miss later, as one message.
    pub held: usize,
    /// How far it has read the log; `None` before it read anything.
    pub read: Option<Position>,
    /// Since when the first commit it did not read is there; `None`: it has read all.
    pub behind_since: Option<DateTime<Utc>>,
    /// New messages shown since the start.
    pub sent: u64,
    /// Messages changed in place since the start.
    pub edited: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Messages that may have been delivered twice: since the start, and ever.
    pub possibly_delivered: (u64, u64),
    /// Messages the platform will never take, given up, dropped; since the start.
    pub lost: (u64, u64, u64),
    /// Deliveries kept aside, ever.
    pub aside: u64,
    /// The newest failure of a send and when it was.
    pub last_error: Option<(String, DateTime<Utc>)>,
    /// Rooms nothing is sent to for the moment: which, for how long still, why.
    pub paused: Vec<(String, Duration, String)>,
    /// Rooms the platform refuses everything for.
    pub refusing: Vec<String>,
    /// Which node speaks for it; `None` on one machine.
    pub spoken_for: Option<HeldBot>,
}

/// How this process is, for `/status`.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// How long it has been running.
    pub up: Duration,
    /// The newest position of the log.
    pub head: Position,
    /// How the log is.
    pub health: Health,
    /// Every bot.
    pub bots: Vec<BotState>,
    /// What waits for the shared log, where there is one.
    pub spool: Option<Waits>,
    /// Every node; `None` on one machine.
    pub nodes: Option<NodesState>,
}

impl World {
    /// `/status`: whether all is well, and what is not; with `all`, everything that is counted.
    pub fn status(&self, status: &Status, all: bool, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let mut text = Text::new();
        let (version, up) = (status.version.as_str(), span(status.up, lang));
        text.plain(say!(lang, "health-head", version, span = up, position = words::grouped(status.head.0)));
        let counts: Vec<_> = crate::domain::Bucket::ALL
            .into_iter()
            .filter(|&bucket| self.newest(bucket) > 0)
            .map(|bucket| words::count_of(self.newest(bucket) as usize, bucket, lang))
            .collect();
        if all && !counts.is_empty() {
            text.plain("\n").plain(counts.join("   "));
        }
        for bot in &status.bots {
            text.plain("\n").append(bot_line(bot, status.head, viewer));
            if all {
                for line in details(bot, viewer) {
                    text.plain(INDENT).push(Style::Quote, words::one_line(&line));
                }
            }
        }
        if let Some(nodes) = &status.nodes {
            text.plain("\n").append(nodes_lines(nodes, viewer));
        }
        let health = &status.health;
        if all {
            let mb = (health.disk_bytes + health.journal_bytes) / 1_000_000;
            text.plain("\n").plain(say!(lang, "health-log", engine = health.engine, mb));
            if let Some(verified) = &health.verified {
                let (position, when) = (words::grouped(verified.position.0), words::at(verified.at, viewer));
                text.plain("   ").plain(say!(lang, "health-verified", position, when));
            }
        }
        let waits = status.spool.as_ref().map(|waits| waiting(waits, viewer)).unwrap_or_default();
        for trouble in self.trouble(health, lang).into_iter().chain(waits) {
            text.plain("\n").push(Style::Bold, "! ").push(Style::Quote, words::one_line(&trouble));
        }
        if !all {
            let look = lang::code(viewer.capabilities.written("/status all"));
            text.plain("\n").append(text_in!(lang, Style::Dim, "health-all", look = look));
        }
        text
    }

    fn trouble(&self, health: &Health, lang: Lang) -> Vec<String> {
        let mut trouble = Vec::new();
        if let Some(verified) = health.verified.as_ref().filter(|verified| verified.faults > 0) {
            trouble.push(say!(lang, "health-faults", n = verified.faults));
        }
        trouble.extend(health.refusing.iter().map(|why| say!(lang, "health-nothing-saved", why)));
        let damaged = health.damaged.iter().take(3);
        trouble.extend(damaged.map(|(at, how)| say!(lang, "health-damaged", position = at.to_string(), why = how)));
        trouble.extend(health.warnings.iter().cloned());
        if self.unreadable() > 0 {
            trouble.push(self.unreadable_line(lang));
        }
        trouble
    }
}

/// What has to be known of a spool.
fn waiting(waits: &Waits, viewer: &Viewer) -> Vec<String> {
    let lang = viewer.lang;
    let mut lines = Vec::new();
    if let Some(away) = &waits.away {
        lines.push(say!(lang, "spool-away", when = words::at(away.since, viewer), why = short(&away.why)));
    }
    if let Some(since) = waits.since {
        lines.push(say!(lang, "spool-waiting", n = waits.waiting, when = words::at(since, viewer)));
    }
    let unreadable = waits.aside + waits.damaged;
    if unreadable > 0 {
        lines.push(say!(lang, "spool-aside", n = unreadable));
    }
    lines.extend(waits.failed.iter().map(|why| say!(lang, "spool-failed", why = short(why))));
    lines
}

/// `Telegram   runs   2 messages wait`
fn bot_line(bot: &BotState, head: Position, viewer: &Viewer) -> Text {
    let lang = viewer.lang;
    let mut text = Text::new();
    text.plain(words::title_of(&bot.bot, &viewer.titles)).plain("   ");
    let elsewhere = bot.spoken_for.as_ref().filter(|held| !held.here);
    if let Some(held) = elsewhere {
        // What is counted here is not about it.
        text.plain(spoken_for(held, viewer));
        return text;
    }
    match &bot.trouble {
        None => drop(text.plain(say!(lang, "health-runs"))),
        Some(trouble) => {
            let why = short(&trouble.why);
            let since = span_since(trouble.since, viewer.now, lang);
            let said = match trouble.ended {
                true => say!(lang, "health-ended", why),
                false => say!(lang, "health-down", span = since, why),
            };
            text.push(Style::Bold, said);
        }
    }
    let mut more = |what: String| {
        text.plain("   ").plain(what);
    };
    if let Some(held) = &bot.spoken_for {
        more(spoken_for(held, viewer));
    }
    if bot.waiting > 0 {
        more(say!(lang, "health-waits", n = bot.waiting));
    }
    if let (Some(read), Some(since)) = (bot.read, bot.behind_since) {
        let n = head.0.saturating_sub(read.0);
        more(say!(lang, "health-behind", n, span = span_since(since, viewer.now, lang)));
    }
    let (now, ever) = bot.possibly_delivered;
    if now > 0 {
        more(say!(lang, "health-unsure", n = now, ever));
    }
    text
}

/// Which node speaks for a bot.
fn spoken_for(held: &HeldBot, viewer: &Viewer) -> String {
    let lang = viewer.lang;
    match (&held.node, held.here) {
        (_, true) if held.alone => say!(lang, "nodes-alone"),
        (_, true) => say!(lang, "nodes-here"),
        (Some(node), false) => {
            let span = span_since(held.since.unwrap_or(viewer.now), viewer.now, lang);
            say!(lang, "nodes-there", node, span)
        }
        (None, false) => say!(lang, "nodes-nobody"),
    }
}

/// Which nodes there are, and what is wrong with them.
fn nodes_lines(state: &NodesState, viewer: &Viewer) -> Text {
    let lang = viewer.lang;
    let names = state.nodes.iter().map(|node| match (node.here, node.silent_ms) {
        (true, _) => say!(lang, "nodes-this", name = node.name.as_str()),
        (false, ..SILENT_MS) => node.name.clone(),
        (false, silent) => {
            let span = span(Duration::from_millis(silent), lang);
            say!(lang, "nodes-silent", name = node.name.as_str(), span)
        }
    });
    let names: Vec<_> = names.collect();
    let mut text = Text::new();
    text.plain(say!(lang, "nodes-list", n = names.len(), names = names.join(", ")));
    let mut trouble: Vec<_> = state.away.iter().map(|why| say!(lang, "nodes-away", why = short(why))).collect();
    if state.away.is_none() {
        let untaken = state.bots.iter().filter(|bot| !bot.here);
        trouble.extend(untaken.filter_map(|bot| {
            let why = short(bot.trouble.as_ref()?);
            Some(say!(lang, "nodes-trouble", bot = words::title_of(&bot.bot, &viewer.titles), why))
        }));
    }
    for line in trouble {
        text.plain("\n").push(Style::Bold, "! ").push(Style::Quote, words::one_line(&line));
    }
    text
}

/// All that is counted of a bot, a line each.
fn details(bot: &BotState, viewer: &Viewer) -> Vec<String> {
    let lang = viewer.lang;
    let mut lines = Vec::new();
    if bot.spoken_for.as_ref().is_some_and(|held| !held.here) {
        return lines;
    }
    lines.extend(bot.read.map(|read| say!(lang, "health-read", position = words::grouped(read.0))));
    if bot.held > 0 {
        lines.push(say!(lang, "health-held", n = bot.held));
    }
    let mut counted = vec![say!(lang, "health-sent", sent = bot.sent, edited = bot.edited)];
    if bot.failures > 0 {
        counted.push(say!(lang, "health-failed", n = bot.failures));
    }
    lines.push(counted.join("   "));
    let (now, ever) = bot.possibly_delivered;
    if now == 0 && ever > 0 {
        lines.push(say!(lang, "health-unsure", n = now, ever));
    }
    let (refused, given, dropped) = bot.lost;
    if refused + given + dropped > 0 {
        lines.push(say!(lang, "health-lost", refused, given, dropped));
    }
    if bot.aside > 0 {
        lines.push(say!(lang, "health-aside", n = bot.aside));
    }
    if let Some((why, at)) = &bot.last_error {
        lines.push(say!(lang, "health-last-error", when = words::at(*at, viewer), why = short(why)));
    }
    for (room, left, why) in bot.paused.iter().take(ROOMS_MAX) {
        lines.push(say!(lang, "health-paused", room, span = span(*left, lang), why = short(why)));
    }
    lines.extend(bot.refusing.iter().take(ROOMS_MAX).map(|room| say!(lang, "health-refusing", room)));
    let left_out = bot.paused.len().saturating_sub(ROOMS_MAX) + bot.refusing.len().saturating_sub(ROOMS_MAX);
    if left_out > 0 {
        lines.push(say!(lang, "health-more", n = left_out));
    }
    lines
}

/// Why, on one line, as long as people read.
pub(crate) fn short(why: &str) -> String {
    words::shorten(&words::one_line(why), WHY_CHARS_MAX).into_owned()
}

/// How long between two instants.
pub(crate) fn span_since(since: DateTime<Utc>, now: DateTime<Utc>, lang: Lang) -> String {
    span(now.signed_duration_since(since).to_std().unwrap_or_default(), lang)
}
