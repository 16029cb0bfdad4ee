//! An idea: open, then promoted or rejected. What people say to it is parsed in `command/idea.rs`.

use serde::{Deserialize, Serialize};

use super::{
    Bucket, ItemRef,
    item::{Carry, because},
};
use crate::lang::{Wording, worded, wording};

/// What happens to an idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was had.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// It was said better.
    Refined {
        /// How.
        text: String,
    },
    /// It will not be followed.
    Rejected {
        /// Why; may be empty.
        reason: String,
    },
    /// It became something else; that item's creation is caused by this event.
    Promoted {
        /// What.
        to: Bucket,
        /// What the new item has besides what it inherits.
        carry: Carry,
    },
    /// It is open again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where an idea stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// To be thought about.
    #[default]
    Open,
    /// It became something else.
    Promoted,
    /// Not this one.
    Rejected,
}

/// What an idea alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// The newest refinement, if there is one.
    pub refined: Option<String>,
    /// How often it was refined.
    pub refinements: u32,
    /// Why it was rejected, if it is.
    pub reason: String,
}

/// What can be done to an idea alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Say it better.
    Refine {
        /// How.
        text: &'a str,
    },
    /// Not this one.
    Reject {
        /// Why; may be empty.
        reason: &'a str,
    },
    /// Make something else of it.
    Promote {
        /// What.
        to: Bucket,
        /// What the new item has besides what it inherits.
        carry: &'a Carry,
    },
    /// Open again.
    Reopen {
        /// Why; may be empty.
        reason: &'a str,
    },
}

/// Why something cannot be done to an idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It was rejected before.
    Rejected {
        /// Which.
        item: ItemRef,
        /// Why it was; may be empty.
        reason: String,
    },
    /// It was promoted before.
    Promoted {
        /// Which.
        item: ItemRef,
    },
    /// It is open: there is nothing to reopen.
    Open {
        /// Which.
        item: ItemRef,
    },
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Rejected { item, reason } => because(wording!("reason-rejected", item = *item), reason),
            Self::Promoted { item } => wording!("reason-promoted", item = *item),
            Self::Open { item } => wording!("reason-open", item = *item),
        }
    }

    /// Whole commands that would help. `item` as in [`super::item::Error::hints`].
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        match (self, item) {
            (Self::Rejected { .. } | Self::Promoted { .. }, Some(item)) => vec![format!("/reopen {item}")],
            (Self::Open { .. }, Some(item)) => vec![format!("/promote {item}"), format!("/reject {item}")],
            (_, None) => Vec::new(),
        }
    }
}

/// What follows from a command, or why nothing does.
///
/// # Errors
/// [`Error`], when where it stands does not allow it.
pub fn decide(item: ItemRef, state: &State, command: Command<'_>) -> Result<Vec<Event>, Error> {
    let reopening = matches!(command, Command::Reopen { .. });
    match state.status {
        Status::Open if reopening => return Err(Error::Open { item }),
        Status::Rejected if !reopening => return Err(Error::Rejected { item, reason: state.reason.clone() }),
        Status::Promoted if !reopening => return Err(Error::Promoted { item }),
        Status::Open | Status::Rejected | Status::Promoted => {}
    }
    Ok(vec![match command {
        Command::Refine { text } => Event::Refined { text: text.to_owned() },
        Command::Reject { reason } => Event::Rejected { reason: reason.to_owned() },
        Command::Promote { to, carry } => Event::Promoted { to, carry: carry.clone() },
        Command::Reopen { reason } => Event::Reopened { reason: reason.to_owned() },
    }])
}

/// The state after one more event.
pub fn evolve(state: State, event: &Event) -> State {
    match event {
        Event::Created { .. } => state,
        Event::Refined { text } => {
            State { refined: Some(text.clone()), refinements: state.refinements.saturating_add(1), ..state }
        }
        Event::Rejected { reason } => State { status: Status::Rejected, reason: reason.clone(), ..state },
        Event::Promoted { .. } => State { status: Status::Promoted, ..state },
        Event::Reopened { .. } => State { status: Status::Open, reason: String::new(), ..state },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        item::Act,
        spec::{given, promote},
    };

    fn refine(text: &str) -> Act {
        Act::Refine { text: text.into() }
    }

    fn reject(reason: &str) -> Act {
        Act::Reject { reason: reason.into() }
    }

    fn reopen(reason: &str) -> Act {
        Act::Reopen { reason: reason.into() }
    }

    fn rejected(reason: &str) -> Event {
        Event::Rejected { reason: reason.into() }
    }

    fn promoted(to: Bucket) -> Event {
        Event::Promoted { to, carry: Carry::default() }
    }

    #[test]
    fn an_open_idea_is_refined_as_often_as_anybody_likes() {
        let item = given("I3")
            .when(refine("only for the app"))
            .then([Event::Refined { text: "only for the app".into() }])
            .when(refine("and read only"))
            .then([Event::Refined { text: "and read only".into() }])
            .item();
        let crate::domain::item::Stage::Idea(state) = item.stage else { panic!("{item:?}") };
        assert_eq!((state.refinements, state.refined.as_deref()), (2, Some("and read only")));
    }

    #[test]
    fn a_rejected_idea_says_why_and_can_be_reopened() {
        let idea = given("I3").when(reject("too early")).then([rejected("too early")]);
        assert!(idea.item().is_closed());
        idea.clone().when(reject("")).then_error("I3 is rejected already (\"too early\")", &["/reopen I3"]);
        idea.clone().when(refine("x")).then_error("I3 is rejected already (\"too early\")", &["/reopen I3"]);
        idea.clone().when(promote()).then_error("I3 is rejected already (\"too early\")", &["/reopen I3"]);

        let idea = idea.when(reopen("now")).then([Event::Reopened { reason: "now".into() }]);
        assert!(!idea.item().is_closed());
        idea.when(reject(""))
            .then([rejected("")])
            .when(reject(""))
            .then_error("I3 is rejected already", &["/reopen I3"]);
    }

    #[test]
    fn an_idea_becomes_a_research_unless_something_later_is_said() {
        given("I3").when(promote()).then([promoted(Bucket::Research)]);
        for to in [Bucket::Research, Bucket::Todo, Bucket::Pr] {
            given("I3").when(Act::Promote { to: Some(to), carry: Carry::default() }).then([promoted(to)]);
        }
        given("I3").when(Act::Promote { to: Some(Bucket::Idea), carry: Carry::default() }).then_error(
            "I3 is an idea and can be promoted to a research, a todo or a pr only, not to an idea",
            &["/promote I3"],
        );
    }

    #[test]
    fn a_promoted_idea_is_promoted_once_and_can_be_reopened() {
        let idea = given("I3").after(promoted(Bucket::Todo));
        assert!(idea.item().is_closed());
        idea.clone().when(promote()).then_error("I3 is promoted already", &["/reopen I3"]);
        idea.clone().when(reject("")).then_error("I3 is promoted already", &["/reopen I3"]);
        idea.when(reopen("")).then([Event::Reopened { reason: String::new() }]).when(promote()).then_accepted();
    }

    #[test]
    fn an_open_idea_cannot_be_reopened() {
        given("I3").when(reopen("")).then_error("I3 is open already", &["/promote I3", "/reject I3"]);
    }
}
