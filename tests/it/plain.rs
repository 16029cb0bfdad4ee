//! What everybody sees can be read by everybody: a picture has its words beside it, and no button, no mark and no message
//! says something by a sign or a colour alone.

use yoman_chat::Outbound;

use crate::stage::{Ground, Seat, Stage};

/// Whether somebody who hears it read aloud learns something: letters or digits.
fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Everything that stands, or stood, in a room.
fn all(seat: &Seat) -> Vec<Outbound> {
    let shown = seat.bot.shown(&seat.room).into_iter();
    shown.flat_map(|message| message.before.into_iter().chain([message.now])).collect()
}

/// What can be held against a message.
fn wrong_with(message: &Outbound) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = message.text.to_plain();
    if !has_words(&text) {
        wrong.push("no words at all".to_owned());
    }
    for button in message.buttons.iter().flatten().filter(|button| !has_words(&button.label)) {
        wrong.push(format!("a button says {:?}", button.label));
    }
    for line in text.lines().filter(|line| !line.trim().is_empty() && !has_words(line)) {
        wrong.push(format!("a line of signs: {line:?}"));
    }
    if let Some(picture) = &message.picture {
        if !has_words(&picture.alt) {
            wrong.push("a picture without words".to_owned());
        }
        let first = text.lines().next().unwrap_or_default();
        let said = |word: &str| picture.alt.contains(word) || picture.alt.to_lowercase().contains(&word.to_lowercase());
        if !first.split_whitespace().any(said) {
            wrong.push(format!("the picture {:?} is of something else than {first:?}", picture.alt));
        }
    }
    // A colour is always beside a word that says the same.
    if message.accent.is_some() {
        const STATES: [&str; 24] = [
            "open",
            "doing",
            "blocked",
            "waits",
            "waiting",
            "running",
            "done",
            "reviewed",
            "merged",
            "closed",
            "rejected",
            "promoted",
            "taken back",
            "captured",
            "created",
            "started",
            "approved",
            "changes asked for",
            "became",
            "completed",
            "assigned",
            "again",
            "finding",
            "added",
        ];
        let lower = text.to_lowercase();
        if !STATES.iter().any(|state| lower.contains(state)) {
            wrong.push("a colour and no word for it".to_owned());
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_by_a_sign_a_colour_or_a_picture_alone() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/follow all").await;
    for text in [
        "/todo Fix login #auth !urgent due:yesterday @dana\n- [ ] Works offline",
        "/todo Ship 2.0 needs:T1",
        "/idea Offline mode",
        "/idea Too early",
        "/research Which store survives?",
        "/pr Retry the upload for:T1",
        "/done T2",
        "/show T2",
        "/doing T1",
        "/finding R1 It survives",
        "/reject I2 too early",
        "/promote I1 todo",
        "/review P1 changes not yet",
        "/merge P1",
        "/done T1",
        "/undo",
        "/close P1",
        "/reopen P1",
        "/board",
        "/list",
        "/mine",
        "/next",
        "/find login",
        "/history T1",
        "/why T1 picture",
        "/diff yesterday",
        "/stats picture",
        "/board at yesterday",
        "/people",
        "/rooms",
        "/follow",
        "/react",
        "/status",
        "/help",
        "/help todo",
        "/report",
        "/revoke @kim",
        "/forget @dana",
        "/todoo Fix",
        "/done T99",
        "/todo fix due:someday",
        "/undo T1 T2 T3 I1",
    ] {
        stage.say(&kim, text).await;
    }
    // Pages to turn.
    for n in 0..14 {
        stage.say(&kim, &format!("/todo Number {n}\n/note T1 And {n}")).await;
    }
    for text in ["/list", "/list page:2", "/find Number", "/history T1", "/history T1 page:2"] {
        stage.say(&kim, text).await;
    }
    for item in ["T1", "T2", "T3", "I1", "I2", "R1", "P1"] {
        stage.say(&kim, &format!("/show {item}")).await;
        stage.say(&dana, &format!("/show {item}")).await;
    }
    stage.quiet(&dana.bot).await;
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for seat in [&kim, &dana] {
        for message in all(seat) {
            looked_at += 1;
            for what in wrong_with(&message) {
                wrong.push(format!("{what}:\n{}", message.text.to_plain()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
    assert!(looked_at > 60, "{looked_at}");
    let pictures = all(&kim).iter().filter(|message| message.picture.is_some()).count();
    if cfg!(feature = "pictures") {
        assert!(pictures >= 2, "{pictures}");
    }
}
