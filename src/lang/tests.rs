//! Tests of the words: nothing is missing in any language, nothing is said that nobody asks for, and outside text stays
//! data.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{ast, parser};
use proptest::prelude::*;
use yoman_chat::{Style, Text};

use super::{Arg, Lang, bold, item, quote, rooms, say, text, text_in};

/// Keys that are the same in Korean, with the reason.
const THE_SAME: &[(&str, &str)] = &[];

/// A message of a file.
#[derive(Debug, Default)]
struct Message {
    room: String,
    variables: BTreeSet<String>,
    /// Those of them that are shown, not only chosen by.
    shown: BTreeSet<String>,
    /// Its words, without what goes into it.
    words: String,
}

fn messages(lang: Lang) -> BTreeMap<String, Message> {
    let mut found = BTreeMap::new();
    for (room, content) in rooms::of(lang) {
        let resource = parser::parse(*content).unwrap_or_else(|(_, errors)| panic!("{lang}/{room}.ftl: {errors:?}"));
        for entry in resource.body {
            match entry {
                ast::Entry::Message(message) => {
                    let mut into = Message { room: (*room).to_owned(), ..Message::default() };
                    let pattern =
                        message.value.unwrap_or_else(|| panic!("{lang}/{room}.ftl: {} is empty", message.id.name));
                    read_pattern(&pattern, &mut into);
                    let twice = found.insert(message.id.name.to_owned(), into);
                    assert!(
                        twice.is_none(),
                        "{lang}: {} stands in {} and in {room}",
                        message.id.name,
                        twice.unwrap().room
                    );
                }
                ast::Entry::Junk { content } => panic!("{lang}/{room}.ftl: {content}"),
                ast::Entry::Term(term) => panic!("{lang}/{room}.ftl: -{}: terms are not used here", term.id.name),
                _ => {}
            }
        }
    }
    found
}

fn read_pattern(pattern: &ast::Pattern<&str>, into: &mut Message) {
    for element in &pattern.elements {
        match element {
            ast::PatternElement::TextElement { value } => into.words.push_str(value),
            ast::PatternElement::Placeable { expression } => read_expression(expression, into),
        }
    }
}

fn read_expression(expression: &ast::Expression<&str>, into: &mut Message) {
    match expression {
        ast::Expression::Inline(inline) => read_inline(inline, into),
        ast::Expression::Select { selector, variants } => {
            let shown = into.shown.clone();
            read_inline(selector, into);
            into.shown = shown;
            variants.iter().for_each(|variant| read_pattern(&variant.value, into));
        }
    }
}

fn read_inline(inline: &ast::InlineExpression<&str>, into: &mut Message) {
    match inline {
        ast::InlineExpression::StringLiteral { value } => into.words.push_str(value),
        ast::InlineExpression::VariableReference { id } => {
            into.variables.insert(id.name.to_owned());
            into.shown.insert(id.name.to_owned());
        }
        ast::InlineExpression::FunctionReference { id, arguments } => {
            assert_eq!(id.name, "JOSA", "there is no such function");
            let [ast::InlineExpression::VariableReference { id }, ast::InlineExpression::StringLiteral { value }] =
                arguments.positional.as_slice()
            else {
                panic!("{{ JOSA($word, \"은/는\") }}")
            };
            assert!(value.contains('/'), "{value}: both forms, with a / between");
            into.variables.insert(id.name.to_owned());
        }
        ast::InlineExpression::Placeable { expression } => read_expression(expression, into),
        other => panic!("{other:?}: write variables and choices only"),
    }
}

/// A key asked for in the program.
#[derive(Debug)]
struct Asked {
    place: String,
    key: String,
    /// The names of what goes in.
    args: BTreeSet<String>,
}

fn sources() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut waiting = vec![root.join("src")];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "tests") {
                    waiting.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("lang/tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((shown(&path, &root), text));
            }
        }
    }
    found
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap().display().to_string()
}

/// Every use of the macros with a key that is written out.
fn asked() -> Vec<Asked> {
    let mut found = Vec::new();
    for (path, text) in sources() {
        for opening in ["say!(", "text!(", "text_in!(", "wording!("] {
            for (at, _) in text.match_indices(opening) {
                if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') || is_comment(&text[..at]) {
                    continue;
                }
                let parts = parts(&text[at + opening.len()..]);
                let before = match opening {
                    "text_in!(" => 2,
                    "wording!(" => 0,
                    _ => 1,
                };
                let Some(key) = parts.get(before).and_then(|key| key.strip_prefix('"')?.strip_suffix('"')) else {
                    continue;
                };
                let name = |part: &String| part.split('=').next().unwrap_or_default().trim().to_owned();
                let args = parts.iter().skip(before + 1).map(name).collect();
                let line = text[..at].lines().count();
                found.push(Asked { place: format!("{path}:{line}"), key: key.to_owned(), args });
            }
        }
    }
    found
}

fn is_comment(before: &str) -> bool {
    before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("//"))
}

/// What stands between the commas of a call, up to its closing bracket.
fn parts(text: &str) -> Vec<String> {
    let (mut found, mut part, mut depth) = (Vec::new(), String::new(), 0_u32);
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    found.push(part.trim().to_owned());
    found.retain(|part| !part.is_empty());
    found
}

#[track_caller]
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}\n  {}\n", offences.join("\n  "));
}

#[test]
fn every_language_has_every_key_with_the_same_variables() {
    let english = messages(Lang::English);
    for lang in Lang::ALL {
        let other = messages(lang);
        let mut offences = Vec::new();
        for (key, message) in &english {
            match other.get(key) {
                None => offences.push(format!("{lang}/{}.ftl has no {key}", message.room)),
                Some(it) if it.room != message.room => {
                    offences.push(format!("{key} is in {} and {}", it.room, message.room))
                }
                // Korean has no plural: what English only chooses by may be left out. It cannot say what it is not given.
                Some(it) => {
                    let more = it.variables.difference(&message.variables);
                    offences.extend(more.map(|name| format!("{lang}: {key} asks for {name}, which English does not")));
                    let less = message.shown.difference(&it.variables);
                    offences.extend(less.map(|name| format!("{lang}: {key} leaves out {name}")));
                }
            }
        }
        offences.extend(other.keys().filter(|key| !english.contains_key(*key)).map(|key| format!("en has no {key}")));
        assert_none("every language says the same", &offences);
    }
}

#[test]
fn every_key_that_is_asked_for_is_there() {
    let english = messages(Lang::English);
    let mut offences = Vec::new();
    for asked in asked() {
        match english.get(&asked.key) {
            None => offences.push(format!("{}: there is no {}", asked.place, asked.key)),
            Some(message) => {
                let missing = message.variables.difference(&asked.args);
                offences.extend(missing.map(|name| format!("{}: {} needs {name}", asked.place, asked.key)));
                let unused = asked.args.difference(&message.variables);
                offences.extend(unused.map(|name| format!("{}: {} does not say {name}", asked.place, asked.key)));
            }
        }
    }
    assert_none("what the program asks for is in the files", &offences);
}

#[test]
fn no_key_is_unused() {
    let sources = sources();
    let used = |key: &str| sources.iter().any(|(_, text)| text.contains(&format!("\"{key}\"")));
    let unused = messages(Lang::English).into_iter().filter(|(key, _)| !used(key));
    let offences: Vec<_> = unused.map(|(key, message)| format!("{}.ftl: {key}", message.room)).collect();
    assert_none("no key is left over", &offences);
}

#[test]
fn nothing_is_left_untranslated() {
    let (english, korean) = (messages(Lang::English), messages(Lang::Korean));
    let has_words = |message: &Message| message.words.chars().any(char::is_alphabetic);
    let same = english.iter().filter(|(key, message)| {
        has_words(message) && korean.get(*key).is_some_and(|it| it.words.trim() == message.words.trim())
    });
    let listed = |key: &str| THE_SAME.iter().any(|(name, _)| *name == key);
    let offences: Vec<_> =
        same.filter(|(key, _)| !listed(key)).map(|(key, it)| format!("{}.ftl: {key}", it.room)).collect();
    assert_none("what is the same in Korean is listed with a reason", &offences);
    let gone = THE_SAME.iter().filter(|(key, _)| !english.contains_key(*key));
    assert_none("what is listed is there", &gone.map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_file_is_listed() {
    for lang in Lang::ALL {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/lang").join(lang.code());
        let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let names: BTreeSet<_> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let listed: BTreeSet<_> = rooms::of(lang).iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names, listed);
    }
}

#[test]
fn words_follow_the_language_and_numbers_the_plural() {
    assert_eq!(say!(Lang::English, "buckets", n = 1, bucket = "todo"), "1 todo");
    assert_eq!(say!(Lang::English, "buckets", n = 4812, bucket = "todo"), "4,812 todos");
    assert_eq!(say!(Lang::Korean, "buckets", n = 4812, bucket = "todo"), "할 일 4,812개");
    assert_eq!(say!(Lang::Korean, "ago-minutes", n = 3), "3분 전");
}

#[test]
fn a_key_that_is_missing_is_said_by_its_name() {
    assert_eq!(Lang::Korean.say("there-is-no-such-key", &[]), "there-is-no-such-key");
    assert_eq!(Lang::English.text("", &[]).to_plain(), "");
}

#[test]
fn spans_stand_where_the_language_puts_them() {
    let text = text!(Lang::Korean, "moment-zone", date = bold("오늘"), time = "14:00", zone = item("T1"));
    let mut expected = Text::new();
    expected.push(Style::Bold, "오늘").plain(" 14:00 (").item("T1").plain(")");
    assert_eq!(text, expected);
    let text = text_in!(Lang::English, Style::Dim, "ago-on", date = quote("x"));
    let mut expected = Text::new();
    expected.push(Style::Dim, "on ").push(Style::Quote, "x");
    assert_eq!(text, expected);
    let many = vec![("date", item("T1")); 300];
    assert_eq!(Lang::English.text("ago-on", &many).to_plain(), "on T1");
}

#[test]
fn codes_are_read_with_and_without_a_region() {
    assert_eq!(Lang::parse("ko-KR"), Some(Lang::Korean));
    assert_eq!(Lang::parse("EN_gb"), Some(Lang::English));
    assert_eq!(Lang::parse("kok"), None);
    assert_eq!(Lang::parse(""), None);
    assert_eq!(Lang::choose(Some("de"), Lang::parse("ko-KR"), Lang::English), Lang::Korean);
    assert_eq!(Lang::choose(Some("en"), Some(Lang::Korean), Lang::Korean), Lang::English);
    for lang in Lang::ALL {
        assert_eq!(serde_json::to_string(&lang).unwrap(), format!("\"{lang}\""));
        assert_eq!(Lang::parse(lang.code()), Some(lang));
    }
}

#[test]
fn days_and_months_have_names() {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
    assert_eq!((Lang::English.weekday(day), Lang::English.month(day)), ("Fri".into(), "Nov".into()));
    assert_eq!((Lang::Korean.weekday(day), Lang::Korean.month(day)), ("금".into(), "11월".into()));
    for month in 1..=12 {
        let day = chrono::NaiveDate::from_ymd_opt(2026, month, 2).unwrap();
        assert_eq!(Lang::English.month(day), day.format("%b").to_string());
        assert_eq!(Lang::Korean.month(day), format!("{month}월"));
    }
}

proptest! {
    #[test]
    fn outside_text_is_data(words in "(\\PC|[{}$\u{f0000}-\u{f0003}\u{2068}\u{2069}\\\\\"]|\\{ \\$zone \\}){0,24}") {
        for lang in Lang::ALL {
            let said = lang.say("moment-zone", &[("date", Arg::from(&words)), ("time", "1".into()), ("zone", "2".into())]);
            prop_assert!(said.starts_with(&words), "{said}");
            let args = [("date", Arg::from(&words)), ("time", quote(&words)), ("zone", item("T1"))];
            let text = lang.text("moment-zone", &args);
            prop_assert_eq!(text.to_plain(), lang.say("moment-zone", &args));
            let quoted = text.spans.iter().filter(|span| span.style == Style::Quote);
            prop_assert_eq!(quoted.map(|span| span.text.as_str()).collect::<String>(), words.clone());
            prop_assert!(text.spans.iter().any(|span| span.style == Style::Item && span.text == "T1"));
        }
    }
}

/// Roughly what a board of a thousand lines asks for: printed, not judged (`--nocapture`).
#[test]
fn a_thousand_lines_are_quick() {
    let began = std::time::Instant::now();
    for n in 0..1000 {
        let text = text!(Lang::Korean, "moment-zone", date = n, time = quote("로그인 고치기"), zone = item("T1"));
        assert_eq!(text.spans.len(), 5);
    }
    let took = began.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");
}
