//! Purpose: an [`Outbound`] becomes a call of the Bot API, and its failure a [`SendError`].
//!
//! Formatting goes as entities, never as `parse_mode`: nothing has to be escaped and nothing can fail to parse.

use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use teloxide::requests::Payload;
use yoman_chat::{Button, ButtonTone, LengthUnit, Outbound, SendError, Style, Text};

use crate::api::{CallError, Refusal};

/// The most a message holds, in UTF-16 units: <https://core.telegram.org/bots/api#sendmessage>.
pub(crate) const TEXT_UTF16_MAX: usize = 4096;
/// The most a button carries: <https://core.telegram.org/bots/api#inlinekeyboardbutton>.
pub(crate) const BUTTON_DATA_BYTES_MAX: usize = 64;
/// The most buttons in a row that the apps show.
pub(crate) const BUTTONS_PER_ROW_MAX: usize = 8;
/// The most buttons under one message.
const BUTTONS_MAX: usize = 100;
/// Further entities are ignored by the service, so they need not go out.
const ENTITIES_MAX: usize = 100;

/// Where a message goes or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) chat: i64,
    pub(crate) topic: Option<i64>,
}

impl Place {
    /// From what stands behind the bot's name in a room id.
    pub(crate) fn parse(local: &str) -> Option<Self> {
        let (chat, topic) = match local.split_once('/') {
            Some((chat, topic)) => (chat, Some(topic.parse().ok()?)),
            None => (local, None),
        };
        Some(Self { chat: chat.parse().ok()?, topic })
    }
}

/// <https://core.telegram.org/bots/api#messageentity>
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EntityOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    offset: usize,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

#[derive(Serialize)]
struct NoPreview {
    is_disabled: bool,
}

#[derive(Serialize)]
struct ReplyParameters {
    message_id: i64,
    allow_sending_without_reply: bool,
}

/// <https://core.telegram.org/bots/api#inlinekeyboardmarkup>
#[derive(Serialize)]
pub(crate) struct Keyboard<'a> {
    inline_keyboard: Vec<Vec<ButtonOut<'a>>>,
}

#[derive(Serialize)]
struct ButtonOut<'a> {
    text: &'a str,
    callback_data: &'a str,
    /// Since Bot API 9.4; older servers ignore it.
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<&'static str>,
}

/// `sendMessage`.
#[derive(Serialize)]
pub(crate) struct SendText<'a> {
    pub(crate) chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<EntityOut<'a>>,
    link_preview_options: NoPreview,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_notification: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_parameters: Option<ReplyParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

impl Payload for SendText<'_> {
    type Output = Sent;
    const NAME: &'static str = "sendMessage";
}

/// `editMessageText`. Without a keyboard in it the old one goes, which is what showing exactly this message means.
#[derive(Serialize)]
pub(crate) struct EditText<'a> {
    pub(crate) chat_id: i64,
    message_id: i64,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<EntityOut<'a>>,
    link_preview_options: NoPreview,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

impl Payload for EditText<'_> {
    type Output = IgnoredAny;
    const NAME: &'static str = "editMessageText";
}

/// Of the message that was sent only where it stands is needed.
#[derive(Deserialize)]
pub(crate) struct Sent {
    pub(crate) message_id: i64,
}

impl<'a> SendText<'a> {
    pub(crate) fn new(place: Place, message: &'a Outbound) -> Self {
        Self::within(place, message, TEXT_UTF16_MAX)
    }

    /// The same with a text that fits under a picture.
    pub(crate) fn under_a_picture(place: Place, message: &'a Outbound) -> Self {
        Self::within(place, message, crate::photo::CAPTION_UTF16_MAX)
    }

    fn within(place: Place, message: &'a Outbound, max: usize) -> Self {
        let (text, entities) = render(&message.text, max);
        // A reply across chats would quote one room into another.
        let reply = message
            .reply_to
            .as_ref()
            .filter(|to| Place::parse(to.room.local()).is_some_and(|there| there.chat == place.chat))
            .and_then(|to| to.id.parse().ok());
        Self {
            chat_id: place.chat,
            message_thread_id: place.topic,
            text,
            entities,
            link_preview_options: NoPreview { is_disabled: true },
            disable_notification: message.silent,
            reply_parameters: reply.map(|message_id| ReplyParameters { message_id, allow_sending_without_reply: true }),
            reply_markup: keyboard(&message.buttons),
        }
    }
}

impl<'a> EditText<'a> {
    pub(crate) fn new(chat_id: i64, message_id: i64, message: &'a Outbound) -> Self {
        let (text, entities) = render(&message.text, TEXT_UTF16_MAX);
        Self {
            chat_id,
            message_id,
            text,
            entities,
            link_preview_options: NoPreview { is_disabled: true },
            reply_markup: keyboard(&message.buttons),
        }
    }
}

/// The text with its entities. An item is written `/T7`, which the apps make tappable; where those slashes alone would
/// make the text longer than `max`, they are left out.
pub(crate) fn render(text: &Text, max: usize) -> (String, Vec<EntityOut<'_>>) {
    let (out, entities, length) = spans(text, true);
    if length > max {
        let (out, entities, _) = spans(text, false);
        return (out, entities);
    }
    (out, entities)
}

fn spans(text: &Text, slashes: bool) -> (String, Vec<EntityOut<'_>>, usize) {
    let mut out = String::new();
    let mut entities = Vec::new();
    let mut offset = 0;
    for span in &text.spans {
        if matches!(span.style, Style::Item) && slashes && tappable(&out, &span.text) {
            out.push('/');
            offset += 1;
        }
        let length = LengthUnit::Utf16.of(&span.text);
        out.push_str(&span.text);
        let plain = EntityOut { kind: "", offset, length, url: None, language: None };
        let entity = match &span.style {
            Style::Bold => EntityOut { kind: "bold", ..plain },
            Style::Italic => EntityOut { kind: "italic", ..plain },
            Style::Strike => EntityOut { kind: "strikethrough", ..plain },
            Style::Code => EntityOut { kind: "code", ..plain },
            Style::Pre(language) => EntityOut { kind: "pre", language: language.as_deref(), ..plain },
            Style::Link(url) if linkable(url) => EntityOut { kind: "text_link", url: Some(url), ..plain },
            Style::Link(_) | Style::Plain | Style::Dim | Style::Item | Style::Quote => plain,
        };
        offset += length;
        if !entity.kind.is_empty() && length > 0 && entities.len() < ENTITIES_MAX {
            entities.push(entity);
        }
    }
    (out, entities, offset)
}

/// Whether `/` before an item makes it a link: it must begin a word and be nothing but a word itself.
fn tappable(before: &str, item: &str) -> bool {
    let begins = before.chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '/' | '_' | '@')));
    begins && !item.is_empty() && item.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A link the service would refuse would take the whole message with it.
fn linkable(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match url.scheme() {
        "http" | "https" => url.host_str().is_some_and(|host| host.contains('.') || host == "localhost"),
        scheme => scheme == "tg",
    })
}

pub(crate) fn keyboard(rows: &[Vec<Button>]) -> Option<Keyboard<'_>> {
    let mut left = BUTTONS_MAX;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let row: Vec<ButtonOut<'_>> = row.iter().filter_map(button).take(left).collect();
        left -= row.len();
        let mut row = row.into_iter().peekable();
        while row.peek().is_some() {
            out.push(row.by_ref().take(BUTTONS_PER_ROW_MAX).collect::<Vec<_>>());
        }
    }
    (!out.is_empty()).then_some(Keyboard { inline_keyboard: out })
}

/// A button the service would refuse would take the whole message with it: it alone is left out.
fn button(button: &Button) -> Option<ButtonOut<'_>> {
    let bytes = button.data.len();
    if !(1..=BUTTON_DATA_BYTES_MAX).contains(&bytes) || button.label.trim().is_empty() {
        tracing::warn!(label = %button.label, bytes, max = BUTTON_DATA_BYTES_MAX, "a button Telegram would refuse is left out");
        return None;
    }
    let style = match button.tone {
        ButtonTone::Plain => None,
        ButtonTone::Primary => Some("primary"),
        ButtonTone::Danger => Some("danger"),
    };
    Some(ButtonOut { text: &button.label, callback_data: &button.data, style })
}

/// Where the group went, if that is why the call failed.
pub(crate) fn moved_to(error: &CallError) -> Option<i64> {
    match error {
        CallError::Answer(refusal) => refusal.migrate_to,
        _ => None,
    }
}

/// Whether an edit failed because the message shows that already.
pub(crate) fn is_unchanged(error: &CallError) -> bool {
    matches!(error, CallError::Answer(refusal) if refusal.code == 400 && has(refusal, "message is not modified"))
}

fn has(refusal: &Refusal, words: &str) -> bool {
    refusal.description.to_ascii_lowercase().contains(words)
}

/// What a failed call says about the message.
pub(crate) fn send_error(error: CallError, editing: bool) -> SendError {
    let refusal = match error {
        CallError::Unsent(why) => return SendError::NotSent(why),
        CallError::Lost(why) => return SendError::Unknown(why),
        CallError::Answer(refusal) => refusal,
    };
    let why = format!("{} {}", refusal.code, refusal.description);
    match refusal.code {
        429 => SendError::RetryAfter { after: refusal.retry_after.unwrap_or(Duration::from_secs(1)), whole_bot: false },
        400 if editing && is_gone(&refusal) => SendError::Gone(why),
        400 | 403 | 413 => SendError::Refused(why),
        // 401 and 404: the token; 409 and 5xx: the service. A person or time may mend each.
        _ => SendError::NotSent(why),
    }
}

fn is_gone(refusal: &Refusal) -> bool {
    [
        "message to edit not found",
        "message to pin not found",
        "message to unpin not found",
        "message can't be edited",
        "message_id_invalid",
        "message identifier is not specified",
    ]
    .iter()
    .any(|words| has(refusal, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &Text) -> (String, Vec<(&'static str, usize, usize)>) {
        let (out, entities) = render(text, TEXT_UTF16_MAX);
        (out, entities.iter().map(|e| (e.kind, e.offset, e.length)).collect())
    }

    #[test]
    fn entities_count_utf16_units() {
        let mut text = Text::new();
        text.plain("🦀 ").push(Style::Bold, "é🦀").plain(" ").item("T7").plain(" ").push(Style::Code, "x");
        assert_eq!(shown(&text), ("🦀 é🦀 /T7 x".into(), vec![("bold", 3, 3), ("code", 11, 1)]));
    }

    #[test]
    fn an_item_is_tappable_only_where_it_is_a_word() {
        let mut text = Text::new();
        text.plain("(").item("T7").plain(") /show x").item("T8").plain(" ").item("T9@3");
        assert_eq!(shown(&text).0, "(/T7) /show xT8 T9@3");
    }

    #[test]
    fn slashes_never_make_a_text_too_long() {
        let mut text = Text::new();
        for _ in 0..1365 {
            text.item("T7").plain(" ");
        }
        let (out, _) = render(&text, TEXT_UTF16_MAX);
        assert!(LengthUnit::Utf16.of(&out) <= TEXT_UTF16_MAX);
        assert!(!out.contains('/'));
    }

    #[test]
    fn a_bad_link_is_plain() {
        let mut text = Text::new();
        text.push(Style::Link("javascript:x".into()), "a").push(Style::Link("https://a.b/c".into()), "b");
        assert_eq!(shown(&text).1, vec![("text_link", 1, 1)]);
    }

    #[test]
    fn a_button_that_carries_too_much_is_left_out_alone() {
        let rows = [vec![Button::new("a", "x".repeat(65)), Button::new("b", "é".repeat(32)), Button::new("", "x")]];
        let keyboard = keyboard(&rows).unwrap();
        assert_eq!(keyboard.inline_keyboard.len(), 1);
        assert_eq!(keyboard.inline_keyboard[0].len(), 1);
        let long = [vec![Button::new("a", "x"); 20]];
        let lengths: Vec<usize> = super::keyboard(&long).unwrap().inline_keyboard.iter().map(Vec::len).collect();
        assert_eq!(lengths, [8, 8, 4]);
        assert!(super::keyboard(&[vec![Button::new("a", "")]]).is_none());
    }

    #[test]
    fn places_are_parsed() {
        assert_eq!(Place::parse("-100123/45"), Some(Place { chat: -100_123, topic: Some(45) }));
        assert_eq!(Place::parse("7"), Some(Place { chat: 7, topic: None }));
        assert_eq!(Place::parse("x"), None);
        assert_eq!(Place::parse("7/x"), None);
    }

    #[test]
    fn failures_say_whether_it_may_have_been_sent() {
        let answer = |code, description: &str| {
            CallError::Answer(Refusal { code, description: description.into(), retry_after: None, migrate_to: None })
        };
        assert!(matches!(send_error(answer(403, "Forbidden"), false), SendError::Refused(_)));
        assert!(matches!(send_error(answer(502, ""), false), SendError::NotSent(_)));
        assert!(matches!(send_error(answer(401, ""), false), SendError::NotSent(_)));
        assert!(matches!(send_error(answer(429, ""), false), SendError::RetryAfter { .. }));
        let gone = "Bad Request: message to edit not found";
        assert!(matches!(send_error(answer(400, gone), true), SendError::Gone(_)));
        assert!(matches!(send_error(CallError::Lost("x".into()), false), SendError::Unknown(_)));
        assert!(matches!(send_error(CallError::Unsent("x".into()), false), SendError::NotSent(_)));
    }
}
