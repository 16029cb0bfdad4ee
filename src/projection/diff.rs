//! What changed between two moments, in a sentence: `3 done (T1 T9 T12), 5 created, 1 taken back, I7 rejected ("too early")`.

use std::sync::Arc;

use yoman_chat::{Outbound, Style, Text};

use super::{
    AsOf, Viewer, World,
    line::{INDENT, state_key},
    moves::{Stretch, is_over},
    timeline::table,
    words,
};
use crate::{
    domain::{
        Filter, ItemRef,
        filter::StateWord,
        idea,
        item::{Item, Stage},
        pr,
    },
    lang::{Lang, say, text},
    log::Commit,
};

/// The most items that are named of one kind.
const NAMED_MAX: usize = 12;
/// The most reasons that are given.
const REASONS_MAX: usize = 3;
/// The most lines of one item's history.
const ROWS_MAX: usize = 15;

/// What happened to items, by the word for it.
type Kinds = Vec<(&'static str, Vec<ItemRef>)>;

impl World {
    /// `/diff`, where this world is the later moment: what `stretch` moved of the items that pass a filter. `own` are the
    /// commits in between of the item the filter names, when it names one and nothing else.
    pub fn diff(
        &self,
        (since, until): (&AsOf, Option<&AsOf>),
        stretch: &Stretch,
        filter: &Filter,
        own: &[Arc<Commit>],
        viewer: &Viewer,
    ) -> Outbound {
        let lang = viewer.lang;
        let mut text = match until {
            None => since.heading("since", viewer),
            Some(until) => {
                let mut text = since.heading("from", viewer);
                text.plain("\n").append(until.heading("to", viewer)).clone()
            }
        };
        let said = self.filter_text(filter, viewer);
        if !said.is_empty() {
            text.plain("\n").push(Style::Quote, &said);
        }
        let (kinds, taken_back, others) = self.kinds(stretch, filter, viewer);
        let mut parts = Vec::new();
        for (kind, items) in &kinds {
            parts.push(self.told_of(kind, items, viewer.lang));
        }
        if taken_back > 0 {
            parts.push(text!(lang, "diff-taken-back", n = taken_back));
        }
        if others > 0 {
            parts.push(if parts.is_empty() {
                text!(lang, "diff-changed", n = others)
            } else {
                text!(lang, "diff-changed-more", n = others)
            });
        }
        text.plain("\n");
        if parts.is_empty() {
            text.plain(say!(lang, "diff-nothing"));
        }
        for (index, part) in parts.into_iter().enumerate() {
            text.plain(if index == 0 { "" } else { ", " }).append(part);
        }
        if !own.is_empty() {
            let hidden = own.len().saturating_sub(ROWS_MAX);
            if hidden > 0 {
                text.plain(INDENT).push(Style::Dim, say!(lang, "diff-before", n = hidden));
            }
            let rows = self.rows(own.get(hidden..).unwrap_or_default(), viewer);
            text.plain("\n").push(Style::Pre(None), table(&rows, viewer));
        }
        Outbound::text(text)
    }

    /// The items that pass, by what became of them; how much was taken back; how many changed in other ways.
    fn kinds(&self, stretch: &Stretch, filter: &Filter, viewer: &Viewer) -> (Kinds, u64, usize) {
        const ORDER: [&str; 9] =
            ["done", "merged", "promoted", "rejected", "closed", "created", "started", "reviewed", "opened-again"];
        let mut kinds: Kinds = ORDER.iter().map(|kind| (*kind, Vec::new())).collect();
        let (mut taken_back, mut others) = (0, 0);
        for (&item, moved) in &stretch.items {
            if !filter.is_empty() && !self.passes(item, filter, viewer) {
                continue;
            }
            taken_back += u64::from(moved.taken_back);
            let after = moved.steps.last().map(|step| step.to).or(moved.before);
            if after == Some(StateWord::Withdrawn) {
                // Counted as that already: neither created nor changed.
                continue;
            }
            let mut told = Vec::new();
            if moved.before.is_none() && after != Some(StateWord::Withdrawn) {
                told.push("created");
            }
            if after != moved.before {
                match after {
                    Some(state) if is_over(state) => told.push(state_key(state)),
                    Some(_) if moved.before.is_some_and(is_over) => told.push("opened-again"),
                    Some(StateWord::Doing) => told.push("started"),
                    Some(StateWord::Reviewed) => told.push("reviewed"),
                    _ => {}
                }
            }
            if told.is_empty() && moved.taken_back < moved.commits {
                others += 1;
            }
            for (kind, items) in &mut kinds {
                if told.contains(kind) {
                    items.push(item);
                }
            }
        }
        kinds.retain(|(_, items)| !items.is_empty());
        (kinds, taken_back, others)
    }

    /// `3 done (T1 T9 T12)`; a single one by its name, with the reason if there is one.
    fn told_of(&self, kind: &str, items: &[ItemRef], lang: Lang) -> Text {
        let reasons: Vec<_> = items.iter().filter_map(|&item| reason(&self.item(item)?.item)).collect();
        let reasoned = matches!(kind, "rejected" | "closed") && !reasons.is_empty() && reasons.len() <= REASONS_MAX;
        let said = say!(lang, "diff-kind", kind);
        let mut text = if let [item] = items {
            text!(lang, "diff-one", item = *item, kind = said)
        } else {
            let mut named = Text::new();
            for item in items.iter().take(NAMED_MAX) {
                named.plain(if named.is_empty() { "" } else { " " }).item(item);
            }
            if items.len() > NAMED_MAX {
                named.plain(" ").plain(say!(lang, "more", n = items.len() - NAMED_MAX));
            }
            text!(lang, "diff-many", n = items.len(), kind = said, items = named)
        };
        if reasoned {
            text.plain(" (");
            for (index, reason) in reasons.iter().enumerate() {
                text.plain(if index == 0 { "\"" } else { ", \"" });
                text.push(Style::Quote, words::shorten(&words::one_line(reason), 60)).plain("\"");
            }
            text.plain(")");
        }
        text
    }
}

fn reason(item: &Item) -> Option<&str> {
    let (Stage::Idea(idea::State { reason, .. }) | Stage::Pr(pr::State { reason, .. })) = &item.stage else {
        return None;
    };
    (!reason.is_empty()).then_some(reason.as_str())
}
