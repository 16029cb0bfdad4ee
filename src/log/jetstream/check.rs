//! Is the stream what it must be? What a hand may have done to it, and what the servers must be able to do.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, PersistenceMode, RetentionPolicy, StorageType};

use super::{marks::Marks, standing::stream_name};

/// Older servers let two writers win (2.9), or cannot do what is asked of them here.
pub(super) const SERVER_MIN: (u64, u64) = (2, 12);

/// The stream as we make it.
pub(crate) fn config(prefix: &str, replicas: usize, duplicate_window: Duration) -> Config {
    Config {
        name: stream_name(prefix),
        description: Some("the log of yoman: every message is a commit, none is ever changed or deleted".to_owned()),
        subjects: vec![format!("{prefix}.log.>")],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        num_replicas: replicas,
        duplicate_window,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        ..Config::default()
    }
}

/// Why a server cannot be used, by its version.
pub fn server_problem(version: &str) -> Option<String> {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u64>().ok());
    let found = (numbers.next().flatten(), numbers.next().flatten());
    let (major, minor) = SERVER_MIN;
    match found {
        (Some(a), Some(b)) if (a, b) >= SERVER_MIN => None,
        _ => Some(format!(
            "the NATS server is {version}, and {major}.{minor} or newer is needed: older ones let two writers win. Update nats-server"
        )),
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// Nothing may be written while this is so.
    pub(super) refusing: Option<String>,
    /// Nothing can be read on either: what comes next is gone.
    pub(super) stop: bool,
    /// Full sentences.
    pub(super) warning: Option<String>,
}

/// Judges a stream. `through`: the newest message of it that is in the replica.
pub(super) fn judge(info: &Info, prefix: &str, through: u64) -> Judged {
    let name = &info.config.name;
    let mut judged = Judged::default();
    let state = &info.state;
    if state.last_sequence < through {
        judged.stop = true;
        judged.refusing = Some(format!(
            "the stream {name} ends at message {}, and this node has seen {through}: it was deleted and made anew, or put back from an \
             older backup. Put the newest back, or begin with a new replica: stop yoman, move replica/ aside, start it",
            state.last_sequence
        ));
    } else if state.first_sequence > through + 1 {
        judged.stop = true;
        judged.refusing = Some(format!(
            "the stream {name} begins at message {}, and this node has seen {through}: what is in between was purged. Put the stream back \
             from a backup, or bring a replica of another node here (its replica/)",
            state.first_sequence
        ));
    } else if info.config.sealed {
        judged.refusing = Some(format!("the stream {name} is sealed: it takes nothing more, for ever"));
    } else if let Some(what) = loses_commits(&info.config, prefix) {
        judged.refusing = Some(format!(
            "the stream {name} was changed so that it can lose commits ({what}): set it back (nats stream edit)"
        ));
    }
    judged.warning = warning(info);
    judged
}

/// A setting under which what was acknowledged is not kept.
fn loses_commits(config: &Config, prefix: &str) -> Option<String> {
    let bounded = config.max_messages > 0 || config.max_bytes > 0;
    let subjects = [format!("{prefix}.log.>")];
    let found = [
        (config.retention != RetentionPolicy::Limits, "retention is not limits"),
        (config.storage != StorageType::File, "it is in memory"),
        (!config.max_age.is_zero(), "messages have an age limit"),
        (config.max_messages_per_subject > 0, "messages of one subject are limited"),
        (bounded && config.discard == DiscardPolicy::Old, "old messages are discarded when it is full"),
        (config.allow_rollup, "messages may replace others"),
        (config.allow_message_ttl, "messages may have a time to live"),
        (config.no_ack, "it does not acknowledge"),
        (config.persist_mode == Some(PersistenceMode::Async), "it acknowledges before it writes"),
        (config.subject_transform.is_some(), "it changes subjects"),
        (config.subjects != subjects, "its subjects are others"),
    ];
    found.into_iter().find_map(|(wrong, what)| wrong.then(|| what.to_owned()))
}

fn warning(info: &Info) -> Option<String> {
    let name = &info.config.name;
    let mut found = Vec::new();
    let replicas = info.config.num_replicas;
    if replicas < 3 {
        found.push(format!(
            "every commit is kept on {replicas} NATS server{}: when it dies nothing can be written, and when its disk does they are \
             lost. Use three servers and replicas = 3",
            if replicas == 1 { "" } else { "s, which is no safer than one" }
        ));
    }
    if info.state.first_sequence > 1 {
        found.push(format!(
            "the stream {name} begins at message {}: its beginning was purged, and no new node can be made from it",
            info.state.first_sequence
        ));
    } else if let Some(deleted) = info.state.deleted_count.filter(|&deleted| deleted > 0) {
        found.push(format!(
            "{deleted} message{} of the stream {name} were deleted by hand: a new node cannot be made from it, and this one has what it had \
             read before",
            if deleted == 1 { "" } else { "s" }
        ));
    }
    if info.config.max_messages > 0 || info.config.max_bytes > 0 {
        found.push(format!("the stream {name} has a limit: when it is reached nothing more is taken"));
    }
    if !info.config.deny_delete || !info.config.deny_purge {
        found.push(format!(
            "messages of the stream {name} can be deleted by hand: make it deny that (nats stream edit)"
        ));
    }
    (!found.is_empty()).then(|| found.join(". "))
}

/// What is told of messages that are no commits.
pub(super) fn told(marks: &Marks) -> Option<String> {
    let odd: Vec<_> = marks.all().iter().filter(|mark| !mark.what.is_usual()).collect();
    let newest = odd.last()?;
    Some(format!(
        "{} message{} of the shared log {} put there, or taken away, by hand; the newest is message {}: {}. log/marks.jsonl lists them",
        odd.len(),
        if odd.len() == 1 { "" } else { "s" },
        if odd.len() == 1 { "was" } else { "were" },
        newest.from,
        newest.why
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(change: impl FnOnce(&mut serde_json::Value)) -> Info {
        let config = config("yoman", 3, Duration::from_secs(120));
        let mut json = serde_json::json!({
            "config": serde_json::to_value(&config).unwrap(),
            "created": "2026-11-20T10:00:00Z",
            "state": {
                "messages": 10, "bytes": 1000, "first_seq": 1, "first_ts": "2026-11-20T10:00:00Z",
                "last_seq": 10, "last_ts": "2026-11-20T10:00:00Z", "consumer_count": 1,
            },
        });
        change(&mut json);
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn servers_that_are_too_old_are_refused() {
        for good in ["2.12.0", "2.12.0-RC.1", "2.15.1", "3.0.0"] {
            assert_eq!(server_problem(good), None, "{good}");
        }
        for bad in ["2.11.9", "2.9.10", "1.4.1", "", "new"] {
            assert!(server_problem(bad).is_some_and(|why| why.contains("2.12 or newer")), "{bad}");
        }
    }

    #[test]
    fn a_stream_as_we_make_it_is_fine() {
        for through in [0, 5, 10] {
            assert_eq!(judge(&info(|_| {}), "yoman", through), Judged::default());
        }
    }

    #[test]
    fn what_a_hand_did_is_noticed() {
        let refusing = |through, change: fn(&mut serde_json::Value)| {
            let judged = judge(&info(change), "yoman", through);
            (judged.stop, judged.refusing.unwrap_or_default())
        };
        let (stop, why) = refusing(11, |_| {});
        assert!(stop && why.contains("ends at message 10, and this node has seen 11"), "{why}");
        let (stop, why) = refusing(3, |info| info["state"]["first_seq"] = 5.into());
        assert!(stop && why.contains("begins at message 5"), "{why}");
        let (stop, why) = refusing(10, |info| info["config"]["sealed"] = true.into());
        assert!(!stop && why.contains("is sealed"), "{why}");
        for (change, word) in [
            ((|info| info["config"]["max_age"] = 1_000_000_000.into()) as fn(&mut serde_json::Value), "age limit"),
            (|info| info["config"]["retention"] = "workqueue".into(), "retention"),
            (|info| info["config"]["storage"] = "memory".into(), "memory"),
            (|info| info["config"]["max_msgs_per_subject"] = 5.into(), "one subject"),
            (|info| info["config"]["allow_rollup_hdrs"] = true.into(), "replace"),
            (|info| info["config"]["subjects"] = serde_json::json!(["yoman.log.*"]), "subjects"),
            (
                |info| {
                    info["config"]["max_bytes"] = 5.into();
                    info["config"]["discard"] = "old".into();
                },
                "discarded",
            ),
        ] {
            let (stop, why) = refusing(10, change);
            assert!(!stop && why.contains("can lose commits") && why.contains(word), "{why}");
        }
    }

    #[test]
    fn what_should_be_looked_at_is_said() {
        for (change, word) in [
            (
                (|info| info["config"]["num_replicas"] = 1.into()) as fn(&mut serde_json::Value),
                "kept on 1 NATS server:",
            ),
            (|info| info["state"]["first_seq"] = 5.into(), "purged"),
            (|info| info["state"]["num_deleted"] = 2.into(), "2 messages"),
            (|info| info["config"]["max_msgs"] = 100.into(), "has a limit"),
            (|info| info["config"]["deny_delete"] = false.into(), "can be deleted by hand"),
        ] {
            let judged = judge(&info(change), "yoman", 10);
            assert_eq!(judged.refusing, None);
            assert!(judged.warning.as_ref().is_some_and(|text| text.contains(word)), "{:?}", judged.warning);
        }
    }
}
