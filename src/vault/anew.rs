//! Sealing a log that is made anew from lines: under keys of its own, one commit after the other, before it can be read.
//!
//! Whose words a promotion or an undo carries is known from what stands before it, which cannot be read yet. So the lines
//! are looked at first, and of the items that were promoted or undone what was written is kept in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Vault, VaultError,
    authors::Authors,
    json,
    log::{FORGOTTEN, Keys, Whose, forget_as_one, merged_into, seal_texts},
    seal::{self, Written},
};
use crate::{
    domain::PersonId,
    log::{Commit, Position, StreamId},
};

/// What is seen before anything is sealed.
#[derive(Debug, Default)]
pub struct Seen {
    forgotten: BTreeSet<PersonId>,
    merged: BTreeMap<PersonId, PersonId>,
    /// The commits that caused something nobody said.
    causes: BTreeMap<Position, Option<(StreamId, Option<PersonId>)>>,
    /// Where texts are said again.
    wanted: BTreeSet<StreamId>,
}

/// Seals what is read from lines.
#[derive(Debug)]
pub struct Anew {
    vault: Vault,
    seen: Seen,
    /// Who wrote what there, as far as it was sealed.
    authors: HashMap<StreamId, Authors>,
}

/// Whether texts of a commit look as if they had been sealed before.
pub fn looks_sealed(commit: &Commit) -> bool {
    let sealed = |text: &str| !matches!(seal::read(text), Written::Plain(_));
    let in_event = |(_, text): &(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| sealed(text);
    sealed(&commit.meta.text)
        || commit.events.iter().any(|event| json::texts(&event.data, seal::fields(&event.name)).iter().any(in_event))
}

impl Seen {
    /// Looks at a commit before any is sealed.
    pub fn look_at(&mut self, commit: &Commit) {
        if let Some(person) = PersonId::of_stream(commit.stream.as_str()) {
            if commit.events.iter().any(|event| &*event.name == FORGOTTEN) {
                self.forgotten.insert(person);
            }
            self.merged.extend(commit.events.iter().filter_map(merged_into).map(|into| (person, into)));
        }
        if commit.events.iter().any(|event| seal::says_again(&event.name)) {
            self.wanted.insert(commit.stream.clone());
        }
        if let (None, Some(cause)) = (PersonId::of_stream(&commit.meta.actor), commit.meta.causation) {
            self.causes.insert(cause, None);
        }
    }

    /// Whether all of them are to be looked at once more, by [`Seen::look_again`].
    pub fn must_look_again(&self) -> bool {
        !self.causes.is_empty()
    }

    /// Looks where the words came from that nobody said.
    pub fn look_again(&mut self, commit: &Commit) {
        if let Some(cause) = self.causes.get_mut(&commit.position) {
            *cause = Some((commit.stream.clone(), PersonId::of_stream(&commit.meta.actor)));
            self.wanted.insert(commit.stream.clone());
        }
    }
}

impl Anew {
    /// With fresh keys, in the directory of `vault`.
    pub fn new(vault: Vault, seen: Seen) -> Self {
        for &person in &seen.forgotten {
            vault.forget(person, false);
        }
        forget_as_one(&vault, &seen.merged);
        Self { vault, seen, authors: HashMap::new() }
    }

    /// The commit as it is kept. What a person wrote who was forgotten is a word that stands for it, and stays as it is.
    ///
    /// # Errors
    /// Why it cannot be sealed: nothing of it may be kept then.
    pub fn seal(&mut self, mut commit: Commit) -> Result<Commit, String> {
        let actor = PersonId::of_stream(&commit.meta.actor);
        let of =
            |stream: &StreamId, behind| self.authors.get(stream).map_or_else(Authors::default, |it| it.behind(behind));
        let cause = commit.meta.causation.filter(|_| actor.is_none());
        let authors = match cause.and_then(|cause| self.seen.causes.get(&cause)) {
            Some(Some((stream, behind))) => of(stream, *behind),
            _ => Authors::default(),
        };
        let again = commit.events.iter().any(|event| seal::says_again(&event.name));
        let here = if again { of(&commit.stream, actor) } else { Authors::default() };
        let whose = Whose { actor, own: PersonId::of_stream(commit.stream.as_str()), authors, here };
        let who = |event: &str, text: &str| {
            let people = whose.text(&self.vault, event, text);
            // Under all of their keys, or it says already that somebody was forgotten.
            if people.iter().any(|person| self.vault.is_forgotten(*person)) { Vec::new() } else { people }
        };
        let mut texts: Vec<(PersonId, String)> = Vec::new();
        let mut keys = Keys::new();
        let mut written = |event: &str, text: &str| -> Result<(), VaultError> {
            for person in who(event, text) {
                if let std::collections::btree_map::Entry::Vacant(place) = keys.entry(person) {
                    let key = self.vault.to_seal(person)?;
                    place.insert(key.map_or_else(|| self.vault.make(person), Ok)?);
                }
                texts.push((person, text.to_owned()));
            }
            Ok(())
        };
        let told = |error: VaultError| error.to_string();
        if !commit.meta.text.is_empty() {
            written("", &commit.meta.text).map_err(told)?;
        }
        for event in &commit.events {
            for (_, text) in json::texts(&event.data, seal::fields(&event.name)) {
                written(&event.name, &text).map_err(told)?;
            }
        }
        let Commit { stream, events, meta, .. } = &mut commit;
        seal_texts(stream, events, meta, &keys, who)?;
        if self.seen.wanted.contains(&commit.stream) {
            let authors = self.authors.entry(commit.stream.clone()).or_default();
            texts.iter().for_each(|(person, text)| authors.add(*person, text));
        }
        Ok(commit)
    }
}

/// A commit that is kept as it says, in plain: only what begins like a sealed text is written so that it is not taken for one.
///
/// # Errors
/// None: as [`Anew::seal`].
pub fn in_plain(mut commit: Commit) -> Result<Commit, String> {
    let Commit { stream, events, meta, .. } = &mut commit;
    seal_texts(stream, events, meta, &Keys::new(), |_, _| Vec::new())?;
    Ok(commit)
}
