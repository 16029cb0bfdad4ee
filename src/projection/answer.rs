//! What an accepted command is answered with, once its commits are folded in: the first line says what is the case now,
//! further lines what follows for others.

use std::sync::Arc;

use yoman_chat::{Button, Outbound, Text};

use super::{
    Viewer, World,
    card::{press, said_as, with_buttons},
    line::{GAP, INDENT, named, state_name, title},
    notice::item_events,
    phrase::link_text,
    reports, verbs, words,
};
use crate::{
    command::Command,
    domain::{
        Bucket, Handle, ItemRef, PersonId,
        filter::StateWord,
        idea,
        item::{self, Act, Fact, Item, LinkTarget, Relation},
        pr, reminder, research, todo,
    },
    lang::{self, Lang, say, text},
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
                None => accepted(touched, viewer.lang),
            },
            Command::Item { target, act } => {
                let item = touched.or(target.map(|target| target.item));
                match item.and_then(|item| self.item(item)) {
                    Some(seen) => self.acted(&seen.item, act, commits, viewer),
                    None => accepted(item, viewer.lang),
                }
            }
            Command::Room(command) => Outbound::text(self.room_answer(command, commits, viewer)),
            Command::Person(_) => Outbound::text(self.person_answer(commits, viewer)),
            Command::Report(command) => reports::answer(command, viewer.lang),
            // Answered as what it confirms.
            Command::Confirm { .. } => Outbound::default(),
            Command::Remind(command) => {
                let item = commits.first().and_then(|commit| reminder::of_stream(commit.stream.as_str()));
                self.reminder_answer(command, item, viewer)
            }
            // A look makes no commits, and is answered by the view it asks for.
            Command::Look(_) | Command::Rebuild(_) => Outbound::default(),
            // Worded where it is known what was taken back: see `World::undone`.
            Command::Undo { .. } => accepted(touched, viewer.lang),
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
        let mut text = self.head(item, &say!(viewer.lang, "answer", what = verb), viewer);
        self.first_marks(&mut text, item, viewer);
        let buttons = if captured { self.buttons_for(item, viewer) } else { Vec::new() };
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// Behind the first line what a new item waits for, under it its marks.
    fn first_marks(&self, text: &mut Text, item: &Item, viewer: &Viewer) {
        let waits = self.waits(item.reference, false, viewer.lang);
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
        let lang = viewer.lang;
        let became = |what: &str| now(item, &say!(lang, "answer", what));
        let mut text = match act {
            Act::Promote { .. } => return self.promoted(item, commits, viewer),
            Act::Refine { .. } => became("refined"),
            Act::Reject { .. } => became("rejected"),
            Act::Finding { .. } => {
                return Outbound::text(text!(lang, "answer-finding", item = item.reference, n = findings(item)));
            }
            Act::Assign { .. } | Act::Unassign { .. } => self.assignment(item, &events, viewer),
            Act::Doing => became("doing"),
            Act::Done { .. } => became("done"),
            Act::Reopen { .. } if item.reference.bucket == Bucket::Research => became("running-again"),
            Act::Reopen { .. } => became("open-again"),
            Act::Need { .. } => self.waiting_now(item, lang),
            Act::Unneed { items } => self.not_waiting_now(item, items, lang),
            Act::Criterion { .. } => {
                let criteria = if let item::Stage::Todo(todo) = &item.stage { todo.criteria.len() } else { 0 };
                return Outbound::text(text!(lang, "answer-criterion", item = item.reference, n = criteria));
            }
            Act::Review { verdict, .. } => became(match verdict {
                pr::Verdict::Approve => "approved",
                pr::Verdict::Changes => "changes",
                pr::Verdict::Comment => "comment",
            }),
            Act::Merge => became("merged"),
            Act::Close { .. } => became("closed"),
            Act::Note { .. } => {
                return Outbound::text(text!(lang, "answer-note", item = item.reference, n = item.notes));
            }
            Act::Title { .. } => became("retitled"),
            Act::Tag { .. } | Act::Untag { .. } => tags_now(item, &events, lang),
            Act::Prio { .. } => {
                let priority = say!(lang, "priority", priority = item.priority.word());
                now(item, &say!(lang, "answer-priority", priority))
            }
            Act::Due { .. } => match item.due {
                Some(due) => now(item, &say!(lang, "due", when = words::due(due, viewer))),
                None => became("due-not"),
            },
            Act::Project { .. } => match &item.project {
                Some(project) => now(item, &words::project(project, lang)),
                None => became("no-project"),
            },
            Act::Link { relation, to } => linked(item, *relation, to, lang),
            Act::Attach { attachments, text } => {
                let n = attachments.len();
                let what = if text.trim().is_empty() {
                    say!(lang, "answer-attached", n)
                } else {
                    say!(lang, "answer-attached-noted", n)
                };
                now(item, &what)
            }
            Act::Correct { .. } => {
                let mut text = self.head(item, &say!(lang, "answer", what = "corrected"), viewer);
                self.first_marks(&mut text, item, viewer);
                text
            }
            Act::CorrectText { .. } => became(corrected(&events)),
        };
        let mut buttons = Vec::new();
        self.consequences(&mut text, &mut buttons, item, &events, lang);
        if item.is_closed() && events.iter().any(ends) {
            buttons.extend(verbs::undo_of(commits.first().map(|commit| &**commit), viewer));
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// `I1 -> R1 running   Offline mode` or `T3 created from R1   Offline mode   @dana`
    fn promoted(&self, item: &Item, commits: &[Arc<Commit>], viewer: &Viewer) -> Outbound {
        let lang = viewer.lang;
        let caused = commits.iter().skip(1).filter_map(|commit| ItemRef::of_stream(commit.stream.as_str()));
        let new = caused.filter_map(|new| self.item(new)).find(|new| new.item.from == Some(item.reference));
        let Some(new) = new.map(|seen| &seen.item) else {
            // What reacts to it has not done so yet; it will, also after a restart.
            let mut text = now(item, &state_name(self.state(item), lang));
            text.plain(INDENT).plain(say!(lang, "answer-in-a-moment"));
            return Outbound::text(text);
        };
        let mut text = if new.state_word() == StateWord::Running {
            text!(lang, "answer-researched", item = item.reference, new = new.reference)
        } else {
            text!(lang, "answer-promoted", item = item.reference, new = new.reference)
        };
        title(&mut text, new);
        self.assignees(&mut text, new, lang);
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
        let (lang, reference) = (viewer.lang, item.reference);
        let mut text = match (to.as_slice(), from.as_slice()) {
            ([], []) => text!(lang, "answer-assigned-as-before", item = reference),
            ([], from) => text!(lang, "answer-unassigned", item = reference, who = lang::quote(names(from))),
            (to, _) => text!(lang, "answer-assigned", item = reference, who = lang::quote(names(to))),
        };
        title(&mut text, item);
        text
    }

    fn waiting_now(&self, item: &Item, lang: Lang) -> Text {
        let waits = self.waits(item.reference, true, lang);
        let mut text = if waits.is_empty() {
            text!(lang, "answer-need-not", item = item.reference)
        } else {
            text!(lang, "answer-waits", item = item.reference, waits)
        };
        title(&mut text, item);
        text
    }

    fn not_waiting_now(&self, item: &Item, released: &[ItemRef], lang: Lang) -> Text {
        let released: Vec<_> = released.iter().map(|&it| (it, String::new())).collect();
        let items = named(&released, false, lang);
        let mut text = text!(lang, "answer-waits-not", item = item.reference, items);
        title(&mut text, item);
        let waits = self.waits(item.reference, true, lang);
        if !waits.is_empty() {
            text.plain(INDENT).append(text!(lang, "answer-still-waits", waits));
        }
        text
    }

    /// What follows for other items: who is no longer waiting, who waits again, what it was for.
    fn consequences(
        &self,
        text: &mut Text,
        buttons: &mut Vec<Button>,
        item: &Item,
        events: &[item::Event],
        lang: Lang,
    ) {
        let despite = events.iter().find_map(|event| match event {
            item::Event::Todo(todo::Event::Completed { despite }) if !despite.is_empty() => Some(despite),
            _ => None,
        });
        if let Some(despite) = despite {
            let despite: Vec<_> =
                despite.iter().filter_map(|&it| Some((it, self.item(it)?.item.title.clone()))).collect();
            text.plain(INDENT).append(text!(lang, "answer-although", items = named(&despite, true, lang)));
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
            let (items, n) = (named(&affected, true, lang), affected.len());
            text.plain(INDENT).append(if closes {
                text!(lang, "answer-freed", items, n)
            } else {
                text!(lang, "answer-waiting-again", items, n)
            });
        }
        if item.state_word() == StateWord::Merged {
            for (relation, to) in &item.links {
                if let (Relation::For, LinkTarget::Item(to)) = (relation, to)
                    && let Some(served) = self.item(*to)
                    && to.bucket == Bucket::Todo
                    && !served.item.is_closed()
                {
                    let title = lang::quote(words::one_line(&served.item.title));
                    text.plain(INDENT).append(text!(lang, "answer-was-for", item = *to, title));
                    buttons.push(press(
                        say!(lang, "button-done-item", item = *to),
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
            said_as(text, reason, |words| text!(lang, "card-because", words));
        }
    }
}

/// An answer when the item itself is not in memory: what was said is in the log all the same.
fn accepted(item: Option<ItemRef>, lang: Lang) -> Outbound {
    Outbound::text(match item {
        Some(item) => text!(lang, "answer-changed", item),
        None => text!(lang, "answer-ok"),
    })
}

/// `T1 done   Fix login`
fn now(item: &Item, what: &str) -> Text {
    let mut text = Text::new();
    text.item(item.reference).plain(" ").plain(what);
    title(&mut text, item);
    text
}

/// `T1 #auth #web   Fix login`: all its tags as they are now.
fn tags_now(item: &Item, events: &[item::Event], lang: Lang) -> Text {
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
        (true, _) => say!(lang, "answer", what = "tagged-as-before"),
        (false, true) => say!(lang, "answer-untagged", tags = changed.join(" ")),
        (false, false) => say!(lang, "answer-tagged", tags = changed.join(" ")),
    };
    now(item, &what)
}

fn linked(item: &Item, relation: Relation, to: &LinkTarget, lang: Lang) -> Text {
    let to = link_text(to);
    let mut text = if relation == Relation::For {
        text!(lang, "answer-for", item = item.reference, to)
    } else {
        text!(lang, "answer-linked", item = item.reference, to)
    };
    title(&mut text, item);
    text
}

/// What was corrected, by the word its answer is chosen by.
fn corrected(events: &[item::Event]) -> &'static str {
    match events.first() {
        Some(item::Event::Research(research::Event::FindingAdded { .. })) => "finding-corrected",
        Some(item::Event::Idea(idea::Event::Refined { .. })) => "refinement-corrected",
        _ => "note-corrected",
    }
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
