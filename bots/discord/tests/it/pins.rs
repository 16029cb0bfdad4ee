//! Pinning on Discord: the permission of its own, the most a channel can have, and the notice nobody wrote.

use yoman_chat::{Bot, Outbound, RoomId, SendError};

use crate::setup::Setup;

#[tokio::test]
async fn a_refused_pin_says_what_is_missing() {
    let setup = Setup::start().await;
    let channel = setup.channel("app");
    let room = RoomId::new(format!("dc/{channel}"));
    let board = setup.bot.send(&room, &Outbound::text("a board")).await.unwrap();
    setup.server.deny(channel, "PIN_MESSAGES");
    let error = setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(why) if why.contains("Missing Permissions")), "{error:?}");
    setup.bot.edit(&board, &Outbound::text("another board")).await.unwrap();
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_channel_has_only_so_many_pins() {
    let setup = Setup::start().await;
    let channel = setup.channel("app");
    let room = RoomId::new(format!("dc/{channel}"));
    setup.server.fill_pins(channel);
    let board = setup.bot.send(&room, &Outbound::text("a board")).await.unwrap();
    let error = setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Refused(why) if why.contains("250") && why.contains("take one off")),
        "{error:?}"
    );
    setup.run.end().await.unwrap();
}
