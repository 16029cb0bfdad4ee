//! Many items as a message: lists, what is mine, what is next, what was found. Paged, each line one item.

use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::{BUTTON_BYTES_MAX, press, with_buttons},
    select::Order,
    words,
};
use crate::{
    command::{Command, Look},
    domain::{
        Bucket, Filter, ItemRef, PersonId,
        filter::StateWord,
        item::{Act, Item},
    },
    lang::say,
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
        let mut text = heading(all, filter, closed_too);
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
        let (items, all, page) = self.page_of(filter, |_| true, page, viewer);
        let said = self.filter_text(filter, viewer);
        if all == 0 {
            let mut text = Text::from("Nothing has ");
            text.push(Style::Quote, &said).plain(" in its title, text, tags or notes.");
            if filter.words.len() > 1 {
                text.plain(" Fewer words find more.");
            }
            if self.items.dropped() > 0 {
                text.plain(format!(
                    " {} closed long ago are no longer searched; /show finds them by number.",
                    words::count(self.items.dropped(), "item")
                ));
            }
            return Outbound::text(text);
        }
        let mut text = Text::from(format!("{} with ", words::count(all, "item")));
        text.push(Style::Quote, &said);
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
        let filter = Self::of_person(filter, person);
        let also = |item: &Item| !filter.states.is_empty() || !item.is_closed();
        let (items, all) = self.selected(&filter, also, (Order::Next, 0, PAGE_ITEMS), viewer);
        if all == 0 {
            let text = "Nothing is yours to do. /next says what could be begun.";
            return with_buttons(Outbound::text(text), vec![Button::new("Next", "/next")], viewer);
        }
        let of = if viewer.person == Some(person) { "you".to_owned() } else { self.name(person, viewer) };
        let mut text = Text::from(format!("{} for ", words::count(all, "item")));
        text.push(Style::Quote, of);
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
        let also = |item: &Item| {
            !item.is_closed()
                && item.reference.bucket != Bucket::Idea
                && !self.items.is_blocked(item)
                && (!filter.people.is_empty() || item.people.is_empty() || item.people.contains(&person))
        };
        let (items, all) = self.selected(filter, also, (Order::Next, 0, PAGE_ITEMS), viewer);
        if self.as_of.is_some() && all > 0 {
            let mut text = Text::from(words::count(all, "item"));
            text.plain(" could be done then");
            self.lines(&mut text, &items, viewer);
            return Outbound::text(text);
        }
        let Some(first) = items.first().and_then(|&item| self.item(item)) else {
            let blocked = self.tally(filter, viewer).get(&StateWord::Blocked).copied().unwrap_or_default();
            let text = match blocked {
                0 => "Nothing to do. /todo and what it is puts something on the list.".to_owned(),
                n => {
                    format!("Nothing can be done now: {} for something else. /list blocked says for what.", waiting(n))
                }
            };
            let buttons = if blocked > 0 { vec![Button::new("Blocked", "/list blocked")] } else { Vec::new() };
            return with_buttons(Outbound::text(text), buttons, viewer);
        };
        let mut text = match all {
            1 => Text::from("Next"),
            all if all <= PAGE_ITEMS => Text::from("Next, what presses most first"),
            all => Text::from(format!("Next {PAGE_ITEMS} of {}", words::grouped(all as u64))),
        };
        self.lines(&mut text, &items, viewer);
        let mut buttons =
            vec![Button::new(format!("Show {}", first.item.reference), format!("/show {}", first.item.reference))];
        if first.item.state_word() == StateWord::Open && first.item.reference.bucket == Bucket::Todo {
            buttons.insert(0, press(&format!("Start {}", first.item.reference), &first.item, Act::Doing));
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
            text.plain(format!("   page {page} of {pages}"));
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
                text.plain("\n").push(Style::Dim, format!("More: {}", to(page + 1)));
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
        let said = self.filter_text(filter, viewer);
        if self.items.len() == 0 && self.left_out == 0 && self.as_of.is_none() {
            return Outbound::text(
                "Nothing here yet. /todo Buy milk  puts something on the list, /help says what else there is.",
            );
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
        let mut text = Text::from("Nothing");
        if !closed_too {
            text.plain(" open");
        }
        if !said.is_empty() {
            text.plain(" with ").push(Style::Quote, &said);
        }
        if closed == 0 && filter.is_empty() && !closed_too {
            return Outbound::text("Nothing is open. /todo Buy milk  puts something on the list.");
        }
        if closed == 0 {
            text.plain(". /list shows everything that is open, /find looks for words.");
            return with_buttons(Outbound::text(text), vec![Button::new("All open", "/list")], viewer);
        }
        text.plain(format!("; {} closed.", words::grouped(closed as u64)));
        let closed = Filter { states: vec![StateWord::Closed], ..self.handles(filter) };
        let command =
            Command::Look(Look::List { filter: closed, page: 1, at: self.moment() }).to_text(viewer.time_zone);
        with_buttons(Outbound::text(text), vec![Button::new("Closed ones", command)], viewer)
    }
}

fn pages(all: usize) -> usize {
    all.div_ceil(PAGE_ITEMS).max(1)
}

fn heading(all: usize, filter: &Filter, closed_too: bool) -> Text {
    let one = match filter.buckets.as_slice() {
        [Bucket::Idea] => "idea",
        [Bucket::Todo] => "todo",
        [Bucket::Pr] => "pr",
        _ => "item",
    };
    let open = if closed_too || all == 0 { "" } else { "open " };
    if filter.buckets == [Bucket::Research] {
        // It has no plural.
        return Text::from(format!("{} {open}research", words::grouped(all as u64)));
    }
    Text::from(words::count(all, &format!("{open}{one}")))
}

/// `1 item waits`, `3 items wait`
fn waiting(n: usize) -> String {
    format!("{} {}", words::count(n, "item"), if n == 1 { "waits" } else { "wait" })
}
