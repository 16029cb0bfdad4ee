//! Deliveries nobody understood, kept as they came so that a person can look at them. Bounded, newest kept.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use yoman_chat::{Aside, BotName};

use super::{
    key::{self, Ops},
    queue::now_ms,
    store::{Store, StoreError},
};

/// The longest delivery that is kept, in bytes.
const RAW_BYTES_MAX: usize = 64 << 10;
/// How many are kept before the oldest are looked for.
const TIDY_EVERY: u64 = 64;

#[derive(Debug, Serialize, Deserialize)]
struct AsideRow {
    at: i64,
    id: String,
    why: String,
    raw: String,
}

#[derive(Debug)]
pub(super) struct Asides {
    store: Arc<Store>,
    max: usize,
    /// How many were kept, ever, by bot. A std mutex: nothing is awaited under it.
    counts: Mutex<HashMap<BotName, u64>>,
}

impl Asides {
    pub(super) fn new(store: Arc<Store>, max: usize) -> Self {
        Self { store, max, counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<BotName, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The count of a bot is taken from the store when it is needed next.
    pub(super) fn read_again(&self, bot: &BotName) {
        self.counts().remove(bot);
    }

    pub(super) fn count(&self, bot: &BotName) -> u64 {
        *self.counts().entry(bot.clone()).or_insert_with(|| {
            let key = key::aside_count(bot);
            self.store.get(&key).and_then(|value| key::decode(&key, Some(value))).unwrap_or(0)
        })
    }

    pub(super) async fn keep(&self, bot: &BotName, seq: u64, aside: Aside) -> Result<(), StoreError> {
        let Aside { id, mut raw, why } = aside;
        raw.truncate(raw.floor_char_boundary_at(RAW_BYTES_MAX));
        let mut ops = Ops::default();
        ops.put(key::aside(bot, seq), &AsideRow { at: now_ms(), id, why, raw });
        let before = self.count(bot);
        let durable = {
            let mut counts = self.counts();
            let count = counts.entry(bot.clone()).or_insert(before);
            *count += 1;
            if count.is_multiple_of(TIDY_EVERY) {
                self.forget_oldest(&key::asides_of(bot), &mut ops);
            }
            ops.put(key::aside_count(bot), count);
            self.store.submit_durable(ops, None)
        };
        durable.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(super) fn newest(&self, bot: &BotName, count: usize) -> Vec<(DateTime<Utc>, Aside)> {
        let mut rows = std::collections::VecDeque::new();
        self.store.scan(&key::asides_of(bot), None, |key, value| {
            if let Some(row) = key::decode::<AsideRow>(key, value) {
                rows.push_back(row);
                if rows.len() > count {
                    rows.pop_front();
                }
            }
            true
        });
        let of = |AsideRow { at, id, why, raw }| {
            (DateTime::from_timestamp_millis(at).unwrap_or_default(), Aside { id, raw, why })
        };
        rows.into_iter().rev().map(of).collect()
    }

    fn forget_oldest(&self, prefix: &[u8], ops: &mut Ops) {
        let mut rows = Vec::new();
        self.store.scan(prefix, None, |key, value| {
            rows.push((key.to_vec(), value.map_or(0, |value| value.len())));
            true
        });
        let beyond = rows.len().saturating_sub(self.max);
        for (key, bytes) in rows.into_iter().take(beyond) {
            ops.remove(key, bytes);
        }
    }

    /// Forgets all of them: nobody knows who said what in there.
    pub(super) fn forget_all(&self) {
        let mut ops = Ops::default();
        self.store.scan(key::ASIDE, None, |key, value| {
            ops.remove(key.to_vec(), value.map_or(0, |value| value.len()));
            true
        });
        if !ops.is_empty() {
            self.store.submit_owed(ops, None);
        }
    }

    /// Forgets the oldest of every bot.
    pub(super) fn tidy(&self) {
        let mut prefixes = HashSet::new();
        self.store.scan(key::ASIDE, None, |key, _| {
            if key.len() > 8 {
                prefixes.insert(key[..key.len() - 8].to_vec());
            }
            true
        });
        for prefix in prefixes {
            let mut ops = Ops::default();
            self.forget_oldest(&prefix, &mut ops);
            if !ops.is_empty() {
                self.store.submit_owed(ops, None);
            }
        }
    }
}

/// Where to cut a text.
trait Cut {
    fn floor_char_boundary_at(&self, at: usize) -> usize;
}

impl Cut for str {
    fn floor_char_boundary_at(&self, at: usize) -> usize {
        (0..=at.min(self.len())).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}
