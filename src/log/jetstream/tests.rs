//! Against real servers: the contract on one server, what a hand may do to a stream, and NATS going away.

mod hand;
mod nodes;

use std::{path::Path, time::Duration};

use tempfile::TempDir;
use yoman_stand_ins::nats::{Cluster, Server};

use super::*;
use crate::log::{
    contract::{self, append},
    sled,
};

/// How long anything may take that comes by itself, on a machine that has other things to do.
const LONG: Duration = Duration::from_secs(60);

fn nats(urls: Vec<String>, prefix: &str, replicas: usize) -> NatsSettings {
    NatsSettings { servers: urls, prefix: prefix.to_owned(), replicas, ..NatsSettings::default() }
}

/// A server of its own.
struct One {
    _dir: TempDir,
    server: Server,
    nodes: TempDir,
}

impl One {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path()).unwrap();
        Self { _dir: dir, server, nodes: tempfile::tempdir().unwrap() }
    }

    fn options(&self, node: &str) -> Options {
        self.options_of("yoman", node)
    }

    fn options_of(&self, prefix: &str, node: &str) -> Options {
        Options::new(replica(&self.nodes.path().join(node)), nats(vec![self.server.url()], prefix, 1))
    }

    async fn node(&self, node: &str) -> JetStreamLog {
        JetStreamLog::open(self.options(node)).await.unwrap()
    }

    /// A client that does what yoman never does.
    async fn hand(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(self.server.url()).await.unwrap())
    }
}

fn replica(dir: &Path) -> sled::Options {
    sled::Options { lock_wait_ms: 20_000, free_space_floor_mb: 1, ..sled::Options::new(dir) }
}

async fn put(log: &dyn EventLog, stream: &str, expected: Version, command: &str) -> Arc<Commit> {
    let appended = log.append(append(stream, expected, command)).await.unwrap();
    assert!(!appended.repeat);
    appended.commit
}

/// Waits until a log has read the message that another has.
async fn level(log: &JetStreamLog, with: u64) {
    let mut through = log.standing.through.subscribe();
    tokio::time::timeout(LONG, through.wait_for(|&through| through >= with)).await.expect("it comes").unwrap();
}

/// Waits until something is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + LONG;
    while !so() {
        assert!(tokio::time::Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_on_one_server() {
    let one = One::start();
    let count = std::sync::atomic::AtomicUsize::new(0);
    contract::run(async || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        JetStreamLog::open(one.options_of(&format!("y{number}"), &format!("n{number}"))).await.unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_kept_on_one_server() {
    let one = One::start();
    contract::run_durable(async |name| JetStreamLog::open(one.options_of(name, name)).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_on_three_servers() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), 3).unwrap();
    let count = std::sync::atomic::AtomicUsize::new(0);
    let open = async |name: &str| {
        let options = Options::new(replica(&dir.path().join(name)), nats(cluster.urls(), name, 3));
        JetStreamLog::open(options).await.unwrap()
    };
    contract::run(async || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        open(&format!("y{number}")).await
    })
    .await;
    contract::run_durable(open).await;
}
