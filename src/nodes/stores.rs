//! The buckets and the stream of the nodes in NATS, made when they are missing.

use std::time::Duration;

use async_nats::jetstream::{
    consumer::pull::{Ordered, OrderedConfig},
    context::{KeyValueErrorKind, PublishErrorKind},
    kv,
    message::PublishMessage,
    stream::{self, LastRawMessageErrorKind},
};
use tokio::sync::OnceCell;
use yoman_chat::BotName;

use super::{
    chain::{Message, Unreadable},
    lease::{Found, Lease},
};
use crate::log::jetstream::Connection;

/// How long the entry of a node that ended badly stays.
const NODE_KEPT: Duration = Duration::from_secs(3600);
/// The longest one request may take. Renewing a lease takes its own time.
pub(super) const REQUEST_TIME_MAX: Duration = Duration::from_secs(2);

/// Why something could not be done in NATS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Somebody else was there first.
    #[error("somebody else was there first")]
    Conflict,
    /// It is not known whether it was done.
    #[error("{0}")]
    Away(String),
}

impl Trouble {
    fn away(error: impl std::fmt::Display) -> Self {
        Self::Away(error.to_string())
    }
}

async fn in_time<T>(time: Duration, what: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let late = || Err(Trouble::Away(format!("no answer within {} ms", time.as_millis())));
    tokio::time::timeout(time, what).await.unwrap_or_else(|_| late())
}

/// The newest message of a bot.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) sequence: u64,
    pub(super) message: Result<Message, Unreadable>,
}

/// All of them. What cannot be had now is tried again when it is needed next.
#[derive(Debug)]
pub(super) struct Stores {
    connection: Connection,
    leases: OnceCell<kv::Store>,
    nodes: OnceCell<kv::Store>,
    bots: OnceCell<stream::Stream>,
}

impl Stores {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, leases: OnceCell::new(), nodes: OnceCell::new(), bots: OnceCell::new() }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn prefix(&self) -> &str {
        &self.connection.settings().prefix
    }

    async fn bucket(&self, name: &str, max_age: Duration) -> Result<kv::Store, Trouble> {
        let bucket = format!("{}-{name}", self.prefix());
        let jetstream = self.connection.jetstream();
        let found = in_time(REQUEST_TIME_MAX, async {
            match jetstream.get_key_value(&bucket).await {
                Ok(store) => Ok(Some(store)),
                Err(error) if error.kind() == KeyValueErrorKind::GetBucket => Ok(None),
                Err(error) => Err(Trouble::away(error)),
            }
        });
        if let Some(store) = found.await? {
            return Ok(store);
        }
        let config = kv::Config {
            bucket,
            description: "yoman".to_owned(),
            history: 1,
            max_age,
            num_replicas: self.connection.settings().replicas,
            ..kv::Config::default()
        };
        in_time(REQUEST_TIME_MAX, async { jetstream.create_key_value(config).await.map_err(Trouble::away) }).await
    }

    async fn leases(&self) -> Result<&kv::Store, Trouble> {
        self.leases.get_or_try_init(|| self.bucket("leases", Duration::ZERO)).await
    }

    pub(super) async fn nodes(&self) -> Result<&kv::Store, Trouble> {
        self.nodes.get_or_try_init(|| self.bucket("nodes", NODE_KEPT)).await
    }

    async fn bots(&self) -> Result<&stream::Stream, Trouble> {
        let make = || async {
            let config = stream::Config {
                name: format!("{}-bots", self.prefix()),
                description: Some("yoman: what each bot keeps, for the node that speaks for it next".to_owned()),
                subjects: vec![format!("{}.bots.*", self.prefix())],
                discard: stream::DiscardPolicy::New,
                num_replicas: self.connection.settings().replicas,
                allow_direct: true,
                ..stream::Config::default()
            };
            let jetstream = self.connection.jetstream();
            in_time(REQUEST_TIME_MAX, async { jetstream.get_or_create_stream(config).await.map_err(Trouble::away) })
                .await
        };
        self.bots.get_or_try_init(make).await
    }

    pub(super) fn subject(&self, bot: &BotName) -> String {
        format!("{}.bots.{bot}", self.prefix())
    }

    /// Where a change of a bot's lease is heard at once.
    pub(super) fn lease_subject(&self, bot: &BotName) -> String {
        format!("$KV.{}-leases.{bot}", self.prefix())
    }

    /// Where the nodes are heard.
    pub(super) fn node_subjects(&self) -> String {
        format!("$KV.{}-nodes.*", self.prefix())
    }

    /// The lease of a bot as it stands.
    pub(super) async fn lease(&self, bot: &BotName, time: Duration) -> Result<Option<Found>, Trouble> {
        in_time(time, async {
            let entry = self.leases().await?.entry(bot.as_str()).await.map_err(Trouble::away)?;
            let put = entry.filter(|entry| entry.operation == kv::Operation::Put);
            put.map(|entry| match serde_json::from_slice(&entry.value) {
                Ok(lease) => Ok(Found { revision: entry.revision, lease }),
                Err(error) => Err(Trouble::Away(format!("the lease cannot be read: {error}"))),
            })
            .transpose()
        })
        .await
    }

    /// Writes a lease, if it still stands at that revision; the new one.
    pub(super) async fn put_lease(
        &self,
        bot: &BotName,
        lease: &Lease,
        over: Option<u64>,
        time: Duration,
    ) -> Result<u64, Trouble> {
        let value = serde_json::to_vec(lease).map_err(Trouble::away)?;
        in_time(time, async {
            let leases = self.leases().await?;
            match over {
                Some(revision) => {
                    leases.update(bot.as_str(), value.into(), revision).await.map_err(|error| match error.kind() {
                        kv::UpdateErrorKind::WrongLastRevision => Trouble::Conflict,
                        _ => Trouble::away(error),
                    })
                }
                None => leases.create(bot.as_str(), value.into()).await.map_err(|error| match error.kind() {
                    kv::CreateErrorKind::AlreadyExists => Trouble::Conflict,
                    _ => Trouble::away(error),
                }),
            }
        })
        .await
    }

    /// The newest message of a bot, as the stream's leader has it.
    pub(super) async fn last(&self, bot: &BotName) -> Result<Option<Last>, Trouble> {
        in_time(REQUEST_TIME_MAX, async {
            match self.bots().await?.get_last_raw_message_by_subject(&self.subject(bot)).await {
                Ok(found) => Ok(Some(Last { sequence: found.sequence, message: Message::decode(&found.payload) })),
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => Err(Trouble::away(error)),
            }
        })
        .await
    }

    /// Publishes a message of a bot if the newest one is at `last`; its place.
    pub(super) async fn publish(&self, bot: &BotName, message: &Message, last: u64) -> Result<u64, Trouble> {
        in_time(REQUEST_TIME_MAX, async {
            self.bots().await?;
            let publish = PublishMessage::build().payload(message.encode().into()).expected_last_subject_sequence(last);
            let sent = self.connection.jetstream().send_publish(self.subject(bot), publish).await;
            let acknowledged = match sent {
                Ok(acknowledged) => acknowledged.await,
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(acknowledged) => Ok(acknowledged.sequence),
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Err(Trouble::Conflict),
                Err(error) => Err(Trouble::away(error)),
            }
        })
        .await
    }

    /// Removes the messages of a bot before `sequence`.
    pub(super) async fn purge(&self, bot: &BotName, sequence: u64) -> Result<(), Trouble> {
        in_time(REQUEST_TIME_MAX, async {
            let purge = self.bots().await?.purge().sequence(sequence).filter(self.subject(bot));
            purge.await.map(drop).map_err(Trouble::away)
        })
        .await
    }

    /// All messages of a bot, and those to come.
    pub(super) async fn follow(&self, bot: &BotName) -> Result<Ordered, Trouble> {
        in_time(REQUEST_TIME_MAX, async {
            let config = OrderedConfig { filter_subject: self.subject(bot), ..OrderedConfig::default() };
            let consumer = self.bots().await?.create_consumer(config).await.map_err(Trouble::away)?;
            consumer.messages().await.map_err(Trouble::away)
        })
        .await
    }
}
