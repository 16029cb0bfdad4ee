//! Many commands over many rooms, on the log on disk, through intake and out to scripted rooms: a table of tenths, in which
//! memory, files per command and latency must stay flat.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use yoman::{
    app::{House, Seating},
    clock::Clock,
    domain::{Bucket, reminder::Defaults},
    intake,
    lang::Lang,
    log::{
        EventLog,
        sled::{Options, SledLog},
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    subscription::{SnapshotSettings, Snapshots},
    vault::{SealedLog, Vault},
};
use yoman_chat::{
    Accept as _, Bot, BotName, Capabilities, Inbound, Inbox, MessageRef, Outbound, Room, RoomId, RoomKind, Said,
    SendError, Sender, SenderId, Stop,
};

use crate::run::{Found, Outcome, Setting};

const ROOMS: usize = 20;
const TENTHS: usize = 10;
/// The last tenths may take so much more of anything than the first, per command: what grows with the log itself (items in
/// memory, the index) grows by far less than in proportion.
const GROWS_MAX: f64 = 3.0;
/// Resident memory may grow by so many bytes a command: an item that is closed costs about this in the world.
const BYTES_A_COMMAND_MAX: f64 = 2_000.0;

/// Says so many things in twenty rooms.
///
/// # Errors
/// What did not stay flat.
pub async fn long(setting: &Setting, commands: usize) -> Found {
    let home = tempfile::Builder::new()
        .prefix("l")
        .tempdir_in(setting.program.scratch())
        .map_err(|error| error.to_string())?;
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let stored = Arc::new(SledLog::open(Options::new(home.path())).map_err(|error| failed(&error))?);
    let vault = Arc::new(Vault::open(home.path().join("keys")).map_err(|error| failed(&error))?);
    let log: Arc<dyn EventLog> = Arc::new(SealedLog::open(stored, vault, true).map_err(|error| failed(&error))?);
    let outbox =
        Outbox::open(&home.path().join("state/bots"), OutboxSettings::default()).map_err(|error| failed(&error))?;
    let snapshots = Snapshots::open(home.path().join("state/snapshots"), SnapshotSettings::default());
    let bot = Arc::new(Shows(BotName::new("a")));
    let settings = intake::Settings {
        time_zone: chrono_tz::UTC,
        default_bucket: Bucket::Idea,
        bots: [("a".to_owned(), bot.capabilities())].into_iter().collect(),
        sealed: true,
        reports: intake::Reports::default(),
        lang: Lang::English,
        reminders: Defaults::default(),
        down_after: Duration::from_secs(300),
        clock: Clock::default(),
    };
    let delivery = DeliverySettings::default();
    let house =
        House::start_with(log, outbox, vec![bot], settings, &delivery, snapshots.ok().map(Arc::new), Seating::All);
    house.caught_up().await;
    accept(&house, 0, 0, "/status").await?;

    let mut random = setting.random();
    let mut table = String::from("share      took   p50 ms   p99 ms   resident MB   disk MB   bytes a command\n");
    let mut tenths = Vec::new();
    let mut said = 0;
    for tenth in 1..=TENTHS {
        let mut latencies = Vec::new();
        let began = Instant::now();
        while said < commands * tenth / TENTHS {
            // Twenty people at once, each in a room of their own, each waiting for their answer.
            let group = (0..ROOMS).map(|room| {
                let number = said + room;
                let text = match number % 10 {
                    0..5 => format!("/todo Wash the car {number} #t{} !high", random.random_range(0..30)),
                    5 | 6 => format!("/note T{} seen once more", random.random_range(1..number.max(2) / 2 + 2)),
                    7 | 8 => format!("/done T{}", random.random_range(1..number.max(2) / 2 + 2)),
                    _ => format!("/find car {number}"),
                };
                let house = &house;
                async move {
                    let began = Instant::now();
                    accept(house, room, number + 1, &text).await.map(|()| began.elapsed())
                }
            });
            for outcome in join_all(group).await {
                latencies.push(outcome?);
            }
            said += ROOMS;
        }
        latencies.sort();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let mut resident = resident_mb();
        if setting.plant {
            // What a leak looks like.
            resident += (said as f64).powi(2) / 1e3;
        }
        let disk = disk_bytes(home.path()) as f64;
        let row = Tenth { p50: at(0.5), resident, disk };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "{:>4} %  {:>7.1} s  {:>6.2}  {:>7.2}  {:>11.1}  {:>8.1}  {:>15.0}",
            tenth * 10,
            began.elapsed().as_secs_f64(),
            row.p50,
            at(0.99),
            row.resident,
            disk / 1e6,
            disk / said as f64
        );
        tenths.push(row);
    }
    house.stop(Duration::from_secs(30)).await;
    let (first, last) = (&tenths[1], &tenths[TENTHS - 1]);
    let mut wrong = Vec::new();
    if last.p50 > first.p50 * GROWS_MAX {
        wrong.push(format!("latency grew from {:.2} to {:.2} ms", first.p50, last.p50));
    }
    let step = (commands as f64) * 0.8;
    let grown = (last.resident - first.resident) * 1e6 / step;
    // Short runs are all warming up.
    if grown > BYTES_A_COMMAND_MAX && (commands >= 20_000 || setting.plant) {
        wrong.push(format!("memory grew by {grown:.0} bytes a command"));
    }
    let per_command = |tenth: &Tenth, share: f64| tenth.disk / (commands as f64 * share);
    if per_command(last, 1.0) > per_command(first, 0.2) * 1.5 {
        wrong.push("files grew faster than what is in them".into());
    }
    if !wrong.is_empty() {
        return Err(format!("{}\n{table}", wrong.join("; ")));
    }
    let mut outcome = Outcome::new(
        format!("{commands} commands over {ROOMS} rooms"),
        format!("{grown:.0} bytes of memory a command"),
    );
    outcome.seen.extend(table.lines().map(str::to_owned));
    Ok(outcome)
}

struct Tenth {
    p50: f64,
    resident: f64,
    disk: f64,
}

async fn join_all<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (one, slot) in all.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(outcome) = one.as_mut().poll(context)
            {
                *slot = Some(outcome);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn accept(house: &House, room: usize, number: usize, text: &str) -> Result<(), String> {
    let id = RoomId::new(format!("a/{room}"));
    let message = MessageRef { room: id.clone(), id: number.to_string() };
    let inbound = Inbound {
        id: format!("{id}/{number}"),
        room: Room { id, kind: RoomKind::Direct, title: None },
        sender: Sender { id: SenderId::new("a/kim"), name: "kim".into(), handle: None, language: None },
        said: Said::Message {
            text: text.to_owned(),
            message,
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        },
        sent_at: chrono::Utc::now(),
    };
    let receipt = house.intake.accept(&BotName::new("a"), inbound).await;
    if receipt.is_kept() { Ok(()) } else { Err(format!("{text:?} was not kept: {receipt:?}")) }
}

/// A platform that shows everything at once and remembers nothing.
struct Shows(BotName);

#[async_trait::async_trait]
impl Bot for Shows {
    fn name(&self) -> &BotName {
        &self.0
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { local: true, edits: true, ..Capabilities::text_only("Shows") }
    }

    async fn run(&self, _inbox: Inbox, stop: Stop) -> Result<(), yoman_chat::BotError> {
        stop.cancelled().await;
        Ok(())
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let id = message.nonce.clone().unwrap_or_else(|| rand::random::<u64>().to_string());
        Ok(MessageRef { room: room.clone(), id })
    }

    async fn edit(&self, _message: &MessageRef, _to: &Outbound) -> Result<(), SendError> {
        Ok(())
    }
}

fn resident_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => disk_bytes(&entry.path()),
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
