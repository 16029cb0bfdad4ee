//! What may have to be reminded of: of each item that is not closed, since when it is due then, since when it waits, whether
//! somebody is at it, what was reminded of and what somebody asked for. And how it is worded.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::with_buttons,
    line::{GAP, INDENT},
    words,
};
use crate::{
    command::{Command, RemindCommand, Target},
    domain::{
        Due, ItemRef, PersonId,
        filter::StateWord,
        item::{Act, Item},
        reminder::{Asked, DAY_MIN, Defaults, Event, Reminders as Given, Rules, Subject},
        room::RemindChange,
    },
    lang::{self, Lang, say, text, text_in},
    log::Commit,
};

/// The most reminders `/remind` lists.
const LISTED_MAX: usize = 15;
/// The longest words of one in the list, in characters.
const SAID_CHARS_MAX: usize = 80;

/// What may have to be reminded of on one item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// When it is due, and since when.
    due: Option<(Due, DateTime<Utc>)>,
    /// Since when it waits for another.
    blocked_since: Option<DateTime<Utc>>,
    /// Somebody is at it.
    active: bool,
    given: Given,
}

impl Watched {
    fn is_nothing(&self) -> bool {
        self.due.is_none() && self.blocked_since.is_none() && !self.active && self.given.version == 0
    }
}

/// The items that are not closed and of which something may have to be reminded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Reminders(BTreeMap<ItemRef, Watched>);

impl Reminders {
    /// Looks at an item after something happened, to it or to what it waits for.
    pub(super) fn see(&mut self, reference: ItemRef, item: Option<&Item>, blocked: bool, at: DateTime<Utc>) {
        let Some(item) = item.filter(|item| !item.is_closed()) else {
            self.0.remove(&reference);
            return;
        };
        let active = match item.state_word() {
            StateWord::Running | StateWord::Doing | StateWord::Reviewed => true,
            StateWord::Open => item.reference.bucket == crate::domain::Bucket::Pr,
            _ => false,
        };
        if item.due.is_none() && !blocked && !active && !self.0.contains_key(&reference) {
            return;
        }
        let watched = self.0.entry(reference).or_default();
        watched.active = active;
        watched.due = item.due.map(|due| watched.due.filter(|(known, _)| *known == due).unwrap_or((due, at)));
        watched.blocked_since = blocked.then(|| watched.blocked_since.unwrap_or(at));
        if watched.is_nothing() {
            self.0.remove(&reference);
        }
    }

    /// Takes in what happened to the reminders of an item that is not closed.
    pub(super) fn apply(&mut self, reference: ItemRef, version: u64, event: &Event, at: DateTime<Utc>) {
        self.0.entry(reference).or_default().given.evolve(version, event, at);
    }

    /// One person turned out to be another.
    pub(super) fn merge_people(&mut self, from: PersonId, into: PersonId) {
        for asked in self.0.values_mut().flat_map(|watched| &mut watched.given.asked) {
            if asked.person == from {
                asked.person = into;
            }
        }
    }
}

/// A reminder that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Of which item.
    pub item: ItemRef,
    /// Of what.
    pub subject: Subject,
    /// Moments up to this one are done with.
    pub after: DateTime<Utc>,
    /// The newest moment it is for.
    pub at: DateTime<Utc>,
}

/// What is due now, and when something will be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// One for each item and subject, whatever became due meanwhile.
    pub due: Vec<Reminder>,
    /// The next moment, as far as is known now.
    pub next: Option<DateTime<Utc>>,
}

impl World {
    /// What is to be reminded of at `now`, by the rules of all rooms.
    pub fn agenda(&self, defaults: &Defaults, time_zone: Tz, now: DateTime<Utc>) -> Agenda {
        let rules = self.rules(defaults, time_zone);
        let mut agenda = Agenda::default();
        for (&item, watched) in &self.reminders.0 {
            self.agenda_of(item, watched, &rules, now, &mut agenda);
        }
        agenda
    }

    /// Whether a reminder is still to be given: nothing happened meanwhile that makes it pointless, and nobody gave it.
    pub fn is_to_be_given(&self, reminder: &Reminder) -> bool {
        self.reminders.0.get(&reminder.item).is_some_and(|watched| {
            let subjects = self.subjects(reminder.item, watched);
            subjects.iter().any(|&(subject, since)| {
                let after = watched.given.until(subject).map_or(since, |until| until.max(since));
                subject == reminder.subject && after < reminder.at
            })
        })
    }

    /// Whether what was reminded of still holds: for whoever words it late.
    pub fn holds(&self, item: ItemRef, subject: Subject) -> bool {
        let Some(watched) = self.reminders.0.get(&item) else { return false };
        match subject {
            Subject::Asked(version) => watched.given.asked.iter().any(|it| it.version == version),
            subject => self.subjects(item, watched).iter().any(|(known, _)| *known == subject),
        }
    }

    /// What somebody asked for, by its version among the reminders of the item.
    pub fn asked(&self, item: ItemRef, version: u64) -> Option<&Asked> {
        self.reminders.0.get(&item)?.given.asked.iter().find(|asked| asked.version == version)
    }

    /// The rules of all rooms, each once, and those of rooms that said nothing.
    fn rules(&self, defaults: &Defaults, time_zone: Tz) -> HashSet<Rules> {
        // A group is told nothing before it is enabled; a direct room has no title.
        let rooms = self.rooms().filter(|(_, room)| room.enabled || room.title.is_empty());
        let said = rooms.filter_map(|(_, room)| defaults.rules(&room.remind, room.time_zone.unwrap_or(time_zone)));
        said.chain(defaults.rules(&Default::default(), time_zone)).collect()
    }

    /// What an item can be reminded of as it stands, and since when that is so.
    fn subjects(&self, item: ItemRef, watched: &Watched) -> Vec<(Subject, DateTime<Utc>)> {
        let mut subjects = Vec::new();
        subjects.extend(watched.due.map(|(due, since)| (Subject::Due(due), since)));
        if let Some(seen) = self.item(item).filter(|_| watched.active) {
            subjects.push((Subject::Stale(seen.changed_at), seen.changed_at));
        }
        subjects.extend(watched.blocked_since.map(|since| (Subject::Blocked(since), since)));
        let waiting = watched.given.asked.iter().filter(|asked| !asked.done);
        subjects.extend(waiting.map(|asked| (Subject::Asked(asked.version), asked.since)));
        subjects
    }

    fn agenda_of(
        &self,
        item: ItemRef,
        watched: &Watched,
        rules: &HashSet<Rules>,
        now: DateTime<Utc>,
        agenda: &mut Agenda,
    ) {
        for (subject, since) in self.subjects(item, watched) {
            let after = watched.given.until(subject).map_or(since, |until| until.max(since));
            let asked = match subject {
                Subject::Asked(version) => watched.given.asked.iter().find(|it| it.version == version).map(|it| it.at),
                _ => None,
            };
            let moments = asked.into_iter().chain(rules.iter().flat_map(|rules| rules.moments(subject)));
            let mut newest = None;
            for moment in moments.filter(|moment| *moment > after) {
                if moment <= now {
                    newest = newest.max(Some(moment));
                } else {
                    agenda.next = Some(agenda.next.map_or(moment, |next| next.min(moment)));
                }
            }
            agenda.due.extend(newest.map(|at| Reminder { item, subject, after, at }));
        }
    }

    /// A reminder as somebody gets it: `T7 Fix login   due in 1 h (14:00)`, with buttons. `None` when there is no such item.
    pub fn reminder(&self, item: ItemRef, subject: Subject, viewer: &Viewer) -> Option<Outbound> {
        let lang = viewer.lang;
        let seen = self.item(item)?;
        let mut text = Text::new();
        text.item(item).plain(" ").push(Style::Quote, words::one_line(&seen.item.title)).plain(GAP);
        match subject {
            Subject::Due(due) => drop(text.plain(due_words(due, viewer))),
            Subject::Stale(since) => drop(text.plain(say!(lang, "remind-stale", n = days(since, viewer)))),
            Subject::Blocked(since) => {
                let (n, waits) = (days(since, viewer), self.waits_for(item));
                let items = super::line::named(&waits, true, lang);
                text.append(match waits.is_empty() {
                    true => text!(lang, "remind-blocked-alone", n),
                    false => text!(lang, "remind-blocked", n, items = &items),
                });
            }
            Subject::Asked(version) => {
                let asked = self.asked(item, version)?;
                text.plain(say!(lang, "remind-as-asked"));
                super::card::said(&mut text, &asked.words);
            }
        }
        let mut buttons = self.buttons(&seen.item, lang);
        if let Some(later) = seen.item.due.and_then(a_day_later) {
            let target = Some(Target { item, version: Some(seen.item.version) });
            let command = Command::Item { target, act: Act::Due { due: Some(later) } };
            buttons.push(Button::new(say!(lang, "remind-button-later"), command.to_text(viewer.time_zone)));
        }
        let tomorrow = say!(lang, "remind-button-tomorrow");
        buttons.push(Button::new(tomorrow, format!("/remind {item} in 1 day")));
        Some(with_buttons(Outbound::text(text), buttons, viewer))
    }

    /// A commit of an item's reminders in a few words, for its history: `reminded: due Fri 27 Nov`.
    pub(super) fn reminder_row(&self, commit: &Commit, viewer: &Viewer) -> String {
        let events = commit.events.iter().filter_map(|event| match crate::domain::stored::decode(event) {
            Ok(crate::domain::Event::Reminder(event)) => Some(event),
            _ => None,
        });
        let told: Vec<_> = events.map(|event| row(&event, viewer)).collect();
        if told.is_empty() { say!(viewer.lang, "history-unreadable") } else { told.join(", ") }
    }

    /// `/remind`: what this room is reminded of, and what whoever asks wanted to be reminded of.
    pub fn reminders(&self, defaults: &Defaults, person: PersonId, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let room = self.room(&viewer.room);
        let mut text = Text::new();
        match defaults.rules(&room.remind, viewer.time_zone) {
            None => {
                let on = viewer.capabilities.written("/remind on");
                text.append(text!(lang, "remind-off-here", on = lang::code(on)));
            }
            Some(rules) => {
                text.plain(say!(lang, "remind-here"));
                for rule in rules_words(&rules, lang) {
                    text.plain(INDENT).plain(rule);
                }
            }
        }
        let mut asked: Vec<(ItemRef, &Asked)> = Vec::new();
        for (&item, watched) in &self.reminders.0 {
            let theirs = watched.given.asked.iter().filter(|it| it.person == person && !it.done);
            asked.extend(theirs.map(|it| (item, it)));
        }
        asked.sort_by_key(|(item, it)| (it.at, *item, it.version));
        let mut buttons = Vec::new();
        if !asked.is_empty() {
            text.plain("\n").plain(say!(lang, "remind-yours"));
        }
        for (item, it) in asked.iter().take(LISTED_MAX) {
            text.plain(INDENT).item(*item).plain(" ");
            if let Some(seen) = self.item(*item) {
                text.push(Style::Quote, words::shorten(&words::one_line(&seen.item.title), SAID_CHARS_MAX));
            }
            text.plain(GAP).plain(words::at(it.at, viewer));
            if !it.words.is_empty() {
                text.plain(GAP).push(Style::Quote, words::shorten(&words::one_line(&it.words), SAID_CHARS_MAX));
            }
            let drop = Command::Remind(RemindCommand::Drop { target: Target { item: *item, version: None } });
            let label = say!(lang, "remind-button-drop", item = *item);
            let button = Button::new(label, drop.to_text(viewer.time_zone));
            if !buttons.contains(&button) {
                buttons.push(button);
            }
        }
        if asked.len() > LISTED_MAX {
            text.plain(INDENT).plain(say!(lang, "remind-more", n = asked.len() - LISTED_MAX));
        }
        let example = lang::code(viewer.capabilities.written("/remind T7 tomorrow 9:00"));
        text.plain("\n").append(text_in!(lang, Style::Dim, "remind-how", example = example));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What became of `/remind T7 …`.
    pub(super) fn reminder_answer(&self, command: &RemindCommand, item: Option<ItemRef>, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        Outbound::text(match (command, item) {
            (RemindCommand::Ask { at, .. }, Some(item)) => {
                text!(lang, "remind-asked", item = item, when = words::at(*at, viewer))
            }
            (RemindCommand::Drop { target }, _) => text!(lang, "remind-dropped", item = target.item),
            (RemindCommand::Ask { .. }, None) => Text::new(),
        })
    }
}

/// What a room hears after it changed what it is reminded of.
pub(super) fn changed_words(change: &RemindChange, viewer: &Viewer) -> Text {
    let lang = viewer.lang;
    match change {
        RemindChange::On => {
            text!(lang, "remind-set-on", look = lang::code(viewer.capabilities.written("/remind")))
        }
        RemindChange::Off => text!(lang, "remind-set-off"),
        RemindChange::DueMin(leads) => text!(lang, "remind-set-due", rule = due_rule_words(leads, lang)),
        RemindChange::DueOff => text!(lang, "remind-set-due-off"),
        RemindChange::StaleDays(0) => text!(lang, "remind-set-stale-off"),
        RemindChange::StaleDays(n) => text!(lang, "remind-set-stale", rule = say!(lang, "remind-rule-stale", n = *n)),
        RemindChange::BlockedDays(0) => text!(lang, "remind-set-blocked-off"),
        RemindChange::BlockedDays(n) => {
            text!(lang, "remind-set-blocked", rule = say!(lang, "remind-rule-blocked", n = *n))
        }
    }
}

/// What a room is reminded of, a line each.
fn rules_words(rules: &Rules, lang: Lang) -> Vec<String> {
    let mut parts = vec![match &rules.due_min {
        None => say!(lang, "remind-rule-due-off"),
        Some(leads) => due_rule_words(leads, lang),
    }];
    if rules.stale_days > 0 {
        parts.push(say!(lang, "remind-rule-stale", n = rules.stale_days));
    }
    if rules.blocked_days > 0 {
        parts.push(say!(lang, "remind-rule-blocked", n = rules.blocked_days));
    }
    parts
}

/// `1 day, 1 hour before something is due, and when it is`
fn due_rule_words(leads: &[u32], lang: Lang) -> String {
    let before: Vec<_> = leads.iter().filter(|lead| **lead > 0).map(|&lead| lead_words(lead, lang)).collect();
    if before.is_empty() {
        return say!(lang, "remind-rule-due");
    }
    say!(lang, "remind-rule-due-before", before = before.join(", "))
}

fn lead_words(minutes: u32, lang: Lang) -> String {
    match minutes {
        days if days.is_multiple_of(DAY_MIN) => say!(lang, "remind-lead-days", n = days / DAY_MIN),
        hours if hours.is_multiple_of(60) => say!(lang, "remind-lead-hours", n = hours / 60),
        minutes => say!(lang, "remind-lead-minutes", n = minutes),
    }
}

/// `due in 1 h (14:00)`, `due tomorrow`, `due now`, `was due Fri 20 Nov`
fn due_words(due: Due, viewer: &Viewer) -> String {
    let (lang, when) = (viewer.lang, words::due(due, viewer));
    match due {
        Due::Day(day) => match day.signed_duration_since(words::today(viewer)).num_days() {
            0 => say!(lang, "remind-due-today"),
            1 => say!(lang, "remind-due-tomorrow", when),
            n @ 2.. => say!(lang, "remind-due-days", n, when),
            _ => say!(lang, "remind-was-due", when),
        },
        Due::At(at) => {
            // It is worded some seconds after its moment.
            let minutes = (at.signed_duration_since(viewer.now) + TimeDelta::seconds(30)).num_minutes();
            match minutes {
                1..60 => say!(lang, "remind-due-minutes", n = minutes, when),
                60..2_880 => say!(lang, "remind-due-hours", n = (minutes + 30) / 60, when),
                2_880.. => say!(lang, "remind-due-days", n = (minutes + 720) / 1_440, when),
                -5..=0 => say!(lang, "remind-due-now"),
                _ => say!(lang, "remind-was-due", when),
            }
        }
    }
}

/// How many days ago, at least one.
fn days(since: DateTime<Utc>, viewer: &Viewer) -> i64 {
    viewer.now.signed_duration_since(since).num_days().max(1)
}

fn a_day_later(due: Due) -> Option<Due> {
    Some(match due {
        Due::Day(day) => Due::Day(day.succ_opt()?),
        Due::At(at) => Due::At(at.checked_add_signed(TimeDelta::days(1))?),
    })
}

fn row(event: &Event, viewer: &Viewer) -> String {
    let (lang, at) = (viewer.lang, |at: &DateTime<Utc>| words::at(*at, viewer));
    match event {
        Event::Asked { at: then, .. } => say!(lang, "remind-row-asked", when = at(then)),
        Event::Dropped { .. } => say!(lang, "remind-row-dropped"),
        Event::Reminded { subject, .. } => match subject {
            Subject::Due(due) => say!(lang, "remind-row-due", when = words::due(*due, viewer)),
            Subject::Stale(since) => say!(lang, "remind-row-stale", when = at(since)),
            Subject::Blocked(since) => say!(lang, "remind-row-blocked", when = at(since)),
            Subject::Asked(_) => say!(lang, "remind-row-given"),
        },
    }
}
