//! The grammar as the menu bots declare.

use yoman_chat::{Arg, ArgIn, ArgKind, Menu, MenuVerb, VerbIn};

use crate::{
    command::{
        self,
        menu::{self, ArgKind as Kind},
    },
    lang::Lang,
};

/// All verbs that can be used, with their arguments.
pub fn command_menu() -> Menu {
    Menu { verbs: command::verbs().iter().map(verb).collect() }
}

fn verb(verb: &command::Verb) -> MenuVerb {
    MenuVerb {
        word: verb.word.to_owned(),
        aliases: owned(verb.aliases),
        usage: verb.usage.to_owned(),
        help: verb.help.to_owned(),
        group: verb.group.heading().to_owned(),
        args: verb.args().iter().map(arg).collect(),
        frequent: verb.frequent(),
        look: verb.looks(),
        private: verb.private(),
        other: OTHERS.into_iter().map(|lang| verb_in(verb, lang)).collect(),
    }
}

/// The languages besides the one the words of the grammar are in.
const OTHERS: [Lang; 1] = [Lang::Korean];

fn verb_in(verb: &command::Verb, lang: Lang) -> VerbIn {
    VerbIn {
        lang: lang.code().to_owned(),
        words: owned(verb.korean()),
        usage: verb.usage_in(lang).to_owned(),
        help: verb.help_in(lang).to_owned(),
        group: verb.group.heading_in(lang).to_owned(),
    }
}

fn arg(arg: &menu::Arg) -> Arg {
    Arg {
        name: arg.name.to_owned(),
        about: arg.about.to_owned(),
        kind: match arg.kind {
            Kind::Item => ArgKind::Item,
            Kind::Person => ArgKind::Person,
            Kind::Tag => ArgKind::Tag,
            Kind::Project => ArgKind::Project,
            Kind::When => ArgKind::When,
            Kind::Choice(words) => ArgKind::Choice(owned(words)),
            Kind::Verb => ArgKind::Verb,
            Kind::Filter => ArgKind::Filter,
            Kind::Words => ArgKind::Words,
            Kind::Text => ArgKind::Text,
        },
        required: arg.required,
        before: arg.before.to_owned(),
        other: OTHERS
            .into_iter()
            .map(|lang| ArgIn {
                lang: lang.code().to_owned(),
                name: arg.name_in(lang).to_owned(),
                about: arg.about_in(lang).to_owned(),
                choices: match arg.kind {
                    Kind::Choice(words) => words.iter().map(|word| command::choice_in(word, lang).to_owned()).collect(),
                    _ => Vec::new(),
                },
            })
            .collect(),
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;
    use crate::command::{Command, Context, Said, parse, split};

    fn context() -> Context {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 5, 2, 11).unwrap();
        Context { now, time_zone: chrono_tz::Asia::Seoul, bare_verbs: false }
    }

    /// Something that may stand there.
    fn sample(verb: &str, arg: &Arg) -> String {
        let value = match (verb, arg.name.as_str()) {
            (_, "code") if verb == "lang" => "ko",
            (_, "code") => "7Q4M2XKD",
            ("react", "emoji") => "👀",
            ("react", _) => "done",
            ("tz", _) => "Asia/Seoul",
            ("link", "to") => "for:T9",
            ("unlink", _) => "console",
            ("undo", "parts") => "title #auth",
            (_, "page") => "2",
            (_, "until") => "today",
            ("diff", "when") => "yesterday",
            ("digest", _) => "daily 9:00",
            ("quiet", _) => "22:00-7:00 urgent",
            ("prefer", _) => "console",
            ("follow", "on") => "created, done",
            _ => match &arg.kind {
                ArgKind::Item => "T7",
                ArgKind::Person => "@dana",
                ArgKind::Tag => "auth, #größe",
                ArgKind::Project => "app",
                ArgKind::When => "in 2 weeks",
                ArgKind::Choice(words) => &words[0],
                ArgKind::Verb => "todo",
                ArgKind::Filter => "#auth @me login",
                ArgKind::Words => "fix it",
                ArgKind::Text => "Fix login\n/done T8\n- [ ] it works",
            },
        };
        value.to_owned()
    }

    #[track_caller]
    fn parses(verb: &MenuVerb, values: &[(String, String)]) -> Command {
        let text = verb.compose(values);
        assert_eq!(split(&text, &context()), [text.as_str()], "it stays one command");
        match parse(&text, &context()) {
            Ok(Said::Command(command)) => command,
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn what_is_put_together_from_arguments_is_a_command_of_that_verb() {
        for verb in &command_menu().verbs {
            // What is pinned has no past.
            let together = verb.args.iter().filter(|arg| !(verb.word == "board" && arg.name == "at"));
            let values: Vec<_> = together.map(|arg| (arg.name.clone(), sample(&verb.word, arg))).collect();
            let all = parses(verb, &values);
            let needed: Vec<_> = verb.args.iter().filter(|arg| arg.required).map(|arg| arg.name.clone()).collect();
            let values: Vec<_> = values.into_iter().filter(|(name, _)| needed.contains(name)).collect();
            let least = parses(verb, &values);
            // The printed command begins with the verb, or with the one it is short for.
            for command in [all, least] {
                let printed = command.to_text(chrono_tz::Asia::Seoul);
                let word = printed.trim_start_matches('/').split([' ', '\n']).next().unwrap();
                let same = word == verb.word || verb.aliases.iter().any(|alias| alias == word);
                let other = matches!((verb.word.as_str(), word), ("unmute", "mute") | ("quiet", "digest"));
                assert!(same || other, "/{} became {printed:?}", verb.word);
            }
        }
    }

    #[test]
    fn every_argument_arrives_in_the_command() {
        let menu = command_menu();
        let values = |of: &[(&str, &str)]| -> Vec<_> {
            of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let text = |verb: &str, of: &[(&str, &str)]| {
            parses(menu.verb(verb).unwrap(), &values(of)).to_text(chrono_tz::Asia::Seoul)
        };
        let all = [
            ("text", "Fix login"),
            ("tag", "auth web"),
            ("person", "dana"),
            ("priority", "high"),
            ("due", "fri"),
            ("project", "app"),
            ("needs", "T3 T4"),
            ("serves", "T7"),
        ];
        assert_eq!(
            text("todo", &all),
            "/todo Fix login #auth #web @dana !high in:app due:2026-11-27 needs:T3,T4 for:T7"
        );
        let lines = [("text", "Fix login\nIt loops."), ("tag", "auth"), ("due", "in 2 weeks")];
        assert_eq!(text("todo", &lines), "/todo Fix login #auth due:2026-12-04\nIt loops.");
        let pair = [("code", "7Q4M2XKD"), ("role", "member"), ("as", "kim")];
        assert_eq!(text("pair", &pair), "/pair 7Q4M2XKD member as @kim");
        assert_eq!(
            text("done", &[("item", "T7"), ("anyway", "anyway"), ("text", "it works")]),
            "/done T7 anyway it works"
        );
    }

    #[test]
    fn what_is_frequent_private_or_a_look() {
        let menu = command_menu();
        let named = |is: fn(&MenuVerb) -> bool| {
            menu.verbs.iter().filter(|verb| is(verb)).map(|verb| verb.word.as_str()).collect::<Vec<_>>()
        };
        assert!(named(|verb| verb.frequent).contains(&"todo"));
        assert!(named(|verb| verb.private).contains(&"mine"));
        assert!(named(|verb| verb.look).contains(&"board"));
        assert!(!named(|verb| verb.look).contains(&"done"));
        for verb in &menu.verbs {
            assert!((1..=100).contains(&verb.help.chars().count()), "/{}", verb.word);
            assert!(verb.word.bytes().all(|b| b.is_ascii_lowercase()), "/{}", verb.word);
        }
    }
}
