//! Where NATS is, for a log on several machines, and who we are there.

use std::path::PathBuf;

use super::{Config, Engine, Environment, Problem, Secret};
use crate::log::jetstream::{self, Hidden, NatsSettings};

/// The environment variables with the secrets.
const PASSWORD: &str = "NATS_PASSWORD";
const TOKEN: &str = "NATS_TOKEN";
const NKEY_SEED: &str = "NATS_NKEY_SEED";
const PREFIX_CHARS_MAX: usize = 32;

/// `[nats]`
#[derive(Clone, Debug)]
pub struct NatsConfig {
    /// Any servers of one cluster.
    pub servers: Vec<String>,
    /// What the names of everything of ours begin with.
    pub prefix: String,
    /// On how many servers each commit is kept.
    pub replicas: u64,
    /// For user and password.
    pub user: String,
    /// A `.creds` file instead.
    pub creds_file: Option<PathBuf>,
    /// The CA of the servers' certificates.
    pub tls_ca_file: Option<PathBuf>,
    /// Our own certificate.
    pub tls_cert_file: Option<PathBuf>,
    /// Its key.
    pub tls_key_file: Option<PathBuf>,
    /// From the environment.
    pub password: Option<Secret>,
    /// From the environment: instead of user and password.
    pub token: Option<Secret>,
    /// From the environment: instead of both.
    pub nkey_seed: Option<Secret>,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            prefix: "yoman".to_owned(),
            replicas: 3,
            user: String::new(),
            creds_file: None,
            tls_ca_file: None,
            tls_cert_file: None,
            tls_key_file: None,
            password: None,
            token: None,
            nkey_seed: None,
        }
    }
}

impl NatsConfig {
    /// What a connection is opened with.
    pub fn settings(&self) -> NatsSettings {
        let hidden = |secret: &Option<Secret>| secret.as_ref().map(|secret| Hidden::new(secret.expose()));
        NatsSettings {
            servers: self.servers.clone(),
            prefix: self.prefix.clone(),
            replicas: usize::try_from(self.replicas).unwrap_or(usize::MAX),
            user: self.user.clone(),
            password: hidden(&self.password),
            token: hidden(&self.token),
            nkey_seed: hidden(&self.nkey_seed),
            creds_file: self.creds_file.clone(),
            tls_ca_file: self.tls_ca_file.clone(),
            tls_cert_file: self.tls_cert_file.clone(),
            tls_key_file: self.tls_key_file.clone(),
        }
    }
}

/// Finds the secrets.
pub(super) fn find_secrets(config: &mut Config, environment: &Environment, problems: &mut Vec<Problem>) {
    let secret = |name: &str| environment.get(name).map(Secret::new);
    config.nats.password = secret(PASSWORD);
    config.nats.token = secret(TOKEN);
    config.nats.nkey_seed = secret(NKEY_SEED);
    let nats = &config.nats;
    if config.log.engine != Engine::JetStream {
        return;
    }
    let ways = [
        (!nats.user.is_empty(), "nats.user"),
        (nats.token.is_some(), TOKEN),
        (nats.nkey_seed.is_some(), NKEY_SEED),
        (nats.creds_file.is_some(), "nats.creds_file"),
    ];
    let set: Vec<_> = ways.into_iter().filter_map(|(set, name)| set.then_some(name)).collect();
    if set.len() > 1 {
        problems.push(Problem::new(
            "nats",
            format!("{} are set: one says who we are, leave the others empty", set.join(" and ")),
        ));
    }
    if nats.password.is_some() && nats.user.is_empty() {
        problems.push(Problem::new(PASSWORD, "is set without a user: set nats.user too"));
    }
}

/// What no single setting can know.
pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let nats = &config.nats;
    // They become parts of the names of streams, buckets and subjects.
    let plain = nats.prefix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !plain || nats.prefix.is_empty() || nats.prefix.len() > PREFIX_CHARS_MAX {
        problems.push(Problem::new(
            "nats.prefix",
            format!(
                "expected 1 to {PREFIX_CHARS_MAX} lower case letters, digits and -, not \"{}\"",
                nats.prefix.escape_debug()
            ),
        ));
    }
    if nats.replicas.is_multiple_of(2) {
        problems.push(Problem::new("nats.replicas", format!("expected 1, 3 or 5, not {}", nats.replicas)));
    }
    if nats.servers.is_empty() && config.log.engine == Engine::JetStream {
        problems.push(Problem::new("nats.servers", "is empty: where is NATS?"));
    }
    for server in &nats.servers {
        if let Err(what) = jetstream::check_server(server) {
            problems.push(Problem::new("nats.servers", what));
        }
    }
    if nats.tls_cert_file.is_some() != nats.tls_key_file.is_some() {
        problems
            .push(Problem::new("nats.tls_cert_file", "belongs together with nats.tls_key_file: set both or neither"));
    }
}
