//! Whose words something carries that no person said: what a promotion takes from an item was written by somebody, not
//! always by the one who promoted it.

use std::{collections::BTreeSet, ops::ControlFlow};

use super::{
    json,
    log::SealedLog,
    seal::{self, KEYS_MAX, Written},
};
use crate::{
    domain::PersonId,
    log::{Commit, Entry, Position, ReadError},
};

/// What was written on an item, and by whom.
#[derive(Debug, Default)]
pub(super) struct Authors {
    texts: Vec<(PersonId, String)>,
    /// Who is behind it, for a text that nobody is found for.
    behind: Option<PersonId>,
}

impl Authors {
    /// Those who wrote on the stream of the commit that caused something, up to it.
    pub(super) fn of(log: &SealedLog, cause: Position) -> Result<Self, ReadError> {
        let Some(cause) = log.beneath().read_at(cause)? else { return Ok(Self::default()) };
        let mut authors = Self { texts: Vec::new(), behind: PersonId::of_stream(&cause.meta.actor) };
        log.beneath().read_stream(&cause.stream, 1, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            if commit.position > cause.position {
                return ControlFlow::Break(());
            }
            authors.read(log, &commit);
            ControlFlow::Continue(())
        })?;
        Ok(authors)
    }

    fn read(&mut self, log: &SealedLog, commit: &Commit) {
        let opened = log.open_commit(commit);
        let pairs = commit.events.iter().zip(opened.as_ref().map_or(&commit.events, |commit| &commit.events));
        for (stored, event) in pairs {
            let fields = seal::fields(&event.name);
            for ((_, written), (_, text)) in
                json::texts(&stored.data, fields).into_iter().zip(json::texts(&event.data, fields))
            {
                match seal::read(&written) {
                    Written::Plain(_) => {
                        let writer = PersonId::of_stream(&commit.meta.actor);
                        self.texts.extend(writer.map(|writer| (writer, text.into_owned())));
                    }
                    // A text that stays closed carries nothing on.
                    Written::Sealed { keys, .. } | Written::Inside { keys, .. } => {
                        let open = !keys.iter().any(|(person, _)| log.vault().is_forgotten(*person));
                        let persons = keys.into_iter().filter(|_| open);
                        self.texts.extend(persons.map(|(person, _)| (person, text.clone().into_owned())));
                    }
                }
            }
        }
    }

    /// All who wrote a line of a text; nobody who was forgotten.
    pub(super) fn wrote(&self, log: &SealedLog, text: &str) -> Vec<PersonId> {
        let mut who = BTreeSet::new();
        for line in text.lines() {
            // As promotion writes a criterion into a body, and ends what is too long.
            let line = line.trim();
            let line = line.strip_prefix("- [ ] ").unwrap_or(line);
            let line = line.strip_suffix('…').unwrap_or(line);
            if !line.is_empty() {
                who.extend(self.texts.iter().filter(|(_, text)| text.contains(line)).map(|(person, _)| *person));
            }
        }
        if who.is_empty() {
            who.extend(self.behind);
        }
        who.into_iter().filter(|person| !log.vault().is_forgotten(*person)).take(KEYS_MAX).collect()
    }
}
