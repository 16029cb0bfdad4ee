//! Follows the stream: every message in order to the thread that folds, and from time to time a look at the stream itself.
//!
//! A consumer of our own each time: it lives on one server, without disk, and is made anew from where we are whenever anything
//! about it is odd: silence, a gap in what it counts, another connection.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_nats::{
    HeaderMap, Message, StatusCode, Subscriber,
    jetstream::{
        consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, push},
        stream::{RawMessageErrorKind, Stream},
    },
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};

use super::{
    check,
    connection::Connection,
    message::Message as Written,
    replica::Input,
    standing::{Standing, stream_name},
};
use crate::log::{EventLog, Position, sled::SledLog};

/// A consumer that has nothing to deliver says so this often.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);
/// One that is silent for so long is given up.
const SILENCE_MAX: Duration = Duration::from_millis(3500);
/// The server forgets a consumer that nobody listens to after this.
const INACTIVE_MAX: Duration = Duration::from_secs(30);
/// How often the stream itself is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// And while it cannot be reached.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long a look may take.
const LOOK_TIME_MAX: Duration = Duration::from_secs(3);
/// After something that will not be well by itself.
const PAUSE: Duration = Duration::from_secs(5);
/// So many messages that are gone are looked for one by one; more are no slip of a hand.
const MISSING_MAX: u64 = 10_000;

/// Which stream this is a replica of. Kept as `log/stream.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) format: u32,
    /// The stream's name.
    pub(super) stream: String,
    /// When it was made, as its server says: one that was made anew is another.
    pub(super) created: String,
}

/// What a look at the stream found.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    /// Its newest message.
    pub(super) last: u64,
    /// Messages that were deleted in between.
    pub(super) deleted: bool,
    /// Nothing can be read on.
    pub(super) stop: bool,
}

/// Follows.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) connection: Connection,
    pub(super) standing: Arc<Standing>,
    pub(super) inputs: mpsc::Sender<Input>,
    /// Not held: the log is closed when whoever has it lets go.
    pub(super) replica: Weak<SledLog>,
    pub(super) identity: Arc<Mutex<Option<Identity>>>,
    /// The newest message that was handed on.
    pub(super) fed: u64,
}

/// Where a message stands, by its reply subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    stream: u64,
    consumer: u64,
}

/// `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, with domain and account behind `ACK`
/// in the longer form.
fn place(reply: &str) -> Option<Place> {
    let rest = reply.strip_prefix("$JS.ACK.")?;
    let skip = if rest.split('.').count() >= 9 { 5 } else { 3 };
    let mut numbers = rest.split('.').skip(skip);
    let mut number = || numbers.next()?.parse().ok();
    Some(Place { stream: number()?, consumer: number()? })
}

impl Feed {
    /// Follows until nobody takes what comes.
    pub(super) async fn run(mut self) {
        let mut link = self.connection.link();
        loop {
            if link.wait_for(super::Link::is_up).await.is_err() || self.inputs.is_closed() {
                return;
            }
            let pause = match self.follow().await {
                Ended::Again(why) => {
                    tracing::debug!(why, "following the shared log anew");
                    Duration::from_millis(50)
                }
                Ended::Away(why) => {
                    self.standing.note_away(Some(why));
                    LOOK_AGAIN
                }
                Ended::Wrong => PAUSE,
                Ended::Closed => return,
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn follow(&mut self) -> Ended {
        let stream = match stream(&self.connection).await {
            Ok(stream) => stream,
            Err(why) => return Ended::Away(why),
        };
        let looked = match self.look(&stream).await {
            Ok(looked) if looked.stop => return Ended::Wrong,
            Ok(looked) => looked,
            Err(why) => return Ended::Away(why),
        };
        self.fed = self.fed.max(self.standing.through());
        let (mut subscriber, prefix) = match self.consumer(&stream).await {
            Ok(consumer) => consumer,
            Err(why) => return Ended::Away(why),
        };
        let (mut delivered, mut last) = (0, looked.last);
        let mut heard = Instant::now();
        let mut looks = tokio::time::interval(LOOK_AGAIN);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                message = subscriber.next() => {
                    let Some(message) = message else { return Ended::Again("the subscription ended".into()) };
                    heard = Instant::now();
                    if let Some(status) = message.status {
                        if status == StatusCode::IDLE_HEARTBEAT && let Err(why) = self.heartbeat(&message, delivered).await {
                            return Ended::Again(why);
                        }
                        continue;
                    }
                    let Some(place) = message.reply.as_deref().and_then(place) else { continue };
                    if place.consumer != delivered + 1 {
                        return Ended::Again(format!("message {} of the consumer came when {} was next", place.consumer, delivered + 1));
                    }
                    delivered = place.consumer;
                    last = last.max(place.stream);
                    if place.stream > self.fed + 1 && let Err(ended) = self.missing(&stream, place.stream - 1).await {
                        return ended;
                    }
                    if place.stream <= self.fed {
                        continue;
                    }
                    let token = message.subject.strip_prefix(prefix.as_str()).unwrap_or_default().into();
                    let input = Input::Delivered { sequence: place.stream, token, payload: message.payload };
                    if self.inputs.send(input).await.is_err() {
                        return Ended::Closed;
                    }
                    self.fed = place.stream;
                }
                _ = looks.tick() => {
                    if self.inputs.is_closed() {
                        return Ended::Closed;
                    }
                    if heard.elapsed() > SILENCE_MAX {
                        return Ended::Again("the consumer is silent".into());
                    }
                    let due = self.standing.away().is_some() || self.fed < last || looked_at.elapsed() >= LOOK_EVERY;
                    if !due {
                        continue;
                    }
                    looked_at = Instant::now();
                    match self.look(&stream).await {
                        Ok(looked) if looked.stop => return Ended::Wrong,
                        Ok(looked) => {
                            last = looked.last;
                            // All was delivered that there is: the end of the stream was deleted.
                            let quiet = heard.elapsed() > LOOK_AGAIN;
                            if looked.deleted && quiet && self.fed < last && let Err(ended) = self.missing(&stream, last).await {
                                return ended;
                            }
                        }
                        Err(why) => return Ended::Away(why),
                    }
                }
            }
        }
    }

    /// A consumer from the next message on, and what stands before the streams' parts of the subjects.
    async fn consumer(&self, stream: &Stream<()>) -> Result<(Subscriber, String), String> {
        let client = self.connection.client();
        let inbox = client.new_inbox();
        // Before there is anything to hear.
        let subscriber = client.subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
        let config = push::Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.fed + 1 },
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            flow_control: true,
            idle_heartbeat: HEARTBEAT_EVERY,
            inactive_threshold: INACTIVE_MAX,
            memory_storage: true,
            num_replicas: 1,
            ..push::Config::default()
        };
        let made = tokio::time::timeout(LOOK_TIME_MAX, stream.create_consumer(config)).await;
        made.map_err(|_| "no answer within some seconds".to_owned())?.map_err(|error| error.to_string())?;
        Ok((subscriber, format!("{}.log.", self.connection.settings().prefix)))
    }

    /// Answers what regulates the flow; an error when the consumer has delivered what did not come.
    async fn heartbeat(&self, message: &Message, delivered: u64) -> Result<(), String> {
        let header = |name: &str| message.headers.as_ref().and_then(|headers: &HeaderMap| headers.get(name));
        if let Some(last) = header("Nats-Last-Consumer").and_then(|value| value.as_str().parse::<u64>().ok())
            && last != delivered
        {
            return Err(format!("the consumer has delivered {last} messages, and {delivered} came"));
        }
        let stalled = header("Nats-Consumer-Stalled").map(|value| value.as_str().to_owned());
        if let Some(subject) = message.reply.as_ref().map(|reply| reply.to_string()).or(stalled) {
            let sent = self.connection.client().publish(subject, Bytes::new()).await;
            sent.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The messages behind the newest up to `to` did not come: they are gone only if the server says so of each.
    async fn missing(&mut self, stream: &Stream<()>, to: u64) -> Result<(), Ended> {
        let from = self.fed + 1;
        if to - self.fed > MISSING_MAX {
            let why = format!(
                "messages {from} to {to} of the stream {} are gone",
                stream_name(&self.connection.settings().prefix)
            );
            self.standing.refuse("stream", Some(why));
            return Err(Ended::Wrong);
        }
        for sequence in from..=to {
            match stream.get_raw_message(sequence).await {
                Ok(_) => return Err(Ended::Again(format!("message {sequence} was passed over"))),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {}
                Err(error) => return Err(Ended::Away(error.to_string())),
            }
        }
        self.inputs.send(Input::Missing { from, to }).await.map_err(|_| Ended::Closed)?;
        self.fed = to;
        Ok(())
    }

    /// Looks whether it is our stream, and as it must be.
    pub(super) async fn look(&self, stream: &Stream<()>) -> Result<Looked, String> {
        let prefix = &self.connection.settings().prefix;
        if let Some(why) = check::server_problem(&self.connection.client().server_info().version) {
            self.standing.refuse("server", Some(why));
        } else {
            self.standing.refuse("server", None);
        }
        let through = self.standing.through();
        let asked = tokio::time::timeout(LOOK_TIME_MAX, stream.get_info()).await;
        let info = asked.map_err(|_| "no answer within some seconds".to_owned())?.map_err(|error| error.to_string())?;
        let mut judged = check::judge(&info, prefix, through);
        let created = info.created.to_string();
        if !judged.stop && through > 0 && self.is_other(stream, &created).await? {
            judged.stop = true;
            judged.refusing = Some(format!(
                "the stream {} is another one than this node has seen: it was deleted and made anew. Put it back from a backup, or begin \
                 with a new replica: stop yoman, move replica/ aside, start it",
                info.config.name
            ));
        }
        if !judged.stop {
            self.keep_identity(&info.config.name, &created)?;
        }
        self.standing.refuse("stream", judged.refusing);
        self.standing.warn("stream", judged.warning);
        self.standing.note_away(None);
        let deleted = info.state.deleted_count.is_some_and(|count| count > 0) || info.state.messages == 0;
        Ok(Looked { last: info.state.last_sequence, deleted, stop: judged.stop })
    }

    /// Whether it is not the stream that the replica is of. One that was put back from a backup says another time, and holds
    /// the same messages.
    async fn is_other(&self, stream: &Stream<()>, created: &str) -> Result<bool, String> {
        let known = self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some_and(|known| known.created == created) {
            return Ok(false);
        }
        let Some(replica) = self.replica.upgrade() else { return Ok(false) };
        let head = replica.head().position;
        if head == Position::START {
            return Ok(false);
        }
        let sequence = self.standing.marks.read().unwrap_or_else(PoisonError::into_inner).sequence_of(head);
        let ours = replica.read_at(head).map_err(|error| error.to_string())?;
        let theirs = match stream.get_raw_message(sequence).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(true),
            Err(error) => return Err(error.to_string()),
        };
        let theirs = match Written::read(&theirs.payload) {
            Ok(Written::Commit(record)) => record.commit().ok(),
            _ => None,
        };
        let same = theirs.zip(ours).is_some_and(|(theirs, ours)| {
            theirs.stream == ours.stream
                && theirs.meta.command == ours.meta.command
                && theirs.first_version == ours.first_version
                && theirs.events == ours.events
        });
        Ok(!same)
    }

    fn keep_identity(&self, stream: &str, created: &str) -> Result<(), String> {
        let mut known = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Identity { format: 1, stream: stream.to_owned(), created: created.to_owned() };
        if known.as_ref() != Some(&fresh)
            && let Some(replica) = self.replica.upgrade()
        {
            super::identity::write(replica.log_dir(), &fresh).map_err(|error| format!("log/stream.json: {error}"))?;
            *known = Some(fresh);
        }
        Ok(())
    }
}

/// The stream, without asking for it.
pub(super) async fn stream(connection: &Connection) -> Result<Stream<()>, String> {
    let name = stream_name(&connection.settings().prefix);
    connection.jetstream().get_stream_no_info(name).await.map_err(|error| error.to_string())
}

/// Why following ended.
enum Ended {
    /// Begin again at once.
    Again(String),
    /// It cannot be reached.
    Away(String),
    /// Something is not as it must be; it was said.
    Wrong,
    /// Nobody takes what comes.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_message_stands_is_read_from_both_forms() {
        let expected = Some(Place { stream: 11, consumer: 7 });
        assert_eq!(place("$JS.ACK.yoman-log.abc.1.11.7.1700000000000000000.0"), expected);
        assert_eq!(place("$JS.ACK.hub.ACCHASH.yoman-log.abc.1.11.7.1700000000000000000.0"), expected);
        assert_eq!(place("$JS.ACK.hub.ACCHASH.yoman-log.abc.1.11.7.1700000000000000000.0.rnd"), expected);
        for bad in ["", "_INBOX.x", "$JS.ACK.a.b", "$JS.ACK.a.b.c.d.e.f.g"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
