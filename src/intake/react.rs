//! Reactions to cards: what one means here is done as if its button had been pressed on the card as it stands; taken away
//! again, it is taken back, as long as nothing came after it. The card says what became of it, nobody else is told.
//!
//! People react to many things for many reasons. So whatever means nothing here is passed over in silence: other messages,
//! other emojis, strangers, and agreement with what is the case already.

use std::{ops::ControlFlow, sync::Arc};

use yoman_chat::{Inbound, MessageRef, RoomKind, Said};

use super::{Failure, Intake, Lane, Refusal, Reply, Speaker, carry_out::Spoken};
use crate::{
    command::{Command, Target},
    domain::{
        Handle, ItemRef, Role,
        item::Act,
        room::{Emoji, ReactionVerb},
        undo::{Back, Of},
    },
    lang::{self, text},
    log::{Commit, Entry, StreamId},
    notify::Answer,
    projection::Viewer,
};

/// How far back an act of a reaction is looked for, in versions of its item.
const LOOK_BACK: u64 = 200;

/// What a reaction would come to.
pub(super) struct Meant {
    /// The version the card shows.
    pub(super) seen: Option<u64>,
    /// It would change something as things are now.
    pub(super) matters: bool,
}

impl Intake {
    /// Where a platform does not say in which thread a message stands, a reaction to it belongs to the room it was sent to:
    /// that is the order it has to be heard in.
    pub(super) fn in_its_thread(&self, mut inbound: Inbound) -> Inbound {
        if let Said::Reacted { message, .. } = &mut inbound.said
            && let Some((at, ..)) = self.outbox.card_at(message)
        {
            inbound.room.id = at.room.clone();
            *message = at;
        }
        inbound
    }

    /// What a reaction comes to.
    pub(super) async fn reacted(
        &self,
        inbound: &Inbound,
        (message, emoji, added): (&MessageRef, &str, bool),
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Reply, Failure> {
        let Some(emoji) = Emoji::read(emoji).filter(|_| speaker.role >= Role::Member) else {
            return Ok(Reply::silence());
        };
        let Some((_, item, version)) = self.outbox.card_at(message) else { return Ok(Reply::silence()) };
        let version = lane.seen.take().or(version);
        let group = inbound.room.kind == RoomKind::Group;
        let Some(viewer) = self.viewer(&inbound.room.id, (!group).then_some(speaker.person)) else {
            return Err(Failure::Again(format!("the bot {} is not set up", inbound.room.id.bot())));
        };
        let done = if added {
            let verb = self.world.read(|world| world.reactions_in(inbound.room.id.as_str()).verb(&emoji, !group));
            match (verb, version) {
                (Some(verb), Some(version)) => {
                    let target = Target { item, version: Some(version) };
                    self.react_with((&emoji, verb), target, inbound, speaker, lane, &viewer).await
                }
                _ => return Ok(Reply::silence()),
            }
        } else {
            self.take_away(&emoji, item, inbound, speaker, lane, &viewer).await
        };
        let answer = match done {
            // The card changes in place: that is the answer.
            Ok(answer) if viewer.capabilities.edits => {
                return Ok(Reply { changed: answer.is_some(), ..Reply::silence() });
            }
            Ok(None) => return Ok(Reply::silence()),
            Ok(Some(answer)) => answer,
            Err(Failure::Refused(refusal)) => {
                let answer =
                    Answer::new(refusal.message(&self.reader(inbound), viewer.capabilities.button_data_bytes_max));
                let mut answer = self.privately(answer, inbound);
                answer.message.reply_to = Some(message.clone());
                answer
            }
            Err(again) => return Err(again),
        };
        Ok(Reply { answers: vec![answer], changed: true, toast: None })
    }

    /// What a reaction would come to, before anything is done; `None`: nothing at all, whatever happens first.
    pub(super) fn reaction_means(
        &self,
        inbound: &Inbound,
        (message, emoji, added): (&MessageRef, &str, bool),
        speaker: &Speaker,
    ) -> Option<Meant> {
        let emoji = Emoji::read(emoji).filter(|_| speaker.role >= Role::Member)?;
        let (_, item, seen) = self.outbox.card_at(message)?;
        if added {
            let direct = inbound.room.kind != RoomKind::Group;
            let so = self.world.read(|world| {
                let verb = world.reactions_in(inbound.room.id.as_str()).verb(&emoji, direct)?;
                Some(world.item(item).is_some_and(|known| verb.is_so(&known.item, speaker.person)))
            })?;
            return seen.map(|_| Meant { seen, matters: !so });
        }
        let spoken = self.spoken(0, "", inbound, speaker);
        let matters = matches!(self.act_of_reaction(&emoji, item, &spoken), Ok(Some(_)));
        Some(Meant { seen: None, matters })
    }

    /// Does what a reaction means. `None`: it is so already.
    async fn react_with(
        &self,
        (emoji, verb): (&Emoji, ReactionVerb),
        target: Target,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
        viewer: &Viewer,
    ) -> Result<Option<Answer>, Failure> {
        let Ok(me) = Handle::new("me") else { return Ok(None) };
        let act: Act<Handle> = verb.act(me);
        let text = format!("{emoji} {} {}", verb.word(), target.item);
        let spoken = self.spoken(0, &text, inbound, speaker);
        let again = self.log.find_command(&spoken.command)?.is_some();
        let so = self.world.read(|world| {
            world
                .item(target.item)
                .is_some_and(|seen| seen.item.withdrawn.is_none() && verb.is_so(&seen.item, speaker.person))
        });
        if so && !again {
            return Ok(None);
        }
        let command = Command::Item { target: Some(target), act };
        let commits = self.carry_out(&spoken, speaker, &command).await?;
        let Some(last) = commits.last() else { return Err(Failure::Again("nothing was appended".into())) };
        lane.newest = lane.newest.max(last.position);
        self.world.at_least(last.position).await;
        Ok(Some(Answer::new(self.world.read(|world| world.answer(&command, &commits, false, viewer)))))
    }

    /// Takes back what a reaction did, when it was the last that happened to the item. `None`: it did nothing, or nothing of
    /// that is left.
    async fn take_away(
        &self,
        emoji: &Emoji,
        item: ItemRef,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
        viewer: &Viewer,
    ) -> Result<Option<Answer>, Failure> {
        let spoken = self.spoken(0, &format!("{emoji} taken away"), inbound, speaker);
        let Some((act, last)) = self.act_of_reaction(emoji, item, &spoken)? else { return Ok(None) };
        let first = act.first_version;
        if !self.is_left(item, first)? {
            return Ok(None);
        }
        if last > act.last_version() {
            let undo = lang::code(format!("/undo {item}@{first}"));
            let emoji = emoji.as_str();
            let what = text!(viewer.lang, "reactions-later", item, emoji, undo);
            return Err(Refusal::new(what).hints([format!("/history {item}")]).into());
        }
        let acts = [Back { of: Of::Item { item, version: Some(first) }, parts: Vec::new() }];
        let group = inbound.room.kind == RoomKind::Group;
        let undone = self.undo(&spoken, speaker, &acts, viewer, group).await?;
        Ok(Some(self.undo_shown(&undone, false, lane, viewer).await))
    }

    /// The newest thing somebody did to an item with this reaction to this message, and the newest version of the item.
    fn act_of_reaction(
        &self,
        emoji: &Emoji,
        item: ItemRef,
        spoken: &Spoken,
    ) -> Result<Option<(Arc<Commit>, u64)>, Failure> {
        let newest = self.world.read(|world| world.item(item).map_or(0, |seen| seen.item.version));
        let (mut found, mut last) = (None, 0);
        let typed = format!("{emoji} ");
        let from = newest.saturating_sub(LOOK_BACK).max(1);
        self.log.read_stream(&StreamId::new(item.stream()), from, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            last = commit.last_version();
            let (meta, own) = (&commit.meta, &spoken.origin);
            let same =
                meta.actor == spoken.actor && (&meta.origin.room, &meta.origin.message) == (&own.room, &own.message);
            let reversal = commit.events.iter().all(|event| &*event.name == "reversed");
            if same && !reversal && meta.text.starts_with(&typed) {
                found = Some(commit);
            }
            ControlFlow::Continue(())
        })?;
        Ok(found.map(|commit| (commit, last)))
    }
}
