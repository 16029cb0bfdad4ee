//! Purpose: a message with a picture: `sendPhoto` as multipart, and what is left when the service does not take the picture.
//! Source: <https://core.telegram.org/bots/api#sendphoto>.

use reqwest::multipart::{Form, Part};
use serde::{Serialize, de::IgnoredAny};
use serde_json::Value;
use teloxide::requests::Payload;
use yoman_chat::{LengthUnit, Outbound, Phrases, Picture, Style};

use crate::{
    api::CallError,
    outbound::{EntityOut, Keyboard, Place, SendText, keyboard, render},
};

/// The most that stands under a picture, in UTF-16 units.
pub(crate) const CAPTION_UTF16_MAX: usize = 1024;
/// The most a picture may weigh.
const PHOTO_BYTES_MAX: usize = 10_000_000;

/// The method.
pub(crate) const METHOD: &str = "sendPhoto";

/// The picture of a message, if it can go out with this text under it.
pub(crate) fn picture_of(message: &Outbound) -> Option<&Picture> {
    let picture = message.picture.as_ref().filter(|picture| !picture.png.is_empty())?;
    let fits =
        picture.png.len() <= PHOTO_BYTES_MAX && LengthUnit::Utf16.of(&message.text.to_plain()) <= CAPTION_UTF16_MAX;
    if !fits {
        tracing::warn!(name = picture.name, bytes = picture.png.len(), "a picture Telegram would refuse is left out");
    }
    fits.then_some(picture)
}

/// The parameters: those of `sendMessage`, under the names they have here. Made anew for each attempt.
pub(crate) fn form(chat: i64, place: Place, message: &Outbound, picture: &Picture) -> Result<Form, CallError> {
    let mut ask = SendText::under_a_picture(place, message);
    ask.chat_id = chat;
    let unsent = |error: &dyn std::fmt::Display| CallError::Unsent(error.to_string());
    let mut form = Form::new();
    let fields = serde_json::to_value(&ask).map_err(|error| unsent(&error))?;
    for (name, value) in fields.as_object().into_iter().flatten() {
        let name = match name.as_str() {
            "link_preview_options" => continue,
            "text" => "caption",
            "entities" => "caption_entities",
            other => other,
        };
        let value = match value {
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        form = form.text(name.to_owned(), value);
    }
    let png = Part::bytes(picture.png.to_vec()).file_name(picture.name.clone());
    let png = png.mime_str("image/png").map_err(|error| unsent(&error))?;
    Ok(form.part("photo", png))
}

/// Whether the service took offence at the picture, not at the message: a group can forbid photos, for one.
pub(crate) fn is_not_taken(error: &CallError) -> bool {
    let CallError::Answer(refusal) = error else { return false };
    let words = refusal.description.to_ascii_lowercase();
    refusal.code == 413 || (refusal.code == 400 && ["photo", "image", "media"].iter().any(|word| words.contains(word)))
}

/// The message without its picture.
pub(crate) fn without(message: &Outbound) -> Outbound {
    let mut message = message.clone();
    if message.picture.take().is_some() {
        message.text.push(Style::Dim, format!("\n({})", Phrases::of(&message.lang).no_picture));
    }
    message
}

/// Whether an edit failed because the message is a picture.
pub(crate) fn is_picture(error: &CallError) -> bool {
    matches!(error, CallError::Answer(refusal)
        if refusal.code == 400 && refusal.description.to_ascii_lowercase().contains("there is no text in the message"))
}

/// `editMessageCaption`: what stands under a picture.
#[derive(Serialize)]
pub(crate) struct EditCaption<'a> {
    chat_id: i64,
    message_id: i64,
    caption: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caption_entities: Vec<EntityOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

impl Payload for EditCaption<'_> {
    type Output = IgnoredAny;
    const NAME: &'static str = "editMessageCaption";
}

impl<'a> EditCaption<'a> {
    pub(crate) fn new(chat_id: i64, message_id: i64, message: &'a Outbound) -> Self {
        let (caption, caption_entities) = render(&message.text, CAPTION_UTF16_MAX);
        Self { chat_id, message_id, caption, caption_entities, reply_markup: keyboard(&message.buttons) }
    }
}
