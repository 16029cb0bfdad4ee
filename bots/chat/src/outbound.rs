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
}

impl Button {
    /// A plain button.
    pub fn new(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), data: data.into(), tone: ButtonTone::Plain }
    }

    /// The same button with another look.
    #[must_use]
    pub fn tone(mut self, tone: ButtonTone) -> Self {
        self.tone = tone;
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
}

impl Outbound {
    /// A message of text alone.
    pub fn text(text: impl Into<Text>) -> Self {
        Self { text: text.into(), ..Self::default() }
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
