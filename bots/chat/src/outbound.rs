//! What people are shown, in no platform's words.

use serde::{Deserialize, Serialize};

use crate::{MessageRef, SenderId, Text};

/// How a button should look, where the platform has looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonTone {
    /// No emphasis.
    #[default]
    Plain,
    /// The likely next step.
    Primary,
    /// Something that takes away.
    Danger,
}

/// A choice offered under a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What comes back in [`crate::Said::Pressed`]: the command as text, at most
    /// [`crate::Capabilities::button_data_bytes_max`] bytes.
    pub data: String,
    /// How it looks.
    #[serde(default)]
    pub tone: ButtonTone,
    /// The words it needs: a platform with forms opens one and gives what was written as [`crate::Said::Pressed::words`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
}

/// What a form asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// What the form is called, for example `Refine I3`: at most 24 characters.
    pub title: String,
    /// What is to be written, for example `Say it better`: at most 45 characters.
    pub label: String,
    /// Several lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub long: bool,
    /// It may be left empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Where the item of a card stands, for platforms that show it as a colour. Never said by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accent {
    /// Open, and nobody is at it.
    Open,
    /// Somebody is at it.
    Active,
    /// It waits for something else.
    Waiting,
    /// Finished.
    Finished,
    /// Dropped or taken back.
    Dropped,
    /// Open and urgent, or overdue.
    Pressing,
}

/// A picture beside the text. What it shows stands in the text too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Picture {
    /// A name for the file, with its ending: `why-T7.png`.
    pub name: String,
    /// What can be seen, for who cannot see it.
    pub alt: String,
    /// PNG. Kept apart from the message where messages are stored.
    #[serde(skip)]
    pub png: std::sync::Arc<[u8]>,
    /// The SHA-256 of `png` in lower-case hex: finds it again.
    pub sha256: String,
}

impl Button {
    /// A plain button.
    pub fn new(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), data: data.into(), tone: ButtonTone::Plain, ask: None }
    }

    /// The same button with another look.
    #[must_use]
    pub fn tone(mut self, tone: ButtonTone) -> Self {
        self.tone = tone;
        self
    }

    /// The same button, asking for words.
    #[must_use]
    pub fn ask(mut self, ask: Ask) -> Self {
        self.ask = Some(ask);
        self
    }
}

/// One message to show. What a platform cannot show is degraded by its adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Outbound {
    /// The text.
    pub text: Text,
    /// Rows of buttons under it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Vec<Button>>,
    /// The message this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageRef>,
    /// Without a sound, where the platform has sounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Only this person should see it, where the platform can do that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for: Option<SenderId>,
    /// The same value for every attempt at this message: platforms that can refuse a second copy are given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The [`crate::Inbound::id`] of what this answers: a platform whose deliveries are answered in a way of their own
    /// (an interaction) finds it by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// It is the card of an item, and where that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Accent>,
    /// A picture beside the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// It may stand there already: an earlier attempt at it may have worked. The text says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
    /// The language it is in (BCP 47), for the words an adapter adds ([`crate::Phrases`]); empty: English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lang: String,
    /// In a change ([`crate::Bot::edit`]) where messages can be pinned: whether this one stands pinned from then on, without
    /// a sound. With no text and no buttons nothing else of it is changed. A message is sent first and pinned by a change,
    /// so that what goes wrong with the one is never taken for the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<bool>,
}

impl Outbound {
    /// A message of text alone.
    pub fn text(text: impl Into<Text>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A change of nothing but whether a message stands pinned.
    pub fn pin(pinned: bool) -> Self {
        Self { pin: Some(pinned), ..Self::default() }
    }

    /// Whether, in a change, the text and the buttons are left as they are.
    pub fn only_pins(&self) -> bool {
        self.pin.is_some() && self.text.is_empty() && self.buttons.is_empty()
    }

    /// Adds a row of buttons; an empty row adds nothing.
    #[must_use]
    pub fn row(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.buttons.push(buttons);
        }
        self
    }

    /// Says which message this one answers.
    #[must_use]
    pub fn reply_to(mut self, message: Option<MessageRef>) -> Self {
        self.reply_to = message;
        self
    }
}
