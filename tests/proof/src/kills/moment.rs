//! The instants at which yoman is killed.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use rand::{RngExt as _, rngs::StdRng};

use crate::{
    program::{Data, Yoman},
    wire::{Wire, until},
};

/// The longest a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest until a yoman that was started asks for something: debug builds on busy machines are slow.
const AT_WORK: Duration = Duration::from_secs(120);

/// A kind of instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// Whenever, once it is at work.
    Any,
    /// When something was just handed out: somewhere between its arrival and its confirmation.
    Delivered,
    /// When the platform has taken an answer and yoman cannot know it yet.
    Accepted,
    /// While it starts, which after a kill is while it recovers.
    Starting,
    /// While it stops.
    Stopping,
    /// While it takes a snapshot.
    Snapshot,
    /// While a backup is added to.
    BackingUp,
    /// While the oldest part of the log is moved to the archive.
    Archiving,
}

impl Moment {
    /// Every kind.
    pub(crate) const ALL: [Self; 8] = [
        Self::Any,
        Self::Delivered,
        Self::Accepted,
        Self::Starting,
        Self::Stopping,
        Self::Snapshot,
        Self::BackingUp,
        Self::Archiving,
    ];

    pub(crate) fn random(random: &mut StdRng) -> Self {
        // Traffic is where most can go wrong, and the start is where it is found out.
        const ODDS: [(u32, Moment); 8] = [
            (20, Moment::Any),
            (38, Moment::Delivered),
            (56, Moment::Accepted),
            (72, Moment::Starting),
            (80, Moment::Stopping),
            (87, Moment::Snapshot),
            (94, Moment::BackingUp),
            (100, Moment::Archiving),
        ];
        let dice = random.random_range(0..100);
        ODDS.into_iter().find(|(below, _)| dice < *below).map_or(Self::Any, |(_, moment)| moment)
    }

    /// Returns when it has come for a yoman that was started when so much was [at work](crate::wire::Counted::at_work).
    pub(crate) async fn comes(self, wire: &dyn Wire, data: &Data, yoman: &Yoman, before: u64, random: &mut StdRng) {
        let skip = random.random_range(0..4);
        let dies_too = random.random_bool(0.5);
        let mut pause = |most_us: u64| tokio::time::sleep(Duration::from_micros(random.random_range(0..most_us)));
        if self == Self::Starting {
            return pause(150_000).await;
        }
        at_work(wire, before, yoman).await;
        match self {
            Self::Any => pause(300_000).await,
            Self::Delivered => {
                pause(150_000).await;
                let before = wire.counted().delivered;
                // Nothing may come in time; then this is a kill like any other.
                until(PATIENCE, || wire.counted().delivered > before).await;
                pause(8_000).await;
            }
            Self::Accepted => {
                pause(150_000).await;
                let before = wire.counted().sent + u64::from(skip);
                wire.hang(skip);
                until(PATIENCE, || wire.counted().sent > before).await;
                pause(3_000).await;
            }
            Self::Stopping => {
                pause(100_000).await;
                yoman.ask_to_stop();
                pause(60_000).await;
            }
            Self::Snapshot => {
                // Those there are may be deleted at any time; then the next one is due within a second.
                let dir = data.dir().join("state/snapshots");
                let _ = fs::remove_dir_all(&dir);
                let _ = fs::create_dir(&dir);
                until(PATIENCE, || holds_any(&dir)).await;
                pause(4_000).await;
            }
            Self::BackingUp | Self::Archiving => {
                let mut task = self.task(data);
                let task = task.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                let mut helper = Helper(task.spawn().expect("yoman starts"));
                // It has to start, to ask, and to be answered.
                let dir = if self == Self::BackingUp { data.path("backup") } else { data.dir().join("archive") };
                let listed = listing(&dir);
                until(PATIENCE, || listing(&dir) != listed || helper.has_ended()).await;
                pause(6_000).await;
                if dies_too {
                    helper.kill();
                }
            }
            Self::Starting => {}
        }
    }

    fn task(self, data: &Data) -> std::process::Command {
        match self {
            Self::BackingUp => data.command(&["log", "backup", "backup"]),
            _ => {
                // Half of what there is; the rest stays where it is.
                let half = (lines(&data.dir().join("journal")) / 2).max(1).to_string();
                data.command(&["log", "archive", "--before", &half])
            }
        }
    }
}

/// A second process that asks the running one for something.
struct Helper(Child);

impl Helper {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Whether it could do it is not asked here: what it left behind is looked at in the end.
        self.kill();
        let _ = self.0.wait();
    }
}

fn holds_any(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// Names and sizes of what is in a directory.
fn listing(dir: &Path) -> Vec<(std::ffi::OsString, u64)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut list: Vec<_> =
        entries.map(|entry| (entry.file_name(), entry.metadata().map_or(0, |meta| meta.len()))).collect();
    list.sort();
    list
}

/// How many lines the files of a directory have.
pub(crate) fn lines(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| fs::read(entry.path()).map_or(0, |it| it.iter().filter(|byte| **byte == b'\n').count())).sum()
}

/// Waits until more is at work than `before`: whoever was started since then is.
pub(crate) async fn at_work(wire: &dyn Wire, before: u64, yoman: &Yoman) {
    assert!(until(AT_WORK, || wire.counted().at_work > before).await, "yoman asked for nothing: {}", yoman.said());
}
