//! What an accepted command is answered with, once its commits are folded in: the first line says what is the case now,
//! further lines what follows for others.

use std::sync::Arc;

use yoman_chat::{Button, Outbound, Style, Text};

use super::{
    Viewer, World,
    card::{press, said, with_buttons},
    line::{GAP, INDENT, named, state_name},
    notice::item_events,
    reports, verbs, words,
};
use crate::{
    command::Command,
    domain::{
        Bucket, Handle, ItemRef, PersonId,
        filter::StateWord,
        idea,
        item::{self, Act, Fact, Item, LinkTarget, Relation},
        pr, research, todo,
    },
    log::Commit,
};

impl World {
    /// What whoever said an accepted command gets. `commits` are those it made, its own first and then those it caused; they
    /// are folded in already. `captured`: it was a bare sentence, so what can become of it is offered.
    pub fn answer(&self, command: &Command, commits: &[Arc<Commit>], captured: bool, viewer: &Viewer) -> Outbound {
        let touched = commits.first().and_then(|commit| ItemRef::of_stream(commit.stream.as_str()));
        match command {
            Command::Create { .. } => match touched.and_then(|item| self.item(item)) {
                Some(seen) => self.created(&seen.item, captured, viewer),
                None => accepted(touched),
            },
            Command::Item { target, act } => {
                let item = touched.or(target.map(|target| target.item));
                match item.and_then(|item| self.item(item)) {
                    Some(seen) => self.acted(&seen.item, act, commits, viewer),
                    None => accepted(item),
                }
            }
            Command::Room(command) => Outbound::text(self.room_answer(command, commits, viewer)),
            Command::Person(_) => Outbound::text(self.person_answer(commits, viewer)),
            Command::Report(command) => reports::answer(command),
            // Answered as what it confirms.
            Command::Confirm { .. } => Outbound::default(),
            // A look makes no commits, and is answered by the view it asks for.
            Command::Look(_) => Outbound::default(),
            // Worded where it is known what was taken back: see `World::undone`.
            Command::Undo { .. } => accepted(touched),
        }
    }

    /// `T1 created   Fix login` and what was said with it.
    fn created(&self, item: &Item, captured: bool, viewer: &Viewer) -> Outbound {
        let verb = match item.reference.bucket {
            Bucket::Idea if captured => "captured",
            Bucket::Research => "running",
            _ if captured => "captured",
            _ => "created",
        };
        let mut text = self.head(item, verb);
        self.first_marks(&mut text, item, viewer);
        let buttons = if captured { self.buttons_for(item, viewer) } else { Vec::new() };
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// Behind the first line what a new item waits for, under it its marks.
    fn first_marks(&self, text: &mut Text, item: &Item, viewer: &Viewer) {
        let waits = self.waits(item.reference, false);
        if !waits.is_empty() {
            text.plain(GAP).append(waits);
        }
        let marks = self.marks(item, viewer);
        if !marks.is_empty() {
            text.plain(INDENT).append(marks);
        }
    }

    /// What became of an item.
    fn acted(&self, item: &Item, act: &Act<Handle>, commits: &[Arc<Commit>], viewer: &Viewer) -> Outbound {
        let events = commits.first().map_or_else(Vec::new, |commit| item_events(commit));
        let mut text = match act {
            Act::Promote { .. } => return self.promoted(item, commits, viewer),
            Act::Refine { .. } => self.now(item, "refined"),
            Act::Reject { .. } => self.now(item, "rejected"),
            Act::Finding { .. } => return Outbound::text(numbered(item, "finding", findings(item), "noted")),
            Act::Assign { .. } | Act::Unassign { .. } => self.assignment(item, &events, viewer),
            Act::Doing => self.now(item, "doing"),
            Act::Done { .. } => self.now(item, "done"),
            Act::Reopen { .. } if item.reference.bucket == Bucket::Research => self.now(item, "running again"),
            Act::Reopen { .. } => self.now(item, "open again"),
            Act::Need { .. } => self.waiting_now(item),
            Act::Unneed { items } => self.not_waiting_now(item, items),
            Act::Criterion { .. } => {
                let criteria = if let item::Stage::Todo(todo) = &item.stage { todo.criteria.len() } else { 0 };
                return Outbound::text(numbered(item, "criterion", criteria, "added"));
            }
            Act::Review { verdict, .. } => self.now(
                item,
                match verdict {
                    pr::Verdict::Approve => "approved",
                    pr::Verdict::Changes => "changes asked for",
                    pr::Verdict::Comment => "comment noted",
                },
            ),
            Act::Merge => self.now(item, "merged"),
            Act::Close { .. } => self.now(item, "closed"),
            Act::Note { .. } => return Outbound::text(numbered(item, "note", item.notes as usize, "added")),
            Act::Title { .. } => self.now(item, "retitled"),
            Act::Tag { .. } | Act::Untag { .. } => self.tags_now(item, &events),
            Act::Prio { .. } => self.now(item, &format!("{} priority", item.priority)),
            Act::Due { .. } => match item.due {
                Some(due) => self.now(item, &format!("due {}", words::due(due, viewer))),
                None => self.now(item, "no longer due"),
            },
            Act::Project { .. } => match &item.project {
                Some(project) => self.now(item, &project.to_string()),
                None => self.now(item, "in no project"),
            },
            Act::Link { relation, to } => self.linked(item, *relation, to),
            Act::Attach { attachments, text } => {
                let files = match attachments.len() {
                    1 => "file".to_owned(),
                    n => words::count(n, "file"),
                };
                let noted = if text.trim().is_empty() { "" } else { ", note added" };
                self.now(item, &format!("{files} attached{noted}"))
            }
            Act::Correct { .. } => {
                let mut text = self.head(item, "corrected");
                self.first_marks(&mut text, item, viewer);
                text
            }
            Act::CorrectText { .. } => self.corrected(&events, item),
        };
        let mut buttons = Vec::new();
        self.consequences(&mut text, &mut buttons, item, &events);
        if item.is_closed() && events.iter().any(ends) {
            buttons.extend(verbs::undo_of(commits.first().map(|commit| &**commit), viewer));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// `T1 done   Fix login`
    fn now(&self, item: &Item, what: &str) -> Text {
        let mut text = Text::new();
        text.item(item.reference).plain(" ").plain(what);
        self.title(&mut text, item);
        text
    }

    /// `I1 -> R1 running   Offline mode` or `T3 created from R1   Offline mode   @dana`
    fn promoted(&self, item: &Item, commits: &[Arc<Commit>], viewer: &Viewer) -> Outbound {
        let caused = commits.iter().skip(1).filter_map(|commit| ItemRef::of_stream(commit.stream.as_str()));
        let new = caused.filter_map(|new| self.item(new)).find(|new| new.item.from == Some(item.reference));
        let Some(new) = new.map(|seen| &seen.item) else {
            // What reacts to it has not done so yet; it will, also after a restart.
            let mut text = self.now(item, state_name(self.state(item)));
            text.plain(INDENT).plain("What comes of it is created in a moment.");
            return Outbound::text(text);
        };
        let mut text = if new.state_word() == StateWord::Running {
            let mut text = Text::new();
            text.item(item.reference).plain(" -> ").item(new.reference).plain(" running");
            self.title(&mut text, new);
            self.assignees(&mut text, new);
            text
        } else {
            let mut text = Text::new();
            text.item(new.reference).plain(" created from ").item(item.reference);
            self.title(&mut text, new);
            self.assignees(&mut text, new);
            text
        };
        self.first_marks(&mut text, new, viewer);
        let undo = verbs::undo_of(commits.first().map(|commit| &**commit), viewer);
        with_buttons(Outbound::text(text), undo.into_iter().collect(), viewer)
    }

    /// `T3 assigned to dana, kim   Offline mode` or `T3 no longer assigned to dana   Offline mode`
    fn assignment(&self, item: &Item, events: &[item::Event], viewer: &Viewer) -> Text {
        let mut to: Vec<PersonId> = Vec::new();
        let mut from: Vec<PersonId> = Vec::new();
        for event in events {
            match event {
                item::Event::Todo(todo::Event::Assigned { person }) | item::Event::Fact(Fact::Assigned { person }) => {
                    to.push(*person)
                }
                item::Event::Fact(Fact::Unassigned { person }) => from.push(*person),
                _ => {}
            }
        }
        let names = |people: &[PersonId]| people.iter().map(|&it| self.name(it, viewer)).collect::<Vec<_>>().join(", ");
        let mut text = Text::new();
        text.item(item.reference);
        match (to.as_slice(), from.as_slice()) {
            ([], []) => text.plain(" assigned as before"),
            ([], from) => text.plain(" no longer assigned to ").push(Style::Quote, names(from)),
            (to, _) => text.plain(" assigned to ").push(Style::Quote, names(to)),
        };
        self.title(&mut text, item);
        text
    }

    fn waiting_now(&self, item: &Item) -> Text {
        let mut text = Text::new();
        let waits = self.waits(item.reference, true);
        text.item(item.reference).plain(" ");
        if waits.is_empty() {
            text.plain("need not wait, that is done already");
        } else {
            text.append(waits);
        }
        self.title(&mut text, item);
        text
    }

    fn not_waiting_now(&self, item: &Item, released: &[ItemRef]) -> Text {
        let mut text = Text::new();
        text.item(item.reference).plain(" no longer waits for ");
        let released: Vec<_> = released.iter().map(|&it| (it, String::new())).collect();
        named(&mut text, &released, false);
        self.title(&mut text, item);
        let still = self.waits(item.reference, true);
        if !still.is_empty() {
            text.plain(INDENT).plain("It still ").append(still).plain(".");
        }
        text
    }

    /// `T1 #auth #web   Fix login`: all its tags as they are now.
    fn tags_now(&self, item: &Item, events: &[item::Event]) -> Text {
        let mut changed: Vec<String> = Vec::new();
        let mut lost = false;
        for event in events {
            match event {
                item::Event::Fact(Fact::Tagged { tag }) => changed.push(tag.to_string()),
                item::Event::Fact(Fact::Untagged { tag }) => {
                    lost = true;
                    changed.push(tag.to_string());
                }
                _ => {}
            }
        }
        let what = match (changed.is_empty(), lost) {
            (true, _) => "tagged as before".to_owned(),
            (false, true) => format!("no longer {}", changed.join(" ")),
            (false, false) => format!("tagged {}", changed.join(" ")),
        };
        self.now(item, &what)
    }

    fn linked(&self, item: &Item, relation: Relation, to: &LinkTarget) -> Text {
        let mut text = Text::new();
        text.item(item.reference).plain(if relation == Relation::For { " is for " } else { " linked to " });
        match to {
            LinkTarget::Item(to) => text.item(to),
            LinkTarget::Url(url) => text.push(Style::Quote, words::one_line(url)),
        };
        self.title(&mut text, item);
        text
    }

    fn corrected(&self, events: &[item::Event], item: &Item) -> Text {
        let is_finding =
            |event: &item::Event| matches!(event, item::Event::Research(research::Event::FindingAdded { .. }));
        let is_refinement = |event: &item::Event| matches!(event, item::Event::Idea(idea::Event::Refined { .. }));
        let what = match events.first() {
            Some(event) if is_finding(event) => "finding corrected",
            Some(event) if is_refinement(event) => "refinement corrected",
            _ => "note corrected",
        };
        self.now(item, what)
    }

    /// What follows for other items: who is no longer waiting, who waits again, what it was for.
    fn consequences(&self, text: &mut Text, buttons: &mut Vec<Button>, item: &Item, events: &[item::Event]) {
        let despite = events.iter().find_map(|event| match event {
            item::Event::Todo(todo::Event::Completed { despite }) if !despite.is_empty() => Some(despite),
            _ => None,
        });
        if let Some(despite) = despite {
            let despite: Vec<_> =
                despite.iter().filter_map(|&it| Some((it, self.item(it)?.item.title.clone()))).collect();
            text.plain(INDENT).plain("although it waited for ");
            named(text, &despite, true);
            text.plain(".");
        }
        let closes = item.is_closed() && events.iter().any(ends);
        let opens = !item.is_closed() && events.iter().any(begins_again);
        if !closes && !opens {
            return;
        }
        let waiting: Vec<_> = self.waited_for_by(item.reference).iter().filter_map(|&it| self.item(it)).collect();
        let affected: Vec<_> = waiting
            .iter()
            .filter(|seen| opens || !self.items.is_blocked(&seen.item))
            .map(|seen| (seen.item.reference, seen.item.title.clone()))
            .collect();
        if !affected.is_empty() {
            text.plain(INDENT);
            named(text, &affected, true);
            let one = affected.len() == 1;
            text.plain(match (closes, one) {
                (true, true) => " is no longer waiting.",
                (true, false) => " are no longer waiting.",
                (false, true) => " waits for it again.",
                (false, false) => " wait for it again.",
            });
        }
        if item.state_word() == StateWord::Merged {
            for (relation, to) in &item.links {
                if let (Relation::For, LinkTarget::Item(to)) = (relation, to)
                    && let Some(served) = self.item(*to)
                    && to.bucket == Bucket::Todo
                    && !served.item.is_closed()
                {
                    text.plain(INDENT).plain("It was for ").item(to).plain(" (");
                    text.push(Style::Quote, words::one_line(&served.item.title)).plain("), which is still open.");
                    buttons.push(press(
                        &format!("Done {to}"),
                        &served.item,
                        Act::Done { anyway: false, text: String::new() },
                    ));
                }
            }
        }
        if item.is_closed()
            && let item::Stage::Idea(idea::State { reason, .. }) | item::Stage::Pr(pr::State { reason, .. }) =
                &item.stage
        {
            said(text, "because: ", reason);
        }
    }
}

/// An answer when the item itself is not in memory: what was said is in the log all the same.
fn accepted(item: Option<ItemRef>) -> Outbound {
    let mut text = Text::new();
    match item {
        Some(item) => text.item(item).plain(" changed."),
        None => text.plain("Done."),
    };
    Outbound::text(text)
}

/// `R1 finding 1 noted`
fn numbered(item: &Item, what: &str, number: usize, done: &str) -> Text {
    let mut text = Text::new();
    text.item(item.reference).plain(format!(" {what} {number} {done}"));
    text
}

fn findings(item: &Item) -> usize {
    if let item::Stage::Research(research) = &item.stage { research.findings as usize } else { 0 }
}

/// Whether an event closes its item.
pub(super) fn ends(event: &item::Event) -> bool {
    matches!(
        event,
        item::Event::Idea(idea::Event::Rejected { .. } | idea::Event::Promoted { .. })
            | item::Event::Research(research::Event::Done { .. })
            | item::Event::Todo(todo::Event::Completed { .. })
            | item::Event::Pr(pr::Event::Merged | pr::Event::Closed { .. })
    )
}

/// Whether an event opens its item again.
pub(super) fn begins_again(event: &item::Event) -> bool {
    matches!(
        event,
        item::Event::Idea(idea::Event::Reopened { .. })
            | item::Event::Research(research::Event::Reopened { .. })
            | item::Event::Todo(todo::Event::Reopened { .. })
            | item::Event::Pr(pr::Event::Reopened { .. })
    )
}
