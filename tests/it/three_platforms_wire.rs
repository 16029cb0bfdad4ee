//! The conversation from the phone to two friends elsewhere, with the real program and over the real wire: Telegram, Discord
//! and Slack each answer what the services would, and what stands in their rooms at the end is the transcript.

use std::{
    fmt::Write as _,
    fs::{self, File},
    process::{Child, Command, Stdio},
    time::Duration,
};

use insta::assert_snapshot;
use tempfile::TempDir;
use yoman_stand_ins::{
    discord::{self, DiscordStandIn, Invoke},
    slack::{self, SlackStandIn, Submit},
    telegram::{self, TelegramStandIn},
};

/// How long anything that should happen may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Cards are changed at most twice a second: nothing is to come after so long.
const QUIET: Duration = Duration::from_millis(800);

/// yoman as a child process. Dropping it kills it.
struct Yoman(Child);

impl Drop for Yoman {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A message as it stands somewhere.
struct Seen {
    who: String,
    lines: Vec<String>,
    buttons: Vec<Vec<String>>,
}

/// A room with what stands in it, and how it is called.
#[derive(Clone, Debug)]
enum Room {
    Telegram(i64),
    Discord(u64),
    Slack(String),
}

/// The three services, the people on them, and yoman.
struct Stage {
    dir: TempDir,
    telegram: TelegramStandIn,
    discord: DiscordStandIn,
    slack: SlackStandIn,
    kim: i64,
    dana: discord::Person,
    min: String,
    phone: Room,
    desk: Room,
    office: Room,
    dana_alone: Room,
    min_alone: Room,
    _yoman: Yoman,
}

impl Stage {
    async fn begin() -> Self {
        let dir = TempDir::new().unwrap();
        let telegram = TelegramStandIn::start().await.unwrap();
        let discord = DiscordStandIn::start().await.unwrap();
        let slack = SlackStandIn::start().await.unwrap();
        let (kim, dana, min) = (telegram.person("kim"), discord.person("dana"), slack.person("min"));
        let channel = discord::NewChannel { name: "app".into(), ..discord::NewChannel::default() };
        let desk = Room::Discord(discord.add_channel(channel).unwrap());
        let channel = slack::NewChannel { name: "app".into(), ..slack::NewChannel::default() };
        let office = Room::Slack(slack.add_channel(channel, &[&min]));
        let open = |name: &str| File::create(dir.path().join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoman"));
        for (name, _) in std::env::vars_os() {
            // Settings of the machine's own yoman are not this one's.
            if name.to_string_lossy().starts_with("YOMAN_") {
                command.env_remove(name);
            }
        }
        let app = slack.app();
        let yoman = command
            .env("TELEGRAM_BOT_TOKEN", telegram.token())
            .env("TELEGRAM_API_URL", telegram.url())
            .env("DISCORD_BOT_TOKEN", discord.token())
            .env("DISCORD_API_URL", discord.url())
            .env("SLACK_BOT_TOKEN", app.bot_token)
            .env("SLACK_APP_TOKEN", app.app_token)
            .env("SLACK_API_URL", slack.api_url())
            .env("YOMAN_DATA_DIR", dir.path().join("data"))
            .env("YOMAN_ROOMS_TIME_ZONE", "UTC")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(open("stdout"))
            .stderr(open("stderr"))
            .spawn()
            .unwrap();
        let (dana_alone, min_alone) = (Room::Discord(dana.dm), Room::Slack(slack.im(&min)));
        let phone = Room::Telegram(kim);
        let yoman = Yoman(yoman);
        discord.wait(PATIENCE, |it| it.connected().then_some(())).await.unwrap();
        assert!(slack.wait_sockets(1, PATIENCE).await);
        discord.wait(PATIENCE, |it| (!it.commands(0).is_empty()).then_some(())).await.unwrap();
        Self {
            dir,
            telegram,
            discord,
            slack,
            kim,
            dana,
            min,
            phone,
            desk,
            office,
            dana_alone,
            min_alone,
            _yoman: yoman,
        }
    }

    async fn claim_code(&self) -> String {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let text = fs::read_to_string(self.dir.path().join("stdout")).unwrap();
            if let Some(code) = text.split_whitespace().skip_while(|word| *word != "/claim").nth(1) {
                return code.to_owned();
            }
            assert!(tokio::time::Instant::now() < until, "no claim code: {text}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Everything that stands in a room, and who wrote it.
    fn stands(&self, room: &Room) -> Vec<Seen> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        match room {
            Room::Telegram(chat) => {
                let seen = self.telegram.transcript(*chat).into_iter().filter(|m| !m.deleted);
                seen.map(|m| Seen {
                    who: if m.by_bot { "yoman".into() } else { "kim".into() },
                    lines: lines(&m.text),
                    buttons: m.buttons.iter().map(|row| row.iter().map(|it| it.text.clone()).collect()).collect(),
                })
                .collect()
            }
            Room::Discord(channel) => {
                let seen = self.discord.shown(*channel).into_iter();
                seen.map(|m| {
                    let mut who = if m.by_bot { "yoman".to_owned() } else { "dana".to_owned() };
                    if m.only_for.is_some() {
                        who.push_str(", to dana alone");
                    }
                    let raw = match m.embeds[0]["description"].as_str() {
                        Some(card) => {
                            let colour = m.embeds[0]["color"].as_u64().unwrap_or(0);
                            who.push_str(&format!(", a card in #{colour:06x}"));
                            card.to_owned()
                        }
                        None => m.content.clone(),
                    };
                    let buttons = m.buttons.iter().map(|row| row.iter().map(|it| it.label.clone()).collect());
                    Seen { who, lines: lines(&raw), buttons: buttons.collect() }
                })
                .collect()
            }
            Room::Slack(channel) => {
                let seen = self.slack.transcript(channel).into_iter().filter(|m| !m.deleted);
                seen.map(|m| {
                    let mut who = if m.by_bot { "yoman".to_owned() } else { "min".to_owned() };
                    if m.only_for.is_some() {
                        who.push_str(", to min alone");
                    }
                    if m.thread_ts.is_some() {
                        who.push_str(", in a thread");
                    }
                    let mut lines = lines(&m.text);
                    for below in &m.attachments {
                        let colour = below["color"].as_str().unwrap_or_default();
                        lines.push(format!("({colour} {})", below["fallback"].as_str().unwrap_or_default()));
                    }
                    let buttons = m.buttons.iter().map(|row| row.iter().map(|it| it.text.clone()).collect());
                    Seen { who, lines, buttons: buttons.collect() }
                })
                .collect()
            }
        }
    }

    /// Waits until a text is to be read in a room, from yoman.
    async fn sees(&self, room: &Room, text: &str) -> String {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let all: Vec<String> = self
                .stands(room)
                .into_iter()
                .filter(|m| m.who.starts_with("yoman"))
                .map(|m| m.lines.join("\n"))
                .collect();
            if let Some(found) = all.iter().rev().find(|it| it.contains(text)) {
                return found.clone();
            }
            let said = fs::read_to_string(self.dir.path().join("stderr")).unwrap();
            assert!(tokio::time::Instant::now() < until, "{text:?} is not in {room:?}: {all:#?}\n{said}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The person of a room writes there; in a group to yoman.
    fn say(&self, room: &Room, text: &str) {
        match room {
            Room::Telegram(chat) => {
                self.telegram.write(*chat, text).unwrap();
            }
            Room::Discord(channel) => {
                let us = self.discord.bot_id();
                let text = if *channel == self.dana.dm { text.to_owned() } else { format!("<@{us}> {text}") };
                let say = discord::Say { channel_id: *channel, user_id: self.dana.id, text, ..Default::default() };
                self.discord.say(say).unwrap();
            }
            Room::Slack(channel) => {
                let us = self.slack.app().bot_user;
                let text = if channel.starts_with('D') { text.to_owned() } else { format!("<@{us}> {text}") };
                let (channel, user) = (channel.clone(), self.min.clone());
                self.slack.say(slack::Say { channel, user, text, raw: true, ..Default::default() }).unwrap();
            }
        }
    }

    /// The person of a room presses the newest button with this label.
    fn press(&self, room: &Room, label: &str) {
        match room {
            Room::Telegram(chat) => {
                let has = |m: &&telegram::Shown| m.buttons.iter().flatten().any(|it| it.text == label);
                let message_id = self.telegram.shown(*chat).iter().rev().find(has).unwrap().message_id;
                let press = telegram::Press { chat_id: *chat, user_id: self.kim, message_id, button: label.into() };
                self.telegram.press(&press).unwrap();
            }
            Room::Discord(channel) => {
                let all = self.discord.by_bot(*channel);
                let found = all.iter().rev().find_map(|m| {
                    let button = m.buttons.iter().flatten().find(|it| it.label == label)?;
                    Some((m.id, button.custom_id.clone()))
                });
                let (message, custom_id) = found.unwrap();
                self.discord.press(message, self.dana.id, &custom_id).unwrap();
            }
            Room::Slack(channel) => {
                let has = |m: &&slack::Shown| m.buttons.iter().flatten().any(|it| it.text == label);
                let ts = self.slack.shown(channel).iter().rev().find(has).unwrap().ts.clone();
                let (channel, user) = (channel.clone(), self.min.clone());
                self.slack.press(&slack::Press { channel, user, ts, button: label.into() }).unwrap();
            }
        }
    }

    /// What stands in all rooms once nothing changes any more.
    async fn settled(&self) -> String {
        let mut before = (self.transcript(), tokio::time::Instant::now());
        while before.1.elapsed() < QUIET {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = self.transcript();
            if now != before.0 {
                before = (now, tokio::time::Instant::now());
            }
        }
        before.0
    }

    /// What stands in all rooms, each on its own.
    fn transcript(&self) -> String {
        let rooms = [
            ("kim on Telegram", &self.phone),
            ("dana on Discord", &self.dana_alone),
            ("#app on Discord", &self.desk),
            ("min on Slack", &self.min_alone),
            ("#app on Slack", &self.office),
        ];
        let mut out = String::new();
        for (name, room) in rooms {
            writeln!(out, "== {name}").unwrap();
            for seen in self.stands(room) {
                writeln!(out, "{}", seen.who).unwrap();
                for line in &seen.lines {
                    writeln!(out, "    {line}").unwrap();
                }
                for row in &seen.buttons {
                    let row: Vec<String> = row.iter().map(|label| format!("[{label}]")).collect();
                    writeln!(out, "      {}", row.join(" ")).unwrap();
                }
            }
            out.push('\n');
        }
        let (us, slack_us) = (format!("<@{}>", self.discord.bot_id()), format!("<@{}>", self.slack.app().bot_user));
        masked(&out.replace(&us, "@yoman").replace(&slack_us, "@yoman"))
    }
}

/// Without what differs from run to run: codes and times.
fn masked(text: &str) -> String {
    let word = |word: &str| {
        let letters = |it: &str| it.len() == 8 && it.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let time = core.len() == 8
            && core.bytes().enumerate().all(|(n, b)| if n % 3 == 2 { b == b':' } else { b.is_ascii_digit() });
        match () {
            () if time => word.replace(core, "hh:mm:ss"),
            () if letters(core) => word.replace(core, "CODE"),
            () => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ").trim_end().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_phone_to_a_desk_and_an_office() {
    let stage = Stage::begin().await;
    let (phone, desk, office) = (&stage.phone, &stage.desk, &stage.office);
    let (dana, min) = (&stage.dana_alone, &stage.min_alone);
    stage.say(phone, &format!("/claim {}", stage.claim_code().await));
    stage.sees(phone, "You own me").await;
    for (who, name) in [(dana, "dana"), (min, "min")] {
        stage.say(who, "hello");
        let greeting = stage.sees(who, "pair").await;
        let code = greeting.split_whitespace().skip_while(|word| !word.ends_with("pair")).nth(1).unwrap();
        stage.say(phone, &format!("/pair {} maintainer", code.trim_matches(|c: char| !c.is_ascii_alphanumeric())));
        stage.sees(phone, &format!("{name} ")).await;
        stage.sees(who, "maintainer").await;
    }
    for room in [desk, office] {
        stage.say(room, "enable");
        stage.sees(room, "I listen here now").await;
        stage.say(room, "follow in:app");
        stage.sees(room, "in:app").await;
    }
    stage.say(phone, "/default idea");
    stage.sees(phone, "becomes an idea here").await;

    // Each step is seen to its end before the next: several changes would become one otherwise.
    stage.settled().await;
    stage.say(phone, "Offline mode for the app in:app");
    for room in [desk, office] {
        stage.sees(room, "captured by kim").await;
    }
    stage.settled().await;
    stage.press(phone, "Research");
    stage.sees(phone, "I1 promoted").await;
    for room in [desk, office] {
        stage.sees(room, "started from").await;
        stage.sees(room, "promoted by kim").await;
    }
    stage.settled().await;
    let card = stage.telegram.shown(stage.kim).into_iter().rev().find(|m| m.text.contains("R1")).unwrap().message_id;
    let finding = "sled survives a kill, but only with `fdatasync` & <patience>";
    let say = telegram::Say {
        chat_id: stage.kim,
        user_id: stage.kim,
        text: finding.into(),
        reply_to: Some(card),
        ..Default::default()
    };
    stage.telegram.say(say).unwrap();
    for room in [phone, desk, office] {
        stage.sees(room, "finding noted by kim").await;
        stage.sees(room, "finding 1:").await;
    }
    stage.settled().await;
    // A form, in the office; the cards elsewhere change in place.
    stage.press(office, "Finding");
    let form = stage.slack.wait(PATIENCE, |it| it.views().pop()).await.unwrap();
    stage.slack.submit(&Submit { view_id: form.id, text: "The journal is a backup".into() }).unwrap();
    for room in [phone, desk, office] {
        stage.sees(room, "finding 2:").await;
    }
    stage.sees(desk, "finding noted by min").await;
    stage.settled().await;
    stage.say(phone, "/promote R1 @dana !high");
    stage.sees(phone, "R1 done").await;
    stage.sees(dana, "assigned to you").await;
    for room in [desk, office] {
        stage.sees(room, "assigned to dana").await;
        stage.sees(room, "became").await;
    }
    stage.settled().await;
    stage.press(desk, "Start");
    for room in [phone, desk, office] {
        stage.sees(room, "doing").await;
        stage.sees(room, "started by dana").await;
    }
    stage.settled().await;
    // Nobody else in the group need see what did not work.
    stage.say(office, "done T9");
    stage.sees(office, "There is no").await;
    stage.say(office, "mine");
    stage.sees(office, "Nothing is yours").await;
    let mine =
        Invoke { channel_id: stage.dana.dm, user_id: stage.dana.id, command: "mine".into(), ..Invoke::default() };
    stage.discord.invoke(&mine).unwrap();
    stage.sees(dana, "1 item for you").await;
    stage.settled().await;
    stage.press(desk, "Done");
    for room in [phone, desk, office] {
        stage.sees(room, "completed by dana").await;
    }
    stage.say(phone, "/why T1");
    stage.sees(phone, "completed it").await;
    assert_snapshot!(stage.settled().await);
}
