//! `/undo`: which acts are meant, what rests on them, and the reversals that take them back. All of them or none: everything
//! is checked before the first is written. The first one names the others, so that whoever finds it alone after a crash
//! writes the rest, once, under ids derived from its own.
//!
//! # Layout
//!
//! * `undo.rs`           from what is said to the commits and their answer
//! * `undo/plan.rs`      what comes along with an act, and what rests on it
//! * `undo/elsewhere.rs` acts about rooms and people

mod elsewhere;
mod plan;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, hash_map},
    ops::ControlFlow,
    sync::Arc,
};

use yoman_chat::RoomId;

use self::{
    elsewhere::{done_with, person_event, room_event, takes_elsewhere},
    plan::{Past, Plan, Wanted},
};
use super::{Failure, Intake, Lane, Refusal, Speaker, carry_out::Spoken};
use crate::{
    domain::{
        self, Handle, ItemRef, PersonId,
        item::{Also, Event, History, Irreversible, Reversed, Step},
        reminder,
        report::ReportName,
        room, stored,
        undo::{self, Back, Of, Part},
    },
    lang::{self, text, wording},
    log::{AppendError, COMMIT_BYTES_MAX, CommandId, Commit, Entry, Expected, StreamId, Version},
    notify::Answer,
    projection::{TakenBack, Viewer},
};

/// How often it is planned anew when somebody else was faster.
const TRIES_MAX: usize = 16;
/// The most bytes of one commit's reversals: what the log takes, and some to spare.
const BYTES_MAX: usize = COMMIT_BYTES_MAX - 4 * 1024;
/// What stands behind the command's id in the ids of its further commits.
const FURTHER: &str = "/back/";

/// What was taken back.
pub(super) enum Undone {
    /// Acts on items, those written first first.
    Items(Vec<TakenBack>),
    /// An act about a room or a person: its reversal, and the act.
    Elsewhere(Arc<Commit>, Arc<Commit>),
}

fn name(event: &Event) -> String {
    stored::encode(&domain::Event::Item(event.clone())).name.to_string()
}

impl Intake {
    /// Takes acts back.
    pub(super) async fn undo(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        acts: &[Back<Handle>],
        viewer: &Viewer,
        group: bool,
    ) -> Result<Undone, Failure> {
        let main = match acts.first().map(|act| &act.of) {
            Some(Of::Item { item, .. }) => Some(*item),
            _ => None,
        };
        // Accepted under this id before: what it left undone, and the first answer again.
        if let Some(commit) = self.log.find_command(&spoken.command)? {
            return self.undone(commit, spoken, main).await;
        }
        let mut tries = 0;
        loop {
            self.world.at_least(self.log.head().position).await;
            let written = match self.first_of(spoken, speaker, acts)? {
                First::Items(plan) => self.take_back_items(spoken, plan, viewer).await?,
                First::Room(version) => self.take_back_in_room(spoken, speaker, version, group).await?,
                First::Person(person, version) => self.take_back_of_person(spoken, speaker, person, version).await?,
            };
            if let Some(commit) = written {
                return self.undone(commit, spoken, main).await;
            }
            tries += 1;
            if tries == TRIES_MAX {
                return Err(Refusal::new(wording!("undo-conflict")).into());
            }
        }
    }

    /// Which acts are meant.
    fn first_of(&self, spoken: &Spoken, speaker: &Speaker, acts: &[Back<Handle>]) -> Result<First, Failure> {
        let mut plan = Plan::default();
        for act in acts {
            let parts: Vec<Part> = act
                .parts
                .iter()
                .cloned()
                .map(|part| part.try_map_person(|handle| self.who(&handle, speaker.person, &spoken.mentions)))
                .collect::<Result<_, _>>()?;
            match &act.of {
                Of::LastHere => return self.last_here(spoken, parts),
                Of::Room { version } => return Ok(First::Room(*version)),
                Of::Person { person, version } => {
                    return Ok(First::Person(self.who(person, speaker.person, &spoken.mentions)?, *version));
                }
                Of::Item { item, version } => {
                    self.load(&mut plan, *item)?;
                    let Some(past) = plan.pasts.get(item) else { continue };
                    let history = &past.history;
                    let step = match version {
                        Some(version) => {
                            history.step(*version).ok_or(Irreversible::NoSuchVersion { item: *item, version: *version })
                        }
                        None => match history.item().and_then(|item| item.withdrawn) {
                            Some(by) => Err(Irreversible::Withdrawn { item: *item, by }),
                            None => history
                                .newest(&parts)
                                .ok_or_else(|| Irreversible::Nothing { item: *item, part: parts.first().cloned() }),
                        },
                    };
                    let step = step.map_err(refused)?;
                    let takes = history.takes(step, &parts).map_err(refused)?;
                    let wanted = Wanted { item: *item, first: step.first, parts, takes };
                    if !plan.has(wanted.item, wanted.first) {
                        plan.wanted.push(wanted);
                    }
                }
            }
        }
        Ok(First::Items(plan))
    }

    /// The newest act of whoever says it, in the room it is said in, that can still be taken back.
    fn last_here(&self, spoken: &Spoken, parts: Vec<Part>) -> Result<First, Failure> {
        let acts = self.world.read(|world| world.last_acts(&spoken.origin.room, &spoken.actor));
        let mut plan = Plan::default();
        for (stream, first) in acts {
            if let Some(item) = ItemRef::of_stream(stream.as_str()) {
                self.load(&mut plan, item)?;
                let Some(past) = plan.pasts.get(&item) else { continue };
                let Some(step) = past.history.step(first) else { continue };
                if let Ok(takes) = past.history.takes(step, &parts) {
                    plan.wanted.push(Wanted { item, first, parts, takes });
                    return Ok(First::Items(plan));
                }
            } else if !parts.is_empty() {
                continue;
            } else if let Some(person) = PersonId::of_stream(stream.as_str()) {
                let acts = self.acts_of(&stream, person_event)?.1;
                if !done_with(undo::take_back(&acts, Some(first))) {
                    return Ok(First::Person(person, Some(first)));
                }
            } else if room::of_stream(stream.as_str()) == Some(spoken.origin.room.as_str()) {
                let acts = self.acts_of(&stream, room_event)?.1;
                if !done_with(undo::take_back(&acts, Some(first))) {
                    return Ok(First::Room(Some(first)));
                }
            } else if let Some(item) = reminder::of_stream(stream.as_str()) {
                let lang = self.lang_of(&RoomId::new(spoken.origin.room.clone()));
                let example = lang::code(format!("/undo {item}"));
                let why = text!(lang, "remind-no-undo", item = item, example = example);
                return Err(Refusal::new(why).hints([format!("/remind {item} off"), "/remind".to_owned()]).into());
            } else if let Some(report) = ReportName::of_stream(stream.as_str()) {
                // Nobody expects something older to go instead.
                let why = wording!("undo-report", report = report.to_string());
                return Err(Refusal::new(why).hints(["/report"]).into());
            }
        }
        Err(Refusal::new(wording!("undo-nothing-here")).into())
    }

    fn load(&self, plan: &mut Plan, item: ItemRef) -> Result<(), Failure> {
        if let hash_map::Entry::Vacant(place) = plan.pasts.entry(item) {
            place.insert(self.past_of(item)?);
        }
        Ok(())
    }

    /// All that happened to an item, from the log.
    fn past_of(&self, item: ItemRef) -> Result<Past, Failure> {
        let mut commits = Vec::new();
        self.log.read_stream(&StreamId::new(item.stream()), 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                commits.push(commit);
            }
            ControlFlow::Continue(())
        })?;
        if commits.is_empty() {
            return Err(self.no_such_item(item).into());
        }
        self.recall_item(item)?;
        Ok(Past::of(item, commits))
    }

    /// Checks that nothing rests on a plan and writes the first of its reversals; `None` when somebody else was faster.
    async fn take_back_items(
        &self,
        spoken: &Spoken,
        mut plan: Plan,
        viewer: &Viewer,
    ) -> Result<Option<Arc<Commit>>, Failure> {
        self.carry_along(&mut plan, spoken).await?;
        let resting = self.resting(&mut plan)?;
        if !resting.is_empty() {
            return Err(self.rests_on(plan, resting, spoken, viewer).await?.into());
        }
        plan.leave_what_goes_anyway();
        // What rests on something goes before it: whatever is written last, the others make sense without it.
        let at =
            |wanted: &Wanted| plan.pasts.get(&wanted.item).and_then(|it| it.commit(wanted.first)).map(|it| it.position);
        let mut order: Vec<_> = plan.wanted.iter().map(|wanted| (Reverse(at(wanted)), wanted.clone())).collect();
        order.sort_by_key(|(at, _)| *at);
        let Some(item) = order.first().map(|(_, wanted)| wanted.item) else { return Ok(None) };
        let (own, others): (Vec<_>, Vec<_>) =
            order.into_iter().map(|(_, wanted)| wanted).partition(|wanted| wanted.item == item);
        // Nothing is written unless all of it can be.
        let mut by_item: BTreeMap<ItemRef, Vec<Wanted>> = BTreeMap::new();
        for wanted in &others {
            by_item.entry(wanted.item).or_default().push(wanted.clone());
        }
        for (item, wanted) in by_item {
            if let Some(past) = plan.pasts.remove(&item) {
                reversals(past.history, wanted, Vec::new())?;
            }
        }
        let also = others.into_iter().map(|it| Also { item: it.item, version: it.first, parts: it.parts }).collect();
        let Some(past) = plan.pasts.remove(&item) else { return Ok(None) };
        let (expected, events) = reversals(past.history, own, also)?;
        match self.append(StreamId::new(item.stream()), expected, events, spoken, None).await {
            Ok(appended) => Ok(Some(appended.commit)),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what the first commit of an undo names and is not there yet. Used at once and, after a crash in between, by
    /// whoever delivers the command again, and by the workflow's cursor.
    pub(super) async fn finish_undo(&self, first: &Commit, spoken: &Spoken) -> Result<Vec<Arc<Commit>>, Failure> {
        let mut commits = Vec::new();
        // Whoever asked and the workflow's cursor both come here.
        let _lane = self.reactions.lock().await;
        for (item, acts) in also(first) {
            let spoken = Spoken { command: further(spoken.command.as_str(), item), ..spoken.clone() };
            let mut tries = 0;
            loop {
                if let Some(commit) = self.log.find_command(&spoken.command)? {
                    commits.push(commit);
                    break;
                }
                let past = self.past_of(item)?;
                let mut wanted = Vec::new();
                for Also { version, parts, .. } in &acts {
                    let Some(step) = past.history.step(*version) else { continue };
                    // Somebody else may have taken it back meanwhile.
                    if let Ok(takes) = past.history.takes(step, parts) {
                        wanted.push(Wanted { item, first: step.first, parts: parts.clone(), takes });
                    }
                }
                if wanted.is_empty() {
                    break;
                }
                let (expected, events) = reversals(past.history, wanted, Vec::new())?;
                let stream = StreamId::new(item.stream());
                match self.append(stream, expected, events, &spoken, Some(first.position)).await {
                    Ok(appended) => {
                        commits.push(appended.commit);
                        break;
                    }
                    Err(AppendError::Conflict { .. }) if tries < TRIES_MAX => tries += 1,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(commits)
    }

    /// What the first commit of an undo, and those that go with it, took back.
    async fn undone(&self, first: Arc<Commit>, spoken: &Spoken, main: Option<ItemRef>) -> Result<Undone, Failure> {
        if ItemRef::of_stream(first.stream.as_str()).is_none() {
            let takes = first.events.first().map_or_else(Vec::new, takes_elsewhere);
            let mut act = None;
            self.log.read_stream(&first.stream, takes.first().copied().unwrap_or(1), &mut |entry| {
                if let Entry::Commit(commit) = entry {
                    act = Some(commit);
                }
                ControlFlow::Break(())
            })?;
            let act = act.unwrap_or_else(|| Arc::clone(&first));
            return Ok(Undone::Elsewhere(first, act));
        }
        let mut commits = vec![Arc::clone(&first)];
        commits.extend(self.finish_undo(&first, spoken).await?);
        let mut back = Vec::new();
        for reversal in commits {
            let Some(item) = ItemRef::of_stream(reversal.stream.as_str()) else { continue };
            let Past { commits, .. } = self.past_of(item)?;
            let until = |last: Version| {
                let commits = commits.iter().filter(|commit| commit.first_version <= last).cloned().collect();
                Past::of(item, commits).history.item()
            };
            let before = until(reversal.first_version.saturating_sub(1));
            let (Some(before), Some(after)) = (before, until(reversal.first_version)) else { continue };
            let reversed = reversed(&reversal);
            let acts = commits.iter().filter(|commit| reversed.iter().any(|it| it.version == commit.first_version));
            let acts: Vec<_> = acts.cloned().collect();
            let parts = reversed.into_iter().flat_map(|it| it.parts).collect();
            back.push(TakenBack { reversal, acts, parts, before, after });
        }
        back.sort_by_key(|it| Some(it.after.reference) == main);
        Ok(Undone::Items(back))
    }

    /// How an undo is answered, once everybody sees it. `deleted`: it was asked for by deleting the message.
    pub(super) async fn undo_shown(&self, undone: &Undone, deleted: bool, lane: &mut Lane, viewer: &Viewer) -> Answer {
        let newest = match undone {
            Undone::Items(back) => back.iter().map(|it| it.reversal.position).max(),
            Undone::Elsewhere(reversal, _) => Some(reversal.position),
        };
        let newest = newest.unwrap_or_default();
        lane.newest = lane.newest.max(newest);
        self.world.at_least(newest).await;
        // The language may be what was taken back.
        let viewer = &Viewer { lang: self.lang_of(&RoomId::new(viewer.room.clone())), ..viewer.clone() };
        self.world.read(|world| match undone {
            Undone::Items(back) => {
                let card = back.last().map(|it| it.after.reference);
                let card = card.and_then(|item| Some((item, world.item(item)?.item.version)));
                Answer { card, ..Answer::new(world.undone(back, deleted, viewer)) }
            }
            Undone::Elsewhere(reversal, act) => Answer::new(world.undone_elsewhere(reversal, act, viewer)),
        })
    }

    /// Whether anything that an act did to an item still counts.
    pub(super) fn is_left(&self, item: ItemRef, first: Version) -> Result<bool, Failure> {
        let history = self.past_of(item)?.history;
        Ok(history.step(first).is_some_and(|step| history.takes(step, &[]).is_ok()))
    }
}

/// Where an undo begins.
enum First {
    Items(Plan),
    Room(Option<Version>),
    Person(PersonId, Option<Version>),
}

/// Acts on one item, the newest first, as events of one commit.
fn reversals(
    mut history: History,
    wanted: Vec<Wanted>,
    mut also: Vec<Also>,
) -> Result<(Expected, Vec<domain::Event>), Failure> {
    let expected = Expected::of(history.version());
    let mut events = Vec::new();
    for Wanted { first, parts, takes, .. } in wanted {
        let reversed = history.reverse(first, takes, parts, name).map_err(refused)?;
        let reversed = Reversed { also: std::mem::take(&mut also), ..reversed };
        let version = history.version() + 1;
        let event = Event::Reversed(reversed);
        history.push(Step { first: version, last: version, events: vec![(version, event.clone())] });
        events.push(domain::Event::Item(event));
    }
    let bytes: usize = events.iter().map(|event| stored::encode(event).data.get().len()).sum();
    if bytes > BYTES_MAX {
        return Err(Refusal::new(wording!("undo-too-much")).into());
    }
    Ok((expected, events))
}

fn refused(why: Irreversible) -> Refusal {
    Refusal::not_taken_back(why.wording()).hints(why.hints())
}

/// The reversals of a commit.
fn reversed(commit: &Commit) -> Vec<Reversed> {
    let events = commit.events.iter().filter(|event| &*event.name == "reversed");
    events
        .filter_map(|event| match stored::decode(event) {
            Ok(domain::Event::Item(Event::Reversed(reversed))) => Some(reversed),
            _ => None,
        })
        .collect()
}

/// Whether a commit is an undo of which there may be more to do.
pub(super) fn has_more(commit: &Commit) -> bool {
    reversed(commit).iter().any(|it| !it.also.is_empty())
}

/// What the first commit of an undo says is taken back with it, by item.
fn also(first: &Commit) -> BTreeMap<ItemRef, Vec<Also>> {
    let mut also: BTreeMap<ItemRef, Vec<Also>> = BTreeMap::new();
    for it in reversed(first).into_iter().flat_map(|it| it.also) {
        also.entry(it.item).or_default().push(it);
    }
    also
}

fn further(base: &str, item: ItemRef) -> CommandId {
    CommandId::new(format!("{base}{FURTHER}{item}"))
}
