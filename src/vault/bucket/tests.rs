//! Two nodes' vaults on the real server, with the permissions of config/deploy/nats.conf.

use std::{fs, path::Path};

use tempfile::TempDir;
use yoman_stand_ins::nats::{Server, Setup};

use super::super::{SealedLog, Vault};
use super::*;
use crate::log::{
    Append, AppendError, EventLog, Position,
    contract::{append, event},
    jetstream::Hidden,
    memory::MemoryLog,
};

/// NATS, the log all nodes read, and a directory for each node.
struct House {
    dir: TempDir,
    server: Server,
    log: Arc<MemoryLog>,
}

struct Node {
    vault: Arc<Vault>,
    log: SealedLog,
}

/// The accounts and permissions as they are deployed, with a password in the place of each.
fn permissions() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/deploy/nats.conf");
    let text = fs::read_to_string(file).unwrap();
    let at = text.find("NODE = {").unwrap();
    text[at..].replace("password: $NATS_", "password: secret_")
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup { more: permissions(), ..Setup::default() };
        let server = Server::start_with(&dir.path().join("nats"), &setup).unwrap();
        Self { dir, server, log: Arc::new(MemoryLog::new()) }
    }

    fn settings(&self) -> NatsSettings {
        NatsSettings {
            servers: vec![self.server.url()],
            prefix: "yoman".into(),
            replicas: 1,
            user: "yoman".into(),
            password: Some(Hidden::new("secret_PASSWORD")),
            ..NatsSettings::default()
        }
    }

    fn vault(&self, name: &str) -> Result<Vault, VaultError> {
        Vault::open_shared(self.dir.path().join(name), self.settings())
    }

    fn node(&self, name: &str) -> Node {
        let vault = Arc::new(self.vault(name).unwrap());
        let log = SealedLog::open(Arc::clone(&self.log) as Arc<dyn EventLog>, Arc::clone(&vault), true).unwrap();
        Node { vault, log }
    }

    /// Whether some text is in a file of the server.
    fn is_on_nats(&self, text: &str) -> bool {
        fn look(dir: &Path, text: &str) -> bool {
            fs::read_dir(dir).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => look(&path, text),
                    false => fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()),
                }
            })
        }
        look(&self.dir.path().join("nats/jetstream"), text)
    }

    /// The secret part of a key as it is written.
    fn secret(&self, name: &str, person: u32) -> String {
        let text = fs::read_to_string(self.dir.path().join(name).join(format!("person-{person}.key"))).unwrap();
        text.lines().find_map(|line| line.strip_prefix("key ")).unwrap().to_owned()
    }
}

impl Node {
    async fn say(&self, person: u32, n: u64) -> Result<Position, AppendError> {
        self.log.append(said(person, n)).await.map(|appended| appended.commit.position)
    }

    fn title(&self, position: Position) -> String {
        let commit = self.log.read_at(position).unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_str(commit.events[0].data.get()).unwrap();
        value["title"].as_str().unwrap().to_owned()
    }
}

fn said(person: u32, n: u64) -> Append {
    let mut append = append(&format!("todo/{n}"), 0, &format!("c/{person}/{n}"));
    append.events = vec![event("todo_created", &format!(r#"{{"title":"Title {n}"}}"#))];
    append.meta.actor = PersonId(person).stream();
    append
}

fn forgotten(person: u32) -> Append {
    let mut append = append(&PersonId(person).stream(), 0, &format!("forget/{person}"));
    append.events = vec![event("person_forgotten", "{}")];
    append.meta.actor = PersonId(1).stream();
    append
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_seals_another_opens() {
    let house = House::new();
    let (one, two) = (house.node("one"), house.node("two"));
    let at = one.say(3, 1).await.unwrap();
    assert_eq!(two.title(at), "Title 1");
    let at = two.say(3, 2).await.unwrap();
    assert_eq!((one.title(at).as_str(), house.secret("one", 3)), ("Title 2", house.secret("two", 3)));
    // A node that comes later has them all before anything is read.
    let three = house.node("three");
    assert_eq!(house.secret("three", 3), house.secret("one", 3));
    assert!(three.vault.is_shared() && three.vault.warnings().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_make_a_key_at_once_one_wins() {
    let house = House::new();
    let vaults: Vec<_> = ["one", "two", "three"].into_iter().map(|name| house.vault(name).unwrap()).collect();
    for person in 1..=20 {
        let ids: Vec<_> = std::thread::scope(|scope| {
            let making: Vec<_> = vaults.iter().map(|vault| scope.spawn(|| vault.make(PersonId(person)))).collect();
            making.into_iter().map(|made| made.join().unwrap().unwrap().id()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(house.secret("one", person), house.secret("three", person));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_forgotten_is_forgotten_everywhere_for_ever() {
    let house = House::new();
    let (one, two) = (house.node("one"), house.node("two"));
    let at = one.say(3, 1).await.unwrap();
    assert_eq!(two.title(at), "Title 1");
    let secret = house.secret("one", 3);
    assert!(house.is_on_nats(&secret));
    drop(house.node("down"));
    assert_eq!(house.secret("down", 3), secret);

    one.log.append(forgotten(3)).await.unwrap();
    assert!(one.vault.warnings().is_empty(), "{:?}", one.vault.warnings());
    assert!(!house.is_on_nats(&secret), "overwritten, not only out of sight");
    assert_eq!(one.title(at), "forgotten");
    // The other node, when the event comes by.
    two.vault.forgotten_elsewhere(PersonId(3));
    assert_eq!(two.title(at), "forgotten");
    assert!(!two.vault.path(PersonId(3)).exists() && two.vault.purge_is_due());
    // One that was down.
    let down = house.node("down");
    assert!(!down.vault.path(PersonId(3)).exists());
    assert_eq!(down.title(at), "forgotten");
    // One that has not heard of it makes no new key in its place.
    let late = house.vault("late").unwrap();
    assert_eq!(late.make(PersonId(3)).unwrap_err(), VaultError::Forgotten(PersonId(3)));
    assert!(!late.path(PersonId(3)).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nats_away_what_is_known_goes_on() {
    let mut house = House::new();
    let one = house.node("one");
    one.say(1, 9).await.unwrap();
    let at = one.say(3, 1).await.unwrap();
    let secret = house.secret("one", 3);
    house.server.kill().unwrap();
    let two = one.say(3, 2).await.unwrap();
    assert_eq!((one.title(at).as_str(), one.title(two).as_str()), ("Title 1", "Title 2"));
    let refused = one.say(4, 3).await.unwrap_err();
    assert!(matches!(refused, AppendError::Away(_)), "{refused:?}");
    // Also at a start.
    let again = house.node("one");
    assert_eq!(again.title(two), "Title 2");
    // Forgetting is owed until it is back.
    again.log.append(forgotten(3)).await.unwrap();
    let warnings = again.vault.warnings();
    assert!(warnings.iter().any(|warning| warning.contains("could not be destroyed")), "{warnings:?}");
    assert_eq!(again.title(two), "forgotten");

    house.server.restart().unwrap();
    while !again.vault.warnings().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!house.is_on_nats(&secret));
    let one = house.node("one");
    one.say(4, 3).await.unwrap();
    assert_eq!(house.node("two").title(Position(5)), "Title 3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_another_log_are_not_mixed_in() {
    let house = House::new();
    house.node("one").say(3, 1).await.unwrap();
    let other = Vault::open(house.dir.path().join("two")).unwrap();
    other.make(PersonId(3)).unwrap();
    let error = house.vault("two").unwrap_err().to_string();
    assert!(error.contains("the keys of another log"), "{error}");
    // One that was only damaged is whole again.
    let path = house.dir.path().join("one/person-3.key");
    fs::write(&path, "yoman key 1\nperson 3\n").unwrap();
    assert_eq!(house.node("one").title(Position(1)), "Title 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_mark_and_key_is_made_good() {
    let house = House::new();
    let one = house.node("one");
    one.say(3, 1).await.unwrap();
    let secret = house.secret("one", 3);
    let bucket = Bucket::open(house.dir.path().join("one"), house.settings()).unwrap();
    // The mark alone, as if the process had died right after it.
    let shared = Arc::clone(&bucket.shared);
    let marked = bucket.ask(async move {
        let newest = shared.stream().await?.get_last_raw_message_by_subject(&shared.subject(PersonId(3))).await;
        shared.put(PersonId(3), mark(PersonId(3)).as_bytes(), newest.map_err(away)?.sequence).await
    });
    marked.unwrap();
    assert!(house.is_on_nats(&secret));
    bucket.destroy(PersonId(3)).unwrap();
    assert!(!house.is_on_nats(&secret));
    bucket.destroy(PersonId(3)).unwrap();
    assert!(matches!(bucket.fetch(PersonId(3)).unwrap(), Some(Kept::Forgotten)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_go_with_their_log_and_come_back() {
    let house = House::new();
    let dir = |name: &str| house.dir.path().join(name);
    let before = {
        let vault = Arc::new(Vault::open(dir("one")).unwrap());
        let log = Arc::clone(&house.log) as Arc<dyn EventLog>;
        Node { log: SealedLog::open(log, Arc::clone(&vault), true).unwrap(), vault }
    };
    let at = before.say(3, 1).await.unwrap();
    before.say(4, 2).await.unwrap();
    let secret = house.secret("one", 4);
    let old = fs::read(before.vault.path(PersonId(4))).unwrap();
    before.log.append(forgotten(4)).await.unwrap();
    drop(before);
    // An old copy of a key that was destroyed.
    fs::write(dir("one/person-4.key"), old).unwrap();
    for _ in 0..2 {
        Vault::share(dir("one"), house.settings(), Arc::clone(&house.log) as Arc<dyn EventLog>).unwrap();
    }
    assert!(!house.is_on_nats(&secret));
    assert_eq!(house.node("two").title(at), "Title 1");
    assert_eq!(house.vault("three").unwrap().make(PersonId(4)).unwrap_err(), VaultError::Forgotten(PersonId(4)));

    house.node("two").say(5, 3).await.unwrap();
    Vault::copy_shared(dir("back"), house.settings()).unwrap();
    for person in [3, 5] {
        assert_eq!(house.secret("back", person), house.secret("two", person));
    }
    assert!(!dir("back/person-4.key").exists());
    // Keys of another log do not get there.
    let other = Vault::open(dir("other")).unwrap();
    other.make(PersonId(5)).unwrap();
    let refused = Vault::share(dir("other"), house.settings(), Arc::new(MemoryLog::new())).unwrap_err().to_string();
    assert!(refused.contains("another log"), "{refused}");
}
