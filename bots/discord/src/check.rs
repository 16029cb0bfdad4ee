//! Purpose: what `doctor` finds: token, intents, endpoint, servers and permissions, commands, and how to mend each.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Discord,
    api::CallError,
    commands,
    permissions::{self, NEEDED},
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Well.
    Ok,
    /// Works, and should be looked at.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// How to mend it; empty when there is nothing to mend.
    pub mend: String,
}

fn ok(what: impl Into<String>) -> Finding {
    Finding { level: Level::Ok, what: what.into(), mend: String::new() }
}

fn warn(what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { level: Level::Warn, what: what.into(), mend: mend.into() }
}

fn fail(what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { level: Level::Fail, what: what.into(), mend: mend.into() }
}

#[derive(Deserialize)]
struct Application {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    flags: u64,
    #[serde(default)]
    verify_key: String,
    #[serde(default)]
    interactions_endpoint_url: Option<String>,
    #[serde(default)]
    bot_require_code_grant: bool,
}

#[derive(Deserialize)]
struct Guild {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    permissions: String,
}

#[derive(Deserialize)]
struct Gateway {
    #[serde(default)]
    shards: u64,
    session_start_limit: Option<StartLimit>,
}

#[derive(Deserialize)]
struct StartLimit {
    total: u64,
    remaining: u64,
}

/// The application may be given the content of messages, in few or in many servers.
const CONTENT_FLAGS: u64 = (1 << 18) | (1 << 19);

/// The address that brings the bot into a server with what it needs.
pub(crate) fn invitation(app: &str) -> String {
    let permissions = NEEDED.bits();
    format!(
        "https://discord.com/oauth2/authorize?client_id={app}&scope=bot+applications.commands&permissions={permissions}"
    )
}

pub(crate) async fn run(discord: &Discord) -> Vec<Finding> {
    let api = &discord.api;
    let application: Application = match api.get("applications/@me").await {
        Ok(application) => application,
        Err(error) => return vec![unreachable_or_wrong(&error)],
    };
    let name = match api.get::<crate::wire::User>("users/@me").await {
        Ok(user) => user.username,
        Err(_) => application.name.clone(),
    };
    let mut out = vec![ok(format!("the token works: it is {name} (application {})", application.id))];
    gateway(discord, &mut out).await;
    endpoint(discord, &application, &mut out);
    if application.bot_require_code_grant {
        out.push(fail(
            "the application asks for an OAuth2 code grant, so nobody can invite the bot",
            "in the developer portal under Bot switch \"Requires OAuth2 Code Grant\" off",
        ));
    }
    out.push(if application.flags & CONTENT_FLAGS != 0 {
        ok("the message content intent is switched on; it is not used and can be switched off")
    } else {
        ok("no privileged intent is needed: commands, mentions and direct messages come without")
    });
    guilds(discord, &application.id, &mut out).await;
    registered(discord, &application.id, &mut out).await;
    out
}

fn unreachable_or_wrong(error: &CallError) -> Finding {
    match error.status() {
        401 => fail(
            "Discord does not know the token",
            "in the developer portal open your application, Bot, Reset Token, and set the new one",
        ),
        0 => fail(format!("Discord is not reached: {error}"), "check the network, and api_url if it is set"),
        _ => fail(format!("Discord answers with an error: {error}"), "see https://discordstatus.com, and try again"),
    }
}

async fn gateway(discord: &Discord, out: &mut Vec<Finding>) {
    match discord.api.get::<Gateway>("gateway/bot").await {
        Ok(gateway) => {
            if let Some(limit) = gateway.session_start_limit {
                let (left, total) = (limit.remaining, limit.total);
                out.push(if left < total / 10 {
                    warn(
                        format!("{left} of {total} session starts are left today"),
                        "something starts the bot very often: look at the log",
                    )
                } else {
                    ok(format!("{left} of {total} session starts are left today"))
                });
            }
            if gateway.shards > 1 {
                let what = format!(
                    "Discord recommends {} connections; one is used, which serves up to 2,500 servers",
                    gateway.shards
                );
                out.push(warn(what, "remove the bot from servers that do not use it"));
            }
        }
        Err(error) => out.push(warn(format!("the gateway is not known: {error}"), "try again")),
    }
}

fn endpoint(discord: &Discord, application: &Application, out: &mut Vec<Finding>) {
    let set = application.interactions_endpoint_url.as_deref().filter(|url| !url.is_empty());
    match (&discord.config.endpoint, set) {
        (None, None) => out.push(ok("interactions come over the gateway")),
        (None, Some(url)) => out.push(fail(
            format!("interactions are posted to {url}, and nothing here takes them"),
            "clear \"Interactions Endpoint URL\" in the developer portal, or set interactions_listen and public_key",
        )),
        (Some(_), None) => out.push(warn(
            "an endpoint for interactions is set up here, and Discord does not know it: they come over the gateway",
            "set \"Interactions Endpoint URL\" in the developer portal while this program runs",
        )),
        (Some(endpoint), Some(url)) if endpoint.public_key.to_hex() != application.verify_key.to_lowercase() => {
            out.push(fail(
                format!("the public key is not this application's, so every interaction posted to {url} is refused"),
                format!("set public_key to {}", application.verify_key),
            ));
        }
        (Some(_), Some(url)) => out.push(ok(format!("interactions are posted to {url}, and the public key is right"))),
    }
}

async fn guilds(discord: &Discord, app: &str, out: &mut Vec<Finding>) {
    let guilds: Vec<Guild> = match discord.api.get("users/@me/guilds").await {
        Ok(guilds) => guilds,
        Err(error) => {
            out.push(warn(format!("the servers are not known: {error}"), "try again"));
            return;
        }
    };
    if guilds.is_empty() {
        out.push(warn(
            "the bot is in no server: only direct messages reach it",
            format!("invite it: {}", invitation(app)),
        ));
    }
    if let Some(wanted) = discord.config.guild
        && !guilds.iter().any(|guild| guild.id == wanted.to_string())
    {
        let mend = format!("invite it there: {}&guild_id={wanted}", invitation(app));
        out.push(fail(format!("the bot is not in the server {wanted}, for which its commands are registered"), mend));
    }
    for guild in &guilds {
        let lacks = permissions::missing(permissions::bits(&guild.permissions));
        out.push(if lacks.is_empty() {
            ok(format!("in {} it may do what it needs", guild.name))
        } else {
            let mend = format!("Server Settings, Roles, the bot's role; or invite it again: {}", invitation(app));
            warn(format!("in {} it lacks {}", guild.name, lacks.join(", ")), mend)
        });
    }
}

async fn registered(discord: &Discord, app: &str, out: &mut Vec<Finding>) {
    let Ok(app) = app.parse() else { return };
    let wanted = {
        let config = &discord.config;
        commands::declared(&config.menu, config.commands, &config.under, config.guild)
    };
    let path = commands::path(app, discord.config.guild);
    match discord.api.get::<Vec<Value>>(&path).await {
        Ok(there) => {
            let missing: Vec<&str> = wanted
                .iter()
                .filter(|command| !there.iter().any(|it| it["name"] == command["name"]))
                .filter_map(|command| command["name"].as_str())
                .collect();
            out.push(if missing.is_empty() {
                ok(format!("{} commands are registered", there.len()))
            } else {
                let what = format!("{} commands are not registered yet, among them {}", missing.len(), missing[0]);
                warn(what, "start once: they are registered then")
            });
        }
        Err(error) if error.status() == 403 => out.push(fail(
            "commands cannot be registered: the scope applications.commands is missing",
            format!("invite it again: {}", invitation(&app.to_string())),
        )),
        Err(error) => out.push(warn(format!("the registered commands are not known: {error}"), "try again")),
    }
}
