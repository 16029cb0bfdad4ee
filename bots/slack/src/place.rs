//! Purpose: where things stand: `<bot>/<channel>` is a room, `<ts>` a message in it, `<root>/<ts>` a message in a thread.
//!
//! A thread is no room of its own: what is said in it is about the item of its card, so the root is all that is needed,
//! and a card stays editable by its channel and its timestamp alone.

use chrono::{DateTime, Utc};
use yoman_chat::{BotName, MessageRef, RoomId, RoomKind, SenderId};

/// The room a channel is.
pub(crate) fn room_id(bot: &BotName, channel: &str) -> RoomId {
    RoomId::new(format!("{bot}/{channel}"))
}

/// The channel a room is; `None` when it is none of Slack's.
pub(crate) fn channel_of(room: &RoomId) -> Option<&str> {
    let local = room.local();
    (!local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(local)
}

/// The ids of direct channels begin with D, always.
pub(crate) fn kind_of(channel: &str) -> RoomKind {
    if channel.starts_with('D') { RoomKind::Direct } else { RoomKind::Group }
}

/// The person behind a user id. The ids of people are unique over all workspaces (`U…`, `W…`), so the workspace is no part of it.
pub(crate) fn sender_id(user: &str) -> SenderId {
    SenderId::new(format!("slack/{user}"))
}

/// The user id of a sender.
pub(crate) fn user_of(sender: &SenderId) -> Option<&str> {
    sender.as_str().strip_prefix("slack/")
}

/// A message in `room`: in the thread of `root`, unless it is that root itself.
pub(crate) fn message_ref(room: &RoomId, ts: &str, root: Option<&str>) -> MessageRef {
    let id = match root.filter(|root| *root != ts) {
        Some(root) => format!("{root}/{ts}"),
        None => ts.to_owned(),
    };
    MessageRef { room: room.clone(), id }
}

/// A message's id, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At<'a> {
    /// The message.
    pub(crate) ts: &'a str,
    /// What answers to it are threaded under: its thread's root, or itself.
    pub(crate) root: &'a str,
}

impl<'a> At<'a> {
    /// `None` for what is no message of a channel (an ephemeral one, a command).
    pub(crate) fn parse(id: &'a str) -> Option<Self> {
        let (root, ts) = id.split_once('/').unwrap_or((id, id));
        (micros(root).is_some() && micros(ts).is_some()).then_some(Self { ts, root })
    }
}

/// A timestamp of Slack in microseconds.
pub(crate) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.')?;
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds, 12) || !digits(fraction, 6) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}

/// The moment of a timestamp; now for what is none.
pub(crate) fn moment(ts: &str) -> DateTime<Utc> {
    micros(ts).and_then(DateTime::from_timestamp_micros).unwrap_or_else(Utc::now)
}

/// Where a message can be opened, as `chat.getPermalink` would say: <https://docs.slack.dev/reference/methods/chat.getPermalink>.
/// `workspace` as `auth.test` gives it.
pub(crate) fn link(workspace: &str, message: &MessageRef) -> Option<String> {
    let (channel, at) = (channel_of(&message.room)?, At::parse(&message.id)?);
    let workspace = workspace.strip_prefix("https://").map(|host| host.trim_end_matches('/'))?;
    let mut link = format!("https://{workspace}/archives/{channel}/p{}", at.ts.replace('.', ""));
    if at.root != at.ts {
        link.push_str(&format!("?thread_ts={}&cid={channel}", at.root));
    }
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_an_address() {
        let room = room_id(&BotName::new("slack"), "C1");
        let at = |id: &str| link("https://team.slack.com/", &MessageRef { room: room.clone(), id: id.into() });
        assert_eq!(at("1.000500").as_deref(), Some("https://team.slack.com/archives/C1/p1000500"));
        let in_thread = "https://team.slack.com/archives/C1/p1000500?thread_ts=1.000200&cid=C1";
        assert_eq!(at("1.000200/1.000500").as_deref(), Some(in_thread));
        assert_eq!(at("slash/7"), None);
    }

    #[test]
    fn messages_are_named_with_their_thread() {
        let room = room_id(&BotName::new("slack"), "C1");
        assert_eq!(message_ref(&room, "1.5", None).id, "1.5");
        assert_eq!(message_ref(&room, "1.5", Some("1.5")).id, "1.5");
        assert_eq!(message_ref(&room, "1.5", Some("1.2")).id, "1.2/1.5");
        assert_eq!(At::parse("1.2/1.5"), Some(At { ts: "1.5", root: "1.2" }));
        assert_eq!(At::parse("1.5"), Some(At { ts: "1.5", root: "1.5" }));
        for wrong in ["", "x", "1", "987654321", "e/1.5", "1.5/x", "1.5/1.6/1.7", "-1.5"] {
            assert_eq!(At::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rooms_are_channels() {
        assert_eq!(channel_of(&RoomId::new("slack/C1")), Some("C1"));
        assert_eq!(channel_of(&RoomId::new("slack/C1/2")), None);
        assert_eq!(channel_of(&RoomId::new("slack")), None);
        assert_eq!(kind_of("D1"), RoomKind::Direct);
        assert_eq!(kind_of("C1"), RoomKind::Group);
        assert_eq!(micros("1700000000.000100"), Some(1_700_000_000_000_100));
    }
}
