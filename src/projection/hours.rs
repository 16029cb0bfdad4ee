//! When a room is told, in words: its digest, its quiet hours, what is held for it; and where somebody is told.

use chrono::{DateTime, Utc};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{Viewer, World, card::with_buttons, words};
use crate::{
    command::Command,
    domain::{
        Handle, PersonId,
        hours::{Digest, Hour, Quiet},
        room::{self, Room, Setting},
    },
    lang::{self, Lang, say, text, text_in},
};

/// What is held for a room, and when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it comes; `None`: as soon as what waits for the room was shown.
    pub due: Option<DateTime<Utc>>,
}

fn command(command: room::Command<Handle>) -> String {
    // None of these holds an instant, so the time zone does not matter.
    Command::Room(command).to_text(chrono_tz::UTC)
}

/// `every day at 9:00`
fn how_often(digest: &Digest, lang: Lang) -> String {
    let at = digest.at.to_string();
    match digest.day {
        Some(day) => say!(lang, "digest-weekly", day = day.to_string().to_lowercase(), at),
        None => say!(lang, "digest-daily", at),
    }
}

impl World {
    /// `/digest` or `/quiet` alone: when this room is told, with buttons that change it.
    pub fn hours(&self, held: Option<Held>, viewer: &Viewer) -> Outbound {
        let room = self.room(&viewer.room);
        let mut out = Text::new();
        self.told_when(&mut out, room, viewer);
        out.plain("\n");
        match held {
            Some(Held { since, due }) => {
                let since = words::at(since, viewer);
                out.append(match due {
                    Some(due) if due > viewer.now => {
                        text!(viewer.lang, "digest-held", since, due = words::at(due, viewer))
                    }
                    _ => text!(viewer.lang, "digest-held-soon", since),
                });
            }
            None => drop(out.append(text!(viewer.lang, "digest-nothing-held"))),
        }
        if let Some(until) = room.muted_until.filter(|until| *until > viewer.now) {
            out.plain("\n").append(text!(viewer.lang, "digest-muted", until = words::at(until, viewer)));
        }
        let set = |setting| command(room::Command::Set(setting));
        let hour = |hour| Hour::new(hour, 0);
        let mut buttons = Vec::new();
        if held.is_some() {
            buttons.push(Button::new(say!(viewer.lang, "digest-button-now"), command(room::Command::DigestNow)));
        }
        match (room.digest, hour(9)) {
            (Some(_), _) => {
                buttons.push(Button::new(say!(viewer.lang, "digest-button-off"), set(Setting::Digest(None))));
            }
            (None, Some(at)) => {
                let digest = Digest { day: None, at };
                let label = say!(viewer.lang, "digest-button-daily", at = at.to_string());
                buttons.push(Button::new(label, set(Setting::Digest(Some(digest)))));
            }
            (None, None) => {}
        }
        match (room.quiet, hour(22), hour(7)) {
            (Some(_), ..) => {
                buttons.push(Button::new(say!(viewer.lang, "quiet-button-off"), set(Setting::Quiet(None))));
            }
            (None, Some(from), Some(to)) => {
                let hours = Quiet { from, to };
                let label = say!(viewer.lang, "quiet-button-on", hours = hours.to_string());
                buttons.push(Button::new(label, set(Setting::Quiet(Some(hours)))));
            }
            (None, ..) => {}
        }
        if room.digest.is_some() || room.quiet.is_some() {
            let (key, passes) = if room.urgent { ("urgent-button-off", false) } else { ("urgent-button-on", true) };
            buttons.push(Button::new(say!(viewer.lang, key), set(Setting::Urgent(passes))));
        }
        with_buttons(Outbound::text(out), buttons, viewer)
    }

    /// How often a room is told, when it is quiet, and what passes.
    fn told_when(&self, out: &mut Text, room: &Room, viewer: &Viewer) {
        let (lang, zone) = (viewer.lang, viewer.time_zone.name());
        match &room.digest {
            Some(digest) => {
                let next = words::at(digest.after(viewer.now, viewer.time_zone), viewer);
                out.append(text!(lang, "digest-set", often = how_often(digest, lang), zone, next));
            }
            None => drop(out.append(text!(lang, "digest-at-once"))),
        }
        if let Some(hours) = &room.quiet {
            let (from, to) = (hours.from.to_string(), hours.to.to_string());
            out.plain("\n").append(text!(lang, "quiet-set", from, to, zone));
        }
        if room.urgent && (room.digest.is_some() || room.quiet.is_some()) {
            out.plain("\n").append(text!(lang, "urgent-set"));
        }
    }

    /// Its hours among a room's settings; nothing when there are none.
    pub(super) fn hours_in_short(&self, room: &Room, viewer: &Viewer) -> Vec<String> {
        let mut parts = Vec::new();
        if let Some(digest) = &room.digest {
            parts.push(say!(viewer.lang, "digest-in-short", often = how_often(digest, viewer.lang)));
        }
        if let Some(hours) = &room.quiet {
            parts.push(say!(viewer.lang, "quiet-in-short", hours = hours.to_string()));
        }
        if room.urgent && !parts.is_empty() {
            parts.push(say!(viewer.lang, "urgent-in-short"));
        }
        parts
    }

    /// What became of a command about a room's hours; `None` for another one.
    pub(super) fn hours_answer(&self, command: &room::Command<Handle>, viewer: &Viewer) -> Option<Text> {
        let room = self.room(&viewer.room);
        let lang = viewer.lang;
        Some(match command {
            room::Command::DigestNow => text!(lang, "digest-now"),
            room::Command::Quiet { .. } | room::Command::Set(Setting::Digest(_) | Setting::Quiet(_)) => {
                let mut out = Text::new();
                self.told_when(&mut out, room, viewer);
                if matches!(command, room::Command::Set(Setting::Quiet(None))) {
                    let mut off = text!(lang, "quiet-off");
                    off.plain("\n").append(out);
                    out = off;
                }
                out
            }
            room::Command::Set(Setting::Urgent(true)) => text!(lang, "urgent-set"),
            room::Command::Set(Setting::Urgent(false)) => text!(lang, "urgent-off"),
            _ => return None,
        })
    }

    /// What a room's hours are after something about them was taken back.
    pub(super) fn hours_now(&self, viewer: &Viewer) -> String {
        let parts = self.hours_in_short(self.room(&viewer.room), viewer);
        if parts.is_empty() {
            return say!(viewer.lang, "digest-at-once-again");
        }
        say!(viewer.lang, "digest-again", hours = parts.join(", "))
    }

    /// `/prefer` alone: where somebody is told; `bots` are those they are known on.
    pub fn preference(&self, person: PersonId, bots: &[String], viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let prefers = self.person(person).and_then(|person| person.prefers.as_deref());
        let mut out = self.preferred(prefers, viewer);
        if bots.len() < 2 {
            out.plain("\n").append(text!(lang, "prefer-one", link = lang::code("/link")));
        }
        let others = bots.iter().filter(|bot| Some(bot.as_str()) != prefers && bots.len() > 1);
        let mut buttons: Vec<_> =
            others.map(|bot| Button::new(words::title_of(bot, &viewer.titles), format!("/prefer {bot}"))).collect();
        if prefers.is_some() {
            buttons.push(Button::new(say!(lang, "prefer-button-off"), "/prefer off".to_owned()));
        }
        with_buttons(Outbound::text(out), buttons, viewer)
    }

    /// The same after something about it was taken back, in few words.
    pub(super) fn preferred_again(&self, bot: Option<&str>, viewer: &Viewer) -> String {
        match bot {
            Some(bot) => say!(viewer.lang, "prefer-again", bot = words::title_of(bot, &viewer.titles)),
            None => say!(viewer.lang, "prefer-off-again"),
        }
    }

    /// Where somebody who prefers a bot is told.
    pub(super) fn preferred(&self, bot: Option<&str>, viewer: &Viewer) -> Text {
        match bot {
            Some(bot) => text!(viewer.lang, "prefer-set", bot = words::title_of(bot, &viewer.titles)),
            None => text!(viewer.lang, "prefer-off"),
        }
    }
}

/// Why somebody is told who follows nothing of it.
pub fn concerned(assigned: bool, viewer: &Viewer) -> Text {
    let key = if assigned { "because-assigned" } else { "routing-mentioned" };
    text_in!(viewer.lang, Style::Dim, key)
}
