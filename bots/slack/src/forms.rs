//! Purpose: modals that ask for words: <https://docs.slack.dev/surfaces/modals>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yoman_chat::{Ask, MessageRef, Phrases};

use crate::place::channel_of;

/// What our forms are called.
const CALLBACK: &str = "ask";
/// The input's ids.
const BLOCK: &str = "words";
const ACTION: &str = "words";
/// The most an input takes.
const WORDS_CHARS_MAX: u64 = 3_000;
/// The most a title holds.
const TITLE_CHARS_MAX: usize = 24;
/// The most `private_metadata` holds.
const METADATA_CHARS_MAX: usize = 3_000;

/// A form to be opened.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) view: Value,
}

/// What a form will mean once it is sent off; travels with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meant {
    /// What stood in the button; none: the words are captured.
    pub(crate) data: Option<String>,
    /// Where the button stands; none: the person's direct channel.
    pub(crate) channel: Option<String>,
    /// The message it stands under.
    #[serde(default)]
    pub(crate) message: String,
}

impl Form {
    /// The form a button opens.
    pub(crate) fn ask(ask: &Ask, data: &str, card: &MessageRef) -> Self {
        let meant = Meant {
            data: Some(data.to_owned()),
            channel: channel_of(&card.room).map(str::to_owned),
            message: card.id.clone(),
        };
        Self::new(&ask.title, &ask.label, (ask.long, ask.optional), &meant)
    }

    /// The form of the global shortcut.
    pub(crate) fn capture() -> Self {
        let meant = Meant { message: "shortcut".into(), ..Meant::default() };
        // Nobody says which language the shortcut is asked for in.
        let say = Phrases::of("");
        Self::new(say.capture, say.what_is_it, (true, false), &meant)
    }

    fn new(title: &str, label: &str, (long, optional): (bool, bool), meant: &Meant) -> Self {
        let metadata = serde_json::to_string(meant).unwrap_or_default();
        let metadata = if metadata.chars().count() > METADATA_CHARS_MAX { String::new() } else { metadata };
        let say = Phrases::like(title);
        let label = if label.trim().is_empty() { say.words } else { label };
        let title = if title.trim().is_empty() { say.words } else { title };
        let view = json!({
            "type": "modal",
            "callback_id": CALLBACK,
            "private_metadata": metadata,
            "title": { "type": "plain_text", "text": cut(title, TITLE_CHARS_MAX), "emoji": false },
            "submit": { "type": "plain_text", "text": say.send, "emoji": false },
            "close": { "type": "plain_text", "text": say.cancel, "emoji": false },
            "blocks": [{
                "type": "input",
                "block_id": BLOCK,
                "optional": optional,
                "label": { "type": "plain_text", "text": cut(label, 2_000), "emoji": false },
                "element": {
                    "type": "plain_text_input", "action_id": ACTION, "multiline": long,
                    "min_length": u8::from(!optional), "max_length": WORDS_CHARS_MAX, "focus_on_load": true,
                },
            }],
        });
        Self { view }
    }
}

/// At most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// What a form of ours means; `None` for any other.
pub(crate) fn meant(view: &Value) -> Option<Meant> {
    if view["callback_id"] != CALLBACK {
        return None;
    }
    serde_json::from_str(view["private_metadata"].as_str()?).ok()
}

/// What was written into it.
pub(crate) fn words(view: &Value) -> String {
    view["state"]["values"][BLOCK][ACTION]["value"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use yoman_chat::RoomId;

    use super::*;

    #[test]
    fn a_form_brings_back_what_it_was_opened_for() {
        let ask = Ask { title: "Refine I3".into(), label: "Say it better".into(), long: true, optional: false };
        let card = MessageRef { room: RoomId::new("slack/C1"), id: "1.2/1.5".into() };
        let form = Form::ask(&ask, "/refine I3", &card);
        let meant = meant(&form.view).unwrap();
        assert_eq!(meant.data.as_deref(), Some("/refine I3"));
        assert_eq!((meant.channel.as_deref(), meant.message.as_str()), (Some("C1"), "1.2/1.5"));
        assert_eq!(cut("a long title that is too long", 24).chars().count(), 24);
        assert_eq!(super::meant(&json!({ "callback_id": "other" })), None);
    }
}
