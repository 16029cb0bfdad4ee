//! Which rooms of a bot get a reminder: those that follow the item and whose own settings ask for it at that moment, and
//! whoever it is assigned to, in one place of theirs; what somebody asked for goes to them alone.

use chrono::{DateTime, Utc};
use yoman_chat::{RoomId, Style, Text};

use super::{
    outbox::Intent,
    routing::{BotRooms, person_in, viewer},
};
use crate::{
    domain::{
        Event, Filter, ItemRef, PersonId,
        reminder::{self, Defaults, Subject},
        room::Room,
        stored,
    },
    lang::text_in,
    log::Commit,
    projection::World,
};

/// What a commit of an item's reminders gives.
struct Given {
    item: ItemRef,
    subject: Subject,
    after: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// Why somebody gets it.
enum Why {
    Follows(Filter),
    Assigned,
    Asked,
}

/// What a bot has to do because of a reminder; `None`: the commit is none.
pub(super) fn route(
    commit: &Commit,
    world: &World,
    bot: &BotRooms<'_>,
    defaults: &Defaults,
    now: DateTime<Utc>,
) -> Option<Vec<Intent>> {
    let item = reminder::of_stream(commit.stream.as_str())?;
    let given = commit.events.iter().filter_map(|event| match stored::decode(event) {
        Ok(Event::Reminder(reminder::Event::Reminded { subject, after, at })) => {
            Some(Given { item, subject, after, at })
        }
        _ => None,
    });
    let mut intents = Vec::new();
    for given in given {
        // It was finished, or put off, between the reminder and now.
        if !world.holds(item, given.subject) {
            continue;
        }
        for (room, why) in told(&given, commit, world, bot, defaults, now) {
            let viewer = viewer(&room, world, bot, now);
            let Some(mut message) = world.reminder(item, given.subject, &viewer) else { continue };
            let reason = match &why {
                Why::Follows(filter) => world.because(filter, &viewer),
                Why::Assigned => text_in!(viewer.lang, Style::Dim, "remind-assigned"),
                Why::Asked => Text::new(),
            };
            if !reason.is_empty() {
                message.text.push(Style::Dim, "\n");
                message.text.append(reason);
            }
            message.accent = world.accent(item, &viewer);
            let version = world.item(item).map_or(0, |seen| seen.item.version);
            intents.push(Intent::Notice { room, item, version, position: commit.position, message });
        }
    }
    Some(intents)
}

fn told(
    given: &Given,
    commit: &Commit,
    world: &World,
    bot: &BotRooms<'_>,
    defaults: &Defaults,
    now: DateTime<Utc>,
) -> Vec<(RoomId, Why)> {
    let ours = |room: &RoomId| room.bot() == bot.name.as_str();
    let home = |person: PersonId, rooms: &[RoomId]| (bot.told_in)(person, commit.position, rooms).filter(ours);
    if let Subject::Asked(version) = given.subject {
        let person = world.asked(given.item, version).map(|asked| world.resolved(asked.person));
        let room = person.and_then(|person| home(person, &[(bot.direct_room)(person)?]));
        // They asked for it themselves: not even a mute is meant against that.
        return room.filter(|room| !(bot.refuses)(room)).map(|room| (room, Why::Asked)).into_iter().collect();
    }
    let may = |room: &RoomId, state: &Room| {
        let person = person_in(room, world, bot);
        let zone = state.time_zone.unwrap_or(bot.time_zone);
        let asks = || {
            let moments = defaults.rules(&state.remind, zone).map(|rules| rules.moments(given.subject));
            moments.is_some_and(|moments| moments.iter().any(|it| given.after < *it && *it <= given.at))
        };
        (state.enabled || person.is_some())
            && state.muted_until.is_none_or(|until| until <= now)
            && !(bot.refuses)(room)
            && asks()
    };
    let assigned: Vec<PersonId> = world.item(given.item).map_or_else(Vec::new, |seen| seen.item.people.clone());
    let mut told: Vec<(RoomId, Why)> = Vec::new();
    // Direct rooms that follow it, on any bot: their people are told in one of them.
    let mut people: Vec<(PersonId, Vec<(RoomId, Filter)>)> = Vec::new();
    for (id, state) in world.rooms().filter(|(_, state)| !state.follows.is_empty()) {
        let room = RoomId::new(id);
        if !may(&room, state) {
            continue;
        }
        let seen_from = viewer(&room, world, bot, now);
        let Some(filter) = state.follows.iter().find(|filter| world.passes(given.item, filter, &seen_from)) else {
            continue;
        };
        match person_in(&room, world, bot) {
            None if ours(&room) => told.push((room, Why::Follows(filter.clone()))),
            None => {}
            Some(person) => match people.iter_mut().find(|(known, _)| *known == person) {
                Some((_, rooms)) => rooms.push((room, filter.clone())),
                None => people.push((person, vec![(room, filter.clone())])),
            },
        }
    }
    for &person in &assigned {
        let person = world.resolved(person);
        // Whoever is to do it hears of it where they were heard last, whatever else they follow.
        let Some(room) = (bot.direct_room)(person) else { continue };
        people.retain(|(known, _)| *known != person);
        if !may(&room, world.room(room.as_str())) {
            continue;
        }
        if let Some(room) = home(person, &[room]) {
            told.push((room, Why::Assigned));
        }
    }
    for (person, rooms) in people {
        let candidates: Vec<RoomId> = rooms.iter().map(|(room, _)| room.clone()).collect();
        let chosen = if candidates.len() == 1 { candidates.into_iter().next() } else { home(person, &candidates) };
        let chosen = chosen.filter(ours);
        told.extend(
            rooms
                .into_iter()
                .find(|(room, _)| chosen.as_ref() == Some(room))
                .map(|(room, filter)| (room, Why::Follows(filter))),
        );
    }
    told.sort_by(|(a, _), (b, _)| a.cmp(b));
    told.dedup_by(|(a, _), (b, _)| a == b);
    told
}
