//! given / when / then: what happened to an item, what is wanted, what follows.
//!
//! ```ignore
//! given("T7").after(todo::Event::Started).when(Act::Doing).then_error("T7 is being done already", &["/done T7"]);
//! ```

use chrono::{DateTime, Utc};

use super::{
    Bucket, ItemRef, PersonId, Tag, idea,
    item::{self, Act, Carry, Draft, Error, Event, Given, Item},
    pr, research, todo,
};

/// An item that exists, by its history.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    reference: ItemRef,
    history: Vec<Event>,
    given: Given,
}

/// The item `reference`, created with the title "Fix login" and no body.
pub(super) fn given(reference: &str) -> Spec {
    let reference = r(reference);
    let (title, body, from) = ("Fix login".to_owned(), String::new(), None);
    let created = match reference.bucket {
        Bucket::Idea => idea::Event::Created { title, body, from }.into(),
        Bucket::Research => research::Event::Started { title, body, from }.into(),
        Bucket::Todo => todo::Event::Created { title, body, from }.into(),
        Bucket::Pr => pr::Event::Created { title, body, from }.into(),
    };
    Spec { reference, history: vec![created], given: nothing_else() }
}

/// Nothing waits for anything.
pub(super) fn nothing_else() -> Given {
    Given { now: now(), actor: PersonId(1), waits_for: Vec::new(), circular: Vec::new() }
}

/// Friday, 20 November 2026, 9:00 UTC.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_165_200, 0).unwrap_or_default()
}

pub(super) fn r(reference: &str) -> ItemRef {
    reference.parse().unwrap_or_else(|error| panic!("{reference}: {error}"))
}

pub(super) fn tag(tag: &str) -> Tag {
    Tag::new(tag).unwrap_or_else(|fault| panic!("{tag}: {fault}"))
}

/// A draft with a title only.
pub(super) fn draft(title: &str) -> Draft {
    Draft { title: title.to_owned(), ..Draft::default() }
}

/// `/promote` without a word more.
pub(super) fn promote() -> Act {
    Act::Promote { to: None, carry: Carry::default() }
}

impl Spec {
    /// This happened too.
    pub(super) fn after(mut self, event: impl Into<Event>) -> Self {
        self.history.push(event.into());
        self
    }

    /// It waits for these, which are not done.
    pub(super) fn waiting_for(mut self, on: &[(&str, &str)]) -> Self {
        self.given.waits_for = on.iter().map(|(item, title)| (r(item), (*title).to_owned())).collect();
        self
    }

    /// These wait for it.
    pub(super) fn awaited_by(mut self, items: &[&str]) -> Self {
        self.given.circular = items.iter().map(|item| r(item)).collect();
        self
    }

    /// The newest event.
    pub(super) fn last(&self) -> Option<&Event> {
        self.history.last()
    }

    /// The item as it stands.
    pub(super) fn item(&self) -> Item {
        item::replay(self.reference, &self.history).unwrap_or_else(|| panic!("nothing created {}", self.reference))
    }

    /// Somebody wants this.
    pub(super) fn when(self, act: Act) -> Outcome {
        let result = item::decide(&self.item(), &act, &self.given);
        Outcome { spec: self, result }
    }
}

/// What follows.
#[derive(Debug)]
pub(super) struct Outcome {
    spec: Spec,
    result: Result<Vec<Event>, Error>,
}

impl Outcome {
    /// Exactly these events follow. What they lead to can be asked on.
    #[track_caller]
    pub(super) fn then<E: Into<Event>>(self, events: impl IntoIterator<Item = E>) -> Spec {
        let expected: Vec<Event> = events.into_iter().map(Into::into).collect();
        assert_eq!(self.result, Ok(expected.clone()));
        Spec { history: [self.spec.history, expected].concat(), ..self.spec }
    }

    /// Something follows; what it is has been said elsewhere.
    #[track_caller]
    pub(super) fn then_accepted(self) -> Spec {
        let events = self.result.unwrap_or_else(|error| panic!("refused: {error}"));
        Spec { history: [self.spec.history, events].concat(), ..self.spec }
    }

    /// Nothing follows: this is said, and these commands are offered.
    #[track_caller]
    pub(super) fn then_error(self, said: &str, offered: &[&str]) {
        let Err(error) = self.result else { panic!("not refused: {:?}", self.result) };
        assert_eq!(error.to_string(), said);
        assert_eq!(error.hints(Some(self.spec.reference)), offered);
    }
}
