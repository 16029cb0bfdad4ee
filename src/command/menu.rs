//! What stands behind each verb, as data: for platforms where arguments are declared with a type instead of only written.
//! One entry for each verb of the table in `verb.rs`; a test holds it against the usage and the parser.

use super::{Command, Context, Said, Verb, korean, parse, verb::in_language};
use crate::lang::Lang;

/// What stands in an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// An item.
    Item,
    /// A person.
    Person,
    /// A tag.
    Tag,
    /// A project.
    Project,
    /// A moment.
    When,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A verb.
    Verb,
    /// What restricts a list.
    Filter,
    /// Words of one line.
    Words,
    /// Words of any number of lines.
    Text,
}

/// One argument of a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its name, unique in the verb.
    pub name: &'static str,
    /// What to put there.
    pub about: &'static str,
    /// What stands there.
    pub kind: ArgKind,
    /// It must be given where no card is answered.
    pub required: bool,
    /// What is written before its value.
    pub before: &'static str,
    /// The piece of the verb's usage that stands for it.
    pub written: &'static str,
}

impl Arg {
    const fn new(name: &'static str, about: &'static str, kind: ArgKind, written: &'static str) -> Self {
        Self { name, about, kind, required: true, before: "", written }
    }

    /// Its name in a language.
    pub fn name_in(&self, lang: Lang) -> &'static str {
        in_language(lang, self.name, korean::NAMES)
    }

    /// What to put there, in a language.
    pub fn about_in(&self, lang: Lang) -> &'static str {
        in_language(lang, self.about, korean::ABOUT)
    }

    const fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    const fn behind(self, before: &'static str) -> Self {
        Self { before, ..self }
    }

    /// One of what the usage sums up in a word.
    const fn within(self, written: &'static str) -> Self {
        Self { written, ..self }
    }
}

use ArgKind::{Choice, Filter, Item, Person, Project, Tag, Text, When, Words};

pub(super) const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
pub(super) const BUCKETS: &[&str] = &["idea", "research", "todo", "pr"];
pub(super) const ROLES: &[&str] = &["guest", "member", "maintainer", "owner"];
const STATES: &[&str] = &[
    "open",
    "running",
    "doing",
    "blocked",
    "reviewed",
    "done",
    "promoted",
    "rejected",
    "merged",
    "withdrawn",
    "closed",
];

const ITEM: Arg = Arg::new("item", "which one: T7, or words of its title", Item, "T7");
const IDEA: Arg = Arg::new("item", "which idea: I3, or words of its title", Item, "I3");
const RESEARCH: Arg = Arg::new("item", "which research: R2, or words of its title", Item, "R2");
const PR: Arg = Arg::new("item", "which pr: P4, or words of its title", Item, "P4");
const TEXT: Arg = Arg::new("text", "the words", Text, "text");
const WHY: Arg = Arg::new("why", "the reason", Text, "why").optional();
const PAGE: Arg = Arg::new("page", "which page, from 1", Words, "page:2").behind("page:").optional();
const FILTER: Arg = Arg::new("filter", "which ones: todo open #auth @me in:app due:fri", Filter, "filter").optional();
const AT: Arg = Arg::new("at", "as of when: last friday, 3 months ago", When, "at when").behind("at ").optional();
const PICTURE: Arg = Arg::new("picture", "as a picture too", Choice(&["picture"]), "picture").optional();
const PEOPLE: Arg = Arg::new("person", "who: @kim, one or several", Person, "@person").behind("@");
const TAGS: Arg = Arg::new("tag", "a tag, or several: #auth", Tag, "#tag").behind("#");

const NEW: &[Arg] = &[
    Arg::new("text", "the title; further lines say more, - [ ] begins a criterion", Text, "text"),
    TAGS.within("text").optional(),
    PEOPLE.within("text").optional(),
    Arg::new("priority", "how pressing it is", Choice(PRIORITIES), "text").behind("!").optional(),
    Arg::new("due", "when it is due: fri, tomorrow 9:00, in 2 weeks", When, "text").behind("due:").optional(),
    Arg::new("project", "which project it belongs to", Project, "text").behind("in:").optional(),
    Arg::new("needs", "what it waits for: T3", Item, "text").behind("needs:").optional(),
    Arg::new("serves", "what it is for: T7", Item, "text").behind("for:").optional(),
];

const PROMOTE: &[Arg] = &[
    IDEA,
    Arg::new("to", "what it becomes", Choice(&["research", "todo", "pr"]), "research|todo|pr").optional(),
    TAGS.within("tokens").optional(),
    PEOPLE.within("tokens").optional(),
    Arg::new("priority", "how pressing it is", Choice(PRIORITIES), "tokens").behind("!").optional(),
    Arg::new("due", "when it is due", When, "tokens").behind("due:").optional(),
    Arg::new("project", "which project it belongs to", Project, "tokens").behind("in:").optional(),
];

const LIST: &[Arg] = &[
    Arg::new("bucket", "ideas, research, todos or prs", Choice(BUCKETS), "bucket").optional(),
    Arg::new("state", "where they stand", Choice(STATES), "state").optional(),
    TAGS.within("filter").optional(),
    PEOPLE.within("filter").optional(),
    Arg::new("project", "of which project", Project, "filter").behind("in:").optional(),
    FILTER,
    PAGE,
    AT,
];

#[rustfmt::skip]
static ARGS: &[(&str, &[Arg])] = &[
    ("idea", NEW),
    ("research", NEW),
    ("todo", NEW),
    ("pr", NEW),

    ("refine", &[IDEA, TEXT]),
    ("reject", &[IDEA, WHY]),
    ("promote", PROMOTE),
    ("finding", &[RESEARCH, TEXT]),
    ("assign", &[ITEM, PEOPLE]),
    ("unassign", &[ITEM, PEOPLE]),
    ("doing", &[ITEM]),
    ("done", &[ITEM, Arg::new("anyway", "although it still waits for something", Choice(&["anyway"]), "anyway").optional(), TEXT.optional()]),
    ("reopen", &[ITEM, WHY]),
    ("need", &[ITEM, Arg::new("needs", "what it waits for: T3, or several", Item, "T3")]),
    ("unneed", &[ITEM, Arg::new("needs", "what it waits for no more: T3, or several", Item, "T3")]),
    ("criterion", &[ITEM, TEXT]),
    ("review", &[PR, Arg::new("verdict", "what you say to it", Choice(&["approve", "changes", "comment"]), "approve|changes|comment"), TEXT.optional()]),
    ("merge", &[PR]),
    ("close", &[PR, WHY]),

    ("note", &[ITEM, TEXT]),
    ("title", &[ITEM, Arg::new("text", "the new title", Words, "text")]),
    ("tag", &[ITEM, TAGS]),
    ("untag", &[ITEM, TAGS]),
    ("prio", &[ITEM, Arg::new("priority", "how pressing it is", Choice(PRIORITIES), "low|normal|high|urgent")]),
    ("due", &[ITEM, Arg::new("when", "fri, tomorrow 9:00, in 2 weeks, or none", When, "when")]),
    ("project", &[ITEM, Arg::new("project", "its name, or none", Project, "name")]),
    ("link", &[ITEM.optional(), Arg::new("to", "T9, for:T9 or an address; nothing: be known elsewhere too", Words, "T9|for:T9|url").optional()]),

    ("show", &[ITEM, AT]),
    ("list", LIST),
    ("board", &[FILTER, AT]),
    ("mine", &[FILTER, AT]),
    ("next", &[FILTER, AT]),
    ("find", &[Arg::new("words", "words of the title or of what was said", Words, "words"), FILTER, PAGE, AT]),

    ("history", &[ITEM, PAGE, AT]),
    ("why", &[ITEM, PICTURE, AT]),
    ("stats", &[PICTURE, Arg::new("span", "4 weeks, or from..to", Words, "from..to").optional(), FILTER]),
    ("undo", &[ITEM.optional(), Arg::new("parts", "which parts of the act: due, #auth, title", Words, "parts").optional()]),
    ("diff", &[Arg::new("when", "since when", When, "when"), Arg::new("until", "until when", When, "[when]").optional(), ITEM.optional(), FILTER]),
    ("report", &[Arg::new("name", "which report; nothing: which there are", Words, "name").optional(), Arg::new("words", "what it is given", Words, "words").optional(), AT]),

    ("follow", &[FILTER, Arg::new("on", "what has to happen: created, noted, assigned, started, done, merged, due, undone", Words, "on:created,done").behind("on:").optional()]),
    ("unfollow", &[FILTER]),
    ("mute", &[Arg::new("time", "2h, 3 days, until mon 9:00, or off", When, "2h|3 days|until when|off")]),
    ("unmute", &[]),
    ("digest", &[Arg::new("when", "daily 9:00, weekly mon 9:00, now, or off", Words, "daily 9:00|weekly mon 9:00|now|off").optional()]),
    ("quiet", &[Arg::new("hours", "22:00-7:00, with urgent to let what is urgent through, or off", Words, "22:00-7:00 [urgent]|urgent on|urgent off|off").optional()]),
    ("remind", &[
        ITEM.optional(),
        Arg::new("when", "fri 9:00, in 2 days; for the room: due 1d 1h, stale 14d, blocked 3d, off", When, "when").optional(),
        Arg::new("words", "what to be reminded of", Text, "words").optional(),
    ]),
    ("react", &[Arg::new("emoji", "which reaction; nothing: which there are", Words, "emoji").optional(), Arg::new("verb", "what it does: done, start, take, or off", Words, "verb|off").optional()]),
    ("lang", &[Arg::new("code", "en, ko, or off", Words, "en|ko|off").optional()]),
    ("tz", &[Arg::new("zone", "area and city: Asia/Seoul", Words, "Area/City")]),
    ("rebuild", &[
        Arg::new("where", "in this room", Choice(&["here"]), "here"),
        FILTER,
        Arg::new("from", "the room it shall follow and be set like, as /rooms shows it", Words, "from room").behind("from ").optional(),
    ]),
    ("default", &[Arg::new("bucket", "what a bare sentence becomes", Choice(BUCKETS), "idea|research|todo|pr")]),

    ("claim", &[Arg::new("code", "the code shown at the first start", Words, "CODE")]),
    ("pair", &[
        Arg::new("code", "the code they got; nothing: who waits", Words, "CODE").optional(),
        Arg::new("role", "what they may do", Choice(ROLES), "role").optional(),
        Arg::new("as", "who this is, if I know them already", Person, "as @name").behind("as ").optional(),
    ]),
    ("people", &[]),
    ("grant", &[PEOPLE, Arg::new("role", "what they may do", Choice(ROLES), "role")]),
    ("revoke", &[PEOPLE]),
    ("forget", &[PEOPLE]),
    ("unlink", &[Arg::new("platform", "where, as /people shows it", Words, "platform")]),
    ("prefer", &[Arg::new("platform", "which, or off", Words, "platform|off").optional()]),
    ("rooms", &[]),
    ("enable", &[]),
    ("disable", &[]),

    ("confirm", &[Arg::new("code", "the code of the question", Words, "CODE")]),
    ("help", &[Arg::new("verb", "about which verb", ArgKind::Verb, "verb").optional()]),
    ("status", &[Arg::new("all", "in detail", Choice(&["all"]), "all").optional()]),
    ("start", &[]),
];

/// Verbs that are used daily: worth a command of their own where commands are declared one by one.
const FREQUENT: &[&str] = &[
    "idea", "todo", "research", "promote", "doing", "done", "note", "assign", "due", "list", "board", "mine", "next",
    "show", "find", "undo", "help",
];

/// Verbs whose answer concerns nobody but who asks.
const PRIVATE: &[&str] =
    &["mine", "claim", "pair", "people", "prefer", "unlink", "rooms", "remind", "confirm", "help", "status", "start"];

impl Verb {
    /// What stands behind it, in the order in which it is written.
    pub fn args(&self) -> &'static [Arg] {
        ARGS.iter().find(|(word, _)| *word == self.word).map_or(&[], |(_, args)| args)
    }

    /// Whether it is used daily.
    pub fn frequent(&self) -> bool {
        FREQUENT.contains(&self.word)
    }

    /// Whether its answer concerns only who asks.
    pub fn private(&self) -> bool {
        PRIVATE.contains(&self.word)
    }

    /// Whether it only looks.
    pub fn looks(&self) -> bool {
        let context = Context { now: chrono::DateTime::UNIX_EPOCH, time_zone: chrono_tz::UTC, bare_verbs: false };
        matches!(parse(&format!("/{}", self.example), &context), Ok(Said::Command(Command::Look(_))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        command::verbs,
        domain::{Bucket, Priority, Role},
    };

    #[test]
    fn every_verb_says_what_stands_behind_it() {
        let listed: Vec<_> = ARGS.iter().map(|(word, _)| *word).collect();
        for verb in verbs() {
            assert!(listed.contains(&verb.word), "/{} has no entry in the table of arguments", verb.word);
        }
        for word in listed.iter().chain(FREQUENT).chain(PRIVATE) {
            assert!(verbs().iter().any(|verb| verb.word == *word), "there is no /{word}");
        }
        assert_eq!(listed.iter().collect::<HashSet<_>>().len(), listed.len(), "an entry for each verb");
    }

    #[test]
    fn arguments_are_named_as_platforms_can_show_them_and_stand_in_the_usage() {
        for verb in verbs() {
            let mut names = HashSet::new();
            let mut optional = false;
            for arg in verb.args() {
                let place = format!("/{} {}", verb.word, arg.name);
                assert!(names.insert(arg.name), "{place} stands there twice");
                assert!((1..=32).contains(&arg.name.len()), "{place}");
                assert!(arg.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{place}");
                assert!((1..=100).contains(&arg.about.chars().count()), "{place}");
                assert!(verb.usage.contains(arg.written), "{place}: {:?} is not in {:?}", arg.written, verb.usage);
                assert!(!(arg.required && optional), "{place} must be given and stands behind what need not be");
                optional |= !arg.required;
            }
            assert_eq!(verb.args().is_empty(), !verb.usage.contains(' '), "/{} is written {:?}", verb.word, verb.usage);
            // At most 25 options is the narrowest limit there is.
            assert!(verb.args().len() <= 25);
        }
    }

    #[test]
    fn choices_are_all_there_are() {
        let words: Vec<_> = Priority::ALL.iter().map(|it| it.word()).collect();
        assert_eq!(PRIORITIES, words);
        let words: Vec<_> = Bucket::ALL.iter().map(|it| it.word()).collect();
        assert_eq!(BUCKETS, words);
        let words: Vec<_> = Role::ALL.iter().map(|it| it.word()).collect();
        assert_eq!(ROLES, words);
        assert_eq!(STATES, crate::command::filter::state_words().collect::<Vec<_>>());
    }

    #[test]
    fn looks_are_told_from_what_changes_something() {
        let looks: Vec<_> = verbs().iter().filter(|verb| verb.looks()).map(|verb| verb.word).collect();
        for word in ["show", "list", "board", "mine", "next", "find", "history", "why", "people", "rooms", "help"] {
            assert!(looks.contains(&word), "/{word}");
        }
        for word in ["idea", "done", "follow", "pair", "claim", "enable", "merge"] {
            assert!(!looks.contains(&word), "/{word}");
        }
    }
}
