//! The conversations of the design.

use super::super::{spec::*, *};
use crate::domain::{Filter, Tag, item};

#[test]
fn the_first_minute() {
    let mut story = Story::new();
    let mut transcript = String::new();
    for text in
        ["todo Fix login #auth !high due:fri", "todo Ship 2.0 needs:T1", "done T1", "reopen T1 oops", "done T2 anyway"]
    {
        transcript += &story.wait(20).talk(text);
    }
    insta::assert_snapshot!(transcript, @r"
    > todo Fix login #auth !high due:fri
    T1 created   Fix login
       #auth  high  due Fri 27 Nov
    > todo Ship 2.0 needs:T1
    T2 created   Ship 2.0   waits for T1
    > done T1
    T1 done   Fix login
       T2 (Ship 2.0) is no longer waiting.
       [Undo: /undo T1@5]
    > reopen T1 oops
    T1 open again   Fix login
       T2 (Ship 2.0) waits for it again.
    > done T2 anyway
    T2 done   Ship 2.0
       although it waited for T1 (Fix login).
       [Undo: /undo T2@3]
    ");
}

#[test]
fn from_the_phone_to_a_friend_elsewhere() {
    let mut story = Story::new();
    let me = viewer(Some(1));
    let (command, commits) = story.say("/idea Offline mode for the app");
    let mut transcript = shown(&story.world.answer(&command, &commits, true, &me)) + "\n";
    transcript += &story.wait(20).talk("/promote I1@1 research");
    transcript += &story.wait(20).talk("/finding R1 sled survives a kill, but only with fdatasync");
    transcript += &story.wait(20).talk("/promote R1 @dana !high");
    insta::assert_snapshot!(transcript, @r"
    I1 captured   Offline mode for the app
       [Refine: /refine I1] [Research: /promote I1@1 research] [To do: /promote I1@1 todo] [Reject: /reject I1@1]
    > /promote I1@1 research
    I1 -> R1 running   Offline mode for the app
       [Undo: /undo I1@2]
    > /finding R1 sled survives a kill, but only with fdatasync
    R1 finding 1 noted
    > /promote R1 @dana !high
    T1 created from R1   Offline mode for the app   @dana
       high
       [Undo: /undo R1@3]
    ");

    let elsewhere = Viewer { room: "discord/1".into(), ..viewer(None) };
    let promotion: Vec<_> = story.commits.iter().rev().take(2).rev().cloned().collect();
    assert_eq!(story.world.goes_on_as(&promotion[0]), Some("T1".parse().unwrap()));
    assert_eq!(story.world.goes_on_as(&promotion[1]), None);
    let filter = Filter { tags: vec![Tag::new("app").unwrap()], ..Filter::default() };
    let mut notice = story.world.notice(&promotion[1], &elsewhere).unwrap();
    notice.text.plain("\n   ").append(story.world.because(&filter, &elsewhere));
    insta::assert_snapshot!(shown(&notice), @r"
    T1 Offline mode for the app   assigned to dana by kim (Telegram)
       high
       this room follows #app
       [Start: /doing T1@3] [Why?: /why T1]
    ");

    story.by(DANA, "discord").wait(5).say("/doing T1");
    insta::assert_snapshot!(story.card("T1", &me), @r"
    T1 doing   Offline mode for the app   @dana
       high  from R1
       sled survives a kill, but only with fdatasync
       started by dana (Discord) just now
       [Done: /done T1@4] [Open PR: /promote T1@4 pr] [Why?: /why T1]
    ");
    insta::assert_snapshot!(story.wait(7_200).card("T1", &elsewhere), @r"
    T1 doing   Offline mode for the app   @dana
       high  from R1
       sled survives a kill, but only with fdatasync
       started by dana 13:51
       [Done: /done T1@4] [Open PR: /promote T1@4 pr] [Why?: /why T1]
    ");
    insta::assert_snapshot!(story.card("I1", &me), @r"
    I1 promoted   Offline mode for the app
       became R1
       promoted by you 13:50
       [Why?: /why I1] [Show R1: /show R1]
    ");
    insta::assert_snapshot!(story.card("R1", &me), @r"
    R1 done   Offline mode for the app
       from I1  became T1
       finding 1: sled survives a kill, but only with fdatasync
       promoted by you 13:51
       [Reopen: /reopen R1@3] [Show T1: /show T1]
    ");
}

#[test]
fn a_button_on_yesterdays_card() {
    let mut story = Story::new();
    story.say("todo Offline mode");
    story.by(DANA, "discord").wait(60).say("doing T1");
    let seen = story.world.item("T1".parse().unwrap()).unwrap().item.version;
    let commit = story.wait(60).say("done T1").1;
    let late = Viewer { now: story.now + chrono::TimeDelta::hours(2), ..viewer(Some(1)) };
    let (text, hints) = story.world.changes_since("T1".parse().unwrap(), seen, &commit, &late);
    insta::assert_snapshot!(format!("{text} {hints:?}"), @r#"T1 changed since this card: dana completed it 2 h ago. Nothing done. ["/reopen T1@3"]"#);
    let all = story.stream("T1".parse().unwrap());
    let (text, _) = story.world.changes_since("T1".parse().unwrap(), 1, &all, &late);
    insta::assert_snapshot!(text.to_plain(), @"T1 changed since this card: dana started it 2 h ago, dana completed it 2 h ago. Nothing done.");
}

#[test]
fn what_is_corrected_is_not_told_again_and_people_and_rooms_are_no_notice() {
    let mut story = Story::new();
    story.say("todo Fix login");
    let note =
        |corrects| Event::Item(item::Event::Fact(item::Fact::Noted { text: "seen on Android too".into(), corrects }));
    let noted = story.by(DANA, "discord").commit("todo/1", "", None, vec![note(None)]);
    let corrected = story.commit("todo/1", "", None, vec![note(Some(2))]);
    insta::assert_snapshot!(shown(&story.world.notice(&noted, &viewer(Some(1))).unwrap()), @r"
    T1 Fix login   note added by dana (Discord)
       seen on Android too
       [Start: /doing T1@3] [Assign me: /assign T1@3 @me] [Why?: /why T1]
    ");
    assert_eq!(story.world.notice(&corrected, &viewer(Some(1))), None);
    assert_eq!(story.world.notice(&story.commits[0], &viewer(Some(1))), None);
}
