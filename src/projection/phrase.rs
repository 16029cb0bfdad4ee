//! An event in words: as something that was done to the item (`assigned to dana`), as what somebody did (`assigned it to
//! dana`), and the outside text that goes with it.

use yoman_chat::{Style, Text};

use super::{
    Viewer, World,
    line::{named, state_name},
    undone, words,
};
use crate::{
    domain::{
        Bucket, ItemRef, PersonId, idea,
        item::{Event, Fact, LinkTarget, Relation, Reversed},
        pr, research, todo,
        undo::Value,
    },
    lang::{self, Lang, say, text},
};

/// An event in words.
#[derive(Clone, Debug)]
pub(super) struct Phrase<'a> {
    /// What was done to the item: `assigned to dana`; ` by kim` fits behind it.
    pub(super) done: Text,
    /// What somebody did: `assigned it to dana`.
    pub(super) did: Text,
    /// What they said with it.
    pub(super) said: Option<&'a str>,
    /// It only describes the item; it does not move it.
    pub(super) aside: bool,
}

/// A phrase by its two keys and what goes into both.
macro_rules! phrase {
    ($lang:expr, $done:literal, $did:literal $(, $name:ident = $value:expr)* $(,)?) => {
        Phrase::new(text!($lang, $done $(, $name = $value)*), text!($lang, $did $(, $name = $value)*))
    };
}

impl<'a> Phrase<'a> {
    fn new(done: Text, did: Text) -> Self {
        Self { done, did, said: None, aside: false }
    }

    fn saying(mut self, said: &'a str) -> Self {
        self.said = (!said.trim().is_empty()).then_some(said);
        self
    }

    fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    /// The same of something that came from an item.
    fn from(self, from: Option<ItemRef>, lang: Lang) -> Self {
        match from {
            None => self,
            Some(item) => Self {
                done: text!(lang, "done-from", what = self.done, item),
                did: text!(lang, "done-from", what = self.did, item),
                ..self
            },
        }
    }
}

impl World {
    /// An event in words; `actor` did it.
    pub(super) fn phrase<'a>(&self, event: &'a Event, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        let lang = viewer.lang;
        match event {
            Event::Idea(event) => match event {
                idea::Event::Created { from, .. } => phrase!(lang, "done-captured", "did-captured").from(*from, lang),
                idea::Event::Refined { text } => phrase!(lang, "done-refined", "did-refined").saying(text),
                idea::Event::Rejected { reason } => phrase!(lang, "done-rejected", "did-rejected").saying(reason),
                idea::Event::Promoted { to, .. } => promoted(*to, lang),
                idea::Event::Reopened { reason } => reopened(reason, lang),
            },
            Event::Research(event) => match event {
                research::Event::Started { from, .. } => phrase!(lang, "done-started", "did-started").from(*from, lang),
                research::Event::FindingAdded { text, corrects: None } => {
                    phrase!(lang, "done-finding", "did-finding").saying(text)
                }
                research::Event::FindingAdded { text, corrects: Some(_) } => {
                    phrase!(lang, "done-finding-corrected", "did-finding-corrected").saying(text)
                }
                research::Event::Done { conclusion, to: None, .. } => {
                    phrase!(lang, "done-completed", "did-completed").saying(conclusion)
                }
                research::Event::Done { to: Some(to), .. } => promoted(*to, lang),
                research::Event::Reopened { reason } => reopened(reason, lang),
            },
            Event::Todo(event) => self.todo_phrase(event, actor, viewer),
            Event::Pr(event) => match event {
                pr::Event::Created { from, .. } => phrase!(lang, "done-opened", "did-opened").from(*from, lang),
                pr::Event::Reviewed { verdict: pr::Verdict::Approve, text } => {
                    phrase!(lang, "done-approved", "did-approved").saying(text)
                }
                pr::Event::Reviewed { verdict: pr::Verdict::Changes, text } => {
                    phrase!(lang, "done-changes", "did-changes").saying(text)
                }
                pr::Event::Reviewed { verdict: pr::Verdict::Comment, text } => {
                    phrase!(lang, "done-commented", "did-commented").saying(text)
                }
                pr::Event::Merged => phrase!(lang, "done-merged", "did-merged"),
                pr::Event::Closed { reason } => phrase!(lang, "done-closed", "did-closed").saying(reason),
                pr::Event::Reopened { reason } => reopened(reason, lang),
            },
            Event::Fact(fact) => self.fact_phrase(fact, actor, viewer),
            Event::Reversed(reversed) => taken_back(reversed, lang),
        }
    }

    fn todo_phrase<'a>(&self, event: &'a todo::Event, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        let lang = viewer.lang;
        match event {
            todo::Event::Created { from, .. } => phrase!(lang, "done-created", "did-created").from(*from, lang),
            todo::Event::CriterionAdded { text } => phrase!(lang, "done-criterion", "did-criterion").saying(text),
            todo::Event::Assigned { person } => self.assigned(*person, actor, viewer),
            todo::Event::PrerequisiteAdded { needs } => {
                phrase!(lang, "done-waits", "did-waits", item = *needs)
            }
            todo::Event::PrerequisiteRemoved { needs } => {
                phrase!(lang, "done-waits-not", "did-waits-not", item = *needs)
            }
            todo::Event::Started => phrase!(lang, "done-started", "did-started"),
            todo::Event::Completed { despite } if despite.is_empty() => {
                phrase!(lang, "done-completed", "did-completed")
            }
            todo::Event::Completed { despite } => {
                let items: Vec<_> = despite.iter().map(|&item| (item, String::new())).collect();
                let items = named(&items, false, lang);
                phrase!(lang, "done-completed-anyway", "did-completed-anyway", items = &items)
            }
            todo::Event::Promoted { .. } => promoted(Bucket::Pr, lang),
            todo::Event::Reopened { reason } => reopened(reason, lang),
        }
    }

    fn fact_phrase<'a>(&self, fact: &'a Fact, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        let lang = viewer.lang;
        let phrase = match fact {
            Fact::Retitled { title } => phrase!(lang, "done-retitled", "did-retitled").saying(title),
            Fact::Described { body } => phrase!(lang, "done-described", "did-described").saying(body),
            Fact::Noted { text, corrects: None } => return phrase!(lang, "done-noted", "did-noted").saying(text),
            Fact::Noted { text, corrects: Some(_) } => {
                phrase!(lang, "done-note-corrected", "did-note-corrected").saying(text)
            }
            Fact::Tagged { tag } => phrase!(lang, "done-tagged", "did-tagged", tag = tag.to_string()),
            Fact::Untagged { tag } => {
                phrase!(lang, "done-untagged", "did-untagged", tag = tag.to_string())
            }
            Fact::Prioritised { priority } => {
                let priority = say!(lang, "priority", priority = priority.word());
                phrase!(lang, "done-prioritised", "did-prioritised", priority = &priority)
            }
            Fact::DueSet { due: Some(due) } => {
                phrase!(lang, "done-due", "did-due", when = words::due(*due, viewer))
            }
            Fact::DueSet { due: None } => phrase!(lang, "done-due-not", "did-due-not"),
            Fact::Assigned { person } => return self.assigned(*person, actor, viewer),
            Fact::Unassigned { person } if self.is_same(*person, actor) => {
                phrase!(lang, "done-given-up", "did-given-up")
            }
            Fact::Unassigned { person } => {
                phrase!(lang, "done-taken-from", "did-taken-from", who = lang::quote(self.name(*person, viewer)))
            }
            Fact::MovedToProject { project: Some(project) } => {
                phrase!(lang, "done-moved", "did-moved", project = words::project(project, lang))
            }
            Fact::MovedToProject { project: None } => {
                phrase!(lang, "done-moved-out", "did-moved-out")
            }
            Fact::Linked { relation: Relation::For, to } => {
                phrase!(lang, "done-for", "did-for", to = link_text(to))
            }
            Fact::Linked { relation: Relation::Related, to } => {
                phrase!(lang, "done-linked", "did-linked", to = link_text(to))
            }
            Fact::Attached { attachment } => {
                phrase!(lang, "done-attached", "did-attached").saying(attachment.name.as_deref().unwrap_or_default())
            }
        };
        phrase.aside()
    }

    fn assigned<'a>(&self, person: PersonId, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        if self.is_same(person, actor) {
            return phrase!(viewer.lang, "done-taken", "did-taken");
        }
        let who = self.name(person, viewer);
        phrase!(viewer.lang, "done-assigned", "did-assigned", who = lang::quote(&who))
    }

    /// Whether two are one person by now.
    fn is_same(&self, person: PersonId, other: Option<PersonId>) -> bool {
        other.is_some_and(|other| self.resolved(other) == self.resolved(person))
    }

    /// A person in a sentence: `you`, or how they are written, without the `@`.
    pub fn name(&self, person: PersonId, viewer: &Viewer) -> String {
        if self.is_same(person, viewer.person) {
            return say!(viewer.lang, "you");
        }
        let nobody = || say!(viewer.lang, "person-number", n = person.0);
        self.person(person).map_or_else(nobody, |person| person.handle.as_str().to_owned())
    }

    /// An actor in a sentence: a person as in [`World::name`]; what reacts is called by its name.
    pub(super) fn actor(&self, actor: &str, viewer: &Viewer) -> String {
        match PersonId::of_stream(actor) {
            Some(person) => self.name(person, viewer),
            None => {
                let what = words::one_line(actor.rsplit('/').next().unwrap_or(actor));
                say!(viewer.lang, "actor", what)
            }
        }
    }

    /// `started by dana (Discord)`: what was done, by whom, and on which platform when it is not the viewer's own.
    pub(super) fn by(&self, what: Text, actor: &str, bot: &str, viewer: &Viewer) -> Text {
        if actor.is_empty() {
            return what;
        }
        let mut who = Text::new();
        who.push(Style::Quote, self.actor(actor, viewer));
        if let Some(title) = platform(bot, viewer) {
            who.plain(format!(" ({title})"));
        }
        text!(viewer.lang, "done-by", what, who)
    }
}

/// What people call the platform of a bot; `None` when it is the viewer's own, or no platform at all.
pub(super) fn platform<'a>(bot: &'a str, viewer: &'a Viewer) -> Option<&'a str> {
    let own = viewer.room.split('/').next().unwrap_or_default();
    if bot.is_empty() || bot == own || bot == "yoman" {
        return None;
    }
    Some(viewer.titles.get(bot).map_or(bot, String::as_str))
}

/// The newest change in a word or two, for a card: what was done, without to whom.
pub(super) fn done(event: &Event) -> &'static str {
    match event {
        Event::Idea(event) => match event {
            idea::Event::Created { .. } => "captured",
            idea::Event::Refined { .. } => "refined",
            idea::Event::Rejected { .. } => "rejected",
            idea::Event::Promoted { .. } => "promoted",
            idea::Event::Reopened { .. } => "opened again",
        },
        Event::Research(event) => match event {
            research::Event::Started { .. } => "started",
            research::Event::FindingAdded { corrects: None, .. } => "finding noted",
            research::Event::FindingAdded { corrects: Some(_), .. } => "finding corrected",
            research::Event::Done { to: None, .. } => "completed",
            research::Event::Done { to: Some(_), .. } => "promoted",
            research::Event::Reopened { .. } => "opened again",
        },
        Event::Todo(event) => match event {
            todo::Event::Created { .. } => "created",
            todo::Event::CriterionAdded { .. } => "criterion added",
            todo::Event::Assigned { .. } => "assigned",
            todo::Event::PrerequisiteAdded { .. } | todo::Event::PrerequisiteRemoved { .. } => "prerequisites changed",
            todo::Event::Started => "started",
            todo::Event::Completed { .. } => "completed",
            todo::Event::Promoted { .. } => "promoted",
            todo::Event::Reopened { .. } => "opened again",
        },
        Event::Pr(event) => match event {
            pr::Event::Created { .. } => "opened",
            pr::Event::Reviewed { verdict: pr::Verdict::Approve, .. } => "approved",
            pr::Event::Reviewed { verdict: pr::Verdict::Changes, .. } => "changes asked for",
            pr::Event::Reviewed { verdict: pr::Verdict::Comment, .. } => "commented on",
            pr::Event::Merged => "merged",
            pr::Event::Closed { .. } => "closed",
            pr::Event::Reopened { .. } => "opened again",
        },
        Event::Fact(fact) => match fact {
            Fact::Retitled { .. } => "retitled",
            Fact::Described { .. } => "described anew",
            Fact::Noted { corrects: None, .. } => "note added",
            Fact::Noted { corrects: Some(_), .. } => "note corrected",
            Fact::Tagged { .. } | Fact::Untagged { .. } => "tags changed",
            Fact::Prioritised { .. } => "priority changed",
            Fact::DueSet { .. } => "due date changed",
            Fact::Assigned { .. } => "assigned",
            Fact::Unassigned { .. } => "unassigned",
            Fact::MovedToProject { .. } => "moved",
            Fact::Linked { .. } => "linked",
            Fact::Attached { .. } => "file attached",
        },
        Event::Reversed(reversed) => match &reversed.after.withdrawn {
            Some(Value::Is(_)) => "taken back",
            Some(Value::Nothing) => "brought back",
            None => "an act taken back",
        },
    }
}

/// [`done`] as people read it. It is kept in English, for it is kept in snapshots.
pub(super) fn done_words(done: &str, lang: Lang) -> String {
    say!(lang, "changed", what = done.replace(' ', "-"))
}

fn taken_back<'a>(reversed: &Reversed, lang: Lang) -> Phrase<'a> {
    let phrase = match &reversed.after.withdrawn {
        Some(Value::Is(_)) => phrase!(lang, "done-withdrawn", "did-withdrawn"),
        Some(Value::Nothing) => return phrase!(lang, "done-restored", "did-restored"),
        None => {
            let what = undone::nouns(&reversed.what, lang);
            let done = match reversed.after.status {
                Some(state) => text!(lang, "done-undone-state", state = state_name(state, lang), what = &what),
                None => text!(lang, "done-undone", what = &what),
            };
            Phrase::new(done, text!(lang, "did-undone", what))
        }
    };
    if reversed.after.withdrawn.is_none() && reversed.after.status.is_none() { phrase.aside() } else { phrase }
}

fn promoted<'a>(to: Bucket, lang: Lang) -> Phrase<'a> {
    phrase!(lang, "done-promoted", "did-promoted", bucket = to.word())
}

fn reopened(reason: &str, lang: Lang) -> Phrase<'_> {
    phrase!(lang, "done-reopened", "did-reopened").saying(reason)
}

/// What an item is linked to.
pub(super) fn link_text(to: &LinkTarget) -> Text {
    let mut text = Text::new();
    match to {
        LinkTarget::Item(item) => text.item(item),
        LinkTarget::Url(url) => text.push(Style::Quote, words::one_line(url)),
    };
    text
}
