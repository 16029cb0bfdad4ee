//! A house with a bot on which everything is shown at once, and clients that say one command after the other.

use std::{
    collections::HashMap,
    error::Error,
    path::Path,
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
    log::EventLog,
    notify::{DeliverySettings, Outbox, OutboxSettings},
    vault::{SealedLog, Vault},
};
use yoman_chat::{
    Accept, Bot, BotError, BotName, Capabilities, Inbound, Inbox, LengthUnit, MessageRef, Outbound, Receipt, Room,
    RoomId, RoomKind, Said, SendError, Sender, SenderId, Stop,
};

/// What a platform of a bench can do: buttons and edits, no more.
pub fn capabilities() -> Capabilities {
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

/// A bot on which everything is shown at once.
pub struct AtOnce {
    name: BotName,
    shown: AtomicU64,
}

#[async_trait]
impl Bot for AtOnce {
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

/// What some seconds of commands came to.
#[derive(Clone, Debug)]
pub struct Measured {
    /// How long each command took, sorted.
    pub taken: Vec<Duration>,
    /// How long it went on.
    pub elapsed: Duration,
    /// Answers the bot has shown.
    pub shown: u64,
}

/// What all clients measured, sorted.
///
/// # Errors
/// When one of them panicked.
pub async fn gathered(clients: Vec<tokio::task::JoinHandle<Vec<Duration>>>) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut taken = Vec::new();
    for client in clients {
        taken.extend(client.await?);
    }
    taken.sort_unstable();
    Ok(taken)
}

/// Clients say commands for some seconds, each one after the other; `answered`: the answers are kept and shown too.
///
/// # Errors
/// When the house cannot be built on that log.
pub async fn measure(
    log: Arc<dyn EventLog>,
    dir: &Path,
    clients: usize,
    seconds: f64,
    answered: bool,
) -> Result<Measured, Box<dyn Error>> {
    // Sealed, as it is by default.
    let vault = Arc::new(Vault::open(dir.join("keys"))?);
    let log: Arc<dyn EventLog> = Arc::new(SealedLog::open(log, vault, true)?);
    let outbox = Outbox::open(&dir.join("state/bots"), OutboxSettings::default())?;
    let bot = Arc::new(AtOnce { name: BotName::new("bench"), shown: AtomicU64::new(0) });
    let settings = Settings {
        lang: yoman::lang::Lang::English,
        time_zone: "UTC".parse()?,
        default_bucket: Bucket::Idea,
        reminders: Default::default(),
        down_after: std::time::Duration::from_secs(300),
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
    let taken = gathered(tasks).await?;
    let (elapsed, shown) = (started.elapsed(), bot.shown.load(Ordering::Relaxed));
    house.stop(Duration::from_secs(5)).await;
    Ok(Measured { taken, elapsed, shown })
}
