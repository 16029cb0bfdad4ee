//! What a room missed while it was told nothing, as one message: what needs a decision on top, then what changed last.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::with_buttons,
    line::{GAP, INDENT, state_name, title},
    notice, words,
};
use crate::{
    command::{Command, Look, Moment},
    domain::{Bucket, Filter, ItemRef, Kind, PersonId, filter::StateWord, item::Item},
    lang::{self, say, text, text_in},
    log::{Commit, Position},
};

/// The most items a digest says something about.
const LINES_MAX: usize = 12;
/// The most items it has a button for.
const BUTTONS_MAX: usize = 4;
/// The most items of which it is remembered what happened; further ones are only counted.
const ITEMS_MAX: usize = 500;
/// The most people and filters that are named.
const NAMED_MAX: usize = 3;

/// What happened to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedItem {
    /// Which.
    pub item: ItemRef,
    /// How often.
    pub changes: usize,
    /// What.
    pub kinds: BTreeSet<Kind>,
    /// Who did it, as stream names; each once.
    pub by: Vec<String>,
    /// It was to be reminded of.
    pub reminded: bool,
    /// The newest change.
    pub newest: Position,
}

/// What a room missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When the first of it happened.
    since: DateTime<Utc>,
    /// The commit before it.
    after: Position,
    changes: usize,
    items: BTreeMap<ItemRef, MissedItem>,
    /// Changes of items beyond those.
    further: BTreeSet<ItemRef>,
    /// By which filters it is told.
    filters: Vec<Filter>,
    /// Some of it is told because it concerns who is told.
    concerned: bool,
}

impl Missed {
    /// Nothing yet, behind this position.
    pub fn after(after: Position, since: DateTime<Utc>) -> Self {
        Self {
            since,
            after,
            changes: 0,
            items: BTreeMap::new(),
            further: BTreeSet::new(),
            filters: Vec::new(),
            concerned: false,
        }
    }

    /// One more commit on an item; `filter` is why the room is told, `None` because it concerns who is told. `actor` is who
    /// is behind it.
    pub fn note(&mut self, commit: &Commit, actor: &str, filter: Option<&Filter>) {
        let Some(item) = ItemRef::of_stream(commit.stream.as_str()) else { return };
        self.changes += 1;
        let Some(missed) = self.of(item, commit.position, filter) else { return };
        missed.changes += 1;
        let kinds: Vec<Kind> = notice::item_events(commit).iter().map(Kind::of).collect();
        let new = kinds.contains(&Kind::Created);
        // What it was created with is no change of it; for whom it is matters.
        missed.kinds.extend(kinds.into_iter().filter(|kind| !new || matches!(kind, Kind::Created | Kind::Assigned)));
        if !missed.by.iter().any(|it| it == actor) {
            missed.by.push(actor.to_owned());
        }
    }

    /// One more reminder of an item; `filter` as in [`Missed::note`].
    pub fn remind(&mut self, item: ItemRef, position: Position, filter: Option<&Filter>) {
        if let Some(missed) = self.of(item, position, filter) {
            missed.reminded = true;
        }
    }

    /// What is known of an item; `None` when it is only counted.
    fn of(&mut self, item: ItemRef, position: Position, filter: Option<&Filter>) -> Option<&mut MissedItem> {
        match filter {
            Some(filter) if !self.filters.contains(filter) => self.filters.push(filter.clone()),
            Some(_) => {}
            None => self.concerned = true,
        }
        if self.items.len() >= ITEMS_MAX && !self.items.contains_key(&item) {
            self.further.insert(item);
            return None;
        }
        let (kinds, by) = (BTreeSet::new(), Vec::new());
        let nothing = MissedItem { item, changes: 0, kinds, by, reminded: false, newest: position };
        let missed = self.items.entry(item).or_insert(nothing);
        missed.newest = position;
        Some(missed)
    }

    /// Whether nothing was missed.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What happened to which items.
    pub fn items(&self) -> impl Iterator<Item = &MissedItem> {
        self.items.values()
    }
}

/// Why an item needs a decision, most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Decide {
    Overdue,
    Yours,
    Review,
    Idea,
    Blocked,
}

impl Decide {
    fn key(self) -> &'static str {
        match self {
            Self::Overdue => "digest-overdue",
            Self::Yours => "digest-yours",
            Self::Review => "digest-review",
            Self::Idea => "digest-idea",
            Self::Blocked => "digest-blocked",
        }
    }
}

impl World {
    /// What a room missed, as one message; `None` when nothing of it is left to be shown.
    pub fn digest(&self, missed: &Missed, viewer: &Viewer) -> Option<Outbound> {
        let mut shown: Vec<(Option<Decide>, &MissedItem, &Item)> = missed
            .items
            .values()
            .filter_map(|it| self.item(it.item).map(|seen| (self.decide(&seen.item, viewer), it, &seen.item)))
            .collect();
        if shown.is_empty() {
            return None;
        }
        // What is to be decided first, the most pressing of it first; then what changed last.
        shown.sort_by_key(|(decide, missed, item)| {
            let pressing = decide.map(|decide| (decide, std::cmp::Reverse(item.priority)));
            (pressing.is_none(), pressing, std::cmp::Reverse(missed.newest))
        });
        let lang = viewer.lang;
        let items = missed.items.len() + missed.further.len();
        let since = words::at(missed.since, viewer);
        let mut out = text_in!(lang, Style::Bold, "digest-heading", n = missed.changes, since, items);
        let by = self.names(shown.iter().flat_map(|(_, missed, _)| missed.by.iter()), viewer);
        if !by.is_empty() {
            out.plain(GAP).append(text!(lang, "digest-by", who = lang::quote(&by)));
        }
        let mut heading = None;
        for (decide, missed, item) in shown.iter().take(LINES_MAX) {
            let key = if decide.is_some() { "digest-to-decide" } else { "digest-changed" };
            // The rest needs no heading where nothing stands before it.
            if heading != Some(key) && (decide.is_some() || heading.is_some()) {
                out.plain("\n").append(text!(lang, key));
            }
            heading = Some(key);
            out.plain(INDENT).append(self.missed_line(item, missed, *decide, viewer));
        }
        let left = items.saturating_sub(shown.len().min(LINES_MAX));
        if left > 0 {
            let command = self.rest_of(missed, viewer);
            out.plain("\n").append(text!(lang, "digest-more", n = left, command = lang::code(&command)));
        }
        out.plain("\n").append(self.why_missed(missed, viewer));
        let label = |item: &Item| format!("{}", item.reference);
        let shown = shown.iter().take(BUTTONS_MAX);
        let buttons = shown.map(|(.., item)| Button::new(label(item), format!("/show {}", item.reference))).collect();
        Some(with_buttons(Outbound::text(out), buttons, viewer))
    }

    /// `T3 doing   Offline mode   @dana   overdue   started, noted by kim`
    fn missed_line(&self, item: &Item, missed: &MissedItem, decide: Option<Decide>, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let mut line = Text::new();
        let state = self.state(item);
        line.item(item.reference).plain(" ").plain(state_name(state, lang));
        title(&mut line, item);
        self.assignees(&mut line, item, lang);
        if let Some(decide) = decide {
            line.plain(GAP).append(text!(lang, decide.key()));
        }
        let mut kinds: Vec<_> = missed.kinds.iter().map(|kind| say!(lang, "digest-kind", kind = kind.word())).collect();
        kinds.extend(missed.reminded.then(|| say!(lang, "digest-reminder")));
        let who = self.names(missed.by.iter(), viewer);
        let kinds = kinds.join(", ");
        line.plain(GAP).append(match who.is_empty() {
            true => text_in!(lang, Style::Dim, "digest-line", kinds),
            false => text_in!(lang, Style::Dim, "digest-line-by", kinds, who = lang::quote(&who)),
        });
        line
    }

    fn decide(&self, item: &Item, viewer: &Viewer) -> Option<Decide> {
        if item.is_closed() || item.withdrawn.is_some() {
            return None;
        }
        if item.due.is_some_and(|due| words::due_until(due, viewer) < viewer.now) {
            return Some(Decide::Overdue);
        }
        if viewer.person.is_some_and(|person| item.people.contains(&person)) {
            return Some(Decide::Yours);
        }
        match (item.reference.bucket, self.state(item)) {
            (Bucket::Pr, StateWord::Open) => Some(Decide::Review),
            (Bucket::Idea, StateWord::Open) => Some(Decide::Idea),
            (_, StateWord::Blocked) => Some(Decide::Blocked),
            _ => None,
        }
    }

    /// Some people by name, each once; those beyond a few are counted.
    fn names<'a>(&self, actors: impl Iterator<Item = &'a String>, viewer: &Viewer) -> String {
        let mut names: Vec<String> = Vec::new();
        for actor in actors.filter(|actor| PersonId::of_stream(actor).is_some()) {
            let name = self.actor(actor, viewer);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len().saturating_sub(NAMED_MAX);
        names.truncate(NAMED_MAX);
        if more > 0 {
            names.push(say!(viewer.lang, "digest-why-more", n = more));
        }
        names.join(", ")
    }

    /// What shows everything that changed since, by position so that nothing is left out.
    fn rest_of(&self, missed: &Missed, viewer: &Viewer) -> String {
        let filter = match missed.filters.as_slice() {
            [one] if !missed.concerned => Filter { on: Vec::new(), ..self.handles(one) },
            _ => Filter::default(),
        };
        let from = Moment::Position(missed.after.0);
        let look = Command::Look(Look::Diff { from, to: None, filter }).to_text(viewer.time_zone);
        viewer.capabilities.written(&look).to_string()
    }

    fn why_missed(&self, missed: &Missed, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let filters = missed.filters.iter().take(NAMED_MAX).map(|filter| self.filter_words(filter, viewer));
        let mut filters: Vec<_> = filters.collect();
        if missed.filters.len() > NAMED_MAX {
            filters.push(say!(lang, "digest-why-more", n = missed.filters.len() - NAMED_MAX));
        }
        let who = if viewer.person.is_some() { "you" } else { "room" };
        let mut why = Text::new();
        if !filters.is_empty() {
            why.append(text_in!(lang, Style::Dim, "digest-why-follows", who, filters = filters.join("; ")));
        }
        if missed.concerned {
            why.push(Style::Dim, if filters.is_empty() { "" } else { "; " });
            why.append(text_in!(lang, Style::Dim, "digest-why-concerned"));
        }
        why
    }
}
