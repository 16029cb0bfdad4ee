//! What is kept elsewhere, too: in order, whole, and waited for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use tempfile::tempdir;
use yoman_chat::{BotName, Outbound, RoomId};

use super::super::{Answer, BotRow, Outbox, OutboxError, OutboxSettings, store::StoreError};
use super::{Mirror, Place, Told, parts};
use crate::log::Position;

/// A mirror held in memory: writes wait until the test lets them through.
#[derive(Default)]
struct Memory {
    places: Mutex<BTreeMap<BotName, Place>>,
    waiting: Mutex<Vec<(BotName, Vec<BotRow>, Told)>>,
    kept: Mutex<BTreeMap<BotName, Vec<Vec<BotRow>>>>,
}

impl Mirror for Memory {
    fn place(&self, bot: &BotName) -> Place {
        self.places.lock().unwrap().get(bot).copied().unwrap_or(Place::Here)
    }

    fn mirrored(&self) -> Vec<BotName> {
        let places = self.places.lock().unwrap();
        places.iter().filter(|(_, place)| **place == Place::Mirrored).map(|(bot, _)| bot.clone()).collect()
    }

    fn hand(&self, bot: &BotName, rows: Vec<BotRow>, told: Told) {
        self.waiting.lock().unwrap().push((bot.clone(), rows, told));
    }
}

impl Memory {
    fn put(&self, bot: &str, place: Place) {
        self.places.lock().unwrap().insert(BotName::new(bot), place);
    }

    /// Takes what waits, or says that another one speaks for its bot.
    fn let_through(&self, ok: bool) -> usize {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        let count = waiting.len();
        for (bot, rows, told) in waiting {
            if ok && !rows.is_empty() {
                self.kept.lock().unwrap().entry(bot).or_default().push(rows);
            }
            told(if ok { Ok(()) } else { Err(StoreError::Elsewhere) });
        }
        count
    }

    /// The rows as whoever takes over has them.
    fn folded(&self, bot: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut rows = BTreeMap::new();
        let kept = self.kept.lock().unwrap();
        for (key, value) in kept.get(&BotName::new(bot)).into_iter().flatten().flatten() {
            match value {
                Some(value) => drop(rows.insert(key.clone(), value.clone())),
                None => drop(rows.remove(key)),
            }
        }
        rows
    }
}

fn house() -> (tempfile::TempDir, Outbox, Arc<Memory>) {
    let dir = tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("bots"), OutboxSettings::default()).unwrap();
    let memory = Arc::new(Memory::default());
    outbox.mirror_to(Arc::clone(&memory) as Arc<dyn Mirror>);
    (dir, outbox, memory)
}

fn said(text: &str) -> Vec<Answer> {
    vec![Answer::new(Outbound::text(text))]
}

/// Lets through what comes until `done` has ended.
async fn meanwhile<T>(memory: &Memory, ok: bool, done: impl Future<Output = T>) -> T {
    tokio::pin!(done);
    loop {
        tokio::select! {
            result = &mut done => return result,
            () = tokio::time::sleep(std::time::Duration::from_millis(1)) => { memory.let_through(ok); }
        }
    }
}

#[tokio::test]
async fn nothing_counts_as_kept_before_it_is_kept_there() {
    let (_dir, outbox, memory) = house();
    memory.put("shared", Place::Mirrored);
    let room = RoomId::new("shared/1");
    let mut answer = Box::pin(outbox.answer("shared/1/1", &room, said("hello")));
    // A bot of this machine alone waits for nothing and nobody.
    let here = RoomId::new("here/1");
    tokio::select! {
        kept = &mut answer => panic!("{kept:?}"),
        kept = outbox.answer("here/1/1", &here, said("hello")) => drop(kept.unwrap()),
    }
    meanwhile(&memory, true, answer).await.unwrap();
    assert!(memory.folded("here").is_empty());
    let mut rows = BTreeMap::new();
    outbox.each_row_of(&BotName::new("shared"), |key, value| drop(rows.insert(key, value)));
    assert_eq!((rows.len(), rows), (2, memory.folded("shared")), "an entry, and that it was answered");
}

#[tokio::test]
async fn whoever_was_fenced_off_keeps_nothing() {
    let (_dir, outbox, memory) = house();
    memory.put("shared", Place::Mirrored);
    let (bot, room) = (BotName::new("shared"), RoomId::new("shared/1"));
    let refused = |result: Result<_, OutboxError>| matches!(result, Err(OutboxError::NotKept(StoreError::Elsewhere)));
    let answer = outbox.answer("shared/1/1", &room, said("too late"));
    assert!(refused(meanwhile(&memory, false, answer).await.map(drop)));
    assert!(refused(meanwhile(&memory, false, outbox.derived(&bot, Position(3), Vec::new())).await));
    memory.put("shared", Place::Elsewhere);
    assert!(refused(outbox.answer("shared/1/2", &room, said("not ours")).await.map(drop)));
    assert!(refused(outbox.remember(&bot, "offset", "7").await));
    assert_eq!(outbox.memo(&bot, "offset"), None);
    // What another node wrote is written all the same.
    outbox.apply_rows(&bot, vec![(b"kshared\0offset".to_vec(), Some(b"\x01\"9\"".to_vec()))]).await.unwrap();
    assert_eq!(outbox.memo(&bot, "offset").as_deref(), Some("9"));
    outbox.put_down(&bot).await;
    assert_eq!(outbox.stats(&bot).queued, 0, "what was never kept waits for nobody");
    assert_eq!(memory.let_through(true), 0);
}

#[tokio::test]
async fn a_sync_waits_for_what_was_handed_over_before() {
    let (_dir, outbox, memory) = house();
    memory.put("shared", Place::Mirrored);
    outbox.refresh_boards(&BotName::new("shared"), [RoomId::new("shared/1")]);
    meanwhile(&memory, true, outbox.sync()).await.unwrap();
    assert_eq!(memory.folded("shared").len(), 1);
    // What is refused there is refused to those who waited for it; a sync only waits.
    outbox.refresh_boards(&BotName::new("shared"), [RoomId::new("shared/2")]);
    meanwhile(&memory, false, outbox.sync()).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Folding what was handed over gives the rows there are here, whatever was written and however it was grouped.
    #[test]
    fn what_is_kept_there_is_what_is_kept_here(
        writes in proptest::collection::vec((0usize..2, 0u8..6, 0usize..30_000), 1..40), together in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_dir, outbox, memory) = house();
            let bots = ["one", "two"].map(BotName::new);
            bots.iter().for_each(|bot| memory.put(bot.as_str(), Place::Mirrored));
            let write = |n: usize, bot: usize, kind: u8, size: usize| {
                let (outbox, bot) = (outbox.clone(), bots[bot].clone());
                async move {
                    let room = RoomId::new(format!("{bot}/{}", n % 3));
                    match kind {
                        0 | 1 => drop(outbox.remember(&bot, &format!("m{}", n % 4), &"x".repeat(size)).await),
                        2 => drop(outbox.derived(&bot, Position(n as u64), Vec::new()).await),
                        3 => outbox.refresh_boards(&bot, [room]),
                        _ => drop(outbox.answer(&format!("{bot}/1/{n}"), &room, said(&"y".repeat(size))).await),
                    }
                }
            };
            let mut all = tokio::task::JoinSet::new();
            for (n, (bot, kind, size)) in writes.into_iter().enumerate() {
                let write = write(n, bot, kind, size);
                if together {
                    all.spawn(write);
                } else {
                    meanwhile(&memory, true, write).await;
                }
            }
            meanwhile(&memory, true, async { while all.join_next().await.is_some() {} }).await;
            meanwhile(&memory, true, outbox.sync()).await.unwrap();
            for bot in &bots {
                let mut rows = BTreeMap::new();
                outbox.each_row_of(bot, |key, value| drop(rows.insert(key, value)));
                assert_eq!(rows, memory.folded(bot.as_str()));
            }
        });
    }
}

#[test]
fn a_promise_of_parts_is_told_once_all_are_known() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    for broken in [None, Some(0), Some(2)] {
        let tell = Arc::clone(&heard);
        let told: Told = Box::new(move |result| tell.lock().unwrap().push(result.is_ok()));
        for (n, part) in parts(told, 3).into_iter().enumerate() {
            part(if broken == Some(n) { Err(StoreError::Closed) } else { Ok(()) });
            let expected = usize::from(n == 2);
            assert_eq!(heard.lock().unwrap().len(), expected);
        }
        assert_eq!(heard.lock().unwrap().pop(), Some(broken.is_none()));
    }
}
