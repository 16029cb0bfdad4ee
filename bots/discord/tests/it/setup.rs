//! A server, a bot and what stands behind it.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::mpsc, task::JoinHandle};
use yoman_chat::{
    Accept, Arg, ArgKind, Aside, Bot, BotError, BotName, Inbound, Inbox, Menu, MenuVerb, MessageRef, Outbound, Receipt,
    RoomId, Said, SendError, Stop, Suggestion, Typing, fake::Recorder,
};
use yoman_discord::{Discord, DiscordConfig};
use yoman_stand_ins::discord::{Answered, DiscordStandIn, NewChannel};

/// How long anything that should happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

type Answer = Box<dyn Fn(&Inbound) -> Option<Outbound> + Send>;

/// A process: keeps what it is given, and answers through the bot as the outbox would.
pub(crate) struct Process {
    pub(crate) recorder: Arc<Recorder>,
    bot: OnceLock<Arc<Discord>>,
    answer: Mutex<Option<Answer>>,
    sent: mpsc::UnboundedSender<Result<MessageRef, SendError>>,
    pub(crate) typed: Mutex<Vec<Typing>>,
    /// How many suggestions there are, and how long they take.
    pub(crate) suggestions: Mutex<(usize, Duration)>,
    /// It was killed: what its tasks still hand over reaches nobody.
    dead: Arc<AtomicBool>,
}

#[async_trait]
impl Accept for Process {
    async fn accept(&self, bot: &BotName, inbound: Inbound) -> Receipt {
        if self.dead.load(Ordering::SeqCst) {
            return std::future::pending().await;
        }
        let receipt = self.recorder.accept(bot, inbound.clone()).await;
        let answer = self.answer.lock().unwrap().as_ref().filter(|_| receipt.is_kept()).and_then(|it| it(&inbound));
        if let Some(mut answer) = answer {
            answer.answers = Some(inbound.id.clone());
            let outcome = self.bot.get().unwrap().send(&inbound.room.id, &answer).await;
            let _ = self.sent.send(outcome);
        }
        receipt
    }

    async fn keep_aside(&self, bot: &BotName, aside: Aside) -> Receipt {
        self.recorder.keep_aside(bot, aside).await
    }

    async fn recall(&self, bot: &BotName, key: &str) -> Option<String> {
        self.recorder.recall(bot, key).await
    }

    async fn remember(&self, bot: &BotName, key: &str, value: &str) {
        if !self.dead.load(Ordering::SeqCst) {
            self.recorder.remember(bot, key, value).await;
        }
    }

    async fn suggest(&self, _bot: &BotName, typing: Typing) -> Vec<Suggestion> {
        self.typed.lock().unwrap().push(typing);
        let (count, delay) = *self.suggestions.lock().unwrap();
        tokio::time::sleep(delay).await;
        let one = |n: usize| Suggestion { label: format!("T{n} {}", "x".repeat(120)), value: format!("T{n}") };
        (0..count).map(one).collect()
    }
}

pub(crate) struct Setup {
    pub(crate) server: DiscordStandIn,
    pub(crate) process: Arc<Process>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) bot: Arc<Discord>,
    pub(crate) run: Run,
    sends: tokio::sync::Mutex<mpsc::UnboundedReceiver<Result<MessageRef, SendError>>>,
}

pub(crate) struct Run {
    pub(crate) stop: Stop,
    pub(crate) task: JoinHandle<Result<(), BotError>>,
    dead: Arc<AtomicBool>,
}

impl Run {
    pub(crate) async fn end(self) -> Result<(), BotError> {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(2), self.task).await.unwrap().unwrap()
    }

    /// As a kill does: nothing more is remembered.
    pub(crate) fn kill(self) {
        self.dead.store(true, Ordering::SeqCst);
        self.task.abort();
    }
}

pub(crate) fn config(server: &DiscordStandIn) -> DiscordConfig {
    let mut config = DiscordConfig::new(BotName::new("dc"), server.token());
    config.api_url = Some(server.url().parse().unwrap());
    config.menu = menu();
    config.under = "yoman".into();
    config
}

fn arg(name: &str, kind: ArgKind, required: bool, before: &str) -> Arg {
    Arg { name: name.into(), about: format!("the {name}"), kind, required, before: before.into(), other: vec![] }
}

/// A few verbs of each sort.
pub(crate) fn menu() -> Menu {
    let verb = |word: &str, private: bool, args: Vec<Arg>| MenuVerb {
        word: word.into(),
        aliases: Vec::new(),
        usage: format!("/{word}"),
        help: format!("does {word}"),
        group: "Capture".into(),
        args,
        frequent: word != "rare",
        look: false,
        private,
        other: vec![],
    };
    let text = || arg("text", ArgKind::Text, true, "");
    Menu {
        verbs: vec![
            verb("todo", false, vec![text(), arg("tag", ArgKind::Tag, false, "#")]),
            verb("idea", false, vec![text()]),
            verb("note", false, vec![arg("item", ArgKind::Item, true, ""), text()]),
            verb("done", false, vec![arg("item", ArgKind::Item, false, "")]),
            verb("mine", true, Vec::new()),
            verb("rare", false, Vec::new()),
        ],
    }
}

pub(crate) fn start(bot: &Arc<Discord>, process: &Arc<Process>) -> Run {
    let inbox = Inbox::new(bot.name().clone(), Arc::clone(process) as Arc<dyn Accept>);
    let stop = Stop::new();
    let (bot, stopped) = (Arc::clone(bot), stop.clone());
    let dead = Arc::clone(&process.dead);
    Run { stop, task: tokio::spawn(async move { bot.run(inbox, stopped).await }), dead }
}

impl Setup {
    pub(crate) async fn start() -> Self {
        let setup = Self::over(DiscordStandIn::start().await.unwrap(), |_| {});
        setup.ready().await;
        setup
    }

    /// With a server that was prepared, and settings to change.
    pub(crate) fn over(server: DiscordStandIn, change: impl FnOnce(&mut DiscordConfig)) -> Self {
        Self::again(server, Recorder::new(), change)
    }

    /// With what another process remembered.
    pub(crate) fn again(
        server: DiscordStandIn,
        recorder: Arc<Recorder>,
        change: impl FnOnce(&mut DiscordConfig),
    ) -> Self {
        let mut config = config(&server);
        change(&mut config);
        let bot = Arc::new(Discord::new(config).unwrap());
        let (sent, sends) = mpsc::unbounded_channel();
        let process = Arc::new(Process {
            recorder: Arc::clone(&recorder),
            bot: OnceLock::from(Arc::clone(&bot)),
            answer: Mutex::new(None),
            sent,
            typed: Mutex::default(),
            suggestions: Mutex::default(),
            dead: Arc::default(),
        });
        let run = start(&bot, &process);
        Self { server, process, recorder, bot, run, sends: tokio::sync::Mutex::new(sends) }
    }

    /// Waits until the gateway is connected and the commands are registered.
    pub(crate) async fn ready(&self) {
        let ready = |server: &DiscordStandIn| (server.connected() && !server.commands(0).is_empty()).then_some(());
        let ready = self.server.wait(PATIENCE, ready).await;
        assert!(ready.is_some(), "connected: {}, {:?}", self.server.connected(), self.server.calls(""));
    }

    /// What came of the next answer.
    pub(crate) async fn sent(&self) -> MessageRef {
        let next = tokio::time::timeout(PATIENCE, async { self.sends.lock().await.recv().await });
        next.await.unwrap().unwrap().unwrap()
    }

    /// From now on everything is answered so.
    pub(crate) fn answer(&self, answer: impl Fn(&Inbound) -> Option<Outbound> + Send + 'static) {
        *self.process.answer.lock().unwrap() = Some(Box::new(answer));
    }

    pub(crate) async fn kept(&self, count: usize) -> Vec<Inbound> {
        let kept = self.recorder.wait_kept(count, PATIENCE).await;
        assert!(kept.len() >= count, "{} of {count} were kept", kept.len());
        kept
    }

    /// Waits for the next one that is kept, while `act` makes it happen.
    pub(crate) async fn next<T>(&self, act: impl FnOnce(&DiscordStandIn) -> Result<T, String>) -> Inbound {
        let before = self.recorder.kept().len();
        act(&self.server).unwrap();
        self.kept(before + 1).await.remove(before)
    }

    /// Waits until an interaction is answered as wished.
    pub(crate) async fn answered(&self, id: u64, wished: impl Fn(&Answered) -> bool) -> Answered {
        let look = |server: &DiscordStandIn| server.answered(id).filter(|it| it.kind.is_some() && wished(it));
        let answered = self.server.wait(PATIENCE, look).await;
        answered.unwrap_or_else(|| panic!("it is {:?}", self.server.answered(id)))
    }

    /// A channel of a new server.
    pub(crate) fn channel(&self, name: &str) -> u64 {
        self.server.add_channel(NewChannel { name: name.into(), ..NewChannel::default() }).unwrap()
    }
}

pub(crate) fn text(inbound: &Inbound) -> &str {
    match &inbound.said {
        Said::Message { text, .. } | Said::Edited { text, .. } => text,
        Said::Pressed { data, .. } => data,
        Said::Reacted { emoji, .. } => emoji,
        Said::Deleted { .. } => "(deleted)",
    }
}

pub(crate) fn room(channel: u64) -> RoomId {
    RoomId::new(format!("dc/{channel}"))
}
