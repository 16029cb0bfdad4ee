//! History and why.

use super::super::{spec::*, *};

#[test]
fn the_history_of_a_todo() {
    let mut story = Story::new();
    story.wait(11).say("todo Fix login #auth !high due:fri");
    story.wait(20).say("done T1");
    story.by(DANA, "discord").wait(4).say("reopen T1 로그인이 아직 안 됩니다");
    let item = "T1".parse().unwrap();
    insta::assert_snapshot!(shown(&story.world.history(item, &story.stream(item), 1, &viewer(Some(1)))), @r#"
    T1 Fix login
      13:50:11  you             created it       "todo Fix login #auth !high due:fri"
      13:50:31  you             completed it     "done T1"
      13:50:35  dana (Discord)  opened it again  "reopen T1 로그인이 아직 안 됩니다"
    "#);
}

#[test]
fn a_long_history_is_paged_and_dated() {
    let mut story = Story::new();
    story.now -= chrono::TimeDelta::days(400);
    story.say("todo Fix login");
    for n in 0..33 {
        story.wait(86_400).say(&format!("note T1 day {n}"));
    }
    let item = "T1".parse().unwrap();
    let commits = story.stream(item);
    let page = |page| shown(&story.world.history(item, &commits, page, &viewer(Some(1))));
    insta::assert_snapshot!(page(3), @r#"
    T1 Fix login   1 to 4 of 34 changes
      Tue 21 Oct 2025 13:50:00  you  created it  "todo Fix login"
      Wed 22 Oct 2025 13:50:00  you  noted       "note T1 day 0"
      Thu 23 Oct 2025 13:50:00  you  noted       "note T1 day 1"
      Fri 24 Oct 2025 13:50:00  you  noted       "note T1 day 2"
       [newer ▶: /history T1 page:2]
    "#);
    assert_eq!(page(99), page(3));
    assert!(page(2).contains("[◀ older: /history T1 page:3] [newer ▶: /history T1 page:1]"), "{}", page(2));
}

#[test]
fn why_goes_up_to_the_message_and_down_to_what_came_of_it() {
    let mut story = Story::new();
    story.say("idea Offline mode for the app");
    story.wait(20).say("promote I1");
    story.wait(20).say("finding R1 sled survives a kill");
    story.wait(20).say("promote R1 @dana");
    story.by(DANA, "discord").wait(20).say("doing T1");
    story.wait(20).say("promote T1");
    let why = |item: &str| shown(&story.world.why(item.parse().unwrap(), &story, &viewer(Some(1))));
    insta::assert_snapshot!(why("T1"), @r#"
    T1 Offline mode for the app
      13:50:00  you             captured I1        "idea Offline mode for the app"
      13:50:20  you             promoted I1 to R1  "promote I1"
      13:51:00  you             promoted R1 to T1  "promote R1 @dana"
      13:51:20  dana (Discord)  started it         "doing T1"
      13:51:40  dana (Discord)  promoted it to P1  "promote T1"
    It became P1 (open).
       [Show P1: /show P1]
    "#);
    insta::assert_snapshot!(why("I1"), @r#"
    I1 Offline mode for the app
      13:50:00  you  captured it        "idea Offline mode for the app"
      13:50:20  you  promoted it to R1  "promote I1"
    It became R1 (done), which became T1 (doing), which became P1 (open).
       [Show R1: /show R1]
    "#);
    insta::assert_snapshot!(why("P1"), @r#"
    P1 Offline mode for the app
      13:50:00  you             captured I1        "idea Offline mode for the app"
      13:50:20  you             promoted I1 to R1  "promote I1"
      13:51:00  you             promoted R1 to T1  "promote R1 @dana"
      13:51:40  dana (Discord)  promoted T1 to P1  "promote T1"
    "#);
}

#[test]
fn why_says_for_what_it_waits_and_who_released_it() {
    let mut story = Story::new();
    for text in ["todo Fix login @dana", "todo Translate", "todo Ship 2.0 needs:T1,T2"] {
        story.wait(20).say(text);
    }
    story.by(DANA, "discord").wait(20).say("done T2");
    let why = |item: &str| shown(&story.world.why(item.parse().unwrap(), &story, &viewer(Some(1))));
    insta::assert_snapshot!(why("T3"), @r#"
    T3 Ship 2.0
      13:51:00  you  created it  "todo Ship 2.0 needs:T1,T2"
    It waits for T1 (Fix login), open since 13:50   @dana
    It no longer waits for T2 (Translate): dana completed it, 13:51
       [Show T1: /show T1]
    "#);
    insta::assert_snapshot!(why("T1"), @r#"
    T1 Fix login
      13:50:20  you  created it  "todo Fix login @dana"
    For it waits T3 (Ship 2.0)
    "#);
}

#[test]
fn a_correction_is_seen_where_it_was_made_and_where_it_applies() {
    let mut story = Story::new();
    story.say("todo Fix login");
    story.wait(5).say("note T1 seen on Andorid");
    let fact = item::Fact::Noted { text: "seen on Android".into(), corrects: Some(2) };
    story.wait(5).commit("todo/1", "note T1 seen on Android", None, vec![Event::Item(item::Event::Fact(fact))]);
    let item = "T1".parse().unwrap();
    insta::assert_snapshot!(shown(&story.world.history(item, &story.stream(item), 1, &viewer(None))), @r#"
    T1 Fix login
      13:50:00  kim  created it        "todo Fix login"
      13:50:05  kim  noted             "note T1 seen on Andorid"  corrected at 13:50:10
      13:50:10  kim  corrected a note  "note T1 seen on Android"
    "#);
}

#[test]
fn what_nobody_knows_is_said_to_be_unknown() {
    let story = Story::new();
    let item = "T9".parse().unwrap();
    insta::assert_snapshot!(shown(&story.world.why(item, &story, &viewer(None))), @r"
    T9
    Nothing is known of it.
    ");
    insta::assert_snapshot!(shown(&story.world.history(item, &[], 1, &viewer(None))), @r"
    T9
    Nothing is known of it.
    ");
}

#[test]
fn a_stream_with_many_changes_keeps_its_beginning_and_its_end() {
    let mut story = Story::new();
    story.say("todo Fix login");
    for n in 0..40 {
        story.wait(1).say(&format!("note T1 number {n}"));
    }
    let why = shown(&story.world.why("T1".parse().unwrap(), &story, &viewer(Some(1))));
    assert!(why.contains("created it"), "{why}");
    assert!(why.contains("number 39") && !why.contains("number 3\""), "{why}");
    assert!(why.contains("26 changes left out"), "{why}");
}

use crate::domain::item;

#[test]
fn the_messages_behind_a_history_can_be_opened() {
    let mut story = Story::new();
    story.say("todo Fix login");
    for day in 0..9 {
        story.wait(60).say(&format!("note T1 day {day}"));
    }
    let item = "T1".parse().unwrap();
    let permalinks = Permalinks::new(|message| Some(format!("https://chat.example/{}", message.id)));
    let viewer = Viewer { permalinks, ..viewer(Some(1)) };
    let out = story.world.history(item, &story.stream(item), 1, &viewer);
    let links: Vec<_> = out.text.spans.iter().filter(|span| matches!(span.style, yoman_chat::Style::Link(_))).collect();
    assert_eq!(links.len(), 8, "the newest of them");
    assert!(out.text.to_plain().contains("\nMessages: "));
    let why = story.world.why(item, &story, &viewer).text.to_plain();
    assert!(why.contains("\nMessages: "), "{why}");
    assert!(!story.world.why(item, &story, &super::super::spec::viewer(Some(1))).text.to_plain().contains("Messages"));
}
