//! Forgetting what was answered long ago.

use std::{collections::BTreeMap, time::Duration};

use super::{
    key::{self, Ops},
    queue::now_ms,
    store::Store,
};

const HOUR_MS: i64 = 3_600_000;
/// At most so many rows are removed in one write.
const ROWS: usize = 512;

/// Forgets inbounds answered longer than `keep` ago and, beyond `max`, the oldest. Works by the hour, so that the memory it
/// takes does not grow with their number.
pub(super) fn answered(store: &Store, keep: Duration, max: usize) {
    let now = now_ms();
    let mut hours: BTreeMap<i64, usize> = BTreeMap::new();
    store.scan(key::ANSWERED, None, |key, value| {
        if let Some(at) = key::decode::<i64>(key, value) {
            *hours.entry(at.div_euclid(HOUR_MS)).or_default() += 1;
        }
        true
    });
    let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let mut before = now.saturating_sub(keep_ms);
    let mut count: usize = hours.values().sum();
    for (hour, of_hour) in hours {
        if count <= max {
            break;
        }
        count -= of_hour;
        before = before.max((hour + 1).saturating_mul(HOUR_MS));
    }
    // The current hour stays: what has just been answered may well be delivered again.
    let before = before.min(now - HOUR_MS);
    let mut ops = Ops::default();
    store.scan(key::ANSWERED, None, |key, value| {
        if key::decode::<i64>(key, value).is_none_or(|at| at < before) {
            ops.remove(key.to_vec(), 0);
            if ops.len() >= ROWS {
                store.submit_owed(std::mem::take(&mut ops), None);
            }
        }
        true
    });
    if !ops.is_empty() {
        store.submit_owed(ops, None);
    }
}
