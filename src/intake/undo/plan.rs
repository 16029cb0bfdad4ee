//! What an undo is about to take back: what comes along with it, and what rests on it.

use std::{collections::HashMap, sync::Arc};

use yoman_chat::Style;

use super::{FURTHER, Failure, Intake, Refusal, Spoken, also, further};
use crate::{
    command::Command,
    domain::{
        self, ItemRef, PersonId,
        item::{self, Event, Fact, History, LinkTarget, Step},
        stored, todo,
        undo::{Back, Of, Part},
    },
    lang::{Wording, wording},
    log::{CommandId, Commit, Version},
    projection::{Rests, Viewer, Why},
};

/// The most acts that are taken back together.
const ACTS_MAX: usize = 50;
/// What a button can carry, in bytes.
const BUTTON_BYTES: usize = 64;

/// An item with all that happened to it.
pub(super) struct Past {
    pub(super) history: History,
    pub(super) commits: Vec<Arc<Commit>>,
}

impl Past {
    pub(super) fn of(item: ItemRef, commits: Vec<Arc<Commit>>) -> Self {
        Self { history: History::new(item, commits.iter().map(|commit| step(commit)).collect()), commits }
    }

    /// The commit that begins with this version.
    pub(super) fn commit(&self, first: Version) -> Option<&Arc<Commit>> {
        let at = self.commits.binary_search_by_key(&first, |commit| commit.first_version).ok()?;
        self.commits.get(at)
    }
}

pub(super) fn step(commit: &Commit) -> Step {
    let events = commit.versioned().filter_map(|(version, event)| match stored::decode(event) {
        Ok(domain::Event::Item(event)) => Some((version, event)),
        _ => None,
    });
    Step { first: commit.first_version, last: commit.last_version(), events: events.collect() }
}

/// An act on an item that is to be taken back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) item: ItemRef,
    pub(super) first: Version,
    pub(super) parts: Vec<Part>,
    pub(super) takes: Vec<Version>,
}

/// What is to be taken back, and what is known of the items it concerns.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) wanted: Vec<Wanted>,
    pub(super) pasts: HashMap<ItemRef, Past>,
}

impl Plan {
    pub(super) fn has(&self, item: ItemRef, first: Version) -> bool {
        self.wanted.iter().any(|it| (it.item, it.first) == (item, first))
    }

    /// With the beginning of an item all the rest goes, and comes back with it: it need not be taken back as well.
    pub(super) fn leave_what_goes_anyway(&mut self) {
        let begun: Vec<_> = self.wanted.iter().filter(|it| it.takes == [1]).map(|it| it.item).collect();
        self.wanted.retain(|it| it.takes == [1] || !begun.contains(&it.item));
    }

    /// All versions of an item that are taken back.
    pub(super) fn takes(&self, item: ItemRef) -> Vec<Version> {
        let mut takes: Vec<_> =
            self.wanted.iter().filter(|it| it.item == item).flat_map(|it| it.takes.iter().copied()).collect();
        takes.sort_unstable();
        takes.dedup();
        takes
    }
}

/// What rests on a plan, and how much of it would have to be taken back too.
pub(super) struct Resting {
    pub(super) rests: Rests,
    pub(super) parts: Vec<Part>,
}

impl Intake {
    /// What belongs to the acts of a plan: the item that a promotion made, the other halves of an undo.
    pub(super) async fn carry_along(&self, plan: &mut Plan, spoken: &Spoken) -> Result<(), Failure> {
        let mut at = 0;
        while let Some(wanted) = plan.wanted.get(at).cloned() {
            at += 1;
            let Some(past) = plan.pasts.get(&wanted.item) else { continue };
            let Some(commit) = past.commit(wanted.first).cloned() else { continue };
            let step = step(&commit);
            let taken = || step.events.iter().filter(|(version, _)| wanted.takes.contains(version));
            let mut more: Vec<Arc<Commit>> = Vec::new();
            if taken().any(|(_, event)| item::promotes(event)) {
                // Not made yet when the process died right after the promotion: it would be made after the undo.
                more.extend(self.react(&commit, None, spoken).await?);
            }
            if taken().any(|(_, event)| matches!(event, Event::Reversed(_))) {
                let command = commit.meta.command.as_str();
                let base = command.split_once(FURTHER).map_or(command, |(base, _)| base);
                more.extend(self.halves(base)?);
            }
            for commit in more {
                let Some(item) = ItemRef::of_stream(commit.stream.as_str()) else { continue };
                if plan.has(item, commit.first_version) {
                    continue;
                }
                self.load(plan, item)?;
                let Some(past) = plan.pasts.get(&item) else { continue };
                let Some(step) = past.history.step(commit.first_version) else { continue };
                if let Ok(takes) = past.history.takes(step, &[]) {
                    plan.wanted.push(Wanted { item, first: step.first, parts: Vec::new(), takes });
                }
            }
        }
        Ok(())
    }

    /// All commits of an undo that are there.
    fn halves(&self, base: &str) -> Result<Vec<Arc<Commit>>, Failure> {
        let Some(first) = self.log.find_command(&CommandId::new(base))? else { return Ok(Vec::new()) };
        let mut halves = Vec::new();
        for item in also(&first).keys() {
            halves.extend(self.log.find_command(&further(base, *item))?);
        }
        halves.push(first);
        Ok(halves)
    }

    /// What rests on the acts of a plan and is not part of it.
    pub(super) fn resting(&self, plan: &mut Plan) -> Result<Vec<Resting>, Failure> {
        let mut resting = Vec::new();
        for wanted in plan.wanted.clone() {
            let Some(past) = plan.pasts.get(&wanted.item) else { continue };
            for first in past.history.resting(&wanted.takes) {
                if let Some(commit) = past.commit(first).filter(|_| !plan.has(wanted.item, first)) {
                    let rests = Rests { item: wanted.item, commit: Arc::clone(commit), on: None };
                    resting.push(Resting { rests, parts: Vec::new() });
                }
            }
            let (Some(before), Some(after)) = (past.history.item(), past.history.without(&plan.takes(wanted.item)))
            else {
                continue;
            };
            let position = past.commit(wanted.first).map(|commit| commit.position);
            if before.is_closed() && !after.is_closed() && before.withdrawn.is_none() {
                for item in self.world.read(|world| world.needing(wanted.item)) {
                    self.load(plan, item)?;
                    let Some(past) = plan.pasts.get(&item) else { continue };
                    let later = past.commits.iter().filter(|commit| Some(commit.position) > position);
                    let because = later.filter(|commit| went_on(&past.history, commit.first_version, wanted.item));
                    resting.extend(because.filter(|commit| !plan.has(item, commit.first_version)).map(|commit| {
                        Resting {
                            rests: Rests { item, commit: Arc::clone(commit), on: Some((wanted.item, Why::WentOn)) },
                            parts: Vec::new(),
                        }
                    }));
                }
            }
            if after.withdrawn.is_some() && before.withdrawn.is_none() {
                let leading = self.world.read(|world| {
                    let mut leading = world.needing(wanted.item);
                    leading.extend(world.linking_to(wanted.item));
                    leading.sort_unstable();
                    leading.dedup();
                    leading
                });
                for item in leading {
                    if plan.has(item, 1) {
                        continue;
                    }
                    self.load(plan, item)?;
                    let Some(past) = plan.pasts.get(&item) else { continue };
                    for commit in &past.commits {
                        let parts = leads_to(&past.history, commit.first_version, wanted.item);
                        if parts.is_empty() || plan.has(item, commit.first_version) {
                            continue;
                        }
                        let waits = matches!(parts.first(), Some(Part::Need(_)));
                        let why = if waits { Why::Waits } else { Why::Links };
                        let rests = Rests { item, commit: Arc::clone(commit), on: Some((wanted.item, why)) };
                        // More was said with it: only what leads there goes.
                        let parts = if commit.events.len() == 1 { Vec::new() } else { parts };
                        resting.push(Resting { rests, parts });
                    }
                }
            }
        }
        resting.sort_by_key(|it| it.rests.commit.position);
        resting.dedup_by_key(|it| it.rests.commit.position);
        Ok(resting)
    }

    /// The refusal that names what rests on a plan, and offers to take all of it back.
    pub(super) async fn rests_on(
        &self,
        mut plan: Plan,
        first: Vec<Resting>,
        spoken: &Spoken,
        viewer: &Viewer,
    ) -> Result<Refusal, Failure> {
        let rests: Vec<Rests> = first.iter().map(|it| it.rests.clone()).collect();
        let named: Vec<_> = plan.wanted.iter().map(|it| (it.item, it.first)).collect();
        let mut resting = first;
        let mut offered = true;
        while !resting.is_empty() && offered {
            for Resting { rests, parts } in resting {
                let Some(past) = plan.pasts.get(&rests.item) else { continue };
                let Some(step) = past.history.step(rests.commit.first_version) else { continue };
                match past.history.takes(step, &parts) {
                    Ok(takes) => plan.wanted.push(Wanted { item: rests.item, first: step.first, parts, takes }),
                    Err(_) => offered = false,
                }
            }
            self.carry_along(&mut plan, spoken).await?;
            offered &= plan.wanted.len() <= ACTS_MAX;
            resting = if offered { self.resting(&mut plan)? } else { Vec::new() };
        }
        let mut what = Wording::from(self.world.read(|world| world.resting_on(&rests, viewer)));
        let mut hints = Vec::new();
        if offered {
            // What comes along by itself need not be said.
            let command = self.in_words(&plan.wanted);
            if command.len() > BUTTON_BYTES {
                what = what.plain("\n").then(wording!("undo-all-of-it")).plain("  ").styled(Style::Code, &command);
            } else {
                hints.push(command);
            }
        } else {
            what = what.plain(" ").then(wording!("undo-too-many-rest"));
        }
        let other = rests.iter().map(|it| it.item).find(|item| !named.iter().any(|(named, _)| named == item));
        if let Some(item) = other.or(rests.first().map(|it| it.item)) {
            hints.push(format!("/why {item}"));
        }
        Ok(Refusal::new(what).hints(hints))
    }

    /// The command that takes back these very acts.
    fn in_words(&self, wanted: &[Wanted]) -> String {
        self.world.read(|world| {
            let handle = |person: PersonId| world.person(person).map(|person| person.handle.clone()).ok_or(());
            let acts = wanted.iter().map(|it| Back {
                of: Of::Item { item: it.item, version: Some(it.first) },
                parts: it.parts.iter().cloned().filter_map(|part| part.try_map_person(handle).ok()).collect(),
            });
            Command::Undo { acts: acts.collect() }.to_text(chrono_tz::UTC)
        })
    }
}

/// Whether a commit says that work on a todo went on that had waited for an item, and could because that was closed.
fn went_on(history: &History, first: Version, on: ItemRef) -> bool {
    let Some(step) = history.step(first) else { return false };
    let despite =
        |event: &Event| matches!(event, Event::Todo(todo::Event::Completed { despite }) if despite.contains(&on));
    let went_on = step
        .events
        .iter()
        .filter(|(version, event)| history.counts(*version) && item::goes_on(event) && !despite(event));
    let Some(at) = went_on.map(|(version, _)| *version).next() else { return false };
    let needed = |event: &Event| *event == Event::Todo(todo::Event::PrerequisiteAdded { needs: on });
    let before = history.steps().iter().flat_map(|step| &step.events).filter(|(version, _)| *version < at);
    before.into_iter().any(|(version, event)| history.counts(*version) && needed(event))
}

/// The parts of a commit that lead to an item.
fn leads_to(history: &History, first: Version, to: ItemRef) -> Vec<Part> {
    let Some(step) = history.step(first) else { return Vec::new() };
    let mut parts = Vec::new();
    for (_, event) in step.events.iter().filter(|(version, _)| history.counts(*version)) {
        let part = match event {
            Event::Todo(todo::Event::PrerequisiteAdded { needs }) if *needs == to => Part::Need(to),
            Event::Fact(Fact::Linked { to: LinkTarget::Item(item), .. }) if *item == to => Part::Link(to),
            _ => continue,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}
