//! A bot whose platform does what the test says, and a world of cards.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, LengthUnit, MessageRef, Outbound, RoomId, SendError, Stop,
};

use super::{Card, Delivery, DeliverySettings, Outbox, OutboxSettings, Render};
use crate::domain::ItemRef;

/// What the platform does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Takes it after a while.
    After(Duration),
    /// Does not take it.
    Fail(SendError),
    /// Takes it and the answer is lost.
    Lost,
    /// Never answers; does not take it.
    Hang,
    /// The adapter has a bug.
    Panic,
}

/// One thing people saw.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) room: RoomId,
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) message: Outbound,
    pub(crate) edit: bool,
    pub(crate) at: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) script: HashMap<RoomId, VecDeque<Step>>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) attempts: Vec<(RoomId, Instant)>,
    pub(crate) gone: HashSet<String>,
    ids: u64,
    now: usize,
    pub(crate) at_once_max: usize,
}

#[derive(Debug)]
pub(crate) struct FakeBot {
    name: BotName,
    capabilities: Capabilities,
    pub(crate) platform: Mutex<Platform>,
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        title: "Fake",
        edits: true,
        buttons: true,
        button_data_bytes_max: 64,
        buttons_per_row_max: 3,
        text_length_max: 4096,
        length_unit: LengthUnit::Utf16,
        bare_verbs: false,
        local: false,
        forms: false,
        private_answers: false,
        pictures: false,
        pins: true,
        reactions: true,
    }
}

impl FakeBot {
    pub(crate) fn new() -> Arc<Self> {
        Self::named("fake")
    }

    pub(crate) fn named(name: &str) -> Arc<Self> {
        Arc::new(Self { name: BotName::new(name), capabilities: capabilities(), platform: Mutex::default() })
    }

    pub(crate) fn script(&self, room: &str, steps: impl IntoIterator<Item = Step>) {
        self.platform.lock().unwrap().script.entry(RoomId::new(room)).or_default().extend(steps);
    }

    /// The texts of a room as new messages, in order.
    pub(crate) fn sent(&self, room: &str) -> Vec<String> {
        let platform = self.platform.lock().unwrap();
        platform.shown.iter().filter(|it| !it.edit && it.room.as_str() == room).map(|it| it.text.clone()).collect()
    }

    pub(crate) fn edits(&self, room: &str) -> Vec<(String, String)> {
        let platform = self.platform.lock().unwrap();
        let edits = platform.shown.iter().filter(|it| it.edit && it.room.as_str() == room);
        edits.map(|it| (it.id.clone(), it.text.clone())).collect()
    }

    pub(crate) fn shown(&self) -> Vec<Shown> {
        self.platform.lock().unwrap().shown.clone()
    }

    async fn step(&self, room: &RoomId) -> Result<bool, SendError> {
        let step = {
            let mut platform = self.platform.lock().unwrap();
            platform.attempts.push((room.clone(), Instant::now()));
            platform.now += 1;
            platform.at_once_max = platform.at_once_max.max(platform.now);
            platform.script.get_mut(room).and_then(VecDeque::pop_front)
        };
        let result = match step {
            None => Ok(true),
            Some(Step::After(wait)) => {
                tokio::time::sleep(wait).await;
                Ok(true)
            }
            Some(Step::Fail(error)) => Err(error),
            Some(Step::Lost) => Ok(false),
            Some(Step::Hang) => std::future::pending().await,
            Some(Step::Panic) => panic!("a bug in the adapter (wanted by the test)"),
        };
        self.platform.lock().unwrap().now -= 1;
        result
    }
}

#[async_trait]
impl Bot for FakeBot {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn run(&self, _inbox: Inbox, _stop: Stop) -> Result<(), BotError> {
        Ok(())
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let heard = self.step(room).await?;
        let mut platform = self.platform.lock().unwrap();
        platform.ids += 1;
        let id = platform.ids.to_string();
        let (text, message, at) = (message.text.to_plain(), message.clone(), Instant::now());
        platform.shown.push(Shown { room: room.clone(), id: id.clone(), text, message, edit: false, at });
        if heard {
            Ok(MessageRef { room: room.clone(), id })
        } else {
            Err(SendError::Unknown("connection reset".into()))
        }
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let heard = self.step(&message.room).await?;
        let mut platform = self.platform.lock().unwrap();
        if platform.gone.contains(&message.id) {
            return Err(SendError::Gone("deleted".into()));
        }
        let (room, id) = (message.room.clone(), message.id.clone());
        let (text, to, at) = (to.text.to_plain(), to.clone(), Instant::now());
        platform.shown.push(Shown { room, id, text, message: to, edit: true, at });
        if heard { Ok(()) } else { Err(SendError::Unknown("connection reset".into())) }
    }
}

/// Cards by item: text and version; and the text of the board, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Items(pub(crate) Mutex<HashMap<ItemRef, (String, u64)>>, Mutex<Option<String>>);

impl Items {
    pub(crate) fn set(&self, item: ItemRef, text: &str, version: u64) {
        self.0.lock().unwrap().insert(item, (text.to_owned(), version));
    }

    pub(crate) fn set_board(&self, text: Option<&str>) {
        *self.1.lock().unwrap() = text.map(str::to_owned);
    }
}

impl Render for Items {
    fn card(&self, _room: &RoomId, item: ItemRef) -> Option<Card> {
        let (text, version) = self.0.lock().unwrap().get(&item).cloned()?;
        Some(Card { message: Outbound::text(text), version })
    }

    fn board(&self, _room: &RoomId) -> Option<Outbound> {
        self.1.lock().unwrap().clone().map(Outbound::text)
    }

    fn board_before(&self, _room: &RoomId, moved: bool) -> Outbound {
        Outbound::text(if moved { "moved" } else { "over" })
    }

    fn not_pinned(&self, _room: &RoomId, why: &str) -> Outbound {
        Outbound::text(format!("not pinned: {why}"))
    }
}

/// An outbox with a delivery over a directory.
pub(crate) struct Rig {
    pub(crate) outbox: Outbox,
    pub(crate) bot: Arc<FakeBot>,
    pub(crate) items: Arc<Items>,
    pub(crate) stop: Stop,
    pub(crate) delivery: Delivery,
}

/// Settings for tests: short waits.
pub(crate) fn quick() -> DeliverySettings {
    DeliverySettings {
        backoff_min: Duration::from_millis(10),
        backoff_max: Duration::from_millis(40),
        coalesce: Duration::from_millis(60),
        attempt_max: Duration::from_millis(300),
        stop_wait: Duration::from_millis(100),
        ..DeliverySettings::default()
    }
}

impl Rig {
    pub(crate) fn new(dir: &std::path::Path) -> Self {
        Self::with(dir, FakeBot::new(), OutboxSettings::default(), quick())
    }

    pub(crate) fn with(
        dir: &std::path::Path,
        bot: Arc<FakeBot>,
        kept: OutboxSettings,
        settings: DeliverySettings,
    ) -> Self {
        let outbox = Outbox::open(dir, kept).unwrap();
        let (items, stop) = (Arc::new(Items::default()), Stop::new());
        let render = Arc::clone(&items) as Arc<dyn Render>;
        let delivery =
            Delivery::start(Arc::clone(&bot) as Arc<dyn Bot>, outbox.clone(), render, settings, stop.clone());
        Self { outbox, bot, items, stop, delivery }
    }

    pub(crate) async fn stop(self) -> (Outbox, Arc<FakeBot>) {
        self.stop.cancel();
        self.delivery.ended().await;
        (self.outbox, self.bot)
    }
}

/// Waits until `holds`, for 5 s at most.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(std::time::Instant::now() < end, "never came about: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
