//! Purpose: a message of Discord becomes an [`Inbound`].

use chrono::{DateTime, Utc};
use yoman_chat::{
    Attachment, AttachmentKind, BotName, Inbound, Mention, MessageRef, ReplyTo, Room, RoomKind, Said, Sender, SenderId,
};

use crate::{
    channels::{Channels, Known, Starter},
    wire::{self, made_at},
};

/// Who we are.
#[derive(Clone, Debug)]
pub(crate) struct Us {
    pub(crate) bot: BotName,
    pub(crate) id: u64,
}

/// A text as people read it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) mentions: Vec<Mention>,
    /// It names us.
    pub(crate) for_us: bool,
}

/// The person.
pub(crate) fn sender(user: &wire::User, locale: Option<&str>) -> Sender {
    let name = user.global_name.clone().filter(|name| !name.trim().is_empty());
    Sender {
        id: sender_id(user.id),
        name: name.unwrap_or_else(|| user.username.clone()),
        handle: Some(user.username.clone()).filter(|handle| !handle.is_empty()),
        language: locale.map(str::to_owned),
    }
}

fn sender_id(id: u64) -> SenderId {
    SenderId::new(format!("discord/{id}"))
}

/// The room.
pub(crate) fn room(bot: &BotName, known: &Known) -> Room {
    let title = known.name.clone().filter(|_| known.kind == RoomKind::Group);
    Room { id: known.place.room(bot), kind: known.kind, title }
}

/// Discord's source text as people read it: names for ids, addresses without brackets. A leading mention of us goes.
pub(crate) fn read(content: &str, users: &[wire::User], us: u64, channels: &Channels) -> Read {
    let mut out = Read::default();
    let mut rest = content.trim();
    while let Some(after) = own_mention(rest, us) {
        out.for_us = true;
        rest = after.trim_start_matches([',', ':']).trim_start();
    }
    while let Some(at) = rest.find('<') {
        out.text.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find('>') else { break };
        match angle(&rest[1..end], users, us, channels, &mut out) {
            Some(words) => {
                out.text.push_str(&words);
                rest = &rest[end + 1..];
            }
            None => {
                out.text.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.text.push_str(rest);
    out.text.truncate(out.text.trim_end().len());
    out
}

fn own_mention(text: &str, us: u64) -> Option<&str> {
    let after = text.strip_prefix("<@")?;
    let after = after.strip_prefix('!').unwrap_or(after);
    after.strip_prefix(us.to_string().as_str())?.strip_prefix('>')
}

fn angle(inner: &str, users: &[wire::User], us: u64, channels: &Channels, out: &mut Read) -> Option<String> {
    if inner.starts_with("http://") || inner.starts_with("https://") {
        return Some(inner.to_owned());
    }
    if let Some(id) = inner.strip_prefix("@&") {
        // A role is nobody: with an @ it would be read as a person.
        return digits(id).map(|_| "(a role)".into());
    }
    if let Some(id) = inner.strip_prefix('@') {
        let id = digits(id.strip_prefix('!').unwrap_or(id))?;
        out.for_us |= id == us;
        let user = users.iter().find(|user| user.id == id);
        let written = format!("@{}", user.map_or_else(|| id.to_string(), |user| user.username.clone()));
        if !out.mentions.iter().any(|mention| mention.written == written) {
            out.mentions.push(Mention { written: written.clone(), sender: sender_id(id) });
        }
        return Some(written);
    }
    if let Some(id) = inner.strip_prefix('#') {
        // Without the sign, which marks a tag in what people write to us.
        let id = digits(id)?;
        return Some(channels.get(id).and_then(|known| known.name).unwrap_or_else(|| "(a channel)".into()));
    }
    if let Some(time) = inner.strip_prefix("t:") {
        let at = DateTime::<Utc>::from_timestamp(time.split(':').next()?.parse().ok()?, 0)?;
        return Some(at.format("%Y-%m-%d %H:%M UTC").to_string());
    }
    if let Some(command) = inner.strip_prefix('/') {
        let (name, id) = command.split_once(':')?;
        return digits(id).map(|_| format!("/{name}"));
    }
    // A picture of the server's own: `:name:1` or `a:name:1`.
    let (name, id) = inner.trim_start_matches('a').strip_prefix(':')?.split_once(':')?;
    digits(id).map(|_| format!(":{name}:"))
}

fn digits(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn attachments(message: &wire::Message) -> Vec<Attachment> {
    let kind = |file: &wire::File| {
        if file.waveform.is_some() {
            return AttachmentKind::Voice;
        }
        match file.content_type.as_deref().and_then(|kind| kind.split('/').next()) {
            Some("image") => AttachmentKind::Photo,
            Some("audio") => AttachmentKind::Audio,
            Some("video") => AttachmentKind::Video,
            _ => AttachmentKind::Document,
        }
    };
    let one = |file: &wire::File| Attachment {
        kind: kind(file),
        // Addresses of files run out after a day: by these three the file is found again.
        file_id: format!("{}/{}/{}", message.channel_id, message.id, file.id),
        name: file.filename.clone(),
        bytes: file.size,
    };
    message.attachments.iter().map(one).collect()
}

/// What the message answers: another, or as the first of a thread the card the thread was opened on.
fn reply_to(us: &Us, message: &wire::Message, known: &Known, starter: Option<&Starter>) -> Option<ReplyTo> {
    if let Some(reference) = message.message_reference.as_ref().filter(|reference| reference.kind == 0)
        && let Some(id) = reference.message_id
        && reference.channel_id.is_none_or(|channel| channel == message.channel_id)
    {
        let answered = message.referenced_message.as_deref();
        let ours = answered.and_then(|it| it.author.as_ref()).is_some_and(|author| author.id == us.id);
        let message = MessageRef { room: known.place.room(&us.bot), id: id.to_string() };
        return Some(ReplyTo { message, ours, text: answered.and_then(wire::Message::words) });
    }
    of_thread(us, known, starter)
}

/// What is said in a thread opened on one of our cards answers that card.
pub(crate) fn of_thread(us: &Us, known: &Known, starter: Option<&Starter>) -> Option<ReplyTo> {
    let (starter, thread) = (starter.filter(|starter| starter.ours)?, known.place.thread?);
    let parent = crate::channels::Place { thread: None, ..known.place };
    let message = MessageRef { room: parent.room(&us.bot), id: thread.to_string() };
    Some(ReplyTo { message, ours: true, text: starter.text.clone() })
}

/// The id of a message's delivery: the same live and read afterwards.
pub(crate) fn message_id(bot: &BotName, message: &wire::Message) -> String {
    format!("{bot}/{}/{}", message.channel_id, message.id)
}

/// A message somebody wrote; `None` when there is nothing in it for us.
pub(crate) fn message(
    us: &Us,
    message: &wire::Message,
    known: &Known,
    starter: Option<&Starter>,
    channels: &Channels,
) -> Option<Inbound> {
    let author = message.author.as_ref()?;
    let attachments = attachments(message);
    // Without the content intent what does not name us comes empty.
    if message.content.is_empty() && attachments.is_empty() {
        return None;
    }
    let read = read(&message.content, &message.mentions, us.id, channels);
    let reply_to = reply_to(us, message, known, starter);
    let named = read.for_us || message.mentions.iter().any(|user| user.id == us.id);
    let addressed = known.kind == RoomKind::Direct || named || reply_to.as_ref().is_some_and(|reply| reply.ours);
    let room = room(&us.bot, known);
    Some(Inbound {
        id: message_id(&us.bot, message),
        sender: sender(author, None),
        said: Said::Message {
            text: read.text,
            message: MessageRef { room: room.id.clone(), id: message.id.to_string() },
            reply_to,
            attachments,
            mentions: read.mentions,
            addressed,
        },
        room,
        sent_at: made_at(message.id),
    })
}

/// When its writer last changed it.
pub(crate) fn edited_at(message: &wire::Message) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(message.edited_timestamp.as_deref()?).ok()?;
    Some(at.with_timezone(&Utc))
}

/// A message its writer changed; `None` when only the service did (a preview was added).
pub(crate) fn edit(us: &Us, message: &wire::Message, known: &Known, channels: &Channels) -> Option<Inbound> {
    let (author, at) = (message.author.as_ref()?, edited_at(message)?);
    if message.content.is_empty() {
        return None;
    }
    let read = read(&message.content, &message.mentions, us.id, channels);
    let named = read.for_us || message.mentions.iter().any(|user| user.id == us.id);
    let room = room(&us.bot, known);
    Some(Inbound {
        id: format!("{}/e{}", message_id(&us.bot, message), at.timestamp_micros()),
        sender: sender(author, None),
        said: Said::Edited {
            text: read.text,
            message: MessageRef { room: room.id.clone(), id: message.id.to_string() },
            mentions: read.mentions,
            addressed: known.kind == RoomKind::Direct || named,
        },
        room,
        sent_at: at,
    })
}

/// A message its writer deleted. The service does not say who it was: `writer` is who wrote it.
pub(crate) fn deleted(us: &Us, gone: &wire::Gone, writer: Sender, known: &Known) -> Inbound {
    let room = room(&us.bot, known);
    Inbound {
        id: format!("{}/{}/{}/d", us.bot, gone.channel_id, gone.id),
        sender: writer,
        said: Said::Deleted { message: MessageRef { room: room.id.clone(), id: gone.id.to_string() } },
        room,
        sent_at: Utc::now(),
    }
}

/// A reaction; `place` names its event for ever.
pub(crate) fn reaction(us: &Us, reaction: &wire::Reaction, added: bool, place: &str, known: &Known) -> Option<Inbound> {
    let room = room(&us.bot, known);
    let user = reaction.member.as_ref().and_then(|member| member.user.clone());
    let user =
        user.unwrap_or(wire::User { id: reaction.user_id, username: String::new(), global_name: None, bot: false });
    Some(Inbound {
        id: format!("{}/{}/{}/r{place}", us.bot, reaction.channel_id, reaction.message_id),
        sender: sender(&user, None),
        said: Said::Reacted {
            message: MessageRef { room: room.id.clone(), id: reaction.message_id.to_string() },
            emoji: reaction.name()?,
            added,
        },
        room,
        // The service does not say when.
        sent_at: Utc::now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Read {
        let users = [
            wire::User { id: 7, username: "kim".into(), global_name: Some("Kim".into()), bot: false },
            wire::User { id: 42, username: "yoman".into(), global_name: None, bot: true },
        ];
        let channels = Channels::default();
        channels.learn(
            &wire::Channel { id: 5, kind: 0, guild_id: Some(1), parent_id: None, name: Some("general".into()) },
            None,
        );
        read(content, &users, 42, &channels)
    }

    #[test]
    fn a_leading_mention_of_us_goes_and_others_become_names() {
        let read = text("<@42>, todo fix with <@!7> and <@42>");
        assert_eq!(read.text, "todo fix with @kim and @yoman");
        assert!(read.for_us);
        assert_eq!(read.mentions[0].written, "@kim");
        assert_eq!(read.mentions[0].sender.as_str(), "discord/7");
        assert!(!text("todo fix").for_us);
    }

    #[test]
    fn what_only_the_apps_understand_becomes_readable() {
        assert_eq!(text("see <#5>, <#6> and <@&9>").text, "see general, (a channel) and (a role)");
        assert_eq!(text("<:crab:12> <a:dance:13>").text, ":crab: :dance:");
        assert_eq!(text("<https://a.b/c>").text, "https://a.b/c");
        assert_eq!(text("<t:0:R> </todo:3>").text, "1970-01-01 00:00 UTC /todo");
        assert_eq!(text("a < b > c <> <x>").text, "a < b > c <> <x>");
    }
}
