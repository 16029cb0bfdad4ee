//! What a hand can do to a stream, and how it is noticed.

use async_nats::jetstream::stream::Config;

use super::*;
use crate::log::{Entry, progress::Progress};

/// A stream that can be deleted from, which ours cannot.
async fn open_to_all(one: &One) -> async_nats::jetstream::stream::Stream {
    let ours = config("yoman", 1, Duration::from_secs(120));
    let config = Config { deny_delete: false, deny_purge: false, ..ours };
    one.hand().await.create_stream(config).await.unwrap()
}

async fn three_commits(log: &JetStreamLog) {
    for number in 0..3 {
        put(log, &format!("todo/{number}"), 0, &format!("c/{number}")).await;
    }
}

async fn reopened(log: JetStreamLog, one: &One, name: &str) -> JetStreamLog {
    log.close().await.unwrap();
    drop(log);
    one.node(name).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_stream_lets_nobody_delete_from_it() {
    let one = One::start();
    let log = one.node("a").await;
    three_commits(&log).await;
    let stream = one.hand().await.get_stream("yoman-log").await.unwrap();
    assert!(stream.delete_message(2).await.is_err());
    assert!(stream.purge().await.is_err());
    let config = &stream.cached_info().config;
    assert!(config.deny_delete && config.deny_purge && config.allow_direct);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_message_is_noticed_by_the_node_that_had_it_and_by_a_new_one() {
    let one = One::start();
    let stream = open_to_all(&one).await;
    let log = one.node("a").await;
    assert!(
        log.health().warnings.iter().any(|it| it.contains("can be deleted by hand")),
        "{:?}",
        log.health().warnings
    );
    three_commits(&log).await;
    stream.delete_message(2).await.unwrap();
    // It goes on with what it had read, and says so.
    let log = reopened(log, &one, "a").await;
    assert!(log.health().warnings.iter().any(|it| it.contains("were deleted by hand")), "{:?}", log.health().warnings);
    put(&log, "todo/9", 0, "c/9").await;

    // A new one gives up the position, and then meets a commit whose writer had seen what was there.
    let fresh = one.node("b").await;
    until("it is noticed", || fresh.health().refusing.is_some()).await;
    let refusing = fresh.health().refusing.unwrap();
    assert!(refusing.contains("changed by hand"), "{refusing}");
    let refused = fresh.append(append("todo/10", 0, "c/10")).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Failed(why) if *why == refusing), "{refused}");
    let mut told = Vec::new();
    fresh
        .read_all(Position::START, &mut |entry| {
            told.push(match entry {
                Entry::Commit(commit) => commit.position.to_string(),
                Entry::Damaged { position, why } => format!("{position}: {why}"),
            });
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(told, ["1"], "message 3 was written by a node that had seen message 2");
    assert_eq!(fresh.health().damaged, [], "what was given up is no damage of the replica");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_message_deleted_is_noticed_once_somebody_goes_on() {
    let one = One::start();
    let stream = open_to_all(&one).await;
    let log = one.node("a").await;
    three_commits(&log).await;
    stream.delete_message(3).await.unwrap();
    let fresh = one.node("b").await;
    level(&fresh, 3).await;
    assert_eq!((fresh.head().position, fresh.replica().next()), (Position(2), Position(4)));
    put(&log, "todo/9", 0, "c/9").await;
    until("it is noticed", || fresh.health().refusing.is_some()).await;
    // The stream of the deleted message is at another version for the server than for the node that has it.
    let refused = log.append(append("todo/2", 1, "c/10")).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Failed(why) if why.contains("deleted by hand")), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_somebody_else_is_passed_over_and_told() {
    let one = One::start();
    let (log, other) = (one.node("a").await, one.node("b").await);
    put(&log, "todo/1", 0, "c/1").await;
    let hand = one.hand().await;
    hand.publish("yoman.log.todo/1", "by hand".into()).await.unwrap().await.unwrap();
    hand.publish("yoman.log.some.where", "else".into()).await.unwrap().await.unwrap();
    // Both go on behind it, with its position given up.
    put(&log, "todo/1", 1, "c/2").await;
    put(&other, "todo/1", 2, "c/3").await;
    level(&log, other.through()).await;
    for node in [&log, &other] {
        let positions: Vec<_> = stream_of(node, "todo/1").iter().map(|commit| commit.position.0).collect();
        assert_eq!(positions, [1, 4, 5]);
        let told = node.health().warnings.join(" ");
        assert!(told.contains("2 messages of the shared log were put there"), "{told}");
        assert_eq!(node.health().refusing, None);
        let found = node.replica().verify(&Progress::default()).unwrap();
        assert_eq!(found.fault_count(), 0, "{found:?}");
        assert!(found.notes.iter().any(|note| note.contains("given up")), "{found:?}");
    }
    assert_eq!(log.head(), other.head());
    let log = reopened(log, &one, "a").await;
    assert_eq!((log.head(), log.through()), (other.head(), 5));
    put(&log, "todo/1", 3, "c/4").await;
}

fn stream_of(log: &dyn EventLog, stream: &str) -> Vec<Arc<Commit>> {
    contract::stream(log, stream, 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_by_hand_that_does_not_follow_is_passed_over() {
    let one = One::start();
    let log = one.node("a").await;
    let commit = put(&log, "todo/1", 0, "c/1").await;
    let hand = one.hand().await;
    let mut wrong = Commit { first_version: 7, ..(*commit).clone() };
    wrong.meta.command = CommandId::new("c/wrong");
    let bytes = message::encode(&mut wrong, message::Anchor::default()).unwrap();
    hand.publish("yoman.log.todo/1", bytes.into()).await.unwrap().await.unwrap();
    put(&log, "todo/1", 1, "c/2").await;
    assert_eq!(log.head().position, Position(2), "it takes no position");
    assert!(log.health().warnings.iter().any(|it| it.contains("begins at version 7")), "{:?}", log.health().warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_a_newer_yoman_stops_writing_and_says_to_update() {
    let one = One::start();
    let log = one.node("a").await;
    put(&log, "todo/1", 0, "c/1").await;
    let mut newer = message::encode_lost("x");
    newer[2] = b'z';
    one.hand().await.publish("yoman.log.todo/1", newer.into()).await.unwrap().await.unwrap();
    until("it is noticed", || log.health().refusing.is_some()).await;
    let refused = log.append(append("todo/1", 1, "c/2")).await.unwrap_err().to_string();
    assert!(refused.contains("newer yoman, so update"), "{refused}");
    assert_eq!(contract::all(&log, Position::START).len(), 1);
    assert_eq!(log.replica().next(), Position(2), "its place is kept for the version that knows it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purged_stream_is_noticed() {
    let one = One::start();
    let stream = open_to_all(&one).await;
    let log = one.node("a").await;
    three_commits(&log).await;
    stream.purge().sequence(3).await.unwrap();
    // Who has all of it goes on; a new node cannot begin.
    let log = reopened(log, &one, "a").await;
    assert!(log.health().warnings.iter().any(|it| it.contains("was purged")), "{:?}", log.health().warnings);
    put(&log, "todo/9", 0, "c/9").await;
    let error = JetStreamLog::open(one.options("b")).await.unwrap_err().to_string();
    assert!(error.contains("begins at message 3") && error.contains("bring a replica"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_stream_takes_nothing_and_says_why() {
    let one = One::start();
    let log = one.node("a").await;
    put(&log, "todo/1", 0, "c/1").await;
    let hand = one.hand().await;
    let config = hand.get_stream("yoman-log").await.unwrap().cached_info().config.clone();
    hand.update_stream(Config { sealed: true, ..config }).await.unwrap();
    let refused = log.append(append("todo/1", 1, "c/2")).await.unwrap_err().to_string();
    assert!(refused.contains("sealed"), "{refused}");
    let log = reopened(log, &one, "a").await;
    assert!(log.health().refusing.is_some_and(|why| why.contains("is sealed")));
    assert_eq!(contract::all(&log, Position::START).len(), 1, "reads go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_made_anew_is_another() {
    let one = One::start();
    let log = one.node("a").await;
    three_commits(&log).await;
    let hand = one.hand().await;
    hand.delete_stream("yoman-log").await.unwrap();
    // Without any it is gone: no other is made in its place.
    log.close().await.unwrap();
    drop(log);
    let error = JetStreamLog::open(one.options("a")).await.unwrap_err().to_string();
    assert!(error.contains("is not there any more") && error.contains("--to sled"), "{error}");
    hand.create_stream(config("yoman", 1, Duration::from_secs(120))).await.unwrap();
    let log = one.node("a").await;
    assert!(log.health().refusing.is_some_and(|why| why.contains("ends at message 0")));
    // With as many messages as before, it is known by what they are.
    for number in 0..3 {
        hand.publish("yoman.log.todo/1", format!("other {number}").into()).await.unwrap().await.unwrap();
    }
    let log = reopened(log, &one, "a").await;
    let refusing = log.health().refusing.unwrap();
    assert!(refusing.contains("is another one"), "{refusing}");
    assert_eq!(contract::all(&log, Position::START).len(), 3, "reads go on");
    assert!(matches!(log.append(append("todo/1", 0, "c/9")).await, Err(AppendError::Failed(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_deleted_under_a_node_is_noticed_while_it_runs() {
    let one = One::start();
    let log = one.node("a").await;
    three_commits(&log).await;
    one.hand().await.delete_stream("yoman-log").await.unwrap();
    until("it is noticed", || log.away().is_some() || log.health().refusing.is_some()).await;
    assert!(log.append(append("todo/9", 0, "c/9")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_under_which_commits_are_lost_refuses_writes_until_it_is_mended() {
    let one = One::start();
    let log = one.node("a").await;
    put(&log, "todo/1", 0, "c/1").await;
    let hand = one.hand().await;
    let config = hand.get_stream("yoman-log").await.unwrap().cached_info().config.clone();
    hand.update_stream(Config { max_age: Duration::from_secs(3600), ..config.clone() }).await.unwrap();
    let log = reopened(log, &one, "a").await;
    let refused = log.append(append("todo/1", 1, "c/2")).await.unwrap_err().to_string();
    assert!(refused.contains("can lose commits"), "{refused}");
    hand.update_stream(config).await.unwrap();
    let log = reopened(log, &one, "a").await;
    put(&log, "todo/1", 1, "c/2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_with_another_log_is_no_replica() {
    let one = One::start();
    let own = sled::SledLog::open(replica(&one.nodes.path().join("own"))).unwrap();
    own.append(append("todo/1", 0, "c/1")).await.unwrap();
    own.close().await.unwrap();
    drop(own);
    let error = JetStreamLog::open(one.options("own")).await.unwrap_err();
    assert!(matches!(error, OpenError::OwnLog { .. }), "{error}");
    one.node("a").await.close().await.unwrap();
    let error = JetStreamLog::open(one.options_of("other", "a")).await.unwrap_err();
    assert!(matches!(&error, OpenError::OtherStream { found, .. } if found == "yoman-log"), "{error}");
    let mut three = one.options("b");
    three.nats.replicas = 3;
    three.nats.prefix = "three".into();
    let error = JetStreamLog::open(three).await.unwrap_err().to_string();
    assert!(error.contains("NATS is one server") && error.contains("replicas = 1"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_told_of_nats_is_told() {
    let mut one = One::start();
    let found = examine(one.options("a").nats).await;
    assert!(found[0].grade == Grade::Good && found[0].what.contains("nats-server 2."), "{found:?}");
    assert!(found[1].what.contains("is not there yet"), "{found:?}");
    assert!(found[2].grade == Grade::Odd && found[2].mend.contains("sync_interval: always"), "{found:?}");
    put(&one.node("a").await, "todo/1", 0, "c/1").await;
    let found = examine(one.options("a").nats).await;
    assert!(found[1].what.contains("yoman-log has 1 messages") && found[1].grade == Grade::Good, "{found:?}");
    assert!(found[2].what.contains("kept on 1 NATS server") && found[2].grade == Grade::Odd, "{found:?}");
    one.server.kill().unwrap();
    let found = examine(one.options("a").nats).await;
    assert!(
        found.len() == 1 && found[0].grade == Grade::Bad && found[0].what.contains("cannot be reached"),
        "{found:?}"
    );
}
