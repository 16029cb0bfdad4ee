//! What happened to an item, in the few words people choose by: `on:created,done`. A closed vocabulary over the events of
//! all buckets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    idea,
    item::{self, Fact},
    pr, research, todo,
};

/// A kind of happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is new.
    Created,
    /// Something was said on it: a note, a finding, a better wording of an idea, a file.
    Noted,
    /// It was given to somebody, or taken from them.
    Assigned,
    /// Somebody began.
    Started,
    /// A todo or a research is finished.
    Done,
    /// It is open again.
    Reopened,
    /// It became the next stage.
    Promoted,
    /// An idea was dropped.
    Rejected,
    /// A pr was looked at.
    Reviewed,
    /// A pr went in.
    Merged,
    /// A pr will not go in.
    Closed,
    /// When it is due was set or taken away.
    Due,
    /// A detail: title, text, tag, priority, project, link, criterion, what it waits for.
    Changed,
    /// An act on it was taken back.
    Undone,
}

impl Kind {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Self; 14] = [
        Self::Created,
        Self::Noted,
        Self::Assigned,
        Self::Started,
        Self::Done,
        Self::Reopened,
        Self::Promoted,
        Self::Rejected,
        Self::Reviewed,
        Self::Merged,
        Self::Closed,
        Self::Due,
        Self::Changed,
        Self::Undone,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Noted => "noted",
            Self::Assigned => "assigned",
            Self::Started => "started",
            Self::Done => "done",
            Self::Reopened => "reopened",
            Self::Promoted => "promoted",
            Self::Rejected => "rejected",
            Self::Reviewed => "reviewed",
            Self::Merged => "merged",
            Self::Closed => "closed",
            Self::Due => "due",
            Self::Changed => "changed",
            Self::Undone => "undone",
        }
    }

    /// What an event is.
    pub fn of(event: &item::Event) -> Self {
        match event {
            item::Event::Idea(event) => match event {
                idea::Event::Created { .. } => Self::Created,
                idea::Event::Refined { .. } => Self::Noted,
                idea::Event::Rejected { .. } => Self::Rejected,
                idea::Event::Promoted { .. } => Self::Promoted,
                idea::Event::Reopened { .. } => Self::Reopened,
            },
            item::Event::Research(event) => match event {
                research::Event::Started { .. } => Self::Created,
                research::Event::FindingAdded { .. } => Self::Noted,
                research::Event::Done { to: Some(_), .. } => Self::Promoted,
                research::Event::Done { to: None, .. } => Self::Done,
                research::Event::Reopened { .. } => Self::Reopened,
            },
            item::Event::Todo(event) => match event {
                todo::Event::Created { .. } => Self::Created,
                todo::Event::Assigned { .. } => Self::Assigned,
                todo::Event::Started => Self::Started,
                todo::Event::Completed { .. } => Self::Done,
                todo::Event::Promoted { .. } => Self::Promoted,
                todo::Event::Reopened { .. } => Self::Reopened,
                todo::Event::CriterionAdded { .. }
                | todo::Event::PrerequisiteAdded { .. }
                | todo::Event::PrerequisiteRemoved { .. } => Self::Changed,
            },
            item::Event::Pr(event) => match event {
                pr::Event::Created { .. } => Self::Created,
                pr::Event::Reviewed { .. } => Self::Reviewed,
                pr::Event::Merged => Self::Merged,
                pr::Event::Closed { .. } => Self::Closed,
                pr::Event::Reopened { .. } => Self::Reopened,
            },
            item::Event::Fact(fact) => match fact {
                Fact::Noted { .. } | Fact::Attached { .. } => Self::Noted,
                Fact::Assigned { .. } | Fact::Unassigned { .. } => Self::Assigned,
                Fact::DueSet { .. } => Self::Due,
                Fact::Retitled { .. }
                | Fact::Described { .. }
                | Fact::Tagged { .. }
                | Fact::Untagged { .. }
                | Fact::Prioritised { .. }
                | Fact::MovedToProject { .. }
                | Fact::Linked { .. } => Self::Changed,
            },
            item::Event::Reversed(_) => Self::Undone,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_word_and_kept_by_it() {
        for kind in Kind::ALL {
            assert_eq!(kind.word().to_uppercase().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        assert_eq!("finished".parse::<Kind>(), Err(()));
    }

    #[test]
    fn what_becomes_something_else_is_promoted_and_not_done() {
        let done = |to| {
            item::Event::Research(research::Event::Done { conclusion: String::new(), to, carry: Default::default() })
        };
        assert_eq!(Kind::of(&done(None)), Kind::Done);
        assert_eq!(Kind::of(&done(Some(item::Bucket::Todo))), Kind::Promoted);
    }
}
