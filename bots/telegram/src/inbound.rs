//! Purpose: an update of the Bot API becomes an [`Inbound`], or the reason why not.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use yoman_chat::{
    Attachment, AttachmentKind, BotName, Inbound, Mention, MessageRef, ReplyTo, Room, RoomId, RoomKind, Said, Sender,
    SenderId,
};

use crate::{
    address::{Addressed, address},
    wire::{
        CallbackQuery, CardMessage, Chat, Entity, File, Message, Numbered, Reaction, ReactionChange, UNREAD_CONTENT,
        Update, User,
    },
};

/// The account that stands for what a channel forwards into its group.
const CHANNEL_FORWARDER: i64 = 777_000;

/// Who we are, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Us {
    pub(crate) id: i64,
    /// Without `@`; unknown until getMe has answered.
    pub(crate) username: Option<std::sync::Arc<str>>,
}

/// What became of an update.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// Something a person did.
    Inbound(Box<Inbound>),
    /// A press, and the query that wants an answer.
    Press(Box<Inbound>, String),
    /// Somebody's reactions to a message of this chat: those taken away, then those put there.
    Reactions(i64, Vec<Inbound>),
    /// Nothing for us, and known to be.
    Skip(&'static str),
    /// Not understood.
    Aside(String),
    /// A group has a new id: the old and the new one.
    Moved(i64, i64),
    /// Cannot be judged before our username is known.
    NeedsName(i64),
}

/// The number of an update and what it is. The number is `None` when even that cannot be read.
pub(crate) fn map(bot: &BotName, us: &Us, raw: &str) -> (Option<i64>, Mapped) {
    let update: Update<'_> = match serde_json::from_str(raw) {
        Ok(update) => update,
        Err(error) => {
            let number = serde_json::from_str::<Numbered>(raw).ok().map(|n| n.update_id);
            return (number, Mapped::Aside(format!("an update that cannot be read: {error}")));
        }
    };
    let mapped = if let Some(body) = update.message {
        message(bot, us, body, None)
    } else if let Some(body) = update.edited_message {
        message(bot, us, body, Some(update.update_id))
    } else if let Some(body) = update.callback_query {
        press(bot, body)
    } else if let Some(body) = update.message_reaction {
        reactions(bot, update.update_id, body)
    } else if let Some(kind) = update.unused_kind() {
        Mapped::Skip(kind)
    } else {
        Mapped::Aside("an update of an unknown kind".into())
    };
    (Some(update.update_id), mapped)
}

/// `edited` is the number of the update that brought an edit.
fn message(bot: &BotName, us: &Us, raw: &RawValue, edited: Option<i64>) -> Mapped {
    let message: Message = match serde_json::from_str(raw.get()) {
        Ok(message) => message,
        Err(error) => return Mapped::Aside(format!("a message that cannot be read: {error}")),
    };
    if let Some(to) = message.migrate_to_chat_id {
        return Mapped::Moved(message.chat.id, to);
    }
    let kind = match message.chat.kind.as_str() {
        "private" => RoomKind::Direct,
        "group" | "supergroup" => RoomKind::Group,
        "channel" => return Mapped::Skip("a channel post"),
        other => return Mapped::Aside(format!("a chat of the unknown kind \"{other}\"")),
    };
    let Some(sender) = sender(&message) else {
        return Mapped::Skip("not written by a person");
    };
    let attachments = attachments(&message);
    let written = message.text.as_deref().or(message.caption.as_deref()).unwrap_or_default();
    let entities = if message.text.is_some() { &message.entities } else { &message.caption_entities };
    if written.is_empty() && attachments.is_empty() {
        return unread(raw);
    }
    if us.username.is_none() && written.contains('@') {
        return Mapped::NeedsName(message.chat.id);
    }
    let room = room_id(bot, message.chat.id, topic(message.is_topic_message, message.message_thread_id));
    let reply_to = reply_to(&message, &room, us);
    let answers_us = reply_to.as_ref().is_some_and(|reply| reply.ours);
    let (text, addressed) = match address(written, entities, us, kind) {
        Addressed::Other => return Mapped::Skip("a command for another bot"),
        Addressed::Us(text) => (text, true),
        Addressed::Nobody(text) => (text, kind == RoomKind::Direct || answers_us),
    };
    let mentions = mentions(written, entities, us);
    let number = message.message_id;
    let here = MessageRef { room: room.clone(), id: number.to_string() };
    let mut id = format!("{bot}/{}/{number}", message.chat.id);
    let mut at = message.date;
    let said = if let Some(update) = edited {
        at = message.edit_date.unwrap_or(at);
        // The date counts seconds: two edits within one would be the same without the update's number.
        id.push_str(&format!("/e{at}-{update}"));
        Said::Edited { text, message: here, mentions, addressed }
    } else {
        Said::Message { text, message: here, reply_to, attachments, mentions, addressed }
    };
    Mapped::Inbound(Box::new(Inbound {
        id,
        room: Room { id: room, kind, title: message.chat.title },
        sender,
        said,
        sent_at: moment(at),
    }))
}

fn press(bot: &BotName, raw: &RawValue) -> Mapped {
    let query: CallbackQuery = match serde_json::from_str(raw.get()) {
        Ok(query) => query,
        Err(error) => return Mapped::Aside(format!("a button press that cannot be read: {error}")),
    };
    let (Some(card), Some(data)) = (query.message, query.data) else {
        return Mapped::Skip("a press on what is not our message");
    };
    if query.from.is_bot {
        return Mapped::Skip("not pressed by a person");
    }
    let CardMessage { message_id, chat, message_thread_id, is_topic_message } = card;
    let room = room_id(bot, chat.id, topic(is_topic_message, message_thread_id));
    let kind = if chat.kind == "private" { RoomKind::Direct } else { RoomKind::Group };
    let inbound = Inbound {
        id: format!("{bot}/{}/{message_id}/p{}", chat.id, query.id),
        room: Room { id: room.clone(), kind, title: chat.title },
        sender: person(&query.from),
        said: Said::Pressed { data, card: MessageRef { room, id: message_id.to_string() }, words: None },
        // The Bot API does not say when a button was pressed.
        sent_at: Utc::now(),
    };
    Mapped::Press(Box::new(inbound), query.id)
}

/// A change of reactions holds all of somebody's before and after: what is different is what they did. It does not say in
/// which topic the message stands, nor who wrote it.
fn reactions(bot: &BotName, update: i64, raw: &RawValue) -> Mapped {
    let change: ReactionChange = match serde_json::from_str(raw.get()) {
        Ok(change) => change,
        Err(error) => return Mapped::Aside(format!("reactions that cannot be read: {error}")),
    };
    let sender = match (&change.user, &change.actor_chat) {
        (Some(user), _) if user.is_bot => return Mapped::Skip("not a reaction of a person"),
        (Some(user), _) => person(user),
        (None, Some(chat)) => speaking_chat(chat, None),
        (None, None) => return Mapped::Skip("a reaction of nobody"),
    };
    let kind = match change.chat.kind.as_str() {
        "private" => RoomKind::Direct,
        "group" | "supergroup" => RoomKind::Group,
        _ => return Mapped::Skip("a reaction in a channel"),
    };
    let names = |all: &[Reaction]| all.iter().filter_map(Reaction::name).collect::<Vec<_>>();
    let (old, new) = (names(&change.old_reaction), names(&change.new_reaction));
    let gone = old.iter().filter(|emoji| !new.contains(emoji)).map(|emoji| (emoji, false));
    let come = new.iter().filter(|emoji| !old.contains(emoji)).map(|emoji| (emoji, true));
    let (chat, message_id) = (change.chat.id, change.message_id);
    let room = room_id(bot, chat, None);
    let inbounds = gone.chain(come).enumerate().map(|(n, (emoji, added))| Inbound {
        id: format!("{bot}/{chat}/{message_id}/r{update}-{n}"),
        room: Room { id: room.clone(), kind, title: change.chat.title.clone() },
        sender: sender.clone(),
        said: Said::Reacted {
            message: MessageRef { room: room.clone(), id: message_id.to_string() },
            emoji: emoji.clone(),
            added,
        },
        sent_at: moment(change.date),
    });
    Mapped::Reactions(chat, inbounds.collect())
}

/// `<bot>/<chat>[/<topic>]`.
pub(crate) fn room_id(bot: &BotName, chat: i64, topic: Option<i64>) -> RoomId {
    RoomId::new(match topic {
        Some(topic) => format!("{bot}/{chat}/{topic}"),
        None => format!("{bot}/{chat}"),
    })
}

/// Outside forums a thread id marks a mere row of answers, which is no room of its own.
fn topic(is_topic: bool, thread: Option<i64>) -> Option<i64> {
    thread.filter(|_| is_topic)
}

fn moment(unix_s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix_s, 0).unwrap_or_else(Utc::now)
}

fn person(user: &User) -> Sender {
    let name = match &user.last_name {
        Some(last) if !last.is_empty() => format!("{} {last}", user.first_name),
        _ => user.first_name.clone(),
    };
    Sender {
        id: SenderId::new(format!("telegram/{}", user.id)),
        name,
        handle: user.username.clone(),
        language: user.language_code.clone(),
    }
}

/// Who speaks. Somebody who speaks as a chat (an anonymous admin, a channel) is that chat, whose id is negative and so
/// never that of a person; what other bots say is not heard, or two bots could talk for ever.
fn sender(message: &Message) -> Option<Sender> {
    if message.is_automatic_forward || message.from.as_ref().is_some_and(|from| from.id == CHANNEL_FORWARDER) {
        return None;
    }
    if let Some(chat) = &message.sender_chat {
        return Some(speaking_chat(chat, message.author_signature.as_deref()));
    }
    message.from.as_ref().filter(|from| !from.is_bot).map(person)
}

fn speaking_chat(chat: &Chat, signature: Option<&str>) -> Sender {
    let title = chat.title.as_deref().unwrap_or("anonymous");
    let name = match signature {
        Some(signature) if !signature.is_empty() => format!("{title} ({signature})"),
        _ => title.to_owned(),
    };
    Sender { id: SenderId::new(format!("telegram/{}", chat.id)), name, handle: chat.username.clone(), language: None }
}

fn reply_to(message: &Message, room: &RoomId, us: &Us) -> Option<ReplyTo> {
    let replied = message.reply_to_message.as_deref()?;
    // In a topic every message that answers nothing is said to answer the one that opened the topic.
    if replied.forum_topic_created.is_some()
        || (message.is_topic_message && message.message_thread_id == Some(replied.message_id))
    {
        return None;
    }
    let quoted = message.quote.as_ref().and_then(|quote| quote.text.clone());
    Some(ReplyTo {
        message: MessageRef { room: room.clone(), id: replied.message_id.to_string() },
        ours: replied.from.as_ref().is_some_and(|from| from.id == us.id),
        text: replied.text.clone().or_else(|| replied.caption.clone()).or(quoted),
    })
}

fn attachments(message: &Message) -> Vec<Attachment> {
    let mut out = Vec::new();
    // One picture comes in several sizes, in no promised order.
    if let Some(largest) = message.photo.iter().max_by_key(|p| (p.width * p.height, p.file_size)) {
        out.push(attachment(AttachmentKind::Photo, largest));
    }
    // An animation is repeated as a document, for clients that do not know animations.
    let document = message.document.as_ref().filter(|_| message.animation.is_none());
    let files = [
        (AttachmentKind::Document, document),
        (AttachmentKind::Voice, message.voice.as_ref()),
        (AttachmentKind::Audio, message.audio.as_ref()),
        (AttachmentKind::Video, message.video.as_ref()),
        (AttachmentKind::Video, message.video_note.as_ref()),
        (AttachmentKind::Video, message.animation.as_ref()),
    ];
    out.extend(files.into_iter().filter_map(|(kind, file)| Some(attachment(kind, file?))));
    out
}

fn attachment(kind: AttachmentKind, file: &File) -> Attachment {
    Attachment { kind, file_id: file.file_id.clone(), name: file.file_name.clone(), bytes: file.file_size }
}

/// People named without a handle are the only ones the platform resolves for us.
fn mentions(text: &str, entities: &[Entity], us: &Us) -> Vec<Mention> {
    entities
        .iter()
        .filter(|entity| entity.kind == "text_mention")
        .filter_map(|entity| {
            let user = entity.user.as_ref().filter(|user| user.id != us.id)?;
            Some(Mention {
                written: piece(text, entity.offset, entity.length)?.to_owned(),
                sender: SenderId::new(format!("telegram/{}", user.id)),
            })
        })
        .collect()
}

/// The piece of `text` at an offset counted in UTF-16 units.
pub(crate) fn piece(text: &str, offset: usize, length: usize) -> Option<&str> {
    let end = offset.checked_add(length)?;
    let (mut from, mut at) = (None, 0);
    for (byte, c) in text.char_indices() {
        if at == offset {
            from = Some(byte);
        }
        if at == end {
            return text.get(from?..byte);
        }
        at += c.len_utf16();
    }
    if at == end { text.get(from?..) } else { None }
}

/// A message without text and file: known to be so, or something new.
fn unread(raw: &RawValue) -> Mapped {
    let keys: std::collections::HashMap<String, IgnoredAny> = serde_json::from_str(raw.get()).unwrap_or_default();
    if keys.keys().any(|key| UNREAD_CONTENT.contains(&key.as_str())) {
        Mapped::Skip("a message without text or file")
    } else {
        Mapped::Aside("a message of unknown content".into())
    }
}
