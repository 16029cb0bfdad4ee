//! A no with its reason: what happened, and what to do about it.

use yoman_chat::{Button, Outbound, Style, Text};

use crate::{
    command::Fault,
    domain::{ItemRef, item},
    log::AppendError,
    projection,
};

/// What fits on a row of buttons on a phone, in characters.
const ROW_CHARS_MAX: usize = 32;

/// What a person would type: without the version a button is bound to, and without the slash.
fn label(hint: &str) -> String {
    if let Some(item) = hint.strip_prefix("/why ") {
        return format!("Why {item}?");
    }
    if let Some(acts) = hint.strip_prefix("/undo ") {
        let acts = acts
            .split(' ')
            .filter(|word| word.split_once('@').is_some_and(|(item, _)| item.parse::<ItemRef>().is_ok()))
            .count();
        match acts {
            2 => return "Take back both".to_owned(),
            3.. => return format!("Take back all {acts}"),
            // One that was taken back already.
            1 => return "Bring it back".to_owned(),
            _ => {}
        }
    }
    let words = hint.split(' ').map(|word| match word.split_once('@') {
        Some((item, _)) if item.parse::<ItemRef>().is_ok() => item,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ").trim_start_matches('/').to_owned()
}

/// Why a command was not carried out, as it is told to whoever said it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened and why, in a sentence or two; may have several lines.
    pub what: Text,
    /// Whole commands that would help, best first.
    pub hints: Vec<String>,
}

impl Refusal {
    /// A refusal with no command that would help.
    pub fn new(what: impl Into<Text>) -> Self {
        Self { what: what.into(), hints: Vec::new() }
    }

    /// The same refusal with commands that would help.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// As a message: the hints are buttons that carry their command, as far as a button can.
    pub fn message(self, button_data_bytes_max: usize) -> Outbound {
        let button_data_bytes_max = button_data_bytes_max.min(BUTTON_BYTES);
        let mut out = Outbound::text(self.what);
        let mut row = Vec::new();
        let mut width = 0;
        for hint in self.hints.into_iter().filter(|hint| hint.len() <= button_data_bytes_max).take(4) {
            let label = label(&hint);
            width += label.chars().count();
            // Short ones stand side by side, as far as a phone is wide.
            if width > ROW_CHARS_MAX && !row.is_empty() {
                out = out.row(std::mem::take(&mut row));
                width = label.chars().count();
            }
            row.push(Button { ask: projection::ask(&hint, crate::lang::Lang::English), ..Button::new(label, hint) });
        }
        out.row(row)
    }

    /// The first line, for a toast.
    pub fn line(&self) -> String {
        self.what.to_plain().lines().next().unwrap_or_default().chars().take(190).collect()
    }

    /// A decision of the domain.
    pub(crate) fn of_item(error: &item::Error, item: Option<ItemRef>) -> Self {
        Self::not_done(error).hints(error.hints(item))
    }

    /// A reason of the domain as a sentence.
    pub(crate) fn not_done(reason: impl std::fmt::Display) -> Self {
        Self::new(format!("Not done: {reason}."))
    }
}

/// What every button can carry, in bytes: what is longer is written out.
const BUTTON_BYTES: usize = 64;

impl From<Fault> for Refusal {
    fn from(mut fault: Fault) -> Self {
        let meant = std::mem::take(&mut fault.meant);
        let mut what = Text::from(fault.to_string());
        if !meant.is_empty() {
            // Those that are buttons need not be read twice.
            what.plain(" Did you mean:");
        }
        for long in meant.iter().filter(|meant| meant.len() > BUTTON_BYTES) {
            what.plain("\n   ").push(Style::Code, long);
        }
        Self::new(what).hints(meant)
    }
}

/// Why a command came to nothing.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// It was refused: that is the answer.
    Refused(Refusal),
    /// It is not known what became of it: the platform shall deliver it again.
    Again(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::DiskFull { .. } => Self::Refused(Refusal::new(format!(
                "Not saved: {error}. Looking still works. Make room on the disk, then send it again."
            ))),
            AppendError::Unacceptable(why) => Self::Refused(Refusal::new(format!("Not saved: {why}."))),
            AppendError::Conflict { .. } => Self::Refused(Refusal::new(
                "Not done: it was changed by several people at this very moment. Send it again.",
            )),
            AppendError::Failed(_) | AppendError::Closed => Self::Again(error.to_string()),
        }
    }
}

impl From<crate::log::ReadError> for Failure {
    fn from(error: crate::log::ReadError) -> Self {
        Self::Again(error.to_string())
    }
}
