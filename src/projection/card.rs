//! An item as a message: where it stands, what matters about it, who changed it last, and the buttons that make sense now.
//! A button carries its whole command with the item's version, so one pressed too late is refused and not misunderstood.

use chrono::TimeDelta;
use yoman_chat::{Accent, Ask, Button, ButtonTone, Outbound, Style, Text};

use super::{
    Viewer, World,
    line::{INDENT, SAID_CHARS_MAX, state_name},
    undone, words,
};
use crate::{
    command::{Command, Target},
    domain::{
        Bucket, Handle, ItemRef, Priority,
        filter::StateWord,
        item::{Act, Carry, Item, LinkTarget, Relation, Stage},
        pr,
    },
};

/// The most bytes a button carries, whatever more its platform allows: cards look the same everywhere.
pub(super) const BUTTON_BYTES_MAX: usize = 64;
/// The most acceptance criteria a card shows before it counts the rest.
const CRITERIA_MAX: usize = 6;
/// The most links a card shows before it counts the rest.
const LINKS_MAX: usize = 5;

impl World {
    /// An item as a message: text and the buttons that make sense now, each with the item's version.
    pub fn card(&self, item: ItemRef, viewer: &Viewer) -> Option<Outbound> {
        let item = &self.items.get(item)?.seen.item;
        let mut text = self.head(item, state_name(self.state(item)));
        self.details(&mut text, item, viewer);
        self.newest_change(&mut text, item.reference, viewer);
        let buttons = if self.as_of.is_some() { Vec::new() } else { self.buttons_for(item, viewer) };
        let mut out = with_buttons(Outbound::text(text), buttons, viewer);
        out.accent = self.accent(item.reference, viewer);
        Some(out)
    }

    /// Where an item stands, as a colour.
    pub fn accent(&self, item: ItemRef, viewer: &Viewer) -> Option<Accent> {
        let item = &self.items.get(item)?.seen.item;
        let late = || item.due.is_some_and(|due| words::due_until(due, viewer) < viewer.now);
        Some(match self.state(item) {
            StateWord::Done | StateWord::Merged | StateWord::Promoted => Accent::Finished,
            StateWord::Rejected | StateWord::Closed | StateWord::Withdrawn => Accent::Dropped,
            _ if item.priority == Priority::Urgent || late() => Accent::Pressing,
            StateWord::Blocked => Accent::Waiting,
            StateWord::Running | StateWord::Doing | StateWord::Reviewed => Accent::Active,
            StateWord::Open => Accent::Open,
        })
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
        self.linked_to(text, item);
        if item.notes > 0 || item.attachments > 0 {
            let some = |n: u32, one| (n > 0).then(|| words::count(n as usize, one));
            let counted: Vec<_> = some(item.notes, "note").into_iter().chain(some(item.attachments, "file")).collect();
            text.plain(INDENT).push(Style::Dim, words::listed(&counted));
        }
    }

    /// `linked to P1, https://example.org/42`: what it is for stands among the marks already.
    fn linked_to(&self, text: &mut Text, item: &Item) {
        let links = item.links.iter().filter(|link| !matches!(link, (Relation::For, LinkTarget::Item(_))));
        let links: Vec<_> = links.map(|(_, to)| to).collect();
        for (index, to) in links.iter().take(LINKS_MAX).enumerate() {
            match index {
                0 => text.plain(INDENT).plain("linked to "),
                _ => text.plain(", "),
            };
            match to {
                LinkTarget::Item(to) => text.item(to),
                LinkTarget::Url(url) => text.push(Style::Quote, words::one_line(url)),
            };
        }
        if links.len() > LINKS_MAX {
            text.plain(format!(" and {} more", links.len() - LINKS_MAX));
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
            None => (&*seen.changed_by, &*seen.changed_on),
        };
        let mut line = Text::new();
        line.plain(&*entry.how);
        self.by(&mut line, actor, bot, viewer);
        let past = viewer.now.signed_duration_since(seen.changed_at);
        let just_now = past < TimeDelta::minutes(1) && self.as_of.is_none();
        line.plain(" ").plain(if just_now { "just now".to_owned() } else { words::at(seen.changed_at, viewer) });
        text.plain(INDENT);
        for span in line.spans {
            text.push(if span.style == Style::Plain { Style::Dim } else { span.style }, span.text);
        }
    }

    /// What can be done with an item now where this viewer is.
    pub(super) fn buttons_for(&self, item: &Item, viewer: &Viewer) -> Vec<Button> {
        let mut buttons = self.buttons(item);
        if viewer.capabilities.forms && !item.is_closed() {
            // Where the words are written at once, without a question in the chat.
            if item.reference.bucket == Bucket::Pr {
                buttons.insert(1, asking("Changes", item.reference, "review", " changes"));
            }
            buttons.push(asking("Note", item.reference, "note", ""));
        }
        self.and_more(buttons, item, viewer)
    }

    /// What can be done with an item now, the likeliest first.
    pub(super) fn buttons(&self, item: &Item) -> Vec<Button> {
        let at = |label: &str, act: Act<Handle>| press(label, item, act);
        let onwards = |to: Bucket| Act::Promote { to: Some(to), carry: Carry::default() };
        let done = |anyway: bool| Act::Done { anyway, text: String::new() };
        let reason = String::new;
        // Words are asked for when one of these is pressed, so no version is needed: nothing is done by pressing.
        let asking = |label: &str, verb: &str| asking(label, item.reference, verb, "");
        let why = || asking("Why?", "why");
        let mut buttons = match self.state(item) {
            StateWord::Open if item.reference.bucket == Bucket::Idea => vec![
                asking("Refine", "refine"),
                at("Research", onwards(Bucket::Research)).tone(ButtonTone::Primary),
                at("To do", onwards(Bucket::Todo)),
                at("Reject", Act::Reject { reason: reason() }).tone(ButtonTone::Danger),
            ],
            StateWord::Running => vec![
                asking("Finding", "finding"),
                at("To do", onwards(Bucket::Todo)).tone(ButtonTone::Primary),
                at("Done", done(false)),
            ],
            StateWord::Open if item.reference.bucket == Bucket::Todo => {
                vec![at("Start", Act::Doing).tone(ButtonTone::Primary), at("Done", done(false)), why()]
            }
            StateWord::Blocked => vec![why(), at("Start", Act::Doing), at("Done anyway", done(true))],
            StateWord::Doing => {
                let mut buttons = vec![at("Done", done(false)).tone(ButtonTone::Primary)];
                // It may become several, but one is what people mean when they press.
                if self.items.children(item.reference).next().is_none() {
                    buttons.push(at("Open PR", onwards(Bucket::Pr)));
                }
                buttons.push(why());
                buttons
            }
            StateWord::Open | StateWord::Reviewed => vec![
                at("Approve", Act::Review { verdict: pr::Verdict::Approve, text: reason() }),
                at("Merge", Act::Merge).tone(ButtonTone::Primary),
                at("Close", Act::Close { reason: reason() }).tone(ButtonTone::Danger),
            ],
            StateWord::Promoted => vec![why()],
            StateWord::Withdrawn => {
                item.withdrawn.map(|by| undone::again(&[(item.reference, by)])).into_iter().collect()
            }
            StateWord::Done | StateWord::Rejected | StateWord::Merged | StateWord::Closed => {
                vec![at("Reopen", Act::Reopen { reason: reason() })]
            }
        };
        if self.is_doing_though_waiting(item) {
            buttons.retain(|button| button.label != "Done");
            buttons.insert(0, at("Done anyway", done(true)));
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
pub(super) fn press(label: &str, item: &Item, act: Act<Handle>) -> Button {
    let target = Target { item: item.reference, version: Some(item.version) };
    // No act of a button holds a date, so the time zone does not matter.
    Button::new(label, Command::Item { target: Some(target), act }.to_text(chrono_tz::UTC))
}

/// A button that does nothing by itself, because words are still to come (or because it only looks).
fn asking(label: &str, item: ItemRef, verb: &str, behind: &str) -> Button {
    Button::new(label, format!("/{verb} {item}{behind}"))
}

/// What a form has to ask for so that the command of a button is whole; `None` when it needs no words.
pub fn ask(data: &str) -> Option<Ask> {
    let mut words = data.strip_prefix('/')?.split(' ');
    let (verb, item) = (words.next()?, words.next()?);
    let item: ItemRef = item.split('@').next()?.parse().ok()?;
    let (what, label, long, optional) = match (verb, words.next(), words.next()) {
        ("refine", None, _) => ("Refine", "Say it better", true, false),
        ("finding", None, _) => ("Finding on", "What was found out", true, false),
        ("note", None, _) => ("Note on", "What is to be noted", true, false),
        ("criterion", None, _) => ("Criterion of", "What must hold", false, false),
        ("title", None, _) => ("Title of", "Another title", false, false),
        ("review", None, _) => ("Review", "What you think of it", true, false),
        ("review", Some("changes"), None) => ("Changes to", "What has to change", true, false),
        ("reject", None, _) => ("Reject", "Why, if you like", true, true),
        ("close", None, _) => ("Close", "Why, if you like", true, true),
        _ => return None,
    };
    Some(Ask { title: format!("{what} {item}"), label: label.into(), long, optional })
}

/// Puts buttons under a message, in rows its platform can show.
pub(super) fn with_buttons(out: Outbound, buttons: Vec<Button>, viewer: &Viewer) -> Outbound {
    let bytes_max = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
    let fitting = buttons.into_iter().filter(|button| button.data.len() <= bytes_max);
    let fitting: Vec<_> = fitting.map(|button| Button { ask: ask(&button.data), ..button }).collect();
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
        pr::Verdict::Comment => "comment",
    }
}
