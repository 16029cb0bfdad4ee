//! The peer of the Telegram bench: what somebody would write who needs a bot today. teloxide's own `Dispatcher` and
//! long polling with their defaults; each text message is one INSERT in its own transaction into SQLite (WAL,
//! `synchronous=FULL`), then answered.
//!
//! `TELEGRAM_BOT_TOKEN`, `TELEGRAM_API_URL` and `PEER_DB` (a path) come from the environment.

use std::{
    env,
    error::Error,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, params};
use teloxide::prelude::*;

type Failure = Box<dyn Error + Send + Sync>;

/// The messages. One connection: SQLite has one writer anyway.
#[derive(Clone)]
struct Store(Arc<Mutex<Connection>>);

impl Store {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "full")?;
        db.execute_batch(
            "create table if not exists messages (
                chat integer not null, message integer not null, sender integer, text text not null, sent_at integer not null,
                primary key (chat, message)
            )",
        )?;
        Ok(Self(Arc::new(Mutex::new(db))))
    }

    /// Durable when it returns. A message that comes again is there already.
    async fn keep(&self, message: &Message, text: &str) -> Result<(), Failure> {
        let (store, text) = (Arc::clone(&self.0), text.to_owned());
        let (chat, id, at) = (message.chat.id.0, message.id.0, message.date.timestamp());
        let sender = message.from.as_ref().map(|user| user.id.0 as i64);
        // fsync blocks: not on the runtime's threads.
        tokio::task::spawn_blocking(move || {
            let db = store.lock().unwrap_or_else(PoisonError::into_inner);
            db.prepare_cached(
                "insert or ignore into messages (chat, message, sender, text, sent_at) values (?, ?, ?, ?, ?)",
            )?
            .execute(params![chat, id, sender, text, at])
        })
        .await??;
        Ok(())
    }
}

async fn answer(bot: Bot, message: Message, store: Store) -> Result<(), Failure> {
    if let Some(text) = message.text() {
        store.keep(&message, text).await?;
        bot.send_message(message.chat.id, format!("saved   {text}")).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let store = Store::open(Path::new(&env::var("PEER_DB")?))?;
    let url = env::var("TELEGRAM_API_URL")?.parse()?;
    let bot = Bot::new(env::var("TELEGRAM_BOT_TOKEN")?).set_api_url(url);
    Dispatcher::builder(bot, Update::filter_message().endpoint(answer))
        .dependencies(dptree::deps![store])
        .build()
        .dispatch()
        .await;
    Ok(())
}
