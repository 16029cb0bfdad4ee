//! `yoman log` as somebody uses it: the real program, on a log that nobody holds and beside one that is running.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

/// A directory with a `data/` in it, and the program.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command.args(args).current_dir(self.0.path()).env("RUST_LOG", "error").env("YOMAN_ROOMS_TIME_ZONE", "UTC");
        command
    }

    /// Runs a command line; what it said, and its exit code.
    pub(crate) fn run(&self, line: &str) -> Said {
        let args: Vec<&str> = line.split(' ').collect();
        Said::of(&self.command(&args).stdin(Stdio::null()).output().unwrap())
    }

    #[track_caller]
    pub(crate) fn well(&self, line: &str) -> Said {
        let said = self.run(line);
        assert_eq!(said.code, Some(0), "{line}: {said:?}");
        said
    }

    #[track_caller]
    pub(crate) fn refused(&self, line: &str, what: &str) -> Said {
        let said = self.run(line);
        assert_eq!(said.code, Some(1), "{line}: {said:?}");
        assert!(said.err.contains(what), "{line}: {said:?}");
        said
    }

    /// Somebody types at the console until there is nothing more to type.
    fn typed(&self, lines: &str) {
        let mut child = self.start();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{:?}", Said::of(&output));
    }

    fn start(&self) -> Child {
        self.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The log as lines.
    pub(crate) fn exported(&self, data: &str) -> String {
        self.well(&format!("--data-dir {data} log export")).out
    }
}

#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Some items with everything a line can hold.
fn conversation(count: u64) -> String {
    (1..=count)
        .map(|n| format!("/todo Größe {n}% \"fix\" #auth\n/note T{n} seen\\n \u{1f980}\n/doing T{n}\n"))
        .collect()
}

#[test]
fn what_is_kept_can_be_proven_copied_and_read_elsewhere() {
    let bench = Bench::new();
    bench.refused("log verify", "there is no log in data");
    bench.typed(&conversation(15));
    let verified = bench.well("log verify");
    assert!(verified.out.contains("WELL") && !verified.out.contains("FAULT"), "{verified:?}");

    // A backup, added to, restored: the same bytes, the same hash.
    bench.well("log backup backup");
    bench.typed("/todo One more\n");
    assert!(bench.well("log backup backup").out.contains("1 files"));
    assert!(bench.well("log backup backup").out.contains("nothing new"));
    let restored = bench.well("log restore backup --into restored");
    let hash = |said: &Said| said.out.split_whitespace().last().unwrap().to_owned();
    assert_eq!(hash(&restored), hash(&bench.well("log verify")));
    let lines = bench.exported("data");
    assert!(restored.err.contains("copy keys/ there") && restored.out.contains("keys/person-1.key is missing"));
    bench.refused("--data-dir restored log export", "person-1.key is missing");
    bench.well("log backup backup --keys restored/keys");
    assert_eq!(bench.exported("restored"), lines);
    bench.refused("log restore backup --into restored", "has a log of its own already");
    bench.refused("log restore data --into elsewhere", "is no backup");
    assert!(!bench.path("elsewhere/log").exists());

    // Both ways of writing it down, there and back.
    bench.well("log export -o lines.jsonl");
    bench.refused("log export -o lines.jsonl", "it is there already");
    bench.well("log export -o lines.jsonl --force");
    assert_eq!(fs::read_to_string(bench.path("lines.jsonl")).unwrap(), lines);
    bench.well("log export --format cloudevents -o events.ndjson");
    for (file, into) in [("lines.jsonl", "from-lines"), ("events.ndjson", "from-events")] {
        bench.well(&format!("log import {file} --into {into}"));
        assert_eq!(bench.exported(into), lines);
    }
    // As it is stored, with its keys beside: the same commits make the same chain.
    bench.well("log export --sealed -o stored.jsonl");
    bench.refused("log import stored.jsonl --into stored", "Say --sealed if these lines are a journal");
    assert!(!bench.path("stored/log").exists() && !bench.path("stored/keys").exists());
    let made = bench.well("log import stored.jsonl --into stored --sealed");
    assert_eq!(hash(&made), hash(&restored));
    assert!(made.out.contains("keys/person-1.key is missing"), "{made:?}");
    bench.refused("--data-dir stored log export", "person-1.key is missing");
    bench.well("log backup backup --keys stored/keys");
    assert_eq!(bench.exported("stored"), lines);
    let events = bench.well("--data-dir from-events log export --format cloudevents").out;
    assert_eq!(fs::read_to_string(bench.path("events.ndjson")).unwrap(), events);
    bench.refused("log import lines.jsonl", "data has a log of its own already");

    // The oldest part goes into the archive, and nothing else changes.
    assert!(bench.well("log archive --before 20").out.contains("moved"));
    assert_eq!(bench.exported("data"), lines);
    assert!(bench.well("log verify").out.contains("from the archive"));
    assert!(bench.well("log rebuild").out.contains("WELL"));
    assert_eq!(bench.run("log archive --before yesterday").code, Some(2));
    bench.typed("/T1\n/todo And on\n");
    owner_only(&bench.path("data"));
    owner_only(&bench.path("backup"));
}

#[cfg(unix)]
fn owner_only(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{}", path.display());
        if path.is_dir() {
            owner_only(&path);
        }
    }
}

#[cfg(not(unix))]
fn owner_only(_: &Path) {}

#[test]
fn lines_that_cannot_come_in_are_named() {
    let bench = Bench::new();
    bench.typed(&conversation(5));
    let lines = bench.exported("data");
    let mut changed: Vec<String> = lines.lines().map(str::to_owned).collect();

    // What only a newer version knows refuses all of it, before anything is written.
    let newer = changed[3].replacen("\"schema\":1", "\"schema\":2", 1);
    fs::write(bench.path("newer.jsonl"), lines.replace(&changed[3], &newer)).unwrap();
    let said = bench.refused("log import newer.jsonl --into new", "newer.jsonl: line 4: ");
    assert!(said.err.contains("written by a newer yoman, so update. Nothing was imported"), "{said:?}");
    assert!(!bench.path("new").exists());

    // Damaged ones are left out one by one, and are known to be missing from then on.
    changed[2].truncate(30);
    changed[4] = format!("{{\"position\":{}}}", "9".repeat(400_000));
    fs::write(bench.path("damaged.jsonl"), format!("\u{feff}{}", changed.join("\r\n"))).unwrap();
    let said = bench.run("log import damaged.jsonl --into new");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("line 3 is left out") && said.err.contains("line 5 is left out"), "{said:?}");
    assert!(said.out.contains("WELL") && said.out.contains("position 3 was given up"), "{said:?}");
    assert_eq!(bench.exported("data"), lines);

    fs::write(bench.path("empty.jsonl"), "\n\n").unwrap();
    bench.refused("log import empty.jsonl --into none", "there is no commit in it");
    bench.refused("log import nothing.jsonl --into none", "nothing.jsonl");
    assert!(!bench.path("none").exists());
}

#[test]
fn a_damaged_log_is_told_where_and_brought_out() {
    let bench = Bench::new();
    bench.typed(&conversation(10));
    let lines = bench.exported("data");
    bench.well("log archive --before 12");

    // A segment that changed: verify says where, everything else is read, salvage brings it back.
    let segment = fs::read_dir(bench.path("data/archive")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&segment).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let said = bench.run("log verify");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("FAULT  position 1 ") && said.out.contains("WRONG"), "{said:?}");
    assert!(bench.well("log salvage --into salvaged").out.contains("WELL"));
    assert_eq!(bench.exported("salvaged"), lines);
    fs::write(&segment, &whole).unwrap();

    // A journal that somebody wrote into.
    let month = fs::read_dir(bench.path("data/journal")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&month).unwrap();
    fs::write(&month, text.replacen("auth", "auto", 1)).unwrap();
    let said = bench.run("log verify --json");
    assert!(said.code == Some(1) && said.out.contains("says something else than the log"), "{said:?}");
    fs::write(&month, &text).unwrap();
    bench.well("log verify");

    // sled's file is gone: the journal has it all.
    fs::remove_dir_all(bench.path("data/log/sled")).unwrap();
    bench.refused("log verify", "yoman log salvage");
    let said = bench.well("log salvage --into again");
    assert!(said.out.contains("all proven by the chain"), "{said:?}");
    assert_eq!(bench.exported("again"), lines);
    bench.refused("log salvage --into again", "has a log of its own already");
    // And one goes on from there.
    let output = bench.command(&["--data-dir", "again"]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{:?}", Said::of(&output));
}

#[cfg(unix)]
#[test]
fn the_running_process_does_it() {
    let bench = Bench::new();
    bench.typed(&conversation(5));
    let mut child = bench.start();
    let mut stdin = child.stdin.take().unwrap();
    // It answers at its socket once it has the log.
    while bench.run("status").code != Some(0) {
        assert!(child.try_wait().unwrap().is_none(), "it runs");
    }
    stdin.write_all(b"/todo Said meanwhile\n").unwrap();
    let verified = bench.well("log verify");
    assert!(verified.out.contains("what is shown is what the log says"), "{verified:?}");
    assert!(bench.well("status").out.contains("verified up to position"));
    assert!(bench.well("doctor").out.contains("verified up to position"));
    bench.well("log backup backup");
    bench.well("log archive --before 8");
    assert!(bench.well("log verify --json").out.contains("\"archived\":7"));
    let lines = bench.exported("data");
    assert!(lines.lines().count() > 10);
    bench.well("log export --format cloudevents -o events.ndjson");
    bench.refused("log rebuild", "in use by process");
    bench.refused("log salvage --into salvaged", "in use by process");
    assert!(!bench.path("salvaged/log").exists());
    // What it cannot do is said by it, here.
    fs::write(bench.path("file"), "x").unwrap();
    bench.refused("log backup file", "file");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    bench.well("log restore backup --into restored");
    bench.well("log backup backup --keys restored/keys");
    let restored = bench.exported("restored");
    assert!(bench.exported("data").starts_with(&restored), "a prefix");
    bench.well("log verify");
}
