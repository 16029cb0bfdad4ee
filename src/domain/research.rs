//! A research: running, then done. What people say to it is parsed in `command/research.rs`.

use serde::{Deserialize, Serialize};

use super::{Bucket, ItemRef, item::Carry};
use crate::lang::{Wording, worded, wording};

/// What happens to a research.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It began.
    Started {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// Something was found out.
    FindingAdded {
        /// What.
        text: String,
        /// The version of the finding this one corrects, when its message was edited.
        corrects: Option<u64>,
    },
    /// It is finished; if it leads to something, that item's creation is caused by this event.
    Done {
        /// What came of it; may be empty.
        conclusion: String,
        /// What it became, if it was promoted.
        to: Option<Bucket>,
        /// What the new item has besides what it inherits.
        carry: Carry,
    },
    /// It runs again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a research stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Being looked into.
    #[default]
    Running,
    /// Finished.
    Done,
}

/// What a research alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// How many findings were added (corrections not counted).
    pub findings: u32,
    /// The newest finding.
    pub newest: Option<String>,
    /// The versions of its findings, so that the correction of one is told from the correction of a note.
    pub finding_versions: Vec<u64>,
    /// What came of it when it was last done; may be empty.
    pub conclusion: String,
}

/// What can be done to a research alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Something was found out.
    Finding {
        /// What.
        text: &'a str,
        /// The version of the finding this one corrects.
        corrects: Option<u64>,
    },
    /// Finish it.
    Done {
        /// What came of it; may be empty.
        conclusion: &'a str,
    },
    /// Finish it and make something of it.
    Promote {
        /// What.
        to: Bucket,
        /// What the new item has besides what it inherits.
        carry: &'a Carry,
    },
    /// Let it run again.
    Reopen {
        /// Why; may be empty.
        reason: &'a str,
    },
}

/// Why something cannot be done to a research.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is finished.
    Done {
        /// Which.
        item: ItemRef,
    },
    /// It runs: there is nothing to reopen.
    Running {
        /// Which.
        item: ItemRef,
    },
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Done { item } => wording!("reason-done", item = *item),
            Self::Running { item } => wording!("reason-running", item = *item),
        }
    }

    /// Whole commands that would help. `item` as in [`super::item::Error::hints`].
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        match (self, item) {
            (Self::Done { .. }, Some(item)) => vec![format!("/reopen {item}")],
            (Self::Running { .. }, Some(item)) => vec![format!("/done {item}")],
            (_, None) => Vec::new(),
        }
    }
}

/// What follows from a command, or why nothing does.
///
/// # Errors
/// [`Error`], when where it stands does not allow it.
pub fn decide(item: ItemRef, state: &State, command: Command<'_>) -> Result<Vec<Event>, Error> {
    match (state.status, command) {
        (Status::Running, Command::Reopen { .. }) => return Err(Error::Running { item }),
        // A typing error may be put right at any time.
        (Status::Done, Command::Reopen { .. } | Command::Finding { corrects: Some(_), .. }) => {}
        (Status::Done, _) => return Err(Error::Done { item }),
        (Status::Running, _) => {}
    }
    Ok(vec![match command {
        Command::Finding { text, corrects } => Event::FindingAdded { text: text.to_owned(), corrects },
        Command::Done { conclusion } => {
            Event::Done { conclusion: conclusion.to_owned(), to: None, carry: Carry::default() }
        }
        // What was concluded before it was reopened still holds until something else is concluded.
        Command::Promote { to, carry } => {
            Event::Done { conclusion: state.conclusion.clone(), to: Some(to), carry: carry.clone() }
        }
        Command::Reopen { reason } => Event::Reopened { reason: reason.to_owned() },
    }])
}

/// The state after one more event, which has this version.
pub fn evolve(mut state: State, version: u64, event: &Event) -> State {
    match event {
        Event::Started { .. } => state,
        Event::FindingAdded { text, corrects: None } => {
            state.finding_versions.push(version);
            State { findings: state.findings.saturating_add(1), newest: Some(text.clone()), ..state }
        }
        Event::FindingAdded { text, corrects } if *corrects == state.finding_versions.last().copied() => {
            State { newest: Some(text.clone()), ..state }
        }
        // An older finding: its text is not part of the state.
        Event::FindingAdded { .. } => state,
        Event::Done { conclusion, .. } => State { status: Status::Done, conclusion: conclusion.clone(), ..state },
        Event::Reopened { .. } => State { status: Status::Running, ..state },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        item::{Act, Fact, Stage},
        spec::{Spec, given, promote},
    };

    fn finding(text: &str) -> Act {
        Act::Finding { text: text.into() }
    }

    fn found(text: &str) -> Event {
        Event::FindingAdded { text: text.into(), corrects: None }
    }

    fn finish(text: &str) -> Act {
        Act::Done { anyway: false, text: text.into() }
    }

    fn done(conclusion: &str, to: Option<Bucket>) -> Event {
        Event::Done { conclusion: conclusion.into(), to, carry: Carry::default() }
    }

    fn reopened() -> Event {
        Event::Reopened { reason: String::new() }
    }

    fn state(spec: &Spec) -> State {
        let Stage::Research(state) = spec.item().stage else { panic!("{spec:?}") };
        state
    }

    #[test]
    fn findings_are_added_while_it_runs() {
        let research =
            given("R2").when(finding("slow")).then([found("slow")]).when(finding("fast")).then([found("fast")]);
        assert_eq!((state(&research).findings, state(&research).newest.as_deref()), (2, Some("fast")));
    }

    #[test]
    fn a_finding_whose_message_was_edited_is_corrected_and_not_counted_again() {
        let research = given("R2").after(found("slwo")).after(Fact::Noted { text: "hm".into(), corrects: None });
        // Version 2 is the finding, version 3 the note.
        let research = research
            .when(Act::CorrectText { version: 2, text: "slow".into() })
            .then([Event::FindingAdded { text: "slow".into(), corrects: Some(2) }]);
        assert_eq!((state(&research).findings, state(&research).newest.as_deref()), (1, Some("slow")));
        let research = research
            .when(Act::CorrectText { version: 3, text: "hmm".into() })
            .then([Fact::Noted { text: "hmm".into(), corrects: Some(3) }]);
        assert_eq!(research.item().notes, 1);
    }

    #[test]
    fn correcting_an_older_finding_leaves_the_newest() {
        let research = given("R2").after(found("slwo")).after(found("fast"));
        let research = research.when(Act::CorrectText { version: 2, text: "slow".into() }).then_accepted();
        assert_eq!(state(&research).newest.as_deref(), Some("fast"));
    }

    #[test]
    fn what_is_done_can_be_corrected_but_gets_no_findings() {
        let research = given("R2").after(found("slwo")).when(finish("use it")).then([done("use it", None)]);
        research.clone().when(finding("x")).then_error("R2 is done already", &["/reopen R2"]);
        research.when(Act::CorrectText { version: 2, text: "slow".into() }).then_accepted();
    }

    #[test]
    fn it_is_done_once_until_it_is_reopened() {
        let research = given("R2").when(finish("")).then([done("", None)]);
        assert!(research.item().is_closed());
        research.clone().when(finish("")).then_error("R2 is done already", &["/reopen R2"]);
        research.clone().when(promote()).then_error("R2 is done already", &["/reopen R2"]);
        let research = research.when(Act::Reopen { reason: String::new() }).then([reopened()]);
        research.clone().when(Act::Reopen { reason: String::new() }).then_error("R2 is running already", &["/done R2"]);
        research.when(finding("more")).then([found("more")]);
    }

    #[test]
    fn promotion_finishes_it_and_keeps_what_was_concluded_before() {
        given("R2").when(promote()).then([done("", Some(Bucket::Todo))]);
        let concluded = given("R2").after(done("use it", None)).after(reopened());
        concluded.when(promote()).then([done("use it", Some(Bucket::Todo))]);
        for to in [Bucket::Idea, Bucket::Research] {
            given("R2").when(Act::Promote { to: Some(to), carry: Carry::default() }).then_error(
                &format!("R2 is a research and can be promoted to a todo or a pr only, not to {}", to.one()),
                &["/promote R2"],
            );
        }
    }
}
