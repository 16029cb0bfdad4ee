//! /help, from the table of verbs and nothing else.

use std::fmt;

use super::{
    Fault,
    fault::nearest,
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

/// Help about everything, or about one verb.
///
/// # Errors
/// A [`Fault`] with the nearest verbs when there is no such verb.
pub fn help(verb: Option<&str>) -> Result<Help, Fault> {
    let Some(asked) = verb.map(|asked| asked.trim().trim_start_matches('/')).filter(|asked| !asked.is_empty()) else {
        return Ok(everything());
    };
    match find(asked) {
        Some(verb) => Ok(about(verb)),
        None => {
            let shown: String = asked.chars().take(32).collect();
            let meant = nearest(asked, words()).into_iter().map(|word| format!("/help {word}")).collect();
            Err(Fault::new(&format!("/help {asked}"), 0..0, format!("I don't know /{shown}.")).meaning(meant))
        }
    }
}

fn everything() -> Help {
    let mut sections: Vec<Section> = Group::ALL
        .into_iter()
        .map(|group| Section {
            heading: group.heading().to_owned(),
            lines: verbs().iter().filter(|verb| verb.group == group).map(|verb| line(verb.usage, does(verb))).collect(),
        })
        .collect();
    sections.push(words_section());
    Help { sections }
}

fn words_section() -> Section {
    let tokens = "#tag @person !low|!normal|!high|!urgent in:project due:when needs:T3 for:T7";
    Section {
        heading: "Among the words".to_owned(),
        lines: vec![
            line(tokens, "in the first line, or on a line of their own; \\#word is just a word"),
            line("further lines", "the body; - [ ] begins a criterion"),
            line("when", "fri, tomorrow 9:00, in 2 weeks, 27 nov, 2026-08-01 17:00"),
            line("in answer to a card", "done, due fri, assign @dana; anything else is noted"),
        ],
    }
}

fn about(verb: &Verb) -> Help {
    let mut lines = vec![line(verb.usage, does(verb))];
    if verb.available() {
        lines.push(line(format!("/{}", verb.example), "for example"));
    }
    if !verb.aliases.is_empty() {
        let aliases: Vec<String> = verb.aliases.iter().map(|alias| format!("/{alias}")).collect();
        lines.push(line(aliases.join(" "), "the same"));
    }
    if let Some(role) = verb.role {
        lines.push(line(format!("{role}, at least"), "who may"));
    }
    Help { sections: vec![Section { heading: format!("/{}", verb.word), lines }] }
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
