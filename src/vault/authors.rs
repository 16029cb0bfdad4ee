//! Whose words something carries that nobody said there: what a promotion takes from an item, and what an undo brings back,
//! was written by somebody, not always by the one who promoted or took back.

use std::{collections::BTreeSet, ops::ControlFlow};

use super::{
    Vault, json,
    log::SealedLog,
    seal::{self, KEYS_MAX, REVERSED, Written},
};
use crate::{
    domain::PersonId,
    log::{Commit, Entry, Position, ReadError, StreamId},
};

/// What was written on an item, and by whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Authors {
    texts: Vec<(PersonId, String)>,
    /// What stands for texts of the forgotten.
    closed: BTreeSet<String>,
    /// Who is behind it, for a text that nobody is found for.
    behind: Option<PersonId>,
}

impl Authors {
    /// Those who wrote on the stream of the commit that caused something, up to it.
    pub(super) fn of(log: &SealedLog, cause: Position) -> Result<Self, ReadError> {
        let Some(cause) = log.beneath().read_at(cause)? else { return Ok(Self::default()) };
        let mut authors = Self { behind: PersonId::of_stream(&cause.meta.actor), ..Self::default() };
        authors.read_stream(log, &cause.stream, cause.position)?;
        Ok(authors)
    }

    /// Those who wrote on a stream; `behind`: who acts.
    pub(super) fn on(log: &SealedLog, stream: &StreamId, behind: Option<PersonId>) -> Result<Self, ReadError> {
        let mut authors = Self { behind, ..Self::default() };
        authors.read_stream(log, stream, Position(u64::MAX))?;
        Ok(authors)
    }

    fn read_stream(&mut self, log: &SealedLog, stream: &StreamId, until: Position) -> Result<(), ReadError> {
        log.beneath().read_stream(stream, 1, &mut |entry| {
            let Entry::Commit(commit) = entry else { return ControlFlow::Continue(()) };
            if commit.position > until {
                return ControlFlow::Break(());
            }
            self.read(log, &commit);
            ControlFlow::Continue(())
        })
    }

    /// The same, seen from another act.
    pub(super) fn behind(&self, behind: Option<PersonId>) -> Self {
        Self { behind, ..self.clone() }
    }

    /// Somebody wrote this, too.
    pub(super) fn add(&mut self, person: PersonId, text: &str) {
        self.texts.push((person, text.to_owned()));
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
                    // In plain it says nothing of who wrote it; whoever did stands before it.
                    Written::Plain(_) if &*event.name == REVERSED => {}
                    Written::Plain(_) => {
                        let writer = PersonId::of_stream(&commit.meta.actor);
                        self.texts.extend(writer.map(|writer| (writer, text.into_owned())));
                    }
                    // A text that stays closed carries nothing on.
                    Written::Sealed { keys, .. } | Written::Inside { keys, .. }
                        if keys.iter().any(|(person, _)| log.vault().is_forgotten(*person)) =>
                    {
                        self.closed.insert(text.into_owned());
                    }
                    Written::Sealed { keys, .. } | Written::Inside { keys, .. } => {
                        self.texts.extend(keys.into_iter().map(|(person, _)| (person, text.clone().into_owned())));
                    }
                }
            }
        }
    }

    /// All who wrote a line of a text; nobody who was forgotten.
    pub(super) fn wrote(&self, vault: &Vault, text: &str) -> Vec<PersonId> {
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
        self.known(vault, who)
    }

    /// All who wrote exactly this; nobody who was forgotten.
    pub(super) fn wrote_all_of(&self, vault: &Vault, text: &str) -> Vec<PersonId> {
        self.known(vault, self.texts.iter().filter(|(_, of)| of == text).map(|(person, _)| *person).collect())
    }

    /// Whether it was somebody's who was forgotten since it was read: it would be the words of whoever is behind it.
    pub(super) fn is_lost(&self, text: &str) -> bool {
        !self.closed.is_empty() && !self.closed.contains(text) && !self.texts.iter().any(|(_, of)| of == text)
    }

    fn known(&self, vault: &Vault, mut who: BTreeSet<PersonId>) -> Vec<PersonId> {
        if who.is_empty() {
            who.extend(self.behind);
        }
        who.into_iter().filter(|person| !vault.is_forgotten(*person)).take(KEYS_MAX).collect()
    }
}
