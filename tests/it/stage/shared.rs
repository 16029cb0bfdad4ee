//! Starting again on a shared log: the process ends, the log was there all the time.

use std::sync::Arc;

use yoman::log::fickle::Fickle;
use yoman_chat::{Bot as _, fake::FakeBot};

use super::Stage;

impl Stage {
    /// Stops and starts again, on the same shared log as it is reached now.
    pub(crate) async fn restart_on(&mut self, log: &Arc<Fickle>) {
        self.stop().await;
        log.reopen();
        self.start().await;
    }

    /// The same, without a bot.
    pub(crate) async fn without(&mut self, bot: &str, log: &Arc<Fickle>) {
        self.stop().await;
        self.bots.retain(|it| it.name().as_str() != bot);
        log.reopen();
        self.start().await;
    }

    /// The same, with one more.
    pub(crate) async fn with(&mut self, bot: FakeBot, log: &Arc<Fickle>) {
        self.stop().await;
        self.bots.push(bot);
        log.reopen();
        self.start().await;
    }
}
