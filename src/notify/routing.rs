//! Which rooms of a bot care about a commit. Pure: what it may know is handed in.
//!
//! People keep notifications switched on as long as each of them says something they did not know:
//! never what they just did, nothing twice, and a detail only where nothing of the item stands yet.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use yoman_chat::{BotName, Capabilities, RoomId, Style, Text};

use super::{outbox::Intent, reminding};
use crate::{
    domain::{
        Event, Filter, Identity, ItemRef, PersonId,
        item::{self, Fact},
        reminder::Defaults,
        research,
        room::Room,
        stored, todo,
    },
    lang::{Lang, text_in},
    log::{Commit, Position},
    projection::{Permalinks, Viewer, World},
};

/// Which of a person's rooms is told of the commit at a position.
pub type ToldIn<'a> = dyn Fn(PersonId, Position, &[RoomId]) -> Option<RoomId> + 'a;

/// What is known of a bot and its rooms.
pub struct BotRooms<'a> {
    /// Its name: its rooms are those that begin with it.
    pub name: &'a BotName,
    /// What its platform can do.
    pub capabilities: &'a Capabilities,
    /// What people call the platform of each bot.
    pub titles: &'a Arc<HashMap<String, String>>,
    /// The language of a room that did not set one.
    pub lang_in: &'a dyn Fn(&RoomId) -> Lang,
    /// The time zone of rooms that did not set one.
    pub time_zone: Tz,
    /// The rooms of this bot that have a card of an item.
    pub cards: &'a dyn Fn(ItemRef) -> Vec<RoomId>,
    /// Whether the platform refuses everything for a room.
    pub refuses: &'a dyn Fn(&RoomId) -> bool,
    /// Whose direct room it is.
    pub person_in: &'a dyn Fn(&RoomId) -> Option<PersonId>,
    /// The direct room a person was last heard in, on any bot.
    pub direct_room: &'a dyn Fn(PersonId) -> Option<RoomId>,
    /// In which of these direct rooms of theirs, on any bot, a person is told of the commit at this position.
    pub told_in: &'a ToldIn<'a>,
    /// When rooms are reminded that said nothing about it.
    pub reminders: &'a Defaults,
}

/// Somebody who is told, and why.
struct Told {
    room: RoomId,
    why: Why,
}

enum Why {
    Follows(Filter),
    Assigned,
}

/// What a bot has to do because of a commit; `world` has seen the commit, and may have seen more.
pub fn route(commit: &Commit, world: &World, bot: &BotRooms<'_>, now: DateTime<Utc>) -> Vec<Intent> {
    if let Some(intents) = reminding::route(commit, world, bot, bot.reminders, now) {
        return intents;
    }
    let Some(what) = Read::of(commit) else { return Vec::new() };
    let mut intents = refreshes(&what, world, bot);
    for Told { room, why } in told(&what, world, bot, now) {
        let viewer = viewer(&room, world, bot, now);
        let Some(mut message) = world.notice(commit, &viewer) else { continue };
        message.text.push(Style::Dim, "\n");
        message.text.append(because(&why, world, &viewer));
        message.accent = world.accent(what.item, &viewer);
        let (item, version, position) = (what.item, commit.last_version(), commit.position);
        intents.push(Intent::Notice { room, item, version, position, message });
    }
    intents
}

/// As [`route`], for a bot that is far behind: nothing is worded, the rooms that would be told are counted.
pub fn route_far_behind(
    commit: &Commit,
    world: &World,
    bot: &BotRooms<'_>,
    now: DateTime<Utc>,
) -> (Vec<(RoomId, ItemRef)>, Vec<RoomId>) {
    if let Some(reminders) = reminding::route(commit, world, bot, bot.reminders, now) {
        return (Vec::new(), reminders.iter().map(|intent| intent.room().clone()).collect());
    }
    let Some(what) = Read::of(commit) else { return (Vec::new(), Vec::new()) };
    let refreshes = refreshes(&what, world, bot).into_iter().filter_map(|intent| match intent {
        Intent::Refresh { room, item } => Some((room, item)),
        Intent::Notice { .. } | Intent::Board { .. } | Intent::Plain { .. } => None,
    });
    (refreshes.collect(), told(&what, world, bot, now).into_iter().map(|told| told.room).collect())
}

/// A commit on an item, as far as routing has to understand it.
struct Read<'a> {
    commit: &'a Commit,
    item: ItemRef,
    events: Vec<item::Event>,
}

impl<'a> Read<'a> {
    fn of(commit: &'a Commit) -> Option<Self> {
        let item = ItemRef::of_stream(commit.stream.as_str())?;
        let events = commit.events.iter().filter_map(|event| match stored::decode(event) {
            Ok(Event::Item(event)) => Some(event),
            Ok(Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_)) | Err(_) => None,
        });
        Some(Self { commit, item, events: events.collect() })
    }

    fn any(&self, is: impl FnMut(&item::Event) -> bool) -> bool {
        self.events.iter().any(is)
    }
}

/// Worth a sound even where a card of the item stands already.
fn is_news(event: &item::Event) -> bool {
    match event {
        item::Event::Fact(fact) => matches!(fact, Fact::Noted { .. } | Fact::Assigned { .. }),
        item::Event::Todo(event) => !matches!(
            event,
            todo::Event::CriterionAdded { .. }
                | todo::Event::PrerequisiteAdded { .. }
                | todo::Event::PrerequisiteRemoved { .. }
                | todo::Event::Promoted { .. }
        ),
        item::Event::Idea(_) | item::Event::Research(_) | item::Event::Pr(_) => !is_promotion(event),
        item::Event::Reversed(reversed) => reversed.after.status.is_some() || reversed.after.withdrawn.is_some(),
    }
}

/// It became something else: whoever follows both is told of the new item, and need not be told of this.
fn is_promotion(event: &item::Event) -> bool {
    use crate::domain::idea;
    matches!(
        event,
        item::Event::Idea(idea::Event::Promoted { .. })
            | item::Event::Research(research::Event::Done { to: Some(_), .. })
            | item::Event::Todo(todo::Event::Promoted { .. })
    )
}

/// Cards of other items show the title of this one and whether it is open.
fn shows_elsewhere(event: &item::Event) -> bool {
    match event {
        item::Event::Fact(fact) => matches!(fact, Fact::Retitled { .. }),
        item::Event::Idea(_) | item::Event::Research(_) | item::Event::Todo(_) | item::Event::Pr(_) => true,
        item::Event::Reversed(_) => true,
    }
}

fn refreshes(what: &Read<'_>, world: &World, bot: &BotRooms<'_>) -> Vec<Intent> {
    if !bot.capabilities.edits {
        return Vec::new();
    }
    let mut touched = BTreeSet::from([what.item]);
    if what.any(shows_elsewhere) {
        touched.extend(world.waited_for_by(what.item));
        touched.extend(world.promoted_to(what.item));
        touched.extend(world.item(what.item).and_then(|seen| seen.item.from));
    }
    let rooms_of = |item| (bot.cards)(item).into_iter().map(move |room| Intent::Refresh { room, item });
    touched.into_iter().flat_map(rooms_of).filter(|intent| !(bot.refuses)(intent.room())).collect()
}

/// The rooms that are told of a commit, by name, each once.
fn told(what: &Read<'_>, world: &World, bot: &BotRooms<'_>, now: DateTime<Utc>) -> Vec<Told> {
    let (actor, _) = world.behind(what.commit);
    let actor = world.person_of(actor);
    let from = &what.commit.meta.origin.room;
    let news = what.any(is_news);
    let promotion = what.any(is_promotion);
    // Asked for only when a room turns out to follow: most commits concern few rooms.
    let with_card: std::cell::LazyCell<HashSet<RoomId>, _> =
        std::cell::LazyCell::new(|| (bot.cards)(what.item).into_iter().collect());
    let may = |room: &RoomId, state: &Room| {
        let person = person_in(room, world, bot);
        room.as_str() != from
            && (person.is_none() || person != actor)
            && (state.enabled || person.is_some())
            && state.muted_until.is_none_or(|until| until <= now)
            && !(bot.refuses)(room)
    };
    // The filter by which a room follows the item, whichever bot it is of.
    let chosen = |room: &RoomId, state: &Room| {
        if state.follows.is_empty() || !may(room, state) {
            return None;
        }
        let viewer = viewer(room, world, bot, now);
        let passes = |filter: &&Filter| {
            // Of a promotion only those are told who chose the old item but not necessarily the new one.
            let chosen = !promotion || news || !filter.items.is_empty() || !filter.buckets.is_empty();
            chosen && world.passes(what.item, filter, &viewer)
        };
        state.follows.iter().find(passes).cloned()
    };
    let ours = |room: &RoomId| room.bot() == bot.name.as_str();
    let mut told = Vec::new();
    let mut people: BTreeMap<PersonId, Vec<(RoomId, Filter)>> = BTreeMap::new();
    for (id, state) in world.rooms().filter(|(_, state)| !state.follows.is_empty()) {
        let room = RoomId::new(id);
        if !ours(&room) {
            continue;
        }
        let Some(filter) = chosen(&room, state) else { continue };
        match person_in(&room, world, bot) {
            Some(person) => people.entry(person).or_default().push((room, filter)),
            None if news || !with_card.contains(&room) => told.push(Told { room, why: Why::Follows(filter) }),
            None => {}
        }
    }
    let mut assigned: BTreeSet<PersonId> = BTreeSet::new();
    for event in &what.events {
        if let item::Event::Todo(todo::Event::Assigned { person }) | item::Event::Fact(Fact::Assigned { person }) =
            event
        {
            assigned.insert(world.resolved(*person));
        }
    }
    // Who has rooms on several bots is told in one of them: what other rooms of theirs follow matters here, too.
    let mut elsewhere: BTreeMap<PersonId, Vec<RoomId>> = BTreeMap::new();
    if !people.is_empty() || !assigned.is_empty() {
        for (id, state) in world.rooms().filter(|(_, state)| !state.follows.is_empty()) {
            let room = RoomId::new(id);
            let Some(person) = Some(&room).filter(|room| !ours(room)).and_then(|room| person_in(room, world, bot))
            else {
                continue;
            };
            let concerned = people.contains_key(&person) || assigned.contains(&person);
            if concerned && chosen(&room, state).is_some() {
                elsewhere.entry(person).or_default().push(room);
            }
        }
    }
    let position = what.commit.position;
    for (person, here) in &people {
        let mut rooms: Vec<RoomId> = here.iter().map(|(room, _)| room.clone()).collect();
        rooms.extend(elsewhere.get(person).into_iter().flatten().cloned());
        let home = if rooms.len() == 1 { rooms.pop() } else { (bot.told_in)(*person, position, &rooms) };
        for (room, filter) in here.iter().filter(|(room, _)| home.as_ref() == Some(room)) {
            if news || !with_card.contains(room) {
                told.push(Told { room: room.clone(), why: Why::Follows(filter.clone()) });
            }
        }
    }
    told.sort_by(|a, b| a.room.cmp(&b.room));
    for person in assigned {
        if people.contains_key(&person) || elsewhere.contains_key(&person) || Some(person) == actor {
            continue;
        }
        let last_used = (bot.direct_room)(person);
        let home = last_used.and_then(|room| (bot.told_in)(person, position, &[room]));
        let Some(room) = home.filter(ours) else { continue };
        if may(&room, world.room(room.as_str())) {
            told.push(Told { room, why: Why::Assigned });
        }
    }
    told
}

/// Whose direct room it is. Where a platform addresses a person's direct room by the person, that is enough to know.
pub(super) fn person_in(room: &RoomId, world: &World, bot: &BotRooms<'_>) -> Option<PersonId> {
    let by_identity = || world.by_identity(&Identity(room.as_str().to_owned())).map(|person| person.id);
    let person = (bot.person_in)(room).or_else(by_identity)?;
    // Who may look at nothing any more is told nothing either.
    world.person(person).filter(|person| person.role.is_some()).map(|person| person.id)
}

/// The language of a room.
pub(super) fn lang_of(room: &RoomId, world: &World, bot: &BotRooms<'_>) -> Lang {
    let set = world.room(room.as_str()).language.as_deref().and_then(Lang::parse);
    set.unwrap_or_else(|| (bot.lang_in)(room))
}

pub(super) fn viewer(room: &RoomId, world: &World, bot: &BotRooms<'_>, now: DateTime<Utc>) -> Viewer {
    let state = world.room(room.as_str());
    Viewer {
        room: room.as_str().to_owned(),
        person: person_in(room, world, bot),
        lang: lang_of(room, world, bot),
        time_zone: state.time_zone.unwrap_or(bot.time_zone),
        now,
        capabilities: bot.capabilities.clone(),
        titles: Arc::clone(bot.titles),
        permalinks: Permalinks::default(),
    }
}

fn because(why: &Why, world: &World, viewer: &Viewer) -> Text {
    match why {
        Why::Follows(filter) => world.because(filter, viewer),
        Why::Assigned => {
            text_in!(viewer.lang, Style::Dim, "because-assigned")
        }
    }
}

#[cfg(test)]
#[path = "tests/routing.rs"]
mod tests;
