//! An event in words: as something that was done to the item (`assigned to dana`), as what somebody did (`assigned it to
//! dana`), and the outside text that goes with it.

use yoman_chat::{Style, Text};

use super::{Viewer, World, line::state_name, undone, words};
use crate::domain::{
    Bucket, ItemRef, PersonId, idea,
    item::{Event, Fact, LinkTarget, Relation, Reversed},
    pr, research, todo,
    undo::Value,
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

impl<'a> Phrase<'a> {
    fn new(done: &str, did: &str) -> Self {
        Self { done: done.into(), did: did.into(), said: None, aside: false }
    }

    /// The same with something behind both.
    fn with(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.done.push(style.clone(), &text);
        self.did.push(style, &text);
        self
    }

    fn item(self, item: ItemRef) -> Self {
        self.with(Style::Item, item.to_string())
    }

    fn saying(mut self, said: &'a str) -> Self {
        self.said = (!said.trim().is_empty()).then_some(said);
        self
    }

    fn aside(mut self) -> Self {
        self.aside = true;
        self
    }
}

impl World {
    /// An event in words; `actor` did it.
    pub(super) fn phrase<'a>(&self, event: &'a Event, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        match event {
            Event::Idea(event) => match event {
                idea::Event::Created { from, .. } => created("captured", "captured it", *from),
                idea::Event::Refined { text } => Phrase::new("refined", "refined it").saying(text),
                idea::Event::Rejected { reason } => Phrase::new("rejected", "rejected it").saying(reason),
                idea::Event::Promoted { to, .. } => promoted(*to),
                idea::Event::Reopened { reason } => reopened(reason),
            },
            Event::Research(event) => match event {
                research::Event::Started { from, .. } => created("started", "started it", *from),
                research::Event::FindingAdded { text, corrects: None } => {
                    Phrase::new("finding noted", "noted a finding").saying(text)
                }
                research::Event::FindingAdded { text, corrects: Some(_) } => {
                    Phrase::new("finding corrected", "corrected a finding").saying(text)
                }
                research::Event::Done { conclusion, to: None, .. } => {
                    Phrase::new("completed", "completed it").saying(conclusion)
                }
                research::Event::Done { to: Some(to), .. } => promoted(*to),
                research::Event::Reopened { reason } => reopened(reason),
            },
            Event::Todo(event) => self.todo_phrase(event, actor, viewer),
            Event::Pr(event) => match event {
                pr::Event::Created { from, .. } => created("opened", "opened it", *from),
                pr::Event::Reviewed { verdict: pr::Verdict::Approve, text } => {
                    Phrase::new("approved", "approved it").saying(text)
                }
                pr::Event::Reviewed { verdict: pr::Verdict::Changes, text } => {
                    Phrase::new("changes asked for", "asked for changes").saying(text)
                }
                pr::Event::Reviewed { verdict: pr::Verdict::Comment, text } => {
                    Phrase::new("commented on", "commented on it").saying(text)
                }
                pr::Event::Merged => Phrase::new("merged", "merged it"),
                pr::Event::Closed { reason } => Phrase::new("closed", "closed it").saying(reason),
                pr::Event::Reopened { reason } => reopened(reason),
            },
            Event::Fact(fact) => self.fact_phrase(fact, actor, viewer),
            Event::Reversed(reversed) => taken_back(reversed),
        }
    }

    fn todo_phrase<'a>(&self, event: &'a todo::Event, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        match event {
            todo::Event::Created { from, .. } => created("created", "created it", *from),
            todo::Event::CriterionAdded { text } => Phrase::new("criterion added", "added a criterion").saying(text),
            todo::Event::Assigned { person } => self.assigned(*person, actor, viewer),
            todo::Event::PrerequisiteAdded { needs } => {
                Phrase::new("made to wait for ", "made it wait for ").item(*needs)
            }
            todo::Event::PrerequisiteRemoved { needs } => {
                Phrase::new("no longer made to wait for ", "let it no longer wait for ").item(*needs)
            }
            todo::Event::Started => Phrase::new("started", "started it"),
            todo::Event::Completed { despite } if despite.is_empty() => Phrase::new("completed", "completed it"),
            todo::Event::Completed { despite } => {
                let mut phrase = Phrase::new("completed without waiting for ", "completed it without waiting for ");
                for (index, item) in despite.iter().enumerate() {
                    if index > 0 {
                        phrase = phrase.with(Style::Plain, ", ");
                    }
                    phrase = phrase.item(*item);
                }
                phrase
            }
            todo::Event::Promoted { .. } => promoted(Bucket::Pr),
            todo::Event::Reopened { reason } => reopened(reason),
        }
    }

    fn fact_phrase<'a>(&self, fact: &'a Fact, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        let phrase = match fact {
            Fact::Retitled { title } => Phrase::new("retitled", "retitled it").saying(title),
            Fact::Described { body } => Phrase::new("described anew", "described it anew").saying(body),
            Fact::Noted { text, corrects: None } => return Phrase::new("note added", "noted").saying(text),
            Fact::Noted { text, corrects: Some(_) } => Phrase::new("note corrected", "corrected a note").saying(text),
            Fact::Tagged { tag } => Phrase::new("tagged ", "tagged it ").with(Style::Plain, tag.to_string()),
            Fact::Untagged { tag } => {
                Phrase::new("no longer tagged ", "took away its tag ").with(Style::Plain, tag.to_string())
            }
            Fact::Prioritised { priority } => {
                Phrase::new("made ", "made it ").with(Style::Plain, format!("{priority} priority"))
            }
            Fact::DueSet { due: Some(due) } => {
                Phrase::new("made due ", "made it due ").with(Style::Plain, words::due(*due, viewer))
            }
            Fact::DueSet { due: None } => Phrase::new("made due no longer", "took away its due date"),
            Fact::Assigned { person } => return self.assigned(*person, actor, viewer),
            Fact::Unassigned { person } if self.is_same(*person, actor) => Phrase::new("given up", "gave it up"),
            Fact::Unassigned { person } => {
                Phrase::new("taken from ", "took it from ").with(Style::Quote, self.name(*person, viewer))
            }
            Fact::MovedToProject { project: Some(project) } => {
                Phrase::new("moved ", "moved it ").with(Style::Plain, project.to_string())
            }
            Fact::MovedToProject { project: None } => {
                Phrase::new("taken out of its project", "took it out of its project")
            }
            Fact::Linked { relation: Relation::For, to } => {
                link(Phrase::new("marked as for ", "marked it as for "), to)
            }
            Fact::Linked { relation: Relation::Related, to } => link(Phrase::new("linked to ", "linked it to "), to),
            Fact::Attached { attachment } => {
                Phrase::new("file attached", "attached a file").saying(attachment.name.as_deref().unwrap_or_default())
            }
        };
        phrase.aside()
    }

    fn assigned<'a>(&self, person: PersonId, actor: Option<PersonId>, viewer: &Viewer) -> Phrase<'a> {
        if self.is_same(person, actor) {
            return Phrase::new("taken", "took it");
        }
        Phrase::new("assigned to ", "assigned it to ").with(Style::Quote, self.name(person, viewer))
    }

    /// Whether two are one person by now.
    fn is_same(&self, person: PersonId, other: Option<PersonId>) -> bool {
        other.is_some_and(|other| self.resolved(other) == self.resolved(person))
    }

    /// A person in a sentence: `you`, or how they are written, without the `@`.
    pub fn name(&self, person: PersonId, viewer: &Viewer) -> String {
        if self.is_same(person, viewer.person) {
            return "you".into();
        }
        self.person(person).map_or_else(|| format!("person {}", person.0), |person| person.handle.as_str().to_owned())
    }

    /// An actor in a sentence: a person as in [`World::name`]; what reacts is called by its name.
    pub(super) fn actor(&self, actor: &str, viewer: &Viewer) -> String {
        match PersonId::of_stream(actor) {
            Some(person) => self.name(person, viewer),
            None => words::one_line(actor.rsplit('/').next().unwrap_or(actor)).into_owned(),
        }
    }

    /// ` by dana (Discord)`: who did something, and on which platform when it is not the viewer's own.
    pub(super) fn by(&self, out: &mut Text, actor: &str, bot: &str, viewer: &Viewer) {
        if actor.is_empty() {
            return;
        }
        out.plain(" by ").push(Style::Quote, self.actor(actor, viewer));
        if let Some(title) = platform(bot, viewer) {
            out.plain(format!(" ({title})"));
        }
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

fn taken_back<'a>(reversed: &Reversed) -> Phrase<'a> {
    let phrase = match &reversed.after.withdrawn {
        Some(Value::Is(_)) => Phrase::new("taken back", "took back creation"),
        Some(Value::Nothing) => return Phrase::new("brought back", "brought it back"),
        None => {
            let what = undone::nouns(&reversed.what);
            let now = reversed.after.status.map_or(String::new(), |state| format!("{} again, ", state_name(state)));
            Phrase::new(&format!("{now}{what} taken back"), &format!("took back {what}"))
        }
    };
    if reversed.after.withdrawn.is_none() && reversed.after.status.is_none() { phrase.aside() } else { phrase }
}

fn created<'a>(done: &str, did: &str, from: Option<ItemRef>) -> Phrase<'a> {
    match from {
        None => Phrase::new(done, did),
        Some(from) => Phrase::new(&format!("{done} from "), &format!("{did} from ")).item(from),
    }
}

fn promoted<'a>(to: Bucket) -> Phrase<'a> {
    Phrase::new("promoted", "promoted it").with(Style::Plain, format!(" to {to}"))
}

fn reopened(reason: &str) -> Phrase<'_> {
    Phrase::new("opened again", "opened it again").saying(reason)
}

fn link<'a>(phrase: Phrase<'a>, to: &LinkTarget) -> Phrase<'a> {
    match to {
        LinkTarget::Item(item) => phrase.item(*item),
        LinkTarget::Url(url) => phrase.with(Style::Quote, words::one_line(url)),
    }
}
