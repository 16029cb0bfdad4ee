//! An item as a message: where it stands, what matters about it, who changed it last, and the buttons that make sense now.
//! A button carries its whole command with the item's version, so one pressed too late is refused and not misunderstood.

use chrono::TimeDelta;
use yoman_chat::{Accent, Ask, Button, ButtonTone, Outbound, Style, Text};

use super::{
    Viewer, World,
    line::{INDENT, SAID_CHARS_MAX, state_name},
    phrase, undone, words,
};
use crate::{
    command::{Command, Target},
    domain::{
        Bucket, Handle, ItemRef, Priority,
        filter::StateWord,
        item::{Act, Carry, Item, LinkTarget, Relation, Stage},
        pr,
    },
    lang::{Lang, say, text},
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
        let mut text = self.head(item, &state_name(self.state(item), viewer.lang), viewer);
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
        let lang = viewer.lang;
        let mut marks = self.marks(item, viewer);
        let mut part = |with: Text| {
            if !with.is_empty() {
                if !marks.is_empty() {
                    marks.plain("  ");
                }
                marks.append(with);
            }
        };
        part(self.waits(item.reference, true, lang));
        part(self.origin(item, lang));
        if !marks.is_empty() {
            text.plain(INDENT).append(marks);
        }
        said(text, &item.body);
        match &item.stage {
            Stage::Idea(idea) => {
                let refined = idea.refined.as_deref().unwrap_or_default();
                said_as(text, refined, |words| text!(lang, "card-refined", words));
                said_as(text, &idea.reason, |words| text!(lang, "card-rejected", words));
            }
            Stage::Research(research) => {
                if let (Some(newest), "") = (&research.newest, research.conclusion.as_str()) {
                    said_as(text, newest, |words| text!(lang, "card-finding", n = research.findings, words));
                }
                said_as(text, &research.conclusion, |words| text!(lang, "card-conclusion", words));
            }
            Stage::Todo(todo) => {
                for criterion in todo.criteria.iter().take(CRITERIA_MAX) {
                    text.plain(INDENT).plain("- [ ] ").append(quoted(criterion));
                }
                if todo.criteria.len() > CRITERIA_MAX {
                    text.plain(INDENT).plain(say!(lang, "more", n = todo.criteria.len() - CRITERIA_MAX));
                }
            }
            Stage::Pr(pr) => {
                if let Some((verdict, words)) = &pr.review {
                    text.plain(INDENT).plain(say!(lang, "card-verdict", verdict = verdict_key(*verdict)));
                    if !words.is_empty() {
                        text.plain(": ").append(quoted(words));
                    }
                }
                said_as(text, &pr.reason, |words| text!(lang, "card-closed", words));
            }
        }
        linked_to(text, item, lang);
        if item.notes > 0 || item.attachments > 0 {
            let some = |n: u32, what| (n > 0).then(|| words::count(n, what, lang));
            let counted: Vec<_> = some(item.notes, "note").into_iter().chain(some(item.attachments, "file")).collect();
            text.plain(INDENT).push(Style::Dim, words::listed(&counted, lang));
        }
    }

    /// `from R1  became T3`
    fn origin(&self, item: &Item, lang: Lang) -> Text {
        let mut out = Text::new();
        if let Some(from) = item.from {
            out.append(text!(lang, "card-from", item = from));
        }
        let mut became = Text::new();
        for child in self.items.children(item.reference) {
            became.plain(if became.is_empty() { "" } else { ", " }).item(child);
        }
        if !became.is_empty() {
            out.plain(if out.is_empty() { "" } else { "  " }).append(text!(lang, "card-became", items = became));
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
        let what = self.by(phrase::done_words(&entry.how, viewer.lang).into(), actor, bot, viewer);
        let past = viewer.now.signed_duration_since(seen.changed_at);
        let just_now = past < TimeDelta::minutes(1) && self.as_of.is_none();
        let when = if just_now { say!(viewer.lang, "ago-now") } else { words::at(seen.changed_at, viewer) };
        let line = text!(viewer.lang, "done-when", what, when);
        text.plain(INDENT);
        for span in line.spans {
            text.push(if span.style == Style::Plain { Style::Dim } else { span.style }, span.text);
        }
    }

    /// What can be done with an item now where this viewer is.
    pub(super) fn buttons_for(&self, item: &Item, viewer: &Viewer) -> Vec<Button> {
        let lang = viewer.lang;
        let mut buttons = self.buttons(item, lang);
        if viewer.capabilities.forms && !item.is_closed() {
            // Where the words are written at once, without a question in the chat.
            if item.reference.bucket == Bucket::Pr {
                buttons.insert(1, asking(say!(lang, "button-changes"), item.reference, "review", " changes"));
            }
            buttons.push(asking(say!(lang, "button-note"), item.reference, "note", ""));
        }
        self.and_more(buttons, item, viewer)
    }

    /// What can be done with an item now, the likeliest first.
    pub(super) fn buttons(&self, item: &Item, lang: Lang) -> Vec<Button> {
        let at = |label: String, act: Act<Handle>| press(label, item, act);
        let onwards = |to: Bucket| Act::Promote { to: Some(to), carry: Carry::default() };
        let done = |anyway: bool| Act::Done { anyway, text: String::new() };
        let reason = String::new;
        // Words are asked for when one of these is pressed, so no version is needed: nothing is done by pressing.
        let asking = |label: String, verb: &str| asking(label, item.reference, verb, "");
        let why = || asking(say!(lang, "button-why"), "why");
        let mut buttons = match self.state(item) {
            StateWord::Open if item.reference.bucket == Bucket::Idea => vec![
                asking(say!(lang, "button-refine"), "refine"),
                at(say!(lang, "button-research"), onwards(Bucket::Research)).tone(ButtonTone::Primary),
                at(say!(lang, "button-todo"), onwards(Bucket::Todo)),
                at(say!(lang, "button-reject"), Act::Reject { reason: reason() }).tone(ButtonTone::Danger),
            ],
            StateWord::Running => vec![
                asking(say!(lang, "button-finding"), "finding"),
                at(say!(lang, "button-todo"), onwards(Bucket::Todo)).tone(ButtonTone::Primary),
                at(say!(lang, "button-done"), done(false)),
            ],
            StateWord::Open if item.reference.bucket == Bucket::Todo => {
                vec![
                    at(say!(lang, "button-start"), Act::Doing).tone(ButtonTone::Primary),
                    at(say!(lang, "button-done"), done(false)),
                    why(),
                ]
            }
            StateWord::Blocked => vec![
                why(),
                at(say!(lang, "button-start"), Act::Doing),
                at(say!(lang, "button-done-anyway"), done(true)),
            ],
            StateWord::Doing => {
                let mut buttons = vec![at(say!(lang, "button-done"), done(false)).tone(ButtonTone::Primary)];
                // It may become several, but one is what people mean when they press.
                if self.items.children(item.reference).next().is_none() {
                    buttons.push(at(say!(lang, "button-open-pr"), onwards(Bucket::Pr)));
                }
                buttons.push(why());
                buttons
            }
            StateWord::Open | StateWord::Reviewed => vec![
                at(say!(lang, "button-approve"), Act::Review { verdict: pr::Verdict::Approve, text: reason() }),
                at(say!(lang, "button-merge"), Act::Merge).tone(ButtonTone::Primary),
                at(say!(lang, "button-close"), Act::Close { reason: reason() }).tone(ButtonTone::Danger),
            ],
            StateWord::Promoted => vec![why()],
            StateWord::Withdrawn => {
                item.withdrawn.map(|by| undone::again(&[(item.reference, by)], lang)).into_iter().collect()
            }
            StateWord::Done | StateWord::Rejected | StateWord::Merged | StateWord::Closed => {
                vec![at(say!(lang, "button-reopen"), Act::Reopen { reason: reason() })]
            }
        };
        if self.is_doing_though_waiting(item) {
            buttons.retain(|button| !button.data.starts_with("/done "));
            buttons.insert(0, at(say!(lang, "button-done-anyway"), done(true)));
        }
        if item.is_closed()
            && let Some(child) = self.items.children(item.reference).last()
        {
            buttons.push(Button::new(say!(lang, "button-show", item = child), format!("/show {child}")));
        }
        buttons
    }

    fn is_doing_though_waiting(&self, item: &Item) -> bool {
        item.state_word() == StateWord::Doing && self.items.is_blocked(item)
    }
}

/// A button that does something to an item as it is now.
pub(super) fn press(label: String, item: &Item, act: Act<Handle>) -> Button {
    let target = Target { item: item.reference, version: Some(item.version) };
    // No act of a button holds a date, so the time zone does not matter.
    Button::new(label, Command::Item { target: Some(target), act }.to_text(chrono_tz::UTC))
}

/// A button that does nothing by itself, because words are still to come (or because it only looks).
fn asking(label: String, item: ItemRef, verb: &str, behind: &str) -> Button {
    Button::new(label, format!("/{verb} {item}{behind}"))
}

/// What a form has to ask for so that the command of a button is whole; `None` when it needs no words.
pub fn ask(data: &str, lang: Lang) -> Option<Ask> {
    let mut words = data.strip_prefix('/')?.split(' ');
    let (verb, item) = (words.next()?, words.next()?);
    let item: ItemRef = item.split('@').next()?.parse().ok()?;
    let (what, long, optional) = match (verb, words.next(), words.next()) {
        (what @ ("refine" | "finding" | "note" | "review"), None, _) => (what, true, false),
        (what @ ("criterion" | "title"), None, _) => (what, false, false),
        ("review", Some("changes"), None) => ("changes", true, false),
        (what @ ("reject" | "close"), None, _) => (what, true, true),
        _ => return None,
    };
    Some(Ask { title: say!(lang, "ask-title", what, item), label: say!(lang, "ask-label", what), long, optional })
}

/// Puts buttons under a message, in rows its platform can show.
pub(super) fn with_buttons(out: Outbound, buttons: Vec<Button>, viewer: &Viewer) -> Outbound {
    let bytes_max = viewer.capabilities.button_data_bytes_max.min(BUTTON_BYTES_MAX);
    let fitting = buttons.into_iter().filter(|button| button.data.len() <= bytes_max);
    let fitting: Vec<_> = fitting.map(|button| Button { ask: ask(&button.data, viewer.lang), ..button }).collect();
    let per_row = viewer.capabilities.buttons_per_row_max.max(1);
    fitting.chunks(per_row).fold(out, |out, row| out.row(row.to_vec()))
}

/// `linked to P1, https://example.org/42`: what it is for stands among the marks already.
fn linked_to(text: &mut Text, item: &Item, lang: Lang) {
    let links = item.links.iter().filter(|link| !matches!(link, (Relation::For, LinkTarget::Item(_))));
    let links: Vec<_> = links.map(|(_, to)| to).collect();
    let mut named = Text::new();
    for to in links.iter().take(LINKS_MAX) {
        named.plain(if named.is_empty() { "" } else { ", " }).append(phrase::link_text(to));
    }
    if links.len() > LINKS_MAX {
        named.plain(" ").plain(say!(lang, "more", n = links.len() - LINKS_MAX));
    }
    if !named.is_empty() {
        text.plain(INDENT).append(text!(lang, "card-linked", links = named));
    }
}

/// A further line of outside text; nothing when there is no text.
pub(super) fn said(text: &mut Text, words: &str) {
    said_as(text, words, |words| words);
}

/// A further line of outside text inside words of ours; nothing when there is no text.
pub(super) fn said_as(text: &mut Text, words: &str, within: impl FnOnce(Text) -> Text) {
    if !words.trim().is_empty() {
        text.plain(INDENT).append(within(quoted(words)));
    }
}

/// Outside text, shortened, its further lines indented.
fn quoted(said: &str) -> Text {
    let said = words::lines(said);
    let mut text = Text::new();
    text.push(Style::Quote, words::shorten(said.trim(), SAID_CHARS_MAX).replace('\n', INDENT));
    text
}

fn verdict_key(verdict: pr::Verdict) -> &'static str {
    match verdict {
        pr::Verdict::Approve => "approve",
        pr::Verdict::Changes => "changes",
        pr::Verdict::Comment => "comment",
    }
}
