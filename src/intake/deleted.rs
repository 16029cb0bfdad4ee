//! A deleted message: what it did is taken back, as if its writer had said so.

use yoman_chat::{Inbound, MessageRef};

use super::{Failure, Intake, Lane, Refusal, Reply, Speaker, hear::PIECES_MAX};
use crate::{
    domain::{
        Handle, ItemRef, Role, room,
        undo::{Back, Of},
    },
    lang::wording,
    log::{CommandId, Entry},
    notify::Answer,
};

impl Intake {
    /// Takes back what a message did; silence when it did nothing, or nothing of it is left.
    pub(super) async fn deleted(
        &self,
        inbound: &Inbound,
        message: &MessageRef,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Reply, Failure> {
        let spoken = self.spoken(0, "", inbound, speaker);
        // Delivered again: the same answer.
        let again = self.log.find_command(&spoken.command)?.is_some();
        let acts = self.acts_of_message(message, &speaker.person.stream(), again)?;
        if acts.is_empty() {
            return Ok(Reply::silence());
        }
        self.may(speaker, Role::Member, wording!("deleted-deed"))?;
        let group = inbound.room.kind == yoman_chat::RoomKind::Group;
        let Some(viewer) = self.viewer(&inbound.room.id, (!group).then_some(speaker.person)) else {
            return Err(Failure::Again(format!("the bot {} is not set up", inbound.room.id.bot())));
        };
        match self.undo(&spoken, speaker, &acts, &viewer, group).await {
            Ok(undone) => {
                let answer = self.undo_shown(&undone, true, lane, &viewer).await;
                Ok(Reply { answers: vec![answer], changed: true, toast: None })
            }
            Err(Failure::Refused(refusal)) => {
                let most = self.capabilities(inbound.room.id.bot()).map_or(64, |can| can.button_data_bytes_max);
                let what = wording!("deleted-stays").plain(" ").then(refusal.what);
                let message = Refusal::new(what).hints(refusal.hints).message(&self.reader(inbound), most);
                Ok(Reply { answers: vec![Answer::new(message)], ..Reply::default() })
            }
            Err(again) => Err(again),
        }
    }

    /// Whether deleting this message takes something back, as far as the log is known.
    pub(super) fn undoes(&self, message: &MessageRef, speaker: &Speaker) -> bool {
        self.acts_of_message(message, &speaker.person.stream(), false).is_ok_and(|acts| !acts.is_empty())
    }

    /// The acts a message and its edits did, as far as they can be taken back together: those on items, or else the one
    /// about the room.
    fn acts_of_message(&self, message: &MessageRef, writer: &str, again: bool) -> Result<Vec<Back<Handle>>, Failure> {
        let original = format!("{}/{}", message.room, message.id);
        let (mut items, mut others): (Vec<Of<Handle>>, Vec<Of<Handle>>) = (Vec::new(), Vec::new());
        for n in 0..PIECES_MAX {
            let made = CommandId::new(format!("{original}#{n}"));
            let Some(commit) = self.log.find_command(&made)? else { continue };
            if commit.meta.actor != writer || commit.events.iter().all(|event| event.name.ends_with("reversed")) {
                continue;
            }
            let Some(item) = ItemRef::of_stream(commit.stream.as_str()) else {
                if room::of_stream(commit.stream.as_str()) == Some(message.room.as_str()) {
                    others.push(Of::Room { version: Some(commit.first_version) });
                }
                continue;
            };
            // The edits of the message, and the files that came with it.
            let (edits, piece, beside) = (format!("{original}/e"), format!("#{n}"), format!("{made}/"));
            let mut own_commits = vec![commit.first_version];
            self.log.read_stream(&commit.stream, commit.last_version() + 1, &mut |entry| {
                if let Entry::Commit(later) = entry {
                    let command = later.meta.command.as_str();
                    let edit = command.starts_with(&edits) && command.ends_with(&piece);
                    if edit || command.starts_with(&beside) {
                        own_commits.push(later.first_version);
                    }
                }
                std::ops::ControlFlow::Continue(())
            })?;
            for first in own_commits {
                if again || self.is_left(item, first)? {
                    items.push(Of::Item { item, version: Some(first) });
                }
            }
        }
        let acts = if items.is_empty() { others.into_iter().rev().take(1).collect() } else { items };
        Ok(acts.into_iter().map(|of| Back { of, parts: Vec::new() }).collect())
    }
}
