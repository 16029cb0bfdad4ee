//! The spool: what is kept is there after anything, in order, once; what is done with is gone.

use std::{fs, path::Path, time::Duration};

use proptest::prelude::*;

use super::{
    row::tests::{message, saved},
    *,
};

fn settings() -> SpoolSettings {
    SpoolSettings { waiting_max: 100, free_space_floor_mb: 1 }
}

fn open(dir: &Path) -> Spool {
    Spool::open(&dir.join("spool"), settings()).unwrap()
}

async fn texts(spool: &Spool) -> Vec<String> {
    spool.first(usize::MAX, |_, _| true).await.into_iter().map(|next| next.saved.inbound.id).collect()
}

fn id(n: impl fmt::Display) -> String {
    format!("telegram/-1001/45/{n}")
}

/// Waits for the thread of a spool that was dropped.
fn closed(dir: &Path, there: bool) {
    for _ in 0..2_000 {
        if dir.join("spool").exists() == there {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("it does not close");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_there_in_order_until_it_is_done_with() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    assert!(spool.is_empty() && !dir.path().join("spool").exists());
    for n in 0..5 {
        spool.keep(message(&format!("{n}"), &"x".repeat(n * 30_000))).await.unwrap();
    }
    assert!(spool.holds(&id(3)) && !spool.holds(&id(7)));
    let room = RoomId::new("telegram/-1001/45");
    assert_eq!((spool.waiting_in(&room), spool.waits().waiting), (5, 5));
    let first = spool.first(2, |_, _| true).await;
    assert_eq!(first[1].saved.inbound.id, id(1));
    spool.done(&first[0]);
    assert_eq!(texts(&spool).await, [id(1), id(2), id(3), id(4)]);
    drop(spool);
    let spool = open(dir.path());
    assert_eq!(texts(&spool).await, [id(1), id(2), id(3), id(4)]);
    assert_eq!(spool.waits().since, Some("2026-11-20T09:00:00Z".parse().unwrap()));
    // Whatever the clock says now, what comes later stands behind.
    spool.keep(message("5", "x")).await.unwrap();
    assert_eq!(texts(&spool).await.last(), Some(&id(5)));
    assert!(spool.first(9, |_, _| false).await.is_empty());
    for next in spool.first(9, |_, _| true).await {
        spool.done(&next);
    }
    spool.sync().await.unwrap();
    assert!(spool.is_empty() && spool.waiting_in(&room) == 0);
    drop(spool);
    closed(dir.path(), false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_it_is_left_on_disk_while_it_runs_either() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for round in 0..2 {
        spool.keep(message(&format!("{round}"), "a secret")).await.unwrap();
        let next = spool.first(1, |_, _| true).await;
        spool.done(&next[0]);
        closed(dir.path(), false);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_may_go_away() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    {
        let keeping = spool.keep(message("1", "x"));
        tokio::pin!(keeping);
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(keeping.as_mut().poll(context))).await;
        assert!(polled.is_pending());
    }
    // Its room waits from the moment it was handed over.
    assert_eq!(spool.waiting_in(&RoomId::new("telegram/-1001/45")), 1);
    tokio::time::timeout(Duration::from_secs(10), spool.arrives()).await.unwrap();
    assert!(spool.holds(&id(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("spool");
    let spool = Spool::open(&at, SpoolSettings { waiting_max: 1, ..settings() }).unwrap();
    let long = message("0", &"x".repeat(ROW_BYTES_MAX));
    assert!(matches!(spool.keep(long).await, Err(SpoolError::TooLong(_))));
    spool.keep(message("1", "x")).await.unwrap();
    assert_eq!(spool.keep(message("2", "x")).await, Err(SpoolError::Full(1)));
    drop(spool);
    let full = SpoolSettings { free_space_floor_mb: u64::MAX, ..settings() };
    let spool = Spool::open(&at, full).unwrap();
    assert!(matches!(spool.keep(message("2", "x")).await, Err(SpoolError::NoSpace { .. })));
    // What is there goes on, and what was refused does not count as waiting.
    assert_eq!(spool.waiting_in(&RoomId::new("telegram/-1001/45")), 1);
    assert_eq!(texts(&spool).await, [id(1)]);
}

/// The file of the only database.
fn database(dir: &Path) -> PathBuf {
    fs::read_dir(dir.join("spool")).unwrap().next().unwrap().unwrap().path().join("db")
}

fn damage(dir: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = database(dir);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

fn flip(bytes: &mut [u8], what: &[u8]) {
    let at: Vec<usize> =
        bytes.windows(what.len()).enumerate().filter(|(_, it)| *it == what).map(|(at, _)| at).collect();
    at.into_iter().for_each(|at| bytes[at] ^= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_is_lost_alone_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..3 {
        spool.keep(message(&format!("{n}"), &format!("number {n} of them"))).await.unwrap();
    }
    drop(spool);
    damage(dir.path(), |bytes| flip(bytes, b"number 1 of them"));
    let spool = open(dir.path());
    assert_eq!(texts(&spool).await, [id(0), id(2)]);
    // sled takes it for the end of its log and drops what stands behind; it is still in the file.
    let waits = spool.waits();
    assert_eq!((waits.waiting, waits.aside + waits.damaged), (2, 1), "{waits:?}");
    assert_eq!(spool.lost().len(), 1);
    assert!(spool.lost().is_empty(), "told once");
    drop(spool);
    let waits = peek(&dir.path().join("spool")).unwrap().unwrap();
    assert_eq!((waits.waiting, waits.aside + waits.damaged), (2, 1), "it lies there until somebody looks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_opened_gives_what_is_still_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..20 {
        spool.keep(message(&format!("{n:02}"), "still here")).await.unwrap();
    }
    drop(spool);
    // The beginning of its first segment.
    damage(dir.path(), |bytes| bytes[..16].fill(0x5a));
    for snapshot in fs::read_dir(database(dir.path()).parent().unwrap()).unwrap().flatten() {
        if snapshot.file_name().to_string_lossy().starts_with("snap.") {
            fs::write(snapshot.path(), b"nonsense").unwrap();
        }
    }
    let spool = open(dir.path());
    // However sled takes it: as damaged, as empty, or as whole.
    assert_eq!(texts(&spool).await, (0..20).map(|n| id(format!("{n:02}"))).collect::<Vec<_>>());
    assert_eq!(spool.lost().len(), spool.waits().damaged);
    spool
        .keep(saved(
            "telegram/-1001/45/new",
            yoman_chat::Said::Deleted {
                message: yoman_chat::MessageRef { room: RoomId::new("telegram/-1001/45"), id: "1".into() },
            },
        ))
        .await
        .unwrap();
    drop(spool);
    let spool = open(dir.path());
    assert_eq!(texts(&spool).await.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_with_never_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..10 {
        spool.keep(message(&format!("{n}"), &format!("number {n} of them"))).await.unwrap();
    }
    for next in spool.first(4, |_, _| true).await {
        spool.done(&next);
    }
    spool.sync().await.unwrap();
    drop(spool);
    // The last of those that wait: everything that sled finds before it stays as it is.
    damage(dir.path(), |bytes| flip(bytes, b"number 9 of them"));
    let spool = open(dir.path());
    assert_eq!(texts(&spool).await, [4, 5, 6, 7, 8].map(id));
    assert_eq!(spool.waits().aside, 1);
}

#[test]
fn nothing_waits_where_nothing_is() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(peek(&dir.path().join("spool")).unwrap(), None);
    fs::write(dir.path().join("spool"), "a file").unwrap();
    assert!(matches!(Spool::open(&dir.path().join("spool"), settings()).map(drop), Ok(())));
}

/// What is done to a spool.
#[derive(Clone, Debug)]
enum Step {
    Keep(u8),
    /// The first is decided.
    Done,
    /// The process ends and another begins.
    Again,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is kept, done with and opened again: what waits is what a list would say.
    #[test]
    fn it_is_a_list(steps in prop::collection::vec(
        prop_oneof![4 => (0..4_u8).prop_map(Step::Keep), 2 => Just(Step::Done), 1 => Just(Step::Again)],
        1..30,
    )) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let mut spool = open(dir.path());
            let mut model: std::collections::VecDeque<String> = std::collections::VecDeque::new();
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Keep(size) => {
                        spool.keep(message(&format!("{n}"), &"y".repeat(usize::from(size) * 20_000))).await.unwrap();
                        model.push_back(id(n));
                    }
                    Step::Done => {
                        for next in spool.first(1, |_, _| true).await {
                            prop_assert_eq!(Some(&next.saved.inbound.id), model.front());
                            spool.done(&next);
                            model.pop_front();
                        }
                    }
                    Step::Again => {
                        drop(spool);
                        spool = open(dir.path());
                    }
                }
                prop_assert_eq!(texts(&spool).await, Vec::from(model.clone()));
                prop_assert_eq!(spool.waiting_in(&RoomId::new("telegram/-1001/45")), model.len());
            }
            Ok(())
        })?;
    }
}
