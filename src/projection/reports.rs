//! The names of the reports owners sent, and what each says of itself: the scripts stay in the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yoman_chat::{Button, Outbound};

use crate::{
    command::ReportCommand,
    domain::report::{Event, ReportName, about},
    lang::{self, Lang, say, text},
};

/// All there are, by name, with their first comment. No more than may be sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Reports(BTreeMap<ReportName, String>);

impl Reports {
    pub(super) fn apply(&mut self, name: &ReportName, event: &Event) {
        match event {
            Event::Saved { script } => drop(self.0.insert(name.clone(), about(script))),
            Event::Removed => drop(self.0.remove(name)),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&ReportName, &str)> {
        self.0.iter().map(|(name, about)| (name, about.as_str()))
    }
}

/// What whoever sent or removed one gets.
pub(super) fn answer(command: &ReportCommand, lang: Lang) -> Outbound {
    match command {
        ReportCommand::Save { name, .. } => {
            let run = format!("/report {name}");
            let text = text!(lang, "report-saved", run = lang::code(&run));
            Outbound::text(text).row(vec![Button::new(run.trim_start_matches('/'), run.clone())])
        }
        ReportCommand::Remove { name } => Outbound::text(say!(lang, "report-removed", name = name.to_string())),
    }
}
