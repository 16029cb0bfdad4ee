//! Looks: they change nothing, and are answered from a world that has seen everything this room did.

use std::{cell::RefCell, ops::ControlFlow, sync::Arc, time::Duration};

use yoman_chat::{BotName, Glance, Outbound, RoomKind, Style, Text};

use super::{Failure, Intake, Refusal, Speaker, admit, carry_out::which_item, pairing::CODE_LIFE};
use crate::{
    command::{self, Look, Target},
    domain::{ItemRef, Role},
    lang::say,
    log::{Commit, Position, StreamId},
    nodes::NodesView,
    notify::Answer,
    projection::{BotState, COMMITS_MAX, Commits, Status, Viewer, Waiting},
};

/// The commits that are read for one look, however many a chain touches.
const READS_MAX: usize = 64;

/// The log as views read it.
struct FromLog<'a> {
    intake: &'a Intake,
    reads: RefCell<usize>,
}

/// Counts one more read; whether it may be made.
pub(super) fn may_read(reads: &RefCell<usize>) -> bool {
    let mut reads = reads.borrow_mut();
    *reads += 1;
    *reads <= READS_MAX
}

impl Commits for FromLog<'_> {
    fn stream(&self, item: ItemRef) -> Vec<Arc<Commit>> {
        if may_read(&self.reads) { self.intake.commits_of(item, COMMITS_MAX).unwrap_or_default() } else { Vec::new() }
    }

    fn at(&self, position: Position) -> Option<Arc<Commit>> {
        if may_read(&self.reads) { self.intake.log.read_at(position).ok().flatten() } else { None }
    }
}

impl Intake {
    /// Answers a look.
    pub(super) async fn look(&self, look: &Look, speaker: &Speaker, viewer: &Viewer) -> Result<Answer, Failure> {
        if let Some(moment) = look.at() {
            return self.look_back(look, moment, speaker, viewer).await;
        }
        let find = |filter: &crate::domain::Filter<_>| {
            filter.clone().try_map_people(|handle| self.who(&handle, speaker.person, &[]))
        };
        let world = &self.world;
        let message = match look {
            Look::Show { target, .. } => {
                if let Some(target) = target
                    && let Some(answer) = self.version_back(*target, viewer).await?
                {
                    return Ok(answer);
                }
                return self.show(*target, viewer);
            }
            Look::List { filter, page, .. } => {
                let filter = find(filter)?;
                world.read(|world| world.list(&filter, *page, viewer))
            }
            Look::Find { filter, page, .. } => {
                let filter = find(filter)?;
                world.read(|world| world.find(&filter, *page, viewer))
            }
            Look::Board { filter, .. } => {
                let filter = find(filter)?;
                world.read(|world| world.board(&filter, viewer))
            }
            Look::Mine { filter, .. } => {
                let filter = find(filter)?;
                world.read(|world| world.mine(&filter, speaker.person, viewer))
            }
            Look::Next { filter, .. } => {
                let filter = find(filter)?;
                world.read(|world| world.next(&filter, speaker.person, viewer))
            }
            Look::History { target, page, .. } => {
                let item = self.existing(*target)?;
                let commits = self.commits_of(item, COMMITS_MAX)?;
                world.read(|world| world.history(item, &commits, *page, viewer))
            }
            Look::Why { target, .. } => {
                let item = self.existing(*target)?;
                let commits = FromLog { intake: self, reads: RefCell::new(0) };
                world.read(|world| world.why(item, &commits, viewer))
            }
            // They take their time: `hear` asks for them.
            Look::Reports | Look::Report { .. } => return Err(Failure::Again("a report is no look at once".into())),
            Look::Diff { from, to, filter } => self.diff((*from, *to), filter, speaker, viewer).await?,
            Look::Stats { filter, from, to, .. } => self.stats(filter, (*from, *to), speaker, viewer).await?.0,
            Look::People => Outbound::text(world.read(|world| world.people_list(viewer))),
            Look::Rooms => Outbound::text(world.read(|world| world.room_list(viewer))),
            Look::Follows => world.read(|world| world.follows(viewer)),
            Look::Hours => self.hours(viewer),
            Look::Prefers => self.preference(speaker.person, viewer),
            Look::Language => crate::projection::language(viewer),
            Look::Reactions => world.read(|world| world.reactions(viewer)),
            Look::Pending => world.read(|world| world.pending(&self.waiting(), viewer)),
            Look::Reminders => world.read(|world| world.reminders(&self.settings.reminders, speaker.person, viewer)),
            Look::Status { all } => Outbound::text(world.read(|world| world.status(&self.status(), *all, viewer))),
            Look::Help { verb } => Outbound::text(help(verb.as_deref(), viewer)?),
            Look::Start { payload } => {
                if let Some(item) = payload.as_deref().and_then(|payload| payload.parse().ok()) {
                    return self.show(Some(Target { item, version: None }), viewer);
                }
                let kept_as =
                    world.read(|world| world.room(&viewer.room).default_bucket).unwrap_or(self.settings.default_bucket);
                let lang = viewer.lang;
                let bucket = say!(lang, "a-bucket", bucket = kept_as.word());
                let mut text = Text::from(say!(lang, "welcome", bucket));
                let example = say!(lang, "example-todo");
                text.plain("\n   ").push(Style::Code, viewer.capabilities.written(&example)).plain("\n");
                text.plain(say!(lang, "welcome-cards"));
                Outbound::text(text).row(admit::first_steps(lang))
            }
        };
        Ok(Answer::new(message))
    }

    /// What a look shows outside of a conversation; `None` for who may not look, and for what is no look for everybody.
    pub(super) async fn seen_at_a_glance(&self, bot: &BotName, glance: &Glance) -> Option<Outbound> {
        let Glance { room, sender, text } = glance;
        let speaker = self.onlooker(room, sender)?;
        let context = command::Context {
            now: self.settings.clock.now(),
            time_zone: self.time_zone(&room.id),
            bare_verbs: self.capabilities(bot.as_str()).is_some_and(|can| can.bare_verbs),
        };
        let Ok(command::Said::Command(command)) = command::parse(text.trim(), &context) else { return None };
        let allowed = command.role().is_none_or(|needed| needed <= Role::Guest);
        let command::Command::Look(look) = command else { return None };
        let own = (room.kind == RoomKind::Direct).then_some(speaker.person);
        let viewer = self.viewer(&room.id, own)?;
        if !allowed {
            return None;
        }
        let seen = self.look(&look, &speaker, &viewer).await.ok()?;
        let seen = self.dated(seen, &look, &viewer).message;
        Some(Outbound { lang: viewer.lang.code().to_owned(), ..seen })
    }

    /// What a picture of why is drawn from.
    pub(super) fn why_graph(
        &self,
        target: Option<Target>,
        viewer: &Viewer,
    ) -> Result<(ItemRef, crate::picture::Graph), Failure> {
        let item = self.existing(target)?;
        let commits = FromLog { intake: self, reads: RefCell::new(0) };
        Ok((item, self.world.read(|world| world.why_graph(item, &commits, viewer))))
    }

    fn show(&self, target: Option<Target>, viewer: &Viewer) -> Result<Answer, Failure> {
        let item = self.existing(target)?;
        let shown = self.world.read(|world| {
            let version = world.item(item)?.item.version;
            let mut message = world.card(item, viewer)?;
            if world.unreadable_of(item) > 0 {
                // What a button would do is refused.
                message.buttons.clear();
                let n = world.unreadable_of(item);
                message.text.plain("\n").push(Style::Bold, "! ").plain(say!(viewer.lang, "show-unreadable", n));
            }
            Some(Answer { card: Some((item, version)), ..Answer::new(message) })
        });
        shown.ok_or_else(|| self.no_such_item(item).into())
    }

    /// The item a look is about. One that was closed so long ago that it is not in memory any more is read from the log again.
    fn existing(&self, target: Option<Target>) -> Result<ItemRef, Failure> {
        let item = target.ok_or_else(which_item)?.item;
        self.recall_item(item)?;
        if self.world.read(|world| world.item(item).is_some()) {
            return Ok(item);
        }
        // Its very beginning may be what cannot be read.
        self.must_be_readable(item)?;
        Err(self.no_such_item(item).into())
    }

    /// Brings an item back that is in the log but no longer in memory.
    pub(super) fn recall_item(&self, item: ItemRef) -> Result<(), Failure> {
        let (known, newest, dropped) =
            self.world.read(|world| (world.item(item).is_some(), world.newest(item.bucket), world.dropped()));
        if known || dropped == 0 || item.number > newest {
            return Ok(());
        }
        let mut commits = Vec::new();
        self.log.read_stream(&StreamId::new(item.stream()), 1, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                commits.push(commit);
            }
            ControlFlow::Continue(())
        })?;
        self.world.restore(&commits);
        Ok(())
    }

    fn waiting(&self) -> Vec<Waiting> {
        let pending = self.pending().into_iter();
        pending
            .map(|(code, name, identity, since_s)| Waiting {
                code,
                name,
                identity,
                since: Duration::from_secs(since_s),
            })
            .collect()
    }

    /// How this process is.
    pub(crate) fn status(&self) -> Status {
        let mut bots: Vec<_> = self.settings.bots.keys().cloned().collect();
        bots.sort_unstable();
        let nodes = self.nodes.get().and_then(NodesView::state);
        let held = |bot: &str| nodes.as_ref()?.bots.iter().find(|held| held.bot == bot).cloned();
        Status {
            version: env!("CARGO_PKG_VERSION").into(),
            up: self.started.elapsed(),
            head: self.log.head().position,
            health: self.log.health(),
            spool: self.spool().map(crate::spool::Spool::waits).filter(|waits| *waits != Default::default()),
            bots: bots.into_iter().map(|bot| BotState { spoken_for: held(&bot), ..self.bot_state(bot) }).collect(),
            nodes,
        }
    }

    fn bot_state(&self, bot: String) -> BotState {
        let name = BotName::new(bot.as_str());
        let stats = self.outbox.stats(&name);
        let read = self.outbox.seen(&name);
        let next = read.filter(|read| *read < self.log.head().position).map(|read| Position(read.0 + 1));
        let first_unread = next.and_then(|next| self.log.read_at(next).ok().flatten());
        let counters = stats.counters;
        BotState {
            trouble: self.vitals.of(&bot),
            waiting: stats.queued,
            held: self.outbox.holds(&name).len(),
            read,
            behind_since: first_unread.map(|commit| commit.meta.recorded_at),
            sent: counters.sent,
            edited: counters.edits,
            failures: counters.failures,
            possibly_delivered: (counters.possibly_delivered, counters.possibly_delivered_ever),
            lost: (counters.refused, counters.given_up, counters.dropped),
            aside: stats.aside,
            last_error: counters.last_error,
            paused: stats.rooms.into_iter().map(|it| (it.room.to_string(), it.remaining, it.why)).collect(),
            refusing: stats.refusing.iter().map(ToString::to_string).collect(),
            spoken_for: None,
            bot,
        }
    }

    /// How long a pairing code still holds, in seconds.
    pub(crate) fn code_life_s(since_s: u64) -> u64 {
        CODE_LIFE.as_secs().saturating_sub(since_s)
    }
}

/// /help, from the table of verbs.
fn help(verb: Option<&str>, viewer: &Viewer) -> Result<Text, Refusal> {
    let help = command::help(verb, viewer.lang)?;
    let mut text = Text::new();
    for (n, section) in help.sections.iter().enumerate() {
        if n > 0 {
            text.plain("\n\n");
        }
        text.push(Style::Bold, &section.heading);
        for line in &section.lines {
            let say = if viewer.capabilities.bare_verbs { line.say.trim_start_matches('/') } else { line.say.as_str() };
            text.plain("\n   ").push(Style::Code, say);
            if !line.does.is_empty() {
                text.plain("   ").plain(&line.does);
            }
        }
    }
    Ok(text)
}
