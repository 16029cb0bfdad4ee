//! `yoman log` and `yoman report` over a log in which people are sealed, some of them forgotten: nobody runs it.

use std::{fs, path::Path};

use crate::{
    log_tools::Bench,
    stage::{Ground, Stage},
};

const REPORT: &str = r#"fn init() { [] }
fn apply(titles, event) { if event.kind == "todo_created" { titles += event.data.title } titles }
fn show(titles) { titles }"#;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Kim owns; dana wrote something, kim promoted and undid some of it; dana is forgotten.
async fn a_log_with_a_forgotten_person(bench: &Bench) {
    let mut stage = Stage::new(Ground::Disk).await;
    let kim = stage.direct("telegram", "1001").called("kim");
    stage.own(&kim).await;
    let dana = stage.direct("discord", "4711").called("Dana Doe").written("danadoe");
    let sam = stage.direct("discord", "4712").called("Sam");
    stage.let_in(&kim, &dana, "member").await;
    stage.let_in(&kim, &sam, "member").await;
    for (seat, text) in [
        (&dana, "/idea Buy tulips\nred ones"),
        (&sam, "/idea Water the garden\nevery day"),
        (&kim, "/promote I1"),
        (&kim, "/promote I2"),
        (&kim, "/todo ~sealed:1.00000000:AA"),
        (&sam, "/todo Mow"),
        (&kim, "/title T2 Mow the lawn"),
        (&kim, "/undo T2"),
    ] {
        stage.say(seat, text).await;
    }
    copy(&stage.dir.path().join("keys"), &bench.path("old-keys"));
    stage.say(&kim, "/forget @danadoe").await;
    stage.press(&kim, "Forget @danadoe").await;
    stage.stop().await;
    copy(stage.dir.path(), &bench.path("data"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_person_stays_forgotten_in_every_copy() {
    let bench = Bench::new();
    a_log_with_a_forgotten_person(&bench).await;
    assert!(bench.well("log verify").out.contains("WELL"));
    let lines = bench.exported("data");
    assert!(lines.contains("forgotten") && !lines.contains("tulips") && lines.contains("every day"), "{lines}");
    fs::write(bench.path("titles.rhai"), REPORT).unwrap();
    let titles = bench.well("report --file titles.rhai").out;
    assert!(titles.contains("Mow") && !titles.contains("sealed: key"), "{titles}");

    // There and back, under new keys: the same words, and nothing of what was sealed.
    fs::write(bench.path("lines.jsonl"), &lines).unwrap();
    bench.refused("log import lines.jsonl --into again", "--opened if somebody only wrote that");
    bench.well("log export --format cloudevents -o events.ndjson");
    for (file, into) in [("lines.jsonl", "again"), ("events.ndjson", "from-events")] {
        bench.well(&format!("log import {file} --into {into} --opened"));
        assert_eq!(bench.exported(into), lines);
        let keys = bench.path(&format!("{into}/keys"));
        assert!(keys.join("person-1.key").exists() && keys.join("person-3.key").exists());
        assert!(!keys.join("person-2.key").exists(), "nobody gets a key again");
        assert_ne!(
            fs::read(keys.join("person-1.key")).unwrap(),
            fs::read(bench.path("data/keys/person-1.key")).unwrap()
        );
        let stored = bench.well(&format!("--data-dir {into} log export --sealed")).out;
        // With what stands around them: three letters may stand in anything sealed.
        for word in ["Mow ", "\"Mow", "every day", "Water the garden", "\"Sam\""] {
            assert!(!stored.contains(word), "{word} in {stored}");
        }
        // What sam wrote is sam's, though kim promoted and undid it.
        let sams = stored
            .lines()
            .filter(|line| line.contains("workflow/") || line.contains("\"reversed\""))
            .collect::<Vec<_>>();
        assert!(sams.iter().filter(|line| line.contains("~sealed:3.")).count() >= 2, "{sams:?}");
    }
    // Into keys that are there: never.
    fs::create_dir_all(bench.path("other/keys")).unwrap();
    fs::copy(bench.path("data/keys/person-1.key"), bench.path("other/keys/person-1.key")).unwrap();
    bench.refused("log import lines.jsonl --into other --opened", "has keys already");
    assert!(!bench.path("other/log").exists());

    // A backup made now holds no key, and a copy of the keys says what is left in it.
    bench.well("log backup backup");
    let kept = bench.well("log backup backup --keys old-keys");
    assert!(kept.err.contains("person-2.key is not in"), "{kept:?}");
    bench.well("log restore backup --into restored");
    copy(&bench.path("old-keys"), &bench.path("restored/keys"));
    // Put back or not, her key opens nothing: the log says she was forgotten.
    assert_eq!(bench.exported("restored"), lines);
    assert!(bench.well("--data-dir restored log verify").out.contains("belongs to somebody who was forgotten"));
    bench.well("log salvage --into salvaged");
    assert_eq!(bench.exported("salvaged"), lines);
    assert!(!bench.path("salvaged/keys/person-2.key").exists());
}
