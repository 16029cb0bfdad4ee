//! The real program, and what it is wired to: Telegram's stand-in and one NATS server, or three.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    net::Ipv4Addr,
    ops::Range,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use yoman_stand_ins::{
    nats::{Cluster, Server, Setup},
    telegram::{BotIdentity, Shown, TelegramStandIn},
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_yoman");
const PATIENCE: Duration = Duration::from_secs(60);

/// yoman as a child process. Dropping it kills it.
pub(crate) struct Yoman {
    child: Child,
    dir: PathBuf,
}

impl Drop for Yoman {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Yoman {
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn said(&self, name: &str) -> String {
        fs::read_to_string(self.dir.join(name)).unwrap_or_default()
    }

    /// Whether it has said that it speaks for the bot no more.
    pub(crate) fn knows_it_lost(&self) -> bool {
        let said = self.said("stderr");
        said.lines().any(|line| line.contains("does not speak for the bot any more") && line.contains("telegram"))
    }

    /// Takes it out of the way; what it wrote stays.
    pub(crate) fn stops(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success(), "{}", self.said("stderr"));
    }
}

/// What the processes share.
pub(crate) struct Wire {
    dir: TempDir,
    pub(crate) nats: Cluster,
    pub(crate) telegram: TelegramStandIn,
    pub(crate) kim: i64,
}

impl Wire {
    /// One server, everything on loopback.
    pub(crate) async fn new() -> Self {
        Self::listening(Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST).await
    }

    /// One server; where each listens.
    pub(crate) async fn listening(nats: Ipv4Addr, telegram: Ipv4Addr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup { host: nats, ..Setup::default() };
        let server = Server::start_with(&dir.path().join("nats"), &setup).unwrap();
        Self::with(dir, Cluster { servers: vec![server] }, telegram).await
    }

    /// Three servers, of which any one may die.
    pub(crate) async fn of_three() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let nats = Cluster::start(&dir.path().join("nats"), 3).unwrap();
        Self::with(dir, nats, Ipv4Addr::LOCALHOST).await
    }

    async fn with(dir: TempDir, nats: Cluster, telegram: Ipv4Addr) -> Self {
        let telegram = TelegramStandIn::start_with(BotIdentity::default(), (telegram, 0).into()).await.unwrap();
        let kim = telegram.person("kim");
        Self { dir, nats, telegram, kim }
    }

    /// Two of them: the first speaks and has an owner, and the second knows that.
    pub(crate) async fn two(&self) -> (Yoman, Yoman) {
        let first = self.start("first");
        self.claim(&first).await;
        let second = self.start("second");
        self.until_held("first", ("second", &second)).await;
        (first, second)
    }

    pub(crate) fn start(&self, name: &str) -> Yoman {
        self.start_as(name, Command::new(PROGRAM), &self.nats.urls().join(","))
    }

    /// Starts it with this command, and with NATS there.
    pub(crate) fn start_as(&self, name: &str, command: Command, nats: &str) -> Yoman {
        let dir = self.dir.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        let open = |name: &str| File::options().create(true).append(true).open(dir.join(name)).unwrap();
        let mut command = self.settled(command, name, nats);
        let child = command.stdin(Stdio::null()).stdout(open("stdout")).stderr(open("stderr")).spawn().unwrap();
        Yoman { child, dir }
    }

    fn settled(&self, mut command: Command, name: &str, nats: &str) -> Command {
        for (name, _) in std::env::vars_os() {
            // Settings of the machine's own yoman are not this one's.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            // The stand-in may listen elsewhere than on loopback, and still be on this machine.
            .env("NO_PROXY", "*")
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            .env("YOMAN_LOG_ENGINE", "jetstream")
            .env("YOMAN_NATS_SERVERS", nats)
            .env("YOMAN_NATS_REPLICAS", self.nats.servers.len().to_string())
            .env("YOMAN_NODES_NAME", name)
            .current_dir(self.dir.path().join(name));
        command
    }

    pub(crate) fn tells(&self, name: &str, args: &[&str]) -> String {
        let mut command = self.settled(Command::new(PROGRAM), name, &self.nats.urls().join(","));
        let told = command.args(args).output().unwrap();
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    pub(crate) async fn until<T>(&self, what: &str, of: &[&Yoman], mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if start.elapsed() > PATIENCE {
                let said: Vec<_> = of.iter().map(|yoman| yoman.said("stderr")).collect();
                panic!("{what} never came; answered: {:?}\n{}", self.answered(), said.join("\n-----\n"));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Until one node says that another speaks for the bot.
    pub(crate) async fn until_held(&self, by: &str, says: (&str, &Yoman)) {
        let line = format!("lease telegram           {by}");
        self.until(&line, &[says.1], || self.tells(says.0, &["status"]).contains(&line).then_some(())).await;
    }

    /// Makes kim the owner.
    pub(crate) async fn claim(&self, yoman: &Yoman) {
        let code = || {
            let text = yoman.said("stdout");
            text.split_whitespace().skip_while(|word| *word != "/claim").nth(1).map(str::to_owned)
        };
        let code = self.until("a claim code", &[yoman], code).await;
        self.telegram.write(self.kim, &format!("/claim {code}")).unwrap();
        self.until("kim is the owner", &[yoman], || (!self.by_bot().is_empty()).then_some(())).await;
    }

    pub(crate) fn by_bot(&self) -> Vec<Shown> {
        self.telegram.shown(self.kim).into_iter().filter(|shown| shown.by_bot).collect()
    }

    pub(crate) fn ask(&self, range: Range<usize>) {
        for n in range {
            self.telegram.write(self.kim, &format!("/todo errand {n}.")).unwrap();
        }
    }

    /// Which errands are answered, in the order of the answers; and those that are marked as possible repeats.
    pub(crate) fn answered(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut plain, mut marked) = (Vec::new(), Vec::new());
        for shown in self.by_bot() {
            let Some((_, rest)) = shown.text.split_once("errand ") else { continue };
            let Some(n) = rest.split('.').next().and_then(|n| n.parse().ok()) else { continue };
            // Of what was done twice, or left out, the numbers would tell.
            assert!(shown.text.contains(&format!("T{} ", n + 1)), "{}", shown.text);
            if shown.text.contains("possibly a repeat") {
                marked.push(n);
            } else {
                plain.push(n);
            }
        }
        (plain, marked)
    }

    /// Each was answered once, in order; at most one answer is marked as a possible repeat.
    pub(crate) async fn all_answered(&self, count: usize, of: &[&Yoman]) {
        self.all_answered_after(count, 1, of).await;
    }

    /// The same after so many of those who spoke could not speak any more.
    pub(crate) async fn all_answered_after(&self, count: usize, ends: usize, of: &[&Yoman]) {
        self.until(&format!("{count} answers"), of, || {
            let (plain, marked) = self.answered();
            let all: BTreeSet<_> = plain.into_iter().chain(marked).collect();
            (all.len() == count).then_some(())
        })
        .await;
        let (plain, marked) = self.answered();
        assert!(plain.windows(2).all(|pair| pair[0] < pair[1]), "{plain:?}");
        assert!(marked.len() <= ends, "{marked:?}");
    }

    /// Until something is answered that was asked from `first` on: how long that is after `since`.
    pub(crate) async fn goes_on_after(&self, first: usize, since: Instant, of: &[&Yoman]) -> Duration {
        self.until("it goes on", of, || self.answered().0.into_iter().any(|n| n >= first).then_some(())).await;
        since.elapsed()
    }
}
