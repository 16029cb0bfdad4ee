//! The table of settings: key, limits, and the place in [`Config`]. What is not here cannot be set.

use super::{Config, Problem, value::Setting};

/// One setting outside `[bots]`.
pub(super) struct Entry {
    /// `section.key`, or `key` at the top.
    pub(super) key: &'static str,
    /// Smallest and largest value of a number.
    pub(super) limits: (u64, u64),
    /// Where it is kept.
    pub(super) at: fn(&mut Config) -> &mut dyn Setting,
}

const ANY: (u64, u64) = (0, u64::MAX);

/// All of them, in the order of the file.
pub(super) const TABLE: &[Entry] = &[
    Entry { key: "data_dir", limits: ANY, at: |c| &mut c.data_dir },
    Entry { key: "log.free_space_floor_mb", limits: (1, 1_000_000), at: |c| &mut c.log.free_space_floor_mb },
    Entry { key: "log.journal", limits: ANY, at: |c| &mut c.log.journal },
    Entry { key: "log.cache_mb", limits: (1, 65_536), at: |c| &mut c.log.cache_mb },
    Entry { key: "log.lock_wait_ms", limits: (0, 600_000), at: |c| &mut c.log.lock_wait_ms },
    Entry { key: "log.engine", limits: ANY, at: |c| &mut c.log.engine },
    Entry { key: "nats.servers", limits: ANY, at: |c| &mut c.nats.servers },
    Entry { key: "nats.prefix", limits: ANY, at: |c| &mut c.nats.prefix },
    Entry { key: "nats.replicas", limits: (1, 5), at: |c| &mut c.nats.replicas },
    Entry { key: "nats.user", limits: ANY, at: |c| &mut c.nats.user },
    Entry { key: "nats.creds_file", limits: ANY, at: |c| &mut c.nats.creds_file },
    Entry { key: "nats.tls_ca_file", limits: ANY, at: |c| &mut c.nats.tls_ca_file },
    Entry { key: "nats.tls_cert_file", limits: ANY, at: |c| &mut c.nats.tls_cert_file },
    Entry { key: "nats.tls_key_file", limits: ANY, at: |c| &mut c.nats.tls_key_file },
    Entry { key: "nodes.name", limits: ANY, at: |c| &mut c.nodes.name },
    Entry { key: "nodes.lease_ttl_ms", limits: (1000, 60_000), at: |c| &mut c.nodes.lease_ttl_ms },
    Entry { key: "nodes.when_away", limits: ANY, at: |c| &mut c.nodes.when_away },
    Entry { key: "spool.max", limits: (1, 10_000_000), at: |c| &mut c.spool.max },
    Entry { key: "privacy.seal", limits: ANY, at: |c| &mut c.privacy.seal },
    Entry { key: "rooms.language", limits: ANY, at: |c| &mut c.rooms.language },
    Entry { key: "rooms.time_zone", limits: ANY, at: |c| &mut c.rooms.time_zone },
    Entry { key: "rooms.default_bucket", limits: ANY, at: |c| &mut c.rooms.default_bucket },
    Entry { key: "notify.queue_per_room_max", limits: (1, 1_000_000), at: |c| &mut c.notify.queue_per_room_max },
    Entry { key: "notify.backoff_min_ms", limits: (10, 3_600_000), at: |c| &mut c.notify.backoff_min_ms },
    Entry { key: "notify.backoff_max_ms", limits: (10, 3_600_000), at: |c| &mut c.notify.backoff_max_ms },
    Entry { key: "notify.coalesce_ms", limits: (0, 60_000), at: |c| &mut c.notify.coalesce_ms },
    Entry { key: "notify.down_after_s", limits: (1, 86_400), at: |c| &mut c.notify.down_after_s },
    Entry { key: "notify.board_every_ms", limits: (0, 3_600_000), at: |c| &mut c.notify.board_every_ms },
    Entry { key: "reports.dir", limits: ANY, at: |c| &mut c.reports.dir },
    Entry { key: "reports.time_s_max", limits: (1, 600), at: |c| &mut c.reports.time_s_max },
    Entry { key: "reminders.due", limits: ANY, at: |c| &mut c.reminders.due },
    Entry { key: "reminders.stale_days", limits: (0, 3_650), at: |c| &mut c.reminders.stale_days },
    Entry { key: "reminders.blocked_days", limits: (0, 3_650), at: |c| &mut c.reminders.blocked_days },
    Entry { key: "reminders.day_hour", limits: (0, 23), at: |c| &mut c.reminders.day_hour },
    Entry { key: "snapshots.load_ms_max", limits: (10, 600_000), at: |c| &mut c.snapshots.load_ms_max },
    Entry { key: "snapshots.disk_mb_max", limits: (0, 1_000_000), at: |c| &mut c.snapshots.disk_mb_max },
    Entry { key: "tracing.format", limits: ANY, at: |c| &mut c.tracing.format },
    Entry { key: "tracing.filter", limits: ANY, at: |c| &mut c.tracing.filter },
    Entry { key: "runtime.worker_threads", limits: (1, 256), at: |c| &mut c.runtime.worker_threads },
    Entry { key: "stop.grace_s", limits: (0, 600), at: |c| &mut c.stop.grace_s },
];

/// The setting with this key.
pub(super) fn find(key: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.key == key)
}

/// The sections there are.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    TABLE
        .iter()
        .filter_map(|entry| entry.key.split_once('.'))
        .map(|(section, _)| section)
        .filter(move |section| std::mem::replace(&mut last, section) != *section)
        .chain(["bots"])
}

/// The keys of one section; `""` is the top.
pub(super) fn keys_of(section: &str) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter_map(move |entry| match entry.key.split_once('.') {
        Some((of, key)) => (of == section).then_some(key),
        None => section.is_empty().then_some(entry.key),
    })
}

/// What no single setting can know.
pub(super) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let notify = &config.notify;
    if notify.backoff_min_ms > notify.backoff_max_ms {
        problems.push(Problem::new(
            "notify.backoff_min_ms",
            format!("{} is more than backoff_max_ms, {}", notify.backoff_min_ms, notify.backoff_max_ms),
        ));
    }
    super::nats::check(config, problems);
    super::nodes::check(config, problems);
    if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&config.tracing.filter) {
        problems.push(Problem::new(
            "tracing.filter",
            format!("{error}: write a level (\"info\"), or parts with levels (\"yoman=debug,info\")"),
        ));
    }
}
