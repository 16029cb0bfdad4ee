//! Which nodes there are: each says so all the time, and each hears the others. By this machine's clock alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use yoman_chat::Stop;

use super::{NodeSettings, SeenNode, clock, stores::Stores};

/// A node that was not heard for so many of its beats is not there.
const BEATS: u32 = 3;
/// A node is forgotten, and no longer shown, after so many.
const FORGOTTEN_AFTER: u32 = 60;

/// What a node says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    name: String,
    process: String,
    version: String,
    since: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Registry {
    me: Said,
    every: Duration,
    // A std mutex: nothing is awaited under it.
    heard: Mutex<HashMap<String, (Said, Duration)>>,
}

impl Registry {
    pub(super) fn new(settings: &NodeSettings) -> Self {
        let me = Said {
            name: settings.name.clone(),
            process: format!("{:032x}", rand::random::<u128>()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: Utc::now(),
        };
        Self { me, every: settings.lease_ttl / 3, heard: Mutex::default() }
    }

    /// What this process is told apart by.
    pub(super) fn process(&self) -> &str {
        &self.me.process
    }

    fn heard(&self) -> MutexGuard<'_, HashMap<String, (Said, Duration)>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another node may have been there at `moment`. Who does not hear itself does not hear others either.
    pub(super) fn others_at(&self, moment: Duration) -> bool {
        let since = moment.saturating_sub(self.every * BEATS);
        let heard = self.heard();
        let deaf = heard.get(&self.me.process).is_none_or(|(_, at)| *at < since);
        deaf || heard.iter().any(|(process, (_, at))| *process != self.me.process && *at >= since)
    }

    /// It never heard itself: it may not listen.
    pub(super) fn is_deaf(&self) -> bool {
        !self.heard().contains_key(&self.me.process)
    }

    /// The nodes, by name.
    pub(super) fn seen(&self) -> Vec<SeenNode> {
        let now = clock::now();
        let node = |said: &Said, here, silent: Duration| SeenNode {
            name: said.name.clone(),
            version: said.version.clone(),
            since: said.since,
            here,
            silent_ms: u64::try_from(silent.as_millis()).unwrap_or(u64::MAX),
        };
        let mut nodes = vec![node(&self.me, true, Duration::ZERO)];
        let others = |process: &&String| **process != self.me.process;
        let heard = self.heard();
        nodes.extend(
            heard
                .iter()
                .filter(|(process, _)| others(process))
                .map(|(_, (said, at))| node(said, false, now.saturating_sub(*at))),
        );
        nodes.sort_by(|a, b| (&a.name, a.since).cmp(&(&b.name, b.since)));
        nodes
    }

    fn note(&self, process: &str, payload: &[u8]) {
        let mut heard = self.heard();
        match serde_json::from_slice::<Said>(payload) {
            Ok(said) => drop(heard.insert(process.to_owned(), (said, clock::now()))),
            // It was stopped: its entry is removed.
            Err(_) => drop(heard.remove(process)),
        }
    }

    /// Says that this node is there, and listens, until `stop`.
    pub(super) async fn run(self: Arc<Self>, stores: Arc<Stores>, stop: Stop) {
        let listening = async {
            loop {
                if let Ok(mut said) = stores.connection().client().subscribe(stores.node_subjects()).await {
                    while let Some(message) = said.next().await {
                        if let Some(process) = message.subject.rsplit('.').next() {
                            self.note(process, &message.payload);
                        }
                    }
                }
                tokio::time::sleep(self.every).await;
            }
        };
        let saying = async {
            let value: bytes::Bytes = serde_json::to_vec(&self.me).unwrap_or_default().into();
            loop {
                let said = async {
                    let nodes = stores.nodes().await.map_err(|error| error.to_string())?;
                    nodes.put(&self.me.process, value.clone()).await.map_err(|error| error.to_string())
                };
                match tokio::time::timeout(self.every, said).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::debug!(error, "this node could not say that it is there"),
                    Err(_) => tracing::debug!("this node could not say in time that it is there"),
                }
                let forgotten = clock::now().saturating_sub(self.every * FORGOTTEN_AFTER);
                self.heard().retain(|_, (_, at)| *at >= forgotten);
                tokio::time::sleep(self.every).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = listening => {}
            () = saying => {}
        }
        let gone = async {
            if let Ok(nodes) = stores.nodes().await {
                // Else it is forgotten after a while.
                let _ = nodes.delete(&self.me.process).await;
            }
        };
        let _ = tokio::time::timeout(self.every, gone).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_there_as_long_as_it_is_heard() {
        let registry = Registry::new(&NodeSettings::default());
        let said = |name: &str| {
            let since = DateTime::UNIX_EPOCH;
            serde_json::to_vec(&Said { name: name.into(), process: "p".into(), version: "1".into(), since }).unwrap()
        };
        assert!(registry.others_at(clock::now()) && registry.is_deaf(), "who knows");
        registry.note(registry.process(), &said("me"));
        assert!(!registry.others_at(clock::now()), "nobody else");
        registry.note("p2", &said("other"));
        assert!(registry.others_at(clock::now()) && !registry.is_deaf());
        assert_eq!(registry.seen().len(), 2);
        registry.note("p2", b"");
        assert!(!registry.others_at(clock::now()), "it said that it goes");
    }
}
