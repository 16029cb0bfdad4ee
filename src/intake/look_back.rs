//! Looks into the past: the same views, of a world as it was, that say of when they are and act on nothing.

use std::{cell::RefCell, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use yoman_chat::{Outbound, Text};

use super::{Failure, Intake, Refusal, Speaker, carry_out::which_item};
use crate::{
    command::{Look, Moment, Target},
    domain::{Filter, Handle, ItemRef},
    lang::wording,
    log::{Commit, Position},
    notify::Answer,
    projection::{AsOf, COMMITS_MAX, Commits, Stats, Viewer, World, words},
    subscription::PastError,
};

/// How far back `/stats` goes unless said.
const STATS_WEEKS: i64 = 8;

impl From<PastError> for Failure {
    fn from(error: PastError) -> Self {
        Self::Again(error.to_string())
    }
}

/// The log as views read it, up to a position.
struct Until<'a> {
    intake: &'a Intake,
    until: Position,
    own: (ItemRef, Vec<Arc<Commit>>),
    reads: RefCell<usize>,
}

impl Commits for Until<'_> {
    fn stream(&self, item: ItemRef) -> Vec<Arc<Commit>> {
        if item == self.own.0 {
            return self.own.1.clone();
        }
        if !super::look::may_read(&self.reads) {
            return Vec::new();
        }
        let mut commits = self.intake.commits_of(item, COMMITS_MAX).unwrap_or_default();
        commits.retain(|commit| commit.position <= self.until);
        commits
    }

    fn at(&self, position: Position) -> Option<Arc<Commit>> {
        if position > self.until || !super::look::may_read(&self.reads) {
            return None;
        }
        self.intake.log.read_at(position).ok().flatten()
    }
}

impl Intake {
    /// Where a moment stands in the log; a refusal that says what there is when it stands nowhere.
    async fn as_of(&self, moment: Moment, viewer: &Viewer) -> Result<AsOf, Failure> {
        let head = self.log.head().position;
        let nothing = || Refusal::new(wording!("past-empty"));
        let (at, position) = match moment {
            Moment::Position(number) => {
                if head == Position::START {
                    return Err(nothing().into());
                }
                if number == 0 || number > head.0 {
                    return Err(Refusal::new(wording!(
                        "past-no-position",
                        position = words::grouped(number),
                        head = words::grouped(head.0)
                    ))
                    .into());
                }
                let commit = self.past.commit_at(Position(number)).await?;
                (commit.map_or(viewer.now, |commit| commit.meta.recorded_at), Position(number))
            }
            Moment::At(at) => {
                if at > viewer.now {
                    return Err(Refusal::new(wording!(
                        "past-to-come",
                        at = words::at_in_zone(at, viewer),
                        now = words::at_in_zone(viewer.now, viewer)
                    ))
                    .into());
                }
                let position = self.past.position_at(at).await?;
                if position == Position::START {
                    let first = self.past.first().await?.ok_or_else(nothing)?;
                    let began = words::at_in_zone(first.meta.recorded_at, viewer);
                    return Err(Refusal::new(wording!(
                        "past-before",
                        at = words::at_in_zone(at, viewer),
                        began,
                        position = first.position.to_string()
                    ))
                    .into());
                }
                (at, position)
            }
        };
        Ok(AsOf { moment, at, position, now: viewer.now })
    }

    fn known(&self, filter: &Filter<Handle>, speaker: &Speaker) -> Result<Filter, Refusal> {
        filter.clone().try_map_people(|handle| self.who(&handle, speaker.person, &[]))
    }

    /// Answers a look at a moment of the past.
    pub(super) async fn look_back(
        &self,
        look: &Look,
        moment: Moment,
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<Answer, Failure> {
        let as_of = self.as_of(moment, viewer).await?;
        let then = Viewer { now: as_of.at, ..viewer.clone() };
        let message = match look {
            Look::List { filter, .. }
            | Look::Find { filter, .. }
            | Look::Board { filter, .. }
            | Look::Mine { filter, .. }
            | Look::Next { filter, .. } => {
                let filter = self.known(filter, speaker)?;
                let closed_too =
                    !filter.states.is_empty() || !filter.items.is_empty() || matches!(look, Look::Find { .. });
                let mut world = self.past.at(as_of.position, closed_too).await?;
                if !closed_too && !world.has_open(&filter, &then) {
                    // What is said instead counts the closed ones.
                    world = self.past.at(as_of.position, true).await?;
                }
                let world = Arc::unwrap_or_clone(world).shown_as_of(as_of);
                let message = match look {
                    Look::List { page, .. } => world.list(&filter, *page, &then),
                    Look::Find { page, .. } => world.find(&filter, *page, &then),
                    Look::Mine { .. } => world.mine(&filter, speaker.person, &then),
                    Look::Next { .. } => world.next(&filter, speaker.person, &then),
                    _ => return Ok(Answer::new(world.board(&filter, &then))),
                };
                headed(message, &as_of, viewer)
            }
            Look::Show { target, .. } | Look::History { target, .. } | Look::Why { target, .. } => {
                let item = target.ok_or_else(which_item)?.item;
                self.item_back(look, item, &as_of, &then).await?
            }
            _ => return Err(Refusal::new(wording!("fault-no-past")).into()),
        };
        Ok(Answer::new(message))
    }

    /// One item as it was.
    async fn item_back(&self, look: &Look, item: ItemRef, as_of: &AsOf, then: &Viewer) -> Result<Outbound, Failure> {
        let all = self.commits_of(item, COMMITS_MAX)?;
        let own: Vec<_> = all.iter().filter(|commit| commit.position <= as_of.position).cloned().collect();
        if own.is_empty() {
            let Some(first) = all.first() else { return Err(self.no_such_item(item).into()) };
            let now = Viewer { now: as_of.now, ..then.clone() };
            return Err(Refusal::new(wording!(
                "past-no-item",
                item,
                at = words::at_in_zone(as_of.at, &now),
                created = words::at_in_zone(first.meta.recorded_at, &now)
            ))
            .into());
        }
        // Why it is as it is goes over items that were closed, too.
        let whole = matches!(look, Look::Why { .. });
        let mut world = World::clone(&*self.past.at(as_of.position, whole).await?);
        if world.item(item).is_none() {
            world.restore(&own);
        }
        let world = world.shown_as_of(*as_of);
        let message = match look {
            Look::History { page, .. } => world.history(item, &own, *page, then),
            Look::Why { .. } => {
                let own = (item, own);
                let commits = Until { intake: self, until: as_of.position, own, reads: RefCell::new(0) };
                let mut message = world.why(item, &commits, then);
                // They lead to what is there now.
                message.buttons.clear();
                message
            }
            _ => world.card(item, then).ok_or_else(|| self.no_such_item(item))?,
        };
        Ok(headed(message, as_of, then))
    }

    /// `/show T7@5`: the item as it was at a version, when it has gone on since.
    pub(super) async fn version_back(&self, target: Target, viewer: &Viewer) -> Result<Option<Answer>, Failure> {
        let Target { item, version: Some(version) } = target else { return Ok(None) };
        let newest = self.log.version(&crate::log::StreamId::new(item.stream()))?;
        if newest == 0 || version == newest {
            return Ok(None);
        }
        if version == 0 || version > newest {
            return Err(Refusal::new(wording!(
                "past-no-version",
                item,
                version = version.to_string(),
                newest = newest.to_string()
            ))
            .hints([format!("/show {item}")])
            .into());
        }
        let mut holds = None;
        self.log.read_stream(&crate::log::StreamId::new(item.stream()), version, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                holds = Some(commit);
            }
            std::ops::ControlFlow::Break(())
        })?;
        let Some(commit) = holds else {
            return Err(Refusal::new(wording!("past-version-lost", item, version = version.to_string())).into());
        };
        let look = Look::Show { target: Some(Target { item, version: None }), at: None };
        let as_of = self.as_of(Moment::Position(commit.position.0), viewer).await?;
        let then = Viewer { now: as_of.at, ..viewer.clone() };
        self.item_back(&look, item, &as_of, &then).await.map(|message| Some(Answer::new(message)))
    }

    /// One end of a stretch: there may have been nothing yet.
    async fn end(&self, moment: Moment, viewer: &Viewer) -> Result<AsOf, Failure> {
        if let Moment::At(at) = moment
            && at <= viewer.now
            && self.log.head().position > Position::START
            && self.past.position_at(at).await? == Position::START
        {
            return Ok(AsOf { moment, at, position: Position::START, now: viewer.now });
        }
        self.as_of(moment, viewer).await
    }

    /// The two ends of a stretch, in order. One that ends in days to come ("this month") goes until now.
    async fn ends(&self, from: Moment, to: Option<Moment>, viewer: &Viewer) -> Result<(AsOf, Option<AsOf>), Failure> {
        let (from, to) = match (from, to) {
            (Moment::At(early), Some(Moment::At(late))) if late < early => (Moment::At(late), Some(from)),
            ends => ends,
        };
        let to = to.filter(|to| has_come(*to, viewer));
        let from = self.end(from, viewer).await?;
        let to = match to {
            Some(to) => Some(self.end(to, viewer).await?),
            None => None,
        };
        Ok(match to {
            // Said the other way round, it is the same stretch.
            Some(to) if to.at < from.at || to.position < from.position => (to, Some(from)),
            to => (from, to),
        })
    }

    /// `/diff`
    pub(super) async fn diff(
        &self,
        (from, to): (Moment, Option<Moment>),
        filter: &Filter<Handle>,
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<Outbound, Failure> {
        let filter = self.known(filter, speaker)?;
        let (since, until) = self.ends(from, to, viewer).await?;
        let end = until.map_or_else(|| self.log.head().position, |until| until.position);
        let mut own = Vec::new();
        let alone = Filter { items: filter.items.clone(), ..Filter::default() };
        if let ([item], true) = (filter.items.as_slice(), alone == filter) {
            if !self.world.read(|world| item.number <= world.newest(item.bucket)) {
                return Err(self.no_such_item(*item).into());
            }
            own = self.commits_of(*item, COMMITS_MAX)?;
            own.retain(|commit| commit.position > since.position && commit.position <= end);
        }
        let (stretch, world) = self.past.between(since.position, end).await?;
        let world = until.map_or(world.clone(), |until| world.shown_as_of(until));
        Ok(world.diff((&since, until.as_ref()), &stretch, &filter, &own, viewer))
    }

    /// `/stats`
    pub(super) async fn stats(
        &self,
        filter: &Filter<Handle>,
        (from, to): (Option<Moment>, Option<Moment>),
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Result<(Outbound, Stats), Failure> {
        let filter = self.known(filter, speaker)?;
        let from = match (from, to.filter(|to| has_come(*to, viewer))) {
            (Some(from), _) => from,
            (None, Some(to)) => self.weeks_before(self.as_of(to, viewer).await?.at).await?,
            (None, None) => self.weeks_before(viewer.now).await?,
        };
        let (since, until) = self.ends(from, to, viewer).await?;
        let (position, at) =
            until.map_or_else(|| (self.log.head().position, viewer.now), |until| (until.position, until.at));
        // What was recorded at the very beginning belongs to the stretch it begins.
        let after = match self.past.first().await? {
            Some(first) if first.position == since.position => Position::START,
            _ => since.position,
        };
        let (stretch, world) = self.past.between(after, position).await?;
        let stats = world.stats((since.at, at), &stretch, &filter, viewer);
        let message = world.stats_message(&stats, (&since, until.as_ref()), &filter, viewer);
        Ok((message, stats))
    }

    /// Some weeks before an instant, or the beginning of the log when that is later.
    async fn weeks_before(&self, end: DateTime<Utc>) -> Result<Moment, Failure> {
        let from = end.checked_sub_signed(TimeDelta::weeks(STATS_WEEKS)).unwrap_or(end);
        Ok(match self.past.first().await? {
            Some(first) if first.meta.recorded_at > from => Moment::Position(first.position.0),
            _ => Moment::At(from),
        })
    }
}

/// Whether a moment is not still to come.
fn has_come(moment: Moment, viewer: &Viewer) -> bool {
    !matches!(moment, Moment::At(at) if at > viewer.now)
}

/// A message under the line that says of when it is.
fn headed(message: Outbound, as_of: &AsOf, viewer: &Viewer) -> Outbound {
    let mut text: Text = as_of.heading("as-of", viewer);
    text.plain("\n").append(message.text);
    Outbound { text, ..message }
}
