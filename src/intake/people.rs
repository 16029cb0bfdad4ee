//! Commands about people: claim, pair, grant, revoke, and the first person at the console of a new log.

use std::{sync::Arc, time::Instant};

use yoman_chat::{Inbound, Outbound, RoomId, Sender, Text};

use super::{Failure, Intake, Lane, Refusal, Reply, Speaker, admit, carry_out::Spoken};
use crate::{
    command::PersonCommand,
    domain::{self, Handle, Identity, PersonId, Role, person},
    lang::{self, say, text, wording},
    log::{AppendError, CommandId, Commit, Expected, Meta, Origin, StreamId},
    notify::Answer,
};

impl Intake {
    /// Commands about people, one at a time. Whoever holds it sees what those before it did: else two owners could take the
    /// role from each other at the same moment.
    pub(super) async fn people_lane(&self) -> tokio::sync::MutexGuard<'_, ()> {
        let lane = self.people.lock().await;
        self.world.at_least(self.log.head().position).await;
        lane
    }

    /// Lets the first person at the console of a new log in, as its owner.
    pub(super) async fn first_at_the_console(
        &self,
        inbound: &Inbound,
        lane: &mut Lane,
    ) -> Result<Option<Speaker>, Failure> {
        let _lane = self.people_lane().await;
        if self.world.read(|world| world.people().next().is_some()) {
            return Ok(None);
        }
        let spoken = Spoken::by_process(CommandId::new("console/first-owner"), &inbound.id, origin(inbound));
        let commit = self.let_in(&inbound.sender, Role::Owner, None, &spoken).await?;
        lane.newest = commit.position;
        self.pairing.claimed();
        let person = PersonId::of_stream(commit.stream.as_str());
        Ok(person.map(|person| Speaker { person, role: Role::Owner }))
    }

    /// `/claim CODE`: whoever has the code becomes owner.
    pub(super) async fn claim(&self, inbound: &Inbound, code: &str, lane: &mut Lane) -> Result<Reply, Failure> {
        let _lane = self.people_lane().await;
        let lang = self.lang(inbound);
        let identity = Identity(inbound.sender.id.as_str().to_owned());
        let (owner, own) = self.world.read(|world| {
            (
                world.people().find(|person| person.role == Some(Role::Owner)).map(|person| person.handle.clone()),
                world.by_identity(&identity).map(|person| person.id),
            )
        });
        let (sender, now) = (inbound.sender.id.as_str(), Instant::now());
        if let Some(owner) = owner {
            return Ok(match own {
                Some(_) => Reply::say(Outbound::text(say!(lang, "claim-owned-by", owner = owner.to_string()))),
                None if self.pairing.may_answer(sender, now) => Reply::say(Outbound::text(say!(lang, "claim-owned"))),
                None => Reply::silence(),
            });
        }
        match self.pairing.claim(sender, code, now) {
            Some(true) => {}
            Some(false) => {
                let text = text!(lang, "claim-wrong", command = lang::code("yoman pair claim"));
                return Ok(Reply::say(Outbound::text(text)));
            }
            None if self.pairing.may_answer(sender, now) => {
                return Ok(Reply::say(Outbound::text(say!(lang, "claim-too-often"))));
            }
            None => return Ok(Reply::silence()),
        }
        let spoken = Spoken::by_process(CommandId::new(format!("{}#claim", inbound.id)), &inbound.id, origin(inbound));
        let commit = match own {
            // Somebody who was revoked or is no owner yet, on a log that lost its owner.
            Some(person) => {
                self.append_person(person, &[person::Command::Grant { role: Role::Owner }], None, &spoken).await?
            }
            None => self.let_in(&inbound.sender, Role::Owner, None, &spoken).await?,
        };
        lane.newest = commit.position;
        // Who is told so may rely on it in any room.
        self.world.at_least(commit.position).await;
        self.pairing.claimed();
        if let Some(person) = PersonId::of_stream(commit.stream.as_str()) {
            let head = self.log.head().position;
            self.outbox.met(&inbound.room.id, person, &identity, inbound.sender.language.as_deref(), head);
        }
        let bucket = say!(lang, "a-bucket", bucket = self.settings.default_bucket.word());
        let mut text = Text::from(say!(lang, "claim-done", name = &inbound.sender.name, bucket));
        let example = say!(lang, "example-todo");
        let example = self.as_written(&inbound.room.id, &example);
        text.plain("\n   ").push(yoman_chat::Style::Code, example);
        Ok(Reply::say(Outbound::text(text).row(admit::first_steps(lang))))
    }

    /// Everything else about people; the role was checked against the table of verbs already.
    pub(super) async fn about_people(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        command: &PersonCommand,
    ) -> Result<Vec<Arc<Commit>>, Failure> {
        let _lane = self.people_lane().await;
        let by = Some((speaker.person, speaker.role));
        let commit = match command {
            PersonCommand::Claim { .. } => {
                let yours = speaker.role == Role::Owner;
                return Err(
                    Refusal::new(if yours { wording!("claim-yours") } else { wording!("claim-somebodys") }).into()
                );
            }
            PersonCommand::Pair { code, role, known_as } => {
                return self
                    .pair(spoken, by, code, *role, known_as.as_ref(), Some(speaker))
                    .await
                    .map(|commit| vec![commit]);
            }
            PersonCommand::Grant { person, role } => {
                let person = self.who(person, speaker.person, &[])?;
                self.append_person(person, &[person::Command::Grant { role: *role }], by, spoken).await?
            }
            PersonCommand::Revoke { person } => {
                let person = self.who(person, speaker.person, &[])?;
                self.append_person(person, &[person::Command::Revoke], by, spoken).await?
            }
            // Answered without a commit, before it comes to this.
            PersonCommand::LinkOffer | PersonCommand::LinkTake { .. } => {
                return Err(Refusal::new(wording!("link-directly")).into());
            }
            PersonCommand::Unlink { account } => {
                let identity = self.account(speaker.person, account, &spoken.sender)?;
                self.append_person(speaker.person, &[person::Command::Unlink { identity }], by, spoken).await?
            }
            PersonCommand::Prefer { bot } => {
                let bot = bot.as_deref().map(|bot| self.known_bot(speaker.person, bot, spoken)).transpose()?;
                self.append_person(speaker.person, &[person::Command::Prefer { bot }], by, spoken).await?
            }
            // It was asked whether that is meant before it comes here.
            PersonCommand::Forget { person } => self.forget(spoken, speaker, person).await?,
        };
        Ok(vec![commit])
    }

    /// Lets the holder of a pairing code in, or knows somebody on another platform too; tells them.
    async fn pair(
        &self,
        spoken: &Spoken,
        by: Option<(PersonId, Role)>,
        code: &str,
        role: Option<Role>,
        known_as: Option<&Handle>,
        speaker: Option<&Speaker>,
    ) -> Result<Arc<Commit>, Failure> {
        let Some(pending) = self.pairing.find(code, Instant::now()) else {
            return Err(Refusal::new(wording!("pair-no-code")).hints(["/pair"]).into());
        };
        let commit = match known_as {
            Some(handle) => {
                let person = match speaker {
                    Some(speaker) => self.who(handle, speaker.person, &[])?,
                    None => self
                        .world
                        .read(|world| world.by_handle(handle).map(|person| person.id))
                        .ok_or_else(|| Refusal::new(wording!("refused-unknown-handle", handle = handle.to_string())))?,
                };
                let identity = Identity(pending.sender.id.as_str().to_owned());
                let held = self.world.read(|world| world.person(person).and_then(|person| person.role));
                let mut commands = vec![person::Command::LinkIdentity { identity }];
                // One commit: a crash in between would lose the role.
                commands.extend(role.filter(|role| held != Some(*role)).map(|role| person::Command::Grant { role }));
                self.append_person(person, &commands, by, spoken).await?
            }
            None => self.let_in(&pending.sender, role.unwrap_or(Role::Member), by, spoken).await?,
        };
        self.pairing.done(&pending.code);
        if let Some(person) = PersonId::of_stream(commit.stream.as_str()) {
            // Codes are given in direct rooms only: this one is theirs, and they can be told there from now on.
            self.outbox.met(
                &pending.room,
                person,
                &Identity(pending.sender.id.as_str().to_owned()),
                pending.sender.language.as_deref(),
                self.log.head().position,
            );
        }
        self.tell_paired(&pending.room, &commit, role, known_as).await;
        Ok(commit)
    }

    /// A command as people write it in a room.
    pub(super) fn as_written<'a>(&self, room: &RoomId, command: &'a str) -> &'a str {
        self.capabilities(room.bot()).map_or(command, |can| can.written(command))
    }

    /// Tells somebody that they were let in. What they miss when this fails they learn by writing.
    async fn tell_paired(&self, room: &RoomId, commit: &Commit, role: Option<Role>, known_as: Option<&Handle>) {
        let lang = self.lang_of(room);
        let mut text = match known_as {
            Some(handle) => Text::from(say!(lang, "paired-here-too", handle = handle.to_string())),
            None => Text::from(say!(lang, "paired")),
        };
        let help = say!(lang, "example-help");
        let help = lang::code(self.as_written(room, &help));
        text.plain(" ");
        if role == Some(Role::Guest) {
            text.append(text!(lang, "paired-guest", help));
        } else {
            let bucket = say!(lang, "a-bucket", bucket = self.settings.default_bucket.word());
            let example = say!(lang, "example-todo-short");
            let example = lang::code(self.as_written(room, &example));
            text.append(text!(lang, "paired-member", bucket, example, help));
        }
        let message = Outbound::text(text).row(admit::first_steps(lang));
        let key = format!("paired/{}", commit.position);
        if let Err(error) = self.outbox.answer(&key, room, vec![Answer::new(message)]).await {
            tracing::warn!(%room, %error, "somebody who was let in could not be told");
        }
    }

    /// `yoman pair approve` on the machine itself.
    pub(crate) async fn pair_from_the_machine(
        &self,
        code: &str,
        role: Option<Role>,
        known_as: Option<&Handle>,
    ) -> Result<String, String> {
        let _lane = self.people_lane().await;
        let id = CommandId::new(format!("machine/pair/{code}/{}", chrono::Utc::now().timestamp_micros()));
        let spoken = Spoken::by_process(id.clone(), id.as_str(), Origin { bot: "yoman".into(), ..Origin::default() });
        match self.pair(&spoken, None, code, role, known_as, None).await {
            Ok(commit) => {
                self.world.at_least(commit.position).await;
                let person = PersonId::of_stream(commit.stream.as_str());
                Ok(person
                    .and_then(|id| self.world.read(|world| world.person(id).map(|person| person.handle.to_string())))
                    .unwrap_or_default())
            }
            Err(Failure::Refused(refusal)) => Err(refusal.what.to_string()),
            Err(Failure::Again(why)) => Err(why),
            Err(Failure::Away(why)) => Err(format!("the shared log cannot be reached: {why}; try again later")),
        }
    }

    /// The claim code, when there is no owner yet.
    pub fn claim_code(&self) -> Option<String> {
        let owned = self.world.read(|world| world.people().any(|person| person.role == Some(Role::Owner)));
        (!owned).then(|| self.pairing.claim_code())
    }

    /// Who waits to be let in: code, name, platform identity, seconds since.
    pub(crate) fn pending(&self) -> Vec<(String, String, String, u64)> {
        let now = Instant::now();
        let pending = self.pairing.pending(now).into_iter();
        pending
            .map(|it| (it.code, it.sender.name, it.sender.id.to_string(), now.duration_since(it.since).as_secs()))
            .collect()
    }

    /// A new person under the next free number.
    async fn let_in(
        &self,
        sender: &Sender,
        role: Role,
        by: Option<(PersonId, Role)>,
        spoken: &Spoken,
    ) -> Result<Arc<Commit>, Failure> {
        let identity = Identity(sender.id.as_str().to_owned());
        let wanted = sender.handle.clone().unwrap_or_else(|| sender.name.clone());
        let (mut number, handle, owners, known) = self.world.read(|world| {
            let number = world.newest_person() + 1;
            (number, world.free_handle(&wanted), world.owners(), world.by_identity(&identity).map(|person| person.id))
        });
        if let Some(known) = known {
            return self.append_person(known, &[person::Command::Grant { role }], by, spoken).await;
        }
        let command = person::Command::Pair { name: sender.name.clone(), handle, identity, role };
        let given = person::Given { actor: by, owners };
        loop {
            let id = PersonId(number);
            let events = person::decide(None, id, &command, &given)
                .map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()))?;
            let events = events.into_iter().map(domain::Event::Person).collect();
            let stream = StreamId::new(id.stream());
            match self.append(stream, Expected::NoStream, events, spoken, None).await {
                Err(AppendError::Conflict { .. }) => number += 1,
                other => return Ok(other?.commit),
            }
        }
    }

    /// Commands about one person, each decided on what those before it lead to, in one commit.
    pub(super) async fn append_person(
        &self,
        id: PersonId,
        commands: &[person::Command],
        by: Option<(PersonId, Role)>,
        spoken: &Spoken,
    ) -> Result<Arc<Commit>, Failure> {
        let (person, owners, unreadable) =
            self.world.read(|world| (world.person(id).cloned(), world.owners(), world.unreadable_of_person(id)));
        if unreadable > 0 {
            let handle = person.map_or_else(|| format!("person {}", id.0), |person| person.handle.to_string());
            return Err(self.unreadable(&id.stream(), handle)?.into());
        }
        let given = person::Given { actor: by, owners };
        let version = person.as_ref().map_or(0, |person| person.version);
        let mut after = person;
        let mut events = Vec::new();
        for command in commands {
            let decided = person::decide(after.as_ref(), id, command, &given)
                .map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()))?;
            for event in decided {
                let version = after.as_ref().map_or(0, |person| person.version) + 1;
                after = person::evolve(after, id, version, &event);
                events.push(domain::Event::Person(event));
            }
        }
        Ok(self.append(StreamId::new(id.stream()), Expected::of(version), events, spoken, None).await?.commit)
    }
}

/// Where an inbound came from, for the log.
pub(super) fn origin(inbound: &Inbound) -> Origin {
    use yoman_chat::Said;
    let message = match &inbound.said {
        Said::Message { message, .. }
        | Said::Edited { message, .. }
        | Said::Reacted { message, .. }
        | Said::Deleted { message } => message.id.clone(),
        Said::Pressed { card, .. } => card.id.clone(),
    };
    Origin { bot: inbound.room.id.bot().to_owned(), room: inbound.room.id.as_str().to_owned(), message }
}

/// The meta of a commit; the engine sets the time.
pub(super) fn meta(spoken: &Spoken, causation: Option<crate::log::Position>) -> Meta {
    Meta {
        command: spoken.command.clone(),
        text: spoken.text.clone(),
        actor: spoken.actor.clone(),
        origin: spoken.origin.clone(),
        correlation: spoken.correlation.clone(),
        causation,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    }
}
