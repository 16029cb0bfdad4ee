//! People, rooms and this house itself as messages: who is here, what a room follows, what became of a command about them.

use std::{sync::Arc, time::Duration};

use yoman_chat::{Button, Outbound, Style, Text};

use super::{Viewer, World, card::with_buttons, line::GAP, words};
use crate::{
    command::Command,
    domain::{
        Event, Handle, Identity, PersonId,
        person::{self, Person},
        room::{self, Room},
        stored,
    },
    lang::{self, Lang, say, text},
    log::Commit,
};

/// Somebody who asked to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What lets them in: `/pair CODE`.
    pub code: String,
    /// The name their platform shows.
    pub name: String,
    /// Who they are there: `<platform>/<id>`.
    pub identity: String,
    /// How long they have been waiting.
    pub since: Duration,
}

impl World {
    /// `/people`: everybody with their role and where they are known.
    pub fn people_list(&self, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let all: Vec<_> = self.people().collect();
        if all.is_empty() {
            return text!(lang, "people-nobody");
        }
        let mut text = text!(lang, "people-heading", n = all.len());
        for person in all {
            text.plain("\n").push(Style::Quote, person.handle.to_string());
            if viewer.person == Some(person.id) {
                text.plain(" ").plain(say!(lang, "people-you"));
            }
            if person.forgotten {
                text.plain(GAP).plain(say!(lang, "people-forgotten"));
                continue;
            }
            if !person.name.is_empty() && !person.name.eq_ignore_ascii_case(person.handle.as_str()) {
                text.plain(GAP).push(Style::Quote, words::one_line(&person.name));
            }
            let role = person.role.map(|role| say!(lang, "role", role = role.word()));
            text.plain(GAP).plain(role.unwrap_or_else(|| say!(lang, "people-no-role")));
            text.plain(GAP).push(Style::Dim, known_on(person, viewer));
            let once: Vec<_> = self.people.once(person.id).map(|once| once.handle.to_string()).collect();
            if !once.is_empty() {
                text.plain(GAP).append(text!(lang, "people-also", names = lang::quote(once.join(", "))));
            }
        }
        text
    }

    /// `/rooms`: every room that said anything, and what it follows.
    pub fn room_list(&self, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let rooms: Vec<_> = self.rooms().collect();
        if rooms.is_empty() {
            return text!(lang, "rooms-none");
        }
        let mut text = Text::from(words::count(rooms.len(), "room", lang));
        for (id, room) in rooms {
            text.plain("\n");
            // On some platforms a direct room has the number of the person in it.
            let own = self.by_identity(&Identity(id.to_owned())).filter(|_| room.title.is_empty());
            match own {
                Some(person) => text.push(Style::Quote, person.handle.to_string()),
                None if room.title.is_empty() => text.push(Style::Quote, words::one_line(id)),
                None => text.push(Style::Quote, words::one_line(&room.title)),
            };
            let bot = id.split('/').next().unwrap_or_default();
            text.plain(format!(" ({})", viewer.titles.get(bot).map_or(bot, String::as_str)));
            if id == viewer.room {
                text.plain(" ").plain(say!(lang, "rooms-this"));
            }
            // Groups have titles, and were enabled when they have settings.
            let state = match (room.enabled, room.title.is_empty()) {
                (true, _) => "enabled",
                (false, true) => "direct",
                (false, false) => "silent",
            };
            text.plain(GAP).plain(say!(lang, "rooms-state", state));
            if !room.follows.is_empty() {
                let followed: Vec<_> = room.follows.iter().map(|filter| self.filter_words(filter, viewer)).collect();
                let what = lang::quote(words::shorten(&followed.join("; "), 120));
                text.plain(GAP).append(text!(lang, "rooms-follows", what));
            }
        }
        text
    }

    /// `/follow` alone: what a room follows and its settings, with a button for each that ends it.
    pub fn follows(&self, viewer: &Viewer) -> Outbound {
        let (room, lang) = (self.room(&viewer.room), viewer.lang);
        let mut text = Text::new();
        let mut buttons = Vec::new();
        if room.follows.is_empty() {
            text.plain(say!(lang, "follows-nothing"));
        } else {
            text.plain(say!(lang, "follows-heading"));
            for filter in &room.follows {
                let words = self.filter_words(filter, viewer);
                text.plain("\n   ").push(Style::Quote, &words);
                let unfollow = room::Command::Unfollow { filter: Some(self.handles(filter)) };
                let command = Command::Room(unfollow).to_text(viewer.time_zone);
                buttons.push(Button::new(say!(lang, "button-unfollow", what = words::shorten(&words, 24)), command));
            }
        }
        text.plain("\n").push(Style::Dim, self.settings(room, viewer));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// A room's settings in a line.
    fn settings(&self, room: &Room, viewer: &Viewer) -> String {
        let lang = viewer.lang;
        let time = viewer.now.with_timezone(&viewer.time_zone).format("%H:%M").to_string();
        let mut parts = vec![say!(lang, "settings-times", zone = viewer.time_zone.name(), time)];
        parts.extend(room.language.iter().map(|code| {
            let language =
                Lang::parse(code).map_or_else(|| words::one_line(code).into_owned(), |it| it.name().to_owned());
            say!(lang, "settings-language", language)
        }));
        parts.extend(
            room.default_bucket.map(|bucket| say!(lang, "settings-bucket", bucket = words::a_bucket(bucket, lang))),
        );
        parts.extend(self.hours_in_short(room, viewer));
        if let Some(until) = room.muted_until.filter(|until| *until > viewer.now) {
            parts.push(say!(lang, "settings-muted", when = words::at(until, viewer)));
        }
        parts.join(GAP)
    }

    /// `/pair` alone: who waits to be let in, with a button for each.
    pub fn pending(&self, waiting: &[Waiting], viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        if waiting.is_empty() {
            return Outbound::text(say!(lang, "pending-nobody"));
        }
        let mut text = text!(lang, "pending-heading", n = waiting.len());
        let mut buttons = Vec::new();
        for one in waiting {
            let name = words::one_line(&one.name);
            text.plain("\n")
                .push(Style::Quote, name.as_ref())
                .plain(" (")
                .push(Style::Quote, words::one_line(&one.identity));
            let waited = say!(lang, "pending-for", time = span(one.since, lang));
            text.plain(format!(")   {waited}   ")).push(Style::Code, format!("/pair {}", one.code));
            let label = say!(lang, "button-let-in", who = words::shorten(&name, 24));
            buttons.push(Button::new(label, format!("/pair {}", one.code)));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What could not be read, and what to do.
    pub fn unreadable_line(&self, lang: Lang) -> String {
        let events = say!(lang, "unreadable-events", n = self.unreadable());
        let what = match self.unreadable_items() {
            0 => events,
            n => say!(lang, "unreadable-of", events, n),
        };
        match self.unreadable_newer() {
            0 => say!(lang, "unreadable-damaged", what),
            newer if newer == self.unreadable() => say!(lang, "unreadable-newer", what),
            n => say!(lang, "unreadable-both", what, n),
        }
    }

    /// What became of a command about this room.
    pub(super) fn room_answer(
        &self,
        command: &room::Command<Handle>,
        commits: &[Arc<Commit>],
        viewer: &Viewer,
    ) -> Text {
        if let Some(text) = self.hours_answer(command, viewer) {
            return text;
        }
        let (lang, can) = (viewer.lang, &viewer.capabilities);
        let event = commits.first().and_then(|commit| stored::decode(commit.events.first()?).ok());
        let event = if let Some(Event::Room(event)) = event { Some(event) } else { None };
        match (command, event) {
            (room::Command::Enable { .. }, _) => {
                let (help, follow) = (say!(lang, "command-help"), say!(lang, "command-follow"));
                let (help, follow) = (lang::code(can.written(&help)), lang::code(can.written(&follow)));
                text!(lang, "room-enabled", help, follow)
            }
            (room::Command::Disable, _) => {
                text!(lang, "room-disabled", enable = lang::code(can.written(&say!(lang, "command-enable"))))
            }
            (room::Command::Follow { .. }, Some(room::Event::Followed { filter })) => {
                text!(lang, "room-follows", what = lang::quote(self.filter_words(&filter, viewer)))
            }
            (room::Command::Follow { .. }, _) => text!(lang, "room-follows-that"),
            (room::Command::Unfollow { .. }, Some(room::Event::Unfollowed { filter: Some(filter) })) => {
                text!(lang, "room-follows-not", what = lang::quote(self.filter_words(&filter, viewer)))
            }
            (room::Command::Unfollow { .. }, _) => text!(lang, "room-follows-nothing"),
            (room::Command::Mute { until: Some(until) }, _) => {
                text!(lang, "room-muted", when = words::at_in_zone(*until, viewer))
            }
            (room::Command::Mute { until: None }, _) => text!(lang, "room-unmuted"),
            (room::Command::PinBoard { filter }, _) if filter.is_empty() => text!(lang, "board-stands-all"),
            (room::Command::PinBoard { .. }, Some(room::Event::BoardPinned { filter })) => {
                text!(lang, "board-stands", filter = lang::quote(self.filter_text(&filter, viewer)))
            }
            (room::Command::PinBoard { .. }, _) => text!(lang, "board-stands-all"),
            (room::Command::UnpinBoard, _) => text!(lang, "board-ends"),
            (room::Command::React { emoji, verb }, _) => self.reaction_answer(Some((emoji, *verb)), viewer),
            (room::Command::ReactOff, _) => self.reaction_answer(None, viewer),
            (room::Command::Set(setting), _) => match setting {
                room::Setting::Remind(change) => super::reminders::changed_words(change, viewer),
                // The viewer's language is the one that holds from here on.
                room::Setting::Language(language) if language.is_empty() => text!(lang, "room-language-off"),
                room::Setting::Language(_) => text!(lang, "room-language"),
                room::Setting::TimeZone(zone) => {
                    let time = viewer.now.with_timezone(zone).format("%H:%M").to_string();
                    text!(lang, "room-time-zone", zone = zone.name(), time)
                }
                room::Setting::DefaultBucket(bucket) => {
                    text!(lang, "room-bucket", bucket = words::a_bucket(*bucket, lang))
                }
                room::Setting::Digest(_) | room::Setting::Quiet(_) | room::Setting::Urgent(_) => {
                    Text::from(self.hours_now(viewer))
                }
            },
            (room::Command::Quiet { .. } | room::Command::DigestNow, _) => Text::from(self.hours_now(viewer)),
        }
    }

    /// What became of a command about people.
    pub(super) fn person_answer(&self, commits: &[Arc<Commit>], viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let Some(commit) = commits.first() else { return text!(lang, "person-nothing") };
        let Some(person) = PersonId::of_stream(commit.stream.as_str()) else { return text!(lang, "answer-ok") };
        let events = commit.events.iter().filter_map(|event| stored::decode(event).ok());
        let nobody = || say!(lang, "person-number", n = person.0);
        let handle = self.person(person).map_or_else(nobody, |it| it.handle.to_string());
        let mut text = Text::new();
        for event in events {
            let Event::Person(event) = event else { continue };
            text.plain(if text.is_empty() { "" } else { "\n" });
            text.append(self.person_line(person, &handle, &event, viewer));
        }
        if text.is_empty() { text!(lang, "answer-ok") } else { text }
    }

    fn person_line(&self, person: PersonId, handle: &str, event: &person::Event, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let you = viewer.person == Some(person);
        let who = lang::quote(handle);
        match event {
            person::Event::Paired { name, role, .. } => {
                let (name, role) = (lang::quote(words::one_line(name)), words::a_role(*role, lang));
                if you {
                    let help = lang::code(viewer.capabilities.written(&say!(lang, "command-help")));
                    text!(lang, "person-welcome", name, role, handle = who, help)
                } else {
                    text!(lang, "person-let-in", name, role, handle = who)
                }
            }
            person::Event::IdentityLinked { identity } => {
                let platform = platform_of(identity, viewer);
                if you { text!(lang, "person-known-you", platform) } else { text!(lang, "person-known", who, platform) }
            }
            person::Event::IdentityUnlinked { identity } => {
                let platform = platform_of(identity, viewer);
                let identity = lang::quote(words::one_line(&identity.0));
                if you {
                    text!(lang, "person-unknown-you", platform, identity)
                } else {
                    text!(lang, "person-unknown", who, platform, identity)
                }
            }
            person::Event::Merged { into } => {
                let once = self.people.as_once(person).map_or_else(String::new, ToString::to_string);
                let once = lang::quote(once);
                if viewer.person == Some(self.resolved(*into)) {
                    text!(lang, "person-merged-you", once)
                } else {
                    text!(lang, "person-merged", once, who)
                }
            }
            person::Event::RoleGranted { role } => {
                let role = words::a_role(*role, lang);
                if you { text!(lang, "person-role-you", role) } else { text!(lang, "person-role", who, role) }
            }
            person::Event::Forgotten => {
                let mut text = text!(lang, "person-forgotten", who);
                text.plain("\n").plain(say!(lang, "not-forgotten"));
                text
            }
            person::Event::Reversed(reversed) if reversed.after.prefers.is_some() => {
                self.preferred(self.person(person).and_then(|person| person.prefers.as_deref()), viewer)
            }
            person::Event::Preferred { bot } => self.preferred(bot.as_deref(), viewer),
            person::Event::Reversed(_) => {
                let role = self.person(person).and_then(|person| person.role).map(|role| words::a_role(role, lang));
                match (role, you) {
                    (Some(role), true) => text!(lang, "person-role-again-you", role),
                    (Some(role), false) => text!(lang, "person-role-again", who, role),
                    (None, true) => text!(lang, "person-no-role-you"),
                    (None, false) => text!(lang, "person-no-role", who),
                }
            }
            person::Event::RoleRevoked => text!(lang, "person-no-role", who),
        }
    }
}

/// `/lang` alone: which language is spoken here, with a button for each other.
pub fn language(viewer: &Viewer) -> Outbound {
    let mut text = text!(viewer.lang, "room-language");
    text.plain(" ").plain(say!(viewer.lang, "room-language-how"));
    let others = Lang::ALL.into_iter().filter(|lang| *lang != viewer.lang);
    let buttons = others.map(|lang| Button::new(lang.name(), format!("/lang {lang}")));
    with_buttons(Outbound::text(text), buttons.collect(), viewer)
}

/// The platforms a person is known on.
fn known_on(person: &Person, viewer: &Viewer) -> String {
    let mut known: Vec<(String, usize)> = Vec::new();
    for identity in &person.identities {
        let title = platform_of(identity, viewer);
        match known.iter_mut().find(|(known, _)| *known == title) {
            Some((_, count)) => *count += 1,
            None => known.push((title, 1)),
        }
    }
    let known = known.into_iter().map(|(title, count)| if count > 1 { format!("{title} ({count})") } else { title });
    known.collect::<Vec<_>>().join(", ")
}

fn platform_of(identity: &Identity, viewer: &Viewer) -> String {
    words::title_of(identity.0.split('/').next().unwrap_or_default(), &viewer.titles)
}

/// `4 s`, `12 min`, `3 h`, `5 days`
pub(super) fn span(time: Duration, lang: Lang) -> String {
    match time.as_secs() {
        n @ 0..60 => say!(lang, "span-seconds", n),
        n @ 60..3_600 => say!(lang, "span-minutes", n = n / 60),
        n @ 3_600..172_800 => say!(lang, "span-hours", n = n / 3_600),
        n => say!(lang, "span-days", n = n / 86_400),
    }
}
