//! The vault from outside: what lies in the log beneath, what comes back, and what no longer does.

use std::{ops::ControlFlow, sync::Arc};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{SealedLog, Vault, seal};
use crate::{
    domain::PersonId,
    log::{
        Append, AppendError, Commit, Entry, EventLog, Expected, Position, StreamId,
        contract::{self, append, event},
        memory::MemoryLog,
        sled::{Options, SledLog},
    },
};

struct House {
    dir: TempDir,
    beneath: Arc<MemoryLog>,
    log: SealedLog,
}

impl House {
    fn new() -> Self {
        Self::with(true)
    }

    fn with(sealed: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let beneath = Arc::new(MemoryLog::new());
        let log = over(&beneath, &dir, sealed);
        Self { dir, beneath, log }
    }

    /// As after a restart: nothing is cached.
    fn again(&mut self, sealed: bool) {
        self.log = over(&self.beneath, &self.dir, sealed);
    }

    async fn put(&self, append: Append) -> Arc<Commit> {
        self.log.append(append).await.unwrap().commit
    }

    fn beneath(&self, position: Position) -> Commit {
        Commit::clone(&self.beneath.read_at(position).unwrap().unwrap())
    }

    fn opened(&self, position: Position) -> Commit {
        Commit::clone(&self.log.read_at(position).unwrap().unwrap())
    }

    fn key(&self, person: u32) -> std::path::PathBuf {
        self.log.vault().path(PersonId(person))
    }
}

fn over(beneath: &Arc<MemoryLog>, dir: &TempDir, sealed: bool) -> SealedLog {
    let vault = Arc::new(Vault::open(dir.path().join("keys")).unwrap());
    SealedLog::open(Arc::clone(beneath) as Arc<dyn EventLog>, vault, sealed).unwrap()
}

/// Somebody says something on a stream.
fn said(person: u32, stream: &str, expected: u64, command: &str, event_name: &str, json: &str, text: &str) -> Append {
    let mut append = append(stream, expected, command);
    append.events = vec![event(event_name, json)];
    append.meta.actor = PersonId(person).stream();
    append.meta.text = text.to_owned();
    append
}

fn forgotten(person: u32, version: u64) -> Append {
    said(1, &PersonId(person).stream(), version, &format!("forget/{person}"), "person_forgotten", "{}", "")
}

fn field(commit: &Commit, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(commit.events[0].data.get()).unwrap();
    value.pointer(&format!("/{name}")).unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_of_a_log_holds() {
    for sealed in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let over = |beneath: Arc<dyn EventLog>, name: &str| {
            let vault = Arc::new(Vault::open(dir.path().join(format!("{name}.keys"))).unwrap());
            SealedLog::open(beneath, vault, sealed).unwrap()
        };
        contract::run_behind(async || over(Arc::new(MemoryLog::new()), "memory")).await;
        let open = |name: &str| {
            let options = Options { free_space_floor_mb: 1, lock_wait_ms: 5000, ..Options::new(dir.path().join(name)) };
            Arc::new(SledLog::open(options).unwrap())
        };
        let next = std::sync::atomic::AtomicU32::new(0);
        contract::run_behind(async || {
            over(open(&format!("s{}", next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))), "sled")
        })
        .await;
        contract::run_durable(async |name| over(open(name), name)).await;
    }
}

#[tokio::test]
async fn nothing_a_person_said_lies_in_the_log() {
    let house = House::new();
    let json = r#"{"attachment":{"bot":"console","kind":"photo","file_id":"FILEID","name":"NAME.txt","bytes":1}}"#;
    let all = [
        said(1, "todo/1", 0, "c/1", "todo_created", r#"{"title":"TITLE","body":"BODY","from":"I1"}"#, "/todo TYPED"),
        said(1, "todo/1", 1, "c/2", "attached", json, ""),
        said(1, "todo/1", 2, "c/3", "linked", r#"{"relation":"related","to":{"url":"https://URL/"}}"#, "/link TYPED"),
        said(
            1,
            "person/2",
            0,
            "c/4",
            "person_paired",
            r#"{"name":"NAME","handle":"HANDLE","identity":"x/IDENTITY","role":"guest"}"#,
            "/pair TYPED",
        ),
    ];
    for append in all {
        let commit = house.put(append.clone()).await;
        let beneath = house.beneath(commit.position);
        let bytes = serde_json::to_string(&beneath).unwrap();
        for word in ["TITLE", "BODY", "TYPED", "FILEID", "NAME", "URL", "HANDLE", "IDENTITY"] {
            assert!(!bytes.contains(word), "{word} in {bytes}");
        }
        assert_eq!((&commit.events, &commit.meta.text), (&append.events, &append.meta.text));
        assert_eq!(house.opened(commit.position), *commit);
        assert_eq!(house.log.find_command(&append.meta.command).unwrap().unwrap(), commit);
        assert_eq!(house.log.append(append).await.unwrap().commit, commit, "a repeat is opened too");
    }
    // A person's own name is under their own key, though another let them in.
    assert!(house.key(1).exists() && house.key(2).exists());
    assert!(house.beneath(Position(4)).events[0].data.get().contains("~sealed:2."));
}

#[tokio::test]
async fn a_forgotten_person_is_forgotten_for_ever() {
    let mut house = House::new();
    let paired = r#"{"name":"Dana","handle":"dana","identity":"x/4711","role":"owner"}"#;
    house.put(said(1, "person/2", 0, "c/1", "person_paired", paired, "")).await;
    house.put(said(2, "todo/1", 0, "c/2", "todo_created", r#"{"title":"Hers"}"#, "/todo Hers")).await;
    house.put(said(1, "todo/2", 0, "c/3", "todo_created", r#"{"title":"His"}"#, "/todo His")).await;
    let key = std::fs::read(house.key(2)).unwrap();
    let hash = house.beneath.head().hash;
    let mut live = house.log.live();
    house.put(forgotten(2, 1)).await;
    assert!(!house.key(2).exists());
    assert_eq!(live.recv().await.unwrap().position, Position(4));
    for round in 0..3 {
        let dana = house.opened(Position(1));
        assert_eq!((field(&dana, "name"), field(&dana, "handle")), ("forgotten".into(), "forgotten-2".into()));
        assert_eq!(field(&dana, "identity"), "(forgotten)/2");
        assert!(crate::domain::stored::decode(&dana.events[0]).is_ok());
        let hers = house.opened(Position(2));
        assert_eq!((field(&hers, "title"), hers.meta.text), ("forgotten".into(), "forgotten".into()));
        assert_eq!(field(&house.opened(Position(3)), "title"), "His");
        let refused = house.log.append(said(2, "todo/3", 0, "c/9", "noted", r#"{"text":"x"}"#, "")).await.unwrap_err();
        assert_eq!(refused, AppendError::Unacceptable("person 2 was forgotten".into()));
        assert!(!house.key(2).exists(), "never made again");
        if round == 1 {
            // An old copy of keys/ was put back.
            std::fs::write(house.key(2), &key).unwrap();
        }
        house.again(true);
    }
    assert!(!house.key(2).exists() && house.log.vault().purge_is_due());
    assert_ne!(house.beneath.head().hash, hash, "one commit more, and none less");
    assert!(house.log.health().warnings.iter().all(|warning| !warning.contains("person")), "{:?}", house.log.health());
}

#[tokio::test]
async fn a_kill_before_the_key_was_destroyed_is_made_good_at_the_next_start() {
    let mut house = House::new();
    house.put(said(2, "todo/1", 0, "c/1", "todo_created", r#"{"title":"Hers"}"#, "/todo Hers")).await;
    // The event alone, as if the process had died right after it.
    house.beneath.append(forgotten(2, 0)).await.unwrap();
    assert!(house.key(2).exists());
    assert_eq!(field(&house.opened(Position(1)), "title"), "Hers");
    house.again(true);
    assert!(!house.key(2).exists() && house.log.vault().purge_is_due());
    assert_eq!(field(&house.opened(Position(1)), "title"), "forgotten");
    house.log.vault().purged().unwrap();
    assert!(!house.log.vault().purge_is_due());
}

#[tokio::test]
async fn a_missing_key_is_no_forgotten_person() {
    let mut house = House::new();
    let paired = r#"{"name":"Dana","handle":"dana","identity":"x/4711","role":"owner"}"#;
    house.put(said(2, "person/2", 0, "c/1", "person_paired", paired, "")).await;
    house.put(said(2, "todo/1", 0, "c/2", "todo_created", r#"{"title":"Hers","body":"b"}"#, "")).await;
    let key = std::fs::read(house.key(2)).unwrap();
    std::fs::remove_file(house.key(2)).unwrap();
    house.again(true);
    let hers = house.opened(Position(2));
    assert_eq!(field(&hers, "title"), "(sealed: key missing)");
    assert!(crate::domain::stored::decode(&house.opened(Position(1)).events[0]).is_ok());
    assert!(house.log.health().warnings.iter().any(|warning| warning.contains("keys/person-2.key is missing")));
    let refused = house.log.append(said(2, "todo/2", 0, "c/3", "noted", r#"{"text":"x"}"#, "")).await.unwrap_err();
    assert!(refused.to_string().contains("put it back from your copy of keys/"), "{refused}");
    assert!(!house.key(2).exists(), "no other takes its place");
    // Cut short, it is not taken for a key either.
    std::fs::write(house.key(2), &key[..key.len() - 9]).unwrap();
    house.again(true);
    assert_eq!(field(&house.opened(Position(2)), "title"), "(sealed: key missing)");
    std::fs::write(house.key(2), &key).unwrap();
    house.again(true);
    assert_eq!(field(&house.opened(Position(2)), "title"), "Hers");
}

#[tokio::test]
async fn plain_and_sealed_stand_side_by_side() {
    let mut house = House::with(false);
    let tricky = r#"{"title":"~sealed:1.00000000:AA","body":"~sealed:text:x"}"#;
    house.put(said(1, "todo/1", 0, "c/1", "todo_created", tricky, "~sealed:")).await;
    assert!(!house.key(1).exists());
    house.again(true);
    house.put(said(1, "todo/1", 1, "c/2", "todo_created", tricky, "~sealed:")).await;
    house.again(false);
    house.put(said(1, "todo/1", 2, "c/3", "todo_created", tricky, "~sealed:")).await;
    for n in 1..=3 {
        let commit = house.opened(Position(n));
        assert_eq!((commit.events[0].data.get(), commit.meta.text.as_str()), (tricky, "~sealed:"));
    }
}

#[tokio::test]
async fn what_is_carried_over_belongs_to_all_who_wrote_it() {
    let house = House::new();
    house.put(said(1, "idea/1", 0, "c/1", "idea_created", r#"{"title":"Of kim","body":"By kim"}"#, "")).await;
    house.put(said(2, "idea/1", 1, "c/2", "idea_refined", r#"{"text":"By dana"}"#, "")).await;
    house.put(said(3, "idea/1", 2, "c/3", "idea_promoted", r#"{"to":"todo"}"#, "")).await;
    let mut caused =
        said(0, "todo/1", 0, "c/4", "todo_created", r#"{"title":"Of kim","body":"By kim\n\nBy dana"}"#, "");
    caused.meta.actor = "workflow/promotion".into();
    caused.meta.causation = Some(Position(3));
    house.put(caused).await;
    let data = house.beneath(Position(4)).events[0].data.get().to_owned();
    let value: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert!(value["title"].as_str().unwrap().starts_with("~sealed:1."), "{data}");
    let body = value["body"].as_str().unwrap().to_owned();
    assert!(body.starts_with("~sealed:1.") && body.contains("+2."), "{data}");
    assert_eq!(field(&house.opened(Position(4)), "body"), "By kim\n\nBy dana");
    house.put(forgotten(2, 0)).await;
    let todo = house.opened(Position(4));
    assert_eq!((field(&todo, "title"), field(&todo, "body")), ("Of kim".into(), "forgotten".into()));
}

#[tokio::test]
async fn what_an_undo_brings_back_belongs_to_who_wrote_it() {
    for forget in [1, 2] {
        let mut house = House::new();
        house.put(said(1, "todo/1", 0, "c/1", "todo_created", r#"{"title":"Of kim","body":"By kim"}"#, "")).await;
        house.put(said(1, "todo/1", 1, "c/2", "criterion_added", r#"{"text":"Reads"}"#, "")).await;
        let link = r#"{"relation":"related","to":{"url":"https://KIM/"}}"#;
        house.put(said(1, "todo/1", 2, "c/3", "linked", link, "")).await;
        house.put(said(2, "todo/1", 3, "c/4", "retitled", r#"{"title":"Of dana"}"#, "")).await;
        let after = r#"{"title":"Of kim","criteria":{"back":[[0,"Reads"]]},"links":{"back":[[0,["related",{"url":"https://KIM/"}]]]}}"#;
        let json = format!(r#"{{"version":4,"takes":[4],"what":["retitled"],"after":{after}}}"#);
        house.put(said(2, "todo/1", 4, "c/5", "reversed", &json, "/undo")).await;
        // And back: dana's title, said by kim.
        let back = r#"{"version":5,"takes":[5],"back":[4],"after":{"title":"Of dana"}}"#;
        house.put(said(1, "todo/1", 5, "c/6", "reversed", back, "/undo")).await;
        let (there, again) = (house.beneath(Position(5)), house.beneath(Position(6)));
        assert!(field(&there, "after/title").starts_with("~sealed:1."), "{there:?}");
        assert!(field(&there, "after/criteria/back/0/1").starts_with("~sealed:1."), "{there:?}");
        assert!(field(&again, "after/title").starts_with("~sealed:2."), "{again:?}");
        assert!(!there.events[0].data.get().contains("KIM"));
        assert_eq!(house.opened(Position(5)).events[0].data.get(), json);
        house.put(forgotten(forget, 0)).await;
        house.again(true);
        let (there, again) = (house.opened(Position(5)), house.opened(Position(6)));
        let titles = (field(&there, "after/title"), field(&again, "after/title"));
        let (kims, danas) = if forget == 1 { ("forgotten", "Of dana") } else { ("Of kim", "forgotten") };
        assert_eq!(titles, (kims.to_owned(), danas.to_owned()));
        if forget == 1 {
            assert_eq!(field(&there, "after/links/back/0/1/1/url"), "https://forgotten.invalid/");
            // Decided before kim was forgotten, and appended after.
            let late = said(2, "todo/1", 6, "c/7", "reversed", &json, "/undo");
            let refused = house.log.append(late).await.unwrap_err();
            assert!(matches!(refused, AppendError::Failed(_)), "{refused}");
            let known = json.replace("Of kim", "forgotten").replace("Reads", "forgotten");
            let known = known.replace("https://KIM/", "https://forgotten.invalid/");
            house.put(said(2, "todo/1", 6, "c/7", "reversed", &known, "/undo")).await;
        }
        assert!(there.events.iter().all(|event| crate::domain::stored::decode(event).is_ok()));
    }
}

#[tokio::test]
async fn a_conclusion_said_again_is_still_its_authors() {
    let house = House::new();
    house.put(said(1, "research/1", 0, "c/1", "research_done", r#"{"conclusion":"By kim"}"#, "")).await;
    house.put(said(2, "research/1", 1, "c/2", "research_done", r#"{"conclusion":"By kim","to":"todo"}"#, "")).await;
    house.put(said(2, "research/1", 2, "c/3", "research_done", r#"{"conclusion":"By dana"}"#, "")).await;
    house.put(forgotten(1, 0)).await;
    let conclusions = [1, 2, 3].map(|n| field(&house.opened(Position(n)), "conclusion"));
    assert_eq!(conclusions, ["forgotten", "forgotten", "By dana"]);
}

#[tokio::test]
async fn who_somebody_was_after_an_undo_is_their_own() {
    let house = House::new();
    let json = r#"{"version":2,"takes":[2],"after":{"identities":{"back":[[1,"console/4711"]]}}}"#;
    house.put(said(1, "person/2", 0, "c/1", "person_reversed", json, "/undo @dana 2")).await;
    let gone = r#"{"identity":"console/4711"}"#;
    house.put(said(1, "person/2", 1, "c/2", "identity_unlinked", gone, "/unlink")).await;
    for n in [1, 2] {
        let data = house.beneath(Position(n)).events[0].data.get().to_owned();
        assert!(data.contains("~sealed:2.") && !data.contains("4711"), "{data}");
    }
    house.put(forgotten(2, 2)).await;
    assert_eq!(field(&house.opened(Position(1)), "after/identities/back/0/1"), "(forgotten)/2");
    assert_eq!(field(&house.opened(Position(2)), "identity"), "(forgotten)/2");
}

#[tokio::test]
async fn the_longest_message_fits() {
    let house = House::new();
    // 8,000 characters of four bytes each; plain it would not fit, for it stands in the log twice.
    let body = "\u{1F600}".repeat(8_000);
    let json = format!("{{\"title\":\"t\",\"body\":\"{body}\"}}");
    let commit = house.put(said(1, "todo/1", 0, "c/1", "todo_created", &json, &format!("/todo t\n{body}"))).await;
    assert_eq!(field(&house.opened(commit.position), "body"), body);
    let larger = format!("/todo t\n{}", body.repeat(2));
    let refused = house.log.append(said(1, "todo/2", 0, "c/2", "todo_created", &json, &larger)).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Unacceptable(why) if why.contains("at most")), "{refused}");
}

#[tokio::test]
async fn nothing_opens_where_it_was_not_sealed() {
    let house = House::new();
    let json = r#"{"title":"One title","body":"One body"}"#;
    house.put(said(1, "todo/1", 0, "c/1", "todo_created", json, "/todo")).await;
    house.put(said(1, "todo/2", 0, "c/2", "todo_created", json, "/todo")).await;
    house.put(said(2, "todo/3", 0, "c/3", "todo_created", json, "/todo")).await;
    let original = house.beneath(Position(1));
    let opens = |commit: &Commit| {
        let commit = house.log.open_commit(commit).unwrap();
        field(&commit, "title") == "One title"
    };
    assert!(opens(&original));
    let mut moved = original.clone();
    moved.stream = StreamId::new("todo/2");
    assert!(!opens(&moved), "to another stream");
    let mut moved = original.clone();
    moved.meta.command = crate::log::CommandId::new("c/2");
    assert!(!opens(&moved), "to another commit");
    let mut moved = original.clone();
    moved.events[0].name = "idea_created".into();
    assert!(!opens(&moved), "to another event");
    let mut moved = original.clone();
    moved.events.insert(0, event("noted", "{}"));
    assert_eq!(
        field(&Commit { events: vec![house.log.open_commit(&moved).unwrap().events[1].clone()], ..moved }, "title"),
        "(sealed: damaged)"
    );
    let mut moved = original.clone();
    let body = field(&original, "body");
    moved.events[0] = event("todo_created", &format!("{{\"title\":\"{body}\"}}"));
    assert!(!opens(&moved), "to another field");
    let mut moved = original;
    let hers = field(&house.beneath(Position(3)), "title");
    moved.events[0] = event("todo_created", &format!("{{\"title\":\"{hers}\"}}"));
    assert!(!opens(&moved), "from another person");
    assert!(house.log.health().warnings.iter().any(|warning| warning.contains("do not open")));
}

#[tokio::test]
async fn what_points_into_the_message_points_nowhere_else() {
    let house = House::new();
    let json = r#"{"title":"One title","body":"One body"}"#;
    house.put(said(1, "todo/1", 0, "c/1", "todo_created", json, "/todo One title\nOne body")).await;
    let original = house.beneath(Position(1));
    let (title, body) = (field(&original, "title"), field(&original, "body"));
    assert!(title.ends_with(":@6+9") && body.ends_with(":@16+8"), "{title} {body}");
    assert_eq!(field(&house.opened(Position(1)), "body"), "One body");
    let with = |json: &str| {
        let mut commit = original.clone();
        commit.events[0] = event("todo_created", json);
        house.log.open_commit(&commit).unwrap()
    };
    // Longer, elsewhere, exchanged for each other, one less: nothing of it opens.
    for json in [
        format!(r#"{{"title":"{}0","body":"{body}"}}"#, title),
        format!(r#"{{"title":"{}","body":"{body}"}}"#, title.replace("@6", "@7")),
        format!(r#"{{"title":"{body}","body":"{title}"}}"#),
        format!(r#"{{"title":"{title}"}}"#),
        format!(r#"{{"title":"{}","body":"{body}"}}"#, title.replace("+9", "+99999999999999999999")),
    ] {
        let opened = with(&json);
        let shown = (field(&opened, "title"), opened.meta.text);
        assert_eq!(shown.1, "(sealed: damaged)", "{json}");
        assert!(!shown.0.contains("One"), "{json} {shown:?}");
    }
    let mut plain = original.clone();
    plain.meta.text = "/todo A word of somebody else".into();
    let opened = house.log.open_commit(&plain).unwrap();
    assert_eq!(field(&opened, "title"), "(sealed: damaged)", "never into what was not sealed");
}

/// Any text, and often one that looks like a sealed one.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "~sealed:.{0,20}",
        "~sealed:text:.{0,20}",
        "~sealed:[0-9]{1,3}\\.[0-9a-f]{8}:[A-Za-z0-9_-]{0,80}",
        "[\"\\\\\u{0}-\u{1f}é한]{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_comes_back(title in text(), body in text(), typed in text(), sealed: bool, inside: bool) {
        let typed = if inside { format!("/todo {title}\n{body}") } else { typed };
        let json = serde_json::json!({"title": title, "body": body, "n": 1.5}).to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::with(sealed);
            let request = said(1, "todo/1", 0, "c/1", "todo_created", &json, &typed);
            let commit = house.put(request.clone()).await;
            for commit in [&*commit, &house.opened(commit.position)] {
                prop_assert_eq!(&commit.meta.text, &typed);
                prop_assert_eq!(commit.events[0].data.get(), json.as_str());
            }
            let beneath = house.beneath(commit.position);
            if sealed && title.chars().count() > 4 && !title.starts_with("~sealed:") {
                prop_assert!(!serde_json::to_string(&beneath).unwrap().contains(&title));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_flipped_bit_is_noticed(at in 0usize..200, bit in 0u8..8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let commit = house.put(said(1, "todo/1", 0, "c/1", "noted", r#"{"text":"fix the login"}"#, "")).await;
            let mut beneath = house.beneath(commit.position);
            let mut text = field(&beneath, "text").into_bytes();
            let at = at % text.len();
            text[at] ^= 1 << bit;
            let Ok(text) = String::from_utf8(text) else { return Ok(()) };
            let json = serde_json::json!({"text": text}).to_string();
            beneath.events[0] = event("noted", &json);
            let opened = house.log.open_commit(&beneath).map_or_else(|| field(&beneath, "text"), |it| field(&it, "text"));
            prop_assert_ne!(opened, "fix the login");
            Ok(())
        })?;
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in text()) {
        let _ = seal::read(&text);
        let written = seal::plain(&text);
        prop_assert_eq!(seal::read(written.as_deref().unwrap_or(&text)), seal::Written::Plain(&text));
    }
}

#[test]
fn a_key_is_never_shown_and_its_file_is_its_owners() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path().join("keys")).unwrap();
    let key = vault.make(PersonId(7)).unwrap();
    let written = std::fs::read_to_string(vault.path(PersonId(7))).unwrap();
    let secret = written.lines().find_map(|line| line.strip_prefix("key ")).unwrap();
    assert_eq!(secret.len(), 43);
    assert!(!format!("{vault:?} {key:?}").contains(secret));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&vault.path(PersonId(7))), mode(&dir.path().join("keys"))), (0o600, 0o700));
    }
    // Read again it is the same key.
    let again = Vault::open(dir.path().join("keys")).unwrap();
    assert_eq!(again.make(PersonId(7)).map(|key| key.id()).ok(), None, "and is never written over");
    let again = Vault::open(dir.path().join("keys")).unwrap();
    assert_eq!(again.to_open(PersonId(7), key.id()).map(|it| it.id()), Ok(key.id()));
    assert_eq!(std::fs::read_dir(dir.path().join("keys")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_stream_is_read_open_and_damage_is_passed_on() {
    let house = House::new();
    for n in 0..3 {
        house.put(said(1, "todo/1", n, &format!("c/{n}"), "noted", r#"{"text":"hello"}"#, "/note hello")).await;
    }
    let mut texts = Vec::new();
    house
        .log
        .read_stream(&StreamId::new("todo/1"), 2, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                texts.push(field(&commit, "text"));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(texts, ["hello", "hello"]);
    assert_eq!(Expected::of(3), Expected::Version(house.log.version(&StreamId::new("todo/1")).unwrap()));
}
