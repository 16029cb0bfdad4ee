//! A message, an edit or a press to pieces with their commands; each piece is answered.

use std::sync::Arc;

use yoman_chat::{BotName, Capabilities, Inbound, MessageRef, Outbound, RoomKind, Said, Style};

use super::{
    Failure, Intake, Lane, Refusal, Reply, Speaker,
    carry_out::Spoken,
    people::origin,
    pieces::{Heard, Piece},
};
use crate::{
    command::{self, Command, Look, Target},
    domain::{
        ItemRef, Role,
        item::{self, Act},
        room,
    },
    lang::{Wording, wording},
    log::{CommandId, Commit},
    notify::{Anew, Answer},
    projection::Viewer,
};

/// The most commands in one message.
pub(super) const PIECES_MAX: usize = 20;

impl Intake {
    /// What an admitted inbound comes to.
    pub(super) async fn hear(
        &self,
        bot: &BotName,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Reply, Failure> {
        match &inbound.said {
            Said::Deleted { message } => return self.deleted(inbound, message, speaker, lane).await,
            Said::Reacted { message, emoji, added } => {
                return self.reacted(inbound, (message, emoji, *added), speaker, lane).await;
            }
            Said::Message { .. } | Said::Edited { .. } | Said::Pressed { .. } => {}
        }
        let pieces = match self.pieces(bot, inbound, speaker, lane)? {
            Heard::Pieces(pieces) => pieces,
            Heard::Answered(reply) => return Ok(reply),
        };
        let mut reply = Reply::silence();
        let count = pieces.len();
        for (n, piece) in pieces.into_iter().enumerate() {
            let before = lane.newest;
            let answered = match &piece.command {
                Ok(Command::Rebuild(what)) => {
                    let answers = self.rebuild((n, &piece.text), what, inbound, speaker, lane).await;
                    answers.map(|answers| (answers, None))
                }
                Ok(Command::Room(room::Command::PinBoard { .. })) => {
                    let answered = self.answer(n, piece, inbound, speaker, lane).await;
                    answered.map(|(answer, toast)| (vec![answer, Answer::board(Anew::Pin)], toast))
                }
                _ => self.answer(n, piece, inbound, speaker, lane).await.map(|(answer, toast)| (vec![answer], toast)),
            };
            match answered {
                Ok((answers, toast)) => {
                    reply.changed |= lane.newest > before;
                    reply.answers.extend(answers);
                    reply.toast = reply.toast.or(toast);
                }
                Err(Failure::Refused(mut refusal)) => {
                    let reader = self.reader(inbound);
                    reply.toast = Some(refusal.line(&reader));
                    if let Said::Pressed { words: Some(words), .. } = &inbound.said
                        && !words.trim().is_empty()
                    {
                        // A form is closed by then, and nowhere else does it stand.
                        refusal.what = refusal.what.plain("\n").then(wording!("refused-you-wrote")).plain("\n");
                        refusal.what = refusal.what.styled(Style::Quote, words.trim());
                    }
                    let most = self.capabilities(bot.as_str()).map_or(64, |can| can.button_data_bytes_max);
                    reply.answers.push(self.privately(Answer::new(refusal.message(&reader, most)), inbound));
                }
                Err(again) => return Err(again),
            }
        }
        if inbound.room.kind == RoomKind::Group || count > 1 || viewer_is_local(self, bot) {
            let message = match &inbound.said {
                Said::Message { message, .. } => Some(message.clone()),
                _ => None,
            };
            for answer in reply.answers.iter_mut().filter(|it| it.over.is_none() && !it.message.silent) {
                answer.message.reply_to.clone_from(&message);
            }
        }
        Ok(reply)
    }

    /// Carries out one piece and says what came of it.
    async fn answer(
        &self,
        n: usize,
        piece: Piece,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failure> {
        if let Ok(Command::Confirm { code, yes, again }) = &piece.command {
            return self.confirmed(n, (code, *yes, again), inbound, speaker, lane).await;
        }
        self.carry_through(n, piece, false, inbound, speaker, lane).await
    }

    /// The same; `confirmed`: what needs a question was asked and is meant.
    pub(super) async fn carry_through(
        &self,
        n: usize,
        piece: Piece,
        confirmed: bool,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failure> {
        let command = self.with_files(piece.command?, inbound, n);
        if let Some(role) = command.role() {
            // What a group is set to concerns everybody in it.
            let group_setting =
                inbound.room.kind == RoomKind::Group && matches!(&command, Command::Room(it) if concerns_everybody(it));
            let role = if group_setting { role.max(Role::Maintainer) } else { role };
            self.may(speaker, role, verb_of(&piece.text, self.capabilities(inbound.room.id.bot())))?;
        }
        if inbound.room.kind == RoomKind::Direct
            && let Command::Room(room::Command::Enable { .. } | room::Command::Disable) = command
        {
            return Err(Refusal::new(wording!("refused-groups-only")).into());
        }
        let room = &inbound.room.id;
        let Some(viewer) = self.viewer(room, (inbound.room.kind == RoomKind::Direct).then_some(speaker.person)) else {
            return Err(Failure::Again(format!("the bot {} is not set up", room.bot())));
        };
        if let Command::Look(look) = &command {
            let answer = match look {
                Look::Reports => Answer::new(self.list_reports(viewer.lang).await),
                Look::Report { name, words, at } => self.report(&inbound.id, n, (name, words, *at), &viewer).await?,
                Look::Why { target, at, picture: true } => self.why_picture((*target, *at), speaker, &viewer).await?,
                Look::Stats { filter, from, to, picture: true } => {
                    self.stats_picture(filter, (*from, *to), speaker, &viewer).await?
                }
                look if look.is_private() && self.can_be_private(inbound) => {
                    let own = Viewer { person: Some(speaker.person), ..viewer.clone() };
                    self.privately(self.look(look, speaker, &own).await?, inbound)
                }
                look => self.look(look, speaker, &viewer).await?,
            };
            let answer = self.dated(answer, look, &viewer);
            if let Some(over) = self.in_place(&piece.text, inbound) {
                // That it changes says more than a toast.
                return Ok((Answer { over: Some(over), card: None, ..answer }, None));
            }
            let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| first_line(&answer.message));
            return Ok((answer, toast));
        }
        let group = inbound.room.kind == RoomKind::Group;
        if !confirmed && let Some(question) = self.question(&command, speaker, group, &viewer).await? {
            let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| first_line(&question.message));
            return Ok((question, toast));
        }
        if let Some(answer) = self.about_links(&command, inbound, speaker).await? {
            let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| first_line(&answer.message));
            return Ok((answer, toast));
        }
        let mut spoken = self.spoken(n, &piece.text, inbound, speaker);
        if let Some(id) = piece.id {
            spoken.command = id;
        }
        if let Command::Undo { acts } = &command {
            let undone = self.undo(&spoken, speaker, acts, &viewer, group).await?;
            let answer = self.undo_shown(&undone, false, lane, &viewer).await;
            let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| first_line(&answer.message));
            return Ok((answer, toast));
        }
        let mut commits = self.carry_out(&spoken, speaker, &command).await?;
        commits.extend(self.files_beside(&command, &spoken, speaker).await?);
        let Some(last) = commits.last() else { return Err(Failure::Again("nothing was appended".into())) };
        lane.newest = lane.newest.max(last.position);
        self.world.at_least(last.position).await;
        // It may just have been set.
        let viewer = Viewer { lang: self.lang_of(room), ..viewer };
        let (message, card) = self.world.read(|world| {
            let mut message = world.answer(&command, &commits, piece.captured, &viewer);
            let card = card_of(world, &commits);
            message.accent = card.and_then(|(item, _)| world.accent(item, &viewer));
            (message, card)
        });
        let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| first_line(&message));
        Ok((Answer { card, ..Answer::new(message) }, toast))
    }

    /// The message under a button that leads to another page, or another moment, of the very thing it shows: it becomes
    /// what the button leads to.
    fn in_place(&self, text: &str, inbound: &Inbound) -> Option<MessageRef> {
        let Said::Pressed { card, .. } = &inbound.said else { return None };
        let turns = text.split(' ').any(|word| word == "at" || word.starts_with("page:"));
        let edits = self.capabilities(inbound.room.id.bot()).is_some_and(|can| can.edits);
        let kept = self.outbox.item_of(card).is_some() || self.outbox.is_board(card);
        (turns && edits && !kept).then(|| card.clone())
    }

    /// An answer that only whoever asked shall see, where others are in the room and the platform can do that. It is nobody's
    /// card then: the room has not seen it.
    pub(super) fn privately(&self, mut answer: Answer, inbound: &Inbound) -> Answer {
        if self.can_be_private(inbound) {
            answer.message.only_for = Some(inbound.sender.id.clone());
            answer.message.accent = None;
            answer.card = None;
        }
        answer
    }

    fn can_be_private(&self, inbound: &Inbound) -> bool {
        let can = self.capabilities(inbound.room.id.bot()).is_some_and(|can| can.private_answers);
        can && inbound.room.kind == RoomKind::Group
    }

    /// Files go with the first piece of a message.
    fn with_files(&self, command: Command, inbound: &Inbound, n: usize) -> Command {
        let files = attachments(inbound);
        if n > 0 || files.is_empty() {
            return command;
        }
        match command {
            Command::Item { target, act: Act::Note { text } | Act::Finding { text } } => {
                Command::Item { target, act: Act::Attach { attachments: files, text } }
            }
            other => other,
        }
    }

    /// Files that came with a command which has no place for them ("done", and a picture of it) go on its item all the same.
    async fn files_beside(
        &self,
        command: &Command,
        spoken: &Spoken,
        speaker: &Speaker,
    ) -> Result<Vec<Arc<Commit>>, Failure> {
        let Command::Item { target: Some(target), act } = command else { return Ok(Vec::new()) };
        if spoken.attachments.is_empty() || matches!(act, Act::Attach { .. }) {
            return Ok(Vec::new());
        }
        let target = Some(Target { item: target.item, version: None });
        let act = Act::Attach { attachments: spoken.attachments.clone(), text: String::new() };
        self.carry_out(&spoken.further("files"), speaker, &Command::Item { target, act }).await
    }

    pub(super) fn spoken(&self, n: usize, text: &str, inbound: &Inbound, speaker: &Speaker) -> Spoken {
        let mentions = match &inbound.said {
            Said::Message { mentions, .. } | Said::Edited { mentions, .. } => mentions.clone(),
            Said::Pressed { .. } | Said::Deleted { .. } | Said::Reacted { .. } => Vec::new(),
        };
        Spoken {
            command: CommandId::new(format!("{}#{n}", inbound.id)),
            correlation: CommandId::new(inbound.id.as_str()),
            text: text.to_owned(),
            actor: speaker.person.stream(),
            origin: origin(inbound),
            mentions,
            room_title: inbound.room.title.clone().unwrap_or_default(),
            sender: inbound.sender.id.as_str().to_owned(),
            attachments: if n == 0 { attachments(inbound) } else { Vec::new() },
        }
    }
}

/// On the machine itself a script waits for the answer to its line: each answer says which line it is for.
fn viewer_is_local(intake: &Intake, bot: &BotName) -> bool {
    intake.capabilities(bot.as_str()).is_some_and(|can| can.local)
}

/// What a group is set to, and what stands pinned there.
fn concerns_everybody(command: &room::Command<crate::domain::Handle>) -> bool {
    matches!(
        command,
        room::Command::Set(_)
            | room::Command::Quiet { .. }
            | room::Command::React { .. }
            | room::Command::ReactOff
            | room::Command::PinBoard { .. }
            | room::Command::UnpinBoard
    )
}

pub(super) fn attachments(inbound: &Inbound) -> Vec<item::Attachment> {
    let Said::Message { attachments, .. } = &inbound.said else { return Vec::new() };
    attachments
        .iter()
        .map(|file| item::Attachment {
            bot: inbound.room.id.bot().to_owned(),
            kind: format!("{:?}", file.kind).to_lowercase(),
            file_id: file.file_id.clone(),
            name: file.name.clone(),
            bytes: file.bytes,
        })
        .collect()
}

/// The item whose card an answer is: the newest one the command touched.
fn card_of(world: &crate::projection::World, commits: &[Arc<Commit>]) -> Option<(ItemRef, u64)> {
    let item = ItemRef::of_stream(commits.last()?.stream.as_str())?;
    world.item(item).map(|seen| (item, seen.item.version))
}

/// The verb as typed, for a refusal; `that` for a sentence.
fn verb_of(text: &str, can: Option<&Capabilities>) -> Wording {
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_verb = |verb: &command::Verb| verb.word == word || verb.korean().contains(&word);
    let bare = can.is_some_and(|can| can.bare_verbs) && command::verbs().iter().any(is_verb);
    if bare || word.starts_with('/') {
        word.chars().take(40).collect::<String>().into()
    } else {
        wording!("refused-that")
    }
}

pub(super) fn first_line(message: &Outbound) -> String {
    message.text.to_plain().lines().next().unwrap_or_default().chars().take(190).collect()
}
