//! How soon it is back when the platform fails, and what becomes of an answer that could not be sent.

use std::time::Duration;

use yoman_stand_ins::telegram::{Fault, FaultKind};

use yoman_benches::telegram::{
    Outcome,
    prepare::{PEOPLE, Prepared, USED},
    stage::Stage,
    subject::{Programs, Subject},
};

/// How long a bot may take to come back before it counts as gone.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(60);

/// What happens to getUpdates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Two answers of 502.
    TwoBadGateways,
    /// One connection closed without an answer.
    Dropped,
    /// Nobody listens for 3 s, and a little more in each further round.
    Refused,
}

impl Outage {
    pub(crate) const ALL: [Self; 3] = [Self::TwoBadGateways, Self::Dropped, Self::Refused];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TwoBadGateways => "after two 502",
            Self::Dropped => "after a dropped connection",
            Self::Refused => "after 3 s of refused connections",
        }
    }
}

/// A bot that runs and has answered once in each chat.
async fn warm(
    subject: Subject,
    programs: &Programs,
    prepared: &Prepared,
) -> Outcome<(Stage, yoman_benches::telegram::subject::Running)> {
    let stage = Stage::new(PEOPLE, USED).await?;
    let bot = programs.start(subject, &stage, &prepared.fresh(subject)?, false)?;
    stage.say_all(0..PEOPLE as u64)?;
    let exchanges = stage.answered(Duration::from_secs(10)).await;
    if exchanges.iter().any(|it| it.answered_us.is_empty()) {
        return Err(format!("{} did not answer everybody", subject.name()).into());
    }
    // The next getUpdates is under way.
    tokio::time::sleep(Duration::from_millis(300)).await;
    Ok((stage, bot))
}

/// Seconds from when the platform works again until a message that waited meanwhile is answered; `None`: longer than [`GIVE_UP`].
pub(crate) async fn back_after(
    subject: Subject,
    outage: Outage,
    round: usize,
    programs: &Programs,
    prepared: &Prepared,
) -> Outcome<Option<f64>> {
    let (mut stage, _bot) = warm(subject, programs, prepared).await?;
    let number = PEOPLE as u64;
    let works_us = match outage {
        Outage::Refused => {
            stage.telegram.go_down();
            stage.say(number)?;
            // Pauses of 1 and 2 s end with an outage of 3: without the more, luck would be measured.
            tokio::time::sleep(Duration::from_millis(3_000 + 370 * round as u64)).await;
            let now = stage.now_us();
            stage.telegram.come_up().await?;
            now
        }
        Outage::TwoBadGateways | Outage::Dropped => {
            let fault = match outage {
                Outage::TwoBadGateways => Fault::status("getUpdates", 2, 502),
                _ => Fault::new("getUpdates", 1, FaultKind::DropBefore),
            };
            let hits = fault.times as usize;
            stage.telegram.remember_calls(2_000);
            stage.telegram.fault(fault);
            // The request under way brings this one, and those behind it fail.
            stage.say(number + 1)?;
            let since = stage.now_us();
            stage.polled_since(since, Duration::from_secs(10)).await.ok_or("no getUpdates after a message")?;
            stage.say(number)?;
            let mut failed_us = None;
            let until = tokio::time::Instant::now() + GIVE_UP;
            while failed_us.is_none() && tokio::time::Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(2)).await;
                failed_us = stage.telegram.calls(Some("getUpdates")).get(hits - 1).map(|call| call.at_us);
            }
            match failed_us {
                Some(at) => at,
                None => return Ok(None),
            }
        }
    };
    let answered = stage.answer_to(number, GIVE_UP).await;
    Ok(answered.map(|at| at.saturating_sub(works_us) as f64 / 1e6))
}

/// What happens to one sendMessage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is answered with 500.
    ServerError,
    /// The connection closes before it took effect.
    DropBefore,
    /// It took effect, and the connection closes before the answer.
    DropAfter,
    /// 429 with `retry_after` 1.
    TooMany,
}

impl Failure {
    pub(crate) const ALL: [Self; 4] = [Self::ServerError, Self::DropBefore, Self::DropAfter, Self::TooMany];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ServerError => "one send answered 500",
            Self::DropBefore => "one send dropped before it took effect",
            Self::DropAfter => "one send dropped after it took effect",
            Self::TooMany => "one send answered 429, retry after 1 s",
        }
    }

    fn fault(self, chat: i64) -> Fault {
        let fault = match self {
            Self::ServerError => Fault::status("sendMessage", 1, 500),
            Self::DropBefore => Fault::new("sendMessage", 1, FaultKind::DropBefore),
            Self::DropAfter => Fault::new("sendMessage", 1, FaultKind::DropAfter),
            Self::TooMany => Fault::too_many("sendMessage", 1, 1),
        };
        Fault { chat_id: Some(chat), ..fault }
    }
}

/// What became of an answer whose sending failed once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Seconds until it was there; `None`: it never came.
    pub(crate) after_s: Option<f64>,
    /// How often it came.
    pub(crate) copies: usize,
    /// The longest wait in the other chats meanwhile, in seconds; `None`: somebody went without.
    pub(crate) others_s: Option<f64>,
}

/// One chat's answer fails once while all others are spoken to.
pub(crate) async fn failed_send(
    subject: Subject,
    failure: Failure,
    programs: &Programs,
    prepared: &Prepared,
) -> Outcome<Sent> {
    let (stage, _bot) = warm(subject, programs, prepared).await?;
    let first = PEOPLE as u64;
    let unlucky = stage.people[0];
    stage.telegram.fault(failure.fault(unlucky));
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    // The unlucky one first, so that whoever is held up by it shows.
    for number in first..2 * first {
        tick.tick().await;
        stage.say(number)?;
    }
    // teloxide sleeps 10 s on a server error; nothing that is still to come takes longer than this.
    let _ = stage.answer_to(first, Duration::from_secs(15)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let exchanges = stage.exchanges();
    let wait = |it: &yoman_benches::telegram::stage::Exchange| {
        Some(it.answered_us.first()?.saturating_sub(it.said_us) as f64 / 1e6)
    };
    let mine = exchanges.iter().find(|it| it.number == first).ok_or("what was said is gone")?;
    let others: Option<Vec<f64>> = exchanges.iter().filter(|it| it.number > first).map(wait).collect();
    Ok(Sent {
        after_s: wait(mine),
        copies: mine.answered_us.len(),
        others_s: others.map(|waits| waits.into_iter().fold(0.0, f64::max)),
    })
}
