//! kill -9 at random instants under traffic, restart, go on; then every message is accounted for.

use std::{collections::HashMap, ops::ControlFlow, path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use yoman::{
    log::{
        Entry, EventLog, Position,
        sled::{Options, SledLog},
    },
    vault::{SealedLog, Vault},
};

use yoman_benches::telegram::{
    Outcome,
    prepare::{PEOPLE, Prepared, USED},
    stage::{Stage, number_in, out_of_order},
    subject::{Programs, Subject},
};

use crate::random::Random;

/// Between two messages, on average.
const PAUSE_MS: u64 = 8;

/// What became of the messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Toll {
    pub(crate) kills: usize,
    pub(crate) said: usize,
    /// Not in the store.
    pub(crate) lost: usize,
    /// More than once in the store.
    pub(crate) doubled: usize,
    /// Never answered.
    pub(crate) unanswered: usize,
    /// Answered more than once.
    pub(crate) repeated: usize,
    /// Answered before an earlier one of the same chat.
    pub(crate) out_of_order: usize,
}

/// Kills it `kills` times while people talk.
pub(crate) async fn run(
    subject: Subject,
    kills: usize,
    seed: u64,
    programs: &Programs,
    prepared: &Prepared,
) -> Outcome<Toll> {
    let stage = Stage::new(PEOPLE, USED).await?;
    stage.telegram.remember_calls(200);
    let dir = prepared.fresh(subject)?;
    let mut random = Random::new(seed);
    let mut number = 0;
    for _ in 0..kills {
        let bot = programs.start(subject, &stage, &dir, false)?;
        stage.polled_since(bot.started_us, Duration::from_secs(10)).await.ok_or("the bot asked for no updates")?;
        // From at once to long enough for a steady state.
        let until = tokio::time::Instant::now() + Duration::from_millis(random.below(400));
        while tokio::time::Instant::now() < until {
            for _ in 0..random.below(3) {
                stage.say(number)?;
                number += 1;
            }
            tokio::time::sleep(Duration::from_millis(random.below(2 * PAUSE_MS))).await;
        }
        bot.kill()?;
    }
    let mut bot = programs.start(subject, &stage, &dir, false)?;
    let exchanges = stage.answered(Duration::from_secs(15)).await;
    if bot.ended() {
        return Err(format!("{} has ended by itself", subject.name()).into());
    }
    bot.stop().await?;
    let kept = match subject {
        Subject::Yoman => commits(&dir.join("data")).await?,
        _ => rows(&dir)?,
    };
    let copies = |number| kept.get(&number).copied().unwrap_or(0);
    Ok(Toll {
        kills,
        said: exchanges.len(),
        lost: exchanges.iter().filter(|it| copies(it.number) == 0).count(),
        doubled: exchanges.iter().filter(|it| copies(it.number) > 1).count(),
        unanswered: exchanges.iter().filter(|it| it.answered_us.is_empty()).count(),
        repeated: exchanges.iter().filter(|it| it.answered_us.len() > 1).count(),
        out_of_order: out_of_order(&exchanges),
    })
}

/// How often the peer has each message.
fn rows(dir: &Path) -> Outcome<HashMap<u64, usize>> {
    let db = Connection::open(dir.join("peer.db"))?;
    let mut select = db.prepare("select text from messages")?;
    let mut kept = HashMap::new();
    for text in select.query_map([], |row| row.get::<_, String>(0))? {
        if let Some(number) = number_in(&text?) {
            *kept.entry(number).or_default() += 1;
        }
    }
    Ok(kept)
}

/// How often yoman has each message: commits that began an item with its text.
async fn commits(data: &Path) -> Outcome<HashMap<u64, usize>> {
    let vault = Arc::new(Vault::open(data.join("keys"))?);
    let log = SealedLog::open(Arc::new(SledLog::open(Options::new(data))?), vault, true)?;
    let mut kept = HashMap::new();
    log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry
            && commit.first_version == 1
            && let Some(number) = number_in(&commit.meta.text)
        {
            *kept.entry(number).or_default() += 1;
        }
        ControlFlow::Continue(())
    })?;
    log.close().await?;
    Ok(kept)
}
