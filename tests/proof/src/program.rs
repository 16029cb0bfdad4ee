//! The real program: found, started with its signals, looked at from outside.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// What a panic leaves on standard error, whatever caught it.
const PANICKED: &str = "panicked at";

/// The longest anybody types at a console.
const TYPED_MAX: Duration = Duration::from_secs(120);

/// The program that is tried, and where the runs keep their things.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    scratch: PathBuf,
}

impl Program {
    /// The one that is given (or named by `YOMAN_PROGRAM`), else `yoman` beside this one, built when it is not there.
    ///
    /// # Errors
    /// When there is none and none can be built.
    pub fn find(given: Option<&Path>) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
        let built = own.parent().ok_or("this program is in no directory")?;
        let built = if built.ends_with("deps") { built.parent().unwrap_or(built) } else { built };
        let named = given.map(Path::to_owned).or_else(|| std::env::var_os("YOMAN_PROGRAM").map(PathBuf::from));
        let path = match named {
            Some(path) => std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))?,
            None => built.join(format!("yoman{}", std::env::consts::EXE_SUFFIX)),
        };
        if given.is_none() && !path.exists() {
            build(built)?;
        }
        if !path.exists() {
            return Err(format!("{} is not there: cargo build -p yoman, or name one with --program", path.display()));
        }
        // Beside what is built: on a disk, where temporary files are often kept in memory.
        let scratch = std::env::var_os("YOMAN_PROOF_DIR").map_or_else(|| built.join("proof"), PathBuf::from);
        fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
        Ok(Self { path, scratch })
    }

    /// Where the runs keep what they make once and use again.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The program with these arguments, its environment its own: settings of the machine's yoman are not this one's.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        narrow(&mut command);
        command
    }

    /// The same under limits of the shell's, such as `-n 20`.
    pub(crate) fn limited(&self, limit: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("ulimit {limit} && exec \"$0\" \"$@\"")).arg(&self.path);
        narrow(&mut command);
        command
    }
}

fn narrow(command: &mut Command) {
    let secrets = ["TELEGRAM_", "DISCORD_", "SLACK_"];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("YOMAN_") || secrets.iter().any(|secret| name.starts_with(secret)) || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.env("YOMAN_ROOMS_TIME_ZONE", "UTC");
}

fn build(profile: &Path) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "-p", "yoman", "--bin", "yoman"]);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let built = command.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    match built {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("yoman could not be built: {status}")),
        Err(error) => Err(format!("yoman is not built, and cargo cannot be started: {error}")),
    }
}

/// Where one yoman keeps its things through all its lives.
pub(crate) struct Data {
    home: TempDir,
    program: Program,
}

impl Data {
    pub(crate) fn new(program: &Program) -> Self {
        let home = tempfile::Builder::new().prefix("r").rand_bytes(5).tempdir_in(&program.scratch);
        Self { home: home.expect("a directory for the data"), program: program.clone() }
    }

    /// The data directory.
    pub(crate) fn dir(&self) -> PathBuf {
        self.path("data")
    }

    /// Something beside it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Leaves everything there to be looked at.
    pub(crate) fn keep(self) -> PathBuf {
        self.home.keep()
    }

    /// The program, at home here: no .env and no yoman.toml there.
    pub(crate) fn at_home(&self, mut command: Command) -> Command {
        command.current_dir(self.home.path()).env("YOMAN_DATA_DIR", self.dir());
        command
    }

    /// The program with these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.at_home(self.program.command());
        command.args(args);
        command
    }

    /// The program under limits of the shell's.
    pub(crate) fn limited(&self, limit: &str) -> Command {
        self.at_home(self.program.limited(limit))
    }

    /// Runs a command line to its end.
    pub(crate) fn run(&self, line: &str) -> Said {
        let args: Vec<&str> = line.split(' ').collect();
        Said::of(self.command(&args).stdin(Stdio::null()))
    }

    /// Somebody types at the console until there is nothing more to type.
    pub(crate) fn typed(&self, lines: &str) -> Said {
        Said::of_typed(&mut self.command(&[]), lines)
    }
}

/// What a program said until it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// It did not end within [`TYPED_MAX`], and was killed.
    pub(crate) hung: bool,
}

impl Said {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr), hung: false }
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        Self::new(&command.output().expect("yoman starts"))
    }

    pub(crate) fn of_typed(command: &mut Command, lines: &str) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("yoman starts");
        let mut stdin = child.stdin.take().expect("it listens");
        let lines = lines.as_bytes().to_vec();
        // Beside the reading, so that neither side waits for the other; one that has ended hears no more.
        let typing = std::thread::spawn(move || drop(stdin.write_all(&lines)));
        let pid = rustix::process::Pid::from_child(&child);
        let (ended, wait) = std::sync::mpsc::channel::<()>();
        let watching = std::thread::spawn(move || {
            let hung = wait.recv_timeout(TYPED_MAX) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            // Not waited for yet, so the number is still its own.
            hung && rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok()
        });
        let mut pipes = (child.stdout.take().expect("it speaks"), child.stderr.take().expect("it complains"));
        let complaints = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipes.1.read_to_end(&mut bytes);
            bytes
        });
        let mut out = Vec::new();
        let _ = pipes.0.read_to_end(&mut out);
        let err = complaints.join().unwrap_or_default();
        drop(ended);
        let hung = watching.join().unwrap_or(false);
        let status = child.wait().expect("it can be waited for");
        let _ = typing.join();
        Self { hung, ..Self::new(&Output { status, stdout: out, stderr: err }) }
    }

    pub(crate) fn well(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether a thread of it panicked, or it did not end by itself.
    pub(crate) fn panicked(&self) -> bool {
        self.code.is_none() || self.code == Some(101) || panicked(&self.err) || panicked(&self.out)
    }
}

/// Whether somebody panicked in what was told.
pub(crate) fn panicked(text: &str) -> bool {
    text.contains(PANICKED)
}

/// A yoman that runs. Dropping it kills it.
pub(crate) struct Yoman {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Drop for Yoman {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Yoman {
    /// Starts it on `data`, with the platforms it is told of there.
    pub(crate) fn start(data: &Data, environment: &[(&'static str, String)]) -> Self {
        Self::start_as(data, data.command(&[]), environment)
    }

    /// Starts a program that was made ready.
    pub(crate) fn start_as(data: &Data, mut command: Command, environment: &[(&'static str, String)]) -> Self {
        let (out, err) = (data.path("stdout"), data.path("stderr"));
        let open = |path: &Path| File::options().create(true).append(true).open(path).expect("a file for what it says");
        let child = command
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(open(&out))
            .stderr(open(&err))
            .spawn()
            .expect("yoman starts");
        Self { child, out, err }
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Any signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it can be signalled");
    }

    /// SIGSTOP: it does nothing more, if it has not ended already.
    pub(crate) fn halt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::STOP);
    }

    /// Its exit code, once it has ended.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().expect("it can be asked for").map(|status| status.code().unwrap_or(-1))
    }

    /// Stops it; its exit code, or `None` when it takes longer than `patience`.
    pub(crate) async fn stop(mut self, patience: Duration) -> Option<i32> {
        self.ask_to_stop();
        self.wait(patience).await
    }

    /// Waits until it has ended by itself; its exit code, or `None` when it takes longer than `patience`.
    pub(crate) async fn wait(&mut self, patience: Duration) -> Option<i32> {
        let asked = Instant::now();
        while asked.elapsed() < patience {
            if let Some(code) = self.exit_code() {
                return Some(code);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        self.exit_code().is_some()
    }

    /// Everything it told about itself, in all its lives on these data.
    pub(crate) fn told(&self) -> String {
        let bytes = fs::read(&self.err).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The end of that.
    pub(crate) fn said(&self) -> String {
        let text = self.told();
        let from = text.char_indices().rev().nth(2_000).map_or(0, |(at, _)| at);
        text[from..].to_owned()
    }

    /// The claim code it printed.
    pub(crate) async fn claim_code(&self) -> String {
        for _ in 0..3_000 {
            let text = fs::read_to_string(&self.out).unwrap_or_default();
            let mut words = text.split_whitespace().skip_while(|word| *word != "/claim");
            if let Some(code) = words.nth(1) {
                return code.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("yoman printed no claim code within 30 s: {}", self.said());
    }
}
