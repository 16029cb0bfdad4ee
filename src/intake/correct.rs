//! An edited message: what it made is brought in line with what it says now, by further events. Only what differs is
//! changed, and what was refused before is tried as it stands now.

use std::ops::ControlFlow;

use yoman_chat::{BotName, Inbound};

use super::{Failure, Intake, Refusal, Speaker, pieces::Piece};
use crate::{
    command::{self, Command, Said, Target},
    domain::{
        Bucket, Handle, ItemRef,
        item::{Act, Draft},
    },
    lang::wording,
    log::{CommandId, Commit},
};

/// The most pieces of an edited message that are looked at.
const PIECES_MAX: usize = 20;

impl Intake {
    /// What an edit comes to; `None`: nothing that matters was changed.
    pub(super) fn correction(
        &self,
        _bot: &BotName,
        inbound: &Inbound,
        text: &str,
        context: &command::Context,
        speaker: &Speaker,
    ) -> Result<Option<Vec<Piece>>, Failure> {
        // `<bot>/<chat>/<message>/e<when>`: what stands before is the id the message came with.
        let Some((original, _)) = inbound.id.rsplit_once("/e") else { return Ok(None) };
        let mut pieces = Vec::new();
        for (n, text) in command::split(text, context).into_iter().take(PIECES_MAX).enumerate() {
            let made = CommandId::new(format!("{original}#{n}"));
            let own = CommandId::new(format!("{}#{n}", inbound.id));
            let commit = self.log.find_command(&made)?;
            // What was refused, or was only a look, takes the place it would have had: a later edit then finds what it made.
            let Some(commit) = commit.filter(|commit| commit.meta.correlation.as_str() != inbound.id) else {
                let command = self.anew(text, context, inbound);
                pieces.push(Piece { text: text.to_owned(), command, captured: false, id: Some(made) });
                continue;
            };
            let before = self.text_before(&commit, original, n, &own)?;
            // This very edit again, its answer lost, is answered again; an edit that changes nothing is not.
            let asked = asked_for(&before).filter(|_| !text.starts_with('/'));
            let same = before == text || asked.is_some_and(|(_, words)| words == text);
            if same && self.log.find_command(&own)?.is_none() {
                continue;
            }
            let writer = self.world.read(|world| world.person_of(&commit.meta.actor));
            let command = if writer == Some(speaker.person) {
                self.corrected(&commit, &before, text, context)
            } else {
                Err(Refusal::new(wording!("edit-not-yours")))
            };
            pieces.push(Piece { text: text.to_owned(), command, captured: false, id: Some(own) });
        }
        Ok((!pieces.is_empty()).then_some(pieces))
    }

    /// What the message said before this edit: its newest accepted edit, else what it said at first.
    fn text_before(&self, made: &Commit, original: &str, n: usize, own: &CommandId) -> Result<String, Failure> {
        let (edits, piece) = (format!("{original}/e"), format!("#{n}"));
        let mut text = made.meta.text.clone();
        self.log.read_stream(&made.stream, made.last_version() + 1, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                let command = commit.meta.command.as_str();
                if command != own.as_str() && command.starts_with(&edits) && command.ends_with(&piece) {
                    text.clone_from(&commit.meta.text);
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(text)
    }

    /// What was refused, or was only a look, as it stands now.
    fn anew(&self, text: &str, context: &command::Context, inbound: &Inbound) -> Result<Command, Refusal> {
        match command::parse(text, context)? {
            Said::Command(command) => Ok(command),
            Said::Words(words) => self.capture(&words, context, inbound),
        }
    }

    /// The difference between what made a commit and what stands there now.
    fn corrected(
        &self,
        commit: &Commit,
        before: &str,
        text: &str,
        context: &command::Context,
    ) -> Result<Command, Refusal> {
        let Some(item) = ItemRef::of_stream(commit.stream.as_str()) else {
            // About a room or a person: what it says now is a command of its own.
            return match command::parse(text, context)? {
                Said::Command(command) => Ok(command),
                Said::Words(_) => Err(Refusal::new(wording!("edit-no-command"))),
            };
        };
        let target = Some(Target { item, version: None });
        if commit.first_version == 1 {
            let ((_, before), (bucket, draft)) = (drafted(before, context)?, drafted(text, context)?);
            if let Some(bucket) = bucket.filter(|bucket| *bucket != item.bucket) {
                let what = wording!("edit-other-bucket", item, bucket = bucket.word());
                return Err(Refusal::new(what).hints([format!("/show {item}")]));
            }
            return Ok(Command::Item { target, act: Act::Correct { draft, before } });
        }
        let said = command::parse_reply(text, Target { item, version: None }, context)?;
        // A file's caption is noted behind the file.
        let noted = commit.versioned().find(|(_, event)| matches!(&*event.name, "noted" | "finding_added"));
        if let Some((version, _)) = noted {
            let words = match said {
                Said::Words(words) => words,
                Said::Command(Command::Item { act: Act::Note { text } | Act::Finding { text }, .. }) => text,
                Said::Command(command) => return Ok(command),
            };
            return Ok(Command::Item { target, act: Act::CorrectText { version, text: words } });
        }
        match said {
            Said::Command(command) => Ok(command),
            Said::Words(words) => {
                if let Some((command, _)) = asked_for(before)
                    && let Ok(Said::Command(command)) = command::parse(&format!("{command} {words}"), context)
                {
                    return Ok(command);
                }
                Err(Refusal::new(wording!("edit-no-command-on", item)))
            }
        }
    }

    /// The commits of an item in order: all of them, or the first and the newest, `most` in all; and between them those of its
    /// reminders.
    pub(super) fn commits_of(&self, item: ItemRef, most: usize) -> Result<Vec<std::sync::Arc<Commit>>, Failure> {
        let mut commits = std::collections::VecDeque::new();
        self.log.read_stream(&crate::log::StreamId::new(item.stream()), 1, &mut |entry| {
            if let crate::log::Entry::Commit(commit) = entry {
                if commits.len() == most {
                    // How it began is worth more than any step on the way.
                    commits.remove(1);
                }
                commits.push_back(commit);
            }
            ControlFlow::Continue(())
        })?;
        let mut commits: Vec<_> = commits.into();
        if !commits.is_empty() {
            commits.extend(self.reminder_commits(item, most / 5)?);
            commits.sort_by_key(|commit| commit.position);
        }
        Ok(commits)
    }
}

/// `/refine I1 Only reading` to `/refine I1` and `Only reading`: a sentence that answered a question is kept with its question.
fn asked_for(text: &str) -> Option<(&str, &str)> {
    let (verb, rest) = text.split_once(' ').filter(|(verb, _)| verb.starts_with('/'))?;
    let (item, words) = rest.split_once(' ')?;
    item.parse::<ItemRef>().ok()?;
    Some((&text[..verb.len() + 1 + item.len()], words))
}

/// What a text that creates an item wants, and in which bucket unless it is a bare sentence.
fn drafted(text: &str, context: &command::Context) -> Result<(Option<Bucket>, Draft<Handle>), Refusal> {
    match command::parse(text, context)? {
        Said::Command(Command::Create { bucket, draft }) => Ok((Some(bucket), draft)),
        Said::Command(_) => Err(Refusal::new(wording!("edit-something-else"))),
        Said::Words(words) => Ok((None, command::draft(&words, context)?)),
    }
}
