//! Whole commands through the house: text parsed, authorised, decided, durable in the log, the answer worded; and the same
//! with the answer durable in the outbox too and shown, on a bot that shows at once. `cargo run --release -p yoman-benches --bin commands -- [SECONDS]`.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use yoman::{
    app::House,
    domain::Bucket,
    intake::Settings,
    log::{
        EventLog,
        sled::{Options, SledLog},
    },
    notify::{DeliverySettings, Outbox, OutboxSettings},
    vault::{SealedLog, Vault},
};
use yoman_benches::{Table, percentile, short};
use yoman_chat::{
    Accept, Bot, BotError, BotName, Capabilities, Inbound, Inbox, LengthUnit, MessageRef, Outbound, Receipt, Room,
    RoomId, RoomKind, Said, SendError, Sender, SenderId, Stop,
};

/// A bot on which everything is shown at once.
struct Instant0 {
    name: BotName,
    shown: AtomicU64,
}

#[async_trait]
impl Bot for Instant0 {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            title: "Bench",
            edits: true,
            buttons: true,
            button_data_bytes_max: 64,
            buttons_per_row_max: 8,
            text_length_max: 4096,
            length_unit: LengthUnit::Utf16,
            bare_verbs: false,
            // The first person is the owner: all clients are that person in rooms of their own.
            local: true,
            forms: false,
            private_answers: false,
            pictures: false,
            pins: false,
            reactions: false,
        }
    }

    async fn run(&self, _inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        stop.cancelled().await;
        Ok(())
    }

    async fn send(&self, room: &RoomId, _message: &Outbound) -> Result<MessageRef, SendError> {
        let n = self.shown.fetch_add(1, Ordering::Relaxed);
        Ok(MessageRef { room: room.clone(), id: n.to_string() })
    }

    async fn edit(&self, _message: &MessageRef, _to: &Outbound) -> Result<(), SendError> {
        Ok(())
    }
}

fn inbound(client: usize, n: u64, text: String) -> Inbound {
    let room = RoomId::new(format!("bench/{client}"));
    let id = format!("{n}");
    Inbound {
        id: format!("bench/{client}/{n}"),
        room: Room { id: room.clone(), kind: RoomKind::Direct, title: None },
        sender: Sender {
            id: SenderId::new("bench/me"),
            name: "Me".into(),
            handle: Some("me-too".into()),
            language: None,
        },
        said: Said::Message {
            text,
            message: MessageRef { room, id },
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        },
        sent_at: chrono::Utc::now(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(3.0), |it| it.parse())?;
    let mut table = Table::new(["clients", "", "commands/s", "p50 us", "p99 us", "answers shown"]);
    for (clients, answered) in [1, 16, 64, 256].into_iter().flat_map(|clients| [(clients, false), (clients, true)]) {
        let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
        // Sealed, as it is by default.
        let vault = Arc::new(Vault::open(dir.path().join("keys"))?);
        let log = Arc::new(SledLog::open(Options::new(dir.path()))?);
        let log: Arc<dyn EventLog> = Arc::new(SealedLog::open(log, vault, true)?);
        let outbox = Outbox::open(&dir.path().join("state/bots"), OutboxSettings::default())?;
        let bot = Arc::new(Instant0 { name: BotName::new("bench"), shown: AtomicU64::new(0) });
        let settings = Settings {
            lang: yoman::lang::Lang::English,
            time_zone: "UTC".parse()?,
            default_bucket: Bucket::Idea,
            reports: yoman::intake::Reports::default(),
            bots: HashMap::from([("bench".to_owned(), bot.capabilities())]),
            sealed: true,
            clock: yoman::clock::Clock::default(),
        };
        let house =
            House::start(log, outbox, vec![Arc::clone(&bot) as Arc<dyn Bot>], settings, &DeliverySettings::default());
        let first = house.intake.accept(bot.name(), inbound(0, 0, "/todo The first".into())).await;
        assert_eq!(first, Receipt::KEPT, "the first command makes the owner");
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let started = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let (intake, bot) = (Arc::clone(&house.intake), Arc::clone(&bot));
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    let mut n = 1;
                    while Instant::now() < until {
                        let text = format!("/todo Fix login {n} of {client} #auth !high due:2027-01-01");
                        let began = Instant::now();
                        let said = inbound(client, n, text);
                        let kept = if answered {
                            intake.accept(bot.name(), said).await.is_kept()
                        } else {
                            intake.handle(bot.name(), &said).await.is_ok_and(|answers| answers.len() == 1)
                        };
                        assert!(kept, "a command was not kept");
                        taken.push(began.elapsed());
                        n += 1;
                    }
                    taken
                })
            })
            .collect();
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await?);
        }
        let rate = taken.len() as f64 / started.elapsed().as_secs_f64();
        taken.sort_unstable();
        let us = |share| format!("{}", percentile(&taken, share).as_micros());
        let shown = bot.shown.load(Ordering::Relaxed);
        let what = if answered { "durable, answer kept and shown" } else { "durable, answer worded" };
        table.row([clients.to_string(), what.to_owned(), short(rate), us(0.5), us(0.99), short(shown as f64)]);
        house.stop(Duration::from_secs(5)).await;
    }
    print(&table);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(table: &Table) {
    println!("{table}");
}
