//! A log that a newer yoman wrote to: what this one cannot read is not acted upon, and everybody is told what to do.

use std::sync::Arc;

use insta::assert_snapshot;
use yoman::log::{Append, CommandId, EventLog, Expected, Meta, Origin, StoredEvent, StreamId, memory::MemoryLog};

use crate::stage::Stage;

/// What a newer version appends to a stream.
async fn newer(log: &dyn EventLog, stream: &str, name: &str, schema: u16) {
    let version = log.version(&StreamId::new(stream)).unwrap();
    let data = serde_json::value::RawValue::from_string("{\"height\":3}".to_owned()).unwrap();
    let command = CommandId::new(format!("newer/{stream}/{version}"));
    let meta = Meta {
        command: command.clone(),
        text: String::new(),
        actor: "person/1".into(),
        origin: Origin { bot: "telegram".into(), ..Origin::default() },
        correlation: command,
        causation: None,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    let events = vec![StoredEvent { name: name.into(), schema, data }];
    let append = Append { stream: StreamId::new(stream), expected: Expected::of(version), events, meta };
    log.append(append).await.unwrap();
}

#[tokio::test]
async fn what_a_newer_version_did_is_not_undone_by_an_older_one() {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let mut stage = Stage::on(Arc::clone(&log)).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/todo Another").await;
    stage.forget();
    newer(&*log, "todo/1", "todo_levitated", 1).await;
    newer(&*log, "todo/3", "todo_created", 2).await;
    stage.house().caught_up().await;
    for line in ["/note T1 hello", "/doing T1", "/T1", "/doing T3", "/T3", "/doing T2", "/todo A third", "/status"] {
        stage.say(&kim, line).await;
    }
    // Who somebody is may be in what cannot be read: then they look, and change nothing.
    newer(&*log, "person/1", "role_granted", 2).await;
    stage.house().caught_up().await;
    for line in ["/doing T4", "/list"] {
        stage.say(&kim, line).await;
    }
    assert_snapshot!(stage.transcript());
}
