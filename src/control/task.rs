//! What the running process is told to do with its log, and what it tells while it does that.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::log::{
    export::{Exported, Format},
    progress::Progress,
    sled::{Archived, BackedUp, Before, Verification},
};

/// Something that takes its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogTask {
    /// Compare everything with everything.
    Verify,
    /// Add what is new to a backup.
    Backup {
        /// Where it is, from the root.
        to: PathBuf,
    },
    /// Write the log down: it comes as data.
    Export {
        /// How.
        format: Format,
        /// As it is stored.
        sealed: bool,
    },
    /// Move the oldest part into segments.
    Archive {
        /// Up to where.
        before: Before,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogDone {
    /// Of `Verify`.
    Verified(Verification),
    /// Of `Backup`.
    BackedUp(BackedUp),
    /// Of `Export`.
    Exported(Exported),
    /// Of `Archive`.
    Archived(Archived),
}

/// The way back to whoever asked, while they wait.
#[derive(Clone, Debug)]
pub struct Told {
    /// How far it is; whoever asked may have left, and then it is to stop.
    pub progress: Arc<Progress>,
    /// Bytes for them, in pieces. Waits when they are slow.
    pub data: mpsc::Sender<Vec<u8>>,
}

/// Asks to stop when nobody waits for the answer any more.
#[derive(Debug)]
pub(super) struct StopWhenLeft(pub(super) Arc<Progress>);

impl Drop for StopWhenLeft {
    fn drop(&mut self) {
        self.0.stop();
    }
}
