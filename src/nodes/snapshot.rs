//! All rows of a bot at once, while it goes on: what came before need not be kept then, and whoever reads need not read it.

use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use yoman_chat::BotName;

use super::{
    chain::{PIECE_BYTES, What},
    line::{Hold, Lines},
    stores::Stores,
};
use crate::notify::Outbox;

/// Publishes a snapshot and removes what was before it. `anew`: what was published before is not all there is.
pub(super) async fn publish(
    (stores, lines, outbox): (&Stores, &Lines, &Outbox),
    bot: &BotName,
    hold: &Hold,
    anew: bool,
) -> Result<(), String> {
    // From here on: what is kept without being published, now, wants another one.
    hold.owed.store(false, Ordering::SeqCst);
    hold.messages.store(0, Ordering::SeqCst);
    let mut owes = Owes { hold, still: anew };
    let done = parts((stores, lines, outbox), bot, anew).await;
    owes.still &= done.is_err();
    done
}

/// A snapshot that is under way. It is owed still when it fails, and also when it is broken off: a stop does that, and
/// publishes what is owed once more.
struct Owes<'a> {
    hold: &'a Hold,
    still: bool,
}

impl Drop for Owes<'_> {
    fn drop(&mut self) {
        if self.still {
            self.hold.owed.store(true, Ordering::SeqCst);
        }
    }
}

async fn parts((stores, lines, outbox): (&Stores, &Lines, &Outbox), bot: &BotName, anew: bool) -> Result<(), String> {
    let begins = lines.say(bot, What::Begin { anew }).await?;
    let (send, mut pieces) = mpsc::channel(2);
    let (all, of) = (outbox.clone(), bot.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        all.each_row_of(&of, |key, value| {
            bytes += key.len() + value.len() + 8;
            rows.push((key, value));
            if bytes >= PIECE_BYTES {
                bytes = 0;
                // Nobody takes it any more: it was lost.
                let _ = send.blocking_send(std::mem::take(&mut rows));
            }
        });
        let _ = send.blocking_send(rows);
    });
    while let Some(rows) = pieces.recv().await {
        lines.say(bot, What::Piece { rows }).await?;
    }
    reading.await.map_err(|error| error.to_string())?;
    // Whatever was seen on the way is published before the end: an end without it would be of what never was.
    outbox.settled().await;
    lines.say(bot, What::End).await?;
    if let Err(error) = stores.purge(bot, begins).await {
        tracing::debug!(%bot, %error, "what was before a snapshot is removed with the next one");
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/snapshot.rs"]
mod tests;
