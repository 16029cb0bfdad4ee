//! Purpose: what `doctor` wants to know: whether the tokens work, which scopes are missing and what for, whether Socket Mode
//! is on; each with how to mend it.

use yoman_chat::BotError;

use crate::{
    Slack,
    manifest::{LINK_SCOPES, SCOPES},
};

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// It is as it should be.
    pub good: bool,
    /// What was found.
    pub what: String,
    /// What to do; empty when nothing is to be done.
    pub mend: String,
}

impl Check {
    fn good(what: impl Into<String>) -> Self {
        Self { good: true, what: what.into(), mend: String::new() }
    }

    fn bad(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { good: false, what: what.into(), mend: mend.into() }
    }
}

impl Slack {
    /// Asks Slack about the app. Holds no secret.
    pub async fn check(&self) -> Vec<Check> {
        let api = &self.core.api;
        let mut out = Vec::new();
        match crate::who(api).await {
            Ok((us, name, team)) => {
                out.push(Check::good(format!("the bot token works: it is @{name} in {team}")));
                if us.bot_id.is_none() {
                    out.push(Check::bad(
                        "the token is a person's, not a bot's",
                        "set the Bot User OAuth Token (xoxb-…) of OAuth & Permissions",
                    ));
                }
                out.extend(self.check_scopes());
            }
            Err(error) => {
                let mend = match error.setting("the bot token (SLACK_BOT_TOKEN)") {
                    Some(BotError::Setting(mend)) => mend,
                    _ => "check SLACK_BOT_TOKEN, api_url and the network".to_owned(),
                };
                out.push(Check::bad(format!("the bot token was not taken: {error}"), mend));
            }
        }
        match &self.mode {
            crate::Mode::Socket => match api.open_connection().await {
                Ok(_) => out.push(Check::good("Socket Mode is on, and the app-level token works: events can come in")),
                Err(error) => {
                    let mend = match error.setting("the app-level token (SLACK_APP_TOKEN)") {
                        Some(BotError::Setting(mend)) => mend,
                        _ => "check SLACK_APP_TOKEN (scope connections:write), that Socket Mode is on, and the network"
                            .to_owned(),
                    };
                    out.push(Check::bad(format!("no socket can be opened: {error}"), mend));
                }
            },
            crate::Mode::Http { listen, .. } => out.push(Check::good(format!(
                "HTTP mode listens on {listen}: the request URL of the app must lead there, at {}",
                crate::http_mode::PATH
            ))),
        }
        out
    }

    fn check_scopes(&self) -> Vec<Check> {
        let Some(granted) = self.core.api.scopes() else {
            return vec![Check::bad(
                "Slack did not say which scopes the token has",
                "compare OAuth & Permissions with `yoman slack manifest`",
            )];
        };
        let links = !self.core.link_prefix.is_empty();
        let needed = SCOPES.iter().chain(LINK_SCOPES.iter().filter(|_| links));
        let missing: Vec<&(&str, &str)> = needed.filter(|(scope, _)| !granted.iter().any(|has| has == scope)).collect();
        if missing.is_empty() {
            return vec![Check::good("the token has every scope it needs")];
        }
        let mend = "add it under OAuth & Permissions, or paste the manifest of `yoman slack manifest` again; then reinstall the app";
        missing
            .iter()
            .map(|(scope, what_for)| Check::bad(format!("the scope {scope} is missing: it is for {what_for}"), mend))
            .collect()
    }
}
