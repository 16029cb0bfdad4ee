//! The board: one column after the other, because a phone is narrow. Each with its counts and what presses most.

use std::collections::BTreeMap;

use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::{BUTTON_BYTES_MAX, with_buttons},
    line::state_name,
    select::Order,
    words,
};
use crate::{
    command::{Command, Look},
    domain::{Bucket, Filter, Handle, Priority, Project, Tag, filter::StateWord, item::Item},
    lang::say,
};

/// How many items of a column are shown before the rest is counted.
const COLUMN_ITEMS: usize = 5;
/// The longest command that stands behind "and 3 more", in characters.
const LIST_CHARS_MAX: usize = 60;

impl World {
    /// `/board`: what is open, by bucket. Columns with nothing in them are left out.
    pub fn board(&self, filter: &Filter, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let mut text = Text::new();
        let said = self.filter_text(filter, viewer);
        match &self.as_of {
            Some(as_of) => text.append(as_of.heading("board", viewer)),
            None => text.push(Style::Bold, say!(lang, "board")),
        };
        if !said.is_empty() {
            text.plain("   ").push(Style::Quote, &said);
        }
        let columns = self.columns(filter, COLUMN_ITEMS, viewer);
        let Columns { text: shown, lists: mut buttons, empty } = columns;
        if empty {
            let mut list = self.list(filter, 1, viewer);
            if self.as_of.is_some() {
                list.text = text.plain("\n").append(list.text).clone();
            }
            return self.scrubbed(list, filter, viewer);
        }
        text.append(shown);
        let days = self.days(filter, viewer);
        let most = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
        for day in days.iter().filter(|day| self.as_of.is_some() && day.data.len() > most) {
            // Too long for a button, so it is written out.
            text.plain("\n").push(Style::Dim, format!("{}: {}", day.label, day.data));
        }
        let views = if self.as_of.is_some() { Vec::new() } else { self.views(filter, viewer) };
        buttons.splice(0..0, days.into_iter().chain(views));
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// The columns that have something in them, each with at most so many of its items.
    pub(super) fn columns(&self, filter: &Filter, most: usize, viewer: &Viewer) -> Columns {
        let (lang, closed_too) = (viewer.lang, !filter.states.is_empty());
        let (mut text, mut lists, mut empty) = (Text::new(), Vec::new(), true);
        // What is nearest to being finished first.
        for bucket in
            Bucket::ALL.into_iter().rev().filter(|bucket| filter.buckets.is_empty() || filter.buckets.contains(bucket))
        {
            let column = Filter { buckets: vec![bucket], ..filter.clone() };
            let (items, all) = {
                let also = |item: &Item| closed_too || !item.is_closed();
                self.selected(&column, also, (Order::Next, 0, most), viewer)
            };
            if all == 0 {
                continue;
            }
            empty = false;
            let tally = self.tally(&column, viewer);
            text.plain("\n\n")
                .push(Style::Bold, words::many(bucket, lang).to_uppercase())
                .plain(format!(" {}", words::grouped(all as u64)));
            let told: Vec<_> = [StateWord::Doing, StateWord::Blocked, StateWord::Reviewed]
                .into_iter()
                .filter_map(|state| {
                    Some(say!(lang, "board-state", n = *tally.get(&state)?, state = state_name(state, lang)))
                })
                .collect();
            if !told.is_empty() {
                text.plain("   ").push(Style::Dim, told.join(", "));
            }
            self.lines(&mut text, &items, viewer);
            if all > items.len() {
                let left = all - items.len();
                let label = say!(lang, "button-all", what = words::many(bucket, lang));
                let list = Look::List { filter: self.handles(&column), page: 1, at: self.moment() };
                let list = Command::Look(list).to_text(viewer.time_zone);
                let way = viewer.capabilities.written(&list);
                let more = match way.chars().count() {
                    0..=LIST_CHARS_MAX => say!(lang, "board-more", n = left, list = way),
                    _ => say!(lang, "more", n = left),
                };
                text.plain("\n").push(Style::Dim, more);
                lists.push(Button::new(label, list));
            }
        }
        Columns { text, lists, empty }
    }

    /// The other boards one may want to see from this one: everything, and what of it belongs to who looks, to the priority,
    /// the project and the tag that most of it has. Nothing but what the board is of counts, so that a board that is kept up to
    /// date changes only with that.
    pub(super) fn views(&self, filter: &Filter, viewer: &Viewer) -> Vec<Button> {
        let mut buttons = Vec::new();
        let mut view = |label: String, filter: Filter<Handle>| {
            let board = Command::Look(Look::Board { filter, at: None }).to_text(viewer.time_zone);
            // Said even of now, so that a button to it is one that turns the board.
            buttons.push(Button::new(label, format!("{board} at now")));
        };
        if !filter.is_empty() {
            view(say!(viewer.lang, "board-view-all"), Filter::default());
        }
        let common = self.common(filter, viewer);
        let within = self.handles(filter);
        if common.assigned && filter.people.is_empty() {
            let me = Handle::new("me").into_iter().collect();
            view(say!(viewer.lang, "board-view-mine"), Filter { people: me, ..within.clone() });
        }
        if let Some(priority) = common.priority.filter(|_| filter.priorities.is_empty()) {
            let word = say!(viewer.lang, "priority", priority = priority.word());
            view(format!("!{word}"), Filter { priorities: vec![priority], ..within.clone() });
        }
        if let Some(project) = common.project.filter(|_| filter.projects.is_empty()) {
            view(words::project(&project, viewer.lang), Filter { projects: vec![project], ..within.clone() });
        }
        if let Some(tag) = common.tag.filter(|_| filter.tags.is_empty()) {
            view(tag.to_string(), Filter { tags: vec![tag], ..within });
        }
        buttons
    }

    /// What most of the open items that pass a filter have in common.
    fn common(&self, filter: &Filter, viewer: &Viewer) -> Common {
        let mut common = Common::default();
        let (mut projects, mut tags) = (BTreeMap::new(), BTreeMap::new());
        self.sift(filter, viewer, |entry| {
            let item = &entry.seen.item;
            if item.is_closed() {
                return;
            }
            common.assigned |= !item.people.is_empty();
            common.priority = common.priority.max(Some(item.priority).filter(|it| *it >= Priority::High));
            if let Some(project) = &item.project {
                *projects.entry(project.clone()).or_insert(0_usize) += 1;
            }
            for tag in &item.tags {
                *tags.entry(tag.clone()).or_insert(0_usize) += 1;
            }
        });
        common.project = most(projects);
        common.tag = most(tags);
        common
    }
}

/// The columns of a board.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) text: Text,
    /// For each column that shows only some, the way to all.
    pub(super) lists: Vec<Button>,
    pub(super) empty: bool,
}

/// What most of the open items have in common.
#[derive(Debug, Default)]
struct Common {
    /// Somebody has something to do.
    assigned: bool,
    /// The highest, when it is not an ordinary one.
    priority: Option<Priority>,
    project: Option<Project>,
    tag: Option<Tag>,
}

/// What there is most of; of equals the first by name.
fn most<T: Ord>(counts: BTreeMap<T, usize>) -> Option<T> {
    counts.into_iter().max_by(|(a, x), (b, y)| x.cmp(y).then(b.cmp(a))).map(|(it, _)| it)
}
