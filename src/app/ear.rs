//! What the running process answers at its control socket.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use yoman_chat::BotName;

use super::{House, reports};
use crate::{
    control::{BotStatus, Control, CursorStatus, Finding, Request, Response, Status, WaitingPerson},
    domain::Handle,
    intake::Intake,
    log::EventLog,
    notify::Outbox,
};

/// Answers for a house.
pub(super) struct Ear {
    intake: Arc<Intake>,
    log: Arc<dyn EventLog>,
    outbox: Outbox,
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").finish_non_exhaustive()
    }
}

impl Ear {
    pub(super) fn new(house: &House) -> Self {
        Self { intake: Arc::clone(&house.intake), log: Arc::clone(&house.log), outbox: house.outbox.clone() }
    }

    fn status(&self) -> Status {
        let status = self.intake.status();
        let bots = status.bots.iter().map(|bot| {
            let stats = self.outbox.stats(&BotName::new(bot.bot.as_str()));
            let mut state = format!("runs; {} sent, {} edited", stats.counters.sent, stats.counters.edits);
            let mut more = |count: u64, what: &str| {
                if count > 0 {
                    state.push_str(&format!(", {count} {what}"));
                }
            };
            more(stats.queued as u64, "waiting");
            more(stats.counters.possibly_delivered, "possibly delivered twice");
            more(stats.counters.refused, "refused by the platform");
            more(stats.counters.given_up, "given up");
            more(stats.counters.dropped, "dropped");
            more(stats.aside, "kept aside");
            if let Some((error, at)) = &stats.counters.last_error {
                state.push_str(&format!("; last error at {}: {error}", at.format("%H:%M:%S")));
            }
            BotStatus { name: bot.bot.clone(), state }
        });
        Status {
            version: status.version.clone(),
            pid: std::process::id(),
            uptime_s: status.up.as_secs(),
            position: status.head.0,
            bots: bots.collect(),
            cursors: status
                .cursors
                .iter()
                .map(|(name, at)| CursorStatus { name: name.clone(), position: at.0 })
                .collect(),
        }
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
                Response::Progress { position: position.0, head: head.0 }
            }
            Request::Status => Response::Status(self.status()),
            Request::Health => {
                let mut findings = health(&*self.log);
                if let Some(why) = self.outbox.refusing() {
                    findings.push(Finding::fail("state", why, "make room on the disk"));
                }
                Response::Health { findings }
            }
        }
    }
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
            "make room on the disk; it goes on by itself",
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
