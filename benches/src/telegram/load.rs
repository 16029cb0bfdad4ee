//! How fast, while everything works: latency under a steady load, a backlog, the first request after a start, memory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

use super::{
    Outcome,
    prepare::{PEOPLE, Prepared, USED, rows},
    stage::{Exchange, Stage, out_of_order},
    subject::{Programs, Running, Subject},
};
use crate::percentile;

/// How long answers may stay away before the bench goes on without them.
const PATIENCE: Duration = Duration::from_secs(20);

/// One round of a load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Half of the answers took at most this, in milliseconds.
    pub p50_ms: f64,
    /// Of a hundred answers one took longer.
    pub p99_ms: f64,
    /// Answers a second, from the first delivery to the last answer.
    pub rate: f64,
    /// Processor time of the bot for one message, in microseconds.
    pub cpu_us: f64,
    /// Messages with an answer.
    pub answered: usize,
    /// Messages without one.
    pub unanswered: usize,
    /// Messages with several.
    pub repeated: usize,
    /// Answers that came before that of an earlier message of their chat.
    pub out_of_order: usize,
}

fn summary(exchanges: &[Exchange], from_us: u64, cpu_s: f64) -> Load {
    let first = |it: &Exchange| it.answered_us.first().copied();
    let mut waits: Vec<_> =
        exchanges.iter().filter_map(|it| Some(Duration::from_micros(first(it)?.saturating_sub(it.said_us)))).collect();
    waits.sort();
    let last = exchanges.iter().filter_map(first).max().unwrap_or(from_us);
    let ms = |share| percentile(&waits, share).as_secs_f64() * 1e3;
    Load {
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
        rate: waits.len() as f64 / ((last - from_us).max(1) as f64 / 1e6),
        cpu_us: cpu_s * 1e6 / exchanges.len().max(1) as f64,
        answered: waits.len(),
        unanswered: exchanges.len() - waits.len(),
        repeated: exchanges.iter().filter(|it| it.answered_us.len() > 1).count(),
        out_of_order: out_of_order(exchanges),
    }
}

/// A bot that has answered everybody once: connections are made and caches filled before it counts.
async fn warm(subject: Subject, programs: &Programs, dir: &Path) -> Outcome<(Stage, Running)> {
    let stage = Stage::new(PEOPLE, USED).await?;
    stage.telegram.remember_calls(0);
    let bot = programs.start(subject, &stage, dir, false)?;
    stage.say_all(0..PEOPLE as u64)?;
    let warm = stage.answered(PATIENCE).await;
    if warm.iter().any(|it| it.answered_us.is_empty()) {
        return Err(format!("{} did not answer everybody", subject.name()).into());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok((stage, bot))
}

/// In one chat and then in all of them somebody talks for `time`: the next message follows its answer. Then kill -9; a
/// peer that has not kept what it answered is an error, yoman's kills are the proof's.
pub async fn talks(subject: Subject, programs: &Programs, prepared: &Prepared, time: Duration) -> Outcome<[Load; 2]> {
    let dir = prepared.fresh(subject)?;
    let (stage, bot) = warm(subject, programs, &dir).await?;
    let stage = Arc::new(stage);
    let one = talk(&stage, &bot, 1, time).await?;
    let all = talk(&stage, &bot, PEOPLE, time).await?;
    bot.kill()?;
    if subject != Subject::Yoman {
        let (answered, kept) = (PEOPLE + one.answered + all.answered, rows(&dir)?);
        if kept < answered {
            return Err(format!("it has answered {answered} messages and kept {kept}").into());
        }
    }
    Ok([one, all])
}

async fn talk(stage: &Arc<Stage>, bot: &Running, chats: usize, time: Duration) -> Outcome<Load> {
    let (from_us, cpu_s) = (stage.now_us(), bot.cpu_s()?);
    // Numbers that were not said before: a load says fewer than this.
    let first = chats as u64 * 1_000_000;
    let until = Instant::now() + time;
    let mut talking = JoinSet::new();
    for (nth, &chat) in stage.people.iter().take(chats).enumerate() {
        let stage = Arc::clone(stage);
        talking.spawn(async move {
            let mut seen = stage.telegram.transcript(chat).len();
            let mut number = first + nth as u64;
            while Instant::now() < until && stage.ask(chat, number, &mut seen, PATIENCE).await? {
                number += chats as u64;
            }
            Outcome::Ok(())
        });
    }
    while let Some(talked) = talking.join_next().await {
        talked??;
    }
    let counted: Vec<_> = stage.exchanges().into_iter().filter(|it| it.number >= first).collect();
    Ok(summary(&counted, from_us, bot.cpu_s()? - cpu_s))
}

/// Messages at a steady rate over all chats.
pub async fn steady(
    subject: Subject,
    programs: &Programs,
    prepared: &Prepared,
    per_s: u64,
    seconds: u64,
) -> Outcome<Load> {
    let (stage, bot) = warm(subject, programs, &prepared.fresh(subject)?).await?;
    let (from_us, cpu_s) = (stage.now_us(), bot.cpu_s()?);
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / per_s));
    let first = PEOPLE as u64;
    for number in first..first + per_s * seconds {
        tick.tick().await;
        stage.say(number)?;
    }
    let exchanges = stage.answered(PATIENCE).await;
    let counted: Vec<_> = exchanges.into_iter().filter(|it| it.number >= first).collect();
    Ok(summary(&counted, from_us, bot.cpu_s()? - cpu_s))
}

/// Messages that waited while the bot was away.
pub async fn backlog(subject: Subject, programs: &Programs, prepared: &Prepared, count: u64) -> Outcome<Load> {
    let stage = Stage::new(PEOPLE, USED).await?;
    stage.say_all(0..count)?;
    let bot = programs.start(subject, &stage, &prepared.fresh(subject)?, false)?;
    let from_us = stage.polled_since(bot.started_us, PATIENCE).await.ok_or("the bot asked for no updates")?;
    let exchanges = stage.answered(PATIENCE).await;
    Ok(summary(&exchanges, from_us, bot.cpu_s()?))
}

/// One start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// From exec to the first getUpdates.
    pub poll_ms: f64,
    /// From exec to the answer to a message that waited.
    pub answer_ms: f64,
}

/// How a start's process ends before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Asked to.
    Stop,
    /// kill -9.
    Kill,
}

/// Starts over a directory that stays the same, some times in a row.
pub struct Starts {
    stage: Stage,
    dir: PathBuf,
    subject: Subject,
    next: u64,
}

impl Starts {
    /// Over a directory as it was prepared.
    pub async fn new(subject: Subject, dir: PathBuf) -> Outcome<Self> {
        Ok(Self { stage: Stage::new(PEOPLE, USED).await?, dir, subject, next: 0 })
    }

    /// Starts it with one message waiting, and ends it.
    pub async fn once(&mut self, programs: &Programs, end: End) -> Outcome<Start> {
        let (start, bot) = self.begin(programs).await?;
        match end {
            End::Stop => bot.stop().await?,
            End::Kill => bot.kill()?,
        }
        Ok(start)
    }

    /// Starts it with one message waiting, kills it when it was idle for a while, and says how much memory it had then,
    /// resident, in 10^6 bytes.
    pub async fn once_and_idle(&mut self, programs: &Programs, idle: Duration) -> Outcome<(Start, f64)> {
        let (start, bot) = self.begin(programs).await?;
        tokio::time::sleep(idle).await;
        let rss = bot.rss_mb()?;
        bot.kill()?;
        Ok((start, rss))
    }

    async fn begin(&mut self, programs: &Programs) -> Outcome<(Start, Running)> {
        let number = self.next;
        self.next += 1;
        self.stage.say(number)?;
        let bot = programs.start(self.subject, &self.stage, &self.dir, false)?;
        let since = bot.started_us;
        let polled = self.stage.polled_since(since, PATIENCE).await.ok_or("the bot asked for no updates")?;
        let answered =
            self.stage.answer_to(number, PATIENCE * 6).await.ok_or("the waiting message was not answered")?;
        let ms = |at: u64| at.saturating_sub(since) as f64 / 1e3;
        Ok((Start { poll_ms: ms(polled), answer_ms: ms(answered) }, bot))
    }
}

/// Resident memory when nothing has happened for a while, in 10^6 bytes.
pub async fn idle_rss(subject: Subject, programs: &Programs, dir: &Path, idle: Duration) -> Outcome<f64> {
    let stage = Stage::new(PEOPLE, USED).await?;
    let bot = programs.start(subject, &stage, dir, true)?;
    stage.polled_since(bot.started_us, PATIENCE).await.ok_or("the bot asked for no updates")?;
    tokio::time::sleep(idle).await;
    let rss = bot.rss_mb()?;
    bot.stop().await?;
    Ok(rss)
}
