//! What the running process answers at its control socket.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{House, nodes, reports, upkeep::Upkeep};
use crate::{
    control::{
        BotStatus, Control, CursorStatus, Finding, LastError, LogDone, LogTask, PausedRoom, Request, Response,
        SpoolStatus, Status, Told, WaitingPerson,
    },
    domain::Handle,
    intake::Intake,
    log::{EventLog, Position, sled::SledLog},
    notify::Outbox,
    projection::BotState,
    subscription::SharedWorld,
    vault::Vault,
};

/// Answers for a house.
pub(super) struct Ear {
    intake: Arc<Intake>,
    log: Arc<dyn EventLog>,
    outbox: Outbox,
    world: Arc<SharedWorld>,
    upkeep: Upkeep,
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").finish_non_exhaustive()
    }
}

impl Ear {
    pub(super) fn new(house: &House, stored: Arc<SledLog>, vault: Arc<Vault>) -> Self {
        Self {
            intake: Arc::clone(&house.intake),
            log: Arc::clone(&house.log),
            outbox: house.outbox.clone(),
            world: Arc::clone(&house.world),
            upkeep: Upkeep::of_house(stored, Arc::clone(&house.log), vault, Arc::clone(&house.world)),
        }
    }

    fn status(&self) -> Status {
        let status = self.intake.status();
        let now = Utc::now();
        let cursors = status.bots.iter().filter_map(|bot| Some((bot.bot.clone(), bot.read?.0)));
        Status {
            version: status.version.clone(),
            pid: std::process::id(),
            uptime_s: status.up.as_secs(),
            position: status.head.0,
            verified: status.health.verified.clone(),
            spool: status.spool.map(|waits| SpoolStatus {
                waiting: waits.waiting as u64,
                since: waits.since,
                away_since: waits.away.as_ref().map(|away| away.since),
                away: waits.away.map(|away| away.why),
                unreadable: (waits.aside + waits.damaged) as u64,
                failed: waits.failed,
            }),
            cursors: cursors.map(|(name, position)| CursorStatus { name, position }).collect(),
            bots: status.bots.into_iter().map(|bot| bot_status(bot, status.head, now)).collect(),
            nodes: status.nodes,
        }
    }
}

fn bot_status(bot: BotState, head: Position, now: DateTime<Utc>) -> BotStatus {
    let seconds = |since: DateTime<Utc>| u64::try_from(now.signed_duration_since(since).num_seconds()).unwrap_or(0);
    let elsewhere = bot.spoken_for.as_ref().filter(|held| !held.here);
    let mut state = match &bot.trouble {
        None => elsewhere.map_or_else(|| "runs".to_owned(), nodes::who_speaks),
        Some(trouble) if trouble.ended => format!("has stopped: {}", trouble.why),
        Some(trouble) => format!("no connection for {} s: {}", seconds(trouble.since), trouble.why),
    };
    state.push_str(&format!("; {} sent, {} edited", bot.sent, bot.edited));
    let (refused, given_up, dropped) = bot.lost;
    let (possibly_delivered, possibly_delivered_ever) = bot.possibly_delivered;
    for (count, what) in [
        (bot.waiting as u64, "waiting"),
        (bot.held as u64, "rooms held"),
        (possibly_delivered, "possibly delivered twice"),
        (refused, "refused by the platform"),
        (given_up, "given up"),
        (dropped, "dropped"),
        (bot.aside, "kept aside"),
    ] {
        if count > 0 {
            state.push_str(&format!(", {count} {what}"));
        }
    }
    let paused = bot.paused.into_iter();
    BotStatus {
        state,
        up: bot.trouble.is_none(),
        down_since: bot.trouble.map(|trouble| trouble.since),
        position: bot.read.map(|read| read.0),
        behind: bot.read.map_or(0, |read| head.0.saturating_sub(read.0)),
        behind_s: bot.behind_since.map_or(0, seconds),
        waiting: bot.waiting as u64,
        held: bot.held as u64,
        sent: bot.sent,
        edited: bot.edited,
        failures: bot.failures,
        possibly_delivered,
        possibly_delivered_ever,
        refused,
        given_up,
        dropped,
        aside: bot.aside,
        last_error: bot.last_error.map(|(why, at)| LastError { at, why }),
        paused: paused.map(|(room, left, why)| PausedRoom { room, remaining_s: left.as_secs(), why }).collect(),
        refusing: bot.refusing,
        name: bot.bot,
    }
}

#[async_trait]
impl Control for Ear {
    async fn answer(&self, request: Request) -> Response {
        match request {
            Request::PairList => Response::Waiting {
                people: self
                    .intake
                    .pending()
                    .into_iter()
                    .map(|(code, name, identity, since_s)| WaitingPerson {
                        code,
                        name,
                        platform: identity,
                        expires_in_s: Intake::code_life_s(since_s),
                    })
                    .collect(),
            },
            Request::PairApprove { code, role, known_as } => {
                let handle =
                    match known_as.as_deref().map(|handle| Handle::new(handle.trim_start_matches('@'))).transpose() {
                        Ok(handle) => handle,
                        Err(fault) => return Response::Refused { what: format!("that is no handle: {fault}") },
                    };
                match self.intake.pair_from_the_machine(&code.to_uppercase(), role, handle.as_ref()).await {
                    Ok(who) => Response::Done { what: format!("{who} is let in") },
                    Err(what) => Response::Refused { what },
                }
            }
            Request::ClaimCode => Response::Claim { code: self.intake.claim_code() },
            Request::Report(asked) => match reports::ask(&self.intake, &self.log, asked).await {
                Ok(told) => Response::Report(told),
                Err(what) => Response::Refused { what },
            },
            Request::ReportProgress => {
                let (position, head) = self.intake.desk().progress().now();
                Response::ReportProgress { position: position.0, head: head.0 }
            }
            Request::Status => Response::Status(self.status()),
            Request::Health => {
                let mut findings = health(&*self.log);
                findings.extend(self.intake.spool_findings());
                if let Some(why) = self.outbox.refusing() {
                    findings.push(Finding::fail("state", why, "make room on the disk"));
                }
                let given_up = self.outbox.given_up();
                if given_up > 0 {
                    let what = format!("{given_up} changes of the bots' state were given up while the disk was full");
                    findings.push(Finding::warn(
                        "state",
                        what,
                        "make room on the disk; after a restart some messages may be shown again",
                    ));
                }
                let unreadable = self
                    .world
                    .read(|world| (world.unreadable() > 0).then(|| world.unreadable_line(crate::lang::Lang::English)));
                findings.extend(unreadable.map(|what| Finding::warn("log", what, "")));
                findings.extend(nodes::findings(self.intake.status().nodes.as_ref()));
                Response::Health { findings }
            }
            Request::Log { .. } => Response::Refused { what: "this takes its time, and is told on the way".to_owned() },
        }
    }

    async fn answer_telling(&self, request: Request, told: Told) -> Response {
        let Request::Log { task } = request else { return self.answer(request).await };
        let upkeep = self.upkeep.clone();
        // Beside the async threads: all of it reads from disk, for long.
        let done = tokio::task::spawn_blocking(move || carry_out(&upkeep, task, &told));
        match done.await {
            Ok(Ok(done)) => Response::Log { done },
            Ok(Err(what)) => Response::Refused { what },
            Err(error) => Response::Refused { what: error.to_string() },
        }
    }
}

fn carry_out(upkeep: &Upkeep, task: LogTask, told: &Told) -> Result<LogDone, String> {
    let progress = &told.progress;
    let done = match task {
        LogTask::Verify => upkeep.verify(progress).map(LogDone::Verified),
        LogTask::Backup { to } => upkeep.backup(&to, progress).map(LogDone::BackedUp),
        LogTask::Archive { before } => upkeep.archive(before, progress).map(LogDone::Archived),
        LogTask::Export { format, sealed } => {
            let mut write = |piece: &[u8]| {
                told.data.blocking_send(piece.to_vec()).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
            };
            upkeep.export(format, sealed, progress, &mut write).map(LogDone::Exported)
        }
    };
    done.map_err(|error| error.to_string())
}

/// How a log is, for doctor.
pub(super) fn health(log: &dyn EventLog) -> Vec<Finding> {
    let (health, head) = (log.health(), log.head());
    let mut findings = vec![Finding::ok(
        "log",
        format!(
            "{} at position {}, {:.1} MB and a journal of {:.1} MB",
            health.engine,
            head.position,
            health.disk_bytes as f64 / 1e6,
            health.journal_bytes as f64 / 1e6
        ),
    )];
    findings.push(match &health.verified {
        None => Finding::ok("log", "never verified: yoman log verify reads all of it and compares"),
        Some(verified) if verified.faults == 0 => Finding::ok(
            "log",
            format!("verified up to position {} on {}", verified.position, verified.at.format("%Y-%m-%d %H:%M UTC")),
        ),
        Some(verified) => Finding::fail(
            "log",
            format!(
                "{} found wrong when it was verified on {}",
                crate::projection::words::count(verified.faults, "fault", crate::lang::Lang::English),
                verified.at.format("%Y-%m-%d %H:%M UTC")
            ),
            "yoman log verify says what and where; yoman log salvage brings out what can be read",
        ),
    });
    for (position, how) in health.damaged.iter().take(10) {
        findings.push(Finding::warn(
            "log",
            format!("the record at position {position} is damaged: {how}"),
            "everything else is readable; the journal may still have it",
        ));
    }
    if let Some(why) = health.refusing {
        findings.push(Finding::fail(
            "log",
            format!("nothing can be saved: {why}"),
            // What is wrong with a shared log says itself what to do.
            if health.engine == "jetstream" { "" } else { "make room on the disk; it goes on by itself" },
        ));
    }
    findings.extend(health.warnings.into_iter().map(|warning| Finding::warn("log", warning, "")));
    if let Some(at) = head.recorded_at
        && at > chrono::Utc::now() + chrono::TimeDelta::seconds(5)
    {
        findings.push(Finding::warn(
            "clock",
            format!(
                "the newest commit was recorded at {at}, which is in the future: the clock was ahead, or is behind now"
            ),
            "set the clock; new commits carry that time until it is reached",
        ));
    }
    findings
}
