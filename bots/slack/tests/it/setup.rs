//! A server, a bot and what stands behind it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::task::JoinHandle;
use yoman_chat::{
    Accept, Aside, Bot, BotError, BotName, Glance, Inbound, Inbox, Menu, MenuVerb, Outbound, Receipt, RoomId, Said,
    Stop, fake::Recorder,
};
use yoman_slack::{Slack, SlackConfig};
use yoman_stand_ins::slack::{Delivery, NewChannel, SlackStandIn};

/// How long anything that should happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Setup {
    pub(crate) server: SlackStandIn,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) bot: Arc<Slack>,
    pub(crate) run: Run,
    /// A person, their direct channel, and a channel they are in with another.
    pub(crate) kim: String,
    pub(crate) im: String,
    pub(crate) dana: String,
    pub(crate) general: String,
}

pub(crate) struct Run {
    pub(crate) stop: Stop,
    pub(crate) task: JoinHandle<Result<(), BotError>>,
}

impl Run {
    pub(crate) async fn end(self) -> Result<(), BotError> {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(2), self.task).await.unwrap().unwrap()
    }
}

/// A recorder that can be looked into: `/show T7` and the like show themselves, except for `T404`.
struct Looking {
    recorder: Arc<Recorder>,
    inbox: Inbox,
}

#[async_trait]
impl Accept for Looking {
    async fn accept(&self, _: &BotName, inbound: Inbound) -> Receipt {
        self.inbox.submit(inbound).await
    }

    async fn keep_aside(&self, _: &BotName, aside: Aside) -> Receipt {
        self.inbox.keep_aside(aside).await
    }

    async fn recall(&self, bot: &BotName, key: &str) -> Option<String> {
        self.recorder.memory(&format!("{bot}/{key}"))
    }

    async fn remember(&self, _: &BotName, key: &str, value: &str) {
        self.inbox.remember(key, value).await;
    }

    async fn glance(&self, _: &BotName, glance: Glance) -> Option<Outbound> {
        (!glance.text.contains("T404")).then(|| {
            Outbound::text(format!("{} for {} in {}", glance.text, glance.sender, glance.room.id))
                .row(vec![yoman_chat::Button::new("Done", "/done T7")])
        })
    }
}

fn inbox(recorder: &Arc<Recorder>, name: &BotName) -> Inbox {
    let looking = Looking { recorder: Arc::clone(recorder), inbox: recorder.inbox(name) };
    Inbox::new(name.clone(), Arc::new(looking))
}

pub(crate) fn config(server: &SlackStandIn) -> SlackConfig {
    let app = server.app();
    let mut config = SlackConfig::new(BotName::new("sl"), app.bot_token, Some(app.app_token.into()));
    config.api_url = Some(server.api_url().parse().unwrap());
    let verb = |word: &str| MenuVerb {
        word: word.into(),
        aliases: Vec::new(),
        usage: format!("/{word} text"),
        help: word.into(),
        group: "x".into(),
        args: Vec::new(),
        frequent: true,
        look: false,
        private: false,
        other: vec![],
    };
    config.menu = Menu { verbs: ["todo", "done", "idea"].map(verb).to_vec() };
    config
}

pub(crate) fn run(bot: &Arc<Slack>, recorder: &Arc<Recorder>) -> Run {
    let stop = Stop::new();
    let (bot, inbox, stopped) = (Arc::clone(bot), inbox(recorder, bot.name()), stop.clone());
    Run { stop, task: tokio::spawn(async move { bot.run(inbox, stopped).await }) }
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::over(SlackStandIn::start().await.unwrap(), |_| {}).await
    }

    /// With a server that was prepared, and settings to change; connected when it comes back.
    pub(crate) async fn over(server: SlackStandIn, change: impl FnOnce(&mut SlackConfig)) -> Self {
        let setup = Self::unconnected(server, change);
        setup.connected(1).await;
        setup
    }

    pub(crate) fn unconnected(server: SlackStandIn, change: impl FnOnce(&mut SlackConfig)) -> Self {
        let (kim, dana) = (server.person("Kim Lee"), server.person("Dana"));
        let im = server.im(&kim);
        let general =
            server.add_channel(NewChannel { name: "general".into(), ..NewChannel::default() }, &[&kim, &dana]);
        server.delivery(Delivery { ack_deadline_ms: 1_000, retry_pauses_ms: vec![0, 200, 400], ..Delivery::default() });
        let mut config = config(&server);
        change(&mut config);
        let bot = Arc::new(Slack::new(config).unwrap());
        let recorder = Recorder::new();
        let run = run(&bot, &recorder);
        Self { server, recorder, bot, run, kim, im, dana, general }
    }

    /// Waits until `count` sockets have been opened in all.
    pub(crate) async fn connected(&self, count: u64) {
        assert!(self.server.wait_sockets(count, PATIENCE).await, "no socket");
    }

    pub(crate) async fn kept(&self, count: usize) -> Vec<Inbound> {
        let kept = self.recorder.wait_kept(count, PATIENCE).await;
        assert!(kept.len() >= count, "{} of {count} were kept", kept.len());
        kept
    }

    /// Waits for the next one that is kept, while `act` makes it happen.
    pub(crate) async fn next<T>(&self, act: impl FnOnce(&SlackStandIn) -> Result<T, String>) -> Inbound {
        let before = self.recorder.kept().len();
        act(&self.server).unwrap();
        self.kept(before + 1).await.remove(before)
    }
}

pub(crate) fn text(inbound: &Inbound) -> &str {
    match &inbound.said {
        Said::Message { text, .. } | Said::Edited { text, .. } => text,
        Said::Pressed { data, .. } => data,
        Said::Reacted { emoji, .. } => emoji,
        Said::Deleted { .. } => "",
    }
}

pub(crate) fn addressed(inbound: &Inbound) -> bool {
    match &inbound.said {
        Said::Message { addressed, .. } | Said::Edited { addressed, .. } => *addressed,
        Said::Pressed { .. } | Said::Reacted { .. } | Said::Deleted { .. } => true,
    }
}

pub(crate) fn room(channel: &str) -> RoomId {
    RoomId::new(format!("sl/{channel}"))
}
