//! What comes in: in order, under ids of its own, and until it is kept.

use std::{sync::Arc, time::Duration};

use super::{Harness, PATIENCE, Running, Verdict, ensure, room_of, text, until_held};
use crate::{Button, Outbound, RoomId, Said, fake::Recorder};

pub(super) async fn delivers_in_order_within_a_room(harness: &dyn Harness) -> Verdict {
    let rooms: Vec<RoomId> = (0..harness.supports().rooms.min(2)).map(|n| harness.room(n)).collect();
    for number in 0..30 {
        harness.write(&rooms[number % rooms.len()], &format!("m{number}")).await;
    }
    let running = Running::start(harness);
    let kept = running.kept(30).await?;
    for (which, room) in rooms.iter().enumerate() {
        let got: Vec<&str> = kept.iter().filter(|i| i.room.id == *room).map(text).collect();
        let wanted: Vec<String> = (0..30).filter(|n| n % rooms.len() == which).map(|n| format!("m{n}")).collect();
        ensure(got == wanted, || format!("in {room}: {got:?}"))?;
    }
    let bot = running.bot.name().as_str().to_owned();
    ensure(kept.iter().all(|i| i.room.id.bot() == bot), || "a room id does not begin with the bot's name".into())?;
    running.end().await
}

pub(super) async fn ids_tell_deliveries_apart(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let message = harness.write(&room, "first").await;
    running.kept(1).await?;
    if harness.supports().changes {
        harness.change(&message, "second").await;
    } else {
        harness.write(&room, "first").await;
    }
    running.kept(2).await?;
    harness.write(&room, "first").await;
    let kept = running.kept(3).await?;
    let mut ids: Vec<&str> = kept.iter().map(|i| i.id.as_str()).collect();
    let prefix = format!("{}/", running.bot.name());
    ensure(ids.iter().all(|id| id.starts_with(&prefix)), || format!("{ids:?} do not begin with {prefix}"))?;
    ids.sort_unstable();
    ids.dedup();
    ensure(ids.len() == 3, || format!("the ids are not three: {ids:?}"))?;
    running.end().await
}

pub(super) async fn confirms_only_what_was_kept(harness: &dyn Harness) -> Verdict {
    let recorder = Recorder::new();
    recorder.refuse_text("stuck");
    harness.write(&harness.room(0), "stuck").await;
    let running = Running::start_with(harness, Arc::clone(&recorder));
    let tried = recorder.wait(PATIENCE, |r| (!r.tried().is_empty()).then_some(())).await;
    ensure(tried.is_some(), || "nothing was submitted".into())?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    ensure(harness.held().await != Some(0), || "the platform has forgotten what was not kept".into())?;
    recorder.relent();
    running.kept(1).await?;
    until_held(harness, 0).await?;
    running.end().await
}

pub(super) async fn what_was_not_kept_comes_again_under_the_same_id(harness: &dyn Harness) -> Verdict {
    let recorder = Recorder::new();
    recorder.refuse_next(1);
    harness.write(&harness.room(0), "again").await;
    let running = Running::start_with(harness, Arc::clone(&recorder));
    let kept = running.kept(1).await?;
    let tried = recorder.tried();
    ensure(tried.len() >= 2, || "it was submitted only once".into())?;
    ensure(tried.iter().all(|t| t.id == kept[0].id), || format!("ids differ: {:?} and {:?}", tried[0].id, kept[0].id))?;
    ensure(tried.iter().all(|t| t.room == kept[0].room && text(t) == text(&kept[0])), || "it is not the same".into())?;
    running.end().await
}

/// The other side of the two before: what is delivered again need not be told.
pub(super) async fn what_cannot_come_again_is_told(harness: &dyn Harness) -> Verdict {
    if harness.supports().redelivery {
        return Ok(());
    }
    let (room, recorder) = (harness.room(0), Recorder::new());
    recorder.refuse_text("lost");
    let running = Running::start_with(harness, recorder);
    harness.write(&room, "lost").await;
    harness.write(&room, "next").await;
    running.kept(1).await?;
    ensure(running.recorder.tried().len() == 2, || "it was submitted again by nobody's wish".into())?;
    ensure(!harness.shown(&room).await.is_empty(), || "who wrote it was not told that it is lost".into())?;
    running.end().await
}

pub(super) async fn what_was_kept_does_not_come_again_after_a_restart(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let recorder = Recorder::new();
    harness.write(&room, "before").await;
    let first = Running::start_with(harness, Arc::clone(&recorder));
    first.kept(1).await?;
    until_held(harness, 0).await?;
    first.end().await?;
    harness.write(&room, "while it was off").await;
    let second = Running::start_with(harness, Arc::clone(&recorder));
    second.kept(2).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let texts = recorder.texts();
    ensure(texts == ["before", "while it was off"], || format!("{texts:?}"))?;
    second.end().await
}

pub(super) async fn one_that_is_never_kept_holds_up_no_other(harness: &dyn Harness) -> Verdict {
    let recorder = Recorder::new();
    recorder.refuse_text("poison");
    let running = Running::start_with(harness, Arc::clone(&recorder));
    harness.write(&room_of(harness, 0), "poison").await;
    harness.write(&room_of(harness, 1), "one").await;
    running.kept(1).await?;
    harness.write(&room_of(harness, 2), "two").await;
    running.kept(2).await?;
    if !harness.supports().redelivery {
        return running.end().await;
    }
    recorder.relent();
    let kept = running.kept(3).await?;
    ensure(kept.iter().any(|i| text(i) == "poison"), || "what was refused never came again".into())?;
    until_held(harness, 0).await?;
    running.end().await
}

pub(super) async fn the_unknown_is_kept_aside_and_blocks_nothing(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    harness.write(&room, "before").await;
    harness.deliver_unknown().await;
    harness.write(&room, "after").await;
    let running = Running::start(harness);
    let kept = running.kept(2).await?;
    ensure(text(&kept[0]) == "before" && text(&kept[1]) == "after", || "out of order".into())?;
    if !harness.supports().asides {
        ensure(!harness.shown(&room).await.is_empty(), || "who made it was not told".into())?;
        return running.end().await;
    }
    let aside = running.recorder.wait(PATIENCE, |r| r.asides().into_iter().next()).await;
    let aside = aside.ok_or("nothing was kept aside")?;
    ensure(!aside.raw.is_empty() && !aside.why.is_empty(), || format!("it says too little: {aside:?}"))?;
    until_held(harness, 0).await?;
    running.end().await
}

pub(super) async fn a_press_brings_the_data_and_the_card(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    if !running.bot.capabilities().buttons {
        return running.end().await;
    }
    running.recorder.toast("noted");
    let card = Outbound::text("card").row(vec![Button::new("Yes", "yes T1"), Button::new("No", "no T1")]);
    let card = running.bot.send(&room, &card).await.map_err(|e| format!("send: {e}"))?;
    harness.press(&card, "no T1").await;
    let kept = running.kept(1).await?;
    let Said::Pressed { data, card: pressed, .. } = &kept[0].said else {
        return Err("no press was delivered".into());
    };
    ensure(data == "no T1" && *pressed == card, || format!("{data} under {pressed:?}, not under {card:?}"))?;
    harness.press(&card, "no T1").await;
    let kept = running.kept(2).await?;
    ensure(kept[0].id != kept[1].id, || "two presses have one id".into())?;
    until_held(harness, 0).await?;
    running.end().await
}

pub(super) async fn an_edit_is_delivered_as_one(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let message = harness.write(&room, "todo fix").await;
    running.kept(1).await?;
    harness.change(&message, "todo fix it").await;
    let kept = running.kept(2).await?;
    let Said::Edited { text, message: edited, addressed, .. } = &kept[1].said else {
        return Err(format!("it came as {:?}", kept[1].said));
    };
    ensure(text == "todo fix it" && *edited == message, || format!("{text:?} of {edited:?}"))?;
    ensure(*addressed, || "in a direct room everything is spoken to the bot".into())?;
    running.end().await
}
