//! Many items as a message: lists, what is mine, what is next, what was found. Paged, each line one item.

use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::{BUTTON_BYTES_MAX, press, with_buttons},
    select::Order,
};
use crate::{
    command::{Command, Look},
    domain::{
        Bucket, Filter, ItemRef, PersonId,
        filter::StateWord,
        item::{Act, Item},
    },
    lang::{self, Lang, say, text},
};

/// How many items stand on one page.
pub const PAGE_ITEMS: usize = 10;

impl World {
    /// `/list`: the items that pass a filter. Closed ones are left out unless the filter names a state or an item.
    pub fn list(&self, filter: &Filter, page: u32, viewer: &Viewer) -> Outbound {
        let closed_too = !filter.states.is_empty() || !filter.items.is_empty();
        let also = |item: &Item| closed_too || !item.is_closed();
        let (items, all, page) = self.page_of(filter, also, page, viewer);
        let said = self.filter_text(filter, viewer);
        if all == 0 {
            return self.nothing(filter, closed_too, viewer);
        }
        let mut text = heading(all, filter, closed_too, viewer.lang);
        // One bucket is named by the heading.
        let rest = if filter.buckets.len() == 1 {
            self.filter_text(&Filter { buckets: Vec::new(), ..filter.clone() }, viewer)
        } else {
            said
        };
        if !rest.is_empty() {
            text.plain(": ").push(Style::Quote, &rest);
        }
        let handles = self.handles(filter);
        self.page(
            text,
            |page| Look::List { filter: handles.clone(), page, at: self.moment() },
            (&items, all, page),
            viewer,
        )
    }

    /// `/find`: the items that hold all the words, closed ones too.
    pub fn find(&self, filter: &Filter, page: u32, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let (items, all, page) = self.page_of(filter, |_| true, page, viewer);
        let said = self.filter_text(filter, viewer);
        if all == 0 {
            let mut text = text!(lang, "find-nothing", words = lang::quote(&said));
            if filter.words.len() > 1 {
                text.plain(" ").plain(say!(lang, "find-fewer"));
            }
            if self.items.dropped() > 0 {
                text.plain(" ").plain(say!(lang, "find-dropped", n = self.items.dropped()));
            }
            return Outbound::text(text);
        }
        let text = text!(lang, "find-heading", n = all, words = lang::quote(&said));
        let handles = self.handles(filter);
        self.page(
            text,
            |page| Look::Find { filter: handles.clone(), page, at: self.moment() },
            (&items, all, page),
            viewer,
        )
    }

    /// `/mine`: what a person has to do, the closed left out.
    pub fn mine(&self, filter: &Filter, person: PersonId, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let filter = Self::of_person(filter, person);
        let also = |item: &Item| !filter.states.is_empty() || !item.is_closed();
        let (items, all) = self.selected(&filter, also, (Order::Next, 0, PAGE_ITEMS), viewer);
        if all == 0 {
            let next = Button::new(say!(lang, "button-next"), "/next");
            return with_buttons(Outbound::text(say!(lang, "mine-nothing")), vec![next], viewer);
        }
        let text = text!(lang, "mine-heading", n = all, who = lang::quote(self.name(person, viewer)));
        let handles = self.handles(&filter);
        self.page(
            text,
            |page| Look::List { filter: handles.clone(), page, at: self.moment() },
            (&items, all, 1),
            viewer,
        )
    }

    /// `/next`: what can be done now, what presses most first. Nothing that waits, no ideas, and nothing that is somebody
    /// else's unless the filter names people.
    pub fn next(&self, filter: &Filter, person: PersonId, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let also = |item: &Item| {
            !item.is_closed()
                && item.reference.bucket != Bucket::Idea
                && !self.items.is_blocked(item)
                && (!filter.people.is_empty() || item.people.is_empty() || item.people.contains(&person))
        };
        let (items, all) = self.selected(filter, also, (Order::Next, 0, PAGE_ITEMS), viewer);
        if self.as_of.is_some() && all > 0 {
            let mut text = text!(lang, "next-then", n = all);
            self.lines(&mut text, &items, viewer);
            return Outbound::text(text);
        }
        let Some(first) = items.first().and_then(|&item| self.item(item)) else {
            let blocked = self.tally(filter, viewer).get(&StateWord::Blocked).copied().unwrap_or_default();
            let text = match blocked {
                0 => say!(lang, "next-nothing"),
                n => say!(lang, "next-waiting", n),
            };
            let blocked = (blocked > 0).then(|| Button::new(say!(lang, "button-blocked"), "/list blocked"));
            return with_buttons(Outbound::text(text), blocked.into_iter().collect(), viewer);
        };
        let mut text = match all {
            1 => text!(lang, "next-one"),
            all if all <= PAGE_ITEMS => text!(lang, "next-few"),
            all => text!(lang, "next-many", shown = PAGE_ITEMS, n = all),
        };
        self.lines(&mut text, &items, viewer);
        let item = first.item.reference;
        let mut buttons = vec![Button::new(say!(lang, "button-show", item), format!("/show {item}"))];
        if first.item.state_word() == StateWord::Open && first.item.reference.bucket == Bucket::Todo {
            buttons.insert(0, press(say!(lang, "button-start-item", item), &first.item, Act::Doing));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// The items of a page and how many there are in all. A page too far is the last one.
    fn page_of(
        &self,
        filter: &Filter,
        also: impl Fn(&Item) -> bool + Copy,
        page: u32,
        viewer: &Viewer,
    ) -> (Vec<ItemRef>, usize, usize) {
        let page = usize::try_from(page).unwrap_or(usize::MAX).max(1);
        let skipped = |page: usize| (page - 1).saturating_mul(PAGE_ITEMS);
        let (items, all) = self.selected(filter, also, (Order::Pressing, skipped(page), PAGE_ITEMS), viewer);
        if !items.is_empty() || all == 0 {
            return (items, all, page);
        }
        let last = pages(all);
        (self.selected(filter, also, (Order::Pressing, skipped(last), PAGE_ITEMS), viewer).0, all, last)
    }

    /// A page: heading, lines, and the way to the other pages of `look`.
    fn page(
        &self,
        mut text: Text,
        look: impl Fn(u32) -> Look,
        page: (&[ItemRef], usize, usize),
        viewer: &Viewer,
    ) -> Outbound {
        let (items, all, page) = page;
        let pages = pages(all);
        if pages > 1 {
            text.plain("   ").plain(say!(viewer.lang, "list-page", page, pages));
        }
        self.lines(&mut text, items, viewer);
        let to = |page: usize| {
            let text = Command::Look(look(u32::try_from(page).unwrap_or(u32::MAX))).to_text(viewer.time_zone);
            // Said even of the first, so that a button to it is one that turns a page.
            if page == 1 && self.as_of.is_none() { text + " page:1" } else { text }
        };
        let bytes_max = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
        let mut buttons = Vec::new();
        if page > 1 {
            buttons.push(Button::new(say!(viewer.lang, "verbs-page-before", n = page - 1), to(page - 1)));
        }
        if page < pages {
            buttons.push(Button::new(say!(viewer.lang, "verbs-page-after", n = page + 1), to(page + 1)));
            if !viewer.capabilities.buttons || to(page + 1).len() > bytes_max {
                text.plain("\n").push(Style::Dim, say!(viewer.lang, "list-more", command = to(page + 1)));
            }
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// A line for each item.
    pub(super) fn lines(&self, text: &mut Text, items: &[ItemRef], viewer: &Viewer) {
        for seen in items.iter().filter_map(|&item| self.item(item)) {
            text.plain("\n").append(self.listed(&seen.item, viewer));
        }
    }

    /// What to do when nothing passes.
    fn nothing(&self, filter: &Filter, closed_too: bool, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let said = self.filter_text(filter, viewer);
        if self.items.len() == 0 && self.left_out == 0 && self.as_of.is_none() {
            return Outbound::text(say!(lang, "list-empty"));
        }
        let is_closed = |state: StateWord| {
            matches!(
                state,
                StateWord::Done | StateWord::Promoted | StateWord::Rejected | StateWord::Merged | StateWord::Closed
            )
        };
        let tally = self.tally(filter, viewer).into_iter();
        let closed: usize =
            if closed_too { 0 } else { tally.filter(|&(state, _)| is_closed(state)).map(|(_, n)| n).sum() };
        if closed == 0 && filter.is_empty() && !closed_too {
            return Outbound::text(say!(lang, "list-all-done"));
        }
        let open = if closed_too { "all" } else { "open" };
        let nothing = if said.is_empty() {
            text!(lang, "list-nothing", open)
        } else {
            text!(lang, "list-nothing-with", open, what = lang::quote(&said))
        };
        if closed == 0 {
            let text = text!(lang, "list-nothing-hint", nothing);
            let all = Button::new(say!(lang, "button-all-open"), "/list");
            return with_buttons(Outbound::text(text), vec![all], viewer);
        }
        let text = text!(lang, "list-nothing-closed", nothing, n = closed);
        let closed = Filter { states: vec![StateWord::Closed], ..self.handles(filter) };
        let command =
            Command::Look(Look::List { filter: closed, page: 1, at: self.moment() }).to_text(viewer.time_zone);
        with_buttons(Outbound::text(text), vec![Button::new(say!(lang, "button-closed-ones"), command)], viewer)
    }
}

fn pages(all: usize) -> usize {
    all.div_ceil(PAGE_ITEMS).max(1)
}

/// `3 open todos`
fn heading(all: usize, filter: &Filter, closed_too: bool, lang: Lang) -> Text {
    let what = match filter.buckets.as_slice() {
        [one] => one.word(),
        _ => "item",
    };
    if closed_too {
        text!(lang, "list-heading", n = all, what)
    } else {
        text!(lang, "list-heading-open", n = all, what)
    }
}
