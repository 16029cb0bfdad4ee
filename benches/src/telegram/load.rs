//! How fast, while everything works: latency under a steady load, a backlog, the first request after a start, memory.

use std::time::Duration;

use super::{
    Outcome,
    prepare::{PEOPLE, Prepared, USED},
    stage::{Exchange, Stage, out_of_order},
    subject::{Programs, Subject},
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
    /// Messages without an answer.
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
        unanswered: exchanges.len() - waits.len(),
        repeated: exchanges.iter().filter(|it| it.answered_us.len() > 1).count(),
        out_of_order: out_of_order(exchanges),
    }
}

/// Messages at a steady rate over all chats.
pub async fn steady(
    subject: Subject,
    programs: &Programs,
    prepared: &Prepared,
    per_s: u64,
    seconds: u64,
) -> Outcome<Load> {
    let stage = Stage::new(PEOPLE, USED).await?;
    stage.telegram.remember_calls(0);
    let bot = programs.start(subject, &stage, &prepared.fresh(subject)?, false)?;
    // Connections are made and caches filled before it counts.
    stage.say_all(0..PEOPLE as u64)?;
    let warm = stage.answered(PATIENCE).await;
    if warm.iter().any(|it| it.answered_us.is_empty()) {
        return Err(format!("{} did not answer everybody", subject.name()).into());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
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
    dir: std::path::PathBuf,
    subject: Subject,
    next: u64,
}

impl Starts {
    /// Over a directory as it was prepared.
    pub async fn new(subject: Subject, dir: std::path::PathBuf) -> Outcome<Self> {
        Ok(Self { stage: Stage::new(PEOPLE, USED).await?, dir, subject, next: 0 })
    }

    /// Starts it with one message waiting, and ends it.
    pub async fn once(&mut self, programs: &Programs, end: End) -> Outcome<Start> {
        let number = self.next;
        self.next += 1;
        self.stage.say(number)?;
        let bot = programs.start(self.subject, &self.stage, &self.dir, false)?;
        let since = bot.started_us;
        let polled = self.stage.polled_since(since, PATIENCE).await.ok_or("the bot asked for no updates")?;
        let answered =
            self.stage.answer_to(number, PATIENCE * 6).await.ok_or("the waiting message was not answered")?;
        match end {
            End::Stop => bot.stop().await?,
            End::Kill => bot.kill()?,
        }
        let ms = |at: u64| at.saturating_sub(since) as f64 / 1e3;
        Ok(Start { poll_ms: ms(polled), answer_ms: ms(answered) })
    }
}

/// Resident memory when nothing has happened for a while, in 10^6 bytes.
pub async fn idle_rss(subject: Subject, programs: &Programs, dir: &std::path::Path, idle: Duration) -> Outcome<f64> {
    let stage = Stage::new(PEOPLE, USED).await?;
    let bot = programs.start(subject, &stage, dir, true)?;
    stage.polled_since(bot.started_us, PATIENCE).await.ok_or("the bot asked for no updates")?;
    tokio::time::sleep(idle).await;
    let rss = bot.rss_mb()?;
    bot.stop().await?;
    Ok(rss)
}
