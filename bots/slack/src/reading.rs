//! Purpose: what Slack writes into a text (`<@U1>`, `<https://…|label>`, `&amp;`) becomes what people read:
//! <https://docs.slack.dev/messaging/formatting-message-text>.

use yoman_chat::Mention;

use crate::{names::Names, place::sender_id};

/// A text as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Without mentions of us.
    pub(crate) text: String,
    /// The people in it.
    pub(crate) mentions: Vec<Mention>,
    /// We are in it.
    pub(crate) names_us: bool,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Plain(&'a str),
    /// What stands between `<` and `>`.
    Token(&'a str),
}

fn pieces(raw: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = raw;
    while let Some(open) = rest.find('<') {
        let Some(length) = rest[open..].find('>') else { break };
        let token = &rest[open + 1..open + length];
        // A `<` somebody typed comes as `&lt;`; anything else that is no token stays as it is.
        if token.starts_with(['@', '#', '!']) || token.contains(':') {
            if open > 0 {
                out.push(Piece::Plain(&rest[..open]));
            }
            out.push(Piece::Token(token));
        } else {
            out.push(Piece::Plain(&rest[..=open + length]));
        }
        rest = &rest[open + length + 1..];
    }
    if !rest.is_empty() {
        out.push(Piece::Plain(rest));
    }
    out
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Reads `raw`; `us` is our user id.
pub(crate) async fn read(raw: &str, us: &str, names: &Names) -> Reading {
    let mut out = Reading::default();
    for piece in pieces(raw) {
        match piece {
            Piece::Plain(text) => out.text.push_str(&unescape(text)),
            Piece::Token(token) => {
                let (what, label) = token.split_once('|').map_or((token, None), |(what, label)| (what, Some(label)));
                let label = label.filter(|label| !label.is_empty()).map(unescape);
                if let Some(user) = what.strip_prefix('@') {
                    mention(&mut out, user, us, names).await;
                } else if let Some(channel) = what.strip_prefix('#') {
                    // Without `#`, which would make it a tag.
                    let name = match label {
                        Some(label) => label,
                        None => names.channel(channel).await.unwrap_or_else(|| channel.to_owned()),
                    };
                    out.text.push_str(&name);
                } else if let Some(special) = what.strip_prefix('!') {
                    // `!here`, `!subteam^S1|@team`, `!date^…|fallback`. Without `@`, which would make it a person.
                    let word = special.split('^').next().unwrap_or_default().to_owned();
                    out.text.push_str(label.as_deref().unwrap_or(&word).trim_start_matches('@'));
                } else {
                    out.text.push_str(&link(&unescape(what), label.as_deref()));
                }
            }
        }
    }
    if out.names_us {
        out.text = out.text.trim().to_owned();
    }
    out
}

async fn mention(out: &mut Reading, user: &str, us: &str, names: &Names) {
    if user == us {
        // It only says that we are meant, wherever it stands.
        out.names_us = true;
        if out.text.trim().is_empty() {
            out.text.clear();
        } else if out.text.ends_with(' ') {
            out.text.pop();
        }
        return;
    }
    let person = names.person(user).await;
    let written = format!("@{}", person.handle.unwrap_or(person.name));
    out.text.push_str(&written);
    let mention = Mention { written, sender: sender_id(user) };
    if !out.mentions.contains(&mention) {
        out.mentions.push(mention);
    }
}

/// A link in plain words: what Slack made of a bare address goes back to what was typed.
fn link(url: &str, label: Option<&str>) -> String {
    let Some(label) = label else { return url.strip_prefix("mailto:").unwrap_or(url).to_owned() };
    let bare = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.strip_prefix("mailto:").unwrap_or(text).trim_end_matches('/').to_owned()
    };
    if bare(url) == bare(label) { label.to_owned() } else { format!("{label} ({url})") }
}

/// Takes off what stands between a leading mention of us and what is said: `@yoman, done T7`.
pub(crate) fn without_comma(text: &str) -> &str {
    text.trim_start().trim_start_matches([',', ':']).trim_start()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::Api;

    fn names() -> Names {
        // Nobody listens there: names fall back to ids.
        let base = "http://127.0.0.1:9/api/".parse().unwrap();
        Names::new(Api::new(&base, Duration::from_secs(1), &"xoxb-x".into(), None).unwrap())
    }

    async fn text(raw: &str) -> String {
        read(raw, "U0", &names()).await.text
    }

    #[tokio::test]
    async fn markup_becomes_what_people_read() {
        assert_eq!(text("a &lt;b&gt; &amp;amp; c").await, "a <b> &amp; c");
        assert_eq!(text("see <https://a.b/c>").await, "see https://a.b/c");
        assert_eq!(text("see <https://a.b/c|the page>").await, "see the page (https://a.b/c)");
        assert_eq!(text("see <http://a.b|a.b> and <mailto:k@a.b|k@a.b>").await, "see a.b and k@a.b");
        assert_eq!(text("in <#C1|general> <!here> <!subteam^S1|@team>").await, "in general here team");
        assert_eq!(text("1 < 2 <x> <").await, "1 < 2 <x> <");
        assert_eq!(text("").await, "");
    }

    #[tokio::test]
    async fn we_are_taken_off() {
        for raw in ["<@U0> done T7", "done T7 <@U0|yoman>", "done <@U0> T7", " <@U0><@U0> done T7"] {
            let read_it = read(raw, "U0", &names()).await;
            assert_eq!((read_it.text.as_str(), read_it.names_us), ("done T7", true), "{raw}");
        }
        assert_eq!(without_comma(", done T7"), "done T7");
        let other = read("ask <@U7>", "U0", &names()).await;
        assert_eq!(other.text, "ask @U7");
        assert_eq!(other.mentions[0].sender.as_str(), "slack/U7");
        assert!(!other.names_us);
    }
}
