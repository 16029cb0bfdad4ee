//! The same messages give the same log, whatever they are.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::log::{contract, record};

/// What was handed on, in memory.
#[derive(Default)]
struct Replica {
    commits: Vec<(Commit, Hash)>,
}

impl Known for Replica {
    fn version(&self, stream: &StreamId) -> Result<Version, String> {
        let of = self.commits.iter().rev().find(|(commit, _)| commit.stream == *stream);
        Ok(of.map_or(0, |(commit, _)| commit.last_version()))
    }

    fn command(&self, command: &CommandId) -> Result<Option<Position>, String> {
        let of = self.commits.iter().find(|(commit, _)| commit.meta.command == *command);
        Ok(of.map(|(commit, _)| commit.position))
    }

    fn hash(&self, position: Position) -> Result<Option<Hash>, String> {
        let at = self.commits.iter().find(|(commit, _)| commit.position == position);
        Ok(at.map(|(_, hash)| *hash))
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn message(stream: &str, first: Version, command: &str, seconds: i64, anchor: Anchor) -> (String, Vec<u8>) {
    let append = contract::append(stream, first - 1, command);
    let mut meta = append.meta;
    meta.recorded_at = at(seconds);
    let mut commit =
        Commit { position: Position(0), stream: append.stream, first_version: first, events: append.events, meta };
    (subject::token(&commit.stream), message::encode(&mut commit, anchor).unwrap())
}

fn empty() -> Fold {
    Fold::new(Head { position: Position::START, hash: [0; 32], recorded_at: None }, 1, 0)
}

fn start() -> Anchor {
    Anchor::default()
}

/// Folds all into one replica, handing on after each so many; gives what became of each.
fn fold(messages: &[(String, Vec<u8>)], every: usize) -> (Fold, Replica, Vec<Result<Folded, Stop>>) {
    let (mut fold, mut replica, mut outcomes) = (empty(), Replica::default(), Vec::new());
    let mut waiting = Vec::new();
    for (number, (token, bytes)) in messages.iter().enumerate() {
        let mut record = Vec::new();
        let folded = fold.message(&replica, token, bytes, &mut record);
        if let Ok(Folded::Commit(commit)) = &folded {
            assert_eq!(record::decode(&record).unwrap(), *commit);
            waiting.push((commit.clone(), record::hash(&record)));
        }
        outcomes.push(folded);
        if number % every == every - 1 {
            fold.cut();
            replica.commits.append(&mut waiting);
            let through = replica.commits.last().map_or(Position::START, |(commit, _)| commit.position);
            fold.known_through(through);
        }
    }
    replica.commits.append(&mut waiting);
    (fold, replica, outcomes)
}

#[test]
fn commits_get_positions_times_and_hashes_as_on_one_machine() {
    let messages = [
        message("todo/1", 1, "c/1", 5, start()),
        message("todo/2", 1, "c/2", 3, start()),
        message("todo/1", 2, "c/3", 9, start()),
    ];
    let (fold, replica, _) = fold(&messages, 2);
    let found: Vec<_> =
        replica.commits.iter().map(|(commit, _)| (commit.position.0, commit.meta.recorded_at)).collect();
    assert_eq!(found, [(1, at(5)), (2, at(5)), (3, at(9))]);
    let mut hash = [0; 32];
    for (commit, own) in &replica.commits {
        hash = record::encode(commit, &hash, &mut Vec::new()).unwrap();
        assert_eq!(hash, *own);
    }
    assert_eq!((fold.head().hash, fold.next(), fold.sequence()), (hash, 4, 3));
}

#[test]
fn what_is_no_commit_is_told_and_takes_a_position_only_when_one_is_lost() {
    let messages = [
        message("todo/1", 1, "c/1", 1, start()),
        message("todo/1", 2, "c/1", 1, start()),
        message("todo/9", 1, "c/1", 1, start()),
        message("todo/1", 5, "c/2", 1, start()),
        ("todo/1".to_owned(), b"by hand".to_vec()),
        ("todo/2".to_owned(), message("todo/1", 2, "c/3", 1, start()).1),
        ("todo/1".to_owned(), message::encode_lost("it was burnt")),
        message("todo/1", 2, "c/4", 1, start()),
    ];
    for every in [1, 3, 100] {
        let (fold, replica, outcomes) = fold(&messages, every);
        let told: Vec<_> = outcomes
            .iter()
            .map(|outcome| match outcome.as_ref().unwrap() {
                Folded::Commit(commit) => format!("{}", commit.position),
                Folded::Void(what, _, first) => format!("{what:?} {:?}", first.map(|first| first.0)),
                Folded::GivenUp(what, why) => format!("{what:?} {why}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "1",
                "Repeat Some(1)",
                "Repeat Some(1)",
                "Misplaced None",
                "Unreadable it is no message of yoman",
                "Unreadable it is of the stream todo/1 and stands on another subject",
                "Lost it was burnt",
                "5",
            ]
        );
        assert_eq!((fold.next(), fold.sequence(), replica.commits.len()), (6, 8, 2));
    }
}

#[test]
fn a_log_that_is_not_the_one_the_writer_saw_stops_it() {
    let first = message("todo/1", 1, "c/1", 1, start());
    let (seen, _, _) = fold(std::slice::from_ref(&first), 1);
    let anchor = Anchor::from(seen.head());
    let second = message("todo/2", 1, "c/2", 1, anchor);
    assert!(fold(&[first.clone(), second.clone()], 1).2.iter().all(Result::is_ok));

    let (mut without, replica) = (empty(), Replica::default());
    without.missing();
    let stopped = without.message(&replica, &second.0, &second.1, &mut Vec::new()).unwrap_err();
    assert!(matches!(&stopped, Stop::Changed(why) if why.contains("seen another commit at position 1")), "{stopped:?}");
    assert_eq!((without.next(), without.sequence()), (2, 1), "it stands where it stood");

    let stopped = empty().message(&replica, &second.0, &second.1, &mut Vec::new()).unwrap_err();
    assert!(matches!(&stopped, Stop::Changed(why) if why.contains("not there yet")), "{stopped:?}");
    // Also long after, when only the replica knows the hash.
    let (fold_, replica, _) = fold(std::slice::from_ref(&first), 1);
    let mut later = Fold::new(fold_.head().clone(), 2, 1);
    let wrong = message("todo/2", 1, "c/2", 1, Anchor { position: Position(1), hash: [1; 32] });
    assert!(matches!(later.message(&replica, &wrong.0, &wrong.1, &mut Vec::new()), Err(Stop::Changed(_))));
    assert!(matches!(later.message(&replica, &second.0, &second.1, &mut Vec::new()), Ok(Folded::Commit(_))));
}

#[test]
fn a_message_of_a_newer_yoman_stops_it() {
    let mut newer = message::encode_lost("x");
    newer[2] = b'z';
    let stopped = empty().message(&Replica::default(), "todo/1", &newer, &mut Vec::new());
    assert!(matches!(stopped, Err(Stop::Newer(_))));
}

proptest! {
    /// However the messages are cut into batches, and wherever a node begins anew: the same log.
    #[test]
    fn every_node_has_the_same_log(
        picks in proptest::collection::vec((0u8..4, 1u64..4, 0u8..12, 0i64..20, any::<bool>()), 1..40),
        every in 1usize..8,
        again in 0usize..40,
    ) {
        let messages: Vec<_> = picks
            .iter()
            .map(|&(stream, first, command, seconds, garbage)| match garbage && command == 0 {
                true => (format!("todo/{stream}"), vec![command; 5]),
                false => message(&format!("todo/{stream}"), first, &format!("c/{command}"), seconds, start()),
            })
            .collect();
        let (one, of_one, outcomes) = fold(&messages, every);
        let (other, of_other, others) = fold(&messages, 1);
        prop_assert_eq!(&outcomes, &others);
        prop_assert_eq!(&of_one.commits, &of_other.commits);
        prop_assert_eq!((one.head(), one.next()), (other.head(), other.next()));
        // A node that ended after some of them, and goes on with what it kept.
        let again = again.min(messages.len());
        let (before, mut kept, _) = fold(&messages[..again], 1);
        let mut on = Fold::new(before.head().clone(), before.next(), before.sequence()).knowing(Gate::Open, before.given_up);
        for (token, bytes) in &messages[again..] {
            let mut record = Vec::new();
            if let Ok(Folded::Commit(commit)) = on.message(&kept, token, bytes, &mut record) {
                kept.commits.push((commit, record::hash(&record)));
                on.cut();
                on.known_through(Position(on.next() - 1));
            }
        }
        prop_assert_eq!(&kept.commits, &of_one.commits);
        prop_assert_eq!((one.head(), one.next(), one.sequence()), (on.head(), on.next(), on.sequence()));
    }
}
