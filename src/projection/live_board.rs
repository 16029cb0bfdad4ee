//! The board of a room that is kept up to date: one message, so it says less of each column rather than break off.

use yoman_chat::{Outbound, Style, Text};

use super::{Viewer, World, board::Columns, card::with_buttons, words};
use crate::{
    domain::Filter,
    lang::{code, quote, say, text},
};

/// How many items of a column are shown where there is room, and with how few it is tried after that.
const COLUMN_ITEMS: [usize; 7] = [10, 7, 5, 3, 2, 1, 0];
/// What is left free of a message's length for a mark that it may be a repeat.
const MARK_ROOM: usize = 100;
/// The most characters of a filter in the heading.
const FILTER_CHARS_MAX: usize = 120;

impl World {
    /// The board of the viewer's room that is kept up to date; `None` when it has none.
    pub fn live_board(&self, viewer: &Viewer) -> Option<Outbound> {
        let filter = self.room(&viewer.room).board.as_ref()?;
        let can = &viewer.capabilities;
        let most = match can.text_length_max {
            0 => usize::MAX,
            most => most.saturating_sub(MARK_ROOM),
        };
        let fits = |text: &Text| {
            // An item may be written with a slash before it.
            let slashes = text.spans.iter().filter(|span| span.style == Style::Item).count();
            can.length_unit.of(&text.to_plain()) + slashes <= most
        };
        let mut boards = COLUMN_ITEMS.into_iter().map(|items| self.drawn(filter, items, viewer));
        let mut drawn = boards.next()?;
        while !fits(&drawn.0) {
            match boards.next() {
                Some(shorter) => drawn = shorter,
                None => break,
            }
        }
        let (text, columns) = drawn;
        let mut buttons = self.views(filter, viewer);
        buttons.extend(columns.lists);
        Some(with_buttons(Outbound::text(text), buttons, viewer))
    }

    /// The board with so many items in a column.
    fn drawn(&self, filter: &Filter, items: usize, viewer: &Viewer) -> (Text, Columns) {
        let mut text = Text::new();
        text.push(Style::Bold, say!(viewer.lang, "board"));
        let said = self.filter_text(filter, viewer);
        if !said.is_empty() {
            text.plain("   ").push(Style::Quote, words::shorten(&said, FILTER_CHARS_MAX));
        }
        text.plain("   ").push(Style::Dim, say!(viewer.lang, "board-kept"));
        let columns = self.columns(filter, items, viewer);
        if columns.empty {
            text.plain("\n\n").plain(if filter.is_empty() {
                say!(viewer.lang, "board-empty")
            } else {
                say!(viewer.lang, "board-empty-of")
            });
        }
        text.append(columns.text.clone());
        (text, columns)
    }

    /// What a message becomes that was the room's board. `moved`: another message is.
    pub fn live_board_before(&self, moved: bool, viewer: &Viewer) -> Outbound {
        Outbound::text(if moved {
            text!(viewer.lang, "board-moved")
        } else {
            text!(viewer.lang, "board-over", board = code(viewer.capabilities.written("/board")))
        })
    }

    /// What a room is told when its board may not be pinned.
    pub fn live_board_not_pinned(&self, why: &str, viewer: &Viewer) -> Outbound {
        let why = quote(words::shorten(&words::one_line(why), 200));
        let pin = code(viewer.capabilities.written("/board pin"));
        Outbound::text(text!(viewer.lang, "board-not-pinned", why, pin))
    }
}
