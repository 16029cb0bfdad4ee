//! Pinning on Telegram: without a sound, with the right it takes in a group, and what the service says about it is nobody's
//! word.

use yoman_chat::{Bot, Outbound, SendError};
use yoman_stand_ins::telegram::NewChat;

use crate::setup::{Setup, room};

#[tokio::test]
async fn in_a_group_it_takes_a_right_and_makes_no_sound() {
    let setup = Setup::start().await;
    let (admin, not) = (true, false);
    let [with, without] = [admin, not]
        .map(|bot_is_admin| setup.server.add_chat(NewChat { title: "App".into(), bot_is_admin, ..NewChat::default() }));
    let board = setup.bot.send(&room(with), &Outbound::text("a board")).await.unwrap();
    for _ in 0..2 {
        setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap();
    }
    assert_eq!(setup.server.shown(with).iter().filter(|message| message.pinned).count(), 1);
    let calls = setup.server.calls(Some("pinChatMessage"));
    assert!(calls.iter().all(|call| call.params["disable_notification"] == true), "{calls:?}");
    assert!(setup.server.calls(Some("editMessageText")).is_empty(), "nothing but the pin is changed");
    let board = setup.bot.send(&room(without), &Outbound::text("a board")).await.unwrap();
    let error = setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(why) if why.contains("not enough rights")), "{error:?}");
    // It is changed all the same.
    setup.bot.edit(&board, &Outbound::text("another board")).await.unwrap();
    // The service tells of the pin in the chat: that is no message to us.
    let kim = setup.server.person("Kim");
    setup.server.write(kim, "hello").unwrap();
    assert_eq!(setup.kept(1).await.len(), 1);
    assert!(setup.recorder.asides().is_empty());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_pin_follows_a_group_that_has_moved() {
    let setup = Setup::start().await;
    let kind = yoman_stand_ins::telegram::ChatKind::Group;
    let group = setup.server.add_chat(NewChat { kind, title: "App".into(), bot_is_admin: true, ..NewChat::default() });
    let board = setup.bot.send(&room(group), &Outbound::text("a board")).await.unwrap();
    setup.server.migrate(group).unwrap();
    // The message stayed behind: that is no trouble of the platform's.
    let error = setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap_err();
    assert!(matches!(error, SendError::Gone(_) | SendError::Refused(_)), "{error:?}");
    setup.run.end().await.unwrap();
}
