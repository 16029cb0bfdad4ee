//! An item as a message: where it stands, what matters about it, who changed it last, and the buttons that make sense now.
//! A button carries its whole command with the item's version, so one pressed too late is refused and not misunderstood.

use chrono::TimeDelta;
use yoman_chat::{Button, ButtonTone, Outbound, Style, Text};

use super::{
    Viewer, World,
    line::{INDENT, SAID_CHARS_MAX, state_name},
    words,
};
use crate::domain::{
    Bucket, ItemRef,
    filter::StateWord,
    item::{Item, Stage},
    pr,
};

/// The most bytes a button carries, whatever more its platform allows: cards look the same everywhere.
pub(super) const BUTTON_BYTES_MAX: usize = 64;
/// The most acceptance criteria a card shows before it counts the rest.
const CRITERIA_MAX: usize = 6;

impl World {
    /// An item as a message: text and the buttons that make sense now, each with the item's version.
    pub fn card(&self, item: ItemRef, viewer: &Viewer) -> Option<Outbound> {
        let item = &self.items.get(item)?.seen.item;
        let mut text = self.head(item, state_name(self.state(item)));
        self.details(&mut text, item, viewer);
        self.newest_change(&mut text, item.reference, viewer);
        Some(with_buttons(Outbound::text(text), self.buttons(item), viewer))
    }

    /// What stands under the first line: marks, what it waits for, body, criteria, the newest thing said.
    fn details(&self, text: &mut Text, item: &Item, viewer: &Viewer) {
        let mut marks = self.marks(item, viewer);
        let mut part = |with: Text| {
            if !with.is_empty() {
                if !marks.is_empty() {
                    marks.plain("  ");
                }
                marks.append(with);
            }
        };
        part(self.waits(item.reference, true));
        part(self.origin(item));
        if !marks.is_empty() {
            text.plain(INDENT).append(marks);
        }
        said(text, "", &item.body);
        match &item.stage {
            Stage::Idea(idea) => {
                said(text, "refined: ", idea.refined.as_deref().unwrap_or_default());
                said(text, "rejected because: ", &idea.reason);
            }
            Stage::Research(research) => {
                if let (Some(newest), "") = (&research.newest, research.conclusion.as_str()) {
                    said(text, &format!("finding {}: ", research.findings), newest);
                }
                said(text, "conclusion: ", &research.conclusion);
            }
            Stage::Todo(todo) => {
                for criterion in todo.criteria.iter().take(CRITERIA_MAX) {
                    said(text, "- [ ] ", criterion);
                }
                if todo.criteria.len() > CRITERIA_MAX {
                    text.plain(INDENT).plain(format!("and {} more", todo.criteria.len() - CRITERIA_MAX));
                }
            }
            Stage::Pr(pr) => {
                if let Some((verdict, words)) = &pr.review {
                    text.plain(INDENT).plain(verdict_name(*verdict));
                    if !words.is_empty() {
                        text.plain(": ");
                        quote(text, words);
                    }
                }
                said(text, "closed because: ", &pr.reason);
            }
        }
        if item.notes > 0 || item.attachments > 0 {
            let some = |n: u32, one| (n > 0).then(|| words::count(n as usize, one));
            let counted: Vec<_> = some(item.notes, "note").into_iter().chain(some(item.attachments, "file")).collect();
            text.plain(INDENT).push(Style::Dim, words::listed(&counted));
        }
    }

    /// `from R1  became T3`
    fn origin(&self, item: &Item) -> Text {
        let mut out = Text::new();
        if let Some(from) = item.from {
            out.plain("from ").item(from);
        }
        for (index, child) in self.items.children(item.reference).enumerate() {
            match (index, out.is_empty()) {
                (0, true) => out.plain("became "),
                (0, false) => out.plain("  became "),
                _ => out.plain(", "),
            };
            out.item(child);
        }
        out
    }

    /// `started by dana (Discord) just now`. A card stays in its chat, so anything but this very minute is said as a time.
    fn newest_change(&self, text: &mut Text, item: ItemRef, viewer: &Viewer) {
        let Some(entry) = self.items.get(item) else { return };
        let seen = &entry.seen;
        let (actor, bot) = match &entry.behalf {
            Some(doer) => (&*doer.actor, &*doer.bot),
            None => (seen.changed_by.as_str(), seen.changed_on.as_str()),
        };
        let mut line = Text::new();
        line.plain(entry.how);
        self.by(&mut line, actor, bot, viewer);
        let past = viewer.now.signed_duration_since(seen.changed_at);
        let just_now = past < TimeDelta::minutes(1);
        line.plain(" ").plain(if just_now { "just now".to_owned() } else { words::at(seen.changed_at, viewer) });
        text.plain(INDENT);
        for span in line.spans {
            text.push(if span.style == Style::Plain { Style::Dim } else { span.style }, span.text);
        }
    }

    /// What can be done with an item now, the likeliest first.
    pub(super) fn buttons(&self, item: &Item) -> Vec<Button> {
        let at = |label: &str, verb: &str, rest: &str| press(label, verb, item, rest);
        // Words are asked for when one of these is pressed, so no version is needed: nothing is done by pressing.
        let asking = |label: &str, verb: &str| Button::new(label, format!("/{verb} {}", item.reference));
        let why = || asking("Why?", "why");
        let mut buttons = match self.state(item) {
            StateWord::Open if item.reference.bucket == Bucket::Idea => vec![
                asking("Refine", "refine"),
                at("Research", "promote", " to research").tone(ButtonTone::Primary),
                at("To do", "promote", " to todo"),
                at("Reject", "reject", "").tone(ButtonTone::Danger),
            ],
            StateWord::Running => vec![
                asking("Finding", "finding"),
                at("To do", "promote", " to todo").tone(ButtonTone::Primary),
                at("Done", "done", ""),
            ],
            StateWord::Open if item.reference.bucket == Bucket::Todo => {
                vec![at("Start", "doing", "").tone(ButtonTone::Primary), at("Done", "done", ""), why()]
            }
            StateWord::Blocked => vec![why(), at("Start", "doing", ""), at("Done anyway", "done", " anyway")],
            StateWord::Doing => {
                vec![at("Done", "done", "").tone(ButtonTone::Primary), at("To pr", "promote", " to pr"), why()]
            }
            StateWord::Open | StateWord::Reviewed => vec![
                at("Approve", "review", " approve"),
                at("Merge", "merge", "").tone(ButtonTone::Primary),
                at("Close", "close", "").tone(ButtonTone::Danger),
            ],
            StateWord::Promoted => vec![why()],
            StateWord::Done | StateWord::Rejected | StateWord::Merged | StateWord::Closed => {
                vec![at("Reopen", "reopen", "")]
            }
        };
        if self.is_doing_though_waiting(item) {
            buttons.retain(|button| button.label != "Done");
            buttons.insert(0, at("Done anyway", "done", " anyway"));
        }
        if item.is_closed()
            && let Some(child) = self.items.children(item.reference).last()
        {
            buttons.push(Button::new(format!("Show {child}"), format!("/show {child}")));
        }
        buttons
    }

    fn is_doing_though_waiting(&self, item: &Item) -> bool {
        item.state_word() == StateWord::Doing && self.items.is_blocked(item)
    }
}

/// A button that does something to an item as it is now.
pub(super) fn press(label: &str, verb: &str, item: &Item, rest: &str) -> Button {
    Button::new(label, format!("/{verb} {}@{}{rest}", item.reference, item.version))
}

/// Puts buttons under a message, in rows its platform can show.
pub(super) fn with_buttons(out: Outbound, buttons: Vec<Button>, viewer: &Viewer) -> Outbound {
    let bytes_max = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
    let fitting: Vec<_> = buttons.into_iter().filter(|button| button.data.len() <= bytes_max).collect();
    let per_row = viewer.capabilities.buttons_per_row_max.max(1);
    fitting.chunks(per_row).fold(out, |out, row| out.row(row.to_vec()))
}

/// A further line of outside text behind a word of ours; nothing when there is no text.
pub(super) fn said(text: &mut Text, what: &str, words: &str) {
    if !words.trim().is_empty() {
        text.plain(INDENT).plain(what);
        quote(text, words);
    }
}

/// Outside text, shortened, its further lines indented.
pub(super) fn quote(text: &mut Text, said: &str) {
    let said = words::lines(said);
    text.push(Style::Quote, words::shorten(said.trim(), SAID_CHARS_MAX).replace('\n', INDENT));
}

fn verdict_name(verdict: pr::Verdict) -> &'static str {
    match verdict {
        pr::Verdict::Approve => "approved",
        pr::Verdict::Changes => "changes asked for",
        pr::Verdict::Comment => "commented on",
    }
}
