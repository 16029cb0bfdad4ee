//! Purpose: whether a text is for us, and the text without the words that only say so.

use yoman_chat::{MessageRef, RoomKind};

use crate::{
    inbound::{Us, piece},
    wire::Entity,
};

/// For whom a text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Addressed {
    /// For us: it has a command, or names us.
    Us(String),
    /// For nobody in particular.
    Nobody(String),
    /// For another bot: `/cmd@otherbot`.
    Other,
}

/// Takes `@ourbot` off commands and a leading mention of us off the text.
pub(crate) fn address(text: &str, entities: &[Entity], us: &Us, kind: RoomKind) -> Addressed {
    let ours = |name: &str| us.username.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(name));
    let mut for_us =
        entities.iter().any(|e| e.kind == "text_mention" && e.user.as_ref().is_some_and(|user| user.id == us.id));
    let mut rest = text.trim();
    // "@ourbot done T7" and "ourbot, done T7" where our name is a mention without a handle.
    if let Some(after) = rest.strip_prefix('@').and_then(|r| {
        let name = word(r);
        ours(name).then(|| &r[name.len()..])
    }) {
        for_us = true;
        rest = without_comma(after);
    } else if let Some(first) = entities.iter().find(|e| e.kind == "text_mention" && e.offset == 0)
        && first.user.as_ref().is_some_and(|user| user.id == us.id)
        && let Some(named) = piece(text, 0, first.length)
        && let Some(after) = text.strip_prefix(named)
    {
        rest = without_comma(after);
    }
    if !rest.contains(['/', '@']) {
        return finish(rest.to_owned(), for_us);
    }
    let mut out = String::with_capacity(rest.len());
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        match command(line) {
            Some(Command { end, to: None }) => {
                for_us = true;
                out.push_str(&line[..end]);
                out.push_str(&line[end..]);
            }
            Some(Command { end, to: Some(name) }) if ours(name) => {
                for_us = true;
                out.push_str(&line[..end]);
                out.push_str(&line[end + 1 + name.len()..]);
            }
            Some(_) if number == 0 && kind == RoomKind::Group => return Addressed::Other,
            _ => out.push_str(line),
        }
    }
    for_us |= named(&out, &ours);
    finish(out, for_us)
}

fn finish(text: String, for_us: bool) -> Addressed {
    if for_us { Addressed::Us(text) } else { Addressed::Nobody(text) }
}

struct Command<'a> {
    /// Where the verb ends.
    end: usize,
    /// The bot it names.
    to: Option<&'a str>,
}

/// A line that begins with `/verb` or `/verb@bot`; `/etc/hosts` is none, as in the apps.
fn command(line: &str) -> Option<Command<'_>> {
    let verb = word(line.strip_prefix('/')?);
    if verb.is_empty() {
        return None;
    }
    let end = 1 + verb.len();
    let rest = &line[end..];
    let to = rest.strip_prefix('@').map(word).filter(|name| !name.is_empty());
    let after = &rest[to.map_or(0, |name| 1 + name.len())..];
    after.chars().next().is_none_or(char::is_whitespace).then_some(Command { end, to })
}

/// Whether `@ourbot` stands anywhere as a word of its own.
fn named(text: &str, ours: &dyn Fn(&str) -> bool) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '_')) && ours(word(&text[at + 1..]))
    })
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

fn without_comma(text: &str) -> &str {
    text.trim_start_matches([',', ':']).trim_start()
}

/// Where a message of a supergroup or a channel can be opened: <https://core.telegram.org/api/links#message-links>. Direct
/// chats and small groups have no such address.
pub(crate) fn link(message: &MessageRef) -> Option<String> {
    let mut parts = message.room.local().split('/');
    let chat = parts.next()?.strip_prefix("-100").filter(|chat| !chat.is_empty())?;
    let id: i64 = message.id.parse().ok()?;
    Some(match parts.next() {
        Some(topic) => format!("https://t.me/c/{chat}/{topic}/{id}"),
        None => format!("https://t.me/c/{chat}/{id}"),
    })
}

#[cfg(test)]
mod tests {
    use yoman_chat::RoomId;

    use super::*;

    fn us() -> Us {
        Us { id: 42, username: Some("yoman_bot".into()) }
    }

    fn group(text: &str) -> Addressed {
        address(text, &[], &us(), RoomKind::Group)
    }

    #[test]
    fn commands_are_for_us_unless_they_name_another() {
        assert_eq!(group("/todo fix"), Addressed::Us("/todo fix".into()));
        assert_eq!(group("/todo@Yoman_Bot fix"), Addressed::Us("/todo fix".into()));
        assert_eq!(group("/todo@other_bot fix"), Addressed::Other);
        assert_eq!(group("/etc/hosts is wrong"), Addressed::Nobody("/etc/hosts is wrong".into()));
        assert_eq!(group("/"), Addressed::Nobody("/".into()));
        assert_eq!(group("/T7@yoman_bot"), Addressed::Us("/T7".into()));
    }

    #[test]
    fn several_commands_in_one_message() {
        assert_eq!(group("/done@yoman_bot T1\n/done@yoman_bot T2"), Addressed::Us("/done T1\n/done T2".into()));
    }

    #[test]
    fn a_mention_is_for_us_and_a_leading_one_goes() {
        assert_eq!(group("@yoman_bot: done T7"), Addressed::Us("done T7".into()));
        assert_eq!(group("@yoman_bot, /done T7"), Addressed::Us("/done T7".into()));
        assert_eq!(group("ask @yoman_bot"), Addressed::Us("ask @yoman_bot".into()));
        assert_eq!(group("mail a@yoman_bot"), Addressed::Nobody("mail a@yoman_bot".into()));
        assert_eq!(group("@yoman_bot2 hello"), Addressed::Nobody("@yoman_bot2 hello".into()));
        assert_eq!(group("just talk"), Addressed::Nobody("just talk".into()));
    }

    #[test]
    fn in_a_direct_chat_nothing_is_for_another() {
        let direct = address("/todo@other fix", &[], &us(), RoomKind::Direct);
        assert_eq!(direct, Addressed::Nobody("/todo@other fix".into()));
    }

    #[test]
    fn messages_of_large_groups_have_an_address() {
        let at = |room: &str, id: &str| link(&MessageRef { room: RoomId::new(room), id: id.into() });
        assert_eq!(at("telegram/-1001234/7", "42").as_deref(), Some("https://t.me/c/1234/7/42"));
        assert_eq!(at("telegram/-1001234", "42").as_deref(), Some("https://t.me/c/1234/42"));
        assert_eq!(at("telegram/4711", "42"), None);
        assert_eq!(at("telegram/-4711", "42"), None);
        assert_eq!(at("telegram/-1001234", "x/../y"), None);
    }
}
