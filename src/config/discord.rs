//! The settings of a Discord bot.

use std::{net::SocketAddr, path::PathBuf};

use super::{
    Environment, Problem, Secret,
    bots::{self, ANY, Entry},
    problem::did_you_mean,
};

const API_URL_DEFAULT: &str = "https://discord.com/api/v10";
const COMMANDS: [&str; 4] = ["both", "frequent", "yoman", "off"];

/// Settings of a Discord bot.
#[derive(Clone, Debug)]
pub struct DiscordBot {
    /// The token, found through the next two; always there when the bot is on.
    pub token: Option<Secret>,
    /// The environment variable that holds it.
    pub token_env: String,
    /// The file that holds it; goes before the variable.
    pub token_file: Option<PathBuf>,
    /// Where the API is, with its version and without a `/` at the end.
    pub api_url: String,
    /// Register commands for this server alone; empty: everywhere.
    pub guild: String,
    /// `both`, `frequent`, `yoman` or `off`.
    pub commands: String,
    /// Take interactions here instead of from the gateway; empty: from the gateway.
    pub interactions_listen: String,
    /// The path at which they arrive.
    pub interactions_path: String,
    /// The application's public key, which they are signed for.
    pub public_key: String,
    /// What `guild` came to.
    pub guild_id: Option<u64>,
    /// What `interactions_listen` came to.
    pub listen: Option<SocketAddr>,
}

pub(super) const TABLE: &[Entry<DiscordBot>] = &[
    Entry { key: "token_env", limits: ANY, at: |bot| &mut bot.token_env },
    Entry { key: "token_file", limits: ANY, at: |bot| &mut bot.token_file },
    Entry { key: "api_url", limits: ANY, at: |bot| &mut bot.api_url },
    Entry { key: "guild", limits: ANY, at: |bot| &mut bot.guild },
    Entry { key: "commands", limits: ANY, at: |bot| &mut bot.commands },
    Entry { key: "interactions_listen", limits: ANY, at: |bot| &mut bot.interactions_listen },
    Entry { key: "interactions_path", limits: ANY, at: |bot| &mut bot.interactions_path },
    Entry { key: "public_key", limits: ANY, at: |bot| &mut bot.public_key },
];

impl DiscordBot {
    /// A bot with nothing set.
    pub(super) fn new(name: &str) -> Self {
        Self {
            token: None,
            // Only the bot of that name: two bots must not share a token by accident.
            token_env: if name == "discord" { "DISCORD_BOT_TOKEN".to_owned() } else { String::new() },
            token_file: None,
            api_url: API_URL_DEFAULT.to_owned(),
            guild: String::new(),
            commands: "both".to_owned(),
            interactions_listen: String::new(),
            interactions_path: "/discord".to_owned(),
            public_key: String::new(),
            guild_id: None,
            listen: None,
        }
    }

    /// Finds the token.
    pub(super) fn find_token(&mut self, at: &str, environment: &Environment, problems: &mut Vec<Problem>) {
        let found = bots::secret(at, self.token_file.as_deref(), &self.token_env, environment, problems);
        self.token = found.and_then(|(from, token)| {
            let text = token.expose();
            // It stands in a header. What is wrong with it is not said by showing it.
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
            if !plain {
                problems.push(Problem::new(from, "is no token: one line as the developer portal gave it"));
            }
            plain.then_some(token)
        });
    }

    /// Checks what was set.
    pub(super) fn finish(&mut self, at: &str, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
        bots::check_api_url(at, &mut self.api_url, API_URL_DEFAULT, problems, warnings);
        // A bare host is a server whose API stands where Discord's does.
        if self.api_url.matches('/').count() == 2 {
            self.api_url.push_str("/api/v10");
        }
        if !self.guild.is_empty() {
            self.guild_id = self.guild.parse().ok().filter(|id| *id > 0);
            if self.guild_id.is_none() {
                let what = "expected the number of a server (right click on it, Copy Server ID), or nothing";
                problems.push(Problem::new(format_args!("{at}.guild"), what));
            }
        }
        if !COMMANDS.contains(&self.commands.as_str()) {
            let near = did_you_mean(&self.commands, COMMANDS);
            let what = format!(
                "expected \"both\", \"frequent\", \"yoman\" or \"off\", not \"{}\"{near}",
                self.commands.escape_debug()
            );
            problems.push(Problem::new(format_args!("{at}.commands"), what));
        }
        if self.interactions_listen.is_empty() {
            return;
        }
        self.listen = self.interactions_listen.parse().ok();
        if self.listen.is_none() {
            let what = format!(
                "expected an address and a port like 127.0.0.1:8444, not \"{}\"",
                self.interactions_listen.escape_debug()
            );
            problems.push(Problem::new(format_args!("{at}.interactions_listen"), what));
        }
        let key = self.public_key.trim();
        if key.len() != 64 || !key.bytes().all(|b| b.is_ascii_hexdigit()) {
            let what =
                "needs the application's public key: 64 digits, in the developer portal under General Information";
            problems.push(Problem::new(format_args!("{at}.public_key"), what));
        }
        if !self.interactions_path.starts_with('/') {
            problems.push(Problem::new(format_args!("{at}.interactions_path"), "is no path: write /discord"));
        }
    }
}
