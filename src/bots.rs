//! The bots of this build: the only file that names concrete ones.

mod menu;

use std::{collections::HashMap, sync::Arc, time::Duration};

use yoman_chat::{Bot, Capabilities};
pub use yoman_console::Complete;
use yoman_console::{Console, ConsoleConfig};

pub use self::menu::command_menu;
use crate::{
    command,
    config::{BotConfig, Config, Platform},
    control::Finding,
    lang::Lang,
};

/// The bots that are on, by name. No network is touched.
///
/// # Errors
/// A sentence that says which setting is wrong and what to do.
pub fn build(config: &Config, completer: Arc<dyn Complete>) -> Result<Vec<Arc<dyn Bot>>, String> {
    let on = config.bots.iter().filter(|(_, bot)| bot.on);
    on.map(|(name, bot)| build_one(config, name, bot, &completer)).collect()
}

fn build_one(
    config: &Config,
    name: &str,
    bot: &BotConfig,
    completer: &Arc<dyn Complete>,
) -> Result<Arc<dyn Bot>, String> {
    match &bot.platform {
        Platform::Console(console) => {
            let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "local".into());
            let mut settings = ConsoleConfig::new(name, user);
            // The user's number: a name comes from the environment, and a service has another than a terminal.
            #[cfg(unix)]
            settings.identity.clone_from(&rustix::process::getuid().as_raw().to_string());
            settings.history_file = console.history.then(|| config.in_data_dir("console-history"));
            settings.completer = Arc::clone(completer);
            settings.answer_wait_max = Duration::from_millis(console.answer_wait_ms);
            Ok(Arc::new(Console::new(settings)))
        }
        #[cfg(feature = "discord")]
        Platform::Discord(bot) => discord(name, bot).map(|it| Arc::new(it) as Arc<dyn Bot>),
        #[cfg(not(feature = "discord"))]
        Platform::Discord(_) => Err(not_built(name)),
        #[cfg(feature = "telegram")]
        Platform::Telegram(bot) => telegram(name, bot).map(|it| Arc::new(it) as Arc<dyn Bot>),
        #[cfg(not(feature = "telegram"))]
        Platform::Telegram(_) => Err(not_built(name)),
        #[cfg(feature = "slack")]
        Platform::Slack(bot) => slack(name, bot).map(|it| Arc::new(it) as Arc<dyn Bot>),
        #[cfg(not(feature = "slack"))]
        Platform::Slack(_) => Err(not_built(name)),
    }
}

#[cfg(feature = "discord")]
fn discord(name: &str, bot: &crate::config::DiscordBot) -> Result<yoman_discord::Discord, String> {
    use yoman_discord::{Commands, Discord, DiscordConfig, Endpoint, PublicKey, Url};

    let token = bot
        .token
        .as_ref()
        .ok_or_else(|| format!("the bot \"{name}\" is on and has no token: set {}", bot.token_env))?;
    let mut settings = DiscordConfig::new(yoman_chat::BotName::new(name), token.clone());
    settings.api_url =
        Some(Url::parse(&bot.api_url).map_err(|error| format!("api_url of the bot \"{name}\": {error}"))?);
    settings.guild = bot.guild_id;
    settings.commands = match bot.commands.as_str() {
        "frequent" => Commands::Frequent,
        "yoman" => Commands::Under,
        "off" => Commands::Off,
        _ => Commands::Both,
    };
    if let Some(listen) = bot.listen {
        let public_key = PublicKey::parse(&bot.public_key)
            .ok_or_else(|| format!("public_key of the bot \"{name}\" is no key of Discord's"))?;
        settings.endpoint = Some(Endpoint { listen, path: bot.interactions_path.clone(), public_key });
    }
    settings.menu = command_menu();
    "yoman".clone_into(&mut settings.under);
    Discord::new(settings).map_err(|error| error.to_string())
}

#[cfg(not(all(feature = "discord", feature = "slack", feature = "telegram")))]
fn not_built(name: &str) -> String {
    format!("the bot \"{name}\" is for a platform this build has not: build with its cargo feature")
}

#[cfg(feature = "telegram")]
fn telegram(name: &str, bot: &crate::config::TelegramBot) -> Result<yoman_telegram::Telegram, String> {
    use yoman_telegram::{MenuEntry, MenuScope, Telegram, TelegramConfig, Url, Webhook};

    let token = bot
        .token
        .as_ref()
        .ok_or_else(|| format!("the bot \"{name}\" is on and has no token: set {}", bot.token_env))?;
    let mut settings = TelegramConfig::new(yoman_chat::BotName::new(name), token.clone());
    if !bot.api_url.is_empty() {
        settings.api_url =
            Some(Url::parse(&bot.api_url).map_err(|error| format!("api_url of the bot \"{name}\": {error}"))?);
    }
    settings.poll_timeout = Duration::from_secs(bot.poll_timeout_s);
    if let Some(hook) = &bot.webhook {
        let public_url =
            Url::parse(&hook.url).map_err(|error| format!("webhook_url of the bot \"{name}\": {error}"))?;
        let path = public_url.path().to_owned();
        settings.webhook = Some(Webhook { listen: hook.listen, public_url, path, secret_token: hook.secret.clone() });
    }
    let entry = |lang: Lang, language: Option<&str>| {
        let verbs = command::verbs().iter();
        let commands = verbs.map(|verb| (verb.word.to_owned(), verb.help_in(lang).to_owned())).collect();
        MenuEntry { language: language.map(str::to_owned), scope: MenuScope::Default, commands }
    };
    // A command there is of Latin letters; what it does is said in the language of the app.
    settings.menu = vec![entry(Lang::English, None), entry(Lang::Korean, Some("ko"))];
    Telegram::new(settings).map_err(|error| error.to_string())
}

#[cfg(feature = "slack")]
fn slack(name: &str, bot: &crate::config::SlackBot) -> Result<yoman_slack::Slack, String> {
    use yoman_slack::{Mode, Slack, SlackConfig, Url};

    use crate::config::SlackWay;

    let token = bot
        .bot_token
        .as_ref()
        .ok_or_else(|| format!("the bot \"{name}\" is on and has no token: set {}", bot.bot_token_env))?;
    let app_token = bot.app_token.clone();
    let mut settings = SlackConfig::new(yoman_chat::BotName::new(name), token.expose(), app_token);
    settings.api_url =
        Some(Url::parse(&bot.api_url).map_err(|error| format!("api_url of the bot \"{name}\": {error}"))?);
    if let (Some(SlackWay::Http(listen)), Some(secret)) = (bot.way, &bot.signing_secret) {
        settings.mode = Mode::Http { listen, signing_secret: secret.clone() };
    }
    settings.menu = command_menu();
    settings.command.clone_from(&bot.command);
    settings.link_prefix.clone_from(&bot.link_prefix);
    settings.show_refs = bot.show_refs;
    Slack::new(settings).map_err(|error| error.to_string())
}

/// The description of a Slack app, as JSON, for the bot `name`.
///
/// # Errors
/// When there is no such bot.
#[cfg(feature = "slack")]
pub fn slack_manifest(config: &Config, name: &str) -> Result<String, String> {
    use yoman_slack::ManifestFor;

    let Some(Platform::Slack(bot)) = config.bots.get(name).map(|bot| &bot.platform) else {
        return Err(format!("there is no Slack bot \"{name}\""));
    };
    let menu = command_menu();
    let what = ManifestFor {
        name: "yoman",
        command: &bot.command,
        menu: &menu,
        frequent: bot.commands == "frequent",
        request_url: Some(bot.http_url.as_str()).filter(|url| !url.is_empty() && bot.mode != "socket"),
        link_prefix: &bot.link_prefix,
    };
    serde_json::to_string_pretty(&yoman_slack::manifest(&what)).map_err(|error| error.to_string())
}

/// See the other one.
///
/// # Errors
/// Always: this build has no Slack.
#[cfg(not(feature = "slack"))]
pub fn slack_manifest(_config: &Config, name: &str) -> Result<String, String> {
    Err(not_built(name))
}

/// What `yoman doctor` finds about the bots that are on: do their tokens work?
pub async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, bot) in config.bots.iter().filter(|(_, bot)| bot.on) {
        let subject = format!("bot {name}");
        match &bot.platform {
            Platform::Console(_) => findings.push(Finding::ok(subject, "the console needs nothing")),
            #[cfg(feature = "discord")]
            Platform::Discord(bot) => match discord(name, bot) {
                Ok(discord) => findings.extend(discord.check().await.into_iter().map(|found| {
                    use yoman_discord::Level;

                    match found.level {
                        Level::Ok => Finding::ok(&subject, found.what),
                        Level::Warn => Finding::warn(&subject, found.what, found.mend),
                        Level::Fail => Finding::fail(&subject, found.what, found.mend),
                    }
                })),
                Err(error) => findings.push(Finding::fail(subject, error, format!("check {}", bot.token_env))),
            },
            #[cfg(not(feature = "discord"))]
            Platform::Discord(_) => {
                findings.push(Finding::fail(subject, "not in this build", "build with its cargo feature"))
            }
            #[cfg(feature = "telegram")]
            Platform::Telegram(bot) => findings.push(match telegram(name, bot) {
                Ok(telegram) => match telegram.check().await {
                    Ok(who) => Finding::ok(subject, format!("the token works: it is @{who}")),
                    Err(error) => {
                        Finding::fail(subject, error.to_string(), format!("check {} and the network", bot.token_env))
                    }
                },
                Err(error) => Finding::fail(subject, error, format!("check {}", bot.token_env)),
            }),
            #[cfg(not(feature = "telegram"))]
            Platform::Telegram(_) => {
                findings.push(Finding::fail(subject, "not in this build", "build with its cargo feature"))
            }
            #[cfg(feature = "slack")]
            Platform::Slack(bot) => match slack(name, bot) {
                Ok(slack) => findings.extend(slack.check().await.into_iter().map(|check| match check.good {
                    true => Finding::ok(subject.clone(), check.what),
                    false => Finding::fail(subject.clone(), check.what, check.mend),
                })),
                Err(error) => findings.push(Finding::fail(subject, error, format!("check {}", bot.bot_token_env))),
            },
            #[cfg(not(feature = "slack"))]
            Platform::Slack(_) => {
                findings.push(Finding::fail(subject, "not in this build", "build with its cargo feature"))
            }
        }
    }
    findings
}

/// What each bot's platform can do, by the bot's name.
pub fn capabilities(bots: &[Arc<dyn Bot>]) -> HashMap<String, Capabilities> {
    bots.iter().map(|bot| (bot.name().to_string(), bot.capabilities())).collect()
}
