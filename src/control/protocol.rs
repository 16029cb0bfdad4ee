//! What can be asked of the running process, and what it answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LogDone, LogTask};
use crate::{domain::Role, nodes::NodesState};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Who waits to be let in?
    PairList,
    /// Let somebody in.
    PairApprove {
        /// The code they were given, in any case.
        code: String,
        /// What they may do; member when not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// The handle of the person this is, if we know them already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_as: Option<String>,
    },
    /// The code with which the first owner claims this log.
    ClaimCode,
    /// What runs, and how far it is.
    Status,
    /// Is everything well?
    Health,
    /// A report, or which there are.
    Report(ReportAsked),
    /// How far is the report that runs?
    ReportProgress,
    /// Something to be done with the log.
    Log {
        /// What.
        task: LogTask,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// To `PairList`.
    Waiting {
        /// Who waits, the oldest first.
        people: Vec<WaitingPerson>,
    },
    /// It was done.
    Done {
        /// What, as a sentence.
        what: String,
    },
    /// To `ClaimCode`.
    Claim {
        /// The code; `None`: there is an owner already.
        code: Option<String>,
    },
    /// To `Status`.
    Status(Status),
    /// To `Health`.
    Health {
        /// Good and bad.
        findings: Vec<Finding>,
    },
    /// To `Report`.
    Report(ReportTold),
    /// To `ReportProgress`; zeroes when none runs.
    ReportProgress {
        /// Where it is.
        position: u64,
        /// Where it ends.
        head: u64,
    },
    /// To `Log`.
    Log {
        /// What came of it.
        done: LogDone,
    },
    /// Before the answer to something long: how far it is.
    Progress {
        /// What is being done.
        stage: String,
        /// Steps that are done.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// Before the answer: so many bytes follow on this line's end.
    Data {
        /// How many.
        bytes: u32,
    },
    /// It was not done.
    Refused {
        /// What is wrong and what to do.
        what: String,
    },
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAsked {
    /// Which; with no script either: which are there?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A script instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Only what had happened by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<chrono::DateTime<chrono::Utc>>,
    /// What the script is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The time zone days begin in.
    pub time_zone: String,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportTold {
    /// What it shows.
    pub text: String,
    /// About the run: how much, how long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingPerson {
    /// The code to approve.
    pub code: String,
    /// The name their platform shows.
    pub name: String,
    /// Where they came from, for people: `Telegram`.
    pub platform: String,
    /// How long the code is good for.
    pub expires_in_s: u64,
}

/// What runs, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Of yoman.
    pub version: String,
    /// Of the process.
    pub pid: u32,
    /// Since it was started.
    pub uptime_s: u64,
    /// The newest commit.
    pub position: u64,
    /// How far the log was last verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<crate::log::Verified>,
    /// What waits for the shared log, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<SpoolStatus>,
    /// The bots that are on.
    pub bots: Vec<BotStatus>,
    /// Who has seen what.
    pub cursors: Vec<CursorStatus>,
    /// The nodes that share the log, and which bot each of them speaks for; none on one machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodesState>,
}

/// What waits for the shared log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolStatus {
    /// How many commands wait.
    pub waiting: u64,
    /// Since when the first of them does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Why the shared log cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_since: Option<DateTime<Utc>>,
    /// What was saved and cannot be read.
    pub unreadable: u64,
    /// Why nothing more can be saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotStatus {
    /// Its name.
    pub name: String,
    /// How it is, as a short sentence.
    pub state: String,
    /// It reaches its platform, and its messages get through.
    pub up: bool,
    /// Since when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_since: Option<DateTime<Utc>>,
    /// The newest commit it has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// So many commits it has still to read.
    pub behind: u64,
    /// So long the first of them is there already.
    pub behind_s: u64,
    /// Messages that wait to be sent.
    pub waiting: u64,
    /// Rooms that get what they miss later, as one message.
    pub held: u64,
    /// New messages shown since the start.
    pub sent: u64,
    /// Messages changed in place since the start.
    pub edited: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Messages that may have been delivered twice, since the start.
    pub possibly_delivered: u64,
    /// The same, ever.
    pub possibly_delivered_ever: u64,
    /// Messages the platform will never take, since the start.
    pub refused: u64,
    /// Messages that could not be sent for too long, since the start.
    pub given_up: u64,
    /// Notices that were dropped, since the start.
    pub dropped: u64,
    /// Deliveries kept aside, ever.
    pub aside: u64,
    /// The newest failure of a send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// Rooms nothing is sent to for the moment.
    pub paused: Vec<PausedRoom>,
    /// Rooms the platform refuses everything for.
    pub refusing: Vec<String>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub why: String,
}

/// A room nothing is sent to for the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedRoom {
    /// Which.
    pub room: String,
    /// For so long still.
    pub remaining_s: u64,
    /// Why.
    pub why: String,
}

/// One cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorStatus {
    /// Whose.
    pub name: String,
    /// The newest commit it has seen.
    pub position: u64,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Well.
    Ok,
    /// Works, and should be looked at.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in a word or two: `log`, `clock`, `bot telegram`.
    pub subject: String,
    /// What was found.
    pub what: String,
    /// How to mend it; empty when there is nothing to mend.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

impl Finding {
    /// All is well.
    pub fn ok(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, subject: subject.into(), what: what.into(), mend: String::new() }
    }

    /// It should be looked at.
    pub fn warn(subject: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Warn, subject: subject.into(), what: what.into(), mend: mend.into() }
    }

    /// It does not work.
    pub fn fail(subject: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Fail, subject: subject.into(), what: what.into(), mend: mend.into() }
    }
}
