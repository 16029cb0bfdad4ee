//! yoman as a child process: the real program, with its signals.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::wire::Wire;

/// Where one yoman keeps its things through all its lives.
pub(super) struct Data(TempDir);

impl Data {
    pub(super) fn new() -> Self {
        Self(TempDir::new().expect("a directory for the data"))
    }

    /// The data directory.
    pub(super) fn dir(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn output(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Leaves everything there to be looked at.
    pub(super) fn keep(self) -> PathBuf {
        self.0.keep()
    }
}

/// A yoman that runs. Dropping it kills it.
pub(super) struct Yoman {
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
    /// Starts it on `data`, with `wire` for its platform.
    pub(super) fn start(data: &Data, wire: &dyn Wire) -> Self {
        let (out, err) = (data.output("stdout"), data.output("stderr"));
        let open = |path: &Path| File::options().create(true).append(true).open(path).expect("a file for what it says");
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            // YOMAN_KILLS and the like are the test's, and settings of the machine's own yoman are not this one's.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        let child = command
            .envs(wire.environment())
            .env("YOMAN_DATA_DIR", data.dir())
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            // No .env and no yoman.toml there.
            .current_dir(data.0.path())
            .stdin(Stdio::null())
            .stdout(open(&out))
            .stderr(open(&err))
            .spawn()
            .expect("yoman starts");
        Self { child, out, err }
    }

    /// kill -9.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// SIGTERM.
    pub(super) fn ask_to_stop(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    }

    /// Its exit code, once it has ended.
    pub(super) fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().expect("it can be asked for").map(|status| status.code().unwrap_or(-1))
    }

    /// Stops it; its exit code, or `None` when it takes longer than `patience`.
    pub(super) async fn stop(mut self, patience: Duration) -> Option<i32> {
        self.ask_to_stop();
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
    pub(super) fn ended(&mut self) -> bool {
        self.exit_code().is_some()
    }

    /// The end of what it told about itself.
    pub(super) fn said(&self) -> String {
        let text = fs::read_to_string(&self.err).unwrap_or_default();
        let from = text.len().saturating_sub(2_000);
        text.get(from..).unwrap_or_default().to_owned()
    }

    /// The claim code it printed.
    pub(super) async fn claim_code(&self) -> String {
        for _ in 0..1_000 {
            let text = fs::read_to_string(&self.out).unwrap_or_default();
            let mut words = text.split_whitespace().skip_while(|word| *word != "/claim");
            if let Some(code) = words.nth(1) {
                return code.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("yoman printed no claim code within 10 s: {}", self.said());
    }
}
