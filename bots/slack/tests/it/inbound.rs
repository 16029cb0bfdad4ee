//! What people write becomes what the core understands.

use serde_json::json;
use yoman_chat::{AttachmentKind, Bot, Outbound, RoomKind, Said};
use yoman_stand_ins::slack::Say;

use crate::setup::{PATIENCE, Setup, addressed, room, text};

#[tokio::test]
async fn a_direct_message_says_who_where_and_what() {
    let setup = Setup::start().await;
    let mut ts = String::new();
    let inbound = setup.next(|s| s.write(&setup.im, &setup.kim, "todo a <b> & c").map(|it| ts = it)).await;
    assert_eq!(inbound.id, format!("sl/{}/{ts}", setup.im));
    assert_eq!((inbound.room.id.clone(), inbound.room.kind), (room(&setup.im), RoomKind::Direct));
    assert_eq!(inbound.sender.id.as_str(), format!("slack/{}", setup.kim));
    assert_eq!((inbound.sender.name.as_str(), inbound.sender.handle.as_deref()), ("Kim Lee", Some("kim.lee")));
    assert_eq!(inbound.sender.language.as_deref(), Some("en-US"));
    assert_eq!((text(&inbound), addressed(&inbound)), ("todo a <b> & c", true));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn in_a_channel_only_a_mention_is_for_us_and_comes_once() {
    let setup = Setup::start().await;
    let talk = setup.next(|s| s.write(&setup.general, &setup.kim, "just talk")).await;
    assert!(!addressed(&talk));
    assert_eq!((talk.room.kind, talk.room.title.as_deref()), (RoomKind::Group, Some("general")));
    let us = setup.server.app().bot_user;
    let mention = Say {
        channel: setup.general.clone(),
        user: setup.kim.clone(),
        text: format!("<@{us}>, todo Fix <@{}> in <#{}|general>", setup.dana, setup.general),
        raw: true,
        ..Say::default()
    };
    // As `message` and as `app_mention`: two envelopes, one message.
    let inbound = setup.next(|s| s.say(mention)).await;
    assert_eq!((text(&inbound), addressed(&inbound)), ("todo Fix @dana in general", true));
    let Said::Message { mentions, .. } = &inbound.said else { panic!("{inbound:?}") };
    assert_eq!((mentions.len(), mentions[0].written.as_str()), (1, "@dana"));
    assert_eq!(mentions[0].sender.as_str(), format!("slack/{}", setup.dana));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!(setup.recorder.tried().len(), 2);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn changes_of_the_text_are_corrections_and_others_are_not() {
    let setup = Setup::start().await;
    let ts = setup.server.write(&setup.im, &setup.kim, "todo fix").unwrap();
    setup.kept(1).await;
    setup.server.preview(&setup.im, &ts).unwrap();
    // Twice within a second: Slack's date of the change is the same.
    let first = setup.next(|s| s.change(&setup.im, &ts, "todo fix it")).await;
    let second = setup.next(|s| s.change(&setup.im, &ts, "todo fix it all")).await;
    let prefix = format!("sl/{}/{ts}/e", setup.im);
    assert!(first.id.starts_with(&prefix) && second.id.starts_with(&prefix) && first.id != second.id);
    let Said::Edited { text, message, addressed: true, .. } = &second.said else { panic!("{second:?}") };
    assert_eq!((text.as_str(), message.id.as_str()), ("todo fix it all", ts.as_str()));
    let gone = setup.next(|s| s.delete(&setup.im, &ts)).await;
    assert_eq!(gone.id, format!("sl/{}/{ts}/d", setup.im));
    assert!(matches!(&gone.said, Said::Deleted { message } if message.id == ts));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!(setup.recorder.kept().len(), 4, "the preview was nothing");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_thread_under_our_card_is_about_it() {
    let setup = Setup::start().await;
    let card = setup.bot.send(&room(&setup.general), &Outbound::text("T1 Fix")).await.unwrap();
    let reply = Say {
        channel: setup.general.clone(),
        user: setup.kim.clone(),
        text: "done".into(),
        thread_ts: Some(card.id.clone()),
        ..Say::default()
    };
    let inbound = setup.next(|s| s.say(reply)).await;
    let Said::Message { reply_to: Some(to), message, .. } = &inbound.said else { panic!("{inbound:?}") };
    assert!(to.ours);
    assert_eq!(to.message, card);
    assert!(message.id.starts_with(&format!("{}/", card.id)));
    // The answer to what was said there stands there.
    let answer = Outbound::text("T1 done").reply_to(Some(message.clone()));
    let answer = setup.bot.send(&room(&setup.general), &answer).await.unwrap();
    assert!(answer.id.starts_with(&format!("{}/", card.id)));
    setup.bot.edit(&answer, &Outbound::text("T1 is done")).await.unwrap();
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_thread_with_one_card_of_ours_is_about_that() {
    let setup = Setup::start().await;
    let us = setup.server.app().bot_user;
    let say = |text: &str, thread_ts: Option<String>| Say {
        channel: setup.general.clone(),
        user: setup.kim.clone(),
        text: text.into(),
        raw: true,
        thread_ts,
        ..Say::default()
    };
    let asked = setup.next(|s| s.say(say(&format!("<@{us}> todo Fix"), None))).await;
    let Said::Message { message: root, .. } = &asked.said else { panic!("{asked:?}") };
    let card = Outbound::text("T1 Fix").reply_to(Some(root.clone()));
    let card = setup.bot.send(&room(&setup.general), &card).await.unwrap();
    // People among themselves are left alone.
    let talk = setup.next(|s| s.say(say("I think so too", Some(root.id.clone())))).await;
    let Said::Message { reply_to: Some(to), addressed: false, .. } = &talk.said else { panic!("{talk:?}") };
    assert!(!to.ours);
    let spoken = setup.next(|s| s.say(say(&format!("<@{us}> done"), Some(root.id.clone())))).await;
    let Said::Message { reply_to: Some(to), text, .. } = &spoken.said else { panic!("{spoken:?}") };
    assert_eq!((to.ours, &to.message, text.as_str()), (true, &card, "done"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn files_come_along_and_bots_are_not_heard() {
    let setup = Setup::start().await;
    let file = |id: &str, kind: &str| json!({ "id": id, "name": "x", "mimetype": kind, "size": 5 });
    let with_files = Say {
        channel: setup.im.clone(),
        user: setup.kim.clone(),
        files: vec![file("F1", "image/png"), file("F2", "application/pdf")],
        ..Say::default()
    };
    let inbound = setup.next(|s| s.say(with_files)).await;
    let Said::Message { attachments, .. } = &inbound.said else { panic!("{inbound:?}") };
    let kinds: Vec<_> = attachments.iter().map(|file| file.kind).collect();
    assert_eq!(kinds, [AttachmentKind::Photo, AttachmentKind::Document]);
    let before = setup.recorder.tried().len();
    let event = |more: serde_json::Value| {
        let mut event = json!({ "type": "message", "channel": setup.im, "channel_type": "im", "ts": "1700000000.000100",
            "text": "x", "user": setup.kim });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        setup.server.raw_event(event)
    };
    event(json!({ "bot_id": "B7" }));
    event(json!({ "user": setup.server.app().bot_user }));
    event(json!({ "user": "USLACKBOT" }));
    event(json!({ "subtype": "channel_join" }));
    event(json!({ "text": "" }));
    setup.server.raw_event(json!({ "type": "reaction_added" }));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!(setup.recorder.tried().len(), before);
    assert!(setup.recorder.asides().is_empty());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn hostile_shapes_are_kept_aside_and_hold_up_nothing() {
    let setup = Setup::start().await;
    setup.server.raw_event(json!({ "type": "message" }));
    setup.server.raw_event(json!({ "type": "message", "channel": 7, "ts": [] }));
    setup.server.raw_event(json!("x"));
    setup.server.raw_envelope("mystery", json!({ "a": 1 }));
    setup.server.raw_envelope("interactive", json!({ "type": "block_actions", "actions": "x" }));
    setup.server.raw_envelope("interactive", json!({ "type": "new_thing" }));
    setup.server.raw_envelope("slash_commands", json!({}));
    setup.server.write(&setup.im, &setup.kim, "after").unwrap();
    setup.kept(1).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!(setup.recorder.asides().len(), 7);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn reactions_to_what_we_wrote_arrive() {
    let setup = Setup::start().await;
    let card = setup.bot.send(&room(&setup.general), &Outbound::text("T1 Fix login")).await.unwrap();
    let put = setup.next(|s| s.react(&setup.general, &setup.kim, &card.id, "+1::skin-tone-3", true)).await;
    assert_eq!(put.said, Said::Reacted { message: card.clone(), emoji: ":+1:".into(), added: true });
    assert_eq!((put.sender.id.as_str(), put.room.kind), (format!("slack/{}", setup.kim).as_str(), RoomKind::Group));
    let gone = setup.next(|s| s.react(&setup.general, &setup.kim, &card.id, "+1::skin-tone-3", false)).await;
    assert_eq!(gone.said, Said::Reacted { message: card.clone(), emoji: ":+1:".into(), added: false });
    assert_ne!(put.id, gone.id);
    // To what others wrote, and to what is no message.
    let talk = setup.next(|s| s.write(&setup.general, &setup.kim, "just talk")).await;
    let Said::Message { message, .. } = &talk.said else { panic!("{talk:?}") };
    setup.server.react(&setup.general, &setup.kim, &message.id, "eyes", true).unwrap();
    setup.server.raw_event(json!({ "type": "reaction_added", "user": setup.kim, "reaction": "eyes",
        "item": { "type": "file", "file": "F1" }, "event_ts": "1.2" }));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!((setup.recorder.tried().len(), setup.recorder.asides().len()), (3, 0));
    setup.run.end().await.unwrap();
}
