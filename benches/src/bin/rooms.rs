//! Many rooms that follow, many changes in a second, on a platform that takes a message a second for each room: how soon the
//! bot's cursor is at the head, what each room was sent, how much memory that took.
//! `cargo run --release -p yoman-benches --bin rooms -- [ROOMS] [CHANGES] [SECONDS]`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use yoman::{
    app::House,
    clock::Clock,
    domain::Bucket,
    intake::Settings,
    lang::Lang,
    log::{
        EventLog,
        sled::{Options, SledLog},
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    vault::{SealedLog, Vault},
};
use yoman_benches::{Table, house::capabilities, short};
use yoman_chat::{
    Accept, Bot, BotError, BotName, Capabilities, Inbound, Inbox, MessageRef, Outbound, Receipt, Room, RoomId,
    RoomKind, Said, SendError, Sender, SenderId, Stop,
};

/// The shortest time between two messages of one room.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// What a room was sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    notices: u64,
    digests: u64,
    at: Option<Instant>,
}

/// A bot whose platform limits each room, and says so.
struct Limited {
    name: BotName,
    rooms: Mutex<HashMap<RoomId, Sent>>,
    refused: std::sync::atomic::AtomicU64,
    limits: std::sync::atomic::AtomicBool,
}

impl Limited {
    fn rooms(&self) -> HashMap<RoomId, Sent> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Bot for Limited {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    async fn run(&self, _inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        stop.cancelled().await;
        Ok(())
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = rooms.entry(room.clone()).or_default();
        let limits = self.limits.load(std::sync::atomic::Ordering::Relaxed);
        if let Some(after) = sent.at.and_then(|at| ROOM_EVERY.checked_sub(at.elapsed())).filter(|_| limits) {
            self.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            return Err(SendError::RetryAfter { after, whole_bot: false });
        }
        sent.at = Some(Instant::now());
        let digest = message.text.to_plain().contains(" since ");
        *if digest { &mut sent.digests } else { &mut sent.notices } += 1;
        let id = format!("{}", sent.digests + sent.notices);
        Ok(MessageRef { room: room.clone(), id })
    }

    async fn edit(&self, _message: &MessageRef, _to: &Outbound) -> Result<(), SendError> {
        Ok(())
    }
}

fn inbound(room: &str, kind: RoomKind, n: u64, text: String) -> Inbound {
    let id = RoomId::new(format!("bench/{room}"));
    Inbound {
        id: format!("bench/{room}/{n}"),
        room: Room { id: id.clone(), kind, title: (kind == RoomKind::Group).then(|| room.to_owned()) },
        sender: Sender {
            id: SenderId::new("bench/me"),
            name: "Me".into(),
            handle: Some("me-too".into()),
            language: None,
        },
        said: Said::Message {
            text,
            message: MessageRef { room: id, id: n.to_string() },
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        },
        sent_at: chrono::Utc::now(),
    }
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.trim().split(' ').next());
    kb.and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn show(table: &Table) {
    println!("{table}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| args.next().map_or(Ok(default), |it| it.parse());
    let (rooms, changes, seconds) = (number(1000)?, number(100)?, number(10)?);
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let vault = Arc::new(Vault::open(dir.path().join("keys"))?);
    let log = Arc::new(SledLog::open(Options::new(dir.path()))?);
    let log: Arc<dyn EventLog> = Arc::new(SealedLog::open(log, vault, true)?);
    let outbox = Outbox::open(&dir.path().join("state/bots"), OutboxSettings::default())?;
    let bot = Arc::new(Limited {
        name: BotName::new("bench"),
        rooms: Mutex::default(),
        refused: std::sync::atomic::AtomicU64::new(0),
        limits: std::sync::atomic::AtomicBool::new(false),
    });
    let settings = Settings {
        lang: Lang::default(),
        time_zone: "UTC".parse()?,
        default_bucket: Bucket::Idea,
        reports: yoman::intake::Reports::default(),
        bots: HashMap::from([("bench".to_owned(), bot.capabilities())]),
        sealed: true,
        clock: Clock::default(),
        reminders: Default::default(),
        down_after: std::time::Duration::from_secs(300),
    };
    let house =
        House::start(log, outbox, vec![Arc::clone(&bot) as Arc<dyn Bot>], settings, &DeliverySettings::default());
    let say = |room: String, kind: RoomKind, n: u64, text: String| {
        let (intake, name) = (Arc::clone(&house.intake), bot.name.clone());
        async move { intake.accept(&name, inbound(&room, kind, n, text)).await }
    };
    assert_eq!(say("me".into(), RoomKind::Direct, 0, "/todo The first".into()).await, Receipt::KEPT, "the owner");
    for room in 0..rooms {
        // Half of them follow everything, half a tag.
        let follow = if room % 2 == 0 { "/follow all" } else { "/follow #app" };
        for (n, text) in [(1, "/enable"), (2, follow)] {
            let receipt = say(format!("g{room}"), RoomKind::Group, n, text.to_owned()).await;
            assert!(receipt.is_kept(), "{text}: {receipt:?}");
        }
    }
    let at_head = async || {
        while house.outbox.cursor(&bot.name) < Some(house.log.head().position) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // Cursors over nothing of interest are saved once a second.
    at_head().await;
    while house.outbox.stats(&bot.name).queued > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bot.rooms.lock().unwrap_or_else(PoisonError::into_inner).clear();
    bot.limits.store(true, std::sync::atomic::Ordering::Relaxed);
    let before_mb = resident_mb();

    let began = Instant::now();
    for n in 0..changes {
        let receipt = say("me".into(), RoomKind::Direct, n + 1, format!("/todo Change {n} #app")).await;
        assert!(receipt.is_kept(), "{receipt:?}");
        let next = Duration::from_secs_f64((n + 1) as f64 / changes as f64);
        tokio::time::sleep(next.saturating_sub(began.elapsed())).await;
    }
    let said = began.elapsed();
    at_head().await;
    let behind = began.elapsed() - said;
    let (queued, mut peak_mb) = (house.outbox.stats(&bot.name).queued, resident_mb());
    for _ in 0..seconds * 10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        peak_mb = peak_mb.max(resident_mb());
    }

    let sent = bot.rooms();
    let per_room: Vec<u64> =
        sent.iter().filter(|(room, _)| room.as_str().contains("/g")).map(|(_, it)| it.notices).collect();
    let mut table = Table::new(["figure", ""]);
    table.row(["rooms that follow".into(), rooms.to_string()]);
    table.row([format!("changes in {:.2} s", said.as_secs_f64()), changes.to_string()]);
    table.row(["cursor at the head after the last, ms".into(), format!("{:.1}", behind.as_secs_f64() * 1e3)]);
    table.row(["waiting then".into(), short(queued as f64)]);
    table.row(["rooms held then".into(), house.outbox.holds(&bot.name).len().to_string()]);
    table.row([format!("rooms sent something within {seconds} s"), per_room.len().to_string()]);
    let (least, most) = (per_room.iter().min().copied().unwrap_or(0), per_room.iter().max().copied().unwrap_or(0));
    table.row(["messages a room, least and most".into(), format!("{least} {most}")]);
    let refused = bot.refused.load(std::sync::atomic::Ordering::Relaxed);
    table.row(["refused by the platform's limit".into(), short(refused as f64)]);
    table.row(["resident before, most, MB".into(), format!("{before_mb:.0} {peak_mb:.0}")]);
    table.row(["dropped".into(), house.outbox.stats(&bot.name).counters.dropped.to_string()]);
    show(&table);
    house.stop(Duration::from_secs(5)).await;
    Ok(())
}
