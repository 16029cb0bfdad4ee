//! What a world of the past says of itself: the instant, the time zone and the position; and the way to the days beside it.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{Viewer, World, card::BUTTON_BYTES_MAX, words};
use crate::{
    command::{Command, Look, Moment},
    domain::Filter,
    lang::{say, text_in},
    log::Position,
};

/// The moment a world is shown as of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// As it was asked for.
    pub moment: Moment,
    /// The instant: of the moment, or when its position was recorded.
    pub at: DateTime<Utc>,
    /// The newest commit until then; [`Position::START`] before the log begins.
    pub position: Position,
    /// The wall clock when it was asked for.
    pub now: DateTime<Utc>,
}

impl AsOf {
    /// `As of Fri 13 Nov, 00:00 (Asia/Seoul), position 4,812`: `words` is one of `as-of`, `board`, `since`, `from`, `to`.
    pub fn heading(&self, words: &str, viewer: &Viewer) -> Text {
        let asked = Viewer { now: self.now, ..viewer.clone() };
        let lang = viewer.lang;
        let position = match self.position {
            Position::START => say!(lang, "as-of-before"),
            Position(number) => say!(lang, "as-of-position", n = number),
        };
        text_in!(lang, Style::Bold, "as-of", words, when = words::at_in_zone(self.at, &asked), position)
    }
}

impl World {
    /// The same world, shown as something past: nothing on it acts, and it says of when it is.
    #[must_use]
    pub fn shown_as_of(mut self, as_of: AsOf) -> Self {
        self.as_of = Some(as_of);
        self
    }

    /// The moment it is shown as of.
    pub(super) fn moment(&self) -> Option<Moment> {
        self.as_of.map(|as_of| as_of.moment)
    }

    /// The board of a day before, of a day after, and of now; on a board of now, the day before alone. Days begin where the
    /// viewer is, and there is none before the log.
    pub(super) fn days(&self, filter: &Filter, viewer: &Viewer) -> Vec<Button> {
        let (shown, now) = self.as_of.map_or((viewer.now, viewer.now), |as_of| (as_of.at, as_of.now));
        let local = shown.with_timezone(&viewer.time_zone);
        let begins = |day: Option<chrono::NaiveDate>| {
            let day = day?.and_time(NaiveTime::MIN);
            viewer.time_zone.from_local_datetime(&day).earliest().map(|at| at.with_timezone(&Utc))
        };
        let today = local.date_naive();
        let before = match begins(Some(today)) {
            Some(at) if at < shown => Some(at),
            _ => begins(today.checked_sub_days(Days::new(1))),
        };
        let after = begins(today.checked_add_days(Days::new(1)));
        let board = |at: Option<Moment>| {
            Command::Look(Look::Board { filter: self.handles(filter), at }).to_text(viewer.time_zone)
        };
        let mut buttons = Vec::new();
        if let Some(at) = before.filter(|at| self.began_at.is_some_and(|began| began <= *at)) {
            buttons.push(Button::new(say!(viewer.lang, "button-day-before"), board(Some(Moment::At(at)))));
        }
        if self.as_of.is_some() {
            if let Some(at) = after.filter(|at| *at <= now) {
                buttons.push(Button::new(say!(viewer.lang, "button-day-after"), board(Some(Moment::At(at)))));
            }
            buttons.push(Button::new(say!(viewer.lang, "button-now"), format!("{} at now", board(None))));
        }
        buttons
    }

    /// A message in place of a board, with the way to the days beside it.
    pub(super) fn scrubbed(&self, message: Outbound, filter: &Filter, viewer: &Viewer) -> Outbound {
        let most = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
        let days = self.days(filter, viewer).into_iter().filter(|button| button.data.len() <= most).collect();
        let Outbound { buttons, .. } = &message;
        let mut rows = vec![days];
        rows.extend(buttons.iter().cloned());
        rows.retain(|row: &Vec<Button>| !row.is_empty());
        Outbound { buttons: rows, ..message }
    }
}
