//! One item with what a card shows of it and what is searched: its commits folded in, one after another.

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};

use super::{Seen, pairs::Pairs, phrase, words};
use crate::{
    domain::{
        Event, ItemRef, PersonId,
        filter::StateWord,
        idea,
        item::{self, Fact, Item, Stage},
        pr, research, stored, todo,
    },
    log::{Commit, Position},
};

/// Of notes, findings, refinements, reviews, criteria and conclusions, so many bytes an item are kept for the search.
const SAID_BYTES_MAX: usize = 2_048;

/// What was said stands behind its version, between two signs that nobody types: what was taken back is found no more, and
/// found again when it counts again.
const COUNTS: char = '\u{e000}';
const GONE: char = '\u{e001}';
const SAID: char = '\u{e002}';

/// An item and what no card shows.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) seen: Seen,
    /// What was said on it besides title and body, folded for the search; the newest [`SAID_BYTES_MAX`] bytes.
    pub(super) said: Box<str>,
    /// The newest change in words: `started`.
    pub(super) how: Arc<str>,
    /// For a change made by what reacted: the person who caused it, and through which bot.
    pub(super) behalf: Option<Box<Doer>>,
    /// The commit that closed it; [`Position::START`] when it is not closed.
    pub(super) closed_at: Position,
    /// When somebody began on it, for a todo; `None` as long as nobody did since it was last opened.
    pub(super) begun_at: Option<DateTime<Utc>>,
}

/// Who did something, and through which bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doer {
    pub(super) actor: Arc<str>,
    pub(super) bot: Arc<str>,
}

impl Entry {
    /// The entry that the first commit of a stream makes, and how many of its events could not be read.
    pub(super) fn create(reference: ItemRef, commit: &Commit, names: &mut HashSet<Arc<str>>) -> (Option<Self>, u64) {
        if commit.first_version > 1 {
            // The events are read all the same, so that what cannot be read is counted whatever is in memory.
            return (None, commit.events.iter().filter(|event| stored::decode(event).is_err()).count() as u64);
        }
        let mut item = None;
        let folded = fold(&mut item, reference, commit);
        let entry = item.map(|mut item: Item| {
            // Most items stay as they were created: what they grew by is given back.
            item.tags.shrink_to_fit();
            item.people.shrink_to_fit();
            item.links.shrink_to_fit();
            let seen = Seen {
                item,
                created_at: commit.meta.recorded_at,
                changed_at: commit.meta.recorded_at,
                changed_by: shared(names, &commit.meta.actor),
                changed_on: shared(names, &commit.meta.origin.bot),
                changed_how: shared(names, folded.name),
                position: commit.position,
            };
            let said = folded.said.into_boxed_str();
            let how = shared(names, folded.how);
            Self { seen, said, how, behalf: None, closed_at: Position::START, begun_at: None }
        });
        (entry, folded.unreadable)
    }

    pub(super) fn fold(&mut self, commit: &Commit, names: &mut HashSet<Arc<str>>) -> u64 {
        let reference = self.seen.item.reference;
        // Something stands in its place while it is folded.
        let vacant = Item::blank(reference, Stage::Idea(idea::State::default()));
        let mut item = Some(std::mem::replace(&mut self.seen.item, vacant));
        let folded = fold(&mut item, reference, commit);
        if let Some(item) = item {
            self.seen.item = item;
        }
        if !folded.said.is_empty() {
            self.hear(&folded.said);
        }
        for reversed in &folded.reversed {
            self.forget(&reversed.takes, (COUNTS, GONE));
            self.forget(&reversed.back, (GONE, COUNTS));
        }
        if !folded.name.is_empty() {
            self.seen.changed_how = shared(names, folded.name);
            self.how = shared(names, folded.how);
        }
        folded.unreadable
    }

    fn hear(&mut self, said: &str) {
        let mut all = std::mem::take(&mut self.said).into_string();
        all.push_str(said);
        if let Some(over) = all.len().checked_sub(SAID_BYTES_MAX) {
            let cut = (over..=all.len()).find(|&at| all.is_char_boundary(at)).unwrap_or_default();
            all.drain(..cut);
        }
        self.said = all.into_boxed_str();
    }

    /// Marks what was said in these versions.
    fn forget(&mut self, versions: &[u64], (was, is): (char, char)) {
        for version in versions {
            let (was, is) = (sign(was, *version), sign(is, *version));
            if self.said.contains(&was) {
                self.said = self.said.replace(&was, &is).into_boxed_str();
            }
        }
    }

    /// Appends what is searched of it besides its title, folded: tags, project, body and what was said on it.
    pub(super) fn searched_into(&self, out: &mut String) {
        let item = &self.seen.item;
        for more in item.tags.iter().map(|tag| tag.as_str()).chain(item.project.iter().map(|project| project.as_str()))
        {
            out.push('\n');
            out.push_str(more);
        }
        out.push('\n');
        words::fold_into(out, &item.body);
        out.push('\n');
        out.push_str(&self.heard());
    }

    pub(super) fn pairs(&self) -> Pairs {
        let item = &self.seen.item;
        let mut text = String::with_capacity(item.title.len() + item.body.len() + self.said.len() + 32);
        words::fold_into(&mut text, &item.title);
        self.searched_into(&mut text);
        Pairs::of(&text)
    }

    /// What was said on it and counts, for the search.
    pub(super) fn heard(&self) -> Cow<'_, str> {
        if !self.said.contains(GONE) {
            return Cow::Borrowed(&self.said);
        }
        let begins = |(at, c): (usize, char)| (c == COUNTS || c == GONE).then_some(at);
        let begins: Vec<_> = self.said.char_indices().filter_map(begins).chain([self.said.len()]).collect();
        let mut heard = self.said[..begins.first().copied().unwrap_or_default()].to_owned();
        for pair in begins.windows(2) {
            let said = &self.said[pair[0]..pair[1]];
            if !said.starts_with(GONE) {
                heard.push_str(said);
            }
        }
        Cow::Owned(heard)
    }

    /// Takes over who, when and how of a commit that was folded in.
    pub(super) fn changed(&mut self, commit: &Commit, doer: &Doer, names: &mut HashSet<Arc<str>>) {
        let seen = &mut self.seen;
        seen.item.version = seen.item.version.max(commit.last_version());
        seen.changed_at = commit.meta.recorded_at;
        seen.changed_by = shared(names, &commit.meta.actor);
        seen.changed_on = shared(names, &commit.meta.origin.bot);
        seen.position = commit.position;
        self.begun_at = match (seen.item.state_word(), self.begun_at) {
            (StateWord::Doing, None) => Some(commit.meta.recorded_at),
            (StateWord::Open, _) => None,
            (_, at) => at,
        };
        self.behalf = (*doer.actor != *commit.meta.actor).then(|| Box::new(doer.clone()));
        self.closed_at = match (seen.item.is_closed(), self.closed_at) {
            (false, _) => Position::START,
            (true, Position::START) => commit.position,
            (true, at) => at,
        };
    }

    /// The entry after all commits of its stream.
    pub(super) fn replay(
        reference: ItemRef,
        commits: &[Arc<Commit>],
        merges: &[(Position, PersonId, PersonId)],
        names: &mut HashSet<Arc<str>>,
    ) -> Option<Self> {
        let mut commits = commits.iter().filter(|commit| ItemRef::of_stream(commit.stream.as_str()) == Some(reference));
        let first = commits.next()?;
        let mut entry = Self::create(reference, first, names).0?;
        let doer = |commit: &Commit, names: &mut HashSet<Arc<str>>| Doer {
            actor: shared(names, &commit.meta.actor),
            bot: shared(names, &commit.meta.origin.bot),
        };
        let by = doer(first, names);
        entry.changed(first, &by, names);
        let mut merges = merges.iter().peekable();
        for commit in commits {
            while let Some((_, from, into)) = merges.next_if(|(at, ..)| *at < commit.position) {
                entry.seen.item.merge_people(*from, *into);
            }
            entry.fold(commit, names);
            let by = doer(commit, names);
            entry.changed(commit, &by, names);
        }
        Some(entry)
    }
}

/// What folding the events of a commit tells besides the item's state.
#[derive(Default)]
struct Folded<'a> {
    /// What was said in them, folded for the search.
    said: String,
    /// The stored name of the event that says most about the commit: what moves the item before what describes it.
    name: &'a str,
    /// That event in words.
    how: &'static str,
    /// What it takes back.
    reversed: Vec<item::Reversed>,
    unreadable: u64,
}

/// What stands before what was said in a version.
fn sign(sign: char, version: u64) -> String {
    // Its digits in signs nobody types either: who looks for a number finds what was said.
    let digits = version
        .to_string()
        .bytes()
        .filter_map(|digit| char::from_u32(0xe010 + u32::from(digit - b'0')))
        .collect::<String>();
    format!("{sign}{digits}{SAID}")
}

/// Folds the events of a commit into an item.
fn fold<'a>(item: &mut Option<Item>, reference: ItemRef, commit: &'a Commit) -> Folded<'a> {
    let mut folded = Folded::default();
    let mut moves = false;
    for (version, stored) in commit.versioned() {
        match stored::decode(stored) {
            Ok(Event::Item(event)) => {
                if let Some(text) = text_of(&event) {
                    folded.said.push_str(&sign(COUNTS, version));
                    words::fold_into(&mut folded.said, &words::shorten(text, SAID_BYTES_MAX));
                    folded.said.push('\n');
                }
                let is_move = !matches!(event, item::Event::Fact(_));
                if folded.name.is_empty() || (is_move && !moves) {
                    (folded.name, folded.how, moves) = (&stored.name, phrase::done(&event), is_move);
                }
                *item = item::evolve(item.take(), reference, version, &event);
                if let item::Event::Reversed(reversed) = event {
                    folded.reversed.push(reversed);
                }
            }
            Ok(Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_)) | Err(_) => {
                folded.unreadable += 1
            }
        }
    }
    folded
}

/// What an event says that is not kept whole in the state.
fn text_of(event: &item::Event) -> Option<&str> {
    let text = match event {
        item::Event::Idea(idea::Event::Refined { text } | idea::Event::Rejected { reason: text }) => text,
        item::Event::Research(
            research::Event::FindingAdded { text, .. } | research::Event::Done { conclusion: text, .. },
        ) => text,
        item::Event::Todo(todo::Event::CriterionAdded { text }) => text,
        item::Event::Pr(pr::Event::Reviewed { text, .. } | pr::Event::Closed { reason: text }) => text,
        item::Event::Fact(Fact::Noted { text, .. }) => text,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

pub(super) fn shared(names: &mut HashSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(name) = names.get(name) {
        return Arc::clone(name);
    }
    let name: Arc<str> = name.into();
    names.insert(Arc::clone(&name));
    name
}
