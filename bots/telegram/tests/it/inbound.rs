//! What people do on Telegram, as the core sees it.

use serde_json::json;
use yoman_chat::{AttachmentKind, Bot, Button, Outbound, RoomKind, Said, SenderId};
use yoman_stand_ins::telegram::{BotIdentity, ChatKind, NewChat, Press, Say, TelegramStandIn, User};

use crate::setup::{PATIENCE, Setup, addressed, room, text};

fn forum() -> NewChat {
    NewChat { kind: ChatKind::Supergroup, title: "Team".into(), is_forum: true, ..NewChat::default() }
}

#[tokio::test]
async fn a_direct_message_in_full() {
    let setup = Setup::start().await;
    let kim = setup.server.add_user(User {
        first_name: "Kim".into(),
        last_name: Some("Lee".into()),
        username: Some("kim".into()),
        language_code: Some("ko".into()),
        ..User::default()
    });
    let inbound = setup.next(|s| s.write(kim.id, "/start T7")).await;
    assert_eq!(inbound.room.id, room(kim.id));
    assert_eq!(inbound.room.kind, RoomKind::Direct);
    assert_eq!(inbound.sender.id, SenderId::new(format!("telegram/{}", kim.id)));
    assert_eq!(inbound.sender.name, "Kim Lee");
    assert_eq!(inbound.sender.handle.as_deref(), Some("kim"));
    assert_eq!(inbound.sender.language.as_deref(), Some("ko"));
    let Said::Message { text, message, reply_to, attachments, mentions, addressed } = &inbound.said else { panic!() };
    assert_eq!(text, "/start T7");
    assert_eq!(inbound.id, format!("tg/{}/{}", kim.id, message.id));
    assert!(reply_to.is_none() && attachments.is_empty() && mentions.is_empty() && *addressed);
    assert!((chrono::Utc::now() - inbound.sent_at).num_seconds().abs() < 5);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_edit_has_an_id_of_its_own() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let first = setup.next(|s| s.write(kim, "todo fix")).await;
    let Said::Message { message, .. } = first.said else { panic!() };
    let number = message.id.parse().unwrap();
    let one = setup.next(|s| s.change(kim, number, "todo fix it")).await;
    let two = setup.next(|s| s.change(kim, number, "todo fix it now")).await;
    assert!(one.id.starts_with(&format!("{}/e", first.id)), "{}", one.id);
    assert_ne!(one.id, two.id);
    assert_eq!(text(&two), "todo fix it now");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn files_come_with_their_captions() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let kinds = [
        ("photo", AttachmentKind::Photo),
        ("document", AttachmentKind::Document),
        ("voice", AttachmentKind::Voice),
        ("audio", AttachmentKind::Audio),
        ("video", AttachmentKind::Video),
        ("animation", AttachmentKind::Video),
        ("video_note", AttachmentKind::Video),
    ];
    for (name, kind) in kinds {
        let say =
            Say { chat_id: kim, user_id: kim, text: "/todo see".into(), attach: Some(name.into()), ..Say::default() };
        let inbound = setup.next(|s| s.say(say)).await;
        let Said::Message { text, attachments, .. } = &inbound.said else { panic!() };
        assert_eq!(text, "/todo see", "{name}");
        assert_eq!(attachments.len(), 1, "{name}");
        assert_eq!(attachments[0].kind, kind);
        match name {
            "photo" => assert!(attachments[0].file_id.starts_with("FILE-photo-large"), "the largest"),
            "document" => assert_eq!(attachments[0].name.as_deref(), Some("trace.log")),
            _ => assert!(attachments[0].bytes.is_some()),
        }
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn replies_tell_what_was_answered() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let card = setup.bot.send(&room(kim), &Outbound::text("T7 Fix login")).await.unwrap();
    let answer = |text: &str, to: &str| Say {
        chat_id: kim,
        user_id: kim,
        text: text.into(),
        reply_to: Some(to.parse().unwrap()),
        ..Say::default()
    };
    let inbound = setup.next(|s| s.say(answer("done", &card.id))).await;
    let Said::Message { reply_to: Some(reply), message, .. } = inbound.said else { panic!() };
    assert!(reply.ours);
    assert_eq!(reply.message, card);
    assert_eq!(reply.text.as_deref(), Some("T7 Fix login"));
    let inbound = setup.next(|s| s.say(answer("more", &message.id))).await;
    let Said::Message { reply_to: Some(reply), .. } = inbound.said else { panic!() };
    assert!(!reply.ours);
    assert_eq!(reply.text.as_deref(), Some("done"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn in_a_group_only_what_is_meant_for_us_is_addressed() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let group = setup.server.add_chat(NewChat { kind: ChatKind::Group, title: "Team".into(), ..NewChat::default() });
    let card = setup.bot.send(&room(group), &Outbound::text("card")).await.unwrap();
    let say = |text: &str, reply_to: Option<i64>| Say {
        chat_id: group,
        user_id: kim,
        text: text.into(),
        reply_to,
        ..Say::default()
    };
    let cases = [
        ("just talk", None, "just talk", false),
        ("/todo fix", None, "/todo fix", true),
        ("/todo@yoman_bot fix", None, "/todo fix", true),
        ("/TODO@YOMAN_BOT fix", None, "/TODO fix", true),
        ("@yoman_bot done T7", None, "done T7", true),
        ("hey @yoman_bot", None, "hey @yoman_bot", true),
        ("done", card.id.parse().ok(), "done", true),
        ("/etc/hosts is wrong", None, "/etc/hosts is wrong", false),
    ];
    for (written, reply_to, wanted, for_us) in cases {
        setup.server.say(say("/todo@other_bot no", None)).unwrap();
        let inbound = setup.next(|s| s.say(say(written, reply_to))).await;
        assert_eq!((text(&inbound), addressed(&inbound)), (wanted, for_us), "{written}");
        assert_eq!(inbound.room.kind, RoomKind::Group);
        assert_eq!(inbound.room.title.as_deref(), Some("Team"));
    }
    assert!(setup.recorder.texts().iter().all(|t| !t.contains("other_bot")));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn privacy_mode_hides_what_is_not_for_us() {
    let bot = BotIdentity { can_read_all_group_messages: false, ..BotIdentity::default() };
    let server = TelegramStandIn::start_with(bot, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let setup = Setup::over(server, |_| {});
    let kim = setup.server.person("Kim");
    let group = setup.server.add_chat(NewChat { kind: ChatKind::Group, title: "Team".into(), ..NewChat::default() });
    let say = |text: &str| Say { chat_id: group, user_id: kim, text: text.into(), ..Say::default() };
    assert!(setup.server.say(say("just talk")).unwrap().update_id.is_none());
    let inbound = setup.next(|s| s.say(say("/list"))).await;
    assert_eq!(text(&inbound), "/list");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_topic_is_a_room_and_the_general_one_is_the_chat() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let chat = setup.server.add_chat(forum());
    let thread = setup.server.add_topic(chat, "Bugs").unwrap();
    let say = |thread| Say { chat_id: chat, user_id: kim, text: "/list".into(), thread, ..Say::default() };
    let general = setup.next(|s| s.say(say(None))).await;
    assert_eq!(general.room.id, room(chat));
    let topic = setup.next(|s| s.say(say(Some(thread)))).await;
    assert_eq!(topic.room.id.as_str(), format!("tg/{chat}/{thread}"));
    let Said::Message { reply_to, .. } = &topic.said else { panic!() };
    assert!(reply_to.is_none(), "the message that opened the topic is not answered");
    let card = Outbound::text("card").row(vec![Button::new("Do", "done T1")]);
    let card = setup.bot.send(&topic.room.id, &card).await.unwrap();
    assert_eq!(setup.server.shown(chat).last().unwrap().thread, Some(thread));
    let press = Press { chat_id: chat, user_id: kim, message_id: card.id.parse().unwrap(), button: "Do".into() };
    let pressed = setup.next(|s| s.press(&press)).await;
    assert_eq!(pressed.said, Said::Pressed { data: "done T1".into(), card, words: None });
    assert_eq!(pressed.room.id, topic.room.id);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn people_without_a_handle_are_resolved() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let user = json!({ "id": 99, "is_bot": false, "first_name": "Ana" });
    let entities = vec![json!({ "type": "text_mention", "offset": 9, "length": 3, "user": user })];
    let say = Say { chat_id: kim, user_id: kim, text: "🦀 assign Ana T7".into(), ..Say::default() };
    let wrong = Say { entities: entities.clone(), ..say.clone() };
    let inbound = setup.next(|s| s.say(wrong)).await;
    let Said::Message { mentions, .. } = &inbound.said else { panic!() };
    assert_eq!(mentions[0].written, " An", "offsets are UTF-16 units, as they are given");
    let right = vec![json!({ "type": "text_mention", "offset": 10, "length": 3, "user": user })];
    let inbound = setup.next(|s| s.say(Say { entities: right, ..say })).await;
    let Said::Message { mentions, .. } = &inbound.said else { panic!() };
    assert_eq!((mentions[0].written.as_str(), mentions[0].sender.as_str()), ("Ana", "telegram/99"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_anonymous_admin_speaks_as_the_group_and_bots_are_not_heard() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let chat = setup.server.add_chat(NewChat { title: "Team".into(), ..NewChat::default() });
    let say = Say { chat_id: chat, user_id: kim, text: "/list".into(), anonymous: true, ..Say::default() };
    let inbound = setup.next(|s| s.say(say)).await;
    assert_eq!(inbound.sender.id.as_str(), format!("telegram/{chat}"));
    assert_eq!(inbound.sender.name, "Team");
    let bot = json!({ "message": { "message_id": 5, "date": 1, "chat": { "id": chat, "type": "supergroup", "title": "Team" },
        "from": { "id": 5, "is_bot": true, "first_name": "Other" }, "text": "/list" } });
    setup.server.raw_update(chat, bot);
    let forwarded = json!({ "message": { "message_id": 6, "date": 1, "chat": { "id": chat, "type": "supergroup", "title": "Team" },
        "from": { "id": 777_000, "is_bot": false, "first_name": "Telegram" }, "is_automatic_forward": true, "text": "/list" } });
    setup.server.raw_update(chat, forwarded);
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert_eq!(setup.recorder.tried().len(), 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_entity_of_a_new_kind_takes_nothing_away() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let entities = vec![json!({ "type": "aura", "offset": 0, "length": 3 })];
    let say = Say { chat_id: kim, user_id: kim, text: "fix it".into(), entities, ..Say::default() };
    assert_eq!(text(&setup.next(|s| s.say(say)).await), "fix it");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_group_that_moved_is_followed() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let old = setup.server.add_chat(NewChat { kind: ChatKind::Group, title: "Team".into(), ..NewChat::default() });
    let new = setup.server.migrate(old).unwrap();
    let say = Say { chat_id: new, user_id: kim, text: "/list".into(), ..Say::default() };
    let inbound = setup.next(|s| s.say(say)).await;
    assert_eq!(inbound.room.id, room(new));
    assert_eq!(setup.recorder.asides().len(), 1, "that it moved is kept aside");
    let sent = setup.bot.send(&room(old), &Outbound::text("hello")).await.unwrap();
    assert_eq!(sent.room, room(new));
    assert_eq!(setup.server.shown(new).len(), 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn reactions_arrive_one_by_one() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let card = setup.bot.send(&room(kim), &Outbound::text("T1 Fix login")).await.unwrap();
    let number = card.id.parse().unwrap();
    let put = setup.next(|s| s.react(kim, kim, number, &["👀"])).await;
    let reacted = |emoji: &str, added| Said::Reacted { message: card.clone(), emoji: emoji.into(), added };
    assert_eq!(put.said, reacted("👀", true));
    assert_eq!((put.room.id.clone(), put.room.kind), (room(kim), RoomKind::Direct));
    assert_eq!(put.sender.id, SenderId::new(format!("telegram/{kim}")));
    // Another one instead: one is taken away and one is put there.
    setup.server.react(kim, kim, number, &["💯", ":5368:"]).unwrap();
    let kept = setup.kept(4).await;
    let said: Vec<_> = kept.iter().map(|inbound| inbound.said.clone()).collect();
    assert_eq!(said[1..], [reacted("👀", false), reacted("💯", true), reacted(":5368:", true)]);
    let ids: std::collections::HashSet<_> = kept.iter().map(|inbound| inbound.id.as_str()).collect();
    assert_eq!(ids.len(), 4);
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn reactions_in_a_group_are_told_to_an_administrator() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let groups = [false, true].map(|bot_is_admin| {
        setup.server.add_chat(NewChat { title: "Team".into(), bot_is_admin, ..NewChat::default() })
    });
    for group in groups {
        let card = setup.bot.send(&room(group), &Outbound::text("T1 Fix login")).await.unwrap();
        setup.server.react(group, kim, card.id.parse().unwrap(), &["👀"]).unwrap();
    }
    let kept = setup.kept(1).await;
    assert_eq!((kept[0].room.id.clone(), kept[0].room.kind), (room(groups[1]), RoomKind::Group));
    // Of those who are not seen only how many there are is told.
    let count = json!({ "message_reaction_count": { "chat": { "id": kim, "type": "private" }, "message_id": 1,
        "date": 1, "reactions": [] } });
    setup.server.raw_update(kim, count);
    let bot = json!({ "message_reaction": { "chat": { "id": kim, "type": "private" }, "message_id": 1, "date": 1,
        "user": { "id": 5, "is_bot": true, "first_name": "Other" }, "old_reaction": [],
        "new_reaction": [{ "type": "emoji", "emoji": "👀" }] } });
    setup.server.raw_update(kim, bot);
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert_eq!((setup.recorder.tried().len(), setup.recorder.asides().len()), (1, 0));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn reactions_that_were_not_kept_come_again_under_the_same_id() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let card = setup.bot.send(&room(kim), &Outbound::text("T1 Fix login")).await.unwrap();
    setup.recorder.refuse_next(1);
    setup.server.react(kim, kim, card.id.parse().unwrap(), &["👀"]).unwrap();
    let kept = setup.kept(1).await;
    let tried = setup.recorder.tried();
    assert!(tried.len() >= 2 && tried.iter().all(|inbound| inbound.id == kept[0].id));
    setup.run.end().await.unwrap();
}
