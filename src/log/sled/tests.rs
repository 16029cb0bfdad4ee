//! Tests of the sled engine: the contract, and what only an engine on disk can get wrong.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    cell::Cell,
    fs,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use super::*;
use crate::log::{
    Entry, Expected,
    contract::{self, all, append, event, stream},
};

/// Small parts of the index, so that runs and merges come soon.
fn options(dir: &Path) -> Options {
    Options { index_newest_commits: 64, lock_wait_ms: 2000, cache_mb: 8, ..Options::new(dir) }
}

fn open(dir: &Path) -> SledLog {
    SledLog::open(options(dir)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let dir = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    contract::run(async || {
        number.set(number.get() + 1);
        open(&dir.path().join(number.get().to_string()))
    })
    .await;
    contract::run_durable(async |name| open(&dir.path().join(name))).await;
}
