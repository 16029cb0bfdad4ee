//! Shows on NATS how far the bots of this node are behind, for who watches and for what starts more nodes.

use std::{sync::Arc, time::Duration};

use yoman_chat::{BotName, Stop};

use super::seats::Seats;
use crate::{
    log::{
        EventLog,
        jetstream::{Connection, cursors},
    },
    notify::Outbox,
};

/// Who starts nodes asks less often.
const EVERY: Duration = Duration::from_secs(5);

/// Shows it until it is stopped. Only of bots that are spoken for here: the others are another node's to show.
pub(super) async fn show(
    connection: Connection,
    log: Arc<dyn EventLog>,
    outbox: Outbox,
    seats: Arc<Seats>,
    bots: Vec<BotName>,
    stop: Stop,
) {
    loop {
        for bot in bots.iter().filter(|bot| connection.is_up() && seats.is_taken(bot)) {
            let Some(seen) = outbox.seen(bot) else { continue };
            let behind = log.head().position.0.saturating_sub(seen.0);
            if let Err(why) = cursors::show(&connection, bot.as_str(), behind).await {
                tracing::debug!(%bot, why, "how far the bot is cannot be shown on NATS");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
