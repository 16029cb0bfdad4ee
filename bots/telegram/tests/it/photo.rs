//! Pictures on Telegram: shown with the words under them, and the words alone when the picture is not taken.

use yoman_chat::{Bot, Button, MessageRef, Outbound, Picture, SendError, Style, Text};
use yoman_stand_ins::telegram::{ChatKind, Fault, FaultKind, NewChat};

use crate::setup::{Setup, room};

/// As much of a PNG as says how large it is.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png
}

fn picture(width: u32, height: u32) -> Option<Picture> {
    Some(Picture {
        name: "why-T7.png".into(),
        alt: "Why T7".into(),
        png: png(width, height).into(),
        sha256: "0".repeat(64),
    })
}

fn message(text: Text, picture: Option<Picture>) -> Outbound {
    Outbound { picture, ..Outbound::text(text) }
}

#[tokio::test]
async fn a_picture_goes_with_its_words() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let asked = setup.server.write(kim, "/why T7").unwrap();
    let mut text = Text::new();
    text.item("T7").plain(" ").push(Style::Bold, "로그인 🦀");
    let mut why = message(text, picture(1080, 800)).row(vec![Button::new("Show", "/show T7")]);
    why.silent = true;
    why.reply_to = Some(MessageRef { room: room(kim), id: asked.message_id.to_string() });
    let sent = setup.bot.send(&room(kim), &why).await.unwrap();
    let shown = setup.server.shown(kim).remove(0);
    assert_eq!(shown.text, "/T7 로그인 🦀");
    assert_eq!((shown.extra["photo"][0]["width"].as_u64(), shown.silent), (Some(1080), true));
    assert_eq!(shown.reply_to, Some(asked.message_id));
    assert_eq!(shown.buttons[0][0].data.as_deref(), Some("/show T7"));
    let kinds: Vec<_> =
        shown.entities.iter().map(|e| (e["type"].as_str().unwrap(), e["offset"].as_u64().unwrap())).collect();
    assert_eq!(kinds, [("bot_command", 0), ("bold", 4)]);
    // What stands under it can be changed; the same again is no failure.
    for _ in 0..2 {
        setup.bot.edit(&sent, &Outbound::text("other words")).await.unwrap();
    }
    assert_eq!(setup.server.shown(kim).remove(0).text, "other words");
    setup.bot.send(&room(kim), &message(Text::new(), picture(10, 10))).await.unwrap();
    assert_eq!(setup.server.shown(kim).pop().unwrap().text, "");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn the_words_are_shown_when_the_picture_is_not_taken() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let refused = |text: &str| Fault::refusal("sendPhoto", 1, 400, text);
    for (why, fault) in [
        (picture(9_000, 8_000), None),
        (picture(2_000, 20), None),
        (picture(100, 100), Some(refused("Bad Request: not enough rights to send photos to the chat"))),
        (picture(100, 100), Some(refused("Bad Request: IMAGE_PROCESS_FAILED"))),
    ] {
        fault.into_iter().for_each(|fault| setup.server.fault(fault));
        setup.bot.send(&room(kim), &message("the words".into(), why)).await.unwrap();
        let shown = setup.server.shown(kim).pop().unwrap();
        assert_eq!(shown.text, "the words\n(the picture could not be shown here)");
        assert!(shown.extra.is_empty());
    }
    // Words that do not fit under a picture go alone; whoever cuts messages sends the picture after them.
    setup.bot.send(&room(kim), &message("x".repeat(2000).as_str().into(), picture(10, 10))).await.unwrap();
    assert_eq!(setup.server.shown(kim).pop().unwrap().text.len(), 2000);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn other_failures_are_what_they_are() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let why = message("the words".into(), picture(10, 10));
    setup.server.fault(Fault::new("sendPhoto", 1, FaultKind::DropAfter));
    assert!(matches!(setup.bot.send(&room(kim), &why).await, Err(SendError::Unknown(_))));
    setup.server.fault(Fault::too_many("sendPhoto", 1, 3));
    assert!(matches!(setup.bot.send(&room(kim), &why).await, Err(SendError::RetryAfter { .. })));
    setup.server.shut(kim, true);
    assert!(matches!(setup.bot.send(&room(kim), &why).await, Err(SendError::Refused(_))));

    let group = setup.server.add_chat(NewChat { kind: ChatKind::Group, title: "Team".into(), ..NewChat::default() });
    let new = setup.server.migrate(group).unwrap();
    let sent = setup.bot.send(&room(group), &why).await.unwrap();
    assert_eq!(sent.room, room(new), "it followed the group");
    assert_eq!(setup.server.shown(new).pop().unwrap().text, "the words");
    setup.run.end().await.unwrap();
}
