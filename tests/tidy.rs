//! The rules of the house, as tests: who may name whom, how long a file may be, how it begins. Each test reports every
//! offender with file and line.

#![expect(clippy::unwrap_used, reason = "what the tests share fails like a test: with a place and a reason")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file past this is a sign of two rooms in one.
const FILE_LINES_MAX: usize = 600;
/// Names that say nothing about what is inside.
const NAMES_OF_NOTHING: &[&str] = &["utils", "util", "helpers", "helper", "common", "types", "errors", "misc"];
/// The platforms there are or will be.
const PLATFORMS: &[&str] = &["telegram", "discord", "slack"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A Rust file of ours.
struct Source {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path == format!("{place}.rs") || self.path.starts_with(&format!("{place}/")))
    }

    /// Only compiled for tests.
    fn is_test(&self) -> bool {
        let tests = ["tests.rs", "contract.rs", "fake.rs", "spec.rs"];
        tests.iter().any(|name| self.path.ends_with(&format!("/{name}"))) || self.path.contains("/tests/")
    }

    /// The lines of the program with their numbers: without comments, and without the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let begins_tests =
            |n: usize| lines[n].trim() == "#[cfg(test)]" || lines[n].trim().starts_with("#[cfg(all(test");
        let end = (0..lines.len())
            .find(|&n| {
                begins_tests(n) && lines.get(n + 1).is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
            })
            .unwrap_or(lines.len());
        let end = if self.is_test() { 0 } else { end };
        lines.into_iter().take(end).enumerate().map(|(n, line)| (n + 1, without_comment(line)))
    }

    /// `path:line: what` for each line of code that breaks a rule.
    fn offences(&self, rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
        self.code().filter_map(|(n, line)| rule(line).map(|what| format!("{}:{n}: {what}", self.path))).collect()
    }
}

fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find("//").map(|at| from + at) {
        // `https://` stands in strings.
        if !line[..at].ends_with(':') {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// The line without what stands in its strings.
fn without_strings(line: &str) -> String {
    let line = line.replace("\\\"", "");
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn sources_in(dir: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(dir)];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().display().to_string().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The files of the workspace's own crates.
fn ours() -> Vec<Source> {
    ["src", "bots", "tests", "benches"].into_iter().flat_map(sources_in).collect()
}

fn manifests_of_bots() -> Vec<(String, String)> {
    let bots = fs::read_dir(root().join("bots")).unwrap();
    let manifests = bots.map(|entry| entry.unwrap().path().join("Cargo.toml")).filter(|path| path.exists());
    manifests
        .map(|path| (path.strip_prefix(root()).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(inside) && !line[at + word.len()..].starts_with(inside))
}

/// A rule: none of these words.
fn none_of(words: &'static [&'static str]) -> impl Fn(&str) -> Option<String> {
    move |line| words.iter().find(|word| has_word(line, word)).map(|word| format!("names `{word}`"))
}

#[track_caller]
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}\n  {}\n", offences.join("\n  "));
}

#[test]
fn bots_do_not_know_yoman() {
    let mut offences = Vec::new();
    for (path, text) in manifests_of_bots() {
        let names = |line: &str| {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"');
            name == "yoman" || line.trim() == "[dependencies.yoman]"
        };
        let lines = text.lines().enumerate().filter(|(_, line)| names(line));
        offences.extend(lines.map(|(n, _)| format!("{path}:{}: depends on yoman", n + 1)));
    }
    for source in sources_in("bots") {
        // People are told of `yoman doctor` and of @yoman; the program must not be named.
        offences.extend(source.offences(|line| none_of(&["yoman"])(&without_strings(line))));
    }
    assert_none("a bot speaks yoman_chat and knows nothing of what is behind it", &offences);
}

#[test]
fn only_one_file_names_concrete_bots() {
    let bots: Vec<String> = manifests_of_bots()
        .iter()
        .filter_map(|(path, _)| path.split('/').nth(1).map(|bot| format!("yoman_{bot}")))
        .filter(|bot| bot != "yoman_chat")
        .collect();
    let rule = |line: &str| bots.iter().find(|bot| has_word(line, bot)).map(|bot| format!("names `{bot}`"));
    let others = sources_in("src").into_iter().filter(|source| !source.is_in(&["src/bots"]));
    let offences: Vec<_> = others.flat_map(|source| source.offences(rule)).collect();
    assert_none("concrete bots are named in src/bots.rs alone", &offences);
}

#[test]
fn what_is_said_and_meant_is_pure() {
    let rule =
        none_of(&["tokio", "sled", "yoman_chat", "teloxide", "async", "std::fs", "std::net", "std::env", "Utc::now"]);
    let pure = ["src/domain", "src/command"];
    let files = sources_in("src").into_iter().filter(|source| source.is_in(&pure));
    let mut offences: Vec<_> = files.flat_map(|source| source.offences(&rule)).collect();
    // Words become spans there; for the rest it is as pure as what it is asked from.
    let rule = none_of(&["tokio", "sled", "async", "std::fs", "std::net", "std::env", "Utc::now"]);
    let words = sources_in("src").into_iter().filter(|source| source.is_in(&["src/lang"]));
    offences.extend(words.flat_map(|source| source.offences(&rule)));
    assert_none("domain and command have no input, no output, no clock and no bot", &offences);
}

#[test]
fn the_log_imports_nothing_of_ours() {
    let rule = |line: &str| {
        let ours = line.match_indices("crate::").find(|(at, _)| !line[*at..].starts_with("crate::log"));
        if ours.is_some() { Some(format!("imports `{}`", line.trim())) } else { none_of(&["yoman_chat"])(line) }
    };
    let files = sources_in("src").into_iter().filter(|source| source.is_in(&["src/log"]));
    let offences: Vec<_> = files.flat_map(|source| source.offences(rule)).collect();
    assert_none("the log stores bytes and does not know what they mean", &offences);
}

#[test]
fn only_intake_writes_to_the_log() {
    // Whoever appends must build an `Append`. (`.append(` alone would also be texts and vectors.)
    // The vault is a log over another.
    let writers = ["src/log", "src/intake", "src/vault"];
    let others = sources_in("src").into_iter().filter(|source| !source.is_in(&writers));
    let offences: Vec<_> = others.flat_map(|source| source.offences(none_of(&["Append", "log.append"]))).collect();
    assert_none("projections only read, and what reacts sends commands like anyone", &offences);
}

#[test]
fn only_the_vault_holds_keys() {
    let files = ["src", "bots", "benches"].into_iter().flat_map(sources_in);
    let others = files.filter(|source| !source.is_in(&["src/vault"]));
    let offences: Vec<_> =
        others.flat_map(|source| source.offences(none_of(&["chacha20poly1305", "PersonKey"]))).collect();
    assert_none("nobody but the vault seals, opens or sees a key", &offences);
}

#[test]
fn no_platform_is_named_in_core_code() {
    let rule = |line: &str| {
        let line = line.to_lowercase();
        PLATFORMS.iter().find(|platform| line.contains(*platform)).map(|platform| format!("names {platform}"))
    };
    let may = ["src/bots", "src/config", "src/cli"];
    let files = sources_in("src").into_iter().filter(|source| !source.is_in(&may));
    let offences: Vec<_> = files.flat_map(|source| source.offences(rule)).collect();
    assert_none("differences between platforms are Capabilities", &offences);
}

#[test]
fn no_rust_type_name_is_written_down() {
    let rule = |line: &str| {
        let named =
            line.contains("any::type_name") || line.contains("type_name::<") || line.contains("type_name_of_val");
        named.then(|| "uses the name of a Rust type".to_owned())
    };
    let files = ["src", "bots"].into_iter().flat_map(sources_in);
    let offences: Vec<_> = files.flat_map(|source| source.offences(rule)).collect();
    assert_none("stored names are declared in domain/stored.rs", &offences);
}

#[test]
fn every_file_is_named_after_what_is_in_it() {
    let nothing = |source: &Source| {
        let stem = Path::new(&source.path).file_stem().unwrap().to_string_lossy().into_owned();
        NAMES_OF_NOTHING.contains(&stem.as_str())
    };
    let offences: Vec<_> = ours().into_iter().filter(nothing).map(|source| source.path + ":1").collect();
    assert_none("no file is called utils, helpers, common, types, errors", &offences);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = |source: &Source| !source.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    let offences: Vec<_> = ours().into_iter().filter(silent).map(|source| source.path + ":1").collect();
    assert_none("every file opens with one line that says what it is: //! …", &offences);
}

#[test]
fn no_file_is_two_rooms_in_one() {
    let lines = |source: &Source| source.text.lines().count();
    let long = ours().into_iter().filter(|source| lines(source) > FILE_LINES_MAX);
    let offences: Vec<_> = long.map(|source| format!("{}:{}: the last line", source.path, lines(&source))).collect();
    assert_none(&format!("no file is longer than {FILE_LINES_MAX} lines"), &offences);
}

#[test]
fn no_integration_test_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/it/main.rs")).unwrap_or_default();
    let listed = |name: &str| {
        let declared = [format!("mod {name};"), format!("mod {name} {{")];
        main.lines().any(|line| declared.iter().any(|declaration| line.trim().starts_with(declaration)))
    };
    let files = sources_in("tests/it").into_iter().filter_map(|source| {
        let name = source.path.strip_prefix("tests/it/")?.strip_suffix(".rs")?.to_owned();
        // Files in folders belong to the module the folder is named after.
        (!name.contains('/')).then_some(name)
    });
    let forgotten = files.filter(|name| name != "main" && !listed(name));
    let offences: Vec<_> = forgotten.map(|name| format!("tests/it/{name}.rs:1: no `mod {name};` in main.rs")).collect();
    assert_none("every file in tests/it is listed in main.rs", &offences);
}

#[test]
fn the_rules_themselves_see_what_they_should() {
    assert!(has_word("use tokio::sync;", "tokio") && has_word("(sled)", "sled"));
    assert!(!has_word("tokio_util", "tokio") && !has_word("misled", "sled") && !has_word("AppendError", "Append"));
    assert_eq!(without_comment("let url = \"https://x\"; // tokio"), "let url = \"https://x\"; ");
    let text = "//! x\nuse a; // tokio\n/// slack\n#[cfg(test)]\nmod tests {\n    use tokio;\n}\n".to_owned();
    let source = Source { path: "src/domain/x.rs".into(), text };
    assert!(source.offences(none_of(&["tokio", "slack"])).is_empty());
    assert_eq!(source.offences(none_of(&["a"])), ["src/domain/x.rs:2: names `a`"]);
    assert!(source.is_in(&["src/domain"]) && !source.is_in(&["src/dom"]));
}
