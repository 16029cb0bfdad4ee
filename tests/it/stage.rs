//! A house with bots of a platform held in memory, people who talk to it, and a transcript of what they see.

mod acting;
mod seat;
mod settled;
mod shared;

use std::{
    collections::HashMap,
    fmt::Write as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use yoman::{
    app::{House, Kept, Seating},
    clock::Clock,
    domain::{Bucket, reminder::Defaults},
    intake,
    log::{
        EventLog, Position,
        memory::MemoryLog,
        sled::{Options, SledLog},
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    projection::World,
    spool::{Spool, SpoolSettings},
    vault::{SealedLog, Vault},
};
use yoman_chat::{
    Accept as _, Bot as _, BotName, Inbound, MessageRef, Outbound, Receipt, ReplyTo, RoomId, RoomKind, Said,
    fake::{FakeBot, FakeMessage},
};

pub(crate) use self::{seat::Seat, settled::settled};

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What is under the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A log in memory: it ends with the stage.
    Memory,
    /// A log on disk: the house can be started again.
    Disk,
}

/// The house, its bots, and what was said.
pub(crate) struct Stage {
    pub(crate) dir: TempDir,
    ground: Ground,
    bots: Vec<FakeBot>,
    house: Option<House>,
    own_log: Option<Arc<dyn EventLog>>,
    /// The log whose time is the clock's.
    own_time: Option<Arc<MemoryLog>>,
    transcript: String,
    /// What stood in a room when it was last written down.
    written: HashMap<RoomId, Vec<FakeMessage>>,
    next: u64,
    /// The machine's, unless the test has one of its own: see [`Stage::at`].
    pub(crate) clock: Clock,
    /// For the next start.
    pub(crate) reports: intake::Reports,
    pub(crate) down_after: Duration,
    reminders: Defaults,
    /// For the next start.
    pub(crate) spool: SpoolSettings,
    /// The newest message somebody wrote.
    pub(crate) last: Option<MessageRef>,
}

impl Stage {
    /// A console, a phone and a desk: `console`, `telegram`, `discord`.
    pub(crate) async fn new(ground: Ground) -> Self {
        Self::build(ground, None).await
    }

    /// With bots of the test's own instead.
    pub(crate) async fn with_bots(ground: Ground, bots: Vec<FakeBot>) -> Self {
        Self::start_with(ground, None, bots).await
    }

    /// At this time, which goes on only by [`Stage::until`].
    pub(crate) async fn at(now: DateTime<Utc>) -> Self {
        let log = Arc::new(MemoryLog::new());
        log.set_time(now);
        Self::begin(Ground::Memory, Some(log.clone()), fake_bots(), Clock::standing(now), Some(log)).await
    }

    /// The same on a log of the test's own, over this one.
    pub(crate) async fn on_at(log: Arc<dyn EventLog>, time: Arc<MemoryLog>, now: DateTime<Utc>) -> Self {
        time.set_time(now);
        Self::begin(Ground::Memory, Some(log), fake_bots(), Clock::standing(now), Some(time)).await
    }

    /// The same on disk, where it can be started again: the log's own time is the machine's.
    pub(crate) async fn on_disk_at(now: DateTime<Utc>) -> Self {
        Self::begin(Ground::Disk, None, fake_bots(), Clock::standing(now), None).await
    }

    /// What is under it.
    pub(crate) fn ground(&self) -> Ground {
        self.ground
    }

    /// It is so late now; what was said before is done with by then.
    pub(crate) async fn until(&self, now: DateTime<Utc>) {
        if self.house.is_some() {
            self.all_quiet().await;
        }
        if let Some(log) = &self.own_time {
            log.set_time(now);
        }
        self.clock.set(now);
    }

    /// The same on a log of the test's own.
    pub(crate) async fn on(log: Arc<dyn EventLog>) -> Self {
        Self::build(Ground::Memory, Some(log)).await
    }

    async fn build(ground: Ground, own_log: Option<Arc<dyn EventLog>>) -> Self {
        Self::start_with(ground, own_log, fake_bots()).await
    }

    async fn start_with(ground: Ground, own_log: Option<Arc<dyn EventLog>>, bots: Vec<FakeBot>) -> Self {
        Self::begin(ground, own_log, bots, Clock::default(), None).await
    }

    async fn begin(
        ground: Ground,
        own_log: Option<Arc<dyn EventLog>>,
        bots: Vec<FakeBot>,
        clock: Clock,
        own_time: Option<Arc<MemoryLog>>,
    ) -> Self {
        // On a log whose time is not the clock's, who knows what would be overdue.
        let timeless = own_log.is_some() && own_time.is_none();
        let never = Defaults { due_min: Vec::new(), stale_days: 0, blocked_days: 0, ..Defaults::default() };
        let reminders = if timeless { never } else { Defaults::default() };
        let mut stage = Self {
            dir: tempfile::tempdir().unwrap(),
            ground,
            bots,
            house: None,
            own_log,
            transcript: String::new(),
            written: HashMap::new(),
            next: 0,
            clock,
            own_time,
            reports: intake::Reports::default(),
            down_after: Duration::from_secs(300),
            reminders,
            spool: SpoolSettings { free_space_floor_mb: 1, ..SpoolSettings::default() },
            last: None,
        };
        stage.start().await;
        stage
    }

    /// With kim as owner, on the phone, and dana as member, at the desk.
    pub(crate) async fn with_kim_and_dana(ground: Ground) -> (Self, Seat, Seat) {
        let mut stage = Self::new(ground).await;
        let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
        stage.own(&kim).await;
        stage.let_in(&kim, &dana, "member").await;
        stage.forget();
        (stage, kim, dana)
    }

    /// `kim` on the phone alone, as owner.
    pub(crate) async fn with_kim(ground: Ground) -> (Self, Seat) {
        let mut stage = Self::new(ground).await;
        let kim = stage.direct("telegram", "kim");
        stage.own(&kim).await;
        stage.forget();
        (stage, kim)
    }

    /// Makes somebody the owner with the claim code.
    pub(crate) async fn own(&mut self, seat: &Seat) {
        let code = self.house().intake.claim_code().unwrap();
        self.say(seat, &format!("/claim {code}")).await;
    }

    /// Lets a stranger in.
    pub(crate) async fn let_in(&mut self, owner: &Seat, stranger: &Seat, role: &str) {
        let code = self.code_for(stranger).await;
        self.say(owner, &format!("/pair {code} {role}")).await;
        // They are told, too.
        self.quiet(&stranger.bot).await;
    }

    /// The pairing code a stranger gets.
    pub(crate) async fn code_for(&mut self, stranger: &Seat) -> String {
        let answer = self.say(stranger, "hello").await.concat();
        answer.split("/pair ").nth(1).unwrap().trim().to_owned()
    }

    /// Opens the log, unless the test brought its own; for a test that writes while no house runs, too.
    pub(crate) fn open_log(&self) -> Arc<dyn EventLog> {
        let vault = Arc::new(Vault::open(self.dir.path().join("keys")).unwrap());
        Arc::new(SealedLog::open(self.beneath(), vault, true).unwrap())
    }

    /// The log as it lies on disk, sealed.
    pub(crate) fn beneath(&self) -> Arc<dyn EventLog> {
        if let Some(log) = &self.own_log {
            return Arc::clone(log);
        }
        match self.ground {
            Ground::Memory => Arc::new(MemoryLog::new()),
            Ground::Disk => {
                let options = Options { free_space_floor_mb: 1, lock_wait_ms: 5000, ..Options::new(self.dir.path()) };
                Arc::new(SledLog::open(options).unwrap())
            }
        }
    }

    pub(crate) async fn start(&mut self) {
        let log = self.open_log();
        yoman::app::finish_forgetting(&Vault::looking(self.dir.path().join("keys")), self.dir.path());
        let settings = OutboxSettings { free_floor_bytes: 1_000_000, ..OutboxSettings::default() };
        let outbox = Outbox::open(&self.state().join("bots"), settings).unwrap();
        let settings = intake::Settings {
            lang: yoman::lang::Lang::English,
            time_zone: chrono_tz::Asia::Seoul,
            default_bucket: Bucket::Idea,
            bots: self.bots.iter().map(|bot| (bot.name().to_string(), bot.capabilities())).collect(),
            sealed: true,
            reports: self.reports.clone(),
            reminders: self.reminders.clone(),
            down_after: self.down_after,
            clock: self.clock.clone(),
        };
        let delivery = DeliverySettings {
            backoff_min: Duration::from_millis(5),
            backoff_max: Duration::from_millis(50),
            coalesce: Duration::ZERO,
            board_every: Duration::ZERO,
            ..DeliverySettings::default()
        };
        let bots = self.bots.iter().map(|bot| Arc::new(bot.clone()) as Arc<dyn yoman_chat::Bot>).collect();
        // Nobody waits here until it has caught up: what arrives at once has to be answered rightly, too.
        let spool = Some(Arc::new(Spool::open(&self.dir.path().join("spool"), self.spool).unwrap()));
        let kept = Kept { snapshots: None, seating: Seating::All, spool };
        self.house = Some(House::start_keeping(log, outbox, bots, settings, &delivery, kept));
    }

    /// Stops the house as a person would; nothing of it is left in memory.
    pub(crate) async fn stop(&mut self) {
        self.house.take().unwrap().stop(Duration::from_secs(5)).await;
    }

    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// What is derived, and may be deleted.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }

    pub(crate) fn log(&self) -> &Arc<dyn EventLog> {
        &self.house().log
    }

    /// How many commits there are.
    pub(crate) fn head(&self) -> u64 {
        self.log().head().position.0
    }

    fn seat(&self, bot: &str, room: &str, kind: RoomKind, who: &str) -> Seat {
        let bot = self.bots.iter().find(|it| it.name().as_str() == bot).unwrap().clone();
        Seat {
            room: bot.room(room),
            bot,
            kind,
            who: who.to_owned(),
            name: None,
            handle: None,
            language: None,
            clock: self.clock.clone(),
        }
    }

    /// Somebody in a room of their own.
    pub(crate) fn direct(&self, bot: &str, who: &str) -> Seat {
        self.seat(bot, who, RoomKind::Direct, who)
    }

    /// Somebody in a group.
    pub(crate) fn group(&self, bot: &str, room: &str, who: &str) -> Seat {
        self.seat(bot, room, RoomKind::Group, who)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A message as it would arrive, not sent yet.
    pub(crate) fn message(&mut self, seat: &Seat, text: &str) -> Inbound {
        let message = MessageRef { room: seat.room.clone(), id: format!("m{}", self.number()) };
        let said = Said::Message {
            text: text.to_owned(),
            message: message.clone(),
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        };
        seat.inbound(format!("{}/{}", seat.room, message.id), said)
    }

    /// A message with a file, as it would arrive.
    pub(crate) fn with_file(&mut self, seat: &Seat, text: &str, name: &str, id: &str) -> Inbound {
        let mut inbound = self.message(seat, text);
        if let Said::Message { attachments, .. } = &mut inbound.said {
            attachments.push(yoman_chat::Attachment {
                kind: yoman_chat::AttachmentKind::Photo,
                file_id: id.to_owned(),
                name: Some(name.to_owned()),
                bytes: Some(7),
            });
        }
        inbound
    }

    /// Somebody says something; the new messages in their room.
    pub(crate) async fn say(&mut self, seat: &Seat, text: &str) -> Vec<String> {
        let inbound = self.message(seat, text);
        self.send(seat, inbound, &shown_as_typed(text)).await
    }

    /// Somebody answers one of our messages.
    pub(crate) async fn reply(&mut self, seat: &Seat, to: &FakeMessage, text: &str) -> Vec<String> {
        let inbound = self.replying(seat, to, text);
        let first = to.now.text.to_plain().lines().next().unwrap_or_default().to_owned();
        let line = format!("{}   (in reply to: {first})", shown_as_typed(text));
        self.send(seat, inbound, &line).await
    }

    /// A reply as it would arrive, not sent yet.
    pub(crate) fn replying(&mut self, seat: &Seat, to: &FakeMessage, text: &str) -> Inbound {
        let mut inbound = self.message(seat, text);
        if let Said::Message { reply_to, .. } = &mut inbound.said {
            *reply_to = Some(ReplyTo { message: to.at.clone(), ours: true, text: Some(to.now.text.to_plain()) });
        }
        inbound
    }

    /// Somebody changes a message of theirs.
    pub(crate) async fn edit(&mut self, seat: &Seat, message: &MessageRef, text: &str) -> Vec<String> {
        let id = format!("{}/{}/e{}", message.room, message.id, self.number());
        let said = Said::Edited { text: text.to_owned(), message: message.clone(), mentions: vec![], addressed: true };
        let inbound = seat.inbound(id, said);
        self.send(seat, inbound, &format!("{}   (edited)", shown_as_typed(text))).await
    }

    /// Somebody presses the newest button with this label in their room.
    pub(crate) async fn press(&mut self, seat: &Seat, label: &str) -> Vec<String> {
        let (card, data) = self.button(seat, label);
        self.press_data(seat, &card, &data, label).await
    }

    /// The newest button with this label: under which message, and what it carries.
    pub(crate) fn button(&self, seat: &Seat, label: &str) -> (MessageRef, String) {
        let shown = seat.bot.shown(&seat.room);
        let found = shown.iter().rev().find_map(|message| {
            let button = message.now.buttons.iter().flatten().find(|button| button.label == label)?;
            Some((message.at.clone(), button.data.clone()))
        });
        found.unwrap_or_else(|| panic!("no button {label} in {}:\n{}", seat.room, self.transcript))
    }

    pub(crate) async fn press_data(&mut self, seat: &Seat, card: &MessageRef, data: &str, label: &str) -> Vec<String> {
        let id = format!("{}/{}/p{}", card.room, card.id, self.number());
        let said = Said::Pressed { data: data.to_owned(), card: card.clone(), words: None };
        let inbound = seat.inbound(id, said);
        self.send(seat, inbound, &format!("[{label}]")).await
    }

    /// Somebody presses the newest button with this label and writes this into the form it opens.
    pub(crate) async fn fill_in(&mut self, seat: &Seat, label: &str, words: &str) -> Vec<String> {
        let (card, data) = self.button(seat, label);
        let id = format!("{}/{}/p{}", card.room, card.id, self.number());
        let said = Said::Pressed { data, card, words: Some(words.to_owned()) };
        let inbound = seat.inbound(id, said);
        self.send(seat, inbound, &format!("[{label}]   (the form: {})", shown_as_typed(words))).await
    }

    /// Delivers an inbound and waits until it is answered; the new messages in the room.
    pub(crate) async fn send(&mut self, seat: &Seat, inbound: Inbound, line: &str) -> Vec<String> {
        let id = inbound.id.clone();
        if let Said::Message { message, .. } = &inbound.said {
            self.last = Some(message.clone());
        }
        // What these come to is a change of the message they are about.
        let in_place = match &inbound.said {
            Said::Reacted { .. } => true,
            Said::Pressed { data, .. } => data.starts_with("/confirm "),
            _ => false,
        };
        let before = seat.bot.receipts().len();
        seat.bot.push(inbound);
        let kept = |bot: &FakeBot| {
            bot.receipts()[before..].iter().find(|(of, receipt)| *of == id && receipt.is_kept()).map(drop)
        };
        let kept = seat.bot.wait(PATIENCE, kept).await;
        assert!(kept.is_some(), "{line:?} was not kept: {:?}", seat.bot.receipts().last());
        self.quiet(&seat.bot).await;
        let _ = writeln!(self.transcript, "\n{} > {line}", seat.label());
        self.write_down(&seat.room.clone(), &seat.bot.clone(), in_place)
    }

    /// Hands an inbound to the house as it is; what becomes of it.
    pub(crate) async fn submit(&self, inbound: Inbound) -> Receipt {
        let bot = BotName::new(inbound.room.id.bot());
        self.house().intake.accept(&bot, inbound).await
    }

    /// Waits until everything for a bot is shown, and for the others, too, as far as their platforms take it: what somebody
    /// sees at a step must not depend on how far the others' bots are.
    pub(crate) async fn quiet(&self, bot: &FakeBot) {
        self.quiet_with(Some(bot)).await;
    }

    /// Waits until everything that can be shown is.
    pub(crate) async fn all_quiet(&self) {
        self.quiet_with(None).await;
    }

    async fn quiet_with(&self, must: Option<&FakeBot>) {
        let since = Instant::now();
        loop {
            let head = self.log().head().position;
            let must = must.map(FakeBot::name);
            let restless = self.bots.iter().find(|bot| self.is_restless(bot, head, must == Some(bot.name())));
            // What was appended while the bots were asked is on its way, and so is what is to be appended now.
            if restless.is_none() && !self.reminds() && self.log().head().position == head {
                return;
            }
            let stats = restless.map(|bot| (bot.name(), self.house().outbox.stats(bot.name())));
            assert!(since.elapsed() < PATIENCE, "it does not become quiet: {stats:?}\n{}", self.transcript);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Whether something for a bot is on its way. `must`: what its platform does not take for now is, too.
    fn is_restless(&self, bot: &FakeBot, head: Position, must: bool) -> bool {
        let outbox = &self.house().outbox;
        let stats = outbox.stats(bot.name());
        let stuck = stats.paused.is_some() || !stats.rooms.is_empty() || stats.counters.unreachable.is_some();
        // What a room missed and is to get now.
        let now = self.clock.now();
        let comes = outbox.holds(bot.name()).iter().any(|(_, hold)| hold.due.is_some_and(|due| due <= now));
        let shows = stats.queued > 0 && (must || !stuck);
        outbox.seen(bot.name()) < Some(head) || shows || bot.waiting() > 0 || comes
    }

    /// Whether a reminder is due and not given yet.
    fn reminds(&self) -> bool {
        let now = self.clock.now();
        let due = |world: &World| world.agenda(&self.reminders, chrono_tz::Asia::Seoul, now).due;
        !self.house().world.read(due).is_empty()
    }

    /// Waits until a room shows something with this text, and writes down what is new there or was changed.
    pub(crate) async fn sees(&mut self, seat: &Seat, text: &str) -> Vec<String> {
        // Only what is new or was changed counts: a welcome may hold the same words.
        let before = self.written.get(&seat.room).cloned().unwrap_or_default();
        let news = |message: &FakeMessage| !before.iter().any(|old| old.at == message.at && old.now == message.now);
        let found = seat.bot.wait(PATIENCE, |bot| {
            let shown = bot.shown(&seat.room);
            shown.iter().any(|message| news(message) && message.now.text.to_plain().contains(text)).then_some(())
        });
        let found = found.await.is_some();
        self.quiet(&seat.bot).await;
        let _ = writeln!(self.transcript, "\n{} sees", seat.label());
        let new = self.write_down(&seat.room.clone(), &seat.bot.clone(), true);
        assert!(found, "{} never saw {text:?}:\n{}", seat.room, self.transcript);
        new
    }

    /// What came to a room, each message as it was first shown.
    pub(crate) fn came(&self, seat: &Seat) -> Vec<String> {
        let shown = seat.bot.shown(&seat.room);
        shown.iter().map(|message| message.before.first().unwrap_or(&message.now).text.to_plain()).collect()
    }

    /// The newest message in a room with this text.
    #[track_caller]
    pub(crate) fn card(&self, seat: &Seat, text: &str) -> FakeMessage {
        let shown = seat.bot.shown(&seat.room);
        let found = shown.iter().rev().find(|message| message.now.text.to_plain().contains(text));
        found.unwrap_or_else(|| panic!("nothing with {text:?} in {}:\n{}", seat.room, self.transcript)).clone()
    }

    /// Writes down what came to a room since the last time, and what was changed in place if that is asked for.
    fn write_down(&mut self, room: &RoomId, bot: &FakeBot, changes: bool) -> Vec<String> {
        let shown = bot.shown(room);
        let before = self.written.entry(room.clone()).or_default();
        let mut new = Vec::new();
        let mut written = Vec::new();
        for message in shown {
            match before.iter().find(|it| it.at == message.at) {
                // As it came: what was changed since is another step.
                None => {
                    let first = message.before.first().unwrap_or(&message.now);
                    render(&mut self.transcript, first, if message.pinned { "(pinned) " } else { "" });
                    new.push(first.text.to_plain());
                    written.push(FakeMessage { now: first.clone(), ..message.clone() });
                }
                Some(old) if changes && old.now != message.now => {
                    let unpinned = old.pinned && !message.pinned;
                    let mark = if unpinned { "(not pinned any more) " } else { "" };
                    render(&mut self.transcript, &message.now, &format!("(changed in place) {mark}"));
                    new.push(message.now.text.to_plain());
                    written.push(message);
                }
                Some(old) => written.push(old.clone()),
            }
        }
        if new.is_empty() {
            self.transcript.push_str("    (silence)\n");
        }
        *before = written;
        new
    }

    /// Begins a new transcript.
    pub(crate) fn forget(&mut self) {
        self.transcript.clear();
        let rooms: Vec<_> = self.written.keys().cloned().collect();
        for room in rooms {
            if let Some(bot) = self.bots.iter().find(|bot| bot.name().as_str() == room.bot()) {
                self.written.insert(room.clone(), bot.shown(&room));
            }
        }
    }

    /// What everybody said and saw, the same at every run.
    pub(crate) fn transcript(&self) -> String {
        settled(self.transcript.trim_start_matches('\n'))
    }
}

/// A console, a phone and a desk.
fn fake_bots() -> Vec<FakeBot> {
    vec![
        FakeBot::with("console", |can| {
            can.title = "Console";
            can.edits = false;
            can.bare_verbs = true;
            can.local = true;
            can.text_length_max = 0;
        }),
        FakeBot::with("telegram", |can| {
            can.title = "Telegram";
            can.pictures = true;
        }),
        FakeBot::with("discord", |can| {
            can.title = "Discord";
            can.text_length_max = 2000;
            can.button_data_bytes_max = 100;
            can.buttons_per_row_max = 5;
        }),
    ]
}

fn shown_as_typed(text: &str) -> String {
    text.replace('\n', "\n      ")
}

fn render(out: &mut String, message: &Outbound, mark: &str) {
    let only = message.only_for.as_ref().map(|who| format!("(only {} sees this) ", who.as_str())).unwrap_or_default();
    let mark = &format!("{only}{mark}");
    let text = message.text.to_plain();
    for (n, line) in text.lines().enumerate() {
        let line = if n == 0 { format!("    {mark}{line}") } else { format!("    {line}") };
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for row in &message.buttons {
        let row: Vec<_> = row.iter().map(|button| format!("[{}]", button.label)).collect();
        let _ = writeln!(out, "      {}", row.join(" "));
    }
}
