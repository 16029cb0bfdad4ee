//! What those who follow an item are told about a change; what somebody is told whose button came too late.

use std::sync::Arc;

use yoman_chat::{Outbound, Style, Text};

use super::{
    Viewer, World,
    card::{said, with_buttons},
    line::{GAP, INDENT},
    words,
};
use crate::{
    domain::{
        Event, Filter, ItemRef, PersonId,
        filter::StateWord,
        idea,
        item::{self, Fact, Item},
        pr, research, stored, todo,
    },
    lang::{self, say, text, text_in},
    log::Commit,
};

/// The most changes one sentence tells before it counts the rest.
const TOLD_MAX: usize = 3;

impl World {
    /// What somebody who follows an item is told about a commit: `T3 Offline mode   assigned to dana by kim (Telegram)`, with
    /// buttons. `None` when there is nothing worth telling (no item, nothing readable, corrections of what was said).
    pub fn notice(&self, commit: &Commit, viewer: &Viewer) -> Option<Outbound> {
        let item = &self.item(ItemRef::of_stream(commit.stream.as_str())?)?.item;
        let events = item_events(commit);
        if events.iter().all(is_correction) {
            return None;
        }
        let (actor, bot) = self.behind(commit);
        let mut text = Text::new();
        text.item(item.reference).plain(" ").push(Style::Quote, words::one_line(&item.title)).plain(GAP);
        text.append(self.by(self.told(&events, actor, viewer), actor, bot, viewer));
        if events.iter().any(is_creation) {
            let mut marks = self.marks(item, viewer);
            let waits = self.waits(item.reference, true, viewer.lang);
            if !marks.is_empty() && !waits.is_empty() {
                marks.plain("  ");
            }
            marks.append(waits);
            if !marks.is_empty() {
                text.plain(INDENT).append(marks);
            }
        }
        let actor = PersonId::of_stream(actor);
        let words_said = events.iter().filter_map(|event| self.phrase(event, actor, viewer).said.map(str::to_owned));
        for words in words_said.take(TOLD_MAX) {
            said(&mut text, &words);
        }
        let mut buttons = self.buttons_for(item, viewer);
        if self.state(item) == StateWord::Open {
            // Whoever reads a notice decides whether to begin; finishing at once is on the card.
            buttons.retain(|button| !button.data.starts_with("/done "));
        }
        Some(with_buttons(Outbound::text(text), buttons, viewer))
    }

    /// The item that a promotion made, when a commit is one: whoever is told about that item need not be told of the
    /// promotion too.
    pub fn goes_on_as(&self, commit: &Commit) -> Option<ItemRef> {
        let item = ItemRef::of_stream(commit.stream.as_str())?;
        let promotes = item_events(commit).iter().any(|event| {
            matches!(
                event,
                item::Event::Idea(idea::Event::Promoted { .. })
                    | item::Event::Research(research::Event::Done { to: Some(_), .. })
                    | item::Event::Todo(todo::Event::Promoted { .. })
            )
        });
        if promotes { self.items.children(item).last() } else { None }
    }

    /// Why somebody is told: `you follow #app`, to be put under a notice.
    pub fn because(&self, filter: &Filter, viewer: &Viewer) -> Text {
        let what = self.filter_words(filter, viewer);
        if viewer.person.is_some() {
            text_in!(viewer.lang, Style::Dim, "because-you-follow", what)
        } else {
            text_in!(viewer.lang, Style::Dim, "because-room-follows", what)
        }
    }

    /// What happened to an item since a version, for somebody whose button carried that version; `commits` are those of its
    /// stream after it. With the commands that make sense now.
    pub fn changes_since(
        &self,
        item: ItemRef,
        version: u64,
        commits: &[Arc<Commit>],
        viewer: &Viewer,
    ) -> (Text, Vec<String>) {
        let mut changes = Text::new();
        let newer: Vec<_> = commits.iter().filter(|commit| commit.last_version() > version).collect();
        let told = newer.iter().rev().take(TOLD_MAX).rev();
        for (index, commit) in told.enumerate() {
            let (actor, _) = self.behind(commit);
            let events = item_events(commit);
            let Some(event) = telling(&events) else { continue };
            let phrase = self.phrase(event, PersonId::of_stream(actor), viewer);
            let who = lang::quote(self.actor(actor, viewer));
            let when = words::ago(commit.meta.recorded_at, viewer);
            changes.plain(if index == 0 { "" } else { ", " });
            changes.append(text!(viewer.lang, "changed-by", who, did = phrase.did, when));
        }
        let text = if changes.is_empty() {
            text!(viewer.lang, "changed-since", item)
        } else {
            text!(viewer.lang, "changed-since-told", item, changes)
        };
        let hints = self.item(item).map_or_else(Vec::new, |seen| next_steps(&seen.item));
        (text, hints)
    }

    /// The events of a commit in a few words: `assigned to dana`, `started, tagged #web`.
    fn told(&self, events: &[item::Event], actor: &str, viewer: &Viewer) -> Text {
        let mut text = Text::new();
        let actor = PersonId::of_stream(actor);
        let phrase = |event| self.phrase(event, actor, viewer);
        if let Some(creation) = events.iter().find(|event| is_creation(event)) {
            // That it is there is plain to see; for whom it is matters more.
            let assigned: Vec<_> = events.iter().filter(|event| is_assignment(event)).collect();
            match assigned.as_slice() {
                [] => text.append(phrase(creation).done),
                [event] => text.append(phrase(event).done),
                [first, rest @ ..] => {
                    text.append(phrase(first).done);
                    for event in rest {
                        if let item::Event::Todo(todo::Event::Assigned { person })
                        | item::Event::Fact(Fact::Assigned { person }) = event
                        {
                            text.plain(", ").push(Style::Quote, self.name(*person, viewer));
                        }
                    }
                    &mut text
                }
            };
            return text;
        }
        let moves = events.iter().filter(|event| !phrase(event).aside);
        let asides = events.iter().filter(|event| phrase(event).aside);
        for (index, event) in moves.chain(asides).enumerate() {
            if index == TOLD_MAX {
                text.plain(" ").plain(say!(viewer.lang, "more", n = events.len() - TOLD_MAX));
                break;
            }
            text.plain(if index == 0 { "" } else { ", " }).append(phrase(event).done);
        }
        text
    }
}

/// The events of a commit on an item's stream that can be read.
pub(super) fn item_events(commit: &Commit) -> Vec<item::Event> {
    let decoded = commit.events.iter().filter_map(|event| stored::decode(event).ok());
    decoded
        .filter_map(|event| match event {
            Event::Item(event) => Some(event),
            Event::Person(_) | Event::Room(_) | Event::Report(_) | Event::Reminder(_) => None,
        })
        .collect()
}

/// The event that says most about a commit: what moves the item before what describes it.
pub(super) fn telling(events: &[item::Event]) -> Option<&item::Event> {
    events.iter().find(|event| !matches!(event, item::Event::Fact(_))).or_else(|| events.first())
}

pub(super) fn is_creation(event: &item::Event) -> bool {
    matches!(
        event,
        item::Event::Idea(idea::Event::Created { .. })
            | item::Event::Research(research::Event::Started { .. })
            | item::Event::Todo(todo::Event::Created { .. })
            | item::Event::Pr(pr::Event::Created { .. })
    )
}

fn is_assignment(event: &item::Event) -> bool {
    matches!(event, item::Event::Todo(todo::Event::Assigned { .. }) | item::Event::Fact(Fact::Assigned { .. }))
}

/// Whether it corrects what was said before: nobody is told of that.
pub(crate) fn is_correction(event: &item::Event) -> bool {
    matches!(
        event,
        item::Event::Research(research::Event::FindingAdded { corrects: Some(_), .. })
            | item::Event::Fact(Fact::Noted { corrects: Some(_), .. })
    )
}

/// What somebody may want to do instead, as commands.
fn next_steps(item: &Item) -> Vec<String> {
    if item.is_closed() && item.state_word() != StateWord::Promoted {
        vec![format!("/reopen {}@{}", item.reference, item.version)]
    } else {
        vec![format!("/show {}", item.reference)]
    }
}
