//! The same with the real program: two processes on one bot of the Telegram stand-in and one log on NATS. One is killed, or
//! frozen and thawed again.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use yoman_stand_ins::{
    nats::Server,
    telegram::{Shown, TelegramStandIn},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// yoman as a child process. Dropping it kills it.
struct Yoman {
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
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.dir.join(name)).unwrap_or_default()
    }

    /// Takes it out of the way; what it wrote stays.
    fn stops(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success(), "{}", self.said("stderr"));
    }
}

struct Wire {
    dir: TempDir,
    server: Server,
    telegram: TelegramStandIn,
    kim: i64,
}

impl Wire {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("nats")).unwrap();
        let telegram = TelegramStandIn::start().await.unwrap();
        let kim = telegram.person("kim");
        Self { dir, server, telegram, kim }
    }

    fn start(&self, name: &str) -> Yoman {
        let dir = self.dir.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        let open = |name: &str| File::options().create(true).append(true).open(dir.join(name)).unwrap();
        let mut command = self.command(name, &[]);
        let child = command.stdin(Stdio::null()).stdout(open("stdout")).stderr(open("stderr")).spawn().unwrap();
        Yoman { child, dir }
    }

    fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            // Settings of the machine's own yoman are not this one's.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            .env("YOMAN_LOG_ENGINE", "jetstream")
            .env("YOMAN_NATS_SERVERS", self.server.url())
            .env("YOMAN_NATS_REPLICAS", "1")
            .env("YOMAN_NODES_NAME", name)
            .current_dir(self.dir.path().join(name));
        command
    }

    fn tells(&self, name: &str, args: &[&str]) -> String {
        let told = self.command(name, args).output().unwrap();
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    async fn until<T>(&self, what: &str, of: &[&Yoman], mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if start.elapsed() > PATIENCE {
                let said: Vec<_> = of.iter().map(|yoman| yoman.said("stderr")).collect();
                panic!("{what} never came\n{}", said.join("\n-----\n"));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes kim the owner.
    async fn claim(&self, yoman: &Yoman) {
        let code = || {
            let text = yoman.said("stdout");
            text.split_whitespace().skip_while(|word| *word != "/claim").nth(1).map(str::to_owned)
        };
        let code = self.until("a claim code", &[yoman], code).await;
        self.telegram.write(self.kim, &format!("/claim {code}")).unwrap();
        self.until("kim is the owner", &[yoman], || (!self.by_bot().is_empty()).then_some(())).await;
    }

    fn by_bot(&self) -> Vec<Shown> {
        self.telegram.shown(self.kim).into_iter().filter(|shown| shown.by_bot).collect()
    }

    fn ask(&self, range: std::ops::Range<usize>) {
        for n in range {
            self.telegram.write(self.kim, &format!("/todo errand {n}.")).unwrap();
        }
    }

    /// Which errands are answered, in the order of the answers; and those that are marked as possible repeats.
    fn answered(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut plain, mut marked) = (Vec::new(), Vec::new());
        for shown in self.by_bot() {
            let Some((_, rest)) = shown.text.split_once("errand ") else { continue };
            let Some(n) = rest.split('.').next().and_then(|n| n.parse().ok()) else { continue };
            if shown.text.contains("possibly a repeat") {
                marked.push(n);
            } else {
                plain.push(n);
            }
        }
        (plain, marked)
    }

    async fn all_answered(&self, count: usize, of: &[&Yoman]) {
        self.until(&format!("{count} answers"), of, || {
            let (plain, marked) = self.answered();
            let all: std::collections::BTreeSet<_> = plain.into_iter().chain(marked).collect();
            (all.len() == count).then_some(())
        })
        .await;
        let (plain, marked) = self.answered();
        assert!(plain.is_sorted() && plain.windows(2).all(|pair| pair[0] < pair[1]), "{plain:?}");
        assert!(marked.len() <= 1, "{marked:?}");
    }

    /// Since when the bot has been asked to be silent, it speaks again.
    async fn speaks_after(&self, count: usize, since: Instant, of: &[&Yoman]) -> Duration {
        self.until("it goes on", of, || (self.answered().0.len() > count).then_some(())).await;
        since.elapsed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_process_is_killed_another_goes_on() {
    let wire = Wire::new().await;
    let first = wire.start("first");
    wire.claim(&first).await;
    let second = wire.start("second");
    wire.until("the second one knows who speaks", &[&second], || {
        wire.tells("second", &["status"]).contains("lease telegram           first").then_some(())
    })
    .await;
    wire.ask(0..10);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 3).then_some(())).await;
    first.signal("KILL");
    let (since, count) = (Instant::now(), wire.answered().0.len());
    wire.ask(10..20);
    let after = wire.speaks_after(count + 1, since, &[&second]).await;
    eprintln!("killed; the other one went on after {after:?}");
    wire.all_answered(20, &[&second]).await;

    // The card the first one sent is changed in its place.
    let card = wire.by_bot().into_iter().find(|shown| shown.text.contains("errand 0.")).unwrap();
    wire.telegram.write(wire.kim, "/done T1").unwrap();
    wire.until("the card is changed", &[&second], || {
        let now = wire.by_bot().into_iter().find(|shown| shown.message_id == card.message_id)?;
        now.edited_at_us.map(drop)
    })
    .await;
    let doctor = wire.tells("second", &["doctor"]);
    assert!(doctor.contains("telegram: this node speaks for it"), "{doctor}");
    second.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_says_nothing_after() {
    let wire = Wire::new().await;
    let first = wire.start("first");
    wire.claim(&first).await;
    let second = wire.start("second");
    wire.until("both are there", &[&second], || {
        wire.tells("second", &["status"]).contains("lease telegram           first").then_some(())
    })
    .await;
    wire.ask(0..8);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 2).then_some(())).await;
    first.signal("STOP");
    let (since, count) = (Instant::now(), wire.answered().0.len());
    wire.ask(8..16);
    let after = wire.speaks_after(count + 1, since, &[&second]).await;
    eprintln!("frozen; the other one went on after {after:?}");
    wire.all_answered(16, &[&second]).await;
    let before = wire.by_bot().len();
    first.signal("CONT");
    wire.until("the first one knows", &[&first], || {
        first.said("stderr").contains("does not speak for the bot any more").then_some(())
    })
    .await;
    wire.all_answered(16, &[&first, &second]).await;
    assert_eq!(wire.by_bot().len(), before, "it said nothing more");
    // It is there when it is needed again.
    wire.ask(16..20);
    wire.all_answered(20, &[&first, &second]).await;
    second.stops();
    wire.ask(20..24);
    wire.all_answered(24, &[&first]).await;
    first.stops();
}
