//! Which rooms of a bot care about a commit, and why. Pure: what it may know is handed in.
//!
//! People keep notifications switched on as long as each of them says something they did not know: never what they just
//! did, nothing twice, and a detail only where nothing of the item stands yet. Who is told does not depend on how late the
//! question is asked: rooms and items are looked at as they were after the commit.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use yoman_chat::{BotName, Capabilities, Outbound, RoomId, Style};

use super::roster::Roster;
use crate::{
    domain::{
        Event, Filter, Handle, Identity, ItemRef, Kind, PersonId, Priority, idea,
        item::{self, Fact, Item},
        pr,
        reminder::Defaults,
        research,
        room::Room,
        stored, todo,
    },
    lang::Lang,
    log::{Commit, Position},
    projection::{Permalinks, Then, Viewer, World, concerned, is_correction},
};

/// Of some direct rooms of somebody, on any bot, the one they are told in of the commit at a position.
pub(super) type Home<'a> = dyn Fn(&[RoomId], Position) -> Option<RoomId> + 'a;

/// What is known of a bot and its rooms.
pub(super) struct BotRooms<'a> {
    /// Its name: its rooms are those that begin with it.
    pub(super) name: &'a BotName,
    /// What its platform can do.
    pub(super) capabilities: &'a Capabilities,
    /// What people call the platform of each bot.
    pub(super) titles: &'a Arc<HashMap<String, String>>,
    /// The language of a room that did not set one.
    pub(super) lang_in: &'a dyn Fn(&RoomId) -> Lang,
    /// The time zone of rooms that did not set one.
    pub(super) time_zone: Tz,
    /// The rooms of this bot that have a card of an item.
    pub(super) cards: &'a dyn Fn(ItemRef) -> Vec<RoomId>,
    /// Whether the platform refuses everything for a room.
    pub(super) refuses: &'a dyn Fn(&RoomId) -> bool,
    /// Whose direct room it is.
    pub(super) person_in: &'a dyn Fn(&RoomId) -> Option<PersonId>,
    /// The direct rooms somebody was heard in, on any bot.
    pub(super) direct_rooms: &'a dyn Fn(PersonId) -> Vec<RoomId>,
    /// See [`Home`].
    pub(super) home: &'a Home<'a>,
    /// When rooms are reminded that said nothing about it.
    pub(super) reminders: &'a Defaults,
}

/// A room that is told, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) room: RoomId,
    pub(super) why: Why,
    /// Not where a card of the item stands: that is changed in place.
    pub(super) detail: bool,
}

/// Why somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    /// By this filter of the room.
    Follows(Filter),
    /// It is for them to do.
    Assigned,
    /// Somebody wrote their name.
    Mentioned,
    /// They asked to be reminded.
    Asked,
}

/// A commit on an item, as far as routing has to understand it.
pub(super) struct Read<'a> {
    pub(super) commit: &'a Commit,
    pub(super) item: ItemRef,
    events: Vec<item::Event>,
    /// The item as it was then, when it was changed since.
    then: Option<Then>,
}

impl<'a> Read<'a> {
    /// `None` for a commit that is about no item. `then` is the item after the commit, when it was changed since.
    pub(super) fn of(commit: &'a Commit, then: Option<Then>) -> Option<Self> {
        let item = ItemRef::of_stream(commit.stream.as_str())?;
        let events = commit.events.iter().filter_map(|event| match stored::decode(event) {
            Ok(Event::Item(event)) => Some(event),
            Ok(Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_)) | Err(_) => None,
        });
        Some(Self { commit, item, events: events.collect(), then })
    }

    fn any(&self, is: impl FnMut(&item::Event) -> bool) -> bool {
        self.events.iter().any(is)
    }

    fn item<'w>(&'w self, world: &'w World) -> Option<&'w Item> {
        match &self.then {
            Some(then) => Some(then.item()),
            None => world.item(self.item).map(|seen| &seen.item),
        }
    }

    /// Whether it was urgent then.
    pub(super) fn is_urgent(&self, world: &World) -> bool {
        self.item(world).is_some_and(|item| item.priority == Priority::Urgent)
    }

    fn passes(&self, filter: &Filter, world: &World, viewer: &Viewer) -> bool {
        // A filter of then names somebody as they were known then.
        let resolved: Filter;
        let filter = if filter.people.iter().all(|person| world.resolved(*person) == *person) {
            filter
        } else {
            let people = filter.people.iter().map(|person| world.resolved(*person)).collect();
            resolved = Filter { people, ..filter.clone() };
            &resolved
        };
        match &self.then {
            Some(then) => world.passed(then, filter, viewer),
            None => world.passes(self.item, filter, viewer),
        }
    }

    /// Those whom a commit concerns whether or not they follow anything: who is to do it, who is named in it.
    fn concerned(&self, world: &World) -> BTreeMap<PersonId, Why> {
        let mut people = BTreeMap::new();
        for event in &self.events {
            for handle in words_of(event).into_iter().flat_map(mentions) {
                if let Some(person) = world.by_handle(&handle) {
                    people.insert(person.id, Why::Mentioned);
                }
            }
        }
        for event in &self.events {
            if let item::Event::Todo(todo::Event::Assigned { person }) | item::Event::Fact(Fact::Assigned { person }) =
                event
            {
                people.insert(world.resolved(*person), Why::Assigned);
            }
        }
        people
    }
}

/// What somebody wrote in an event, where a name calls who has it. What repeats or corrects what was said before does not.
fn words_of(event: &item::Event) -> Vec<&str> {
    match event {
        item::Event::Idea(event) => match event {
            idea::Event::Created { title, body, from: None } => vec![title, body],
            idea::Event::Refined { text } => vec![text],
            idea::Event::Rejected { reason } | idea::Event::Reopened { reason } => vec![reason],
            idea::Event::Created { .. } | idea::Event::Promoted { .. } => Vec::new(),
        },
        item::Event::Research(event) => match event {
            research::Event::Started { title, body, from: None } => vec![title, body],
            research::Event::FindingAdded { text, corrects: None } => vec![text],
            research::Event::Done { conclusion, .. } => vec![conclusion],
            research::Event::Reopened { reason } => vec![reason],
            research::Event::Started { .. } | research::Event::FindingAdded { .. } => Vec::new(),
        },
        item::Event::Todo(event) => match event {
            todo::Event::Created { title, body, from: None } => vec![title, body],
            todo::Event::CriterionAdded { text } => vec![text],
            todo::Event::Reopened { reason } => vec![reason],
            _ => Vec::new(),
        },
        item::Event::Pr(event) => match event {
            pr::Event::Created { title, body, from: None } => vec![title, body],
            pr::Event::Reviewed { text, .. } => vec![text],
            pr::Event::Closed { reason } | pr::Event::Reopened { reason } => vec![reason],
            _ => Vec::new(),
        },
        item::Event::Fact(fact) => match fact {
            Fact::Noted { text, corrects: None } => vec![text],
            Fact::Described { body } => vec![body],
            Fact::Retitled { title } => vec![title],
            _ => Vec::new(),
        },
        item::Event::Reversed(_) => Vec::new(),
    }
}

/// The handles that are written in a text: `@dana`, but not the end of `mail@dana`.
fn mentions(text: &str) -> Vec<Handle> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(part) {
            continue;
        }
        let behind = &text[at + 1..];
        let end = behind.find(|c| !part(c)).unwrap_or(behind.len());
        // What ends a sentence is no part of a name.
        let name = behind[..end].trim_end_matches(['.', '-']);
        found.extend(Handle::new(name).ok());
    }
    found
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

/// The rooms of a bot that show an item the commit changes how it looks.
pub(super) fn refreshes(what: &Read<'_>, world: &World, bot: &BotRooms<'_>) -> Vec<(RoomId, ItemRef)> {
    if !bot.capabilities.edits {
        return Vec::new();
    }
    let mut touched = BTreeSet::from([what.item]);
    if what.any(is_promotion) && world.promoted_to(what.item).is_empty() {
        // What it becomes follows in a commit of its own, which brings its cards up to date: older messages are changed once
        // more and no further, so that must not be to what is between the two.
        touched.clear();
    }
    if what.any(shows_elsewhere) {
        touched.extend(world.waited_for_by(what.item));
        touched.extend(world.promoted_to(what.item));
        touched.extend(world.item(what.item).and_then(|seen| seen.item.from));
    }
    let rooms_of = |item| (bot.cards)(item).into_iter().map(move |room| (room, item));
    touched.into_iter().flat_map(rooms_of).filter(|(room, _)| !(bot.refuses)(room)).collect()
}

/// The rooms of a bot that are told of a commit, by name, each once. `roster` and the item are as they were after it; the
/// world has seen it, and may have seen more.
pub(super) fn told(what: &Read<'_>, roster: &Roster, world: &World, bot: &BotRooms<'_>) -> Vec<Told> {
    if what.events.iter().all(is_correction) {
        return Vec::new();
    }
    let Some(item) = what.item(world) else { return Vec::new() };
    let commit = what.commit;
    let (actor, _) = world.behind(commit);
    let actor = world.person_of(actor);
    let from = commit.meta.origin.room.as_str();
    let may = |id: &RoomId, room: &Room, person: Option<PersonId>| {
        id.as_str() != from
            && (person.is_none() || person != actor)
            && (person.is_some() || roster.listens(id.as_str(), room))
            && room.muted_until.is_none_or(|until| until <= commit.meta.recorded_at)
            && !(bot.refuses)(id)
    };
    let (news, promotion) = (what.any(is_news), what.any(is_promotion));
    let mut viewer = viewer_of(&RoomId::new(from), None, world, bot, commit.meta.recorded_at);
    // The filter by which a room is told, and whether it is a detail by it.
    let mut chosen = |room: &Room| {
        viewer.time_zone = room.time_zone.unwrap_or(bot.time_zone);
        let passing = |filter: &&Filter| {
            // Of a promotion only those are told who chose the old item but not necessarily the new one.
            let chosen = !promotion
                || news
                || !filter.items.is_empty()
                || !filter.buckets.is_empty()
                || filter.on.contains(&Kind::Promoted);
            let happened = filter.on.is_empty() || what.any(|event| filter.on.contains(&Kind::of(event)));
            chosen && happened && what.passes(filter, world, &viewer)
        };
        // Who asks for a kind of happening is told of each, also where a card stands.
        let mut passing = room.follows.iter().filter(passing).peekable();
        let first = *passing.peek()?;
        let filter = passing.find(|filter| news || !filter.on.is_empty()).unwrap_or(first);
        Some((filter.clone(), !news && filter.on.is_empty()))
    };
    let once = |person| world.once(person).map(|person| person.id).collect();
    let ours = |room: &RoomId| room.bot() == bot.name.as_str();
    let mut told = Vec::new();
    let mut people: BTreeMap<PersonId, Vec<Told>> = BTreeMap::new();
    for (id, room) in roster.candidates(item, once) {
        let id = RoomId::new(id);
        let person = person_in(&id, world, bot);
        if (person.is_none() && !ours(&id)) || !may(&id, room, person) {
            continue;
        }
        let Some((filter, detail)) = chosen(room) else { continue };
        let one = Told { room: id, why: Why::Follows(filter), detail };
        match person {
            Some(person) => people.entry(person).or_default().push(one),
            None => told.push(one),
        }
    }
    let mut concerned = what.concerned(world);
    concerned.retain(|person, _| Some(*person) != actor);
    let everybody: BTreeSet<PersonId> = people.keys().chain(concerned.keys()).copied().collect();
    for person in everybody {
        let following = people.remove(&person).unwrap_or_default();
        let told_there = told_in(person, following, concerned.remove(&person), commit.position, roster, bot);
        if let Some(one) = told_there.filter(|one| ours(&one.room))
            && may(&one.room, roster.room(one.room.as_str()), Some(person))
            && person_in(&one.room, world, bot) == Some(person)
        {
            told.push(one);
        }
    }
    told.sort_by(|a, b| a.room.cmp(&b.room));
    told
}

/// Where somebody is told who has direct rooms on several bots: in one of them. `following` are those that follow the item,
/// `why` is why it concerns them anyway.
pub(super) fn told_in(
    person: PersonId,
    mut following: Vec<Told>,
    why: Option<Why>,
    at: Position,
    roster: &Roster,
    bot: &BotRooms<'_>,
) -> Option<Told> {
    let rooms: Vec<RoomId> = following.iter().map(|told| told.room.clone()).collect();
    let preferred = |rooms: &[RoomId]| {
        let bot = roster.prefers(person)?;
        Some(rooms.iter().filter(|room| room.bot() == bot).cloned().collect())
            .filter(|rooms: &Vec<_>| !rooms.is_empty())
    };
    let home = |rooms: &[RoomId]| if let [one] = rooms { Some(one.clone()) } else { (bot.home)(rooms, at) };
    let Some(why) = why else {
        let room = home(&preferred(&rooms).unwrap_or(rooms))?;
        let at = following.iter().position(|told| told.room == room)?;
        return Some(following.swap_remove(at));
    };
    let mut direct = (bot.direct_rooms)(person);
    direct.retain(|room| !(bot.refuses)(room));
    let among = preferred(&direct).or(Some(rooms).filter(|rooms| !rooms.is_empty())).unwrap_or(direct);
    Some(Told { room: home(&among)?, why, detail: false })
}

/// The messages of one commit: worded once for all rooms that see the same.
pub(super) struct Wording<'a> {
    what: &'a Read<'a>,
    worded: HashMap<(Lang, Tz, Option<PersonId>), Option<Outbound>>,
}

impl<'a> Wording<'a> {
    pub(super) fn of(what: &'a Read<'a>) -> Self {
        Self { what, worded: HashMap::new() }
    }

    /// What a room is told; `None` when there is nothing worth telling.
    pub(super) fn told(
        &mut self,
        told: &Told,
        world: &World,
        bot: &BotRooms<'_>,
        now: DateTime<Utc>,
    ) -> Option<Outbound> {
        let viewer = viewer(&told.room, world, bot, now);
        let key = (viewer.lang, viewer.time_zone, viewer.person);
        let mut message = self
            .worded
            .entry(key)
            .or_insert_with(|| {
                let message = world.notice(self.what.commit, &viewer)?;
                Some(Outbound { accent: world.accent(self.what.item, &viewer), ..message })
            })
            .clone()?;
        with_reason(&mut message, &told.why, world, &viewer);
        Some(message)
    }
}

/// Says why a room gets a message.
pub(super) fn with_reason(message: &mut Outbound, why: &Why, world: &World, viewer: &Viewer) {
    let reason = match why {
        Why::Follows(filter) => world.because(filter, viewer),
        Why::Assigned => concerned(true, viewer),
        Why::Mentioned => concerned(false, viewer),
        // The message says so itself.
        Why::Asked => return,
    };
    message.text.push(Style::Dim, "\n");
    message.text.append(reason);
}

/// Of the rooms that would be told, those in which a card of the item stands already.
pub(super) fn with_card(what: &Read<'_>, bot: &BotRooms<'_>) -> BTreeSet<RoomId> {
    (bot.cards)(what.item).into_iter().collect()
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

/// What views may know of a room.
pub(super) fn viewer(room: &RoomId, world: &World, bot: &BotRooms<'_>, now: DateTime<Utc>) -> Viewer {
    viewer_of(room, person_in(room, world, bot), world, bot, now)
}

fn viewer_of(room: &RoomId, person: Option<PersonId>, world: &World, bot: &BotRooms<'_>, now: DateTime<Utc>) -> Viewer {
    let state = world.room(room.as_str());
    Viewer {
        room: room.as_str().to_owned(),
        person,
        lang: lang_of(room, world, bot),
        time_zone: state.time_zone.unwrap_or(bot.time_zone),
        now,
        capabilities: bot.capabilities.clone(),
        titles: Arc::clone(bot.titles),
        permalinks: Permalinks::default(),
    }
}

#[cfg(test)]
#[path = "tests/routing.rs"]
mod tests;
