//! A command to a commit: look up, decide, append; decide again when somebody else was faster.

use std::sync::Arc;

use yoman_chat::{Mention, RoomId};

use super::{Failure, Intake, Refusal, Speaker, forget, people, undo::has_more};
use crate::{
    command::{Command, Target},
    domain::{
        self, Bucket, Handle, ItemRef, PersonId,
        item::{self, Act, Draft, Given, Item},
        room, stored,
    },
    lang::{Wording, say, wording},
    log::{Append, AppendError, Appended, CommandId, Commit, Expected, Origin, Position, StreamId},
    projection::World,
    workflow::{self, Reaction},
};

/// How often a command is decided anew when the item changed between the look and the append.
const TRIES_MAX: usize = 16;

/// One command with its circumstances, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    /// Names this command for ever.
    pub(crate) command: CommandId,
    /// The message it came with.
    pub(crate) correlation: CommandId,
    /// As typed.
    pub(crate) text: String,
    /// Who.
    pub(crate) actor: String,
    /// Where.
    pub(crate) origin: Origin,
    /// Who they are on the platform they spoke on; empty for what nobody said.
    pub(crate) sender: String,
    /// Who was named in the text, as the platform resolved it.
    pub(crate) mentions: Vec<Mention>,
    /// The title of the room, for `/enable`.
    pub(crate) room_title: String,
    /// Files that came with the message.
    pub(crate) attachments: Vec<item::Attachment>,
}

impl Spoken {
    /// Something nobody typed.
    pub(super) fn by_process(command: CommandId, correlation: &str, origin: Origin) -> Self {
        Self {
            command,
            correlation: CommandId::new(correlation),
            text: String::new(),
            actor: "yoman".into(),
            origin,
            sender: String::new(),
            mentions: Vec::new(),
            room_title: String::new(),
            attachments: Vec::new(),
        }
    }

    /// A second commit of the same command.
    pub(super) fn further(&self, what: &str) -> Self {
        Self { command: CommandId::new(format!("{}/{what}", self.command)), ..self.clone() }
    }
}

impl Intake {
    /// Appends events as one commit.
    pub(super) async fn append(
        &self,
        stream: StreamId,
        expected: Expected,
        events: Vec<domain::Event>,
        spoken: &Spoken,
        causation: Option<Position>,
    ) -> Result<Appended, AppendError> {
        let events = events.iter().map(stored::encode).collect();
        self.log.append(Append { stream, expected, events, meta: people::meta(spoken, causation) }).await
    }

    /// Carries out a command that changes something. The commits are in the order they were made; the first one is the command's own.
    pub(super) async fn carry_out(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        command: &Command,
    ) -> Result<Vec<Arc<Commit>>, Failure> {
        // Accepted under this id before: the first answer again, whatever the state is now.
        if let Some(commit) = self.log.find_command(&spoken.command)? {
            let caused = self.react(&commit, None, spoken).await?;
            return Ok([commit].into_iter().chain(caused).collect());
        }
        // What became of somebody's role is in what cannot be read, perhaps: then they change nothing.
        if self.world.read(|world| world.unreadable_of_person(speaker.person)) > 0 {
            return Err(self.unreadable(&speaker.person.stream(), wording!("refused-unreadable-you"))?.into());
        }
        match command {
            Command::Create { bucket, draft } => {
                let mut draft =
                    draft.clone().try_map_people(|handle| self.who(&handle, speaker.person, &spoken.mentions))?;
                draft.attachments.clone_from(&spoken.attachments);
                self.create(spoken, speaker.person, *bucket, &draft, None).await.map(|commit| vec![commit])
            }
            Command::Item { target, act } => {
                let target = target.ok_or_else(which_item)?;
                let act = act.clone().try_map_people(|handle| self.who(&handle, speaker.person, &spoken.mentions))?;
                self.act(spoken, speaker, target, &act).await
            }
            Command::Room(command) => self.about_room(spoken, speaker, command).await.map(|commit| vec![commit]),
            Command::Person(command) => self.about_people(spoken, speaker, command).await,
            Command::Report(command) => self.about_report(spoken, command).await.map(|commit| vec![commit]),
            Command::Remind(command) => self.about_reminders(spoken, speaker, command).await.map(|commit| vec![commit]),
            // These have ways of their own.
            Command::Look(_) | Command::Rebuild(_) | Command::Undo { .. } | Command::Confirm { .. } => Ok(Vec::new()),
        }
    }

    /// A new item under the next free number.
    async fn create(
        &self,
        spoken: &Spoken,
        actor: PersonId,
        bucket: Bucket,
        draft: &Draft,
        causation: Option<Position>,
    ) -> Result<Arc<Commit>, Failure> {
        self.must_exist(draft.carry.needs.iter().chain(&draft.carry.serves))?;
        let given = Given { now: self.settings.clock.now(), actor, waits_for: Vec::new(), circular: Vec::new() };
        loop {
            let number = self.numbers.take(bucket, self.world.read(|world| world.newest(bucket)));
            let reference = ItemRef::new(bucket, number.get());
            let events = item::create(reference, draft, &given).map_err(|error| Refusal::of_item(&error, None))?;
            let events = events.into_iter().map(domain::Event::Item).collect();
            let stream = StreamId::new(reference.stream());
            match self.append(stream.clone(), Expected::NoStream, events, spoken, causation).await {
                Ok(appended) => {
                    if appended.commit.stream == stream {
                        number.used();
                    }
                    return Ok(appended.commit);
                }
                // Taken by somebody else: not ours to hand out again.
                Err(AppendError::Conflict { .. }) => number.used(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Something done to an item that exists, and what that causes.
    async fn act(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        target: Target,
        act: &Act,
    ) -> Result<Vec<Arc<Commit>>, Failure> {
        self.must_be_readable(target.item)?;
        match act {
            Act::Need { items } => self.must_exist(items)?,
            Act::Link { to: item::LinkTarget::Item(item), .. } => self.must_exist([item])?,
            Act::Promote { carry, .. } => self.must_exist(carry.needs.iter().chain(&carry.serves))?,
            _ => {}
        }
        let mut tries = 0;
        loop {
            let (item, given) = self.given(target, speaker, act)?;
            if let Some(version) = target.version
                && version != item.version
            {
                // The same button twice, as fingers do: what it did the first time is the answer.
                if let Some(commit) = self.pressed_before(&item, version, spoken)? {
                    let caused = self.react(&commit, None, spoken).await?;
                    return Ok([commit].into_iter().chain(caused).collect());
                }
                return Err(self.stale(&item, version, spoken, speaker)?.into());
            }
            let events =
                item::decide(&item, act, &given).map_err(|error| Refusal::of_item(&error, Some(target.item)))?;
            let events = events.into_iter().map(domain::Event::Item).collect();
            let stream = StreamId::new(target.item.stream());
            match self.append(stream, Expected::Version(item.version), events, spoken, None).await {
                Ok(appended) => {
                    let caused = self.react(&appended.commit, Some(&item), spoken).await?;
                    return Ok([appended.commit].into_iter().chain(caused).collect());
                }
                Err(AppendError::Conflict { expected, actual, .. }) => {
                    tries += 1;
                    self.world.at_least(self.log.head().position).await;
                    // The log has more of it than anybody can see: those records are damaged.
                    let seen = self.world.read(|world| world.item(target.item).map_or(0, |seen| seen.item.version));
                    if seen == expected.version() && actual > seen {
                        return Err(changes_lost(target.item, actual - seen).into());
                    }
                    if tries == TRIES_MAX {
                        let stream = StreamId::new(target.item.stream());
                        return Err(AppendError::Conflict { stream, expected, actual }.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The item as it is now, and what `decide` may know besides.
    fn given(&self, target: Target, speaker: &Speaker, act: &Act) -> Result<(Item, Given), Failure> {
        let known = self.world.read(|world| {
            let item = world.item(target.item)?.item.clone();
            let needs: &[ItemRef] = match act {
                Act::Need { items } => items,
                Act::Correct { draft, .. } => &draft.carry.needs,
                _ => &[],
            };
            let given = Given {
                now: self.settings.clock.now(),
                actor: speaker.person,
                waits_for: world.waits_for(target.item),
                circular: world.circular(target.item, needs),
            };
            Some((item, given))
        });
        known.ok_or_else(|| self.no_such_item(target.item).into())
    }

    /// Carries out what a commit causes; used at once and, after a crash in between, by the workflow's cursor.
    pub(crate) async fn react(
        &self,
        commit: &Commit,
        before: Option<&Item>,
        spoken: &Spoken,
    ) -> Result<Option<Arc<Commit>>, Failure> {
        let Some(Reaction { command, by, bucket, draft }) = workflow::promotion::react(&*self.log, commit, before)?
        else {
            return Ok(None);
        };
        let _lane = self.reactions.lock().await;
        if let Some(commit) = self.log.find_command(&command)? {
            return Ok(Some(commit));
        }
        let spoken = Spoken { command, text: String::new(), actor: by.to_owned(), ..spoken.clone() };
        let actor = PersonId::of_stream(&commit.meta.actor).unwrap_or(PersonId(0));
        self.create(&spoken, actor, bucket, &draft, Some(commit.position)).await.map(Some)
    }

    /// What a commit causes, for the workflow's cursor: nothing is known of it but the commit.
    ///
    /// # Errors
    /// Why it could not be done; it is to be tried again.
    pub async fn finish(&self, commit: &Commit) -> Result<(), String> {
        let spoken = Spoken {
            actor: String::new(),
            ..Spoken::by_process(
                commit.meta.command.clone(),
                commit.meta.correlation.as_str(),
                commit.meta.origin.clone(),
            )
        };
        let done = if forget::forgets(commit) {
            self.finish_forgetting(commit, &Spoken { actor: commit.meta.actor.clone(), ..spoken }).await
        } else if has_more(commit) {
            self.finish_undo(
                commit,
                &Spoken { actor: commit.meta.actor.clone(), text: commit.meta.text.clone(), ..spoken },
            )
            .await
            .map(drop)
        } else {
            self.react(commit, None, &spoken).await.map(drop)
        };
        match done {
            Ok(()) => Ok(()),
            // Whether it still is so does not matter: it was not done.
            Err(Failure::Refused(refusal)) if refusal.passing => Err(refusal.what.to_string()),
            Err(Failure::Refused(refusal)) => {
                // Deciding again would give the same: it is told to whoever keeps the machine, and the cursor moves on.
                tracing::error!(position = %commit.position, why = %refusal.what, "what a commit should have caused was refused");
                Ok(())
            }
            Err(Failure::Again(why) | Failure::Away(why)) => Err(why),
        }
    }

    /// Something about the room it was said in.
    async fn about_room(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        command: &room::Command<Handle>,
    ) -> Result<Arc<Commit>, Failure> {
        let mut command =
            command.clone().try_map_people(|handle| self.who(&handle, speaker.person, &spoken.mentions))?;
        if matches!(command, room::Command::PinBoard { .. }) {
            self.must_keep_boards(&spoken.origin.room)?;
        }
        if let room::Command::Enable { title } = &mut command {
            title.clone_from(&spoken.room_title);
        }
        let id = spoken.origin.room.as_str();
        if matches!(command, room::Command::DigestNow) && self.outbox.hold(&RoomId::new(id)).is_none() {
            return Err(Refusal::new(say!(self.lang_of(&RoomId::new(id)), "digest-nothing-to-send")).into());
        }
        let now = self.settings.clock.now();
        self.append_room(spoken, |_, room| {
            let decided = room::decide(room, &command, now);
            decided.map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()).into())
        })
        .await
    }

    /// Appends to the room something was said in, deciding anew while others change it.
    pub(super) async fn append_room(
        &self,
        spoken: &Spoken,
        decide: impl Fn(&World, &room::Room) -> Result<Vec<room::Event>, Failure>,
    ) -> Result<Arc<Commit>, Failure> {
        let id = spoken.origin.room.as_str();
        if self.world.read(|world| world.unreadable_of_room(id)) > 0 {
            return Err(self.unreadable(&room::stream(id), wording!("refused-unreadable-room"))?.into());
        }
        let mut tries = 0;
        loop {
            let (room, events) = self.world.read(|world| {
                let room = world.room(id);
                decide(world, room).map(|events| (room.clone(), events))
            })?;
            let events = events.into_iter().map(domain::Event::Room).collect();
            let stream = StreamId::new(room::stream(id));
            match self.append(stream, Expected::of(room.version), events, spoken, None).await {
                Err(AppendError::Conflict { .. }) if tries < TRIES_MAX => {
                    tries += 1;
                    self.world.at_least(self.log.head().position).await;
                }
                other => return Ok(other?.commit),
            }
        }
    }

    /// Who a handle means.
    pub(super) fn who(&self, handle: &Handle, me: PersonId, mentions: &[Mention]) -> Result<PersonId, Refusal> {
        if matches!(handle.as_str(), "me" | "나") {
            return Ok(me);
        }
        self.world.read(|world| {
            if let Some(person) = world.by_handle(handle) {
                return Ok(person.id);
            }
            let mentioned = mentions
                .iter()
                .find(|mention| mention.written.trim_start_matches('@').eq_ignore_ascii_case(handle.as_str()));
            if let Some(mention) = mentioned
                && let Some(person) = world.by_identity(&domain::Identity(mention.sender.as_str().to_owned()))
            {
                return Ok(person.id);
            }
            let known = world.people().filter(|person| !person.forgotten);
            let mut people: Vec<_> = known.map(|person| person.handle.as_str().to_owned()).collect();
            people.sort_by_key(|known| strsim::levenshtein(known, handle.as_str()));
            people.truncate(5);
            let people: Vec<_> = people.iter().map(|known| format!("@{known}")).collect();
            let (handle, known) = (handle.to_string(), people.join(" "));
            Err(Refusal::new(wording!("refused-nobody", handle, known)).hints(["/people"]))
        })
    }

    /// An item of which events cannot be read is not what it looks like: nothing is decided about it.
    pub(super) fn must_be_readable(&self, item: ItemRef) -> Result<(), Failure> {
        if self.world.read(|world| world.unreadable_of(item)) == 0 {
            return Ok(());
        }
        Err(self.unreadable(&item.stream(), item.to_string())?.hints([format!("/show {item}")]).into())
    }

    /// What cannot be read of a stream, and what to do.
    pub(super) fn unreadable(&self, stream: &str, called: impl Into<Wording>) -> Result<Refusal, Failure> {
        let mut why = None;
        self.log.read_stream(&StreamId::new(stream), 1, &mut |entry| {
            why = match entry {
                crate::log::Entry::Commit(commit) => World::first_fault([&*commit]),
                crate::log::Entry::Damaged { why, .. } => Some(why),
            };
            if why.is_none() { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
        })?;
        let why = why.map_or_else(|| wording!("refused-misplaced"), Wording::from);
        Ok(Refusal::new(wording!("refused-unreadable", called = called.into(), why)))
    }

    fn must_exist<'a>(&self, items: impl IntoIterator<Item = &'a ItemRef>) -> Result<(), Refusal> {
        let there = |world: &crate::projection::World, item: ItemRef| world.item(item).map(|seen| seen.item.withdrawn);
        let missing = self.world.read(|world| {
            let mut items = items.into_iter().map(|&item| (item, there(world, item)));
            items.find(|(_, there)| *there != Some(None))
        });
        match missing {
            Some((item, Some(Some(by)))) => Err(Refusal::of_item(&item::Error::Withdrawn { item, by }, Some(item))),
            Some((item, _)) => Err(self.no_such_item(item)),
            None => Ok(()),
        }
    }

    /// There is no T99; the newest is T14.
    pub(super) fn no_such_item(&self, item: ItemRef) -> Refusal {
        match self.world.read(|world| world.newest(item.bucket)) {
            0 => Refusal::new(wording!("refused-no-item-at-all", item, bucket = item.bucket.word())),
            newest => {
                let newest = ItemRef::new(item.bucket, newest);
                Refusal::new(wording!("refused-no-item", item, newest))
                    .hints([format!("/show {newest}"), format!("/list {}", item.bucket)])
            }
        }
    }

    /// The only change of an item since a version, if it was made by the same person with the very same button.
    fn pressed_before(&self, item: &Item, version: u64, spoken: &Spoken) -> Result<Option<Arc<Commit>>, Failure> {
        let mut since = Vec::new();
        self.log.read_stream(&StreamId::new(item.reference.stream()), version + 1, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                since.push(commit);
            }
            if since.len() < 2 { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
        })?;
        let same = |commit: &Arc<Commit>| {
            let meta = &commit.meta;
            commit.first_version == version + 1
                && meta.text == spoken.text
                && meta.actor == spoken.actor
                && (&meta.origin.room, &meta.origin.message) == (&spoken.origin.room, &spoken.origin.message)
        };
        Ok(since.pop().filter(|commit| since.is_empty() && same(commit)))
    }

    /// A button on an old card: what changed since, and nothing done.
    fn stale(&self, item: &Item, version: u64, spoken: &Spoken, speaker: &Speaker) -> Result<Refusal, Failure> {
        let room = yoman_chat::RoomId::new(spoken.origin.room.clone());
        let mut since = Vec::new();
        self.log.read_stream(&StreamId::new(item.reference.stream()), version + 1, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                since.push(commit);
            }
            if since.len() < 50 { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
        })?;
        let Some(viewer) = self.viewer(&room, Some(speaker.person)) else {
            return Ok(Refusal::new(wording!("refused-stale", item = item.reference)));
        };
        let (what, hints) = self.world.read(|world| world.changes_since(item.reference, version, &since, &viewer));
        Ok(Refusal::new(what).hints(hints))
    }
}

/// The newest changes of an item are in the log and damaged.
fn changes_lost(item: ItemRef, events: u64) -> Refusal {
    Refusal::new(wording!("refused-changes-lost", item, n = events)).hints([format!("/show {item}")])
}

/// A command about an item that names none.
pub(super) fn which_item() -> Refusal {
    Refusal::new(wording!("refused-which-item")).hints(["/mine", "/next"])
}
