//! /help, from the table of verbs and nothing else: a short page, the whole list, a heading of it, one verb.

use std::fmt;

use super::{
    Fault,
    fault::nearest,
    korean::{self, english},
    verb::{Group, Verb, find, verbs, words},
};

/// What /help answers, for the caller to lay out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// In the order they are to be shown.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// In the order they are to be shown.
    pub lines: Vec<Line>,
}

/// One thing that can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What to say.
    pub say: String,
    /// What it does.
    pub does: String,
}

fn line(say: impl Into<String>, does: impl Into<String>) -> Line {
    Line { say: say.into(), does: does.into() }
}

fn does(verb: &Verb) -> String {
    if verb.available() { verb.help.to_owned() } else { format!("{} (not available yet)", verb.help) }
}

/// The verbs on the short page: what is said on most days.
const DAILY: &[&str] =
    &["todo", "idea", "doing", "done", "assign", "due", "board", "mine", "next", "find", "undo", "why"];
/// What asks for the whole list.
const ALL: &str = "all";
/// What asks for what can stand among the words.
const WORDS: &str = "words";

/// A short page; with a topic more about it: a verb, a heading of the list (`work`, `room`), or `all` of it.
///
/// # Errors
/// A [`Fault`] with the nearest topics when there is none of that name.
pub fn help(topic: Option<&str>) -> Result<Help, Fault> {
    let asked = topic.map(|asked| asked.trim().trim_start_matches('/').to_lowercase()).unwrap_or_default();
    if asked.is_empty() {
        return Ok(short());
    }
    let topic = english(&asked, korean::TOPICS);
    if topic == ALL {
        let mut sections: Vec<Section> = Group::ALL.into_iter().map(all_of).collect();
        sections.push(among_the_words());
        return Ok(Help { sections });
    }
    let mut sections: Vec<Section> = find(&asked).map(about).into_iter().collect();
    // A heading may be called like a verb: /people.
    sections.extend(Group::ALL.into_iter().find(|group| group.topic() == topic).map(all_of));
    if topic == WORDS {
        sections.push(among_the_words());
    }
    if sections.is_empty() {
        let shown: String = asked.chars().take(32).collect();
        let korean = korean::TOPICS.iter().flat_map(|(_, korean)| korean.iter().copied());
        let topics = words().chain(Group::ALL.map(Group::topic)).chain([ALL, WORDS]).chain(korean);
        let meant: Vec<String> = nearest(&asked, topics).into_iter().map(|word| format!("/help {word}")).collect();
        let see = if meant.is_empty() { " /help all lists what I know." } else { "" };
        return Err(Fault::new(&format!("/help {asked}"), 0..0, format!("I don't know {shown}.{see}")).meaning(meant));
    }
    Ok(Help { sections })
}

/// What fits on a phone: how to begin, the daily verbs, where the rest is.
fn short() -> Help {
    let mut sections: Vec<Section> = Group::ALL
        .into_iter()
        .map(|group| Section {
            heading: group.heading().to_owned(),
            lines: DAILY
                .iter()
                .filter_map(|word| find(word))
                .filter(|verb| verb.group == group)
                .map(|verb| line(verb.usage, verb.help))
                .collect(),
        })
        .filter(|section| !section.lines.is_empty())
        .collect();
    if let Some(capture) = sections.first_mut() {
        capture.lines.insert(0, line("/todo Fix login #auth !high due:fri @me", "for example"));
        capture.lines.push(line("a sentence alone", "in a direct chat: is kept, as an idea"));
    }
    let topics: Vec<&str> = Group::ALL.into_iter().map(Group::topic).filter(|topic| find(topic).is_none()).collect();
    sections.push(Section {
        heading: "More".to_owned(),
        lines: vec![
            line("/help done", "all about one verb"),
            line(format!("/help {}", topics.join("|")), "the verbs under a heading"),
            line(format!("/help {WORDS}"), "tags, dates and people among the words"),
            line(format!("/help {ALL}"), "everything"),
        ],
    });
    Help { sections }
}

/// A heading with all of its verbs that can be used.
fn all_of(group: Group) -> Section {
    Section {
        heading: group.heading().to_owned(),
        lines: verbs()
            .iter()
            .filter(|verb| verb.group == group && verb.available())
            .map(|verb| line(verb.usage, verb.help))
            .collect(),
    }
}

fn among_the_words() -> Section {
    let tokens = "#tag @person !low|!normal|!high|!urgent in:project due:when needs:T3 for:T7";
    Section {
        heading: "Among the words".to_owned(),
        lines: vec![
            line(tokens, "in the first line, or on a line of their own; \\#word is just a word"),
            line("further lines", "the body; - [ ] begins a criterion"),
            line("when", "fri, tomorrow 9:00, in 2 weeks, 27 nov, 2026-08-01 17:00"),
            line("at when", "behind a look, for the past: fri, yesterday 9:00, 3 months ago, #4812 (a position)"),
            line("in answer to a card", "done, due fri, assign @dana; anything else is noted"),
        ],
    }
}

fn about(verb: &Verb) -> Section {
    let mut lines = vec![line(verb.usage, does(verb))];
    if verb.available() {
        lines.push(line(format!("/{}", verb.example), "for example"));
    }
    if !verb.aliases.is_empty() {
        let aliases: Vec<String> = verb.aliases.iter().map(|alias| format!("/{alias}")).collect();
        lines.push(line(aliases.join(" "), "the same"));
    }
    let who = verb.role.map_or_else(|| "anybody".to_owned(), |role| format!("{role}, at least"));
    lines.push(line(who, "who may"));
    Section { heading: format!("/{}", verb.word), lines }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in self.sections.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&section.heading)?;
            for line in &section.lines {
                write!(f, "\n  {}  {}", line.say, line.does)?;
            }
        }
        Ok(())
    }
}
