//! A log goes to NATS and back, as somebody does it: the real program and the real server, with the permissions of
//! config/deploy/nats.conf, and the program killed on the way.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use yoman_stand_ins::nats::{Server, Setup};

/// A directory to work in, and NATS.
struct Site {
    dir: TempDir,
    server: Server,
    seed: u64,
}

#[derive(Debug)]
struct Said {
    well: bool,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { well: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Which engine, in which data directory.
#[derive(Clone, Copy)]
struct On(&'static str, &'static str);

const SLED: On = On("sled", "data");
const NATS: On = On("jetstream", "data");
const OTHER: On = On("jetstream", "other");

impl Site {
    #[expect(clippy::print_stderr, reason = "a run that failed is repeated by its seed")]
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/deploy/nats.conf");
        let text = fs::read_to_string(file).unwrap();
        let more = text[text.find("NODE = {").unwrap()..].replace("password: $NATS_", "password: secret_");
        let server = Server::start_with(&dir.path().join("nats"), &Setup { more, ..Setup::default() }).unwrap();
        let seed = std::env::var("YOMAN_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 7_919);
        eprintln!("YOMAN_SEED={seed}");
        Self { dir, server, seed }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn command(&self, On(engine, data): On, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command.args(line.split(' ').filter(|word| !word.is_empty())).current_dir(self.dir.path());
        command.env("RUST_LOG", "error").env("YOMAN_LOG_ENGINE", engine).env("YOMAN_DATA_DIR", data);
        command.env("YOMAN_NATS_SERVERS", self.server.url()).env("YOMAN_NATS_REPLICAS", "1");
        command.env("YOMAN_NATS_USER", "yoman").env("NATS_PASSWORD", "secret_PASSWORD");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn well(&self, on: On, line: &str) -> String {
        let said: Said = self.command(on, line).output().unwrap().into();
        assert!(said.well, "{line}: {said:?}");
        said.out
    }

    #[track_caller]
    fn refused(&self, on: On, line: &str, what: &str) {
        let said: Said = self.command(on, line).output().unwrap().into();
        assert!(!said.well && said.err.contains(what), "{line}: {said:?}");
    }

    /// Somebody types at the console until there is nothing more to type.
    #[track_caller]
    fn typed(&self, on: On, lines: &str) -> String {
        let mut child = self.command(on, "").stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let said: Said = child.wait_with_output().unwrap().into();
        assert!(said.well, "{said:?}");
        said.out
    }

    /// Says it, and kills it on its way, so often; then lets it finish.
    fn killed(&mut self, on: On, line: &str, times: u64) -> String {
        for _ in 0..times {
            let mut child = self.command(on, line).spawn().unwrap();
            thread::sleep(Duration::from_millis(self.random(1_500)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        self.well(on, line)
    }

    fn exported(&self, on: On) -> String {
        assert!(self.well(on, "log verify").contains("WELL"));
        self.well(on, "log export")
    }
}

fn conversation(from: u32, to: u32) -> String {
    (from..=to).map(|n| format!("/todo Fix number {n} #auth\n/note T{n} seen by T{n}\n")).collect()
}

#[test]
fn a_log_goes_to_nats_and_back_whatever_kills_it_on_the_way() {
    let mut site = Site::new();
    site.refused(SLED, "log move --to jetstream", "there is no log in data");
    site.refused(SLED, "log move --to sled", "is not there any more");
    site.typed(SLED, &conversation(1, 120));
    let before = site.exported(SLED);
    site.refused(NATS, "", "never went to NATS");

    let moved = site.killed(SLED, "log move --to jetstream", 5);
    assert!(moved.contains("compared hash for hash") && moved.contains("log.engine = \"jetstream\""), "{moved}");
    site.refused(SLED, "", "yoman log move --to sled");
    assert_eq!(site.exported(NATS), before);
    let again = site.well(SLED, "log move --to jetstream");
    assert!(again.contains("brought 0 commits"), "{again}");

    let said = site.typed(NATS, &format!("{}/show T7\n", conversation(121, 140)));
    assert!(said.contains("Fix number 7") && said.contains("T140"), "{said}");
    let on_nats = site.exported(NATS);
    assert!(on_nats.starts_with(&before) && on_nats.len() > before.len());
    // Another node has all of it, the keys included.
    let said = site.typed(OTHER, "/show T7\n/todo From another node\n");
    assert!(said.contains("Fix number 7") && said.contains("T141"), "{said}");
    site.refused(SLED, "log move --to jetstream", "goes on to position");

    let moved = site.killed(NATS, "log move --to sled", 5);
    assert!(moved.contains("compared hash for hash"), "{moved}");
    site.refused(NATS, "", "yoman log move --to jetstream");
    site.refused(OTHER, "", "the log was brought to");
    let said = site.typed(SLED, &format!("/show T141\n{}", conversation(142, 150)));
    assert!(said.contains("From another node") && said.contains("T150"), "{said}");
    let at_home = site.exported(SLED);
    assert!(at_home.starts_with(&on_nats));

    // And there once more, where its beginning is.
    let moved = site.killed(SLED, "log move --to jetstream", 2);
    assert!(moved.contains("compared hash for hash"), "{moved}");
    assert_eq!(site.exported(NATS), at_home);
    let said = site.typed(OTHER, "/show T150\n");
    assert!(said.contains("Fix number 150"), "{said}");
    assert_eq!(site.exported(OTHER), at_home);
}

#[test]
fn when_nats_is_lost_a_replica_is_the_log() {
    let mut site = Site::new();
    site.typed(NATS, &conversation(1, 5));
    let on_nats = site.exported(NATS);
    site.server.kill().unwrap();
    site.refused(SLED, "", "a replica of a log on NATS");
    let moved = site.well(NATS, "log move --to sled --without-nats");
    assert!(moved.contains("log.engine = \"sled\""), "{moved}");
    assert_eq!(site.exported(SLED), on_nats);
    site.typed(SLED, "/todo Goes on\n");
    site.refused(NATS, "", "goes on there");
}
