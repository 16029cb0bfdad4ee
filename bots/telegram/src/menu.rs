//! Purpose: the list of commands behind the `/` of the apps, registered only when it changed: registering at every
//! start gets a bot locked out for minutes. Source: <https://core.telegram.org/bots/api#setmycommands>.

use teloxide::{
    payloads::{DeleteMyCommands, SetMyCommands},
    types::{BotCommand, BotCommandScope},
};

use crate::{api::CallError, intake::Intake};

/// The most commands of one scope and language.
const COMMANDS_MAX: usize = 100;
/// The key under which the fingerprint of what is registered is remembered.
const REMEMBERED: &str = "menu";

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MenuScope {
    /// Wherever no narrower list is.
    Default,
    /// Direct chats.
    Private,
    /// Groups and supergroups.
    Groups,
}

impl MenuScope {
    fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Private => "private",
            Self::Groups => "groups",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Default, Self::Private, Self::Groups].into_iter().find(|scope| scope.name() == name)
    }

    fn native(self) -> BotCommandScope {
        match self {
            Self::Default => BotCommandScope::Default,
            Self::Private => BotCommandScope::AllPrivateChats,
            Self::Groups => BotCommandScope::AllGroupChats,
        }
    }
}

/// One list of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuEntry {
    /// Two-letter language (ISO 639-1); `None` for everybody without a list of their own.
    pub language: Option<String>,
    /// Whose list.
    pub scope: MenuScope,
    /// Name (1..32 of `a-z0-9_`) and description (1..256 characters), in the order shown; at most 100.
    pub commands: Vec<(String, String)>,
}

/// Registers what changed. Never fails: without it the bot works, only the list is old.
pub(crate) async fn register(intake: &Intake, menu: &[MenuEntry]) {
    let bot = &intake.bot;
    let places: Vec<String> = menu.iter().map(place).collect();
    let mut parts = vec![intake.id.to_string()];
    for (entry, place) in menu.iter().zip(&places) {
        parts.push(place.clone());
        parts.extend(entry.commands.iter().map(|(name, about)| format!("{name} {about}")));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    // Beside the fingerprint stand the places, so that a list that is no longer wanted can be taken away.
    let wanted = format!("{} {}", fingerprint(&parts), places.join(" "));
    let had = intake.inbox.recall(REMEMBERED).await;
    if had.as_deref() == Some(wanted.as_str()) || (had.is_none() && menu.is_empty()) {
        return;
    }
    let mut whole = true;
    for entry in menu {
        if let Err(error) = set(intake, entry).await {
            tracing::warn!(%bot, %error, place = place(entry), "the list of commands could not be registered");
            whole = false;
        }
    }
    let gone = had.as_deref().unwrap_or_default().split(' ').skip(1).filter(|old| !places.iter().any(|new| new == old));
    for old in gone.filter(|old| !old.is_empty()) {
        if let Err(error) = delete(intake, old).await {
            tracing::warn!(%bot, %error, place = old, "an old list of commands could not be taken away");
            whole = false;
        }
    }
    if whole {
        intake.inbox.remember(REMEMBERED, &wanted).await;
        tracing::info!(%bot, "the lists of commands are registered");
    }
}

fn place(entry: &MenuEntry) -> String {
    format!("{}:{}", entry.scope.name(), entry.language.as_deref().unwrap_or_default())
}

async fn set(intake: &Intake, entry: &MenuEntry) -> Result<(), CallError> {
    let mut commands: Vec<BotCommand> = entry
        .commands
        .iter()
        .filter(|(name, about)| {
            let legal = is_legal(name, about);
            if !legal {
                // One bad name would take the whole list with it.
                tracing::warn!(bot = %intake.bot, command = %name, "not a command Telegram takes: left out of the list");
            }
            legal
        })
        .map(|(name, about)| BotCommand::new(name.clone(), about.clone()))
        .collect();
    if commands.len() > COMMANDS_MAX {
        tracing::warn!(bot = %intake.bot, left_out = commands.len() - COMMANDS_MAX, "more commands than Telegram takes");
        commands.truncate(COMMANDS_MAX);
    }
    let ask = SetMyCommands { commands, scope: Some(entry.scope.native()), language_code: entry.language.clone() };
    intake.api.call(&ask).await.map(drop)
}

async fn delete(intake: &Intake, place: &str) -> Result<(), CallError> {
    let (scope, language) = place.split_once(':').unwrap_or((place, ""));
    let ask = DeleteMyCommands {
        scope: MenuScope::parse(scope).map(MenuScope::native),
        language_code: (!language.is_empty()).then(|| language.to_owned()),
    };
    intake.api.call(&ask).await.map(drop)
}

fn is_legal(name: &str, about: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && (1..=256).contains(&about.chars().count())
}

/// FNV-1a of several texts: stable over releases of Rust, which the standard hasher is not. No secret is kept by it
/// beyond 64 bits.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}
