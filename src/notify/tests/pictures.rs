//! A picture is kept before its message, found again, and its loss is said.

use yoman_chat::Text;

use super::*;

fn answer(png: &[u8], text: &str) -> Answer {
    let sha256 = Sha256::digest(png).iter().map(|byte| format!("{byte:02x}")).collect();
    let picture = Picture { name: "p.png".into(), alt: "a picture".into(), png: png.into(), sha256 };
    Answer::new(Outbound { text: Text::from(text), picture: Some(picture), ..Outbound::default() })
}

fn shown(message: &Outbound) -> (String, Option<Vec<u8>>) {
    (message.text.to_plain(), message.picture.as_ref().map(|picture| picture.png.to_vec()))
}

#[tokio::test]
async fn a_picture_is_kept_apart_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let pictures = Pictures::beside(&dir.path().join("state/bots"));
    let mut answers = [answer(b"one", "first"), answer(b"two", "second"), Answer::new(Outbound::text("third"))];
    pictures.keep(&mut answers).await;
    pictures.keep(&mut [answer(b"one", "again")]).await;
    let mut files: Vec<_> =
        fs::read_dir(dir.path().join("state/pictures")).unwrap().flatten().map(|it| it.path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&files[0]), mode(files[0].parent().unwrap())), (0o600, 0o700));
    }
    let row = serde_json::to_string(&answers[0].message).unwrap();
    let read: Outbound = serde_json::from_str(&row).unwrap();
    assert!(row.len() < 400 && read.picture.as_ref().is_some_and(|picture| picture.png.is_empty()));
    assert_eq!(shown(&pictures.fetch(read, Lang::English).await), ("first".into(), Some(b"one".to_vec())));
    assert_eq!(shown(&pictures.fetch(answers[2].message.clone(), Lang::English).await), ("third".into(), None));

    // Damaged, then gone.
    let one = dir.path().join(format!("state/pictures/{}.png", answers[0].message.picture.as_ref().unwrap().sha256));
    for damage in [true, false] {
        if damage {
            fs::write(&one, b"other").unwrap()
        } else {
            fs::remove_file(&one).unwrap()
        }
        let (text, png) = shown(&pictures.fetch(answers[0].message.clone(), Lang::English).await);
        assert!(png.is_none() && text.starts_with("first\n(the picture is gone"), "{text}");
    }
    // Written again over what was damaged.
    pictures.keep(&mut [answer(b"one", "again")]).await;
    assert!(pictures.read(&answers[0].message.picture.as_ref().unwrap().sha256).is_some());
}

#[tokio::test]
async fn a_picture_that_cannot_be_kept_stays_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pictures"), b"in the way").unwrap();
    let pictures = Pictures::beside(&dir.path().join("bots"));
    let mut answers = [answer(b"one", "first")];
    pictures.keep(&mut answers).await;
    assert_eq!(shown(&pictures.fetch(answers[0].message.clone(), Lang::English).await).1, Some(b"one".to_vec()));
    let mut named = [answer(b"two", "second")];
    if let Some(picture) = &mut named[0].message.picture {
        picture.sha256 = "../../etc/passwd".into();
    }
    pictures.keep(&mut named).await;
    assert!(!named[0].message.picture.as_ref().unwrap().png.is_empty());
}

#[test]
fn what_nothing_needs_is_removed_after_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = dir.path().join("bots");
    let store = Store::open(&outbox, 1).unwrap();
    let pictures = Pictures::beside(&outbox);
    let (old, needed, young) = (answer(b"old", "x"), answer(b"needed", "y"), answer(b"young", "z"));
    let long_ago = SystemTime::now() - KEPT_FOR - Duration::from_secs(60);
    for (of, aged) in [(&old, true), (&needed, true), (&young, false)] {
        let picture = of.message.picture.as_ref().unwrap();
        pictures.write(picture).unwrap();
        if aged {
            let file = fs::File::options().append(true).open(pictures.path(&picture.sha256).unwrap()).unwrap();
            file.set_modified(long_ago).unwrap();
        }
    }
    let what = What::Message {
        kind: super::super::entry::Kind::Answer,
        message: needed.message.clone(),
        card: None,
        over: None,
    };
    let mut ops = key::Ops::default();
    ops.put(
        key::entry(&yoman_chat::RoomId::new("b/1"), key::Seq { seq: 1, part: 0 }),
        &Row { at: 0, what, tried: false, fits: false },
    );
    let (done, wait) = std::sync::mpsc::channel();
    store.submit(ops, Some(Box::new(move |_| done.send(()).unwrap())));
    wait.recv().unwrap();
    pictures.tidy(&store);
    let there = |of: &Answer| pictures.read(&of.message.picture.as_ref().unwrap().sha256).is_some();
    assert!(!there(&old) && there(&needed) && there(&young));
}

#[test]
fn a_long_text_stands_before_its_picture() {
    use super::super::{
        entry::{Entry, Kind, Tries},
        key::Seq,
    };
    for (length, parts) in [(900, 1), (901, 2), (5_000, 3)] {
        let Answer { mut message, .. } = answer(b"png", &"x".repeat(length));
        message.buttons = vec![vec![yoman_chat::Button::new("b", "/b")]];
        let what = What::Message { kind: Kind::Answer, message, card: None, over: None };
        let mut entry = Entry {
            seq: Seq { seq: 1, part: 0 },
            row: Row { at: 0, what, tried: false, fits: false },
            bytes: 0,
            tries: Tries::default(),
        };
        let capabilities =
            yoman_chat::Capabilities { text_length_max: 4096, ..yoman_chat::Capabilities::text_only("X") };
        let mut all = entry.cut(&capabilities);
        all.insert(0, entry);
        let pictures: Vec<bool> = all
            .iter()
            .map(|it| matches!(&it.row.what, What::Message { message, .. } if message.picture.is_some()))
            .collect();
        assert_eq!(
            (all.len(), pictures.iter().filter(|it| **it).count(), pictures.last()),
            (parts, 1, Some(&true)),
            "{length}"
        );
    }
}
