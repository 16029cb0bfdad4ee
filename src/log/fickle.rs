//! A log that can be switched away, for tests: what a node sees of a shared log that it cannot always reach.
//!
//! Underneath lies the shared log, any engine. While it is away the node sees it as it was when it went: reads, the head and
//! what comes live stand still, whatever others append underneath, and an append is answered with [`AppendError::Away`],
//! whether or not it was made. When it is back, everything in between comes in order.

use std::{
    collections::HashSet,
    fmt,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{
    Append, AppendError, Appended, CommandId, Commit, Entry, EventLog, Head, Health, Live, Position, ReadError,
    StreamId, Version, Visit,
};

/// Why nothing can be appended while it is away.
const WHY: &str = "no server answers";

/// How the shared log is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// It is there.
    #[default]
    Here,
    /// It is not, and that is known beforehand.
    Away,
    /// It is not, which only an append finds out.
    AwayUnsaid,
    /// Appends arrive, their answers do not: each is made, and looks as if it were not.
    AnswersLost,
}

/// Decides what an append meets, by its command id: `Here` and `AnswersLost` reach the shared log.
type Fate = Box<dyn Fn(&CommandId) -> Reach + Send + Sync>;

struct State {
    reach: Reach,
    fate: Option<Fate>,
    /// How far this node has seen the log.
    seen: Head,
    closed: bool,
}

/// A log that can be switched away.
pub struct Fickle {
    beneath: Arc<dyn EventLog>,
    // A std mutex: nothing is awaited under it.
    state: Mutex<State>,
    live: broadcast::Sender<Arc<Commit>>,
    /// Commits are seen in the order of their positions.
    seeing: Mutex<()>,
}

impl fmt::Debug for Fickle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fickle").field("beneath", &self.beneath).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn away() -> AppendError {
    AppendError::Away(WHY.to_owned())
}

impl Fickle {
    /// A node's view of `beneath`, which it reaches.
    pub fn new(beneath: Arc<dyn EventLog>) -> Self {
        let state = State { reach: Reach::Here, fate: None, seen: beneath.head(), closed: false };
        let (live, seeing) = (broadcast::channel(1024).0, Mutex::default());
        Self { beneath, state: Mutex::new(state), live, seeing }
    }

    /// The shared log itself: what is appended there comes from another node.
    pub fn beneath(&self) -> &Arc<dyn EventLog> {
        &self.beneath
    }

    /// Switches it. Back, everything that was missed is seen at once.
    pub fn be(&self, reach: Reach) {
        lock(&self.state).reach = reach;
        if reach == Reach::Here {
            self.see();
        }
    }

    /// While it is not away, each append meets what `fate` says of its command.
    pub fn fate(&self, fate: impl Fn(&CommandId) -> Reach + Send + Sync + 'static) {
        lock(&self.state).fate = Some(Box::new(fate));
    }

    /// The node is started again; the shared log was there all the time.
    pub fn reopen(&self) {
        lock(&self.state).closed = false;
    }

    /// Sees everything there is underneath.
    pub fn see(&self) {
        let _in_order = lock(&self.seeing);
        let after = self.seen();
        let mut entries = Vec::new();
        // What cannot be read now is seen at the next occasion.
        let read = self.beneath.read_all(after, &mut |entry| {
            entries.push(entry);
            ControlFlow::Continue(())
        });
        if read.is_err() {
            return;
        }
        for entry in entries {
            let Entry::Commit(commit) = entry else { continue };
            let head = self.beneath.head();
            let hash = || self.beneath.hash_at(commit.position).ok().flatten().unwrap_or_default();
            let hash = if head.position == commit.position { head.hash } else { hash() };
            let recorded_at = Some(commit.meta.recorded_at);
            lock(&self.state).seen = Head { position: commit.position, hash, recorded_at };
            // Nobody listening is no error.
            let _ = self.live.send(commit);
        }
    }

    fn seen(&self) -> Position {
        lock(&self.state).seen.position
    }

    /// What an append meets now.
    fn meets(&self, command: &CommandId) -> Reach {
        let state = lock(&self.state);
        match (state.reach, &state.fate) {
            (Reach::Here, Some(fate)) => fate(command),
            (reach, _) => reach,
        }
    }

    /// Passes on only what this node has seen.
    fn only_seen<'a>(&self, visit: Visit<'a>) -> impl FnMut(Entry) -> ControlFlow<()> + Send + use<'a> {
        let seen = self.seen();
        move |entry| {
            let position = match &entry {
                Entry::Commit(commit) => commit.position,
                Entry::Damaged { position, .. } => *position,
            };
            if position > seen { ControlFlow::Break(()) } else { visit(entry) }
        }
    }
}

#[async_trait]
impl EventLog for Fickle {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if lock(&self.state).closed {
            return Err(AppendError::Closed);
        }
        match self.meets(&append.meta.command) {
            Reach::Away | Reach::AwayUnsaid => Err(away()),
            Reach::AnswersLost => {
                // Whatever the shared log says of it is lost as well.
                drop(self.beneath.append(append).await);
                Err(away())
            }
            Reach::Here => {
                let outcome = self.beneath.append(append).await;
                self.see();
                outcome
            }
        }
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.beneath.read_stream(stream, from, &mut self.only_seen(visit))
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.beneath.read_all(after, &mut self.only_seen(visit))
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let mut version = 0;
        self.read_stream(stream, 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                version = commit.last_version();
            }
            ControlFlow::Continue(())
        })?;
        Ok(version)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        let seen = self.seen();
        Ok(self.beneath.find_command(command)?.filter(|commit| commit.position <= seen))
    }

    fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        if position > self.seen() { Ok(None) } else { self.beneath.hash_at(position) }
    }

    fn head(&self) -> Head {
        lock(&self.state).seen.clone()
    }

    fn live(&self) -> Live {
        self.live.subscribe().into()
    }

    fn health(&self) -> Health {
        self.beneath.health()
    }

    fn away(&self) -> Option<String> {
        (lock(&self.state).reach == Reach::Away).then(|| WHY.to_owned())
    }

    async fn close(&self) -> Result<(), AppendError> {
        lock(&self.state).closed = true;
        Ok(())
    }
}

/// Commands that met something once: for a fate that strikes each command only the first time.
#[derive(Debug, Default)]
pub struct Once(Mutex<HashSet<CommandId>>);

impl Once {
    /// Whether this is the first time it is asked of a command.
    pub fn first(&self, command: &CommandId) -> bool {
        lock(&self.0).insert(command.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Expected, Meta, Origin, StoredEvent, contract, memory::MemoryLog};

    fn append(stream: &str, version: Version, command: &str) -> Append {
        let data = serde_json::value::to_raw_value(&serde_json::json!({})).unwrap();
        Append {
            stream: StreamId::new(stream),
            expected: Expected::of(version),
            events: vec![StoredEvent { name: "happened".into(), schema: 1, data }],
            meta: Meta {
                command: CommandId::new(command),
                text: String::new(),
                actor: "person/1".into(),
                origin: Origin::default(),
                correlation: CommandId::new(command),
                causation: None,
                recorded_at: chrono::DateTime::UNIX_EPOCH,
            },
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_contract_holds_while_it_is_here() {
        contract::run(async || Fickle::new(Arc::new(MemoryLog::new()))).await;
    }

    #[tokio::test]
    async fn away_it_stands_still_and_back_it_has_everything() {
        let log = Fickle::new(Arc::new(MemoryLog::new()));
        let mut live = log.live();
        log.append(append("a/1", 0, "c/1")).await.unwrap();
        log.be(Reach::Away);
        assert!(log.away().is_some());
        assert!(matches!(log.append(append("a/1", 1, "c/2")).await, Err(AppendError::Away(_))));
        log.be(Reach::AnswersLost);
        assert!(matches!(log.append(append("a/1", 1, "c/3")).await, Err(AppendError::Away(_))));
        log.beneath().append(append("b/1", 0, "other/1")).await.unwrap();
        assert_eq!((log.head().position, log.version(&StreamId::new("a/1")).unwrap()), (Position(1), 1));
        assert!(log.find_command(&CommandId::new("c/3")).unwrap().is_none());
        log.be(Reach::Here);
        let again = log.append(append("a/1", 1, "c/3")).await.unwrap();
        assert!(again.repeat && again.commit.position == Position(2));
        assert_eq!(log.head().position, Position(3));
        for position in 1..=3 {
            assert_eq!(live.recv().await.unwrap().position, Position(position));
        }
        assert_eq!(log.head().hash, log.beneath().head().hash);
    }
}
