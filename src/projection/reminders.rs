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
    command::{Command, RemindCommand, Target, lead},
    domain::{
        Due, ItemRef, PersonId,
        filter::StateWord,
        item::{Act, Item},
        reminder::{Asked, Defaults, Event, Reminders as Given, Rules, Subject},
        room::RemindChange,
    },
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
        let seen = self.item(item)?;
        let mut text = Text::new();
        text.item(item).plain(" ").push(Style::Quote, words::one_line(&seen.item.title)).plain(GAP);
        match subject {
            Subject::Due(due) => text.plain(due_words(due, viewer)),
            Subject::Stale(since) => text.plain(format!("nothing has happened to it for {}", days(since, viewer))),
            Subject::Blocked(since) => {
                text.plain(format!("has waited for {}", days(since, viewer)));
                let waits = self.waits_for(item);
                if !waits.is_empty() {
                    text.plain(" for ");
                    super::line::named(&mut text, &waits, true);
                }
                &mut text
            }
            Subject::Asked(version) => {
                let asked = self.asked(item, version)?;
                text.plain("you wanted to be reminded");
                if !asked.words.is_empty() {
                    text.plain(INDENT);
                    super::card::quote(&mut text, &asked.words);
                }
                &mut text
            }
        };
        let mut buttons = self.buttons_for(&seen.item, viewer);
        buttons.retain(|button| button.label != "Note");
        if let (Some(Due::Day(_) | Due::At(_)), Some(later)) = (seen.item.due, seen.item.due.and_then(a_day_later)) {
            let target = Some(Target { item, version: Some(seen.item.version) });
            let command = Command::Item { target, act: Act::Due { due: Some(later) } };
            buttons.push(Button::new("Due +1 day", command.to_text(viewer.time_zone)));
        }
        buttons.push(Button::new("Remind me tomorrow", format!("/remind {item} in 1 day")));
        Some(with_buttons(Outbound::text(text), buttons, viewer))
    }

    /// A commit of an item's reminders in a few words, for its history: `reminded: due Fri 27 Nov`.
    pub(super) fn reminder_row(&self, commit: &Commit, viewer: &Viewer) -> String {
        let events = commit.events.iter().filter_map(|event| match crate::domain::stored::decode(event) {
            Ok(crate::domain::Event::Reminder(event)) => Some(event),
            _ => None,
        });
        let told: Vec<_> = events.map(|event| row(&event, viewer)).collect();
        if told.is_empty() { "did what this version cannot read".to_owned() } else { told.join(", ") }
    }

    /// `/remind`: what this room is reminded of, and what whoever asks wanted to be reminded of.
    pub fn reminders(&self, defaults: &Defaults, person: PersonId, viewer: &Viewer) -> Outbound {
        let room = self.room(&viewer.room);
        let mut text = Text::new();
        match defaults.rules(&room.remind, viewer.time_zone) {
            None => text.plain("Reminders are off here. /remind on switches them on again."),
            Some(rules) => text.plain(rules_words(&rules)),
        };
        let mut asked: Vec<(ItemRef, &Asked)> = Vec::new();
        for (&item, watched) in &self.reminders.0 {
            let theirs = watched.given.asked.iter().filter(|it| it.person == person && !it.done);
            asked.extend(theirs.map(|it| (item, it)));
        }
        asked.sort_by_key(|(item, it)| (it.at, *item, it.version));
        let mut buttons = Vec::new();
        if !asked.is_empty() {
            text.plain("\nYou are reminded of");
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
            let button = Button::new(format!("Drop {item}"), drop.to_text(viewer.time_zone));
            if !buttons.contains(&button) {
                buttons.push(button);
            }
        }
        if asked.len() > LISTED_MAX {
            text.plain(INDENT).plain(format!("and {} more", asked.len() - LISTED_MAX));
        }
        text.plain("\n").push(Style::Dim, "To be reminded of an item:  ");
        text.push(Style::Code, viewer.capabilities.written("/remind T7 tomorrow 9:00"));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What became of `/remind T7 …`.
    pub(super) fn reminder_answer(&self, command: &RemindCommand, item: Option<ItemRef>, viewer: &Viewer) -> Outbound {
        let mut text = Text::new();
        match command {
            RemindCommand::Ask { at, .. } => {
                text.plain("You are reminded of ");
                item.map(|item| text.item(item));
                text.plain(format!(": {}.", words::at(*at, viewer)));
            }
            RemindCommand::Drop { target } => {
                text.plain("You are no longer reminded of ").item(target.item).plain(".");
            }
        }
        Outbound::text(text)
    }
}

/// What a room hears after it changed what it is reminded of.
pub(super) fn changed_words(change: &RemindChange) -> String {
    match change {
        RemindChange::On => "Reminders come here again. /remind says which.".to_owned(),
        RemindChange::Off => {
            "No reminders come here any more; what somebody asked for by themselves still does.".to_owned()
        }
        RemindChange::DueMin(leads) => {
            format!("This room is reminded {}.", due_rule_words(leads))
        }
        RemindChange::DueOff => "This room is not reminded of what is due any more.".to_owned(),
        RemindChange::StaleDays(0) => "This room is not reminded of what nothing happens to any more.".to_owned(),
        RemindChange::StaleDays(days) => {
            format!("This room is reminded when nothing happens for {} to what somebody is at.", count_days(*days))
        }
        RemindChange::BlockedDays(0) => "This room is not reminded of what waits any more.".to_owned(),
        RemindChange::BlockedDays(days) => {
            format!("This room is reminded when something waits for another item for {}.", count_days(*days))
        }
    }
}

/// `Reminders here: 1 day before something is due and at that time; …`
fn rules_words(rules: &Rules) -> String {
    let mut parts = Vec::new();
    match &rules.due_min {
        None => parts.push("nothing of what is due".to_owned()),
        Some(leads) => parts.push(due_rule_words(leads)),
    }
    if rules.stale_days > 0 {
        parts.push(format!("when nothing happens for {} to what somebody is at", count_days(rules.stale_days)));
    }
    if rules.blocked_days > 0 {
        parts.push(format!("when something waits for another item for {}", count_days(rules.blocked_days)));
    }
    format!("Reminders here: {}.", parts.join("; "))
}

/// `1 day and 1 hour before something is due, and when it is`
fn due_rule_words(leads: &[u32]) -> String {
    let before: Vec<_> = leads.iter().filter(|lead| **lead > 0).map(|&lead| lead_words(lead)).collect();
    if before.is_empty() {
        return "when something is due".to_owned();
    }
    format!("{} before something is due, and when it is", words::listed(&before))
}

fn count_days(days: u32) -> String {
    words::count(days as usize, "day")
}

fn lead_words(minutes: u32) -> String {
    let written = lead(minutes);
    let (number, unit) = written.split_at(written.len() - 1);
    let number: usize = number.parse().unwrap_or_default();
    match unit {
        "d" => words::count(number, "day"),
        "h" => words::count(number, "hour"),
        _ => format!("{number} min"),
    }
}

/// `due in 1 h (14:00)`, `due tomorrow`, `due now`, `was due Fri 20 Nov`
fn due_words(due: Due, viewer: &Viewer) -> String {
    let said = words::due(due, viewer);
    match due {
        Due::Day(day) => match day.signed_duration_since(words::today(viewer)).num_days() {
            0 => "due today".to_owned(),
            1 => format!("due tomorrow ({said})"),
            days @ 2.. => format!("due in {days} days ({said})"),
            _ => format!("was due {said}"),
        },
        Due::At(at) => {
            let left = at.signed_duration_since(viewer.now);
            // Somebody reads it seconds after it was due to be told.
            let minutes = (left + TimeDelta::seconds(30)).num_minutes();
            match minutes {
                1..60 => format!("due in {minutes} min ({said})"),
                60..2_880 => format!("due in {} h ({said})", (minutes + 30) / 60),
                2_880.. => format!("due in {} days ({said})", (minutes + 720) / 1_440),
                -5..=0 => "due now".to_owned(),
                _ => format!("was due {said}"),
            }
        }
    }
}

fn days(since: DateTime<Utc>, viewer: &Viewer) -> String {
    let days = viewer.now.signed_duration_since(since).num_days().max(1);
    words::count(usize::try_from(days).unwrap_or(1), "day")
}

fn a_day_later(due: Due) -> Option<Due> {
    Some(match due {
        Due::Day(day) => Due::Day(day.succ_opt()?),
        Due::At(at) => Due::At(at.checked_add_signed(TimeDelta::days(1))?),
    })
}

fn row(event: &Event, viewer: &Viewer) -> String {
    match event {
        Event::Asked { at, .. } => format!("asked to be reminded: {}", words::at(*at, viewer)),
        Event::Dropped { .. } => "wants no reminder any more".to_owned(),
        Event::Reminded { subject, .. } => match subject {
            Subject::Due(due) => format!("reminded: due {}", words::due(*due, viewer)),
            Subject::Stale(since) => format!("reminded: nothing happened since {}", words::at(*since, viewer)),
            Subject::Blocked(since) => format!("reminded: waits since {}", words::at(*since, viewer)),
            Subject::Asked(_) => "reminded, as asked".to_owned(),
        },
    }
}
