//! Several nodes on one log; nodes that end, begin anew, or lost what they had; NATS that goes and comes back.

use std::collections::HashMap;

use super::*;
use crate::log::Entry;

/// Everything of a log with its hash: two are the same when this is.
fn whole(log: &dyn EventLog) -> (Vec<Arc<Commit>>, [u8; 32]) {
    (contract::all(log, Position::START), log.head().hash)
}

async fn three() -> (TempDir, Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), 3).unwrap();
    (dir, cluster)
}

async fn node(dir: &Path, cluster: &Cluster, name: &str) -> JetStreamLog {
    let options = Options::new(replica(&dir.join(name)), nats(cluster.urls(), "yoman", 3));
    JetStreamLog::open(options).await.unwrap()
}

/// How often something is tried: few times with all other tests, often when somebody asks for it.
fn rounds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_writers_on_three_nodes_exactly_one_wins() {
    let (dir, cluster) = three().await;
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(Arc::new(node(dir.path(), &cluster, name).await));
    }
    let rounds = rounds("YOMAN_RACE_ROUNDS", 100);
    for round in 0..rounds {
        contract::race(&nodes, "todo/race", round).await;
        // Who expects the new version may ask another node than the winner's.
        for node in &nodes {
            level(node, nodes[0].through()).await;
        }
    }
    let newest = nodes.iter().map(|node| node.through()).max().unwrap();
    for node in &nodes {
        level(node, newest).await;
        assert_eq!(node.head().position.0, rounds);
        assert_eq!(whole(&**node), whole(&*nodes[0]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_read_the_same_log() {
    let one = One::start();
    let nodes = [Arc::new(one.node("a").await), Arc::new(one.node("b").await)];
    let mut tasks = Vec::new();
    for writer in 0..6usize {
        let log = Arc::clone(&nodes[writer % 2]);
        tasks.push(tokio::spawn(async move {
            for number in 0..30 {
                put(&*log, &format!("todo/{writer}"), number, &format!("c/{writer}/{number}")).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let newest = nodes.iter().map(|node| node.through()).max().unwrap();
    for node in &nodes {
        level(node, newest).await;
    }
    assert_eq!(nodes[0].head().position, Position(180));
    assert_eq!(whole(&*nodes[0]), whole(&*nodes[1]));
    // What one wrote the other goes on from at once, though its own replica may be behind.
    put(&*nodes[0], "todo/0", 30, "c/on/0").await;
    put(&*nodes[1], "todo/0", 31, "c/on/1").await;
    let repeat = nodes[1].append(append("todo/9", 0, "c/on/0")).await.unwrap();
    assert!(repeat.repeat && repeat.commit.position == Position(181));
    for node in &nodes {
        assert_eq!(node.health().warnings.len(), 1, "one server: {:?}", node.health().warnings);
        assert_eq!(node.health().refusing, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_accepted_once_on_a_node_that_was_behind_and_after_the_servers_time() {
    let one = One::start();
    let short = |node: &str| Options { duplicate_window: Duration::from_millis(100), ..one.options(node) };
    let first = JetStreamLog::open(short("a")).await.unwrap();
    // It has seen nothing, and follows only later.
    let options = short("b");
    let found = open::open_replica(options.replica, "yoman-log").unwrap();
    let connection = Connection::open(options.nats).await.unwrap();
    connection.up_within(LONG).await.unwrap();
    let behind = Arc::new(open::start(found, connection).unwrap());

    let commit = put(&first, "todo/1", 0, "c/1").await;
    // The server forgets the message's id.
    let stream = feed::stream(&first.connection).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let late = {
        let behind = Arc::clone(&behind);
        tokio::spawn(async move { behind.append(append("todo/2", 0, "c/1")).await })
    };
    // It is in the stream twice, and in the log once.
    let end = tokio::time::Instant::now() + LONG;
    while stream.get_info().await.unwrap().state.last_sequence < 2 {
        assert!(tokio::time::Instant::now() < end);
    }
    behind.follow();
    let late = late.await.unwrap().unwrap();
    assert!(late.repeat);
    assert_eq!(late.commit, commit);
    level(&first, 2).await;
    assert_eq!(whole(&first), whole(&*behind));
    // The message that is no commit is the newest of its subject all the same: the next one comes behind it.
    assert_eq!(put(&first, "todo/2", 0, "c/2").await.position, Position(2));
    assert_eq!(put(&*behind, "todo/2", 1, "c/3").await.position, Position(3));
    level(&first, behind.through()).await;
    assert_eq!(whole(&first), whole(&*behind));
    // All of it is known after a restart.
    let (before, through) = (whole(&first), first.through());
    first.close().await.unwrap();
    drop(first);
    let again = JetStreamLog::open(short("a")).await.unwrap();
    assert_eq!((whole(&again), again.through()), (before, through));
    put(&again, "todo/2", 2, "c/4").await;
    assert_eq!(again.health().warnings.len(), 1, "a repeat is nothing odd: {:?}", again.health().warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_gone_or_older_is_made_again() {
    let one = One::start();
    let log = one.node("a").await;
    for number in 0..20 {
        put(&log, "todo/1", number, &format!("c/{number}")).await;
    }
    log.close().await.unwrap();
    drop(log);
    let dir = one.nodes.path().join("a");
    // As after a power cut: the end of the replica is gone.
    let older = one.nodes.path().join("older");
    owned_copy(&dir, &older);
    let log = one.node("a").await;
    for number in 20..60 {
        put(&log, "todo/1", number, &format!("c/{number}")).await;
    }
    let before = whole(&log);
    log.close().await.unwrap();
    drop(log);
    std::fs::remove_dir_all(&dir).unwrap();
    std::fs::rename(&older, &dir).unwrap();
    let log = one.node("a").await;
    assert_eq!(whole(&log), before);
    log.close().await.unwrap();
    drop(log);
    std::fs::remove_dir_all(&dir).unwrap();
    let log = one.node("a").await;
    assert_eq!(whole(&log), before);
    assert_eq!(log.replica().verify(&crate::log::progress::Progress::default()).unwrap().fault_count(), 0);
    put(&log, "todo/1", 60, "c/60").await;
    // The index alone.
    log.close().await.unwrap();
    drop(log);
    std::fs::remove_dir_all(dir.join("state")).unwrap();
    let log = one.node("a").await;
    assert_eq!(log.version(&StreamId::new("todo/1")), Ok(61));
    put(&log, "todo/1", 61, "c/61").await;
}

fn owned_copy(from: &Path, to: &Path) {
    crate::log::owned::copy_dir(from, to).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_has_all_that_was_acknowledged_when_it_comes_back() {
    let one = One::start();
    let log = one.node("a").await;
    for number in 0..50 {
        put(&log, "todo/1", number, &format!("c/{number}")).await;
    }
    // What is on the disk at this moment, as if the process ended here.
    let dead = one.nodes.path().join("dead");
    owned_copy(&one.nodes.path().join("a"), &dead);
    let again = one.node("dead").await;
    assert_eq!(whole(&again), whole(&log));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nats_away_reads_go_on_and_appends_say_so_until_it_is_back() {
    let mut one = One::start();
    let log = one.node("a").await;
    let commit = put(&log, "todo/1", 0, "c/1").await;
    assert_eq!(log.away(), None);
    one.server.kill().unwrap();
    until("it is noticed", || log.away().is_some()).await;
    let refused = log.append(append("todo/1", 1, "c/2")).await.unwrap_err();
    assert!(matches!(refused, AppendError::Away(_)), "{refused}");
    // What is known needs nobody.
    assert_eq!(contract::all(&log, Position::START), std::slice::from_ref(&commit));
    assert!(log.append(append("todo/9", 0, "c/1")).await.unwrap().repeat);
    assert!(matches!(log.append(append("todo/1", 0, "c/3")).await, Err(AppendError::Conflict { actual: 1, .. })));
    assert!(log.health().warnings.iter().any(|warning| warning.contains("cannot be reached")));
    // A node that is started meanwhile goes on with what it has.
    log.close().await.unwrap();
    drop(log);
    let log = one.node("a").await;
    assert_eq!(contract::all(&log, Position::START), [commit]);
    assert!(matches!(log.append(append("todo/1", 1, "c/2")).await, Err(AppendError::Away(_))));
    let none = JetStreamLog::open(one.options("new")).await.unwrap_err();
    assert!(matches!(none, OpenError::Away { .. }), "{none}");

    one.server.restart().unwrap();
    until("it is back", || log.away().is_none()).await;
    put(&log, "todo/1", 1, "c/2").await;
    assert_eq!(log.head().position, Position(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_to_a_server_that_does_not_answer_is_accepted_once() {
    let one = One::start();
    let log = one.node("a").await;
    put(&log, "todo/1", 0, "c/1").await;
    one.server.freeze().unwrap();
    let refused = log.append(append("todo/1", 1, "c/2")).await.unwrap_err();
    assert!(matches!(refused, AppendError::Away(_)), "{refused}");
    one.server.thaw().unwrap();
    until("it is back", || log.away().is_none()).await;
    // It may be there by now, or not: the same command again is safe, and the answer is its commit.
    let commit = log.append(append("todo/1", 1, "c/2")).await.unwrap().commit;
    assert_eq!((commit.position, commit.first_version), (Position(2), 2));
    put(&log, "todo/1", 2, "c/3").await;
    assert_eq!(contract::all(&log, Position::START).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_in_full_traffic_lose_and_double_nothing() {
    const WRITERS: u64 = 6;
    let (dir, mut cluster) = three().await;
    let log = Arc::new(node(dir.path(), &cluster, "a").await);
    let other = node(dir.path(), &cluster, "b").await;
    let kills = rounds("YOMAN_NATS_KILLS", 2);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, stop) = (Arc::clone(&log), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let number = acknowledged.len() as u64;
                    let request = append(&format!("todo/{writer}"), number, &format!("c/{writer}/{number}"));
                    match log.append(request).await {
                        Ok(appended) => acknowledged.push(appended.commit),
                        // The same again, until it is known.
                        Err(AppendError::Away(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                        Err(other) => panic!("{other}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    for kill in 0..kills {
        let before = log.head().position;
        until("traffic", || log.head().position.0 > before.0 + 50).await;
        let victim = (kill as usize * 7 + 1) % 3;
        cluster.servers[victim].kill().unwrap();
        let before = log.head().position;
        until("traffic without it", || log.head().position.0 > before.0 + 50).await;
        cluster.servers[victim].restart().unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut acknowledged = HashMap::new();
    for writer in writers {
        for commit in writer.await.unwrap() {
            assert!(acknowledged.insert(commit.meta.command.clone(), commit).is_none());
        }
    }
    let all = contract::all(&*log, Position::START);
    assert_eq!(all.len(), acknowledged.len(), "what is in the log was acknowledged, once");
    for commit in &all {
        assert_eq!(acknowledged.get(&commit.meta.command), Some(commit));
    }
    level(&other, log.through()).await;
    assert_eq!(whole(&other), whole(&*log));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_node_reads_a_long_log_to_its_end() {
    let one = One::start();
    let log = Arc::new(one.node("a").await);
    let writers: Vec<_> = (0..50u64)
        .map(|writer| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for number in 0..60 {
                    put(&*log, &format!("todo/{writer}"), number, &format!("c/{writer}/{number}")).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let fresh = one.node("b").await;
    assert_eq!(whole(&fresh), whole(&*log));
    let mut count = 0;
    fresh
        .read_stream(&StreamId::new("todo/49"), 1, &mut |entry| {
            count += u64::from(matches!(entry, Entry::Commit(_)));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(count, 60);
}
