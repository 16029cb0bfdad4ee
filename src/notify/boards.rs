//! Which boards a commit changes. Asked of every commit, so it has to be cheap: nothing is drawn here, and what is asked
//! for too often costs a drawing and no message, because a board that shows the same already is left alone.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use yoman_chat::RoomId;

use super::{
    board_rows::Anew,
    follower::Follower,
    intent::Intent,
    routing::{BotRooms, person_in, viewer},
};
use crate::{
    domain::{
        Event, Filter, ItemRef,
        item::{self, Fact},
        reminder, room, stored,
    },
    log::Commit,
    projection::World,
};

/// How often all boards are looked at: what is due today is overdue tomorrow, without anybody doing anything.
const ALL_EVERY: Duration = Duration::from_secs(3600);

/// Which parts of an item may have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts(u8);

impl Parts {
    const STATE: Self = Self(1);
    const TAGS: Self = Self(2);
    const PEOPLE: Self = Self(4);
    const PROJECT: Self = Self(8);
    const PRIORITY: Self = Self(16);
    const DUE: Self = Self(32);
    const ALL: Self = Self(63);

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }

    fn of(event: &item::Event) -> Self {
        match event {
            item::Event::Idea(_) | item::Event::Research(_) | item::Event::Pr(_) => Self::STATE,
            item::Event::Todo(_) => Self::STATE.or(Self::PEOPLE),
            item::Event::Fact(fact) => match fact {
                Fact::Tagged { .. } | Fact::Untagged { .. } => Self::TAGS,
                Fact::Prioritised { .. } => Self::PRIORITY,
                Fact::DueSet { .. } => Self::DUE,
                Fact::Assigned { .. } | Fact::Unassigned { .. } => Self::PEOPLE,
                Fact::MovedToProject { .. } => Self::PROJECT,
                _ => Self::default(),
            },
            item::Event::Reversed(_) => Self::ALL,
        }
    }

    /// The filter without what it asks of these parts: whatever passed it before they changed passes this one. Words are
    /// looked for in everything that was said, so every change may be one of them.
    fn relaxed(self, filter: &Filter) -> Filter {
        let mut filter = filter.clone();
        filter.words.clear();
        if self.has(Self::STATE) {
            filter.states.clear();
        }
        if self.has(Self::TAGS) {
            filter.tags.clear();
        }
        if self.has(Self::PEOPLE) {
            filter.people.clear();
        }
        if self.has(Self::PROJECT) {
            filter.projects.clear();
        }
        if self.has(Self::PRIORITY) {
            filter.priorities.clear();
        }
        if self.has(Self::DUE) {
            filter.due = None;
        }
        filter
    }
}

/// What is remembered from commit to commit.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Parts of items that changed in commits behind the world: the world may have seen more of an item than the commit at
    /// hand, so that what it was before has to be guessed from all of them together.
    parts: HashMap<ItemRef, Parts>,
}

impl Changes {
    /// The boards of a bot that a commit may change; `world` has seen the commit, and may have seen more.
    pub(super) fn route(
        &mut self,
        commit: &Commit,
        world: &World,
        bot: &BotRooms<'_>,
        now: DateTime<Utc>,
    ) -> Vec<Intent> {
        let events = commit.events.iter().map(stored::decode);
        let intents = if let Some(room) = room::of_stream(commit.stream.as_str()) {
            let events: Vec<_> = events.flatten().collect();
            let pinned = |event: &Event| matches!(event, Event::Room(room::Event::BoardPinned { .. }));
            let ended =
                |event: &Event| matches!(event, Event::Room(room::Event::BoardUnpinned | room::Event::Reversed(_)));
            let pinned = events.iter().any(pinned);
            if pinned && room == commit.meta.origin.room {
                // Behind the answer to who asked for it, in one write with that.
                Vec::new()
            } else {
                let anew = if pinned { Anew::Pin } else { Anew::No };
                // What else happens to a room may change how its board is worded.
                let concerns = world.room(room).board.is_some() || events.iter().any(ended);
                let intent = concerns.then(|| of_room(&RoomId::new(room), anew, world, bot));
                intent.flatten().into_iter().collect()
            }
        } else if let Some(item) = ItemRef::of_stream(commit.stream.as_str()) {
            let changed = events.flatten().fold(Parts::default(), |parts, event| match event {
                Event::Item(event) => parts.or(Parts::of(&event)),
                Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_) => parts,
            });
            self.of_item((item, changed), world, bot, now)
        } else if reminder::of_stream(commit.stream.as_str()).is_some() {
            // To be reminded changes nothing that stands on a board.
            Vec::new()
        } else {
            // What people are called stands on boards.
            all(world, bot)
        };
        if commit.position >= world.position {
            self.parts.clear();
        }
        intents
    }

    fn of_item(
        &mut self,
        (item, changed): (ItemRef, Parts),
        world: &World,
        bot: &BotRooms<'_>,
        now: DateTime<Utc>,
    ) -> Vec<Intent> {
        let mut touched = vec![(item, changed)];
        if changed.has(Parts::STATE) {
            // They wait for it, or did.
            touched.extend(world.waited_for_by(item).into_iter().map(|waiting| (waiting, Parts::STATE)));
        }
        for (item, parts) in &mut touched {
            let known = self.parts.entry(*item).or_default();
            *known = known.or(*parts);
            *parts = *known;
        }
        let boards = with_boards(world, bot).filter(|(room, filter)| {
            let viewer = viewer(room, world, bot, now);
            touched.iter().any(|(item, parts)| world.passes(*item, &parts.relaxed(filter), &viewer))
        });
        let rooms: Vec<_> = boards.map(|(room, _)| room).collect();
        rooms.into_iter().filter_map(|room| of_room(&room, Anew::No, world, bot)).collect()
    }
}

/// The rooms of a bot that have a board, with what it is of.
fn with_boards<'a>(world: &'a World, bot: &BotRooms<'_>) -> impl Iterator<Item = (RoomId, &'a Filter)> {
    let rooms = world.rooms().filter_map(|(id, state)| Some((id, state.board.as_ref()?)));
    let name = bot.name.as_str();
    rooms.map(|(id, filter)| (RoomId::new(id), filter)).filter(move |(room, _)| room.bot() == name)
}

/// The board of a room, if the bot speaks there.
fn of_room(room: &RoomId, anew: Anew, world: &World, bot: &BotRooms<'_>) -> Option<Intent> {
    let within = room.as_str().rsplit_once('/').map(|(within, _)| within).filter(|within| within.contains('/'));
    let enabled = |room: &str| world.room(room).enabled;
    let listens = enabled(room.as_str()) || within.is_some_and(enabled) || person_in(room, world, bot).is_some();
    let ours = room.bot() == bot.name.as_str() && !(bot.refuses)(room);
    // One that has none any more, and still has the message, is taken down.
    (ours && listens && bot.capabilities.edits).then(|| Intent::Board { room: room.clone(), anew })
}

/// All boards of a bot.
pub(super) fn all(world: &World, bot: &BotRooms<'_>) -> Vec<Intent> {
    let rooms: Vec<_> = with_boards(world, bot).map(|(room, _)| room).collect();
    rooms.into_iter().filter_map(|room| of_room(&room, Anew::No, world, bot)).collect()
}

impl Follower {
    /// Looks at all boards at the start, because they may have gone stale meanwhile, and then now and again.
    pub(super) async fn keep_boards(&self) {
        loop {
            self.world.at_least(self.log.head().position).await;
            let wanted = self.with_rooms(all);
            let rooms = wanted.into_iter().map(|intent| intent.room().clone());
            // Those that stand and belong to nobody any more are taken down.
            let stand = self.outbox.rooms_with_board(self.bot.name()).into_iter();
            let lost = stand.filter(|room| self.world.read(|world| world.room(room.as_str()).board.is_none()));
            self.outbox.refresh_boards(self.bot.name(), rooms.chain(lost).collect::<Vec<_>>());
            tokio::time::sleep(ALL_EVERY).await;
        }
    }
}

#[cfg(test)]
#[path = "tests/boards.rs"]
mod tests;
