//! A message, an edit or a press to pieces with their commands; each piece is answered.

use std::{sync::Arc, time::Instant};

use yoman_chat::{BotName, Capabilities, Inbound, Mention, MessageRef, Outbound, ReplyTo, RoomKind, Said, Style, Text};

use super::{Failure, Intake, Lane, Refusal, Reply, Speaker, carry_out::Spoken, people::origin};
use crate::{
    command::{self, Command, Look, RemindCommand, Target},
    domain::{
        Bucket, Identity, ItemRef, PersonId, Role,
        item::{self, Act},
        room,
        undo::Of,
    },
    lang::{Lang, Wording, say, wording},
    log::{CommandId, Commit},
    notify::{Anew, Answer},
    projection::{self, Viewer},
};

/// How long a button's question waits for words.
const ASKED_FOR: std::time::Duration = std::time::Duration::from_secs(600);
/// The most commands in one message.
pub(super) const PIECES_MAX: usize = 20;

/// A button that needs words asked for them.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    person: PersonId,
    /// `/refine I1`
    command: String,
    since: Instant,
}

/// One piece of a message, parsed.
pub(super) struct Piece {
    /// As typed.
    pub(super) text: String,
    /// What it says.
    pub(super) command: Result<Command, Refusal>,
    /// A bare sentence that was captured.
    pub(super) captured: bool,
    /// What names it for ever; by its place in the message if nothing is said here.
    pub(super) id: Option<CommandId>,
}

impl Intake {
    /// What an admitted inbound comes to.
    pub(super) async fn hear(
        &self,
        bot: &BotName,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Reply, Failure> {
        let context = self.context(bot.as_str(), inbound);
        let pieces = match &inbound.said {
            Said::Message { text, reply_to, attachments, mentions, .. } => {
                let text = self.with_handles(text, mentions);
                if text.trim().is_empty() && attachments.is_empty() {
                    return Ok(Reply::silence());
                }
                let target = reply_to.as_ref().filter(|it| it.ours).and_then(|it| self.item_of_reply(it));
                let asked = self.asked(lane, reply_to.as_ref(), &text, speaker);
                let at_us = inbound.room.kind == RoomKind::Group && reply_to.as_ref().is_some_and(|it| it.ours);
                if at_us && target.is_none() && asked.is_none() && !text.trim_start().starts_with('/') {
                    // People in a group talk about a list or a refusal of ours with each other.
                    return Ok(Reply::silence());
                }
                if let Some(asked) = asked {
                    vec![self.piece(&asked, None, &context, inbound)]
                } else {
                    let more = command::split(&text, &context);
                    if more.len() > PIECES_MAX {
                        let n = more.len().to_string();
                        return Err(Refusal::new(wording!("refused-pieces", n, most = PIECES_MAX)).into());
                    }
                    let mut pieces: Vec<_> =
                        more.into_iter().map(|text| self.piece(text, target, &context, inbound)).collect();
                    if pieces.is_empty() {
                        // Files without a word.
                        pieces.push(self.files_alone(target, attachments.len(), inbound));
                    }
                    pieces
                }
            }
            Said::Edited { text, mentions, .. } => {
                let text = self.with_handles(text, mentions);
                match self.correction(bot, inbound, &text, &context, speaker)? {
                    Some(pieces) => pieces,
                    None => return Ok(Reply::silence()),
                }
            }
            Said::Deleted { message } => return self.deleted(inbound, message, speaker, lane).await,
            Said::Reacted { message, emoji, added } => {
                return self.reacted(inbound, (message, emoji, *added), speaker, lane).await;
            }
            Said::Pressed { data, words, .. } => {
                let data = &match words {
                    Some(words) => filled_in(data, words)?,
                    None => data.clone(),
                };
                if let Some(reply) = self.ask(data, &context, inbound, speaker, lane)? {
                    return Ok(reply);
                }
                vec![self.piece(data, None, &context, inbound)]
            }
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

    /// One piece of text to what it says.
    fn piece(&self, text: &str, target: Option<Target>, context: &command::Context, inbound: &Inbound) -> Piece {
        let said = match target {
            Some(target) => command::parse_reply(text, target, context),
            None => command::parse(text, context),
        };
        let (command, captured) = match said {
            Ok(command::Said::Command(command)) => (Ok(with_target(command, target)), false),
            Ok(command::Said::Words(words)) => match target {
                Some(target) => (Ok(Command::Item { target: Some(target), act: note(target, words) }), false),
                None => (self.capture(&words, context, inbound), true),
            },
            Err(fault) => (Err(fault.into()), false),
        };
        Piece { text: text.to_owned(), command, captured, id: None }
    }

    /// A bare sentence into the room's default bucket.
    pub(super) fn capture(
        &self,
        words: &str,
        context: &command::Context,
        inbound: &Inbound,
    ) -> Result<Command, Refusal> {
        let draft = command::draft(words, context)?;
        Ok(Command::Create { bucket: self.default_bucket(inbound), draft })
    }

    fn default_bucket(&self, inbound: &Inbound) -> Bucket {
        let set = self.world.read(|world| world.room(inbound.room.id.as_str()).default_bucket);
        set.unwrap_or(self.settings.default_bucket)
    }

    /// Files that came without a word: on the card they answer, or captured under their names.
    fn files_alone(&self, target: Option<Target>, count: usize, inbound: &Inbound) -> Piece {
        let files = attachments(inbound);
        let command = match target {
            Some(target) => {
                Command::Item { target: Some(target), act: Act::Attach { attachments: files, text: String::new() } }
            }
            None => {
                let names: Vec<_> =
                    files.iter().map(|file| file.name.clone().unwrap_or_else(|| format!("a {}", file.kind))).collect();
                let title = names.join(", ").chars().take(item::TITLE_CHARS_MAX).collect();
                let draft = item::Draft { title, ..item::Draft::default() };
                Command::Create { bucket: self.default_bucket(inbound), draft }
            }
        };
        Piece { text: format!("({count} attached)"), command: Ok(command), captured: target.is_none(), id: None }
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
                    let own = Viewer { person: Some(speaker.person), ..viewer };
                    self.privately(self.look(look, speaker, &own).await?, inbound)
                }
                look => self.look(look, speaker, &viewer).await?,
            };
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

    /// The item a card shows: known from what was sent, else from what the platform repeats of it.
    fn item_of_reply(&self, reply: &ReplyTo) -> Option<Target> {
        let known = self.outbox.item_of(&reply.message);
        let item = known.or_else(|| {
            let mut words = reply.text.as_deref()?.split_whitespace();
            let (first, arrow, second) = (words.next()?, words.next(), words.next());
            // `I1 -> R1 running` is the card of R1.
            let word = if arrow == Some("->") { second? } else { first };
            word.trim_start_matches('/').trim_end_matches(':').parse().ok()
        })?;
        Some(Target { item, version: None })
    }

    /// A person the platform resolved is written by handle: the grammar knows only handles, and `@kim` there may be another
    /// than `@kim` here.
    fn with_handles(&self, text: &str, mentions: &[Mention]) -> String {
        let mut text = text.to_owned();
        for mention in mentions.iter().filter(|mention| !mention.written.is_empty()) {
            let identity = Identity(mention.sender.as_str().to_owned());
            if let Some(handle) =
                self.world.read(|world| world.by_identity(&identity).map(|person| person.handle.to_string()))
            {
                text = replace_words(&text, &mention.written, &handle);
            }
        }
        text
    }

    /// A button whose command needs words: asks for them. The question itself says what to answer it with, so it works after a restart too.
    fn ask(
        &self,
        data: &str,
        context: &command::Context,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Option<Reply>, Refusal> {
        let Some((verb, item)) = data.trim_start_matches('/').split_once(' ') else { return Ok(None) };
        if projection::ask(data, crate::lang::Lang::English).is_none() || command::parse(data, context).is_ok() {
            return Ok(None);
        }
        let item: Option<ItemRef> = item.split('@').next().and_then(|item| item.parse().ok());
        let known = item.and_then(|item| {
            Some((item, self.world.read(|world| world.item(item).map(|seen| seen.item.title.clone()))?))
        });
        let Some((item, title)) = known else { return Ok(None) };
        // Before somebody writes what would be refused.
        self.may(speaker, Role::Member, format!("/{verb}"))?;
        lane.asked = Some(Asked { person: speaker.person, command: format!("/{verb} {item}"), since: Instant::now() });
        let lang = self.lang(inbound);
        let named = command::verbs().iter().find(|it| it.word == verb).map_or(verb, |it| it.word_in(lang));
        let mut text = Text::new();
        text.plain(format!("{named} "))
            .item(item)
            .plain(format!(": {}.\n   ", say!(lang, "asked-for-words")))
            .push(Style::Quote, title);
        Ok(Some(Reply { toast: Some(say!(lang, "asked-for-words-toast")), ..Reply::say(Outbound::text(text)) }))
    }

    /// The command that words complete, when a button asked for them.
    fn asked(&self, lane: &mut Lane, reply_to: Option<&ReplyTo>, text: &str, speaker: &Speaker) -> Option<String> {
        if text.starts_with('/') {
            lane.asked = None;
            return None;
        }
        let repeated = reply_to.filter(|it| it.ours).and_then(|it| {
            let text = it.text.as_deref()?;
            // The room may have been spoken to in another language then.
            let asked = |lang| text.split_once(&format!(": {}", say!(lang, "asked-for-words")));
            let (question, _) = Lang::ALL.into_iter().find_map(asked)?;
            let (verb, item) = question.split_once(' ')?;
            let item: ItemRef = item.trim_start_matches('/').parse().ok()?;
            Some(format!("/{verb} {item}"))
        });
        // Not every platform repeats what is answered; what answers one of our messages that is no card answers the question.
        let at_us = reply_to.is_none_or(|it| it.ours && self.item_of_reply(it).is_none());
        let waiting = lane
            .asked
            .take()
            .filter(|asked| at_us && asked.person == speaker.person && asked.since.elapsed() < ASKED_FOR);
        repeated.or(waiting.map(|asked| asked.command)).map(|command| format!("{command} {text}"))
    }
}

/// The command of a button with what was written into the form it opened. All of that is text, whatever it looks like:
/// neither an item nor a verdict at its beginning, nor a verb on a line of its own, means anything.
fn filled_in(data: &str, words: &str) -> Result<String, Refusal> {
    let words = words.trim();
    if words.is_empty() {
        return match projection::ask(data, Lang::English) {
            Some(ask) if !ask.optional => Err(Refusal::new(wording!("refused-empty-form"))),
            _ => Ok(data.to_owned()),
        };
    }
    let last = data.rsplit(' ').next().unwrap_or_default();
    let behind_item = last.split('@').next().is_some_and(|item| item.parse::<ItemRef>().is_ok());
    let mut text = format!("{data}{}", if behind_item { ":" } else { "" });
    for (n, line) in words.lines().enumerate() {
        text.push(if n == 0 { ' ' } else { '\n' });
        // Reading takes one backslash off such a line.
        if n > 0 && line.starts_with('\\') && line.trim_start_matches('\\').starts_with('/') {
            text.push('\\');
        }
        text.push_str(line);
    }
    Ok(text)
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

/// A command that names no item is about the card it answers.
fn with_target(command: Command, on: Option<Target>) -> Command {
    match command {
        Command::Item { target: None, act } => Command::Item { target: on, act },
        Command::Undo { mut acts } => {
            for act in acts.iter_mut().filter(|act| act.of == Of::LastHere) {
                if let Some(Target { item, version }) = on {
                    act.of = Of::Item { item, version };
                }
            }
            Command::Undo { acts }
        }
        Command::Remind(RemindCommand::Ask { target: None, at, words }) => {
            Command::Remind(RemindCommand::Ask { target: on, at, words })
        }
        Command::Look(Look::Show { target: None, at }) => Command::Look(Look::Show { target: on, at }),
        Command::Look(Look::History { target: None, page, at }) => {
            Command::Look(Look::History { target: on, page, at })
        }
        Command::Look(Look::Why { target: None, at, picture }) => Command::Look(Look::Why { target: on, at, picture }),
        other => other,
    }
}

/// Bare words on a card: what was found out on a research, a note on anything else.
fn note(target: Target, text: String) -> Act<crate::domain::Handle> {
    if target.item.bucket == Bucket::Research { Act::Finding { text } } else { Act::Note { text } }
}

fn attachments(inbound: &Inbound) -> Vec<item::Attachment> {
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

/// `text` with `from` replaced where it is not the beginning of a longer name.
fn replace_words(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let end = at + from.len();
        let longer = rest[end..].chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        out.push_str(&rest[..at]);
        out.push_str(if longer { from } else { to });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
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
