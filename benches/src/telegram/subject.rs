//! The bots that are compared, as child processes: started, killed, stopped, looked at from outside.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{Outcome, stage::Stage};

/// A clock tick of `/proc/<pid>/stat` in seconds.
const TICK_S: f64 = 0.01;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A bare teloxide `Dispatcher`.
    Teloxide,
    /// yoman.
    Yoman,
    /// Errbot with one plugin.
    Errbot,
    /// Hubot with one script.
    Hubot,
    /// python-telegram-bot with one handler.
    PythonTelegramBot,
}

impl Subject {
    /// What is looked at most closely, in the order of the table.
    pub const PAIR: [Self; 2] = [Self::Teloxide, Self::Yoman];
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Yoman, Self::Teloxide, Self::PythonTelegramBot, Self::Errbot, Self::Hubot];

    /// As the table says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Teloxide => "teloxide",
            Self::Yoman => "yoman",
            Self::Errbot => "Errbot",
            Self::Hubot => "Hubot",
            Self::PythonTelegramBot => "python-telegram-bot",
        }
    }
}

/// How each bot is started: a program with its arguments. All of them take the token, the address of the platform and where
/// to keep things from the environment.
#[derive(Clone, Debug, Default)]
pub struct Programs(HashMap<Subject, (PathBuf, Vec<PathBuf>)>);

impl Programs {
    /// One more.
    #[must_use]
    pub fn with(mut self, subject: Subject, program: impl Into<PathBuf>, arguments: Vec<PathBuf>) -> Self {
        self.0.insert(subject, (program.into(), arguments));
        self
    }
}

/// A bot that runs. Dropping it kills it.
pub struct Running {
    child: Child,
    subject: Subject,
    /// When it was started, in the stand-in's clock.
    pub started_us: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill, and nothing to do about that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Programs {
    /// Starts a bot against `stage`, keeping its things in `dir`. `console`: somebody could type, so the console is on too.
    pub fn start(&self, subject: Subject, stage: &Stage, dir: &Path, console: bool) -> Outcome<Running> {
        fs::create_dir_all(dir)?;
        let (program, arguments) = self.0.get(&subject).ok_or_else(|| format!("no program for {}", subject.name()))?;
        let mut command = Command::new(program);
        command.args(arguments);
        for (name, _) in std::env::vars_os() {
            // Settings of the machine's own yoman are no settings of this one.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command
            .env("TELEGRAM_BOT_TOKEN", stage.telegram.token())
            .env("TELEGRAM_API_URL", stage.telegram.url())
            .env("PEER_DB", dir.join("peer.db"))
            .env("YOMAN_DATA_DIR", dir.join("data"))
            .env("YOMAN_BOTS_CONSOLE_ENABLED", if console { "true" } else { "false" })
            // No .env and no yoman.toml there.
            .current_dir(dir)
            .stdin(if console { Stdio::piped() } else { Stdio::null() })
            .stdout(File::options().create(true).append(true).open(dir.join("stdout"))?)
            .stderr(File::options().create(true).append(true).open(dir.join("stderr"))?);
        let started_us = stage.now_us();
        Ok(Running { child: command.spawn()?, subject, started_us })
    }
}

impl Running {
    /// kill -9.
    pub fn kill(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop and waits. The others know no better way than being killed.
    pub async fn stop(mut self) -> Outcome<()> {
        if self.subject == Subject::Yoman {
            let pid = rustix::process::Pid::from_child(&self.child);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
            for _ in 0..1000 {
                if self.child.try_wait()?.is_some() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            return Err("yoman did not stop within 10 s".into());
        }
        self.kill()
    }

    /// Resident memory in 10^6 bytes.
    pub fn rss_mb(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// Processor time used so far, in seconds.
    pub fn cpu_s(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name in parentheses: state is the first, utime and stime the 12th and 13th.
        let rest = stat.rsplit_once(')').ok_or("no stat")?.1;
        let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() * TICK_S)
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

/// Copies a directory with everything in it.
pub fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else if kind.is_file() {
            // Sockets stay behind: they belong to the process that made them.
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
