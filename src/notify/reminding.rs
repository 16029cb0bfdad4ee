//! Which rooms of a bot get a reminder: those that follow the item and whose own settings ask for it at that moment, and
//! whoever it is assigned to, in one place of theirs; what somebody asked for goes to them alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use yoman_chat::{Outbound, RoomId};

use super::{
    roster::Roster,
    routing::{BotRooms, Told, Why, person_in, told_in, viewer, with_reason},
};
use crate::{
    domain::{
        Event, ItemRef, PersonId, Priority,
        reminder::{self, Subject},
        room::Room,
        stored,
    },
    log::Commit,
    projection::World,
};

/// A reminder as a commit gives it.
pub(super) struct Given<'a> {
    commit: &'a Commit,
    pub(super) item: ItemRef,
    pub(super) subject: Subject,
    after: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// The reminders a commit gives.
pub(super) fn read(commit: &Commit) -> impl Iterator<Item = Given<'_>> {
    let item = reminder::of_stream(commit.stream.as_str());
    item.into_iter().flat_map(move |item| {
        commit.events.iter().filter_map(move |event| match stored::decode(event) {
            Ok(Event::Reminder(reminder::Event::Reminded { subject, after, at })) => {
                Some(Given { commit, item, subject, after, at })
            }
            _ => None,
        })
    })
}

impl Given<'_> {
    /// Whether the item is urgent.
    pub(super) fn is_urgent(&self, world: &World) -> bool {
        world.item(self.item).is_some_and(|seen| seen.item.priority == Priority::Urgent)
    }

    /// What a room gets.
    pub(super) fn message(
        &self,
        told: &Told,
        world: &World,
        bot: &BotRooms<'_>,
        now: DateTime<Utc>,
    ) -> Option<Outbound> {
        let viewer = viewer(&told.room, world, bot, now);
        let mut message = world.reminder(self.item, self.subject, &viewer)?;
        with_reason(&mut message, &told.why, world, &viewer);
        message.accent = world.accent(self.item, &viewer);
        Some(message)
    }

    /// The version of the item it is about.
    pub(super) fn version(&self, world: &World) -> u64 {
        world.item(self.item).map_or(0, |seen| seen.item.version)
    }

    /// The rooms of a bot that get it, by name, each once; none when the item was finished, or put off, meanwhile.
    pub(super) fn told(&self, roster: &Roster, world: &World, bot: &BotRooms<'_>) -> Vec<Told> {
        let Some(seen) = world.item(self.item).filter(|_| world.holds(self.item, self.subject)) else {
            return Vec::new();
        };
        let ours = |room: &RoomId| room.bot() == bot.name.as_str();
        let at = self.commit.position;
        if let Subject::Asked(version) = self.subject {
            let person = world.asked(self.item, version).map(|asked| world.resolved(asked.person));
            let told = person.and_then(|person| told_in(person, Vec::new(), Some(Why::Asked), at, roster, bot));
            // They asked for it themselves: not even a mute is meant against that.
            return told.filter(|told| ours(&told.room) && !(bot.refuses)(&told.room)).into_iter().collect();
        }
        let may = |id: &RoomId, room: &Room, person: Option<PersonId>| {
            let zone = room.time_zone.unwrap_or(bot.time_zone);
            let asks = || {
                let moments = bot.reminders.rules(&room.remind, zone).map(|rules| rules.moments(self.subject));
                moments.is_some_and(|moments| moments.iter().any(|it| self.after < *it && *it <= self.at))
            };
            (person.is_some() || roster.listens(id.as_str(), room))
                && room.muted_until.is_none_or(|until| until <= self.commit.meta.recorded_at)
                && !(bot.refuses)(id)
                && asks()
        };
        let once = |person| world.once(person).map(|person| person.id).collect();
        let mut told = Vec::new();
        // Direct rooms that follow it, on any bot: their people are told in one of them.
        let mut people: BTreeMap<PersonId, Vec<Told>> = BTreeMap::new();
        for (id, room) in roster.candidates(&seen.item, once) {
            let id = RoomId::new(id);
            let person = person_in(&id, world, bot);
            if (person.is_none() && !ours(&id)) || !may(&id, room, person) {
                continue;
            }
            let seen_from = viewer(&id, world, bot, self.commit.meta.recorded_at);
            // Who follows by kinds of happenings asked for those.
            let passes = |filter: &&_| world.passes(self.item, filter, &seen_from);
            let Some(filter) = room.follows.iter().filter(|filter| filter.on.is_empty()).find(passes) else { continue };
            let one = Told { room: id, why: Why::Follows(filter.clone()), detail: false };
            match person {
                Some(person) => people.entry(person).or_default().push(one),
                None => told.push(one),
            }
        }
        let assigned: BTreeSet<PersonId> = seen.item.people.iter().map(|person| world.resolved(*person)).collect();
        let everybody: BTreeSet<PersonId> = people.keys().copied().chain(assigned.iter().copied()).collect();
        for person in everybody {
            let following = people.remove(&person).unwrap_or_default();
            let why = assigned.contains(&person).then_some(Why::Assigned);
            if let Some(one) = told_in(person, following, why, at, roster, bot).filter(|one| ours(&one.room))
                && may(&one.room, roster.room(one.room.as_str()), Some(person))
                && person_in(&one.room, world, bot) == Some(person)
            {
                told.push(one);
            }
        }
        told.sort_by(|a, b| a.room.cmp(&b.room));
        told
    }
}
