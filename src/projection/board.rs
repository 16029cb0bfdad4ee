//! The board: one column after the other, because a phone is narrow. Each with its counts and what presses most.

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
    domain::{Bucket, Filter, filter::StateWord, item::Item},
    lang::say,
};

/// How many items of a column are shown before the rest is counted.
const COLUMN_ITEMS: usize = 5;

impl World {
    /// `/board`: what is open, by bucket. Columns with nothing in them are left out.
    pub fn board(&self, filter: &Filter, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let mut text = Text::new();
        let mut buttons = Vec::new();
        let said = self.filter_text(filter, viewer);
        match &self.as_of {
            Some(as_of) => text.append(as_of.heading("board", viewer)),
            None => text.push(Style::Bold, say!(lang, "board")),
        };
        if !said.is_empty() {
            text.plain("   ").push(Style::Quote, &said);
        }
        let closed_too = !filter.states.is_empty();
        let mut empty = true;
        // What is nearest to being finished first.
        for bucket in
            Bucket::ALL.into_iter().rev().filter(|bucket| filter.buckets.is_empty() || filter.buckets.contains(bucket))
        {
            let column = Filter { buckets: vec![bucket], ..filter.clone() };
            let (items, all) = {
                let also = |item: &Item| closed_too || !item.is_closed();
                self.selected(&column, also, (Order::Next, 0, COLUMN_ITEMS), viewer)
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
                text.plain("\n").push(Style::Dim, say!(lang, "more", n = all - items.len()));
                let label = say!(lang, "button-all", what = words::many(bucket, lang));
                let list = Look::List { filter: self.handles(&column), page: 1, at: self.moment() };
                buttons.push(Button::new(label, Command::Look(list).to_text(viewer.time_zone)));
            }
        }
        if empty {
            let mut list = self.list(filter, 1, viewer);
            if self.as_of.is_some() {
                list.text = text.plain("\n").append(list.text).clone();
            }
            return self.scrubbed(list, filter, viewer);
        }
        let days = self.days(filter, viewer);
        let most = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
        for day in days.iter().filter(|day| self.as_of.is_some() && day.data.len() > most) {
            // Too long for a button, so it is written out.
            text.plain("\n").push(Style::Dim, format!("{}: {}", day.label, day.data));
        }
        buttons.splice(0..0, days);
        with_buttons(Outbound::text(text), buttons, viewer)
    }
}
