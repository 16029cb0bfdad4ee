//! What `yoman doctor` says of a log on several machines.

use crate::{
    config::{Config, Engine},
    control::Finding,
    log::jetstream::{self, Grade},
};

/// What is found of NATS; nothing when the log is on this machine alone.
pub async fn check_nats(config: &Config) -> Vec<Finding> {
    if config.log.engine != Engine::JetStream {
        return Vec::new();
    }
    let examined = jetstream::examine(config.nats.settings()).await;
    let findings = examined.into_iter().map(|it| match it.grade {
        Grade::Good => Finding::ok("nats", it.what),
        Grade::Odd => Finding::warn("nats", it.what, it.mend),
        Grade::Bad => Finding::fail("nats", it.what, it.mend),
    });
    findings.collect()
}
