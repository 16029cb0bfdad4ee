//! A log that exists is brought to a real server: whole, with what was given up, into what was left there, and beside others.

use std::path::Path;

use tempfile::TempDir;
use yoman_stand_ins::nats::Server;

use super::{
    super::{NatsSettings, Options},
    *,
};
use crate::log::{
    Append, AppendError, Commit, EventLog,
    contract::append,
    moved::{Compared, compare},
    sled::{self, LostRange, Restorer},
};

struct House {
    dir: TempDir,
    server: Server,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("nats")).unwrap();
        Self { dir, server }
    }

    fn options(&self, name: &str) -> sled::Options {
        let dir = self.dir.path().join(name);
        sled::Options { free_space_floor_mb: 1, lock_wait_ms: 20_000, ..sled::Options::new(dir) }
    }

    async fn node(&self, name: &str) -> JetStreamLog {
        let nats = NatsSettings {
            servers: vec![self.server.url()],
            prefix: "yoman".into(),
            replicas: 1,
            ..NatsSettings::default()
        };
        JetStreamLog::open(Options::new(self.options(name), nats)).await.unwrap()
    }

    fn sled(&self, name: &str) -> Arc<SledLog> {
        Arc::new(SledLog::open(self.options(name)).unwrap())
    }
}

fn said(stream: u64, version: u64, n: u64) -> Append {
    append(&format!("todo/{stream}"), version, &format!("c/{n}"))
}

async fn filled(log: &SledLog, from: u64, to: u64) {
    for n in from..=to {
        log.append(said(n, 0, n)).await.unwrap();
    }
}

fn read(log: &dyn EventLog) -> Vec<Arc<Commit>> {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_the_same_log_on_every_node() {
    let house = House::new();
    let source = house.sled("source");
    filled(&source, 1, 1_500).await;
    let (one, progress) = (house.node("one").await, Arc::new(Progress::default()));
    one.fill(&source, &progress).await.unwrap();
    assert_eq!(compare(&one, &*source).unwrap(), Compared::Same);
    // Until the gate is open nobody adds to it.
    let two = house.node("two").await;
    assert_eq!((compare(&two, &*source).unwrap(), two.gate()), (Compared::Same, Gate::Filling));
    let refused = two.append(said(9_000, 0, 9_000)).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Failed(why) if why.contains("being brought to NATS")), "{refused}");
    assert!(two.health().refusing.is_some());
    one.open_gate().await.unwrap();
    two.read_to_the_end().await.unwrap();
    let commit = two.append(said(9_000, 0, 9_000)).await.unwrap().commit;
    assert_eq!(commit.position, Position(1_501));
    // A stream that came along goes on where it was.
    one.append(said(7, 1, 9_001)).await.unwrap();
    assert!(one.append(said(7, 1, 7)).await.unwrap().repeat, "its commands are known");
    assert_eq!(read(&*source), read(&one)[..1_500]);
    // Said once more, nothing is brought.
    let through = one.through();
    assert_eq!(compare(&*source, &one).unwrap(), Compared::Begins);
    one.open_gate().await.unwrap();
    assert_eq!(one.through(), through);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_keeps_its_positions() {
    let house = House::new();
    let whole = house.sled("whole");
    for n in 1..=10 {
        // All in one stream: behind the gap it goes on with a later version.
        whole.append(said(1, n - 1, n)).await.unwrap();
    }
    let mut restorer = Restorer::create(&house.options("source").log_dir).unwrap();
    for commit in read(&*whole).iter().filter(|commit| ![4, 5, 10].contains(&commit.position.0)) {
        restorer.push(commit).unwrap().unwrap();
    }
    let lost = |from, to| LostRange { from: Position(from), to: Position(to), why: "burnt".to_owned() };
    restorer.finish(vec![lost(4, 5), lost(10, 10)]).unwrap();
    let source = house.sled("source");
    assert_eq!(source.end(), Position(10));
    let one = house.node("one").await;
    one.fill(&source, &Arc::default()).await.unwrap();
    one.open_gate().await.unwrap();
    assert_eq!(compare(&one, &*source).unwrap(), Compared::Same);
    assert_eq!((one.replica.end(), read(&one).len()), (Position(10), 7));
    let commit = one.append(said(2, 0, 20)).await.unwrap().commit;
    assert_eq!(commit.position, Position(11));
    one.close().await.unwrap();
    drop(one);
    // Also after a start, and on another node.
    for node in ["one", "two"] {
        let node = house.node(node).await;
        assert_eq!((read(&node).len(), node.health().warnings.iter().any(|it| it.contains("by hand"))), (8, false));
        node.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_it_left_is_nothing() {
    let house = House::new();
    let (one, two) = (house.node("one").await, house.node("two").await);
    for n in 1..=5 {
        one.append(said(n, 0, n)).await.unwrap();
    }
    two.read_to_the_end().await.unwrap();
    let left = Gate::Left("/data/log on house".into());
    // Only directly behind what was read.
    let early = say(one.connection(), &left, one.through() - 1).await.unwrap_err();
    assert!(early.contains("NATS did not take it"), "{early}");
    say(one.connection(), &left, one.through()).await.unwrap();
    // One that had not heard of it: nobody is told that it counts. It hears of it first, or it would do so in between.
    two.read_to_the_end().await.unwrap();
    two.standing.set_gate(Gate::Open);
    let stray = two.append(said(6, 0, 6)).await;
    assert!(matches!(stray, Err(AppendError::Failed(_))), "{stray:?}");
    two.standing.set_gate(left.clone());
    for node in [&one, &two] {
        node.read_to_the_end().await.unwrap();
        assert_eq!((node.head().position, node.gate()), (Position(5), left.clone()));
        let refused = node.append(said(7, 0, 7)).await.unwrap_err();
        assert!(refused.to_string().contains("/data/log on house"), "{refused}");
    }
    // It went on elsewhere, and comes back: with other commits under the same names.
    one.replica.copy(&house.options("home").log_dir, &Progress::default()).unwrap();
    let home = house.sled("home");
    filled(&home, 6, 9).await;
    one.fill(&home, &Arc::default()).await.unwrap();
    one.open_gate().await.unwrap();
    two.read_to_the_end().await.unwrap();
    for node in [&one, &two] {
        assert_eq!((compare(node, &*home).unwrap(), node.gate()), (Compared::Same, Gate::Open));
        assert!(!node.health().warnings.iter().any(|it| it.contains("by hand")));
    }
    // The stream's expectations are right behind what counted for nothing.
    two.append(said(6, 1, 30)).await.unwrap();
    one.append(said(10, 0, 31)).await.unwrap();
    // After a start as well.
    let late = house.node("late").await;
    assert_eq!((late.head().position, late.gate()), (Position(11), Gate::Open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_messages_end_it() {
    let house = House::new();
    let source = house.sled("source");
    filled(&source, 1, 50).await;
    let one = house.node("one").await;
    say(one.connection(), &Gate::Filling, 0).await.unwrap();
    one.read_to_the_end().await.unwrap();
    // Behind our back.
    let hand = async_nats::jetstream::new(async_nats::connect(house.server.url()).await.unwrap());
    for _ in 0..60 {
        hand.publish("yoman.log.todo/1", "x".into()).await.unwrap().await.unwrap();
    }
    let error = fill(one.connection(), &source, Position::START, 1, &Arc::default()).await.unwrap_err();
    assert!(error.to_string().contains("somebody else writes"), "{error}");
    assert!(Path::new(source.log_dir()).exists());
}
