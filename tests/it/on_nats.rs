//! The real program on a log on NATS: what was said is there after a kill, on another machine too, and the tools for the log
//! work on its replica.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use yoman_stand_ins::nats::Server;

const LONG: Duration = Duration::from_secs(60);

struct Machine<'a> {
    dir: TempDir,
    server: &'a Server,
}

/// A program that runs, with what it says line by line.
struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl<'a> Machine<'a> {
    fn new(server: &'a Server) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), server }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("RUST_LOG", "error")
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            .env("YOMAN_LOG_ENGINE", "jetstream")
            .env("YOMAN_NATS_SERVERS", self.server.url())
            .env("YOMAN_NATS_REPLICAS", "1");
        command
    }

    fn start(&self) -> Running {
        let mut child = self.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, input, lines }
    }

    /// What a command line says; it must go well.
    #[track_caller]
    fn well(&self, line: &str) -> String {
        let args: Vec<&str> = line.split(' ').collect();
        let output = self.command(&args).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{line}: {text} {}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Running {
    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// Waits for a line with this in it.
    #[track_caller]
    fn hears(&self, what: &str) -> String {
        let mut heard = Vec::new();
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => heard.push(line),
                Err(error) => panic!("{what}: {error}: {heard:#?}"),
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn ends(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn what_was_said_outlives_a_kill_and_is_there_on_another_machine() {
    let servers = tempfile::tempdir().unwrap();
    let server = Server::start(servers.path()).unwrap();
    let one = Machine::new(&server);
    let mut running = one.start();
    running.say("/todo Fix the login");
    running.hears("T1");
    running.kill();

    let mut running = one.start();
    running.say("/show T1");
    running.hears("Fix the login");
    running.say("/doing T1");
    running.hears("T1");
    running.ends();
    assert!(one.path().join("data/replica/log/stream.json").exists() && !one.path().join("data/log").exists());

    // The tools work on the replica.
    let verified = one.well("log verify");
    assert!(verified.contains("WELL") && !verified.contains("FAULT"), "{verified}");
    assert!(one.well("log export").lines().count() >= 2);
    one.well("log backup backup");
    let doctor = one.well("doctor");
    assert!(doctor.contains("nats-server 2.") && doctor.contains("yoman-log has"), "{doctor}");
    assert!(doctor.contains("kept on 1 NATS server") && doctor.contains("sync_interval: always"), "{doctor}");

    // A machine that has nothing reads all of it.
    let other = Machine::new(&server);
    other.start().ends();
    let hash = |text: &str| text.split_whitespace().last().unwrap().to_owned();
    assert_eq!(hash(&other.well("log verify")), hash(&one.well("log verify")));
}
