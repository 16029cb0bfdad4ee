//! Reminders: those that are due, for the process manager; those somebody asks for.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    Failure, Intake, Refusal, Speaker,
    carry_out::{Spoken, which_item},
};
use yoman_chat::RoomId;

use crate::{
    command::RemindCommand,
    domain::{
        self, ItemRef,
        reminder::{self, Reminders},
        stored,
    },
    lang::text,
    log::{AppendError, CommandId, Commit, Entry, Expected, Origin, ReadError, StreamId},
    projection::Reminder,
    workflow,
};

/// How often a command is decided anew when something else was faster.
const TRIES_MAX: usize = 4;

impl Intake {
    /// Gives a reminder, unless it was given or something happened that makes it pointless. It is routed like anything else
    /// that is in the log.
    ///
    /// # Errors
    /// Why it could not be done; it is to be tried again.
    pub async fn remind(&self, of: &Reminder) -> Result<(), String> {
        if let Some(why) = self.log.away() {
            return Err(why);
        }
        let _lane = self.reactions.lock().await;
        let command = workflow::reminder::command(of);
        if self.log.find_command(&command).map_err(|error| error.to_string())?.is_some() {
            return Ok(());
        }
        self.world.at_least(self.log.head().position).await;
        if !self.world.read(|world| world.is_to_be_given(of)) {
            return Ok(());
        }
        let version = self.reminders_of(of.item).map_err(|error| error.to_string())?.version;
        let spoken = Spoken {
            actor: workflow::reminder::NAME.to_owned(),
            ..Spoken::by_process(CommandId::new(command.as_str()), command.as_str(), Origin::default())
        };
        let events = vec![domain::Event::Reminder(workflow::reminder::event(of))];
        let stream = StreamId::new(reminder::stream(of.item));
        match self.append(stream, Expected::of(version), events, &spoken, None).await {
            Ok(appended) => {
                // Else it would look due at the next look.
                self.world.at_least(appended.commit.position).await;
                Ok(())
            }
            // Somebody asked for one at this moment; what is due is looked at again.
            Err(AppendError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// `/remind T7 …`
    pub(super) async fn about_reminders(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        command: &RemindCommand,
    ) -> Result<Arc<Commit>, Failure> {
        let (target, command) = match command {
            RemindCommand::Ask { target, at, words } => {
                (target.ok_or_else(which_item)?, reminder::Command::Ask { at: *at, words: words.clone() })
            }
            RemindCommand::Drop { target } => (*target, reminder::Command::Drop),
        };
        let item = target.item;
        let room = RoomId::new(spoken.origin.room.clone());
        let lang = self.lang_of(&room);
        self.recall_item(item)?;
        match self.world.read(|world| world.item(item).map(|seen| seen.item.is_closed())) {
            None => return Err(self.no_such_item(item).into()),
            Some(true) => {
                return Err(Refusal::new(text!(lang, "remind-no-closed", item = item))
                    .hints([format!("/show {item}")])
                    .into());
            }
            Some(false) => {}
        }
        let mut tries = 0;
        loop {
            let state = self.reminders_of(item)?;
            let event = state
                .decide(speaker.person, &command, self.settings.clock.now())
                .map_err(|error| self.no_reminder(&error, item, &room))?;
            let stream = StreamId::new(reminder::stream(item));
            let events = vec![domain::Event::Reminder(event)];
            match self.append(stream, Expected::of(state.version), events, spoken, None).await {
                Err(AppendError::Conflict { .. }) if tries < TRIES_MAX => tries += 1,
                other => return Ok(other?.commit),
            }
        }
    }

    fn no_reminder(&self, why: &reminder::Error, item: ItemRef, room: &RoomId) -> Refusal {
        let lang = self.lang_of(room);
        let what = match why {
            reminder::Error::Over { at } => {
                let at = at.with_timezone(&self.time_zone(room));
                text!(lang, "remind-no-over", when = at.format("%Y-%m-%d %H:%M").to_string())
            }
            reminder::Error::Same => text!(lang, "remind-no-same", item = item),
            reminder::Error::TooMany => text!(lang, "remind-no-more", item = item, n = reminder::ASKED_MAX),
            reminder::Error::TooLong(_) => text!(lang, "remind-no-long", n = reminder::WORDS_CHARS_MAX),
            reminder::Error::NothingAsked => text!(lang, "remind-no-asked", item = item),
        };
        Refusal::new(what).hints(["/remind"])
    }

    /// The reminders of an item, from the log.
    fn reminders_of(&self, item: ItemRef) -> Result<Reminders, ReadError> {
        let mut reminders = Reminders::default();
        self.log.read_stream(&StreamId::new(reminder::stream(item)), 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                for (version, event) in commit.versioned() {
                    reminders.version = version;
                    if let Ok(domain::Event::Reminder(event)) = stored::decode(event) {
                        reminders.evolve(version, &event, commit.meta.recorded_at);
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(reminders)
    }

    /// The newest commits of an item's reminders, in order; `most` of them.
    pub(super) fn reminder_commits(&self, item: ItemRef, most: usize) -> Result<Vec<Arc<Commit>>, ReadError> {
        let mut commits = std::collections::VecDeque::new();
        self.log.read_stream(&StreamId::new(reminder::stream(item)), 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                if commits.len() == most {
                    commits.pop_front();
                }
                commits.push_back(commit);
            }
            ControlFlow::Continue(())
        })?;
        Ok(commits.into())
    }
}
