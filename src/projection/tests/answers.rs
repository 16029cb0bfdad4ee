//! An answer for every act, and the card of every state.

use super::super::{spec::*, *};

#[test]
fn acts_on_a_todo() {
    let mut story = Story::new();
    story.say("todo Fix login");
    story.say("todo Tests");
    let mut transcript = String::new();
    for text in [
        "assign T1 @dana @me",
        "unassign T1 @dana",
        "doing T1",
        "need T1 T2",
        "unneed T1 T2",
        "criterion T1 Works offline",
        "note T1 Seen on Android too",
        "title T1 Fix the login",
        "tag T1 #auth #web",
        "untag T1 #web",
        "prio T1 urgent",
        "due T1 2026-12-01",
        "due T1 none",
        "project T1 app",
        "project T1 none",
        "link T1 https://example.org/42",
        "done T1",
        "reopen T1",
        "promote T1",
    ] {
        transcript += &story.wait(1).talk(text);
    }
    insta::assert_snapshot!(transcript, @r"
    > assign T1 @dana @me
    T1 assigned to dana, you   Fix login
    > unassign T1 @dana
    T1 no longer assigned to dana   Fix login
    > doing T1
    T1 doing   Fix login
    > need T1 T2
    T1 waits for T2 (Tests)   Fix login
    > unneed T1 T2
    T1 no longer waits for T2   Fix login
    > criterion T1 Works offline
    T1 criterion 1 added
    > note T1 Seen on Android too
    T1 note 1 added
    > title T1 Fix the login
    T1 retitled   Fix the login
    > tag T1 #auth #web
    T1 tagged #auth #web   Fix the login
    > untag T1 #web
    T1 no longer #web   Fix the login
    > prio T1 urgent
    T1 urgent priority   Fix the login
    > due T1 2026-12-01
    T1 due Tue 1 Dec   Fix the login
    > due T1 none
    T1 no longer due   Fix the login
    > project T1 app
    T1 in:app   Fix the login
    > project T1 none
    T1 in no project   Fix the login
    > link T1 https://example.org/42
    T1 linked to https://example.org/42   Fix the login
    > done T1
    T1 done   Fix the login
       [Undo: /undo T1@20]
    > reopen T1
    T1 open again   Fix the login
    > promote T1
    P1 created from T1   Fix the login   @kim
       #auth  urgent  for T1
       [Undo: /undo T1@22]
    ");
    insta::assert_snapshot!(story.card("T1", &viewer(None)), @r"
    T1 doing   Fix the login   @kim
       #auth  urgent  became P1
       - [ ] Works offline
       linked to https://example.org/42
       1 note
       promoted by kim just now
       [Done: /done T1@22] [Why?: /why T1]
    ");
}

#[test]
fn acts_on_the_other_buckets() {
    let mut story = Story::new();
    story.say("todo Retry the upload");
    let mut transcript = String::new();
    for text in [
        "idea Dark mode #ui",
        "refine I1 Only in the evening",
        "reject I1 too early",
        "reopen I1 now it is time",
        "promote I1 todo @dana",
        "research Which store?",
        "finding R1 sled",
        "done R1 sled it is",
        "reopen R1",
        "pr Retry for:T1",
        "review P1 changes needs a test",
        "review P1 approve",
        "merge P1",
        "pr Other",
        "close P2 superseded",
    ] {
        transcript += &story.wait(1).talk(text);
    }
    insta::assert_snapshot!(transcript, @r"
    > idea Dark mode #ui
    I1 created   Dark mode
       #ui
    > refine I1 Only in the evening
    I1 refined   Dark mode
    > reject I1 too early
    I1 rejected   Dark mode
       because: too early
       [Undo: /undo I1@4]
    > reopen I1 now it is time
    I1 open again   Dark mode
    > promote I1 todo @dana
    T2 created from I1   Dark mode   @dana
       #ui
       [Undo: /undo I1@6]
    > research Which store?
    R1 running   Which store?
    > finding R1 sled
    R1 finding 1 noted
    > done R1 sled it is
    R1 done   Which store?
       [Undo: /undo R1@3]
    > reopen R1
    R1 running again   Which store?
    > pr Retry for:T1
    P1 created   Retry
       for T1
    > review P1 changes needs a test
    P1 changes asked for   Retry
    > review P1 approve
    P1 approved   Retry
    > merge P1
    P1 merged   Retry
       It was for T1 (Retry the upload), which is still open.
       [Done T1: /done T1@1] [Undo: /undo P1@5]
    > pr Other
    P2 created   Other
    > close P2 superseded
    P2 closed   Other
       because: superseded
       [Undo: /undo P2@2]
    ");
    insta::assert_snapshot!(["I1", "R1", "P1", "P2"].map(|item| story.card(item, &viewer(None))).join("\n\n"), @r"
    I1 promoted   Dark mode
       #ui  became T2
       refined: Only in the evening
       promoted by kim just now
       [Why?: /why I1] [Show T2: /show T2]

    R1 running   Which store?
       conclusion: sled it is
       opened again by kim just now
       [Finding: /finding R1] [To do: /promote R1@4 todo] [Done: /done R1@4]

    P1 merged   Retry
       for T1
       approved
       merged by kim just now
       [Reopen: /reopen P1@5]

    P2 closed   Other
       closed because: superseded
       closed by kim just now
       [Reopen: /reopen P2@2]
    ");
}

#[test]
fn what_was_edited_or_attached_is_said_shortly() {
    let mut story = Story::new();
    story.say("todo Fix login");
    let act = |act| Command::Item { target: Some(Target { item: "T1".parse().unwrap(), version: None }), act };
    let draft = |title: &str| item::Draft { title: title.into(), ..item::Draft::default() };
    let attachment =
        item::Attachment { bot: "telegram".into(), kind: "photo".into(), file_id: "1".into(), name: None, bytes: None };
    let mut answers = Vec::new();
    for act in [
        act(Act::Correct { draft: draft("Fix the login"), before: draft("Fix login") }),
        act(Act::Attach { attachments: vec![attachment], text: "see".into() }),
        act(Act::CorrectText { version: 4, text: "look".into() }),
    ] {
        let commits = story.carry_out(&act, "");
        answers.push(shown(&story.world.answer(&act, &commits, false, &viewer(Some(1)))));
    }
    insta::assert_snapshot!(answers.join("\n"), @r"
    T1 corrected   Fix the login
    T1 file attached, note added   Fix the login
    T1 note corrected   Fix the login
    ");
}

#[test]
fn a_promotion_that_is_not_finished_yet_says_so() {
    let mut story = Story::new();
    story.say("idea Dark mode");
    let (command, commits) = story.say("promote I1");
    let answer = story.world.answer(&command, &commits[..1], false, &viewer(Some(1)));
    insta::assert_snapshot!(shown(&answer), @r"
    I1 promoted   Dark mode
       What comes of it is created in a moment.
    ");
}

#[test]
fn about_a_room() {
    let mut story = Story::new();
    let mut transcript = String::new();
    for text in [
        "enable",
        "follow #auth todo open @dana",
        "follow all",
        "unfollow #auth todo open @dana",
        "unfollow all",
        "mute 2h",
        "unmute",
        "tz Europe/Berlin",
        "lang ko",
        "default todo",
        "disable",
    ] {
        transcript += &story.wait(1).talk(text);
    }
    insta::assert_snapshot!(transcript, @r"
    > enable
    I listen here now. /help says what I understand, /follow #tag tells this room about items.
    > follow #auth todo open @dana
    This room follows todo open #auth @dana now.
    > follow all
    This room follows everything now.
    > unfollow #auth todo open @dana
    This room no longer follows todo open #auth @dana.
    > unfollow all
    This room follows nothing any more.
    > mute 2h
    This room is told nothing until Wed 25 Nov, 15:51 (Asia/Seoul). What is said here is answered as ever.
    > unmute
    This room is told what it follows again.
    > tz Europe/Berlin
    Times here are those of Europe/Berlin now: it is 05:50 there.
    > lang ko
    I speak English here.
    > default todo
    A bare sentence becomes a todo here now.
    > disable
    I am silent here now. /enable makes me listen again.
    ");
}

#[test]
fn what_others_wrote_cannot_pretend_to_be_ours() {
    let mut story = Story::new();
    let title = "x\n[Done] \u{202e}gnp.exe\u{7}";
    let event =
        item::Event::Todo(todo::Event::Created { title: title.into(), body: "a\r\nb\u{2028}c".into(), from: None });
    story.commit("todo/1", "todo x", None, vec![Event::Item(event)]);
    let card = story.world.card("T1".parse().unwrap(), &viewer(None)).unwrap();
    insta::assert_debug_snapshot!(card.text.spans.iter().map(|span| (span.text.as_str(), &span.style)).collect::<Vec<_>>(), @r#"
    [
        (
            "T1",
            Item,
        ),
        (
            " open   ",
            Plain,
        ),
        (
            "x [Done] gnp.exe",
            Quote,
        ),
        (
            "\n   ",
            Plain,
        ),
        (
            "a\n   b c",
            Quote,
        ),
        (
            "\n   ",
            Plain,
        ),
        (
            "created by ",
            Dim,
        ),
        (
            "kim",
            Quote,
        ),
        (
            " 13:50",
            Dim,
        ),
    ]
    "#);
}

use crate::{
    command::{Command, Target},
    domain::{
        item::{self, Act},
        todo,
    },
};
