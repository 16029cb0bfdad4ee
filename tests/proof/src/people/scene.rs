//! One yoman with three platforms, as talkative as it can be told to be, and what is seen of it from outside.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use yoman_stand_ins::telegram;

use super::{forged, sent, soon};
use crate::{
    program::{Data, Yoman, panicked},
    run::Setting,
    wire::{Discord, Slack, Telegram, Wire},
};

/// Secrets of the ways in over HTTP.
pub(super) const WEBHOOK_SECRET: &str = "wbh-Secret_0123456789";
pub(super) const SIGNING_SECRET: &str = "5tand1n5igning5ecret0123456789ab";

pub(super) struct Scene {
    pub(super) telegram: Arc<Telegram>,
    pub(super) discord: Arc<Discord>,
    pub(super) slack: Arc<Slack>,
    pub(super) wires: Vec<Arc<dyn Wire>>,
    pub(super) data: Option<Data>,
    yoman: Option<Yoman>,
    owner: (String, String),
    /// On which platform, who, where.
    guest: Option<(usize, String, String)>,
    strangers: Vec<(usize, String, String)>,
    listed: BTreeSet<PathBuf>,
}

impl Scene {
    /// Starts it, with an owner on the first platform.
    pub(super) async fn start(setting: &Setting) -> Result<Self, String> {
        let telegram = Arc::new(Telegram::start().await);
        let discord = Arc::new(Discord::start().await);
        let slack = Arc::new(Slack::start().await);
        let wires: Vec<Arc<dyn Wire>> = vec![telegram.clone(), discord.clone(), slack.clone()];
        let data = Data::new(&setting.program);
        let (owner, chat) = wires[0].place().people[0].clone();
        let mut scene = Self {
            telegram,
            discord,
            slack,
            wires,
            data: Some(data),
            yoman: None,
            owner: (owner, chat),
            guest: None,
            strangers: Vec::new(),
            listed: BTreeSet::new(),
        };
        scene.begin(&[]);
        for wire in &scene.wires {
            // What is said before it was ever connected is not heard everywhere.
            if !soon(|| wire.counted().at_work > 0).await {
                return Err(format!("yoman does not come to work: {}", scene.yoman().said()));
            }
        }
        let code = scene.yoman().claim_code().await;
        scene.owner_says(&format!("/claim {code}")).await?;
        scene.listed = beside(scene.data());
        Ok(scene)
    }

    /// Starts yoman with what all platforms need and some more.
    pub(super) fn begin(&mut self, more: &[(&'static str, String)]) {
        let mut environment: Vec<_> = self.wires.iter().flat_map(|wire| wire.environment()).collect();
        // In plain, so that what must not be kept could be found; and told as much as there is.
        environment.push(("YOMAN_PRIVACY_SEAL", "false".into()));
        environment.push(("RUST_LOG", "trace".into()));
        environment.extend_from_slice(more);
        self.yoman = Some(Yoman::start(self.data(), &environment));
    }

    pub(super) fn data(&self) -> &Data {
        self.data.as_ref().expect("kept until the end")
    }

    fn yoman(&self) -> &Yoman {
        self.yoman.as_ref().expect("it runs")
    }

    pub(super) async fn stop(&mut self) -> Result<(), String> {
        let yoman = self.yoman.take().expect("it runs");
        let told = yoman.told();
        if panicked(&told) {
            return Err("it panicked, see stderr".into());
        }
        match yoman.stop(Duration::from_secs(60)).await {
            Some(0) => Ok(()),
            code => Err(format!("it did not stop cleanly: {code:?}")),
        }
    }

    pub(super) fn keep(mut self) -> PathBuf {
        drop(self.yoman.take());
        self.data.take().map(Data::keep).unwrap_or_default()
    }

    /// The owner says something and is answered.
    pub(super) async fn owner_says(&self, text: &str) -> Result<String, String> {
        let (who, chat) = &self.owner;
        let before = self.wires[0].shown(chat).len();
        self.wires[0].say(chat, who, text, None);
        if !soon(|| self.wires[0].shown(chat).len() > before).await {
            return Err(format!("the owner's {text:?} was not answered: {}", self.yoman().said()));
        }
        Ok(self.wires[0].shown(chat).swap_remove(before).first)
    }

    /// Somebody nobody knows: who, and where they write.
    pub(super) fn stranger(&mut self, platform: usize, number: usize) -> (String, String) {
        let name = format!("Mallory{number}");
        let (who, chat) = match platform {
            0 => {
                let id = self.telegram.server.person(&name).to_string();
                (id.clone(), id)
            }
            1 => {
                let person = self.discord.server.person(&name);
                (person.id.to_string(), person.dm.to_string())
            }
            _ => {
                let id = self.slack.server.person(&name);
                let im = self.slack.server.im(&id);
                (id, im)
            }
        };
        self.strangers.push((platform, who.clone(), chat.clone()));
        (who, chat)
    }

    /// Waits until a platform has handed over what it has.
    pub(super) async fn handed_over(&self, platform: usize) -> Result<(), String> {
        let well = match platform {
            0 => self.telegram.server.wait_confirmed(Duration::from_secs(120)).await,
            2 => self.slack.server.wait_acknowledged(Duration::from_secs(120)).await,
            _ => true,
        };
        if well { Ok(()) } else { Err("what strangers say is not taken any more".into()) }
    }

    /// Waits until every platform has.
    pub(super) async fn all_handed_over(&self) -> Result<(), String> {
        for platform in 0..self.wires.len() {
            self.handed_over(platform).await?;
        }
        Ok(())
    }

    /// Waits until nothing more comes.
    pub(super) async fn answers(&self) -> Result<(), String> {
        self.all_handed_over().await?;
        // One who is known asks behind them, and everything that was to be sent is sent.
        let mut before = u64::MAX;
        while before != sent(&self.wires) {
            before = sent(&self.wires);
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        Ok(())
    }

    /// The log as lines.
    pub(super) fn commits(&self) -> Result<Vec<String>, String> {
        let said = self.data().run("log export");
        if !said.well() {
            return Err(format!("the log cannot be exported: {said:?}"));
        }
        Ok(said.out.lines().map(str::to_owned).collect())
    }

    /// Lets the last stranger in as a guest: on which platform, who, where.
    pub(super) async fn let_guest_in(&mut self) -> Result<(usize, String, String), String> {
        let waiting = self.owner_says("/pair").await?;
        let mut codes = waiting
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() == 8 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
        let code = codes.next().ok_or_else(|| format!("nobody waits: {waiting}"))?.to_owned();
        self.owner_says(&format!("/pair {code} guest")).await?;
        let told = |(platform, _, chat): &&(usize, String, String)| {
            self.wires[*platform].shown(chat).iter().any(|message| message.first.contains(&code))
        };
        let guest = self.strangers.iter().find(told).cloned().ok_or("nobody was given that code")?;
        self.guest = Some(guest.clone());
        self.answers().await?;
        Ok(guest)
    }

    /// What the owner's buttons carry.
    pub(super) fn button_data(&self) -> Result<Vec<String>, String> {
        let shown = self.telegram.server.shown(self.owner.1.parse().map_err(|_| "an id")?);
        let data: Vec<_> = shown
            .iter()
            .flat_map(|message| message.buttons.iter().flatten())
            .filter_map(|it| it.data.clone())
            .collect();
        if data.is_empty() { Err("the owner has no buttons".into()) } else { Ok(data) }
    }

    /// The same press by strangers and the guest on every platform; how many.
    pub(super) fn forge_presses(&self, data: &str) -> usize {
        let guest = self.guest.iter();
        let strangers = [0, 1, 2].into_iter().filter_map(|at| self.strangers.iter().find(|it| it.0 == at));
        let mut pressed = 0;
        for (platform, who, chat) in guest.chain(strangers) {
            // Under a card of the owner's, and in the room of whoever presses.
            let card = self.wires[0].shown(&self.owner.1).last().map(|message| message.id.clone()).unwrap_or_default();
            match platform {
                0 => {
                    for room in [chat, &self.owner.1] {
                        let (chat, update) = forged::telegram_press(who, room, &card, data);
                        self.telegram.server.raw_update(chat, update);
                        pressed += 1;
                    }
                }
                1 => {
                    self.discord.server.raw_event("INTERACTION_CREATE", forged::discord_press(who, chat, data));
                    pressed += 1;
                }
                _ => {
                    self.slack.server.raw_envelope("interactive", forged::slack_press(who, chat, data));
                    pressed += 1;
                }
            }
        }
        pressed
    }

    /// Every group hears of everything.
    pub(super) async fn everybody_follows(&mut self) -> Result<(), String> {
        // The owner is known on one platform; on the others somebody else is let in to enable the group there.
        let group = self.wires[0].place().group;
        for text in ["/enable", "/follow all"] {
            let before = self.wires[0].shown(&group).len();
            self.wires[0].say(&group, &self.owner.0, text, None);
            if !soon(|| self.wires[0].shown(&group).len() > before).await {
                return Err(format!("{text} in the group was not answered"));
            }
        }
        for platform in [1, 2] {
            let wire = Arc::clone(&self.wires[platform]);
            let (who, chat) = wire.place().people[0].clone();
            // Those who flooded the pairing hold its places: the command line lets in whoever waits, one after the other.
            self.make_room().await?;
            wire.say(&chat, &who, "/start", None);
            if !soon(|| wire.shown(&chat).iter().any(|message| message.first.contains("pair "))).await {
                return Err("a person who is no stranger any more got no code".into());
            }
            let shown = wire.shown(&chat);
            let code = shown.iter().rev().find_map(|m| m.first.split("pair ").nth(1)?.split_whitespace().next());
            let code = code.ok_or("no code")?.trim_end_matches(['.', ',']).to_owned();
            self.owner_says(&format!("/pair {code} maintainer")).await?;
            let group = wire.place().group;
            for text in ["/enable", "/follow all"] {
                let before = wire.counted().sent;
                wire.say(&group, &who, text, None);
                if !soon(|| wire.counted().sent > before).await {
                    return Err(format!("{text} in the group was not answered on platform {platform}"));
                }
            }
        }
        self.answers().await
    }

    async fn make_room(&mut self) -> Result<(), String> {
        let waiting = self.owner_says("/pair").await?;
        let codes: Vec<String> = waiting
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() == 8 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
            .map(str::to_owned)
            .collect();
        for code in codes {
            let said = self.data().run(&format!("pair approve {code} --role guest"));
            if !said.well() {
                return Err(format!("somebody who waits cannot be let in: {said:?}"));
            }
        }
        Ok(())
    }

    /// Files whose names want to be paths and formats.
    pub(super) async fn odd_files(&self) -> Result<(), String> {
        let (who, chat) = (self.owner.0.parse::<i64>(), self.owner.1.parse::<i64>());
        let (Ok(user_id), Ok(chat_id)) = (who, chat) else { return Err("an id".into()) };
        for name in [
            "../../../outside",
            "/etc/cron.d/outside",
            "a\u{0}b\n@everyone.txt",
            "con.",
            "%s%n{}.png",
            &"x".repeat(4_000),
        ] {
            let before = self.wires[0].shown(&self.owner.1).len();
            let file =
                serde_json::json!({ "file_id": "f1", "file_unique_id": "u1", "file_name": name, "file_size": 7 });
            let extra = [("document".to_owned(), file)].into_iter().collect();
            let text = "/note T1 with a file".to_owned();
            let say = telegram::Say { chat_id, user_id, text, extra, ..telegram::Say::default() };
            self.telegram.server.say(say)?;
            if !soon(|| self.wires[0].shown(&self.owner.1).len() > before).await {
                return Err(format!("a file called {name:?} was not answered"));
            }
        }
        Ok(())
    }

    /// No message of yoman's calls anybody; how many there were.
    pub(super) fn pings_nobody(&self) -> Result<usize, String> {
        let mut count = 0;
        let mut wrong = Vec::new();
        for call in self.telegram.server.calls(Some("sendMessage")) {
            count += 1;
            if call.params.contains_key("parse_mode") {
                wrong.push(format!("Telegram is asked to parse: {:?}", call.params));
            }
        }
        for wire in [&self.wires[1]] {
            let place = wire.place();
            let chats = place.people.iter().map(|(_, chat)| chat).chain([&place.group]);
            for chat in chats {
                for message in self.discord.server.by_bot(chat.parse().unwrap_or_default()) {
                    count += 1;
                    if !message.pings.is_empty() {
                        wrong.push(format!("Discord pings {:?}: {:?}", message.pings, message.content));
                    }
                }
            }
        }
        for call in self.slack.server.calls(None) {
            if !call.method.starts_with("chat.") {
                continue;
            }
            count += 1;
            let parses = call.params.contains_key("link_names") || call.params.get("parse").is_some();
            let text = call.params.get("text").and_then(Value::as_str).unwrap_or_default();
            if parses
                || calls_out(text)
                || ["blocks", "attachments"].iter().any(|of| calls_somebody(call.params.get(*of)))
            {
                wrong.push(format!("Slack calls somebody: {:?}", call.params));
            }
        }
        if count < 3 * super::TRICKS.len() {
            return Err(format!("only {count} messages were sent"));
        }
        wrong.truncate(3);
        if wrong.is_empty() { Ok(count) } else { Err(wrong.join("\n")) }
    }

    /// What was written is shown as it was written.
    pub(super) fn shows_literally(&self, tricks: &[&str]) -> Result<usize, String> {
        // What has no shape, or only turns the text around it, may be left out.
        let shapeless = |c: &char| matches!(*c, '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        let plain = |text: &str| text.chars().filter(|c| !shapeless(c)).collect::<String>();
        let shown: Vec<String> = self.wires[0].shown(&self.owner.1).iter().map(|it| plain(&it.first)).collect();
        let mut found = 0;
        for trick in tricks {
            let line = plain(trick.lines().next().unwrap_or_default());
            // People and tags are taken out of a title: a note keeps them, and is shown in the history.
            if shown.iter().any(|text| text.contains(&line)) {
                found += 1;
            } else if !line.contains(['@', '#']) {
                return Err(format!("{trick:?} is nowhere shown as it was written"));
            }
        }
        Ok(found)
    }

    /// Nobody wrote anything where nothing belongs.
    pub(super) fn nothing_outside(&self) -> Result<(), String> {
        let now = beside(self.data());
        let new: Vec<_> = now.difference(&self.listed).filter(|path| !path.ends_with("stderr")).collect();
        if new.is_empty() { Ok(()) } else { Err(format!("files came into being: {new:?}")) }
    }

    /// A text is in no file of the run but what yoman tells about itself while it is told to tell everything.
    pub(super) fn nowhere(&self, text: &str) -> Result<(), String> {
        let found = holders(&self.data().dir(), text.as_bytes());
        if found.is_empty() { Ok(()) } else { Err(format!("{text:?} is kept in {found:?}")) }
    }

    /// What the planted defect writes.
    pub(super) fn leak(&self) {
        let told = fs::read(self.data().path("stderr")).unwrap_or_default();
        let leak = format!("error: cannot reach https://api.telegram.org/bot{}/getMe\n", self.telegram.server.token());
        fs::write(self.data().path("stderr"), [told, leak.into_bytes()].concat()).expect("it can be written");
    }

    /// No secret of the run stands anywhere.
    pub(super) fn nothing_leaked(&self) -> Result<String, String> {
        let app = self.slack.server.app();
        let telegram = self.telegram.server.token();
        let half = telegram.split_once(':').map_or(telegram.clone(), |(_, secret)| secret.to_owned());
        let secrets = [
            ("the Telegram token", half),
            ("the Discord token", self.discord.server.token()),
            ("the Slack bot token", app.bot_token),
            ("the Slack app token", app.app_token),
            ("the Slack signing secret", SIGNING_SECRET.to_owned()),
            ("the webhook secret", WEBHOOK_SECRET.to_owned()),
        ];
        let home = self.data().path("");
        let (mut files, mut bytes) = (0, 0);
        count(&home, &mut files, &mut bytes);
        for (what, secret) in &secrets {
            if secret.len() < 8 {
                return Err(format!("{what} of the stand-in is too short to be looked for"));
            }
            let found = holders(&home, secret.as_bytes());
            if let Some(path) = found.first() {
                return Err(format!("{what} stands in {}: {}", path.display(), around(path, secret)));
            }
        }
        Ok(format!("{} secrets are in none of {files} files with {bytes} bytes, traces included", secrets.len()))
    }

    /// Wrong signatures and secrets at the ways in over HTTP.
    pub(super) async fn stop_and_forge(&mut self) -> Result<String, String> {
        self.stop().await?;
        forged::over_http(self).await
    }
}

/// Whether a text of Slack's own markup calls many.
fn calls_out(text: &str) -> bool {
    text.contains("<!")
}

/// Whether anything in blocks does: as markup, or as an element of its own.
fn calls_somebody(blocks: Option<&Value>) -> bool {
    match blocks {
        // A list may come as JSON in a string.
        Some(Value::String(text)) => serde_json::from_str(text).is_ok_and(|blocks| calls_somebody(Some(&blocks))),
        Some(Value::Array(all)) => all.iter().any(|one| calls_somebody(Some(one))),
        Some(Value::Object(one)) => {
            let kind = one.get("type").and_then(Value::as_str).unwrap_or_default();
            let text = one.get("text").and_then(Value::as_str).unwrap_or_default();
            matches!(kind, "broadcast" | "usergroup")
                || (kind == "mrkdwn" && calls_out(text))
                || one.values().any(|value| calls_somebody(Some(value)))
        }
        _ => false,
    }
}

/// The beginning of the line something stands in.
fn around(path: &Path, what: &str) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find(|line| line.contains(what)).unwrap_or_default();
    line.chars().take(300).collect::<String>().replace(what, "<the secret>")
}

fn count(dir: &Path, files: &mut usize, bytes: &mut u64) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            count(&entry.path(), files, bytes);
        } else {
            *files += 1;
            *bytes += entry.metadata().map_or(0, |meta| meta.len());
        }
    }
}

/// The files that have these bytes in them.
fn holders(dir: &Path, what: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holders(&path, what));
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            let first = what.first().copied().unwrap_or_default();
            let here = |at: usize| bytes[at] == first && bytes[at..].starts_with(what);
            if (0..bytes.len()).any(here) {
                found.push(path);
            }
        }
    }
    found
}

/// What lies beside the data directory, and at the roots that path tricks would reach.
fn beside(data: &Data) -> BTreeSet<PathBuf> {
    let home = data.path("");
    let mut listed = BTreeSet::new();
    for dir in home.ancestors().take(3).chain([Path::new("/etc/cron.d"), Path::new("/")]) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            // Other runs have directories of their own there.
            if entry.file_type().is_ok_and(|kind| kind.is_file()) && dir != home.parent().unwrap_or(dir) {
                listed.insert(entry.path());
            }
        }
    }
    listed.into_iter().filter(|path| path.starts_with(&home) || path.to_string_lossy().contains("outside")).collect()
}
