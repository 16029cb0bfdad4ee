//! A bot that is down is told to its owners on another, once; and that it is back. /status says how all of them are.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    time::Duration,
};

use insta::assert_snapshot;
use tempfile::TempDir;
use yoman_chat::Health;
use yoman_stand_ins::{
    discord::{self, DiscordStandIn},
    telegram::TelegramStandIn,
};

use crate::stage::{Ground, Stage};

/// How long anything that should happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn down(why: &str) -> Health {
    Health::Down { since: chrono::Utc::now(), why: why.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_hears_on_another_bot_once_however_often_it_is_started() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/grant @dana owner").await;
    stage.quiet(&dana.bot).await;
    stage.down_after = Duration::from_millis(100);
    stage.restart().await;
    stage.forget();
    kim.bot.feels(down("connection refused"));
    stage.sees(&dana, "cannot be reached").await;
    assert_snapshot!(stage.transcript());
    let status = stage.say(&dana, "/status").await.concat();
    assert!(status.contains("Telegram   no connection for"), "{status}");
    stage.restart().await;
    stage.say(&dana, "/todo Fix login").await;
    kim.bot.feels(Health::Up);
    stage.sees(&dana, "is back after").await;
    let told = |text: &str| stage.came(&dana).iter().filter(|came| came.contains(text)).count();
    assert_eq!((told("cannot be reached"), told("is back after")), (1, 1));
    assert_eq!(stage.came(&kim).iter().filter(|came| came.contains("cannot be reached")).count(), 0);
}

/// yoman as a child process. Dropping it kills it.
struct Yoman(Child);

impl Drop for Yoman {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Wire {
    dir: TempDir,
    telegram: TelegramStandIn,
    discord: DiscordStandIn,
    dana: discord::Person,
}

impl Wire {
    fn start(&self) -> Yoman {
        let open = |name: &str| File::options().create(true).append(true).open(self.dir.path().join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            // Settings of the machine's own yoman are not this one's.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        let yoman = command
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("DISCORD_BOT_TOKEN", self.discord.token())
            .env("DISCORD_API_URL", self.discord.url())
            .env("YOMAN_DATA_DIR", self.dir.path().join("data"))
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            .env("YOMAN_NOTIFY_DOWN_AFTER_S", "1")
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(open("stdout"))
            .stderr(open("stderr"))
            .spawn();
        Yoman(yoman.unwrap())
    }

    async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            let said = fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default();
            assert!(tokio::time::Instant::now() < until, "{what} never came\n{said}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn claim_code(&self) -> String {
        let path = self.dir.path().join("stdout");
        let code = || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            text.split_whitespace().skip_while(|word| *word != "/claim").nth(1).map(str::to_owned)
        };
        self.until("a claim code", code).await
    }

    /// What the bot said to somebody on Discord that holds this text.
    fn told(&self, text: &str) -> Vec<String> {
        let all = self.discord.by_bot(self.dana.dm);
        let words =
            all.into_iter().map(|m| m.embeds[0]["description"].as_str().map_or(m.content.clone(), str::to_owned));
        words.filter(|said| said.contains(text)).collect()
    }

    async fn hears(&self, text: &str) -> String {
        self.until(text, || self.told(text).pop()).await
    }

    fn says(&self, text: &str) {
        let (channel_id, user_id) = (self.dana.dm, self.dana.id);
        self.discord.say(discord::Say { channel_id, user_id, text: text.into(), ..Default::default() }).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_wire_with_a_kill_in_between() {
    let mut wire = Wire {
        dir: TempDir::new().unwrap(),
        telegram: TelegramStandIn::start().await.unwrap(),
        discord: DiscordStandIn::start().await.unwrap(),
        dana: discord::Person::default(),
    };
    wire.dana = wire.discord.person("dana");
    let yoman = wire.start();
    let code = wire.claim_code().await;
    wire.discord.wait(PATIENCE, |it| it.connected().then_some(())).await.unwrap();
    wire.says(&format!("claim {code}"));
    wire.hears("You own me").await;
    wire.telegram.go_down();
    let told = wire.hears("Telegram cannot be reached").await;
    assert!(told.contains("is handled when it is back"), "{told}");
    assert!(!told.contains(&wire.telegram.token()), "{told}");
    drop(yoman);
    let _again = wire.start();
    wire.says("status");
    wire.hears("no connection for").await;
    wire.telegram.come_up().await.unwrap();
    wire.hears("Telegram is back after").await;
    assert_eq!(wire.told("Telegram cannot be reached").len(), 1);
    assert_eq!(wire.told("Telegram is back after").len(), 1);
}
