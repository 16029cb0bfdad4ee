//! What no client of the platforms would send: presses nobody offered, calls at the ways in over HTTP that nobody signed.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use super::scene::{SIGNING_SECRET, Scene, WEBHOOK_SECRET};

/// An update of a press: for which chat, and what it is.
pub(super) fn telegram_press(who: &str, room: &str, card: &str, data: &str) -> (i64, Value) {
    let (who, room) = (who.parse::<i64>().unwrap_or(7), room.parse::<i64>().unwrap_or(7));
    let message = json!({ "message_id": card.parse::<i64>().unwrap_or(1), "date": 1_700_000_000,
        "chat": { "id": room, "type": "private", "first_name": "M" }, "text": "a card" });
    let query = json!({ "id": rand::random::<u64>().to_string(), "chat_instance": "1", "data": data, "message": message,
        "from": { "id": who, "is_bot": false, "first_name": "Mallory" } });
    (room, json!({ "callback_query": query }))
}

/// An interaction that is a press.
pub(super) fn discord_press(who: &str, room: &str, data: &str) -> Value {
    let id = (u64::from(rand::random::<u32>()) << 30 | 1 << 60).to_string();
    let user =
        json!({ "id": who, "username": "mallory", "discriminator": "0", "global_name": "Mallory", "avatar": null });
    json!({ "id": id, "application_id": "1", "type": 3, "version": 1, "token": format!("forged-{id}"), "channel_id": room,
        "channel": { "id": room, "type": 1 }, "user": user, "locale": "en-US", "entitlements": [],
        "authorizing_integration_owners": {}, "attachment_size_limit": 1, "app_permissions": "0",
        "data": { "custom_id": data, "component_type": 2 },
        "message": { "id": id, "channel_id": room, "author": user, "content": "a card", "timestamp": "2026-01-01T00:00:00Z",
            "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
            "attachments": [], "embeds": [], "pinned": false, "type": 0, "components": [] } })
}

/// The payload of a press.
pub(super) fn slack_press(who: &str, room: &str, data: &str) -> Value {
    json!({ "type": "block_actions", "user": { "id": who, "username": "mallory", "name": "mallory", "team_id": "T1" },
        "api_app_id": "A1", "token": "forged", "team": { "id": "T1", "domain": "x" }, "trigger_id": "1.2.3",
        "container": { "type": "message", "message_ts": "1700000000.000100", "channel_id": room, "is_ephemeral": false },
        "channel": { "id": room, "name": "directmessage" }, "response_url": "http://127.0.0.1:9/forged",
        "message": { "type": "message", "ts": "1700000000.000100", "user": who, "text": "a card" },
        "actions": [{ "type": "button", "action_id": data.chars().take(200).collect::<String>(), "block_id": "b",
            "value": data, "action_ts": "1700000001.000100", "text": { "type": "plain_text", "text": "Do" } }] })
}

fn free_port() -> SocketAddr {
    // Free now and, on loopback, for the moment that follows.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

struct Call<'a> {
    what: &'static str,
    url: String,
    body: String,
    headers: Vec<(&'static str, &'a str)>,
    expected: &'static [u16],
}

/// Every way in over HTTP, with everything but the right signature.
pub(super) async fn over_http(scene: &mut Scene) -> Result<String, String> {
    let [telegram, discord, slack] = [free_port(), free_port(), free_port()];
    scene.begin(&[
        ("YOMAN_BOTS_TELEGRAM_WEBHOOK_URL", format!("http://{telegram}/hook")),
        ("YOMAN_BOTS_TELEGRAM_WEBHOOK_LISTEN", telegram.to_string()),
        ("TELEGRAM_WEBHOOK_SECRET", WEBHOOK_SECRET.into()),
        ("YOMAN_BOTS_DISCORD_INTERACTIONS_LISTEN", discord.to_string()),
        ("YOMAN_BOTS_DISCORD_PUBLIC_KEY", scene.discord.server.public_key()),
        ("YOMAN_BOTS_SLACK_MODE", "http".into()),
        ("YOMAN_BOTS_SLACK_HTTP_LISTEN", slack.to_string()),
        ("SLACK_SIGNING_SECRET", SIGNING_SECRET.into()),
    ]);
    for address in [telegram, discord, slack] {
        if !super::soon(|| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)).is_ok()).await {
            return Err(format!("nobody listens at {address}"));
        }
    }
    scene.owner_says("/todo Over the webhook").await?;
    let before = scene.commits()?.len();

    let owner = scene.wires[0].place().people[0].0.clone();
    let update = json!({ "update_id": 900_000_001, "message": { "message_id": 999_999, "date": 1_700_000_000,
        "chat": { "id": owner.parse::<i64>().unwrap_or_default(), "type": "private", "first_name": "Kim" },
        "from": { "id": owner.parse::<i64>().unwrap_or_default(), "is_bot": false, "first_name": "Kim" },
        "text": "/todo zqxforged" } });
    let (update, now) = (update.to_string(), chrono::Utc::now().timestamp().to_string());
    let event = json!({ "type": "event_callback", "event_id": "EvForged", "team_id": "T1",
        "event": { "type": "message", "channel_type": "im", "user": "U1", "text": "todo zqxforged", "ts": "1.2" } })
    .to_string();
    let interaction = json!({ "type": 2, "id": "1", "token": "t", "application_id": "1", "channel_id": "5",
        "data": { "id": "1", "name": "todo" }, "user": { "id": "1", "username": "m", "discriminator": "0" } })
    .to_string();
    let old = (chrono::Utc::now().timestamp() - 600).to_string();
    let zeroes = "00".repeat(64);
    let other = scene.slack.server.signature(&now, "another body");
    let stale = scene.slack.server.signature(&old, &event);
    let long = "s".repeat(20_000);
    let almost = &WEBHOOK_SECRET[..WEBHOOK_SECRET.len() - 1];
    let longer = format!("{WEBHOOK_SECRET}x");
    let mut calls = Vec::new();
    const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";
    for secret in [None, Some(""), Some(almost), Some(longer.as_str()), Some(long.as_str())] {
        let headers = secret.map(|secret| (SECRET, secret)).into_iter().collect();
        let url = format!("http://{telegram}/hook");
        calls.push(Call { what: "Telegram", url, body: update.clone(), headers, expected: &[401, 431] });
    }
    for (at, signature) in
        [(&now, "00"), (&now, zeroes.as_str()), (&old, zeroes.as_str()), (&now, "zz"), (&now, long.as_str())]
    {
        let headers = vec![("X-Signature-Ed25519", signature), ("X-Signature-Timestamp", at.as_str())];
        let url = format!("http://{discord}/discord");
        calls.push(Call { what: "Discord", url, body: interaction.clone(), headers, expected: &[401, 431] });
    }
    for (at, signature) in
        [(&now, ""), (&now, "v0=00"), (&now, other.as_str()), (&old, stale.as_str()), (&now, long.as_str())]
    {
        let headers = vec![("x-slack-request-timestamp", at.as_str()), ("x-slack-signature", signature)];
        let url = format!("http://{slack}/slack");
        calls.push(Call { what: "Slack", url, body: event.clone(), headers, expected: &[401, 431] });
    }
    for (what, address) in [("Telegram", telegram), ("Discord", discord), ("Slack", slack)] {
        for path in ["/", "/../data/log/db", "/%2e%2e/%2e%2e/etc/passwd", "/hook/../../x"] {
            let url = format!("http://{address}{path}");
            calls.push(Call { what, url, body: update.clone(), headers: Vec::new(), expected: &[401, 404, 405] });
        }
        let (url, body) = (format!("http://{address}/hook"), " ".repeat(3 << 20));
        calls.push(Call { what, url, body, headers: Vec::new(), expected: &[401, 404, 413] });
    }
    let client = reqwest::Client::new();
    let count = calls.len();
    for call in calls {
        let mut request = client.post(&call.url).body(call.body);
        for (name, value) in &call.headers {
            request = request.header(*name, *value);
        }
        // Whoever sends too much may find the door closed before all of it is said.
        let Ok(answer) = request.send().await else { continue };
        let status = answer.status().as_u16();
        if !call.expected.contains(&status) {
            return Err(format!("{} answered a forged call to {} with {status}", call.what, call.url));
        }
    }
    scene.answers().await?;
    let after = scene.commits()?;
    if after.len() != before || after.iter().any(|line| line.contains("zqxforged")) {
        return Err(format!("a forged call got in: {:?}", after.last()));
    }
    scene.owner_says("/todo Still here").await?;
    scene.stop().await?;
    Ok(format!("{count} calls over HTTP without the right secret or signature: none got in"))
}
