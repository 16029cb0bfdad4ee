//! Follows what the holder of a bot keeps, into the store here: whoever takes over has nearly all of it already.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinHandle};
use yoman_chat::BotName;

use super::{
    chain::{Fold, Message, Step, Unreadable},
    stores::Stores,
};
use crate::notify::Outbox;

/// The pause before it is begun anew.
const PAUSE: Duration = Duration::from_millis(200);
/// How long whoever takes over waits for the rest, the first time: what delivers it stands on one server, and that one may
/// have died together with the node that spoke.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Everything up to here is in the store; `None`: nothing yet.
    pub(super) at: Option<u64>,
    /// What was read is all there is of the bot.
    pub(super) whole: bool,
    /// Why it cannot go on, if it cannot.
    pub(super) trouble: Option<String>,
}

#[derive(Debug)]
pub(super) struct Reader {
    stores: Arc<Stores>,
    bot: BotName,
    outbox: Outbox,
    task: JoinHandle<()>,
    progress: watch::Receiver<Progress>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reader {
    pub(super) fn start(stores: Arc<Stores>, bot: BotName, outbox: Outbox) -> Self {
        let (tell, progress) = watch::channel(Progress::default());
        let task = tokio::spawn(go_on_following(Arc::clone(&stores), bot.clone(), outbox.clone(), tell));
        Self { stores, bot, outbox, task, progress }
    }

    /// Why it does not get on, if it does not.
    pub(super) fn trouble(&self) -> Option<String> {
        self.progress.borrow().trouble.clone()
    }

    /// Once everything up to `sequence` is in the store: whether that is all there is of the bot. Then it ends.
    pub(super) async fn reached(mut self, sequence: u64) -> bool {
        let mut patience = PATIENCE;
        loop {
            let there = self.progress.wait_for(|progress| progress.at.is_some_and(|at| at >= sequence));
            if let Ok(there) = tokio::time::timeout(patience, there).await {
                return there.is_ok_and(|progress| progress.whole);
            }
            tracing::debug!(bot = %self.bot, ?patience, "what the holder before kept does not come; reading it anew");
            self.task.abort();
            // Nothing of it is written behind what is read now.
            let _ = (&mut self.task).await;
            self = Self::start(Arc::clone(&self.stores), self.bot.clone(), self.outbox.clone());
            // Much takes longer to read.
            patience *= 2;
        }
    }
}

async fn go_on_following(stores: Arc<Stores>, bot: BotName, outbox: Outbox, tell: watch::Sender<Progress>) {
    loop {
        let Err(trouble) = follow(&stores, &bot, &outbox, &tell).await;
        tracing::debug!(%bot, trouble, "what the holder of a bot keeps is not followed; trying again");
        tell.send_replace(Progress { trouble: Some(trouble), ..Progress::default() });
        tokio::time::sleep(PAUSE).await;
    }
}

async fn follow(
    stores: &Stores,
    bot: &BotName,
    outbox: &Outbox,
    tell: &watch::Sender<Progress>,
) -> Result<std::convert::Infallible, String> {
    let target = stores.last(bot).await.map_err(|error| error.to_string())?.map_or(0, |last| last.sequence);
    let mut messages = stores.follow(bot).await.map_err(|error| error.to_string())?;
    let mut fold = Fold::new();
    let mut caught_up = false;
    let mut at = 0;
    loop {
        if !caught_up && at >= target {
            caught_up = true;
            write(outbox, bot, fold.caught_up()).await?;
        }
        if caught_up {
            tell.send_replace(Progress { at: Some(at), whole: fold.based, trouble: None });
        }
        let message = match messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the messages ended".to_owned()),
        };
        at = message.info().map_err(|error| error.to_string())?.stream_sequence;
        match Message::decode(&message.payload) {
            Ok(message) => write(outbox, bot, fold.read(message)).await?,
            Err(Unreadable::Newer) => return Err(format!("what {bot} keeps was {}", Unreadable::Newer)),
            Err(error @ Unreadable::Damaged) => {
                tracing::warn!(%bot, sequence = at, %error, "a message of what a bot keeps is passed over");
            }
        }
    }
}

async fn write(outbox: &Outbox, bot: &BotName, step: Step) -> Result<(), String> {
    let written = match step {
        Step::Nothing => return Ok(()),
        Step::Apply(rows) => outbox.apply_rows(bot, rows).await,
        Step::Replace(rows) => outbox.replace_rows(bot, rows).await,
    };
    written.map_err(|error| error.to_string())
}
