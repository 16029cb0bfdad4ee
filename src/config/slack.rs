//! Settings of a Slack bot: its tokens, and how Slack reaches it.

use std::net::SocketAddr;

use super::{
    Environment, Problem, Secret,
    bots::{ANY, Entry, check_api_url},
};

/// Where Slack's Web API is.
const API_URL_DEFAULT: &str = "https://slack.com/api/";

/// Settings of a Slack bot.
#[derive(Clone, Debug)]
pub struct SlackBot {
    /// `xoxb-…`; always there when the bot is on.
    pub bot_token: Option<Secret>,
    /// `xapp-…`, for Socket Mode.
    pub app_token: Option<Secret>,
    /// What HTTP mode's requests are signed with.
    pub signing_secret: Option<Secret>,
    /// The environment variables that hold these three.
    pub bot_token_env: String,
    /// See `bot_token_env`.
    pub app_token_env: String,
    /// See `bot_token_env`.
    pub signing_secret_env: String,
    /// Where the Web API is.
    pub api_url: String,
    /// `auto`, `socket` or `http`.
    pub mode: String,
    /// Where to listen in HTTP mode.
    pub http_listen: String,
    /// The public address of HTTP mode, for the manifest.
    pub http_url: String,
    /// The slash command that takes every verb, without `/`.
    pub command: String,
    /// `one`: that command alone; `frequent`: the verbs used daily have commands of their own.
    pub commands: String,
    /// What a link to an item begins with; empty: none.
    pub link_prefix: String,
    /// Items named in a channel without a word to the bot are shown to whoever named them.
    pub show_refs: bool,
    /// What the mode came to.
    pub way: Option<SlackWay>,
}

/// How Slack reaches the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlackWay {
    /// A socket the bot opens.
    Socket,
    /// Slack posts there.
    Http(SocketAddr),
}

pub(super) const SLACK: &[Entry<SlackBot>] = &[
    Entry { key: "bot_token_env", limits: ANY, at: |bot| &mut bot.bot_token_env },
    Entry { key: "app_token_env", limits: ANY, at: |bot| &mut bot.app_token_env },
    Entry { key: "signing_secret_env", limits: ANY, at: |bot| &mut bot.signing_secret_env },
    Entry { key: "api_url", limits: ANY, at: |bot| &mut bot.api_url },
    Entry { key: "mode", limits: ANY, at: |bot| &mut bot.mode },
    Entry { key: "http_listen", limits: ANY, at: |bot| &mut bot.http_listen },
    Entry { key: "http_url", limits: ANY, at: |bot| &mut bot.http_url },
    Entry { key: "command", limits: ANY, at: |bot| &mut bot.command },
    Entry { key: "commands", limits: ANY, at: |bot| &mut bot.commands },
    Entry { key: "link_prefix", limits: ANY, at: |bot| &mut bot.link_prefix },
    Entry { key: "show_refs", limits: ANY, at: |bot| &mut bot.show_refs },
];

/// A Slack bot with nothing set.
pub(super) fn default(name: &str) -> SlackBot {
    // Only the bot of that name: two bots must not share a token by accident.
    let variable = |variable: &str| if name == "slack" { variable.to_owned() } else { String::new() };
    SlackBot {
        bot_token: None,
        app_token: None,
        signing_secret: None,
        bot_token_env: variable("SLACK_BOT_TOKEN"),
        app_token_env: variable("SLACK_APP_TOKEN"),
        signing_secret_env: variable("SLACK_SIGNING_SECRET"),
        api_url: API_URL_DEFAULT.to_owned(),
        mode: "auto".to_owned(),
        http_listen: "127.0.0.1:8444".to_owned(),
        http_url: String::new(),
        command: "yoman".to_owned(),
        commands: "one".to_owned(),
        link_prefix: String::new(),
        show_refs: true,
        way: None,
    }
}

/// Finds the tokens. Whether there is one decides whether the bot runs.
pub(super) fn find_tokens(bot: &mut SlackBot, environment: &Environment, problems: &mut Vec<Problem>) {
    let mut secret = |variable: &str, prefix: &str, what: &str| {
        let value = Secret::new(environment.get(variable)?);
        let shaped = value.expose().bytes().all(|b| b.is_ascii_graphic()) && value.expose().starts_with(prefix);
        if !shaped || value.expose().is_empty() {
            // What is wrong with it is not said by showing it.
            problems.push(Problem::new(variable, format!("is no {what}")));
            return None;
        }
        Some(value)
    };
    bot.bot_token = secret(&bot.bot_token_env, "xoxb-", "bot token: it begins with xoxb-");
    bot.app_token = secret(&bot.app_token_env, "xapp-", "app-level token: it begins with xapp-");
    bot.signing_secret = secret(&bot.signing_secret_env, "", "signing secret");
}

/// Decides how Slack reaches a bot that is on.
pub(super) fn finish(at: &str, bot: &mut SlackBot, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    check_api_url(at, &mut bot.api_url, API_URL_DEFAULT, problems, warnings);
    let word = |text: &str| {
        (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    };
    if !word(&bot.command) {
        let what = "is no name for a slash command: 1 to 32 lower case letters, digits, - and _, without /";
        problems.push(Problem::new(format_args!("{at}.command"), what));
    }
    if !matches!(bot.commands.as_str(), "one" | "frequent") {
        let what = format!("expected \"one\" or \"frequent\", not \"{}\"", bot.commands.escape_debug());
        problems.push(Problem::new(format_args!("{at}.commands"), what));
    }
    for (key, url) in [("http_url", &bot.http_url), ("link_prefix", &bot.link_prefix)] {
        if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
            problems.push(Problem::new(format_args!("{at}.{key}"), "is no address: write https://…"));
        }
    }
    let socket = match bot.mode.as_str() {
        "auto" => bot.app_token.is_some() || bot.signing_secret.is_none(),
        "socket" => true,
        "http" => false,
        other => {
            let what = format!("expected \"auto\", \"socket\" or \"http\", not \"{}\"", other.escape_debug());
            return problems.push(Problem::new(format_args!("{at}.mode"), what));
        }
    };
    let named = |variable: &str, setting: &str| {
        if variable.is_empty() { format!("the variable that {setting} names") } else { variable.to_owned() }
    };
    if socket {
        if bot.app_token.is_none() {
            let (app, signing) =
                (named(&bot.app_token_env, "app_token_env"), named(&bot.signing_secret_env, "signing_secret_env"));
            let what = format!("cannot be reached: set {app} (xapp-…) for Socket Mode, or {signing} for HTTP mode");
            return problems.push(Problem::new(at, what));
        }
        bot.way = Some(SlackWay::Socket);
        return;
    }
    if bot.signing_secret.is_none() {
        let signing = named(&bot.signing_secret_env, "signing_secret_env");
        return problems.push(Problem::new(at, format!("is in HTTP mode and has no signing secret: set {signing}")));
    }
    match bot.http_listen.parse() {
        Ok(listen) => bot.way = Some(SlackWay::Http(listen)),
        Err(_) => problems.push(Problem::new(
            format_args!("{at}.http_listen"),
            format!("expected an address and a port like 127.0.0.1:8444, not \"{}\"", bot.http_listen.escape_debug()),
        )),
    }
}
