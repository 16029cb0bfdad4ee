//! History: the commits of one item in words. Who, when, from which message, what.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::with_buttons,
    notice::item_events,
    phrase::{self, Phrase},
    undone, words,
};
use crate::{
    command::{Command, Look, Target},
    domain::{
        ItemRef, PersonId,
        item::{Event, Fact},
        research,
    },
    lang::{say, text},
    log::Commit,
};

/// How many changes stand on one page.
pub(super) const PAGE_ROWS: usize = 15;
/// The most columns of what happened, and of the words that made it happen.
const WHAT_COLUMNS_MAX: usize = 44;
const SAID_CHARS_MAX: usize = 60;
/// The most changes of one commit that are told one by one.
const TOLD_MAX: usize = 3;
/// The most messages there is a way back to.
const LINKS_MAX: usize = 8;

/// One line of a history.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) at: DateTime<Utc>,
    pub(super) who: String,
    pub(super) what: String,
    /// The message, as it was typed.
    pub(super) said: String,
    /// What became of it later.
    pub(super) since: String,
    /// Where the message can be opened.
    pub(super) link: Option<String>,
}

impl Row {
    /// Notes when it was taken back, and which part of it.
    pub(super) fn mark(&mut self, taken_back: Option<&(DateTime<Utc>, Option<String>)>, viewer: &Viewer) {
        if let Some((at, part)) = taken_back {
            let time = clock(*at, viewer);
            self.since = match part {
                Some(part) => say!(viewer.lang, "history-part-taken-back", part, time),
                None => say!(viewer.lang, "history-taken-back", time),
            };
        }
    }
}

impl World {
    /// `/history`: what happened to an item, the newest page first, oldest line first. `commits` are those of its stream in
    /// order, all of them or the newest.
    pub fn history(&self, item: ItemRef, commits: &[Arc<Commit>], page: u32, viewer: &Viewer) -> Outbound {
        let rows = self.rows(commits, viewer);
        let mut text = self.titled(item, commits);
        if rows.is_empty() {
            text.plain("\n").plain(say!(viewer.lang, "nothing-known"));
            return Outbound::text(text);
        }
        let pages = rows.len().div_ceil(PAGE_ROWS);
        let page = usize::try_from(page).unwrap_or(usize::MAX).clamp(1, pages);
        let end = rows.len() - (page - 1) * PAGE_ROWS;
        let start = end.saturating_sub(PAGE_ROWS);
        if pages > 1 {
            let (from, to) = (start + 1, end);
            text.plain("   ").plain(say!(viewer.lang, "history-page", from, to, n = rows.len()));
        }
        let shown = rows.get(start..end).unwrap_or_default();
        text.plain("\n").push(Style::Pre(None), table(shown, viewer));
        messages(&mut text, shown, viewer);
        let target = Some(Target { item, version: None });
        let to = |page: usize| {
            let turned = if page == 1 && self.as_of.is_none() { " page:1" } else { "" };
            let page = u32::try_from(page).unwrap_or(u32::MAX);
            let text = Command::Look(Look::History { target, page, at: self.moment() }).to_text(viewer.time_zone);
            text + turned
        };
        let mut buttons = Vec::new();
        if page < pages {
            buttons.push(Button::new(say!(viewer.lang, "button-older"), to(page + 1)));
        }
        if page > 1 {
            buttons.push(Button::new(say!(viewer.lang, "button-newer"), to(page - 1)));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// `T1 Fix login`
    pub(super) fn titled(&self, item: ItemRef, commits: &[Arc<Commit>]) -> Text {
        let mut text = Text::new();
        text.item(item);
        let replayed;
        let seen = match self.item(item) {
            Some(seen) => Some(seen),
            None => {
                replayed = Self::replay_item(commits);
                replayed.as_ref()
            }
        };
        if let Some(seen) = seen {
            text.plain(" ").push(Style::Quote, words::one_line(&seen.item.title));
        }
        text
    }

    /// A line for each commit.
    pub(super) fn rows(&self, commits: &[Arc<Commit>], viewer: &Viewer) -> Vec<Row> {
        let mut corrected: HashMap<u64, DateTime<Utc>> = HashMap::new();
        for commit in commits {
            for event in item_events(commit) {
                if let Event::Fact(Fact::Noted { corrects: Some(version), .. })
                | Event::Research(research::Event::FindingAdded { corrects: Some(version), .. }) = event
                {
                    corrected.insert(version, commit.meta.recorded_at);
                }
            }
        }
        let taken_back = undone::marks(commits, viewer.lang);
        commits
            .iter()
            .map(|commit| {
                let mut row = self.row(commit, |phrase| phrase.did.to_plain(), viewer);
                let since = commit.versioned().find_map(|(version, _)| corrected.get(&version));
                if let Some(at) = since {
                    row.since = say!(viewer.lang, "history-corrected", time = clock(*at, viewer));
                }
                row.mark(taken_back.get(&commit.first_version), viewer);
                row
            })
            .collect()
    }

    /// The line of a commit, its events in `words`.
    pub(super) fn row(&self, commit: &Commit, words: impl Fn(&Phrase<'_>) -> String, viewer: &Viewer) -> Row {
        let (actor, bot) = (commit.meta.actor.as_str(), commit.meta.origin.bot.as_str());
        let person = PersonId::of_stream(actor);
        let events = item_events(commit);
        let phrases: Vec<_> = events.iter().map(|event| self.phrase(event, person, viewer)).collect();
        // What an item is created with belongs to the creation, and the message says it.
        let creation = events.first().is_some_and(super::notice::is_creation);
        let told = if creation { 1 } else { TOLD_MAX };
        let mut what = phrases.iter().take(told).map(words).collect::<Vec<_>>().join(", ");
        if phrases.len() > told && !creation {
            what.push(' ');
            what.push_str(&say!(viewer.lang, "more", n = phrases.len() - told));
        }
        if phrases.is_empty() {
            what = say!(viewer.lang, "history-unreadable");
        }
        let mut who = self.actor(actor, viewer);
        if let Some(title) = phrase::platform(bot, viewer).filter(|_| person.is_some()) {
            who = format!("{who} ({title})");
        }
        let meta = &commit.meta;
        let link = viewer.permalinks.of(&meta.origin);
        Row { at: meta.recorded_at, who, what, said: meta.text.clone(), since: String::new(), link }
    }
}

/// The rows as aligned columns: time, who, what, the message, what became of it.
pub(super) fn table(rows: &[Row], viewer: &Viewer) -> String {
    let days: Vec<NaiveDate> = rows.iter().map(|row| words::day_of(row.at, viewer)).collect();
    let today = words::today(viewer);
    let lang = viewer.lang;
    let only_today = days.iter().all(|day| *day == today);
    let lines: Vec<[String; 5]> = rows
        .iter()
        .zip(&days)
        .map(|(row, day)| {
            let time = clock(row.at, viewer);
            let (weekday, of_month, month) = (lang.weekday(*day), day.format("%e").to_string(), lang.month(*day));
            let when = match (only_today, day.year() == today.year()) {
                (true, _) => time,
                (false, true) => say!(lang, "history-day", weekday, day = of_month, month, time),
                (false, false) => {
                    let year = day.year().to_string();
                    say!(lang, "history-day-year", weekday, day = of_month, month, year, time)
                }
            };
            let said = words::one_line(&row.said);
            let said =
                if said.is_empty() { String::new() } else { format!("\"{}\"", words::shorten(&said, SAID_CHARS_MAX)) };
            [when, words::one_line(&row.who).into_owned(), row.what.clone(), said, row.since.clone()]
        })
        .collect();
    let mut widths = [0; 5];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = words::columns(cell).max(*width);
        }
    }
    widths[2] = widths[2].min(WHAT_COLUMNS_MAX);
    let mut out = String::new();
    for line in &lines {
        if !out.is_empty() {
            out.push('\n');
        }
        let mut row = String::new();
        for (cell, width) in line.iter().zip(widths) {
            row.push_str("  ");
            row.push_str(cell);
            row.extend(std::iter::repeat_n(' ', width.saturating_sub(words::columns(cell))));
        }
        out.push_str(row.trim_end());
    }
    out
}

/// The way back to the newest of the messages, each by its time.
pub(super) fn messages(text: &mut Text, rows: &[Row], viewer: &Viewer) {
    let mut links: Vec<_> = rows.iter().filter_map(|row| Some((row.link.as_deref()?, row.at))).collect();
    links.dedup_by_key(|(link, _)| *link);
    let from = links.len().saturating_sub(LINKS_MAX);
    let mut shown = Text::new();
    for (link, at) in links.into_iter().skip(from) {
        shown.plain(if shown.is_empty() { "" } else { " · " }).push(Style::Link(link.to_owned()), clock(at, viewer));
    }
    if !shown.is_empty() {
        text.plain("\n").append(text!(viewer.lang, "history-messages", links = shown));
    }
}

fn clock(at: DateTime<Utc>, viewer: &Viewer) -> String {
    at.with_timezone(&viewer.time_zone).format("%H:%M:%S").to_string()
}
