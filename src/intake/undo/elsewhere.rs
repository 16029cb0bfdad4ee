//! Taking back what was done about a room or a person: one stream, one commit, and whoever may do it may take it back.

use std::{ops::ControlFlow, sync::Arc};

use super::{Failure, Intake, Refusal, Speaker, Spoken};
use crate::{
    domain::{self, PersonId, Role, person, room, stored, undo},
    lang::{Wording, wording},
    log::{AppendError, Commit, Entry, Expected, StoredEvent, StreamId, Version},
};

impl Intake {
    pub(super) async fn take_back_in_room(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        version: Option<Version>,
        group: bool,
    ) -> Result<Option<Arc<Commit>>, Failure> {
        let stream = StreamId::new(room::stream(&spoken.origin.room));
        let (last, acts) = self.acts_of(&stream, room_event)?;
        let name = |event: &room::Event| stored::encode(&domain::Event::Room(event.clone())).name.to_string();
        let reversed =
            room::reverse(&acts, version, name).map_err(|why| elsewhere(&why, "/undo room", wording!("this-room")))?;
        if reversed.after.is_about_speaking() || (group && reversed.after.is_about_settings()) {
            self.may(speaker, Role::Maintainer, wording!("refused-that"))?;
        }
        let event = domain::Event::Room(room::Event::Reversed(reversed));
        self.written(stream, last, event, spoken).await
    }

    pub(super) async fn take_back_of_person(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        id: PersonId,
        version: Option<Version>,
    ) -> Result<Option<Arc<Commit>>, Failure> {
        let _lane = self.people_lane().await;
        let stream = StreamId::new(id.stream());
        let (last, acts) = self.acts_of(&stream, person_event)?;
        let name = |event: &person::Event| stored::encode(&domain::Event::Person(event.clone())).name.to_string();
        let (person, owners) = self.world.read(|world| (world.person(id).cloned(), world.owners()));
        let handle = person.as_ref().map_or_else(|| id.to_string(), |person| person.handle.to_string());
        let reversed = person::reverse(id, &acts, version, name)
            .map_err(|why| elsewhere(&why, &format!("/undo {handle}"), handle.as_str().into()))?;
        if reversed.what.iter().any(|what| what == "person_merged" || what == "person_forgotten") {
            return Err(Refusal::new(wording!("undo-for-ever")).into());
        }
        if !reversed.after.identities.is_empty() {
            // What somebody is known as can have come from whom they were merged with: by account, not by place.
            return Err(Refusal::new(wording!("undo-accounts")).into());
        }
        // Whoever may do what it comes to may take back what was done.
        match reversed.after.as_command() {
            Some(command) => {
                let given = person::Given { actor: Some((speaker.person, speaker.role)), owners };
                person::decide(person.as_ref(), id, &command, &given)
                    .map_err(|error| Refusal::not_taken_back(error.wording()).hints(error.hints()))?;
            }
            None => {
                let held = person.and_then(|person| person.role).unwrap_or(Role::Guest);
                let needed = if held >= Role::Maintainer { Role::Owner } else { Role::Maintainer };
                self.may(speaker, needed, wording!("refused-that"))?;
            }
        }
        for (_, identity) in &reversed.after.identities.back {
            let other = self.world.read(|world| world.by_identity(identity).map(|it| (it.id, it.handle.clone())));
            if let Some((_, handle)) = other.filter(|(other, _)| *other != id) {
                return Err(Refusal::new(wording!("undo-account-taken", handle = handle.to_string())).into());
            }
        }
        let event = domain::Event::Person(person::Event::Reversed(reversed));
        self.written(stream, last, event, spoken).await
    }

    async fn written(
        &self,
        stream: StreamId,
        last: Version,
        event: domain::Event,
        spoken: &Spoken,
    ) -> Result<Option<Arc<Commit>>, Failure> {
        match self.append(stream, Expected::of(last), vec![event], spoken, None).await {
            Ok(appended) => Ok(Some(appended.commit)),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The acts of a stream that is no item's, and its newest version.
    pub(super) fn acts_of<E: Send>(
        &self,
        stream: &StreamId,
        event: fn(domain::Event) -> Option<E>,
    ) -> Result<(Version, Vec<undo::Act<E>>), Failure> {
        let (mut last, mut acts) = (0, Vec::new());
        self.log.read_stream(stream, 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                last = commit.last_version();
                let events = commit.versioned();
                let events = events.filter_map(|(version, it)| Some((version, event(stored::decode(it).ok()?)?)));
                acts.push((commit.first_version, last, events.collect()));
            }
            ControlFlow::Continue(())
        })?;
        Ok((last, acts))
    }
}

pub(super) fn room_event(event: domain::Event) -> Option<room::Event> {
    if let domain::Event::Room(event) = event { Some(event) } else { None }
}

pub(super) fn person_event(event: domain::Event) -> Option<person::Event> {
    if let domain::Event::Person(event) = event { Some(event) } else { None }
}

/// Whether nothing is left of an act.
pub(super) fn done_with<T>(taken: Result<T, undo::Irreversible>) -> bool {
    !matches!(taken, Ok(_) | Err(undo::Irreversible::Resting { .. }))
}

/// A refusal about a room or a person; `undo` is the command that names it.
fn elsewhere(why: &undo::Irreversible, undo: &str, whose: Wording) -> Refusal {
    let refusal = Refusal::not_taken_back;
    match why {
        undo::Irreversible::NoSuchVersion { version } => {
            refusal(wording!("undo-no-version-of", whose, version = version.to_string()))
        }
        undo::Irreversible::Nothing => refusal(why.wording()),
        undo::Irreversible::TakenBack { by } => refusal(why.wording()).hints([format!("{undo}@{by}")]),
        undo::Irreversible::Resting { by } => {
            refusal(wording!("undo-resting-first", why = why.wording())).hints([format!("{undo}@{by}")])
        }
    }
}

/// What the reversal of an act about a room or a person takes back.
pub(super) fn takes_elsewhere(event: &StoredEvent) -> Vec<Version> {
    match stored::decode(event) {
        Ok(domain::Event::Room(room::Event::Reversed(it))) => it.takes,
        Ok(domain::Event::Person(person::Event::Reversed(it))) => it.takes,
        _ => Vec::new(),
    }
}
