//! An item in a line: reference, where it stands, title, people, dates. Everything outside is in quoted spans.

use yoman_chat::{Style, Text};

use super::{Viewer, World, words};
use crate::{
    domain::{
        Due, ItemRef, Priority,
        filter::StateWord,
        item::{Item, LinkTarget, Relation},
    },
    lang::{Lang, say, text},
};

/// What parts the pieces of a line.
pub(super) const GAP: &str = "   ";
/// What the further lines of a message about one item begin with.
pub(super) const INDENT: &str = "\n   ";
/// The most characters of outside text in one line of a message.
pub(super) const SAID_CHARS_MAX: usize = 280;
/// The most items a line names before it counts the rest.
const NAMED_MAX: usize = 5;

impl World {
    /// Where an item stands in a word: as [`Item::state_word`], and `blocked` for an open todo that waits.
    pub fn state(&self, item: &Item) -> StateWord {
        match item.state_word() {
            StateWord::Open if self.items.is_blocked(item) => StateWord::Blocked,
            word => word,
        }
    }

    /// `T3 doing   Offline mode for the app   @dana`: `state` is what stands behind the reference.
    pub(super) fn head(&self, item: &Item, state: &str, viewer: &Viewer) -> Text {
        let mut out = Text::new();
        out.item(item.reference);
        if !state.is_empty() {
            out.plain(" ").plain(state);
        }
        title(&mut out, item);
        self.assignees(&mut out, item, viewer.lang);
        out
    }

    /// `   @dana @kim`
    pub(super) fn assignees(&self, out: &mut Text, item: &Item, lang: Lang) {
        for (index, person) in item.people.iter().enumerate() {
            out.plain(if index == 0 { GAP } else { " " });
            match self.person(*person) {
                Some(person) => out.push(Style::Quote, person.handle.to_string()),
                None => out.plain(say!(lang, "person-number", n = person.0)),
            };
        }
    }

    /// `#auth  high  due Fri 27 Nov  in:app  for T7`; empty when there is nothing of it.
    pub(super) fn marks(&self, item: &Item, viewer: &Viewer) -> Text {
        let mut out = Text::new();
        if !item.tags.is_empty() {
            out.plain(item.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        }
        if let Some(priority) = words::priority(item.priority, viewer.lang) {
            part(&mut out).push(if item.priority >= Priority::High { Style::Bold } else { Style::Plain }, priority);
        }
        if let Some(due) = item.due {
            let late = !item.is_closed() && words::due_until(due, viewer) < viewer.now;
            part(&mut out).plain(due_words(due, late, viewer));
        }
        if let Some(project) = &item.project {
            part(&mut out).plain(words::project(project, viewer.lang));
        }
        for (relation, to) in &item.links {
            if let (Relation::For, LinkTarget::Item(to)) = (relation, to) {
                part(&mut out).append(text!(viewer.lang, "for-item", item = *to));
            }
        }
        out
    }

    /// `waits for T1 (Fix login), T2 (…)`; empty when it waits for nothing.
    pub(super) fn waits(&self, item: ItemRef, with_titles: bool, lang: Lang) -> Text {
        let waits_for = self.waits_for(item);
        if waits_for.is_empty() {
            return Text::new();
        }
        text!(lang, "waits-for", items = named(&waits_for, with_titles, lang))
    }

    /// An item in a list: `T3 doing   Offline mode   high  due Fri 27 Nov   @dana`.
    pub(super) fn listed(&self, item: &Item, viewer: &Viewer) -> Text {
        let state = match self.state(item) {
            StateWord::Open | StateWord::Running => String::new(),
            state => state_name(state, viewer.lang),
        };
        let mut out = Text::new();
        out.item(item.reference);
        if !state.is_empty() {
            out.plain(" ").push(Style::Dim, state);
        }
        out.plain(GAP).push(Style::Quote, words::shorten(&words::one_line(&item.title), LISTED_CHARS_MAX));
        let mut marks = Text::new();
        if let Some(priority) = words::priority(item.priority, viewer.lang) {
            marks.plain(priority);
        }
        if let Some(due) = item.due.filter(|_| !item.is_closed()) {
            let late = words::due_until(due, viewer) < viewer.now;
            part(&mut marks).plain(due_words(due, late, viewer));
        }
        if !marks.is_empty() {
            out.plain(GAP).append(marks);
        }
        self.assignees(&mut out, item, viewer.lang);
        out
    }
}

/// `   Offline mode for the app`
pub(super) fn title(out: &mut Text, item: &Item) {
    out.plain(GAP).push(Style::Quote, words::one_line(&item.title));
}

/// The most characters of a title in a list.
const LISTED_CHARS_MAX: usize = 80;

/// `due Fri 27 Nov`, `was due Fri 27 Nov`
fn due_words(due: Due, late: bool, viewer: &Viewer) -> String {
    let when = words::due(due, viewer);
    if late { say!(viewer.lang, "was-due", when) } else { say!(viewer.lang, "due", when) }
}

/// A state as people say it.
pub(super) fn state_name(state: StateWord, lang: Lang) -> String {
    say!(lang, "state", state = state_key(state))
}

/// What the words for a state are chosen by.
pub(super) fn state_key(state: StateWord) -> &'static str {
    match state {
        StateWord::Open => "open",
        StateWord::Running => "running",
        StateWord::Doing => "doing",
        StateWord::Blocked => "blocked",
        StateWord::Reviewed => "reviewed",
        StateWord::Done => "done",
        StateWord::Promoted => "promoted",
        StateWord::Rejected => "rejected",
        StateWord::Merged => "merged",
        StateWord::Withdrawn => "withdrawn",
        StateWord::Closed => "closed",
    }
}

/// `T1 (Fix login), T2 (Ship)`, the titles only when wanted; beyond a few the rest is counted.
pub(super) fn named(items: &[(ItemRef, String)], with_titles: bool, lang: Lang) -> Text {
    let mut out = Text::new();
    for (index, (item, title)) in items.iter().take(NAMED_MAX).enumerate() {
        if index > 0 {
            out.plain(", ");
        }
        out.item(item);
        if with_titles {
            out.plain(" (").push(Style::Quote, words::shorten(&words::one_line(title), 60)).plain(")");
        }
    }
    if items.len() > NAMED_MAX {
        out.plain(" ").plain(say!(lang, "more", n = items.len() - NAMED_MAX));
    }
    out
}

/// Begins a further part of a line of marks.
fn part(out: &mut Text) -> &mut Text {
    if !out.is_empty() {
        out.plain("  ");
    }
    out
}
