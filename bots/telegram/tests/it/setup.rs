//! A server, a bot and what stands behind it.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use yoman_chat::{Bot, BotError, BotName, Inbound, RoomId, Said, Stop, fake::Recorder};
use yoman_stand_ins::telegram::TelegramStandIn;
use yoman_telegram::{Telegram, TelegramConfig};

/// How long anything that should happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Setup {
    pub(crate) server: TelegramStandIn,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) bot: Arc<Telegram>,
    pub(crate) run: Run,
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

pub(crate) fn config(server: &TelegramStandIn) -> TelegramConfig {
    let mut config = TelegramConfig::new(BotName::new("tg"), server.token());
    config.api_url = Some(server.url().parse().unwrap());
    config
}

pub(crate) fn run(bot: &Arc<Telegram>, recorder: &Arc<Recorder>) -> Run {
    let stop = Stop::new();
    let (bot, inbox, stopped) = (Arc::clone(bot), recorder.inbox(bot.name()), stop.clone());
    Run { stop, task: tokio::spawn(async move { bot.run(inbox, stopped).await }) }
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::over(TelegramStandIn::start().await.unwrap(), |_| {})
    }

    /// With a server that was prepared, and settings to change.
    pub(crate) fn over(server: TelegramStandIn, change: impl FnOnce(&mut TelegramConfig)) -> Self {
        let mut config = config(&server);
        change(&mut config);
        let bot = Arc::new(Telegram::new(config).unwrap());
        let recorder = Recorder::new();
        let run = run(&bot, &recorder);
        Self { server, recorder, bot, run }
    }

    pub(crate) async fn kept(&self, count: usize) -> Vec<Inbound> {
        let kept = self.recorder.wait_kept(count, PATIENCE).await;
        assert!(kept.len() >= count, "{} of {count} were kept", kept.len());
        kept
    }

    /// Waits for the next one that is kept, while `act` makes it happen.
    pub(crate) async fn next<T>(&self, act: impl FnOnce(&TelegramStandIn) -> Result<T, String>) -> Inbound {
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

pub(crate) fn room(chat: i64) -> RoomId {
    RoomId::new(format!("tg/{chat}"))
}
