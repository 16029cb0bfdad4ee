//! How this node behaves beside others on the same log.

use std::time::Duration;

use super::{Config, Problem};
use crate::nodes::{NodeSettings, WhenAway};

const NAME_CHARS_MAX: usize = 64;

/// `[nodes]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodesConfig {
    /// What people call it; empty: the machine's name.
    pub name: String,
    /// How long a bot's lease holds without being renewed.
    pub lease_ttl_ms: u64,
    /// What becomes of the bots while NATS is away.
    pub when_away: WhenAway,
}

impl Default for NodesConfig {
    fn default() -> Self {
        Self { name: String::new(), lease_ttl_ms: 3000, when_away: WhenAway::Auto }
    }
}

impl NodesConfig {
    /// How the node behaves.
    pub fn settings(&self) -> NodeSettings {
        let name = if self.name.is_empty() { host_name() } else { self.name.clone() };
        NodeSettings {
            name,
            lease_ttl: Duration::from_millis(self.lease_ttl_ms),
            when_away: self.when_away,
            ..NodeSettings::default()
        }
    }
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "node".to_owned())
}

/// What no single setting can know.
pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let name = &config.nodes.name;
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        problems.push(Problem::new(
            "nodes.name",
            format!("expected at most {NAME_CHARS_MAX} characters on one line, not \"{}\"", name.escape_debug()),
        ));
    }
}
