//! What the store promises.

use std::{fs, path::Path, sync::Arc};

use tempfile::tempdir;

use super::super::key::{self, Ops};
use super::{MemoryDisk, OpenError, Store, StoreError};

fn open(dir: &Path) -> Store {
    Store::open(dir, 0).unwrap()
}

fn put(key: &[u8], value: &str) -> Ops {
    let mut ops = Ops::default();
    ops.put(key.to_vec(), &value);
    ops
}

fn read(store: &Store, key: &[u8]) -> Option<String> {
    key::decode(key, Some(store.get(key)?))
}

#[tokio::test]
async fn what_is_durable_is_there_after_opening_again_long_values_too() {
    let home = tempdir().unwrap();
    let dir = home.path().join("state/bots");
    let long = "längere Zeile ".repeat(5000);
    {
        let store = open(&dir);
        store.submit_durable(put(b"kshort", "short"), None).await.unwrap().unwrap();
        store.submit_durable(put(b"klong", &long), None).await.unwrap().unwrap();
        let mut ops = put(b"kgone", &long);
        let bytes = ops.put(b"kgone".to_vec(), &long);
        ops.remove(b"kgone".to_vec(), bytes);
        store.submit_durable(ops, None).await.unwrap().unwrap();
        assert!(matches!(Store::open(&dir, 0), Err(OpenError::Busy { .. })), "one process at a time");
    }
    let store = open(&dir);
    assert_eq!(read(&store, b"kshort").as_deref(), Some("short"));
    assert_eq!(read(&store, b"klong"), Some(long));
    assert_eq!(read(&store, b"kgone"), None);
    let mut rows = 0;
    store.scan(b"z", None, |key, _| {
        assert!(key.starts_with(b"zklong"), "a row of what was removed is left");
        rows += 1;
        true
    });
    assert!(rows > 4);
    assert_eq!(fs::read_dir(dir.join("blobs")).map_or(0, Iterator::count), 0, "blobs are never synced");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn a_damaged_store_is_put_aside_and_a_half_made_snapshot_removed() {
    let home = tempdir().unwrap();
    let dir = home.path().join("bots");
    {
        let store = open(&dir);
        store.submit_durable(put(b"k1", "before"), None).await.unwrap().unwrap();
    }
    fs::write(dir.join("snap.00000000000000FF.generating"), "half").unwrap();
    drop(open(&dir));
    assert!(!dir.join("snap.00000000000000FF.generating").exists());
    let conf = "segment_size: nonsense\nuse_compression: maybe\n";
    wait_until_closed(&dir);
    fs::write(dir.join("conf"), conf).unwrap();
    let store = open(&dir);
    assert_eq!(read(&store, b"k1"), None);
    store.submit_durable(put(b"k1", "after"), None).await.unwrap().unwrap();
    let aside: Vec<_> = fs::read_dir(home.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(aside.iter().any(|name| name.to_string_lossy().starts_with("bots.damaged-")), "{aside:?}");
}

/// The writer's thread holds the files for a moment after the drop.
fn wait_until_closed(dir: &Path) {
    drop(open(dir));
    std::thread::sleep(std::time::Duration::from_millis(100));
}

#[test]
fn what_waits_is_written_together_in_order_and_everyone_is_told() {
    let home = tempdir().unwrap();
    let store = Arc::new(open(home.path()));
    let (told, hears) = std::sync::mpsc::channel();
    for n in 0..500_u32 {
        let told = told.clone();
        let done = Box::new(move |result: Result<(), StoreError>| told.send((n, result)).unwrap());
        store.submit(put(b"k1", &n.to_string()), Some(done));
    }
    for n in 0..500 {
        assert_eq!(hears.recv().unwrap(), (n, Ok(())));
    }
    assert_eq!(read(&store, b"k1").as_deref(), Some("499"));
}

#[tokio::test]
async fn without_space_what_has_happened_is_written_later_and_the_rest_refused() {
    let home = tempdir().unwrap();
    let store = Store::open(home.path(), u64::MAX).unwrap();
    let refused = store.submit_durable(put(b"k1", "refused"), None).await.unwrap();
    assert!(matches!(refused, Err(StoreError::Full { .. })));
    assert_eq!(store.refusing(), refused.err());
    assert_eq!(read(&store, b"k1"), None);
}

/// Hands it over and waits until it is flushed.
async fn flushed(store: &Store, ops: Ops) -> Result<(), StoreError> {
    let (told, hears) = tokio::sync::oneshot::channel();
    store.submit_owed(ops, Some(Box::new(move |result| drop(told.send(result)))));
    hears.await.unwrap()
}

#[tokio::test]
async fn on_a_disk_in_memory_a_power_cut_takes_what_was_not_synced_and_a_kill_nothing() {
    let disk = MemoryDisk::new();
    let store = Store::in_memory(&disk, 0);
    store.submit_durable(put(b"k1", "synced"), None).await.unwrap().unwrap();
    assert_eq!(disk.unsynced(), 0);
    flushed(&store, put(b"k1", "flushed")).await.unwrap();
    flushed(&store, put(b"k2", &"long ".repeat(9000))).await.unwrap();
    drop(store);

    let again = Store::in_memory(&disk, 0);
    assert_eq!(read(&again, b"k1").as_deref(), Some("flushed"));
    assert_eq!(disk.unsynced(), 2);
    disk.lose_power(1);
    assert_eq!((read(&again, b"k1").as_deref(), read(&again, b"k2")), (Some("flushed"), None));
    flushed(&again, put(b"k1", "flushed again")).await.unwrap();
    disk.lose_power(0);
    assert_eq!(read(&again, b"k1").as_deref(), Some("flushed"), "what the cut before left was on the disk");
    again.sync().await.unwrap();
    let mut rows = 0;
    again.scan_raw(|_, _| rows += 1);
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn what_is_owed_beyond_what_is_remembered_is_counted() {
    let disk = MemoryDisk::new();
    let store = Store::in_memory(&disk, 1);
    disk.fill(true);
    for n in 0..9000_u32 {
        assert!(matches!(flushed(&store, put(b"k1", &n.to_string())).await, Err(StoreError::Full { .. })));
    }
    assert_eq!(store.given_up(), 9000 - 8192);
    assert!(store.refusing().is_some());
    disk.fill(false);
    flushed(&store, put(b"k2", "on")).await.unwrap();
    assert_eq!((read(&store, b"k1").as_deref(), read(&store, b"k2").as_deref()), (Some("8191"), Some("on")));
    disk.be_broken(true);
    assert!(matches!(flushed(&store, put(b"k3", "never")).await, Err(StoreError::Failed(_))));
}

#[test]
fn a_row_nobody_can_read_is_passed_over() {
    assert_eq!(key::decode::<u64>(b"d1", Some(b"\"text\"".to_vec())), None);
    assert_eq!(key::decode::<u64>(b"d1", None), None);
    let newer = key::value_of::<()>(b"d1", &[9, 1, 2], |_| Ok(None));
    assert_eq!(newer, Ok(None));
    let incomplete = key::value_of::<()>(b"d1", &[2, 0, 2, b'"'], |_| Ok(None));
    assert_eq!(incomplete, Ok(None));
}
