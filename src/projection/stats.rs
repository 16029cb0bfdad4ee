//! How much was done and how long it took: throughput, lead and cycle time, work in progress, burn-up. [`Stats`] are the
//! figures, a day each, as a chart can draw them; the rest puts them into words.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use yoman_chat::{Outbound, Style, Text};

use super::{
    AsOf, Viewer, World,
    moves::{Step, Stretch, is_dropped, is_finished, is_over, is_under_way},
    words,
};
use crate::{
    domain::{Filter, filter::StateWord},
    lang::{Lang, say},
};

/// The most days there are figures of: ten years.
const DAYS_MAX: u64 = 3_660;
/// The most weeks that are told one by one.
const WEEKS_MAX: usize = 12;

/// One day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Which, where the viewer is.
    pub day: NaiveDate,
    /// Items that were created.
    pub created: usize,
    /// Items that were done, merged or promoted for good: neither opened again since nor was it taken back.
    pub finished: usize,
    /// Items that were rejected or closed for good.
    pub dropped: usize,
    /// Items not over at its end.
    pub open: usize,
    /// Of these, those somebody was at.
    pub under_way: usize,
    /// What there was to do by its end, counted from the beginning: open then or created since, without what was dropped.
    pub scope: usize,
    /// What of it was finished.
    pub done: usize,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many items that is about.
    pub count: usize,
    /// Half of them took no longer.
    pub median: TimeDelta,
    /// 85 of 100 took no longer.
    pub p85: TimeDelta,
}

/// The figures of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Every day of it, in order.
    pub days: Vec<Day>,
    /// From creation to the end, of what was finished.
    pub lead: Spread,
    /// From the beginning of the work to the end, of what was finished and had such a beginning.
    pub cycle: Spread,
    /// Not over when it began.
    pub open_before: usize,
    /// Items whose end is not counted because they are no longer in memory.
    pub forgotten: usize,
}

impl World {
    /// The figures of what `stretch` moved between two instants, where this world is the later one; of the items that pass
    /// a filter as they are then.
    pub fn stats(
        &self,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        stretch: &Stretch,
        filter: &Filter,
        viewer: &Viewer,
    ) -> Stats {
        let last = words::day_of(until, viewer);
        let earliest = last.checked_sub_days(Days::new(DAYS_MAX)).unwrap_or(last);
        let first = words::day_of(since, viewer).clamp(earliest, last);
        let count = usize::try_from(last.signed_duration_since(first).num_days()).unwrap_or_default() + 1;
        let mut days: Vec<Day> = first.iter_days().take(count).map(|day| Day { day, ..Day::default() }).collect();
        let mut changes = vec![Change::default(); count];
        let (mut lead, mut cycle) = (Vec::new(), Vec::new());
        let mut before = Change::default();
        for item in self.passing(filter, viewer) {
            let Some(seen) = self.item(item) else { continue };
            let moved = stretch.items.get(&item);
            let mut state = moved.map_or(Some(seen.item.state_word()), |moved| moved.before);
            // What was over before counts from when it is opened again.
            let mut counts = state.is_some_and(|state| !is_over(state));
            before.add(None, state.filter(|_| counts), counts);
            let steps = moved.map_or(&[][..], |moved| &moved.steps);
            let ended = ended(steps);
            let mut created = None;
            for (n, step) in steps.iter().enumerate() {
                let at = words::day_of(step.at, viewer).signed_duration_since(first).num_days();
                let Some(day) = usize::try_from(at).ok().filter(|&at| at < count) else { continue };
                if state.is_none() {
                    created = Some(day);
                }
                let was_over = state.is_some_and(is_over);
                if step.taken_back && step.to == StateWord::Withdrawn {
                    created = None;
                } else if step.taken_back && state == Some(StateWord::Withdrawn) {
                    created = Some(day);
                }
                let for_good = !was_over && ended == Some(n);
                if for_good && is_finished(step.to) {
                    days[day].finished += 1;
                    lead.push(step.at.signed_duration_since(seen.created_at));
                    cycle.extend(step.begun_at.map(|begun| step.at.signed_duration_since(begun)));
                } else if for_good && step.to != StateWord::Withdrawn {
                    days[day].dropped += 1;
                }
                changes[day].add(state.filter(|_| counts), Some(step.to), !counts);
                counts = true;
                state = Some(step.to);
            }
            if let Some(day) = created {
                days[day].created += 1;
            }
        }
        let mut sum = before;
        for (day, change) in days.iter_mut().zip(&changes) {
            sum.open += change.open;
            sum.under_way += change.under_way;
            sum.scope += change.scope;
            sum.done += change.done;
            let count = |n: i64| usize::try_from(n).unwrap_or_default();
            (day.open, day.under_way) = (count(sum.open), count(sum.under_way));
            (day.scope, day.done) = (count(sum.scope), count(sum.done));
        }
        Stats {
            days,
            lead: spread(lead),
            cycle: spread(cycle),
            open_before: usize::try_from(before.open).unwrap_or_default(),
            forgotten: self.dropped(),
        }
    }

    /// `/stats` in words.
    pub fn stats_message(
        &self,
        stats: &Stats,
        (since, until): (&AsOf, Option<&AsOf>),
        filter: &Filter,
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
        let Some(last) = stats.days.last() else { return Outbound::text(text) };
        let sum = |of: fn(&Day) -> usize| stats.days.iter().map(of).sum::<usize>();
        if stats.open_before == 0 && sum(|day| day.created) == 0 && last.scope == 0 {
            text.plain("\n").plain(say!(lang, "stats-nothing"));
            return Outbound::text(text);
        }
        text.plain("\n").push(Style::Pre(None), weeks(&stats.days, lang));
        let took = |text: &mut Text, what: String, spread: &Spread| {
            text.plain("\n").push(Style::Bold, what);
            if spread.count == 0 {
                text.plain("   ").plain(say!(lang, "stats-nothing-yet"));
                return;
            }
            let (half, most) = (length(spread.median, lang), length(spread.p85, lang));
            text.plain("   ").plain(say!(lang, "stats-spread", half, most, n = spread.count));
        };
        took(&mut text, say!(lang, "stats-lead"), &stats.lead);
        took(&mut text, say!(lang, "stats-cycle"), &stats.cycle);
        text.plain("\n").push(Style::Bold, say!(lang, "stats-under-way"));
        let most = stats.days.iter().rev().max_by_key(|day| day.under_way).filter(|it| it.under_way > 0);
        text.plain("   ").plain(match most {
            None => words::grouped(last.under_way as u64),
            Some(most) => {
                let date = words::date(most.day, viewer);
                say!(lang, "stats-most", n = last.under_way, most = most.under_way, date)
            }
        });
        text.plain("\n").push(Style::Bold, say!(lang, "stats-burn-up"));
        let (done, scope, open) = (last.done, last.scope, stats.open_before);
        text.plain("   ").plain(match (done * 100).checked_div(scope) {
            Some(percent) => say!(lang, "stats-done-percent", done, scope, percent, open),
            None => say!(lang, "stats-done", done, scope, open),
        });
        if stats.forgotten > 0 {
            text.plain("\n").push(Style::Dim, say!(lang, "stats-forgotten", n = stats.forgotten));
        }
        Outbound::text(text)
    }
}

/// Which step was the end, if an item is over after all of them: it may go on to be over in another way.
fn ended(steps: &[Step]) -> Option<usize> {
    let over = steps.iter().rev().take_while(|step| is_over(step.to)).count();
    (over > 0).then_some(steps.len() - over)
}

/// What a day changes.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    open: i64,
    under_way: i64,
    scope: i64,
    done: i64,
}

impl Change {
    /// An item goes from one state to another; `new`: it is counted from here on.
    fn add(&mut self, from: Option<StateWord>, to: Option<StateWord>, new: bool) {
        let mut one = |state: Option<StateWord>, by: i64| {
            // What is taken back is not there.
            let Some(state) = state.filter(|state| *state != StateWord::Withdrawn) else { return };
            self.open += if is_over(state) { 0 } else { by };
            self.under_way += if is_under_way(state) { by } else { 0 };
            self.done += if is_finished(state) { by } else { 0 };
            self.scope += if is_dropped(state) { 0 } else { by };
        };
        if !new {
            one(from, -1);
        }
        one(to, 1);
    }
}

/// The figures by week, as aligned columns.
fn weeks(days: &[Day], lang: Lang) -> String {
    let mut weeks: Vec<(NaiveDate, Day)> = Vec::new();
    for day in days {
        let monday =
            day.day.checked_sub_days(Days::new(u64::from(day.day.weekday().num_days_from_monday()))).unwrap_or(day.day);
        match weeks.last_mut() {
            Some((week, sum)) if *week == monday => {
                *sum = Day {
                    created: sum.created + day.created,
                    finished: sum.finished + day.finished,
                    dropped: sum.dropped + day.dropped,
                    ..*day
                };
            }
            _ => weeks.push((monday, *day)),
        }
    }
    let hidden = weeks.len().saturating_sub(WEEKS_MAX);
    let years = weeks.first().map(|it| it.0.year()) != weeks.last().map(|it| it.0.year());
    let columns = ["week", "created", "done", "dropped", "open", "doing"];
    let heading = columns.map(|column| say!(lang, "stats-column", column));
    let mut rows = vec![heading];
    for (monday, day) in weeks.iter().skip(hidden) {
        let (day_of_month, month) = (monday.day().to_string(), lang.month(*monday));
        let name = if years {
            say!(lang, "stats-week-year", day = day_of_month, month, year = monday.year().to_string())
        } else {
            say!(lang, "stats-week", day = day_of_month, month)
        };
        let cells = [day.created, day.finished, day.dropped, day.open, day.under_way];
        let [created, finished, dropped, open, under_way] = cells.map(|n| words::grouped(n as u64));
        rows.push([name, created, finished, dropped, open, under_way]);
    }
    let mut out = String::new();
    if hidden > 0 {
        out.push_str(&say!(lang, "stats-weeks-before", n = hidden));
        out.push('\n');
    }
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| words::columns(&row[column])).max().unwrap_or_default();
            let pad = " ".repeat(width - words::columns(cell));
            match column {
                0 => out.push_str(&format!("{cell}{pad}")),
                _ => out.push_str(&format!("  {pad}{cell}")),
            }
        }
    }
    out
}

fn spread(mut lengths: Vec<TimeDelta>) -> Spread {
    lengths.sort_unstable();
    let share = |percent: usize| {
        let at = (lengths.len() * percent).div_ceil(100).saturating_sub(1);
        lengths.get(at).copied().unwrap_or_default()
    };
    Spread { count: lengths.len(), median: share(50), p85: share(85) }
}

/// `5 min`, `3 h`, `2 d 4 h`, `12 d`
fn length(length: TimeDelta, lang: Lang) -> String {
    let (days, hours, minutes) = (length.num_days(), length.num_hours(), length.num_minutes());
    match (days, hours, minutes) {
        (0, 0, 0) => say!(lang, "span-seconds", n = length.num_seconds().max(0)),
        (0, 0, n) => say!(lang, "span-minutes", n),
        (0, n, _) => say!(lang, "span-hours", n),
        (n, hours, _) if n < 4 && hours % 24 > 0 => say!(lang, "length-days-hours", n, hours = hours % 24),
        (n, ..) => say!(lang, "length-days", n),
    }
}
