//! /help, from the table of verbs and nothing else: a short page, the whole list, a heading of it, one verb.

use std::fmt;

use super::{
    Fault,
    fault::nearest,
    korean::{self, english},
    verb::{Group, Verb, find, in_language, verbs, words},
};
use crate::lang::{Lang, say, wording};

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
pub fn help(topic: Option<&str>, lang: Lang) -> Result<Help, Fault> {
    let asked = topic.map(|asked| asked.trim().trim_start_matches('/').to_lowercase()).unwrap_or_default();
    if asked.is_empty() {
        return Ok(short(lang));
    }
    let topic = english(&asked, korean::TOPICS);
    if topic == ALL {
        let mut sections: Vec<Section> = Group::ALL.into_iter().map(|group| all_of(group, lang)).collect();
        sections.push(among_the_words(lang));
        return Ok(Help { sections });
    }
    let mut sections: Vec<Section> = find(&asked).map(|verb| about(verb, lang)).into_iter().collect();
    // A heading may be called like a verb: /people.
    sections.extend(Group::ALL.into_iter().find(|group| group.topic() == topic).map(|group| all_of(group, lang)));
    if topic == WORDS {
        sections.push(among_the_words(lang));
    }
    if sections.is_empty() {
        let shown: String = asked.chars().take(32).collect();
        let korean = korean::TOPICS.iter().flat_map(|(_, korean)| korean.iter().copied());
        let topics = words().chain(Group::ALL.map(Group::topic)).chain([ALL, WORDS]).chain(korean);
        let meant: Vec<String> = nearest(&asked, topics).into_iter().map(|word| format!("/help {word}")).collect();
        let what = match meant.is_empty() {
            true => wording!("fault-unknown-topic-see", topic = shown),
            false => wording!("fault-unknown-topic", topic = shown),
        };
        return Err(Fault::new(&format!("/help {asked}"), 0..0, what).meaning(meant));
    }
    Ok(Help { sections })
}

/// What fits on a phone: how to begin, the daily verbs, where the rest is.
fn short(lang: Lang) -> Help {
    let mut sections: Vec<Section> = Group::ALL
        .into_iter()
        .map(|group| Section {
            heading: group.heading_in(lang).to_owned(),
            lines: DAILY
                .iter()
                .filter_map(|word| find(word))
                .filter(|verb| verb.group == group)
                .map(|verb| line(verb.usage_in(lang), verb.help_in(lang)))
                .collect(),
        })
        .filter(|section| !section.lines.is_empty())
        .collect();
    if let (Some(capture), Some(todo)) = (sections.first_mut(), find("todo")) {
        let example = format!("/{}", todo.example_in(lang));
        capture.lines.insert(0, line(example, say!(lang, "help-for-example")));
        capture.lines.push(line(say!(lang, "help-sentence"), say!(lang, "help-sentence-does")));
    }
    let topics: Vec<&str> = Group::ALL
        .into_iter()
        .filter(|group| find(group.topic()).is_none())
        .map(|group| group.topic_in(lang))
        .collect();
    let help = find("help").map_or("help", |verb| verb.word_in(lang));
    let done = find("done").map_or("done", |verb| verb.word_in(lang));
    let topic = |word| in_language(lang, word, korean::TOPICS);
    sections.push(Section {
        heading: say!(lang, "help-more"),
        lines: vec![
            line(format!("/{help} {done}"), say!(lang, "help-one-verb")),
            line(format!("/{help} {}", topics.join("|")), say!(lang, "help-a-heading")),
            line(format!("/{help} {}", topic(WORDS)), say!(lang, "help-words")),
            line(format!("/{help} {}", topic(ALL)), say!(lang, "help-all")),
        ],
    });
    Help { sections }
}

/// A heading with all of its verbs that can be used.
fn all_of(group: Group, lang: Lang) -> Section {
    Section {
        heading: group.heading_in(lang).to_owned(),
        lines: verbs()
            .iter()
            .filter(|verb| verb.group == group)
            .map(|verb| line(verb.usage_in(lang), verb.help_in(lang)))
            .collect(),
    }
}

fn among_the_words(lang: Lang) -> Section {
    Section {
        heading: say!(lang, "help-among"),
        lines: vec![
            line(say!(lang, "help-tokens"), say!(lang, "help-tokens-does")),
            line(say!(lang, "help-lines"), say!(lang, "help-lines-does")),
            line(say!(lang, "help-when"), say!(lang, "help-when-does")),
            line(say!(lang, "help-at"), say!(lang, "help-at-does")),
            line(say!(lang, "help-answer"), say!(lang, "help-answer-does")),
        ],
    }
}

fn about(verb: &Verb, lang: Lang) -> Section {
    let mut lines = vec![
        line(verb.usage_in(lang), verb.help_in(lang)),
        line(format!("/{}", verb.example_in(lang)), say!(lang, "help-for-example")),
    ];
    let mut same: Vec<&str> = match lang {
        Lang::English => Vec::new(),
        Lang::Korean => verb.korean().iter().skip(1).copied().chain([verb.word]).collect(),
    };
    same.extend(verb.aliases);
    if !same.is_empty() {
        let same: Vec<String> = same.iter().map(|alias| format!("/{alias}")).collect();
        lines.push(line(same.join(" "), say!(lang, "help-the-same")));
    }
    let who = match verb.role {
        None => say!(lang, "help-anybody"),
        Some(role) => say!(lang, "help-at-least", role = say!(lang, "role", role = role.word())),
    };
    lines.push(line(who, say!(lang, "help-who-may")));
    Section { heading: format!("/{}", verb.word_in(lang)), lines }
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
