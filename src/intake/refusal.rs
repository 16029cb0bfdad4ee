//! A no with its reason: what happened, and what to do about it.

use yoman_chat::{Button, Outbound, Style, Text};

use crate::{
    command::{self, Fault},
    domain::{ItemRef, item},
    lang::{Lang, Wording, say, wording},
    log::AppendError,
    projection::{self, Viewer},
};

/// What fits on a row of buttons on a phone, in characters.
const ROW_CHARS_MAX: usize = 32;

/// What a person would type: without the version a button is bound to, and without the slash.
fn label(hint: &str, lang: Lang) -> String {
    if let Some(item) = hint.strip_prefix("/why ") {
        return say!(lang, "hint-why", item);
    }
    if let Some(acts) = hint.strip_prefix("/undo ") {
        let acts = acts
            .split(' ')
            .filter(|word| word.split_once('@').is_some_and(|(item, _)| item.parse::<ItemRef>().is_ok()))
            .count();
        match acts {
            2 => return say!(lang, "hint-undo-both"),
            3.. => return say!(lang, "hint-undo-all", n = acts),
            // One that was taken back already.
            1 => return say!(lang, "hint-bring-back"),
            _ => {}
        }
    }
    let words = hint.split(' ').map(|word| match word.split_once('@') {
        Some((item, _)) if item.parse::<ItemRef>().is_ok() => item,
        _ => word,
    });
    command::as_said(&words.collect::<Vec<_>>().join(" "), lang).trim_start_matches('/').to_owned()
}

/// Why a command was not carried out, as it is told to whoever said it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened and why, in a sentence or two; may have several lines.
    pub what: Wording,
    /// Whole commands that would help, best first.
    pub hints: Vec<String>,
    /// It was not decided so, but could not be done just now: what nobody waits for is tried again.
    pub passing: bool,
}

impl Refusal {
    /// A refusal with no command that would help.
    pub fn new(what: impl Into<Wording>) -> Self {
        Self { what: what.into(), hints: Vec::new(), passing: false }
    }

    /// The same refusal with commands that would help.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// As a message: the hints are buttons that carry their command, as far as a button can.
    pub fn message(self, reader: &Reader, button_data_bytes_max: usize) -> Outbound {
        let button_data_bytes_max = button_data_bytes_max.min(BUTTON_BYTES);
        let mut out = Outbound::text(reader.text(&self.what));
        let mut row = Vec::new();
        let mut width = 0;
        for hint in self.hints.into_iter().filter(|hint| hint.len() <= button_data_bytes_max).take(4) {
            let label = label(&hint, reader.lang);
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
    pub fn line(&self, reader: &Reader) -> String {
        reader.text(&self.what).to_plain().lines().next().unwrap_or_default().chars().take(190).collect()
    }

    /// A decision of the domain.
    pub(crate) fn of_item(error: &item::Error, item: Option<ItemRef>) -> Self {
        Self::not_done(error.wording()).hints(error.hints(item))
    }

    /// A reason of the domain as a sentence.
    pub(crate) fn not_done(why: Wording) -> Self {
        Self::new(wording!("refused-not-done", why))
    }

    /// The same for an undo.
    pub(crate) fn not_taken_back(why: Wording) -> Self {
        Self::new(wording!("refused-not-taken-back", why))
    }
}

/// Whoever reads an answer: in which language, and by which clock.
pub struct Reader {
    /// The language.
    pub lang: Lang,
    /// How dates are written; `None` where nobody knows the room.
    pub viewer: Option<Viewer>,
}

impl Reader {
    /// Whoever runs the process, at its command line.
    pub const MACHINE: Self = Self { lang: Lang::English, viewer: None };

    /// Words as this reader reads them.
    pub fn text(&self, words: &Wording) -> Text {
        match &self.viewer {
            Some(viewer) => words.text(self.lang, &|due| projection::words::due(due, viewer)),
            None => Text::from(words.say(self.lang)),
        }
    }
}

/// What every button can carry, in bytes: what is longer is written out.
const BUTTON_BYTES: usize = 64;

impl From<Fault> for Refusal {
    fn from(mut fault: Fault) -> Self {
        let meant = std::mem::take(&mut fault.meant);
        let mut what = fault.wording();
        if !meant.is_empty() {
            // Those that are buttons need not be read twice.
            what = wording!("fault-meant-buttons", what);
        }
        for long in meant.iter().filter(|meant| meant.len() > BUTTON_BYTES) {
            what = what.plain("\n   ").styled(Style::Code, long);
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
    /// The same, because the shared log cannot be reached: it is saved here until it can be.
    Away(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::DiskFull { free_mb, floor_mb } => {
                let (free, floor) = (free_mb.to_string(), floor_mb.to_string());
                let refusal = Refusal::new(wording!("refused-disk-full", free, floor));
                Self::Refused(Refusal { passing: true, ..refusal })
            }
            AppendError::Unacceptable(why) => Self::Refused(Refusal::new(wording!("refused-unacceptable", why))),
            AppendError::Conflict { .. } => {
                Self::Refused(Refusal { passing: true, ..Refusal::new(wording!("refused-conflict")) })
            }
            AppendError::Failed(_) | AppendError::Closed => Self::Again(error.to_string()),
            AppendError::Away(why) => Self::Away(why),
        }
    }
}

impl From<crate::log::ReadError> for Failure {
    fn from(error: crate::log::ReadError) -> Self {
        Self::Again(error.to_string())
    }
}
