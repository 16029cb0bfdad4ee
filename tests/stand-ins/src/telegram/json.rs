//! Purpose: people, chats and messages in the documented shapes. Source: <https://core.telegram.org/bots/api#available-types>.

use serde_json::{Map, Value, json};

use super::{
    model::{ChatKind, Shown, User},
    world::{Chat, find},
};

pub(crate) fn user_json(user: &User) -> Value {
    let mut out = json!({ "id": user.id, "is_bot": false, "first_name": user.first_name });
    for (name, value) in
        [("last_name", &user.last_name), ("username", &user.username), ("language_code", &user.language_code)]
    {
        if let Some(value) = value {
            out[name] = json!(value);
        }
    }
    out
}

pub(crate) fn chat_json(chat: &Chat) -> Value {
    let mut out = json!({ "id": chat.id, "type": chat.kind.as_str() });
    if chat.kind == ChatKind::Private {
        let (first, last) = match chat.title.split_once(' ') {
            Some((first, last)) => (first, Some(last)),
            None => (chat.title.as_str(), None),
        };
        out["first_name"] = json!(first);
        if let Some(last) = last {
            out["last_name"] = json!(last);
        }
    } else {
        out["title"] = json!(chat.title);
    }
    if let Some(name) = &chat.username {
        out["username"] = json!(name);
    }
    if chat.is_forum {
        out["is_forum"] = json!(true);
    }
    if chat.kind == ChatKind::Group {
        out["all_members_are_administrators"] = json!(false);
    }
    out
}

/// A `Message`: <https://core.telegram.org/bots/api#message>.
pub(crate) fn message_json(chat: &Chat, message: &Shown, with_reply: bool) -> Value {
    let mut out = Map::with_capacity(12);
    out.insert("message_id".into(), message.message_id.into());
    if chat.kind == ChatKind::Channel {
        out.insert("sender_chat".into(), chat_json(chat));
    } else {
        out.insert("from".into(), message.author.clone());
    }
    out.insert("chat".into(), chat_json(chat));
    out.insert("date".into(), message.date.into());
    if let Some(thread) = message.thread {
        out.insert("message_thread_id".into(), thread.into());
        out.insert("is_topic_message".into(), true.into());
    }
    if let Some(date) = message.edit_date {
        out.insert("edit_date".into(), date.into());
    }
    let media = message.extra.keys().any(|key| MEDIA.contains(&key.as_str()));
    let (text, entities) = if media { ("caption", "caption_entities") } else { ("text", "entities") };
    if !message.text.is_empty() {
        out.insert(text.into(), message.text.clone().into());
    }
    if !message.entities.is_empty() {
        out.insert(entities.into(), message.entities.clone().into());
    }
    // A message in a topic that answers nothing is said to answer the message that opened the topic.
    if with_reply && let Some(reply) = message.reply_to.or(message.thread).and_then(|id| find(chat, id)) {
        out.insert("reply_to_message".into(), message_json(chat, reply, false));
    }
    if let Some(markup) = &message.markup {
        out.insert("reply_markup".into(), markup.clone());
    }
    for (key, value) in &message.extra {
        out.insert(key.clone(), value.clone());
    }
    Value::Object(out)
}

const MEDIA: [&str; 6] = ["photo", "document", "voice", "audio", "video", "animation"];

/// A file of a kind, as the field of a message that holds it.
pub(crate) fn attachment(kind: &str, id: i64) -> (String, Value) {
    let file = |name: &str| format!("FILE-{name}-{id}");
    let unique = |name: &str| format!("U-{name}-{id}");
    let value = match kind {
        "photo" => json!([
            { "file_id": file("photo-small"), "file_unique_id": unique("s"), "width": 90, "height": 60, "file_size": 1_200 },
            { "file_id": file("photo-large"), "file_unique_id": unique("l"), "width": 1280, "height": 853, "file_size": 98_000 },
            { "file_id": file("photo-medium"), "file_unique_id": unique("m"), "width": 320, "height": 213, "file_size": 9_000 },
        ]),
        "document" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "file_name": "trace.log", "mime_type": "text/plain", "file_size": 5_120 })
        }
        "voice" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "duration": 4, "mime_type": "audio/ogg", "file_size": 16_000 })
        }
        "audio" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "duration": 120, "title": "Song", "file_name": "song.mp3", "mime_type": "audio/mpeg", "file_size": 2_000_000 })
        }
        "video" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "width": 640, "height": 360, "duration": 9, "file_name": "demo.mp4", "mime_type": "video/mp4", "file_size": 900_000 })
        }
        "animation" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "width": 320, "height": 180, "duration": 3, "file_size": 80_000 })
        }
        "video_note" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "length": 240, "duration": 5, "file_size": 300_000 })
        }
        "sticker" => {
            json!({ "file_id": file(kind), "file_unique_id": unique(kind), "type": "regular", "width": 512, "height": 512, "is_animated": false, "is_video": false, "emoji": "👍" })
        }
        _ => json!({}),
    };
    (kind.to_owned(), value)
}
