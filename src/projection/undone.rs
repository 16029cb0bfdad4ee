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
        item::{self, Fact, Item, Stage},
        person, room, stored,
        undo::{Back, Of, Part, taken_back},
    },
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
        let mut text = Text::new();
        for (index, one) in back.iter().rev().take(TOLD_MAX).enumerate() {
            if index > 0 {
                text.plain(INDENT);
            }
            self.one_undone(&mut text, one, deleted, viewer);
        }
        if back.len() > TOLD_MAX {
            text.plain(INDENT).plain(format!("and {} more are as they were.", back.len() - TOLD_MAX));
        }
        if back.is_empty() {
            // It is in the log, but not readable any more.
            text.plain("Taken back.");
        }
        let versions: Vec<_> = back.iter().rev().map(|one| (one.after.reference, one.reversal.first_version)).collect();
        let redone = back.iter().all(|one| {
            let names = one.acts.iter().flat_map(|act| &act.events).map(|event| &*event.name);
            names.into_iter().all(|name| name == "reversed")
        });
        let again = (!versions.is_empty())
            .then(|| Button { label: if redone { "Undo" } else { "Redo" }.to_owned(), ..again(&versions) });
        with_buttons(Outbound::text(text), again.into_iter().collect(), viewer)
    }

    /// `T1 is open again: your "done T1" of 4 s ago is taken back. T2 waits for it again.`
    fn one_undone(&self, text: &mut Text, one: &TakenBack, deleted: bool, viewer: &Viewer) {
        let TakenBack { acts, parts, before, after, .. } = one;
        let gone = after.withdrawn.is_some() && before.withdrawn.is_none();
        let there = after.withdrawn.is_none() && before.withdrawn.is_some();
        text.item(after.reference);
        if gone || there {
            text.plain(" (").push(Style::Quote, words::shorten(&words::one_line(&after.title), TYPED_CHARS_MAX));
            text.plain(if gone { ") is taken back" } else { ") is there again" });
        } else {
            self.is_now(text, before, after, viewer);
        }
        if gone && acts.len() == 1 && acts.iter().all(|act| act.meta.causation.is_some()) {
            text.plain(" with it.");
            return;
        }
        text.plain(": ");
        if deleted {
            text.plain("its message was deleted.");
            self.follows_from(text, before, after);
            return;
        }
        if !parts.is_empty() {
            let named: Vec<_> = parts.iter().map(ToString::to_string).collect();
            text.plain(words::listed(&named)).plain(" of ");
        }
        for (index, act) in acts.iter().enumerate() {
            if index > 0 {
                text.plain(" and ");
            }
            self.act(text, act, viewer);
        }
        text.plain(match (gone, acts.len()) {
            (true, _) => ".",
            (false, 1) if parts.len() < 2 && !parts.iter().any(Part::is_plural) => " is taken back.",
            (false, _) => " are taken back.",
        });
        self.follows_from(text, before, after);
        let files = acts.iter().flat_map(|act| item_events(act));
        let files = files.filter(|event| matches!(event, item::Event::Fact(Fact::Attached { .. }))).count();
        if files > 0 && (gone || before.attachments > after.attachments) {
            text.plain(if files == 1 {
                " The file stays where it was sent."
            } else {
                " The files stay where they were sent."
            });
        }
        if (gone || standing(before) != standing(after)) && self.was_told(after.reference, viewer) {
            text.plain(" What other rooms were told of it stays there; they are told of this too.");
        }
    }

    /// ` is open again`
    fn is_now(&self, text: &mut Text, before: &Item, after: &Item, viewer: &Viewer) {
        let mut is: Vec<Text> = Vec::new();
        let mut add = |what: Text| is.push(what);
        if standing(before) != standing(after) {
            add(state_name(self.state(after)).into());
        }
        if before.title != after.title {
            let mut what = Text::from("called ");
            what.push(Style::Quote, words::one_line(&after.title));
            add(what);
        }
        if before.due != after.due {
            add(after.due.map_or("without due date".into(), |due| format!("due {}", words::due(due, viewer)).into()));
        }
        if before.priority != after.priority {
            add(format!("of {} priority", after.priority).into());
        }
        if before.project != after.project {
            add(after.project.as_ref().map_or("in no project".into(), |project| project.to_string().into()));
        }
        if before.people != after.people {
            let names: Vec<_> = after.people.iter().map(|&person| self.name(person, viewer)).collect();
            let mut what = Text::from("assigned to ");
            what.push(Style::Quote, if names.is_empty() { "nobody".to_owned() } else { words::listed(&names) });
            add(what);
        }
        if before.tags != after.tags {
            let not_in = |tags: &[Tag], others: &[Tag]| {
                let tags = tags.iter().filter(|tag| !others.contains(tag)).map(ToString::to_string);
                tags.collect::<Vec<_>>().join(" ")
            };
            let (gone, there) = (not_in(&before.tags, &after.tags), not_in(&after.tags, &before.tags));
            add(match (gone.is_empty(), there.is_empty()) {
                _ if after.tags.is_empty() => "without tags".into(),
                (false, true) => format!("without {gone}").into(),
                (true, _) => format!("tagged {there}").into(),
                (false, false) => format!("tagged {there} and not {gone}").into(),
            });
        }
        if is.is_empty() {
            self.has_now(text, before, after);
            return;
        }
        if is.len() > 2 {
            text.plain(" is as it was before");
            return;
        }
        text.plain(" is ");
        for (index, what) in is.into_iter().enumerate() {
            text.plain(if index > 0 { " and " } else { "" }).append(what);
        }
        text.plain(" again");
    }

    /// ` has 2 notes again`, ` no longer waits for T2`
    fn has_now(&self, text: &mut Text, before: &Item, after: &Item) {
        let (was, is) = (before.needs(), after.needs());
        let list = |text: &mut Text, items: Vec<ItemRef>| {
            let items: Vec<_> = items.into_iter().map(|it| (it, String::new())).collect();
            named(text, &items, false);
        };
        let other = |these: &[ItemRef], those: &[ItemRef]| -> Vec<ItemRef> {
            these.iter().copied().filter(|it| !those.contains(it)).collect()
        };
        let (gone, back) = (other(was, is), other(is, was));
        if !gone.is_empty() || !back.is_empty() {
            let (what, items) = if gone.is_empty() { (" needs ", back) } else { (" no longer needs ", gone) };
            text.plain(what);
            list(text, items);
            return;
        }
        let has: Vec<_> = counts(before)
            .into_iter()
            .zip(counts(after))
            .filter(|(before, after)| before != after)
            .map(|(_, (n, what))| if n == 0 { format!("no {what}") } else { words::count(n, what) })
            .collect();
        match has.is_empty() {
            true => text.plain(" is as it was before"),
            false => text.plain(" has ").plain(words::listed(&has)).plain(" again"),
        };
    }

    /// `your "done T1" of 4 s ago`
    fn act(&self, text: &mut Text, act: &Commit, viewer: &Viewer) {
        let (actor, _) = self.behind(act);
        match PersonId::of_stream(actor) {
            Some(person) if viewer.person == Some(person) => text.plain("your "),
            _ => text.push(Style::Quote, self.actor(actor, viewer)).plain("'s "),
        };
        let typed = typed(&act.meta.text);
        if typed.is_empty() {
            let names: Vec<_> = act.events.iter().take(1).map(|event| event.name.to_string()).collect();
            text.plain(nouns(&names));
        } else {
            text.plain("\"").push(Style::Quote, words::shorten(&words::one_line(&typed), TYPED_CHARS_MAX)).plain("\"");
        }
        let ago = words::ago(act.meta.recorded_at, viewer);
        text.plain(" of ").plain(ago.strip_prefix("on ").unwrap_or(&ago));
    }

    /// ` T2 waits for it again.`
    fn follows_from(&self, text: &mut Text, before: &Item, after: &Item) {
        let opens = before.is_closed() && !after.is_closed();
        let closes = !before.is_closed() && after.is_closed();
        if before.needs() != after.needs() && !after.is_closed() {
            let waits = self.waits(after.reference, false);
            if !waits.is_empty() {
                text.plain(" It ").append(waits).plain(".");
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
        text.plain(" ");
        named(text, &affected, false);
        text.plain(match (opens, affected.len()) {
            (true, 1) => " waits for it again.",
            (true, _) => " wait for it again.",
            (false, 1) => " is no longer waiting.",
            (false, _) => " are no longer waiting.",
        });
    }

    /// Whether rooms other than the viewer's follow an item.
    fn was_told(&self, item: ItemRef, viewer: &Viewer) -> bool {
        let others = self.rooms().filter(|(id, _)| *id != viewer.room);
        others.into_iter().any(|(_, room)| room.follows.iter().any(|filter| self.passes(item, filter, viewer)))
    }

    /// Why something is not taken back: `T14 was started because T9 was done (Sat 14 Nov, dana)`, for each of a few.
    pub fn resting_on(&self, rests: &[Rests], viewer: &Viewer) -> Text {
        let mut text = Text::from("Not taken back: ");
        for (index, rest) in rests.iter().take(TOLD_MAX).enumerate() {
            text.plain(if index == 0 { "" } else { "; " });
            let (actor, _) = self.behind(&rest.commit);
            let events = item_events(&rest.commit);
            text.item(rest.item);
            let person = PersonId::of_stream(actor);
            let at = words::at(rest.commit.meta.recorded_at, viewer);
            let who = self.actor(actor, viewer);
            let event = telling(&events);
            match rest.on {
                None => {
                    text.plain(": ").push(Style::Quote, who).plain(" ");
                    match event {
                        Some(event) => text.append(self.phrase(event, person, viewer).did),
                        None => text.plain("changed it"),
                    };
                    text.plain(format!(" after it ({at})"));
                    continue;
                }
                Some((on, Why::Waits)) => text.plain(" waits for ").item(on),
                Some((on, Why::Links)) => text.plain(" is linked to ").item(on),
                Some((on, Why::WentOn)) => {
                    match event {
                        Some(event) => text.plain(" was ").append(self.phrase(event, person, viewer).done),
                        None => text.plain(" went on"),
                    };
                    text.plain(" because ").item(on).plain(" was ");
                    text.plain(self.item(on).map_or("closed", |seen| state_name(standing(&seen.item))))
                }
            };
            text.plain(format!(" ({at}, ")).push(Style::Quote, who).plain(")");
        }
        if rests.len() > TOLD_MAX {
            text.plain(format!(" and {} more", rests.len() - TOLD_MAX));
        }
        text.plain(".");
        text
    }

    /// What became of taking back an act about a room or a person; `act` is what was taken back.
    pub fn undone_elsewhere(&self, reversal: &Commit, act: &Commit, viewer: &Viewer) -> Outbound {
        let mut text = Text::new();
        let event = reversal.events.first().and_then(|event| stored::decode(event).ok());
        let button = match event {
            Some(Event::Room(room::Event::Reversed(reversed))) => {
                self.room_is_now(&mut text, &reversed.after, viewer);
                Command::Undo { acts: vec![whole(Of::Room { version: Some(reversal.first_version) })] }
            }
            Some(Event::Person(person::Event::Reversed(reversed))) => {
                let id = PersonId::of_stream(reversal.stream.as_str());
                let Some(person) = id.and_then(|id| self.person(id)) else { return Outbound::text("Taken back.") };
                let you = viewer.person == Some(person.id);
                let verb = if you { "are" } else { "is" };
                if reversed.after.prefers.is_some() {
                    text.plain(self.preferred_again(person.prefers.as_deref(), viewer));
                } else {
                    text.push(Style::Quote, if you { "You".to_owned() } else { person.handle.to_string() });
                }
                text.plain(match (&reversed.after.role, person.role) {
                    (None, _) if reversed.after.prefers.is_some() => String::new(),
                    (None, _) if !reversed.after.identities.back.is_empty() => format!(" {verb} known there again"),
                    (None, _) => format!(" {verb} known on one platform less"),
                    (Some(_), Some(role)) => format!(" {verb} {} again", words::a(role.word())),
                    (Some(_), None) => " may do nothing here any more".to_owned(),
                });
                let (person, version) = (person.handle.clone(), Some(reversal.first_version));
                Command::Undo { acts: vec![whole(Of::Person { person, version })] }
            }
            _ => return Outbound::text("Taken back."),
        };
        text.plain(": ");
        self.act(&mut text, act, viewer);
        text.plain(" is taken back.");
        let redone = act.events.iter().all(|event| event.name.ends_with("_reversed"));
        let label = if redone { "Undo" } else { "Redo" };
        let button = Button::new(label, button.to_text(viewer.time_zone));
        with_buttons(Outbound::text(text), vec![button], viewer)
    }

    fn room_is_now(&self, text: &mut Text, after: &room::After, viewer: &Viewer) {
        let state = self.room(&viewer.room);
        let now = if !after.follows.is_empty() {
            match state.follows.as_slice() {
                [] => "This room follows nothing again".to_owned(),
                follows => {
                    let follows: Vec<_> = follows.iter().map(|filter| self.filter_words(filter, viewer)).collect();
                    format!("This room follows {} again", words::shorten(&follows.join("; "), 120))
                }
            }
        } else if after.muted_until.is_some() {
            match state.muted_until.filter(|until| *until > viewer.now) {
                Some(until) => format!("This room is told nothing until {} again", words::at_in_zone(until, viewer)),
                None => "This room is told what it follows again".to_owned(),
            }
        } else if after.is_about_hours() {
            self.hours_now(viewer)
        } else if after.time_zone.is_some() {
            match state.time_zone {
                Some(zone) => format!("Times here are those of {} again", zone.name()),
                None => "Times here are those of the house again".to_owned(),
            }
        } else if after.default_bucket.is_some() {
            match state.default_bucket {
                Some(bucket) => format!("A bare sentence becomes {} here again", bucket.one()),
                None => "A bare sentence becomes what it did before here".to_owned(),
            }
        } else if after.is_about_speaking() {
            if state.enabled {
                "I listen here again".into()
            } else {
                "I am silent here again; /enable makes me listen".into()
            }
        } else {
            "This room is as it was before".to_owned()
        };
        text.push(Style::Quote, now);
    }
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
fn standing(item: &Item) -> crate::domain::filter::StateWord {
    Item { withdrawn: None, ..item.clone() }.state_word()
}

fn whole<P>(of: Of<P>) -> Back<P> {
    Back { of, parts: Vec::new() }
}

/// The button that takes reversals back.
pub(super) fn again(reversals: &[(ItemRef, u64)]) -> Button {
    let acts = reversals.iter().map(|&(item, version)| whole(Of::Item { item, version: Some(version) }));
    Button::new("Redo", Command::Undo { acts: acts.collect() }.to_text(chrono_tz::UTC))
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
pub(super) fn marks(commits: &[Arc<Commit>]) -> BTreeMap<u64, (DateTime<Utc>, Option<String>)> {
    let mut events = Vec::new();
    for commit in commits {
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
    for commit in commits {
        let lost: Vec<_> = commit.versioned().filter(|(version, _)| gone.contains(version)).collect();
        let Some((version, _)) = lost.first() else { continue };
        let by = events
            .iter()
            .rev()
            .find(|(at, _, takes)| !gone.contains(at) && takes.as_ref().is_some_and(|takes| takes.contains(version)));
        let Some((_, at, _)) = by else { continue };
        let names: Vec<_> = lost.iter().map(|(_, event)| event.name.to_string()).collect();
        let partly = *version != 1 && lost.len() < commit.events.len();
        marks.insert(commit.first_version, (*at, partly.then(|| nouns(&names))));
    }
    marks
}

/// `completion, a note`: what events are, from their stored names.
pub(super) fn nouns(names: &[String]) -> String {
    let mut nouns: Vec<&str> = Vec::new();
    for name in names {
        let noun = noun(name);
        if !nouns.contains(&noun) {
            nouns.push(noun);
        }
    }
    if nouns.is_empty() {
        "an act".to_owned()
    } else {
        words::listed(&nouns.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }
}

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
        "due_set" => "due date",
        "moved_to_project" => "project",
        "linked" => "link",
        "attached" => "file",
        "reversed" | "room_reversed" | "person_reversed" => "an undo",
        "person_paired" => "pairing",
        "identity_linked" => "link of accounts",
        "role_granted" | "role_revoked" => "role",
        _ => "setting",
    }
}
