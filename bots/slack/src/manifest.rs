//! Purpose: the app as Slack wants it described, so that nobody has to click twenty settings together:
//! <https://docs.slack.dev/reference/app-manifest>.

use serde_json::{Value, json};
use yoman_chat::Menu;

use crate::{
    http_mode,
    interactivity::{CAPTURE, CAPTURE_NEW},
};

/// The scopes of the bot token, each with what it is for.
pub(crate) const SCOPES: &[(&str, &str)] = &[
    ("app_mentions:read", "hearing @yoman in channels"),
    ("channels:history", "hearing messages in public channels, and reading on after an outage"),
    ("channels:read", "the names of public channels"),
    ("chat:write", "writing and changing messages"),
    ("commands", "slash commands and shortcuts"),
    ("files:write", "long texts and pictures as files"),
    ("groups:history", "hearing messages in private channels, and reading on after an outage"),
    ("groups:read", "the names of private channels"),
    ("im:history", "hearing direct messages, and reading on after an outage"),
    ("im:read", "finding direct messages written during an outage"),
    ("im:write", "writing to somebody first"),
    ("mpim:history", "hearing group direct messages, and reading on after an outage"),
    ("mpim:read", "finding group direct messages written during an outage"),
    ("pins:write", "pinning the board of a room"),
    ("reactions:read", "hearing reactions to cards"),
    ("users:read", "the names of people"),
];

/// Those that previews of links need beside.
pub(crate) const LINK_SCOPES: &[(&str, &str)] =
    &[("links:read", "noticing links to items"), ("links:write", "showing items under links to them")];

/// The events that are listened to.
const EVENTS: &[&str] = &[
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_rename",
    "group_rename",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
];

/// Commands of Slack itself: an app's command of the same name would never be heard.
const SLACKS_OWN: &[&str] = &[
    "active",
    "apps",
    "archive",
    "away",
    "call",
    "collapse",
    "dm",
    "dnd",
    "expand",
    "feed",
    "feedback",
    "help",
    "huddle",
    "invite",
    "invite_people",
    "join",
    "keys",
    "leave",
    "me",
    "msg",
    "mute",
    "open",
    "people",
    "prefs",
    "remind",
    "remove",
    "rename",
    "search",
    "shortcuts",
    "shrug",
    "star",
    "status",
    "topic",
    "who",
];

/// An app may have so many commands.
const COMMANDS_MAX: usize = 50;

/// What a manifest is written for.
#[derive(Clone, Debug)]
pub struct ManifestFor<'a> {
    /// The name people see.
    pub name: &'a str,
    /// The slash command that takes every verb, without `/`.
    pub command: &'a str,
    /// The verbs.
    pub menu: &'a Menu,
    /// The verbs used daily become commands of their own.
    pub frequent: bool,
    /// The public address of HTTP mode, `https://yoman.example.org`; `None`: Socket Mode.
    pub request_url: Option<&'a str>,
    /// What a link to an item begins with; empty: none.
    pub link_prefix: &'a str,
}

/// The manifest, as JSON.
pub fn manifest(what: &ManifestFor<'_>) -> Value {
    let url = what.request_url.map(|base| format!("{}{}", base.trim_end_matches('/'), http_mode::PATH));
    let links = domain(what.link_prefix);
    let scopes: Vec<&str> =
        SCOPES.iter().chain(LINK_SCOPES.iter().filter(|_| links.is_some())).map(|(scope, _)| *scope).collect();
    let mut events: Vec<&str> = EVENTS.to_vec();
    if links.is_some() {
        events.push("link_shared");
    }
    let mut features = json!({
        "app_home": { "home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false },
        "bot_user": { "display_name": what.name, "always_online": true },
        "shortcuts": [
            { "name": "Capture this", "type": "message", "callback_id": CAPTURE,
              "description": "Keep this message as an idea" },
            { "name": "Capture an idea", "type": "global", "callback_id": CAPTURE_NEW,
              "description": "Write an idea down from anywhere" },
        ],
        "slash_commands": commands(what, url.as_deref()),
    });
    if let Some(domain) = links {
        features["unfurl_domains"] = json!([domain]);
    }
    let mut subscriptions = json!({ "bot_events": events });
    let mut interactivity = json!({ "is_enabled": true });
    if let Some(url) = &url {
        subscriptions["request_url"] = url.clone().into();
        interactivity["request_url"] = url.clone().into();
    }
    json!({
        "_metadata": { "major_version": 1, "minor_version": 1 },
        "display_information": {
            "name": what.name,
            "description": "Run your projects from the chat",
            "background_color": "#1d3557",
        },
        "features": features,
        "oauth_config": { "scopes": { "bot": scopes } },
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": false,
            "socket_mode_enabled": url.is_none(),
            "token_rotation_enabled": false,
        },
    })
}

fn commands(what: &ManifestFor<'_>, url: Option<&str>) -> Vec<Value> {
    let command = |word: &str, description: &str, hint: &str| {
        let mut command = json!({
            "command": format!("/{word}"), "description": cut(description, 2_000), "should_escape": true,
        });
        if !hint.trim().is_empty() {
            command["usage_hint"] = cut(hint, 1_000).into();
        }
        if let Some(url) = url {
            command["url"] = url.into();
        }
        command
    };
    let mut out = vec![command(what.command, "Everything: try /help behind it", "todo Fix login #auth due:fri")];
    if what.frequent {
        let verbs = what.menu.verbs.iter().filter(|verb| {
            verb.frequent
                && verb.word.len() <= 31
                && verb.word != what.command
                && !SLACKS_OWN.contains(&verb.word.as_str())
        });
        out.extend(verbs.map(|verb| {
            let hint = verb.usage.split_once(' ').map_or("", |(_, rest)| rest);
            command(&verb.word, &verb.help, hint)
        }));
    }
    out.truncate(COMMANDS_MAX);
    out
}

fn cut(text: &str, most: usize) -> String {
    crate::forms::cut(text, most)
}

/// The domain of a link prefix.
fn domain(prefix: &str) -> Option<String> {
    reqwest::Url::parse(prefix).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use yoman_chat::MenuVerb;

    use super::*;

    fn verb(word: &str, frequent: bool) -> MenuVerb {
        MenuVerb {
            word: word.into(),
            aliases: Vec::new(),
            usage: format!("/{word} [T7] text"),
            help: "does it".into(),
            group: "x".into(),
            args: Vec::new(),
            frequent,
            look: false,
            private: false,
            other: vec![],
        }
    }

    #[test]
    fn a_manifest_for_each_mode() {
        let menu = Menu { verbs: vec![verb("todo", true), verb("help", true), verb("tz", false)] };
        let what = ManifestFor {
            name: "yoman",
            command: "yoman",
            menu: &menu,
            frequent: true,
            request_url: None,
            link_prefix: "",
        };
        let socket = manifest(&what);
        assert_eq!(socket["settings"]["socket_mode_enabled"], true);
        assert!(socket["settings"]["event_subscriptions"].get("request_url").is_none());
        let words: Vec<&str> = socket["features"]["slash_commands"]
            .as_array()
            .unwrap()
            .iter()
            .map(|command| command["command"].as_str().unwrap())
            .collect();
        assert_eq!(words, ["/yoman", "/todo"], "/help is Slack's own");
        assert!(socket["features"].get("unfurl_domains").is_none());
        let http = manifest(&ManifestFor {
            request_url: Some("https://y.example/"),
            link_prefix: "https://y.example/i/",
            frequent: false,
            ..what
        });
        assert_eq!(http["settings"]["event_subscriptions"]["request_url"], "https://y.example/slack");
        assert_eq!(http["features"]["slash_commands"][0]["url"], "https://y.example/slack");
        assert_eq!(http["features"]["unfurl_domains"][0], "y.example");
        assert!(http["oauth_config"]["scopes"]["bot"].to_string().contains("links:write"));
    }
}
