//! A reversal on an item's stream: what it takes back, and what is different after it. Where that comes from is in
//! `history.rs`.

use serde::{Deserialize, Serialize};

use super::{Item, ItemRef, LinkTarget, Relation, Stage};
use crate::domain::{
    Due, PersonId, Priority, Project, Tag,
    filter::StateWord,
    idea, pr, research, todo,
    undo::{ListChange, Part, Value, changed},
};

/// An act was taken back, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The first version of the act.
    pub version: u64,
    /// The versions that do not count any more.
    pub takes: Vec<u64>,
    /// The versions that count again, when a reversal is taken back.
    pub back: Vec<u64>,
    /// The parts that were asked for; empty: all of it.
    pub parts: Vec<Part>,
    /// The stored names of what does not count any more, so that it can be told without looking back.
    pub what: Vec<String>,
    /// What is different after it.
    pub after: Box<After>,
    /// What is taken back with it on other items, after this.
    pub also: Vec<Also>,
}

/// An act on another item that is taken back with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    /// Which item.
    pub item: ItemRef,
    /// The first version of the act.
    pub version: u64,
    /// The parts that were asked for; empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What is different after a reversal, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct After {
    /// The version of the reversal that takes its creation back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Value<u64>>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StateWord>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub tags: ListChange<Tag>,
    /// Its priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Its due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Value<Due>>,
    /// Who is to do it.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub people: ListChange<PersonId>,
    /// Its project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Value<Project>>,
    /// What it leads to.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub links: ListChange<(Relation, LinkTarget)>,
    /// How many files came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<u32>,
    /// How many notes were made on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<u32>,
    /// The newest refinement, finding or words of a review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Value<String>>,
    /// The newest verdict of a review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<pr::Verdict>,
    /// How many refinements, findings or reviews it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The versions of its findings.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub findings: ListChange<u64>,
    /// Why it was rejected or closed, or what was concluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its acceptance criteria.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub criteria: ListChange<String>,
    /// What it waits for.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub needs: ListChange<ItemRef>,
}

impl After {
    /// From one state of an item to another.
    pub(super) fn between(was: &Item, now: &Item) -> Self {
        let mut after = Self {
            withdrawn: Value::changed(&was.withdrawn, &now.withdrawn),
            status: changed(&standing(&was.stage), &standing(&now.stage)),
            title: changed(&was.title, &now.title),
            body: changed(&was.body, &now.body),
            tags: ListChange::of(&was.tags, &now.tags),
            priority: changed(&was.priority, &now.priority),
            due: Value::changed(&was.due, &now.due),
            people: ListChange::of(&was.people, &now.people),
            project: Value::changed(&was.project, &now.project),
            links: ListChange::of(&was.links, &now.links),
            attachments: changed(&was.attachments, &now.attachments),
            notes: changed(&was.notes, &now.notes),
            ..Self::default()
        };
        match (&was.stage, &now.stage) {
            (Stage::Idea(was), Stage::Idea(now)) => {
                after.text = Value::changed(&was.refined, &now.refined);
                after.count = changed(&was.refinements, &now.refinements);
                after.reason = changed(&was.reason, &now.reason);
            }
            (Stage::Research(was), Stage::Research(now)) => {
                after.text = Value::changed(&was.newest, &now.newest);
                after.count = changed(&was.findings, &now.findings);
                after.findings = ListChange::of(&was.finding_versions, &now.finding_versions);
                after.reason = changed(&was.conclusion, &now.conclusion);
            }
            (Stage::Todo(was), Stage::Todo(now)) => {
                after.criteria = ListChange::of(&was.criteria, &now.criteria);
                after.needs = ListChange::of(&was.needs, &now.needs);
            }
            (Stage::Pr(was), Stage::Pr(now)) => {
                if was.review != now.review {
                    after.text = Some(now.review.clone().map_or(Value::Nothing, |(_, text)| Value::Is(text)));
                    after.verdict = now.review.as_ref().map(|(verdict, _)| *verdict);
                }
                after.count = changed(&was.reviews, &now.reviews);
                after.reason = changed(&was.reason, &now.reason);
            }
            _ => {}
        }
        after
    }

    /// Makes it so. Total: what the item cannot have changes nothing.
    pub(super) fn apply(&self, item: &mut Item) {
        set(&mut item.title, &self.title);
        set(&mut item.body, &self.body);
        set(&mut item.priority, &self.priority);
        set(&mut item.attachments, &self.attachments);
        set(&mut item.notes, &self.notes);
        set(&mut item.due, &self.due.as_ref().map(Value::get));
        set(&mut item.project, &self.project.as_ref().map(Value::get));
        self.tags.apply(&mut item.tags);
        self.people.apply(&mut item.people);
        self.links.apply(&mut item.links);
        set(&mut item.withdrawn, &self.withdrawn.as_ref().map(Value::get));
        match &mut item.stage {
            Stage::Idea(state) => {
                match self.status {
                    Some(StateWord::Open) => state.status = idea::Status::Open,
                    Some(StateWord::Promoted) => state.status = idea::Status::Promoted,
                    Some(StateWord::Rejected) => state.status = idea::Status::Rejected,
                    _ => {}
                }
                set(&mut state.refined, &self.text.as_ref().map(Value::get));
                set(&mut state.refinements, &self.count);
                set(&mut state.reason, &self.reason);
            }
            Stage::Research(state) => {
                match self.status {
                    Some(StateWord::Running) => state.status = research::Status::Running,
                    Some(StateWord::Done) => state.status = research::Status::Done,
                    _ => {}
                }
                set(&mut state.newest, &self.text.as_ref().map(Value::get));
                set(&mut state.findings, &self.count);
                self.findings.apply(&mut state.finding_versions);
                set(&mut state.conclusion, &self.reason);
            }
            Stage::Todo(state) => {
                match self.status {
                    Some(StateWord::Open) => state.status = todo::Status::Open,
                    Some(StateWord::Doing) => state.status = todo::Status::Doing,
                    Some(StateWord::Done) => state.status = todo::Status::Done,
                    _ => {}
                }
                self.criteria.apply(&mut state.criteria);
                self.needs.apply(&mut state.needs);
            }
            Stage::Pr(state) => {
                match self.status {
                    Some(StateWord::Open) => state.status = pr::Status::Open,
                    Some(StateWord::Reviewed) => state.status = pr::Status::Reviewed,
                    Some(StateWord::Merged) => state.status = pr::Status::Merged,
                    Some(StateWord::Closed) => state.status = pr::Status::Closed,
                    _ => {}
                }
                if let Some(text) = &self.text {
                    state.review = text.get().zip(self.verdict).map(|(text, verdict)| (verdict, text));
                }
                set(&mut state.reviews, &self.count);
                set(&mut state.reason, &self.reason);
            }
        }
    }
}

fn set<T: Clone>(value: &mut T, now: &Option<T>) {
    if let Some(now) = now {
        value.clone_from(now);
    }
}

/// Where it stands, whether or not it is withdrawn.
pub(super) fn standing(stage: &Stage) -> StateWord {
    match stage {
        Stage::Idea(state) => match state.status {
            idea::Status::Open => StateWord::Open,
            idea::Status::Promoted => StateWord::Promoted,
            idea::Status::Rejected => StateWord::Rejected,
        },
        Stage::Research(state) => match state.status {
            research::Status::Running => StateWord::Running,
            research::Status::Done => StateWord::Done,
        },
        Stage::Todo(state) => match state.status {
            todo::Status::Open => StateWord::Open,
            todo::Status::Doing => StateWord::Doing,
            todo::Status::Done => StateWord::Done,
        },
        Stage::Pr(state) => match state.status {
            pr::Status::Open => StateWord::Open,
            pr::Status::Reviewed => StateWord::Reviewed,
            pr::Status::Merged => StateWord::Merged,
            pr::Status::Closed => StateWord::Closed,
        },
    }
}
