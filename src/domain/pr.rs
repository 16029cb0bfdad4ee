//! A pr: open, reviewed, then merged or closed. What people say to it is parsed in `command/pr.rs`.

use serde::{Deserialize, Serialize};

use super::{ItemRef, item::because};
use crate::lang::{Wording, worded, wording};

/// What a reviewer thinks, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good as it is.
    Approve,
    /// Not like this.
    Changes,
    /// Just saying.
    Comment,
}

/// What happens to a pr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was opened.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// Somebody looked at it.
    Reviewed {
        /// In a word.
        verdict: Verdict,
        /// In words; may be empty.
        text: String,
    },
    /// It went in.
    Merged,
    /// It will not go in.
    Closed {
        /// Why; may be empty.
        reason: String,
    },
    /// It is open again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a pr stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// To be looked at.
    #[default]
    Open,
    /// Somebody looked at it.
    Reviewed,
    /// It went in.
    Merged,
    /// It did not.
    Closed,
}

/// What a pr alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// The newest review's verdict and words.
    pub review: Option<(Verdict, String)>,
    /// How many reviews it had.
    pub reviews: u32,
    /// Why it was closed, if it is.
    pub reason: String,
}

/// What can be done to a pr alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Say what one thinks of it.
    Review {
        /// In a word.
        verdict: Verdict,
        /// In words; may be empty, but for a comment.
        text: &'a str,
    },
    /// It goes in.
    Merge,
    /// It will not go in.
    Close {
        /// Why; may be empty.
        reason: &'a str,
    },
    /// Open again.
    Reopen {
        /// Why; may be empty.
        reason: &'a str,
    },
}

/// Why something cannot be done to a pr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It went in.
    Merged {
        /// Which.
        item: ItemRef,
    },
    /// It was closed without merging.
    Closed {
        /// Which.
        item: ItemRef,
        /// Why it was; empty when nobody said.
        reason: String,
    },
    /// It is open: there is nothing to reopen.
    Open {
        /// Which.
        item: ItemRef,
    },
    /// A review that neither approves nor wants changes, and says nothing.
    Wordless {
        /// Which.
        item: ItemRef,
    },
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Merged { item } => wording!("reason-merged", item = *item),
            Self::Closed { item, reason } => because(wording!("reason-closed", item = *item), reason),
            Self::Open { item } => wording!("reason-open", item = *item),
            Self::Wordless { item } => wording!("reason-wordless", item = *item),
        }
    }

    /// Whole commands that would help. `item` as in [`super::item::Error::hints`].
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        match (self, item) {
            (Self::Merged { .. } | Self::Closed { .. }, Some(item)) => vec![format!("/reopen {item}")],
            (Self::Open { .. }, Some(item)) => vec![format!("/merge {item}"), format!("/close {item}")],
            (Self::Wordless { .. }, _) | (_, None) => Vec::new(),
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
        Status::Open | Status::Reviewed if reopening => return Err(Error::Open { item }),
        Status::Merged if !reopening => return Err(Error::Merged { item }),
        Status::Closed if !reopening => return Err(Error::Closed { item, reason: state.reason.clone() }),
        Status::Open | Status::Reviewed | Status::Merged | Status::Closed => {}
    }
    Ok(vec![match command {
        Command::Review { verdict: Verdict::Comment, text } if text.trim().is_empty() => {
            return Err(Error::Wordless { item });
        }
        Command::Review { verdict, text } => Event::Reviewed { verdict, text: text.to_owned() },
        Command::Merge => Event::Merged,
        Command::Close { reason } => Event::Closed { reason: reason.to_owned() },
        Command::Reopen { reason } => Event::Reopened { reason: reason.to_owned() },
    }])
}

/// The state after one more event.
pub fn evolve(state: State, event: &Event) -> State {
    match event {
        Event::Created { .. } => state,
        Event::Reviewed { verdict, text } => State {
            status: Status::Reviewed,
            review: Some((*verdict, text.clone())),
            reviews: state.reviews.saturating_add(1),
            ..state
        },
        Event::Merged => State { status: Status::Merged, ..state },
        Event::Closed { reason } => State { status: Status::Closed, reason: reason.clone(), ..state },
        // Open, not reviewed: what was reviewed is not what is looked at now.
        Event::Reopened { .. } => State { status: Status::Open, reason: String::new(), ..state },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        filter::StateWord,
        item::Act,
        spec::{given, promote},
    };

    fn review(verdict: Verdict, text: &str) -> Act {
        Act::Review { verdict, text: text.into() }
    }

    fn reviewed(verdict: Verdict, text: &str) -> Event {
        Event::Reviewed { verdict, text: text.into() }
    }

    fn close(reason: &str) -> Act {
        Act::Close { reason: reason.into() }
    }

    fn reopen() -> Act {
        Act::Reopen { reason: String::new() }
    }

    #[test]
    fn it_is_reviewed_as_often_as_anybody_looks() {
        let pr = given("P4")
            .when(review(Verdict::Changes, "no tests"))
            .then([reviewed(Verdict::Changes, "no tests")])
            .when(review(Verdict::Approve, ""))
            .then([reviewed(Verdict::Approve, "")]);
        assert_eq!(pr.item().state_word(), StateWord::Reviewed);
        assert!(!pr.item().is_closed());
    }

    #[test]
    fn a_comment_has_words() {
        given("P4").when(review(Verdict::Comment, " ")).then_error("a comment on P4 needs words", &[]);
        given("P4").when(review(Verdict::Comment, "nice")).then([reviewed(Verdict::Comment, "nice")]);
    }

    #[test]
    fn what_is_merged_is_neither_reviewed_nor_closed_nor_merged_again() {
        let pr = given("P4").when(Act::Merge).then([Event::Merged]);
        assert_eq!(pr.item().state_word(), StateWord::Merged);
        for act in [Act::Merge, close(""), review(Verdict::Approve, "")] {
            pr.clone().when(act).then_error("P4 is merged already", &["/reopen P4"]);
        }
    }

    #[test]
    fn what_is_closed_says_why() {
        let pr = given("P4").when(close("superseded")).then([Event::Closed { reason: "superseded".into() }]);
        assert_eq!(pr.item().state_word(), StateWord::Closed);
        for act in [Act::Merge, close(""), review(Verdict::Approve, "")] {
            pr.clone().when(act).then_error("P4 is closed already (\"superseded\")", &["/reopen P4"]);
        }
    }

    #[test]
    fn whatever_ended_it_it_can_be_reopened_and_is_to_be_looked_at_again() {
        let ends = [Event::Merged, Event::Closed { reason: "x".into() }];
        for end in ends {
            let pr = given("P4").after(reviewed(Verdict::Approve, "")).after(end);
            let pr = pr.when(reopen()).then([Event::Reopened { reason: String::new() }]);
            assert_eq!(pr.item().state_word(), StateWord::Open);
            pr.when(reopen()).then_error("P4 is open already", &["/merge P4", "/close P4"]);
        }
    }

    #[test]
    fn nothing_comes_after_a_pr() {
        given("P4")
            .when(promote())
            .then_error("only an idea, a research or a todo can be promoted; P4 is a pr", &["/merge P4"]);
    }
}
