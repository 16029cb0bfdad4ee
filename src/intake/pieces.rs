//! What was said, to pieces with their commands: nothing is looked up in the log but what an edit is about, and nothing is
//! carried out.

use std::time::Instant;

use yoman_chat::{BotName, Inbound, Mention, Outbound, ReplyTo, RoomKind, Said, Style, Text};

use super::{
    Failure, Intake, Lane, Refusal, Reply, Speaker,
    hear::{PIECES_MAX, attachments},
};
use crate::{
    command::{self, Command, Look, RemindCommand, Target},
    domain::{
        Bucket, Identity, ItemRef, PersonId, Role,
        item::{self, Act},
        undo::Of,
    },
    lang::{Lang, say, wording},
    log::CommandId,
    projection,
};

/// How long a button's question waits for words.
const ASKED_FOR: std::time::Duration = std::time::Duration::from_secs(600);
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

/// What was said.
pub(super) enum Heard {
    /// So much, each to be answered.
    Pieces(Vec<Piece>),
    /// That is all it comes to.
    Answered(Reply),
}

impl Asked {
    /// Somebody was asked for the words of a command before this was saved.
    pub(super) fn before(person: PersonId, command: String) -> Self {
        Self { person, command, since: Instant::now() }
    }

    /// The command, as long as it waits for words.
    pub(super) fn command(&self) -> Option<&str> {
        (self.since.elapsed() < ASKED_FOR).then_some(self.command.as_str())
    }
}

impl Intake {
    /// What a message, an edit or a press says.
    pub(super) fn pieces(
        &self,
        bot: &BotName,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<Heard, Failure> {
        let context = self.context(bot.as_str(), inbound);
        let pieces = match &inbound.said {
            Said::Message { text, reply_to, attachments, mentions, .. } => {
                let text = self.with_handles(text, mentions);
                if text.trim().is_empty() && attachments.is_empty() {
                    return Ok(Heard::Answered(Reply::silence()));
                }
                let target = reply_to.as_ref().filter(|it| it.ours).and_then(|it| self.item_of_reply(it));
                let asked = self.asked(lane, reply_to.as_ref(), &text, speaker);
                let at_us = inbound.room.kind == RoomKind::Group && reply_to.as_ref().is_some_and(|it| it.ours);
                if at_us && target.is_none() && asked.is_none() && !text.trim_start().starts_with('/') {
                    // People in a group talk about a list or a refusal of ours with each other.
                    return Ok(Heard::Answered(Reply::silence()));
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
                    None => return Ok(Heard::Answered(Reply::silence())),
                }
            }
            Said::Deleted { .. } | Said::Reacted { .. } => Vec::new(),
            Said::Pressed { data, words, .. } => {
                let data = &match words {
                    Some(words) => filled_in(data, words)?,
                    None => data.clone(),
                };
                if let Some(reply) = self.ask(data, &context, inbound, speaker, lane)? {
                    return Ok(Heard::Answered(reply));
                }
                vec![self.piece(data, None, &context, inbound)]
            }
        };
        Ok(Heard::Pieces(pieces))
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
