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
    log::{Commit, Health, Position},
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

/// How one bot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotState {
    /// Its name.
    pub bot: String,
    /// What is wrong with it; `None`: it runs.
    pub trouble: Option<String>,
    /// How many messages wait to be delivered.
    pub waiting: usize,
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
    /// Every cursor with its position.
    pub cursors: Vec<(String, Position)>,
    /// Every bot.
    pub bots: Vec<BotState>,
}

impl World {
    /// `/people`: everybody with their role and where they are known.
    pub fn people_list(&self, viewer: &Viewer) -> Text {
        let mut text = Text::new();
        let all: Vec<_> = self.people().collect();
        if all.is_empty() {
            return "Nobody yet. Whoever sends /claim and the code this program prints when it starts is its owner."
                .into();
        }
        text.plain(if all.len() == 1 { "1 person".to_owned() } else { format!("{} people", all.len()) });
        for person in all {
            text.plain("\n").push(Style::Quote, person.handle.to_string());
            if viewer.person == Some(person.id) {
                text.plain(" (you)");
            }
            if person.forgotten {
                text.plain(GAP).plain(person::FORGOTTEN);
                continue;
            }
            if !person.name.is_empty() && !person.name.eq_ignore_ascii_case(person.handle.as_str()) {
                text.plain(GAP).push(Style::Quote, words::one_line(&person.name));
            }
            text.plain(GAP).plain(person.role.map_or("no role", |role| role.word()));
            text.plain(GAP).push(Style::Dim, known_on(person, viewer));
            let once: Vec<_> = self.people.once(person.id).map(|once| once.handle.to_string()).collect();
            if !once.is_empty() {
                text.plain(GAP).plain("also ").push(Style::Quote, once.join(", "));
            }
        }
        text
    }

    /// `/rooms`: every room that said anything, and what it follows.
    pub fn room_list(&self, viewer: &Viewer) -> Text {
        let mut text = Text::new();
        let rooms: Vec<_> = self.rooms().collect();
        if rooms.is_empty() {
            return "No room has settings yet. In a group, /enable makes me listen.".into();
        }
        text.plain(words::count(rooms.len(), "room"));
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
                text.plain(" this one");
            }
            // Groups have titles, and were enabled when they have settings.
            text.plain(GAP).plain(match (room.enabled, room.title.is_empty()) {
                (true, _) => "enabled",
                (false, true) => "direct",
                (false, false) => "silent",
            });
            if !room.follows.is_empty() {
                text.plain(GAP).plain("follows ");
                let followed: Vec<_> = room.follows.iter().map(|filter| self.filter_words(filter, viewer)).collect();
                text.push(Style::Quote, words::shorten(&followed.join("; "), 120));
            }
        }
        text
    }

    /// `/follow` alone: what a room follows and its settings, with a button for each that ends it.
    pub fn follows(&self, viewer: &Viewer) -> Outbound {
        let room = self.room(&viewer.room);
        let mut text = Text::new();
        let mut buttons = Vec::new();
        if room.follows.is_empty() {
            text.plain("This room follows nothing. /follow #tag, /follow @me or /follow all changes that.");
        } else {
            text.plain("This room follows");
            for filter in &room.follows {
                let words = self.filter_words(filter, viewer);
                text.plain("\n   ").push(Style::Quote, &words);
                let unfollow = room::Command::Unfollow { filter: Some(self.handles(filter)) };
                let command = Command::Room(unfollow).to_text(viewer.time_zone);
                buttons.push(Button::new(format!("Unfollow {}", words::shorten(&words, 24)), command));
            }
        }
        text.plain("\n").push(Style::Dim, self.settings(room, viewer));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// A room's settings in a line.
    fn settings(&self, room: &Room, viewer: &Viewer) -> String {
        let mut parts = vec![format!(
            "times of {}: it is {}",
            viewer.time_zone.name(),
            viewer.now.with_timezone(&viewer.time_zone).format("%H:%M")
        )];
        parts.extend(room.language.iter().map(|language| format!("language {}", words::one_line(language))));
        parts.extend(room.default_bucket.map(|bucket| format!("a bare sentence becomes {}", bucket.one())));
        parts.extend(self.hours_in_short(room, viewer));
        if let Some(until) = room.muted_until.filter(|until| *until > viewer.now) {
            parts.push(format!("told nothing until {}", words::at(until, viewer)));
        }
        parts.join("   ")
    }

    /// `/pair` alone: who waits to be let in, with a button for each.
    pub fn pending(&self, waiting: &[Waiting], viewer: &Viewer) -> Outbound {
        if waiting.is_empty() {
            return Outbound::text(
                "Nobody waits to be let in. Whoever writes to me for the first time gets a code; /pair and that code lets them in.",
            );
        }
        let mut text = Text::from(match waiting.len() {
            1 => "1 person waits to be let in".to_owned(),
            n => format!("{n} people wait to be let in"),
        });
        let mut buttons = Vec::new();
        for one in waiting {
            let name = words::one_line(&one.name);
            text.plain("\n")
                .push(Style::Quote, name.as_ref())
                .plain(" (")
                .push(Style::Quote, words::one_line(&one.identity));
            text.plain(format!(")   for {}   ", span(one.since))).push(Style::Code, format!("/pair {}", one.code));
            buttons.push(Button::new(format!("Let {} in", words::shorten(&name, 24)), format!("/pair {}", one.code)));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// `/status`: whether all is well, and what is not.
    pub fn status(&self, status: &Status, viewer: &Viewer) -> Text {
        let mut text = Text::new();
        text.plain(format!(
            "yoman {}   up {}   position {}",
            status.version,
            span(status.up),
            words::grouped(status.head.0)
        ));
        let counts: Vec<_> = crate::domain::Bucket::ALL
            .into_iter()
            .filter(|&bucket| self.newest(bucket) > 0)
            .map(|bucket| words::count_of(self.newest(bucket) as usize, bucket))
            .collect();
        if !counts.is_empty() {
            text.plain("\n").plain(counts.join("   "));
        }
        let mut trouble: Vec<String> = Vec::new();
        for bot in &status.bots {
            let title = viewer.titles.get(&bot.bot).map_or(bot.bot.as_str(), String::as_str);
            text.plain("\n").plain(title).plain(if bot.trouble.is_none() { "   runs" } else { "   does not run" });
            if bot.waiting > 0 {
                text.plain(format!("   {} to be delivered", words::count(bot.waiting, "message")));
            }
            trouble.extend(bot.trouble.iter().map(|why| format!("{title}: {why}")));
        }
        for (cursor, at) in &status.cursors {
            let behind = status.head.0.saturating_sub(at.0);
            if behind > 0 {
                text.plain(format!(
                    "\n{cursor}   {} behind",
                    words::count(usize::try_from(behind).unwrap_or(usize::MAX), "commit")
                ));
            }
        }
        let health = &status.health;
        text.plain(format!(
            "\nlog {}   {} MB",
            health.engine,
            words::grouped((health.disk_bytes + health.journal_bytes) / 1_000_000)
        ));
        if let Some(verified) = &health.verified {
            let at = words::at(verified.at, viewer);
            text.plain(format!("   verified up to {} {at}", words::grouped(verified.position.0)));
            if verified.faults > 0 {
                let faults = usize::try_from(verified.faults).unwrap_or(usize::MAX);
                trouble.push(format!(
                    "The log has {}: yoman log verify says what and where.",
                    words::count(faults, "fault")
                ));
            }
        }
        trouble.extend(health.refusing.iter().map(|why| format!("Nothing can be saved: {why}")));
        trouble.extend(health.damaged.iter().take(3).map(|(at, how)| format!("The record at {at} is damaged: {how}")));
        trouble.extend(health.warnings.iter().cloned());
        if self.unreadable() > 0 {
            trouble.push(self.unreadable_line());
        }
        for trouble in trouble {
            text.plain("\n").push(Style::Bold, "! ").push(Style::Quote, words::one_line(&trouble));
        }
        text
    }

    /// What could not be read, and what to do.
    pub fn unreadable_line(&self) -> String {
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let items = match self.unreadable_items() {
            0 => String::new(),
            items => format!(" of {}", words::count(items, "item")),
        };
        let what = format!("{}{items} cannot be read", words::count(count(self.unreadable()), "event"));
        let rest = "what they are of can be looked at and not changed";
        match self.unreadable_newer() {
            0 => format!("{what}: {rest}. yoman log verify says where."),
            newer if newer == self.unreadable() => {
                format!("{what}: a newer yoman wrote them, so update; until then {rest}.")
            }
            newer => format!(
                "{what}: a newer yoman wrote {}, so update; yoman log verify says where the others are. Until then {rest}.",
                words::grouped(newer)
            ),
        }
    }

    /// What became of a command about this room.
    pub(super) fn room_answer(
        &self,
        command: &room::Command<Handle>,
        commits: &[Arc<Commit>],
        viewer: &Viewer,
    ) -> Text {
        let mut text = Text::new();
        if let Some(text) = self.hours_answer(command, viewer) {
            return text;
        }
        let event = commits.first().and_then(|commit| stored::decode(commit.events.first()?).ok());
        let event = if let Some(Event::Room(event)) = event { Some(event) } else { None };
        match (command, event) {
            (room::Command::Enable { .. }, _) => {
                let (help, follow) =
                    (viewer.capabilities.written("/help"), viewer.capabilities.written("/follow #tag"));
                text.plain("I listen here now. ").push(Style::Code, help).plain(" says what I understand, ");
                text.push(Style::Code, follow).plain(" tells this room about items.")
            }
            (room::Command::Disable, _) => {
                let enable = viewer.capabilities.written("/enable");
                text.plain("I am silent here now. ").push(Style::Code, enable).plain(" makes me listen again.")
            }
            (room::Command::Follow { .. }, Some(room::Event::Followed { filter })) => {
                text.plain("This room follows ").push(Style::Quote, self.filter_words(&filter, viewer)).plain(" now.")
            }
            (room::Command::Follow { .. }, _) => text.plain("This room follows that now."),
            (room::Command::Unfollow { .. }, Some(room::Event::Unfollowed { filter: Some(filter) })) => {
                let words = self.filter_words(&filter, viewer);
                text.plain("This room no longer follows ").push(Style::Quote, words).plain(".")
            }
            (room::Command::Unfollow { .. }, _) => text.plain("This room follows nothing any more."),
            (room::Command::Mute { until: Some(until) }, _) => {
                let until = words::at_in_zone(*until, viewer);
                text.plain(format!("This room is told nothing until {until}. What is said here is answered as ever."))
            }
            (room::Command::Mute { until: None }, _) => text.plain("This room is told what it follows again."),
            (room::Command::Set(setting), _) => text.plain(match setting {
                room::Setting::Language(language) if language.starts_with("en") => "I speak English here.".to_owned(),
                room::Setting::Language(language) => {
                    format!("Noted: {} for this room. So far I speak English only.", words::one_line(language))
                }
                room::Setting::TimeZone(zone) => {
                    let local = viewer.now.with_timezone(zone);
                    format!("Times here are those of {} now: it is {} there.", zone.name(), local.format("%H:%M"))
                }
                room::Setting::DefaultBucket(bucket) => format!("A bare sentence becomes {} here now.", bucket.one()),
                room::Setting::Digest(_) | room::Setting::Quiet(_) | room::Setting::Urgent(_) => self.hours_now(viewer),
            }),
            (room::Command::Quiet { .. } | room::Command::DigestNow, _) => text.plain(self.hours_now(viewer)),
        };
        text
    }

    /// What became of a command about people.
    pub(super) fn person_answer(&self, commits: &[Arc<Commit>], viewer: &Viewer) -> Text {
        let mut text = Text::new();
        let Some(commit) = commits.first() else { return "Nothing to change.".into() };
        let Some(person) = PersonId::of_stream(commit.stream.as_str()) else { return "Done.".into() };
        let events = commit.events.iter().filter_map(|event| stored::decode(event).ok());
        let handle = self.person(person).map_or_else(|| format!("person {}", person.0), |it| it.handle.to_string());
        let mut told = false;
        for event in events {
            let Event::Person(event) = event else { continue };
            if std::mem::replace(&mut told, true) {
                text.plain("\n");
            }
            self.person_line(&mut text, person, &handle, &event, viewer);
        }
        if !told {
            text.plain("Done.");
        }
        text
    }

    fn person_line(&self, text: &mut Text, person: PersonId, handle: &str, event: &person::Event, viewer: &Viewer) {
        let you = viewer.person == Some(person);
        match event {
            person::Event::Paired { name, role, .. } if you => {
                text.plain("Welcome, ").push(Style::Quote, words::one_line(name));
                text.plain(format!(". You are {} here, written ", words::a(role.word())))
                    .push(Style::Quote, handle)
                    .plain(". ")
                    .push(Style::Code, viewer.capabilities.written("/help"))
                    .plain(" says what I understand.");
            }
            person::Event::Paired { name, role, .. } => {
                text.push(Style::Quote, words::one_line(name))
                    .plain(format!(" is let in as {}, written ", words::a(role.word())));
                text.push(Style::Quote, handle).plain(".");
            }
            person::Event::IdentityLinked { identity } => {
                let title = platform_of(identity, viewer);
                text.push(Style::Quote, if you { "You" } else { handle });
                text.plain(if you { " are" } else { " is" }).plain(format!(" known on {title} too now."));
            }
            person::Event::IdentityUnlinked { identity } => {
                let title = platform_of(identity, viewer);
                text.push(Style::Quote, if you { "You" } else { handle });
                text.plain(if you { " are" } else { " is" }).plain(format!(" no longer known on {title} as "));
                text.push(Style::Quote, words::one_line(&identity.0)).plain(".");
            }
            person::Event::Merged { into } => {
                let once = self.people.as_once(person).map_or_else(String::new, ToString::to_string);
                text.push(Style::Quote, once).plain(" is ");
                let you = viewer.person == Some(self.resolved(*into));
                text.push(Style::Quote, if you { "you" } else { handle });
                text.plain(" from now on: what was theirs is ").plain(if you { "yours" } else { "theirs together" });
                text.plain(", and so is what they did.");
            }
            person::Event::RoleGranted { role } if you => {
                text.plain(format!("You are {} now.", words::a(role.word())));
            }
            person::Event::RoleGranted { role } => {
                text.push(Style::Quote, handle).plain(format!(" is {} now.", words::a(role.word())));
            }
            person::Event::Forgotten => {
                text.plain("Forgotten. What they wrote shows as \"forgotten\", and they themselves as ")
                    .push(Style::Quote, handle);
                text.plain(": the key is destroyed, and no backup made from now on can bring them back.\n");
                text.plain(NOT_FORGOTTEN);
            }
            person::Event::Reversed(reversed) if reversed.after.prefers.is_some() => {
                let prefers = self.person(person).and_then(|person| person.prefers.as_deref());
                text.append(self.preferred(prefers, viewer));
            }
            person::Event::Reversed(_) => {
                let role = self.person(person).and_then(|person| person.role);
                text.push(Style::Quote, if you { "You" } else { handle }).plain(match (role, you) {
                    (Some(role), true) => format!(" are {} again.", words::a(role.word())),
                    (Some(role), false) => format!(" is {} again.", words::a(role.word())),
                    (None, _) => " may do nothing here any more. /grant gives a role back.".to_owned(),
                });
            }
            person::Event::Preferred { bot } => drop(text.append(self.preferred(bot.as_deref(), viewer))),
            person::Event::RoleRevoked => {
                text.push(Style::Quote, handle).plain(" may do nothing here any more. /grant gives a role back.");
            }
        }
    }
}

/// What `/forget` does not reach.
pub(crate) const NOT_FORGOTTEN: &str = "Not covered: what others wrote about them, which is theirs; what chats have shown already; what was kept while sealing was off; ids \
     of platforms' messages and direct rooms; copies made of keys/ before.";

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
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
