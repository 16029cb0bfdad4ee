//! Why: the chain across items, messages and people. Upwards to the message an item began with, through what happened to
//! it, and down to what came of it; and for an item that waits, for what and since when.

use std::sync::Arc;

use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    answer::{begins_again, ends},
    card::with_buttons,
    line::state_name,
    notice::{is_creation, item_events},
    phrase,
    timeline::{PAGE_ROWS, Row, messages, table},
    undone, words,
};
use crate::{
    domain::{
        ItemRef, PersonId,
        item::{Event, Item, promotes},
        pr, todo,
    },
    lang::{self, Lang, say, text},
    log::{Commit, Position},
};

/// Of an item's own commits, so many of the newest are looked at.
pub const COMMITS_MAX: usize = 500;
/// The most items one chain goes through: idea, research, todo and pr, and some to spare.
const STEPS_MAX: usize = 8;
/// The most prerequisites that are explained one by one.
const NEEDS_MAX: usize = 5;

/// Where commits are read from. What cannot be read is not there: an answer with a gap is better than none.
pub trait Commits {
    /// The commits of an item in order: all of them, or the first and the newest [`COMMITS_MAX`].
    fn stream(&self, item: ItemRef) -> Vec<Arc<Commit>>;

    /// The commit at a position.
    fn at(&self, position: Position) -> Option<Arc<Commit>>;
}

impl World {
    /// `/why`: how an item came to be as it is.
    pub fn why(&self, item: ItemRef, commits: &dyn Commits, viewer: &Viewer) -> Outbound {
        let own = commits.stream(item);
        let mut text = self.titled(item, &own);
        if own.is_empty() {
            text.plain("\n").plain(say!(viewer.lang, "nothing-known"));
            return Outbound::text(text);
        }
        let mut rows = self.before(&own, commits, viewer);
        let caused = own.first().is_some_and(|first| first.first_version == 1 && first.meta.causation.is_some());
        let hidden = own.len().saturating_sub(usize::from(caused)).saturating_sub(PAGE_ROWS);
        // Its creation is told by the row of what it came from.
        let shown: Vec<_> = own.iter().skip(usize::from(caused)).cloned().collect();
        let mut happened = self.rows(&shown, viewer);
        for (row, commit) in happened.iter_mut().zip(&shown) {
            if item_events(commit).iter().any(promotes)
                && let Some(new) = self.effects(commit, commits).first()
            {
                row.what = say!(viewer.lang, "why-promoted", new = *new);
            }
        }
        if hidden > 0 {
            // The beginning says why it is there, the end why it is as it is.
            happened.drain(1..=hidden);
            text.plain("   ").plain(say!(viewer.lang, "why-left-out", n = hidden, item));
        }
        rows.append(&mut happened);
        text.plain("\n").push(Style::Pre(None), table(&rows, viewer));
        messages(&mut text, &rows, viewer);
        self.waiting_because(&mut text, item, commits, viewer);
        self.after(&mut text, item, viewer.lang);
        let mut buttons: Vec<_> = self.waits_for(item).iter().take(2).map(|(it, _)| show(*it, viewer.lang)).collect();
        buttons.extend(self.promoted_to(item).last().map(|&it| show(it, viewer.lang)));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What led to an item: for each it came from, how that began and who made something of it. Oldest first.
    fn before(&self, own: &[Arc<Commit>], commits: &dyn Commits, viewer: &Viewer) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut first = own.first().cloned();
        // The creation of an item is told by what caused it, and may be taken back while that still holds.
        let mut of_child = undone::marks(own, viewer.lang);
        for _ in 0..STEPS_MAX {
            let Some(created) = first.take().filter(|commit| commit.first_version == 1) else { break };
            let Some(child) = ItemRef::of_stream(created.stream.as_str()) else { break };
            let Some(cause) = created.meta.causation.and_then(|position| commits.at(position)) else { break };
            let Some(parent) = ItemRef::of_stream(cause.stream.as_str()) else { break };
            let stream = commits.stream(parent);
            let of_parent = undone::marks(&stream, viewer.lang);
            let mut row =
                self.row(&cause, |_| say!(viewer.lang, "why-promoted-item", item = parent, new = child), viewer);
            row.mark(of_child.get(&1).or_else(|| of_parent.get(&cause.first_version)), viewer);
            rows.push(row);
            let beginning = stream.first().cloned();
            if let Some(beginning) = &beginning
                && beginning.first_version == 1
                && beginning.meta.causation.is_none()
            {
                let began = |_: &phrase::Phrase<'_>| {
                    say!(viewer.lang, "why-began", bucket = parent.bucket.word(), item = parent)
                };
                let mut row = self.row(beginning, began, viewer);
                row.mark(of_parent.get(&1), viewer);
                rows.push(row);
            }
            of_child = of_parent;
            first = beginning;
        }
        rows.reverse();
        rows
    }

    /// What a commit caused: the items it made.
    fn effects(&self, commit: &Commit, commits: &dyn Commits) -> Vec<ItemRef> {
        let caused = self.caused_by(commit.position);
        let caused = caused.iter().take(STEPS_MAX).filter_map(|&position| commits.at(position));
        caused.filter_map(|commit| ItemRef::of_stream(commit.stream.as_str())).collect()
    }

    /// What it waits for and since when; what it no longer waits for and thanks to whom; who waits for it.
    fn waiting_because(&self, text: &mut Text, item: ItemRef, commits: &dyn Commits, viewer: &Viewer) {
        let Some(seen) = self.item(item) else { return };
        let lang = viewer.lang;
        for &needed in seen.item.needs().iter().take(NEEDS_MAX) {
            match self.item(needed) {
                Some(open) if !open.item.is_closed() => {
                    let since = last(&commits.stream(needed), moves)
                        .map_or(open.created_at, |(commit, _)| commit.meta.recorded_at);
                    let (state, when) = (state_name(self.state(&open.item), lang), words::at(since, viewer));
                    text.plain("\n").append(text!(lang, "why-waits", what = reference(&open.item), state, when));
                    self.assignees(text, &open.item, lang);
                }
                Some(gone) if gone.item.withdrawn.is_some() => {
                    text.plain("\n").append(text!(lang, "why-taken-back", what = reference(&gone.item)));
                }
                Some(closed) => {
                    let waits = text!(lang, "why-waits-not", what = reference(&closed.item));
                    text.plain("\n").append(self.thanks_to(waits, &commits.stream(needed), viewer));
                }
                None => {
                    text.plain("\n").append(text!(lang, "why-closed-long-ago", item = needed));
                }
            }
        }
        if seen.item.needs().len() > NEEDS_MAX {
            let n = seen.item.needs().len() - NEEDS_MAX;
            text.plain("\n").plain(say!(lang, "why-more-needs", n));
        }
        let waiting: Vec<_> = self.waited_for_by(item).into_iter().filter_map(|it| self.item(it)).collect();
        if !seen.item.is_closed() && !waiting.is_empty() {
            let waiting: Vec<_> = waiting.iter().map(|it| (it.item.reference, it.item.title.clone())).collect();
            let items = super::line::named(&waiting, true, lang);
            text.plain("\n").append(text!(lang, "why-waiting", n = waiting.len(), items));
        }
    }

    /// `It no longer waits for T1 (Fix login): dana completed it, 14:02`
    fn thanks_to(&self, waits: Text, commits: &[Arc<Commit>], viewer: &Viewer) -> Text {
        let Some((commit, event)) = last(commits, ends) else { return waits };
        let actor = PersonId::of_stream(&commit.meta.actor);
        let who = lang::quote(self.actor(&commit.meta.actor, viewer));
        let did = self.phrase(&event, actor, viewer).did;
        text!(viewer.lang, "why-thanks-to", waits, who, did, when = words::at(commit.meta.recorded_at, viewer))
    }

    /// `It became R1 (done), which became T3 (doing).`
    fn after(&self, text: &mut Text, item: ItemRef, lang: Lang) {
        let mut at = item;
        let mut chain = Text::new();
        for _ in 0..STEPS_MAX {
            let Some(new) = self.promoted_to(at).last().copied() else { break };
            let mut next = Text::new();
            next.item(new);
            if let Some(seen) = self.item(new) {
                next.plain(format!(" ({})", state_name(self.state(&seen.item), lang)));
            }
            chain = if chain.is_empty() { next } else { text!(lang, "why-which-became", chain, next) };
            at = new;
        }
        if !chain.is_empty() {
            text.plain("\n").append(text!(lang, "why-became", chain));
        }
    }
}

/// `T1 (Fix login)`
fn reference(item: &Item) -> Text {
    let mut text = Text::new();
    text.item(item.reference)
        .plain(" (")
        .push(Style::Quote, words::shorten(&words::one_line(&item.title), 60))
        .plain(")");
    text
}

fn show(item: ItemRef, lang: Lang) -> Button {
    Button::new(say!(lang, "button-show", item), format!("/show {item}"))
}

/// The newest event of a kind, with its commit.
fn last(commits: &[Arc<Commit>], kind: impl Fn(&Event) -> bool) -> Option<(&Commit, Event)> {
    commits.iter().rev().find_map(|commit| Some((&**commit, item_events(commit).into_iter().find(&kind)?)))
}

/// Whether an event says where an item stands from then on.
fn moves(event: &Event) -> bool {
    is_creation(event)
        || begins_again(event)
        || matches!(event, Event::Todo(todo::Event::Started) | Event::Pr(pr::Event::Reviewed { .. }))
}
