//! Pinning, where a platform can: it changes nothing else, and what the platform says about it is nobody's word.

use super::{Harness, Running, Verdict, ensure, text};
use crate::{Button, MessageRef, Outbound, SendError};

pub(super) async fn a_message_can_be_pinned_and_unpinned(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let bot = &running.bot;
    let board = Outbound::text("a board").row(vec![Button::new("All", "list")]);
    let board = bot.send(&room, &board).await.map_err(|e| format!("send: {e}"))?;
    ensure(harness.pinned(&room).await.is_empty(), || "it is pinned before anybody asked for that".into())?;
    for again in [false, true] {
        bot.edit(&board, &Outbound::pin(true)).await.map_err(|e| format!("pin (again: {again}): {e}"))?;
        let pinned = harness.pinned(&room).await;
        ensure(pinned == [board.id.as_str()], || format!("pinned are {pinned:?}, not {board:?}"))?;
    }
    let shown = harness.shown(&room).await;
    let seen = shown.iter().find(|seen| seen.id == board.id).ok_or("the message is not there any more")?;
    ensure(seen.text == "a board" && !seen.buttons.is_empty(), || format!("pinning changed it: {seen:?}"))?;
    bot.edit(&board, &Outbound::text("changed")).await.map_err(|e| format!("edit: {e}"))?;
    ensure(harness.pinned(&room).await.len() == 1, || "a change of it took the pin off".into())?;
    for again in [false, true] {
        bot.edit(&board, &Outbound::pin(false)).await.map_err(|e| format!("unpin (again: {again}): {e}"))?;
        ensure(harness.pinned(&room).await.is_empty(), || "it is still pinned".into())?;
    }
    let both = Outbound { pin: Some(true), ..Outbound::text("both") };
    bot.edit(&board, &both).await.map_err(|e| format!("edit and pin: {e}"))?;
    ensure(harness.pinned(&room).await.len() == 1, || "it was changed and not pinned".into())?;
    let shown = harness.shown(&room).await;
    ensure(shown.iter().any(|seen| seen.text == "both"), || format!("after change and pin there stands {shown:?}"))?;
    let gone = MessageRef { room: room.clone(), id: "987654321".into() };
    let error = bot.edit(&gone, &Outbound::pin(true)).await.err();
    ensure(matches!(error, Some(SendError::Gone(_))), || format!("pinning nothing: {error:?}"))?;
    // What the platform says about a pin in the room is nobody's word.
    harness.write(&room, "after").await;
    let kept = running.kept(1).await?;
    ensure(text(&kept[0]) == "after", || format!("the pin came in as {:?}", kept[0].said))?;
    ensure(running.recorder.asides().is_empty(), || "what the platform says about a pin was not understood".into())?;
    running.end().await
}
