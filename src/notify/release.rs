//! What held rooms missed, as one message each. Any number of rooms share one reading of the log; what is remembered of it
//! meanwhile is bounded by how much a message can say.

use std::{collections::BTreeMap, sync::Arc};

use tracing::{error, info};
use yoman_chat::RoomId;

use super::{
    follower::{Course, Follower},
    hold::Hold,
    intent::Intent,
    reminding,
    routing::{Why, told, viewer},
};
use crate::{
    log::{Position, ReadError},
    machine,
    projection::Missed,
    subscription::Subscription,
};

/// So many rooms share one reading.
const ROOMS_MAX: usize = 256;
/// How many commits are read at a time.
const PAGE: usize = 256;

impl Follower {
    /// Tells rooms what they missed up to `upto`, where the cursor stands, and holds nothing for them any more: in one write.
    /// A room whose log could not be read stays held.
    pub(super) async fn release(&self, course: &mut Course, rooms: Vec<RoomId>, upto: Position) {
        for rooms in rooms.chunks(ROOMS_MAX) {
            let held = rooms.iter().filter_map(|room| Some((room.clone(), course.hold(room)?)));
            let held: BTreeMap<RoomId, Hold> = held.collect();
            if held.is_empty() {
                continue;
            }
            match self.missed(course, &held, upto).await {
                Ok(missed) => {
                    for (room, missed) in missed {
                        if let Some(intent) = self.digest(room, &missed) {
                            course.intents.push(intent);
                        }
                    }
                    for room in held.into_keys() {
                        course.let_go(room);
                    }
                }
                Err(error) => {
                    error!(bot = %self.bot_name(), %error, "history cannot be read; what rooms missed is told later");
                    course.put_off(held.keys(), self.now());
                }
            }
            self.save(course, upto).await;
        }
    }

    fn digest(&self, room: RoomId, missed: &Missed) -> Option<Intent> {
        let now = self.now();
        let message = self.with_rooms(|world, bot| {
            let viewer = viewer(&room, world, bot, now);
            world.digest(missed, &viewer)
        })?;
        Some(Intent::Digest { room, message })
    }

    /// What each room would have been told since it is held.
    async fn missed(
        &self,
        course: &Course,
        held: &BTreeMap<RoomId, Hold>,
        upto: Position,
    ) -> Result<BTreeMap<RoomId, Missed>, ReadError> {
        let from = held.values().map(|hold| hold.since).min().unwrap_or(upto);
        info!(bot = %self.bot_name(), rooms = held.len(), %from, %upto, "telling rooms what they missed");
        let (roster, log) = (course.roster.clone(), Arc::clone(self.log()));
        let then = machine::blocking(move || roster.as_of(&*log, from));
        let mut past = then.await.map_err(|error| ReadError::Failed(error.to_string()))??;
        let mut missed: BTreeMap<RoomId, Missed> = BTreeMap::new();
        let mut pages = Subscription::new(Arc::clone(self.log()), from);
        while pages.position() < upto {
            let Some(entries) = pages.next(PAGE).await? else { break };
            for commit in self.commits(&entries).filter(|commit| commit.position <= upto) {
                past.apply(commit);
                self.with_rooms(|world, bot| {
                    for given in reminding::read(commit) {
                        let urgent = given.is_urgent(world);
                        for one in given.told(&past, world, bot) {
                            let at_once = one.why == Why::Asked || urgent && past.room(one.room.as_str()).urgent;
                            let Some(hold) = held.get(&one.room).filter(|hold| hold.since < commit.position) else {
                                continue;
                            };
                            if one.why == Why::Asked || (at_once && !hold.all) {
                                continue;
                            }
                            let filter = if let Why::Follows(filter) = &one.why { Some(filter) } else { None };
                            let missed = missed.entry(one.room).or_insert_with(|| Missed::after(hold.since, hold.at));
                            missed.remind(given.item, commit.position, filter);
                        }
                    }
                });
                let Some(what) = self.read(commit) else { continue };
                self.with_rooms(|world, bot| {
                    let urgent = what.is_urgent(world);
                    for one in told(&what, &past, world, bot) {
                        let Some(hold) = held.get(&one.room).filter(|hold| hold.since < commit.position) else {
                            continue;
                        };
                        if urgent && past.room(one.room.as_str()).urgent && !hold.all {
                            // It was told at once.
                            continue;
                        }
                        let (actor, _) = world.behind(commit);
                        let filter = if let Why::Follows(filter) = &one.why { Some(filter) } else { None };
                        let missed = missed.entry(one.room).or_insert_with(|| Missed::after(hold.since, hold.at));
                        missed.note(commit, actor, filter);
                    }
                });
            }
        }
        Ok(missed)
    }
}
