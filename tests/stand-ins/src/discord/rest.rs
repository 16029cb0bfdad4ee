//! Purpose: which request goes where.

use serde_json::{Value, json};

use super::{
    commands,
    form::Fault,
    interactions, json, messages,
    permissions::{INVITED, of_bot},
    pins,
    world::World,
};

type Answer = Result<Value, Fault>;

fn id(text: &str) -> Result<u64, Fault> {
    let wrong = || Fault::form("id", "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake."));
    text.parse().map_err(|_| wrong())
}

fn not_found() -> Fault {
    Fault::status(404, 0, "404: Not Found")
}

/// One request.
pub(crate) fn run(world: &mut World, method: &str, path: &str, query: &str, body: &Value, files: &[String]) -> Answer {
    let parts: Vec<String> = path
        .trim_matches('/')
        .split('/')
        .map(|part| {
            form_urlencoded::parse(format!("x={part}").as_bytes()).next().map_or(String::new(), |(_, v)| v.into())
        })
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let asked = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
    };
    let flag = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == name && value == "true");
    match (method, parts.as_slice()) {
        ("GET", ["gateway"]) => Ok(json!({ "url": world.gateway_url })),
        ("GET", ["gateway", "bot"]) => Ok(json!({
            "url": world.gateway_url, "shards": 1,
            "session_start_limit": { "total": 1000, "remaining": world.session_starts_left, "reset_after": 60_000, "max_concurrency": 1 },
        })),
        ("GET", ["users", "@me"]) => Ok(json::user(world, world.bot.id)),
        ("GET", ["applications" | "oauth2", "@me"] | ["oauth2", "applications", "@me"]) => Ok(application(world)),
        ("GET", ["users", "@me", "guilds"]) => Ok(guilds(world)),
        ("POST", ["users", "@me", "channels"]) => {
            let who = id(body["recipient_id"].as_str().unwrap_or_default())?;
            let person = world.people.get(&who).ok_or_else(|| Fault::coded(50033, "Invalid Recipient(s)"))?;
            let channel = world.channel(person.dm).ok_or_else(messages::unknown_channel)?;
            Ok(json::channel(world, channel))
        }
        ("GET", ["channels", channel]) => {
            let channel = world.channel(id(channel)?).ok_or_else(messages::unknown_channel)?;
            if of_bot(world, channel) & super::permissions::VIEW_CHANNEL == 0 {
                return Err(Fault::status(403, 50001, "Missing Access"));
            }
            Ok(json::channel(world, channel))
        }
        ("GET", ["channels", channel, "messages"]) => messages::list(world, id(channel)?, &asked),
        ("POST", ["channels", channel, "messages"]) => messages::send(world, id(channel)?, body, files),
        ("PUT", ["channels", channel, "messages", "pins", message]) => pins::pin(world, id(channel)?, id(message)?),
        ("DELETE", ["channels", channel, "messages", "pins", message]) => {
            pins::unpin(world, id(channel)?, id(message)?)
        }
        ("GET", ["channels", channel, "messages", message]) => messages::get(world, id(channel)?, id(message)?),
        ("PATCH", ["channels", channel, "messages", message]) => {
            messages::edit(world, id(channel)?, id(message)?, body, files)
        }
        ("DELETE", ["channels", channel, "messages", message]) => messages::delete(world, id(channel)?, id(message)?),
        ("POST", ["channels", channel, "messages", message, "threads"]) => {
            messages::open_thread(world, id(channel)?, id(message)?, body)
        }
        (_, ["guilds", guild, rest @ ..]) => of_guild(world, method, id(guild)?, rest),
        (_, ["applications", application, rest @ ..]) => {
            if id(application)? != world.bot.id {
                return Err(Fault::status(
                    403,
                    20012,
                    "You are not authorized to perform this action on this application",
                ));
            }
            match rest {
                ["commands"] => of_commands(world, method, 0, body),
                ["guilds", guild, "commands"] => {
                    let guild = id(guild)?;
                    if !world.guilds.get(&guild).is_some_and(|guild| guild.member) {
                        return Err(Fault::status(403, 50001, "Missing Access"));
                    }
                    of_commands(world, method, guild, body)
                }
                _ => Err(not_found()),
            }
        }
        ("POST", ["interactions", interaction, token, "callback"]) => {
            let number = id(interaction)?;
            let message = interactions::answer(world, number, token, body, files)?;
            let kind = world.interactions.get(&number).map_or(0, |it| it.kind);
            Ok(if flag("with_response") {
                interactions::callback_response(number, kind, body["type"].as_u64().unwrap_or(0), &message)
            } else {
                Value::Null
            })
        }
        ("POST", ["webhooks", app, token]) if id(app)? == world.bot.id => {
            interactions::follow_up(world, token, body, files)
        }
        (_, ["webhooks", app, token, "messages", which]) if id(app)? == world.bot.id => match method {
            "GET" => interactions::get(world, token, which),
            "PATCH" => interactions::edit(world, token, which, body, files),
            "DELETE" => interactions::delete(world, token, which),
            _ => Err(Fault::status(405, 0, "405: Method Not Allowed")),
        },
        _ => Err(not_found()),
    }
}

fn application(world: &World) -> Value {
    let key: String = world.key.verifying_key().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    // 1 << 19: message content, for bots in few guilds.
    let flags = if world.bot.message_content { 1 << 19 } else { 0 };
    json!({ "id": world.bot.id.to_string(), "name": world.bot.username, "flags": flags, "verify_key": key,
        "interactions_endpoint_url": world.endpoint, "bot_public": true, "bot_require_code_grant": false })
}

fn guilds(world: &World) -> Value {
    let all = world.guilds.values().filter(|guild| guild.member);
    all.map(|guild| {
        json!({ "id": guild.id.to_string(), "name": guild.name, "owner": false,
            "permissions": guild.permissions.to_string(), "features": [] })
    })
    .collect()
}

fn of_guild(world: &World, method: &str, guild: u64, rest: &[&str]) -> Answer {
    let found = world.guilds.get(&guild).ok_or_else(|| Fault::status(404, 10004, "Unknown Guild"))?;
    if !found.member {
        return Err(Fault::status(403, 50001, "Missing Access"));
    }
    // One role of everybody that allows nothing, and the bot's own.
    let everyone = json!({ "id": guild.to_string(), "name": "@everyone", "permissions": "0" });
    let own = json!({ "id": (guild + 1).to_string(), "name": world.bot.username, "permissions": found.permissions.to_string() });
    match (method, rest) {
        ("GET", []) => {
            Ok(json!({ "id": guild.to_string(), "name": found.name, "owner_id": "1", "roles": [everyone, own] }))
        }
        ("GET", ["roles"]) => Ok(json!([everyone, own])),
        ("GET", ["members", who]) if id(who)? == world.bot.id => {
            Ok(json!({ "user": json::user(world, world.bot.id), "nick": null, "roles": [(guild + 1).to_string()] }))
        }
        ("GET", ["channels"]) => Ok(world
            .channels
            .values()
            .filter(|it| it.guild == Some(guild) && it.kind != 11)
            .map(|it| json::channel(world, it))
            .collect()),
        ("GET", ["threads", "active"]) => {
            let threads = world.channels.values().filter(|it| it.guild == Some(guild) && it.kind == 11);
            Ok(json!({ "threads": threads.map(|it| json::channel(world, it)).collect::<Vec<_>>(), "members": [] }))
        }
        _ => Err(not_found()),
    }
}

fn of_commands(world: &mut World, method: &str, guild: u64, body: &Value) -> Answer {
    match method {
        "GET" => Ok(json!(world.commands.get(&guild).cloned().unwrap_or_default())),
        "PUT" => {
            let list = body.as_array().ok_or_else(|| Fault::coded(50035, "Invalid Form Body"))?;
            commands::check(list)?;
            let mut kept = Vec::with_capacity(list.len());
            for command in list {
                let mut command = command.clone();
                command["id"] = json!(world.snowflake().to_string());
                if command["type"].is_null() {
                    command["type"] = json!(1);
                }
                if guild != 0 {
                    command["guild_id"] = json!(guild.to_string());
                }
                kept.push(command);
            }
            world.commands.insert(guild, kept.clone());
            Ok(json!(kept))
        }
        _ => Err(Fault::status(405, 0, "405: Method Not Allowed")),
    }
}

/// What an invitation should ask for.
pub(crate) const fn invited() -> u64 {
    INVITED
}
