//! Pinning on Slack: an app from before the scope is told to install it, and what Slack says about a pin is nobody's word.

use yoman_chat::{Bot, Outbound, RoomId, SendError};

use crate::setup::Setup;

#[tokio::test]
async fn it_takes_a_scope_that_older_apps_do_not_have() {
    let setup = Setup::start().await;
    let room = RoomId::new(format!("sl/{}", setup.general));
    let board = setup.bot.send(&room, &Outbound::text("a board")).await.unwrap();
    for _ in 0..2 {
        setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap();
    }
    for _ in 0..2 {
        setup.bot.edit(&board, &Outbound::pin(false)).await.unwrap();
    }
    setup.server.change_app(|app| app.scopes.retain(|scope| scope != "pins:write"));
    let error = setup.bot.edit(&board, &Outbound::pin(true)).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(why) if why.contains("yoman slack manifest")), "{error:?}");
    setup.run.end().await.unwrap();
}
