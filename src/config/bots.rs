//! Which bots run, and with which token.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{
    Config, Environment, Problem, Secret,
    discord::{self, DiscordBot},
    problem::did_you_mean,
    slack::{self, SLACK, SlackBot},
    value::Setting,
};

const API_URL_DEFAULT: &str = "https://api.telegram.org";
const NAME_CHARS_MAX: usize = 32;
const PLATFORMS: [&str; 4] = ["console", "discord", "slack", "telegram"];

/// Whether a bot runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enabled {
    /// A bot with a token: when the token is set. The console: when no other bot has one, or somebody can type.
    #[default]
    Auto,
    /// It runs, or the start is refused.
    Yes,
    /// It does not run.
    No,
}

/// `[bots.<name>]`
#[derive(Clone, Debug)]
pub struct BotConfig {
    /// As set.
    pub enabled: Enabled,
    /// What came of it: it is to be started.
    pub on: bool,
    /// Which platform, with its settings.
    pub platform: Platform,
}

/// A platform with its settings.
#[derive(Clone, Debug)]
pub enum Platform {
    /// `platform = "console"`
    Console(ConsoleBot),
    /// `platform = "discord"`
    Discord(DiscordBot),
    /// `platform = "telegram"`
    Telegram(TelegramBot),
    /// `platform = "slack"`
    Slack(SlackBot),
}

/// Settings of a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleBot {
    /// Remember typed lines in `<data_dir>/state/console_history`.
    pub history: bool,
    /// How long a line from a pipe waits for the answer of the one before.
    pub answer_wait_ms: u64,
}

/// Settings of a Telegram bot.
#[derive(Clone, Debug)]
pub struct TelegramBot {
    /// The token, found through the next two; always there when the bot is on.
    pub token: Option<Secret>,
    /// The environment variable that holds it.
    pub token_env: String,
    /// The file that holds it; goes before the variable.
    pub token_file: Option<PathBuf>,
    /// Where the Bot API is, without a `/` at the end.
    pub api_url: String,
    /// How long one request for updates is kept open.
    pub poll_timeout_s: u64,
    /// Be called instead of asking; empty: ask.
    pub webhook_url: String,
    /// Where to listen for these calls.
    pub webhook_listen: String,
    /// The environment variable with the secret the calls must carry.
    pub webhook_secret_env: String,
    /// What the three above came to.
    pub webhook: Option<Webhook>,
}

/// How Telegram calls us.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The public address.
    pub url: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What each call must carry.
    pub secret: Secret,
}

/// A setting of a platform: key, limits, place.
pub(super) struct Entry<T> {
    pub(super) key: &'static str,
    pub(super) limits: (u64, u64),
    pub(super) at: fn(&mut T) -> &mut dyn Setting,
}

pub(super) const ANY: (u64, u64) = (0, u64::MAX);

const CONSOLE: &[Entry<ConsoleBot>] = &[
    Entry { key: "history", limits: ANY, at: |bot| &mut bot.history },
    Entry { key: "answer_wait_ms", limits: (0, 600_000), at: |bot| &mut bot.answer_wait_ms },
];

const TELEGRAM: &[Entry<TelegramBot>] = &[
    Entry { key: "token_env", limits: ANY, at: |bot| &mut bot.token_env },
    Entry { key: "token_file", limits: ANY, at: |bot| &mut bot.token_file },
    Entry { key: "api_url", limits: ANY, at: |bot| &mut bot.api_url },
    Entry { key: "poll_timeout_s", limits: (1, 50), at: |bot| &mut bot.poll_timeout_s },
    Entry { key: "webhook_url", limits: ANY, at: |bot| &mut bot.webhook_url },
    Entry { key: "webhook_listen", limits: ANY, at: |bot| &mut bot.webhook_listen },
    Entry { key: "webhook_secret_env", limits: ANY, at: |bot| &mut bot.webhook_secret_env },
];

fn find<'a, T>(table: &[Entry<T>], bot: &'a mut T, key: &str) -> Option<(&'a mut dyn Setting, (u64, u64))> {
    let entry = table.iter().find(|entry| entry.key == key)?;
    Some(((entry.at)(bot), entry.limits))
}

impl BotConfig {
    /// The platform's word.
    pub fn platform_word(&self) -> &'static str {
        match self.platform {
            Platform::Console(_) => "console",
            Platform::Discord(_) => "discord",
            Platform::Telegram(_) => "telegram",
            Platform::Slack(_) => "slack",
        }
    }

    /// The setting with this key; `platform` is not among them.
    pub(super) fn setting(&mut self, key: &str) -> Option<(&mut dyn Setting, (u64, u64))> {
        match (&mut self.platform, key) {
            (_, "enabled") => Some((&mut self.enabled, ANY)),
            (Platform::Console(bot), _) => find(CONSOLE, bot, key),
            (Platform::Discord(bot), _) => find(discord::TABLE, bot, key),
            (Platform::Telegram(bot), _) => find(TELEGRAM, bot, key),
            (Platform::Slack(bot), _) => find(SLACK, bot, key),
        }
    }

    /// The keys of its settings.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        let own: Vec<&'static str> = match self.platform {
            Platform::Console(_) => CONSOLE.iter().map(|entry| entry.key).collect(),
            Platform::Discord(_) => discord::TABLE.iter().map(|entry| entry.key).collect(),
            Platform::Telegram(_) => TELEGRAM.iter().map(|entry| entry.key).collect(),
            Platform::Slack(_) => SLACK.iter().map(|entry| entry.key).collect(),
        };
        ["enabled"].into_iter().chain(own)
    }
}

/// The bots there are without any setting.
pub(super) fn defaults() -> BTreeMap<String, BotConfig> {
    let of = |name: &str| Some((name.to_owned(), of_platform(name, name).ok()?));
    PLATFORMS.into_iter().filter_map(of).collect()
}

/// The words of all platforms, as one writes them.
pub(super) fn platforms() -> &'static str {
    "\"console\", \"discord\", \"slack\" or \"telegram\""
}

/// A bot of a platform with nothing set.
pub(super) fn of_platform(name: &str, platform: &str) -> Result<BotConfig, String> {
    let platform = match platform {
        "console" => Platform::Console(ConsoleBot { history: true, answer_wait_ms: 2_000 }),
        "discord" => Platform::Discord(DiscordBot::new(name)),
        "telegram" => Platform::Telegram(TelegramBot {
            token: None,
            // Only the bot of that name: two bots must not share a token by accident.
            token_env: if name == "telegram" { "TELEGRAM_BOT_TOKEN".to_owned() } else { String::new() },
            token_file: None,
            api_url: API_URL_DEFAULT.to_owned(),
            poll_timeout_s: 30,
            webhook_url: String::new(),
            webhook_listen: "127.0.0.1:8443".to_owned(),
            webhook_secret_env: "TELEGRAM_WEBHOOK_SECRET".to_owned(),
            webhook: None,
        }),
        "slack" => Platform::Slack(slack::default(name)),
        other => {
            let near = did_you_mean(other, PLATFORMS);
            return Err(format!("expected {}, not \"{}\"{near}", platforms(), other.escape_debug()));
        }
    };
    Ok(BotConfig { enabled: Enabled::Auto, on: false, platform })
}

/// Bot names begin room ids, which are kept for ever: they are plain.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if name == "yoman" {
        Err("\"yoman\" is the process itself: give the bot another name".to_owned())
    } else if !plain || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.len() > NAME_CHARS_MAX {
        Err(format!(
            "\"{}\" is no name for a bot: lower case letters, digits and -, a letter first, at most {NAME_CHARS_MAX}",
            name.escape_debug()
        ))
    } else {
        Ok(())
    }
}

/// The setting `bots.<name>.<key>`.
pub(super) fn setting<'a>(config: &'a mut Config, key: &str) -> Option<(&'a mut dyn Setting, (u64, u64))> {
    let (name, key) = key.strip_prefix("bots.")?.split_once('.')?;
    config.bots.get_mut(name)?.setting(key)
}

/// Variables with a name of their own that stand for a setting of every bot of a platform.
pub(super) fn apply_own_variables(config: &mut Config, environment: &Environment) {
    for bot in config.bots.values_mut() {
        let (variable, into) = match &mut bot.platform {
            Platform::Discord(bot) => ("DISCORD_API_URL", &mut bot.api_url),
            Platform::Slack(bot) => ("SLACK_API_URL", &mut bot.api_url),
            Platform::Telegram(bot) => ("TELEGRAM_API_URL", &mut bot.api_url),
            Platform::Console(_) => continue,
        };
        if let Some(api_url) = environment.get(variable) {
            api_url.clone_into(into);
        }
    }
}

/// Finds the tokens and decides which bots run.
pub(super) fn finish(config: &mut Config, environment: &Environment, problems: &mut Vec<Problem>) {
    let mut tokens: BTreeMap<String, String> = BTreeMap::new();
    for (name, bot) in config.bots.iter_mut().filter(|(_, bot)| bot.enabled != Enabled::No) {
        let at = format!("bots.{name}");
        let before = problems.len();
        let (token, token_env, file) = match &mut bot.platform {
            Platform::Console(_) => continue,
            Platform::Discord(discord) => {
                discord.find_token(&at, environment, problems);
                (&discord.token, &discord.token_env, " or token_file")
            }
            Platform::Slack(slack) => {
                slack::find_tokens(slack, environment, problems);
                (&slack.bot_token, &slack.bot_token_env, "")
            }
            Platform::Telegram(telegram) => {
                telegram.token = token(&at, telegram, environment, problems);
                (&telegram.token, &telegram.token_env, " or token_file")
            }
        };
        if token.is_none() && bot.enabled == Enabled::Yes && problems.len() == before {
            let how = match token_env.as_str() {
                "" => format!("set token_env{file}"),
                variable => format!("set {variable}{file}"),
            };
            problems.push(Problem::new(&at, format!("is enabled and has no token: {how}")));
        }
        bot.on = token.is_some();
        let Some(token) = token else { continue };
        if let Some(other) = tokens.insert(token.expose().to_owned(), name.clone()) {
            problems.push(Problem::new(&at, format!("has the same token as bots.{other}: only one can use it")));
        }
        match &mut bot.platform {
            Platform::Console(_) => {}
            Platform::Discord(discord) => discord.finish(&at, problems, &mut config.warnings),
            Platform::Slack(slack) => slack::finish(&at, slack, problems, &mut config.warnings),
            Platform::Telegram(telegram) => {
                telegram.webhook = webhook(&at, telegram, environment, problems);
                check_api_url(&at, &mut telegram.api_url, API_URL_DEFAULT, problems, &mut config.warnings);
            }
        }
    }

    let another_runs = config.bots.values().any(|bot| bot.on);
    let mut consoles = 0;
    for (name, bot) in &mut config.bots {
        if let Platform::Console(_) = bot.platform {
            bot.on = match bot.enabled {
                Enabled::Yes => true,
                Enabled::No => false,
                Enabled::Auto => environment.stdin_is_terminal || !another_runs,
            };
            consoles += u32::from(bot.on);
            if bot.on && consoles > 1 {
                problems.push(Problem::new(format_args!("bots.{name}"), "there is a console already: only one can be"));
            }
        }
    }
    if problems.is_empty() && !config.bots.values().any(|bot| bot.on) {
        config
            .warnings
            .push("no bot runs: set a token (config/example.env), or [bots.console] enabled = true".to_owned());
    }
}

fn token(at: &str, bot: &TelegramBot, environment: &Environment, problems: &mut Vec<Problem>) -> Option<Secret> {
    let (from, token) = secret(at, bot.token_file.as_deref(), &bot.token_env, environment, problems)?;
    // It becomes part of a URL. What is wrong with it is not said by showing it.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-');
    if token.expose().is_empty() || !token.expose().bytes().all(plain) {
        problems.push(Problem::new(from, "is no token: one line as BotFather gave it, 123456:ABC-def"));
        return None;
    }
    Some(token)
}

/// A secret from its file or its variable, and which it was.
pub(super) fn secret(
    at: &str,
    file: Option<&Path>,
    variable: &str,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) -> Option<(String, Secret)> {
    match file {
        Some(path) => match read_secret(path) {
            Ok(secret) => Some((path.display().to_string(), secret)),
            Err(what) => {
                problems.push(Problem::new(format_args!("{at}.token_file"), what));
                None
            }
        },
        None => Some((variable.to_owned(), Secret::new(environment.get(variable)?))),
    }
}

fn read_secret(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            return Err(format!("{shown} is open to everybody on this machine (mode {mode:03o}): chmod 600 {shown}"));
        }
    }
    if metadata.len() > 4096 {
        return Err(format!("{shown} is {} bytes long: that is no token", metadata.len()));
    }
    std::fs::read_to_string(path).map(Secret::new).map_err(|error| format!("{shown} cannot be read: {error}"))
}

/// Checks the address of an API; `usual` is the one there is without settings.
pub(super) fn check_api_url(
    at: &str,
    api_url: &mut String,
    usual: &str,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    api_url.truncate(api_url.trim_end_matches('/').len());
    let at = format!("{at}.api_url");
    match api_url.split_once("://") {
        Some(("https", host)) if !host.is_empty() => {}
        Some(("http", host)) if !host.is_empty() => {
            if !is_loopback(host) {
                warnings.push(format!("{at} is not https: the token goes over the network for everybody to read"));
            }
        }
        _ => problems.push(Problem::new(at, format!("is no address: {usual}, or the one of your own server"))),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn webhook(at: &str, bot: &TelegramBot, environment: &Environment, problems: &mut Vec<Problem>) -> Option<Webhook> {
    if bot.webhook_url.is_empty() {
        return None;
    }
    let before = problems.len();
    if !bot.webhook_url.starts_with("https://") && !bot.webhook_url.starts_with("http://") {
        problems.push(Problem::new(format_args!("{at}.webhook_url"), "is no address: write https://…"));
    }
    let listen = bot.webhook_listen.parse();
    if listen.is_err() {
        problems.push(Problem::new(
            format_args!("{at}.webhook_listen"),
            format!(
                "expected an address and a port like 127.0.0.1:8443, not \"{}\"",
                bot.webhook_listen.escape_debug()
            ),
        ));
    }
    let secret = environment.get(&bot.webhook_secret_env).map(Secret::new);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let fits = |secret: &Secret| (1..=256).contains(&secret.expose().len()) && secret.expose().bytes().all(plain);
    if !secret.as_ref().is_some_and(fits) {
        problems.push(Problem::new(
            format_args!("{at}.webhook_url"),
            format!("needs a secret in {}: 1 to 256 letters, digits, _ and -", bot.webhook_secret_env),
        ));
    }
    match (listen, secret) {
        (Ok(listen), Some(secret)) if problems.len() == before => {
            Some(Webhook { url: bot.webhook_url.clone(), listen, secret })
        }
        _ => None,
    }
}
