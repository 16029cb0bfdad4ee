//! What was taken back, in words; and what is not taken back because something rests on it.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::with_buttons,
    line::{INDENT, named, state_name},
    notice::{item_events, telling},
    words,
};
use crate::{
    command::Command,
    domain::{
        Event, ItemRef, PersonId, Tag,
        filter::StateWord,
        item::{self, Fact, Item, Stage},
        person, room, stored,
        undo::{Back, Of, Part, taken_back},
    },
    lang::{self, Lang, say, text},
    log::Commit,
};

/// The most characters of what was typed that an answer repeats.
const TYPED_CHARS_MAX: usize = 60;
/// The most acts that are told one by one.
const TOLD_MAX: usize = 5;

/// Acts on one item that were taken back.
#[derive(Clone, Debug)]
pub struct TakenBack {
    /// The commit that takes them back.
    pub reversal: Arc<Commit>,
    /// What is taken back, the oldest first; at least one.
    pub acts: Vec<Arc<Commit>>,
    /// Only these parts; empty: all of it.
    pub parts: Vec<Part>,
    /// The item before.
    pub before: Item,
    /// The item after.
    pub after: Item,
}

/// An act that rests on one that was to be taken back.
#[derive(Clone, Debug)]
pub struct Rests {
    /// On which item it was done.
    pub item: ItemRef,
    /// The act.
    pub commit: Arc<Commit>,
    /// The other item it rests on, and how, if it is another.
    pub on: Option<(ItemRef, Why)>,
}

/// How an act on one item rests on another item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It went on because the other was closed.
    WentOn,
    /// It waits for the other.
    Waits,
    /// It leads to the other.
    Links,
}

impl World {
    /// What whoever took something back gets. What was named is the last of `back`; what rested on it comes before.
    /// `deleted`: they deleted the message that had done it.
    pub fn undone(&self, back: &[TakenBack], deleted: bool, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let mut text = Text::new();
        for (index, one) in back.iter().rev().take(TOLD_MAX).enumerate() {
            text.plain(if index > 0 { INDENT } else { "" });
            text.append(self.one_undone(one, deleted, viewer));
        }
        if back.len() > TOLD_MAX {
            text.plain(INDENT).plain(say!(lang, "undone-more", n = back.len() - TOLD_MAX));
        }
        if back.is_empty() {
            // It is in the log, but not readable any more.
            text.plain(say!(lang, "undone"));
        }
        let versions: Vec<_> = back.iter().rev().map(|one| (one.after.reference, one.reversal.first_version)).collect();
        let redone = back.iter().all(|one| {
            let names = one.acts.iter().flat_map(|act| &act.events).map(|event| &*event.name);
            names.into_iter().all(|name| name == "reversed")
        });
        let again =
            (!versions.is_empty()).then(|| Button { label: redo_label(redone, lang), ..again(&versions, lang) });
        with_buttons(Outbound::text(text), again.into_iter().collect(), viewer)
    }

    /// `T1 is open again: your "done T1" of 4 s ago is taken back. T2 waits for it again.`
    fn one_undone(&self, one: &TakenBack, deleted: bool, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let TakenBack { acts, parts, before, after, .. } = one;
        let gone = after.withdrawn.is_some() && before.withdrawn.is_none();
        let there = after.withdrawn.is_none() && before.withdrawn.is_some();
        let title = lang::quote(words::shorten(&words::one_line(&after.title), TYPED_CHARS_MAX));
        let now = match (gone, there) {
            (true, _) => text!(lang, "undone-gone", item = after.reference, title),
            (_, true) => text!(lang, "undone-there", item = after.reference, title),
            _ => self.is_now(before, after, viewer),
        };
        if gone && acts.len() == 1 && acts.iter().all(|act| act.meta.causation.is_some()) {
            return text!(lang, "undone-with-it", now);
        }
        if deleted {
            let mut text = text!(lang, "undone-deleted", now);
            self.follows_from(&mut text, before, after, lang);
            return text;
        }
        let mut told = Text::new();
        for act in acts {
            let act = self.act(act, viewer);
            told = if told.is_empty() { act } else { text!(lang, "undone-and", one = told, other = act) };
        }
        if !parts.is_empty() {
            let named: Vec<_> = parts.iter().map(|part| part.wording().say(lang)).collect();
            told = text!(lang, "undone-part", parts = words::listed(&named, lang), acts = told);
        }
        let mut text = if gone {
            text!(lang, "undone-gone-acts", now, acts = told)
        } else {
            let one = acts.len() == 1 && parts.len() < 2 && !parts.iter().any(Part::is_plural);
            text!(lang, "undone-acts", now, acts = told, n = if one { 1 } else { 2 })
        };
        self.follows_from(&mut text, before, after, lang);
        let files = acts.iter().flat_map(|act| item_events(act));
        let files = files.filter(|event| matches!(event, item::Event::Fact(Fact::Attached { .. }))).count();
        if files > 0 && (gone || before.attachments > after.attachments) {
            text.plain(" ").plain(say!(lang, "undone-files", n = files));
        }
        if (gone || standing(before) != standing(after)) && self.was_told(after.reference, viewer) {
            text.plain(" ").plain(say!(lang, "undone-told"));
        }
        text
    }

    /// `T1 is open again`
    fn is_now(&self, before: &Item, after: &Item, viewer: &Viewer) -> Text {
        let (lang, item) = (viewer.lang, after.reference);
        let mut is: Vec<Text> = Vec::new();
        let mut add = |what: Text| is.push(what);
        if standing(before) != standing(after) {
            add(state_name(self.state(after), lang).into());
        }
        if before.title != after.title {
            add(text!(lang, "undone-called", title = lang::quote(words::one_line(&after.title))));
        }
        if before.due != after.due {
            add(match after.due {
                None => text!(lang, "undone-no-due"),
                Some(due) => text!(lang, "undone-due", when = words::due(due, viewer)),
            });
        }
        if before.priority != after.priority {
            let priority = say!(lang, "priority", priority = after.priority.word());
            add(text!(lang, "undone-priority", priority));
        }
        if before.project != after.project {
            let none = || text!(lang, "undone-no-project");
            add(after.project.as_ref().map_or_else(none, |project| words::project(project, lang).into()));
        }
        if before.people != after.people {
            let names: Vec<_> = after.people.iter().map(|&person| self.name(person, viewer)).collect();
            let names = if names.is_empty() { say!(lang, "undone-nobody") } else { words::listed(&names, lang) };
            add(text!(lang, "undone-assigned", names = lang::quote(names)));
        }
        if before.tags != after.tags {
            let not_in = |tags: &[Tag], others: &[Tag]| {
                let tags = tags.iter().filter(|tag| !others.contains(tag)).map(ToString::to_string);
                tags.collect::<Vec<_>>().join(" ")
            };
            let (gone, tags) = (not_in(&before.tags, &after.tags), not_in(&after.tags, &before.tags));
            add(match (gone.is_empty(), tags.is_empty()) {
                _ if after.tags.is_empty() => text!(lang, "undone-no-tags"),
                (false, true) => text!(lang, "undone-untagged", tags = gone),
                (true, _) => text!(lang, "undone-tagged", tags),
                (false, false) => text!(lang, "undone-retagged", tags, gone),
            });
        }
        let mut is = is.into_iter();
        match (is.next(), is.next(), is.next()) {
            (None, ..) => has_now(before, after, lang),
            (Some(what), None, _) => text!(lang, "undone-is", item, what),
            (Some(one), Some(other), None) => {
                text!(lang, "undone-is", item, what = text!(lang, "undone-and", one, other))
            }
            _ => text!(lang, "undone-as-before", item),
        }
    }

    /// `your "done T1" of 4 s ago`
    fn act(&self, act: &Commit, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let (actor, _) = self.behind(act);
        let typed = typed(&act.meta.text);
        let mut what = Text::new();
        if typed.is_empty() {
            let names: Vec<_> = act.events.iter().take(1).map(|event| event.name.to_string()).collect();
            what.plain(nouns(&names, lang));
        } else {
            what.plain("\"").push(Style::Quote, words::shorten(&words::one_line(&typed), TYPED_CHARS_MAX)).plain("\"");
        }
        let when = words::ago_of(act.meta.recorded_at, viewer);
        match PersonId::of_stream(actor) {
            Some(person) if viewer.person == Some(person) => text!(lang, "undone-yours", what, when),
            _ => text!(lang, "undone-theirs", who = lang::quote(self.actor(actor, viewer)), what, when),
        }
    }

    /// ` T2 waits for it again.`
    fn follows_from(&self, text: &mut Text, before: &Item, after: &Item, lang: Lang) {
        let opens = before.is_closed() && !after.is_closed();
        let closes = !before.is_closed() && after.is_closed();
        if before.needs() != after.needs() && !after.is_closed() {
            let waits = self.waits(after.reference, false, lang);
            if !waits.is_empty() {
                text.plain(" ").append(text!(lang, "undone-waits", waits));
            }
        }
        if !opens && !closes {
            return;
        }
        let waiting = self.waited_for_by(after.reference).into_iter().filter_map(|it| self.item(it));
        let affected: Vec<_> = waiting
            .filter(|seen| opens || !self.items.is_blocked(&seen.item))
            .map(|seen| (seen.item.reference, String::new()))
            .collect();
        if affected.is_empty() {
            return;
        }
        let (items, n) = (named(&affected, false, lang), affected.len());
        text.plain(" ").append(if opens {
            text!(lang, "undone-waiting-again", items, n)
        } else {
            text!(lang, "undone-freed", items, n)
        });
    }

    /// Whether rooms other than the viewer's follow an item.
    fn was_told(&self, item: ItemRef, viewer: &Viewer) -> bool {
        let others = self.rooms().filter(|(id, _)| *id != viewer.room);
        others.into_iter().any(|(_, room)| room.follows.iter().any(|filter| self.passes(item, filter, viewer)))
    }

    /// Why something is not taken back: `T14 was started because T9 was done (Sat 14 Nov, dana)`, for each of a few.
    pub fn resting_on(&self, rests: &[Rests], viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let mut what = Text::new();
        for rest in rests.iter().take(TOLD_MAX) {
            let (actor, _) = self.behind(&rest.commit);
            let events = item_events(&rest.commit);
            let at = words::at(rest.commit.meta.recorded_at, viewer);
            let who = lang::quote(self.actor(actor, viewer));
            let phrase = telling(&events).map(|event| self.phrase(event, PersonId::of_stream(actor), viewer));
            let item = rest.item;
            what.plain(if what.is_empty() { "" } else { "; " });
            what.append(match (rest.on, phrase) {
                (None, Some(phrase)) => text!(lang, "rests-after", item, who, did = phrase.did, at),
                (None, None) => text!(lang, "rests-changed", item, who, at),
                (Some((on, Why::Waits)), _) => text!(lang, "rests-waits", item, on, who, at),
                (Some((on, Why::Links)), _) => text!(lang, "rests-links", item, on, who, at),
                (Some((on, Why::WentOn)), phrase) => {
                    let state = self.item(on).map_or(StateWord::Closed, |seen| standing(&seen.item));
                    let state = state_name(state, lang);
                    match phrase {
                        Some(phrase) => text!(lang, "rests-went-on", item, done = phrase.done, on, state, who, at),
                        None => text!(lang, "rests-went-on-somehow", item, on, state, who, at),
                    }
                }
            });
        }
        if rests.len() > TOLD_MAX {
            what.plain(" ").plain(say!(lang, "more", n = rests.len() - TOLD_MAX));
        }
        text!(lang, "rests", what)
    }

    /// What became of taking back an act about a room or a person; `act` is what was taken back.
    pub fn undone_elsewhere(&self, reversal: &Commit, act: &Commit, viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let event = reversal.events.first().and_then(|event| stored::decode(event).ok());
        let (now, button) = match event {
            Some(Event::Room(room::Event::Reversed(reversed))) => {
                let undo = Command::Undo { acts: vec![whole(Of::Room { version: Some(reversal.first_version) })] };
                (self.room_is_now(&reversed.after, viewer), undo)
            }
            Some(Event::Person(person::Event::Reversed(reversed))) => {
                let id = PersonId::of_stream(reversal.stream.as_str());
                let Some(person) = id.and_then(|id| self.person(id)) else {
                    return Outbound::text(text!(lang, "undone"));
                };
                let you = viewer.person == Some(person.id);
                let who = lang::quote(person.handle.to_string());
                let role = person.role.map(|role| words::a_role(role, lang));
                let now = match (&reversed.after.role, role) {
                    (None, _) if reversed.after.prefers.is_some() => {
                        Text::from(self.preferred_again(person.prefers.as_deref(), viewer))
                    }
                    (None, _) if !reversed.after.identities.back.is_empty() => match you {
                        true => text!(lang, "undone-person-known-you"),
                        false => text!(lang, "undone-person-known", who),
                    },
                    (None, _) if you => text!(lang, "undone-person-unknown-you"),
                    (None, _) => text!(lang, "undone-person-unknown", who),
                    (Some(_), Some(role)) if you => text!(lang, "undone-person-role-you", role),
                    (Some(_), Some(role)) => text!(lang, "undone-person-role", who, role),
                    (Some(_), None) if you => text!(lang, "undone-person-none-you"),
                    (Some(_), None) => text!(lang, "undone-person-none", who),
                };
                let (person, version) = (person.handle.clone(), Some(reversal.first_version));
                (now, Command::Undo { acts: vec![whole(Of::Person { person, version })] })
            }
            _ => return Outbound::text(text!(lang, "undone")),
        };
        let text = text!(lang, "undone-elsewhere", now, act = self.act(act, viewer));
        let redone = act.events.iter().all(|event| event.name.ends_with("_reversed"));
        let button = Button::new(redo_label(redone, lang), button.to_text(viewer.time_zone));
        with_buttons(Outbound::text(text), vec![button], viewer)
    }

    fn room_is_now(&self, after: &room::After, viewer: &Viewer) -> Text {
        let lang = viewer.lang;
        let state = self.room(&viewer.room);
        if !after.follows.is_empty() {
            if state.follows.is_empty() {
                return text!(lang, "undone-room-follows-nothing");
            }
            let follows: Vec<_> = state.follows.iter().map(|filter| self.filter_words(filter, viewer)).collect();
            text!(lang, "undone-room-follows", what = lang::quote(words::shorten(&follows.join("; "), 120)))
        } else if after.muted_until.is_some() {
            match state.muted_until.filter(|until| *until > viewer.now) {
                Some(until) => text!(lang, "undone-room-muted", when = words::at_in_zone(until, viewer)),
                None => text!(lang, "undone-room-unmuted"),
            }
        } else if after.is_about_hours() {
            Text::from(self.hours_now(viewer))
        } else if after.language.is_some() {
            text!(lang, "undone-room-language")
        } else if after.time_zone.is_some() {
            match state.time_zone {
                Some(zone) => text!(lang, "undone-room-zone", zone = zone.name()),
                None => text!(lang, "undone-room-zone-house"),
            }
        } else if after.default_bucket.is_some() {
            match state.default_bucket {
                Some(bucket) => text!(lang, "undone-room-bucket", bucket = words::a_bucket(bucket, lang)),
                None => text!(lang, "undone-room-bucket-before"),
            }
        } else if after.board.is_some() {
            match &state.board {
                Some(filter) if filter.is_empty() => {
                    text!(lang, "board-again", filter = say!(lang, "board-everything"))
                }
                Some(filter) => text!(lang, "board-again", filter = self.filter_text(filter, viewer)),
                None => text!(lang, "board-none-again"),
            }
        } else if after.reactions.is_some() {
            text!(lang, "undone-room-reactions")
        } else if after.is_about_speaking() {
            if state.enabled { text!(lang, "undone-room-enabled") } else { text!(lang, "undone-room-disabled") }
        } else {
            text!(lang, "undone-room-as-before")
        }
    }
}

/// `T1 has 2 notes again`, `T1 no longer needs T2`
fn has_now(before: &Item, after: &Item, lang: Lang) -> Text {
    let (was, is) = (before.needs(), after.needs());
    let other = |these: &[ItemRef], those: &[ItemRef]| -> Vec<(ItemRef, String)> {
        these.iter().copied().filter(|it| !those.contains(it)).map(|it| (it, String::new())).collect()
    };
    let (gone, back) = (other(was, is), other(is, was));
    let item = after.reference;
    if !gone.is_empty() {
        return text!(lang, "undone-needs-not", item, items = named(&gone, false, lang));
    }
    if !back.is_empty() {
        return text!(lang, "undone-needs", item, items = named(&back, false, lang));
    }
    let has: Vec<_> = counts(before)
        .into_iter()
        .zip(counts(after))
        .filter(|(before, after)| before != after)
        .map(|(_, (n, what))| words::count(n as i64, what, lang))
        .collect();
    if has.is_empty() {
        text!(lang, "undone-as-before", item)
    } else {
        text!(lang, "undone-has", item, what = words::listed(&has, lang))
    }
}

fn redo_label(redone: bool, lang: Lang) -> String {
    if redone { say!(lang, "button-undo") } else { say!(lang, "button-redo") }
}

/// How many it has of what it can have many of.
fn counts(item: &Item) -> [(usize, &'static str); 5] {
    let (more, what) = match &item.stage {
        Stage::Idea(state) => (state.refinements as usize, "refinement"),
        Stage::Research(state) => (state.findings as usize, "finding"),
        Stage::Todo(state) => (state.criteria.len(), "criterion"),
        Stage::Pr(state) => (state.reviews as usize, "review"),
    };
    [
        (item.notes as usize, "note"),
        (item.attachments as usize, "file"),
        (item.links.len(), "link"),
        (usize::from(!item.body.is_empty()), "body"),
        (more, what),
    ]
}

/// Where it stands, whether or not it is taken back.
fn standing(item: &Item) -> StateWord {
    Item { withdrawn: None, ..item.clone() }.state_word()
}

fn whole<P>(of: Of<P>) -> Back<P> {
    Back { of, parts: Vec::new() }
}

/// The button that takes reversals back.
pub(super) fn again(reversals: &[(ItemRef, u64)], lang: Lang) -> Button {
    let acts = reversals.iter().map(|&(item, version)| whole(Of::Item { item, version: Some(version) }));
    Button::new(say!(lang, "button-redo"), Command::Undo { acts: acts.collect() }.to_text(chrono_tz::UTC))
}

/// What was typed, or pressed: without the version a button is bound to.
fn typed(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('@') {
        Some((item, version)) if item.parse::<ItemRef>().is_ok() && version.parse::<u64>().is_ok() => item,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Which of these commits were taken back, by their first version: when, and what of it if not all.
pub(super) fn marks(commits: &[Arc<Commit>], lang: Lang) -> BTreeMap<u64, (DateTime<Utc>, Option<String>)> {
    // Versions of another stream, that of its reminders, say nothing about this one's.
    let of_item = |commit: &&Arc<Commit>| ItemRef::of_stream(commit.stream.as_str()).is_some();
    let mut events = Vec::new();
    for commit in commits.iter().filter(of_item) {
        for (version, event) in commit.versioned() {
            let takes = match &*event.name {
                "reversed" => match stored::decode(event) {
                    Ok(Event::Item(item::Event::Reversed(reversed))) => Some(reversed.takes),
                    _ => None,
                },
                _ => None,
            };
            events.push((version, commit.meta.recorded_at, takes));
        }
    }
    let gone = taken_back(events.iter().map(|(version, _, takes)| (*version, takes.as_deref())));
    let mut marks = BTreeMap::new();
    for commit in commits.iter().filter(of_item) {
        let lost: Vec<_> = commit.versioned().filter(|(version, _)| gone.contains(version)).collect();
        let Some((version, _)) = lost.first() else { continue };
        let by = events
            .iter()
            .rev()
            .find(|(at, _, takes)| !gone.contains(at) && takes.as_ref().is_some_and(|takes| takes.contains(version)));
        let Some((_, at, _)) = by else { continue };
        let names: Vec<_> = lost.iter().map(|(_, event)| event.name.to_string()).collect();
        let partly = *version != 1 && lost.len() < commit.events.len();
        marks.insert(commit.first_version, (*at, partly.then(|| nouns(&names, lang))));
    }
    marks
}

/// `completion, a note`: what events are, from their stored names.
pub(super) fn nouns(names: &[String], lang: Lang) -> String {
    let mut nouns: Vec<String> = Vec::new();
    for name in names {
        let noun = say!(lang, "noun", what = noun(name));
        if !nouns.contains(&noun) {
            nouns.push(noun);
        }
    }
    if nouns.is_empty() { say!(lang, "noun", what = "act") } else { words::listed(&nouns, lang) }
}

/// What the noun for an event is chosen by.
fn noun(name: &str) -> &'static str {
    match name {
        "idea_created" | "research_started" | "todo_created" | "pr_created" => "creation",
        "idea_refined" => "refinement",
        "idea_rejected" => "rejection",
        "idea_promoted" | "todo_promoted" => "promotion",
        "idea_reopened" | "research_reopened" | "todo_reopened" | "pr_reopened" => "reopening",
        "finding_added" => "finding",
        "research_done" | "todo_completed" => "completion",
        "criterion_added" => "criterion",
        "todo_assigned" | "assigned" => "assignment",
        "unassigned" => "unassignment",
        "prerequisite_added" | "prerequisite_removed" => "prerequisites",
        "todo_started" => "start",
        "pr_reviewed" => "review",
        "pr_merged" => "merge",
        "pr_closed" => "closing",
        "retitled" => "title",
        "described" => "body",
        "noted" => "note",
        "tagged" | "untagged" => "tags",
        "prioritised" => "priority",
        "due_set" => "due-date",
        "moved_to_project" => "project",
        "linked" => "link",
        "attached" => "file",
        "reversed" | "room_reversed" | "person_reversed" => "undo",
        "person_paired" => "pairing",
        "identity_linked" => "accounts",
        "role_granted" | "role_revoked" => "role",
        _ => "setting",
    }
}
