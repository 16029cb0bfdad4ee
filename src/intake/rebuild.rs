//! `/rebuild here`: a room's board and its open cards anew, from the log; `from` another room after it follows and is set to
//! what that one is. Nothing is sent in here: the answers to one message are kept together, so it is done once or not at all.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use yoman_chat::{Button, ButtonTone, Inbound, Outbound, RoomId, RoomKind, Style, Text};

use super::{
    Failure, Intake, Lane, Refusal, Speaker,
    carry_out::Spoken,
    pairing::{self, same},
};
use crate::{
    command::{Command, Look, Rebuild},
    domain::{Filter, Handle, Identity, ItemRef, PersonId, Role, room},
    lang::{code, quote, say, text, wording},
    log::{Commit, Entry, Position, StreamId},
    notify::{Anew, Answer},
    projection::{Viewer, words},
};

/// The most cards that are sent.
const CARDS_MAX: usize = 100;
/// More messages than this are sent only once that was confirmed.
const UNASKED_MAX: usize = 30;
/// How long a question waits for its answer.
const ASKED_FOR: Duration = Duration::from_secs(600);
/// So many questions wait at one time; the oldest goes first.
const ASKED_MAX: usize = 64;
/// Of so many open items it is looked up who made them.
const MAKERS_MAX: usize = 500;

/// A question that waits for its answer.
#[derive(Clone, Debug)]
struct Asked {
    code: String,
    what: Rebuild,
    person: PersonId,
    room: RoomId,
    since: Instant,
    /// The message that answered it: delivered again it is the same answer.
    answer: Option<String>,
}

/// The questions that wait. In memory: after a restart it is asked anew.
#[derive(Debug, Default)]
pub(super) struct Rebuilding {
    // A std mutex: nothing is awaited under it.
    asked: Mutex<Vec<Asked>>,
}

impl Rebuilding {
    fn ask(&self, what: &Rebuild, person: PersonId, room: &RoomId, now: Instant) -> String {
        let code = pairing::code();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|it| now.duration_since(it.since) < ASKED_FOR && (it.person, &it.room) != (person, room));
        if asked.len() >= ASKED_MAX {
            asked.remove(0);
        }
        let (what, room) = (what.clone(), room.clone());
        asked.push(Asked { code: code.clone(), what, person, room, since: now, answer: None });
        code
    }

    /// What was asked about, if this is the one answer that counts.
    fn answered(&self, code: &str, by: (PersonId, &RoomId), inbound: &str, now: Instant) -> Option<Rebuild> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|it| now.duration_since(it.since) < ASKED_FOR);
        let it = asked.iter_mut().find(|it| same(&it.code, code) && (it.person, &it.room) == by)?;
        let first = it.answer.get_or_insert_with(|| inbound.to_owned());
        (first == inbound).then(|| it.what.clone())
    }
}

/// Another room, as somebody named it.
struct Other {
    id: String,
    called: String,
}

/// What is to be made anew.
struct Plan {
    /// What was taken over, from where.
    taken: Option<(Other, usize)>,
    /// The open items, what changed last at the end.
    items: Vec<ItemRef>,
    /// The room has a board.
    board: bool,
    /// The way to all of them.
    list: Filter<Handle>,
}

impl Intake {
    /// What a rebuild is answered with: some words, the board, the cards.
    pub(super) async fn rebuild(
        &self,
        (n, text): (usize, &str),
        what: &Rebuild,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Vec<Answer>, Failure> {
        let group = inbound.room.kind == RoomKind::Group;
        self.may(speaker, if group { Role::Maintainer } else { Role::Member }, "/rebuild")?;
        let room = &inbound.room.id;
        let Some(viewer) = self.viewer(room, (!group).then_some(speaker.person)) else {
            return Err(Failure::Again(format!("the bot {} is not set up", room.bot())));
        };
        let spoken = self.spoken(n, text, inbound, speaker);
        let (what, confirmed) = match what {
            Rebuild::Yes { code } => {
                let by = (speaker.person, room);
                let asked = self.rebuilding.answered(code, by, &inbound.id, Instant::now());
                let over = || Refusal::new(text!(viewer.lang, "rebuild-late")).hints(["/rebuild here"]);
                (asked.ok_or_else(over)?, true)
            }
            what => (what.clone(), false),
        };
        let filter = match &what {
            Rebuild::Here { filter } if !filter.is_empty() => {
                let find = |handle: Handle| self.who(&handle, speaker.person, &spoken.mentions);
                Some(filter.clone().try_map_people(find)?)
            }
            _ => None,
        };
        let other = match &what {
            Rebuild::From { room: named } => Some(self.other_room(named, &viewer, speaker)?),
            _ => None,
        };
        let own = if group || filter.is_some() { Vec::new() } else { self.items_of(speaker.person) };
        let plan = self.plan(room, other, (filter, &own), &viewer)?;
        let messages = 1 + plan.items.len().min(CARDS_MAX) + usize::from(plan.board);
        if messages > UNASKED_MAX && !confirmed {
            let code = self.rebuilding.ask(&what, speaker.person, room, Instant::now());
            let text = text!(viewer.lang, "rebuild-ask", n = messages);
            let button = Button::new(say!(viewer.lang, "rebuild-send"), format!("/rebuild yes {code}"))
                .tone(ButtonTone::Primary);
            return Ok(vec![Answer::new(Outbound::text(text).row(vec![button]))]);
        }
        if let Some((other, 1..)) = &plan.taken {
            let commit = self.take_over(&spoken, &other.id).await?;
            lane.newest = lane.newest.max(commit.position);
            self.world.at_least(commit.position).await;
        }
        Ok(self.rebuilt(&plan, &viewer))
    }

    fn plan(
        &self,
        room: &RoomId,
        other: Option<Other>,
        (filter, own): (Option<Filter>, &[ItemRef]),
        viewer: &Viewer,
    ) -> Result<Plan, Refusal> {
        let can_keep = viewer.capabilities.edits;
        self.world.read(|world| {
            let mut state = world.room(room.as_str()).clone();
            let mut taken = None;
            if let Some(other) = other {
                let events = taken_over(&state, world.room(&other.id), can_keep)?;
                state = (1..).zip(&events).fold(state, |state, (version, event)| room::evolve(state, version, event));
                taken = Some((other, events.len()));
            }
            let filters = filter.map_or_else(|| state.follows.clone(), |filter| vec![filter]);
            let items = world.open_items(&filters, own, viewer);
            let board = state.board.is_some() && can_keep;
            if items.is_empty() && !board && !matches!(taken, Some((_, 1..))) {
                let what = text!(viewer.lang, "rebuild-nothing");
                return Err(Refusal::new(what).hints(["/follow", "/board pin", "/list"]));
            }
            let list = match filters.as_slice() {
                [one] => world.with_handles(one),
                _ => Filter::default(),
            };
            Ok(Plan { taken, items, board, list })
        })
    }

    fn rebuilt(&self, plan: &Plan, viewer: &Viewer) -> Vec<Answer> {
        let more = plan.items.len().saturating_sub(CARDS_MAX);
        let mut text = Text::new();
        if let Some((other, _)) = &plan.taken {
            text.append(text!(viewer.lang, "rebuild-taken", room = quote(&other.called))).plain("\n");
        }
        let n = plan.items.len() - more;
        text.append(match (plan.board, n) {
            (true, 0) => text!(viewer.lang, "rebuild-board"),
            (true, _) => text!(viewer.lang, "rebuild-both", n),
            (false, 0) => text!(viewer.lang, "rebuild-none"),
            (false, _) => text!(viewer.lang, "rebuild-cards", n),
        });
        if more > 0 {
            let list = Look::List { filter: plan.list.clone(), page: 1, at: None };
            let list = Command::Look(list).to_text(viewer.time_zone);
            let list = code(viewer.capabilities.written(&list));
            text.plain("\n").append(text!(viewer.lang, "rebuild-more", n = more, list));
        }
        let mut answers = vec![Answer::new(Outbound::text(text))];
        if plan.board {
            answers.push(Answer::board(Anew::Send));
        }
        self.world.read(|world| {
            for &item in &plan.items[more..] {
                let (Some(seen), Some(card)) = (world.item(item), world.card(item, viewer)) else { continue };
                let message = Outbound { silent: true, ..card };
                answers.push(Answer { card: Some((item, seen.item.version)), ..Answer::new(message) });
            }
        });
        answers
    }

    /// The events that make the room like another one, as one commit of this command.
    async fn take_over(&self, spoken: &Spoken, other: &str) -> Result<Arc<Commit>, Failure> {
        if let Some(commit) = self.log.find_command(&spoken.command)? {
            return Ok(commit);
        }
        let id = spoken.origin.room.as_str();
        let can_keep = self.capabilities(RoomId::new(id).bot()).is_some_and(|can| can.edits);
        if self.world.read(|world| world.unreadable_of_room(other)) > 0 {
            return Err(self.unreadable(&room::stream(other), wording!("refused-unreadable-room-other"))?.into());
        }
        self.append_room(spoken, |world, room| {
            let events = taken_over(room, world.room(other), can_keep)?;
            match events.is_empty() {
                true => Err(Failure::Again("the other room changed meanwhile".into())),
                false => Ok(events),
            }
        })
        .await
    }

    /// The room somebody means: by its id, by its title, by whose it is, or by the bot on which it is their own.
    fn other_room(&self, named: &str, viewer: &Viewer, speaker: &Speaker) -> Result<Other, Refusal> {
        let (here, lang) = (viewer.room.as_str(), viewer.lang);
        let is = |text: &str| text.to_lowercase() == named.to_lowercase();
        let mut found: Vec<(Other, bool)> = self.world.read(|world| {
            let rooms = world.rooms().filter(|(id, _)| *id != here);
            let rooms = rooms.filter_map(|(id, state)| {
                let whose = self.whose(id).or_else(|| Some(world.by_identity(&Identity(id.to_owned()))?.id));
                let whose = whose.and_then(|person| world.person(person)).filter(|_| state.title.is_empty());
                let title = whose.map_or_else(|| state.title.clone(), |person| person.handle.to_string());
                let bot = RoomId::new(id).bot().to_owned();
                let platform = self.titles.get(&bot).unwrap_or(&bot);
                let own = whose.is_some_and(|person| person.id == speaker.person);
                let full = format!("{title} ({platform})");
                let meant = is(id)
                    || (!title.is_empty() && (is(&title) || is(title.trim_start_matches('@')) || is(&full)))
                    || (own && (is(&bot) || is(platform)));
                let called = if title.is_empty() { id.to_owned() } else { full };
                meant.then(|| (Other { id: id.to_owned(), called }, own))
            });
            rooms.collect()
        });
        let allowed = |own: bool| own || speaker.role >= Role::Maintainer;
        match found.len() {
            0 if is(here) => {
                let rebuild = code(viewer.capabilities.written("/rebuild here"));
                Err(Refusal::new(text!(lang, "rebuild-here", rebuild)).hints(["/rebuild here"]))
            }
            1 if allowed(found[0].1) => Ok(found.remove(0).0),
            1 => Err(Refusal::new(text!(lang, "rebuild-not-yours"))),
            0 => {
                let (name, rooms) = (quote(words::shorten(named, 80)), code(viewer.capabilities.written("/rooms")));
                Err(Refusal::new(text!(lang, "rebuild-unknown", name, rooms)).hints(["/rooms"]))
            }
            _ => {
                let mut text = text!(lang, "rebuild-several");
                found.retain(|(_, own)| allowed(*own));
                found.truncate(5);
                for (other, _) in &found {
                    text.plain("\n   ").push(Style::Quote, &other.id);
                }
                let hints = found.iter().map(|(other, _)| format!("/rebuild here from {}", other.id));
                Err(Refusal::new(text).hints(hints))
            }
        }
    }

    /// Whose direct room it is, as far as they were heard there.
    fn whose(&self, room: &str) -> Option<PersonId> {
        let heard = self.outbox.heard_in(&RoomId::new(room))?;
        self.world.read(|world| match &heard.identity {
            Some(identity) => world.by_identity(identity).map(|person| person.id),
            None => Some(world.resolved(heard.person)),
        })
    }

    /// The open items that are somebody's: given to them, or made by them and given to nobody.
    fn items_of(&self, person: PersonId) -> Vec<ItemRef> {
        let (mut items, free) = self.world.read(|world| {
            let given = world.open_and_given(person);
            (given, world.open_and_free())
        });
        items.extend(free.into_iter().take(MAKERS_MAX).filter(|item| self.maker(*item) == Some(person)));
        items
    }

    /// Who made an item; of what came of another, who caused that.
    fn maker(&self, item: ItemRef) -> Option<PersonId> {
        let mut first = None;
        let stream = StreamId::new(item.stream());
        let read = self.log.read_stream(&stream, 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                first = Some(commit);
            }
            ControlFlow::Break(())
        });
        read.ok()?;
        let first = first?;
        let by = |commit: &Commit| PersonId::of_stream(&commit.meta.actor);
        let cause = |position: Position| self.log.read_at(position).ok().flatten();
        let person = by(&first).or_else(|| by(&*cause(first.meta.causation?)?))?;
        Some(self.world.read(|world| world.resolved(person)))
    }

    /// A board needs messages that can be changed.
    pub(super) fn must_keep_boards(&self, room: &str) -> Result<(), Refusal> {
        let room = RoomId::new(room);
        match self.viewer(&room, None) {
            Some(viewer) if !viewer.capabilities.edits => {
                let board = code(viewer.capabilities.written("/board"));
                Err(Refusal::new(text!(viewer.lang, "board-no-edits", board)).hints(["/board"]))
            }
            _ => Ok(()),
        }
    }

    /// What a silent group is told that is asked for a rebuild.
    pub(super) fn not_enabled(&self, room: &RoomId) -> Outbound {
        let Some(viewer) = self.viewer(room, None) else { return Outbound::default() };
        let enable = code(viewer.capabilities.written("/enable"));
        let rebuild = code(viewer.capabilities.written("/rebuild here"));
        let text = text!(viewer.lang, "rebuild-silent", enable, rebuild);
        Outbound::text(text).row(vec![Button::new(say!(viewer.lang, "rebuild-enable"), "/enable")])
    }
}

/// What makes a room like another one; nothing, when it is. A board is only kept where messages can be changed.
fn taken_over(room: &room::Room, other: &room::Room, can_keep: bool) -> Result<Vec<room::Event>, Refusal> {
    match room::take_after(room, other) {
        Ok(mut events) => {
            events.retain(|event| can_keep || !matches!(event, room::Event::BoardPinned { .. }));
            Ok(events)
        }
        Err(room::Error::NothingToTake) => Ok(Vec::new()),
        Err(error) => Err(Refusal::not_done(error.wording()).hints(error.hints())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_who_asked_there_once_and_in_time() {
        let (rebuilding, now) = (Rebuilding::default(), Instant::now());
        let (kim, dana, here, there) = (PersonId(1), PersonId(2), RoomId::new("a/1"), RoomId::new("a/2"));
        let what = Rebuild::Here { filter: Filter::default() };
        let code = rebuilding.ask(&what, kim, &here, now);
        assert_eq!(rebuilding.answered(&code, (dana, &here), "a/1/5", now), None);
        assert_eq!(rebuilding.answered(&code, (kim, &there), "a/2/5", now), None);
        assert_eq!(rebuilding.answered("WRONGONE", (kim, &here), "a/1/5", now), None);
        assert_eq!(rebuilding.answered(&code, (kim, &here), "a/1/6", now), Some(what.clone()));
        assert_eq!(rebuilding.answered(&code, (kim, &here), "a/1/6", now), Some(what.clone()), "delivered again");
        assert_eq!(rebuilding.answered(&code, (kim, &here), "a/1/7", now), None, "pressed twice");
        let code = rebuilding.ask(&what, kim, &here, now);
        assert_eq!(rebuilding.answered(&code, (kim, &here), "a/1/8", now + ASKED_FOR), None);
        let first = rebuilding.ask(&what, kim, &here, now);
        rebuilding.ask(&what, kim, &here, now);
        assert_eq!(rebuilding.answered(&first, (kim, &here), "a/1/9", now), None, "asked again");
    }
}
