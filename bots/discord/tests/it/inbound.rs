//! What people write becomes what the core is told.

use serde_json::json;
use yoman_chat::{AttachmentKind, Bot, Outbound, RoomKind, Said};
use yoman_stand_ins::discord::{NewChannel, Say};

use crate::setup::{Setup, room, text};

#[tokio::test]
async fn in_a_server_only_what_names_us_is_heard() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let dana = setup.server.person("Dana");
    let say = |text: String| Say { channel_id: channel, user_id: kim.id, text, ..Say::default() };
    setup.server.say(say("just talk".into())).unwrap();
    let us = setup.server.bot_id();
    let kept = setup.next(|server| server.say(say(format!("<@{us}> todo fix with <@{}>", dana.id)))).await;
    assert_eq!((text(&kept), kept.room.kind), ("todo fix with @dana", RoomKind::Group));
    assert_eq!(kept.room.title.as_deref(), Some("app"));
    let Said::Message { mentions, addressed: true, .. } = &kept.said else { panic!("{kept:?}") };
    assert_eq!(mentions[0].sender.as_str(), format!("discord/{}", dana.id));
    assert_eq!(setup.recorder.tried().len(), 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_answer_to_a_card_is_for_us() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let card = setup.bot.send(&room(channel), &Outbound::text("T1 Fix login")).await.unwrap();
    let reply_to = card.id.parse().unwrap();
    let say = Say { channel_id: channel, user_id: kim.id, text: "done".into(), reply_to, ..Say::default() };
    let kept = setup.next(|server| server.say(say)).await;
    let Said::Message { reply_to: Some(reply), addressed: true, .. } = &kept.said else { panic!("{kept:?}") };
    assert_eq!((reply.ours, &reply.message, reply.text.as_deref()), (true, &card, Some("T1 Fix login")));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn files_changes_and_deletions_arrive() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let attachments = vec![json!({ "filename": "a.png", "size": 5, "content_type": "image/png" })];
    let say = Say { channel_id: kim.dm, text: "see".into(), attachments, ..Say::default() };
    let kept = setup.next(|server| server.say(say)).await;
    let Said::Message { attachments, message, .. } = &kept.said else { panic!("{kept:?}") };
    assert_eq!((attachments[0].kind, attachments[0].name.as_deref()), (AttachmentKind::Photo, Some("a.png")));
    let id: u64 = message.id.parse().unwrap();
    let changed = setup.next(|server| server.change(id, "see this")).await;
    assert!(changed.id.starts_with(&format!("{}/e", kept.id)));
    let gone = setup.next(|server| server.delete(id)).await;
    assert_eq!(gone.said, Said::Deleted { message: message.clone() });
    assert_eq!(gone.sender, kept.sender);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_thread_nobody_announced_is_found_out_about() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    // While the bot hears nothing of it.
    setup.server.forget_sessions();
    let thread = NewChannel { parent_id: channel, name: "talk".into(), owner_id: kim.id, ..NewChannel::default() };
    let thread = setup.server.add_channel(thread).unwrap();
    setup.ready().await;
    let text = format!("<@{}> hello", setup.server.bot_id());
    let say = Say { channel_id: thread, user_id: kim.id, text, ..Say::default() };
    let kept = setup.next(|server| server.say(say)).await;
    assert_eq!(kept.room.id.as_str(), format!("dc/{channel}/{thread}"));
    assert!(matches!(&kept.said, Said::Message { reply_to: None, .. }), "it is on no card of ours");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn reactions_to_what_we_wrote_arrive() {
    let setup = Setup::start().await;
    setup.ready().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let card = setup.bot.send(&room(channel), &Outbound::text("T1 Fix login")).await.unwrap();
    let id = card.id.parse().unwrap();
    let put = setup.next(|server| server.react(id, kim.id, "👀", true)).await;
    assert_eq!(put.said, Said::Reacted { message: card.clone(), emoji: "👀".into(), added: true });
    assert_eq!((put.sender.id.as_str(), put.room.kind), (format!("discord/{}", kim.id).as_str(), RoomKind::Group));
    let gone = setup.next(|server| server.react(id, kim.id, "👀", false)).await;
    assert_eq!(gone.said, Said::Reacted { message: card.clone(), emoji: "👀".into(), added: false });
    assert_ne!(put.id, gone.id);
    let own = setup.next(|server| server.react(id, kim.id, "shipit:77", true)).await;
    assert_eq!(text(&own), ":shipit:");
    // To what others wrote, or by a bot: not for us.
    let talk = setup.server.say(Say { channel_id: channel, user_id: kim.id, text: "hm".into(), ..Say::default() });
    setup.server.react(talk.unwrap(), kim.id, "👀", true).unwrap();
    let bot = json!({ "user_id": "9", "channel_id": channel.to_string(), "message_id": card.id, "guild_id": "1",
        "member": { "user": { "id": "9", "username": "b", "bot": true } }, "emoji": { "id": null, "name": "👀" } });
    setup.server.raw_event("MESSAGE_REACTION_ADD", bot);
    let text = format!("<@{}> hello", setup.server.bot_id());
    let say = Say { channel_id: channel, user_id: kim.id, text, ..Say::default() };
    let next = setup.next(|server| server.say(say)).await;
    assert!(matches!(next.said, Said::Message { .. }));
    assert_eq!((setup.recorder.tried().len(), setup.recorder.asides().len()), (4, 0));
    setup.run.end().await.unwrap();
}
