//! The verbs beside those of an item's state: what helps somebody decide, what takes an act back, and what is left of them
//! for somebody who only looks.

use yoman_chat::{Button, Outbound};

use super::{Viewer, World, card::press};
use crate::{
    command::{self, Command, Said},
    domain::{
        Bucket, Handle, ItemRef, PersonId, Role,
        filter::StateWord,
        item::{Act, Item},
        undo::{Back, Of},
    },
    lang::say,
    log::Commit,
};

impl World {
    /// With what makes sense besides: a todo that is nobody's can be taken on, what it waits for can be looked at.
    pub(super) fn and_more(&self, mut buttons: Vec<Button>, item: &Item, viewer: &Viewer) -> Vec<Button> {
        let state = self.state(item);
        let mut more = Vec::new();
        if item.reference.bucket == Bucket::Todo && state == StateWord::Open && item.people.is_empty() {
            let me = Handle::new("me").into_iter().collect();
            more.push(press(say!(viewer.lang, "verbs-assign-me"), item, Act::Assign { people: me }));
        }
        if state == StateWord::Blocked
            && let Some((waits_for, _)) = self.waits_for(item.reference).first()
        {
            let label = say!(viewer.lang, "verbs-show", item = waits_for.to_string());
            more.push(Button::new(label, format!("/show {waits_for}")));
        }
        // Looks come after what does something, but for the one that tells why it cannot go on.
        let at = buttons.iter().rposition(|button| button.data.contains('@')).map_or(0, |at| at + 1);
        buttons.splice(at..at, more);
        if viewer.person.is_some_and(|person| self.only_looks(person)) {
            buttons.retain(|button| is_look(&button.data));
        }
        buttons
    }

    /// Whether somebody may look and nothing else.
    pub fn only_looks(&self, person: PersonId) -> bool {
        self.person(person).is_some_and(|person| person.role == Some(Role::Guest))
    }
}

/// A message without the buttons that do something, for somebody who may only look.
pub fn for_looks_alone(mut message: Outbound) -> Outbound {
    for row in &mut message.buttons {
        row.retain(|button| is_look(&button.data));
    }
    message.buttons.retain(|row| !row.is_empty());
    message
}

/// The button that takes an act on an item back, for whoever has just done it. Where there is nothing to press, `undo` is as
/// short to type as it gets.
pub(super) fn undo_of(commit: Option<&Commit>, viewer: &Viewer) -> Option<Button> {
    let commit = commit.filter(|_| !viewer.capabilities.bare_verbs)?;
    let item = ItemRef::of_stream(commit.stream.as_str())?;
    let of: Of<Handle> = Of::Item { item, version: Some(commit.first_version) };
    let undo = Command::Undo { acts: vec![Back { of, parts: Vec::new() }] };
    Some(Button::new(say!(viewer.lang, "verbs-undo"), undo.to_text(viewer.time_zone)))
}

/// Whether a button changes nothing.
fn is_look(data: &str) -> bool {
    let context = command::Context { now: chrono::DateTime::UNIX_EPOCH, time_zone: chrono_tz::UTC, bare_verbs: false };
    let Ok(Said::Command(command)) = command::parse(data, &context) else { return false };
    matches!(command, Command::Look(_)) && command.role().is_none_or(|role| role <= Role::Guest)
}
