//! A replica brought to sled: whole, in whatever state its place is, and cut off anywhere.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::log::{
    Append,
    contract::append,
    sled::{LostRange, Restorer},
};

struct Node {
    dir: TempDir,
}

impl Node {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn options(&self, replica: bool) -> Options {
        let root = if replica { self.dir.path().join(REPLICA) } else { self.dir.path().to_owned() };
        Options { free_space_floor_mb: 1, lock_wait_ms: 5000, ..Options::new(root) }
    }

    fn open(&self, replica: bool) -> SledLog {
        SledLog::open(self.options(replica)).unwrap()
    }

    /// Appends to both or one of them, at the same instants.
    async fn fill(&self, replica: bool, from: u64, to: u64) {
        let log = self.open(replica);
        for n in from..=to {
            log.append(said(n)).await.unwrap();
        }
        log.close().await.unwrap();
    }

    fn bring(&self) -> Result<Moving, UpkeepError> {
        let replica = self.open(true);
        bring_to_sled(&replica, &self.options(false), DateTime::UNIX_EPOCH, &Progress::default(), |_| Ok(()))
    }

    /// The log here as the replica has it, whoever made it.
    fn copy(&self, replica: bool) {
        let to = self.options(!replica);
        self.open(replica).copy(&to.log_dir, &Progress::default()).unwrap();
    }
}

fn said(n: u64) -> Append {
    append(&format!("todo/{n}"), 0, &format!("c/{n}"))
}

fn read(log: &SledLog) -> Vec<Arc<crate::log::Commit>> {
    let mut all = Vec::new();
    log.read_all(Position::START, &mut |entry| {
        if let crate::log::Entry::Commit(commit) = entry {
            all.push(commit);
        }
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_becomes_the_log() {
    let node = Node::new();
    node.fill(true, 1, 300).await;
    assert_eq!(node.bring().unwrap(), Moving { position: Position(300), brought: 300 });
    {
        let (replica, log) = (node.open(true), node.open(false));
        assert_eq!(compare(&replica, &log).unwrap(), Compared::Same);
        assert_eq!(read(&replica), read(&log));
        assert_eq!(log.verify(&Progress::default()).unwrap().fault_count(), 0);
        assert!(log.find_command(&crate::log::CommandId::new("c/7")).unwrap().is_some());
    }
    let why = may_start_on_jetstream(node.dir.path()).unwrap_err();
    assert!(why.contains("position 300") && why.contains("log.engine = \"sled\""), "{why}");
    may_start_on_sled(node.dir.path()).unwrap();
    // Said once more nothing happens; gone on with, it goes on.
    assert_eq!(node.bring().unwrap(), Moving { position: Position(300), brought: 0 });
    node.fill(false, 301, 310).await;
    let why = node.bring().unwrap_err().to_string();
    assert!(why.contains("goes on to position 310"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_that_went_away_is_replaced_by_what_it_became() {
    let node = Node::new();
    node.fill(false, 1, 50).await;
    node.copy(false);
    // It went to NATS, and was gone on with there.
    {
        let log = node.open(false);
        let moved = Moved::new("jetstream", "the stream yoman-log", &log, DateTime::UNIX_EPOCH);
        moved.write(log.log_dir()).unwrap();
    }
    let why = may_start_on_sled(node.dir.path()).unwrap_err();
    assert!(why.contains("yoman log move --to sled") && why.contains("log.engine = \"jetstream\""), "{why}");
    may_start_on_jetstream(node.dir.path()).unwrap();
    node.fill(true, 51, 90).await;
    assert_eq!(node.bring().unwrap(), Moving { position: Position(90), brought: 40 });
    may_start_on_sled(node.dir.path()).unwrap();
    let log = node.open(false);
    assert_eq!(compare(&log, &node.open(true)).unwrap(), Compared::Same);
    let found = log.verify(&Progress::default()).unwrap();
    assert_eq!((found.fault_count(), found.commits), (0, 90), "{found:?}");
    assert!(!node.dir.path().join("log.before").exists() && !node.dir.path().join("log.new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_is_not_written_over() {
    let node = Node::new();
    node.fill(false, 100, 110).await;
    node.fill(true, 1, 20).await;
    let why = node.bring().unwrap_err().to_string();
    assert!(why.contains("another log, from position 1"), "{why}");
    assert_eq!(read(&node.open(false)).len(), 11);
    let why = may_start_on_jetstream(node.dir.path()).unwrap_err();
    assert!(why.contains("never went to NATS"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_kill_leaves_it_is_finished_by_the_same_again() {
    for left in ["half a copy", "between the names", "both names", "before the marks", "after the first mark"] {
        let node = Node::new();
        node.fill(false, 1, 30).await;
        node.copy(false);
        node.fill(true, 31, 40).await;
        let (log, new, before) = ["log", "log.new", "log.before"].map(|name| node.dir.path().join(name)).into();
        match left {
            "half a copy" => {
                fs::create_dir_all(new.join("sled")).unwrap();
                fs::write(new.join("sled/db"), "half").unwrap();
            }
            "between the names" => fs::rename(&log, &before).unwrap(),
            "both names" => {
                fs::rename(&log, &before).unwrap();
                node.open(true).copy(&log, &Progress::default()).unwrap();
                owned::remove_dir(&node.dir.path().join("state/index")).unwrap();
            }
            "before the marks" => drop(node.open(true).copy(&new, &Progress::default()).unwrap()),
            _ => {
                let replica = node.open(true);
                Moved::new("sled", "here", &replica, DateTime::UNIX_EPOCH).write(replica.log_dir()).unwrap();
            }
        }
        assert_eq!(node.bring().unwrap().position, Position(40), "{left}");
        assert_eq!(compare(&node.open(false), &node.open(true)).unwrap(), Compared::Same, "{left}");
        assert_eq!(node.open(false).verify(&Progress::default()).unwrap().fault_count(), 0, "{left}");
        may_start_on_sled(node.dir.path()).unwrap();
        may_start_on_jetstream(node.dir.path()).unwrap_err();
        assert!(!new.exists() && !before.exists(), "{left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_were_given_up_stay_given_up() {
    let node = Node::new();
    node.fill(false, 1, 9).await;
    let mut restorer = Restorer::create(&node.options(true).log_dir).unwrap();
    for commit in read(&node.open(false)).iter().filter(|commit| !(4..=5).contains(&commit.position.0)) {
        restorer.push(commit).unwrap().unwrap();
    }
    let lost = vec![LostRange { from: Position(4), to: Position(5), why: "burnt".to_owned() }];
    restorer.finish(lost.clone()).unwrap();
    fs::remove_dir_all(node.dir.path().join("log")).unwrap();
    fs::remove_dir_all(node.dir.path().join("journal")).unwrap();
    assert_eq!(node.bring().unwrap().position, Position(9));
    let log = node.open(false);
    assert_eq!((log.lost(), read(&log).len()), (lost, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_its_log_is_not_taken_for_a_new_house() {
    let node = Node::new();
    may_start_on_sled(node.dir.path()).unwrap();
    may_start_on_jetstream(node.dir.path()).unwrap();
    node.fill(true, 1, 2).await;
    let why = may_start_on_sled(node.dir.path()).unwrap_err();
    assert!(why.contains("a replica of a log on NATS"), "{why}");
}
