//! What can be said, as data: for platforms where commands are declared, with typed arguments, instead of only written.

use serde::{Deserialize, Serialize};

/// What stands in an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgKind {
    /// An item: `T7`.
    Item,
    /// A person: `@kim`.
    Person,
    /// A tag: `#auth`.
    Tag,
    /// A project: `in:app`.
    Project,
    /// A moment: `fri`, `yesterday 9:00`.
    When,
    /// One of these words.
    Choice(Vec<String>),
    /// A verb.
    Verb,
    /// What restricts a list: `todo open #auth @me`.
    Filter,
    /// Words, of one line.
    Words,
    /// Words, of any number of lines.
    Text,
}

/// One argument of a verb.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arg {
    /// Its name: 1..32 of `a-z0-9_`, unique in the verb.
    pub name: String,
    /// What to put there: 1..100 characters.
    pub about: String,
    /// What stands there.
    pub kind: ArgKind,
    /// It must be given.
    pub required: bool,
    /// What is written before its value unless it stands there already: `due:`, `!`, `#`; may be empty.
    pub before: String,
    /// The same in other languages.
    #[serde(default)]
    pub other: Vec<ArgIn>,
}

/// An argument in another language. Its value stays what it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArgIn {
    /// Which (BCP 47).
    pub lang: String,
    /// Its name: 1..32 letters, digits and `_`, unique in the verb.
    pub name: String,
    /// What to put there: 1..100 characters.
    pub about: String,
    /// What the words of an [`ArgKind::Choice`] are called, in their order.
    pub choices: Vec<String>,
}

/// A verb in another language.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VerbIn {
    /// Which (BCP 47).
    pub lang: String,
    /// The words for it, without `/`: letters of any script, 1..32; the first is the one that is shown.
    pub words: Vec<String>,
    /// How it is written.
    pub usage: String,
    /// What it does: 1..100 characters.
    pub help: String,
    /// The heading it stands under.
    pub group: String,
}

/// One verb.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MenuVerb {
    /// The word, without `/`: 1..32 of `a-z0-9_`.
    pub word: String,
    /// Other words for it.
    pub aliases: Vec<String>,
    /// How it is written: `/done [T7] [anyway] [text]`.
    pub usage: String,
    /// What it does: 1..100 characters.
    pub help: String,
    /// The heading it stands under.
    pub group: String,
    /// Its arguments, those that must be given first, in the order in which they are written. May be empty.
    pub args: Vec<Arg>,
    /// Used daily: worth a command of its own where commands are declared one by one.
    pub frequent: bool,
    /// Only looks; changes nothing.
    pub look: bool,
    /// Its answer concerns only who asks (help, what is mine).
    pub private: bool,
    /// The same in other languages.
    #[serde(default)]
    pub other: Vec<VerbIn>,
}

/// Everything that can be said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Menu {
    /// In the order of the help.
    pub verbs: Vec<MenuVerb>,
}

impl Menu {
    /// The verb with this word or alias, in any language.
    pub fn verb(&self, word: &str) -> Option<&MenuVerb> {
        self.verbs.iter().find(|verb| {
            verb.word == word
                || verb.aliases.iter().any(|alias| alias == word)
                || verb.other.iter().any(|other| other.words.iter().any(|it| it == word))
        })
    }
}

impl MenuVerb {
    /// The command as text, from the values of its arguments by name: `/todo Fix login #auth !high`. Values of unknown
    /// names and empty ones are left out. Several values of a kind with a mark before it may stand in one, parted by
    /// spaces or commas. A line feed inside a value of [`ArgKind::Text`] stays, elsewhere it becomes a space. What follows
    /// several lines stands on a line of its own, and a line that begins with `/` gets the `\` that keeps it from being a
    /// command of its own.
    pub fn compose(&self, values: &[(String, String)]) -> String {
        let mut text = format!("/{}", self.word);
        let mut lines_before = false;
        for arg in &self.args {
            let Some((_, value)) = values.iter().find(|(name, _)| *name == arg.name) else { continue };
            let value = if arg.kind == ArgKind::Text { lines(value) } else { one_line(value) };
            if value.is_empty() {
                continue;
            }
            let several = matches!(arg.kind, ArgKind::Tag | ArgKind::Person | ArgKind::Item);
            let pieces: Vec<&str> = if several {
                value.split([' ', ',']).filter(|piece| !piece.is_empty()).collect()
            } else {
                vec![&value]
            };
            for piece in pieces {
                text.push(if std::mem::take(&mut lines_before) { '\n' } else { ' ' });
                if !arg.before.is_empty() && !piece.starts_with(&arg.before) {
                    text.push_str(&arg.before);
                }
                // A date of several words stays one token.
                if arg.kind == ArgKind::When
                    && arg.before.ends_with(':')
                    && piece.contains(' ')
                    && !piece.starts_with('"')
                {
                    text.push('"');
                    text.push_str(&piece.replace('"', ""));
                    text.push('"');
                } else {
                    text.push_str(piece);
                }
            }
            lines_before = value.contains('\n');
        }
        text
    }
}

/// The lines as they are, those behind the first kept from being commands of their own.
fn lines(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (n, line) in value.trim().lines().enumerate() {
        if n > 0 {
            text.push('\n');
            if line.trim_start_matches('\\').starts_with('/') {
                text.push('\\');
            }
        }
        text.push_str(line);
    }
    text
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg(name: &str, kind: ArgKind, before: &str) -> Arg {
        Arg { name: name.into(), about: name.into(), kind, required: false, before: before.into(), other: vec![] }
    }

    fn values(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn arguments_become_the_text_people_write() {
        let verb = MenuVerb {
            word: "todo".into(),
            aliases: Vec::new(),
            usage: "/todo text".into(),
            help: "put work on the list".into(),
            group: "Capture".into(),
            args: vec![
                arg("text", ArgKind::Text, ""),
                arg("tag", ArgKind::Tag, "#"),
                arg("due", ArgKind::When, "due:"),
                arg("priority", ArgKind::Choice(vec!["high".into()]), "!"),
            ],
            frequent: true,
            look: false,
            private: false,
            other: Vec::new(),
        };
        let said =
            values(&[("due", "in 2 weeks"), ("text", " Fix login\nand out "), ("tag", "auth, #app"), ("who", "x")]);
        assert_eq!(verb.compose(&said), "/todo Fix login\nand out\n#auth #app due:\"in 2 weeks\"");
        let said = values(&[("text", "Fix login\n/done T1\n\\/x")]);
        assert_eq!(verb.compose(&said), "/todo Fix login\n\\/done T1\n\\\\/x");
        let said = values(&[("priority", "!high"), ("due", "fri"), ("text", "x"), ("tag", "  ")]);
        assert_eq!(verb.compose(&said), "/todo x due:fri !high");
        assert_eq!(verb.compose(&[]), "/todo");
    }
}
