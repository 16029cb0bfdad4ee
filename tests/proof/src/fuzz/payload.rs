//! What platforms hand over, as it is documented, and what becomes of it when it is not.

use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Value, json};

/// An update of Telegram's, for a chat.
pub(crate) fn telegram(random: &mut StdRng, chat: i64) -> Value {
    let from = json!({ "id": chat, "is_bot": false, "first_name": "Kim", "username": "kim", "language_code": "en" });
    let place = json!({ "id": chat, "type": "private", "first_name": "Kim" });
    let text = super::bytes::line(random);
    let number = random.random_range(100_000..9_000_000);
    let message = json!({ "message_id": number, "date": 1_700_000_000, "from": from, "chat": place, "text": text,
        "entities": [{ "type": "bot_command", "offset": 0, "length": 5 }, { "type": "text_mention", "offset": 2, "length": 3, "user": from }],
        "reply_to_message": { "message_id": 3, "date": 1_700_000_000, "from": { "id": 4242, "is_bot": true, "first_name": "yoman" },
            "chat": place, "text": "T1 created   x" } });
    let mut update = match random.random_range(0..9) {
        0 => json!({ "edited_message": message }),
        1 => {
            json!({ "callback_query": { "id": number.to_string(), "from": from, "chat_instance": "1", "data": "/done T1@1", "message": message } })
        }
        2 => {
            json!({ "my_chat_member": { "chat": place, "from": from, "date": 1, "old_chat_member": { "status": "member", "user": from },
            "new_chat_member": { "status": "kicked", "user": from, "until_date": 0 } } })
        }
        3 => json!({ "channel_post": message }),
        4 => json!({ "message": { "message_id": number, "date": 1, "from": from, "chat": place, "caption": text,
            "photo": [{ "file_id": "p", "file_unique_id": "u", "width": 1, "height": 1, "file_size": 7 }], "media_group_id": "9" } }),
        5 => {
            json!({ "message": { "message_id": number, "date": 1, "from": from, "chat": { "id": -1_001_234, "type": "supergroup", "title": "G",
            "is_forum": true }, "message_thread_id": 7, "is_topic_message": true, "text": text, "migrate_to_chat_id": -100_999 } })
        }
        _ => json!({ "message": message }),
    };
    spoil(&mut update, random);
    update
}

/// An event of Discord's gateway: its name and what it carries, in a direct channel of somebody's.
pub(crate) fn discord(random: &mut StdRng, channel: u64, user: u64) -> (String, Value) {
    let id = (u64::from(random.random::<u32>()) << 24 | 1 << 60).to_string();
    let who = json!({ "id": user.to_string(), "username": "kim", "discriminator": "0", "global_name": "Kim", "avatar": null });
    let message = json!({ "id": id, "channel_id": channel.to_string(), "author": who, "content": super::bytes::line(random),
        "timestamp": "2026-01-01T00:00:00Z", "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
        "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0, "components": [] });
    let interaction = json!({ "id": id, "application_id": "1", "type": 2, "version": 1, "token": format!("t{id}"),
        "channel_id": channel.to_string(), "channel": { "id": channel.to_string(), "type": 1 }, "user": who, "locale": "en-US",
        "entitlements": [], "authorizing_integration_owners": {}, "attachment_size_limit": 1, "app_permissions": "0",
        "data": { "id": "9", "name": "todo", "type": 1, "options": [{ "name": "text", "type": 3, "value": super::bytes::line(random) }] } });
    let (name, mut data) = match random.random_range(0..10) {
        0 => ("MESSAGE_UPDATE", message),
        1 => ("MESSAGE_DELETE", json!({ "id": id, "channel_id": channel.to_string() })),
        2 | 3 => ("INTERACTION_CREATE", interaction),
        4 => {
            let mut press = interaction;
            press["type"] = 3.into();
            press["data"] = json!({ "custom_id": "b/done T1", "component_type": 2 });
            press["message"] = message;
            ("INTERACTION_CREATE", press)
        }
        5 => {
            let mut form = interaction;
            form["type"] = 5.into();
            form["data"] = json!({ "custom_id": "f/note T1", "components": [{ "type": 1, "components": [{ "type": 4, "custom_id": "w", "value": "x" }] }] });
            ("INTERACTION_CREATE", form)
        }
        6 => ("CHANNEL_UPDATE", json!({ "id": channel.to_string(), "type": 1, "name": "x" })),
        7 => (
            "THREAD_CREATE",
            json!({ "id": id, "type": 11, "parent_id": channel.to_string(), "name": "x", "guild_id": "1" }),
        ),
        8 => ("TELEPATHY", json!({ "x": 1 })),
        _ => ("MESSAGE_CREATE", message),
    };
    spoil(&mut data, random);
    (name.to_owned(), data)
}

/// An envelope of Slack's: its type and its payload.
pub(crate) fn slack(random: &mut StdRng, channel: &str, user: &str) -> (String, Value) {
    let ts = format!("{}.{:06}", random.random_range(1_600_000_000..1_800_000_000), random.random_range(0..999_999));
    let text = super::bytes::line(random);
    let event = |event: Value| {
        json!({ "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": format!("Ev{ts}"),
        "event_time": 1_700_000_000, "event": event })
    };
    let message = json!({ "type": "message", "channel": channel, "channel_type": "im", "user": user, "text": text, "ts": ts,
        "event_ts": ts, "blocks": [{ "type": "rich_text", "block_id": "b", "elements": [{ "type": "rich_text_section",
            "elements": [{ "type": "text", "text": text }, { "type": "user", "user_id": user }] }] }] });
    let (kind, mut payload) = match random.random_range(0..10) {
        0 => (
            "events_api",
            event(json!({ "type": "message", "subtype": "message_changed", "channel": channel, "channel_type": "im",
            "ts": ts, "message": message, "previous_message": message })),
        ),
        1 => (
            "events_api",
            event(json!({ "type": "message", "subtype": "message_deleted", "channel": channel, "channel_type": "im",
            "ts": ts, "deleted_ts": ts, "previous_message": message })),
        ),
        2 => {
            ("events_api", event(json!({ "type": "app_home_opened", "user": user, "channel": channel, "tab": "home" })))
        }
        3 => (
            "events_api",
            event(json!({ "type": "link_shared", "channel": channel, "user": user, "message_ts": ts,
            "links": [{ "domain": "x.y", "url": "https://x.y/T1" }] })),
        ),
        4 => (
            "slash_commands",
            json!({ "command": "/yoman", "text": text, "user_id": user, "user_name": "kim", "channel_id": channel,
            "channel_name": "directmessage", "team_id": "T1", "response_url": "http://127.0.0.1:9/x", "trigger_id": "1.2.3" }),
        ),
        5 => (
            "interactive",
            json!({ "type": "view_submission", "user": { "id": user, "username": "kim" }, "view": { "id": "V1",
            "callback_id": "x", "private_metadata": "{}", "hash": "1.a", "state": { "values": { "b": { "w": { "type": "plain_text_input", "value": "x" } } } } } }),
        ),
        6 => (
            "interactive",
            json!({ "type": "block_actions", "user": { "id": user, "username": "kim" }, "channel": { "id": channel },
            "container": { "type": "message", "message_ts": ts, "channel_id": channel }, "message": message,
            "response_url": "http://127.0.0.1:9/x", "trigger_id": "1.2.3",
            "actions": [{ "type": "button", "action_id": "m:do:1", "block_id": "b", "value": "/done T1@1", "action_ts": ts }] }),
        ),
        7 => ("telepathy", json!({ "x": 1 })),
        _ => ("events_api", event(message)),
    };
    spoil(&mut payload, random);
    (kind.to_owned(), payload)
}

fn spoil(value: &mut Value, random: &mut StdRng) {
    for _ in 0..random.random_range(0..5) {
        mutate(value, random);
    }
}

/// Changes one thing somewhere in it.
pub(crate) fn mutate(value: &mut Value, random: &mut StdRng) {
    // Down to some place, oftener deep than not.
    let deeper = random.random_bool(0.85);
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = random.random_range(0..map.len());
            let key = map.keys().nth(at).cloned().unwrap_or_default();
            match random.random_range(0..12) {
                0 => drop(map.remove(&key)),
                1 => {
                    if let Some(value) = map.remove(&key) {
                        map.insert(format!("{key}_"), value);
                    }
                }
                _ => {
                    if let Some(inner) = map.get_mut(&key) {
                        mutate(inner, random);
                    }
                }
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = random.random_range(0..list.len());
            match random.random_range(0..6) {
                0 => drop(list.remove(at)),
                1 => {
                    let one = list[at].clone();
                    list.extend(std::iter::repeat_n(one, random.random_range(1..300)));
                }
                _ => mutate(&mut list[at], random),
            }
        }
        other => *other = odd(other, random),
    }
}

fn odd(was: &Value, random: &mut StdRng) -> Value {
    match random.random_range(0..16) {
        0 => Value::Null,
        1 => true.into(),
        2 => (-1).into(),
        3 => i64::MAX.into(),
        4 => u64::MAX.into(),
        5 => json!(1e300),
        6 => "".into(),
        7 => "x".repeat(random.random_range(1..20_000)).into(),
        8 => json!([]),
        9 => json!({}),
        10 => json!([was, [was, [was]]]),
        11 => was.to_string().into(),
        12 => "\u{0}\u{202e}\u{1f468}\u{200d}".into(),
        13 => (0..200)
            .fold(json!(1), |inner, _| if random.random_bool(0.5) { json!([inner]) } else { json!({ "a": inner }) }),
        14 => match was {
            Value::Number(number) => number.to_string().into(),
            Value::String(text) => text.parse::<i64>().map_or(Value::Null, Value::from),
            other => other.clone(),
        },
        _ => super::bytes::line(random).into(),
    }
}
