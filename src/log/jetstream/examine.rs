//! What can be told of NATS from here, for whoever asks whether all is well. Changes nothing.

use std::time::Duration;

use async_nats::jetstream::{ErrorCode, context::GetStreamErrorKind, stream::Info};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Connection, NatsSettings, check, standing::stream_name};

/// How long NATS may take to be there.
const REACH_TIME_MAX: Duration = Duration::from_secs(5);
/// How long servers may take to say how they are set up.
const ASK_TIME_MAX: Duration = Duration::from_secs(1);
/// Every server answers this, to whoever may ask.
const VARZ: &str = "$SYS.REQ.SERVER.PING.VARZ";
/// Servers asked at most.
const SERVERS_MAX: usize = 100;

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Good,
    /// It works, and should be looked at.
    Odd,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// How good it is.
    pub grade: Grade,
    /// What was found.
    pub what: String,
    /// What to do; empty when nothing is to be done.
    pub mend: String,
}

impl Examined {
    fn new(grade: Grade, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { grade, what: what.into(), mend: mend.into() }
    }
}

/// Whether servers sync before they acknowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Syncs {
    /// All that answered do.
    Always,
    /// These do not.
    Not(Vec<String>),
    /// Nobody may ask from here.
    Unknown,
}

impl Syncs {
    /// What to tell of it, and what to do.
    pub(super) fn examined(&self) -> Examined {
        let mend = "set jetstream { sync_interval: always } in nats.conf of every server";
        match self {
            Self::Always => Examined::new(Grade::Good, "the servers sync before they acknowledge", ""),
            Self::Not(names) => Examined::new(
                Grade::Odd,
                format!(
                    "{} acknowledge{} before syncing: a power cut can take what was acknowledged",
                    names.join(" and "),
                    if names.len() == 1 { "s" } else { "" }
                ),
                mend,
            ),
            Self::Unknown => Examined::new(
                Grade::Odd,
                "whether the servers sync before they acknowledge cannot be told from here: only the system account may ask",
                format!("make sure: {mend}"),
            ),
        }
    }
}

/// Looks at servers and stream.
pub async fn examine(settings: NatsSettings) -> Vec<Examined> {
    let mut found = Vec::new();
    let connection = match Connection::open(settings).await {
        Ok(connection) => connection,
        Err(error) => return vec![Examined::new(Grade::Bad, error.to_string(), "correct [nats] in the settings")],
    };
    let servers = connection.settings().servers.join(", ");
    if let Err(why) = connection.up_within(REACH_TIME_MAX).await {
        let mend = "start nats-server, or correct [nats] in the settings; what is in the replica can be read meanwhile";
        return vec![Examined::new(Grade::Bad, format!("{servers} cannot be reached: {why}"), mend)];
    }
    let info = connection.client().server_info();
    let cluster = info.cluster.as_deref().map_or("no cluster".to_owned(), |name| format!("cluster {name}"));
    found.push(match check::server_problem(&info.version) {
        Some(why) => Examined::new(Grade::Bad, why, ""),
        None => {
            Examined::new(Grade::Good, format!("nats-server {} ({}, {cluster})", info.version, info.server_name), "")
        }
    });
    let name = stream_name(&connection.settings().prefix);
    match connection.jetstream().get_stream(&name).await {
        Ok(stream) => found.extend(of_stream(stream.cached_info(), &connection.settings().prefix)),
        Err(error) => found.push(match error.kind() {
            GetStreamErrorKind::JetStream(fault) if fault.error_code() == ErrorCode::STREAM_NOT_FOUND => Examined::new(
                Grade::Odd,
                format!("the stream {name} is not there yet"),
                "it is made at the first start",
            ),
            _ => Examined::new(
                Grade::Bad,
                format!("the stream {name} cannot be looked at: {error}"),
                "is JetStream on there, and may this user look (config/deploy)?",
            ),
        }),
    }
    found.push(syncs(&connection).await.examined());
    found
}

fn of_stream(info: &Info, prefix: &str) -> Vec<Examined> {
    let name = &info.config.name;
    // What this node has seen is the running process's to say.
    let judged = check::judge(info, prefix, info.state.first_sequence.saturating_sub(1));
    let state = &info.state;
    let what = format!(
        "{name} has {} messages ({:.1} MB) on {} server{}",
        state.messages,
        state.bytes as f64 / 1e6,
        info.config.num_replicas,
        if info.config.num_replicas == 1 { "" } else { "s" }
    );
    let mut found = vec![Examined::new(Grade::Good, what, "")];
    found.extend(judged.refusing.map(|why| Examined::new(Grade::Bad, why, "")));
    found.extend(judged.warning.map(|what| Examined::new(Grade::Odd, what, "")));
    for replica in info.cluster.iter().flat_map(|cluster| &cluster.replicas) {
        if replica.offline || !replica.current {
            let how = if replica.offline { "is not there" } else { "is behind" };
            let what = format!("{} {how}: {name} is kept on one server less", replica.name);
            found.push(Examined::new(Grade::Odd, what, "start it, or look at its log"));
        }
    }
    found
}

/// Asks the servers, which only some accounts may.
pub(super) async fn syncs(connection: &Connection) -> Syncs {
    let client = connection.client();
    let inbox = client.new_inbox();
    let Ok(mut answers) = client.subscribe(inbox.clone()).await else { return Syncs::Unknown };
    if client.publish_with_reply(VARZ, inbox, Bytes::new()).await.is_err() {
        return Syncs::Unknown;
    }
    let end = Instant::now() + ASK_TIME_MAX;
    let (mut known, mut not) = (0, Vec::new());
    while known < SERVERS_MAX
        && let Ok(Some(answer)) = timeout_at(end, answers.next()).await
    {
        // Nobody listens there for this account.
        if answer.status.is_some() {
            break;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&answer.payload) else { continue };
        let Some(sync) = value.pointer("/data/jetstream/config") else { continue };
        known += 1;
        if sync.get("sync_always").and_then(Value::as_bool) != Some(true) {
            let name = value.pointer("/server/name").and_then(Value::as_str).unwrap_or("a server");
            not.push(name.to_owned());
        }
    }
    // Best effort: the server forgets it with the connection.
    let _ = timeout(ASK_TIME_MAX, answers.unsubscribe()).await;
    not.sort();
    match known {
        0 => Syncs::Unknown,
        _ if not.is_empty() => Syncs::Always,
        _ => Syncs::Not(not),
    }
}
