//! A todo: open, doing, done; blocked while a prerequisite is open. What people say to it is parsed in `command/todo.rs`.

use serde::{Deserialize, Serialize};

use super::{Bucket, ItemRef, PersonId, item::Carry};
use crate::lang::{Wording, worded, wording};

/// What happens to a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was put on the list.
    Created {
        /// One line.
        title: String,
        /// Further lines; may be empty.
        body: String,
        /// What it came from, if it did.
        from: Option<ItemRef>,
    },
    /// It is done only when this holds.
    CriterionAdded {
        /// What must hold.
        text: String,
    },
    /// Somebody is to do it.
    Assigned {
        /// Who.
        person: PersonId,
    },
    /// It waits for another item.
    PrerequisiteAdded {
        /// Which.
        needs: ItemRef,
    },
    /// It does not wait for that item any more.
    PrerequisiteRemoved {
        /// Which.
        needs: ItemRef,
    },
    /// Somebody began.
    Started,
    /// It is done.
    Completed {
        /// The prerequisites that were still open and were passed over.
        despite: Vec<ItemRef>,
    },
    /// A pr was made of it: that pr's creation is caused by this event. An open todo is started by it.
    Promoted {
        /// What the pr has besides what it inherits.
        carry: Carry,
    },
    /// It is to be done again.
    Reopened {
        /// Why; may be empty.
        reason: String,
    },
}

/// Where a todo stands. Blocked is not a status: it follows from the prerequisites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// To be done.
    #[default]
    Open,
    /// Being done.
    Doing,
    /// Done.
    Done,
}

/// What a todo alone has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// Acceptance criteria.
    pub criteria: Vec<String>,
    /// What it waits for.
    pub needs: Vec<ItemRef>,
}

/// What can be done to a todo alone. Needs and criteria are counted and compared with what is there, like tags, in
/// `item/decide.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Begin.
    Start,
    /// Finish it.
    Complete {
        /// The prerequisites that are not done, with their titles.
        waits_for: &'a [(ItemRef, String)],
        /// Although it waits for them.
        anyway: bool,
    },
    /// Make a pr of it.
    Promote {
        /// What the pr has besides what it inherits.
        carry: &'a Carry,
    },
    /// To be done again.
    Reopen {
        /// Why; may be empty.
        reason: &'a str,
    },
    /// Wait for another item.
    Need {
        /// Which.
        needs: ItemRef,
    },
    /// Add an acceptance criterion.
    Criterion {
        /// Which.
        text: &'a str,
    },
}

/// Why something cannot be done to a todo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is done.
    Done {
        /// Which.
        item: ItemRef,
    },
    /// Somebody began before.
    Doing {
        /// Which.
        item: ItemRef,
    },
    /// It is not done: there is nothing to reopen.
    NotDone {
        /// Which.
        item: ItemRef,
    },
    /// Something must be done before it.
    Waiting {
        /// Which.
        item: ItemRef,
        /// For what, with the titles; at least one.
        on: Vec<(ItemRef, String)>,
    },
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Done { item } => wording!("reason-done", item = *item),
            Self::Doing { item } => wording!("reason-doing", item = *item),
            Self::NotDone { item } => wording!("reason-not-done", item = *item),
            Self::Waiting { item, on } => wording!("reason-waiting", item = *item, on = list(on)),
        }
    }

    /// Whole commands that would help. `item` as in [`super::item::Error::hints`].
    pub fn hints(&self, item: Option<ItemRef>) -> Vec<String> {
        let mut hints = Vec::new();
        match self {
            Self::Done { .. } => hints.extend(item.map(|item| format!("/reopen {item}"))),
            Self::Doing { .. } | Self::NotDone { .. } => hints.extend(item.map(|item| format!("/done {item}"))),
            Self::Waiting { on, .. } => {
                hints.extend(on.iter().take(WAITING_HINTS_MAX).map(|(item, _)| match item.bucket {
                    Bucket::Research | Bucket::Todo => format!("/done {item}"),
                    Bucket::Idea => format!("/promote {item}"),
                    Bucket::Pr => format!("/merge {item}"),
                }));
                hints.extend(item.map(|item| format!("/done {item} anyway")));
            }
        }
        hints
    }
}

/// The most prerequisites an error offers to finish: more buttons than that are not read.
const WAITING_HINTS_MAX: usize = 3;

fn list(on: &[(ItemRef, String)]) -> String {
    on.iter().map(|(item, title)| format!("{item} ({title})")).collect::<Vec<_>>().join(", ")
}

/// What follows from a command, or why nothing does.
///
/// # Errors
/// [`Error`], when where it stands does not allow it.
pub fn decide(item: ItemRef, state: &State, command: Command<'_>) -> Result<Vec<Event>, Error> {
    match (state.status, command) {
        (Status::Done, Command::Reopen { .. }) => {}
        (Status::Done, _) => return Err(Error::Done { item }),
        (Status::Open | Status::Doing, Command::Reopen { .. }) => return Err(Error::NotDone { item }),
        (Status::Doing, Command::Start) => return Err(Error::Doing { item }),
        (Status::Open | Status::Doing, _) => {}
    }
    Ok(vec![match command {
        Command::Start => Event::Started,
        Command::Complete { waits_for, anyway } => {
            if !waits_for.is_empty() && !anyway {
                return Err(Error::Waiting { item, on: waits_for.to_vec() });
            }
            Event::Completed { despite: waits_for.iter().map(|&(item, _)| item).collect() }
        }
        Command::Promote { carry } => Event::Promoted { carry: carry.clone() },
        Command::Reopen { reason } => Event::Reopened { reason: reason.to_owned() },
        Command::Need { needs } => Event::PrerequisiteAdded { needs },
        Command::Criterion { text } => Event::CriterionAdded { text: text.to_owned() },
    }])
}

/// The state after one more event. Who is to do it is part of every item, not of this state.
pub fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Created { .. } | Event::Assigned { .. } => state,
        Event::CriterionAdded { text } => {
            state.criteria.push(text.clone());
            state
        }
        Event::PrerequisiteAdded { needs } => {
            if !state.needs.contains(needs) {
                state.needs.push(*needs);
            }
            state
        }
        Event::PrerequisiteRemoved { needs } => {
            state.needs.retain(|it| it != needs);
            state
        }
        Event::Started => State { status: Status::Doing, ..state },
        Event::Completed { .. } => State { status: Status::Done, ..state },
        Event::Promoted { .. } if state.status == Status::Open => State { status: Status::Doing, ..state },
        Event::Promoted { .. } => state,
        Event::Reopened { .. } => State { status: Status::Open, ..state },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        item::{Act, Event as Any, Fact},
        spec::{given, promote, r},
    };

    fn done() -> Act {
        Act::Done { anyway: false, text: String::new() }
    }

    fn anyway() -> Act {
        Act::Done { anyway: true, text: String::new() }
    }

    fn completed(despite: &[&str]) -> Event {
        Event::Completed { despite: despite.iter().map(|it| r(it)).collect() }
    }

    fn reopen() -> Act {
        Act::Reopen { reason: String::new() }
    }

    fn reopened() -> Event {
        Event::Reopened { reason: String::new() }
    }

    fn need(items: &[&str]) -> Act {
        Act::Need { items: items.iter().map(|it| r(it)).collect() }
    }

    fn unneed(items: &[&str]) -> Act {
        Act::Unneed { items: items.iter().map(|it| r(it)).collect() }
    }

    fn needs(item: &str) -> Event {
        Event::PrerequisiteAdded { needs: r(item) }
    }

    #[test]
    fn it_is_begun_once_and_done_once() {
        let todo = given("T7").when(Act::Doing).then([Event::Started]);
        todo.clone().when(Act::Doing).then_error("T7 is being done already", &["/done T7"]);
        let todo = todo.when(done()).then([completed(&[])]);
        assert!(todo.item().is_closed());
        todo.clone().when(done()).then_error("T7 is done already", &["/reopen T7"]);
        todo.clone().when(anyway()).then_error("T7 is done already", &["/reopen T7"]);
        todo.when(Act::Doing).then_error("T7 is done already", &["/reopen T7"]);
    }

    #[test]
    fn it_need_not_be_begun_to_be_done() {
        given("T7").when(done()).then([completed(&[])]);
    }

    #[test]
    fn what_is_said_with_done_is_noted() {
        let with_words = Act::Done { anyway: false, text: "was the cookie".into() };
        let todo = given("T7")
            .when(with_words)
            .then([Any::from(completed(&[])), Fact::Noted { text: "was the cookie".into(), corrects: None }.into()]);
        assert_eq!(todo.item().notes, 1);
    }

    #[test]
    fn what_waits_is_not_done_unless_it_is_said_twice() {
        let todo = given("T2").after(needs("T1")).waiting_for(&[("T1", "Fix login")]);
        todo.clone().when(done()).then_error("T2 still waits for T1 (Fix login)", &["/done T1", "/done T2 anyway"]);
        todo.when(anyway()).then([completed(&["T1"])]);
        // What it waited for is done meanwhile.
        given("T2").after(needs("T1")).when(anyway()).then([completed(&[])]);
    }

    #[test]
    fn each_prerequisite_is_offered_with_its_own_word() {
        let waits = [("R1", "a"), ("I1", "b"), ("P1", "c"), ("T1", "d")];
        given("T2").waiting_for(&waits).when(done()).then_error(
            "T2 still waits for R1 (a), I1 (b), P1 (c), T1 (d)",
            &["/done R1", "/promote I1", "/merge P1", "/done T2 anyway"],
        );
    }

    #[test]
    fn waiting_does_not_keep_anybody_from_beginning() {
        given("T2").after(needs("T1")).waiting_for(&[("T1", "Fix login")]).when(Act::Doing).then([Event::Started]);
    }

    #[test]
    fn only_what_is_done_can_be_reopened() {
        given("T7").when(reopen()).then_error("T7 is not done, so there is nothing to reopen", &["/done T7"]);
        given("T7")
            .after(Event::Started)
            .when(reopen())
            .then_error("T7 is not done, so there is nothing to reopen", &["/done T7"]);
        let todo = given("T7").after(Event::Started).after(completed(&[])).when(reopen()).then([reopened()]);
        todo.when(Act::Doing).then([Event::Started]);
    }

    #[test]
    fn it_waits_for_each_item_once() {
        let todo = given("T7").when(need(&["T1", "R2", "T1"])).then([needs("T1"), needs("R2")]);
        assert_eq!(todo.item().needs(), [r("T1"), r("R2")]);
        let todo = todo.when(need(&["R2", "T3"])).then([needs("T3")]);
        todo.clone().when(need(&["T1", "R2"])).then_error("T7 waits for T1, R2 already", &[]);
        let todo = todo.when(unneed(&["T1", "T9"])).then([Event::PrerequisiteRemoved { needs: r("T1") }]);
        assert_eq!(todo.item().needs(), [r("R2"), r("T3")]);
        todo.when(unneed(&["T9"])).then_error("T7 does not wait for T9", &[]);
    }

    #[test]
    fn nothing_waits_in_a_circle() {
        given("T7").when(need(&["T1", "T7"])).then_error("T7 cannot wait for itself", &[]);
        let awaited = given("T7").awaited_by(&["T3", "T4"]);
        awaited
            .clone()
            .when(need(&["T1", "T3"]))
            .then_error("T7 cannot wait for T3: the circle T7 -> T3 -> T7 would never be done", &["/why T3"]);
        awaited.when(need(&["T1"])).then([needs("T1")]);
    }

    #[test]
    fn what_is_done_gets_no_prerequisites_and_no_criteria() {
        let todo = given("T7").after(completed(&[]));
        todo.clone().when(need(&["T1"])).then_error("T7 is done already", &["/reopen T7"]);
        todo.when(Act::Criterion { text: "x".into() }).then_error("T7 is done already", &["/reopen T7"]);
    }

    #[test]
    fn a_criterion_is_added_once() {
        let criterion = || Act::Criterion { text: "works offline".into() };
        let todo = given("T7").when(criterion()).then([Event::CriterionAdded { text: "works offline".into() }]);
        todo.when(criterion()).then_error("T7 has that criterion already", &[]);
    }

    #[test]
    fn assigning_has_an_event_of_its_own() {
        let todo = given("T7")
            .when(Act::Assign { people: vec![PersonId(2), PersonId(3), PersonId(2)] })
            .then([Event::Assigned { person: PersonId(2) }, Event::Assigned { person: PersonId(3) }]);
        assert_eq!(todo.item().people, [PersonId(2), PersonId(3)]);
        todo.clone()
            .when(Act::Assign { people: vec![PersonId(3)] })
            .then_error("T7 is assigned like that already", &[]);
        todo.when(Act::Unassign { people: vec![PersonId(2)] }).then([Fact::Unassigned { person: PersonId(2) }]);
    }

    #[test]
    fn a_pr_begins_a_todo_and_does_not_end_it() {
        let promoted = || Event::Promoted { carry: Carry::default() };
        let todo = given("T7").when(promote()).then([promoted()]);
        assert!(!todo.item().is_closed());
        todo.clone().when(Act::Doing).then_error("T7 is being done already", &["/done T7"]);
        todo.when(Act::Promote { to: Some(Bucket::Pr), carry: Carry::default() }).then([promoted()]);
        given("T7").after(completed(&[])).when(promote()).then_error("T7 is done already", &["/reopen T7"]);
        given("T7")
            .when(Act::Promote { to: Some(Bucket::Idea), carry: Carry::default() })
            .then_error("T7 is a todo and can be promoted to a pr only, not to an idea", &["/promote T7"]);
    }
}
