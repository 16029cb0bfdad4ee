//! Purpose: an event of the Events API becomes an [`Inbound`], or work beside it.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;
use yoman_chat::{Attachment, AttachmentKind, Inbound, Room, RoomKind, Said};

use crate::{
    answers::Way,
    intake::{Beside, Core, Mapped, Us},
    place::{kind_of, message_ref, micros, moment, room_id},
    reading::{self, without_comma},
    threads::Reply,
};

/// Slack's own messages to everybody.
const SLACKBOT: &str = "USLACKBOT";

/// Events that may come and mean nothing here.
const UNREAD_EVENTS: &[&str] = &[
    "app_installed",
    "app_requested",
    "bot_added",
    "bot_changed",
    "channel_archive",
    "channel_created",
    "channel_deleted",
    "channel_left",
    "channel_unarchive",
    "emoji_changed",
    "file_created",
    "file_shared",
    "group_left",
    "im_close",
    "im_created",
    "im_open",
    "member_joined_channel",
    "member_left_channel",
    "message_metadata_posted",
    "pin_added",
    "pin_removed",
    "team_join",
    "user_change",
];

/// A message, in an event or in a history.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) subtype: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) ts: String,
    pub(crate) thread_ts: Option<String>,
    pub(crate) parent_user_id: Option<String>,
    pub(crate) latest_reply: Option<String>,
    pub(crate) edited: Option<Edited>,
    pub(crate) files: Vec<File>,
    /// Of `message_changed` and `message_deleted`.
    pub(crate) message: Option<Box<Message>>,
    pub(crate) previous_message: Option<Box<Message>>,
    pub(crate) deleted_ts: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Edited {
    pub(crate) ts: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    id: String,
    name: Option<String>,
    mimetype: Option<String>,
    subtype: Option<String>,
    size: Option<u64>,
}

impl Core {
    /// What an `event_callback` is.
    pub(crate) async fn event(&self, us: &Us, payload: &Value) -> Mapped {
        let event = &payload["event"];
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        match text("type") {
            "message" | "app_mention" => {
                let channel = text("channel");
                match serde_json::from_value::<Message>(event.clone()) {
                    Ok(message) if !channel.is_empty() => self.message(us, channel, message).await,
                    Ok(_) => Mapped::Aside("a message without a channel".into()),
                    Err(error) => Mapped::Aside(format!("a message that cannot be read: {error}")),
                }
            }
            "reaction_added" => self.reaction(us, event, true).await,
            "reaction_removed" => self.reaction(us, event, false).await,
            "app_home_opened" if text("tab") == "messages" => Mapped::Skip("the messages tab was opened"),
            "app_home_opened" => Mapped::Beside(Beside::Home {
                user: text("user").to_owned(),
                channel: text("channel").to_owned(),
                hash: event["view"]["hash"].as_str().map(str::to_owned),
            }),
            "link_shared" => Mapped::Beside(Beside::Links(event.clone())),
            "channel_rename" | "group_rename" => {
                let channel = &event["channel"];
                if let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) {
                    self.names.renamed(id, name);
                }
                Mapped::Skip("a channel has another name")
            }
            "tokens_revoked" | "app_uninstalled" => {
                self.over("Slack has taken the app's tokens back: install the app to the workspace again, and set the new tokens");
                Mapped::Skip("the app was taken out of the workspace")
            }
            known if UNREAD_EVENTS.contains(&known) => Mapped::Skip("an event that means nothing here"),
            "" => Mapped::Aside("an event without a type".into()),
            other => Mapped::Aside(format!("an event of the unknown type \"{other}\"")),
        }
    }

    /// What a message is, wherever it was read.
    pub(crate) async fn message(&self, us: &Us, channel: &str, message: Message) -> Mapped {
        match message.subtype.as_deref() {
            None | Some("thread_broadcast" | "file_share" | "me_message") => {
                self.said(us, channel, message, None).await
            }
            Some("message_changed") => {
                let Some(now) = message.message else { return Mapped::Aside("a change without a message".into()) };
                let before = message.previous_message.and_then(|before| before.text);
                // A preview was added, a thread has grown: the text stands as it was.
                if before == now.text || (before.is_none() && now.edited.is_none()) {
                    return Mapped::Skip("a change that leaves the text as it was");
                }
                let at = now.edited.clone().map_or(message.ts, |edited| edited.ts);
                self.said(us, channel, *now, Some(at)).await
            }
            Some("message_deleted") => self.deleted(us, channel, message).await,
            // Who joined, who left, topics, and whatever comes: said by nobody.
            Some(_) => Mapped::Skip("a message nobody wrote"),
        }
    }

    /// A message, or with the moment of the change one that was changed.
    pub(crate) async fn said(&self, us: &Us, channel: &str, message: Message, edited: Option<String>) -> Mapped {
        let Some(user) = message.user.as_deref().filter(|_| message.bot_id.is_none()) else {
            return Mapped::Skip("not written by a person");
        };
        if user == us.user || user == SLACKBOT {
            return Mapped::Skip("not written by a person");
        }
        if message.ts.is_empty() {
            return Mapped::Aside("a message without a timestamp".into());
        }
        if self.names.person(user).await.is_bot {
            return Mapped::Skip("not written by a person");
        }
        let raw = message.text.as_deref().unwrap_or_default();
        let read = reading::read(raw, &us.user, &self.names).await;
        let attachments = attachments(&message.files);
        if raw.trim().is_empty() && attachments.is_empty() {
            return Mapped::Skip("a message without text or file");
        }
        let kind = kind_of(channel);
        let room = room_id(&self.name, channel);
        let here = message_ref(&room, &message.ts, message.thread_ts.as_deref());
        let root = message.thread_ts.clone().filter(|root| *root != message.ts);
        let spoken = kind == RoomKind::Direct || read.names_us;
        let parent = message.parent_user_id.as_deref();
        let reply_to = match &root {
            Some(root) => {
                let reply = Reply { room: &room, channel, root, parent, spoken };
                Some(self.threads.about(&self.api, us, reply).await)
            }
            None => None,
        };
        let text = if read.names_us { without_comma(&read.text).to_owned() } else { read.text };
        let title = if kind == RoomKind::Group { self.names.channel(channel).await } else { None };
        let mut id = format!("{}/{channel}/{}", self.name, message.ts);
        let mut sent_at = moment(&message.ts);
        let mut place = None;
        let said = match &edited {
            Some(at) => {
                // Slack counts seconds here: two edits within one are told apart by what they say.
                id.push_str(&format!("/e{at}-{:08x}", fingerprint(raw)));
                sent_at = DateTime::max(sent_at, moment(at));
                let addressed = spoken || reply_to.as_ref().is_some_and(|reply| reply.ours);
                Said::Edited { text, message: here, mentions: read.mentions, addressed }
            }
            None => {
                place = Some((channel.to_owned(), message.ts.clone()));
                // The answer goes to where it was said. In a group the core says so itself, by what it answers.
                self.answers.put(&id, Way { response_url: None, root });
                let mentions = read.mentions;
                Said::Message { text, message: here, reply_to, attachments, mentions, addressed: spoken }
            }
        };
        let sender = self.names.sender(user).await;
        let inbound = Inbound { id, room: Room { id: room, kind, title }, sender, said, sent_at };
        Mapped::Inbound(Box::new(inbound), place)
    }

    /// Somebody put a reaction to a message, or took it away. In which thread the message stands is not said.
    async fn reaction(&self, us: &Us, event: &Value, added: bool) -> Mapped {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (user, channel, ts) = (text("/user"), text("/item/channel"), text("/item/ts"));
        if text("/item/type") != "message" {
            return Mapped::Skip("a reaction to no message");
        }
        let ours = event["item_user"].as_str().is_none_or(|writer| writer == us.user);
        if !ours || user == us.user {
            return Mapped::Skip("a reaction to what is not ours");
        }
        let (name, at) = (text("/reaction"), text("/event_ts"));
        if user.is_empty() || channel.is_empty() || micros(ts).is_none() || name.is_empty() {
            return Mapped::Aside("a reaction without a person, a message or a name".into());
        }
        let room = room_id(&self.name, channel);
        let kind = kind_of(channel);
        let put = if added { '+' } else { '-' };
        let inbound = Inbound {
            id: format!("{}/{channel}/{ts}/r{at}-{user}{put}{name}", self.name),
            // `+1::skin-tone-3`
            said: Said::Reacted {
                message: message_ref(&room, ts, None),
                emoji: format!(":{}:", name.split_once("::").map_or(name, |(name, _)| name)),
                added,
            },
            room: Room { id: room, kind, title: None },
            sender: self.names.sender(user).await,
            sent_at: moment(at),
        };
        Mapped::Inbound(Box::new(inbound), None)
    }

    async fn deleted(&self, us: &Us, channel: &str, message: Message) -> Mapped {
        let before = message.previous_message.unwrap_or_default();
        let ts = message.deleted_ts.filter(|ts| !ts.is_empty()).unwrap_or_else(|| before.ts.clone());
        let Some(user) = before.user.as_deref().filter(|user| before.bot_id.is_none() && *user != us.user) else {
            return Mapped::Skip("not written by a person");
        };
        if ts.is_empty() {
            return Mapped::Aside("a deletion without a message".into());
        }
        let room = room_id(&self.name, channel);
        let kind = kind_of(channel);
        let inbound = Inbound {
            id: format!("{}/{channel}/{ts}/d", self.name),
            said: Said::Deleted { message: message_ref(&room, &ts, before.thread_ts.as_deref()) },
            room: Room { id: room, kind, title: None },
            sender: self.names.sender(user).await,
            sent_at: moment(&message.ts),
        };
        Mapped::Inbound(Box::new(inbound), None)
    }
}

fn attachments(files: &[File]) -> Vec<Attachment> {
    let files = files.iter().filter(|file| !file.id.is_empty());
    files
        .map(|file| {
            let kind = match file.mimetype.as_deref().and_then(|kind| kind.split('/').next()) {
                _ if file.subtype.as_deref() == Some("slack_audio") => AttachmentKind::Voice,
                Some("image") => AttachmentKind::Photo,
                Some("audio") => AttachmentKind::Audio,
                Some("video") => AttachmentKind::Video,
                Some(_) | None => AttachmentKind::Document,
            };
            Attachment { kind, file_id: file.id.clone(), name: file.name.clone(), bytes: file.size }
        })
        .collect()
}

/// FNV-1a: the same in every build.
pub(crate) fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
